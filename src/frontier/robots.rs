//! robots.txt by RFC 9309: which rules are ours, and whether they allow an address.
//!
//! `lines` brings the file, as people really write it, to the plain form that the `robotstxt` crate reads as meant; the crate
//! reads it into records for us. `pattern` brings rules and addresses to one encoding and compares them: which rule wins is
//! decided here, because the crate's own matcher knows one form of an address. In doubt the answer is no.

mod lines;
mod pattern;

use std::time::Duration;

use robotstxt::{RobotsParseHandler, parse_robotstxt};
use serde::{Deserialize, Serialize};

use crate::vocab::found::FoundUrl;
use crate::vocab::time::Timestamp;

/// The name robots rules address us by. Letters only: RFC 9309 product tokens have no digits.
pub const PRODUCT_TOKEN: &str = "listingwatch";

/// RFC 9309 section 2.5 asks for at least 500 KiB.
pub const ROBOTS_LIMIT_BYTES: usize = 500 * 1024;

/// RFC 9309 section 2.4: no longer than a day.
const FRESH: Duration = Duration::from_secs(24 * 3600);

/// How long an unreachable robots.txt keeps us away before it is asked for again.
const UNREACHABLE_RETRY: Duration = Duration::from_secs(15 * 60);

/// How rules are written in a stored record. A record with rules of another writing is fetched again.
const WRITING: u8 = 1;

/// Rules kept of one file; a file with more has its rules beyond the cap treated as if everything were disallowed.
const RULES_LIMIT: usize = 20_000;

/// Sitemaps kept of one file.
const SITEMAPS_LIMIT: usize = 1000;

/// How robots.txt answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RobotsStatus {
    /// Read; its rules count.
    Available,
    /// 4xx: there are no rules.
    Unavailable,
    /// 5xx or no answer: everything is disallowed.
    Unreachable,
}

/// What a host's robots.txt says to us, compiled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RobotsRecord {
    /// How it answered.
    pub status: RobotsStatus,
    /// When.
    pub fetched_at: Timestamp,
    /// When it must be asked for again.
    pub expires_at: Timestamp,
    /// `Crawl-delay` of our group.
    pub crawl_delay: Option<Duration>,
    /// `Sitemap` lines, as written.
    pub sitemaps: Vec<String>,
    rules: Vec<Rule>,
    /// See [`WRITING`].
    #[serde(default)]
    writing: u8,
}

/// One rule of our group, its pattern in one percent-encoded form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rule {
    allow: bool,
    pattern: String,
}

impl RobotsRecord {
    /// From a final answer (redirects already followed): `None` for no answer at all.
    pub fn from_answer(status: Option<u16>, body: &[u8], now: Timestamp) -> Self {
        let (status, life) = match status {
            Some(200..=299) => (RobotsStatus::Available, FRESH),
            // Too many requests is no statement about rules: RFC 9309 leaves 429 to us, and we stay away.
            Some(429) => (RobotsStatus::Unreachable, UNREACHABLE_RETRY),
            Some(400..=499) => (RobotsStatus::Unavailable, FRESH),
            _ => (RobotsStatus::Unreachable, UNREACHABLE_RETRY),
        };
        let mut record = RobotsRecord {
            status,
            fetched_at: now,
            expires_at: now.after(life),
            crawl_delay: None,
            sitemaps: Vec::new(),
            rules: Vec::new(),
            writing: WRITING,
        };
        if status == RobotsStatus::Available {
            record.read(body);
        }
        record
    }

    /// Whether we may fetch `url`: its found form must be allowed, and where a ban matches another form of it, an
    /// allowance at least as long must match one of them. robots.txt itself is always allowed.
    pub fn allows(&self, url: &FoundUrl) -> bool {
        match self.status {
            RobotsStatus::Unavailable => true,
            RobotsStatus::Unreachable => false,
            RobotsStatus::Available => {
                if self.rules.is_empty() || url.path_and_query() == "/robots.txt" {
                    return true;
                }
                let found = self.matched(&pattern::address(url.path_and_query()));
                let canonical = (!url.is_canonical()).then(|| url.canonical().path_and_query());
                // Rules may write the query with or without escapes; whoever bans one way means both.
                let others = [Some(url.path_and_query()), canonical].into_iter().flatten();
                let others = others.flat_map(pattern::other_spellings);
                let others = others.chain(canonical.map(pattern::address));
                let others = others.map(|form| self.matched(&form)).reduce(Matched::widest).unwrap_or_default();
                found.allows() && Matched { allow: found.allow.max(others.allow), ban: others.ban }.allows()
            }
        }
    }

    /// Whether the record must be fetched again.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        // A clock that stepped back makes the record stale rather than eternal.
        now >= self.expires_at || now < self.fetched_at || self.writing != WRITING
    }

    /// The longest rules of each kind that match a form of an address.
    fn matched(&self, form: &str) -> Matched {
        let mut matched = Matched::default();
        for rule in &self.rules {
            let held = if rule.allow { &mut matched.allow } else { &mut matched.ban };
            let length = Some(rule.pattern.len());
            if *held < length && pattern::matches(rule.pattern.as_bytes(), form.as_bytes()) {
                *held = length;
            }
        }
        matched
    }

    fn read(&mut self, body: &[u8]) {
        let Some(text) = lines::text(body) else {
            // Rules that cannot be read may forbid everything.
            self.status = RobotsStatus::Unreachable;
            self.expires_at = self.fetched_at.after(UNREACHABLE_RETRY);
            return;
        };
        let mut groups = Groups::default();
        parse_robotstxt(&lines::plain(&text), &mut groups);
        (self.rules, self.crawl_delay) = groups.ours();
        self.sitemaps = groups.sitemaps;
        if self.rules.len() > RULES_LIMIT {
            self.rules = vec![Rule { allow: false, pattern: "/".to_owned() }];
        }
    }
}

/// Lengths of the longest rules that match.
#[derive(Debug, Clone, Copy, Default)]
struct Matched {
    allow: Option<usize>,
    ban: Option<usize>,
}

impl Matched {
    /// The longest match wins; at equal length allow does (RFC 9309 section 2.2.2).
    fn allows(self) -> bool {
        self.ban.is_none() || self.allow >= self.ban
    }

    fn widest(self, other: Self) -> Self {
        Matched { allow: self.allow.max(other.allow), ban: self.ban.max(other.ban) }
    }
}

/// Collects groups as RFC 9309 means them: consecutive user-agent lines share the rules that follow, and lines that are
/// neither agent nor rule (Crawl-delay, Sitemap, unknown ones) never end a group.
#[derive(Default)]
struct Groups {
    groups: Vec<Group>,
    collecting_agents: bool,
    sitemaps: Vec<String>,
}

#[derive(Default)]
struct Group {
    agents: Vec<Agent>,
    rules: Vec<Rule>,
}

/// One name of a group's agents, lower case, with the delay asked of it.
struct Agent {
    name: String,
    crawl_delay: Option<Duration>,
}

impl RobotsParseHandler for Groups {
    fn handle_robots_start(&mut self) {}

    fn handle_robots_end(&mut self) {}

    fn handle_user_agent(&mut self, _line: u32, name: &str) {
        if !self.collecting_agents {
            self.groups.push(Group::default());
            self.collecting_agents = true;
        }
        if let Some(group) = self.groups.last_mut() {
            group.agents.push(Agent { name: name.to_owned(), crawl_delay: None });
        }
    }

    fn handle_allow(&mut self, _line: u32, pattern: &str) {
        self.rule(true, pattern);
    }

    fn handle_disallow(&mut self, _line: u32, pattern: &str) {
        self.rule(false, pattern);
    }

    fn handle_sitemap(&mut self, _line: u32, url: &str) {
        if self.sitemaps.len() < SITEMAPS_LIMIT {
            self.sitemaps.push(url.to_owned());
        }
    }

    /// A delay speaks to the agents named so far. Agents that follow join the group and its rules; of `bot A`, delay, `bot B`
    /// nobody reads the delay as one for B.
    fn handle_unknown_action(&mut self, _line: u32, name: &str, value: &str) {
        let Some(delay) = value.parse().ok().filter(|_| name == lines::CRAWL_DELAY) else { return };
        let Ok(delay) = Duration::try_from_secs_f64(delay) else { return };
        for agent in self.groups.last_mut().into_iter().flat_map(|group| &mut group.agents) {
            agent.crawl_delay = agent.crawl_delay.max(Some(delay));
        }
    }
}

impl Groups {
    fn rule(&mut self, allow: bool, pattern: &str) {
        self.collecting_agents = false;
        // Rules before the first agent are nobody's, and one without a pattern says nothing.
        if let Some(group) = self.groups.last_mut().filter(|_| !pattern.is_empty()) {
            group.rules.push(Rule { allow, pattern: pattern.to_owned() });
        }
    }

    /// Rules and delay of all groups that name us; of the `*` groups when none does.
    fn ours(&mut self) -> (Vec<Rule>, Option<Duration>) {
        let named = self.groups.iter().flat_map(|group| &group.agents).any(|agent| agent.name == PRODUCT_TOKEN);
        let name = if named { PRODUCT_TOKEN } else { "*" };
        let (mut rules, mut delay) = (Vec::new(), None);
        for group in self.groups.drain(..) {
            let ours = group.agents.iter().filter(|agent| agent.name == name);
            let mut is_ours = false;
            for agent in ours {
                is_ours = true;
                delay = delay.max(agent.crawl_delay);
            }
            if is_ours {
                rules.extend(group.rules);
            }
        }
        (rules, delay)
    }
}

#[cfg(test)]
mod tests;

//! robots.txt by RFC 9309, and the only caller of the `robotstxt` crate.
//!
//! The crate reads the file into records for us (`parse_robotstxt`); which rule wins is decided here, because its own
//! matcher loses the first group after a byte order mark, lets unknown lines end a group, misses some wildcard matches
//! and is cubic on hostile patterns. What reaches the crate is already sanitised: no byte order mark, no line long
//! enough to make it slice inside a character. In doubt the answer is no.

use std::time::Duration;

use robotstxt::{RobotsParseHandler, parse_robotstxt};
use serde::{Deserialize, Serialize};

use crate::vocab::time::Timestamp;
use crate::vocab::url::CanonicalUrl;

/// The name robots rules address us by. Letters only: RFC 9309 product tokens have no digits.
pub const PRODUCT_TOKEN: &str = "listingwatch";

/// RFC 9309 section 2.5 asks for at least 500 KiB.
pub const ROBOTS_LIMIT_BYTES: usize = 500 * 1024;

/// Longer lines are no rules; the crate would cut them inside a character.
const LINE_LIMIT_BYTES: usize = 2048;

/// RFC 9309 section 2.4: no longer than a day.
const FRESH: Duration = Duration::from_secs(24 * 3600);

/// How long an unreachable robots.txt keeps us away before it is asked for again.
const UNREACHABLE_RETRY: Duration = Duration::from_secs(15 * 60);

/// The longest `Crawl-delay` that is obeyed as a delay; a longer one is obeyed as this long.
const LONGEST_CRAWL_DELAY: f64 = 86_400.0;

/// Rules kept of one file; a file with more has its rules beyond the cap treated as if everything were disallowed.
const RULES_LIMIT: usize = 20_000;

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
        };
        if status == RobotsStatus::Available {
            record.read(body);
        }
        record
    }

    /// Whether we may fetch `url`. robots.txt itself is always allowed.
    pub fn allows(&self, url: &CanonicalUrl) -> bool {
        match self.status {
            RobotsStatus::Unavailable => true,
            RobotsStatus::Unreachable => false,
            RobotsStatus::Available => {
                let path = url.path_and_query();
                // Rules may write the query with or without escapes; whoever bans one way means both.
                path == "/robots.txt"
                    || (self.verdict(literal(one_form(path)).as_bytes())
                        && escaped_query(path).is_none_or(|path| self.verdict(path.as_bytes())))
            }
        }
    }

    /// Whether the record must be fetched again.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        // A clock that stepped back makes the record stale rather than eternal.
        now >= self.expires_at || now < self.fetched_at
    }

    fn verdict(&self, path: &[u8]) -> bool {
        // The longest match wins; at equal length allow does (RFC 9309 section 2.2.2).
        let mut best: Option<(usize, bool)> = None;
        for rule in &self.rules {
            let candidate = (rule.pattern.len(), rule.allow);
            if best.is_none_or(|held| candidate > held) && matches(rule.pattern.as_bytes(), path) {
                best = Some(candidate);
            }
        }
        best.is_none_or(|(_, allow)| allow)
    }

    fn read(&mut self, body: &[u8]) {
        let mut reader = Reader::default();
        let text = sanitise(body);
        // The crate has panicked on crafted text before; a panic here means the file cannot be trusted: disallow all.
        let parsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| parse_robotstxt(&text, &mut reader)));
        if parsed.is_err() {
            self.status = RobotsStatus::Unreachable;
            return;
        }
        let (rules, delay) = reader.ours();
        self.rules = rules;
        self.crawl_delay = delay;
        self.sitemaps = reader.sitemaps;
        if self.rules.len() > RULES_LIMIT {
            self.rules = vec![Rule { allow: false, pattern: "/".to_owned() }];
        }
    }
}

/// Text the crate reads as meant: no byte order mark, capped, no overlong lines, UTF-8.
fn sanitise(body: &[u8]) -> String {
    // UTF-16 is no robots.txt by the standard, but whoever saves one so means its rules.
    let decoded = match encoding_rs::Encoding::for_bom(body) {
        Some((encoding, mark)) if encoding != encoding_rs::UTF_8 => {
            encoding.decode_without_bom_handling(&body[mark..]).0.into_owned().into_bytes()
        }
        _ => Vec::new(),
    };
    let body = if decoded.is_empty() { body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body) } else { &decoded[..] };
    let capped = &body[..body.len().min(ROBOTS_LIMIT_BYTES)];
    let mut lines: Vec<&[u8]> = capped.split(|byte| matches!(byte, b'\n' | b'\r')).collect();
    // The line the cap cuts: part of a ban is a wider ban, part of anything else could be consent.
    let cut = if body.len() > ROBOTS_LIMIT_BYTES { lines.pop() } else { None };
    let mut text = String::with_capacity(capped.len());
    for line in lines {
        if line.len() <= LINE_LIMIT_BYTES {
            push_line(&mut text, line);
        } else {
            push_cut_ban(&mut text, line);
        }
    }
    cut.into_iter().for_each(|line| push_cut_ban(&mut text, line));
    text
}

fn push_line(text: &mut String, line: &[u8]) {
    let line = String::from_utf8_lossy(line);
    match line.split_once(':') {
        // The crate drops characters after a stray percent sign; in one form there are none.
        Some((name, value)) if is_rule(name) => {
            let value = value.split('#').next().unwrap_or_default();
            text.push_str(name);
            text.push(':');
            text.push_str(&one_form(value.trim()));
        }
        _ => text.push_str(&line),
    }
    text.push('\n');
}

/// A ban of which only the beginning is known is kept as a ban on all that begins so: stricter, never looser. Other lines
/// of which the end is missing are left out.
fn push_cut_ban(text: &mut String, line: &[u8]) {
    let head = &line[..line.len().min(LINE_LIMIT_BYTES / 4)];
    let head = String::from_utf8_lossy(head);
    let Some((name, value)) = head.split_once(':').filter(|(name, _)| is_ban(name)) else { return };
    let value = value.split('#').next().unwrap_or_default().trim_end_matches('\u{fffd}').trim();
    // Half an escape is none of the pattern.
    let value = match value.rfind('%') {
        Some(at) if at + 3 > value.len() => &value[..at],
        _ => value,
    };
    if !value.is_empty() {
        text.push_str(name);
        text.push(':');
        text.push_str(&one_form(value.trim_end_matches('$')));
        text.push_str("*\n");
    }
}

/// Names of rules, in the spellings the crate forgives.
fn is_rule(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("allow") || is_ban(name)
}

fn is_ban(name: &str) -> bool {
    ["disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"]
        .iter()
        .any(|known| name.trim().eq_ignore_ascii_case(known))
}

/// Collects groups as RFC 9309 means them: consecutive user-agent lines share the rules that follow, and lines that are
/// neither agent nor rule (Crawl-delay, Sitemap, unknown ones) never end a group.
#[derive(Default)]
struct Reader {
    groups: Vec<Group>,
    collecting_agents: bool,
    sitemaps: Vec<String>,
}

#[derive(Default)]
struct Group {
    agents: Vec<String>,
    rules: Vec<Rule>,
    crawl_delay: Option<Duration>,
}

impl Reader {
    /// Rules and delay of all groups that name us; of the `*` groups when none does.
    fn ours(&mut self) -> (Vec<Rule>, Option<Duration>) {
        let names_us = |group: &Group| group.agents.iter().any(|agent| agent == PRODUCT_TOKEN);
        let for_all = |group: &Group| group.agents.iter().any(|agent| agent == "*");
        let named = self.groups.iter().any(names_us);
        let mut rules = Vec::new();
        let mut delay: Option<Duration> = None;
        for group in self.groups.drain(..) {
            if if named { names_us(&group) } else { for_all(&group) } {
                delay = delay.max(group.crawl_delay);
                rules.extend(group.rules);
            }
        }
        (rules, delay)
    }

    fn rule(&mut self, allow: bool, value: &str) {
        self.collecting_agents = false;
        let Some(group) = self.groups.last_mut() else { return };
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        // A rule without a leading slash can only have meant one.
        let value = if value.starts_with(['/', '*', '$']) { one_form(value) } else { one_form(&format!("/{value}")) };
        // Only a `$` at the end is special; elsewhere it stands for itself, as it does in a path.
        let pattern = match value.strip_suffix('$') {
            Some(head) => format!("{}$", head.replace('$', "%24")),
            None => value.replace('$', "%24"),
        };
        group.rules.push(Rule { allow, pattern });
    }
}

impl RobotsParseHandler for Reader {
    fn handle_robots_start(&mut self) {}

    fn handle_robots_end(&mut self) {}

    fn handle_user_agent(&mut self, _line: u32, agent: &str) {
        if !self.collecting_agents {
            self.groups.push(Group::default());
            self.collecting_agents = true;
        }
        // "listingwatch/1.0" addresses us as well; the token ends at the first other character.
        let agent = agent.trim();
        let token: String = if agent.starts_with('*') {
            "*".to_owned()
        } else {
            agent.chars().take_while(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_')).collect()
        };
        if let Some(group) = self.groups.last_mut() {
            group.agents.push(token.to_ascii_lowercase());
        }
    }

    fn handle_allow(&mut self, _line: u32, value: &str) {
        self.rule(true, value);
    }

    fn handle_disallow(&mut self, _line: u32, value: &str) {
        self.rule(false, value);
    }

    fn handle_sitemap(&mut self, _line: u32, value: &str) {
        if self.sitemaps.len() < 1000 {
            self.sitemaps.push(value.trim().to_owned());
        }
    }

    fn handle_unknown_action(&mut self, _line: u32, action: &str, value: &str) {
        if action.trim().eq_ignore_ascii_case("crawl-delay")
            && let Some(delay) = parse_crawl_delay(value)
        {
            self.collecting_agents = false;
            if let Some(group) = self.groups.last_mut() {
                group.crawl_delay = group.crawl_delay.max(Some(delay));
            }
        }
    }
}

/// `Crawl-delay` in seconds, fractions allowed. Infinite or absurd values ask for the longest delay; negative and
/// unreadable ones for none.
fn parse_crawl_delay(value: &str) -> Option<Duration> {
    let seconds: f64 = value.trim().parse().ok()?;
    if seconds.is_nan() || seconds < 0.0 {
        return None;
    }
    Duration::try_from_secs_f64(seconds.min(LONGEST_CRAWL_DELAY)).ok()
}

/// One percent-encoded form for patterns and paths: unreserved octets decoded, the rest upper-case hex, non-ASCII and
/// control characters encoded, and so is a percent sign that starts no escape.
fn one_form(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if byte == b'%'
            && let Some(value) =
                bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| {
                    hex.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u8::from_str_radix(hex, 16).ok()).flatten()
                })
        {
            if value.is_ascii_alphanumeric() || matches!(value, b'-' | b'.' | b'_' | b'~') {
                out.push(char::from(value));
            } else {
                out.push('%');
                out.push(char::from(HEX[usize::from(value >> 4)]));
                out.push(char::from(HEX[usize::from(value & 15)]));
            }
            at += 3;
            continue;
        }
        if byte.is_ascii_graphic() && byte != b'%' {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
        at += 1;
    }
    out
}

/// A path in which no character is special to a pattern: `%2A` and `%24` in a rule mean the characters themselves
/// (RFC 9309 section 2.2.3).
fn literal(path: String) -> String {
    if path.contains(['*', '$']) { path.replace('*', "%2A").replace('$', "%24") } else { path }
}

/// The same path with the reserved characters of its query escaped, where it has any.
fn escaped_query(path: &str) -> Option<String> {
    let (head, query) = path.split_once('?')?;
    let reserved = |c: char| matches!(c, ':' | '/' | '?' | '@' | '!' | ',' | ';' | '(' | ')' | '[' | ']');
    if !query.contains(reserved) {
        return None;
    }
    let mut escaped = String::with_capacity(path.len() + 16);
    for c in query.chars() {
        if reserved(c) {
            escaped.push_str(&format!("%{:02X}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    Some(literal(one_form(&format!("{head}?{escaped}"))))
}

/// Whether `pattern` (`*` any run, `$` at its end the end) matches the start of `path`. Two pointers, so the cost is at
/// most pattern times path, and linear without stars.
fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (pattern, to_the_end) = match pattern.split_last() {
        Some((b'$', head)) => (head, true),
        _ => (pattern, false),
    };
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        if p == pattern.len() && (!to_the_end || t == path.len()) {
            return true;
        }
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p + 1, t));
            p += 1;
        } else if p < pattern.len() && t < path.len() && pattern[p] == path[t] {
            p += 1;
            t += 1;
        } else if let Some((after, from)) = star
            && from < path.len()
        {
            star = Some((after, from + 1));
            p = after;
            t = from + 1;
        } else {
            return false;
        }
    }
}

#[cfg(test)]
mod tests;

//! What a scan saw, what it did not see, and why. Absence is not innocence.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::vocab::ids::{MandateId, PlatformId, RunId};
use crate::vocab::terms::{Reason, Written};
use crate::vocab::time::Timestamp;

/// The coverage statement of one platform in one scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Coverage {
    /// Platform.
    pub platform: PlatformId,
    /// Scan.
    pub run: RunId,
    /// Mandate it ran under.
    pub mandate: MandateId,
    /// Begin.
    pub started_at: Timestamp,
    /// End.
    pub ended_at: Timestamp,
    /// Pages fetched.
    pub fetched: u64,
    /// What became of the pages that answered; none in statements of versions that did not count it.
    #[serde(flatten)]
    #[schema(value_type = Judged)]
    pub judged: Option<Judged>,
    /// Pages by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Excluded by agreement, scope, robots.txt, depth or traps: no failure, but not seen.
    pub skipped: BTreeMap<String, u64>,
    /// In scope and not had: network, server errors, budgets.
    pub failures: BTreeMap<String, u64>,
    /// Every address offered was fetched and judged, or left out by agreement, scope or robots.txt.
    pub complete: bool,
    /// How old what is known of the platform was, and is.
    #[serde(default)]
    pub freshness: Freshness,
    /// Hosts that could not be asked at the end, until when and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts_waiting: Vec<HostWaiting>,
    /// What the reader should know besides the counts: control files obeyed and lines of them that were not, parameters
    /// that are left out of URLs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What became of pages that answered with content. Pages that say they are gone count by their outcome, sitemaps and feeds
/// not at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = JudgedPages)]
pub struct Judged {
    /// Judged by the offers they make.
    #[serde(rename = "judged")]
    #[schema(required = false)]
    pub listings: u64,
    /// No offer was told from the rest of the page: judged by their text.
    #[serde(rename = "judged_as_text")]
    #[schema(required = false)]
    pub text: u64,
    /// Without any text, such as pictures.
    #[schema(required = false)]
    pub without_text: u64,
    /// Could not be read.
    #[schema(required = false)]
    pub unreadable: u64,
    /// Cost too much to read whole: judged by their text and by what had been read.
    #[schema(required = false)]
    pub given_up: u64,
    /// Known pages judged anew by what was kept of them; they were not fetched, and none of the other counts has them.
    #[serde(default, rename = "judged_from_evidence")]
    #[schema(required = false)]
    pub from_evidence: u64,
}

impl Judged {
    /// Adds what `other` counted.
    pub fn add(&mut self, other: Judged) {
        self.listings += other.listings;
        self.text += other.text;
        self.without_text += other.without_text;
        self.unreadable += other.unreadable;
        self.given_up += other.given_up;
        self.from_evidence += other.from_evidence;
    }
}

/// How old what a scan saw had become, and what it left for the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Freshness {
    /// Pages seen for the first time.
    pub first_looks: u64,
    /// Pages looked at again.
    pub looks_again: u64,
    /// Seconds since the look before, on average and at most, over pages looked at again.
    pub unseen_seconds_mean: u64,
    /// See `unseen_seconds_mean`.
    pub unseen_seconds_most: u64,
    /// Pages due at the end and not asked for, counted up to 10,000.
    pub still_due: u64,
}

/// A host that may not be asked now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HostWaiting {
    /// Scheme, host and port.
    pub host: String,
    /// Why.
    #[schema(value_type = String)]
    pub reason: Written<Reason>,
    /// Until when, where that is known.
    pub until: Option<Timestamp>,
}

impl Coverage {
    /// The statement in words.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let seconds = self.ended_at.since(self.started_at).as_secs();
        let _ = writeln!(out, "Coverage of `{}` in run {} under mandate {}", self.platform, self.run, self.mandate);
        let _ = writeln!(out, "  {} pages in {seconds} s, {} to {}", self.fetched, self.started_at, self.ended_at);
        let list = |out: &mut String, title: &str, counts: &BTreeMap<String, u64>| {
            if !counts.is_empty() {
                let _ = writeln!(out, "  {title}");
                for (reason, count) in counts {
                    let _ = writeln!(out, "    {count:>8}  {}", name_in_words(reason));
                }
            }
        };
        list(&mut out, "answers", &self.outcomes);
        let judged = self.judged.unwrap_or_default();
        let judged = [
            (judged.listings, "judged by their offers"),
            (judged.text, "judged by their text, because no single offer was recognised"),
            (judged.without_text, "without text"),
            (judged.unreadable, "not readable"),
            (judged.given_up, "given up, judged by their text as far as it was read"),
            (judged.from_evidence, "known before, judged again by the evidence kept of them, without a request"),
        ];
        if judged.iter().any(|(count, _)| *count > 0) {
            let _ = writeln!(out, "  pages");
            // They answer as pages do, and nothing of them is judged but the offers in them.
            let lists = self.outcomes.get("page").copied().unwrap_or(0);
            let lists = lists.saturating_sub(judged.iter().map(|(count, _)| count).sum());
            let judged = judged.into_iter().chain([(lists, "sitemaps and feeds")]);
            for (count, words) in judged.filter(|(count, _)| *count > 0) {
                let _ = writeln!(out, "    {count:>8}  {words}");
            }
        }
        list(&mut out, "left out, as agreed or as robots.txt asks", &self.skipped);
        list(&mut out, "in scope but not fetched", &self.failures);
        let fresh = &self.freshness;
        if fresh.looks_again > 0 {
            let (mean, most) = (span(fresh.unseen_seconds_mean), span(fresh.unseen_seconds_most));
            let _ = writeln!(
                out,
                "  freshness: {} pages seen for the first time, {} again after {mean} on average, {most} at most",
                fresh.first_looks, fresh.looks_again
            );
        }
        if fresh.still_due > 0 {
            let more = if fresh.still_due >= 10_000 { " or more" } else { "" };
            let _ = writeln!(out, "  {}{more} known pages are due and were not asked for", fresh.still_due);
        }
        if !self.hosts_waiting.is_empty() {
            let _ = writeln!(out, "  hosts that wait");
            for waiting in &self.hosts_waiting {
                let until = waiting.until.map_or_else(String::new, |until| format!(" until {until}"));
                let _ = writeln!(out, "    {}{until}: {}", waiting.host, name_in_words(waiting.reason.as_str()));
            }
        }
        if !self.notes.is_empty() {
            let _ = writeln!(out, "  of note");
            for note in &self.notes {
                let _ = writeln!(out, "    {note}");
            }
        }
        let verdict = if self.complete {
            "complete: every address offered was fetched and judged, or left out by agreement, scope or robots.txt"
        } else {
            "not complete: what is missing may hold offers"
        };
        let _ = writeln!(out, "  {verdict}");
        out
    }
}

/// Whether a scan that left these out and failed at these saw all that it may see.
pub fn is_complete(skipped: &BTreeMap<String, u64>, failures: &BTreeMap<String, u64>) -> bool {
    // A name that is not known may stand for anything.
    let leaves_unseen = |name: &String| name.parse().map_or(true, leaves_unseen);
    failures.is_empty() && !skipped.keys().any(leaves_unseen)
}

/// Whether what is left out for this reason is a page that might hold an offer, and that no agreement, scope or robots.txt
/// excludes.
fn leaves_unseen(reason: Reason) -> bool {
    match reason {
        // Excluded by the platform or by what was agreed with it; the platform file says how deep the scope goes.
        Reason::Agreement
        | Reason::Depth
        | Reason::Robots
        | Reason::RobotsMetaNofollow
        | Reason::ScopeHost
        | Reason::ScopePath
        // The same page under another name, or no page at all.
        | Reason::ParameterChangesNothing
        | Reason::SitemapLastmod
        | Reason::LinkUserinfo
        | Reason::LinkControlCharacter
        | Reason::LinkMalformed
        | Reason::LinkTooLong
        | Reason::RedirectMalformed
        | Reason::SoftNotFound
        | Reason::ItemEnded => false,
        Reason::BodySizeCap
        | Reason::TextCap
        | Reason::BodyTimeCap
        | Reason::Connection
        | Reason::ControlHours
        | Reason::ControlPause
        | Reason::ControlStop
        | Reason::FailedBefore
        | Reason::FeedMalformed
        | Reason::FreeDisk
        | Reason::GivenUp
        | Reason::HostBlocked
        | Reason::HostPaced
        | Reason::HostRefused
        | Reason::HostSilent
        | Reason::LinkBudget
        | Reason::MalformedResponse
        | Reason::MandateBudget
        | Reason::MandateBytes
        | Reason::MandateExpired
        | Reason::MandateRevoked
        | Reason::PageBudget
        | Reason::ParseDeadline
        | Reason::PrivateAddress
        | Reason::ReadingLost
        | Reason::RedirectLimit
        | Reason::RedirectToItself
        | Reason::RobotsUnreachable
        | Reason::SitemapBudget
        | Reason::SitemapMalformed
        | Reason::Stopped
        | Reason::TimeBudget
        | Reason::Timeout
        | Reason::TrapCalendar
        | Reason::TrapHosts
        | Reason::TrapParameters
        | Reason::TrapPathDepth
        | Reason::TrapPathRepetition
        | Reason::TrapShape
        | Reason::TrapYield
        | Reason::Unreadable
        | Reason::WorkBudget => true,
    }
}

/// A length of time as people say it.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A reason's name in words; the name of what is none, such as an answer's status, stands for itself.
fn name_in_words(name: &str) -> &str {
    match name.parse() {
        Ok(reason) => in_words(reason),
        Err(_) => name,
    }
}

/// A reason in words.
pub fn in_words(reason: Reason) -> &'static str {
    match reason {
        Reason::Robots => "robots.txt disallows it",
        Reason::ScopeHost => "links to hosts outside the agreement",
        Reason::ScopePath => "links to paths outside the agreement",
        Reason::Depth => "links deeper than max_depth",
        Reason::TrapCalendar => "links into an endless calendar",
        Reason::TrapParameters => "links into endless parameter combinations",
        Reason::TrapPathRepetition => "links into a path loop",
        Reason::TrapPathDepth => "links too deep in folders",
        Reason::TrapShape => "links of a shape that never ends",
        Reason::TrapYield => "links of a pattern whose pages brought no listings",
        Reason::RobotsMetaNofollow => "pages that ask not to follow their links",
        Reason::PageBudget => "the page budget ended first",
        Reason::TimeBudget => "the time allowed ended first",
        Reason::MandateBudget => "the page budget of the mandate is used up",
        Reason::MandateBytes => "the byte budget of the mandate is used up",
        Reason::FreeDisk => "less disk space is free than [limits] free_disk asks to leave",
        Reason::MandateExpired => "the mandate expired",
        Reason::MandateRevoked => "the mandate was revoked",
        Reason::PrivateAddress => "hosts at private addresses that the platform file does not list",
        Reason::ParameterChangesNothing => "other names of pages already fetched under a shorter address",
        Reason::SoftNotFound => "pages that say they were not found",
        Reason::ItemEnded => "pages that say their offer is over",
        Reason::LinkUserinfo => "links with a user name or password",
        Reason::LinkControlCharacter => "links with control characters",
        Reason::LinkTooLong => "links too long to be pages",
        Reason::LinkMalformed => "links that are no addresses",
        Reason::FeedMalformed => "listings of feeds that could not be read",
        Reason::SitemapBudget => "sitemaps beyond the number read of one host",
        Reason::SitemapLastmod => "sitemaps whose dates claim that nearly everything changed: not believed",
        Reason::RedirectToItself => "pages that redirect to themselves",
        Reason::RedirectMalformed => "redirects to what is no address",
        Reason::WorkBudget => "pages whose structured data costs too much to read: only their text was judged",
        Reason::GivenUp => "pages given up because reading them did not end in time",
        Reason::ReadingLost => "the scan was ended because reading two of its pages did not end",
        Reason::ParseDeadline => "pages that could not be read within the time allowed",
        Reason::LinkBudget => "pages with more links than are taken of one page",
        Reason::RedirectLimit => "redirects that led to yet another one, too often",
        Reason::BodySizeCap => "pages cut at the size limit",
        Reason::TextCap => "pages whose text was judged only up to a limit",
        Reason::BodyTimeCap => "pages cut at the time limit",
        Reason::Connection => "connections that failed or broke",
        Reason::Timeout => "pages that did not answer in time",
        Reason::MalformedResponse => "answers that are no HTTP",
        Reason::SitemapMalformed => "sitemaps or feeds that could not be read whole",
        Reason::HostSilent => "the host does not answer at all",
        Reason::FailedBefore => "pages that failed earlier and are not due for a retry",
        Reason::Unreadable => "pages that could not be read: other formats, scripts only, or our reader stumbled",
        Reason::HostRefused => "pages refused again and again (429, 503)",
        Reason::RobotsUnreachable => "robots.txt could not be read, so nothing was asked for",
        Reason::ControlStop => "the platform's control file asks us to stop",
        Reason::ControlPause => "the platform's control file asks for a pause",
        Reason::ControlHours => "outside the hours the platform's control file allows",
        Reason::HostBlocked => "the host asked us to stay away",
        Reason::HostPaced => "the pace promised to the host did not allow it yet",
        Reason::Stopped => "the scan was stopped",
        reason @ (Reason::Agreement | Reason::TrapHosts) => reason.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_is_missing_and_why() {
        let coverage = Coverage {
            platform: PlatformId::parse("bazaar").unwrap(),
            run: RunId::parse("run1").unwrap(),
            mandate: MandateId::parse("m1").unwrap(),
            started_at: Timestamp::from_millis(0),
            ended_at: Timestamp::from_millis(61_000),
            fetched: 16,
            judged: Some(Judged { listings: 7, text: 4, unreadable: 1, ..Judged::default() }),
            outcomes: BTreeMap::from([("page".into(), 16)]),
            skipped: BTreeMap::from([("robots".into(), 3)]),
            failures: BTreeMap::from([("page-budget".into(), 1)]),
            complete: false,
            freshness: Freshness {
                first_looks: 2,
                looks_again: 10,
                unseen_seconds_mean: 7_200,
                unseen_seconds_most: 900_000,
                still_due: 7,
            },
            hosts_waiting: vec![HostWaiting {
                host: "https://a.example.test".into(),
                reason: Written::Known(Reason::ControlStop),
                until: Some(Timestamp::from_millis(0)),
            }],
            notes: vec!["the control file of https://a.example.test asks for: stop".into()],
        };
        let text = coverage.text();
        for part in [
            "16 pages in 61 s",
            "4  sitemaps and feeds",
            "judged by their text, because no single offer was recognised",
            "in scope but not fetched",
            "3  robots.txt disallows it",
            "7  judged by their offers\n           4  judged by their text",
            "1  not readable",
            "the page budget ended first",
            "not complete",
            "asks for: stop",
            "2 pages seen for the first time, 10 again after 2 h on average, 10 days at most",
            "7 known pages are due",
            "https://a.example.test until 1970-01-01T00:00:00.000Z: the platform's control file asks us to stop",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains("without text"), "{text}");
    }

    #[test]
    fn complete_means_that_only_agreement_scope_and_robots_left_something_out() {
        let map = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 1)).collect::<BTreeMap<_, _>>();
        for (skipped, failures, expected) in [
            (map(&[]), map(&[]), true),
            (map(&["robots", "scope-host", "scope-path", "robots-meta-nofollow"]), map(&[]), true),
            (map(&["parameter-changes-nothing", "link-malformed", "depth"]), map(&[]), true),
            (map(&["robots", "trap-calendar"]), map(&[]), false),
            (map(&["trap-shape"]), map(&[]), false),
            (map(&["a-reason-of-a-later-version"]), map(&[]), false),
            (map(&[]), map(&["unreadable"]), false),
            (map(&[]), map(&["status-500"]), false),
        ] {
            assert_eq!(is_complete(&skipped, &failures), expected, "{skipped:?} {failures:?}");
        }
    }
}

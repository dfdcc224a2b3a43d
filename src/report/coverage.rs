//! What a scan saw, what it did not see, and why. Absence is not innocence.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::vocab::ids::{MandateId, PlatformId, RunId};
use crate::vocab::time::Timestamp;

/// The coverage statement of one platform in one scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Pages by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// Excluded by agreement, scope, robots.txt, depth or traps: no failure, but not seen.
    pub skipped: BTreeMap<String, u64>,
    /// In scope and not had: network, server errors, budgets.
    pub failures: BTreeMap<String, u64>,
    /// Nothing in scope is missing.
    pub complete: bool,
    /// What the reader should know besides the counts: control files obeyed and lines of them that were not, parameters
    /// that are left out of URLs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
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
                    let _ = writeln!(out, "    {count:>8}  {}", in_words(reason));
                }
            }
        };
        list(&mut out, "answers", &self.outcomes);
        list(&mut out, "left out, as agreed or as robots.txt asks", &self.skipped);
        list(&mut out, "in scope and not had", &self.failures);
        if !self.notes.is_empty() {
            let _ = writeln!(out, "  of note");
            for note in &self.notes {
                let _ = writeln!(out, "    {note}");
            }
        }
        let verdict = if self.complete {
            "complete: everything in scope that was found was fetched"
        } else {
            "not complete: what is missing may hold offers"
        };
        let _ = writeln!(out, "  {verdict}");
        out
    }
}

fn in_words(reason: &str) -> &str {
    match reason {
        "robots" => "robots.txt disallows it",
        "scope-host" => "links to hosts outside the agreement",
        "scope-path" => "links to paths outside the agreement",
        "depth" => "links deeper than max_depth",
        "trap-calendar" => "links into an endless calendar",
        "trap-parameters" => "links into endless parameter combinations",
        "trap-path-repetition" => "links into a path loop",
        "trap-path-depth" => "links too deep in folders",
        "trap-shape" => "links of a shape that never ends",
        "robots-meta-nofollow" => "pages that ask not to follow their links",
        "page-budget" => "the page budget ended first",
        "time-budget" => "the time allowed ended first",
        "private-address" => "hosts at private addresses that the platform file does not list",
        "redirect-to-itself" => "pages that redirect to themselves",
        "redirect-malformed" => "redirects to what is no address",
        "body-size-cap" => "pages cut at the size limit",
        "body-time-cap" => "pages cut at the time limit",
        "connection" => "connections that failed or broke",
        "timeout" => "pages that did not answer in time",
        "malformed-response" => "answers that are no HTTP",
        "sitemap-malformed" => "sitemaps or feeds that could not be read whole",
        "host-silent" => "the host does not answer at all",
        "failed-before" => "pages that could not be had before and may not be tried again yet",
        "unreadable" => "pages our reader stumbled over",
        "host-refused" => "pages refused again and again (429, 503)",
        "robots-unreachable" => "robots.txt could not be read, so nothing was asked for",
        "control-stop" => "the platform's control file asks us to stop",
        "control-pause" => "the platform's control file asks for a pause",
        "control-hours" => "outside the hours the platform's control file allows",
        "host-blocked" => "the host asked us to stay away",
        "stopped" => "the scan was stopped",
        other => other,
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
            fetched: 12,
            outcomes: BTreeMap::from([("page".into(), 12)]),
            skipped: BTreeMap::from([("robots".into(), 3)]),
            failures: BTreeMap::from([("page-budget".into(), 1)]),
            complete: false,
            notes: vec!["the control file of https://a.example.test asks for: stop".into()],
        };
        let text = coverage.text();
        for part in [
            "12 pages in 61 s",
            "3  robots.txt disallows it",
            "the page budget ended first",
            "not complete",
            "asks for: stop",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }
}

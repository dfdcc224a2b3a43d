//! The marketplace's own log of requests, and what it says about the visitor's manners.

use std::time::Duration;

use serde::Serialize;

use crate::vocab::time::Timestamp;

/// Gaps may fall this much below the promise: two sockets are accepted by different threads, so arrival times carry a little noise.
pub const CLOCK_GRAIN: Duration = Duration::from_millis(10);

/// One request as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Since the marketplace opened, by a clock that never steps.
    pub since_open: Duration,
    /// The same moment as a date.
    pub at: Timestamp,
    /// Index of the host in the site.
    pub host: usize,
    /// Path and query as asked for.
    pub path: String,
    /// Status that was answered.
    pub status: u16,
    /// Who asked.
    pub visitor: Visitor,
}

/// Who asked: a program, or a person who opened a page to look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visitor {
    /// A program. Anything that does not say it is a browser.
    Program,
    /// A browser, told by the `Sec-Fetch-Mode` header that browsers add and pages cannot forge. Owed no patience, audited for none.
    Browser,
}

/// What a host promised its visitors, and what it forbids.
pub struct HostPromise<'a> {
    /// The longer of robots.txt's `Crawl-delay` and the agreement's rate.
    pub delay: Duration,
    /// Whether a path with its query may be fetched.
    pub allows: &'a dyn Fn(&str) -> bool,
}

/// How a scan behaved, from the server's side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PolitenessAudit {
    /// Requests by programs.
    pub requests: usize,
    /// Of them, those for a path that robots.txt disallows.
    pub disallowed: usize,
    /// Pairs of neighbouring requests to one host that came closer than promised.
    pub short_gaps: usize,
    /// The shortest gap of each host, in milliseconds, in the order of the hosts; none where there were fewer than two requests.
    pub shortest_gap_ms: Vec<Option<u64>>,
    /// Up to twenty offending requests, in words.
    pub examples: Vec<String>,
}

/// Judges the log by the hosts' promises. The order of `log` does not matter.
pub fn audit(log: &[Request], promises: &[HostPromise<'_>]) -> PolitenessAudit {
    let mut report = PolitenessAudit::default();
    for (host, promise) in promises.iter().enumerate() {
        let mut requests: Vec<&Request> =
            log.iter().filter(|request| request.host == host && request.visitor == Visitor::Program).collect();
        requests.sort_by_key(|request| request.since_open);
        report.requests += requests.len();
        for request in requests.iter().filter(|request| !(promise.allows)(&request.path)) {
            report.disallowed += 1;
            note(&mut report.examples, format!("host {host}: `{}` is disallowed", request.path));
        }
        let mut shortest: Option<Duration> = None;
        for pair in requests.windows(2) {
            let gap = pair[1].since_open.saturating_sub(pair[0].since_open);
            shortest = Some(shortest.map_or(gap, |known| known.min(gap)));
            if gap + CLOCK_GRAIN < promise.delay {
                report.short_gaps += 1;
                note(
                    &mut report.examples,
                    format!("host {host}: `{}` came {} ms after `{}`", pair[1].path, gap.as_millis(), pair[0].path),
                );
            }
        }
        report.shortest_gap_ms.push(shortest.map(|gap| u64::try_from(gap.as_millis()).unwrap_or(u64::MAX)));
    }
    report
}

fn note(examples: &mut Vec<String>, words: String) {
    if examples.len() < 20 {
        examples.push(words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(ms: u64, host: usize, path: &str) -> Request {
        Request {
            since_open: Duration::from_millis(ms),
            at: Timestamp::from_millis(0),
            host,
            path: path.into(),
            status: 200,
            visitor: Visitor::Program,
        }
    }

    fn judge(log: &[Request]) -> PolitenessAudit {
        let allows = |path: &str| !path.starts_with("/account/");
        let delay = Duration::from_millis(300);
        audit(log, &[HostPromise { delay, allows: &allows }, HostPromise { delay, allows: &allows }])
    }

    #[test]
    fn gaps_count_per_host_and_in_order_of_arrival() {
        let report = judge(&[request(700, 0, "/c"), request(0, 0, "/a"), request(5, 1, "/a"), request(400, 0, "/b")]);
        assert_eq!((report.requests, report.disallowed, report.short_gaps), (4, 0, 0));
        assert_eq!(report.shortest_gap_ms, [Some(300), None]);
    }

    #[test]
    fn a_short_gap_and_a_forbidden_path_are_seen() {
        let report = judge(&[request(0, 0, "/a"), request(289, 0, "/b"), request(600, 0, "/account/x")]);
        assert_eq!((report.disallowed, report.short_gaps), (1, 1));
        assert_eq!(report.examples.len(), 2);
        assert_eq!(judge(&[request(0, 0, "/a"), request(291, 0, "/b")]).short_gaps, 0, "within the clock's grain");
    }

    #[test]
    fn people_may_click_as_fast_as_they_like() {
        let mut click = request(1, 0, "/account/");
        click.visitor = Visitor::Browser;
        let report = judge(&[request(0, 0, "/a"), click]);
        assert_eq!((report.requests, report.disallowed, report.short_gaps), (1, 0, 0));
    }
}

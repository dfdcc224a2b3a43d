//! One URL of the frontier: how it came in, what is known of it, who holds it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{PlatformId, Sha256Digest};
use crate::vocab::time::Timestamp;

/// The clock is taken to have been set back when it shows a moment this long before one it showed earlier.
pub const CLOCK_SLACK: Duration = Duration::from_secs(10);

/// Why a URL is in the frontier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UrlKind {
    /// A start page of the platform file.
    Seed,
    /// A sitemap or sitemap index.
    Sitemap,
    /// RSS, Atom or JSON Feed.
    Feed,
    /// A page reached by a link.
    Page,
    /// Looked at again because a case asks for it.
    Recheck,
}

impl UrlKind {
    /// Lower goes first among what is due.
    pub fn priority(self) -> u8 {
        match self {
            UrlKind::Recheck => 0,
            UrlKind::Seed | UrlKind::Sitemap | UrlKind::Feed => 1,
            UrlKind::Page => 4,
        }
    }
}

/// A URL offered to the frontier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Where to look.
    pub url: FoundUrl,
    /// Links followed from a seed.
    pub depth: u16,
    /// Why it is offered.
    pub kind: UrlKind,
    /// Lower goes first among what is due in the same second.
    pub priority: u8,
    /// Not before this moment.
    pub due: Timestamp,
}

/// What is remembered of a URL between visits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UrlState {
    /// Validator of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Validator of the last answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// Last answered visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_fetched: Option<Timestamp>,
    /// Interval to the next visit, as last computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Duration>,
    /// Digest of the last full body, where evidence of it was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_digest: Option<Sha256Digest>,
    /// xxh3 of the last full body: tells whether a page changed, at a fifth of the cost of the digest. Proves nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_mark: Option<u64>,
    /// Visits in a row that brought no change.
    #[serde(default)]
    pub unchanged: u16,
    /// Failed attempts in a row; the next answered visit sets it to zero.
    #[serde(default)]
    pub failures: u16,
    /// When a scan gave up on it and left it to a later one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_up: Option<Timestamp>,
    /// Left out at the last attempt by agreement, scope or robots.txt.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub excluded: bool,
    /// Whether the last visit left a hit behind.
    #[serde(default)]
    pub hit: bool,
    /// Whether the host answered under this form of the page's address when it was last asked for in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub answered: bool,
    /// Set while what was kept of the page waits to be judged anew: the moment the page itself is asked for next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_next: Option<Timestamp>,
}

impl UrlState {
    /// After one more failed attempt.
    #[must_use]
    pub fn failed(&self) -> Self {
        UrlState { failures: self.failures.saturating_add(1), ..self.clone() }
    }

    /// After the last attempt of a scan.
    #[must_use]
    pub fn given_up(&self, now: Timestamp) -> Self {
        UrlState { given_up: Some(now), ..self.failed() }
    }

    /// Whether the host answered under the form of the address that is asked for. Entries of versions that did not note it
    /// say so by what they know of the body.
    pub fn has_answered(&self) -> bool {
        self.answered || self.body_mark.is_some() || self.payload_digest.is_some()
    }

    /// What is remembered of a page that is asked for in another form of its address.
    #[must_use]
    pub fn renamed(&self) -> Self {
        UrlState { hit: self.hit, ..UrlState::default() }
    }

    /// Whether `body` is what the last visit brought; `None` when that is not known.
    pub fn is_same_body(&self, body: &[u8]) -> Option<bool> {
        match (self.body_mark, self.payload_digest) {
            (Some(mark), _) => Some(mark == body_mark(body)),
            (None, Some(digest)) => Some(digest == Sha256Digest::of(body)),
            (None, None) => None,
        }
    }

    /// Whether a scan that began at `since` is done with it at `now`: it was answered, or given up. A moment still to come
    /// was noted by a clock that was ahead and says nothing.
    pub fn is_done_since(&self, since: Timestamp, now: Timestamp) -> bool {
        let within = |at: Timestamp| at >= since && at <= now.after(CLOCK_SLACK);
        let answered = self.failures == 0 && self.last_fetched.is_some_and(within);
        answered || self.given_up.is_some_and(within)
    }

    /// When the URL is due, of a clock that was found set back to `now`; `due` is what was noted. What is owed is due now.
    /// What was visited by a clock that was ahead is due within its interval, and now if the step was longer than that.
    pub fn due_after_step_back(&self, due: Timestamp, now: Timestamp) -> Timestamp {
        let ahead = self.last_fetched.max(self.given_up).unwrap_or(Timestamp::EPOCH).since(now);
        if due <= now {
            due
        } else if self.is_owed() {
            now
        } else if ahead.is_zero() {
            due
        } else {
            self.interval.filter(|interval| ahead <= *interval).map_or(now, |interval| due.min(now.after(interval)))
        }
    }

    /// Whether the page is still owed: never had, or not had at the last attempt, though nothing excludes it.
    pub fn is_owed(&self) -> bool {
        !self.excluded && (self.failures > 0 || self.last_fetched.is_none())
    }
}

/// What [`UrlState::body_mark`] holds.
pub fn body_mark(body: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(body)
}

/// A URL handed out until a deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Whose URL it is.
    pub platform: PlatformId,
    /// Where to look.
    pub url: FoundUrl,
    /// Links followed from a seed.
    pub depth: u16,
    /// Why it is in the frontier.
    pub kind: UrlKind,
    /// When it was due.
    pub due: Timestamp,
    /// Its place among what was due.
    pub priority: u8,
    /// What is known of it.
    pub state: UrlState,
}

impl Lease {
    /// The lease's end: come back at `due` with `state` remembered.
    pub fn settle(&self, state: UrlState, due: Timestamp) -> Settlement {
        Settlement { lease: self.clone(), state, due }
    }
}

impl Settlement {
    /// The page is asked for again at once, in another form of its address.
    #[must_use]
    pub fn renamed(self, url: FoundUrl, now: Timestamp) -> Self {
        let Settlement { lease, state, .. } = self;
        let state = UrlState { hit: lease.state.hit || state.hit, ..state.renamed() };
        // What lies after the lease's own due time cannot be taken for a lease that was not used.
        let due = now.max(lease.due.after(Duration::from_millis(1)));
        Settlement { lease: Lease { url, ..lease }, state, due }
    }
}

/// A lease that ended: what is remembered, and when the URL is due again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// The lease that ends.
    pub lease: Lease,
    /// What is known of the URL now.
    pub state: UrlState,
    /// When it is due again.
    pub due: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_clock_ahead_noted_becomes_due() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let (hour, day, year) =
            (Duration::from_secs(3600), Duration::from_secs(86_400), Duration::from_secs(365 * 86_400));
        let week = 7 * day;
        let visited = |at| UrlState { last_fetched: Some(at), interval: Some(week), ..UrlState::default() };
        let left_out = |at| UrlState { excluded: true, given_up: Some(at), ..UrlState::default() };
        let failed = UrlState { last_fetched: Some(now.before(week)), failures: 1, ..UrlState::default() };
        for (name, state, due, expected) in [
            ("due", visited(now.before(week)), now, now),
            ("visited by a right clock", visited(now.before(day)), now.after(6 * day), now.after(6 * day)),
            ("an hour ahead", visited(now.after(hour)), now.after(hour + week), now.after(week)),
            ("a day ahead", visited(now.after(day)), now.after(day + week), now.after(week)),
            ("a year ahead", visited(now.after(year)), now.after(year + week), now),
            ("left out a year ahead", left_out(now.after(year)), now.after(year + week), now),
            ("never had", UrlState::default(), now.after(year), now),
            ("failed a year ahead", failed.clone(), now.after(year), now),
            ("given up an hour ahead", failed.given_up(now.after(hour)), now.after(2 * hour), now),
        ] {
            assert_eq!(state.due_after_step_back(due, now), expected, "{name}");
        }
    }

    #[test]
    fn a_visit_still_to_come_is_no_visit() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let year = Duration::from_secs(365 * 86_400);
        let visited = |at| UrlState { last_fetched: Some(at), ..UrlState::default() };
        assert!(visited(now).is_done_since(now.before(year), now));
        assert!(!visited(now.before(year)).is_done_since(now, now));
        assert!(!visited(now.after(year)).is_done_since(now, now));
        assert!(!UrlState::default().given_up(now.after(year)).is_done_since(now, now));
    }
}

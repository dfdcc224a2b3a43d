//! What a scan counts while it runs: for the progress line, the summary and the coverage statement.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::report::coverage::Judged;
use crate::vocab::ids::PlatformId;
use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// Counts of one platform in one scan. Whoever visits counts for himself and sends the counts along; here they add up.
#[derive(Debug, Default)]
pub struct Tally {
    // Small counters; never held across an await.
    counts: Mutex<Counts>,
}

/// The counts themselves, of a scan or of one visit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Pages fetched: every answered request for a page, not robots.txt.
    pub pages: u64,
    /// Bytes of decoded bodies.
    pub body_bytes: u64,
    /// Listings read.
    pub listings: u64,
    /// What became of the pages that answered.
    #[serde(default)]
    pub judged: Judged,
    /// Listings judged `review` or `refer`.
    pub hits: u64,
    /// Cases opened.
    pub referrals_new: u64,
    /// Pages by outcome.
    pub outcomes: BTreeMap<String, u64>,
    /// What agreement, scope, robots.txt, depth or traps left out, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// What was in scope and could not be fetched or processed, by reason.
    pub failures: BTreeMap<String, u64>,
    /// Pages seen for the first time.
    pub first_looks: u64,
    /// Pages looked at again.
    pub looks_again: u64,
    /// How long ago the looks before were, all together.
    pub unseen_for: Duration,
    /// How long ago the look before was, at most.
    pub unseen_longest: Duration,
    /// Hosts that wait, until when and why.
    pub waiting: BTreeMap<String, (Timestamp, Reason)>,
}

impl Counts {
    /// One URL left out for `reason`.
    pub fn skip(&mut self, reason: Reason) {
        *self.skipped.entry(reason.to_string()).or_default() += 1;
    }

    /// One URL in scope that could not be had.
    pub fn fail(&mut self, reason: Reason) {
        *self.failures.entry(reason.to_string()).or_default() += 1;
    }

    /// One URL in scope that was answered with a status of no other meaning.
    pub fn fail_with_status(&mut self, status: u16) {
        *self.failures.entry(format!("status-{status}")).or_default() += 1;
    }

    /// `host` is not asked before `until`.
    pub fn wait(&mut self, host: &HostKey, until: Timestamp, reason: Reason) {
        self.waiting.insert(host.to_string(), (until, reason));
    }

    /// A page was answered that was looked at before at `before`, or never.
    pub fn looked_at(&mut self, before: Option<Timestamp>, now: Timestamp) {
        match before {
            None => self.first_looks += 1,
            Some(before) => {
                let unseen = now.since(before);
                self.looks_again += 1;
                self.unseen_for = self.unseen_for.saturating_add(unseen);
                self.unseen_longest = self.unseen_longest.max(unseen);
            }
        }
    }

    /// Adds what `other` counted.
    pub fn add(&mut self, other: &Counts) {
        self.pages += other.pages;
        self.body_bytes += other.body_bytes;
        self.listings += other.listings;
        self.judged.add(other.judged);
        self.hits += other.hits;
        self.referrals_new += other.referrals_new;
        for (held, more) in [
            (&mut self.outcomes, &other.outcomes),
            (&mut self.skipped, &other.skipped),
            (&mut self.failures, &other.failures),
        ] {
            for (reason, count) in more {
                *held.entry(reason.clone()).or_default() += count;
            }
        }
        self.first_looks += other.first_looks;
        self.looks_again += other.looks_again;
        self.unseen_for = self.unseen_for.saturating_add(other.unseen_for);
        self.unseen_longest = self.unseen_longest.max(other.unseen_longest);
        self.waiting.extend(other.waiting.iter().map(|(host, why)| (host.clone(), *why)));
    }
}

impl Tally {
    /// Changes the counts.
    pub fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.lock());
    }

    /// One URL left out for `reason`.
    pub fn skip(&self, reason: Reason) {
        self.count(|counts| counts.skip(reason));
    }

    /// One URL in scope that could not be had.
    pub fn fail(&self, reason: Reason) {
        self.count(|counts| counts.fail(reason));
    }

    /// Adds what a visit counted.
    pub fn add(&self, visit: &Counts) {
        self.count(|counts| counts.add(visit));
    }

    /// A copy of the counts.
    pub fn snapshot(&self) -> Counts {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far the scan of one platform is.
#[derive(Debug, Clone, Serialize)]
pub struct Progress {
    /// Platform.
    pub platform: PlatformId,
    /// Counts so far.
    #[serde(flatten)]
    pub counts: Counts,
    /// Pages a second over the last seconds.
    pub pages_per_second: f64,
    /// URLs handed out and not settled.
    pub on_their_way: u64,
    /// URLs known and still to be asked for in this scan, as far as that is known now.
    pub left: u64,
    /// How long that will take at the pace so far; `None` before there is one.
    pub seconds_left: Option<u64>,
    /// Whether it has ended.
    pub ended: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_visits_add_up() {
        let (now, earlier) = (Timestamp::from_millis(90_000), Timestamp::from_millis(30_000));
        let mut first = Counts { pages: 1, hits: 2, ..Counts::default() };
        first.skip(Reason::Robots);
        first.looked_at(Some(earlier), now);
        let mut second = Counts { pages: 1, ..Counts::default() };
        second.skip(Reason::Robots);
        second.fail(Reason::Timeout);
        second.looked_at(None, now);
        let tally = Tally::default();
        tally.add(&first);
        tally.add(&second);
        let all = tally.snapshot();
        assert_eq!((all.pages, all.hits, all.first_looks, all.looks_again), (2, 2, 1, 1));
        assert_eq!((all.skipped["robots"], all.failures["timeout"]), (2, 1));
        assert_eq!((all.unseen_for, all.unseen_longest), (Duration::from_secs(60), Duration::from_secs(60)));
    }
}

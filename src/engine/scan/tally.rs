//! What a scan counts while it runs: for the progress line, the summary and the coverage statement.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::vocab::ids::PlatformId;
use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// Counts of one platform in one scan. Shared by the lanes, the examiner and the committer.
#[derive(Debug, Default)]
pub struct Tally {
    // Small counters; never held across an await.
    counts: Mutex<Counts>,
}

/// The counts themselves.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Counts {
    /// Pages fetched: every answered request for a page, not robots.txt.
    pub pages: u64,
    /// Bytes of decoded bodies.
    pub body_bytes: u64,
    /// Listings read.
    pub listings: u64,
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
    /// Pages looked at again, and how long ago the look before was: all together and at most.
    pub looks_again: u64,
    #[serde(skip)]
    pub unseen_for: Duration,
    #[serde(skip)]
    pub unseen_longest: Duration,
    /// Hosts that wait, until when and why.
    pub waiting: BTreeMap<String, (Timestamp, Reason)>,
}

impl Tally {
    /// Changes the counts.
    pub fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.lock());
    }

    /// One URL left out for `reason`.
    pub fn skip(&self, reason: Reason) {
        self.count(|counts| *counts.skipped.entry(reason.to_string()).or_default() += 1);
    }

    /// One URL in scope that could not be had.
    pub fn fail(&self, reason: Reason) {
        self.count(|counts| *counts.failures.entry(reason.to_string()).or_default() += 1);
    }

    /// One URL in scope that was answered with a status of no other meaning.
    pub fn fail_with_status(&self, status: u16) {
        self.count(|counts| *counts.failures.entry(format!("status-{status}")).or_default() += 1);
    }

    /// `host` is not asked before `until`.
    pub fn wait(&self, host: &HostKey, until: Timestamp, reason: Reason) {
        self.count(|counts| {
            counts.waiting.insert(host.to_string(), (until, reason));
        });
    }

    /// A page was answered that was looked at before at `before`, or never.
    pub fn looked_at(&self, before: Option<Timestamp>, now: Timestamp) {
        self.count(|counts| match before {
            None => counts.first_looks += 1,
            Some(before) => {
                let unseen = now.since(before);
                counts.looks_again += 1;
                counts.unseen_for = counts.unseen_for.saturating_add(unseen);
                counts.unseen_longest = counts.unseen_longest.max(unseen);
            }
        });
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

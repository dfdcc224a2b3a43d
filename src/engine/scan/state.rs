//! What both halves of a scan know of one platform: whose scan it is, how far it may go, whether it goes on.
//!
//! Nothing here touches a store, so that the half that fetches and examines can hold it too.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tracing::warn;

use crate::engine::scan::tally::{Progress, Tally};
use crate::listing::CompiledSelectors;
use crate::vocab::ids::{MandateId, RunId};
use crate::vocab::platform::Platform;
use crate::vocab::terms::Reason;
use crate::vocab::time::{Clock, Timestamp};

/// How long a wait for the end may go without a look at the wall clock, which may be set meanwhile.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(5);

/// How often progress is reported.
pub(super) const PROGRESS_PERIOD: Duration = Duration::from_secs(1);

/// How far one platform's scan may go.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Pages, at most.
    pub pages: u64,
    /// When the time allowed ends.
    pub until: Option<Timestamp>,
    /// When the mandate is no longer in force.
    pub mandate_until: Option<Timestamp>,
}

/// One platform's scan.
pub struct PlatformScan {
    /// The platform.
    pub platform: Arc<Platform>,
    /// The mandate it is scanned under.
    pub mandate: MandateId,
    /// Name of the run.
    pub run: RunId,
    /// When the scan began.
    pub started_at: Timestamp,
    /// Its selectors, compiled once.
    pub selectors: Option<CompiledSelectors>,
    /// Counts.
    pub tally: Tally,
    /// Told when something was settled: there may be new work.
    pub settled: Notify,
    /// Told when the scan stops.
    ending: Notify,
    until: Option<Timestamp>,
    mandate_until: Option<Timestamp>,
    outstanding: AtomicI64,
    budget: AtomicI64,
    stopping: AtomicBool,
    /// Whether it ends without waiting for what is on its way.
    hurrying: AtomicBool,
    settled_urls: AtomicU64,
    // A sentence, never held across an await.
    broken: Mutex<Option<String>>,
    last_pages: AtomicU64,
    // A few moments, never held across an await.
    pause: Mutex<Pause>,
    judged_again: AtomicU64,
}

/// How long a scan fetched nothing because the disk was nearly full.
#[derive(Debug, Default)]
struct Pause {
    since: Option<Timestamp>,
    before: Duration,
}

impl PlatformScan {
    /// A scan that begins now.
    pub fn new(platform: Arc<Platform>, mandate: MandateId, run: RunId, bounds: Bounds, now: Timestamp) -> Self {
        let selectors = platform.listing.as_ref().and_then(|listing| match CompiledSelectors::compile(listing) {
            Ok(selectors) => Some(selectors),
            Err(error) => {
                // `check` refuses such a file; a platform made in code falls back to structured data.
                warn!(platform.id = %platform.id, %error, "selectors of `{}` do not compile", platform.id);
                None
            }
        });
        PlatformScan {
            platform,
            mandate,
            run,
            started_at: now,
            selectors,
            tally: Tally::default(),
            settled: Notify::new(),
            ending: Notify::new(),
            until: bounds.until,
            mandate_until: bounds.mandate_until,
            outstanding: AtomicI64::new(0),
            budget: AtomicI64::new(i64::try_from(bounds.pages).unwrap_or(i64::MAX)),
            stopping: AtomicBool::new(false),
            hurrying: AtomicBool::new(false),
            settled_urls: AtomicU64::new(0),
            broken: Mutex::default(),
            last_pages: AtomicU64::new(0),
            pause: Mutex::default(),
            judged_again: AtomicU64::new(0),
        }
    }

    /// Whether lanes should take no more work.
    pub fn stops(&self, now: Timestamp) -> bool {
        if self.mandate_until.is_some_and(|until| now >= until) {
            self.stop_for(Reason::MandateExpired);
        }
        if self.until.is_some_and(|until| now >= until) {
            self.stop_for(Reason::TimeBudget);
        }
        self.is_stopping()
    }

    /// Whether something ended the scan before its work was done.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Whether the scan ends without waiting for what is on its way: it was stopped, or its time is over. A budget that is
    /// used up leaves the last answers the time they take.
    pub fn hurries(&self) -> bool {
        self.hurrying.load(Ordering::Acquire)
    }

    /// Resolves when lanes should take no more work.
    pub async fn told_to_stop(&self, clock: &dyn Clock) {
        self.told(clock, Self::is_stopping).await;
    }

    /// Resolves when the scan should not wait for what is on its way either.
    pub async fn told_to_hurry(&self, clock: &dyn Clock) {
        self.told(clock, Self::hurries).await;
    }

    async fn told(&self, clock: &dyn Clock, is_so: fn(&Self) -> bool) {
        loop {
            // Registered before the look, so that a stop between look and wait is not missed.
            let ending = self.ending.notified();
            let now = clock.now();
            self.stops(now);
            if is_so(self) {
                return;
            }
            let ends = self.until.into_iter().chain(self.mandate_until).filter(|end| *end > now).min();
            let left = ends.map_or(LOOK_AT_CLOCK, |until| until.since(now).min(LOOK_AT_CLOCK));
            tokio::select! { () = ending => {}, () = tokio::time::sleep(left + Duration::from_millis(1)) => {} }
        }
    }

    /// Ends the scan in good order.
    fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.ending.notify_waiters();
        self.settled.notify_waiters();
    }

    /// Ends the scan because of `reason`, which the first to say so puts in the coverage statement.
    pub fn stop_for(&self, reason: Reason) {
        let hurries = matches!(reason, Reason::Stopped | Reason::TimeBudget | Reason::ReadingLost);
        if hurries && !self.hurrying.swap(true, Ordering::AcqRel) {
            self.ending.notify_waiters();
        }
        if !self.stopping.swap(true, Ordering::AcqRel) {
            self.tally.fail(reason);
            self.stop();
        }
    }

    /// Ends the scan because a store failed.
    pub fn break_off(&self, error: &dyn std::fmt::Display) {
        warn!(platform.id = %self.platform.id, %error, "scan of `{}` breaks off", self.platform.id);
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| error.to_string());
        self.hurrying.store(true, Ordering::Release);
        self.stop();
    }

    /// What broke the scan off, if a store failed under it.
    pub fn broken(&self) -> Option<String> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes how many known pages were made due to be judged again.
    pub fn judged_again(&self, pages: u64) {
        self.judged_again.store(pages, Ordering::Relaxed);
    }

    /// How many known pages were made due to be judged again.
    pub fn to_judge_again(&self) -> u64 {
        self.judged_again.load(Ordering::Relaxed)
    }

    /// Notes that nothing is fetched from now on, for lack of disk space.
    pub fn paused(&self, now: Timestamp) {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner).since.get_or_insert(now);
    }

    /// Notes that fetching goes on.
    pub fn resumed(&self, now: Timestamp) {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = pause.since.take() {
            pause.before += now.since(since);
        }
    }

    /// How long nothing was fetched for lack of disk space, and whether that is so still.
    pub fn pauses(&self, now: Timestamp) -> (Duration, bool) {
        let pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        (pause.before + pause.since.map_or(Duration::ZERO, |since| now.since(since)), pause.since.is_some())
    }

    /// Takes one page from the scan's own budget; false when there is none left.
    pub fn spend(&self) -> bool {
        if self.budget.fetch_sub(1, Ordering::AcqRel) > 0 {
            return true;
        }
        self.stop_for(Reason::PageBudget);
        false
    }

    /// Pages left in the budget.
    pub fn budget_left(&self) -> usize {
        usize::try_from(self.budget.load(Ordering::Acquire)).unwrap_or(0)
    }

    /// Notes leases taken.
    pub fn took(&self, leases: usize) {
        self.outstanding.fetch_add(i64::try_from(leases).unwrap_or(0), Ordering::AcqRel);
    }

    /// Notes leases that ended, and wakes who waits for new work.
    pub fn ended(&self, leases: usize) {
        self.outstanding.fetch_sub(i64::try_from(leases).unwrap_or(0), Ordering::AcqRel);
        self.settled_urls.fetch_add(leases as u64, Ordering::Relaxed);
        self.settled.notify_waiters();
    }

    /// Leases taken and not ended.
    pub fn outstanding(&self) -> i64 {
        self.outstanding.load(Ordering::Acquire)
    }

    /// How far it is; `known` URLs were due at its start or found since.
    pub fn progress(&self, known: u64, ended: bool, now: Timestamp) -> Progress {
        let counts = self.tally.snapshot();
        let before = self.last_pages.swap(counts.pages, Ordering::Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "a rate shown to people")]
        let pages_per_second = counts.pages.saturating_sub(before) as f64 / PROGRESS_PERIOD.as_secs_f64();
        let on_their_way = u64::try_from(self.outstanding()).unwrap_or(0);
        let settled = self.settled_urls.load(Ordering::Relaxed);
        let left = known.saturating_sub(settled).min(self.budget_left() as u64);
        let ran = now.since(self.started_at).as_secs();
        let seconds_left = ran.saturating_mul(left).checked_div(settled).filter(|_| ran > 0 && !ended);
        Progress {
            platform: self.platform.id.clone(),
            counts,
            pages_per_second,
            on_their_way,
            left,
            seconds_left,
            ended,
        }
    }
}

//! One host's lane in a scan: takes leases, asks for permits, fetches, hands on.
//!
//! A lane has as many workers as the platform allows requests in flight. Pace is the gate's business, order the
//! frontier's; a lane only carries.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::debug;

use crate::engine::scan::examining::Examining;
use crate::engine::scan::messages::{Brought, Done, Fetched, Form, Granted, Keeping, Kept, Naming, Spend, Spent, Want};
use crate::engine::scan::state::PlatformScan;
use crate::engine::scan::tally::Counts;
use crate::engine::scan::worker::{TRY_AGAIN, Worker};
use crate::fetch::client::{FetchError, Received};
use crate::fetch::gate::{Answer, Conditional, Fetched as Response, Refusal};
use crate::frontier::entry::{Lease, UrlKind, UrlState};
use crate::vocab::found::FoundUrl;
use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// How long a lease is ours at least: longer than any fetch may take, so that none runs out under a worker.
const LEASE: Duration = Duration::from_secs(900);

/// Leases taken at once, at most; few enough that other workers of the scan see what is left, and fewer where the pace is
/// so slow that the last of them would run out.
const LEASES_AT_ONCE: usize = 64;

/// How long an answer is waited for once a scan is stopped or its time is over.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// How often a lane that waits for disk space looks again.
const DISK_LOOK: Duration = Duration::from_secs(1);

/// Attempts at a URL that fails for a passing reason, within one scan.
const ATTEMPTS: u16 = 3;

/// How many leases may be taken at once, and for how long, so that none runs out while its turn has not come.
fn leases_in_time(delay: Duration, concurrency: usize) -> (usize, Duration) {
    let turns = u32::try_from(concurrency.max(1)).unwrap_or(u32::MAX).saturating_add(1);
    let fit = LEASE.as_millis() / 3 / delay.as_millis().max(1);
    let wanted = usize::try_from(fit).unwrap_or(usize::MAX).clamp(1, LEASES_AT_ONCE);
    (wanted, LEASE.saturating_add(delay.saturating_mul(turns)))
}

/// Works on `host` until nothing is due there and nothing is on its way, or the scan stops.
pub async fn run(worker: Arc<Worker>, scan: Arc<PlatformScan>, host: HostKey, examining: Arc<Examining>) {
    let lane = Arc::new(Lane {
        worker,
        scan,
        host,
        examining,
        queue: Mutex::default(),
        asking: tokio::sync::Mutex::default(),
    });
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..lane.scan.platform.crawl.concurrency.max(1) {
        let lane = lane.clone();
        workers.spawn(async move { lane.work().await });
    }
    while workers.join_next().await.is_some() {}
    // Leases taken and not used end at once, due as they were.
    let left = std::mem::take(&mut *lane.queue());
    for lease in left {
        lane.put_back(&lease).await;
    }
}

struct Lane {
    worker: Arc<Worker>,
    scan: Arc<PlatformScan>,
    host: HostKey,
    examining: Arc<Examining>,
    // A few leases; never held across an await.
    queue: Mutex<VecDeque<Lease>>,
    /// Held by the worker that asks for leases: the others take of what it is given.
    asking: tokio::sync::Mutex<()>,
}

enum Next {
    Work(Box<Lease>),
    /// Something is due here later, but still within this scan.
    Later(Timestamp),
    /// Nothing is due, but pages on their way may bring links.
    Wait,
    Nothing,
}

impl Lane {
    async fn work(&self) {
        loop {
            if self.scan.stops(self.worker.now()) {
                return;
            }
            if self.worker.disk.is_low() {
                self.wait_for_disk().await;
                continue;
            }
            // Registered before the look, so that a settlement between look and wait is not missed.
            let settled = self.scan.settled.notified();
            let wait = match self.next().await {
                Next::Work(lease) => {
                    self.visit(*lease).await;
                    continue;
                }
                Next::Later(due) => {
                    due.since(self.worker.now()).clamp(Duration::from_millis(10), Duration::from_secs(5))
                }
                Next::Wait => Duration::from_millis(500),
                Next::Nothing => return,
            };
            tokio::select! { () = settled => {}, () = tokio::time::sleep(wait) => {} }
        }
    }

    /// Nothing is fetched where the disk is nearly full; once there is room again the lane goes on.
    async fn wait_for_disk(&self) {
        let now = self.worker.now();
        self.scan.tally.count(|counts| {
            counts.wait(&self.host, now.after(DISK_LOOK), Reason::FreeDisk);
        });
        self.scan.paused(now);
        tokio::select! {
            () = tokio::time::sleep(DISK_LOOK) => {}
            () = self.scan.told_to_stop(self.worker.clock.as_ref()) => {}
        }
        if !self.worker.disk.is_low() {
            self.scan.resumed(self.worker.now());
        }
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Lease>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn next(&self) -> Next {
        if let Some(lease) = self.queue().pop_front() {
            return Next::Work(Box::new(lease));
        }
        let _turn = self.asking.lock().await;
        if let Some(lease) = self.queue().pop_front() {
            return Next::Work(Box::new(lease));
        }
        let delay = self.worker.gate.delay_of(&self.scan.platform, &self.host);
        let (at_most, lease_for) = leases_in_time(delay, self.scan.platform.crawl.concurrency);
        let (platform, run, host) = (self.scan.platform.id.clone(), self.scan.run.clone(), self.host.clone());
        match self.worker.keeper.lease(Want { platform, run, host, at_most, lease_for }).await {
            Granted::Leases(leases) => {
                let mut queue = self.queue();
                queue.extend(leases);
                queue.pop_front().map_or(Next::Wait, |lease| Next::Work(Box::new(lease)))
            }
            Granted::Later(due) => Next::Later(due),
            Granted::Nothing if self.scan.outstanding() > 0 => Next::Wait,
            Granted::Nothing => Next::Nothing,
        }
    }

    async fn visit(&self, mut lease: Lease) {
        let now = self.worker.now();
        if lease.state.asked_next.is_some() {
            match self.kept(lease).await {
                Some(whole) => lease = whole,
                None => return,
            }
        }
        if lease.kind == UrlKind::Page && lease.state.last_fetched.is_none() {
            let (platform, run, url) = (lease.platform.clone(), self.scan.run.clone(), lease.url.clone());
            if let Some(short) = self.worker.keeper.shorter_name(Naming { platform, run, url }).await {
                return self.known_by_another_name(&lease, short, now).await;
            }
        }
        // A pace may be slow; a scan that is told to stop does not sleep it out.
        let admitted = tokio::select! {
            admitted = self.worker.gate.admit(&self.scan.platform, &lease.url, lease.kind) => Some(admitted),
            () = self.scan.told_to_stop(self.worker.clock.as_ref()) => None,
        };
        let permit = match admitted {
            Some(Ok(permit)) => permit,
            Some(Err(refusal)) => return self.refused(&lease, &refusal).await,
            None => return self.put_back(&lease).await,
        };
        let (platform, run) = (lease.platform.clone(), self.scan.run.clone());
        if self.scan.stops(self.worker.now()) || self.worker.keeper.spend(Spend { platform, run }).await == Spent::Ended
        {
            return self.put_back(&lease).await;
        }
        let conditional =
            Conditional { etag: lease.state.etag.clone(), last_modified: lease.state.last_modified.clone() };
        // Nor does it wait for a body that comes in drops.
        let received = Received::default();
        let answer = tokio::select! {
            answer = self.worker.gate.fetch(permit, conditional, &received) => Some(answer),
            () = self.told_to_leave() => None,
        };
        let (platform, run) = (lease.platform.clone(), self.scan.run.clone());
        // What came of a body that broke off, or that was not waited for, came all the same.
        let bytes = match &answer {
            Some(Ok((fetched, _))) => fetched.capture.body.len() as u64,
            Some(Err(_)) | None => received.bytes(),
        };
        if bytes > 0 {
            self.worker.keeper.brought(Brought { platform: platform.clone(), run: run.clone(), bytes }).await;
        }
        match answer {
            Some(Ok((fetched, held))) => {
                debug!(url = %lease.url, status = fetched.capture.status, "fetched `{}`", lease.url);
                self.examining.take(Fetched { platform, run, lease, fetched, kept: None }, held).await;
            }
            Some(Err(error)) => self.failed(&lease, &error).await,
            None => self.put_back(&lease).await,
        }
    }

    /// Hands on what was kept of a page, which takes neither a permit nor a page of a budget. Answers the lease, of the page as
    /// a whole, where it has to be asked for after all.
    async fn kept(&self, lease: Lease) -> Option<Lease> {
        let (platform, run) = (lease.platform.clone(), self.scan.run.clone());
        // What the agreement leaves out by now is refused as any other page is.
        let kept = if self.scan.platform.in_scope(&lease.url).is_ok() {
            let keeping = Keeping { platform: platform.clone(), run: run.clone(), lease: lease.clone() };
            self.worker.keeper.kept(keeping).await
        } else {
            None
        };
        let Some(Kept { capture, place }) = kept else {
            let state = UrlState { etag: None, last_modified: None, asked_next: None, ..lease.state.clone() };
            return Some(Lease { state, ..lease });
        };
        let held = self.worker.gate.room_for(capture.body.len()).await;
        let fetched = Response { capture, kind: Answer::Page };
        self.examining.take(Fetched { platform, run, lease, fetched, kept: Some(place) }, held).await;
        None
    }

    async fn refused(&self, lease: &Lease, refusal: &Refusal) {
        let now = self.worker.now();
        let mut counts = Counts::default();
        match refusal.retry_at() {
            // What agreement, scope or robots.txt excludes is asked about again at the next revisit.
            None => {
                let due = now.after(self.scan.platform.crawl.revisit);
                let state = if refusal.is_exclusion() {
                    counts.skip(refusal.reason());
                    UrlState { excluded: true, given_up: Some(now), ..lease.state.clone() }
                } else {
                    counts.fail(refusal.reason());
                    lease.state.given_up(now)
                };
                let mut done = Done::without_page(self.scan.run.clone(), lease.settle(state, due), counts);
                // Another form of the address may be one the rules allow.
                if matches!(refusal, Refusal::Disallowed { .. } | Refusal::ScopePath { .. }) {
                    done.found.form = Form::Fails;
                }
                self.hand_over(done).await;
            }
            Some(at) => {
                // If the scan ends first, the URL is counted as put off.
                counts.wait(&self.host, at, refusal.reason());
                self.come_back(lease, lease.state.clone(), at, counts).await;
            }
        }
    }

    /// The page was found before its parameters were learned to change nothing; it is had under its shorter name.
    async fn known_by_another_name(&self, lease: &Lease, short: FoundUrl, now: Timestamp) {
        let mut counts = Counts::default();
        counts.skip(Reason::ParameterChangesNothing);
        let state = UrlState { excluded: true, given_up: Some(now), ..lease.state.clone() };
        let due = now.after(self.scan.platform.crawl.revisit);
        let mut done = Done::without_page(self.scan.run.clone(), lease.settle(state, due), counts);
        done.found.shorter = Some(short);
        self.hand_over(done).await;
    }

    async fn failed(&self, lease: &Lease, error: &FetchError) {
        debug!(url = %lease.url, %error, "no page from `{}`", lease.url);
        let now = self.worker.now();
        let attempt = (lease.state.failures + 1) % ATTEMPTS;
        let mut counts = Counts::default();
        if error.is_passing() && attempt != 0 {
            let due = now.after(Duration::from_secs(1 << attempt));
            self.come_back(lease, lease.state.failed(), due, counts).await;
        } else {
            counts.fail(error.reason());
            let due = now.after(self.scan.platform.crawl.revisit.min(TRY_AGAIN));
            self.come_back(lease, lease.state.given_up(now), due, counts).await;
        }
    }

    /// The lease was not used: the URL is due as it was.
    async fn put_back(&self, lease: &Lease) {
        self.come_back(lease, lease.state.clone(), lease.due, Counts::default()).await;
    }

    async fn come_back(&self, lease: &Lease, state: UrlState, due: Timestamp, counts: Counts) {
        self.hand_over(Done::without_page(self.scan.run.clone(), lease.settle(state, due), counts)).await;
    }

    async fn hand_over(&self, done: Done) {
        self.examining.pass(done).await;
    }

    /// Resolves when the scan was told to stop and an answer on its way had a moment more.
    async fn told_to_leave(&self) {
        self.scan.told_to_hurry(self.worker.clock.as_ref()).await;
        tokio::time::sleep(LAST_ANSWERS).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_outlive_the_wait_for_their_turn() {
        for seconds in [0, 1, 5, 14, 60, 900, 86_400] {
            for concurrency in [1, 2, 16] {
                let delay = Duration::from_secs(seconds);
                let (wanted, lease_for) = leases_in_time(delay, concurrency);
                assert!((1..=LEASES_AT_ONCE).contains(&wanted));
                let last_turn = delay * u32::try_from(wanted.max(concurrency)).unwrap();
                assert!(lease_for > last_turn, "{seconds} s between requests, {concurrency} at once");
            }
        }
        assert_eq!(leases_in_time(Duration::ZERO, 2).0, LEASES_AT_ONCE);
    }
}

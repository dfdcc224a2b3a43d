//! One host's lane in a scan: takes leases, asks for permits, fetches, hands on.
//!
//! A lane has as many workers as the platform allows requests in flight. Pace is the gate's business, order the
//! frontier's; a lane only carries.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::debug;

use crate::engine::rooms::Rooms;
use crate::engine::scan::committer::Done;
use crate::engine::scan::examiner::Fetched;
use crate::engine::scan::{Links, PlatformScan};
use crate::fetch::client::FetchError;
use crate::fetch::gate::{Conditional, Refusal};
use crate::frontier::entry::{Lease, NewEntry, UrlKind, UrlState};
use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;
use crate::vocab::url::{CanonicalUrl, HostKey};

/// How long a lease is ours at least: longer than any fetch may take, so that none runs out under a worker.
const LEASE: Duration = Duration::from_secs(900);

/// Leases taken at once, at most; few enough that other workers of the scan see what is left, and fewer where the pace is
/// so slow that the last of them would run out.
const LEASES_AT_ONCE: usize = 64;

/// A host that must be waited for longer than this is left for a later scan; the coverage statement says so.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Attempts at a URL that fails for a passing reason, within one scan.
const ATTEMPTS: u16 = 3;

/// When a later scan may try again what this one could not have: a site that was down for an hour must not stay unseen
/// for a week.
pub const TRY_AGAIN: Duration = Duration::from_secs(1800);

/// How many leases may be taken at once, and for how long, so that none runs out while its turn has not come.
fn leases_in_time(delay: Duration, concurrency: usize) -> (usize, Duration) {
    let turns = u32::try_from(concurrency.max(1)).unwrap_or(u32::MAX).saturating_add(1);
    let fit = LEASE.as_millis() / 3 / delay.as_millis().max(1);
    let wanted = usize::try_from(fit).unwrap_or(usize::MAX).clamp(1, LEASES_AT_ONCE);
    (wanted, LEASE.saturating_add(delay.saturating_mul(turns)))
}

/// Works on `host` until nothing is due there and nothing is on its way, or the scan stops.
pub async fn run(rooms: Arc<Rooms>, scan: Arc<PlatformScan>, host: HostKey, links: Links) {
    let lane = Arc::new(Lane { rooms, scan, host, links, queue: Mutex::default() });
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..lane.scan.platform.crawl.concurrency.max(1) {
        let lane = lane.clone();
        workers.spawn(async move { lane.work().await });
    }
    while workers.join_next().await.is_some() {}
    // Leases taken and not used end at once, due as they were.
    let left = std::mem::take(&mut *lane.queue());
    for lease in left {
        let due = lease.due;
        lane.come_back(&lease, lease.state.clone(), due).await;
    }
}

/// When the next URL of `host` that was put off may be tried, if a scan should wait for it.
pub fn soonest_put_off(rooms: &Rooms, scan: &PlatformScan, host: &HostKey) -> Option<Timestamp> {
    let now = rooms.now();
    let soon = (now, now.after(LONGEST_WAIT));
    rooms.hot.put_off(&scan.platform.id, host, soon, scan.started_at, LEASES_AT_ONCE).ok()?.into_iter().min()
}

struct Lane {
    rooms: Arc<Rooms>,
    scan: Arc<PlatformScan>,
    host: HostKey,
    links: Links,
    // A few leases; never held across an await.
    queue: Mutex<VecDeque<Lease>>,
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
            if self.scan.stops(self.rooms.now()) {
                return;
            }
            // Registered before the look, so that a settlement between look and wait is not missed.
            let settled = self.scan.settled.notified();
            let wait = match self.next() {
                Next::Work(lease) => {
                    self.visit(*lease).await;
                    continue;
                }
                Next::Later(due) => {
                    due.since(self.rooms.now()).clamp(Duration::from_millis(10), Duration::from_secs(5))
                }
                Next::Wait => Duration::from_millis(500),
                Next::Nothing => return,
            };
            tokio::select! { () = settled => {}, () = tokio::time::sleep(wait) => {} }
        }
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Lease>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Next {
        let mut queue = self.queue();
        if let Some(lease) = queue.pop_front() {
            return Next::Work(Box::new(lease));
        }
        let now = self.rooms.now();
        let platform = &self.scan.platform.id;
        let delay = self.rooms.gate.delay_of(&self.scan.platform, &self.host);
        let (in_time, lease_for) = leases_in_time(delay, self.scan.platform.crawl.concurrency);
        let wanted = in_time.min(self.scan.budget_left().max(1));
        let since = self.scan.started_at;
        let leases = match self.rooms.hot.lease_not_done(platform, &self.host, wanted, (now, lease_for), since) {
            Ok(leases) => leases,
            Err(error) => {
                self.scan.break_off(&error);
                return Next::Nothing;
            }
        };
        if !leases.is_empty() {
            self.scan.took(leases.len());
            queue.extend(leases);
            return queue.pop_front().map_or(Next::Wait, |lease| Next::Work(Box::new(lease)));
        }
        if let Some(due) = soonest_put_off(&self.rooms, &self.scan, &self.host) {
            return Next::Later(due);
        }
        if self.scan.outstanding() > 0 { Next::Wait } else { Next::Nothing }
    }

    async fn visit(&self, lease: Lease) {
        let now = self.rooms.now();
        if lease.kind == UrlKind::Page
            && lease.state.last_fetched.is_none()
            && let Some(short) = self.scan.shorter_name(&lease.url, now)
        {
            return self.known_by_another_name(&lease, short, now).await;
        }
        // A pace may be slow; a scan that is told to stop does not sleep it out.
        let admitted = tokio::select! {
            admitted = self.rooms.gate.admit(&self.scan.platform, &lease.url, lease.kind) => Some(admitted),
            () = self.scan.told_to_stop(&self.rooms) => None,
        };
        let permit = match admitted {
            Some(Ok(permit)) => permit,
            Some(Err(refusal)) => return self.refused(&lease, &refusal).await,
            None => return self.come_back(&lease, lease.state.clone(), lease.due).await,
        };
        if self.scan.stops(self.rooms.now()) || !self.scan.spend() {
            let due = lease.due;
            return self.come_back(&lease, lease.state.clone(), due).await;
        }
        let conditional =
            Conditional { etag: lease.state.etag.clone(), last_modified: lease.state.last_modified.clone() };
        match self.rooms.gate.fetch(permit, conditional).await {
            Ok(fetched) => {
                debug!(url = %lease.url, status = fetched.capture.status, "fetched `{}`", lease.url);
                let page = Fetched { scan: self.scan.clone(), lease, fetched };
                if self.links.examiner.send(page).await.is_err() {
                    self.stage_ended();
                }
            }
            Err(error) => self.failed(&lease, &error).await,
        }
    }

    async fn refused(&self, lease: &Lease, refusal: &Refusal) {
        let now = self.rooms.now();
        match refusal.retry_at() {
            // What agreement, scope or robots.txt excludes is asked about again at the next revisit.
            None => {
                let due = now.after(self.scan.platform.crawl.revisit);
                let state = if refusal.is_exclusion() {
                    self.scan.tally.skip(refusal.reason());
                    UrlState { excluded: true, given_up: Some(now), ..lease.state.clone() }
                } else {
                    self.scan.tally.fail(refusal.reason());
                    lease.state.given_up(now)
                };
                self.come_back(lease, state, due).await;
            }
            Some(at) => {
                // If the scan ends first, the URL is counted as put off.
                self.scan.tally.wait(&self.host, at, refusal.reason());
                self.come_back(lease, lease.state.clone(), at).await;
            }
        }
    }

    /// The page was found before its parameters were learned to change nothing; it is had under its shorter name.
    async fn known_by_another_name(&self, lease: &Lease, short: CanonicalUrl, now: Timestamp) {
        self.scan.tally.skip(Reason::ParameterChangesNothing);
        let state = UrlState { excluded: true, given_up: Some(now), ..lease.state.clone() };
        let mut done =
            Done::without_page(self.scan.clone(), lease.settle(state, now.after(self.scan.platform.crawl.revisit)));
        let (depth, kind) = (lease.depth, lease.kind);
        done.links.push(NewEntry { url: short, depth, kind, priority: lease.priority, due: now });
        if self.links.committer.send(done).await.is_err() {
            self.stage_ended();
        }
    }

    async fn failed(&self, lease: &Lease, error: &FetchError) {
        debug!(url = %lease.url, %error, "no page from `{}`", lease.url);
        let now = self.rooms.now();
        let attempt = (lease.state.failures + 1) % ATTEMPTS;
        if error.is_passing() && attempt != 0 {
            self.come_back(lease, lease.state.failed(), now.after(Duration::from_secs(1 << attempt))).await;
        } else {
            self.scan.tally.fail(error.reason());
            self.come_back(
                lease,
                lease.state.given_up(now),
                now.after(self.scan.platform.crawl.revisit.min(TRY_AGAIN)),
            )
            .await;
        }
    }

    async fn come_back(&self, lease: &Lease, state: UrlState, due: Timestamp) {
        let done = Done::without_page(self.scan.clone(), lease.settle(state, due));
        if self.links.committer.send(done).await.is_err() {
            self.stage_ended();
        }
    }

    /// A stage beside us is gone, so the lease ends with the process and is due again after it.
    fn stage_ended(&self) {
        self.scan.break_off(&"a thread of the scan has ended");
        self.scan.ended(1);
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

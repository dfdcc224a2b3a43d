//! One host's lane in a scan: takes leases, asks for permits, fetches, hands on.
//!
//! A lane has as many workers as the platform allows requests in flight. Pace is the gate's business, order the
//! frontier's; a lane only carries.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::debug;

use crate::engine::commit::Done;
use crate::engine::examiner::Fetched;
use crate::engine::rooms::Rooms;
use crate::engine::scan::{Links, PlatformScan, after_failure};
use crate::fetch::client::FetchError;
use crate::fetch::gate::{Conditional, Refusal};
use crate::frontier::entry::{Lease, UrlState};
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// How long a lease is ours: longer than any fetch may take, so that none runs out under a worker.
const LEASE: Duration = Duration::from_secs(900);

/// Leases taken at once, at most; few enough that other workers of the scan see what is left.
const LEASES_AT_ONCE: usize = 64;

/// A host that must be waited for longer than this is left for a later scan; the coverage statement says so.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Attempts at a URL that fails for a passing reason, within one scan.
const ATTEMPTS: u16 = 3;

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
        let wanted = LEASES_AT_ONCE.min(self.scan.budget_left().max(1));
        let leases = match self.rooms.hot.lease(platform, &self.host, wanted, now, LEASE) {
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
        if self.scan.expects_retry(&self.host)
            && let Ok(Some(due)) = self.rooms.hot.next_due(platform, &self.host)
            && due.since(now) <= LONGEST_WAIT
        {
            return Next::Later(due);
        }
        if self.scan.outstanding() > 0 { Next::Wait } else { Next::Nothing }
    }

    async fn visit(&self, lease: Lease) {
        let permit = match self.rooms.gate.admit(&self.scan.platform, &lease.url, lease.kind).await {
            Ok(permit) => permit,
            Err(refusal) => return self.refused(&lease, &refusal).await,
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
                // The examiner only goes away when the scan broke off; the lease then ends with the process.
                let _ = self.links.examiner.send(Fetched { scan: self.scan.clone(), lease, fetched }).await;
            }
            Err(error) => self.failed(&lease, &error).await,
        }
    }

    async fn refused(&self, lease: &Lease, refusal: &Refusal) {
        let now = self.rooms.now();
        match refusal.retry_at() {
            // What agreement, scope or robots.txt excludes is asked about again at the next revisit.
            None => {
                self.scan.tally.skip(refusal.reason());
                let due = now.after(self.scan.platform.crawl.revisit);
                self.come_back(lease, lease.state.clone(), due).await;
            }
            Some(at) => {
                self.scan.tally.wait(&self.host, at, refusal.reason());
                if at.since(now) <= LONGEST_WAIT {
                    self.scan.expect_retry(&self.host);
                } else {
                    self.scan.tally.fail(refusal.reason());
                }
                self.come_back(lease, lease.state.clone(), at).await;
            }
        }
    }

    async fn failed(&self, lease: &Lease, error: &FetchError) {
        debug!(url = %lease.url, %error, "no page from `{}`", lease.url);
        let now = self.rooms.now();
        let mut state = after_failure(&lease.state);
        if error.is_passing() && state.failures < ATTEMPTS {
            let due = now.after(Duration::from_secs(1 << state.failures.min(6)));
            self.scan.expect_retry(&self.host);
            self.come_back(lease, state, due).await;
        } else {
            self.scan.tally.fail(error.reason());
            state.failures = 0;
            self.come_back(lease, state, now.after(self.scan.platform.crawl.revisit)).await;
        }
    }

    async fn come_back(&self, lease: &Lease, state: UrlState, due: Timestamp) {
        let done = Done::without_page(self.scan.clone(), lease.settle(state, due));
        let _ = self.links.committer.send(done).await;
    }
}

//! One platform's pages between the network and the committer: examined by whoever is free, handed on in the order they
//! came.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::engine::examiners::{Examiners, Finish, GivenUp, LineId, Patience, Piece};
use crate::engine::scan::examiner;
use crate::engine::scan::messages::{Done, Fetched};
use crate::engine::scan::state::PlatformScan;
use crate::engine::scan::worker::Worker;
use crate::fetch::flights::Held;
use crate::listing::spellings::Spellings;
use crate::vocab::ids::PlatformId;
use crate::vocab::terms::Reason;

/// Visits of one platform that ended and are not committed, at most.
const VISITS_BETWEEN: usize = 640;

/// Spellings of known links remembered during a scan: four megabytes.
const SPELLINGS: usize = 1 << 19;

/// How many pages of a scan may hang before the next one ends it.
const LOST_AT_MOST: u32 = 1;

/// A visit that ended, with the room it takes until it is committed.
pub struct Settled {
    /// The visit.
    pub done: Done,
    /// What of its body is still held.
    held: Held,
    _slot: Option<OwnedSemaphorePermit>,
}

impl Settled {
    /// The visit alone, and what keeps its room.
    pub fn parts(self) -> (Done, impl Send + use<>) {
        (self.done, (self.held, self._slot))
    }
}

/// Where a platform's visits go.
pub struct Examining {
    worker: Arc<Worker>,
    scan: Arc<PlatformScan>,
    examiners: Arc<Examiners>,
    line: LineId,
    between: Arc<Semaphore>,
    /// Links that lead to nothing new.
    pub known: Arc<Spellings>,
    // Visits and numbers, never held across an await.
    order: Mutex<Order>,
    lost: AtomicU32,
}

/// Hands visits on in the order their pages came.
struct Order {
    came: u64,
    handed_on: u64,
    ready: BTreeMap<u64, Settled>,
    /// `None` once the scan of the platform has ended.
    committer: Option<mpsc::UnboundedSender<Settled>>,
}

impl Order {
    /// False when there is no committer any more.
    fn hand_on(&self, settled: Settled) -> bool {
        self.committer.as_ref().is_some_and(|to| to.send(settled).is_ok())
    }
}

impl Examining {
    /// A line of its own among `examiners`, which ends in `committer`.
    pub fn new(
        worker: Arc<Worker>,
        scan: Arc<PlatformScan>,
        examiners: Arc<Examiners>,
        committer: mpsc::UnboundedSender<Settled>,
    ) -> Arc<Self> {
        let line = examiners.line();
        let order = Order { came: 0, handed_on: 0, ready: BTreeMap::new(), committer: Some(committer) };
        Arc::new(Examining {
            worker,
            scan,
            examiners,
            line,
            between: Arc::new(Semaphore::new(VISITS_BETWEEN)),
            known: Arc::new(Spellings::new(SPELLINGS)),
            order: Mutex::new(order),
            lost: AtomicU32::new(0),
        })
    }

    /// Whose pages.
    pub fn platform(&self) -> &PlatformId {
        &self.scan.platform.id
    }

    /// A page that came.
    pub async fn take(self: &Arc<Self>, page: Fetched, held: Held) {
        let slot = self.between.clone().acquire_owned().await.ok();
        let number = {
            let mut order = self.order();
            order.came += 1;
            order.came - 1
        };
        let body_bytes = page.fetched.capture.body.len();
        // The place in the order and the room are with whoever settles the page.
        let place = Arc::new(Mutex::new(Some((held, slot))));
        let settled = |ours: &Arc<Self>| {
            let (ours, place) = (ours.clone(), place.clone());
            move |done: Done| ours.settle(number, done, &place)
        };
        let (brought, missed) = (settled(self), settled(self));
        let (ours, unread) = (self.clone(), examiner::Unread::of(&page, self.worker.keep, self.worker.now()));
        let given_up = move |why: GivenUp| missed(ours.given_up(unread, why));
        let (worker, scan, known) = (self.worker.clone(), self.scan.clone(), self.known.clone());
        let work = move || -> Finish {
            let done = examiner::examined(&worker, &scan, &known, page);
            Box::new(move || brought(done))
        };
        let time = Patience::of(&self.worker.limits, body_bytes);
        let piece = Piece { time, work: Box::new(work), given_up: Box::new(given_up) };
        if let Err(error) = self.examiners.push(self.line, piece) {
            self.scan.break_off(&format!("no thread could be started: {error}"));
            self.scan.ended(1);
        }
    }

    /// A lease that ended without a page.
    pub async fn pass(&self, done: Done) {
        let _slot = self.between.clone().acquire_owned().await.ok();
        if !self.order().hand_on(Settled { done, held: Held::default(), _slot }) {
            self.committer_ended();
        }
    }

    /// Gives up what is still waiting or read.
    pub fn give_up(&self) {
        self.examiners.end(self.line);
    }

    /// Ends the platform's line.
    pub fn end(&self) {
        self.give_up();
        self.order().committer = None;
    }

    fn order(&self) -> MutexGuard<'_, Order> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle(&self, number: u64, done: Done, place: &Mutex<Option<(Held, Option<OwnedSemaphorePermit>)>>) {
        let place = place.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some((mut held, _slot)) = place else { return };
        held.resize(done.bytes());
        let mut order = self.order();
        order.ready.insert(number, Settled { done, held, _slot });
        loop {
            let next = order.handed_on;
            let Some(settled) = order.ready.remove(&next) else { return };
            order.handed_on += 1;
            if !order.hand_on(settled) {
                self.committer_ended();
            }
        }
    }

    /// The lease ends with the process and is due again after it.
    fn committer_ended(&self) {
        self.scan.break_off(&"the committer has ended");
        self.scan.ended(1);
    }

    /// What becomes of a page that was not read to its end.
    fn given_up(&self, unread: examiner::Unread, why: GivenUp) -> Done {
        match why {
            GivenUp::Panic => tracing::error!(url = %unread.url(), "reading `{}` ended in a panic", unread.url()),
            GivenUp::Ended => {}
            GivenUp::Time => {
                let left = self.examiners.abandoned();
                let url = unread.url();
                tracing::error!(%url, "reading `{url}` does not end: it is given up; threads left to themselves: {left}");
                if self.lost.fetch_add(1, Ordering::AcqRel) >= LOST_AT_MOST {
                    self.scan.stop_for(Reason::ReadingLost);
                }
            }
        }
        unread.done(&self.scan, why, self.worker.now())
    }
}

//! One scan: a lane for each host and the committer, from the first lease to the coverage statement. The examiners are those
//! of the process, shared by all scans.
//!
//! Two halves. `worker`, `seeds`, `lane` and `examiner` fetch and examine, and touch no store. `desk`, `follow`, `committer`
//! and `statement` keep. They speak to each other in `messages`, plain values that name the scan they belong to.

mod again;
pub mod committer;
mod desk;
pub mod examiner;
mod examining;
mod follow;
pub mod lane;
pub mod messages;
mod names;
mod order;
mod sample;
mod seeds;
pub mod state;
mod statement;
pub mod tally;
pub mod worker;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::warn;

pub use order::{Looks, PlatformResult, ScanError, ScanOrder, run_id};

use crate::engine::mandate::OWN_SITE;
use crate::engine::rooms::Rooms;
use crate::engine::scan::committer::Ends;
use crate::engine::scan::desk::Desk;
use crate::engine::scan::examining::{Examining, Settled};
use crate::engine::scan::follow::{Following, Followings};
use crate::engine::scan::messages::{InProcess, Passage};
use crate::engine::scan::state::{Bounds, PROGRESS_PERIOD, PlatformScan};
use crate::engine::scan::statement::STILL_DUE;
use crate::engine::scan::tally::Progress;
use crate::engine::scan::worker::Worker;
use crate::frontier::entry::NewEntry;
use crate::store::hot::HotError;
use crate::vocab::ids::MandateId;
use crate::vocab::platform::Platform;
use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// How long pages on their way are read once a scan is stopped or its time is over.
const LAST_PAGES: Duration = Duration::from_secs(2);

/// Scans the platforms of `order`, side by side, until nothing is due, a budget ends, or `stop` resolves.
///
/// # Errors
/// When a store fails. What was acknowledged before is kept; the next scan goes on from there.
pub async fn run(
    rooms: Arc<Rooms>,
    order: ScanOrder,
    report: impl Fn(&[Progress]) + Send,
    stop: impl Future<Output = ()>,
) -> Result<Vec<PlatformResult>, ScanError> {
    run_over(rooms, order, Arc::new(InProcess), report, stop).await
}

/// The same, with every message between the two halves going through `passage`.
///
/// # Errors
/// As [`run`].
pub async fn run_over(
    rooms: Arc<Rooms>,
    order: ScanOrder,
    passage: Arc<dyn Passage>,
    report: impl Fn(&[Progress]) + Send,
    stop: impl Future<Output = ()>,
) -> Result<Vec<PlatformResult>, ScanError> {
    let scans = begin(&rooms, &order)?;
    let followings: Vec<Arc<Following>> = scans.iter().map(|scan| Arc::new(Following::new(scan.clone()))).collect();
    for following in &followings {
        following.recall(&rooms.hot)?;
        again::make_due(&rooms, &following.scan, order.looks)?;
    }
    let desk = Desk {
        rooms: rooms.clone(),
        followings: Arc::new(Followings::new(followings.iter().cloned())),
        passage: passage.clone(),
    };
    let all = desk.followings.clone();
    let worker = Arc::new(Worker {
        gate: rooms.gate.clone(),
        clock: rooms.clock.clone(),
        detector: rooms.detector.clone(),
        disk: rooms.disk.clone(),
        keep: rooms.settings.evidence.keep,
        limits: rooms.settings.limits.clone(),
        keeper: Arc::new(desk),
        passage: passage.clone(),
    });
    let (to_committer, done) = mpsc::unbounded_channel::<Settled>();
    let lines: Vec<Arc<Examining>> = scans
        .iter()
        .map(|scan| Examining::new(worker.clone(), scan.clone(), rooms.examiners.clone(), to_committer.clone()))
        .collect();
    drop(to_committer);
    let committer = Committer::start(&rooms, (&all, &lines), done, passage)?;
    // Each platform's statement is stored as soon as its own scan has ended.
    let mut running = JoinSet::new();
    for (at, following) in followings.iter().enumerate() {
        let (rooms, worker, following) = (rooms.clone(), worker.clone(), following.clone());
        let ending = Ending(lines[at].clone());
        running.spawn(async move {
            platform(&rooms, worker, &following, &ending.0).await;
            drop(ending);
            if following.scan.broken().is_some() {
                return (at, None);
            }
            let finished = tokio::task::spawn_blocking(move || statement::finish(&rooms, &following)).await;
            (at, finished.ok())
        });
    }
    let show = |ended| {
        let how_far = |one: &Arc<Following>| one.scan.progress(one.known(), ended, rooms.now());
        report(&followings.iter().map(how_far).collect::<Vec<Progress>>());
    };
    let mut ticks = tokio::time::interval(PROGRESS_PERIOD);
    let mut stop = std::pin::pin!(stop);
    let mut stopped = false;
    let mut ended: Vec<Option<Result<PlatformResult, ScanError>>> = followings.iter().map(|_| None).collect();
    loop {
        tokio::select! {
            next = running.join_next() => match next {
                Some(Ok((at, result))) => ended[at] = result,
                Some(Err(error)) => warn!(%error, "the scan of a platform ended in a panic"),
                None => break,
            },
            _ = ticks.tick() => show(false),
            () = &mut stop, if !stopped => {
                stopped = true;
                for scan in &scans {
                    scan.stop_for(Reason::Stopped);
                }
            }
        }
    }
    committer.join().await;
    rooms.purses.give_back(&rooms.truth)?;
    show(true);
    let mut results = Vec::new();
    let mut broken = None;
    for (following, result) in followings.iter().zip(ended) {
        // What another platform's scan saw is stated all the same.
        match (following.scan.broken(), result) {
            (None, Some(result)) => results.push(result?),
            (Some(reason), _) => broken = Some(reason),
            (None, None) => broken = Some("it ended in a panic".to_owned()),
        }
    }
    broken.map_or(Ok(results), |reason| Err(ScanError::BrokenOff(reason)))
}

/// Ends the line of a platform whose scan has ended, or of which nobody waits for the end.
struct Ending(Arc<Examining>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The scans of a run, each within the bounds of order, platform and mandate.
fn begin(rooms: &Rooms, order: &ScanOrder) -> Result<Vec<Arc<PlatformScan>>, ScanError> {
    let now = rooms.now();
    let scan = |(platform, mandate): &(Arc<Platform>, MandateId)| {
        let mandate_until =
            if mandate.as_str() == OWN_SITE { None } else { Some(rooms.truth.mandate(mandate)?.ends_at()) };
        let pages = order.max_pages.unwrap_or(u64::MAX).min(platform.crawl.max_pages);
        let bounds = Bounds { pages, until: order.until, mandate_until };
        Ok(Arc::new(PlatformScan::new(platform.clone(), mandate.clone(), order.run.clone(), bounds, now)))
    };
    order.platforms.iter().map(scan).collect()
}

/// The thread that makes durable what the scans of a run bring.
struct Committer(std::thread::JoinHandle<()>);

impl Committer {
    fn start(
        rooms: &Arc<Rooms>,
        (followings, lines): (&Arc<Followings>, &[Arc<Examining>]),
        done: mpsc::UnboundedReceiver<Settled>,
        passage: Arc<dyn Passage>,
    ) -> Result<Self, ScanError> {
        let examining = lines.iter().map(|line| (line.platform().clone(), Arc::downgrade(line))).collect();
        let ends = Ends { done, examining, passage };
        let (rooms, followings) = (rooms.clone(), followings.clone());
        let thread = std::thread::Builder::new()
            .name("commit".to_owned())
            .spawn(move || committer::run(&rooms, &followings, ends))
            .map_err(|error| ScanError::BrokenOff(format!("no thread could be started: {error}")))?;
        Ok(Committer(thread))
    }

    async fn join(self) {
        let joined = tokio::task::spawn_blocking(move || self.0.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            warn!("the committer of the scan ended in a panic");
        }
    }
}

/// Offers the platform's seeds and runs a lane for each of its hosts until all are quiet.
async fn platform(rooms: &Rooms, worker: Arc<Worker>, following: &Following, examining: &Arc<Examining>) {
    let scan = &following.scan;
    let mut hurrying: Option<Instant> = None;
    let entries = tokio::select! {
        entries = seeds::of(&worker, scan) => entries,
        () = scan.told_to_stop(rooms.clock.as_ref()) => return,
    };
    if let Err(error) = offer(rooms, following, &entries) {
        scan.break_off(&error);
        return;
    }
    let mut lanes: JoinSet<HostKey> = JoinSet::new();
    let mut open: HashSet<HostKey> = HashSet::new();
    loop {
        let now = rooms.now();
        if !scan.stops(now) {
            for host in rooms.hot.hosts(&scan.platform.id) {
                if open.contains(&host) {
                    continue;
                }
                let has_work = match has_work(rooms, following, &host, now) {
                    Ok(has_work) => has_work,
                    Err(error) => {
                        // A host that is passed over would be missing from the coverage statement.
                        scan.break_off(&error);
                        break;
                    }
                };
                if has_work {
                    open.insert(host.clone());
                    let lane = lane::run(worker.clone(), scan.clone(), host.clone(), examining.clone());
                    lanes.spawn(async move {
                        lane.await;
                        host
                    });
                }
            }
        }
        if scan.hurries() && hurrying.get_or_insert_with(Instant::now).elapsed() >= LAST_PAGES {
            examining.give_up();
        }
        if lanes.is_empty() && (scan.outstanding() <= 0 || scan.broken().is_some()) {
            return;
        }
        let settled = scan.settled.notified();
        tokio::select! {
            Some(ended) = lanes.join_next() => if let Ok(host) = ended { open.remove(&host); },
            () = settled => {}
            () = tokio::time::sleep(Duration::from_millis(250)) => {}
        }
    }
}

/// Whether something of `host` is due, or put off to a moment this scan should wait for.
fn has_work(rooms: &Rooms, following: &Following, host: &HostKey, now: Timestamp) -> Result<bool, HotError> {
    let scan = &following.scan;
    Ok(rooms.hot.is_due(&scan.platform.id, host, now, scan.started_at)?
        || desk::soonest_put_off(rooms, following, host)?.is_some())
}

fn offer(rooms: &Rooms, following: &Following, entries: &[NewEntry]) -> Result<(), HotError> {
    let platform = &following.scan.platform.id;
    rooms.hot.offer(platform, entries)?;
    following.claim(&rooms.hot, entries.iter().map(|entry| entry.url.clone()), rooms.now())?;
    let due = rooms.hot.due(platform, rooms.now(), STILL_DUE)?;
    following.asked_for(due.iter());
    following.note_found(due.iter());
    Ok(())
}

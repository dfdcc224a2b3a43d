//! One scan: a lane for each host, examiners and the committer, from the first lease to the coverage statement.
//!
//! Two halves. `worker`, `seeds`, `lane` and `examiner` fetch and examine, and touch no store. `desk`, `follow`, `committer`
//! and `statement` keep. They speak to each other in `messages`, plain values that name the scan they belong to.

pub mod committer;
mod desk;
pub mod examiner;
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
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tracing::warn;

pub use order::{PlatformResult, ScanError, ScanOrder, run_id};

use crate::engine::mandate::OWN_SITE;
use crate::engine::rooms::Rooms;
use crate::engine::scan::committer::Ends;
use crate::engine::scan::desk::Desk;
use crate::engine::scan::follow::{Following, Followings};
use crate::engine::scan::messages::{Done, Fetched, InProcess, Known, Passage};
use crate::engine::scan::state::{Bounds, PROGRESS_PERIOD, PlatformScan, Scans};
use crate::engine::scan::statement::STILL_DUE;
use crate::engine::scan::tally::Progress;
use crate::engine::scan::worker::{Links, Worker};
use crate::frontier::entry::NewEntry;
use crate::store::hot::HotError;
use crate::vocab::ids::MandateId;
use crate::vocab::platform::Platform;
use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// Pages on their way from the network to the examiner, and from there to the committer.
const PAGES_BETWEEN_STAGES: usize = 64;

/// Notes of known links on their way back to an examiner; what does not fit only costs it a little work.
const NOTES_BETWEEN_STAGES: usize = 1024;

/// Examiners of a scan. Nothing but this line counts on there being one.
const EXAMINERS: usize = 1;

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
        keep: rooms.settings.evidence.keep,
        limits: rooms.settings.limits.clone(),
        keeper: Arc::new(desk),
        passage: passage.clone(),
    });
    let (to_examiner, fetched) = mpsc::channel::<Fetched>(PAGES_BETWEEN_STAGES);
    let (to_committer, done) = mpsc::channel::<Done>(PAGES_BETWEEN_STAGES);
    let stages = Stages::start((&rooms, &all), (&worker, &scans), fetched, (to_committer.clone(), done))?;
    let mut running = JoinSet::new();
    for following in &followings {
        let links = Links { examiner: to_examiner.clone(), committer: to_committer.clone() };
        running.spawn(platform(rooms.clone(), worker.clone(), following.clone(), links));
    }
    drop((to_examiner, to_committer));
    let show = |ended| {
        let how_far = |one: &Arc<Following>| one.scan.progress(one.known(), ended, rooms.now());
        report(&followings.iter().map(how_far).collect::<Vec<Progress>>());
    };
    let mut ticks = tokio::time::interval(PROGRESS_PERIOD);
    let mut stop = std::pin::pin!(stop);
    let mut stopped = false;
    loop {
        tokio::select! {
            next = running.join_next() => if next.is_none() { break },
            _ = ticks.tick() => show(false),
            () = &mut stop, if !stopped => {
                stopped = true;
                for scan in &scans {
                    scan.stop_for(Reason::Stopped);
                }
            }
        }
    }
    stages.join().await;
    rooms.purses.give_back(&rooms.truth)?;
    show(true);
    let mut results = Vec::new();
    let mut broken = None;
    for following in &followings {
        // What another platform's scan saw is stated all the same.
        match following.scan.broken() {
            Some(reason) => broken = Some(reason),
            None => results.push(statement::finish(&rooms, following)?),
        }
    }
    broken.map_or(Ok(results), |reason| Err(ScanError::BrokenOff(reason)))
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

/// The threads beside the IO runtime.
struct Stages {
    handles: Vec<std::thread::JoinHandle<()>>,
}

impl Stages {
    fn start(
        (rooms, followings): (&Arc<Rooms>, &Arc<Followings>),
        (worker, scans): (&Arc<Worker>, &[Arc<PlatformScan>]),
        fetched: mpsc::Receiver<Fetched>,
        (to_committer, done): (mpsc::Sender<Done>, mpsc::Receiver<Done>),
    ) -> Result<Self, ScanError> {
        let broken = |error: std::io::Error| ScanError::BrokenOff(format!("no thread could be started: {error}"));
        let scans = Arc::new(Scans::new(scans.iter().cloned()));
        let fetched = Arc::new(Mutex::new(fetched));
        let (mut handles, mut examiners) = (Vec::new(), Vec::new());
        for _ in 0..EXAMINERS {
            let (to_known, known) = std::sync::mpsc::sync_channel::<Known>(NOTES_BETWEEN_STAGES);
            examiners.push(to_known);
            let (worker, scans) = (worker.clone(), scans.clone());
            let (fetched, to_committer) = (fetched.clone(), to_committer.clone());
            let examiner = std::thread::Builder::new()
                .name("examine".to_owned())
                .spawn(move || examiner::run(&worker, &scans, &fetched, &to_committer, &known))
                .map_err(broken)?;
            handles.push(examiner);
        }
        let ends = Ends { done, examiners, passage: worker.passage.clone() };
        let (rooms, followings) = (rooms.clone(), followings.clone());
        let committer = std::thread::Builder::new()
            .name("commit".to_owned())
            .spawn(move || committer::run(&rooms, &followings, ends))
            .map_err(broken)?;
        handles.push(committer);
        Ok(Stages { handles })
    }

    async fn join(self) {
        for handle in self.handles {
            let joined = tokio::task::spawn_blocking(move || handle.join()).await;
            if !matches!(joined, Ok(Ok(()))) {
                warn!("a stage of the scan ended in a panic");
            }
        }
    }
}

/// Offers the platform's seeds and runs a lane for each of its hosts until all are quiet.
async fn platform(rooms: Arc<Rooms>, worker: Arc<Worker>, following: Arc<Following>, links: Links) {
    let scan = &following.scan;
    let entries = tokio::select! {
        entries = seeds::of(&worker, scan) => entries,
        () = scan.told_to_stop(rooms.clock.as_ref()) => return,
    };
    if let Err(error) = offer(&rooms, &following, &entries) {
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
                let has_work = match has_work(&rooms, &following, &host, now) {
                    Ok(has_work) => has_work,
                    Err(error) => {
                        // A host that is passed over would be missing from the coverage statement.
                        scan.break_off(&error);
                        break;
                    }
                };
                if has_work {
                    open.insert(host.clone());
                    let lane = lane::run(worker.clone(), scan.clone(), host.clone(), links.clone());
                    lanes.spawn(async move {
                        lane.await;
                        host
                    });
                }
            }
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
    following.note_found(rooms.hot.due(platform, rooms.now(), STILL_DUE)?.iter());
    Ok(())
}

//! One scan: a lane for each host, the examiner and the committer, from the first lease to the coverage statement.

pub mod committer;
pub mod examiner;
mod follow;
pub mod lane;
mod sample;
mod statement;
pub mod tally;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tracing::warn;

use crate::engine::rooms::Rooms;
use crate::engine::scan::committer::Done;
use crate::engine::scan::examiner::Fetched;
use crate::engine::scan::tally::{Progress, Tally};
use crate::frontier::entry::{NewEntry, UrlKind};
use crate::frontier::parameters::ParameterBook;
use crate::frontier::shapes::Shapes;
use crate::frontier::traps::TrapDetector;
use crate::listing::CompiledSelectors;
use crate::report::coverage::Coverage;
use crate::store::hot::HotError;
use crate::store::hot::filter::KeyFilter;
use crate::vocab::ids::{MandateId, PlatformId, RunId};
use crate::vocab::platform::{Platform, SitemapPolicy};
use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;
use crate::vocab::url::{CanonicalUrl, HostKey};

/// Pages on their way from the network to the examiner, and from there to the committer.
const PAGES_BETWEEN_STAGES: usize = 64;

/// Memory by which URLs that are left out are counted once each; past a hundred thousand a few go uncounted.
const LEFT_OUT_BYTES: usize = 1 << 20;

/// Pages still due that are counted at the end of a scan that was cut short, or known at its start.
pub(super) const STILL_DUE: usize = 10_000;

/// Hosts of a platform that links may lead to: a name server that answers for every name is a trap like any other.
const HOSTS_LIMIT: usize = 10_000;

/// How long a wait for the end may go without a look at the wall clock, which may be set meanwhile.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(5);

/// How often progress is reported.
const PROGRESS_PERIOD: Duration = Duration::from_secs(1);

/// What to scan and how far.
#[derive(Debug, Clone)]
pub struct ScanOrder {
    /// Name of this run.
    pub run: RunId,
    /// Platforms to visit, each with the mandate it is visited under.
    pub platforms: Vec<(Arc<Platform>, MandateId)>,
    /// Fewer pages than the platform's own budget, if given.
    pub max_pages: Option<u64>,
    /// Stop at this moment, if given.
    pub until: Option<Timestamp>,
}

/// What one platform's scan brought.
#[derive(Debug, Clone, Serialize)]
pub struct PlatformResult {
    /// Platform.
    pub platform: PlatformId,
    /// Pages fetched.
    pub pages: u64,
    /// Listings read.
    pub listings: u64,
    /// Listings judged `review` or `refer`.
    pub hits: u64,
    /// Cases opened.
    pub referrals_new: u64,
    /// What was and was not seen.
    pub coverage: Coverage,
}

/// Why a scan could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The frontier store failed.
    #[error(transparent)]
    Hot(#[from] HotError),
    /// A record cannot be formed.
    #[error("a record cannot be formed: {0}")]
    Record(#[from] serde_json::Error),
    /// The record of truth failed.
    #[error(transparent)]
    Truth(#[from] crate::store::truth::TruthError),
    /// A store or the disk failed in the middle; what was acknowledged is kept, the rest is still due.
    #[error("the scan broke off: {0}")]
    BrokenOff(String),
}

/// State that one platform's lanes, examiner and committer share during a scan.
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
    outstanding: AtomicI64,
    budget: AtomicI64,
    pub(super) stopping: AtomicBool,
    // Small sets, never held across an await.
    patterns: Mutex<HashMap<HostKey, Patterns>>,
    left_out: Mutex<KeyFilter>,
    parameters: Mutex<ParameterBook>,
    sitemaps: AtomicU64,
    /// Redirects that led to a URL, while it waits to be asked for.
    redirects: Mutex<HashMap<u128, u16>>,
    /// URLs due at the start or found since, and those of them that are settled.
    known: AtomicU64,
    settled_urls: AtomicU64,
    found: Mutex<KeyFilter>,
    broken: Mutex<Option<String>>,
    last_pages: AtomicU64,
}

impl PlatformScan {
    fn new(platform: Arc<Platform>, mandate: MandateId, order: &ScanOrder, now: Timestamp) -> Self {
        let pages = order.max_pages.unwrap_or(u64::MAX).min(platform.crawl.max_pages);
        let selectors = platform.listing.as_ref().and_then(|listing| match CompiledSelectors::compile(listing) {
            Ok(selectors) => Some(selectors),
            Err(error) => {
                // `check` refuses such a file; a platform made in code falls back to structured data.
                warn!(platform.id = %platform.id, %error, "selectors of `{}` do not compile", platform.id);
                None
            }
        });
        let mut left_out = KeyFilter::new(LEFT_OUT_BYTES);
        left_out.complete();
        let mut found = KeyFilter::new(LEFT_OUT_BYTES);
        found.complete();
        PlatformScan {
            platform,
            mandate,
            run: order.run.clone(),
            started_at: now,
            selectors,
            tally: Tally::default(),
            settled: Notify::new(),
            ending: Notify::new(),
            until: order.until,
            outstanding: AtomicI64::new(0),
            budget: AtomicI64::new(i64::try_from(pages).unwrap_or(i64::MAX)),
            stopping: AtomicBool::new(false),
            patterns: Mutex::default(),
            left_out: Mutex::new(left_out),
            parameters: Mutex::default(),
            sitemaps: AtomicU64::new(0),
            redirects: Mutex::default(),
            known: AtomicU64::new(0),
            settled_urls: AtomicU64::new(0),
            found: Mutex::new(found),
            broken: Mutex::default(),
            last_pages: AtomicU64::new(0),
        }
    }

    /// Whether lanes should take no more work.
    pub fn stops(&self, now: Timestamp) -> bool {
        if self.until.is_some_and(|until| now >= until) {
            self.stop_for(Reason::TimeBudget);
        }
        self.stopping.load(Ordering::Acquire)
    }

    /// Resolves when lanes should take no more work.
    pub async fn told_to_stop(&self, rooms: &Rooms) {
        loop {
            // Registered before the look, so that a stop between look and wait is not missed.
            let ending = self.ending.notified();
            let now = rooms.now();
            if self.stops(now) {
                return;
            }
            let left = self.until.map_or(LOOK_AT_CLOCK, |until| until.since(now).min(LOOK_AT_CLOCK));
            tokio::select! { () = ending => {}, () = tokio::time::sleep(left + Duration::from_millis(1)) => {} }
        }
    }

    /// Ends the scan in good order.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.ending.notify_waiters();
        self.settled.notify_waiters();
    }

    /// Ends the scan because of `reason`, which the first to say so puts in the coverage statement.
    fn stop_for(&self, reason: Reason) {
        if !self.stopping.swap(true, Ordering::AcqRel) {
            self.tally.fail(reason);
            self.stop();
        }
    }

    /// Ends the scan because a store failed.
    pub fn break_off(&self, error: &dyn std::fmt::Display) {
        warn!(platform.id = %self.platform.id, %error, "scan of `{}` breaks off", self.platform.id);
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| error.to_string());
        self.stop();
    }

    /// Whether a store failed under the scan.
    pub fn is_broken(&self) -> bool {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Takes one page from the budget; false when there is none left.
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

    fn progress(&self, ended: bool, now: Timestamp) -> Progress {
        let counts = self.tally.snapshot();
        let before = self.last_pages.swap(counts.pages, Ordering::Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "a rate shown to people")]
        let pages_per_second = counts.pages.saturating_sub(before) as f64 / PROGRESS_PERIOD.as_secs_f64();
        let on_their_way = u64::try_from(self.outstanding()).unwrap_or(0);
        let settled = self.settled_urls.load(Ordering::Relaxed);
        let left = self.known.load(Ordering::Relaxed).saturating_sub(settled).min(self.budget_left() as u64);
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

/// What is known of the shapes of one host's URLs.
struct Patterns {
    traps: TrapDetector,
    shapes: Shapes,
}

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
    let now = rooms.now();
    let scans: Vec<Arc<PlatformScan>> = order
        .platforms
        .iter()
        .map(|(platform, mandate)| Arc::new(PlatformScan::new(platform.clone(), mandate.clone(), &order, now)))
        .collect();
    for scan in &scans {
        scan.recall(&rooms.hot)?;
    }
    let (to_examiner, fetched) = mpsc::channel::<Fetched>(PAGES_BETWEEN_STAGES);
    let (to_committer, done) = mpsc::channel::<Done>(PAGES_BETWEEN_STAGES);
    let stages = Stages::start(&rooms, fetched, to_committer.clone(), done)?;
    let mut running = JoinSet::new();
    for scan in &scans {
        let links = Links { examiner: to_examiner.clone(), committer: to_committer.clone() };
        running.spawn(platform(rooms.clone(), scan.clone(), links));
    }
    drop((to_examiner, to_committer));
    let show = |ended| {
        let progress: Vec<Progress> = scans.iter().map(|scan| scan.progress(ended, rooms.now())).collect();
        report(&progress);
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
    show(true);
    let mut results = Vec::new();
    let mut broken = None;
    for scan in scans {
        // What another platform's scan saw is stated all the same.
        match scan.broken.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            Some(reason) => broken = Some(reason),
            None => results.push(statement::finish(&rooms, &scan)?),
        }
    }
    broken.map_or(Ok(results), |reason| Err(ScanError::BrokenOff(reason)))
}

/// Where a lane hands its work on.
#[derive(Clone)]
pub struct Links {
    /// Pages to be read.
    pub examiner: mpsc::Sender<Fetched>,
    /// Leases that ended without a page.
    pub committer: mpsc::Sender<Done>,
}

/// The threads beside the IO runtime.
struct Stages {
    handles: Vec<std::thread::JoinHandle<()>>,
}

impl Stages {
    fn start(
        rooms: &Arc<Rooms>,
        fetched: mpsc::Receiver<Fetched>,
        to_committer: mpsc::Sender<Done>,
        done: mpsc::Receiver<Done>,
    ) -> Result<Self, ScanError> {
        let broken = |error: std::io::Error| ScanError::BrokenOff(format!("no thread could be started: {error}"));
        let (for_examiner, for_committer) = (rooms.clone(), rooms.clone());
        let examiner = std::thread::Builder::new()
            .name("examine".to_owned())
            .spawn(move || examiner::run(&for_examiner, fetched, &to_committer))
            .map_err(broken)?;
        let committer = std::thread::Builder::new()
            .name("commit".to_owned())
            .spawn(move || committer::run(&for_committer, done))
            .map_err(broken)?;
        Ok(Stages { handles: vec![examiner, committer] })
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
async fn platform(rooms: Arc<Rooms>, scan: Arc<PlatformScan>, links: Links) {
    let seeded = tokio::select! {
        seeded = seed(&rooms, &scan) => seeded,
        () = scan.told_to_stop(&rooms) => return,
    };
    if let Err(error) = seeded {
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
                let due = rooms.hot.is_due(&scan.platform.id, &host, now, scan.started_at).unwrap_or(false);
                if due || lane::soonest_put_off(&rooms, &scan, &host).is_some() {
                    open.insert(host.clone());
                    let lane = lane::run(rooms.clone(), scan.clone(), host.clone(), links.clone());
                    lanes.spawn(async move {
                        lane.await;
                        host
                    });
                }
            }
        }
        if lanes.is_empty() && (scan.outstanding() <= 0 || scan.is_broken()) {
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

/// Start pages, feeds, and the sitemaps the policy names. robots.txt of each start host is read first.
async fn seed(rooms: &Rooms, scan: &PlatformScan) -> Result<(), ScanError> {
    let crawl = &scan.platform.crawl;
    let now = rooms.now();
    let entry = |url: &CanonicalUrl, kind: UrlKind| NewEntry {
        url: url.clone(),
        depth: 0,
        kind,
        priority: kind.priority(),
        due: now,
    };
    let mut entries: Vec<NewEntry> = crawl.start.iter().map(|url| entry(url, UrlKind::Seed)).collect();
    entries.extend(crawl.feeds.iter().map(|url| entry(url, UrlKind::Feed)));
    match &crawl.sitemaps {
        SitemapPolicy::None => {}
        SitemapPolicy::List(list) => entries.extend(list.iter().map(|url| entry(url, UrlKind::Sitemap))),
        SitemapPolicy::Robots => {
            let hosts: HashSet<HostKey> = crawl.start.iter().map(CanonicalUrl::host).collect();
            for host in hosts {
                // A host that cannot be asked now is met again, and counted, by its lane.
                let Ok(robots) = rooms.gate.robots_of(&scan.platform, &host).await else { continue };
                let Ok(base) = CanonicalUrl::parse(host.as_str(), None) else { continue };
                let named = robots.sitemaps.iter().filter_map(|text| CanonicalUrl::parse(text, Some(&base)).ok());
                entries.extend(named.map(|url| entry(&url, UrlKind::Sitemap)));
            }
        }
    }
    rooms.hot.offer(&scan.platform.id, &entries)?;
    scan.note_found(rooms.hot.due(&scan.platform.id, now, STILL_DUE)?.iter());
    Ok(())
}

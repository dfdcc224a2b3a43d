//! Composition root: reads files, builds rooms, owns the data directory and shutdown.
//!
//! Owns: where things lie in a data directory, the order in which rooms are built and closed, the platforms in use.
//! Never: does the work of a room.
//! Start reading: [`App::open`].

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::watch;

use crate::archive::warc_file::{WarcWriter, WriterOptions};
use crate::config::in_use::{FilesInUse, Part};
use crate::config::problem::Problem;
use crate::config::settings::Settings;
use crate::config::watchlist::{WatchlistError, WatchlistFolder};
use crate::detect::Detector;
use crate::detect::watchlist::Watchlist;
use crate::engine::disk::Disk;
use crate::engine::examiners::Examiners;
use crate::engine::intake::{self, Pushed};
use crate::engine::mandate::Purses;
use crate::engine::rebuild;
use crate::engine::rooms::Rooms;
use crate::engine::scan::tally::Progress;
use crate::engine::service::{JobError, News, Reloaded, Seeds, Service, Surroundings, Watchlists};
use crate::fetch::client::Client;
use crate::fetch::gate::Gate;
use crate::outbound::links::{LinkKey, NoticeDesk};
use crate::referral::notice::NoticeSender;
use crate::referral::outcome::Decision;
use crate::report::coverage::in_words;
use crate::server::{Exposure, HubSettings, Judged, PushedCall, PushedListing, ScanProgress, ServerHooks, ServerState};
use crate::store::checkpoint::CheckpointedLedger;
use crate::store::hot::{HotStore, OpenReport};
use crate::store::keys::KeyRing;
use crate::store::lock::{DirectoryLock, LockError};
use crate::store::private;
use crate::store::truth::Truth;
use crate::vocab::identity::Identity;
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::limits::Limits;
use crate::vocab::platform::Platform;
use crate::vocab::time::Clock;

/// Version of the data directory's layout.
const LAYOUT_VERSION: &str = "1";

/// Why the program could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Another process owns the data directory.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Files that cannot be accepted, each with its place.
    #[error("{} in the configuration", problems_in_words(.0))]
    Configuration(Vec<Problem>),
    /// The data directory was written by a newer version, or its file of the layout is damaged.
    #[error("`{}` names layout `{found}`, this version knows {LAYOUT_VERSION}", .directory.join("VERSION").display())]
    NewerLayout {
        /// The data directory.
        directory: PathBuf,
        /// Its layout.
        found: String,
    },
    /// A room could not be opened.
    #[error(transparent)]
    Room(#[from] anyhow::Error),
}

impl From<WatchlistError> for AppError {
    fn from(error: WatchlistError) -> Self {
        match error {
            WatchlistError::Problems(problems) => AppError::Configuration(problems),
            WatchlistError::Detector(error) => AppError::Room(error.into()),
        }
    }
}

fn problems_in_words(problems: &[Problem]) -> String {
    match problems.len() {
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    }
}

/// Where things lie.
#[derive(Debug, Clone)]
pub struct Paths {
    /// Data directory.
    pub data: PathBuf,
    /// Folder of platform files, or none: then only what is compiled in.
    pub seeds: Option<PathBuf>,
    /// Folder of the watchlist, or none: then what is compiled in.
    pub patterns: Option<PathBuf>,
    /// Settings file, or none: defaults.
    pub settings: Option<PathBuf>,
}

impl Paths {
    /// Named folders must exist; default ones are used when they do.
    pub fn new(data: &Path, seeds: Option<&Path>, patterns: Option<&Path>, settings: Option<&Path>) -> Self {
        let or_default = |named: Option<&Path>, default: &str| match named {
            Some(path) => Some(path.to_path_buf()),
            None => Some(PathBuf::from(default)).filter(|path| path.exists()),
        };
        Paths {
            data: data.to_path_buf(),
            seeds: or_default(seeds, "seeds"),
            patterns: or_default(patterns, "patterns"),
            settings: or_default(settings, "listingwatch.toml"),
        }
    }

    /// The local socket by which commands ask the owner.
    pub fn control_socket(&self) -> PathBuf {
        self.data.join("control.sock")
    }

    /// WARC files.
    pub fn warc(&self) -> PathBuf {
        self.data.join("warc")
    }
}

/// The program with its data directory open.
pub struct App {
    /// Where things lie.
    paths: Paths,
    /// The rooms the loops work with.
    pub rooms: Arc<Rooms>,
    /// How far running scans are, for the console and for other commands.
    pub progress: Mutex<Vec<Progress>>,
    seeds: Arc<Seeds>,
    answered: RwLock<Option<AnswerHook>>,
    watchlists: Arc<Watchlists>,
    /// The files in use when it was opened; the watchlist may have been loaded again since.
    files: FilesInUse,
    own: Vec<Part>,
    ledger: Arc<CheckpointedLedger>,
    /// Dropped after the store that lies in it.
    _spare: Option<SpareFolder>,
    _lock: DirectoryLock,
}

/// What a data directory is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// Whatever a command or a hub does.
    Anything,
    /// Reading what is there.
    Reading,
}

/// A folder for an empty frontier store, elsewhere, while the disk of the data directory is full; removed afterwards.
struct SpareFolder(PathBuf, Option<DirectoryLock>);

impl Drop for SpareFolder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The frontier store. It cannot be opened on a full disk; what only reads gets an empty one that lies elsewhere.
fn hot_store(
    work: Work,
    paths: &Paths,
    limits: &Limits,
) -> Result<(HotStore, OpenReport, Option<SpareFolder>), AppError> {
    let full = match HotStore::open(&paths.data.join("state"), limits) {
        Ok((hot, report)) => return Ok((hot, report, None)),
        Err(error) if work == Work::Reading && error.is_disk_full() => error,
        Err(error) => return Err(anyhow::Error::from(error).into()),
    };
    for folder in [std::env::temp_dir(), PathBuf::from("/dev/shm")] {
        // What a kill left behind. Others write to these folders: one of theirs is neither used nor removed.
        private::remove_left_in(&folder, "listingwatch");
        let Ok(made) = private::make_new_in(&folder, "listingwatch") else { continue };
        let mut spare = SpareFolder(made, None);
        spare.1 = DirectoryLock::take(&spare.0).ok();
        if spare.1.is_some()
            && let Ok((hot, _)) = HotStore::open(&spare.0.join("state"), limits)
        {
            tracing::warn!("the disk of the data directory is full: it can only be read");
            return Ok((hot, OpenReport::default(), Some(spare)));
        }
    }
    Err(anyhow::Error::from(full).into())
}

/// Told the URLs of a case that a platform says it removed; the demo takes its listings down.
type AnswerHook = Box<dyn Fn(&[String]) + Send + Sync>;

impl App {
    /// Locks the data directory and opens every room. `extra` platforms (the demo's own) stand beside the files', and
    /// `settings` in place of the file's.
    ///
    /// # Errors
    /// When the directory is owned by another process, a file is refused, or a room cannot be opened.
    pub fn open(
        paths: Paths,
        extra: Vec<Platform>,
        settings: Option<Settings>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AppError> {
        Self::open_for(Work::Anything, paths, extra, settings, clock)
    }

    /// As [`App::open`], for a command that only reads: it works on a full disk too.
    ///
    /// # Errors
    /// As there.
    pub fn open_to_read(paths: Paths, clock: Arc<dyn Clock>) -> Result<Self, AppError> {
        Self::open_for(Work::Reading, paths, Vec::new(), None, clock)
    }

    fn open_for(
        work: Work,
        paths: Paths,
        extra: Vec<Platform>,
        settings: Option<Settings>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AppError> {
        let brings_platforms = !extra.is_empty();
        let own = [(!extra.is_empty(), Part::Seeds), (settings.is_some(), Part::Settings)];
        let own = own.into_iter().filter_map(|(own, part)| own.then_some(part)).collect();
        // Before they are parsed: a file edited in between is taken for another, not for the same.
        let files = files_of(&paths);
        let settings = Arc::new(match settings {
            Some(settings) => settings,
            None => load_settings(&paths)?,
        });
        let today = clock.now().date();
        let mut platforms = load_platforms(&paths, today)?;
        platforms.extend(extra);
        let folder = WatchlistFolder::new(paths.patterns.as_deref());
        let seen = folder.state();
        let detector = folder.detector()?;
        let lock = DirectoryLock::take(&paths.data)?;
        check_layout(&paths.data)?;
        let (hot, report, spare) = hot_store(work, &paths, &settings.limits)?;
        let hot = Arc::new(hot);
        let file = paths.data.join("truth.db");
        let truth = match Truth::open(&file) {
            Err(error) if work == Work::Reading && error.is_disk_full() && file.exists() => Truth::open_to_read(&file),
            opened => opened,
        };
        let truth = Arc::new(truth.map_err(anyhow::Error::from)?.printing(crate::outbound::notice_html::page_of));
        match truth.note_uses(platforms.iter()) {
            // What was noted last counts; there is no room to note more.
            Err(_) if spare.is_some() => {}
            noted => noted.map_err(anyhow::Error::from)?,
        }
        let about = vec![(
            "operator".to_owned(),
            settings.sender.as_ref().map_or_else(|| "unnamed".to_owned(), |s| s.name.clone()),
        )];
        let warc_options = WriterOptions { max_file_bytes: settings.evidence.warc_file_bytes, about };
        let warc = WarcWriter::open(&paths.warc(), warc_options).map_err(anyhow::Error::from)?;
        let contact = contact_url(&settings);
        let keys = KeyRing::of(&paths.data);
        let crawler_keys = keys.crawler(clock.now()).map_err(anyhow::Error::from)?;
        let identity = Arc::new(Identity::new(crawler_keys, settings.hub.public_url.clone()));
        let client = Client::new(&contact, settings.limits.clone(), clock.clone()).signing_as(identity.clone());
        let ledger = CheckpointedLedger::open(hot.clone(), truth.clone(), clock.clone(), report.empty);
        let ledger = Arc::new(ledger.map_err(anyhow::Error::from)?);
        if report.empty {
            let found = rebuild::frontier(&hot, &truth, clock.now()).map_err(anyhow::Error::from)?;
            if found > 0 {
                tracing::warn!(hits = found, "the frontier was lost; {found} known hits are looked at again first");
            }
        } else if report.unclean {
            rebuild::newest_clusters(&hot, &truth).map_err(anyhow::Error::from)?;
        }
        let gate = Arc::new(Gate::new(client, ledger.clone(), clock.clone(), report.unclean));
        let public_url = settings.hub.public_url.clone().unwrap_or_else(|| format!("http://{}", settings.hub.listen));
        let desk = NoticeDesk {
            sender: settings.sender.as_ref().map(|sender| NoticeSender {
                name: sender.name.clone(),
                address: sender.address.clone(),
                contact: sender.contact.clone(),
            }),
            public_url: public_url.trim_end_matches('/').to_owned(),
            key: LinkKey::derive(&truth.secret_for("links of notices")),
        };
        // Platforms that were handed over are in no file.
        let of = paths.seeds.clone().filter(|_| !brings_platforms);
        let seeds = Seeds::new(of, platforms, files.seeds.clone());
        let rooms = Rooms {
            desk,
            poster: Client::new(&contact, settings.limits.clone(), clock.clone()),
            keys,
            identity,
            recording: Mutex::new(()),
            dispatching: tokio::sync::Mutex::new(()),
            busy: Mutex::default(),
            gate,
            hot,
            truth,
            warc: Mutex::new(warc),
            detector: Arc::new(RwLock::new(Arc::new(detector))),
            purses: Purses::default(),
            disk: Arc::new(Disk::of(paths.data.clone(), settings.limits.free_disk_bytes)),
            examiners: Arc::new(Examiners::new(settings.limits.examiners)),
            settings,
            clock,
        };
        Ok(App {
            paths,
            rooms: Arc::new(rooms),
            progress: Mutex::default(),
            seeds: Arc::new(seeds),
            answered: RwLock::new(None),
            watchlists: Arc::new(Watchlists::new(folder, seen, files.patterns.clone())),
            files,
            own,
            ledger,
            _spare: spare,
            _lock: lock,
        })
    }

    /// Where things lie.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The files of the configuration in use.
    pub fn files_in_use(&self) -> FilesInUse {
        FilesInUse { seeds: self.seeds.in_use(), patterns: self.watchlists.in_use(), ..self.files.clone() }
    }

    /// Whether a part of the configuration was handed to [`App::open`] and is in no file.
    pub fn brings_its_own(&self, part: Part) -> bool {
        self.own.contains(&part)
    }

    /// The platforms in use.
    pub fn platforms(&self) -> Vec<Arc<Platform>> {
        self.seeds.platforms()
    }

    /// One platform.
    pub fn platform(&self, id: &PlatformId) -> Option<Arc<Platform>> {
        self.platforms().into_iter().find(|platform| platform.id == *id)
    }

    /// Has `hook` told of every answer by which a platform removed something.
    pub fn on_answer(&self, hook: impl Fn(&[String]) + Send + Sync + 'static) {
        *self.answered.write().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(hook));
    }

    /// Passes an answer on to the hook, if there is one.
    pub fn answered(&self, referral: &ReferralId, decision: Decision) {
        let hook = self.answered.read().unwrap_or_else(PoisonError::into_inner);
        if let (Some(hook), Decision::Removed, Ok(target)) =
            (&*hook, decision, self.rooms.truth.recheck_target(referral))
        {
            hook(&target.urls);
        }
    }

    /// Loads the watchlist again if a file of it changed, came or went.
    ///
    /// # Errors
    /// Every problem of the changed files; the old list stays in use.
    pub fn reload_watchlist(&self) -> Result<Option<Reloaded>, JobError> {
        self.watchlists.reload(&self.rooms)
    }

    /// Reads the platform files again if one of them changed, came or went; answers with the names of those.
    ///
    /// # Errors
    /// Every problem of the changed files; the platforms stay as they were.
    pub fn reload_platforms(&self) -> Result<Option<Vec<String>>, JobError> {
        self.seeds.reload(&self.rooms)
    }

    /// The jobs of a hub over this directory, which end when `stopped` turns true. `progress` is told how far scheduled
    /// scans are, `news` what happens.
    pub fn service(
        self: &Arc<Self>,
        progress: impl Fn(&[Progress]) + Send + Sync + 'static,
        news: impl Fn(News) + Send + Sync + 'static,
        stopped: watch::Receiver<bool>,
    ) -> Arc<Service> {
        let around = Surroundings {
            seeds: self.seeds.clone(),
            progress: Box::new(progress),
            news: Box::new(news),
            warc: self.paths.warc(),
            data: self.paths.data.clone(),
        };
        Service::new(self.rooms.clone(), self.watchlists.clone(), around, stopped)
    }

    /// Closes what must be closed in good order. Without it the next start treats this one as a crash.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn close(&self) -> anyhow::Result<()> {
        self.rooms.warc.lock().unwrap_or_else(PoisonError::into_inner).close()?;
        self.ledger.close()?;
        self.rooms.hot.close()?;
        Ok(())
    }
}

/// Who is behind the crawler: what the settings say, or the hub's own page about it.
fn contact_url(settings: &Settings) -> String {
    let page = || settings.hub.public_url.as_ref().map(|hub| format!("{hub}/about-crawler"));
    settings.crawler.contact_url.clone().or_else(page).unwrap_or_else(|| DEFAULT_CONTACT_URL.to_owned())
}

/// Contact named in the User-Agent until the settings name one.
pub const DEFAULT_CONTACT_URL: &str = "https://listingwatch.example/about-crawler";

/// The files a configuration at `paths` is read from, as they are now.
pub fn files_of(paths: &Paths) -> FilesInUse {
    let patterns = WatchlistFolder::new(paths.patterns.as_deref()).digests();
    FilesInUse::read(paths.seeds.as_deref(), patterns, paths.settings.as_deref())
}

/// The settings file, or defaults where there is none.
///
/// # Errors
/// Every problem of the file.
pub fn load_settings(paths: &Paths) -> Result<Settings, AppError> {
    match &paths.settings {
        Some(path) => crate::config::load::load_settings(path).map_err(AppError::Configuration),
        None => Ok(Settings::default()),
    }
}

/// The platform files of the seeds folder; none where there is no folder.
///
/// # Errors
/// Every problem of every file.
pub fn load_platforms(paths: &Paths, today: jiff::civil::Date) -> Result<Vec<Platform>, AppError> {
    match &paths.seeds {
        Some(folder) => crate::config::load::load_platforms(folder, today).map_err(AppError::Configuration),
        None => Ok(Vec::new()),
    }
}

/// The watchlist of the patterns folder, or the one compiled in, ready to judge.
///
/// # Errors
/// Every problem of the pattern files.
pub fn load_detector(paths: &Paths) -> Result<Detector, AppError> {
    Ok(WatchlistFolder::new(paths.patterns.as_deref()).detector()?)
}

/// The watchlist of the patterns folder, or the one compiled in.
///
/// # Errors
/// Every problem of the pattern files.
pub fn load_watchlist(paths: &Paths) -> Result<Watchlist, AppError> {
    Ok(WatchlistFolder::new(paths.patterns.as_deref()).watchlist()?)
}

/// The watchlist with everything that is wrong with it, and whatever could be read all the same.
pub fn examine_watchlist(paths: &Paths) -> (Option<Watchlist>, Vec<Problem>) {
    WatchlistFolder::new(paths.patterns.as_deref()).examined()
}

fn check_layout(data: &Path) -> Result<(), AppError> {
    let file = data.join("VERSION");
    match std::fs::read(&file).map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()) {
        Ok(found) if found == LAYOUT_VERSION => Ok(()),
        Ok(found) => {
            Err(AppError::NewerLayout { directory: data.to_path_buf(), found: found.escape_debug().to_string() })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            private::write_whole(&file, format!("{LAYOUT_VERSION}\n").as_bytes()).map_err(|e| AppError::Room(e.into()))
        }
        Err(error) => Err(AppError::Room(error.into())),
    }
}

impl App {
    /// What the hub needs of this program. `secure` says that a proxy ends TLS; `address` is where it listens.
    pub fn hub_state(self: &Arc<Self>, secure: bool, address: &str) -> ServerState {
        let settings = &self.rooms.settings;
        let mut desk = self.rooms.desk.clone();
        if settings.hub.public_url.is_none() {
            desk.public_url = address.trim_end_matches('/').to_owned();
        }
        let (platforms, answered, schedules, running) = (self.clone(), self.clone(), self.clone(), self.clone());
        let taking = self.clone();
        let rooms = self.rooms.clone();
        let hooks = ServerHooks {
            platforms: Box::new(move |()| platforms.platforms()),
            detector: Box::new(move |()| rooms.detector()),
            answered: Box::new(move |(id, decision)| answered.answered(&id, decision)),
            next_scan: Box::new(move |id| {
                let schedule = schedules.platform(&id)?.schedule.clone()?;
                let last = schedules.rooms.truth.last_scheduled(&id).ok().flatten()?;
                crate::engine::schedule::next_after(&schedule.cron, last)
            }),
            take_in: Box::new(move |call| taking.take_in(call)),
            progress: Box::new(move |()| {
                let held = running.progress.lock().unwrap_or_else(PoisonError::into_inner);
                held.iter().map(shown).collect()
            }),
        };
        let hub = HubSettings {
            desk,
            exposure: if secure { Exposure::Secure } else { Exposure::Loopback },
            report: settings.report.clone(),
            warc: self.paths.warc(),
            listing_bytes: settings.limits.listing_bytes,
            user_agent: self.rooms.gate.user_agent().to_owned(),
            identity: self.rooms.identity.clone(),
            contact: contact_url(settings),
            requests_per_second: REQUESTS_PER_SECOND,
            burst: 2 * REQUESTS_PER_SECOND,
        };
        ServerState::new(self.rooms.truth.clone(), self.rooms.clock.clone(), hooks, hub)
    }
}

impl App {
    /// Takes in listings a platform handed over.
    fn take_in(&self, call: PushedCall) -> Result<Vec<Judged>, String> {
        let PushedCall { platform: id, listings, begun } = call;
        let platform = self.platform(&id).ok_or_else(|| format!("no platform `{id}`"))?;
        let pushed = listings.into_iter().map(|PushedListing { id, offered, body }| Pushed { id, offered, body });
        let taken = intake::take_in_turns(&self.rooms, &platform, pushed.collect(), begun)
            .map_err(|error| error.to_string())?;
        Ok(taken.into_iter().map(|one| one.map_err(|refusal| refusal.to_string())).collect())
    }
}

/// Requests a second one token may make.
const REQUESTS_PER_SECOND: u32 = 600;

fn shown(progress: &Progress) -> ScanProgress {
    let counts = &progress.counts;
    ScanProgress {
        platform: progress.platform.to_string(),
        pages: counts.pages,
        listings: counts.listings,
        hits: counts.hits,
        referrals_new: counts.referrals_new,
        pages_per_second: progress.pages_per_second,
        left: progress.left,
        seconds_left: progress.seconds_left,
        waiting: counts
            .waiting
            .iter()
            .map(|(host, (until, why))| (host.clone(), *until, in_words(*why).to_owned()))
            .collect(),
        ended: progress.ended,
    }
}

//! A running hub: its jobs by name, each a step of its own with its last run, duration and outcome on record.
//!
//! [`run`] repeats [`Service::step`] for every job until it is told to stop, each in a task of its own, so that none waits
//! for another.

mod job;
mod rechecks;
mod reload;
mod scheduled;
mod seeds;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

pub use job::{Job, JobError};
pub use reload::{Reloaded, Watchlists};
pub use seeds::Seeds;

use crate::config::problem::Problem;
use crate::config::watchlist::WatchlistError;
use crate::engine::rooms::Rooms;
use crate::engine::scan::PlatformResult;
use crate::engine::scan::tally::Progress;
use crate::engine::{dispatch, retention};
use crate::vocab::time::Timestamp;

/// A run that did nothing new is noted no more often than this.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// What a run of a job did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to do.
    Nothing,
    /// In words.
    Did(String),
}

/// What is said while a hub runs.
#[derive(Debug)]
pub enum News {
    /// Another watchlist is in use.
    Reloaded(Reloaded),
    /// Platform files were taken up that changed, came or went.
    Platforms(Vec<String>),
    /// A changed watchlist is refused, or changed platform files are.
    Refused(Vec<Problem>),
    /// A scheduled scan of a platform ended.
    Scanned(Box<PlatformResult>),
}

/// Told how far scans are.
pub type ProgressHook = Box<dyn Fn(&[Progress]) + Send + Sync>;

/// How long a step of dispatch waits for receivers: one that hangs delays its own messages only.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the jobs work with besides the rooms.
pub struct Surroundings {
    /// The platforms in use.
    pub seeds: Arc<Seeds>,
    /// Told how far scheduled scans are.
    pub progress: ProgressHook,
    /// Told what happens.
    pub news: Box<dyn Fn(News) + Send + Sync>,
    /// Where captures lie.
    pub warc: PathBuf,
    /// The data directory.
    pub data: PathBuf,
}

/// The jobs of one hub.
pub struct Service {
    rooms: Arc<Rooms>,
    watchlists: Arc<Watchlists>,
    around: Surroundings,
    /// Scheduled scans that run, one for each platform.
    scans: tokio::sync::Mutex<scheduled::Scans>,
    /// Hosts whose cases are being looked at.
    rechecks: tokio::sync::Mutex<rechecks::Rows>,
    // A few moments, never held across an await.
    noted: Mutex<HashMap<Job, Timestamp>>,
    stopped: watch::Receiver<bool>,
}

impl Service {
    /// Jobs over `rooms` that end when `stopped` turns true.
    pub fn new(
        rooms: Arc<Rooms>,
        watchlists: Arc<Watchlists>,
        around: Surroundings,
        stopped: watch::Receiver<bool>,
    ) -> Arc<Self> {
        let (scans, rechecks, noted) = Default::default();
        Arc::new(Service { rooms, watchlists, around, scans, rechecks, noted, stopped })
    }

    /// Runs a job once and notes how that ended. Failures are logged here, once.
    ///
    /// # Errors
    /// Why it did not do its work; the next run tries again.
    pub async fn step(self: &Arc<Self>, job: Job) -> Result<Outcome, JobError> {
        let (began, clock) = (self.rooms.now(), Instant::now());
        let service = self.clone();
        // In a task of its own: a panic costs this run, and a run that is given up ends with the set.
        let mut running = JoinSet::new();
        running.spawn(async move { service.work(job).await });
        let result = match running.join_next().await {
            Some(Ok(result)) => result,
            Some(Err(_)) | None => Err(JobError::Panic),
        };
        if let Err(error) = &result {
            tracing::error!(job = %job, %error, "the job `{job}` failed");
        }
        self.note(job, began, clock.elapsed(), &result);
        result
    }

    async fn work(self: &Arc<Self>, job: Job) -> Result<Outcome, JobError> {
        // Both fetch, which waits for disk space.
        if matches!(job, Job::Schedule | Job::Recheck) && self.rooms.disk.is_low() {
            return Ok(Outcome::Nothing);
        }
        match job {
            Job::Schedule => scheduled::start(self).await,
            Job::Dispatch => {
                let done = dispatch::step_within(&self.rooms, &self.around.seeds.platforms(), Some(PATIENCE)).await?;
                let dispatch::Dispatched { opened, approved, reminded, delivered, postponed, failed } = done;
                let moved = opened + approved + reminded + delivered + postponed + failed;
                Ok(told(moved, || {
                    format!(
                        "{opened} opened from the queue, {approved} approved, {reminded} reminded, {delivered} delivered, {postponed} postponed, {failed} given up"
                    )
                }))
            }
            Job::Recheck => rechecks::step(self).await,
            Job::Reload => {
                let service = self.clone();
                let platforms = blocking(move || service.around.seeds.reload(&service.rooms)).await;
                match &platforms {
                    Ok(None) => {}
                    Ok(Some(changed)) => (self.around.news)(News::Platforms(changed.clone())),
                    Err(JobError::Platforms(problems)) => (self.around.news)(News::Refused(problems.clone())),
                    Err(_) => {}
                }
                let service = self.clone();
                let reloaded = blocking(move || service.watchlists.reload(&service.rooms)).await;
                match reloaded {
                    Ok(None) => Ok(told(usize::from(platforms?.is_some()), || "platform files".to_owned())),
                    Ok(Some(reloaded)) => {
                        let version = reloaded.version.clone();
                        (self.around.news)(News::Reloaded(reloaded));
                        Ok(Outcome::Did(version))
                    }
                    Err(JobError::Watchlist(WatchlistError::Problems(problems))) => {
                        let refused = WatchlistError::Problems(problems.clone());
                        (self.around.news)(News::Refused(problems));
                        Err(refused.into())
                    }
                    Err(error) => Err(error),
                }
            }
            Job::Retention => {
                let service = self.clone();
                let done = blocking(move || {
                    Ok(retention::run(&service.rooms, &service.around.warc, &Job::Retention.actor())?)
                });
                let done: Vec<String> = done
                    .await?
                    .into_iter()
                    .filter(|class| class.count > 0)
                    .map(|class| format!("{} {}", class.count, class.unit))
                    .collect();
                Ok(told(done.len(), || done.join(", ")))
            }
            Job::ControlSample => {
                let service = self.clone();
                let ended = blocking(move || Ok(service.rooms.truth.end_control_samples(service.rooms.now())?)).await?;
                Ok(told(usize::try_from(ended).unwrap_or(usize::MAX), || format!("{ended} digests forgotten")))
            }
            Job::Checkpoint => {
                let service = self.clone();
                blocking(move || Ok(service.rooms.truth.checkpoint_audit_if_grown(service.rooms.now())?)).await?;
                Ok(Outcome::Nothing)
            }
            Job::Timestamp => {
                let Some(timestamps) = &self.rooms.settings.timestamps else { return Ok(Outcome::Nothing) };
                let last = self.rooms.truth.timestamps()?.pop().map(|row| row.at);
                if last.is_some_and(|last| last.after(timestamps.every) > self.rooms.now()) {
                    return Ok(Outcome::Nothing);
                }
                let taken = crate::engine::timestamps::take(&self.rooms, &self.around.data).await?;
                Ok(told(taken.len(), || format!("{} timestamps taken", taken.len())))
            }
        }
    }

    /// Notes a run. Where nothing happened, once a minute is enough: each note waits for the disk.
    fn note(&self, job: Job, began: Timestamp, took: Duration, result: &Result<Outcome, JobError>) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = noted.get(&job).is_some_and(|last| *last <= began && began.since(*last) < NOTED_EVERY);
        if recent && matches!(result, Ok(Outcome::Nothing)) {
            return;
        }
        noted.insert(job, began);
        drop(noted);
        let failure = result.as_ref().err().map(ToString::to_string);
        let outcome = match (result, &failure) {
            (_, Some(failure)) => Err(failure.as_str()),
            (Ok(Outcome::Did(what)), None) => Ok(what.as_str()),
            (Ok(Outcome::Nothing) | Err(_), None) => Ok("nothing to do"),
        };
        let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if let Err(error) = self.rooms.truth.note_job(job.name(), (began, took), outcome) {
            tracing::error!(job = %job, %error, "the run of `{job}` could not be noted");
        }
    }
}

/// What is said of a run that did `count` things.
fn told(count: usize, words: impl FnOnce() -> String) -> Outcome {
    if count == 0 { Outcome::Nothing } else { Outcome::Did(words()) }
}

/// Work that waits for disks, beside the IO runtime.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JobError> + Send + 'static,
) -> Result<T, JobError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(JobError::Panic))
}

/// Runs all jobs until the service is told to stop; then waits for scheduled scans to end in good order.
pub async fn run(service: Arc<Service>) {
    let mut tasks = JoinSet::new();
    for job in Job::ALL {
        tasks.spawn(repeat(service.clone(), job));
    }
    while tasks.join_next().await.is_some() {}
    service.rechecks.lock().await.end().await;
    service.scans.lock().await.ended().await;
}

async fn repeat(service: Arc<Service>, job: Job) {
    let mut stopped = service.stopped.clone();
    // The first runs wait a moment too, so that a hub answers before it works.
    let mut pause = job.every().min(Job::Dispatch.every());
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(pause) => {}
        }
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            // What went wrong is logged and noted; the next run tries again.
            _ = service.step(job) => {}
        }
        pause = job.every();
    }
}

//! The jobs of a running hub, by name.

use std::time::Duration;

use crate::config::problem::Problem;
use crate::config::watchlist::WatchlistError;
use crate::engine::recheck::RecheckError;
use crate::engine::retention::RetentionError;
use crate::engine::scan::ScanError;
use crate::engine::timestamps::TimestampError;
use crate::store::truth::TruthError;
use crate::vocab::actor::{self, Actor};

/// How often what is due is looked for.
const TICK: Duration = Duration::from_secs(2);

/// Between two runs of what time destroys.
const RETENTION_EVERY: Duration = Duration::from_secs(6 * 3600);

/// Between two checkpoints of a growing audit log.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(3600);

/// How often it is looked whether timestamps are due. The settings say how often they are.
const TIMESTAMP_LOOK: Duration = Duration::from_secs(60);

/// Why a job did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The record of truth failed.
    #[error(transparent)]
    Truth(#[from] TruthError),
    /// Rechecks could not go on.
    #[error(transparent)]
    Recheck(#[from] RecheckError),
    /// Retention could not be carried out.
    #[error(transparent)]
    Retention(#[from] RetentionError),
    /// A scheduled scan failed.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// The changed watchlist is refused; the old one stays in use.
    #[error("the changed watchlist is refused, the old one stays in use: {0}")]
    Watchlist(#[from] WatchlistError),
    /// Changed platform files are refused; the platforms stay as they were.
    #[error("the changed platform files are refused, the platforms stay as they were ({} in them)", in_number(.0))]
    Platforms(Vec<Problem>),
    /// No timestamp was taken.
    #[error(transparent)]
    Timestamp(Box<TimestampError>),
    /// A fault of this program.
    #[error("it ended in a panic")]
    Panic,
}

impl From<TimestampError> for JobError {
    fn from(error: TimestampError) -> Self {
        JobError::Timestamp(Box::new(error))
    }
}

fn in_number(problems: &[Problem]) -> String {
    match problems.len() {
        1 => "1 problem".to_owned(),
        count => format!("{count} problems"),
    }
}

/// What a running hub does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Job {
    /// Starts the scans that are due.
    Schedule,
    /// Approves by policy, reminds, delivers.
    Dispatch,
    /// Looks again at referred listings.
    Recheck,
    /// Deletes data past its retention period.
    Retention,
    /// Takes up a changed watchlist.
    Reload,
    /// Forgets the control samples of mandates that ended; their counts stay.
    ControlSample,
    /// Signs the end of the audit log outside the database.
    Checkpoint,
    /// Has the log and captured pages timestamped.
    Timestamp,
}

impl Job {
    /// All of them.
    pub const ALL: [Job; 8] = [
        Job::Schedule,
        Job::Dispatch,
        Job::Recheck,
        Job::Retention,
        Job::Reload,
        Job::ControlSample,
        Job::Checkpoint,
        Job::Timestamp,
    ];

    /// Its name outside.
    pub fn name(self) -> &'static str {
        match self {
            Job::Schedule => "schedule",
            Job::Dispatch => "dispatch",
            Job::Recheck => "recheck",
            Job::Retention => "retention",
            Job::Reload => "reload",
            Job::ControlSample => "control-sample",
            Job::Checkpoint => "checkpoint",
            Job::Timestamp => "timestamp",
        }
    }

    /// Who acts where it does something, as the audit log names it.
    pub fn actor(self) -> Actor {
        Actor::Job(match self {
            Job::Schedule => actor::Job::Schedule,
            Job::Dispatch => actor::Job::Dispatch,
            Job::Recheck => actor::Job::Recheck,
            Job::Retention => actor::Job::Retention,
            Job::Reload => actor::Job::Reload,
            Job::ControlSample => actor::Job::ControlSample,
            Job::Checkpoint | Job::Timestamp => actor::Job::Checkpoint,
        })
    }

    /// The pause between two runs.
    pub fn every(self) -> Duration {
        match self {
            Job::Schedule | Job::Dispatch | Job::Recheck | Job::Reload => TICK,
            Job::Retention | Job::ControlSample => RETENTION_EVERY,
            Job::Checkpoint => CHECKPOINT_EVERY,
            Job::Timestamp => TIMESTAMP_LOOK,
        }
    }
}

impl std::fmt::Display for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

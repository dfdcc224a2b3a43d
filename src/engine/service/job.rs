//! The jobs of a running hub, by name.

use std::time::Duration;

use crate::vocab::actor::{self, Actor};

/// How often what is due is looked for.
const TICK: Duration = Duration::from_secs(2);

/// Between two runs of what time destroys.
const RETENTION_EVERY: Duration = Duration::from_secs(6 * 3600);

/// Between two checkpoints of a growing audit log.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(3600);

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
}

impl Job {
    /// All of them.
    pub const ALL: [Job; 7] =
        [Job::Schedule, Job::Dispatch, Job::Recheck, Job::Retention, Job::Reload, Job::ControlSample, Job::Checkpoint];

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
            Job::Checkpoint => actor::Job::Checkpoint,
        })
    }

    /// The pause between two runs.
    pub fn every(self) -> Duration {
        match self {
            Job::Schedule | Job::Dispatch | Job::Recheck | Job::Reload => TICK,
            Job::Retention | Job::ControlSample => RETENTION_EVERY,
            Job::Checkpoint => CHECKPOINT_EVERY,
        }
    }
}

impl std::fmt::Display for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

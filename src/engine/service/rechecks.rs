//! Rechecks of a running hub: hosts side by side, of the cases of one host a page each in turn, so that a host whose pace is slow, or a
//! case with many pages, holds up nobody else's.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use crate::engine::recheck::{self, RecheckError, Rechecked, Row};
use crate::engine::service::{JobError, Outcome, Service, told};
use crate::vocab::ids::PlatformId;
use crate::vocab::terms::CaseSight;

/// Cases of one host looked at side by side.
const CASES_OF_A_HOST: usize = 20;

/// How long a step waits for hosts that answer soon; the others are heard of by a later step.
const SOON: Duration = Duration::from_secs(2);

/// Hosts that are being asked.
#[derive(Default)]
pub(super) struct Rows {
    running: JoinSet<Result<Vec<Rechecked>, RecheckError>>,
    busy: HashMap<Id, (PlatformId, String)>,
}

/// What became of one host's cases.
type Ended = Result<(Id, Result<Vec<Rechecked>, RecheckError>), JoinError>;

impl Rows {
    fn ended(&mut self, ended: Ended, done: &mut Vec<Rechecked>) -> Result<(), JobError> {
        match ended {
            Ok((id, result)) => {
                self.busy.remove(&id);
                done.extend(result?);
                Ok(())
            }
            Err(error) => {
                self.busy.remove(&error.id());
                Err(JobError::Panic)
            }
        }
    }

    /// Ends what is under way; it is due as before.
    pub(super) async fn end(&mut self) {
        self.running.shutdown().await;
    }
}

/// Starts on hosts with cases that are due, and gathers what came of those started now and before.
pub(super) async fn step(service: &Arc<Service>) -> Result<Outcome, JobError> {
    let mut rows = service.rechecks.lock().await;
    let mut done = Vec::new();
    let mut failed = None;
    for row in recheck::due(&service.rooms, CASES_OF_A_HOST)? {
        let Row { platform, host, .. } = &row;
        let place = (platform.clone(), host.clone());
        if rows.busy.values().any(|busy| *busy == place) {
            continue;
        }
        let (rooms, platforms) = (service.rooms.clone(), service.around.seeds.platforms());
        let task = rows.running.spawn(async move { recheck::row(&rooms, &platforms, &row, CASES_OF_A_HOST).await });
        rows.busy.insert(task.id(), place);
    }
    let until = Instant::now() + SOON;
    while let Ok(Some(ended)) = tokio::time::timeout_at(until, rows.running.join_next_with_id()).await {
        // The others are heard out first.
        if let Err(error) = rows.ended(ended, &mut done) {
            failed.get_or_insert(error);
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Ok(in_words(&done)),
    }
}

fn in_words(done: &[Rechecked]) -> Outcome {
    let of = |seen| done.iter().filter(|one| one.seen == seen).count();
    told(done.len(), || {
        format!("{} live, {} gone, {} not seen", of(CaseSight::Live), of(CaseSight::Gone), of(CaseSight::NotSeen))
    })
}

//! Starts the scans that are due by their platforms' schedules.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use tokio::task::{Id, JoinError, JoinSet};

use crate::engine::mandate::OWN_SITE;
use crate::engine::scan::{self, Looks, PlatformResult, ScanOrder};
use crate::engine::service::Job;
use crate::engine::service::{JobError, News, Outcome, PATIENCE, Service};
use crate::engine::{dispatch, schedule};
use crate::store::truth::TruthError;
use crate::vocab::ids::{MandateId, PlatformId};
use crate::vocab::platform::{Basis, Platform};
use crate::vocab::time::Timestamp;

/// Scheduled scans that run: each platform's by itself, so that a slow one delays nobody.
#[derive(Default)]
pub(super) struct Scans {
    running: JoinSet<()>,
    platforms: HashMap<Id, PlatformId>,
}

impl Scans {
    /// Forgets those that ended.
    fn forget(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
        self.platforms.remove(&id);
    }

    /// Waits for the end of all.
    pub(super) async fn ended(&mut self) {
        while let Some(ended) = self.running.join_next_with_id().await {
            self.forget(ended);
        }
    }
}

/// Starts what is due, except where the platform's scan before still runs. Each scan's end is noted as a run of the job of
/// its own.
pub(super) async fn start(service: &Arc<Service>) -> Result<Outcome, JobError> {
    let mut scans = service.scans.lock().await;
    while let Some(ended) = scans.running.try_join_next_with_id() {
        scans.forget(ended);
    }
    let rooms = &service.rooms;
    let now = rooms.now();
    let mut names = Vec::new();
    for platform in schedule::due(rooms, &service.around.seeds.platforms())? {
        if scans.platforms.values().any(|running| *running == platform.id) {
            continue;
        }
        rooms.truth.note_scheduled(&platform.id, now)?;
        let mandate = match mandate_of(service, &platform) {
            Ok(Some(mandate)) => mandate,
            Ok(None) => continue,
            Err(error) => {
                tracing::warn!(platform.id = %platform.id, %error, "scheduled scan of `{}` is refused", platform.id);
                continue;
            }
        };
        names.push(platform.id.to_string());
        let id = platform.id.clone();
        let order = ScanOrder {
            run: scan::run_id(now),
            platforms: vec![(platform, mandate)],
            max_pages: None,
            until: None,
            looks: Looks::Due,
        };
        let task = scans.running.spawn(scanned(service.clone(), order, now));
        scans.platforms.insert(task.id(), id);
    }
    if names.is_empty() {
        return Ok(Outcome::Nothing);
    }
    Ok(Outcome::Did(format!("started a scan of {}", names.join(", "))))
}

/// Scans a platform and tells of it.
async fn scanned(service: Arc<Service>, order: ScanOrder, began: Timestamp) {
    let clock = Instant::now();
    let result = carry_out(&service, order).await;
    if let Err(error) = &result {
        tracing::error!(%error, "scheduled scan failed");
    }
    let outcome = result.map(|results| {
        let (pages, hits) = results.iter().fold((0, 0), |sum, one| (sum.0 + one.pages, sum.1 + one.hits));
        results.into_iter().for_each(|result| (service.around.news)(News::Scanned(Box::new(result))));
        Outcome::Did(format!("scanned {pages} pages, {hits} hits"))
    });
    service.note(Job::Schedule, began, clock.elapsed(), &outcome);
}

/// The mandate a scheduled scan runs under; `None` when it may not run, which is logged.
fn mandate_of(service: &Service, platform: &Platform) -> Result<Option<MandateId>, TruthError> {
    let named = platform.schedule.as_ref().and_then(|schedule| schedule.mandate.clone());
    let Some(id) = named else {
        let own_site = platform.agreement.basis == Basis::OwnSite;
        return Ok(own_site.then(|| MandateId::parse(OWN_SITE).ok()).flatten());
    };
    match service.rooms.truth.mandate(&id)?.refuses(service.rooms.now()) {
        None => Ok(Some(id)),
        Some(reason) => {
            tracing::warn!(platform.id = %platform.id, reason, "scheduled scan of `{}` is refused", platform.id);
            Ok(None)
        }
    }
}

/// Scans, and lets what platforms agreed to go out by itself.
async fn carry_out(service: &Arc<Service>, order: ScanOrder) -> Result<Vec<PlatformResult>, JobError> {
    let mut stopped = service.stopped.clone();
    let stop = async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let watching = service.clone();
    let show = move |progress: &[_]| (watching.around.progress)(progress);
    let results = scan::run(service.rooms.clone(), order, show, stop).await?;
    dispatch::step_within(&service.rooms, &service.around.seeds.platforms(), Some(PATIENCE)).await?;
    Ok(results)
}

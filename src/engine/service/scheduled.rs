//! Starts the scans that are due by their platforms' schedules.

use std::sync::Arc;
use std::time::Instant;

use crate::engine::mandate::OWN_SITE;
use crate::engine::scan::{self, PlatformResult, ScanOrder};
use crate::engine::service::job::Job;
use crate::engine::service::{JobError, News, Outcome, Service};
use crate::engine::{dispatch, schedule};
use crate::store::truth::TruthError;
use crate::vocab::ids::MandateId;
use crate::vocab::platform::{Basis, Platform};

/// Starts what is due, unless the scans before still run. The scan's end is noted as a run of the job of its own.
pub(super) async fn start(service: &Arc<Service>) -> Result<Outcome, JobError> {
    let mut scans = service.scans.lock().await;
    while scans.try_join_next().is_some() {}
    if !scans.is_empty() {
        return Ok(Outcome::Nothing);
    }
    let rooms = &service.rooms;
    let now = rooms.now();
    let mut platforms = Vec::new();
    for platform in schedule::due(rooms, &(service.around.platforms)())? {
        rooms.truth.note_scheduled(&platform.id, now)?;
        match mandate_of(service, &platform) {
            Ok(Some(mandate)) => platforms.push((platform, mandate)),
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(platform.id = %platform.id, %error, "scheduled scan of `{}` is refused", platform.id);
            }
        }
    }
    if platforms.is_empty() {
        return Ok(Outcome::Nothing);
    }
    let names: Vec<String> = platforms.iter().map(|(platform, _)| platform.id.to_string()).collect();
    let order = ScanOrder { run: scan::run_id(now), platforms, max_pages: None, until: None };
    let service = service.clone();
    scans.spawn(async move {
        let clock = Instant::now();
        let result = carry_out(&service, order).await;
        if let Err(error) = &result {
            tracing::error!(%error, "scheduled scan failed");
        }
        let outcome = result.map(|results| {
            let (pages, hits) = results.iter().fold((0, 0), |sum, one| (sum.0 + one.pages, sum.1 + one.hits));
            results.into_iter().for_each(|result| (service.around.news)(News::Scanned(result)));
            Outcome::Did(format!("scanned {pages} pages, {hits} hits"))
        });
        service.note(Job::Schedule, now, clock.elapsed(), &outcome);
    });
    Ok(Outcome::Did(format!("started a scan of {}", names.join(", "))))
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
    dispatch::step(&service.rooms, &(service.around.platforms)()).await?;
    Ok(results)
}

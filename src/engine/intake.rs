//! Listings that a platform posts. From `listing` on they go the way of every other: detect, then `engine::record`.

use serde_json::Value;

use crate::detect::assessment::Assessment;
use crate::engine::record::{HandedOver, RecordError, Recording, Sighting};
use crate::engine::rooms::Rooms;
use crate::examine::{Bench, ExaminedListing, examine_listing};
use crate::listing::feed::Offered;
use crate::vocab::ids::RunId;
use crate::vocab::platform::Platform;
use crate::vocab::time::Deadline;

/// The run under which pushed listings are recorded.
const RUN: &str = "push";

/// One listing as a platform posted it.
#[derive(Debug, Clone)]
pub struct Pushed {
    /// The platform's own id of it: pushing it again updates, never doubles.
    pub id: String,
    /// The listing and where it is published.
    pub offered: Offered,
    /// The posted object, kept as evidence when the verdict is not clear.
    pub body: Value,
}

/// What became of one pushed listing.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The platform's id.
    pub id: String,
    /// What detection says.
    pub assessment: Assessment,
    /// Whether a case was opened because of it.
    pub opened: bool,
}

/// Judges and records pushed listings. When this returns they are durable; pushing the same again changes nothing that an
/// outsider sees. Blocks on disks and CPU.
///
/// # Errors
/// When a store refuses; then nothing of the call is recorded.
pub fn take_in(rooms: &Rooms, platform: &Platform, pushed: &[Pushed]) -> Result<Vec<Taken>, RecordError> {
    let detector = rooms.detector();
    let bench = Bench {
        detector: &detector,
        selectors: None,
        jurisdictions: &platform.referral.jurisdictions,
        languages: &platform.languages,
        limits: &rooms.settings.limits,
        deadline: Deadline::NEVER,
        owner: platform.id.as_str(),
        known: None,
        scope: None,
    };
    let examined: Vec<ExaminedListing> =
        pushed.iter().map(|one| examine_listing(one.offered.listing.clone(), &bench)).collect();
    let mut recording = Recording::begin(rooms);
    let run = RunId::parse(RUN).unwrap_or_else(|_| unreachable!("a word forms a run id"));
    let now = rooms.now();
    for (one, examined) in pushed.iter().zip(&examined) {
        let seen = Sighting { platform: &platform.id, url: &one.offered.url, run: &run, at: now, status: 200 };
        // The posted object is the evidence.
        recording.handed_over(seen, HandedOver::Push(&one.id), examined, |recording| {
            let body = serde_json::to_vec(&one.body)?;
            Ok(Some(recording.resource(seen, &one.id, &body)?))
        })?;
    }
    let recorded = recording.commit()?;
    rooms.hot.flush()?;
    let taken = pushed.iter().zip(examined).zip(recorded).map(|((one, examined), (_, recorded))| Taken {
        id: one.id.clone(),
        assessment: examined.assessment,
        opened: recorded.referrals_new > 0,
    });
    Ok(taken.collect())
}

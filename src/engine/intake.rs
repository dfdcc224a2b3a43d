//! Listings that a platform posts. From `listing` on they go the way of every other: detect, then `engine::record`.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::detect::assessment::Verdict;
use crate::engine::offered;
use crate::engine::record::{HandedOver, RecordError, Recording, Sighting};
use crate::engine::rooms::Rooms;
use crate::examine::{Bench, ExaminedListing, examine_listing};
use crate::listing::feed::Offered;
use crate::vocab::ids::RunId;
use crate::vocab::platform::Platform;

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

/// Pushed listings, and bytes of them, that are judged and recorded together while others wait for their turn.
const AT_ONCE: usize = 50;
const BYTES_AT_ONCE: usize = 512 << 10;

/// How long after a call began its listings are still taken up. The answer is due before the request counts as lost.
const WORK_DEADLINE: Duration = Duration::from_secs(24);

/// Why a pushed listing was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// It stands on a host that the agreement does not cover.
    #[error("{0}")]
    Refused(String),
    /// Those before it took the time.
    #[error("the call took too long; send it again")]
    TooLate,
    /// The store refused it; those before it are recorded.
    #[error("the store cannot be written now; send it again")]
    Unwritten,
}

/// Takes in pushed listings, in order, a few at a time: what others hand over meanwhile waits for those only. What the time
/// does not suffice for, counted from when the call `begun`, is refused. Blocks on disks and CPU.
///
/// # Errors
/// When a store refuses the first of them; then nothing of the call is recorded.
pub fn take_in_turns(
    rooms: &Rooms,
    platform: &Platform,
    pushed: Vec<Pushed>,
    begun: Instant,
) -> Result<Vec<Result<Verdict, NotTaken>>, RecordError> {
    let mut judged = Vec::with_capacity(pushed.len());
    let mut pushed = pushed.into_iter().peekable();
    while pushed.peek().is_some() {
        let (mut some, mut bytes) = (Vec::new(), 0);
        while some.len() < AT_ONCE
            && bytes < BYTES_AT_ONCE
            && let Some(one) = pushed.next()
        {
            bytes += one.offered.listing.description.len();
            some.push(one);
        }
        if begun.elapsed() > WORK_DEADLINE {
            judged.extend(some.iter().map(|_| Err(NotTaken::TooLate)));
            continue;
        }
        let refused: Vec<Option<String>> = some
            .iter()
            .map(|one| offered::wanted(platform, &one.offered.url).err().map(|refusal| refusal.to_string()))
            .collect();
        let kept = some.into_iter().zip(&refused).filter(|(_, refusal)| refusal.is_none());
        let wanted: Vec<Pushed> = kept.map(|(one, _)| one).collect();
        let mut verdicts = match take_in(rooms, platform, &wanted) {
            Ok(verdicts) => verdicts.into_iter(),
            Err(error) if judged.is_empty() => return Err(error),
            Err(error) => {
                tracing::error!(%error, "some listings of a call could not be taken in");
                Vec::new().into_iter()
            }
        };
        judged.extend(refused.into_iter().map(|refusal| match refusal {
            Some(refusal) => Err(NotTaken::Refused(refusal)),
            None => verdicts.next().ok_or(NotTaken::Unwritten),
        }));
    }
    Ok(judged)
}

/// Judges and records pushed listings. When this returns they are durable; pushing the same again changes nothing that an
/// outsider sees. Blocks on disks and CPU.
///
/// # Errors
/// When a store refuses; then nothing of the call is recorded.
fn take_in(rooms: &Rooms, platform: &Platform, pushed: &[Pushed]) -> Result<Vec<Verdict>, RecordError> {
    let detector = rooms.detector();
    let bench = Bench::of(&detector, platform, &rooms.settings.limits);
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
    recording.commit()?;
    rooms.hot.flush()?;
    Ok(examined.iter().map(|one| one.assessment.verdict).collect())
}

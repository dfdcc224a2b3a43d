//! Judging a stored hit again, by the listing as it was captured: what is stored has its contacts hidden, and a verdict rests on
//! them too.

use std::fmt;

use crate::archive::ArchiveError;
use crate::archive::warc_reader::read_cited;
use crate::detect::assessment::Assessment;
use crate::engine::record::HandedOver;
use crate::engine::rooms::Rooms;
use crate::evidence::capture::Capture;
use crate::evidence::warc::RecordType;
use crate::examine::{Bench, ExaminedListing, examine, examine_listing};
use crate::listing::feed;
use crate::listing::{CompiledSelectors, input::ListingId};
use crate::store::truth::{NOT_FROM_A_PAGE, StoredHit};
use crate::vocab::platform::Platform;
use crate::vocab::time::Deadline;

/// Why a hit keeps the verdict it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// Its captured page was destroyed, as retention asks, or its file is gone.
    Destroyed,
    /// The record is damaged.
    Unreadable,
    /// The reader of this version does not find the listing in it.
    NotFound,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Left::Destroyed => "the captured page was destroyed",
            Left::Unreadable => "the captured page cannot be read",
            Left::NotFound => "the listing is not found in the captured page",
        })
    }
}

/// Judges a hit by the listing in its evidence.
///
/// # Errors
/// Why it keeps its verdict.
pub fn judge(rooms: &Rooms, platform: &Platform, hit: &StoredHit) -> Result<Assessment, Left> {
    let folder = rooms.warc.lock().unwrap_or_else(std::sync::PoisonError::into_inner).folder().to_owned();
    let warc = hit.warc.as_ref().ok_or(Left::Destroyed)?;
    let record = read_cited(&folder, warc).map_err(|error| match error {
        ArchiveError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Left::Destroyed,
        _ => Left::Unreadable,
    })?;
    let capture = record.to_capture().ok_or(Left::Unreadable)?;
    let detector = rooms.detector();
    let selectors = platform.listing.as_ref().and_then(|listing| CompiledSelectors::compile(listing).ok());
    let bench = Bench {
        detector: &detector,
        selectors: selectors.as_ref(),
        jurisdictions: &platform.referral.jurisdictions,
        languages: &platform.languages,
        limits: &rooms.settings.limits,
        deadline: Deadline::NEVER,
        owner: platform.id.as_str(),
        known: None,
        scope: None,
    };
    let found = if record.record_type() == RecordType::Resource {
        posted(&capture, &bench)
    } else if hit.ordinal >= NOT_FROM_A_PAGE {
        let read = feed::read(&capture.body, &capture.url, rooms.settings.limits.listing_bytes);
        let offers = read.offers.into_iter().map(|offered| examine_listing(offered.listing, &bench));
        offers.map(|one| (HandedOver::Feed.ordinal(&one), one)).collect()
    } else {
        // What a page was asked for under is told by its citation.
        examine(&capture, &bench).listings.into_iter().zip(0..).map(|(one, ordinal)| (ordinal, one)).collect()
    };
    let is_same = |one: &&(u32, ExaminedListing)| one.1.fingerprints().content.to_string() == hit.content_digest;
    let is_there = |one: &&(u32, ExaminedListing)| one.0 == hit.ordinal;
    let listing = found.iter().find(|one| is_same(one) && is_there(one)).or_else(|| found.iter().find(is_same));
    listing.or_else(|| found.iter().find(is_there)).map(|(_, one)| one.assessment.clone()).ok_or(Left::NotFound)
}

/// The listing that a platform posted, which is the record itself.
fn posted(capture: &Capture, bench: &Bench<'_>) -> Vec<(u32, ExaminedListing)> {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(&capture.body) else { return Vec::new() };
    let Ok(offered) = feed::offered(&value, None, bench.limits.listing_bytes) else { return Vec::new() };
    let examined = examine_listing(offered.listing, bench);
    let id = value.get("id").and_then(ListingId::of).map(|id| id.to_string()).unwrap_or_default();
    vec![(HandedOver::Push(&id).ordinal(&examined), examined)]
}

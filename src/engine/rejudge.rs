//! Judging a stored hit again, by the listing as it was captured: what is stored has its contacts hidden, and a verdict rests on
//! them too.

use std::fmt;

use crate::archive::ArchiveError;
use crate::archive::warc_reader::read_cited;
use crate::engine::record::{self, HandedOver};
use crate::engine::rooms::Rooms;
use crate::engine::scan::worker::reading_time;
use crate::evidence::capture::Capture;
use crate::evidence::warc::{RecordType, WarcRef};
use crate::examine::{Bench, ExaminedListing, examine, examine_listing};
use crate::listing::feed;
use crate::listing::{CompiledSelectors, input::ListingId};
use crate::store::truth::{HitRecord, NOT_FROM_A_PAGE, StoredHit};
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

/// The listings of a record, each with its place on the page and the digest of its text.
type Found = Vec<(u32, String, ExaminedListing)>;

/// Judges hits again. Those of one page come one after the other, and the page is read once.
pub struct Rejudge<'a> {
    rooms: &'a Rooms,
    last: Option<(WarcRef, Found)>,
}

impl<'a> Rejudge<'a> {
    /// With the present watchlist.
    pub fn new(rooms: &'a Rooms) -> Self {
        Rejudge { rooms, last: None }
    }

    /// Judges a hit by the listing in its evidence, and answers that listing.
    ///
    /// # Errors
    /// Why it keeps its verdict.
    pub fn judge(&mut self, platform: &Platform, hit: &StoredHit) -> Result<HitRecord, Left> {
        let cited = hit.warc.as_ref().ok_or(Left::Destroyed)?;
        let found = match self.last.take() {
            Some((record, found)) if record == *cited => found,
            _ => read(self.rooms, platform, hit, cited)?,
        };
        let (_, found) = self.last.insert((cited.clone(), found));
        let is_there = |one: &&(u32, String, ExaminedListing)| one.0 == hit.ordinal;
        let is_same = |one: &&(u32, String, ExaminedListing)| one.1 == hit.content_digest;
        let listing = found.iter().find(|one| is_same(one) && is_there(one)).or_else(|| found.iter().find(is_same));
        let (_, _, listing) = listing.or_else(|| found.iter().find(is_there)).ok_or(Left::NotFound)?;
        Ok(record::as_judged_now(hit, listing))
    }
}

fn read(rooms: &Rooms, platform: &Platform, hit: &StoredHit, cited: &WarcRef) -> Result<Found, Left> {
    let folder = rooms.warc.lock().unwrap_or_else(std::sync::PoisonError::into_inner).folder().to_owned();
    let record = read_cited(&folder, cited).map_err(|error| match error {
        ArchiveError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => Left::Destroyed,
        _ => Left::Unreadable,
    })?;
    let capture = record.to_capture().ok_or(Left::Unreadable)?;
    let detector = rooms.detector();
    let selectors = platform.listing.as_ref().and_then(|listing| CompiledSelectors::compile(listing).ok());
    let limits = &rooms.settings.limits;
    let over = reading_time(limits);
    let bench = Bench {
        selectors: selectors.as_ref(),
        deadline: Deadline::new(&over),
        ..Bench::of(&detector, platform, limits)
    };
    let found: Vec<(u32, ExaminedListing)> = if record.record_type() == RecordType::Resource {
        posted(&capture, &bench)
    } else if hit.ordinal >= NOT_FROM_A_PAGE {
        let offers = feed::read(&capture.body, &capture.url, limits.listing_bytes).offers;
        let offers = offers.into_iter().map(|offered| examine_listing(offered.listing, &bench));
        offers.map(|one| (HandedOver::Feed.ordinal(&one), one)).collect()
    } else {
        (0..).zip(examine(&capture, &bench).listings).collect()
    };
    let with_digest = |(ordinal, one): (u32, ExaminedListing)| (ordinal, one.fingerprints().content.to_string(), one);
    Ok(found.into_iter().map(with_digest).collect())
}

/// The listing that a platform posted, which is the record itself.
fn posted(capture: &Capture, bench: &Bench<'_>) -> Vec<(u32, ExaminedListing)> {
    let Ok(value) = serde_json::from_slice::<serde_json::Value>(&capture.body) else { return Vec::new() };
    let Ok(offered) = feed::offered(&value, None, bench.limits.listing_bytes) else { return Vec::new() };
    let examined = examine_listing(offered.listing, bench);
    let id = value.get("id").and_then(ListingId::of).map(|id| id.to_string()).unwrap_or_default();
    vec![(HandedOver::Push(&id).ordinal(&examined), examined)]
}

//! Listings that no page of ours brought: pushed by a platform, or read from its listing feed. From `listing` on they go
//! the way of every other: detect, dedup, evidence before claim, hit, case.

use std::sync::PoisonError;

use serde_json::Value;

use crate::detect::assessment::{Assessment, Verdict};
use crate::engine::rooms::Rooms;
use crate::engine::scan::committer::{CommitError, cluster_of};
use crate::evidence::warc::WarcRef;
use crate::examine::{Bench, ExaminedListing, examine_listing};
use crate::listing::feed::Offered;
use crate::store::truth::{Covers, HitRecord, NOT_FROM_A_PAGE, PageRecord};
use crate::vocab::ids::{RunId, Sha256Digest};
use crate::vocab::platform::{OutOfScope, Platform};
use crate::vocab::time::{Deadline, Timestamp};
use crate::vocab::url::CanonicalUrl;

/// Pushed listings are told apart by their ids; their ordinals lie beyond those of feeds and pages.
const PUSH_ORDINAL: u32 = 0x4000_0000;

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

/// Why a pushed listing is not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unwanted {
    /// Its page lies outside the platform.
    #[error("`url` is on a host outside the agreement")]
    Host,
}

/// Whether the agreement covers the page a listing is published at. Paths say what is crawled; what a platform hands over
/// it may hand over.
///
/// # Errors
/// When the page lies on a host that is not the platform's.
pub fn wanted(platform: &Platform, url: &CanonicalUrl) -> Result<(), Unwanted> {
    match platform.in_scope(url) {
        Ok(()) | Err(OutOfScope::Path) => Ok(()),
        Err(OutOfScope::Host) => Err(Unwanted::Host),
    }
}

/// Judges and records pushed listings. When this returns they are durable; pushing the same again changes nothing that an
/// outsider sees. Blocks on disks and CPU.
///
/// # Errors
/// When a store refuses; then nothing of the call is recorded.
pub fn take_in(rooms: &Rooms, platform: &Platform, pushed: &[Pushed]) -> Result<Vec<Taken>, CommitError> {
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
    };
    let examined: Vec<ExaminedListing> =
        pushed.iter().map(|one| examine_listing(one.offered.listing.clone(), &bench)).collect();
    // One at a time with the committer: two copies recorded at once must find the same cluster.
    let _turn = rooms.recording.lock().unwrap_or_else(PoisonError::into_inner);
    let now = rooms.now();
    let run = RunId::parse(RUN).unwrap_or_else(|_| unreachable!("a word forms a run id"));
    let mut records = Vec::new();
    let mut places = Vec::new();
    for (one, examined) in pushed.iter().zip(&examined) {
        let ordinal = PUSH_ORDINAL | (low_bits(&one.id) & 0x3fff_ffff);
        let url = &one.offered.url;
        let mut record = PageRecord {
            platform: platform.id.clone(),
            url: url.clone(),
            run: run.clone(),
            fetched_at: now,
            status: 200,
            unchanged: false,
            covers: Covers::Listing(ordinal),
            warc: None,
            listings: Vec::new(),
        };
        if examined.assessment.verdict != Verdict::Clear {
            record.warc = Some(evidence(rooms, platform, one, now, &mut places)?);
            record.listings.push(hit(rooms, platform, url, ordinal, examined)?);
        }
        records.push(record);
    }
    rooms.warc.lock().unwrap_or_else(PoisonError::into_inner).sync()?;
    let recorded = rooms.truth.record(&records, now)?;
    for (digest, place) in &places {
        rooms.hot.remember_payload(&platform.id, digest, place)?;
    }
    rooms.hot.flush()?;
    let taken = pushed.iter().zip(examined).zip(recorded).map(|((one, examined), recorded)| Taken {
        id: one.id.clone(),
        assessment: examined.assessment,
        opened: recorded.referrals_new > 0,
    });
    Ok(taken.collect())
}

/// The ordinal of a feed's listing: offers published at one page are told apart by the feed's ids.
pub(super) fn feed_ordinal(examined: &ExaminedListing) -> u32 {
    let id = examined.listing.identifiers.iter().find(|(name, _)| name == "sku" || name == "listing id");
    let id = id.map_or("", |(_, id)| id.as_str());
    NOT_FROM_A_PAGE | (low_bits(id) & 0x0fff_ffff)
}

fn low_bits(text: &str) -> u32 {
    let bytes = xxhash_rust::xxh3::xxh3_64(text.as_bytes()).to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// The record of truth's form of a listing that is not clear.
pub(super) fn hit(
    rooms: &Rooms,
    platform: &Platform,
    url: &CanonicalUrl,
    ordinal: u32,
    examined: &ExaminedListing,
) -> Result<HitRecord, CommitError> {
    let prints = examined.fingerprints();
    let cluster = cluster_of(rooms, &platform.id, url, ordinal, &prints.minhash, true)?;
    Ok(HitRecord::of(ordinal, examined, &prints, cluster))
}

/// The posted object as a WARC resource record, or the record that holds the same bytes already.
fn evidence(
    rooms: &Rooms,
    platform: &Platform,
    one: &Pushed,
    now: Timestamp,
    places: &mut Vec<(Sha256Digest, Vec<u8>)>,
) -> Result<WarcRef, CommitError> {
    let body = serde_json::to_vec(&one.body)?;
    let digest = Sha256Digest::of(&body);
    let held = places.iter().find(|(held, _)| *held == digest).map(|(_, place)| place.clone());
    let held = match held {
        Some(place) => Some(place),
        None => rooms.hot.seen_payload(&platform.id, &digest)?,
    };
    if let Some(place) = held {
        let (_, _, held): (String, Timestamp, WarcRef) = serde_json::from_slice(&place)?;
        return Ok(held);
    }
    let url = &one.offered.url;
    let about = [("platform", platform.id.as_str()), ("run", RUN), ("listing", one.id.as_str())];
    let mut warc = rooms.warc.lock().unwrap_or_else(PoisonError::into_inner);
    let held = warc.write_resource(url, now, "application/json", &body, &about)?;
    places.push((digest, serde_json::to_vec(&(url.as_str(), now, &held))?));
    Ok(held)
}

//! The one way in which a judged listing, from a page, a feed or a push, becomes evidence, hit and case.
//!
//! A [`Recording`] collects what belongs together: evidence is written as it comes, then synced, then the record of truth
//! hears of everything in one transaction, then the dedup index is told where the payloads lie. Nobody else writes WARC
//! records or hits.

use std::collections::{BTreeSet, HashMap};
use std::sync::{MutexGuard, PoisonError};

use crate::archive::ArchiveError;
use crate::archive::warc_reader::read_cited;
use crate::dedup::cluster::{self, Subject};
use crate::dedup::minhash::MinHash;
use crate::detect::assessment::Verdict;
use crate::engine::rooms::Rooms;
use crate::evidence::capture::Capture;
use crate::evidence::warc::form::{Original, RevisitProfile};
use crate::evidence::warc::{Record, WarcRef};
use crate::examine::ExaminedListing;
use crate::store::hot::HotError;
use crate::store::truth::{ClusterAt, Covers, HitRecord, NOT_FROM_A_PAGE, PageRecord, Recorded, StoredHit, TruthError};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{ClusterId, MandateId, PlatformId, RunId, Sha256Digest};
use crate::vocab::time::Timestamp;

/// Pushed listings are told apart by their ids; their ordinals lie beyond those of feeds and pages.
const PUSH_ORDINAL: u32 = 0x4000_0000;

/// Why something could not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Evidence could not be written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The record of truth refused.
    #[error(transparent)]
    Truth(#[from] TruthError),
    /// The frontier store refused.
    #[error(transparent)]
    Hot(#[from] HotError),
    /// A noted place cannot be read.
    #[error("a noted record cannot be read: {0}")]
    Place(#[from] serde_json::Error),
}

/// Where and when listings were seen, and under which run.
#[derive(Debug, Clone, Copy)]
pub struct Sighting<'a> {
    /// Platform.
    pub platform: &'a PlatformId,
    /// The page they are published at.
    pub url: &'a FoundUrl,
    /// Run.
    pub run: &'a RunId,
    /// When.
    pub at: Timestamp,
    /// HTTP status.
    pub status: u16,
}

/// How a platform handed a listing over, by which it is told apart from others at the same page.
#[derive(Debug, Clone, Copy)]
pub enum HandedOver<'a> {
    /// In a feed: by the feed's ids.
    Feed,
    /// Posted, under the platform's own id.
    Push(&'a str),
}

impl HandedOver<'_> {
    pub(super) fn ordinal(self, examined: &ExaminedListing) -> u32 {
        match self {
            HandedOver::Feed => {
                let mut named = examined.listing.identifiers.iter();
                let id = named.find(|(name, _)| name == "sku" || name == "listing id");
                NOT_FROM_A_PAGE | (low_bits(id.map_or("", |(_, id)| id.as_str())) & 0x0fff_ffff)
            }
            HandedOver::Push(id) => PUSH_ORDINAL | (low_bits(id) & 0x3fff_ffff),
        }
    }
}

fn low_bits(text: &str) -> u32 {
    let bytes = xxhash_rust::xxh3::xxh3_64(text.as_bytes()).to_le_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// A stored hit as the listing in its evidence is judged now. It keeps its place and its cluster.
pub(super) fn as_judged_now(stored: &StoredHit, examined: &ExaminedListing) -> HitRecord {
    HitRecord::of(stored.ordinal, examined, &examined.fingerprints(), stored.cluster.clone())
}

/// What is recorded together.
pub struct Recording<'a> {
    rooms: &'a Rooms,
    /// One at a time: two copies of an offer recorded at once must find one cluster.
    _turn: MutexGuard<'a, ()>,
    records: Vec<PageRecord>,
    /// Payloads written in this recording, with the place of their records.
    written: HashMap<(PlatformId, Sha256Digest), Vec<u8>>,
}

impl<'a> Recording<'a> {
    /// Waits for its turn.
    pub fn begin(rooms: &'a Rooms) -> Self {
        let turn = rooms.recording.lock().unwrap_or_else(PoisonError::into_inner);
        Recording { rooms, _turn: turn, records: Vec::new(), written: HashMap::new() }
    }

    /// Writes a page that was fetched: a full record, or a revisit record where the same bytes are on file already.
    /// `known` is the digest of the bytes that a 304 stands for. Answers the record that holds the bytes.
    ///
    /// # Errors
    /// When the disk or a store refuses.
    pub fn exchange(
        &mut self,
        platform: &PlatformId,
        (run, mandate): (&RunId, &MandateId),
        capture: &Capture,
        revisit: Revisit,
    ) -> Result<Option<WarcRef>, RecordError> {
        let (digest, profile) = match revisit {
            Revisit::NotModified { known: None } => return Ok(None),
            Revisit::NotModified { known: Some(digest) } => (digest, RevisitProfile::ServerNotModified),
            Revisit::Answered => (capture.payload_digest(), RevisitProfile::IdenticalPayloadDigest),
        };
        let mut warc = self.rooms.warc.lock().unwrap_or_else(PoisonError::into_inner);
        let place = self.place(platform, digest)?;
        // What retention destroyed, or what a damaged store names wrongly, cannot be referred to.
        if let Some((url, fetched_at, held)) = place.filter(|(_, _, held)| warc.holds(held)) {
            let original = Original { record_id: held.record_id.clone(), url, fetched_at, payload_digest: digest };
            warc.write_revisit(capture, &original, profile)?;
            // A hit cites the record that holds the bytes.
            return Ok(Some(held));
        }
        if matches!(revisit, Revisit::NotModified { .. }) {
            return Ok(None);
        }
        let about = [("platform", platform.as_str()), ("run", run.as_str()), ("mandate", mandate.as_str())];
        let held = warc.write_exchange(capture, &about)?;
        drop(warc);
        self.note(platform, digest, (&capture.url, capture.fetched_at), &held)?;
        Ok(Some(held))
    }

    /// Writes what a platform posted as a resource record; answers the record that holds the same bytes, old or new.
    ///
    /// # Errors
    /// When the disk or a store refuses.
    pub fn resource(&mut self, seen: Sighting<'_>, id: &str, body: &[u8]) -> Result<WarcRef, RecordError> {
        let digest = Sha256Digest::of(body);
        let mut warc = self.rooms.warc.lock().unwrap_or_else(PoisonError::into_inner);
        let place = self.place(seen.platform, digest)?;
        // Nor can it be cited.
        if let Some((_, _, held)) = place.filter(|(_, _, held)| warc.holds(held)) {
            return Ok(held);
        }
        let about = [("platform", seen.platform.as_str()), ("run", seen.run.as_str()), ("listing", id)];
        let held = warc.write_resource(seen.url, seen.at, "application/json", body, &about)?;
        drop(warc);
        self.note(seen.platform, digest, (seen.url, seen.at), &held)?;
        Ok(held)
    }

    /// What a visit to a page says of its listings: those that are not clear are seen, others of a page that was read to its end
    /// are gone.
    ///
    /// # Errors
    /// When a store refuses.
    pub fn page(
        &mut self,
        seen: Sighting<'_>,
        told: Told,
        listings: &[ExaminedListing],
        evidence: Option<WarcRef>,
    ) -> Result<(), RecordError> {
        let alone = listings.len() == 1;
        let mut hits = Vec::new();
        for (ordinal, examined) in listings.iter().enumerate() {
            if examined.assessment.verdict != Verdict::Clear {
                let ordinal = u32::try_from(ordinal).unwrap_or(u32::MAX);
                hits.push(self.hit(seen, ordinal, examined, alone)?);
            }
        }
        let covers = match told {
            Told::All | Told::Unchanged => Covers::Page,
            Told::Part => Covers::Part,
            Told::Kept => Covers::Kept,
        };
        self.add(seen, told == Told::Unchanged, covers, evidence, hits);
        Ok(())
    }

    /// A listing that a platform handed over itself, which says nothing of others at the same page. `evidence` is asked for
    /// only if the listing is not clear.
    ///
    /// # Errors
    /// When the disk or a store refuses.
    pub fn handed_over(
        &mut self,
        seen: Sighting<'_>,
        by: HandedOver<'_>,
        examined: &ExaminedListing,
        evidence: impl FnOnce(&mut Self) -> Result<Option<WarcRef>, RecordError>,
    ) -> Result<(), RecordError> {
        let ordinal = by.ordinal(examined);
        let (mut held, mut hits) = (None, Vec::new());
        if examined.assessment.verdict != Verdict::Clear {
            held = evidence(self)?;
            hits.push(self.hit(seen, ordinal, examined, true)?);
        }
        self.add(seen, false, Covers::Listing(ordinal), held, hits);
        Ok(())
    }

    /// Makes everything durable: evidence, then the record of truth, then the places of payloads. Answers, in the order in
    /// which it was added, whose record it was and what it changed.
    ///
    /// # Errors
    /// When the disk or a store refuses; then nothing is recorded.
    pub fn commit(&mut self) -> Result<Vec<(PlatformId, Recorded)>, RecordError> {
        self.rooms.warc.lock().unwrap_or_else(PoisonError::into_inner).sync()?;
        let records = std::mem::take(&mut self.records);
        let recorded =
            if records.is_empty() { Vec::new() } else { self.rooms.truth.record(&records, self.rooms.now())? };
        // Only now: a note of a record that the disk does not hold would be cited for ever.
        for ((platform, digest), place) in self.written.drain() {
            self.rooms.hot.remember_payload(&platform, &digest, &place)?;
        }
        Ok(records.into_iter().map(|record| record.platform).zip(recorded).collect())
    }

    fn add(
        &mut self,
        seen: Sighting<'_>,
        unchanged: bool,
        covers: Covers,
        warc: Option<WarcRef>,
        listings: Vec<HitRecord>,
    ) {
        self.records.push(PageRecord {
            platform: seen.platform.clone(),
            url: seen.url.clone(),
            run: seen.run.clone(),
            fetched_at: seen.at,
            status: seen.status,
            unchanged,
            covers,
            warc,
            listings,
        });
    }

    /// The record of truth's form of a listing that is not clear.
    fn hit(
        &self,
        seen: Sighting<'_>,
        ordinal: u32,
        examined: &ExaminedListing,
        alone: bool,
    ) -> Result<HitRecord, RecordError> {
        let prints = examined.fingerprints();
        let seller = examined.listing.seller.as_deref().map(|seller| self.rooms.truth.seal(seller));
        let subject = Subject::of_assessment(&examined.assessment, seller);
        let names = cluster::names_of(&examined.assessment);
        let cluster = self.cluster_of(seen, ordinal, (&prints.minhash, &subject, &names), alone)?;
        Ok(HitRecord::of(ordinal, examined, &prints, cluster))
    }

    /// The cluster a hit belongs to. A new cluster is named after the page, so that repeating a visit names it the same.
    ///
    /// `alone`: it is the only one at its page, so that it is of one cluster with what was recorded there before, whatever
    /// way either came.
    fn cluster_of(
        &self,
        seen: Sighting<'_>,
        ordinal: u32,
        (minhash, subject, names): (&MinHash, &Subject, &BTreeSet<String>),
        alone: bool,
    ) -> Result<ClusterId, RecordError> {
        let Rooms { hot, truth, .. } = self.rooms;
        let mut candidates = hot.cluster_candidates(seen.platform, minhash)?;
        let known = truth.clusters_at(seen.platform, seen.url)?;
        let joined = loop {
            let Some(id) = cluster::join(minhash, subject, &candidates) else { break None };
            // One text under very many addresses is more than one case: nobody looks at thousands of pages at once.
            if known.iter().any(|held| held.id == id) || !truth.is_cluster_full(seen.platform, &id)? {
                break Some(id);
            }
            candidates.retain(|one| one.cluster != id);
        };
        // What came another way before, or read otherwise, is of one cluster with it, unless it is about other substances.
        let joined = joined.or_else(|| {
            if !alone {
                return None;
            }
            let mut there = known.iter().filter(|held| !held.is_kept);
            let only = there.next().filter(|_| there.next().is_none());
            let is_about_it =
                |held: &&ClusterAt| held.names.is_empty() || names.is_empty() || !held.names.is_disjoint(names);
            // What stood there before may be back.
            let before = known.iter().find(|held| held.is_kept && !held.names.is_disjoint(names));
            only.filter(is_about_it).or(before).map(|held| held.id.clone())
        });
        let id = match joined {
            Some(id) => id,
            None => {
                let mut name = format!("{:032x}-{ordinal}", seen.url.key());
                if known.iter().any(|held| held.id.as_str() == name) {
                    name = format!("{name}-{:016x}", subject.substances);
                }
                ClusterId::parse(&name)
                    .unwrap_or_else(|_| unreachable!("hexadecimal digits and a number form a cluster id"))
            }
        };
        hot.remember_cluster(seen.platform, &id, minhash, subject)?;
        Ok(id)
    }

    /// Where a payload lies already: the page it came from, when, and the record.
    fn place(&self, platform: &PlatformId, digest: Sha256Digest) -> Result<Option<Place>, RecordError> {
        match self.written.get(&(platform.clone(), digest)) {
            Some(place) => Ok(Some(serde_json::from_slice(place)?)),
            None => place_on_file(self.rooms, platform, digest),
        }
    }

    fn note(
        &mut self,
        platform: &PlatformId,
        digest: Sha256Digest,
        (url, at): (&FoundUrl, Timestamp),
        held: &WarcRef,
    ) -> Result<(), RecordError> {
        let place = serde_json::to_vec(&(url.as_str(), at, held))?;
        self.written.insert((platform.clone(), digest), place);
        Ok(())
    }
}

/// The page a payload came from, when, and the record that holds it.
type Place = (String, Timestamp, WarcRef);

fn place_on_file(rooms: &Rooms, platform: &PlatformId, digest: Sha256Digest) -> Result<Option<Place>, RecordError> {
    let place = rooms.hot.seen_payload(platform, &digest)?;
    Ok(place.map(|place| serde_json::from_slice(&place)).transpose()?)
}

/// The record that holds a payload of a platform, and its place; `None` where none was kept, or retention destroyed it.
///
/// # Errors
/// When the record is damaged, or a store or the disk refuses.
pub fn kept(
    rooms: &Rooms,
    platform: &PlatformId,
    digest: Sha256Digest,
) -> Result<Option<(Record, WarcRef)>, RecordError> {
    let Some((_, _, place)) = place_on_file(rooms, platform, digest)? else { return Ok(None) };
    let folder = rooms.warc.lock().unwrap_or_else(PoisonError::into_inner).folder().to_owned();
    match read_cited(&folder, &place) {
        Ok(record) => Ok(Some((record, place))),
        Err(ArchiveError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// How much a visit tells of a page's listings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// What the page does not show is not on it.
    All,
    /// What the page does not show may be where it was not read.
    Part,
    /// It is as it was.
    Unchanged,
    /// The page was not asked: what was kept of it is judged anew.
    Kept,
}

/// Whether an exchange brought a body.
#[derive(Debug, Clone, Copy)]
pub enum Revisit {
    /// It did.
    Answered,
    /// 304: the bytes are those of an earlier visit, if that was kept.
    NotModified {
        /// Digest of those bytes.
        known: Option<Sha256Digest>,
    },
}

/// Records that a page is gone, with every listing under its address.
///
/// # Errors
/// When a store refuses.
pub fn gone(rooms: &Rooms, platform: &PlatformId, url: &FoundUrl, run: &RunId) -> Result<(), RecordError> {
    let mut recording = Recording::begin(rooms);
    // What was handed over under this address is gone with the page.
    let seen = Sighting { platform, url, run, at: rooms.now(), status: 410 };
    recording.page(seen, Told::All, &[], None)?;
    recording.commit()?;
    Ok(())
}

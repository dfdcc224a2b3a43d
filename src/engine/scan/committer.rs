//! The durable side of a scan: what is done, made permanent in one order. Runs in a thread of its own.
//!
//! WARC records are written and synced, then one SQLite transaction, then one sled batch flushed; only then is a lease
//! settled. Work is taken in groups: whatever is waiting is committed together, so a slow crawl commits page by page and
//! a fast one does not wait for the disk at each page.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::archive::ArchiveError;
use crate::config::settings::Keep;
use crate::dedup::cluster;
use crate::detect::assessment::Verdict;
use crate::engine::intake;
use crate::engine::rooms::Rooms;
use crate::engine::scan::PlatformScan;
use crate::engine::scan::sample;
use crate::evidence::capture::Capture;
use crate::evidence::warc::WarcRef;
use crate::evidence::warc::form::{Original, RevisitProfile};
use crate::examine::ExaminedListing;
use crate::fetch::gate::Answer;
use crate::frontier::entry::{NewEntry, Settlement};
use crate::store::hot::{HotError, SettleBatch};
use crate::store::truth::{Covers, HitRecord, PageRecord, TruthError};
use crate::vocab::ids::{ClusterId, PlatformId, Sha256Digest};
use crate::vocab::time::Timestamp;
use crate::vocab::url::CanonicalUrl;

/// Pages committed together at most, and the bytes of the captures they keep.
const GROUP: usize = 512;
const GROUP_BYTES: usize = 16 << 20;

/// Commits follow each other no faster than this, unless a group is full.
const BETWEEN_COMMITS: Duration = Duration::from_millis(100);

/// How often a group that waits takes in what came.
const LOOK: Duration = Duration::from_millis(10);

/// A visit that ended, on its way to the disks.
pub struct Done {
    /// The scan it belongs to.
    pub scan: Arc<PlatformScan>,
    /// The end of its lease.
    pub settlement: Settlement,
    /// Links the frontier should hear of.
    pub links: Vec<NewEntry>,
    /// What was fetched, if anything was.
    pub page: Option<Box<PageDone>>,
}

/// A page that was fetched and read.
pub struct PageDone {
    /// The exchange.
    pub capture: Capture,
    /// What kind of answer it was.
    pub kind: Answer,
    /// Listings with their assessments.
    pub listings: Vec<ExaminedListing>,
    /// Listings of a feed, each with the page it is published at.
    pub offers: Vec<(CanonicalUrl, ExaminedListing)>,
    /// Digest of the body at the last visit.
    pub known_payload: Option<Sha256Digest>,
}

impl PageDone {
    /// Whether anything of it must be kept or told to the record of truth.
    pub fn matters(&self, keep: Keep, had_hit: bool) -> bool {
        let offered = self.offers.iter().map(|(_, listing)| listing);
        let found = self.listings.iter().chain(offered).any(|listing| listing.assessment.verdict != Verdict::Clear);
        found || keep == Keep::All || had_hit
    }

    /// Whether the answer says what became of a hit: a server in trouble and half a page do not.
    fn tells_of_absence(&self) -> bool {
        match self.kind {
            Answer::Page => self.capture.truncated.is_none(),
            Answer::NotModified | Answer::Redirect(_) | Answer::Gone => true,
            Answer::Refused | Answer::Other => false,
        }
    }
}

impl Done {
    /// Memory its capture holds.
    fn bytes(&self) -> usize {
        self.page.as_ref().map_or(0, |page| page.capture.body.len())
    }

    /// A lease that ended without a request.
    pub fn without_page(scan: Arc<PlatformScan>, settlement: Settlement) -> Self {
        Done { scan, settlement, links: Vec::new(), page: None }
    }
}

/// Why a group could not be committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Evidence could not be written.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The record of truth refused.
    #[error(transparent)]
    Truth(#[from] TruthError),
    /// The frontier store refused.
    #[error(transparent)]
    Hot(#[from] HotError),
    /// A fault of this program.
    #[error("committing ended in a panic")]
    Panic,
    /// A noted place cannot be read.
    #[error("a noted record cannot be read: {0}")]
    Record(#[from] serde_json::Error),
}

/// Commits until the stages before are done.
pub fn run(rooms: &Rooms, mut done: mpsc::Receiver<Done>) {
    let mut last_began: Option<Instant> = None;
    while let Some(first) = done.blocking_recv() {
        let mut group = vec![first];
        // Each commit waits for the disk a few times whatever its size. Pages that come one by one are committed at once;
        // where they come fast, a moment's patience makes one commit of many.
        if let Some(began) = last_began {
            let mut patience = BETWEEN_COMMITS.saturating_sub(began.elapsed());
            while !patience.is_zero() && gather(&mut group, &mut done) && more_may_come(&group) {
                std::thread::sleep(patience.min(LOOK));
                patience = BETWEEN_COMMITS.saturating_sub(began.elapsed());
            }
        }
        gather(&mut group, &mut done);
        last_began = Some(Instant::now());
        // A panic here must not leave the lanes waiting for leases that never end.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| commit(rooms, &mut group)))
            .unwrap_or(Err(CommitError::Panic));
        let mut ended: HashMap<PlatformId, (Arc<PlatformScan>, usize)> = HashMap::new();
        for one in &group {
            ended.entry(one.scan.platform.id.clone()).or_insert_with(|| (one.scan.clone(), 0)).1 += 1;
        }
        for (scan, leases) in ended.into_values() {
            if let Err(error) = &result {
                scan.break_off(error);
            }
            scan.ended(leases);
        }
    }
    let closed = rooms.warc.lock().unwrap_or_else(std::sync::PoisonError::into_inner).close();
    if let Err(error) = closed {
        tracing::error!(%error, "WARC file could not be closed");
    }
}

/// Whether anything else is on its way in the scans of this group.
fn more_may_come(group: &[Done]) -> bool {
    group.iter().any(|one| {
        let held = group.iter().filter(|other| Arc::ptr_eq(&one.scan, &other.scan)).count();
        usize::try_from(one.scan.outstanding()).is_ok_and(|outstanding| outstanding > held)
    })
}

/// Takes what is waiting. Says whether the group may grow further.
fn gather(group: &mut Vec<Done>, done: &mut mpsc::Receiver<Done>) -> bool {
    let mut bytes: usize = group.iter().map(Done::bytes).sum();
    while group.len() < GROUP && bytes < GROUP_BYTES {
        let Ok(next) = done.try_recv() else { return true };
        bytes += next.bytes();
        group.push(next);
    }
    false
}

fn commit(rooms: &Rooms, group: &mut [Done]) -> Result<(), CommitError> {
    let _turn = rooms.recording.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut records = Vec::new();
    let mut written = Written::new();
    let mut controls = Vec::new();
    for one in group.iter_mut() {
        let Some(page) = &one.page else { continue };
        records.extend(record(rooms, one, page, &mut written)?);
        records.extend(offered(rooms, one, page, &mut written)?);
        if let Some(look) = sample::look(rooms, one, page) {
            controls.push(look);
            sample::come_back(one, rooms.now());
        }
    }
    rooms.warc.lock().unwrap_or_else(std::sync::PoisonError::into_inner).sync()?;
    if !records.is_empty() {
        let now = rooms.now();
        let recorded = rooms.truth.record(&records, now)?;
        for (record, outcome) in records.iter().zip(&recorded) {
            if let Some(one) = group.iter().find(|one| one.scan.platform.id == record.platform) {
                one.scan.tally.count(|counts| counts.referrals_new += outcome.referrals_new);
            }
        }
    }
    if !controls.is_empty() {
        rooms.truth.record_control(&controls, rooms.now())?;
    }
    // Only now: a note of a record that the disk does not hold would be cited for ever.
    for ((platform, digest), place) in &written {
        rooms.hot.remember_payload(platform, digest, place)?;
    }
    let mut batch = SettleBatch::default();
    for one in group.iter_mut() {
        batch.settled.push(one.settlement.clone());
        if !one.links.is_empty() {
            batch.offered.push((one.scan.platform.id.clone(), std::mem::take(&mut one.links)));
        }
    }
    rooms.hot.settle(&batch)?;
    rooms.hot.flush()?;
    Ok(())
}

/// Payloads written in this group, with the place of their records.
type Written = HashMap<(PlatformId, Sha256Digest), Vec<u8>>;

/// Writes the page's evidence if it is kept, and forms what the record of truth must hear of it.
fn record(
    rooms: &Rooms,
    one: &Done,
    page: &PageDone,
    written: &mut Written,
) -> Result<Option<PageRecord>, CommitError> {
    let platform = &one.scan.platform.id;
    let hits: Vec<(usize, &ExaminedListing)> =
        page.listings.iter().enumerate().filter(|(_, listing)| listing.assessment.verdict != Verdict::Clear).collect();
    let had_hit = one.settlement.lease.state.hit;
    let keep = rooms.settings.evidence.keep == Keep::All || !hits.is_empty() || (had_hit && page.tells_of_absence());
    let warc = if keep { write_evidence(rooms, one, page, written)? } else { None };
    if hits.is_empty() && !(had_hit && page.tells_of_absence()) {
        return Ok(None);
    }
    let alone = hits.len() == 1 && page.listings.len() == 1;
    let mut listings = Vec::new();
    for (ordinal, examined) in hits {
        let prints = examined.fingerprints();
        let ordinal = u32::try_from(ordinal).unwrap_or(u32::MAX);
        let cluster = cluster_of(rooms, platform, &page.capture.url, ordinal, &prints.minhash, alone)?;
        listings.push(HitRecord::of(ordinal, examined, &prints, cluster));
    }
    Ok(Some(PageRecord {
        platform: platform.clone(),
        url: page.capture.url.clone(),
        run: one.scan.run.clone(),
        fetched_at: page.capture.fetched_at,
        status: page.capture.status,
        unchanged: page.kind == Answer::NotModified,
        covers: Covers::Page,
        warc,
        listings,
    }))
}

/// What the record of truth must hear of a feed's listings; the feed as it was fetched is the evidence of each.
fn offered(rooms: &Rooms, one: &Done, page: &PageDone, written: &mut Written) -> Result<Vec<PageRecord>, CommitError> {
    let hits: Vec<_> =
        page.offers.iter().filter(|(_, examined)| examined.assessment.verdict != Verdict::Clear).collect();
    if hits.is_empty() {
        return Ok(Vec::new());
    }
    let warc = write_evidence(rooms, one, page, written)?;
    let platform = &one.scan.platform;
    hits.into_iter()
        .map(|(url, examined)| {
            let ordinal = intake::feed_ordinal(examined);
            Ok(PageRecord {
                platform: platform.id.clone(),
                url: url.clone(),
                run: one.scan.run.clone(),
                fetched_at: page.capture.fetched_at,
                status: page.capture.status,
                unchanged: false,
                covers: Covers::Listing(ordinal),
                warc: warc.clone(),
                listings: vec![intake::hit(rooms, platform, url, ordinal, examined)?],
            })
        })
        .collect()
}

/// A full record, or a revisit record where the same bytes are on file already.
fn write_evidence(
    rooms: &Rooms,
    one: &Done,
    page: &PageDone,
    written: &mut Written,
) -> Result<Option<WarcRef>, CommitError> {
    let platform = &one.scan.platform.id;
    let digest = match page.kind {
        Answer::NotModified => match page.known_payload {
            Some(digest) => digest,
            None => return Ok(None),
        },
        _ => page.capture.payload_digest(),
    };
    let mut warc = rooms.warc.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let key = (platform.clone(), digest);
    let place = match written.get(&key) {
        Some(place) => Some(place.clone()),
        None => rooms.hot.seen_payload(platform, &digest)?,
    };
    let place = place.map(|place| serde_json::from_slice(&place)).transpose()?;
    // What retention destroyed, or what a damaged store names wrongly, cannot be referred to.
    let place = place.filter(|(_, _, held): &(String, Timestamp, WarcRef)| warc.holds(held));
    if let Some((url, fetched_at, held)) = place {
        let original = Original { record_id: held.record_id.clone(), url, fetched_at, payload_digest: digest };
        let profile = if page.kind == Answer::NotModified {
            RevisitProfile::ServerNotModified
        } else {
            RevisitProfile::IdenticalPayloadDigest
        };
        warc.write_revisit(&page.capture, &original, profile)?;
        // A hit cites the record that holds the bytes.
        return Ok(Some(held));
    }
    if page.kind == Answer::NotModified {
        return Ok(None);
    }
    let (run, mandate) = (one.scan.run.to_string(), one.scan.mandate.to_string());
    let about = [("platform", platform.as_str()), ("run", run.as_str()), ("mandate", mandate.as_str())];
    let held = warc.write_exchange(&page.capture, &about)?;
    let place = serde_json::to_vec(&(page.capture.url.as_str(), page.capture.fetched_at, &held))?;
    written.insert(key, place);
    Ok(Some(held))
}

/// The cluster a hit belongs to. A new cluster is named after the page, so that repeating a visit names it the same.
///
/// `alone`: it is the only one at its page, so that it is of one cluster with what was recorded there before, whatever way
/// either came.
pub(in crate::engine) fn cluster_of(
    rooms: &Rooms,
    platform: &PlatformId,
    url: &CanonicalUrl,
    ordinal: u32,
    minhash: &crate::dedup::minhash::MinHash,
    alone: bool,
) -> Result<ClusterId, CommitError> {
    let candidates = rooms.hot.cluster_candidates(platform, minhash)?;
    let joined = match cluster::join(minhash, &candidates) {
        None if alone => rooms.truth.cluster_at(platform, url)?,
        joined => joined,
    };
    let id = match joined {
        Some(id) => id,
        None => {
            let name = format!("{:032x}-{ordinal}", url.key());
            ClusterId::parse(&name)
                .unwrap_or_else(|_| unreachable!("hexadecimal digits and a number form a cluster id"))
        }
    };
    rooms.hot.remember_cluster(platform, &id, minhash)?;
    Ok(id)
}

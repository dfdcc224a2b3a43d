//! A frontier that was lost is filled again from the record of truth: known hits are looked at first, and found again as
//! what they are. The rest comes back from platform starts and sitemaps, as in a first scan.

use crate::dedup::cluster::Subject;
use crate::dedup::minhash::MinHash;
use crate::engine::scan::ScanError;
use crate::frontier::entry::{NewEntry, UrlKind, UrlState};
use crate::store::hot::HotStore;
use crate::store::truth::{KnownHit, Truth};
use crate::vocab::time::Timestamp;

/// Hits read at once.
const HITS_AT_ONCE: usize = 1000;

/// Puts every hit on record into the frontier, its cluster and its evidence into the dedup index. Answers how many.
///
/// # Errors
/// When a store fails.
pub fn frontier(hot: &HotStore, truth: &Truth, now: Timestamp) -> Result<u64, ScanError> {
    let (mut count, mut row) = (0, 0);
    loop {
        let hits = truth.known_hits(row, HITS_AT_ONCE)?;
        let Some(last) = hits.last() else { break };
        row = last.row;
        for hit in &hits {
            let kind = UrlKind::Page;
            let entry = NewEntry { url: hit.url.clone(), depth: 1, kind, priority: kind.priority(), due: now };
            // Without validators the page is fetched whole; with the flag its absence is noticed.
            let state = UrlState {
                last_fetched: Some(hit.last_seen),
                hit: !hit.gone,
                answered: !hit.gone,
                ..UrlState::default()
            };
            hot.restore(&hit.platform, &entry, &state)?;
            remember(hot, hit)?;
            count += 1;
        }
    }
    hot.flush()?;
    Ok(count)
}

/// Hits looked at after a hard stop. SQLite commits before sled flushes, so only the last few can be unknown to sled.
const HITS_AFTER_A_STOP: i64 = 20_000;

/// After a hard stop: makes sure that the dedup index knows the newest hits on record. Without it the next copy of one of
/// them would open a case of its own.
///
/// # Errors
/// When a store fails.
pub fn newest_clusters(hot: &HotStore, truth: &Truth) -> Result<(), ScanError> {
    let mut row = truth.newest_hit()?.saturating_sub(HITS_AFTER_A_STOP);
    loop {
        let hits = truth.known_hits(row, HITS_AT_ONCE)?;
        let Some(last) = hits.last() else { break };
        row = last.row;
        hits.iter().try_for_each(|hit| remember(hot, hit))?;
    }
    hot.flush()?;
    Ok(())
}

/// A hit's cluster and evidence, for the dedup index.
fn remember(hot: &HotStore, hit: &KnownHit) -> Result<(), ScanError> {
    if let Some(minhash) = MinHash::from_bytes(&hit.minhash) {
        let subject = Subject::of_assessment(&hit.assessment, hit.seller.clone());
        hot.remember_cluster(&hit.platform, &hit.cluster, &minhash, &subject)?;
    }
    let place = serde_json::to_vec(&(hit.url.as_str(), hit.captured_at, &hit.warc))?;
    hot.remember_payload(&hit.platform, &hit.warc.payload_digest, &place)?;
    Ok(())
}

//! A frontier that was lost is filled again from the record of truth: known hits are looked at first, and found again as
//! what they are. The rest comes back from platform starts and sitemaps, as in a first scan.

use crate::dedup::minhash::MinHash;
use crate::engine::scan::ScanError;
use crate::frontier::entry::{NewEntry, UrlKind, UrlState};
use crate::store::hot::HotStore;
use crate::store::truth::Truth;
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
            let state = UrlState { last_fetched: Some(hit.last_seen), hit: !hit.gone, ..UrlState::default() };
            hot.restore(&hit.platform, &entry, &state)?;
            if let Some(minhash) = MinHash::from_bytes(&hit.minhash) {
                hot.remember_cluster(&hit.platform, &hit.cluster, &minhash)?;
            }
            let place = serde_json::to_vec(&(hit.url.as_str(), hit.captured_at, &hit.warc))?;
            hot.remember_payload(&hit.platform, &hit.warc.payload_digest, &place)?;
            count += 1;
        }
    }
    hot.flush()?;
    Ok(count)
}

//! The hits on record as the frontier and the dedup index need to know them after they were lost.

use rusqlite::params;

use crate::detect::assessment::Assessment;
use crate::evidence::warc::WarcRef;
use crate::store::truth::{Truth, TruthError};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{ClusterId, PlatformId, Sha256Digest};
use crate::vocab::time::Timestamp;

/// A hit on record.
#[derive(Debug, Clone)]
pub struct KnownHit {
    /// Its place in the list, for [`Truth::known_hits`].
    pub row: i64,
    /// Platform.
    pub platform: PlatformId,
    /// Page.
    pub url: FoundUrl,
    /// Cluster.
    pub cluster: ClusterId,
    /// Fingerprint.
    pub minhash: Vec<u8>,
    /// Evidence.
    pub warc: WarcRef,
    /// When the evidence was fetched.
    pub captured_at: Timestamp,
    /// Last visit that saw it.
    pub last_seen: Timestamp,
    /// No hit of its page was there at the last visit.
    pub gone: bool,
    /// How it was judged.
    pub assessment: Assessment,
    /// Keyed hash of the seller's name.
    pub seller: Option<String>,
}

impl Truth {
    /// The place of the newest hit in the list of [`Truth::known_hits`]; 0 when there is none.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn newest_hit(&self) -> Result<i64, TruthError> {
        self.read(|reader| Ok(reader.query_row("SELECT coalesce(max(rowid), 0) FROM hits", [], |row| row.get(0))?))
    }

    /// Hits behind `row`, in order, at most `limit`.
    ///
    /// # Errors
    /// When SQLite fails or a row cannot be read.
    pub fn known_hits(&self, row: i64, limit: usize) -> Result<Vec<KnownHit>, TruthError> {
        fn wrong(error: impl std::fmt::Display) -> TruthError {
            TruthError::Value(error.to_string())
        }
        self.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT rowid, platform, url, cluster, minhash, warc_file, warc_offset, warc_length, warc_record, payload_digest,
                   captured_at, last_seen,
                   NOT EXISTS (SELECT 1 FROM hits o WHERE o.platform = h.platform AND o.page = h.page AND o.gone_at IS NULL),
                   assessment, seller_hash FROM hits h WHERE rowid > ? ORDER BY rowid LIMIT ?",
            )?;
            let mut rows = statement.query(params![row, i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let mut hits = Vec::new();
            while let Some(row) = rows.next()? {
                let text = |column: usize| row.get::<_, String>(column);
                let payload_digest: Sha256Digest = text(9)?.parse().map_err(wrong)?;
                hits.push(KnownHit {
                    row: row.get(0)?,
                    platform: PlatformId::parse(&text(1)?).map_err(wrong)?,
                    url: FoundUrl::parse(&text(2)?, None).map_err(wrong)?,
                    cluster: ClusterId::parse(&text(3)?).map_err(wrong)?,
                    minhash: row.get(4)?,
                    warc: WarcRef {
                        file: text(5)?,
                        offset: row.get(6)?,
                        length: row.get(7)?,
                        record_id: text(8)?,
                        payload_digest,
                    },
                    captured_at: Timestamp::from_millis(row.get(10)?),
                    last_seen: Timestamp::from_millis(row.get(11)?),
                    gone: row.get(12)?,
                    assessment: serde_json::from_str(&text(13)?)?,
                    seller: row.get(14)?,
                });
            }
            Ok(hits)
        })
    }
}

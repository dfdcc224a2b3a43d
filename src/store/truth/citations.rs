//! Which stored record each hit cites as its evidence.

use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

use crate::evidence::warc::WarcRef;
use crate::store::truth::{Truth, TruthError};
use crate::vocab::ids::ReferralId;
use crate::vocab::time::Timestamp;

/// A hit and the record it cites.
#[derive(Debug, Clone, Serialize)]
pub struct Citation {
    /// Its place in the list, for [`Truth::citations`].
    #[serde(skip)]
    pub row: i64,
    /// The hit.
    pub hit: String,
    /// Its case.
    pub referral: String,
    /// The page.
    pub url: String,
    /// The record; `None` where the digest on record cannot be read, so that no record can be held against it.
    pub record: Option<WarcRef>,
    /// When the captured page was destroyed, as retention asks; then nothing is there to be cited.
    pub destroyed: Option<Timestamp>,
}

const COLUMNS: &str =
    "rowid, id, referral, url, warc_file, warc_offset, warc_length, warc_record, payload_digest, capture_destroyed";

fn citation(row: &Row<'_>) -> rusqlite::Result<Citation> {
    let digest: String = row.get(8)?;
    // Read as it stands: an offset below zero is no place in a file.
    let (offset, length): (i64, i64) = (row.get(5)?, row.get(6)?);
    let place = u64::try_from(offset).ok().zip(u64::try_from(length).ok()).zip(digest.parse().ok());
    let record = match place {
        Some(((offset, length), payload_digest)) => {
            Some(WarcRef { file: row.get(4)?, offset, length, record_id: row.get(7)?, payload_digest })
        }
        None => None,
    };
    Ok(Citation {
        row: row.get(0)?,
        hit: row.get(1)?,
        referral: row.get(2)?,
        url: row.get(3)?,
        record,
        destroyed: row.get::<_, Option<i64>>(9)?.map(Timestamp::from_millis),
    })
}

impl Truth {
    /// What one hit of a case cites; `None` when the case has no such hit.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn citation(&self, referral: &ReferralId, hit: &str) -> Result<Option<Citation>, TruthError> {
        self.read(|reader| {
            let sql = format!("SELECT {COLUMNS} FROM hits WHERE id = ? AND referral = ?");
            Ok(reader.prepare_cached(&sql)?.query_row(params![hit, referral.as_str()], citation).optional()?)
        })
    }

    /// What the hits behind `row` cite, in order, at most `limit`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn citations(&self, row: i64, limit: usize) -> Result<Vec<Citation>, TruthError> {
        self.read(|reader| {
            let sql = format!("SELECT {COLUMNS} FROM hits WHERE rowid > ? ORDER BY rowid LIMIT ?");
            let mut statement = reader.prepare_cached(&sql)?;
            let rows = statement.query_map(params![row, i64::try_from(limit).unwrap_or(i64::MAX)], citation)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

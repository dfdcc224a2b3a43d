//! Timestamps that were taken: of the audit log's end, and of the digests of evidence.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use crate::store::truth::{Truth, TruthError};
use crate::vocab::ids::Sha256Digest;
use crate::vocab::time::Timestamp;

/// What was timestamped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stamped {
    /// A signed end of the audit log.
    Log,
    /// Digests of captured pages.
    Captures,
}

/// One timestamp on record. Its file and the reply to it lie in `timestamps/`, under `name`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimestampRow {
    /// Name of its files, without their endings.
    pub name: String,
    /// What it is of.
    pub of: Stamped,
    /// Number of the last audit entry, or how many digests.
    pub count: u64,
    /// When the bytes existed, as the authority says.
    pub at: Timestamp,
    /// The authority: subject of its certificate.
    pub authority: String,
    /// The number it gave.
    pub serial: String,
    /// SHA-256 of the file.
    pub digest: String,
}

/// One captured page, as a file of digests names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureDigest {
    /// WARC record.
    pub record: String,
    /// Digest of its body.
    pub payload_digest: String,
}

impl CaptureDigest {
    /// Its line in a file of digests.
    pub fn line(&self) -> String {
        format!("{} {}\n", self.record, self.payload_digest)
    }

    /// Reads such a line; none where it is another.
    pub fn parse(line: &str) -> Option<Self> {
        let (record, digest) = line.split_once(' ')?;
        Some(CaptureDigest { record: record.to_owned(), payload_digest: digest.to_owned() })
    }
}

/// How evidence and the files of digests agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// Hits whose captured page is in a file of digests, as it stands there.
    pub covered: u64,
    /// Hits whose page is in none yet.
    pub uncovered: u64,
    /// Hits that cite another digest than their file has.
    pub different: u64,
}

impl Truth {
    /// Captured pages of hits that no timestamp covers, at most `limit`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn captures_without_timestamp(&self, limit: usize) -> Result<Vec<CaptureDigest>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT warc_record, payload_digest FROM hits h WHERE warc_record <> ''
                   AND NOT EXISTS (SELECT 1 FROM stamped_captures s WHERE s.record = h.warc_record)
                 ORDER BY warc_record LIMIT ?",
            )?;
            let rows = statement
                .query_map([limit], |row| Ok(CaptureDigest { record: row.get(0)?, payload_digest: row.get(1)? }))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Notes a timestamp, and which captures it covers.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn note_timestamp(&self, taken: &TimestampRow, captures: &[CaptureDigest]) -> Result<(), TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        tx.execute(
            "INSERT OR REPLACE INTO timestamps (name, captures, count, at, authority, serial, digest) VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![
                taken.name,
                taken.of == Stamped::Captures,
                taken.count,
                taken.at.as_millis(),
                taken.authority,
                taken.serial,
                taken.digest
            ],
        )?;
        for capture in captures {
            tx.prepare_cached("INSERT OR IGNORE INTO stamped_captures (record, digest, name) VALUES (?, ?, ?)")?
                .execute(params![capture.record, capture.payload_digest, taken.name])?;
        }
        tx.commit()?;
        Ok(())
    }

    /// Timestamps on record, oldest first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn timestamps(&self) -> Result<Vec<TimestampRow>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT name, captures, count, at, authority, serial, digest FROM timestamps ORDER BY at, name",
            )?;
            let rows = statement.query_map([], row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The digest that a file of digests should have, made again of what is on record of it.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn digest_of_captures(&self, name: &str) -> Result<Sha256Digest, TruthError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT record, digest FROM stamped_captures WHERE name = ? ORDER BY record")?;
            let mut rows = statement.query([name])?;
            let mut bytes = Vec::new();
            while let Some(row) = rows.next()? {
                let one = CaptureDigest { record: row.get(0)?, payload_digest: row.get(1)? };
                bytes.extend_from_slice(one.line().as_bytes());
            }
            Ok(Sha256Digest::of(&bytes))
        })
    }

    /// Holds captured pages that a file names against those on record: `uncovered` are on none.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn compare_captures(&self, captures: &[CaptureDigest]) -> Result<Covered, TruthError> {
        self.read(|connection| {
            let mut stamped = connection.prepare_cached("SELECT digest FROM stamped_captures WHERE record = ?")?;
            let mut held = Covered::default();
            let mut compare = |capture: &CaptureDigest, digest: &str| match digest == capture.payload_digest {
                true => held.covered += 1,
                false => held.different += 1,
            };
            let mut left: HashMap<&str, &CaptureDigest> = HashMap::new();
            for capture in captures {
                let of_stamp: Option<String> = stamped.query_row([&capture.record], |row| row.get(0)).optional()?;
                match of_stamp {
                    Some(digest) => compare(capture, &digest),
                    None => _ = left.insert(&capture.record, capture),
                }
            }
            if !left.is_empty() {
                let mut statement = connection.prepare_cached("SELECT warc_record, payload_digest FROM hits")?;
                let mut hits = statement.query([])?;
                while let Some(hit) = hits.next()? {
                    if let Some(capture) = left.remove(hit.get_ref(0)?.as_str().unwrap_or_default()) {
                        compare(capture, hit.get_ref(1)?.as_str().unwrap_or_default());
                    }
                }
            }
            held.uncovered = left.len() as u64;
            Ok(held)
        })
    }

    /// Holds every hit against the files of digests.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn covered_captures(&self) -> Result<Covered, TruthError> {
        self.read(|connection| {
            let sql = "SELECT count(s.record) FILTER (WHERE s.digest = h.payload_digest), count(*) FILTER (WHERE s.record IS NULL),
                         count(s.record) FILTER (WHERE s.digest <> h.payload_digest)
                       FROM hits h LEFT JOIN stamped_captures s ON s.record = h.warc_record";
            Ok(connection.query_row(sql, [], |row| {
                Ok(Covered { covered: row.get(0)?, uncovered: row.get(1)?, different: row.get(2)? })
            })?)
        })
    }
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<TimestampRow> {
    Ok(TimestampRow {
        name: row.get(0)?,
        of: if row.get(1)? { Stamped::Captures } else { Stamped::Log },
        count: row.get(2)?,
        at: Timestamp::from_millis(row.get(3)?),
        authority: row.get(4)?,
        serial: row.get(5)?,
        digest: row.get(6)?,
    })
}

/// The first timestamp of the log that covers an entry of it.
pub(super) fn of_entry(connection: &Connection, entry: u64) -> Result<Option<TimestampRow>, TruthError> {
    let is_there: bool =
        connection
            .query_row("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'timestamps')", [], |row| row.get(0))?;
    if !is_there {
        return Ok(None);
    }
    let sql = "SELECT name, captures, count, at, authority, serial, digest FROM timestamps
               WHERE captures = 0 AND count >= ? ORDER BY count LIMIT 1";
    Ok(connection.query_row(sql, [entry], row).optional()?)
}

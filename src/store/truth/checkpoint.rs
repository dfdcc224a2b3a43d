//! Politeness beside the record of truth: what each host is owed, for the day the frontier must be rebuilt.

use rusqlite::{OptionalExtension, params};

use crate::frontier::politeness::HostRecord;
use crate::store::truth::{Truth, TruthError};
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

impl Truth {
    /// Writes what is owed to `hosts`, in one transaction that is durable when this returns.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn checkpoint_hosts<'a>(
        &self,
        hosts: impl Iterator<Item = (&'a HostKey, &'a HostRecord)>,
        now: Timestamp,
    ) -> Result<(), TruthError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        for (host, record) in hosts {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO hosts (host, record, at) VALUES (?, ?, ?)")?
                .execute(params![host.as_str(), serde_json::to_string(record)?, now.as_millis()])?;
        }
        Ok(transaction.commit()?)
    }

    /// What was owed to `host` at the last checkpoint.
    ///
    /// # Errors
    /// When SQLite fails or the record cannot be read.
    pub fn checkpoint_of(&self, host: &HostKey) -> Result<Option<HostRecord>, TruthError> {
        self.read(|reader| {
            let held: Option<String> = reader
                .prepare_cached("SELECT record FROM hosts WHERE host = ?")?
                .query_row([host.as_str()], |row| row.get(0))
                .optional()?;
            Ok(held.map(|text| serde_json::from_str(&text)).transpose()?)
        })
    }

    /// When the last checkpoint was written, if one ever was.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn last_checkpoint(&self) -> Result<Option<Timestamp>, TruthError> {
        self.read(|reader| {
            let at: Option<i64> = reader.query_row("SELECT max(at) FROM hosts", [], |row| row.get(0))?;
            Ok(at.map(Timestamp::from_millis))
        })
    }

    /// What SQLite finds wrong with the file; nothing where it is whole.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn damage(&self) -> Result<Vec<String>, TruthError> {
        self.read(|reader| {
            let mut statement = reader.prepare("PRAGMA quick_check(20)")?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            Ok(rows.into_iter().filter(|line| line != "ok").collect())
        })
    }

    /// The latest moment of what was recorded last: audit entry, scan, checkpoint. A clock that shows less is wrong, or was.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn newest_moment(&self) -> Result<Option<Timestamp>, TruthError> {
        self.read(|reader| {
            let sql = "SELECT max(at) FROM (
                SELECT (SELECT at FROM audit ORDER BY seq DESC LIMIT 1) AS at
                UNION ALL SELECT (SELECT ended FROM scans ORDER BY rowid DESC LIMIT 1)
                UNION ALL SELECT (SELECT max(at) FROM hosts))";
            let at: Option<i64> = reader.query_row(sql, [], |row| row.get(0))?;
            Ok(at.map(Timestamp::from_millis))
        })
    }
}

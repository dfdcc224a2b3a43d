//! The audit log's rows.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use crate::evidence::audit::{AuditBreak, AuditEntry, Said, verify};
use crate::store::truth::{Truth, TruthError};
use crate::vocab::ids::Sha256Digest;
use crate::vocab::time::Timestamp;

/// Adds an entry at the end of the chain, within the caller's transaction.
pub(super) fn append(connection: &Connection, said: &Said<'_>, now: Timestamp) -> Result<(), TruthError> {
    let last: Option<(u64, String)> = connection
        .query_row("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let last = match last {
        Some((seq, hash)) => Some((seq, digest(&hash)?)),
        None => None,
    };
    let entry = AuditEntry::next(last, said, now);
    connection.execute(
        "INSERT INTO audit (seq, at, actor, action, subject, detail, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            entry.seq,
            entry.at.as_millis(),
            entry.actor,
            entry.action,
            entry.subject,
            entry.detail,
            entry.previous.to_string(),
            entry.hash.to_string()
        ],
    )?;
    Ok(())
}

fn digest(text: &str) -> Result<Sha256Digest, TruthError> {
    text.parse().map_err(|error: crate::vocab::ids::IdError| TruthError::Value(error.to_string()))
}

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    // A hash that cannot be read is the genesis hash, which no entry has: the chain then breaks there, as it should.
    let digest = |text: String| text.parse().unwrap_or(crate::evidence::audit::GENESIS);
    Ok(AuditEntry {
        seq: row.get(0)?,
        at: Timestamp::from_millis(row.get(1)?),
        actor: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        detail: row.get(5)?,
        previous: digest(row.get(6)?),
        hash: digest(row.get(7)?),
    })
}

impl Truth {
    /// Notes an action that changes nothing else here: a sign-in, an opened capture, a reloaded watchlist.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn note(&self, said: &Said<'_>, now: Timestamp) -> Result<(), TruthError> {
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        append(&transaction, said, now)?;
        transaction.commit()?;
        Ok(())
    }

    /// Follows the whole chain; the inner error says where it breaks.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn verify_audit(&self) -> Result<Result<(u64, Sha256Digest), AuditBreak>, TruthError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare("SELECT seq, at, actor, action, subject, detail, previous, hash FROM audit ORDER BY seq")?;
            let mut rows = Vec::new();
            for row in statement.query_map([], entry)? {
                rows.push(row?);
            }
            Ok(verify(rows))
        })
    }

    /// The last `limit` entries, newest first, before `before` if given.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn audit_entries(&self, before: Option<u64>, limit: usize) -> Result<Vec<AuditEntry>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, at, actor, action, subject, detail, previous, hash FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?",
            )?;
            let before = i64::try_from(before.unwrap_or(u64::MAX)).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![before, limit], entry)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// As [`Truth::audit_entries`], of one actor or about one subject.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn audit_of(
        &self,
        actor: Option<&str>,
        subject: Option<&str>,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, TruthError> {
        self.read(|connection| {
            let mut sql =
                "SELECT seq, at, actor, action, subject, detail, previous, hash FROM audit WHERE seq < ?".to_owned();
            let mut values = vec![Value::Integer(i64::try_from(before.unwrap_or(u64::MAX)).unwrap_or(i64::MAX))];
            for (value, clause) in [(actor, " AND actor = ?"), (subject, " AND subject = ?")] {
                if let Some(value) = value {
                    sql.push_str(clause);
                    values.push(Value::Text(value.to_owned()));
                }
            }
            sql.push_str(" ORDER BY seq DESC LIMIT ?");
            values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params_from_iter(values), entry)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

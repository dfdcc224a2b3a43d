//! The audit log's rows.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use crate::evidence::audit::checkpoint::Checkpoint;
use crate::evidence::audit::{AuditBreak, AuditEntry, Followed, Follower, GENESIS, Said};
use crate::store::truth::{Truth, TruthError, signer};
use crate::vocab::ids::Sha256Digest;
use crate::vocab::time::Timestamp;

/// Columns of an entry, as [`entry`] reads them.
const ENTRY: &str = "seq, at, actor, action, subject, detail, previous, hash, actor_kind, actor_role, actor_door";

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
        "INSERT INTO audit (seq, at, actor, action, subject, detail, previous, hash, actor_kind, actor_role, actor_door)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            entry.seq,
            entry.at.as_millis(),
            entry.actor,
            entry.action,
            entry.subject,
            entry.detail,
            entry.previous.to_string(),
            entry.hash.to_string(),
            entry.actor_kind,
            entry.actor_role,
            entry.actor_door
        ],
    )?;
    Ok(())
}

fn digest(text: &str) -> Result<Sha256Digest, TruthError> {
    text.parse().map_err(|error: crate::vocab::ids::IdError| TruthError::Value(error.to_string()))
}

fn entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    // A hash that cannot be read is the genesis hash, which no entry has: the chain then breaks there, as it should.
    let digest = |text: String| text.parse().unwrap_or(GENESIS);
    Ok(AuditEntry {
        seq: row.get(0)?,
        at: Timestamp::from_millis(row.get(1)?),
        actor: row.get(2)?,
        action: row.get(3)?,
        subject: row.get(4)?,
        detail: row.get(5)?,
        previous: digest(row.get(6)?),
        hash: digest(row.get(7)?),
        actor_kind: row.get(8)?,
        actor_role: row.get(9)?,
        actor_door: row.get(10)?,
    })
}

/// The signed end within the database.
fn signed_end(connection: &Connection) -> Result<Option<Checkpoint>, TruthError> {
    let sql = "SELECT seq, hash, at, key, signature FROM audit_head";
    let held: Option<(u64, String, i64, String, String)> = connection
        .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))
        .optional()?;
    Ok(held.map(|(seq, hash, at, key, signature)| {
        // A hash that cannot be read is no hash that was signed: the signature then fails, as it should.
        let hash = hash.parse().unwrap_or(GENESIS);
        Checkpoint { seq, hash, at: Timestamp::from_millis(at), key, signature }
    }))
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
        self.commit(transaction)
    }

    /// Follows the whole chain, and compares it with its signed end, the checkpoints kept beside it, and `others` that
    /// somebody kept elsewhere. The inner error says where it breaks.
    ///
    /// # Errors
    /// When SQLite fails, or the file of checkpoints cannot be read.
    pub fn follow_audit(&self, others: &[Checkpoint]) -> Result<Result<Followed, AuditBreak>, TruthError> {
        let mut checkpoints = self.signer.kept()?;
        checkpoints.extend_from_slice(others);
        let key = self.signer.public();
        self.read(|connection| {
            // One reading transaction: the log may grow meanwhile.
            let snapshot = connection.unchecked_transaction()?;
            let end = signed_end(&snapshot)?;
            let signed = end.is_some();
            checkpoints.extend(end);
            let mut follower = match Follower::new(checkpoints, &key) {
                Ok(follower) => follower,
                Err(broken) => return Ok(Err(broken)),
            };
            let mut statement = snapshot.prepare(&format!("SELECT {ENTRY} FROM audit ORDER BY seq"))?;
            for row in statement.query_map([], entry)? {
                if let Err(broken) = follower.entry(&row?) {
                    return Ok(Err(broken));
                }
            }
            Ok(follower.end().and_then(|followed| match signed {
                false if followed.entries > 0 => Err(AuditBreak::Unsigned(followed.entries)),
                _ => Ok(followed),
            }))
        })
    }

    /// [`Truth::follow_audit`] without checkpoints from elsewhere: how many entries hold, and the last hash.
    ///
    /// # Errors
    /// As there.
    pub fn verify_audit(&self) -> Result<Result<(u64, Sha256Digest), AuditBreak>, TruthError> {
        Ok(self.follow_audit(&[])?.map(|followed| (followed.entries, followed.head)))
    }

    /// Signs the log's end and keeps the checkpoint outside the database. `None` while the log is empty.
    ///
    /// # Errors
    /// When SQLite fails or the disk refuses.
    pub fn checkpoint_audit(&self, now: Timestamp) -> Result<Option<Checkpoint>, TruthError> {
        let end: Option<(u64, String)> = self.read(|connection| {
            let sql = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
            Ok(connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
        })?;
        let Some((seq, hash)) = end else { return Ok(None) };
        let checkpoint = self.signer.checkpoint(seq, digest(&hash)?, now);
        self.signer.keep(&checkpoint)?;
        Ok(Some(checkpoint))
    }

    /// Keeps a checkpoint if the log grew since the last one.
    ///
    /// # Errors
    /// When SQLite fails or the disk refuses.
    pub fn checkpoint_audit_if_grown(&self, now: Timestamp) -> Result<(), TruthError> {
        let last = self.signer.kept()?.pop();
        if self.audit_length()? > last.map_or(0, |last| last.seq) {
            self.checkpoint_audit(now)?;
        }
        Ok(())
    }

    fn audit_length(&self) -> Result<u64, TruthError> {
        self.read(|connection| {
            Ok(connection.query_row("SELECT coalesce(max(seq), 0) FROM audit", [], |row| row.get(0))?)
        })
    }

    /// Checkpoints kept outside the database, oldest first.
    ///
    /// # Errors
    /// When their file cannot be read.
    pub fn audit_checkpoints(&self) -> Result<Vec<Checkpoint>, TruthError> {
        self.signer.kept()
    }

    /// The public key that signs checkpoints: its name, and the key in PEM.
    ///
    /// # Errors
    /// When it cannot be written as PEM.
    pub fn audit_key(&self) -> Result<(String, String), TruthError> {
        let key = self.signer.public();
        Ok((crate::evidence::audit::checkpoint::key_id(&key), signer::pem(&key)?))
    }

    /// The last `limit` entries, newest first, before `before` if given.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn audit_entries(&self, before: Option<u64>, limit: usize) -> Result<Vec<AuditEntry>, TruthError> {
        self.read(|connection| {
            let sql = format!("SELECT {ENTRY} FROM audit WHERE seq < ? ORDER BY seq DESC LIMIT ?");
            let mut statement = connection.prepare_cached(&sql)?;
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
            let mut sql = format!("SELECT {ENTRY} FROM audit WHERE seq < ?");
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

//! What time destroys: hits and cases that are closed and old, and what hangs on them. Deleted pages are overwritten.

use rusqlite::{Connection, params};
use serde::Serialize;

use crate::evidence::audit::Said;
use crate::store::truth::kept::forget_hit;
use crate::store::truth::terms::CLOSED;
use crate::store::truth::{Truth, TruthError, audit, changes};
use crate::vocab::actor::Actor;
use crate::vocab::time::Timestamp;

/// What is due to be destroyed, or was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Destroyed {
    /// Hits of closed cases.
    pub hits: u64,
    /// Closed cases with their events, deliveries and answers.
    pub referrals: u64,
    /// Sealed values.
    pub personal_values: u64,
    /// Digests of the control sample and of other hubs.
    pub digests: u64,
}

fn closed() -> String {
    CLOSED.iter().map(|state| format!("'{state}'")).collect::<Vec<_>>().join(", ")
}

impl Truth {
    /// What is due now: hits last seen before `hits`, cases unchanged since before `referrals`, values sealed before
    /// `personal`. A class that is kept for ever has no date.
    ///
    /// # Errors
    /// When a store fails.
    pub fn due_to_destroy(
        &self,
        hits: Option<Timestamp>,
        referrals: Option<Timestamp>,
        personal: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Destroyed, TruthError> {
        let mut due = self.read(|connection| {
            let count = |sql: &str, before: Option<Timestamp>| -> Result<u64, TruthError> {
                let Some(before) = before else { return Ok(0) };
                Ok(connection.query_row(sql, [before.as_millis()], |row| row.get(0))?)
            };
            let closed = closed();
            Ok(Destroyed {
                hits: count(
                    &format!(
                        "SELECT count(*) FROM hits h JOIN referrals r ON r.id = h.referral
                         WHERE r.state IN ({closed}) AND h.last_seen < ?"
                    ),
                    hits,
                )?,
                referrals: count(
                    &format!("SELECT count(*) FROM referrals WHERE state IN ({closed}) AND updated < ?"),
                    referrals,
                )?,
                personal_values: 0,
                digests: count("SELECT count(*) FROM control_sample WHERE expires < ?", Some(now))?
                    + count("SELECT count(*) FROM foreign_digests WHERE expires < ?", Some(now))?,
            })
        })?;
        if let Some(before) = personal {
            due.personal_values = self.vault.count(before)?.0;
        }
        Ok(due)
    }

    /// Destroys what [`Truth::due_to_destroy`] counts, and notes it in the audit log.
    ///
    /// # Errors
    /// When a store refuses; what was destroyed before that stays destroyed and is counted next time as gone.
    pub fn destroy_due(
        &self,
        hits: Option<Timestamp>,
        referrals: Option<Timestamp>,
        personal: Option<Timestamp>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Destroyed, TruthError> {
        let mut done = Destroyed::default();
        if let Some(before) = personal {
            done.personal_values = self.vault.destroy_before(before)?;
        }
        done.digests = self.end_control_samples(now)?;
        {
            let mut writer = self.writer();
            // Freed pages are overwritten; the full-text index must be told.
            writer.execute_batch("INSERT INTO hits_text (hits_text, rank) VALUES ('secure-delete', 1);")?;
            let tx = writer.transaction()?;
            done.digests += tx.execute("DELETE FROM foreign_digests WHERE expires < ?", [now.as_millis()])? as u64;
            if let Some(before) = referrals {
                done.referrals = forget_cases(&tx, before, &mut done.hits)?;
            }
            if let Some(before) = hits {
                let sql = format!(
                    "SELECT h.id FROM hits h JOIN referrals r ON r.id = h.referral
                     WHERE r.state IN ({}) AND h.last_seen < ?",
                    closed()
                );
                for hit in ids(&tx, &sql, before.as_millis())? {
                    forget_hit(&tx, &hit)?;
                    done.hits += 1;
                }
            }
            if done != Destroyed::default() {
                let detail = serde_json::to_string(&done)?;
                audit::append(&tx, &Said { actor, action: "retention", subject: "truth", detail: &detail }, now)?;
            }
            self.commit(tx)?;
            // The log of writes holds old pages until it is emptied.
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        }
        Ok(done)
    }

    /// Notes that the captured pages in a WARC file are about to be destroyed. The hits keep their digests.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn note_captures_destroyed(&self, file: &str, actor: &Actor, now: Timestamp) -> Result<u64, TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let hits = tx.execute(
            "UPDATE hits SET capture_destroyed = ? WHERE warc_file = ? AND capture_destroyed IS NULL",
            params![now.as_millis(), file],
        )? as u64;
        let detail = serde_json::json!({ "hits": hits }).to_string();
        audit::append(&tx, &Said { actor, action: "destroy-captures", subject: file, detail: &detail }, now)?;
        self.commit(tx)?;
        Ok(hits)
    }
}

fn ids(tx: &Connection, sql: &str, before: i64) -> Result<Vec<String>, TruthError> {
    let mut statement = tx.prepare(sql)?;
    let rows = statement.query_map([before], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn forget_cases(tx: &Connection, before: Timestamp, hits: &mut u64) -> Result<u64, TruthError> {
    let sql = format!("SELECT id FROM referrals WHERE state IN ({}) AND updated < ?", closed());
    let cases = ids(tx, &sql, before.as_millis())?;
    for case in &cases {
        let mut statement = tx.prepare_cached("SELECT id FROM hits WHERE referral = ?")?;
        let of_case: Vec<String> = statement.query_map([case], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for hit in &of_case {
            forget_hit(tx, hit)?;
            *hits += 1;
        }
        changes::forget_of_case(tx, case)?;
        for sql in [
            "DELETE FROM attempts WHERE delivery IN (SELECT id FROM outbox WHERE referral = ?)",
            "DELETE FROM outbox WHERE referral = ?",
            "DELETE FROM answers WHERE referral = ?",
            "DELETE FROM events WHERE referral = ?",
            "DELETE FROM rechecks WHERE referral = ?",
            "DELETE FROM case_pages WHERE referral = ?",
            "DELETE FROM statements WHERE referral = ?",
            "DELETE FROM escalations WHERE referral = ?",
            "DELETE FROM issued WHERE referral = ?",
            "DELETE FROM referrals WHERE id = ?",
        ] {
            tx.prepare_cached(sql)?.execute([case])?;
        }
    }
    Ok(cases.len() as u64)
}

//! The review queue: who has which case, until when. Kept on record, so that a restart hands no case to a second person.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};
use serde::Serialize;

use crate::store::truth::{Truth, TruthError};
use crate::vocab::actor::PersonName;
use crate::vocab::ids::ReferralId;
use crate::vocab::time::Timestamp;

/// States in which a case waits for a person's decision, most pressing first: people affected, what came back, what is new.
pub const WAITING: [&str; 3] = ["contested", "relisted", "drafted"];

/// A case that somebody looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// Case.
    pub referral: String,
    /// Who has it.
    pub person: String,
    /// Until when, unless it is decided or given back before.
    pub until: Timestamp,
}

impl Truth {
    /// Hands `person` the next case that waits and that nobody else has, for `life`. What they had before is free again.
    /// `skip`: a case they put back, which then comes last.
    ///
    /// A contest is not handed to the one who approved the referral: a second person decides it. Where it is not on record
    /// who approved, it is handed to nobody.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn claim_next(
        &self,
        person: &str,
        skip: Option<&ReferralId>,
        life: Duration,
        now: Timestamp,
    ) -> Result<Option<ReferralId>, TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        tx.execute("DELETE FROM review_claims WHERE until <= ? OR person = ?", params![now.as_millis(), person])?;
        let skipped: Option<(String, i64)> = match skip {
            Some(id) => tx
                .query_row("SELECT state, change FROM referrals WHERE id = ?", [id.as_str()], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?,
            None => None,
        };
        let key = PersonName::on_record(person).key();
        let mut found: Option<String> = None;
        for (state, after, to) in stretches(skipped.as_ref().map(|(state, change)| (state.as_str(), *change))) {
            found = tx
                .prepare_cached(
                    "SELECT id FROM referrals r WHERE state = ?1 AND folded = 0 AND change > ?2 AND change <= ?3
                       AND NOT EXISTS (SELECT 1 FROM review_claims c WHERE c.referral = r.id)
                       AND NOT (state = 'contested' AND (approved_kind IS NULL OR approved_key IS ?4)) ORDER BY change LIMIT 1",
                )?
                .query_row(params![state, after, to, key], |row| row.get(0))
                .optional()?;
            if found.is_some() {
                break;
            }
        }
        if let Some(id) = &found {
            let until = now.after(life).as_millis();
            tx.execute(
                "INSERT INTO review_claims (referral, person, until) VALUES (?, ?, ?)",
                params![id, person, until],
            )?;
        }
        tx.commit()?;
        found.map(|id| super::cases::referral_id(&id)).transpose()
    }

    /// Gives back what `person` has.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn give_back(&self, person: &str) -> Result<(), TruthError> {
        self.writer().execute("DELETE FROM review_claims WHERE person = ?", [person])?;
        Ok(())
    }

    /// Cases that somebody looks at now and that still wait.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn claims(&self, now: Timestamp) -> Result<Vec<Claim>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                // The few claims first: the planner would start from the million cases in these states.
                "SELECT c.referral, c.person, c.until FROM review_claims c CROSS JOIN referrals r ON r.id = c.referral
                 WHERE c.until > ? AND r.state IN ('drafted', 'relisted', 'contested') ORDER BY c.until",
            )?;
            let rows = statement.query_map([now.as_millis()], |row| {
                Ok(Claim { referral: row.get(0)?, person: row.get(1)?, until: Timestamp::from_millis(row.get(2)?) })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// The queue in order, as stretches of change numbers (after, to); what was put back comes last.
fn stretches(skipped: Option<(&str, i64)>) -> Vec<(&'static str, i64, i64)> {
    let whole = |state: &&'static str| (*state, -1, i64::MAX);
    let Some((at, change)) =
        skipped.and_then(|(state, change)| Some((WAITING.iter().position(|held| *held == state)?, change)))
    else {
        return WAITING.iter().map(whole).collect();
    };
    let mut order = vec![(WAITING[at], change, i64::MAX)];
    order.extend(WAITING[at + 1..].iter().map(whole));
    order.extend(WAITING[..at].iter().map(whole));
    order.push((WAITING[at], -1, change));
    order
}

#[cfg(test)]
mod tests {
    use super::stretches;

    #[test]
    fn what_was_put_back_comes_last() {
        let states = |skipped| stretches(skipped).into_iter().map(|(state, ..)| state).collect::<Vec<_>>();
        assert_eq!(states(None), ["contested", "relisted", "drafted"]);
        assert_eq!(states(Some(("relisted", 7))), ["relisted", "drafted", "contested", "relisted"]);
        assert_eq!(stretches(Some(("drafted", 7)))[0], ("drafted", 7, i64::MAX));
        assert_eq!(states(Some(("sent", 7))), ["contested", "relisted", "drafted"]);
    }
}

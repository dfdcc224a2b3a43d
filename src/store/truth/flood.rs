//! How many cases of a platform are opened in an hour. What is more waits in a queue that is counted: a flood of posts must not
//! bury what people look at.

use rusqlite::{Connection, params};
use serde::Serialize;

use crate::referral::state::{Event, Intervals};
use crate::store::truth::steps::transition;
use crate::store::truth::{Truth, TruthError, cases, deconflict};
use crate::vocab::actor::{Actor, Job};
use crate::vocab::ids::PlatformId;
use crate::vocab::platform::CASES_PER_HOUR;
use crate::vocab::terms::Verdict;
use crate::vocab::time::Timestamp;

const HOUR_MILLIS: i64 = 3_600_000;

/// Cases opened from the queue in one transaction.
const AT_ONCE: u64 = 500;

/// Cases of a platform that wait to be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Queued {
    /// Platform.
    pub platform: String,
    /// How many wait.
    pub cases: u64,
    /// How many are opened in an hour.
    pub per_hour: u64,
}

/// Takes a place among the cases that are opened in this hour; false where none is left, or others wait. `is_one_of_many`: its wording
/// has many drafts already, so that it may take none of the second half of the places, which is for others.
pub(super) fn take_place(
    tx: &Connection,
    platform: &str,
    is_one_of_many: bool,
    now: Timestamp,
) -> Result<bool, TruthError> {
    // What waits goes before what is new.
    if waiting(tx, platform)? > 0 {
        return Ok(false);
    }
    Ok(take(tx, platform, 1, if is_one_of_many { 2 } else { 1 }, now)? == 1)
}

/// Takes up to `wanted` places of this hour, of all or of the first `part`-th of them. Answers how many there were.
fn take(tx: &Connection, platform: &str, wanted: u64, part: u64, now: Timestamp) -> Result<u64, TruthError> {
    let hour = now.as_millis().div_euclid(HOUR_MILLIS);
    tx.prepare_cached("INSERT OR IGNORE INTO case_limits (platform, per_hour, hour, opened) VALUES (?, ?, 0, 0)")?
        .execute(params![platform, CASES_PER_HOUR])?;
    let left: u64 = tx
        .prepare_cached(
            "SELECT max(0, (per_hour + ?3 - 1) / ?3 - CASE WHEN hour = ?2 THEN opened ELSE 0 END) FROM case_limits WHERE platform = ?1",
        )?
        .query_row(params![platform, hour, part], |row| row.get(0))?;
    let taken = left.min(wanted);
    if taken > 0 {
        tx.prepare_cached(
            "UPDATE case_limits SET opened = CASE WHEN hour = ?2 THEN opened ELSE 0 END + ?3, hour = ?2 WHERE platform = ?1",
        )?
        .execute(params![platform, hour, taken])?;
    }
    Ok(taken)
}

fn waiting(tx: &Connection, platform: &str) -> Result<u64, TruthError> {
    let sql = "SELECT coalesce(sum(cases), 0) FROM case_counts WHERE platform = ? AND state = 'queued'";
    Ok(tx.prepare_cached(sql)?.query_row([platform], |row| row.get(0))?)
}

impl Truth {
    /// Notes how many cases of a platform are opened in an hour, where that is not what is on record.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub(super) fn note_case_limit(&self, platform: &PlatformId, per_hour: u32) -> Result<(), TruthError> {
        let is_noted = self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT 1 FROM case_limits WHERE platform = ? AND per_hour = ?")?;
            Ok(statement.exists(params![platform.as_str(), per_hour])?)
        })?;
        if is_noted {
            return Ok(());
        }
        let writer = self.writer();
        writer
            .prepare_cached(
                "INSERT INTO case_limits (platform, per_hour, hour, opened) VALUES (?1, ?2, 0, 0)
             ON CONFLICT DO UPDATE SET per_hour = ?2 WHERE per_hour <> ?2",
            )?
            .execute(params![platform.as_str(), per_hour])?;
        Ok(())
    }

    /// Cases that wait to be opened, by platform.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn queued(&self) -> Result<Vec<Queued>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT c.platform, sum(c.cases), coalesce(l.per_hour, ?1) FROM case_counts c
                 LEFT JOIN case_limits l ON l.platform = c.platform
                 WHERE c.state = 'queued' GROUP BY c.platform HAVING sum(c.cases) > 0 ORDER BY c.platform",
            )?;
            let rows = statement.query_map([CASES_PER_HOUR], |row| {
                Ok(Queued { platform: row.get(0)?, cases: row.get(1)?, per_hour: row.get(2)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Opens what waits, as far as this hour allows: half of it the strongest, of wordings without a draft first, and half the oldest, so
    /// that each case is opened in time whatever others post. Of an odd number the one more is a strong case in one hour and an old one
    /// in the next. Answers how many.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn open_queued(&self, now: Timestamp) -> Result<usize, TruthError> {
        let mut opened = 0;
        for Queued { platform, .. } in self.queued()? {
            loop {
                let mut writer = self.writer();
                let tx = writer.transaction()?;
                let wanted = waiting(&tx, &platform)?.min(AT_ONCE);
                let taken = take(&tx, &platform, wanted, 1, now)?;
                let is_for_the_oldest = now.as_millis().div_euclid(HOUR_MILLIS).rem_euclid(2) == 1;
                let oldest_first = if is_for_the_oldest { taken.div_ceil(2) } else { taken / 2 };
                let mut ids: Vec<String> = tx
                    .prepare_cached(
                        "SELECT id FROM (
                           SELECT id, verdict, score, change, series,
                             row_number() OVER (PARTITION BY coalesce(series, id) ORDER BY verdict = ?2 DESC, score DESC, change) AS place
                           FROM referrals WHERE platform = ?1 AND state = 'queued') q
                         ORDER BY place > 1 OR EXISTS (SELECT 1 FROM referrals o WHERE o.series = q.series AND o.state = 'drafted'),
                           verdict = ?2 DESC, score DESC, change LIMIT ?3",
                    )?
                    .query_map(params![platform, Verdict::Refer, taken - oldest_first], |row| row.get(0))?
                    .collect::<Result<_, _>>()?;
                let mut oldest = tx.prepare_cached(
                    "SELECT id FROM referrals WHERE platform = ?1 AND state = 'queued'
                       AND id NOT IN (SELECT value FROM json_each(?2)) ORDER BY created, change LIMIT ?3",
                )?;
                let first = serde_json::to_string(&ids)?;
                let rest = oldest.query_map(params![platform, first, oldest_first], |row| row.get(0))?;
                ids.extend(rest.collect::<Result<Vec<String>, _>>()?);
                drop(oldest);
                for id in &ids {
                    let id = cases::referral_id(id)?;
                    let no_intervals =
                        Intervals { recheck: std::time::Duration::ZERO, renotice: std::time::Duration::ZERO };
                    transition(&tx, &id, Event::Open, &Actor::Job(Job::Scan), no_intervals, now)?;
                    deconflict::hold_if_marked(&tx, &id, now)?;
                }
                self.commit(tx)?;
                opened += ids.len();
                if (ids.len() as u64) < AT_ONCE {
                    break;
                }
            }
        }
        Ok(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_one_case_an_hour_the_oldest_has_its_turn_too() {
        let folder = tempfile::tempdir().unwrap();
        let truth = Truth::open(&folder.path().join("truth.db")).unwrap();
        truth.note_case_limit(&PlatformId::parse("bazaar").unwrap(), 1).unwrap();
        // The oldest is the weakest, and stronger ones keep coming.
        for number in 0..6 {
            truth
                .writer()
                .execute(
                    "INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, title, score, substances, urls,
                       change, created, updated, history)
                     VALUES (?1, 'bazaar', ?1, 0, 'queued', '{\"state\":\"queued\"}', 'refer', 't', ?2 / 10.0, '[]', '[]', ?2, ?2, ?2, '[]')",
                    params![format!("R-000000000000000{number}"), number],
                )
                .unwrap();
        }
        for hour in 0..2 {
            assert_eq!(truth.open_queued(Timestamp::from_millis(hour * HOUR_MILLIS)).unwrap(), 1);
        }
        let opened: Vec<String> = truth
            .writer()
            .prepare("SELECT id FROM referrals WHERE state = 'drafted' ORDER BY id")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(opened, ["R-0000000000000000", "R-0000000000000005"]);
    }

    #[test]
    fn a_limit_that_did_not_change_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("truth.db");
        let truth = Truth::open(&path).unwrap();
        let bazaar = PlatformId::parse("bazaar").unwrap();
        truth.note_case_limit(&bazaar, 7).unwrap();
        // While somebody else writes, only a change has to wait.
        let mut other = Connection::open(&path).unwrap();
        let writing = other.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
        truth.writer().busy_timeout(std::time::Duration::from_millis(10)).unwrap();
        truth.note_case_limit(&bazaar, 7).unwrap();
        assert!(truth.note_case_limit(&bazaar, 8).is_err());
        drop(writing);
        truth.note_case_limit(&bazaar, 8).unwrap();
        let held: u32 = truth
            .writer()
            .query_row("SELECT per_hour FROM case_limits WHERE platform = 'bazaar'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(held, 8);
    }
}

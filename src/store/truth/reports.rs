//! What the reports count. No personal data is read.

use rusqlite::params;

use crate::report::responses::CaseTimes;
use crate::report::transparency::Counted;
use crate::store::truth::{Truth, TruthError};
use crate::vocab::actor::ActorKind;
use crate::vocab::terms::Message;
use crate::vocab::time::Timestamp;

impl Truth {
    /// Notices that left in a calendar year, as the transparency report counts them.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn notices_of_year(&self, year: i16) -> Result<Vec<Counted>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT r.platform, coalesce(r.category, 'none'),
                   coalesce(r.decision, json_extract(r.state_json, '$.outcome.decision'), 'no-answer'),
                   min(e.at), (SELECT min(a.at) FROM events a WHERE a.referral = r.id AND a.event = 'answer'),
                   CASE WHEN e.event = 'approve' THEN e.actor_kind END
                 FROM referrals r JOIN events e ON e.referral = r.id AND e.message = ?1
                 WHERE strftime('%Y', e.at / 1000, 'unixepoch') = ?2 GROUP BY r.id ORDER BY r.platform",
            )?;
            let rows = statement.query_map(params![Message::Created, format!("{year:04}")], |row| {
                let (sent, answered): (i64, Option<i64>) = (row.get(3)?, row.get(4)?);
                Ok(Counted {
                    platform: row.get(0)?,
                    category: row.get(1)?,
                    action: row.get(2)?,
                    decided_by: row.get::<_, Option<String>>(5)?.as_deref().and_then(ActorKind::parse),
                    hours_to_answer: answered.and_then(|at| hours(sent, at)),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Cases whose notice left in `from..until`, with the times of their life.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn case_times(&self, from: Timestamp, until: Timestamp) -> Result<Vec<CaseTimes>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT r.platform, coalesce(r.decision, json_extract(r.state_json, '$.outcome.decision')), min(e.at),
                   (SELECT min(a.at) FROM events a WHERE a.referral = r.id AND a.event = 'answer'),
                   (SELECT min(g.at) FROM events g WHERE g.referral = r.id AND g.event = 'seen-gone' AND g.seq >
                      (SELECT coalesce(max(l.seq), 0) FROM events l WHERE l.referral = r.id AND l.event = 'seen-live'
                        AND l.seq < (SELECT min(v.seq) FROM events v WHERE v.referral = r.id AND v.state = 'verified-gone'))),
                   EXISTS (SELECT 1 FROM events v WHERE v.referral = r.id AND v.state = 'verified-gone'),
                   (SELECT count(*) FROM events s WHERE s.referral = r.id AND s.event = 'seen-again'), r.reminders,
                   EXISTS (SELECT 1 FROM outbox o WHERE o.referral = r.id AND o.state = 'undeliverable' AND o.message != ?4),
                   r.state IN ('withdrawn', 'corrected')
                 FROM referrals r JOIN events e ON e.referral = r.id AND e.message = ?1
                 GROUP BY r.id HAVING min(e.at) >= ?2 AND min(e.at) < ?3 ORDER BY r.platform, r.id",
            )?;
            // A change that could not be told leaves the notice delivered.
            let values = params![Message::Created, from.as_millis(), until.as_millis(), Message::Changed];
            let rows = statement.query_map(values, |row| {
                let sent: i64 = row.get(2)?;
                let (answered, gone): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
                let verified: bool = row.get(5)?;
                Ok(CaseTimes {
                    platform: row.get(0)?,
                    decision: row.get(1)?,
                    hours_to_answer: answered.and_then(|at| hours(sent, at)),
                    hours_to_gone: gone.filter(|_| verified).and_then(|at| hours(sent, at)),
                    relisted: row.get(6)?,
                    reminders: row.get(7)?,
                    undeliverable: row.get(8)?,
                    taken_back: row.get(9)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// By platform: cases whose removal was seen, and how many of them came back.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn relisting_rates(&self) -> Result<Vec<(String, u64, u64)>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT platform, count(DISTINCT referral) FILTER (WHERE state = 'verified-gone'),
                   count(DISTINCT referral) FILTER (WHERE event = 'seen-again') FROM events GROUP BY platform ORDER BY platform",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Whole hours between two moments.
fn hours(from: i64, until: i64) -> Option<u64> {
    u64::try_from((until - from) / 3_600_000).ok()
}

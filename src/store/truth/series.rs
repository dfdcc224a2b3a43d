//! Series: cases of a platform whose listings have one frame. A template posted a thousand times is looked at once.

use rusqlite::{Connection, OptionalExtension, params};

use crate::dedup::frame::Frame;
use crate::detect::assessment::Assessment;
use crate::referral::row::ReferralRow;
use crate::referral::state::ReferralState;
use crate::store::truth::cases::{ROW, next_change, referral_id, row};
use crate::store::truth::terms::CLOSED;
use crate::store::truth::{Truth, TruthError};
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::terms::Verdict;
use crate::vocab::time::Timestamp;

/// Series that are compared with a listing at most: more share a key only where somebody means them to.
const CANDIDATES: usize = 64;

/// The frame of a listing as it is stored.
pub(super) fn frame_of(title: &str, text: &str, assessment: &Assessment) -> Option<Frame> {
    let known = assessment.substances.iter().flat_map(|found| found.matches.iter().map(|place| place.surface.as_str()));
    Frame::of([title, text], known.chain(assessment.emerging.iter().map(|found| found.surface.as_str())))
}

/// Whether a case that becomes a draft is folded: another draft of its series stands for it in lists. The strongest does: a harmless
/// first one hides nothing.
pub(super) fn is_folded(
    tx: &Connection,
    series: Option<&str>,
    (verdict, score): (Verdict, f64),
) -> Result<bool, TruthError> {
    let Some(series) = series else { return Ok(false) };
    let lead: Option<(String, Verdict, f64)> = tx
        .prepare_cached(
            "SELECT id, verdict, score FROM referrals WHERE series = ? AND state = 'drafted' AND folded = 0
             ORDER BY verdict = ? DESC, score DESC LIMIT 1",
        )?
        .query_row(params![series, Verdict::Refer], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((lead, of_lead, score_of_lead)) = lead else { return Ok(false) };
    let is_stronger = (verdict == Verdict::Refer, score) > (of_lead == Verdict::Refer, score_of_lead);
    if is_stronger {
        tx.prepare_cached("UPDATE referrals SET folded = 1 WHERE id = ?")?.execute([lead])?;
    }
    Ok(!is_stronger)
}

/// Drafts of one series from which on it may take only half of an hour's places.
const MANY: i64 = 10;

/// Whether a series has so many drafts that others go before it.
pub(super) fn has_many_drafts(tx: &Connection, series: Option<&str>) -> Result<bool, TruthError> {
    let Some(series) = series else { return Ok(false) };
    let sql = "SELECT count(*) FROM (SELECT 1 FROM referrals WHERE series = ?1 AND state = 'drafted' LIMIT ?2)";
    let drafts: i64 = tx.prepare_cached(sql)?.query_row(params![series, MANY], |row| row.get(0))?;
    Ok(drafts == MANY)
}

/// Brings a folded draft into sight whose listings became stronger than the one that stands for it.
pub(super) fn refreshed(tx: &Connection, referral: &ReferralId) -> Result<(), TruthError> {
    let held: Option<(Option<String>, Verdict, f64)> = tx
        .prepare_cached(
            "SELECT series, verdict, score FROM referrals WHERE id = ? AND state = 'drafted' AND folded = 1",
        )?
        .query_row([referral.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    if let Some((series, verdict, score)) = held
        && !is_folded(tx, series.as_deref(), (verdict, score))?
    {
        tx.prepare_cached("UPDATE referrals SET folded = 0 WHERE id = ?")?.execute([referral.as_str()])?;
    }
    Ok(())
}

/// Brings the strongest draft of a series into sight.
fn strongest_stands(tx: &Connection, series: &str) -> Result<(), TruthError> {
    tx.prepare_cached(
        "UPDATE referrals SET folded = 0 WHERE id = (
           SELECT id FROM referrals WHERE series = ? AND state = 'drafted' ORDER BY verdict = ? DESC, score DESC LIMIT 1)",
    )?
    .execute(params![series, Verdict::Refer])?;
    Ok(())
}

/// Keeps one draft of a series in sight when a case of it moves.
pub(super) fn moved(
    tx: &Connection,
    referral: &ReferralId,
    before: &ReferralState,
    next: &ReferralState,
) -> Result<(), TruthError> {
    let was = *before == ReferralState::Drafted;
    if was == (*next == ReferralState::Drafted) {
        return Ok(());
    }
    let held: Option<(Option<String>, bool, Verdict, f64)> = tx
        .prepare_cached("SELECT series, folded, verdict, score FROM referrals WHERE id = ?")?
        .query_row([referral.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    let Some((Some(series), folded, verdict, score)) = held else { return Ok(()) };
    let set = |folded: bool, id: &str| {
        tx.prepare_cached("UPDATE referrals SET folded = ? WHERE id = ?")?.execute(params![folded, id])
    };
    if !was {
        // Itself it is not counted: it is no draft yet, or still folded.
        set(true, referral.as_str())?;
        let stands_for_it = is_folded(tx, Some(&series), (verdict, score))?;
        set(stands_for_it, referral.as_str())?;
        return Ok(());
    }
    set(false, referral.as_str())?;
    if !folded {
        strongest_stands(tx, &series)?;
    }
    Ok(())
}

impl Truth {
    fn series_id(&self, platform: &str, frame: &[u8]) -> String {
        format!("S-{}", self.keyed_digits("series", &[platform.as_bytes(), b"\n", frame].concat(), 8))
    }

    /// Gives series of an older file ids that nobody can compute from their wording.
    pub(super) fn key_series(&self) -> Result<(), TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let held: Vec<(String, String, Vec<u8>)> = tx
            .prepare("SELECT id, platform, frame FROM series")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
            .collect::<Result<_, _>>()?;
        for (old, platform, frame) in held {
            let id = self.series_id(&platform, &frame);
            if id == old {
                continue;
            }
            for sql in [
                "UPDATE OR IGNORE series SET id = ?1 WHERE id = ?2",
                "UPDATE OR IGNORE series_keys SET series = ?1 WHERE series = ?2",
                "UPDATE referrals SET series = ?1 WHERE series = ?2",
            ] {
                tx.prepare_cached(sql)?.execute(params![id, old])?;
            }
        }
        self.commit(tx)
    }

    /// The series of a frame: that of the most similar one on the platform, or a new one.
    pub(super) fn series_of(
        &self,
        tx: &Connection,
        platform: &PlatformId,
        frame: &Frame,
        now: Timestamp,
    ) -> Result<String, TruthError> {
        let keys = frame.keys().map(u64::cast_signed);
        let held: Vec<(String, Vec<u8>)> = tx
            .prepare_cached(
                "SELECT DISTINCT s.id, s.frame FROM series_keys k JOIN series s ON s.id = k.series
                 WHERE k.platform = ?1 AND k.key IN (SELECT value FROM json_each(?2)) LIMIT ?3",
            )?
            .query_map(params![platform.as_str(), serde_json::to_string(&keys)?, CANDIDATES], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<_, _>>()?;
        let closest = held
            .iter()
            .filter_map(|(id, stored)| Some((frame.is_one_with(stored)?, id)))
            .max_by(|(one, one_id), (other, other_id)| one.total_cmp(other).then_with(|| other_id.cmp(one_id)));
        if let Some((_, id)) = closest {
            return Ok(id.clone());
        }
        let id = self.series_id(platform.as_str(), frame.to_bytes());
        tx.prepare_cached("INSERT OR IGNORE INTO series (id, platform, frame, created) VALUES (?, ?, ?, ?)")?
            .execute(params![id, platform.as_str(), frame.to_bytes(), now.as_millis()])?;
        for key in keys {
            tx.prepare_cached("INSERT OR IGNORE INTO series_keys (platform, key, series) VALUES (?, ?, ?)")?
                .execute(params![platform.as_str(), key, id])?;
        }
        Ok(id)
    }

    /// Puts a case of which no listing has the wording of its series any more into that of its strongest listing.
    pub(super) fn recompute_series(
        &self,
        tx: &Connection,
        referral: &ReferralId,
        now: Timestamp,
    ) -> Result<(), TruthError> {
        type Held = (String, Option<String>, Option<Vec<u8>>, bool, bool, Verdict, f64);
        let (platform, held, frame, is_draft, folded, verdict, score): Held = tx
            .prepare_cached(
                "SELECT r.platform, r.series, s.frame, r.state = 'drafted', r.folded, r.verdict, r.score
                 FROM referrals r LEFT JOIN series s ON s.id = r.series WHERE r.id = ?",
            )?
            .query_row([referral.as_str()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
            })?;
        let mut statement =
            tx.prepare_cached("SELECT title, text, assessment FROM hits WHERE referral = ? ORDER BY score DESC, url")?;
        let mut rows = statement.query([referral.as_str()])?;
        let mut strongest: Option<Option<Frame>> = None;
        while let Some(row) = rows.next()? {
            let (title, text): (String, String) = (row.get(0)?, row.get(1)?);
            let now_is = frame_of(&title, &text, &serde_json::from_str(&row.get::<_, String>(2)?)?);
            let is_held = match (&now_is, &frame) {
                (Some(now_is), Some(frame)) => now_is.is_one_with(frame).is_some(),
                (None, None) => true,
                _ => false,
            };
            if is_held {
                return Ok(());
            }
            strongest.get_or_insert(now_is);
        }
        let Some(strongest) = strongest else { return Ok(()) };
        let platform = PlatformId::parse(&platform).map_err(|error| TruthError::Value(error.to_string()))?;
        let series = match strongest {
            Some(frame) => Some(self.series_of(tx, &platform, &frame, now)?),
            None => None,
        };
        if series == held {
            return Ok(());
        }
        // While it is looked for who stands for whom, it counts in neither.
        tx.prepare_cached(
            "UPDATE referrals SET series = NULL, folded = 1, change = ?1,
               updated = CASE WHEN state IN (SELECT value FROM json_each(?4)) THEN updated ELSE ?2 END WHERE id = ?3",
        )?
        .execute(params![
            next_change(tx)?,
            now.as_millis(),
            referral.as_str(),
            serde_json::to_string(CLOSED)?
        ])?;
        if let Some(held) = held.filter(|_| is_draft && !folded) {
            strongest_stands(tx, &held)?;
        }
        let folded = is_draft && is_folded(tx, series.as_deref(), (verdict, score))?;
        tx.prepare_cached("UPDATE referrals SET series = ?, folded = ? WHERE id = ?")?.execute(params![
            series,
            folded,
            referral.as_str()
        ])?;
        Ok(())
    }

    /// How many drafts each of these series has.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn drafts_in_series(&self, series: &[String]) -> Result<Vec<(String, u64)>, TruthError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT count(*) FROM referrals WHERE series = ? AND state = 'drafted'")?;
            series
                .iter()
                .map(|id| Ok((id.clone(), statement.query_row([id], |row| row.get(0))?)))
                .collect::<Result<_, TruthError>>()
        })
    }

    /// Cases of a series, newest change first, at most `limit`; only those in `states`, where any are named.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn cases_of_series(&self, series: &str, states: &[&str], limit: usize) -> Result<Vec<ReferralRow>, TruthError> {
        self.read(|connection| {
            let states = serde_json::to_string(states)?;
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {ROW} FROM referrals WHERE series = ?1
                   AND (?2 = '[]' OR state IN (SELECT value FROM json_each(?2))) ORDER BY change DESC LIMIT ?3"
            ))?;
            let rows = statement.query_map(params![series, states, limit], row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The platform of a series.
    ///
    /// # Errors
    /// When there is none of this name, or SQLite fails.
    pub fn platform_of_series(&self, series: &str) -> Result<PlatformId, TruthError> {
        let held: Option<String> = self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT platform FROM series WHERE id = ?")?;
            Ok(statement.query_row([series], |row| row.get(0)).optional()?)
        })?;
        let held = held.ok_or_else(|| TruthError::NotFound { kind: "series", id: series.to_owned() })?;
        PlatformId::parse(&held).map_err(|error| TruthError::Value(error.to_string()))
    }

    /// Drafts of a series that have the verdict of its strongest one, strongest first, at most `limit`: who has seen an offer has not seen
    /// what is only for review.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn drafts_of_series(&self, series: &str, limit: usize) -> Result<Vec<ReferralId>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id FROM referrals WHERE series = ?1 AND state = 'drafted' AND (verdict = ?2 OR NOT EXISTS (
                   SELECT 1 FROM referrals WHERE series = ?1 AND state = 'drafted' AND verdict = ?2))
                 ORDER BY score DESC LIMIT ?3",
            )?;
            let ids: Vec<String> = statement
                .query_map(params![series, Verdict::Refer, limit], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            ids.iter().map(|id| referral_id(id)).collect()
        })
    }
}

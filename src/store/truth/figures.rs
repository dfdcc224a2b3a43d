//! What the overview shows: counts by month, by stage, by hour to the answer. Read from tallies, so a page costs the same
//! at a million cases as at ten.

use rusqlite::params;
use serde::Serialize;

use crate::store::truth::{Truth, TruthError};
use crate::vocab::ids::PlatformId;

/// Hits first seen in one month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonthCount {
    /// `2026-01`.
    pub month: String,
    /// Category, or `none`.
    pub category: String,
    /// Hits.
    pub hits: u64,
}

/// How fast a platform answers, by its first answer to each notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnswerTimes {
    /// Platform.
    pub platform: String,
    /// Answers.
    pub answers: u64,
    /// Half of them came within this many hours.
    pub median_hours: u64,
    /// Nine in ten came within this many hours.
    pub ninth_decile_hours: u64,
}

/// What stayed away and what came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relisting {
    /// Platform.
    pub platform: String,
    /// Cases whose removal was seen.
    pub gone: u64,
    /// Cases whose listing came back.
    pub relisted: u64,
}

impl Truth {
    /// Hits first seen, by month and category, of one platform or all.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn hits_by_month(&self, platform: Option<&PlatformId>) -> Result<Vec<MonthCount>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT month, category, sum(hits) FROM hit_counts WHERE ?1 IS NULL OR platform = ?1
                 GROUP BY 1, 2 HAVING sum(hits) > 0 ORDER BY 1, 2",
            )?;
            let rows = statement.query_map([platform.map(PlatformId::as_str)], |row| {
                Ok(MonthCount { month: row.get(0)?, category: row.get(1)?, hits: row.get(2)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Cases that ever reached each state, of one platform or all.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn cases_by_stage(&self, platform: Option<&PlatformId>) -> Result<Vec<(String, u64)>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT stage, sum(cases) FROM stage_counts WHERE ?1 IS NULL OR platform = ?1 GROUP BY 1 ORDER BY 1",
            )?;
            let rows = statement.query_map([platform.map(PlatformId::as_str)], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Response times by platform.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn answer_times(&self, platform: Option<&PlatformId>) -> Result<Vec<AnswerTimes>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT platform, hours, answers FROM answer_times WHERE ?1 IS NULL OR platform = ?1 ORDER BY 1, 2",
            )?;
            let mut rows = statement.query(params![platform.map(PlatformId::as_str)])?;
            let mut held: Vec<(String, Vec<(u64, u64)>)> = Vec::new();
            while let Some(row) = rows.next()? {
                let (name, point): (String, (u64, u64)) = (row.get(0)?, (row.get(1)?, row.get(2)?));
                match held.last_mut() {
                    Some((last, points)) if *last == name => points.push(point),
                    _ => held.push((name, vec![point])),
                }
            }
            Ok(held
                .into_iter()
                .map(|(platform, points)| AnswerTimes {
                    platform,
                    answers: points.iter().map(|(_, answers)| answers).sum(),
                    median_hours: quantile(&points, 1, 2),
                    ninth_decile_hours: quantile(&points, 9, 10),
                })
                .collect())
        })
    }

    /// Removals seen and listings that came back, by platform.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn relistings(&self, platform: Option<&PlatformId>) -> Result<Vec<Relisting>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT platform, coalesce(sum(cases) FILTER (WHERE stage = 'verified-gone'), 0),
                   coalesce(sum(cases) FILTER (WHERE stage = 'relisted'), 0)
                 FROM stage_counts WHERE (?1 IS NULL OR platform = ?1) AND stage IN ('verified-gone', 'relisted')
                 GROUP BY platform ORDER BY platform",
            )?;
            let rows = statement.query_map([platform.map(PlatformId::as_str)], |row| {
                Ok(Relisting { platform: row.get(0)?, gone: row.get(1)?, relisted: row.get(2)? })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// The value below which `part` of `whole` of the answers lie; points are (hours, answers) in order of hours.
fn quantile(points: &[(u64, u64)], part: u64, whole: u64) -> u64 {
    let total: u64 = points.iter().map(|(_, answers)| answers).sum();
    let wanted = (total * part).div_ceil(whole).max(1);
    let mut reached = 0;
    for (hours, answers) in points {
        reached += answers;
        if reached >= wanted {
            return *hours;
        }
    }
    points.last().map_or(0, |(hours, _)| *hours)
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn quantiles_of_counted_hours() {
        let points = [(1, 5), (4, 3), (30, 2)];
        assert_eq!((quantile(&points, 1, 2), quantile(&points, 9, 10)), (1, 30));
        assert_eq!((quantile(&[(7, 1)], 1, 2), quantile(&[], 1, 2)), (7, 0));
    }
}

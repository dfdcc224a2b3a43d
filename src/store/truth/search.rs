//! The archive of hits: search, facets, series, export rows, emerging names.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};
use serde::Serialize;

use crate::detect::assessment::Assessment;
use crate::store::truth::{Truth, TruthError, query};
use crate::vocab::time::Timestamp;

/// One hit as search and exports show it: no seller's name, no contacts, no captured page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HitRow {
    /// Hit id.
    pub id: String,
    /// Case.
    pub referral: String,
    /// State of the case.
    pub state: String,
    /// Platform.
    pub platform: String,
    /// Page.
    pub url: String,
    /// Title, contacts blotted out.
    pub title: String,
    /// Text, contacts blotted out.
    pub text: String,
    /// Amount as published.
    pub price: Option<String>,
    /// Currency.
    pub currency: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// `refer` or `review`.
    pub verdict: String,
    /// Score.
    pub score: f64,
    /// Category.
    pub category: Option<String>,
    /// Watchlist ids of substances.
    pub substances: Vec<String>,
    /// Names no list has.
    pub emerging: Vec<String>,
    /// First seen.
    pub first_seen: Timestamp,
    /// Last seen.
    pub last_seen: Timestamp,
    /// When it was found gone.
    pub gone_at: Option<Timestamp>,
    /// Watchlist it was judged with.
    pub watchlist: String,
    /// Digest of the captured body.
    pub payload_digest: String,
}

/// One page of an answer.
#[derive(Debug, Clone, Serialize)]
pub struct SearchPage {
    /// Hits.
    pub hits: Vec<HitRow>,
    /// Where to go on, if there is more.
    pub next: Option<String>,
    /// Hits that match in all.
    pub total: u64,
}

/// Counts of hits by field.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Facets {
    /// By platform.
    pub platform: BTreeMap<String, u64>,
    /// By category.
    pub category: BTreeMap<String, u64>,
    /// By substance.
    pub substance: BTreeMap<String, u64>,
    /// By state of the case.
    pub state: BTreeMap<String, u64>,
}

const FROM: &str = "FROM hits h JOIN referrals r ON r.id = h.referral";

fn hit(row: &Row<'_>) -> Result<HitRow, TruthError> {
    let assessment: Assessment = serde_json::from_str(&row.get::<_, String>(13)?)?;
    Ok(HitRow {
        id: row.get(0)?,
        referral: row.get(1)?,
        state: row.get(2)?,
        platform: row.get(3)?,
        url: row.get(4)?,
        title: blot(&row.get::<_, String>(5)?, "title", &assessment),
        text: blot(&row.get::<_, String>(6)?, "text", &assessment),
        price: row.get(7)?,
        currency: row.get(8)?,
        language: row.get(9)?,
        verdict: row.get(10)?,
        score: row.get(11)?,
        category: row.get(12)?,
        substances: assessment.substances.iter().map(|substance| substance.id.clone()).collect(),
        emerging: assessment.emerging.iter().map(|found| found.surface.clone()).collect(),
        first_seen: Timestamp::from_millis(row.get(14)?),
        last_seen: Timestamp::from_millis(row.get(15)?),
        gone_at: row.get::<_, Option<i64>>(16)?.map(Timestamp::from_millis),
        watchlist: row.get(17)?,
        payload_digest: row.get(18)?,
    })
}

const COLUMNS: &str = "h.id, h.referral, r.state, h.platform, h.url, h.title, h.text, h.price, h.currency, h.language,
  h.verdict, h.score, h.category, h.assessment, h.first_seen, h.last_seen, h.gone_at, h.watchlist, h.payload_digest";

/// Contacts and payment addresses are personal data: a researcher sees that there was one, not which.
fn blot(text: &str, field: &str, assessment: &Assessment) -> String {
    let mut spans: Vec<(usize, usize)> = assessment
        .context
        .iter()
        .filter(|found| found.field == field && matches!(found.signal.as_str(), "contact" | "payment"))
        .map(|found| (found.start, found.end))
        .collect();
    for indicator in crate::listing::contacts::find(text) {
        let start = text[..indicator.start].chars().count();
        spans.push((start, start + text[indicator.start..indicator.end].chars().count()));
    }
    if spans.is_empty() {
        return text.to_owned();
    }
    spans.sort_unstable();
    let mut out = String::with_capacity(text.len());
    let mut skip_until = 0;
    let mut spans = spans.into_iter().peekable();
    for (at, c) in text.chars().enumerate() {
        while let Some(&(start, end)) = spans.peek() {
            if start > at {
                break;
            }
            if at >= skip_until && end > at {
                out.push_str("[contact]");
            }
            skip_until = skip_until.max(end);
            spans.next();
        }
        if at >= skip_until {
            out.push(c);
        }
    }
    out
}

impl Truth {
    /// Hits that match, `limit` at a time.
    ///
    /// # Errors
    /// When the query or cursor cannot be read, or SQLite fails.
    pub fn search(&self, text: &str, cursor: Option<&str>, limit: usize) -> Result<SearchPage, TruthError> {
        let query = query::parse(text)?;
        let offset: usize = match cursor {
            None => 0,
            Some(cursor) => cursor
                .strip_prefix('o')
                .and_then(|number| number.parse().ok())
                .ok_or_else(|| TruthError::Invalid("the cursor is not one of ours; start without it".to_owned()))?,
        };
        self.read(|connection| {
            let total: u64 = connection
                .prepare_cached(&format!("SELECT count(*) {FROM} WHERE {}", query.condition))?
                .query_row(params_from_iter(&query.values), |row| row.get(0))?;
            let sql = format!(
                "SELECT {COLUMNS} {FROM} WHERE {} ORDER BY {}, h.id LIMIT ? OFFSET ?",
                query.condition, query.order
            );
            let mut values = query.values.clone();
            values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
            values.push(Value::Integer(i64::try_from(offset).unwrap_or(i64::MAX)));
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            let mut hits = Vec::new();
            while let Some(row) = rows.next()? {
                hits.push(hit(row)?);
            }
            let reached = offset + hits.len();
            let next = ((reached as u64) < total && !hits.is_empty()).then(|| format!("o{reached}"));
            Ok(SearchPage { hits, next, total })
        })
    }

    /// Every hit that matches, in the query's order, handed to `each` one by one.
    ///
    /// # Errors
    /// When the query cannot be read, SQLite fails, or `each` does.
    pub fn for_each_hit<E: From<TruthError>>(
        &self,
        text: &str,
        mut each: impl FnMut(HitRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut cursor: Option<String> = None;
        loop {
            let page = self.search(text, cursor.as_deref(), 500)?;
            for hit in page.hits {
                each(hit)?;
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Counts of the hits that match, by field.
    ///
    /// # Errors
    /// When the query cannot be read, or SQLite fails.
    pub fn facets(&self, text: &str) -> Result<Facets, TruthError> {
        let query = query::parse(text)?;
        self.read(|connection| {
            let count = |column: &str, join: &str| -> Result<BTreeMap<String, u64>, TruthError> {
                let sql = format!(
                    "SELECT coalesce({column}, 'none'), count(*) {FROM} {join} WHERE {} GROUP BY 1 ORDER BY 2 DESC LIMIT 200",
                    query.condition
                );
                let mut statement = connection.prepare_cached(&sql)?;
                let rows = statement.query_map(params_from_iter(&query.values), |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok(rows.collect::<Result<_, _>>()?)
            };
            Ok(Facets {
                platform: count("h.platform", "")?,
                category: count("h.category", "")?,
                substance: count("s.substance", "JOIN hit_substances s ON s.hit = h.id")?,
                state: count("r.state", "")?,
            })
        })
    }

    /// Hits first seen, by month and category.
    ///
    /// # Errors
    /// When the query cannot be read, or SQLite fails.
    pub fn series(&self, text: &str) -> Result<Vec<(String, String, u64)>, TruthError> {
        let query = query::parse(text)?;
        self.read(|connection| {
            let sql = format!(
                "SELECT strftime('%Y-%m', h.first_seen / 1000, 'unixepoch'), coalesce(h.category, 'none'), count(*)
                 {FROM} WHERE {} GROUP BY 1, 2 ORDER BY 1, 2",
                query.condition
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement
                .query_map(params_from_iter(&query.values), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Names a class rule accepts and no list has: surface, class, subclass, listings, first and last seen.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn emerging(&self) -> Result<Vec<serde_json::Value>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT surface, class, subclass, listings, first_seen, last_seen FROM emerging ORDER BY last_seen DESC, surface",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(serde_json::json!({
                    "surface": row.get::<_, String>(0)?, "class": row.get::<_, String>(1)?,
                    "subclass": row.get::<_, Option<String>>(2)?, "listings": row.get::<_, i64>(3)?,
                    "first_seen": Timestamp::from_millis(row.get(4)?), "last_seen": Timestamp::from_millis(row.get(5)?),
                }))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

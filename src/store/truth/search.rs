//! The archive of hits: search, facets, series, export rows.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use serde::Serialize;

use crate::detect::assessment::Assessment;
use crate::store::truth::query::{self, Order, Query, Sight};
use crate::store::truth::{Truth, TruthError};
use crate::vocab::terms::{Category, Verdict};
use crate::vocab::time::Timestamp;

/// One hit as search and exports show it: no seller's name, no contacts, no captured page.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = Hit)]
pub struct HitRow {
    /// Hit id; to research another one, which nobody can compute from an address or look up elsewhere.
    pub id: String,
    /// Case; not shown to research.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub referral: String,
    /// State of the case.
    pub state: String,
    /// Platform.
    pub platform: String,
    /// Page; not shown to research.
    #[serde(skip_serializing_if = "String::is_empty")]
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
    pub verdict: Verdict,
    /// Score.
    pub score: f64,
    /// Category.
    pub category: Option<Category>,
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
    /// Digest of the captured body; not shown to research, as whoever has the page can compute it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub payload_digest: String,
}

/// One page of an answer.
#[derive(Debug, Clone, Serialize)]
pub struct SearchPage {
    /// Hits.
    pub hits: Vec<HitRow>,
    /// Where to go on, if there is more.
    pub next: Option<String>,
    /// Hits that match, counted up to [`COUNT_LIMIT`].
    pub total: u64,
    /// There are more than `total`.
    pub more_than_total: bool,
}

/// Matches counted for a page of search at most: counting a million would take longer than finding the page.
pub const COUNT_LIMIT: u64 = 200;

/// Matches that facets count at most when no smaller number is asked, newest first.
pub const FACETS_LIMIT: u64 = 10_000;

/// Up to how many cases in a state make it quicker to start from the cases than to walk the hits.
const FEW_CASES: u64 = 20_000;

/// Counts of hits by field.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct Facets {
    /// Hits counted: all that match, or the newest of them when `more` is true.
    pub counted: u64,
    /// More match than were counted.
    pub more: bool,
    /// By platform.
    pub platform: BTreeMap<String, u64>,
    /// By category.
    pub category: BTreeMap<String, u64>,
    /// By substance.
    pub substance: BTreeMap<String, u64>,
    /// By state of the case.
    pub state: BTreeMap<String, u64>,
}

/// Where matches are read from: the full-text index when the query has words, the cases when few are in the state asked
/// for, the hits otherwise. `CROSS JOIN` keeps that order.
///
/// `sorted`: many match and come by score or last visit; then that order's index is walked instead of sorting them all.
pub(super) fn from(connection: &Connection, query: &Query, sorted: bool) -> Result<&'static str, TruthError> {
    if query.words.is_some() {
        return Ok(
            "FROM hits_text CROSS JOIN hits h ON h.rowid = hits_text.rowid CROSS JOIN referrals r ON r.id = h.referral
          WHERE hits_text MATCH ? AND ",
        );
    }
    if let Some(state) = &query.state {
        let cases: u64 = connection
            .prepare_cached("SELECT coalesce(sum(cases), 0) FROM case_counts WHERE state = ?")?
            .query_row([state], |row| row.get(0))?;
        if cases <= FEW_CASES {
            return Ok("FROM referrals r CROSS JOIN hits h ON h.referral = r.id WHERE ");
        }
    }
    Ok(match query.order {
        Order::Score(_) if sorted => {
            "FROM hits h INDEXED BY hits_by_score CROSS JOIN referrals r ON r.id = h.referral WHERE "
        }
        Order::Seen(_) if sorted => {
            "FROM hits h INDEXED BY hits_by_last_seen CROSS JOIN referrals r ON r.id = h.referral WHERE "
        }
        _ => "FROM hits h CROSS JOIN referrals r ON r.id = h.referral WHERE ",
    })
}

pub(super) fn values(query: &Query) -> Vec<Value> {
    query.words.iter().cloned().map(Value::Text).chain(query.values.iter().cloned()).collect()
}

/// No match lies behind this row: the last row of the months before the moment by which all were first seen. Without it
/// a range that ended long ago is looked for among everything found since.
fn bound(connection: &Connection, query: &Query) -> Result<String, TruthError> {
    let Some(before) = query.seen_before else { return Ok(String::new()) };
    let last: i64 = connection
        .prepare_cached(
            "SELECT coalesce(max(last_row), 0) FROM hit_rows WHERE month <= strftime('%Y-%m', ? / 1000, 'unixepoch')",
        )?
        .query_row([before.as_millis()], |row| row.get(0))?;
    Ok(format!(" AND {} <= {last}", row_column(query)))
}

/// The row as the table that is read first names it.
fn row_column(query: &Query) -> &'static str {
    if query.words.is_some() { "hits_text.rowid" } else { "h.rowid" }
}

/// A place in an order: the value sorted by and the row. Any 32 hexadecimal digits are a place.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    bits: u64,
    row: i64,
}

impl Place {
    fn of(order: Order, hit: &HitRow, row: i64) -> Self {
        let bits = match order {
            Order::Newest => 0,
            Order::Seen(_) => hit.last_seen.as_millis().cast_unsigned(),
            Order::Score(_) => hit.score.to_bits(),
        };
        Place { bits, row }
    }

    fn text(self) -> String {
        format!("{:016x}{:016x}", self.bits, self.row)
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let (bits, row) = text.split_at_checked(16).filter(|_| digits)?;
        let part = |half: &str| u64::from_str_radix(half, 16).ok();
        Some(Place { bits: part(bits)?, row: part(row)?.cast_signed() })
    }

    /// What lies behind this place.
    fn behind(self, query: &Query, values: &mut Vec<Value>) -> String {
        let (column, value, descending) = match query.order {
            Order::Newest => {
                values.push(Value::Integer(self.row));
                return format!(" AND {} < ?", row_column(query));
            }
            Order::Seen(descending) => ("h.last_seen", Value::Integer(self.bits.cast_signed()), descending),
            Order::Score(descending) => ("h.score", Value::Real(f64::from_bits(self.bits)), descending),
        };
        values.extend([value, Value::Integer(self.row)]);
        format!(" AND ({column}, h.rowid) {} (?, ?)", if descending { "<" } else { ">" })
    }
}

fn order_sql(query: &Query) -> &'static str {
    match query.order {
        // The full-text index hands its rows out in this order by itself.
        Order::Newest if query.words.is_some() => "hits_text.rowid DESC",
        Order::Newest => "h.rowid DESC",
        Order::Seen(true) => "h.last_seen DESC, h.rowid DESC",
        Order::Seen(false) => "h.last_seen, h.rowid",
        Order::Score(true) => "h.score DESC, h.rowid DESC",
        Order::Score(false) => "h.score, h.rowid",
    }
}

fn hit(row: &Row<'_>) -> Result<HitRow, TruthError> {
    let assessment: Assessment = serde_json::from_str(&row.get::<_, String>(13)?)?;
    Ok(HitRow {
        id: row.get(0)?,
        referral: row.get(1)?,
        state: row.get(2)?,
        platform: row.get(3)?,
        url: row.get(4)?,
        title: row.get(5)?,
        text: row.get(6)?,
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
  h.verdict, h.score, h.category, h.assessment, h.first_seen, h.last_seen, h.gone_at, h.watchlist, h.payload_digest, h.rowid";

impl Truth {
    /// Hits that match, `limit` at a time; newest first unless the query sorts.
    ///
    /// # Errors
    /// When the query or cursor cannot be read, or SQLite fails.
    pub fn search(
        &self,
        text: &str,
        cursor: Option<&str>,
        limit: usize,
        sight: Sight,
    ) -> Result<SearchPage, TruthError> {
        let query = query::parse(text, sight)?;
        let total: u64 = self.read(|connection| {
            let sql = format!(
                "SELECT count(*) FROM (SELECT 1 {} {}{} LIMIT {})",
                from(connection, &query, false)?,
                query.condition,
                bound(connection, &query)?,
                COUNT_LIMIT + 1
            );
            Ok(connection.prepare_cached(&sql)?.query_row(params_from_iter(values(&query)), |row| row.get(0))?)
        })?;
        let more_than_total = total > COUNT_LIMIT;
        let (hits, next) = self.page(&query, cursor, limit, (more_than_total, sight))?;
        Ok(SearchPage { hits, next, total: total.min(COUNT_LIMIT), more_than_total })
    }

    fn page(
        &self,
        query: &Query,
        cursor: Option<&str>,
        limit: usize,
        (sorted, sight): (bool, Sight),
    ) -> Result<(Vec<HitRow>, Option<String>), TruthError> {
        let unreadable = || TruthError::Invalid("the cursor is not one of ours; start without it".to_owned());
        let place = cursor.map(|cursor| Place::parse(cursor).ok_or_else(unreadable)).transpose()?;
        self.read(|connection| {
            let mut values = values(query);
            let behind = place.map_or_else(String::new, |place| place.behind(query, &mut values));
            let sql = format!(
                "SELECT {COLUMNS} {} {}{}{behind} ORDER BY {} LIMIT ?",
                from(connection, query, sorted)?,
                query.condition,
                bound(connection, query)?,
                order_sql(query)
            );
            values.push(Value::Integer(i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX)));
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            let mut hits: Vec<HitRow> = Vec::new();
            let mut last = None;
            while let Some(row) = rows.next()? {
                if hits.len() == limit {
                    return Ok((hits, last.map(Place::text)));
                }
                let mut found = hit(row)?;
                if sight == Sight::Research {
                    self.for_research(connection, &mut found)?;
                }
                last = Some(Place::of(query.order, &found, row.get(19)?));
                hits.push(found);
            }
            Ok((hits, None))
        })
    }

    /// Takes from a row what leads to the listing, to its case or to a person.
    fn for_research(&self, connection: &Connection, row: &mut HitRow) -> Result<(), TruthError> {
        row.id = format!("H-{}", self.keyed_digits("hits for research", row.id.as_bytes(), 16));
        for field in [&mut row.referral, &mut row.state, &mut row.url, &mut row.payload_digest] {
            field.clear();
        }
        self.without_persons(connection, &mut row.emerging)
    }

    /// Every hit that matches, in the query's order, handed to `each` one by one.
    ///
    /// # Errors
    /// When the query cannot be read, SQLite fails, or `each` does.
    pub fn for_each_hit<E: From<TruthError>>(
        &self,
        text: &str,
        sight: Sight,
        mut each: impl FnMut(HitRow) -> Result<(), E>,
    ) -> Result<(), E> {
        let query = query::parse(text, sight).map_err(TruthError::from)?;
        let mut cursor: Option<String> = None;
        loop {
            let (hits, next) = self.page(&query, cursor.as_deref(), 500, (true, sight))?;
            for hit in hits {
                each(hit)?;
            }
            match next {
                Some(next) => cursor = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// Counts of the hits that match, by field; of the newest `most` when there are more.
    ///
    /// # Errors
    /// When the query cannot be read, or SQLite fails.
    pub fn facets(&self, text: &str, most: u64, sight: Sight) -> Result<Facets, TruthError> {
        let query = query::parse(text, sight)?;
        self.read(|connection| {
            let order = order_sql(&Query { order: Order::Newest, ..query.clone() });
            let sql = format!(
                "SELECT h.id, h.platform, coalesce(h.category, 'none'), r.state {} {}{} ORDER BY {order} LIMIT {}",
                from(connection, &query, false)?,
                query.condition,
                bound(connection, &query)?,
                most.saturating_add(1)
            );
            let mut facets = Facets::default();
            let mut named = connection.prepare_cached("SELECT substance FROM hit_substances WHERE hit = ?")?;
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(values(&query)))?;
            let count = |held: &mut BTreeMap<String, u64>, name: &str| match held.get_mut(name) {
                Some(count) => *count += 1,
                None => {
                    held.insert(name.to_owned(), 1);
                }
            };
            while let Some(row) = rows.next()? {
                if facets.counted == most {
                    facets.more = true;
                    break;
                }
                facets.counted += 1;
                let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
                count(&mut facets.platform, text(1)?);
                count(&mut facets.category, text(2)?);
                if sight == Sight::Whole {
                    count(&mut facets.state, text(3)?);
                }
                let mut substances = named.query([text(0)?])?;
                while let Some(substance) = substances.next()? {
                    count(&mut facets.substance, substance.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?);
                }
            }
            Ok(facets)
        })
    }

    /// Hits first seen, by month and category.
    ///
    /// # Errors
    /// When the query cannot be read, or SQLite fails.
    pub fn series(&self, text: &str, sight: Sight) -> Result<Vec<(String, String, u64)>, TruthError> {
        let query = query::parse(text, sight)?;
        if query.words.is_none() && query.condition == "1" {
            return Ok(self.hits_by_month(None)?.into_iter().map(|one| (one.month, one.category, one.hits)).collect());
        }
        self.read(|connection| {
            let sql = format!(
                "SELECT strftime('%Y-%m', h.first_seen / 1000, 'unixepoch'), coalesce(h.category, 'none'), count(*)
                 {} {} GROUP BY 1, 2 ORDER BY 1, 2",
                from(connection, &query, false)?,
                query.condition
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement
                .query_map(params_from_iter(values(&query)), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

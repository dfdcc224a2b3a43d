//! What changed in listings between visits: noted with the visit that saw it, and told to the platform where the case is
//! open there.
//!
//! A visit is noted once: a difference is what is stored against what is seen, and its row is known by hit, part and moment.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::types::Value;
use rusqlite::{Connection, Row, Transaction, params, params_from_iter};

use crate::detect::assessment::Assessment;
use crate::referral::changes::{Change, Difference, Field, Version};
use crate::referral::state::{Event, Intervals};
use crate::store::truth::hits::{Covers, PageRecord};
use crate::store::truth::pages::NOT_FROM_A_PAGE;
use crate::store::truth::personal::{Parted, hidden_again};
use crate::store::truth::steps::transition;
use crate::store::truth::{Truth, TruthError, outbox};
use crate::vocab::actor::{Actor, Job};
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::terms::{PageKind, Verdict};
use crate::vocab::time::Timestamp;

/// Changes of one case that a reader is shown.
const SHOWN: usize = 20;

/// Rows gone through in one transaction when personal data is hidden again.
const ROWS_AT_ONCE: usize = 500;

/// A hit as it is stored before a visit is recorded.
pub(super) struct Stored {
    pub row: i64,
    pub url: String,
    title: String,
    text: String,
    price: Option<String>,
    currency: Option<String>,
    seller: Option<String>,
    identifiers: Vec<(String, String)>,
    content_digest: String,
    watchlist: String,
    pub cluster: String,
    pub referral: String,
    payload_digest: String,
    pub was_gone: bool,
    pub last_seen: i64,
    verdict: Verdict,
    kind: Option<PageKind>,
}

/// What of a hit a visit found otherwise, the weightiest part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Differs {
    /// Nothing.
    Nothing,
    /// Price, seller, or how the same words are written. No decision rests on it.
    Details,
    /// Attributes, which may name something else, or the kind of page and with it the verdict.
    Attributes,
    /// Words of title or text, or the watchlist it is judged by; also a hit that is new.
    Content,
}

impl Stored {
    pub fn of(tx: &Connection, hit: &str) -> Result<Option<Self>, TruthError> {
        let mut statement = tx.prepare_cached(
            "SELECT rowid, url, title, text, price, currency, seller_hash, identifiers, content_digest, watchlist, cluster,
               payload_digest, gone_at IS NOT NULL, verdict, kind, last_seen, referral FROM hits WHERE id = ?",
        )?;
        let mut rows = statement.query([hit])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(Stored {
            row: row.get(0)?,
            url: row.get(1)?,
            title: row.get(2)?,
            text: row.get(3)?,
            price: row.get(4)?,
            currency: row.get(5)?,
            seller: row.get(6)?,
            identifiers: serde_json::from_str(&row.get::<_, String>(7)?)?,
            content_digest: row.get(8)?,
            watchlist: row.get(9)?,
            cluster: row.get(10)?,
            payload_digest: row.get(11)?,
            was_gone: row.get(12)?,
            verdict: row.get(13)?,
            kind: row.get(14)?,
            last_seen: row.get(15)?,
            referral: row.get(16)?,
        }))
    }

    /// What must be stored anew.
    pub fn differs(&self, seen: &Seen<'_>) -> Differs {
        if self.content_digest != seen.content_digest || self.watchlist != seen.parted.assessment.watchlist {
            return Differs::Content;
        }
        let judged = (self.verdict, self.kind) != (seen.parted.assessment.verdict, seen.kind);
        if judged || self.identifiers != seen.parted.identifiers {
            return Differs::Attributes;
        }
        let (held, is) = (self.version(), seen.version());
        let same = (held.title, held.text, held.price, held.currency, held.seller)
            == (is.title, is.text, is.price, is.currency, is.seller);
        if same { Differs::Nothing } else { Differs::Details }
    }

    fn version(&self) -> Version<'_> {
        Version {
            title: &self.title,
            price: self.price.as_deref(),
            currency: self.currency.as_deref(),
            text: &self.text,
            seller: self.seller.as_deref(),
        }
    }

    /// What changed, as it is noted. What this visit hides is hidden in what was stored before, too.
    fn changes(&self, seen: &Seen<'_>) -> Vec<Difference> {
        let (title, text) = (seen.parted.hide(&self.title), seen.parted.hide(&self.text));
        let was = Version { title: &title, text: &text, ..self.version() };
        crate::referral::changes::between(was, seen.version())
    }
}

/// A listing as a visit found it, in the form in which it is stored.
pub(super) struct Seen<'a> {
    pub ordinal: u32,
    pub cluster: &'a str,
    pub parted: &'a Parted,
    /// The text, cut as it is stored.
    pub text: &'a str,
    /// Keyed hash of the seller's name.
    pub seller: Option<&'a str>,
    pub content_digest: &'a str,
    /// Digest of the bytes it was read from.
    pub payload_digest: &'a str,
    /// Kind of its page.
    pub kind: Option<PageKind>,
}

impl Seen<'_> {
    fn version(&self) -> Version<'_> {
        Version {
            title: &self.parted.title,
            price: self.parted.price.as_deref(),
            currency: self.parted.currency.as_deref(),
            text: self.text,
            seller: self.seller,
        }
    }
}

/// The titles of a page with several listings, by which a listing that only moved on its page is told from one that changed.
#[derive(Default)]
pub(super) struct Places {
    held: Vec<(u32, String)>,
    seen: Vec<(u32, String)>,
}

impl Places {
    pub fn of(tx: &Connection, page: &PageRecord, parted: &[Parted]) -> Result<Self, TruthError> {
        // What is handed over is known by an id of its own, not by its place.
        if matches!(page.covers, Covers::Listing(_)) || page.listings.is_empty() {
            return Ok(Places::default());
        }
        let held = tx
            .prepare_cached("SELECT ordinal, title FROM hits WHERE platform = ? AND page = ? AND ordinal < ?")?
            .query_map(params![page.platform.as_str(), page.url.canonical().as_str(), NOT_FROM_A_PAGE], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?
            .collect::<Result<_, _>>()?;
        let seen =
            page.listings.iter().zip(parted).map(|(listing, parted)| (listing.ordinal, parted.title.clone())).collect();
        Ok(Places { held, seen })
    }

    /// Whether another listing of the page stands now where the hit stood.
    fn is_taken(&self, held: &Stored, seen: &Seen<'_>) -> bool {
        let is_elsewhere = |list: &[(u32, String)], title: &str| {
            list.iter().any(|(ordinal, other)| *ordinal != seen.ordinal && other == title)
        };
        let several = self.held.len() > 1 || self.seen.len() > 1;
        several
            && held.title != seen.parted.title
            && (held.cluster != seen.cluster
                || is_elsewhere(&self.seen, &held.title)
                || is_elsewhere(&self.held, &seen.parted.title))
    }
}

/// Where and when a change was seen.
pub(super) struct Place<'a> {
    pub page: &'a PageRecord,
    pub hit: &'a str,
    pub referral: &'a ReferralId,
    pub url: &'a str,
}

/// What one recording noted that platforms may be told of, by case.
#[derive(Default)]
pub(super) struct Noted(BTreeMap<ReferralId, Vec<(i64, Field)>>);

impl Noted {
    /// Notes how a known hit differs from what was stored of it.
    pub fn seen(
        &mut self,
        tx: &Transaction<'_>,
        place: &Place<'_>,
        (held, places): (&Stored, &Places),
        seen: &Seen<'_>,
    ) -> Result<(), TruthError> {
        if places.is_taken(held, seen) {
            return Ok(());
        }
        if held.was_gone {
            put(tx, place, &crate::referral::changes::back())?;
        }
        // The same bytes read otherwise, by a newer reader or other selectors, are the same listing.
        let of_case = if held.payload_digest == seen.payload_digest { Vec::new() } else { held.changes(seen) };
        if of_case.iter().any(|one| one.field == Field::Seller) {
            hide_in_earlier(tx, place.hit, seen.parted)?;
        }
        for difference in &of_case {
            if let Some(id) = put(tx, place, difference)? {
                self.0.entry(place.referral.clone()).or_default().push((id, difference.field));
            }
        }
        Ok(())
    }

    /// Tells the platforms: one message a case, by the channels by which it was delivered before.
    pub fn tell(self, tx: &Transaction<'_>, now: Timestamp) -> Result<(), TruthError> {
        for (referral, noted) in self.0 {
            let channels = outbox::channels_of_changes(tx, &referral)?;
            if channels.is_empty() {
                continue;
            }
            let mut fields: Vec<Field> = noted.iter().map(|(_, field)| *field).collect();
            fields.sort_unstable();
            fields.dedup();
            // Nothing is due because of a change.
            let intervals = Intervals { recheck: Duration::ZERO, renotice: Duration::ZERO };
            let event = Event::ListingChanged { fields };
            let messages = match transition(tx, &referral, event, &Actor::Job(Job::Scan), intervals, now) {
                Ok((_, messages)) => messages,
                // Not open at the platform, or held back: it stands in the report only.
                Err(TruthError::Step(_) | TruthError::Held(_)) => continue,
                Err(error) => return Err(error),
            };
            for message in messages {
                outbox::enqueue(tx, &referral, message, &channels, now)?;
            }
            for (id, _) in noted {
                tx.prepare_cached(
                    "UPDATE changes SET event = (SELECT max(seq) FROM events WHERE referral = ?) WHERE id = ?",
                )?
                .execute(params![referral.as_str(), id])?;
            }
        }
        Ok(())
    }
}

/// Notes one difference; its number, or none where this visit noted it before.
pub(super) fn put(tx: &Connection, place: &Place<'_>, difference: &Difference) -> Result<Option<i64>, TruthError> {
    let new = tx
        .prepare_cached(
            "INSERT INTO changes (hit, referral, platform, url, at, run, field, before, after)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hit, field, at) DO NOTHING",
        )?
        .execute(params![
            place.hit,
            place.referral.as_str(),
            place.page.platform.as_str(),
            place.url,
            place.page.fetched_at.as_millis(),
            place.page.run.as_str(),
            difference.field.name(),
            difference.before,
            difference.after,
        ])?;
    Ok((new > 0).then(|| tx.last_insert_rowid()))
}

/// A seller who is named now is hidden in what was noted of the listing before.
fn hide_in_earlier(tx: &Connection, hit: &str, parted: &Parted) -> Result<(), TruthError> {
    let mut statement = tx.prepare_cached("SELECT id, before, after FROM changes WHERE hit = ?")?;
    let rows: Vec<(i64, Option<String>, Option<String>)> =
        statement.query_map([hit], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?;
    for (id, before, after) in rows {
        let hide = |text: &Option<String>| text.as_deref().map(|text| parted.hide(text));
        rewrite(tx, id, (&before, &after), (hide(&before), hide(&after)))?;
    }
    Ok(())
}

type Values = (Option<String>, Option<String>);

/// Puts other values in the place of a row's, where they differ. Answers whether they do.
fn rewrite(
    tx: &Connection,
    id: i64,
    (before, after): (&Option<String>, &Option<String>),
    new: Values,
) -> Result<bool, TruthError> {
    if (before, after) == (&new.0, &new.1) {
        return Ok(false);
    }
    tx.prepare_cached("UPDATE changes SET before = ?, after = ? WHERE id = ?")?.execute(params![new.0, new.1, id])?;
    Ok(true)
}

/// Forgets what was noted under a case.
pub(super) fn forget_of_case(tx: &Connection, referral: &str) -> Result<(), TruthError> {
    tx.prepare_cached("DELETE FROM changes WHERE referral = ?")?.execute([referral])?;
    Ok(())
}

/// Which changes a report asks for.
#[derive(Debug, Clone, Default)]
pub struct ChangeFilter {
    /// Only of this platform.
    pub platform: Option<PlatformId>,
    /// Only seen at or after this moment.
    pub since: Option<Timestamp>,
    /// Only behind this one, in the order of the report.
    pub behind: Option<(Timestamp, i64)>,
    /// At most this many.
    pub limit: usize,
}

const ROW: &str = "id, at, platform, referral, hit, url, run, field, before, after";

fn row(row: &Row<'_>) -> rusqlite::Result<Option<Change>> {
    let Some(field) = Field::parse(&row.get::<_, String>(7)?) else { return Ok(None) };
    Ok(Some(Change {
        id: row.get(0)?,
        at: Timestamp::from_millis(row.get(1)?),
        platform: row.get(2)?,
        referral: row.get(3)?,
        hit: row.get(4)?,
        url: row.get(5)?,
        run: row.get(6)?,
        field,
        before: row.get(8)?,
        after: row.get(9)?,
    }))
}

fn read(reader: &Connection, sql: &str, values: Vec<Value>) -> Result<Vec<Change>, TruthError> {
    let mut statement = reader.prepare_cached(sql)?;
    let rows: Vec<Option<Change>> = statement.query_map(params_from_iter(values), row)?.collect::<Result<_, _>>()?;
    rows.into_iter()
        .map(|change| change.ok_or_else(|| TruthError::Value("a change of an unknown part".to_owned())))
        .collect()
}

impl Truth {
    /// Changes by filter, oldest first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn changes(&self, filter: &ChangeFilter) -> Result<Vec<Change>, TruthError> {
        let mut sql = format!("SELECT {ROW} FROM changes WHERE 1");
        let mut values: Vec<Value> = Vec::new();
        if let Some(platform) = &filter.platform {
            sql.push_str(" AND platform = ?");
            values.push(platform.to_string().into());
        }
        if let Some(since) = filter.since {
            sql.push_str(" AND at >= ?");
            values.push(since.as_millis().into());
        }
        if let Some((at, id)) = filter.behind {
            sql.push_str(" AND (at, id) > (?, ?)");
            values.extend([at.as_millis().into(), id.into()]);
        }
        sql.push_str(" ORDER BY at, id LIMIT ?");
        values.push(i64::try_from(filter.limit).unwrap_or(i64::MAX).into());
        self.read(|reader| read(reader, &sql, values))
    }

    /// The newest changes of a case, newest first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn changes_of(&self, referral: &ReferralId) -> Result<Vec<Change>, TruthError> {
        let sql = format!("SELECT {ROW} FROM changes WHERE referral = ? ORDER BY at DESC, id DESC LIMIT {SHOWN}");
        self.read(|reader| read(reader, &sql, vec![referral.to_string().into()]))
    }

    /// The changes that an event told a platform of.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn changes_told(&self, event: i64) -> Result<Vec<Change>, TruthError> {
        let sql = format!("SELECT {ROW} FROM changes WHERE event = ? ORDER BY id");
        self.read(|reader| read(reader, &sql, vec![event.into()]))
    }

    /// Whether anything of a platform is on record, which holds for one whose file is gone, too.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn has_hits_of(&self, platform: &PlatformId) -> Result<bool, TruthError> {
        self.read(|reader| {
            Ok(reader.prepare_cached("SELECT 1 FROM hits WHERE platform = ? LIMIT 1")?.exists([platform.as_str()])?)
        })
    }

    /// Hides personal data in what is noted of listings by the present rules. Answers how many rows that changed.
    pub(super) fn hide_in_changes(&self) -> Result<u64, TruthError> {
        let (mut last, mut changed) = (0_i64, 0);
        loop {
            let mut writer = self.writer();
            let tx = writer.transaction()?;
            let rows = tx
                .prepare_cached(
                    "SELECT c.id, c.before, c.after, h.assessment FROM changes c LEFT JOIN hits h ON h.id = c.hit
                     WHERE c.id > ? ORDER BY c.id LIMIT ?",
                )?
                .query_map(params![last, i64::try_from(ROWS_AT_ONCE).unwrap_or(i64::MAX)], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })?
                .collect::<Result<Vec<(i64, Option<String>, Option<String>, Option<String>)>, _>>()?;
            let Some((newest, ..)) = rows.last() else { return Ok(changed) };
            last = *newest;
            for (id, before, after, assessment) in &rows {
                let assessment: Option<Assessment> = assessment.as_deref().map(serde_json::from_str).transpose()?;
                let hide = |text: &Option<String>| text.as_deref().map(|text| hidden_again(text, assessment.as_ref()));
                changed += u64::from(rewrite(&tx, *id, (before, after), (hide(before), hide(after)))?);
            }
            self.commit(tx)?;
        }
    }

    /// The mark that holds a case back, in words; `None` when there is none.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn held_back(&self, referral: &ReferralId) -> Result<Option<String>, TruthError> {
        self.read(|reader| crate::store::truth::deconflict::mark_on(reader, referral))
    }
}

#[cfg(test)]
mod tests;

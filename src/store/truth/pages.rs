//! The pages of a case with their states, looks and answers.

use std::collections::HashSet;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use crate::referral::outcome::Outcome;
use crate::referral::pages::{CasePage, PageAnswer, PagesAnswered, answered_together, state_of};
use crate::referral::state::CHECKS_UNTIL_GONE;
use crate::store::truth::{Truth, TruthError};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::ReferralId;
use crate::vocab::terms::Sight;
use crate::vocab::time::Timestamp;

/// Ordinals from here on are of listings that no page brought.
pub const NOT_FROM_A_PAGE: u32 = 0x2000_0000;

/// The pages of a case, each once, in the form of its address that was asked for last. A platform that hands a listing over may
/// name its page in another form.
const FORMS: &str = "WITH forms AS (
    SELECT url, page, max(gone_at IS NULL) OVER (PARTITION BY page) AS live, max(gone_at) OVER (PARTITION BY page) AS gone_at,
      row_number() OVER (PARTITION BY page ORDER BY ordinal >= ?2, last_seen DESC, url) AS place
    FROM hits WHERE referral = ?1)";

/// Addresses of the pages of a case.
pub(super) fn urls(connection: &Connection, referral: &str) -> Result<Vec<String>, TruthError> {
    let sql = format!("{FORMS} SELECT url FROM forms WHERE place = 1 ORDER BY url");
    let mut statement = connection.prepare_cached(&sql)?;
    let urls = statement.query_map(params![referral, NOT_FROM_A_PAGE], |row| row.get(0))?;
    Ok(urls.collect::<Result<_, _>>()?)
}

/// The pages of a case.
pub(super) fn of(connection: &Connection, referral: &ReferralId) -> Result<Vec<CasePage>, TruthError> {
    let sql = format!(
        "{FORMS} SELECT f.url, f.live, f.gone_at, p.gone_checks, p.relisted, p.seen, p.status, p.looked_at, p.answer,
           p.answered_at, p.answered_by
         FROM forms f LEFT JOIN case_pages p ON p.referral = ?1 AND p.page = f.page WHERE place = 1 ORDER BY f.url"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![referral.as_str(), NOT_FROM_A_PAGE])?;
    let mut pages = Vec::new();
    while let Some(row) = rows.next()? {
        let gone_checks = row.get::<_, Option<u8>>(3)?.unwrap_or(0);
        let (seen, looked_at): (Option<Sight>, Option<i64>) = (row.get(5)?, row.get(7)?);
        let gone_at: Option<i64> = row.get(2)?;
        let is_live = row.get::<_, bool>(1)? || (seen == Some(Sight::Live) && looked_at >= gone_at);
        let answer = match row.get::<_, Option<String>>(8)? {
            Some(outcome) => Some(PageAnswer {
                outcome: serde_json::from_str(&outcome)?,
                at: Timestamp::from_millis(row.get(9)?),
                actor: row.get(10)?,
            }),
            None => None,
        };
        pages.push(CasePage {
            url: row.get(0)?,
            state: state_of(gone_checks, is_live, row.get::<_, Option<bool>>(4)?.unwrap_or(false)),
            gone_checks,
            seen,
            status: row.get(6)?,
            looked_at: looked_at.map(Timestamp::from_millis),
            answer,
        });
    }
    Ok(pages)
}

/// The key a page is known by.
fn key(url: &str) -> Result<String, TruthError> {
    let found = FoundUrl::parse(url, None).map_err(|error| TruthError::Value(error.to_string()))?;
    Ok(found.canonical().as_str().to_owned())
}

/// What one look saw of a page. It counts where `counts_after` says how long after the last one that did.
pub(super) fn note_look(
    tx: &Connection,
    referral: &ReferralId,
    url: &str,
    (seen, status): (Sight, Option<u16>),
    at: Timestamp,
    counts_after: Option<Duration>,
) -> Result<(), TruthError> {
    let page = key(url)?;
    let last: Option<i64> = tx
        .prepare_cached("SELECT counted_at FROM case_pages WHERE referral = ? AND page = ?")?
        .query_row(params![referral.as_str(), page], |row| row.get(0))
        .optional()?
        .flatten();
    let is_spaced = |after: Duration| last.is_none_or(|last| Timestamp::from_millis(last).after(after) <= at);
    let counts = seen != Sight::NotSeen && counts_after.is_some_and(is_spaced);
    // A look between two that count cannot complete a verification; one that finds the listing breaks the row.
    tx.prepare_cached(
        "INSERT INTO case_pages (referral, page, seen, status, looked_at, gone_checks, counted_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?9)
         ON CONFLICT DO UPDATE SET seen = ?3, status = ?4, looked_at = ?5, counted_at = coalesce(?9, counted_at),
           relisted = relisted OR (?7 AND gone_checks >= ?8),
           gone_checks = CASE WHEN ?7 THEN 0 ELSE min(gone_checks + ?6, ?8) END",
    )?
    .execute(params![
        referral.as_str(),
        page,
        seen,
        status,
        at.as_millis(),
        counts && seen.is_gone(),
        seen == Sight::Live,
        CHECKS_UNTIL_GONE,
        counts.then_some(at.as_millis())
    ])?;
    Ok(())
}

/// A visit found the listing of a page again that was gone.
pub(super) fn seen_again(tx: &Connection, referral: &ReferralId, page: &str) -> Result<(), TruthError> {
    tx.prepare_cached(
        "UPDATE case_pages SET relisted = relisted OR gone_checks >= ?3, gone_checks = 0 WHERE referral = ?1 AND page = ?2",
    )?
    .execute(params![referral.as_str(), page, CHECKS_UNTIL_GONE])?;
    Ok(())
}

/// What noting an answer came to.
pub(super) struct NotedAnswer {
    /// What the case is answered with now; nothing while a page has no answer.
    pub together: Option<Outcome>,
    /// What was said of which pages, where not of all.
    pub of_pages: Option<PagesAnswered>,
    /// Whether any page has another answer than before.
    pub changed: bool,
    /// How many pages the case has.
    pub pages: usize,
}

/// Notes an answer for the pages of a case that `urls` names, for all where it names none.
pub(super) fn note_answer(
    tx: &Connection,
    referral: &ReferralId,
    urls: &[String],
    (outcome, actor): (&Outcome, String),
    now: Timestamp,
    name_of: impl Fn(&str) -> String,
) -> Result<NotedAnswer, TruthError> {
    let all: Vec<String> =
        self::urls(tx, referral.as_str())?.iter().map(|url| key(url)).collect::<Result<_, TruthError>>()?;
    let known: HashSet<&str> = all.iter().map(String::as_str).collect();
    if urls.len() > URLS {
        return Err(TruthError::Invalid(format!("an answer names at most {URLS} addresses")));
    }
    let mut named: HashSet<String> = HashSet::new();
    for url in urls {
        // Another form of the same address is the same page.
        match key(url) {
            Ok(page) if known.contains(page.as_str()) => _ = named.insert(page),
            _ => {
                return Err(TruthError::Invalid(format!("`{url}` is no page of `{referral}`; name one of its `urls`")));
            }
        }
    }
    let whole = named.is_empty() || all.iter().all(|page| named.contains(page));
    let answer = serde_json::to_string(outcome)?;
    let mut changed = false;
    for page in all.iter().filter(|page| whole || named.contains(*page)) {
        changed |= tx
            .prepare_cached(
                "INSERT INTO case_pages (referral, page, gone_checks, answer, answered_at, answered_by)
                 VALUES (?1, ?2, 0, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET gone_checks = 0, answer = ?3, answered_at = ?4, answered_by = ?5
                 WHERE answer IS NOT ?3",
            )?
            .execute(params![referral.as_str(), page, answer, now.as_millis(), actor])?
            > 0;
    }
    let count = all.len();
    if whole {
        return Ok(NotedAnswer { together: Some(outcome.clone()), of_pages: None, changed, pages: count });
    }
    let pages = all.iter().filter(|page| named.contains(*page)).map(|page| name_of(page)).collect();
    let of_pages = Some(PagesAnswered { outcome: outcome.clone(), pages });
    Ok(NotedAnswer { together: answered_together(&of(tx, referral)?), of_pages, changed, pages: count })
}

/// Addresses of one answer at most.
const URLS: usize = 10_000;

/// How older entries of the audit log name a page.
fn older_name(page: &str) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(page.as_bytes()))
}

/// Addresses of the pages of a case that bear these names in the audit log.
pub(super) fn named(
    connection: &Connection,
    referral: &ReferralId,
    names: &[String],
    name_of: impl Fn(&str) -> String,
) -> Result<Vec<String>, TruthError> {
    let mut urls = urls(connection, referral.as_str())?;
    urls.retain(|url| key(url).is_ok_and(|page| names.contains(&name_of(&page)) || names.contains(&older_name(&page))));
    Ok(urls)
}

impl Truth {
    /// How the audit log names a page: it holds no addresses, nor what can be computed from one.
    pub(super) fn page_name(&self, page: &str) -> String {
        self.keyed_digits("pages", page.as_bytes(), 16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_by_the_names_of_newer_and_older_entries() {
        let folder = tempfile::tempdir().unwrap();
        let truth = Truth::open(&folder.path().join("truth.db")).unwrap();
        let case = ReferralId::parse("R-0000000000000001").unwrap();
        let url = "https://shop.example.test/item/7";
        truth
            .writer()
            .execute(
                "INSERT INTO hits (id, platform, url, ordinal, referral, cluster, title, text, images, identifiers, verdict, score,
                   assessment, content_digest, minhash, watchlist, warc_file, warc_offset, warc_length, warc_record,
                   payload_digest, captured_at, run, first_seen, last_seen, page)
                 VALUES ('H-1', 'bazaar', ?1, 0, ?2, 'C-1', 't', 'x', '[]', '[]', 'refer', 1.0, '{}', 'd', x'00', 'w', 'f', 0, 1,
                   'r', 'p', 1, 'run', 1, 1, ?1)",
                params![url, case.as_str()],
            )
            .unwrap();
        let page = key(url).unwrap();
        for (name, found) in [(truth.page_name(&page), 1), (older_name(&page), 1), (older_name("other"), 0)] {
            let urls =
                named(&truth.writer(), &case, std::slice::from_ref(&name), |page| truth.page_name(page)).unwrap();
            assert_eq!(urls.len(), found, "{name}");
        }
        assert_ne!(truth.page_name(&page), older_name(&page));
    }
}

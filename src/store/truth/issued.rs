//! Documents as they left: kept with the step that made them, and never changed.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::evidence::audit::Said;
use crate::referral::issued::{Cited, Digests, Issued, IssuedHead, IssuedKind, Printer, number};
use crate::referral::notice::Notice;
use crate::referral::state::Event;
use crate::store::truth::{TimestampRow, Truth, TruthError, audit, timestamps};
use crate::vocab::actor::Actor;
use crate::vocab::ids::ReferralId;
use crate::vocab::time::Timestamp;

const HEAD: &str =
    "referral, serial, kind, at, language, watchlist, cites, json_digest, text_digest, html_digest, json, text, html";

/// A document on record. Its bytes are gone where they named a person and were erased; number and digests stay.
#[derive(Debug, Clone)]
pub struct OnRecord {
    /// What it is known by.
    pub head: IssuedHead,
    /// With its bytes.
    pub document: Option<Issued>,
}

fn on_record(row: &Row<'_>) -> rusqlite::Result<(OnRecord, Option<String>)> {
    let (referral, serial): (String, u32) = (row.get(0)?, row.get(1)?);
    let kind: String = row.get(2)?;
    let head = IssuedHead {
        number: format!("{referral}/{serial}"),
        referral,
        serial,
        kind: IssuedKind::parse(&kind).unwrap_or(IssuedKind::Notice),
        at: Timestamp::from_millis(row.get(3)?),
        language: row.get(4)?,
        watchlist: row.get(5)?,
        cites: row.get(6)?,
        digests: Digests { json: row.get(7)?, text: row.get(8)?, html: row.get(9)? },
    };
    let forms: (Option<String>, Option<String>, Option<String>) = (row.get(10)?, row.get(11)?, row.get(12)?);
    let document = match forms {
        (Some(json), Some(text), Some(html)) => Some(Issued { head: head.clone(), json, text, html }),
        _ => None,
    };
    let unknown = IssuedKind::parse(&kind).is_none().then_some(kind);
    Ok((OnRecord { head, document }, unknown))
}

/// One document, the first that a condition finds.
fn find(
    connection: &Connection,
    condition: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<Option<OnRecord>, TruthError> {
    let sql = format!("SELECT {HEAD} FROM issued WHERE {condition} LIMIT 1");
    let found = connection.prepare_cached(&sql)?.query_row(values, on_record).optional()?;
    match found {
        Some((_, Some(kind))) => Err(TruthError::Value(format!("no kind of document is called `{kind}`"))),
        Some((found, None)) => Ok(Some(found)),
        None => Ok(None),
    }
}

fn next_serial(tx: &Connection, referral: &ReferralId) -> Result<u32, TruthError> {
    let last: u32 = tx
        .prepare_cached("SELECT coalesce(max(serial), 0) FROM issued WHERE referral = ?")?
        .query_row([referral.as_str()], |row| row.get(0))?;
    Ok(last + 1)
}

/// Keeps a document with the step of its case that was noted last, and its digests in the audit log.
fn keep(tx: &Connection, issued: &Issued, actor: &Actor, now: Timestamp) -> Result<(), TruthError> {
    let head = &issued.head;
    tx.prepare_cached(
        "INSERT INTO issued (referral, serial, event, kind, at, language, watchlist, cites, json_digest, text_digest, html_digest,
           json, text, html)
         VALUES (?1, ?2, (SELECT max(seq) FROM events WHERE referral = ?1), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?
    .execute(params![
        head.referral,
        head.serial,
        head.kind.name(),
        head.at.as_millis(),
        head.language,
        head.watchlist,
        head.cites,
        head.digests.json,
        head.digests.text,
        head.digests.html,
        issued.json,
        issued.text,
        issued.html,
    ])?;
    let detail = serde_json::json!({ "number": head.number, "kind": head.kind, "digests": head.digests }).to_string();
    audit::append(tx, &Said { actor, action: "issue", subject: &head.referral, detail: &detail }, now)
}

/// Keeps the notice of a case that was just approved.
pub(super) fn keep_notice(
    tx: &Connection,
    notice: &Notice,
    print: Printer,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), TruthError> {
    let issued = Issued::notice(notice, next_serial(tx, &notice.referral)?, print)?;
    keep(tx, &issued, actor, now)
}

/// The kind of document by which a platform is told of a step, besides the notice itself.
pub(super) fn kind_of(event: &Event) -> Option<IssuedKind> {
    match event {
        Event::Remind { .. } => Some(IssuedKind::Reminder),
        Event::Warn { .. } => Some(IssuedKind::Warning),
        Event::Withdraw { .. } => Some(IssuedKind::Withdrawal),
        Event::Correct => Some(IssuedKind::Correction),
        _ => None,
    }
}

/// Keeps the document that follows the last notice of a case. A case that left before notices were kept has none.
pub(super) fn keep_following(
    tx: &Connection,
    referral: &ReferralId,
    kind: IssuedKind,
    until: Option<jiff::civil::Date>,
    print: Printer,
    actor: &Actor,
    now: Timestamp,
) -> Result<(), TruthError> {
    let Some(last) = find(tx, LAST_NOTICE, &[&referral.as_str()])? else { return Ok(()) };
    let Some(document) = last.document else { return Ok(()) };
    let notice: Notice = serde_json::from_str(&document.json)?;
    let cited = Cited { notice: &notice, number: &last.head.number };
    keep(tx, &Issued::following(kind, cited, next_serial(tx, referral)?, (now, until), print)?, actor, now)
}

/// The last document of a kind.
pub(super) fn last_of(
    connection: &Connection,
    referral: &ReferralId,
    kind: IssuedKind,
) -> Result<Option<OnRecord>, TruthError> {
    find(connection, "referral = ? AND kind = ? ORDER BY serial DESC", &[&referral.as_str(), &kind.name()])
}

const LAST_NOTICE: &str = "referral = ? AND kind = 'notice' ORDER BY serial DESC";

impl Truth {
    /// The notice that was sent last of a case.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn last_notice(&self, referral: &ReferralId) -> Result<Option<OnRecord>, TruthError> {
        self.read(|connection| find(connection, LAST_NOTICE, &[&referral.as_str()]))
    }

    /// The document by which the platform was told of a step.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn issued_with(&self, referral: &ReferralId, event: i64) -> Result<Option<OnRecord>, TruthError> {
        self.read(|connection| find(connection, "referral = ? AND event = ?", &[&referral.as_str(), &event]))
    }

    /// One document of a case.
    ///
    /// # Errors
    /// When there is none of that number, or SQLite fails.
    pub fn issued(&self, referral: &ReferralId, serial: u32) -> Result<OnRecord, TruthError> {
        let found =
            self.read(|connection| find(connection, "referral = ? AND serial = ?", &[&referral.as_str(), &serial]))?;
        found.ok_or_else(|| TruthError::NotFound { kind: "document", id: number(referral, serial) })
    }

    /// What is known of the documents of a case, in the order they were written.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn documents(&self, referral: &ReferralId) -> Result<Vec<IssuedHead>, TruthError> {
        self.read(|connection| {
            let sql = format!("SELECT {HEAD} FROM issued WHERE referral = ? ORDER BY serial");
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map([referral.as_str()], on_record)?;
            rows.map(|row| row.map(|(found, _)| found.head).map_err(TruthError::from)).collect()
        })
    }
}

/// The document one of whose forms has this digest, as the audit log in a file names it, whoever else has the file open. The
/// entry outlives the document.
///
/// # Errors
/// When the file cannot be read.
pub fn logged_document(path: &Path, digest: &str) -> Result<Option<LoggedDocument>, TruthError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found: Option<(i64, i64, String)> = connection
        .prepare("SELECT seq, at, detail FROM audit WHERE action = 'issue' AND instr(detail, ?) > 0 LIMIT 1")?
        .query_row([digest], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((entry, at, detail)) = found else { return Ok(None) };
    let Logged { number, kind } = serde_json::from_str(&detail)?;
    let timestamp = timestamps::of_entry(&connection, u64::try_from(entry).unwrap_or(0))?;
    Ok(Some(LoggedDocument { number, kind, at: Timestamp::from_millis(at), entry, timestamp }))
}

/// A document as the audit log names it.
#[derive(Debug, Clone, Serialize)]
pub struct LoggedDocument {
    /// Its number.
    pub number: String,
    /// `notice`, `reminder`, `warning`, `correction` or `withdrawal`.
    pub kind: String,
    /// When it was written.
    pub at: Timestamp,
    /// Entry of the audit log.
    pub entry: i64,
    /// The first timestamp of the log that covers this entry, as it is on record; `audit verify` checks it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<TimestampRow>,
}

#[derive(Deserialize)]
struct Logged {
    number: String,
    kind: String,
}

/// Erases the bytes of a case's documents, which name people; numbers and digests stay. Answers how many.
pub(super) fn erase(tx: &Connection, referral: &ReferralId) -> Result<u64, TruthError> {
    let erased = tx.execute(
        "UPDATE issued SET json = NULL, text = NULL, html = NULL WHERE referral = ? AND json IS NOT NULL",
        [referral.as_str()],
    )?;
    Ok(erased as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_told_by_its_step() {
        assert_eq!(kind_of(&Event::Remind { times: 0 }), Some(IssuedKind::Reminder));
        assert_eq!(kind_of(&Event::Correct), Some(IssuedKind::Correction));
        assert_eq!(kind_of(&Event::Approve), None);
    }
}

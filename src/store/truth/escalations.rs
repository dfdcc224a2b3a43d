//! Drafts to another authority: made by one person, approved by another, handed over by people.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use crate::evidence::audit::Said;
use crate::referral::escalation::{EscalationDraft, NoEscalation, may_be_escalated};
use crate::referral::issued::IssuedKind;
use crate::referral::notice::Notice;
use crate::referral::state::{Event, Intervals, ReferralState};
use crate::store::truth::steps::transition;
use crate::store::truth::{Truth, TruthError, audit, issued, outbox, story};
use crate::vocab::actor::{Actor, PersonName};
use crate::vocab::ids::{ReferralId, Sha256Digest};
use crate::vocab::platform::{Platform, Use};
use crate::vocab::terms::Sight;
use crate::vocab::time::Timestamp;

/// Longest contact and purpose, in characters.
const WORDS: usize = 500;

/// An escalation on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Escalation {
    /// `E-…`.
    pub id: String,
    /// Case.
    pub referral: String,
    /// Platform.
    pub platform: String,
    /// To whom it would go, as the authority entered it.
    pub to: String,
    /// For what.
    pub purpose: String,
    /// Who made it.
    pub drafted_by: String,
    /// When.
    pub at: Timestamp,
    /// Who approved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved: Option<Timestamp>,
    /// The document.
    pub text: String,
}

impl From<NoEscalation> for TruthError {
    fn from(error: NoEscalation) -> Self {
        match error {
            NoEscalation::Use => TruthError::Refused(error.to_string()),
            NoEscalation::NotWarned | NoEscalation::TooEarly(_) | NoEscalation::State(_) => {
                TruthError::Conflict(error.to_string())
            }
        }
    }
}

fn must_be_agreed(platform: &Platform) -> Result<(), TruthError> {
    if platform.agreement.allows(Use::Escalation) { Ok(()) } else { Err(NoEscalation::Use.into()) }
}

/// The key of a person with a name: a job approves nothing, and a machine warns nobody.
fn person(actor: &Actor) -> Result<String, TruthError> {
    let key = actor.person().map(PersonName::key).filter(|key| !key.is_empty());
    key.ok_or_else(|| TruthError::Invalid("an escalation needs a person with a name".to_owned()))
}

fn text_of(name: &str, text: &str) -> Result<String, TruthError> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(TruthError::Invalid(format!("say {name}"))),
        count if count > WORDS => Err(TruthError::Invalid(format!("{name} is longer than {WORDS} characters"))),
        _ => Ok(text.to_owned()),
    }
}

impl Truth {
    /// Warns the platform that a case may be put before another authority unless it answers until the end of a day.
    ///
    /// # Errors
    /// When the agreement does not have escalation, the day is over or more than a year ahead, the case is not open there, or
    /// SQLite refuses.
    pub fn warn(
        &self,
        referral: &ReferralId,
        platform: &Platform,
        until: jiff::civil::Date,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<ReferralState, TruthError> {
        must_be_agreed(platform)?;
        person(actor)?;
        let today = now.date();
        let latest = today.checked_add(jiff::Span::new().years(1)).unwrap_or(today);
        if until <= today || until > latest {
            return Err(TruthError::Invalid(format!("name a day after today ({today}) and within a year")));
        }
        let policy = &platform.referral;
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let event = Event::Warn { until: until.to_string() };
        let (state, messages) = transition(&tx, referral, event, actor, Intervals::of(policy), now)?;
        issued::keep_following(&tx, referral, IssuedKind::Warning, Some(until), self.print, actor, now)?;
        for message in messages {
            outbox::enqueue(&tx, referral, message, &policy.channels, now)?;
        }
        tx.execute(
            "UPDATE referrals SET warned_until = ? WHERE id = ?",
            params![until.to_string(), referral.as_str()],
        )?;
        self.commit(tx)?;
        Ok(state)
    }

    /// Drafts an escalation of a case to a contact.
    ///
    /// # Errors
    /// When the agreement does not have it, the platform was not warned in time or acted, or SQLite refuses.
    pub fn draft_escalation(
        &self,
        referral: &ReferralId,
        platform: &Platform,
        (to, purpose): (&str, &str),
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Escalation, TruthError> {
        must_be_agreed(platform)?;
        let key = person(actor)?;
        let (to, purpose) = (text_of("to whom it would go", to)?, text_of("for what purpose", purpose)?);
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let count: i64 =
            tx.query_row("SELECT count(*) FROM escalations WHERE referral = ?", [referral.as_str()], |row| row.get(0))?;
        let name = format!("{referral}\n{count}");
        let mut drafted = Escalation {
            id: format!("E-{:016x}", xxhash_rust::xxh3::xxh3_64(name.as_bytes())),
            referral: referral.to_string(),
            platform: platform.id.to_string(),
            to,
            purpose,
            drafted_by: actor.to_string(),
            at: now,
            approved_by: None,
            approved: None,
            text: String::new(),
        };
        drafted.text = written(&tx, &drafted, platform, now)?;
        tx.execute(
            "INSERT INTO escalations (id, referral, platform, contact, purpose, drafted_by, drafted_key, at, text)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![
                drafted.id,
                drafted.referral,
                drafted.platform,
                drafted.to,
                drafted.purpose,
                drafted.drafted_by,
                key,
                now.as_millis(),
                drafted.text
            ],
        )?;
        log(&tx, "escalation-draft", &drafted, actor, now)?;
        self.commit(tx)?;
        Ok(drafted)
    }

    /// Approves an escalation. The document is then handed over by people; nothing sends it.
    ///
    /// # Errors
    /// When there is none of this id, it was approved, the same person drafted it, what it rests on no longer holds, or SQLite
    /// refuses.
    pub fn approve_escalation(
        &self,
        id: &str,
        platform: &Platform,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Escalation, TruthError> {
        must_be_agreed(platform)?;
        let key = person(actor)?;
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let (mut held, drafted_key) = find(&tx, id)?;
        if held.approved.is_some() {
            return Err(TruthError::Conflict(format!("`{id}` is approved already")));
        }
        if drafted_key == key {
            return Err(TruthError::Refused(
                "an escalation is approved by a second person, not by the one who drafted it".into(),
            ));
        }
        held.approved = Some(now);
        held.approved_by = Some(actor.to_string());
        held.text = written(&tx, &held, platform, now)?;
        tx.execute(
            "UPDATE escalations SET approved_by = ?, approved = ?, text = ? WHERE id = ?",
            params![held.approved_by, now.as_millis(), held.text, id],
        )?;
        log(&tx, "escalation-approve", &held, actor, now)?;
        self.commit(tx)?;
        Ok(held)
    }

    /// One escalation.
    ///
    /// # Errors
    /// When there is none of this id, or SQLite fails.
    pub fn escalation(&self, id: &str) -> Result<Escalation, TruthError> {
        self.read(|connection| Ok(find(connection, id)?.0))
    }

    /// Escalations, newest first; of one case where it is named. All of them where there is no limit.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn escalations(
        &self,
        referral: Option<&ReferralId>,
        limit: Option<usize>,
    ) -> Result<Vec<Escalation>, TruthError> {
        // To SQLite a number below zero is none.
        let limit = limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM escalations WHERE ?1 IS NULL OR referral = ?1 ORDER BY at DESC, id LIMIT ?2"
            ))?;
            let rows =
                statement.query_map(params![referral.map(ReferralId::as_str), limit], |row| Ok(row_of(row)?.0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

const COLUMNS: &str =
    "id, referral, platform, contact, purpose, drafted_by, at, approved_by, approved, text, drafted_key";

fn row_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Escalation, String)> {
    let held = Escalation {
        id: row.get(0)?,
        referral: row.get(1)?,
        platform: row.get(2)?,
        to: row.get(3)?,
        purpose: row.get(4)?,
        drafted_by: row.get(5)?,
        at: Timestamp::from_millis(row.get(6)?),
        approved_by: row.get(7)?,
        approved: row.get::<_, Option<i64>>(8)?.map(Timestamp::from_millis),
        text: row.get(9)?,
    };
    Ok((held, row.get(10)?))
}

fn find(connection: &Connection, id: &str) -> Result<(Escalation, String), TruthError> {
    let sql = format!("SELECT {COLUMNS} FROM escalations WHERE id = ?");
    let held = connection.prepare_cached(&sql)?.query_row([id], row_of).optional()?;
    held.ok_or_else(|| TruthError::NotFound { kind: "escalation", id: id.to_owned() })
}

/// The document of an escalation as things stand now, if they allow one.
fn written(tx: &Connection, held: &Escalation, platform: &Platform, now: Timestamp) -> Result<String, TruthError> {
    let referral = ReferralId::parse(&held.referral).map_err(|error| TruthError::Value(error.to_string()))?;
    let standing: Option<(String, Option<String>, u32)> = tx
        .query_row(
            "SELECT state_json, warned_until, reminders FROM referrals WHERE id = ?",
            [referral.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((state, warned, reminders)) = standing else {
        return Err(TruthError::NotFound { kind: "referral", id: referral.to_string() });
    };
    let state: ReferralState = serde_json::from_str(&state)?;
    let warned = warned.and_then(|day| day.parse::<jiff::civil::Date>().ok());
    may_be_escalated(&state, warned, now.date())?;
    let missing = || TruthError::Conflict("the notice of the case is not on record as it was sent".to_owned());
    let notice = issued::last_of(tx, &referral, IssuedKind::Notice)?.ok_or_else(missing)?;
    let warning = issued::last_of(tx, &referral, IssuedKind::Warning)?.ok_or(NoEscalation::NotWarned)?;
    let document: Notice = serde_json::from_str(&notice.document.ok_or_else(missing)?.json)?;
    let answer = story::of(tx, &referral)?.into_iter().rev().find_map(|said| Some((said.decision?, said.at)));
    let seen: Option<i64> = tx.query_row(
        "SELECT max(at) FROM rechecks WHERE referral = ? AND seen = ?",
        params![referral.as_str(), Sight::Live],
        |row| row.get(0),
    )?;
    let draft = EscalationDraft {
        id: &held.id,
        to: &held.to,
        purpose: &held.purpose,
        platform: &platform.name,
        notice: &document,
        number: &notice.head.number,
        digest: &notice.head.digests.json,
        reminders,
        warning: (&warning.head.number, warning.head.at, warned.unwrap_or_default()),
        answer,
        seen: seen.map(Timestamp::from_millis),
        at: held.at,
        approved: held.approved,
    };
    Ok(draft.text())
}

/// The log has the purpose and digests: whom it would go to is a person's or an office's own data.
fn log(tx: &Connection, action: &str, held: &Escalation, actor: &Actor, now: Timestamp) -> Result<(), TruthError> {
    let digest = |text: &str| Sha256Digest::of(text.as_bytes()).to_string();
    let detail = serde_json::json!({ "escalation": held.id, "purpose": held.purpose, "to": digest(&held.to),
        "document": digest(&held.text) });
    audit::append(tx, &Said { actor, action, subject: &held.referral, detail: &detail.to_string() }, now)
}

//! What was said in a case, in the words it was said in: answers with their reasons, contests, and why somebody decided.

use rusqlite::{Connection, params};
use serde::Serialize;

use crate::referral::outcome::Decision;
use crate::referral::state::Event;
use crate::store::truth::TruthError;
use crate::vocab::ids::ReferralId;
use crate::vocab::time::Timestamp;

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoryLine {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// A person's role, where it is known.
    #[serde(skip)]
    pub role: Option<String>,
    /// With which step: `answer`, `contest`, `withdraw`, ….
    pub event: String,
    /// What the platform decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The pages an answer is for, where it is not for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// The same as the audit log names them.
    #[serde(skip)]
    pub(super) pages: Vec<String>,
    /// Why, as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The platform's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Under which hash what the affected party wrote is sealed.
    #[serde(skip)]
    pub(super) sealed: Option<String>,
    /// What the affected party wrote; none where it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

/// Kind of sealed value that a statement is.
pub(super) const STATEMENT: &str = "statement";

/// Notes under which hash what an affected party wrote is sealed, with the entry that was logged last.
pub(super) fn note_statement(tx: &Connection, referral: &ReferralId, hash: &str) -> Result<(), TruthError> {
    let sql = "INSERT INTO statements (seq, referral, text) SELECT max(seq), ?1, ?2 FROM audit";
    tx.prepare_cached(sql)?.execute(params![referral.as_str(), hash])?;
    Ok(())
}

/// Hashes under which the statements of a case are sealed.
pub(super) fn statements_of(connection: &Connection, referral: &ReferralId) -> Result<Vec<String>, TruthError> {
    let mut statement = connection.prepare_cached("SELECT text FROM statements WHERE referral = ?")?;
    Ok(statement.query_map([referral.as_str()], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// What was said in a case, oldest first; statements by the hash under which they are sealed, pages by their names in the log. The audit log keeps it, whatever the case became since.
pub(super) fn of(connection: &Connection, id: &ReferralId) -> Result<Vec<StoryLine>, TruthError> {
    let mut statement = connection.prepare_cached(
        "SELECT at, actor, action, detail, s.text, actor_role FROM audit a LEFT JOIN statements s ON s.seq = a.seq WHERE subject = ?
           AND action IN ('answer', 'contest', 'uphold', 'withdraw', 'dismiss', 'hold', 'warn') ORDER BY a.seq",
    )?;
    let mut rows = statement.query(params![id.as_str()])?;
    let mut story = Vec::new();
    while let Some(row) = rows.next()? {
        let detail: String = row.get(3)?;
        // Other entries of the same name say nothing of a step.
        let Ok(event) = serde_json::from_str::<Event>(&detail) else { continue };
        let mut line = StoryLine {
            at: Timestamp::from_millis(row.get(0)?),
            actor: row.get(1)?,
            role: row.get(5)?,
            event: row.get(2)?,
            decision: None,
            urls: Vec::new(),
            pages: Vec::new(),
            reason: None,
            reference: None,
            statement: None,
            sealed: None,
        };
        match event {
            Event::Answer { outcome, of_pages } => {
                let outcome = match of_pages {
                    Some(some) => {
                        line.pages = some.pages;
                        some.outcome
                    }
                    None => outcome,
                };
                line.decision = Some(outcome.decision);
                line.reason = outcome.reason;
                line.reference = outcome.reference;
            }
            // Before statements were kept apart, the log had them.
            Event::Contest { statement } => {
                line.sealed = row.get(4)?;
                line.statement = Some(statement).filter(|held| !held.is_empty());
            }
            Event::Warn { until } => line.reason = Some(format!("until {until}")),
            Event::Withdraw { reason } | Event::Dismiss { reason } | Event::Hold { reason } => {
                line.reason = Some(reason)
            }
            _ => {}
        }
        story.push(line);
    }
    Ok(story)
}

//! What was said in a case, in the words it was said in: answers with their reasons, contests, and why somebody decided.

use rusqlite::{Connection, params};
use serde::Serialize;

use crate::referral::outcome::Decision;
use crate::referral::state::Event;
use crate::store::truth::{TruthError, pages};
use crate::vocab::ids::ReferralId;
use crate::vocab::time::Timestamp;

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoryLine {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// With which step: `answer`, `contest`, `withdraw`, ….
    pub event: String,
    /// What the platform decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The pages an answer is for, where it is not for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Why, as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The platform's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What the affected party wrote; none where it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

/// Keeps what an affected party wrote, with the entry that was logged last.
pub(super) fn keep_statement(tx: &Connection, referral: &ReferralId, statement: &str) -> Result<(), TruthError> {
    let sql = "INSERT INTO statements (seq, referral, text) SELECT max(seq), ?1, ?2 FROM audit";
    tx.prepare_cached(sql)?.execute(params![referral.as_str(), statement])?;
    Ok(())
}

/// Erases what affected parties wrote in a case. Answers how many statements.
pub(super) fn erase(tx: &Connection, referral: &ReferralId) -> Result<u64, TruthError> {
    tx.execute(
        "UPDATE referrals SET state_json = json_set(state_json, '$.statement', '') WHERE id = ? AND state = 'contested'",
        [referral.as_str()],
    )?;
    Ok(tx.execute("DELETE FROM statements WHERE referral = ?", [referral.as_str()])? as u64)
}

/// What was said in a case, oldest first. The audit log keeps it, whatever the case became since.
pub(super) fn of(connection: &Connection, id: &ReferralId) -> Result<Vec<StoryLine>, TruthError> {
    let mut statement = connection.prepare_cached(
        "SELECT at, actor, action, detail, s.text FROM audit a LEFT JOIN statements s ON s.seq = a.seq WHERE subject = ?
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
            event: row.get(2)?,
            decision: None,
            urls: Vec::new(),
            reason: None,
            reference: None,
            statement: None,
        };
        match event {
            Event::Answer { outcome, of_pages } => {
                let outcome = match of_pages {
                    Some(some) => {
                        line.urls = pages::named(connection, id, &some.pages)?;
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
                line.statement = row.get::<_, Option<String>>(4)?.or(Some(statement).filter(|held| !held.is_empty()));
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

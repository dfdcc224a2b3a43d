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
    /// With which step: `answer`, `contest`, `withdraw`, ….
    pub event: String,
    /// What the platform decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Why, as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The platform's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What the affected party wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

/// What was said in a case, oldest first. The audit log keeps it, whatever the case became since.
pub(super) fn of(connection: &Connection, id: &ReferralId) -> Result<Vec<StoryLine>, TruthError> {
    let mut statement = connection.prepare_cached(
        "SELECT at, actor, action, detail FROM audit WHERE subject = ?
           AND action IN ('answer', 'contest', 'uphold', 'withdraw', 'dismiss', 'hold') ORDER BY seq",
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
            reason: None,
            reference: None,
            statement: None,
        };
        match event {
            Event::Answer { outcome } => {
                line.decision = Some(outcome.decision);
                line.reason = outcome.reason;
                line.reference = outcome.reference;
            }
            Event::Contest { statement } => line.statement = Some(statement),
            Event::Withdraw { reason } | Event::Dismiss { reason } | Event::Hold { reason } => {
                line.reason = Some(reason)
            }
            _ => {}
        }
        story.push(line);
    }
    Ok(story)
}

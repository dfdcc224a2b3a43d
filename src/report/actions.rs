//! The record of a platform's good-faith action: what it was told, on what ground, when, and what it did. A company can show it to
//! whoever asks whether it acted.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::vocab::time::Timestamp;
use crate::vocab::visible::{Keep, visible};

/// First key of every record, by which a file of one is known.
pub const KIND: &str = "listingwatch record of action, version 1";

/// One notice and what came of it. No personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Action {
    /// Case.
    pub referral: String,
    /// Number of the notice; none of cases that left before notices were kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// SHA-256 of the notice as JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice_digest: Option<String>,
    /// When it left.
    pub notified: Timestamp,
    /// Pages it named.
    pub pages: u64,
    /// Substances it named.
    pub substances: Vec<String>,
    /// The legal ground it gave; empty for an early-warning advice, and where the notice was erased.
    pub ground: Vec<String>,
    /// When the platform confirmed receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Timestamp>,
    /// When it answered first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<Timestamp>,
    /// Pages of the case that have an answer of their own or of the case.
    pub pages_answered: u64,
    /// What it decided of the case; nothing while a page has no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<String>,
    /// Why, where that is a published code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When looks of ours confirmed that the listings were gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed_gone: Option<Timestamp>,
    /// When we took the notice back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_back: Option<Timestamp>,
    /// Where the case stands.
    pub state: String,
}

/// What a record is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RecordOfActionHead)]
pub struct Head {
    /// [`KIND`].
    pub kind: String,
    /// Platform.
    pub platform: String,
    /// The agreement under which it was notified, and with whom.
    pub agreement: String,
    /// Who notified it.
    pub sender: Option<String>,
    /// Notices that left at or after this moment.
    pub from: Timestamp,
    /// And before this one.
    pub until: Timestamp,
    /// When the record was made.
    pub made: Timestamp,
    /// Last entry of the audit log it rests on.
    pub audit_entry: u64,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RecordOfAction)]
pub struct Record {
    /// What it is of.
    #[serde(flatten)]
    pub head: Head,
    /// Notices, not counting those taken back.
    pub notices: u64,
    /// Of these, answered.
    pub answered: u64,
    /// Of these, with an answer that acts: removed, restricted, account action.
    pub acted: u64,
    /// Of these, confirmed gone.
    pub confirmed_gone: u64,
    /// What the record says, and what it does not.
    pub statement: String,
    /// Each notice.
    pub actions: Vec<Action>,
}

/// What a record says, and what it does not.
const STATEMENT: &str = "The sender states that it notified the platform as listed and that the platform answered as listed. \
    Referrals are voluntary: an answer is no admission, and a notice without an answer says nothing of the platform's conduct.";

/// Decisions that act.
const ACTS: [&str; 3] = ["removed", "restricted", "account-action"];

impl Record {
    /// The record of these actions.
    pub fn of(head: Head, actions: Vec<Action>) -> Self {
        let stands = || actions.iter().filter(|action| action.taken_back.is_none());
        let count = |which: &dyn Fn(&Action) -> bool| stands().filter(|action| which(action)).count() as u64;
        Record {
            notices: count(&|_| true),
            answered: count(&|action| action.decision.is_some()),
            acted: count(&|action| action.decision.as_deref().is_some_and(|decision| ACTS.contains(&decision))),
            confirmed_gone: count(&|action| action.confirmed_gone.is_some()),
            statement: STATEMENT.to_owned(),
            head,
            actions,
        }
    }

    /// The record for people to read.
    pub fn text(&self) -> String {
        let Head { platform, agreement, sender, from, until, made, audit_entry, .. } = &self.head;
        let mut out = format!("Record of action of {platform}\n\nUnder {agreement}.");
        if let Some(sender) = sender {
            let _ = write!(out, " Notified by {sender}.");
        }
        let _ = write!(
            out,
            " Notices from {from} until {until}; made {made} of the audit log up to entry {audit_entry}.\n{} notices, {} answered, {} acted \
             on, {} confirmed gone.\n{}\n",
            self.notices, self.answered, self.acted, self.confirmed_gone, self.statement
        );
        for action in &self.actions {
            let name = action.notice.as_deref().unwrap_or(&action.referral);
            let _ = write!(out, "\n{name}  notified {}", action.notified);
            let mut add = |words: String| {
                let _ = write!(out, "\n    {words}");
            };
            add(format!("{} on {} pages", action.substances.join(", "), action.pages));
            if !action.ground.is_empty() {
                add(format!("ground: {}", action.ground.join("; ")));
            }
            if let Some(at) = action.acknowledged {
                add(format!("receipt confirmed {at}"));
            }
            if let (Some(at), Some(decision)) = (action.answered, &action.decision) {
                let mut words = format!("answered {at}: {decision}");
                for part in [&action.reason, &action.reference].into_iter().flatten() {
                    let _ = write!(words, ", {part}");
                }
                add(words);
            }
            if action.decision.is_none() && action.pages_answered > 0 {
                add(format!("answered for {} of its pages", action.pages_answered));
            }
            if let Some(at) = action.confirmed_gone {
                add(format!("confirmed gone {at}"));
            }
            if let Some(at) = action.taken_back {
                add(format!("taken back {at}"));
            }
            add(format!("state: {}", action.state));
            out.push('\n');
        }
        visible(&out, Keep::Lines).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(decision: Option<&str>, taken_back: bool) -> Action {
        let at = Timestamp::from_millis(1000);
        Action {
            referral: "R-1".to_owned(),
            notice: Some("R-1/1".to_owned()),
            notice_digest: None,
            notified: at,
            pages: 1,
            substances: vec!["Isotonitazene".to_owned()],
            ground: vec!["UN1961 I (INT) since 2021".to_owned()],
            acknowledged: None,
            answered: decision.map(|_| at),
            pages_answered: 0,
            decision: decision.map(str::to_owned),
            reason: None,
            reference: Some("T-1".to_owned()),
            confirmed_gone: None,
            taken_back: taken_back.then_some(at),
            state: "sent".to_owned(),
        }
    }

    #[test]
    fn what_was_taken_back_counts_for_nobody() {
        let head = Head {
            kind: KIND.to_owned(),
            platform: "bazaar".to_owned(),
            agreement: "A-1 with Office".to_owned(),
            sender: Some("Office".to_owned()),
            from: Timestamp::from_millis(0),
            until: Timestamp::from_millis(9000),
            made: Timestamp::from_millis(9000),
            audit_entry: 7,
        };
        let actions = vec![
            action(Some("removed"), false),
            action(Some("rejected"), false),
            action(None, false),
            action(Some("removed"), true),
        ];
        let record = Record::of(head, actions);
        assert_eq!((record.notices, record.answered, record.acted), (3, 2, 1));
        assert!(record.text().contains("3 notices, 2 answered, 1 acted on"), "{}", record.text());
        assert!(record.text().contains("answered 1970-01-01T00:00:01.000Z: removed, T-1"), "{}", record.text());
    }
}

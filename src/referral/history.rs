//! What a new case says of the one before it: which it was, how it ended, and why the matter comes up again.

use serde::{Deserialize, Serialize};

use crate::referral::outcome::Decision;
use crate::referral::state::ReferralState;
use crate::vocab::time::Timestamp;

/// Why a matter that was settled comes up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// The listing changed since.
    ListingChanged,
    /// What the watchlist says of the substance changed since.
    EntryChanged,
    /// The case before was replaced by a corrected one.
    Corrected,
}

impl Because {
    /// In words that follow "because".
    pub fn words(self) -> &'static str {
        match self {
            Because::ListingChanged => "the listing changed since",
            Because::EntryChanged => "the watchlist entry changed since",
            Because::Corrected => "this case replaces it",
        }
    }
}

/// One earlier case of the same cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Which.
    pub referral: String,
    /// How it ended: a decision (`rejected`) or a state (`dismissed`, `withdrawn`, `corrected`).
    pub ended: String,
    /// In whose words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The platform's reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When it ended.
    pub at: Timestamp,
    /// Why it comes up again.
    pub because: Because,
    /// Whether the platform was part of it: what an authority dismissed by itself is no business of the platform's.
    pub known_to_platform: bool,
}

/// A line of a case's history, as stored. Early versions stored text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum HistoryLine {
    /// An earlier case.
    Earlier(Earlier),
    /// Free text.
    Text(String),
}

impl Earlier {
    /// The case that was settled in `state` at `at`.
    pub fn of(referral: &str, state: &ReferralState, at: Timestamp, because: Because) -> Self {
        let (ended, reason, reference, known_to_platform) = match state {
            ReferralState::Decided { outcome, .. } => {
                (outcome.decision.name(), outcome.reason.clone(), outcome.reference.clone(), true)
            }
            ReferralState::Dismissed { reason } => ("dismissed", Some(reason.clone()), None, false),
            ReferralState::Withdrawn { reason } => ("withdrawn", Some(reason.clone()), None, true),
            other => (other.name(), None, None, other.is_visible_to_platform()),
        };
        Earlier {
            referral: referral.to_owned(),
            ended: ended.to_owned(),
            reason,
            reference,
            at,
            because,
            known_to_platform,
        }
    }

    fn ended_in_words(&self) -> String {
        match Decision::parse(&self.ended) {
            Some(decision) => format!("was answered \"{}\"", decision.words()),
            None => format!("was {}", self.ended),
        }
    }
}

impl HistoryLine {
    /// The line in English, for the console.
    pub fn text(&self) -> String {
        match self {
            HistoryLine::Text(text) => text.clone(),
            HistoryLine::Earlier(earlier) => {
                let quoted = |label: &str, text: &Option<String>| {
                    text.as_ref().map(|text| format!(", {label} \"{text}\"")).unwrap_or_default()
                };
                format!(
                    "{} {} on {}{}{}; {}",
                    earlier.referral,
                    earlier.ended_in_words(),
                    earlier.at.date(),
                    quoted("reason", &earlier.reason),
                    quoted("reference", &earlier.reference),
                    earlier.because.words()
                )
            }
        }
    }

    /// Whether the platform may read it.
    pub fn is_known_to_platform(&self) -> bool {
        matches!(self, HistoryLine::Earlier(Earlier { known_to_platform: true, .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referral::outcome::Outcome;

    #[test]
    fn an_answer_is_cited_and_a_dismissal_is_not_the_platforms_business() {
        let outcome =
            Outcome { decision: Decision::Rejected, reason: Some("a lamp".into()), reference: Some("T-9".into()) };
        let decided = ReferralState::Decided { outcome, gone_checks: 0 };
        let line = HistoryLine::Earlier(Earlier::of("R-1", &decided, Timestamp::EPOCH, Because::ListingChanged));
        assert_eq!(
            line.text(),
            "R-1 was answered \"not a violation\" on 1970-01-01, reason \"a lamp\", reference \"T-9\"; the listing changed since"
        );
        assert!(line.is_known_to_platform());
        let dismissed = ReferralState::Dismissed { reason: "no".into() };
        let line = HistoryLine::Earlier(Earlier::of("R-1", &dismissed, Timestamp::EPOCH, Because::EntryChanged));
        assert!(!line.is_known_to_platform());
        let stored = serde_json::to_string(&[line.clone(), HistoryLine::Text("old".into())]).unwrap();
        assert_eq!(serde_json::from_str::<Vec<HistoryLine>>(&stored).unwrap()[0], line);
    }
}

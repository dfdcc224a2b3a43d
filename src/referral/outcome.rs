//! What a platform answers, and how others' code lists call it.

use serde::{Deserialize, Serialize};

/// A platform's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The listing was taken down.
    Removed,
    /// It was hidden, demoted, or limited to some countries.
    Restricted,
    /// The seller's account was acted on.
    AccountAction,
    /// The platform keeps it.
    Rejected,
    /// The platform asks for more.
    NeedsInformation,
}

impl Decision {
    /// All decisions with their names.
    pub const ALL: [Decision; 5] = [
        Decision::Removed,
        Decision::Restricted,
        Decision::AccountAction,
        Decision::Rejected,
        Decision::NeedsInformation,
    ];

    /// The name used in every interface.
    pub fn name(self) -> &'static str {
        match self {
            Decision::Removed => "removed",
            Decision::Restricted => "restricted",
            Decision::AccountAction => "account-action",
            Decision::Rejected => "rejected",
            Decision::NeedsInformation => "needs-information",
        }
    }

    /// What people read, the same on every page and in every notice.
    pub fn words(self) -> &'static str {
        match self {
            Decision::Removed => "removed",
            Decision::Restricted => "restricted",
            Decision::AccountAction => "account action",
            Decision::Rejected => "not a violation",
            Decision::NeedsInformation => "need more information",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Decision::ALL.into_iter().find(|decision| decision.name() == text)
    }

    /// Whether the listing should look different afterwards, so that looking again makes sense.
    pub fn promises_change(self) -> bool {
        matches!(self, Decision::Removed | Decision::Restricted | Decision::AccountAction)
    }

    /// Lumen's four outcomes (Yes, Partial, No, Unspecified).
    pub fn lumen(self) -> &'static str {
        match self {
            Decision::Removed | Decision::AccountAction => "Yes",
            Decision::Restricted => "Partial",
            Decision::Rejected => "No",
            Decision::NeedsInformation => "Unspecified",
        }
    }

    /// The visibility code of the DSA transparency database's statement of reasons, where the decision has one.
    pub fn dsa_visibility(self) -> Option<&'static str> {
        match self {
            Decision::Removed => Some("DECISION_VISIBILITY_CONTENT_REMOVED"),
            Decision::Restricted => Some("DECISION_VISIBILITY_CONTENT_DISABLED"),
            _ => None,
        }
    }
}

/// A platform's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Outcome {
    /// What it decided.
    pub decision: Decision,
    /// Why, in its words or as a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Its own reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

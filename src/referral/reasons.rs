//! The published list of reasons a platform gives with its decision, with what other code lists call them.
//!
//! Sources: the statement of reasons of the DSA transparency database (attributes and codes of its API) and the four
//! outcomes of the Lumen database. A platform may write its reason in words instead; then the decision alone is mapped.

use serde::Serialize;

use crate::referral::outcome::{Decision, Outcome};

/// A measure as the DSA transparency database names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DsaMeasure {
    /// `DECISION_GROUND_ILLEGAL_CONTENT` or `DECISION_GROUND_INCOMPATIBLE_CONTENT`.
    pub decision_ground: &'static str,
    /// `STATEMENT_CATEGORY_…`.
    pub category: &'static str,
    /// `KEYWORD_…`, for `category_specification`.
    pub keyword: &'static str,
    /// Attribute that takes the measure: `decision_visibility`, `decision_monetary`, `decision_provision`, `decision_account`.
    pub attribute: &'static str,
    /// Its value.
    pub measure: &'static str,
}

/// One reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct OutcomeReason {
    /// The code, given as `reason` of an answer.
    pub code: &'static str,
    /// The decision it belongs to.
    pub decision: Decision,
    /// What it means.
    pub title: &'static str,
    /// Its counterpart in a statement of reasons; none where the platform took no measure.
    pub dsa: Option<DsaMeasure>,
    /// `Yes`, `Partial`, `No` or `Unspecified`.
    pub lumen: &'static str,
}

const ILLEGAL: &str = "DECISION_GROUND_ILLEGAL_CONTENT";
const TERMS: &str = "DECISION_GROUND_INCOMPATIBLE_CONTENT";
const PRODUCTS: (&str, &str) = ("STATEMENT_CATEGORY_UNSAFE_AND_PROHIBITED_PRODUCTS", "KEYWORD_PROHIBITED_PRODUCTS");
const NOT_PERMITTED: (&str, &str) = ("STATEMENT_CATEGORY_OTHER_VIOLATION_TC", "KEYWORD_GOODS_SERVICES_NOT_PERMITTED");
const GEOGRAPHY: (&str, &str) = ("STATEMENT_CATEGORY_OTHER_VIOLATION_TC", "KEYWORD_GEOGRAPHICAL_REQUIREMENTS");
const HEALTH: (&str, &str) = ("STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY", "KEYWORD_RISK_PUBLIC_HEALTH");

const fn measure(
    decision_ground: &'static str,
    (category, keyword): (&'static str, &'static str),
    attribute: &'static str,
    measure: &'static str,
) -> Option<DsaMeasure> {
    Some(DsaMeasure { decision_ground, category, keyword, attribute, measure })
}

const fn reason(
    code: &'static str,
    decision: Decision,
    title: &'static str,
    dsa: Option<DsaMeasure>,
    lumen: &'static str,
) -> OutcomeReason {
    OutcomeReason { code, decision, title, dsa, lumen }
}

const SEEN: &str = "decision_visibility";

/// All reasons.
pub const REASONS: &[OutcomeReason] = &[
    reason(
        "illegal-content",
        Decision::Removed,
        "removed as illegal on the ground named in the notice",
        measure(ILLEGAL, PRODUCTS, SEEN, "DECISION_VISIBILITY_CONTENT_REMOVED"),
        "Yes",
    ),
    reason(
        "public-health",
        Decision::Removed,
        "removed as a risk to public health",
        measure(ILLEGAL, HEALTH, SEEN, "DECISION_VISIBILITY_CONTENT_REMOVED"),
        "Yes",
    ),
    reason(
        "prohibited-goods",
        Decision::Removed,
        "removed because the terms do not permit the goods",
        measure(TERMS, NOT_PERMITTED, SEEN, "DECISION_VISIBILITY_CONTENT_REMOVED"),
        "Yes",
    ),
    reason("gone-before", Decision::Removed, "it was gone before the notice was acted on", None, "Unspecified"),
    reason("removed-by-seller", Decision::Removed, "the seller took it down", None, "Unspecified"),
    reason(
        "disabled",
        Decision::Restricted,
        "access is disabled for everybody",
        measure(ILLEGAL, PRODUCTS, SEEN, "DECISION_VISIBILITY_CONTENT_DISABLED"),
        "Yes",
    ),
    reason(
        "geo-limited",
        Decision::Restricted,
        "access is disabled in some countries",
        measure(TERMS, GEOGRAPHY, SEEN, "DECISION_VISIBILITY_CONTENT_DISABLED"),
        "Partial",
    ),
    reason(
        "demoted",
        Decision::Restricted,
        "shown to fewer people",
        measure(TERMS, NOT_PERMITTED, SEEN, "DECISION_VISIBILITY_CONTENT_DEMOTED"),
        "Partial",
    ),
    reason(
        "labelled",
        Decision::Restricted,
        "shown with a label",
        measure(TERMS, NOT_PERMITTED, SEEN, "DECISION_VISIBILITY_CONTENT_LABELLED"),
        "Partial",
    ),
    reason(
        "age-restricted",
        Decision::Restricted,
        "shown to adults only",
        measure(TERMS, NOT_PERMITTED, SEEN, "DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED"),
        "Partial",
    ),
    reason(
        "account-suspended",
        Decision::AccountAction,
        "the account is suspended",
        measure(ILLEGAL, PRODUCTS, "decision_account", "DECISION_ACCOUNT_SUSPENDED"),
        "Yes",
    ),
    reason(
        "account-terminated",
        Decision::AccountAction,
        "the account is terminated",
        measure(ILLEGAL, PRODUCTS, "decision_account", "DECISION_ACCOUNT_TERMINATED"),
        "Yes",
    ),
    reason(
        "selling-suspended",
        Decision::AccountAction,
        "the account may not sell any more",
        measure(TERMS, NOT_PERMITTED, "decision_provision", "DECISION_PROVISION_PARTIAL_SUSPENSION"),
        "Yes",
    ),
    reason(
        "payments-suspended",
        Decision::AccountAction,
        "payments to the account are suspended",
        measure(TERMS, NOT_PERMITTED, "decision_monetary", "DECISION_MONETARY_SUSPENSION"),
        "Partial",
    ),
    reason("not-offered", Decision::Rejected, "the listing does not offer what the notice says", None, "No"),
    reason("lawful-offer", Decision::Rejected, "a lawful offer: licence, reference material, research", None, "No"),
    reason("not-ours", Decision::Rejected, "the address is not on this platform", None, "No"),
    reason("not-substantiated", Decision::Rejected, "the notice does not say enough to act on", None, "No"),
    reason("decided-before", Decision::Rejected, "decided before, and nothing changed since", None, "No"),
    reason(
        "location-unclear",
        Decision::NeedsInformation,
        "the listing cannot be found by the address",
        None,
        "Unspecified",
    ),
    reason("ground-unclear", Decision::NeedsInformation, "the legal ground needs explaining", None, "Unspecified"),
    reason("evidence-wanted", Decision::NeedsInformation, "the captured page is asked for", None, "Unspecified"),
    reason(
        "forwarded",
        Decision::NeedsInformation,
        "passed on within the company or to an authority",
        None,
        "Unspecified",
    ),
];

/// The reason of a code.
pub fn find(code: &str) -> Option<&'static OutcomeReason> {
    REASONS.iter().find(|reason| reason.code == code)
}

/// Codes that go with a decision.
pub fn codes_of(decision: Decision) -> Vec<&'static str> {
    REASONS.iter().filter(|reason| reason.decision == decision).map(|reason| reason.code).collect()
}

/// Why an answer cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutcomeError {
    /// No such decision.
    #[error("no decision `{0}`; decisions are removed, restricted, account-action, rejected, needs-information")]
    Decision(String),
    /// The reason's code belongs to another decision.
    #[error(
        "reason `{code}` goes with `{belongs}`, not with `{decision}`; its reasons are {known}, or words of your own"
    )]
    Reason {
        /// The code given.
        code: String,
        /// The decision it belongs to.
        belongs: &'static str,
        /// The decision given.
        decision: &'static str,
        /// Codes that go with it.
        known: String,
    },
    /// A text is too long.
    #[error("`{field}` is longer than {limit} characters")]
    TooLong {
        /// Which.
        field: &'static str,
        /// The limit.
        limit: usize,
    },
}

impl Outcome {
    /// Checks an answer as a platform gave it. Empty texts count as none; control characters become spaces.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn checked(decision: Decision, reason: Option<&str>, reference: Option<&str>) -> Result<Self, OutcomeError> {
        let text = |value: Option<&str>, field: &'static str, limit: usize| {
            let value: Option<String> = value
                .map(|text| text.trim().chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect());
            match value.filter(|text: &String| !text.is_empty()) {
                Some(text) if text.chars().count() > limit => Err(OutcomeError::TooLong { field, limit }),
                other => Ok(other),
            }
        };
        let reason = text(reason, "reason", 2000)?;
        if let Some(known) = reason.as_deref().and_then(find).filter(|known| known.decision != decision) {
            return Err(OutcomeError::Reason {
                code: known.code.to_owned(),
                belongs: known.decision.name(),
                decision: decision.name(),
                known: codes_of(decision).join(", "),
            });
        }
        // A reference is one line: it stands in lists and records.
        let reference = reference.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        Ok(Outcome { decision, reason, reference: text(reference.as_deref(), "reference", 200)? })
    }

    /// The published reason, if one was given.
    pub fn published_reason(&self) -> Option<&'static OutcomeReason> {
        self.reason.as_deref().and_then(find)
    }

    /// Lumen's outcome: by the reason where it is published, else by the decision.
    pub fn lumen(&self) -> &'static str {
        self.published_reason().map_or_else(|| self.decision.lumen(), |reason| reason.lumen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_map_to_codes_of_the_right_attribute() {
        for (at, one) in REASONS.iter().enumerate() {
            assert!(REASONS[at + 1..].iter().all(|other| other.code != one.code), "{}", one.code);
            assert!(["Yes", "Partial", "No", "Unspecified"].contains(&one.lumen), "{}", one.code);
            if let Some(dsa) = one.dsa {
                assert!(dsa.measure.starts_with(&dsa.attribute.to_uppercase()), "{}: {}", one.code, dsa.measure);
                assert!(dsa.category.starts_with("STATEMENT_CATEGORY_") && dsa.keyword.starts_with("KEYWORD_"));
            }
        }
        for decision in Decision::ALL {
            assert!(!codes_of(decision).is_empty(), "{}", decision.name());
        }
    }

    #[test]
    fn an_answer_takes_a_code_of_its_decision_or_words() {
        let answer = |decision, reason| Outcome::checked(decision, Some(reason), None);
        assert_eq!(answer(Decision::Removed, "illegal-content").unwrap().lumen(), "Yes");
        assert_eq!(answer(Decision::Restricted, "geo-limited").unwrap().lumen(), "Partial");
        assert_eq!(answer(Decision::Removed, "we did it").unwrap().lumen(), "Yes");
        assert_eq!(answer(Decision::Rejected, " ").unwrap().reason, None);
        let error = answer(Decision::Rejected, "illegal-content").unwrap_err();
        assert!(error.to_string().contains("lawful-offer"), "{error}");
        assert!(matches!(answer(Decision::Removed, &"x".repeat(2001)), Err(OutcomeError::TooLong { .. })));
    }
}

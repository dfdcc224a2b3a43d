//! A case as lists show it: the API, feeds, webhooks, the console and the command line tell the same of it under the same names.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::referral::outcome::Decision;
use crate::vocab::terms::{CaseState, Category, Severity, Verdict};
use crate::vocab::time::Timestamp;

/// A referral as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ReferralView)]
pub struct ReferralRow {
    /// Id.
    pub id: String,
    /// Platform.
    pub platform: String,
    /// Where it is in its life.
    #[schema(value_type = CaseState)]
    pub state: String,
    /// `synthetic-opioid`, `nps`, `precursor`, `equipment`, `other-controlled`.
    pub category: Option<Category>,
    /// Exact locations of the listings.
    pub urls: Vec<String>,
    /// Title of the strongest listing.
    pub title: String,
    /// Names of substances.
    pub substances: Vec<String>,
    /// Calibrated probability that a reviewer would call it in scope.
    pub score: f64,
    /// When the case was opened.
    pub created: Timestamp,
    /// Last change.
    pub updated: Timestamp,
    /// `refer` or `review`.
    pub verdict: Verdict,
    /// Number of the last change; give the greatest one you have seen as `since`.
    pub change: i64,
    /// The series of cases with one wording that it belongs to: `/series/{id}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub series: Option<String>,
    /// The platform's own ids of its listings, as it handed them over or its pages name them; at most a hundred.
    #[serde(default)]
    pub listing_ids: Vec<String>,
    /// How urgent it is: `high` for new substances and synthetic opioids, `medium` for precursors and other drugs, `low` for
    /// equipment and where it is not certain.
    pub severity: Severity,
    /// What the platform decided, while that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The platform's own reference of its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When the notice is said again if there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_due: Option<Timestamp>,
    /// Language of its notice, once that left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

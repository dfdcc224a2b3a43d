//! Series: cases of a platform with one wording, read, decided and answered together.

use axum::Json;
use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::referral::outcome::Decision;
use crate::referral::row::ReferralRow;
use crate::server::api::outcome_of;
use crate::server::auth::Caller;
use crate::server::problem::Problem;
use crate::server::request::Body;
use crate::server::series::{self, Done};
use crate::server::state::ServerState;
use crate::server::work::Ruling;

/// Cases shown.
const CASES: usize = 1000;

/// Cases of a platform with one wording, in which names and numbers differ.
#[derive(Serialize, ToSchema)]
pub(super) struct SeriesView {
    /// The series.
    id: String,
    /// Its platform.
    platform: String,
    /// How many drafts it has; only for the authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    drafts: Option<u64>,
    /// Its cases, newest change first, at most 1000.
    referrals: Vec<ReferralRow>,
}

/// What became of the cases of a series.
#[derive(Serialize, ToSchema)]
pub(super) struct SeriesDone {
    /// How many moved.
    done: u64,
    /// How many could not be moved.
    refused: u64,
    /// The first twenty of them.
    reasons: Vec<SeriesRefusal>,
    /// How many are left: send the request again.
    left: u64,
}

/// A case that could not be moved.
#[derive(Serialize, ToSchema)]
struct SeriesRefusal {
    /// The case.
    referral: String,
    /// Why.
    error: String,
}

impl From<Done> for SeriesDone {
    fn from(told: Done) -> Self {
        let reasons = told.named.into_iter().map(|(referral, error)| SeriesRefusal { referral, error }).collect();
        SeriesDone { done: told.done, refused: told.refused, reasons, left: told.left }
    }
}

/// The cases of a series. A platform sees those that left to it.
#[utoipa::path(get, operation_id = "get_series", path = "/series/{id}", tag = "referrals", summary = "Cases with one wording", params(("id" = String, Path)), responses(
    (status = 200, body = SeriesView), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
) -> Result<Json<SeriesView>, Problem> {
    let (platform, referrals, drafts) = series::cases(&state, &who, &id, CASES).await?;
    Ok(Json(SeriesView { id, platform: platform.to_string(), drafts, referrals }))
}

/// Approves every draft of a series. Each case has its own notice; what cannot leave is named.
#[utoipa::path(post, operation_id = "approve_series", path = "/series/{id}/approve", tag = "decisions", summary = "Approve the drafts of a series", params(("id" = String, Path)), responses(
    (status = 200, body = SeriesDone), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn approve(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
) -> Result<Json<SeriesDone>, Problem> {
    Ok(Json(series::rule(&state, &who, &id, &Ruling::Approve(None)).await?.into()))
}

/// Why somebody dismisses a series.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeriesReason {
    /// Why; kept in each case and the audit log.
    #[schema(max_length = 2000, pattern = "\\S")]
    reason: String,
}

/// Dismisses every draft of a series.
#[utoipa::path(post, operation_id = "dismiss_series", path = "/series/{id}/dismiss", tag = "decisions", summary = "Dismiss the drafts of a series", request_body = SeriesReason,
    params(("id" = String, Path)), responses(
    (status = 200, body = SeriesDone), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 415, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn dismiss(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
    Body(body): Body<SeriesReason>,
) -> Result<Json<SeriesDone>, Problem> {
    let reason: String = body.reason.trim().chars().take(2000).collect();
    if reason.is_empty() {
        return Err(Problem::unprocessable("say why in `reason`"));
    }
    Ok(Json(series::rule(&state, &who, &id, &Ruling::Dismiss(reason)).await?.into()))
}

/// One answer for all cases of a series.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeriesAnswer {
    /// `removed`, `restricted`, `account-action`, `rejected` or `needs-information`.
    decision: Decision,
    /// Why: a code of `/outcome-reasons` that goes with the decision, or words.
    #[schema(max_length = 2000)]
    reason: Option<String>,
    /// The platform's own reference.
    #[schema(max_length = 200)]
    reference: Option<String>,
}

/// Answers every case of a series that waits for an answer.
#[utoipa::path(post, operation_id = "answer_series", path = "/series/{id}/outcome", tag = "referrals", summary = "One answer for the cases of a series", request_body = SeriesAnswer,
    params(("id" = String, Path)), responses(
    (status = 200, body = SeriesDone), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 415, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn outcome(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
    Body(body): Body<SeriesAnswer>,
) -> Result<Json<SeriesDone>, Problem> {
    let outcome = outcome_of(body.decision, body.reason, body.reference)?;
    Ok(Json(series::answer(&state, &who, &id, &outcome).await?.into()))
}

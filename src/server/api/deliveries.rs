//! What left and how it fared; cases that wait for an authority; answers by file; the published reasons.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::referral::answers::{self, AnswerLine};
use crate::referral::reasons::{OutcomeReason, REASONS};
use crate::referral::row::ReferralRow;
use crate::referral::state::Attention;
use crate::server::auth::{Caller, Rights, visible_case};
use crate::server::problem::Problem;
use crate::server::request::{PageQuery, Params, page_of};
use crate::server::state::ServerState;
use crate::server::work;
use crate::store::truth::{AttemptRow, DeliveryRow, Look, Principal, Stuck};

/// What left of a case, and what was seen of its pages.
#[derive(Serialize, ToSchema)]
pub(super) struct CaseDeliveries {
    /// Messages with their receipts.
    deliveries: Vec<DeliveryRow>,
    /// Every attempt.
    attempts: Vec<AttemptRow>,
    /// Looks at its pages.
    looks: Vec<Look>,
}

/// Deliveries of a case with their receipts, and every attempt.
#[utoipa::path(get, operation_id = "list_deliveries", path = "/referrals/{id}/deliveries", tag = "decisions", summary = "Deliveries of a case, their receipts and attempts",
    params(("id" = String, Path)), responses(
    (status = 200, body = CaseDeliveries), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn of_case(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
) -> Result<Json<CaseDeliveries>, Problem> {
    who.must_oversee("read this")?;
    let (id, ..) = visible_case(&state, &who, &id).await?;
    let found = state
        .truth(move |truth| Ok((truth.deliveries_of(&id)?, truth.attempts_of(&id)?, truth.looks_at(&id)?)))
        .await?;
    let (deliveries, attempts, looks) = found;
    Ok(Json(CaseDeliveries { deliveries, attempts, looks }))
}

/// Deliveries that were given up.
#[derive(Serialize, ToSchema)]
pub(super) struct UndeliverableList {
    /// The rows.
    undeliverable: Vec<Stuck>,
    /// Give this as `cursor` to go on.
    next: Option<String>,
}

/// Deliveries that were given up and can be sent again.
#[utoipa::path(get, operation_id = "list_undeliverable", path = "/undeliverable", tag = "decisions", summary = "Deliveries that were given up", params(PageQuery), responses(
    (status = 200, body = UndeliverableList), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn undeliverable(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<PageQuery>,
) -> Result<(HeaderMap, Json<UndeliverableList>), Problem> {
    who.must_oversee("read this")?;
    let reach = query.reach()?;
    let stuck = state.truth(move |truth| truth.undeliverable(reach)).await?;
    let (headers, undeliverable, next) = page_of(stuck, &query, "/api/v1/undeliverable", &[])?;
    Ok((headers, Json(UndeliverableList { undeliverable, next })))
}

/// A case that waits for an authority.
#[derive(Serialize, ToSchema)]
pub(super) struct WaitingCase {
    /// The case.
    referral: ReferralRow,
    /// Why.
    #[schema(value_type = Attention)]
    attention: String,
}

/// Cases that left and wait for an authority.
#[derive(Serialize, ToSchema)]
pub(super) struct AttentionList {
    /// Oldest change first.
    attention: Vec<WaitingCase>,
    /// Give this as `cursor` to go on.
    next: Option<String>,
}

/// Cases that left and wait for an authority, with the reason.
#[utoipa::path(get, operation_id = "list_attention", path = "/attention", tag = "decisions", summary = "Cases that left and wait for an authority", params(PageQuery), responses(
    (status = 200, body = AttentionList), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn attention(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<PageQuery>,
) -> Result<(HeaderMap, Json<AttentionList>), Problem> {
    who.must_oversee("read this")?;
    let reach = query.reach()?;
    let rows = state.truth(move |truth| truth.attention(reach)).await?;
    let waiting = |(row, attention)| WaitingCase { referral: row, attention };
    let (headers, rows, next) = page_of(rows, &query, "/api/v1/attention", &[])?;
    Ok((headers, Json(AttentionList { attention: rows.into_iter().map(waiting).collect(), next })))
}

/// Published reasons of answers.
#[derive(Serialize, ToSchema)]
pub(super) struct ReasonList {
    /// The rows.
    reasons: Vec<OutcomeReason>,
}

/// The published reasons of answers, with their counterparts in the DSA transparency database and in Lumen.
#[utoipa::path(get, operation_id = "list_outcome_reasons", path = "/outcome-reasons", tag = "referrals", summary = "Published reasons of answers", responses(
    (status = 200, body = ReasonList), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn reasons(Caller(_who): Caller) -> Json<ReasonList> {
    Json(ReasonList { reasons: REASONS.to_vec() })
}

/// What became of one line of a file of answers.
#[derive(Serialize, ToSchema)]
pub(super) struct LineResult {
    /// Its line, from 1; the heading is line 1.
    line: u64,
    /// The case it names.
    referral: Option<String>,
    /// State of the case afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// Why it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// What became of a file of answers.
#[derive(Serialize, ToSchema)]
pub(super) struct FileResult {
    /// Answers taken.
    taken: u64,
    /// Lines refused.
    refused: u64,
    /// Line by line.
    lines: Vec<LineResult>,
}

/// A CSV file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "the shape of the body for the API's description")]
struct AnswerFile(Vec<u8>);

/// Takes a file of answers: CSV with the columns `referral`, `decision`, and if wanted `reason` and `reference`. Bad lines
/// are named, the rest is taken; the same file sent twice changes nothing.
#[utoipa::path(post, operation_id = "answer_referrals_by_file", path = "/outcomes", tag = "referrals", summary = "Answers in a CSV file",
    request_body(content = AnswerFile, content_type = "text/csv"), responses(
    (status = 200, body = FileResult), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 415, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn outcomes(
    State(state): State<ServerState>,
    Caller(who): Caller,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<FileResult>, Problem> {
    if who.reader().is_none() {
        return Err(Problem::forbidden("this role sees no referrals"));
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("text/csv") {
        return Err(Problem::unsupported("send the file as `text/csv`"));
    }
    let read = answers::read(&body).map_err(|error| Problem::unprocessable(error.to_string()))?;
    let mut result = FileResult { taken: 0, refused: 0, lines: Vec::with_capacity(read.len()) };
    for line in read {
        let line = match line {
            Ok(answer) => {
                let (line, referral) = (answer.line, Some(answer.referral.to_string()));
                match take(&state, &who, answer).await {
                    Ok(after) => LineResult { line, referral, state: Some(after), error: None },
                    // The store is in trouble: what was taken stays taken, the file is to be sent again.
                    Err(problem) if problem.status >= 500 => return Err(problem),
                    Err(problem) => {
                        let error = Some(problem.detail.unwrap_or(problem.title).to_string());
                        LineResult { line, referral, state: None, error }
                    }
                }
            }
            Err(bad) => LineResult { line: bad.line, referral: bad.referral, state: None, error: Some(bad.error) },
        };
        if line.error.is_some() {
            result.refused += 1
        } else {
            result.taken += 1
        }
        result.lines.push(line);
    }
    Ok(Json(result))
}

async fn take(state: &ServerState, who: &Principal, answer: AnswerLine) -> Result<String, Problem> {
    let (case, platform, _) = visible_case(state, who, answer.referral.as_str()).await?;
    let after =
        work::answer(state, case, &platform, (answer.outcome, answer.url.into_iter().collect()), None, who.actor())
            .await?;
    Ok(after.name().to_owned())
}

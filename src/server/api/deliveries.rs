//! What left and how it fared; cases that wait for an authority; answers by file; the published reasons.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use serde::Serialize;
use utoipa::ToSchema;

use crate::referral::answers::{self, AnswerLine};
use crate::referral::reasons::REASONS;
use crate::server::auth::{Caller, Rights, visible_case};
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::server::work::{self, row_view};
use crate::store::truth::Principal;

/// Rows of a list at most.
const ROWS: usize = 1000;

/// Deliveries of a case with their receipts, and every attempt.
#[utoipa::path(get, path = "/referrals/{id}/deliveries", tag = "decisions", summary = "Deliveries of a case, their receipts and attempts",
    params(("id" = String, Path)), responses(
    (status = 200, body = serde_json::Value), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn of_case(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
) -> Result<Json<serde_json::Value>, Problem> {
    who.must_oversee("read this")?;
    let (id, ..) = visible_case(&state, &who, &id).await?;
    let found = state
        .truth(move |truth| Ok((truth.deliveries_of(&id)?, truth.attempts_of(&id)?, truth.looks_at(&id)?)))
        .await?;
    Ok(Json(serde_json::json!({ "deliveries": found.0, "attempts": found.1, "looks": found.2 })))
}

/// Deliveries that were given up and can be sent again.
#[utoipa::path(get, path = "/undeliverable", tag = "decisions", summary = "Deliveries that were given up", responses(
    (status = 200, body = serde_json::Value), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn undeliverable(
    State(state): State<ServerState>,
    Caller(who): Caller,
) -> Result<Json<serde_json::Value>, Problem> {
    who.must_oversee("read this")?;
    let stuck = state.truth(|truth| truth.undeliverable(ROWS)).await?;
    Ok(Json(serde_json::json!({ "undeliverable": stuck })))
}

/// Cases that left and wait for an authority, with the reason.
#[utoipa::path(get, path = "/attention", tag = "decisions", summary = "Cases that left and wait for an authority", responses(
    (status = 200, body = serde_json::Value), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn attention(
    State(state): State<ServerState>,
    Caller(who): Caller,
) -> Result<Json<serde_json::Value>, Problem> {
    who.must_oversee("read this")?;
    let rows = state.truth(|truth| truth.attention(ROWS)).await?;
    let cases: Vec<_> =
        rows.into_iter().map(|(row, why)| serde_json::json!({ "referral": row_view(row), "attention": why })).collect();
    Ok(Json(serde_json::json!({ "attention": cases })))
}

/// The published reasons of answers, with their counterparts in the DSA transparency database and in Lumen.
#[utoipa::path(get, path = "/outcome-reasons", tag = "referrals", summary = "Published reasons of answers", responses(
    (status = 200, body = serde_json::Value), (status = 401, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn reasons(Caller(_who): Caller) -> Json<serde_json::Value> {
    Json(serde_json::json!({ "reasons": REASONS }))
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

/// Takes a file of answers: CSV with the columns `referral`, `decision`, and if wanted `reason` and `reference`. Bad lines
/// are named, the rest is taken; the same file sent twice changes nothing.
#[utoipa::path(post, path = "/outcomes", tag = "referrals", summary = "Answers in a CSV file",
    request_body(content = String, content_type = "text/csv"), responses(
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

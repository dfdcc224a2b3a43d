//! What an authority answers for: personal data opened for a purpose, corrections, signed ends of the audit log, reports.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::evidence::audit::checkpoint::Checkpoint;
use crate::referral::state::Intervals;
use crate::report::responses::Responses;
use crate::report::transparency::{self, Report, Reporter};
use crate::server::auth::{Caller, Rights, visible_case};
use crate::server::problem::Problem;
use crate::server::record;
use crate::server::request::{Body, PageQuery, Params, page_of};
use crate::server::state::ServerState;
use crate::store::truth::{Revealed, Role};
use crate::vocab::terms::CaseState;
use crate::vocab::time::Timestamp;

/// For what personal data is opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevealBody {
    /// The purpose; it stands in the audit log.
    #[schema(min_length = 3, max_length = 500, pattern = "\\S[\\s\\S]+\\S")]
    purpose: String,
}

/// Values from the vault.
#[derive(Serialize, ToSchema)]
pub(super) struct RevealedValues {
    /// One a value.
    values: Vec<Revealed>,
}

/// Opens the seller's name, contacts and payment addresses of a case from the vault. Who, when and for what is logged first.
#[utoipa::path(post, operation_id = "reveal_personal_data", path = "/referrals/{id}/reveal", tag = "decisions", summary = "Open sealed personal data for a purpose; logged",
    request_body = RevealBody, params(("id" = String, Path)), responses(
    (status = 200, body = RevealedValues), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 415, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn reveal(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
    Body(body): Body<RevealBody>,
) -> Result<Json<RevealedValues>, Problem> {
    must_hold_office(who.role)?;
    let (id, ..) = visible_case(&state, &who, &id).await?;
    if body.purpose.chars().count() > 500 {
        return Err(Problem::unprocessable("`purpose` is longer than 500 characters"));
    }
    let (actor, now) = (who.actor(), state.now());
    let values = state.truth(move |truth| truth.reveal(&id, &body.purpose, &actor, now)).await?;
    Ok(Json(RevealedValues { values }))
}

fn must_hold_office(role: Role) -> Result<(), Problem> {
    match role {
        Role::Authority | Role::Admin => Ok(()),
        _ => Err(Problem::forbidden("only an authority opens personal data")),
    }
}

/// What was wrong with a referral.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CorrectBody {
    /// What was wrong; the new draft cites it.
    #[schema(max_length = 2000, pattern = "\\S")]
    reason: String,
}

/// A corrected case and the draft in its place.
#[derive(Serialize, ToSchema)]
pub(super) struct Corrected {
    /// The case that was closed.
    id: String,
    /// Its state.
    #[schema(value_type = CaseState)]
    state: String,
    /// The draft that replaces it.
    draft: String,
}

/// Takes a referral back and drafts a corrected one in its place.
#[utoipa::path(post, operation_id = "correct_referral", path = "/referrals/{id}/correct", tag = "decisions", summary = "Replace a referral by a corrected draft",
    request_body = CorrectBody, params(("id" = String, Path)), responses(
    (status = 200, body = Corrected), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 415, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn correct(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
    Body(body): Body<CorrectBody>,
) -> Result<Json<Corrected>, Problem> {
    who.must_decide()?;
    let reason: String = body.reason.trim().chars().take(2000).collect();
    if reason.is_empty() {
        return Err(Problem::unprocessable("say what was wrong in `reason`"));
    }
    let (case, platform, _) = visible_case(&state, &who, &id).await?;
    let platform = state.platform(&platform)?;
    let (actor, now) = (who.actor(), state.now());
    let draft = state
        .truth(move |truth| {
            let policy = &platform.referral;
            truth.correct(&case, &reason, &actor, &policy.channels, Intervals::of(policy), now)
        })
        .await?;
    Ok(Json(Corrected { id, state: "corrected".to_owned(), draft: draft.to_string() }))
}

/// The key that verifies signed ends of the audit log.
#[derive(Serialize, ToSchema)]
pub(in crate::server) struct AuditKey {
    /// Its name.
    id: String,
    /// `ed25519`.
    algorithm: &'static str,
    /// The public key in PEM.
    public_key: String,
}

/// Signed ends of the audit log.
#[derive(Serialize, ToSchema)]
pub(super) struct CheckpointList {
    /// The key that verifies them.
    key: AuditKey,
    /// Oldest first.
    checkpoints: Vec<Checkpoint>,
    /// Give this as `cursor` to go on.
    next: Option<String>,
}

/// Signed ends of the audit log, oldest first, with the key that verifies them.
#[utoipa::path(get, operation_id = "list_audit_checkpoints", path = "/audit/checkpoints", tag = "office", summary = "Signed ends of the audit log", params(PageQuery), responses(
    (status = 200, body = CheckpointList), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn checkpoints(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<PageQuery>,
) -> Result<(HeaderMap, Json<CheckpointList>), Problem> {
    if !matches!(who.role, Role::Authority | Role::Admin) {
        return Err(Problem::forbidden("only an authority reads the audit log"));
    }
    let (checkpoints, (id, public_key)) =
        state.truth(|truth| Ok((truth.audit_checkpoints()?, truth.audit_key()?))).await?;
    let (headers, checkpoints, next) = page_of(checkpoints, &query, "/api/v1/audit/checkpoints", &[])?;
    Ok((headers, Json(CheckpointList { key: AuditKey { id, algorithm: "ed25519", public_key }, checkpoints, next })))
}

/// The public key that checkpoints are verified with; for everyone.
#[utoipa::path(get, path = "/.well-known/listingwatch-audit-key.json", operation_id = "get_audit_key", tag = "office",
    summary = "The key that verifies the audit log's signed ends", security(()), responses((status = 200, body = AuditKey)))]
pub(in crate::server) async fn audit_key(State(state): State<ServerState>) -> Result<Json<AuditKey>, Problem> {
    let (id, public_key) = state.truth(|truth| truth.audit_key()).await?;
    Ok(Json(AuditKey { id, algorithm: "ed25519", public_key }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ReportQuery {
    /// Calendar year; this year unless told.
    #[param(minimum = 1970, maximum = 9998)]
    year: Option<i16>,
    /// `json` (unless told), `csv` or `html`.
    #[param(pattern = "^(json|csv|html)$")]
    format: Option<String>,
}

impl ReportQuery {
    fn year(&self, now: Timestamp) -> Result<(i16, Timestamp, Timestamp), Problem> {
        let year = self.year.unwrap_or_else(|| now.date().year());
        let first = |year: i16| {
            let day = jiff::civil::Date::new(year, 1, 1).ok()?;
            Some(Timestamp::from(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()))
        };
        let wrong = || Problem::bad_request(format!("`year` is {year}; use 1970 to 9998"));
        if !(1970..=9998).contains(&year) {
            return Err(wrong());
        }
        Ok((year, first(year).ok_or_else(wrong)?, first(year + 1).ok_or_else(wrong)?))
    }
}

fn in_form(
    format: Option<&str>,
    json: impl Serialize,
    csv: impl FnOnce() -> String,
    html: impl FnOnce() -> String,
) -> Result<Response, Problem> {
    match format.unwrap_or("json") {
        "json" => Ok(Json(json).into_response()),
        "csv" => Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], csv()).into_response()),
        "html" => Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html()).into_response()),
        other => Err(Problem::bad_request(format!("no format `{other}`; use json, csv or html"))),
    }
}

/// The yearly transparency report in the form of Article 22(3) of the Digital Services Act. No personal data.
#[utoipa::path(get, operation_id = "get_transparency_report", path = "/reports/transparency", tag = "office", summary = "Yearly transparency report", params(ReportQuery), responses(
    (status = 200, description = "the report", content(
        (transparency::Document = "application/json"), (String = "text/csv"), (String = "text/html"))),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn transparency(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<ReportQuery>,
) -> Result<Response, Problem> {
    who.must_oversee("read this")?;
    let (year, from, until) = query.year(state.now())?;
    let (counted, times, control) = state
        .truth(move |truth| Ok((truth.notices_of_year(year)?, truth.case_times(from, until)?, truth.control_counts()?)))
        .await?;
    let report = Report::of(year, &counted);
    let csv = report.csv();
    let hub = state.hub();
    let reporter = Reporter {
        name: hub.desk.sender.as_ref().map(|sender| sender.name.clone()),
        designation: hub.report.designation.clone(),
        independence: hub.report.independence.clone(),
    };
    let document = report.document(reporter, Responses::of(&times, &control));
    in_form(query.format.as_deref(), &document, || csv, || document.html())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ActionsQuery {
    /// The platform; a moderator's own unless told.
    #[param(pattern = "^[a-z0-9-]{2,64}$")]
    platform: Option<String>,
    /// Only notices from this day on: `2026-01-31`.
    #[param(format = Date)]
    from: Option<String>,
    /// Only notices before this day.
    #[param(format = Date)]
    until: Option<String>,
    /// `text` for people to read, without the signature.
    #[param(pattern = "^(json|text)$")]
    format: Option<String>,
}

/// What a platform was told and did about it, signed. Two lines: the record as JSON, and the signature of the audit log's key under the
/// bytes of the first. `verify` checks a saved one.
#[utoipa::path(get, operation_id = "get_record_of_action", path = "/reports/actions", tag = "referrals", summary = "Signed record of a platform's action", params(ActionsQuery), responses(
    (status = 200, description = "the record and its signature, a line each", content(
        (String = "application/x-ndjson"), (String = "text/plain"))),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn actions(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<ActionsQuery>,
) -> Result<Response, Problem> {
    let is_text = match query.format.as_deref() {
        None | Some("json") => false,
        Some("text") => true,
        Some(other) => return Err(Problem::bad_request(format!("no format `{other}`; formats are json, text"))),
    };
    let found =
        record::of(&state, &who, query.platform.as_deref(), (query.from.as_deref(), query.until.as_deref())).await?;
    Ok(if is_text { found.as_text() } else { found.into_signed_lines() })
}

/// How platforms answer, beside a control sample of listings that were not referred.
#[utoipa::path(get, operation_id = "get_response_report", path = "/reports/responses", tag = "office", summary = "How platforms answer", params(ReportQuery), responses(
    (status = 200, description = "the table", content(
        (Responses = "application/json"), (String = "text/csv"), (String = "text/html"))),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn responses(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<ReportQuery>,
) -> Result<Response, Problem> {
    who.must_oversee("read this")?;
    let (_, from, until) = query.year(state.now())?;
    let (times, control) =
        state.truth(move |truth| Ok((truth.case_times(from, until)?, truth.control_counts()?))).await?;
    let table = Responses::of(&times, &control);
    in_form(query.format.as_deref(), &table, || table.csv(), || table.html())
}

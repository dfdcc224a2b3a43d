//! A case that a platform does not act on, put before another authority: a warning, a draft, a second person's approval. Nothing is
//! sent.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::server::auth::{Caller, Rights, visible_case};
use crate::server::problem::Problem;
use crate::server::request::{Body, PageQuery, Params, page_of};
use crate::server::state::ServerState;
use crate::store::truth::Escalation;
use crate::vocab::ids::PlatformId;
use crate::vocab::terms::CaseState;
use crate::vocab::time::Timestamp;

/// A warning.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WarnBody {
    /// The last day for an answer, within a year: `2026-12-31`.
    #[schema(value_type = String, format = Date)]
    until: jiff::civil::Date,
}

/// The state of a case that was warned of.
#[derive(Serialize, ToSchema)]
pub(super) struct Warned {
    /// Case.
    id: String,
    /// Its state.
    #[schema(value_type = CaseState)]
    state: String,
    /// The last day for an answer.
    #[schema(value_type = String, format = Date)]
    until: jiff::civil::Date,
}

/// Warns the platform that the case may go to another authority unless it answers by a day. Only where the agreement names `escalation`.
#[utoipa::path(post, operation_id = "warn_platform", path = "/referrals/{id}/warn", tag = "decisions", summary = "Warn the platform of an escalation", request_body = WarnBody,
    params(("id" = String, Path)), responses(
    (status = 200, body = Warned), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 415, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn warn(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
    Body(body): Body<WarnBody>,
) -> Result<Json<Warned>, Problem> {
    who.must_decide()?;
    let (case, platform, _) = visible_case(&state, &who, &id).await?;
    let platform = state.platform(&platform)?;
    let (actor, now) = (who.actor(), state.now());
    let after = state.truth(move |truth| truth.warn(&case, &platform, body.until, &actor, now)).await?;
    Ok(Json(Warned { id, state: after.name().to_owned(), until: body.until }))
}

/// A draft to another authority.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EscalationBody {
    /// To whom it would go, as the authority writes it.
    #[schema(max_length = 500, pattern = "\\S")]
    to: String,
    /// For what; it stands in the audit log.
    #[schema(max_length = 500, pattern = "\\S")]
    purpose: String,
}

/// An escalation.
#[derive(Serialize, ToSchema)]
pub(super) struct EscalationView {
    /// `E-…`.
    id: String,
    /// Case.
    referral: String,
    /// Platform.
    platform: String,
    /// To whom it would go.
    to: String,
    /// For what.
    purpose: String,
    /// Who made it.
    drafted_by: String,
    /// When.
    at: Timestamp,
    /// Who approved it; none while it is a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved_by: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    approved: Option<Timestamp>,
    /// The document: no addresses, nothing of people but the contact.
    text: String,
}

impl From<Escalation> for EscalationView {
    fn from(held: Escalation) -> Self {
        EscalationView {
            id: held.id,
            referral: held.referral,
            platform: held.platform,
            to: held.to,
            purpose: held.purpose,
            drafted_by: held.drafted_by,
            at: held.at,
            approved_by: held.approved_by,
            approved: held.approved,
            text: held.text,
        }
    }
}

/// Drafts an escalation, once the day of the warning is over.
#[utoipa::path(post, operation_id = "draft_escalation", path = "/referrals/{id}/escalations", tag = "decisions", summary = "Draft an escalation", request_body = EscalationBody,
    params(("id" = String, Path)), responses(
    (status = 200, body = EscalationView), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 415, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn draft(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
    Body(body): Body<EscalationBody>,
) -> Result<Json<EscalationView>, Problem> {
    who.must_decide()?;
    let (case, platform, _) = visible_case(&state, &who, &id).await?;
    let platform = state.platform(&platform)?;
    let (actor, now) = (who.actor(), state.now());
    let drafted = state
        .truth(move |truth| truth.draft_escalation(&case, &platform, (&body.to, &body.purpose), &actor, now))
        .await?;
    Ok(Json(drafted.into()))
}

/// Approves an escalation of another person. It is then handed over by people.
#[utoipa::path(post, operation_id = "approve_escalation", path = "/escalations/{id}/approve", tag = "decisions", summary = "Approve an escalation; nothing is sent", params(("id" = String, Path)), responses(
    (status = 200, body = EscalationView), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn approve(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
) -> Result<Json<EscalationView>, Problem> {
    who.must_decide()?;
    let wanted = id.clone();
    let held = state.truth(move |truth| truth.escalation(&wanted)).await?;
    let platform = PlatformId::parse(&held.platform).map_err(|_| Problem::not_found("escalation", &id))?;
    let platform = state.platform(&platform)?;
    let (actor, now) = (who.actor(), state.now());
    let approved = state.truth(move |truth| truth.approve_escalation(&id, &platform, &actor, now)).await?;
    Ok(Json(approved.into()))
}

/// Escalations.
#[derive(Serialize, ToSchema)]
pub(super) struct EscalationList {
    /// Newest first.
    escalations: Vec<EscalationView>,
    /// Give this as `cursor` to go on.
    next: Option<String>,
}

/// Escalations, newest first.
#[utoipa::path(get, operation_id = "list_escalations", path = "/escalations", tag = "office", summary = "Escalations, newest first", params(PageQuery), responses(
    (status = 200, body = EscalationList), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<PageQuery>,
) -> Result<(HeaderMap, Json<EscalationList>), Problem> {
    who.must_oversee("read this")?;
    let reach = query.reach()?;
    let held = state.truth(move |truth| truth.escalations(None, Some(reach))).await?;
    let (headers, held, next) = page_of(held, &query, "/api/v1/escalations", &[])?;
    Ok((headers, Json(EscalationList { escalations: held.into_iter().map(EscalationView::from).collect(), next })))
}

//! Pages behind the signed links of a notice: the platform answers, the affected party contests. No account needed.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;

use crate::outbound::links::{LinkError, Purpose};
use crate::outbound::wire::{CaseView, Reader};
use crate::referral::outcome::Decision;
use crate::referral::state::ReferralState;
use crate::server::api::outcome_of;
use crate::server::console::{decisions, page, recorded};
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::server::work;
use crate::vocab::actor::{Actor, Person};
use crate::vocab::ids::ReferralId;

#[derive(Template)]
#[template(path = "console/answer.html")]
struct AnswerPage {
    title: &'static str,
    case: CaseView,
    decisions: [(&'static str, &'static str); 5],
    done: Option<String>,
}

#[derive(Template)]
#[template(path = "console/contest.html")]
struct ContestPage {
    title: &'static str,
    id: String,
    urls: Vec<String>,
    done: bool,
}

/// The case a link stands for, as long as the platform may see it.
async fn case_of(state: &ServerState, purpose: Purpose, signed: &str) -> Result<(ReferralId, CaseView), Problem> {
    let id = state.hub().desk.key.verify(purpose, signed, state.now()).map_err(|error| match error {
        LinkError::Expired => Problem::gone("the link has expired; ask the sender of the notice for a new one"),
        LinkError::Invalid => Problem::not_found("link", "of this form"),
    })?;
    let wanted = id.clone();
    let full = state.truth(move |truth| truth.referral(&wanted)).await?;
    if !full.lifecycle.is_visible_to_platform() {
        return Err(Problem::not_found("link", "of this form"));
    }
    Ok((id, work::case_view(full, Reader::Platform)?))
}

/// The form by which a platform answers.
pub(super) async fn answer_form(
    State(state): State<ServerState>,
    Path(signed): Path<String>,
) -> Result<Html<String>, Problem> {
    let (_, case) = case_of(&state, Purpose::Answer, &signed).await?;
    page(&AnswerPage { title: "Answer a referral", case, decisions: decisions(), done: None })
}

#[derive(Deserialize)]
pub(super) struct AnswerForm {
    decision: String,
    reason: Option<String>,
    reference: Option<String>,
}

/// Takes the answer.
pub(super) async fn answer(
    State(state): State<ServerState>,
    Path(signed): Path<String>,
    Form(form): Form<AnswerForm>,
) -> Result<Html<String>, Problem> {
    let (id, _) = case_of(&state, Purpose::Answer, &signed).await?;
    let decision = Decision::parse(&form.decision).ok_or_else(|| Problem::unprocessable("choose a decision"))?;
    let outcome = outcome_of(decision, form.reason, form.reference)?;
    let wanted = id.clone();
    let (platform, _) = state.truth(move |truth| truth.referral_state(&wanted)).await?;
    let actor = Actor::Person(Person::AnswerLink(platform.clone()));
    work::answer(&state, id, &platform, outcome, None, actor).await?;
    let (_, case) = case_of(&state, Purpose::Answer, &signed).await?;
    let done = Some(recorded(decision));
    page(&AnswerPage { title: "Answer a referral", case, decisions: decisions(), done })
}

/// The form by which an affected party contests. It shows the addresses only: whoever holds the link is not the platform.
pub(super) async fn contest_form(
    State(state): State<ServerState>,
    Path(signed): Path<String>,
) -> Result<Response, Problem> {
    let (id, case) = case_of(&state, Purpose::Contest, &signed).await?;
    let done = case.referral.state == ReferralState::Contested { statement: String::new() }.name();
    let shown = ContestPage { title: "Contest a referral", id: id.to_string(), urls: case.referral.urls, done };
    Ok(page(&shown)?.into_response())
}

#[derive(Deserialize)]
pub(super) struct ContestForm {
    statement: String,
}

/// Opens the contest.
pub(super) async fn contest(
    State(state): State<ServerState>,
    Path(signed): Path<String>,
    Form(form): Form<ContestForm>,
) -> Result<Response, Problem> {
    let (id, case) = case_of(&state, Purpose::Contest, &signed).await?;
    work::contest(&state, id.clone(), &form.statement).await?;
    let shown = ContestPage { title: "Contest a referral", id: id.to_string(), urls: case.referral.urls, done: true };
    Ok(page(&shown)?.into_response())
}

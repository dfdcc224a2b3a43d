//! The review queue: one case at a time, and no case to two people.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use crate::server::auth::Rights;
use crate::server::console::session::{SignedForm, Turned, Visitor};
use crate::server::console::{Frame, page, query_text, twin};
use crate::server::problem::Problem;
use crate::server::request::Params;
use crate::server::state::ServerState;
use crate::store::truth::{Claim, WAITING};
use crate::vocab::ids::ReferralId;

/// How long a case stays with the person who got it.
const CLAIM_LIFE: Duration = Duration::from_secs(15 * 60);

#[derive(Deserialize)]
pub(super) struct QueueQuery {
    format: Option<String>,
    said: Option<String>,
}

/// Cases that wait in one state.
#[derive(Serialize)]
struct Waiting {
    state: &'static str,
    cases: u64,
}

#[derive(Template)]
#[template(path = "console/queue.html")]
struct QueuePage {
    frame: Frame,
    waiting: Vec<Waiting>,
    mine: Vec<Claim>,
    others: Vec<Claim>,
    said: Option<String>,
}

impl QueuePage {
    fn total(&self) -> u64 {
        self.waiting.iter().map(|waiting| waiting.cases).sum()
    }
}

pub(super) async fn queue(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<QueueQuery>,
) -> Result<Response, Turned> {
    visitor.who.must_oversee("open this page")?;
    let now = state.now();
    let (counts, claims) = state.truth(move |truth| Ok((truth.cases_by_state(None)?, truth.claims(now)?))).await?;
    let waiting: Vec<Waiting> = WAITING
        .iter()
        .map(|state| Waiting {
            state,
            cases: counts.iter().find(|(name, _)| name == state).map_or(0, |(_, cases)| *cases),
        })
        .collect();
    if let Some(answer) = twin(query.format.as_deref(), &waiting, &["state", "cases"])? {
        return Ok(answer);
    }
    let frame = Frame::new(&state, "Review queue", "queue", &visitor);
    let (mine, others) = claims.into_iter().partition(|claim| claim.person == visitor.who.owner);
    Ok(page(&QueuePage { frame, waiting, mine, others, said: state.said(query.said.as_deref()) })?.into_response())
}

/// Hands out the next case, puts one back, or gives back what the person has.
pub(super) async fn take(State(state): State<ServerState>, form: SignedForm) -> Result<Response, Turned> {
    let SignedForm { visitor, fields } = form;
    visitor.who.must_decide()?;
    let person = visitor.who.owner.clone();
    match fields.must("action")? {
        "give-back" => {
            state.truth(move |truth| truth.give_back(&person)).await?;
            Ok(Redirect::to("/console/queue").into_response())
        }
        "next" => Ok(next(&state, person, None).await?),
        "skip" => {
            let skipped = ReferralId::parse(fields.must("referral")?);
            let skipped = skipped.map_err(|error| Problem::unprocessable(error.to_string()))?;
            Ok(next(&state, person, Some(skipped)).await?)
        }
        other => Err(Problem::unprocessable(format!("no action `{other}`")).into()),
    }
}

/// Hands `person` the next case.
pub(super) async fn next(state: &ServerState, person: String, skip: Option<ReferralId>) -> Result<Response, Problem> {
    let now = state.now();
    let found = state.truth(move |truth| truth.claim_next(&person, skip.as_ref(), CLAIM_LIFE, now)).await?;
    let to = match found {
        Some(id) => format!("/console/referrals/{id}?queue=1"),
        None => {
            let said = state.say("Nothing waits that nobody else looks at.".to_owned());
            format!("/console/queue?{}", query_text(&[("said", Some(said))]))
        }
    };
    Ok(Redirect::to(&to).into_response())
}

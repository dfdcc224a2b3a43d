//! Signing in and out, and the tokens others hold.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::server::auth::{address_of, check_token};
use crate::server::console::session::{
    SESSION_SECONDS, SignedForm, Turned, Visitor, fields_of, is_from_elsewhere, set_cookie,
};
use crate::server::console::{Frame, page, twin};
use crate::server::problem::Problem;
use crate::server::request::Params;
use crate::server::state::ServerState;
use crate::store::truth::{Principal, Role, TokenRow};
use crate::vocab::ids::PlatformId;

#[derive(Template)]
#[template(path = "console/sign_in.html")]
struct SignInPage {
    title: &'static str,
    to: String,
    wrong: bool,
}

#[derive(Deserialize)]
pub(super) struct To {
    to: Option<String>,
}

/// Only pages of this console; anything else leads to its start.
fn inside(to: Option<&str>) -> String {
    match to {
        Some(path) if path.starts_with("/console") && !path.contains(['\\', '\r', '\n']) && !path.starts_with("//") => {
            path.to_owned()
        }
        _ => "/console".to_owned(),
    }
}

/// Where the day of each role begins.
pub(super) async fn home(visitor: Visitor) -> Redirect {
    Redirect::to(if visitor.who.role == Role::Researcher { "/console/archive" } else { "/console/inbox" })
}

pub(super) async fn sign_in_form(Params(query): Params<To>) -> Result<Response, Problem> {
    Ok(page(&SignInPage { title: "Sign in", to: inside(query.to.as_deref()), wrong: false })?.into_response())
}

pub(super) async fn sign_in(State(state): State<ServerState>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    if is_from_elsewhere(&parts.headers) {
        return Err(Problem::forbidden("the form did not come from this console; open the page again"));
    }
    let address = address_of(&parts);
    let fields = fields_of(Request::from_parts(parts, body)).await?;
    let to = inside(fields.one("to"));
    let token = fields.one("token").unwrap_or_default().to_owned();
    match check_token(&state, token, &address)? {
        Some(who) => open(&state, who, &to).await,
        None => Ok(page(&SignInPage { title: "Sign in", to, wrong: true })?.into_response()),
    }
}

/// Signs in by a link that works once.
pub(super) async fn enter(State(state): State<ServerState>, Path(code): Path<String>) -> Result<Response, Problem> {
    let who =
        state.redeem(&code).ok_or_else(|| Problem::gone("this link was used or has expired; sign in with a token"))?;
    open(&state, who, "/console").await
}

async fn open(state: &ServerState, who: Principal, to: &str) -> Result<Response, Problem> {
    if who.role == Role::Platform {
        return Err(Problem::forbidden("this role works by the API; the console is for people"));
    }
    let now = state.now();
    let until = now.after(Duration::from_secs(SESSION_SECONDS));
    let (cookie, _) = state.truth(move |truth| truth.open_session(&who, until, now)).await?;
    let set = set_cookie(state.hub().exposure, Some(&cookie));
    Ok(([set, (CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"))], Redirect::to(to)).into_response())
}

pub(super) async fn sign_out(State(state): State<ServerState>, form: SignedForm) -> Result<Response, Turned> {
    state.truth(move |truth| truth.close_session(&form.visitor.cookie)).await?;
    Ok(([set_cookie(state.hub().exposure, None)], Redirect::to("/console/sign-in")).into_response())
}

#[derive(Template)]
#[template(path = "console/tokens.html")]
struct TokensPage {
    frame: Frame,
    tokens: Vec<TokenRow>,
    platforms: Vec<String>,
    made: Option<(String, String)>,
}

#[derive(Deserialize)]
pub(super) struct FormatQuery {
    format: Option<String>,
}

fn must_administer(who: &Principal) -> Result<(), Problem> {
    if who.role == Role::Admin { Ok(()) } else { Err(Problem::forbidden("only an administrator manages tokens")) }
}

async fn tokens_page(
    state: &ServerState,
    visitor: &Visitor,
    made: Option<(String, String)>,
) -> Result<Response, Problem> {
    let tokens = state.truth(|truth| truth.tokens()).await?;
    let platforms = state.platforms().iter().map(|platform| platform.id.to_string()).collect();
    let frame = Frame::new(state, "Tokens", "tokens", visitor);
    Ok(page(&TokensPage { frame, tokens, platforms, made })?.into_response())
}

pub(super) async fn tokens(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<FormatQuery>,
) -> Result<Response, Turned> {
    must_administer(&visitor.who)?;
    if query.format.is_some() {
        let tokens = state.truth(|truth| truth.tokens()).await?;
        let columns = ["id", "role", "owner", "platform", "created", "expires", "revoked"];
        if let Some(answer) = twin(query.format.as_deref(), &tokens, &columns)? {
            return Ok(answer);
        }
    }
    Ok(tokens_page(&state, &visitor, None).await?)
}

pub(super) async fn change_token(State(state): State<ServerState>, form: SignedForm) -> Result<Response, Turned> {
    let SignedForm { visitor, fields } = form;
    must_administer(&visitor.who)?;
    let (actor, now) = (visitor.who.actor(), state.now());
    if let Some(id) = fields.one("revoke").map(str::to_owned) {
        state.truth(move |truth| truth.revoke_token(&id, &actor, now)).await?;
        return Ok(Redirect::to("/console/tokens").into_response());
    }
    let role = fields.must("role")?.parse::<Role>().map_err(|_| Problem::unprocessable("choose a role"))?;
    let owner = fields.must("owner")?.to_owned();
    let platform = fields.one("platform").map(PlatformId::parse).transpose();
    let platform = platform.map_err(|error| Problem::unprocessable(error.to_string()))?;
    let days: Option<u64> =
        fields.one("days").map(str::parse).transpose().map_err(|_| Problem::unprocessable("`days` is a number"))?;
    let expires = days.map(|days| now.after(Duration::from_secs(days.min(36_500) * 86_400)));
    let made =
        state.truth(move |truth| truth.create_token(role, &owner, platform.as_ref(), expires, &actor, now)).await?;
    Ok(tokens_page(&state, &visitor, Some(made)).await?)
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn signing_in_never_leads_elsewhere() {
        for (to, path) in [
            (Some("/console/referrals/R-1?x=1"), "/console/referrals/R-1?x=1"),
            (Some("https://evil.example.test/"), "/console"),
            (Some("//evil.example.test/console"), "/console"),
            (Some("/console\\..\\evil"), "/console"),
            (Some("/console\r\nSet-Cookie: a=b"), "/console"),
            (None, "/console"),
        ] {
            assert_eq!(inside(to), path, "{to:?}");
        }
    }
}

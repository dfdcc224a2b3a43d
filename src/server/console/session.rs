//! Who is signed in, by a cookie; and forms that only our own pages can send.

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{COOKIE, HeaderMap, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};
use axum::response::{IntoResponse, Redirect, Response};
use subtle::ConstantTimeEq;

use crate::server::BODY_LIMIT_BYTES;
use crate::server::problem::Problem;
use crate::server::state::{Exposure, ServerState};
use crate::store::truth::{Principal, Session};

/// A signed-in person.
pub(super) struct Visitor {
    pub who: Principal,
    pub csrf: String,
    pub cookie: String,
}

/// Why a page is not shown.
pub(super) enum Turned {
    /// To the sign-in page, and back afterwards.
    SignIn(String),
    Problem(Problem),
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        match self {
            Turned::SignIn(back) => {
                let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("to", &back).finish();
                Redirect::to(&format!("/console/sign-in?{query}")).into_response()
            }
            Turned::Problem(problem) => problem.into_response(),
        }
    }
}

fn cookie_name(exposure: Exposure) -> &'static str {
    match exposure {
        Exposure::Loopback => "lw_session",
        Exposure::Secure => "__Host-lw_session",
    }
}

fn cookie_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| value.to_owned())
    })
}

/// The header that gives the cookie, or with no secret takes it away.
pub(super) fn set_cookie(exposure: Exposure, secret: Option<&str>) -> (axum::http::HeaderName, HeaderValue) {
    let secure = if exposure == Exposure::Secure { "; Secure" } else { "" };
    let (value, age) = secret.map_or(("", 0), |secret| (secret, SESSION_SECONDS));
    let text = format!("{}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}", cookie_name(exposure));
    (SET_COOKIE, HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("")))
}

/// How long a session lasts: a working day.
pub(super) const SESSION_SECONDS: u64 = 10 * 3600;

impl FromRequestParts<ServerState> for Visitor {
    type Rejection = Turned;

    async fn from_request_parts(parts: &mut Parts, state: &ServerState) -> Result<Self, Turned> {
        let back = if parts.method == Method::GET {
            parts.uri.path_and_query().map_or("/console", |path| path.as_str()).to_owned()
        } else {
            "/console".to_owned()
        };
        let Some(cookie) = cookie_of(&parts.headers, cookie_name(state.hub().exposure)) else {
            return Err(Turned::SignIn(back));
        };
        let now = state.now();
        match state.look_up(|truth| truth.session(&cookie, now)).map_err(Turned::Problem)? {
            Some(Session { principal, csrf }) => {
                state.limiter().request(&principal.token).map_err(Turned::Problem)?;
                Ok(Visitor { who: principal, csrf, cookie })
            }
            None => Err(Turned::SignIn(back)),
        }
    }
}

/// A form sent by a signed-in person from one of our pages.
pub(super) struct SignedForm {
    pub visitor: Visitor,
    pub fields: Fields,
}

/// A form's fields, in order; names may repeat.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first value of a field, trimmed; empty counts as none.
    pub fn one(&self, name: &str) -> Option<&str> {
        let held = self.0.iter().filter(|(key, _)| key == name);
        held.map(|(_, value)| value.trim()).find(|value| !value.is_empty())
    }

    /// All values of a field.
    pub fn all<'a>(&'a self, name: &'static str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value of a field that must be there.
    pub fn must(&self, name: &str) -> Result<&str, Problem> {
        self.one(name).ok_or_else(|| Problem::unprocessable(format!("fill in `{name}`")))
    }
}

/// Reads a form.
pub(super) async fn fields_of(request: Request) -> Result<Fields, Problem> {
    let body = to_bytes(request.into_body(), BODY_LIMIT_BYTES)
        .await
        .map_err(|_| Problem::too_large("the form is larger than this server takes"))?;
    Ok(Fields(url::form_urlencoded::parse(&body).into_owned().collect()))
}

/// Browsers say where a form comes from; one that another site sent is refused before its content is looked at.
pub(super) fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

impl FromRequest<ServerState> for SignedForm {
    type Rejection = Turned;

    async fn from_request(request: Request, state: &ServerState) -> Result<Self, Turned> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        let refused =
            || Turned::Problem(Problem::forbidden("the form did not come from this console; open the page again"));
        if is_from_elsewhere(&parts.headers) {
            return Err(refused());
        }
        let fields = fields_of(Request::from_parts(parts, body)).await.map_err(Turned::Problem)?;
        let given = fields.one("csrf").unwrap_or_default();
        if !bool::from(given.as_bytes().ct_eq(visitor.csrf.as_bytes())) {
            return Err(refused());
        }
        Ok(SignedForm { visitor, fields })
    }
}

impl From<Problem> for Turned {
    fn from(problem: Problem) -> Self {
        Turned::Problem(problem)
    }
}

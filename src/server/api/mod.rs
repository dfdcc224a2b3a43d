//! The JSON API below `/api/v1`, and its description at `/api/openapi.json`.

mod archive;
mod office;
mod referrals;
mod screening;

pub(super) use office::{PlatformView, platform_views};
pub(super) use referrals::{notice_as, outcome_of};

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::server::problem::Problem;
use crate::server::state::ServerState;

/// Rows of a list when nothing is asked.
const LIMIT: usize = 100;

/// Most rows of a list.
const LIMIT_MOST: usize = 1000;

/// Query parameters; what cannot be read is a problem that says which.
pub(super) struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(params)| Params(params))
            .map_err(|rejection| Problem::bad_request(rejection.body_text()))
    }
}

/// A JSON body; what cannot be read is a problem that says where.
pub(super) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Body(body)),
            Err(JsonRejection::JsonDataError(error)) => Err(Problem::unprocessable(error.body_text())),
            Err(rejection) if rejection.status().as_u16() == 415 => {
                Err(Problem::unsupported("send the body as `application/json`"))
            }
            Err(rejection) if rejection.status().as_u16() == 413 => {
                Err(Problem::too_large("the body is larger than this server takes"))
            }
            Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
        }
    }
}

/// The number of rows asked for.
pub(super) fn limit_of(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(LIMIT),
        Some(limit @ 1..=LIMIT_MOST) => Ok(limit),
        Some(other) => Err(Problem::bad_request(format!("`limit` is {other}; use 1 to {LIMIT_MOST}"))),
    }
}

/// A `Link` header that names the next page.
pub(super) fn next_link(path: &str, query: &[(&str, String)]) -> HeaderMap {
    let mut coded = url::form_urlencoded::Serializer::new(String::new());
    query.iter().filter(|(_, value)| !value.is_empty()).for_each(|(key, value)| {
        coded.append_pair(key, value);
    });
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_str(&format!("<{path}?{}>; rel=\"next\"", coded.finish())) {
        headers.insert(header::LINK, value);
    }
    headers
}

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("an access token")).build();
        document.components.get_or_insert_default().add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The description's head; paths and shapes come from the handlers.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "listingwatch",
        description = "Referrals of illicit offers to platforms, their answers, and the archive of hits. \
                       Failures are RFC 9457 problem documents."
    ),
    modifiers(&Bearer),
    security(("token" = [])),
    components(schemas(Problem))
)]
struct Head;

/// The API's routes and their description.
pub(super) fn router() -> (Router<ServerState>, utoipa::openapi::OpenApi) {
    let routes = OpenApiRouter::new()
        .routes(routes!(referrals::list))
        .routes(routes!(referrals::show))
        .routes(routes!(referrals::notice))
        .routes(routes!(referrals::evidence))
        .routes(routes!(referrals::capture))
        .routes(routes!(referrals::outcome))
        .routes(routes!(referrals::acknowledge))
        .routes(routes!(referrals::contest))
        .routes(routes!(referrals::approve))
        .routes(routes!(referrals::dismiss))
        .routes(routes!(referrals::hold))
        .routes(routes!(referrals::release))
        .routes(routes!(referrals::withdraw))
        .routes(routes!(referrals::uphold))
        .routes(routes!(referrals::resend))
        .routes(routes!(referrals::recheck))
        .routes(routes!(archive::hits))
        .routes(routes!(archive::facets))
        .routes(routes!(archive::series))
        .routes(routes!(office::platforms))
        .routes(routes!(office::scans))
        .routes(routes!(office::coverage))
        .routes(routes!(office::watchlist))
        .routes(routes!(office::emerging))
        .routes(routes!(office::audit))
        .routes(routes!(screening::screen));
    OpenApiRouter::with_openapi(Head::openapi()).nest("/api/v1", routes).split_for_parts()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_operation_is_described_with_its_failures() {
        let (_, document) = super::router();
        let text = serde_json::to_value(&document).unwrap();
        let paths = text["paths"].as_object().unwrap();
        assert!(paths.len() >= 20, "{}", paths.len());
        for (path, operations) in paths {
            for (method, operation) in operations.as_object().unwrap() {
                let answers = operation["responses"].as_object().unwrap();
                assert!(answers.contains_key("401"), "{method} {path} does not say what a missing token gets");
                assert!(operation["summary"].is_string(), "{method} {path} has no summary");
            }
        }
    }
}

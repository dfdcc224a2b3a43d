//! How requests are read: queries, JSON bodies, the length of lists and the link to what follows.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use serde::de::DeserializeOwned;

use crate::server::BODY_LIMIT_BYTES;
use crate::server::problem::Problem;

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
                Err(Problem::too_large(format!("the body has more than {BODY_LIMIT_BYTES} bytes")))
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
    link_next(&mut headers, &format!("{path}?{}", coded.finish()));
    headers
}

/// Names the next page in a `Link` header.
pub(super) fn link_next(headers: &mut HeaderMap, to: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("<{to}>; rel=\"next\"")) {
        headers.insert(header::LINK, value);
    }
}

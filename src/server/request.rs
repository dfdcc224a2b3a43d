//! How requests are read: queries, JSON bodies, the length of lists and the link to what follows.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::server::BODY_LIMIT_BYTES;
use crate::server::problem::Problem;
use crate::vocab::nearest::nearest;
use crate::vocab::strict_json::Strict;

/// Rows of a list when nothing is asked.
const LIMIT: usize = 100;

/// Most rows of a list.
const LIMIT_MOST: usize = 1000;

/// Query parameters; what cannot be read is a problem that says which.
pub(super) struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri).map(|Query(params)| Params(params)).map_err(|rejection| {
            let said = rejection.body_text();
            let of_limit = said.contains(": limit: ");
            let problem = Problem::bad_request(said);
            if of_limit { problem.hint(format!("`limit` is a number from 1 to {LIMIT_MOST}")) } else { problem }
        })
    }
}

/// A JSON body that is an object; what cannot be read is a problem that says where.
pub(super) struct Body<T>(pub T);

/// A JSON body of any kind, such as a list.
pub(super) struct Listed<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        // The fields of an object may be read from a list too, by their places: nobody means that.
        let Listed(Strict(value)) = Listed::<Strict>::from_request(request, state).await?;
        if !value.is_object() {
            return Err(Problem::unprocessable("the body is not a JSON object"));
        }
        serde_path_to_error::deserialize(value).map(Body).map_err(|error| {
            let (at, said) = (error.path().to_string(), error.into_inner().to_string());
            let problem = match at.as_str() {
                "." => Problem::unprocessable(said.as_str()),
                field => Problem::unprocessable(format!("`{field}`: {said}")),
            };
            match meant(&said) {
                Some(meant) => problem.hint(format!("did you mean `{meant}`?")),
                None => problem,
            }
        })
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Listed<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Listed(body)),
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

/// The known key or value that was meant, by what serde says of an unknown one: ``unknown field `x`, expected one of `a`, `b` ``.
fn meant(said: &str) -> Option<&str> {
    let (_, said) = said.split_once("unknown ")?;
    let mut quoted = said.split('`').skip(1).step_by(2);
    let unknown = quoted.next()?;
    nearest(unknown, quoted)
}

/// Encodings of bodies that are read.
const ENCODINGS: [&str; 2] = ["gzip", "deflate"];

/// Refuses bodies in an encoding that is not read, by name: parsed as they are, they would be called broken JSON.
pub(super) async fn refuse_encodings(request: Request, next: Next) -> Response {
    let encoding = request.headers().get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?"));
    match encoding.filter(|encoding| !ENCODINGS.contains(encoding) && *encoding != "identity") {
        None => next.run(request).await,
        Some(other) => {
            let other: String = other.chars().take(80).collect();
            let read = ENCODINGS.join(", ");
            Problem::unsupported(format!("bodies in the encoding `{other}` are not read; use {read}, or none"))
                .into_response()
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

/// Where a page of a list ends that goes by moments: the moment of its last row and that row's number.
pub(super) mod cursor {
    use crate::server::problem::Problem;
    use crate::vocab::time::Timestamp;

    /// As an answer gives it.
    pub fn text(at: Timestamp, number: i64) -> String {
        format!("{:016x}{number:016x}", at.as_millis())
    }

    /// As a request brings it back.
    pub fn place(cursor: &str) -> Result<(Timestamp, i64), Problem> {
        let part = |from: usize| cursor.get(from..from + 16).and_then(|hex| u64::from_str_radix(hex, 16).ok());
        let whole = (cursor.len() == 32).then(|| part(0).zip(part(16))).flatten();
        let (at, number) =
            whole.ok_or_else(|| Problem::bad_request("`cursor` is not one that an earlier answer gave"))?;
        Ok((Timestamp::from_millis(at.cast_signed()), number.cast_signed()))
    }
}

/// Which page of a list is asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageQuery {
    /// Where an earlier answer ended.
    #[param(pattern = "^[1-9][0-9]{0,8}$")]
    pub cursor: Option<String>,
    /// Rows, 1 to 1000; 100 unless told.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
}

impl PageQuery {
    /// How many rows of the list, from its first, tell this page and whether more follow.
    pub fn reach(&self) -> Result<usize, Problem> {
        Ok(self.from()?.saturating_add(limit_of(self.limit)?).saturating_add(1))
    }

    fn from(&self) -> Result<usize, Problem> {
        let cursor = self.cursor.as_deref().map_or(Ok(0), str::parse);
        cursor.map_err(|_| Problem::bad_request("`cursor` is not one that an earlier answer gave"))
    }
}

/// The page of a list of which all rows up to its end are at hand, the link to what follows, and where it goes on. `asked` is what else was asked for.
pub(super) fn page_of<T>(
    rows: Vec<T>,
    query: &PageQuery,
    path: &str,
    asked: &[(&str, String)],
) -> Result<(HeaderMap, Vec<T>, Option<String>), Problem> {
    let limit = limit_of(query.limit)?;
    let from = query.from()?;
    let next = (rows.len() > from.saturating_add(limit)).then(|| (from + limit).to_string());
    let headers = match &next {
        Some(next) => {
            let mut asked = asked.to_vec();
            asked.extend([("cursor", next.clone()), ("limit", limit.to_string())]);
            next_link(path, &asked)
        }
        None => HeaderMap::new(),
    };
    Ok((headers, rows.into_iter().skip(from).take(limit).collect(), next))
}

/// Names the next page in a `Link` header.
pub(super) fn link_next(headers: &mut HeaderMap, to: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("<{to}>; rel=\"next\"")) {
        headers.insert(header::LINK, value);
    }
}

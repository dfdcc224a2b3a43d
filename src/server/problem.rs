//! Failures as RFC 9457 problem documents; causes go to the log, ids to the caller.

use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::error;

use crate::referral::notice::MissingField;
use crate::referral::state::IllegalStep;
use crate::store::truth::TruthError;

/// Media type of problem documents.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A failure as its caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// A URN that names the kind of problem.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: Box<str>,
    /// The kind in words.
    #[schema(value_type = String)]
    pub title: Box<str>,
    /// HTTP status.
    pub status: u16,
    /// What went wrong this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub detail: Option<Box<str>>,
    /// What would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub hint: Option<Box<str>>,
    /// Id of the request, also in the server's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub instance: Option<Box<str>>,
    #[serde(skip)]
    #[schema(ignore)]
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem of the kind `slug`.
    pub fn new(status: StatusCode, slug: &str, title: &str) -> Self {
        Problem {
            kind: format!("urn:listingwatch:problem:{slug}").into(),
            title: title.into(),
            status: status.as_u16(),
            detail: None,
            hint: None,
            instance: None,
            headers: Vec::new(),
        }
    }

    /// What went wrong this time.
    pub fn detail(mut self, detail: impl Into<Box<str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// What would help.
    pub fn hint(mut self, hint: impl Into<Box<str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// A place in a list that this hub never gave out: it was restored from a backup, or is another hub.
    pub fn never_issued(name: &str, place: i64) -> Self {
        Problem::new(StatusCode::GONE, "cursor-reset", "The place in the list is not known here")
            .detail(format!(
                "this hub never gave out `{name}` {place}: it was restored from a backup, or is another hub"
            ))
            .hint(format!("start again with `{name}=0`; what you have is told again and changes nothing"))
    }

    /// The request cannot be read.
    pub fn bad_request(detail: impl Into<Box<str>>) -> Self {
        Problem::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read").detail(detail)
    }

    /// The body can be read and does not fit.
    pub fn unprocessable(detail: impl Into<Box<str>>) -> Self {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "unprocessable", "The request does not fit").detail(detail)
    }

    /// The body has another media type than the route takes.
    pub fn unsupported(detail: impl Into<Box<str>>) -> Self {
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type")
            .detail(detail)
    }

    /// The body is larger than the route takes.
    pub fn too_large(detail: impl Into<Box<str>>) -> Self {
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large").detail(detail)
    }

    /// Nothing there, or nothing this caller may know of: both answer alike.
    pub fn not_found(kind: &str, id: &str) -> Self {
        let id: String = id.chars().take(80).collect();
        Problem::new(StatusCode::NOT_FOUND, "not-found", "Not found").detail(format!("no {kind} `{id}`"))
    }

    /// No valid token. `basic`: feeds also take the token as a Basic password.
    pub fn unauthorized(basic: bool) -> Self {
        let problem = Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "A valid token is needed")
            .detail("send `Authorization: Bearer <token>` with a token that is in force")
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"listingwatch\""));
        if basic {
            problem.header(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"listingwatch\""))
        } else {
            problem
        }
    }

    /// The role does not allow it.
    pub fn forbidden(detail: impl Into<Box<str>>) -> Self {
        Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed").detail(detail)
    }

    /// The state of the thing does not allow it.
    pub fn conflict(detail: impl Into<Box<str>>) -> Self {
        Problem::new(StatusCode::CONFLICT, "conflict", "Not possible now").detail(detail)
    }

    /// It was there, and is no more.
    pub fn gone(detail: impl Into<Box<str>>) -> Self {
        Problem::new(StatusCode::GONE, "gone", "No longer available").detail(detail)
    }

    /// The stored record is not the one a hit cites; nothing of it is shown.
    pub fn evidence_mismatch(hit: &str) -> Self {
        Problem::new(StatusCode::GONE, "evidence-mismatch", "The evidence does not match its citation")
            .detail(format!("the record that hit `{hit}` cites is missing, damaged or another one; nothing is shown"))
            .hint("run `listingwatch audit verify --evidence` to list every such hit")
    }

    /// Too many requests.
    pub fn too_many(seconds: u64) -> Self {
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests")
            .detail(format!("try again in {seconds} s"))
            .header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The program around the hub cannot do it here.
    pub fn unavailable(detail: impl Into<Box<str>>) -> Self {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available now")
            .detail(detail)
            .header(RETRY_AFTER, HeaderValue::from(10u64))
    }

    /// A failure of ours; `cause` goes to the log only.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        error!(cause = %cause, "request failed: {cause}");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal failure")
            .detail("the failure was logged under the request's id")
    }

    pub(super) fn of_status(status: StatusCode, headers: &HeaderMap) -> Self {
        let words = status.canonical_reason().unwrap_or("Failure");
        let slug = words.to_ascii_lowercase().replace(' ', "-");
        let mut problem = Problem::new(status, &slug, words);
        for name in [ALLOW, RETRY_AFTER] {
            if let Some(value) = headers.get(&name) {
                problem = problem.header(name, value.clone());
            }
        }
        problem
    }
}

impl From<TruthError> for Problem {
    fn from(error: TruthError) -> Self {
        match error {
            TruthError::NotFound { kind, id } => Problem::not_found(kind, &id),
            TruthError::Step(step) => step.into(),
            TruthError::Notice(missing) => missing.into(),
            TruthError::Query(query) => Problem::bad_request(query.to_string()),
            TruthError::Erased(detail) => Problem::gone(detail),
            TruthError::Conflict(detail) | TruthError::Held(detail) => Problem::conflict(detail),
            TruthError::Invalid(detail) | TruthError::Refused(detail) => Problem::unprocessable(detail),
            TruthError::Name(name) => Problem::unprocessable(format!("{name}; give the name of the person")),
            TruthError::Sqlite(rusqlite::Error::SqliteFailure(failure, _))
                if matches!(failure.code, rusqlite::ErrorCode::DiskFull | rusqlite::ErrorCode::DatabaseBusy) =>
            {
                error!(code = ?failure.code, "store cannot write: {failure}");
                Problem::unavailable("the store cannot be written now; nothing was changed")
            }
            other => Problem::internal(&other),
        }
    }
}

impl From<IllegalStep> for Problem {
    fn from(step: IllegalStep) -> Self {
        Problem::conflict(step.to_string())
    }
}

impl From<MissingField> for Problem {
    fn from(missing: MissingField) -> Self {
        Problem::conflict(missing.to_string()).hint(missing.hint)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            // The rest of the body is not read, so nothing more can be asked over this connection.
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        for (name, value) in &self.headers {
            response.headers_mut().append(name.clone(), value.clone());
        }
        // Kept beside the body, so that `identify` can add the request's id or show it as a page.
        response.extensions_mut().insert(self);
        response
    }
}

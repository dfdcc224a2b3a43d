//! Each request's id, and each failure in the form its reader expects: pages for people, documents for machines.

use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::server::problem::Problem;

/// When a request's head had been read.
#[derive(Debug, Clone, Copy)]
pub struct Begun(pub Instant);

/// Gives each request an id, and each failure (also the framework's own) the form its reader expects.
pub async fn identify(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(Begun(Instant::now()));
    let id = uuid::Uuid::new_v4().to_string();
    let for_people = is_for_people(&request);
    let mut response = next.run(request).await;
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        let problem = response.extensions_mut().remove::<Problem>();
        let mut problem = problem.unwrap_or_else(|| Problem::of_status(status, response.headers()));
        problem.instance = Some(format!("urn:uuid:{id}").into());
        response = if for_people {
            let page = crate::server::console::problem_page(&problem);
            let mut shown = (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], Body::from(page)).into_response();
            for (name, value) in &problem.headers {
                shown.headers_mut().append(name.clone(), value.clone());
            }
            shown
        } else {
            problem.into_response()
        };
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// Console pages fail as pages, everything else as documents.
fn is_for_people(request: &Request) -> bool {
    let path = request.uri().path();
    let page = ["/console", "/answer", "/contest"].iter().any(|base| path.starts_with(base));
    let machine = request.uri().query().is_some_and(|query| {
        url::form_urlencoded::parse(query.as_bytes()).any(|(key, value)| key == "format" && value != "html")
    });
    page && !machine
}

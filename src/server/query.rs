//! Query parameters that a route does not read are refused by name: `?bogus=1` would otherwise look like a filter that
//! found everything. What a route reads is what its description says.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::server::problem::Problem;
use crate::vocab::nearest::nearest;

/// Names of the query parameters of each described route and method.
#[derive(Clone)]
pub(super) struct KnownQueries(Arc<HashMap<(String, Method), BTreeSet<String>>>);

impl KnownQueries {
    /// As an OpenAPI document describes them.
    pub(super) fn of(description: &Value) -> Self {
        let mut known = HashMap::new();
        for (path, operations) in description["paths"].as_object().into_iter().flatten() {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                let Ok(method) = Method::from_bytes(method.to_ascii_uppercase().as_bytes()) else { continue };
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let names = parameters.filter(|one| one["in"] == "query").filter_map(|one| one["name"].as_str());
                known.insert((path.clone(), method), names.map(str::to_owned).collect());
            }
        }
        KnownQueries(Arc::new(known))
    }

    fn check(&self, path: &str, method: &Method, query: &str) -> Result<(), Problem> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let Some(known) = self.0.get(&(path.to_owned(), method.clone())) else { return Ok(()) };
        let mut names = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        let Some(unknown) = names.find(|name| !known.contains(name.as_ref())) else { return Ok(()) };
        let unknown: String = unknown.chars().take(80).collect();
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let hint = match (nearest(&unknown, known.iter().copied()), known.as_slice()) {
            (_, []) => "this route takes no query parameters".to_owned(),
            (Some(meant), known) => format!("did you mean `{meant}`? This route takes {}", known.join(", ")),
            (None, known) => format!("this route takes {}", known.join(", ")),
        };
        Err(Problem::bad_request(format!("unknown query parameter `{unknown}`")).hint(hint))
    }
}

/// Refuses requests with parameters their route does not read.
pub(super) async fn refuse_unknown(State(known): State<KnownQueries>, request: Request, next: Next) -> Response {
    let checked = match (request.extensions().get::<MatchedPath>(), request.uri().query()) {
        (Some(path), Some(query)) => known.check(path.as_str(), request.method(), query),
        _ => Ok(()),
    };
    match checked {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_described_names_pass() {
        let known = KnownQueries::of(&json!({ "paths": { "/hits": {
            "get": { "parameters": [{ "in": "query", "name": "q" }, { "in": "path", "name": "id" }] },
            "post": {},
        } } }));
        for (method, query, passes) in [
            (Method::GET, "", true),
            (Method::GET, "q=a&q=b", true),
            (Method::HEAD, "q=a", true),
            (Method::GET, "q=a&bogus=1", false),
            (Method::GET, "Q=a", false),
            (Method::GET, "id=a", false),
            (Method::POST, "q=a", false),
            (Method::POST, "", true),
        ] {
            assert_eq!(known.check("/hits", &method, query).is_ok(), passes, "{method} {query}");
        }
        let problem = known.check("/hits", &Method::GET, "%62ogus").unwrap_err();
        assert!(problem.detail.unwrap().contains("`bogus`"));
        assert!(problem.hint.unwrap().ends_with("takes q"));
    }
}

//! The directory of the crawler's public keys, signed by each of them (Web Bot Auth).

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};

use crate::server::state::ServerState;
use crate::vocab::identity::{ANNOUNCED_FOR, DIRECTORY_TYPE, authority_of};

/// A key directory, as Web Bot Auth describes it.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the shape of the answer for the API's description")]
pub(super) struct KeyDirectory {
    /// Who signs with them: the address of the crawler's page.
    #[schema(required = false)]
    signature_agent: Option<String>,
    /// JSON Web Keys.
    keys: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// For everyone: the keys, and a signature by each over the authority the hub is known under. A mirror under another name
/// cannot pass for it, because it has no such signature.
#[utoipa::path(get, path = "/.well-known/http-message-signatures-directory", operation_id = "get_crawler_keys", tag = "service",
    summary = "Public keys of the crawler", security(()), responses(
    (status = 200, body = KeyDirectory, content_type = "application/http-message-signatures-directory+json")))]
pub(super) async fn show(State(state): State<ServerState>) -> Response {
    let (hub, now) = (state.hub(), state.now());
    let keys = hub.identity.keys();
    let directory = keys.directory(hub.identity.agent(), now).to_string();
    // Half the time a new key is announced, so that nobody who caches meets a key it has never seen.
    let max_age = format!("public, max-age={}", ANNOUNCED_FOR.as_secs() / 2);
    let mut response =
        ([(CONTENT_TYPE, DIRECTORY_TYPE.to_owned()), (CACHE_CONTROL, max_age)], directory).into_response();
    if let Some(authority) = authority_of(&hub.desk.public_url) {
        for (name, value) in keys.directory_headers(&authority, now) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
    }
    response
}

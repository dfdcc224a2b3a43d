//! The hub: API, feeds, signed links and console over HTTP.
//!
//! Owns: routes, who may see what, sessions, problem documents, rate limits, pages.
//! Never: crawls, decides on referrals (it calls the record of truth's transitions).
//! Start reading: [`router`], then `work`.

mod accept;
mod api;
mod auth;
mod connections;
mod console;
mod directory;
mod evidence;
mod feeds;
mod health;
mod idempotency;
mod identify;
mod limits;
mod links;
mod problem;
mod query;
mod record;
mod request;
mod series;
mod state;
mod tls;
mod work;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

pub use connections::ConnectionLimits;
pub use state::{Exposure, HubSettings, Judged, PushedCall, PushedListing, ScanProgress, ServerHooks, ServerState};
pub use tls::{TlsError, tls_config};

/// Longest request body; a thousand pushed listings of 10 KB fit, with what JSON adds.
const BODY_LIMIT_BYTES: usize = 16 << 20;

/// Until a request that is not answered counts as lost.
const REQUEST_DEADLINE: Duration = Duration::from_secs(30);

/// No scripts of any kind, no outside requests, forms only to ourselves.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'self'";

/// Serves until `stop` resolves, then lets requests in progress end within their time.
pub async fn run(listener: TcpListener, state: ServerState, stop: impl Future<Output = ()>) {
    // Everybody is on this machine or behind one proxy.
    let limits = ConnectionLimits::of_this_process().without_addresses();
    run_within(listener, None, limits, state, stop).await;
}

/// As [`run`], by HTTPS with a configuration of [`tls_config`].
pub async fn run_tls(
    listener: TcpListener,
    config: Arc<rustls::ServerConfig>,
    state: ServerState,
    stop: impl Future<Output = ()>,
) {
    run_within(listener, Some(config), ConnectionLimits::of_this_process(), state, stop).await;
}

/// As [`run`] or, with a configuration, [`run_tls`], with other limits on connections.
pub async fn run_within(
    listener: TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    limits: ConnectionLimits,
    state: ServerState,
    stop: impl Future<Output = ()>,
) {
    let routes = router(state.clone());
    let stop = async move {
        stop.await;
        state.stop();
    };
    accept::serve(listener, tls.map(TlsAcceptor::from), limits, routes, stop).await;
}

/// All routes.
pub fn router(state: ServerState) -> Router {
    let (api, description) = api::router();
    let described = description.to_string();
    let listed = console::api_page(&description);
    let conditional = api
        .route("/feeds/{name}", get(feeds::feed))
        .route("/api/openapi.json", get(move || async move { ([(CONTENT_TYPE, "application/json")], described) }))
        .layer(from_fn(not_modified));
    let pages = console::router()
        .route("/answer/{signed}", get(links::answer_form).post(links::answer))
        .route("/contest/{signed}", get(links::contest_form).post(links::contest))
        .route("/api", get(move || async move { listed }));
    let secure = state.hub().exposure == Exposure::Secure;
    let header =
        |name, value: &'static str| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    let routes = conditional
        .merge(pages)
        .route("/feeds/{platform}/stream", get(feeds::stream))
        .route(crate::vocab::identity::DIRECTORY_PATH, get(directory::show))
        .route("/.well-known/listingwatch-audit-key.json", get(api::audit_key))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .fallback(|request: Request| async move { problem::Problem::not_found("page", request.uri().path()) })
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_DEADLINE))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(CatchPanicLayer::new())
        .layer(from_fn(identify::identify))
        .layer(header(CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header(X_FRAME_OPTIONS, "SAMEORIGIN"))
        .layer(header(REFERRER_POLICY, "no-referrer"))
        .layer(header(CACHE_CONTROL, "private, no-cache"))
        .layer(header(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(header(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(header(HeaderName::from_static("x-dns-prefetch-control"), "off"))
        .layer(CompressionLayer::new())
        .layer(RequestDecompressionLayer::new())
        .layer(from_fn(request::refuse_encodings));
    let routes = if secure { routes.layer(header(STRICT_TRANSPORT_SECURITY, "max-age=31536000")) } else { routes };
    routes.with_state(state)
}

/// Gives answers to GET an ETag, and answers 304 to those who have it already.
async fn not_modified(request: Request, next: Next) -> Response {
    if request.method() != Method::GET {
        return next.run(request).await;
    }
    let known = request.headers().get(IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let tag = format!("W/\"{}\"", &blake3::hash(&without_looks(&bytes)).to_hex()[..32]);
    let same = known
        .as_ref()
        .and_then(|value| value.to_str().ok())
        .is_some_and(|held| held.split(',').any(|one| matches!(one.trim(), "*") || one.trim() == tag));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(ETAG, value);
    }
    if same {
        parts.headers.remove(CONTENT_TYPE);
        parts.status = StatusCode::NOT_MODIFIED;
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// An answer without the moments of looks: a look that finds what is known is no change.
fn without_looks(body: &[u8]) -> Vec<u8> {
    without(&without(body, b"\"last_checked\":\""), b"\"looked_at\":\"")
}

/// JSON without the fields that begin so and hold a text, and the comma behind each.
fn without(body: &[u8], field: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(body.len()), body);
    while let Some(at) = memchr::memmem::find(rest, field) {
        let (before, value) = (&rest[..at], &rest[at + field.len()..]);
        out.extend_from_slice(before);
        let end = memchr::memchr(b'"', value).map_or(value.len(), |end| end + 1);
        rest = value[end..].strip_prefix(b",").unwrap_or(&value[end..]);
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn moments_of_looks_do_not_count() {
        let body = br#"{"last_checked":"2026-01-31T12:00:00.000Z","id":"R-1","pages":[{"looked_at":"2026-01-31T12:00:00.000Z","url":"x"}]}"#;
        assert_eq!(super::without_looks(body), br#"{"id":"R-1","pages":[{"url":"x"}]}"#);
    }
}

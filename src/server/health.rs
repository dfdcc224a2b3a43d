//! For those who run the hub, and for those who wonder what the crawler is.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use std::fmt::Write;

use crate::server::problem::Problem;
use crate::server::state::ServerState;

/// The process answers.
#[utoipa::path(get, path = "/healthz", operation_id = "get_health", tag = "service", summary = "Whether the process answers",
    security(()), responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The record of truth answers.
#[utoipa::path(get, path = "/readyz", operation_id = "get_readiness", tag = "service", summary = "Whether the store answers",
    security(()), responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn readyz(State(state): State<ServerState>) -> Response {
    match state.truth(|truth| truth.cases_by_state(None)).await {
        Ok(_) => "ready\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the record of truth does not answer\n").into_response(),
    }
}

/// Prometheus text. Counts only: no names of platforms' people, no URLs.
#[utoipa::path(get, path = "/metrics", operation_id = "get_metrics", tag = "service", summary = "Counts for Prometheus",
    security(()), responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn metrics(State(state): State<ServerState>) -> Result<Response, Problem> {
    let cases = state.truth(|truth| truth.cases_by_state(None)).await?;
    let waiting = state.truth(|truth| truth.outbox_counts()).await?;
    let mut out = String::new();
    let _ = writeln!(out, "# HELP listingwatch_referrals Referrals by state.\n# TYPE listingwatch_referrals gauge");
    for (name, count) in cases {
        let _ = writeln!(out, "listingwatch_referrals{{state=\"{name}\"}} {count}");
    }
    let _ = writeln!(out, "# HELP listingwatch_deliveries Deliveries by state.\n# TYPE listingwatch_deliveries gauge");
    for (name, count) in waiting {
        let _ = writeln!(out, "listingwatch_deliveries{{state=\"{name}\"}} {count}");
    }
    let _ =
        writeln!(out, "# HELP listingwatch_scan_pages Pages of running scans.\n# TYPE listingwatch_scan_pages gauge");
    for scan in (state.hooks().progress)(()) {
        let _ = writeln!(out, "listingwatch_scan_pages{{platform=\"{}\"}} {}", scan.platform, scan.pages);
    }
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out).into_response())
}

//! The record of a platform's action, as a page.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::report::actions::Record;
use crate::server::console::session::{Turned, Visitor};
use crate::server::console::{Frame, page, query_text};
use crate::server::problem::Problem;
use crate::server::record;
use crate::server::request::Params;
use crate::server::state::ServerState;

#[derive(Deserialize)]
pub(super) struct RecordQuery {
    platform: Option<String>,
    from: Option<String>,
    until: Option<String>,
    format: Option<String>,
}

#[derive(Template)]
#[template(path = "console/record.html")]
struct RecordPage {
    frame: Frame,
    record: Record,
    from: String,
    until: String,
    kept: String,
}

pub(super) async fn show(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<RecordQuery>,
) -> Result<Response, Turned> {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let (from, until) = (filled(&query.from), filled(&query.until));
    let found =
        record::of(&state, &visitor.who, query.platform.as_deref(), (from.as_deref(), until.as_deref())).await?;
    match query.format.as_deref() {
        None => {}
        Some("json") => return Ok(found.into_signed_lines()),
        Some("text") => return Ok(found.as_text()),
        Some(other) => return Err(Problem::bad_request(format!("no format `{other}`; formats are json, text")).into()),
    }
    let kept = query_text(&[
        ("platform", Some(found.record.head.platform.clone())),
        ("from", from.clone()),
        ("until", until.clone()),
    ]);
    let shown = RecordPage {
        frame: Frame::new(&state, "Record of action", "inbox", &visitor),
        from: from.unwrap_or_default(),
        until: until.unwrap_or_default(),
        record: found.record,
        kept,
    };
    Ok(page(&shown)?.into_response())
}

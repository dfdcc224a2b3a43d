//! What changed in listings between visits, for authorities.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::config::units;
use crate::referral::changes::Change;
use crate::server::auth::{Caller, Rights};
use crate::server::problem::Problem;
use crate::server::request::{Params, cursor, limit_of, next_link};
use crate::server::state::ServerState;
use crate::store::truth::ChangeFilter;
use crate::vocab::ids::PlatformId;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangesQuery {
    /// Only of this platform.
    #[param(pattern = "^[a-z0-9-]{2,64}$")]
    platform: Option<String>,
    /// Only what was seen since: a date such as `2026-01-31`, or a duration such as `7d`.
    #[param(pattern = "^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,4}[smhd])$")]
    since: Option<String>,
    /// Where an earlier answer ended.
    #[param(pattern = "^[0-9a-f]{32}$")]
    cursor: Option<String>,
    /// Rows, 1 to 1000; 100 unless told.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Changes of listings, oldest first.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangeList {
    /// The rows: `id`, `at`, `platform`, `referral`, `hit`, `url`, `run`, `field`, `before`, `after`.
    changes: Vec<Change>,
    /// Give this as `cursor` to go on.
    next: Option<String>,
}

/// What changed in listings between visits: title, price, text, seller, availability.
#[utoipa::path(get, operation_id = "list_listing_changes", path = "/reports/changes", tag = "office", summary = "Changes of listings, oldest first", params(ChangesQuery), responses(
    (status = 200, body = ChangeList), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn changes(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<ChangesQuery>,
) -> Result<(HeaderMap, Json<ChangeList>), Problem> {
    who.must_oversee("read this")?;
    let limit = limit_of(query.limit)?;
    let platform = query.platform.as_deref().map(PlatformId::parse).transpose();
    let platform = platform.map_err(|error| Problem::bad_request(error.to_string()))?;
    let since = query.since.as_deref().map(|text| units::since(text, state.now())).transpose();
    let since = since.map_err(|error| Problem::bad_request(format!("`since`: {error}")))?;
    let behind = query.cursor.as_deref().map(cursor::place).transpose()?;
    if let Some(id) = &platform
        && state.platform(id).is_err()
    {
        let wanted = id.clone();
        if !state.truth(move |truth| truth.has_hits_of(&wanted)).await? {
            return Err(Problem::not_found("platform", id.as_str()));
        }
    }
    let filter = ChangeFilter { platform, since, behind, limit };
    let changes = state.truth(move |truth| truth.changes(&filter)).await?;
    let next = changes.last().filter(|_| changes.len() == limit).map(|last| cursor::text(last.at, last.id));
    let headers = match &next {
        Some(next) => next_link(
            "/api/v1/reports/changes",
            &[
                ("platform", query.platform.unwrap_or_default()),
                // A span that ends now would begin later on the next page: nothing before the cursor comes again.
                ("since", query.since.unwrap_or_default()),
                ("cursor", next.clone()),
                ("limit", limit.to_string()),
            ],
        ),
        None => HeaderMap::new(),
    };
    Ok((headers, Json(ChangeList { changes, next })))
}

//! The archive of hits for authorities and researchers: no seller, no contact, no captured page.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::server::auth::{Caller, Rights};
use crate::server::problem::Problem;
use crate::server::request::{Params, limit_of, next_link};
use crate::server::state::ServerState;
use crate::store::truth::{FACETS_LIMIT, SearchPage};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HitsQuery {
    /// A query such as `nitazene platform:example-b2b seen:2026-01..2026-06 score:>0.8`; everything when left out.
    q: Option<String>,
    /// Where an earlier answer ended.
    #[param(pattern = "^[0-9a-f]{32}$")]
    cursor: Option<String>,
    /// Rows, 1 to 1000; 100 unless told.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Hits that match.
#[derive(Serialize, ToSchema)]
pub(super) struct HitList {
    /// The rows.
    hits: Vec<crate::store::truth::HitRow>,
    /// Give this as `cursor` to go on.
    next: Option<String>,
    /// Hits that match, counted up to 200.
    total: u64,
    /// There are more than `total`.
    more_than_total: bool,
}

/// Searches the archive.
#[utoipa::path(get, operation_id = "search_hits", path = "/hits", tag = "archive", summary = "Search the archive of hits", params(HitsQuery), responses(
    (status = 200, body = HitList), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn hits(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<HitsQuery>,
) -> Result<(HeaderMap, Json<HitList>), Problem> {
    who.must_research()?;
    let limit = limit_of(query.limit)?;
    let text = query.q.unwrap_or_default();
    let (asked, sight) = (text.clone(), who.sight());
    let page = state.truth(move |truth| truth.search(&asked, query.cursor.as_deref(), limit, sight)).await?;
    let headers = match &page.next {
        Some(next) => next_link("/api/v1/hits", &[("q", text), ("cursor", next.clone()), ("limit", limit.to_string())]),
        None => HeaderMap::new(),
    };
    let SearchPage { hits, next, total, more_than_total } = page;
    Ok((headers, Json(HitList { hits, next, total, more_than_total })))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WordsQuery {
    /// A query; everything when left out.
    q: Option<String>,
}

/// Counts of the hits that match, by platform, category, substance and state.
#[utoipa::path(get, operation_id = "count_hits", path = "/hits/facets", tag = "archive", summary = "Counts by platform, category, substance, state", params(WordsQuery), responses(
    (status = 200, body = crate::store::truth::Facets), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn facets(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<WordsQuery>,
) -> Result<Json<crate::store::truth::Facets>, Problem> {
    who.must_research()?;
    let sight = who.sight();
    Ok(Json(state.truth(move |truth| truth.facets(&query.q.unwrap_or_default(), FACETS_LIMIT, sight)).await?))
}

/// One point of the series.
#[derive(Serialize, ToSchema)]
pub(super) struct SeriesPoint {
    /// Month, as `2026-01`.
    month: String,
    /// Category.
    category: String,
    /// Hits first seen then.
    hits: u64,
}

/// Counts of hits.
#[derive(Serialize, ToSchema)]
pub(super) struct HitsByMonth {
    /// By month and category, oldest first.
    months: Vec<SeriesPoint>,
}

/// Hits by month and category.
#[utoipa::path(get, operation_id = "count_hits_by_month", path = "/hits/series", tag = "archive", summary = "Hits by month and category", params(WordsQuery), responses(
    (status = 200, body = HitsByMonth), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn series(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<WordsQuery>,
) -> Result<Json<HitsByMonth>, Problem> {
    who.must_research()?;
    let sight = who.sight();
    let rows = state.truth(move |truth| truth.series(&query.q.unwrap_or_default(), sight)).await?;
    let point = |(month, category, hits)| SeriesPoint { month, category, hits };
    Ok(Json(HitsByMonth { months: rows.into_iter().map(point).collect() }))
}

//! The archive and the watchlist for people: search with counts and a chart, what is watched and why, new names.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::detect::watchlist::Substance;
use crate::server::auth::Rights;
use crate::server::console::charts::{Part, columns};
use crate::server::console::session::{Turned, Visitor};
use crate::server::console::{Frame, page, query_text, twin};
use crate::server::request::{Params, link_next};
use crate::server::state::ServerState;
use crate::store::truth::{Facets, HitRow, SearchPage};

/// Hits of one page.
const ROWS: usize = 25;

/// Hits of a twin.
const TWIN_ROWS: usize = 1000;

/// Values of one facet shown.
const FACET_ROWS: usize = 8;

/// Hits that the counts beside a page look at; the API looks at more.
const COUNTED: u64 = 2_000;

/// Months of the chart.
const MONTHS: usize = 18;

/// Characters of a listing's text shown in a row.
const SNIPPET_CHARS: usize = 220;

#[derive(Deserialize)]
pub(super) struct ArchiveQuery {
    q: Option<String>,
    cursor: Option<String>,
    chart: Option<String>,
    format: Option<String>,
}

/// One value of a facet, and the query that narrows the search to it.
struct FacetLink {
    value: String,
    hits: u64,
    query: String,
}

#[derive(Template)]
#[template(path = "console/archive.html")]
struct ArchivePage {
    frame: Frame,
    words: String,
    found: Result<SearchPage, String>,
    facets: Vec<(&'static str, Vec<FacetLink>)>,
    facets_cut: Option<u64>,
    chart: String,
    series: Vec<(String, String, u64)>,
    next: Option<String>,
    twins: String,
}

impl ArchivePage {
    fn snippet(&self, hit: &HitRow) -> String {
        let mut out: String = hit.text.chars().take(SNIPPET_CHARS).collect();
        if hit.text.chars().nth(SNIPPET_CHARS).is_some() {
            out.push('…');
        }
        out
    }
}

const COLUMNS: [&str; 18] = [
    "id",
    "referral",
    "state",
    "platform",
    "url",
    "title",
    "price",
    "currency",
    "language",
    "verdict",
    "score",
    "category",
    "substances",
    "emerging",
    "first_seen",
    "last_seen",
    "gone_at",
    "payload_digest",
];

/// What stands beside the list: counts by field, and hits by month.
type Beside = (Facets, Vec<(String, String, u64)>);

pub(super) async fn archive(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<ArchiveQuery>,
) -> Result<Response, Turned> {
    visitor.who.must_research()?;
    let words = query.q.unwrap_or_default().trim().to_owned();
    let (asked, cursor, sight) = (words.clone(), query.cursor.clone(), visitor.who.sight());
    let rows = if query.format.is_some() { TWIN_ROWS } else { ROWS };
    let found = state.truth(move |truth| truth.search(&asked, cursor.as_deref(), rows, sight)).await;
    let kept = [("q", Some(words.clone()).filter(|words| !words.is_empty()))];
    let twins = query_text(&kept);
    let after = |next: &str| {
        let mut pairs = kept.to_vec();
        pairs.push(("cursor", Some(next.to_owned())));
        query_text(&pairs)
    };
    // A query that cannot be read is said beside the field it was typed into.
    let found = match found {
        Ok(found) => Ok(found),
        Err(problem) if query.format.is_none() && problem.status < 500 => {
            Err(problem.detail.unwrap_or(problem.title).into_string())
        }
        Err(problem) => return Err(problem.into()),
    };
    if let Ok(found) = &found
        && let Some(mut answer) = twin(query.format.as_deref(), &found.hits, &COLUMNS)?
    {
        if let Some(next) = &found.next {
            let format = query.format.as_deref().unwrap_or_default();
            link_next(answer.headers_mut(), &format!("/console/archive?{}&format={format}", after(next)));
        }
        return Ok(answer);
    }
    // Further pages show no counts: they are those of the first.
    let mut beside: Beside = Beside::default();
    if found.is_ok() && query.cursor.is_none() {
        let asked = words.clone();
        // Counting many matches by month takes longer than a page may, so it is done when asked for.
        let charted =
            words.is_empty() || query.chart.is_some() || found.as_ref().is_ok_and(|found| !found.more_than_total);
        beside = state
            .truth(move |truth| {
                let series = if charted { truth.series(&asked, sight)? } else { Vec::new() };
                Ok((truth.facets(&asked, COUNTED, sight)?, series))
            })
            .await?;
    }
    let (counts, series) = beside;
    let facets = [
        ("category", &counts.category),
        ("platform", &counts.platform),
        ("substance", &counts.substance),
        ("state", &counts.state),
    ];
    let facets = facets
        .into_iter()
        .map(|(field, values)| {
            let mut values: Vec<(&String, &u64)> = values.iter().collect();
            values.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
            let links = values.into_iter().take(FACET_ROWS).map(|(value, hits)| FacetLink {
                query: query_text(&[("q", Some(format!("{words} {field}:{value}").trim().to_owned()))]),
                value: value.clone(),
                hits: *hits,
            });
            (field, links.collect::<Vec<_>>())
        })
        .filter(|(_, links)| !links.is_empty())
        .collect();
    let shown = ArchivePage {
        frame: Frame::new(&state, "Archive", "archive", &visitor),
        next: found.as_ref().ok().and_then(|found| found.next.as_deref()).map(after),
        chart: chart(&series),
        facets,
        facets_cut: counts.more.then_some(counts.counted),
        series,
        words,
        found,
        twins,
    };
    Ok(page(&shown)?.into_response())
}

fn chart(series: &[(String, String, u64)]) -> String {
    let mut names: Vec<&str> = series.iter().map(|(_, category, _)| category.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut months: Vec<&str> = series.iter().map(|(month, ..)| month.as_str()).collect();
    months.dedup();
    let months = &months[months.len().saturating_sub(MONTHS)..];
    let stacks: Vec<(String, Vec<Part>)> = months
        .iter()
        .map(|month| {
            let parts = series.iter().filter(|(held, ..)| held == month).map(|(_, category, hits)| Part {
                class: names.iter().position(|name| name == category).unwrap_or(0),
                name: category.clone(),
                value: *hits,
            });
            ((*month).to_owned(), parts.collect())
        })
        .collect();
    if stacks.is_empty() { String::new() } else { columns("Hits by month and category", &stacks) }
}

#[derive(Deserialize)]
pub(super) struct WatchlistQuery {
    q: Option<String>,
    format: Option<String>,
}

/// A name that a class rule accepts and no list has.
#[derive(Serialize)]
struct Emerging {
    surface: String,
    class: String,
    listings: u64,
    last_seen: String,
}

#[derive(Template)]
#[template(path = "console/watchlist.html")]
struct WatchlistPage {
    frame: Frame,
    words: String,
    version: String,
    entries: usize,
    substances: Vec<Substance>,
    emerging: Vec<Emerging>,
    /// Names left out; told to authorities only.
    hidden: u64,
}

pub(super) async fn watchlist(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<WatchlistQuery>,
) -> Result<Response, Turned> {
    visitor.who.must_research()?;
    let words = query.q.unwrap_or_default().trim().to_owned();
    let detector = (state.hooks().detector)(());
    let list = detector.watchlist();
    let substances: Vec<Substance> =
        if words.is_empty() { Vec::new() } else { list.lookup(&words).into_iter().cloned().collect() };
    if query.format.is_some() {
        let all: Vec<&Substance> =
            if words.is_empty() { list.substances.iter().collect() } else { substances.iter().collect() };
        if let Some(answer) =
            twin(query.format.as_deref(), &all, &["id", "name", "class", "subclass", "legitimate_use"])?
        {
            return Ok(answer);
        }
    }
    let found = state.truth(|truth| truth.emerging()).await?;
    let emerging = found.names.into_iter().map(|one| Emerging {
        surface: one.surface,
        class: match one.subclass {
            Some(subclass) => format!("{}, {subclass}", one.class),
            None => one.class,
        },
        listings: one.listings,
        last_seen: one.last_seen.date().to_string(),
    });
    let shown = WatchlistPage {
        frame: Frame::new(&state, "Watchlist", "watchlist", &visitor),
        version: list.version().to_owned(),
        entries: list.substances.len(),
        emerging: emerging.collect(),
        hidden: if visitor.who.must_decide().is_ok() { found.hidden } else { 0 },
        substances,
        words,
    };
    Ok(page(&shown)?.into_response())
}

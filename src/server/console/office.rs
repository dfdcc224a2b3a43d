//! Overview, platforms, scans, audit log, and the page about the crawler.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::evidence::audit::AuditEntry;
use crate::report::transparency::{Report, ReportRow};
use crate::server::api::{PlatformView, platform_views};
use crate::server::auth::Rights;
use crate::server::console::charts::{Bar, bars};
use crate::server::console::session::{SignedForm, Turned, Visitor};
use crate::server::console::{Frame, page, twin};
use crate::server::problem::Problem;
use crate::server::request::Params;
use crate::server::state::{ScanProgress, ServerState};
use crate::store::truth::ScanRow;
use crate::vocab::ids::PlatformId;

#[derive(Deserialize)]
pub(super) struct OfficeQuery {
    format: Option<String>,
    before: Option<u64>,
}

#[derive(Template)]
#[template(path = "console/overview.html")]
struct OverviewPage {
    frame: Frame,
    states: Vec<(String, u64)>,
    months: Vec<(String, String, u64)>,
    funnel: String,
    series: String,
    rows: Vec<ReportRow>,
    relisted: Vec<(String, u64, u64)>,
    year: i16,
}

pub(super) async fn overview(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<OfficeQuery>,
) -> Result<Response, Turned> {
    visitor.who.must_decide()?;
    let year = state.now().date().year();
    let (states, months, counted, relisted) = state
        .truth(move |truth| {
            Ok((truth.cases_by_state(None)?, truth.series("")?, truth.notices_of_year(year)?, truth.relisting_rates()?))
        })
        .await?;
    let report = Report::of(year, &counted);
    if query.format.is_some() {
        let columns = ["platform", "category", "action", "notices", "median_hours_to_answer"];
        if let Some(answer) = twin(query.format.as_deref(), &report.rows, &columns)? {
            return Ok(answer);
        }
    }
    let in_order = crate::referral::state::ReferralState::NAMES.iter().filter_map(|name| {
        let count = states.iter().find(|(held, _)| held == name)?.1;
        Some(Bar { label: (*name).to_owned(), value: count })
    });
    let funnel = bars("Cases by state", &in_order.collect::<Vec<_>>());
    let by_month =
        months.iter().map(|(month, category, hits)| Bar { label: format!("{month} {category}"), value: *hits });
    let series = bars("Hits by month and category", &by_month.collect::<Vec<_>>());
    let frame = Frame::new("Overview", "overview", &visitor.who, &visitor.csrf);
    let shown = OverviewPage { frame, states, months, funnel, series, rows: report.rows, relisted, year };
    Ok(page(&shown)?.into_response())
}

#[derive(Template)]
#[template(path = "console/platforms.html")]
struct PlatformsPage {
    frame: Frame,
    platforms: Vec<PlatformView>,
}

pub(super) async fn platforms(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<OfficeQuery>,
) -> Result<Response, Turned> {
    visitor.who.must_decide()?;
    let platforms = platform_views(&state).await?;
    let columns = [
        "id",
        "name",
        "kind",
        "basis",
        "reference",
        "authority",
        "valid_from",
        "valid_until",
        "in_force",
        "paused",
        "rate",
    ];
    if let Some(answer) = twin(query.format.as_deref(), &platforms, &columns)? {
        return Ok(answer);
    }
    let frame = Frame::new("Platforms", "platforms", &visitor.who, &visitor.csrf);
    Ok(page(&PlatformsPage { frame, platforms })?.into_response())
}

/// Pauses a platform's scans, or lets them go on.
pub(super) async fn pause(State(state): State<ServerState>, form: SignedForm) -> Result<Response, Turned> {
    let SignedForm { visitor, fields } = form;
    visitor.who.must_decide()?;
    let id = PlatformId::parse(fields.must("platform")?).map_err(|error| Problem::unprocessable(error.to_string()))?;
    state.platform(&id)?;
    let paused = fields.must("action")? == "pause";
    let (actor, now) = (visitor.who.owner, state.now());
    state.truth(move |truth| truth.set_paused(&id, paused, &actor, now)).await?;
    Ok(Redirect::to("/console/platforms").into_response())
}

#[derive(Template)]
#[template(path = "console/scans.html")]
struct ScansPage {
    frame: Frame,
    running: Vec<ScanProgress>,
    scans: Vec<(ScanRow, String)>,
}

pub(super) async fn scans(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<OfficeQuery>,
) -> Result<Response, Turned> {
    visitor.who.must_decide()?;
    let scans = state.truth(|truth| truth.scans(None, 50)).await?;
    if let Some(answer) = twin(query.format.as_deref(), &scans, &["run", "platform", "ended", "summary", "coverage"])? {
        return Ok(answer);
    }
    let running: Vec<_> = (state.hooks().progress)(()).into_iter().filter(|scan| !scan.ended).collect();
    let scans = scans.into_iter().map(|scan| (scan.coverage.text(), scan)).map(|(text, scan)| (scan, text)).collect();
    let frame = Frame::new("Scans and coverage", "scans", &visitor.who, &visitor.csrf);
    Ok(page(&ScansPage { frame, running, scans })?.into_response())
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct AuditPage {
    frame: Frame,
    entries: Vec<AuditEntry>,
    verified: Result<u64, String>,
    next: Option<u64>,
}

/// Entries of one page.
const ENTRIES: usize = 100;

pub(super) async fn audit(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<OfficeQuery>,
) -> Result<Response, Turned> {
    visitor.who.must_decide()?;
    let most = if query.format.is_some() { 1000 } else { ENTRIES };
    let entries = state.truth(move |truth| truth.audit_entries(query.before, most)).await?;
    let columns = ["seq", "at", "actor", "action", "subject", "detail", "previous", "hash"];
    if let Some(answer) = twin(query.format.as_deref(), &entries, &columns)? {
        return Ok(answer);
    }
    let verified = state.truth(|truth| truth.verify_audit()).await?;
    let verified = verified.map(|(count, _)| count).map_err(|broken| broken.to_string());
    let next = entries.last().map(|entry| entry.seq).filter(|seq| entries.len() == most && *seq > 1);
    let frame = Frame::new("Audit log", "audit", &visitor.who, &visitor.csrf);
    Ok(page(&AuditPage { frame, entries, verified, next })?.into_response())
}

#[derive(Template)]
#[template(path = "console/about.html")]
struct AboutPage {
    title: &'static str,
    user_agent: String,
    contact: String,
    operator: Option<String>,
    /// Whether requests name the key directory.
    directory: bool,
    /// Thumbprints of the published keys, and what each is used for.
    keys: Vec<(String, String)>,
}

/// What the crawler is, how to slow it and how to stop it; for everyone.
pub(super) async fn about_crawler(State(state): State<ServerState>) -> Result<Html<String>, Problem> {
    let (hub, now) = (state.hub(), state.now());
    let held = hub.identity.keys();
    let signing = held.signing(now).thumbprint();
    let keys = held.published(now).map(|key| {
        let used = match key.published_until {
            _ if key.thumbprint() == signing => "signs now".to_owned(),
            Some(until) => format!("signed before, published until {}", super::moment(&until)),
            None => format!("signs from {}", super::moment(&key.signs_from)),
        };
        (key.thumbprint().to_owned(), used)
    });
    page(&AboutPage {
        directory: hub.identity.agent().is_some(),
        keys: keys.collect(),
        title: "About our crawler",
        user_agent: hub.user_agent.clone(),
        contact: hub.contact.clone(),
        operator: hub
            .desk
            .sender
            .as_ref()
            .map(|sender| format!("{}, {}, {}", sender.name, sender.address, sender.contact)),
    })
}

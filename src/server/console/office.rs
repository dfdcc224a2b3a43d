//! Platforms, scans, the audit log, and the page about the crawler.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::evidence::audit::AuditEntry;
use crate::report::coverage::Coverage;
use crate::server::api::{PlatformView, platform_views};
use crate::server::auth::Rights;
use crate::server::console::session::{SignedForm, Turned, Visitor};
use crate::server::console::{Frame, page, query_text, twin};
use crate::server::problem::Problem;
use crate::server::request::Params;
use crate::server::state::{ScanProgress, ServerState};
use crate::store::truth::ScanRow;
use crate::vocab::ids::PlatformId;

#[derive(Deserialize)]
pub(super) struct OfficeQuery {
    format: Option<String>,
    live: Option<String>,
    said: Option<String>,
}

#[derive(Template)]
#[template(path = "console/platforms.html")]
struct PlatformsPage {
    frame: Frame,
    platforms: Vec<PlatformView>,
    said: Option<String>,
}

pub(super) async fn platforms(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<OfficeQuery>,
) -> Result<Response, Turned> {
    visitor.who.must_oversee("open this page")?;
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
    let frame = Frame::new(&state, "Platforms", "platforms", &visitor);
    Ok(page(&PlatformsPage { frame, platforms, said: state.said(query.said.as_deref()) })?.into_response())
}

/// Pauses a platform's scans, or lets them go on.
pub(super) async fn pause(State(state): State<ServerState>, form: SignedForm) -> Result<Response, Turned> {
    let SignedForm { visitor, fields } = form;
    visitor.who.must_decide()?;
    let id = PlatformId::parse(fields.must("platform")?).map_err(|error| Problem::unprocessable(error.to_string()))?;
    state.platform(&id)?;
    let paused = fields.must("action")? == "pause";
    let (actor, now) = (visitor.who.actor(), state.now());
    let said = format!("{id} is {}.", if paused { "paused: nothing is fetched from it" } else { "no longer paused" });
    state.truth(move |truth| truth.set_paused(&id, paused, &actor, now)).await?;
    Ok(Redirect::to(&format!("/console/platforms?{}", query_text(&[("said", Some(state.say(said)))]))).into_response())
}

/// What of a coverage statement a bar shows, in per cent of everything that was met.
fn share(part: &u64, coverage: &Coverage) -> u64 {
    let left_out: u64 = coverage.skipped.values().sum();
    let failed: u64 = coverage.failures.values().sum();
    (part * 100).checked_div(coverage.fetched + left_out + failed).unwrap_or(0)
}

#[derive(Template)]
#[template(path = "console/scans.html")]
struct ScansPage {
    frame: Frame,
    running: Vec<ScanProgress>,
    scans: Vec<(ScanRow, String)>,
    live: bool,
}

/// Seconds between two looks at a running scan.
const LIVE_SECONDS: &str = "5";

pub(super) async fn scans(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<OfficeQuery>,
) -> Result<Response, Turned> {
    visitor.who.must_oversee("open this page")?;
    let scans = state.truth(|truth| truth.scans(None, 50)).await?;
    let running: Vec<_> = (state.hooks().progress)(()).into_iter().filter(|scan| !scan.ended).collect();
    if query.format.as_deref() == Some("json") {
        return Ok(axum::Json(serde_json::json!({ "running": running, "scans": scans })).into_response());
    }
    if let Some(answer) = twin(query.format.as_deref(), &scans, &["run", "platform", "ended", "summary", "coverage"])? {
        return Ok(answer);
    }
    let scans = scans.into_iter().map(|scan| (scan.coverage.text(), scan)).map(|(text, scan)| (scan, text)).collect();
    let frame = Frame::new(&state, "Scans and coverage", "scans", &visitor);
    let live = query.live.is_some();
    let mut answer = page(&ScansPage { frame, running, scans, live })?.into_response();
    if live {
        // Only for those who ask: a page that changes by itself is in the way of a screen reader.
        answer.headers_mut().insert("refresh", HeaderValue::from_static(LIVE_SECONDS));
    }
    Ok(answer)
}

#[derive(Deserialize)]
pub(super) struct AuditQuery {
    format: Option<String>,
    before: Option<u64>,
    actor: Option<String>,
    subject: Option<String>,
    verify: Option<String>,
}

#[derive(Template)]
#[template(path = "console/audit.html")]
struct AuditPage {
    frame: Frame,
    entries: Vec<AuditEntry>,
    verified: Option<Result<u64, String>>,
    actor: Option<String>,
    subject: Option<String>,
    next: Option<String>,
    twins: String,
}

/// Entries of one page.
const ENTRIES: usize = 100;

pub(super) async fn audit(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<AuditQuery>,
) -> Result<Response, Turned> {
    visitor.who.must_oversee("open this page")?;
    let most = if query.format.is_some() { 1000 } else { ENTRIES };
    let filled = |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let (actor, subject) = (filled(query.actor), filled(query.subject));
    let (by, of) = (actor.clone(), subject.clone());
    let entries = state.truth(move |truth| truth.audit_of(by.as_deref(), of.as_deref(), query.before, most)).await?;
    let columns = [
        "seq",
        "at",
        "actor",
        "action",
        "subject",
        "detail",
        "previous",
        "hash",
        "actor_kind",
        "actor_role",
        "actor_door",
    ];
    if let Some(answer) = twin(query.format.as_deref(), &entries, &columns)? {
        return Ok(answer);
    }
    // The whole chain is followed only when asked: a million entries take longer than a page may.
    let verified = match query.verify {
        Some(_) => Some(state.truth(|truth| truth.verify_audit()).await?),
        None => None,
    };
    let verified = verified.map(|chain| chain.map(|(count, _)| count).map_err(|broken| broken.to_string()));
    let kept = [("actor", actor.clone()), ("subject", subject.clone())];
    let next = entries.last().map(|entry| entry.seq).filter(|seq| entries.len() == most && *seq > 1).map(|seq| {
        let mut pairs = kept.to_vec();
        pairs.push(("before", Some(seq.to_string())));
        query_text(&pairs)
    });
    let frame = Frame::new(&state, "Audit log", "audit", &visitor);
    let twins = query_text(&kept);
    Ok(page(&AuditPage { frame, entries, verified, actor, subject, next, twins })?.into_response())
}

#[derive(Template)]
#[template(path = "console/about.html")]
struct AboutPage {
    title: &'static str,
    user_agent: String,
    contact: String,
    /// Whether the contact is another place than this very page.
    is_elsewhere: bool,
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
        is_elsewhere: !hub.contact.ends_with("/about-crawler"),
        operator: hub
            .desk
            .sender
            .as_ref()
            .map(|sender| format!("{}, {}, {}", sender.name, sender.address, sender.contact)),
    })
}

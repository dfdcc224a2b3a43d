//! What an authority keeps: agreements, scans, coverage, the watchlist, the audit log.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::server::auth::{Caller, Rights};
use crate::server::problem::Problem;
use crate::server::request::{Params, limit_of};
use crate::server::state::{ScanProgress, ServerState};
use crate::store::truth::{JobRun, Role, ScanRow};
use crate::vocab::ids::PlatformId;
use crate::vocab::platform::Platform;
use crate::vocab::time::Timestamp;

/// A platform and its agreement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::server) struct PlatformView {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// `b2b`, `marketplace`, ….
    #[schema(value_type = String)]
    pub kind: crate::vocab::platform::PlatformKind,
    /// Hosts in scope.
    pub hosts: Vec<String>,
    /// `memorandum`, `platform-terms`, `legal-order` or `own-site`.
    #[schema(value_type = String)]
    pub basis: crate::vocab::platform::Basis,
    /// Reference of the agreement.
    pub reference: String,
    /// The authority it is with.
    pub authority: String,
    /// First day.
    pub valid_from: String,
    /// Last day.
    pub valid_until: String,
    /// Whether it is in force now.
    pub in_force: bool,
    /// Whether scans are paused.
    pub paused: bool,
    /// Upper bound of the pace.
    pub rate: String,
    /// Scan in progress.
    pub progress: Option<ScanProgress>,
    /// The schedule's next scan.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_scan: Option<Timestamp>,
    /// The last finished scan.
    #[schema(value_type = Option<Object>)]
    pub last_scan: Option<ScanRow>,
}

/// All platforms with what is known of them.
pub(in crate::server) async fn platform_views(state: &ServerState) -> Result<Vec<PlatformView>, Problem> {
    let platforms = state.platforms();
    let ids: Vec<PlatformId> = platforms.iter().map(|platform| platform.id.clone()).collect();
    let known = state
        .truth(move |truth| {
            let one = |id: &PlatformId| Ok((truth.is_paused(id)?, truth.scans(Some(id), 1)?.pop()));
            ids.iter().map(one).collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let progress = (state.hooks().progress)(());
    let now = state.now();
    Ok(platforms
        .iter()
        .zip(known)
        .map(|(platform, (paused, last_scan))| PlatformView {
            in_force: platform.agreement.in_force(now),
            paused,
            progress: progress.iter().find(|p| p.platform == platform.id.as_str() && !p.ended).cloned(),
            next_scan: (state.hooks().next_scan)(platform.id.clone()),
            last_scan,
            ..agreement_view(platform)
        })
        .collect())
}

fn agreement_view(platform: &Platform) -> PlatformView {
    let agreement = &platform.agreement;
    PlatformView {
        id: platform.id.to_string(),
        name: platform.name.clone(),
        kind: platform.kind,
        hosts: platform.hosts.iter().map(ToString::to_string).collect(),
        basis: agreement.basis,
        reference: agreement.reference.clone(),
        authority: agreement.authority.clone(),
        valid_from: agreement.valid_from.to_string(),
        valid_until: agreement.valid_until.to_string(),
        in_force: false,
        paused: false,
        rate: platform.crawl.rate.to_string(),
        progress: None,
        next_scan: None,
        last_scan: None,
    }
}

/// Agreements in use.
#[utoipa::path(get, path = "/platforms", tag = "office", summary = "Platforms, agreements, pace, last and next scan", responses(
    (status = 200, body = Vec<PlatformView>), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn platforms(
    State(state): State<ServerState>,
    Caller(who): Caller,
) -> Result<Json<Vec<PlatformView>>, Problem> {
    who.must_oversee("read this")?;
    Ok(Json(platform_views(&state).await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ScansQuery {
    /// Only this platform.
    #[param(pattern = "^[a-z0-9-]{2,64}$")]
    platform: Option<String>,
    /// Rows, 1 to 1000; 100 unless told.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

async fn scan_rows(state: &ServerState, query: ScansQuery) -> Result<Vec<ScanRow>, Problem> {
    let limit = limit_of(query.limit)?;
    let platform = query.platform.as_deref().map(PlatformId::parse).transpose();
    let platform = platform.map_err(|error| Problem::bad_request(error.to_string()))?;
    state.truth(move |truth| truth.scans(platform.as_ref(), limit)).await
}

/// Finished scans, newest first.
#[utoipa::path(get, path = "/scans", tag = "office", summary = "Finished scans, newest first", params(ScansQuery), responses(
    (status = 200, body = serde_json::Value), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn scans(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<ScansQuery>,
) -> Result<Json<Vec<ScanRow>>, Problem> {
    who.must_oversee("read this")?;
    Ok(Json(scan_rows(&state, query).await?))
}

/// Coverage statements, newest first: what was not fetched, and why.
#[utoipa::path(get, path = "/coverage", tag = "office", summary = "Coverage statements, newest first", params(ScansQuery), responses(
    (status = 200, body = serde_json::Value), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn coverage(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<ScansQuery>,
) -> Result<Json<serde_json::Value>, Problem> {
    who.must_oversee("read this")?;
    let rows = scan_rows(&state, query).await?;
    let statements: Vec<_> = rows.into_iter().map(|row| row.coverage).collect();
    Ok(Json(serde_json::json!({ "coverage": statements })))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WatchlistQuery {
    /// Only entries with this name, in any spelling that folds to it.
    name: Option<String>,
    /// Only this class.
    class: Option<String>,
}

/// What is watched and why.
#[utoipa::path(get, path = "/watchlist", tag = "office", summary = "What is watched and why, with sources", params(WatchlistQuery), responses(
    (status = 200, body = serde_json::Value), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn watchlist(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<WatchlistQuery>,
) -> Result<Json<serde_json::Value>, Problem> {
    who.must_research()?;
    let detector = (state.hooks().detector)(());
    let list = detector.watchlist();
    let substances: Vec<_> = match &query.name {
        Some(name) => list.lookup(name),
        None => list.substances.iter().collect(),
    };
    let substances: Vec<_> =
        substances.into_iter().filter(|s| query.class.as_ref().is_none_or(|class| s.class.as_str() == class)).collect();
    Ok(Json(serde_json::json!({ "version": list.version(), "substances": substances })))
}

/// Candidate new names: accepted by a class rule, on no list.
#[utoipa::path(get, path = "/emerging", tag = "office", summary = "Candidate new names", responses(
    (status = 200, body = serde_json::Value), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn emerging(
    State(state): State<ServerState>,
    Caller(who): Caller,
) -> Result<Json<serde_json::Value>, Problem> {
    who.must_research()?;
    let found = state.truth(|truth| truth.emerging()).await?;
    let mut told = serde_json::json!({ "emerging": found.names });
    if who.must_decide().is_ok() {
        told["hidden"] = found.hidden.into();
    }
    Ok(Json(told))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// Only entries before this number.
    #[param(minimum = 1)]
    before: Option<i64>,
    /// Rows, 1 to 1000; 100 unless told.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// The audit log, newest first.
#[utoipa::path(get, path = "/audit", tag = "office", summary = "The audit log, newest first", params(AuditQuery), responses(
    (status = 200, body = serde_json::Value), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn audit(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<AuditQuery>,
) -> Result<Json<serde_json::Value>, Problem> {
    if !matches!(who.role, Role::Authority | Role::Admin) {
        return Err(Problem::forbidden("only an authority reads the audit log"));
    }
    let limit = limit_of(query.limit)?;
    let before = match query.before {
        Some(number) if number < 1 => {
            return Err(Problem::bad_request("`before` is the number of an entry, 1 or more"));
        }
        Some(number) => u64::try_from(number).ok(),
        None => None,
    };
    let entries = state.truth(move |truth| truth.audit_entries(before, limit)).await?;
    let next = entries.last().map(|entry| entry.seq).filter(|seq| entries.len() == limit && *seq > 1);
    Ok(Json(serde_json::json!({ "entries": entries, "next": next })))
}

/// The last run of a job of the hub.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct JobView {
    /// `schedule`, `dispatch`, `recheck`, `retention`, `reload`, `control-sample` or `checkpoint`.
    pub name: String,
    /// When it began. A run that found nothing to do is noted once a minute.
    #[schema(value_type = String, format = DateTime)]
    pub last_run: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Whether it did its work.
    pub succeeded: bool,
    /// What it did, or why it failed.
    pub detail: String,
    /// When a run that did its work last began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_success: Option<Timestamp>,
}

impl From<JobRun> for JobView {
    fn from(run: JobRun) -> Self {
        let JobRun { name, last_run, duration_ms, succeeded, detail, last_success } = run;
        JobView { name, last_run, duration_ms, succeeded, detail, last_success }
    }
}

/// The jobs of the hub.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Jobs {
    /// The last run of each job that ever ran, by name.
    pub jobs: Vec<JobView>,
}

/// When each job of the hub last ran, and how that ended.
#[utoipa::path(get, path = "/jobs", tag = "office", summary = "Last runs of the hub's jobs", responses(
    (status = 200, body = Jobs), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn jobs(State(state): State<ServerState>, Caller(who): Caller) -> Result<Json<Jobs>, Problem> {
    who.must_oversee("read this")?;
    let jobs = state.truth(|truth| truth.jobs()).await?;
    Ok(Json(Jobs { jobs: jobs.into_iter().map(JobView::from).collect() }))
}

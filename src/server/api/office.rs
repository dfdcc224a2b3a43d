//! What an authority keeps: agreements, scans, coverage, the watchlist, the audit log.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::detect::watchlist::Substance;
use crate::evidence::audit::AuditEntry;
use crate::report::coverage::Coverage;
use crate::server::auth::{Caller, Rights};
use crate::server::problem::Problem;
use crate::server::request::{PageQuery, Params, cursor, limit_of, next_link, page_of};
use crate::server::state::{ScanProgress, ServerState};
use crate::store::truth::{EmergingName, JobRun, Role, ScanRow};
use crate::vocab::ids::PlatformId;
use crate::vocab::platform::Platform;
use crate::vocab::terms::Class;
use crate::vocab::time::Timestamp;

/// A platform and its agreement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::server) struct PlatformView {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// `b2b`, `marketplace`, ….
    pub kind: crate::vocab::platform::PlatformKind,
    /// Hosts in scope.
    pub hosts: Vec<String>,
    /// `memorandum`, `platform-terms`, `legal-order` or `own-site`.
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
    pub next_scan: Option<Timestamp>,
    /// The last finished scan.
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

/// Platforms.
#[derive(Serialize, ToSchema)]
pub(super) struct PlatformList {
    /// By id.
    platforms: Vec<PlatformView>,
    /// Give this as `cursor` to go on.
    next: Option<String>,
}

/// Agreements in use.
#[utoipa::path(get, operation_id = "list_platforms", path = "/platforms", tag = "office", summary = "Platforms, agreements, pace, last and next scan", params(PageQuery), responses(
    (status = 200, body = PlatformList), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn platforms(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<PageQuery>,
) -> Result<(HeaderMap, Json<PlatformList>), Problem> {
    who.must_oversee("read this")?;
    let (headers, platforms, next) = page_of(platform_views(&state).await?, &query, "/api/v1/platforms", &[])?;
    Ok((headers, Json(PlatformList { platforms, next })))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ScansQuery {
    /// Only this platform.
    #[param(pattern = "^[a-z0-9-]{2,64}$")]
    platform: Option<String>,
    /// Where an earlier answer ended.
    #[param(pattern = "^[0-9a-f]{32}$")]
    cursor: Option<String>,
    /// Rows, 1 to 1000; 100 unless told.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Finished scans.
#[derive(Serialize, ToSchema)]
pub(super) struct ScanList {
    /// Newest first.
    scans: Vec<ScanRow>,
    /// Give this as `cursor` to go on.
    next: Option<String>,
}

/// Coverage statements.
#[derive(Serialize, ToSchema)]
pub(super) struct CoverageList {
    /// Newest first.
    coverage: Vec<Coverage>,
    /// Give this as `cursor` to go on.
    next: Option<String>,
}

/// A page of scans, where it ends, and the link to what follows.
async fn scan_rows(
    state: &ServerState,
    path: &str,
    query: ScansQuery,
) -> Result<(HeaderMap, Vec<ScanRow>, Option<String>), Problem> {
    let limit = limit_of(query.limit)?;
    let platform = query.platform.as_deref().map(PlatformId::parse).transpose();
    let platform = platform.map_err(|error| Problem::bad_request(error.to_string()))?;
    let behind = query.cursor.as_deref().map(cursor::place).transpose()?;
    let mut rows = state.truth(move |truth| truth.scans_behind(platform.as_ref(), behind, limit + 1)).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| cursor::text(row.ended, row.number));
    let headers = match &next {
        Some(next) => next_link(
            path,
            &[("platform", query.platform.unwrap_or_default()), ("cursor", next.clone()), ("limit", limit.to_string())],
        ),
        None => HeaderMap::new(),
    };
    Ok((headers, rows, next))
}

/// Finished scans, newest first.
#[utoipa::path(get, operation_id = "list_scans", path = "/scans", tag = "office", summary = "Finished scans, newest first", params(ScansQuery), responses(
    (status = 200, body = ScanList), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn scans(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<ScansQuery>,
) -> Result<(HeaderMap, Json<ScanList>), Problem> {
    who.must_oversee("read this")?;
    let (headers, scans, next) = scan_rows(&state, "/api/v1/scans", query).await?;
    Ok((headers, Json(ScanList { scans, next })))
}

/// Coverage statements, newest first: what was not fetched, and why.
#[utoipa::path(get, operation_id = "list_coverage", path = "/coverage", tag = "office", summary = "Coverage statements, newest first", params(ScansQuery), responses(
    (status = 200, body = CoverageList), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn coverage(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<ScansQuery>,
) -> Result<(HeaderMap, Json<CoverageList>), Problem> {
    who.must_oversee("read this")?;
    let (headers, rows, next) = scan_rows(&state, "/api/v1/coverage", query).await?;
    Ok((headers, Json(CoverageList { coverage: rows.into_iter().map(|row| row.coverage).collect(), next })))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WatchlistQuery {
    /// Only entries with this name, in any spelling that folds to it.
    name: Option<String>,
    /// Only this class.
    class: Option<Class>,
    /// Where an earlier answer ended.
    #[param(pattern = "^[1-9][0-9]{0,8}$")]
    cursor: Option<String>,
    /// Rows, 1 to 1000; 100 unless told.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Watched substances.
#[derive(Serialize, ToSchema)]
pub(super) struct WatchlistView {
    /// Version and digest of the list.
    version: String,
    /// The entries.
    substances: Vec<Substance>,
    /// Give this as `cursor` to go on.
    next: Option<String>,
}

/// What is watched and why.
#[utoipa::path(get, operation_id = "get_watchlist", path = "/watchlist", tag = "office", summary = "What is watched and why, with sources", params(WatchlistQuery), responses(
    (status = 200, body = WatchlistView), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn watchlist(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<WatchlistQuery>,
) -> Result<(HeaderMap, Json<WatchlistView>), Problem> {
    who.must_research()?;
    let detector = (state.hooks().detector)(());
    let list = detector.watchlist();
    let substances: Vec<_> = match &query.name {
        Some(name) => list.lookup(name),
        None => list.substances.iter().collect(),
    };
    let is_wanted = |substance: &&Substance| query.class.is_none_or(|class| substance.class() == class);
    let wanted: Vec<&Substance> = substances.into_iter().filter(is_wanted).collect();
    let asked =
        [("name", query.name.clone().unwrap_or_default()), ("class", query.class.map_or("", Class::as_str).to_owned())];
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    let (headers, wanted, next) = page_of(wanted, &page, "/api/v1/watchlist", &asked)?;
    let substances = wanted.into_iter().cloned().collect();
    Ok((headers, Json(WatchlistView { version: list.version().to_owned(), substances, next })))
}

/// Candidate new names.
#[derive(Serialize, ToSchema)]
pub(super) struct EmergingList {
    /// Seen last first.
    emerging: Vec<EmergingName>,
    /// How many are left out, because a seller or a contact is called like them; only for the authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<u64>,
    /// Give this as `cursor` to go on.
    next: Option<String>,
}

/// Candidate new names: accepted by a class rule, on no list.
#[utoipa::path(get, operation_id = "list_emerging_names", path = "/emerging", tag = "office", summary = "Candidate new names", params(PageQuery), responses(
    (status = 200, body = EmergingList), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn emerging(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<PageQuery>,
) -> Result<(HeaderMap, Json<EmergingList>), Problem> {
    who.must_research()?;
    let found = state.truth(|truth| truth.emerging()).await?;
    let hidden = who.must_decide().is_ok().then_some(found.hidden);
    let (headers, emerging, next) = page_of(found.names, &query, "/api/v1/emerging", &[])?;
    Ok((headers, Json(EmergingList { emerging, hidden, next })))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// Where an earlier answer ended: only entries before this number.
    #[param(pattern = "^[1-9][0-9]{0,17}$")]
    cursor: Option<String>,
    /// Rows, 1 to 1000; 100 unless told.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Entries of the audit log.
#[derive(Serialize, ToSchema)]
pub(super) struct AuditList {
    /// Newest first.
    entries: Vec<AuditEntry>,
    /// Give this as `cursor` to go on.
    next: Option<String>,
}

/// The audit log, newest first.
#[utoipa::path(get, operation_id = "list_audit_entries", path = "/audit", tag = "office", summary = "The audit log, newest first", params(AuditQuery), responses(
    (status = 200, body = AuditList), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn audit(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<AuditQuery>,
) -> Result<(HeaderMap, Json<AuditList>), Problem> {
    if !matches!(who.role, Role::Authority | Role::Admin) {
        return Err(Problem::forbidden("only an authority reads the audit log"));
    }
    let limit = limit_of(query.limit)?;
    let before = match query.cursor.as_deref().map(str::parse::<u64>) {
        None => None,
        Some(Ok(number)) if number >= 1 => Some(number),
        Some(_) => return Err(Problem::bad_request("`cursor` is not one that an earlier answer gave")),
    };
    let entries = state.truth(move |truth| truth.audit_entries(before, limit)).await?;
    let next = entries.last().map(|entry| entry.seq).filter(|seq| entries.len() == limit && *seq > 1);
    let next = next.map(|seq| seq.to_string());
    let headers = match &next {
        Some(next) => next_link("/api/v1/audit", &[("cursor", next.clone()), ("limit", limit.to_string())]),
        None => HeaderMap::new(),
    };
    Ok((headers, Json(AuditList { entries, next })))
}

/// The last run of a job of the hub.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct JobView {
    /// `schedule`, `dispatch`, `recheck`, `retention`, `reload`, `control-sample` or `checkpoint`.
    pub name: String,
    /// When it began. A run that found nothing to do is noted once a minute.
    pub last_run: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Whether it did its work.
    pub succeeded: bool,
    /// What it did, or why it failed.
    pub detail: String,
    /// When a run that did its work last began.
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
pub(super) struct JobList {
    /// The last run of each job that ever ran, by name.
    pub jobs: Vec<JobView>,
}

/// When each job of the hub last ran, and how that ended.
#[utoipa::path(get, operation_id = "list_jobs", path = "/jobs", tag = "office", summary = "Last runs of the hub's jobs", responses(
    (status = 200, body = JobList), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn jobs(State(state): State<ServerState>, Caller(who): Caller) -> Result<Json<JobList>, Problem> {
    who.must_oversee("read this")?;
    let jobs = state.truth(|truth| truth.jobs()).await?;
    Ok(Json(JobList { jobs: jobs.into_iter().map(JobView::from).collect() }))
}

//! `serve`: the hub and its loops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::{App, AppError, Paths, Reloaded};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::request::ServeArgs;
use crate::cli::{control, scan};
use crate::engine::scan::ScanOrder;
use crate::engine::{dispatch, recheck, retention, schedule};
use crate::telemetry::SystemClock;
use crate::vocab::actor::{Actor, Job};
use crate::vocab::ids::MandateId;
use crate::vocab::platform::Basis;
use crate::vocab::time::Timestamp;

/// How often what is due is looked for.
const TICK: Duration = Duration::from_secs(2);

/// Rechecks made in one step.
const RECHECKS_AT_ONCE: usize = 20;

pub(super) async fn run(paths: Paths, args: &ServeArgs, output: &Output) -> Result<Exit, Failure> {
    let app =
        App::open(paths, Vec::new(), None, Arc::new(SystemClock)).map_err(|error| super::failure(error, output))?;
    let app = Arc::new(app);
    let settings = &app.rooms.settings;
    let listen = args.listen.clone().unwrap_or_else(|| settings.hub.listen.to_string());
    let address: SocketAddr = listen
        .parse()
        .map_err(|_| Failure::usage(format!("`{listen}` is not an address")).hint("write it as 127.0.0.1:8080"))?;
    let door = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Door::Tls(crate::server::tls_config(certificate, key).map_err(|error| {
            Failure::new(Exit::Configuration, error.to_string())
                .hint("--tls-cert takes the chain, --tls-key its private key, both in PEM")
        })?),
        _ if args.behind_proxy => Door::BehindProxy,
        _ if address.ip().is_loopback() => Door::Plain,
        _ => {
            return Err(Failure::policy(format!("`{address}` can be reached by others, and this is plain HTTP"))
                .hint("give --tls-cert and --tls-key, or put a proxy that ends TLS in front and say --behind-proxy, or listen on 127.0.0.1"));
        }
    };
    if settings.sender.is_none() {
        output.note("hint: without [sender] in listingwatch.toml no notice can be approved");
    }
    let listener = listen_on(&listen, "--listen").await?;
    until_stopped(app, listener, door, None, output).await
}

/// Takes the address the hub listens on; `option` names it.
pub(super) async fn listen_on(listen: &str, option: &str) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).await.map_err(|error| {
        Failure::new(Exit::Configuration, format!("cannot listen on {listen}: {error}"))
            .hint(format!("another program uses the port; choose one with {option}"))
    })
}

/// How the hub is reached.
pub(super) enum Door {
    /// Plain HTTP on this machine.
    Plain,
    /// Plain HTTP from a proxy that ends TLS.
    BehindProxy,
    /// HTTPS.
    Tls(Arc<rustls::ServerConfig>),
}

/// Serves and runs the loops until Ctrl-C or SIGTERM. `token` is shown as a way in.
pub(super) async fn until_stopped(
    app: Arc<App>,
    listener: TcpListener,
    door: Door,
    token: Option<&str>,
    output: &Output,
) -> Result<Exit, Failure> {
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let wait = |mut stopped: watch::Receiver<bool>| async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let scheme = if matches!(door, Door::Tls(_)) { "https" } else { "http" };
    let state = app.hub_state(!matches!(door, Door::Plain), &format!("{scheme}://{address}"));
    if let Some(token) = token {
        let link = state.one_time_link(token);
        output.line(format!("console: {scheme}://{address}{link}  (this link signs in once)"))?;
        output.line(format!("token:   {token}"))?;
    } else {
        output.line(format!("console: {scheme}://{address}/"))?;
    }
    output.note("stop with Ctrl-C");
    let mut tasks: JoinSet<()> = JoinSet::new();
    let (hub_stop, control_stop, loop_stop) = (stopped.clone(), stopped.clone(), stopped);
    tasks.spawn(async move {
        match door {
            Door::Tls(config) => crate::server::run_tls(listener, config, state, wait(hub_stop)).await,
            Door::Plain | Door::BehindProxy => crate::server::run(listener, state, wait(hub_stop)).await,
        }
    });
    let owner = app.clone();
    tasks.spawn(async move {
        if let Err(error) = control::serve(owner, wait(control_stop)).await {
            tracing::error!(%error, "the control socket ended");
        }
    });
    tasks.spawn(loops(app.clone(), loop_stop, output.clone()));
    shutdown_signal().await;
    output.note("stopping");
    let _ = stop.send(true);
    let joined =
        tokio::time::timeout(Duration::from_secs(30), async { while tasks.join_next().await.is_some() {} }).await;
    if joined.is_err() {
        tasks.abort_all();
    }
    app.close()?;
    Ok(Exit::Done)
}

async fn shutdown_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! { _ = tokio::signal::ctrl_c() => {}, _ = terminate.recv() => {} }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

/// Dispatch; recheck; schedule and reload: each in a task of its own, so that none waits for another.
async fn loops(app: Arc<App>, stopped: watch::Receiver<bool>, output: Output) {
    let mut tasks: JoinSet<()> = JoinSet::new();
    let (dispatching, ending) = (app.clone(), stopped.clone());
    tasks.spawn(every_tick(ending, move || {
        let app = dispatching.clone();
        async move {
            if let Err(error) = dispatch::step(&app.rooms, &app.platforms()).await {
                tracing::error!(%error, "dispatch failed");
            }
        }
    }));
    let (rechecking, ending) = (app.clone(), stopped.clone());
    tasks.spawn(every_tick(ending, move || {
        let app = rechecking.clone();
        async move {
            if let Err(error) = recheck::step(&app.rooms, &app.platforms(), RECHECKS_AT_ONCE).await {
                tracing::error!(%error, "recheck failed");
            }
        }
    }));
    let (keeping, ending) = (app.clone(), stopped.clone());
    let next = Arc::new(std::sync::Mutex::new(Due::default()));
    tasks.spawn(every_tick(ending, move || {
        let (app, next) = (keeping.clone(), next.clone());
        async move {
            let done = tokio::task::spawn_blocking(move || keep_house(&app, &next)).await;
            if !matches!(done, Ok(())) {
                tracing::error!("retention ended in a panic");
            }
        }
    }));
    let scans: Arc<tokio::sync::Mutex<JoinSet<()>>> = Arc::default();
    let running = scans.clone();
    tasks.spawn(every_tick(stopped, move || {
        let (app, output, scans) = (app.clone(), output.clone(), scans.clone());
        async move {
            match app.reload_watchlist() {
                Ok(Some(reloaded)) => say_reloaded(&reloaded, &output),
                Ok(None) => {}
                Err(AppError::Configuration(problems)) => {
                    tracing::warn!(
                        problems = problems.len(),
                        "the changed watchlist is refused; the old one stays in use"
                    );
                    problems.iter().for_each(|problem| output.note(problem.to_string()));
                }
                Err(error) => tracing::warn!(%error, "the changed watchlist is refused; the old one stays in use"),
            }
            let mut scans = scans.lock().await;
            while scans.try_join_next().is_some() {}
            if scans.is_empty() {
                start_due_scan(&app, &mut scans, &output);
            }
        }
    }));
    while tasks.join_next().await.is_some() {}
    running.lock().await.shutdown().await;
}

fn say_reloaded(reloaded: &Reloaded, output: &Output) {
    output.note(format!("the watchlist was reloaded: {}", reloaded.version));
    output.note(format!("  {}", reloaded.changes));
    for problem in &reloaded.conflicts {
        output.note(format!("  {problem}"));
    }
    output.note("  hint: `listingwatch rescreen` judges the archive again with it");
}

/// Between two runs of retention.
const RETENTION_EVERY: Duration = Duration::from_secs(6 * 3600);

/// Between two checkpoints of a growing audit log.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(3600);

/// When the house is kept next.
struct Due {
    retention: Timestamp,
    checkpoint: Timestamp,
}

impl Default for Due {
    fn default() -> Self {
        Due { retention: Timestamp::EPOCH, checkpoint: Timestamp::EPOCH }
    }
}

/// Destroys what is over its time, and signs the audit log's end, when either is due.
fn keep_house(app: &App, due: &std::sync::Mutex<Due>) {
    let now = app.rooms.now();
    let mut due = due.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if now >= due.checkpoint {
        due.checkpoint = now.after(CHECKPOINT_EVERY);
        if let Err(error) = app.rooms.truth.checkpoint_audit_if_grown(now) {
            tracing::error!(%error, "the audit log's end could not be signed");
        }
    }
    if now >= due.retention {
        due.retention = now.after(RETENTION_EVERY);
        if let Err(error) = retention::run(&app.rooms, &app.paths().warc(), &Actor::Job(Job::Retention)) {
            tracing::error!(%error, "retention could not be carried out");
        }
    }
}

/// Does `work` every tick until the program stops.
async fn every_tick<F: Future<Output = ()>>(mut stopped: watch::Receiver<bool>, work: impl Fn() -> F) {
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(TICK) => {}
        }
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => return,
            () = work() => {}
        }
    }
}

fn start_due_scan(app: &Arc<App>, scans: &mut JoinSet<()>, output: &Output) {
    let due = match schedule::due(&app.rooms, &app.platforms()) {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(%error, "the schedule could not be read");
            return;
        }
    };
    let now = app.rooms.now();
    let mut platforms = Vec::new();
    for platform in due {
        if let Err(error) = app.rooms.truth.note_scheduled(&platform.id, now) {
            tracing::error!(%error, "the schedule could not be noted");
            return;
        }
        let named = platform.schedule.as_ref().and_then(|schedule| schedule.mandate.clone());
        let mandate = match named {
            Some(id) => match app.rooms.truth.mandate(&id).map(|mandate| mandate.refuses(now)) {
                Ok(None) => Some(id),
                Ok(Some(reason)) => {
                    tracing::warn!(platform.id = %platform.id, reason, "scheduled scan of `{}` is refused", platform.id);
                    None
                }
                Err(error) => {
                    tracing::warn!(platform.id = %platform.id, %error, "scheduled scan of `{}` is refused", platform.id);
                    None
                }
            },
            None if platform.agreement.basis == Basis::OwnSite => MandateId::parse("own-site").ok(),
            None => None,
        };
        if let Some(mandate) = mandate {
            platforms.push((platform, mandate));
        }
    }
    if platforms.is_empty() {
        return;
    }
    let (app, output) = (app.clone(), output.clone());
    let Ok(run) = scan::run_id(&app) else { return };
    let order = ScanOrder { run, platforms, max_pages: None, until: None };
    scans.spawn(async move {
        match scan::carry_out(&app, order, &output).await {
            Ok(results) => {
                for result in results {
                    output.note(format!(
                        "scheduled scan of {}: {} pages, {} hits",
                        result.platform, result.pages, result.hits
                    ));
                }
            }
            Err(error) => tracing::error!(%error, "scheduled scan failed"),
        }
    });
}

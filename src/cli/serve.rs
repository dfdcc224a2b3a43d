//! `serve`: the hub and its jobs.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::{App, Paths};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::request::ServeArgs;
use crate::cli::{control, scan};
use crate::engine::service::{self, News};
use crate::telemetry::SystemClock;

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

/// Serves and runs the jobs until Ctrl-C or SIGTERM. `token` is shown as a way in.
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
    let (news, progress, watched) = (output.clone(), output.clone(), app.clone());
    let service = app.service(
        move |progressed| scan::show(&watched, &progress, progressed),
        move |told| say(&told, &news),
        loop_stop,
    );
    tasks.spawn(service::run(service));
    scan::stop_signal().await;
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

/// What the hub's jobs say while they run.
fn say(news: &News, output: &Output) {
    match news {
        News::Reloaded(reloaded) => {
            output.note(format!("the watchlist was reloaded: {}", reloaded.version));
            output.note(format!("  {}", reloaded.changes));
            for problem in &reloaded.conflicts {
                output.note(format!("  {problem}"));
            }
            output.note("  hint: `listingwatch rescreen` judges the archive again with it");
        }
        News::Platforms(changed) => output.note(format!("platform files were taken up: {}", changed.join(", "))),
        News::Refused(problems) => problems.iter().for_each(|problem| output.note(problem.to_string())),
        News::Scanned(result) => {
            output.note(format!("scheduled scan of {}: {} pages, {} hits", result.platform, result.pages, result.hits))
        }
    }
}

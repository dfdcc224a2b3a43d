//! `demo`: the bundled marketplace, a real scan of it, its referrals, then the console.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::{App, Paths};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::request::DemoArgs;
use crate::cli::{cases, sandbox, scan, serve};
use crate::config::settings::{Sender, Settings};
use crate::demo::DEFAULT_SEED;
use crate::demo::serve::{Marketplace, PortChoice};
use crate::demo::site::Site;
use crate::demo::truth::{FoundReferral, TruthReport};
use crate::detect::assessment::Verdict;
use crate::engine::scan::{Looks, PlatformResult, ScanOrder};
use crate::store::lock::DirectoryLock;
use crate::store::truth::{CaseFilter, ReferralRow, Role};
use crate::telemetry::SystemClock;
use crate::vocab::ids::MandateId;
use crate::vocab::platform::Platform;
use crate::vocab::time::Clock;
use crate::vocab::url::CanonicalUrl;

/// Where in the data directory the demo's own data lies.
const FOLDER: &str = "demo";

/// First port the marketplace tries, so that a demo started again finds its listings under the same addresses.
const MARKETPLACE_PORT: u16 = 8400;

pub(super) async fn run(paths: &Paths, args: &DemoArgs, output: &Output) -> Result<Exit, Failure> {
    let clock = Arc::new(SystemClock);
    // The demo never mixes with real data: its data directory lies inside the one named.
    let paths = Paths { data: paths.data.join(FOLDER), seeds: None, patterns: paths.patterns.clone(), settings: None };
    let fixed = !args.once || args.keep;
    let ports = if fixed { PortChoice::Prefer(MARKETPLACE_PORT) } else { PortChoice::Any };
    // Before the scan: half a minute is too late to say that the port is taken.
    let listener = match args.once {
        true => None,
        false => Some(serve::listen_on(&format!("127.0.0.1:{}", args.port), "--port").await?),
    };
    prepare(&paths.data, args)?;
    let site = Arc::new(Site::build(DEFAULT_SEED));
    let marketplace = Marketplace::start(site, ports, clock.now()).await.map_err(|error| {
        Failure::new(Exit::Configuration, error.to_string()).hint("free the port, or end the other demo")
    })?;
    let marketplace = Arc::new(marketplace);
    let platforms = platforms(&marketplace, args, &*clock, output)?;
    let app =
        App::open(paths, platforms, Some(settings(args)), clock).map_err(|error| super::failure(error, output))?;
    let market = marketplace.clone();
    app.on_answer(move |urls| {
        urls.iter().for_each(|url| {
            market.take_down(url);
        })
    });
    let app = Arc::new(app);
    output.note("a synthetic marketplace runs on loopback; now it is scanned as any platform would be");
    let mandate = MandateId::parse("own-site").map_err(|error| Failure::new(Exit::Internal, error.to_string()))?;
    let order = ScanOrder {
        run: crate::engine::scan::run_id(app.rooms.now()),
        platforms: app.platforms().into_iter().map(|platform| (platform, mandate.clone())).collect(),
        max_pages: None,
        until: None,
        looks: Looks::Due,
    };
    let results = scan::carry_out(&app, order, output).await?;
    let mut rows =
        app.rooms.truth.referrals(&CaseFilter { newest_first: false, limit: 10_000, ..CaseFilter::default() })?;
    // Cases of a demo before that had other ports say nothing about this marketplace.
    let here = |url: &String| marketplace.origins().iter().any(|origin| url.starts_with(&format!("{origin}/")));
    rows.retain(|row| row.urls.iter().any(here));
    let truth = marketplace.truth().compare(&found(&rows));
    conclude(&results, &rows, &truth, &marketplace, output)?;
    let Some(listener) = listener else {
        app.close()?;
        drop(app);
        if let Ok(marketplace) = Arc::try_unwrap(marketplace) {
            marketplace.shutdown().await;
        }
        return Ok(Exit::Done);
    };
    let (_, token) =
        app.rooms.truth.create_token(Role::Admin, "demo", None, None, &super::actor(Some("demo"))?, app.rooms.now())?;
    if args.platform_sandbox {
        sandbox::start(&app, &marketplace, args, output)?;
    }
    serve::until_stopped(app, listener, serve::Door::Plain, Some(&token), output).await
}

/// What was found, for people or as counts.
fn conclude(
    results: &[PlatformResult],
    rows: &[ReferralRow],
    truth: &TruthReport,
    marketplace: &Marketplace,
    output: &Output,
) -> Result<(), Failure> {
    let sum = |pick: fn(&PlatformResult) -> u64| results.iter().map(pick).sum::<u64>();
    let audit = marketplace.audit();
    if output.json {
        return output.json_document(&serde_json::json!({
            "pages": sum(|r| r.pages), "listings": sum(|r| r.listings), "hits": sum(|r| r.hits), "referrals": rows.len(),
            "truth": truth, "politeness": audit, "coverage": results.iter().map(|r| &r.coverage).collect::<Vec<_>>(),
        }));
    }
    cases::list(rows, output)?;
    for result in results {
        output.line(result.coverage.text())?;
    }
    output.line(format!(
        "{} pages, {} listings, {} hits, {} cases; planted offers found {} of {}, missed {:?}; ordinary listings referred: {}",
        sum(|r| r.pages),
        sum(|r| r.listings),
        sum(|r| r.hits),
        rows.len(),
        truth.found,
        truth.planted,
        truth.missed,
        truth.false_referrals.len()
    ))?;
    output.line(format!(
        "politeness by the server's own log: {} requests, {} to disallowed paths, {} gaps shorter than promised",
        audit.requests, audit.disallowed, audit.short_gaps
    ))?;
    Ok(())
}

fn found(rows: &[ReferralRow]) -> Vec<FoundReferral> {
    rows.iter()
        .map(|row| FoundReferral {
            urls: row.urls.iter().filter_map(|url| CanonicalUrl::parse(url, None).ok()).collect(),
            verdict: if row.verdict == Verdict::Refer { Verdict::Refer } else { Verdict::Review },
        })
        .collect()
}

fn platforms(
    marketplace: &Marketplace,
    args: &DemoArgs,
    clock: &dyn Clock,
    output: &Output,
) -> Result<Vec<Platform>, Failure> {
    let mut platforms = Vec::new();
    for (name, text) in marketplace.platform_files() {
        let text = sandbox::with_webhook(&text, args)?;
        match crate::config::platforms::parse(&name, &text, clock.now().date()) {
            Ok(platform) => platforms.push(platform),
            Err(problems) => {
                problems.iter().for_each(|problem| output.note(problem.to_string()));
                return Err(Failure::new(Exit::Internal, format!("the demo's own `{name}` is refused")));
            }
        }
    }
    Ok(platforms)
}

/// The demo signs its notices itself, so that they can be approved and read.
fn settings(args: &DemoArgs) -> Settings {
    let mut settings = Settings::default();
    settings.hub.public_url = Some(format!("http://127.0.0.1:{}", args.port));
    settings.sender = Some(Sender {
        name: "Demonstration authority".to_owned(),
        address: "1 Example Street, Exampleville".to_owned(),
        contact: "demo@example.test".to_owned(),
    });
    settings
}

/// Says that a directory was made by `demo`; without it nothing in a directory is ever deleted.
const MARKER: &str = "DEMO";

/// What it holds.
const MARKED: &str = "made by `listingwatch demo`, which empties this directory when it starts\n";

/// Makes the demo's data directory, or empties one that a demo made, unless it is to be kept.
fn prepare(folder: &Path, args: &DemoArgs) -> Result<(), Failure> {
    let shown = folder.display();
    let empty = match std::fs::symlink_metadata(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(error.into()),
        Ok(kind) => kind.is_dir() && std::fs::read_dir(folder)?.next().is_none(),
    };
    if empty {
        std::fs::create_dir_all(folder)?;
    } else if !is_marked(folder) {
        return Err(Failure::new(Exit::Configuration, format!("`{shown}` was not made by `demo`"))
            .hint("move it away, or name another directory with --data"));
    }
    let _lock = DirectoryLock::take(folder).map_err(|error| {
        Failure::new(Exit::Configuration, error.to_string())
            .hint("end the running demo first, or name another directory with --data")
    })?;
    if empty {
        std::fs::write(folder.join(MARKER), MARKED)?;
        return Ok(());
    }
    if args.keep {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        // The marker stays, so that a demo that is killed here is finished by the next; the lock is held.
        if entry.file_name() == MARKER || entry.file_name() == "LOCK" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether a directory, and not a link to one, was made by `demo`.
fn is_marked(folder: &Path) -> bool {
    let is_folder = std::fs::symlink_metadata(folder).is_ok_and(|kind| kind.is_dir());
    is_folder && std::fs::read_to_string(folder.join(MARKER)).is_ok_and(|text| text == MARKED)
}

/// The data directory of a demo that serves inside `data`, if one does.
pub(super) fn served_in(data: &Path) -> Option<PathBuf> {
    let folder = data.join(FOLDER);
    let answers = std::os::unix::net::UnixStream::connect(folder.join("control.sock")).is_ok();
    (answers && is_marked(&folder)).then_some(folder)
}

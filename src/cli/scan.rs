//! `scan`: crawl now, show progress, end with a summary and a coverage statement.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use crate::app::App;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::request::ScanArgs;
use crate::config::units;
use crate::engine::mandate::OWN_SITE;
use crate::engine::scan::tally::Progress;
use crate::engine::scan::{self, Looks, PlatformResult, ScanOrder};
use crate::report::coverage::{in_words, span};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{MandateId, PlatformId};
use crate::vocab::platform::{Basis, Platform};
use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// What to do when a mandate allows no more.
pub(super) const MANDATE_HINT: &str = "record a new one with `listingwatch mandate create` and name it with --mandate, \
     or in [schedule] of the platform file";

pub(super) async fn run(app: &Arc<App>, args: &ScanArgs, output: &Output) -> Result<Exit, Failure> {
    let platforms = chosen(app, args)?;
    if args.dry_run {
        return dry_run(app, &platforms, output);
    }
    let order = order(app, args, platforms)?;
    let results = carry_out(app, order, output).await?;
    report(&results, output)
}

/// Runs a scan with progress on `output`, and lets what platforms agreed to go out by itself.
pub(super) async fn carry_out(
    app: &Arc<App>,
    order: ScanOrder,
    output: &Output,
) -> Result<Vec<PlatformResult>, Failure> {
    let (output, watching) = (output.clone(), app.clone());
    let show = move |progress: &[Progress]| show(&watching, &output, progress);
    // Ctrl-C and SIGTERM end a scan in good order; what was not fetched is still due.
    let interrupted = AtomicBool::new(false);
    let stop = async {
        stop_signal().await;
        interrupted.store(true, Ordering::Release);
    };
    let results = scan::run(app.rooms.clone(), order, show, stop).await.map_err(|error| {
        Failure::new(Exit::Internal, error.to_string()).hint("run the scan again: it goes on where it stopped")
    })?;
    if interrupted.load(Ordering::Acquire) {
        return Ok(results);
    }
    // What does not go out now is still due.
    let platforms = app.platforms();
    tokio::select! {
        sent = crate::engine::dispatch::step(&app.rooms, &platforms) => { sent?; }
        () = stop_signal() => {}
    }
    Ok(results)
}

/// Resolves when the process is asked to stop, by Ctrl-C or SIGTERM.
pub(super) async fn stop_signal() {
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

/// Shows how far scans are: here, to other commands, and in the console.
pub(super) fn show(app: &App, output: &Output, progress: &[Progress]) {
    let all = {
        let mut held = app.progress.lock().unwrap_or_else(PoisonError::into_inner);
        // Scans run side by side: each tells of its own platforms. Those that ended are shown until the next begins.
        held.retain(|one| !one.ended && progress.iter().all(|new| new.platform != one.platform));
        held.extend_from_slice(progress);
        held.sort_by(|a, b| a.platform.cmp(&b.platform));
        held.clone()
    };
    output.progress(progress_line(&all, app.rooms.now()));
}

pub(super) fn report(results: &[PlatformResult], output: &Output) -> Result<Exit, Failure> {
    let run = results.first().map_or_else(String::new, |result| result.coverage.run.to_string());
    if output.json {
        output.json_document(&serde_json::json!({ "run": run, "platforms": results }))?;
    } else {
        for result in results {
            output.line(format!(
                "{}: {} pages, {} listings, {} pages judged by their text, {} hits, {} new referrals",
                result.platform,
                result.pages,
                result.listings,
                result.coverage.judged.unwrap_or_default().text,
                result.hits,
                result.referrals_new
            ))?;
            output.line(result.coverage.text())?;
        }
        if results.iter().any(|result| result.referrals_new > 0) {
            output.note("hint: `listingwatch referrals list --state drafted` shows what waits for a decision");
        }
    }
    let failures = results.iter().flat_map(|result| result.coverage.failures.keys());
    let ended = failures.filter_map(|name| name.parse().ok()).filter(|reason| {
        matches!(reason, Reason::MandateBudget | Reason::MandateBytes | Reason::MandateExpired | Reason::MandateRevoked)
    });
    for reason in ended.collect::<std::collections::BTreeSet<_>>() {
        output.note(format!("hint: {}; {MANDATE_HINT}", in_words(reason)));
    }
    Ok(if results.iter().all(|result| result.coverage.complete) { Exit::Done } else { Exit::Partial })
}

fn chosen(app: &App, args: &ScanArgs) -> Result<Vec<Arc<Platform>>, Failure> {
    let known = app.platforms();
    if known.is_empty() {
        return Err(Failure::new(Exit::Configuration, "there is no platform to scan")
            .hint("write seeds/<id>.toml (see seeds/example-b2b.toml), or try `listingwatch demo`"));
    }
    if args.platforms.is_empty() {
        return Ok(known);
    }
    let names = || known.iter().map(|platform| platform.id.to_string()).collect::<Vec<_>>().join(", ");
    args.platforms
        .iter()
        .map(|name| {
            PlatformId::parse(name).ok().and_then(|id| app.platform(&id)).ok_or_else(|| {
                Failure::usage(format!("no platform `{name}`")).hint(format!("known platforms: {}", names()))
            })
        })
        .collect()
}

/// Checks agreement, pause and mandate of each platform before anything is asked of it.
fn order(app: &App, args: &ScanArgs, platforms: Vec<Arc<Platform>>) -> Result<ScanOrder, Failure> {
    let now = app.rooms.now();
    let mut with_mandates = Vec::new();
    for platform in platforms {
        if !platform.agreement.in_force(now) {
            let agreement = &platform.agreement;
            return Err(Failure::policy(format!(
                "the agreement with `{}` is in force from {} to {}, not today",
                platform.id, agreement.valid_from, agreement.valid_until
            ))
            .hint(format!("renew it and change [agreement] in seeds/{}.toml", platform.id)));
        }
        if app.rooms.truth.is_paused(&platform.id)? {
            return Err(Failure::policy(format!("`{}` is paused", platform.id))
                .hint(format!("`listingwatch platforms resume {}`", platform.id)));
        }
        let named = args.mandate.clone().or_else(|| {
            platform.schedule.as_ref().and_then(|schedule| schedule.mandate.as_ref()).map(ToString::to_string)
        });
        let mandate = match named {
            Some(name) => {
                let id = MandateId::parse(&name).map_err(|error| Failure::usage(error.to_string()))?;
                let held = app.rooms.truth.mandate(&id).map_err(|_| {
                    Failure::policy(format!("no mandate `{name}` is on record"))
                        .hint("record it with `listingwatch mandate create`")
                })?;
                if let Some(reason) = held.refuses(now) {
                    return Err(Failure::policy(reason).hint("record a new mandate with `listingwatch mandate create`"));
                }
                id
            }
            None if platform.agreement.basis == Basis::OwnSite => {
                MandateId::parse(OWN_SITE).map_err(|error| Failure::new(Exit::Internal, error.to_string()))?
            }
            None => {
                return Err(Failure::policy(format!("a scan of `{}` needs a mandate", platform.id))
                    .hint("name one with --mandate, or in [schedule] of the platform file; `listingwatch mandate create` records one"));
            }
        };
        with_mandates.push((platform, mandate));
    }
    let until = match &args.duration {
        Some(text) => {
            let length = units::duration(text)
                .map_err(|error| Failure::usage(format!("--for: {error}")).hint("write 90s, 15m or 2h"))?;
            Some(now.after(length))
        }
        None => None,
    };
    let looks = if args.again { Looks::Again } else { Looks::Due };
    Ok(ScanOrder { run: scan::run_id(now), platforms: with_mandates, max_pages: args.max_pages, until, looks })
}

/// URLs of a platform that a dry run lists.
const DRY_RUN_URLS: usize = 1000;

/// What a scan would ask for, and what stands in its way, from what is stored: nothing is asked.
fn dry_run(app: &App, platforms: &[Arc<Platform>], output: &Output) -> Result<Exit, Failure> {
    let now = app.rooms.now();
    for platform in platforms {
        let crawl = &platform.crawl;
        let due = app
            .rooms
            .hot
            .due(&platform.id, now, DRY_RUN_URLS)
            .map_err(|error| Failure::new(Exit::Internal, error.to_string()))?;
        let mut urls: Vec<_> = crawl.start.iter().chain(&crawl.feeds).cloned().chain(due).collect();
        urls.sort();
        urls.dedup();
        let mut would_skip = std::collections::BTreeMap::new();
        urls.retain(|url| match app.rooms.gate.foreseen(platform, url) {
            None => true,
            Some(reason) => {
                would_skip.insert(url.to_string(), reason);
                false
            }
        });
        let mut hosts: Vec<HostKey> = urls.iter().map(FoundUrl::host).collect();
        hosts.extend(app.rooms.hot.hosts(&platform.id));
        hosts.sort();
        hosts.dedup();
        let waiting: Vec<_> = hosts
            .iter()
            .filter_map(|host| app.rooms.gate.stands_in_the_way(platform, host).map(|why| (host, why)))
            .collect();
        let seconds = hosts
            .iter()
            .map(|host| {
                let count = urls.iter().filter(|url| url.host() == *host).count();
                app.rooms.gate.delay_of(platform, host).as_secs_f64() * f64::from(u32::try_from(count).unwrap_or(0))
            })
            .fold(0.0, f64::max);
        let in_force = platform.agreement.in_force(now) && !app.rooms.truth.is_paused(&platform.id)?;
        if output.json {
            let waiting: Vec<_> = waiting
                .iter()
                .map(|(host, (reason, until))| serde_json::json!({ "host": host, "reason": reason, "until": until }))
                .collect();
            output
                .json_line(&serde_json::json!({ "platform": platform.id, "may_scan": in_force, "would_fetch": urls,
                "would_skip": would_skip, "hosts_waiting": waiting, "seconds": seconds.ceil() }))?;
            continue;
        }
        let may = if in_force { "" } else { " (NOT NOW: paused, or the agreement is not in force)" };
        output.line(format!(
            "{}{may}: robots.txt and control file of each host, then {} known URLs",
            platform.id,
            urls.len()
        ))?;
        if seconds >= 1.0 {
            let length = std::time::Duration::try_from_secs_f64(seconds).unwrap_or(std::time::Duration::MAX);
            output.line(format!("  at the pace owed now about {}", span(length.as_secs())))?;
        }
        for (host, (reason, until)) in waiting {
            let until = until.map_or_else(String::new, |until| format!(" until {until}"));
            output.line(format!("  {host} waits{until}: {}", in_words(reason)))?;
        }
        for url in urls {
            output.line(format!("  {url}"))?;
        }
        for (url, reason) in would_skip {
            output.line(format!("  not {url}: {}", in_words(reason)))?;
        }
    }
    output.note("nothing was fetched; pages found on the way come on top");
    Ok(Exit::Done)
}

/// One line: what came so far, how fast, how much is known to be left, who waits and why.
fn progress_line(progress: &[Progress], now: Timestamp) -> String {
    let sum = |pick: fn(&Progress) -> u64| progress.iter().map(pick).sum::<u64>();
    let rate: f64 = progress.iter().map(|one| one.pages_per_second).sum();
    let mut waiting = progress.iter().flat_map(|one| &one.counts.waiting).filter(|(_, (until, _))| *until > now);
    let shown: Vec<String> = waiting
        .by_ref()
        .take(3)
        .map(|(host, (until, why))| format!("{host} waits {} ({})", span(until.since(now).as_secs()), in_words(*why)))
        .collect();
    let more = waiting.count();
    let mut line = format!(
        "{} pages, {} listings, {} hits, {} cases, {rate:.1} pages/s, {} known to go",
        sum(|one| one.counts.pages),
        sum(|one| one.counts.listings),
        sum(|one| one.counts.hits),
        sum(|one| one.counts.referrals_new),
        sum(|one| one.left),
    );
    // Platforms are scanned side by side: the slowest says when all is done.
    if let Some(seconds) = progress.iter().filter_map(|one| one.seconds_left).max().filter(|seconds| *seconds > 0) {
        line.push_str(&format!(", about {} left", span(seconds)));
    }
    if !shown.is_empty() {
        line.push_str("; ");
        line.push_str(&shown.join("; "));
    }
    if more > 0 {
        line.push_str(&format!("; {more} more hosts wait"));
    }
    line
}

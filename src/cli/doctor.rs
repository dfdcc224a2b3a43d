//! `doctor`: looks at the installation, and says what each finding means and what to do.

use std::time::Duration;

use serde::Serialize;

use crate::app::App;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::engine::evidence::{self, EvidenceError};
use crate::report::coverage::span;
use crate::store::private;
use crate::vocab::platform::ends_soon;

/// Records may be this much ahead of the clock, as after a small correction of it.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Health {
    Ok,
    /// Works, and somebody should know.
    Warning,
    /// Does not work, or cannot be relied on.
    Error,
}

/// What a look at one part found.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    health: Health,
    says: String,
    /// What to do about it.
    #[serde(rename = "do", skip_serializing_if = "Option::is_none")]
    todo: Option<&'static str>,
}

fn ok(check: &'static str, says: impl Into<String>) -> Finding {
    Finding { check, health: Health::Ok, says: says.into(), todo: None }
}

fn warning(check: &'static str, says: impl Into<String>, todo: &'static str) -> Finding {
    Finding { check, health: Health::Warning, says: says.into(), todo: Some(todo) }
}

fn error(check: &'static str, says: impl Into<String>, todo: &'static str) -> Finding {
    Finding { check, health: Health::Error, says: says.into(), todo: Some(todo) }
}

pub(super) fn doctor(app: &App, output: &Output) -> Result<Exit, Failure> {
    let audit = app.rooms.truth.verify_audit()?;
    let now = app.rooms.now();
    let ahead = app.rooms.truth.newest_moment()?.filter(|at| *at > now.after(CLOCK_TOLERANCE));
    let mut findings = vec![
        match &audit {
            Ok((entries, _)) => ok("audit", format!("{entries} entries, whole, as signed")),
            Err(problem) => error(
                "audit",
                problem.to_string(),
                "keep this truth.db as evidence, restore one from a backup and compare",
            ),
        },
        record_of_truth(app)?,
        evidence(app)?,
        permissions(app),
        disk(app),
        match ahead {
            None => ok("clock", "not behind what is on record"),
            Some(at) => warning(
                "clock",
                format!(
                    "the newest record is of {at}, {} ahead of this machine's clock ({now})",
                    span(at.since(now).as_secs())
                ),
                "set the clock if it is wrong (`timedatectl`); if it was wrong before, nothing is to be done: waits noted then are \
                 counted from now, and no host is asked sooner than it was promised",
            ),
        },
        match app.rooms.settings.sender {
            Some(_) => ok("sender", "named; notices can leave"),
            None => warning(
                "sender",
                "nobody is named, so no notice can leave",
                "name one in [sender] of listingwatch.toml",
            ),
        },
    ];
    findings.extend(set_aside(app));
    findings.extend(agreements(app));
    findings.extend(app.rooms.truth.queued()?.into_iter().map(|queued| {
        let says = format!(
            "{} cases of `{}` wait to be opened: at most {} are in an hour",
            queued.cases, queued.platform, queued.per_hour
        );
        warning(
            "queue",
            says,
            "look at the platform's series in the inbox; raise `cases_per_hour` in its file if all are needed",
        )
    }));
    let jobs = app.rooms.truth.jobs()?;
    findings.extend(jobs.iter().filter(|job| !job.succeeded).map(|job| {
        warning(
            "jobs",
            format!("`{}` failed at {}: {}", job.name, job.last_run, job.detail),
            "it is tried again by the running hub; mend what it says where that does not help",
        )
    }));
    let document = serde_json::json!({
        "data": app.paths().data, "platforms": app.platforms().len(), "watchlist": app.rooms.detector().watchlist().version(),
        "jobs": jobs, "findings": findings,
        "audit_entries": audit.as_ref().map(|(entries, _)| *entries).unwrap_or(0), "audit_whole": audit.is_ok(),
        "sender": app.rooms.settings.sender.is_some(), "clock": if ahead.is_some() { "behind" } else { "right" },
    });
    if output.json {
        output.json_document(&document)?;
    } else {
        for name in ["data", "platforms", "watchlist"] {
            let value = document[name].as_str().map_or_else(|| document[name].to_string(), str::to_owned);
            output.line(format!("{name:<18} {value}"))?;
        }
        for one in &findings {
            let health = match one.health {
                Health::Ok => "",
                Health::Warning => "WARNING: ",
                Health::Error => "ERROR: ",
            };
            output.line(format!("{:<18} {health}{}", one.check, one.says))?;
        }
        for job in &jobs {
            let result = if job.succeeded { "" } else { "FAILED: " };
            let name = format!("job {}", job.name);
            output.line(format!("{name:<18} {} for {} ms  {result}{}", job.last_run, job.duration_ms, job.detail))?;
        }
    }
    for one in &findings {
        if let Some(todo) = one.todo {
            output.note(format!("{}: {}", one.check, one.says));
            output.note(format!("  hint: {todo}"));
        }
    }
    let is_broken = findings.iter().any(|one| one.health == Health::Error);
    Ok(if is_broken { Exit::Internal } else { Exit::Done })
}

fn record_of_truth(app: &App) -> Result<Finding, Failure> {
    let damage = app.rooms.truth.damage()?;
    Ok(match damage.first() {
        None => ok("record of truth", "truth.db is whole"),
        Some(first) => error(
            "record of truth",
            format!("truth.db is damaged: {first}"),
            "stop the hub, keep a copy of truth.db, and restore it from the newest backup",
        ),
    })
}

fn evidence(app: &App) -> Result<Finding, Failure> {
    let mut first = None;
    let checked = evidence::check::<EvidenceError>(&app.rooms.truth, &app.paths().warc(), |one| {
        first.get_or_insert(format!("{} ({})", one.reason, one.citation.hit));
        Ok(())
    });
    Ok(match checked {
        Ok(checked) if checked.broken == 0 => ok(
            "evidence",
            format!(
                "{} hits cite their evidence rightly, {} destroyed as retention asks",
                checked.hold, checked.destroyed
            ),
        ),
        Ok(checked) => error(
            "evidence",
            format!(
                "{} of {} hits cite a record that is missing, damaged or another one; the first: {}",
                checked.broken,
                checked.hold + checked.broken,
                first.unwrap_or_default()
            ),
            "keep this data directory as evidence, restore one from a backup and compare; `audit verify --evidence` lists them all",
        ),
        Err(problem) => error(
            "evidence",
            format!("it cannot be read: {problem}"),
            "make the folder warc/ of the data directory readable",
        ),
    })
}

/// What others have access to although the program closed it when it started.
fn permissions(app: &App) -> Finding {
    match private::open_to_others(&app.paths().data) {
        Ok(open) => match open.first() {
            None => ok("permissions", "the data directory is its owner's alone"),
            Some((path, mode)) => error(
                "permissions",
                format!("others have access to `{}` (mode {mode:o}) and {} more", path.display(), open.len() - 1),
                "run `chmod -R go-rwx` on the data directory as its owner; if a file system gives no permissions, move it to one that does",
            ),
        },
        Err(problem) => warning(
            "permissions",
            format!("they cannot be read: {problem}"),
            "run it as the owner of the data directory",
        ),
    }
}

fn disk(app: &App) -> Finding {
    let megabytes = |bytes: u64| bytes / 1_000_000;
    match app.rooms.disk.room() {
        (None, _) => warning("disk", "how much is free cannot be read", "look at it yourself (`df`)"),
        (Some(free), least) if free < least => error(
            "disk",
            format!("{} MB are free, {} MB are to stay free: nothing is fetched", megabytes(free), megabytes(least)),
            "make room, or lower [limits] free_disk",
        ),
        (Some(free), least) if free / 2 < least => warning(
            "disk",
            format!("{} MB are free; fetching stops below {} MB", megabytes(free), megabytes(least)),
            "make room soon",
        ),
        (Some(free), _) => ok("disk", format!("{} MB are free", megabytes(free))),
    }
}

/// Stores that were damaged and made again.
fn set_aside(app: &App) -> Vec<Finding> {
    let Ok(entries) = std::fs::read_dir(&app.paths().data) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.contains(".damaged-")).collect();
    names.sort();
    let told = |name: String| {
        warning(
            "frontier",
            format!("it was damaged once, moved to `{name}` and made again"),
            "look at the disk's health; delete that folder when you have looked, nothing in it is needed",
        )
    };
    names.into_iter().map(told).collect()
}

fn agreements(app: &App) -> Vec<Finding> {
    let today = app.rooms.now().date();
    let mut found = Vec::new();
    for platform in app.platforms() {
        let until = platform.agreement.valid_until;
        if until < today {
            found.push(warning(
                "agreement",
                format!("that of `{}` ended on {until}: nothing is fetched from it any more", platform.id),
                "extend it with the platform and set valid_until, or remove the platform file",
            ));
        } else if ends_soon(until, today) {
            found.push(warning(
                "agreement",
                format!("that of `{}` ends on {until}", platform.id),
                "extend it with the platform and set valid_until",
            ));
        }
    }
    found
}

//! Personal data and its time: `reveal`, `retention`; and the audit log that says who opened what.

use std::path::{Path, PathBuf};

use crate::app::App;
use crate::cli::cases::referral;
use crate::cli::exit::{Exit, Failure};
use crate::cli::office_request::{AuditRequest, RetentionRequest, RevealArgs};
use crate::cli::output::Output;
use crate::engine::evidence::{self, BrokenCitation, EvidenceChecked, EvidenceError};
use crate::engine::retention::{self, RetentionError};
use crate::engine::timestamps::{self, Checked, TimestampError};
use crate::evidence::audit::checkpoint::Checkpoint;

pub(super) fn reveal(app: &App, args: &RevealArgs, output: &Output) -> Result<Exit, Failure> {
    let actor = super::actor(args.actor.as_deref())?;
    let revealed = app.rooms.truth.reveal(&referral(&args.id)?, &args.purpose, &actor, app.rooms.now())?;
    for one in &revealed {
        if output.json {
            output.json_line(one)?;
        } else {
            let value = one.value.as_deref().unwrap_or("(its time in the vault is over)");
            output.line(format!("{:<10} {value}", one.kind))?;
        }
    }
    if revealed.is_empty() {
        output.note("no personal data was found in the listings of this case");
    }
    output.note(format!("noted in the audit log: {actor}, \"{}\"", args.purpose.trim()));
    Ok(Exit::Done)
}

pub(super) fn retention(app: &App, request: &RetentionRequest, output: &Output) -> Result<Exit, Failure> {
    let (rooms, warc) = (&app.rooms, app.paths().warc());
    let lines = match request {
        RetentionRequest::Report => retention::report(rooms, &warc)?,
        RetentionRequest::Run { actor } => retention::run(rooms, &warc, &super::actor(actor.as_deref())?)?,
        RetentionRequest::Erase { id, actor } => {
            let gone = rooms.truth.erase_personal(&referral(id)?, &super::actor(actor.as_deref())?, rooms.now())?;
            if output.json {
                output.json_document(&serde_json::json!({ "erased": gone }))?;
            } else {
                output.line(format!("{gone} sealed values erased"))?;
            }
            return Ok(Exit::Done);
        }
    };
    let word = if matches!(request, RetentionRequest::Report) { "over their time" } else { "destroyed" };
    for line in &lines {
        if output.json {
            output.json_line(line)?;
        } else {
            let kept = line.days.map_or_else(|| "no end".to_owned(), |days| format!("{days} days"));
            output.line(format!("{:<14} kept {kept:<10} {:>6} {} {word}", line.class, line.count, line.unit))?;
        }
    }
    Ok(Exit::Done)
}

pub(super) async fn audit(app: &App, request: &AuditRequest, output: &Output) -> Result<Exit, Failure> {
    let truth = &app.rooms.truth;
    match request {
        AuditRequest::Verify { checkpoints, evidence } => {
            let mut kept =
                checkpoints.iter().map(|path| read_checkpoints(path)).collect::<Result<Vec<_>, _>>()?.concat();
            let (stamps, ends) = timestamps::check(&app.rooms, &app.paths().data)?;
            kept.extend(ends);
            match truth.follow_audit(&kept)? {
                Ok(followed) => {
                    let found = if *evidence { Some(check_evidence(app)?) } else { None };
                    if output.json {
                        let mut document = serde_json::to_value(&followed)?;
                        document["whole"] = true.into();
                        document["timestamps"] = serde_json::to_value(&stamps)?;
                        if let Some((checked, broken)) = &found {
                            document["evidence"] = serde_json::json!({ "hold": checked.hold,
                                "destroyed": checked.destroyed, "broken": broken });
                        }
                        output.json_document(&document)?;
                    } else {
                        output.line(format!(
                            "{} entries, whole; head {}; signed up to entry {}; {} checkpoints agree",
                            followed.entries, followed.head, followed.signed, followed.checkpoints
                        ))?;
                        say_timestamps(app, &stamps, output)?;
                    }
                    for name in &stamps.without_row {
                        output.note(format!("timestamped without a row: {name}"));
                    }
                    if stamps.unchecked > 0 {
                        output.note(format!(
                            "{} timestamps cannot be checked: the settings name no roots of their authority that can be read; set `roots` under [timestamps]",
                            stamps.unchecked
                        ));
                    }
                    if !stamps.broken.is_empty() {
                        let text = format!("timestamps do not hold: {}", stamps.broken.join("; "));
                        return Err(Failure::new(Exit::Internal, text).hint(
                            "compare timestamps/ and truth.db with a backup; see docs/OPERATIONS.md, Trusted time",
                        ));
                    }
                    let exit = match found {
                        Some(found) => say_evidence(&found, output)?,
                        None => Exit::Done,
                    };
                    // What was not checked is not broken, and not whole either.
                    Ok(if stamps.unchecked > 0 && exit == Exit::Done { Exit::Partial } else { exit })
                }
                Err(broken) => {
                    if output.json {
                        output.json_document(&serde_json::json!({ "whole": false, "error": broken.to_string() }))?;
                    }
                    Err(Failure::new(Exit::Internal, broken.to_string())
                        .hint("keep this truth.db as evidence, restore one from a backup and compare"))
                }
            }
        }
        AuditRequest::Checkpoint => match truth.checkpoint_audit(app.rooms.now())? {
            Some(checkpoint) => {
                output.json_line(&checkpoint)?;
                output.note("keep this line on another machine; `audit verify --checkpoint FILE` compares with it");
                Ok(Exit::Done)
            }
            None => Err(Failure::usage("the audit log is empty")),
        },
        AuditRequest::Timestamp => {
            let taken = timestamps::take(&app.rooms, &app.paths().data).await?;
            for row in &taken {
                if output.json {
                    output.json_line(row)?;
                } else {
                    output.line(format!("{}  {}  {}  {}", row.name, row.at, row.count, row.authority))?;
                }
            }
            if taken.is_empty() {
                output.note("nothing is new since the last timestamps");
            }
            Ok(Exit::Done)
        }
        AuditRequest::Key => {
            let (id, pem) = truth.audit_key()?;
            if output.json {
                output.json_document(&serde_json::json!({ "id": id, "algorithm": "ed25519", "public_key": pem }))?;
            } else {
                output.line(format!("{id}\n{}", pem.trim_end()))?;
            }
            Ok(Exit::Done)
        }
        AuditRequest::List { limit } => {
            for entry in truth.audit_entries(None, *limit)? {
                if output.json {
                    output.json_line(&entry)?;
                } else {
                    output.line(format!(
                        "{:>6}  {}  {}  {}  {}",
                        entry.seq, entry.at, entry.actor, entry.action, entry.subject
                    ))?;
                }
            }
            Ok(Exit::Done)
        }
    }
}

fn say_timestamps(app: &App, stamps: &Checked, output: &Output) -> Result<(), Failure> {
    if stamps.timestamps == 0 {
        output.note(match app.rooms.settings.timestamps {
            Some(_) => "no timestamp was taken yet; `listingwatch audit timestamp` takes one",
            None => "the settings name no authority for timestamps: the hub's own signature stands alone",
        });
        return Ok(());
    }
    if let Some(last) = &stamps.log {
        output.line(format!(
            "{} timestamps; the log up to entry {} at {} by {}; {} hits covered, {} not yet",
            stamps.timestamps, last.count, last.at, last.authority, stamps.captures.covered, stamps.captures.uncovered
        ))?;
    }
    Ok(())
}

/// Every hit held against the record it cites.
type Found = (EvidenceChecked, Vec<BrokenCitation>);

fn check_evidence(app: &App) -> Result<Found, Failure> {
    let mut broken = Vec::new();
    let checked = evidence::check::<EvidenceError>(&app.rooms.truth, &app.paths().warc(), |one| {
        broken.push(one);
        Ok(())
    });
    let checked = checked.map_err(|error| {
        Failure::new(Exit::Internal, format!("the evidence cannot be checked: {error}"))
            .hint("make the folder warc/ of the data directory readable and run it again")
    })?;
    Ok((checked, broken))
}

fn say_evidence((checked, broken): &Found, output: &Output) -> Result<Exit, Failure> {
    for one in broken.iter().filter(|_| !output.json) {
        let BrokenCitation { citation, reason } = one;
        output.line(format!("{}  {}  {}  {reason}", citation.hit, citation.referral, citation.url))?;
    }
    if broken.is_empty() {
        output.note(format!(
            "{} hits cite their evidence rightly, {} destroyed as retention asks",
            checked.hold, checked.destroyed
        ));
        return Ok(Exit::Done);
    }
    let hits = checked.hold + checked.broken;
    let text = format!("{} of {hits} hits cite a record that is missing, damaged or another one", checked.broken);
    Err(Failure::new(Exit::Internal, text)
        .hint("keep this data directory as evidence, restore one from a backup and compare"))
}

/// Checkpoints of a file, one a line.
fn read_checkpoints(path: &Path) -> Result<Vec<Checkpoint>, Failure> {
    let wrong = |error: String| {
        Failure::usage(format!("`{}`: {error}", path.display()))
            .hint("name a file that holds what `audit checkpoint` printed")
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).map_err(|error| wrong(error.to_string()))).collect()
}

impl From<TimestampError> for Failure {
    fn from(error: TimestampError) -> Self {
        let hint = match &error {
            TimestampError::Truth(_) => return Failure::new(Exit::Internal, error.to_string()),
            TimestampError::NotSet => "fill in `[timestamps]` with `authority` and `roots` in listingwatch.toml",
            TimestampError::Address(_) | TimestampError::Status(_) | TimestampError::Fetch(_) => {
                "look at `[timestamps] authority` in listingwatch.toml; what is not timestamped now is next time"
            }
            TimestampError::File { .. } => {
                "look at `[timestamps] roots` and at the folder timestamps/ of the data directory"
            }
            TimestampError::Stamp(_) => {
                "`[timestamps] roots` must hold the certificate of this authority's root; see docs/OPERATIONS.md, Trusted time"
            }
        };
        let exit = if matches!(error, TimestampError::NotSet) { Exit::Configuration } else { Exit::Internal };
        Failure::new(exit, error.to_string()).hint(hint)
    }
}

impl From<RetentionError> for Failure {
    fn from(error: RetentionError) -> Self {
        match error {
            RetentionError::Truth(error) => error.into(),
            RetentionError::File { path, source } => {
                Failure::new(Exit::Internal, format!("`{}`: {source}", path.display()))
                    .hint("make the folder warc/ of the data directory writable and run it again")
            }
        }
    }
}

/// Paths a client of the control socket names, made absolute.
pub(super) fn absolute(request: AuditRequest, whole: impl Fn(PathBuf) -> PathBuf) -> AuditRequest {
    match request {
        AuditRequest::Verify { checkpoints, evidence } => {
            AuditRequest::Verify { checkpoints: checkpoints.into_iter().map(whole).collect(), evidence }
        }
        other => other,
    }
}

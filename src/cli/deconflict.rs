//! `deconflict …`: what is held back for another authority, and digests exchanged with other hubs.

use std::path::{Path, PathBuf};

use crate::app::App;
use crate::archive::export::OutFile;
use crate::cli::cases::referral;
use crate::cli::exit::{Exit, Failure};
use crate::cli::office_request::DeconflictRequest;
use crate::cli::output::Output;
use crate::config::units;
use crate::referral::deconflict::{DigestError, DigestKey, read_file, write_file};
use crate::referral::state::{Event, Intervals};
use crate::store::truth::{MarkKind, Overlap};
use crate::vocab::actor::Actor;
use crate::vocab::ids::ReferralId;

/// Longest file of digests: a million of them.
const FILE_LIMIT_BYTES: u64 = 128 << 20;

pub(super) fn run(app: &App, request: &DeconflictRequest, output: &Output) -> Result<Exit, Failure> {
    let (truth, now) = (&app.rooms.truth, app.rooms.now());
    match request {
        DeconflictRequest::HoldSubstance { id, reason, actor } => {
            let actor = super::actor(actor.as_deref())?;
            let detector = app.rooms.detector();
            if !detector.watchlist().substances.iter().any(|substance| substance.id == *id) {
                return Err(Failure::usage(format!("no substance `{id}`"))
                    .hint("`listingwatch watchlist lookup NAME` shows the ids"));
            }
            let held = truth.set_mark(MarkKind::Substance, std::slice::from_ref(id), reason, &actor, now)?;
            say_cases(&held, "held", output)?;
        }
        DeconflictRequest::HoldSeller { referral: case, reason, actor } => {
            let actor = super::actor(actor.as_deref())?;
            let hashes = truth.fingerprints_of(&referral(case)?)?;
            if hashes.is_empty() {
                return Err(Failure::usage(format!("the listings of `{case}` name no seller, contact or account"))
                    .hint("hold the case itself with `listingwatch referrals hold`"));
            }
            let held = truth.set_mark(MarkKind::Seller, &hashes, reason, &actor, now)?;
            say_cases(&held, "held", output)?;
        }
        DeconflictRequest::Lift { kind, value, actor } => {
            let kind = match kind.as_str() {
                "substance" => MarkKind::Substance,
                "seller" => MarkKind::Seller,
                other => return Err(Failure::usage(format!("no kind `{other}`")).hint("kinds are substance, seller")),
            };
            let released = truth.lift_mark(kind, value, &super::actor(actor.as_deref())?, now)?;
            say_cases(&released, "released", output)?;
        }
        DeconflictRequest::List => {
            for mark in truth.marks()? {
                if output.json {
                    output.json_line(&mark)?;
                } else {
                    output
                        .line(format!("{}  {}  {}  {}  {}", mark.kind, mark.value, mark.at, mark.actor, mark.reason))?;
                }
            }
        }
        DeconflictRequest::Key => {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).map_err(|e| Failure::new(Exit::Internal, format!("no randomness: {e}")))?;
            let (_, text) = DigestKey::from_random(bytes);
            if output.json {
                output.json_document(&serde_json::json!({ "key": text }))?;
            } else {
                output.line(text)?;
            }
            output.note(
                "keep it in a file only you can read; hand it to one other hub in person; make a new one for each",
            );
        }
        DeconflictRequest::Export { partner, key, out, expires, actor } => {
            let life = units::duration(expires)
                .map_err(|error| Failure::usage(format!("--expires: {error}")).hint("write 30d"))?;
            let key = read_key(key)?;
            let digests = truth.digests_to_share(&key, partner, &super::actor(actor.as_deref())?, now)?;
            let source = app.rooms.settings.sender.as_ref().map_or("unnamed", |sender| sender.name.as_str());
            let text = write_file(&key, source, &digests, now, now.after(life));
            let refused = |error: String| Failure::usage(error).hint("name a file in a folder you may write to");
            let mut file = OutFile::create(out).map_err(|error| refused(error.to_string()))?;
            std::io::Write::write_all(&mut file, text.as_bytes())?;
            file.finish().map_err(|error| refused(error.to_string()))?;
            output.note(format!("{} digests written to {}", digests.len(), out.display()));
        }
        DeconflictRequest::Import { file, key, hold, actor } => {
            let key = read_key(key)?;
            let text = read_text(file)?;
            let (head, digests) = read_file(&key, &text, now).map_err(|error| {
                let hint = match error {
                    DigestError::OtherKey => "use the key that was made for this hub",
                    DigestError::Expired(_) => "ask the other hub for a new file",
                    _ => "name a file that `deconflict export` wrote",
                };
                Failure::usage(format!("`{}`: {error}", file.display())).hint(hint)
            })?;
            let actor = super::actor(actor.as_deref())?;
            truth.keep_foreign_digests(&head.source, &digests, head.expires, &actor, now)?;
            let overlaps = truth.overlaps(&head.source, &key, now)?;
            if *hold {
                hold_drafts(app, &overlaps, &head.source, &actor)?;
            }
            report(&overlaps, output)?;
            output.note(format!(
                "{} digests of {} kept until {}; {} of our cases overlap",
                digests.len(),
                head.source,
                head.expires.date(),
                overlaps.len()
            ));
        }
        DeconflictRequest::Report { source, key } => {
            report(&truth.overlaps(source, &read_key(key)?, now)?, output)?;
        }
    }
    Ok(Exit::Done)
}

fn hold_drafts(app: &App, overlaps: &[Overlap], source: &str, actor: &Actor) -> Result<(), Failure> {
    let none = Intervals { recheck: std::time::Duration::ZERO, renotice: std::time::Duration::ZERO };
    for overlap in overlaps.iter().filter(|overlap| matches!(overlap.state.as_str(), "drafted" | "relisted")) {
        let event = Event::Hold { reason: format!("{source} works on it too") };
        app.rooms.truth.apply(&referral(&overlap.referral)?, event, actor, &[], none, app.rooms.now())?;
    }
    Ok(())
}

fn report(overlaps: &[Overlap], output: &Output) -> Result<(), Failure> {
    for overlap in overlaps {
        if output.json {
            output.json_line(overlap)?;
        } else {
            let kinds: Vec<String> = overlap.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
            output.line(format!(
                "{}  {}  {}  {}",
                overlap.referral,
                overlap.platform,
                overlap.state,
                kinds.join(", ")
            ))?;
        }
    }
    Ok(())
}

fn say_cases(cases: &[ReferralId], what: &str, output: &Output) -> Result<(), Failure> {
    for case in cases {
        if output.json {
            output.json_line(&serde_json::json!({ "id": case, what: true }))?;
        } else {
            output.line(format!("{case} is {what}"))?;
        }
    }
    output.note(format!("{} cases {what}", cases.len()));
    Ok(())
}

fn read_key(path: &Path) -> Result<DigestKey, Failure> {
    let text = read_text(path)?;
    DigestKey::parse(&text).map_err(|error| {
        Failure::usage(format!("`{}`: {error}", path.display())).hint("`listingwatch deconflict key` makes one")
    })
}

fn read_text(path: &Path) -> Result<String, Failure> {
    use std::io::Read;
    let wrong = |error: std::io::Error| Failure::usage(format!("`{}`: {error}", path.display()));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(wrong)?;
    file.take(FILE_LIMIT_BYTES).read_to_string(&mut text).map_err(wrong)?;
    Ok(text)
}

/// Paths a client of the control socket names, made absolute.
pub(super) fn absolute(request: DeconflictRequest, whole: impl Fn(PathBuf) -> PathBuf) -> DeconflictRequest {
    use DeconflictRequest as D;
    match request {
        D::Export { partner, key, out, expires, actor } => {
            D::Export { partner, key: whole(key), out: whole(out), expires, actor }
        }
        D::Import { file, key, hold, actor } => D::Import { file: whole(file), key: whole(key), hold, actor },
        D::Report { source, key } => D::Report { source, key: whole(key) },
        other => other,
    }
}

//! What left and how it fared, answers in bulk, orders.

use std::io::Read;

use crate::app::App;
use crate::cli::cases::{platform_of, referral};
use crate::cli::exit::{Exit, Failure};
use crate::cli::office_request::OrderArgs;
use crate::cli::output::Output;
use crate::evidence::audit::Said;
use crate::outbound::notice_html;
use crate::referral::answers::{self, AnswerLine};
use crate::referral::language;
use crate::referral::notice::ground::findings_of;
use crate::referral::notice::{NoticeEvidence, NoticeSender};
use crate::referral::order::{Order, OrderDraft};
use crate::referral::reasons::REASONS;
use crate::referral::state::Intervals;
use crate::store::truth::TruthError;
use crate::vocab::actor::Actor;
use crate::vocab::ids::{PlatformId, ReferralId};

/// Longest file of answers.
const FILE_LIMIT_BYTES: u64 = 8 << 20;

pub(super) fn deliveries(app: &App, id: Option<&str>, output: &Output) -> Result<Exit, Failure> {
    let truth = &app.rooms.truth;
    let Some(id) = id else {
        let stuck = truth.undeliverable(1000)?;
        for one in &stuck {
            if output.json {
                output.json_line(one)?;
            } else {
                output.line(format!(
                    "{}  {}  {}  {}  {} attempts  {}",
                    one.referral,
                    one.platform,
                    one.channel,
                    one.message,
                    one.attempts,
                    one.last_error.as_deref().unwrap_or_default()
                ))?;
            }
        }
        if stuck.is_empty() {
            output.note("nothing is undeliverable");
        } else {
            output.note("hint: `listingwatch referrals resend ID` makes it due again");
        }
        return Ok(Exit::Done);
    };
    let id = referral(id)?;
    let (rows, attempts) = (truth.deliveries_of(&id)?, truth.attempts_of(&id)?);
    if output.json {
        output.json_document(&serde_json::json!({ "deliveries": rows, "attempts": attempts }))?;
        return Ok(Exit::Done);
    }
    for row in &rows {
        let what = row.receipt.as_deref().or(row.last_error.as_deref()).unwrap_or_default();
        output.line(format!("{}  {}  {}  {} attempts  {what}", row.channel, row.message, row.state, row.attempts))?;
        for attempt in attempts.iter().filter(|attempt| attempt.idempotency_key == row.idempotency_key) {
            output.line(format!("    {}  {}  {}", attempt.at, attempt.result, attempt.detail))?;
        }
    }
    if rows.is_empty() {
        output.note("nothing was sent about this case");
    }
    Ok(Exit::Done)
}

pub(super) fn reasons(output: &Output) -> Result<Exit, Failure> {
    for reason in REASONS {
        if output.json {
            output.json_line(reason)?;
        } else {
            output.line(format!("{:<18} {:<20} {}", reason.decision.name(), reason.code, reason.title))?;
        }
    }
    Ok(Exit::Done)
}

pub(super) fn outcomes(
    app: &App,
    file: &std::path::Path,
    platform: Option<&str>,
    actor: &Actor,
    output: &Output,
) -> Result<Exit, Failure> {
    let platform = platform.map(PlatformId::parse).transpose().map_err(|e| Failure::usage(e.to_string()))?;
    let unreadable = |error: std::io::Error| {
        Failure::usage(format!("`{}`: {error}", file.display())).hint("name a file of comma-separated values")
    };
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        std::io::stdin().take(FILE_LIMIT_BYTES + 1).read_to_end(&mut bytes)?;
    } else {
        let opened = std::fs::File::open(file).map_err(unreadable)?;
        opened.take(FILE_LIMIT_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if bytes.len() as u64 > FILE_LIMIT_BYTES {
        return Err(Failure::usage("the file is larger than 8 MiB").hint("send it in parts"));
    }
    let lines = answers::read(&bytes).map_err(|error| Failure::usage(error.to_string()))?;
    let (mut done, mut failed) = (0_u64, 0_u64);
    for line in lines {
        let result = match line {
            Ok(answer) => {
                let (at, case) = (answer.line, answer.referral.to_string());
                take(app, answer, platform.as_ref(), actor)
                    .map(|state| (at, case.clone(), state))
                    .map_err(|error| (at, Some(case), error.to_string()))
            }
            Err(bad) => Err((bad.line, bad.referral, bad.error)),
        };
        let row = match &result {
            Ok((line, case, state)) => {
                done += 1;
                serde_json::json!({ "line": line, "referral": case, "state": state })
            }
            Err((line, case, error)) => {
                failed += 1;
                serde_json::json!({ "line": line, "referral": case, "error": error })
            }
        };
        if output.json {
            output.json_line(&row)?;
        } else if let Err((line, _, error)) = &result {
            output.line(format!("line {line}: {error}"))?;
        }
    }
    output.note(format!("{done} answers taken, {failed} lines refused"));
    Ok(if failed == 0 { Exit::Done } else { Exit::Partial })
}

/// Why an answer of a file is not taken.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    /// There is no such case, or it is another platform's.
    #[error("no referral `{0}`")]
    NoReferral(ReferralId),
    /// Its platform has no file any more.
    #[error("there is no agreement with `{0}` any more")]
    NoAgreement(PlatformId),
    /// The record of truth refused.
    #[error(transparent)]
    Truth(#[from] TruthError),
}

fn take(app: &App, answer: AnswerLine, only: Option<&PlatformId>, actor: &Actor) -> Result<&'static str, NotTaken> {
    let truth = &app.rooms.truth;
    let (platform, state) = truth.referral_state(&answer.referral)?;
    // Of another platform's case nobody learns more than of one that does not exist.
    if only.is_some_and(|only| *only != platform) || (only.is_some() && !state.is_visible_to_platform()) {
        return Err(NotTaken::NoReferral(answer.referral));
    }
    let policy = app.platform(&platform).ok_or(NotTaken::NoAgreement(platform))?;
    let intervals = Intervals::of(&policy.referral);
    let of = (&answer.outcome, answer.url.as_slice());
    let after = truth.answer(&answer.referral, of, None, actor, intervals, app.rooms.now())?;
    app.answered(&answer.referral, answer.outcome.decision);
    Ok(after.name())
}

pub(super) fn order(app: &App, args: &OrderArgs, output: &Output) -> Result<Exit, Failure> {
    let id = referral(&args.id)?;
    let full = app.rooms.truth.referral(&id)?;
    let platform = platform_of(app, &id)?;
    if let Some(tag) = args.language.as_deref().filter(|tag| !language::is_known(tag)) {
        return Err(Failure::usage(format!("no language `{tag}`"))
            .hint(format!("languages are {}", language::codes().join(", "))));
    }
    let language = args.language.clone().unwrap_or_else(|| platform.referral.language.clone());
    let words = language::Catalogue::of(&language);
    let assessments: Vec<_> = full.hits.iter().map(|hit| hit.assessment.clone()).collect();
    let settings = &app.rooms.settings;
    let urls = full.pages(full.hits.iter().map(|hit| &hit.url));
    let draft = OrderDraft {
        language,
        number: args.number.clone(),
        referral: Some(id.clone()),
        platform: Some(platform.id.clone()),
        authority: settings.sender.as_ref().map(|sender| NoticeSender {
            name: sender.name.clone(),
            address: sender.address.clone(),
            contact: sender.contact.clone(),
        }),
        legal_basis: args.legal_basis.clone(),
        why: findings_of(&assessments).iter().map(|finding| finding.sentence(words)).collect(),
        provision: args.provision.clone(),
        urls,
        territory: args.territory.clone(),
        act: args.act.clone(),
        redress: args.redress.clone(),
        report_to: args.report_to.clone(),
        evidence: full
            .hits
            .iter()
            .map(|hit| NoticeEvidence {
                url: hit.url.clone(),
                captured_at: hit.captured_at,
                payload_digest: hit.payload_digest.clone(),
                record_id: hit.warc_record.clone(),
            })
            .collect(),
        at: Some(app.rooms.now()),
    };
    let order = Order::complete(draft)
        .map_err(|missing| Failure::policy(format!("the order lacks `{}`", missing.field)).hint(missing.hint))?;
    let actor = super::actor(args.actor.as_deref())?;
    // The audit log is kept for ever: the records of the evidence say which listings, their addresses may name a seller.
    let mut detail = serde_json::to_value(&order)?;
    if let Some(order) = detail.as_object_mut() {
        order.remove("urls");
        for one in order.get_mut("evidence").and_then(|evidence| evidence.as_array_mut()).into_iter().flatten() {
            one.as_object_mut().and_then(|one| one.remove("url"));
        }
    }
    let detail = detail.to_string();
    let said = Said { actor: &actor, action: "write-order", subject: id.as_str(), detail: &detail };
    app.rooms.truth.note(&said, app.rooms.now())?;
    match args.format.as_str() {
        _ if output.json => output.json_document(&order)?,
        "json" => output.json_document(&order)?,
        "html" => output.line(notice_html::page_of(&order.document()))?,
        "text" => output.line(order.document().text())?,
        other => return Err(Failure::usage(format!("no format `{other}`")).hint("formats are text, html, json")),
    }
    Ok(Exit::Done)
}

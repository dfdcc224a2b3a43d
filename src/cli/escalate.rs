//! `escalate …`: a case that a platform does not act on goes to another authority, as a document that people hand over.

use crate::app::App;
use crate::cli::cases::{platform_of, referral};
use crate::cli::exit::{Exit, Failure};
use crate::cli::office_request::EscalateRequest;
use crate::cli::output::Output;
use crate::store::truth::Escalation;
use crate::vocab::ids::PlatformId;

pub(super) fn run(app: &App, request: &EscalateRequest, output: &Output) -> Result<Exit, Failure> {
    let (truth, now) = (&app.rooms.truth, app.rooms.now());
    match request {
        EscalateRequest::Warn { id, until, actor } => {
            let day = until.parse::<jiff::civil::Date>().map_err(|error| {
                Failure::usage(format!("--until: `{until}`: {error}")).hint("write it as 2026-12-31")
            })?;
            let id = referral(id)?;
            let platform = platform_of(app, &id)?;
            let state = truth.warn(&id, &platform, day, &super::actor(actor.as_deref())?, now)?;
            if output.json {
                output.json_document(&serde_json::json!({ "id": id, "state": state.name(), "until": day }))?;
            } else {
                output.line(format!("{} is warned about {id} until {day}; it is told by its channels", platform.id))?;
            }
        }
        EscalateRequest::Draft { id, to, purpose, actor } => {
            let id = referral(id)?;
            let platform = platform_of(app, &id)?;
            let drafted =
                truth.draft_escalation(&id, &platform, (to, purpose), &super::actor(actor.as_deref())?, now)?;
            show(&drafted, output)?;
            output.note(format!("a second person approves it: listingwatch escalate approve {}", drafted.id));
        }
        EscalateRequest::Approve { id, actor } => {
            let held = truth.escalation(id)?;
            let platform =
                PlatformId::parse(&held.platform).ok().and_then(|id| app.platform(&id)).ok_or_else(|| {
                    Failure::usage(format!("there is no agreement with `{}` any more", held.platform))
                        .hint("`listingwatch platforms list` shows them")
                })?;
            let approved = truth.approve_escalation(id, &platform, &super::actor(actor.as_deref())?, now)?;
            show(&approved, output)?;
            output.note("nothing was sent: hand the document over yourself");
        }
        EscalateRequest::List { referral: of } => {
            let of = of.as_deref().map(referral).transpose()?;
            let held = truth.escalations(of.as_ref(), None)?;
            for one in &held {
                if output.json {
                    output.json_line(one)?;
                } else {
                    let standing = if one.approved.is_some() { "approved" } else { "draft" };
                    output.line(format!("{}  {}  {standing}  {}  {}", one.id, one.referral, one.at, one.purpose))?;
                }
            }
            if held.is_empty() {
                output.note("no escalation was drafted");
            }
        }
        EscalateRequest::Show { id } => show(&truth.escalation(id)?, output)?,
    }
    Ok(Exit::Done)
}

fn show(held: &Escalation, output: &Output) -> Result<(), Failure> {
    if output.json { output.json_document(held) } else { output.line(held.text.trim_end()) }
}

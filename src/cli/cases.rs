//! `referrals …`: the case work.

use std::sync::Arc;

use crate::app::App;
use crate::cli::deliveries;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::request::ReferralsRequest;
use crate::cli::scan::MANDATE_HINT;
use crate::engine::{dispatch, recheck};
use crate::referral::language;
use crate::referral::outcome::{Decision, Outcome};
use crate::referral::reasons::OutcomeError;
use crate::referral::state::{Event, Intervals, ReferralState};
use crate::report::coverage::in_words;
use crate::store::truth::TruthError;
use crate::store::truth::{CaseFilter, NoticeTerms, ReferralFull, ReferralRow};
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::platform::Platform;
use crate::vocab::terms::{CaseSight, CaseState};

pub(super) async fn run(app: &Arc<App>, request: &ReferralsRequest, output: &Output) -> Result<Exit, Failure> {
    let truth = &app.rooms.truth;
    match request {
        ReferralsRequest::List { platform, state, category, series, limit } => {
            if let Some(Err(unknown)) = state.as_deref().map(str::parse::<CaseState>) {
                return Err(Failure::usage(format!("no state `{}`", unknown.written))
                    .hint(format!("states are {}", unknown.known.join(", "))));
            }
            let platform =
                platform.as_deref().map(PlatformId::parse).transpose().map_err(|e| Failure::usage(e.to_string()))?;
            let filter = CaseFilter {
                platform,
                state: state.clone(),
                category: category.clone(),
                series: series.clone(),
                newest_first: true,
                limit: *limit,
                ..CaseFilter::default()
            };
            if let Some(series) = series {
                truth.platform_of_series(series)?;
            }
            list(&truth.referrals(&filter)?, output)?;
            for queued in truth.queued()? {
                output.note(format!(
                    "{} more cases of `{}` wait: at most {} are opened in an hour (`--state queued` lists them)",
                    queued.cases, queued.platform, queued.per_hour
                ));
            }
        }
        ReferralsRequest::Show { id } => {
            let full = truth.referral(&referral(id)?)?;
            if output.json {
                let mut document = serde_json::to_value(&full)?;
                document["looks"] = serde_json::to_value(truth.looks_at(&referral(id)?)?)?;
                output.json_document(&document)?;
            } else {
                show(&full, output)?;
                for look in truth.looks_at(&referral(id)?)? {
                    output.line(format!("  looked at {}  {}  {}", look.at, look.seen, look.url))?;
                }
            }
        }
        ReferralsRequest::Attention { limit } => {
            for (row, why) in truth.attention(*limit)? {
                if output.json {
                    let mut document = serde_json::to_value(&row)?;
                    document["attention"] = why.into();
                    output.json_line(&document)?;
                } else {
                    output.line(format!("{}  {why}  {}  {}  {}", row.id, row.state, row.platform, row.title))?;
                }
            }
        }
        ReferralsRequest::Approve { ids, series, actor } => {
            let actor = super::actor(actor.as_deref())?;
            for id in ids {
                let id = referral(id)?;
                let platform = platform_of(app, &id)?;
                let state = dispatch::approve(&app.rooms, &id, &platform, &actor)?;
                say(&id, &state, output)?;
            }
            let mut refused = 0_u64;
            for id in drafts_of(app, series.as_deref())? {
                let platform = platform_of(app, &id)?;
                match dispatch::approve(&app.rooms, &id, &platform, &actor) {
                    Ok(state) => say(&id, &state, output)?,
                    // The others of the series can leave all the same.
                    Err(error @ (TruthError::Notice(_) | TruthError::Held(_) | TruthError::Step(_))) => {
                        refused += 1;
                        output.note(format!("{id} is not approved: {error}"));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            dispatch::step(&app.rooms, &app.platforms()).await?;
            return Ok(if refused == 0 { Exit::Done } else { Exit::Partial });
        }
        ReferralsRequest::Dismiss { ids, series, reason, actor } => {
            let drafts = drafts_of(app, series.as_deref())?;
            for id in ids.iter().map(String::as_str).chain(drafts.iter().map(ReferralId::as_str)) {
                apply(app, id, Event::Dismiss { reason: reason.clone() }, actor.as_deref(), output)?;
            }
        }
        ReferralsRequest::Hold { id, reason, actor } => {
            apply(app, id, Event::Hold { reason: reason.clone() }, actor.as_deref(), output)?;
        }
        ReferralsRequest::Release { id, actor } => {
            apply(app, id, Event::Release, actor.as_deref(), output)?;
        }
        ReferralsRequest::Uphold { id, actor } => {
            apply(app, id, Event::Uphold, actor.as_deref(), output)?;
            dispatch::step(&app.rooms, &app.platforms()).await?;
        }
        ReferralsRequest::Correct { id, reason, actor } => {
            let id = referral(id)?;
            let platform = platform_of(app, &id)?;
            let policy = &platform.referral;
            let (actor, now) = (super::actor(actor.as_deref())?, app.rooms.now());
            let new = truth.correct(&id, reason, &actor, &policy.channels, Intervals::of(policy), now)?;
            dispatch::step(&app.rooms, &app.platforms()).await?;
            if output.json {
                output.json_line(&serde_json::json!({ "id": id, "state": "corrected", "draft": new }))?;
            } else {
                output.line(format!("{id} is corrected; {new} is drafted in its place"))?;
            }
        }
        ReferralsRequest::Deliveries { id } => return deliveries::deliveries(app, id.as_deref(), output),
        ReferralsRequest::Resend { ids, actor } => {
            let actor = super::actor(actor.as_deref())?;
            for id in ids {
                let id = referral(id)?;
                if truth.replay_undeliverable(&id, &actor, app.rooms.now())? == 0 {
                    return Err(Failure::usage(format!("nothing of `{id}` is undeliverable"))
                        .hint("`listingwatch referrals deliveries` lists what is"));
                }
            }
            dispatch::step(&app.rooms, &app.platforms()).await?;
            for id in ids {
                let (_, state) = truth.referral_state(&referral(id)?)?;
                say(&referral(id)?, &state, output)?;
            }
        }
        ReferralsRequest::Outcomes { file, platform, actor } => {
            let actor = super::actor(actor.as_deref())?;
            return deliveries::outcomes(app, file, platform.as_deref(), &actor, output);
        }
        ReferralsRequest::Reasons => return deliveries::reasons(output),
        ReferralsRequest::Order(args) => return deliveries::order(app, args, output),
        ReferralsRequest::Withdraw { id, reason, actor } => {
            apply(app, id, Event::Withdraw { reason: reason.clone() }, actor.as_deref(), output)?;
            dispatch::step(&app.rooms, &app.platforms()).await?;
        }
        ReferralsRequest::Send => {
            let done = dispatch::step(&app.rooms, &app.platforms()).await?;
            let document = serde_json::json!({ "approved": done.approved, "delivered": done.delivered,
                "postponed": done.postponed, "failed": done.failed });
            if output.json {
                output.json_document(&document)?;
            } else {
                output.line(format!(
                    "{} delivered, {} put off, {} given up, {} approved by policy",
                    done.delivered, done.postponed, done.failed, done.approved
                ))?;
            }
            return Ok(if done.failed + done.postponed == 0 { Exit::Done } else { Exit::Partial });
        }
        ReferralsRequest::Outcome { id, decision, reason, reference, urls, actor } => {
            let decision = Decision::parse(decision)
                .ok_or_else(|| Failure::usage(OutcomeError::Decision(decision.clone()).to_string()))?;
            let id = referral(id)?;
            let platform = platform_of(app, &id)?;
            let outcome = Outcome::checked(decision, reason.as_deref(), reference.as_deref()).map_err(|error| {
                Failure::usage(error.to_string()).hint("`listingwatch referrals reasons` lists them")
            })?;
            let actor = super::actor(actor.as_deref())?;
            let intervals = Intervals::of(&platform.referral);
            let state = truth.answer(&id, (&outcome, urls), None, &actor, intervals, app.rooms.now())?;
            app.answered(&id, decision);
            say(&id, &state, output)?;
        }
        ReferralsRequest::Notice { id, language, format } => {
            let id = referral(id)?;
            let full = truth.referral(&id)?;
            let platform = platform_of(app, &id)?;
            if let Some(tag) = language.as_deref().filter(|tag| !language::is_known(tag)) {
                return Err(Failure::usage(format!("no language `{tag}`"))
                    .hint(format!("languages are {}", language::codes().join(", "))));
            }
            let terms = NoticeTerms { language: language.clone(), ..app.rooms.notice_terms(&id, full.row.updated) };
            let forms = truth.notice_forms(&full, &platform, terms)?;
            let form = match format.as_str() {
                _ if output.json => &forms.json,
                "json" => &forms.json,
                "html" => &forms.html,
                "text" => &forms.text,
                other => {
                    return Err(Failure::usage(format!("no format `{other}`")).hint("formats are text, html, json"));
                }
            };
            // Byte for byte what was sent: a saved notice can be held against the audit log.
            output.bytes(form)?;
        }
        ReferralsRequest::Recheck { ids } => {
            let platforms = app.platforms();
            let mut done = Vec::new();
            if ids.is_empty() {
                done = recheck::step(&app.rooms, &platforms, 1000).await?;
            }
            for id in ids {
                let target = truth.recheck_target(&referral(id)?)?;
                done.push(recheck::one(&app.rooms, &platforms, target).await?);
            }
            for one in &done {
                if output.json {
                    output.json_line(one)?;
                } else {
                    let pages: Vec<&str> = one.pages.iter().map(|page| page.seen.as_str()).collect();
                    output.line(format!(
                        "{}  {} ({})  {}",
                        one.referral,
                        one.seen,
                        pages.join(", "),
                        one.state.as_deref().unwrap_or("unchanged")
                    ))?;
                    if let Some(next) = one.next {
                        output.note(format!("the look at {} informs only: one counts from {next} on", one.referral));
                    }
                }
            }
            for reason in done.iter().filter_map(|one| one.refused).collect::<std::collections::BTreeSet<_>>() {
                output.note(format!("hint: {}; {MANDATE_HINT}", in_words(reason)));
            }
            let unseen = done.iter().any(|one| one.seen == CaseSight::NotSeen);
            return Ok(if unseen { Exit::Partial } else { Exit::Done });
        }
    }
    Ok(Exit::Done)
}

/// A table of cases, or JSON Lines.
pub(super) fn list(rows: &[ReferralRow], output: &Output) -> Result<(), Failure> {
    if output.json {
        return rows.iter().try_for_each(|row| output.json_line(row));
    }
    if rows.is_empty() {
        output.note("no cases");
        return Ok(());
    }
    let mut table = comfy_table::Table::new();
    table.set_header(["id", "state", "platform", "category", "score", "title", "substances"]);
    for row in rows {
        let short = |text: &str, chars: usize| {
            let cut: String = text.chars().take(chars).collect();
            if cut.len() < text.len() { format!("{cut}…") } else { cut }
        };
        table.add_row([
            row.id.clone(),
            row.state.clone(),
            row.platform.clone(),
            row.category.map(|category| category.to_string()).unwrap_or_default(),
            format!("{:.2}", row.score),
            short(&row.title, 44),
            short(&row.substances.join(", "), 36),
        ]);
    }
    output.line(table.to_string())
}

fn show(full: &ReferralFull, output: &Output) -> Result<(), Failure> {
    let row = &full.row;
    output.line(format!("{}  {}  {}  score {:.3}", row.id, row.state, row.platform, row.score))?;
    output.line(row.title.clone())?;
    for hit in &full.hits {
        let gone = hit.gone_at.map(|at| format!(", gone at {at}")).unwrap_or_default();
        output.line(format!("  {}  ({:.3}{gone})", hit.url, hit.assessment.score))?;
    }
    for page in full.pages.iter().filter(|page| page.answer.is_some() || page.looked_at.is_some()) {
        let looked = page.looked_at.map(|at| format!(", looked at {at}")).unwrap_or_default();
        let answer = page.answer.as_ref();
        let answer = answer.map(|given| format!(", answered {}", given.outcome.decision.name())).unwrap_or_default();
        output.line(format!("  page  {}  {}{answer}{looked}", page.url, page.state))?;
    }
    if let Some(hit) = full.hits.first() {
        output.line("why")?;
        for reason in &hit.assessment.reasons {
            output.line(format!("  - {reason}"))?;
        }
        output.line(format!("evidence  {} at {} in {}", hit.payload_digest, hit.warc_offset, hit.warc_file))?;
    }
    for line in full.history_for(true) {
        output.line(format!("before  {line}"))?;
    }
    if let Some(why) = &full.attention {
        output.line(format!("waits for an authority: {why}"))?;
    }
    if !full.story.is_empty() {
        output.line("what was said")?;
    }
    for said in &full.story {
        let decision = said.decision.map(|decision| format!(": {}", decision.name())).unwrap_or_default();
        output.line(format!("  {}  {}  {}{decision}", said.at, said.actor, said.event))?;
        for url in &said.urls {
            output.line(format!("      page: {url}"))?;
        }
        for (what, words) in [("reason", &said.reason), ("reference", &said.reference), ("statement", &said.statement)]
        {
            if let Some(words) = words {
                output.line(format!("      {what}: {}", words.replace('\n', "\n      ")))?;
            }
        }
    }
    output.line("what happened")?;
    for event in &full.events {
        output.line(format!("  {}  {}  {} -> {}", event.at, event.actor, event.event, event.state))?;
    }
    Ok(())
}

/// The drafts of a series; of none, none.
fn drafts_of(app: &App, series: Option<&str>) -> Result<Vec<ReferralId>, Failure> {
    let Some(series) = series else { return Ok(Vec::new()) };
    app.rooms.truth.platform_of_series(series)?;
    let drafts = app.rooms.truth.drafts_of_series(series, usize::MAX >> 1)?;
    if drafts.is_empty() {
        return Err(Failure::usage(format!("`{series}` has no drafts"))
            .hint(format!("`listingwatch referrals list --series {series}` shows its cases")));
    }
    Ok(drafts)
}

fn apply(app: &App, id: &str, event: Event, actor: Option<&str>, output: &Output) -> Result<(), Failure> {
    let id = referral(id)?;
    let platform = platform_of(app, &id)?;
    let policy = &platform.referral;
    let state = app.rooms.truth.apply(
        &id,
        event,
        &super::actor(actor)?,
        &policy.channels,
        Intervals::of(policy),
        app.rooms.now(),
    )?;
    say(&id, &state, output)
}

fn say(id: &ReferralId, state: &ReferralState, output: &Output) -> Result<(), Failure> {
    if output.json {
        output.json_line(&serde_json::json!({ "id": id, "state": state.name() }))
    } else {
        output.line(format!("{id} is {state}"))
    }
}

pub(super) fn referral(id: &str) -> Result<ReferralId, Failure> {
    ReferralId::parse(id)
        .map_err(|error| Failure::usage(error.to_string()).hint("`listingwatch referrals list` shows the ids"))
}

pub(super) fn platform_of(app: &App, id: &ReferralId) -> Result<Arc<Platform>, Failure> {
    let name = app.rooms.truth.recheck_target(id)?.platform;
    app.platform(&name).ok_or_else(|| {
        Failure::policy(format!("there is no agreement with `{name}` any more"))
            .hint(format!("put seeds/{name}.toml back"))
    })
}

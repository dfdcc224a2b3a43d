//! One referral: its listings with the words that count, why, what can be done, what happened; its notice.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::detect::assessment::{NameMatch, SubstanceFinding};
use crate::outbound::notice_html;
use crate::outbound::wire::{CaseView, HitView, StoryView, TimelineView};
use crate::referral::issued::IssuedHead;
use crate::referral::outcome::Decision;
use crate::referral::row::ReferralRow;
use crate::server::api::notice_as;
use crate::server::auth::{Rights, visible_case};
use crate::server::console::inbox::act;
use crate::server::console::session::{Fields, SignedForm, Turned, Visitor};
use crate::server::console::timeline::{self, Line};
use crate::server::console::{Frame, decisions, page, query_text, queue, recorded, twin};
use crate::server::problem::Problem;
use crate::server::request::Params;
use crate::server::series;
use crate::server::state::ServerState;
use crate::server::work;
use crate::store::truth::{Claim, DeliveryRow, Escalation, Look, Principal};
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::platform::Use;
use crate::vocab::terms;

/// Other cases of the same sellers shown.
const OTHERS: usize = 8;

/// Looks at pages shown, the newest.
const LOOKS: usize = 50;

/// Characters of a changed value shown.
const SHORT_CHARS: usize = 160;

/// Log-odds at which a bar of the why-panel is full.
const FULL_BAR: f64 = 4.0;

/// States in which the last answer stands.
const ANSWERED: [&str; 2] = ["decided", "verified-gone"];

#[derive(Deserialize)]
pub(super) struct CaseQuery {
    format: Option<String>,
    queue: Option<String>,
    said: Option<String>,
}

/// One signal around a name and the words that gave it.
struct Signal {
    name: terms::Signal,
    words: Vec<String>,
    weight: f64,
}

#[derive(Template)]
#[template(path = "console/referral.html")]
struct ReferralPage {
    frame: Frame,
    case: CaseView,
    notice: Result<String, String>,
    /// Other cases with the same wording.
    alike: Vec<ReferralRow>,
    /// Other cases of the same sellers.
    others: Vec<ReferralRow>,
    decisions: [(&'static str, &'static str); 5],
    in_queue: bool,
    taken_by: Option<Claim>,
    said: Option<String>,
    timeline: Vec<Line>,
    /// What the platform answered last.
    answered: Option<Decision>,
    /// Every look at every page, newest first; for those who decide.
    looks: Vec<Look>,
    /// How each message went; for those who decide.
    deliveries: Vec<DeliveryRow>,
    /// The documents that left.
    documents: Vec<IssuedHead>,
    /// Drafts to another authority; none of them where the agreement does not have escalation.
    escalations: Option<Vec<Escalation>>,
}

impl ReferralPage {
    fn is(&self, state: &str) -> bool {
        self.case.referral.state == state
    }

    /// The reasons of a listing. What the score is made of is for those who set an order by it.
    fn reasons<'a>(&self, hit: &'a HitView) -> Vec<&'a str> {
        let all = hit.assessment.reasons.iter().map(String::as_str);
        all.filter(|reason| self.frame.decides() || !reason.starts_with("score from ")).collect()
    }

    fn is_open(&self) -> bool {
        let closed = ["queued", "drafted", "held", "dismissed", "withdrawn", "corrected", "expired", "contested"];
        !closed.contains(&self.case.referral.state.as_str())
    }

    /// What a platform answered, in words.
    fn decided(&self, said: &StoryView) -> &'static str {
        said.decision.map(Decision::words).unwrap_or_default()
    }

    /// The beginning of a changed value; the whole is in the report.
    fn short(&self, value: &str) -> String {
        let mut text: String = value.chars().take(SHORT_CHARS).collect();
        if text.len() < value.len() {
            text.push('…');
        }
        text
    }

    /// The case in one sentence: what is named, and on what legal ground.
    fn summary(&self) -> String {
        let mut named: Vec<&str> = Vec::new();
        for name in &self.case.referral.substances {
            if named.len() < 3 {
                named.push(name);
            }
        }
        let more = self.case.referral.substances.len().saturating_sub(named.len());
        let mut out = format!("Names {}", named.join(", "));
        if more > 0 {
            out.push_str(&format!(" and {more} more"));
        }
        let first = self.case.hits.iter().flat_map(|hit| &hit.assessment.substances).next();
        if let Some(substance) = first {
            let mut controls: Vec<String> = Vec::new();
            for control in substance.controls.iter().take(3) {
                controls.push(format!("{} {}", control.instrument, control.schedule));
            }
            if !controls.is_empty() {
                out.push_str(&format!(": {} under {}", substance.name, controls.join(", ")));
            }
            out.push_str(&format!("; {}", notice_html::use_in_words(substance.legitimate_use)));
        }
        out.push('.');
        out
    }

    /// How a name was recognised. Terms of goods are no street names, whichever list they stand in.
    fn how(&self, found: &SubstanceFinding, place: &NameMatch) -> Option<terms::How> {
        (found.class != terms::Class::Equipment).then_some(place.how)
    }

    /// What the words around a name say, one row a signal: a signal counts once however often it stands there.
    fn signals(&self, hit: &HitView) -> Vec<Signal> {
        let mut signals: Vec<Signal> = Vec::new();
        for found in &hit.assessment.context {
            match signals.iter_mut().find(|held| held.name == found.signal) {
                Some(held) => {
                    if !held.words.contains(&found.surface) {
                        held.words.push(found.surface.clone());
                    }
                    if found.weight.abs() > held.weight.abs() {
                        held.weight = found.weight;
                    }
                }
                None => signals.push(Signal {
                    name: found.signal,
                    words: vec![found.surface.clone()],
                    weight: found.weight,
                }),
            }
        }
        // What rounds to nothing says nothing.
        signals.retain(|signal| signal.weight.abs() >= 0.05);
        signals.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        signals
    }

    /// How far a weight fills its bar, in steps of five per cent.
    fn bar(&self, weight: &f64) -> String {
        let steps = (weight.abs() / FULL_BAR * 20.0).round().clamp(1.0, 20.0);
        format!("{} w{steps:.0}", if *weight < 0.0 { "against" } else { "for" })
    }
}

/// A row of a case's timeline for the CSV twin.
fn timeline_columns() -> [&'static str; 4] {
    ["at", "actor", "event", "state"]
}

pub(super) async fn show(
    State(state): State<ServerState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Params(query): Params<CaseQuery>,
) -> Result<Response, Turned> {
    let who = &visitor.who;
    let case = work::case(&state, who, &id).await?;
    match query.format.as_deref() {
        Some("json") => return Ok(axum::Json(&case).into_response()),
        format => {
            if let Some(answer) = twin::<TimelineView>(format, &case.timeline, &timeline_columns())? {
                return Ok(answer);
            }
        }
    }
    let decides = who.must_decide().is_ok();
    let waits = matches!(case.referral.state.as_str(), "drafted" | "held" | "relisted");
    let notice = if decides && waits {
        work::notice_preview(&state, who, &id).await
    } else {
        work::notice(&state, who, &id, None).await
    };
    // What the notice lacks is said in its place.
    let notice = match notice {
        Ok(notice) => Ok(notice.fragment().to_owned()),
        Err(problem) => Err(problem.detail.unwrap_or(problem.title).into_string()),
    };
    let answers = match ReferralId::parse(&id) {
        Ok(this) => state.truth(move |truth| truth.answers_to(&this)).await?,
        Err(_) => Vec::new(),
    };
    let mut sellers: Vec<String> = case.hits.iter().filter_map(|hit: &HitView| hit.seller.clone()).collect();
    sellers.sort_unstable();
    sellers.dedup();
    let (mut others, mut taken_by) = (Vec::new(), None);
    let (mut looks, mut deliveries, mut documents) = (Vec::new(), Vec::new(), Vec::new());
    if let Ok(this) = ReferralId::parse(&id) {
        (looks, deliveries, documents) = state
            .truth(move |truth| {
                let mut looks = if decides { truth.looks_at(&this)? } else { Vec::new() };
                looks.reverse();
                looks.truncate(LOOKS);
                let deliveries = if decides { truth.deliveries_of(&this)? } else { Vec::new() };
                Ok((looks, deliveries, truth.documents(&this)?))
            })
            .await?;
    }
    let (mut alike, wording) = (Vec::new(), case.referral.series.clone());
    if let Some(series) = &wording
        && let Ok((_, rows, _)) = series::cases(&state, who, series, OTHERS + 1).await
    {
        alike = rows.into_iter().filter(|row| row.id != id).take(OTHERS).collect();
    }
    if !decides {
        let rows = work::of_the_seller(&state, who, &id, OTHERS + 1).await?;
        others = rows.into_iter().filter(|row| row.id != id).take(OTHERS).collect();
    }
    if decides && let Ok(this) = ReferralId::parse(&id) {
        let now = state.now();
        let (found, claims) = state
            .truth(move |truth| Ok((truth.cases_of_sellers(&sellers, &this, OTHERS)?, truth.claims(now)?)))
            .await?;
        others = found;
        taken_by = claims.into_iter().find(|claim| claim.referral == id && claim.person != who.owner);
    }
    let mut escalations = None;
    if decides
        && let Ok(this) = ReferralId::parse(&id)
        && let Ok(platform) = PlatformId::parse(&case.referral.platform)
        && state.platform(&platform).is_ok_and(|platform| platform.agreement.allows(Use::Escalation))
    {
        escalations = Some(state.truth(move |truth| truth.escalations(Some(&this), Some(OTHERS))).await?);
    }
    let shown = ReferralPage {
        frame: Frame::new(&state, case.referral.title.clone(), "inbox", &visitor),
        timeline: timeline::lines(&case.timeline, &answers),
        answered: answers.last().copied().filter(|_| ANSWERED.contains(&case.referral.state.as_str())),
        case,
        notice,
        others,
        alike,
        decisions: decisions(),
        in_queue: query.queue.is_some(),
        taken_by,
        said: state.said(query.said.as_deref()),
        looks,
        deliveries,
        documents,
        escalations,
    };
    Ok(page(&shown)?.into_response())
}

pub(super) async fn decide(
    State(state): State<ServerState>,
    Path(id): Path<String>,
    form: SignedForm,
) -> Result<Response, Turned> {
    let SignedForm { visitor, fields } = form;
    if let Some(said) = escalate(&state, &visitor.who, &id, &fields).await? {
        return Ok(back(&state, &id, &said));
    }
    if fields.one("action") == Some("recheck") {
        work::recheck_soon(&state, &visitor.who, &id).await?;
        return Ok(back(&state, &id, "The crawler looks again soon."));
    }
    let after = act(&state, &visitor.who, &id, &fields).await?;
    if fields.one("queue").is_some() && visitor.who.must_decide().is_ok() {
        return Ok(queue::next(&state, visitor.who.owner.clone(), None).await?);
    }
    let answer = fields.one("decision").and_then(Decision::parse).filter(|_| fields.one("action") == Some("answer"));
    Ok(back(&state, &id, &answer.map_or_else(|| format!("Done: the case is {after}."), recorded)))
}

/// Warns, drafts or approves, where the form asks for one of these. Answers with what is said of it.
async fn escalate(state: &ServerState, who: &Principal, id: &str, fields: &Fields) -> Result<Option<String>, Problem> {
    let action = fields.one("action").unwrap_or_default();
    if !matches!(action, "warn" | "escalate" | "approve-escalation") {
        return Ok(None);
    }
    who.must_decide()?;
    let (case, platform, _) = visible_case(state, who, id).await?;
    let platform = state.platform(&platform)?;
    let (actor, now) = (who.actor(), state.now());
    Ok(Some(match action {
        "warn" => {
            let until = fields.must("until")?.parse::<jiff::civil::Date>();
            let until = until.map_err(|_| Problem::unprocessable("write the day as 2026-12-31"))?;
            state.truth(move |truth| truth.warn(&case, &platform, until, &actor, now)).await?;
            format!("The platform is warned until {until}.")
        }
        "escalate" => {
            let (to, purpose) = (fields.must("to")?.to_owned(), fields.must("purpose")?.to_owned());
            let drafted = state
                .truth(move |truth| truth.draft_escalation(&case, &platform, (&to, &purpose), &actor, now))
                .await?;
            format!("{} is drafted. A second person approves it.", drafted.id)
        }
        _ => {
            let named = fields.must("escalation")?.to_owned();
            let approved = state.truth(move |truth| truth.approve_escalation(&named, &platform, &actor, now)).await?;
            format!("{} is approved. Nothing was sent: hand it over yourself.", approved.id)
        }
    }))
}

fn back(state: &ServerState, id: &str, said: &str) -> Response {
    let query = query_text(&[("said", Some(state.say(said.to_owned())))]);
    Redirect::to(&format!("/console/referrals/{id}?{query}")).into_response()
}

#[derive(Template)]
#[template(path = "console/notice.html")]
struct NoticePage {
    frame: Frame,
    id: String,
    body: String,
}

pub(super) async fn notice(
    State(state): State<ServerState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Params(query): Params<CaseQuery>,
) -> Result<Response, Turned> {
    let notice = work::notice(&state, &visitor.who, &id, None).await?;
    if let Some(format) = query.format.as_deref() {
        return Ok(notice_as(notice, format)?);
    }
    let frame = Frame::new(&state, format!("Notice of {id}"), "inbox", &visitor);
    Ok(page(&NoticePage { frame, id, body: notice.fragment().to_owned() })?.into_response())
}

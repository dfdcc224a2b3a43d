//! What people and machines do with a case, the same for API and console: read, decide, answer, contest.

use crate::outbound::wire::{
    CaseView, ChangeView, EvidenceView, HitParts, HitView, LifecycleView, PageView, Reader, StoryView, TimelineView,
};
use crate::referral::issued::IssuedHead;
use crate::referral::outcome::Outcome;
use crate::referral::pages::CasePage;
use crate::referral::state::{Event, Intervals, ReferralState};
use crate::server::auth::{Rights, visible_case};
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::truth::{
    CaseHit, NoticeForms, NoticeTerms, Principal, ReferralFull, ReferralRow, RepeatKey, StoryLine, TruthError,
};
use crate::vocab::actor::{Actor, Person};
use crate::vocab::ids::{PlatformId, ReferralId};

fn hit_view(hit: CaseHit) -> HitView {
    let (title, text) = HitParts { title: &hit.title, text: &hit.text, assessment: &hit.assessment }.marked();
    HitView {
        evidence: EvidenceView {
            hit: hit.id.clone(),
            url: hit.url.clone(),
            record_id: hit.warc_record,
            payload_digest: hit.payload_digest,
            captured_at: hit.captured_at,
        },
        id: hit.id,
        url: hit.url,
        title,
        text,
        price: hit.price,
        currency: hit.currency,
        identifiers: hit.identifiers,
        seller: hit.seller,
        language: hit.language,
        images: hit.images,
        assessment: hit.assessment,
        first_seen: hit.first_seen,
        last_seen: hit.last_seen,
        gone_at: hit.gone_at,
    }
}

fn page_view(page: CasePage) -> PageView {
    PageView {
        url: page.url,
        state: page.state,
        seen: page.seen,
        status: page.status,
        looked_at: page.looked_at,
        answer: page.answer,
    }
}

/// A case as `reader` may see it, without the changes of its listings.
pub(super) fn case_view(full: ReferralFull, reader: Reader) -> Result<CaseView, Problem> {
    let step = |event: crate::store::truth::CaseEvent| TimelineView {
        at: event.at,
        actor: event.actor,
        actor_kind: event.actor_kind,
        role: event.actor_role,
        event: event.event,
        state: event.state,
    };
    let said = |line: StoryLine| StoryView {
        at: line.at,
        actor: line.actor,
        role: line.role,
        event: line.event,
        decision: line.decision,
        urls: line.urls,
        reason: line.reason,
        reference: line.reference,
        statement: line.statement,
    };
    let history = full.history_for(reader == Reader::Authority);
    let last_checked = full.pages.iter().filter_map(|page| page.looked_at).max();
    let view = CaseView {
        last_checked,
        referral: full.row,
        lifecycle: LifecycleView::of(&full.lifecycle),
        approved_by: full.approved_by,
        pages: full.pages.into_iter().map(page_view).collect(),
        hits: full.hits.into_iter().map(hit_view).collect(),
        changes: Vec::new(),
        timeline: full.events.into_iter().map(step).collect(),
        story: full.story.into_iter().map(said).collect(),
        history,
    };
    Ok(view.for_reader(reader))
}

/// One case as its reader may see it.
pub(super) async fn case(state: &ServerState, who: &Principal, id: &str) -> Result<CaseView, Problem> {
    let (id, ..) = visible_case(state, who, id).await?;
    let (full, changes) = state.truth(move |truth| Ok((truth.referral(&id)?, truth.changes_of(&id)?))).await?;
    let view = case_view(full, who.reader().unwrap_or(Reader::Platform))?;
    Ok(CaseView { changes: changes.into_iter().map(ChangeView::from).collect(), ..view })
}

/// Cases of the case's platform by the same seller, itself among them, as far as its reader may see them: so that an account is
/// closed once.
pub(super) async fn of_the_seller(
    state: &ServerState,
    who: &Principal,
    id: &str,
    limit: usize,
) -> Result<Vec<ReferralRow>, Problem> {
    let (id, ..) = visible_case(state, who, id).await?;
    let sees_all = who.must_decide().is_ok();
    let states: Vec<&str> = if sees_all { Vec::new() } else { ReferralState::VISIBLE_TO_PLATFORM.to_vec() };
    state.truth(move |truth| truth.cases_of_the_seller(&id, &states, limit)).await
}

/// The notice of a case as it was sent, or in a language of the reader's choice; before it left, a preview or the field it lacks.
pub(super) async fn notice(
    state: &ServerState,
    who: &Principal,
    id: &str,
    language: Option<String>,
) -> Result<NoticeForms, Problem> {
    let (id, platform, _) = visible_case(state, who, id).await?;
    let platform = state.platform(&platform)?;
    let desk = state.clone();
    state
        .truth(move |truth| {
            let full = truth.referral(&id)?;
            let terms = NoticeTerms { language, ..desk.notice_terms(&id, full.row.updated) };
            truth.notice_forms(&full, &platform, terms)
        })
        .await
}

/// The notice as it would read if the case were approved now.
pub(super) async fn notice_preview(state: &ServerState, who: &Principal, id: &str) -> Result<NoticeForms, Problem> {
    let (id, platform, _) = visible_case(state, who, id).await?;
    let platform = state.platform(&platform)?;
    let desk = state.clone();
    state
        .truth(move |truth| {
            let full = truth.referral(&id)?;
            truth.notice_preview(&full, &platform, desk.notice_terms(&id, full.row.updated))
        })
        .await
}

/// What is known of the documents of a case.
pub(super) async fn documents(state: &ServerState, who: &Principal, id: &str) -> Result<Vec<IssuedHead>, Problem> {
    let (id, ..) = visible_case(state, who, id).await?;
    state.truth(move |truth| truth.documents(&id)).await
}

/// One document of a case.
pub(super) async fn document(
    state: &ServerState,
    who: &Principal,
    id: &str,
    serial: u32,
) -> Result<NoticeForms, Problem> {
    let (id, ..) = visible_case(state, who, id).await?;
    state.truth(move |truth| truth.document_forms(&id, serial)).await
}

/// What an authority decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ruling {
    /// With the number of the change that was read, where the asker says it.
    Approve(Option<i64>),
    Dismiss(String),
    Hold(String),
    Release,
    Withdraw(String),
    Uphold,
    Resend,
}

/// Carries out an authority's decision.
pub(super) async fn rule(
    state: &ServerState,
    who: &Principal,
    id: &str,
    ruling: Ruling,
) -> Result<ReferralState, Problem> {
    who.must_decide()?;
    let (id, platform, _) = visible_case(state, who, id).await?;
    let platform = state.platform(&platform)?;
    let (actor, now) = (who.actor(), state.now());
    let terms = state.notice_terms(&id, now);
    state
        .truth(move |truth| {
            let policy = &platform.referral;
            let event = match ruling {
                Ruling::Approve(read) => return truth.approve(&id, &platform, terms, read, &actor, now),
                Ruling::Resend => {
                    if truth.replay_undeliverable(&id, &actor, now)? == 0 {
                        return Err(TruthError::Conflict("nothing of this case is undeliverable".to_owned()));
                    }
                    return Ok(truth.referral_state(&id)?.1);
                }
                Ruling::Dismiss(reason) => Event::Dismiss { reason },
                Ruling::Hold(reason) => Event::Hold { reason },
                Ruling::Release => Event::Release,
                Ruling::Withdraw(reason) => Event::Withdraw { reason },
                Ruling::Uphold => Event::Uphold,
            };
            truth.apply(&id, event, &actor, &policy.channels, Intervals::of(policy), now)
        })
        .await
}

/// Notes a platform's answer. `repeat` is the token and the key it was sent with; `actor` is named in the timeline.
pub(super) async fn answer(
    state: &ServerState,
    id: ReferralId,
    platform: &PlatformId,
    (outcome, urls): (Outcome, Vec<String>),
    repeat: Option<(String, String)>,
    actor: Actor,
) -> Result<ReferralState, Problem> {
    let intervals = Intervals::of(&state.platform(platform)?.referral);
    let (now, decision, case) = (state.now(), outcome.decision, id.clone());
    let after = state
        .truth(move |truth| {
            let repeat = repeat.as_ref().map(|(token, key)| RepeatKey { token, key });
            truth.answer(&id, (&outcome, &urls), repeat, &actor, intervals, now)
        })
        .await?;
    (state.hooks().answered)((case, decision));
    Ok(after)
}

/// Notes that the platform has the case.
pub(super) async fn acknowledge(state: &ServerState, who: &Principal, id: &str) -> Result<ReferralState, Problem> {
    let (id, platform, _) = visible_case(state, who, id).await?;
    let platform = state.platform(&platform)?;
    let (actor, now) = (who.actor(), state.now());
    state
        .truth(move |truth| {
            let policy = &platform.referral;
            truth.apply(&id, Event::Acknowledge, &actor, &policy.channels, Intervals::of(policy), now)
        })
        .await
}

/// Longest statement of an affected party, in characters.
const STATEMENT_LIMIT: usize = 5000;

/// Opens a contest; the signed link stands for the affected party.
pub(super) async fn contest(state: &ServerState, id: ReferralId, statement: &str) -> Result<ReferralState, Problem> {
    let statement: String = statement.trim().chars().take(STATEMENT_LIMIT).collect();
    if statement.is_empty() {
        return Err(Problem::unprocessable("say in `statement` why the referral is wrong"));
    }
    let now = state.now();
    let case = id.clone();
    let (platform, _) = state.truth(move |truth| truth.referral_state(&case)).await?;
    let policy = state.platform(&platform)?.referral.clone();
    let intervals = Intervals::of(&policy);
    state
        .truth(move |truth| {
            let event = Event::Contest { statement };
            match truth.apply(&id, event, &Actor::Person(Person::AffectedParty), &policy.channels, intervals, now) {
                Err(TruthError::Step(_)) => {
                    Err(TruthError::Conflict("this referral cannot be contested now".to_owned()))
                }
                done => done,
            }
        })
        .await
}

/// Looks at the listing again as soon as the crawler can.
pub(super) async fn recheck_soon(state: &ServerState, who: &Principal, id: &str) -> Result<(), Problem> {
    who.must_decide()?;
    let (id, ..) = visible_case(state, who, id).await?;
    let now = state.now();
    state.truth(move |truth| truth.ask_for_look(&id, now)).await
}

//! Pages behind the signed links of a notice: the platform answers, the affected party contests. No account needed. They speak the
//! language of the notice.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Html;
use serde::Deserialize;

use crate::outbound::links::{LinkError, Purpose};
use crate::outbound::notice_html;
use crate::referral::language::Catalogue;
use crate::referral::notice::Notice;
use crate::referral::outcome::Decision;
use crate::referral::pages::{CasePage, PageAnswer};
use crate::referral::state::ReferralState;
use crate::server::api::outcome_of;
use crate::server::console::page;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::server::work;
use crate::store::truth::{ReferralFull, TruthError};
use crate::vocab::actor::{Actor, Person};
use crate::vocab::ids::ReferralId;

#[derive(Template)]
#[template(path = "console/answer.html")]
struct AnswerPage {
    words: &'static Catalogue,
    title: String,
    pages: Vec<CasePage>,
    /// What was answered, while that stands.
    given: Option<String>,
    /// Whether an answer can be taken.
    open: bool,
    /// The notice in HTML; none where it was erased.
    notice: Option<String>,
}

impl AnswerPage {
    fn decisions(&self) -> [(&'static str, String); 5] {
        Decision::ALL.map(|decision| (decision.name(), button(in_words(self.words, decision))))
    }

    fn decided(&self, answer: &PageAnswer) -> &'static str {
        in_words(self.words, answer.outcome.decision)
    }
}

/// A decision as the notice names it.
fn in_words(words: &'static Catalogue, decision: Decision) -> &'static str {
    words.word(&format!("decision.{}", decision.name()))
}

/// Words as a button says them: with a capital.
fn button(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

#[derive(Template)]
#[template(path = "console/contest.html")]
struct ContestPage {
    words: &'static Catalogue,
    title: String,
    urls: Vec<String>,
    done: bool,
    /// Whether a contest can be taken.
    open: bool,
    /// What the notice says of the listing, in HTML; none where it was erased.
    notice: Option<String>,
}

/// The case a link stands for, as long as the platform may see it, with the notice that was sent, unless it was erased.
struct Linked {
    id: ReferralId,
    full: ReferralFull,
    words: &'static Catalogue,
    notice: Option<Notice>,
}

impl Linked {
    async fn find(state: &ServerState, purpose: Purpose, signed: &str) -> Result<Self, Problem> {
        let id = state.hub().desk.key.verify(purpose, signed, state.now()).map_err(|error| match error {
            LinkError::Expired => Problem::gone("the link has expired; ask the sender of the notice for a new one"),
            LinkError::Invalid => Problem::not_found("link", "of this form"),
        })?;
        let (wanted, desk) = (id.clone(), state.clone());
        let (full, platform) = state
            .truth(move |truth| {
                let full = truth.referral(&wanted)?;
                let (platform, _) = truth.referral_state(&wanted)?;
                Ok((full, platform))
            })
            .await?;
        if !full.lifecycle.is_visible_to_platform() {
            return Err(Problem::not_found("link", "of this form"));
        }
        let platform = state.platform(&platform)?;
        let language = platform.referral.language.clone();
        let (wanted, sent) = (id.clone(), full.clone());
        let notice: Option<Notice> = state
            .truth(move |truth| {
                let terms = desk.notice_terms(&wanted, sent.row.updated);
                match truth.notice_forms(&sent, &platform, terms) {
                    Ok(forms) => Ok(Some(serde_json::from_str(&forms.json)?)),
                    Err(TruthError::Erased(_) | TruthError::Notice(_)) => Ok(None),
                    Err(error) => Err(error),
                }
            })
            .await?;
        let words = Catalogue::of(notice.as_ref().map_or(language.as_str(), |notice| notice.language.as_str()));
        Ok(Linked { id, full, words, notice })
    }

    fn answer_page(self) -> Result<Html<String>, Problem> {
        let Linked { id, full, words, notice } = self;
        let given = match &full.lifecycle {
            ReferralState::Decided { outcome, .. } => Some(outcome.decision),
            _ => None,
        };
        let given = given.map(|decision| words.fill("page.answer_given", &[("decision", in_words(words, decision))]));
        let shown = AnswerPage {
            words,
            title: words.fill("page.answer_title", &[("referral", id.as_str())]),
            given,
            open: full.lifecycle.takes_answers(),
            pages: full.pages,
            notice: notice.map(|notice| notice_html::body_of(&notice.document())),
        };
        page(&shown)
    }

    fn contest_page(self) -> Result<Html<String>, Problem> {
        let Linked { id, full, words, notice } = self;
        let shown = ContestPage {
            words,
            title: words.fill("page.contest_title", &[("referral", id.as_str())]),
            done: matches!(full.lifecycle, ReferralState::Contested { .. }),
            open: full.lifecycle.takes_contests(),
            urls: full.row.urls,
            notice: notice.map(|notice| notice_html::body_of(&notice.document_for_affected_party())),
        };
        page(&shown)
    }
}

/// The form by which a platform answers.
pub(super) async fn answer_form(
    State(state): State<ServerState>,
    Path(signed): Path<String>,
) -> Result<Html<String>, Problem> {
    Linked::find(&state, Purpose::Answer, &signed).await?.answer_page()
}

/// Takes the answer.
pub(super) async fn answer(
    State(state): State<ServerState>,
    Path(signed): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Html<String>, Problem> {
    let Linked { id, .. } = Linked::find(&state, Purpose::Answer, &signed).await?;
    let field = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    let decision = field("decision").as_deref().and_then(Decision::parse);
    let decision = decision.ok_or_else(|| Problem::unprocessable("choose a decision"))?;
    let outcome = outcome_of(decision, field("reason"), field("reference"))?;
    let urls = fields.iter().filter(|(name, _)| name == "url").map(|(_, value)| value.clone()).collect();
    let wanted = id.clone();
    let (platform, _) = state.truth(move |truth| truth.referral_state(&wanted)).await?;
    let actor = Actor::Person(Person::AnswerLink(platform.clone()));
    work::answer(&state, id, &platform, (outcome, urls), None, actor).await?;
    Linked::find(&state, Purpose::Answer, &signed).await?.answer_page()
}

/// The form by which an affected party contests. It shows what the notice says of the listing: whoever holds the link is not the
/// platform.
pub(super) async fn contest_form(
    State(state): State<ServerState>,
    Path(signed): Path<String>,
) -> Result<Html<String>, Problem> {
    Linked::find(&state, Purpose::Contest, &signed).await?.contest_page()
}

#[derive(Deserialize)]
pub(super) struct ContestForm {
    statement: String,
}

/// Opens the contest.
pub(super) async fn contest(
    State(state): State<ServerState>,
    Path(signed): Path<String>,
    Form(form): Form<ContestForm>,
) -> Result<Html<String>, Problem> {
    let Linked { id, .. } = Linked::find(&state, Purpose::Contest, &signed).await?;
    work::contest(&state, id, &form.statement).await?;
    Linked::find(&state, Purpose::Contest, &signed).await?.contest_page()
}

//! What outsiders receive of a case: list rows, the full case, events; and what of it each reader may see.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::detect::assessment::Assessment;
use crate::outbound::highlight::{Segment, marks_of, segments};
use crate::referral::changes::{Change, Field, Part};
use crate::referral::issued::DocumentTold;
use crate::referral::notice::Notice;
use crate::referral::outcome::{Decision, Outcome};
use crate::referral::pages::PageAnswer;
use crate::referral::row::ReferralRow;
use crate::referral::state::ReferralState;
use crate::vocab::actor::ActorKind;
use crate::vocab::terms::{CaseState, Message, PageState, Role, Sight};
use crate::vocab::time::Timestamp;

/// Who reads. Authorities and the platform concerned see different parts of one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The authority that keeps the case.
    Authority,
    /// The trust-and-safety team of the platform.
    Platform,
}

/// A referral with everything its reader may see.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CaseView {
    /// As lists show it.
    #[serde(flatten)]
    pub referral: ReferralRow,
    /// The state with its details.
    pub lifecycle: LifecycleView,
    /// When its pages were looked at last. It moves no `change`, no date and no `ETag`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_checked: Option<Timestamp>,
    /// Who approved it, to a platform only `authority`; none when it went out by policy or did not go out.
    pub approved_by: Option<String>,
    /// Pages of the case, each with its state and what was answered for it.
    pub pages: Vec<PageView>,
    /// Listings of the case.
    pub hits: Vec<HitView>,
    /// The newest changes of its listings, at most twenty, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeView>,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineView>,
    /// What was said: answers with reason and reference, contests, and why somebody decided; oldest first. A platform sees its
    /// answers and why a case was taken back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub story: Vec<StoryView>,
    /// Earlier cases of the cluster.
    pub history: Vec<String>,
}

/// The state of a case with its details, those that it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LifecycleView {
    /// The state.
    pub state: CaseState,
    /// Why it is held, dismissed or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Looks in a row that found the listing gone; only for the authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone_checks: Option<u8>,
    /// What the platform decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// How often it came back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// What the affected party wrote; only for the authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

impl LifecycleView {
    /// Of a state.
    pub fn of(state: &ReferralState) -> Self {
        let mut view = LifecycleView {
            state: state.kind(),
            reason: None,
            gone_checks: None,
            outcome: None,
            times: None,
            statement: None,
        };
        match state {
            ReferralState::Held { reason }
            | ReferralState::Dismissed { reason }
            | ReferralState::Withdrawn { reason } => view.reason = Some(reason.clone()),
            ReferralState::Sent { gone_checks }
            | ReferralState::Delivered { gone_checks }
            | ReferralState::Acknowledged { gone_checks }
            | ReferralState::Reopened { gone_checks } => view.gone_checks = Some(*gone_checks),
            ReferralState::Decided { outcome, gone_checks } => {
                (view.outcome, view.gone_checks) = (Some(outcome.clone()), Some(*gone_checks));
            }
            ReferralState::VerifiedGone { outcome } => view.outcome.clone_from(outcome),
            ReferralState::Relisted { times } => view.times = Some(*times),
            ReferralState::Contested { statement } => view.statement = Some(statement.clone()),
            ReferralState::Queued
            | ReferralState::Drafted
            | ReferralState::Approved
            | ReferralState::Corrected
            | ReferralState::Expired
            | ReferralState::Undeliverable => {}
        }
        view
    }
}

/// One page of a case.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PageView {
    /// Its address.
    pub url: String,
    /// `live`, `gone`, `confirmed-gone` or `back`.
    pub state: PageState,
    /// What the last look saw; only for the authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Sight>,
    /// HTTP status of that look.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<Timestamp>,
    /// What the platform answered for it: decision, reason, reference, when and who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<PageAnswer>,
}

/// One listing of a case, with the words that count marked in its text.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HitView {
    /// Hit id.
    pub id: String,
    /// Page.
    pub url: String,
    /// Title, in pieces.
    pub title: Vec<Segment>,
    /// Text, in pieces.
    pub text: Vec<Segment>,
    /// Price as published.
    pub price: Option<String>,
    /// Currency.
    pub currency: Option<String>,
    /// Identifiers and attributes as published.
    #[schema(value_type = Vec<Vec<String>>)]
    pub identifiers: Vec<(String, String)>,
    /// Keyed hash of the seller's name; only for the authority.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seller: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// Addresses of images as published; never loaded by the console.
    pub images: Vec<String>,
    /// Verdict, substances with controls and matches, context with weights, reasons.
    pub assessment: Assessment,
    /// Where the evidence lies and its digest.
    pub evidence: EvidenceView,
    /// First seen.
    pub first_seen: Timestamp,
    /// Last seen.
    pub last_seen: Timestamp,
    /// When it was found gone.
    pub gone_at: Option<Timestamp>,
}

/// One stored capture.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EvidenceView {
    /// Hit it belongs to.
    pub hit: String,
    /// Page.
    pub url: String,
    /// WARC record that holds it.
    pub record_id: String,
    /// SHA-256 of the body.
    pub payload_digest: String,
    /// When it was captured.
    pub captured_at: Timestamp,
}

/// One step of a case's life.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineView {
    /// When.
    pub at: Timestamp,
    /// Who, as a word.
    pub actor: String,
    /// Whether that is a person, the platform's agreed policy or a job of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_kind: Option<ActorKind>,
    /// Role of a person, by which it is decided who reads the name.
    #[serde(skip)]
    pub role: Option<String>,
    /// What.
    pub event: String,
    /// State afterwards.
    #[schema(value_type = CaseState)]
    pub state: String,
}

/// One thing that was said in a case.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct StoryView {
    /// When.
    pub at: Timestamp,
    /// Who, as a word.
    pub actor: String,
    /// Role of a person, by which it is decided who reads the name.
    #[serde(skip)]
    pub role: Option<String>,
    /// With which step: `answer`, `contest`, `withdraw`, ….
    pub event: String,
    /// What the platform decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The pages an answer is for, where it is not for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Why, in its words or as a code of `/outcome-reasons`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The platform's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// What the affected party wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

/// Parts of a listing before its text is cut into pieces.
#[derive(Debug, Clone)]
pub struct HitParts<'a> {
    /// Title.
    pub title: &'a str,
    /// Text.
    pub text: &'a str,
    /// Verdict and findings.
    pub assessment: &'a Assessment,
}

impl HitParts<'_> {
    /// Title and text with the assessment's words marked.
    pub fn marked(&self) -> (Vec<Segment>, Vec<Segment>) {
        let cut = |text: &str, field: &str| segments(text, &marks_of(self.assessment, field));
        (cut(self.title, "title"), cut(self.text, "text"))
    }
}

/// Steps that concern the authority alone; a platform must not learn that a case was held or why a draft waited.
const INTERNAL_EVENTS: [&str; 8] =
    ["queue", "open", "draft", "hold", "release", "dismiss", "expire", "mark-undeliverable"];

/// Whether somebody acted as the platform. Who did so before roles were noted, or by a command of the hub, was of the authority.
fn is_of_platform(role: &Option<String>) -> bool {
    role.as_deref().is_some_and(|role| matches!(role.parse(), Ok(Role::Moderator | Role::Platform)))
}

impl CaseView {
    /// The part of the case that `reader` may see.
    pub fn for_reader(mut self, reader: Reader) -> Self {
        match reader {
            Reader::Authority => self,
            Reader::Platform => {
                for hit in &mut self.hits {
                    hit.seller = None;
                }
                // The role, as of everybody at the authority.
                self.approved_by = self.approved_by.map(|_| "authority".to_owned());
                // What the affected party wrote is the authority's to weigh.
                (self.lifecycle.statement, self.lifecycle.gone_checks) = (None, None);
                for page in &mut self.pages {
                    (page.seen, page.status, page.looked_at) = (None, None, None);
                    if let Some(answer) = &mut page.answer {
                        answer.actor.clone_from(&self.referral.platform);
                    }
                }
                self.story.retain(|said| matches!(said.event.as_str(), "answer" | "withdraw" | "warn"));
                for said in self.story.iter_mut().filter(|said| said.event != "answer" || !is_of_platform(&said.role)) {
                    said.actor = "authority".to_owned();
                }
                let platform = self.referral.platform.clone();
                self.timeline.retain(|step| !INTERNAL_EVENTS.contains(&step.event.as_str()));
                for step in &mut self.timeline {
                    let answers = matches!(step.event.as_str(), "answer" | "acknowledge");
                    if answers && step.actor.is_empty() {
                        step.actor = platform.clone();
                    } else if !(answers && is_of_platform(&step.role)) {
                        step.actor = "authority".to_owned();
                        step.actor_kind = None;
                    }
                }
                self
            }
        }
    }
}

/// A change of a listing, as it was seen.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChangeView {
    /// When the visit saw it.
    pub at: Timestamp,
    /// Page.
    pub url: String,
    /// `title`, `price`, `text`, `seller` or `availability`.
    pub field: Field,
    /// What it was; for a text, the lines removed. None for seller and availability.
    pub before: Option<String>,
    /// What it is; for a text, the lines added; for a seller `another`, `named` or `not named`; for availability `gone` or
    /// `back`.
    pub after: Option<String>,
}

impl From<Change> for ChangeView {
    fn from(change: Change) -> Self {
        let Change { at, url, field, before, after, .. } = change;
        ChangeView { at, url, field, before, after }
    }
}

/// A webhook's body, also a line of the NDJSON feed: what happened to which case.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventView {
    /// Place among the platform's events; grows. Give the last one as `since` of the NDJSON feed or the stream.
    pub sequence: i64,
    /// `referral.created`, `referral.updated`, `referral.withdrawn`, `listing.relisted`, `listing.changed`.
    #[serde(rename = "type")]
    pub kind: Message,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What is new.
    pub what_changed: Vec<Part>,
    /// The case.
    pub data: EventData,
}

/// What an event is about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventData {
    /// The case as it is now.
    pub referral: ReferralRow,
    /// The notice as it was sent; left out when the case was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Notice>)]
    pub notice: Option<Value>,
    /// The document this message brings: a notice, a reminder, a correction or a withdrawal; its number, date and digests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentTold>,
    /// What changed in its listings, for `listing.changed`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeView>,
    /// The case in the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl EventView {
    /// One line of JSON.
    pub fn line(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::terms::{Severity, Verdict};

    fn case() -> CaseView {
        let step = |actor: &str, event: &str| TimelineView {
            role: Some("moderator".to_owned()),
            at: Timestamp::EPOCH,
            actor: actor.into(),
            actor_kind: Some(ActorKind::Person),
            event: event.into(),
            state: "x".into(),
        };
        CaseView {
            referral: ReferralRow {
                id: "R-1".into(),
                platform: "bazaar".into(),
                state: "sent".into(),
                category: None,
                urls: vec![],
                title: String::new(),
                substances: vec![],
                score: 0.5,
                created: Timestamp::EPOCH,
                updated: Timestamp::EPOCH,
                verdict: Verdict::Refer,
                change: 1,
                series: None,
                listing_ids: vec![],
                severity: Severity::High,
                decision: None,
                reference: None,
                answer_due: None,
                language: None,
            },
            lifecycle: LifecycleView::of(&ReferralState::Drafted),
            last_checked: None,
            approved_by: None,
            pages: Vec::new(),
            hits: vec![],
            changes: vec![],
            timeline: vec![
                step("reviewer", "hold"),
                step("reviewer", "approve"),
                step("moderator", "answer"),
                step("scan", "draft"),
            ],
            story: vec![],
            history: vec![],
        }
    }

    #[test]
    fn a_platform_sees_neither_reviewers_nor_holds() {
        let seen = case().for_reader(Reader::Platform);
        let steps: Vec<_> = seen.timeline.iter().map(|s| (s.actor.as_str(), s.event.as_str())).collect();
        assert_eq!(steps, [("authority", "approve"), ("moderator", "answer")]);
        assert_eq!(case().for_reader(Reader::Authority).timeline.len(), 4);
    }

    #[test]
    fn a_row_flattens_into_the_case() {
        let json = serde_json::to_value(case()).unwrap();
        assert_eq!(json["id"], "R-1");
        assert_eq!(json["change"], 1);
    }
}

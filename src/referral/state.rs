//! The lifecycle of a referral as one enum and one pure step.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::referral::changes::Field;
use crate::referral::outcome::{Decision, Outcome};
use crate::referral::pages::PagesAnswered;
use crate::vocab::platform::ReferralPolicy;
use crate::vocab::time::Timestamp;

pub use crate::vocab::terms::{CaseState, Message};

/// Looks in a row, a recheck interval apart, that must all find a listing gone before the removal counts.
pub const CHECKS_UNTIL_GONE: u8 = 2;

/// How often an unanswered notice is said again before the case is shown to an authority instead.
pub const REMINDERS: u32 = 3;

/// Where a referral is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum ReferralState {
    /// Found while more cases of its platform were opened than an hour allows; it waits to be opened.
    Queued,
    /// Found by a scan; nobody decided yet.
    Drafted,
    /// Another authority works on it; nothing leaves.
    Held {
        /// Why.
        reason: String,
    },
    /// A person, or the platform's agreed policy, let it go out.
    Approved,
    /// The notice left.
    Sent {
        /// Looks in a row that found the listing gone.
        #[serde(default)]
        gone_checks: u8,
    },
    /// The platform's side has it.
    Delivered {
        /// Looks in a row that found the listing gone.
        #[serde(default)]
        gone_checks: u8,
    },
    /// The platform confirmed receipt.
    Acknowledged {
        /// Looks in a row that found the listing gone.
        #[serde(default)]
        gone_checks: u8,
    },
    /// The platform answered.
    Decided {
        /// What it decided.
        outcome: Outcome,
        /// Looks in a row that found the listing gone.
        gone_checks: u8,
    },
    /// Removal was seen at every spaced check.
    VerifiedGone {
        /// What the platform decided, if it answered.
        outcome: Option<Outcome>,
    },
    /// A listing of the cluster came back after removal.
    Relisted {
        /// How often so far.
        times: u32,
    },
    /// The platform keeps a listing it said it removed, or a re-listing was taken up again.
    Reopened {
        /// Looks in a row that found the listing gone.
        #[serde(default)]
        gone_checks: u8,
    },
    /// The affected party contests it.
    Contested {
        /// Their words.
        statement: String,
    },
    /// A person decided that it is no case.
    Dismissed {
        /// Why.
        reason: String,
    },
    /// Taken back after it was sent.
    Withdrawn {
        /// Why.
        reason: String,
    },
    /// Replaced by a corrected referral.
    Corrected,
    /// Nobody acted in time.
    Expired,
    /// No channel could deliver it.
    Undeliverable,
}

/// What happens to a referral.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// Its turn came.
    Open,
    /// Let it go out.
    Approve,
    /// It is no case.
    Dismiss {
        /// Why.
        reason: String,
    },
    /// Another authority works on it.
    Hold {
        /// Why.
        reason: String,
    },
    /// The other authority is done.
    Release,
    /// The notice left by a channel.
    MarkSent,
    /// A channel confirmed delivery.
    MarkDelivered,
    /// Every channel gave up.
    MarkUndeliverable,
    /// The platform confirmed receipt.
    Acknowledge,
    /// The platform answered.
    Answer {
        /// Its answer to the case; where each page was answered apart, what these come to.
        outcome: Outcome,
        /// What was answered now, where that was for some pages only.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of_pages: Option<PagesAnswered>,
    },
    /// Time for an answer is up: say it again, or show the case to an authority.
    Remind {
        /// How often it was said again so far.
        times: u32,
    },
    /// The platform is warned that the case may be put before another authority.
    Warn {
        /// The last day for an answer.
        until: String,
    },
    /// A recheck found the listing gone from every page that must go.
    SeenGone {
        /// Looks in a row that found each of them so.
        #[serde(default)]
        checks: u8,
    },
    /// A recheck found the listing still there.
    SeenLive,
    /// A scan found a listing of the cluster after removal.
    SeenAgain,
    /// A visit found the listing changed: the platform is told while the case is open there.
    ListingChanged {
        /// What changed.
        fields: Vec<Field>,
    },
    /// The affected party contests.
    Contest {
        /// Their words.
        statement: String,
    },
    /// A second person upholds the referral after a contest.
    Uphold,
    /// Take it back.
    Withdraw {
        /// Why.
        reason: String,
    },
    /// Replace it.
    Correct,
    /// Time is up.
    Expire,
}

/// What the program must do because of a step; stored with it, carried out afterwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send or publish the notice by every channel of the platform.
    Deliver(Message),
    /// Look at the listing again at this moment.
    RecheckAt(Timestamp),
    /// Stop looking.
    NoRecheck,
    /// If there is no answer by this moment, say it again.
    RenoticeAt(Timestamp),
    /// Stop reminding.
    NoRenotice,
    /// Show the case to an authority; `None`: nothing is left for it to do.
    Attention(Option<Attention>),
}

/// Why a case that left waits for an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Attention {
    /// Notice and reminders brought no answer, and the listing is still there.
    Unanswered,
    /// The platform asks for more.
    NeedsInformation,
    /// The affected party contests.
    Contested,
    /// No channel could deliver it.
    Undeliverable,
    /// The listing came back.
    Relisted,
    /// The platform said that it acted, and the listing is still there.
    StillThere,
}

impl Attention {
    /// All reasons with their names.
    pub const ALL: [Attention; 6] = [
        Attention::Unanswered,
        Attention::NeedsInformation,
        Attention::Contested,
        Attention::Undeliverable,
        Attention::Relisted,
        Attention::StillThere,
    ];

    /// The name used in every interface.
    pub fn name(self) -> &'static str {
        match self {
            Attention::Unanswered => "unanswered",
            Attention::NeedsInformation => "needs-information",
            Attention::Contested => "contested",
            Attention::Undeliverable => "undeliverable",
            Attention::Relisted => "relisted",
            Attention::StillThere => "still-there",
        }
    }
}

/// An event that a state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a referral that is `{state}` cannot take `{event}`")]
pub struct IllegalStep {
    /// Name of the state.
    pub state: &'static str,
    /// Name of the event.
    pub event: &'static str,
}

/// Times a policy sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intervals {
    /// Between looks at the listing.
    pub recheck: Duration,
    /// Until an unanswered notice is said again.
    pub renotice: Duration,
}

impl Intervals {
    /// The intervals a platform agreed to.
    pub fn of(policy: &ReferralPolicy) -> Self {
        Intervals { recheck: policy.recheck, renotice: policy.renotice }
    }
}

impl ReferralState {
    /// The state without its details.
    pub fn kind(&self) -> CaseState {
        match self {
            ReferralState::Queued => CaseState::Queued,
            ReferralState::Drafted => CaseState::Drafted,
            ReferralState::Held { .. } => CaseState::Held,
            ReferralState::Approved => CaseState::Approved,
            ReferralState::Sent { .. } => CaseState::Sent,
            ReferralState::Delivered { .. } => CaseState::Delivered,
            ReferralState::Acknowledged { .. } => CaseState::Acknowledged,
            ReferralState::Decided { .. } => CaseState::Decided,
            ReferralState::VerifiedGone { .. } => CaseState::VerifiedGone,
            ReferralState::Relisted { .. } => CaseState::Relisted,
            ReferralState::Reopened { .. } => CaseState::Reopened,
            ReferralState::Contested { .. } => CaseState::Contested,
            ReferralState::Dismissed { .. } => CaseState::Dismissed,
            ReferralState::Withdrawn { .. } => CaseState::Withdrawn,
            ReferralState::Corrected => CaseState::Corrected,
            ReferralState::Expired => CaseState::Expired,
            ReferralState::Undeliverable => CaseState::Undeliverable,
        }
    }

    /// The name used in every interface.
    pub fn name(&self) -> &'static str {
        self.kind().as_str()
    }

    /// Names of the states in which the platform may see a case.
    pub const VISIBLE_TO_PLATFORM: [&'static str; 12] = [
        "approved",
        "sent",
        "delivered",
        "acknowledged",
        "decided",
        "verified-gone",
        "relisted",
        "reopened",
        "contested",
        "withdrawn",
        "corrected",
        "undeliverable",
    ];

    /// Whether the platform may see the case: it left, and was not held since.
    pub fn is_visible_to_platform(&self) -> bool {
        !matches!(
            self,
            ReferralState::Queued
                | ReferralState::Drafted
                | ReferralState::Held { .. }
                | ReferralState::Dismissed { .. }
                | ReferralState::Expired
        )
    }

    /// Whether the platform was told of the case and has not ended it: it left, and nobody decided it, took it back or holds
    /// it. An answer that asks for more leaves it open.
    pub fn is_open_at_platform(&self) -> bool {
        match self {
            ReferralState::Sent { .. }
            | ReferralState::Delivered { .. }
            | ReferralState::Acknowledged { .. }
            | ReferralState::Reopened { .. }
            | ReferralState::Contested { .. } => true,
            ReferralState::Decided { outcome, .. } => outcome.decision == Decision::NeedsInformation,
            ReferralState::Queued
            | ReferralState::Drafted
            | ReferralState::Held { .. }
            | ReferralState::Approved
            | ReferralState::VerifiedGone { .. }
            | ReferralState::Relisted { .. }
            | ReferralState::Dismissed { .. }
            | ReferralState::Withdrawn { .. }
            | ReferralState::Corrected
            | ReferralState::Expired
            | ReferralState::Undeliverable => false,
        }
    }

    /// Whether an answer can be taken.
    pub fn takes_answers(&self) -> bool {
        self.takes(Event::Answer {
            outcome: Outcome { decision: Decision::NeedsInformation, reason: None, reference: None },
            of_pages: None,
        })
    }

    /// Whether the affected party can contest.
    pub fn takes_contests(&self) -> bool {
        self.takes(Event::Contest { statement: String::new() })
    }

    fn takes(&self, event: Event) -> bool {
        let intervals = Intervals { recheck: Duration::ZERO, renotice: Duration::ZERO };
        step(self.clone(), event, intervals, Timestamp::from_millis(0)).is_ok()
    }

    /// Looks in a row that found the listing gone, in the states that count them.
    fn gone_checks(&self) -> u8 {
        match self {
            ReferralState::Sent { gone_checks }
            | ReferralState::Delivered { gone_checks }
            | ReferralState::Acknowledged { gone_checks }
            | ReferralState::Reopened { gone_checks }
            | ReferralState::Decided { gone_checks, .. } => *gone_checks,
            _ => 0,
        }
    }

    /// The same state with another count of looks that found the listing gone.
    fn with_gone_checks(mut self, count: u8) -> Self {
        if let ReferralState::Sent { gone_checks }
        | ReferralState::Delivered { gone_checks }
        | ReferralState::Acknowledged { gone_checks }
        | ReferralState::Reopened { gone_checks }
        | ReferralState::Decided { gone_checks, .. } = &mut self
        {
            *gone_checks = count;
        }
        self
    }

    /// Whether a listing of the cluster found again says nothing new: a person or the platform decided against it.
    pub fn is_settled_against(&self) -> bool {
        match self {
            ReferralState::Dismissed { .. } | ReferralState::Withdrawn { .. } | ReferralState::Corrected => true,
            ReferralState::Decided { outcome, .. } => outcome.decision == Decision::Rejected,
            _ => false,
        }
    }
}

impl fmt::Display for ReferralState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Event {
    /// The event's name.
    pub fn name(&self) -> &'static str {
        match self {
            Event::Open => "open",
            Event::Approve => "approve",
            Event::Dismiss { .. } => "dismiss",
            Event::Hold { .. } => "hold",
            Event::Release => "release",
            Event::MarkSent => "mark-sent",
            Event::MarkDelivered => "mark-delivered",
            Event::MarkUndeliverable => "mark-undeliverable",
            Event::Acknowledge => "acknowledge",
            Event::Answer { .. } => "answer",
            Event::Remind { .. } => "remind",
            Event::Warn { .. } => "warn",
            Event::SeenGone { .. } => "seen-gone",
            Event::SeenLive => "seen-live",
            Event::SeenAgain => "seen-again",
            Event::ListingChanged { .. } => "listing-changed",
            Event::Contest { .. } => "contest",
            Event::Uphold => "uphold",
            Event::Withdraw { .. } => "withdraw",
            Event::Correct => "correct",
            Event::Expire => "expire",
        }
    }
}

/// Moves a referral. The only place that says which event is legal where.
///
/// # Errors
/// When the state does not allow the event.
pub fn step(
    state: ReferralState,
    event: Event,
    intervals: Intervals,
    now: Timestamp,
) -> Result<(ReferralState, Vec<Effect>), IllegalStep> {
    use Effect::{Attention as Show, Deliver, NoRecheck, NoRenotice, RecheckAt, RenoticeAt};
    use Event as E;
    use ReferralState as S;
    let again = now.after(intervals.recheck);
    let remind = now.after(intervals.renotice);
    let illegal = IllegalStep { state: state.name(), event: event.name() };
    let next = match (state, event) {
        (S::Queued, E::Open) => (S::Drafted, vec![]),
        (S::Queued | S::Drafted | S::Held { .. }, E::Dismiss { reason }) => (S::Dismissed { reason }, vec![NoRecheck]),
        (S::Drafted, E::Approve) => (S::Approved, vec![Deliver(Message::Created)]),
        (S::Drafted, E::Hold { reason }) => (S::Held { reason }, vec![]),
        (S::Held { .. }, E::Release) => (S::Drafted, vec![]),
        (S::Drafted, E::Expire) => (S::Expired, vec![NoRecheck]),
        // A draft whose listing went away by itself needs nobody's time.
        (S::Queued | S::Drafted, E::SeenGone { .. }) => (S::Expired, vec![NoRecheck]),
        (S::Queued | S::Drafted | S::Held { .. }, E::SeenLive | E::SeenAgain) => return Err(illegal),

        (S::Relisted { .. }, E::Approve) => (
            S::Reopened { gone_checks: 0 },
            vec![Deliver(Message::Relisted), RecheckAt(again), RenoticeAt(remind), Show(None)],
        ),
        (S::Relisted { .. }, E::Dismiss { reason }) => {
            (S::Dismissed { reason }, vec![NoRecheck, NoRenotice, Show(None)])
        }
        (S::Relisted { .. }, E::Hold { reason }) => (S::Held { reason }, vec![NoRecheck, NoRenotice, Show(None)]),

        (S::Approved | S::Undeliverable, E::MarkSent) => {
            (S::Sent { gone_checks: 0 }, vec![RecheckAt(again), Show(None)])
        }
        (S::Approved | S::Sent { .. } | S::Undeliverable, E::MarkDelivered) => {
            (S::Delivered { gone_checks: 0 }, vec![RecheckAt(again), RenoticeAt(remind), Show(None)])
        }
        (S::Approved | S::Sent { .. }, E::MarkUndeliverable) => {
            (S::Undeliverable, vec![NoRenotice, Show(Some(Attention::Undeliverable))])
        }
        // A notice said again after a reopening goes the same way.
        (s @ S::Reopened { .. }, E::MarkSent | E::MarkDelivered) => (s, vec![]),
        (S::Undeliverable, E::Approve) => (S::Approved, vec![Deliver(Message::Created), Show(None)]),
        // Late receipts of a case that went on change nothing.
        (
            s @ (S::Sent { .. }
            | S::Delivered { .. }
            | S::Acknowledged { .. }
            | S::Decided { .. }
            | S::VerifiedGone { .. }
            | S::Relisted { .. }
            | S::Contested { .. }
            | S::Withdrawn { .. }
            | S::Corrected),
            E::MarkSent | E::MarkDelivered,
        ) => (s, vec![]),
        (S::Approved | S::Sent { .. } | S::Delivered { .. }, E::Acknowledge) => {
            (S::Acknowledged { gone_checks: 0 }, vec![RecheckAt(again), RenoticeAt(remind)])
        }
        (s @ S::Acknowledged { .. }, E::Acknowledge) => (s, vec![]),

        // The same answer sent once more, by another way or in a file uploaded twice, changes nothing.
        (S::Decided { outcome: held, gone_checks }, E::Answer { outcome, .. }) if held == outcome => {
            (S::Decided { outcome: held, gone_checks }, vec![])
        }
        (
            S::Approved
            | S::Sent { .. }
            | S::Delivered { .. }
            | S::Acknowledged { .. }
            | S::Reopened { .. }
            | S::Decided { .. }
            | S::Relisted { .. }
            | S::Undeliverable
            | S::VerifiedGone { .. },
            E::Answer { outcome, .. },
        ) => {
            let look = if outcome.decision.promises_change() { RecheckAt(again) } else { NoRecheck };
            let asks = (outcome.decision == Decision::NeedsInformation).then_some(Attention::NeedsInformation);
            (S::Decided { outcome, gone_checks: 0 }, vec![look, NoRenotice, Show(asks)])
        }

        (
            s @ (S::Sent { .. } | S::Delivered { .. } | S::Acknowledged { .. } | S::Reopened { .. }),
            E::Remind { times },
        ) => {
            let effects = match s.gone_checks() {
                // Gone at the last look: wait for the next one before anybody is bothered.
                1.. => vec![RenoticeAt(again)],
                0 if times < REMINDERS => vec![Deliver(Message::Updated), RenoticeAt(remind)],
                0 => vec![NoRenotice, Show(Some(Attention::Unanswered))],
            };
            (s, effects)
        }

        (s @ (S::Sent { .. } | S::Delivered { .. } | S::Acknowledged { .. } | S::Reopened { .. }), E::Warn { .. }) => {
            (s, vec![Deliver(Message::Updated)])
        }
        (S::Decided { outcome, gone_checks }, E::Warn { .. }) if outcome.decision != Decision::Removed => {
            (S::Decided { outcome, gone_checks }, vec![Deliver(Message::Updated)])
        }

        (S::Decided { outcome, .. }, E::SeenGone { checks: gone_checks }) if outcome.decision.promises_change() => {
            if gone_checks >= CHECKS_UNTIL_GONE {
                (S::VerifiedGone { outcome: Some(outcome) }, vec![Deliver(Message::Updated), NoRecheck, Show(None)])
            } else {
                (S::Decided { outcome, gone_checks }, vec![RecheckAt(again), Show(None)])
            }
        }
        (S::Decided { outcome, .. }, E::SeenLive) if outcome.decision == Decision::Removed => {
            (S::Reopened { gone_checks: 0 }, vec![Deliver(Message::Updated), RecheckAt(again), RenoticeAt(remind)])
        }
        // Restricted, or an account acted on, may leave a page in sight; somebody should know, and looks go on.
        (S::Decided { outcome, .. }, E::SeenLive) if outcome.decision.promises_change() => {
            (S::Decided { outcome, gone_checks: 0 }, vec![RecheckAt(again), Show(Some(Attention::StillThere))])
        }
        (S::Decided { outcome, gone_checks }, E::SeenLive | E::SeenGone { .. }) => {
            (S::Decided { outcome, gone_checks }, vec![NoRecheck])
        }
        // Gone without an answer: it counts the same, and the answer may still come.
        (
            s @ (S::Sent { .. } | S::Delivered { .. } | S::Acknowledged { .. } | S::Reopened { .. }),
            E::SeenGone { checks: gone_checks },
        ) => {
            if gone_checks >= CHECKS_UNTIL_GONE {
                let told = vec![Deliver(Message::Updated), NoRecheck, NoRenotice, Show(None)];
                (S::VerifiedGone { outcome: None }, told)
            } else {
                (s.with_gone_checks(gone_checks), vec![RecheckAt(again)])
            }
        }
        (s @ (S::Sent { .. } | S::Delivered { .. } | S::Acknowledged { .. } | S::Reopened { .. }), E::SeenLive) => {
            (s.with_gone_checks(0), vec![RecheckAt(again)])
        }
        (S::VerifiedGone { .. }, E::SeenAgain) => {
            (S::Relisted { times: 1 }, vec![NoRecheck, NoRenotice, Show(Some(Attention::Relisted))])
        }
        (S::Decided { outcome, .. }, E::SeenAgain) if outcome.decision.promises_change() => {
            (S::Relisted { times: 1 }, vec![NoRecheck, NoRenotice, Show(Some(Attention::Relisted))])
        }
        (S::Relisted { times }, E::SeenAgain) => (S::Relisted { times: times.saturating_add(1) }, vec![]),
        (S::Expired, E::SeenAgain) => (S::Drafted, vec![]),
        (s, E::ListingChanged { .. }) if s.is_open_at_platform() => (s, vec![Deliver(Message::Changed)]),

        (
            S::Sent { .. }
            | S::Delivered { .. }
            | S::Acknowledged { .. }
            | S::Decided { .. }
            | S::VerifiedGone { .. }
            | S::Reopened { .. },
            E::Contest { statement },
        ) => (S::Contested { statement }, vec![NoRenotice, Show(Some(Attention::Contested))]),
        // Looks go on and inform; what they found is weighed once the contest is decided.
        (s @ S::Contested { .. }, E::SeenGone { .. } | E::SeenLive) => (s, vec![RecheckAt(again)]),
        (S::Contested { .. }, E::Uphold) => (
            S::Reopened { gone_checks: 0 },
            vec![Deliver(Message::Updated), RecheckAt(again), RenoticeAt(remind), Show(None)],
        ),
        (
            S::Approved
            | S::Sent { .. }
            | S::Delivered { .. }
            | S::Acknowledged { .. }
            | S::Decided { .. }
            | S::VerifiedGone { .. }
            | S::Relisted { .. }
            | S::Reopened { .. }
            | S::Contested { .. }
            | S::Undeliverable,
            E::Withdraw { reason },
        ) => (S::Withdrawn { reason }, vec![Deliver(Message::Withdrawn), NoRecheck, NoRenotice, Show(None)]),
        (
            S::Sent { .. }
            | S::Delivered { .. }
            | S::Acknowledged { .. }
            | S::Decided { .. }
            | S::Reopened { .. }
            | S::Contested { .. },
            E::Correct,
        ) => (S::Corrected, vec![Deliver(Message::Withdrawn), NoRecheck, NoRenotice, Show(None)]),
        _ => return Err(illegal),
    };
    Ok(next)
}

#[cfg(test)]
mod tests;

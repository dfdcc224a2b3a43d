//! A draft to another authority where a platform was warned and did not act. It names the case and the ground, never people or
//! addresses, and is handed over by people: nothing here sends it.

use std::fmt::Write;

use serde::Serialize;

use crate::referral::notice::Notice;
use crate::referral::outcome::Decision;
use crate::referral::state::ReferralState;
use crate::vocab::time::Timestamp;

/// Why a case cannot be escalated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoEscalation {
    /// The agreement does not have it.
    #[error("the agreement does not let its data be used for escalation; `[agreement] uses` must name `escalation`")]
    Use,
    /// The platform was not told of it.
    #[error("the platform was not warned; warn it first, with a date")]
    NotWarned,
    /// The date of the warning is still to come.
    #[error("the platform was warned that it has until {0}; that day is not over")]
    TooEarly(String),
    /// It acted, or the case is closed.
    #[error(
        "the case is `{0}`: only one that was not answered, or whose listing the platform keeps in sight, can be escalated"
    )]
    State(&'static str),
}

/// Whether a case in this state, of which the platform was warned with this day, can be escalated on `today`.
///
/// # Errors
/// Why it cannot.
pub fn may_be_escalated(
    state: &ReferralState,
    warned_until: Option<jiff::civil::Date>,
    today: jiff::civil::Date,
) -> Result<(), NoEscalation> {
    let stands = match state {
        ReferralState::Sent { .. }
        | ReferralState::Delivered { .. }
        | ReferralState::Acknowledged { .. }
        | ReferralState::Reopened { .. } => true,
        ReferralState::Decided { outcome, .. } => outcome.decision != Decision::Removed,
        _ => false,
    };
    if !stands {
        return Err(NoEscalation::State(state.name()));
    }
    match warned_until {
        None => Err(NoEscalation::NotWarned),
        Some(until) if today <= until => Err(NoEscalation::TooEarly(until.to_string())),
        Some(_) => Ok(()),
    }
}

/// What a draft says.
#[derive(Debug, Clone, Serialize)]
pub struct EscalationDraft<'a> {
    /// Its id.
    pub id: &'a str,
    /// To whom it would go.
    pub to: &'a str,
    /// For what.
    pub purpose: &'a str,
    /// The platform.
    pub platform: &'a str,
    /// The notice that was not acted on, and its number.
    pub notice: &'a Notice,
    /// Its number.
    pub number: &'a str,
    /// SHA-256 of the notice as JSON.
    pub digest: &'a str,
    /// How often it was said again.
    pub reminders: u32,
    /// The warning's number, when it was written, and the day it named.
    pub warning: (&'a str, Timestamp, jiff::civil::Date),
    /// What the platform answered, and when.
    pub answer: Option<(Decision, Timestamp)>,
    /// When a look last found an offer on its pages.
    pub seen: Option<Timestamp>,
    /// When the draft was made.
    pub at: Timestamp,
    /// When a second person approved it.
    pub approved: Option<Timestamp>,
}

impl EscalationDraft<'_> {
    /// The draft for people.
    pub fn text(&self) -> String {
        let notice = self.notice;
        let mut out = String::new();
        let mut say = |line: String| {
            let _ = writeln!(out, "{line}");
        };
        match self.approved {
            Some(at) => say(format!("{}. Approved by a second person on {}.", self.id, at.date())),
            None => say(format!("{}. DRAFT, not approved: not to be handed over.", self.id)),
        }
        say(format!("To: {}", self.to));
        say(format!("From: {}, {}, {}", notice.sender.name, notice.sender.address, notice.sender.contact));
        say(format!("Purpose: {}", self.purpose));
        say(String::new());
        say(format!(
            "The platform {} was notified of an offer under the agreement {} and did not act on it.",
            self.platform, notice.agreement
        ));
        say(String::new());
        say(format!("Notice {} of {} (SHA-256 of its JSON form: {})", self.number, notice.at.date(), self.digest));
        for substance in &notice.substances {
            let controls: Vec<String> = substance
                .controls
                .iter()
                .map(|control| {
                    let control = &control.control;
                    format!("{} {} ({})", control.instrument, control.schedule, control.jurisdiction)
                })
                .collect();
            let ground = if controls.is_empty() { "no control on record".to_owned() } else { controls.join(", ") };
            say(format!("  {}: {ground}", substance.name));
        }
        let pages = notice.urls.len();
        say(format!("  pages: {pages}"));
        say(format!("Reminders: {}", self.reminders));
        let (number, written, until) = self.warning;
        say(format!("Warning {number} of {}: an answer was asked for until {until}", written.date()));
        match self.answer {
            Some((decision, at)) => say(format!("Answer of the platform on {}: {}", at.date(), decision.words())),
            None => say("Answer of the platform: none on record".to_owned()),
        }
        if let Some(at) = self.seen {
            say(format!("The offer was last seen on {}", at.date()));
        }
        say(String::new());
        say("Addresses, the text of listings and what is known of sellers are not part of this document. They are handed over \
             on a request that the law provides for."
            .to_owned());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referral::outcome::Outcome;

    #[test]
    fn only_what_was_warned_of_and_not_acted_on_is_escalated() {
        let day = |text: &str| text.parse::<jiff::civil::Date>().unwrap();
        let (today, past, ahead) = (day("2026-03-02"), Some(day("2026-03-01")), Some(day("2026-03-02")));
        let sent = ReferralState::Delivered { gone_checks: 0 };
        let decided = |decision| ReferralState::Decided {
            outcome: Outcome { decision, reason: None, reference: None },
            gone_checks: 0,
        };
        assert_eq!(may_be_escalated(&sent, past, today), Ok(()));
        assert_eq!(may_be_escalated(&sent, None, today), Err(NoEscalation::NotWarned));
        assert_eq!(may_be_escalated(&sent, ahead, today), Err(NoEscalation::TooEarly("2026-03-02".to_owned())));
        assert_eq!(may_be_escalated(&decided(Decision::Rejected), past, today), Ok(()));
        assert_eq!(may_be_escalated(&decided(Decision::Removed), past, today), Err(NoEscalation::State("decided")));
        assert_eq!(may_be_escalated(&ReferralState::Drafted, past, today), Err(NoEscalation::State("drafted")));
    }
}

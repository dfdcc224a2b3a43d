//! The steps of a case in words: who did what, or which job of the program; repeats told once.

use crate::outbound::wire::TimelineView;
use crate::referral::outcome::Decision;
use crate::vocab::actor::ActorKind;
use crate::vocab::time::Timestamp;

/// One line of a timeline.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// What happened, and who did it.
    pub words: String,
    /// The state it led to, where that is another than before.
    pub state: Option<String>,
    /// When, the first time.
    pub at: Timestamp,
    /// How often in a row.
    pub times: usize,
    /// When, the last time.
    pub last: Timestamp,
}

/// The steps as lines. `answers` are the decisions of the steps that are answers, in their order.
pub(super) fn lines(steps: &[TimelineView], answers: &[Decision]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut state = None;
    // Answers older than the log are told without what they said: the newest belong together.
    let untold = steps.iter().filter(|step| step.event == "answer").count().saturating_sub(answers.len());
    let mut answers = std::iter::repeat_n(None, untold).chain(answers.iter().copied().map(Some));
    for step in steps {
        let decision = if step.event == "answer" { answers.next().flatten() } else { None };
        let words = words(step, decision);
        let is_same = state == Some(&step.state);
        state = Some(&step.state);
        match lines.last_mut().filter(|line| is_same && line.words == words) {
            Some(line) => {
                line.times += 1;
                line.last = step.at;
            }
            None => lines.push(Line {
                words,
                state: (!is_same).then(|| step.state.clone()),
                at: step.at,
                times: 1,
                last: step.at,
            }),
        }
    }
    lines
}

fn words(step: &TimelineView, decision: Option<Decision>) -> String {
    // What the program does by itself has no author, whatever the platform is told of who stands behind it.
    let automatic = match step.event.as_str() {
        "queue" => Some("waits to be opened (automatic)"),
        "draft" | "open" => Some("opened (automatic)"),
        "mark-sent" => Some("sent (automatic)"),
        "mark-delivered" => Some("delivered (automatic)"),
        "mark-undeliverable" => Some("could not be delivered (automatic)"),
        "remind" => Some("said again (automatic)"),
        "seen-gone" => Some("listing gone (automatic check)"),
        "seen-live" => Some("listing still online (automatic check)"),
        "seen-again" => Some("listing online again (automatic check)"),
        "expire" => Some("expired (automatic)"),
        "listing-changed" => Some("listing changed (automatic check)"),
        _ => None,
    };
    let by_a_person = step.actor_kind == Some(ActorKind::Person);
    if let Some(words) = automatic.filter(|_| !by_a_person) {
        return words.to_owned();
    }
    let did = match step.event.as_str() {
        "answer" => match decision {
            Some(decision) => format!("answered: {}", decision.words()),
            None => "answered".to_owned(),
        },
        "acknowledge" => "confirmed receipt".to_owned(),
        "approve" => "approved".to_owned(),
        "dismiss" => "dismissed it".to_owned(),
        "hold" => "held it".to_owned(),
        "release" => "released the hold".to_owned(),
        "contest" => "contested it".to_owned(),
        "uphold" => "upheld it".to_owned(),
        "warn" => "warned of an escalation".to_owned(),
        "withdraw" => "took it back".to_owned(),
        "correct" => "replaced it by a corrected case".to_owned(),
        "draft" => "opened it".to_owned(),
        other => other.replace('-', " "),
    };
    match step.actor.as_str() {
        "" => did,
        actor => format!("{actor} {did}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(at: i64, actor: &str, kind: Option<ActorKind>, event: &str, state: &str) -> TimelineView {
        let (actor, event, state) = (actor.to_owned(), event.to_owned(), state.to_owned());
        TimelineView { at: Timestamp::from_millis(at), actor, actor_kind: kind, role: None, event, state }
    }

    #[test]
    fn jobs_are_told_from_people_and_repeats_once() {
        let steps = [
            step(1, "authority", None, "approve", "approved"),
            step(2, "authority", None, "mark-delivered", "delivered"),
            step(3, "authority", None, "seen-live", "delivered"),
            step(4, "authority", None, "seen-live", "delivered"),
            step(5, "authority", None, "seen-live", "delivered"),
            step(6, "Mo Phone", Some(ActorKind::Person), "answer", "decided"),
            step(7, "Mo Phone", Some(ActorKind::Person), "answer", "decided"),
        ];
        let told = lines(&steps, &[Decision::NeedsInformation, Decision::Rejected]);
        let words: Vec<(&str, Option<&str>, usize)> =
            told.iter().map(|line| (line.words.as_str(), line.state.as_deref(), line.times)).collect();
        assert_eq!(
            words,
            [
                ("authority approved", Some("approved"), 1),
                ("delivered (automatic)", Some("delivered"), 1),
                ("listing still online (automatic check)", None, 3),
                ("Mo Phone answered: need more information", Some("decided"), 1),
                ("Mo Phone answered: not a violation", None, 1),
            ]
        );
        assert_eq!(told[2].last, Timestamp::from_millis(5));
        // An answer of which the log says nothing.
        let told = lines(&steps, &[Decision::Rejected]);
        assert_eq!(told[3].words, "Mo Phone answered");
        assert_eq!(told[4].words, "Mo Phone answered: not a violation");
    }
}

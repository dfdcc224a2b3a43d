//! The pages of a case: each has its own state and may have its own answer, and the state of the case follows from them.

use serde::{Deserialize, Serialize};

use crate::referral::outcome::{Decision, Outcome};
use crate::referral::state::CHECKS_UNTIL_GONE;
use crate::vocab::terms::{CaseSight, PageState, Sight};
use crate::vocab::time::Timestamp;

/// One page of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CasePage {
    /// Its address, as it is asked for.
    pub url: String,
    /// What is known of it.
    pub state: PageState,
    /// Looks in a row that count and found it gone.
    #[serde(skip)]
    pub gone_checks: u8,
    /// What the last look saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Sight>,
    /// HTTP status of that look's first answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// When that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<Timestamp>,
    /// What the platform answered for this page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<PageAnswer>,
}

/// A platform's answer for one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PageAnswer {
    /// What it decided.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
}

/// An answer for some pages of a case only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagesAnswered {
    /// What the platform decided for them.
    pub outcome: Outcome,
    /// Keys of the pages: an audit log names no addresses.
    pub pages: Vec<String>,
}

/// What the looks at a page and its listings say together. `is_live`: its offer was there when it was last seen;
/// `was_relisted`: it came back after its removal was verified.
pub fn state_of(gone_checks: u8, is_live: bool, was_relisted: bool) -> PageState {
    match gone_checks {
        CHECKS_UNTIL_GONE.. => PageState::ConfirmedGone,
        1.. => PageState::Gone,
        0 if !is_live => PageState::Gone,
        0 if was_relisted => PageState::Back,
        0 => PageState::Live,
    }
}

/// What a case is answered with, once each of its pages is: a question before all else, then what promises most.
pub fn answered_together(pages: &[CasePage]) -> Option<Outcome> {
    const ORDER: [Decision; 5] = [
        Decision::NeedsInformation,
        Decision::Removed,
        Decision::AccountAction,
        Decision::Restricted,
        Decision::Rejected,
    ];
    let answers: Option<Vec<&PageAnswer>> = pages.iter().map(|page| page.answer.as_ref()).collect();
    let place = |answer: &&&PageAnswer| ORDER.iter().position(|decision| *decision == answer.outcome.decision);
    answers?.iter().min_by_key(place).map(|answer| answer.outcome.clone())
}

/// What the last look at each page says of the case, and how many looks in a row found every page gone that must go.
///
/// A page that the platform keeps says nothing, nor does one it hid and we still see, where other pages must go. A page whose
/// removal was verified is gone also where it could not be asked this time.
pub fn seen_together(pages: &[CasePage]) -> (CaseSight, u8) {
    let decision = |page: &CasePage| page.answer.as_ref().map(|answer| answer.outcome.decision);
    let must_go = |page: &CasePage| matches!(decision(page), None | Some(Decision::Removed));
    let kept = |page: &CasePage| matches!(decision(page), Some(Decision::Rejected));
    let (any_must_go, all_kept) = (pages.iter().any(must_go), pages.iter().all(kept));
    let tells = |page: &&CasePage| all_kept || if any_must_go { must_go(page) } else { !kept(page) };
    let told = || pages.iter().filter(tells);
    let is_unseen =
        |page: &CasePage| page.seen.is_none_or(|seen| seen == Sight::NotSeen) && page.state != PageState::ConfirmedGone;
    let sight = if told().any(|page| page.seen == Some(Sight::Live)) {
        CaseSight::Live
    } else if pages.is_empty() || told().any(is_unseen) {
        CaseSight::NotSeen
    } else {
        CaseSight::Gone
    };
    (sight, told().map(|page| page.gone_checks).min().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(seen: Sight, decision: Option<Decision>) -> CasePage {
        let outcome = |decision| Outcome { decision, reason: None, reference: None };
        let answer =
            |decision| PageAnswer { outcome: outcome(decision), at: Timestamp::from_millis(0), actor: String::new() };
        CasePage {
            url: "https://shop.example.test/1".to_owned(),
            state: PageState::Live,
            gone_checks: u8::from(seen.is_gone()),
            seen: Some(seen),
            status: None,
            looked_at: None,
            answer: decision.map(answer),
        }
    }

    #[test]
    fn a_case_is_gone_where_every_page_that_must_go_is() {
        use CaseSight as C;
        use Decision as D;
        let (gone, live, unseen) = (Sight::NotFound, Sight::Live, Sight::NotSeen);
        let verified = CasePage { state: PageState::ConfirmedGone, gone_checks: 2, ..page(unseen, None) };
        for (pages, expected) in [
            (vec![page(gone, None), page(live, None)], (C::Live, 0)),
            (vec![page(gone, None), page(gone, None)], (C::Gone, 1)),
            (vec![page(gone, None), page(unseen, None)], (C::NotSeen, 0)),
            (vec![page(gone, None), verified.clone()], (C::Gone, 1)),
            (vec![verified.clone(), verified], (C::Gone, 2)),
            (vec![page(gone, Some(D::Removed)), page(live, Some(D::Rejected))], (C::Gone, 1)),
            (vec![page(live, Some(D::Removed)), page(live, Some(D::Rejected))], (C::Live, 0)),
            (vec![page(gone, Some(D::Removed)), page(live, Some(D::Restricted))], (C::Gone, 1)),
            (vec![page(live, Some(D::Restricted)), page(live, Some(D::Rejected))], (C::Live, 0)),
            (vec![page(gone, Some(D::Rejected))], (C::Gone, 1)),
            (vec![], (C::NotSeen, 0)),
        ] {
            assert_eq!(seen_together(&pages), expected, "{pages:?}");
        }
    }

    #[test]
    fn a_case_is_answered_when_each_page_is() {
        use Decision as D;
        let of = |decisions: &[Option<D>]| {
            let pages: Vec<CasePage> = decisions.iter().map(|decision| page(Sight::Live, *decision)).collect();
            answered_together(&pages).map(|outcome| outcome.decision)
        };
        assert_eq!(of(&[Some(D::Removed), None]), None);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[Some(D::Rejected), Some(D::Removed)]), Some(D::Removed));
        assert_eq!(of(&[Some(D::Removed), Some(D::NeedsInformation)]), Some(D::NeedsInformation));
        assert_eq!(of(&[Some(D::Rejected), Some(D::Rejected)]), Some(D::Rejected));
    }
}

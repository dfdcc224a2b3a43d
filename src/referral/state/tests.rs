use super::*;
use proptest::prelude::*;

const INTERVALS: Intervals = Intervals { recheck: Duration::from_secs(3600), renotice: Duration::from_secs(7200) };
const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn answer(decision: Decision) -> Event {
    Event::Answer { outcome: Outcome { decision, reason: None, reference: None }, of_pages: None }
}

fn gone(checks: u8) -> Event {
    Event::SeenGone { checks }
}

fn walk(events: &[Event]) -> Result<ReferralState, IllegalStep> {
    events.iter().cloned().try_fold(ReferralState::Drafted, |state, event| Ok(step(state, event, INTERVALS, NOW)?.0))
}

#[test]
fn a_case_lives_as_designed() {
    use Event as E;
    let sent = [E::Approve, E::MarkSent, E::MarkDelivered];
    for (line, events, name) in [
        (line!(), vec![], "drafted"),
        (line!(), sent.to_vec(), "delivered"),
        (line!(), [sent.to_vec(), vec![E::Acknowledge, answer(Decision::Removed)]].concat(), "decided"),
        (line!(), [sent.to_vec(), vec![answer(Decision::Removed), gone(1)]].concat(), "decided"),
        (line!(), [sent.to_vec(), vec![answer(Decision::Removed), gone(1), gone(2)]].concat(), "verified-gone"),
        (
            line!(),
            [sent.to_vec(), vec![answer(Decision::Removed), gone(1), gone(2), E::SeenAgain]].concat(),
            "relisted",
        ),
        (line!(), [sent.to_vec(), vec![answer(Decision::Removed), E::SeenLive]].concat(), "reopened"),
        (line!(), [sent.to_vec(), vec![answer(Decision::Rejected)]].concat(), "decided"),
        (
            line!(),
            [sent.to_vec(), vec![E::Contest { statement: "it is a lamp".into() }, E::Uphold]].concat(),
            "reopened",
        ),
        (line!(), [sent.to_vec(), vec![gone(1)]].concat(), "delivered"),
        (line!(), [sent.to_vec(), vec![gone(1), E::SeenLive, gone(1)]].concat(), "delivered"),
        (line!(), [sent.to_vec(), vec![gone(1), gone(2)]].concat(), "verified-gone"),
        (line!(), [sent.to_vec(), vec![E::Remind { times: 9 }]].concat(), "delivered"),
        (line!(), [sent.to_vec(), vec![E::Correct]].concat(), "corrected"),
        (line!(), vec![E::Expire], "expired"),
        (line!(), vec![E::Approve, E::MarkUndeliverable, E::Approve, E::MarkSent], "sent"),
        (line!(), vec![E::Hold { reason: "x".into() }, E::Release], "drafted"),
        (line!(), vec![gone(1), E::SeenAgain], "drafted"),
    ] {
        assert_eq!(walk(&events).map(|state| state.name()), Ok(name), "line {line}");
    }
}

#[test]
fn reminders_end_and_then_an_authority_is_told() {
    let waiting = || ReferralState::Delivered { gone_checks: 0 };
    let remind = |state, times| step(state, Event::Remind { times }, INTERVALS, NOW).unwrap().1;
    let again = Effect::RenoticeAt(NOW.after(INTERVALS.renotice));
    assert_eq!(remind(waiting(), REMINDERS - 1), [Effect::Deliver(Message::Updated), again]);
    assert_eq!(remind(waiting(), REMINDERS), [Effect::NoRenotice, Effect::Attention(Some(Attention::Unanswered))]);
    // Gone at the last look: nobody is reminded of what may be done already.
    let gone = ReferralState::Delivered { gone_checks: 1 };
    assert_eq!(remind(gone, 0), [Effect::RenoticeAt(NOW.after(INTERVALS.recheck))]);
    let decided = walk(&[Event::Approve, Event::MarkDelivered, answer(Decision::Rejected)]).unwrap();
    assert!(step(decided, Event::Remind { times: 0 }, INTERVALS, NOW).is_err(), "an answer ends reminders");
}

#[test]
fn looks_go_on_during_a_contest_and_complete_nothing() {
    let contest = Event::Contest { statement: "it is a lamp".into() };
    let contested = |events: &[Event]| {
        let before = walk(&[vec![Event::Approve, Event::MarkDelivered], events.to_vec()].concat()).unwrap();
        step(before, contest.clone(), INTERVALS, NOW).unwrap()
    };
    let (state, effects) = contested(&[]);
    assert_eq!(effects, [Effect::NoRenotice, Effect::Attention(Some(Attention::Contested))], "looks stay due");
    for seen in [Event::SeenLive, Event::SeenGone { checks: CHECKS_UNTIL_GONE }] {
        let looked = step(state.clone(), seen, INTERVALS, NOW);
        assert_eq!(looked, Ok((state.clone(), vec![Effect::RecheckAt(NOW.after(INTERVALS.recheck))])));
    }
    assert!(step(state.clone(), Event::Remind { times: 0 }, INTERVALS, NOW).is_err(), "reminders wait");
    assert!(step(state, Event::Warn { until: "2026-01-01".into() }, INTERVALS, NOW).is_err(), "so do warnings");
    // What needed no look needs none now.
    assert!(!contested(&[answer(Decision::Rejected)]).1.iter().any(|one| matches!(one, Effect::RecheckAt(_))));
}

#[test]
fn states_stored_before_looks_were_counted_read_as_before() {
    for name in ["sent", "delivered", "acknowledged", "reopened"] {
        let state: ReferralState = serde_json::from_str(&format!("{{\"state\":\"{name}\"}}")).unwrap();
        assert_eq!((state.name(), state.gone_checks()), (name, 0));
    }
}

#[test]
fn nothing_leaves_unapproved_or_held() {
    for first in [Event::MarkSent, Event::MarkDelivered, answer(Decision::Removed), Event::Acknowledge] {
        assert!(walk(std::slice::from_ref(&first)).is_err(), "{first:?}");
        assert!(walk(&[Event::Hold { reason: "x".into() }, first]).is_err());
    }
    assert!(walk(&[Event::Hold { reason: "x".into() }, Event::Approve]).is_err());
}

#[test]
fn a_change_is_told_while_the_case_is_open_at_the_platform() {
    use Event as E;
    let changed = || E::ListingChanged { fields: vec![Field::Title, Field::Price] };
    let sent = vec![E::Approve, E::MarkSent, E::MarkDelivered];
    let with = |more: &[Event]| [sent.clone(), more.to_vec()].concat();
    for (line, events) in [
        (line!(), sent[..2].to_vec()),
        (line!(), with(&[])),
        (line!(), with(&[E::Acknowledge])),
        (line!(), with(&[answer(Decision::NeedsInformation)])),
        (line!(), with(&[answer(Decision::Removed), E::SeenLive])),
        (line!(), with(&[E::Contest { statement: "x".into() }])),
    ] {
        let state = walk(&events).unwrap();
        let told = step(state.clone(), changed(), INTERVALS, NOW);
        assert_eq!(told, Ok((state, vec![Effect::Deliver(Message::Changed)])), "line {line}");
    }
    for (line, events) in [
        (line!(), vec![]),
        (line!(), vec![E::Hold { reason: "x".into() }]),
        (line!(), vec![E::Dismiss { reason: "x".into() }]),
        (line!(), vec![E::Expire]),
        (line!(), vec![E::Approve]),
        (line!(), vec![E::Approve, E::MarkUndeliverable]),
        (line!(), with(&[answer(Decision::Rejected)])),
        (line!(), with(&[answer(Decision::Removed)])),
        (line!(), with(&[gone(1), gone(2)])),
        (line!(), with(&[gone(1), gone(2), E::SeenAgain])),
        (line!(), with(&[E::Withdraw { reason: "x".into() }])),
        (line!(), with(&[E::Correct])),
    ] {
        assert!(step(walk(&events).unwrap(), changed(), INTERVALS, NOW).is_err(), "line {line}");
    }
}

#[test]
fn an_illegal_step_names_state_and_event() {
    let error = walk(&[Event::Dismiss { reason: "no".into() }, Event::Approve]).unwrap_err();
    assert_eq!(error.to_string(), "a referral that is `dismissed` cannot take `approve`");
}

fn any_event() -> impl Strategy<Value = Event> {
    use Event as E;
    let text = || "[a-z]{1,4}".prop_map(String::from);
    prop_oneof![
        Just(E::Approve),
        text().prop_map(|reason| E::Dismiss { reason }),
        text().prop_map(|reason| E::Hold { reason }),
        Just(E::Release),
        Just(E::MarkSent),
        Just(E::MarkDelivered),
        Just(E::MarkUndeliverable),
        Just(E::Acknowledge),
        Just(answer(Decision::Removed)),
        Just(answer(Decision::Rejected)),
        Just(answer(Decision::NeedsInformation)),
        (0u32..6).prop_map(|times| E::Remind { times }),
        (1..=2_u8).prop_map(gone),
        Just(E::SeenLive),
        Just(E::SeenAgain),
        Just(E::ListingChanged { fields: vec![Field::Price] }),
        text().prop_map(|statement| E::Contest { statement }),
        Just(E::Uphold),
        text().prop_map(|reason| E::Withdraw { reason }),
        Just(E::Correct),
        Just(E::Expire),
    ]
}

proptest! {
    #[test]
    fn no_order_of_events_sends_without_approval(events in proptest::collection::vec(any_event(), 0..12)) {
        let (mut state, mut approved) = (ReferralState::Drafted, false);
        for event in events {
            approved |= event == Event::Approve;
            if let Ok((next, effects)) = step(state.clone(), event, INTERVALS, NOW) {
                let delivers = effects.iter().any(|effect| matches!(effect, Effect::Deliver(_)));
                prop_assert!(approved || !delivers);
                prop_assert!(CaseState::ALL.contains(&next.kind()));
                state = next;
            }
        }
    }

    #[test]
    fn stored_states_read_back(events in proptest::collection::vec(any_event(), 0..8)) {
        let mut state = ReferralState::Drafted;
        for event in events {
            if let Ok((next, _)) = step(state.clone(), event, INTERVALS, NOW) { state = next; }
            let text = serde_json::to_string(&state).unwrap();
            prop_assert_eq!(&serde_json::from_str::<ReferralState>(&text).unwrap(), &state);
        }
    }
}

#[test]
fn a_page_that_is_gone_after_all_needs_nobody() {
    for decision in [Decision::Restricted, Decision::AccountAction] {
        let outcome = Outcome { decision, reason: None, reference: None };
        let decided = |gone_checks| ReferralState::Decided { outcome: outcome.clone(), gone_checks };
        let shown = |state, event| {
            let effects = step(state, event, INTERVALS, NOW).unwrap().1;
            effects.into_iter().rev().find_map(|effect| match effect {
                Effect::Attention(why) => Some(why),
                _ => None,
            })
        };
        assert_eq!(shown(decided(0), Event::SeenLive), Some(Some(Attention::StillThere)));
        assert_eq!(shown(decided(0), gone(1)), Some(None));
        assert_eq!(shown(decided(1), gone(CHECKS_UNTIL_GONE)), Some(None));
    }
}

//! Approval, delivery and reminders: nothing leaves unapproved, incomplete or twice.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::engine::deliver;
use crate::engine::rooms::Rooms;
use crate::outbound::retry;
use crate::outbound::webhook::Attempt;
use crate::referral::state::{Event, Intervals, ReferralState};
use crate::store::truth::{AttemptResult, Delivery, TruthError};
use crate::vocab::actor::Actor;
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::platform::{Approval, Channel, Platform};
use crate::vocab::time::Timestamp;

/// Deliveries looked at in one step.
const DELIVERIES_AT_ONCE: usize = 200;

/// Deliveries on their way at a time, so that one slow receiver does not hold up the others.
const IN_FLIGHT: usize = 16;

/// How long a receiver that did not take one message is left alone with the others.
const REST: Duration = Duration::from_secs(60);

/// Intervals of a case whose platform file is gone.
const WITHOUT_POLICY: Intervals =
    Intervals { recheck: Duration::from_secs(86_400), renotice: Duration::from_secs(3 * 86_400) };

/// Approves a case after making sure that its notice is complete.
///
/// # Errors
/// When the notice lacks a field, the state does not allow it, or the store refuses.
pub fn approve(
    rooms: &Rooms,
    id: &ReferralId,
    platform: &Platform,
    actor: &Actor,
) -> Result<ReferralState, TruthError> {
    rooms.truth.approve(id, platform, rooms.notice_terms(id, rooms.now()), None, actor, rooms.now())
}

/// What one step of dispatch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// Cases that waited and were opened.
    pub opened: usize,
    /// Cases approved by policy.
    pub approved: usize,
    /// Notices said again, or shown to an authority after that.
    pub reminded: usize,
    /// Deliveries that succeeded.
    pub delivered: usize,
    /// Deliveries that did not, and are tried again later.
    pub postponed: usize,
    /// Deliveries that were given up.
    pub failed: usize,
}

/// Approves what platforms agreed to have approved by itself, reminds, and delivers what is due. One step runs at a time.
///
/// # Errors
/// When the store fails.
pub async fn step(rooms: &Arc<Rooms>, platforms: &[Arc<Platform>]) -> Result<Dispatched, TruthError> {
    step_within(rooms, platforms, None).await
}

/// The same, without waiting longer than `patience` for receivers that do not answer: their messages stay on their way, nothing
/// else is sent to them meanwhile, and the next step serves the others.
///
/// # Errors
/// When the store fails.
pub async fn step_within(
    rooms: &Arc<Rooms>,
    platforms: &[Arc<Platform>],
    patience: Option<Duration>,
) -> Result<Dispatched, TruthError> {
    let _turn = rooms.dispatching.lock().await;
    let mut done = Dispatched { opened: rooms.truth.open_queued(rooms.now())?, ..Dispatched::default() };
    for platform in platforms.iter().filter(|platform| platform.referral.approval == Approval::Automatic) {
        for id in rooms.truth.drafts_to_refer(&platform.id, DELIVERIES_AT_ONCE)? {
            match approve(rooms, &id, platform, &Actor::Policy) {
                Ok(_) => done.approved += 1,
                Err(TruthError::Notice(error)) => tracing::warn!(referral.id = %id, %error, "`{id}` is not sent"),
                // Held since the list was read.
                Err(TruthError::Held(_) | TruthError::Step(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    remind(rooms, platforms, &mut done)?;
    let busy = rooms.busy.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let mut waiting = rooms.truth.due_deliveries(rooms.now(), &busy, DELIVERIES_AT_ONCE)?;
    let end = patience.map(|patience| tokio::time::Instant::now() + patience);
    // Turn by turn between receivers: many messages to one do not stand before the first to another.
    let mut turn: HashMap<(PlatformId, Channel), usize> = HashMap::new();
    waiting.sort_by_cached_key(|delivery| {
        let count = turn.entry((delivery.platform.clone(), delivery.channel)).or_default();
        *count += 1;
        *count
    });
    let mut waiting = waiting.into_iter();
    // Receivers that did not take a message in this step: what else waits for them waits a little longer.
    let mut tired: HashSet<(PlatformId, Channel)> = HashSet::new();
    let mut flying: Flying = JoinSet::new();
    let mut receivers: Vec<(i64, (PlatformId, Channel))> = Vec::new();
    loop {
        while flying.len() < IN_FLIGHT
            && let Some(delivery) = waiting.next()
        {
            if tired.contains(&(delivery.platform.clone(), delivery.channel)) {
                rooms.truth.postpone_delivery(delivery.id, rooms.now().after(REST))?;
                done.postponed += 1;
                continue;
            }
            // The intent is on record before anything leaves: what a crash cuts short goes out again under the same key.
            rooms.truth.begin_attempt(delivery.id)?;
            receivers.push((delivery.id, (delivery.platform.clone(), delivery.channel)));
            let platform = platforms.iter().find(|platform| platform.id == delivery.platform).cloned();
            let rooms = rooms.clone();
            flying.spawn(async move {
                let attempt = match platform {
                    Some(platform) => deliver::attempt(&rooms, &platform, &delivery).await?,
                    None => Attempt::Later { error: "there is no agreement with the platform now".into(), asked: None },
                };
                Ok((delivery, attempt))
            });
        }
        let landed = match end {
            None => flying.join_next().await,
            Some(end) => match tokio::time::timeout_at(end, flying.join_next()).await {
                Ok(landed) => landed,
                Err(_) => {
                    leave_behind(rooms, platforms, flying, receivers);
                    break;
                }
            },
        };
        match landed {
            None => break,
            Some(Ok(result)) => {
                let (delivery, attempt) = result?;
                receivers.retain(|(id, _)| *id != delivery.id);
                if matches!(attempt, Attempt::Later { .. }) {
                    tired.insert((delivery.platform.clone(), delivery.channel));
                }
                conclude(rooms, platforms, &delivery, attempt, &mut done)?;
            }
            Some(Err(error)) => tracing::error!(%error, "a delivery broke off; it is tried again"),
        }
    }
    Ok(done)
}

/// Messages on their way.
type Flying = JoinSet<Result<(Delivery, Attempt), TruthError>>;

/// Lets messages arrive, or fail, after the step that sent them. A crash meanwhile sends them again under the same key.
fn leave_behind(
    rooms: &Arc<Rooms>,
    platforms: &[Arc<Platform>],
    mut flying: Flying,
    receivers: Vec<(i64, (PlatformId, Channel))>,
) {
    let receivers: HashSet<(PlatformId, Channel)> = receivers.into_iter().map(|(_, receiver)| receiver).collect();
    rooms.busy.lock().unwrap_or_else(PoisonError::into_inner).extend(receivers.iter().cloned());
    let busy = Busy { rooms: rooms.clone(), receivers };
    let (rooms, platforms) = (rooms.clone(), platforms.to_vec());
    tokio::spawn(async move {
        let _busy = busy;
        let mut done = Dispatched::default();
        while let Some(landed) = flying.join_next().await {
            let concluded = match landed {
                Ok(Ok((delivery, attempt))) => conclude(&rooms, &platforms, &delivery, attempt, &mut done),
                Ok(Err(error)) => Err(error),
                Err(error) => {
                    tracing::error!(%error, "a delivery broke off; it is tried again");
                    Ok(())
                }
            };
            if let Err(error) = concluded {
                tracing::error!(%error, "what became of a delivery could not be noted; it is tried again");
            }
        }
    });
}

/// Receivers that are sent nothing else, until this goes out of scope, whatever ends it.
struct Busy {
    rooms: Arc<Rooms>,
    receivers: HashSet<(PlatformId, Channel)>,
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut busy = self.rooms.busy.lock().unwrap_or_else(PoisonError::into_inner);
        busy.retain(|receiver| !self.receivers.contains(receiver));
    }
}

fn conclude(
    rooms: &Rooms,
    platforms: &[Arc<Platform>],
    delivery: &Delivery,
    attempt: Attempt,
    done: &mut Dispatched,
) -> Result<(), TruthError> {
    let id = &delivery.referral;
    let now = rooms.now();
    let result = match attempt {
        Attempt::Delivered { receipt } => AttemptResult::Delivered { receipt },
        Attempt::Lapsed { error } => AttemptResult::Lapsed { error },
        Attempt::Refused { error } | Attempt::Disabled { error } => AttemptResult::GaveUp { error },
        Attempt::Later { error, asked } => {
            match retry::next_attempt(delivery.attempts.saturating_add(1), delivery.created, now, dice(), asked) {
                Some(at) => AttemptResult::Later { at, error },
                None => AttemptResult::GaveUp { error: format!("given up after three days: {error}") },
            }
        }
    };
    let policy = platforms.iter().find(|platform| platform.id == delivery.platform).map(|p| Intervals::of(&p.referral));
    rooms.truth.finish_attempt(delivery, &result, policy.unwrap_or(WITHOUT_POLICY), now)?;
    match &result {
        AttemptResult::Delivered { .. } => done.delivered += 1,
        AttemptResult::Lapsed { error } => tracing::info!(referral.id = %id, %error, "`{id}`: a message lapsed"),
        AttemptResult::GaveUp { error } => {
            done.failed += 1;
            tracing::warn!(referral.id = %id, %error, "`{id}` cannot be delivered by {:?}", delivery.channel);
        }
        AttemptResult::Later { error, .. } => {
            done.postponed += 1;
            tracing::info!(referral.id = %id, %error, "`{id}` is delivered later");
        }
    }
    Ok(())
}

/// Says unanswered notices again, or shows their cases to an authority once that was done often enough.
fn remind(rooms: &Rooms, platforms: &[Arc<Platform>], done: &mut Dispatched) -> Result<(), TruthError> {
    let now = rooms.now();
    for due in rooms.truth.due_reminders(now, DELIVERIES_AT_ONCE)? {
        let id = &due.referral;
        let Some(platform) = platforms.iter().find(|platform| platform.id == due.platform) else {
            rooms.truth.postpone_reminder(id, now.after(WITHOUT_POLICY.renotice))?;
            continue;
        };
        let policy = &platform.referral;
        let event = Event::Remind { times: due.times };
        match rooms.truth.apply(id, event, &Actor::Policy, &policy.channels, Intervals::of(policy), now) {
            Ok(_) => done.reminded += 1,
            // Held back since it left: not a word more until the mark is lifted.
            Err(TruthError::Held(_)) => rooms.truth.postpone_reminder(id, now.after(policy.renotice))?,
            Err(TruthError::Step(_)) => rooms.truth.postpone_reminder(id, Timestamp::NEVER)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A number in `0.0..1.0`, so that deliveries put off together do not come back together.
fn dice() -> f64 {
    let mut bytes = [0; 4];
    // Without randomness the pause is simply not stretched.
    let _ = getrandom::fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

//! Approval and delivery: nothing leaves unapproved, incomplete or twice.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::engine::deliver;
use crate::engine::rooms::Rooms;
use crate::outbound::retry;
use crate::outbound::webhook::Attempt;
use crate::referral::state::{Event, ReferralState};
use crate::store::truth::{AttemptResult, Delivery, TruthError};
use crate::vocab::ids::ReferralId;
use crate::vocab::platform::{Approval, Platform};

/// Deliveries looked at in one step.
const DELIVERIES_AT_ONCE: usize = 200;

/// Deliveries on their way at a time, so that one slow receiver does not hold up the others.
const IN_FLIGHT: usize = 16;

/// Actor of what a platform's agreed policy does by itself.
const POLICY: &str = "policy";

/// Between rechecks of a case whose platform file is gone.
const RECHECK_WITHOUT_POLICY: Duration = Duration::from_secs(86_400);

/// Approves a case after making sure that its notice is complete.
///
/// # Errors
/// When the notice lacks a field, the state does not allow it, or the store refuses.
pub fn approve(rooms: &Rooms, id: &ReferralId, platform: &Platform, actor: &str) -> Result<ReferralState, TruthError> {
    rooms.truth.approve(id, platform, rooms.notice_terms(id, rooms.now()), actor, rooms.now())
}

/// What one step of dispatch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// Cases approved by policy.
    pub approved: usize,
    /// Deliveries that succeeded.
    pub delivered: usize,
    /// Deliveries that did not, and are tried again later.
    pub postponed: usize,
    /// Deliveries that were given up.
    pub failed: usize,
}

/// Approves what platforms agreed to have approved by itself, and delivers what is due. One step runs at a time.
///
/// # Errors
/// When the store fails.
pub async fn step(rooms: &Arc<Rooms>, platforms: &[Arc<Platform>]) -> Result<Dispatched, TruthError> {
    let _turn = rooms.dispatching.lock().await;
    let mut done = Dispatched::default();
    for platform in platforms.iter().filter(|platform| platform.referral.approval == Approval::Automatic) {
        for id in rooms.truth.drafts_to_refer(&platform.id, DELIVERIES_AT_ONCE)? {
            match approve(rooms, &id, platform, POLICY) {
                Ok(_) => done.approved += 1,
                Err(TruthError::Notice(error)) => tracing::warn!(referral.id = %id, %error, "`{id}` is not sent"),
                Err(error) => return Err(error),
            }
        }
    }
    let mut waiting = rooms.truth.due_deliveries(rooms.now(), DELIVERIES_AT_ONCE)?.into_iter();
    let mut flying: JoinSet<Result<(Delivery, Attempt), TruthError>> = JoinSet::new();
    loop {
        while flying.len() < IN_FLIGHT
            && let Some(delivery) = waiting.next()
        {
            // The intent is on record before anything leaves: what a crash cuts short goes out again under the same key.
            rooms.truth.begin_attempt(delivery.id)?;
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
        match flying.join_next().await {
            None => break,
            Some(Ok(result)) => {
                let (delivery, attempt) = result?;
                conclude(rooms, platforms, &delivery, attempt, &mut done)?;
            }
            Some(Err(error)) => tracing::error!(%error, "a delivery broke off; it is tried again"),
        }
    }
    Ok(done)
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
        Attempt::Disabled { error } => AttemptResult::GaveUp { error },
        Attempt::Later { error, asked } => {
            match retry::next_attempt(delivery.attempts.saturating_add(1), delivery.created, now, dice(), asked) {
                Some(at) => AttemptResult::Later { at, error },
                None => AttemptResult::GaveUp { error: format!("given up after three days: {error}") },
            }
        }
    };
    let all_gave_up = rooms.truth.finish_attempt(delivery.id, &result)?;
    let event = match &result {
        AttemptResult::Delivered { .. } => {
            done.delivered += 1;
            Some(Event::MarkDelivered)
        }
        AttemptResult::GaveUp { error } => {
            done.failed += 1;
            tracing::warn!(referral.id = %id, %error, "`{id}` cannot be delivered by {:?}", delivery.channel);
            all_gave_up.then_some(Event::MarkUndeliverable)
        }
        AttemptResult::Later { error, .. } => {
            done.postponed += 1;
            tracing::info!(referral.id = %id, %error, "`{id}` is delivered later");
            Some(Event::MarkSent)
        }
    };
    let recheck = platforms
        .iter()
        .find(|platform| platform.id == delivery.platform)
        .map_or(RECHECK_WITHOUT_POLICY, |platform| platform.referral.recheck);
    if let Some(event) = event {
        match rooms.truth.apply(id, event, "dispatch", &[], recheck, now) {
            // A late receipt of a case that went on changes nothing.
            Ok(_) | Err(TruthError::Step(_)) => {}
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

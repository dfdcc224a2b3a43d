//! Approval and delivery: nothing leaves unapproved, incomplete or twice.

use std::sync::Arc;

use crate::engine::rooms::Rooms;
use crate::referral::state::{Event, ReferralState};
use crate::store::truth::{AttemptResult, TruthError};
use crate::vocab::ids::ReferralId;
use crate::vocab::platform::{Approval, Channel, Platform};

/// Deliveries looked at in one step.
const DELIVERIES_AT_ONCE: usize = 200;

/// Actor of what a platform's agreed policy does by itself.
const POLICY: &str = "policy";

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
    /// Deliveries that did not.
    pub failed: usize,
}

/// Approves what platforms agreed to have approved by itself, and delivers what is due.
///
/// # Errors
/// When the store fails.
pub fn step(rooms: &Rooms, platforms: &[Arc<Platform>]) -> Result<Dispatched, TruthError> {
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
    for delivery in rooms.truth.due_deliveries(rooms.now(), DELIVERIES_AT_ONCE)? {
        let recheck = platforms
            .iter()
            .find(|platform| platform.id == delivery.platform)
            .map_or(std::time::Duration::from_secs(86_400), |platform| platform.referral.recheck);
        rooms.truth.begin_attempt(delivery.id)?;
        let result = match delivery.channel {
            // The feed is read from the store: being there is being published.
            Channel::Feed => AttemptResult::Delivered { receipt: format!("published as {}", delivery.idempotency_key) },
            Channel::Webhook | Channel::Email => AttemptResult::GaveUp {
                error: "this version delivers by feed and API only; the case stands in the feed".to_owned(),
            },
        };
        let all_gave_up = rooms.truth.finish_attempt(delivery.id, &result)?;
        let event = match result {
            AttemptResult::Delivered { .. } => {
                done.delivered += 1;
                Some(Event::MarkDelivered)
            }
            AttemptResult::GaveUp { .. } => {
                done.failed += 1;
                all_gave_up.then_some(Event::MarkUndeliverable)
            }
            AttemptResult::Later { .. } => None,
        };
        if let Some(event) = event {
            match rooms.truth.apply(&delivery.referral, event, "dispatch", &[], recheck, rooms.now()) {
                Ok(_) | Err(TruthError::Step(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(done)
}

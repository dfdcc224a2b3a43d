//! What mandates still allow: pages and bytes counted where every request passes, and the mandate a recheck runs under.
//!
//! A purse claims them from the record of truth in blocks before they are used, so that no kill and no second scan lets a
//! mandate's budget be passed; what was not used is given back when a scan or a step of rechecks ends. A kill costs the
//! mandate at most the block that was claimed.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::store::truth::{MandateClaim, MandateEnd, Truth, TruthError};
use crate::vocab::ids::{MandateId, ReferralId};
use crate::vocab::platform::{Basis, Platform};
use crate::vocab::time::Timestamp;

/// The mandate under which an operator scans a site of its own. It has no budget and no end, and need not be on record.
pub const OWN_SITE: &str = "own-site";

/// Pages claimed at once at most; a mandate with little left is claimed from in smaller blocks.
const BLOCK: u64 = 256;

/// Part of what a mandate has left that is claimed at once at most.
const BLOCK_SHARE: u64 = 64;

/// Bytes claimed at once at most, and at least where so many are left. How many a body has is known when it came: a budget of
/// bytes may be passed by the bodies that are on their way when it ends, and by no more.
const BLOCK_BYTES: u64 = 16 << 20;
const LEAST_BLOCK_BYTES: u64 = 64 << 10;

/// How long a mandate that was revoked may go unnoticed by a scan under it.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The purses of the mandates in use. One set for a process: platforms scanned side by side draw from the same.
#[derive(Debug, Default)]
pub struct Purses {
    // Counters; held while a block is claimed, so that a mandate is claimed from once at a time.
    held: Mutex<HashMap<MandateId, Purse>>,
}

#[derive(Debug, Default)]
struct Purse {
    /// Pages claimed and not used.
    pages: u64,
    /// Bytes claimed and not used; below zero where more came than was claimed.
    bytes: i64,
    /// When it was last made sure that the mandate is in force.
    looked: Option<Timestamp>,
}

impl Purses {
    /// Takes one page of `mandate` for a request that is sent now, or says why it may not be sent.
    ///
    /// # Errors
    /// When the mandate is not on record, or SQLite fails.
    pub fn spend(
        &self,
        truth: &Truth,
        mandate: &MandateId,
        now: Timestamp,
    ) -> Result<Result<(), MandateEnd>, TruthError> {
        if mandate.as_str() == OWN_SITE {
            return Ok(Ok(()));
        }
        let mut held = self.held();
        let purse = held.entry(mandate.clone()).or_default();
        let stale = purse.looked.is_none_or(|looked| now < looked || now.since(looked) >= LOOK_AGAIN);
        if purse.pages > 0 && purse.bytes > 0 && stale {
            // The pages in the purse count as spent: only the end of the mandate itself matters.
            if let Some(end @ (MandateEnd::Revoked | MandateEnd::Expired)) = truth.mandate(mandate)?.end(now) {
                return Ok(Err(end));
            }
            purse.looked = Some(now);
        }
        if purse.pages == 0 || purse.bytes <= 0 {
            let (pages, bytes) = (purse.pages, purse.bytes);
            let owed = u64::try_from(purse.bytes.saturating_neg()).unwrap_or(0);
            let wanted = |left, left_bytes| Purse::wants(pages, bytes, (left, left_bytes));
            let claimed = truth.claim_of_mandate(mandate, owed, wanted, now)?;
            // What was owed is on record now, whatever else the answer is.
            purse.bytes = purse.bytes.max(0);
            match claimed {
                Ok(MandateClaim { pages, bytes }) => {
                    purse.pages += pages;
                    purse.bytes = purse.bytes.saturating_add_unsigned(bytes);
                    purse.looked = Some(now);
                }
                Err(end) => return Ok(Err(end)),
            }
        }
        purse.pages -= 1;
        Ok(Ok(()))
    }

    /// Notes the bytes of a body that came for a request under `mandate`.
    pub fn brought(&self, mandate: &MandateId, bytes: u64) {
        if mandate.as_str() != OWN_SITE {
            let mut held = self.held();
            let purse = held.entry(mandate.clone()).or_default();
            purse.bytes = purse.bytes.saturating_sub_unsigned(bytes);
        }
    }

    /// Gives back what was claimed and not used.
    ///
    /// # Errors
    /// When SQLite fails; then the rest stays claimed until the next time.
    pub fn give_back(&self, truth: &Truth) -> Result<(), TruthError> {
        let mut held = self.held();
        for (mandate, purse) in held.iter_mut().filter(|(_, purse)| purse.pages > 0 || purse.bytes != 0) {
            truth.give_back_to_mandate(mandate, purse.pages, purse.bytes)?;
            (purse.pages, purse.bytes) = (0, 0);
        }
        held.clear();
        Ok(())
    }

    fn held(&self) -> MutexGuard<'_, HashMap<MandateId, Purse>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Purse {
    /// What to claim beside what is held, of a mandate that has so much left.
    fn wants(pages: u64, bytes: i64, left: (Option<u64>, Option<u64>)) -> MandateClaim {
        MandateClaim {
            pages: if pages == 0 { block(left.0) } else { 0 },
            bytes: if bytes <= 0 { block_bytes(left.1) } else { 0 },
        }
    }
}

/// Bytes to claim from a mandate with so many left.
fn block_bytes(left: Option<u64>) -> u64 {
    left.map_or(BLOCK_BYTES, |left| (left / BLOCK_SHARE).clamp(LEAST_BLOCK_BYTES, BLOCK_BYTES))
}

/// Pages to claim from a mandate with so many left; `None`: without a budget.
fn block(left: Option<u64>) -> u64 {
    left.map_or(BLOCK, |left| (left / BLOCK_SHARE).clamp(1, BLOCK))
}

/// What a recheck is done under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Under {
    /// This mandate, which is in force.
    Mandate(MandateId),
    /// The agreement alone: no scan of the platform ever ran under a mandate, and its file names none.
    Agreement,
    /// No mandate of the platform is in force any more.
    Ended(MandateEnd),
}

/// The mandate a look at a case's pages is done under: the one its hits were found under, else the one the platform's
/// schedule names, else one of the platform's other scans; the first that is in force.
///
/// # Errors
/// When SQLite fails.
pub fn for_recheck(
    truth: &Truth,
    platform: &Platform,
    referral: &ReferralId,
    now: Timestamp,
) -> Result<Under, TruthError> {
    let (found_under, others) = truth.mandates_of_scans(&platform.id, referral)?;
    let scheduled = platform.schedule.as_ref().and_then(|schedule| schedule.mandate.clone());
    let mut ended = None;
    for id in found_under.into_iter().chain(scheduled).chain(others) {
        if id.as_str() == OWN_SITE && platform.agreement.basis == Basis::OwnSite {
            return Ok(Under::Mandate(id));
        }
        match truth.mandate(&id) {
            Ok(mandate) => match mandate.end(now) {
                None => return Ok(Under::Mandate(id)),
                Some(end) => ended = ended.or(Some(end)),
            },
            // Named in a platform file and never recorded.
            Err(TruthError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ended.map_or(Under::Agreement, Under::Ended))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_shrink_with_what_is_left() {
        assert_eq!([Some(3), Some(64), Some(6_400), Some(u64::MAX), None].map(block), [1, 1, 100, 256, 256]);
    }
}

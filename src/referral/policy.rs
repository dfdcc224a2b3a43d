//! Who approves, and which clusters are not brought up again.

use crate::detect::assessment::Verdict;
use crate::referral::state::ReferralState;
use crate::vocab::platform::Approval;

/// Whether a new case goes out without a person: only `refer` verdicts, only where the platform agreed.
pub fn approves_by_itself(approval: Approval, verdict: Verdict) -> bool {
    approval == Approval::Automatic && verdict == Verdict::Refer
}

/// What a scan that finds a listing of a known cluster does with its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sighting {
    /// Nothing new: note when it was last seen.
    Known,
    /// The listing came back after it was gone.
    Again,
    /// The case was decided against, and what it rested on changed: a new case that cites the old answer.
    Anew,
}

/// Weighs a sighting. `changed` says whether the content or the watchlist entry differs from what was decided on.
pub fn weigh(state: &ReferralState, changed: bool) -> Sighting {
    match state {
        ReferralState::VerifiedGone { .. } | ReferralState::Expired | ReferralState::Relisted { .. } => Sighting::Again,
        state if state.is_settled_against() && changed => Sighting::Anew,
        _ => Sighting::Known,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dismissed_cluster_stays_away_unless_it_changed() {
        let dismissed = ReferralState::Dismissed { reason: "a book".into() };
        assert_eq!(weigh(&dismissed, false), Sighting::Known);
        assert_eq!(weigh(&dismissed, true), Sighting::Anew);
        assert_eq!(weigh(&ReferralState::VerifiedGone { outcome: None }, false), Sighting::Again);
        assert_eq!(weigh(&ReferralState::Delivered { gone_checks: 0 }, true), Sighting::Known);
    }

    #[test]
    fn only_a_refer_verdict_goes_out_by_itself() {
        assert!(approves_by_itself(Approval::Automatic, Verdict::Refer));
        assert!(!approves_by_itself(Approval::Automatic, Verdict::Review));
        assert!(!approves_by_itself(Approval::Person, Verdict::Refer));
    }
}

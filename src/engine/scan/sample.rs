//! The control sample: visits to pages whose listings were not referred, as looks that say how many vanish by themselves.

use crate::detect::assessment::Verdict;
use crate::engine::rooms::Rooms;
use crate::engine::scan::committer::{Done, PageDone};
use crate::fetch::gate::Answer;
use crate::store::truth::{ControlLook, ControlSight};
use crate::vocab::time::Timestamp;

/// The look at the control sample that this visit is, if chance draws its page.
pub fn look(rooms: &Rooms, one: &Done, page: &PageDone) -> Option<ControlLook> {
    let platform = &one.scan.platform.id;
    let seen = match &page.kind {
        Answer::Gone | Answer::Redirect(_) => ControlSight::Gone,
        Answer::Page if page.capture.truncated.is_some() => return None,
        Answer::Page if page.listings.iter().any(|listing| listing.assessment.verdict != Verdict::Clear) => {
            ControlSight::Referred
        }
        Answer::Page if page.listings.is_empty() => ControlSight::Gone,
        Answer::Page | Answer::NotModified => ControlSight::Live,
        Answer::Refused | Answer::Other => return None,
    };
    let digest = rooms.truth.control_digest(platform, &page.capture.url)?;
    Some(ControlLook { platform: platform.clone(), digest, mandate: one.scan.mandate.clone(), seen })
}

/// Has a drawn page looked at again as soon as a referred one would be, so that both are compared over the same time.
pub fn come_back(one: &mut Done, now: Timestamp) {
    let again = now.after(one.scan.platform.referral.recheck);
    if one.settlement.due > again {
        one.settlement.due = again;
    }
}

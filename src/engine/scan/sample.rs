//! The control sample: visits to pages whose listings were not referred, as looks that say how many vanish by themselves.

use crate::engine::rooms::Rooms;
use crate::engine::scan::messages::{Done, Sight};
use crate::engine::scan::state::PlatformScan;
use crate::store::truth::{ControlLook, ControlSight};
use crate::vocab::time::Timestamp;

/// The look at the control sample that this visit is, if chance draws its page.
pub fn look(rooms: &Rooms, scan: &PlatformScan, one: &Done) -> Option<ControlLook> {
    let seen = match one.sight? {
        Sight::Live => ControlSight::Live,
        Sight::Gone => ControlSight::Gone,
        Sight::Referred => ControlSight::Referred,
    };
    let platform = scan.platform.id.clone();
    let digest = rooms.truth.control_digest(&platform, &one.settlement.lease.url)?;
    Some(ControlLook { platform, digest, mandate: scan.mandate.clone(), seen })
}

/// Has a drawn page looked at again as soon as a referred one would be, so that both are compared over the same time.
pub fn come_back(scan: &PlatformScan, one: &mut Done, now: Timestamp) {
    let again = now.after(scan.platform.referral.recheck);
    if one.settlement.due > again {
        one.settlement.due = again;
    }
}

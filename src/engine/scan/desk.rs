//! The half of a scan that keeps, asked by the half that fetches: leases, learned names, budgets.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;

use crate::engine::record::{self, RecordError};
use crate::engine::rooms::Rooms;
use crate::engine::scan::follow::{Following, Followings};
use crate::engine::scan::messages::{Brought, Granted, Keeping, Kept, Naming, Passage, Spend, Spent, Want};
use crate::engine::scan::worker::{Asked, Keeper};
use crate::evidence::capture::Capture;
use crate::frontier::entry::Lease;
use crate::store::hot::HotError;
use crate::vocab::found::FoundUrl;
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

/// A host that must be waited for longer than this is left for a later scan; the coverage statement says so.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// URLs looked at for the next moment that something was put off to.
const PUT_OFF_LOOKED_AT: usize = 64;

/// Answers lanes from the stores of this process.
pub struct Desk {
    /// The stores.
    pub rooms: Arc<Rooms>,
    /// The scans of the run.
    pub followings: Arc<Followings>,
    /// The way asked and answered.
    pub passage: Arc<dyn Passage>,
}

impl Keeper for Desk {
    fn lease(&self, want: Want) -> Asked<'_, Granted> {
        let want = self.passage.want(want);
        let granted = match self.followings.of(&want.platform, &want.run) {
            Some(following) => self.grant(following, &want).unwrap_or_else(|error| {
                following.scan.break_off(&error);
                Granted::Nothing
            }),
            None => Granted::Nothing,
        };
        Box::pin(std::future::ready(self.passage.granted(granted)))
    }

    fn shorter_name(&self, naming: Naming) -> Asked<'_, Option<FoundUrl>> {
        let naming = self.passage.naming(naming);
        let following = self.followings.of(&naming.platform, &naming.run);
        let short = following.and_then(|following| following.shorter_name(&naming.url, self.rooms.now()));
        Box::pin(std::future::ready(self.passage.shorter_name(short)))
    }

    fn kept(&self, keeping: Keeping) -> Asked<'_, Option<Kept>> {
        let keeping = self.passage.keeping(keeping);
        let rooms = self.rooms.clone();
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || {
                kept(&rooms, &keeping.lease).unwrap_or_else(|error| {
                    warn!(url = %keeping.lease.url, %error, "what was kept of `{}` cannot be read", keeping.lease.url);
                    None
                })
            });
            self.passage.kept(read.await.unwrap_or_default())
        })
    }

    fn spend(&self, spend: Spend) -> Asked<'_, Spent> {
        let spend = self.passage.spend(spend);
        let spent = match self.followings.of(&spend.platform, &spend.run) {
            Some(following) => self.take_page(following),
            None => Spent::Ended,
        };
        Box::pin(std::future::ready(self.passage.spent(spent)))
    }

    fn brought(&self, brought: Brought) -> Asked<'_, ()> {
        let brought = self.passage.brought(brought);
        if let Some(following) = self.followings.of(&brought.platform, &brought.run) {
            self.rooms.purses.brought(&following.scan.mandate, brought.bytes);
        }
        Box::pin(std::future::ready(()))
    }
}

impl Desk {
    fn grant(&self, following: &Following, want: &Want) -> Result<Granted, HotError> {
        let scan = &following.scan;
        let at_most = want.at_most.min(scan.budget_left().max(1));
        let term = (self.rooms.now(), want.lease_for);
        let leases = self.rooms.hot.lease_not_done(&want.platform, &want.host, at_most, term, scan.started_at)?;
        if !leases.is_empty() {
            following.asked_for(leases.iter().map(|lease| &lease.url));
            scan.took(leases.len());
            return Ok(Granted::Leases(leases));
        }
        Ok(soonest_put_off(&self.rooms, following, &want.host)?.map_or(Granted::Nothing, Granted::Later))
    }

    /// The scan's own budget first: a page it does not allow must not cost the mandate one.
    fn take_page(&self, following: &Following) -> Spent {
        let scan = &following.scan;
        if !scan.spend() {
            return Spent::Ended;
        }
        match self.rooms.purses.spend(&self.rooms.truth, &scan.mandate, self.rooms.now()) {
            Ok(Ok(())) => Spent::Page,
            Ok(Err(end)) => {
                scan.stop_for(end.reason());
                Spent::Ended
            }
            Err(error) => {
                scan.break_off(&error);
                Spent::Ended
            }
        }
    }
}

/// The last body of a page as it lies among the evidence, where it may have come from another page with the same bytes.
fn kept(rooms: &Rooms, lease: &Lease) -> Result<Option<Kept>, RecordError> {
    let Some(digest) = lease.state.payload_digest else { return Ok(None) };
    let Some((record, place)) = record::kept(rooms, &lease.platform, digest)? else { return Ok(None) };
    let capture = record.to_capture().map(|held| Capture { url: lease.url.clone(), ..held });
    Ok(capture.map(|capture| Kept { capture, place }))
}

/// When the next URL of `host` that was put off may be tried, if a scan should wait for it.
///
/// # Errors
/// When the frontier store fails.
pub fn soonest_put_off(rooms: &Rooms, following: &Following, host: &HostKey) -> Result<Option<Timestamp>, HotError> {
    let now = rooms.now();
    let soon = (now, now.after(LONGEST_WAIT));
    let scan = &following.scan;
    let put_off = rooms.hot.put_off(&scan.platform.id, host, soon, scan.started_at, PUT_OFF_LOOKED_AT)?;
    Ok(put_off.into_iter().min())
}

//! What the half of a scan that fetches and examines works with. No store is among it: what it must know it asks by message.
//!
//! The gate's ledger of politeness is handed to the gate behind `frontier::ledger::Ledger`, whoever keeps it.

use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use crate::config::settings::Keep;
use crate::detect::Detector;
use crate::engine::disk::Disk;
use crate::engine::scan::messages::{Brought, Granted, Keeping, Kept, Naming, Passage, Spend, Spent, Want};
use crate::fetch::gate::Gate;
use crate::vocab::found::FoundUrl;
use crate::vocab::limits::Limits;
use crate::vocab::time::{Clock, Timestamp};

/// When a later scan may try again what this one could not have: a site that was down for an hour must not stay unseen
/// for a week.
pub const TRY_AGAIN: Duration = Duration::from_secs(1800);

/// The watchlist in use; replaced as a whole when it is reloaded.
pub type CurrentDetector = Arc<RwLock<Arc<Detector>>>;

/// An answer on its way.
pub type Asked<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The half that keeps, as the half that fetches sees it.
pub trait Keeper: Send + Sync {
    /// Work for a lane.
    fn lease(&self, want: Want) -> Asked<'_, Granted>;
    /// The shorter name of a page, if its parameters were learned to change nothing.
    fn shorter_name(&self, naming: Naming) -> Asked<'_, Option<FoundUrl>>;
    /// What was kept of a page, if it can still be read.
    fn kept(&self, keeping: Keeping) -> Asked<'_, Option<Kept>>;
    /// Takes one page from the budgets.
    fn spend(&self, spend: Spend) -> Asked<'_, Spent>;
    /// Notes what a request brought.
    fn brought(&self, brought: Brought) -> Asked<'_, ()>;
}

/// What lanes and examiners work with.
pub struct Worker {
    /// The only way to the network.
    pub gate: Arc<Gate>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The compiled watchlist.
    pub detector: CurrentDetector,
    /// The disk that must not fill up.
    pub disk: Arc<Disk>,
    /// Which pages are kept as evidence.
    pub keep: Keep,
    /// Caps against hostile or broken input.
    pub limits: Limits,
    /// The half that keeps.
    pub keeper: Arc<dyn Keeper>,
    /// The way messages come.
    pub passage: Arc<dyn Passage>,
}

impl Worker {
    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The compiled watchlist in use.
    pub fn detector(&self) -> Arc<Detector> {
        self.detector.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Says whether the time to read a page, which begins now, is over.
pub fn reading_time(limits: &Limits) -> impl Fn() -> bool + use<> {
    let (started, most) = (Instant::now(), limits.parse_deadline);
    move || started.elapsed() >= most
}

//! What a scan is asked for, what it answers, and why it may fail.

use std::sync::Arc;

use serde::Serialize;

use crate::report::coverage::Coverage;
use crate::store::hot::HotError;
use crate::vocab::ids::{MandateId, PlatformId, RunId};
use crate::vocab::platform::Platform;
use crate::vocab::time::Timestamp;

/// What to scan and how far.
#[derive(Debug, Clone)]
pub struct ScanOrder {
    /// Name of this run.
    pub run: RunId,
    /// Platforms to visit, each with the mandate it is visited under.
    pub platforms: Vec<(Arc<Platform>, MandateId)>,
    /// Fewer pages than the platform's own budget, if given.
    pub max_pages: Option<u64>,
    /// Stop at this moment, if given.
    pub until: Option<Timestamp>,
    /// Which of the known pages are asked for.
    pub looks: Looks,
}

/// Which of the known pages a scan asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// Pages that are due, including those that would now be judged differently.
    Due,
    /// All that were fetched before, to judge them again.
    Again,
}

/// A run is named after its start, so that lists sort by time.
pub fn run_id(now: Timestamp) -> RunId {
    let stamp: String = now.to_string().chars().filter(char::is_ascii_digit).collect();
    RunId::parse(&format!("run-{stamp}")).unwrap_or_else(|_| unreachable!("a word and digits form a run id"))
}

/// What one platform's scan brought.
#[derive(Debug, Clone, Serialize)]
pub struct PlatformResult {
    /// Platform.
    pub platform: PlatformId,
    /// Pages fetched.
    pub pages: u64,
    /// Listings read.
    pub listings: u64,
    /// Listings judged `review` or `refer`.
    pub hits: u64,
    /// Cases opened.
    pub referrals_new: u64,
    /// What was and was not seen.
    pub coverage: Coverage,
}

/// Why a scan could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The frontier store failed.
    #[error(transparent)]
    Hot(#[from] HotError),
    /// A record cannot be formed.
    #[error("a record cannot be formed: {0}")]
    Record(#[from] serde_json::Error),
    /// The record of truth failed.
    #[error(transparent)]
    Truth(#[from] crate::store::truth::TruthError),
    /// A store or the disk failed in the middle; what was acknowledged is kept, the rest is still due.
    #[error("the scan broke off: {0}")]
    BrokenOff(String),
}

//! The politeness ledger over both stores: sled at once, SQLite in time, so that politeness survives the loss of sled.
//!
//! A block is in SQLite when the call returns. The rest is written together, by the first change that comes
//! `WRITE_AFTER` after the last write; so a change that is not in the checkpoint is younger than it by less than
//! [`CHECKPOINT_INTERVAL`], and a host that waits that long besides its delay waits long enough.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::frontier::ledger::{Ledger, Urgency};
use crate::frontier::politeness::HostRecord;
use crate::frontier::robots::RobotsRecord;
use crate::store::hot::HotStore;
use crate::store::truth::{Truth, TruthError};
use crate::vocab::time::{Clock, Timestamp};
use crate::vocab::url::HostKey;

/// How far the checkpoint may lag behind; what every host waits besides its delay after a rebuild.
pub const CHECKPOINT_INTERVAL: Duration = Duration::from_secs(30);

/// Half of it, so that a slow disk does not make the promise false.
const WRITE_AFTER: Duration = Duration::from_secs(15);

/// The ledger of a data directory.
pub struct CheckpointedLedger {
    hot: Arc<HotStore>,
    truth: Arc<Truth>,
    clock: Arc<dyn Clock>,
    /// The frontier was new or lost when it was opened.
    rebuilt: bool,
    /// The last checkpoint of the processes before this one; the start of this one, if that was dated in the future.
    before: Option<Timestamp>,
    // A few records, never held across an await.
    unwritten: Mutex<Unwritten>,
}

#[derive(Default)]
struct Unwritten {
    records: HashMap<HostKey, HostRecord>,
    written_at: Option<Instant>,
}

impl CheckpointedLedger {
    /// A ledger over the two stores. `rebuilt` says that sled came up empty.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn open(
        hot: Arc<HotStore>,
        truth: Arc<Truth>,
        clock: Arc<dyn Clock>,
        rebuilt: bool,
    ) -> Result<Self, TruthError> {
        let now = clock.now();
        let before = truth.last_checkpoint()?.map(|at| at.min(now));
        Ok(CheckpointedLedger { hot, truth, clock, rebuilt, before, unwritten: Mutex::default() })
    }

    /// Writes what is not written yet.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn close(&self) -> Result<(), TruthError> {
        self.write(&mut self.unwritten.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn write(&self, unwritten: &mut Unwritten) -> Result<(), TruthError> {
        if !unwritten.records.is_empty() {
            self.truth.checkpoint_hosts(unwritten.records.iter(), self.clock.now())?;
            unwritten.records.clear();
        }
        unwritten.written_at = Some(Instant::now());
        Ok(())
    }

    /// What a host is owed that sled knows nothing of.
    fn restored(&self, host: &HostKey) -> Option<HostRecord> {
        let held = self.truth.checkpoint_of(host).unwrap_or_else(|error| {
            // Nothing can be known of this host, so it is treated as one that was asked a moment ago.
            tracing::error!(%error, host = %host, "checkpoint of `{host}` cannot be read");
            Some(HostRecord::default())
        });
        // A host without a record may have been asked for the first time after the last checkpoint.
        let known = held.or_else(|| self.rebuilt.then(HostRecord::default))?;
        let latest = self.before?.after(CHECKPOINT_INTERVAL);
        let read = known.clone().as_read_at(self.clock.now());
        let ahead = read != known;
        let owed = read.asked_until(latest);
        if ahead {
            self.save_host(host, &owed, Urgency::Soon);
        }
        Some(owed)
    }
}

impl Ledger for CheckpointedLedger {
    fn load_host(&self, host: &HostKey) -> Option<HostRecord> {
        let Some(held) = self.hot.load_host(host) else { return self.restored(host) };
        let read = held.clone().as_read_at(self.clock.now());
        if read != held {
            // Written down, so that the wait counts down across processes and does not start again with each.
            self.save_host(host, &read, Urgency::Soon);
        }
        Some(read)
    }

    fn save_host(&self, host: &HostKey, record: &HostRecord, urgency: Urgency) {
        self.hot.save_host(host, record, urgency);
        let mut unwritten = self.unwritten.lock().unwrap_or_else(PoisonError::into_inner);
        unwritten.records.insert(host.clone(), record.clone());
        let in_time = unwritten.written_at.is_some_and(|at| at.elapsed() < WRITE_AFTER);
        if (urgency == Urgency::Now || !in_time)
            && let Err(error) = self.write(&mut unwritten)
        {
            // It stays unwritten; the next change tries again.
            tracing::error!(%error, "politeness could not be checkpointed");
        }
    }

    fn load_robots(&self, host: &HostKey) -> Option<RobotsRecord> {
        self.hot.load_robots(host)
    }

    fn save_robots(&self, host: &HostKey, record: &RobotsRecord) {
        self.hot.save_robots(host, record);
    }
}

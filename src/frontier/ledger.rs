//! Where politeness is written down, seen from the rooms that must obey it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::frontier::politeness::HostRecord;
use crate::frontier::robots::RobotsRecord;
use crate::vocab::url::HostKey;

/// How soon a record must be on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Before the call returns: a host told us to stay away.
    Now,
    /// With the next flush.
    Soon,
}

/// The stored side of politeness. Implemented by the store; a crash must not shorten what is written here.
pub trait Ledger: Send + Sync {
    /// The host's record, if it was ever visited.
    fn load_host(&self, host: &HostKey) -> Option<HostRecord>;
    /// Writes the host's record.
    fn save_host(&self, host: &HostKey, record: &HostRecord, urgency: Urgency);
    /// The host's robots record, if one was ever read.
    fn load_robots(&self, host: &HostKey) -> Option<RobotsRecord>;
    /// Writes the host's robots record.
    fn save_robots(&self, host: &HostKey, record: &RobotsRecord);
}

/// A ledger that forgets with the process, for rooms used without a data directory.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    hosts: Mutex<HashMap<HostKey, HostRecord>>,
    robots: Mutex<HashMap<HostKey, RobotsRecord>>,
}

impl Ledger for MemoryLedger {
    fn load_host(&self, host: &HostKey) -> Option<HostRecord> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }

    fn save_host(&self, host: &HostKey, record: &HostRecord, _urgency: Urgency) {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).insert(host.clone(), record.clone());
    }

    fn load_robots(&self, host: &HostKey) -> Option<RobotsRecord> {
        self.robots.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }

    fn save_robots(&self, host: &HostKey, record: &RobotsRecord) {
        self.robots.lock().unwrap_or_else(PoisonError::into_inner).insert(host.clone(), record.clone());
    }
}

//! Politeness records in the frontier's tree.

use crate::frontier::ledger::{Ledger, Urgency};
use crate::frontier::politeness::HostRecord;
use crate::frontier::robots::RobotsRecord;
use crate::store::hot::{HotStore, keys};
use crate::vocab::url::HostKey;

impl HotStore {
    fn load<T: serde::de::DeserializeOwned>(&self, key: &[u8]) -> Option<T> {
        let value = self.tree.get(key).ok()??;
        serde_json::from_slice(&value).ok()
    }

    fn save(&self, key: Vec<u8>, value: &impl serde::Serialize) {
        match serde_json::to_vec(value) {
            Ok(value) => {
                if let Err(error) = self.tree.insert(key, value) {
                    // The pace is still kept in memory; the next answer tries to write it again.
                    tracing::error!(%error, "politeness record could not be written");
                }
            }
            Err(error) => tracing::error!(%error, "politeness record could not be formed"),
        }
    }
}

impl Ledger for HotStore {
    fn load_host(&self, host: &HostKey) -> Option<HostRecord> {
        self.load(&keys::host_record(host))
    }

    fn save_host(&self, host: &HostKey, record: &HostRecord, urgency: Urgency) {
        self.save(keys::host_record(host), record);
        if urgency == Urgency::Now
            && let Err(error) = self.flush()
        {
            tracing::error!(%error, host = %host, "a block of `{host}` could not be made durable");
        }
    }

    fn load_robots(&self, host: &HostKey) -> Option<RobotsRecord> {
        self.load(&keys::robots(host))
    }

    fn save_robots(&self, host: &HostKey, record: &RobotsRecord) {
        self.save(keys::robots(host), record);
    }
}

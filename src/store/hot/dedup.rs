//! Fingerprints, payloads and engines' notes in the frontier's tree.

use serde::Deserialize;

use crate::dedup::cluster::{Candidate, Subject};
use crate::dedup::minhash::MinHash;
use crate::store::hot::{HotError, HotStore, keys};
use crate::vocab::ids::{ClusterId, PlatformId, Sha256Digest};

/// What stands under a band.
#[derive(Deserialize)]
#[serde(untagged)]
enum Noted {
    About(ClusterId, Vec<u8>, Subject),
    /// Written before listings were told apart by what they are about.
    Before(ClusterId, Vec<u8>),
}

impl HotStore {
    /// Clusters whose fingerprints share a band with `minhash`.
    ///
    /// # Errors
    /// When sled fails.
    pub fn cluster_candidates(&self, platform: &PlatformId, minhash: &MinHash) -> Result<Vec<Candidate>, HotError> {
        let mut found: Vec<Candidate> = Vec::new();
        for (band, value) in minhash.bands().into_iter().enumerate() {
            for pair in self.tree.scan_prefix(keys::band(platform, band, value)).take(64) {
                let held: Noted = serde_json::from_slice(&pair?.1)?;
                let (cluster, bytes, subject) = match held {
                    Noted::About(cluster, bytes, subject) => (cluster, bytes, Some(subject)),
                    Noted::Before(cluster, bytes) => (cluster, bytes, None),
                };
                let Some(minhash) = MinHash::from_bytes(&bytes) else { continue };
                let candidate = Candidate { cluster, minhash, subject };
                if !found.contains(&candidate) {
                    found.push(candidate);
                }
            }
        }
        Ok(found)
    }

    /// Notes that a listing with `minhash`, about `subject`, belongs to `cluster`.
    ///
    /// # Errors
    /// When sled fails.
    pub fn remember_cluster(
        &self,
        platform: &PlatformId,
        cluster: &ClusterId,
        minhash: &MinHash,
        subject: &Subject,
    ) -> Result<(), HotError> {
        let mut batch = sled::Batch::default();
        let value = serde_json::to_vec(&(cluster, minhash.to_bytes(), subject))?;
        let tail = xxhash_rust::xxh3::xxh3_64(&value);
        for (band, bits) in minhash.bands().into_iter().enumerate() {
            let mut key = keys::band(platform, band, bits);
            key.extend_from_slice(&tail.to_be_bytes());
            batch.insert(key, value.clone());
        }
        self.tree.apply_batch(batch)?;
        Ok(())
    }

    /// What was noted with a payload: where its WARC record stands.
    ///
    /// # Errors
    /// When sled fails.
    pub fn seen_payload(&self, platform: &PlatformId, digest: &Sha256Digest) -> Result<Option<Vec<u8>>, HotError> {
        Ok(self.tree.get(keys::payload(platform, digest))?.map(|value| value.to_vec()))
    }

    /// Notes where a payload's WARC record stands.
    ///
    /// # Errors
    /// When sled fails.
    pub fn remember_payload(&self, platform: &PlatformId, digest: &Sha256Digest, place: &[u8]) -> Result<(), HotError> {
        self.tree.insert(keys::payload(platform, digest), place)?;
        Ok(())
    }

    /// What an engine noted about a platform's scan.
    ///
    /// # Errors
    /// When sled fails.
    pub fn run_state(&self, platform: &PlatformId) -> Result<Option<Vec<u8>>, HotError> {
        Ok(self.tree.get(keys::run_state(platform))?.map(|value| value.to_vec()))
    }

    /// Notes something about a platform's scan, or forgets it.
    ///
    /// # Errors
    /// When sled fails.
    pub fn put_run_state(&self, platform: &PlatformId, state: Option<&[u8]>) -> Result<(), HotError> {
        match state {
            Some(state) => self.tree.insert(keys::run_state(platform), state)?,
            None => self.tree.remove(keys::run_state(platform))?,
        };
        Ok(())
    }
}

//! The frontier, the politeness ledger and the dedup index, in sled.
//!
//! Everything lives in one tree under one-letter prefixes, because a sled batch is atomic within a tree: a page's new
//! state, its next due time and the links found on it become durable together or not at all. Leases live in memory only:
//! the directory has one owner, so after a crash every URL that was not settled is simply still due.

pub mod filter;
mod keys;
mod ledger;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dedup::minhash::MinHash;
use crate::frontier::entry::{Lease, NewEntry, Settlement, UrlKind, UrlState};
use crate::store::hot::filter::{KeyFilter, Seen};
use crate::vocab::ids::{ClusterId, PlatformId, Sha256Digest};
use crate::vocab::time::Timestamp;
use crate::vocab::url::{CanonicalUrl, HostKey};

/// Why the hot store failed.
#[derive(Debug, thiserror::Error)]
pub enum HotError {
    /// sled failed.
    #[error("frontier store: {0}")]
    Sled(#[from] sled::Error),
    /// A stored record cannot be read.
    #[error("frontier record cannot be read: {0}")]
    Record(#[from] serde_json::Error),
    /// Files could not be moved aside for recovery.
    #[error("frontier store could not be moved aside: {0}")]
    Io(#[from] std::io::Error),
}

/// Memory the hot store may use.
#[derive(Debug, Clone, Copy)]
pub struct HotOptions {
    /// sled's page cache. Its resident size is a multiple of this.
    pub cache_bytes: u64,
    /// The filter in front of it.
    pub filter_bytes: usize,
}

impl Default for HotOptions {
    fn default() -> Self {
        HotOptions { cache_bytes: 16 << 20, filter_bytes: 64 << 20 }
    }
}

/// Entries looked at in search of what was put off.
const PUT_OFF_LOOKED_AT: usize = 10_000;

/// How opening went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OpenReport {
    /// The last process did not close the store: hosts must be given their full delay.
    pub unclean: bool,
    /// The store was new, or damaged beyond recovery and moved aside: it must be rebuilt from the record of truth.
    pub empty: bool,
}

/// Links offered to the frontier.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Offered {
    /// Never seen before.
    pub discovered: u64,
    /// Seen before; nothing was changed.
    pub known: u64,
}

/// What becomes durable together.
#[derive(Debug, Default)]
pub struct SettleBatch {
    /// Leases that ended.
    pub settled: Vec<Settlement>,
    /// Links found, by platform.
    pub offered: Vec<(PlatformId, Vec<NewEntry>)>,
}

/// The frontier, the ledger and the dedup index of one data directory.
pub struct HotStore {
    db: sled::Db,
    tree: sled::Tree,
    // Look-up structures; never held across an await.
    memory: Mutex<Memory>,
}

struct Memory {
    filter: KeyFilter,
    leased: HashMap<u128, Timestamp>,
    lanes: HashMap<PlatformId, Vec<HostKey>>,
}

/// A URL as stored.
#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(rename = "u")]
    url: CanonicalUrl,
    #[serde(rename = "d")]
    depth: u16,
    #[serde(rename = "k")]
    kind: UrlKind,
    #[serde(rename = "p")]
    priority: u8,
    #[serde(rename = "t")]
    due_millis: i64,
    #[serde(rename = "s")]
    state: UrlState,
}

impl HotStore {
    /// Opens or makes the store in `directory`. A store sled calls corrupt is retried without its snapshot, then moved
    /// aside; the report says so.
    ///
    /// # Errors
    /// When sled fails for another reason, or files cannot be moved.
    pub fn open(directory: &Path, options: HotOptions) -> Result<(Self, OpenReport), HotError> {
        let (db, moved) = open_sled(directory, options.cache_bytes)?;
        let tree = db.open_tree("frontier")?;
        let unclean = tree.insert(keys::OPEN_MARK, b"1")?.is_some() || moved;
        db.flush()?;
        let mut filter = KeyFilter::new(options.filter_bytes);
        let mut lanes: HashMap<PlatformId, Vec<HostKey>> = HashMap::new();
        for pair in tree.scan_prefix([keys::LANE]) {
            let (platform, host): (PlatformId, HostKey) = serde_json::from_slice(&pair?.1)?;
            lanes.entry(platform).or_default().push(host);
        }
        let mut stored = 0_u64;
        for key in tree.scan_prefix([keys::URL]).keys() {
            filter.insert(keys::filter_key_of(&key?));
            stored += 1;
        }
        filter.complete();
        let memory = Mutex::new(Memory { filter, leased: HashMap::new(), lanes });
        Ok((HotStore { db, tree, memory }, OpenReport { unclean, empty: stored == 0 }))
    }

    /// Makes everything written so far durable.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn flush(&self) -> Result<(), HotError> {
        self.db.flush()?;
        Ok(())
    }

    /// Ends the process's ownership in good order: the next open is clean.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn close(&self) -> Result<(), HotError> {
        self.tree.remove(keys::OPEN_MARK)?;
        self.flush()
    }

    /// Takes in links; known ones change nothing.
    ///
    /// # Errors
    /// When sled fails.
    pub fn offer(&self, platform: &PlatformId, entries: &[NewEntry]) -> Result<Offered, HotError> {
        let mut batch = sled::Batch::default();
        let mut memory = self.memory();
        let (offered, keys) = self.add(&mut memory, &mut batch, platform, entries)?;
        self.tree.apply_batch(batch)?;
        for key in keys {
            memory.filter.insert(key);
        }
        Ok(offered)
    }

    /// Puts a URL back with what is remembered of it, when the store was lost. A known URL is left as it is.
    ///
    /// # Errors
    /// When sled fails.
    pub fn restore(&self, platform: &PlatformId, entry: &NewEntry, state: &UrlState) -> Result<(), HotError> {
        if self.offer(platform, std::slice::from_ref(entry))?.discovered == 0 {
            return Ok(());
        }
        let key = keys::entry(platform, entry.url.key());
        if let Some(stored) = self.tree.get(&key)? {
            let stored: Entry = serde_json::from_slice(&stored)?;
            self.tree.insert(key, serde_json::to_vec(&Entry { state: state.clone(), ..stored })?)?;
        }
        Ok(())
    }

    /// Keeps of `urls` those never offered before, each once.
    ///
    /// # Errors
    /// When sled fails.
    pub fn retain_unknown(&self, platform: &PlatformId, urls: &mut Vec<CanonicalUrl>) -> Result<(), HotError> {
        let mut memory = self.memory();
        let mut failed = None;
        let mut met = HashSet::new();
        urls.retain(|url| {
            met.insert(url.key())
                && !self.is_known(&mut memory, platform, url.key()).unwrap_or_else(|error| {
                    failed = Some(error);
                    true
                })
        });
        failed.map_or(Ok(()), Err)
    }

    /// Makes a known or new URL due at `due` as `kind`, keeping what is remembered of it.
    ///
    /// # Errors
    /// When sled fails.
    pub fn requeue(&self, platform: &PlatformId, entry: &NewEntry) -> Result<(), HotError> {
        let key = keys::entry(platform, entry.url.key());
        let Some(stored) = self.tree.get(&key)? else {
            self.offer(platform, std::slice::from_ref(entry))?;
            return Ok(());
        };
        let mut stored: Entry = serde_json::from_slice(&stored)?;
        let host = entry.url.host();
        let mut batch = sled::Batch::default();
        batch.remove(keys::due(platform, &host, stored.due_millis, stored.priority, entry.url.key()));
        stored.kind = entry.kind;
        stored.priority = entry.priority;
        stored.due_millis = entry.due.as_millis();
        batch.insert(keys::due(platform, &host, stored.due_millis, stored.priority, entry.url.key()), &[]);
        batch.insert(key, serde_json::to_vec(&stored)?);
        self.tree.apply_batch(batch)?;
        Ok(())
    }

    /// Hands out at most `max` URLs of `host` that are due, by due minute and then priority. They stay due in the store
    /// until settled, and are not handed out again before `now + lease_for`.
    ///
    /// # Errors
    /// When sled fails.
    pub fn lease(
        &self,
        platform: &PlatformId,
        host: &HostKey,
        max: usize,
        now: Timestamp,
        lease_for: Duration,
    ) -> Result<Vec<Lease>, HotError> {
        self.lease_not_done(platform, host, max, (now, lease_for), Timestamp::NEVER)
    }

    /// The same without what a scan that began at `since` is done with: it asks for a page once, however soon it is due.
    /// The pair is the moment and how long the lease holds.
    ///
    /// # Errors
    /// When sled fails.
    pub fn lease_not_done(
        &self,
        platform: &PlatformId,
        host: &HostKey,
        max: usize,
        (now, lease_for): (Timestamp, Duration),
        since: Timestamp,
    ) -> Result<Vec<Lease>, HotError> {
        let mut leases = Vec::new();
        let mut memory = self.memory();
        let prefix = keys::due_prefix(platform, host);
        for key in self.tree.range(prefix.clone()..keys::due_end(&prefix, now)).keys() {
            if leases.len() >= max {
                break;
            }
            let url_key = keys::url_key_of(&key?);
            let held = keys::platform_url(platform, url_key);
            if memory.leased.get(&held).is_some_and(|deadline| *deadline > now) {
                continue;
            }
            let Some(stored) = self.tree.get(keys::entry(platform, url_key))? else { continue };
            let entry: Entry = serde_json::from_slice(&stored)?;
            let due = Timestamp::from_millis(entry.due_millis);
            if due > now || entry.state.is_done_since(since) {
                continue;
            }
            memory.leased.insert(held, now.after(lease_for));
            leases.push(Lease {
                platform: platform.clone(),
                url: entry.url,
                depth: entry.depth,
                kind: entry.kind,
                due,
                priority: entry.priority,
                state: entry.state,
            });
        }
        Ok(leases)
    }

    /// Ends a lease without a visit: the URL is due again at `due`, as it was.
    ///
    /// # Errors
    /// When sled fails.
    pub fn release(&self, lease: &Lease, due: Timestamp) -> Result<(), HotError> {
        self.settle(&SettleBatch { settled: vec![lease.settle(lease.state.clone(), due)], offered: Vec::new() })?;
        Ok(())
    }

    /// Ends leases and takes in the links found, in one atomic step.
    ///
    /// # Errors
    /// When sled fails.
    pub fn settle(&self, work: &SettleBatch) -> Result<Offered, HotError> {
        let mut batch = sled::Batch::default();
        let mut memory = self.memory();
        let mut total = Offered::default();
        let mut inserted = Vec::new();
        for (platform, entries) in &work.offered {
            let (offered, keys) = self.add(&mut memory, &mut batch, platform, entries)?;
            // Noted at once, so that the same link on the next page of this batch counts as known.
            for key in &keys {
                memory.filter.insert(*key);
            }
            inserted.extend(keys);
            total.discovered += offered.discovered;
            total.known += offered.known;
        }
        for Settlement { lease, state, due } in &work.settled {
            let key = lease.url.key();
            let host = lease.url.host();
            batch.remove(keys::due(&lease.platform, &host, lease.due.as_millis(), lease.priority, key));
            let kind = if lease.kind == UrlKind::Recheck { UrlKind::Page } else { lease.kind };
            let entry = Entry {
                url: lease.url.clone(),
                depth: lease.depth,
                kind,
                priority: kind.priority(),
                due_millis: due.as_millis(),
                state: state.clone(),
            };
            batch.insert(keys::due(&lease.platform, &host, entry.due_millis, entry.priority, key), &[]);
            batch.insert(keys::entry(&lease.platform, key), serde_json::to_vec(&entry)?);
        }
        self.tree.apply_batch(batch)?;
        for Settlement { lease, .. } in &work.settled {
            memory.leased.remove(&keys::platform_url(&lease.platform, lease.url.key()));
        }
        Ok(total)
    }

    /// The platform's hosts that were ever offered a URL.
    pub fn hosts(&self, platform: &PlatformId) -> Vec<HostKey> {
        self.memory().lanes.get(platform).cloned().unwrap_or_default()
    }

    /// When the next URL of `host` that is not leased is due.
    ///
    /// # Errors
    /// When sled fails.
    pub fn next_due(&self, platform: &PlatformId, host: &HostKey) -> Result<Option<Timestamp>, HotError> {
        self.next_due_not_done(platform, host, Timestamp::NEVER)
    }

    /// The same without what a scan that began at `since` is done with.
    ///
    /// # Errors
    /// When sled fails.
    pub fn next_due_not_done(
        &self,
        platform: &PlatformId,
        host: &HostKey,
        since: Timestamp,
    ) -> Result<Option<Timestamp>, HotError> {
        let memory = self.memory();
        for key in self.tree.scan_prefix(keys::due_prefix(platform, host)).keys() {
            let url_key = keys::url_key_of(&key?);
            if memory.leased.contains_key(&keys::platform_url(platform, url_key)) {
                continue;
            }
            if let Some(stored) = self.tree.get(keys::entry(platform, url_key))? {
                let entry: Entry = serde_json::from_slice(&stored)?;
                if !entry.state.is_done_since(since) {
                    return Ok(Some(Timestamp::from_millis(entry.due_millis)));
                }
            }
        }
        Ok(None)
    }

    /// URLs of `host` that are owed and due after `now`, until `until`: put off by a block, a failure or an unreadable
    /// robots.txt, but not given up at `since` or later. At most `limit` due times; looks at a bounded number of entries.
    ///
    /// # Errors
    /// When sled fails.
    pub fn put_off(
        &self,
        platform: &PlatformId,
        host: &HostKey,
        (now, until): (Timestamp, Timestamp),
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<Timestamp>, HotError> {
        let mut found = Vec::new();
        let prefix = keys::due_prefix(platform, host);
        let range = keys::due_start(&prefix, now)..keys::due_end(&prefix, until);
        for key in self.tree.range(range).keys().take(PUT_OFF_LOOKED_AT) {
            if found.len() >= limit {
                break;
            }
            if let Some(stored) = self.tree.get(keys::entry(platform, keys::url_key_of(&key?)))? {
                let entry: Entry = serde_json::from_slice(&stored)?;
                let due = Timestamp::from_millis(entry.due_millis);
                if due > now && due <= until && entry.state.is_owed() && !entry.state.is_done_since(since) {
                    found.push(due);
                }
            }
        }
        Ok(found)
    }

    /// URLs of the platform due at `now`, at most `limit`, without leasing them.
    ///
    /// # Errors
    /// When sled fails.
    pub fn due(&self, platform: &PlatformId, now: Timestamp, limit: usize) -> Result<Vec<CanonicalUrl>, HotError> {
        let mut urls = Vec::new();
        for host in self.hosts(platform) {
            let prefix = keys::due_prefix(platform, &host);
            for key in self.tree.range(prefix.clone()..keys::due_end(&prefix, now)).keys() {
                if urls.len() >= limit {
                    return Ok(urls);
                }
                if let Some(stored) = self.tree.get(keys::entry(platform, keys::url_key_of(&key?)))? {
                    let entry: Entry = serde_json::from_slice(&stored)?;
                    if entry.due_millis <= now.as_millis() {
                        urls.push(entry.url);
                    }
                }
            }
        }
        Ok(urls)
    }

    /// Clusters whose fingerprints share a band with `minhash`.
    ///
    /// # Errors
    /// When sled fails.
    pub fn cluster_candidates(
        &self,
        platform: &PlatformId,
        minhash: &MinHash,
    ) -> Result<Vec<(ClusterId, MinHash)>, HotError> {
        let mut found: Vec<(ClusterId, MinHash)> = Vec::new();
        for (band, value) in minhash.bands().into_iter().enumerate() {
            for pair in self.tree.scan_prefix(keys::band(platform, band, value)).take(64) {
                let (cluster, bytes): (ClusterId, Vec<u8>) = serde_json::from_slice(&pair?.1)?;
                if let Some(held) = MinHash::from_bytes(&bytes)
                    && !found.iter().any(|(id, other)| *id == cluster && *other == held)
                {
                    found.push((cluster, held));
                }
            }
        }
        Ok(found)
    }

    /// Notes that a listing with `minhash` belongs to `cluster`.
    ///
    /// # Errors
    /// When sled fails.
    pub fn remember_cluster(
        &self,
        platform: &PlatformId,
        cluster: &ClusterId,
        minhash: &MinHash,
    ) -> Result<(), HotError> {
        let mut batch = sled::Batch::default();
        let value = serde_json::to_vec(&(cluster, minhash.to_bytes()))?;
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

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_known(&self, memory: &mut Memory, platform: &PlatformId, url_key: u128) -> Result<bool, HotError> {
        let held = keys::platform_url(platform, url_key);
        Ok(match memory.filter.seen(held) {
            Seen::Yes => true,
            Seen::No => false,
            Seen::Perhaps => {
                let stored = self.tree.contains_key(keys::entry(platform, url_key))?;
                if stored {
                    memory.filter.insert(held);
                }
                stored
            }
        })
    }

    /// Adds new entries to `batch`; returns their filter keys.
    fn add(
        &self,
        memory: &mut Memory,
        batch: &mut sled::Batch,
        platform: &PlatformId,
        entries: &[NewEntry],
    ) -> Result<(Offered, Vec<u128>), HotError> {
        let mut offered = Offered::default();
        let mut keys_added: Vec<u128> = Vec::new();
        for entry in entries {
            let url_key = entry.url.key();
            let held = keys::platform_url(platform, url_key);
            if self.is_known(memory, platform, url_key)? || keys_added.contains(&held) {
                offered.known += 1;
                continue;
            }
            offered.discovered += 1;
            keys_added.push(held);
            let host = entry.url.host();
            let lanes = memory.lanes.entry(platform.clone()).or_default();
            if !lanes.contains(&host) {
                batch.insert(keys::lane(platform, &host), serde_json::to_vec(&(platform, &host))?);
                lanes.push(host.clone());
            }
            let stored = Entry {
                url: entry.url.clone(),
                depth: entry.depth,
                kind: entry.kind,
                priority: entry.priority,
                due_millis: entry.due.as_millis(),
                state: UrlState::default(),
            };
            batch.insert(keys::due(platform, &host, stored.due_millis, stored.priority, url_key), &[]);
            batch.insert(keys::entry(platform, url_key), serde_json::to_vec(&stored)?);
        }
        Ok((offered, keys_added))
    }
}

/// How often and how long a lock on its way out is waited for.
const LOCK_ATTEMPTS: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

fn open_sled(directory: &Path, cache_bytes: u64) -> Result<(sled::Db, bool), HotError> {
    let open_once = || {
        sled::Config::new()
            .path(directory)
            .cache_capacity(cache_bytes)
            .flush_every_ms(Some(500))
            .use_compression(false)
            .open()
    };
    // The directory is ours alone, so a lock that is still held is an earlier handle of this process on its way out: sled
    // lets go from a thread of its own.
    let open = || {
        for _ in 0..LOCK_ATTEMPTS {
            match open_once() {
                Err(sled::Error::Io(error)) if error.to_string().contains("acquire lock") => {
                    std::thread::sleep(LOCK_PAUSE);
                }
                other => return other,
            }
        }
        open_once()
    };
    match open() {
        Ok(db) => return Ok((db, false)),
        Err(error) if is_damage(&error) => {}
        Err(error) => return Err(error.into()),
    }
    // A torn snapshot is the common damage after a hard stop; without it sled replays its log.
    for file in std::fs::read_dir(directory)? {
        let path = file?.path();
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        // sled takes any name that starts with `snap.` for a snapshot, so the new name must not.
        if name.starts_with("snap.") {
            std::fs::rename(&path, directory.join(format!("damaged-{name}")))?;
        }
    }
    match open() {
        Ok(db) => return Ok((db, true)),
        Err(error) if is_damage(&error) => {}
        Err(error) => return Err(error.into()),
    }
    // Everything here can be made again from the record of truth; the damaged files are kept for a look.
    let mut aside = directory.as_os_str().to_owned();
    aside.push(format!(".damaged-{}", std::process::id()));
    std::fs::rename(directory, aside)?;
    Ok((open()?, true))
}

/// Errors that mean torn files, as opposed to a directory in use or a full disk.
fn is_damage(error: &sled::Error) -> bool {
    use std::io::ErrorKind;
    match error {
        sled::Error::Corruption { .. } | sled::Error::ReportableBug(_) => true,
        sled::Error::Io(error) => matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData),
        _ => false,
    }
}

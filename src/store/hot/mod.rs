//! The frontier, the politeness ledger and the dedup index, in sled.
//!
//! Everything lives in one tree under one-letter prefixes, because a sled batch is atomic within a tree: a page's new
//! state, its next due time and the links found on it become durable together or not at all. Leases live in memory only:
//! the directory has one owner, so after a crash every URL that was not settled is simply still due.
//!
//! A URL has two lives. Until it is tried it stands in a block with others found at the same time (`block`, `queue`); of
//! those there are tens of millions. From then on it has an entry of its own and a place in the due index. Whether a URL was
//! ever offered is `known`'s to say.

mod again;
mod block;
mod clock;
mod dedup;
mod error;
pub mod filter;
mod keys;
mod known;
mod lease;
mod ledger;
mod opening;
mod queue;
mod settle;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::frontier::entry::{NewEntry, Settlement, UrlKind, UrlState};
use crate::store::hot::clock::Latest;
use crate::store::hot::keys::LaneKey;
use crate::store::hot::known::{KeySet, KnownKeys};
use crate::store::hot::queue::{Place, Queue};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::PlatformId;
use crate::vocab::limits::Limits;
use crate::vocab::time::Timestamp;
use crate::vocab::url::HostKey;

pub use crate::store::hot::again::JudgeFrom;
pub use crate::store::hot::error::HotError;

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

/// What became of another form of a known page's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The page is asked for in it from now on.
    Taken,
    /// The frontier has this form, or one that answered.
    Held,
    /// The page was not tried yet, is due again, or is on its way.
    Waits,
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
    /// Blocks with a lower number were written by an earlier process: some of their URLs may be settled.
    first_number: u64,
    // Look-up structures; never held across an await.
    memory: Mutex<Memory>,
}

struct Memory {
    known: KnownKeys,
    leased: HashMap<u128, Held, std::hash::BuildHasherDefault<known::Uniform>>,
    lanes: HashMap<PlatformId, Vec<HostKey>>,
    queues: HashMap<LaneKey, Queue>,
    /// URLs of blocks not opened yet that were given an entry of their own.
    requeued: KeySet,
    latest: Latest,
}

/// A lease as the store remembers it.
struct Held {
    until: Timestamp,
    /// Where the URL stands, if it was never tried before.
    place: Option<Place>,
    /// What it is to be read as from its settlement on, where a list moved to its address meanwhile.
    list: Option<UrlKind>,
}

/// A URL as stored once it was tried.
#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(rename = "u")]
    url: FoundUrl,
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
    pub fn open(directory: &Path, limits: &Limits) -> Result<(Self, OpenReport), HotError> {
        match opening::caught(|| Self::open_once(directory, limits)) {
            Some(Err(error)) if !error.is_damage() => Err(error),
            Some(Ok(opened)) => Ok(opened),
            // sled also panics over torn files. All of it can be made again from the record of truth.
            Some(Err(_)) | None => {
                let aside = opening::set_aside(directory)?;
                tracing::warn!(
                    "the frontier store `{}` is damaged: it is kept as `{}` and made again from the record of truth",
                    directory.display(),
                    aside.display()
                );
                Self::open_once(directory, limits)
            }
        }
    }

    fn open_once(directory: &Path, limits: &Limits) -> Result<(Self, OpenReport), HotError> {
        let (db, moved) = opening::open_sled(directory, limits.sled_cache_bytes)?;
        let tree = db.open_tree("frontier")?;
        let unclean = tree.insert(keys::OPEN_MARK, b"1")?.is_some() || moved;
        db.flush()?;
        let mut lanes: HashMap<PlatformId, Vec<HostKey>> = HashMap::new();
        for pair in tree.scan_prefix([keys::LANE]) {
            let (platform, host): (PlatformId, HostKey) = serde_json::from_slice(&pair?.1)?;
            lanes.entry(platform).or_default().push(host);
        }
        let folder = directory.join("known");
        let mut known = match KnownKeys::open(&tree, &folder, limits.filter_bytes) {
            Err(HotError::Block) => {
                tracing::warn!("a file of known URLs is damaged; it is made again from the frontier");
                KnownKeys::anew(&tree, &folder, limits.filter_bytes)?
            }
            other => other?,
        };
        if known.len() == 0 {
            // Also a store of an earlier version, which gave every URL an entry and kept no keys beside them.
            take_over(&db, &tree, &mut known)?;
        }
        let report = OpenReport { unclean, empty: known.len() == 0 };
        let first_number = db.generate_id()?;
        let memory = Mutex::new(Memory {
            known,
            leased: HashMap::default(),
            lanes,
            queues: HashMap::new(),
            requeued: KeySet::default(),
            latest: Latest::load(&tree)?,
        });
        Ok((HotStore { db, tree, first_number, memory }, report))
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

    /// URLs ever offered, of all platforms.
    pub fn known_urls(&self) -> u64 {
        self.memory().known.len()
    }

    /// The platform's hosts that were ever offered a URL.
    pub fn hosts(&self, platform: &PlatformId) -> Vec<HostKey> {
        self.memory().lanes.get(platform).cloned().unwrap_or_default()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entry(&self, platform: &PlatformId, url_key: u128) -> Result<Option<Entry>, HotError> {
        match self.tree.get(keys::entry(platform, url_key))? {
            Some(stored) => Ok(Some(serde_json::from_slice(&stored)?)),
            None => Ok(None),
        }
    }
}

/// Takes in the keys of all URLs the tree holds.
fn take_over(db: &sled::Db, tree: &sled::Tree, known: &mut KnownKeys) -> Result<(), HotError> {
    let visited = tree.scan_prefix([keys::URL]).keys().map(|key| Ok(vec![keys::filter_key_of(&key?)]));
    let waiting = tree.scan_prefix([keys::QUEUE]).map(|pair| {
        let (key, value) = pair?;
        // A block that cannot be read is set aside when its turn comes.
        let entries = block::unpack(&value).unwrap_or_default();
        Ok(entries.iter().map(|entry| keys::filter_key_beside(&key, entry.url.key())).collect())
    });
    known.take_over(visited.chain(waiting), || Ok(db.generate_id()?))
}

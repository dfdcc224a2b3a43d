//! Which URLs were ever offered: an exact answer in a fixed amount of memory, at the same cost for the ten-millionth URL as
//! for the first.
//!
//! A key per URL at a random place in sled costs more the more there are. So keys are kept as sled likes them: new keys go
//! into one log record a batch, and when enough came together they are written as a sorted run of 4 KiB blocks; runs of like
//! size are merged. The filter in front answers nearly all questions; what it leaves open is looked up in one block a run.
//!
//! Keys of the tree: `k`, number: keys of one batch that are in no run yet. `n`, run (4), block (4): 256 sorted keys. `m`: the
//! runs that count, as JSON; blocks of other runs are left over from a merge that was cut short and are removed at start.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use serde::{Deserialize, Serialize};

use crate::store::hot::filter::{KeyFilter, Seen};
use crate::store::hot::{HotError, keys};

/// Keys in memory until they become a run: 64 thousand take about 2.2 MB.
const RECENT: usize = 1 << 16;

/// Keys of a block.
const BLOCK: usize = 256;

/// Memory of the filter of an empty store.
const FIRST_FILTER: usize = 2 << 20;

/// Blocks written in one sled batch during a merge.
const BLOCKS_AT_ONCE: usize = 128;

/// A run is merged into the one before when that is not at least this many times larger, so there are few runs and each
/// key is rewritten a few times only.
const GROWTH: u64 = 3;

/// Hashes keys that are hashes already.
#[derive(Default)]
pub struct Uniform(u64);

impl Hasher for Uniform {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = (key >> 64) as u64 ^ key as u64;
    }
}

/// A set of keys that are hashes already.
pub type KeySet = HashSet<u128, BuildHasherDefault<Uniform>>;

/// A sorted run, as noted in the store.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Noted {
    #[serde(rename = "r")]
    run: u32,
    #[serde(rename = "n")]
    keys: u64,
}

/// A sorted run and where its blocks begin: eight bytes for 256 keys.
#[derive(Debug)]
struct Run {
    noted: Noted,
    fences: Vec<u64>,
}

/// All keys that were ever offered.
pub struct KnownKeys {
    tree: sled::Tree,
    filter: KeyFilter,
    /// Memory it may grow to.
    filter_bytes: usize,
    recent: KeySet,
    /// Numbers of the log records that hold what is recent.
    logged: Vec<u64>,
    runs: Vec<Run>,
    next_run: u32,
}

impl KnownKeys {
    /// Reads what is stored.
    ///
    /// # Errors
    /// When sled fails or a record cannot be read.
    pub fn open(tree: &sled::Tree, filter_bytes: usize) -> Result<Self, HotError> {
        let noted: Vec<Noted> = match tree.get(keys::RUNS)? {
            Some(value) => serde_json::from_slice(&value)?,
            None => Vec::new(),
        };
        let stored: u64 = noted.iter().map(|run| run.keys).sum();
        let mut known = KnownKeys {
            tree: tree.clone(),
            filter: sized_filter(stored, filter_bytes),
            filter_bytes,
            recent: KeySet::default(),
            logged: Vec::new(),
            runs: Vec::new(),
            next_run: noted.iter().map(|run| run.run + 1).max().unwrap_or(0),
        };
        known.drop_left_overs(&noted)?;
        for noted in noted {
            let mut run = Run { noted, fences: Vec::new() };
            for block in tree.scan_prefix(keys::run(noted.run)).values() {
                let block = block?;
                run.fences.push(fence(&block)?);
                keys_of(&block).for_each(|key| known.filter.insert_new(key));
            }
            known.runs.push(run);
        }
        for pair in tree.scan_prefix([keys::KEY_LOG]) {
            let (key, value) = pair?;
            known.logged.push(keys::number_of(&key));
            for key in keys_of(&value) {
                known.recent.insert(key);
                known.filter.insert(key);
            }
        }
        known.filter.complete();
        Ok(known)
    }

    /// How many keys there are.
    pub fn len(&self) -> u64 {
        self.recent.len() as u64 + self.runs.iter().map(|run| run.noted.keys).sum::<u64>()
    }

    /// Whether `key` was ever offered.
    ///
    /// # Errors
    /// When sled fails.
    pub fn contains(&mut self, key: u128) -> Result<bool, HotError> {
        match self.filter.seen(key) {
            Seen::Yes => return Ok(true),
            Seen::No => return Ok(false),
            Seen::Perhaps => {}
        }
        let mut found = self.recent.contains(&key);
        for run in &self.runs {
            found = found || self.is_in(run, key)?;
        }
        if found {
            self.filter.insert(key);
        }
        Ok(found)
    }

    fn is_in(&self, run: &Run, key: u128) -> Result<bool, HotError> {
        // Several blocks may begin with the same eight bytes; the last that begins before the key holds it, or none does.
        let mut at = run.fences.partition_point(|fence| *fence <= (key >> 64) as u64);
        while at > 0 {
            at -= 1;
            let Some(block) = self.tree.get(keys::run_block(run.noted.run, at))? else { return Err(HotError::Block) };
            let (held, _) = block.as_chunks::<16>();
            if held.binary_search(&key.to_be_bytes()).is_ok() {
                return Ok(true);
            }
            if held.first().is_some_and(|first| *first < key.to_be_bytes()) {
                return Ok(false);
            }
        }
        Ok(false)
    }

    /// Puts `added` into `batch`, so that they are stored with what they stand for. [`Self::added`] follows once it is.
    pub fn log(&self, batch: &mut sled::Batch, added: &[u128], number: u64) {
        if !added.is_empty() {
            let value: Vec<u8> = added.iter().flat_map(|key| key.to_be_bytes()).collect();
            batch.insert(keys::key_log(number), value);
        }
    }

    /// Notes keys whose batch was applied.
    ///
    /// # Errors
    /// When sled fails while a run is written.
    pub fn added(&mut self, added: &[u128], number: u64) -> Result<(), HotError> {
        if added.is_empty() {
            return Ok(());
        }
        self.logged.push(number);
        for key in added {
            self.filter.insert(*key);
            self.recent.insert(*key);
        }
        if self.recent.len() >= RECENT { self.spill() } else { Ok(()) }
    }

    /// A larger filter once the keys outgrow it, so that a small frontier needs little memory.
    fn grow_filter(&mut self) -> Result<(), HotError> {
        let keys = self.len();
        if keys <= self.filter.room() {
            return Ok(());
        }
        let mut larger = sized_filter(keys, self.filter_bytes);
        if larger.room() <= self.filter.room() {
            return Ok(());
        }
        for run in &self.runs {
            for block in self.tree.scan_prefix(keys::run(run.noted.run)).values() {
                keys_of(&block?).for_each(|key| larger.insert_new(key));
            }
        }
        self.recent.iter().for_each(|key| larger.insert(*key));
        larger.complete();
        self.filter = larger;
        Ok(())
    }

    /// Takes in the keys of a store that kept none.
    ///
    /// # Errors
    /// When sled fails.
    pub fn take_over(
        &mut self,
        stored: impl Iterator<Item = Result<u128, HotError>>,
        number: impl Fn() -> Result<u64, HotError>,
    ) -> Result<(), HotError> {
        let mut added = Vec::with_capacity(RECENT);
        let put = |added: &mut Vec<u128>, known: &mut KnownKeys| -> Result<(), HotError> {
            let number = number()?;
            let mut batch = sled::Batch::default();
            known.log(&mut batch, added, number);
            known.tree.apply_batch(batch)?;
            known.added(added, number)?;
            added.clear();
            Ok(())
        };
        for key in stored {
            added.push(key?);
            if added.len() == RECENT {
                put(&mut added, self)?;
            }
        }
        put(&mut added, self)
    }

    /// Makes a run of what is recent, then merges runs of like size.
    fn spill(&mut self) -> Result<(), HotError> {
        let mut sorted: Vec<u128> = self.recent.iter().copied().collect();
        sorted.sort_unstable();
        let mut writer = RunWriter::new(&self.tree, self.next_run);
        sorted.into_iter().try_for_each(|key| writer.push(key))?;
        self.next_run += 1;
        let (run, mut batch) = writer.finish()?;
        self.runs.push(run);
        batch.insert(keys::RUNS, self.noted()?);
        for number in &self.logged {
            batch.remove(keys::key_log(*number).as_slice());
        }
        self.tree.apply_batch(batch)?;
        self.recent.clear();
        self.logged.clear();
        self.merge()?;
        self.grow_filter()
    }

    fn merge(&mut self) -> Result<(), HotError> {
        let mut from = self.runs.len();
        let mut keys_behind = 0;
        while from > 0 && (from == self.runs.len() || self.runs[from - 1].noted.keys < GROWTH * keys_behind) {
            from -= 1;
            keys_behind += self.runs[from].noted.keys;
        }
        if self.runs.len() - from < 2 {
            return Ok(());
        }
        let mut heads: Vec<RunReader<'_>> = Vec::new();
        for run in &self.runs[from..] {
            heads.push(RunReader::new(&self.tree, run.noted.run)?);
        }
        let mut writer = RunWriter::new(&self.tree, self.next_run);
        while let Some(least) = heads.iter().filter_map(RunReader::head).min() {
            writer.push(least)?;
            for reader in &mut heads {
                if reader.head() == Some(least) {
                    reader.step()?;
                }
            }
        }
        self.next_run += 1;
        let (run, mut batch) = writer.finish()?;
        let merged: Vec<Run> = self.runs.drain(from..).collect();
        self.runs.push(run);
        batch.insert(keys::RUNS, self.noted()?);
        self.tree.apply_batch(batch)?;
        for run in merged {
            self.remove_run(run.noted.run)?;
        }
        Ok(())
    }

    fn noted(&self) -> Result<Vec<u8>, HotError> {
        let noted: Vec<Noted> = self.runs.iter().map(|run| run.noted).collect();
        Ok(serde_json::to_vec(&noted)?)
    }

    fn remove_run(&self, run: u32) -> Result<(), HotError> {
        loop {
            let mut batch = sled::Batch::default();
            let mut some = false;
            for key in self.tree.scan_prefix(keys::run(run)).keys().take(4 * BLOCKS_AT_ONCE) {
                batch.remove(key?);
                some = true;
            }
            if !some {
                return Ok(());
            }
            self.tree.apply_batch(batch)?;
        }
    }

    /// Removes blocks of runs that do not count.
    fn drop_left_overs(&mut self, noted: &[Noted]) -> Result<(), HotError> {
        let mut from = 0_u32;
        loop {
            let next = self.tree.range(keys::run(from).as_slice()..&[keys::RUN + 1]).keys().next().transpose()?;
            let Some(run) = next.and_then(|key| keys::run_of(&key)) else { return Ok(()) };
            if !noted.iter().any(|held| held.run == run) {
                self.remove_run(run)?;
            }
            self.next_run = self.next_run.max(run.saturating_add(1));
            from = run.saturating_add(1);
        }
    }
}

/// The smallest filter, of those that are four times the one before, with room for twice `keys`.
fn sized_filter(keys: u64, largest_bytes: usize) -> KeyFilter {
    let mut bytes = FIRST_FILTER.min(largest_bytes);
    loop {
        let filter = KeyFilter::new(bytes);
        if filter.room() >= 2 * keys || bytes >= largest_bytes {
            return filter;
        }
        bytes = bytes.saturating_mul(4).min(largest_bytes);
    }
}

fn keys_of(block: &[u8]) -> impl Iterator<Item = u128> + '_ {
    block.as_chunks::<16>().0.iter().map(|key| u128::from_be_bytes(*key))
}

fn fence(block: &[u8]) -> Result<u64, HotError> {
    block.first_chunk::<8>().map(|first| u64::from_be_bytes(*first)).ok_or(HotError::Block)
}

/// Writes a run a block at a time; the last blocks are left in a batch that also makes the run count.
struct RunWriter<'a> {
    tree: &'a sled::Tree,
    run: Run,
    block: Vec<u8>,
    batch: sled::Batch,
    in_batch: usize,
}

impl<'a> RunWriter<'a> {
    fn new(tree: &'a sled::Tree, run: u32) -> Self {
        let run = Run { noted: Noted { run, keys: 0 }, fences: Vec::new() };
        RunWriter { tree, run, block: Vec::with_capacity(BLOCK * 16), batch: sled::Batch::default(), in_batch: 0 }
    }

    fn push(&mut self, key: u128) -> Result<(), HotError> {
        self.block.extend_from_slice(&key.to_be_bytes());
        self.run.noted.keys += 1;
        if self.block.len() < BLOCK * 16 { Ok(()) } else { self.end_block() }
    }

    fn end_block(&mut self) -> Result<(), HotError> {
        self.batch.insert(keys::run_block(self.run.noted.run, self.run.fences.len()), self.block.as_slice());
        self.run.fences.push(fence(&self.block)?);
        self.block.clear();
        self.in_batch += 1;
        if self.in_batch == BLOCKS_AT_ONCE {
            self.tree.apply_batch(std::mem::take(&mut self.batch))?;
            self.in_batch = 0;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(Run, sled::Batch), HotError> {
        if !self.block.is_empty() {
            self.end_block()?;
        }
        self.run.fences.shrink_to_fit();
        Ok((self.run, self.batch))
    }
}

/// Reads a run a block at a time.
struct RunReader<'a> {
    tree: &'a sled::Tree,
    run: u32,
    next_block: usize,
    block: sled::IVec,
    at: usize,
}

impl<'a> RunReader<'a> {
    fn new(tree: &'a sled::Tree, run: u32) -> Result<Self, HotError> {
        let mut reader = RunReader { tree, run, next_block: 0, block: sled::IVec::default(), at: 0 };
        reader.load()?;
        Ok(reader)
    }

    fn load(&mut self) -> Result<(), HotError> {
        self.block = self.tree.get(keys::run_block(self.run, self.next_block))?.unwrap_or_default();
        self.next_block += 1;
        self.at = 0;
        Ok(())
    }

    fn head(&self) -> Option<u128> {
        self.block.get(self.at..)?.first_chunk::<16>().map(|key| u128::from_be_bytes(*key))
    }

    fn step(&mut self) -> Result<(), HotError> {
        self.at += 16;
        if self.at + 16 > self.block.len() { self.load() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u64) -> u128 {
        xxhash_rust::xxh3::xxh3_128(&n.to_le_bytes())
    }

    fn add(known: &mut KnownKeys, tree: &sled::Tree, from: u64, to: u64, number: u64) {
        let added: Vec<u128> = (from..to).map(key).collect();
        let mut batch = sled::Batch::default();
        known.log(&mut batch, &added, number);
        tree.apply_batch(batch).unwrap();
        known.added(&added, number).unwrap();
    }

    #[test]
    fn every_key_is_found_in_whatever_run_it_went_to_and_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let db = sled::Config::new().path(directory.path()).cache_capacity(4 << 20).open().unwrap();
        let tree = db.open_tree("frontier").unwrap();
        // A filter much too small, so that most questions reach the runs.
        let mut known = KnownKeys::open(&tree, 1 << 16).unwrap();
        for batch in 0..60 {
            add(&mut known, &tree, batch * 5000, (batch + 1) * 5000, batch);
        }
        assert!((1..=4).contains(&known.runs.len()), "{} runs", known.runs.len());
        for mut known in [known, KnownKeys::open(&tree, 1 << 16).unwrap()] {
            assert_eq!(known.len(), 300_000);
            for n in (0..300_000).step_by(97) {
                assert!(known.contains(key(n)).unwrap(), "key {n}");
                assert!(!known.contains(key(n + 1_000_000)).unwrap(), "key {n} was never offered");
            }
        }
    }

    #[test]
    fn blocks_of_a_merge_that_was_cut_short_are_removed() {
        let directory = tempfile::tempdir().unwrap();
        let db = sled::Config::new().path(directory.path()).cache_capacity(4 << 20).open().unwrap();
        let tree = db.open_tree("frontier").unwrap();
        let mut known = KnownKeys::open(&tree, 1 << 16).unwrap();
        add(&mut known, &tree, 0, 100_000, 1);
        tree.insert(keys::run_block(77, 0), vec![0; 4096]).unwrap();
        let mut known = KnownKeys::open(&tree, 1 << 16).unwrap();
        assert!(tree.get(keys::run_block(77, 0)).unwrap().is_none());
        assert!(known.contains(key(5)).unwrap() && known.next_run > 77);
    }
}

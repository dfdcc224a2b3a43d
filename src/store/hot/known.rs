//! Which URLs were ever offered: an exact answer in a fixed amount of memory, at much the same cost for the ten-millionth
//! URL as for the first.
//!
//! A key per URL at a random place in sled costs more the more there are. So new keys go into one log record a batch, and
//! when enough came together they become a sorted run: a file beside sled, written once from front to back. Runs of like
//! size are merged. The filter in front answers nearly all questions; what it leaves open is looked up in one block of a run.
//! (Blocks of runs inside sled were measured too: reading one at random cost ten times as much, because a leaf holds sixteen.)
//!
//! Keys of the tree: `k`, number: keys of one batch that are in no run yet. `m`: the runs that count, as JSON. A run is
//! synced before `m` names it, and removed after an `m` without it is on disk; files that `m` does not name are left over from
//! work that was cut short.

use std::collections::HashSet;
use std::fs::{self, File};
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::store::hot::error::HotError;
use crate::store::hot::filter::{KeyFilter, Seen};
use crate::store::hot::keys;

/// Keys in memory until they become a run: 64 thousand take about 2.2 MB.
const RECENT: usize = 1 << 16;

/// Keys of a block: what is read at once.
const BLOCK: usize = 256;

/// Memory of the filter of an empty store.
const FIRST_FILTER: usize = 2 << 20;

/// So many runs of like size become one, so each key is rewritten a few times only and there are about a dozen runs.
const FAN: usize = 4;

/// Bytes read or written at once in a merge.
const BUFFER: usize = 1 << 18;

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
    file: File,
    fences: Vec<u64>,
}

/// All keys that were ever offered.
pub struct KnownKeys {
    tree: sled::Tree,
    folder: PathBuf,
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
    /// Reads what is stored in `tree` and `folder`, which is made if it is missing.
    ///
    /// # Errors
    /// When sled or a file fails, or a run is not what was written ([`HotError::Block`]).
    pub fn open(tree: &sled::Tree, folder: &Path, filter_bytes: usize) -> Result<Self, HotError> {
        fs::create_dir_all(folder)?;
        let noted: Vec<Noted> = match tree.get(keys::RUNS)? {
            Some(value) => serde_json::from_slice(&value)?,
            None => Vec::new(),
        };
        let stored: u64 = noted.iter().map(|run| run.keys).sum();
        let mut known = KnownKeys {
            tree: tree.clone(),
            folder: folder.to_owned(),
            filter: sized_filter(stored, filter_bytes),
            filter_bytes,
            recent: KeySet::default(),
            logged: Vec::new(),
            runs: Vec::new(),
            next_run: 0,
        };
        known.drop_left_overs(&noted)?;
        for noted in noted {
            let file = File::open(path_of(folder, noted.run)).map_err(|_| HotError::Block)?;
            let mut run = Run { noted, file, fences: Vec::new() };
            let mut reader = RunReader::new(&run.file)?;
            let mut count = 0_u64;
            while let Some(key) = reader.head {
                if count.is_multiple_of(BLOCK as u64) {
                    run.fences.push(fence(key));
                }
                known.filter.insert_new(key);
                count += 1;
                reader.step()?;
            }
            if count != run.noted.keys {
                return Err(HotError::Block);
            }
            known.runs.push(run);
        }
        for pair in tree.scan_prefix([keys::KEY_LOG]) {
            let (key, value) = pair?;
            known.logged.push(keys::number_of(&key));
            for key in value.as_chunks::<16>().0.iter().map(|key| u128::from_be_bytes(*key)) {
                known.recent.insert(key);
                known.filter.insert(key);
            }
        }
        known.filter.complete();
        Ok(known)
    }

    /// Forgets everything, so that it can be taken in anew with [`Self::take_over`].
    ///
    /// # Errors
    /// When sled or a file fails.
    pub fn anew(tree: &sled::Tree, folder: &Path, filter_bytes: usize) -> Result<Self, HotError> {
        let mut batch = sled::Batch::default();
        batch.remove(keys::RUNS);
        for key in tree.scan_prefix([keys::KEY_LOG]).keys() {
            batch.remove(key?);
        }
        tree.apply_batch(batch)?;
        Self::open(tree, folder, filter_bytes)
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
            found = found || run.contains(key)?;
        }
        if found {
            self.filter.insert(key);
        }
        Ok(found)
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
            let mut reader = RunReader::new(&run.file)?;
            while let Some(key) = reader.head {
                larger.insert_new(key);
                reader.step()?;
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
        stored: impl Iterator<Item = Result<Vec<u128>, HotError>>,
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
        for keys in stored {
            added.extend(keys?);
            if added.len() >= RECENT {
                put(&mut added, self)?;
            }
        }
        put(&mut added, self)
    }

    /// Makes a run of what is recent, then merges runs of like size.
    fn spill(&mut self) -> Result<(), HotError> {
        let mut sorted: Vec<u128> = self.recent.iter().copied().collect();
        sorted.sort_unstable();
        let mut writer = RunWriter::new(&self.folder, self.next_run)?;
        sorted.into_iter().try_for_each(|key| writer.push(key))?;
        self.next_run += 1;
        self.runs.push(writer.finish()?);
        let mut batch = sled::Batch::default();
        batch.insert(keys::RUNS, self.noted()?);
        for number in &self.logged {
            batch.remove(keys::key_log(*number).as_slice());
        }
        self.tree.apply_batch(batch)?;
        self.recent.clear();
        self.logged.clear();
        while self.merge()? {}
        self.grow_filter()
    }

    /// Makes one run of the last few if they are of like size. Says whether they were.
    fn merge(&mut self) -> Result<bool, HotError> {
        let Some(from) = self.runs.len().checked_sub(FAN) else { return Ok(false) };
        let level = |run: &Run| (run.noted.keys / RECENT as u64).max(1).ilog(FAN as u64);
        if self.runs[from..].iter().any(|run| level(run) != level(&self.runs[from])) {
            return Ok(false);
        }
        let mut writer = RunWriter::new(&self.folder, self.next_run)?;
        let mut readers: Vec<RunReader<'_>> = Vec::new();
        for run in &self.runs[from..] {
            readers.push(RunReader::new(&run.file)?);
        }
        while let Some(least) = readers.iter().filter_map(|reader| reader.head).min() {
            writer.push(least)?;
            for reader in readers.iter_mut().filter(|reader| reader.head == Some(least)) {
                reader.step()?;
            }
        }
        self.next_run += 1;
        let run = writer.finish()?;
        let merged: Vec<Run> = self.runs.drain(from..).collect();
        self.runs.push(run);
        self.tree.insert(keys::RUNS, self.noted()?)?;
        self.tree.flush()?;
        for run in merged {
            fs::remove_file(path_of(&self.folder, run.noted.run))?;
        }
        Ok(true)
    }

    fn noted(&self) -> Result<Vec<u8>, HotError> {
        let noted: Vec<Noted> = self.runs.iter().map(|run| run.noted).collect();
        Ok(serde_json::to_vec(&noted)?)
    }

    /// Removes files of runs that do not count.
    fn drop_left_overs(&mut self, noted: &[Noted]) -> Result<(), HotError> {
        for file in fs::read_dir(&self.folder)? {
            let path = file?.path();
            let run = path.file_stem().and_then(|name| name.to_str()).and_then(|name| name.parse::<u32>().ok());
            let Some(run) = run else { continue };
            if !noted.iter().any(|held| held.run == run) {
                fs::remove_file(&path)?;
            }
            self.next_run = self.next_run.max(run.saturating_add(1));
        }
        Ok(())
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

fn path_of(folder: &Path, run: u32) -> PathBuf {
    folder.join(format!("{run:08}.keys"))
}

fn fence(key: u128) -> u64 {
    (key >> 64) as u64
}

impl Run {
    fn contains(&self, key: u128) -> Result<bool, HotError> {
        // Several blocks may begin with the same eight bytes; the last that begins before the key holds it, or none does.
        let mut at = self.fences.partition_point(|held| *held <= fence(key));
        let mut bytes = [0; BLOCK * 16];
        while at > 0 {
            at -= 1;
            let first = at * BLOCK;
            let count = BLOCK.min(usize::try_from(self.noted.keys).unwrap_or(usize::MAX) - first);
            let block = &mut bytes[..count * 16];
            let mut file = &self.file;
            file.seek(SeekFrom::Start(first as u64 * 16))?;
            file.read_exact(block)?;
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
}

/// Writes a run from front to back.
struct RunWriter {
    folder: PathBuf,
    noted: Noted,
    file: BufWriter<File>,
    fences: Vec<u64>,
}

impl RunWriter {
    fn new(folder: &Path, run: u32) -> Result<Self, HotError> {
        let file = File::options().read(true).write(true).create_new(true).open(path_of(folder, run))?;
        let file = BufWriter::with_capacity(BUFFER, file);
        Ok(RunWriter { folder: folder.to_owned(), noted: Noted { run, keys: 0 }, file, fences: Vec::new() })
    }

    fn push(&mut self, key: u128) -> Result<(), HotError> {
        if self.noted.keys.is_multiple_of(BLOCK as u64) {
            self.fences.push(fence(key));
        }
        self.noted.keys += 1;
        Ok(self.file.write_all(&key.to_be_bytes())?)
    }

    fn finish(mut self) -> Result<Run, HotError> {
        self.fences.shrink_to_fit();
        let file = self.file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        // Its name must be on disk as well before anything refers to it.
        #[cfg(unix)]
        File::open(&self.folder)?.sync_all()?;
        Ok(Run { noted: self.noted, file, fences: self.fences })
    }
}

/// Reads a run from front to back.
struct RunReader<'a> {
    file: BufReader<&'a File>,
    head: Option<u128>,
}

impl<'a> RunReader<'a> {
    fn new(file: &'a File) -> Result<Self, HotError> {
        let mut file = BufReader::with_capacity(BUFFER, file);
        file.seek(SeekFrom::Start(0))?;
        let mut reader = RunReader { file, head: None };
        reader.step()?;
        Ok(reader)
    }

    fn step(&mut self) -> Result<(), HotError> {
        let mut key = [0; 16];
        self.head = match self.file.read_exact(&mut key) {
            Ok(()) => Some(u128::from_be_bytes(key)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(error.into()),
        };
        Ok(())
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
        let folder = directory.path().join("known");
        let mut known = KnownKeys::open(&tree, &folder, 1 << 16).unwrap();
        for batch in 0..60 {
            add(&mut known, &tree, batch * 5000, (batch + 1) * 5000, batch);
        }
        assert_eq!(known.runs.len(), 1, "four runs became one");
        for mut known in [known, KnownKeys::open(&tree, &folder, 1 << 16).unwrap()] {
            assert_eq!(known.len(), 300_000);
            for n in (0..300_000).step_by(97) {
                assert!(known.contains(key(n)).unwrap(), "key {n}");
                assert!(!known.contains(key(n + 1_000_000)).unwrap(), "key {n} was never offered");
            }
        }
    }

    #[test]
    fn runs_of_a_merge_that_was_cut_short_are_removed_and_a_damaged_one_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let db = sled::Config::new().path(directory.path()).cache_capacity(4 << 20).open().unwrap();
        let tree = db.open_tree("frontier").unwrap();
        let folder = directory.path().join("known");
        let mut known = KnownKeys::open(&tree, &folder, 1 << 16).unwrap();
        add(&mut known, &tree, 0, 100_000, 1);
        fs::write(path_of(&folder, 77), [0; 160]).unwrap();
        let mut known = KnownKeys::open(&tree, &folder, 1 << 16).unwrap();
        assert!(!path_of(&folder, 77).exists());
        assert!(known.contains(key(5)).unwrap() && known.next_run > 77);
        let run = path_of(&folder, known.runs[0].noted.run);
        File::options().write(true).open(&run).unwrap().set_len(16_000).unwrap();
        assert!(matches!(KnownKeys::open(&tree, &folder, 1 << 16), Err(HotError::Block)));
        let mut known = KnownKeys::anew(&tree, &folder, 1 << 16).unwrap();
        assert!(known.len() == 0 && !known.contains(key(5)).unwrap());
    }
}

//! A wall clock that was set back: what the store noted while it was ahead must not keep URLs waiting until that date.
//!
//! The store remembers the latest moment it was shown. When it is shown one well before that, it goes once through what is
//! due later: URLs never tried become due, the others as [`UrlState::due_after_step_back`] says. Pace is not its business:
//! the gate still asks for every delay.
//!
//! [`UrlState::due_after_step_back`]: crate::frontier::entry::UrlState::due_after_step_back

use crate::frontier::entry::CLOCK_SLACK;
use crate::store::hot::block;
use crate::store::hot::keys::{self, LaneKey};
use crate::store::hot::{Entry, HotError, HotStore, Memory};
use crate::vocab::time::Timestamp;

/// Changes made durable together, so that a large store needs little memory.
const CHANGES_AT_ONCE: usize = 2000;

/// How far the stored moment may lag behind: less than a step that counts.
const WRITE_AFTER_MILLIS: u64 = 1000;

/// The latest moment a store was shown.
#[derive(Debug, Clone, Copy)]
pub struct Latest {
    seen: Timestamp,
    stored: Timestamp,
}

impl Latest {
    /// As stored. A store that holds due times and no such moment is of an earlier version: nothing is known of its clock,
    /// so the first look goes through it.
    pub fn load(tree: &sled::Tree) -> Result<Self, HotError> {
        let stored = tree.get(keys::LATEST)?.and_then(|value| value.as_ref().try_into().ok().map(i64::from_be_bytes));
        let stored = match stored {
            Some(millis) => Timestamp::from_millis(millis),
            None if tree.scan_prefix([keys::DUE]).next().is_some() => Timestamp::NEVER,
            None => Timestamp::EPOCH,
        };
        Ok(Latest { seen: stored, stored })
    }

    /// Notes a moment.
    pub fn note(&mut self, now: Timestamp) {
        self.seen = self.seen.max(now);
    }

    /// Puts it into a batch, if the stored one lags.
    pub fn stage(&mut self, batch: &mut sled::Batch) {
        if self.seen.as_millis().abs_diff(self.stored.as_millis()) >= WRITE_AFTER_MILLIS {
            batch.insert(keys::LATEST, &self.seen.as_millis().to_be_bytes());
            self.stored = self.seen;
        }
    }
}

impl HotStore {
    /// Notes that it is `now`, and mends due times when the clock was set back.
    pub(super) fn follow_clock(&self, memory: &mut Memory, now: Timestamp) -> Result<(), HotError> {
        if now.after(CLOCK_SLACK) >= memory.latest.seen {
            memory.latest.note(now);
            return Ok(());
        }
        let step = memory.latest.seen.since(now);
        for held in memory.leased.values_mut() {
            held.until = held.until.before(step);
        }
        memory.queues.values_mut().for_each(|queue| queue.set_back(step));
        let brought = self.bring_back_visited(now)? + self.bring_back_new(memory, now)?;
        memory.latest.seen = now;
        let mut batch = sled::Batch::default();
        memory.latest.stage(&mut batch);
        self.tree.apply_batch(batch)?;
        self.flush()?;
        if brought > 0 {
            tracing::warn!(
                urls = brought,
                "the clock was ahead before; {brought} URLs noted for later are due earlier"
            );
        }
        Ok(())
    }

    /// URLs that were tried: an entry and a place in the due index.
    fn bring_back_visited(&self, now: Timestamp) -> Result<usize, HotError> {
        let mut brought = 0;
        let mut changes = Changes::default();
        for key in self.tree.scan_prefix([keys::DUE]).keys() {
            let key = key?;
            if keys::due_of(&key).is_none_or(|(minute, _)| minute < keys::minute(now.as_millis())) {
                continue;
            }
            let place = keys::entry_of_due(&key);
            let Some(stored) = self.tree.get(&place)? else { continue };
            let mut entry: Entry = serde_json::from_slice(&stored)?;
            let noted = entry.due_millis;
            entry.due_millis = entry.state.due_after_step_back(Timestamp::from_millis(noted), now).as_millis();
            if entry.due_millis == noted {
                continue;
            }
            changes.batch.remove(&key);
            changes.batch.insert(keys::due_beside(&key, entry.due_millis, entry.priority), &[]);
            changes.batch.insert(place, serde_json::to_vec(&entry)?);
            brought += 1;
            changes.counted(&self.tree)?;
        }
        self.tree.apply_batch(changes.batch)?;
        Ok(brought)
    }

    /// URLs that were never tried: blocks, some of them open.
    fn bring_back_new(&self, memory: &mut Memory, now: Timestamp) -> Result<usize, HotError> {
        let mut brought = 0;
        let mut changes = Changes::default();
        let mut moved: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        for pair in self.tree.scan_prefix([keys::QUEUE]) {
            let (key, value) = pair?;
            if keys::minute_of(&key) < keys::minute(now.as_millis()) {
                continue;
            }
            // A block that cannot be read is set aside when its turn comes, which is now.
            let mut entries = block::unpack(&value).unwrap_or_default();
            let late = entries.iter_mut().filter(|entry| entry.due > now).map(|entry| entry.due = now).count();
            if late == 0 && !entries.is_empty() {
                continue;
            }
            let new = keys::queue_block_beside(&key, now);
            let value = if late == 0 { value.to_vec() } else { block::pack(entries.iter()) };
            changes.batch.remove(&key);
            changes.batch.insert(new.as_slice(), value);
            moved.push((key.to_vec(), new));
            brought += late;
            changes.counted(&self.tree)?;
        }
        self.tree.apply_batch(changes.batch)?;
        for (old, new) in moved {
            let Some(lane) = keys::lane_of(&old) else { continue };
            let lane: LaneKey = lane;
            if let Some(queue) = memory.queues.get_mut(&lane)
                && queue.move_block(&old, &new, now)
            {
                let places = memory.leased.values_mut().filter_map(|held| held.place.as_mut());
                places.filter(|place| place.block == old).for_each(|place| place.block.clone_from(&new));
            }
        }
        Ok(brought)
    }
}

/// Changes on their way to the tree.
#[derive(Default)]
struct Changes {
    batch: sled::Batch,
    count: usize,
}

impl Changes {
    fn counted(&mut self, tree: &sled::Tree) -> Result<(), HotError> {
        self.count += 1;
        if self.count >= CHANGES_AT_ONCE {
            self.count = 0;
            tree.apply_batch(std::mem::take(&mut self.batch))?;
        }
        Ok(())
    }
}

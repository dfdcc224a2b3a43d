//! A host's new URLs in memory: the blocks that something was taken from and that are not used up.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::frontier::entry::NewEntry;
use crate::store::hot::keys::{self, LaneKey};
use crate::vocab::time::Timestamp;

/// Where a new URL stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Host of a platform.
    pub lane: LaneKey,
    /// Key of its block.
    pub block: Vec<u8>,
    /// Number in the block.
    pub slot: usize,
}

/// The opened blocks of one host.
#[derive(Debug, Default)]
pub struct Queue {
    open: BTreeMap<Vec<u8>, OpenBlock>,
    unopened: Unopened,
}

/// What is known of blocks that are not open.
#[derive(Debug, Default)]
enum Unopened {
    #[default]
    Unknown,
    /// The first that holds something due in this minute.
    Looked { minute: u32, first: Option<Vec<u8>> },
}

#[derive(Debug)]
struct OpenBlock {
    slots: Vec<Slot>,
    left: usize,
    /// No slot before this one can be taken, until a lease runs out.
    from: usize,
    /// When the first lease runs out.
    expires: Timestamp,
}

#[derive(Debug)]
struct Slot {
    entry: NewEntry,
    key: u128,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Leased(Timestamp),
    Done,
}

impl Queue {
    /// The first URL that can be taken at `now` from an open block.
    pub fn available(&mut self, lane: &LaneKey, now: Timestamp) -> Option<Place> {
        for (key, block) in &mut self.open {
            if let Some(slot) = block.available(now) {
                return Some(Place { lane: *lane, block: key.clone(), slot });
            }
        }
        None
    }

    /// Takes a URL until `until`.
    pub fn take(&mut self, place: &Place, until: Timestamp) -> Option<(&NewEntry, u128)> {
        let block = self.open.get_mut(&place.block)?;
        let slot = block.slots.get_mut(place.slot)?;
        slot.state = State::Leased(until);
        block.expires = block.expires.min(until);
        Some((&slot.entry, slot.key))
    }

    /// A URL that was taken can be taken again.
    pub fn give_back(&mut self, place: &Place) {
        if let Some(block) = self.open.get_mut(&place.block)
            && let Some(slot) = block.slots.get_mut(place.slot)
            && slot.state != State::Done
        {
            slot.state = State::Waiting;
            block.from = block.from.min(place.slot);
        }
    }

    /// A URL has an entry of its own now. Says whether its block is used up, and then forgets it.
    pub fn end(&mut self, place: &Place) -> bool {
        let Some(block) = self.open.get_mut(&place.block) else { return false };
        if let Some(slot) = block.slots.get_mut(place.slot)
            && slot.state != State::Done
        {
            slot.state = State::Done;
            block.left -= 1;
        }
        let used_up = block.left == 0;
        if used_up {
            self.open.remove(&place.block);
        }
        used_up
    }

    /// Where a URL waits in an open block.
    pub fn find(&self, lane: &LaneKey, key: u128) -> Option<Place> {
        self.open.iter().find_map(|(block, held)| {
            let slot = held.slots.iter().position(|slot| slot.key == key && slot.state == State::Waiting)?;
            Some(Place { lane: *lane, block: block.clone(), slot })
        })
    }

    /// Puts a block in use; `settled` says which of its URLs have entries of their own. False if all have.
    pub fn open(&mut self, block: Vec<u8>, entries: Vec<(NewEntry, u128, bool)>) -> bool {
        self.unopened = Unopened::Unknown;
        let slots: Vec<Slot> = entries
            .into_iter()
            .map(|(entry, key, settled)| Slot { entry, key, state: if settled { State::Done } else { State::Waiting } })
            .collect();
        let left = slots.iter().filter(|slot| slot.state == State::Waiting).count();
        if left > 0 {
            self.open.insert(block, OpenBlock { slots, left, from: 0, expires: Timestamp::NEVER });
        }
        left > 0
    }

    /// The clock was set back by `step`: leases end as much earlier.
    pub fn set_back(&mut self, step: Duration) {
        self.unopened = Unopened::Unknown;
        for block in self.open.values_mut() {
            for slot in &mut block.slots {
                if let State::Leased(until) = &mut slot.state {
                    *until = until.before(step);
                }
            }
            block.expires = if block.expires == Timestamp::NEVER { block.expires } else { block.expires.before(step) };
        }
    }

    /// A block has another key, and what it holds is due at `now`. Says whether it is open.
    pub fn move_block(&mut self, old: &[u8], new: &[u8], now: Timestamp) -> bool {
        self.unopened = Unopened::Unknown;
        let Some(mut block) = self.open.remove(old) else { return false };
        for slot in &mut block.slots {
            slot.entry.due = slot.entry.due.min(now);
        }
        self.open.insert(new.to_vec(), block);
        true
    }

    /// Whether a block is open.
    pub fn is_open(&self, block: &[u8]) -> bool {
        self.open.contains_key(block)
    }

    /// The first block that is not open and holds something due, if that was looked up in the minute of `now`.
    pub fn first_unopened(&self, now: Timestamp) -> Option<Option<Vec<u8>>> {
        match &self.unopened {
            Unopened::Looked { minute, first } if *minute == keys::minute(now.as_millis()) => Some(first.clone()),
            _ => None,
        }
    }

    /// Notes what was looked up.
    pub fn looked(&mut self, now: Timestamp, first: Option<Vec<u8>>) {
        self.unopened = Unopened::Looked { minute: keys::minute(now.as_millis()), first };
    }

    /// Notes a block that was written.
    pub fn written(&mut self, block: Vec<u8>) {
        if let Unopened::Looked { minute, first } = &mut self.unopened
            && keys::minute_of(&block) <= *minute
            && first.as_ref().is_none_or(|held| block < *held)
        {
            *first = Some(block);
        }
    }
}

impl OpenBlock {
    fn available(&mut self, now: Timestamp) -> Option<usize> {
        if self.expires <= now {
            self.from = 0;
            let leases = self.slots.iter().filter_map(|slot| match slot.state {
                State::Leased(until) if until > now => Some(until),
                _ => None,
            });
            self.expires = leases.min().unwrap_or(Timestamp::NEVER);
        }
        let can_be_taken = |slot: &Slot| match slot.state {
            State::Waiting => true,
            State::Leased(until) => until <= now,
            State::Done => false,
        };
        self.from += self.slots[self.from..].iter().take_while(|slot| !can_be_taken(slot)).count();
        let slots = self.slots[self.from..].iter();
        slots.enumerate().find(|(_, slot)| can_be_taken(slot) && slot.entry.due <= now).map(|(at, _)| self.from + at)
    }
}

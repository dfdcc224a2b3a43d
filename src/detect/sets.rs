//! Sets and maps of 64-bit keys that answer almost always "no", and quickly.

/// A set of hashes that may say yes by mistake and never no. Its size follows what it holds, or a longer list would make it
/// say yes to everything.
pub struct Bits {
    words: Vec<u64>,
    shift: u32,
}

impl Bits {
    /// A set of at least so many bits, an empty one at first.
    pub fn of(bits: usize) -> Self {
        let bits = bits.next_power_of_two().max(64);
        Bits { words: vec![0; bits / 64], shift: 64 - bits.trailing_zeros() }
    }

    /// Adds a key.
    pub fn set(&mut self, key: u64) {
        let bit = spread(key) >> self.shift;
        self.words[(bit >> 6) as usize] |= 1 << (bit & 63);
    }

    /// Whether a key may be in it.
    #[inline]
    pub fn has(&self, key: u64) -> bool {
        let bit = spread(key) >> self.shift;
        self.words[(bit >> 6) as usize] >> (bit & 63) & 1 != 0
    }
}

/// The same with two bits for each key: a set that is asked for many keys at once says yes by mistake to almost none of them.
pub struct TwoBits(Bits);

impl TwoBits {
    /// A set of at least so many bits.
    pub fn of(bits: usize) -> Self {
        TwoBits(Bits::of(bits))
    }

    /// Adds a key.
    pub fn set(&mut self, key: u64) {
        self.0.set(key);
        self.0.set(key.rotate_left(32));
    }

    /// Whether a key may be in it.
    #[inline]
    pub fn has(&self, key: u64) -> bool {
        self.0.has(key) && self.0.has(key.rotate_left(32))
    }
}

/// Spreads a key over the upper bits.
#[inline]
pub fn spread(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A map while it grows.
pub struct Growing<T> {
    table: Table<T>,
    entries: usize,
}

impl<T> Default for Growing<T> {
    fn default() -> Self {
        Growing { table: Table::of_slots(2), entries: 0 }
    }
}

impl<T: Default> Growing<T> {
    /// Room for so many entries.
    pub fn with_capacity(entries: usize) -> Self {
        Growing { table: Table::of_slots((entries * 2 + 1).next_power_of_two()), entries: 0 }
    }

    /// The value of a key, made if it is new.
    pub fn entry(&mut self, key: u64) -> &mut T {
        // One more than half full would cost more than one look for each miss.
        if (self.entries + 1) * 2 > self.table.slots.len() {
            let larger = Table::of_slots(self.table.slots.len() * 2);
            for (key, value) in std::mem::replace(&mut self.table, larger).slots.into_iter().flatten() {
                let slot = self.table.place(key);
                self.table.slots[slot] = Some((key, value));
            }
        }
        let slot = self.table.place(key);
        let slot = &mut self.table.slots[slot];
        self.entries += usize::from(slot.is_none());
        &mut slot.get_or_insert_with(|| (key, T::default())).1
    }

    /// Freezes it.
    pub fn into_table(self) -> Table<T> {
        self.table
    }
}

/// A frozen map: open addressing at most half full, so that a miss costs one look.
pub struct Table<T> {
    slots: Vec<Option<(u64, T)>>,
    shift: u32,
}

impl<T> Table<T> {
    /// So many slots, a power of two of at least two.
    fn of_slots(slots: usize) -> Self {
        Table { slots: std::iter::repeat_with(|| None).take(slots).collect(), shift: 64 - slots.trailing_zeros() }
    }

    /// The slot of a key, or the free one it would take.
    fn place(&self, key: u64) -> usize {
        let mut slot = (spread(key) >> self.shift) as usize;
        while self.slots[slot].as_ref().is_some_and(|(held, _)| *held != key) {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        slot
    }

    /// A key's value.
    #[inline]
    pub fn get(&self, key: u64) -> Option<&T> {
        let mut slot = (spread(key) >> self.shift) as usize;
        while let Some((held, value)) = &self.slots[slot] {
            if *held == key {
                return Some(value);
            }
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found() {
        let (mut bits, mut growing) = (Bits::of(1_024), Growing::<u8>::default());
        for key in (0..500_u64).map(|key| key * key) {
            bits.set(key);
            *growing.entry(key) |= 1;
        }
        let table = growing.into_table();
        assert!((0..500_u64).all(|key| bits.has(key * key) && table.get(key * key) == Some(&1)));
        assert!(table.get(2).is_none() && table.get(u64::MAX).is_none());
    }
}

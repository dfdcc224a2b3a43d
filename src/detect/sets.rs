//! Sets and maps of 64-bit keys that answer almost always "no", and quickly.

/// A set of hashes in `2^SIZE` bits that may say yes by mistake and never no.
pub struct Bits<const SIZE: u32>(Vec<u64>);

impl<const SIZE: u32> Default for Bits<SIZE> {
    fn default() -> Self {
        Bits(vec![0; 1 << (SIZE - 6)])
    }
}

impl<const SIZE: u32> Bits<SIZE> {
    /// Adds a key.
    pub fn set(&mut self, key: u64) {
        let bit = spread(key) >> (64 - SIZE);
        self.0[(bit >> 6) as usize] |= 1 << (bit & 63);
    }

    /// Whether a key may be in it.
    #[inline]
    pub fn has(&self, key: u64) -> bool {
        let bit = spread(key) >> (64 - SIZE);
        self.0[(bit >> 6) as usize] >> (bit & 63) & 1 != 0
    }
}

/// Spreads a key over the upper bits.
#[inline]
pub fn spread(key: u64) -> u64 {
    key.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// A map while it grows.
pub struct Growing<T>(std::collections::HashMap<u64, T>);

impl<T> Default for Growing<T> {
    fn default() -> Self {
        Growing(std::collections::HashMap::new())
    }
}

impl<T: Default> Growing<T> {
    /// The value of a key, made if it is new.
    pub fn entry(&mut self, key: u64) -> &mut T {
        self.0.entry(key).or_default()
    }

    /// Freezes it.
    pub fn into_table(self) -> Table<T> {
        let mut table = Table::with_capacity(self.0.len());
        for (key, value) in self.0 {
            table.set(key, |_| value);
        }
        table
    }
}

/// A frozen map: open addressing at most half full, so that a miss costs one look.
pub struct Table<T> {
    slots: Vec<Option<(u64, T)>>,
    shift: u32,
}

impl<T: Default> Table<T> {
    /// Room for so many entries; one more than twice as many would never find a free slot.
    fn with_capacity(entries: usize) -> Self {
        let size = (entries * 2 + 1).next_power_of_two().max(2);
        Table { slots: std::iter::repeat_with(|| None).take(size).collect(), shift: 64 - size.trailing_zeros() }
    }

    /// Sets a key's value from the one it has.
    fn set(&mut self, key: u64, value: impl FnOnce(T) -> T) {
        let mut slot = (spread(key) >> self.shift) as usize;
        while self.slots[slot].as_ref().is_some_and(|(held, _)| *held != key) {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        let held = self.slots[slot].take().map(|(_, held)| held).unwrap_or_default();
        self.slots[slot] = Some((key, value(held)));
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
        let (mut bits, mut growing) = (Bits::<10>::default(), Growing::<u8>::default());
        for key in (0..500_u64).map(|key| key * key) {
            bits.set(key);
            *growing.entry(key) |= 1;
        }
        let table = growing.into_table();
        assert!((0..500_u64).all(|key| bits.has(key * key) && table.get(key * key) == Some(&1)));
        assert!(table.get(2).is_none() && table.get(u64::MAX).is_none());
    }
}

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

/// Names in order with what stands beside them; of names alike the order stays. The first eight bytes of a name decide almost
/// always, so what is moved about while sorting is small.
pub fn sorted<T>(named: Vec<(String, T)>) -> Vec<(String, T)> {
    let head = |name: &str| {
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(name.bytes()).for_each(|(held, byte)| *held = byte);
        u64::from_be_bytes(bytes)
    };
    let mut order: Vec<(u64, usize)> = named.iter().enumerate().map(|(at, (name, _))| (head(name), at)).collect();
    order.sort_by(|(a, first), (b, second)| a.cmp(b).then_with(|| named[*first].0.cmp(&named[*second].0)));
    let mut named: Vec<Option<(String, T)>> = named.into_iter().map(Some).collect();
    order.into_iter().filter_map(|(_, at)| named[at].take()).collect()
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

impl<T: Clone + Default> Default for Growing<T> {
    fn default() -> Self {
        Growing { table: Table::of_slots(2), entries: 0 }
    }
}

impl<T: Clone + Default> Growing<T> {
    /// Room for so many entries.
    pub fn with_capacity(entries: usize) -> Self {
        Growing { table: Table::of_slots((entries * 2 + 1).next_power_of_two()), entries: 0 }
    }

    /// The value of a key, made if it is new.
    pub fn entry(&mut self, key: u64) -> &mut T {
        // One more than half full would cost more than one look for each miss.
        if (self.entries + 1) * 2 > self.table.keys.len() {
            let larger = Table::of_slots(self.table.keys.len() * 2);
            let held = std::mem::replace(&mut self.table, larger);
            for (key, value) in held.keys.into_iter().zip(held.values).filter(|(key, _)| *key != FREE) {
                let slot = self.table.place(key);
                self.table.keys[slot] = key;
                self.table.values[slot] = value;
            }
        }
        let key = taken(key);
        let slot = self.table.place(key);
        self.entries += usize::from(self.table.keys[slot] == FREE);
        self.table.keys[slot] = key;
        &mut self.table.values[slot]
    }

    /// Freezes it.
    pub fn into_table(self) -> Table<T> {
        self.table
    }
}

/// A frozen map: open addressing at most half full, so that a miss costs one look. Keys lie apart from values, because almost
/// every look is a miss; the key of a free slot stands for the one above it.
pub struct Table<T> {
    keys: Vec<u64>,
    values: Vec<T>,
    shift: u32,
}

/// The key of a free slot: zero, because memory full of zeros costs nothing until it is written.
const FREE: u64 = 0;

/// A key as it is kept.
#[inline]
fn taken(key: u64) -> u64 {
    key.max(FREE + 1)
}

impl<T> Table<T> {
    /// So many slots, a power of two of at least two.
    fn of_slots(slots: usize) -> Self
    where
        T: Clone + Default,
    {
        Table { keys: vec![FREE; slots], values: vec![T::default(); slots], shift: 64 - slots.trailing_zeros() }
    }

    /// The slot of a key that is kept, or the free one it would take.
    #[inline]
    fn place(&self, key: u64) -> usize {
        let mut slot = (spread(key) >> self.shift) as usize;
        while self.keys[slot] != FREE && self.keys[slot] != key {
            slot = (slot + 1) & (self.keys.len() - 1);
        }
        slot
    }

    /// A key's value.
    #[inline]
    pub fn get(&self, key: u64) -> Option<&T> {
        let slot = self.place(taken(key));
        if self.keys[slot] == FREE { None } else { self.values.get(slot) }
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

//! The first pass: proves that most listings hold nothing, at a fraction of the cost of reading them properly.
//!
//! Everything detection looks for ends at the end of a word. So the sieve walks over the bytes once, keeps the last twelve
//! letters and digits in a register (separators skipped, digits folded into the letters they stand for), and asks at each
//! word's end whether something watched could end here: first by its last three symbols, then by its last six, then by all
//! of them. What it lets through is read properly; what it holds back has nothing a verdict could rest on. It may let through
//! too much and must never hold back too much: a test compares both ways over disguised and ordinary texts.

use std::cell::RefCell;

use xxhash_rust::xxh3::xxh3_64;

use crate::detect::classes::ClassGrammar;
use crate::detect::context::ContextIndex;
use crate::detect::near::{Bits, spread};
use crate::detect::names::{Meaning, NameIndex, Strength};
use crate::detect::view;
use crate::detect::watchlist::Watchlist;

/// A verdict may rest on it alone.
const STRONG: u8 = 1;
/// A sign of a deal; counts beside a soft name.
const DEAL: u8 = 1 << 1;
/// A street name, an ordinary word, equipment that is lawful goods.
const SOFT: u8 = 1 << 2;
/// A soft name of something the mandate is about: two side by side count.
const PAIR: u8 = 1 << 3;
/// A code that counts beside a quantity.
const CODE: u8 = 1 << 4;
/// The same, if it is written in capitals.
const CAPITALS: u8 = 1 << 5;

/// Symbols from which a name is found by its last six.
const LONG: usize = 6;

/// Symbols between two soft names that may be a pair, and between a code and a quantity: the detector's windows count bytes
/// with separators, so these are no smaller.
const PAIR_SYMBOLS: usize = 6;
const QUANTITY_SYMBOLS: usize = 44;

/// What a field may hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signs {
    /// Something a verdict may rest on alone.
    pub strong: bool,
    /// A sign of a deal.
    pub deal: bool,
    /// A soft name.
    pub soft: bool,
}

impl Signs {
    /// Whether a listing with these signs has to be read properly.
    pub fn need_reading(self) -> bool {
        self.strong || (self.deal && self.soft)
    }
}

/// The compiled first pass.
pub struct Sieve {
    /// Last six symbols of long names.
    ends: Bits<17>,
    /// Short names.
    shorts: Bits<15>,
    /// Last three letters of the endings of families.
    tails: Bits<13>,
    /// Last six symbols to the lengths of what ends so.
    lengths: Table<Vec<u8>>,
    /// Hash of all symbols to flags.
    long: Table<u8>,
    /// Symbols and their number, for names shorter than six, whole words.
    short: Table<u8>,
    /// Endings of families shorter than six, at the end of any word.
    endings: Table<u8>,
    /// CAS numbers of the list.
    numbers: Table<u8>,
    /// Stems of families whose names have no fixed ending, over symbols.
    stems: Option<aho_corasick::AhoCorasick>,
    /// Names and terms that are not written in Latin letters, with their flags.
    other_scripts: aho_corasick::AhoCorasick,
    other_flags: Vec<u8>,
}

/// What is kept of one field between calls, so that the common case allocates nothing.
#[derive(Default)]
struct Scratch {
    symbols: Vec<u8>,
    folded: Vec<u8>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Sieve {
    /// Builds the sieve from what the detector looks for.
    ///
    /// # Errors
    /// When an automaton passes its limits.
    pub fn build(
        watchlist: &Watchlist,
        names: &NameIndex,
        classes: &ClassGrammar,
    ) -> Result<Self, aho_corasick::BuildError> {
        let mut plan = Plan::default();
        for (name, entry) in names.entries() {
            let equipment = entry.meanings.iter().all(|meaning| matches!(meaning, Meaning::Equipment(_)));
            let in_scope = entry.meanings.iter().any(|meaning| match meaning {
                Meaning::Substance(at) => {
                    watchlist.substances.get(*at as usize).is_some_and(|s| s.category() != "other-controlled")
                }
                Meaning::Equipment(_) => false,
            });
            let mut flags = match entry.strength {
                Strength::Distinct => STRONG,
                Strength::Street if equipment => STRONG,
                Strength::Street | Strength::Ambiguous => SOFT,
            };
            if flags == SOFT && in_scope {
                flags |= PAIR;
            }
            if entry.strength == Strength::Ambiguous && !equipment {
                let digits = name.bytes().any(|b| b.is_ascii_digit()) && name.bytes().any(|b| b.is_ascii_lowercase());
                let letters = (3..=5).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase());
                flags |= if digits { CODE } else { 0 } | if letters { CAPITALS } else { 0 };
            }
            plan.add(name, flags);
        }
        for term in ContextIndex::dealing_terms(watchlist) {
            plan.add(&term, DEAL);
        }
        let mut stems: Vec<Vec<u8>> = Vec::new();
        for rule in classes.endings() {
            match rule {
                Ok(endings) => endings.iter().for_each(|ending| plan.add_ending(ending)),
                Err(open) => stems.extend(open.iter().map(|stem| symbols(stem)).filter(|stem| !stem.is_empty())),
            }
        }
        let mut numbers = Table::with_capacity(watchlist.substances.len() * 2);
        for number in watchlist.substances.iter().flat_map(|s| &s.cas) {
            let digits: String = number.chars().filter(char::is_ascii_digit).collect();
            numbers.set(digits.parse().unwrap_or(u64::MAX), |_| 1);
        }
        let (other_names, other_flags): (Vec<String>, Vec<u8>) = plan.other_scripts.drain(..).unzip();
        Ok(Sieve {
            stems: if stems.is_empty() { None } else { Some(aho_corasick::AhoCorasick::new(&stems)?) },
            other_scripts: aho_corasick::AhoCorasick::new(&other_names)?,
            other_flags,
            numbers,
            ends: plan.ends,
            shorts: plan.shorts,
            tails: plan.tails,
            lengths: plan.lengths.into_table(),
            long: plan.long.into_table(),
            short: plan.short.into_table(),
            endings: plan.endings.into_table(),
        })
    }

    /// What one field may hold. Stops as soon as the field has to be read properly anyway.
    pub fn look(&self, names: &NameIndex, source: &str) -> Signs {
        SCRATCH.with_borrow_mut(|scratch| {
            let Scratch { symbols, folded } = scratch;
            if u32::try_from(source.len()).is_err() {
                return Signs { strong: true, ..Signs::default() };
            }
            if view::is_plain(source) {
                return self.walk(names, source.as_bytes(), symbols, false);
            }
            folded.clear();
            let other_scripts = view::fold_quickly(source, folded);
            let mut signs = self.walk(names, folded, symbols, other_scripts);
            if !signs.strong && other_scripts {
                self.look_at_other_scripts(folded, &mut signs);
            }
            folded.shrink_to(1 << 20);
            signs
        })
    }

    fn look_at_other_scripts(&self, folded: &[u8], signs: &mut Signs) {
        let mut soft_end = None;
        for hit in self.other_scripts.find_overlapping_iter(folded) {
            let flags = self.other_flags.get(hit.pattern().as_usize()).copied().unwrap_or(STRONG);
            signs.deal |= flags & DEAL != 0;
            signs.soft |= flags & SOFT != 0;
            // Two soft names of other scripts anywhere may be a pair: rare enough to be read.
            signs.strong |= flags & STRONG != 0 || (flags & PAIR != 0 && soft_end.is_some_and(|end| end <= hit.start()));
            if flags & PAIR != 0 {
                soft_end = Some(hit.end());
            }
            if signs.strong {
                return;
            }
        }
    }

    fn walk(&self, names: &NameIndex, bytes: &[u8], buffer: &mut Vec<u8>, other_scripts: bool) -> Signs {
        if buffer.len() < bytes.len() {
            buffer.resize(bytes.len(), 0);
        }
        let mut walk = Walk { other_scripts, ..Walk::new(self, names, bytes) };
        let mut at = 0;
        while at < bytes.len() {
            let mut class = CLASS[bytes[at] as usize];
            if class & 31 == 0 {
                walk.signs.strong |= class & ODD != 0 && is_odd(bytes, at);
                at += 1;
                continue;
            }
            let (byte, mut kinds) = (at, 0);
            while class & 31 != 0 {
                walk.folded = (walk.folded << 5) | u64::from(class & 31);
                walk.exact = (walk.exact << 8) | u64::from(bytes[at] | 0x20);
                kinds |= class;
                buffer[walk.count] = class & 31;
                walk.count += 1;
                at += 1;
                class = bytes.get(at).map_or(0, |b| CLASS[*b as usize]);
            }
            walk.word(byte, at, kinds, &buffer[..walk.count]);
            if walk.signs.strong {
                return walk.signs;
            }
        }
        if let Some(stems) = &self.stems
            && stems.is_match(&buffer[..walk.count])
        {
            walk.signs.strong = true;
        }
        buffer.shrink_to(1 << 20);
        walk.signs
    }
}

/// `f@ntanyl`, `fentan!l`: signs that stand for letters between letters, and the rest of an entity.
fn is_odd(bytes: &[u8], at: usize) -> bool {
    at > 0
        && bytes[at - 1].is_ascii_alphanumeric()
        && bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic)
}

/// One word behind the walk.
#[derive(Debug, Clone, Copy, Default)]
struct Word {
    /// Its first symbol.
    symbol: u32,
    /// Its first byte.
    byte: u32,
    /// Its letters and digits; as many bytes.
    length: u32,
    /// [`LETTER`], [`DIGIT`] or both.
    kinds: u8,
}

impl Word {
    fn text(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.byte as usize..(self.byte + self.length) as usize).unwrap_or_default()
    }

    fn is_number(self) -> bool {
        self.kinds & (LETTER | DIGIT) == DIGIT
    }
}

/// The state of one walk over a field.
struct Walk<'a> {
    sieve: &'a Sieve,
    names: &'a NameIndex,
    bytes: &'a [u8],
    signs: Signs,
    /// The last twelve symbols, five bits each, digits folded into letters.
    folded: u64,
    /// The last eight letters and digits as they are, in lower case.
    exact: u64,
    count: usize,
    /// The last three words, the newest first.
    words: [Word; 3],
    /// Where the last soft name, code and quantity ended.
    pair_end: usize,
    code_end: usize,
    quantity_end: usize,
    /// Units of other scripts cannot be seen here: a code counts as beside one.
    other_scripts: bool,
}

impl<'a> Walk<'a> {
    fn new(sieve: &'a Sieve, names: &'a NameIndex, bytes: &'a [u8]) -> Self {
        let far = usize::MAX / 2;
        Walk {
            sieve,
            names,
            bytes,
            signs: Signs::default(),
            folded: 0,
            exact: 0,
            count: 0,
            words: [Word::default(); 3],
            pair_end: far,
            code_end: far,
            quantity_end: far,
            other_scripts: false,
        }
    }

    /// Whether anything watched ends with the word from `byte` on.
    #[inline]
    fn word(&mut self, byte: usize, at: usize, kinds: u8, symbols: &[u8]) {
        let length = at - byte;
        let symbol = self.count - length;
        // Fields are shorter than 4 GB: `look` sees to it.
        let word = Word { symbol: symbol as u32, byte: byte as u32, length: length as u32, kinds };
        self.words = [word, self.words[0], self.words[1]];
        self.ask(self.folded, self.exact, symbols);
        // A plural or genitive.
        if self.exact & 0xff == u64::from(b's') && length > 1 {
            self.ask(self.folded >> 5, self.exact >> 8, &symbols[..self.count - 1]);
        }
        if kinds & DIGIT != 0 || self.words[1].is_number() {
            self.numbers();
        } else if length >= 7 && self.names.may_be_near(&self.bytes[byte..at]) {
            self.signs.strong = true;
        }
        // The shape of an InChIKey.
        if self.words[1].length == 10 && self.words[2].length >= 14 {
            self.signs.strong |= self.words[1].text(self.bytes).iter().all(u8::is_ascii_uppercase);
        }
    }

    #[inline(always)]
    fn ask(&mut self, folded: u64, exact: u64, symbols: &[u8]) {
        let end = folded & 0x3fff_ffff;
        if self.sieve.ends.has(end) {
            self.ask_long(end, symbols);
        }
        if self.sieve.tails.has(short_key(exact, 3)) {
            self.ask_endings(exact, symbols.len());
        }
        let mut back = 0;
        while back < 3 {
            let length = symbols.len().saturating_sub(self.words[back].symbol as usize);
            if length >= LONG || self.words[back].length == 0 {
                break;
            }
            let key = short_key(exact, length);
            if self.sieve.shorts.has(key) {
                self.ask_short(key, self.words[back].symbol as usize);
            }
            back += 1;
        }
    }

    #[inline(never)]
    fn ask_long(&mut self, end: u64, symbols: &[u8]) {
        for &length in self.sieve.lengths.get(end).into_iter().flatten() {
            let Some(start) = symbols.len().checked_sub(usize::from(length)) else { continue };
            if let Some(flags) = self.sieve.long.get(xxh3_64(&symbols[start..])) {
                self.note(*flags, start);
            }
        }
    }

    #[inline(never)]
    fn ask_endings(&mut self, exact: u64, count: usize) {
        for length in 3..LONG.min(count + 1) {
            self.signs.strong |= self.sieve.endings.get(short_key(exact, length)).is_some();
        }
    }

    #[inline(never)]
    fn ask_short(&mut self, key: u64, start: usize) {
        if let Some(flags) = self.sieve.short.get(key) {
            self.note(*flags, start);
        }
    }

    fn note(&mut self, flags: u8, start: usize) {
        self.signs.strong |= flags & STRONG != 0;
        self.signs.deal |= flags & DEAL != 0;
        self.signs.soft |= flags & SOFT != 0;
        if flags & PAIR != 0 {
            if self.pair_end <= start && start - self.pair_end <= PAIR_SYMBOLS {
                self.signs.strong = true;
            }
            self.pair_end = self.count;
        }
        let capitals = || !self.words[0].text(self.bytes).iter().any(u8::is_ascii_lowercase);
        if flags & CODE != 0 || (flags & CAPITALS != 0 && capitals()) {
            self.code_end = self.count;
            self.dosed();
        }
    }

    /// A code near a quantity.
    fn dosed(&mut self) {
        let seen = self.code_end < usize::MAX / 2;
        if seen && (self.other_scripts || self.code_end.abs_diff(self.quantity_end) <= QUANTITY_SYMBOLS) {
            self.signs.strong = true;
        }
    }

    /// CAS numbers and quantities.
    #[inline(never)]
    fn numbers(&mut self) {
        let [word, middle, first] = self.words;
        let written = word.text(self.bytes);
        let digits = written.iter().take_while(|b| b.is_ascii_digit()).count();
        // `10g`, `5 kg`.
        if word.kinds & LETTER != 0 && (digits > 0 || middle.is_number()) && is_unit(&written[digits..]) {
            self.quantity_end = self.count;
            self.dosed();
        }
        // `CAS103-79-7`: the ends may touch other letters.
        if digits == 1 && middle.is_number() && middle.length == 2 {
            let before = first.text(self.bytes);
            let known = before.len() - before.iter().rev().take_while(|b| b.is_ascii_digit()).count();
            let parts = [&before[known..], middle.text(self.bytes), &written[..1]];
            if (2..=7).contains(&parts[0].len()) {
                let number = parts.iter().flat_map(|part| part.iter()).fold(0, |all, b| all * 10 + u64::from(b - b'0'));
                self.signs.strong |= self.sieve.numbers.get(number).is_some();
            }
        }
    }
}

/// Units a quantity is given in, as the context's rule has them.
fn is_unit(written: &[u8]) -> bool {
    let mut lower = [0_u8; 8];
    let Some(lower) = lower.get_mut(..written.len()) else { return false };
    lower.copy_from_slice(written);
    lower.make_ascii_lowercase();
    crate::detect::context::UNITS.iter().any(|unit| unit.as_bytes() == lower)
}

const LETTER: u8 = 1 << 5;
const DIGIT: u8 = 1 << 6;
/// A sign that may stand for a letter.
const ODD: u8 = 1 << 7;

/// For each byte its symbol, five bits, and whether it is a letter or a digit; 0 separates.
static CLASS: [u8; 256] = {
    let mut table = [0_u8; 256];
    let mut letter = 0;
    while letter < 26_u8 {
        // `l` looks like `i`, and `1` stands for both.
        let symbol = if letter == 11 { 9 } else { letter + 1 };
        table[(b'a' + letter) as usize] = symbol | LETTER;
        table[(b'A' + letter) as usize] = symbol | LETTER;
        letter += 1;
    }
    // 0 o, 1 i, 2, 3 e, 4 a, 5 s, 6, 7 t, 8 b, 9.
    let stands_for = [15, 9, 27, 5, 1, 19, 28, 20, 2, 29];
    let mut digit = 0;
    while digit < 10_u8 {
        table[(b'0' + digit) as usize] = stands_for[digit as usize] | DIGIT;
        digit += 1;
    }
    table[b'@' as usize] = ODD;
    table[b'$' as usize] = ODD;
    table[b'!' as usize] = ODD;
    table[b'|' as usize] = ODD;
    table
};

/// The symbols of a folded name.
fn symbols(name: &str) -> Vec<u8> {
    name.bytes().map(|b| CLASS[b as usize] & 31).filter(|symbol| *symbol != 0).collect()
}

fn packed(symbols: &[u8]) -> u64 {
    symbols.iter().fold(0, |all, symbol| all << 5 | u64::from(*symbol))
}

/// The last `length` letters and digits, at most [`LONG`] of them, with their number.
fn short_key(exact: u64, length: usize) -> u64 {
    exact & ((1 << (8 * length)) - 1) | (length as u64) << 56
}

/// The letters and digits of a folded name as [`Walk::exact`] holds them.
fn exactly(name: &str) -> u64 {
    name.bytes().filter(u8::is_ascii_alphanumeric).fold(0, |all, b| all << 8 | u64::from(b | 0x20))
}

/// Everything to be found, before it is frozen.
#[derive(Default)]
struct Plan {
    ends: Bits<17>,
    shorts: Bits<15>,
    tails: Bits<13>,
    lengths: Growing<Vec<u8>>,
    long: Growing<u8>,
    short: Growing<u8>,
    endings: Growing<u8>,
    other_scripts: Vec<(String, u8)>,
}

impl Plan {
    fn add(&mut self, folded: &str, flags: u8) {
        if !folded.is_ascii() {
            self.other_scripts.push((folded.to_owned(), flags));
            return;
        }
        let symbols = symbols(folded);
        let words = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).count();
        match symbols.len() {
            0 => {}
            // Longer than the words the walk remembers: found by its end, wherever it begins.
            3..LONG if words > 3 => self.add_ending(folded),
            1..LONG => {
                let key = short_key(exactly(folded), symbols.len());
                self.shorts.set(key);
                *self.short.entry(key) |= flags;
            }
            _ => self.add_long(&symbols, flags),
        }
    }

    fn add_long(&mut self, symbols: &[u8], flags: u8) {
        let end = packed(&symbols[symbols.len() - LONG..]);
        self.ends.set(end);
        let lengths = self.lengths.entry(end);
        let length = u8::try_from(symbols.len()).unwrap_or(u8::MAX);
        if !lengths.contains(&length) {
            lengths.push(length);
        }
        *self.long.entry(xxh3_64(&symbols[symbols.len() - usize::from(length)..])) |= flags;
    }

    fn add_ending(&mut self, folded: &str) {
        let symbols = symbols(folded);
        if symbols.len() < LONG {
            self.tails.set(short_key(exactly(folded), 3));
            *self.endings.entry(short_key(exactly(folded), symbols.len())) |= STRONG;
        } else {
            self.add_long(&symbols, STRONG);
        }
    }
}

/// A map while it grows.
struct Growing<T>(std::collections::HashMap<u64, T>);

impl<T> Default for Growing<T> {
    fn default() -> Self {
        Growing(std::collections::HashMap::new())
    }
}

impl<T: Default> Growing<T> {
    fn entry(&mut self, key: u64) -> &mut T {
        self.0.entry(key).or_default()
    }

    fn into_table(self) -> Table<T> {
        let mut table = Table::with_capacity(self.0.len());
        for (key, value) in self.0 {
            table.set(key, |_| value);
        }
        table
    }
}

/// A frozen map: open addressing at most half full, so that a miss costs one look.
struct Table<T> {
    slots: Vec<Option<(u64, T)>>,
    shift: u32,
}

impl<T: Default> Table<T> {
    fn with_capacity(entries: usize) -> Self {
        let size = (entries * 2 + 1).next_power_of_two().max(2);
        Table { slots: std::iter::repeat_with(|| None).take(size).collect(), shift: 64 - size.trailing_zeros() }
    }

    fn set(&mut self, key: u64, value: impl FnOnce(T) -> T) {
        let mut slot = (spread(key) >> self.shift) as usize;
        while self.slots[slot].as_ref().is_some_and(|(held, _)| *held != key) {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        let held = self.slots[slot].take().map(|(_, held)| held).unwrap_or_default();
        self.slots[slot] = Some((key, value(held)));
    }

    #[inline]
    fn get(&self, key: u64) -> Option<&T> {
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

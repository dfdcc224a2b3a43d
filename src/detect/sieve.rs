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
use crate::detect::names::{Meaning, NameIndex, Strength};
use crate::detect::near::{Bits, spread};
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
const LONG_MASK: u64 = (1 << (8 * LONG)) - 1;

/// The bit of eight bytes that letters have and digits lack.
const LETTER_BITS: u64 = 0x4040_4040_4040_4040;

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
    ends: Bits<18>,
    /// Short names, and those that say no more than that a soft name occurs.
    shorts: Bits<15>,
    softs: Bits<15>,
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
    /// Letters in front of a family's numbers, with how many digits follow: `u` and five, `jwh` and three.
    numbered: Table<u8>,
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
    folded: Vec<u8>,
    text: Text,
}

/// Only the letters and digits of a field, in lower case, behind [`LEAD`] zeros, so that the last eight can be taken in one
/// load.
#[derive(Default)]
struct Text {
    letters: Vec<u8>,
    /// The same with digits as the letters they stand for.
    symbols: Vec<u8>,
    /// Where words end: among the letters, and in the bytes of the field (upper half).
    words: Vec<u64>,
    /// How many of the words are of this field; what is behind them is left from others.
    count: usize,
}

/// Zeros in front of the letters and digits.
const LEAD: usize = 8;

impl Text {
    /// Takes a field apart. No step depends on what a byte is, so nothing is mispredicted. Whether signs that may stand for
    /// letters occur.
    fn take(&mut self, bytes: &[u8]) -> bool {
        if self.letters.len() < bytes.len() + LEAD + 1 {
            self.letters.resize(bytes.len() + LEAD + 1, 0);
            self.symbols.resize(bytes.len() + LEAD + 1, 0);
            self.words.resize(bytes.len() / 2 + 2, 0);
        }
        let (letters, symbols, words) = (&mut self.letters[..], &mut self.symbols[..], &mut self.words[..]);
        let (mut count, mut ended, mut seen, mut inside) = (LEAD, 0, 0, 0);
        for (at, byte) in bytes.iter().enumerate() {
            let class = CLASS[*byte as usize];
            letters[count] = byte | 0x20;
            symbols[count] = class & SYMBOL;
            words[ended] = count as u64 | (at as u64) << 32;
            let word = usize::from((class / WORD) & 1);
            ended += inside & !word;
            count += word;
            inside = word;
            seen |= class;
        }
        words[ended] = count as u64 | (bytes.len() as u64) << 32;
        self.count = ended + inside;
        seen & ODD != 0
    }

    /// Where a word ends: among the letters and in the field.
    #[inline]
    fn end(&self, word: usize) -> (usize, usize) {
        let end = self.words.get(word).copied().unwrap_or_default();
        ((end & u64::from(u32::MAX)) as usize, (end >> 32) as usize)
    }

    /// Gives back what a long field took.
    fn shrink(&mut self) {
        if self.letters.len() > 1 << 20 {
            *self = Text::default();
        }
    }
}

/// The eight bytes before `end`.
#[inline]
fn last_eight(bytes: &[u8], end: usize) -> u64 {
    bytes.get(end.wrapping_sub(8)..end).and_then(|last| last.try_into().ok()).map_or(0, u64::from_be_bytes)
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
            if entry.code {
                flags |= if name.bytes().any(|b| b.is_ascii_digit()) { CODE } else { CAPITALS };
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
                Err(open) => {
                    stems.extend(open.iter().map(|stem| symbols(&letters(stem))).filter(|stem| !stem.is_empty()))
                }
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
            other_scripts: aho_corasick::AhoCorasick::builder().ascii_case_insensitive(true).build(&other_names)?,
            other_flags,
            numbers,
            numbered: plan.numbered.into_table(),
            ends: plan.ends,
            shorts: plan.shorts,
            softs: plan.softs,
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
            if u32::try_from(source.len()).is_err() {
                return Signs { strong: true, ..Signs::default() };
            }
            let Scratch { folded, text } = scratch;
            let signs = if view::is_plain(source) {
                self.walk(names, source.as_bytes(), text, false)
            } else {
                folded.clear();
                let other_scripts = view::fold_quickly(source, folded);
                let mut signs = self.walk(names, folded, text, other_scripts);
                if !signs.strong && other_scripts {
                    self.look_at_other_scripts(folded, &mut signs);
                }
                folded.shrink_to(1 << 20);
                signs
            };
            text.shrink();
            signs
        })
    }

    fn look_at_other_scripts(&self, folded: &[u8], signs: &mut Signs) {
        let mut soft_end = None;
        // Names of other scripts are compared as they are folded: any separators as one space.
        let mut text: Vec<u8> = Vec::with_capacity(folded.len());
        for &byte in folded {
            let separates = matches!(byte, b'-' | b'_' | b'/') || byte.is_ascii_whitespace();
            if !separates {
                text.push(byte);
            } else if text.last() != Some(&b' ') {
                text.push(b' ');
            }
        }
        for hit in self.other_scripts.find_overlapping_iter(&text) {
            let flags = self.other_flags.get(hit.pattern().as_usize()).copied().unwrap_or(STRONG);
            signs.deal |= flags & DEAL != 0;
            signs.soft |= flags & SOFT != 0;
            // Two soft names of other scripts anywhere may be a pair: rare enough to be read.
            signs.strong |=
                flags & STRONG != 0 || (flags & PAIR != 0 && soft_end.is_some_and(|end| end <= hit.start()));
            if flags & PAIR != 0 {
                soft_end = Some(hit.end());
            }
            if signs.strong {
                return;
            }
        }
    }

    fn walk(&self, names: &NameIndex, bytes: &[u8], text: &mut Text, other_scripts: bool) -> Signs {
        let odd = text.take(bytes);
        let mut walk = Walk::new(self, names, bytes, text, other_scripts);
        let odd_places = || memchr::memchr3_iter(b'@', b'$', b'|', bytes).chain(memchr::memchr_iter(b'!', bytes));
        walk.signs.strong = odd && odd_places().any(|at| is_odd(bytes, at));
        for word in 0..text.count {
            if walk.signs.strong {
                return walk.signs;
            }
            walk.word(word);
        }
        if let Some(stems) = &self.stems {
            walk.signs.strong |= stems.is_match(&text.symbols[LEAD..walk.end]);
        }
        walk.signs
    }
}

/// `f@ntanyl`, `fentan!l`: signs that stand for letters between letters, and the rest of an entity.
fn is_odd(bytes: &[u8], at: usize) -> bool {
    at > 0 && bytes[at - 1].is_ascii_alphanumeric() && bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic)
}

/// The state of one walk over a field.
struct Walk<'a> {
    sieve: &'a Sieve,
    names: &'a NameIndex,
    bytes: &'a [u8],
    text: &'a Text,
    signs: Signs,
    /// The word looked at.
    at: usize,
    /// Where it ends among the letters and digits, and where it and the words before begin.
    end: usize,
    starts: [usize; 3],
    /// Where the last soft name, code and quantity ended.
    pair_end: usize,
    code_end: usize,
    quantity_end: usize,
    /// Units of other scripts cannot be seen here: a code counts as beside one.
    other_scripts: bool,
}

impl<'a> Walk<'a> {
    fn new(sieve: &'a Sieve, names: &'a NameIndex, bytes: &'a [u8], text: &'a Text, other_scripts: bool) -> Self {
        let far = usize::MAX / 2;
        let (signs, starts) = (Signs::default(), [0; 3]);
        let (pair_end, code_end, quantity_end) = (far, far, far);
        Walk {
            sieve,
            names,
            bytes,
            text,
            signs,
            at: 0,
            end: LEAD,
            starts,
            pair_end,
            code_end,
            quantity_end,
            other_scripts,
        }
    }

    /// Whether anything watched ends with a word.
    #[inline]
    fn word(&mut self, at: usize) {
        let start = self.end;
        self.starts = [start, self.starts[0], self.starts[1]];
        (self.at, self.end) = (at, self.text.end(at).0);
        let letters = self.ask(self.end);
        // A plural or genitive.
        if letters & 0xff == u64::from(b's') {
            self.ask(self.end - 1);
        }
        let length = self.end - start;
        // Digits lack the bit that letters have. A word of more than eight has its digits at its end if they matter here.
        let outside = if length < 8 { !0 << (8 * length) } else { 0 };
        if (letters | outside) & LETTER_BITS != LETTER_BITS || self.text.letters[start - 1] < 0x40 {
            self.numbers();
        }
        if length >= 7 && self.names.may_be_near(&self.text.letters[start..self.end]) {
            self.signs.strong = true;
        }
        // The shape of an InChIKey.
        self.signs.strong |= (start - self.starts[1] == 10) & (start - self.starts[2] >= 24);
    }

    /// The word `back` before this one, in lower case.
    fn spelled(&self, back: usize) -> &'a [u8] {
        if back > self.at {
            return &[];
        }
        let end = if back == 0 { self.end } else { self.starts[back - 1] };
        self.text.letters.get(self.starts[back]..end).unwrap_or_default()
    }

    /// This word as it is written.
    fn written(&self) -> &'a [u8] {
        let end = self.text.end(self.at).1;
        self.bytes.get(end - (self.end - self.starts[0])..end).unwrap_or_default()
    }

    /// Whether anything watched ends before `end`. The sets are asked without a branch between them: all of them almost
    /// always say no.
    #[inline(always)]
    fn ask(&mut self, end: usize) -> u64 {
        let letters = last_eight(&self.text.letters, end);
        let short = |start: usize| {
            let length = end.saturating_sub(start).min(LONG);
            let key = short_key(letters, length);
            (length < LONG) & (self.sieve.shorts.has(key) | (!self.signs.soft & self.sieve.softs.has(key)))
        };
        let ending = last_eight(&self.text.symbols, end) & LONG_MASK;
        let hit = self.sieve.ends.has(ending)
            | self.sieve.tails.has(short_key(letters, 3))
            | self.sieve.tails.has(short_key(letters, 4))
            | short(self.starts[0])
            | short(self.starts[1])
            | short(self.starts[2]);
        if hit {
            self.ask_all(ending, letters, end);
        }
        letters
    }

    #[inline(never)]
    fn ask_all(&mut self, ending: u64, letters: u64, end: usize) {
        for &length in self.sieve.lengths.get(ending).into_iter().flatten() {
            let Some(start) = end.checked_sub(usize::from(length)).filter(|start| *start >= LEAD) else { continue };
            if let Some(flags) = self.sieve.long.get(xxh3_64(&self.text.symbols[start..end])) {
                self.note(*flags, start);
            }
        }
        for length in 3..LONG {
            self.signs.strong |= self.sieve.endings.get(short_key(letters, length)).is_some();
        }
        for back in 0..3.min(self.at + 1) {
            let start = self.starts[back];
            if (1..LONG).contains(&end.saturating_sub(start))
                && let Some(flags) = self.sieve.short.get(short_key(letters, end - start))
            {
                self.note(*flags, start);
            }
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
            self.pair_end = self.end;
        }
        let capitals = || !self.written().iter().any(u8::is_ascii_lowercase);
        if flags & CODE != 0 || (flags & CAPITALS != 0 && capitals()) {
            self.code_end = self.end;
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
        let (written, middle, first) = (self.spelled(0), self.spelled(1), self.spelled(2));
        let is_number = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_digit);
        let digits = written.iter().take_while(|b| b.is_ascii_digit()).count();
        // `10g`, `5 kg`.
        if digits < written.len() && (digits > 0 || is_number(middle)) && is_unit(&written[digits..]) {
            self.quantity_end = self.end;
            self.dosed();
        }
        let (letters, behind) = numbered(written);
        if behind >= 3 {
            let letters = if letters.is_empty() { middle } else { letters };
            let letters = &letters[letters.len().saturating_sub(4)..];
            let known = |from: usize| self.sieve.numbered.get(numbered_key(&letters[from..], behind)).is_some();
            self.signs.strong |= (0..letters.len()).any(known);
        }
        // `CAS103-79-7`: the ends may touch other letters.
        if digits == 1 && middle.len() == 2 && is_number(middle) {
            let known = first.len() - first.iter().rev().take_while(|b| b.is_ascii_digit()).count();
            let parts = [&first[known..], middle, &written[..1]];
            if (2..=7).contains(&parts[0].len()) {
                let number = parts.iter().flat_map(|part| part.iter()).fold(0, |all, b| all * 10 + u64::from(b - b'0'));
                self.signs.strong |= self.sieve.numbers.get(number).is_some();
            }
        }
    }
}

/// A word as letters and the number of digits behind them; an `e` may close it (`U-47700E`).
fn numbered(word: &[u8]) -> (&[u8], usize) {
    let word = word.strip_suffix(b"e").or(word.strip_suffix(b"E")).unwrap_or(word);
    let digits = word.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    (&word[..word.len() - digits], digits)
}

fn numbered_key(letters: &[u8], digits: usize) -> u64 {
    letters.iter().fold(digits as u64, |all, b| all << 8 | u64::from(b | 0x20))
}

/// Units a quantity is given in, as the context's rule has them.
fn is_unit(written: &[u8]) -> bool {
    let mut lower = [0_u8; 8];
    let Some(lower) = lower.get_mut(..written.len()) else { return false };
    lower.copy_from_slice(written);
    lower.make_ascii_lowercase();
    crate::detect::context::UNITS.iter().any(|unit| unit.as_bytes() == lower)
}

/// The letter a letter or digit may stand for.
const SYMBOL: u8 = 31;
/// A letter or a digit.
const WORD: u8 = 32;
/// A sign that may stand for a letter.
const ODD: u8 = 64;

/// For each byte its symbol, and [`WORD`], [`ODD`] or neither.
static CLASS: [u8; 256] = {
    let mut table = [0_u8; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            table[byte as usize] = WORD | symbol(byte);
        }
        byte += 1;
    }
    table[b'@' as usize] = ODD;
    table[b'$' as usize] = ODD;
    table[b'!' as usize] = ODD;
    table[b'|' as usize] = ODD;
    table
};

/// A letter or digit as the letter it may stand for, five bits, as the squeezed view has it. `1` stands for `i` and `l`,
/// which are one here.
const fn symbol(byte: u8) -> u8 {
    match byte {
        b'0' => b'o' & SYMBOL,
        b'1' | b'l' | b'L' => b'i' & SYMBOL,
        b'2' => 27,
        b'3' => b'e' & SYMBOL,
        b'4' => b'a' & SYMBOL,
        b'5' => b's' & SYMBOL,
        b'6' => 28,
        b'7' => b't' & SYMBOL,
        b'8' => b'b' & SYMBOL,
        b'9' => 29,
        letter => letter & SYMBOL,
    }
}

fn symbols(letters: &[u8]) -> Vec<u8> {
    letters.iter().map(|letter| symbol(*letter)).collect()
}

/// The letters and digits of a folded name.
fn letters(name: &str) -> Vec<u8> {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b | 0x20).collect()
}

/// The last `length` letters and digits, at most [`LONG`] of them, with their number.
fn short_key(letters: u64, length: usize) -> u64 {
    letters & ((1 << (8 * length)) - 1) | (length as u64) << 56
}

fn packed(letters: &[u8]) -> u64 {
    letters.iter().fold(0, |all, letter| all << 8 | u64::from(*letter))
}

/// Everything to be found, before it is frozen.
#[derive(Default)]
struct Plan {
    ends: Bits<18>,
    shorts: Bits<15>,
    softs: Bits<15>,
    tails: Bits<13>,
    lengths: Growing<Vec<u8>>,
    long: Growing<u8>,
    short: Growing<u8>,
    endings: Growing<u8>,
    numbered: Growing<u8>,
    other_scripts: Vec<(String, u8)>,
}

impl Plan {
    fn add(&mut self, folded: &str, flags: u8) {
        // A sign such as `±` alone is no other script.
        if folded.chars().any(|c| !c.is_ascii() && c.is_alphanumeric()) {
            self.other_scripts.push((folded.to_owned(), flags));
            return;
        }
        let letters = letters(folded);
        let words = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).count();
        match letters.len() {
            0 => {}
            // Longer than the words the walk remembers: found by its end, wherever it begins.
            3..LONG if words > 3 => self.add_ending(folded),
            1..LONG => {
                let key = short_key(packed(&letters), letters.len());
                if flags == SOFT {
                    self.softs.set(key)
                } else {
                    self.shorts.set(key)
                }
                *self.short.entry(key) |= flags;
            }
            _ => self.add_long(&letters, flags),
        }
    }

    fn add_long(&mut self, letters: &[u8], flags: u8) {
        let symbols = symbols(letters);
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
        let all = letters(folded);
        // One entry for all numbers of a family.
        let (before, digits) = numbered(&all);
        if digits >= 3 && (1..=4).contains(&before.len()) && before.iter().all(u8::is_ascii_lowercase) {
            *self.numbered.entry(numbered_key(before, digits)) |= STRONG;
        } else if all.len() < LONG {
            self.tails.set(short_key(packed(&all), all.len().min(4)));
            *self.endings.entry(short_key(packed(&all), all.len())) |= STRONG;
        } else {
            self.add_long(&all, STRONG);
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

//! One walk over the words of a field, asking at the end of each whether something watched ends there.

use crate::detect::inflection;
use crate::detect::marks::SIDES_BYTES;
use crate::detect::names::NameIndex;
use crate::detect::sets::spread;
use crate::detect::shapes::UNITS;
use crate::detect::sieve::{CAPITALS, CODE, DEAL, FOUR, Frozen, LONG, PAIR, SOFT, STRONG, Sieve, Signs};

/// Symbols between two soft names that may be a pair, and between a code and a quantity: the detector's windows count bytes
/// with separators, so these are no smaller.
const PAIR_SYMBOLS: usize = 6;
const QUANTITY_SYMBOLS: usize = 44;

/// `f@ntanyl`, `fentan!l`: signs that stand for letters between letters.
fn is_odd(bytes: &[u8], at: usize) -> bool {
    at > 0 && bytes[at - 1].is_ascii_alphanumeric() && bytes.get(at + 1).is_some_and(u8::is_ascii_alphabetic)
}

/// `f e n t @ n y l`: the same between letters that stand apart.
fn is_odd_apart(bytes: &[u8], at: usize) -> bool {
    let is_letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    let is_space = |at: usize| bytes.get(at) == Some(&b' ');
    at >= 3
        && is_space(at - 1)
        && is_letter(at - 2)
        && is_space(at - 3)
        && is_space(at + 1)
        && is_letter(at + 2)
        && !is_letter(at + 3)
}

/// The state of one walk over a field.
pub struct Walk<'a> {
    sieve: &'a Sieve,
    sets: &'a Frozen,
    names: &'a NameIndex,
    bytes: &'a [u8],
    signs: Signs,
    /// The last eight letters and digits in lower case, separators skipped; the last one lowest.
    last: u64,
    /// Letters and digits up to the end of this word.
    count: usize,
    /// This word and the two before it: first byte, and one past the last.
    words: [(usize, usize); 3],
    /// Which of them may be the whole half of a name whose other half has a slip.
    companions: [bool; 3],
    /// Where the last soft name, code and quantity ended, in letters.
    pair_end: usize,
    code_end: usize,
    quantity_end: usize,
    /// Words of few letters up to this one, without a longer one between them.
    fragments: usize,
    /// Units of other scripts cannot be seen here: a code counts as beside one.
    other_scripts: bool,
    /// The bytes are those of a folded text, so that capitals may be gone.
    folded: bool,
}

/// Letters of a word that may be a piece of a short name.
const FRAGMENT_SYMBOLS: usize = 3;

/// Letters of a word that may be a name with an ending.
const INFLECTED: usize = 9;

/// How the bytes of a walk came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// As the source has them.
    Plain,
    /// Folded, all of it Latin.
    Folded,
    /// Folded, with letters of other scripts.
    OtherScripts,
}

impl<'a> Walk<'a> {
    /// A walk over `bytes`, asking for `sets`.
    pub fn new(sieve: &'a Sieve, sets: &'a Frozen, names: &'a NameIndex, bytes: &'a [u8], written: Written) -> Self {
        let (signs, far) = (Signs::default(), usize::MAX / 2);
        let (pair_end, code_end, quantity_end) = (far, far, far);
        let (last, count, words, fragments) = (0, 0, [(0, 0); 3], 0);
        let (other_scripts, folded) = (written == Written::OtherScripts, written != Written::Plain);
        Walk {
            sieve,
            sets,
            names,
            bytes,
            signs,
            last,
            count,
            words,
            companions: [false; 3],
            pair_end,
            code_end,
            quantity_end,
            fragments,
            other_scripts,
            folded,
        }
    }

    /// Looks at every word, and stops as soon as the field has to be read properly anyway.
    pub fn run(mut self) -> Signs {
        let odd = memchr::memchr3_iter(b'@', b'$', b'|', self.bytes).chain(memchr::memchr_iter(b'!', self.bytes));
        self.signs.strong = odd.into_iter().any(|at| is_odd(self.bytes, at) || is_odd_apart(self.bytes, at));
        let (mut start, mut inside) = (0, false);
        for (block, chunk) in self.bytes.chunks(64).enumerate() {
            let word = word_bits(chunk);
            // One bit at each place where a word begins or ends.
            let mut edges = word ^ (word << 1 | u64::from(inside));
            while edges != 0 {
                let at = block * 64 + edges.trailing_zeros() as usize;
                edges &= edges - 1;
                if inside {
                    self.word(start, at);
                    if self.signs.strong {
                        return self.signs;
                    }
                }
                (start, inside) = (at, !inside);
            }
        }
        if inside {
            self.word(start, self.bytes.len());
        }
        if let Some(stems) = &self.sieve.stems {
            self.signs.strong |= stems.is_match(self.bytes);
        }
        self.signs
    }

    /// Whether anything watched ends with a word.
    #[inline]
    fn word(&mut self, start: usize, end: usize) {
        self.words = [(start, end), self.words[0], self.words[1]];
        let length = end - start;
        let own = last_eight(self.bytes, end) | LOWER;
        let before = self.last;
        self.last = if length < 8 { before << (8 * length) | own & ((1 << (8 * length)) - 1) } else { own };
        self.count += length;
        let lengths = [length, length + self.length(1), length + self.length(1) + self.length(2)];
        self.ask(self.last, self.count, lengths);
        self.fragments = if length <= FRAGMENT_SYMBOLS { self.fragments + 1 } else { 0 };
        if self.fragments > self.words.len() {
            self.ask_fragments();
        }
        // A plural or genitive.
        if self.last & 0xff == u64::from(b's') && length > 1 {
            // The letter in front of the last eight takes the place of the `s`.
            let ninth = if length > 8 { u64::from(self.bytes[end - 9] | 0x20) } else { before >> (8 * (8 - length)) };
            self.ask(self.last >> 8 | ninth << 56, self.count - 1, lengths.map(|length| length - 1));
        }
        // A case, or a form joined on.
        if length >= INFLECTED {
            for cut in inflection::endings(&self.bytes[start..end]) {
                let last = last_eight(self.bytes, end - cut) | LOWER;
                self.ask(last, self.count - cut, lengths.map(|length| length - cut));
            }
        }
        // Digits lack the bit that letters have. In a word of more than eight they matter at its end.
        let outside = if length < 8 { !0 << (8 * length) } else { 0 };
        if (own | outside) & LETTER_BITS != LETTER_BITS || before & 0x40 == 0 {
            self.numbers();
        }
        if length >= 7 && !self.signs.strong && self.names.may_be_near(&self.bytes[start..end]) {
            self.signs.strong = true;
        }
        let mask = if length < 8 { (1 << (8 * length)) - 1 } else { !0 };
        self.companions = [self.names.may_be_companion(own & mask), self.companions[0], self.companions[1]];
        if self.companions != [false; 3] {
            self.ask_groups();
        }
        // The shape of an InChIKey.
        self.signs.strong |= (self.length(1) == 10) & (self.length(2) >= 14);
    }

    fn length(&self, back: usize) -> usize {
        self.words[back].1 - self.words[back].0
    }

    /// The word `back` before this one, as it is written.
    fn written(&self, back: usize) -> &'a [u8] {
        self.bytes.get(self.words[back].0..self.words[back].1).unwrap_or_default()
    }

    /// Whether anything watched ends with these letters: first by the last four, then the sets, without a branch between them,
    /// because almost all of them say no.
    #[inline(always)]
    fn ask(&mut self, last: u64, count: usize, lengths: [usize; 3]) {
        let short = |length: usize| (length < LONG) & self.sets.shorts.has(short_key(last, length.min(LONG - 1)));
        let read = i_for_l(last);
        let is_few = (lengths[0] < FOUR && short(lengths[0])) || (lengths[1] < FOUR && short(lengths[1]));
        if last & LETTER_BITS != LETTER_BITS {
            self.ask_digits(last, count, lengths);
        }
        if !is_few && !self.sets.fours.has(read & FOUR_LETTERS) && lengths[2] >= FOUR {
            return;
        }
        let hit = self.sets.ends.has(read)
            | self.sieve.tails.has(short_key(read, 3))
            | self.sieve.tails.has(short_key(read, 4))
            | short(lengths[0])
            | short(lengths[1])
            | short(lengths[2]);
        if hit {
            self.ask_all(read, last, count, lengths);
        }
    }

    /// The same with digits as the letters they may stand for.
    #[inline(never)]
    fn ask_digits(&mut self, last: u64, count: usize, lengths: [usize; 3]) {
        let read = stand_for(last);
        if self.sets.ends.has(read)
            | self.sieve.tails.has(short_key(read, 3))
            | self.sieve.tails.has(short_key(read, 4))
        {
            self.ask_all(read, last, count, lengths);
        }
    }

    #[inline(never)]
    fn ask_all(&mut self, read: u64, last: u64, count: usize, lengths: [usize; 3]) {
        if self.sets.ends.has(read)
            && let Some(lengths) = self.sets.lengths.get(read)
        {
            self.ask_long(*lengths, count);
        }
        for length in 3..LONG {
            if self.sieve.tails.has(short_key(read, length.min(4))) {
                self.signs.strong |= self.sieve.endings.get(short_key(read, length)).is_some();
            }
        }
        for (back, length) in lengths.into_iter().enumerate() {
            let key = short_key(last, length.min(LONG - 1));
            if (1..LONG).contains(&length)
                && self.length(back) > 0
                && self.sets.shorts.has(key)
                && let Some(flags) = self.sets.short.get(key)
            {
                self.note(*flags, count - length);
            }
        }
    }

    /// Whether this word and the one or two before it may be a slip away from a name of several words.
    #[inline(never)]
    fn ask_groups(&mut self) {
        let stretch = |from: usize, to: usize| self.bytes.get(from..to).unwrap_or_default();
        let last = self.words[0];
        for back in 1..self.words.len() {
            let first = self.words[back];
            if self.length(back) == 0 {
                continue;
            }
            let group = stretch(first.0, last.1);
            let behind = stretch(self.words[back - 1].0, last.1);
            let before = stretch(first.0, self.words[1].1);
            self.signs.strong |= (self.companions[back]
                && self.names.may_be_near_group(group, stretch(first.0, first.1), behind))
                || (self.companions[0] && self.names.may_be_near_group(group, stretch(last.0, last.1), before));
        }
    }

    /// Whether a short name ends here that was pulled apart into more words than are remembered, or a number whose digits
    /// were.
    #[inline(never)]
    fn ask_fragments(&mut self) {
        let digits = self.last.to_le_bytes().iter().take_while(|b| b.is_ascii_digit()).count();
        self.signs.strong |= (5..=digits).any(|length| self.is_end_of_a_number(&self.last.to_be_bytes()[8 - length..]));
        for length in self.words.len() + 1..LONG {
            let key = short_key(self.last, length);
            if self.sets.shorts.has(key)
                && let Some(flags) = self.sets.short.get(key)
            {
                self.note(*flags, self.count.saturating_sub(length));
            }
        }
    }

    /// Whether a name of one of these lengths, a bit for each, ends here.
    fn ask_long(&mut self, mut lengths: u128, count: usize) {
        // A plural's `s` left out.
        let end = self.words[0].1 - (self.count - count);
        let mut before = self.bytes[..end].iter().rev().filter(|b| b.is_ascii_alphanumeric()).map(|b| b | 0x20);
        let (mut hash, mut known) = (0, 0);
        while lengths != 0 {
            while known < lengths.trailing_zeros() as usize {
                let Some(letter) = before.next() else { return };
                hash = backwards(hash, letter);
                known += 1;
            }
            lengths &= lengths - 1;
            if let Some(flags) = self.sets.long.get(hash) {
                self.note(*flags, count - known);
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
            self.pair_end = self.count;
        }
        let capitals = || self.folded || self.fragments > 1 || !self.written(0).iter().any(u8::is_ascii_lowercase);
        if flags & CODE != 0 || (flags & CAPITALS != 0 && capitals()) {
            self.code_end = self.count;
            self.dosed();
        }
    }

    /// Whether a single `m` stands in front of this word, as on the other side of a pill.
    fn has_other_side(&self) -> bool {
        let end = self.words[0].0;
        let before = self.bytes.get(end.saturating_sub(SIDES_BYTES)..end).unwrap_or_default();
        before.split(|b| !b.is_ascii_alphanumeric()).any(|word| matches!(word, b"m" | b"M"))
    }

    /// A code near a quantity.
    fn dosed(&mut self) {
        let seen = self.code_end < usize::MAX / 2;
        if seen && (self.other_scripts || self.code_end.abs_diff(self.quantity_end) <= QUANTITY_SYMBOLS) {
            self.signs.strong = true;
        }
    }

    /// Whether a listed number ends with these digits, eight at most.
    fn is_end_of_a_number(&self, digits: &[u8]) -> bool {
        let number = digits.iter().fold(0, |all, b| all * 10 + u64::from(b.wrapping_sub(b'0')));
        self.sieve.number_ends.get(number).is_some()
    }

    /// CAS and EC numbers, quantities, and families that are numbered.
    #[inline(never)]
    fn numbers(&mut self) {
        let (written, middle, first) = (self.written(0), self.written(1), self.written(2));
        let is_number = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_digit);
        let digits = written.iter().take_while(|b| b.is_ascii_digit()).count();
        // `10g`, `5 kg`.
        if digits < written.len() && (digits > 0 || is_number(middle)) && is_unit(&written[digits..]) {
            self.quantity_end = self.count;
            self.dosed();
        }
        self.signs.deal |= written == b"30" && self.has_other_side();
        let (letters, behind) = numbered(written);
        if behind >= 3 {
            let letters = if letters.is_empty() { middle } else { letters };
            let letters = &letters[letters.len().saturating_sub(4)..];
            let known = |from: usize| self.sieve.numbered.get(numbered_key(&letters[from..], behind)).is_some();
            self.signs.strong |= (0..letters.len()).any(known);
        }
        // `28578167`, `CAS28578167`.
        let last = written.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        if last >= 5 {
            self.signs.strong |= self.is_end_of_a_number(&written[written.len() - last.min(LONG)..]);
        }
        // `CAS103-79-7`: the ends may touch other letters.
        if digits == 1 && matches!(middle.len(), 2 | 3) && is_number(middle) {
            let known = first.len() - first.iter().rev().take_while(|b| b.is_ascii_digit()).count();
            let parts = [&first[known..], middle, &written[..1]];
            if (2..=7).contains(&parts[0].len()) {
                let number = parts.iter().flat_map(|part| part.iter()).fold(0, |all, b| all * 10 + u64::from(b - b'0'));
                self.signs.strong |= self.sieve.numbers.get(number).is_some();
            }
        }
    }
}

/// One bit for each of up to 64 bytes that is a letter or a digit, eight bytes at a step.
#[inline]
fn word_bits(bytes: &[u8]) -> u64 {
    let mut bits = 0;
    let (eights, rest) = bytes.as_chunks::<8>();
    for (at, eight) in eights.iter().enumerate() {
        bits |= word_bits_of_eight(u64::from_le_bytes(*eight)) << (8 * at);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    if rest.is_empty() { bits } else { bits | word_bits_of_eight(u64::from_le_bytes(last)) << (8 * eights.len()) }
}

#[inline]
fn word_bits_of_eight(bytes: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const LOW: u64 = 0x7f * ONES;
    // The upper bit of each byte tells whether adding carried past 0x80: whether the byte is at least so much.
    let at_least = |bytes: u64, least: u8| (bytes & LOW) + u64::from(0x80 - least) * ONES;
    let lower = bytes | LOWER;
    let letters = at_least(lower, b'a') & !at_least(lower, b'z' + 1);
    let digits = at_least(bytes, b'0') & !at_least(bytes, b'9' + 1);
    let words = ((letters | digits) & !bytes) >> 7 & ONES;
    words.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// The eight bytes before `end`; zeros in front of the first.
#[inline]
fn last_eight(bytes: &[u8], end: usize) -> u64 {
    match bytes.get(end.wrapping_sub(8)..end).and_then(|last| last.try_into().ok()) {
        Some(last) => u64::from_be_bytes(last),
        None => packed(&bytes[..end]),
    }
}

/// A word as letters and the number of digits behind them; an `e` may close it (`U-47700E`).
pub fn numbered(word: &[u8]) -> (&[u8], usize) {
    let word = word.strip_suffix(b"e").or(word.strip_suffix(b"E")).unwrap_or(word);
    let digits = word.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    (&word[..word.len() - digits], digits)
}

pub fn numbered_key(letters: &[u8], digits: usize) -> u64 {
    letters.iter().fold(digits as u64, |all, b| all << 8 | u64::from(b | 0x20))
}

/// Units a quantity is given in, as the context's rule has them.
fn is_unit(written: &[u8]) -> bool {
    let mut lower = [0_u8; 12];
    let Some(lower) = lower.get_mut(..written.len()) else { return false };
    lower.copy_from_slice(written);
    lower.make_ascii_lowercase();
    let first = lower.first().copied();
    UNITS.iter().any(|unit| unit.as_bytes().first().copied() == first && unit.as_bytes() == lower)
}

/// The bit of each of eight bytes that makes letters small and leaves digits alone.
const LOWER: u64 = 0x2020_2020_2020_2020;

/// The last four of eight letters.
const FOUR_LETTERS: u64 = 0xffff_ffff;

/// The bit that letters have and digits lack.
const LETTER_BITS: u64 = 0x4040_4040_4040_4040;

/// A letter or digit as the letter it may stand for, `i` for `l` too: as the view with digits as letters reads them.
pub const fn symbol(letter: u8) -> u8 {
    match letter {
        b'0' => b'o',
        b'1' | b'l' => b'i',
        b'3' => b'e',
        b'4' => b'a',
        b'5' => b's',
        b'7' => b't',
        b'8' => b'b',
        letter => letter,
    }
}

/// [`symbol`] of each of eight bytes.
pub fn stand_for(letters: u64) -> u64 {
    let mut bytes = letters.to_be_bytes();
    for byte in &mut bytes {
        *byte = SYMBOLS[usize::from(*byte)];
    }
    u64::from_be_bytes(bytes)
}

/// [`symbol`] of each of eight letters; digits stay.
#[inline]
pub fn i_for_l(letters: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The upper bit of each byte that is an `l`.
    let other = letters ^ (b'l' as u64 * ONES);
    let is_l = !(((other & (0x7f * ONES)) + 0x7f * ONES) | other) & (0x80 * ONES);
    letters - (is_l >> 7) * (b'l' - b'i') as u64
}

/// [`symbol`] of every byte.
static SYMBOLS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = symbol(byte as u8);
        byte += 1;
    }
    table
};

/// Hash of letters given from the last to the first, read as [`symbol`] reads them: one more.
pub fn backwards(hash: u64, letter: u8) -> u64 {
    spread(hash ^ u64::from(symbol(letter))).rotate_left(23)
}

/// The letters and digits of a folded name.
pub fn letters(name: &str) -> Vec<u8> {
    let mut letters = Vec::with_capacity(name.len());
    letters.extend(name.bytes().filter(u8::is_ascii_alphanumeric).map(|b| b | 0x20));
    letters
}

/// The last `length` letters and digits, fewer than [`LONG`], with their number.
pub fn short_key(letters: u64, length: usize) -> u64 {
    letters & ((1 << (8 * length)) - 1) | (length as u64) << 56
}

pub fn packed(letters: &[u8]) -> u64 {
    letters.iter().fold(0, |all, letter| all << 8 | u64::from(*letter))
}

//! The first pass: proves that most listings hold nothing, at a fraction of the cost of reading them properly.
//!
//! Everything detection looks for ends at the end of a word. So the sieve finds the words sixty-four bytes at a step, keeps
//! the last eight letters and digits in a register (separators skipped), and asks at each word's end whether something
//! watched could end here: first by its last eight letters, then by all of them. What it lets through is read properly; what it holds back has nothing a verdict could rest on. It may let through
//! too much and must never hold back too much: a test compares both ways over disguised and ordinary texts.

mod walk;

use std::cell::RefCell;

use crate::detect::classes::{ClassGrammar, Endings};
use crate::detect::names::{Meaning, NameIndex, Strength};
use crate::detect::sets::{Bits, Growing, Table};
use crate::detect::sieve::walk::{
    Walk, Written, backwards, i_for_l, letters, numbered, numbered_key, packed, short_key, stand_for, symbol,
};
use crate::detect::signals::SignalIndex;
use crate::detect::skeletons::SkeletonIndex;
use crate::detect::squeezed::LetterIndex;
use crate::detect::view;
use crate::detect::watchlist::Watchlist;
use crate::vocab::terms::Category;

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

/// Letters from which a name is found by its last eight.
const LONG: usize = 8;

/// Letters at the end of a word that are asked for first.
const FOUR: usize = 4;

/// What a field may hold.
#[derive(Debug, Clone, Copy, Default)]
struct Signs {
    /// Something a verdict may rest on alone.
    strong: bool,
    /// A sign of a deal.
    deal: bool,
    /// A soft name.
    soft: bool,
}

/// What ends with a word.
struct Sets {
    /// Last four letters of everything of at least as many: one question in place of five for most words.
    fours: Bits,
    /// Last eight letters of long names, and to them the lengths of what ends so.
    ends: Bits,
    lengths: Growing<u128>,
    /// Hash of all letters to flags.
    long: Growing<u8>,
    /// Letters of shorter names, whole words.
    shorts: Bits,
    short: Growing<u8>,
}

/// The compiled first pass.
pub struct Sieve {
    /// All that is asked for first.
    sets: Frozen,
    /// Soft names that count beside signs of a deal only: asked for once there are some.
    soft: Frozen,
    /// Endings shorter than eight letters, and the last three or four of each.
    tails: Bits,
    endings: Table<u8>,
    /// Letters in front of a family's numbers, with how many digits follow: `u` and five, `jwh` and three.
    numbered: Table<u8>,
    /// CAS and EC numbers of the list.
    numbers: Table<u8>,
    /// The last eight digits of each CAS number.
    number_ends: Table<u8>,
    /// Stems of families whose names have no fixed ending.
    stems: Option<aho_corasick::AhoCorasick>,
    /// Names and terms that are not written in Latin letters, with their flags.
    other_scripts: LetterIndex<u8>,
}

/// [`Sets`] that no longer grow.
struct Frozen {
    fours: Bits,
    ends: Bits,
    lengths: Table<u128>,
    long: Table<u8>,
    shorts: Bits,
    short: Table<u8>,
}

thread_local! {
    /// The folded text of a field, kept between calls so that the common case allocates nothing.
    static FOLDED: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Bytes of folded text kept between calls.
const KEPT_BYTES: usize = 1 << 20;

impl Sieve {
    /// Builds the sieve from what the detector looks for.
    ///
    /// # Errors
    /// When an automaton passes its limits.
    pub fn build(
        watchlist: &Watchlist,
        names: &NameIndex,
        classes: &ClassGrammar,
        skeletons: &SkeletonIndex,
    ) -> Result<Self, aho_corasick::BuildError> {
        let mut plan = Plan::of(names.entries().count());
        for (name, entry) in names.entries() {
            let equipment = entry.meanings.iter().all(|meaning| matches!(meaning, Meaning::Equipment(_)));
            let in_scope = entry.meanings.iter().any(|meaning| match meaning {
                Meaning::Substance(at) => {
                    watchlist.substances.get(*at as usize).is_some_and(|s| s.category() != Category::OtherControlled)
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
        for term in SignalIndex::dealing_terms(watchlist) {
            plan.add(&term, DEAL);
        }
        for brand in &watchlist.marks.brands {
            plan.add(&view::fold(brand), DEAL);
        }
        for die in watchlist.marks.dies.values().flatten() {
            plan.add(&view::fold(die), SOFT);
        }
        let mut stems: Vec<String> = Vec::new();
        for stem in skeletons.stems() {
            if stem.is_ascii() {
                stems.push(stem);
            } else {
                plan.add_other_script(&stem, STRONG);
            }
        }
        for rule in classes.endings() {
            match rule {
                Endings::Fixed(endings) => endings.lines().for_each(|ending| plan.add_ending(ending)),
                Endings::Open(open) => stems.extend_from_slice(open),
            }
        }
        let (mut numbers, mut number_ends) = (Growing::<u8>::default(), Growing::<u8>::default());
        for number in watchlist.substances.iter().flat_map(|s| s.cas.iter().chain(&s.ec)) {
            let digits: String = number.chars().filter(char::is_ascii_digit).collect();
            *numbers.entry(digits.parse().unwrap_or(u64::MAX)) = 1;
        }
        for number in watchlist.substances.iter().flat_map(|s| &s.cas) {
            let digits: String = number.chars().filter(char::is_ascii_digit).collect();
            let end = &digits[digits.len().saturating_sub(LONG)..];
            *number_ends.entry(end.parse().unwrap_or(u64::MAX)) = 1;
        }
        let caseless = aho_corasick::AhoCorasick::builder().ascii_case_insensitive(true).clone();
        Ok(Sieve {
            stems: if stems.is_empty() { None } else { Some(caseless.build(&stems)?) },
            other_scripts: LetterIndex::build(std::mem::take(&mut plan.other_scripts), |held, flags| *held |= flags),
            numbers: numbers.into_table(),
            number_ends: number_ends.into_table(),
            numbered: plan.numbered.into_table(),
            tails: plan.tails,
            endings: plan.endings.into_table(),
            sets: plan.sets.freeze(),
            soft: plan.soft.freeze(),
        })
    }

    /// Whether one of the fields of a listing may hold something a verdict could rest on.
    pub fn needs_reading<'a>(&self, names: &NameIndex, fields: impl Iterator<Item = &'a str> + Clone) -> bool {
        let mut deal = false;
        for field in fields.clone() {
            let signs = self.look(names, field, &self.sets);
            if signs.strong {
                return true;
            }
            deal |= signs.deal;
        }
        deal && fields.into_iter().any(|field| {
            let signs = self.look(names, field, &self.soft);
            signs.soft || signs.strong
        })
    }

    /// What of `sets` one field may hold. Stops as soon as the field has to be read properly anyway.
    fn look(&self, names: &NameIndex, source: &str, sets: &Frozen) -> Signs {
        if u32::try_from(source.len()).is_err() {
            return Signs { strong: true, ..Signs::default() };
        }
        if view::is_plain(source) {
            return Walk::new(self, sets, names, source.as_bytes(), Written::Plain).run();
        }
        FOLDED.with_borrow_mut(|folded| {
            folded.clear();
            let other_scripts = view::fold_quickly(source, folded);
            let written = if other_scripts { Written::OtherScripts } else { Written::Folded };
            let mut signs = Walk::new(self, sets, names, folded.as_bytes(), written).run();
            if !signs.strong && other_scripts {
                self.look_at_other_scripts(folded, &mut signs);
                signs.strong |= !signs.strong && names.may_be_by_ear(folded);
            }
            folded.shrink_to(KEPT_BYTES);
            signs
        })
    }

    fn look_at_other_scripts(&self, folded: &str, signs: &mut Signs) {
        let mut soft_end = usize::MAX;
        let letters = joined_letters(folded);
        for start in self.other_scripts.places(&letters) {
            self.other_scripts.starting(&letters, start, |_, flags, end| {
                signs.deal |= flags & DEAL != 0;
                signs.soft |= flags & SOFT != 0;
                // Two soft names of other scripts anywhere may be a pair: rare enough to be read.
                signs.strong |= flags & STRONG != 0 || (flags & PAIR != 0 && soft_end <= start);
                if flags & PAIR != 0 {
                    soft_end = soft_end.min(end);
                }
            });
            if signs.strong {
                return;
            }
        }
    }
}

/// The letters and digits of a folded text, each digit as the letter it may stand for, without anything between them.
fn joined_letters(folded: &str) -> Vec<u8> {
    let bytes = folded.as_bytes();
    let mut letters = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if byte.is_ascii() {
            if byte.is_ascii_alphanumeric() {
                letters.push(symbol(byte | 0x20));
            }
            at += 1;
            continue;
        }
        let Some(c) = folded.get(at..).and_then(|rest| rest.chars().next()) else { break };
        if c.is_alphanumeric() {
            letters.extend_from_slice(&bytes[at..at + c.len_utf8()]);
        }
        at += c.len_utf8();
    }
    letters
}

/// Everything to be found, before it is frozen.
struct Plan {
    sets: Sets,
    soft: Sets,
    tails: Bits,
    endings: Growing<u8>,
    numbered: Growing<u8>,
    other_scripts: Vec<(String, u8)>,
}

impl Plan {
    /// Room for so many names and as many terms and endings as belong to them.
    fn of(names: usize) -> Self {
        Plan {
            sets: Sets::of(names),
            soft: Sets::of(names),
            tails: Bits::of(names * 6),
            endings: Growing::default(),
            numbered: Growing::default(),
            other_scripts: Vec::new(),
        }
    }

    fn add(&mut self, folded: &str, flags: u8) {
        if !folded.is_ascii() && folded.chars().any(|c| !c.is_ascii() && c.is_alphanumeric()) {
            self.add_other_script(folded, flags);
            return;
        }
        let letters = letters(folded);
        let words = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).count();
        // Short and of more words than the walk remembers, or long enough to be pulled apart: found by its end, wherever
        // it begins.
        if (3..LONG).contains(&letters.len()) && words > 3 || letters.len() == LONG - 1 && flags & STRONG != 0 {
            return self.add_short_ending(&letters);
        }
        if flags != SOFT {
            self.sets.add(&letters, flags);
        }
        if flags & SOFT != 0 {
            self.soft.add(&letters, SOFT);
        }
    }

    fn add_other_script(&mut self, folded: &str, flags: u8) {
        // Taken from a text and put back as one: what is joined are whole characters.
        let letters = String::from_utf8(joined_letters(folded)).unwrap_or_default();
        self.other_scripts.push((letters, flags));
    }

    fn add_short_ending(&mut self, letters: &[u8]) {
        // Digits stay: in few letters, those they may stand for end ordinary words (`plasma` ends like `5ma`).
        let letters: Vec<u8> = letters.iter().map(|letter| if *letter == b'l' { b'i' } else { *letter }).collect();
        self.tails.set(short_key(packed(&letters), letters.len().min(4)));
        self.sets.note_end(&letters);
        self.soft.note_end(&letters);
        *self.endings.entry(short_key(packed(&letters), letters.len())) |= STRONG;
    }

    fn add_ending(&mut self, folded: &str) {
        if !folded.is_ascii() {
            return self.add_other_script(folded, STRONG);
        }
        let all = letters(folded);
        // One entry for all numbers of a family.
        let (before, digits) = numbered(&all);
        if digits >= 3 && (1..=4).contains(&before.len()) && before.iter().all(u8::is_ascii_lowercase) {
            *self.numbered.entry(numbered_key(before, digits)) |= STRONG;
        } else if all.len() < LONG {
            self.add_short_ending(&all);
        } else {
            self.sets.add(&all, STRONG);
        }
    }
}

impl Sets {
    fn of(names: usize) -> Self {
        Sets {
            fours: Bits::of(names * 6),
            ends: Bits::of(names * 12),
            lengths: Growing::default(),
            long: Growing::default(),
            shorts: Bits::of(names * 4),
            short: Growing::default(),
        }
    }

    /// Notes the last four letters of what is looked for; before three of them any symbol may stand.
    fn note_end(&mut self, letters: &[u8]) {
        let read = i_for_l(packed(&letters[letters.len().saturating_sub(FOUR)..]));
        match letters.len() {
            FOUR.. => self.fours.set(read),
            3 => (b'a'..=b'z').chain(b'0'..=b'9').chain([0]).for_each(|symbol| {
                self.fours.set(i_for_l(u64::from(symbol)) << 24 | read);
            }),
            _ => {}
        }
    }

    fn add(&mut self, letters: &[u8], flags: u8) {
        if letters.len() >= FOUR {
            self.note_end(letters);
        }
        match letters.len() {
            0 => {}
            length @ 1..LONG => {
                let key = short_key(packed(letters), length);
                self.shorts.set(key);
                *self.short.entry(key) |= flags;
            }
            length => {
                // Longer names are found by their last letters.
                let kept = &letters[length.saturating_sub(127)..];
                let end = stand_for(packed(&kept[kept.len() - LONG..]));
                self.ends.set(end);
                *self.lengths.entry(end) |= 1 << (kept.len() & 127);
                let hash = kept.iter().rev().fold(0, |hash, letter| backwards(hash, *letter));
                *self.long.entry(hash) |= flags;
            }
        }
    }

    fn freeze(self) -> Frozen {
        Frozen {
            fours: self.fours,
            ends: self.ends,
            lengths: self.lengths.into_table(),
            long: self.long.into_table(),
            shorts: self.shorts,
            short: self.short.into_table(),
        }
    }
}

#[cfg(test)]
mod tests;

//! The names of the watchlist in one automaton over folded text, and in a second one over squeezed text.

use std::collections::{HashMap, HashSet};

use aho_corasick::{AhoCorasick, MatchKind};

use crate::detect::apart;
use crate::detect::chemical;
use crate::detect::consonants::{ARABIC_PREFIXES, ConsonantIndex};
use crate::detect::near::{NearIndex, WORDS};
use crate::detect::spellings;
use crate::detect::view::{Folded, Squeezed, digit_as_letter, fold};
use crate::detect::watchlist::{Names, Watchlist};
use crate::vocab::terms::{Category, LegitimateUse};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Meaning {
    /// Index of a substance.
    Substance(u32),
    /// Index of an item of equipment.
    Equipment(u32),
}

/// How much a name says by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// Raises a flag by itself.
    Distinct,
    /// A street name: counts with context.
    Street,
    /// An ordinary word or a short code: counts with context.
    Ambiguous,
}

/// How a name was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spelling {
    /// As it is.
    Plain,
    /// Pulled apart, or with digits for letters.
    Squeezed,
    /// With a slip of the pen.
    Near,
}

/// A name found; offsets are bytes of the folded text.
#[derive(Debug, Clone)]
pub struct Found {
    /// Pattern found.
    pub pattern: usize,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// How it was written.
    pub spelling: Spelling,
}

impl Found {
    /// Bytes it covers.
    pub fn len(&self) -> usize {
        self.end - self.start
    }
}

/// Everything a folded name may stand for.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Meanings; several where two substances share a name.
    pub meanings: Vec<Meaning>,
    /// How much it says.
    pub strength: Strength,
    /// A maker's code of something the mandate is about (`PV8`, `MXE`), no word of a language: says it beside a quantity.
    pub code: bool,
    /// Not on the list but made of a listed name by the rules of another language's spelling.
    derived: bool,
}

/// Names looked for in one field, each way; whoever writes more of them is found by the first.
const FOUND_LIMIT: usize = 500;

/// Letters and digits a name needs before its squeezed form is looked for; and fewer, if the signs are strict.
const SQUEEZED_LETTERS: usize = 7;
const SHORT_LETTERS: usize = 3;

/// The automata.
pub struct NameIndex {
    plain: AhoCorasick,
    entries: Vec<Entry>,
    folded: Vec<String>,
    /// Squeezed names, digits as the letters they may stand for.
    squeezed: SqueezedIndex,
    /// Names of fewer letters, whose pulled-apart form is told by stricter signs.
    squeezed_short: SqueezedIndex,
    near: NearIndex,
    by_ear: ConsonantIndex,
}

impl NameIndex {
    /// Builds the automata. Names longer than a line of text or shorter than two characters are left out.
    pub fn build(watchlist: &Watchlist) -> Result<Self, aho_corasick::BuildError> {
        let mut by_name: HashMap<String, Entry> = HashMap::new();
        let ordinary: HashSet<&str> = watchlist.ordinary.values().flatten().map(String::as_str).collect();
        let mut add = |name: &str, language: &str, meaning: Meaning, strength: Strength| {
            let folded = fold(name);
            let length = folded.chars().count();
            if !(2..=120).contains(&length) || folded.chars().all(|c| c.is_ascii_digit() || !c.is_alphanumeric()) {
                return;
            }
            let is_code = is_code(&folded, language, strength) && !ordinary.contains(folded.as_str());
            // One or two letters say nothing, whatever the table says.
            let strength = if length <= 3 && folded.is_ascii() && strength == Strength::Distinct {
                Strength::Ambiguous
            } else {
                strength
            };
            let entry = by_name.entry(folded).or_insert_with(|| Entry {
                meanings: Vec::new(),
                strength,
                code: false,
                derived: false,
            });
            entry.code |= is_code && in_scope(watchlist, meaning);
            if strength == Strength::Distinct || (strength == Strength::Street && entry.strength == Strength::Ambiguous)
            {
                entry.strength = strength;
            }
            if !entry.meanings.contains(&meaning) {
                entry.meanings.push(meaning);
            }
        };
        for (at, substance) in watchlist.substances.iter().enumerate() {
            let meaning = Meaning::Substance(u32::try_from(at).unwrap_or(u32::MAX));
            each(&substance.names, |language, name| add(name, language, meaning, Strength::Distinct));
            each(&substance.street, |language, name| add(name, language, meaning, Strength::Street));
            each(&substance.ambiguous, |language, name| add(name, language, meaning, Strength::Ambiguous));
            // The preferred name counts as its lists say; only one that stands in no list is added by itself.
            let ambiguous = substance.ambiguous.values().flatten().chain(substance.street.values().flatten());
            if !ambiguous.into_iter().any(|name| fold(name) == fold(&substance.name)) {
                add(&substance.name, "", meaning, Strength::Distinct);
            }
        }
        for (at, item) in watchlist.equipment.iter().enumerate() {
            let meaning = Meaning::Equipment(u32::try_from(at).unwrap_or(u32::MAX));
            each(&item.terms, |language, name| add(name, language, meaning, Strength::Street));
            each(&item.ambiguous, |language, name| add(name, language, meaning, Strength::Ambiguous));
            each(&item.with_marks, |language, name| add(name, language, meaning, Strength::Ambiguous));
        }
        let mut others: Vec<(String, Entry)> = Vec::new();
        for (name, entry) in by_name.iter().filter(|(_, entry)| entry.strength == Strength::Distinct) {
            if entry.meanings.iter().all(|meaning| is_spelled_freely(watchlist, *meaning)) {
                let spelled = spellings::of_other_languages(name).into_iter();
                others.extend(spelled.filter(|name| !by_name.contains_key(name)).map(|name| (name, entry.clone())));
            }
        }
        for (name, entry) in others {
            if !ordinary.contains(name.as_str()) {
                let held = by_name.entry(name).or_insert_with(|| Entry {
                    meanings: Vec::new(),
                    derived: true,
                    ..entry.clone()
                });
                held.meanings.extend(
                    entry
                        .meanings
                        .iter()
                        .filter(|meaning| !held.meanings.contains(meaning))
                        .copied()
                        .collect::<Vec<_>>(),
                );
                held.meanings.sort_unstable();
            }
        }
        let mut names: Vec<(String, Entry)> = by_name.into_iter().collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        let mut squeezed: Vec<(String, usize)> = Vec::new();
        let mut squeezed_short: Vec<(String, usize)> = Vec::new();
        for (at, (name, entry)) in names.iter().enumerate() {
            let letters: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
            let distinct = entry.strength == Strength::Distinct;
            let count = letters.bytes().filter(u8::is_ascii_alphabetic).count();
            if !letters.is_ascii() {
                // Names of other scripts are told by the strict signs: pieces of theirs are words of their own more often.
                if distinct && letters.chars().count() >= SHORT_LETTERS {
                    squeezed_short.push((letters, at));
                }
                continue;
            }
            if count == 0 {
                continue;
            }
            // A digit of its own is one letter less to tell the name by.
            let needed = SQUEEZED_LETTERS + usize::from(letters.bytes().any(|b| b.is_ascii_digit()));
            if distinct && letters.len() >= needed && count >= 4 {
                squeezed.push((letters.chars().map(digit_as_letter).collect(), at));
            } else if (distinct || entry.code) && letters.len() >= SHORT_LETTERS {
                squeezed_short.push((letters, at));
            }
        }
        let build = |patterns: Vec<&str>| AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns);
        let forgiven = |entry: &Entry| {
            entry.meanings.iter().any(|meaning| match meaning {
                Meaning::Substance(at) => {
                    // Lawful chemicals and other medicines are a letter away from each other: no slip is read into those.
                    watchlist.substances.get(*at as usize).is_some_and(|s| {
                        s.legitimate_use() != LegitimateUse::DualUse
                            && matches!(s.category(), Category::Nps | Category::SyntheticOpioid)
                    })
                }
                Meaning::Equipment(_) => false,
            })
        };
        let distinct = names
            .iter()
            .enumerate()
            .filter(|(_, (_, entry))| entry.strength == Strength::Distinct && !entry.derived && forgiven(entry));
        let distinct = distinct.map(|(at, (name, _))| (name.as_str(), at));
        let ordinary = || watchlist.ordinary.values().flatten().map(String::as_str);
        let by_ear = ConsonantIndex::build(distinct.clone(), ordinary());
        let near = NearIndex::build(distinct, ordinary());
        Ok(NameIndex {
            near,
            by_ear,
            plain: build(names.iter().map(|(name, _)| name.as_str()).collect())?,
            squeezed: SqueezedIndex::build(squeezed)?,
            squeezed_short: SqueezedIndex::build(squeezed_short)?,
            folded: names.iter().map(|(name, _)| name.clone()).collect(),
            entries: names.into_iter().map(|(_, entry)| entry).collect(),
        })
    }

    /// Every folded name with what it stands for.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.folded.iter().map(String::as_str).zip(&self.entries)
    }

    /// Whether a word, in any case, is a slip away from a name.
    pub fn may_be_near(&self, word: &[u8]) -> bool {
        self.near.may_be_near(word)
    }

    /// Whether a text of other scripts has a word with the consonants of a name.
    pub fn may_be_by_ear(&self, folded: &str) -> bool {
        self.by_ear.find(folded).next().is_some()
    }

    /// Whether a few words with separators between them are a slip away from a name of several words.
    pub fn may_be_near_group(&self, group: &[u8]) -> bool {
        self.near.may_be_near_group(group)
    }

    /// Whether a word with these last eight letters may begin or end a name of several words that a slip may be read into.
    #[inline]
    pub fn may_be_companion(&self, last: u64) -> bool {
        self.near.may_be_companion(last)
    }

    /// What pattern `at` stands for.
    pub fn entry(&self, at: usize) -> &Entry {
        &self.entries[at]
    }

    /// Names in a folded text, at word edges. Answers whether all of it was looked at.
    pub fn find(&self, folded: &Folded, found: &mut Vec<Found>) -> bool {
        let text = folded.text.as_str();
        scan(&self.plain, text, |pattern, start, end| {
            let whole = edges(text, start, end) || has_arabic_prefix(text, start, end);
            if whole {
                found.push(Found { pattern, start, end, spelling: Spelling::Plain });
            }
            (whole, found.len() < FOUND_LIMIT)
        });
        found.len() < FOUND_LIMIT
    }

    /// Names at word edges inside bytes `start..end`, the whole of it left out.
    pub fn find_inside(&self, folded: &Folded, start: usize, end: usize) -> Vec<Found> {
        let text = folded.text.as_str();
        let mut found = Vec::new();
        let mut from = start;
        while from < end {
            let until = if from == start { text.floor_char_boundary(end - 1) } else { end };
            let Some(hit) = self.plain.find(aho_corasick::Input::new(text).range(from..until)) else { break };
            if edges(text, hit.start(), hit.end()) {
                found.push(Found {
                    pattern: hit.pattern().as_usize(),
                    start: hit.start(),
                    end: hit.end(),
                    spelling: Spelling::Plain,
                });
            }
            from = text.ceil_char_boundary(hit.start() + 1);
        }
        found
    }

    /// Words a slip away from a name, where nothing was found yet: the longest group of words at each place.
    /// Answers whether all of it was looked at.
    pub fn find_near(&self, folded: &Folded, found: &mut Vec<Found>) -> bool {
        let text = folded.text.as_str();
        let limit = found.len() + FOUND_LIMIT;
        for (pattern, start, end) in self.by_ear.find(text) {
            if found.len() >= limit {
                return false;
            }
            if !found.iter().any(|held| held.start < end && start < held.end) {
                found.push(Found { pattern, start, end, spelling: Spelling::Near });
            }
        }
        let words: Vec<(usize, usize)> = latin_words(text).collect();
        let mut taken = 0;
        for (at, (start, _)) in words.iter().enumerate() {
            if found.len() >= limit {
                return false;
            }
            for (_, end) in words.iter().skip(at).take(WORDS).rev() {
                let group = &text[*start..*end];
                let is_group =
                    !group.contains(' ') || group.split(' ').any(|word| self.near.is_companion(word.as_bytes()));
                let free = *start >= taken && !found.iter().any(|held| held.start < *end && *start < held.end);
                if !is_group || !free || !edges(text, *start, *end) {
                    continue;
                }
                let near = self.near.find(group);
                // A word that is made of parts of chemical names says what it is.
                if near.is_empty() || chemical::is_chemical(group) {
                    continue;
                }
                taken = *end;
                found.extend(near.into_iter().map(|pattern| Found {
                    pattern,
                    start: *start,
                    end: *end,
                    spelling: Spelling::Near,
                }));
                break;
            }
        }
        true
    }

    /// Names whose letters were pulled apart, or written with digits. Answers whether all of it was looked at.
    pub fn find_squeezed(&self, folded: &Folded, found: &mut Vec<Found>) -> bool {
        let text = folded.text.as_str();
        let mut seen = Vec::new();
        let mut search = |index: &SqueezedIndex, squeezed: &Squeezed, is_meant: &dyn Fn(usize, usize) -> bool| {
            scan(&index.names, &squeezed.text, |pattern, start, end| {
                let Some((start, end)) = place(squeezed, start, end, text) else { return (false, true) };
                if !edges(text, start, end) || !is_meant(start, end) {
                    return (false, true);
                }
                if !seen.contains(&(start, end)) {
                    seen.push((start, end));
                    found.push(Found { pattern: index.entries[pattern], start, end, spelling: Spelling::Squeezed });
                }
                (true, seen.len() < FOUND_LIMIT)
            });
        };
        let squeezed = Squeezed::with_digits_as_letters(folded);
        search(&self.squeezed, &squeezed, &|start, end| {
            apart::is_pulled_apart(text, start, end) || apart::has_digits_for_letters(text, start, end)
        });
        if apart::has_broken_words(text) {
            search(&self.squeezed_short, &Squeezed::of(folded), &|start, end| {
                apart::is_short_pulled_apart(text, start, end)
            });
        }
        seen.len() < FOUND_LIMIT
    }
}

/// Words of Latin letters and digits.
fn latin_words(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let bytes = text.as_bytes();
    let is_part = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut at = 0;
    std::iter::from_fn(move || {
        at += bytes[at..].iter().position(is_part)?;
        let start = at;
        at += bytes[at..].iter().position(|b| !is_part(b)).unwrap_or(bytes.len() - at);
        Some((start, at))
    })
}

/// Squeezed names in an automaton.
struct SqueezedIndex {
    names: AhoCorasick,
    /// For each pattern of the automaton, the pattern of the name.
    entries: Vec<usize>,
}

impl SqueezedIndex {
    fn build(mut names: Vec<(String, usize)>) -> Result<Self, aho_corasick::BuildError> {
        names.sort();
        names.dedup_by(|a, b| a.0 == b.0);
        let patterns = names.iter().map(|(name, _)| name.as_str());
        Ok(SqueezedIndex {
            names: AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(patterns)?,
            entries: names.iter().map(|(_, at)| *at).collect(),
        })
    }
}

/// Gives the longest match at each place to `take`, which says whether it counts and whether to go on; one that does not
/// count hides neither shorter ones at its place nor those that begin inside it.
fn scan(automaton: &AhoCorasick, text: &str, mut take: impl FnMut(usize, usize, usize) -> (bool, bool)) {
    let mut from = 0;
    while let Some(first) = automaton.find(aho_corasick::Input::new(text).range(from..)) {
        let start = first.start();
        let (mut hit, mut next) = (Some(first), start + 1);
        while let Some(held) = hit.filter(|hit| hit.start() == start) {
            let (counts, go_on) = take(held.pattern().as_usize(), start, held.end());
            if !go_on {
                return;
            }
            if counts {
                next = held.end();
                break;
            }
            hit = automaton.find(aho_corasick::Input::new(text).range(start..held.end() - 1));
        }
        from = text.ceil_char_boundary(next);
    }
}

fn each(names: &Names, mut add: impl FnMut(&str, &str)) {
    for (language, names) in names {
        names.iter().for_each(|name| add(language, name));
    }
}

/// Whether a folded name has the form of a code: letters with digits, or three to five letters that belong to no language.
fn is_code(folded: &str, language: &str, strength: Strength) -> bool {
    let letters = folded.bytes().any(|b| b.is_ascii_lowercase());
    if folded.bytes().any(|b| b.is_ascii_digit()) {
        return letters && folded.is_ascii();
    }
    let no_word = language == "und" || strength == Strength::Distinct;
    no_word && (3..=5).contains(&folded.len()) && folded.bytes().all(|b| b.is_ascii_lowercase())
}

/// Whether a name stands for something the mandate is about.
fn in_scope(watchlist: &Watchlist, meaning: Meaning) -> bool {
    match meaning {
        Meaning::Substance(at) => {
            watchlist.substances.get(at as usize).is_some_and(|s| s.category() != Category::OtherControlled)
        }
        Meaning::Equipment(_) => false,
    }
}

/// Whether its names may be taken in the spellings of other languages, and in those of people who write by ear.
fn is_spelled_freely(watchlist: &Watchlist, meaning: Meaning) -> bool {
    let Meaning::Substance(at) = meaning else { return false };
    watchlist
        .substances
        .get(at as usize)
        .is_some_and(|s| s.legitimate_use() != LegitimateUse::DualUse && s.category() != Category::OtherControlled)
}

/// Bytes of the folded text that a squeezed match covers.
fn place(squeezed: &Squeezed, start: usize, end: usize, text: &str) -> Option<(usize, usize)> {
    let first = *squeezed.at.get(start)? as usize;
    let last = *squeezed.at.get(end.checked_sub(1)?)? as usize;
    let width = text[last..].chars().next()?.len_utf8();
    Some((first, last + width))
}

/// Whether `start..end` is a whole word: no letter or digit of a spaced script touches it.
pub fn edges(text: &str, start: usize, end: usize) -> bool {
    let first = text[start..end].chars().next();
    let last = text[start..end].chars().next_back();
    let before = text[..start].chars().next_back();
    let mut after = text[end..].chars();
    let next = after.next();
    let left = !joins(before, first);
    let right = !joins(next, last)
        // A plural or genitive of a long name is the name.
        || (end - start >= 6 && next == Some('s') && !after.next().is_some_and(char::is_alphanumeric));
    left && right
}

/// Whether `start..end` is an Arabic word but for a prefix joined on.
fn has_arabic_prefix(text: &str, start: usize, end: usize) -> bool {
    let is_arabic = |c: char| ('\u{600}'..='\u{6ff}').contains(&c);
    if !text[start..end].starts_with(is_arabic) {
        return false;
    }
    let head = text[..start].char_indices().rev().take_while(|(_, c)| is_arabic(*c)).last().map_or(start, |(at, _)| at);
    ARABIC_PREFIXES.contains(&&text[head..start]) && edges(text, head, end)
}

/// Whether two neighbours belong to one word.
fn joins(a: Option<char>, b: Option<char>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => is_spaced(a) && is_spaced(b),
        _ => false,
    }
}

/// Letters and digits of scripts that put spaces between words.
fn is_spaced(c: char) -> bool {
    c.is_alphanumeric()
        && !matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

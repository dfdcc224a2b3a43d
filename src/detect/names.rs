//! The names of the watchlist by their words in folded text, and by their letters in squeezed text.

use std::collections::{HashSet, VecDeque};

use crate::detect::apart;
use crate::detect::chemical;
use crate::detect::consonants::{ARABIC_PREFIXES, ConsonantIndex};
use crate::detect::inflection;
use crate::detect::near::{NearIndex, WORDS};
use crate::detect::phrases::{Phrases, Token};
use crate::detect::sets::sorted;
use crate::detect::spellings;
use crate::detect::squeezed::LetterIndex;
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

/// How much a name says by itself, the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    /// It may be a piece of a longer name: it counts where the listing deals.
    pub doubtful: bool,
}

impl Found {
    /// Bytes it covers.
    pub fn len(&self) -> usize {
        self.end - self.start
    }
}

/// What a name stands for; one meaning almost always, which needs no memory of its own.
#[derive(Debug, Clone)]
pub enum Meanings {
    /// One.
    One(Meaning),
    /// Several.
    Several(Vec<Meaning>),
}

impl Meanings {
    fn add(&mut self, meaning: Meaning) {
        match self {
            held if held.contains(&meaning) => {}
            Meanings::One(held) => *self = Meanings::Several(vec![*held, meaning]),
            Meanings::Several(held) => held.push(meaning),
        }
    }
}

impl std::ops::Deref for Meanings {
    type Target = [Meaning];

    fn deref(&self) -> &[Meaning] {
        match self {
            Meanings::One(meaning) => std::slice::from_ref(meaning),
            Meanings::Several(meanings) => meanings,
        }
    }
}

/// Everything a folded name may stand for.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Meanings; several where two substances share a name.
    pub meanings: Meanings,
    /// How much it says.
    pub strength: Strength,
    /// A maker's code of something the mandate is about (`PV8`, `MXE`), no word of a language: says it beside a quantity.
    pub code: bool,
    /// A word of everyday language, which says nothing without an amount or a form beside it.
    pub common: bool,
    /// Not on the list but made of a listed name by the rules of another language's spelling.
    derived: bool,
}

/// Names looked for in one field, each way; whoever writes more of them is found by the first.
const FOUND_LIMIT: usize = 500;

/// Letters and digits a name needs before its squeezed form is looked for; and fewer, if the signs are strict.
const SQUEEZED_LETTERS: usize = 7;
const SHORT_LETTERS: usize = 3;

/// Letters of the longest ending of a case that is left out of a word to find a name.
const ENDING_LETTERS: usize = 4;

/// Letters from which a name of another script is told with digits for some of them.
const OTHER_LETTERS: usize = 6;

/// The tables of names.
pub struct NameIndex {
    plain: Phrases,
    entries: Vec<Entry>,
    folded: Vec<String>,
    /// Squeezed names, digits as the letters they may stand for.
    squeezed: LetterIndex<usize>,
    /// Names of fewer letters, whose pulled-apart form is told by stricter signs.
    squeezed_short: LetterIndex<usize>,
    /// Names of other scripts, digits as the letters they may stand for.
    squeezed_other: LetterIndex<usize>,
    near: NearIndex,
    /// Of each name, whether a slip in it is surely one.
    sure_slips: Vec<bool>,
    by_ear: ConsonantIndex,
}

impl NameIndex {
    /// Builds the tables. Names longer than a line of text or shorter than two characters are left out.
    pub fn build(watchlist: &Watchlist) -> Self {
        let mut all: Vec<(String, Entry)> = Vec::new();
        let ordinary: HashSet<&str> = watchlist.ordinary.values().flatten().map(String::as_str).collect();
        let common: HashSet<&str> = watchlist.common.values().flatten().map(String::as_str).collect();
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
            let code = is_code && in_scope(watchlist, meaning);
            let common = strength != Strength::Distinct && common.contains(folded.as_str());
            all.push((folded, Entry { meanings: Meanings::One(meaning), strength, code, common, derived: false }));
        };
        for (at, substance) in watchlist.substances.iter().enumerate() {
            let meaning = Meaning::Substance(u32::try_from(at).unwrap_or(u32::MAX));
            each(&substance.names, |language, name| add(name, language, meaning, Strength::Distinct));
            each(&substance.street, |language, name| add(name, language, meaning, Strength::Street));
            each(&substance.ambiguous, |language, name| add(name, language, meaning, Strength::Ambiguous));
            // The preferred name counts as its lists say; only one that stands in no list is added by itself.
            let preferred = fold(&substance.name);
            let mut ambiguous = substance.ambiguous.values().flatten().chain(substance.street.values().flatten());
            if !ambiguous.any(|name| fold(name) == preferred) {
                add(&substance.name, "", meaning, Strength::Distinct);
            }
        }
        for (at, item) in watchlist.equipment.iter().enumerate() {
            let meaning = Meaning::Equipment(u32::try_from(at).unwrap_or(u32::MAX));
            each(&item.terms, |language, name| add(name, language, meaning, Strength::Street));
            each(&item.ambiguous, |language, name| add(name, language, meaning, Strength::Ambiguous));
            each(&item.with_marks, |language, name| add(name, language, meaning, Strength::Ambiguous));
        }
        let mut names = merged(all);
        let mut others: Vec<(String, Entry)> = Vec::new();
        let known: HashSet<&str> = names.iter().map(|(name, _)| name.as_str()).collect();
        for (name, entry) in names.iter().filter(|(_, entry)| entry.strength == Strength::Distinct) {
            if entry.meanings.iter().all(|meaning| is_spelled_freely(watchlist, *meaning)) {
                let is_new =
                    |spelled: &String| !known.contains(spelled.as_str()) && !ordinary.contains(spelled.as_str());
                let spelled = spellings::of_other_languages(name).into_iter().filter(is_new);
                others.extend(spelled.map(|name| (name, Entry { derived: true, ..entry.clone() })));
            }
        }
        names.extend(merged(others));
        let names = sorted(names);
        let mut squeezed: Vec<(String, usize)> = Vec::new();
        let mut squeezed_short: Vec<(String, usize)> = Vec::new();
        let mut squeezed_other: Vec<(String, usize)> = Vec::new();
        for (at, (name, entry)) in names.iter().enumerate() {
            let mut letters = String::with_capacity(name.len());
            letters.extend(name.chars().filter(|c| c.is_alphanumeric()));
            let distinct = entry.strength == Strength::Distinct;
            let count = letters.bytes().filter(u8::is_ascii_alphabetic).count();
            if !letters.is_ascii() {
                // Names of other scripts are told by the strict signs: pieces of theirs are words of their own more often.
                if distinct && letters.chars().count() >= OTHER_LETTERS {
                    squeezed_other.push((with_digits_as_letters(letters.clone()), at));
                }
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
                letters = with_digits_as_letters(letters);
                squeezed.push((letters, at));
            } else if (distinct || entry.code) && letters.len() >= SHORT_LETTERS {
                squeezed_short.push((letters, at));
            }
        }
        let forgiven = |entry: &Entry| {
            entry.meanings.iter().any(|meaning| match meaning {
                Meaning::Substance(at) => {
                    // Lawful chemicals and other medicines are a letter away from each other: a slip in those is doubtful.
                    watchlist.substances.get(*at as usize).is_some_and(|s| {
                        s.legitimate_use() != LegitimateUse::DualUse
                            && matches!(s.category(), Category::Nps | Category::SyntheticOpioid)
                    })
                }
                Meaning::Equipment(_) => false,
            })
        };
        let is_substance =
            |entry: &Entry| entry.meanings.iter().any(|meaning| matches!(meaning, Meaning::Substance(_)));
        let told =
            names.iter().enumerate().filter(|(_, (_, entry))| entry.strength == Strength::Distinct && !entry.derived);
        let distinct =
            told.clone().filter(|(_, (_, entry))| forgiven(entry)).map(|(at, (name, _))| (name.as_str(), at));
        let mistyped = told.filter(|(_, (_, entry))| is_substance(entry)).map(|(at, (name, _))| (name.as_str(), at));
        let sure_slips: Vec<bool> = names.iter().map(|(_, entry)| forgiven(entry)).collect();
        let ordinary = || watchlist.ordinary.values().flatten().map(String::as_str);
        let by_ear = ConsonantIndex::build(distinct.clone(), ordinary());
        let near = NearIndex::build(mistyped, ordinary());
        let (folded, entries): (Vec<String>, Vec<Entry>) = names.into_iter().unzip();
        NameIndex {
            near,
            sure_slips,
            by_ear,
            plain: Phrases::build(folded.iter().map(String::as_str)),
            squeezed: LetterIndex::build(squeezed, |_, _| ()),
            squeezed_short: LetterIndex::build(squeezed_short, |_, _| ()),
            squeezed_other: LetterIndex::build(squeezed_other, |_, _| ()),
            folded,
            entries,
        }
    }

    /// Every folded name with what it stands for.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.folded.iter().map(String::as_str).zip(&self.entries)
    }

    /// Whether a folded text is a name.
    pub fn has(&self, folded: &str) -> bool {
        self.folded.binary_search_by(|held| held.as_str().cmp(folded)).is_ok()
    }

    /// Whether a word, in any case, is a slip away from a name.
    pub fn may_be_near(&self, word: &[u8]) -> bool {
        self.near.may_be_near(word)
    }

    /// Whether a text of other scripts has a word with the consonants of a name.
    pub fn may_be_by_ear(&self, folded: &str) -> bool {
        self.by_ear.find(folded).next().is_some()
    }

    /// Whether a few words with separators between them, of which the first or the last is `whole`, are a slip away from a
    /// name of several words.
    pub fn may_be_near_group(&self, group: &[u8], whole: &[u8], rest: &[u8]) -> bool {
        self.near.may_be_near_group(group, whole, rest)
    }

    /// Whether a word with these last eight letters may begin or end a name of several words that a slip may be read into.
    #[inline]
    pub fn may_be_companion(&self, last: u64) -> bool {
        self.near.may_be_companion(last)
    }

    /// Whether a find is a word of everyday language.
    pub fn is_common(&self, pattern: usize) -> bool {
        self.entries.get(pattern).is_some_and(|entry| entry.common)
    }

    /// Whether a word is a name of a pattern but for one letter that no other group can have in its place.
    pub fn lacks_a_letter(&self, word: &str, pattern: usize) -> bool {
        self.near.lacks_a_letter(word, pattern)
    }

    /// What pattern `at` stands for.
    pub fn entry(&self, at: usize) -> &Entry {
        &self.entries[at]
    }

    /// Names in a folded text, at word edges: the longest at each place. Answers whether all of it was looked at.
    pub fn find(&self, folded: &Folded, tokens: &[Token], found: &mut Vec<Found>) -> bool {
        let text = folded.text.as_str();
        let mut next = 0;
        for (at, token) in tokens.iter().enumerate() {
            if (token.start as usize) < next {
                continue;
            }
            if let Some(hit) = self.longest(text, tokens, at, 0, text.len()) {
                next = hit.end;
                found.push(hit);
            } else {
                // A name behind an article or particle that is joined on.
                let word = &text[token.range()];
                let bare = arabic_prefixes(word).filter_map(|skip| self.longest(text, tokens, at, skip, text.len()));
                if let Some(hit) = bare.min_by_key(|hit| hit.start) {
                    next = hit.end;
                    found.push(hit);
                }
            }
            if found.len() >= FOUND_LIMIT {
                return false;
            }
        }
        true
    }

    /// The longest name that begins `skip` bytes into token `at`, at word edges, and ends at `until` or before.
    fn longest(&self, text: &str, tokens: &[Token], at: usize, skip: usize, until: usize) -> Option<Found> {
        let start = tokens[at].start as usize + skip;
        let mut longest = None;
        self.plain.starting(text, tokens, at, skip, ENDING_LETTERS, |pattern, end| {
            let entry = &self.entries[pattern];
            if self.folded[pattern] != text[start..end] {
                return;
            }
            let is_whole = edges(text, start, end) || (skip > 0 && has_arabic_prefix(text, start, end));
            let inflected = || {
                let may_be = entry.strength == Strength::Distinct && !entry.code && begins_word(text, start);
                let until = may_be.then(|| inflection::inflected(text, start, end)).flatten();
                // A word that is joined on leaves the name as it is.
                until.filter(|until| *until == end || !self.near.is_ordinary(&text[start..*until]))
            };
            let end = if is_whole { Some(end) } else { inflected() };
            if let Some(end) = end.filter(|end| *end <= until) {
                longest = Some(Found { pattern, start, end, spelling: Spelling::Plain, doubtful: false });
            }
        });
        longest
    }

    /// Names at word edges inside bytes `start..end`, the whole of it left out.
    pub fn find_inside(&self, folded: &Folded, tokens: &[Token], start: usize, end: usize) -> Vec<Found> {
        let text = folded.text.as_str();
        let first = tokens.partition_point(|token| (token.start as usize) < start);
        let inside = tokens.iter().enumerate().skip(first).take_while(|(_, token)| (token.start as usize) < end);
        inside
            .filter_map(|(at, token)| {
                let until = if token.start as usize == start { end - 1 } else { end };
                self.longest(text, tokens, at, 0, until)
            })
            .collect()
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
                found.push(Found { pattern, start, end, spelling: Spelling::Near, doubtful: false });
            }
        }
        let mut rest =
            latin_words(text).map(|(start, end)| (start, end, self.near.is_companion(&text.as_bytes()[start..end])));
        // This word and those behind it that a group may reach.
        let mut words: VecDeque<(usize, usize, bool)> = rest.by_ref().take(WORDS).collect();
        let mut taken = 0;
        while let Some((start, ..)) = words.front().copied() {
            let mut companions = 0;
            let ends = words.iter().map(|(_, end, is_companion)| {
                companions += usize::from(*is_companion);
                (*end, companions > 0)
            });
            let mut groups = [(0, false); WORDS];
            ends.zip(&mut groups).for_each(|(group, slot)| *slot = group);
            words.pop_front();
            words.extend(rest.next());
            if found.len() >= limit {
                return false;
            }
            if start < taken {
                continue;
            }
            for (count, (end, has_companion)) in groups.into_iter().enumerate().rev() {
                if end <= start || (count > 0 && !has_companion) {
                    continue;
                }
                let group = &text[start..end];
                let near = self.near.find(group);
                if near.is_empty() || !edges(text, start, end) {
                    continue;
                }
                let is_free = !found.iter().any(|held| held.start < end && start < held.end);
                // A word that is made of parts of chemical names says what it is.
                if !is_free || chemical::is_chemical(group) {
                    continue;
                }
                taken = end;
                found.extend(near.into_iter().map(|pattern| Found {
                    pattern,
                    start,
                    end,
                    spelling: Spelling::Near,
                    doubtful: !self.sure_slips[pattern],
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
        let mut search = |index: &LetterIndex<usize>, squeezed: &Squeezed, is_meant: &dyn Fn(usize, usize) -> bool| {
            index.scan(text, squeezed, |pattern, start, end| {
                if !edges(text, start, end) || !is_meant(start, end) {
                    return (false, true);
                }
                if !seen.contains(&(start, end)) {
                    seen.push((start, end));
                    found.push(Found { pattern, start, end, spelling: Spelling::Squeezed, doubtful: false });
                }
                (true, seen.len() < FOUND_LIMIT)
            });
        };
        let squeezed = Squeezed::with_digits_as_letters(folded);
        search(&self.squeezed, &squeezed, &|start, end| {
            apart::is_pulled_apart(text, start, end) || apart::has_digits_for_letters(text, start, end)
        });
        if !text.is_ascii() && text.bytes().any(|b| b.is_ascii_digit()) {
            search(&self.squeezed_other, &squeezed, &|start, end| {
                let name = &text[start..end];
                name.contains(|c: char| c.is_ascii_digit())
                    && (!name.contains(' ') || apart::is_short_pulled_apart(text, start, end))
            });
        }
        if apart::has_broken_words(text) {
            search(&self.squeezed_short, &Squeezed::of(folded), &|start, end| {
                apart::is_short_pulled_apart(text, start, end)
            });
        }
        seen.len() < FOUND_LIMIT
    }
}

/// Whether a word begins at a byte.
fn begins_word(text: &str, start: usize) -> bool {
    !joins(text[..start].chars().next_back(), text[start..].chars().next())
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

/// Letters and digits, each digit as the letter it may stand for.
fn with_digits_as_letters(letters: String) -> String {
    if !letters.is_ascii() {
        return letters.chars().map(digit_as_letter).collect();
    }
    let mut read = letters.into_bytes();
    read.iter_mut().filter(|b| b.is_ascii_digit() || **b == b'l').for_each(|b| {
        *b = u8::try_from(digit_as_letter(char::from(*b))).unwrap_or(*b);
    });
    String::from_utf8(read).unwrap_or_default()
}

/// Entries of the same name as one, sorted by name: it says as much as the strongest of them, and stands for all they do.
fn merged(all: Vec<(String, Entry)>) -> Vec<(String, Entry)> {
    let mut all = sorted(all);
    all.dedup_by(|(name, more), (held_name, held)| {
        let is_same = name == held_name;
        if is_same {
            held.code |= more.code;
            held.common &= more.common;
            held.strength = held.strength.min(more.strength);
            more.meanings.iter().for_each(|meaning| held.meanings.add(*meaning));
        }
        is_same
    });
    all
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

/// Bytes of the articles and particles joined on in front of an Arabic word, shortest first.
pub fn arabic_prefixes(word: &str) -> impl Iterator<Item = usize> {
    let is_arabic = word.as_bytes().first().is_some_and(|first| matches!(first, 0xd8..=0xdb));
    let known = if is_arabic { &ARABIC_PREFIXES[..] } else { &[] };
    let is_one = move |prefix: &&&str| word.len() > prefix.len() && word.starts_with(**prefix);
    known.iter().filter(is_one).map(|prefix| prefix.len())
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
pub fn joins(a: Option<char>, b: Option<char>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => is_spaced(a) && is_spaced(b),
        _ => false,
    }
}

/// Letters and digits of scripts that put spaces between words.
pub fn is_spaced(c: char) -> bool {
    match c {
        // Most of what is read, which need not be looked up.
        'a'..='z' | '0'..='9' | 'A'..='Z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{24f}' => true,
        '\u{400}'..='\u{481}' | '\u{620}'..='\u{64a}' | '\u{904}'..='\u{939}' => true,
        '\u{0}'..='\u{7f}' => false,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' => false,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' => {
            false
        }
        c => c.is_alphanumeric(),
    }
}

//! Text as matchers see it, with a map back to what the seller wrote.
//!
//! *Folded*: compatibility forms resolved, case and diacritics dropped, invisible characters removed, look-alikes of other
//! scripts mapped to Latin, dashes and spaces as one space. The lexicon is folded by the same function, so names in other
//! scripts still match themselves.

mod markup;

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

/// A folded text. `at[i]` is the place, in Unicode scalar values of the source, of the character that gave byte `i`.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    /// The folded text.
    pub text: String,
    /// For each byte of `text`, the source character it came from.
    at: Vec<u32>,
    /// Characters of the source.
    source_chars: u32,
    /// For each byte, [`DISGUISED`], [`GLUE`] and [`CAPITAL`].
    marks: Vec<u8>,
    /// Places of characters written as entities and of tags, with how many characters each takes in the source.
    wide: Vec<(u32, u32)>,
}

/// ASCII characters that folding keeps but for case: no separators, no control characters, no `&` and
/// no `<` that may begin an entity or a tag.
static IS_KEPT: LazyLock<[bool; 256]> = LazyLock::new(|| {
    std::array::from_fn(|code| {
        let b = code as u8;
        b.is_ascii_graphic() && !matches!(b, b'&' | b'<') && !is_separator(char::from(b))
    })
});

/// The character was changed by more than case.
const DISGUISED: u8 = 1;

/// The space stands for a dash, a slash or the like between two characters that it joins.
const GLUE: u8 = 2;

/// The character was a capital.
const CAPITAL: u8 = 4;

/// The space stands for the end of a line.
const BREAK: u8 = 8;

impl Folded {
    /// Folds `source`, all of it: how long a text may be is decided where it comes in, because a text that was cut here
    /// would be called clear for the rest.
    pub fn of(source: &str) -> Self {
        let mut folded = Folded::default();
        folded.text.reserve(source.len());
        folded.at.reserve(source.len());
        folded.marks.reserve(source.len());
        let (mut place, mut rest) = (0_u32, source);
        loop {
            // Most of a text needs no more than lower case, single spaces too.
            let mut behind_space = folded.text.is_empty() || folded.text.ends_with(' ');
            let is_kept = |b: u8| {
                let is_space = b == b' ';
                let kept = IS_KEPT[usize::from(b)] || (is_space && !behind_space);
                behind_space = is_space;
                kept
            };
            let mut is_kept = is_kept;
            let run = rest.bytes().position(|b| !is_kept(b)).unwrap_or(rest.len());
            folded.push_run(&rest[..run], place);
            (rest, place) = (&rest[run..], place + run as u32);
            let Some(c) = rest.chars().next() else { break };
            let (c, bytes) = markup::stands_for(rest).unwrap_or((c, c.len_utf8()));
            let chars = rest[..bytes].chars().count();
            if chars > 1 {
                folded.wide.push((place, chars as u32));
            }
            if c.is_ascii() {
                folded.push_ascii(c, place);
            } else {
                folded.push_other(c, place);
            }
            rest = &rest[bytes..];
            place += chars as u32;
        }
        folded.source_chars = place;
        folded
    }

    /// ASCII that keeps its characters but for case.
    fn push_run(&mut self, run: &str, place: u32) {
        let start = self.text.len();
        self.text.push_str(run);
        self.text[start..].make_ascii_lowercase();
        self.at.extend(place..place + run.len() as u32);
        self.marks.extend(run.bytes().map(|b| u8::from(b.is_ascii_uppercase()) * CAPITAL));
    }

    fn push_ascii(&mut self, c: char, place: u32) {
        if c.is_ascii_alphanumeric() {
            self.push(c.to_ascii_lowercase(), place, u8::from(c.is_ascii_uppercase()) * CAPITAL);
        } else if is_separator(c) {
            self.separate(c, place);
        } else if !c.is_control() {
            self.push(c, place, 0);
        }
    }

    fn push_other(&mut self, c: char, place: u32) {
        match known(c) {
            Piece::Nothing => {}
            Piece::Separator => self.separate(c, place),
            Piece::Letter(letter, disguised) => self.push(letter, place, marks(c, disguised)),
            Piece::Several => pieces(c, |piece| match piece {
                Piece::Separator => self.separate(c, place),
                Piece::Letter(letter, disguised) => self.push(letter, place, marks(c, disguised)),
                Piece::Nothing | Piece::Several => {}
            }),
        }
    }

    fn separate(&mut self, c: char, place: u32) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.push(
                ' ',
                place,
                if is_line_end(c) {
                    BREAK
                } else if c.is_whitespace() {
                    0
                } else {
                    GLUE
                },
            );
        } else if let Some(last) = self.marks.last_mut().filter(|_| c.is_whitespace()) {
            *last = if is_line_end(c) { BREAK } else { *last & BREAK };
        }
    }

    fn push(&mut self, c: char, place: u32, marks: u8) {
        self.text.push(c);
        for _ in 0..c.len_utf8() {
            self.at.push(place);
            self.marks.push(marks);
        }
    }

    /// Whether the byte at `at` is a space that joins what stands before and after it: a dash, a slash.
    pub fn is_glue(&self, at: usize) -> bool {
        self.marks.get(at).is_some_and(|marks| marks & GLUE != 0)
    }

    /// Whether the byte at `at` is a space that stands for the end of a line.
    pub fn is_break(&self, at: usize) -> bool {
        self.marks.get(at).is_some_and(|marks| marks & BREAK != 0)
    }

    /// Whether a line ends within bytes `start..end`.
    pub fn breaks_within(&self, start: usize, end: usize) -> bool {
        self.marks.get(start..end).is_some_and(|marks| marks.iter().any(|mark| mark & BREAK != 0))
    }

    /// The source span, in Unicode scalar values, of bytes `start..end` of the folded text.
    pub fn span(&self, start: usize, end: usize) -> (usize, usize) {
        let first = self.at.get(start).copied().unwrap_or(self.source_chars);
        let last = end.checked_sub(1).and_then(|last| self.at.get(last)).copied().unwrap_or(first);
        let wide = self.wide.binary_search_by_key(&last, |(place, _)| *place).ok().and_then(|at| self.wide.get(at));
        (first as usize, last as usize + wide.map_or(1, |(_, chars)| *chars as usize))
    }

    /// Whether all letters of bytes `start..end` were written as capitals.
    pub fn is_in_capitals(&self, start: usize, end: usize) -> bool {
        let Some(marks) = self.marks.get(start..end) else { return false };
        self.text[start..end].bytes().zip(marks).all(|(b, mark)| !b.is_ascii_lowercase() || mark & CAPITAL != 0)
    }

    /// Whether any character of bytes `start..end` was a look-alike or a compatibility form.
    pub fn is_disguised(&self, start: usize, end: usize) -> bool {
        self.marks.get(start..end).is_some_and(|marks| marks.iter().any(|mark| mark & DISGUISED != 0))
    }
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn marks(c: char, disguised: bool) -> u8 {
    (u8::from(disguised) * DISGUISED) | (u8::from(c.is_uppercase()) * CAPITAL)
}

/// What a character that is not ASCII folds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    /// It cannot be seen.
    Nothing,
    /// It separates.
    Separator,
    /// One character, and whether it was disguised.
    Letter(char, bool),
    /// Several: [`pieces`] gives them one by one.
    Several,
}

/// What the characters of the scripts below the ideographs fold to, worked out once.
static KNOWN: LazyLock<Vec<Piece>> = LazyLock::new(|| {
    let all = (0x80..KNOWN_END).map(|code| {
        let (mut only, mut count) = (Piece::Nothing, 0);
        pieces(char::from_u32(code)?, |piece| (only, count) = (piece, count + 1));
        Some(if count > 1 { Piece::Several } else { only })
    });
    all.map(|piece| piece.unwrap_or(Piece::Nothing)).collect()
});

/// Where the ideographs begin.
const KNOWN_END: u32 = 0x3400;

fn known(c: char) -> Piece {
    match u32::from(c) {
        code @ 0x80..KNOWN_END => KNOWN.get(code as usize - 0x80).copied().unwrap_or(Piece::Several),
        code @ KNOWN_END..0xa000 => {
            Piece::Letter(SIMPLIFIED.get((code - KNOWN_END) as usize).copied().unwrap_or(c), false)
        }
        _ => Piece::Several,
    }
}

/// What each ideograph is folded to: a traditional character to the simplified one of the list, most to themselves.
static SIMPLIFIED: LazyLock<Vec<char>> = LazyLock::new(|| {
    let mut table: Vec<char> = (KNOWN_END..0xa000).map(|code| char::from_u32(code).unwrap_or_default()).collect();
    for line in include_str!("words/han.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut characters = line.chars();
        let Some(simplified) = characters.next() else { continue };
        for traditional in characters {
            if let Some(held) = table.get_mut((u32::from(traditional) - KNOWN_END) as usize) {
                *held = simplified;
            }
        }
    }
    table
});

/// White space separates; other control characters cannot be seen.
fn ascii(c: char) -> Piece {
    if c.is_whitespace() { Piece::Separator } else { Piece::Nothing }
}

/// Folds one character that is not ASCII.
fn pieces(c: char, mut each: impl FnMut(Piece)) {
    if is_invisible(c) {
        return;
    }
    if is_separator(c) {
        return each(Piece::Separator);
    }
    if let Some(latin) = stroked(c) {
        return each(Piece::Letter(latin, false));
    }
    for part in std::iter::once(c).nfkd().take(4) {
        if unicode_normalization::char::is_combining_mark(part) || is_invisible(part) {
            continue;
        }
        if part.is_ascii() {
            each(Piece::Letter(part.to_ascii_lowercase(), !matches!(c, 'À'..='ÿ')));
        } else if is_separator(part) {
            each(Piece::Separator);
        } else if let Some(latin) = look_alike(part) {
            each(Piece::Letter(latin, true));
        } else {
            part.to_lowercase().for_each(|lower| each(Piece::Letter(lower, false)));
        }
    }
}

/// Whether Latin letters stand in a name beside letters of another script that look like Latin ones, or beside what cannot be
/// seen: nobody writes so by mistake.
pub fn mixes_scripts(name: &str) -> bool {
    // A page may say where a word is parted; that is no disguise.
    let cannot_be_seen = |c: char| is_invisible(c) && !matches!(c, '\u{ad}' | '\u{fe00}'..='\u{fe0f}');
    let is_hidden = |c: char| cannot_be_seen(c) || matches!(c, '\u{370}'..='\u{58f}') && look_alike(c).is_some();
    name.chars().any(|c| c.is_ascii_alphabetic()) && name.chars().any(is_hidden)
}

/// Latin letters with a stroke or without a dot, which Unicode does not take apart and people type without it.
fn stroked(c: char) -> Option<char> {
    Some(match c {
        'ł' | 'Ł' => 'l',
        'ø' | 'Ø' => 'o',
        'ı' => 'i',
        'ħ' | 'Ħ' => 'h',
        _ => return None,
    })
}

/// Bytes in front that folding leaves alone but for case and separators; looked at in blocks.
fn plain_length(bytes: &[u8]) -> usize {
    const BLOCK: usize = 32;
    let is_strange = |strange: bool, b: &u8| strange | !(b.is_ascii_graphic() | is_space(*b));
    let blocks = bytes.chunks_exact(BLOCK).take_while(|block| !block.iter().fold(false, is_strange)).count();
    let from = blocks * BLOCK;
    from + bytes[from..].iter().take_while(|b| b.is_ascii_graphic() || is_space(**b)).count()
}

/// Whether folding changes no more than case and separators.
pub fn is_plain(source: &str) -> bool {
    let strange = source.bytes().fold(false, |strange, b| strange | !(b.is_ascii_graphic() | is_space(b)));
    let mut marks = memchr::memchr2_iter(b'&', b'<', source.as_bytes());
    !strange && marks.all(|at| markup::stands_for(&source[at..]).is_none())
}

const fn is_space(b: u8) -> bool {
    b == b' ' || (b >= 9 && b <= 13)
}

/// The folded text without its map and in the case it was written in: what the first pass needs. Whether letters of other
/// scripts remain.
pub fn fold_quickly(source: &str, folded: &mut String) -> bool {
    let mut others = false;
    let mut rest = source;
    while !rest.is_empty() {
        let plain = plain_length(rest.as_bytes());
        // Mark-up is rare: look for it in this stretch only.
        let mut marks = memchr::memchr2_iter(b'&', b'<', &rest.as_bytes()[..plain]);
        let plain = marks.find(|at| markup::stands_for(&rest[*at..]).is_some()).unwrap_or(plain);
        folded.push_str(&rest[..plain]);
        rest = &rest[plain..];
        let Some(c) = rest.chars().next() else { break };
        let (c, bytes) = markup::stands_for(rest).unwrap_or((c, c.len_utf8()));
        rest = &rest[bytes..];
        let mut push = |piece| match piece {
            Piece::Separator => folded.push(' '),
            Piece::Letter(letter, _) => {
                others |= !letter.is_ascii() && letter.is_alphanumeric();
                folded.push(letter);
            }
            Piece::Nothing | Piece::Several => {}
        };
        match if c.is_ascii_graphic() {
            Piece::Letter(c, false)
        } else if c.is_ascii() {
            ascii(c)
        } else {
            known(c)
        } {
            Piece::Several => pieces(c, push),
            piece => push(piece),
        }
    }
    others
}

/// Only the letters and digits of a folded text, with their places in it.
#[derive(Debug, Clone, Default)]
pub struct Squeezed {
    /// Letters and digits.
    pub text: String,
    /// For each byte, its place in the folded text.
    pub at: Vec<u32>,
}

impl Squeezed {
    /// Squeezes a folded text.
    pub fn of(folded: &Folded) -> Self {
        Squeezed::with(folded, &LETTERS, |c| c)
    }

    /// Squeezes a folded text, each letter and the digit or sign that stands for it as one: see [`digit_as_letter`].
    pub fn with_digits_as_letters(folded: &Folded) -> Self {
        Squeezed::with(folded, &LETTERS_FOR_DIGITS, digit_as_letter)
    }

    fn with(folded: &Folded, ascii: &[u8; 128], letter: impl Fn(char) -> char) -> Self {
        let mut squeezed = Squeezed::default();
        squeezed.text.reserve(folded.text.len());
        squeezed.at.reserve(folded.text.len());
        if folded.text.is_ascii() {
            let read = |b: &u8| ascii.get(usize::from(*b)).copied().filter(|read| *read != 0);
            let letters = folded.text.bytes().enumerate().filter_map(|(at, b)| Some((at as u32, read(&b)?)));
            for (at, letter) in letters {
                squeezed.text.push(char::from(letter));
                squeezed.at.push(at);
            }
            return squeezed;
        }
        for (at, c) in folded.text.char_indices() {
            let (read, bytes) = match ascii.get(c as usize) {
                Some(0) => continue,
                Some(read) => (char::from(*read), 1),
                None => {
                    let read = letter(c);
                    if !read.is_alphanumeric() {
                        continue;
                    }
                    (read, read.len_utf8())
                }
            };
            squeezed.text.push(read);
            // A text is shorter than 4 GB: the first pass has seen to it.
            squeezed.at.extend(std::iter::repeat_n(at as u32, bytes));
        }
        squeezed
    }
}

/// ASCII letters and digits as they are; 0 for what is none.
static LETTERS: LazyLock<[u8; 128]> = LazyLock::new(|| ascii_letters(|c| c));

/// The same with the letters that digits and signs stand for.
static LETTERS_FOR_DIGITS: LazyLock<[u8; 128]> = LazyLock::new(|| ascii_letters(digit_as_letter));

fn ascii_letters(letter: impl Fn(char) -> char) -> [u8; 128] {
    std::array::from_fn(|code| {
        let read = letter(char::from(code as u8));
        if read.is_ascii_alphanumeric() { read as u8 } else { 0 }
    })
}

/// The letter a digit or sign is written for. `1` stands for i and for l, so these two are one letter here; names are read
/// the same way before they are compared.
pub fn digit_as_letter(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' | 'l' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        other => other,
    }
}

/// Folds a name of the lexicon: what [`Folded`] does without the map, because folding tens of thousands of names is much of
/// what it costs to start.
pub fn fold(name: &str) -> String {
    if name.contains(['&', '<']) {
        return Folded::of(name).text.trim().to_owned();
    }
    if name.is_ascii() {
        let (mut folded, is_kept) = (Vec::with_capacity(name.len()), &*IS_KEPT);
        for b in name.bytes() {
            if is_kept[usize::from(b)] {
                folded.push(b.to_ascii_lowercase());
            } else if is_separator(char::from(b)) && folded.last().is_some_and(|last| *last != b' ') {
                folded.push(b' ');
            }
        }
        folded.truncate(folded.trim_ascii_end().len());
        return String::from_utf8(folded).unwrap_or_default();
    }
    let mut folded = String::with_capacity(name.len());
    let mut push = |piece| match piece {
        Piece::Letter(letter, _) => folded.push(letter),
        Piece::Separator if !folded.is_empty() && !folded.ends_with(' ') => folded.push(' '),
        Piece::Separator | Piece::Nothing | Piece::Several => {}
    };
    for c in name.chars() {
        match if !c.is_ascii() {
            known(c)
        } else if is_separator(c) {
            Piece::Separator
        } else if c.is_control() {
            Piece::Nothing
        } else {
            Piece::Letter(c.to_ascii_lowercase(), false)
        } {
            Piece::Several => pieces(c, &mut push),
            piece => push(piece),
        }
    }
    folded.truncate(folded.trim_end().len());
    // A mark that stands by itself (`¸`) is a space and a mark that combines.
    if folded.starts_with(' ') { folded.trim_start().to_owned() } else { folded }
}

/// A name without case, accents, width and separators, its script as it is.
pub(super) fn plain(name: &str) -> String {
    let letters = name.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c) && c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// White space, dashes, underscores and slashes: what people put between the parts of a name.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '-' | '_' | '/' | '\u{2010}'
                ..='\u{2015}'
                    | '\u{2212}'
                    | '\u{fe58}'
                    | '\u{fe63}'
                    | '\u{ff0d}'
                    | '\u{00b7}'
                    | '\u{2043}'
                    | '\u{30fb}'
        )
}

/// Zero-width and formatting characters, soft hyphen, variation selectors, tags.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{640}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    ) || c.is_control() && !c.is_whitespace()
}

/// Greek letters that are taken for Latin ones, which the Unicode tables hold apart, or whose capitals look otherwise.
fn greek(c: char) -> Option<char> {
    Some(match c {
        // A microgram is no milligram.
        'μ' => 'u',
        'η' => 'n',
        'γ' => 'y',
        'β' => 'b',
        'χ' => 'x',
        'τ' => 't',
        'κ' => 'k',
        'ω' => 'w',
        'υ' => 'u',
        'Η' => 'h',
        'Ν' => 'n',
        'Υ' => 'y',
        _ => return None,
    })
}

/// The Latin letter a character of another alphabet is drawn like.
fn look_alike(c: char) -> Option<char> {
    // Scripts whose letters pass for Latin ones. Han, kana, Hangul, Arabic and Indic scripts do not.
    if !matches!(c, '\u{180}'..='\u{5ff}' | '\u{10a0}'..='\u{10ff}' | '\u{13a0}'..='\u{13ff}' | '\u{1c80}'..='\u{1fff}'
        | '\u{2100}'..='\u{218f}' | '\u{2c00}'..='\u{2dff}' | '\u{a4d0}'..='\u{a4ff}' | '\u{a640}'..='\u{abff}' | '\u{1d400}'..='\u{1d7ff}')
    {
        return None;
    }
    // Capitals of Cyrillic and Greek look like other Latin letters than their small forms do: try as written, small, capital.
    let lower = c.to_lowercase().next().unwrap_or(c);
    if let Some(latin) = greek(c) {
        return Some(latin);
    }
    let upper = c.to_uppercase().next().unwrap_or(c);
    [lower, c, upper].into_iter().find_map(|form| {
        let mut shape = [0_u8; 4];
        let mut skeleton = unicode_security::confusable_detection::skeleton(form.encode_utf8(&mut shape));
        match (skeleton.next(), skeleton.next()) {
            (Some(latin), None) if latin.is_ascii_alphanumeric() => Some(latin.to_ascii_lowercase()),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests;

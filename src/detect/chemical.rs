//! Systematic chemical names, read by their parts: where one begins and ends, and what it is made of.
//!
//! People write one compound in many ways (`N-phenyl-N-[1-(2-phenylethyl)piperidin-4-yl]propanamide`,
//! `1-phenethyl-4-(N-propionylanilino)piperidine`). The parts are the same in whatever order and brackets, so a name is
//! split into parts, each is given its plain form, and rules and the list ask for parts.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::detect::view::{Folded, fold};

/// A systematic name in a folded text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChemicalName {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Its parts in their plain forms, as they stand.
    pub parts: Vec<Part>,
}

/// One part of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Plain form: `phenyl`, `piperidin`.
    pub form: &'static str,
    /// Places in front of it (`3,4`), empty where none is said.
    pub locants: String,
}

/// Parts of a name worth looking at.
const FEWEST_PARTS: usize = 3;

/// Names looked for in one field, and bytes of the longest.
const NAMES_LIMIT: usize = 100;
const LONGEST: usize = 400;

/// Parts by the folded word for them in English, German, Spanish, French, Polish, Russian, Ukrainian and Chinese: the word, then its plain forms.
/// `-` is a word that adds nothing (salts, endings, stereo marks).
const WORDS: &str = include_str!("words/chemical.txt");

/// The rest of a word, and its plain forms.
type Tail = (Vec<u8>, Vec<&'static str>);

struct Lexicon {
    /// By the first two bytes, one more than the place in `words`; 0 where no part begins so.
    heads: Vec<u16>,
    words: Vec<Vec<Tail>>,
}

impl Lexicon {
    /// The words a text begins with: bytes, and plain forms.
    fn at<'a>(&'static self, text: &'a [u8]) -> impl Iterator<Item = (usize, &'static [&'static str])> + use<'a> {
        let held = match text {
            [first, second, ..] => match self.heads[usize::from(u16::from_be_bytes([*first, *second]))] {
                0 => &[][..],
                at => self.words[usize::from(at) - 1].as_slice(),
            },
            _ => &[],
        };
        held.iter()
            .filter(|(rest, _)| text[2..].starts_with(rest))
            .map(|(rest, forms)| (rest.len() + 2, forms.as_slice()))
    }
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut by_word: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    for line in WORDS.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let Some((forms, spellings)) = line.split_once(':') else { continue };
        let forms: Vec<&'static str> = forms.split_whitespace().filter(|form| *form != "-").collect();
        for spelling in spellings.split_whitespace() {
            by_word.insert(fold(spelling), forms.clone());
        }
    }
    let mut lexicon = Lexicon { heads: vec![0; 1 << 16], words: Vec::new() };
    for (word, forms) in by_word {
        // A part of one byte would be a letter, and those are read apart.
        let Some((head, rest)) = word.as_bytes().split_first_chunk::<2>() else { continue };
        let held = &mut lexicon.heads[usize::from(u16::from_be_bytes(*head))];
        if *held == 0 {
            lexicon.words.push(Vec::new());
            *held = u16::try_from(lexicon.words.len()).unwrap_or_default();
        }
        if let Some(tails) = usize::from(*held).checked_sub(1).and_then(|at| lexicon.words.get_mut(at)) {
            tails.push((rest.to_owned(), forms));
        }
    }
    lexicon
});

/// The parts of a word, or none where some of it is no part of a chemical name.
fn parts_of(word: &str) -> Option<Vec<&'static str>> {
    let lexicon: &'static Lexicon = &LEXICON;
    // Most words are none from their first letters on.
    lexicon.at(word.as_bytes()).next()?;
    // Fewest pieces win: at each place the best way to have come there.
    let mut best: Vec<Option<(usize, usize, &'static [&'static str])>> = vec![None; word.len() + 1];
    best[0] = Some((0, 0, &[]));
    let mut furthest = 0;
    for start in 0..word.len() {
        if start > furthest {
            return None;
        }
        let Some((count, ..)) = best[start] else { continue };
        for (bytes, forms) in lexicon.at(&word.as_bytes()[start..]) {
            let end = start + bytes;
            furthest = furthest.max(end);
            if best[end].is_none_or(|(held, ..)| count + 1 < held) {
                best[end] = Some((count + 1, start, forms));
            }
        }
    }
    let mut parts = Vec::new();
    let mut at = word.len();
    while at > 0 {
        let (_, start, forms) = best[at]?;
        parts.extend(forms.iter().rev());
        at = start;
    }
    parts.reverse();
    Some(parts)
}

/// Whether a folded word is made of parts of chemical names.
pub fn is_chemical(word: &str) -> bool {
    // A Han character says more than a letter.
    let letters = if word.is_ascii() { 3 } else { 2 };
    word.len() <= LONGEST && word.chars().count() >= letters && parts_of(word).is_some_and(|parts| !parts.is_empty())
}

/// One piece of a folded text: a word, or what stands between words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Word,
    Number,
    /// A bracket, a comma, a prime.
    Mark,
    /// A dash.
    Glue,
    Space,
    Other,
}

fn tokens<'a>(folded: &'a Folded) -> impl Iterator<Item = (Token, usize, usize)> + 'a {
    let text = folded.text.as_str();
    let is_ascii = text.is_ascii();
    let mut at = 0;
    std::iter::from_fn(move || {
        let c = text[at..].chars().next()?;
        let start = at;
        let run = |holds: fn(char) -> bool| text[start..].find(|c: char| !holds(c)).unwrap_or(text.len() - start);
        let (token, length) = match c {
            ' ' => (if folded.is_glue(at) { Token::Glue } else { Token::Space }, 1),
            '(' | ')' | '[' | ']' | '{' | '}' | ',' | '\'' | '′' | '’' | '"' | '.' | '+' | '±' | ':' | '^' => {
                (Token::Mark, c.len_utf8())
            }
            c if is_ascii && c.is_ascii_alphabetic() => (Token::Word, run(|c| c.is_ascii_alphabetic())),
            c if c.is_alphabetic() || matches!(c, '3' | '6') => match cyrillic_length(&text[start..]) {
                Some(length) => (Token::Word, length),
                None if c.is_ascii_digit() => (Token::Number, run(|c| c.is_ascii_digit())),
                None => (Token::Word, run(char::is_alphabetic)),
            },
            c if c.is_ascii_digit() => (Token::Number, run(|c| c.is_ascii_digit())),
            c => (Token::Other, c.len_utf8()),
        };
        at += length;
        Some((token, start, at))
    })
}

/// Bytes of the Cyrillic part of a name that a text begins with. Folding writes `з` as `3` and `б` as `6`, so digits among
/// such letters may be letters (`индa3oл`, `6poм`).
fn cyrillic_length(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_alphabetic() && !matches!(c, '3' | '6')).unwrap_or(text.len());
    let word = &text[..end];
    let is_mixed = word.contains(['3', '6']) && word.chars().any(|c| ('\u{400}'..='\u{52f}').contains(&c));
    (is_mixed && end <= LONGEST && parts_of(word).is_some()).then_some(end)
}

/// Letters that stand for atoms, isomers and places in a name.
const LETTERS: [&str; 22] =
    ["n", "o", "s", "p", "m", "h", "r", "d", "l", "e", "z", "t", "c", "a", "b", "f", "g", "nh", "ar", "rs", "nn", "dl"];

/// Whether a text is nothing but places and letters for atoms and isomers (`N,N-`, `(1S)-1-`).
pub fn is_only_places(text: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric()).all(|word| word.len() <= 2)
}

/// Systematic names in a folded text.
pub fn find(folded: &Folded) -> Vec<ChemicalName> {
    let mut found = Vec::new();
    let mut now: Option<Reading> = None;
    for (token, start, end) in tokens(folded) {
        let word = &folded.text[start..end];
        let goes_on = match token {
            Token::Word if word.len() <= 2 && LETTERS.contains(&word) => Step::Mark,
            Token::Word => match (word.len() <= LONGEST).then(|| parts_of(word)).flatten() {
                Some(parts) => Step::Parts(parts),
                None => Step::End,
            },
            Token::Number if word.len() <= 2 => Step::Locant,
            Token::Mark | Token::Glue => Step::Mark,
            Token::Space if !folded.is_break(start) => Step::Space,
            Token::Number | Token::Space | Token::Other => Step::End,
        };
        match (goes_on, &mut now) {
            (Step::End, _) => finish(&mut now, &mut found),
            (Step::Parts(parts), reading) => {
                let reading = reading.get_or_insert_with(|| Reading::at(start));
                reading.add(parts, end);
            }
            (Step::Locant, Some(reading)) => reading.locant(word),
            (Step::Locant, None) => {
                let mut reading = Reading::at(start);
                reading.locant(word);
                now = Some(reading);
            }
            (Step::Mark, Some(reading)) => reading.mark(word),
            (Step::Space, Some(reading)) if reading.goes_on_after_a_space() => reading.space(),
            (Step::Space, Some(_)) => finish(&mut now, &mut found),
            (Step::Mark | Step::Space, None) => {}
        }
        if now.as_ref().is_some_and(|reading| end - reading.start > LONGEST) {
            finish(&mut now, &mut found);
        }
        if found.len() >= NAMES_LIMIT {
            return found;
        }
    }
    finish(&mut now, &mut found);
    found
}

enum Step {
    Parts(Vec<&'static str>),
    Locant,
    Mark,
    Space,
    End,
}

/// A name that is being read.
struct Reading {
    start: usize,
    end: usize,
    parts: Vec<Part>,
    locants: String,
    marks: usize,
    spaces: usize,
    /// A word came since the last space.
    open: bool,
    after_comma: bool,
}

impl Reading {
    fn at(start: usize) -> Self {
        Reading {
            start,
            end: start,
            parts: Vec::new(),
            locants: String::new(),
            marks: 0,
            spaces: 0,
            open: false,
            after_comma: false,
        }
    }

    fn add(&mut self, parts: Vec<&'static str>, end: usize) {
        for form in parts {
            self.parts.push(Part { form, locants: std::mem::take(&mut self.locants) });
        }
        self.end = end;
        self.after_comma = false;
        self.open = true;
        self.spaces = 0;
    }

    fn locant(&mut self, number: &str) {
        if !self.locants.is_empty() {
            self.locants.push(',');
        }
        self.locants.push_str(number);
        self.marks += 1;
        self.spaces = 0;
    }

    fn mark(&mut self, mark: &str) {
        // The place in front of a bracket is that of the group in it (`3-(dimethylamino)`).
        if matches!(mark, ")" | "]" | "}") {
            self.locants.clear();
        }
        self.after_comma = mark == ",";
        self.marks += 1;
        self.spaces = 0;
    }

    /// Whether a word apart may belong to the name: behind a group (`methyl 3-…`, `trifluoro acetic`), not behind a comma or
    /// the end of a name.
    fn goes_on_after_a_space(&self) -> bool {
        let group = self.parts.last().is_some_and(|part| GROUPS.contains(&part.form));
        self.spaces == 0 && ((self.open && group && !self.after_comma) || self.parts.is_empty())
    }

    fn space(&mut self) {
        self.spaces += 1;
    }
}

fn finish(now: &mut Option<Reading>, found: &mut Vec<ChemicalName>) {
    let Some(reading) = now.take() else { return };
    if reading.parts.len() >= FEWEST_PARTS && reading.marks > 0 {
        found.push(ChemicalName { start: reading.start, end: reading.end, parts: reading.parts });
    }
}

impl ChemicalName {
    /// The parts without order and places: equal for one skeleton however it is written.
    pub fn key(&self) -> String {
        let mut forms: Vec<String> = Vec::with_capacity(self.parts.len());
        let mut many = "";
        for part in self.parts.iter().filter(|part| !SILENT.contains(&part.form)) {
            if MANY.contains(&part.form) {
                many = part.form;
                continue;
            }
            match forms.last_mut() {
                // `carbonyl)amino` and `carboxamido` are one group.
                Some(last) if last == "carbonyl" && part.form == "amin" => "amid".clone_into(last),
                // Two ethyls are another group than two methyls, wherever the amine stands.
                Some(_) | None => forms.push(format!("{}{}", std::mem::take(&mut many), part.form)),
            }
        }
        forms.sort_unstable();
        forms.join(" ")
    }

    /// The parts as they stand, without places.
    pub fn joined(&self) -> String {
        let mut joined = String::from(" ");
        for part in &self.parts {
            joined.push_str(part.form);
            joined.push(' ');
        }
        joined
    }

    /// Small groups with their places: what tells isomers apart.
    pub fn places(&self) -> Vec<(&'static str, &str)> {
        let form = |at: usize| self.parts.get(at).map(|part| part.form);
        let mut places: Vec<(&'static str, &str)> = self
            .parts
            .iter()
            .enumerate()
            .filter(|(at, part)| {
                PLACED.contains(&part.form) && !(part.form == "methyl" && form(at + 1) == Some("amin"))
            })
            .map(|(at, part)| {
                // `2,5-dimethoxy`: the places stand in front of how many there are.
                let before = at.checked_sub(1).and_then(|before| self.parts.get(before));
                let many = before.filter(|before| part.locants.is_empty() && MANY.contains(&before.form));
                match many {
                    Some(many) => (part.form, many.locants.as_str()),
                    None => (part.form, part.locants.rsplit(',').next().unwrap_or_default()),
                }
            })
            .collect();
        places.sort_unstable();
        places
    }

    /// Parts that tell compounds apart.
    pub fn telling_parts(&self) -> usize {
        self.parts.iter().filter(|part| !SILENT.contains(&part.form)).count()
    }

    /// The parts joined by spaces, with places in front: what rules match.
    pub fn written(&self) -> String {
        let mut written = String::from(" ");
        for part in &self.parts {
            if !part.locants.is_empty() {
                written.push_str(&part.locants);
                written.push(' ');
            }
            written.push_str(part.form);
            written.push(' ');
        }
        written
    }
}

/// Groups behind which a name goes on after a space.
const GROUPS: [&str; 16] = [
    "methyl", "ethyl", "propyl", "butyl", "pentyl", "hexyl", "phenyl", "fluoro", "chloro", "bromo", "iodo", "nitro",
    "hydroxy", "methoxy", "ethoxy", "acetyl",
];

/// Parts that one way of naming says and another leaves out.
const SILENT: [&str; 2] = ["hydro", "oxo"];

/// How many there are of the group that follows.
const MANY: [&str; 4] = ["di", "tri", "tetra", "penta"];

/// Groups whose places tell isomers apart, whatever the order of the name.
const PLACED: [&str; 8] = ["methyl", "fluoro", "chloro", "bromo", "iodo", "nitro", "methoxy", "ethoxy"];

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(String, String)> {
        let folded = Folded::of(text);
        find(&folded).into_iter().map(|name| (folded.text[name.start..name.end].to_owned(), name.key())).collect()
    }

    #[test]
    fn one_compound_has_one_key_however_it_is_written() {
        for group in [
            &[
                "N-phenyl-N-[1-(2-phenylethyl)piperidin-4-yl]propanamide",
                "N-(1-phenethyl-4-piperidinyl)-N-phenylpropionamide",
                "N-[1-(2-phenylethyl)-4-piperidyl]-N-phenylpropanamide",
            ][..],
            &[
                "methyl 3,3-dimethyl-2-[(1-(pent-4-en-1-yl)-1H-indazole-3-carbonyl)amino]butanoate",
                "methyl 3,3-dimethyl-2-(1-(pent-4-en-1-yl)-1H-indazole-3-carboxamido)butanoate",
                "methyl 3,3-dimethyl-2-[(1-pent-4-enylindazole-3-carbonyl)amino]butanoate",
            ],
            &[
                "ethyl 3-(1,3-benzodioxol-5-yl)-2-methyloxirane-2-carboxylate",
                "3-(1,3-苯并二氧戊环-5-基)-2-甲基环氧乙烷-2-羧酸乙酯",
            ],
            &["2-(methylamino)-1-(3-chlorophenyl)propan-1-one", "1-(3-хлорфенил)-2-(метиламино)пропан-1-он"],
            &["N-benzyl-1-pentyl-1H-indazole-3-carboxamide", "N-бензил-1-пентил-1H-индазол-3-карбоксамид"],
            &[
                "N,N-diethyl-2-[2-[(4-methoxyphenyl)methyl]-5-nitrobenzimidazol-1-yl]ethanamine",
                "N,N-dietylo-2-[2-[(4-metoksyfenylo)metylo]-5-nitrobenzimidazol-1-ylo]etanoamina",
                "N,N-диетил-2-[2-[(4-метоксифеніл)метил]-5-нітробензімідазол-1-іл]етанамін",
            ],
        ] {
            let keys: Vec<String> =
                group.iter().map(|text| names(text).first().map(|(_, key)| key.clone()).unwrap_or_default()).collect();
            assert!(!keys[0].is_empty() && keys.iter().all(|key| *key == keys[0]), "{group:?}: {keys:#?}");
        }
    }

    #[test]
    fn a_name_ends_where_ordinary_words_begin() {
        let text = "2-(ethylamino)-1-phenylhexan-1-one hydrochloride crystals, 500 g in stock";
        assert_eq!(names(text).first().map(|(name, _)| name.as_str()), Some("2 (ethylamino) 1 phenylhexan 1 one"));
        assert!(names("Garden chairs, set of 4 (grey), 2-year warranty").is_empty());
    }
}

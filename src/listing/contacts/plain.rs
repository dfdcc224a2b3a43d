//! Where the word of a messenger is an ordinary one: in a compound, beside words of another trade, in a sentence about the word.

use std::collections::HashSet;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::listing::contacts::leads::Lead;
use crate::listing::contacts::tokens::{LONGEST_WORD, lowered, stands_alone};
use crate::listing::contacts::words::{all, each};

/// Words before a word that is spoken about.
const ABOUT_BEFORE: &[&str] = &[
    "the word, the term, word, das wort, der begriff, wort, la palabra, el término, a palavra, o termo, le mot, le terme, het woord, de term, słowo, wyraz, la parola, il termine, slovo, výraz, cuvântul, termenul, \
     kata, istilah, từ, chữ, слово, термин, слова, термін, كلمة, مصطلح, शब्द, 单词, 词语, 一词, 这个词",
];

/// Words behind it.
const ABOUT_BEHIND: &[&str] = &[
    "is a word, is the word, was a word, ist ein wort, ist das wort, es una palabra, es la palabra, é uma palavra, é a palavra, est un mot, est le mot, is een woord, to słowo, to wyraz, jest słowem, \
     è una parola, è la parola, je slovo, je výraz, este un cuvânt, e un cuvânt, kelimesi, sözcüğü, bir kelime, adalah kata, adalah istilah, là từ, là một từ, это слово, слово, це слово, \
     هي كلمة, كلمة, एक शब्द, शब्द, 是一个词, 这个词, 一词",
];

/// Words of messengers that are ordinary beside others: the word, what stands before it, what behind.
const NEIGHBOURS: &[(&str, &str, &str)] = &[
    (
        "simplex",
        "herpes, genital, hsv, labialis, opryszczka, herpesul, uçuk, герпес, duplex",
        "virus, viruses, infection, treatment, cream, algorithm, algorithme, method, noise, printing, panel, 1, 2, labialis",
    ),
    ("briar", "sweet, cat, green, italian", "root, roots, pipe, pipes, wood, rose, patch, burl, block, holz, pfeife"),
    (
        "kakao",
        "bio, roh, raw, surowe, hořké, kuru, bubuk, biji, lemak, warna, farbe, kolor, barva, renk, cremă de, unt de",
        "pulver, powder, butter, bohnen, nibs, masse, getränk, matt, glänzend, braun, w proszku, proszek, ciemne, ziarno, maslo, prášek, boby, barva, holandské, tozu, yağı, çekirdeği, rengi, \
         bubuk, biji, lemak, cokelat, pudră, boabe, unt, brązowy",
    ),
];

/// Quotation marks and spaces around a word that is spoken about.
const GAP: usize = 4;

/// Whether the leading word at a place of a text in lower case is an ordinary one there.
pub(super) fn is_plain(lower: &str, (start, end): (usize, usize), lead: Lead, spoken: &Spoken) -> bool {
    let (Some(head), Some(tail), Some(word)) = (lower.get(..start), lower.get(end..), lower.get(start..end)) else {
        return false;
    };
    is_compound(tail, lead)
        || is_end_of_compound(head, lead)
        || (!matches!(lead, Lead::Payment | Lead::PaymentNoun | Lead::Phone) && spoken.is_about(head, tail, end))
        || NEIGHBOURS.iter().any(|(of, before, behind)| {
            word == *of
                && (each(before).any(|one| ends_with(head.trim_end(), one))
                    || each(behind).any(|one| begins_with(tail.trim_start(), one)))
        })
}

/// `signal-to-noise`, `line-up`: a hyphen and letters alone, where the word is none of a messenger only.
fn is_compound(tail: &str, lead: Lead) -> bool {
    let may_be = matches!(lead, Lead::Ambiguous | Lead::Noun | Lead::Ordinary);
    let Some(rest) = tail.strip_prefix('-').filter(|_| may_be) else { return false };
    let is_inner = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    let length: usize = rest.chars().take(LONGEST_WORD).take_while(is_inner).map(char::len_utf8).sum();
    let piece = rest.get(..length).unwrap_or_default();
    !piece.is_empty() && piece.trim_end_matches('.').chars().all(|c| c.is_alphabetic() || c == '-')
}

/// `up-link`, `D-Link`: letters and a hyphen before it.
fn is_end_of_compound(head: &str, lead: Lead) -> bool {
    let may_be = matches!(lead, Lead::Ambiguous | Lead::Noun | Lead::Ordinary);
    may_be && head.strip_suffix('-').is_some_and(|head| head.ends_with(char::is_alphabetic))
}

static ABOUT: LazyLock<(AhoCorasick, usize)> = LazyLock::new(|| {
    let before = all(ABOUT_BEFORE).count();
    let words = all(ABOUT_BEFORE).chain(all(ABOUT_BEHIND)).map(lowered);
    (AhoCorasick::new(words).expect("a hundred words make an automaton"), before)
});

/// Where a text speaks of words: the ends of what stands before one, the beginnings of what stands behind. Most texts do not.
pub(super) struct Spoken {
    before: HashSet<usize>,
    behind: HashSet<usize>,
}

impl Spoken {
    pub fn of(lower: &str) -> Self {
        let (automaton, count) = &*ABOUT;
        let mut spoken = Spoken { before: HashSet::new(), behind: HashSet::new() };
        for hit in automaton.find_overlapping_iter(lower).filter(|hit| stands_alone(lower, hit.start(), hit.end())) {
            if hit.pattern().as_usize() < *count {
                spoken.before.insert(hit.end());
            } else {
                spoken.behind.insert(hit.start());
            }
        }
        spoken
    }

    fn is_about(&self, head: &str, tail: &str, at: usize) -> bool {
        if self.before.is_empty() && self.behind.is_empty() {
            return false;
        }
        let quotes = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '«' | '»' | '“' | '”' | '„' | '‘' | '’');
        // `телеграм — это слово`: a dash stands for the verb.
        let dashes = |c: char| quotes(c) || matches!(c, '—' | '–');
        let end = head.trim_end_matches(quotes).len();
        let gap: usize = tail.chars().take(GAP).take_while(|c| dashes(*c)).map(char::len_utf8).sum();
        self.before.contains(&end) || self.behind.contains(&(at + gap))
    }
}

fn ends_with(text: &str, word: &str) -> bool {
    text.strip_suffix(word).is_some_and(|rest| {
        is_unspaced_word(word) || rest.chars().next_back().is_none_or(|before| !before.is_alphanumeric())
    })
}

fn begins_with(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| {
        is_unspaced_word(word) || rest.chars().next().is_none_or(|behind| !behind.is_alphanumeric())
    })
}

fn is_unspaced_word(word: &str) -> bool {
    word.chars().all(crate::listing::contacts::tokens::is_unspaced)
}

//! What languages join on behind a name: the endings of cases, and words that make a compound of it (`metonitazenu`,
//! `изотонитазена`, `Isotonitazenpulver`).

use std::sync::LazyLock;

use crate::detect::view::fold;

/// Endings of cases and articles of names: Czech, Polish, Romanian, Turkish, Hungarian, Indonesian; Russian and Ukrainian.
const CASES: &str = "u a e i y em ie om ow owi ami ach ech um ul ului ei ele elor in un nin nun yi yu ye ya \
                     den dan de da le la ia nya ove ovy ova ovych owe owy owa owych ot et nak nek ban ben nal nel en \
                     а у ом ы и е ой ою ов ів ам ами ах ові";

/// Forms and salts that German and Dutch write as one word with the name.
const COMPOUNDS: &str = "pulver poeder kristalle kristallen kristallpulver tabletten pillen kapseln hydrochlorid hydrochloride \
                         hydrobromid hydrochlorur";

/// Letters of a name that may have an ending.
const LATIN_LETTERS: usize = 8;
const OTHER_LETTERS: usize = 6;

static TAILS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut tails: Vec<String> = CASES.split_whitespace().chain(COMPOUNDS.split_whitespace()).map(fold).collect();
    tails.sort_unstable();
    tails.dedup();
    tails
});

/// Compounds, longest first.
static JOINED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut joined: Vec<String> = COMPOUNDS.split_whitespace().map(fold).collect();
    joined.sort_by_key(|tail| std::cmp::Reverse(tail.len()));
    joined
});

/// Latin endings by their last letter.
static BY_LAST: LazyLock<[Vec<&'static [u8]>; 26]> = LazyLock::new(|| {
    let mut by_last: [Vec<&[u8]>; 26] = std::array::from_fn(|_| Vec::new());
    for tail in TAILS.iter().filter(|tail| tail.is_ascii()) {
        let last = tail.bytes().last().and_then(|last| last.checked_sub(b'a'));
        if let Some(held) = last.and_then(|at| by_last.get_mut(usize::from(at))) {
            held.push(tail.as_bytes());
        }
    }
    by_last
});

/// Where a name of a folded text ends that goes on behind byte `end` with an ending: behind the ending of a case, or before
/// a word that is joined on.
pub fn inflected(text: &str, start: usize, end: usize) -> Option<usize> {
    let (name, rest) = (&text[start..end], &text[end..]);
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    if letters < if name.is_ascii() { LATIN_LETTERS } else { OTHER_LETTERS } {
        return None;
    }
    let tail = &rest[..rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())];
    TAILS.binary_search_by(|held| held.as_str().cmp(tail)).ok()?;
    Some(if JOINED.iter().any(|joined| joined == tail) { end } else { end + tail.len() })
}

/// Bytes of the endings that a Latin word in any case has, as far as they leave a name.
pub fn endings(word: &[u8]) -> impl Iterator<Item = usize> {
    let last = word.last().and_then(|last| last.to_ascii_lowercase().checked_sub(b'a'));
    let tails = last.and_then(|at| BY_LAST.get(usize::from(at))).map(Vec::as_slice).unwrap_or_default();
    tails.iter().map(|tail| tail.len()).zip(tails).filter_map(|(length, tail)| {
        let stem = word.len().checked_sub(length)?;
        (stem >= LATIN_LETTERS && word[stem..].eq_ignore_ascii_case(tail)).then_some(length)
    })
}

/// Where a Latin word of a folded text falls apart into a name and a form that is joined on.
pub fn compound(word: &str) -> Option<usize> {
    if word.len() < LATIN_LETTERS + 6 || !word.as_bytes().last().is_some_and(u8::is_ascii) {
        return None;
    }
    JOINED.iter().find(|tail| word.ends_with(tail.as_str())).and_then(|tail| {
        let stem = word.len() - tail.len();
        (stem >= LATIN_LETTERS).then_some(stem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_of_cases_and_compounds_are_told_from_other_words() {
        for (text, name, is_one) in [
            ("metonitazenin", "metonitazen", true),
            ("metonitazenem 5 g", "metonitazen", true),
            ("bromazolamului", "bromazolam", true),
            ("isotonitazenpulver", "isotonitazen", true),
            ("metonitazenyl", "metonitazen", false),
            ("metonitazenamid", "metonitazen", false),
            ("ketaminu", "ketamin", false),
        ] {
            let folded = fold(text);
            assert_eq!(inflected(&folded, 0, name.len()).is_some(), is_one, "{text}");
        }
        let (text, name) = (fold("изотонитазеном"), fold("изотонитазен"));
        assert_eq!(inflected(&text, 0, name.len()), Some(text.len()));
        assert_eq!(endings(b"METONITAZENIN").collect::<Vec<_>>(), [2, 3], "and `nin`, as behind a vowel");
        assert_eq!(endings(b"Isotonitazeenpoeder").collect::<Vec<_>>(), [6]);
        assert_eq!(compound("isotonitazeenpoeder"), Some(13));
        assert_eq!(compound("melkpoeder"), None);
    }
}

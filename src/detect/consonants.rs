//! Names in Arabic and Cyrillic letters by their consonants: whoever writes a foreign name by ear keeps those and guesses
//! the vowels (`فينتانيل`, `фэнтэнил`). Folding has put Latin letters for the Cyrillic ones that look like them.

use std::collections::{HashMap, HashSet};

/// Consonants a name needs to be told by them.
const ARABIC_CONSONANTS: usize = 5;
const CYRILLIC_CONSONANTS: usize = 6;

/// Consonants of the longest name filed.
const LONGEST: usize = 24;

/// Prefixes of Arabic words: the article, `and`, `by`, `for`, `as`, alone and together.
pub(super) const ARABIC_PREFIXES: [&str; 12] = ["ال", "و", "ب", "ل", "ك", "ف", "بال", "وال", "لل", "كال", "فال", "وب"];

/// Names by their consonants.
#[derive(Default)]
pub struct ConsonantIndex {
    names: HashMap<String, usize>,
    /// Words with the consonants of a name that mean something else.
    ordinary: HashSet<String>,
}

impl ConsonantIndex {
    /// Files folded names of one word, each with the pattern it stands for.
    pub fn build<'a>(names: impl Iterator<Item = (&'a str, usize)>, ordinary: impl Iterator<Item = &'a str>) -> Self {
        let mut index = ConsonantIndex { names: HashMap::new(), ordinary: ordinary.map(str::to_owned).collect() };
        for (name, pattern) in names {
            if let Some(consonants) = consonants(name) {
                index.names.entry(consonants).or_insert(pattern);
            }
        }
        index
    }

    /// Words of a folded text with the consonants of a name: pattern, first byte, and one past the last.
    pub fn find<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (usize, usize, usize)> + 'a {
        let text = if text.is_ascii() { "" } else { text };
        words(text).filter_map(|(start, word)| {
            let pattern = spellings(word).find_map(|word| self.names.get(&consonants(word)?))?;
            (!self.ordinary.contains(word)).then_some((*pattern, start, start + word.len()))
        })
    }
}

/// Words with letters of the two scripts, with their places.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split(|c: char| !is_letter(c) && !c.is_ascii_alphanumeric()).filter_map(move |word| {
        let start = at;
        at += word.len() + text[start + word.len()..].chars().next().map_or(0, char::len_utf8);
        (!word.is_ascii()).then_some((start, word))
    })
}

fn is_letter(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}' | '\u{620}'..='\u{6ff}')
}

/// A word as it is, and without the article and particles that Arabic joins on.
fn spellings(word: &str) -> impl Iterator<Item = &str> {
    let bare = ARABIC_PREFIXES.iter().filter_map(move |prefix| word.strip_prefix(prefix));
    std::iter::once(word).chain(bare)
}

/// The consonants of a folded word of one of the two scripts, letters that sound alike as one and none doubled; nothing
/// where there are too few to tell a name by.
fn consonants(word: &str) -> Option<String> {
    if word.is_ascii() {
        return None;
    }
    let mut kept = String::new();
    let (mut arabic, mut cyrillic) = (false, false);
    for c in word.chars() {
        let sound = match c {
            'ا' | 'و' | 'ي' | 'ى' | 'ء' | 'آ' | 'أ' | 'إ' | 'ؤ' | 'ئ' | 'ة' | 'ـ' | 'ی' => continue,
            'и' | 'й' | 'ы' | 'э' | 'ю' | 'я' | 'є' | 'ь' | 'ъ' | 'a' | 'e' | 'o' | 'y' | 'i' => continue,
            'ث' | 'ط' => 'ت',
            'ذ' | 'ض' => 'د',
            'ص' | 'س' | 'ز' | 'ظ' => 'ز',
            'ق' | 'ک' => 'ك',
            'غ' | 'گ' | 'چ' | 'ژ' => 'ج',
            'ڤ' | 'ف' => 'ف',
            'پ' => 'ب',
            'ح' => 'ه',
            'r' | 'x' | 'ґ' | 'г' | 'х' => 'г',
            '3' | 'c' | 'з' | 'с' => 'з',
            c if c.is_ascii_digit() => return None,
            c if !is_letter(c) && !c.is_ascii_alphabetic() => return None,
            c => c,
        };
        arabic |= sound >= '\u{620}';
        cyrillic |= sound < '\u{620}';
        if !kept.ends_with(sound) {
            kept.push(sound);
        }
    }
    let count = kept.chars().count();
    let needed = if arabic { ARABIC_CONSONANTS } else { CYRILLIC_CONSONANTS };
    (arabic != cyrillic && (needed..=LONGEST).contains(&count)).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::view::fold;

    #[test]
    fn names_written_by_ear_are_found_by_their_consonants() {
        let names: Vec<String> = ["فنتانيل", "إيزوتونيتازين", "метонитазен", "карфентанил"].map(fold).to_vec();
        let index = ConsonantIndex::build(names.iter().map(String::as_str).zip(0..), std::iter::empty());
        for (text, pattern) in [
            ("فينتانيل خام", Some(0)),
            ("بالفنتانيل", Some(0)),
            ("ايزوتونتازين", Some(1)),
            ("мэтонетазэн 10 г", Some(2)),
            ("карфэнтонил", Some(3)),
            ("метод", None),
            ("فنان", None),
        ] {
            assert_eq!(index.find(&fold(text)).next().map(|(pattern, ..)| pattern), pattern, "{text}");
        }
    }
}

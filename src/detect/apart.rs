//! Whether letters that join up to a name were pulled apart on purpose, or are ordinary words that happen to join up.

/// Whether a name of seven letters or more was pulled apart: letters one by one, pieces joined by what nobody writes inside
/// a word, or one name in two or three pieces.
pub fn is_pulled_apart(text: &str, start: usize, end: usize) -> bool {
    let cut = &text[start..end];
    let parts: Vec<&str> = pieces(cut).collect();
    let single = parts.iter().filter(|part| part.chars().count() == 1).count();
    if parts.len() == 1 {
        return false;
    }
    single * 10 >= parts.len() * 6
        || (has_sign_inside(cut) && parts.len() <= 12)
        || (parts.len() <= 3 && cut.len() >= 9)
        || gaps(cut).any(is_odd)
}

/// Whether a name stands letter by letter, or with something between its pieces that nobody writes there: a disguise, where
/// a space or a dash more than the list has is none.
pub fn is_letter_by_letter(cut: &str) -> bool {
    let single = pieces(cut).filter(|part| is_single(part)).count();
    single * 10 >= pieces(cut).count() * 6 || gaps(cut).any(is_odd)
}

/// Whether digits or signs stand for letters of a name.
pub fn has_digits_for_letters(text: &str, start: usize, end: usize) -> bool {
    let cut = &text[start..end];
    let stands_for_letter = |c: char| matches!(c, '0' | '1' | '3' | '4' | '5' | '7' | '8' | '@' | '$' | '!' | '|');
    cut.contains(stands_for_letter)
        && cut.bytes().any(|b| b.is_ascii_alphabetic())
        && (pieces(cut).count() <= 3 || is_pulled_apart(text, start, end))
}

/// Whether a short name was pulled apart. Few letters join up by chance soon, so the signs are strict: three pieces or more
/// of one letter each, no further single letters around them; or something between two letters that nobody writes there.
pub fn is_short_pulled_apart(text: &str, start: usize, end: usize) -> bool {
    let cut = &text[start..end];
    let parts = pieces(cut).count();
    if parts < 2 {
        return false;
    }
    let one_by_one = parts >= 3 && pieces(cut).all(is_single);
    if one_by_one {
        if !gaps(cut).all(|gap| gap == ".")
            && gap_places(cut).any(|(at, gap)| gap == "." && is_between_digits(cut, at, gap))
        {
            return false;
        }
        // With a digit among them they are no word, no sizes and no initials.
        let is_code = cut.bytes().any(|b| b.is_ascii_digit()) && cut.bytes().any(|b| b.is_ascii_lowercase());
        return is_code || !touches_single_letter(&text[..start], &text[end..]);
    }
    let mut odd = false;
    for (at, gap) in gap_places(cut) {
        if is_odd(gap) || (matches!(gap, "." | "*" | "~") && !is_between_digits(cut, at, gap)) {
            odd = true;
        } else if gap != " " {
            return false;
        }
    }
    odd
}

/// Whether a gap stands between two digits, where a full stop is a decimal point.
fn is_between_digits(cut: &str, at: usize, gap: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    cut[..at].ends_with(is_digit) && cut[at + gap.len()..].starts_with(is_digit)
}

/// Whether a text has anything that [`is_short_pulled_apart`] could accept.
pub fn has_broken_words(text: &str) -> bool {
    let mut singles = 0;
    let mut before: Option<(usize, usize)> = None;
    for (start, word) in words(text) {
        if let Some((_, end)) = before {
            let gap = &text[end..start];
            if is_odd(gap) || matches!(gap, "." | "*" | "~") {
                return true;
            }
        }
        singles = if is_single(word) { singles + 1 } else { 0 };
        if singles >= 3 {
            return true;
        }
        before = Some((start, start + word.len()));
    }
    false
}

/// A gap that nobody leaves inside a word: signs and pictures that are not ASCII, with no space among them.
fn is_odd(gap: &str) -> bool {
    !gap.is_empty() && !gap.contains(' ') && gap.chars().any(|c| !c.is_ascii() && !is_punctuation(c))
}

/// Punctuation of other scripts and typographers, which stands between words.
fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{2018}'..='\u{201f}' | '\u{2022}' | '\u{2026}' | '\u{3000}'..='\u{303f}' | '\u{ff00}'..='\u{ffef}' | '\u{a0}'..='\u{bf}' | '\u{600}'..='\u{6ff}' | '\u{964}' | '\u{965}')
}

fn has_sign_inside(cut: &str) -> bool {
    cut.chars().any(|c| !c.is_alphanumeric() && c != ' ')
}

/// Whether a single letter stands right before or behind: then these are letters of something longer, or a list of sizes.
fn touches_single_letter(before: &str, after: &str) -> bool {
    let alone = |word: &str| word.len() == 1 && word.bytes().all(|b| b.is_ascii_alphabetic());
    let last = before.strip_suffix([' ', '.']).and_then(|text| text.rsplit(|c: char| !c.is_alphanumeric()).next());
    let next = after.strip_prefix([' ', '.']).and_then(|text| text.split(|c: char| !c.is_alphanumeric()).next());
    last.is_some_and(alone) || next.is_some_and(alone)
}

fn is_single(word: &str) -> bool {
    word.chars().nth(1).is_none()
}

fn pieces(cut: &str) -> impl Iterator<Item = &str> {
    cut.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty())
}

fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split(|c: char| !c.is_alphanumeric()).filter_map(move |word| {
        let start = at;
        at += word.len() + text[start + word.len()..].chars().next().map_or(0, char::len_utf8);
        (!word.is_empty()).then_some((start, word))
    })
}

fn gaps(cut: &str) -> impl Iterator<Item = &str> {
    gap_places(cut).map(|(_, gap)| gap)
}

/// What stands between the pieces of a match, with its place.
fn gap_places(cut: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut end = None;
    words(cut).filter_map(move |(start, word)| {
        let gap = end.map(|from: usize| (from, &cut[from..start]));
        end = Some(start + word.len());
        gap
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_pulled_apart_are_told_from_words_that_join_up() {
        for (text, cut, apart) in [
            ("buy 3 m m c 10 g", "3 m m c", true),
            ("buy 3 m.m.c now", "3 m.m.c", true),
            ("4\u{1f525}fa", "4\u{1f525}fa", true),
            ("2.c b", "2.c b", true),
            ("2.5 b", "2.5 b", false),
            ("s m l x l", "m l x", false),
            ("size 4. fa", "4. fa", false),
            ("am 22 01", "am 22 01", false),
            ("a \u{1f525} pvp", "a \u{1f525} pvp", false),
            ("\u{82ac} \u{592a} \u{5c3c}", "\u{82ac} \u{592a} \u{5c3c}", true),
        ] {
            let start = text.find(cut).unwrap();
            assert_eq!(is_short_pulled_apart(text, start, start + cut.len()), apart, "{text}");
            assert!(!apart || has_broken_words(text), "{text}");
        }
        assert!(!has_broken_words("an ordinary sentence. with words, and 30 x 5 cm"));
    }
}

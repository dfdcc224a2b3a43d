//! Where a leading word begins and ends, with the endings that languages join to it and the signs written for its letters.

use crate::listing::contacts::leads::{LEADS, Lead};
use crate::listing::contacts::tokens::{is_unspaced, stands_alone};

/// Letters of an ending or a prefix that a language joins to a messenger's name, and letters of a name that takes one.
const JOINED_LETTERS: usize = 4;
const NAME_LETTERS: usize = 5;

/// Where a leading word and what its language joins to it begin and end: `телеграме`, `Telegram'dan`, `بالواتساب`. `None`
/// where the letters are a piece of another word.
pub(super) fn edges_of(lower: &str, start: usize, end: usize, lead: Lead) -> Option<(usize, usize)> {
    let word = lower.get(start..end)?;
    let takes_endings = lead == Lead::Messenger && word.chars().count() >= NAME_LETTERS;
    if stands_alone(lower, start, end) {
        // The ending behind an apostrophe is no value.
        let rest = lower.get(end..)?;
        let ending = rest.strip_prefix(['\'', '’']).filter(|_| takes_endings && !word.ends_with(is_unspaced));
        let letters: usize = ending.map_or(0, |rest| {
            rest.chars().take(JOINED_LETTERS + 1).take_while(|c| c.is_alphabetic()).map(char::len_utf8).sum()
        });
        let short = ending.is_some_and(|rest| rest[..letters].chars().count() <= JOINED_LETTERS);
        let mark = rest.chars().next().map_or(0, char::len_utf8);
        return Some((start, if letters > 0 && short { end + mark + letters } else { end }));
    }
    if !takes_endings {
        return None;
    }
    let letters = |text: &mut dyn Iterator<Item = char>| -> (usize, usize) {
        let letters = text.take(JOINED_LETTERS + 1).take_while(|c| c.is_alphabetic());
        letters.fold((0, 0), |(count, bytes), c| (count + 1, bytes + c.len_utf8()))
    };
    let (tail, tail_bytes) = letters(&mut lower.get(end..)?.chars());
    let (head, head_bytes) = letters(&mut lower.get(..start)?.chars().rev());
    let takes_prefixes = word.chars().all(|c| matches!(u32::from(c), 0x590..=0x6FF));
    let joined = tail <= JOINED_LETTERS && head <= if takes_prefixes { JOINED_LETTERS } else { 0 };
    joined.then_some((start - head_bytes, end + tail_bytes))
}

/// Places of messengers' names in which digits and signs stand for letters: `t3legram`, `wh@tsapp`, `w1ckr`.
pub(super) fn disguised_messengers(lower: &str) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let (automaton, leads) = &*LEADS;
    // Most texts have no sign beside a letter.
    let is_disguise = |c: char| as_letter(c, 'i') != c;
    let beside = |(one, next): (char, char)| {
        (is_disguise(one) && next.is_alphabetic()) || (one.is_alphabetic() && is_disguise(next))
    };
    if !lower.chars().zip(lower.chars().skip(1)).any(beside) {
        return places;
    }
    let readings: &[char] = if lower.contains(['1', '!', '|']) { &['i', 'l'] } else { &['i'] };
    for &one in readings {
        let read: String = lower.chars().map(|c| as_letter(c, one)).collect();
        for word in automaton.find_overlapping_iter(&read) {
            let place = (word.start(), word.end());
            let is_changed = lower.get(word.range()) != read.get(word.range());
            let is_messenger = leads[word.pattern().as_usize()] == Lead::Messenger;
            if is_changed && is_messenger && stands_alone(lower, place.0, place.1) {
                places.push(place);
            }
        }
    }
    places.sort_unstable();
    places.dedup();
    places
}

/// The letter an ASCII digit or sign stands for, of the same length; `1` is read as `one`.
fn as_letter(c: char, one: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => one,
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    }
}

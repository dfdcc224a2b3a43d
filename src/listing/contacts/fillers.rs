//! Words between a leading word and its value (`Telegram id is …`, `微信号是…`), parted by spaces or run together, and the
//! ordinary words that are no value.

use std::sync::LazyLock;

use crate::listing::contacts::leads::{FoldedSet, LEADS, folded_set};
use crate::listing::contacts::ordinary::{COMMON, PLAIN};
use crate::listing::contacts::tokens::{is_mark, is_unspaced};
use crate::listing::contacts::words::{FILLERS, NAMING};

static IS_FILLER: FoldedSet = LazyLock::new(|| folded_set(FILLERS));
static IS_NAMING: FoldedSet = LazyLock::new(|| folded_set(NAMING));
static IS_PLAIN: FoldedSet = LazyLock::new(|| folded_set(PLAIN));
static IS_COMMON: FoldedSet = LazyLock::new(|| folded_set(COMMON));

/// Whether a word in lower case is ordinary, a means of payment or one that leads to a value itself.
pub(super) fn is_ordinary(word: &str) -> bool {
    word.len() <= LEADS.0.max_pattern_len() + BYTES_OF_A_FILLER
        && (IS_PLAIN.contains(word)
            || LEADS.0.find_overlapping_iter(word).filter(|lead| lead.start() == 0).any(|lead| {
                // Scripts without spaces run a word and what follows it together: `飞机号`.
                let rest = word.get(lead.end()..).unwrap_or_default();
                rest.is_empty() || (rest.chars().all(is_unspaced) && filler(rest).is_some())
            }))
}

/// Whether a word in lower case is one of trade that follows a messenger's name.
pub(super) fn is_common(word: &str) -> bool {
    IS_COMMON.contains(word)
}

/// Bytes of the fillers that scripts without spaces run together with the word before them.
pub(super) const BYTES_OF_A_FILLER: usize = 24;

/// Whether a token in lower case stands between a word and its value, and if so, whether it says that a value follows.
/// Scripts without spaces run fillers together (`号是`).
pub(super) fn filler(low: &str) -> Option<bool> {
    if IS_FILLER.contains(low) {
        return Some(IS_NAMING.contains(low));
    }
    if low.len() > BYTES_OF_A_FILLER || !low.chars().all(is_unspaced) || low.chars().count() > LONGEST_FILLER {
        return None;
    }
    fillers_within(low).find_map(|(end, names)| (end == low.len()).then_some(names))
}

/// Where fillers that are run together at the beginning of a text may end, and whether they say that a value follows; the
/// longest first.
fn fillers_within(low: &str) -> impl Iterator<Item = (usize, bool)> {
    let mut reached = [None; LONGEST_FILLER + 1];
    reached[0] = Some((0, false));
    let ends = low.char_indices().map(|(at, _)| at).chain([low.len()]).skip(1).take(LONGEST_FILLER);
    for (count, end) in ends.enumerate() {
        // Each filler begins where another ends.
        let joined = reached.iter().take(count + 1).flatten().find_map(|(start, names)| {
            let word = low.get(*start..end).filter(|word| IS_FILLER.contains(*word))?;
            Some((end, *names || IS_NAMING.contains(word)))
        });
        if let Some(reached) = reached.get_mut(count + 1) {
            *reached = joined;
        }
    }
    reached.into_iter().skip(1).rev().flatten()
}

/// How long the filler is that a token of a script without spaces begins with, and whether it says that a value follows.
pub(super) fn filler_before_value(low: &str) -> Option<(usize, bool)> {
    if !low.chars().all(is_unspaced_or_mark) {
        return None;
    }
    // All of it would be no value.
    fillers_within(low).find(|(end, _)| *end < low.len())
}

/// Characters of a filler in a script without spaces.
const LONGEST_FILLER: usize = 6;

/// Letters of a script without spaces, with their marks.
pub(super) fn is_unspaced_or_mark(c: char) -> bool {
    is_unspaced(c) || is_mark(c)
}

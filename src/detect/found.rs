//! What was found in a listing, with its places, before it is judged.

use crate::detect::assessment::EmergingFinding;
use crate::detect::names::{Meaning, Strength};
use crate::detect::phrases::{Token, tokens};
use crate::detect::signals::Sign;
use crate::detect::view::Folded;
use crate::vocab::terms::{How, Signal};

/// One field of a listing and what was found in it.
pub(super) struct Field<'a> {
    pub(super) name: String,
    pub(super) source: &'a str,
    pub(super) folded: Folded,
    pub(super) tokens: Vec<Token>,
    pub(super) signs: Vec<Sign>,
}

/// A name with its place, before it is weighed.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) field: usize,
    /// Pattern of the name index; identifiers have none.
    pub(super) pattern: usize,
    pub(super) meaning: Meaning,
    pub(super) strength: Strength,
    pub(super) code: bool,
    /// Letters and digits such as a part number may have.
    pub(super) brief: bool,
    pub(super) how: How,
    pub(super) rule: String,
    /// Bytes of the folded text.
    pub(super) folded: (usize, usize),
    pub(super) span: (usize, usize),
    pub(super) disguised: bool,
    /// Equipment with marks of the drug trade beside it.
    pub(super) marked: bool,
    /// It may be a piece of a longer name: it counts where the listing deals.
    pub(super) doubtful: bool,
}

/// A name a family's rule accepts, with its place.
pub(super) struct Emerging {
    pub(super) finding: EmergingFinding,
    /// Bytes of the folded text.
    pub(super) folded: (usize, usize),
    /// Field.
    pub(super) at: usize,
    /// It may be a piece of a longer name: it counts where the listing deals.
    pub(super) doubtful: bool,
}

/// Whether a listing speaks of evasion, of payment that leaves no trace, or of a way to reach the seller.
pub(super) fn deals(fields: &[Field<'_>]) -> bool {
    let speaks_of = |kind| matches!(kind, Signal::Evasion | Signal::Payment | Signal::Contact | Signal::Handle);
    fields.iter().flat_map(|field| &field.signs).any(|sign| speaks_of(sign.kind))
}

/// Drops signs that are pieces of names: `ETH` of `ETH-LAD` is no payment.
pub(super) fn drop_pieces_of_names(signs: &mut Vec<Sign>, mut names: Vec<(usize, usize)>) {
    names.sort_unstable_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)));
    // Of names one inside the other, the longer one holds the pieces of both.
    names.dedup_by(|next, held| next.1 <= held.1);
    signs.retain(|sign| {
        let before = names.partition_point(|(start, _)| *start <= sign.start);
        let around = before.checked_sub(1).map(|at| names[at]);
        around.is_none_or(|(start, end)| sign.end > end || sign.end - sign.start == end - start)
    });
}

/// A field, folded.
pub(super) fn field<'a>(name: &str, source: &'a str) -> Field<'a> {
    let folded = Folded::of(source);
    let tokens = tokens(&folded.text);
    Field { name: name.to_owned(), source, folded, tokens, signs: Vec::new() }
}

/// Characters of a source.
pub(super) fn cut(source: &str, start: usize, end: usize) -> String {
    if source.is_ascii() {
        return source.get(start..end.min(source.len())).unwrap_or_default().to_owned();
    }
    source.chars().skip(start).take(end.saturating_sub(start)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_of_a_name_is_no_sign() {
        let sign = |start, end| Sign { kind: Signal::Payment, start, end, milligrams: None };
        // The name is a part of the whole from 10 to 17; another name in it ends before.
        let names = vec![(10, 17), (10, 13), (30, 34)];
        let mut signs = vec![sign(0, 3), sign(10, 13), sign(14, 17), sign(10, 17), sign(16, 20), sign(30, 33)];
        drop_pieces_of_names(&mut signs, names);
        let left: Vec<_> = signs.iter().map(|sign| (sign.start, sign.end)).collect();
        assert_eq!(left, [(0, 3), (10, 17), (16, 20)], "a sign that is the whole name, or goes beyond it, counts");
    }
}

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

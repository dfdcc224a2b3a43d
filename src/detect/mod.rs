//! Recognises controlled and emerging substances in the text of a listing and says why.
//!
//! Owns: watchlist, views with offsets, matchers, class grammar, context, score, explanation.
//! Never: IO, clocks; never a word on making, dosing or using anything.
//! Start reading: [`Detector::assess`], then [`assessment::Assessment`].

mod apart;
pub mod assessment;
mod builtin;
pub mod changes;
pub mod chemical;
pub mod classes;
pub mod conflicts;
mod consonants;
pub mod controls;
pub mod decision;
mod denial;
mod detector;
mod endings;
pub mod evaluate;
mod explain;
mod find;
mod findings;
pub mod fit;
mod found;
pub mod identifiers;
mod inflection;
mod judge;
pub mod marks;
mod names;
mod near;
pub mod ordinary;
mod phrases;
mod roles;
pub mod score;
pub mod screen;
mod sets;
mod setting;
mod shapes;
mod sieve;
pub mod signals;
pub mod skeletons;
pub mod sources;
mod spellings;
mod squeezed;
pub mod view;
pub mod watchlist;
mod whole;

pub use builtin::files as builtin_files;
pub use detector::{Detector, DetectorError};

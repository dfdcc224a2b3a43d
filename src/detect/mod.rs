//! Recognises controlled and emerging substances in the text of a listing and says why.
//!
//! Owns: watchlist, views with offsets, matchers, class grammar, context, score, explanation.
//! Never: IO, clocks; never a word on making, dosing or using anything.
//! Start reading: [`Detector::assess`], then [`assessment::Assessment`].

mod apart;
pub mod assessment;
mod builtin;
pub mod changes;
pub mod classes;
pub mod conflicts;
pub mod context;
mod detector;
pub mod evaluate;
pub mod fit;
pub mod identifiers;
mod names;
mod near;
pub mod score;
pub mod screen;
mod sets;
mod sieve;
pub mod sources;
pub mod view;
pub mod watchlist;
mod weigh;
mod whole;

pub use builtin::files as builtin_files;
pub use detector::{Detector, DetectorError};

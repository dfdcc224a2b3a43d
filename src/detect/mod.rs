//! Recognises controlled and emerging substances in the text of a listing and says why.
//!
//! Owns: watchlist, views with offsets, matchers, class grammar, context, score, explanation.
//! Never: IO, clocks; never a word on making, dosing or using anything.
//! Start reading: [`Detector::assess`], then [`assessment::Assessment`].

pub mod assessment;
mod builtin;
pub mod classes;
pub mod context;
mod detector;
pub mod evaluate;
pub mod identifiers;
mod names;
mod near;
mod score;
pub mod screen;
mod sets;
mod sieve;
pub mod view;
pub mod watchlist;

pub use detector::{Detector, DetectorError};

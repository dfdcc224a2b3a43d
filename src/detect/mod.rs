//! Recognises controlled and emerging substances in the text of a listing and says why.
//!
//! Owns: watchlist, views with offsets, matchers, class grammar, context, score, explanation.
//! Never: IO, clocks; never a word on making, dosing or using anything.
//! Start reading: [`assessment::Assessment`].

pub mod assessment;

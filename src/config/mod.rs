//! Platform files and settings, parsed once into validated types, every problem with its place.
//!
//! Owns: the grammar of `seeds/*.toml` and `listingwatch.toml`, their defaults, and the sentences that say what is wrong.
//! Never: fetches, opens stores, reads a clock (`today` is passed in), falls back silently from a value that is wrong.
//! Start reading: [`platforms::parse`], then [`settings::Settings`].

mod forms;
pub mod in_use;
pub mod keys;
pub mod load;
pub mod platforms;
pub mod problem;
mod reader;
pub mod settings;
pub mod units;
pub mod watchlist;

pub use load::{load_platforms, load_settings};
pub use problem::{Problem, Severity};

//! The words of the house: ids, URLs, time, platforms and agreements, and who acts.
//!
//! Owns: types that every room speaks, parsed once and valid from then on; the crawler's identity and its signatures.
//! Never: IO, clock reads (a [`time::Clock`] is passed in), randomness.
//! Start reading: [`found::FoundUrl`] and [`url::CanonicalUrl`], then [`platform::Platform`].

pub mod actor;
mod canonical;
pub mod found;
pub mod identity;
pub mod ids;
pub mod limits;
pub mod money;
pub mod nearest;
pub mod platform;
pub mod states;
pub mod strict_json;
pub mod terms;
pub mod time;
pub mod url;
pub mod visible;

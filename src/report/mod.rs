//! Documents about the work, for people and machines. Pure.
//!
//! Owns: the coverage statement, the transparency report, the table of platforms' answers, the record of a platform's action and
//! the changes of listings, as values and as text.
//! Never: queries a store; it is given what it reports on.
//! Start reading: [`coverage::Coverage`].

pub mod actions;
pub mod changes;
pub mod coverage;
mod page;
pub mod responses;
pub mod transparency;

//! Documents about the work, for people and machines. Pure.
//!
//! Owns: the coverage statement, the transparency report and the table of platforms' answers as values and as text.
//! Never: queries a store; it is given what it reports on.
//! Start reading: [`coverage::Coverage`].

pub mod coverage;
mod page;
pub mod responses;
pub mod transparency;

//! Documents about the work, for people and machines. Pure.
//!
//! Owns: the coverage statement and the transparency report as values and as text.
//! Never: queries a store; it is given what it reports on.
//! Start reading: [`coverage::Coverage`].

pub mod coverage;
pub mod transparency;

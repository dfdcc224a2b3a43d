//! The case: its lifecycle, its notice, its policy. Pure.
//!
//! Owns: the states a referral can be in and the one function that moves it; what makes a notice complete; who approves.
//! Never: stores, sends, renders pages.
//! Start reading: [`state::step`].

pub mod notice;
pub mod outcome;
pub mod policy;
pub mod state;

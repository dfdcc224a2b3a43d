//! The case: its lifecycle, its notice, its policy. Pure.
//!
//! Owns: the states a referral can be in and the one function that moves it; what makes a notice or an order complete, and
//! its words in each language; who approves; what changed in a listing between two visits;
//! what two hubs may learn of each other.
//! Never: stores, sends, renders pages.
//! Start reading: [`state::step`].

pub mod answers;
pub mod changes;
pub mod deconflict;
pub mod document;
pub mod escalation;
pub mod excerpt;
pub mod history;
pub mod issued;
pub mod language;
pub mod notice;
pub mod order;
pub mod outcome;
pub mod pages;
pub mod policy;
pub mod reasons;
pub mod recheck;
pub mod row;
pub mod state;

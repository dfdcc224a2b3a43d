//! Commands: one file a group, parsed once into typed requests.
//!
//! Owns: arguments, exit codes, what is printed, and the local socket by which a command asks the owner of a locked data
//! directory. A [`request::Request`] is plain data, so the owner can run it on behalf of another process.
//! Never: decides anything about crawling, detection or referrals.
//! Start reading: [`request::Request`], then [`run`].

pub mod control;
pub mod exit;
pub mod output;
pub mod request;

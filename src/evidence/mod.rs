//! What was fetched, kept so that a claim can be checked: captures, digests, WARC records, the audit hash chain.
//!
//! Owns: the form of a capture and of a WARC record; the chain that makes edits visible.
//! Never: files, sockets, clocks; `archive` writes what is formed here.
//! Start reading: [`capture::Capture`].

pub mod audit;
pub mod capture;
pub mod timestamp;
pub mod warc;

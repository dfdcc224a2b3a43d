//! Same page, same bytes, same text.
//!
//! Owns: the content digest of a listing, its minhash, its frame, and the rules by which listings form a cluster and cases a series.
//! Never: stores; the index of fingerprints is the store's.
//! Start reading: [`minhash::MinHash`].

pub mod cluster;
pub mod content;
pub mod frame;
pub mod minhash;

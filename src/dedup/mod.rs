//! Same page, same bytes, same text.
//!
//! Owns: the content digest of a listing, its minhash, and the rule by which listings form a cluster.
//! Never: stores; the index of fingerprints is the store's.
//! Start reading: [`minhash::MinHash`].

pub mod cluster;
pub mod content;
pub mod minhash;

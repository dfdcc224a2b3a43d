//! Two stores behind transitions: sled for what can be rebuilt, SQLite for the record of truth.
//!
//! Owns: the data directory's lock and signing keys, the frontier with leases, the politeness ledger, the dedup index; hits, referrals,
//! audit, outbox, tokens, mandates, search.
//! Never: decides; it stores what the pure rooms decided and checks the state it leaves.
//! Start reading: [`hot::HotStore`], then [`truth::Truth`].

pub mod checkpoint;
pub mod hot;
pub mod keys;
pub mod lock;
pub mod private;
pub mod truth;
pub mod vault;

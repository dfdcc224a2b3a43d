//! Two stores behind transitions: sled for the frontier, SQLite for the record of truth.

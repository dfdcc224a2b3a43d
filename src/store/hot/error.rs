//! What can go wrong in the hot store.

/// Why the hot store failed.
#[derive(Debug, thiserror::Error)]
pub enum HotError {
    /// sled failed.
    #[error("frontier store: {0}")]
    Sled(#[from] sled::Error),
    /// A stored record cannot be read.
    #[error("frontier record cannot be read: {0}")]
    Record(#[from] serde_json::Error),
    /// A stored block is not what was written.
    #[error("a block of the frontier cannot be read")]
    Block,
    /// Files could not be moved aside for recovery.
    #[error("frontier store could not be moved aside: {0}")]
    Io(#[from] std::io::Error),
}

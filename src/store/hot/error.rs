//! What can go wrong in the hot store.

use crate::store::hot::opening::is_damage;

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

impl HotError {
    /// Whether what is stored is damaged, as opposed to a disk that refuses.
    pub fn is_damage(&self) -> bool {
        match self {
            HotError::Sled(error) => is_damage(error),
            HotError::Record(_) | HotError::Block => true,
            HotError::Io(_) => false,
        }
    }
}

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
    /// Whether the disk has no room, by which a store of sled cannot even be opened.
    pub fn is_disk_full(&self) -> bool {
        match self {
            // sled wraps the cause into text.
            HotError::Sled(sled::Error::Io(error)) => {
                error.kind() == std::io::ErrorKind::StorageFull || error.to_string().contains("os error 28")
            }
            HotError::Io(error) => error.kind() == std::io::ErrorKind::StorageFull,
            HotError::Sled(_) | HotError::Record(_) | HotError::Block => false,
        }
    }

    /// Whether what is stored is damaged, as opposed to a disk that refuses.
    pub fn is_damage(&self) -> bool {
        match self {
            HotError::Sled(error) => is_damage(error),
            HotError::Record(_) | HotError::Block => true,
            HotError::Io(_) => false,
        }
    }
}

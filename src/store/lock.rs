//! One data directory, one owner: an exclusive lock on the file `LOCK`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::store::private;

/// Why a data directory cannot be owned.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process owns it.
    #[error("data directory `{directory}` is in use by {owner}")]
    Owned {
        /// The data directory.
        directory: PathBuf,
        /// What the lock file says of its owner.
        owner: String,
    },
    /// The lock file cannot be made or read.
    #[error("cannot lock data directory `{directory}`: {source}")]
    Io {
        /// The data directory.
        directory: PathBuf,
        /// Cause.
        source: std::io::Error,
    },
}

/// Ownership of a data directory; ends when dropped, also by a kill.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Makes the directory if needed, locks it, and takes from others what they may do in it.
    ///
    /// # Errors
    /// When another process holds it, or the folder cannot be written.
    pub fn take(directory: &Path) -> Result<Self, LockError> {
        let io = |source| LockError::Io { directory: directory.to_path_buf(), source };
        private::make(directory).map_err(io)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(directory.join(private::LOCK))
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut owner = String::new();
                let _ = file.read_to_string(&mut owner);
                let owner = if owner.trim().is_empty() { "another process" } else { owner.trim() }.to_owned();
                return Err(LockError::Owned { directory: directory.to_path_buf(), owner });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        private::tighten(directory);
        let written = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "process {}", std::process::id()));
        match written {
            // The lock holds without the words: on a full disk there is no room for them.
            Err(source) if source.kind() != std::io::ErrorKind::StorageFull => Err(io(source)),
            _ => Ok(DirectoryLock { _file: file }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_owner_is_refused_and_told_who_owns_it() {
        let directory = tempfile::tempdir().unwrap();
        let held = DirectoryLock::take(directory.path()).unwrap();
        let error = DirectoryLock::take(directory.path()).unwrap_err();
        assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
        drop(held);
        assert!(DirectoryLock::take(directory.path()).is_ok());
    }
}

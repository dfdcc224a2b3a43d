//! WARC files and exports on disk.
//!
//! Owns: append-only `*.warc.gz` files and their repair after a hard stop, reading them back, datasets in files.
//! Never: decides what is kept, forms records (`evidence::warc` does), opens either store, reads a clock.
//! Start reading: [`warc_file::WarcWriter`], then [`warc_reader`], then [`export`].

pub mod export;
pub mod member;
pub mod repair;
pub mod warc_file;
pub mod warc_reader;

use std::io;
use std::path::PathBuf;

use crate::evidence::warc::WarcError;

/// What goes wrong with files of the archive.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The operating system refused; a full disk is among the causes.
    #[error("cannot {action} `{path}`")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// No record begins at that offset.
    #[error("`{path}` has no whole record at offset {offset}")]
    Record {
        /// The file.
        path: PathBuf,
        /// The offset asked for.
        offset: u64,
        /// What is wrong there.
        #[source]
        source: RecordFault,
    },
    /// A name that would leave the folder, or is not a WARC file's.
    #[error("`{0}` is not the name of a WARC file")]
    Name(String),
}

impl ArchiveError {
    /// Whether a record read by its citation is missing, damaged or another one, as opposed to a disk that refused.
    pub fn breaks_citation(&self) -> bool {
        match self {
            ArchiveError::Record { .. } | ArchiveError::Name(_) => true,
            ArchiveError::Io { source, .. } => source.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Whether the disk is full: scans pause, nothing is lost.
    pub fn is_disk_full(&self) -> bool {
        match self {
            ArchiveError::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            _ => false,
        }
    }
}

/// Why bytes at an offset are no record.
#[derive(Debug, thiserror::Error)]
pub enum RecordFault {
    /// Not gzip, or cut off, or its checksum is wrong.
    #[error("gzip member is damaged or cut off: {0}")]
    Gzip(io::Error),
    /// More than a reader takes into memory.
    #[error("record expands past {0} bytes")]
    TooLarge(u64),
    /// The bytes are no WARC record.
    #[error(transparent)]
    Warc(#[from] WarcError),
}

//! The record of truth, in SQLite: hits, referrals, audit, outbox, tokens, mandates, scans, search.
//!
//! Every change that an outsider could see is one transaction that holds the new state, its audit entry and what must be
//! sent because of it. Methods are transitions: they load the state, ask [`crate::referral::state::step`], and store what it answers.

mod actions;
mod audit;
mod cases;
mod changes;
mod checkpoint;
mod citations;
mod clusters;
mod deconflict;
mod emerging;
mod escalations;
mod figures;
mod flood;
mod governance;
mod hits;
mod inbox;
mod issued;
mod jobs;
mod kept;
mod known;
mod looks;
mod notice;
mod outbox;
mod pages;
mod personal;
pub mod query;
mod redaction;
mod reports;
mod rescreen;
mod retention;
mod review;
mod schema;
mod search;
mod series;
mod signer;
mod steps;
mod story;
mod tallies;
mod terms;
mod timestamps;
mod tokens;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags, Transaction};

pub use actions::RecordSignature;
pub use cases::{CaseEvent, CaseFilter, CaseHit, DueRecheck, RecheckTarget, ReferralFull};
pub use changes::ChangeFilter;
pub use citations::Citation;
pub use clusters::ClusterAt;
pub use deconflict::{Mark, MarkKind, Overlap};
pub use emerging::{EmergingName, EmergingNames};
pub use escalations::Escalation;
pub use figures::{AnswerTimes, MonthCount, Relisting};
pub use flood::Queued;
pub use governance::{Mandate, MandateClaim, MandateEnd, ScanRow, ScanSummary, Schedule};
pub use hits::{Covers, HitRecord, PageRecord, Recorded};
pub use inbox::FOUND_LIMIT;
pub use issued::{LoggedDocument, OnRecord, logged_document};
pub use jobs::JobRun;
pub use known::KnownHit;
pub use looks::{ControlLook, ControlSight, Look};
pub use notice::{Brought, NoticeForms, NoticeTerms};
pub use outbox::{AttemptResult, AttemptRow, Delivery, DeliveryRow, FeedEvent, Stuck};
pub use pages::NOT_FROM_A_PAGE;
pub use personal::Revealed;
pub use rescreen::{Difference, Rejudged, StoredHit};
pub use retention::Destroyed;
pub use review::{Claim, WAITING};
pub use search::{COUNT_LIMIT, FACETS_LIMIT, Facets, HitRow, SearchPage};
pub use steps::{Reminder, RepeatKey};
pub use story::StoryLine;
pub use terms::CLOSED;
pub use timestamps::{CaptureDigest, Covered, Stamped, TimestampRow};
pub use tokens::{Principal, Session, TokenRow};

pub use crate::referral::row::ReferralRow;
pub use crate::vocab::terms::Role;

use crate::referral::issued::Printer;
use crate::referral::state::IllegalStep;
use crate::store::keys::{KeyFileError, secret};
use crate::store::truth::query::QueryError;
use crate::store::vault::{Vault, VaultError};

/// Why the record of truth refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum TruthError {
    /// SQLite failed: disk full, damaged file.
    #[error("record of truth: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A stored value cannot be read, or one cannot be formed.
    #[error("record of truth holds a value that cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// A stored value does not have its form.
    #[error("record of truth holds a value that cannot be read: {0}")]
    Value(String),
    /// The file was written by a newer program.
    #[error("record of truth has schema {found}, this version knows {known}")]
    NewerSchema {
        /// Schema found.
        found: i64,
        /// Schema known.
        known: i64,
    },
    /// No such thing.
    #[error("no {kind} `{id}`")]
    NotFound {
        /// What kind of thing.
        kind: &'static str,
        /// Which.
        id: String,
    },
    /// The state does not allow it.
    #[error(transparent)]
    Step(#[from] IllegalStep),
    /// The notice could not leave.
    #[error(transparent)]
    Notice(#[from] crate::referral::notice::MissingField),
    /// The query cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// A hit without evidence.
    #[error("a hit at `{url}` cites no stored record")]
    NoEvidence {
        /// The page.
        url: String,
    },
    /// The vault refused.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Held back for another authority's work.
    #[error("{0}")]
    Held(String),
    /// It was done already, and differently.
    #[error("{0}")]
    Conflict(String),
    /// A rule of the house forbids it: another person must decide, or the agreement does not have it.
    #[error("{0}")]
    Refused(String),
    /// It was erased; what is left of it is said.
    #[error("{0}")]
    Erased(String),
    /// The name is none a person may bear.
    #[error(transparent)]
    Name(#[from] crate::vocab::actor::NameError),
    /// A value given by the caller is not right.
    #[error("{0}")]
    Invalid(String),
    /// The key of sealed values cannot be had.
    #[error("{0}")]
    KeyFile(#[from] KeyFileError),
}

/// The record of truth of one data directory.
pub struct Truth {
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    path: std::path::PathBuf,
    /// Key of the seller hashes; a value cannot be looked up without it.
    seal: [u8; 32],
    /// Signs the end of the audit log.
    signer: signer::Signer,
    /// Clear values of what is stored here as keyed hashes.
    vault: Vault,
    /// Makes HTML of documents.
    print: Printer,
}

/// Readers kept open.
const READERS: usize = 4;

impl TruthError {
    /// Whether it is for want of room on the disk that the file cannot be opened.
    pub fn is_disk_full(&self) -> bool {
        use rusqlite::ErrorCode::{CannotOpen, DiskFull, SystemIoFailure};
        let TruthError::Sqlite(error) = self else { return false };
        // Room that is wanted beside the file (for its log, or the index of it) is told as a failure of the system.
        matches!(error.sqlite_error_code(), Some(CannotOpen | DiskFull | SystemIoFailure))
    }
}

impl Truth {
    /// Opens or makes the file. The key of the seller hashes lies beside it in `keys/seal.key`.
    ///
    /// # Errors
    /// When the file cannot be opened or was written by a newer program.
    pub fn open(path: &Path) -> Result<Self, TruthError> {
        let mut writer = Connection::open(path)?;
        // FULL: a referral that was acknowledged must survive the power going away.
        writer.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000;")?;
        // What is deleted is overwritten, so that what retention destroys is gone.
        writer.execute_batch("PRAGMA secure_delete = ON;")?;
        let data = path.parent().unwrap_or_else(|| Path::new("."));
        let older = schema::prepare(&mut writer)?;
        let is_needed = writer.prepare("SELECT 1 FROM hits LIMIT 1")?.exists([])?;
        let seal = secret(&data.join("keys"), "seal.key", is_needed)?;
        let is_signed = writer.prepare("SELECT 1 FROM audit_head LIMIT 1")?.exists([])?;
        let signer = signer::Signer::open(data, is_signed)?;
        let vault = Vault::open(data)?;
        let path = path.to_path_buf();
        let print: Printer = |document| document.text();
        let truth = Truth { writer: Mutex::new(writer), readers: Mutex::default(), path, seal, signer, vault, print };
        if older {
            // A log begun before its end was signed.
            let mut writer = truth.writer();
            let tx = writer.transaction()?;
            truth.commit(tx)?;
        }
        truth.part_again()?;
        Ok(truth)
    }

    /// Opens the file to be read only, as it lies on a disk that has no room: nothing is written, not even beside it. Nobody else may
    /// have it open.
    ///
    /// # Errors
    /// When the file cannot be opened, is of another version, or what was written last lies in a log that needs room to be read.
    pub fn open_to_read(path: &Path) -> Result<Self, TruthError> {
        let log = path.with_extension("db-wal");
        let is_closed = std::fs::metadata(&log).map_or(true, |log| log.len() == 0);
        let reader = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
            let uri = url::Url::from_file_path(std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf()));
            let uri = uri.map(|uri| format!("{uri}{}", if is_closed { "?immutable=1" } else { "" }));
            let uri = uri.map_err(|()| TruthError::Value(format!("`{}` is no path", path.display())))?;
            let reader = Connection::open_with_flags(uri, flags)?;
            reader.execute_batch("PRAGMA query_only = ON;")?;
            Ok::<_, TruthError>(reader)
        };
        let writer = reader()?;
        schema::must_be_newest(&writer)?;
        let data = path.parent().unwrap_or_else(|| Path::new("."));
        let seal = secret(&data.join("keys"), "seal.key", true)?;
        let signer = signer::Signer::open(data, true)?;
        let vault = Vault::open(data)?;
        let print: Printer = |document| document.text();
        let readers = (0..READERS).map(|_| reader()).collect::<Result<_, _>>()?;
        let path = path.to_path_buf();
        Ok(Truth { writer: Mutex::new(writer), readers: Mutex::new(readers), path, seal, signer, vault, print })
    }

    /// The same with another way to make HTML of documents; without one it is their text.
    #[must_use]
    pub fn printing(self, print: Printer) -> Self {
        Truth { print, ..self }
    }

    /// Ends a transaction. An audit entry and the signature over the log's new end become durable together.
    fn commit(&self, tx: Transaction<'_>) -> Result<(), TruthError> {
        self.signer.sign_end(&tx)?;
        Ok(tx.commit()?)
    }

    /// Caps the file at so many pages, never below what it has now; `None` lifts the cap. Beyond it SQLite answers as on a
    /// full disk, which is how operators and tests can see what then happens.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn set_quota_pages(&self, pages: Option<u32>) -> Result<(), TruthError> {
        let pages = pages.unwrap_or(u32::MAX - 1);
        self.writer().query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
        Ok(())
    }

    /// Keyed hash of a personal value: equal values compare equal, and nobody without the key can guess them.
    pub fn seal(&self, value: &str) -> String {
        let folded = value.trim().to_lowercase();
        data_encoding::HEXLOWER.encode(&blake3::keyed_hash(&self.seal, folded.as_bytes()).as_bytes()[..16])
    }

    /// A secret of this installation for one purpose; other purposes cannot be guessed from it.
    pub fn secret_for(&self, purpose: &str) -> [u8; 32] {
        *blake3::keyed_hash(&self.seal, format!("listingwatch secret for {purpose}").as_bytes()).as_bytes()
    }

    /// A name for a thing that nobody can compute from it without the key of this installation: ids and log entries tell nothing of
    /// an address or a wording to who has it.
    fn keyed_name(&self, kind: &str, thing: &[u8]) -> [u8; 16] {
        let key = self.secret_for(&format!("names of {kind}"));
        let mut name = [0; 16];
        name.copy_from_slice(&blake3::keyed_hash(&key, thing).as_bytes()[..16]);
        name
    }

    /// The same in hexadecimal digits, two for each of so many bytes.
    fn keyed_digits(&self, kind: &str, thing: &[u8], bytes: usize) -> String {
        data_encoding::HEXLOWER.encode(&self.keyed_name(kind, thing)[..bytes.min(16)])
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on a reader of its own, so that readers never wait for the writer.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, TruthError>) -> Result<T, TruthError> {
        let held = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let reader = match held {
            Some(reader) => reader,
            None => {
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                let reader = Connection::open_with_flags(&self.path, flags)?;
                reader.execute_batch("PRAGMA busy_timeout = 10000; PRAGMA query_only = ON;")?;
                reader.set_prepared_statement_cache_capacity(64);
                reader
            }
        };
        let result = work(&reader);
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS {
            readers.push(reader);
        }
        result
    }
}

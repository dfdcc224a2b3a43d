//! Holds every hit against the record it cites.

use std::path::Path;

use serde::Serialize;

use crate::archive::ArchiveError;
use crate::archive::warc_reader::read_cited;
use crate::store::truth::{Citation, Truth, TruthError};

/// Citations read at once.
const CITATIONS_AT_ONCE: usize = 500;

/// Why the evidence could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// The record of truth refused.
    #[error(transparent)]
    Truth(#[from] TruthError),
    /// The disk refused; that says nothing of the evidence.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
}

/// What checking found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct EvidenceChecked {
    /// Hits whose evidence was read and is the record they cite.
    pub hold: u64,
    /// Hits whose captured page was destroyed, as retention asks.
    pub destroyed: u64,
    /// Hits whose record is missing, damaged or another one.
    pub broken: u64,
}

/// A hit whose citation does not hold.
#[derive(Debug, Clone, Serialize)]
pub struct BrokenCitation {
    /// What it cites.
    #[serde(flatten)]
    pub citation: Citation,
    /// What is wrong.
    pub reason: String,
}

/// Reads the record of every hit; hands each that does not hold to `broken`.
///
/// # Errors
/// When a store or the disk refuses, or `broken` does.
pub fn check<E: From<EvidenceError>>(
    truth: &Truth,
    warc: &Path,
    mut broken: impl FnMut(BrokenCitation) -> Result<(), E>,
) -> Result<EvidenceChecked, E> {
    let (mut checked, mut row) = (EvidenceChecked::default(), 0);
    loop {
        let citations = truth.citations(row, CITATIONS_AT_ONCE).map_err(EvidenceError::from)?;
        let Some(last) = citations.last() else { return Ok(checked) };
        row = last.row;
        for citation in citations {
            if citation.destroyed.is_some() {
                checked.destroyed += 1;
                continue;
            }
            let reason = match &citation.record {
                None => Some("its place or digest on record cannot be read".to_owned()),
                Some(record) => match read_cited(warc, record) {
                    Ok(_) => None,
                    Err(error) if error.breaks_citation() => Some(in_full(&error)),
                    Err(error) => return Err(EvidenceError::from(error).into()),
                },
            };
            match reason {
                None => checked.hold += 1,
                Some(reason) => {
                    checked.broken += 1;
                    broken(BrokenCitation { citation, reason })?;
                }
            }
        }
    }
}

/// An error with its causes.
fn in_full(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

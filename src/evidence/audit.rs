//! The audit log's hash chain: an edit, a removal or a change of order shows.

use serde::{Deserialize, Serialize};

use crate::vocab::ids::Sha256Digest;
use crate::vocab::time::Timestamp;

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Place in the log, from 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who: a token's owner, a name given on the command line, or the program.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// Details as JSON text; never personal data.
    pub detail: String,
    /// Hash of the entry before; of nothing for the first.
    pub previous: Sha256Digest,
    /// Hash over all of the above.
    pub hash: Sha256Digest,
}

/// What an entry says before it has a place in the chain.
#[derive(Debug, Clone)]
pub struct Said<'a> {
    /// Who.
    pub actor: &'a str,
    /// What was done.
    pub action: &'a str,
    /// To what.
    pub subject: &'a str,
    /// Details as JSON text.
    pub detail: &'a str,
}

/// Where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditBreak {
    /// An entry is missing or out of order.
    #[error("audit entry {expected} is missing or out of order: found {found}")]
    Order {
        /// Number that should stand there.
        expected: u64,
        /// Number found.
        found: u64,
    },
    /// An entry does not continue the one before.
    #[error("audit entry {0} does not continue the entry before it")]
    Chain(u64),
    /// An entry was edited.
    #[error("audit entry {0} was changed after it was written")]
    Edited(u64),
}

/// The hash before the first entry.
pub const GENESIS: Sha256Digest = Sha256Digest([0; 32]);

impl AuditEntry {
    /// Forms the entry that follows `previous`.
    pub fn next(previous: Option<(u64, Sha256Digest)>, said: &Said<'_>, at: Timestamp) -> Self {
        let (last, previous) = previous.unwrap_or((0, GENESIS));
        let mut entry = AuditEntry {
            seq: last + 1,
            at,
            actor: said.actor.to_owned(),
            action: said.action.to_owned(),
            subject: said.subject.to_owned(),
            detail: said.detail.to_owned(),
            previous,
            hash: GENESIS,
        };
        entry.hash = entry.expected_hash();
        entry
    }

    fn expected_hash(&self) -> Sha256Digest {
        // Each part with its length, so that no two entries share their bytes.
        let seq = self.seq.to_string();
        let at = self.at.as_millis().to_string();
        let mut bytes = Vec::new();
        for part in [seq.as_str(), &at, &self.actor, &self.action, &self.subject, &self.detail] {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes.extend_from_slice(&self.previous.0);
        Sha256Digest::of(&bytes)
    }
}

/// Follows a log from its first entry; answers with how many entries hold and the last hash.
///
/// # Errors
/// The first place where the chain does not hold.
pub fn verify(entries: impl IntoIterator<Item = AuditEntry>) -> Result<(u64, Sha256Digest), AuditBreak> {
    let (mut count, mut last) = (0, GENESIS);
    for entry in entries {
        if entry.seq != count + 1 {
            return Err(AuditBreak::Order { expected: count + 1, found: entry.seq });
        }
        if entry.previous != last {
            return Err(AuditBreak::Chain(entry.seq));
        }
        if entry.hash != entry.expected_hash() {
            return Err(AuditBreak::Edited(entry.seq));
        }
        (count, last) = (entry.seq, entry.hash);
    }
    Ok((count, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Vec<AuditEntry> {
        let mut entries: Vec<AuditEntry> = Vec::new();
        for n in 0..5 {
            let said = Said { actor: "reviewer", action: "approve", subject: &format!("r{n}"), detail: "{}" };
            let previous = entries.last().map(|entry| (entry.seq, entry.hash));
            entries.push(AuditEntry::next(previous, &said, Timestamp::from_millis(n)));
        }
        entries
    }

    #[test]
    fn a_whole_log_holds_and_every_tampering_shows() {
        assert_eq!(verify(log()).unwrap().0, 5);
        let mut edited = log();
        edited[2].actor = "someone".into();
        assert_eq!(verify(edited), Err(AuditBreak::Edited(3)));
        let mut removed = log();
        removed.remove(1);
        assert_eq!(verify(removed), Err(AuditBreak::Order { expected: 2, found: 3 }));
        let mut swapped = log();
        swapped.swap(1, 2);
        assert!(verify(swapped).is_err());
        let mut forged = log();
        forged[3].subject = "r9".into();
        forged[3].hash = forged[3].expected_hash();
        assert_eq!(verify(forged), Err(AuditBreak::Chain(5)));
    }
}

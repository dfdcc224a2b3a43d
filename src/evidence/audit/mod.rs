//! The audit log's hash chain: an edit, a removal or a change of order shows. Signed checkpoints hold its end in place.

pub mod checkpoint;

use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};

use crate::evidence::audit::checkpoint::Checkpoint;
use crate::vocab::actor::Actor;
use crate::vocab::ids::Sha256Digest;
use crate::vocab::time::Timestamp;

/// One entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AuditEntry {
    /// Place in the log, from 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who, as a word: a token's owner, a name given on the command line, the policy, or a job of the program.
    pub actor: String,
    /// What kind of actor that is: `person`, `policy` or `job`. Entries of the first versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_kind: Option<String>,
    /// A person's role, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_role: Option<String>,
    /// How a person came in: `console`, `api`, `command-line` or `signed-link`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_door: Option<String>,
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
    pub actor: &'a Actor,
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
    /// A checkpoint does not carry our signature.
    #[error("the checkpoint of audit entry {0} is not signed with this installation's key, or was changed")]
    Signature(u64),
    /// Entries at the end are missing.
    #[error("the audit log ends at entry {found}, a signed checkpoint says it had at least {expected}")]
    CutShort {
        /// Entries that were there when the checkpoint was signed.
        expected: u64,
        /// Entries that are there now.
        found: u64,
    },
    /// The log was written anew: whole in itself, but not what was signed.
    #[error("audit entry {0} is not the one that was signed in a checkpoint")]
    Replaced(u64),
    /// Entries without a signed end.
    #[error("the audit log has {0} entries and no signed end; it was removed")]
    Unsigned(u64),
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
            actor: said.actor.to_string(),
            actor_kind: Some(said.actor.kind().name().to_owned()),
            actor_role: said.actor.role().map(str::to_owned),
            actor_door: said.actor.door().map(|door| door.name().to_owned()),
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
        let who = [&self.actor_kind, &self.actor_role, &self.actor_door];
        // Entries written before actors had a kind are hashed as they were then.
        if who.iter().any(|part| part.is_some()) {
            for part in who {
                // What is not there has a length that no text has, so that it is not taken for an empty text.
                let length = part.as_ref().map_or(u64::MAX, |part| part.len() as u64);
                bytes.extend_from_slice(&length.to_be_bytes());
                bytes.extend_from_slice(part.as_deref().unwrap_or_default().as_bytes());
            }
        }
        bytes.extend_from_slice(&self.previous.0);
        Sha256Digest::of(&bytes)
    }
}

/// Follows a log entry by entry, in constant memory, and compares it with signed checkpoints on the way.
#[derive(Debug)]
pub struct Follower {
    count: u64,
    last: Sha256Digest,
    checkpoints: Vec<Checkpoint>,
    passed: usize,
}

impl Follower {
    /// A follower before the first entry. Every checkpoint must carry the signature of `key`.
    ///
    /// # Errors
    /// The first checkpoint that does not.
    pub fn new(mut checkpoints: Vec<Checkpoint>, key: &VerifyingKey) -> Result<Self, AuditBreak> {
        for checkpoint in &checkpoints {
            checkpoint.verify(key)?;
        }
        checkpoints.sort_by_key(|checkpoint| checkpoint.seq);
        Ok(Follower { count: 0, last: GENESIS, checkpoints, passed: 0 })
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// Where the chain does not hold, or the entry is not the one that was signed.
    pub fn entry(&mut self, entry: &AuditEntry) -> Result<(), AuditBreak> {
        if entry.seq != self.count + 1 {
            return Err(AuditBreak::Order { expected: self.count + 1, found: entry.seq });
        }
        if entry.previous != self.last {
            return Err(AuditBreak::Chain(entry.seq));
        }
        if entry.hash != entry.expected_hash() {
            return Err(AuditBreak::Edited(entry.seq));
        }
        while let Some(checkpoint) = self.checkpoints.get(self.passed).filter(|held| held.seq == entry.seq) {
            if checkpoint.hash != entry.hash {
                return Err(AuditBreak::Replaced(entry.seq));
            }
            self.passed += 1;
        }
        (self.count, self.last) = (entry.seq, entry.hash);
        Ok(())
    }

    /// The log has ended.
    ///
    /// # Errors
    /// When a checkpoint speaks of entries that are not there.
    pub fn end(self) -> Result<Followed, AuditBreak> {
        match self.checkpoints.last() {
            Some(newest) if newest.seq > self.count => {
                Err(AuditBreak::CutShort { expected: newest.seq, found: self.count })
            }
            newest => Ok(Followed {
                entries: self.count,
                head: self.last,
                checkpoints: self.passed as u64,
                signed: newest.map_or(0, |newest| newest.seq),
            }),
        }
    }
}

/// A log that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Followed {
    /// Entries.
    pub entries: u64,
    /// Hash of the last one.
    pub head: Sha256Digest,
    /// Signed checkpoints that it agrees with.
    pub checkpoints: u64,
    /// The last entry that a signature covers.
    pub signed: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Vec<AuditEntry> {
        let mut entries: Vec<AuditEntry> = Vec::new();
        for n in 0..5 {
            let said = Said {
                actor: &Actor::named("reviewer").unwrap(),
                action: "approve",
                subject: &format!("r{n}"),
                detail: "{}",
            };
            let previous = entries.last().map(|entry| (entry.seq, entry.hash));
            entries.push(AuditEntry::next(previous, &said, Timestamp::from_millis(n)));
        }
        entries
    }

    fn verify(entries: Vec<AuditEntry>) -> Result<(u64, Sha256Digest), AuditBreak> {
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let mut follower = Follower::new(vec![], &key.verifying_key())?;
        entries.iter().try_for_each(|entry| follower.entry(entry))?;
        follower.end().map(|followed| (followed.entries, followed.head))
    }

    #[test]
    fn a_log_cut_short_or_written_anew_shows_against_its_checkpoint() {
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let entries = log();
        let signed =
            |seq: usize| Checkpoint::sign(&key, entries[seq - 1].seq, entries[seq - 1].hash, Timestamp::from_millis(9));
        let follow = |entries: &[AuditEntry], checkpoints: Vec<Checkpoint>| {
            let mut follower = Follower::new(checkpoints, &key.verifying_key())?;
            entries.iter().try_for_each(|entry| follower.entry(entry))?;
            follower.end()
        };
        let whole = follow(&entries, vec![signed(5), signed(2)]).unwrap();
        assert_eq!((whole.entries, whole.checkpoints, whole.signed), (5, 2, 5));
        assert_eq!(follow(&entries[..4], vec![signed(5)]), Err(AuditBreak::CutShort { expected: 5, found: 4 }));
        let mut anew: Vec<AuditEntry> = Vec::new();
        for entry in &entries {
            let said = Said {
                actor: &Actor::named("someone").unwrap(),
                action: &entry.action,
                subject: &entry.subject,
                detail: "{}",
            };
            let previous = anew.last().map(|entry| (entry.seq, entry.hash));
            anew.push(AuditEntry::next(previous, &said, entry.at));
        }
        assert_eq!(follow(&anew, vec![signed(2)]), Err(AuditBreak::Replaced(2)));
        let forged = Checkpoint { seq: 4, ..signed(5) };
        assert_eq!(follow(&entries[..4], vec![forged]), Err(AuditBreak::Signature(4)));
        let other = ed25519_dalek::SigningKey::from_bytes(&[8; 32]);
        let foreign = Checkpoint::sign(&other, 4, entries[3].hash, Timestamp::EPOCH);
        assert_eq!(follow(&entries[..4], vec![foreign]), Err(AuditBreak::Signature(4)));
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

//! Signed checkpoints: this many entries, ending in this hash, at this moment. Whoever keeps one can show later that nothing
//! before it was edited, removed or put in another order, without trusting the machine the log lies on.

use data_encoding::BASE64;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::evidence::audit::AuditBreak;
use crate::vocab::ids::Sha256Digest;
use crate::vocab::time::Timestamp;

/// The end of the audit log at one moment, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Checkpoint {
    /// Number of the last entry.
    pub seq: u64,
    /// Its hash.
    pub hash: Sha256Digest,
    /// When it was signed.
    pub at: Timestamp,
    /// Which key signed: [`key_id`].
    pub key: String,
    /// Ed25519 signature of [`message`], in base 64.
    pub signature: String,
}

/// What is signed, as text; the form is versioned by its first line.
pub fn message(seq: u64, hash: &Sha256Digest, at: Timestamp) -> String {
    format!("listingwatch audit checkpoint v1\n{seq}\n{hash}\n{at}\n")
}

/// A key's name: the first 16 hexadecimal digits of the SHA-256 of the public key.
pub fn key_id(key: &VerifyingKey) -> String {
    Sha256Digest::of(key.as_bytes()).hex()[..16].to_owned()
}

impl Checkpoint {
    /// Signs the end of a log.
    pub fn sign(key: &SigningKey, seq: u64, hash: Sha256Digest, at: Timestamp) -> Self {
        let signature = key.sign(message(seq, &hash, at).as_bytes());
        let signature = BASE64.encode(&signature.to_bytes());
        Checkpoint { seq, hash, at, key: key_id(&key.verifying_key()), signature }
    }

    /// Whether the signature is `key`'s.
    ///
    /// # Errors
    /// When it is not.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), AuditBreak> {
        let broken = || AuditBreak::Signature(self.seq);
        let bytes = BASE64.decode(self.signature.as_bytes()).map_err(|_| broken())?;
        let signature = Signature::from_slice(&bytes).map_err(|_| broken())?;
        key.verify(message(self.seq, &self.hash, self.at).as_bytes(), &signature).map_err(|_| broken())
    }
}

//! The key that signs the end of the audit log: `keys/audit.key` (0600), its public half beside it as `audit.pub`.

use std::fs;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use rusqlite::{Connection, OptionalExtension, params};

use crate::evidence::audit::checkpoint::Checkpoint;
use crate::store::keys::KeyFileError;
use crate::store::private;
use crate::store::truth::TruthError;
use crate::vocab::time::Timestamp;

/// Signs the end of the audit log.
pub(super) struct Signer {
    key: SigningKey,
    /// The file of earlier checkpoints, outside the database.
    checkpoints: PathBuf,
}

fn io(error: &dyn std::fmt::Display) -> TruthError {
    TruthError::Invalid(format!("the key of the audit log cannot be kept: {error}"))
}

impl Signer {
    /// The key of the data directory, made at the first call. Where `is_needed` says that something was signed with it, one
    /// that is missing is never made anew: the log would seem to be signed by somebody else.
    pub fn open(data: &Path, is_needed: bool) -> Result<Self, TruthError> {
        let folder = data.join("keys");
        let file = folder.join("audit.key");
        let key = match fs::read_to_string(&file) {
            Ok(text) => SigningKey::from_pkcs8_pem(&text)
                .map_err(|_| TruthError::Invalid(format!("`{}` is not an ed25519 key in PEM", file.display())))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && is_needed => {
                return Err(KeyFileError::Missing { path: file }.into());
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let mut seed = [0; 32];
                getrandom::fill(&mut seed).map_err(|e| io(&e))?;
                let key = SigningKey::from_bytes(&seed);
                let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|e| io(&e))?;
                private::write_whole(&file, pem.as_bytes()).map_err(|e| io(&e))?;
                key
            }
            Err(error) => return Err(io(&error)),
        };
        let public = folder.join("audit.pub");
        let pem = pem(&key.verifying_key())?;
        if fs::read_to_string(&public).ok().as_ref() != Some(&pem) {
            private::write_whole(&public, pem.as_bytes()).map_err(|e| io(&e))?;
        }
        Ok(Signer { key, checkpoints: data.join("audit").join("checkpoints.jsonl") })
    }

    /// The key that signatures are verified with.
    pub fn public(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    /// Signs the newest entry within the caller's transaction, if it is not signed yet. Dated like the entry itself.
    pub fn sign_end(&self, tx: &Connection) -> Result<(), TruthError> {
        let newest: Option<(u64, String, i64, Option<u64>)> = tx
            .prepare_cached("SELECT seq, hash, at, (SELECT seq FROM audit_head) FROM audit ORDER BY seq DESC LIMIT 1")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        let Some((seq, hash, at, signed)) = newest else { return Ok(()) };
        if signed == Some(seq) {
            return Ok(());
        }
        let hash = hash.parse().map_err(|_| TruthError::Value(format!("hash of audit entry {seq}")))?;
        let end = Checkpoint::sign(&self.key, seq, hash, Timestamp::from_millis(at));
        tx.prepare_cached(
            "INSERT OR REPLACE INTO audit_head (one, seq, hash, at, key, signature) VALUES (1, ?, ?, ?, ?, ?)",
        )?
        .execute(params![end.seq, end.hash.to_string(), end.at.as_millis(), end.key, end.signature])?;
        Ok(())
    }

    /// Signs bytes; the signature in base 64.
    pub fn sign(&self, bytes: &[u8]) -> String {
        BASE64.encode(&self.key.sign(bytes).to_bytes())
    }

    /// Signs the end of the log as it is at `now`.
    pub fn checkpoint(&self, seq: u64, hash: crate::vocab::ids::Sha256Digest, now: Timestamp) -> Checkpoint {
        Checkpoint::sign(&self.key, seq, hash, now)
    }

    /// Keeps a checkpoint outside the database, so that putting an older database in its place shows.
    pub fn keep(&self, checkpoint: &Checkpoint) -> Result<(), TruthError> {
        if let Some(folder) = self.checkpoints.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|e| io(&e))?;
        }
        let mut line = serde_json::to_string(checkpoint)?;
        line.push('\n');
        let mut file = fs::OpenOptions::new().append(true).create(true).open(&self.checkpoints).map_err(|e| io(&e))?;
        file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(|e| io(&e))
    }

    /// Checkpoints kept so far, oldest first. A last line cut off by a crash is passed over.
    pub fn kept(&self) -> Result<Vec<Checkpoint>, TruthError> {
        let text = match fs::read_to_string(&self.checkpoints) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(io(&error)),
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| {
                serde_json::from_str(line)
                    .map_err(|error| TruthError::Value(format!("{}: {error}", self.checkpoints.display())))
            })
            .collect()
    }
}

/// A public key in PEM, as `openssl pkey -pubin` reads it.
pub(super) fn pem(key: &VerifyingKey) -> Result<String, TruthError> {
    key.to_public_key_pem(LineEnding::LF).map_err(|e| io(&e))
}

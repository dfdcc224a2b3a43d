//! The vault: sellers' names, contacts and payment addresses, sealed with a key of their own (`vault/vault.db`,
//! `keys/vault.key`). The record of truth holds keyed hashes only; whoever has it without the vault's key has no names.
//!
//! Each value is sealed by ChaCha20-Poly1305 under a key derived for that value alone, so that no nonce meets a key twice;
//! the hash and the kind are bound to it. Deleting overwrites the pages (`secure_delete`).

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use rusqlite::{Connection, OptionalExtension, params};

use crate::store::keys::{KeyFileError, secret};
use crate::vocab::time::Timestamp;

/// Why the vault refused.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// SQLite failed.
    #[error("vault: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The disk refused, or there is no randomness.
    #[error("vault: {0}")]
    Key(String),
    /// Its key cannot be had.
    #[error("vault: {0}")]
    KeyFile(#[from] KeyFileError),
    /// A value does not open: damaged, moved to another name, or sealed with another key.
    #[error("the sealed value `{0}` does not open with this key")]
    Sealed(String),
}

/// Sealed values of one data directory.
pub struct Vault {
    connection: Mutex<Connection>,
    key: [u8; 32],
}

/// A value to be sealed: the name it is found by, what it is, and itself.
#[derive(Clone, PartialEq, Eq)]
pub struct ClearValue {
    /// Keyed hash.
    pub hash: String,
    /// `seller`, or a kind of contact as `listing::contacts` calls it.
    pub kind: &'static str,
    /// As published.
    pub value: String,
}

impl std::fmt::Debug for ClearValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ClearValue({} {})", self.kind, self.hash)
    }
}

impl Vault {
    /// Opens or makes the vault of a data directory.
    ///
    /// # Errors
    /// When the disk refuses or the key file is damaged.
    pub fn open(data: &Path) -> Result<Self, VaultError> {
        let folder = data.join("vault");
        let io = |error: std::io::Error| VaultError::Key(error.to_string());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(io)?;
        let file = folder.join("vault.db");
        // Made with its mode before SQLite opens it.
        fs::OpenOptions::new().append(true).create(true).mode(0o600).open(&file).map_err(io)?;
        let connection = Connection::open(&file)?;
        connection.execute_batch(
            "PRAGMA journal_mode = TRUNCATE; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA busy_timeout = 10000;
             CREATE TABLE IF NOT EXISTS sealed (
               hash TEXT NOT NULL, kind TEXT NOT NULL, stored INTEGER NOT NULL, sealed BLOB NOT NULL,
               PRIMARY KEY (hash, kind)) STRICT, WITHOUT ROWID;
             CREATE INDEX IF NOT EXISTS sealed_by_age ON sealed (stored);",
        )?;
        let is_needed = connection.prepare("SELECT 1 FROM sealed LIMIT 1")?.exists([])?;
        let key = secret(&data.join("keys"), "vault.key", is_needed)?;
        Ok(Vault { connection: Mutex::new(connection), key })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seals values that are not here yet. A value that is keeps its date: being seen again does not lengthen its time.
    ///
    /// # Errors
    /// When SQLite refuses or there is no randomness.
    pub fn keep(&self, values: &[ClearValue], now: Timestamp) -> Result<(), VaultError> {
        if values.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection();
        let tx = connection.transaction()?;
        for value in values {
            let known = tx
                .prepare_cached("SELECT 1 FROM sealed WHERE hash = ? AND kind = ?")?
                .exists(params![value.hash, value.kind])?;
            if !known {
                let sealed = self.seal(value)?;
                tx.prepare_cached("INSERT INTO sealed (hash, kind, stored, sealed) VALUES (?, ?, ?, ?)")?
                    .execute(params![value.hash, value.kind, now.as_millis(), sealed])?;
            }
        }
        Ok(tx.commit()?)
    }

    /// The clear value of a hash; `None` when its time is over.
    ///
    /// # Errors
    /// When SQLite fails, or the value does not open.
    pub fn open_value(&self, hash: &str, kind: &str) -> Result<Option<String>, VaultError> {
        let sealed: Option<Vec<u8>> = self
            .connection()
            .prepare_cached("SELECT sealed FROM sealed WHERE hash = ? AND kind = ?")?
            .query_row(params![hash, kind], |row| row.get(0))
            .optional()?;
        let Some(mut sealed) = sealed else { return Ok(None) };
        let broken = || VaultError::Sealed(hash.to_owned());
        if sealed.len() < NONCE_LEN {
            return Err(broken());
        }
        let mut body = sealed.split_off(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(&sealed).map_err(|_| broken())?;
        let bound = Aad::from(format!("{kind}\n{hash}"));
        let clear = self.key_for(hash, kind)?.open_in_place(nonce, bound, &mut body).map_err(|_| broken())?;
        String::from_utf8(clear.to_vec()).map(Some).map_err(|_| broken())
    }

    /// Values stored before `before`, and all values.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn count(&self, before: Timestamp) -> Result<(u64, u64), VaultError> {
        let sql = "SELECT count(*) FILTER (WHERE stored < ?), count(*) FROM sealed";
        Ok(self.connection().query_row(sql, [before.as_millis()], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Destroys values stored before `before`. Answers how many.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn destroy_before(&self, before: Timestamp) -> Result<u64, VaultError> {
        Ok(self.connection().execute("DELETE FROM sealed WHERE stored < ?", [before.as_millis()])? as u64)
    }

    /// Destroys the values of these hashes. Answers how many.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn destroy(&self, hashes: &[String]) -> Result<u64, VaultError> {
        let mut connection = self.connection();
        let tx = connection.transaction()?;
        let mut gone = 0;
        for hash in hashes {
            gone += tx.execute("DELETE FROM sealed WHERE hash = ?", [hash])? as u64;
        }
        tx.commit()?;
        Ok(gone)
    }

    /// A key for one value alone.
    fn key_for(&self, hash: &str, kind: &str) -> Result<LessSafeKey, VaultError> {
        let one = blake3::keyed_hash(&self.key, format!("listingwatch vault value\n{kind}\n{hash}").as_bytes());
        let key = UnboundKey::new(&CHACHA20_POLY1305, one.as_bytes())
            .map_err(|_| VaultError::Key("a derived key has the wrong length".to_owned()))?;
        Ok(LessSafeKey::new(key))
    }

    fn seal(&self, value: &ClearValue) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|error| VaultError::Key(format!("no randomness: {error}")))?;
        let mut body = value.value.clone().into_bytes();
        let bound = Aad::from(format!("{}\n{}", value.kind, value.hash));
        self.key_for(&value.hash, value.kind)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound, &mut body)
            .map_err(|_| VaultError::Key("a value could not be sealed".to_owned()))?;
        Ok([nonce.as_slice(), &body].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> ClearValue {
        ClearValue { hash: "abc123".into(), kind: "email", value: text.into() }
    }

    #[test]
    fn values_open_with_the_key_and_lie_sealed_on_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path()).unwrap();
        vault.keep(&[value("sales@lab.example.test")], Timestamp::from_millis(10)).unwrap();
        vault.keep(&[value("sales@lab.example.test")], Timestamp::from_millis(99)).unwrap();
        assert_eq!(vault.open_value("abc123", "email").unwrap().as_deref(), Some("sales@lab.example.test"));
        assert_eq!(vault.open_value("abc123", "phone").unwrap(), None);
        assert_eq!(vault.open_value("abc124", "email").unwrap(), None);
        let bytes = fs::read(folder.path().join("vault/vault.db")).unwrap();
        assert!(!bytes.windows(5).any(|w| w == b"sales"), "the clear value is on the disk");
        assert!(!format!("{:?}", value("secret")).contains("secret"));

        // Seen again, it keeps its first date.
        assert_eq!(vault.count(Timestamp::from_millis(50)).unwrap(), (1, 1));
        assert_eq!(vault.destroy_before(Timestamp::from_millis(50)).unwrap(), 1);
        assert_eq!(vault.open_value("abc123", "email").unwrap(), None);
    }

    #[test]
    fn a_value_moved_to_another_name_or_opened_with_another_key_does_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path()).unwrap();
        vault.keep(&[value("sales@lab.example.test")], Timestamp::EPOCH).unwrap();
        vault.connection().execute("UPDATE sealed SET hash = 'other'", []).unwrap();
        assert!(matches!(vault.open_value("other", "email"), Err(VaultError::Sealed(_))));
        vault.connection().execute("UPDATE sealed SET hash = 'abc123'", []).unwrap();
        assert!(vault.open_value("abc123", "email").is_ok());
        drop(vault);
        fs::write(folder.path().join("keys/vault.key"), [1; 32]).unwrap();
        let vault = Vault::open(folder.path()).unwrap();
        assert!(matches!(vault.open_value("abc123", "email"), Err(VaultError::Sealed(_))));
    }
}

//! Signing keys of the installation: files of mode 0600 below `keys/` in the data directory.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use data_encoding::BASE64;

use crate::store::private;
use crate::vocab::identity::{CrawlerKeys, KeysError, Rotation};
use crate::vocab::ids::PlatformId;
use crate::vocab::time::Timestamp;

/// Why a key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The disk refused.
    #[error("key file `{path}`: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the disk said.
        source: std::io::Error,
    },
    /// The system has no randomness.
    #[error("no randomness for a new key: {0}")]
    Randomness(getrandom::Error),
    /// A key that values are sealed with is not there.
    #[error(
        "key file `{path}` is missing, and what was sealed with it cannot be read without it; put it back from the backup"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A key of another length.
    #[error("key file `{path}` does not hold 32 bytes; put it back from the backup")]
    Length {
        /// The file.
        path: PathBuf,
    },
    /// A key file does not have its form.
    #[error("key file `{path}`: {source}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeysError,
    },
}

/// A key of 32 bytes below `folder`. The first call makes it; where `is_needed` says that something was sealed with it, one
/// that is missing is never made anew.
///
/// # Errors
/// When the disk refuses, the file is no key or is missing though needed, or there is no randomness.
pub fn secret(folder: &Path, name: &str, is_needed: bool) -> Result<[u8; 32], KeyFileError> {
    let path = folder.join(name);
    match std::fs::read(&path) {
        Ok(bytes) => bytes.try_into().map_err(|_| KeyFileError::Length { path }),
        Err(error) if error.kind() == ErrorKind::NotFound && is_needed => Err(KeyFileError::Missing { path }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let key = random_bytes()?;
            match private::write_whole(&path, &key) {
                Ok(()) => Ok(key),
                Err(source) => Err(KeyFileError::Io { path, source }),
            }
        }
        Err(source) => Err(KeyFileError::Io { path, source }),
    }
}

/// The folder of keys.
#[derive(Debug, Clone)]
pub struct KeyRing {
    folder: PathBuf,
}

/// Keys that sign at once: the one in use, and the one before it until its receivers have changed over.
const SIGNING_AT_ONCE: usize = 4;

/// The file of the keys that sign requests.
const CRAWLER_KEYS: &str = "crawler.json";

impl KeyRing {
    /// The keys below `data`.
    pub fn of(data: &Path) -> Self {
        KeyRing { folder: data.join("keys") }
    }

    /// The keys that sign webhooks to a platform, newest first: `whsec_…` (HMAC) and `whsk_…` (ed25519) lines. The first
    /// call makes a pair.
    ///
    /// # Errors
    /// When the disk refuses or there is no randomness.
    pub fn webhook(&self, platform: &PlatformId) -> Result<Vec<String>, KeyFileError> {
        let path = self.path(platform);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()),
            Err(error) if error.kind() == ErrorKind::NotFound => self.rotate_webhook(platform),
            Err(source) => Err(KeyFileError::Io { path, source }),
        }
    }

    /// Makes a new pair; the one before signs too until the next rotation, so that no receiver misses a message.
    ///
    /// # Errors
    /// When the disk refuses or there is no randomness.
    pub fn rotate_webhook(&self, platform: &PlatformId) -> Result<Vec<String>, KeyFileError> {
        let path = self.path(platform);
        let held = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(source) => return Err(KeyFileError::Io { path, source }),
        };
        let mut keys = vec![format!("whsec_{}", random()?), format!("whsk_{}", random()?)];
        keys.extend(held.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned));
        keys.truncate(SIGNING_AT_ONCE);
        self.write(&path, &keys.join("\n")).map_err(|source| KeyFileError::Io { path, source })?;
        Ok(keys)
    }

    /// The keys that sign the crawler's requests. The first call makes one.
    ///
    /// # Errors
    /// When the disk refuses, the file does not have its form, or there is no randomness. A file that cannot be read is
    /// never replaced: platforms know its key.
    pub fn crawler(&self, now: Timestamp) -> Result<CrawlerKeys, KeyFileError> {
        let path = self.folder.join(CRAWLER_KEYS);
        match std::fs::read_to_string(&path) {
            Ok(text) => CrawlerKeys::parse(&text).map_err(|source| KeyFileError::Form { path, source }),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.write_crawler(CrawlerKeys::first(&random_bytes()?, now), path)
            }
            Err(source) => Err(KeyFileError::Io { path, source }),
        }
    }

    /// Makes a new key for the crawler's requests and keeps the ones still needed.
    ///
    /// # Errors
    /// As [`KeyRing::crawler`].
    pub fn rotate_crawler(&self, how: Rotation, now: Timestamp) -> Result<CrawlerKeys, KeyFileError> {
        let keys = self.crawler(now)?.rotated(&random_bytes()?, how, now);
        self.write_crawler(keys, self.folder.join(CRAWLER_KEYS))
    }

    fn write_crawler(&self, keys: CrawlerKeys, path: PathBuf) -> Result<CrawlerKeys, KeyFileError> {
        match self.write(&path, &keys.to_text()) {
            Ok(()) => Ok(keys),
            Err(source) => Err(KeyFileError::Io { path, source }),
        }
    }

    fn path(&self, platform: &PlatformId) -> PathBuf {
        self.folder.join(format!("webhook-{platform}.keys"))
    }

    fn write(&self, path: &Path, text: &str) -> std::io::Result<()> {
        private::write_whole(path, text.as_bytes())
    }
}

fn random() -> Result<String, KeyFileError> {
    Ok(BASE64.encode(&random_bytes()?))
}

fn random_bytes() -> Result<[u8; 32], KeyFileError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(KeyFileError::Randomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_key_signs_beside_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let (ring, platform) = (KeyRing::of(folder.path()), PlatformId::parse("bazaar").unwrap());
        let first = ring.webhook(&platform).unwrap();
        assert_eq!(first.len(), 2);
        assert_eq!(ring.webhook(&platform).unwrap(), first, "asked again, the same keys");
        let second = ring.rotate_webhook(&platform).unwrap();
        assert_eq!(second[2..], first[..]);
        let third = ring.rotate_webhook(&platform).unwrap();
        assert_eq!(third[2..], second[..2], "the oldest pair signs no more");
        let mode = std::fs::metadata(ring.path(&platform)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_crawler_s_key_is_made_once_kept_private_and_never_overwritten_when_it_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let ring = KeyRing::of(folder.path());
        let now = Timestamp::from_millis(1_764_000_000_000);
        let first = ring.crawler(now).unwrap();
        assert_eq!(ring.crawler(now).unwrap().to_text(), first.to_text());
        let path = folder.path().join("keys").join(CRAWLER_KEYS);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(ring.rotate_crawler(Rotation::Announced, now).unwrap().published(now).count(), 2);
        std::fs::write(&path, "{").unwrap();
        assert!(ring.crawler(now).is_err() && ring.rotate_crawler(Rotation::AtOnce, now).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{");
    }
}

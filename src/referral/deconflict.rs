//! Digests by which two hubs learn that they work on the same thing, and nothing else of each other.
//!
//! Each side computes a keyed hash of what its cases are about under a key both share. Equal values give equal digests;
//! who lacks the key learns nothing. Who has the key can test a guess: keys are made for one partner and changed after use.

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::vocab::time::Timestamp;

/// What a digest is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DigestKind {
    /// Canonical address of a listing.
    Url,
    /// A seller's published name.
    Seller,
    /// An e-mail address, telephone number or messenger handle.
    Contact,
    /// A bank account or a coin address.
    Payment,
}

impl DigestKind {
    /// The name used in files.
    pub fn name(self) -> &'static str {
        match self {
            DigestKind::Url => "url",
            DigestKind::Seller => "seller",
            DigestKind::Contact => "contact",
            DigestKind::Payment => "payment",
        }
    }

    /// The kind under which a stored fingerprint is exchanged.
    pub fn of_stored(kind: &str) -> Option<Self> {
        match kind {
            "url" => Some(DigestKind::Url),
            "seller" => Some(DigestKind::Seller),
            "email" | "phone" | "messenger" => Some(DigestKind::Contact),
            "iban" | "bitcoin" | "ethereum" | "monero" | "account" => Some(DigestKind::Payment),
            _ => None,
        }
    }
}

/// One digest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Digest {
    /// What it is of.
    pub kind: DigestKind,
    /// Keyed BLAKE3, 64 hexadecimal digits.
    pub digest: String,
}

/// The key two hubs share. Prints without its bytes.
#[derive(Clone)]
pub struct DigestKey([u8; 32]);

impl std::fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DigestKey(..)")
    }
}

/// Why a file of digests or a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Not a key.
    #[error("a key is `lwdk_` and 64 hexadecimal digits")]
    Key,
    /// The first line is no head of ours.
    #[error("line 1 is not the head of a file of digests")]
    Head,
    /// The file was made under another key.
    #[error("the file was made under another key")]
    OtherKey,
    /// A line cannot be read.
    #[error("line {0} is not a digest")]
    Line(usize),
    /// The file's time is over.
    #[error("the file was valid until {0}")]
    Expired(Timestamp),
}

/// First line of a file of digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestHead {
    /// `listingwatch-digests-1`.
    pub format: String,
    /// Who made it.
    pub source: String,
    /// When.
    pub created: Timestamp,
    /// Until when it may be kept.
    pub expires: Timestamp,
    /// Tells keys apart without telling the key.
    pub key_check: String,
}

const FORMAT: &str = "listingwatch-digests-1";

impl DigestKey {
    /// Reads `lwdk_…`.
    ///
    /// # Errors
    /// When it is no key.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let body = text.trim().strip_prefix("lwdk_").ok_or(DigestError::Key)?;
        let bytes = HEXLOWER.decode(body.as_bytes()).map_err(|_| DigestError::Key)?;
        bytes.try_into().map(DigestKey).map_err(|_| DigestError::Key)
    }

    /// A key from random bytes, and its text.
    pub fn from_random(bytes: [u8; 32]) -> (Self, String) {
        (DigestKey(bytes), format!("lwdk_{}", HEXLOWER.encode(&bytes)))
    }

    /// The digest of a value. Case and surrounding space do not count; in contacts and accounts, neither do separators.
    pub fn digest(&self, kind: DigestKind, value: &str) -> Digest {
        let folded = match kind {
            DigestKind::Url => value.trim().to_owned(),
            DigestKind::Seller => value.trim().to_lowercase(),
            DigestKind::Contact | DigestKind::Payment => {
                value.to_lowercase().chars().filter(|c| c.is_alphanumeric() || matches!(c, '@' | '.' | '+')).collect()
            }
        };
        let hash = blake3::keyed_hash(&self.0, format!("{}\n{folded}", kind.name()).as_bytes());
        Digest { kind, digest: hash.to_hex().to_string() }
    }

    /// Tells keys apart without telling the key.
    pub fn check(&self) -> String {
        blake3::keyed_hash(&self.0, b"listingwatch digest key check").to_hex()[..16].to_owned()
    }
}

/// A file of digests: the head, then one digest a line.
pub fn write_file(key: &DigestKey, source: &str, digests: &[Digest], now: Timestamp, expires: Timestamp) -> String {
    let head = DigestHead {
        format: FORMAT.to_owned(),
        source: source.to_owned(),
        created: now,
        expires,
        key_check: key.check(),
    };
    let mut out = serde_json::to_string(&head).unwrap_or_default();
    for digest in digests {
        out.push('\n');
        out.push_str(&serde_json::to_string(digest).unwrap_or_default());
    }
    out.push('\n');
    out
}

/// Reads a file of digests made under `key`.
///
/// # Errors
/// What is wrong with it, with the line.
pub fn read_file(key: &DigestKey, text: &str, now: Timestamp) -> Result<(DigestHead, Vec<Digest>), DigestError> {
    let mut lines = text.lines();
    let head: DigestHead = lines.next().and_then(|line| serde_json::from_str(line).ok()).ok_or(DigestError::Head)?;
    if head.format != FORMAT || head.source.trim().is_empty() {
        return Err(DigestError::Head);
    }
    if head.key_check != key.check() {
        return Err(DigestError::OtherKey);
    }
    if head.expires < now {
        return Err(DigestError::Expired(head.expires));
    }
    let mut digests = Vec::new();
    for (at, line) in lines.enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let digest: Digest = serde_json::from_str(line).map_err(|_| DigestError::Line(at + 2))?;
        if digest.digest.len() != 64 || HEXLOWER.decode(digest.digest.as_bytes()).is_err() {
            return Err(DigestError::Line(at + 2));
        }
        digests.push(digest);
    }
    Ok((head, digests))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_meet_under_one_key_and_only_there() {
        let (ours, text) = DigestKey::from_random([3; 32]);
        let theirs = DigestKey::parse(&text).unwrap();
        let one = ours.digest(DigestKind::Contact, "Telegram: @Some_Shop");
        assert_eq!(one, theirs.digest(DigestKind::Contact, "telegram @some_shop "));
        let (other, _) = DigestKey::from_random([4; 32]);
        assert_ne!(one, other.digest(DigestKind::Contact, "Telegram: @Some_Shop"));
        assert_ne!(one.digest, ours.digest(DigestKind::Seller, "Telegram: @Some_Shop").digest);
        assert!(!format!("{ours:?}").contains("03"));
    }

    #[test]
    fn a_file_reads_back_and_mistakes_are_named() {
        let (key, _) = DigestKey::from_random([3; 32]);
        let (now, end) = (Timestamp::from_millis(1000), Timestamp::from_millis(2000));
        let digests = vec![key.digest(DigestKind::Url, "https://a.test/1"), key.digest(DigestKind::Seller, "x")];
        let file = write_file(&key, "hub-a", &digests, now, end);
        assert!(!file.contains("a.test"));
        let (head, read) = read_file(&key, &file, now).unwrap();
        assert_eq!((head.source.as_str(), read), ("hub-a", digests));
        let (other, _) = DigestKey::from_random([5; 32]);
        assert_eq!(read_file(&other, &file, now), Err(DigestError::OtherKey));
        assert_eq!(read_file(&key, &file, Timestamp::from_millis(3000)), Err(DigestError::Expired(end)));
        assert_eq!(read_file(&key, &format!("{file}nonsense\n"), now), Err(DigestError::Line(4)));
        assert_eq!(read_file(&key, "{}", now), Err(DigestError::Head));
        assert_eq!(DigestKey::parse("lwdk_12").unwrap_err(), DigestError::Key);
    }
}

//! Who the crawler is: its keys, and HTTP message signatures (RFC 9421) in the Web Bot Auth profile
//! (draft-ietf-webbotauth-httpsig-protocol, with its key directory).
//!
//! Pure: seeds of keys, nonces and moments are passed in. The key file is `store::keys`' business.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::vocab::time::Timestamp;

/// Where the hub publishes the keys.
pub const DIRECTORY_PATH: &str = "/.well-known/http-message-signatures-directory";

/// Media type of the key directory.
pub const DIRECTORY_TYPE: &str = "application/http-message-signatures-directory+json";

/// How long verifiers may keep the directory, and so how long a new key is announced before it signs.
pub const ANNOUNCED_FOR: Duration = Duration::from_secs(24 * 3600);

/// How long a key that no longer signs stays in the directory: a platform may look at its logs later.
pub const OVERLAP: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long a signature holds. Longer than any request may take and any sane clock is off; the profile allows a day.
const SIGNATURE_LIFE_SECONDS: i64 = 300;

/// The one label of our signatures.
const LABEL: &str = "sig1";

/// Bytes of randomness in a nonce.
pub const NONCE_BYTES: usize = 24;

/// Text that is no file of keys.
#[derive(Debug, thiserror::Error)]
#[error("the file of the crawler's keys cannot be read: {0}")]
pub struct KeysError(String);

/// One ed25519 key with the times it is used.
#[derive(Clone)]
pub struct CrawlerKey {
    key: SigningKey,
    thumbprint: String,
    /// When it was made; it is published from then on.
    pub made: Timestamp,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// Until when it is published, once a newer key has taken its place.
    pub published_until: Option<Timestamp>,
}

impl fmt::Debug for CrawlerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CrawlerKey({})", self.thumbprint)
    }
}

impl CrawlerKey {
    fn new(seed: &[u8; 32], made: Timestamp, signs_from: Timestamp) -> Self {
        let key = SigningKey::from_bytes(seed);
        let thumbprint = thumbprint(&key.verifying_key());
        CrawlerKey { key, thumbprint, made, signs_from, published_until: None }
    }

    /// The `keyid` of its signatures: base64url SHA-256 thumbprint of the JWK (RFC 7638, RFC 8037 appendix A.3).
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// The public key, base64url.
    pub fn public(&self) -> String {
        BASE64URL_NOPAD.encode(self.key.verifying_key().as_bytes())
    }

    fn sign(&self, base: &str) -> String {
        BASE64.encode(&self.key.sign(base.as_bytes()).to_bytes())
    }
}

fn thumbprint(key: &VerifyingKey) -> String {
    let x = BASE64URL_NOPAD.encode(key.as_bytes());
    let canonical = format!("{{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"{x}\"}}");
    BASE64URL_NOPAD.encode(&Sha256::digest(canonical.as_bytes()))
}

/// How a key is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The new key is announced for a day before it signs, and the old one stays published for a week after that.
    Announced,
    /// The old key may be in wrong hands: it leaves the directory and stops signing now.
    AtOnce,
}

/// The crawler's keys, newest first; never empty.
#[derive(Debug, Clone)]
pub struct CrawlerKeys(Vec<CrawlerKey>);

#[derive(Serialize, Deserialize)]
struct StoredKeys {
    version: u8,
    keys: Vec<StoredKey>,
}

#[derive(Serialize, Deserialize)]
struct StoredKey {
    seed: String,
    made: Timestamp,
    signs_from: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    published_until: Option<Timestamp>,
}

impl CrawlerKeys {
    /// The first key of an installation; it signs at once.
    pub fn first(seed: &[u8; 32], now: Timestamp) -> Self {
        CrawlerKeys(vec![CrawlerKey::new(seed, now, now)])
    }

    /// A new key beside the ones still needed.
    #[must_use]
    pub fn rotated(&self, seed: &[u8; 32], how: Rotation, now: Timestamp) -> Self {
        if how == Rotation::AtOnce {
            return CrawlerKeys::first(seed, now);
        }
        let signs_from = now.after(ANNOUNCED_FOR);
        let mut keys = vec![CrawlerKey::new(seed, now, signs_from)];
        for held in self.published(now) {
            let until = held.published_until.unwrap_or(signs_from.after(OVERLAP));
            keys.push(CrawlerKey { published_until: Some(until), ..held.clone() });
        }
        CrawlerKeys(keys)
    }

    /// The key that signs at `now`: the newest whose time has come.
    pub fn signing(&self, now: Timestamp) -> &CrawlerKey {
        // After a clock that stepped back no key's time may have come; the oldest is then the one verifiers know.
        self.0.iter().find(|key| key.signs_from <= now).unwrap_or(&self.0[self.0.len() - 1])
    }

    /// The keys verifiers may be asked to know at `now`, newest first.
    pub fn published(&self, now: Timestamp) -> impl Iterator<Item = &CrawlerKey> {
        let signing = self.signing(now).thumbprint.clone();
        self.0
            .iter()
            .filter(move |key| key.thumbprint == signing || key.published_until.is_none_or(|until| until > now))
    }

    /// The key directory, a JSON Web Key Set.
    pub fn directory(&self, agent: Option<&str>, now: Timestamp) -> serde_json::Value {
        let keys: Vec<serde_json::Value> = self
            .published(now)
            .map(|key| {
                let mut jwk = serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "kid": key.thumbprint,
                    "x": key.public(), "use": "sig", "alg": "ed25519", "nbf": key.signs_from.as_seconds() });
                if let Some(until) = key.published_until {
                    jwk["exp"] = until.as_seconds().into();
                }
                jwk
            })
            .collect();
        let mut directory = serde_json::json!({ "keys": keys });
        if let Some(agent) = agent {
            directory["signature_agent"] = agent.into();
        }
        directory
    }

    /// Headers by which each published key vouches for the directory as served under `authority`.
    pub fn directory_headers(&self, authority: &str, now: Timestamp) -> [(&'static str, String); 2] {
        let (mut inputs, mut signatures) = (Vec::new(), Vec::new());
        for (number, key) in self.published(now).enumerate() {
            let label = format!("sig{}", number + 1);
            let params = parameters("(\"@authority\";req)", key, now, None, "http-message-signatures-directory");
            let base = format!("\"@authority\";req: {authority}\n\"@signature-params\": {params}");
            signatures.push(format!("{label}=:{}:", key.sign(&base)));
            inputs.push(format!("{label}={params}"));
        }
        [("signature-input", inputs.join(", ")), ("signature", signatures.join(", "))]
    }

    /// Headers that sign a request to `authority` (host, and the port unless it is the scheme's own). `agent` is the
    /// address below which the directory is found.
    pub fn request_headers(
        &self,
        authority: &str,
        agent: Option<&str>,
        now: Timestamp,
        nonce: &[u8; NONCE_BYTES],
    ) -> Vec<(&'static str, String)> {
        let key = self.signing(now);
        let nonce = BASE64URL_NOPAD.encode(nonce);
        let mut headers = Vec::with_capacity(3);
        let (covered, lines) = match agent {
            Some(agent) => {
                let agent = quoted(agent);
                headers.push(("signature-agent", format!("{LABEL}={agent}")));
                (
                    format!("(\"@authority\" \"signature-agent\";key=\"{LABEL}\")"),
                    format!("\"@authority\": {authority}\n\"signature-agent\";key=\"{LABEL}\": {agent}\n"),
                )
            }
            None => ("(\"@authority\")".to_owned(), format!("\"@authority\": {authority}\n")),
        };
        let params = parameters(&covered, key, now, Some(&nonce), "web-bot-auth");
        let base = format!("{lines}\"@signature-params\": {params}");
        headers.push(("signature-input", format!("{LABEL}={params}")));
        headers.push(("signature", format!("{LABEL}=:{}:", key.sign(&base))));
        headers
    }

    /// The file's text. It holds the private keys.
    pub fn to_text(&self) -> String {
        let keys = self.0.iter().map(|key| StoredKey {
            seed: BASE64URL_NOPAD.encode(&key.key.to_bytes()),
            made: key.made,
            signs_from: key.signs_from,
            published_until: key.published_until,
        });
        serde_json::to_string_pretty(&StoredKeys { version: 1, keys: keys.collect() }).unwrap_or_default()
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// When it is not the form [`CrawlerKeys::to_text`] writes, or holds no key. The text is never quoted.
    pub fn parse(text: &str) -> Result<Self, KeysError> {
        let stored: StoredKeys = serde_json::from_str(text)
            .map_err(|error| KeysError(format!("line {}, column {}", error.line(), error.column())))?;
        let mut keys = Vec::with_capacity(stored.keys.len());
        for held in stored.keys {
            let seed: [u8; 32] = BASE64URL_NOPAD
                .decode(held.seed.as_bytes())
                .ok()
                .and_then(|bytes| bytes.try_into().ok())
                .ok_or_else(|| KeysError("a seed is not 32 bytes in base64url".to_owned()))?;
            let mut key = CrawlerKey::new(&seed, held.made, held.signs_from);
            key.published_until = held.published_until;
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(KeysError("it holds no key".to_owned()));
        }
        Ok(CrawlerKeys(keys))
    }
}

/// `@signature-params` of one signature.
fn parameters(covered: &str, key: &CrawlerKey, now: Timestamp, nonce: Option<&str>, tag: &str) -> String {
    let created = now.as_seconds();
    let expires = created + SIGNATURE_LIFE_SECONDS;
    let nonce = nonce.map_or_else(String::new, |nonce| format!(";nonce=\"{nonce}\""));
    format!(
        "{covered};created={created};expires={expires};keyid=\"{}\";alg=\"ed25519\"{nonce};tag=\"{tag}\"",
        key.thumbprint
    )
}

/// An sf-string (RFC 8941 section 3.3.3); what fits none is left out.
fn quoted(text: &str) -> String {
    let inner: String = text
        .chars()
        .filter(|c| matches!(c, ' '..='~'))
        .flat_map(|c| matches!(c, '"' | '\\').then_some('\\').into_iter().chain([c]))
        .collect();
    format!("\"{inner}\"")
}

/// The host of an address with the port unless it is the scheme's own: `@authority` of RFC 9421 section 2.2.3.
pub fn authority_of(address: &str) -> Option<String> {
    let url = url::Url::parse(address).ok()?;
    let host = url.host_str()?.to_ascii_lowercase();
    Some(url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}")))
}

/// The keys in use, shared by the client that signs and the hub that publishes.
#[derive(Debug)]
pub struct Identity {
    agent: Option<String>,
    // A handle, never held across an await.
    keys: RwLock<Arc<CrawlerKeys>>,
}

impl Identity {
    /// `agent` is the hub's public address; without one requests are signed and do not say where the keys are.
    pub fn new(keys: CrawlerKeys, agent: Option<String>) -> Self {
        Identity { agent, keys: RwLock::new(Arc::new(keys)) }
    }

    /// Where others find the directory, if the hub has a public address.
    pub fn agent(&self) -> Option<&str> {
        self.agent.as_deref()
    }

    /// The keys in use.
    pub fn keys(&self) -> Arc<CrawlerKeys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts changed keys in use.
    pub fn replace(&self, keys: CrawlerKeys) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    /// The test key of RFC 9421 appendix B.1.4, whose thumbprint stands in the Web Bot Auth drafts.
    fn rfc_key() -> CrawlerKeys {
        let seed = BASE64URL_NOPAD.decode(b"n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU").unwrap();
        CrawlerKeys::first(&seed.try_into().unwrap(), at(0))
    }

    #[test]
    fn the_thumbprint_of_the_standard_s_key_is_the_standard_s() {
        let keys = rfc_key();
        let key = keys.signing(at(1));
        assert_eq!(key.public(), "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs");
        assert_eq!(key.thumbprint(), "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U");
    }

    #[test]
    fn a_signature_covers_authority_agent_and_parameters() {
        let keys = rfc_key();
        let headers = keys.request_headers("shop.example.test:8443", Some("https://hub.test"), at(1000), &[7; 24]);
        let of = |name: &str| headers.iter().find(|(held, _)| *held == name).unwrap().1.clone();
        assert_eq!(of("signature-agent"), "sig1=\"https://hub.test\"");
        let input = of("signature-input");
        for part in [
            "sig1=(\"@authority\" \"signature-agent\";key=\"sig1\");created=1000;expires=1300;",
            "keyid=\"poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U\"",
            ";alg=\"ed25519\"",
            ";nonce=\"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH\"",
            ";tag=\"web-bot-auth\"",
        ] {
            assert!(input.contains(part), "{part} in {input}");
        }
        let base = format!(
            "\"@authority\": shop.example.test:8443\n\"signature-agent\";key=\"sig1\": \"https://hub.test\"\n\"@signature-params\": {}",
            input.strip_prefix("sig1=").unwrap()
        );
        let signature = of("signature");
        let signature = BASE64.decode(&signature.as_bytes()[6..signature.len() - 1]).unwrap();
        let signature = ed25519_dalek::Signature::from_slice(&signature).unwrap();
        let public = keys.signing(at(1)).key.verifying_key();
        public.verify_strict(base.as_bytes(), &signature).unwrap();
        assert!(public.verify_strict(base.replace("8443", "8444").as_bytes(), &signature).is_err());
        assert_eq!(keys.request_headers("a.test", None, at(0), &[0; 24]).len(), 2, "no agent is named without a hub");
    }

    #[test]
    fn a_new_key_is_announced_before_it_signs_and_the_old_one_stays_published() {
        let first = CrawlerKeys::first(&[1; 32], at(0));
        let old = first.signing(at(0)).thumbprint().to_owned();
        let both = first.rotated(&[2; 32], Rotation::Announced, at(100));
        assert_eq!(both.signing(at(100)).thumbprint(), old);
        assert_eq!(both.published(at(100)).count(), 2);
        let day = 86_400;
        assert_ne!(both.signing(at(100 + day)).thumbprint(), old);
        assert_eq!(both.published(at(100 + 7 * day)).count(), 2);
        assert_eq!(both.published(at(100 + 9 * day)).count(), 1);
        let directory = both.directory(Some("https://hub.test"), at(100));
        assert_eq!(directory["keys"][1]["kid"], old);
        assert_eq!(directory["keys"][1]["exp"], 100 + 8 * day);
        assert!(directory["keys"][0].get("exp").is_none() && directory["keys"][0].get("d").is_none());
        // Twice within the day: the key in use stays the one verifiers know.
        let thrice = both.rotated(&[3; 32], Rotation::Announced, at(200));
        assert_eq!((thrice.signing(at(200)).thumbprint(), thrice.published(at(200)).count()), (old.as_str(), 3));
        let lost = thrice.rotated(&[4; 32], Rotation::AtOnce, at(300));
        assert_eq!(lost.published(at(300)).count(), 1);
        assert_ne!(lost.signing(at(300)).thumbprint(), old);
    }

    #[test]
    fn each_published_key_vouches_for_the_directory() {
        let keys = rfc_key().rotated(&[9; 32], Rotation::Announced, at(10));
        let [(_, inputs), (_, signatures)] = keys.directory_headers("hub.example.test", at(10));
        assert_eq!(
            (inputs.matches("tag=\"http-message-signatures-directory\"").count(), signatures.matches(":,").count()),
            (2, 1)
        );
        assert!(inputs.starts_with("sig1=(\"@authority\";req);created=10;"), "{inputs}");
    }

    #[test]
    fn keys_are_read_back_and_never_shown() {
        let keys = rfc_key().rotated(&[9; 32], Rotation::Announced, at(10));
        let text = keys.to_text();
        let back = CrawlerKeys::parse(&text).unwrap();
        assert_eq!(back.to_text(), text);
        assert!(!format!("{keys:?}").contains("n4Ni"));
        for wrong in ["", "{}", "{\"version\":1,\"keys\":[]}", "{\"version\":1,\"keys\":[{\"seed\":\"n4Ni\"}]}"] {
            let error = CrawlerKeys::parse(wrong).unwrap_err().to_string();
            assert!(!error.contains("n4Ni"), "{error}");
        }
    }

    #[test]
    fn the_authority_has_no_default_port() {
        for (address, authority) in [
            ("https://Hub.Example.test/", "hub.example.test"),
            ("https://hub.example.test:443", "hub.example.test"),
            ("http://127.0.0.1:8080", "127.0.0.1:8080"),
            ("http://[::1]:81/x", "[::1]:81"),
        ] {
            assert_eq!(authority_of(address).as_deref(), Some(authority));
        }
    }
}

//! Standard Webhooks: signing, sending through a guarded client, and what an answer means.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use data_encoding::BASE64;
use ed25519_dalek::{Signer, SigningKey};

use crate::vocab::time::Timestamp;

/// Why a signing key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A symmetric secret that is not `whsec_` and 24 to 64 bytes in base 64.
    #[error("a webhook secret is `whsec_` followed by 24 to 64 bytes in base 64")]
    Secret,
    /// A private key that is not `whsk_` and 32 bytes in base 64.
    #[error("a webhook signing key is `whsk_` followed by 32 bytes in base 64")]
    PrivateKey,
    /// No key at all.
    #[error("no webhook key is set")]
    Empty,
}

/// The keys a webhook is signed with. While keys are being changed, the old and the new one both sign.
#[derive(Clone)]
pub struct SigningKeys {
    secrets: Vec<Vec<u8>>,
    private: Vec<SigningKey>,
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKeys({} secrets, {} key pairs)", self.secrets.len(), self.private.len())
    }
}

impl SigningKeys {
    /// Reads `whsec_…` secrets (HMAC, `v1`) and `whsk_…` private keys (ed25519, `v1a`), newest first.
    ///
    /// # Errors
    /// When a key does not have its form, or there is none.
    pub fn parse<S: AsRef<str>>(keys: &[S]) -> Result<Self, KeyError> {
        let mut found = SigningKeys { secrets: Vec::new(), private: Vec::new() };
        for key in keys {
            let key = key.as_ref().trim();
            if let Some(body) = key.strip_prefix("whsk_") {
                let bytes = BASE64.decode(body.as_bytes()).map_err(|_| KeyError::PrivateKey)?;
                // Some tools write seed and public key together; the seed comes first.
                let seed = bytes.get(..32).and_then(|seed| <[u8; 32]>::try_from(seed).ok());
                if !matches!(bytes.len(), 32 | 64) {
                    return Err(KeyError::PrivateKey);
                }
                found.private.push(SigningKey::from_bytes(&seed.ok_or(KeyError::PrivateKey)?));
            } else {
                let body = key.strip_prefix("whsec_").ok_or(KeyError::Secret)?;
                let bytes = BASE64.decode(body.as_bytes()).map_err(|_| KeyError::Secret)?;
                if !(24..=64).contains(&bytes.len()) {
                    return Err(KeyError::Secret);
                }
                found.secrets.push(bytes);
            }
        }
        if found.secrets.is_empty() && found.private.is_empty() {
            return Err(KeyError::Empty);
        }
        Ok(found)
    }

    /// Public keys (`whpk_…`) a receiver verifies `v1a` signatures with.
    pub fn public_keys(&self) -> Vec<String> {
        self.private.iter().map(|key| format!("whpk_{}", BASE64.encode(key.verifying_key().as_bytes()))).collect()
    }

    /// The `webhook-signature` header: one signature per key, separated by spaces.
    pub fn signature(&self, id: &str, timestamp: i64, body: &str) -> String {
        let mut signatures = Vec::new();
        for secret in &self.secrets {
            // Both steps fail only for bodies that are not UTF-8 or secrets that are not base 64; ours are neither.
            let signed = standardwebhooks::Webhook::from_bytes(secret.clone())
                .and_then(|webhook| webhook.sign(id, timestamp, body.as_bytes()));
            signatures.extend(signed.ok());
        }
        let content = format!("{id}.{timestamp}.{body}");
        for key in &self.private {
            signatures.push(format!("v1a,{}", BASE64.encode(&key.sign(content.as_bytes()).to_bytes())));
        }
        signatures.join(" ")
    }
}

/// One request, ready to leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRequest {
    /// Target.
    pub url: String,
    /// Headers, names lower case.
    pub headers: Vec<(&'static str, String)>,
    /// JSON.
    pub body: String,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, if it names one.
    pub retry_after: Option<Duration>,
    /// The head of the body, for the receipt.
    pub body: String,
}

/// Why a request brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The way out failed; its words are a clause fit for the delivery's record.
    #[error(transparent)]
    NoAnswer(Box<dyn std::error::Error + Send + Sync>),
}

/// A request's future.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<WebhookAnswer, SendError>> + Send + 'a>>;

/// The way to a platform's webhook. The program wires it to the client whose address guard the crawler uses; it must not
/// follow redirects and must end within half a minute.
pub trait WebhookSender: Send + Sync {
    /// Sends one request.
    fn send(&self, request: WebhookRequest) -> Sending<'_>;
}

/// What an attempt came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// The other side has it; the receipt is what it answered.
    Delivered {
        /// What the other side answered.
        receipt: String,
    },
    /// It may work later.
    Later {
        /// Why it did not now.
        error: String,
        /// The pause the other side asked for.
        asked: Option<Duration>,
    },
    /// This message will not be taken, however often it is sent; the target stays in use for others.
    Refused {
        /// In what words.
        error: String,
    },
    /// It is not to be sent any more.
    Lapsed {
        /// Why.
        error: String,
    },
    /// The target does not want anything any more.
    Disabled {
        /// In what words.
        error: String,
    },
}

/// Characters of an answer's body kept in a receipt.
const RECEIPT_CHARS: usize = 200;

/// The least pause after an answer that says we are too fast.
const THROTTLE_PAUSE: Duration = Duration::from_secs(60);

/// Reads an answer: only 2xx is success, 3xx is a failure like any other, 410 disables, 429, 502 and 504 slow us down.
pub fn classify(answer: Result<WebhookAnswer, SendError>) -> Attempt {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Attempt::Later { error: error.to_string(), asked: None },
    };
    let status = answer.status;
    match status {
        200..=299 => {
            let body: String = answer.body.chars().filter(|c| !c.is_control()).take(RECEIPT_CHARS).collect();
            Attempt::Delivered { receipt: format!("{status} {body}").trim_end().to_owned() }
        }
        410 => Attempt::Disabled { error: "the target answered 410 Gone and is disabled".to_owned() },
        429 | 502 | 504 => {
            let asked = answer.retry_after.unwrap_or_default().max(THROTTLE_PAUSE);
            Attempt::Later {
                error: format!("the target answered {status} and is called less often"),
                asked: Some(asked),
            }
        }
        300..=399 => Attempt::Later {
            error: format!("the target answered {status}; redirects are not followed"),
            asked: answer.retry_after,
        },
        _ => Attempt::Later { error: format!("the target answered {status}"), asked: answer.retry_after },
    }
}

/// Signs and sends one message. `id` is the same for every attempt; receivers drop what they have seen.
pub async fn deliver(
    sender: &dyn WebhookSender,
    keys: &SigningKeys,
    url: &str,
    id: &str,
    body: String,
    now: Timestamp,
) -> Attempt {
    classify(sender.send(request(keys, url, id, body, now)).await)
}

/// The signed request of one message.
pub fn request(keys: &SigningKeys, url: &str, id: &str, body: String, now: Timestamp) -> WebhookRequest {
    let timestamp = now.as_seconds();
    WebhookRequest {
        url: url.to_owned(),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", keys.signature(id, timestamp, &body)),
        ],
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signature, Verifier};

    const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX";

    fn key(byte: u8) -> String {
        format!("whsk_{}", BASE64.encode(&[byte; 32]))
    }

    #[test]
    fn every_key_signs_and_any_change_is_noticed() {
        let keys = SigningKeys::parse(&[SECRET.to_owned(), key(7)]).unwrap();
        let header = keys.signature("m1", 1_700_000_000, "{\"a\":1}");
        let parts: Vec<&str> = header.split(' ').collect();
        assert_eq!(parts.len(), 2);
        let expected = standardwebhooks::Webhook::new(SECRET).unwrap().sign("m1", 1_700_000_000, b"{\"a\":1}").unwrap();
        assert_eq!(parts[0], expected);
        let bytes = BASE64.decode(parts[1].strip_prefix("v1a,").unwrap().as_bytes()).unwrap();
        let signature = Signature::from_slice(&bytes).unwrap();
        let public = SigningKey::from_bytes(&[7; 32]).verifying_key();
        assert!(public.verify(b"m1.1700000000.{\"a\":1}", &signature).is_ok());
        assert!(public.verify(b"m1.1700000000.{\"a\":2}", &signature).is_err());
        assert_eq!(keys.public_keys().len(), 1);
    }

    #[test]
    fn keys_of_another_form_are_refused() {
        for (text, error) in [
            ("whsec_AAAA", KeyError::Secret),
            ("plain", KeyError::Secret),
            ("whsec_!!!", KeyError::Secret),
            ("whsk_AAAA", KeyError::PrivateKey),
        ] {
            assert_eq!(SigningKeys::parse(&[text]).unwrap_err(), error, "{text}");
        }
        assert_eq!(SigningKeys::parse::<&str>(&[]).unwrap_err(), KeyError::Empty);
        assert!(!format!("{:?}", SigningKeys::parse(&[SECRET]).unwrap()).contains("AAEC"));
    }

    #[test]
    fn answers_are_read_as_the_specification_says() {
        let answer = |status| Ok(WebhookAnswer { status, retry_after: None, body: "ok\r\nSet: x".into() });
        assert_eq!(classify(answer(204)), Attempt::Delivered { receipt: "204 okSet: x".into() });
        assert!(matches!(classify(answer(410)), Attempt::Disabled { .. }));
        for status in [301, 400, 404, 500] {
            assert!(matches!(classify(answer(status)), Attempt::Later { asked: None, .. }), "{status}");
        }
        for status in [429, 502, 504] {
            assert!(
                matches!(classify(answer(status)), Attempt::Later { asked: Some(pause), .. } if pause == THROTTLE_PAUSE),
                "{status}"
            );
        }
        let unsent = SendError::NoAnswer("timed out".into());
        assert_eq!(classify(Err(unsent)), Attempt::Later { error: "timed out".into(), asked: None });
    }
}

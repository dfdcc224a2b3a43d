//! One fetch, as it came back.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::vocab::found::FoundUrl;
use crate::vocab::ids::Sha256Digest;
use crate::vocab::time::Timestamp;

/// One exchange with a server: what was asked, what came back, how much of it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// What was asked for.
    pub url: FoundUrl,
    /// When the response's head arrived.
    pub fetched_at: Timestamp,
    /// Address that answered.
    pub remote: Option<IpAddr>,
    /// HTTP status.
    pub status: u16,
    /// Request headers as sent, names lower case.
    pub request_headers: Vec<(String, String)>,
    /// Response headers as received, names lower case, non-UTF-8 bytes replaced.
    pub response_headers: Vec<(String, String)>,
    /// Body after content decoding.
    #[serde(with = "base64_body")]
    pub body: Arc<[u8]>,
    /// Why the body is not all of it.
    pub truncated: Option<Truncated>,
    /// From sending the request to the last byte.
    pub elapsed: Duration,
}

/// What ended a body early. Named as WARC 1.1 names them (`WARC-Truncated`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Truncated {
    /// The size cap.
    Length,
    /// The time cap.
    Time,
    /// It broke off on its own: packed bytes that end in the middle.
    Disconnect,
}

impl Capture {
    /// The first response header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response_headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// All response headers of that (lower-case) name as one list.
    pub fn every(&self, name: &str) -> Option<String> {
        let values = self.response_headers.iter().filter(|(header, _)| header == name).map(|(_, value)| value.as_str());
        values.map(str::to_owned).reduce(|all, next| all + ", " + &next)
    }

    /// Digest of the decoded body, the payload digest of its WARC record.
    pub fn payload_digest(&self) -> Sha256Digest {
        Sha256Digest::of(&self.body)
    }
}

/// Bodies as base64, so that a capture can be sent as text.
mod base64_body {
    use std::sync::Arc;

    use data_encoding::BASE64;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(body: &Arc<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64.encode(body))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<[u8]>, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64.decode(text.as_bytes()).map(Arc::from).map_err(de::Error::custom)
    }
}

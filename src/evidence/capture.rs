//! One fetch, as it came back.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::vocab::ids::Sha256Digest;
use crate::vocab::time::Timestamp;
use crate::vocab::url::CanonicalUrl;

/// One exchange with a server: what was asked, what came back, how much of it was kept.
#[derive(Debug, Clone)]
pub struct Capture {
    /// What was asked for.
    pub url: CanonicalUrl,
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
    pub body: Arc<[u8]>,
    /// Why the body is not all of it.
    pub truncated: Option<Truncated>,
    /// From sending the request to the last byte.
    pub elapsed: Duration,
}

/// Which cap ended a body early. Named as WARC 1.1 names them (`WARC-Truncated`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truncated {
    /// The size cap.
    Length,
    /// The time cap.
    Time,
}

impl Capture {
    /// The first response header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response_headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// Digest of the decoded body, the payload digest of its WARC record.
    pub fn payload_digest(&self) -> Sha256Digest {
        Sha256Digest::of(&self.body)
    }
}

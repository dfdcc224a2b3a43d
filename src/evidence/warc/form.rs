//! Forms each kind of record. Ids and times come in as values, so the same input gives the same bytes.

use uuid::Uuid;

use crate::evidence::capture::{Capture, Truncated};
use crate::evidence::warc::http_head::{one_line, request_head, response_head};
use crate::evidence::warc::{Record, written_digest};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::Sha256Digest;
use crate::vocab::time::Timestamp;

/// Why a revisit is believed to be unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevisitProfile {
    /// The body came again and has the same digest.
    IdenticalPayloadDigest,
    /// The server said 304.
    ServerNotModified,
}

impl RevisitProfile {
    /// The URI of WARC 1.1.
    pub fn uri(self) -> &'static str {
        match self {
            RevisitProfile::IdenticalPayloadDigest => {
                "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
            }
            RevisitProfile::ServerNotModified => "http://netpreserve.org/warc/1.1/revisit/server-not-modified",
        }
    }
}

/// The earlier record a revisit points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// `urn:uuid:…` of the response record.
    pub record_id: String,
    /// URL it was captured from.
    pub url: String,
    /// When it was captured.
    pub fetched_at: Timestamp,
    /// Digest of its body.
    pub payload_digest: Sha256Digest,
}

/// The first record of a file: what wrote it, for whom, under which rules.
pub fn warcinfo(id: Uuid, at: Timestamp, file_name: &str, about: &[(&str, &str)]) -> Record {
    let mut builder = Builder::new("warcinfo", id, at);
    builder.field("WARC-Filename", file_name);
    builder.field("Content-Type", "application/warc-fields");
    builder.close(warc_fields(about))
}

/// What the server answered, with the decoded body as payload.
pub fn response(capture: &Capture, id: Uuid, warcinfo: Uuid) -> Record {
    let mut builder = Builder::new("response", id, capture.fetched_at);
    builder.exchange(capture, warcinfo);
    builder.truncated(capture.truncated);
    builder.field("Content-Type", "application/http;msgtype=response");
    builder.field("WARC-Payload-Digest", &written_digest(&capture.payload_digest()));
    let mut block = response_head(capture, capture.body.len()).into_bytes();
    block.extend_from_slice(&capture.body);
    builder.close(block)
}

/// Bytes that were handed to us rather than fetched: a listing a platform posted.
pub fn resource(
    url: &FoundUrl,
    at: Timestamp,
    kind: &str,
    body: &[u8],
    about: &[(&str, &str)],
    [id, metadata, warcinfo]: [Uuid; 3],
) -> [Record; 2] {
    let mut builder = Builder::new("resource", id, at);
    builder.field("WARC-Target-URI", url.as_str());
    builder.field("WARC-Warcinfo-ID", &bracketed(warcinfo));
    builder.field("Content-Type", kind);
    builder.field("WARC-Payload-Digest", &written_digest(&Sha256Digest::of(body)));
    let first = builder.close(body.to_vec());
    let mut builder = Builder::new("metadata", metadata, at);
    builder.field("WARC-Target-URI", url.as_str());
    builder.field("WARC-Warcinfo-ID", &bracketed(warcinfo));
    builder.field("WARC-Concurrent-To", &bracketed(id));
    builder.field("Content-Type", "application/warc-fields");
    [first, builder.close(warc_fields(about))]
}

/// What the server was asked. It has no body, so it has no payload digest.
pub fn request(capture: &Capture, id: Uuid, response: Uuid, warcinfo: Uuid) -> Record {
    let mut builder = Builder::new("request", id, capture.fetched_at);
    builder.exchange(capture, warcinfo);
    builder.field("WARC-Concurrent-To", &bracketed(response));
    builder.field("Content-Type", "application/http;msgtype=request");
    builder.close(request_head(capture).into_bytes())
}

/// A page seen again: the head that came this time, and a pointer to the record that holds the body.
pub fn revisit(capture: &Capture, original: &Original, profile: RevisitProfile, id: Uuid, warcinfo: Uuid) -> Record {
    let mut builder = Builder::new("revisit", id, capture.fetched_at);
    builder.exchange(capture, warcinfo);
    builder.field("WARC-Profile", profile.uri());
    builder.field("WARC-Refers-To", &format!("<{}>", one_line(&original.record_id)));
    builder.field("WARC-Refers-To-Target-URI", &original.url);
    builder.field("WARC-Refers-To-Date", &original.fetched_at.to_string());
    builder.field("WARC-Payload-Digest", &written_digest(&original.payload_digest));
    if profile == RevisitProfile::IdenticalPayloadDigest {
        // The standard asks for it wherever the body was left out because it is identical.
        builder.truncated(Some(Truncated::Length));
    }
    builder.field("Content-Type", "application/http;msgtype=response");
    builder.close(response_head(capture, capture.body.len()).into_bytes())
}

/// Something about a response record: how long it took, where it was found, which scan asked for it.
pub fn metadata(capture: &Capture, about: &[(&str, &str)], id: Uuid, response: Uuid, warcinfo: Uuid) -> Record {
    let mut builder = Builder::new("metadata", id, capture.fetched_at);
    builder.field("WARC-Target-URI", capture.url.as_str());
    builder.field("WARC-Warcinfo-ID", &bracketed(warcinfo));
    builder.field("WARC-Concurrent-To", &bracketed(response));
    builder.field("Content-Type", "application/warc-fields");
    let elapsed = capture.elapsed.as_millis().to_string();
    let mut fields = vec![("fetchTimeMs", elapsed.as_str())];
    fields.extend_from_slice(about);
    builder.close(warc_fields(&fields))
}

/// `<urn:uuid:…>`.
fn bracketed(id: Uuid) -> String {
    format!("<{}>", id.urn())
}

fn warc_fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = String::new();
    for (name, value) in fields {
        block.push_str(&one_line(name));
        block.push_str(": ");
        block.push_str(&one_line(value));
        block.push_str("\r\n");
    }
    block.into_bytes()
}

struct Builder {
    fields: Vec<(String, String)>,
}

impl Builder {
    fn new(record_type: &str, id: Uuid, at: Timestamp) -> Self {
        let mut builder = Builder { fields: Vec::with_capacity(14) };
        builder.field("WARC-Type", record_type);
        builder.field("WARC-Record-ID", &bracketed(id));
        builder.field("WARC-Date", &at.to_string());
        builder
    }

    fn field(&mut self, name: &str, value: &str) {
        self.fields.push((name.to_owned(), one_line(value).into_owned()));
    }

    fn exchange(&mut self, capture: &Capture, warcinfo: Uuid) {
        self.field("WARC-Target-URI", capture.url.as_str());
        if let Some(address) = capture.remote {
            self.field("WARC-IP-Address", &address.to_string());
        }
        self.field("WARC-Warcinfo-ID", &bracketed(warcinfo));
    }

    fn truncated(&mut self, truncated: Option<Truncated>) {
        match truncated {
            Some(Truncated::Length) => self.field("WARC-Truncated", "length"),
            Some(Truncated::Time) => self.field("WARC-Truncated", "time"),
            Some(Truncated::Disconnect) => self.field("WARC-Truncated", "disconnect"),
            None => {}
        }
    }

    fn close(mut self, block: Vec<u8>) -> Record {
        self.field("WARC-Block-Digest", &written_digest(&Sha256Digest::of(&block)));
        self.field("Content-Length", &block.len().to_string());
        Record { fields: self.fields, block }
    }
}

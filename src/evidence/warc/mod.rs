//! WARC 1.1 records: formed from captures, parsed back, checked against their own digests.
//!
//! Owns: the record, its fields and digests, the HTTP heads inside it.
//! Never: compresses, writes or reads a file (`archive::warc_file` does), invents an id or a time (both are passed in).
//! Start reading: [`form::response`], then [`Record::verify`].

pub mod form;
mod http_head;

use serde::{Deserialize, Serialize};

pub use http_head::HttpMessage;

use crate::evidence::capture::{Capture, Truncated};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::Sha256Digest;
use crate::vocab::time::Timestamp;

/// Where a stored response or revisit record lies, and what it holds: the citation of a hit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarcRef {
    /// Name of the file within the folder `warc/`.
    pub file: String,
    /// First byte of the record's gzip member.
    pub offset: u64,
    /// Bytes of the gzip member.
    pub length: u64,
    /// `urn:uuid:…`, the record's `WARC-Record-ID` without angle brackets.
    pub record_id: String,
    /// Digest of the page's body.
    pub payload_digest: Sha256Digest,
}

/// One record: its fields in order, and its block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    fields: Vec<(String, String)>,
    block: Vec<u8>,
}

/// What a record is about, the value of `WARC-Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RecordType {
    /// Describes the file.
    Warcinfo,
    /// What a server answered.
    Response,
    /// What it was asked.
    Request,
    /// What was handed to us rather than fetched.
    Resource,
    /// A page seen again, unchanged.
    Revisit,
    /// Something about another record.
    Metadata,
    /// `conversion`, `continuation` or a type of later standards.
    Other,
}

/// Why bytes are not a record, or a record is not what it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WarcError {
    /// No `WARC/1.x` at the start.
    #[error("record does not begin with `WARC/1.0` or `WARC/1.1`")]
    Version,
    /// The head does not end within its limit.
    #[error("head of the record is longer than {HEAD_LIMIT_BYTES} bytes or cut off")]
    Head,
    /// A line of the head is not `name: value`.
    #[error("line `{0}` of the head is not `name: value`")]
    Line(String),
    /// A field every record must have is missing or malformed.
    #[error("field `{0}` is missing or malformed")]
    Field(&'static str),
    /// Fewer bytes than `Content-Length` says.
    #[error("block has {found} of the {promised} bytes it promises")]
    Short {
        /// Bytes of the block by `Content-Length`.
        promised: u64,
        /// Bytes there are.
        found: u64,
    },
    /// A digest that does not match.
    #[error("`{field}` says `{promised}`, the bytes say `{found}`")]
    Digest {
        /// `WARC-Block-Digest` or `WARC-Payload-Digest`.
        field: &'static str,
        /// Digest by the field.
        promised: String,
        /// Digest of the bytes.
        found: String,
    },
}

/// Longest head of a record; the longest field is a URL.
pub const HEAD_LIMIT_BYTES: usize = 64 << 10;

impl Record {
    /// The first field of that name, whatever its case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// All fields in order.
    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    /// The block: an HTTP message, or fields of a `warcinfo` or `metadata` record.
    pub fn block(&self) -> &[u8] {
        &self.block
    }

    /// What the record is about.
    pub fn record_type(&self) -> RecordType {
        match self.field("WARC-Type") {
            Some("warcinfo") => RecordType::Warcinfo,
            Some("response") => RecordType::Response,
            Some("request") => RecordType::Request,
            Some("resource") => RecordType::Resource,
            Some("revisit") => RecordType::Revisit,
            Some("metadata") => RecordType::Metadata,
            _ => RecordType::Other,
        }
    }

    /// `urn:uuid:…`, without angle brackets.
    pub fn id(&self) -> Option<&str> {
        self.field("WARC-Record-ID").map(|id| id.trim_start_matches('<').trim_end_matches('>'))
    }

    /// The HTTP message in the block, when the record has one.
    pub fn http(&self) -> Option<HttpMessage<'_>> {
        if !self.field("Content-Type").is_some_and(|kind| kind.starts_with("application/http")) {
            return None;
        }
        HttpMessage::parse(&self.block)
    }

    /// The capture a response record was formed from, as far as the record keeps it: the request's headers and the time it
    /// took are in its neighbours. A resource is read as if it had been fetched.
    pub fn to_capture(&self) -> Option<Capture> {
        if self.record_type() == RecordType::Resource {
            return Some(Capture {
                url: FoundUrl::parse(self.field("WARC-Target-URI")?, None).ok()?,
                fetched_at: self.field("WARC-Date")?.parse::<Timestamp>().ok()?,
                remote: None,
                status: 200,
                request_headers: Vec::new(),
                response_headers: vec![("content-type".to_owned(), self.field("Content-Type")?.to_owned())],
                body: self.block.as_slice().into(),
                truncated: None,
                elapsed: std::time::Duration::ZERO,
            });
        }
        if self.record_type() != RecordType::Response {
            return None;
        }
        let message = self.http()?;
        Some(Capture {
            url: FoundUrl::parse(self.field("WARC-Target-URI")?, None).ok()?,
            fetched_at: self.field("WARC-Date")?.parse::<Timestamp>().ok()?,
            remote: self.field("WARC-IP-Address").and_then(|address| address.parse().ok()),
            status: message.status()?,
            request_headers: Vec::new(),
            response_headers: message
                .headers()
                .map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned()))
                .collect(),
            body: message.body().into(),
            truncated: match self.field("WARC-Truncated") {
                Some("length") => Some(Truncated::Length),
                Some("disconnect") => Some(Truncated::Disconnect),
                Some(_) => Some(Truncated::Time),
                None => None,
            },
            elapsed: std::time::Duration::ZERO,
        })
    }

    /// The record as it stands in a file, before compression.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.block.len() + 1024);
        bytes.extend_from_slice(b"WARC/1.1\r\n");
        for (name, value) in &self.fields {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value.as_bytes());
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.block);
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes
    }

    /// Parses the record at the start of `bytes`; also says how many bytes it takes, its closing line breaks included.
    ///
    /// # Errors
    /// When the bytes are no record, or not all of it.
    pub fn parse(bytes: &[u8]) -> Result<(Record, usize), WarcError> {
        let window = &bytes[..bytes.len().min(HEAD_LIMIT_BYTES)];
        if !(window.starts_with(b"WARC/1.1\r\n") || window.starts_with(b"WARC/1.0\r\n")) {
            return Err(WarcError::Version);
        }
        let head_end = memchr::memmem::find(window, b"\r\n\r\n").ok_or(WarcError::Head)?;
        let head = String::from_utf8_lossy(window.get(10..head_end).unwrap_or_default());
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in head.split("\r\n").filter(|line| !line.is_empty()) {
            // A line that begins with a space continues the field above it.
            if let (true, Some((_, value))) = (line.starts_with([' ', '\t']), fields.last_mut()) {
                value.push(' ');
                value.push_str(line.trim());
                continue;
            }
            let (name, value) = line.split_once(':').ok_or_else(|| WarcError::Line(line.chars().take(80).collect()))?;
            fields.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        let mut record = Record { fields, block: Vec::new() };
        let promised: u64 = record
            .field("Content-Length")
            .and_then(|text| text.parse().ok())
            .ok_or(WarcError::Field("Content-Length"))?;
        let rest = &bytes[head_end + 4..];
        let block = usize::try_from(promised).ok().and_then(|length| rest.get(..length));
        let Some(block) = block else {
            return Err(WarcError::Short { promised, found: rest.len() as u64 });
        };
        record.block = block.to_vec();
        let after = &rest[block.len()..];
        let closing = after.iter().take(4).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        Ok((record, head_end + 4 + block.len() + closing))
    }

    /// Checks mandatory fields, and the digests the record carries against its own bytes.
    ///
    /// Digests of algorithms other than SHA-256 are passed over. The payload of a revisit lies in another record.
    ///
    /// # Errors
    /// The first field that is missing, or digest that does not match.
    pub fn verify(&self) -> Result<(), WarcError> {
        self.field("WARC-Type").ok_or(WarcError::Field("WARC-Type"))?;
        let id = self.field("WARC-Record-ID").filter(|id| id.starts_with('<') && id.ends_with('>'));
        id.ok_or(WarcError::Field("WARC-Record-ID"))?;
        self.field("WARC-Date").and_then(|date| date.parse::<Timestamp>().ok()).ok_or(WarcError::Field("WARC-Date"))?;
        let record_type = self.record_type();
        if record_type == RecordType::Revisit {
            self.field("WARC-Profile").ok_or(WarcError::Field("WARC-Profile"))?;
        }
        self.compare("WARC-Block-Digest", &self.block)?;
        if record_type != RecordType::Revisit && self.field("WARC-Payload-Digest").is_some() {
            let payload = match self.http() {
                Some(message) => message.body(),
                None => &self.block,
            };
            self.compare("WARC-Payload-Digest", payload)?;
        }
        Ok(())
    }

    fn compare(&self, field: &'static str, bytes: &[u8]) -> Result<(), WarcError> {
        let Some(promised) = self.field(field).filter(|digest| digest.starts_with("sha256:")) else { return Ok(()) };
        let found = Sha256Digest::of(bytes);
        if same_digest(promised, &found) {
            return Ok(());
        }
        Err(WarcError::Digest { field, promised: promised.to_owned(), found: written_digest(&found) })
    }
}

/// Digest as our fields carry it: base 32 with its padding, as the reference readers compare it.
pub fn written_digest(digest: &Sha256Digest) -> String {
    format!("{digest}====")
}

/// Whether a field's text names `digest`, in base 32 or hexadecimal.
fn same_digest(text: &str, digest: &Sha256Digest) -> bool {
    text.parse::<Sha256Digest>().is_ok_and(|named| named == *digest)
        || text.strip_prefix("sha256:").is_some_and(|hex| hex.eq_ignore_ascii_case(&digest.hex()))
}

#[cfg(test)]
mod tests;

//! HTTP heads inside records: re-formed from a capture's headers, parsed back from a block.

use std::borrow::Cow;
use std::fmt::Write;

use crate::evidence::capture::Capture;

/// Marks headers that described the bytes on the wire and no longer describe the decoded body kept beside them.
const ORIGINAL: &str = "x-archive-orig-";

/// The request's head, `GET /path HTTP/1.1` and its headers.
pub(super) fn request_head(capture: &Capture) -> String {
    let mut head = format!("GET {} HTTP/1.1\r\n", capture.url.path_and_query());
    if !capture.request_headers.iter().any(|(name, _)| name == "host") {
        let url = capture.url.as_url();
        let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
        line(&mut head, "host", host);
    }
    for (name, value) in &capture.request_headers {
        line(&mut head, name, value);
    }
    head.push_str("\r\n");
    head
}

/// The response's head. The body is kept decoded, so the headers about its coding are renamed, and the length is the body's.
pub(super) fn response_head(capture: &Capture, body_bytes: usize) -> String {
    let mut head = format!("HTTP/1.1 {} {}\r\n", capture.status, reason(capture.status));
    for (name, value) in &capture.response_headers {
        match name.as_str() {
            "content-length" if value.trim() == body_bytes.to_string() => {}
            "content-encoding" | "transfer-encoding" | "content-length" => {
                line(&mut head, &format!("{ORIGINAL}{name}"), value);
            }
            _ => line(&mut head, name, value),
        }
    }
    line(&mut head, "content-length", &body_bytes.to_string());
    head.push_str("\r\n");
    head
}

/// Adds one header line; what is not a token cannot stand as a name, and a line break in a value becomes a space.
fn line(head: &mut String, name: &str, value: &str) {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return;
    }
    let value = one_line(value);
    // Writing to a string cannot fail.
    let _ = write!(head, "{name}: {value}\r\n");
}

/// `value` with every control character replaced by a space.
pub(super) fn one_line(value: &str) -> Cow<'_, str> {
    if value.chars().any(char::is_control) {
        Cow::Owned(value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
    } else {
        Cow::Borrowed(value)
    }
}

/// Reason phrase of RFC 9110; the phrase on the wire carries no meaning and HTTP/2 has none.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        429 => "Too Many Requests",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => match status / 100 {
            1 => "Informational",
            2 => "Success",
            3 => "Redirection",
            4 => "Client Error",
            _ => "Server Error",
        },
    }
}

/// An HTTP message in a record's block.
#[derive(Debug, Clone, Copy)]
pub struct HttpMessage<'a> {
    first_line: &'a [u8],
    headers: &'a [u8],
    body: &'a [u8],
}

impl<'a> HttpMessage<'a> {
    pub(super) fn parse(block: &'a [u8]) -> Option<Self> {
        let line_end = memchr::memmem::find(block, b"\r\n")?;
        let rest = &block[line_end + 2..];
        let (headers, body) = if let Some(body) = rest.strip_prefix(b"\r\n") {
            (&rest[..0], body)
        } else {
            let head_end = memchr::memmem::find(rest, b"\r\n\r\n")?;
            (&rest[..head_end], &rest[head_end + 4..])
        };
        Some(HttpMessage { first_line: &block[..line_end], headers, body })
    }

    /// The request line or status line.
    pub fn first_line(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.first_line)
    }

    /// The status of a response.
    pub fn status(&self) -> Option<u16> {
        let line = std::str::from_utf8(self.first_line).ok()?;
        line.strip_prefix("HTTP/")?.split(' ').nth(1)?.parse().ok()
    }

    /// Headers in order.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'a> {
        self.headers.split(|byte| *byte == b'\n').filter_map(|line| {
            let colon = memchr::memchr(b':', line)?;
            let name = std::str::from_utf8(&line[..colon]).ok()?;
            Some((name.trim(), trimmed(String::from_utf8_lossy(&line[colon + 1..]))))
        })
    }

    /// The body: the payload of the record.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

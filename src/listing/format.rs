//! What the bytes of an answer are: a page to read, a picture, a document that is not read.

use crate::listing::page::Format;

/// Media types that hold no text of an offer.
const WITHOUT_TEXT: [&str; 12] = [
    "image/",
    "video/",
    "audio/",
    "font/",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
    "application/font",
    "application/x-font",
    "application/vnd.ms-fontobject",
    "application/manifest+json",
];

/// First bytes of formats that are told by them where no media type is given.
const BEGINNINGS: [(&[u8], Format); 11] = [
    (b"%PDF-", Format::Unread),
    (b"PK\x03\x04", Format::Unread),
    (b"\xd0\xcf\x11\xe0", Format::Unread),
    (b"{\\rtf", Format::Unread),
    (b"\x1f\x8b", Format::Unread),
    (b"\x89PNG", Format::WithoutText),
    (b"\xff\xd8\xff", Format::WithoutText),
    (b"GIF8", Format::WithoutText),
    (b"RIFF", Format::WithoutText),
    (b"wOF", Format::WithoutText),
    (b"ID3", Format::WithoutText),
];

/// What the bytes are, by their media type and, where there is none, by themselves.
pub(super) fn of(bytes: &[u8], content_type: Option<&str>) -> Format {
    let kind = content_type.unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let looks_like_markup = || {
        let start = bytes.iter().take(512).find(|byte| byte.is_ascii() && !byte.is_ascii_whitespace());
        start == Some(&b'<')
    };
    if kind.contains("html") || kind.contains("xml") && !kind.starts_with("image/") {
        return Format::Markup;
    }
    if WITHOUT_TEXT.iter().any(|known| kind.starts_with(known)) {
        return Format::WithoutText;
    }
    if kind.starts_with("text/") || kind.ends_with("json") || kind == "application/x-ndjson" {
        return if looks_like_markup() { Format::Markup } else { Format::Text };
    }
    if !kind.is_empty() {
        return Format::Unread;
    }
    let known = BEGINNINGS.iter().find(|(beginning, _)| bytes.starts_with(beginning));
    known.map_or(Format::Markup, |(_, format)| *format)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_by_its_type_or_by_its_bytes() {
        for (bytes, kind, expected) in [
            (&b"<p>"[..], None, Format::Markup),
            (b"oak", None, Format::Markup),
            (b"", Some(""), Format::Markup),
            (b"<p>", Some("Text/HTML; charset=utf-8"), Format::Markup),
            (b"<p>", Some("application/xhtml+xml"), Format::Markup),
            (b"\xef\xbb\xbf <p>", Some("text/plain"), Format::Markup),
            (b"oak < 5", Some("text/plain"), Format::Text),
            (b"{}", Some("application/ld+json"), Format::Text),
            (b"\x89PNG", Some("image/png"), Format::WithoutText),
            (b"<svg>", Some("image/svg+xml"), Format::WithoutText),
            (b"p{}", Some("text/css"), Format::WithoutText),
            (b"%PDF-1.7", Some("application/pdf"), Format::Unread),
            (b"%PDF-1.7", None, Format::Unread),
            (b"GIF89a", None, Format::WithoutText),
            (b"?", Some("application/octet-stream"), Format::Unread),
        ] {
            assert_eq!(of(bytes, kind), expected, "{kind:?}");
        }
    }
}

//! Bytes to text: byte order mark, HTTP header, `<meta>`, then a guess.

use std::borrow::Cow;

use encoding_rs::Encoding;

/// Text and how it was read.
#[derive(Debug, Clone)]
pub struct Decoded<'a> {
    /// The text.
    pub text: Cow<'a, str>,
    /// Name of the encoding.
    pub encoding: &'static str,
    /// Some bytes did not fit the encoding and were replaced.
    pub had_errors: bool,
}

/// Bytes looked through for a `<meta>` declaration (WHATWG: 1,024).
const META_BYTES: usize = 1024;

/// Decodes a page. Never fails.
pub fn decode<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Decoded<'a> {
    let declared = Encoding::for_bom(bytes)
        .map(|(encoding, _)| encoding)
        .or_else(|| content_type.and_then(header_charset))
        .or_else(|| meta_charset(&bytes[..bytes.len().min(META_BYTES)]));
    // Bytes that are valid UTF-8 are UTF-8, whatever a server with one setting for all pages says about ASCII ones.
    if declared.is_none_or(|encoding| encoding == encoding_rs::UTF_8)
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        return Decoded { text: Cow::Borrowed(text), encoding: "UTF-8", had_errors: false };
    }
    let encoding = declared.unwrap_or_else(|| {
        let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
        detector.feed(bytes, true);
        detector.guess(None, chardetng::Utf8Detection::Allow)
    });
    let (text, encoding, had_errors) = encoding.decode(bytes);
    Decoded { text, encoding: encoding.name(), had_errors }
}

fn header_charset(header: &str) -> Option<&'static Encoding> {
    let lower = header.to_ascii_lowercase();
    let at = lower.find("charset")?;
    label(&header[at + "charset".len()..])
}

fn meta_charset(head: &[u8]) -> Option<&'static Encoding> {
    let lower = head.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = memchr::memmem::find(&lower[from..], b"charset") {
        let after = from + at + "charset".len();
        if memchr::memmem::find(&lower[..after], b"<meta").is_some()
            && let Some(found) = label(&String::from_utf8_lossy(&head[after..]))
        {
            // A page that we could read this far is not UTF-16, whatever it says (WHATWG).
            return Some(if found == encoding_rs::UTF_16LE || found == encoding_rs::UTF_16BE {
                encoding_rs::UTF_8
            } else {
                found
            });
        }
        from = after;
    }
    None
}

fn label(after: &str) -> Option<&'static Encoding> {
    let value = after.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let end =
        value.find(|c: char| matches!(c, '"' | '\'' | ';' | '>' | '/') || c.is_whitespace()).unwrap_or(value.len());
    Encoding::for_label(&value.as_bytes()[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_declaration_is_heard_in_its_order() {
        let russian = encoding_rs::WINDOWS_1251.encode("Продам тестовые полоски, доставка по городу").0.into_owned();
        for (line, bytes, header, encoding, part) in [
            (line!(), "naïve".as_bytes().to_vec(), None, "UTF-8", "naïve"),
            (line!(), b"\xef\xbb\xbfna\xc3\xafve".to_vec(), Some("text/html; charset=latin1"), "UTF-8", "naïve"),
            (line!(), russian.clone(), Some("text/html; charset=\"windows-1251\""), "windows-1251", "Продам"),
            (
                line!(),
                [b"<meta charset=windows-1251>".to_vec(), russian.clone()].concat(),
                None,
                "windows-1251",
                "Продам",
            ),
            (line!(), russian.clone(), None, "windows-1251", "Продам"),
            (line!(), b"<meta charset='utf-16'>abc".to_vec(), None, "UTF-8", "abc"),
        ] {
            let decoded = decode(&bytes, header);
            assert_eq!(decoded.encoding, encoding, "line {line}");
            assert!(decoded.text.contains(part), "line {line}");
        }
    }
}

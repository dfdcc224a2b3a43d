//! XML as it is found on the web: in any encoding, cut, with raw ampersands and tags that never end. Never fails.
//!
//! A strict parser gives up at the first mistake, and with it a list of fifty thousand pages.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes in which an XML declaration names its encoding.
const DECLARATION_BYTES: usize = 256;

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A start tag.
    Start(Tag<'a>),
    /// An end tag, by its name.
    End(&'a str),
    /// Text with its references resolved, or what stands in a CDATA section.
    Text(Cow<'a, str>),
}

/// A start tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Name as written, with its prefix.
    pub name: &'a str,
    /// It ends at once: `<x/>`.
    pub is_empty: bool,
    inside: &'a str,
}

/// Walks over a document.
#[derive(Debug, Clone)]
pub struct Pieces<'a> {
    text: &'a str,
    at: usize,
    /// What was looked for to the end of the document and not found: it need not be looked for again.
    missing: Vec<&'static str>,
}

impl<'a> Pieces<'a> {
    /// Begins at the start of `text`.
    pub fn new(text: &'a str) -> Self {
        Pieces { text, at: 0, missing: Vec::new() }
    }

    /// What follows `at`, without `skipped` bytes.
    fn after(&self, skipped: usize) -> &'a str {
        self.text.get(self.at + skipped..).unwrap_or_default()
    }

    /// Skips to the end of `needle`, or else of the next `>`, or to the end.
    fn skip_past(&mut self, needle: &'static str, from: usize) {
        let rest = self.after(from);
        let found = if self.missing.contains(&needle) { None } else { rest.find(needle) };
        if found.is_none() && !self.missing.contains(&needle) {
            self.missing.push(needle);
        }
        let end = found.map(|at| at + needle.len()).or_else(|| rest.find('>').map(|at| at + 1));
        self.at = end.map_or(self.text.len(), |end| self.at + from + end);
    }

    fn skip_declaration(&mut self) {
        let rest = self.after(0);
        let end = rest.find('>').unwrap_or(rest.len());
        // A document type may bring its own subset, with tags of its own.
        if rest[..end].contains('[') { self.skip_past("]>", 2) } else { self.skip_past(">", 2) }
    }

    /// The tag whose inside begins after `from` bytes: its inside.
    fn inside(&mut self, from: usize) -> &'a str {
        let rest = self.after(from);
        let end = tag_end(rest).or_else(|| rest.find('>')).unwrap_or(rest.len());
        self.at = (self.at + from + end + 1).min(self.text.len());
        &rest[..end]
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            let rest = self.after(0);
            if rest.is_empty() {
                return None;
            }
            let starts_name = |text: &str| text.starts_with(|c: char| c.is_alphabetic() || c == '_');
            if let Some(content) = rest.strip_prefix("<![CDATA[") {
                let end = content.find("]]>").unwrap_or(content.len());
                self.at = (self.at + 9 + end + 3).min(self.text.len());
                return Some(Piece::Text(Cow::Borrowed(&content[..end])));
            } else if rest.starts_with("<!--") {
                self.skip_past("-->", 4);
            } else if rest.starts_with("<?") {
                self.skip_past("?>", 2);
            } else if rest.starts_with("<!") {
                self.skip_declaration();
            } else if rest.strip_prefix("</").is_some_and(starts_name) {
                return Some(Piece::End(self.inside(2).split_whitespace().next().unwrap_or_default()));
            } else if rest.strip_prefix('<').is_some_and(starts_name) {
                let inside = self.inside(1);
                let end = inside.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inside.len());
                let (name, attributes) = inside.split_at(end);
                let is_empty = attributes.ends_with('/');
                return Some(Piece::Start(Tag { name, is_empty, inside: attributes }));
            } else {
                let end = memchr::memchr(b'<', &rest.as_bytes()[1..]).map_or(rest.len(), |at| at + 1);
                self.at += end;
                return Some(Piece::Text(resolved(&rest[..end])));
            }
        }
    }
}

impl<'a> Tag<'a> {
    /// The attribute of that name, in any case and under any prefix.
    pub fn attribute(&self, wanted: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.inside.trim_start();
        while !rest.is_empty() {
            let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
            let (name, after) = rest.split_at(end.max(1).min(rest.len()));
            let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else {
                rest = after.trim_start();
                continue;
            };
            let quoted = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (value, after) = match quoted {
                Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
                None => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
            };
            if local(name).eq_ignore_ascii_case(wanted) {
                return Some(resolved(value));
            }
            rest = after.trim_start();
        }
        None
    }
}

/// A name without its prefix.
pub fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// The prefix of a name; empty where it has none.
pub fn prefix(name: &str) -> &str {
    name.rsplit_once(':').map_or("", |(prefix, _)| prefix)
}

/// Position of the `>` that ends a tag: not one within quotes, as far as those are closed before another tag begins.
fn tag_end(inside: &str) -> Option<usize> {
    let bytes = inside.as_bytes();
    let (mut at, mut after_equals) = (0, false);
    loop {
        match *bytes.get(at)? {
            b'>' => return Some(at),
            b'<' => return None,
            quote @ (b'"' | b'\'') if after_equals => {
                at += 1 + memchr::memchr2(quote, b'<', bytes.get(at + 1..)?)?;
                if bytes[at] == b'<' {
                    return None;
                }
                after_equals = false;
            }
            b'=' => after_equals = true,
            byte if byte.is_ascii_whitespace() => {}
            _ => after_equals = false,
        }
        at += 1;
    }
}

/// Text with its references resolved; what is none stays as it stands, as a raw `&` between parameters does.
fn resolved(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // The longest that is resolved has ten bytes: `&#1114111;`.
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        match end.and_then(|end| Some((reference(&rest[1..end])?, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn reference(name: &str) -> Option<char> {
    match name {
        "amp" | "AMP" => Some('&'),
        "lt" | "LT" => Some('<'),
        "gt" | "GT" => Some('>'),
        "quot" | "QUOT" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?).filter(|c| *c != '\0')
        }
    }
}

/// The text of a document: by its byte order mark, by its zeros (UTF-16), as UTF-8 where it is that, by the encoding that
/// `content_type` or its declaration names, or else as UTF-8 with what is none read as windows-1252.
pub fn text_of<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, mark_bytes)) = Encoding::for_bom(bytes) {
        return match std::str::from_utf8(&bytes[mark_bytes..]) {
            Ok(text) if encoding == encoding_rs::UTF_8 => Cow::Borrowed(text),
            _ if encoding == encoding_rs::UTF_8 => Cow::Owned(mixed(&bytes[mark_bytes..])),
            _ => encoding.decode_without_bom_handling(&bytes[mark_bytes..]).0,
        };
    }
    match *bytes {
        [first, 0, second, 0, ..] if first != 0 && second != 0 => return UTF_16LE.decode_without_bom_handling(bytes).0,
        [0, first, 0, second, ..] if first != 0 && second != 0 => return UTF_16BE.decode_without_bom_handling(bytes).0,
        _ => {}
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let declared = content_type.and_then(|kind| label(kind.as_bytes(), b"charset"));
    let declared = declared.or_else(|| {
        let head = bytes.trim_ascii_start();
        let head = &head[..head.len().min(DECLARATION_BYTES)];
        head.starts_with(b"<?xml").then(|| label(&head[..memchr::memchr(b'>', head)?], b"encoding"))?
    });
    match declared {
        // What we could read this far is not UTF-16, whatever it says.
        Some(encoding) if ![encoding_rs::UTF_8, UTF_16LE, UTF_16BE].contains(&encoding) => {
            encoding.decode_without_bom_handling(bytes).0
        }
        _ => Cow::Owned(mixed(bytes)),
    }
}

/// The encoding named after `key` and an equals sign.
fn label(head: &[u8], key: &[u8]) -> Option<&'static Encoding> {
    let lower = head.to_ascii_lowercase();
    let after = &lower[memchr::memmem::find(&lower, key)? + key.len()..];
    let value = after.trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let end = value.iter().position(|byte| matches!(byte, b'"' | b'\'' | b';' | b'?' | b' ')).unwrap_or(value.len());
    Encoding::for_label(&value[..end])
}

fn mixed(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(text: &str) -> Vec<String> {
        let piece = |piece| match piece {
            Piece::Start(tag) => format!("<{}{}", tag.name, if tag.is_empty { "/" } else { "" }),
            Piece::End(name) => format!("/{name}"),
            Piece::Text(text) => format!("'{text}'"),
        };
        Pieces::new(text).map(piece).collect()
    }

    #[test]
    fn what_is_well_formed_and_what_is_not() {
        for (text, expected) in [
            ("<a>x</a>", &["<a", "'x'", "/a"][..]),
            ("<s:a x='>'/>y</s:a >", &["<s:a/", "'y'", "/s:a"]),
            ("<a\n b=1>", &["<a"]),
            ("<!-- <a> --><?x <b> ?><!DOCTYPE c [<!ENTITY d 'e'>]><f>", &["<f"]),
            ("<!DOCTYPE urlset PUBLIC \"-//x\"><f>", &["<f"]),
            ("<![CDATA[1 < 2 &amp; 3]]>", &["'1 < 2 &amp; 3'"]),
            ("a &amp; b & c&d=1 &#233;&#xE9;", &["'a & b & c&d=1 éé'"]),
            ("1 < 2", &["'1 '", "'< 2'"]),
            ("<a href=\"x>y</a>", &["<a", "'y'", "/a"]),
            ("<a href=http://x.test/0.9>y", &["<a", "'y'"]),
            ("<a", &["<a"]),
            ("</", &["'</'"]),
            ("<!", &[]),
            ("<![CDATA[x", &["'x'"]),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    #[test]
    fn what_never_ends_is_looked_for_once() {
        for piece in ["<!--", "<?", "<![", "<!-->", "<?x>", "<![>"] {
            let text = piece.repeat((4 << 20) / piece.len());
            let start = std::time::Instant::now();
            assert!(Pieces::new(&text).count() <= text.len());
            assert!(start.elapsed().as_secs() < 10, "{piece}");
        }
    }

    #[test]
    fn attributes_in_any_form() {
        let tag = |text| match Pieces::new(text).next() {
            Some(Piece::Start(tag)) => tag,
            other => panic!("{text}: {other:?}"),
        };
        let link = tag("<x:link REL = 'alternate' hreflang=de x:href=\"/a?b=1&amp;c=2\" flag/>");
        assert_eq!(link.attribute("rel").as_deref(), Some("alternate"));
        assert_eq!(link.attribute("hreflang").as_deref(), Some("de"));
        assert_eq!(link.attribute("href").as_deref(), Some("/a?b=1&c=2"));
        assert_eq!(link.attribute("flag"), None);
        assert_eq!(tag("<a = =x b='1>").attribute("b").as_deref(), Some("1"));
    }

    #[test]
    fn text_in_every_encoding() {
        let utf_16 = |big: bool, mark: bool, text: &str| -> Vec<u8> {
            let units = mark.then_some(0xfeff).into_iter().chain(text.encode_utf16());
            units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let latin = |head: &str| [head.as_bytes(), b"<loc>/caf\xe9</loc>"].concat();
        for (name, bytes, content_type) in [
            ("UTF-8", "<loc>/café</loc>".into(), None),
            ("with a mark", "\u{feff}<loc>/café</loc>".into(), None),
            ("little endian", utf_16(false, true, "<loc>/café</loc>"), None),
            ("big endian", utf_16(true, true, "<loc>/café</loc>"), None),
            ("little endian without a mark", utf_16(false, false, "<loc>/café</loc>"), None),
            ("big endian without a mark", utf_16(true, false, "<loc>/café</loc>"), None),
            ("UTF-8 that says UTF-16", "<?xml encoding='UTF-16'?><loc>/café</loc>".into(), None),
            ("UTF-8 that says Latin-1", "<?xml encoding='latin1'?><loc>/café</loc>".into(), None),
            ("declared", latin("<?xml version='1.0' encoding='ISO-8859-1' ?>"), None),
            ("said by the server", latin(""), Some("text/xml; charset=iso-8859-1")),
            ("one byte of Latin-1 in UTF-8", [latin("<?xml encoding=\"utf-8\"?>"), "ü".into()].concat(), None),
            ("undeclared", latin(""), Some("text/xml")),
        ] {
            assert!(text_of(&bytes, content_type).contains("<loc>/café</loc>"), "{name}");
        }
        let cyrillic = [&b"<?xml encoding='windows-1251'?>"[..], b"\xf1\xf2\xee\xeb"].concat();
        assert!(text_of(&cyrillic, None).ends_with("стол"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_and_every_document_ends(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "[<>a-c/=!?'\"&;#\\[\\] -]{0,80}") {
            let _ = Pieces::new(&text_of(&bytes, None)).count();
            for piece in Pieces::new(&text) {
                if let Piece::Start(tag) = piece {
                    let _ = tag.attribute("b");
                }
            }
        }
    }
}

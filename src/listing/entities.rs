//! Character references: `&amp;`, `&#x3b1;`, `&eacute`.

use std::borrow::Cow;

use html5ever::data::NAMED_ENTITIES;

/// Longest name in the table, without `&`.
const LONGEST_NAME: usize = 33;

/// Text with its references decoded. In attribute values a name without `;` before `=` or a letter stays as it is, so that
/// `?a=1&copy=2` keeps its parameter.
pub fn decode(text: &str, in_attribute: bool) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(after) = rest.strip_prefix('&') {
        match reference(after, in_attribute) {
            Some((decoded, used)) => {
                out.extend(decoded.iter().flatten());
                rest = &after[used..];
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
        let next = memchr::memchr(b'&', rest.as_bytes()).unwrap_or(rest.len());
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    Cow::Owned(out)
}

/// One reference after its `&`: the characters it stands for, and how many bytes it took.
fn reference(after: &str, in_attribute: bool) -> Option<([Option<char>; 2], usize)> {
    let bytes = after.as_bytes();
    if bytes.first() == Some(&b'#') {
        let (digits, radix, head) = match bytes.get(1) {
            Some(b'x' | b'X') => (&after[2..], 16, 2),
            _ => (&after[1..], 10, 1),
        };
        let length = digits.bytes().take_while(|b| char::from(*b).is_digit(radix)).count();
        if length == 0 {
            return None;
        }
        let value = u32::from_str_radix(&digits[..length], radix).unwrap_or(u32::MAX);
        let used = head + length + usize::from(digits.as_bytes().get(length) == Some(&b';'));
        return Some(([Some(numeric(value)), None], used));
    }
    let length = bytes.iter().take(LONGEST_NAME).take_while(|b| b.is_ascii_alphanumeric()).count();
    let closed = bytes.get(length) == Some(&b';');
    if closed && let Some(found) = named(&after[..=length]) {
        return Some((found, length + 1));
    }
    // Names of old that may stand without a semicolon; the longest wins.
    for end in (2..=length).rev() {
        if let Some(found) = named(&after[..end]) {
            if in_attribute && bytes.get(end).is_some_and(|b| *b == b'=' || b.is_ascii_alphanumeric()) {
                return None;
            }
            return Some((found, end));
        }
    }
    None
}

fn named(name: &str) -> Option<[Option<char>; 2]> {
    let (first, second) = NAMED_ENTITIES.get(name)?;
    // The table also holds the beginnings of names, as zeros.
    let first = char::from_u32(*first).filter(|c| *c != '\0')?;
    Some([Some(first), char::from_u32(*second).filter(|c| *c != '\0')])
}

/// Code points as HTML reads them: windows-1252 in the C1 range, a replacement for what is no character.
fn numeric(value: u32) -> char {
    match u8::try_from(value) {
        Ok(byte @ 0x80..=0x9f) => {
            encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next().unwrap_or('\u{fffd}')
        }
        Ok(0) => '\u{fffd}',
        _ => char::from_u32(value).unwrap_or('\u{fffd}'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_in_text_and_attributes() {
        for (text, in_attribute, expected) in [
            ("a &amp; b", false, "a & b"),
            ("&lt;p&gt;", false, "<p>"),
            ("&eacute&eacute;", false, "éé"),
            ("?a=1&copy=2", true, "?a=1&copy=2"),
            ("?a=1&copy=2", false, "?a=1©=2"),
            ("?a=1&amp;b=2", true, "?a=1&b=2"),
            ("&#945;&#x3B1;&#x3b1", false, "ααα"),
            ("&#150;&#0;&#xD800;&#99999999999;", false, "–\u{fffd}\u{fffd}\u{fffd}"),
            ("&notanentity; & &;", false, "¬anentity; & &;"),
            ("&NotEqualTilde;", false, "≂̸"),
            ("&", false, "&"),
        ] {
            assert_eq!(decode(text, in_attribute), expected, "{text}");
        }
    }
}

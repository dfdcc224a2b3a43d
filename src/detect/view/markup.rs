//! Mark-up in a text, read as a browser shows it: an entity is its character, a tag within a word parts nothing, a tag of a block ends
//! the line. What is no mark-up (`a < b`, `<3`) stays as it is written.

use crate::listing::tags;

/// Entities that stand for characters people hide or join names with.
const ENTITIES: [(&str, char); 15] = [
    ("shy", '\u{ad}'),
    ("nbsp", ' '),
    ("zwnj", '\u{200c}'),
    ("zwj", '\u{200d}'),
    ("ensp", ' '),
    ("emsp", ' '),
    ("thinsp", ' '),
    ("ndash", '-'),
    ("mdash", '-'),
    ("minus", '-'),
    ("hyphen", '-'),
    ("alpha", 'α'),
    ("beta", 'β'),
    ("gamma", 'γ'),
    ("amp", '&'),
];

/// The character an entity at the start of a text stands for, and its bytes: `&#102;`, `&#x66;`, `&shy;`.
fn entity(text: &str) -> Option<(char, usize)> {
    let body = text.strip_prefix('&')?;
    let end = body.bytes().take(10).position(|b| b == b';')?;
    let name = &body[..end];
    let found = match name.strip_prefix('#') {
        Some(hex) if hex.starts_with(['x', 'X']) => u32::from_str_radix(&hex[1..], 16).ok().and_then(char::from_u32)?,
        Some(number) => number.parse().ok().and_then(char::from_u32)?,
        None => ENTITIES.iter().find(|(known, _)| *known == name)?.1,
    };
    Some((found, end + 2))
}

/// Bytes of a tag or a comment that are read; a longer one is text.
const TAG_BYTES: usize = 400;

/// What a tag within a word leaves: nothing that can be seen.
const NOTHING: char = '\u{ad}';

/// The character that mark-up at the start of a text stands for, and its bytes.
pub(super) fn stands_for(text: &str) -> Option<(char, usize)> {
    match text.as_bytes().first()? {
        b'&' => entity(text),
        b'<' => tag(text),
        _ => None,
    }
}

/// A tag or a comment: `<b>`, `</p>`, `<br/>`, `<span class="x">`, `<!-- x -->`.
fn tag(text: &str) -> Option<(char, usize)> {
    let bytes = &text.as_bytes()[..text.len().min(TAG_BYTES)];
    if bytes.starts_with(b"<!--") {
        let end = memchr::memmem::find(&bytes[4..], b"-->")?;
        return Some((NOTHING, 4 + end + 3));
    }
    let name_at = if bytes.get(1) == Some(&b'/') { 2 } else { 1 };
    let rest = bytes.get(name_at..)?;
    let length = rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    let name = rest.get(..length).filter(|name| name.first().is_some_and(u8::is_ascii_alphabetic))?;
    // Browsers show nothing of elements that they do not know either.
    let is_block = std::str::from_utf8(name).is_ok_and(|name| tags::is_block(tags::tag_of(name)));
    let attributes = rest.get(length..)?;
    if !matches!(attributes.first()?, b'>' | b'/' | b' ' | b'\t' | b'\n' | b'\r') {
        return None;
    }
    let end = memchr::memchr2(b'>', b'<', attributes).filter(|end| attributes[*end] == b'>')?;
    Some((if is_block { '\n' } else { NOTHING }, name_at + length + end + 1))
}

//! Remains of markup in a text: references to characters, escapes, tags, marks of emphasis.

/// What stands at the beginning of a text in place of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// A character, written in another way.
    Character(char),
    /// A mark inside of a line, which parts nothing for who reads the page.
    Mark,
    /// A mark that parts.
    Break,
}

/// Characters at which remains of markup begin.
pub(super) const BEGINNINGS: [char; 5] = ['&', '%', '<', '\\', '*'];

/// Ways to write a character in markup and addresses.
const REFERENCES: &[(&str, char)] = &[
    ("&commat;", '@'),
    ("&period;", '.'),
    ("&sol;", '/'),
    ("&colon;", ':'),
    ("&plus;", '+'),
    ("&lowbar;", '_'),
    ("&num;", '#'),
    ("&dollar;", '$'),
    ("&nbsp;", ' '),
    ("&shy;", '\u{AD}'),
    ("&zwnj;", '\u{200C}'),
    ("&zwj;", '\u{200D}'),
    ("&ZeroWidthSpace;", '\u{200B}'),
    ("%40", '@'),
    ("%2E", '.'),
    ("%2e", '.'),
    ("%2F", '/'),
    ("%2f", '/'),
    ("%3A", ':'),
    ("%3a", ':'),
    ("%2B", '+'),
    ("\\u0040", '@'),
    ("\\u002e", '.'),
    ("\\u002b", '+'),
    ("\\@", '@'),
    ("\\_", '_'),
    ("\\.", '.'),
];

/// Elements inside of a line. From the HTML standard, phrasing content without media.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "ins", "kbd", "label", "mark", "nobr",
    "s", "samp", "small", "span", "strong", "sub", "sup", "tt", "u", "var", "wbr",
];

/// Elements that part lines.
const BREAKS: &[&str] = &["br", "p", "div", "li", "ul", "ol", "td", "tr", "th", "table", "h1", "h2", "h3", "h4", "hr"];

/// Spaces at the end of a tag at most.
const LONGEST_TAG: usize = 8;

/// Digits of a reference by number at most.
const LONGEST_NUMBER: usize = 7;

/// What a text begins with, and how long it is; `before` is the character in front.
pub(super) fn at_start(text: &str, before: Option<char>) -> Option<(usize, Written)> {
    if text.starts_with('<') {
        return tag(text);
    }
    if let Some(behind) = text.strip_prefix("**") {
        let joins = before.is_some_and(char::is_alphanumeric) && behind.starts_with(char::is_alphanumeric);
        return joins.then_some((2, Written::Mark));
    }
    if let Some(number) = text.strip_prefix("&#") {
        return numbered(number).map(|(length, c)| (length + 2, Written::Character(c)));
    }
    REFERENCES.iter().find(|(way, _)| text.starts_with(way)).map(|(way, c)| (way.len(), Written::Character(*c)))
}

/// The character of a reference by its number, and the length of the number with its semicolon.
fn numbered(text: &str) -> Option<(usize, char)> {
    let (digits, radix) = match text.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let length = digits.bytes().take(LONGEST_NUMBER + 1).take_while(u8::is_ascii_hexdigit).count();
    let code = u32::from_str_radix(digits.get(..length)?, radix).ok()?;
    let c = char::from_u32(code).filter(|c| !c.is_control())?;
    digits.get(length..)?.starts_with(';').then_some((text.len() - digits.len() + length + 1, c))
}

fn tag(text: &str) -> Option<(usize, Written)> {
    let name_at = if text.starts_with("</") { 2 } else { 1 };
    let length = text.bytes().skip(name_at).take(8).take_while(u8::is_ascii_alphanumeric).count();
    let name = text.get(name_at..name_at + length)?.to_ascii_lowercase();
    let kind = if INLINE.contains(&name.as_str()) {
        Written::Mark
    } else if BREAKS.contains(&name.as_str()) {
        Written::Break
    } else {
        return None;
    };
    // A tag with attributes is text: an address in it is a value.
    let behind = text.as_bytes().get(name_at + length..)?;
    let gap = behind.iter().take(LONGEST_TAG).take_while(|b| matches!(b, b' ' | b'/' | b'\n')).count();
    (behind.get(gap) == Some(&b'>')).then_some((name_at + length + gap + 1, kind))
}

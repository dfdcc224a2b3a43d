//! Names of elements as numbers, so that a tag is told from forty others by a few comparisons of one word.

/// The number of an element's name in any case; zero for names longer than eight letters that bear on nothing.
pub fn tag_of(name: &str) -> u64 {
    let name = name.as_bytes();
    if name.len() > 8 {
        return if name.eq_ignore_ascii_case(b"blockquote") { BLOCKQUOTE } else { 0 };
    }
    name.iter().fold(0, |number, byte| number << 8 | byte.to_ascii_lowercase() as u64)
}

const fn tag(name: &str) -> u64 {
    let name = name.as_bytes();
    assert!(name.len() <= 8, "longer names need a number of their own");
    let (mut number, mut at) = (0, 0);
    while at < name.len() {
        number = number << 8 | name[at] as u64;
        at += 1;
    }
    number
}

macro_rules! tags {
    ($($constant:ident = $name:literal),+ $(,)?) => { $(pub const $constant: u64 = tag($name);)+ };
}

tags!(
    A = "a",
    AREA = "area",
    LINK = "link",
    META = "meta",
    BASE = "base",
    FRAME = "frame",
    HTML = "html",
    H1 = "h1",
    SVG = "svg",
    TEMPLATE = "template",
    SCRIPT = "script",
    STYLE = "style",
    TITLE = "title",
    TEXTAREA = "textarea",
    IFRAME = "iframe",
    NOEMBED = "noembed",
    NOFRAMES = "noframes",
    XMP = "xmp",
    TH = "th",
    TD = "td",
    DT = "dt",
    DD = "dd",
    TR = "tr",
    DL = "dl",
    P = "p",
    DIV = "div",
    BR = "br",
    LI = "li",
    UL = "ul",
    OL = "ol",
    TABLE = "table",
    H2 = "h2",
    H3 = "h3",
    H4 = "h4",
    H5 = "h5",
    H6 = "h6",
    SECTION = "section",
    ARTICLE = "article",
    HEADER = "header",
    FOOTER = "footer",
    MAIN = "main",
    NAV = "nav",
    ASIDE = "aside",
    FORM = "form",
    HR = "hr",
    DEL = "del",
    S = "s",
    STRIKE = "strike",
    SUP = "sup",
    SMALL = "small",
    SPAN = "span",
    B = "b",
    STRONG = "strong",
    EM = "em",
    I = "i",
    PRE = "pre",
    FIGURE = "figure",
    OPTION = "option",
    BUTTON = "button",
    INPUT = "input",
    BODY = "body",
    FIELDSET = "fieldset",
    ADDRESS = "address",
);

/// Whether an element is a stretch of a line.
pub fn is_inline(tag: u64) -> bool {
    matches!(tag, SPAN | B | STRONG | EM | I | SMALL)
}

/// No name of eight letters: no text holds this byte.
const BLOCKQUOTE: u64 = u64::MAX;

/// Whether the content of an element is text whatever it looks like.
pub fn is_raw(tag: u64) -> bool {
    matches!(tag, SCRIPT | STYLE | TITLE | TEXTAREA | IFRAME | NOEMBED | NOFRAMES | XMP)
}

/// Whether an element begins and ends a line of visible text.
pub fn is_block(tag: u64) -> bool {
    matches!(
        tag,
        P | DIV
            | BR
            | LI
            | UL
            | OL
            | TR
            | TD
            | TH
            | TABLE
            | H1
            | H2
            | H3
            | H4
            | H5
            | H6
            | SECTION
            | ARTICLE
            | HEADER
            | FOOTER
            | MAIN
            | NAV
            | ASIDE
            | FORM
            | DL
            | DT
            | DD
            | HR
            | PRE
            | BLOCKQUOTE
            | FIGURE
            | OPTION
            | BUTTON
            | TITLE
            | BODY
            | FIELDSET
            | ADDRESS
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_case_and_none_taken_for_another() {
        assert_eq!((tag_of("DIV"), tag_of("h1"), tag_of("TextArea")), (DIV, H1, TEXTAREA));
        assert!(is_block(tag_of("BlockQuote")) && is_block(tag_of("td")) && is_raw(tag_of("SCRIPT")));
        for name in ["", "x-div", "span", "figcaption", "\u{1}", "divdivdiv"] {
            assert!(!is_block(tag_of(name)) && !is_raw(tag_of(name)), "{name}");
        }
    }
}

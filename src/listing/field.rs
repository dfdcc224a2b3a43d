//! Fields of structured data as text: character references and markup that shops leave in them are undone.

use crate::listing::entities;
use crate::listing::tags;
use crate::listing::tokenizer::{Token, Tokenizer};

/// Characters of a listing's field.
pub(super) const LIMIT_CHARS: usize = 200_000;

/// Elements that are markup in a field. Other words in angle brackets are what the seller wrote.
const MARKUP: [&str; 52] = [
    "a",
    "abbr",
    "article",
    "b",
    "big",
    "blockquote",
    "br",
    "center",
    "code",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "iframe",
    "img",
    "ins",
    "label",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "s",
    "script",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "wbr",
];

/// Whether [`clean`] leaves out the end of a field.
pub(super) fn is_cut(field: &str) -> bool {
    field.chars().nth(LIMIT_CHARS).is_some()
}

/// A description: its markup dropped, its lines kept, what is longer than a field may be cut off.
pub(super) fn clean(field: &str) -> String {
    clean_whole(&field[..field.char_indices().nth(LIMIT_CHARS).map_or(field.len(), |(at, _)| at)])
}

/// The same of a field whose length is limited already.
pub(super) fn clean_whole(field: &str) -> String {
    let mut text = field.to_owned();
    // Markup is often escaped once more than it should be.
    for _ in 0..2 {
        let with_markup = text.contains('<');
        if !with_markup && !text.contains('&') {
            break;
        }
        let before = text.len();
        text = if with_markup { without_markup(&text) } else { entities::decode(&text, false).into_owned() };
        if text.len() == before {
            break;
        }
    }
    text.trim().to_owned()
}

/// A title: one line without markup.
pub(super) fn title(field: &str) -> String {
    one_line(&clean(field))
}

/// Runs of white space as one space.
pub(super) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

fn without_markup(field: &str) -> String {
    let mut out = String::with_capacity(field.len());
    let mut had_block = false;
    let mut tokens = Tokenizer::new(field);
    let mut gap = |out: &mut String| {
        had_block = true;
        if !out.ends_with(char::is_whitespace) {
            out.push(' ');
        }
    };
    for token in tokens.by_ref() {
        match token {
            Token::Text(text) => out.push_str(&entities::decode(text, false)),
            Token::Start { name, attributes } => {
                if !is_markup(name) {
                    out.push_str(&format!("<{name}{attributes}>"));
                } else if tags::is_block(tags::tag_of(name)) {
                    gap(&mut out);
                }
            }
            Token::End { name, .. } => {
                if tags::is_block(tags::tag_of(name)) {
                    gap(&mut out);
                }
            }
            Token::Raw { name, content } => {
                if !["script", "style", "iframe"].iter().any(|raw| raw.eq_ignore_ascii_case(name)) {
                    out.push_str(&entities::decode(content, false));
                }
            }
        }
    }
    // What looks like a tag and never ends is no tag.
    let walked = tokens.walked().len();
    out.push_str(&entities::decode(&field[walked..], false));
    if had_block { one_line(&out) } else { out }
}

fn is_markup(name: &str) -> bool {
    let name = name.rsplit(':').next().unwrap_or(name);
    MARKUP.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_that_a_shop_left_in_a_field() {
        for (field, expected) in [
            ("Oak chair", "Oak chair"),
            ("Set 4&#8211;B", "Set 4–B"),
            ("Salt &amp;amp; pepper", "Salt & pepper"),
            ("<b>4</b>-seat sofa", "4-seat sofa"),
            ("&lt;p&gt;Oak&lt;/p&gt;&lt;p&gt;solid&lt;/p&gt;", "Oak solid"),
            ("<p>Oak,<br>solid</p>\n<p>new</p>", "Oak, solid new"),
            ("5 < 6 and <oak> chair", "5 < 6 and <oak> chair"),
            ("under <b 40 euros", "under <b 40 euros"),
            ("<style>p{}</style><script>x()</script>Oak", "Oak"),
            ("&lt;oak&gt;", "<oak>"),
            ("first\nsecond", "first\nsecond"),
        ] {
            assert_eq!(clean(field), expected, "{field}");
        }
        assert_eq!(title(" <i>Oak</i>\n chair "), "Oak chair");
    }
}

//! Tags, text and raw text of an HTML page, in one pass over its bytes.
//!
//! html5ever builds the tree the standard asks for and costs eight times as much; for links, text and embedded data the
//! tokens are enough. It is checked against html5ever in a differential test.

use crate::listing::tags;

/// One piece of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// Text between tags, references not decoded.
    Text(&'a str),
    /// A start tag; `attributes` is its inside, to be read with [`attributes`].
    Start {
        /// Name as written.
        name: &'a str,
        /// Inside of the tag after the name.
        attributes: &'a str,
    },
    /// An end tag.
    End {
        /// Name as written.
        name: &'a str,
        /// Inside of the tag after the name; attributes there mean nothing, but cost as much to read.
        inside: &'a str,
    },
    /// The content of `script`, `style`, `title`, `textarea`, `iframe`, `noembed`, `noframes` or `xmp`.
    Raw {
        /// Name of the element.
        name: &'a str,
        /// Its content.
        content: &'a str,
    },
}

/// Walks over a page.
#[derive(Debug, Clone)]
pub struct Tokenizer<'a> {
    text: &'a str,
    at: usize,
    raw: Option<&'a str>,
    /// No `]]>` stands in the rest: it was searched for once, and is not for every `<![CDATA[` again.
    no_cdata_end: bool,
    /// Any element may close itself (`<script/>`).
    xml: bool,
    /// Where a tag begins that never ends.
    cut_off: Option<usize>,
}

impl<'a> Tokenizer<'a> {
    /// Begins at the start of `text`.
    pub fn new(text: &'a str) -> Self {
        Tokenizer { text, at: 0, raw: None, no_cdata_end: false, xml: false, cut_off: None }
    }

    /// Walks over XML, if it is.
    pub fn as_xml(mut self, xml: bool) -> Self {
        self.xml = xml;
        self
    }

    /// What has been walked over, without a tag at its end that never ends.
    pub fn walked(&self) -> &'a str {
        &self.text[..self.cut_off.unwrap_or(self.at)]
    }

    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    /// Content up to the matching end tag, which is not consumed.
    fn raw_content(&mut self, name: &'a str) -> &'a str {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut from = start;
        while let Some(found) = memchr::memchr(b'<', &bytes[from..]) {
            let tag = from + found;
            let end = tag + 2 + name.len();
            if bytes.get(tag + 1) == Some(&b'/')
                && bytes.get(tag + 2..end).is_some_and(|n| n.eq_ignore_ascii_case(name.as_bytes()))
                && bytes.get(end).is_none_or(|b| matches!(b, b'>' | b'/') || b.is_ascii_whitespace())
            {
                self.at = tag;
                return &self.text[start..tag];
            }
            from = tag + 1;
        }
        self.at = bytes.len();
        &self.text[start..]
    }

    /// Position after a comment, declaration or processing instruction that begins here.
    fn skip_markup(&mut self) -> usize {
        let rest = self.rest();
        let after = |needle: &[u8], from: usize| {
            memchr::memmem::find(rest.get(from..).unwrap_or_default(), needle).map(|at| from + at + needle.len())
        };
        let end = if rest.starts_with(b"<!--") {
            // `<!-->` and `<!--->` are whole comments; `--!>` ends one too.
            if rest[4..].starts_with(b">") {
                Some(5)
            } else if rest[4..].starts_with(b"->") {
                Some(6)
            } else {
                // Every byte is looked at once, however many comments there are.
                memchr::memchr_iter(b'>', &rest[4..])
                    .map(|at| 4 + at)
                    .find(|at| rest[4..*at].ends_with(b"--") || rest[4..*at].ends_with(b"--!"))
                    .map(|at| at + 1)
            }
        } else if rest.starts_with(b"<![CDATA[") {
            let whole = if self.no_cdata_end { None } else { after(b"]]>", 9) };
            self.no_cdata_end = whole.is_none();
            whole.or_else(|| after(b">", 9))
        } else {
            after(b">", 1)
        };
        self.at + end.unwrap_or(rest.len())
    }

    /// The end of the tag whose inside begins at `from`: position of `>`, outside of quotes.
    fn tag_end(&self, from: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = from;
        // A quote opens a value only after an equals sign; elsewhere it is part of a name.
        let mut after_equals = false;
        loop {
            match *bytes.get(at)? {
                b'>' => return Some(at),
                quote @ (b'"' | b'\'') if after_equals => {
                    at += 1;
                    at += memchr::memchr(quote, bytes.get(at..)?)?;
                    after_equals = false;
                }
                b'=' => after_equals = true,
                byte if byte.is_ascii_whitespace() => {}
                _ => after_equals = false,
            }
            at += 1;
        }
    }
}

impl<'a> Iterator for Tokenizer<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        if let Some(name) = self.raw.take() {
            let content = self.raw_content(name);
            return Some(Token::Raw { name, content });
        }
        loop {
            let start = self.at;
            let rest = self.rest();
            if rest.is_empty() {
                return None;
            }
            // Most tags follow a tag.
            let open = if rest[0] == b'<' { Some(0) } else { memchr::memchr(b'<', rest) };
            let Some(open) = open else {
                self.at = self.text.len();
                return Some(Token::Text(&self.text[start..]));
            };
            let kind = rest.get(open + 1).copied().unwrap_or(0);
            let is_tag = kind.is_ascii_alphabetic();
            let is_end = kind == b'/' && rest.get(open + 2).is_some_and(|b| b.is_ascii_alphabetic());
            let is_markup = matches!(kind, b'!' | b'?') || (kind == b'/' && !is_end);
            if !is_tag && !is_end && !is_markup {
                // A lone `<` is text; so is what follows up to the next one.
                let next = memchr::memchr(b'<', &rest[open + 1..]).map_or(rest.len(), |at| open + 1 + at);
                self.at = start + next;
                return Some(Token::Text(&self.text[start..self.at]));
            }
            if open > 0 {
                self.at = start + open;
                return Some(Token::Text(&self.text[start..self.at]));
            }
            if is_markup {
                self.at = self.skip_markup();
                continue;
            }
            let name_start = start + if is_end { 2 } else { 1 };
            let bytes = self.text.as_bytes();
            let name_length = bytes[name_start..]
                .iter()
                .take_while(|b| !matches!(b, b'>' | b'/') && !b.is_ascii_whitespace())
                .count();
            let name_end = name_start + name_length;
            let name = &self.text[name_start..name_end];
            // A tag that never ends swallows the rest of the page, as in browsers.
            let Some(end) = self.tag_end(name_end) else {
                self.cut_off = Some(start);
                self.at = self.text.len();
                return None;
            };
            self.at = end + 1;
            if is_end {
                return Some(Token::End { name, inside: &self.text[name_end..end] });
            }
            let closes_itself = self.xml && self.text[name_end..end].ends_with('/');
            if tags::is_raw(tags::tag_of(name)) && !closes_itself {
                self.raw = Some(name);
            }
            return Some(Token::Start { name, attributes: &self.text[name_end..end] });
        }
    }
}

/// The attributes of a start tag: name as written, value with references not decoded.
pub fn attributes(inside: &str) -> impl Iterator<Item = (&str, &str)> {
    let bytes = inside.as_bytes();
    let mut at = 0;
    let skip = |from: usize, what: fn(u8) -> bool| from + bytes[from..].iter().take_while(|byte| what(**byte)).count();
    std::iter::from_fn(move || {
        at = skip(at, |byte| byte.is_ascii_whitespace() || byte == b'/');
        if at == bytes.len() {
            return None;
        }
        // The first byte belongs to the name whatever it is; all delimiters are ASCII, so slices end between characters.
        let start = at;
        at = skip(at + 1, |byte| !matches!(byte, b'=' | b'/' | b'>') && !byte.is_ascii_whitespace());
        let name = &inside[start..at];
        at = skip(at, |byte| byte.is_ascii_whitespace());
        if bytes.get(at) != Some(&b'=') {
            return Some((name, ""));
        }
        at = skip(at + 1, |byte| byte.is_ascii_whitespace());
        let value = match bytes.get(at) {
            Some(quote @ (b'"' | b'\'')) => {
                let from = at + 1;
                let length = memchr::memchr(*quote, &bytes[from..]).unwrap_or(bytes.len() - from);
                at = (from + length + 1).min(bytes.len());
                &inside[from..from + length]
            }
            _ => {
                let from = at;
                at = skip(at, |byte| !byte.is_ascii_whitespace());
                &inside[from..at]
            }
        };
        Some((name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn show(html: &str) -> Vec<String> {
        Tokenizer::new(html)
            .map(|token| match token {
                Token::Text(text) => format!("t:{text}"),
                Token::Start { name, attributes: inside } => {
                    let list: Vec<String> = attributes(inside).map(|(n, v)| format!("{n}={v}")).collect();
                    format!("<{name} {}>", list.join(","))
                }
                Token::End { name, .. } => format!("</{name}>"),
                Token::Raw { name, content } => format!("{name}:{content}"),
            })
            .collect()
    }

    #[test]
    fn tags_as_people_write_them() {
        for (html, expected) in [
            ("a<b>c</b>", vec!["t:a", "<b >", "t:c", "</b>"]),
            ("<a href=x>y</a>", vec!["<a href=x>", "t:y", "</a>"]),
            ("<a href='a>b' title=\"c\">", vec!["<a href=a>b,title=c>"]),
            ("<a href = \"x\" disabled>", vec!["<a href=x,disabled=>"]),
            ("<img src=a/>", vec!["<img src=a/>"]),
            ("<br/>", vec!["<br >"]),
            ("1 < 2 <b>", vec!["t:1 < 2 ", "<b >"]),
            ("<!-- <a href=x> --><p>", vec!["<p >"]),
            ("<!--><p>", vec!["<p >"]),
            ("<!-- x --!><p>", vec!["<p >"]),
            ("<!DOCTYPE html><p>", vec!["<p >"]),
            ("<?php x ?>a", vec!["t:a"]),
            ("</ x>a", vec!["t:a"]),
            ("<script>if (a<b) '</p>'</script>z", vec!["<script >", "script:if (a<b) '</p>'", "</script>", "t:z"]),
            ("<style>a{}</styles></style>", vec!["<style >", "style:a{}</styles>", "</style>"]),
            ("<title>a<b></title>", vec!["<title >", "title:a<b>", "</title>"]),
            ("<a b=\"x\"c=y>", vec!["<a b=x,c=y>"]),
            ("<p", vec![]),
            ("a<", vec!["t:a<"]),
        ] {
            assert_eq!(show(html), expected, "{html}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_and_always_ends(html in "[<>/a-z =\"'!&;-]{0,200}|.{0,100}") {
            let count = Tokenizer::new(&html).map(|token| if let Token::Start { attributes: inside, .. } = token { attributes(inside).count() } else { 0 }).count();
            prop_assert!(count <= html.len() * 2 + 2);
        }
    }
}

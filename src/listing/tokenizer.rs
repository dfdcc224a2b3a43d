//! Tags, text and raw text of an HTML page, in one pass over its bytes.
//!
//! html5ever builds the tree the standard asks for and costs eight times as much; for links, text and embedded data the
//! tokens are enough. It is checked against html5ever in a differential test.

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
}

const RAW: [&str; 8] = ["script", "style", "title", "textarea", "iframe", "noembed", "noframes", "xmp"];

impl<'a> Tokenizer<'a> {
    /// Begins at the start of `text`.
    pub fn new(text: &'a str) -> Self {
        Tokenizer { text, at: 0, raw: None }
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
    fn skip_markup(&self) -> usize {
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
                match (after(b"-->", 4), after(b"--!>", 4)) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                }
            }
        } else if rest.starts_with(b"<![CDATA[") {
            after(b"]]>", 9).or_else(|| after(b">", 9))
        } else {
            after(b">", 1)
        };
        self.at + end.unwrap_or(rest.len())
    }

    /// The end of the tag whose inside begins at `from`: position of `>`, outside of quotes.
    fn tag_end(&self, from: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = from;
        loop {
            at += memchr::memchr3(b'>', b'"', b'\'', bytes.get(at..)?)?;
            match bytes[at] {
                b'>' => return Some(at),
                quote => {
                    // A quote opens a value only after an equals sign; elsewhere it is part of a name.
                    let before = bytes[from..at].trim_ascii_end();
                    at += 1;
                    if before.last() == Some(&b'=') {
                        at += memchr::memchr(quote, bytes.get(at..)?)? + 1;
                    }
                }
            }
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
            let Some(open) = memchr::memchr(b'<', rest) else {
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
                self.at = self.text.len();
                return None;
            };
            self.at = end + 1;
            if is_end {
                return Some(Token::End { name });
            }
            if RAW.iter().any(|raw| raw.eq_ignore_ascii_case(name)) {
                self.raw = Some(name);
            }
            return Some(Token::Start { name, attributes: &self.text[name_end..end] });
        }
    }
}

/// The attributes of a start tag: name as written, value with references not decoded.
pub fn attributes(inside: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = inside;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let name_end = rest
            .char_indices()
            .skip(1)
            .find(|(_, c)| matches!(c, '=' | '/' | '>') || c.is_ascii_whitespace())
            .map_or(rest.len(), |(at, _)| at);
        let name = &rest[..name_end];
        rest = rest[name_end..].trim_start_matches(|c: char| c.is_ascii_whitespace());
        let Some(after) = rest.strip_prefix('=') else { return Some((name, "")) };
        let after = after.trim_start_matches(|c: char| c.is_ascii_whitespace());
        let (value, remaining) = match after.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => {
                let body = &after[1..];
                let end = memchr::memchr(*quote, body.as_bytes()).unwrap_or(body.len());
                (&body[..end], body.get(end + 1..).unwrap_or(""))
            }
            _ => {
                let end = after.find(|c: char| c.is_ascii_whitespace()).unwrap_or(after.len());
                (&after[..end], &after[end..])
            }
        };
        rest = remaining;
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
                Token::End { name } => format!("</{name}>"),
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

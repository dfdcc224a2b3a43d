//! A notice or an order as a document: headings and blocks, from which text and HTML are made, so that both say the same.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::vocab::visible::{Keep, visible};

/// A document in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Language code.
    pub language: &'static str,
    /// Written from right to left.
    pub rtl: bool,
    /// Heading of the whole.
    pub title: String,
    /// Parts.
    pub sections: Vec<Section>,
}

/// One part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Its heading; none for the opening lines.
    pub heading: Option<String>,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// One block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// Sentences, one a line.
    List(Vec<String>),
    /// Addresses and other code, one a line; always from left to right.
    Codes(Vec<String>),
    /// A link to follow.
    Link(String),
    /// Text of the listing with the words that count marked; its direction is its own.
    Excerpt(Vec<Piece>),
    /// A term with lines that belong to it.
    Term(String, Vec<String>),
    /// Lines of an address.
    Address(Vec<String>),
}

/// A piece of a listing's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = NoticePiece)]
pub struct Piece {
    /// The text as published.
    pub text: String,
    /// Whether the notice rests on it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub marked: bool,
}

impl Section {
    /// A part with a heading.
    pub fn new(heading: &str, blocks: Vec<Block>) -> Self {
        Section { heading: Some(heading.to_owned()), blocks }
    }
}

impl Document {
    /// The document as plain text. Marked words stand between asterisks.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "{}", self.title);
        for section in &self.sections {
            out.push('\n');
            if let Some(heading) = &section.heading {
                let _ = writeln!(out, "{heading}");
            }
            let indent = if section.heading.is_some() { "  " } else { "" };
            for block in &section.blocks {
                match block {
                    Block::Text(text) => {
                        let _ = writeln!(out, "{indent}{text}");
                    }
                    Block::List(lines) => {
                        for line in lines {
                            let _ = writeln!(out, "{indent}- {line}");
                        }
                    }
                    Block::Codes(lines) => {
                        for line in lines {
                            let _ = writeln!(out, "{indent}{}", self.code(line));
                        }
                    }
                    Block::Link(link) => {
                        let _ = writeln!(out, "{indent}{}", self.code(link));
                    }
                    Block::Excerpt(pieces) => {
                        let joined: String = pieces
                            .iter()
                            .map(|piece| {
                                let text =
                                    visible(&piece.text.replace(['\r', '\n', '\t'], " "), Keep::Lines).into_owned();
                                if piece.marked { format!("**{text}**") } else { text }
                            })
                            .collect();
                        let (open, close) = if self.rtl { ("\u{2068}", "\u{2069}") } else { ("", "") };
                        let _ = writeln!(out, "{indent}> {open}{joined}{close}");
                    }
                    Block::Term(term, lines) => {
                        let _ = writeln!(out, "{indent}{term}");
                        for line in lines {
                            let _ = writeln!(out, "{indent}  {line}");
                        }
                    }
                    Block::Address(lines) => {
                        for line in lines {
                            let _ = writeln!(out, "{indent}{line}");
                        }
                    }
                }
            }
        }
        out
    }

    /// Code within text from right to left keeps its own direction (left-to-right isolate).
    fn code(&self, text: &str) -> String {
        let text = visible(text, Keep::Lines);
        if self.rtl { format!("\u{2066}{text}\u{2069}") } else { text.into_owned() }
    }
}

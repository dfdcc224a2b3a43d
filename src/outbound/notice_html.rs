//! Notices and orders in HTML: a whole page. No styles, no scripts.

use askama::Template;

use crate::referral::document::{Block, Document};
use crate::vocab::terms::LegitimateUse;

#[derive(Template)]
#[template(path = "notice/page.html")]
struct Page<'a> {
    document: &'a Document,
}

/// Any document as a whole HTML document.
pub fn page_of(document: &Document) -> String {
    Page { document }.render().unwrap_or_else(|_| String::new())
}

#[derive(Template)]
#[template(path = "notice/body.html")]
struct Body<'a> {
    document: &'a Document,
}

/// Any document as a part of another page.
pub fn body_of(document: &Document) -> String {
    Body { document }.render().unwrap_or_else(|_| String::new())
}

/// What the watchlist says of a substance's use, in English, for the console.
pub fn use_in_words(legitimate_use: LegitimateUse) -> &'static str {
    match legitimate_use {
        LegitimateUse::Licensed => "controlled: a licence is needed",
        LegitimateUse::DualUse => "dual use",
        LegitimateUse::NoneKnown => "no known legitimate use",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::referral::document::{Piece, Section};

    #[test]
    fn text_stays_text_and_directions_are_said() {
        let document = Document {
            language: "ar",
            rtl: true,
            title: "<script>".into(),
            sections: vec![Section::new(
                "h",
                vec![
                    Block::Excerpt(vec![Piece { text: "<b>a</b>".into(), marked: true }]),
                    Block::Codes(vec!["https://x.test/?a=1&b=<".into()]),
                    Block::Link("https://hub.test/answer/x".into()),
                    Block::Term("t".into(), vec!["l".into()]),
                ],
            )],
        };
        let html = page_of(&document);
        assert!(html.contains("<html lang=\"ar\" dir=\"rtl\">"), "{html}");
        assert!(html.contains("<code dir=\"ltr\">https://x.test/?a=1&#38;b=&#60;</code>"), "{html}");
        assert!(html.contains("<mark>&#60;b&#62;a&#60;/b&#62;</mark>"), "{html}");
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("<a href=\"https://hub.test/answer/x\""), "{html}");
    }
}

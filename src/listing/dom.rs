//! The one place that builds a DOM, with a budget: html5ever takes quadratic time on deep trees.

use html5ever::tendril::{StrTendril, TendrilSink};
use scraper::{Html, HtmlTreeSink};

use crate::listing::ReadLimits;
use crate::listing::tokenizer::{Token, Tokenizer};

/// A DOM of the page, unless the page has more elements, or nests deeper, than the limits allow.
pub fn parse(html: &str, limits: &ReadLimits, problems: &mut Vec<String>) -> Option<Html> {
    let (mut elements, mut depth) = (0_usize, 0_usize);
    for token in Tokenizer::new(html) {
        match token {
            Token::Start { name, attributes } => {
                elements += 1;
                if !attributes.ends_with('/') && !is_void(name) {
                    depth += 1;
                }
            }
            Token::End { .. } => depth = depth.saturating_sub(1),
            Token::Text(_) | Token::Raw { .. } => {}
        }
        if elements > limits.dom_elements || depth > limits.dom_depth {
            problems.push("too many or too deeply nested elements for structured data".to_owned());
            return None;
        }
    }
    let mut parser =
        html5ever::parse_document(HtmlTreeSink::new(Html::new_document()), html5ever::ParseOpts::default());
    parser.process(StrTendril::from(html));
    Some(parser.finish())
}

fn is_void(name: &str) -> bool {
    [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "p",
        "li", "dt", "dd", "option", "tr", "td", "th", "thead", "tbody", "tfoot", "colgroup",
    ]
    .iter()
    .any(|void| void.eq_ignore_ascii_case(name))
}

//! The places of a listing that a notice rests on, with the words marked and some text around them.

use serde::{Deserialize, Serialize};

use crate::detect::assessment::Assessment;
use crate::referral::document::Piece;
use crate::vocab::terms::Signal;

/// One place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = NoticeExcerpt)]
pub struct Excerpt {
    /// Page.
    pub url: String,
    /// `title` or `text`.
    pub field: String,
    /// The text in pieces; joined they are the text as published, cut with `…` at the ends.
    pub pieces: Vec<Piece>,
}

/// Characters shown before and after a marked word.
const AROUND: usize = 80;

/// Places shown of one field.
const PLACES: usize = 3;

/// The places of one listing.
pub fn of(url: &str, title: &str, text: &str, assessment: &Assessment) -> Vec<Excerpt> {
    let mut excerpts = Vec::new();
    for (field, whole) in [("title", title), ("text", text)] {
        let spans = spans_of(assessment, field);
        for pieces in places(whole, &spans).into_iter().take(PLACES) {
            excerpts.push(Excerpt { url: url.to_owned(), field: field.to_owned(), pieces });
        }
    }
    excerpts
}

/// Spans of names and of signs of an offer, sorted, overlaps joined. Offsets count characters.
fn spans_of(assessment: &Assessment, field: &str) -> Vec<(usize, usize)> {
    let names = assessment.substances.iter().flat_map(|s| &s.matches).filter(|m| m.field == field);
    let mut spans: Vec<(usize, usize)> = names.map(|m| (m.start, m.end)).collect();
    spans.extend(assessment.emerging.iter().filter(|e| e.field == field).map(|e| (e.start, e.end)));
    let signals = assessment.context.iter().filter(|c| c.field == field && c.signal != Signal::Licit);
    spans.extend(signals.map(|c| (c.start, c.end)));
    spans.retain(|(start, end)| start < end);
    spans.sort_unstable();
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for (start, end) in spans {
        match joined.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// From, to, and the marks within.
type Window = (usize, usize, Vec<(usize, usize)>);

fn places(text: &str, spans: &[(usize, usize)]) -> Vec<Vec<Piece>> {
    let chars: Vec<char> = text.chars().collect();
    let mut windows: Vec<Window> = Vec::new();
    for &(start, end) in spans {
        let end = end.min(chars.len());
        if start >= end {
            continue;
        }
        let (from, to) = (start.saturating_sub(AROUND), (end + AROUND).min(chars.len()));
        match windows.last_mut() {
            Some(last) if from <= last.1 => {
                last.1 = to;
                last.2.push((start, end));
            }
            _ => windows.push((from, to, vec![(start, end)])),
        }
    }
    windows
        .into_iter()
        .map(|(from, to, marks)| {
            let cut = |a: usize, b: usize| chars[a..b].iter().collect::<String>();
            let mut pieces = Vec::new();
            let mut at = from;
            let lead = if from > 0 { "…" } else { "" };
            for (start, end) in marks {
                pieces.push(Piece {
                    text: format!("{}{}", if at == from { lead } else { "" }, cut(at, start)),
                    marked: false,
                });
                pieces.push(Piece { text: cut(start, end), marked: true });
                at = end;
            }
            let tail = if to < chars.len() { "…" } else { "" };
            pieces.push(Piece { text: format!("{}{tail}", cut(at, to)), marked: false });
            pieces.retain(|piece| !piece.text.is_empty());
            pieces
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_where_the_names_are_and_long_text_is_cut() {
        let long = format!("{}né ABCD now{}", "x".repeat(200), "y".repeat(200));
        let found = places(&long, &[(203, 207)]);
        assert_eq!(found.len(), 1);
        let marked: Vec<&str> = found[0].iter().filter(|p| p.marked).map(|p| p.text.as_str()).collect();
        assert_eq!(marked, ["ABCD"]);
        let whole: String = found[0].iter().map(|p| p.text.as_str()).collect();
        assert!(whole.starts_with("…x") && whole.ends_with("y…"), "{whole}");
        assert!(whole.chars().count() < 180);
        assert_eq!(places("short AB", &[(6, 8)])[0].last().unwrap().text, "AB");
        assert!(places("", &[(0, 4)]).is_empty(), "offsets beyond the text show nothing");
    }
}

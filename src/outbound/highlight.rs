//! A listing's text cut into plain and marked pieces, so that every interface highlights the same words.

use serde::Serialize;

use crate::detect::assessment::Assessment;
use crate::vocab::terms::Signal;

/// Why a piece of text is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MarkKind {
    /// A listed name or identifier.
    Name,
    /// A name that only a class rule accepts.
    Emerging,
    /// A signal of a legitimate purpose.
    Licit,
    /// A signal of an offer, of evasion, of contact or payment.
    Context,
}

impl MarkKind {
    /// The kind as a word, also the CSS class of the mark.
    pub fn name(self) -> &'static str {
        match self {
            MarkKind::Name => "name",
            MarkKind::Emerging => "emerging",
            MarkKind::Licit => "licit",
            MarkKind::Context => "context",
        }
    }
}

/// One marked span. Offsets count Unicode scalar values, half open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// Why.
    pub kind: MarkKind,
    /// What it stands for: a substance's name, a signal.
    pub label: String,
}

/// A piece of text; marked when `kind` is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Segment {
    /// The text as published.
    pub text: String,
    /// Why it is marked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<MarkKind>,
    /// What it stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// The marks an assessment puts on one field (`title`, `text`).
pub fn marks_of(assessment: &Assessment, field: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    for substance in &assessment.substances {
        for found in substance.matches.iter().filter(|found| found.field == field) {
            marks.push(Mark {
                start: found.start,
                end: found.end,
                kind: MarkKind::Name,
                label: substance.name.clone(),
            });
        }
    }
    for found in assessment.emerging.iter().filter(|found| found.field == field) {
        let label = found.subclass.clone().unwrap_or_else(|| found.class.to_string());
        marks.push(Mark { start: found.start, end: found.end, kind: MarkKind::Emerging, label });
    }
    for found in assessment.context.iter().filter(|found| found.field == field) {
        let kind = if found.signal == Signal::Licit { MarkKind::Licit } else { MarkKind::Context };
        marks.push(Mark { start: found.start, end: found.end, kind, label: found.signal.to_string() });
    }
    marks
}

/// Cuts `text` at the marks. Where marks overlap, names win over context; concatenating the pieces gives `text` back.
pub fn segments(text: &str, marks: &[Mark]) -> Vec<Segment> {
    let length = text.chars().count();
    let mut owner: Vec<Option<usize>> = vec![None; length];
    let mut order: Vec<usize> = (0..marks.len()).collect();
    // The strongest kind is painted last; of one kind, the longer mark first so that a shorter one inside it stays seen.
    order.sort_by_key(|&at| {
        let mark = &marks[at];
        (std::cmp::Reverse(mark.kind), std::cmp::Reverse(mark.end.saturating_sub(mark.start)))
    });
    for at in order {
        let mark = &marks[at];
        for slot in owner.iter_mut().take(mark.end.min(length)).skip(mark.start) {
            *slot = Some(at);
        }
    }
    let mut pieces: Vec<Segment> = Vec::new();
    let mut last: Option<Option<usize>> = None;
    for (c, of) in text.chars().zip(owner) {
        if last != Some(of) {
            let mark = of.map(|at| &marks[at]);
            pieces.push(Segment {
                text: String::new(),
                kind: mark.map(|m| m.kind),
                label: mark.map(|m| m.label.clone()),
            });
            last = Some(of);
        }
        if let Some(piece) = pieces.last_mut() {
            piece.text.push(c);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mark(start: usize, end: usize, kind: MarkKind) -> Mark {
        Mark { start, end, kind, label: "x".into() }
    }

    #[test]
    fn names_win_over_context_and_offsets_count_characters() {
        let pieces = segments("né ABCD now", &[mark(0, 11, MarkKind::Context), mark(3, 7, MarkKind::Name)]);
        let shown: Vec<_> = pieces.iter().map(|p| (p.text.as_str(), p.kind)).collect();
        assert_eq!(
            shown,
            [("né ", Some(MarkKind::Context)), ("ABCD", Some(MarkKind::Name)), (" now", Some(MarkKind::Context))]
        );
    }

    proptest! {
        #[test]
        fn pieces_give_the_text_back(text in ".{0,40}", spans in proptest::collection::vec((0usize..60, 0usize..60), 0..6)) {
            let marks: Vec<_> = spans.into_iter().map(|(a, b)| mark(a, b, MarkKind::Licit)).collect();
            let joined: String = segments(&text, &marks).into_iter().map(|piece| piece.text).collect();
            prop_assert_eq!(joined, text);
        }
    }
}

//! Whether reported places are what they are said to be: cut from the source again, each holds the name the seller wrote.

use serde::Serialize;

use crate::detect::assessment::{Assessment, NameMatch};
use crate::detect::evaluate::label::SpanLabel;
use crate::detect::identifiers;
use crate::detect::view::fold;
use crate::detect::watchlist::{Substance, Watchlist};
use crate::listing::input::InputLine;
use crate::vocab::terms::How;

/// Reported places checked.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SpanReport {
    /// Places of substances and emerging names reported.
    pub reported: u64,
    /// Places that hold the name.
    pub right: u64,
    /// Names whose place the label gives, and which were reported at least in part.
    pub labelled: u64,
    /// Labelled names that a reported place holds whole.
    pub labelled_whole: u64,
    /// What is wrong with the others.
    pub wrong: Vec<String>,
}

/// Wrong places listed.
const WRONG_LIMIT: usize = 50;

impl SpanReport {
    /// Adds another listing's places.
    pub fn add(&mut self, other: &SpanReport) {
        self.reported += other.reported;
        self.right += other.right;
        self.labelled += other.labelled;
        self.labelled_whole += other.labelled_whole;
        let room = WRONG_LIMIT.saturating_sub(self.wrong.len());
        self.wrong.extend(other.wrong.iter().take(room).cloned());
    }
}

/// Checks every place an assessment reports against the listing it was made from.
pub fn check(input: &InputLine, assessment: &Assessment, watchlist: &Watchlist, labels: &[SpanLabel]) -> SpanReport {
    let mut out = SpanReport::default();
    let mut places: Vec<(&str, usize, usize)> = Vec::new();
    for finding in &assessment.substances {
        let substance = watchlist.get(&finding.id);
        for place in &finding.matches {
            let cut = cut(input, &place.field, place.start, place.end);
            let right = cut.as_deref() == Some(place.surface.as_str())
                && substance.is_some_and(|substance| names_it(place, substance));
            out.reported += 1;
            out.right += u64::from(right);
            if !right {
                out.wrong.push(format!(
                    "{}: {} at {}..{} of {} is `{}`, cut again `{}`",
                    input.id,
                    finding.id,
                    place.start,
                    place.end,
                    place.field,
                    place.surface,
                    cut.unwrap_or_default()
                ));
            }
            places.push((&place.field, place.start, place.end));
        }
    }
    for found in &assessment.emerging {
        let cut = cut(input, &found.field, found.start, found.end);
        let right = cut.as_deref() == Some(found.surface.as_str()) && !found.surface.trim().is_empty();
        out.reported += 1;
        out.right += u64::from(right);
        if !right {
            out.wrong.push(format!(
                "{}: emerging `{}`, cut again `{}`",
                input.id,
                found.surface,
                cut.unwrap_or_default()
            ));
        }
        places.push((&found.field, found.start, found.end));
    }
    for label in labels {
        let here: Vec<_> =
            places.iter().filter(|at| at.0 == label.field && at.1 < label.end && label.start < at.2).collect();
        if here.is_empty() {
            continue;
        }
        out.labelled += 1;
        if here.iter().any(|at| at.1 <= label.start && label.end <= at.2) {
            out.labelled_whole += 1;
        } else {
            let written = cut(input, &label.field, label.start, label.end).unwrap_or_default();
            out.wrong.push(format!("{}: no reported place holds all of `{written}`", input.id));
        }
    }
    out
}

/// Characters of a field, if they are all there.
fn cut(input: &InputLine, field: &str, start: usize, end: usize) -> Option<String> {
    let text = match field.strip_prefix("attributes.") {
        Some(key) => {
            let value = input.attributes.as_ref()?.get(key)?;
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        }
        None if field == "title" => input.title.clone()?,
        None => input.text.clone()?,
    };
    let out: String = text.chars().skip(start).take(end.checked_sub(start)?).collect();
    (out.chars().count() == end - start && start < end).then_some(out)
}

/// Whether a surface names the substance: exactly for names and identifiers, but for a letter in eight where it is disguised
/// or misspelt.
fn names_it(place: &NameMatch, substance: &Substance) -> bool {
    let written = letters(&place.surface);
    match place.how {
        How::Identifier => {
            let (ids, _) = identifiers::find(&fold(&place.surface));
            ids.iter().any(|id| substance.identifiers().any(|known| *known == id.value))
        }
        How::Name | How::Street => substance.all_names().map(letters).any(|name| is_form(&written, &name)),
        How::Class | How::Fuzzy | How::Obfuscated => {
            let read: Vec<String> = [Some('i'), Some('l'), None].into_iter().map(|one| undone(&written, one)).collect();
            substance.all_names().map(letters).any(|name| {
                let allowed = (name.chars().count() / 8).max(1);
                let near = |one: &String| {
                    let name = undone(&name, None);
                    is_form(one, &name) || strsim::osa_distance(&undone(one, None), &name) <= allowed
                };
                read.iter().any(near)
            })
        }
    }
}

/// The name itself, or with the s of a plural.
fn is_form(written: &str, name: &str) -> bool {
    written == name || written.strip_suffix('s') == Some(name)
}

fn letters(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric() || "@$!|".contains(*c)).collect()
}

/// Digits read as the letters they stand for, on both sides of a comparison.
fn undone(text: &str, one: Option<char>) -> String {
    let read = |c: char| match c {
        '0' => 'o',
        '1' | '!' | '|' => one.unwrap_or('l'),
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        '8' => 'b',
        'i' if one.is_none() => 'l',
        other => other,
    };
    text.chars().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_misses_the_name_is_told() {
        let watchlist = Watchlist::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
        let detector = crate::detect::Detector::compile(std::sync::Arc::new(watchlist)).unwrap();
        let input: InputLine =
            serde_json::from_str(r#"{"id": "x", "title": "pure I.s.o.t.o.n.i.t.a.z.3.n.e, 14188-81-9"}"#).unwrap();
        let mut assessment = crate::detect::screen::judge(&detector, &input, &[]);
        let labels = [SpanLabel { field: "title".to_owned(), start: 5, end: 30 }];
        let good = check(&input, &assessment, detector.watchlist(), &labels);
        assert_eq!((good.reported, good.right, good.labelled_whole), (2, 2, 1), "{good:?}");
        let place = &mut assessment.substances[0].matches[0];
        place.end -= 10;
        place.surface = cut(&input, "title", place.start, place.end).unwrap();
        let bad = check(&input, &assessment, detector.watchlist(), &labels);
        assert_eq!(bad.right, 1, "{bad:?}");
        assert!(bad.labelled_whole == 0 && bad.wrong.len() == 2, "{bad:?}");
    }
}

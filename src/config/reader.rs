//! Reads a TOML document section by section and gathers every problem with its place.
//!
//! A section is asked for its keys one by one; what was never asked for is an unknown key. Nothing stops at the first
//! problem: a value that is wrong is reported and read as absent, and the caller gives up once at the end.

use std::cell::RefCell;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::keys::{Effect, Key};
use crate::config::problem::{Problem, Severity};
use crate::vocab::nearest::nearest;

/// Largest configuration file we read.
pub(super) const FILE_LIMIT_BYTES: usize = 1 << 20;

/// What is wrong with one value, before its place is known.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Wrong {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Wrong { message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl<E: std::error::Error> From<E> for Wrong {
    fn from(error: E) -> Self {
        Wrong::new(error.to_string())
    }
}

/// A value with the bytes it stands at, for checks that need two values.
#[derive(Debug, Clone)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) at: Range<usize>,
}

/// One document while it is read.
pub(super) struct Document<'a> {
    file: &'a str,
    text: &'a str,
    root: Spanned<DeTable<'a>>,
    /// The keys such a file may have.
    keys: &'static [Key],
    /// Keys behind a syntax error are not read, so nothing is called missing when there is one.
    broken: bool,
    problems: RefCell<Vec<(usize, Problem)>>,
}

impl<'a> Document<'a> {
    /// Parses the syntax; what does not parse becomes problems, the rest is still read.
    pub(super) fn parse(file: &'a str, text: &'a str, keys: &'static [Key]) -> Self {
        let too_large = text.len() > FILE_LIMIT_BYTES;
        let (root, errors) = DeTable::parse_recoverable(if too_large { "" } else { text });
        let broken = too_large || !errors.is_empty();
        let document = Document { file, text, root, keys, broken, problems: RefCell::default() };
        if too_large {
            document
                .error(0, Wrong::new(format!("file of {} bytes passes the limit of {FILE_LIMIT_BYTES}", text.len())));
        }
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            let mut message = error.message().replace('\n', "; ");
            if let ("duplicate key", Some(key)) = (message.as_str(), text.get(span.clone())) {
                message = format!("`{key}` stands here a second time");
            }
            document.error(span.start, Wrong::new(message));
        }
        document
    }

    /// The table `name`, or an empty one when the file lacks it.
    pub(super) fn section<'d>(&'d self, name: &'static str) -> Section<'d, 'a> {
        let found = self.root.get_ref().iter().find(|(key, _)| key.get_ref().as_ref() == name);
        let (table, at, present) = match found {
            Some((key, value)) => match value.get_ref() {
                DeValue::Table(table) => (Some(table), key.span(), true),
                other => {
                    let wrong = Wrong::new(format!("`{name}` is {}, not a section", article(other)));
                    self.error(
                        value.span().start,
                        wrong.hint(format!("write a line `[{name}]` and its keys below it")),
                    );
                    (None, key.span(), true)
                }
            },
            None => (None, 0..0, false),
        };
        Section { document: self, name, table, at, present, asked: RefCell::default(), missing: RefCell::default() }
    }

    /// Reports every top-level key that is no section such a file may have.
    pub(super) fn only_known_sections(&self) {
        let mut sections: Vec<&'static str> = self.keys.iter().map(|key| key.section).collect();
        sections.dedup();
        for (key, value) in self.root.get_ref() {
            let name = key.get_ref().as_ref();
            if sections.contains(&name) {
                continue;
            }
            let what = if matches!(value.get_ref(), DeValue::Table(_)) { "section" } else { "key" };
            let mut wrong = Wrong::new(format!("unknown {what} `{name}`"));
            wrong.hint = Some(suggestion(name, &sections));
            self.error(key.span().start, wrong);
        }
    }

    pub(super) fn error(&self, at: usize, wrong: Wrong) {
        self.add(Severity::Error, at, wrong);
    }

    pub(super) fn warning(&self, at: usize, wrong: Wrong) {
        self.add(Severity::Warning, at, wrong);
    }

    fn add(&self, severity: Severity, at: usize, wrong: Wrong) {
        let (line, column) = position(self.text, at);
        let problem =
            Problem { severity, file: self.file.to_owned(), line, column, message: wrong.message, hint: wrong.hint };
        self.problems.borrow_mut().push((at, problem));
    }

    /// Every problem, in the order of the text.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|(at, _)| *at);
        problems.into_iter().map(|(_, problem)| problem).collect()
    }
}

/// One `[section]` while it is read.
pub(super) struct Section<'d, 'a> {
    document: &'d Document<'a>,
    name: &'static str,
    table: Option<&'d DeTable<'a>>,
    at: Range<usize>,
    present: bool,
    asked: RefCell<Vec<&'static str>>,
    /// Lines a section that is not there would need.
    missing: RefCell<Vec<String>>,
}

impl<'d, 'a> Section<'d, 'a> {
    /// Whether the file has this section.
    pub(super) fn present(&self) -> bool {
        self.present
    }

    /// Where the section's name stands.
    pub(super) fn at(&self) -> usize {
        self.at.start
    }

    pub(super) fn document(&self) -> &'d Document<'a> {
        self.document
    }

    /// Whether the section has `key`, right or wrong.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.is_some_and(|table| table.iter().any(|(name, _)| name.get_ref().as_ref() == key))
    }

    /// The raw value of `key`; a warning where the key has no effect yet.
    pub(super) fn value(&self, key: &'static str) -> Option<&'d Spanned<DeValue<'a>>> {
        let declared = self.declared().find(|declared| declared.name == key);
        let declared = declared.expect("every key that is asked for is declared in `keys`");
        self.asked.borrow_mut().push(key);
        let (name, value) = self.table?.iter().find(|(name, _)| name.get_ref().as_ref() == key)?;
        if let Effect::NotYet(instead) = declared.effect {
            let wrong = Wrong::new(format!("`{key}` in `[{}]` has no effect yet", self.name));
            self.document.warning(name.span().start, wrong.hint(format!("{instead}; the key may be removed")));
        }
        Some(value)
    }

    /// Keys this section may have.
    fn declared(&self) -> impl Iterator<Item = &'static Key> + use<> {
        let name = self.name;
        self.document.keys.iter().filter(move |key| key.section == name)
    }

    /// A text value, checked by `parse`.
    pub(super) fn text<T>(&self, key: &'static str, parse: impl Fn(&str) -> Result<T, Wrong>) -> Option<Placed<T>> {
        let value = self.value(key)?;
        self.one(key, value, &parse)
    }

    /// A text value that must be there; `example` is shown when it is not.
    pub(super) fn required<T>(
        &self,
        key: &'static str,
        example: &str,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Placed<T>> {
        let value = self.required_value(key, example)?;
        self.one(key, value, &parse)
    }

    /// The raw value of a key that must be there.
    pub(super) fn required_value(&self, key: &'static str, example: &str) -> Option<&'d Spanned<DeValue<'a>>> {
        let value = self.value(key);
        if value.is_none() && !self.document.broken {
            let line = format!("{key} = {example}");
            if self.present {
                let wrong = Wrong::new(format!("`[{}]` lacks `{key}`", self.name));
                self.document.error(self.at.start, wrong.hint(format!("add `{line}`")));
            } else {
                self.missing.borrow_mut().push(line);
            }
        }
        value
    }

    /// A list of texts, each checked by `parse`; elements that are wrong are reported and left out.
    pub(super) fn list<T>(
        &self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Vec<Placed<T>>> {
        let value = self.value(key)?;
        self.many(key, value, &parse)
    }

    /// The elements of `value`, which must be a list of texts.
    pub(super) fn many<T>(
        &self,
        key: &'static str,
        value: &Spanned<DeValue<'a>>,
        parse: &impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Vec<Placed<T>>> {
        let Some(elements) = value.get_ref().as_array() else {
            let mut wrong = Wrong::new(format!("`{key}` is {}, not a list", article(value.get_ref())));
            if let Some(text) = value.get_ref().as_str() {
                wrong = wrong.hint(format!("write `{key} = [\"{}\"]`", text.escape_default()));
            }
            self.document.error(value.span().start, wrong);
            return None;
        };
        Some(elements.iter().filter_map(|element| self.one(key, element, parse)).collect())
    }

    /// A whole number within `range`.
    pub(super) fn number(&self, key: &'static str, range: Range<u64>) -> Option<u64> {
        let value = self.value(key)?;
        let at = value.span().start;
        let Some(integer) = value.get_ref().as_integer() else {
            let wrong = Wrong::new(format!("`{key}` is {}, not a whole number", article(value.get_ref())));
            self.document.error(at, wrong.hint("write it without quotes and without a decimal point"));
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|n| range.contains(n));
        if number.is_none() {
            let last = range.end.saturating_sub(1);
            self.document.error(at, Wrong::new(format!("`{key}` is {integer}, outside {} to {last}", range.start)));
        }
        number
    }

    /// Reports every unknown key, and the section itself where it is missing and needed.
    pub(super) fn finish(&self) {
        let missing = self.missing.borrow();
        if !missing.is_empty() {
            let wrong = Wrong::new(format!("section `[{}]` is missing", self.name));
            self.document.error(0, wrong.hint(format!("add `[{}]` with {}", self.name, missing.join(", "))));
        }
        let known: Vec<&'static str> = self.declared().map(|key| key.name).collect();
        debug_assert!(
            known.iter().all(|key| self.asked.borrow().contains(key)),
            "a key of `[{}]` is declared and not read",
            self.name
        );
        let Some(table) = self.table else { return };
        for (key, _) in table {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let mut wrong = Wrong::new(format!("unknown key `{name}` in `[{}]`", self.name));
                wrong.hint = Some(suggestion(name, &known));
                self.document.error(key.span().start, wrong);
            }
        }
    }

    fn one<T>(
        &self,
        key: &'static str,
        value: &Spanned<DeValue<'a>>,
        parse: &impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<Placed<T>> {
        let at = value.span();
        // Dates are written without quotes; everything else that is read as text is a TOML string.
        let shown;
        let text = match value.get_ref() {
            DeValue::String(text) => text.as_ref(),
            DeValue::Datetime(date) => {
                shown = date.to_string();
                shown.as_str()
            }
            other => {
                let wrong = Wrong::new(format!("`{key}` is {}, not text", article(other)));
                self.document.error(at.start, wrong.hint("put the value in quotes"));
                return None;
            }
        };
        match parse(text) {
            Ok(value) => Some(Placed { value, at }),
            Err(wrong) => {
                self.document
                    .error(at.start, Wrong { message: format!("`{key}`: {}", wrong.message), hint: wrong.hint });
                None
            }
        }
    }
}

/// The nearest known name, or the list of them.
pub(super) fn suggestion(name: &str, known: &[&'static str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("known here: {}", known.join(", ")),
    }
}

fn article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

/// Line and column, both from 1, columns in characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let before = &text[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let text = "a\nпро\nz";
        assert_eq!(position(text, 0), (1, 1));
        assert_eq!(position(text, 2), (2, 1));
        assert_eq!(position(text, 4), (2, 2));
        assert_eq!(position(text, 5), (2, 2), "inside a character");
        assert_eq!(position(text, 9), (3, 1));
        assert_eq!(position(text, 999), (3, 2));
    }

    #[test]
    fn every_problem_is_gathered_in_text_order() {
        const KEYS: &[Key] = &[Key { section: "a", name: "x", effect: Effect::Within }];
        let text = "[a]\nx = 1\nzz = \"n\"\n[b]\ny = \"q\"\n";
        let document = Document::parse("f.toml", text, KEYS);
        document.only_known_sections();
        let section = document.section("a");
        assert!(section.text("x", |t| Ok(t.to_owned())).is_none());
        section.finish();
        let lines: Vec<_> = document.into_problems().iter().map(|p| (p.line, p.column)).collect();
        assert_eq!(lines, [(2, 5), (3, 1), (4, 2)]);
    }
}

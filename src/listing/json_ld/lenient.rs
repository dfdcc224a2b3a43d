//! JSON that is none by the letter: what a reader of the block would take it to say.

use serde_json::{Map, Number, Value};

use crate::listing::budget::{Budget, Spent, Work};

/// How a CDATA section begins, after `<!`.
const CDATA: &str = "[CDATA[";

/// All objects and lists of a text; whatever stands around them (comments, CDATA marks, assignments) is passed over.
///
/// # Errors
/// What ran out.
pub(super) fn read(text: &str, budget: &Budget<'_>) -> Result<Vec<Value>, Spent> {
    budget.charge(Work::Bytes, text.len() as u64)?;
    let mut reader = Reader { text, at: 0, open: Vec::new(), budget };
    let mut values = Vec::new();
    while let Some(start) = reader.rest().find(['{', '[', '/']) {
        reader.at += start;
        if reader.skip_comment() {
            continue;
        }
        let rest = reader.rest();
        if rest.starts_with('/') || rest.starts_with(CDATA) {
            reader.at += if rest.starts_with('/') { 1 } else { CDATA.len() };
            continue;
        }
        let value = reader.value()?;
        let says_nothing = value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
        if !says_nothing {
            values.push(value);
        }
    }
    Ok(values)
}

struct Reader<'t, 'b, 'a> {
    text: &'t str,
    at: usize,
    /// Objects and lists that are open, by their first character.
    open: Vec<char>,
    budget: &'b Budget<'a>,
}

/// What a string is, which says how it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Key,
    Value,
    Member,
}

impl<'t> Reader<'t, '_, '_> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Passes over a comment that begins here.
    fn skip_comment(&mut self) -> bool {
        let rest = self.rest();
        let length = if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |at| at + 2)
        } else if let Some(line) = rest.strip_prefix("//") {
            // `//<![CDATA[` hides the mark from scripts, not what follows on its line.
            let mark = line.trim_start().strip_prefix("<!").and_then(|mark| mark.strip_prefix(CDATA));
            mark.map_or_else(|| rest.find('\n').unwrap_or(rest.len()), |after| rest.len() - after.len())
        } else {
            return false;
        };
        self.at += length;
        true
    }

    /// Passes over white space, comments and commas.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len()
                - rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '\u{feff}')).len();
            if !self.skip_comment() {
                return;
            }
        }
    }

    fn value(&mut self) -> Result<Value, Spent> {
        self.budget.charge(Work::Values, 1)?;
        match self.peek() {
            Some(opening @ ('{' | '[')) => {
                self.at += 1;
                self.open.push(opening);
                self.budget.values_depth(self.open.len())?;
                let value = if opening == '{' { self.object()? } else { self.list()? };
                self.open.pop();
                Ok(value)
            }
            Some(quote @ ('"' | '\'')) => Ok(Value::String(self.string(quote, Place::Value))),
            _ => Ok(self.literal()),
        }
    }

    /// Whether what is open ends here. A bracket of the other kind ends it too, where that kind is open further out.
    fn ends(&mut self, own: char, other: char, other_opening: char) -> bool {
        loop {
            match self.peek() {
                None => return true,
                Some(c) if c == own => {
                    self.at += 1;
                    return true;
                }
                Some(c) if c == other => {
                    if self.open.contains(&other_opening) {
                        return true;
                    }
                    self.at += 1;
                    self.skip();
                }
                Some(_) => return false,
            }
        }
    }

    fn object(&mut self) -> Result<Value, Spent> {
        let mut fields = Map::new();
        let mut last: Option<String> = None;
        loop {
            self.skip();
            if self.ends('}', ']', '[') {
                return Ok(Value::Object(fields));
            }
            if matches!(self.peek(), Some('{' | '[')) {
                // An object without a name among fields.
                let value = self.value()?;
                if let Value::Array(held) = fields.entry("@graph").or_insert_with(|| Value::Array(Vec::new())) {
                    held.push(value);
                }
                continue;
            }
            let key = match self.peek() {
                Some(quote @ ('"' | '\'')) => self.string(quote, Place::Key),
                _ => self.word().to_owned(),
            };
            self.skip_blanks();
            if self.peek() != Some(':') {
                // `5,00` is one number.
                if let Some(Value::Number(whole)) = last.as_ref().and_then(|last| fields.get(last))
                    && !key.is_empty()
                    && key.bytes().all(|byte| byte.is_ascii_digit())
                {
                    let joined = format!("{whole},{key}");
                    fields.extend(last.take().map(|last| (last, Value::String(joined))));
                }
                if key.is_empty() {
                    self.at += self.peek().map_or(0, char::len_utf8);
                }
                continue;
            }
            self.at += 1;
            self.skip_blanks();
            let value = if matches!(self.peek(), Some(',' | '}' | ']') | None) { Value::Null } else { self.value()? };
            fields.insert(key.clone(), value);
            last = Some(key);
        }
    }

    fn list(&mut self) -> Result<Value, Spent> {
        let mut members = Vec::new();
        loop {
            self.skip();
            if self.ends(']', '}', '{') {
                return Ok(Value::Array(members));
            }
            if self.peek() == Some(':') {
                self.at += 1;
                continue;
            }
            let before = self.at;
            members.push(match self.peek() {
                Some(quote @ ('"' | '\'')) => {
                    self.budget.charge(Work::Values, 1)?;
                    Value::String(self.string(quote, Place::Member))
                }
                _ => self.value()?,
            });
            if self.at == before {
                self.at += self.peek().map_or(0, char::len_utf8);
            }
        }
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            if !self.skip_comment() {
                return;
            }
        }
    }

    /// What stands up to the next sign of structure.
    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '{' | '}' | '[' | ']' | '"' | '\''))
            .unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn literal(&mut self) -> Value {
        let word = self.word();
        if let Ok(number) = word.parse::<Number>() {
            return Value::Number(number);
        }
        match word.to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "" | "null" | "none" | "nan" | "undefined" => Value::Null,
            _ => Value::String(word.to_owned()),
        }
    }

    /// A string. A quote inside it that is not escaped is told from its end by what follows.
    fn string(&mut self, quote: char, place: Place) -> String {
        self.at += quote.len_utf8();
        let mut out = String::new();
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            if c == quote {
                if self.closes(place) {
                    return out;
                }
                out.push(c);
            } else if c == '\\' {
                self.escape(&mut out);
            } else if !c.is_control() || matches!(c, '\n' | '\r' | '\t') {
                out.push(c);
            }
        }
        out
    }

    /// Whether the quote that was just read ends its string.
    fn closes(&self, place: Place) -> bool {
        let rest = self.rest();
        let after = rest.trim_start();
        let is_comment = |text: &str| text.starts_with("//") || text.starts_with("/*");
        let Some(next) = after.chars().next() else { return true };
        if place == Place::Key {
            return next == ':' || is_comment(after);
        }
        match next {
            '}' | ']' | ';' | '{' | '[' => true,
            ':' => place == Place::Member,
            // A comma within the text is followed by more text.
            ',' => {
                let then = after[1..].trim_start();
                let is_literal = || ["true", "false", "null"].iter().any(|word| then.starts_with(word));
                let opens = |c: char| matches!(c, '"' | '\'' | '{' | '[' | '}' | ']' | ',' | '-') || c.is_ascii_digit();
                let is_bare_key = || {
                    let key =
                        then.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '@' | '_' | '$'));
                    key.len() < then.len() && key.trim_start().starts_with(':')
                };
                then.is_empty() || then.starts_with(opens) || is_comment(then) || is_literal() || is_bare_key()
            }
            // A missing comma before the next field.
            '"' | '\'' => after.len() < rest.len(),
            _ => is_comment(after),
        }
    }

    fn escape(&mut self, out: &mut String) {
        let Some(c) = self.peek() else { return };
        self.at += c.len_utf8();
        match c {
            'b' | 'f' => out.push(' '),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' => {
                let Some(first) = self.unit() else { return out.push('u') };
                let mut units = vec![first];
                if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
                    let back = self.at;
                    self.at += 2;
                    match self.unit() {
                        Some(second) if (0xdc00..0xe000).contains(&second) => units.push(second),
                        _ => self.at = back,
                    }
                }
                out.extend(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')));
            }
            c => out.push(c),
        }
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Option<u16> {
        let digits = self.rest().get(..4)?;
        let unit = u16::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(unit)
    }
}

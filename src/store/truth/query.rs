//! The archive's query language: words, quotes, fields, ranges, `OR`, parentheses, `-` for not. Pure: text in, SQL out.

use rusqlite::types::Value;

use crate::referral::outcome::Decision;
use crate::vocab::terms::{CaseState, Category, Verdict};
use crate::vocab::time::Timestamp;

/// Fields a query may name.
pub const FIELDS: [&str; 13] = [
    "platform",
    "category",
    "substance",
    "seen",
    "state",
    "outcome",
    "lang",
    "country",
    "score",
    "sort",
    "verdict",
    "url",
    "title",
];

/// Fields that lead to a live offer, to whoever is behind it or to what authorities do about it; closed to research.
const CLOSED_TO_RESEARCH: [&str; 3] = ["url", "state", "outcome"];

/// What the one who asks may see, and so what a query may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// All of the archive: an authority, or the program itself.
    Whole,
    /// The archive without what leads to people or to live offers.
    Research,
}

impl Sight {
    /// Fields a query may name.
    pub fn fields(self) -> impl Iterator<Item = &'static str> {
        FIELDS.into_iter().filter(move |field| self == Sight::Whole || !CLOSED_TO_RESEARCH.contains(field))
    }
}

/// Names of attributes that say where goods or their seller come from.
const COUNTRY_ATTRIBUTES: &str = "'country', 'country of origin', 'place of origin', 'origin', 'made in', 'country/region', 'ships from', 'ship from', 'shipping from', 'location', 'addresscountry', 'country code'";

/// Parentheses a query may nest.
const DEPTH_LIMIT: usize = 20;

/// Words and fields of one query: SQLite nests each further one a level deeper.
const TERMS_LIMIT: usize = 200;

/// Why a query cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A field that does not exist.
    #[error("unknown field `{field}`; known fields are {known}")]
    UnknownField {
        /// As it was asked for.
        field: String,
        /// The fields there are for whoever asks.
        known: String,
    },
    /// A value that does not fit its field.
    #[error("`{field}:{value}` cannot be read: {rule}")]
    Value {
        /// Field.
        field: String,
        /// Value.
        value: String,
        /// What would fit.
        rule: &'static str,
    },
    /// A parenthesis or quote without its partner.
    #[error("{0}")]
    Shape(&'static str),
}

/// A query, ready for SQLite: a condition over `hits h JOIN referrals r`, and words for the full-text index.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Words that every match holds, as the full-text index reads them. They stand apart from the condition, so that the
    /// index can hand out its matches one by one instead of all before the first.
    pub words: Option<String>,
    /// SQL condition.
    pub condition: String,
    /// Its values.
    pub values: Vec<Value>,
    /// A state every match's case is in.
    pub state: Option<String>,
    /// Every match was first seen before this moment.
    pub seen_before: Option<Timestamp>,
    /// Order.
    pub order: Order,
}

/// In which order matches come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Recorded last, first.
    Newest,
    /// By the last visit that saw it; `true`: latest first.
    Seen(bool),
    /// By score; `true`: highest first.
    Score(bool),
}

/// Reads a query.
///
/// # Errors
/// The first thing that cannot be read, or a field that is closed to whoever asks.
pub fn parse(text: &str, sight: Sight) -> Result<Query, QueryError> {
    let tokens = tokens(text)?;
    if tokens.iter().filter(|token| matches!(token, Token::Term { .. })).count() > TERMS_LIMIT {
        return Err(QueryError::Shape("a query has more than 200 words and fields; ask in several"));
    }
    let mut parser = Parser {
        tokens: &tokens,
        sight,
        at: 0,
        values: Vec::new(),
        order: None,
        words: None,
        state: None,
        seen_before: None,
    };
    if !has_outer_or(&tokens) {
        parser.words = Some(Vec::new());
    }
    let condition = if tokens.is_empty() { "1".to_owned() } else { parser.any(0)? };
    if parser.at < tokens.len() {
        return Err(QueryError::Shape("a `)` closes nothing"));
    }
    let asks = parser.words.as_ref().is_some_and(|words| !words.is_empty()) || !parser.values.is_empty();
    if !tokens.is_empty() && !asks && parser.order.is_none() {
        return Err(QueryError::Shape("the query holds signs only; a word needs a letter or a digit"));
    }
    // Research reaches the platforms whose agreements let it.
    let condition = match sight {
        Sight::Whole => condition,
        Sight::Research => {
            format!("({condition}) AND h.platform IN (SELECT platform FROM platform_uses WHERE use = 'research')")
        }
    };
    Ok(Query {
        words: parser.words.filter(|words| !words.is_empty()).map(|words| words.join(" ")),
        condition,
        values: parser.values,
        state: parser.state,
        seen_before: parser.seen_before,
        order: parser.order.unwrap_or(Order::Newest),
    })
}

/// Whether an `OR` stands outside all parentheses.
fn has_outer_or(tokens: &[Token]) -> bool {
    let mut depth = 0_i32;
    tokens.iter().any(|token| {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth -= 1,
            _ => {}
        }
        depth == 0 && *token == Token::Or
    })
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Open,
    Close,
    Or,
    Term {
        not: bool,
        field: Option<String>,
        value: String,
    },
    /// `-(`
    Not,
}

fn tokens(text: &str) -> Result<Vec<Token>, QueryError> {
    let mut tokens = Vec::new();
    // Control characters mean nothing in a query, and the full-text index takes none.
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut chars = text.chars().peekable();
    while let Some(&c) = chars.peek() {
        if c.is_whitespace() {
            chars.next();
            continue;
        }
        if c == '(' || c == ')' {
            chars.next();
            tokens.push(if c == '(' { Token::Open } else { Token::Close });
            continue;
        }
        let not = c == '-';
        if not {
            chars.next();
            if chars.peek() == Some(&'(') {
                tokens.push(Token::Not);
                continue;
            }
        }
        let mut field = None;
        let mut value = String::new();
        let mut quoted = false;
        while let Some(&c) = chars.peek() {
            if c.is_whitespace() || c == '(' || c == ')' {
                break;
            }
            chars.next();
            if c == '"' {
                quoted = true;
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some(inner) => value.push(inner),
                        None => return Err(QueryError::Shape("a quote is not closed")),
                    }
                }
                break;
            }
            if c == ':' && field.is_none() && !value.is_empty() && value.chars().all(|c| c.is_ascii_alphabetic()) {
                field = Some(std::mem::take(&mut value));
                continue;
            }
            value.push(c);
        }
        if !quoted && !not && field.is_none() && value == "OR" {
            tokens.push(Token::Or);
        } else if !value.is_empty() || field.is_some() {
            tokens.push(Token::Term { not, field, value });
        }
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: &'a [Token],
    sight: Sight,
    at: usize,
    values: Vec<Value>,
    order: Option<Order>,
    /// Words that all matches hold; collected while no `OR` stands outside parentheses.
    words: Option<Vec<String>>,
    state: Option<String>,
    seen_before: Option<Timestamp>,
}

impl Parser<'_> {
    fn any(&mut self, depth: usize) -> Result<String, QueryError> {
        if depth > DEPTH_LIMIT {
            return Err(QueryError::Shape("parentheses nest too deeply"));
        }
        let mut parts = vec![self.all(depth)?];
        while self.tokens.get(self.at) == Some(&Token::Or) {
            self.at += 1;
            parts.push(self.all(depth)?);
        }
        Ok(format!("({})", parts.join(" OR ")))
    }

    fn all(&mut self, depth: usize) -> Result<String, QueryError> {
        let mut parts = Vec::new();
        while let Some(token) = self.tokens.get(self.at) {
            match token {
                Token::Or | Token::Close => break,
                Token::Open | Token::Not => {
                    let not = *token == Token::Not;
                    self.at += if not { 2 } else { 1 };
                    let inner = self.any(depth + 1)?;
                    if self.tokens.get(self.at) != Some(&Token::Close) {
                        return Err(QueryError::Shape("a `(` is not closed"));
                    }
                    self.at += 1;
                    parts.push(if not { format!("NOT {inner}") } else { inner });
                }
                Token::Term { not, field, value } => {
                    self.at += 1;
                    if depth == 0 && !not && self.lifted(field.as_deref(), value) {
                        continue;
                    }
                    if let Some(part) = self.term(field.as_deref(), value)? {
                        parts.push(if *not { format!("NOT coalesce({part}, 0)") } else { part });
                    }
                }
            }
        }
        if parts.is_empty() { Ok("1".to_owned()) } else { Ok(format!("({})", parts.join(" AND "))) }
    }

    /// Takes a word that every match holds, and notes what else holds of every match: its case's state, the end of a range.
    fn lifted(&mut self, field: Option<&str>, value: &str) -> bool {
        let Some(words) = &mut self.words else { return false };
        match field {
            None if value.chars().any(char::is_alphanumeric) => {
                words.push(quoted(value));
                true
            }
            Some("state") => {
                self.state = Some(value.to_owned());
                false
            }
            Some("seen") => {
                let end = value.split_once("..").map_or(value, |(_, to)| to);
                self.seen_before = self.seen_before.or(span(end).map(|(_, end)| end));
                false
            }
            _ => false,
        }
    }

    fn term(&mut self, field: Option<&str>, value: &str) -> Result<Option<String>, QueryError> {
        let Some(field) = field else {
            if !value.chars().any(char::is_alphanumeric) {
                return Ok(None);
            }
            self.values.push(Value::Text(quoted(value)));
            return Ok(Some("h.rowid IN (SELECT rowid FROM hits_text WHERE hits_text MATCH ?)".to_owned()));
        };
        if !self.sight.fields().any(|known| known == field) {
            let known = self.sight.fields().collect::<Vec<_>>().join(", ");
            return Err(QueryError::UnknownField { field: field.to_owned(), known });
        }
        let wrong = |rule| QueryError::Value { field: field.to_owned(), value: value.to_owned(), rule };
        let mut equal = |sql: &str, value: &str| {
            self.values.push(Value::Text(value.to_owned()));
            Ok(Some(sql.to_owned()))
        };
        match field {
            "platform" => equal("h.platform = ?", value),
            "category" => {
                value
                    .parse::<Category>()
                    .map_err(|_| wrong("use synthetic-opioid, nps, precursor, equipment or other-controlled"))?;
                equal("h.category = ?", value)
            }
            "verdict" => {
                value.parse::<Verdict>().map_err(|_| wrong("use refer, review or clear"))?;
                equal("h.verdict = ?", value)
            }
            "lang" => equal("h.language = ?", value),
            "url" => equal("instr(h.url, ?) > 0", value),
            "title" => equal("instr(lower(h.title), lower(?)) > 0", value),
            "substance" => equal("h.id IN (SELECT hit FROM hit_substances WHERE substance = ?)", &value.to_lowercase()),
            "country" => {
                // Two letters and a whole value: attributes hold more than may be seen, and are not to be guessed at.
                if value.len() != 2 || !value.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                    return Err(wrong("use two letters of ISO 3166, such as country:CN"));
                }
                let sql = format!(
                    "EXISTS (SELECT 1 FROM json_each(h.identifiers) a WHERE lower(json_extract(a.value, '$[0]'))
                       IN ({COUNTRY_ATTRIBUTES}) AND upper(json_extract(a.value, '$[1]')) = upper(?))"
                );
                equal(&sql, value)
            }
            "state" => {
                if value.parse::<CaseState>().is_err() {
                    return Err(wrong("use a state such as drafted, sent, decided or verified-gone"));
                }
                equal("r.state = ?", value)
            }
            "outcome" => {
                if Decision::parse(value).is_none() {
                    return Err(wrong("use removed, restricted, account-action, rejected or needs-information"));
                }
                equal("json_extract(r.state_json, '$.outcome.decision') = ?", value)
            }
            "score" => {
                let (operator, number) = match value.as_bytes() {
                    [b'>', b'=', ..] => (">=", &value[2..]),
                    [b'<', b'=', ..] => ("<=", &value[2..]),
                    [b'>', ..] => (">", &value[1..]),
                    [b'<', ..] => ("<", &value[1..]),
                    _ => ("=", value),
                };
                let number: f64 = number.parse().map_err(|_| wrong("use a number such as score:>0.8"))?;
                self.values.push(Value::Real(number));
                Ok(Some(format!("h.score {operator} ?")))
            }
            "seen" => {
                let (from, to) = value.split_once("..").unwrap_or((value, value));
                let rule = "use a day, month or year, or a range such as seen:2026-01..2026-06";
                let from = if from.is_empty() { Timestamp::EPOCH } else { span(from).ok_or_else(|| wrong(rule))?.0 };
                let to = if to.is_empty() {
                    Timestamp::from_millis(i64::MAX)
                } else {
                    span(to).ok_or_else(|| wrong(rule))?.1
                };
                self.values.push(Value::Integer(to.as_millis()));
                self.values.push(Value::Integer(from.as_millis()));
                // Seen in the range: first seen before its end, last seen after its start.
                Ok(Some("(h.first_seen < ? AND h.last_seen >= ?)".to_owned()))
            }
            "sort" => {
                self.order = Some(match value {
                    "seen" => Order::Seen(false),
                    "-seen" => Order::Seen(true),
                    "score" => Order::Score(false),
                    "-score" => Order::Score(true),
                    _ => return Err(wrong("use sort:seen, sort:-seen, sort:score or sort:-score")),
                });
                Ok(None)
            }
            other => {
                let known = self.sight.fields().collect::<Vec<_>>().join(", ");
                Err(QueryError::UnknownField { field: other.to_owned(), known })
            }
        }
    }
}

/// A word or phrase for FTS5, so that none of its operators reaches it.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

/// First moment of a year, month or day, and the first moment after it.
fn span(text: &str) -> Option<(Timestamp, Timestamp)> {
    let parts: Vec<i16> = text.split('-').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let date = |y: i16, m: i16, d: i16| jiff::civil::Date::new(y, i8::try_from(m).ok()?, i8::try_from(d).ok()?).ok();
    let (from, to) = match parts[..] {
        [year] => (date(year, 1, 1)?, date(year.checked_add(1)?, 1, 1)?),
        [year, month] => {
            let from = date(year, month, 1)?;
            (from, from.checked_add(jiff::Span::new().months(1)).ok()?)
        }
        [year, month, day] => {
            let from = date(year, month, day)?;
            (from, from.tomorrow().ok()?)
        }
        _ => return None,
    };
    let moment = |date: jiff::civil::Date| {
        date.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| Timestamp::from(zoned.timestamp()))
    };
    Some((moment(from)?, moment(to)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_documented_query() {
        let text = r#"nitazene platform:example-b2b category:synthetic-opioid seen:2026-01..2026-06 state:decided outcome:removed -lang:ru "free sample" score:>0.8 sort:-seen"#;
        let query = parse(text, Sight::Whole).unwrap();
        assert_eq!(query.words.as_deref(), Some(r#""nitazene" "free sample""#));
        assert_eq!((query.values.len(), query.state.as_deref()), (8, Some("decided")));
        assert_eq!(query.order, Order::Seen(true));
        assert!(query.condition.contains("NOT coalesce(h.language = ?, 0)"));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("colour:red", "unknown field `colour`; known fields are platform"),
            ("seen:soon", "seen:2026-01..2026-06"),
            ("country:Netherlands", "use two letters"),
            ("country:%", "use two letters"),
            ("score:high", "score:>0.8"),
            ("category:opioids", "use synthetic-opioid"),
            ("-verdict:Refer", "use refer, review or clear"),
            ("!!! ( ? )", "signs only"),
            ("state:lost", "use a state"),
            ("(a b", "not closed"),
            ("a)", "closes nothing"),
            ("\"a", "quote is not closed"),
            ("\u{0}colour:red", "unknown field"),
            (&"a OR ".repeat(201), "more than 200 words"),
        ] {
            let error = parse(text, Sight::Whole).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn research_reaches_no_address() {
        for text in ["url:x", "-url:x", "a OR (b url:x)", "-(url:x)"] {
            let error = parse(text, Sight::Research).unwrap_err().to_string();
            assert!(error.starts_with("unknown field `url`; known fields are") && !error.contains(", url"), "{error}");
            assert!(parse(text, Sight::Whole).is_ok());
        }
    }

    #[test]
    fn or_binds_weaker_than_and() {
        assert_eq!(
            parse("platform:aa category:nps OR verdict:refer", Sight::Whole).unwrap().condition,
            "((h.platform = ? AND h.category = ?) OR (h.verdict = ?))"
        );
    }

    #[test]
    fn words_are_apart_only_where_every_match_holds_them() {
        for (text, words, conditions) in [
            ("a b", Some(r#""a" "b""#), 0),
            ("a -b", Some(r#""a""#), 1),
            ("a OR b", None, 2),
            ("a (b OR c)", Some(r#""a""#), 2),
            ("(a)", None, 1),
        ] {
            let query = parse(text, Sight::Whole).unwrap();
            assert_eq!((query.words.as_deref(), query.values.len()), (words, conditions), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_placeholder_has_its_value(text in r#"[a-z:"()OR \-.>0-9]{0,40}"#) {
            if let Ok(query) = parse(&text, Sight::Whole) {
                prop_assert_eq!(query.condition.matches('?').count(), query.values.len());
            }
        }
    }
}

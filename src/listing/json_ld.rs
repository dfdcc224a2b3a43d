//! JSON-LD as it is found in the wild: comments, control characters, trailing commas, several blocks, broken ones.

use serde_json::Value;

use crate::listing::budget::{Budget, Spent, Work};

/// The values of all blocks, in order; a list at the top counts as its members. A broken block is named and the rest
/// read; blocks before the one that passes the budget are kept.
pub fn read(blocks: &[&str], budget: &Budget<'_>, problems: &mut Vec<String>) -> Vec<Value> {
    let mut values = Vec::new();
    for block in blocks {
        let Ok(parsed) = parse(block, budget) else { break };
        match parsed {
            Some(Value::Array(members)) => values.extend(members),
            Some(value) => values.push(value),
            None if unwrapped(block).is_empty() => {}
            None => problems.push("a JSON-LD block that is not JSON".to_owned()),
        }
    }
    values
}

/// A block's value, if it is JSON or can be mended to be.
fn parse(block: &str, budget: &Budget<'_>) -> Result<Option<Value>, Spent> {
    let text = unwrapped(block);
    measure(text, budget)?;
    if let Ok(value) = serde_json::from_str(text) {
        return Ok(Some(value));
    }
    let text = mended(text);
    // Comments hid nothing from the parser, but quotes in them may have hidden values from the measure.
    measure(&text, budget)?;
    Ok(serde_json::from_str(&text).ok())
}

/// Counts values before any is made.
fn measure(text: &str, budget: &Budget<'_>) -> Result<(), Spent> {
    budget.charge(Work::Bytes, text.len() as u64)?;
    let (values, depth) = values_and_depth(text.as_bytes());
    budget.values_depth(depth)?;
    budget.charge(Work::Values, values)
}

/// How many values a JSON text has, and how deep they nest, without making any: an empty object of two bytes takes hundreds
/// in memory.
pub(super) fn values_and_depth(text: &[u8]) -> (u64, usize) {
    let (mut values, mut depth, mut deepest, mut in_string) = (1_u64, 0_usize, 0_usize, false);
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if in_string => {
                bytes.next();
            }
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => {
                (values, depth) = (values + 1, depth + 1);
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
    }
    (values, deepest)
}

/// Without HTML comment, CDATA and trailing semicolon.
fn unwrapped(block: &str) -> &str {
    let mut text = block.trim();
    loop {
        let before = text;
        for (open, close) in
            [("<!--", "-->"), ("<![CDATA[", "]]>"), ("//<![CDATA[", "//]]>"), ("/*<![CDATA[*/", "/*]]>*/")]
        {
            if let Some(inner) = text.strip_prefix(open) {
                text = inner.trim();
                text = text.strip_suffix(close).unwrap_or(text).trim();
            }
        }
        text = text.trim_end_matches(';').trim_end();
        if text == before {
            return text;
        }
    }
}

/// Control characters inside strings escaped, comments and trailing commas outside of them dropped.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut in_string = false;
    while let Some(c) = chars.next() {
        if in_string {
            match c {
                '\\' => {
                    let next = chars.next().unwrap_or('\\');
                    // An escape JSON does not know stands for its character.
                    if matches!(next, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u') {
                        out.push('\\');
                    }
                    out.push(next);
                }
                '"' => {
                    in_string = false;
                    out.push(c);
                }
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c if c.is_control() => {}
                c => out.push(c),
            }
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                out.push(c);
            }
            '/' if chars.peek() == Some(&'*') => {
                let mut last = ' ';
                for c in chars.by_ref() {
                    if last == '*' && c == '/' {
                        break;
                    }
                    last = c;
                }
            }
            '/' if chars.peek() == Some(&'/') => {
                chars.by_ref().find(|c| *c == '\n');
            }
            '}' | ']' => {
                while out.ends_with(|c: char| c.is_whitespace() || c == ',') {
                    out.pop();
                }
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::limits::Limits;
    use crate::vocab::time::Deadline;

    fn read_all(blocks: &[&str]) -> (Vec<Value>, Vec<String>, Option<Spent>) {
        let limits = Limits::default();
        let budget = Budget::new(&limits, Deadline::NEVER);
        let mut problems = Vec::new();
        let values = read(blocks, &budget, &mut problems);
        (values, problems, budget.spent())
    }

    #[test]
    fn broken_in_every_known_way_and_still_read() {
        for block in [
            r#"{"name": "x"}"#,
            r#"{"name": "x"};"#,
            r#"<!-- {"name": "x"} -->"#,
            "<![CDATA[{\"name\": \"x\"}]]>",
            "//<![CDATA[\n{\"name\": \"x\"}\n//]]>",
            r#"{"name": "x",}"#,
            r#"[{"name": "x"},]"#,
            "{/* c */\"name\": \"x\" // d\n}",
        ] {
            let (values, problems, _) = read_all(&[block]);
            assert_eq!(values.first().and_then(|v| v["name"].as_str()), Some("x"), "{block}");
            assert!(problems.is_empty());
        }
        assert_eq!(read_all(&["{\"name\": \"a\nb\\'c\"}"]).0[0]["name"], "a\nb'c");
    }

    #[test]
    fn one_bad_block_loses_no_other() {
        let (values, problems, spent) = read_all(&["{\"a\": 1}", "{oops", "", "{\"b\": 2}"]);
        assert_eq!((values.len(), problems.len(), spent), (2, 1, None));
    }

    #[test]
    fn a_block_that_would_fill_the_memory_is_given_up_by_name() {
        let many = format!("[{}1]", "{\"\":0},".repeat(120_000));
        let hidden = format!("[/* \" */ {}1]", "{\"\":0},".repeat(120_000));
        let long = format!("[\"{}\"]", "x".repeat(9 << 20));
        for (block, expected) in [
            ("[".repeat(100_000), Spent::ValuesDepth),
            ("{\"a\":".repeat(127), Spent::ValuesDepth),
            (many, Spent::Values),
            (hidden, Spent::Values),
            (long, Spent::Bytes),
        ] {
            let (values, _, spent) = read_all(&["{\"kept\": 1}", &block, "{\"b\": 2}"]);
            assert_eq!((values.len(), spent), (1, Some(expected)), "{}", &block[..20]);
        }
        let deep = format!("{}1{}", "[".repeat(126), "]".repeat(126));
        assert_eq!((read_all(&[&deep]).0.len(), read_all(&[&deep]).2), (1, None));
    }
}

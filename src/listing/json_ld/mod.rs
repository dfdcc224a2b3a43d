//! JSON-LD as it is found in the wild: comments, control characters, missing and trailing commas, single quotes, several
//! objects in a block, several blocks, escaped and broken ones.

mod lenient;

use std::borrow::Cow;

use serde_json::Value;

use crate::listing::budget::{Budget, Spent, Work};
use crate::listing::entities;

/// The values of all blocks, in order; a list at the top counts as its members. A broken block is named and the rest
/// read; blocks before the one that passes the budget are kept.
pub fn read(blocks: &[&str], budget: &Budget<'_>, problems: &mut Vec<String>) -> Vec<Value> {
    let mut values = Vec::new();
    for block in blocks {
        let Ok(parsed) = parse(block, budget) else { break };
        if parsed.is_empty() && block.contains(|c: char| c.is_alphanumeric()) {
            problems.push("a JSON-LD block that is not JSON".to_owned());
        }
        for value in parsed {
            match value {
                Value::Array(members) => values.extend(members),
                value => values.push(value),
            }
        }
    }
    values
}

/// A block's values, if it is JSON or can be read as if it were.
fn parse(block: &str, budget: &Budget<'_>) -> Result<Vec<Value>, Spent> {
    let text = block.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | ';'));
    if text.is_empty() {
        return Ok(Vec::new());
    }
    measure(text, budget)?;
    match serde_json::from_str(text) {
        // JSON inside a JSON string.
        Ok(Value::String(inner)) => lenient::read(&inner, budget),
        Ok(value) => Ok(vec![value]),
        Err(_) => lenient::read(&unescaped(text), budget),
    }
}

/// A block that was escaped for another place: as HTML text, or as a string of a script.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('"') && (text.contains("&quot;") || text.contains("&#34;")) {
        return entities::decode(text, false);
    }
    let opens = text.trim_start_matches(['{', '[', '"']).trim_start();
    if opens.starts_with("\\\"") { Cow::Owned(text.replace("\\\"", "\"")) } else { Cow::Borrowed(text) }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

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
            "\u{feff}{\"name\": \"x\"}",
            "{'name': 'x'}",
            "{name: 'x'}",
            "{,\"name\": \"x\",,}",
            "{&quot;name&quot;: &quot;x&quot;}",
            r#"{\"name\": \"x\"}"#,
            r#""{\"name\": \"x\"}""#,
            r#"var data = {"name": "x"};"#,
            r#"{"name": "x""#,
            r#"{"name": "x"}}"#,
            "\u{201c}{\"name\": \"x\"}",
        ] {
            let (values, problems, _) = read_all(&[block]);
            assert_eq!(values.first().and_then(|v| v["name"].as_str()), Some("x"), "{block}");
            assert!(problems.is_empty());
        }
        assert_eq!(read_all(&["{\"name\": \"a\nb\\'c\"}"]).0[0]["name"], "a\nb'c");
    }

    #[test]
    fn what_is_missing_or_too_many_changes_no_value_beside_it() {
        for (block, expected) in [
            ("{\"a\": 1}\n{\"a\": 2}", json!([{"a": 1}, {"a": 2}])),
            ("{\"a\": 1}{\"a\": 2}", json!([{"a": 1}, {"a": 2}])),
            ("[{\"a\": 1}\n{\"a\": 2}]", json!([{"a": 1}, {"a": 2}])),
            ("[{\"a\": 1},,{\"a\": 2}]", json!([{"a": 1}, {"a": 2}])),
            ("{\"a\": \"x\"\n\"b\": \"y\"}", json!([{"a": "x", "b": "y"}])),
            ("{\"a\": \"x\" \"b\": [1 2 \"z\"]}", json!([{"a": "x", "b": [1, 2, "z"]}])),
            ("{\"a\": , \"b\": }", json!([{"a": null, "b": null}])),
            ("{\"a\": \"10\" rod, \"oak\"\", \"b\": 1,}", json!([{"a": "10\" rod, \"oak\"", "b": 1}])),
            ("{'a': 'it\\'s', 'b': 'it's'}", json!([{"a": "it's", "b": "it's"}])),
            ("{\"a\": NaN, \"b\": undefined, \"c\": True}", json!([{"a": null, "b": null, "c": true}])),
            ("{\"a\": 007, \"b\": 5,00, \"c\": .5}", json!([{"a": "007", "b": "5,00", "c": ".5"}])),
            ("{\"a\": [{\"b\": 1}, \"c\": 2}", json!([{"a": [{"b": 1}, "c", 2]}])),
            ("{\"a\": {\"b\": 1], \"c\": 2}", json!([{"a": {"b": 1, "c": 2}}])),
            ("{\"a\": \"\\u00e9\\ud83d\\ude00\\ud83d\\x\",}", json!([{"a": "é😀\u{fffd}x"}])),
            ("{\"a\": \"http://x.test/b\", // c\n \"b\": 2 /* d */}", json!([{"a": "http://x.test/b", "b": 2}])),
        ] {
            assert_eq!(json!(read_all(&[block]).0), expected, "{block}");
        }
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

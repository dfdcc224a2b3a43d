//! JSON-LD as it is found in the wild: comments, control characters, trailing commas, several blocks, broken ones.

use serde_json::Value;

/// Bytes of one block that are read.
pub const BLOCK_LIMIT_BYTES: usize = 1 << 20;

/// The values of all blocks, in order; a list at the top counts as its members. A broken block is named and the rest read.
pub fn read(blocks: &[&str], problems: &mut Vec<String>) -> Vec<Value> {
    let mut values = Vec::new();
    for block in blocks {
        if block.len() > BLOCK_LIMIT_BYTES {
            problems.push(format!("a JSON-LD block of {} bytes", block.len()));
            continue;
        }
        match parse(block) {
            Some(Value::Array(members)) => values.extend(members),
            Some(value) => values.push(value),
            None if unwrapped(block).is_empty() => {}
            None => problems.push("a JSON-LD block that is not JSON".to_owned()),
        }
    }
    values
}

/// serde_json stops at a depth of 128 by itself, so a hostile block cannot exhaust the stack.
fn parse(block: &str) -> Option<Value> {
    let text = unwrapped(block);
    serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&mended(text)).ok())
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
            let mut problems = Vec::new();
            let values = read(&[block], &mut problems);
            assert_eq!(values.first().and_then(|v| v["name"].as_str()), Some("x"), "{block}");
            assert!(problems.is_empty());
        }
        assert_eq!(parse("{\"name\": \"a\nb\\'c\"}").unwrap()["name"], "a\nb'c");
    }

    #[test]
    fn one_bad_block_loses_no_other() {
        let mut problems = Vec::new();
        let values = read(&["{\"a\": 1}", "{oops", "", "{\"b\": 2}"], &mut problems);
        assert_eq!((values.len(), problems.len()), (2, 1));
        let deep = "[".repeat(100_000);
        assert!(read(&[&deep], &mut problems).is_empty());
    }
}

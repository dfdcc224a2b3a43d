//! Characters that show nothing, or steer a terminal or the direction of text, as what they are.

use std::borrow::Cow;

/// What of a text is left to whoever shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Line breaks and tabs.
    Lines,
    /// Line breaks, tabs and the marks by which our own sentences isolate what they quote.
    LinesAndIsolates,
}

/// A text in which control characters, marks of direction and characters without width stand as `⟨U+202E⟩`. Joiners stay
/// where a script needs them: between letters that are not Latin, Greek or Cyrillic.
pub fn visible(text: &str, keep: Keep) -> Cow<'_, str> {
    if !text.chars().any(may_hide) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if is_hiding(c, before, rest.peek().copied(), keep) {
            out.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
        } else {
            out.push(c);
        }
        before = Some(c);
    }
    Cow::Owned(out)
}

/// The same in a JSON text, where such characters stand in strings only: as its escapes.
pub fn escaped_json(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| may_hide(c) && c != '\n') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c != '\n' && may_hide(c) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn may_hide(c: char) -> bool {
    matches!(c, '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}')
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0001}'..='\u{e007f}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

fn is_hiding(c: char, before: Option<char>, after: Option<char>, keep: Keep) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{2066}'..='\u{2069}' => keep == Keep::Lines,
        // Arabic and Indic scripts and emoji are written with joiners; these letters are not.
        '\u{200c}' | '\u{200d}' => [before, after]
            .into_iter()
            .flatten()
            .any(|near| near.is_ascii_alphanumeric() || matches!(near, '\u{c0}'..='\u{52f}')),
        c => may_hide(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_shown_and_scripts_keep_their_joiners() {
        for (text, shown) in [
            ("plain\ntext\t1", "plain\ntext\t1"),
            ("a\u{1b}[31mred", "a⟨U+001B⟩[31mred"),
            ("x\u{202e}gnp.exe", "x⟨U+202E⟩gnp.exe"),
            ("fen\u{200b}tanyl", "fen⟨U+200B⟩tanyl"),
            ("fen\u{200d}tanyl", "fen⟨U+200D⟩tanyl"),
            ("क्\u{200d}ष", "क्\u{200d}ष"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("👩\u{200d}🔬", "👩\u{200d}🔬"),
            ("c1 \u{9b}31m", "c1 ⟨U+009B⟩31m"),
            ("\u{2068}name\u{2069}", "⟨U+2068⟩name⟨U+2069⟩"),
        ] {
            assert_eq!(visible(text, Keep::Lines), shown);
        }
        assert_eq!(visible("\u{2068}name\u{2069}", Keep::LinesAndIsolates), "\u{2068}name\u{2069}");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({ "title": "a\u{9b}\u{202e}\u{200b}\u{e0041}b", "n": 1 });
        let text = format!("{value:#}");
        let escaped = escaped_json(&text);
        assert!(escaped.is_ascii(), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }
}

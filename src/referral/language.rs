//! The languages of notices: catalogues of words, one file a language in `templates/notice/languages`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::vocab::visible::{Keep, visible};

/// Files compiled in: code and text.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/languages.rs"));

/// The language every other one is compared with, and that stands in where one has no file.
pub const FALLBACK: &str = "en";

/// The words of one language.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// Its code: `en`, `ar`.
    pub code: &'static str,
    /// Whether it is written from right to left.
    pub rtl: bool,
    words: BTreeMap<String, String>,
}

static CATALOGUES: LazyLock<Vec<Catalogue>> = LazyLock::new(|| {
    let catalogue = |(code, text): &(&'static str, &str)| {
        Catalogue::parse(code, text).expect("a catalogue that is compiled in can be read")
    };
    FILES.iter().map(catalogue).collect()
});

/// Codes of the languages there are.
pub fn codes() -> Vec<&'static str> {
    CATALOGUES.iter().map(|catalogue| catalogue.code).collect()
}

/// Whether notices can be written in a language; regions and scripts count as their language.
pub fn is_known(tag: &str) -> bool {
    find(tag).is_some()
}

fn find(tag: &str) -> Option<&'static Catalogue> {
    let primary = tag.split(['-', '_']).next().unwrap_or_default();
    CATALOGUES
        .iter()
        .find(|catalogue| catalogue.code.eq_ignore_ascii_case(tag))
        .or_else(|| CATALOGUES.iter().find(|catalogue| catalogue.code.eq_ignore_ascii_case(primary)))
}

/// Isolates a value from the direction of the text around it (Unicode: first strong isolate, pop directional isolate).
const ISOLATE: (char, char) = ('\u{2068}', '\u{2069}');

impl Catalogue {
    /// The catalogue of a language tag, English where there is none.
    pub fn of(tag: &str) -> &'static Catalogue {
        find(tag).or_else(|| find(FALLBACK)).expect("the catalogue of the fallback is compiled in")
    }

    fn parse(code: &'static str, text: &str) -> Result<Self, toml::de::Error> {
        let sections: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(text)?;
        let words: BTreeMap<String, String> = sections
            .into_iter()
            .flat_map(|(section, keys)| keys.into_iter().map(move |(key, words)| (format!("{section}.{key}"), words)))
            .collect();
        let rtl = words.get("language.direction").is_some_and(|direction| direction == "rtl");
        Ok(Catalogue { code, rtl, words })
    }

    /// The words of a key. A key that a language lacks is said in English; a test sees to it that none does.
    pub fn word(&self, key: &str) -> &str {
        match self.words.get(key) {
            Some(words) => words,
            None if self.code != FALLBACK => Catalogue::of(FALLBACK).word(key),
            None => "",
        }
    }

    /// The words of a key, if there are any.
    pub fn maybe(&self, key: &str) -> Option<&str> {
        self.words.get(key).map(String::as_str)
    }

    /// The words of a key with values in place of the names in braces. In languages written from right to left each value
    /// is isolated, so that a URL or a Latin name does not turn the sentence around.
    pub fn fill(&self, key: &str, values: &[(&str, &str)]) -> String {
        let mut out = String::new();
        let mut rest = self.word(key);
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            rest = &rest[open..];
            let Some(close) = rest.find('}') else { break };
            match values.iter().find(|(name, _)| *name == &rest[1..close]) {
                Some((_, value)) => out.push_str(&self.isolated(value)),
                None => out.push_str(&rest[..=close]),
            }
            rest = &rest[close + 1..];
        }
        out.push_str(rest);
        out
    }

    /// A value as it stands in a sentence of this language. Isolating marks of its own are taken out, so that a listing
    /// cannot end ours early.
    pub fn isolated(&self, value: &str) -> String {
        let clean: String = value.chars().filter(|c| !is_bidi_control(*c)).collect();
        let clean = visible(&clean, Keep::Lines);
        if self.rtl { format!("{}{clean}{}", ISOLATE.0, ISOLATE.1) } else { clean.into_owned() }
    }

    /// Several values in one sentence.
    pub fn list(&self, values: &[String]) -> String {
        let comma = match self.code {
            "ar" => "، ",
            "zh" => "、",
            _ => ", ",
        };
        values.iter().map(|value| self.isolated(value)).collect::<Vec<_>>().join(comma)
    }
}

/// Characters that steer the direction of text and show nothing.
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn names(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect()
    }

    #[test]
    fn every_file_is_read_and_every_language_has_every_key_and_name() {
        assert_eq!(CATALOGUES.len(), FILES.len(), "a file cannot be read");
        for code in ["en", "fr", "es", "zh", "ru", "ar", "de"] {
            assert!(is_known(code), "{code}");
        }
        let english = Catalogue::of("en");
        for catalogue in CATALOGUES.iter() {
            let code = catalogue.code;
            let keys: BTreeSet<_> = catalogue.words.keys().collect();
            assert_eq!(keys, english.words.keys().collect(), "{code}: keys");
            for (key, words) in &catalogue.words {
                assert!(!words.trim().is_empty(), "{code}: `{key}` is empty");
                assert_eq!(names(words), names(english.word(key)), "{code}: names in `{key}`");
            }
            let same = catalogue.words.iter().filter(|(key, words)| {
                key.starts_with("notice.") && key.as_str() != "notice.agreement" && *words == english.word(key)
            });
            let same: Vec<_> = same.map(|(key, _)| key).filter(|key| *key != "notice.kept").collect();
            assert!(code == "en" || same.is_empty(), "{code}: not translated: {same:?}");
        }
    }

    #[test]
    fn regions_count_as_their_language_and_unknown_ones_as_english() {
        assert_eq!(Catalogue::of("zh-Hant").code, "zh");
        assert_eq!(Catalogue::of("pt-BR").code, "en");
        assert!(Catalogue::of("ar").rtl && !Catalogue::of("de").rtl);
    }

    #[test]
    fn values_are_isolated_in_text_from_right_to_left_and_cannot_break_out() {
        let arabic = Catalogue::of("ar");
        let said = arabic.fill("notice.heading", &[("referral", "R-1\u{2069}\u{202e}x")]);
        assert!(said.contains("\u{2068}R-1x\u{2069}"), "{said:?}");
        assert_eq!(Catalogue::of("en").fill("notice.heading", &[("referral", "R-1\u{202e}")]), "Referral R-1");
        assert_eq!(Catalogue::of("en").fill("control.schedule", &[("n", "{n}")]), "Schedule {n}");
    }
}

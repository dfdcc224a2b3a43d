//! Names of a watchlist that are words of a language, looked for in word lists.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::detect::conflicts::Atlas;
use crate::detect::view::fold;
use crate::detect::watchlist::{PatternProblem, Watchlist};

/// Key of `ordinary.toml` under which names of drugs stand that everyday language has too (`opium`): such a name is what it
/// says, and may stay in `names`.
pub const SUBSTANCE_WORDS: &str = "substances";

/// Longest name that never counts by itself, in letters of ASCII.
const SHORT: usize = 3;

/// Letters from which a name is found with an `s` at its end as well.
const PLURAL: usize = 6;

/// A name that is an ordinary word and is not marked so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrdinaryName {
    /// The name as the watchlist has it.
    pub name: String,
    /// The word as the word list has it.
    pub word: String,
    /// Language of the word list, or its file where the name does not tell.
    pub language: String,
    /// Id of the entry.
    pub entry: String,
    /// Where the name stands, in words.
    pub problem: PatternProblem,
}

/// A search for the names that raise a flag by themselves and are not marked.
pub struct OrdinaryWords<'a> {
    /// Folded name to entries and the name as each has it.
    names: HashMap<String, Vec<(&'a str, &'a str)>>,
    found: BTreeSet<(&'a str, &'a str, String)>,
    words: Vec<(&'a str, &'a str, String, String)>,
}

impl<'a> OrdinaryWords<'a> {
    /// A search in word lists still to come.
    pub fn of(list: &'a Watchlist) -> Self {
        let marked: HashSet<String> = list.ordinary.values().flatten().map(|word| fold(word)).collect();
        let mut names: HashMap<String, Vec<(&str, &str)>> = HashMap::new();
        for substance in &list.substances {
            let soft: HashSet<String> = substance
                .street
                .values()
                .chain(substance.ambiguous.values())
                .flatten()
                .map(|name| fold(name))
                .collect();
            for name in substance.names.values().flatten().chain([&substance.name]) {
                let folded = fold(name);
                let short = folded.is_ascii() && folded.len() <= SHORT;
                if short || soft.contains(&folded) || marked.contains(&folded) {
                    continue;
                }
                let held = names.entry(folded).or_default();
                if !held.contains(&(&*substance.id, name)) {
                    held.push((&substance.id, name));
                }
            }
        }
        OrdinaryWords { names, found: BTreeSet::new(), words: Vec::new() }
    }

    /// Takes a line of a word list: a word, perhaps with the flags of a spelling dictionary behind a slash.
    pub fn take(&mut self, line: &str, language: &str) {
        let word = line.split(['/', '\t']).next().unwrap_or_default().trim();
        if word.is_empty() || word.starts_with('#') {
            return;
        }
        let folded = fold(word);
        let singular = folded.strip_suffix('s').filter(|singular| singular.len() >= PLURAL);
        let names = self.names.get(&folded).into_iter().chain(singular.and_then(|singular| self.names.get(singular)));
        for &(entry, name) in names.flatten() {
            if self.found.insert((entry, name, language.to_owned())) {
                self.words.push((entry, name, word.to_owned(), language.to_owned()));
            }
        }
    }

    /// What was found, by place in the `files` of the list.
    pub fn into_found(self, files: &[(String, String)]) -> Vec<OrdinaryName> {
        let atlas = Atlas::of(files);
        let told = |(entry, name, word, language): (&str, &str, String, String)| {
            let message = format!("`{name}` of `{entry}` is an ordinary word ({language}: {word})");
            let hint = "move it to `ambiguous`, or name it in ordinary.toml";
            let problem = atlas.at("substance", entry, name, message, hint);
            OrdinaryName { name: name.to_owned(), word, language, entry: entry.to_owned(), problem }
        };
        let mut found: Vec<OrdinaryName> = self.words.into_iter().map(told).collect();
        found.sort_by(|a, b| {
            let place = |one: &OrdinaryName| (one.problem.file.clone(), one.problem.line, one.problem.column);
            place(a).cmp(&place(b)).then_with(|| a.language.cmp(&b.language))
        });
        found
    }
}

/// Languages of word lists that are called by the language's name.
const LANGUAGES: [(&str, &str); 22] = [
    ("american", "en"),
    ("bokmaal", "nb"),
    ("brazilian", "pt"),
    ("british", "en"),
    ("bulgarian", "bg"),
    ("canadian", "en"),
    ("catalan", "ca"),
    ("danish", "da"),
    ("dutch", "nl"),
    ("english", "en"),
    ("french", "fr"),
    ("german", "de"),
    ("italian", "it"),
    ("ngerman", "de"),
    ("nynorsk", "nn"),
    ("ogerman", "de"),
    ("polish", "pl"),
    ("portuguese", "pt"),
    ("spanish", "es"),
    ("swedish", "sv"),
    ("swiss", "de"),
    ("ukrainian", "uk"),
];

/// Language of a word list by the name of its file: `dutch`, `american-english`, `ru_RU.dic`, `pl.txt`. The whole name where
/// it does not tell.
pub fn language_of(file: &str) -> String {
    let stem = file.split('.').next().unwrap_or(file);
    let first = stem.split(['-', '_']).next().unwrap_or(stem);
    let listed = LANGUAGES.iter().find(|(name, _)| name.eq_ignore_ascii_case(first));
    match listed {
        Some((_, language)) => (*language).to_owned(),
        None if (2..=3).contains(&first.len()) && first.bytes().all(|b| b.is_ascii_lowercase()) => first.to_owned(),
        None => file.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_told_by_the_file_name() {
        for (file, language) in [
            ("dutch", "nl"),
            ("american-english", "en"),
            ("ru_RU.dic", "ru"),
            ("pl.txt", "pl"),
            ("words", "words"),
            ("Brands.txt", "Brands.txt"),
        ] {
            assert_eq!(language_of(file), language, "{file}");
        }
    }
}

//! Which files the configuration in use was read from, so that a command can tell whether the process it asks uses the same.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::config::load::platform_files;

/// A part of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// `--seeds`
    Seeds,
    /// `--patterns`
    Patterns,
    /// `--settings`
    Settings,
}

impl Part {
    /// The option that names it.
    pub fn option(self) -> &'static str {
        match self {
            Part::Seeds => "--seeds",
            Part::Patterns => "--patterns",
            Part::Settings => "--settings",
        }
    }

    /// What it is, in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Part::Seeds => "platform files",
            Part::Patterns => "watchlist files",
            Part::Settings => "settings",
        }
    }
}

/// Name and digest of each file of one part. No file at all is what is compiled in.
pub type Digests = BTreeMap<String, String>;

/// The files of a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilesInUse {
    /// Platform files.
    pub seeds: Digests,
    /// Watchlist files.
    pub patterns: Digests,
    /// The settings file.
    pub settings: Digests,
}

impl FilesInUse {
    /// Digests of platform files and settings as they are now. What cannot be read has no digest and differs from what can.
    pub fn read(seeds: Option<&Path>, patterns: Digests, settings: Option<&Path>) -> Self {
        let seeds = seeds.and_then(|folder| platform_files(folder).ok()).unwrap_or_default();
        let named = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let read = |path: &Path| std::fs::read(path).map_or_else(|_| String::new(), |bytes| digest(&bytes));
        FilesInUse {
            seeds: seeds.iter().map(|path| (named(path), read(path))).collect(),
            patterns,
            settings: settings
                .filter(|path| path.exists())
                .map(|path| ("the settings file".to_owned(), read(path)))
                .into_iter()
                .collect(),
        }
    }

    /// The first of `parts` in which `other` differs, and the file that does.
    pub fn difference<'f>(&'f self, other: &'f FilesInUse, parts: &[Part]) -> Option<(Part, &'f str)> {
        parts.iter().find_map(|part| {
            let (mine, theirs) = (self.of(*part), other.of(*part));
            let names = mine.keys().chain(theirs.keys());
            names.into_iter().find(|name| mine.get(*name) != theirs.get(*name)).map(|name| (*part, name.as_str()))
        })
    }

    fn of(&self, part: Part) -> &Digests {
        match part {
            Part::Seeds => &self.seeds,
            Part::Patterns => &self.patterns,
            Part::Settings => &self.settings,
        }
    }
}

/// Names and digests of texts that were read.
pub fn digests(files: &[(String, String)]) -> Digests {
    files.iter().map(|(name, text)| (name.clone(), digest(text.as_bytes()))).collect()
}

/// Tells files apart that were edited; proves nothing.
fn digest(bytes: &[u8]) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_found_in_the_parts_asked_about_only() {
        let files = |seed: &str| FilesInUse {
            seeds: digests(&[("bazaar.toml".to_owned(), seed.to_owned())]),
            ..FilesInUse::default()
        };
        let (old, new) = (files("rate = \"60/min\""), files("rate = \"6/min\""));
        assert_eq!(old.difference(&new, &[Part::Settings, Part::Seeds]), Some((Part::Seeds, "bazaar.toml")));
        assert_eq!(old.difference(&new, &[Part::Patterns, Part::Settings]), None);
        assert_eq!(old.difference(&old.clone(), &[Part::Seeds]), None);
        assert_eq!(FilesInUse::default().difference(&new, &[Part::Seeds]), Some((Part::Seeds, "bazaar.toml")));
    }
}

//! `check --words`: names of the watchlist that are ordinary words of word lists and not marked so.

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::app::Paths;
use crate::cli::exit::Failure;
use crate::cli::judge::{each_line, limits};
use crate::cli::output::Output;
use crate::config::problem::Problem;
use crate::config::watchlist::WatchlistFolder;
use crate::detect::ordinary::{OrdinaryWords, language_of};

/// A name that is an ordinary word, with its place.
#[derive(Debug, Serialize)]
pub(super) struct WordFound {
    name: String,
    word: String,
    language: String,
    entry: String,
    file: String,
    line: usize,
    column: usize,
    #[serde(skip)]
    problem: Problem,
}

impl fmt::Display for WordFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

/// The names of the watchlist at `paths` that are words of `files`.
pub(super) fn find(paths: &Paths, files: &[PathBuf], output: &Output) -> Result<Vec<WordFound>, Failure> {
    let folder = WatchlistFolder::new(paths.patterns.as_deref());
    let (watchlist, patterns) = folder.with_files().map_err(|error| super::failure(error.into(), output))?;
    let limits = limits(paths, output)?;
    let mut search = OrdinaryWords::of(&watchlist);
    for file in files {
        let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
        let language = language_of(&name);
        each_line(file, &limits, |_, line| {
            // No word is as long as a line that is not read.
            if let Ok(line) = line {
                search.take(line, &language);
            }
            Ok(())
        })?;
    }
    let place = |found: crate::detect::ordinary::OrdinaryName| {
        let problem = folder.with_path(found.problem)?;
        let (file, line, column) = (problem.file.clone(), problem.line, problem.column);
        let (name, word, language, entry) = (found.name, found.word, found.language, found.entry);
        Some(WordFound { name, word, language, entry, file, line, column, problem })
    };
    Ok(search.into_found(&patterns).into_iter().filter_map(place).collect())
}

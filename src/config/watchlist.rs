//! The folder of the watchlist, or the list that is compiled in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::in_use::{Digests, digests};
use crate::config::problem::{Problem, Severity};
use crate::detect::conflicts::conflicts;
use crate::detect::watchlist::{PatternProblem, Watchlist};
use crate::detect::{Detector, DetectorError};

/// Why a watchlist cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum WatchlistError {
    /// Files that cannot be accepted, each with its place.
    #[error("{} problems in the watchlist", .0.len())]
    Problems(Vec<Problem>),
    /// It is too large to be compiled.
    #[error(transparent)]
    Detector(DetectorError),
}

impl WatchlistError {
    /// The same as problems with a place.
    pub fn problems(self) -> Vec<Problem> {
        match self {
            WatchlistError::Problems(problems) => problems,
            WatchlistError::Detector(error) => vec![Problem::about("patterns", error.to_string(), None)],
        }
    }
}

/// Where the watchlist comes from: a folder, or none, which means the list that is compiled in.
#[derive(Debug, Clone)]
pub struct WatchlistFolder(Option<PathBuf>);

/// A watchlist that was read from its folder.
pub struct Loaded {
    /// Ready to judge.
    pub detector: Detector,
    /// What in it means two things and the like, which a person should look at.
    pub conflicts: Vec<Problem>,
    /// Its files.
    pub digests: Digests,
}

impl WatchlistFolder {
    /// The watchlist of `folder`, or the one compiled in.
    pub fn new(folder: Option<&Path>) -> Self {
        WatchlistFolder(folder.map(Path::to_path_buf))
    }

    /// The watchlist.
    ///
    /// # Errors
    /// Every problem of the files.
    pub fn watchlist(&self) -> Result<Watchlist, WatchlistError> {
        match &self.0 {
            Some(folder) => self.parse(&self.files(folder)?),
            None => Watchlist::builtin().map_err(|problems| WatchlistError::Problems(self.with_paths(problems))),
        }
    }

    /// The watchlist, ready to judge.
    ///
    /// # Errors
    /// Every problem of the files.
    pub fn detector(&self) -> Result<Detector, WatchlistError> {
        self.compile(self.watchlist()?)
    }

    /// The folder's list as it is now. `None` where there is no folder.
    ///
    /// # Errors
    /// Every problem of the files.
    pub fn load(&self) -> Result<Option<Loaded>, WatchlistError> {
        let Some(folder) = &self.0 else { return Ok(None) };
        let files = self.files(folder)?;
        let watchlist = self.parse(&files)?;
        let conflicts = self.with_paths(conflicts(&watchlist, &files));
        Ok(Some(Loaded { detector: self.compile(watchlist)?, conflicts, digests: digests(&files) }))
    }

    /// The watchlist with its files: paths relative to the folder, and their text.
    ///
    /// # Errors
    /// Every problem of the files.
    pub fn with_files(&self) -> Result<(Watchlist, Vec<(String, String)>), WatchlistError> {
        let files = match &self.0 {
            Some(folder) => self.files(folder)?,
            None => crate::detect::builtin_files(),
        };
        Ok((self.parse(&files)?, files))
    }

    /// A problem of a pattern file as the user names the file.
    pub fn with_path(&self, problem: PatternProblem) -> Option<Problem> {
        self.with_paths(vec![problem]).pop()
    }

    /// Digests of the files as they are now, none where they cannot be read.
    pub fn digests(&self) -> Digests {
        match &self.0 {
            Some(folder) => digests(&self.files(folder).unwrap_or_default()),
            None => digests(&crate::detect::builtin_files()),
        }
    }

    /// The watchlist with everything that is wrong with it, and whatever could be read all the same.
    pub fn examined(&self) -> (Option<Watchlist>, Vec<Problem>) {
        let files = match &self.0 {
            Some(folder) => match self.files(folder) {
                Ok(files) => files,
                Err(error) => return (None, error.problems()),
            },
            None => crate::detect::builtin_files(),
        };
        match self.parse(&files) {
            Ok(watchlist) => {
                let mut problems = self.with_paths(conflicts(&watchlist, &files));
                if problems.is_empty() {
                    let compiled = self.compile(watchlist.clone());
                    problems.extend(compiled.err().map(WatchlistError::problems).unwrap_or_default());
                }
                (Some(watchlist), problems)
            }
            Err(error) => (None, error.problems()),
        }
    }

    /// A digest over the names, sizes and times of change of the folder's files; `None` where there is no folder.
    pub fn state(&self) -> Option<u64> {
        let mut states: Vec<(PathBuf, u64, Option<std::time::SystemTime>)> = Vec::new();
        let mut folders = vec![self.0.clone()?];
        while let Some(current) = folders.pop() {
            for entry in std::fs::read_dir(current).ok()?.flatten() {
                let Ok(meta) = entry.metadata() else { continue };
                if meta.is_dir() {
                    folders.push(entry.path());
                } else if entry.path().extension().is_some_and(|extension| extension == "toml") {
                    states.push((entry.path(), meta.len(), meta.modified().ok()));
                }
            }
        }
        states.sort();
        Some(xxhash_rust::xxh3::xxh3_64(format!("{states:?}").as_bytes()))
    }

    fn files(&self, folder: &Path) -> Result<Vec<(String, String)>, WatchlistError> {
        read_files(folder).map_err(|problem| WatchlistError::Problems(vec![problem]))
    }

    fn parse(&self, files: &[(String, String)]) -> Result<Watchlist, WatchlistError> {
        Watchlist::parse(files).map_err(|problems| WatchlistError::Problems(self.with_paths(problems)))
    }

    fn compile(&self, watchlist: Watchlist) -> Result<Detector, WatchlistError> {
        Detector::compile(Arc::new(watchlist)).map_err(|error| match error {
            // The conflicts of the list say where the rule stands.
            DetectorError::ClassRule(reason) => WatchlistError::Problems(vec![Problem::about(
                self.place_of("classes.toml"),
                reason.to_string(),
                Some("`listingwatch check` names the place".to_owned()),
            )]),
            error @ DetectorError::Automaton(_) => WatchlistError::Detector(error),
        })
    }

    /// Problems of pattern files, with paths that can be opened.
    fn with_paths(&self, problems: Vec<PatternProblem>) -> Vec<Problem> {
        let with_path = |problem: PatternProblem| Problem {
            severity: Severity::Error,
            file: self.place_of(&problem.file),
            line: problem.line,
            column: problem.column,
            message: problem.message,
            hint: problem.hint,
        };
        problems.into_iter().map(with_path).collect()
    }

    fn place_of(&self, file: &str) -> String {
        match &self.0 {
            Some(folder) => folder.join(file).display().to_string(),
            None => format!("built-in {file}"),
        }
    }
}

/// All `*.toml` files below `folder`, with their paths relative to it, sorted.
fn read_files(folder: &Path) -> Result<Vec<(String, String)>, Problem> {
    let unreadable = |path: &Path, error: &std::io::Error| {
        Problem::about(
            path.display().to_string(),
            format!("cannot be read: {error}"),
            Some(
                "name a readable folder with --patterns, or leave it out to use the watchlist that is compiled in"
                    .into(),
            ),
        )
    };
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(current) = folders.pop() {
        let entries = std::fs::read_dir(&current).map_err(|error| unreadable(&current, &error))?;
        for entry in entries {
            let path = entry.map_err(|error| unreadable(&current, &error))?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "toml") {
                let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, &error))?;
                let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
                files.push((name, text));
            }
        }
    }
    files.sort();
    Ok(files)
}

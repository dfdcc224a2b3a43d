//! The watchlist that is compiled in, so that the binary alone works in an empty folder.

/// Files of `patterns/`, with their paths relative to it, sorted.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/patterns.rs"));

/// The same files as one JSON object, as the build wrote it.
pub(super) const JSON: &str = include_str!(concat!(env!("OUT_DIR"), "/patterns.json"));

/// The compiled-in files as owned text, in the shape [`crate::detect::watchlist::Watchlist::parse`] takes.
pub fn files() -> Vec<(String, String)> {
    FILES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// Whether files are those that are compiled in.
pub(super) fn is_same(files: &[(String, String)]) -> bool {
    let same = |((path, text), known): (&(String, String), &(&str, &str))| (path.as_str(), text.as_str()) == *known;
    files.len() == FILES.len() && files.iter().zip(FILES).all(same)
}

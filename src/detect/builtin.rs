//! The watchlist that is compiled in, so that the binary alone works in an empty folder.

/// Files of `patterns/`, with their paths relative to it, sorted.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/patterns.rs"));

/// The same files as one JSON object, as the build wrote it.
pub(super) const JSON: &str = include_str!(concat!(env!("OUT_DIR"), "/patterns.json"));

/// The rules of families with their endings, as [`crate::detect::endings`] works them out: sorted by pattern.
const ENDINGS: &[(&str, Option<&str>)] = include!(concat!(env!("OUT_DIR"), "/endings.rs"));

/// The endings of a pattern that is compiled in.
pub(super) fn endings(pattern: &str) -> Option<Option<&'static str>> {
    ENDINGS.binary_search_by(|(known, _)| known.cmp(&pattern)).ok().map(|at| ENDINGS[at].1)
}

/// The compiled-in files as owned text, in the shape [`crate::detect::watchlist::Watchlist::parse`] takes.
pub fn files() -> Vec<(String, String)> {
    FILES.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

/// Whether files are those that are compiled in.
pub(super) fn is_same(files: &[(String, String)]) -> bool {
    let same = |((path, text), known): (&(String, String), &(&str, &str))| (path.as_str(), text.as_str()) == *known;
    files.len() == FILES.len() && files.iter().zip(FILES).all(same)
}

#[cfg(test)]
mod tests {
    use crate::detect::watchlist::Watchlist;

    #[test]
    fn endings_of_every_family_were_worked_out_when_the_program_was_built() {
        for rule in Watchlist::builtin().expect("the built-in list is whole").classes {
            let known = super::endings(&rule.pattern).map(|known| known.map(str::to_owned));
            assert_eq!(known, crate::detect::endings::of(&rule.pattern).ok(), "{}", rule.id);
        }
    }
}

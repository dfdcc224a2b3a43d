//! Recorded outputs: what the program prints, serves and stores, compared with files in `tests/data/golden`.
//!
//! A move of code changes none of them. Where a change is meant, `LISTINGWATCH_GOLDEN=write cargo test golden::` writes
//! the files again; read the diff before committing it. The recorded data directories are never written again: they are
//! what an earlier build left behind, see [`directory`].

mod archive;
mod demo;
mod detection;
mod directory;
mod help;
mod records;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Set to `write`, it writes the golden files instead of comparing with them.
const MODE: &str = "LISTINGWATCH_GOLDEN";

fn mode() -> String {
    std::env::var(MODE).unwrap_or_default()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden")
}

/// Compares with the golden file `name`; a difference fails with a diff and what to type to accept it.
#[track_caller]
fn compare(name: &str, actual: &str) {
    let path = folder().join(name);
    let actual = if actual.ends_with('\n') { actual.to_owned() } else { format!("{actual}\n") };
    if mode() == "write" {
        std::fs::create_dir_all(path.parent().expect("below the folder")).unwrap();
        std::fs::write(&path, actual).unwrap();
        return;
    }
    let accept = format!("to accept it: {MODE}=write cargo test --test it golden::, then read the diff");
    let Ok(expected) = std::fs::read_to_string(&path) else {
        panic!("no golden file {}\n{accept}", path.display());
    };
    if expected != actual {
        panic!(
            "{} differs from what is recorded (- recorded, + now)\n{}{accept}",
            path.display(),
            diff(&expected, &actual)
        );
    }
}

/// Lines of a difference shown.
const DIFF_LINES: usize = 60;

/// The lines that differ, each with its number. Lines are paired within a window, which is enough to read a difference.
fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let (mut at, mut to, mut shown, mut out) = (0, 0, 0, String::new());
    while (at < old.len() || to < new.len()) && shown < DIFF_LINES {
        if at < old.len() && to < new.len() && old[at] == new[to] {
            (at, to) = (at + 1, to + 1);
            continue;
        }
        // The nearest place where both go on alike.
        let window = 40;
        let joined = (1..window).find_map(|sum| {
            (0..=sum).map(|skip| (skip, sum - skip)).find(|(skip, add)| {
                old.get(at + skip).is_some_and(|line| new.get(to + add).is_some_and(|other| line == other))
            })
        });
        let (skip, add) = joined.unwrap_or((usize::from(at < old.len()), usize::from(to < new.len())));
        for line in &old[at..at + skip] {
            let _ = writeln!(out, "{:>5} - {}", at + 1, short(line));
        }
        for line in &new[to..to + add] {
            let _ = writeln!(out, "{:>5} + {}", to + 1, short(line));
        }
        (at, to, shown) = (at + skip, to + add, shown + skip + add);
    }
    if at < old.len() || to < new.len() {
        let _ = writeln!(out, "      … and perhaps more");
    }
    out
}

fn short(line: &str) -> String {
    let mut text: String = line.chars().take(400).collect();
    if text.len() < line.len() {
        text.push('…');
    }
    text
}

#[test]
fn a_difference_shows_its_lines_and_nothing_else() {
    let found = diff("a\nb\nc\nd\n", "a\nx\nc\nd\ne\n");
    assert_eq!(found, "    2 - b\n    2 + x\n    5 + e\n");
    assert_eq!(diff("a\n", "a\n"), "");
}

/// What differs from run to run, and what stands in its place. An id is replaced by its kind and a number, so that equal
/// ids still read as equal.
static CHANGING: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"[0-9]{4}\.[0-9]+\.[0-9]+\+sha256:[0-9a-f]+", "watchlist"),
        (r"(?:urn:uuid:)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "uuid"),
        (
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?",
            "time",
        ),
        (r"[0-9]{8}T?[0-9]{6,9}Z?-[0-9a-zA-Z-]+\.warc(?:\.gz)?", "warc"),
        (r"[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT", "time"),
        (r"sha256:[0-9A-Z]{52}", "digest"),
        (r"\b1[78][0-9]{11}\b", "millis"),
        (r"127\.0\.0\.[0-9]+:[0-9]+", "address"),
        (r"\brun-[0-9]{14,}", "run"),
        (r"R-[0-9A-Za-z]{8,}\.[0-9A-Za-z._~-]{16,}", "signed"),
        (r"\bR-[0-9A-Za-z-]{6,}\b", "referral"),
        (r"\bT-[0-9a-f]{12}\b", "token"),
        (r"\b[HC]-?[0-9a-f]{12,}\b", "id"),
        (r"\b[0-9a-f]{64}\b", "digest"),
        (r"\b[0-9a-f]{32}\b", "hash"),
        (r"\b[0-9a-f]{16}\b", "hash"),
    ]
    .into_iter()
    .map(|(pattern, kind)| (Regex::new(pattern).unwrap(), kind))
    .collect()
});

/// Kinds of which only the kind is told: two equal moments in one run say nothing.
const WITHOUT_NUMBER: [&str; 6] = ["time", "millis", "watchlist", "warc", "signed", "run"];

/// Digits behind the fourth of a fraction: the last ones may differ from machine to machine.
static FRACTION: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b([0-9]+\.[0-9]{4})[0-9]{2,}\b").unwrap());

/// Where a record stands in its file depends on the packed length of the one before, which tells the time.
static PLACE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r#"(warc_(?:offset|length)"?[=:] ?)[0-9]+"#).unwrap());

/// A text without ids, digests, times and ports.
fn settled(text: &str) -> String {
    let mut text = FRACTION.replace_all(text, "$1").into_owned();
    text = PLACE.replace_all(&text, "$1<place>").into_owned();
    for (regex, kind) in CHANGING.iter() {
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        let replaced = regex.replace_all(&text, |found: &Captures<'_>| {
            if WITHOUT_NUMBER.contains(kind) {
                return format!("<{kind}>");
            }
            let next = known.len() + 1;
            format!("<{kind} {}>", known.entry(found[0].to_owned()).or_insert(next))
        });
        text = replaced.into_owned();
    }
    text
}

/// A JSON document with its keys in order, one member a line, settled.
fn settled_json(text: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    settled(&serde_json::to_string_pretty(&value).unwrap())
}

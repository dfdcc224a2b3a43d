//! Compiles in what is data: every `templates/notice/languages/*.toml`, so that adding a language is adding a file, and the
//! watchlist of `patterns/`, as its text and as JSON, which is read five times as fast as TOML when the program starts, with
//! the endings of its families worked out.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use sha2::Digest;

#[path = "src/detect/endings.rs"]
mod endings;

fn main() {
    languages(Path::new("templates/notice/languages"));
    watchlist(Path::new("patterns"));
}

fn languages(folder: &Path) {
    let mut out = String::from("&[\n");
    for file in toml_files(folder) {
        let code = file.file_stem().and_then(|stem| stem.to_str()).expect("a language code");
        let _ = writeln!(out, "    ({code:?}, include_str!({:?})),", whole(&file));
    }
    out.push_str("]\n");
    write("languages.rs", &out);
}

fn watchlist(folder: &Path) {
    let mut files = toml_files(folder);
    files.extend(toml_files(&folder.join("substances")));
    files.sort();
    let mut list = String::from("&[\n");
    let mut all = serde_json::Map::new();
    let mut substances = Vec::new();
    let mut digest = sha2::Sha256::new();
    for file in files {
        let path = file.strip_prefix(folder).ok().and_then(|path| path.to_str()).expect("a path in the folder");
        let text = std::fs::read_to_string(&file).expect("a file of the source can be read");
        let mut value: serde_json::Map<String, serde_json::Value> =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        digest.update([path.as_bytes(), &[0], text.as_bytes(), &[0]].concat());
        let _ = writeln!(list, "    ({path:?}, include_str!({:?})),", whole(&file));
        if path.starts_with("substances") {
            if let Some(serde_json::Value::Array(entries)) = value.remove("substance") {
                substances.extend(entries);
            }
        } else {
            all.insert(path.trim_end_matches(".toml").to_owned(), value.into());
        }
    }
    list.push_str("]\n");
    write("endings.rs", &families(&all["classes"]));
    all.insert("substances".to_owned(), substances.into());
    let digest = digest.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    all.insert("digest".to_owned(), digest.into());
    write("patterns.rs", &list);
    write("patterns.json", &serde_json::Value::from(all).to_string());
}

/// The rules of families with their endings, sorted by pattern.
fn families(classes: &serde_json::Value) -> String {
    println!("cargo::rerun-if-changed=src/detect/endings.rs");
    let parts: Vec<_> = classes["parts"].as_object().expect("parts of patterns").iter().collect();
    let parts = parts.iter().map(|(name, part)| (name.as_str(), part.as_str().expect("a part is text")));
    let rules = classes["class"].as_array().expect("rules of families").iter();
    let patterns = rules.map(|rule| endings::expanded(rule["pattern"].as_str().expect("a pattern"), parts.clone()));
    let known: std::collections::BTreeMap<String, Option<String>> = patterns
        .map(|pattern| {
            let endings = endings::of(&pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            (pattern, endings)
        })
        .collect();
    let mut out = String::from("&[\n");
    for (pattern, endings) in known {
        let _ = writeln!(out, "    ({pattern:?}, {endings:?}),");
    }
    out + "]\n"
}

/// The TOML files right in a folder, sorted.
fn toml_files(folder: &Path) -> Vec<PathBuf> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{} is part of the source: {error}", folder.display()))
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files
}

fn whole(file: &Path) -> String {
    std::path::absolute(file).expect("a path").display().to_string()
}

fn write(name: &str, text: &str) {
    let target = std::env::var_os("OUT_DIR").expect("cargo sets it");
    std::fs::write(Path::new(&target).join(name), text).expect("cargo's folder is writable");
}

//! Collects the languages of notices: every `templates/notice/languages/*.toml` is compiled in, so that adding a language
//! is adding a file.

use std::fmt::Write;
use std::path::Path;

fn main() {
    let folder = "templates/notice/languages";
    println!("cargo::rerun-if-changed={folder}");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of languages is part of the source")
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    let mut out = String::from("&[\n");
    for file in files {
        let code = file.file_stem().and_then(|stem| stem.to_str()).expect("a language code");
        let whole = std::path::absolute(&file).expect("a path");
        let _ = writeln!(out, "    ({code:?}, include_str!({:?})),", whole.display().to_string());
    }
    out.push_str("]\n");
    let target = std::env::var_os("OUT_DIR").expect("cargo sets it");
    std::fs::write(Path::new(&target).join("languages.rs"), out).expect("cargo's folder is writable");
}

//! House rules about who imports whom, file by file: no cycles between rooms or of many files, a half of a scan without
//! stores, one way to record.

use std::collections::{BTreeMap, BTreeSet};

use crate::tidy::{code, sources};

/// A module's path: `["engine", "scan", "lane"]`.
type Module = Vec<String>;

/// Which file imports which. A name that a `mod.rs` passes on (`pub use`) leads to the file it comes from.
struct Imports {
    files: BTreeMap<Module, String>,
    passed_on: BTreeMap<Module, Module>,
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Imports {
    fn read() -> Self {
        let mut texts = BTreeMap::new();
        let mut files = BTreeMap::new();
        for (_, path, text) in sources() {
            let name = path.display().to_string();
            let mut module: Module = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
            if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
                module.pop();
            }
            if !module.is_empty() {
                files.insert(module.clone(), name);
                texts.insert(module, code(&text));
            }
        }
        let mut imports = Imports { files, passed_on: BTreeMap::new(), edges: BTreeMap::new() };
        for (module, text) in &texts {
            for (_, target) in uses(text, module).into_iter().filter(|(is_public, _)| *is_public) {
                let name = [module.clone(), target.last().cloned().into_iter().collect()].concat();
                if name != target {
                    imports.passed_on.insert(name, target);
                }
            }
        }
        for (module, text) in &texts {
            let file = imports.files[module].clone();
            let named = uses(text, module).into_iter().filter(|(is_public, _)| !is_public).map(|(_, path)| path);
            let targets: BTreeSet<String> = named
                .chain(inline(text, module))
                .filter_map(|path| imports.file_of(&path, 0))
                .filter(|target| *target != file)
                .collect();
            imports.edges.insert(file, targets);
        }
        imports
    }

    /// The file that a path leads to.
    fn file_of(&self, path: &[String], depth: usize) -> Option<String> {
        for length in (1..=path.len()).rev() {
            if let Some(target) = self.passed_on.get(&path[..length]).filter(|_| depth < 5) {
                return self.file_of(&[target.clone(), path[length..].to_vec()].concat(), depth + 1);
            }
        }
        (1..=path.len()).rev().find_map(|length| self.files.get(&path[..length]).cloned())
    }

    /// Everything that can be reached from a file, however many imports away.
    fn reach(&self, from: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut waiting = vec![from];
        while let Some(file) = waiting.pop() {
            for next in self.edges.get(file).into_iter().flatten() {
                if seen.insert(next.as_str()) {
                    waiting.push(next);
                }
            }
        }
        seen
    }

    /// Groups of files each of which reaches every other.
    fn cycles(&self) -> Vec<BTreeSet<&str>> {
        let reach: BTreeMap<&str, BTreeSet<&str>> =
            self.edges.keys().map(|file| (file.as_str(), self.reach(file))).collect();
        let mut cycles: Vec<BTreeSet<&str>> = Vec::new();
        for (file, reached) in &reach {
            if reached.contains(file) && !cycles.iter().any(|cycle| cycle.contains(file)) {
                cycles.push(reached.iter().copied().filter(|other| reach[other].contains(file)).collect());
            }
        }
        cycles
    }
}

/// The paths of all `use` declarations of a file, each with whether it is passed on.
fn uses(text: &str, module: &Module) -> Vec<(bool, Module)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("use ") {
        let before = text[..at].rsplit('\n').next().unwrap_or("");
        let is_public = before.trim_start().starts_with("pub");
        if !(before.trim().is_empty() || is_public && !before.contains("fn ")) {
            continue;
        }
        let Some(end) = text[at..].find(';') else { continue };
        let tree: String = text[at + 4..at + end].split_whitespace().collect::<Vec<_>>().join(" ");
        let mut paths = Vec::new();
        expand(&tree, &[], &mut paths);
        found.extend(paths.into_iter().filter_map(|path| Some((is_public, absolute(&path, module, is_public)?))));
    }
    found
}

/// The paths of a use tree: `a::{b, c::{self, d}}` is `a::b`, `a::c`, `a::c::d`.
fn expand(tree: &str, prefix: &[String], out: &mut Vec<Module>) {
    let tree = tree.trim();
    if let Some((head, rest)) = tree.split_once('{') {
        let prefix: Module = [prefix.to_vec(), segments(head)].concat();
        let inner = rest.trim_end().trim_end_matches('}');
        // The last brace of `rest` closes this group; nested ones are balanced before it.
        let inner = if rest.matches('{').count() < rest.matches('}').count() {
            &rest[..rest.rfind('}').unwrap_or(rest.len())]
        } else {
            inner
        };
        let (mut depth, mut begin) = (0, 0);
        for (at, letter) in inner.char_indices() {
            match letter {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    expand(&inner[begin..at], &prefix, out);
                    begin = at + 1;
                }
                _ => {}
            }
        }
        expand(&inner[begin..], &prefix, out);
    } else if !tree.is_empty() {
        let name = tree.split(" as ").next().unwrap_or(tree);
        let mut path = [prefix.to_vec(), segments(name)].concat();
        if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
            path.pop();
        }
        out.push(path);
    }
}

fn segments(text: &str) -> Module {
    text.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// A path from the root of the crate; `None` where it leads into another crate. `bare` paths are those of a module's own
/// children.
fn absolute(path: &[String], module: &Module, bare: bool) -> Option<Module> {
    let mut base = module.clone();
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([base, path[1..].to_vec()].concat()),
        "super" => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            base.truncate(base.len().saturating_sub(ups));
            Some([base, path[ups..].to_vec()].concat())
        }
        _ if bare => Some([base, path.to_vec()].concat()),
        _ => None,
    }
}

/// Paths written out in the code: `crate::engine::dispatch::step(…)`.
fn inline(text: &str, module: &Module) -> Vec<Module> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (at, _) in text.match_indices(start) {
            let path: String = text[at..]
                .chars()
                .take_while(|letter| letter.is_alphanumeric() || matches!(letter, '_' | ':'))
                .collect();
            let line = text[..at].rsplit('\n').next().unwrap_or("");
            if !line.contains("use ") && !line.contains("pub(in") && !line.ends_with("::") {
                found.extend(absolute(&segments(&path), module, false));
            }
        }
    }
    found
}

fn room(file: &str) -> &str {
    file.split('/').next().unwrap_or(file).trim_end_matches(".rs")
}

#[test]
fn paths_are_read_as_the_compiler_reads_them() {
    let module: Module = vec!["engine".to_owned(), "scan".to_owned()];
    let text = "use crate::a::{self, b::C, d::{E, F}};\npub use order::{G, H as I};\nfn x() { super::j::k() }\n";
    let shown = |path: &Module| path.join("::");
    let found: Vec<(bool, String)> = uses(text, &module).iter().map(|(public, path)| (*public, shown(path))).collect();
    let wanted = [(false, "a"), (false, "a::b::C"), (false, "a::d::E"), (false, "a::d::F")];
    let passed = [(true, "engine::scan::order::G"), (true, "engine::scan::order::H")];
    let wanted: Vec<(bool, String)> =
        wanted.iter().chain(&passed).map(|(public, path)| (*public, (*path).to_owned())).collect();
    assert_eq!(found, wanted);
    assert_eq!(inline(text, &module).iter().map(shown).collect::<Vec<_>>(), ["engine::j::k"]);
}

#[test]
fn no_files_of_two_rooms_and_no_four_of_one_import_each_other_in_a_circle() {
    let imports = Imports::read();
    assert!(imports.edges["engine/scan/mod.rs"].contains("engine/scan/desk.rs"), "imports are read");
    let wrong: Vec<String> = imports
        .cycles()
        .iter()
        .filter(|cycle| cycle.len() > 3 || cycle.iter().map(|file| room(file)).collect::<BTreeSet<_>>().len() > 1)
        .map(|cycle| cycle.iter().copied().collect::<Vec<_>>().join(", "))
        .collect();
    assert!(wrong.is_empty(), "files that import each other:\n{}", wrong.join("\n"));
}

#[test]
fn the_half_of_a_scan_that_fetches_and_examines_reaches_no_store() {
    let imports = Imports::read();
    let half = ["lane", "examiner", "seeds", "worker", "messages", "state", "tally"];
    let mut wrong = Vec::new();
    for file in half.map(|name| format!("engine/scan/{name}.rs")) {
        assert!(imports.edges.contains_key(&file), "`{file}` is gone");
        let stores = imports.reach(&file).into_iter().filter(|other| matches!(room(other), "store" | "archive"));
        wrong.extend(stores.map(|other| format!("{file} reaches {other}")));
    }
    let banned = ["rusqlite::", "sled::"];
    for (_, path, text) in sources() {
        let file = path.display().to_string();
        if half.iter().any(|name| file == format!("engine/scan/{name}.rs")) {
            wrong.extend(
                banned.iter().filter(|word| code(&text).contains(**word)).map(|word| format!("{file}: {word}")),
            );
        }
    }
    assert!(wrong.is_empty(), "a worker on another machine has no store:\n{}", wrong.join("\n"));
}

#[test]
fn evidence_hits_and_cases_are_recorded_in_one_place() {
    let only = ["truth.record(", "HitRecord::of(", "write_exchange(", "write_revisit(", "write_resource("];
    let mut wrong = Vec::new();
    for (room, path, text) in sources() {
        if matches!(room.as_str(), "engine" | "app" | "cli" | "server" | "demo") && !path.ends_with("engine/record.rs")
        {
            let code = code(&text);
            wrong.extend(
                only.iter().filter(|word| code.contains(**word)).map(|word| format!("{}: {word}", path.display())),
            );
        }
    }
    assert!(
        wrong.is_empty(),
        "a judged listing becomes evidence, hit and case in engine/record.rs:\n{}",
        wrong.join("\n")
    );
}

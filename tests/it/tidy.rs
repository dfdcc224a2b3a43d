//! House rules as tests: import order, purity of the core, no clock reads, no nameless drawers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms in path order. A room may import what stands before it, unless it is an edge beside it.
const PURE: &[&str] = &["vocab", "frontier", "evidence", "listing", "detect", "dedup", "examine", "referral", "report"];
const EDGES: &[&str] = &["config", "fetch", "store", "archive", "outbound"];
const DRIVERS: &[&str] = &["engine", "server", "demo", "app", "cli", "telemetry"];

fn sources() -> Vec<(String, PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("src is readable") {
            let path = entry.expect("src is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let relative = path.strip_prefix(&root).expect("below src").to_path_buf();
                let first = relative.components().next().expect("a name").as_os_str().to_string_lossy();
                let room = first.trim_end_matches(".rs").to_owned();
                let text = fs::read_to_string(&path).expect("UTF-8");
                found.push((room, relative, text));
            }
        }
    }
    assert!(found.len() > 40, "the walk found only {} files", found.len());
    found
}

/// The part of a file before its tests, without comments.
fn code(text: &str) -> String {
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    text[..end].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn imports(text: &str) -> Vec<String> {
    let code = code(text);
    code.match_indices("crate::")
        .map(|(at, _)| {
            code[at + "crate::".len()..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
        })
        .collect()
}

fn allowed(room: &str) -> Vec<&'static str> {
    let mut rooms: Vec<&str> = Vec::new();
    if let Some(place) = PURE.iter().position(|r| *r == room) {
        rooms.extend(&PURE[..=place]);
    } else if EDGES.contains(&room) {
        rooms.extend(PURE);
        rooms.extend(EDGES.iter().filter(|r| **r == room));
    } else {
        rooms.extend(PURE);
        match room {
            // The hub knows store, archive and outbound, never engine or fetch.
            "server" => rooms.extend(["config", "store", "archive", "outbound", "server"]),
            "demo" => rooms.extend(["demo"]),
            "telemetry" => rooms.extend(["telemetry"]),
            "engine" => rooms.extend(EDGES.iter().copied().chain(["engine"])),
            "app" => rooms.extend(EDGES.iter().copied().chain(["engine", "server", "demo", "app", "telemetry"])),
            _ => rooms.extend(EDGES.iter().chain(DRIVERS)),
        }
    }
    rooms
}

#[test]
fn imports_follow_the_path() {
    let mut wrong = Vec::new();
    for (room, path, text) in sources() {
        if room == "lib" || room == "main" {
            continue;
        }
        let allowed = allowed(&room);
        for import in imports(&text) {
            let known = PURE.contains(&&*import) || EDGES.contains(&&*import) || DRIVERS.contains(&&*import);
            if known && !allowed.contains(&&*import) {
                wrong.push(format!("{} imports crate::{import}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that run backwards:\n{}", wrong.join("\n"));
}

#[test]
fn the_pure_core_does_no_io() {
    let banned = [
        "tokio::",
        "sled::",
        "rusqlite::",
        "reqwest::",
        "std::fs",
        "std::net::Tcp",
        "std::thread",
        "SystemTime",
        "Instant::now",
        "getrandom",
        "std::env",
        "std::process",
    ];
    let mut wrong = Vec::new();
    for (room, path, text) in sources() {
        if !PURE.contains(&&*room) {
            continue;
        }
        let code = code(&text);
        for word in banned {
            if code.contains(word) {
                wrong.push(format!("{}: {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "IO, clocks or randomness in the pure core:\n{}", wrong.join("\n"));
}

#[test]
fn nothing_unwraps_and_nothing_is_left_to_do() {
    let banned = [".unwrap()", "todo!(", "unimplemented!(", "dbg!("];
    let mut wrong = Vec::new();
    for (_, path, text) in sources() {
        if path.file_name().is_some_and(|name| name == "tests.rs") {
            continue;
        }
        for (number, line) in code(&text).lines().enumerate() {
            if banned.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "outside tests:\n{}", wrong.join("\n"));
}

#[test]
fn every_drawer_has_a_name_and_one_topic() {
    let mut wrong = Vec::new();
    for (_, path, text) in sources() {
        let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        if ["utils", "util", "helpers", "common", "misc", "manager"].contains(&&*stem) {
            wrong.push(format!("{}: name it for what it holds", path.display()));
        }
        let lines = code(&text).lines().filter(|line| !line.trim().is_empty()).count();
        if lines > 600 {
            wrong.push(format!("{}: {lines} lines of code, ask what second thing moved in", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_says_what_it_owns_and_never_does() {
    let mut wrong = Vec::new();
    for (_, path, text) in sources() {
        if path.ends_with("mod.rs") && path.components().count() == 2 {
            let header: String = text.lines().take_while(|line| line.starts_with("//!")).collect();
            for part in ["Owns:", "Never:", "Start reading:"] {
                if !header.contains(part) {
                    wrong.push(format!("{}: header lacks `{part}`", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_robots_wrapper_calls_the_robots_crate() {
    let callers: BTreeMap<_, _> = sources()
        .into_iter()
        .filter(|(_, _, text)| code(text).contains("robotstxt::"))
        .map(|(_, path, _)| (path.display().to_string(), ()))
        .collect();
    assert_eq!(callers.keys().map(String::as_str).collect::<Vec<_>>(), ["frontier/robots.rs"]);
}

//! House rules as tests: import order, purity of the core, no clock reads, no nameless drawers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use listingwatch::config::keys::{self, Effect};

/// Rooms in path order. A room may import what stands before it, unless it is an edge beside it.
const PURE: &[&str] = &["vocab", "frontier", "evidence", "listing", "detect", "dedup", "examine", "referral", "report"];
const EDGES: &[&str] = &["config", "fetch", "store", "archive", "outbound"];
const DRIVERS: &[&str] = &["engine", "server", "demo", "app", "cli", "telemetry"];

pub fn sources() -> Vec<(String, PathBuf, String)> {
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
pub fn code(text: &str) -> String {
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

/// A record that is shown or cited is read by `read_cited`, which holds it against the citation. Walking whole files is the
/// archive's own business.
#[test]
fn evidence_is_read_by_citation_only() {
    let mut wrong = Vec::new();
    for (room, path, text) in sources() {
        if room != "archive" && code(&text).contains("WarcReader") {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "these read WARC records without a citation: {}", wrong.join(", "));
}

#[test]
fn patterns_that_must_compile_say_why_they_do() {
    let mut wrong = Vec::new();
    for (_, path, text) in sources() {
        let code: String = code(&text).split_whitespace().collect();
        for compiled in ["Regex::new(", "RegexSet::new(", "AhoCorasick::new(", "Selector::parse("] {
            for (at, _) in code.match_indices(compiled) {
                let after = &code[at..];
                let call = &after[..after.find(';').unwrap_or(after.len())];
                if call.contains(").ok()") {
                    wrong.push(format!("{}: {compiled}…).ok()", path.display()));
                }
            }
        }
        if code.contains("LazyLock<Option<") {
            wrong.push(format!("{}: LazyLock<Option<…>>", path.display()));
        }
    }
    assert!(wrong.is_empty(), "what cannot be compiled must not be passed over in silence:\n{}", wrong.join("\n"));
}

#[test]
fn every_cap_has_one_definition() {
    // A room that makes limits of its own passes over those of the settings file.
    let may = ["vocab/limits.rs", "config/settings.rs"];
    let wrong: Vec<String> = sources()
        .into_iter()
        .filter(|(_, path, _)| !may.iter().any(|file| path.ends_with(file)) && !path.ends_with("tests.rs"))
        .filter(|(_, _, text)| {
            ["Limits::default()", "PageBudget::default()"].iter().any(|made| code(text).contains(made))
        })
        .map(|(_, path, _)| path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "limits are handed down, not made: {}", wrong.join(", "));
}

#[test]
fn every_key_of_the_files_is_read_by_somebody() {
    let outside: Vec<String> = sources()
        .into_iter()
        .filter(|(room, _, _)| room != "config")
        .map(|(_, _, text)| code(&text).split_whitespace().collect())
        .collect();
    // The expression, whole: `limits.body_bytes` is not read by `limits.body_bytes_per_second`.
    let reads = |expression: &str| {
        outside.iter().any(|code| {
            code.match_indices(expression).any(|(at, found)| {
                let after = code[at + found.len()..].chars().next();
                !after.is_some_and(|c| c.is_alphanumeric() || c == '_')
            })
        })
    };
    let mut wrong = Vec::new();
    let (mut read, mut waiting) = (0, Vec::new());
    for key in keys::SETTINGS.iter().chain(keys::PLATFORM) {
        match key.effect {
            Effect::ReadAs(expression) if reads(expression) => read += 1,
            Effect::ReadAs(expression) => {
                wrong.push(format!("`[{}] {}`: nothing outside config reads `{expression}`", key.section, key.name));
            }
            Effect::Within => {}
            Effect::NotYet(_) => waiting.push(key.name),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(read > 50, "only {read} keys are declared");
    assert_eq!(waiting, ["audit", "url", "credentials", "replicas"], "keys that wait for their effect");
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

/// Wire names of closed terms that stand in a comparison, a match or a statement for something else, by file: the names,
/// and what they are there.
const NO_TERMS: &[(&str, &[&str], &str)] = &[
    ("config/platforms.rs", &["robots"], "where a platform's sitemaps are named, in its file"),
    ("detect/conflicts.rs", &["none-known"], "a control code: no control is known"),
    ("detect/evaluate/disguise.rs", &["name"], "a rule's id"),
    ("detect/controls.rs", &["class"], "part of a control code: the law names the class"),
    ("frontier/control.rs", &["contact", "no"], "words of the control file"),
    ("frontier/sitemap.rs", &["feed"], "an element of Atom"),
    ("listing/reader.rs", &["robots"], "an attribute's word in HTML"),
    ("server/console/capture.rs", &["clear"], "how images are shown, in the console's address"),
    ("store/truth/query.rs", &["category", "platform"], "fields of the query language"),
    ("store/truth/tallies.rs", &["referral.created"], "triggers: SQLite binds nothing in them"),
];

/// Every wire name of a closed list, as its definition gives it.
fn wire_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, path, text) in sources().iter().filter(|(_, path, _)| path.starts_with("vocab/terms")) {
        let before = names.len();
        let definition = code(text);
        let variants = definition.lines().filter_map(|line| line.trim().strip_suffix("\",")?.split_once(" = \""));
        names.extend(variants.map(|(_, wire)| wire.to_owned()));
        assert!(names.len() > before || path.ends_with("mod.rs"), "no term was read from {}", path.display());
    }
    names
}

/// Strings of a line that it compares with, matches on, or binds; in Rust and in SQL.
fn compared(line: &str) -> Vec<&str> {
    const RUST: (&[&str], &[&str]) = (
        &["== ", "!= ", "== Some(", "!= Some(", "\" | ", "Ok(", "Some(", "eq(", "execute([", "query([", "query_map(["],
        &[" =>", " | ", ") =>", ") | ", " if ", ") if ", " =="],
    );
    const SQL: (&[&str], &[&str]) = (&["= ", "=", "<> ", "LIKE ", "WHEN "], &[" =", " IN"]);
    let mut found = Vec::new();
    for (quote, (before, after)) in [('"', RUST), ('\'', SQL)] {
        let mut rest = 0;
        while let Some(open) = line[rest..].find(quote).map(|at| rest + at) {
            let Some(close) = line[open + 1..].find(quote).map(|at| open + 1 + at) else { break };
            let (head, tail) = (&line[..open], &line[close + 1..]);
            let inside = |opening: &str, closing: char| {
                head.rfind(opening).is_some_and(|at| !head[at + opening.len()..].contains(closing))
            };
            let is_listed = match quote {
                '"' => {
                    head.trim() == "|"
                        || (head.contains("matches!(") && (head.ends_with(", ") || head.ends_with("(")))
                        || (inside("[", ']') && (tail.contains("].contains(") || tail.contains("].iter().any(")))
                }
                _ => inside("IN (", ')'),
            };
            if is_listed
                || before.iter().any(|word| head.ends_with(word) && is_a_test(word, tail))
                || after.iter().any(|word| tail.starts_with(word))
            {
                found.push(&line[open + 1..close]);
            }
            rest = close + 1;
        }
    }
    found
}

/// `Some("x")` is a value; as a pattern it stands before an arrow, in a comparison, or in `matches!`.
fn is_a_test(before: &str, tail: &str) -> bool {
    let is_pattern = [" =>", ") =>", " | ", ") | ", " if ", ") if "].iter().any(|after| tail.starts_with(after));
    !matches!(before, "Some(" | "Ok(") || is_pattern
}

/// Literals that a call to SQLite binds: those inside `params![…]` and in the array or tuple after a statement.
fn bound(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for (at, opening) in code.match_indices("params![") {
        let inside = &code[at + opening.len()..];
        let mut depth = 1;
        let end = inside.find(|c| {
            depth += match c {
                '[' => 1,
                ']' => -1,
                _ => 0,
            };
            depth == 0
        });
        let pieces: Vec<&str> = inside[..end.unwrap_or(inside.len())].split('"').collect();
        found.extend(pieces.iter().skip(1).step_by(2));
    }
    found
}

#[test]
fn each_form_of_a_comparison_is_seen() {
    for line in [
        r#"if found.signal.as_str() == "x" {"#,
        r#"if "x" == found.signal.as_str() {"#,
        r#"if row.category.as_deref() != Some("x") {"#,
        r#""x" => 1,"#,
        r#"    "y" | "x" => 1,"#,
        r#"    | "x""#,
        r#"Some("x") => 1,"#,
        r#"matches!(found.signal.as_str(), "x" | "y")"#,
        r#"matches!(category, Some("x"))"#,
        r#"["y", "x"].contains(&signal)"#,
        r#""SELECT id FROM hits WHERE verdict = 'x' LIMIT ?","#,
        "AND verdict IN ('y', 'x')",
        r#"statement.execute(["x"])?"#,
    ] {
        assert!(compared(line).contains(&"x"), "{line}");
    }
    assert_eq!(bound("params![id, \"x\", [1]], \"y\""), ["x"]);
    for line in [r#"name: Some("x"),"#, r#"entry.or_insert_with(|| "x".to_owned())"#, r#"let name = "x";"#, "it's 'x'"]
    {
        assert!(!compared(line).contains(&"x"), "{line}");
    }
}

#[test]
fn closed_terms_are_no_strings() {
    let names = wire_names();
    assert!(names.len() > 120, "only {} terms were read", names.len());
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for (_, path, text) in sources() {
        if path.starts_with("vocab/terms") || path.file_name().is_some_and(|name| name == "tests.rs") {
            continue;
        }
        let file = path.display().to_string();
        let code = code(&text);
        let mut said: Vec<(usize, &str)> = Vec::new();
        for (number, line) in code.lines().enumerate() {
            said.extend(compared(line).into_iter().map(|name| (number + 1, name)));
        }
        said.extend(bound(&code).into_iter().map(|name| (0, name)));
        for (number, name) in said.into_iter().filter(|(_, name)| names.contains(*name)) {
            match NO_TERMS.iter().find(|(at, words, _)| *at == file && words.contains(&name)) {
                Some(_) => drop(used.insert((file.clone(), name.to_owned()))),
                None => wrong.push(format!(
                    "{file}: `{name}`, line {number} of the code: {}",
                    code.lines().nth(number.saturating_sub(1)).unwrap_or_default().trim()
                )),
            }
        }
    }
    assert!(wrong.is_empty(), "terms of vocab::terms as strings; use the enum:\n{}", wrong.join("\n"));
    for (file, words, _) in NO_TERMS {
        for word in *words {
            assert!(
                used.contains(&((*file).to_owned(), (*word).to_owned())),
                "{file}: `{word}` needs no exception any more"
            );
        }
    }
}

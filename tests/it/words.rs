//! Ordinary words: the command that looks for them among the names, and the marks it led to.

use std::fs;
use std::path::Path;

use listingwatch::app::{Paths, load_detector};
use listingwatch::detect::Detector;
use listingwatch::detect::{assessment::Verdict, screen};
use serde_json::{Value, json};

use crate::program::Place;

/// A watchlist of three entries with the other files of our own.
fn patterns(folder: &Path, entries: &str) {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns");
    fs::create_dir_all(folder.join("substances")).unwrap();
    for file in fs::read_dir(&ours).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|kind| kind == "toml") {
            fs::copy(&file, folder.join(file.file_name().unwrap())).unwrap();
        }
    }
    fs::write(folder.join("equipment.toml"), "").unwrap();
    fs::write(folder.join("substances/test.toml"), entries).unwrap();
}

const ENTRIES: &str = r#"[[substance]]
id = "alphazepane"
name = "Alphazepane"
class = "designer-benzodiazepine"
use = "none-known"
sources = ["ed"]
names = { nl = ["Zwaluw", "alphazepane"], en = ["Lighthouse keeper"] }
ambiguous = { nl = ["Fiets"] }
street = { en = ["Kettle"] }

[[substance]]
id = "betazepane"
name = "Wolken"
class = "designer-benzodiazepine"
use = "none-known"
sources = ["ed"]
names = { und = ["BZQ", "Betazepane"] }
"#;

#[test]
fn names_that_are_words_of_a_list_are_told_with_language_entry_and_place() {
    let place = Place::new();
    let folder = place.path("patterns");
    patterns(&folder, ENTRIES);
    fs::write(place.path("dutch"), "# comment\nfiets\nzwaluw\nwolk\nbzq\nboom\n").unwrap();
    fs::write(place.path("en_GB.dic"), "4\nkettle/MS\nlighthouse keeper/S\ntree\n").unwrap();
    fs::write(place.path("Names of shops.txt"), "Wolken\n").unwrap();

    place.run(&["check", "patterns"]).expect(0);
    let told = place.run(&["check", "patterns", "--words", "dutch", "en_GB.dic", "Names of shops.txt"]).expect(3).out;
    let lines: Vec<&str> = told.lines().filter(|line| line.contains("is an ordinary word")).collect();
    assert_eq!(
        lines,
        [
            "patterns/substances/test.toml:7:18: `Zwaluw` of `alphazepane` is an ordinary word (nl: zwaluw)",
            "patterns/substances/test.toml:7:50: `Lighthouse keeper` of `alphazepane` is an ordinary word (en: lighthouse keeper)",
            "patterns/substances/test.toml:13:9: `Wolken` of `betazepane` is an ordinary word (Names of shops.txt: Wolken)",
        ]
    );

    let told = place.run(&["check", "patterns", "--json", "--words", "dutch"]).expect(3).json();
    assert_eq!(
        told["words"],
        json!([{
            "name": "Zwaluw", "word": "zwaluw", "language": "nl", "entry": "alphazepane",
            "file": "patterns/substances/test.toml", "line": 7, "column": 18,
        }])
    );
    assert_eq!(told["errors"], 1);

    // A mark of either kind settles it.
    let marked = ENTRIES.replace("nl = [\"Zwaluw\", ", "nl = [").replace("\"Fiets\"", "\"Fiets\", \"Zwaluw\"");
    patterns(&folder, &marked);
    let ordinary = fs::read_to_string(folder.join("ordinary.toml")).unwrap();
    let ordinary = ordinary.replace("substances = [", "substances = [\"wolken\", \"lighthouse keeper\",");
    fs::write(folder.join("ordinary.toml"), ordinary).unwrap();
    let told = place.run(&["check", "patterns", "--json", "--words", "dutch", "en_GB.dic", "Names of shops.txt"]);
    assert_eq!(told.expect(0).json()["words"], Value::Array(Vec::new()));
    place.run(&["check", "patterns", "--words", "missing.txt"]).expect(2);
}

/// Everyday words by language.
fn everyday() -> Vec<(&'static str, Vec<&'static str>)> {
    let lines = include_str!("everyday.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once(": ").map(|(code, words)| (code, words.split(' ').collect())).unwrap()).collect()
}

fn detector() -> Detector {
    load_detector(&Paths::new(Path::new("."), None, None, None)).unwrap()
}

/// The verdict on a listing, and why where it is not clear.
fn called(detector: &Detector, title: &str, text: &str) -> Option<String> {
    let listing = json!({ "id": 1, "title": title, "text": text });
    let found = screen::listing_of(detector, &listing, &[], 1 << 20).unwrap().assessment;
    let surfaces =
        || found.substances.iter().map(|one| one.id.clone()).chain(found.emerging.iter().map(|e| e.surface.clone()));
    (found.verdict != Verdict::Clear || !found.emerging.is_empty())
        .then(|| format!("{title} | {text}: {}", surfaces().collect::<Vec<_>>().join(", ")))
}

#[test]
fn no_everyday_word_and_no_two_of_them_call_anything() {
    let detector = detector();
    let mut wrong = Vec::new();
    let mut languages = 0;
    for (language, words) in everyday() {
        languages += 1;
        for (at, word) in words.iter().enumerate() {
            let next = words[(at + 1) % words.len()];
            let capitals = word.to_uppercase();
            let tried = [
                ((*word).to_owned(), String::new()),
                (capitals, String::new()),
                (format!("{word} {next}"), String::new()),
                (format!("{next}-{word}"), "in stock, 20 EUR".to_owned()),
                ("Shop".to_owned(), format!("{word}, {next}. In stock, 12 pcs, price 20 EUR")),
            ];
            wrong.extend(
                tried
                    .iter()
                    .filter_map(|(title, text)| called(&detector, title, text))
                    .map(|told| format!("{language}: {told}")),
            );
        }
    }
    assert_eq!(languages, 18);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn codes_that_trade_uses_otherwise_need_a_sign_of_a_substance() {
    let detector = detector();
    for (title, text) in [
        ("Remote with 2 AA batteries", "in stock, 9 EUR"),
        ("Wooden beads 2cm, 500 g", "in stock, 9 EUR"),
        ("PMMA sheet 5 mm", "Acrylic, cut to size, 25 kg, in stock"),
        ("Portable keyboard MT-45", "used, works well, 40 EUR"),
        ("Phone 4 Max", "new, in stock"),
        ("Hydrostatic pump 3 MPa", "in stock"),
        ("MDEA 99 %, 200 kg drum", "gas sweetening amine"),
    ] {
        assert_eq!(called(&detector, title, text), None);
    }
    for (title, text) in [
        ("MT-45 powder 10 g", "in stock, bitcoin, telegram @chem"),
        ("3-FA 5 g crystals", "in stock, bitcoin, telegram @chem"),
        ("PV8 25 g crystal", "in stock, bitcoin, telegram @chem"),
    ] {
        assert!(called(&detector, title, text).is_some(), "{title}");
    }
}

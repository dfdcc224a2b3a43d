//! Verdicts on the committed benchmark, one short line a listing. A change of detection is recorded again by
//! `LISTINGWATCH_GOLDEN=write cargo test --test it golden::detection`.

use std::fmt::Write as _;
use std::path::Path;

use super::compare;
use crate::program::Place;

#[test]
fn verdicts_on_the_benchmark() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benchmark/benchmark.jsonl");
    let place = Place::new();
    // The labels are no part of a listing, so they are taken out first, as `benchmark/score.py` does.
    let mut lines = String::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let row: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        let listing: serde_json::Map<_, _> = row.into_iter().filter(|(key, _)| KEYS.contains(&key.as_str())).collect();
        let _ = writeln!(lines, "{}", serde_json::Value::Object(listing));
    }
    std::fs::write(place.path("listings.jsonl"), lines).unwrap();
    let ended = place.run(&["screen", "listings.jsonl"]).expect(0);
    let mut short = String::new();
    for line in ended.out.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let substances: Vec<&str> =
            row["substances"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        let _ = write!(
            short,
            "{} {} {:.3}",
            row["id"].as_str().unwrap(),
            row["verdict"].as_str().unwrap(),
            row["score"].as_f64().unwrap()
        );
        let _ = writeln!(short, " {} {}", row["category"].as_str().unwrap_or("-"), substances.join(","));
    }
    compare("detection.txt", &short);
}

/// What a line of `screen` may hold.
const KEYS: [&str; 8] = ["id", "title", "text", "url", "lang", "price", "currency", "attributes"];

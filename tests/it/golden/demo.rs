//! One run of the bundled marketplace: its counts, and what the archive holds afterwards.

use std::fmt::Write as _;

use serde_json::Value;

use super::{compare, settled, settled_json};
use crate::program::Place;

#[test]
fn one_demo() {
    let place = Place::new();
    let mut summary = place.run(&["demo", "--once", "--json"]).expect(0).json();
    // Measured times, and requests that were made again, differ from run to run.
    without_durations(&mut summary);
    compare("demo/once.json", &settled_json(&summary.to_string()));

    let mut cases = String::new();
    for row in
        rows(&place.run(&["--data", "data/demo", "--json", "referrals", "list", "--limit", "1000"]).expect(0).out)
    {
        let _ = writeln!(
            cases,
            "{} | {} | {} | {:.3} | {} | {} | {}",
            row["platform"].as_str().unwrap(),
            row["title"].as_str().unwrap(),
            row["category"].as_str().unwrap_or("-"),
            row["score"].as_f64().unwrap(),
            row["state"].as_str().unwrap(),
            words(&row["substances"]),
            words(&row["urls"]),
        );
    }
    compare("demo/cases.txt", &sorted(&cases));

    let mut hits = String::new();
    for row in rows(&place.run(&["--data", "data/demo", "--json", "export", "--format", "jsonl"]).expect(0).out) {
        let _ = writeln!(
            hits,
            "{} {} {} {}",
            row["url"].as_str().unwrap_or("-"),
            row["verdict"].as_str().unwrap_or("-"),
            row["category"].as_str().unwrap_or("-"),
            words(&row["substances"]),
        );
    }
    compare("demo/hits.txt", &sorted(&hits));
}

fn rows(lines: &str) -> impl Iterator<Item = Value> + '_ {
    lines.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn words(list: &Value) -> String {
    let mut words: Vec<String> = list
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| one.as_str().map_or_else(|| one["id"].as_str().unwrap_or("-").to_owned(), str::to_owned))
        .collect();
    words.sort();
    words.join(", ")
}

/// Ports are taken away before the order is made.
fn sorted(lines: &str) -> String {
    let mut lines: Vec<String> = lines.lines().map(|line| settled(line) + "\n").collect();
    lines.sort();
    lines.concat()
}

fn without_durations(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|key, _| !["freshness", "requests", "shortest_gap_ms"].contains(&key.as_str()));
            members.values_mut().for_each(without_durations);
        }
        Value::Array(members) => members.iter_mut().for_each(without_durations),
        _ => {}
    }
}

//! The public benchmark: its rows say what they should, and the detector holds what it promises on them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use listingwatch::detect::Detector;
use listingwatch::detect::evaluate::{Judged, Label, Report, report, spans};
use listingwatch::detect::screen;
use listingwatch::detect::watchlist::Watchlist;
use listingwatch::listing::input::InputLine;
use serde_json::Value;

fn rows() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benchmark/benchmark.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_row_is_labelled_as_the_readme_says() {
    let rows = rows();
    assert!((1500..=4000).contains(&rows.len()), "{} rows", rows.len());
    let mut ids = BTreeSet::new();
    let mut splits: BTreeMap<&str, &str> = BTreeMap::new();
    let mut parts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        let id = row["id"].as_str().unwrap();
        assert!(ids.insert(id), "{id} stands twice");
        let split = row["split"].as_str().unwrap();
        assert_eq!(*splits.entry(row["group"].as_str().unwrap()).or_insert(split), split, "{id}: its group straddles");
        *parts.entry(row["part"].as_str().unwrap()).or_default() += 1;
        let target = row["target"].as_u64().unwrap();
        assert_eq!(target > 0, row["category"].is_string(), "{id}: a category says what is in scope");
        assert!(target == 0 || row["hard_negative"].is_null(), "{id}: decoys are of target 0");
        let plain = row["technique"] == "plain";
        for span in row["spans"].as_array().into_iter().flatten() {
            let text = row[span["field"].as_str().unwrap()].as_str().unwrap();
            let (start, end) = (span["start"].as_u64().unwrap() as usize, span["end"].as_u64().unwrap() as usize);
            let cut: String = text.chars().skip(start).take(end - start).collect();
            assert_eq!(cut.chars().count(), end - start, "{id}: the span ends behind its field");
            assert_eq!(
                cut == span["name"].as_str().unwrap(),
                plain,
                "{id}: `{cut}` is plain only where the row says so"
            );
        }
    }
    let made: Vec<&str> = parts.into_keys().collect();
    assert_eq!(
        made,
        [
            "chemicals",
            "disguises",
            "emerging",
            "equipment",
            "identifiers",
            "licit",
            "look-alikes",
            "names",
            "ordinary",
            "other-controlled",
            "pairs",
        ]
    );
}

#[test]
fn names_on_no_list_are_on_none() {
    let watchlist = Watchlist::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
    for row in rows().iter().filter(|row| row["part"] == "emerging") {
        let name = row["spans"][0]["name"].as_str().unwrap();
        assert!(watchlist.lookup(name).is_empty(), "`{name}` is listed by now: move it to names.tsv");
    }
}

/// `eval` over the parts named.
fn evaluated(parts: &[&str]) -> Report {
    let watchlist = Watchlist::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
    let detector = Detector::compile(Arc::new(watchlist)).unwrap();
    let judged: Vec<Judged> = rows()
        .into_iter()
        .filter(|row| parts.contains(&row["part"].as_str().unwrap()))
        .map(|row| {
            let label: Label = serde_json::from_value(row.clone()).unwrap();
            let input: InputLine = serde_json::from_value(row).unwrap();
            let assessment = screen::judge(&detector, &input, &[]);
            let spans = spans::check(&input, &assessment, detector.watchlist(), &label.spans);
            Judged { id: input.id.to_string(), title: input.title.unwrap_or_default(), label, assessment, spans }
        })
        .collect();
    report(&judged, 1.0, 0)
}

#[test]
fn names_and_numbers_are_found_as_they_are_and_ordinary_goods_are_left_alone() {
    let report = evaluated(&["names", "identifiers", "ordinary"]);
    assert!(report.refer_or_review.recall >= 0.99, "{:?}", report.refer_or_review);
    assert!(report.by_technique["plain"].recall >= 0.99, "{:?}", report.by_technique);
    assert!(report.by_technique["cas-odd-dashes"].recall >= 0.99, "{:?}", report.by_technique);
    assert_eq!(report.refer_or_review.false_positives, 0, "{:?}", report.mistakes);
    assert_eq!(report.emerging.false_emerging["ordinary"].0, 0, "{:?}", report.emerging.mistaken);
}

#[test]
fn disguised_names_are_mostly_recognised() {
    let report = evaluated(&["disguises"]);
    for technique in ["combining-marks", "cyrillic", "full-width", "soft-hyphens", "zero-width", "entities", "emoji"] {
        let figures = &report.by_technique[technique];
        assert!(figures.recall >= 0.95, "{technique}: {figures:?}");
    }
}

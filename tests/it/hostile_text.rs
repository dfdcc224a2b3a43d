//! Text made to hurt: nothing panics, and the time judging takes grows no faster than the text.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use listingwatch::detect::Detector;
use listingwatch::detect::assessment::{ListingText, Verdict};
use listingwatch::detect::watchlist::Watchlist;

use crate::program::Place;

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    let watchlist = Watchlist::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
    Detector::compile(Arc::new(watchlist)).unwrap()
});

/// A name, and the text in about so many bytes.
type Kind = (&'static str, fn(usize) -> String);

/// What a seller, or somebody who hates us, may write; each kind by how often it is repeated.
const KINDS: [Kind; 14] = [
    ("combining marks on one letter", |n| format!("fentanyl a{}", "\u{301}".repeat(n))),
    ("a combining mark on each letter", |n| "f\u{301}e\u{308}n\u{323}".repeat(n / 6)),
    ("right-to-left overrides", |n| "\u{202e}\u{200f}x".repeat(n / 3)),
    ("emoji between letters", |n| "f💊e👩\u{200d}🔬n🔥t".repeat(n / 9)),
    ("full stops between letters", |n| "f.e.n.t.a.n.".repeat(n / 12)),
    ("nothing but separators between two letters", |n| format!("fentany{}l", ". ".repeat(n / 2))),
    ("the beginning of a name, over and over", |n| "isotonitaz".repeat(n / 10)),
    ("a whole name, over and over", |n| "isotonitazene ".repeat(n / 14)),
    ("a misspelt name, over and over", |n| "isotonitazenne ".repeat(n / 15)),
    ("stems of families in one word", |n| "nitazenfentan".repeat(n / 13)),
    ("digits and dashes", |n| "1-1-".repeat(n / 4)),
    ("beginnings of entities", |n| "&#x6&#".repeat(n / 6)),
    ("one word without end", |n| "a".repeat(n)),
    ("short words that stand in names", |n| "4 4 fa mmc ".repeat(n / 11)),
];

/// Processor time of this thread, so that other programs on the machine do not count; wall time where it is not told.
fn seconds() -> f64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next().and_then(|first| first.parse::<f64>().ok()));
    nanoseconds.map_or_else(|| START.elapsed().as_secs_f64(), |n| n / 1e9)
}

fn judged(text: &str) -> f64 {
    let listing = ListingText { title: "for sale", text, ..ListingText::default() };
    let started = seconds();
    let read = DETECTOR.read(&listing, &[]);
    let spent = seconds() - started;
    let length = text.chars().count();
    for found in read.substances.iter().flat_map(|substance| &substance.matches).filter(|m| m.field == "text") {
        assert!(found.start < found.end && found.end <= length);
    }
    assert!(read.verdict == Verdict::Clear || DETECTOR.needs_reading(&listing));
    spent
}

#[test]
fn four_times_the_text_takes_no_more_than_a_few_times_four() {
    judged("warm up, isotonitazene");
    for (kind, text) in KINDS {
        // Quadratic work would take sixteen times as long; a loaded machine does not double processor time.
        let best = |n: usize| (0..3).map(|_| judged(&text(n))).fold(f64::INFINITY, f64::min);
        let (short, long) = (best(20_000), best(80_000));
        assert!(long < 9.0 * short.max(0.002), "{kind}: {short:.4} s, then {long:.4} s");
    }
}

#[test]
fn ten_megabytes_in_one_field_are_judged() {
    for (kind, text) in [KINDS[0], KINDS[3], KINDS[5], KINDS[12]] {
        let text = text(10_000_000);
        let listing = ListingText { title: "isotonitazene 10 g", text: &text, ..ListingText::default() };
        let found = DETECTOR.assess(&listing, &[]);
        assert_ne!(found.verdict, Verdict::Clear, "{kind}: the title names the substance");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_and_the_other_lines_judged() {
    let place = Place::new();
    let mut line =
        b"{\"id\": \"a\", \"title\": \"isotonitazene \xff\xfe 10 g\", \"text\": \"\xc3\x28 \xf0\x9f for sale\"}\n"
            .to_vec();
    line.extend_from_slice(b"\x00\x01\x02\n{\"id\": \"b\", \"title\": \"lamp\"}\n");
    std::fs::write(place.path("lines.jsonl"), line).unwrap();
    let ended = place.run(&["screen", "lines.jsonl"]).expect(4);
    let lines: Vec<serde_json::Value> = ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{}", ended.out);
    let said = lines[0]["error"].as_str().unwrap();
    assert!(said.contains("not UTF-8 at byte 37") && lines[0]["line"] == 1, "{}", ended.out);
    assert!(lines[1]["error"].is_string() && lines[2]["verdict"] == "clear", "{}", ended.out);
}

/// Material that a seller may write over and over to keep the redactor busy: words that lead to a value, in scripts with and
/// without spaces and joined by the signs of handles, signs, numbers, names, keys, marks.
const CONTACTS: [&str; 40] = [
    "微信",
    "加我",
    "加微信",
    "飞机号",
    "문의",
    "텔레그램",
    "ไลน์",
    "بالتليجرام ",
    "telegram.",
    "telegram",
    "telegram-",
    "line-",
    "line-Line-",
    "qq1 ",
    "wickr_",
    "t3legram-",
    "telegram north underscore ",
    "Inhaber-",
    "a.n. ",
    "packstation 123 ",
    "(Herr Anna ",
    "contact person ",
    "ask for John ",
    "to Anna van der ",
    "@",
    "@john@a.b",
    ". ",
    "a dot b at ",
    "example.com ",
    "1-1-",
    "12 34 56 ",
    "account number 12345678 ",
    "InChI=1S/C2 1-2-3-4-5-6-7-8-9 ",
    "0x12ab ",
    "GB82 ",
    "aGVsbG8gd29ybGQh/",
    "<b>a",
    "**a",
    "Теl ",
    "Ab1Cd2 ",
];

fn hidden(text: &str) -> f64 {
    let started = seconds();
    let shown = listingwatch::listing::contacts::hidden(text);
    let spent = seconds() - started;
    assert_eq!(shown.chars().count(), text.chars().count());
    spent
}

#[test]
fn contacts_in_four_times_the_text_take_no_more_than_a_few_times_four() {
    hidden("warm up, telegram northpier, +44 20 7946 0958");
    for piece in CONTACTS {
        // Quadratic work takes sixteen times as long, and did for hyphens behind a word, names with hyphens and InChIs.
        let best = |n: usize| (0..2).map(|_| hidden(&piece.repeat(n / piece.len()))).fold(f64::INFINITY, f64::min);
        let (short, long) = (best(15_000), best(60_000));
        assert!(long < 7.0 * short.max(0.01), "`{piece}`: {short:.4} s, then {long:.4} s");
    }
}

#[test]
fn words_that_follow_each_other_without_a_space_cost_no_more_than_others() {
    // Each was walked behind to the end of the longest word: thirty times the work of a text with spaces.
    let plain = hidden(&"微信 northpier 12 ".repeat(1_500));
    for piece in ["微信", "ไลน์", "텔레그램", "加我", "搜", "문의"] {
        let text = piece.repeat(30_000 / piece.len());
        let took = (0..2).map(|_| hidden(&text)).fold(f64::INFINITY, f64::min);
        assert!(took < 8.0 * plain.max(0.02), "`{piece}`: {took:.4} s, text with spaces {plain:.4} s");
    }
}

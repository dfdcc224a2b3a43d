use std::sync::Arc;

use crate::detect::Detector;
use crate::detect::assessment::{ListingText, Verdict};
use crate::detect::watchlist::Watchlist;

fn detector() -> Detector {
    Detector::compile(Arc::new(Watchlist::builtin().unwrap())).unwrap()
}

type Disguise = (&'static str, fn(&str) -> String);

/// What sellers do to a name.
const DISGUISES: [Disguise; 15] = [
    ("plain", |name| name.to_owned()),
    ("capitals", |name| name.to_uppercase()),
    ("spaced", |name| each(name, |c| format!("{c} "))),
    ("dotted", |name| each(name, |c| format!("{c}."))),
    ("dashed", |name| each(name, |c| format!("{c}-"))),
    ("zero width", |name| each(name, |c| format!("{c}\u{200b}"))),
    ("soft hyphens", |name| each(name, |c| format!("{c}\u{ad}"))),
    ("combining", |name| each(name, |c| format!("{c}\u{301}"))),
    ("full width", |name| {
        each(name, |c| match c {
            '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap().to_string(),
            c => c.to_string(),
        })
    }),
    ("cyrillic", |name| name.replace('a', "а").replace('e', "е").replace('o', "о").replace('c', "с")),
    ("greek", |name| name.replace('o', "ο").replace('v', "ν").replace('a', "α")),
    ("digits", |name| name.replace('o', "0").replace('e', "3").replace('i', "1").replace('a', "4")),
    ("entities", |name| each(name, |c| format!("&#{};", u32::from(c)))),
    ("emoji", |name| each(name, |c| format!("{c}\u{1f525}"))),
    ("dropped letter", |name| {
        let middle = name.char_indices().nth(name.chars().count() / 2).map_or(0, |(at, _)| at);
        let rest = name[middle..].chars().next().map_or(0, char::len_utf8);
        format!("{}{}", &name[..middle], &name[middle + rest..])
    }),
];

fn each(name: &str, to: impl Fn(char) -> String) -> String {
    name.chars().map(to).collect()
}

#[test]
fn nothing_that_is_read_as_a_find_is_held_back() {
    let detector = detector();
    let mut names: Vec<&str> = detector.watchlist().substances.iter().flat_map(|s| s.all_names()).collect();
    names.extend(detector.watchlist().equipment.iter().flat_map(|e| e.terms.values().flatten()).map(String::as_str));
    names.extend([
        "N-pyrrolidino dinotonitazene",
        "ADB-5'Br-INACA",
        "3-MeO-PCPr",
        "103-79-7",
        "CAS103 79 7",
        "28578167",
        "CAS28578167",
        "2 8 5 7 8 - 1 6 - 7",
    ]);
    // A prime step, so that all classes and disguises meet over time and the test stays short.
    for (number, name) in names.iter().enumerate().step_by(if cfg!(debug_assertions) { 23 } else { 3 }) {
        let (disguise, change) = DISGUISES[number % DISGUISES.len()];
        let name = change(name);
        for text in
            [format!("{name} 10 g, discreet shipping"), format!("Pure {name}, 5g\u{3002}ok"), format!("({name}s)")]
        {
            let listing = ListingText { title: &text, ..ListingText::default() };
            if detector.read(&listing, &[]).verdict != Verdict::Clear {
                assert!(detector.needs_reading(&listing), "{disguise}: {text}");
            }
        }
    }
}

#[test]
fn ordinary_goods_are_held_back() {
    let detector = detector();
    for text in [
        "Garden chairs made of acacia wood, set of four, with grey cushions. Delivered in three days.",
        "Kettle, 1.7 l, 2200 W, switches off by itself; black or white.",
        "Tischlampe aus Messing, dimmbar, mit Stoffschirm in Grün. Versand innerhalb von zwei Tagen.",
        "Женское платье из льна, размеры 42-50, бесплатная примерка",
        "棉质床单四件套，可机洗，颜色多样",
    ] {
        assert!(!detector.needs_reading(&ListingText { text, ..ListingText::default() }), "{text}");
    }
}

#[test]
fn signs_for_letters_codes_and_pairs_are_read() {
    let detector = detector();
    for text in
        ["fent@nyl", "PV8 10 g", "5kg of MXE", "K2 spice", "InChIKey RHDJRPPFURBGLQ-UHFFFAOYSA-N", "U-49123", "jwh 999"]
    {
        assert!(detector.needs_reading(&ListingText { text, ..ListingText::default() }), "{text}");
    }
}

//! The watchlist's facts held against each other: classes against the words of systematic names, uses against controls,
//! identifiers against their check digits.

use std::collections::{BTreeMap, BTreeSet};

use listingwatch::detect::sources;
use listingwatch::detect::watchlist::{Substance, Watchlist};
use regex::Regex;

fn list() -> Watchlist {
    Watchlist::builtin().unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// A name as the rules read it: small letters, no spaces, one kind of dash.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['‐', '–', '‑'], "-").split_whitespace().collect()
}

/// Names an entry is sure of.
fn sure(substance: &Substance) -> impl Iterator<Item = String> {
    std::iter::once(&substance.name).chain(substance.names.values().flatten()).map(|name| plain(name))
}

/// A skeleton: words all of which its systematic names hold, classes an entry with such a name may stand under, how many
/// entries the list has at least, and entries in which the skeleton is a piece of another one.
struct Skeleton {
    what: &'static str,
    words: &'static [&'static str],
    classes: &'static [&'static str],
    at_least: usize,
    apart: &'static [&'static str],
}

const OPIOIDS: &[&str] = &["synthetic-opioid", "opioid-pharma", "classical-drug"];

const SKELETONS: &[Skeleton] = &[
    Skeleton {
        what: "25x codes of phenethylamines",
        words: &["^(25|30)[a-z][a-z0-9]{0,2}-?n(b|me)"],
        classes: &["phenethylamine"],
        at_least: 40,
        apart: &["class-nbome-series"],
    },
    Skeleton {
        what: "2,5-dimethoxyphenethylamines",
        words: &[r"2,5-dimethoxy.{0,40}phen(yl\)?-?(ethan(-1-)?amin|ethylamin)|ethylamin)"],
        classes: &["phenethylamine"],
        at_least: 40,
        apart: &[],
    },
    Skeleton {
        what: "N-(methoxybenzyl) dimethoxyphenethylamines",
        words: &[r"dimethoxyphenyl.{0,30}(2-methoxybenzyl|\(2-methoxyphenyl\)methyl).{0,20}(amin|$)"],
        classes: &["phenethylamine"],
        at_least: 10,
        apart: &[],
    },
    Skeleton {
        what: "2-benzyl-5-nitrobenzimidazoles with an amine",
        words: &[
            r"benz(o\[d\]|o)?(imidazol|diazol)",
            "nitro",
            r"benzyl|phenyl[\)\]\}]methyl",
            "amin|pyrrolidin|piperidin",
        ],
        classes: &["synthetic-opioid"],
        at_least: 25,
        apart: &[],
    },
    Skeleton {
        what: "anilidopiperidines with a phenethyl group",
        words: &[
            r"n-phenyl|phenyl\((propan|acet|propion)",
            r"(2-phenylethyl|phenethyl)\)?-?(4-piperid|piperidin-4)",
            "(propan|acet|but|pent|propion|furan).{0,14}(amid|anilid)",
        ],
        classes: OPIOIDS,
        at_least: 30,
        apart: &[],
    },
    Skeleton {
        what: "indole- and indazole-3-carbonyl compounds",
        words: &["ind(az)?ole-3-(carbox(amid|ylat)|carbonyl)"],
        classes: &["synthetic-cannabinoid"],
        at_least: 80,
        apart: &[],
    },
    Skeleton {
        what: "1,4-benzodiazepines and thienotriazolodiazepines",
        words: &[r"1,4-?benzodiazepin|1h-benzo\[e\]\[1,4\]diazepin|thieno\[3,2-f\]\[1,2,4\]triazolo"],
        classes: &["designer-benzodiazepine", "benzodiazepine-pharma"],
        at_least: 40,
        apart: &[],
    },
    Skeleton {
        what: "tryptamines",
        words: &[r"indol-3-yl\)(ethan(-1)?-?amin|ethylamin|ethyl\])|tryptamin"],
        classes: &["tryptamine"],
        at_least: 50,
        apart: &["eaz-91-05-psicofentanil", "indolylethylfentanyl"],
    },
    Skeleton {
        what: "2-amino-1-arylalkan-1-ones",
        words: &[r"amino\)-1-\(?[0-9a-z,'-]*(phenyl|benzodioxol-5-yl)\)?(propan|butan|pentan|hexan|heptan)-1-one$"],
        classes: &["synthetic-cathinone"],
        at_least: 30,
        apart: &[],
    },
    Skeleton {
        what: "2-pyrrolidinyl-1-arylalkan-1-ones",
        words: &[r"phenyl\)?-2-\(?(1-)?pyrrolidin(-1-yl|yl)\)?-?(1-)?(propan|butan|pentan|hexan|heptan)-1-one$"],
        classes: &["synthetic-cathinone"],
        at_least: 25,
        apart: &[],
    },
    Skeleton {
        what: "ergoline carboxamides",
        words: &[r"ergoline-8|indolo\[4,3-fg\]quinoline-9-carbox"],
        classes: &["lysergamide", "precursor"],
        at_least: 15,
        apart: &[],
    },
    Skeleton {
        what: "arylcyclohexylamines",
        words: &[
            r"phenyl\)?-?cyclohexyl\)?(piperidin|pyrrolidin|amin|-?morpholin)|amino\)-?(phenyl)?cyclohexan(-1)?-?one",
        ],
        classes: &["arylcyclohexylamine", "precursor"],
        at_least: 15,
        apart: &[],
    },
    Skeleton {
        what: "glycidic acids and their esters",
        words: &["oxirane-2-carboxyl|glycid(ate|ic)"],
        classes: &["precursor"],
        at_least: 15,
        apart: &["class-drug-precursors"],
    },
    Skeleton {
        what: "barbituric acids",
        words: &[r"barbituricacid|pyrimidine-2,4,6\(1h,3h,5h\)-trione|diazinane-2,4,6-trione"],
        classes: &["barbiturate"],
        at_least: 15,
        apart: &[],
    },
    Skeleton {
        what: "morphinans",
        words: &["morphinan-3|epoxymorphinan|epoxy-.{0,10}morphinan"],
        classes: &["synthetic-opioid", "opioid-pharma", "classical-drug", "dissociative-pharma"],
        at_least: 25,
        apart: &[],
    },
    Skeleton {
        what: "hydroxybenzochromenes",
        words: &[r"6h-benzo\[c\]chromen-1-ol"],
        classes: &["semi-synthetic-cannabinoid", "synthetic-cannabinoid", "classical-drug"],
        at_least: 5,
        apart: &[],
    },
    Skeleton {
        what: "phenylethylimidazole carboxylates",
        words: &[r"phenylethyl\)-?1h-imidazole-5-carboxyl"],
        classes: &["sedative-hypnotic"],
        at_least: 5,
        apart: &[],
    },
];

#[test]
fn a_class_agrees_with_the_words_of_systematic_names() {
    let list = list();
    let mut wrong = Vec::new();
    for skeleton in SKELETONS {
        let words: Vec<Regex> = skeleton.words.iter().map(|word| Regex::new(word).unwrap()).collect();
        let mut entries = 0;
        for substance in &list.substances {
            let Some(name) = sure(substance).find(|name| words.iter().all(|word| word.is_match(name))) else {
                continue;
            };
            entries += 1;
            if !skeleton.classes.contains(&substance.class.as_str()) && !skeleton.apart.contains(&&*substance.id) {
                let (id, class) = (&substance.id, &substance.class);
                wrong.push(format!("{}: `{id}` stands under {class}, its name is {name}", skeleton.what));
            }
        }
        assert!(entries >= skeleton.at_least, "{}: only {entries} entries, has the list changed?", skeleton.what);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_licence_is_needed_only_where_there_is_a_control() {
    let list = list();
    let uncontrolled = |s: &&Substance| s.legitimate_use.as_str() == "licensed" && s.controls_in(&[]).is_empty();
    let wrong: Vec<&str> = list.substances.iter().filter(uncontrolled).map(|s| &*s.id).collect();
    assert!(wrong.is_empty(), "licensed, and no control is on record: {wrong:?}");
    for (id, expected) in [
        ("btmps", "dual-use"),
        ("levamisole", "dual-use"),
        ("medetomidine", "dual-use"),
        ("dextromethorphan", "dual-use"),
        ("gvl", "dual-use"),
        ("mcpp", "dual-use"),
        ("tianeptine", "dual-use"),
        ("xylazine", "licensed"),
        ("etomidate", "licensed"),
        ("heroin", "licensed"),
        ("clonazolam", "none-known"),
        ("bromazolam", "none-known"),
        ("isotonitazene", "none-known"),
    ] {
        let substance = list.get(id).unwrap_or_else(|| panic!("{id} is on the list"));
        assert_eq!(substance.legitimate_use.as_str(), expected, "{id}");
        assert!(substance.is_use_reviewed(), "{id} says why");
    }
}

#[test]
fn the_use_of_what_is_traded_most_was_reviewed() {
    let list = list();
    let reviewed = list.substances.iter().filter(|s| s.is_use_reviewed()).count();
    assert!(reviewed * 4 >= list.substances.len() * 3, "{reviewed} of {}", list.substances.len());
    let open = |s: &&Substance| s.legitimate_use.as_str() == "dual-use" && !s.is_use_reviewed();
    assert!(list.substances.iter().filter(open).count() <= 5, "chemicals and medicines say what they are for");
}

#[test]
fn identifiers_hold_and_mean_one_substance() {
    let list = list();
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for substance in &list.substances {
        for number in &substance.cas {
            let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
            let (check, rest) = digits.split_last().unwrap();
            let sum: u32 = rest.iter().rev().zip(1..).map(|(digit, place)| digit * place).sum();
            assert_eq!(sum % 10, *check, "`{number}` of `{}`", substance.id);
            if let Some(first) = owners.insert(number, &substance.id) {
                assert_eq!(first, substance.id, "`{number}` stands on two entries");
            }
        }
    }
    assert!(owners.len() > 1000, "{}", owners.len());
    assert_eq!(owners.get("10024-97-2"), Some(&"nitrous-oxide"));
    assert_eq!(owners.get("10102-43-9"), None, "nitric oxide is not watched");
    assert_eq!(owners.get("58-15-1"), None, "aminophenazone is not watched");
}

#[test]
fn every_source_tag_is_explained() {
    let list = list();
    let tags: BTreeSet<&String> = list.substances.iter().flat_map(|s| &s.sources).collect();
    let unknown: Vec<_> = tags.into_iter().filter(|tag| sources::meaning(tag).is_none()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn a_name_is_found_with_a_space_between_its_parts() {
    let list = list();
    for (written, id) in [
        ("N-cyclohexyl methylone", "n-cyclohexylmethylone"),
        ("N-cyclohexylmethylone", "n-cyclohexylmethylone"),
        ("N-ethyl hexedrone", "n-ethylhexedrone"),
        ("furanyl fentanyl", "furanylfentanyl"),
        ("proto nitazene", "protonitazene"),
    ] {
        assert!(list.lookup(written).iter().any(|s| s.id == id), "{written}");
    }
    assert!(list.lookup("cyclohexyl").is_empty());
}

#[test]
fn the_newest_names_and_controls_are_there() {
    let list = list();
    for (name, control, since) in [
        ("ethyleneoxynitazene", "UK MDA 1971 A", Some("2024")),
        ("N,N-dimethylamino etonitazene", "US CSA I", Some("2025")),
        ("cychlorphine", "CN class-wise control", Some("2026")),
        ("mitragynine pseudoindoxyl", "US CSA I", Some("2026")),
        ("2-bromo-4'-methylpropiophenone", "EU 273/2004 1", Some("2026")),
        ("N-pyrrolidino protonitazene", "UN1961 I", Some("2025")),
        ("xylazine", "UK MDA 1971 C", Some("2025")),
        ("difluoroetomidate", "CN list of substances without medical use", Some("2026")),
        ("CF3-etomidate", "HK DDO", Some("2025")),
    ] {
        let found = list.lookup(name);
        let controls: Vec<_> = found.iter().flat_map(|s| s.controls_in(&[])).collect();
        let wanted = |c: &&_| {
            let c: &listingwatch::detect::assessment::Control = c;
            format!("{} {}", c.instrument, c.schedule) == control && c.since.as_deref() == since
        };
        assert!(controls.iter().any(|c| wanted(&c)), "{name}: {controls:?}");
    }
}

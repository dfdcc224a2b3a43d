//! Detection as a whole: the first pass against the full reading, disguises with their spans, hostile text, equipment.

use std::sync::Arc;

use listingwatch::detect::Detector;
use listingwatch::detect::assessment::{ListingText, Verdict};
use listingwatch::detect::watchlist::Watchlist;
use listingwatch::vocab::terms::{Category, Class, Signal};

fn detector() -> Detector {
    let watchlist = Watchlist::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
    Detector::compile(Arc::new(watchlist)).unwrap()
}

fn listing<'a>(title: &'a str, text: &'a str) -> ListingText<'a> {
    ListingText { title, text, ..ListingText::default() }
}

/// The techniques of disguise, each applied to a name.
fn disguises(name: &str) -> Vec<String> {
    let spaced = |gap: &str| name.chars().map(String::from).collect::<Vec<_>>().join(gap);
    let look_alike = name.replace('a', "а").replace('o', "о").replace('e', "е");
    let wide: String = name
        .chars()
        .map(|c| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xfee0).unwrap_or(c) } else { c })
        .collect();
    vec![
        name.to_uppercase(),
        spaced(" "),
        spaced("."),
        spaced("-"),
        spaced("\u{200b}"),
        spaced("\u{301}"),
        spaced("💊"),
        look_alike,
        wide,
        name.replacen('o', "0", 1).replacen('e', "3", 1),
        name.replace("a", "\u{ad}a"),
    ]
}

#[test]
fn the_first_pass_lets_nothing_by() {
    let detector = detector();
    let mut checked = 0;
    let mut let_by = Vec::new();
    for substance in detector.watchlist().substances.iter().filter(|s| s.category() != Category::OtherControlled) {
        for name in substance.names.values().flatten() {
            let titles = [format!("{name} 10 g"), format!("Best {name}, in stock"), name.clone()];
            for title in &titles {
                let (fast, close) = (
                    detector.assess(&listing(title, ""), &[]).verdict,
                    detector.read(&listing(title, ""), &[]).verdict,
                );
                if fast != close {
                    let by = format!("{title}: {fast:?} instead of {close:?}");
                    let_by.push(by);
                }
                checked += 1;
            }
        }
    }
    assert!(let_by.is_empty(), "{} of {checked}: {:#?}", let_by.len(), &let_by[..let_by.len().min(100)]);
    assert!(checked > 10_000, "{checked}");
}

#[test]
fn disguises_are_seen_through_and_the_span_is_what_the_seller_wrote() {
    let detector = detector();
    for name in ["isotonitazene", "metonitazene", "carfentanil", "bromazolam", "dipentylone", "flubromazepam"] {
        for disguised in disguises(name) {
            let title = format!("buy {disguised} now");
            let found = detector.assess(&listing(&title, ""), &[]);
            assert_ne!(found.verdict, Verdict::Clear, "{title}");
            let place = found.substances.iter().flat_map(|s| &s.matches).next().map(|m| (m.start, m.end));
            let place = place.or_else(|| found.emerging.first().map(|e| (e.start, e.end)));
            let (start, end) = place.unwrap_or_else(|| panic!("{title}"));
            let cut: String = title.chars().skip(start).take(end - start).collect();
            let letters =
                |text: &str| listingwatch::detect::view::fold(text).chars().filter(|c| c.is_alphanumeric()).count();
            assert!(letters(&cut) >= name.len() - 1, "{title}: {cut}");
        }
    }
}

#[test]
fn hostile_text_takes_time_by_its_length_only() {
    let detector = detector();
    for text in [
        "a\u{301}".repeat(500_000),
        "\u{202e}\u{200f}x".repeat(300_000),
        "m e t o ".repeat(300_000),
        "fentan".repeat(200_000),
        "1-1-".repeat(400_000),
        "4 4 4 4 fa ".repeat(100_000),
    ] {
        let verdict = detector.assess(&listing("x", &text), &[]).verdict;
        assert!(matches!(verdict, Verdict::Clear | Verdict::Review | Verdict::Refer));
    }
}

#[test]
fn equipment_counts_in_a_deal_that_shuns_the_light() {
    let detector = detector();
    let judge = |title: &str, text: &str| detector.assess(&listing(title, text), &[]).verdict;
    assert_eq!(judge("Single punch tablet press", "For vitamins, with warranty, CE marked."), Verdict::Clear);
    let text =
        "Discreet shipping, no questions asked, bitcoin accepted, write on telegram. With M30 die and Xanax bar mould.";
    assert_eq!(judge("Tablet press with M30 die", text), Verdict::Refer);
    assert_eq!(judge("Tablet press with M30 die", "discreet shipping"), Verdict::Refer);
    assert_eq!(judge("Tablet press TDP 5", "For vitamins and sweets."), Verdict::Clear);
    // The verdict says which words it rests on and under which article.
    let told = detector.assess(&listing("Tablet press with M30 die", text), &[]);
    let item = told.substances.iter().find(|one| one.class == Class::Equipment).expect("the goods are named");
    assert!(item.matches.iter().any(|place| place.surface.contains("M30")), "{item:?}");
    // Which of its terms stands in the listing is told by the match; none of the others serves as the name.
    assert_eq!(item.name, "Pill-press die with a known imprint");
    let reason = &told.reasons[0];
    assert!(reason.contains(&item.name) && !reason.contains("10/325") && !reason.contains("street name"), "{reason}");
    assert_eq!((item.controls[0].instrument.as_str(), item.controls[0].schedule.as_str()), ("UN1988", "article 13"));
}

#[test]
fn a_salt_or_a_lawful_title_hides_no_offer() {
    let detector = detector();
    let judge = |title: &str, text: &str| detector.assess(&listing(title, text), &[]).verdict;
    for name in ["cyfluorphine-hydrochloride", "cyfluorphine-citrate", "cyfluorphine-crystal"] {
        assert_ne!(judge(&format!("{name} 10 g"), ""), Verdict::Clear, "{name}");
    }
    assert_eq!(judge("Naloxone training kit", "Reverses an overdose of isotonitazene and others."), Verdict::Clear);
    assert_ne!(judge("Harm reduction sticker", "Comes with isotonitazene 10 g."), Verdict::Clear);
}

#[test]
fn names_are_read_with_what_languages_join_to_them() {
    let detector = detector();
    for (title, named) in [
        ("Protonitazenem 5 g, 40 euro", "Protonitazene"),
        ("Flubromazepamului, 20 g pe stoc", "Flubromazepam"),
        ("Etonitazenin gramı 500 TL", "Etonitazene"),
        ("Protonitazenpulver 10 g 200 EUR", "Protonitazene"),
        ("меф3дрoн 10 г", "Mephedrone"),
        ("p r 0 t o n i t @ z e n e 5 g", "Protonitazene"),
        ("bolsa de ADB-BUTINACA 10 g", "ADB-BUTINACA"),
        ("甲氧麻黄酮 二十克起", "Mephedrone"),
    ] {
        let assessment = detector.assess(&listing(title, ""), &[]);
        let names: Vec<&str> = assessment.substances.iter().map(|one| one.name.as_str()).collect();
        assert_eq!((assessment.verdict, names.contains(&named)), (Verdict::Refer, true), "{title}: {assessment:?}");
    }
}

#[test]
fn prefixes_of_other_languages_make_relatives() {
    let detector = detector();
    for title in
        ["4-broom-etonitazeen 1 g 40 EUR", "5-хлор-метонітазен, порошок, 1 г 900 грн", "2'-jod-protonitazen 1 g 900 Kč"]
    {
        let assessment = detector.assess(&listing(title, ""), &[]);
        assert_eq!((assessment.verdict, assessment.emerging.len()), (Verdict::Review, 1), "{title}: {assessment:?}");
    }
}

#[test]
fn who_tells_of_a_sale_sells_nothing() {
    let detector = detector();
    for (title, text) in [
        (
            "Vacature: laborant toxicologie",
            "Wij zoeken een laborant voor het aantonen van 3-CMC in bloed. Bruto salaris 3.200 euro per maand, reiskosten vergoed. Solliciteren kan via de website.",
        ),
        (
            "Politia: captură de 3-MMC în gară",
            "Polițiștii au reținut doi suspecți care vindeau 3-MMC. Procurorii au anunțat că plata se făcea în criptomonede.",
        ),
        (
            "Beratungsstelle am Markt",
            "Sorgen um Angehörige, die Bromazolam nehmen? Unsere Beraterinnen hören zu, anonym und kostenlos.",
        ),
        ("Sticker-Set Raumfahrt, Mission STS-135", "Fünf Aufkleber, 4 EUR, Versand im Brief."),
        (
            "Two-room flat, block 2C, staircase B",
            "Third floor, 48 square metres, 90,000 EUR. Block 2C-B is next to the park.",
        ),
    ] {
        let assessment = detector.assess(&listing(title, text), &[]);
        assert_eq!(assessment.verdict, Verdict::Clear, "{title}: {assessment:?}");
    }
}

#[test]
fn who_refuses_orders_without_a_permit_asks_for_one_in_the_same_clause() {
    let detector = detector();
    let evades = |text: &str| {
        let assessment = detector.assess(&listing("Ephedrine HCl 25 kg", text), &[]);
        assessment.context.iter().any(|found| found.signal == Signal::Evasion)
    };
    assert!(!evades("Orders without a permit are rejected."));
    for text in [
        "No permit needed. Rejected parcels are sent again.",
        "No permit, refused parcels again",
        "No permit\nRejected parcels again",
    ] {
        assert!(evades(text), "{text}");
    }
}

#[test]
fn imprints_told_side_by_side_mark_a_die() {
    let detector = detector();
    for title in ["Punch set for TDP 0, M on one side, 30 on the other", "Stempel für Tablettenpresse, Prägung GG 249"]
    {
        let assessment = detector.assess(&listing(title, "95 EUR, ships in two days"), &[]);
        assert_eq!(assessment.verdict, Verdict::Review, "{title}: {assessment:?}");
    }
}

#[test]
fn words_of_a_report_do_not_clear_a_sentence_that_offers() {
    let detector = detector();
    let offer = "Metonitazene powder for sale, in stock, shipped worldwide from our lab.";
    for (title, text) in [
        ("Metonitazene", format!("{offer} Full time. Salary. Apply with CV.")),
        ("Research chemical", format!("{offer} Police. Prosecutor. Investigators. Accused.")),
        ("Metonitazene", format!("Helpline. Counsellors. Support group. {offer}")),
        ("Metonitazene", "This thesis was defended. Supervisor. Repository. For sale, in stock.".to_owned()),
    ] {
        assert_eq!(detector.assess(&listing(title, &text), &[]).verdict, Verdict::Review, "{title}: {text}");
    }
    for (title, text) in [
        ("Toxicologist wanted", "You analyse metonitazene. Full time, good salary. Apply with CV and references."),
        (
            "Customs seize metonitazene",
            "Police said on Friday that it was for sale. Two men were arrested and charged.",
        ),
    ] {
        assert_eq!(detector.assess(&listing(title, text), &[]).verdict, Verdict::Clear, "{title}: {text}");
    }
}

#[test]
fn codes_of_parts_prices_rows_and_stretched_letters_are_read_as_written() {
    let detector = detector();
    for (title, text, verdict) in [
        ("Step-down converter MDPV-2207", "Microchip from a working board, $3 each.", Verdict::Clear),
        ("Jogo de freio KX-MDPHP 4410", "Peças novas, compatível com utilitários, R$ 99,90.", Verdict::Clear),
        ("MDPV-2207 crystals 10 g", "$30 a gram", Verdict::Refer),
        ("Obat batuk", "Tidak mengandung efedrin, kodein, maupun dekstrometorfan.", Verdict::Clear),
        ("كـ.ـا.ر.فـ.ـنـ.ـتـ.ـا.نـ.ـيـ.ـل", "10 غرام، بيتكوين", Verdict::Refer),
        ("Punch & die, logo Tesla", "Rp950.000 per set", Verdict::Review),
        ("Benzocaine powder, 20 kg", "$11 per kilo, in stock", Verdict::Review),
        ("MDPV-1000 crystals, cable ties free", "$30 each, in stock", Verdict::Refer),
        ("Benzocaine lozenges 16 pcs", "for a sore throat, $4, in stock", Verdict::Clear),
    ] {
        assert_eq!(detector.assess(&listing(title, text), &[]).verdict, verdict, "{title}: {text}");
    }
}

#[test]
fn what_follows_but_is_offered_and_a_helpline_covers_no_evasion() {
    let detector = detector();
    for (title, text) in [
        ("Polvo", "No fentanilo, sí isotonitazeno 10 g, 40 EUR"),
        ("Порошок", "не фентанил, а карфентанил 10 г, 40 USD"),
        ("Proszek", "nie fentanyl, a karfentanyl 10 g, 40 PLN"),
        ("Metonitazene", "Stealth packaging, no customs trouble. Helpline."),
    ] {
        assert!(detector.assess(&listing(title, text), &[]).verdict > Verdict::Clear, "{title}: {text}");
    }
    for (title, text) in [
        ("Serbuk jahe", "bukan efedrin dan kodein, 40 gram, Rp 40.000"),
        ("Mephedrone or alpha-PVP: talk to somebody", "Hotline, day and night, anonymous. Counselling for relatives."),
    ] {
        assert_eq!(detector.assess(&listing(title, text), &[]).verdict, Verdict::Clear, "{title}: {text}");
    }
}

#[test]
fn words_of_a_longer_phrase_name_no_drug() {
    let detector = detector();
    // Two words of news in one phrase make no report of an offer.
    let offer = listing("isotonitazene 1 kg", "طرد سري. nařízení vlády. tham vấn.");
    assert!(detector.assess(&offer, &[]).verdict > Verdict::Clear);
    // A phrase is read on its own line, whatever line stands before it.
    for text in [
        "isotonitazene 5 g\nin case of seizure we\ncontroleren uw vergunning",
        "controleren uw vergunning\nin case of seizure we\nisotonitazene 5 g",
    ] {
        assert_eq!(detector.assess(&listing("for you", text), &[]).verdict, Verdict::Review, "{text}");
    }
    for (text, verdict) in [
        ("xylazine 5 g\nspecial line\nfood grade", Verdict::Review),
        ("food grade\nspecial line\nxylazine 5 g", Verdict::Review),
    ] {
        let found = detector.assess(&listing("for you", text), &[]);
        let names: Vec<&str> = found.substances.iter().map(|substance| substance.name.as_str()).collect();
        assert_eq!((found.verdict, names), (verdict, vec!["Xylazine"]), "{text}");
    }
}

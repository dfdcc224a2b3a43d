use std::sync::Arc;

use super::*;
use crate::detect::Detector;
use crate::detect::assessment::ListingText;
use crate::detect::watchlist::Watchlist;

/// A listing judged by the compiled list and parted; what of it is stored, as one text.
fn stored(truth: &Truth, detector: &Detector, title: &str, text: &str, attributes: &[(String, String)]) -> Parted {
    let listing = ListingText { title, text, attributes, ..ListingText::default() };
    let assessment = detector.assess(&listing, &[]);
    truth.part(&Published {
        title,
        text,
        identifiers: attributes,
        images: &[],
        price: None,
        currency: None,
        language: None,
        seller: None,
        assessment: &assessment,
        known: Vec::new(),
    })
}

fn whole(parted: &Parted) -> String {
    let assessment = serde_json::to_string(&parted.assessment).unwrap();
    format!("{}\n{}\n{:?}\n{assessment}", parted.title, parted.text, parted.identifiers).to_lowercase()
}

fn rooms() -> (tempfile::TempDir, Truth, Detector) {
    let folder = tempfile::tempdir().unwrap();
    let truth = Truth::open(&folder.path().join("truth.db")).unwrap();
    let detector = Detector::compile(Arc::new(Watchlist::builtin().unwrap())).unwrap();
    (folder, truth, detector)
}

#[test]
fn reasons_and_fields_quote_what_is_stored() {
    let (_folder, truth, detector) = rooms();
    let attributes = [("Telegram fieldpier_demo Isotonitazene".to_owned(), "Isotonitazene 5 g".to_owned())];
    let text = "Isotonitazene powder for sale, discreet shipping, price per gram. Contact me on Telegram @northpier_demo \
                or tg second_pier, bitcoin accepted.";
    let parted = stored(&truth, &detector, "Isotonitazene powder", text, &attributes);
    let other = stored(&truth, &detector, "Isotonitazene tg titlepier_demo", "for sale", &[]);
    let shown = whole(&parted) + &whole(&other);
    for secret in ["northpier", "second", "titlepier", "fieldpier", "_demo"] {
        assert!(!shown.contains(secret), "`{secret}` can be read: {shown}");
    }
    let reasons = parted.assessment.reasons.join("\n");
    assert!(reasons.contains("private contact (\"Contact me on\", \"Telegram\", \"@██"), "{reasons}");
    assert!(reasons.contains("Isotonitazene"), "{reasons}");
    assert!(parted.values.iter().any(|one| one.value == "northpier_demo"));
    // What an earlier version stored in its reasons is hidden when it is parted again.
    let mut older = parted.assessment.clone();
    older.reasons =
        vec!["it is offered with a private contact (\"Contact me on\", \"@northpier\", \"tg second\")".into()];
    let again = truth.part(&Published {
        title: &parted.title,
        text: &parted.text,
        identifiers: &parted.identifiers,
        images: &[],
        price: None,
        currency: None,
        language: None,
        seller: None,
        assessment: &older,
        known: Vec::new(),
    });
    let expected = "it is offered with a private contact (\"Contact me on\", \"██████████\", \"██ ██████\")";
    assert_eq!(again.assessment.reasons, [expected]);
    assert_eq!((&again.text, &again.title), (&parted.text, &parted.title));
}

#[test]
fn an_account_behind_any_contact_term_of_the_list_is_hidden_and_payment_terms_are_not() {
    let (_folder, truth, detector) = rooms();
    let list = Watchlist::builtin().unwrap();
    let mut wrong = Vec::new();
    for (language, terms) in &list.context["contact"] {
        for term in terms {
            let text = format!("Isotonitazene for sale, price per gram. {term} northpier_demo");
            let shown = whole(&stored(&truth, &detector, "Isotonitazene", &text, &[]));
            if shown.contains("northpier") {
                wrong.push(format!("{language}: the account behind `{term}` can be read"));
            }
        }
    }
    for (language, terms) in &list.context["payment"] {
        for joined in [terms.join(", "), terms.join(" / "), terms.join(" "), terms.join("、")] {
            let text = format!("Isotonitazene for sale. {joined}");
            let parted = stored(&truth, &detector, "Isotonitazene", &text, &[]);
            if parted.text != text {
                wrong.push(format!("{language}: `{}` of `{text}`", parted.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn attributes_of_one_name_are_hidden_each_by_itself() {
    let (_folder, truth, detector) = rooms();
    let attribute = |value: &str| ("note".to_owned(), value.to_owned());
    let attributes =
        [attribute("isotonitazene in stock"), attribute("+49 170 1234567"), attribute("telegram @pier_demo")];
    let parted = stored(&truth, &detector, "Isotonitazene", "for sale", &attributes);
    let values: Vec<&str> = parted.identifiers.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(values[0], "isotonitazene in stock");
    assert!(!values[1].contains(|c: char| c.is_ascii_digit()), "{values:?}");
    assert!(!whole(&parted).contains("pier_demo"), "{values:?}");
}

#[test]
fn values_that_repeat_themselves_take_no_time() {
    let (_folder, truth, detector) = rooms();
    for text in ["a_b ".repeat(20_000), "telegram".repeat(40_000), "t3legram ".repeat(20_000)] {
        let start = std::time::Instant::now();
        let text = format!("Isotonitazene for sale, telegram {text}");
        stored(&truth, &detector, "Isotonitazene", &text, &[]);
        assert!(start.elapsed().as_secs() < 10, "{:?} for {}", start.elapsed(), &text[..60]);
    }
}

#[test]
fn a_sellers_name_is_hidden_without_its_last_words_too() {
    assert_eq!(
        beginnings("Example  Harbour Trading Co").collect::<Vec<_>>(),
        ["Example  Harbour", "Example  Harbour Trading"]
    );
    assert!(beginnings("Harbour").chain(beginnings("Example Harbour")).next().is_none());
    let (_folder, truth, detector) = rooms();
    let (title, text) = ("Isotonitazene - Example Harbour", "for sale by Example Harbour Trading, ask Example Harbour");
    let assessment = detector.assess(&ListingText { title, text, ..ListingText::default() }, &[]);
    let published = Published {
        title,
        text,
        identifiers: &[],
        images: &[],
        price: None,
        currency: None,
        language: None,
        seller: Some("Example Harbour Trading"),
        assessment: &assessment,
        known: Vec::new(),
    };
    let shown = whole(&truth.part(&published));
    assert!(!shown.contains("harbour") && shown.contains("isotonitazene"), "{shown}");
}

#[test]
fn a_seller_called_like_an_offer_takes_no_word_of_the_offer_away() {
    let (_folder, truth, detector) = rooms();
    let title = "Best price fentanyl in stock";
    let text = "Best price fentanyl in stock, 99% purity, price per gram, discreet shipping, bitcoin accepted. Telegram @zorglub_pier";
    let listing = ListingText { title, text, ..ListingText::default() };
    let assessment = detector.assess(&listing, &[]);
    let part = |seller: &str| {
        truth.part(&Published {
            title,
            text,
            identifiers: &[],
            images: &[],
            price: None,
            currency: None,
            language: None,
            seller: Some(seller),
            assessment: &assessment,
            known: Vec::new(),
        })
    };
    let plain = part("Blue Harbour");
    for seller in [title, "Best price", "Fentanyl in stock", "best price FENTANYL"] {
        let parted = part(seller);
        assert_eq!((&parted.title, &parted.text), (&plain.title, &plain.text), "{seller}");
        assert_eq!(parted.assessment, plain.assessment, "{seller}: grounds and quotes");
        assert!(
            parted.values.iter().any(|one| one.kind == "seller" && one.value == seller),
            "it is sealed all the same"
        );
    }
    assert!(plain.title.contains("fentanyl") && !whole(&plain).contains("zorglub_pier"));
    // What is not the offer's is hidden where it stands.
    let named = "Best price fentanyl in stock at Zorglub Harbour";
    let shown = truth.part(&Published {
        title: named,
        text: named,
        identifiers: &[],
        images: &[],
        price: None,
        currency: None,
        language: None,
        seller: Some(named),
        assessment: &detector.assess(&ListingText { title: named, text: named, ..ListingText::default() }, &[]),
        known: Vec::new(),
    });
    assert_eq!(shown.title, "Best price fentanyl in stock at ███████ ███████");
    assert!(!whole(&shown).contains("zorglub"), "{}", whole(&shown));
}

use serde_json::{Value, json};

use super::*;
use crate::listing::draft::listings;
use crate::vocab::limits::Limits;
use crate::vocab::time::Deadline;

fn read(blocks: Value) -> Vec<Listing> {
    let limits = Limits::default();
    let budget = Budget::new(&limits, Deadline::NEVER);
    let members = if let Value::Array(members) = blocks { members } else { vec![blocks] };
    let url = FoundUrl::parse("https://shop.example.test/p", None).unwrap();
    listings(drafts(&Items::from_json_ld(members, &budget).unwrap(), "json-ld", &url, &budget))
}

/// Title, price and seller of each listing.
fn told(blocks: Value) -> Vec<(String, String, String)> {
    let price = |listing: &Listing| listing.price.as_ref().map(ToString::to_string).unwrap_or_default();
    read(blocks).into_iter().map(|one| (one.title.clone(), price(&one), one.seller.unwrap_or_default())).collect()
}

fn offer(price: &str) -> Value {
    json!({"@type": "Offer", "price": price, "priceCurrency": "EUR"})
}

#[test]
fn offers_are_found_wherever_they_are_said() {
    for (name, blocks, expected) in [
        ("in place", json!({"@type": "Product", "name": "Oar", "offers": offer("9")}), ("Oar", "9.00", "")),
        (
            "by reference",
            json!({"@graph": [{"@type": "Product", "name": "Oar", "offers": {"@id": "#o"}},
            {"@type": "Offer", "@id": "#o", "price": 9, "seller": {"@id": "#s"}},
            {"@type": "Organization", "@id": "#s", "name": "Boathouse"}]}),
            ("Oar", "9.00", "Boathouse"),
        ),
        (
            "naming its product",
            json!([{"@type": "Product", "@id": "#p", "name": "Oar"},
            {"@type": "Offer", "price": "9", "itemOffered": {"@id": "#p"}}]),
            ("Oar", "9.00", ""),
        ),
        (
            "before its product",
            json!([{"@type": "Offer", "@id": "#o", "name": "Sale", "price": "9"},
            {"@type": "Product", "name": "Oar", "offers": [{"@id": "#o"}]}]),
            ("Oar", "9.00", ""),
        ),
        (
            "reversed",
            json!({"@type": "Product", "name": "Oar", "@reverse": {"itemOffered": offer("9")}}),
            ("Oar", "9.00", ""),
        ),
        ("beside it", json!([{"@type": "Product", "name": "Oar"}, offer("9")]), ("Oar", "9.00", "")),
        (
            "with its product inside",
            json!({"@type": "Offer", "price": "9", "itemOffered": {"@type": "Product", "name": "Oar"}}),
            ("Oar", "9.00", ""),
        ),
        (
            "with its product in words",
            json!({"@type": "Offer", "price": "9", "itemOffered": "Oar"}),
            ("Oar", "9.00", ""),
        ),
        (
            "of a shop",
            json!({"@type": "Store", "name": "Boathouse", "makesOffer": {"@type": "Offer", "price": "9",
            "itemOffered": {"@type": "Product", "name": "Oar"}}}),
            ("Oar", "9.00", "Boathouse"),
        ),
        (
            "in a catalogue of a catalogue",
            json!({"@type": "Organization", "name": "Boathouse", "hasOfferCatalog": {"@type": "OfferCatalog", "itemListElement":
            [{"@type": "OfferCatalog", "name": "Oars", "itemListElement": [{"@type": "Offer", "price": "9",
            "itemOffered": {"@type": "Service", "name": "Oar"}}]}]}}),
            ("Oar", "9.00", "Boathouse"),
        ),
        (
            "of a page",
            json!({"@type": "ItemPage", "mainEntity": {"@type": "Product", "name": "Oar", "offers": offer("9")}}),
            ("Oar", "9.00", ""),
        ),
        (
            "of a thing of another type",
            json!({"@type": "Boat", "name": "Oar", "offers": offer("9")}),
            ("Oar", "9.00", ""),
        ),
        ("in words", json!({"@type": "Product", "name": "Oar", "offers": "9 EUR"}), ("Oar", "9.00", "")),
        ("on the product", json!({"@type": "Product", "name": "Oar", "price": "9"}), ("Oar", "9.00", "")),
    ] {
        let (title, price, seller) = expected;
        assert_eq!(told(blocks), [(title.to_owned(), price.to_owned(), seller.to_owned())], "{name}");
    }
}

#[test]
fn the_price_that_is_asked() {
    let of = |offers: Value| told(json!({"@type": "Product", "name": "Oar", "offers": offers}))[0].1.clone();
    for (name, offers, expected) in [
        ("first without one", json!([{"@type": "Offer", "availability": "InStock"}, offer("9")]), "9.00"),
        ("none before some", json!([offer("0"), offer("9")]), "9.00"),
        ("nothing else", offer("0"), "0.00"),
        ("empty", json!({"price": "", "lowPrice": "9", "highPrice": "12"}), "9.00"),
        (
            "within an aggregate",
            json!({"@type": "AggregateOffer", "offerCount": 2, "offers": [{"@type": "Offer"}, offer("9")]}),
            "9.00",
        ),
        (
            "not the struck one",
            json!({"@type": "Offer", "priceSpecification": [
            {"@type": "UnitPriceSpecification", "price": "12", "priceType": "https://schema.org/ListPrice"},
            {"@type": "UnitPriceSpecification", "price": "9", "priceCurrency": "EUR"}]}),
            "9.00",
        ),
        ("three decimals", offer("9.000"), "9.00"),
    ] {
        assert_eq!(of(offers), expected, "{name}");
    }
}

#[test]
fn variants_are_told_by_their_group_and_a_lone_one_by_itself() {
    let small = json!({"@type": "Product", "name": "Oar, short", "offers": offer("9")});
    let long = json!({"@type": "Product", "name": "Oar, long", "offers": offer("12")});
    let group = read(json!({"@type": "ProductGroup", "name": "Oar", "hasVariant": [small, long]}));
    assert_eq!((group.len(), group[0].title.as_str()), (1, "Oar"));
    assert_eq!(group[0].price.as_ref().unwrap().to_string(), "9.00");
    let named: Vec<&str> = group[0].identifiers.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(named, ["Oar, short", "Oar, long"]);
    let by_reference = json!([
        {"@type": "ProductGroup", "@id": "#g", "name": "Oar"},
        {"@type": "Product", "name": "Oar, short", "isVariantOf": {"@id": "#g"}, "offers": offer("9")},
        {"@type": "Product", "name": "Oar, long", "isVariantOf": {"@id": "#g"}},
    ]);
    assert_eq!(told(by_reference), [("Oar".to_owned(), "9.00".to_owned(), String::new())]);
    let lone =
        json!({"@type": "Product", "name": "Oar, short", "isVariantOf": {"@type": "ProductGroup", "name": "Oar"}});
    assert_eq!(told(lone)[0].0, "Oar, short");
    let nameless =
        json!({"@type": "Product", "offers": offer("9"), "isVariantOf": {"@type": "ProductGroup", "name": "Oar"}});
    assert_eq!(told(nameless)[0].0, "Oar");
}

#[test]
fn lists_are_the_page_where_it_has_nothing_of_its_own() {
    let item = |name: &str| json!({"@type": "ListItem", "item": {"@type": "Product", "name": name}});
    let list = json!({"@type": "ItemList", "itemListElement": [item("Oar"), item("Sail")]});
    let titles = |blocks: Value| read(blocks).into_iter().map(|one| one.title).collect::<Vec<_>>();
    assert_eq!(titles(list.clone()), ["Oar", "Sail"]);
    assert_eq!(titles(json!([list, {"@type": "Product", "name": "Boat"}])), ["Boat"]);
    let related = json!({"@type": "Product", "name": "Boat", "isRelatedTo": [{"@type": "Product", "name": "Oar"}]});
    assert_eq!(titles(related), ["Boat"]);
    let flat = json!({"@graph": [
    {"@type": "ItemList", "itemListElement": [{"@id": "#a"}, {"@id": "#b"}]},
    {"@type": "Product", "@id": "#a", "name": "Oar"}, {"@type": "Product", "@id": "#b", "name": "Sail"}]});
    assert_eq!(titles(flat), ["Oar", "Sail"]);
    let crumbs = json!([
    {"@type": "BreadcrumbList", "itemListElement": [{"@type": "ListItem", "item": {"@id": "#p", "name": "Boat"}}]},
    {"@type": "Product", "@id": "#p", "name": "Boat"}]);
    assert_eq!(titles(crumbs), ["Boat"]);
}

#[test]
fn one_offer_said_twice_is_one_listing_and_two_are_two() {
    let oar = json!({"@type": "Product", "name": "Oar", "sku": "1"});
    assert_eq!(read(json!([oar, oar])).len(), 1);
    let priced = json!({"@type": "Product", "name": "OAR", "offers": offer("9")});
    assert_eq!(told(json!([oar, priced])), [("Oar".to_owned(), "9.00".to_owned(), String::new())]);
    assert_eq!(read(json!([oar, {"@type": "Product", "name": "Oar", "sku": "2"}])).len(), 2);
    let dearer = json!({"@type": "Product", "name": "Oar", "offers": offer("12")});
    assert_eq!(read(json!([priced, dearer])).len(), 2);
    let same_name = json!([{"@type": "Product", "@id": "#product", "name": "Oar"}, {"@type": "Product", "@id": "#product", "name": "Sail"}]);
    assert_eq!(read(same_name).len(), 2);
}

#[test]
fn items_beyond_those_read_of_a_page_are_told() {
    let many =
        |count: usize| (0..count).map(|n| json!({"@type": "Product", "name": format!("Oar {n}")})).collect::<Vec<_>>();
    for (count, is_cut) in [(LISTINGS_LIMIT, false), (LISTINGS_LIMIT + 1, true)] {
        for blocks in [json!(many(count)), json!({"@type": "ItemList", "itemListElement": many(count)})] {
            let read = read(blocks);
            assert_eq!((read.len(), read.iter().any(|one| one.cut)), (LISTINGS_LIMIT, is_cut));
        }
    }
}

#[test]
fn offers_that_contain_each_other_end_by_counting() {
    let all: Vec<Value> = (0..150).map(|n| json!({"@id": format!("#{n}")})).collect();
    let mut blocks: Vec<Value> =
        (0..150).map(|n| json!({"@type": "AggregateOffer", "@id": format!("#{n}"), "offers": all})).collect();
    blocks.push(json!({"@type": "Product", "name": "Oar", "offers": all}));
    let limits = Limits::default();
    let budget = Budget::new(&limits, Deadline::NEVER);
    let url = FoundUrl::parse("https://shop.example.test/p", None).unwrap();
    let items = Items::from_json_ld(blocks, &budget).unwrap();
    let kept = drafts(&items, "json-ld", &url, &budget);
    assert_eq!((kept.len(), kept[0].listing.title.as_str()), (1, "Oar"));
    assert_eq!(budget.spent(), Some(Spent::References));
}

#[test]
fn markup_and_references_leave_titles() {
    let one = &read(
        json!({"@type": "Product", "name": "<b>4</b>-seat &#8211; sofa", "description": "&lt;p&gt;Oak&lt;/p&gt;"}),
    )[0];
    assert_eq!((one.title.as_str(), one.description.as_str()), ("4-seat – sofa", "Oak"));
}

#[test]
fn circles_and_chains_end() {
    let circle = json!([{"@type": "WebPage", "@id": "#a", "mainEntity": {"@id": "#b"}},
    {"@type": "WebPage", "@id": "#b", "mainEntity": {"@id": "#a"}},
    {"@type": "Offer", "@id": "#o", "offers": {"@id": "#o"}, "itemOffered": {"@id": "#o"}, "name": "Oar"}]);
    assert!(read(circle).len() <= 1);
    let mut chain = json!({"@type": "Product", "name": "Oar"});
    for _ in 0..60 {
        chain = json!({"@type": "WebPage", "mainEntity": chain});
    }
    assert_eq!(read(chain).len(), 0);
}

#[test]
fn every_text_of_a_thing_is_read_not_only_the_first() {
    let property = |name: &str| json!({"@type": "PropertyValue", "name": name, "value": "x"});
    let mut many: Vec<Value> = (0..60).map(|at| property(&format!("p{at}"))).collect();
    many.push(json!({"@type": "PropertyValue", "name": "wood", "value": ["oak", "beech"]}));
    for (name, block) in [
        ("a second description", json!({"description": ["plain", "of beech"]})),
        ("a second name", json!({"name": ["Oar", "of beech"]})),
        ("an offer's name", json!({"offers": [{"@type": "Offer", "name": "of beech", "price": 9}]})),
        (
            "an offer's description",
            json!({"description": "plain", "offers": {"@type": "Offer", "description": "of beech"}}),
        ),
        (
            "a variant's description",
            json!({"hasVariant": [{"@type": "Product", "name": "A", "description": "of beech"}]}),
        ),
        (
            "a variant's attribute",
            json!({"hasVariant": [{"@type": "Product", "name": "A",
            "additionalProperty": {"@type": "PropertyValue", "value": "of beech"}}]}),
        ),
        ("a late attribute", json!({"additionalProperty": many})),
        ("another identifier", json!({"alternateName": ["Paddle", "beech oar"]})),
    ] {
        let mut whole = json!({"@type": "Product", "name": "Oar"});
        whole.as_object_mut().unwrap().extend(block.as_object().unwrap().clone());
        let listings = read(whole);
        assert_eq!((listings.len(), listings[0].title.as_str()), (1, "Oar"), "{name}");
        let listing = &listings[0];
        let said = format!("{} {:?}", listing.description, listing.identifiers);
        assert!(said.contains("beech") && !listing.cut, "{name}: {said}");
    }
    let said_twice = read(json!([{"@id": "#p", "@type": "Product", "name": "Oar", "description": "plain"},
        {"@id": "#p", "name": "Oar", "description": "of beech"}]));
    assert_eq!(said_twice[0].description, "plain\nof beech");
}

#[test]
fn what_is_left_out_of_a_thing_is_told() {
    let wide: serde_json::Map<String, Value> = (0..600).map(|at| (format!("p{at:03}"), json!(1))).collect();
    let mut whole = json!({"@type": "Product", "name": "Oar", "zz": "late"});
    whole.as_object_mut().unwrap().extend(wide);
    assert!(read(whole)[0].cut);
    let long: Vec<String> = (0..300).map(|at| format!("part {at}")).collect();
    assert!(read(json!({"@type": "Product", "name": "Oar", "description": long}))[0].cut);
}

#[test]
fn variants_and_offers_beyond_those_read_are_told() {
    let variants = |count: usize| -> Vec<Value> {
        (0..count).map(|at| json!({"@type": "Product", "name": format!("Oar {at}")})).collect()
    };
    let cut = |block: Value| read(block).iter().any(|listing| listing.cut);
    let group = |count| json!({"@type": "ProductGroup", "name": "Oars", "hasVariant": variants(count)});
    assert_eq!((cut(group(200)), cut(group(201))), (false, true));
    let offers = |count: usize| -> Vec<Value> { (0..count).map(|_| offer("9")).collect() };
    let product = |count| json!({"@type": "Product", "name": "Oar", "offers": offers(count)});
    assert_eq!((cut(product(200)), cut(product(201))), (false, true));
}

//! Names on no list: shown where the agreement allows research, and never a word of a person's name.

use listingwatch::store::truth::Role;

use crate::hub_attacks::sign_in;
use crate::shop::{Hub, Shop};

fn offer(name: &str) -> String {
    format!("{name} for sale, 99% purity, wholesale price per gram, discreet shipping, bitcoin accepted")
}

fn put(shop: &Shop, page: &str, name: &str, more: &str, seller: Option<&str>) {
    shop.put_offer(page, (&format!("{name} 10 g"), &(offer(name) + more)), "10", seller);
}

/// What command line, API and console list, each as one text.
async fn listed(hub: &Hub) -> Vec<(&'static str, String)> {
    let researcher = hub.token(Role::Researcher, "rea", None);
    let (cookie, _) = sign_in(hub, &researcher).await;
    let page = hub.client.get(format!("{}/console/watchlist", hub.base)).header("cookie", cookie).send().await.unwrap();
    let rows = hub.get(&researcher, "/api/v1/hits").await.1;
    let rows: serde_json::Value = serde_json::from_str(&rows).unwrap();
    let named: Vec<String> =
        rows["hits"].as_array().unwrap().iter().map(|row| row["emerging"].to_string().to_lowercase()).collect();
    vec![
        ("command line", hub.command(&["watchlist", "emerging"]).await.0),
        ("api", hub.get(&researcher, "/api/v1/emerging").await.1),
        ("console", page.text().await.unwrap()),
        ("rows", named.join("\n")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn names_on_no_list_are_shown_only_where_research_was_agreed() {
    let (open, closed) = (Shop::start().await, Shop::start().await);
    put(&open, "1", "Zorlonitazene", "", None);
    put(&closed, "1", "Brelonitazene", "", None);
    put(&closed, "2", "Zorlonitazene", " in two lots", None);
    let uses = |text: String, uses: &str| text.replace("[crawl]", &format!("uses = [{uses}]\n[crawl]"));
    let files = [
        ("open", uses(open.platform_file("open", "channels = [\"feed\"]"), "\"referral\", \"research\"")),
        ("closed", uses(closed.platform_file("closed", "channels = [\"feed\"]"), "\"referral\"")),
    ];
    let hub = Hub::open(&files, |_| {}).await;
    hub.scan().await;
    assert_eq!(hub.cases().await.len(), 3);
    for (door, text) in listed(&hub).await {
        assert!(text.contains("zorlonitazene") && !text.contains("brelonitazene"), "{door}: {text}");
    }
    let counted: serde_json::Value =
        serde_json::from_str(&hub.command(&["watchlist", "emerging"]).await.0).expect("one name a line");
    assert_eq!(counted["listings"], 1, "of the platform that allows it only");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_of_a_sellers_name_or_of_a_contact_is_in_no_list_of_names() {
    let shop = Shop::start().await;
    put(&shop, "1", "Zorlonitazene", "", None);
    // Of the seller itself, as a word and inside a longer one.
    put(&shop, "2", "Brelonitazene", "", Some("Anders Brelonitazene"));
    put(&shop, "3", "Marquonitazene", "", Some("marquonitazene77"));
    // Of a contact.
    put(&shop, "4", "Tulvonitazene", ". Telegram: @tulvonitazene_sales", None);
    // Of another listing's seller, which comes after it was counted.
    put(&shop, "5", "Pelgonitazene", "", None);
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", "channels = [\"feed\"]"))], |_| {}).await;
    hub.scan().await;
    let before = listed(&hub).await;
    assert!(before[0].1.contains("pelgonitazene"), "{}", before[0].1);
    shop.put_offer("6", ("Isotonitazene 10 g", crate::shop::OFFER), "10", Some("Dr. Pelgonitazene & Sons"));
    hub.clock.advance_hours(2);
    hub.scan().await;
    assert_eq!(hub.cases().await.len(), 6, "each is a case all the same");
    for (door, text) in listed(&hub).await {
        assert!(text.contains("zorlonitazene"), "{door}: {text}");
        for name in ["brelonitazene", "marquonitazene", "tulvonitazene", "pelgonitazene"] {
            assert!(!text.contains(name), "{door} lists {name}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seller_called_like_a_name_that_others_use_does_not_hide_it() {
    let shop = Shop::start().await;
    put(&shop, "1", "Velronitazene", "", Some("North Trading"));
    put(&shop, "2", "Velronitazene", " in two lots", Some("South Trading"));
    // One seller alone, and one who is not named, prove nothing.
    put(&shop, "3", "Pelgonitazene", "", Some("North Trading"));
    put(&shop, "4", "Pelgonitazene", " in two lots", None);
    for (page, seller) in [("5", "Velronitazene Shop"), ("6", "Dr. Pelgonitazene & Sons")] {
        shop.put_offer(page, ("Isotonitazene 10 g", crate::shop::OFFER), "10", Some(seller));
    }
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", "channels = [\"feed\"]"))], |_| {}).await;
    hub.scan().await;
    for (door, text) in listed(&hub).await {
        assert!(text.contains("velronitazene") && !text.contains("pelgonitazene"), "{door}: {text}");
    }
    // How many are hidden is told to an authority, and to nobody else.
    let (anna, rea) = (hub.token(Role::Authority, "anna", None), hub.token(Role::Researcher, "rea", None));
    assert_eq!(hub.json(&anna, "/api/v1/emerging").await["hidden"], 1);
    assert!(hub.json(&rea, "/api/v1/emerging").await["hidden"].is_null());
    for (token, is_told) in [(&anna, true), (&rea, false)] {
        let (cookie, _) = sign_in(&hub, token).await;
        let page = hub.client.get(format!("{}/console/watchlist", hub.base)).header("cookie", cookie);
        assert_eq!(page.send().await.unwrap().text().await.unwrap().contains("1 more hidden"), is_told);
    }
}

//! Every page that answers is judged or counted with its reason, and every door says so.

use serde_json::json;

use crate::hub_attacks::sign_in;
use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, offer};
use crate::shop::Hub;
use listingwatch::store::truth::Role;

/// Words that must become a referral, with no markup around them that says so.
const WORDS: &str =
    "Isotonitazene powder, 99 % purity, wholesale. Discreet shipping, bitcoin accepted, telegram @purelab";

fn site() -> MockServer {
    MockServer::start(|asked| {
        match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        _ if asked.header("if-none-match").is_some() => Reply::status(304),
        "/" => Reply::html(
            "<title>Shop</title><p>Welcome</p><ul><li><a href=/marked>Isotonitazene, 10 g</a> EUR 40 <a href=/two-prices>A</a>
             <a href=/no-heading>B</a><a href=/over>C</a><a href=/leaflet>D</a><a href=/photo>E</a><a href=/app>F</a>
             <a href=/notes>G</a><a href=/blank>H</a></ul>",
        ),
        "/marked" => Reply::html(offer(1, &[])),
        "/two-prices" => {
            Reply::html(format!("<h1>Blue crystals</h1><p>EUR 40</p><p>Price per gram EUR 4.</p><p>{WORDS}</p>"))
        }
        "/no-heading" => Reply::html(format!("<div>{WORDS}</div>")),
        "/over" => Reply::html("<h1>Chair</h1><p>This listing has ended.</p>"),
        "/leaflet" => Reply::of(200, "application/pdf", "%PDF-1.7").with("etag", "\"one\""),
        "/photo" => Reply::of(200, "image/png", "\u{89}PNG"),
        "/app" => Reply::html("<title>Shop</title><div id=root></div><script src=/app.js></script>")
            .with("etag", "\"one\""),
        "/notes" => Reply::text(WORDS),
        "/blank" => Reply::html("<html><body></body></html>"),
        _ => Reply::status(404),
    }
    })
}

#[test]
fn every_page_is_judged_or_counted_with_its_reason() {
    let server = site();
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "revisit = \"1ms\"");
    let ended = place.run(&["scan", "--json"]).expect(4);
    let coverage = ended.coverage("bazaar");
    for (count, expected) in
        [("judged", 1), ("judged_as_text", 4), ("without_text", 2), ("unreadable", 2), ("given_up", 0)]
    {
        assert_eq!(coverage[count], expected, "{count}: {coverage}");
    }
    assert_eq!(coverage["failures"], json!({ "unreadable": 2 }), "{coverage}");
    assert_eq!(coverage["outcomes"]["item-ended"], 1, "{coverage}");
    // The start page names what stands on another page, which is judged itself.
    assert_eq!((&ended.platform("bazaar")["hits"], &ended.platform("bazaar")["listings"]), (&4.into(), &1.into()));
    // Unchanged, they are no more readable.
    let again = place.run(&["scan", "--json"]).expect(4);
    assert_eq!(again.coverage("bazaar")["failures"], json!({ "unreadable": 2 }));
    let text = place.run(&["report", "coverage"]).expect(0).out;
    for part in ["1  judged by their offers", "4  judged by their text", "2  without text", "2  not readable"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(text.contains("2  pages that could not be read"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn console_and_api_say_how_pages_were_judged() {
    let server = site();
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    let file = std::fs::read_to_string(place.path("seeds").join("bazaar.toml")).unwrap();
    let hub = Hub::open(&[("bazaar", file)], |_| {}).await;
    let (_, result) = hub.command(&["scan"]).await;
    result.unwrap();
    let office = hub.token(Role::Authority, "Ada", None);
    let statements = hub.json(&office, "/api/v1/coverage").await;
    assert_eq!(statements["coverage"][0]["judged_as_text"], 4, "{statements}");
    let (cookie, _) = sign_in(&hub, &office).await;
    let console = hub.client.get(format!("{}/console/scans", hub.base)).header("cookie", &cookie);
    let page = console.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("judged by their text") && page.contains("not readable"), "{page}");
}

#[test]
fn a_sentence_beside_structured_data_hides_no_offer() {
    let product = "<script type=application/ld+json>{\"@type\":\"Product\",\"name\":\"Metonitazene powder 100g\",
        \"description\":\"in stock\",\"offers\":{\"price\":50,\"priceCurrency\":\"EUR\"}}</script>";
    let page = move |beside: &str| {
        format!("{product}<h1>Metonitazene powder 100g</h1><p>Metonitazene, bitcoin, stealth shipping</p>{beside}")
    };
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html("<a href=/a>one</a> <a href=/b>two</a>"),
        "/a" => Reply::html(page("<p>no longer available elsewhere</p>")),
        // A shop that ended an offer shows no more of it than its name.
        "/b" => Reply::html(format!("{}<p>This listing has ended.</p>", product.replace("powder 100g", "powder 5g"))),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "revisit = \"1ms\"");
    let ended = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(ended.coverage("bazaar")["outcomes"]["item-ended"], 1, "{}", ended.out);
    let urls: Vec<_> = place.referrals().iter().map(|case| case["urls"][0].as_str().unwrap().to_owned()).collect();
    assert_eq!(urls, [server.url("/a")]);
}

#[test]
fn items_whose_own_pages_are_not_asked_for_are_judged_where_they_are_named() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(
            "<h1>Shop</h1><h2><a href=/hidden/1>Etonitazene powder, stealth shipping</a></h2><p>50 EUR per gram</p>
             <h2><a href=/hidden/2>Metonitazene powder, stealth shipping</a></h2><p>60 EUR per gram</p>",
        ),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "exclude = [\"/hidden/**\"]");
    let ended = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(ended.platform("bazaar")["hits"], 2, "{}", ended.out);
}

//! Where pages come from and when they are looked at again: sitemaps, feeds, dates, validators, learned parameters, ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::mockserver::{Asked, MockServer, Reply};
use crate::program::{Place, links, listing, offer};
use crate::shop::{Hub, Shop};

/// A hub whose clock can be set ahead, and a platform at `server` with `crawl` in its file.
async fn hub_at(server: &MockServer, crawl: &str) -> Hub {
    let mut shop = Shop::start().await;
    shop.address = server.url("").trim_start_matches("http://").parse().unwrap();
    let file = shop.platform_file("shop", "").replace("revisit = \"1h\"\n", &format!("{crawl}\n"));
    Hub::open(&[("shop", file)], |_| {}).await
}

async fn scan(hub: &Hub) -> Value {
    let (words, result) = hub.command(&["scan"]).await;
    result.unwrap();
    let document: Value = serde_json::from_str(&words).unwrap();
    document["platforms"][0].clone()
}

/// What was asked since `before`, sorted, without robots.txt.
fn since(server: &MockServer, before: usize) -> Vec<String> {
    let mut asked: Vec<String> = server.paths().into_iter().skip(before).filter(|path| path != "/robots.txt").collect();
    asked.sort();
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sitemap_s_dates_bring_us_back_to_what_changed_and_validators_spare_the_rest() {
    let phase = Arc::new(AtomicUsize::new(0));
    let held = phase.clone();
    let server = MockServer::start(move |asked| {
        let origin = format!("http://{}", asked.header("host").unwrap_or_default());
        let phase = held.load(Ordering::Acquire);
        match asked.path.as_str() {
            "/robots.txt" => Reply::text(format!("Sitemap: {origin}/map.xml\n")),
            "/map.xml" if phase == 1 && asked.header("if-none-match") == Some("\"map\"") => Reply::status(304),
            "/map.xml" => {
                let date = |n: usize| match (phase, n) {
                    (2, 3) => listingwatch::vocab::time::Clock::now(&listingwatch::telemetry::SystemClock).to_string(),
                    _ => "2020-01-01".to_owned(),
                };
                let pages: String = (0..6)
                    .map(|n| format!("<url><loc>{origin}/item/{n}</loc><lastmod>{}</lastmod></url>", date(n)))
                    .collect();
                Reply::of(200, "application/xml", format!("<urlset>{pages}</urlset>")).with("etag", "\"map\"")
            }
            "/" => Reply::html(links(&[])),
            _ if asked.header("if-none-match") == Some("\"page\"") => Reply::status(304),
            _ => Reply::html(listing("Chair", "Oak.", &[])).with("etag", "\"page\""),
        }
    });
    let hub = hub_at(&server, "revisit = \"30d\"").await;
    let first = scan(&hub).await;
    assert_eq!(first["pages"], 8);
    for (number, expected) in [(1, vec!["/map.xml"]), (2, vec!["/item/3", "/map.xml"])] {
        phase.store(number, Ordering::Release);
        hub.clock.advance_hours(10);
        let before = server.log().len();
        let result = scan(&hub).await;
        assert_eq!(since(&server, before), expected, "{number}");
        assert_eq!(result["coverage"]["outcomes"]["not-modified"], 1, "{number}: {result}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parameter_that_changes_nothing_is_learned_and_left_out() {
    let phase = Arc::new(AtomicUsize::new(0));
    let held = phase.clone();
    let server = MockServer::start(move |asked: &Asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => {
            let (from, to) = if held.load(Ordering::Acquire) == 0 { (0, 5) } else { (5, 25) };
            let items = (from..to).flat_map(|n| {
                ["home", "search"]
                    .map(|place| format!("/item?id={n}&src={place}{}", if place == "home" { 0 } else { n }))
            });
            Reply::html(links(&items.collect::<Vec<_>>()))
        }
        path => {
            let id = path.split("id=").nth(1).and_then(|rest| rest.split('&').next()).unwrap_or_default().to_owned();
            Reply::html(listing(&format!("Chair number {id}"), &format!("Oak, lot {id}."), &[]))
        }
    });
    let hub = hub_at(&server, "revisit = \"1h\"").await;
    assert_eq!(scan(&hub).await["pages"], 11, "both names of each of five items");
    phase.store(1, Ordering::Release);
    hub.clock.advance_hours(2);
    let before = server.log().len();
    let second = scan(&hub).await;
    let asked = since(&server, before);
    let new: Vec<&String> = asked.iter().filter(|path| !path.contains("src=")).collect();
    assert_eq!(new.len(), 21, "the start page and each new item once, under its shortest name: {asked:?}");
    let notes = second["coverage"]["notes"].to_string();
    assert!(notes.contains("`src`") && notes.contains("changes nothing") && !notes.contains("`id`"), "{notes}");
}

#[test]
fn pages_that_say_there_is_nothing_are_named_and_hold_no_offer() {
    let over = Arc::new(AtomicUsize::new(0));
    let held = over.clone();
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&["/offer".to_owned(), "/lost".to_owned(), "/sly".to_owned()])),
        "/offer" if held.load(Ordering::Acquire) > 0 => {
            let page = offer(1, &[]).replace("<body>", "<body><p>This listing has ended.</p>");
            Reply::html(page)
        }
        "/offer" => Reply::html(offer(1, &[])),
        "/lost" => Reply::html("<title>Page not found</title><p>Sorry, this page does not exist."),
        _ => Reply::html(
            offer(2, &[]).replace("Discreet shipping", "The old batch is no longer available. Discreet shipping"),
        ),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "revisit = \"40ms\"");
    let first = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(first.coverage("bazaar")["outcomes"], json!({ "page": 3, "soft-404": 1 }));
    assert_eq!(first.platform("bazaar")["referrals_new"], 2, "a seller's words hide nothing");
    over.store(1, Ordering::Release);
    std::thread::sleep(std::time::Duration::from_millis(200));
    let second = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(second.coverage("bazaar")["outcomes"]["item-ended"], 1, "{}", second.coverage("bazaar"));
    let truth = rusqlite::Connection::open(place.data().join("truth.db")).unwrap();
    let gone: i64 = truth
        .query_row("SELECT count(*) FROM hits WHERE gone_at IS NOT NULL AND url LIKE '%/offer'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(gone, 1, "an offer that is over is gone, though its page still answers 200");
}

#[test]
fn a_product_feed_is_a_source_of_listings_and_its_pages_add_to_the_same_case() {
    let text = "Isotonitazene powder 99% purity, bulk price per gram, discreet shipping worldwide, customs guarantee, \
                minimum order 10 g, payment in bitcoin, samples available, telegram only";
    let server = MockServer::start(move |asked| {
        let origin = format!("http://{}", asked.header("host").unwrap_or_default());
        match asked.path.as_str() {
            "/robots.txt" => Reply::status(404),
            "/products.xml" => Reply::of(
                200,
                "application/xml",
                format!(
                    "<rss version='2.0' xmlns:g='http://base.google.com/ns/1.0'><channel><title>t</title>\
                     <item><g:id>1</g:id><g:title>Isotonitazene powder</g:title><g:description>{text}</g:description>\
                     <g:link>{origin}/item/1</g:link><g:price>20 EUR</g:price></item>\
                     <item><g:id>2</g:id><g:title>Garden chair</g:title><g:description>Oak</g:description><g:link>{origin}/item/2</g:link></item>\
                     <item><g:id>3</g:id><g:title>Isotonitazene powder</g:title><g:description>{text}</g:description>\
                     <g:link>https://elsewhere.example.test/3</g:link></item></channel></rss>"
                ),
            ),
            "/item/1" => Reply::html(listing("Isotonitazene powder", text, &[])),
            "/item/2" => Reply::html(listing("Garden chair", "Oak", &[])),
            _ => Reply::html(links(&[])),
        }
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), &format!("feeds = [\"{}\"]", server.url("/products.xml")));
    let ended = place.run(&["scan", "--json"]).expect(0);
    let result = ended.platform("bazaar");
    assert_eq!((&result["pages"], &result["referrals_new"]), (&4.into(), &1.into()), "{result}");
    assert_eq!(result["listings"], 4, "two of the feed within the agreement, two of their pages");
    let cases = place.referrals();
    assert_eq!(cases[0]["urls"], json!([server.url("/item/1")]));
    // The feed is evidence of what it offers: each hit cites a stored record.
    let truth = rusqlite::Connection::open(place.data().join("truth.db")).unwrap();
    let hits: i64 = truth.query_row("SELECT count(*) FROM hits WHERE warc_record <> ''", [], |row| row.get(0)).unwrap();
    assert_eq!(hits, 2);
    place.run(&["audit", "verify"]).expect(0);
}

#[test]
fn sitemaps_that_lie_cost_little() {
    let server = MockServer::start(|asked| {
        let origin = format!("http://{}", asked.header("host").unwrap_or_default());
        match asked.path.as_str() {
            "/robots.txt" => {
                Reply::text(format!("Sitemap: {origin}/map/0\nSitemap: {origin}/page\nSitemap: {origin}/none\n"))
            }
            "/" => Reply::html(links(&[])),
            "/page" => Reply::html("<title>Shop</title><p>no sitemap"),
            "/none" => Reply::status(404),
            path if path.starts_with("/map/") => {
                // An index that names itself and twenty more, each of which does the same.
                let more: String =
                    (0..20).map(|n| format!("<sitemap><loc>{origin}{path}{n}</loc></sitemap>")).collect();
                let body = format!(
                    "<sitemapindex><sitemap><loc>{origin}{path}</loc></sitemap>{more}\
                     <sitemap><loc>http://user:pass@127.0.0.1/x</loc></sitemap></sitemapindex>"
                );
                Reply::of(200, "application/xml", body)
            }
            _ => Reply::status(404),
        }
    });
    let place = Place::new();
    place.settings("[limits]\npage_deadline = \"2s\"\nsitemaps_per_host = 10\n");
    place.own_site("bazaar", &server.url("/"), "");
    let ended = place.run(&["scan", "--json"]).expect(4);
    let coverage = ended.coverage("bazaar");
    assert_eq!(coverage["failures"]["sitemap-malformed"], 1, "{coverage}");
    assert!(coverage["failures"]["sitemap-budget"].as_u64().unwrap() > 0, "{coverage}");
    assert!(server.log().len() < 20, "{:?}", server.paths());
}

#[test]
fn sitemaps_named_in_robots_txt_are_read_up_to_the_limit_and_the_rest_counted() {
    let server = MockServer::start(|asked| {
        let origin = format!("http://{}", asked.header("host").unwrap_or_default());
        match asked.path.as_str() {
            "/robots.txt" => Reply::text((0..6).map(|n| format!("Sitemap: {origin}/map{n}.xml\n")).collect::<String>()),
            "/" => Reply::html(links(&[])),
            path if path.starts_with("/map") => {
                Reply::of(200, "application/xml", "<urlset><url><loc>/</loc></url></urlset>")
            }
            _ => Reply::status(404),
        }
    });
    let place = Place::new();
    place.settings("[limits]\nsitemaps_per_host = 2\n");
    place.own_site("bazaar", &server.url("/"), "sitemaps = \"robots\"");
    let coverage = place.run(&["scan", "--json"]).expect(4).coverage("bazaar");
    let maps = server.paths().iter().filter(|path| path.starts_with("/map")).count();
    assert_eq!((maps, &coverage["failures"]["sitemap-budget"]), (2, &json!(4)), "{coverage}");
}

#[test]
fn addresses_of_sitemaps_and_feeds_that_are_not_asked_for_are_counted_with_their_reason() {
    let server = MockServer::start(|asked| {
        let origin = format!("http://{}", asked.header("host").unwrap_or_default());
        match asked.path.as_str() {
            "/robots.txt" => Reply::text(format!("Sitemap: {origin}/map.xml\nSitemap: http://[half/map.xml\n")),
            "/" => Reply::html(links(&[])),
            "/map.xml" => Reply::of(
                200,
                "application/xml",
                "<urlset><url><loc>http://user:pass@127.0.0.1/x</loc></url><url><loc>http://[broken/</loc></url>\
                 <url><loc>https://other.example.test/y</loc></url></urlset>",
            ),
            "/feed.jsonl" => Reply::of(
                200,
                "application/json",
                "{\"id\":1,\"title\":\"Lamp\",\"url\":\"/item/1\"}\n\
                 {\"id\":2,\"title\":\"Chair\",\"url\":\"https://other.example.test/2\"}\n\
                 {\"id\":3,\"title\":\"Table\",\"url\":\"https://other.example.test/3\"}\n",
            ),
            "/item/1" => Reply::html(listing("Lamp", "Brass", &[])),
            _ => Reply::status(404),
        }
    });
    let place = Place::new();
    let crawl = format!("sitemaps = \"robots\"\nfeeds = [\"{}\"]", server.url("/feed.jsonl"));
    place.own_site("bazaar", &server.url("/"), &crawl);
    let coverage = place.run(&["scan", "--json"]).expect(0).coverage("bazaar");
    assert_eq!(
        coverage["skipped"],
        json!({ "link-malformed": 2, "link-userinfo": 1, "scope-host": 3 }),
        "one broken address of robots.txt and one of the sitemap, one with a password, three outside: {coverage}"
    );
}

#[test]
fn a_feed_that_moved_to_an_address_known_as_a_page_is_read_as_a_feed() {
    let page = offer(1, &[]);
    let between = |from: &str, to: &str| {
        let rest = &page[page.find(from).unwrap() + from.len()..];
        rest[..rest.find(to).unwrap()].to_owned()
    };
    let item =
        format!("<title>{}</title><description>{}</description>", between("<h1>", "</h1>"), between("<p>", "</p>"));
    // The page is met before the feed is known to have moved there, at the same time, or while it is asked for.
    for (feed_takes, page_takes) in [(400, 0), (0, 0), (150, 600)] {
        let item = item.clone();
        let server = MockServer::start(move |asked| match asked.path.as_str() {
            "/" => Reply::html(links(&["/feed/new".to_owned()])),
            "/feed/old" => {
                std::thread::sleep(Duration::from_millis(feed_takes));
                Reply::redirect("/feed/new")
            }
            "/feed/new" => {
                std::thread::sleep(Duration::from_millis(page_takes));
                let host = asked.header("host").unwrap_or_default();
                Reply::of(
                    200,
                    "application/rss+xml",
                    format!(
                        "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:g=\"http://base.google.com/ns/1.0\"><channel>\
                         <title>f</title><item>{item}<link>http://{host}/item/1</link><g:id>77</g:id>\
                         <g:price>100 USD</g:price></item></channel></rss>"
                    ),
                )
            }
            _ => Reply::status(404),
        });
        let place = Place::new();
        let feeds = format!("concurrency = 4\nfeeds = [\"{}\"]", server.url("/feed/old"));
        place.own_site("bazaar", &server.url("/"), &feeds);
        place.run(&["scan", "--json"]).expect(0);
        let (offered, cases) = (json!(server.url("/item/1")), place.referrals());
        let is_offered = |case: &Value| case["urls"].as_array().unwrap().contains(&offered);
        assert!(cases.iter().any(is_offered), "{feed_takes} ms, {page_takes} ms: {cases:?}");
        // It stays one, and is asked for no more often than others.
        let before = server.count("/feed/new");
        place.run(&["scan", "--json"]).expect(0);
        assert_eq!(server.count("/feed/new"), before);
    }
}

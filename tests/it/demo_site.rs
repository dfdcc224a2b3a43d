//! The bundled marketplace as a visitor meets it: over HTTP, by links and sitemaps.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use listingwatch::config::platforms;
use listingwatch::dedup::minhash::MinHash;
use listingwatch::demo::DEFAULT_SEED;
use listingwatch::demo::hosts::HOSTS;
use listingwatch::demo::serve::{DemoError, Marketplace, PortChoice};
use listingwatch::demo::site::Site;
use listingwatch::frontier::robots::RobotsRecord;
use listingwatch::vocab::found::FoundUrl;
use listingwatch::vocab::platform::{Basis, Rate};
use listingwatch::vocab::time::Timestamp;
use listingwatch::vocab::url::CanonicalUrl;

const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

async fn open() -> Marketplace {
    Marketplace::start(Arc::new(Site::build(DEFAULT_SEED)), PortChoice::Any, NOW).await.expect("loopback listens")
}

fn client() -> reqwest::Client {
    // A second installation is refused, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(10))
        .build()
        .expect("a client")
}

/// What a breadth-first reader saw: status and body of every page, by canonical URL; and how many requests each host got.
struct Walk {
    pages: BTreeMap<CanonicalUrl, (u16, String)>,
    requests: Vec<u32>,
}

/// Reads the whole marketplace from its home pages and sitemaps, in scope and within robots.txt, without any pause.
async fn walk(market: &Marketplace) -> Walk {
    let client = client();
    let mut walk = Walk { pages: BTreeMap::new(), requests: vec![0; HOSTS.len()] };
    let mut queue: VecDeque<(CanonicalUrl, u32)> = VecDeque::new();
    for (host, origin) in market.origins().iter().enumerate() {
        let mut sitemaps: Vec<String> =
            HOSTS[host].robots.sitemaps.iter().map(|path| format!("{origin}{path}")).collect();
        let robots = client.get(format!("{origin}/robots.txt")).send().await.unwrap().text().await.unwrap();
        walk.requests[host] += 1;
        for path in &sitemaps {
            assert!(robots.contains(path.as_str()), "{robots}");
        }
        queue.push_back((CanonicalUrl::parse(origin, None).unwrap(), 0));
        while let Some(sitemap) = sitemaps.pop() {
            let bytes = client.get(&sitemap).send().await.unwrap().bytes().await.unwrap();
            walk.requests[host] += 1;
            let mut xml = String::new();
            if sitemap.ends_with(".gz") {
                flate2::read::GzDecoder::new(bytes.as_ref()).read_to_string(&mut xml).unwrap();
            } else {
                xml = String::from_utf8(bytes.to_vec()).unwrap();
            }
            let locations = xml.split("<loc>").skip(1).map(|rest| rest.split("</loc>").next().unwrap().to_owned());
            if xml.contains("<sitemapindex") {
                sitemaps.extend(locations);
            } else {
                queue.extend(locations.map(|url| (CanonicalUrl::parse(&url, None).unwrap(), 1)));
            }
        }
    }
    let links = scraper::Selector::parse("a[href]").unwrap();
    let mut seen: BTreeSet<CanonicalUrl> = queue.iter().map(|(url, _)| url.clone()).collect();
    while let Some((url, depth)) = queue.pop_front() {
        let host = market.origins().iter().position(|origin| origin == url.host().as_str());
        let Some(host) = host.filter(|host| HOSTS[*host].robots.allows(url.path_and_query())) else { continue };
        let response = client.get(url.as_str()).send().await.unwrap();
        walk.requests[host] += 1;
        let status = response.status().as_u16();
        let mut next: Vec<String> = Vec::new();
        if let Some(target) = response.headers().get("location") {
            next.push(target.to_str().unwrap().to_owned());
        }
        let text = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        let html = scraper::Html::parse_document(&text);
        next.extend(html.select(&links).filter_map(|link| link.value().attr("href")).map(str::to_owned));
        walk.pages.insert(url.clone(), (status, text));
        for href in next {
            let Ok(link) = CanonicalUrl::parse(&href, Some(&url)) else { continue };
            // The platform files promise that nothing deeper is followed; it is all that ends the calendar.
            if depth < 12 && seen.insert(link.clone()) {
                queue.push_back((link, depth + 1));
            }
        }
    }
    walk
}

#[tokio::test]
async fn every_listing_is_reached_by_links_or_sitemaps_and_the_visit_fits_its_time() {
    let market = open().await;
    let walk = walk(&market).await;
    let read = |url: &CanonicalUrl| walk.pages.get(url).is_some_and(|(status, _)| *status == 200);
    let truth = market.truth();
    for offer in &truth.planted {
        for url in &offer.urls {
            assert!(read(url), "{}: {url} was not reached", offer.id);
        }
        for alias in &offer.aliases {
            assert!(walk.pages.contains_key(alias), "{}: {alias} was not reached", offer.id);
        }
    }
    for url in truth.ordinary.iter().chain(&truth.look_alikes) {
        assert!(read(url), "{url} was not reached");
    }
    let good = walk.pages.values().filter(|(status, _)| *status == 200).count();
    assert!(good >= 200, "{good} pages");
    assert!(walk.pages.values().all(|(status, _)| matches!(status, 200 | 301 | 302)), "dead links");
    assert!(!walk.pages.values().any(|(_, text)| text.contains("@@")), "a mark was left in a page");

    let seconds: Vec<f64> = HOSTS
        .iter()
        .zip(&walk.requests)
        .map(|(host, count)| f64::from(*count) * host.promised_pause().as_secs_f64())
        .collect();
    println!("requests {:?}, seconds at the promised pace {seconds:?}", walk.requests);
    assert!(seconds.iter().all(|seconds| *seconds <= 40.0), "{seconds:?}");

    let audit = market.audit();
    assert_eq!(audit.requests as u32, walk.requests.iter().sum::<u32>());
    assert_eq!(audit.disallowed, 0, "{:?}", audit.examples);
    assert!(audit.short_gaps > 0, "a reader without pauses must be noticed");
    market.shutdown().await;
}

#[tokio::test]
async fn the_audit_sees_a_forbidden_path_and_lets_a_patient_visitor_pass() {
    let market = open().await;
    let client = client();
    let origin = &market.origins()[0];
    for path in ["/robots.txt", "/about"] {
        client.get(format!("{origin}{path}")).send().await.unwrap();
        tokio::time::sleep(HOSTS[0].promised_pause()).await;
    }
    // A person who looks at the account page at the same time is no robot.
    let click =
        client.get(format!("{origin}/account/login")).header("sec-fetch-mode", "navigate").send().await.unwrap();
    assert_eq!(click.status(), 200);
    let audit = market.audit();
    assert_eq!((audit.requests, audit.disallowed, audit.short_gaps), (2, 0, 0), "{audit:?}");

    for path in ["/account/orders", "/search?q=x", "/category/garden?sort=price", "/account/help"] {
        client.get(format!("{origin}{path}")).send().await.unwrap();
    }
    let audit = market.audit();
    assert_eq!((audit.requests, audit.disallowed), (6, 3), "{audit:?}");
    assert_eq!(audit.short_gaps, 3, "{audit:?}");
    market.shutdown().await;
}

#[tokio::test]
async fn a_listing_that_was_taken_down_ends_as_its_host_ends_listings() {
    let market = open().await;
    let client = client();
    let expected = [("bazaar", 410, true), ("markt", 200, true), ("plaza", 404, false), ("pinboard", 200, true)];
    for (host, (key, status, says_so)) in expected.into_iter().enumerate() {
        assert_eq!(HOSTS[host].key, key);
        let origin = &market.origins()[host];
        let offer = market.truth().planted.iter().find(|offer| offer.host == *origin).unwrap();
        let url = offer.urls[0].as_str();
        let before = client.get(url).send().await.unwrap();
        assert_eq!(before.status(), 200);
        let tag = before.headers()["etag"].clone();

        assert!(market.take_down(&format!("{url}?utm_source=notice")));
        let after = client.get(url).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(after.status().as_u16(), status, "{url}");
        assert_eq!(after.text().await.unwrap().contains(HOSTS[host].words.ended), says_so, "{url}");

        assert!(market.put_back(url));
        assert!(!market.put_back(url));
        assert_eq!(client.get(url).send().await.unwrap().status(), 200);
    }
    assert!(!market.take_down("http://127.0.0.1:1/elsewhere"));
    assert!(!market.take_down(&format!("{}/about", market.origins()[0])), "only listings can be taken down");
    market.shutdown().await;
}

#[tokio::test]
async fn an_unchanged_page_is_not_sent_twice() {
    let market = open().await;
    let client = client();
    let url = format!("{}/about", market.origins()[1]);
    let first = client.get(&url).send().await.unwrap();
    let (tag, changed) = (first.headers()["etag"].clone(), first.headers()["last-modified"].clone());
    for (name, value, status) in [
        ("if-none-match", tag.clone(), 304),
        ("if-modified-since", changed, 304),
        ("if-none-match", "\"another\"".parse().unwrap(), 200),
        ("if-modified-since", "Mon, 01 Jan 2024 00:00:00 GMT".parse().unwrap(), 200),
    ] {
        let again = client.get(&url).header(name, value).send().await.unwrap();
        assert_eq!(again.status().as_u16(), status, "{name}");
        assert_eq!(again.headers()["etag"], tag);
    }
    assert_eq!(client.post(&url).send().await.unwrap().status(), 405);
    market.shutdown().await;
}

#[tokio::test]
async fn the_platform_files_are_accepted_and_promise_what_is_audited() {
    let market = open().await;
    let today = jiff::civil::date(2026, 11, 24);
    let files = market.platform_files();
    let platforms: Vec<_> = files
        .iter()
        .map(|(name, text)| {
            platforms::parse(name, text, today).unwrap_or_else(|problems| panic!("{name}: {problems:?}"))
        })
        .collect();
    assert_eq!(platforms.len(), 3);
    for (spec, origin) in HOSTS.iter().zip(market.origins()) {
        let home = FoundUrl::parse(origin, None).unwrap();
        let own: Vec<_> = platforms.iter().filter(|platform| platform.in_scope(&home).is_ok()).collect();
        assert_eq!(own.len(), 1, "{origin}");
        assert_eq!(own[0].id.as_str(), spec.platform);
        assert_eq!(own[0].agreement.basis, Basis::OwnSite);
        assert_eq!(own[0].crawl.rate, Rate::Every(spec.agreed_pause), "the audit knows the agreed rate");
        assert!(own[0].crawl.start.contains(&home));
        assert!(own[0].crawl.private_addresses.iter().any(|range| range.contains([127, 0, 0, 4].into())));
    }
    market.shutdown().await;
}

#[tokio::test]
async fn a_fixed_port_is_kept_and_a_taken_one_is_an_error_or_a_reason_to_move() {
    let first = open().await;
    let port: u16 = first.origins()[0].rsplit(':').next().unwrap().parse().unwrap();
    let site = Arc::new(Site::build(1));
    match Marketplace::start(Arc::clone(&site), PortChoice::Fixed(port), NOW).await {
        Err(DemoError::Bind { address, .. }) => assert_eq!(address.port(), port),
        Ok(_) => panic!("the port is taken"),
    }
    let moved = Marketplace::start(Arc::clone(&site), PortChoice::Prefer(port), NOW).await.unwrap();
    assert_ne!(moved.origins()[0], first.origins()[0]);
    first.shutdown().await;
    let kept = Marketplace::start(site, PortChoice::Fixed(port), NOW).await.unwrap();
    assert!(kept.origins()[0].ends_with(&format!(":{port}")));
    moved.shutdown().await;
    kept.shutdown().await;
}

#[tokio::test]
async fn near_duplicates_are_near_and_other_offers_are_not() {
    let market = open().await;
    let walk = walk(&market).await;
    // The visible text of the listing alone, as every template shows it.
    let body = scraper::Selector::parse(".offer h1, .offer p:not(.cost):not([itemprop=seller]):not([property=seller])")
        .unwrap();
    let text = |url: &CanonicalUrl| {
        let html = scraper::Html::parse_document(&walk.pages[url].1);
        let parts: Vec<String> = html.select(&body).map(|part| part.text().collect()).collect();
        parts.join("\n")
    };
    let truth = market.truth();
    let prints: Vec<(&str, MinHash)> = truth
        .planted
        .iter()
        .flat_map(|offer| offer.urls.iter().map(|url| (offer.id.as_str(), MinHash::of(&text(url)))))
        .collect();
    for (at, (id, print)) in prints.iter().enumerate() {
        for (other_id, other) in &prints[..at] {
            let similarity = print.similarity(other);
            if id == other_id {
                assert!(similarity >= 0.75, "{id}: {similarity}");
            } else {
                assert!(similarity < 0.5, "{id} and {other_id}: {similarity}");
            }
        }
    }
    for url in truth.ordinary.iter().chain(&truth.look_alikes) {
        let print = MinHash::of(&text(url));
        for (id, planted) in &prints {
            assert!(print.similarity(planted) < 0.5, "{url} and {id}");
        }
    }
    market.shutdown().await;
}

/// Two readings of the same files, written apart from each other: the crawler's and the audit's.
#[tokio::test]
async fn the_crawler_reads_each_robots_file_as_the_audit_does() {
    let market = open().await;
    let client = client();
    for (spec, origin) in HOSTS.iter().zip(market.origins()) {
        let body = client.get(format!("{origin}/robots.txt")).send().await.unwrap().bytes().await.unwrap();
        let record = RobotsRecord::from_answer(Some(200), &body, NOW);
        assert_eq!(record.crawl_delay, Some(spec.robots.crawl_delay), "{}", spec.key);
        assert_eq!(record.sitemaps.len(), spec.robots.sitemaps.len(), "{}", spec.key);
        let listing = format!("{}41007", spec.paths.listing);
        let category = format!("{}x", spec.paths.category);
        for path in [
            "/",
            "/about",
            "/account/login",
            "/account/help",
            "/account/help/x",
            "/search",
            "/search?q=a",
            "/img/1.svg",
            "/assets/shop.css",
            "/calendar/2026/11/",
            "/partner",
            "/sitemap.xml",
            &listing,
            &format!("{listing}?sort=up"),
            &category,
            &format!("{category}?page=2"),
            &format!("{category}?sort=price"),
            &format!("{category}?page=2&sort=price"),
        ] {
            let url = FoundUrl::parse(&format!("{origin}{path}"), None).unwrap();
            assert_eq!(record.allows(&url), spec.robots.allows(url.path_and_query()), "{url}");
        }
    }
    market.shutdown().await;
}

//! Scans end to end: what is asked, how often, how fast, and what the coverage statement says of the rest.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, PlatformFile, links, listing, offer};

/// Links under the server's own address are written as paths.
fn paths(list: &[&str]) -> Vec<String> {
    list.iter().map(|path| (*path).to_owned()).collect()
}

#[test]
fn each_page_is_asked_once_whatever_tracking_and_session_parameters_its_links_carry() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /private/\nDisallow: /*?print=\n"),
        "/" => Reply::html(links(&paths(&[
            "/item/1?utm_source=home&gclid=7",
            "/item/1?PHPSESSID=abcdef",
            "/item/1#reviews",
            "/item/./1",
            "/x/../item/1",
            "/item/2?b=2&a=1",
            "/item/2?a=1&b=2&fbclid=x",
            "/private/basket",
            "/item/1?print=1",
            "/outside",
            "mailto:a@b.example.test",
            "https://elsewhere.example.test/item",
        ]))),
        "/item/1" => Reply::html(listing("Garden chair", "A chair of oak, hardly used.", &paths(&["/", "/deep/1"]))),
        "/item/2?b=2&a=1" => Reply::html(offer(1, &paths(&["/item/1?utm_campaign=again"]))),
        "/deep/1" => Reply::html(links(&paths(&["/deep/2"]))),
        "/deep/2" => Reply::html(links(&paths(&["/deep/3"]))),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "exclude = [\"/outside\"]\nmax_depth = 3\nconcurrency = 4");
    let ended = place.run(&["scan", "--json"]).expect(0);
    let mut asked: BTreeMap<String, usize> = BTreeMap::new();
    for path in server.paths() {
        *asked.entry(path).or_default() += 1;
    }
    let once = ["/", "/deep/1", "/deep/2", "/item/1", "/item/2?b=2&a=1", "/robots.txt"];
    assert_eq!(asked, once.iter().map(|path| ((*path).to_owned(), 1)).collect());
    let agent = server.log()[0].header("user-agent").unwrap_or_default().to_owned();
    assert!(agent.starts_with("listingwatch/") && agent.contains("(+http"), "who asks must be said: {agent}");
    let result = ended.platform("bazaar");
    assert_eq!((&result["pages"], &result["hits"], &result["referrals_new"]), (&5.into(), &1.into(), &1.into()));
    let coverage = &result["coverage"];
    assert_eq!(coverage["fetched"], 5);
    assert_eq!(coverage["complete"], true);
    assert_eq!(
        coverage["skipped"],
        serde_json::json!({ "robots": 2, "scope-host": 1, "scope-path": 1, "depth": 1 }),
        "{coverage}"
    );
    // Nothing is due yet: a second scan asks for nothing.
    let before = server.log().len();
    let again = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(again.platform("bazaar")["pages"], 0);
    assert_eq!(server.log().len(), before);
}

#[test]
fn crawl_delay_is_kept_between_all_requests_as_the_server_sees_them() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: listingwatch\nCrawl-delay: 0.3\n"),
        "/" => Reply::html(links(&(0..6).map(|n| format!("/{n}")).collect::<Vec<_>>())),
        _ => Reply::html(listing("Chair", "Oak.", &[])),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 4");
    place.run(&["scan", "--json"]).expect(0);
    assert_eq!(server.log().len(), 8);
    assert!(server.shortest_gap() >= Duration::from_millis(300), "{:?}", server.shortest_gap());
}

#[test]
fn the_agreed_rate_holds_when_robots_says_nothing() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&(0..5).map(|n| format!("/{n}")).collect::<Vec<_>>())),
        _ => Reply::html(listing("Chair", "Oak.", &[])),
    });
    let place = Place::new();
    place.platform(&PlatformFile {
        rate: "240/min",
        start: &server.url("/"),
        crawl: "concurrency = 4",
        ..Default::default()
    });
    place.run(&["scan", "--json"]).expect(0);
    assert_eq!(server.log().len(), 7);
    assert!(server.shortest_gap() >= Duration::from_millis(250), "{:?}", server.shortest_gap());
}

#[test]
fn a_gzipped_sitemap_index_leads_to_pages_no_link_names() {
    let gzip = |text: String| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(text.as_bytes()).and_then(|()| out.finish()).unwrap()
    };
    let server = MockServer::start(move |asked| {
        let origin = format!("http://{}", asked.header("host").unwrap_or_default());
        match asked.path.as_str() {
            "/robots.txt" => {
                Reply::text(format!("Sitemap: {origin}/map/index.xml.gz\nUser-agent: *\nDisallow: /no/\n"))
            }
            "/map/index.xml.gz" => Reply::of(
                200,
                "application/gzip",
                gzip(format!(
                    "<sitemapindex><sitemap><loc>{origin}/map/1.xml.gz</loc></sitemap><sitemap><loc>{origin}/map/2.txt</loc>\
                     </sitemap><sitemap><loc>https://elsewhere.example.test/s.xml</loc></sitemap></sitemapindex>"
                )),
            ),
            "/map/1.xml.gz" => Reply::of(
                200,
                "application/x-gzip",
                gzip(format!(
                    "<urlset><url><loc>{origin}/hidden/1?a=1&amp;b=2</loc></url><url><loc>{origin}/no/1</loc></url>\
                     <url><loc>{origin}/out/1</loc></url></urlset>"
                )),
            ),
            "/map/2.txt" => Reply::text(format!("{origin}/hidden/2\n")),
            "/" => Reply::html(links(&[])),
            _ => Reply::html(listing("Chair", "Oak.", &[])),
        }
    });
    let place = Place::new();
    // Sitemaps may lie outside the paths in scope: the globs speak of pages.
    place.own_site("bazaar", &server.url("/"), "include = [\"/\", \"/hidden/*\", \"/no/*\"]");
    let ended = place.run(&["scan", "--json"]).expect(0);
    let mut asked = server.paths();
    asked.sort();
    let expected =
        ["/", "/hidden/1?a=1&b=2", "/hidden/2", "/map/1.xml.gz", "/map/2.txt", "/map/index.xml.gz", "/robots.txt"];
    assert_eq!(asked, expected);
    let coverage = ended.coverage("bazaar");
    assert_eq!(coverage["skipped"], serde_json::json!({ "robots": 1, "scope-host": 1, "scope-path": 1 }), "{coverage}");
}

#[test]
fn a_redirect_asks_again_as_a_new_url_and_never_leaves_the_scope() {
    let outside = MockServer::start_at(Ipv4Addr::new(127, 0, 0, 2), |_| Reply::html("outside"));
    let away = outside.url("/");
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /banned\n"),
        "/" => {
            Reply::html(links(&paths(&["/moved", "/away", "/to-banned", "/loop/a", "/self", "/nowhere", "/chain/0"])))
        }
        "/moved" => Reply::redirect("/new?utm_source=x"),
        "/new" => Reply::html(offer(2, &[])),
        "/away" => Reply::redirect(away.clone()),
        "/to-banned" => Reply::redirect("/banned/1"),
        "/loop/a" => Reply::redirect("/loop/b"),
        "/loop/b" => Reply::redirect("/loop/a"),
        "/self" => Reply::redirect("/self#again"),
        "/nowhere" => Reply::redirect("http://"),
        path => match path.strip_prefix("/chain/").and_then(|n| n.parse::<u32>().ok()) {
            Some(n) => Reply::redirect(format!("/chain/{}", n + 1)),
            None => Reply::status(404),
        },
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "max_depth = 6");
    // Else the number of redirects in a row would end the chain.
    place.settings("[limits]\nredirects = 20\n");
    let ended = place.run(&["scan", "--json"]).expect(4);
    assert_eq!(outside.log().len(), 0, "nothing out of scope is asked, not even robots.txt");
    assert_eq!(server.count("/new"), 1);
    assert_eq!(server.count("/banned/1"), 0);
    assert_eq!((server.count("/loop/a"), server.count("/loop/b"), server.count("/self")), (1, 1, 1));
    let chain = server.paths().iter().filter(|path| path.starts_with("/chain/")).count();
    assert_eq!(chain, 6, "a chain of redirects ends at the depth limit");
    let result = ended.platform("bazaar");
    assert_eq!(result["referrals_new"], 1);
    let skipped = &result["coverage"]["skipped"];
    assert_eq!(*skipped, serde_json::json!({ "scope-host": 1, "robots": 1, "redirect-malformed": 1, "depth": 1 }));
    // What is behind a redirect to itself, at once or in a circle, was not seen.
    assert_eq!(result["coverage"]["failures"], serde_json::json!({ "redirect-to-itself": 2 }));
    assert_eq!(result["coverage"]["complete"], false);
    let urls = place.referrals()[0]["urls"].clone();
    assert_eq!(urls, serde_json::json!([server.url("/new")]));
}

#[test]
fn a_budget_that_ends_first_is_a_partial_scan_and_the_next_one_goes_on() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&(0..9).map(|n| format!("/{n}")).collect::<Vec<_>>())),
        _ => Reply::html(listing("Chair", "Oak.", &[])),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    let first = place.run(&["scan", "--json", "--max-pages", "4"]).expect(4);
    assert_eq!(first.platform("bazaar")["pages"], 4);
    assert_eq!(first.coverage("bazaar")["failures"], serde_json::json!({ "page-budget": 1 }));
    let second = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(second.platform("bazaar")["pages"], 6);
    let mut pages = server.paths();
    pages.retain(|path| path != "/robots.txt");
    pages.sort();
    pages.dedup();
    assert_eq!(pages.len(), 10, "none is left out");
    assert_eq!(server.log().len(), 11, "and none is asked twice; robots.txt is kept for a day");
}

#[test]
fn a_scan_that_may_last_two_seconds_does_not_sleep_through_a_long_crawl_delay() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: *\nCrawl-delay: 40\n"),
        _ => Reply::html(links(&paths(&["/1", "/2"]))),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    let ended = place.run(&["scan", "--json", "--for", "1s"]).expect(4);
    assert!(ended.took < Duration::from_secs(8), "{:?}", ended.took);
    assert_eq!(ended.coverage("bazaar")["failures"], serde_json::json!({ "time-budget": 1 }));
    assert_eq!(server.paths(), ["/robots.txt"]);
}

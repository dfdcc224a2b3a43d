//! A page's address as the site publishes it is what is asked for, judged, shown and kept; its canonical form is the key.

use std::io::Read;

use serde_json::json;

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, files, links, offer};

fn paths(list: &[&str]) -> Vec<String> {
    list.iter().map(|path| (*path).to_owned()).collect()
}

/// Everything that was asked for but robots.txt, sorted.
fn asked(server: &MockServer) -> Vec<String> {
    let mut paths = server.paths();
    paths.retain(|path| path != "/robots.txt");
    paths.sort();
    paths
}

/// The text of all WARC files.
pub fn warc(place: &Place) -> String {
    let mut text = String::new();
    for path in files(&place.data()).iter().filter(|path| path.extension().is_some_and(|ending| ending == "gz")) {
        let mut bytes = Vec::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
        text.push_str(&String::from_utf8_lossy(&bytes));
    }
    text
}

#[test]
fn the_published_address_is_asked_for_shown_and_kept() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::text("Sitemap: /map.php?z=1&a=2\nUser-agent: *\nDisallow: /no/\n"),
        "/map.php?z=1&a=2" => {
            Reply::text(format!("http://{}/shop/index.php?view=list&cat=5\n", asked.header("host").unwrap_or_default()))
        }
        "/" => Reply::html(links(&paths(&["/find?name=oak%20chair", "/empty?"]))),
        "/shop/index.php?view=list&cat=5" => Reply::html(links(&paths(&["?view=item&id=7"]))),
        "/shop/index.php?view=item&id=7" => Reply::html(offer(1, &[])),
        "/find?name=oak%20chair" => Reply::of(
            200,
            "text/html; charset=gbk",
            [b"<a href='/find?name=".as_slice(), b"\xd2\xce\xd7\xd3", b"'>more</a>"].concat(),
        ),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    place.settings("[sender]\nname = \"Office\"\naddress = \"Street 1\"\ncontact = \"office@example.test\"\n");
    place.run(&["scan", "--json"]).expect(0);
    assert_eq!(
        asked(&server),
        [
            "/",
            "/empty?",
            "/find?name=%D2%CE%D7%D3",
            "/find?name=oak%20chair",
            "/map.php?z=1&a=2",
            "/shop/index.php?view=item&id=7",
            "/shop/index.php?view=list&cat=5"
        ]
    );
    let published = server.url("/shop/index.php?view=item&id=7");
    let case = place.referrals()[0].clone();
    assert_eq!(case["urls"], json!([published]));
    let kept = warc(&place);
    assert!(kept.contains(&format!("WARC-Target-URI: {published}\r\n")), "{kept}");
    assert!(kept.contains("GET /shop/index.php?view=item&id=7 HTTP/1.1\r\n"), "{kept}");
    let id = case["id"].as_str().unwrap().to_owned();
    place.run(&["referrals", "approve", &id, "--as", "anna"]).expect(0);
    let notice = place.run(&["referrals", "notice", &id, "--json"]).expect(0).json();
    assert_eq!(notice["urls"], json!([published]), "{notice}");
    // A look at the case asks for the same address.
    let before = server.count("/shop/index.php?view=item&id=7");
    place.run(&["referrals", "recheck", &id]).expect(0);
    assert_eq!(server.count("/shop/index.php?view=item&id=7"), before + 1);
}

#[test]
fn rules_and_scope_speak_of_every_form_of_an_address() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::text(
            "User-agent: *\nDisallow: /index.php?route=account\nDisallow: /*?sort=\nDisallow: /list?a=\nAllow: /list?page=\n\
             Disallow: /search/{term}\n",
        ),
        "/" => Reply::html(links(&paths(&[
            "/index.php?route=account/login",
            "/shop?sort=price&by=2",
            "/list?b=2&a=1",
            "/list?page=2&a=1",
            "/search/{term}?x=1",
            "/hidden/index.html",
            "/open/%73ecret",
            "/to-banned",
            "/fine?z=1&a=2",
        ]))),
        "/to-banned" => Reply::redirect("/x?sort=1&a=2"),
        _ => Reply::html("<p>a page</p>"),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "exclude = [\"/hidden/\", \"/open/secret\"]");
    let ended = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(asked(&server), ["/", "/fine?z=1&a=2", "/list?page=2&a=1", "/to-banned"]);
    let skipped = &ended.platform("bazaar")["coverage"]["skipped"];
    assert_eq!(*skipped, json!({ "robots": 5, "scope-path": 2 }));
}

#[test]
fn the_first_form_that_answers_stays_and_one_that_does_not_is_replaced() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /banned?first=\n"),
        "/" => Reply::html(links(&paths(&[
            // Answers at once: its other form is not asked for.
            "/item?b=1&a=2",
            "/item?a=2&b=1",
            // The first form is nowhere, the second is.
            "/shop/index.php",
            "/shop/",
            // The first form is banned by its own words.
            "/banned?first=1&second=2",
            "/banned?%66irst=1&second=2",
            "/later",
        ]))),
        "/item?b=1&a=2" | "/item?a=2&b=1" => Reply::html(links(&paths(&["/", "/item?a=2&&b=1"]))),
        "/shop/" => Reply::html(offer(2, &[])),
        // A form that is met when the first was tried already.
        "/later" => Reply::html(links(&paths(&["/gone?x=1&a=2", "/then"]))),
        "/then" => Reply::html(links(&paths(&["/then/2"]))),
        "/then/2" => Reply::html(links(&paths(&["/gone?a=2&x=1"]))),
        "/gone?a=2&x=1" => Reply::html("<p>here it is</p>"),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 1");
    let ended = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(
        asked(&server),
        [
            "/",
            "/gone?a=2&x=1",
            "/gone?x=1&a=2",
            "/item?b=1&a=2",
            "/later",
            "/shop/",
            "/shop/index.php",
            "/then",
            "/then/2"
        ],
        "both spellings of what is banned are banned"
    );
    assert_eq!(place.referrals()[0]["urls"], json!([server.url("/shop/")]));
    assert_eq!(ended.platform("bazaar")["coverage"]["complete"], true);
}

#[test]
fn a_host_that_redirects_to_another_form_of_the_page_is_followed() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&paths(&["/a/index.html", "/b?x=1", "/c/index.php", "/d;jsessionid=1?y=2"]))),
        "/a/index.html" => Reply::redirect("/a/"),
        "/a/" => Reply::html(offer(3, &[])),
        // A server that insists on a session of its own.
        "/b?x=1" => Reply::redirect("/b?x=1&PHPSESSID=77"),
        "/b?x=1&PHPSESSID=77" => Reply::html("<p>with a session</p>"),
        // And one that never makes up its mind.
        "/c/index.php" => Reply::redirect("/c/"),
        "/c/" => Reply::redirect("/c/index.php"),
        "/d?y=2" => Reply::html("<p>without one</p>"),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    place.settings("[limits]\nredirects = 3\n");
    let ended = place.run(&["scan", "--json"]);
    for (path, times) in [
        ("/a/index.html", 1),
        ("/a/", 1),
        ("/b?x=1", 1),
        ("/b?x=1&PHPSESSID=77", 1),
        ("/d?y=2", 1),
        ("/d;jsessionid=1?y=2", 0),
    ] {
        assert_eq!(server.count(path), times, "{path}: {:?}", server.paths());
    }
    assert_eq!((server.count("/c/index.php"), server.count("/c/")), (2, 2), "a circle ends at the limit");
    assert_eq!(place.referrals()[0]["urls"], json!([server.url("/a/")]));
    assert_eq!(ended.coverage("bazaar")["failures"], json!({ "redirect-limit": 1 }));
}

#[test]
fn a_start_page_is_asked_for_as_the_platform_file_has_it() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/index.php?lang=en&a=1" => Reply::html(links(&paths(&["/next?utm_source=start&id=%31"]))),
        "/next?id=%31" => Reply::html("<p>a page</p>"),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/index.php?lang=en&a=1"), "");
    place.run(&["scan", "--json"]).expect(0);
    assert_eq!(
        asked(&server),
        ["/index.php?lang=en&a=1", "/next?id=%31"],
        "marks of advertisers are left out of links"
    );
}

#[test]
fn a_form_met_while_the_first_is_being_asked_for_is_not_lost() {
    for concurrency in [1, 2] {
        let server = MockServer::start(|asked| match asked.path.as_str() {
            "/" => Reply::html(links(&paths(&["/item?b=1&a=2", "/list"]))),
            "/list" => Reply::html(links(&paths(&["/item?a=2&b=1&"]))),
            "/item?a=2&b=1&" => Reply::html(offer(1, &[])),
            _ => Reply::status(404),
        });
        let place = Place::new();
        place.own_site("bazaar", &server.url("/"), &format!("concurrency = {concurrency}"));
        place.run(&["scan", "--json"]).expect(0);
        assert_eq!(asked(&server), ["/", "/item?a=2&b=1&", "/item?b=1&a=2", "/list"]);
        assert_eq!(place.referrals().len(), 1);
    }
}

#[test]
fn the_form_that_answered_is_kept_whatever_it_answered() {
    let server = MockServer::start(|asked| match asked.path.split('?').next().unwrap_or_default() {
        "/" => Reply::html(links(&paths(&["/moved?b=1&a=2", "/app?b=1&a=2"]))),
        "/moved" => Reply::redirect("/new"),
        "/app" => Reply::html("<html><body><script src=/app.js></script></body></html>"),
        "/new" => Reply::html(links(&paths(&["/moved?a=2&b=1&", "/app?a=2&b=1&", "/moved?a=2&&b=1"]))),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 1");
    for times in 1..=3 {
        place.run(&["scan", "--again", "--json"]).expect(4);
        let mut expected: Vec<&str> = ["/", "/app?b=1&a=2", "/moved?b=1&a=2", "/new"].repeat(times);
        expected.sort_unstable();
        assert_eq!(asked(&server), expected);
    }
}

#[test]
fn forms_made_without_end_end() {
    // Every page names new forms of two others, of which one has nothing and the other is not readable.
    let number = std::sync::atomic::AtomicUsize::new(0);
    let server = MockServer::start(move |asked| {
        let new = || {
            let number = number.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            (0..12).map(|bit| if number >> bit & 1 == 1 { "%61" } else { "a" }).collect::<String>()
        };
        match asked.path.split('?').next().unwrap_or_default() {
            "/robots.txt" => Reply::status(404),
            "/nothing" => Reply::status(404),
            _ if asked.path.len() > 400 => Reply::status(404),
            path => {
                let next = if path == "/" { "/list/1".to_owned() } else { format!("{path}1") };
                let names = [next, format!("/nothing?x={}", new()), format!("/app?x={}", new())];
                Reply::html(format!(
                    "<script src=/app.js></script>{}",
                    names.map(|to| format!("<a href='{to}'></a>")).concat()
                ))
            }
        }
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 1\nmax_depth = 60");
    let ended = place.run(&["scan", "--json"]).expect(4);
    let of = |path: &str| server.paths().iter().filter(|asked| asked.starts_with(path)).count();
    assert_eq!(of("/app?"), 1, "it answered: {:?}", server.paths());
    assert_eq!(of("/nothing?"), 5, "the first form and four others");
    assert_eq!(ended.coverage("bazaar")["skipped"]["trap-shape"], 1, "{}", ended.out);
}

#[test]
fn a_page_that_is_handed_over_in_another_form_is_one_page_of_the_case() {
    let page = offer(1, &[]);
    let between = |from: &str, to: &str| {
        let rest = &page[page.find(from).unwrap() + from.len()..];
        rest[..rest.find(to).unwrap()].to_owned()
    };
    let (title, text) = (between("<h1>", "</h1>"), between("<p>", "</p>"));
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/" => Reply::html(links(&paths(&["/item?b=1&a=2"]))),
        "/item?b=1&a=2" => Reply::html(page.clone()),
        "/feed" => Reply::of(
            200,
            "application/rss+xml",
            format!(
                "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:g=\"http://base.google.com/ns/1.0\"><channel><title>f</title>\
                 <item><title>{title}</title><description>{text}</description>\
                 <link>http://{}/item?a=2&amp;b=1</link><g:id>77</g:id><g:price>100 USD</g:price></item></channel></rss>",
                asked.header("host").unwrap_or_default()
            ),
        ),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), &format!("feeds = [\"{}\"]", server.url("/feed")));
    place.settings("[sender]\nname = \"Office\"\naddress = \"Street 1\"\ncontact = \"office@example.test\"\n");
    place.run(&["scan", "--json"]).expect(0);
    let cases = place.referrals();
    assert_eq!(cases.len(), 1);
    let case = cases[0]["id"].as_str().unwrap().to_owned();
    let published = json!([server.url("/item?b=1&a=2")]);
    assert_eq!(cases[0]["urls"], published, "the form that was asked for");
    let hits = place.run(&["--json", "referrals", "show", &case]).expect(0).json();
    assert_eq!(hits["hits"].as_array().unwrap().len(), 2, "{hits}");
    place.run(&["referrals", "approve", &case, "--as", "anna"]).expect(0);
    assert_eq!(place.run(&["referrals", "notice", &case, "--json"]).expect(0).json()["urls"], published);
    let before = server.paths().len();
    let looked = place.run(&["--json", "referrals", "recheck", &case]).expect(0).json();
    assert_eq!(looked["pages"].as_array().unwrap().len(), 1, "{looked}");
    assert_eq!(server.paths().split_off(before).iter().filter(|path| path.starts_with("/item")).count(), 1);
}

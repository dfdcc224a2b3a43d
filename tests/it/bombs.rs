//! Pages that cost a reader far more than their size are read or given up by name, alone and in the middle of a scan.

use std::time::{Duration, Instant};

use listingwatch::listing::page::Page;
use listingwatch::listing::{ReadContext, read};
use listingwatch::vocab::found::FoundUrl;
use listingwatch::vocab::limits::Limits;
use serde_json::json;

use crate::bomb_pages;
use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, listing, offer};

/// Far above what a debug build needs, far below what such a page costs without a budget.
const PATIENCE: Duration = Duration::from_secs(20);

/// Read without a clock, so that only counters can end it.
fn read_alone(html: &str) -> Page {
    let url = FoundUrl::parse("https://shop.example.test/p/1", None).unwrap();
    read(html.as_bytes(), &ReadContext::new(&url, &Limits::default()))
}

fn given_up(page: &Page) -> Option<String> {
    page.given_up.map(|spent| serde_json::to_value(spent).unwrap().as_str().unwrap().to_owned())
}

#[test]
fn each_page_is_read_or_given_up_by_counting_alone() {
    for (name, html, expected) in bomb_pages::all() {
        let started = Instant::now();
        let page = read_alone(&html);
        let took = started.elapsed();
        assert_eq!(given_up(&page).as_deref(), expected, "{name}");
        assert!(took < PATIENCE, "{name} took {took:?}");
        assert_eq!(page.problems.iter().any(|problem| problem.contains("given up")), expected.is_some(), "{name}");
        assert!(page.links.iter().any(|link| link.url.as_str().ends_with("/after")), "{name} lost its links");
        assert!(page.text.contains("Marker"), "{name} lost its text");
        // What the page would have said is not known, so its text is judged.
        let judged = page.listings.iter().any(|listing| listing.description.contains("Marker"));
        assert!(judged || expected.is_none(), "{name}: {:?}", page.listings.len());
    }
}

#[test]
fn ordinary_pages_stay_far_from_every_budget() {
    let rows: String = (0..60)
        .map(|n| {
            format!(
                "<li itemprop=itemListElement itemscope itemtype='https://schema.org/Product' data-a=1 class='card wide'>
                 <a href='/l/{n}'><h3 itemprop=name>Vase {n}</h3></a><p itemprop=description>{}</p>
                 <div itemprop=offers itemscope itemtype='https://schema.org/Offer'><b itemprop=price>{n}.50</b></div></li>",
                "Blue glass, mouth blown, thirty centimetres high. ".repeat(20)
            )
        })
        .collect();
    let page = read_alone(&format!("<ul itemscope itemtype='https://schema.org/ItemList'>{rows}</ul>"));
    assert_eq!((page.given_up, page.links.len()), (None, 60));
    assert_eq!(page.listings.len(), 60);
}

#[test]
fn other_pages_and_other_platforms_do_not_wait_for_them() {
    let place = Place::new();
    let bombs = bomb_pages::all();
    let failing = bombs.iter().filter(|(_, _, given_up)| given_up.is_some()).count();
    let count = bombs.len();
    let server = MockServer::start(move |asked| {
        let number = asked.path.rsplit('/').next().and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
        match asked.path.as_str() {
            "/robots.txt" => Reply::status(404),
            "/" => Reply::html(links(
                &(0..count).flat_map(|n| [format!("/bomb/{n}"), format!("/good/{n}")]).collect::<Vec<_>>(),
            )),
            path if path.starts_with("/bomb/") => Reply::html(bombs[number].1.clone()),
            path if path.starts_with("/good/") => Reply::html(offer(number, &[])),
            _ => Reply::html(listing("Chair", "Oak.", &[])),
        }
    });
    place.own_site("mixed", &server.url("/"), "concurrency = 4");
    let neighbour = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        _ => Reply::html(offer(900, &[])),
    });
    place.own_site("neighbour", &neighbour.url("/"), "");
    // The deadline is the last line: in a debug build it must not be what ends a page here.
    place.settings("[limits]\nparse_deadline = \"60s\"\n");
    let ended = place.run(&["scan", "--json"]).expect(4);
    let coverage = ended.coverage("mixed");
    assert_eq!(coverage["failures"], json!({ "link-budget": 1, "text-cap": 1, "work-budget": failing }), "{coverage}");
    assert_eq!(coverage["complete"], false);
    let asked = server.paths();
    for n in 0..count {
        assert!(asked.contains(&format!("/bomb/{n}")) && asked.contains(&format!("/good/{n}")), "{n}: {asked:?}");
    }
    let hits = ended.platform("mixed")["hits"].as_u64().unwrap();
    assert_eq!(hits, count as u64, "each good page is a hit");
    assert_eq!(ended.coverage("neighbour")["complete"], true);
}

#[test]
fn a_page_given_up_is_counted_again_though_the_site_says_it_is_unchanged() {
    let place = Place::new();
    let bomb = format!("<h1>Jug</h1><p itemscope>{}", "<ul><li>".repeat(1_000));
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        _ if asked.header("if-none-match").is_some() => Reply::status(304),
        _ => Reply::html(bomb.clone()).with("etag", "\"one\""),
    });
    place.own_site("site", &server.url("/"), "revisit = \"1ms\"");
    for _ in 0..2 {
        let ended = place.run(&["scan", "--json"]).expect(4);
        assert_eq!(ended.coverage("site")["failures"], json!({ "work-budget": 1 }), "{}", ended.coverage("site"));
    }
}

#[test]
fn links_beyond_those_taken_of_one_page_make_the_scan_incomplete() {
    let place = Place::new();
    place.settings("[limits]\nlinks_per_page = 3\n");
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&(0..9).map(|n| format!("/page-{n}")).collect::<Vec<_>>())),
        _ => Reply::html(listing("Chair", "Oak.", &[])),
    });
    place.own_site("site", &server.url("/"), "");
    let ended = place.run(&["scan", "--json"]).expect(4);
    assert_eq!(ended.coverage("site")["failures"], json!({ "link-budget": 1 }));
    let mut asked = server.paths();
    asked.sort();
    assert_eq!(asked, ["/", "/page-0", "/page-1", "/page-2", "/robots.txt"]);
}

#[test]
fn a_chain_of_redirects_ends_where_the_settings_say() {
    for (setting, followed) in [("", 5), ("[limits]\nredirects = 2\n", 2), ("[limits]\nredirects = 0\n", 0)] {
        let place = Place::new();
        place.settings(setting);
        let server = MockServer::start(|asked| match asked.path.as_str() {
            "/robots.txt" => Reply::status(404),
            path => {
                let number = path.rsplit('/').next().and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
                Reply::redirect(format!("/hop/{}", number + 1))
            }
        });
        place.own_site("site", &server.url("/"), "");
        let ended = place.run(&["scan", "--json"]).expect(4);
        assert_eq!(ended.coverage("site")["failures"], json!({ "redirect-limit": 1 }), "{setting}");
        assert_eq!(server.log().len(), 2 + followed, "{setting}: {:?}", server.paths());
    }
}

#[test]
fn a_body_is_read_as_far_as_it_is_fetched() {
    let place = Place::new();
    place.settings("");
    // Longer than eight megabytes: the offer stands at the end.
    let filler = format!("<!--{}-->", "x".repeat(9 << 20));
    let page = offer(1, &[]).replace("<head>", &format!("<head>{filler}"));
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        _ => Reply::html(page.clone()),
    });
    place.own_site("site", &server.url("/"), "");
    let ended = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(ended.platform("site")["hits"], 1, "{}", ended.platform("site"));
}

#[test]
fn a_line_with_more_than_a_listing_may_have_is_refused_alone() {
    let place = Place::new();
    place.settings("[limits]\nlisting = \"2KiB\"\n");
    let line = |id: &str, text: &str| format!("{}\n", json!({ "id": id, "title": "Jug", "text": text }));
    let all = [line("a", "clay"), line("b", &"clay ".repeat(1_000)), line("c", "glass")].concat();
    std::fs::write(place.path("in.jsonl"), all).unwrap();
    let ended = place.run(&["screen", place.path("in.jsonl").to_str().unwrap()]).expect(4);
    let lines: Vec<serde_json::Value> = ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for at in [0, 2] {
        assert_eq!(lines[at]["verdict"], "clear", "{}", lines[at]);
    }
    assert!(lines[1]["error"].as_str().unwrap().contains("limit of 2048"), "{}", lines[1]);
    assert_eq!(lines[1]["line"], 2);
    assert!(lines[1].get("verdict").is_none());
}

#[test]
fn check_warns_of_settings_without_effect_and_accepts_them() {
    let place = Place::new();
    place.settings("[cluster]\nreplicas = 1\n[privacy]\naudit = \"90d\"\n");
    place.own_site("site", "http://127.0.0.1:9/", "");
    let ended = place.run(&["check"]).expect(0);
    for (line, key) in [(2, "replicas"), (4, "audit")] {
        let told = ended.out.lines().any(|said| {
            said.contains(&format!("listingwatch.toml:{line}:1: warning: `{key}`"))
                && said.contains("has no effect yet")
        });
        assert!(told, "{}", ended.out);
    }
}

#[test]
fn a_page_over_its_time_is_given_up_and_counted_by_that_name() {
    let place = Place::new();
    let row = "<p itemscope itemtype='https://schema.org/Product'><b itemprop=name>Jug</b></p>";
    let page = format!("<h1>Jugs</h1><a href=/after>after</a>{}", row.repeat(10_000));
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(page.clone()),
        _ => Reply::html(listing("Chair", "Oak.", &[])),
    });
    place.own_site("slow", &server.url("/"), "");
    place.settings("[limits]\nparse_deadline = \"1ms\"\n");
    let ended = place.run(&["scan", "--json"]).expect(4);
    assert_eq!(ended.coverage("slow")["failures"], json!({ "parse-deadline": 1 }), "{}", ended.coverage("slow"));
    assert!(server.paths().contains(&"/after".to_owned()), "links that were read are followed");
}

#[test]
fn extract_names_what_it_gave_up() {
    let place = Place::new();
    place.settings("");
    for (name, html, expected) in bomb_pages::all() {
        std::fs::write(place.path("page.html"), &html).unwrap();
        let page = place.path("page.html");
        let ended = place.run(&["extract", page.to_str().unwrap(), "--url", "https://shop.example.test/p/1"]).expect(0);
        // In a debug build the clock may be first; a name stands there all the same.
        let told = ended.json()["given_up"].as_str().map(str::to_owned);
        assert!(told.is_some() || expected.is_none(), "{name}");
        assert!(told.is_none() || ended.err.contains("given up"), "{name}: {}", ended.err);
        assert!(ended.took < PATIENCE * 2, "{name} took {:?}", ended.took);
    }
}

//! The hostile web: every trick ends in a named outcome of the coverage statement, and nobody else is affected.

use std::io::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::mockserver::{Asked, MockServer, Reply};
use crate::program::{Place, links, listing, offer};

/// A site whose start page is `page`, without rules.
fn site(page: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> MockServer {
    MockServer::start(move |asked| if asked.path == "/robots.txt" { Reply::status(404) } else { page(asked) })
}

fn head(fields: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n{fields}\r\n").into_bytes()
}

fn bomb(bytes: usize) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let block = vec![b' '; 1 << 20];
    for _ in 0..bytes >> 20 {
        out.write_all(&block).unwrap();
    }
    out.finish().unwrap()
}

/// Sixty-four MiB of spaces in 54 bytes of brotli.
const BROTLI_BOMB: &str =
    "cfffff7ff82540e2b14020f7fe9ffffffff04b00c4610180eefd3fffffffe1970088c32200ddfb7ffeffffc32f0110870500baf7ff03";

#[test]
fn every_trick_has_a_name_and_the_neighbour_is_scanned_as_ever() {
    let place = Place::new();
    place.settings("[limits]\npage_deadline = \"1s\"\nbody = \"256KiB\"\n");
    let mut sites: Vec<(&str, MockServer, Value)> = Vec::new();
    let mut add = |name: &'static str, server: MockServer, failures: Value| {
        place.own_site(name, &server.url("/"), "max_depth = 3");
        sites.push((name, server, failures));
    };
    let packed = bomb(200 << 20);
    let page = move |_: &Asked| Reply::of(200, "text/html", packed.clone()).with("content-encoding", "gzip");
    add("bomb", site(page), json!({ "body-size-cap": 1 }));
    let packed = data_encoding::HEXLOWER.decode(BROTLI_BOMB.as_bytes()).unwrap();
    let page = move |_: &Asked| Reply::of(200, "text/html", packed.clone()).with("content-encoding", "br");
    add("brotli-bomb", site(page), json!({ "body-size-cap": 1 }));
    let cyrillic = b"<title>\xcf\xf0\xe8\xe2\xe5\xf2</title><p>\xcf\xf0\xe8\xe2\xe5\xf2".to_vec();
    let body = cyrillic.clone();
    add("wrong-charset", site(move |_| Reply::of(200, "text/html; charset=utf-8", body.clone())), json!({}));
    add("no-charset", site(move |_| Reply::of(200, "text/html; charset=klingon", cyrillic.clone())), json!({}));
    let zeros = vec![0; 100_000];
    add("zeros", site(move |_| Reply::of(200, "text/html", zeros.clone())), json!({}));
    let endless = Reply::Stream { head: head(""), piece: vec![b'x'; 1 << 16], pause: Duration::ZERO };
    add("endless", site(move |_| endless.clone()), json!({ "body-size-cap": 1 }));
    let drip = Reply::Stream { head: head(""), piece: b"<p>".to_vec(), pause: Duration::from_millis(100) };
    add("drip", site(move |_| drip.clone()), json!({ "body-time-cap": 1 }));
    let slow_head = Reply::Stream {
        head: b"HTTP/1.1 200 OK\r\n".to_vec(),
        piece: b"x: y\r\n".to_vec(),
        pause: Duration::from_millis(100),
    };
    add("slow-head", site(move |_| slow_head.clone()), json!({ "timeout": 1 }));
    add("never", site(|_| Reply::Never), json!({ "timeout": 1 }));
    add("breaks", site(|_| Reply::Break), json!({ "connection": 1 }));
    let mut short = head("content-length: 12\r\n");
    short.extend_from_slice(b"<p>twelve</p> and more than was announced");
    add("short-length", site(move |_| Reply::Raw(short.clone())), json!({}));
    add(
        "noise",
        site(|_| Reply::Raw(b"\x15\x03\x01\x00\x02\x02\x46 not http\r\n\r\n".to_vec())),
        json!({ "malformed-response": 1 }),
    );
    let mut huge = b"HTTP/1.1 200 OK\r\nx-huge: ".to_vec();
    huge.extend(std::iter::repeat_n(b'h', 2 << 20));
    huge.extend_from_slice(b"\r\n\r\n");
    add("huge-header", site(move |_| Reply::Raw(huge.clone())), json!({ "malformed-response": 1 }));
    let many: String = (0..2000).map(|n| format!("x-{n}: {n}\r\n")).collect();
    let many = head(&many);
    add("many-headers", site(move |_| Reply::Raw(many.clone())), json!({ "malformed-response": 1 }));
    let broken = Reply::of(200, "text/html", b"\x1f\x8b\x08 no gzip".to_vec()).with("content-encoding", "gzip");
    add("broken-gzip", site(move |_| broken.clone()), json!({ "malformed-response": 1 }));
    let deep = format!("<html>{}{}", "<div itemscope itemprop=a typeof=b property=c>".repeat(5000), "x");
    add("deep-html", site(move |_| Reply::html(deep.clone())), json!({ "work-budget": 1 }));
    let nested = format!("<script type=\"application/ld+json\">{}</script>", "[{\"@graph\":".repeat(20_000));
    add("deep-json", site(move |_| Reply::html(nested.clone())), json!({ "work-budget": 1 }));
    let good = site(|asked| match asked.path.as_str() {
        "/" => Reply::html(links(&["/1".into(), "/2".into()])),
        "/1" => Reply::html(offer(1, &[])),
        _ => Reply::html(listing("Chair", "Oak.", &[])),
    });
    add("neighbour", good, json!({}));
    let ended = place.run(&["scan", "--json"]).expect(4);
    for (name, server, failures) in &sites {
        let coverage = ended.coverage(name);
        assert_eq!(coverage["failures"], *failures, "{name}: {coverage}");
        assert_eq!(coverage["complete"], *failures == json!({}), "{name}");
        assert!(server.log().len() <= 4, "{name} was asked {} times", server.log().len());
    }
    let neighbour = ended.platform("neighbour");
    assert_eq!((&neighbour["pages"], &neighbour["referrals_new"]), (&3.into(), &1.into()));
}

#[test]
fn places_without_end_end() {
    let place = Place::new();
    let number =
        |asked: &Asked| asked.path.rsplit(['/', '=']).next().and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
    let calendar = site(move |asked| {
        let month =
            number(asked) + asked.path.split('/').nth(2).and_then(|y| y.parse::<usize>().ok()).unwrap_or(2000) * 12;
        let next: Vec<String> =
            (1..4).map(|n| format!("/calendar/{}/{}", (month + n) / 12, (month + n) % 12 + 1)).collect();
        Reply::html(links(&next))
    });
    place.own_site("calendar", &calendar.url("/"), "max_depth = 1000");
    let facets = site(|_| Reply::html(links(&(0..700).map(|n| format!("/shop?a={n}&b=1&c=2")).collect::<Vec<_>>())));
    place.own_site("facets", &facets.url("/"), "max_pages = 40");
    let path_loop = site(|_| Reply::html(links(&["a/b/".to_owned()])));
    place.own_site("loop", &path_loop.url("/"), "max_depth = 1000");
    let sessions = site(move |asked| {
        let n = number(asked);
        Reply::html(links(&[format!("/page?sid=a{:015}", n + 1), format!("/page?PHPSESSID={n}&utm_source={n}")]))
    });
    place.own_site("sessions", &sessions.url("/"), "max_depth = 1000");
    let redirects = site(move |asked| Reply::redirect(format!("/go/{}", number(asked) + 1)));
    place.own_site("redirects", &redirects.url("/"), "");
    let ended = place.run(&["scan", "--json"]).expect(4);
    let skipped = |name: &str, reason: &str| ended.coverage(name)["skipped"][reason].as_u64().unwrap_or(0);
    assert!(skipped("calendar", "trap-calendar") > 0, "{}", ended.coverage("calendar"));
    assert!(calendar.log().len() < 80, "{}", calendar.log().len());
    assert_eq!(skipped("facets", "trap-parameters"), 200, "{}", ended.coverage("facets"));
    assert_eq!(facets.log().len(), 41, "one budget for all");
    assert!(skipped("loop", "trap-path-repetition") > 0, "{}", ended.coverage("loop"));
    assert!(path_loop.log().len() < 10, "{:?}", path_loop.paths());
    assert_eq!(sessions.paths(), ["/robots.txt", "/", "/page"]);
    assert_eq!(ended.coverage("redirects")["failures"], json!({ "redirect-limit": 1 }));
    assert_eq!(redirects.log().len(), 7, "robots.txt, the start page and five redirects");
    // What stands in a trap was not seen; a session's parameter only names a page again.
    for (name, complete) in [("calendar", false), ("loop", false), ("sessions", true)] {
        assert_eq!(ended.coverage(name)["complete"], complete, "{name}");
    }
}

#[test]
fn a_robots_txt_of_fifty_megabytes_is_read_as_far_as_the_standard_asks() {
    let mut rules = b"User-agent: *\nDisallow: /private\nCrawl-delay: 0.01\n".to_vec();
    while rules.len() < 50 << 20 {
        rules.extend_from_slice(
            b"# nothing here, but a lot of it, again and again and again and again and again and again\n",
        );
    }
    rules.extend_from_slice(b"Disallow: /\n");
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::of(200, "text/plain", rules.clone()),
        _ => Reply::html(links(&["/private/1".into(), "/public".into()])),
    });
    let place = Place::new();
    place.own_site("big", &server.url("/"), "");
    let ended = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(server.paths(), ["/robots.txt", "/", "/public"]);
    assert_eq!(ended.coverage("big")["skipped"], json!({ "robots": 1 }));
}

#[test]
fn a_host_that_falls_silent_is_left_alone_instead_of_being_tried_for_each_page() {
    let server = site(|asked| match asked.path.as_str() {
        "/" => Reply::html(links(&(0..200).map(|n| format!("/{n}")).collect::<Vec<_>>())),
        _ => Reply::Break,
    });
    let place = Place::new();
    place.own_site("down", &server.url("/"), "concurrency = 2");
    let ended = place.run(&["scan", "--json"]).expect(4);
    assert!(server.log().len() < 15, "{}", server.log().len());
    let coverage = ended.coverage("down");
    assert_eq!(coverage["failures"], json!({ "host-silent": 200 }), "{coverage}");
}

#[test]
fn links_that_are_attacks_or_mistakes_are_counted_and_never_asked_for() {
    let long = format!("/{}", "x".repeat(3000));
    let page = format!(
        "<a href='http://user:pass@127.0.0.1/secret'>1</a><a href='/a%0d%0aset-cookie:x'>2</a><a href='/null%00byte'>3</a>\
         <a href='http://[::1'>4</a><a href='{long}'>5</a><a href='javascript:alert(1)'>6</a><a href='mailto:a@b.test'>7</a>\
         <a href='http://2130706434/'>8</a><a href='//169.254.169.254/latest/meta-data'>9</a><a href='/fine'>10</a>"
    );
    let server = site(move |asked| match asked.path.as_str() {
        "/" | "/fine" => Reply::html(page.clone()),
        _ => Reply::status(404),
    });
    let place = Place::new();
    place.own_site("sly", &server.url("/"), "");
    let ended = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(server.paths(), ["/robots.txt", "/", "/fine"]);
    let coverage = ended.coverage("sly");
    assert_eq!(
        coverage["skipped"],
        json!({ "link-userinfo": 1, "link-control-character": 2, "link-malformed": 1, "link-too-long": 1, "scope-host": 2 }),
        "each is counted once, however many pages carry it: {coverage}"
    );
}

#[test]
fn patterns_that_bring_no_listings_are_given_up_and_told() {
    let listings: Vec<String> = (0..30).map(|n| format!("/l/{n}-oak-chair-used")).collect();
    let front = [&listings[..], &["/maze/1".into(), "/visit/1".into(), "/shelf/1".into()]].concat();
    let server = site(move |asked| {
        let number = asked.path.rsplit('/').next().and_then(|n| usize::from_str_radix(n, 16).ok()).unwrap_or(0);
        let words = |n: usize| format!("{:x}{:x}", n.wrapping_mul(0x9e37_79b9) % 0xffff_ffff, n);
        match asked.path.split('/').nth(1) {
            Some("maze") => {
                let next: Vec<String> = (1..5).map(|k| format!("/maze/{}", words(number % 0xffff * 5 + k))).collect();
                Reply::html(format!("<title>{}</title><p>{}{}", words(number), words(number + 1), links(&next)))
            }
            Some("visit") => Reply::html(format!("<title>Welcome</title><a href=/visit/{:x}>come in</a>", number + 1)),
            // A long list of pages of which one in ten has something new.
            Some("shelf") if number < 400 => {
                let mut next = vec![format!("/shelf/{:x}", number + 1)];
                next.extend(number.is_multiple_of(10).then(|| format!("/l/{}-oak-shelf-used", 1000 + number)));
                Reply::html(format!("<title>Shelf {number}</title>{}", links(&next)))
            }
            Some("l") => Reply::html(listing("Chair", &format!("Oak, {}.", asked.path), &[])),
            _ => Reply::html(links(&front)),
        }
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "max_depth = 10000\nmax_pages = 20000");
    // What was given up may hold offers, so the scan is not complete.
    let ended = place.run(&["scan", "--json"]).expect(4);
    let coverage = ended.coverage("bazaar");
    let asked = |start: &str| server.paths().iter().filter(|path| path.starts_with(start)).count();
    assert_eq!((asked("/l/"), asked("/shelf/")), (69, 400), "{coverage}");
    assert!((50..=420).contains(&asked("/maze/")), "{}", asked("/maze/"));
    assert!((50..=210).contains(&asked("/visit/")), "{}", asked("/visit/"));
    assert!(coverage["skipped"]["trap-yield"].as_u64().unwrap() > 0, "{coverage}");
    let notes = coverage["notes"].to_string();
    for pattern in ["/maze/**", "/visit/"] {
        assert!(notes.contains(&format!("links to {pattern}")), "{pattern}: {notes}");
    }
}

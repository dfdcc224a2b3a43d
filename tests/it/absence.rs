//! A listing is recorded as gone when an answer says so, and by nothing else: not by a page that was not read, a redirect in a
//! circle, or a form of its address that does not answer where another does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::bomb_pages;
use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, offer};

const SENDER: &str = "[sender]\nname = \"Office\"\naddress = \"Street 1\"\ncontact = \"office@example.test\"\n";

/// A shop whose page `/item` answers as `answers` has it, one after another as `turn` says; links are those of its start page.
fn shop(answers: Vec<Reply>, linked: &[&str]) -> (MockServer, Arc<AtomicUsize>) {
    let turn = Arc::new(AtomicUsize::new(0));
    let (now, linked) = (turn.clone(), linked.iter().map(|link| (*link).to_owned()).collect::<Vec<_>>());
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/" => Reply::html(links(&linked)),
        "/item" => answers[now.load(Ordering::SeqCst)].clone(),
        "/round" => Reply::redirect("/item"),
        _ => Reply::status(404),
    });
    (server, turn)
}

/// The place of a shop whose offer was found and referred, and the case.
fn referred(server: &MockServer) -> (Place, String) {
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 1\nrevisit = \"1ms\"");
    place.settings(SENDER);
    place.run(&["scan", "--json"]).expect(0);
    let case = place.referrals()[0]["id"].as_str().unwrap().to_owned();
    place.run(&["referrals", "approve", &case, "--as", "anna"]).expect(0);
    (place, case)
}

/// When each hit of the case was seen to be gone.
fn gone(place: &Place, case: &str) -> Vec<Value> {
    let shown = place.run(&["--json", "referrals", "show", case]).expect(0).json();
    shown["hits"].as_array().unwrap().iter().map(|hit| hit["gone_at"].clone()).collect()
}

/// Pages that do not show the offer and do not say that it is gone.
fn silent() -> Vec<(&'static str, Reply)> {
    let bomb =
        bomb_pages::all().into_iter().find(|(_, _, given_up)| given_up.is_some()).map(|(_, page, _)| page).unwrap();
    let broken = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 90000\r\n\r\n<p>a shop</p>";
    vec![
        (
            "scripts only",
            Reply::html("<html><head><title>Shop</title></head><body><script src=/app.js></script></body></html>"),
        ),
        (
            "a document that is not read",
            Reply::of(200, "application/pdf", b"%PDF-1.4\n\x00\x01\x02 and more".as_slice()),
        ),
        ("a picture", Reply::of(200, "image/png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR".as_slice())),
        ("an empty page", Reply::html("<html><body></body></html>")),
        (
            "more text than is judged",
            Reply::html(format!(
                "<html><body>{}</body></html>",
                "<p>garden chair, oak table, comfortable</p>\n".repeat(12_000)
            )),
        ),
        ("a page that costs too much", Reply::html(format!("<h1>Shop</h1>{bomb}"))),
        ("a redirect to itself", Reply::redirect("/item")),
        ("a redirect in a circle", Reply::redirect("/round")),
        ("a broken body", Reply::Raw(broken.as_bytes().to_vec())),
        ("trouble", Reply::status(500)),
    ]
}

#[test]
fn a_recheck_sees_nothing_in_a_page_that_was_not_read() {
    let all = silent();
    let (server, turn) = shop(
        std::iter::once(Reply::html(offer(1, &[]))).chain(all.iter().map(|(_, reply)| reply.clone())).collect(),
        &["/item"],
    );
    let (place, case) = referred(&server);
    for (number, (name, _)) in all.iter().enumerate() {
        turn.store(number + 1, Ordering::SeqCst);
        let before = server.paths().len();
        let seen = place.run(&["--json", "referrals", "recheck", &case]).json();
        assert_eq!((&seen["seen"], gone(&place, &case)), (&json!("not-seen"), vec![Value::Null]), "{name}: {seen}");
        let asked: Vec<String> =
            server.paths().split_off(before).into_iter().filter(|path| path != "/robots.txt").collect();
        let expected: &[&str] = if name.ends_with("circle") { &["/item", "/round"] } else { &["/item"] };
        assert_eq!(asked, expected, "{name}: a circle ends at once");
    }
}

#[test]
fn a_scan_sees_nothing_in_a_page_that_was_not_read_and_still_sees_it_go() {
    // Another page of the circle may be what the site has instead.
    let all: Vec<_> = silent().into_iter().filter(|(name, _)| !name.ends_with("circle")).collect();
    let answers = std::iter::once(Reply::html(offer(1, &[])))
        .chain(all.iter().map(|(_, reply)| reply.clone()))
        .chain([Reply::status(404)])
        .collect();
    let (server, turn) = shop(answers, &["/item"]);
    let (place, case) = referred(&server);
    for (number, (name, _)) in all.iter().enumerate() {
        turn.store(number + 1, Ordering::SeqCst);
        place.run(&["scan", "--again", "--json"]);
        assert_eq!(gone(&place, &case), [Value::Null], "{name}");
    }
    turn.store(all.len() + 1, Ordering::SeqCst);
    place.run(&["scan", "--again", "--json"]).expect(0);
    assert_ne!(gone(&place, &case), [Value::Null], "after all of these the page is still known to have held a hit");
}

#[test]
fn a_redirect_to_where_we_may_not_look_on_any_host_of_the_platform_is_no_removal() {
    // Another port is another host, which the platform file names too; it has a robots.txt of its own.
    let other = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /private\n"),
        _ => Reply::status(404),
    });
    let at = |path: &str| Reply::redirect(other.url(path));
    let answers = vec![
        Reply::html(offer(1, &[])),
        at("/private/item"),
        at("/left-out/item"),
        at("/elsewhere"),
        Reply::html(offer(1, &[])),
    ];
    let (server, turn) = shop(answers, &["/item", "/chair"]);
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 1\nrevisit = \"1ms\"\nexclude = [\"/left-out/**\"]");
    place.settings(SENDER);
    place.run(&["scan", "--json"]).expect(0);
    let case = place.referrals()[0]["id"].as_str().unwrap().to_owned();
    place.run(&["referrals", "approve", &case, "--as", "anna"]).expect(0);
    // A scan that comes first does not know the rules of the other host yet.
    turn.store(1, Ordering::SeqCst);
    place.run(&["scan", "--again", "--json"]);
    assert_eq!(gone(&place, &case), [Value::Null], "before its robots.txt was read");
    for (number, name) in [(1, "excluded by robots.txt"), (2, "excluded by the agreement")] {
        turn.store(number, Ordering::SeqCst);
        let seen = place.run(&["--json", "referrals", "recheck", &case]).json();
        assert_eq!((&seen["seen"], gone(&place, &case)), (&json!("not-seen"), vec![Value::Null]), "{name}: {seen}");
        place.run(&["scan", "--again", "--json"]);
        assert_eq!(gone(&place, &case), [Value::Null], "{name}: a scan");
    }
    // Where we may look and nothing is, it is.
    turn.store(3, Ordering::SeqCst);
    let seen = place.run(&["--json", "referrals", "recheck", &case]).json();
    assert_eq!(seen["seen"], "gone", "{seen}");
    assert_eq!(other.count("/private/item") + other.count("/left-out/item"), 0, "it was not asked");
}

#[test]
fn what_navigation_banners_and_other_items_say_is_not_said_of_the_item() {
    let live = [
        ("trail of links", "<div><a href=/>Home</a> &rsaquo; <a href=/gone>Item ended</a> &rsaquo; Chairs</div>"),
        ("trail by its class", "<ol class=\"breadcrumb\"><li>Home</li><li>No longer available</li></ol>"),
        ("navigation", "<nav><p>Home</p><p>Item ended</p></nav>"),
        ("header of the site", "<header><p>Items no longer available</p></header>"),
        ("banner", "<div class='shop-banner'>Our old range is no longer available</div>"),
        ("role", "<div role=banner><div>This listing has ended</div></div>"),
        ("beside", "<aside><p>Oak chair</p><p>This item is sold</p></aside>"),
        ("similar items", "<section id=\"similar-items-box\"><p>This item is sold</p></section>"),
    ];
    let over = [
        ("a line of the shop", "<p>This listing has ended.</p>"),
        ("a banner of the item", "<div class='item-status banner'>This listing has ended.</div>"),
        ("in the main part", "<main><header><p>This listing has ended.</p></header></main>"),
    ];
    let page = |before: &str| Reply::html(offer(1, &[]).replacen("<body>", &format!("<body>{before}"), 1));
    let all: Vec<_> = live.iter().chain(&over).collect();
    let (server, turn) =
        shop(std::iter::once(page("")).chain(all.iter().map(|(_, before)| page(before))).collect(), &["/item"]);
    let (place, case) = referred(&server);
    for (number, (name, before)) in all.iter().enumerate() {
        turn.store(number + 1, Ordering::SeqCst);
        let seen = place.run(&["--json", "referrals", "recheck", &case]).expect(0).json();
        let expected = if number < live.len() { "live" } else { "gone" };
        assert_eq!(seen["seen"], expected, "{name}: {before}: {seen}");
        if number < live.len() {
            place.run(&["scan", "--again", "--json"]).expect(0);
            assert_eq!(gone(&place, &case), [Value::Null], "{name}: a scan");
        }
    }
}

#[test]
fn what_was_read_of_a_page_says_nothing_of_the_rest() {
    let product = |number: usize, more: &str| {
        let page = offer(number, &[]);
        let block =
            page.split("</script>").next().unwrap().rsplit("<script type=\"application/ld+json\">").next().unwrap();
        format!("<script type=\"application/ld+json\">{block}</script>{more}")
    };
    let both = format!("<html><head>{}{}</head><body>two offers</body></html>", product(1, ""), product(2, ""));
    let long = "<p>garden chair, oak table, comfortable</p>\n".repeat(12_000);
    let one = format!("<html><head>{}</head><body>{long}</body></html>", product(1, ""));
    let whole = format!("<html><head>{}</head><body>one offer</body></html>", product(1, ""));
    let (server, turn) = shop([both, one, whole].map(Reply::html).to_vec(), &["/item"]);
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    place.run(&["scan", "--json"]).expect(0);
    let cases: Vec<String> = place.referrals().iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect();
    let gone_now = || cases.iter().flat_map(|case| gone(&place, case)).filter(|at| !at.is_null()).count();
    assert_eq!((cases.len(), gone_now()), (2, 0));
    turn.store(1, Ordering::SeqCst);
    place.run(&["scan", "--again", "--json"]).expect(4);
    assert_eq!(gone_now(), 0, "what was not read may hold the other");
    turn.store(2, Ordering::SeqCst);
    place.run(&["scan", "--again", "--json"]).expect(0);
    assert_eq!(gone_now(), 1);
}

#[test]
fn a_form_that_does_not_answer_is_not_the_end_of_a_page_that_has_another() {
    let turn = Arc::new(AtomicUsize::new(0));
    let now = turn.clone();
    let server = MockServer::start(move |asked| match (asked.path.as_str(), now.load(Ordering::SeqCst)) {
        ("/", 0) => Reply::html(links(&["/item?b=1&a=2".to_owned()])),
        ("/", _) => Reply::html(links(&["/item?a=2&b=1&".to_owned()])),
        ("/item?b=1&a=2", 0) | ("/item?a=2&b=1&", 2) => Reply::html(offer(1, &[])),
        ("/item?a=2&b=1&", 1) => Reply::status(500),
        _ => Reply::status(404),
    });
    let (place, case) = referred(&server);
    turn.store(1, Ordering::SeqCst);
    place.run(&["scan", "--again", "--json"]).expect(4);
    assert_eq!(server.count("/item?a=2&b=1&"), 1, "{:?}", server.paths());
    assert_eq!(gone(&place, &case), [Value::Null], "its other form is in trouble");
    turn.store(2, Ordering::SeqCst);
    place.run(&["scan", "--again", "--json"]).expect(0);
    let shown = place.run(&["--json", "referrals", "show", &case]).expect(0).json();
    assert_eq!(shown["urls"], json!([server.url("/item?a=2&b=1&")]), "{shown}");
}

#[test]
fn a_page_that_only_redirects_to_itself_is_missing() {
    let (server, _) = shop(vec![Reply::redirect("/item")], &["/item", "/chair"]);
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    for _ in 0..2 {
        let ended = place.run(&["scan", "--json"]).expect(4);
        assert_eq!(ended.coverage("bazaar")["complete"], false, "{}", ended.out);
    }
}

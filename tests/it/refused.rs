//! No permit, no request: agreement, mandate, robots.txt and addresses fail closed.

use std::net::Ipv4Addr;

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, PlatformFile, links, listing};

fn shop(robots: impl Fn() -> Reply + Send + Sync + 'static) -> MockServer {
    MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => robots(),
        "/" => Reply::html(links(&["/1".to_owned()])),
        _ => Reply::html(listing("Chair", "Oak.", &[])),
    })
}

#[test]
fn robots_txt_that_cannot_be_read_keeps_us_away_from_that_host_only() {
    let slow = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nUser-agent: *\n".to_vec();
    let drip = Reply::Stream { head: slow, piece: b"#\n".to_vec(), pause: std::time::Duration::from_millis(300) };
    let cases: Vec<(&str, Reply)> = vec![
        ("error", Reply::status(500)),
        ("busy", Reply::status(429).with("retry-after", "3600")),
        ("never", Reply::Never),
        ("broken", Reply::Break),
        ("drip", drip),
        ("away", Reply::redirect("https://elsewhere.example.test/robots.txt")),
        ("circle", Reply::redirect("/robots.txt")),
        ("noise", Reply::Raw(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())),
    ];
    let place = Place::new();
    let mut servers = Vec::new();
    for (name, reply) in cases {
        let server = shop(move || reply.clone());
        place.own_site(name, &server.url("/"), "");
        servers.push((name, server));
    }
    let well = shop(|| Reply::status(404));
    place.own_site("well", &well.url("/"), "");
    let ended = place.run(&["scan", "--json"]).expect(4);
    for (name, server) in &servers {
        assert!(server.paths().iter().all(|path| path == "/robots.txt"), "{name}: {:?}", server.paths());
        assert!(server.count("/robots.txt") >= 1, "{name}");
        let coverage = ended.coverage(name);
        assert_eq!(coverage["complete"], false, "{name}");
        assert_eq!(coverage["fetched"], 0, "{name}");
        // Where both hold, the longer one is named.
        let reason = if *name == "busy" { "host-blocked" } else { "robots-unreachable" };
        assert_eq!(coverage["failures"], serde_json::json!({ reason: 1 }), "{name}");
    }
    let coverage = ended.coverage("well");
    assert_eq!((&coverage["complete"], &coverage["fetched"]), (&true.into(), &2.into()));
}

#[test]
fn no_agreement_in_force_and_no_mandate_mean_no_request_at_all() {
    let server = shop(|| Reply::status(404));
    let start = server.url("/");
    let place = Place::new();
    place.platform(&PlatformFile { valid_until: "2021-01-01", start: &start, ..Default::default() });
    let ended = place.run(&["scan", "--json"]).expect(5);
    assert!(ended.err.contains("2021-01-01") && ended.err.contains("hint:"), "{}", ended.err);
    // An agreement that is not for an own site needs a mandate that is on record and in force.
    let place = Place::new();
    let public = "https://www.example.test/";
    let file = PlatformFile {
        basis: "memorandum",
        hosts: "[\"www.example.test\"]",
        private: "[]",
        rate: "60/min",
        ..Default::default()
    };
    place.platform(&PlatformFile { start: public, ..file });
    place.run(&["scan", "--json"]).expect(5);
    let ended = place.run(&["scan", "--json", "--mandate", "unheard-of"]).expect(5);
    assert!(ended.err.contains("unheard-of"), "{}", ended.err);
    assert_eq!(server.log().len(), 0);
}

#[test]
fn a_private_address_that_is_not_listed_is_never_dialled_not_by_redirect_nor_by_sitemap() {
    let inner = MockServer::start_at(Ipv4Addr::new(127, 0, 0, 3), |_| Reply::html("inner"));
    let [by_link, by_redirect, by_sitemap] = ["/link", "/redirect", "/sitemap.xml"].map(|path| inner.url(path));
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::text(format!("Sitemap: {by_sitemap}\n")),
        "/" => Reply::html(links(&["/go".to_owned(), by_link.clone()])),
        "/go" => Reply::redirect(by_redirect.clone()),
        _ => Reply::status(404),
    });
    let place = Place::new();
    // The inner host is in scope, but its address is not listed.
    place.platform(&PlatformFile {
        hosts: "[\"127.0.0.1\", \"127.0.0.3\"]",
        private: "[\"127.0.0.1/32\"]",
        start: &server.url("/"),
        ..Default::default()
    });
    let ended = place.run(&["scan", "--json"]).expect(4);
    assert_eq!(inner.log().len(), 0);
    let coverage = ended.coverage("site");
    assert_eq!(coverage["failures"], serde_json::json!({ "private-address": 3 }), "{coverage}");
}

#[test]
fn a_name_that_resolves_to_a_private_address_is_refused() {
    let inner = MockServer::start(|_| Reply::html("inner"));
    let address = inner.url("/").replace("127.0.0.1", "localhost");
    let place = Place::new();
    place.platform(&PlatformFile {
        hosts: "[\"localhost\"]",
        private: "[\"10.0.0.0/8\"]",
        start: &address,
        ..Default::default()
    });
    let ended = place.run(&["scan", "--json"]);
    assert_eq!(inner.log().len(), 0);
    // Refused when the file is read, or when the name is resolved.
    if ended.code != Some(3) {
        let ended = ended.expect(4);
        assert_eq!(ended.coverage("site")["failures"], serde_json::json!({ "private-address": 1 }));
    }
}

//! What browsers and other crawlers read, we read: codings, heads, sitemaps and links as servers really send them.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use serde_json::{Value, json};

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, listing};

const FRONT: &str = "<!doctype html><title>Shop</title><p>Old books.<p><a href=/found>in stock</a>";

/// A site that answers each path as `answers` says, `/found` with a listing, and anything else with 404.
fn site(answers: Vec<(&'static str, Reply)>) -> MockServer {
    MockServer::start(move |asked| match answers.iter().find(|(path, _)| *path == asked.path) {
        Some((_, reply)) => replaced(reply.clone(), asked.header("host").unwrap_or_default()),
        None if asked.path.starts_with("/found") => Reply::html(listing("Chair", "Oak.", &[])),
        None => Reply::status(404),
    })
}

/// `HOST` in a whole answer stands for the site's own address.
fn replaced(reply: Reply, host: &str) -> Reply {
    match reply {
        Reply::Whole { status, headers, body } => {
            let at_home = |text: &str| text.replace("HOST", host);
            let body = match String::from_utf8(body) {
                Ok(text) => at_home(&text).into_bytes(),
                Err(bytes) => bytes.into_bytes(),
            };
            let headers = headers.into_iter().map(|(name, value)| (name, at_home(&value))).collect();
            Reply::Whole { status, headers, body }
        }
        other => other,
    }
}

/// A platform's name, the addresses that must be asked for, and its pages.
type Site<'a> = (&'static str, &'a [&'a str], Vec<(&'static str, Reply)>);

/// Scans each site on its own and expects the pages named to be asked for once, the others never, and nothing missing.
fn scanned(sites: Vec<Site<'_>>) {
    let place = Place::new();
    let sites: Vec<_> = sites
        .into_iter()
        .enumerate()
        .map(|(at, (name, wanted, answers))| {
            let server = site(answers);
            let id = format!("site-{at}");
            place.own_site(&id, &server.url("/"), "");
            (id, name, wanted, server)
        })
        .collect();
    let ended = place.run(&["scan", "--json"]);
    for (id, name, wanted, server) in &sites {
        let coverage = ended.coverage(id);
        let found: Vec<String> = server.paths().into_iter().filter(|path| path.contains("found")).collect();
        let mut sorted = found.clone();
        sorted.sort();
        assert_eq!(sorted, *wanted, "{name}: {coverage}");
        assert!(!server.paths().iter().any(|path| path.contains("never")), "{name}: {:?}", server.paths());
        assert_eq!(coverage["failures"], json!({}), "{name}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut out = DeflateEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn utf_16(text: &str) -> Vec<u8> {
    std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn answers_that_browsers_read_are_read() {
    let packed = |body: Vec<u8>, coding: &str| Reply::of(200, "text/html", body).with("content-encoding", coding);
    let raw = |fields: &str| {
        let length = FRONT.len();
        Reply::Raw(
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{fields}Content-Length: {length}\r\n\r\n{FRONT}")
                .into(),
        )
    };
    let front = FRONT.as_bytes();
    let mut chunked =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: gzip, chunked\r\n\r\n".to_vec();
    let body = gzip(front);
    chunked.extend_from_slice(format!("{:x}\r\n", body.len()).as_bytes());
    chunked.extend_from_slice(&body);
    chunked.extend_from_slice(b"\r\n0\r\n\r\n");
    // Below the limit of a body, and packed to more than is unpacked in passing.
    let numbers: String = (0..30_000_u64).map(|n| format!("{} ", n * 7919 % 1_000_003)).collect();
    let large = [front, numbers.as_bytes()].concat();
    assert!(large.len() < 256 << 10 && gzip(&large).len() > 64 << 10);
    let answers = vec![
        ("gzip in mixed case", packed(gzip(front), "GZip")),
        ("an old name", packed(gzip(front), "x-gzip")),
        ("packed twice", packed(gzip(&gzip(front)), "gzip, gzip")),
        ("two lines", packed(gzip(&gzip(front)), "gzip").with("content-encoding", "gzip")),
        ("identity beside it", packed(gzip(front), "identity,gzip")),
        ("deflate without its wrapper", packed(deflate(front), "deflate")),
        ("gzip called deflate", packed(gzip(front), "deflate")),
        ("gzip called br", packed(gzip(front), "br")),
        ("gzip without a name", Reply::of(200, "text/html", body)),
        ("plain called gzip", packed(front.to_vec(), "gzip")),
        ("plain called br", packed(front.to_vec(), "br")),
        ("no coding at all", packed(front.to_vec(), "utf-8")),
        ("large", packed(gzip(&large), "gzip")),
        ("a transfer coding", Reply::Raw(chunked)),
        ("a header in two lines", raw("X-Note: one\r\n  two\r\n")),
        ("a line without a colon", raw("this is no header\r\n")),
        ("white space before the colon", raw("X-Note : one\r\n")),
        ("a name that is none", raw("X (Note): one\r\n")),
        ("lines ended by one byte", Reply::Raw(format!("HTTP/1.1 200 OK\nContent-Type: text/html\n\n{FRONT}").into())),
        ("no reason", Reply::Raw(format!("HTTP/1.1 200\r\n\r\n{FRONT}").into())),
    ];
    scanned(answers.into_iter().map(|(name, reply)| (name, &["/found"][..], vec![("/", reply)])).collect());
}

#[test]
fn rules_that_are_packed_or_only_said_to_be_are_obeyed() {
    let rules = "User-agent: *\nDisallow: /never\n";
    let half = |bytes: Vec<u8>| bytes[..bytes.len() - 12].to_vec();
    let front = "<a href=/never/1>x</a><a href=/found>y</a>";
    let at = |name: &'static str, robots: Reply, wanted: &'static [&'static str]| {
        (name, wanted, vec![("/robots.txt", robots), ("/", Reply::html(front))])
    };
    let text = |body: Vec<u8>| Reply::of(200, "text/plain", body);
    scanned(vec![
        at("packed", text(gzip(rules.as_bytes())).with("content-encoding", "X-GZIP"), &["/found"]),
        at("said to be packed", text(rules.into()).with("content-encoding", "gzip"), &["/found"]),
        at("packed without a word", text(gzip(rules.as_bytes())), &["/found"]),
        at("deflate", text(deflate(rules.as_bytes())).with("content-encoding", "deflate"), &["/found"]),
    ]);
    // Half of the rules may lack what forbids everything: nothing is asked for.
    let long = format!("{rules}{}", "# and so on\n".repeat(50));
    let server = site(vec![
        ("/robots.txt", text(half(gzip(long.as_bytes()))).with("content-encoding", "gzip")),
        ("/", Reply::html(front)),
    ]);
    let place = Place::new();
    place.own_site("half", &server.url("/"), "");
    let coverage = place.run(&["scan", "--json"]).expect(4).coverage("half");
    assert_eq!((server.paths(), &coverage["failures"]["robots-unreachable"]), (vec!["/robots.txt".into()], &json!(1)));
}

#[test]
fn sitemaps_are_read_as_they_are_found() {
    let robots = |path: &str| Reply::text(format!("Sitemap: http://HOST{path}\n"));
    let xml = |body: &str| Reply::of(200, "application/xml", body);
    let list = "<urlset><url><loc>http://HOST/found</loc></url></urlset>";
    let one =
        |name: &'static str, map: Reply| (name, &["/found"][..], vec![("/robots.txt", robots("/map")), ("/map", map)]);
    let index = "<x:sitemapindex xmlns:x='s'><x:sitemap><x:loc>/inner</x:loc></x:sitemap></x:sitemapindex>";
    let mut sites = vec![
        one("moved away", Reply::redirect("/moved")),
        one("moved twice", Reply::redirect("/again")),
        one("an index with prefixes", xml(index)),
        one("upper case", xml("<URLSET><URL><LOC>/found</LOC></URL></URLSET>")),
        one("a raw ampersand", xml("<urlset><url><loc>/x?a=1&b=2</loc></url><url><loc>/found</loc></url></urlset>")),
        one("tags never closed", xml("<urlset><url><loc>/found</loc><url><loc>/other</urlset>")),
        one("UTF-16", Reply::of(200, "application/xml", utf_16("<urlset><url><loc>/found</loc></url></urlset>"))),
        one("lines", Reply::text("HTTP://HOST/found\r")),
    ];
    for (_, _, answers) in &mut sites {
        answers.extend([("/moved", xml(list)), ("/again", Reply::redirect("/moved")), ("/inner", xml(list))]);
        answers.push(("/", Reply::html("<p>Welcome.")));
    }
    let latin =
        b"<?xml version='1.0' encoding='ISO-8859-1'?><urlset><url><loc>/found/\xe9t\xe9</loc></url></urlset>".to_vec();
    let broken = b"<urlset><url><loc>/found</loc></url><url><loc>/found/\xe9</loc></url></urlset>".to_vec();
    let languages = "<urlset xmlns:h='h'><url><loc>/found</loc><h:link rel='alternate' hreflang='sv' href='/found/sv'/>\
                     <i:image><i:loc>/never.jpg</i:loc></i:image></url></urlset>";
    let feed = "<rss><channel><item><title>a&nbsp;b</title><guid>http://HOST/found</guid><enclosure url='/never'/></item>\
                <item><guid isPermaLink='false'>http://HOST/never</guid><link>/found/2</link></item></channel></rss>";
    let atom = "<feed><link href='/never'/><entry><link rel='enclosure' href='/never.mp3'/><link href='/found'/></entry></feed>";
    for (name, wanted, reply) in [
        ("Latin-1", &["/found/%C3%A9t%C3%A9"][..], Reply::of(200, "text/xml", latin)),
        ("a byte that does not fit", &["/found", "/found/%C3%A9"], Reply::of(200, "text/xml", broken)),
        ("other languages", &["/found", "/found/sv"], xml(languages)),
        ("a feed", &["/found", "/found/2"], xml(feed)),
        ("Atom", &["/found"], xml(atom)),
    ] {
        sites.push((
            name,
            wanted,
            vec![("/robots.txt", robots("/map")), ("/map", reply), ("/", Reply::html("<p>Hi."))],
        ));
    }
    // Named as a page first, and as a sitemap by nobody.
    let footer = Reply::html("<p>Welcome. <a href=/map.xml>sitemap</a>");
    sites.push(("known as a page", &["/found"], vec![("/", footer), ("/map.xml", xml(list))]));
    // Extra paths that lists above name are pages too.
    for (_, _, answers) in &mut sites {
        answers.push(("/x?a=1&b=2", Reply::html("<p>x")));
        answers.push(("/other", Reply::html("<p>x")));
    }
    scanned(sites);
}

#[test]
fn a_list_that_is_cut_names_pages_and_leaves_the_scan_incomplete() {
    let list: String = (0..200).map(|n| format!("<url><loc>/found/{n}</loc></url>")).collect();
    let list = Arc::new(format!("<urlset>{list}</urlset>"));
    let packed = gzip(list.as_bytes());
    let page = "<html><body>Pages: <a href=/found/page>1</a></body></html>";
    for (name, reply, reasons) in [
        ("cut", Reply::of(200, "text/xml", list[..list.len() / 2].to_owned()), json!({ "sitemap-malformed": 1 })),
        (
            "packed and cut",
            Reply::of(200, "text/xml", packed[..packed.len() / 2].to_vec()).with("content-encoding", "gzip"),
            json!({ "sitemap-malformed": 1, "malformed-response": 1 }),
        ),
        ("a web page", Reply::html(page), json!({ "sitemap-malformed": 1 })),
    ] {
        let server =
            site(vec![("/robots.txt", Reply::text("Sitemap: /map\n")), ("/", Reply::html("<p>Hi.")), ("/map", reply)]);
        let place = Place::new();
        place.own_site("bazaar", &server.url("/"), "");
        let coverage = place.run(&["scan", "--json"]).expect(4).coverage("bazaar");
        let found = server.paths().iter().filter(|path| path.starts_with("/found")).count();
        assert!((1..200).contains(&found), "{name}: {found}");
        assert_eq!((&coverage["failures"], &coverage["complete"]), (&reasons, &Value::Bool(false)), "{name}");
    }
}

#[test]
fn links_that_are_no_anchors_are_followed() {
    let front = |body: &str| vec![("/", Reply::html(body))];
    let link = |value: &str| vec![("/", Reply::html("<p>x").with("link", value))];
    scanned(vec![
        ("a refresh as the whole page", &["/found"], front("<META HTTP-EQUIV='Refresh' CONTENT=\"0; URL='found'\">")),
        ("a refresh of the head", &["/found"], vec![("/", Reply::html("").with("refresh", "3;URL=\"/found\""))]),
        (
            "frames",
            &["/found/a", "/found/b"],
            front("<frameset cols='1,2'><frame src=found/a><frame src='/found/b'></frameset>"),
        ),
        ("an inner frame", &["/found"], front("<iframe src=/found></iframe>")),
        ("for browsers without frames", &["/found"], front("<noframes><a href=/found>x</a></noframes>")),
        ("Link", &["/found"], link("<found>; rel=next")),
        (
            "two lines",
            &["/found", "/found/2"],
            vec![(
                "/",
                Reply::html("<p>x")
                    .with("link", "</found>; title=\"a, b\"; rel=\"next last\"")
                    .with("link", "</found/2>; rel='alternate'; hreflang=de"),
            )],
        ),
        (
            "nothing to follow",
            &[],
            link(
                "</never.css>; rel=preload, </never>; rel=next; anchor=\"/x\", </never.xml>; rel=alternate; type=application/atom+xml",
            ),
        ),
        (
            "two bases",
            &["/a/found"],
            front("<base href=/a/><base href=/never/><a href=found>x</a>")
                .into_iter()
                .chain([("/a/found", Reply::html("<p>x"))])
                .collect(),
        ),
        (
            "a page that says no",
            &[],
            front(
                "<meta name=robots content=nofollow><meta http-equiv=refresh content='0;url=/never'><frame src=/never>",
            ),
        ),
    ]);
}

#[test]
fn links_of_a_page_that_says_it_is_not_found_are_not_followed() {
    let lost = "<title>Page not found</title><h1>Page not found</h1><p>Look at <a href=/never>these</a>.";
    let server =
        site(vec![("/", Reply::html("<a href=/lost>x</a><a href=/found>y</a>")), ("/lost", Reply::html(lost))]);
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    let coverage = place.run(&["scan", "--json"]).expect(0).coverage("bazaar");
    assert_eq!((server.count("/found"), server.count("/never")), (1, 0));
    assert_eq!(
        (&coverage["outcomes"]["soft-404"], &coverage["skipped"]["soft-404"]),
        (&json!(1), &json!(1)),
        "{coverage}"
    );
}

use super::*;
use proptest::prelude::*;

fn record(body: &str) -> RobotsRecord {
    RobotsRecord::from_answer(Some(200), body.as_bytes(), Timestamp::from_millis(0))
}

fn allows(body: &str, path: &str) -> bool {
    record(body).allows(&CanonicalUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap())
}

#[test]
fn rules_as_rfc_9309_means_them() {
    for (line, body, path, expected) in [
        (line!(), "User-agent: *\nDisallow: /private", "/private/x", false),
        (line!(), "User-agent: *\nDisallow: /private", "/Private/x", true),
        (line!(), "User-agent: *\nDisallow:", "/x", true),
        (line!(), "User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", true),
        (line!(), "User-agent: *\nAllow: /a\nDisallow: /a", "/a", true),
        (line!(), "User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", false),
        (line!(), "User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf2", true),
        (line!(), "User-agent: *\nDisallow: /*?sort=", "/c/1?sort=price", false),
        (line!(), "user-agent: ListingWatch\nDisallow: /\n\nuser-agent: *\nAllow: /", "/x", false),
        (line!(), "user-agent: listingwatch/2.0\nDisallow: /", "/x", false),
        (line!(), "user-agent: other\nuser-agent: listingwatch\nDisallow: /a", "/a", false),
        (line!(), "User-agent: listingwatch\nAllow: /\n\nUser-agent: *\nDisallow: /", "/x", true),
        (line!(), "Disallow: /\nUser-agent: *\nAllow: /", "/x", true),
        (line!(), "User-agent: *\nDisallow: /", "/robots.txt", true),
        (line!(), "User-agent: *\nDisallow: private", "/private", false),
    ] {
        assert_eq!(allows(body, path), expected, "line {line}");
    }
}

#[test]
fn traps_of_the_crate_fail_closed() {
    for (line, body, path, expected) in [
        (line!(), "\u{feff}User-agent: *\nDisallow: /", "/x", false),
        (line!(), "User-agent: *\nCrawl-delay: 5\nDisallow: /", "/x", false),
        (line!(), "User-agent: *\nSitemap: https://x.test/s.xml\nDisallow: /", "/x", false),
        (line!(), "User-agent: *\nDisallow: /*/print/", "/en/products/print/1", false),
        (line!(), "User-agent: *\nDisallow: /*sid=", "/assets/session?sid2=1&xsid=1", false),
        (line!(), "User-agent: *\nDisallow: /50%-off/é", "/50%-off/%C3%A9", false),
        (line!(), "User-agent: *\nDisallow: /%61bc", "/abc", false),
        (line!(), "User-agent: *\nDisallow: /a%2fb", "/a%2Fb", false),
    ] {
        assert_eq!(allows(body, path), expected, "line {line}");
    }
    // Used to panic: a line over 16 KB with characters of several bytes.
    let long = format!("User-agent: *\nDisallow: /{}\nDisallow: /x", "ж".repeat(20_000));
    assert!(!allows(&long, "/x"));
    assert!(allows(&long, "/y"));
}

#[test]
fn special_characters_that_stand_for_themselves() {
    for (line, rule, path, expected) in [
        (line!(), "/file-with-a-%2A.html", "/file-with-a-*.html", false),
        (line!(), "/file-with-a-%2A.html", "/file-with-a-b.html", true),
        (line!(), "/a%24", "/a$b", false),
        (line!(), "/a$b", "/a$b/c", false),
        (line!(), "/a$b", "/a%24b", false),
        (line!(), "/price$", "/price", false),
        (line!(), "/price$", "/price$", true),
        (line!(), "/*$", "/x*y$z", false),
        (line!(), "/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https://foo.bar", false),
        (line!(), "/foo/bar?baz=https%3A%2F%2Ffoo.bar", "/foo/bar?baz=https://foo.bar", false),
        (line!(), "/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar", false),
        (line!(), "/*?url=http://", "/go?url=http%3a%2f%2fx", false),
        (line!(), "/foo/bar/\u{30c4}", "/foo/bar/%E3%83%84", false),
        (line!(), "/foo/bar/%E3%83%84", "/foo/bar/\u{30c4}", false),
        (line!(), "/foo/bar/%62%61%7A", "/foo/bar/baz", false),
    ] {
        assert_eq!(allows(&format!("User-agent: *\nDisallow: {rule}"), path), expected, "line {line}");
    }
}

#[test]
fn groups_comments_and_line_ends() {
    for (line, body, path, expected) in [
        (line!(), "User-agent: a\nDisallow: /\n\nUser-agent: *\nDisallow: /x", "/y", true),
        (line!(), "User-agent: *\rDisallow: /x\r", "/x", false),
        (line!(), "User-agent: * # everyone\r\nDisallow: /x # all of it\r\n", "/x", false),
        (line!(), "USER-AGENT: LISTINGWATCH\nDISALLOW: /x", "/x", false),
        (line!(), "User-agent: *\n\n\nDisallow: /x", "/x", false),
        (
            line!(),
            "User-agent: listingwatch\nDisallow: /a\nUser-agent: *\nDisallow: /b\nUser-agent: listingwatch\nDisallow: /c",
            "/c",
            false,
        ),
        (line!(), "User-agent: listingwatch\nDisallow: /a\nUser-agent: *\nDisallow: /b", "/b", true),
        (line!(), "User-agent: listingwatch-images\nDisallow: /", "/x", true),
        (line!(), "User-agent: *\nDissallow: /x%-y", "/x%-y", false),
        (line!(), "User-agent: *\nDisallow /x", "/x", false),
        (line!(), "User-agent: *\nNoindex: /\nDisallow: /x", "/x", false),
        (line!(), "User-agent:\nDisallow: /", "/x", true),
        (line!(), "<!doctype html><title>Not found</title>", "/x", true),
        (line!(), "", "/x", true),
    ] {
        assert_eq!(allows(body, path), expected, "line {line}");
    }
}

#[test]
fn utf_16_is_read_as_what_it_means() {
    let text = "\u{feff}User-agent: *\r\nDisallow: /x\r\n";
    let url = |path: &str| CanonicalUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for body in [little, big] {
        let record = RobotsRecord::from_answer(Some(200), &body, Timestamp::from_millis(0));
        assert!(!record.allows(&url("/x")) && record.allows(&url("/y")));
    }
}

#[test]
fn the_line_the_cap_cuts_never_becomes_consent() {
    let of = |last: &str| {
        let mut body = b"User-agent: *\nDisallow: /a\n".to_vec();
        while body.len() < ROBOTS_LIMIT_BYTES - 100 {
            body.extend_from_slice(b"# filler line\n");
        }
        body.resize(ROBOTS_LIMIT_BYTES - last.len(), b'\n');
        body.extend_from_slice(last.as_bytes());
        body.extend_from_slice(b"/deeper\n");
        RobotsRecord::from_answer(Some(200), &body, Timestamp::from_millis(0))
    };
    let url = |path: &str| CanonicalUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap();
    assert!(!of("Allow: /a/b").allows(&url("/a/b/other")), "`Allow: /a/b/deeper` was cut");
    assert!(!of("Disallow: /c").allows(&url("/c/other")), "a ban cut short is a wider one");
    assert!(!of("Disallow: /c%2").allows(&url("/c/other")));
    let long = format!("User-agent: *\nDisallow: /d/{}%-x", "e".repeat(3000));
    assert!(!allows(&long, &format!("/d/{}", "e".repeat(700))));
}

#[test]
fn hostile_patterns_stay_cheap() {
    let mut body = "User-agent: *\n".to_owned();
    for _ in 0..500 {
        body.push_str(&format!("Disallow: /{}b\n", "*a".repeat(20)));
    }
    let record = record(&body);
    let path = format!("/{}", "a".repeat(1900));
    let url = CanonicalUrl::parse(&format!("https://x.example.test{path}"), None).unwrap();
    assert!(record.allows(&url));
}

#[test]
fn status_decides_before_rules() {
    let now = Timestamp::from_millis(0);
    let url = CanonicalUrl::parse("https://x.example.test/a", None).unwrap();
    for (status, allowed) in [
        (Some(404), true),
        (Some(403), true),
        (Some(500), false),
        (Some(503), false),
        (None, false),
        (Some(429), false),
        (Some(302), false),
    ] {
        assert_eq!(
            RobotsRecord::from_answer(status, b"User-agent: *\nAllow: /", now).allows(&url),
            allowed,
            "{status:?}"
        );
    }
}

#[test]
fn crawl_delay_in_every_form() {
    for (value, millis) in [
        ("5", Some(5000)),
        ("0.5", Some(500)),
        ("inf", Some(86_400_000)),
        ("1e300", Some(86_400_000)),
        ("-1", None),
        ("NaN", None),
        ("soon", None),
    ] {
        let body = format!("User-agent: *\nCrawl-delay: {value}\nDisallow: /x");
        assert_eq!(record(&body).crawl_delay.map(|d| d.as_millis()), millis, "{value}");
    }
    let mine = "User-agent: other\nCrawl-delay: 99\n\nUser-agent: *\nCrawl-delay: 2\nSitemap: /a.xml\n";
    assert_eq!(record(mine).crawl_delay, Some(Duration::from_secs(2)));
    assert_eq!(record(mine).sitemaps, ["/a.xml"]);
}

#[test]
fn a_file_of_fifty_megabytes_is_cut() {
    let mut body = b"User-agent: *\nDisallow: /x\n".to_vec();
    body.resize(50 << 20, b'#');
    let record = RobotsRecord::from_answer(Some(200), &body, Timestamp::from_millis(0));
    assert!(!record.allows(&CanonicalUrl::parse("https://x.example.test/x", None).unwrap()));
}

/// The definition, without cleverness.
fn naive(pattern: &[u8], path: &[u8]) -> bool {
    match pattern.split_first() {
        None => true,
        Some((b'$', [])) => path.is_empty(),
        Some((b'*', rest)) => (0..=path.len()).any(|from| naive(rest, &path[from..])),
        Some((byte, rest)) => path.split_first().is_some_and(|(first, tail)| first == byte && naive(rest, tail)),
    }
}

proptest! {
    #[test]
    fn matching_equals_its_definition(pattern in "[/ab*]{0,8}[$]?", path in "[/ab]{0,10}") {
        prop_assert_eq!(matches(pattern.as_bytes(), path.as_bytes()), naive(pattern.as_bytes(), path.as_bytes()));
    }

    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = RobotsRecord::from_answer(Some(200), &body, Timestamp::from_millis(0));
    }
}

use super::*;
use proptest::prelude::*;

use crate::frontier::robots::pattern::matches;

fn record(body: &str) -> RobotsRecord {
    RobotsRecord::from_answer(Some(200), body.as_bytes(), Timestamp::from_millis(0))
}

fn allows(body: &str, path: &str) -> bool {
    record(body).allows(&FoundUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap())
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Suite {
    case: Vec<Case>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    file: String,
    #[serde(default)]
    allowed: Vec<String>,
    #[serde(default)]
    banned: Vec<String>,
    /// Why we judge otherwise than the suite the case is from.
    differs: Option<String>,
}

#[test]
fn public_suites_are_answered_as_they_ask_or_a_reason_is_given() {
    for (suite, text, that_differ) in [
        ("reference", include_str!("../../../tests/data/robots/reference.toml"), 3),
        ("protego", include_str!("../../../tests/data/robots/protego.toml"), 2),
        ("rep", include_str!("../../../tests/data/robots/rep.toml"), 3),
    ] {
        let Suite { case } = toml::from_str(text).unwrap();
        assert!(case.len() > 5, "{suite}");
        for Case { name, file, allowed, banned, differs: _ } in &case {
            assert!(!allowed.is_empty() || !banned.is_empty(), "{suite}: {name}: says nothing");
            for (paths, expected) in [(allowed, true), (banned, false)] {
                for path in paths {
                    assert_eq!(allows(file, path), expected, "{suite}: {name}: {path}");
                }
            }
        }
        let differ = case.iter().filter(|case| case.differs.is_some()).count();
        assert_eq!(differ, that_differ, "{suite}");
    }
}

#[test]
fn the_found_address_is_judged_and_every_other_form_of_it() {
    for (line, rules, path, expected) in [
        // Bans of common shop systems, on addresses whose canonical form reads otherwise.
        (line!(), "Disallow: /index.php?route=account", "/index.php?route=account/login", false),
        (line!(), "Disallow: /index.php", "/index.php?id=7", false),
        (line!(), "Disallow: /*.php", "/shop/index.php", false),
        (line!(), "Disallow: /*?sort=", "/list?sort=price&page=2", false),
        (line!(), "Disallow: /?s=", "/?s=x&post_type=product", false),
        (line!(), "Disallow: /*&color=", "/list?size=4&color=red", false),
        (line!(), "Disallow: /q?w=a%20b", "/q?w=a%20b", false),
        (line!(), "Disallow: /x?", "/x?", false),
        (line!(), "Disallow: /*;jsessionid", "/b;jsessionid=99", false),
        (line!(), "Disallow: /*?utm_source", "/b?utm_source=x", false),
        // And on addresses whose canonical form is what the rule bans.
        (line!(), "Disallow: /list?a=", "/list?b=2&a=1", false),
        (line!(), "Disallow: /?id=", "/index.php?id=7", false),
        (line!(), "Disallow: /q?w=a+b", "/q?w=a%20b", false),
        (line!(), "Disallow: /q?w=a%20b", "/q?w=a+b", false),
        (line!(), "Disallow: /shop/$", "/shop/index.html", false),
        // An allowance of one form answers a ban of the other if it is at least as long.
        (line!(), "Disallow: /list?\nAllow: /list?page=", "/list?page=2&order=new", true),
        (line!(), "Disallow: /list?order=\nAllow: /list?page=", "/list?page=2&order=new", false),
        (line!(), "Disallow: /list?order=\nAllow: /list?page=2&o", "/list?page=2&order=new", true),
        (line!(), "Disallow: /*order=\nAllow: /list?order=", "/list?page=2&order=new", false),
        (line!(), "Disallow: /a\nAllow: /index.php", "/index.php", true),
    ] {
        assert_eq!(allows(&format!("User-agent: *\n{rules}"), path), expected, "line {line}");
    }
}

#[test]
fn raw_characters_in_rules_mean_what_links_make_of_them() {
    for (line, rule, path, expected) in [
        (line!(), "/search/{search_term_string}", "/search/{search_term_string}", false),
        (line!(), "/search/{search_term_string}", "/search/%7Bsearch_term_string%7d", false),
        (line!(), "/a b", "/a b/c", false),
        (line!(), "/a%20b", "/a b/c", false),
        (line!(), "/*?q=<b>", "/s?q=<b>", false),
        (line!(), "/*?q=\"x\"", "/s?q=\"x\"", false),
        (line!(), "/*?q='x'", "/s?q='x'", false),
        (line!(), "/*?q='x'", "/s?q=%27x%27", false),
        (line!(), "/it's", "/it%27s", false),
        (line!(), "/*?q=a|b", "/s?q=a%7Cb", false),
        (line!(), "/*?q=a^b", "/s?q=a^b", false),
        (line!(), "/a`b", "/a`b", false),
        (line!(), "/private\\docs", "/private\\docs", false),
        (line!(), "/private\\docs", "/private/docs", false),
        (line!(), "/s?q=a\\b", "/s?q=a\\b", false),
        (line!(), "/s?q=a\\b", "/s?q=a/b", true),
        (line!(), "/one /two", "/two", false),
        (line!(), "/one two", "/one", true),
        (line!(), "https://shop.example.test/private/", "/private/x", false),
        (line!(), "https://shop.example.test/private/", "/x", true),
    ] {
        assert_eq!(allows(&format!("User-agent: *\nDisallow: {rule}"), path), expected, "line {line}");
    }
    let allowed = |rule: &str, path| allows(&format!("User-agent: *\nDisallow: /\nAllow: {rule}"), path);
    assert!(allowed("/a b", "/a%20b") && !allowed("/one /two", "/two") && !allowed("/a\\b", "/a/b"));
}

#[test]
fn rules_that_are_no_utf_8_ban_their_bytes_and_their_letters() {
    let file = b"User-agent: *\nDisallow: /caf\xe9\nDisallow: /*?q=\xc4\xe3\n";
    let record = RobotsRecord::from_answer(Some(200), file, Timestamp::from_millis(0));
    for (path, expected) in [("/caf%E9", false), ("/caf\u{e9}", false), ("/cafe", true), ("/s?q=%C4%E3", false)] {
        let url = FoundUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap();
        assert_eq!(record.allows(&url), expected, "{path}");
    }
}

#[test]
fn lines_as_people_write_them() {
    for (line, body, path, expected) in [
        (line!(), "  User-agent: *\n\tDisallow: /x", "/x", false),
        (line!(), "\u{a0}User-agent: *\n\u{3000}Disallow:\u{a0}/x", "/x", false),
        (line!(), "User-agent *\nDisallow\t/x", "/x", false),
        (line!(), "User-agent = *\nDisallow = /x", "/x", false),
        (line!(), "User-agent : *\nDisallow : /x", "/x", false),
        (line!(), "User-agent\u{ff1a}*\nDisallow\u{ff1a}/x", "/x", false),
        (line!(), "User-agent:*\nDisallow/x", "/x", false),
        (line!(), "User_agent: *\nDisallow: /x", "/x", false),
        (line!(), "User-agent: *\nDisallowed: /x", "/x", true),
        (line!(), "User-agent: *\nDisallow: /\nAllow us to greet you", "/us", false),
        (line!(), "User-agent: other, listingwatch\nDisallow: /x", "/x", false),
        (line!(), "User-agent: other; ListingWatch/2.0\nDisallow: /x", "/x", false),
        (line!(), "User-agent: other listingwatch third\nDisallow: /x", "/x", false),
        (line!(), "User-agent: other, *\nDisallow: /x", "/x", false),
        (line!(), "User-agent: \"listingwatch\"\nDisallow: /x", "/x", false),
        (line!(), "User-agent: Mozilla/5.0 (compatible; listingwatch/1.0)\nDisallow: /x", "/x", false),
        (line!(), "User-agent: other, third\nDisallow: /x", "/x", true),
        (line!(), "User-agent: listingwatch\nCrawl-delay: 1\nUser-agent: other\nDisallow: /x", "/x", false),
        (line!(), "User-agent: other\nCrawl-delay: 1\n\nUser-agent: *\nDisallow: /x", "/x", false),
        (line!(), "User-agent: *\nDisallow: /a\nCrawl-delay: 1\nDisallow: /x", "/x", false),
    ] {
        assert_eq!(allows(body, path), expected, "line {line}");
    }
    let long = format!("User-agent: {}, listingwatch\nDisallow: /x", "other, ".repeat(1000));
    assert!(!allows(&long, "/x"), "a long list of agents is read to its end");
}

#[test]
fn packed_files_are_read_and_what_cannot_be_read_forbids() {
    use std::io::Write;
    let packed = |text: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(text).and_then(|()| encoder.finish()).unwrap()
    };
    let judged = |body: &[u8]| {
        let record = RobotsRecord::from_answer(Some(200), body, Timestamp::from_millis(0));
        let url = |path: &str| FoundUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap();
        (record.status, record.allows(&url("/x")), record.allows(&url("/y")))
    };
    let text = b"User-agent: *\nDisallow: /x\n";
    let read = (RobotsStatus::Available, false, true);
    let unread = (RobotsStatus::Unreachable, false, false);
    assert_eq!(judged(&packed(text)), read);
    assert_eq!(judged(&packed(&packed(text))), read);
    let cut = packed(text);
    assert_eq!(judged(&cut[..cut.len() - 12]), unread, "a file that was cut");
    assert_eq!(judged(b"\x1f\x8bnothing of the kind"), unread);
    assert_eq!(judged(b"\x28\xb5\x2f\xfd\x04\x00packed otherwise"), unread);
    assert_eq!(judged(b"\x89PNG\r\n\x1a\n\x00\x00"), unread);
    let without_mark: Vec<u8> = "User-agent: *\nDisallow: /x\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(judged(&without_mark), read);
    let record = RobotsRecord::from_answer(Some(200), &packed(&vec![b'#'; 50 << 20]), Timestamp::from_millis(0));
    assert_eq!(record.status, RobotsStatus::Available, "unpacked no further than it is read");
}

#[test]
fn a_record_of_an_earlier_build_is_fetched_again() {
    let now = Timestamp::from_millis(1000);
    let record = RobotsRecord::from_answer(Some(200), b"User-agent: *\nDisallow: /{x}\n", now);
    let mut stored = serde_json::to_value(&record).unwrap();
    assert!(!serde_json::from_value::<RobotsRecord>(stored.clone()).unwrap().is_stale(now));
    stored.as_object_mut().unwrap().remove("writing");
    assert!(serde_json::from_value::<RobotsRecord>(stored).unwrap().is_stale(now));
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
    let url = |path: &str| FoundUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap();
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
    let url = |path: &str| FoundUrl::parse(&format!("https://shop.example.test{path}"), None).unwrap();
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
    let url = FoundUrl::parse(&format!("https://x.example.test{path}"), None).unwrap();
    assert!(record.allows(&url));
}

#[test]
fn status_decides_before_rules() {
    let now = Timestamp::from_millis(0);
    let url = FoundUrl::parse("https://x.example.test/a", None).unwrap();
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
        ("1,5", Some(1500)),
        ("2s", Some(2000)),
        ("2 sec.", Some(2000)),
        ("1.5 seconds", Some(1500)),
        ("500ms", Some(500)),
        ("2 min", Some(120_000)),
        ("1m", Some(60_000)),
        ("1 hour", Some(3_600_000)),
        ("3 days", Some(86_400_000)),
        ("5-10", Some(10_000)),
        ("\"3\"", Some(3000)),
        ("7 (please)", Some(7000)),
        (".5", Some(500)),
        ("4.", Some(4000)),
        ("-1 s", None),
        ("1.2.3", None),
        ("", None),
    ] {
        let body = format!("User-agent: *\nCrawl-delay: {value}\nDisallow: /x");
        assert_eq!(record(&body).crawl_delay.map(|d| d.as_millis()), millis, "{value}");
    }
    let mine = "User-agent: other\nCrawl-delay: 99\n\nUser-agent: *\nCrawl-delay: 2\nSitemap: /a.xml\n";
    assert_eq!(record(mine).crawl_delay, Some(Duration::from_secs(2)));
    assert_eq!(record(mine).sitemaps, ["/a.xml"]);
    let shared =
        "User-agent: other\nCrawl-delay: 9\nUser-agent: listingwatch\nCrawl-delay: 3\nUser-agent: *\nDisallow: /";
    assert_eq!(record(shared).crawl_delay, Some(Duration::from_secs(3)), "it speaks to the agents named before it");
    let several = "User-agent: *\nCrawl-delay: 3\nDisallow: /x\nCrawl-delay: 8\nCrawl-delay: 5\n";
    assert_eq!(record(several).crawl_delay, Some(Duration::from_secs(8)), "the longest counts");
}

#[test]
fn a_file_of_fifty_megabytes_is_cut() {
    let mut body = b"User-agent: *\nDisallow: /x\n".to_vec();
    body.resize(50 << 20, b'#');
    let record = RobotsRecord::from_answer(Some(200), &body, Timestamp::from_millis(0));
    assert!(!record.allows(&FoundUrl::parse("https://x.example.test/x", None).unwrap()));
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

use super::*;

fn read(bytes: &[u8]) -> Sitemap {
    super::read(bytes, None, crate::vocab::limits::Limits::default().sitemap_bytes)
}
use std::io::Write;

#[test]
fn reads_pages_and_indexes_and_decodes_references() {
    let xml = r#"<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="x">
        <url><loc> https://a.example.test/?a=1&amp;b=2 </loc><lastmod>2026-01-02</lastmod>
          <image:image><image:loc>https://a.example.test/i.jpg</image:loc></image:image></url>
        <url><loc><![CDATA[https://a.example.test/c]]></loc></url></urlset>"#;
    let sitemap = read(xml.as_bytes());
    let pages: Vec<_> = sitemap.pages.iter().map(|p| p.location.as_str()).collect();
    assert_eq!(pages, ["https://a.example.test/?a=1&b=2", "https://a.example.test/c"]);
    assert_eq!(sitemap.pages[0].modified.unwrap().to_string(), "2026-01-02T00:00:00.000Z");

    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"<sitemapindex><sitemap><loc>https://a.example.test/s1.xml</loc></sitemap></sitemapindex>")
        .unwrap();
    let index = read(&gzip.finish().unwrap());
    assert_eq!(index.sitemaps[0].location, "https://a.example.test/s1.xml");
}

#[test]
fn reads_feeds_and_plain_lists() {
    let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title><id>i</id><updated>2026-01-01T00:00:00Z</updated>
        <entry><title>x</title><id>1</id><updated>2026-01-01T00:00:00Z</updated><link href="https://a.example.test/1"/></entry></feed>"#;
    assert_eq!(read(atom.as_bytes()).pages[0].location, "https://a.example.test/1");
    assert_eq!(read(b"https://a.example.test/x\nnonsense\n").pages.len(), 1);
}

#[test]
fn dates_are_believed_unless_everything_changed() {
    let at = |day: i64| Timestamp::from_millis(day * 86_400_000);
    let page = |n: usize, day: i64| SitemapEntry { location: format!("https://a.test/{n}"), modified: Some(at(day)) };
    let honest =
        Sitemap { pages: (0..100).map(|n| page(n, if n < 7 { 99 } else { 10 })).collect(), ..Sitemap::default() };
    assert!(matches!(honest.changed(at(90), at(100)), Dates::Changed(changed) if changed.len() == 7));
    assert!(matches!(honest.changed(at(101), at(102)), Dates::Changed(changed) if changed.is_empty()));
    let liar = Sitemap { pages: (0..100).map(|n| page(n, 100)).collect(), ..Sitemap::default() };
    assert_eq!(liar.changed(at(90), at(100)), Dates::Unbelievable);
    let future = Sitemap { pages: (0..10).map(|n| page(n, 5000)).collect(), ..Sitemap::default() };
    assert!(matches!(future.changed(at(90), at(100)), Dates::Changed(changed) if changed.is_empty()));
}

#[test]
fn the_protocol_s_limits_hold_and_extensions_are_passed_over() {
    let mut xml = "<urlset xmlns:news='n' xmlns:video='v' xmlns:xhtml='x'>".to_owned();
    for n in 0..50_010 {
        xml.push_str(&format!(
            "<url><loc>https://a.test/{n}</loc><news:news><news:title>x</news:title></news:news>\
            <video:video><video:player_loc>https://a.test/v</video:player_loc></video:video></url>"
        ));
    }
    let sitemap = read(xml.as_bytes());
    assert_eq!((sitemap.pages.len(), sitemap.problems.len()), (ENTRIES_LIMIT, 1));
    let index = "<sitemapindex>".to_owned() + &"<sitemap><loc>https://a.test/s</loc></sitemap>".repeat(60_000);
    let index = read(index.as_bytes());
    assert_eq!((index.sitemaps.len(), index.problems.len()), (ENTRIES_LIMIT, 1));
    let with_links = "<urlset xmlns:xhtml='x'><url><loc>https://a.test/en</loc><xhtml:link rel='alternate' \
        hreflang='de' href='https://a.test/de'/><priority>0.5</priority></url></urlset>";
    assert_eq!(read(with_links.as_bytes()).pages.len(), 1);
}

#[test]
fn every_kind_of_feed_names_pages() {
    let rss = "<rss version='2.0'><channel><title>t</title><link>https://a.test</link><description>d</description>\
        <item><title>x</title><link>https://a.test/1</link><pubDate>Mon, 24 Nov 2025 16:00:00 GMT</pubDate></item></channel></rss>";
    let sitemap = read(rss.as_bytes());
    assert_eq!(sitemap.pages[0].location, "https://a.test/1");
    assert!(sitemap.pages[0].modified.is_some());
    let json = "{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"t\", \"items\": [{\"id\": \"1\", \"url\": \"https://a.test/1\", \"content_text\": \"x\"}]}";
    assert_eq!(read(json.as_bytes()).pages[0].location, "https://a.test/1");
}

fn told(text: &str) -> (Vec<String>, Vec<String>, Vec<String>) {
    let read = read(text.as_bytes());
    let names = |list: Vec<SitemapEntry>| list.into_iter().map(|entry| entry.location).collect();
    (names(read.pages), names(read.sitemaps), names(read.alternates))
}

#[test]
fn mistakes_of_those_who_write_them_by_hand_or_by_script() {
    let (one, two) = ("<url><loc>https://a.test/1</loc></url>", "<url><loc>https://a.test/2</loc></url>");
    for (name, text) in [
        (
            "prefixes",
            format!("<x:urlset>{}{}</x:urlset>", one, two).replace("<url>", "<x:url>").replace("loc>", "x:loc>"),
        ),
        ("a prefix on some", format!("<s:urlset>{}{two}</s:urlset>", one.replace("url>", "s:url>"))),
        (
            "upper case",
            format!("<urlset>{one}{two}</urlset>").to_uppercase().replace("HTTPS://A.TEST", "https://a.test"),
        ),
        ("entries never closed", format!("<urlset>{one}{two}</urlset>").replace("</url>", "")),
        ("addresses never closed", format!("<urlset>{one}{two}</urlset>").replace("</loc>", "")),
        ("two in one entry", format!("<urlset>{one}{two}</urlset>").replace("</url><url>", "")),
        ("no entries around", format!("<urlset>{one}{two}</urlset>").replace("<url>", "").replace("</url>", "")),
        ("no root", format!("{one}{two}")),
        ("root not closed", format!("<urlset>{one}{two}")),
        ("another root", format!("<pages><x/>{one}{two}</pages>")),
        ("root twice", format!("<urlset><urlset>{one}{two}</urlset></urlset>")),
        ("cut within an address", format!("<urlset>{one}{two}<url><loc>https://a.te")),
        ("cut after an address", format!("<urlset>{one}<url><loc>https://a.test/2</loc><lastmod>2026")),
        ("an attribute without its quote", format!("<urlset xmlns=\"x>{one}{two}</urlset>")),
        ("an attribute without quotes", format!("<urlset xmlns=http://x.test/0.9>{one}{two}</urlset>")),
        ("markup within", format!("<urlset>{one}{two}</urlset>").replace("/2", "<b>/</b>2<br/>")),
        ("words before it", format!("Notice: x <br />\n<b>y</b>: z<?xml version='1.0'?><urlset>{one}{two}</urlset>")),
        ("white space", format!("\n\n\u{feff} <urlset>{one}{two}</urlset>").replace("<loc>", "<loc>\n  ")),
        (
            "sections",
            format!("<urlset>{one}{two}</urlset>").replace("<loc>", "<loc><![CDATA[ ").replace("</loc>", " ]]></loc>"),
        ),
        (
            "comments",
            format!("<urlset><!-- <url><loc>https://a.test/0</loc></url> -->{one}{two}</urlset>")
                .replace("/2", "/<!-- x -->2"),
        ),
        (
            "an extension never closed",
            format!(
                "<urlset><url><loc>https://a.test/1</loc><i:image><i:loc>https://a.test/i</i:loc></url>{two}</urlset>"
            ),
        ),
        (
            "an extension without a prefix",
            format!(
                "<urlset><url><loc>https://a.test/1</loc><image><loc>https://a.test/i</loc></image></url>{two}</urlset>"
            ),
        ),
        (
            "an extension first",
            format!(
                "<urlset><url><v:video><v:loc>https://a.test/v</v:loc></v:video><loc>https://a.test/1</loc></url>{two}</urlset>"
            ),
        ),
        (
            "an extension outside of its element",
            format!("<urlset><url><loc>https://a.test/1</loc><i:loc>https://a.test/i</i:loc></url>{two}</urlset>"),
        ),
        ("lines", "https://a.test/1\r\nhttps://a.test/2 2026-01-02\r\n# https://a.test/3".to_owned()),
        ("lines of old systems", "\u{feff}\"https://a.test/1\"\rhttps://a.test/2\t2026-01-02\r".to_owned()),
    ] {
        let (pages, sitemaps, alternates) = told(&text);
        assert_eq!(pages, ["https://a.test/1", "https://a.test/2"], "{name}: {text}");
        assert!(sitemaps.is_empty() && alternates.is_empty(), "{name}");
    }
    let upper = told("HTTP://a.test/1\nftp://a.test/2\nHttps://a.test/3 b");
    assert_eq!(upper.0, ["HTTP://a.test/1", "Https://a.test/3 b"]);
    assert_eq!(
        told("<urlset><url><loc>https://a.test/?a=1&b=2&amp;c=3&copy=4</loc></url></urlset>").0,
        ["https://a.test/?a=1&b=2&c=3&copy=4"]
    );
}

#[test]
fn indexes_with_the_same_mistakes() {
    for (name, text) in [
        ("prefixes", "<s:sitemapindex><s:sitemap><s:loc>https://a.test/s</s:loc></s:sitemap></s:sitemapindex>"),
        ("within a list", "<urlset><sitemap><loc>https://a.test/s</loc></sitemap></urlset>"),
        ("no entries around", "<sitemapindex><loc>https://a.test/s</loc></sitemapindex>"),
        ("another root", "<list><sitemap><loc>https://a.test/s</loc></sitemap></list>"),
        ("never closed", "<SiteMapIndex><SiteMap><loc>https://a.test/s</loc>"),
    ] {
        assert_eq!(told(text).1, ["https://a.test/s"], "{name}");
    }
}

#[test]
fn only_what_is_not_whole_is_a_problem() {
    for (text, problems) in [
        ("<urlset/>", 0),
        ("<urlset></urlset>", 0),
        ("<urlset><url><loc>/a</loc><url><loc>/b</urlset>", 0),
        ("<rss><channel></channel></rss>", 0),
        ("<urlset><url><loc>/a</loc></url>", 1),
        ("<urlset><url><loc>/a", 1),
        ("<html><p>not found</html>", 1),
        ("<nothing/>", 1),
    ] {
        assert_eq!(read(text.as_bytes()).problems.len(), problems, "{text}");
    }
}

#[test]
fn other_languages_are_pages_too() {
    let text = "<urlset xmlns:h='x'><url><loc>/en</loc><h:link rel='alternate' hreflang='de' href='/de?a=1&amp;b=2'/>\
        <h:link rel='alternate' hreflang='en' href='/en'/><h:link rel='alternate' media='handheld' href='/mobile'/></url>\
        <url><loc>/en2</loc><h:link rel=alternate hreflang=de href=/de?a=1&amp;b=2></h:link></url></urlset>";
    assert_eq!(told(text), (vec!["/en".into(), "/en2".into()], vec![], vec!["/de?a=1&b=2".into()]));
}

#[test]
fn feeds_with_the_mistakes_of_their_writers() {
    for (name, text) in [
        (
            "a reference of HTML",
            "<rss><channel><link>/home</link><item><title>a&nbsp;b & c</title><link>/1</link></item></channel></rss>",
        ),
        ("a guid alone", "<rss><channel><item><guid>https://a.test/1</guid></item></channel></rss>"),
        (
            "a guid beside its link",
            "<rss><channel><item><link>https://a.test/1</link><guid isPermaLink='TRUE'>https://a.test/1</guid></item></channel></rss>",
        ),
        (
            "a guid that is none",
            "<rss><channel><item><link>/1</link><guid isPermaLink='false'>https://a.test/2</guid></item></channel></rss>",
        ),
        ("a guid that is a number", "<rss><channel><item><link>/1</link><guid>4711</guid></item></channel></rss>"),
        (
            "markup in a text",
            "<rss><channel><item><description>x <a href='/2'>y<br> <link>/3</link></description><link>/1</link></item></channel></rss>",
        ),
        (
            "a link of Atom",
            "<rss><channel><item><atom:link rel='self' href='/2'/><atom:link href='/1'/></item></channel></rss>",
        ),
        (
            "a link of its source",
            "<rss><channel><image><url>/i</url><link>/home</link></image><item><source url='/s'>x</source><link>/1</link></item></channel></rss>",
        ),
        ("an empty link and its text", "<rss><channel><item><link/>/1<title>x</title></item></channel></rss>"),
        (
            "Atom",
            "<feed><link href='/home'/><entry><link rel='enclosure' href='/e.mp3'/><link rel='alternate' href='/1'/><source><link href='/s'/></source></entry></feed>",
        ),
        ("Atom under a prefix", "<a:feed><a:entry><a:updated>bad</a:updated><a:link href='/1'/></a:entry></a:feed>"),
        (
            "RDF",
            "<rdf:RDF><channel rdf:about='/home'><link>/home</link></channel><item rdf:about='/1'><link>/1</link></item></rdf:RDF>",
        ),
        ("RDF by name only", "<rdf:RDF><item rdf:about='/1'><title>x</title></item></rdf:RDF>"),
        ("items never closed", "<rss><channel><item><link>/1</link></channel></rss>"),
    ] {
        let (pages, _, _) = told(text);
        let pages: Vec<_> = pages.iter().map(|page| page.trim_start_matches("https://a.test")).collect();
        assert_eq!(pages, ["/1"], "{name}");
    }
    let based = read(b"<feed xml:base='/shop/'><entry><link href='1'/></entry></feed>");
    assert_eq!((based.base.as_deref(), based.pages[0].location.as_str()), (Some("/shop/"), "1"));
    let dated = read(
        b"<rss><channel><item><link>/1</link><pubDate>Mon, 24 Nov 2025 16:00:00 GMT</pubDate></item></channel></rss>",
    );
    assert_eq!(dated.pages[0].modified.unwrap().to_string(), "2025-11-24T16:00:00.000Z");
}

#[test]
fn a_web_page_in_their_place_is_told_from_them() {
    for (text, expected) in [
        ("<!DOCTYPE html><html><body>x", true),
        ("\u{feff}\n<HTML lang=en>", true),
        ("<?xml version='1.0'?><!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0'><html xmlns='x'>", true),
        ("<urlset><url><loc>/a</loc></url></urlset>", false),
        ("<?xml version='1.0'?><rss><channel><item><description>&lt;html></description>", false),
        ("<rss><channel><item><description><html></description>", false),
        ("https://a.test/1", false),
        ("", false),
    ] {
        assert_eq!(is_web_page(text.as_bytes(), None), expected, "{text}");
        let sitemap = text.starts_with("<urlset");
        assert_eq!(is_sitemap(text.as_bytes()), sitemap, "{text}");
    }
}

#[test]
fn packed_once_more_than_is_said_and_with_bytes_after_it() {
    let gzip = |bytes: &[u8]| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    };
    let text = b"<urlset><url><loc>/a</loc></url></urlset>";
    for (packed, problems) in [
        (gzip(&gzip(text)), 0),
        ([gzip(text), vec![0; 9]].concat(), 0),
        (gzip(text)[..gzip(text).len() - 9].to_vec(), 1),
    ] {
        let read = read(&packed);
        assert_eq!((read.pages.len(), read.problems.len()), (1, problems), "{:?}", read.problems);
    }
}

#[test]
fn a_bomb_is_cut_and_nonsense_is_named() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let block = vec![b'a'; 1 << 20];
    for _ in 0..60 {
        gzip.write_all(&block).unwrap();
    }
    let sitemap = read(&gzip.finish().unwrap());
    assert!(sitemap.pages.is_empty());
    assert!(!read(b"<html><p>not found").problems.is_empty());
    for bytes in [&b""[..], b"<", b"{", b"\x1f\x8b", b"<a><b></a>"] {
        let _ = read(bytes);
    }
}

#[test]
fn a_feed_of_more_entries_than_a_sitemap_may_have_is_not_built() {
    let item = "<item><link>/x</link></item>";
    let rss = format!("<rss version='2.0'><channel>{}</channel></rss>", item.repeat(ENTRIES_LIMIT + 7));
    let json = format!(r#"{{"version":"https://jsonfeed.org/version/1.1","items":[{}{{}}]}}"#, "{},".repeat(300_000));
    let exact = format!("<rss version='2.0'><channel>{}</channel></rss>", item.repeat(ENTRIES_LIMIT));
    let more = vec![format!("more than {ENTRIES_LIMIT} entries")];
    for (feed, pages, problems) in [(rss, ENTRIES_LIMIT, more.clone()), (json, 0, more), (exact, ENTRIES_LIMIT, vec![])]
    {
        let read = read(feed.as_bytes());
        assert_eq!((read.pages.len(), read.problems), (pages, problems));
    }
}

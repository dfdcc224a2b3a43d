use super::*;
use crate::vocab::limits::Limits;

fn page(html: &str) -> Page {
    let url = FoundUrl::parse("https://shop.example.test/a/b", None).unwrap();
    let limits = Limits::default();
    read(html, "UTF-8", &ReadContext::new(&url, &limits))
}

#[test]
fn links_known_by_their_spelling_are_left_out_unless_a_base_changes_their_meaning() {
    let url = FoundUrl::parse("https://shop.example.test/a/b", None).unwrap();
    let limits = Limits::default();
    let known = crate::listing::spellings::Spellings::new(64);
    let html = "<a href=/l/1>1</a><a href=/l/2>2</a><a href=l/1>3</a><a href=//x.test/>4</a>";
    let page = read(html, "UTF-8", &ReadContext { owner: "bazaar", ..ReadContext::new(&url, &limits) });
    let rooted: Vec<bool> = page.links.iter().map(|link| link.spelling.is_some()).collect();
    assert_eq!(rooted, [true, true, false, false]);
    page.links.iter().filter_map(|link| link.spelling).for_each(|spelling| known.note(spelling));
    let context = ReadContext { owner: "bazaar", known: Some(&known), ..ReadContext::new(&url, &limits) };
    let left = |html: &str| read(html, "UTF-8", &context).links.iter().map(|l| l.url.to_string()).collect::<Vec<_>>();
    assert_eq!(left(html), ["https://shop.example.test/a/l/1", "https://x.test/"]);
    assert_eq!(left("<base href=//y.test/><a href=/l/1>1</a>"), ["https://y.test/l/1"]);
}

#[test]
fn pictures_are_named_relative_to_the_first_base() {
    let kinds = [
        r#"<div itemscope itemtype="https://schema.org/Product"><b itemprop=name>Lamp</b><img itemprop=image src=l.jpg></div>"#,
        r#"<div vocab="https://schema.org/" typeof=Product><b property=name>Lamp</b><img property=image src=l.jpg></div>"#,
        r#"<script type="application/ld+json">{"@type": "Product", "name": "Lamp", "image": "l.jpg"}</script>"#,
        "<meta property=og:type content=product><meta property=og:title content=Lamp><meta property=og:image content=l.jpg>",
    ];
    for kind in kinds {
        let page = page(&format!("<base href='/pictures/'><base href='/no/'>{kind}"));
        assert_eq!(page.listings[0].images, ["https://shop.example.test/pictures/l.jpg"], "{kind}");
    }
}

#[test]
fn links_are_decoded_resolved_and_each_once() {
    let page = page(
        "<base href='/c/'><a href='x?a=1&amp;b=2'>1</a><a HREF=x?b=2&a=1>2</a><a href=\"#top\"></a><a href='javascript:x'></a>
         <a rel='nofollow ugc' href=//other.example.test/y>3</a><!-- <a href=no> --><script>'<a href=no2>'</script>",
    );
    let links: Vec<_> = page.links.iter().map(|link| (link.url.as_str(), link.nofollow)).collect();
    // Two forms of one address are told apart here: the frontier knows that they are one page.
    assert_eq!(
        links,
        [
            ("https://shop.example.test/c/x?a=1&b=2", false),
            ("https://shop.example.test/c/x?b=2&a=1", false),
            ("https://other.example.test/y", true)
        ]
    );
}

#[test]
fn text_title_language_canonical_and_robots() {
    let page = page(
        "<html lang=de><head><title> A &amp; B </title><link rel=canonical href=/a><meta name=robots content='noindex, NOFOLLOW'>
         <style>p{}</style></head><body><p>one&nbsp;<b>two</b></p><svg><title>icon</title><text>drawn</text></svg><p>three",
    );
    assert_eq!(page.title, "A & B");
    assert_eq!(page.text, "one two\ndrawn\nthree");
    assert_eq!(page.language.as_deref(), Some("de"));
    assert_eq!(page.canonical.unwrap().as_str(), "https://shop.example.test/a");
    assert_eq!(page.robots, RobotsMeta { noindex: true, nofollow: true });
}

#[test]
fn links_that_are_no_anchors() {
    let url = FoundUrl::parse("https://shop.example.test/a/b", None).unwrap();
    let limits = Limits::default();
    let read_with = |html: &str, link, refresh| {
        let page = read(html, "UTF-8", &ReadContext { link, refresh, ..ReadContext::new(&url, &limits) });
        let links = page.links.iter().map(|link| link.url.to_string().replace("https://shop.example.test", ""));
        (links.collect::<Vec<_>>(), page.canonical.map(|url| url.to_string()))
    };
    for (html, expected) in [
        ("<meta http-equiv=refresh content='0; url=&quot;x.html&quot;'>", &["/a/x.html"][..]),
        ("<META CONTENT=\"3;URL=/x\" HTTP-EQUIV=' Refresh '>", &["/x"]),
        ("<base href=/c/><meta http-equiv=refresh content=0;url=x>", &["/c/x"]),
        ("<meta http-equiv=refresh content=30><meta name=refresh content='0;url=/x'>", &[]),
        ("<frameset><frame src=l.html><FRAME SRC='/m?a=1&amp;b=2'></frameset>", &["/a/l.html", "/m?a=1&b=2"]),
        ("<noframes><body><a href=/n>n</a></noframes><iframe src=/i><a href=/no></iframe>", &["/n", "/i"]),
        ("<link rel='Next' href=2><link rel=previous href=0>", &["/a/2", "/a/0"]),
        ("<link rel=alternate hreflang=de href=/de><link rel=alternate type=application/rss+xml href=/rss>", &["/de"]),
        ("<link rel=alternate type=text/html hreflang=fr href=/fr><link rel='stylesheet' href=/s.css>", &["/fr"]),
        // The first base with an address counts, for what stands before it too.
        ("<base href=/c/><base href=/d/><a href=x>", &["/c/x"]),
        ("<base target=_top><BASE HREF=/c/><a href=x>", &["/c/x"]),
        ("<a href=x><base href=/c/>", &["/c/x"]),
        ("<!-- <base href=/d/> --><script>'<base href=/e/>'</script><base href=/c/><a href=x>", &["/c/x"]),
        ("<base href='http://[broken/'><base href=/d/><a href=x>", &["/a/x"]),
    ] {
        assert_eq!(read_with(html, None, None).0, expected, "{html}");
    }
    let headers = read_with(
        "<base href=/c/><a href=x>",
        Some("<2>; rel=next, </b/canonical>; rel=canonical"),
        Some("0;url=/shop"),
    );
    assert_eq!(headers.0, ["/shop", "/a/2", "/c/x"]);
    assert_eq!(headers.1.as_deref(), Some("https://shop.example.test/b/canonical"));
}

#[test]
fn a_canonical_link_to_another_host_is_not_believed() {
    assert_eq!(page("<link rel=canonical href='https://other.example.test/a'>").canonical, None);
}

#[test]
fn links_of_pictures_and_of_pages_that_are_xml() {
    let (url, limits) = (FoundUrl::parse("http://shop.example.test/a", None).unwrap(), Limits::default());
    let links = |html: &str, kind| {
        let context = ReadContext { content_type: Some(kind), ..ReadContext::new(&url, &limits) };
        crate::listing::read(html.as_bytes(), &context)
            .links
            .iter()
            .map(|link| link.url.as_url().path().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(links("<svg><a xlink:href=/b><text>x</text></a></svg>", "text/html"), ["/b"]);
    let page = "<html><head><title/><script src='/s.js'/></head><body><a href='/b'>x</a><textarea/><a href='/c'>y</a></body></html>";
    assert_eq!(links(page, "application/xhtml+xml"), ["/b", "/c"]);
    assert!(links(page, "text/html").is_empty(), "a script that does not end there holds the rest");
}

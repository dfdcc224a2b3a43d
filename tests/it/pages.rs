//! The one-pass reader against the tree the HTML standard asks for (html5ever): the same links, the same title, the same
//! visible characters, over pages put together from what shops and mistakes are made of.

use std::collections::BTreeSet;

use listingwatch::listing::ReadContext;
use listingwatch::vocab::found::FoundUrl;
use listingwatch::vocab::limits::Limits;
use proptest::prelude::*;

const PIECES: &[&str] = &[
    "<p>",
    "</p>",
    "<div class='a>b'>",
    "</div>",
    "<br/>",
    "<BR>",
    "<b>",
    "</b>",
    "<i title=\"x > y\">",
    "</i>",
    "<ul><li>",
    "</li></ul>",
    "<li>",
    "<h1 itemprop=name>",
    "</h1>",
    "<span\n class = \"c\"\n>",
    "</span>",
    "<hr>",
    "<section>",
    "</section>",
    "<a href=\"/x?a=1&amp;b=2\">",
    "<a href='/l/1-oak-chair'>",
    "<A HREF=rel/ative>",
    "<a\nhref = y >",
    "<a href=\"/q?copy=1&copy=2\">",
    "<a href=/slash/>",
    "<a href='#top'>",
    "<a href>",
    "<a name=n>",
    "</a>",
    "<a rel=nofollow href=//other.example.test/z>",
    "<a href=\"/caf\u{e9}?x=%41\">",
    "<area href=/area>",
    "<a title='it''s' href=/quotes>",
    "<a b=\"x\"href=/near>",
    "<img src=x alt='>'>",
    "<input value=\"a>b\">",
    "<!-- <a href=/no> -->",
    "<!--><a href=/after-comment>",
    "<!-- x --!>",
    "<!DOCTYPE html>",
    "<?php x ?>",
    "</ x>",
    "<script>if (a<b) '<a href=/no>'</script>",
    "<style>a{content:'<b>'}</style>",
    "<title>A &amp; <b> title</title>",
    "<textarea><a href=/no>kept</textarea>",
    "one two ",
    "caf\u{e9} \u{4e2d}\u{6587}",
    "&eacute;&#945; &amp;lt; &nbsp;&copy",
    "1 < 2 and 3 > 2 ",
    "&notanentity; & &; ",
    "\u{a0}\u{3000}",
    " \t\r\n",
    "\"",
    "'",
    "=",
    ">",
    "< ",
];

/// Links, title and the visible characters, by the standard's tree.
fn by_tree(html: &str, url: &FoundUrl) -> (BTreeSet<String>, String, Vec<char>) {
    let document = scraper::Html::parse_document(html);
    let links = scraper::Selector::parse("a[href], area[href]").unwrap();
    let links = document
        .select(&links)
        .filter_map(|element| {
            let href = element.attr("href")?.trim();
            (!href.is_empty() && !href.starts_with('#')).then(|| FoundUrl::linked(href, url, None).ok())?
        })
        .map(String::from)
        .collect();
    let title = scraper::Selector::parse("title").unwrap();
    let titles = document.select(&title).map(|element| element.text().collect::<String>());
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let title = titles.map(words).find(|title| !title.is_empty()).unwrap_or_default();
    let mut visible: Vec<char> = Vec::new();
    for node in document.root_element().descendants() {
        if let scraper::Node::Text(text) = node.value() {
            let parent = node.parent().and_then(|parent| parent.value().as_element().map(|e| e.name().to_owned()));
            if !matches!(parent.as_deref(), Some("script" | "style" | "title")) {
                visible.extend(text.chars().filter(|c| !c.is_whitespace()));
            }
        }
        // A field that is filled in shows its value.
        if let Some(element) = node.value().as_element().filter(|element| element.name() == "input") {
            visible.extend(element.attr("value").unwrap_or_default().chars().filter(|c| !c.is_whitespace()));
        }
    }
    // The tree moves some text to where the standard wants it, so order does not count.
    visible.sort_unstable();
    (links, title, visible)
}

fn by_pass(html: &str, url: &FoundUrl) -> (BTreeSet<String>, String, Vec<char>) {
    let limits = Limits::default();
    let context = ReadContext { content_type: Some("text/html; charset=utf-8"), ..ReadContext::new(url, &limits) };
    let page = listingwatch::listing::read(html.as_bytes(), &context);
    let mut visible: Vec<char> = page.text.chars().filter(|c| !c.is_whitespace()).collect();
    visible.sort_unstable();
    (page.links.into_iter().map(|link| String::from(link.url)).collect(), page.title, visible)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn one_pass_reads_what_the_tree_holds(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
        let html = pieces.concat();
        let url = FoundUrl::parse("https://shop.example.test/a/b", None).unwrap();
        prop_assert_eq!(by_pass(&html, &url), by_tree(&html, &url), "{}", html);
    }
}

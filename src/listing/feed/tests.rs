use super::*;
use proptest::prelude::*;

const LIMIT_BYTES: usize = 1 << 20;

fn base() -> FoundUrl {
    FoundUrl::parse("https://shop.example.test/feeds/products.xml", None).unwrap()
}

#[test]
fn a_product_feed_in_rss() {
    let xml = r#"<?xml version="1.0"?>
        <rss xmlns:g="http://base.google.com/ns/1.0" version="2.0"><channel><title>Shop</title><link>https://shop.example.test</link>
        <item><g:id>A1</g:id><g:title>Chair &amp; table</g:title><g:description><![CDATA[<p>Oak,<br>hardly used</p>]]></g:description>
          <g:link>https://shop.example.test/item/1?utm_source=feed</g:link><g:image_link>https://shop.example.test/1.jpg</g:image_link>
          <g:price>15.00 EUR</g:price><g:brand>Oakish</g:brand><g:shipping><g:price>3.00 EUR</g:price></g:shipping></item>
        <item><title>Lamp</title><description>Brass &amp;amp; glass</description><link>/item/2</link></item>
        <item><g:title>No link</g:title></item></channel></rss>"#;
    let feed = read(xml.as_bytes(), &base(), LIMIT_BYTES);
    assert_eq!(feed.offers.len(), 2, "{feed:?}");
    let chair = &feed.offers[0];
    assert_eq!(chair.url.as_str(), "https://shop.example.test/item/1");
    assert_eq!(
        (chair.listing.title.as_str(), chair.listing.description.as_str()),
        ("Chair & table", "Oak, hardly used")
    );
    assert_eq!(chair.listing.price.as_ref().and_then(|price| price.currency.clone()).as_deref(), Some("EUR"));
    assert!(chair.listing.identifiers.contains(&("sku".to_owned(), "A1".to_owned())));
    assert_eq!(chair.listing.source["title"], "feed");
    assert_eq!(
        (feed.offers[1].url.as_str(), feed.offers[1].listing.description.as_str()),
        ("https://shop.example.test/item/2", "Brass & glass")
    );
    assert_eq!(feed.problems.len(), 1, "the one without a link is named");
}

#[test]
fn a_product_feed_in_atom_and_lists_of_listings() {
    let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>t</title>
        <entry><title>Chair</title><link href="https://shop.example.test/item/1"/><summary>Oak</summary><g:id>1</g:id></entry></feed>"#;
    assert_eq!(read(atom.as_bytes(), &base(), LIMIT_BYTES).offers[0].url.as_str(), "https://shop.example.test/item/1");
    let lines = "{\"id\": \"1\", \"title\": \"Chair\", \"text\": \"Oak\", \"url\": \"/item/1\", \"price\": 15, \"currency\": \"EUR\", \"attributes\": {\"CAS No.\": \"50-00-0\"}}\nnonsense\n{\"id\": 2, \"title\": \"x\"}\n";
    let feed = read(lines.as_bytes(), &base(), LIMIT_BYTES);
    assert_eq!((feed.offers.len(), feed.problems.len()), (1, 2), "{feed:?}");
    assert!(feed.offers[0].listing.identifiers.contains(&("CAS No.".to_owned(), "50-00-0".to_owned())));
    let array = format!("[{}]", lines.lines().next().unwrap());
    assert_eq!(read(array.as_bytes(), &base(), LIMIT_BYTES).offers, feed.offers);
}

#[test]
fn product_feeds_with_the_mistakes_of_their_writers() {
    let feed = |items: &str| format!("<rss xmlns:g=\"http://base.google.com/ns/1.0\"><channel>{items}</channel></rss>");
    let utf_16 = |text: &str| -> Vec<u8> {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    for (name, bytes) in [
        ("a raw ampersand", feed("<item><g:title>Chair & table</g:title><g:link>/1</g:link></item>").into_bytes()),
        ("a reference of HTML", feed("<item><g:title>Chair&nbsp;&amp;&nbsp;table</g:title><g:link>/1</g:link></item>").into_bytes()),
        ("markup that is not closed", feed("<item><title>Chair &amp; table</title><description>Oak<br>new</description><link>/1</link></item>").into_bytes()),
        ("an item that is not closed", feed("<item><g:title>Chair & table</g:title><g:link>/1</g:link><item><g:title>x</g:title><g:link>/2</g:link></item>").into_bytes()),
        ("a guid alone", feed("<item><g:title>Chair & table</g:title><guid>https://shop.example.test/1</guid></item>").into_bytes()),
        ("a guid beside its link", feed("<item><g:title>Chair & table</g:title><guid>4711</guid><link>/1</link></item>").into_bytes()),
        ("another link of Atom", feed("<item><g:title>Chair & table</g:title><a:link rel='self' href='/2'/><link>/1</link></item>").into_bytes()),
        ("UTF-16", utf_16(&feed("<item><g:title>Chair & table</g:title><g:link>/1</g:link></item>"))),
        ("another prefix", feed("<item><g:title>Chair & table</g:title><g:link>/1</g:link></item>").replace("xmlns:g=", "xmlns:base=").replace("g:", "base:").into_bytes()),
    ] {
        let read = read(&bytes, &base(), LIMIT_BYTES);
        let offer = read.offers.first().unwrap_or_else(|| panic!("{name}: {read:?}"));
        let title = offer.listing.title.replace('\u{a0}', " ");
        assert_eq!((offer.url.as_str(), title.as_str()), ("https://shop.example.test/1", "Chair & table"), "{name}");
        assert_eq!(read.problems, Vec::<String>::new(), "{name}");
    }
    let no_address =
        feed("<item><g:title>a</g:title><guid isPermaLink='false'>https://shop.example.test/1</guid></item>");
    let cut = &feed("<item><g:title>a</g:title><g:link>/1</g:link>")[..110];
    for text in [no_address.as_str(), cut] {
        let read = read(text.as_bytes(), &base(), LIMIT_BYTES);
        assert_eq!((read.offers.len(), read.problems.len()), (0, 1), "{text}: {read:?}");
    }
}

#[test]
fn feeds_that_only_name_pages_carry_no_offers() {
    for text in [
        "<rss version=\"2.0\"><channel><item><title>x</title><link>https://shop.example.test/1</link></item></channel></rss>",
        "{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"t\", \"items\": []}",
        "<urlset><url><loc>https://shop.example.test/1</loc></url></urlset>",
        "",
    ] {
        let feed = read(text.as_bytes(), &base(), LIMIT_BYTES);
        assert!(feed.offers.is_empty() && feed.problems.is_empty(), "{text}");
    }
}

#[test]
fn what_is_too_long_or_not_understood_is_a_problem_and_never_a_shorter_offer() {
    let long = format!("{} carfentanil", "filler ".repeat(30));
    let xml = format!(
        "<rss xmlns:g=\"http://base.google.com/ns/1.0\"><channel><item><g:title>a</g:title><g:link>/1</g:link>\
         <g:description>{long}</g:description></item><item><g:title>b</g:title><g:link>/2</g:link></item></channel></rss>"
    );
    let feed = read(xml.as_bytes(), &base(), 100);
    assert_eq!((feed.offers.len(), feed.problems.as_slice()), (1, &["an offer of more than 100 bytes".to_owned()][..]));
    assert_eq!(read(xml.as_bytes(), &base(), 1000).offers[0].listing.description, long);
    let row = |key: &str| serde_json::json!({ "id": 1, "title": "a", "url": "/1", key: long }).to_string();
    let rows = format!("{}\n{}\n", row("text"), row("description"));
    let feed = read(rows.as_bytes(), &base(), 100);
    assert!(feed.offers.is_empty());
    assert!(feed.problems[0].contains("limit of 100") && feed.problems[1].contains("`description`"), "{feed:?}");
    let feed = read(rows.as_bytes(), &base(), 1000);
    assert_eq!((feed.offers.len(), feed.offers[0].listing.description.as_str()), (1, long.as_str()));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200), start in "(<rss xmlns:g=\"http://base.google.com/ns/1.0\"><item>|\\{|\\[)?") {
        let mut bytes = start.into_bytes();
        bytes.extend(body);
        let _ = read(&bytes, &base(), LIMIT_BYTES);
    }
}

#[test]
fn what_is_no_currency_is_no_part_of_the_price() {
    let priced = |currency: &str| {
        let row = serde_json::json!({ "id": "1", "title": "Chair", "url": "https://shop.example.test/1", "price": 15, "currency": currency });
        offered(&row, None, 10_000).unwrap().listing.price.unwrap()
    };
    for (currency, code) in [("EUR", Some("EUR")), ("$", Some("USD")), ("x;=HYPERLINK(1)X", None), ("", None)] {
        let price = priced(currency);
        assert_eq!((price.minor_units, price.currency.as_deref()), (1500, code), "{currency}");
    }
}

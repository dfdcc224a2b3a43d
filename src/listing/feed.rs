//! Feeds that carry the offers themselves: product feeds (RSS 2.0 or Atom with the namespace of Google Merchant), and
//! lists of listings in the shape of `screen` (JSON Lines or a JSON array).
//!
//! Plain RSS, Atom and JSON Feed name pages only; `frontier::sitemap` reads those.

use quick_xml::events::Event;
use serde_json::Value;

use crate::listing::page::Listing;
use crate::listing::price;
use crate::vocab::money::Price;
use crate::vocab::url::CanonicalUrl;

/// Offers read of one feed; the rest is said to be missing.
pub const OFFERS_LIMIT: usize = 50_000;

/// Characters kept of one field.
const FIELD_CHARS: usize = 64 * 1024;

/// One offer of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Offered {
    /// The page it is published at.
    pub url: CanonicalUrl,
    /// The offer.
    pub listing: Listing,
}

/// A feed's offers, as far as it could be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OfferFeed {
    /// Offers in order.
    pub offers: Vec<Offered>,
    /// What was wrong or cut.
    pub problems: Vec<String>,
}

/// Reads the offers of a feed fetched from `base`. A feed that carries none has none: its pages say what they offer.
pub fn read(bytes: &[u8], base: &CanonicalUrl) -> OfferFeed {
    let mut feed = OfferFeed::default();
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
    match text.first() {
        Some(b'<') if memchr::memmem::find(text, b"base.google.com/ns/1.0").is_some() => {
            read_products(text, base, &mut feed);
        }
        Some(b'[') => match serde_json::from_slice::<Vec<Value>>(text) {
            Ok(rows) => rows.iter().enumerate().for_each(|(at, row)| feed.row(at + 1, row, base)),
            Err(error) => feed.problems.push(format!("json: {error}")),
        },
        // A JSON Feed is one document and has a version; a line of a list has an id.
        Some(b'{') if !is_json_feed(text) => {
            for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
                let line = line.trim_ascii();
                if !line.is_empty() {
                    match serde_json::from_slice(line) {
                        Ok(row) => feed.row(at + 1, &row, base),
                        Err(error) => feed.problem(format!("line {}: {error}", at + 1)),
                    }
                }
            }
        }
        _ => {}
    }
    feed
}

fn is_json_feed(text: &[u8]) -> bool {
    let head = &text[..text.len().min(4096)];
    memchr::memmem::find(head, b"jsonfeed.org").is_some() || memchr::memmem::find(head, b"\"items\"").is_some()
}

impl OfferFeed {
    fn problem(&mut self, words: String) {
        if self.problems.len() < 20 {
            self.problems.push(words);
        }
    }

    fn push(&mut self, link: &str, base: &CanonicalUrl, listing: Listing) {
        if self.offers.len() >= OFFERS_LIMIT {
            self.problem(format!("more than {OFFERS_LIMIT} offers"));
            return;
        }
        if link.is_empty() {
            self.problem("an offer without a link".to_owned());
            return;
        }
        match CanonicalUrl::parse(link, Some(base)) {
            Ok(url) if !(listing.title.is_empty() && listing.description.is_empty()) => {
                self.offers.push(Offered { url, listing });
            }
            Ok(_) => self.problem("an offer without title and text".to_owned()),
            Err(error) => self.problem(format!("an offer's link: {error}")),
        }
    }

    fn row(&mut self, number: usize, row: &Value, base: &CanonicalUrl) {
        match offered(row, Some(base)) {
            Ok(offered) if self.offers.len() < OFFERS_LIMIT => self.offers.push(offered),
            Ok(_) => self.problem(format!("more than {OFFERS_LIMIT} offers")),
            Err(wrong) => self.problem(format!("line {number}: {wrong}")),
        }
    }
}

/// Reads one listing in the shape of `screen`, with the page it is published at in `url`.
///
/// # Errors
/// What is missing or wrong, as a clause.
pub fn offered(row: &Value, base: Option<&CanonicalUrl>) -> Result<Offered, String> {
    let text = |name: &str| row[name].as_str().unwrap_or_default().chars().take(FIELD_CHARS).collect::<String>();
    let link = row["url"].as_str().ok_or("no `url`: say where the listing is published")?;
    let url = CanonicalUrl::parse(link, base).map_err(|error| format!("`url`: {error}"))?;
    let number_or_text = |name: &str| match &row[name] {
        Value::Number(number) => number.to_string(),
        other => other.as_str().unwrap_or_default().to_owned(),
    };
    let mut identifiers: Vec<(String, String)> = Vec::new();
    if let Some(id) = Some(number_or_text("id")).filter(|id| !id.is_empty()) {
        identifiers.push(("listing id".to_owned(), id));
    }
    for (name, value) in row["attributes"].as_object().into_iter().flatten().take(100) {
        if let Some(value) = value.as_str() {
            identifiers.push((name.clone(), value.chars().take(2000).collect()));
        }
    }
    let mut listing = Listing {
        title: text("title"),
        description: text("text"),
        price: price_of(&number_or_text("price"), row["currency"].as_str()),
        seller: Some(text("seller")).filter(|seller| !seller.is_empty()),
        identifiers,
        language: row["lang"].as_str().map(str::to_owned),
        ..Listing::default()
    };
    if listing.title.is_empty() && listing.description.is_empty() {
        return Err("neither `title` nor `text`".to_owned());
    }
    mark(&mut listing);
    Ok(Offered { url, listing })
}

fn price_of(text: &str, currency: Option<&str>) -> Option<Price> {
    let whole = match currency {
        Some(currency) if !text.is_empty() => format!("{text} {currency}"),
        _ => text.to_owned(),
    };
    price::parse(&whole, None)
}

/// Where the fields came from.
fn mark(listing: &mut Listing) {
    for (field, held) in [
        ("title", !listing.title.is_empty()),
        ("description", !listing.description.is_empty()),
        ("price", listing.price.is_some()),
        ("seller", listing.seller.is_some()),
        ("identifiers", !listing.identifiers.is_empty()),
        ("images", !listing.images.is_empty()),
    ] {
        if held {
            listing.source.insert(field.to_owned(), "feed".to_owned());
        }
    }
}

/// One `<item>` or `<entry>` while it is read.
#[derive(Default)]
struct Item {
    title: String,
    text: String,
    link: String,
    price: String,
    brand: String,
    id: String,
    gtin: String,
    mpn: String,
    images: Vec<String>,
}

impl Item {
    /// The field an element fills. The `g:` forms win over the plain ones, because they are meant for machines.
    fn field(&mut self, name: &str, value: String) {
        let slot = match name {
            "g:title" | "title" => &mut self.title,
            "g:description" | "description" | "summary" | "content" => &mut self.text,
            "g:link" | "link" => &mut self.link,
            "g:sale_price" | "g:price" => &mut self.price,
            "g:brand" => &mut self.brand,
            "g:id" => &mut self.id,
            "g:gtin" => &mut self.gtin,
            "g:mpn" => &mut self.mpn,
            "g:image_link" | "g:additional_image_link" => {
                if self.images.len() < 20 {
                    self.images.push(value);
                }
                return;
            }
            _ => return,
        };
        if slot.is_empty() || name.starts_with("g:") {
            *slot = value;
        }
    }

    fn finish(self, base: &CanonicalUrl, feed: &mut OfferFeed) {
        let identifiers = [("sku", self.id), ("gtin", self.gtin), ("mpn", self.mpn), ("brand", self.brand)];
        let images = self.images.iter().filter_map(|image| CanonicalUrl::parse(image, Some(base)).ok());
        let mut listing = Listing {
            title: self.title,
            description: self.text,
            price: price_of(&self.price, None),
            identifiers: identifiers
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            images: images.map(String::from).collect(),
            ..Listing::default()
        };
        mark(&mut listing);
        feed.push(&self.link, base, listing);
    }
}

fn read_products(text: &[u8], base: &CanonicalUrl, feed: &mut OfferFeed) {
    let mut reader = quick_xml::Reader::from_reader(text);
    reader.config_mut().check_end_names = false;
    let mut buffer = Vec::new();
    let mut item: Option<Item> = None;
    let mut field: Option<(String, String)> = None;
    // Elements open within the item: what stands deeper (the price of shipping) is not the offer's.
    let mut depth = 0_u32;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(tag)) => match tag.name().as_ref() {
                "item" | "entry" if depth == 0 => item = Some(Item::default()),
                name if item.is_some() => {
                    if depth == 0 {
                        field = Some((name.to_owned(), String::new()));
                    }
                    depth += 1;
                }
                _ => {}
            },
            // Atom writes its link as an attribute.
            Ok(Event::Empty(tag)) if depth == 0 && tag.local_name().as_ref() == "link" => {
                let href = tag.attributes().flatten().find(|attribute| attribute.key.as_ref() == "href");
                if let (Some(item), Some(href)) = (&mut item, href)
                    && let Ok(value) = href.normalized_value(quick_xml::XmlVersion::Implicit1_0)
                {
                    item.field("link", value.into_owned());
                }
            }
            Ok(Event::Text(content)) => append(&mut field, &content),
            Ok(Event::CData(content)) => append(&mut field, &content),
            Ok(Event::GeneralRef(reference)) => match &*reference {
                "amp" => append(&mut field, "&"),
                "lt" => append(&mut field, "<"),
                "gt" => append(&mut field, ">"),
                "quot" => append(&mut field, "\""),
                "apos" => append(&mut field, "'"),
                _ => {
                    if let Ok(Some(c)) = reference.resolve_char_ref() {
                        append(&mut field, c.encode_utf8(&mut [0; 4]));
                    }
                }
            },
            Ok(Event::End(tag)) => match tag.name().as_ref() {
                "item" | "entry" if depth == 0 => {
                    field = None;
                    if let Some(item) = item.take() {
                        item.finish(base, feed);
                    }
                    if feed.offers.len() > OFFERS_LIMIT {
                        return;
                    }
                }
                _ => {
                    depth = depth.saturating_sub(1);
                    if depth == 0
                        && let (Some((name, value)), Some(item)) = (field.take(), &mut item)
                    {
                        item.field(&name, plain(&value));
                    }
                }
            },
            Ok(Event::Eof) => return,
            Ok(_) => {}
            Err(error) => {
                feed.problem(format!("xml: {error}"));
                return;
            }
        }
    }
}

fn append(field: &mut Option<(String, String)>, text: &str) {
    if let Some((_, value)) = field
        && value.len() < FIELD_CHARS
    {
        value.push_str(text);
    }
}

/// Descriptions may be HTML inside the XML; what a reader sees of it is what counts.
fn plain(value: &str) -> String {
    let value = value.trim();
    if !value.contains('<') {
        return crate::listing::entities::decode(value, false).trim().to_owned();
    }
    let mut text = String::with_capacity(value.len());
    for token in crate::listing::tokenizer::Tokenizer::new(value) {
        match token {
            crate::listing::tokenizer::Token::Text(part) => {
                text.push_str(&crate::listing::entities::decode(part, false));
            }
            crate::listing::tokenizer::Token::Start { .. } | crate::listing::tokenizer::Token::End { .. } => {
                text.push(' ');
            }
            crate::listing::tokenizer::Token::Raw { .. } => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn base() -> CanonicalUrl {
        CanonicalUrl::parse("https://shop.example.test/feeds/products.xml", None).unwrap()
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
        let feed = read(xml.as_bytes(), &base());
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
        assert_eq!(read(atom.as_bytes(), &base()).offers[0].url.as_str(), "https://shop.example.test/item/1");
        let lines = "{\"id\": \"1\", \"title\": \"Chair\", \"text\": \"Oak\", \"url\": \"/item/1\", \"price\": 15, \"currency\": \"EUR\", \"attributes\": {\"CAS No.\": \"50-00-0\"}}\nnonsense\n{\"id\": 2, \"title\": \"x\"}\n";
        let feed = read(lines.as_bytes(), &base());
        assert_eq!((feed.offers.len(), feed.problems.len()), (1, 2), "{feed:?}");
        assert!(feed.offers[0].listing.identifiers.contains(&("CAS No.".to_owned(), "50-00-0".to_owned())));
        let array = format!("[{}]", lines.lines().next().unwrap());
        assert_eq!(read(array.as_bytes(), &base()).offers, feed.offers);
    }

    #[test]
    fn feeds_that_only_name_pages_carry_no_offers() {
        for text in [
            "<rss version=\"2.0\"><channel><item><title>x</title><link>https://shop.example.test/1</link></item></channel></rss>",
            "{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"t\", \"items\": []}",
            "<urlset><url><loc>https://shop.example.test/1</loc></url></urlset>",
            "",
        ] {
            assert_eq!(read(text.as_bytes(), &base()), OfferFeed::default(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200), start in "(<rss xmlns:g=\"http://base.google.com/ns/1.0\"><item>|\\{|\\[)?") {
            let mut bytes = start.into_bytes();
            bytes.extend(body);
            let _ = read(&bytes, &base());
        }
    }
}

//! Feeds that carry the offers themselves: product feeds (RSS 2.0 or Atom with the namespace of Google Merchant), and
//! lists of listings in the shape of `screen` (JSON Lines or a JSON array).
//!
//! Plain RSS, Atom and JSON Feed name pages only; `frontier::sitemap` reads those.

use serde_json::Value;

use crate::frontier::markup::{Piece, Pieces, Tag, local, text_of};
use crate::listing::draft::note_sources;
use crate::listing::field::clean_whole;
use crate::listing::input::{InputError, InputLine, KEYS_WITH_SELLER};
use crate::listing::json_ld::values_and_depth;
use crate::listing::page::Listing;
use crate::listing::price;
use crate::vocab::found::FoundUrl;
use crate::vocab::url::UrlError;

/// Offers read of one feed; the rest is said to be missing.
pub const OFFERS_LIMIT: usize = 50_000;

/// The namespace of product feeds.
const PRODUCTS: &str = "http://base.google.com/ns/1.0";

/// Values of one listing: its attributes are a thousand at most.
const ROW_VALUES: u64 = 10_000;

/// One offer of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Offered {
    /// The page it is published at.
    pub url: FoundUrl,
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
    /// Bytes of one offer.
    limit_bytes: usize,
}

/// Reads the offers of a feed fetched from `base`, each of at most `limit_bytes`: a longer one is a problem, as one that
/// cannot be read is, because what is cut is not judged. A feed that carries none has none: its pages say what they offer.
pub fn read(bytes: &[u8], base: &FoundUrl, limit_bytes: usize) -> OfferFeed {
    let mut feed = OfferFeed { limit_bytes, ..OfferFeed::default() };
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
    match text.first() {
        // UTF-16 begins with its mark, or with a zero.
        Some(b'<' | 0xff | 0xfe | 0) => {
            let text = text_of(bytes, None);
            if text.contains("base.google.com/ns/1.0") {
                read_products(&text, base, &mut feed);
            }
        }
        Some(b'[') => each_member(text, |number, row| feed.json(number, row, base)),
        // A JSON Feed is one document and has a version; a line of a list has an id.
        Some(b'{') if !is_json_feed(text) => {
            for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
                let line = line.trim_ascii();
                if !line.is_empty() {
                    feed.json(at + 1, line, base);
                }
            }
        }
        _ => {}
    }
    feed
}

/// The members of a JSON list, one at a time: a list held whole takes a hundred times its text.
fn each_member(list: &[u8], mut each: impl FnMut(usize, &[u8])) {
    let (mut from, mut depth, mut number, mut in_string, mut escaped) = (0, 0_usize, 1, false, false);
    for (at, byte) in list.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                if depth == 1 {
                    from = at + 1;
                }
            }
            b',' if depth == 1 => {
                each(number, list[from..at].trim_ascii());
                (number, from) = (number + 1, at + 1);
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    let last = list[from..at].trim_ascii();
                    if number > 1 || !last.is_empty() {
                        each(number, last);
                    }
                    return;
                }
            }
            _ => {}
        }
    }
    // A list that is cut off: what stands at its end is told.
    each(number, list[from..].trim_ascii());
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

    fn push(&mut self, link: &str, base: &FoundUrl, listing: Listing) {
        if self.offers.len() >= OFFERS_LIMIT {
            self.problem(format!("more than {OFFERS_LIMIT} offers"));
            return;
        }
        if link.is_empty() {
            self.problem("an offer without a link".to_owned());
            return;
        }
        match FoundUrl::linked(link, base, None) {
            Ok(url) if !(listing.title.is_empty() && listing.description.is_empty()) => {
                self.offers.push(Offered { url, listing });
            }
            Ok(_) => self.problem("an offer without title and text".to_owned()),
            Err(error) => self.problem(format!("an offer's link: {error}")),
        }
    }

    fn json(&mut self, number: usize, text: &[u8], base: &FoundUrl) {
        if self.offers.len() >= OFFERS_LIMIT {
            return self.problem(format!("more than {OFFERS_LIMIT} offers"));
        }
        if values_and_depth(text).0 > ROW_VALUES {
            return self.problem(format!("line {number}: more than {ROW_VALUES} values"));
        }
        match serde_json::from_slice(text) {
            Ok(row) => self.row(number, &row, base),
            Err(error) => self.problem(format!("line {number}: {error}")),
        }
    }

    fn row(&mut self, number: usize, row: &Value, base: &FoundUrl) {
        match offered(row, Some(base), self.limit_bytes) {
            Ok(offered) if self.offers.len() < OFFERS_LIMIT => self.offers.push(offered),
            Ok(_) => self.problem(format!("more than {OFFERS_LIMIT} offers")),
            Err(wrong) => self.problem(format!("line {number}: {wrong}")),
        }
    }
}

/// Why a row is no listing that can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// It could not be judged whole.
    #[error(transparent)]
    Input(#[from] InputError),
    /// It stands nowhere.
    #[error("no `url`: say where the listing is published")]
    NoUrl,
    /// Its address is none.
    #[error("`url`: {0}")]
    Url(#[source] UrlError),
}

/// Reads one listing in the shape of `screen`, with the page it is published at in `url` and perhaps a `seller`.
///
/// # Errors
/// What is missing or wrong, as a clause.
pub fn offered(row: &Value, base: Option<&FoundUrl>, limit_bytes: usize) -> Result<Offered, RowError> {
    let read = InputLine::read(row, &KEYS_WITH_SELLER, limit_bytes);
    // A mistyped `url` is told as what it is.
    let mistyped = matches!(read, Err(InputError::UnknownKey { .. }));
    if !mistyped && row.is_object() && row.get("url").is_none_or(Value::is_null) {
        return Err(RowError::NoUrl);
    }
    let input = read?;
    let link = input.url.as_deref().ok_or(RowError::NoUrl)?;
    // A feed's links are links; what a platform posts is its own word for the page.
    let url = match base {
        Some(base) => FoundUrl::linked(link, base, None),
        None => FoundUrl::parse(link, None),
    }
    .map_err(RowError::Url)?;
    let mut identifiers = Vec::new();
    if let Some(id) = Some(input.id.to_string()).filter(|id| !id.is_empty()) {
        identifiers.push(("listing id".to_owned(), id));
    }
    identifiers.extend(input.named_attributes());
    let mut listing = Listing {
        // What stands in the field for a currency is no part of the amount, whatever a platform puts there.
        price: price::parse(&input.price_as_written().unwrap_or_default(), input.currency.as_deref()),
        seller: input.seller.filter(|seller| !seller.is_empty()),
        identifiers,
        title: input.title.unwrap_or_default(),
        description: input.text.unwrap_or_default(),
        language: input.lang,
        kind: input.page,
        ..Listing::default()
    };
    note_sources(&mut listing, "feed");
    Ok(Offered { url, listing })
}

/// One `<item>` or `<entry>` while it is read.
#[derive(Default)]
struct Item {
    title: String,
    text: String,
    link: String,
    /// An address that stands for a link where there is none.
    guid: String,
    price: String,
    brand: String,
    id: String,
    gtin: String,
    mpn: String,
    images: Vec<String>,
    /// Bytes of its fields.
    bytes: usize,
}

impl Item {
    /// The field an element fills. The `g:` forms win over the plain ones, because they are meant for machines.
    fn field(&mut self, name: &str, value: String) {
        let slot = match name {
            "g:title" | "title" => &mut self.title,
            "g:description" | "description" | "summary" | "content" => &mut self.text,
            "g:link" | "link" => &mut self.link,
            "guid" => &mut self.guid,
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

    fn finish(self, base: &FoundUrl, feed: &mut OfferFeed) {
        if self.bytes > feed.limit_bytes {
            feed.problem(format!("an offer of more than {} bytes", feed.limit_bytes));
            return;
        }
        let identifiers = [("sku", self.id), ("gtin", self.gtin), ("mpn", self.mpn), ("brand", self.brand)];
        let images = self.images.iter().filter_map(|image| FoundUrl::parse(image, Some(base)).ok());
        let mut listing = Listing {
            title: self.title,
            description: self.text,
            price: price::parse(&self.price, None),
            identifiers: identifiers
                .into_iter()
                .filter(|(_, value)| !value.is_empty())
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            images: images.map(String::from).collect(),
            ..Listing::default()
        };
        note_sources(&mut listing, "feed");
        let guid = Some(&self.guid).filter(|guid| guid.contains("://"));
        let link = if self.link.is_empty() { guid.unwrap_or(&self.link) } else { &self.link };
        feed.push(link, base, listing);
    }
}

fn read_products(text: &str, base: &FoundUrl, feed: &mut OfferFeed) {
    let own = own_prefix(text);
    let limit = feed.limit_bytes;
    let mut item: Option<Item> = None;
    // What stands within a field belongs to it: the price of shipping is not the offer's.
    let mut field: Option<(&str, String)> = None;
    for piece in Pieces::new(text) {
        match piece {
            // Where an item before it was not closed, it ends here.
            Piece::Start(tag) if is_item(tag.name) && !tag.is_empty => {
                field = None;
                if let Some(item) = item.replace(Item::default()) {
                    item.finish(base, feed);
                }
            }
            Piece::Start(_) if field.is_some() => append(&mut field, " ", limit),
            Piece::Start(tag) => {
                let Some(item) = &mut item else { continue };
                if let Some(href) = page_of(tag) {
                    // Atom writes its link as an attribute.
                    item.field("link", href);
                } else if !(tag.is_empty || tag.name == "guid" && is_no_address(tag)) {
                    field = Some((tag.name, String::new()));
                }
            }
            Piece::Text(text) => append(&mut field, &text, limit),
            Piece::End(name) if is_item(name) => {
                field = None;
                if let Some(item) = item.take() {
                    item.finish(base, feed);
                }
            }
            Piece::End(name) => {
                if let Some((_, value)) = field.take_if(|(open, _)| *open == name)
                    && let Some(item) = &mut item
                {
                    item.bytes += value.len();
                    item.field(&known_name(name, own), clean_whole(&value));
                }
            }
        }
        if feed.offers.len() > OFFERS_LIMIT {
            return;
        }
    }
    if item.is_some() {
        feed.problem("it ends in the middle of an offer".to_owned());
    }
}

fn is_item(name: &str) -> bool {
    matches!(name, "item" | "entry")
}

/// The prefix under which a document uses the namespace of product feeds.
fn own_prefix(text: &str) -> &str {
    let bound = text.find(PRODUCTS).map(|at| text[..at].trim_end_matches(['"', '\'', ' ', '=']));
    bound.and_then(|bound| bound.rsplit_once("xmlns:")).map_or("g", |(_, prefix)| prefix)
}

/// A name as [`Item::field`] knows it, whatever prefix the document uses.
fn known_name(name: &str, own: &str) -> String {
    match name.split_once(':') {
        Some((prefix, local)) if prefix == own => format!("g:{local}"),
        Some(_) | None => name.to_owned(),
    }
}

/// Where a link element of Atom leads, if it leads to a page.
fn page_of(tag: Tag<'_>) -> Option<String> {
    let href = tag.attribute("href").filter(|_| local(tag.name) == "link")?;
    let rel = tag.attribute("rel").unwrap_or_default();
    ["", "alternate"].contains(&&*rel.trim().to_ascii_lowercase()).then(|| href.into_owned())
}

/// Whether a guid says that it is no address.
fn is_no_address(tag: Tag<'_>) -> bool {
    tag.attribute("isPermaLink").is_some_and(|value| value.trim().eq_ignore_ascii_case("false"))
}

/// Beyond the limit a field only has to be known as too long.
fn append(field: &mut Option<(&str, String)>, text: &str, limit_bytes: usize) {
    if let Some((_, value)) = field
        && value.len() <= limit_bytes
    {
        value.push_str(text);
    }
}

#[cfg(test)]
mod tests;

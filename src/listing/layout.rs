//! What a page says by its layout and its words: an offer under its heading with its price lines, or a text.

use std::borrow::Cow;

use crate::listing::ReadContext;
use crate::listing::cards::cards;
use crate::listing::draft::{Draft, Place, note_sources};
use crate::listing::field::{self, one_line};
use crate::listing::flow::Marks;
use crate::listing::links::leads_on;
use crate::listing::page::{Listing, Page};
use crate::listing::price;
use crate::listing::reader::Raw;
use crate::vocab::found::FoundUrl;
use crate::vocab::money::Price;
use crate::vocab::terms::PageKind;

/// Lines with a price on the page of one offer, at most: beyond them it is a list of others.
const PRICE_LINES: usize = 6;

/// A line longer than this is prose.
const LINE_BYTES: usize = 200;

/// Characters of a text's first line that name it where nothing else does.
const NAME_CHARS: usize = 80;

/// Words of a link longer than this say more than where it leads.
const LINK_BYTES: usize = 200;

/// Images kept of one listing.
const IMAGES_LIMIT: usize = 10;

/// A product of OpenGraph properties.
pub(super) fn from_meta(raw: &Raw<'_>, base: &FoundUrl) -> Option<Draft> {
    // Many write `name` where `property` was meant.
    let all = || raw.meta.iter().chain(&raw.named);
    let get = |name: &str| all().find(|(property, _)| property == name).map(|(_, content)| content.as_str());
    let kind = get("og:type").unwrap_or_default();
    let amounts = ["product:sale_price:amount", "product:price:amount", "og:price:amount", "product:price"];
    let amount = amounts.into_iter().find_map(get).filter(|amount| !amount.trim().is_empty());
    // A group of products is a category.
    let is_product = kind.contains("product") && !kind.contains("group");
    if !(is_product || amount.is_some()) {
        return None;
    }
    let title = get("og:title").map(field::title).filter(|title| !title.is_empty())?;
    let currencies = ["product:sale_price:currency", "product:price:currency", "og:price:currency"];
    let description = get("og:description");
    let mut listing = Listing {
        title,
        description: description.map(field::clean).unwrap_or_default(),
        cut: description.is_some_and(field::is_cut),
        price: amount.and_then(|amount| price::of_field(amount, currencies.into_iter().find_map(get))),
        identifiers: get("product:retailer_item_id").map(|id| ("sku".to_owned(), id.to_owned())).into_iter().collect(),
        language: get("og:locale").map(|locale| locale.replace('_', "-")),
        images: all()
            .filter(|(property, _)| property == "og:image")
            .filter_map(|(_, content)| base.as_url().join(content).ok().map(String::from))
            .take(IMAGES_LIMIT)
            .collect(),
        ..Listing::default()
    };
    note_sources(&mut listing, "opengraph");
    Some(Draft { listing, place: Place::Own })
}

/// Where the listings of a page come from that were read before its layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    /// Structured data that speaks of the page, or nothing.
    Own,
    /// Lists of what stands on other pages.
    Lists,
    /// The platform's selectors.
    Selected,
}

/// Fills what structured data left open from the page itself, and makes a listing of a page without any: an offer where it is
/// laid out as one, else its text, so that every page that says something is judged.
pub(super) fn complete(page: &mut Page, raw: &Raw<'_>, marks: &Marks<'_>, (context, given): (&ReadContext<'_>, Given)) {
    let identifiers: Vec<(String, String)> =
        raw.pairs.iter().filter(|(label, value)| is_identifier(label, value)).cloned().collect();
    let heading = one_line(&raw.heading);
    let mut named = if heading.is_empty() { page.title.clone() } else { heading };
    if named.is_empty() && page.listings.is_empty() {
        // Whoever has the case before them needs a name to tell it by.
        named = page.text.lines().next().unwrap_or_default().chars().take(NAME_CHARS).collect();
    }
    // What a page given up would have said is not known, so its text is judged whatever else was read of it.
    let given_up = page.given_up.is_some() && !page.text.is_empty();
    let is_silent = page.listings.is_empty();
    // Structured data of other things does not hide what the page is about.
    let of_others = !is_silent && given != Given::Selected && !names_page(page, &raw.heading);
    if is_silent || given_up || of_others {
        let prices = if is_silent || of_others { prices(&page.text, marks) } else { Vec::new() };
        let is_offer = (is_silent || of_others)
            && looks_like_offer(page, raw, &prices, &identifiers)
            && (given != Given::Lists || have_one_amount(&prices));
        let mut listing = if is_offer || given_up {
            Listing { title: named.clone(), description: page.text.clone(), ..Listing::default() }
        } else {
            let description = without_links(page, marks, context);
            Listing { title: named.clone(), description: description.into_owned(), ..Listing::default() }
        };
        if is_offer {
            let language = page.language.clone().or_else(|| guess_language(&page.text));
            listing.price = prices.into_iter().next().map(|price| price::in_language(price, language.as_deref()));
            listing.seller = raw.pairs.iter().find(|(label, _)| is_seller(label)).map(|(_, value)| value.clone());
        } else {
            listing.kind = Some(PageKind::Page);
        }
        note_sources(&mut listing, "page");
        let says_something = !(listing.title.is_empty() && listing.description.is_empty());
        if says_something && is_offer {
            page.listings.insert(0, listing);
        } else if says_something && (is_silent || given_up) {
            // The items of a category page; what stands around them is judged as the page's text.
            page.listings = if given_up { Vec::new() } else { cards(page, marks, context) };
            if page.listings.is_empty() {
                page.listings.push(listing);
            }
        }
    }
    page.whole = whole(page, &named, marks, (context, given));
    let alone = page.listings.len() == 1;
    for listing in &mut page.listings {
        if listing.title.is_empty() && !named.is_empty() {
            listing.title.clone_from(&named);
            listing.source.insert("title".to_owned(), "page".to_owned());
        }
        if alone {
            // Structured data often holds less than the seller wrote; what is written on the page is what is offered.
            for (label, value) in &identifiers {
                if !listing.identifiers.iter().any(|(held, _)| held == label) {
                    listing.identifiers.push((label.clone(), value.clone()));
                    listing.source.entry("identifiers".to_owned()).or_insert_with(|| "page".to_owned());
                }
            }
            if listing.description.is_empty() && (listing.kind.is_none() || page.text.is_empty()) {
                let meta = raw.named.iter().find(|(name, _)| name == "description").map(|(_, text)| field::clean(text));
                listing.description = if page.text.is_empty() { meta.unwrap_or_default() } else { page.text.clone() };
                if !listing.description.is_empty() {
                    listing.source.insert("description".to_owned(), "page".to_owned());
                }
            }
        }
        if listing.language.is_none() {
            listing.language = page.language.clone().or_else(|| guess_language(&listing.description));
            if listing.language.is_some() {
                listing.source.insert("language".to_owned(), "page".to_owned());
            }
        }
    }
}

/// The text of a page whose listings do not hold it: structured data may say less than the page, or something else. Selectors
/// say what the platform wants to be judged.
fn whole(page: &Page, named: &str, marks: &Marks<'_>, (context, given): (&ReadContext<'_>, Given)) -> Option<Listing> {
    let is_held = |listing: &Listing| listing.kind.is_some() || listing.description == page.text;
    if page.text.is_empty() || page.listings.iter().any(is_held) || given == Given::Selected {
        return None;
    }
    if context.first_pass.is_some_and(|may_name| !may_name.0(named, &page.text)) {
        return None;
    }
    let mut whole = Listing {
        title: named.to_owned(),
        description: without_links(page, marks, context).into_owned(),
        language: page.language.clone(),
        kind: Some(PageKind::Page),
        ..Listing::default()
    };
    if let [only] = page.listings.as_slice() {
        whole.price.clone_from(&only.price);
        whole.seller.clone_from(&only.seller);
    }
    note_sources(&mut whole, "page");
    Some(whole)
}

/// The page's text without the words of links to other pages of the host: they are told there.
fn without_links<'p>(page: &'p Page, marks: &Marks<'_>, context: &ReadContext<'_>) -> Cow<'p, str> {
    // Where links are not followed, what they say is told here or nowhere.
    if page.robots.nofollow || context.nofollow || marks.links.is_empty() {
        return Cow::Borrowed(&page.text);
    }
    let leads_on = leads_on(marks, context);
    let mut kept = String::with_capacity(page.text.len());
    let mut from = 0;
    for (range, href) in &marks.links {
        let (start, end) = (range.start.max(from), range.end);
        if start < end && range.len() <= LINK_BYTES && leads_on(href) {
            kept.push_str(page.text.get(from..start).unwrap_or_default());
            from = end;
        }
    }
    kept.push_str(page.text.get(from..).unwrap_or_default());
    // Lines that held links only say nothing.
    Cow::Owned(kept.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n"))
}

/// Prices of short lines, in order, counted up to one more than an offer has. Those that are struck out count where there is no
/// other.
fn prices(text: &str, marks: &Marks<'_>) -> Vec<Price> {
    let (mut found, mut struck) = (Vec::new(), Vec::new());
    let mut start = 0;
    for line in text.split('\n') {
        let range = start..start + line.len();
        start = range.end + 1;
        if line.len() < LINE_BYTES && line.bytes().any(|byte| byte.is_ascii_digit() || byte >= 0x80) {
            let read = marks.as_read(line, &range);
            match price::in_line(&read) {
                Some(price) => found.push(price),
                None if read.len() < line.len() => struck.extend(price::in_line(line)),
                None => {}
            }
            if found.len() > PRICE_LINES {
                break;
            }
        }
    }
    if found.is_empty() { struck } else { found }
}

/// Words on buttons of shops, in lower case.
const BUYING: [&str; 28] = [
    "add to cart",
    "add to basket",
    "add to bag",
    "buy now",
    "buy it now",
    "place order",
    "make an offer",
    "contact seller",
    "contact supplier",
    "send inquiry",
    "request a quote",
    "in den warenkorb",
    "jetzt kaufen",
    "verkäufer kontaktieren",
    "comprar",
    "añadir al carrito",
    "adicionar ao carrinho",
    "ajouter au panier",
    "acheter",
    "aggiungi al carrello",
    "in winkelwagen",
    "do koszyka",
    "sepete ekle",
    "купить",
    "в корзину",
    "立即购买",
    "加入购物车",
    "联系卖家",
];

/// A page with one heading and a price or a button to buy, without a list of other offers, is an offer.
fn looks_like_offer(page: &Page, raw: &Raw<'_>, prices: &[Price], identifiers: &[(String, String)]) -> bool {
    if raw.heading.trim().is_empty() || !(1..=PRICE_LINES).contains(&prices.len()) {
        return false;
    }
    have_one_amount(prices) || !identifiers.is_empty() || {
        let lower = page.text.to_lowercase();
        BUYING.iter().any(|words| lower.contains(words))
    }
}

fn have_one_amount(prices: &[Price]) -> bool {
    prices.windows(2).all(|pair| pair[0].minor_units == pair[1].minor_units)
}

/// Characters of a listing's title that are looked for in the page's.
const TITLE_CHARS: usize = 24;

/// Whether one of its listings has the name of the page, by its heading or its title. A page without either has none.
fn names_page(page: &Page, heading: &str) -> bool {
    let folded = |text: &str| one_line(text).to_lowercase();
    let (heading, title) = (folded(heading), folded(&page.title));
    heading.is_empty() || page.listings.iter().any(|listing| is_named(&folded(&listing.title), &heading, &title))
}

/// Whether a page of this heading and title, in lower case, is about what has this name.
pub(super) fn is_named(name: &str, heading: &str, title: &str) -> bool {
    let start = &name[..name.char_indices().nth(TITLE_CHARS).map_or(name.len(), |(at, _)| at)];
    let is_whole = start.len() == name.len();
    (heading.is_empty() && title.is_empty())
        || (!heading.is_empty() && has_words(name, heading, true))
        || has_words(heading, start, is_whole)
        || has_words(title, start, is_whole)
}

/// Whether a text holds these words, as words: `f` is no word of `fourteen`. Scripts without spaces have no such edges.
fn has_words(text: &str, words: &str, to_the_end: bool) -> bool {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() && c < '\u{2e80}');
    text.match_indices(words).any(|(at, _)| {
        let before = joins(words.chars().next()) && joins(text[..at].chars().next_back());
        let after = joins(words.chars().next_back()) && joins(text[at + words.len()..].chars().next());
        !(before || to_the_end && after)
    })
}

fn is_seller(label: &str) -> bool {
    let label = label.to_lowercase();
    ["seller", "sold by", "vendor", "verkäufer", "anbieter", "vendeur", "vendedor", "venditore", "продавец", "卖家"]
        .iter()
        .any(|known| label == *known)
}

fn is_identifier(label: &str, value: &str) -> bool {
    let lower = label.to_lowercase();
    let named = [
        "cas",
        "ec number",
        "einecs",
        "inchi",
        "smiles",
        "sku",
        "gtin",
        "mpn",
        "hs code",
        "molecular formula",
        "formula",
        "synonym",
        "product name",
        "iupac",
        "purity",
        "brand",
        "model",
        "other name",
        "chemical name",
    ];
    label.chars().count() <= 40 && value.len() <= 2000 && named.iter().any(|name| lower.contains(name))
}

fn guess_language(text: &str) -> Option<String> {
    // Under forty characters a guess is no better than chance.
    let info = whatlang::detect(text.get(..text.floor_char_boundary(2000))?)?;
    (text.chars().take(40).count() == 40 && info.is_reliable()).then(|| bcp47(info.lang().code()).to_owned())
}

/// Two-letter codes for the languages that have one.
fn bcp47(code: &'static str) -> &'static str {
    match code {
        "eng" => "en",
        "deu" => "de",
        "fra" => "fr",
        "spa" => "es",
        "por" => "pt",
        "ita" => "it",
        "nld" => "nl",
        "rus" => "ru",
        "ukr" => "uk",
        "pol" => "pl",
        "cmn" => "zh",
        "jpn" => "ja",
        "kor" => "ko",
        "ara" => "ar",
        "tur" => "tr",
        "ces" => "cs",
        "swe" => "sv",
        "dan" => "da",
        "nob" => "nb",
        "fin" => "fi",
        "hun" => "hu",
        "ron" => "ro",
        "bul" => "bg",
        "ell" => "el",
        "heb" => "he",
        "hin" => "hi",
        "tha" => "th",
        "vie" => "vi",
        "ind" => "id",
        other => other,
    }
}

#[cfg(test)]
mod tests;

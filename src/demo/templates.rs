//! Listing pages in four ways of saying the same, and the pages around them.

use std::fmt::Write as _;

use crate::demo::hosts::{HostSpec, Template};
use crate::demo::markup::{escape, frame};
use crate::demo::stock::Offer;

/// Stands in page text where the origin of a host belongs; replaced when the marketplace knows its addresses.
pub fn origin_mark(host_key: &str) -> String {
    format!("@@origin:{host_key}@@")
}

/// What a card or a link needs to know of a listing.
#[derive(Debug, Clone)]
pub struct Card {
    /// Where it leads, maybe with parameters that do not matter.
    pub href: String,
    /// Number of the listing, for its picture.
    pub number: u32,
    /// Title.
    pub title: String,
    /// Price as shown.
    pub price: String,
}

/// The page of one listing.
pub fn listing(
    host: &HostSpec,
    offer: &Offer,
    path: &str,
    number: u32,
    seller_slug: &str,
    seller_name: &str,
) -> String {
    match host.template {
        Template::JsonLd => json_ld(host, offer, path, number, seller_slug, seller_name),
        Template::Microdata => microdata(host, offer, path, number, seller_slug, seller_name),
        Template::Rdfa => rdfa(host, offer, path, number, seller_slug, seller_name),
        Template::PlainHtml => plain_html(host, offer, path, number, seller_slug, seller_name),
    }
}

fn canonical_link(host: &HostSpec, path: &str) -> String {
    format!("<link rel=\"canonical\" href=\"{}{path}\">\n", origin_mark(host.key))
}

fn paragraphs(text: &str) -> String {
    text.split('\n').map(|line| format!("<p>{}</p>\n", escape(line))).collect()
}

fn attribute_rows(offer: &Offer) -> String {
    offer
        .attributes
        .iter()
        .map(|(name, value)| format!("<tr><th>{}</th><td>{}</td></tr>\n", escape(name), escape(value)))
        .collect()
}

fn json_ld(host: &HostSpec, offer: &Offer, path: &str, number: u32, seller_slug: &str, seller_name: &str) -> String {
    let origin = origin_mark(host.key);
    let properties: Vec<_> = offer
        .attributes
        .iter()
        .map(|(name, value)| serde_json::json!({"@type": "PropertyValue", "name": name, "value": value}))
        .collect();
    let block = serde_json::json!({
        "@context": "https://schema.org",
        "@type": "Product",
        "name": offer.title,
        "description": offer.text,
        "sku": format!("LB-{number}"),
        "image": [format!("{origin}/img/{number}.svg")],
        "url": format!("{origin}{path}"),
        "inLanguage": offer.language,
        "additionalProperty": properties,
        "offers": {
            "@type": "Offer",
            "price": offer.amount(),
            "priceCurrency": offer.currency,
            "availability": "https://schema.org/InStock",
            "seller": {"@type": "Organization", "name": seller_name}
        }
    });
    // A closing script tag inside a string would end the block early.
    let block = block.to_string().replace("</", "<\\/");
    let broken = if number.is_multiple_of(9) {
        // Real shops ship such blocks; a reader must pass over it and take the good one.
        "<script type=\"application/ld+json\">{\"@type\": \"BreadcrumbList\", \"itemListElement\": [,]}</script>\n"
    } else {
        ""
    };
    let head = format!("{}{broken}<script type=\"application/ld+json\">{block}</script>\n", canonical_link(host, path));
    let main = format!(
        "<article class=\"offer\"><img src=\"/img/{number}.svg\" alt=\"\"><div><h1>{}</h1>\n<p class=\"cost\">{}</p>\n{}<table>{}</table>\n\
         <p>{}: <a href=\"{}{seller_slug}\">{}</a></p><a class=\"button\" href=\"/account/message?to={seller_slug}\" rel=\"nofollow\">{}</a></div></article>\n",
        escape(&offer.title),
        escape(&offer.price_shown()),
        paragraphs(&offer.text),
        attribute_rows(offer),
        host.words.seller,
        host.paths.seller,
        escape(seller_name),
        host.words.contact,
    );
    frame(host, offer.language, &offer.title, &head, &main)
}

fn microdata(host: &HostSpec, offer: &Offer, path: &str, number: u32, seller_slug: &str, seller_name: &str) -> String {
    let mut rows = String::new();
    for (name, value) in &offer.attributes {
        let _ = writeln!(
            rows,
            "<tr itemprop=\"additionalProperty\" itemscope itemtype=\"https://schema.org/PropertyValue\"><th itemprop=\"name\">{}</th><td itemprop=\"value\">{}</td></tr>",
            escape(name),
            escape(value)
        );
    }
    let main = format!(
        "<article class=\"offer\" itemscope itemtype=\"https://schema.org/Product\"><img itemprop=\"image\" src=\"/img/{number}.svg\" alt=\"\"><div>\
         <h1 itemprop=\"name\">{}</h1>\n<div itemprop=\"offers\" itemscope itemtype=\"https://schema.org/Offer\"><p class=\"cost\">{}</p>\
         <meta itemprop=\"price\" content=\"{}\"><meta itemprop=\"priceCurrency\" content=\"{}\">\
         <p itemprop=\"seller\" itemscope itemtype=\"https://schema.org/Organization\">{}: <a href=\"{}{seller_slug}\"><span itemprop=\"name\">{}</span></a></p></div>\n\
         <div itemprop=\"description\">{}</div><table>{rows}</table><meta itemprop=\"sku\" content=\"LM-{number}\">\n\
         <a class=\"button\" href=\"/account/message?to={seller_slug}\" rel=\"nofollow\">{}</a></div></article>\n",
        escape(&offer.title),
        escape(&offer.price_shown()),
        offer.amount(),
        offer.currency,
        host.words.seller,
        host.paths.seller,
        escape(seller_name),
        paragraphs(&offer.text),
        host.words.contact,
    );
    frame(host, offer.language, &offer.title, &canonical_link(host, path), &main)
}

fn rdfa(host: &HostSpec, offer: &Offer, path: &str, number: u32, seller_slug: &str, seller_name: &str) -> String {
    let origin = origin_mark(host.key);
    let short: String = offer.text.chars().take(160).collect();
    let head = format!(
        "{}<meta property=\"og:type\" content=\"product\">\n<meta property=\"og:title\" content=\"{}\">\n<meta property=\"og:description\" content=\"{}\">\n\
         <meta property=\"og:url\" content=\"{origin}{path}\">\n<meta property=\"og:image\" content=\"{origin}/img/{number}.svg\">\n\
         <meta property=\"product:price:amount\" content=\"{}\">\n<meta property=\"product:price:currency\" content=\"{}\">\n",
        canonical_link(host, path),
        escape(&offer.title),
        escape(&short),
        offer.amount(),
        offer.currency,
    );
    let main = format!(
        "<article class=\"offer\" vocab=\"https://schema.org/\" typeof=\"Product\"><img property=\"image\" src=\"/img/{number}.svg\" alt=\"\"><div>\
         <h1 property=\"name\">{}</h1>\n<div property=\"offers\" typeof=\"Offer\"><p class=\"cost\">{}</p><meta property=\"price\" content=\"{}\">\
         <meta property=\"priceCurrency\" content=\"{}\"><p property=\"seller\" typeof=\"Person\">{}: <a href=\"{}{seller_slug}\" property=\"name\">{}</a></p></div>\n\
         <div property=\"description\">{}</div><table>{}</table>\n<a class=\"button\" href=\"/account/message?to={seller_slug}\" rel=\"nofollow\">{}</a></div></article>\n",
        escape(&offer.title),
        escape(&offer.price_shown()),
        offer.amount(),
        offer.currency,
        host.words.seller,
        host.paths.seller,
        escape(seller_name),
        paragraphs(&offer.text),
        attribute_rows(offer),
        host.words.contact,
    );
    frame(host, offer.language, &offer.title, &head, &main)
}

fn plain_html(host: &HostSpec, offer: &Offer, path: &str, number: u32, seller_slug: &str, seller_name: &str) -> String {
    let main = format!(
        "<div class=\"offer\"><img src=\"/img/{number}.svg\" alt=\"\"><div><h1 class=\"ad-title\">{}</h1>\n<p class=\"cost ad-price\">{}</p>\n\
         <div id=\"ad-text\">{}<table>{}</table></div>\n<p>{}: <a class=\"ad-member\" href=\"{}{seller_slug}\">{}</a></p>\n\
         <a class=\"button\" href=\"/account/message?to={seller_slug}\" rel=\"nofollow\">{}</a></div></div>\n",
        escape(&offer.title),
        escape(&offer.price_shown()),
        paragraphs(&offer.text),
        attribute_rows(offer),
        host.words.seller,
        host.paths.seller,
        escape(seller_name),
        host.words.contact,
    );
    frame(host, offer.language, &offer.title, &canonical_link(host, path), &main)
}

/// A grid of cards.
pub fn grid(cards: &[Card]) -> String {
    let mut html = String::from("<ul class=\"grid\">\n");
    for card in cards {
        let _ = writeln!(
            html,
            "<li class=\"card\"><a href=\"{}\"><img src=\"/img/{}.svg\" alt=\"\" loading=\"lazy\"><b>{}</b><span class=\"cost\">{}</span></a></li>",
            escape(&card.href),
            card.number,
            escape(&card.title),
            escape(&card.price)
        );
    }
    html.push_str("</ul>\n");
    html
}

/// One page of a category.
pub fn category(host: &HostSpec, slug: &str, name: &str, cards: &[Card], page: usize, last_page: usize) -> String {
    let base = format!("{}{slug}", host.paths.category);
    let mut main = format!(
        "<h1>{}</h1>\n<p><a href=\"{base}?sort=price\" rel=\"nofollow\">{}</a></p>\n{}<div class=\"pages\">",
        escape(name),
        host.words.sort,
        grid(cards)
    );
    if page > 1 {
        let href = if page == 2 { base.clone() } else { format!("{base}?page={}", page - 1) };
        let _ = write!(main, "<a rel=\"prev\" href=\"{href}\">{}</a> ", host.words.previous);
    }
    if page < last_page {
        let _ = write!(main, "<a rel=\"next\" href=\"{base}?page={}\">{}</a>", page + 1, host.words.next);
    }
    main.push_str("</div>\n");
    frame(host, host.language, name, "", &main)
}

/// A page that says that a listing is over.
pub fn ended(host: &HostSpec) -> String {
    frame(host, host.language, "-", "", &format!("<div class=\"ended\"><p>{}</p></div>\n", escape(host.words.ended)))
}

/// One month of a calendar that never ends.
pub fn calendar(host: &HostSpec, year: u32, month: u32) -> String {
    let (next_year, next_month) = if month >= 12 { (year + 1, 1) } else { (year, month + 1) };
    let main = format!(
        "<h1>Market days {year}-{month:02}</h1>\n<p>No market days are planned for this month yet.</p>\n\
         <div class=\"pages\"><a href=\"/calendar/{next_year}/{next_month:02}/\">Next month</a></div>\n"
    );
    frame(host, host.language, &format!("Market days {year}-{month:02}"), "", &main)
}

/// A page that does not exist.
pub fn not_found(host: &HostSpec) -> String {
    frame(host, host.language, "404", "", "<div class=\"ended\"><h1>404</h1></div>\n")
}

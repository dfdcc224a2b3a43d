//! From structured data to listings: which item is the offer, and which of its fields say what.

use std::collections::HashMap;

use serde_json::Value;

use crate::listing::budget::{Budget, Spent, Work};
use crate::listing::page::{Listing, Page};
use crate::listing::price;
use crate::listing::reader::{Raw, one_line};
use crate::vocab::found::FoundUrl;

/// Listings read of one page.
const LISTINGS_LIMIT: usize = 200;

/// Items nest at most this deep.
const DEPTH_LIMIT: usize = 12;

/// Characters of a listing's field.
const FIELD_LIMIT_CHARS: usize = 200_000;

/// Products of JSON-LD values.
pub fn from_json_ld(values: &[Value], url: &FoundUrl) -> Vec<Listing> {
    let mut found = Vec::new();
    for value in values {
        collect(value, "json-ld", url, 0, &mut found);
    }
    found
}

/// Products of microdata items.
pub fn from_items(items: &[Value], origin: &str, url: &FoundUrl) -> Vec<Listing> {
    let flat: Vec<Value> = items.iter().map(|item| flatten(item, 0)).collect();
    let mut found = Vec::new();
    for value in &flat {
        collect(value, origin, url, 0, &mut found);
    }
    found
}

/// Products of RDFa subjects: references are followed, properties lose their vocabulary.
///
/// # Errors
/// What following them cost too much of.
pub fn from_rdfa(subjects: &[Value], url: &FoundUrl, budget: &Budget<'_>) -> Result<Vec<Listing>, Spent> {
    let mut graph = Graph { by_id: HashMap::with_capacity(subjects.len()), budget };
    for subject in subjects {
        if let Some(id) = subject.get("@id").and_then(Value::as_str) {
            graph.by_id.entry(id).or_insert(subject);
        }
    }
    let mut found = Vec::new();
    for subject in subjects.iter().filter(|subject| types(subject).iter().any(|kind| is_offered(kind))) {
        let node = graph.local(subject, 0)?;
        // Only subjects that are offers by themselves; what hangs below one is read with it.
        if is_product(&node) && found.len() < LISTINGS_LIMIT {
            found.extend(product(&node, "rdfa", url));
        }
    }
    Ok(found)
}

/// A product of OpenGraph properties.
pub fn from_meta(meta: &[(String, String)], _url: &FoundUrl) -> Vec<Listing> {
    let get = |name: &str| meta.iter().find(|(property, _)| property == name).map(|(_, content)| content.as_str());
    let kind = get("og:type").unwrap_or_default();
    let amount = get("product:price:amount").or_else(|| get("og:price:amount"));
    if !(kind.contains("product") || amount.is_some()) {
        return Vec::new();
    }
    let Some(title) = get("og:title").map(one_line).filter(|title| !title.is_empty()) else { return Vec::new() };
    let currency = get("product:price:currency").or_else(|| get("og:price:currency"));
    let mut listing = Listing {
        title,
        description: get("og:description").map(clean).unwrap_or_default(),
        cut: get("og:description").is_some_and(is_cut),
        price: amount.and_then(|amount| price::parse(amount, currency)),
        seller: None,
        identifiers: get("product:retailer_item_id").map(|id| ("sku".to_owned(), id.to_owned())).into_iter().collect(),
        language: get("og:locale").map(|locale| locale.replace('_', "-")),
        images: meta
            .iter()
            .filter(|(property, _)| property == "og:image")
            .map(|(_, content)| content.clone())
            .take(10)
            .collect(),
        ..Listing::default()
    };
    note_sources(&mut listing, "opengraph");
    vec![listing]
}

/// Fills what structured data left open from the page itself, and makes a listing of a page that is one without saying so.
pub fn complete(page: &mut Page, raw: &Raw<'_>) {
    let identifiers: Vec<(String, String)> =
        raw.pairs.iter().filter(|(label, value)| is_identifier(label, value)).cloned().collect();
    let heading = one_line(&raw.heading);
    // What a page given up would have said is not known, so its text is judged whatever else was read of it.
    let given_up = page.given_up.is_some() && !page.text.is_empty();
    if given_up || (page.listings.is_empty() && looks_like_offer(page, raw, &identifiers)) {
        let title = if heading.is_empty() { page.title.clone() } else { heading.clone() };
        let mut listing = Listing { title, description: page.text.clone(), ..Listing::default() };
        listing.price = page.text.lines().find(|line| has_price(line)).and_then(|line| price::parse(line, None));
        note_sources(&mut listing, "page");
        page.listings.push(listing);
    }
    let alone = page.listings.len() == 1;
    for listing in &mut page.listings {
        if listing.title.is_empty() {
            listing.title = if heading.is_empty() { page.title.clone() } else { heading.clone() };
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
            if listing.description.is_empty() {
                let meta = raw.meta.iter().find(|(name, _)| name == "description").map(|(_, content)| clean(content));
                listing.description = if page.text.is_empty() { meta.unwrap_or_default() } else { page.text.clone() };
                listing.source.insert("description".to_owned(), "page".to_owned());
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

/// A page with one heading and a price or a button to buy, without a list of other offers, is an offer.
fn looks_like_offer(page: &Page, raw: &Raw<'_>, identifiers: &[(String, String)]) -> bool {
    if raw.heading.trim().is_empty() {
        return false;
    }
    let prices = page.text.lines().filter(|line| has_price(line)).count();
    let lower = page.text.to_lowercase();
    let buys = [
        "add to cart",
        "add to basket",
        "buy now",
        "in den warenkorb",
        "contact seller",
        "contact supplier",
        "send inquiry",
        "add to bag",
        "make an offer",
        "comprar",
        "купить",
        "立即购买",
        "联系卖家",
        "ajouter au panier",
        "place order",
    ]
    .iter()
    .any(|words| lower.contains(words));
    (1..=6).contains(&prices) && (buys || !identifiers.is_empty() || prices == 1)
}

fn has_price(line: &str) -> bool {
    line.len() < 200
        && line.bytes().any(|b| b.is_ascii_digit())
        && (line.contains(['€', '£', '$', '¥', '￥', '₽', '₹'])
            || line
                .split(|c: char| !c.is_alphabetic())
                .any(|word| matches!(word, "EUR" | "USD" | "GBP" | "BTC" | "XMR" | "CNY" | "RUB" | "CHF" | "PLN")))
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

fn collect(value: &Value, origin: &str, url: &FoundUrl, depth: usize, found: &mut Vec<Listing>) {
    if depth > DEPTH_LIMIT || found.len() >= LISTINGS_LIMIT {
        return;
    }
    match value {
        Value::Array(members) => members.iter().for_each(|member| collect(member, origin, url, depth + 1, found)),
        Value::Object(fields) => {
            if is_product(value) {
                found.extend(product(value, origin, url));
                return;
            }
            for key in ["@graph", "mainEntity", "itemListElement", "item", "itemOffered", "hasVariant"] {
                if let Some(inner) = fields.get(key) {
                    collect(inner, origin, url, depth + 1, found);
                }
            }
        }
        _ => {}
    }
}

fn types(value: &Value) -> Vec<&str> {
    let kinds = value.get("@type").or_else(|| value.get("type"));
    let names = match kinds {
        Some(Value::String(name)) => vec![name.as_str()],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => vec![],
    };
    names.into_iter().map(|name| name.rsplit(['/', '#', ':']).next().unwrap_or(name)).collect()
}

fn is_product(value: &Value) -> bool {
    types(value).iter().any(|kind| is_offered(kind) && (*kind != "Offer" || value.get("name").is_some()))
}

/// Types of what is offered; a bare offer is one only if it has a name.
fn is_offered(kind: &str) -> bool {
    matches!(
        kind,
        "Product"
            | "ProductGroup"
            | "ProductModel"
            | "IndividualProduct"
            | "SomeProducts"
            | "Drug"
            | "ChemicalSubstance"
            | "MolecularEntity"
            | "Vehicle"
            | "Book"
            | "Offer"
    )
}

fn product(value: &Value, origin: &str, url: &FoundUrl) -> Option<Listing> {
    let title = text(value.get("name").or_else(|| value.get("title"))).map(|name| one_line(&name)).unwrap_or_default();
    let offer = first(value.get("offers")).unwrap_or(value);
    let specification = first(offer.get("priceSpecification"));
    let amount = ["price", "lowPrice", "highPrice"]
        .iter()
        .find_map(|key| text(offer.get(*key)))
        .or_else(|| text(specification.and_then(|s| s.get("price"))));
    let currency =
        text(offer.get("priceCurrency")).or_else(|| text(specification.and_then(|s| s.get("priceCurrency"))));
    let seller = [offer.get("seller"), value.get("seller"), offer.get("offeredBy"), value.get("manufacturer")]
        .into_iter()
        .flatten()
        .find_map(name_of);
    let mut identifiers = Vec::new();
    for key in [
        "sku",
        "mpn",
        "gtin",
        "gtin13",
        "gtin14",
        "gtin12",
        "gtin8",
        "productID",
        "casNumber",
        "inChIKey",
        "inChI",
        "smiles",
        "molecularFormula",
        "iupacName",
        "alternateName",
        "nonProprietaryName",
        "activeIngredient",
        "model",
    ] {
        if let Some(content) = text(value.get(key)) {
            identifiers.push((key.to_owned(), content));
        }
    }
    for property in list(value.get("additionalProperty")).iter().take(60) {
        if let (Some(label), Some(content)) = (text(property.get("name")), text(property.get("value"))) {
            identifiers.push((label, content));
        }
    }
    let images = list(value.get("image"))
        .iter()
        .filter_map(|image| {
            text(Some(image)).or_else(|| text(image.get("url"))).or_else(|| text(image.get("contentUrl")))
        })
        .filter_map(|image| url.as_url().join(&image).ok().map(String::from))
        .take(10)
        .collect();
    let description = text(value.get("description")).unwrap_or_default();
    let mut listing = Listing {
        title,
        description: clean(&description),
        cut: is_cut(&description),
        price: amount.and_then(|amount| price::parse(&amount, currency.as_deref())),
        seller,
        identifiers,
        language: text(value.get("inLanguage")),
        images,
        ..Listing::default()
    };
    if listing.title.is_empty() && listing.description.is_empty() {
        return None;
    }
    note_sources(&mut listing, origin);
    Some(listing)
}

fn note_sources(listing: &mut Listing, origin: &str) {
    let filled = [
        ("title", !listing.title.is_empty()),
        ("description", !listing.description.is_empty()),
        ("price", listing.price.is_some()),
        ("seller", listing.seller.is_some()),
        ("identifiers", !listing.identifiers.is_empty()),
        ("language", listing.language.is_some()),
        ("images", !listing.images.is_empty()),
    ];
    for (field, _) in filled.into_iter().filter(|(_, filled)| *filled) {
        listing.source.insert(field.to_owned(), origin.to_owned());
    }
}

/// Whether [`clean`] leaves out the end of a field.
fn is_cut(field: &str) -> bool {
    field.chars().nth(FIELD_LIMIT_CHARS).is_some()
}

/// HTML inside a field is markup the shop forgot to drop.
fn clean(field: &str) -> String {
    let field: String = field.chars().take(FIELD_LIMIT_CHARS).collect();
    if !field.contains('<') {
        return crate::listing::entities::decode(&field, false).trim().to_owned();
    }
    let mut out = String::new();
    for token in crate::listing::tokenizer::Tokenizer::new(&field) {
        match token {
            crate::listing::tokenizer::Token::Text(text) => {
                out.push_str(&crate::listing::entities::decode(text, false))
            }
            _ => out.push(' '),
        }
    }
    one_line(&out)
}

fn first(value: Option<&Value>) -> Option<&Value> {
    match value? {
        Value::Array(members) => members.first(),
        other => Some(other),
    }
}

fn list(value: Option<&Value>) -> Vec<Value> {
    match value {
        Some(Value::Array(members)) => members.clone(),
        Some(other) => vec![other.clone()],
        None => vec![],
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match first(value)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        object @ Value::Object(_) => text(object.get("@value")).or_else(|| text(object.get("name"))),
        _ => None,
    }
}

fn name_of(value: &Value) -> Option<String> {
    text(Some(value)).or_else(|| text(first(Some(value))?.get("name")))
}

/// A microdata item with its properties beside its type, as JSON-LD writes it.
fn flatten(item: &Value, depth: usize) -> Value {
    if depth > DEPTH_LIMIT {
        return Value::Null;
    }
    match item {
        Value::Array(members) => Value::Array(members.iter().map(|member| flatten(member, depth + 1)).collect()),
        Value::Object(fields) => {
            let mut flat = serde_json::Map::new();
            if let Some(kind) = fields.get("type") {
                flat.insert("@type".to_owned(), kind.clone());
            }
            for (name, value) in fields.get("properties").and_then(Value::as_object).into_iter().flatten() {
                flat.insert(name.clone(), flatten(value, depth + 1));
            }
            Value::Object(flat)
        }
        other => other.clone(),
    }
}

/// RDFa subjects by their ids.
struct Graph<'v, 'b, 'a> {
    by_id: HashMap<&'v str, &'v Value>,
    budget: &'b Budget<'a>,
}

impl Graph<'_, '_, '_> {
    /// A subject with local property names, references followed.
    fn local(&self, subject: &Value, depth: usize) -> Result<Value, Spent> {
        let Some(fields) = subject.as_object() else { return Ok(subject.clone()) };
        let mut node = serde_json::Map::new();
        for (name, value) in fields {
            if name == "@type" || name == "@id" {
                self.copied(value)?;
                node.insert(name.clone(), value.clone());
                continue;
            }
            let key = name.rsplit(['/', '#']).next().unwrap_or(name);
            let mut values = Vec::new();
            for value in value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice) {
                let target = value.get("@id").and_then(Value::as_str);
                values.push(match target.map(|id| (id, self.by_id.get(id))) {
                    Some((_, Some(other))) if depth < 3 => {
                        self.budget.charge(Work::References, 1)?;
                        self.local(other, depth + 1)?
                    }
                    Some((id, None)) => {
                        self.budget.charge(Work::Bytes, id.len() as u64)?;
                        Value::String(id.to_owned())
                    }
                    Some((_, Some(_))) | None => {
                        self.copied(value)?;
                        value.clone()
                    }
                });
            }
            node.insert(key.to_owned(), Value::Array(values));
        }
        Ok(Value::Object(node))
    }

    /// Counts a copy. What RDFa gives nests no deeper than a list of objects of texts.
    fn copied(&self, value: &Value) -> Result<(), Spent> {
        let text = match value {
            Value::Array(members) => return members.iter().try_for_each(|member| self.copied(member)),
            Value::Object(fields) => return fields.values().try_for_each(|field| self.copied(field)),
            Value::String(text) => text.len(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        };
        self.budget.charge(Work::Bytes, 64 + text as u64)
    }
}

//! Microdata items, in the shape of extruct with `uniform=False`.

use scraper::{ElementRef, Html};
use serde_json::{Map, Value, json};

use crate::listing::ReadContext;
use crate::listing::dom;
use crate::listing::reader::one_line;
use crate::vocab::url::CanonicalUrl;

/// Items nest at most this deep.
const DEPTH_LIMIT: usize = 30;

/// The page's top-level items.
pub fn read(html: &str, context: &ReadContext<'_>, problems: &mut Vec<String>) -> Vec<Value> {
    match dom::parse(html, context.limits, problems) {
        Some(document) => items(&document, context.url),
        None => Vec::new(),
    }
}

/// The top-level items of a document.
pub fn items(document: &Html, url: &CanonicalUrl) -> Vec<Value> {
    let Ok(selector) = scraper::Selector::parse("[itemscope]") else { return Vec::new() };
    document
        .select(&selector)
        .filter(|element| element.value().attr("itemprop").is_none())
        .map(|element| item(document, element, url, 0))
        .collect()
}

fn item(document: &Html, element: ElementRef<'_>, url: &CanonicalUrl, depth: usize) -> Value {
    let mut found = Map::new();
    let types: Vec<&str> = element.value().attr("itemtype").unwrap_or_default().split_ascii_whitespace().collect();
    match types[..] {
        [] => {}
        [one] => {
            found.insert("type".to_owned(), json!(one));
        }
        _ => {
            found.insert("type".to_owned(), json!(types));
        }
    }
    if let Some(id) = element.value().attr("itemid") {
        found.insert("id".to_owned(), json!(id.trim()));
    }
    let mut properties = Map::new();
    if depth < DEPTH_LIMIT {
        for referenced in element.value().attr("itemref").unwrap_or_default().split_ascii_whitespace() {
            let wanted = format!("[id=\"{}\"]", referenced.replace(['"', '\\'], ""));
            if let Ok(selector) = scraper::Selector::parse(&wanted)
                && let Some(other) = document.select(&selector).next()
            {
                property(document, other, url, depth, &mut properties);
                walk(document, other, url, depth, &mut properties);
            }
        }
        walk(document, element, url, depth, &mut properties);
    }
    found.insert("properties".to_owned(), Value::Object(properties));
    Value::Object(found)
}

/// Properties below `element` that belong to it: those not inside another item. Iterative, because trees are hostile.
fn walk(document: &Html, element: ElementRef<'_>, url: &CanonicalUrl, depth: usize, into: &mut Map<String, Value>) {
    let mut open: Vec<ElementRef<'_>> = element.child_elements().collect();
    open.reverse();
    while let Some(next) = open.pop() {
        property(document, next, url, depth, into);
        if next.value().attr("itemscope").is_none() {
            let at = open.len();
            open.extend(next.child_elements());
            open[at..].reverse();
        }
    }
}

fn property(document: &Html, element: ElementRef<'_>, url: &CanonicalUrl, depth: usize, into: &mut Map<String, Value>) {
    let Some(names) = element.value().attr("itemprop") else { return };
    let value = if element.value().attr("itemscope").is_some() {
        item(document, element, url, depth + 1)
    } else {
        Value::String(plain(element, url))
    };
    for name in names.split_ascii_whitespace() {
        match into.get_mut(name) {
            None => {
                into.insert(name.to_owned(), value.clone());
            }
            Some(Value::Array(held)) => held.push(value.clone()),
            Some(held) => {
                let first = held.take();
                *held = json!([first, value.clone()]);
            }
        }
    }
}

/// The value of a property that is no item.
fn plain(element: ElementRef<'_>, url: &CanonicalUrl) -> String {
    let attribute = |name| element.value().attr(name).unwrap_or_default();
    let address = |name| {
        let raw = attribute(name).trim();
        url.as_url().join(raw).map_or_else(|_| raw.to_owned(), String::from)
    };
    match element.value().name() {
        "meta" => attribute("content").to_owned(),
        "audio" | "embed" | "iframe" | "img" | "source" | "track" | "video" => address("src"),
        "a" | "area" | "link" => address("href"),
        "object" => address("data"),
        "data" | "meter" => attribute("value").to_owned(),
        "time" if element.value().attr("datetime").is_some() => attribute("datetime").to_owned(),
        _ => match element.value().attr("content") {
            Some(content) => content.to_owned(),
            None => one_line(&element.text().collect::<Vec<_>>().join(" ")),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::ReadLimits;

    #[test]
    fn items_nest_and_repeat() {
        let html = r#"<div itemscope itemtype="http://schema.org/Product"><h1 itemprop=name> A <b>chair</b></h1>
            <img itemprop=image src=/1.jpg><img itemprop=image src=/2.jpg>
            <div itemprop=offers itemscope itemtype="http://schema.org/Offer"><meta itemprop=price content=12.50></div></div>"#;
        let url = CanonicalUrl::parse("https://x.example.test/p", None).unwrap();
        let limits = ReadLimits::default();
        let context = ReadContext::new(&url, &limits);
        let items = read(html, &context, &mut Vec::new());
        assert_eq!(
            items,
            [json!({"type": "http://schema.org/Product", "properties": {"name": "A chair",
                "image": ["https://x.example.test/1.jpg", "https://x.example.test/2.jpg"],
                "offers": {"type": "http://schema.org/Offer", "properties": {"price": "12.50"}}}})]
        );
    }
}

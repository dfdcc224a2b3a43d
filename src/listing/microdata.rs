//! Microdata items, in the shape of extruct with `uniform=False`.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use scraper::{ElementRef, Html};
use serde_json::{Map, Value, json};

use crate::listing::budget::{Budget, Spent, Work};
use crate::listing::dom;
use crate::listing::field::one_line;
use crate::vocab::found::FoundUrl;

/// Items nest at most this deep.
const DEPTH_LIMIT: usize = 30;

/// What a value weighs besides its text.
const VALUE_BYTES: u64 = 64;

/// The top-level items of a document.
///
/// # Errors
/// What they cost too much of.
pub fn items(document: &Html, url: &FoundUrl, budget: &Budget<'_>) -> Result<Vec<Value>, Spent> {
    let mut reader = Reader { document, url, budget, by_id: OnceCell::new(), open: Vec::new() };
    let mut found = Vec::new();
    for element in document.root_element().descendent_elements() {
        budget.charge(Work::Steps, 1)?;
        if element.value().attr("itemscope").is_some() && element.value().attr("itemprop").is_none() {
            found.push(reader.item(element)?.value);
        }
    }
    Ok(found)
}

/// A value, and the bytes of a copy of it.
struct Weighed {
    value: Value,
    bytes: u64,
}

struct Reader<'d, 'b, 'a> {
    document: &'d Html,
    url: &'d FoundUrl,
    budget: &'b Budget<'a>,
    by_id: OnceCell<HashMap<&'d str, ElementRef<'d>>>,
    /// Items being read, outermost first: one that refers to itself is not read inside itself.
    open: Vec<ElementRef<'d>>,
}

/// Properties of one item while they are read.
#[derive(Default)]
struct Properties {
    found: Map<String, Value>,
    bytes: u64,
    /// Elements that were looked at, where references could bring them a second time.
    seen: Option<HashSet<dom::NodeId>>,
}

impl<'d> Reader<'d, '_, '_> {
    fn item(&mut self, element: ElementRef<'d>) -> Result<Weighed, Spent> {
        let mut found = Map::new();
        let kind = element.value().attr("itemtype").unwrap_or_default();
        let id = element.value().attr("itemid").map(str::trim);
        let mut bytes = 2 * VALUE_BYTES + kind.len() as u64 + id.map_or(0, str::len) as u64;
        self.budget.charge(Work::Bytes, bytes)?;
        let types: Vec<&str> = kind.split_ascii_whitespace().collect();
        match types[..] {
            [] => {}
            [one] => {
                found.insert("type".to_owned(), json!(one));
            }
            _ => {
                let more = types.len() as u64 * VALUE_BYTES;
                self.budget.charge(Work::Bytes, more)?;
                bytes += more;
                found.insert("type".to_owned(), json!(types));
            }
        }
        if let Some(id) = id {
            found.insert("id".to_owned(), json!(id));
        }
        let mut properties = Properties::default();
        if self.open.len() < DEPTH_LIMIT {
            self.open.push(element);
            let references = element.value().attr("itemref").unwrap_or_default();
            for referenced in references.split_ascii_whitespace() {
                self.budget.charge(Work::References, 1)?;
                let seen = properties.seen.get_or_insert_default();
                if let Some(other) = self.with_id(referenced)
                    && !seen.contains(&other.id())
                {
                    self.element(other, &mut properties)?;
                }
            }
            self.below(element, &mut properties)?;
            self.open.pop();
        }
        bytes += properties.bytes;
        found.insert("properties".to_owned(), Value::Object(properties.found));
        Ok(Weighed { value: Value::Object(found), bytes })
    }

    /// The first element of that id.
    fn with_id(&self, id: &str) -> Option<ElementRef<'d>> {
        let by_id = self.by_id.get_or_init(|| {
            let mut by_id = HashMap::new();
            for element in self.document.root_element().descendent_elements() {
                if let Some(id) = element.value().attr("id") {
                    by_id.entry(id).or_insert(element);
                }
            }
            by_id
        });
        by_id.get(id).copied()
    }

    /// What an element says, and, unless it is an item of its own, what stands below it.
    fn element(&mut self, element: ElementRef<'d>, into: &mut Properties) -> Result<(), Spent> {
        self.property(element, into)?;
        if element.value().attr("itemscope").is_none() { self.below(element, into) } else { Ok(()) }
    }

    /// Properties below `element` that belong to it: those not inside another item. Iterative, because trees are hostile.
    fn below(&mut self, element: ElementRef<'d>, into: &mut Properties) -> Result<(), Spent> {
        let mut open: Vec<ElementRef<'d>> = element.child_elements().collect();
        open.reverse();
        while let Some(next) = open.pop() {
            self.budget.charge(Work::Steps, 1)?;
            if into.seen.as_ref().is_some_and(|seen| seen.contains(&next.id())) {
                continue;
            }
            self.property(next, into)?;
            if next.value().attr("itemscope").is_none() {
                let at = open.len();
                open.extend(next.child_elements());
                open[at..].reverse();
            }
        }
        Ok(())
    }

    fn property(&mut self, element: ElementRef<'d>, into: &mut Properties) -> Result<(), Spent> {
        if let Some(seen) = &mut into.seen {
            seen.insert(element.id());
        }
        let Some(names) = element.value().attr("itemprop") else { return Ok(()) };
        let Weighed { value, bytes } = if element.value().attr("itemscope").is_none() {
            let text = plain(element, self.url, self.budget)?;
            Weighed { bytes: VALUE_BYTES + text.len() as u64, value: Value::String(text) }
        } else if self.open.contains(&element) {
            return Ok(());
        } else {
            self.item(element)?
        };
        for name in names.split_ascii_whitespace() {
            self.budget.charge(Work::Bytes, bytes + name.len() as u64)?;
            into.bytes += bytes + name.len() as u64;
            match into.found.get_mut(name) {
                None => {
                    into.found.insert(name.to_owned(), value.clone());
                }
                Some(Value::Array(held)) => held.push(value.clone()),
                Some(held) => {
                    let first = held.take();
                    *held = json!([first, value.clone()]);
                }
            }
        }
        Ok(())
    }
}

/// The value of a property that is no item.
fn plain(element: ElementRef<'_>, url: &FoundUrl, budget: &Budget<'_>) -> Result<String, Spent> {
    let attribute = |name| element.value().attr(name).unwrap_or_default();
    let address = |name| {
        let raw = attribute(name).trim();
        url.as_url().join(raw).map_or_else(|_| raw.to_owned(), String::from)
    };
    Ok(match element.value().name() {
        "meta" => attribute("content").to_owned(),
        "audio" | "embed" | "iframe" | "img" | "source" | "track" | "video" => address("src"),
        "a" | "area" | "link" => address("href"),
        "object" => address("data"),
        "data" | "meter" => attribute("value").to_owned(),
        "time" if element.value().attr("datetime").is_some() => attribute("datetime").to_owned(),
        _ => match element.value().attr("content") {
            Some(content) => content.to_owned(),
            None => one_line(&dom::text(element, budget)?),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::limits::Limits;
    use crate::vocab::time::Deadline;

    fn read(html: &str) -> Result<Vec<Value>, Spent> {
        let url = FoundUrl::parse("https://x.example.test/p", None).unwrap();
        let limits = Limits::default();
        items(&Html::parse_document(html), &url, &Budget::new(&limits, Deadline::NEVER))
    }

    #[test]
    fn items_nest_and_repeat() {
        let html = r#"<div itemscope itemtype="http://schema.org/Product"><h1 itemprop=name> A <b>chair</b></h1>
            <img itemprop=image src=/1.jpg><img itemprop=image src=/2.jpg>
            <div itemprop=offers itemscope itemtype="http://schema.org/Offer"><meta itemprop=price content=12.50></div></div>"#;
        assert_eq!(
            read(html).unwrap(),
            [json!({"type": "http://schema.org/Product", "properties": {"name": "A chair",
                "image": ["https://x.example.test/1.jpg", "https://x.example.test/2.jpg"],
                "offers": {"type": "http://schema.org/Offer", "properties": {"price": "12.50"}}}})]
        );
    }

    #[test]
    fn references_are_followed_once_and_never_in_a_circle() {
        let html = r#"<div itemscope itemref="more more"><b itemprop=name>Stool</b></div>
            <p id=more><i itemprop=colour>Red</i></p>
            <div id=more><i itemprop=colour>Blue</i></div>"#;
        assert_eq!(read(html).unwrap(), [json!({"properties": {"name": "Stool", "colour": "Red"}})]);
        let circle = r#"<div id=one itemprop=part itemscope itemref="one two"><i itemprop=size>1</i></div>
            <div id=two itemprop=part itemscope itemref="one two"></div>
            <div itemscope itemref="one two"><b itemprop=name>Ring</b></div>"#;
        let one = json!({"properties": {"size": "1", "part": {"properties": {}}}});
        let two = json!({"properties": {"part": {"properties": {"size": "1"}}}});
        assert_eq!(read(circle).unwrap(), [json!({"properties": {"name": "Ring", "part": [one, two]}})]);
    }

    #[test]
    fn an_item_that_is_referred_to_keeps_its_fields_to_itself() {
        let html = r#"<div itemscope itemref=maker><b itemprop=name>Clock</b></div>
            <div id=maker itemprop=brand itemscope><b itemprop=name>Tick</b></div>"#;
        let brand = json!({"properties": {"name": "Tick"}});
        assert_eq!(read(html).unwrap(), [json!({"properties": {"name": "Clock", "brand": brand}})]);
    }

    #[test]
    fn what_grows_beyond_measure_is_given_up_by_name() {
        let copies = format!(
            "<div itemscope>{}<i itemprop=leaf>x</i>{}</div>",
            "<div itemprop='p q r' itemscope>".repeat(20),
            "</div>".repeat(20)
        );
        assert_eq!(read(&copies), Err(Spent::Bytes));
        let rows: String = (0..40).map(|n| format!("<p id=n{n} itemprop=p itemscope itemref='{}'>", all(40))).collect();
        assert_eq!(read(&format!("<div itemscope itemref='{}'></div>{rows}", all(40))), Err(Spent::References));
    }

    fn all(count: usize) -> String {
        (0..count).map(|n| format!("n{n} ")).collect()
    }
}

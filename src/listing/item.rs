//! What a page describes, in the one form to which every syntax is brought: things with types and properties, references
//! between them joined.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::listing::budget::{Budget, Spent, Work};

/// One thing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// Local names of its types: `Product`, whatever vocabulary or prefix was written.
    pub types: Vec<String>,
    /// Local names of its properties, in order, each with all its values.
    pub properties: Vec<(String, Vec<Content>)>,
    /// It had more properties than are kept.
    pub cut: bool,
    id: Option<String>,
}

/// A value of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Text, a number, an address.
    Text(String),
    /// Another thing, by its place.
    Item(usize),
    /// A thing by its name, which is looked up when it is asked for.
    Reference(String),
}

/// All things of a page in one syntax.
#[derive(Debug, Default)]
pub struct Items {
    all: Vec<Item>,
    by_id: HashMap<String, usize>,
    /// Those that stand in no other, in the order of the page.
    pub top: Vec<usize>,
    /// A thing had more properties than are kept.
    pub cut: bool,
}

impl Items {
    /// Things of JSON-LD values, and of RDFa subjects, which have the form of expanded JSON-LD.
    ///
    /// # Errors
    /// The budget that was exceeded.
    pub fn from_json_ld(values: Vec<Value>, budget: &Budget<'_>) -> Result<Items, Spent> {
        let mut builder = Builder { items: Items::default(), aliases: HashMap::new(), learned: Vec::new(), budget };
        for value in values {
            let contents = builder.contents(value)?;
            builder.items.top.extend(contents.iter().filter_map(Content::as_place));
        }
        Ok(builder.items)
    }

    /// Things of microdata items.
    ///
    /// # Errors
    /// The budget that was exceeded.
    pub fn from_microdata(values: Vec<Value>, budget: &Budget<'_>) -> Result<Items, Spent> {
        let mut builder = Builder { items: Items::default(), aliases: HashMap::new(), learned: Vec::new(), budget };
        for value in values {
            let contents = builder.microdata(value)?;
            builder.items.top.extend(contents.iter().filter_map(Content::as_place));
        }
        Ok(builder.items)
    }

    /// The thing at a place.
    pub fn at(&self, place: usize) -> Option<&Item> {
        self.all.get(place)
    }

    /// All of them with their places.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Item)> {
        self.all.iter().enumerate()
    }

    /// The place of the thing that a value stands for.
    pub fn place(&self, content: &Content) -> Option<usize> {
        match content {
            Content::Item(at) => Some(*at),
            Content::Reference(id) => self.by_id.get(id).copied(),
            // An address where a reference was meant.
            Content::Text(id) if id.starts_with(['#', '_']) || id.contains("://") => self.by_id.get(id).copied(),
            Content::Text(_) => None,
        }
    }

    /// Places of the things among the values of a property.
    pub fn below<'i>(&'i self, item: &'i Item, name: &str) -> impl Iterator<Item = usize> + use<'i> {
        item.values(name).iter().filter_map(|content| self.place(content))
    }

    /// The first text among the values of a property; of a thing, its name.
    pub fn text(&self, item: &Item, name: &str) -> Option<String> {
        item.values(name).iter().find_map(|content| self.text_of(content))
    }

    /// Every text among the values of a property, each once, as far as `most` of them; and whether there are more.
    pub fn texts(&self, item: &Item, name: &str, most: usize) -> (Vec<String>, bool) {
        let values = item.values(name);
        let mut texts: Vec<String> = Vec::new();
        for text in values.iter().take(most).filter_map(|content| self.text_of(content)) {
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        (texts, values.len() > most)
    }

    /// A value as text.
    pub fn text_of(&self, content: &Content) -> Option<String> {
        let named = |place: usize| {
            let item = self.at(place)?;
            let name = item.values("name").iter().chain(item.values("title")).find_map(Content::as_text);
            // `{"en": "…", "de": "…"}`: the same in several languages.
            let is_language = |name: &str| name.len() == 2 || (name.len() == 5 && name.as_bytes()[2] == b'-');
            let spoken = || {
                let all = item.properties.iter().all(|(name, _)| is_language(name));
                item.properties.iter().filter(|_| all).flat_map(|(_, values)| values).find_map(Content::as_text)
            };
            let text = name.or_else(spoken);
            text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        };
        match content {
            Content::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            Content::Item(at) => named(*at),
            Content::Reference(id) => match self.by_id.get(id) {
                Some(at) => named(*at),
                None => Some(id.clone()),
            },
        }
    }
}

impl Item {
    /// All values of a property.
    pub fn values(&self, name: &str) -> &[Content] {
        let held = self.properties.iter().find(|(held, _)| held.eq_ignore_ascii_case(name));
        held.map_or(&[], |(_, values)| values)
    }

    /// Whether it has a type.
    pub fn is(&self, types: &[&str]) -> bool {
        self.types.iter().any(|held| types.iter().any(|name| held.eq_ignore_ascii_case(name)))
    }

    fn add(&mut self, name: String, values: Vec<Content>) {
        match self.properties.iter_mut().find(|(held, _)| *held == name) {
            Some((_, held)) => held.extend(values),
            None => self.properties.push((name, values)),
        }
    }

    /// Adds a property unless there are too many.
    fn add_within_limits(&mut self, name: String, values: Vec<Content>) {
        if self.properties.len() < PROPERTIES {
            self.add(name, values);
        } else {
            self.cut = true;
        }
    }

    fn name(&self) -> Option<&str> {
        self.values("name").iter().find_map(Content::as_text)
    }
}

impl Content {
    fn as_place(&self) -> Option<usize> {
        match self {
            Content::Item(at) => Some(*at),
            Content::Text(_) | Content::Reference(_) => None,
        }
    }

    fn as_text(&self) -> Option<&str> {
        match self {
            Content::Text(text) => Some(text),
            Content::Item(_) | Content::Reference(_) => None,
        }
    }
}

/// Bytes of an item beside its texts.
const ITEM_BYTES: u64 = 64;

/// Properties by which one thing is looked for in the list of another's; beyond them looking costs too much.
const PROPERTIES: usize = 512;

struct Builder<'b, 'a> {
    items: Items,
    /// Meanings that contexts give to terms, the last of which is in force.
    aliases: HashMap<String, Vec<String>>,
    /// Terms in the order in which they got a meaning.
    learned: Vec<String>,
    budget: &'b Budget<'a>,
}

impl Builder<'_, '_> {
    /// What a JSON-LD value says. Values nest no deeper than the budget let them be parsed.
    fn contents(&mut self, value: Value) -> Result<Vec<Content>, Spent> {
        Ok(match value {
            Value::Null => Vec::new(),
            Value::String(text) => vec![Content::Text(text)],
            Value::Bool(yes) => vec![Content::Text(yes.to_string())],
            Value::Number(number) => vec![Content::Text(plain(&number))],
            Value::Array(members) => {
                let mut all = Vec::with_capacity(members.len());
                for member in members {
                    all.append(&mut self.contents(member)?);
                }
                all
            }
            Value::Object(fields) => self.object(fields)?,
        })
    }

    fn object(&mut self, mut fields: Map<String, Value>) -> Result<Vec<Content>, Spent> {
        let known = self.learned.len();
        if let Some(context) = fields.remove("@context") {
            self.learn(&context);
        }
        for wrapper in ["@value", "@list", "@set"] {
            if let Some(inner) = fields.remove(wrapper) {
                let contents = self.contents(inner);
                self.forget(known);
                return contents;
            }
        }
        let mut item = Item::default();
        let mut graph = Vec::new();
        for (key, value) in fields {
            match self.term(&key) {
                "@id" | "id" if value.is_string() => item.id = value.as_str().map(str::to_owned),
                "@type" | "type" => item.types.extend(types(&value)),
                "@graph" => graph = self.contents(value)?,
                "@reverse" => {
                    // What says of itself that it belongs to this one, as an offer does by `itemOffered`.
                    if let Value::Object(reversed) = value {
                        for (key, value) in reversed {
                            let name = if key.ends_with("itemOffered") { "offers" } else { "@reverse" };
                            let values = self.contents(value)?;
                            item.add(name.to_owned(), values);
                        }
                    }
                }
                name => {
                    let name = name.to_owned();
                    let values = self.contents(value)?;
                    if !values.is_empty() {
                        item.add_within_limits(name, values);
                    }
                }
            }
        }
        self.forget(known);
        if item.types.is_empty() && item.properties.is_empty() {
            // Nothing but a name, or nothing but others.
            graph.extend(item.id.map(Content::Reference));
            return Ok(graph);
        }
        if !graph.is_empty() {
            item.add("@graph".to_owned(), graph);
        }
        Ok(vec![Content::Item(self.keep(item)?)])
    }

    fn microdata(&mut self, value: Value) -> Result<Vec<Content>, Spent> {
        Ok(match value {
            Value::Array(members) => {
                let mut all = Vec::with_capacity(members.len());
                for member in members {
                    all.append(&mut self.microdata(member)?);
                }
                all
            }
            Value::Object(mut fields) => {
                let id = fields.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
                let mut item = Item {
                    types: fields.get("type").map(types).unwrap_or_default(),
                    id: id.map(str::to_owned),
                    ..Item::default()
                };
                if let Some(Value::Object(properties)) = fields.remove("properties") {
                    for (name, value) in properties {
                        let values = self.microdata(value)?;
                        item.add_within_limits(local(&name).to_owned(), values);
                    }
                }
                vec![Content::Item(self.keep(item)?)]
            }
            other => self.contents(other)?,
        })
    }

    /// Keeps a thing. What is said of one name in several places is said of one thing, unless it has two names there.
    fn keep(&mut self, item: Item) -> Result<usize, Spent> {
        self.budget.charge(Work::Bytes, ITEM_BYTES)?;
        if let Some(at) = item.id.as_ref().and_then(|id| self.items.by_id.get(id)).copied()
            && let Some(held) = self.items.all.get_mut(at)
        {
            let one = match (held.name(), item.name()) {
                (Some(first), Some(second)) => first.trim() == second.trim(),
                (None, _) | (_, None) => true,
            };
            if one && held.properties.len() + item.properties.len() <= PROPERTIES {
                for kind in item.types {
                    if !held.types.contains(&kind) {
                        held.types.push(kind);
                    }
                }
                held.cut |= item.cut;
                for (name, values) in item.properties {
                    // The first to speak of a property is believed; whatever else others say of it stands behind.
                    let known = held.values(&name);
                    let compared = (known.len() * values.len()) as u64;
                    self.budget.charge(Work::Steps, compared)?;
                    let more: Vec<Content> = values.into_iter().filter(|value| !known.contains(value)).collect();
                    held.add(name, more);
                }
                return Ok(at);
            }
        }
        self.items.cut |= item.cut;
        let at = self.items.all.len();
        if let Some(id) = &item.id {
            self.items.by_id.entry(id.clone()).or_insert(at);
        }
        self.items.all.push(item);
        Ok(at)
    }

    /// The local name of a key, through the contexts in force.
    fn term<'k>(&'k self, key: &'k str) -> &'k str {
        local(self.aliases.get(key).and_then(|meanings| meanings.last()).map_or(key, String::as_str))
    }

    /// Forgets what contexts said of terms since `known` of them.
    fn forget(&mut self, known: usize) {
        for term in self.learned.drain(known..) {
            self.aliases.get_mut(&term).and_then(Vec::pop);
        }
    }

    fn learn(&mut self, context: &Value) {
        match context {
            Value::Array(members) => members.iter().for_each(|member| self.learn(member)),
            Value::Object(terms) => {
                for (term, meaning) in terms.iter().take(PROPERTIES) {
                    let meaning = meaning.as_str().or_else(|| meaning.get("@id").and_then(Value::as_str));
                    // An address that ends like this is a prefix or a vocabulary, no meaning of a term.
                    if let Some(meaning) = meaning.filter(|m| !term.starts_with('@') && !m.ends_with(['/', '#', ':'])) {
                        self.aliases.entry(term.clone()).or_default().push(meaning.to_owned());
                        self.learned.push(term.clone());
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

fn types(value: &Value) -> Vec<String> {
    match value {
        Value::String(names) => names.split_ascii_whitespace().map(|name| local(name).to_owned()).collect(),
        Value::Array(names) => names.iter().take(PROPERTIES).flat_map(types).collect(),
        Value::Object(fields) => fields.get("@id").map(types).unwrap_or_default(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// A name without its vocabulary or prefix.
fn local(name: &str) -> &str {
    let name = name.trim();
    if name.starts_with('@') {
        return name;
    }
    name.rsplit(['/', '#', ':']).next().filter(|local| !local.is_empty()).unwrap_or(name)
}

/// A number as one writes a price.
fn plain(number: &serde_json::Number) -> String {
    let text = number.to_string();
    match (text.contains(['e', 'E']), number.as_f64()) {
        (true, Some(value)) => format!("{value}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::vocab::limits::Limits;
    use crate::vocab::time::Deadline;

    fn read(value: Value) -> Items {
        let limits = Limits::default();
        let members = if let Value::Array(members) = value { members } else { vec![value] };
        Items::from_json_ld(members, &Budget::new(&limits, Deadline::NEVER)).unwrap()
    }

    #[test]
    fn one_form_whatever_way_it_is_written() {
        for value in [
            json!({"@type": "Product", "name": "Oar", "sku": 7}),
            json!({"@context": {"schema": "https://schema.org/"}, "@type": "schema:Product", "schema:name": "Oar", "schema:sku": "7"}),
            json!({"@context": {"titre": "schema:name", "kind": "@type"}, "kind": "Product", "titre": "Oar", "sku": "7"}),
            json!({"@type": ["http://schema.org/Product"], "http://schema.org/name": [{"@value": "Oar"}],
                "http://schema.org/sku": [{"@value": "7", "@type": "Text"}]}),
            json!({"type": "https://schema.org/Product", "name": {"@set": ["Oar"]}, "sku": {"@list": [7]}}),
        ] {
            let items = read(value.clone());
            let item = items.at(items.top[0]).unwrap();
            assert!(item.is(&["product"]), "{value}");
            assert_eq!(items.text(item, "name").as_deref(), Some("Oar"), "{value}");
            assert_eq!(items.text(item, "sku").as_deref(), Some("7"), "{value}");
        }
    }

    #[test]
    fn what_is_said_of_one_name_is_said_of_one_thing() {
        let items = read(json!([
            {"@type": "Offer", "seller": {"@id": "#s"}, "price": 1e2},
            {"@id": "#s", "@type": "Organization"},
            {"@id": "#s", "name": "Boathouse"},
        ]));
        let offer = items.at(0).unwrap();
        assert_eq!(items.text(offer, "seller").as_deref(), Some("Boathouse"));
        assert_eq!(items.text(offer, "price").as_deref(), Some("100.0"));
        assert_eq!(items.iter().count(), 2);
        let apart = read(json!([{"@id": "#p", "name": "Oar"}, {"@id": "#p", "name": "Sail"}]));
        assert_eq!(apart.iter().count(), 2);
    }
}

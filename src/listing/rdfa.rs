//! RDFa Lite as expanded JSON-LD, in the shape extruct gives: one object a subject, full property IRIs.

use std::collections::HashMap;
use std::rc::Rc;

use scraper::{ElementRef, Html};
use serde_json::{Map, Value, json};

use crate::listing::budget::{Budget, Spent, Work};
use crate::listing::dom;
use crate::vocab::found::FoundUrl;

/// Subjects read of a page.
const SUBJECTS_LIMIT: usize = 2_000;

/// Prefixes every RDFa page may use without declaring them (the part of the initial context that shops use).
const INITIAL: [(&str, &str); 12] = [
    ("og", "http://ogp.me/ns#"),
    ("schema", "http://schema.org/"),
    ("dc", "http://purl.org/dc/terms/"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("foaf", "http://xmlns.com/foaf/0.1/"),
    ("gr", "http://purl.org/goodrelations/v1#"),
    ("v", "http://rdf.data-vocabulary.org/#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
    ("sioc", "http://rdfs.org/sioc/ns#"),
];

/// What a value weighs besides its text.
const VALUE_BYTES: usize = 64;

#[derive(Clone)]
struct Scope {
    subject: usize,
    vocab: Option<Rc<str>>,
    prefixes: Rc<Prefixes>,
}

#[derive(Clone)]
struct Prefixes {
    iris: HashMap<String, String>,
    bytes: usize,
}

impl Prefixes {
    fn insert(&mut self, name: &str, iri: &str) {
        self.bytes += VALUE_BYTES + name.len() + iri.len();
        self.iris.insert(name.to_ascii_lowercase(), iri.to_owned());
    }
}

/// The subjects of a document.
///
/// # Errors
/// What they cost too much of.
pub fn subjects(document: &Html, url: &FoundUrl, budget: &Budget<'_>) -> Result<Vec<Value>, Spent> {
    let mut graph = Graph { subjects: Vec::new(), places: HashMap::new(), blanks: 0, budget };
    graph.subject(Some(url.as_str().to_owned()))?;
    let mut prefixes = Prefixes { iris: HashMap::new(), bytes: 0 };
    INITIAL.iter().for_each(|(name, iri)| prefixes.insert(name, iri));
    let scope = Scope { subject: 0, vocab: None, prefixes: Rc::new(prefixes) };
    let mut open = vec![(document.root_element(), scope)];
    while let Some((element, scope)) = open.pop() {
        budget.charge(Work::Steps, 1)?;
        let scope = visit(element, scope, url, &mut graph)?;
        let at = open.len();
        open.extend(element.child_elements().map(|child| (child, scope.clone())));
        open[at..].reverse();
    }
    let with_id = |(id, mut properties): (String, Map<String, Value>)| {
        properties.insert("@id".to_owned(), json!(id));
        Value::Object(properties)
    };
    Ok(graph.subjects.into_iter().filter(|(_, properties)| !properties.is_empty()).map(with_id).collect())
}

struct Graph<'b, 'a> {
    subjects: Vec<(String, Map<String, Value>)>,
    places: HashMap<String, usize>,
    blanks: usize,
    budget: &'b Budget<'a>,
}

impl Graph<'_, '_> {
    fn built(&self, bytes: usize) -> Result<(), Spent> {
        self.budget.charge(Work::Bytes, bytes as u64)
    }

    fn subject(&mut self, id: Option<String>) -> Result<usize, Spent> {
        let id = id.unwrap_or_else(|| {
            self.blanks += 1;
            format!("_:b{}", self.blanks)
        });
        if let Some(at) = self.places.get(&id) {
            return Ok(*at);
        }
        if self.subjects.len() >= SUBJECTS_LIMIT {
            return Ok(0);
        }
        self.built(2 * (VALUE_BYTES + id.len()))?;
        self.places.insert(id.clone(), self.subjects.len());
        self.subjects.push((id, Map::new()));
        Ok(self.subjects.len() - 1)
    }

    fn add(&mut self, subject: usize, property: &str, key: &'static str, text: &str) -> Result<(), Spent> {
        self.built(2 * VALUE_BYTES + property.len() + text.len())?;
        if let Some((_, properties)) = self.subjects.get_mut(subject) {
            let held = properties.entry(property.to_owned()).or_insert_with(|| json!([]));
            if let Value::Array(values) = held {
                values.push(if key == "@type" { json!(text) } else { json!({ key: text }) });
            }
        }
        Ok(())
    }
}

fn visit(element: ElementRef<'_>, mut scope: Scope, url: &FoundUrl, graph: &mut Graph<'_, '_>) -> Result<Scope, Spent> {
    let attribute = |name: &str| element.value().attr(name);
    if let Some(vocab) = attribute("vocab") {
        scope.vocab = Some(vocab.trim()).filter(|vocab| !vocab.is_empty()).map(Rc::from);
    }
    if let Some(declared) = attribute("prefix") {
        graph.built(scope.prefixes.bytes + declared.len())?;
        let mut prefixes = (*scope.prefixes).clone();
        let mut words = declared.split_ascii_whitespace();
        while let (Some(name), Some(iri)) = (words.next(), words.next()) {
            prefixes.insert(name.trim_end_matches(':'), iri);
        }
        scope.prefixes = Rc::new(prefixes);
    }
    let resolve = |raw: &str| url.as_url().join(raw.trim()).map_or_else(|_| raw.to_owned(), String::from);
    let types = iris(attribute("typeof"), &scope, graph)?;
    let properties = iris(attribute("property"), &scope, graph)?;
    let parent = scope.subject;
    let about = attribute("about").map(resolve);
    if attribute("typeof").is_some() {
        let own = about.clone().or_else(|| {
            if properties.is_empty() {
                attribute("resource").or(attribute("href")).or(attribute("src")).map(resolve)
            } else {
                attribute("resource").map(resolve)
            }
        });
        let subject = graph.subject(own)?;
        for kind in &types {
            graph.add(subject, "@type", "@type", kind)?;
        }
        scope.subject = subject;
        if about.is_none() {
            let id = graph.subjects.get(subject).map(|(id, _)| id.clone()).unwrap_or_default();
            for property in &properties {
                graph.add(parent, property, "@id", &id)?;
            }
            return Ok(scope);
        }
    } else if about.is_some() {
        scope.subject = graph.subject(about)?;
    }
    if properties.is_empty() {
        return Ok(scope);
    }
    let (key, value) = if let Some(content) = attribute("content") {
        ("@value", content.to_owned())
    } else if let Some(target) = attribute("resource").or(attribute("href")).or(attribute("src")) {
        ("@id", resolve(target))
    } else if let Some(moment) = attribute("datetime") {
        ("@value", moment.to_owned())
    } else {
        ("@value", dom::text(element, graph.budget)?)
    };
    for property in &properties {
        graph.add(scope.subject, property, key, &value)?;
    }
    Ok(scope)
}

fn iris(terms: Option<&str>, scope: &Scope, graph: &Graph<'_, '_>) -> Result<Vec<String>, Spent> {
    let mut found = Vec::new();
    for term in terms.unwrap_or_default().split_ascii_whitespace() {
        if let Some((base, rest)) = iri(term, scope) {
            graph.built(VALUE_BYTES + base.len() + rest.len())?;
            found.push(format!("{base}{rest}"));
        }
    }
    Ok(found)
}

/// The two parts of a term's IRI.
fn iri<'s>(term: &'s str, scope: &'s Scope) -> Option<(&'s str, &'s str)> {
    if let Some((prefix, rest)) = term.split_once(':') {
        if let Some(base) = scope.prefixes.iris.get(&prefix.to_ascii_lowercase()) {
            return Some((base, rest));
        }
        return (rest.starts_with("//") || prefix.eq_ignore_ascii_case("urn")).then_some(("", term));
    }
    scope.vocab.as_deref().map(|vocab| (vocab, term))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::limits::Limits;
    use crate::vocab::time::Deadline;

    fn read(html: &str) -> Result<Vec<Value>, Spent> {
        let url = FoundUrl::parse("https://x.example.test/p", None).unwrap();
        let limits = Limits::default();
        subjects(&Html::parse_document(html), &url, &Budget::new(&limits, Deadline::NEVER))
    }

    #[test]
    fn properties_belong_to_their_subject() {
        let html = r#"<html prefix="og: http://ogp.me/ns#"><head><meta property="og:title" content="T"></head>
            <body vocab="http://schema.org/"><div typeof="Product" resource="/p1"><span property="name">A lamp</span>
            <div property="offers" typeof="Offer"><span property="price" content="9.90">9,90</span></div></div></body></html>"#;
        let subjects = read(html).unwrap();
        let product = subjects.iter().find(|s| s["@type"][0] == "http://schema.org/Product").unwrap();
        assert_eq!(product["@id"], "https://x.example.test/p1");
        assert_eq!(product["http://schema.org/name"][0]["@value"], "A lamp");
        let offer = subjects.iter().find(|s| s["@type"][0] == "http://schema.org/Offer").unwrap();
        assert_eq!(offer["http://schema.org/price"][0]["@value"], "9.90");
        assert_eq!(product["http://schema.org/offers"][0]["@id"], offer["@id"]);
    }

    #[test]
    fn copies_of_text_prefixes_and_vocabularies_are_counted() {
        let long = "w ".repeat(1 << 14);
        let nested = format!("<div vocab=x:>{}{long}", "<div property=name>".repeat(300));
        let prefixes: String = (0..2_000).map(|n| format!("p{n}: https://{n}.example.test/ ")).collect();
        let declared = format!("<div prefix='{prefixes}'>{}", "<p prefix='q: r:'></p>".repeat(500));
        let vocabulary = format!("<div vocab='{long}'>{}", "<p property=name content=x></p>".repeat(500));
        for html in [nested, declared, vocabulary] {
            assert_eq!(read(&html), Err(Spent::Bytes));
        }
    }
}

//! RDFa Lite as expanded JSON-LD, in the shape extruct gives: one object a subject, full property IRIs.

use std::collections::HashMap;

use scraper::{ElementRef, Html};
use serde_json::{Map, Value, json};

use crate::listing::ReadContext;
use crate::listing::dom;
use crate::vocab::url::CanonicalUrl;

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

/// The page's subjects.
pub fn read(html: &str, context: &ReadContext<'_>, problems: &mut Vec<String>) -> Vec<Value> {
    match dom::parse(html, context.limits, problems) {
        Some(document) => subjects(&document, context.url),
        None => Vec::new(),
    }
}

#[derive(Clone)]
struct Scope {
    subject: usize,
    vocab: Option<String>,
    prefixes: std::rc::Rc<HashMap<String, String>>,
}

/// The subjects of a document.
pub fn subjects(document: &Html, url: &CanonicalUrl) -> Vec<Value> {
    let mut graph = Graph { subjects: vec![(url.as_str().to_owned(), Map::new())], blanks: 0 };
    let prefixes = INITIAL.iter().map(|(name, iri)| ((*name).to_owned(), (*iri).to_owned())).collect();
    let scope = Scope { subject: 0, vocab: None, prefixes: std::rc::Rc::new(prefixes) };
    let mut open = vec![(document.root_element(), scope)];
    while let Some((element, scope)) = open.pop() {
        let scope = visit(element, scope, url, &mut graph);
        let at = open.len();
        open.extend(element.child_elements().map(|child| (child, scope.clone())));
        open[at..].reverse();
    }
    graph
        .subjects
        .into_iter()
        .filter(|(_, properties)| !properties.is_empty())
        .map(|(id, mut properties)| {
            properties.insert("@id".to_owned(), json!(id));
            Value::Object(properties)
        })
        .collect()
}

struct Graph {
    subjects: Vec<(String, Map<String, Value>)>,
    blanks: usize,
}

impl Graph {
    fn subject(&mut self, id: Option<String>) -> usize {
        let id = id.unwrap_or_else(|| {
            self.blanks += 1;
            format!("_:b{}", self.blanks)
        });
        if let Some(at) = self.subjects.iter().position(|(held, _)| *held == id) {
            return at;
        }
        if self.subjects.len() >= SUBJECTS_LIMIT {
            return 0;
        }
        self.subjects.push((id, Map::new()));
        self.subjects.len() - 1
    }

    fn add(&mut self, subject: usize, property: &str, value: Value) {
        if let Some((_, properties)) = self.subjects.get_mut(subject) {
            let held = properties.entry(property.to_owned()).or_insert_with(|| json!([]));
            if let Value::Array(values) = held {
                values.push(value);
            }
        }
    }
}

fn visit(element: ElementRef<'_>, mut scope: Scope, url: &CanonicalUrl, graph: &mut Graph) -> Scope {
    let attribute = |name: &str| element.value().attr(name);
    if let Some(vocab) = attribute("vocab") {
        scope.vocab = Some(vocab.trim().to_owned()).filter(|vocab| !vocab.is_empty());
    }
    if let Some(declared) = attribute("prefix") {
        let mut prefixes = (*scope.prefixes).clone();
        let mut words = declared.split_ascii_whitespace();
        while let (Some(name), Some(iri)) = (words.next(), words.next()) {
            prefixes.insert(name.trim_end_matches(':').to_ascii_lowercase(), iri.to_owned());
        }
        scope.prefixes = std::rc::Rc::new(prefixes);
    }
    let resolve = |raw: &str| url.as_url().join(raw.trim()).map_or_else(|_| raw.to_owned(), String::from);
    let types: Vec<String> =
        attribute("typeof").unwrap_or_default().split_ascii_whitespace().filter_map(|term| iri(term, &scope)).collect();
    let properties: Vec<String> = attribute("property")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .filter_map(|term| iri(term, &scope))
        .collect();
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
        let subject = graph.subject(own);
        for kind in &types {
            graph.add(subject, "@type", json!(kind));
        }
        if about.is_none() {
            let id = graph.subjects.get(subject).map(|(id, _)| id.clone()).unwrap_or_default();
            for property in &properties {
                graph.add(parent, property, json!({ "@id": id }));
            }
        }
        scope.subject = subject;
        if about.is_none() {
            return scope;
        }
    } else if about.is_some() {
        scope.subject = graph.subject(about);
    }
    for property in &properties {
        let value = if let Some(content) = attribute("content") {
            json!({ "@value": content })
        } else if let Some(target) = attribute("resource").or(attribute("href")).or(attribute("src")) {
            json!({ "@id": resolve(target) })
        } else if let Some(moment) = attribute("datetime") {
            json!({ "@value": moment })
        } else {
            json!({ "@value": element.text().collect::<String>() })
        };
        graph.add(scope.subject, property, value);
    }
    scope
}

fn iri(term: &str, scope: &Scope) -> Option<String> {
    if let Some((prefix, rest)) = term.split_once(':') {
        if let Some(base) = scope.prefixes.get(&prefix.to_ascii_lowercase()) {
            return Some(format!("{base}{rest}"));
        }
        return (rest.starts_with("//") || prefix.eq_ignore_ascii_case("urn")).then(|| term.to_owned());
    }
    scope.vocab.as_ref().map(|vocab| format!("{vocab}{term}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_belong_to_their_subject() {
        let html = r#"<html prefix="og: http://ogp.me/ns#"><head><meta property="og:title" content="T"></head>
            <body vocab="http://schema.org/"><div typeof="Product" resource="/p1"><span property="name">A lamp</span>
            <div property="offers" typeof="Offer"><span property="price" content="9.90">9,90</span></div></div></body></html>"#;
        let url = CanonicalUrl::parse("https://x.example.test/p", None).unwrap();
        let subjects = subjects(&Html::parse_document(html), &url);
        let product = subjects.iter().find(|s| s["@type"][0] == "http://schema.org/Product").unwrap();
        assert_eq!(product["@id"], "https://x.example.test/p1");
        assert_eq!(product["http://schema.org/name"][0]["@value"], "A lamp");
        let offer = subjects.iter().find(|s| s["@type"][0] == "http://schema.org/Offer").unwrap();
        assert_eq!(offer["http://schema.org/price"][0]["@value"], "9.90");
        assert_eq!(product["http://schema.org/offers"][0]["@id"], offer["@id"]);
    }
}

//! All structured data of a page, in the shapes of extruct 0.18 with `uniform=False`.

use serde::Serialize;
use serde_json::{Value, json};

use crate::listing::budget::{Budget, Spent};
use crate::listing::{ReadContext, dom, json_ld, microdata, rdfa, reader};

/// Structured data by syntax.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Structured {
    /// JSON-LD values.
    #[serde(rename = "json-ld")]
    pub json_ld: Vec<Value>,
    /// Microdata items.
    pub microdata: Vec<Value>,
    /// RDFa subjects.
    pub rdfa: Vec<Value>,
    /// OpenGraph properties.
    pub opengraph: Vec<Value>,
    /// What reading them cost too much of; what came after it is missing.
    #[serde(rename = "given-up", skip_serializing_if = "Option::is_none")]
    pub given_up: Option<Spent>,
}

/// Namespaces OpenGraph properties stand in.
const NAMESPACES: [(&str, &str); 8] = [
    ("og", "http://ogp.me/ns#"),
    ("product", "http://ogp.me/ns/product#"),
    ("article", "http://ogp.me/ns/article#"),
    ("book", "http://ogp.me/ns/book#"),
    ("profile", "http://ogp.me/ns/profile#"),
    ("video", "http://ogp.me/ns/video#"),
    ("music", "http://ogp.me/ns/music#"),
    ("website", "http://ogp.me/ns/website#"),
];

/// Reads every syntax of a page that is text already.
pub fn read(html: &str, context: &ReadContext<'_>) -> Structured {
    let budget = Budget::new(context.limits, context.deadline);
    let raw = reader::raw(html, context, &budget);
    let json_ld = json_ld::read(&raw.json_ld, &budget, &mut Vec::new());
    let (mut microdata, mut rdfa) = (Vec::new(), Vec::new());
    if let Ok(document) = dom::parse(html, &budget) {
        microdata = microdata::items(&document, context.url, &budget).unwrap_or_default();
        rdfa = rdfa::subjects(&document, context.url, &budget).unwrap_or_default();
    }
    Structured { json_ld, microdata, rdfa, opengraph: opengraph(&raw.meta), given_up: budget.spent() }
}

fn opengraph(meta: &[(String, String)]) -> Vec<Value> {
    let known = |property: &str| {
        property.split_once(':').and_then(|(prefix, _)| NAMESPACES.iter().find(|(name, _)| *name == prefix))
    };
    let mut namespace = serde_json::Map::new();
    let mut properties = Vec::new();
    for (property, content) in meta {
        if let Some((name, iri)) = known(property) {
            namespace.insert((*name).to_owned(), json!(iri));
            properties.push(json!([property, content]));
        }
    }
    if properties.is_empty() { Vec::new() } else { vec![json!({ "namespace": namespace, "properties": properties })] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::found::FoundUrl;
    use crate::vocab::limits::Limits;

    #[test]
    fn opengraph_keeps_order_and_repeats() {
        let url = FoundUrl::parse("https://x.example.test/", None).unwrap();
        let html = r#"<meta property="og:title" content="A &amp; B"><meta property=og:image content=1><meta property=og:image content=2>"#;
        assert_eq!(
            read(html, &ReadContext::new(&url, &Limits::default())).opengraph,
            [json!({"namespace": {"og": "http://ogp.me/ns#"},
                "properties": [["og:title", "A & B"], ["og:image", "1"], ["og:image", "2"]]})]
        );
    }
}

//! Whether an answer is what the API's description says: its status and type are named there, and its body has the shape, with no
//! key that is not described.

use serde_json::{Value, json};

/// The description of the API, read strictly.
pub struct Description {
    document: Value,
    /// Schemas by name, twice: `closed` take no key that is not described, `open` are the parts of which `allOf` makes others.
    schemas: Value,
}

impl Description {
    pub fn of(document: Value) -> Self {
        let (mut open, mut closed) = (json!({}), json!({}));
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            open[name] = strict(schema, false);
            closed[name] = json!({ "$ref": format!("#/open/{name}") });
            let is_object =
                schema["properties"].is_object() || schema["allOf"].is_array() || schema["type"] == "object";
            if is_object && schema["additionalProperties"].is_null() {
                closed[name]["unevaluatedProperties"] = json!(false);
            }
        }
        Description { document, schemas: json!({ "open": open, "closed": closed }) }
    }

    /// What is wrong with an answer to `method` at the path as it is described.
    pub fn check(&self, method: &str, path: &str, status: u16, kind: &str, body: &str) -> Result<(), String> {
        let operation = &self.document["paths"][path][method.to_lowercase()];
        let mut answer = &operation["responses"][status.to_string()];
        if let Some(named) = answer["$ref"].as_str() {
            answer = self.document.pointer(named.trim_start_matches('#')).unwrap();
        }
        if answer.is_null() {
            return Err(format!("{method} {path}: {status} is not described"));
        }
        let Some(content) = answer["content"].as_object() else { return Ok(()) };
        let kind = kind.split(';').next().unwrap_or_default();
        let Some(described) = content.get(kind) else {
            return Err(format!("{method} {path} {status}: {kind} is not described"));
        };
        if !kind.ends_with("json") || kind.contains("ndjson") {
            return Ok(());
        }
        let body: Value = serde_json::from_str(body).map_err(|error| format!("{method} {path}: {error}"))?;
        let mut schema = strict(&described["schema"], true);
        schema["open"] = self.schemas["open"].clone();
        schema["closed"] = self.schemas["closed"].clone();
        let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&body).map(|error| format!("{}: {error}", error.instance_path())).collect();
        if errors.is_empty() {
            return Ok(());
        }
        let errors: String = errors.join("\n  ").chars().take(3000).collect();
        Err(format!("{method} {path} {status}:\n  {errors}"))
    }
}

/// A schema whose references lead to closed schemas, but those of `allOf` to open ones, and whose own objects are closed.
fn strict(schema: &Value, close: bool) -> Value {
    let Some(fields) = schema.as_object() else { return schema.clone() };
    let mut out = json!({});
    for (key, value) in fields {
        out[key] = match key.as_str() {
            "$ref" => {
                let name = value.as_str().unwrap().rsplit('/').next().unwrap();
                json!(format!("#/closed/{name}"))
            }
            "allOf" => Value::Array(value.as_array().unwrap().iter().map(part).collect()),
            "oneOf" | "anyOf" | "prefixItems" => {
                Value::Array(value.as_array().unwrap().iter().map(|one| strict(one, true)).collect())
            }
            "properties" => {
                let properties = value.as_object().unwrap().iter();
                Value::Object(properties.map(|(name, one)| (name.clone(), strict(one, true))).collect())
            }
            "items" | "additionalProperties" => strict(value, true),
            _ => value.clone(),
        };
    }
    let is_object = out["properties"].is_object() || out["allOf"].is_array();
    if close && is_object && out["additionalProperties"].is_null() {
        out["unevaluatedProperties"] = json!(false);
    }
    out.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    out
}

/// A part of an `allOf`: it says nothing of keys that other parts have.
fn part(schema: &Value) -> Value {
    match schema["$ref"].as_str() {
        Some(to) => json!({ "$ref": format!("#/open/{}", to.rsplit('/').next().unwrap()) }),
        None => strict(schema, false),
    }
}

#[test]
fn a_key_that_is_not_described_is_seen() {
    let schemas = json!({
        "Row": { "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] },
        "Case": { "allOf": [{ "$ref": "#/components/schemas/Row" },
            { "type": "object", "properties": { "rows": { "type": "array", "items": { "$ref": "#/components/schemas/Row" } } } }] },
    });
    let answer = json!({ "description": "x", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Case" } } } });
    let description = Description::of(json!({ "components": { "schemas": schemas },
        "paths": { "/a": { "get": { "responses": { "200": answer } } } } }));
    for (body, right) in [
        (json!({ "id": "1", "rows": [{ "id": "2" }] }), true),
        (json!({ "id": "1", "rows": [{ "id": "2", "more": 1 }] }), false),
        (json!({ "id": "1", "more": 1 }), false),
        (json!({ "rows": [] }), false),
    ] {
        let checked = description.check("GET", "/a", 200, "application/json", &body.to_string());
        assert_eq!(checked.is_ok(), right, "{body}: {checked:?}");
    }
    assert!(description.check("GET", "/a", 404, "application/json", "{}").is_err());
    assert!(description.check("GET", "/a", 200, "text/html", "").is_err());
}

//! What the operations of the API have in common, added to its description once: what each failure means, conditional requests,
//! rate limits, the next page of lists, webhooks. Each is done by a layer or an extractor, not by the handlers.

use serde_json::{Map, Value, json};

use crate::vocab::terms::Message;

/// Media type of failures.
const PROBLEM: &str = "application/problem+json";

/// What the statuses mean, wherever an operation does not say more.
const MEANINGS: [(&str, &str); 16] = [
    ("200", "the answer"),
    ("202", "taken up; it is done soon"),
    ("204", "done"),
    ("304", "not changed since the answer whose `ETag` was sent"),
    ("400", "the request cannot be read: an unknown parameter or value, named in `detail`"),
    ("401", "no token, or one that is unknown, expired or revoked"),
    ("403", "the token's role may not do this"),
    ("404", "there is no such thing, or the token may not know of it"),
    ("409", "the case is in a state that does not allow it, or the `Idempotency-Key` was used for another request"),
    ("410", "it was erased; or `since` is a place in the list that this hub never gave out: start again with 0"),
    ("413", "the body is longer than the limit, which `detail` names"),
    ("415", "the body's type or encoding is none that is read here"),
    ("422", "the body can be read and not be taken: an unknown key or value, named in `detail`"),
    ("429", "too many requests with this token"),
    ("500", "a failure of the server, logged under the request's id"),
    ("503", "the store cannot be written or the server is stopping; try again"),
];

/// Failures after which the same request may work later.
const LATER: [&str; 2] = ["429", "503"];

/// When a message is sent to webhooks.
fn occasion(message: Message) -> &'static str {
    match message {
        Message::Created => "A case was sent to the platform.",
        Message::Updated => "A case changed, or its notice is said again.",
        Message::Withdrawn => "A notice was taken back.",
        Message::Relisted => "A listing whose removal was seen is back.",
        Message::Changed => "The listing of an open case changed.",
    }
}

/// Answers of the demo, by operation.
const EXAMPLES: [(&str, &str); 9] = [
    ("answer_referral", include_str!("examples/answer_referral.json")),
    ("count_hits", include_str!("examples/count_hits.json")),
    ("get_notice", include_str!("examples/get_notice.json")),
    ("get_referral", include_str!("examples/get_referral.json")),
    ("list_evidence", include_str!("examples/list_evidence.json")),
    ("list_referrals", include_str!("examples/list_referrals.json")),
    ("push_listings", include_str!("examples/push_listings.json")),
    ("screen_listings", include_str!("examples/screen_listings.json")),
    ("search_hits", include_str!("examples/search_hits.json")),
];

/// Adds the common parts.
pub(super) fn complete(document: &utoipa::openapi::OpenApi) -> Value {
    // A document of plain maps and strings: writing it as JSON does not fail.
    let mut value = serde_json::to_value(document).unwrap_or_default();
    for (path, operations) in value["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            if path.starts_with("/api/") || path.starts_with("/feeds/") {
                add_common(method, operation);
            }
            if let Some((_, example)) = EXAMPLES.iter().find(|(name, _)| operation["operationId"] == *name) {
                let answer = &mut operation["responses"]["200"]["content"]["application/json"];
                answer["example"] = serde_json::from_str(example).unwrap_or_default();
            }
            name_failures(operation);
        }
    }
    value["paths"]["/api/openapi.json"] = json!({ "get": { "operationId": "get_description", "tags": ["service"],
        "summary": "This description", "security": [{}], "responses": { "200": { "description": "the description",
            "content": { "application/json": { "schema": { "type": "object" } } } } } } });
    value["components"]["responses"] = failures();
    value["webhooks"] = webhooks();
    inline_texts(&mut value);
    value
}

/// What a layer does for every operation of the API.
fn add_common(method: &str, operation: &mut Value) {
    let answers = &mut operation["responses"];
    for status in ["400", "429", "500", "503"] {
        answers[status] = json!({});
    }
    if method != "get" || answers["200"]["content"]["text/event-stream"].is_object() {
        return;
    }
    answers["304"] = json!({});
    answers["200"]["headers"]["ETag"] =
        json!({ "description": "changes when the answer does", "schema": { "type": "string" } });
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    if parameters.iter().any(|one| one["name"] == "limit") {
        operation["responses"]["200"]["headers"]["Link"] = json!({
            "description": "`rel=\"next\"`: the next page, when there is one", "schema": { "type": "string" } });
    }
    let condition = json!({ "name": "If-None-Match", "in": "header", "required": false,
        "description": "an `ETag` from an earlier answer", "schema": { "type": "string" } });
    operation["parameters"] = parameters.into_iter().chain([condition]).collect();
}

/// Says what each answer means; failures stand once, under `components`.
fn name_failures(operation: &mut Value) {
    for (status, answer) in operation["responses"].as_object_mut().into_iter().flatten() {
        let Some((_, meaning)) = MEANINGS.iter().find(|(known, _)| known == status) else { continue };
        if is_failure(status) {
            *answer = json!({ "$ref": format!("#/components/responses/{status}") });
        } else if answer["description"].as_str().is_none_or(str::is_empty) {
            answer["description"] = (*meaning).into();
        }
    }
}

fn is_failure(status: &str) -> bool {
    matches!(status.as_bytes().first(), Some(b'4' | b'5'))
}

/// The failures, by status.
fn failures() -> Value {
    let failures = MEANINGS.iter().filter(|(status, _)| is_failure(status)).map(|(status, meaning)| {
        let mut answer = json!({ "description": meaning,
            "content": { PROBLEM: { "schema": { "$ref": "#/components/schemas/Problem" } } } });
        if LATER.contains(status) {
            answer["headers"]["Retry-After"] =
                json!({ "description": "seconds to wait", "schema": { "type": "integer", "minimum": 0 } });
        }
        ((*status).to_owned(), answer)
    });
    Value::Object(failures.collect())
}

/// What is posted to a platform's webhook.
fn webhooks() -> Value {
    let header = |name: &str, about: &str| json!({ "name": name, "in": "header", "required": true, "description": about, "schema": { "type": "string" } });
    let of = |message: Message| {
        let (kind, summary) = (message.as_str(), occasion(message));
        let about = format!(
            "{summary} Signed as Standard Webhooks says: `v1` with the shared secret, `v1a` with the key pair. Any 2xx answer is \
             success, 410 disables the webhook, all else is tried again for three days."
        );
        let operation = json!({ "post": {
            "operationId": format!("on_{}", kind.replace('.', "_")), "summary": summary, "description": about, "tags": ["webhooks"],
            "security": [],
            "parameters": [
                header("webhook-id", "the same for every attempt; drop what you have seen"),
                header("webhook-timestamp", "seconds since 1970; refuse what is older than five minutes"),
                header("webhook-signature", "one or more signatures, separated by spaces"),
            ],
            "requestBody": { "required": true, "content": {
                "application/json": { "schema": { "$ref": "#/components/schemas/EventView" } } } },
            "responses": { "2XX": { "description": "received" }, "410": { "description": "disables the webhook" } },
        } });
        (kind.to_owned(), operation)
    };
    Value::Object(Message::ALL.into_iter().map(of).collect())
}

/// Puts the schemas of plain texts, such as moments and ids, where they are used: a generated client would make a type of its own
/// of each.
fn inline_texts(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    let is_text = |schema: &Value| schema["type"] == "string" && schema["enum"].is_null();
    let texts: Map<String, Value> = schemas
        .iter()
        .filter(|(_, schema)| is_text(schema))
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    schemas.retain(|name, _| !texts.contains_key(name));
    replace(document, &texts);
}

fn replace(value: &mut Value, texts: &Map<String, Value>) {
    match value {
        Value::Object(fields) => {
            let named =
                fields.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix("#/components/schemas/"));
            if let Some(text) = named.and_then(|name| texts.get(name)) {
                let said = fields.get("description").cloned();
                *value = text.clone();
                if let Some(said) = said {
                    value["description"] = said;
                }
                return;
            }
            fields.values_mut().for_each(|field| replace(field, texts));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

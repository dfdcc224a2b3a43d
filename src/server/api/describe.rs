//! What every operation of the API has in common, added to its description once: conditional requests, rate limits,
//! failures of the server, the next page of lists. Each is done by a layer or an extractor, not by the handlers.

use serde_json::{Value, json};

/// Lists whose answers name the next page in a `Link` header.
const LISTS: [&str; 2] = ["/api/v1/referrals", "/api/v1/hits"];

/// Adds the common parts.
pub(super) fn complete(document: &utoipa::openapi::OpenApi) -> Value {
    // A document of plain maps and strings: writing it as JSON does not fail.
    let mut value = serde_json::to_value(document).unwrap_or_default();
    for (path, operations) in value["paths"].as_object_mut().into_iter().flatten() {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            let answers = &mut operation["responses"];
            answers["429"] = failure("too many requests with this token", true);
            answers["503"] = failure("the store cannot be written or the server is stopping; try again", true);
            answers["500"] = failure("a failure of the server, logged under the request's id", false);
            if method == "get" {
                answers["304"] = json!({ "description": "not changed since the answer whose `ETag` was sent" });
                answers["200"]["headers"]["ETag"] =
                    json!({ "description": "changes when the answer does", "schema": { "type": "string" } });
                if LISTS.contains(&path.as_str()) {
                    answers["200"]["headers"]["Link"] = json!({ "description": "`rel=\"next\"`: the next page, when there is one",
                        "schema": { "type": "string" } });
                }
                let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
                let condition = json!({ "name": "If-None-Match", "in": "header", "required": false,
                    "description": "an `ETag` from an earlier answer", "schema": { "type": "string" } });
                operation["parameters"] = parameters.into_iter().chain([condition]).collect();
            }
        }
    }
    value
}

fn failure(description: &str, later: bool) -> Value {
    let mut answer = json!({ "description": description,
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
    if later {
        answer["headers"]["Retry-After"] =
            json!({ "description": "seconds to wait", "schema": { "type": "integer", "minimum": 0 } });
    }
    answer
}

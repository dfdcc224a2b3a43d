//! One listing as others hand it over: a line of `screen`, the body of a call, a row of a listing feed. Read once, here,
//! so that every door takes and refuses the same.
//!
//! A key that is not known is refused by name: text under a mistyped key would not be judged, and the rest of the listing
//! would come out as clear. A listing over the limit is refused whole: a text that is cut is not judged either.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

use crate::vocab::nearest::nearest;
use crate::vocab::terms::PageKind;

/// Keys of a listing to judge.
pub const KEYS: [&str; 9] = ["id", "title", "text", "url", "lang", "price", "currency", "attributes", "page"];

/// Keys of a listing that is handed over to be recorded: those, and who sells it.
pub const KEYS_WITH_SELLER: [&str; 10] =
    ["id", "title", "text", "url", "lang", "price", "currency", "attributes", "page", "seller"];

/// Attributes of one listing.
const ATTRIBUTES: usize = 1_000;

/// One listing to judge.
#[derive(Debug, Clone, Deserialize)]
pub struct InputLine {
    /// The caller's id.
    pub id: ListingId,
    /// Title.
    #[serde(default)]
    pub title: Option<String>,
    /// Text.
    #[serde(default)]
    pub text: Option<String>,
    /// Page.
    #[serde(default)]
    pub url: Option<String>,
    /// Language.
    #[serde(default)]
    pub lang: Option<String>,
    /// Price, as text or number.
    #[serde(default)]
    pub price: Option<Value>,
    /// Currency.
    #[serde(default)]
    pub currency: Option<String>,
    /// Named attributes.
    #[serde(default)]
    pub attributes: Option<Map<String, Value>>,
    /// Seller's published name; only where the listing is recorded.
    #[serde(default)]
    pub seller: Option<String>,
    /// What kind of page the caller says it stands on. It weighs in the verdict.
    #[serde(default)]
    pub page: Option<PageKind>,
}

/// The caller's id of a listing: text, or a whole number. It is answered as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ListingId {
    /// Text.
    Text(String),
    /// A number from 0.
    Unsigned(u64),
    /// A number below 0.
    Negative(i64),
}

impl utoipa::PartialSchema for ListingId {
    fn schema() -> RefOr<Schema> {
        let number = ObjectBuilder::new().schema_type(Type::Integer);
        let text = ObjectBuilder::new().schema_type(Type::String);
        OneOfBuilder::new().item(text).item(number).description(Some("the caller's id, as it came")).into()
    }
}

impl utoipa::ToSchema for ListingId {}

impl ListingId {
    /// The id, if the value can be one. Numbers with a fraction and those beyond 64 bits cannot: they would not come back
    /// as they came.
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(ListingId::Text(text.clone())),
            Value::Number(number) => {
                number.as_u64().map(ListingId::Unsigned).or_else(|| number.as_i64().map(ListingId::Negative))
            }
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

impl fmt::Display for ListingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ListingId::Text(text) => f.write_str(text),
            ListingId::Unsigned(number) => write!(f, "{number}"),
            ListingId::Negative(number) => write!(f, "{number}"),
        }
    }
}

impl<'de> Deserialize<'de> for ListingId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        ListingId::of(&value).ok_or_else(|| serde::de::Error::custom(InputError::Id))
    }
}

/// Why a listing is refused.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// Not an object.
    #[error("a listing is a JSON object")]
    NotAnObject,
    /// A key nobody reads.
    #[error("unknown key `{key}`; known keys are {}{}", .known.join(", "), meant(.key, .known))]
    UnknownKey {
        /// The key, cut short.
        key: String,
        /// What may stand there.
        known: &'static [&'static str],
    },
    /// No id, or one that could not be answered as it came.
    #[error("`id` must be text or a whole number of at most 64 bits")]
    Id,
    /// A kind of page nobody knows.
    #[error("`page` is none of {}", PageKind::ALL.map(PageKind::as_str).join(", "))]
    Page,
    /// A price that is none.
    #[error("`price` must be a number or text")]
    Price,
    /// A field of another type.
    #[error("`{field}`: {source}")]
    Field {
        /// The field.
        field: String,
        /// What stands there and what is expected.
        source: serde_json::Error,
    },
    /// Neither title nor text.
    #[error("one of `title` and `text` is needed")]
    NothingToJudge,
    /// More attributes than are read.
    #[error("{found} attributes, more than the limit of {ATTRIBUTES}")]
    Attributes {
        /// What there is.
        found: usize,
    },
    /// Longer than is read.
    #[error("title, text and attributes have {bytes} bytes, more than the limit of {limit_bytes} (`[limits] listing`)")]
    TooLong {
        /// What there is.
        bytes: usize,
        /// The limit.
        limit_bytes: usize,
    },
}

impl InputLine {
    /// Reads a listing whose keys must be among `known`, and whose title, text and attributes have at most `limit_bytes`.
    ///
    /// # Errors
    /// What is wrong with it. The value is not judged in part.
    pub fn read(value: &Value, known: &'static [&'static str], limit_bytes: usize) -> Result<Self, InputError> {
        let fields = value.as_object().ok_or(InputError::NotAnObject)?;
        if let Some(key) = fields.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(InputError::UnknownKey { key: key.chars().take(80).collect(), known });
        }
        if fields.get("id").and_then(ListingId::of).is_none() {
            return Err(InputError::Id);
        }
        if fields.get("page").is_some_and(|page| !page.is_null() && PageKind::deserialize(page).is_err()) {
            return Err(InputError::Page);
        }
        if fields.get("price").is_some_and(|price| !(price.is_number() || price.is_string() || price.is_null())) {
            return Err(InputError::Price);
        }
        let line: InputLine = serde_path_to_error::deserialize(value)
            .map_err(|error| InputError::Field { field: error.path().to_string(), source: error.into_inner() })?;
        if [&line.title, &line.text].iter().all(|text| text.as_deref().is_none_or(str::is_empty)) {
            return Err(InputError::NothingToJudge);
        }
        line.within(limit_bytes)?;
        Ok(line)
    }

    /// Whether all of it is judged: no more attributes and bytes than are read.
    ///
    /// # Errors
    /// What there is too much of.
    pub fn within(&self, limit_bytes: usize) -> Result<(), InputError> {
        let found = self.attributes.as_ref().map_or(0, Map::len);
        if found > ATTRIBUTES {
            return Err(InputError::Attributes { found });
        }
        let length = |text: &Option<String>| text.as_deref().map_or(0, str::len);
        let attributes = self.attributes.iter().flatten();
        let attributes: usize = attributes.map(|(name, value)| name.len() + words_of(value).len()).sum();
        let bytes = length(&self.title) + length(&self.text) + attributes;
        if bytes > limit_bytes {
            return Err(InputError::TooLong { bytes, limit_bytes });
        }
        Ok(())
    }

    /// Names and values of the attributes; what is no text is judged as it is written in JSON.
    pub fn named_attributes(&self) -> Vec<(String, String)> {
        self.attributes.iter().flatten().map(|(name, value)| (name.clone(), words_of(value))).collect()
    }

    /// The price as written.
    pub fn price_as_written(&self) -> Option<String> {
        self.price.as_ref().filter(|price| !price.is_null()).map(words_of)
    }
}

/// `; did you mean …?`, where a key is near.
fn meant(key: &str, known: &[&'static str]) -> String {
    nearest(key, known.iter().copied()).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default()
}

fn words_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn error(value: Value) -> String {
        InputLine::read(&value, &KEYS, 100).unwrap_err().to_string()
    }

    #[test]
    fn an_id_comes_back_as_it_came() {
        for id in [json!("a"), json!(""), json!(7), json!(-7), json!(u64::MAX), json!("7")] {
            let line = InputLine::read(&json!({ "id": id, "title": "Chair" }), &KEYS, 100).unwrap();
            assert_eq!(serde_json::to_value(&line.id).unwrap(), id);
        }
        for id in [json!(1.5), json!(null), json!(true), json!(["a"]), json!(1e300)] {
            assert_eq!(error(json!({ "id": id, "title": "Chair" })), InputError::Id.to_string(), "{id}");
        }
        assert_eq!(error(json!({ "title": "Chair" })), InputError::Id.to_string());
    }

    #[test]
    fn what_is_refused_and_how_it_is_said() {
        let said = error(json!({ "id": 1, "title": "Chair", "description": "oak" }));
        assert!(said.starts_with("unknown key `description`; known keys are id, title, text"), "{said}");
        assert!(error(json!({ "id": 1, "title": "Chair", "page": "shop" })).contains("product, category"));
        for field in ["title", "text", "attributes", "currency", "lang"] {
            let said = error(json!({ "id": 1, field: 7 }));
            assert!(said.starts_with(&format!("`{field}`: ")) && said.contains("expected"), "{said}");
        }
        assert!(error(json!({ "id": 1, "title": "Chair", "price": { "v": 1 } })).contains("`price` must be"));
        assert!(error(json!({ "id": 1, "title": "" })).contains("needed"));
        assert!(error(json!(7)).contains("object"));
        // The seller belongs to listings that are recorded.
        assert!(error(json!({ "id": 1, "title": "Chair", "seller": "x" })).contains("`seller`"));
        assert!(InputLine::read(&json!({ "id": 1, "title": "Chair", "seller": "x" }), &KEYS_WITH_SELLER, 100).is_ok());
    }

    #[test]
    fn every_kind_of_page_is_known_by_its_name() {
        for name in PageKind::ALL.map(PageKind::as_str) {
            let line = InputLine::read(&json!({ "id": 1, "title": "Chair", "page": name }), &KEYS, 100).unwrap();
            assert_eq!(serde_json::to_value(line.page).unwrap(), name);
        }
    }

    #[test]
    fn the_limit_counts_the_bytes_of_everything_that_is_judged() {
        let with =
            |text: &str, value: &str| json!({ "id": 1, "title": "ab", "text": text, "attributes": { "k": value } });
        assert!(InputLine::read(&with(&"x".repeat(90), "1234567"), &KEYS, 100).is_ok());
        let said = error(with(&"x".repeat(90), "12345678"));
        assert!(said.contains("101 bytes") && said.contains("limit of 100"), "{said}");
        assert!(error(with(&"д".repeat(50), "")).contains("103 bytes"));
    }
}

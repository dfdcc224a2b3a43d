//! Listings as JSON Lines, judged one by one: the shapes of `screen` and of the platform's push.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::detect::Detector;
use crate::detect::assessment::{Assessment, ListingText};
use crate::detect::score::Features;

/// One listing to judge.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct InputLine {
    /// The caller's id.
    pub id: String,
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
    pub attributes: Option<serde_json::Map<String, Value>>,
}

/// One verdict.
#[derive(Debug, Clone, Serialize)]
pub struct OutputLine {
    /// The caller's id.
    pub id: String,
    /// Verdict and reasons.
    #[serde(flatten)]
    pub assessment: Assessment,
}

/// A line that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadLine {
    /// The caller's id, if it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub error: String,
}

/// Judges one line.
///
/// # Errors
/// When the line is no listing; the rest can still be judged.
pub fn line(detector: &Detector, number: usize, text: &str, jurisdictions: &[String]) -> Result<OutputLine, BadLine> {
    let value: Value = serde_json::from_str(text).map_err(|error| BadLine {
        id: None,
        line: number,
        error: format!("not JSON: {error}"),
    })?;
    let id = value.get("id").and_then(Value::as_str).map(str::to_owned);
    let bad = |error: String| BadLine { id: id.clone(), line: number, error };
    let input: InputLine = serde_json::from_value(value).map_err(|error| bad(error.to_string()))?;
    if input.title.as_deref().unwrap_or_default().is_empty() && input.text.as_deref().unwrap_or_default().is_empty() {
        return Err(bad("one of `title` and `text` is needed".to_owned()));
    }
    Ok(OutputLine { id: input.id.clone(), assessment: judge(detector, &input, jurisdictions) })
}

/// Judges a listing that was read already.
pub fn judge(detector: &Detector, input: &InputLine, jurisdictions: &[String]) -> Assessment {
    with_listing(input, |listing| detector.assess(listing, jurisdictions))
}

/// What the score of a listing is made of.
pub fn features(detector: &Detector, input: &InputLine) -> Features {
    with_listing(input, |listing| detector.features(listing))
}

fn with_listing<T>(input: &InputLine, see: impl FnOnce(&ListingText<'_>) -> T) -> T {
    let attributes: Vec<(String, String)> = input
        .attributes
        .iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
        .collect();
    let price = input.price.as_ref().map(|price| price.as_str().map_or_else(|| price.to_string(), str::to_owned));
    see(&ListingText {
        title: input.title.as_deref().unwrap_or_default(),
        text: input.text.as_deref().unwrap_or_default(),
        attributes: &attributes,
        language: input.lang.as_deref(),
        price: price.as_deref(),
        currency: input.currency.as_deref(),
    })
}

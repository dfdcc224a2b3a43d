//! Listings as JSON Lines, judged one by one: the shapes of `screen` and of the platform's push.

use serde::Serialize;
use serde_json::Value;

use crate::detect::Detector;
use crate::detect::assessment::{Assessment, ListingText};
use crate::detect::score::Features;
use crate::listing::input::{InputError, InputLine, KEYS, ListingId};
use crate::vocab::strict_json::Strict;

/// One verdict.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ScreenedListing)]
pub struct OutputLine {
    /// The caller's id, as it came.
    pub id: ListingId,
    /// Verdict and reasons.
    #[serde(flatten)]
    pub assessment: Assessment,
}

/// A line that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RefusedListing)]
pub struct BadLine {
    /// The caller's id, if it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ListingId>,
    /// Number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub error: String,
}

impl BadLine {
    /// Of a listing that was refused.
    pub fn of(listing: &Value, line: usize, error: &InputError) -> Self {
        BadLine { id: listing.get("id").and_then(ListingId::of), line, error: error.to_string() }
    }
}

/// Judges one line of at most `limit_bytes`.
///
/// # Errors
/// When the line is no listing; the rest can still be judged.
pub fn line(detector: &Detector, number: usize, text: &str, limit_bytes: usize) -> Result<OutputLine, BadLine> {
    let not_json = |error| BadLine { id: None, line: number, error: format!("not JSON: {error}") };
    let Strict(listing) = serde_json::from_str(text).map_err(not_json)?;
    listing_of(detector, &listing, &[], limit_bytes).map_err(|error| BadLine::of(&listing, number, &error))
}

/// Judges one listing of at most `limit_bytes`. Controls are cited for `jurisdictions`.
///
/// # Errors
/// When it is no listing that can be judged whole.
pub fn listing_of(
    detector: &Detector,
    listing: &Value,
    jurisdictions: &[String],
    limit_bytes: usize,
) -> Result<OutputLine, InputError> {
    let input = InputLine::read(listing, &KEYS, limit_bytes)?;
    let assessment = judge(detector, &input, jurisdictions);
    Ok(OutputLine { id: input.id, assessment })
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
    let attributes = input.named_attributes();
    let price = input.price_as_written();
    see(&ListingText {
        title: input.title.as_deref().unwrap_or_default(),
        text: input.text.as_deref().unwrap_or_default(),
        attributes: &attributes,
        language: input.lang.as_deref(),
        price: price.as_deref(),
        currency: input.currency.as_deref(),
        page: input.page,
    })
}

//! The answer of detection for one listing, in the shape outsiders see.

use serde::{Deserialize, Serialize};

/// What should happen with a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing in scope.
    Clear,
    /// A person should look.
    Review,
    /// In scope, fit for a referral.
    Refer,
}

/// The text of one listing, as given to detection.
#[derive(Debug, Clone, Default)]
pub struct ListingText<'a> {
    /// Title.
    pub title: &'a str,
    /// Description or body.
    pub text: &'a str,
    /// Named attributes, `("CAS No.", "…")`.
    pub attributes: &'a [(String, String)],
    /// BCP 47 language where known; a hint, never a filter.
    pub language: Option<&'a str>,
    /// Price as written.
    pub price: Option<&'a str>,
    /// Currency as written.
    pub currency: Option<&'a str>,
}

/// Verdict with everything that led to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// What should happen.
    pub verdict: Verdict,
    /// Calibrated probability that a reviewer would call the listing in scope.
    pub score: f64,
    /// `synthetic-opioid`, `nps`, `precursor`, `equipment`, `other-controlled`, or none.
    pub category: Option<String>,
    /// Substances named, strongest first.
    pub substances: Vec<SubstanceFinding>,
    /// Signals around them.
    pub context: Vec<ContextFinding>,
    /// Names a class rule accepts and the watchlist lacks.
    pub emerging: Vec<EmergingFinding>,
    /// The reasons, in sentences.
    pub reasons: Vec<String>,
    /// Version and digest of the watchlist: `2026.11.0+sha256:…`.
    pub watchlist: String,
}

/// One substance found, with its controls and the places it was found in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubstanceFinding {
    /// Watchlist id.
    pub id: String,
    /// Preferred name.
    pub name: String,
    /// Class of the fact table (`synthetic-opioid`, `precursor`, …).
    pub class: String,
    /// Finer class where known (`nitazene`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subclass: Option<String>,
    /// `none-known`, `licensed` or `dual-use`.
    pub legitimate_use: String,
    /// Controls in force.
    pub controls: Vec<Control>,
    /// Places.
    pub matches: Vec<NameMatch>,
}

/// One control of a substance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// `UN1961`, `UN1971`, `UN1988`, `EU`, `US`, …
    pub instrument: String,
    /// Schedule, table or category.
    pub schedule: String,
    /// Year of the control where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub since: Option<String>,
    /// `INT`, `EU`, or ISO 3166-1 alpha-2.
    pub jurisdiction: String,
}

/// One place where a name stands. Offsets count Unicode scalar values of the source field, half open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameMatch {
    /// `title`, `text`, or `attributes.<key>`.
    pub field: String,
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// The text as the seller wrote it.
    pub surface: String,
    /// `name`, `identifier`, `class`, `fuzzy`, `obfuscated`, `street`.
    pub how: String,
    /// Rule id.
    pub rule: String,
}

/// One context signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContextFinding {
    /// `title`, `text`, or `attributes.<key>`.
    pub field: String,
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// The text as written.
    pub surface: String,
    /// `offer`, `evasion`, `contact`, `payment`, `licit`, ….
    pub signal: String,
    /// Contribution in log-odds.
    pub weight: f64,
}

/// A name a class rule accepts and the watchlist lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmergingFinding {
    /// The name as written.
    pub surface: String,
    /// Class the rule names.
    pub class: String,
    /// Finer class.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subclass: Option<String>,
    /// Field it stands in.
    pub field: String,
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// Class-wise definitions in law that cover the family, listed member or not.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub controls: Vec<Control>,
}

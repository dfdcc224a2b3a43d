//! Labels of listings, and what detection says beside them.

use serde::{Deserialize, Serialize};

use crate::detect::assessment::{Assessment, Verdict};
use crate::detect::evaluate::spans::SpanReport;
use crate::vocab::terms::{Category, Class, Written};

/// Label of a listing, beside the fields of a screening line. What only made data can know (`technique`, `substances`,
/// `spans`, `emerging`) is measured where a row carries it.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Label {
    /// 1 in scope, 2 other controlled drug, 0 neither.
    pub target: u8,
    /// Category.
    #[serde(default)]
    pub category: Option<Written<Category>>,
    /// Left out of the figures.
    #[serde(default)]
    pub ambiguous: bool,
    /// Listings of one group differ in a quantity only.
    #[serde(default)]
    pub group: Option<String>,
    /// What kind of look-alike it is, if it is one.
    #[serde(default)]
    pub hard_negative: Option<serde_json::Value>,
    /// How the name is written: `plain`, a technique of disguise, or two joined by `+`.
    #[serde(default)]
    pub technique: Option<String>,
    /// Watchlist ids of the substances it names.
    #[serde(default)]
    pub substances: Vec<String>,
    /// Where the names stand.
    #[serde(default)]
    pub spans: Vec<SpanLabel>,
    /// The family of a name that is on no list.
    #[serde(default)]
    pub emerging: Option<Family>,
}

/// Where a name stands in a labelled listing; Unicode scalar values, half open.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SpanLabel {
    /// `title` or `text`.
    pub field: String,
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
}

/// The family of a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Class.
    pub class: Written<Class>,
    /// Finer class.
    #[serde(default)]
    pub subclass: Option<String>,
}

impl Label {
    pub(super) fn is_look_alike(&self) -> bool {
        self.hard_negative.as_ref().is_some_and(|hard| !hard.is_null())
    }
}

/// One judged listing.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Id.
    pub id: String,
    /// Title, for the list of mistakes.
    pub title: String,
    /// Label.
    pub label: Label,
    /// Verdict and reasons.
    pub assessment: Assessment,
    /// What its spans are worth.
    pub spans: SpanReport,
}

impl Judged {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        self.assessment.verdict
    }

    /// Whether it is referred or reviewed.
    pub fn is_called(&self) -> bool {
        self.assessment.verdict != Verdict::Clear
    }
}

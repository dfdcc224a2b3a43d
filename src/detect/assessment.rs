//! The answer of detection for one listing, in the shape outsiders see.

use serde::{Deserialize, Deserializer, Serialize};

use crate::vocab::terms::{
    Category, Class, DecisionNamed, DecisionOffered, How, LawfulKind, LegitimateUse, MentionRole, PageKind, Signal,
    Written,
};

pub use crate::vocab::terms::Verdict;

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
    /// Kind of page, where the caller knows it.
    pub page: Option<PageKind>,
}

/// Verdict with everything that led to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Assessment {
    /// What should happen.
    pub verdict: Verdict,
    /// Calibrated probability that a reviewer would call the listing in scope.
    pub score: f64,
    /// Category, if it has one.
    pub category: Option<Category>,
    /// The three answers; none in records of versions that summed up signs.
    #[serde(default)]
    pub decision: Option<Decision>,
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

/// The three answers a verdict rests on: what is named, is it offered, what speaks for a lawful trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AssessmentDecision)]
pub struct Decision {
    /// What the strongest name is.
    pub named: DecisionNamed,
    /// Whether it is offered.
    pub offered: DecisionOffered,
    /// The lawful sign that counts most.
    pub lawful: Option<LawfulKind>,
}

/// One substance found, with its controls and the places it was found in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SubstanceFinding {
    /// Watchlist id.
    pub id: String,
    /// Preferred name.
    pub name: String,
    /// Class of the fact table.
    #[serde(deserialize_with = "class_of_a_record")]
    pub class: Class,
    /// Finer class where known (`nitazene`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub subclass: Option<String>,
    /// What it is used for lawfully.
    pub legitimate_use: LegitimateUse,
    /// Controls in force.
    pub controls: Vec<Control>,
    /// Places.
    pub matches: Vec<NameMatch>,
}

/// One control of a substance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NameMatch {
    /// `title`, `text`, or `attributes.<key>`.
    pub field: String,
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// The text as the seller wrote it.
    pub surface: String,
    /// How it was recognised.
    pub how: How,
    /// What the text does with it; none in records of versions that did not tell roles apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<MentionRole>,
    /// Rule id.
    pub rule: String,
}

/// One context signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ContextFinding {
    /// `title`, `text`, or `attributes.<key>`.
    pub field: String,
    /// First character.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// The text as written.
    pub surface: String,
    /// What it points to.
    pub signal: Signal,
    /// Contribution in log-odds.
    pub weight: f64,
}

/// A name a class rule accepts and the watchlist lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EmergingFinding {
    /// The name as written.
    pub surface: String,
    /// Class the rule names.
    #[serde(deserialize_with = "class_of_a_record")]
    pub class: Class,
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

/// The class in a record: one judged with a watchlist whose class nothing knew holds that word, and counts as what such an
/// entry counts as.
fn class_of_a_record<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Class, D::Error> {
    Ok(Written::deserialize(deserializer)?.known().unwrap_or(Class::OtherControlled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_of_a_class_that_nothing_knows_are_read() {
        let read = |class: &str| {
            let record = format!(
                r#"{{"id":"x","name":"X","class":"{class}","legitimate_use":"licensed","controls":[],"matches":[
                {{"field":"title","start":0,"end":1,"surface":"X","how":"street","rule":"name"}}]}}"#
            );
            serde_json::from_str::<SubstanceFinding>(&record).unwrap()
        };
        assert_eq!(read("synthetic-opiod").class, Class::OtherControlled);
        let known = read("synthetic-opioid");
        assert_eq!(
            (known.class, known.legitimate_use, known.matches[0].how),
            (Class::SyntheticOpioid, LegitimateUse::Licensed, How::Street)
        );
        let written = serde_json::to_value(&known).unwrap();
        assert_eq!((&written["class"], &written["matches"][0]["how"]), (&"synthetic-opioid".into(), &"street".into()));
    }
}

//! Detection measured on labelled listings.

pub mod compare;
pub mod disguise;
pub mod figures;
mod label;
pub mod labelled;
pub mod spans;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use label::{Family, Judged, Label, SpanLabel};

use crate::detect::assessment::{Assessment, Verdict};
use crate::detect::evaluate::disguise::DisguiseReport;
use crate::detect::evaluate::figures::{Figures, calibration, figures};
use crate::detect::evaluate::labelled::{EmergingReport, TechniqueFigures};
use crate::detect::evaluate::spans::SpanReport;
use crate::vocab::terms::{Category, Written};

/// The shape of `eval --json`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Rows judged, ambiguous ones left out.
    pub rows: u64,
    /// `refer` verdicts.
    pub refer: Figures,
    /// `refer` or `review` verdicts.
    pub refer_or_review: Figures,
    /// By category, `refer` or `review`. Recall: share of the category's rows called at all. Precision: share of right ones
    /// among the rows called and given this category.
    pub by_category: BTreeMap<String, Figures>,
    /// The same for `refer` alone.
    pub by_category_refer: BTreeMap<String, Figures>,
    /// Expected calibration error over ten bins, targets 0 and 1.
    pub calibration_error: f64,
    /// Text judged a second on one core.
    pub megabytes_per_second: f64,
    /// Rows of target 2, which count neither way, by verdict.
    pub other_controlled: BTreeMap<String, u64>,
    /// False alarms on ordinary goods and look-alikes: called, of how many.
    pub false_alarms: BTreeMap<String, (u64, u64)>,
    /// Look-alikes by kind.
    pub look_alikes: BTreeMap<String, Called>,
    /// By technique, where rows carry one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_technique: BTreeMap<String, TechniqueFigures>,
    /// Names on no list, and names called so that are not.
    pub emerging: EmergingReport,
    /// Reported spans, cut from the source.
    pub spans: SpanReport,
    /// The most confident mistakes.
    pub mistakes: Vec<Mistake>,
    /// Names disguised, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disguise: Option<DisguiseReport>,
    /// Digest of the rows' ids, so that two runs can tell whether they judged the same ones.
    pub data: String,
    /// Watchlist that judged.
    pub watchlist: String,
    /// Rows in scope, and all others that were called, by id.
    pub calls: BTreeMap<String, Call>,
}

/// Rows of one kind by verdict.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Called {
    /// Rows.
    pub of: u64,
    /// Referred.
    pub refer: u64,
    /// For review.
    pub review: u64,
}

/// The verdict of one row, kept for comparison with another run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Label.
    pub target: u8,
    /// Verdict.
    pub verdict: Verdict,
    /// Score.
    pub score: f64,
    /// Substances found.
    pub substances: Vec<String>,
    /// Title, shortened.
    pub title: String,
}

/// One mistake.
#[derive(Debug, Clone, Serialize)]
pub struct Mistake {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Label.
    pub target: u8,
    /// Category or kind of look-alike it is labelled with.
    pub label: Option<String>,
    /// Verdict.
    pub verdict: Verdict,
    /// Score.
    pub score: f64,
    /// What led to the verdict.
    pub why: Vec<String>,
}

/// Mistakes listed.
const MISTAKES: usize = 50;

/// Characters of a title that are shown.
const TITLE_CHARS: usize = 120;

/// Measures. `seconds` and `bytes` are what judging took.
pub fn report(judged: &[Judged], seconds: f64, bytes: u64) -> Report {
    let counted: Vec<&Judged> = judged.iter().filter(|one| !one.label.ambiguous).collect();
    let mut out = Report { rows: counted.len() as u64, ..Report::default() };
    out.refer = figures(&counted, |one| one.verdict() == Verdict::Refer);
    out.refer_or_review = figures(&counted, Judged::is_called);
    out.by_category = by_category(&counted, Judged::is_called);
    out.by_category_refer = by_category(&counted, |one| one.verdict() == Verdict::Refer);
    for one in &counted {
        match one.label.target {
            2 => *out.other_controlled.entry(one.verdict().to_string()).or_default() += 1,
            0 => {
                let kind = if one.label.is_look_alike() { "look-alike" } else { "ordinary" };
                for verdict in [Verdict::Refer, Verdict::Review] {
                    let counts = out.false_alarms.entry(format!("{kind}-{verdict}")).or_default();
                    counts.0 += u64::from(one.verdict() == verdict);
                    counts.1 += 1;
                }
                if one.label.is_look_alike() {
                    let called = out.look_alikes.entry(label_of(one).unwrap_or_default()).or_default();
                    called.of += 1;
                    called.refer += u64::from(one.verdict() == Verdict::Refer);
                    called.review += u64::from(one.verdict() == Verdict::Review);
                }
            }
            _ => {}
        }
        out.spans.add(&one.spans);
    }
    out.calibration_error = calibration(&counted);
    out.megabytes_per_second = bytes as f64 / 1e6 / seconds.max(1e-9);
    out.by_technique = labelled::by_technique(&counted);
    out.emerging = labelled::emerging(&counted);
    out.mistakes = mistakes(&counted);
    out.data = digest(judged);
    out.calls = counted.iter().filter(|one| one.label.target == 1 || one.is_called()).map(|one| call(one)).collect();
    out.watchlist = judged.first().map(|one| one.assessment.watchlist.clone()).unwrap_or_default();
    out
}

fn by_category(counted: &[&Judged], called: impl Fn(&Judged) -> bool) -> BTreeMap<String, Figures> {
    let in_scope = counted.iter().filter(|one| one.label.target == 1);
    let named: BTreeMap<&str, &Written<Category>> =
        in_scope.filter_map(|one| one.label.category.as_ref().map(|category| (category.as_str(), category))).collect();
    let of = |category: &Written<Category>| {
        let labelled = |one: &Judged| one.label.target == 1 && one.label.category.as_ref() == Some(category);
        let given =
            |one: &Judged| called(one) && one.assessment.category.is_some_and(|given| category.known() == Some(given));
        let recalled = figures(&counted.iter().copied().filter(|one| labelled(one)).collect::<Vec<_>>(), &called);
        let precise = figures(&counted.iter().copied().filter(|one| given(one)).collect::<Vec<_>>(), &called);
        let all: Vec<&Judged> = counted.iter().copied().filter(|one| labelled(one) || one.label.target == 0).collect();
        let at_base = figures(&all, |one| if one.label.target == 1 { called(one) } else { given(one) });
        let (precision, recall) = (precise.precision, recalled.recall);
        Figures {
            precision,
            recall,
            f1: if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 },
            precision_interval: precise.precision_interval,
            recall_interval: recalled.recall_interval,
            precision_at_base_rate: at_base.precision_at_base_rate,
            true_positives: recalled.true_positives,
            false_positives: precise.false_positives,
            missed: recalled.missed,
        }
    };
    named.into_iter().map(|(name, category)| (name.to_owned(), of(category))).collect()
}

fn label_of(one: &Judged) -> Option<String> {
    if one.label.target != 0 {
        return one.label.category.as_ref().map(|category| category.to_string());
    }
    let kind = one.label.hard_negative.as_ref().filter(|kind| !kind.is_null())?;
    Some(kind.as_str().map_or_else(|| kind.to_string(), str::to_owned))
}

fn shortened(title: &str) -> String {
    title.chars().take(TITLE_CHARS).collect()
}

fn mistakes(counted: &[&Judged]) -> Vec<Mistake> {
    let mut mistakes: Vec<(f64, Mistake)> = counted
        .iter()
        .filter_map(|one| {
            let confidence = match (one.label.target, one.verdict()) {
                (1, Verdict::Clear) => 1.0 - one.assessment.score,
                (0, Verdict::Refer | Verdict::Review) => one.assessment.score,
                _ => return None,
            };
            let mistake = Mistake {
                id: one.id.clone(),
                title: shortened(&one.title),
                target: one.label.target,
                label: label_of(one),
                verdict: one.verdict(),
                score: one.assessment.score,
                why: why(&one.assessment),
            };
            Some((confidence, mistake))
        })
        .collect();
    mistakes.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
    mistakes.into_iter().take(MISTAKES).map(|(_, mistake)| mistake).collect()
}

fn why(assessment: &Assessment) -> Vec<String> {
    if !assessment.reasons.is_empty() {
        return assessment.reasons.clone();
    }
    let names: Vec<String> = assessment
        .substances
        .iter()
        .filter_map(|substance| {
            let first = substance.matches.first()?;
            Some(format!("{} as `{}` ({}) did not count", substance.name, first.surface, first.how))
        })
        .collect();
    if names.is_empty() { vec!["no name, identifier or class of the watchlist was found".to_owned()] } else { names }
}

fn call(one: &Judged) -> (String, Call) {
    let call = Call {
        target: one.label.target,
        verdict: one.verdict(),
        score: one.assessment.score,
        substances: one.assessment.substances.iter().map(|substance| substance.id.clone()).collect(),
        title: shortened(&one.title),
    };
    (one.id.clone(), call)
}

fn digest(judged: &[Judged]) -> String {
    let mut all = xxhash_rust::xxh3::Xxh3::new();
    for one in judged {
        all.update(one.id.as_bytes());
        all.update(&[0, one.label.target, u8::from(one.label.ambiguous)]);
    }
    format!("{:016x}", all.digest())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(id: &str, target: u8, verdict: Verdict, score: f64, category: Option<Category>) -> Judged {
        let assessment = Assessment {
            verdict,
            score,
            category,
            decision: None,
            substances: Vec::new(),
            context: Vec::new(),
            emerging: Vec::new(),
            reasons: Vec::new(),
            watchlist: "test".to_owned(),
        };
        let label =
            Label { target, category: (target == 1).then_some(Written::Known(Category::Nps)), ..Label::default() };
        Judged { id: id.to_owned(), title: id.to_owned(), label, assessment, spans: SpanReport::default() }
    }

    #[test]
    fn figures_are_those_worked_out_by_hand() {
        let mut rows = vec![
            judged("a", 1, Verdict::Refer, 0.95, Some(Category::Nps)),
            judged("b", 1, Verdict::Refer, 0.9, Some(Category::Nps)),
            judged("c", 1, Verdict::Review, 0.5, Some(Category::Precursor)),
            judged("d", 1, Verdict::Clear, 0.1, None),
            judged("e", 0, Verdict::Refer, 0.85, Some(Category::Nps)),
            judged("f", 0, Verdict::Clear, 0.0, None),
            judged("g", 2, Verdict::Refer, 0.9, Some(Category::Nps)),
            judged("h", 0, Verdict::Review, 0.6, Some(Category::Nps)),
        ];
        rows[7].label.hard_negative = Some("reagent".into());
        let report = report(&rows, 2.0, 4_000_000);
        assert_eq!((report.rows, report.megabytes_per_second), (8, 2.0));
        assert!((report.refer.precision - 2.0 / 3.0).abs() < 1e-12 && (report.refer.recall - 0.5).abs() < 1e-12);
        assert!((report.refer.f1 - 4.0 / 7.0).abs() < 1e-12);
        assert!((report.refer_or_review.precision - 0.6).abs() < 1e-12);
        // 0.001 x 0.5 of (0.001 x 0.5 + 0.999 x 1/3)
        assert!((report.refer.precision_at_base_rate - 0.0005 / (0.0005 + 0.333)).abs() < 1e-9);
        let nps = &report.by_category["nps"];
        assert!((nps.recall - 0.75).abs() < 1e-12 && (nps.precision - 0.5).abs() < 1e-12);
        assert_eq!(report.other_controlled["refer"], 1);
        assert_eq!(report.false_alarms["ordinary-refer"], (1, 2));
        assert_eq!(report.look_alikes["reagent"], Called { of: 1, refer: 0, review: 1 });
        let ids: Vec<&str> = report.mistakes.iter().map(|mistake| mistake.id.as_str()).collect();
        assert_eq!(ids, ["d", "e", "h"]);
        assert_eq!(report.calls.len(), 7);
    }
}

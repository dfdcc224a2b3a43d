//! Detection measured on labelled listings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::detect::assessment::Verdict;

/// Label of a listing, beside the fields of a screening line.
#[derive(Debug, Clone, Deserialize)]
pub struct Label {
    /// 1 in scope, 2 other controlled drug, 0 neither.
    pub target: u8,
    /// Category.
    #[serde(default)]
    pub category: Option<String>,
    /// Left out of the figures.
    #[serde(default)]
    pub ambiguous: bool,
    /// Listings of one group differ in a quantity only.
    #[serde(default)]
    pub group: Option<String>,
    /// What kind of look-alike it is, if it is one.
    #[serde(default)]
    pub hard_negative: Option<serde_json::Value>,
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
    /// Verdict.
    pub verdict: Verdict,
    /// Score.
    pub score: f64,
}

/// Precision, recall and F1 with 95 % intervals (Wilson).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Share of what was called that is right.
    pub precision: f64,
    /// Share of what is right that was called.
    pub recall: f64,
    /// Their harmonic mean.
    pub f1: f64,
    /// 95 % interval of the precision.
    pub precision_interval: (f64, f64),
    /// 95 % interval of the recall.
    pub recall_interval: (f64, f64),
    /// Precision where one listing in a thousand is in scope.
    pub precision_at_base_rate: f64,
    /// Calls that are right.
    pub true_positives: u64,
    /// Calls that are wrong.
    pub false_positives: u64,
    /// Missed.
    pub missed: u64,
}

/// The shape of `eval --json`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Rows judged, ambiguous ones left out.
    pub rows: u64,
    /// `refer` verdicts.
    pub refer: Figures,
    /// `refer` or `review` verdicts.
    pub refer_or_review: Figures,
    /// Recall of `refer` or `review` by category.
    pub by_category: BTreeMap<String, Figures>,
    /// Expected calibration error over ten bins, targets 0 and 1.
    pub calibration_error: f64,
    /// Text judged a second on one core.
    pub megabytes_per_second: f64,
    /// Rows of target 2, which count neither way, by verdict.
    pub other_controlled: BTreeMap<String, u64>,
    /// False alarms on ordinary goods and look-alikes: called, of how many.
    pub false_alarms: BTreeMap<String, (u64, u64)>,
    /// The most confident mistakes.
    pub mistakes: Vec<Mistake>,
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
    /// Verdict.
    pub verdict: Verdict,
    /// Score.
    pub score: f64,
}

/// Measures. `seconds` and `bytes` are what judging took.
pub fn report(judged: &[Judged], seconds: f64, bytes: u64) -> Report {
    let counted: Vec<&Judged> = judged.iter().filter(|one| !one.label.ambiguous).collect();
    let mut out = Report { rows: counted.len() as u64, ..Report::default() };
    out.refer = figures(&counted, |one| one.verdict == Verdict::Refer);
    out.refer_or_review = figures(&counted, |one| one.verdict != Verdict::Clear);
    let mut categories: BTreeMap<String, Vec<&Judged>> = BTreeMap::new();
    for one in &counted {
        if one.label.target == 1 {
            categories.entry(one.label.category.clone().unwrap_or_else(|| "none".to_owned())).or_default().push(one);
        }
        let name = format!("{:?}", one.verdict).to_lowercase();
        match (one.label.target, &one.label.hard_negative) {
            (2, _) => *out.other_controlled.entry(name).or_default() += 1,
            (0, hard) => {
                let kind = if hard.as_ref().is_some_and(|hard| !hard.is_null()) { "look-alike" } else { "ordinary" };
                for (suffix, called) in
                    [("refer", one.verdict == Verdict::Refer), ("review", one.verdict == Verdict::Review)]
                {
                    let counts = out.false_alarms.entry(format!("{kind}-{suffix}")).or_default();
                    counts.0 += u64::from(called);
                    counts.1 += 1;
                }
            }
            _ => {}
        }
    }
    out.by_category = categories
        .into_iter()
        .map(|(name, rows)| (name, figures(&rows, |one| one.verdict != Verdict::Clear)))
        .collect();
    out.calibration_error = calibration(&counted);
    out.megabytes_per_second = bytes as f64 / 1e6 / seconds.max(1e-9);
    let mut mistakes: Vec<(f64, Mistake)> = counted
        .iter()
        .filter_map(|one| {
            let confidence = match (one.label.target, one.verdict) {
                (1, Verdict::Clear) => 1.0 - one.score,
                (0, Verdict::Refer | Verdict::Review) => one.score,
                _ => return None,
            };
            let title = one.title.chars().take(120).collect();
            Some((
                confidence,
                Mistake { id: one.id.clone(), title, target: one.label.target, verdict: one.verdict, score: one.score },
            ))
        })
        .collect();
    mistakes.sort_by(|a, b| b.0.total_cmp(&a.0));
    out.mistakes = mistakes.into_iter().take(50).map(|(_, mistake)| mistake).collect();
    out
}

fn figures(rows: &[&Judged], called: impl Fn(&Judged) -> bool) -> Figures {
    let count =
        |target: u8, is: bool| rows.iter().filter(|one| one.label.target == target && called(one) == is).count() as u64;
    let (hit, missed, wrong, right_clear) = (count(1, true), count(1, false), count(0, true), count(0, false));
    let share = |part: u64, whole: u64| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let (precision, recall) = (share(hit, hit + wrong), share(hit, hit + missed));
    let false_rate = share(wrong, wrong + right_clear);
    let base = 0.001;
    let at_base = base * recall + (1.0 - base) * false_rate;
    Figures {
        precision,
        recall,
        f1: if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 },
        precision_interval: wilson(hit, hit + wrong),
        recall_interval: wilson(hit, hit + missed),
        precision_at_base_rate: if at_base > 0.0 { base * recall / at_base } else { 0.0 },
        true_positives: hit,
        false_positives: wrong,
        missed,
    }
}

/// The 95 % interval of a share.
fn wilson(part: u64, whole: u64) -> (f64, f64) {
    if whole == 0 {
        return (0.0, 1.0);
    }
    let (n, p, z) = (whole as f64, part as f64 / whole as f64, 1.96_f64);
    let middle = p + z * z / (2.0 * n);
    let spread = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (((middle - spread) / scale).max(0.0), ((middle + spread) / scale).min(1.0))
}

fn calibration(rows: &[&Judged]) -> f64 {
    let mut bins = [(0.0_f64, 0.0_f64, 0.0_f64); 10];
    let mut total = 0.0;
    for one in rows.iter().filter(|one| one.label.target != 2) {
        let bin = &mut bins[((one.score * 10.0) as usize).min(9)];
        bin.0 += one.score;
        bin.1 += f64::from(one.label.target);
        bin.2 += 1.0;
        total += 1.0;
    }
    bins.iter().map(|(score, hits, _)| (score - hits).abs()).sum::<f64>() / f64::max(total, 1.0)
}

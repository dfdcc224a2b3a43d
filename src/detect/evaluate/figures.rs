//! Precision, recall and their intervals; calibration.

use serde::{Deserialize, Serialize};

use crate::detect::evaluate::label::Judged;

/// Share of listings in scope among all, as assumed for [`Figures::precision_at_base_rate`].
const BASE_RATE: f64 = 0.001;

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

/// Figures of `rows`; rows of target 2 count neither way.
pub fn figures(rows: &[&Judged], called: impl Fn(&Judged) -> bool) -> Figures {
    let count =
        |target: u8, is: bool| rows.iter().filter(|one| one.label.target == target && called(one) == is).count() as u64;
    let (hit, missed, wrong, right_clear) = (count(1, true), count(1, false), count(0, true), count(0, false));
    let (precision, recall) = (share(hit, hit + wrong), share(hit, hit + missed));
    let false_rate = share(wrong, wrong + right_clear);
    let at_base = BASE_RATE * recall + (1.0 - BASE_RATE) * false_rate;
    Figures {
        precision,
        recall,
        f1: if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 },
        precision_interval: wilson(hit, hit + wrong),
        recall_interval: wilson(hit, hit + missed),
        precision_at_base_rate: if at_base > 0.0 { BASE_RATE * recall / at_base } else { 0.0 },
        true_positives: hit,
        false_positives: wrong,
        missed,
    }
}

/// A share; 0 of nothing is 0.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The 95 % interval of a share (Wilson); the whole range where nothing was counted.
pub fn wilson(part: u64, whole: u64) -> (f64, f64) {
    if whole == 0 {
        return (0.0, 1.0);
    }
    let (n, p, z) = (whole as f64, part as f64 / whole as f64, 1.959_964_f64);
    let middle = p + z * z / (2.0 * n);
    let spread = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + z * z / n;
    (((middle - spread) / scale).max(0.0), ((middle + spread) / scale).min(1.0))
}

/// Expected calibration error over ten bins of equal width, targets 0 and 1.
pub fn calibration(rows: &[&Judged]) -> f64 {
    let mut bins = [(0.0_f64, 0.0_f64, 0.0_f64); 10];
    let mut total = 0.0;
    for one in rows.iter().filter(|one| one.label.target != 2) {
        let bin = &mut bins[((one.assessment.score * 10.0) as usize).min(9)];
        bin.0 += one.assessment.score;
        bin.1 += f64::from(one.label.target);
        bin.2 += 1.0;
        total += 1.0;
    }
    bins.iter().map(|(score, hits, _)| (score - hits).abs()).sum::<f64>() / f64::max(total, 1.0)
}

//! Two runs over the same listings, row by row: what got better and what got worse.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::detect::assessment::Verdict;
use crate::detect::evaluate::{Call, Report};

/// What an earlier run's JSON must hold.
#[derive(Debug, Clone, Deserialize)]
pub struct Earlier {
    refer: Rates,
    refer_or_review: Rates,
    #[serde(default)]
    calibration_error: f64,
    /// Absent in runs of versions that did not keep it.
    #[serde(default)]
    data: Option<String>,
    #[serde(default)]
    watchlist: Option<String>,
    #[serde(default)]
    calls: Option<BTreeMap<String, Call>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Rates {
    precision: f64,
    recall: f64,
    f1: f64,
}

/// How two runs differ.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Change {
    /// Difference of each figure, now minus then.
    pub figures: BTreeMap<String, f64>,
    /// Both runs judged the same rows; only then the lists below say everything.
    pub same_data: bool,
    /// Watchlist of the earlier run.
    pub watchlist_then: Option<String>,
    /// Rows that are judged rightly now and were not, or are nearer to it.
    pub better: Vec<RowChange>,
    /// Rows that were judged rightly and are not now, or are farther from it.
    pub worse: Vec<RowChange>,
    /// Other controlled drugs with another verdict: neither better nor worse.
    pub other: Vec<RowChange>,
    /// Rows with the same verdict and other substances.
    pub substances: Vec<RowChange>,
}

/// One row judged differently.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RowChange {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Label.
    pub target: u8,
    /// Verdict of the earlier run.
    pub then: Verdict,
    /// Verdict of this run.
    pub now: Verdict,
    /// Substances of the earlier run that are not found now.
    pub lost: Vec<String>,
    /// Substances found now and not then.
    pub gained: Vec<String>,
}

/// Compares a run with an earlier one.
pub fn compare(earlier: &Earlier, now: &Report) -> Change {
    let mut out = Change {
        same_data: earlier.data.as_ref() == Some(&now.data) && earlier.calls.is_some(),
        watchlist_then: earlier.watchlist.clone(),
        ..Change::default()
    };
    for (name, then, now) in
        [("refer", &earlier.refer, &now.refer), ("refer_or_review", &earlier.refer_or_review, &now.refer_or_review)]
    {
        out.figures.insert(format!("{name}.precision"), now.precision - then.precision);
        out.figures.insert(format!("{name}.recall"), now.recall - then.recall);
        out.figures.insert(format!("{name}.f1"), now.f1 - then.f1);
    }
    out.figures.insert("calibration_error".to_owned(), now.calibration_error - earlier.calibration_error);
    let Some(calls) = &earlier.calls else { return out };
    let ids: std::collections::BTreeSet<&String> = calls.keys().chain(now.calls.keys()).collect();
    for id in ids {
        // A row that one run does not list was clear there, as long as both judged the same rows.
        let (then, is) = (calls.get(id), now.calls.get(id));
        if !out.same_data && (then.is_none() || is.is_none()) {
            continue;
        }
        let Some(known) = is.or(then) else { continue };
        let verdict = |call: Option<&Call>| call.map_or(Verdict::Clear, |call| call.verdict);
        let names = |call: Option<&Call>| call.map(|call| call.substances.clone()).unwrap_or_default();
        let (had, has) = (names(then), names(is));
        let row = RowChange {
            id: id.clone(),
            title: known.title.clone(),
            target: known.target,
            then: verdict(then),
            now: verdict(is),
            lost: had.iter().filter(|name| !has.contains(name)).cloned().collect(),
            gained: has.iter().filter(|name| !had.contains(name)).cloned().collect(),
        };
        let list = match (row.target, row.now.cmp(&row.then)) {
            (_, std::cmp::Ordering::Equal) if row.lost.is_empty() && row.gained.is_empty() => continue,
            (_, std::cmp::Ordering::Equal) => &mut out.substances,
            (1, std::cmp::Ordering::Greater) | (0, std::cmp::Ordering::Less) => &mut out.better,
            (1, std::cmp::Ordering::Less) | (0, std::cmp::Ordering::Greater) => &mut out.worse,
            _ => &mut out.other,
        };
        list.push(row);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(target: u8, verdict: Verdict, substances: &[&str]) -> Call {
        let substances = substances.iter().map(|id| (*id).to_owned()).collect();
        Call { target, verdict, score: 0.5, substances, title: "t".to_owned() }
    }

    #[test]
    fn each_row_goes_where_it_belongs() {
        let then = serde_json::json!({
            "refer": {"precision": 0.5, "recall": 0.5, "f1": 0.5},
            "refer_or_review": {"precision": 0.5, "recall": 0.5, "f1": 0.5}, "data": "d",
            "calls": {
                "found-now": call(1, Verdict::Clear, &[]), "lost-now": call(1, Verdict::Refer, &["a"]),
                "false-gone": call(0, Verdict::Review, &["a"]), "renamed": call(1, Verdict::Refer, &["a"]),
                "as-before": call(1, Verdict::Refer, &["a"]), "drug": call(2, Verdict::Refer, &["a"]),
            }
        });
        let then: Earlier = serde_json::from_value(then).unwrap();
        let mut now = Report { data: "d".to_owned(), ..Report::default() };
        now.refer.precision = 0.75;
        for (id, row) in [
            ("found-now", call(1, Verdict::Refer, &["a"])),
            ("lost-now", call(1, Verdict::Review, &["a"])),
            ("renamed", call(1, Verdict::Refer, &["b"])),
            ("as-before", call(1, Verdict::Refer, &["a"])),
            ("false-new", call(0, Verdict::Refer, &["a"])),
        ] {
            now.calls.insert(id.to_owned(), row);
        }
        let change = compare(&then, &now);
        let ids = |rows: &[RowChange]| rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>();
        assert!(change.same_data);
        assert_eq!(change.figures["refer.precision"], 0.25);
        assert_eq!(ids(&change.better), ["false-gone", "found-now"]);
        assert_eq!(ids(&change.worse), ["false-new", "lost-now"]);
        assert_eq!(ids(&change.other), ["drug"]);
        assert_eq!(ids(&change.substances), ["renamed"]);
        assert_eq!(
            (&change.substances[0].lost[0], &change.substances[0].gained[0]),
            (&"a".to_owned(), &"b".to_owned())
        );
    }
}

//! How platforms answer: by platform, how many notices, what was done, how fast, what came back; beside a control sample of
//! listings that were not referred, so that our effect can be told from natural turnover.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::report::page::{cell, page};

/// One case that left, as the tables count it. No personal data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseTimes {
    /// Platform.
    pub platform: String,
    /// The last decision, if there is one.
    pub decision: Option<String>,
    /// Hours from the notice to the first answer.
    pub hours_to_answer: Option<u64>,
    /// Hours from the notice to the first look of those that found it gone for good.
    pub hours_to_gone: Option<u64>,
    /// Times it came back.
    pub relisted: u64,
    /// Times the notice was said again.
    pub reminders: u64,
    /// Whether a channel gave up.
    pub undeliverable: bool,
    /// Taken back or corrected by the sender.
    pub taken_back: bool,
}

/// The control sample of one platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ControlCount {
    /// Platform.
    pub platform: String,
    /// Listings drawn.
    pub sampled: u64,
    /// Of these, looked at again at least once.
    pub rechecked: u64,
    /// Of these, found gone.
    pub gone: u64,
}

/// One platform's line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = PlatformResponses)]
pub struct ResponseRow {
    /// Platform.
    pub platform: String,
    /// Notices that left and were not taken back.
    pub notices: u64,
    /// Answered.
    pub answered: u64,
    /// Answers by decision.
    pub decisions: BTreeMap<String, u64>,
    /// Median hours to the first answer.
    pub median_hours_to_answer: Option<u64>,
    /// Nine of ten answers came within these hours.
    pub p90_hours_to_answer: Option<u64>,
    /// Found gone for good.
    pub gone: u64,
    /// Median hours until it was first seen gone.
    pub median_hours_to_gone: Option<u64>,
    /// Cases that came back at least once.
    pub relisted: u64,
    /// Times a notice was said again.
    pub reminders: u64,
    /// Cases a channel gave up on.
    pub undeliverable: u64,
    /// Notices taken back or corrected by the sender.
    pub taken_back: u64,
    /// Control sample: listings drawn.
    pub control_sampled: u64,
    /// Control sample: looked at again.
    pub control_rechecked: u64,
    /// Control sample: found gone by themselves.
    pub control_gone: u64,
}

/// The table.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Responses {
    /// One line a platform.
    pub platforms: Vec<ResponseRow>,
}

/// Columns of the table as comma-separated values.
const COLUMNS: &str = "platform,notices,answered,removed,restricted,account-action,rejected,needs-information,\
                       median_hours_to_answer,p90_hours_to_answer,gone,median_hours_to_gone,relisted,reminders,\
                       undeliverable,taken_back,control_sampled,control_rechecked,control_gone";

fn share(sorted: &[u64], of_hundred: usize) -> Option<u64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((sorted.len() * of_hundred / 100).min(last)).copied()
}

impl Responses {
    /// Counts.
    pub fn of(cases: &[CaseTimes], control: &[ControlCount]) -> Self {
        let mut groups: BTreeMap<&str, Vec<&CaseTimes>> = BTreeMap::new();
        for case in cases {
            groups.entry(&case.platform).or_default().push(case);
        }
        for count in control {
            groups.entry(&count.platform).or_default();
        }
        let platforms = groups
            .into_iter()
            .map(|(platform, cases)| {
                let standing: Vec<&&CaseTimes> = cases.iter().filter(|case| !case.taken_back).collect();
                let hours = |pick: fn(&CaseTimes) -> Option<u64>| {
                    let mut hours: Vec<u64> = standing.iter().filter_map(|case| pick(case)).collect();
                    hours.sort_unstable();
                    hours
                };
                let (answers, gone) = (hours(|case| case.hours_to_answer), hours(|case| case.hours_to_gone));
                let mut decisions = BTreeMap::new();
                for decision in standing.iter().filter_map(|case| case.decision.as_ref()) {
                    *decisions.entry(decision.clone()).or_default() += 1;
                }
                let count = |keep: fn(&CaseTimes) -> bool| cases.iter().filter(|case| keep(case)).count() as u64;
                let drawn = control.iter().find(|count| count.platform == platform);
                ResponseRow {
                    platform: platform.to_owned(),
                    notices: standing.len() as u64,
                    answered: standing.iter().filter(|case| case.decision.is_some()).count() as u64,
                    decisions,
                    median_hours_to_answer: share(&answers, 50),
                    p90_hours_to_answer: share(&answers, 90),
                    gone: gone.len() as u64,
                    median_hours_to_gone: share(&gone, 50),
                    relisted: count(|case| case.relisted > 0),
                    reminders: cases.iter().map(|case| case.reminders).sum(),
                    undeliverable: count(|case| case.undeliverable),
                    taken_back: count(|case| case.taken_back),
                    control_sampled: drawn.map_or(0, |drawn| drawn.sampled),
                    control_rechecked: drawn.map_or(0, |drawn| drawn.rechecked),
                    control_gone: drawn.map_or(0, |drawn| drawn.gone),
                }
            })
            .collect();
        Responses { platforms }
    }

    fn cells(row: &ResponseRow) -> Vec<String> {
        let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
        let mut cells = vec![row.platform.clone(), row.notices.to_string(), row.answered.to_string()];
        for decision in ["removed", "restricted", "account-action", "rejected", "needs-information"] {
            cells.push(row.decisions.get(decision).copied().unwrap_or(0).to_string());
        }
        cells.extend([number(row.median_hours_to_answer), number(row.p90_hours_to_answer), row.gone.to_string()]);
        cells.push(number(row.median_hours_to_gone));
        let rest = [
            row.relisted,
            row.reminders,
            row.undeliverable,
            row.taken_back,
            row.control_sampled,
            row.control_rechecked,
            row.control_gone,
        ];
        cells.extend(rest.map(|count| count.to_string()));
        cells
    }

    /// As comma-separated values. Ids, code words and numbers only: nothing needs quoting.
    pub fn csv(&self) -> String {
        let mut out = COLUMNS.to_owned();
        for row in &self.platforms {
            let _ = write!(out, "\n{}", Self::cells(row).join(","));
        }
        out
    }

    /// As a table in HTML, without a page around it.
    pub fn table(&self) -> String {
        let mut out = "<table><thead><tr>".to_owned();
        for name in COLUMNS.split(',') {
            let _ = write!(out, "<th scope=\"col\">{}</th>", cell(&name.replace(['_', '-'], " ")));
        }
        out.push_str("</tr></thead><tbody>");
        for row in &self.platforms {
            out.push_str("<tr>");
            for (at, text) in Self::cells(row).iter().enumerate() {
                let _ = if at == 0 {
                    write!(out, "<th scope=\"row\">{}</th>", cell(text))
                } else {
                    write!(out, "<td>{}</td>", cell(text))
                };
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table>");
        out
    }

    /// As a page.
    pub fn html(&self) -> String {
        let explained = "<p>Hours are counted from the moment the notice left. Gone: found gone at spaced looks. Control: \
                         listings of the same platform that were not referred, drawn by chance; those that vanish there \
                         vanish without us.</p>";
        page("How platforms answer", &format!("{explained}{}", self.table()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_platform_and_beside_the_control_sample() {
        let case = |decision: Option<&str>, hours| CaseTimes {
            platform: "bazaar".into(),
            decision: decision.map(str::to_owned),
            hours_to_answer: hours,
            ..CaseTimes::default()
        };
        let mut cases = vec![case(Some("removed"), Some(4)), case(Some("rejected"), Some(10)), case(None, None)];
        cases[0].hours_to_gone = Some(30);
        cases[0].relisted = 2;
        cases.push(CaseTimes { taken_back: true, ..case(Some("removed"), Some(1)) });
        let control = [ControlCount { platform: "plaza".into(), sampled: 9, rechecked: 8, gone: 1 }];
        let table = Responses::of(&cases, &control);
        assert_eq!(
            table.csv(),
            format!("{COLUMNS}\nbazaar,3,2,1,0,0,1,0,10,10,1,30,1,0,0,1,0,0,0\nplaza,0,0,0,0,0,0,0,,,0,,0,0,0,0,9,8,1")
        );
        assert!(table.html().contains("<th scope=\"row\">bazaar</th>"));
    }
}

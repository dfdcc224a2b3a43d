//! The yearly transparency report: notices by platform, category and what the platform did. No personal data.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

/// One notice that left, as the report counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Platform.
    pub platform: String,
    /// Category, or `none`.
    pub category: String,
    /// The platform's decision, or `no-answer`.
    pub action: String,
    /// Hours from the notice to the answer.
    pub hours_to_answer: Option<u64>,
}

/// The report's rows, in the form of Article 22(3) of Regulation (EU) 2022/2065.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Calendar year.
    pub year: i16,
    /// Notices that left.
    pub notices: u64,
    /// By platform, type of content and action.
    pub rows: Vec<ReportRow>,
}

/// One row.
#[derive(Debug, Clone, Serialize)]
pub struct ReportRow {
    /// Platform.
    pub platform: String,
    /// Type of content.
    pub category: String,
    /// Action taken.
    pub action: String,
    /// Notices.
    pub notices: u64,
    /// Median hours to the answer.
    pub median_hours_to_answer: Option<u64>,
}

impl Report {
    /// Counts.
    pub fn of(year: i16, counted: &[Counted]) -> Self {
        let mut groups: BTreeMap<(&str, &str, &str), (u64, Vec<u64>)> = BTreeMap::new();
        for one in counted {
            let group = groups.entry((&one.platform, &one.category, &one.action)).or_default();
            group.0 += 1;
            group.1.extend(one.hours_to_answer);
        }
        let rows = groups
            .into_iter()
            .map(|((platform, category, action), (notices, mut hours))| {
                hours.sort_unstable();
                ReportRow {
                    platform: platform.to_owned(),
                    category: category.to_owned(),
                    action: action.to_owned(),
                    notices,
                    median_hours_to_answer: hours.get(hours.len() / 2).copied(),
                }
            })
            .collect();
        Report { year, notices: counted.len() as u64, rows }
    }

    /// As comma-separated values.
    pub fn csv(&self) -> String {
        let mut out = "platform,category,action,notices,median_hours_to_answer".to_owned();
        for row in &self.rows {
            let hours = row.median_hours_to_answer.map(|hours| hours.to_string()).unwrap_or_default();
            // Ids and code words only: nothing here needs quoting.
            let _ = write!(out, "\n{},{},{},{},{hours}", row.platform, row.category, row.action, row.notices);
        }
        out
    }

    /// As a page.
    pub fn html(&self) -> String {
        let mut out = format!(
            "<!doctype html><html lang=en><meta charset=utf-8><title>Notices in {0}</title><h1>Notices in {0}</h1>\
             <p>{1} notices left. Counted by platform, type of content and the platform's action; no personal data.</p>\
             <table><tr><th>Platform<th>Type<th>Action<th>Notices<th>Median hours to answer",
            self.year, self.notices
        );
        for row in &self.rows {
            let hours = row.median_hours_to_answer.map(|hours| hours.to_string()).unwrap_or_default();
            let _ = write!(
                out,
                "<tr><td>{}<td>{}<td>{}<td>{}<td>{hours}",
                row.platform, row.category, row.action, row.notices
            );
        }
        out.push_str("</table></html>");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_platform_type_and_action() {
        let one = |action: &str, hours| Counted {
            platform: "bazaar".into(),
            category: "nps".into(),
            action: action.into(),
            hours_to_answer: hours,
        };
        let report = Report::of(2026, &[one("removed", Some(5)), one("removed", Some(9)), one("no-answer", None)]);
        assert_eq!(
            report.csv(),
            "platform,category,action,notices,median_hours_to_answer\nbazaar,nps,no-answer,1,\nbazaar,nps,removed,2,9"
        );
    }
}

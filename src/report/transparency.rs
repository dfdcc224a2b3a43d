//! The yearly transparency report in the form of Article 22(3) of Regulation (EU) 2022/2065: notices by provider, by type of
//! content and by action taken, with how the sender keeps its independence. Counts only; no personal data.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use crate::report::page::{cell, page};
use crate::report::responses::Responses;
use crate::vocab::actor::ActorKind;

/// One notice that left, as the report counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Platform.
    pub platform: String,
    /// Category, or `none`.
    pub category: String,
    /// The platform's decision, or `no-answer`.
    pub action: String,
    /// Who decided that it leaves, where it is on record.
    pub decided_by: Option<ActorKind>,
    /// Hours from the notice to the answer.
    pub hours_to_answer: Option<u64>,
}

/// Who reports, from the settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Reporter {
    /// Name of the authority or organisation.
    pub name: Option<String>,
    /// Who awarded its status, and for what: the coordinator's decision.
    pub designation: Option<String>,
    /// The procedures that keep it independent of providers.
    pub independence: Option<String>,
}

/// The report's rows.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = TransparencyCounts)]
pub struct Report {
    /// Calendar year.
    pub year: i16,
    /// Notices that left.
    pub notices: u64,
    /// Notices by who decided that they leave: `person`, `policy` (by automated means), `unrecorded`.
    pub by_decision: BTreeMap<&'static str, u64>,
    /// By platform, type of content and action.
    pub rows: Vec<ReportRow>,
}

/// One row.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = TransparencyRow)]
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

/// The whole document: the rows with their sums, who reports, and how platforms answered.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = TransparencyReport)]
pub struct Document {
    /// `Regulation (EU) 2022/2065, Article 22(3)`.
    pub form: &'static str,
    /// First and last day.
    #[schema(value_type = Vec<String>, min_items = 2, max_items = 2)]
    pub period: (String, String),
    /// Who reports.
    pub reporter: Reporter,
    /// What is missing before it may be published.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<&'static str>,
    /// Notices by provider.
    pub by_provider: BTreeMap<String, u64>,
    /// Notices by type of content.
    pub by_type: BTreeMap<String, u64>,
    /// Notices by action.
    pub by_action: BTreeMap<String, u64>,
    /// All three together.
    #[serde(flatten)]
    pub report: Report,
    /// How platforms answered.
    pub responses: Responses,
}

/// Said of notices whose approval is not on record.
const UNRECORDED: &str = "unrecorded";

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
        let mut by_decision = BTreeMap::new();
        for one in counted {
            *by_decision.entry(one.decided_by.map_or(UNRECORDED, ActorKind::name)).or_default() += 1;
        }
        Report { year, notices: counted.len() as u64, by_decision, rows }
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

    fn sums(&self, pick: fn(&ReportRow) -> &str) -> BTreeMap<String, u64> {
        let mut sums = BTreeMap::new();
        for row in &self.rows {
            *sums.entry(pick(row).to_owned()).or_default() += row.notices;
        }
        sums
    }

    /// The whole document.
    pub fn document(self, reporter: Reporter, responses: Responses) -> Document {
        let mut missing = Vec::new();
        for (field, is_there) in [
            ("sender.name", reporter.name.is_some()),
            ("report.independence", reporter.independence.is_some()),
            ("report.designation", reporter.designation.is_some()),
        ] {
            missing.extend((!is_there).then_some(field));
        }
        Document {
            form: "Regulation (EU) 2022/2065, Article 22(3)",
            period: (format!("{}-01-01", self.year), format!("{}-12-31", self.year)),
            reporter,
            missing,
            by_provider: self.sums(|row| &row.platform),
            by_type: self.sums(|row| &row.category),
            by_action: self.sums(|row| &row.action),
            report: self,
            responses,
        }
    }
}

impl Document {
    /// As a page.
    pub fn html(&self) -> String {
        let mut out = String::new();
        let report = &self.report;
        let line = |out: &mut String, label: &str, text: &Option<String>| {
            if let Some(text) = text {
                let _ = write!(out, "<dt>{label}</dt><dd>{}</dd>", cell(text));
            }
        };
        let _ = write!(
            out,
            "<p>{}, {} to {}. Counts only; no personal data.</p><dl>",
            self.form, self.period.0, self.period.1
        );
        line(&mut out, "Reported by", &self.reporter.name);
        line(&mut out, "Designation", &self.reporter.designation);
        line(&mut out, "Independence", &self.reporter.independence);
        let _ = write!(out, "</dl><p>{} notices were submitted.</p>", report.notices);
        let decisions = [
            (ActorKind::Person.name(), "a person"),
            (ActorKind::Policy.name(), "automated means, as agreed with the provider"),
            (UNRECORDED, "not on record"),
        ];
        let decisions: BTreeMap<String, u64> = decisions
            .into_iter()
            .filter_map(|(key, words)| report.by_decision.get(key).map(|count| (words.to_owned(), *count)))
            .collect();
        for (title, sums) in [
            ("By provider of hosting services", &self.by_provider),
            ("By type of allegedly illegal content", &self.by_type),
            ("By action taken by the provider", &self.by_action),
            ("By who decided to send the notice", &decisions),
        ] {
            let _ = write!(out, "<h2>{title}</h2><table><tbody>");
            for (name, count) in sums {
                let _ = write!(out, "<tr><th scope=\"row\">{}</th><td>{count}</td></tr>", cell(name));
            }
            out.push_str("</tbody></table>");
        }
        out.push_str(
            "<h2>All together</h2><table><thead><tr><th scope=\"col\">Provider</th><th scope=\"col\">Type</th>\
             <th scope=\"col\">Action</th><th scope=\"col\">Notices</th><th scope=\"col\">Median hours to answer</th></tr></thead><tbody>",
        );
        for row in &report.rows {
            let hours = row.median_hours_to_answer.map(|hours| hours.to_string()).unwrap_or_default();
            let _ = write!(
                out,
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{hours}</td></tr>",
                cell(&row.platform),
                cell(&row.category),
                cell(&row.action),
                row.notices
            );
        }
        let _ = write!(out, "</tbody></table><h2>How platforms answered</h2>{}", self.responses.table());
        page(&format!("Notices in {}", report.year), &out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let one = |action: &str, hours: Option<u64>| Counted {
            platform: "bazaar".into(),
            category: "nps".into(),
            action: action.into(),
            decided_by: hours.map(|_| ActorKind::Person),
            hours_to_answer: hours,
        };
        Report::of(2026, &[one("removed", Some(5)), one("removed", Some(9)), one("no-answer", None)])
    }

    #[test]
    fn counts_by_platform_type_and_action() {
        assert_eq!(
            report().csv(),
            "platform,category,action,notices,median_hours_to_answer\nbazaar,nps,no-answer,1,\nbazaar,nps,removed,2,9"
        );
    }

    #[test]
    fn the_document_sums_each_way_and_names_what_is_missing() {
        let reporter = Reporter { name: Some("Office <x>".into()), ..Reporter::default() };
        let document = report().document(reporter, Responses::of(&[], &[]));
        assert_eq!(document.by_provider["bazaar"], 3);
        assert_eq!(document.by_action["removed"], 2);
        assert_eq!(document.report.by_decision, BTreeMap::from([("person", 2), ("unrecorded", 1)]));
        assert_eq!(document.missing, ["report.independence", "report.designation"]);
        let html = document.html();
        assert!(html.contains("3 notices were submitted") && html.contains("Office &lt;x&gt;"), "{html}");
        assert!(html.contains("<th scope=\"row\">a person</th><td>2</td>"), "{html}");
        assert!(!html.contains("automated means"), "{html}");
    }
}

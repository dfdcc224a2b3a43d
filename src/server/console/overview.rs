//! The overview: what was found, how far cases come, how fast platforms answer, what comes back.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::server::auth::Rights;
use crate::server::console::charts::{Bar, Part, bars, columns};
use crate::server::console::session::{Turned, Visitor};
use crate::server::console::{Frame, page, twin};
use crate::server::problem::Problem;
use crate::server::request::Params;
use crate::server::state::ServerState;
use crate::store::truth::{AnswerTimes, MonthCount, Relisting};
use crate::vocab::ids::PlatformId;

/// Months of the chart.
const MONTHS: usize = 18;

/// The stages of a case's life in order, each with the states that count as having reached it.
const FUNNEL: [(&str, &[&str]); 5] = [
    ("Found", &["drafted"]),
    ("Approved", &["approved"]),
    ("At the platform", &["sent", "delivered", "acknowledged"]),
    ("Answered", &["decided"]),
    ("Seen gone", &["verified-gone"]),
];

#[derive(Deserialize)]
pub(super) struct OverviewQuery {
    platform: Option<String>,
    format: Option<String>,
}

/// Cases that reached a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Stage {
    stage: &'static str,
    cases: u64,
}

/// Everything the page shows, as its JSON twin.
#[derive(Serialize)]
struct Figures {
    platform: Option<String>,
    states: Vec<(String, u64)>,
    funnel: Vec<Stage>,
    months: Vec<MonthCount>,
    answer_times: Vec<AnswerTimes>,
    relisting: Vec<Relisting>,
}

/// One figure as a row of the CSV twin.
#[derive(Serialize)]
struct Row<'a> {
    figure: &'static str,
    of: &'a str,
    part: &'a str,
    value: u64,
}

#[derive(Template)]
#[template(path = "console/overview.html")]
struct OverviewPage {
    frame: Frame,
    figures: Figures,
    platforms: Vec<String>,
    waiting: u64,
    unanswered: u64,
    gone: u64,
    came_back: String,
    by_month: String,
    legend: Vec<(usize, String)>,
    funnel: String,
    response: String,
    relisting: String,
}

/// The greatest number of cases that reached any of a stage's states: a case passes most of them one after the other.
fn funnel_of(stages: &[(String, u64)]) -> Vec<Stage> {
    let reached = |name: &&str| stages.iter().find(|(held, _)| held == name).map_or(0, |(_, cases)| *cases);
    FUNNEL.iter().map(|(stage, states)| Stage { stage, cases: states.iter().map(reached).max().unwrap_or(0) }).collect()
}

fn rows(figures: &Figures) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = figures
        .states
        .iter()
        .map(|(state, cases)| Row { figure: "cases", of: state, part: "", value: *cases })
        .collect();
    rows.extend(figures.funnel.iter().map(|one| Row { figure: "reached", of: one.stage, part: "", value: one.cases }));
    rows.extend(figures.months.iter().map(|one| Row {
        figure: "hits",
        of: &one.month,
        part: &one.category,
        value: one.hits,
    }));
    for one in &figures.answer_times {
        let mut add = |part, value| rows.push(Row { figure: "answers", of: &one.platform, part, value });
        add("answers", one.answers);
        add("median-hours", one.median_hours);
        add("ninth-decile-hours", one.ninth_decile_hours);
    }
    for one in &figures.relisting {
        rows.push(Row { figure: "relisting", of: &one.platform, part: "gone", value: one.gone });
        rows.push(Row { figure: "relisting", of: &one.platform, part: "relisted", value: one.relisted });
    }
    rows
}

fn rate(part: u64, whole: u64) -> String {
    (part * 100 + whole / 2).checked_div(whole).map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"))
}

pub(super) async fn overview(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<OverviewQuery>,
) -> Result<Response, Turned> {
    visitor.who.must_oversee("open this page")?;
    let platform = query.platform.filter(|text| !text.is_empty());
    let of = platform.as_deref().map(PlatformId::parse).transpose();
    let of = of.map_err(|error| Problem::bad_request(error.to_string()))?;
    let figures = state
        .truth(move |truth| {
            let of = of.as_ref();
            Ok(Figures {
                platform,
                states: truth.cases_by_state(of)?,
                funnel: funnel_of(&truth.cases_by_stage(of)?),
                months: truth.hits_by_month(of)?,
                answer_times: truth.answer_times(of)?,
                relisting: truth.relistings(of)?,
            })
        })
        .await?;
    if query.format.as_deref() == Some("json") {
        return Ok(axum::Json(&figures).into_response());
    }
    if let Some(answer) = twin(query.format.as_deref(), &rows(&figures), &["figure", "of", "part", "value"])? {
        return Ok(answer);
    }
    let sum = |names: &[&str]| {
        figures.states.iter().filter(|(name, _)| names.contains(&name.as_str())).map(|(_, cases)| cases).sum::<u64>()
    };
    let (gone, relisted) =
        figures.relisting.iter().fold((0, 0), |(gone, back), one| (gone + one.gone, back + one.relisted));
    let names: BTreeSet<&str> = figures.months.iter().map(|one| one.category.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let mut months: Vec<&str> = figures.months.iter().map(|one| one.month.as_str()).collect();
    months.dedup();
    let months = &months[months.len().saturating_sub(MONTHS)..];
    let stacked: Vec<(String, Vec<Part>)> = months
        .iter()
        .map(|month| {
            let parts = figures.months.iter().filter(|one| one.month == *month).map(|one| Part {
                class: names.iter().position(|name| *name == one.category).unwrap_or(0),
                name: one.category.clone(),
                value: one.hits,
            });
            ((*month).to_owned(), parts.collect())
        })
        .collect();
    let bar = |label: &str, value: u64, words: String| Bar { label: label.to_owned(), value, words };
    let funnel: Vec<Bar> = figures.funnel.iter().map(|one| bar(one.stage, one.cases, one.cases.to_string())).collect();
    let response: Vec<Bar> = figures
        .answer_times
        .iter()
        .map(|one| bar(&one.platform, one.median_hours, format!("{} h", one.median_hours)))
        .collect();
    let relisting: Vec<Bar> = figures
        .relisting
        .iter()
        .map(|one| {
            bar(&one.platform, (one.relisted * 100).checked_div(one.gone).unwrap_or(0), rate(one.relisted, one.gone))
        })
        .collect();
    let shown = OverviewPage {
        frame: Frame::new(&state, "Overview", "overview", &visitor),
        platforms: state.platforms().iter().map(|platform| platform.id.to_string()).collect(),
        waiting: sum(&["drafted", "relisted", "contested"]),
        unanswered: sum(&["approved", "sent", "delivered", "acknowledged", "reopened"]),
        gone,
        came_back: rate(relisted, gone),
        by_month: columns("Hits by month and category", &stacked),
        legend: names.iter().map(|name| (*name).to_owned()).enumerate().collect(),
        funnel: bars("How far cases came", &funnel),
        response: bars("Median hours to the answer, by platform", &response),
        relisting: bars("Share of removed listings that came back, by platform", &relisting),
        figures,
    };
    Ok(page(&shown)?.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_counts_each_case_once() {
        let stages = [("drafted", 9), ("approved", 6), ("sent", 5), ("delivered", 4), ("decided", 2)];
        let stages: Vec<_> = stages.iter().map(|(name, cases)| ((*name).to_owned(), *cases)).collect();
        let cases: Vec<u64> = funnel_of(&stages).iter().map(|stage| stage.cases).collect();
        assert_eq!(cases, [9, 6, 5, 2, 0]);
    }

    #[test]
    fn rates_round_and_nothing_of_nothing_is_no_rate() {
        assert_eq!((rate(1, 3), rate(2, 3), rate(0, 0)), ("33 %".to_owned(), "67 %".to_owned(), "–".to_owned()));
    }
}

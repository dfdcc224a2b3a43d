//! The console: server-rendered pages that work without scripts, by keyboard and with a screen reader.

mod account;
mod archive;
mod capture;
mod charts;
mod inbox;
mod office;
mod overview;
mod queue;
mod record;
mod referral;
mod session;
mod timeline;

use askama::Template;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Serialize;

use crate::archive::export::RowWriter;
use crate::referral::outcome::Decision;
use crate::server::console::session::Visitor;
use crate::server::problem::{PROBLEM_JSON, Problem};
use crate::server::state::ServerState;
use crate::store::truth::Role;
use crate::vocab::time::Timestamp;

const STYLE: &str = include_str!("style.css");

/// The console's routes.
pub(super) fn router() -> Router<ServerState> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/console") }))
        .route("/console", get(account::home))
        .route("/console/style.css", get(style))
        .route("/console/sign-in", get(account::sign_in_form).post(account::sign_in))
        .route("/console/enter/{code}", get(account::enter))
        .route("/console/sign-out", post(account::sign_out))
        .route("/console/inbox", get(inbox::inbox).post(inbox::bulk))
        .route("/console/record", get(record::show))
        .route("/console/queue", get(queue::queue).post(queue::take))
        .route("/console/referrals/{id}", get(referral::show).post(referral::decide))
        .route("/console/referrals/{id}/notice", get(referral::notice))
        .route("/console/referrals/{id}/page/{hit}", get(capture::view))
        .route("/console/referrals/{id}/capture/{hit}", get(capture::frame))
        .route("/console/overview", get(overview::overview))
        .route("/console/archive", get(archive::archive))
        .route("/console/watchlist", get(archive::watchlist))
        .route("/console/platforms", get(office::platforms).post(office::pause))
        .route("/console/scans", get(office::scans))
        .route("/console/audit", get(office::audit))
        .route("/console/tokens", get(account::tokens).post(account::change_token))
        .route("/about-crawler", get(office::about_crawler))
}

async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")], STYLE).into_response()
}

/// What every page of a signed-in person shows around its content.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    title: String,
    owner: String,
    role: Role,
    platform: Option<String>,
    csrf: String,
    here: &'static str,
    now: Timestamp,
}

impl Frame {
    fn new(state: &ServerState, title: impl Into<String>, here: &'static str, visitor: &Visitor) -> Self {
        let who = &visitor.who;
        Frame {
            title: title.into(),
            owner: who.owner.clone(),
            role: who.role,
            platform: who.platform.as_ref().map(ToString::to_string),
            csrf: visitor.csrf.clone(),
            here,
            now: state.now(),
        }
    }

    /// Whether the person decides on cases of all platforms.
    fn decides(&self) -> bool {
        matches!(self.role, Role::Authority | Role::Admin)
    }

    /// Whether the person sees cases at all.
    fn sees_cases(&self) -> bool {
        matches!(self.role, Role::Authority | Role::Admin | Role::Moderator)
    }

    /// Whether the person reads the archive.
    fn researches(&self) -> bool {
        matches!(self.role, Role::Authority | Role::Admin | Role::Researcher)
    }

    /// Whether the person gives out tokens.
    fn administers(&self) -> bool {
        self.role == Role::Admin
    }

    /// How long ago, or until when, in a few letters: `5 min`, `3 h`, `12 d`.
    fn age(&self, at: &Timestamp) -> String {
        let seconds = (self.now.as_millis() - at.as_millis()).unsigned_abs() / 1000;
        match seconds {
            0..60 => "now".to_owned(),
            60..3600 => format!("{} min", seconds / 60),
            3600..172_800 => format!("{} h", seconds / 3600),
            _ => format!("{} d", seconds / 86_400),
        }
    }
}

/// A moment for people: `2026-01-31 14:05 UTC`.
fn moment(at: &Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A number with thin gaps between its thousands.
fn grouped(number: &u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// The decisions a platform may take: name, and what its button says.
pub(super) fn decisions() -> [(&'static str, &'static str); 5] {
    Decision::ALL.map(|decision| (decision.name(), button(decision)))
}

/// A platform's decision as its button says it: [`Decision::words`] with a capital.
fn button(decision: Decision) -> &'static str {
    match decision {
        Decision::Removed => "Removed",
        Decision::Restricted => "Restricted",
        Decision::AccountAction => "Account action",
        Decision::Rejected => "Not a violation",
        Decision::NeedsInformation => "Need more information",
    }
}

/// What is said after an answer. An answer may be given again as long as the case is open, as one just answered is.
pub(super) fn recorded(decision: Decision) -> String {
    format!("Your answer is recorded: {}. You can still change it.", decision.words())
}

/// Pairs as a query string; those without a value are left out.
fn query_text(pairs: &[(&str, Option<String>)]) -> String {
    let mut coded = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in pairs {
        if let Some(value) = value {
            coded.append_pair(key, value);
        }
    }
    coded.finish()
}

/// Renders a page.
pub(super) fn page(template: &impl Template) -> Result<Html<String>, Problem> {
    template.render().map(Html).map_err(|error| Problem::internal(&error))
}

/// A page's twin for machines, when one is asked for.
fn twin<T: Serialize>(format: Option<&str>, rows: &[T], columns: &[&str]) -> Result<Option<Response>, Problem> {
    match format {
        None | Some("html") => Ok(None),
        Some("json") => Ok(Some(axum::Json(rows).into_response())),
        Some("csv") => {
            let write = || -> std::io::Result<Vec<u8>> {
                let mut writer = RowWriter::csv(Vec::new(), columns)?;
                rows.iter().try_for_each(|row| writer.row(row))?;
                Ok(writer.finish()?.1)
            };
            let bytes = write().map_err(|error| Problem::internal(&error))?;
            Ok(Some(([(CONTENT_TYPE, "text/csv; charset=utf-8")], bytes).into_response()))
        }
        Some(other) => Err(Problem::bad_request(format!("no format `{other}`; use html, csv or json"))),
    }
}

#[derive(Template)]
#[template(path = "console/problem.html")]
struct ProblemPage<'a> {
    title: &'a str,
    problem: &'a Problem,
}

/// A failure as a page.
pub(super) fn problem_page(problem: &Problem) -> String {
    ProblemPage { title: &problem.title, problem }.render().unwrap_or_else(|_| PROBLEM_JSON.to_owned())
}

/// One operation of the API, for its page.
struct Operation {
    method: String,
    path: String,
    summary: String,
    parameters: String,
    answers: String,
}

#[derive(Template)]
#[template(path = "console/api.html")]
struct ApiPage {
    title: &'static str,
    operations: Vec<Operation>,
}

/// The readable page of the API's description.
pub(super) fn api_page(document: &serde_json::Value) -> Html<String> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            let names = operation["parameters"].as_array().into_iter().flatten();
            let names: Vec<&str> = names.filter_map(|parameter| parameter["name"].as_str()).collect();
            let answers = operation["responses"].as_object().into_iter().flatten().map(|(status, _)| status.as_str());
            operations.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                summary: operation["summary"].as_str().unwrap_or_default().to_owned(),
                parameters: names.join(", "),
                answers: answers.collect::<Vec<_>>().join(", "),
            });
        }
    }
    Html(ApiPage { title: "API", operations }.render().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_and_sentences_have_the_same_words() {
        for decision in Decision::ALL {
            assert_eq!(button(decision).to_lowercase(), decision.words());
        }
    }
}

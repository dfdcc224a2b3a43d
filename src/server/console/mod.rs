//! The console: server-rendered pages that work without scripts, by keyboard and with a screen reader.

mod account;
mod cases;
mod charts;
mod office;
mod session;

use askama::Template;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Serialize;

use crate::archive::export::RowWriter;
use crate::server::problem::{PROBLEM_JSON, Problem};
use crate::server::state::ServerState;
use crate::store::truth::{Principal, Role};
use crate::vocab::time::Timestamp;

const STYLE: &str = include_str!("style.css");

/// The console's routes.
pub(super) fn router() -> Router<ServerState> {
    Router::new()
        .route("/", get(|| async { Redirect::to("/console") }))
        .route("/console", get(|| async { Redirect::to("/console/inbox") }))
        .route("/console/style.css", get(style))
        .route("/console/sign-in", get(account::sign_in_form).post(account::sign_in))
        .route("/console/enter/{code}", get(account::enter))
        .route("/console/sign-out", post(account::sign_out))
        .route("/console/inbox", get(cases::inbox).post(cases::bulk))
        .route("/console/queue", get(cases::queue))
        .route("/console/referrals/{id}", get(cases::show).post(cases::decide))
        .route("/console/referrals/{id}/notice", get(cases::notice))
        .route("/console/referrals/{id}/capture/{hit}", get(cases::capture))
        .route("/console/overview", get(office::overview))
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
}

impl Frame {
    fn new(title: impl Into<String>, here: &'static str, who: &Principal, csrf: &str) -> Self {
        Frame {
            title: title.into(),
            owner: who.owner.clone(),
            role: who.role,
            platform: who.platform.as_ref().map(ToString::to_string),
            csrf: csrf.to_owned(),
            here,
        }
    }

    /// Whether the person decides on cases of all platforms.
    fn decides(&self) -> bool {
        matches!(self.role, Role::Authority | Role::Admin)
    }

    /// Whether the person gives out tokens.
    fn administers(&self) -> bool {
        self.role == Role::Admin
    }
}

/// A moment for people: `2026-01-31 14:05 UTC`.
fn moment(at: &Timestamp) -> String {
    at.to_jiff().strftime("%Y-%m-%d %H:%M UTC").to_string()
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
pub(super) fn api_page(description: &utoipa::openapi::OpenApi) -> Html<String> {
    let document = serde_json::to_value(description).unwrap_or_default();
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

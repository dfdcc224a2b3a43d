//! The JSON API below `/api/v1`, and its description at `/api/openapi.json`.

mod archive;
mod changes;
mod deliveries;
mod describe;
mod escalations;
mod governance;
mod listings;
mod office;
mod referrals;
mod screening;
mod series;

pub(super) use governance::audit_key;
pub(super) use office::{PlatformView, platform_views};
pub(super) use referrals::{notice_as, outcome_of};

use axum::Router;
use axum::middleware::from_fn_with_state;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::outbound::wire::EventView;
use crate::server::problem::Problem;
use crate::server::query::{self, KnownQueries};
use crate::server::state::ServerState;
use crate::server::{directory, feeds, health};

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("an access token")).build();
        document.components.get_or_insert_default().add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The description's head; paths and shapes come from the handlers.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "listingwatch",
        description = "Referrals of illicit offers to platforms, their answers, and the archive of hits. Failures are RFC 9457 \
                       problem documents. Requests with an unknown parameter, key or value are refused by name. Lists have at most \
                       `limit` rows; a `Link` header with `rel=\"next\"` and the field `next` name what follows.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/", description = "this hub")),
    tags(
        (name = "referrals", description = "For platforms: cases, notices, evidence, answers, feeds."),
        (name = "screening", description = "For platforms: verdicts before publication, and listings handed over."),
        (name = "decisions", description = "For authorities: what leaves, what is taken back, what is looked at again."),
        (name = "archive", description = "For authorities and researchers: hits without personal data."),
        (name = "office", description = "For authorities: agreements, scans, coverage, the audit log, reports."),
        (name = "service", description = "For everyone: health, metrics, who the crawler is."),
        (name = "webhooks", description = "What is posted to a platform's webhook.")
    ),
    paths(feeds::feed, feeds::stream, directory::show, governance::audit_key, health::healthz, health::readyz, health::metrics),
    modifiers(&Bearer),
    security(("token" = [])),
    components(schemas(Problem, EventView))
)]
struct Head;

/// The API's routes and their description.
pub(super) fn router() -> (Router<ServerState>, serde_json::Value) {
    let routes = OpenApiRouter::new()
        .routes(routes!(referrals::list))
        .routes(routes!(referrals::show))
        .routes(routes!(referrals::notice))
        .routes(routes!(referrals::documents))
        .routes(routes!(referrals::document))
        .routes(routes!(referrals::evidence))
        .routes(routes!(referrals::capture))
        .routes(routes!(referrals::outcome))
        .routes(routes!(referrals::acknowledge))
        .routes(routes!(referrals::contest))
        .routes(routes!(referrals::approve))
        .routes(routes!(referrals::dismiss))
        .routes(routes!(referrals::hold))
        .routes(routes!(referrals::release))
        .routes(routes!(referrals::withdraw))
        .routes(routes!(referrals::uphold))
        .routes(routes!(referrals::resend))
        .routes(routes!(referrals::recheck))
        .routes(routes!(referrals::seller))
        .routes(routes!(series::show))
        .routes(routes!(series::approve))
        .routes(routes!(series::dismiss))
        .routes(routes!(series::outcome))
        .routes(routes!(deliveries::of_case))
        .routes(routes!(deliveries::undeliverable))
        .routes(routes!(deliveries::attention))
        .routes(routes!(deliveries::reasons))
        .routes(routes!(deliveries::outcomes))
        .routes(routes!(governance::reveal))
        .routes(routes!(governance::correct))
        .routes(routes!(governance::checkpoints))
        .routes(routes!(escalations::warn))
        .routes(routes!(escalations::draft))
        .routes(routes!(escalations::approve))
        .routes(routes!(escalations::list))
        .routes(routes!(governance::transparency))
        .routes(routes!(governance::actions))
        .routes(routes!(governance::responses))
        .routes(routes!(changes::changes))
        .routes(routes!(archive::hits))
        .routes(routes!(archive::facets))
        .routes(routes!(archive::series))
        .routes(routes!(office::platforms))
        .routes(routes!(office::scans))
        .routes(routes!(office::coverage))
        .routes(routes!(office::watchlist))
        .routes(routes!(office::emerging))
        .routes(routes!(office::audit))
        .routes(routes!(office::jobs))
        .routes(routes!(screening::screen))
        .routes(routes!(listings::post));
    let (routes, document) = OpenApiRouter::with_openapi(Head::openapi()).nest("/api/v1", routes).split_for_parts();
    let description = describe::complete(&document);
    let known = KnownQueries::of(&description);
    (routes.route_layer(from_fn_with_state(known, query::refuse_unknown)), description)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_operation_is_described_with_its_failures() {
        let (_, text) = super::router();
        let mut names = std::collections::BTreeSet::new();
        let paths = text["paths"].as_object().unwrap();
        assert!(paths.len() >= 20, "{}", paths.len());
        for (path, operations) in paths {
            for (method, operation) in operations.as_object().unwrap() {
                let answers = operation["responses"].as_object().unwrap();
                assert!(operation["summary"].is_string(), "{method} {path} has no summary");
                assert!(names.insert(operation["operationId"].as_str().unwrap().to_owned()), "{method} {path}: name");
                if path.starts_with("/api/v1/") {
                    let wait = answers["429"]["$ref"].as_str().unwrap();
                    assert_eq!(wait, "#/components/responses/429", "{method} {path} does not say how long to wait");
                    assert!(answers.contains_key("401"), "{method} {path} does not say what a missing token gets");
                }
                for (status, answer) in answers {
                    let said =
                        answer["$ref"].is_string() || answer["description"].as_str().is_some_and(|it| !it.is_empty());
                    assert!(said, "{method} {path} does not say what {status} means");
                    let schema = &answer["content"]["application/json"]["schema"];
                    assert!(*schema != serde_json::json!({}), "{method} {path} answers {status} with anything");
                }
            }
        }
        assert!(text["components"]["responses"]["429"]["headers"]["Retry-After"].is_object());
    }
}

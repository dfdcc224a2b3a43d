//! Screening: a platform posts a listing before or after publication and gets the verdict in the same call.

use axum::Json;
use axum::extract::State;
use serde_json::Value;
use utoipa::ToSchema;

use crate::detect::screen;
use crate::server::auth::Caller;
use crate::server::problem::Problem;
use crate::server::request::Body;
use crate::server::state::ServerState;
use crate::store::truth::Role;

/// Listings judged in one call.
const LISTINGS_AT_ONCE: usize = 1000;

/// What is judged: a listing, or a list of up to 1,000.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the shape of the body for the API's description; it is read line by line")]
enum ScreenBody {
    /// One listing.
    One(Titled),
    /// One listing.
    Text(Described),
    /// Several listings of the same forms; one that cannot be judged gets an `error` in its place.
    Many(Vec<Value>),
}

/// A listing with a title.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the API's description")]
struct Titled {
    /// The caller's id.
    id: String,
    /// Title.
    #[schema(min_length = 1)]
    title: String,
    /// Text.
    text: Option<String>,
    /// Language.
    lang: Option<String>,
    /// Currency.
    currency: Option<String>,
}

/// A listing without one.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of the body for the API's description")]
struct Described {
    /// The caller's id.
    id: String,
    /// Text.
    #[schema(min_length = 1)]
    text: String,
}

/// Judges one listing, or a list of up to 1,000; nothing is stored. A listing that cannot be judged gets an `error` in its place.
#[utoipa::path(post, path = "/screen", tag = "screening", summary = "Verdict on one listing or up to 1,000, at once",
    request_body = ScreenBody, responses(
    (status = 200, body = serde_json::Value, description = "a verdict for a listing, a list for a list"),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 415, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn screen(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Body(body): Body<Value>,
) -> Result<Json<Value>, Problem> {
    if who.role == Role::Researcher {
        return Err(Problem::forbidden("researchers read the archive; screening is for platforms and authorities"));
    }
    let jurisdictions = match &who.platform {
        Some(id) => state.platform(id)?.referral.jurisdictions.clone(),
        None => Vec::new(),
    };
    let detector = (state.hooks().detector)(());
    let judge = move |number: usize, listing: &Value| -> Result<Value, screen::BadLine> {
        let line = screen::line(&detector, number, &listing.to_string(), &jurisdictions)?;
        Ok(serde_json::to_value(line).unwrap_or_default())
    };
    let work = tokio::task::spawn_blocking(move || match &body {
        Value::Array(listings) if listings.len() > LISTINGS_AT_ONCE => {
            Err(Problem::unprocessable(format!("at most {LISTINGS_AT_ONCE} listings a call")))
        }
        Value::Array(listings) => {
            let verdicts = listings.iter().enumerate().map(|(at, listing)| {
                judge(at + 1, listing).unwrap_or_else(|bad| serde_json::to_value(bad).unwrap_or_default())
            });
            Ok(Value::Array(verdicts.collect()))
        }
        one => judge(1, one).map_err(|bad| Problem::unprocessable(bad.error)),
    });
    match work.await {
        Ok(verdicts) => Ok(Json(verdicts?)),
        Err(error) => Err(Problem::internal(&error)),
    }
}

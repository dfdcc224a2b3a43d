//! Screening: a platform posts a listing before or after publication and gets the verdict in the same call.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use utoipa::ToSchema;

use crate::detect::screen::{self, BadLine, OutputLine};
use crate::listing::input::InputError;
use crate::server::auth::Caller;
use crate::server::problem::Problem;
use crate::server::request::Listed;
use crate::server::state::ServerState;
use crate::store::truth::Role;
use crate::vocab::strict_json::Strict;
use crate::vocab::terms::PageKind;

/// Listings judged in one call.
const LISTINGS_AT_ONCE: usize = 1000;

/// What is judged: a listing, or a list of up to 1,000.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the shape of the body for the API's description; it is read listing by listing")]
enum ScreenBody {
    /// One listing.
    One(Box<ListingToScreen>),
    /// Several; one that cannot be judged gets an `error` in its place.
    Many(Vec<ListingToScreen>),
}

/// A listing to judge: an id, and a title or a text or both. No other keys may stand in it. Mark-up in title and text is read as
/// a browser shows it.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of the body for the API's description")]
struct ListingToScreen {
    /// The caller's id, answered as it came.
    id: IdBody,
    /// Title.
    title: Option<String>,
    /// Text.
    text: Option<String>,
    /// The page it is published at.
    url: Option<String>,
    /// Language.
    lang: Option<String>,
    /// Price, as text or number.
    price: Option<PriceBody>,
    /// Currency.
    currency: Option<String>,
    /// Named attributes: `{"CAS No.": "…"}`.
    attributes: Option<std::collections::BTreeMap<String, Value>>,
    /// What kind of page it stands on. It weighs in the verdict.
    page: Option<PageKind>,
}

/// What comes of a call: a verdict for a listing, a list for a list.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the shape of the answer for the API's description")]
enum Screened {
    /// Of one listing.
    One(Box<OutputLine>),
    /// Of several, in their order.
    Many(Vec<ScreenedLine>),
}

/// What became of one listing of several.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the shape of the answer for the API's description")]
enum ScreenedLine {
    /// It was judged.
    Judged(Box<OutputLine>),
    /// It could not be judged.
    Refused(BadLine),
}

/// An id: text, or a whole number of at most 64 bits.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the shape of the body for the API's description")]
pub(super) enum IdBody {
    /// Text.
    Text(String),
    /// A number.
    Number(i64),
}

/// A price as text or number.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the shape of the body for the API's description")]
pub(super) enum PriceBody {
    /// Text.
    Text(String),
    /// A number.
    Number(f64),
}

/// Judges one listing, or a list of up to 1,000; nothing is stored. A listing that cannot be
/// judged whole, because a key is unknown or its text is over the limit, is refused; in a list it gets an `error` in its place.
#[utoipa::path(post, operation_id = "screen_listings", path = "/screen", tag = "screening", summary = "Verdict on one listing or up to 1,000, at once",
    request_body = ScreenBody, responses(
    (status = 200, body = Screened, description = "a verdict for a listing, a list for a list"),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 415, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn screen(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Listed(Strict(body)): Listed<Strict>,
) -> Result<Response, Problem> {
    if who.role == Role::Researcher {
        return Err(Problem::forbidden("researchers read the archive; screening is for platforms and authorities"));
    }
    let jurisdictions = match &who.platform {
        Some(id) => state.platform(id)?.referral.jurisdictions.clone(),
        None => Vec::new(),
    };
    let detector = (state.hooks().detector)(());
    let limit_bytes = state.hub().listing_bytes;
    let judge = move |listing: &Value| screen::listing_of(&detector, listing, &jurisdictions, limit_bytes);
    let work = tokio::task::spawn_blocking(move || match &body {
        Value::Array(listings) if listings.len() > LISTINGS_AT_ONCE => {
            Err(Problem::unprocessable(format!("at most {LISTINGS_AT_ONCE} listings a call")))
        }
        Value::Array(listings) => judged_side_by_side(listings, &judge).map_err(|error| Problem::internal(&error)),
        one => {
            let line = judge(one).map_err(|error| Problem::unprocessable(error.to_string()))?;
            serde_json::to_string(&line).map_err(|error| Problem::internal(&error))
        }
    });
    match work.await {
        Ok(verdicts) => Ok(([(CONTENT_TYPE, "application/json")], verdicts?).into_response()),
        Err(error) => Err(Problem::internal(&error)),
    }
}

/// Listings that are worth a thread of their own.
const LISTINGS_OF_A_THREAD: usize = 64;

/// Threads that judge one call; the others are left to other callers.
const THREADS: usize = 4;

/// Judges a list, parts of it side by side, and writes the verdicts in their order.
fn judged_side_by_side(
    listings: &[Value],
    judge: &(impl Fn(&Value) -> Result<OutputLine, InputError> + Sync),
) -> Result<String, serde_json::Error> {
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get().min(THREADS));
    let size = listings.len().div_ceil(threads).max(LISTINGS_OF_A_THREAD);
    let write = |(part, listings): (usize, &[Value])| {
        let lines = listings.iter().enumerate().map(|(at, listing)| match judge(listing) {
            Ok(line) => serde_json::to_string(&line),
            Err(error) => serde_json::to_string(&BadLine::of(listing, part * size + at + 1, &error)),
        });
        lines.collect::<Result<Vec<String>, _>>().map(|lines| lines.join(","))
    };
    let parts: Vec<String> = std::thread::scope(|scope| {
        let write = &write;
        let running: Vec<_> = listings.chunks(size).enumerate().map(|part| scope.spawn(move || write(part))).collect();
        let joined = running.into_iter().map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.collect::<Result<_, _>>()
    })?;
    Ok(format!("[{}]", parts.join(",")))
}

//! Push: a platform posts listings; they are judged and, where they are not clear, recorded with evidence.

use axum::extract::State;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::listing::feed::{self, Offered, RowError};
use crate::listing::input::ListingId;
use crate::server::api::screening::{IdBody, PriceBody};
use crate::server::auth::Caller;
use crate::server::identify::Begun;
use crate::server::problem::Problem;
use crate::server::request::{Listed, Params};
use crate::server::state::{PushedCall, PushedListing, ServerState};
use crate::store::truth::Role;
use crate::vocab::ids::PlatformId;
use crate::vocab::strict_json::Strict;
use crate::vocab::terms::{PageKind, Verdict};

/// Listings taken in one call.
const LISTINGS_AT_ONCE: usize = 1000;

/// Characters of a listing's id.
const ID_CHARS: usize = 200;

/// For whom an authority posts; a platform's own token says it.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListingsQuery {
    /// Platform, when the token is not a platform's.
    platform: Option<String>,
}

/// One listing, or a list of up to 1,000.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "the shape of the body for the API's description; it is read listing by listing")]
enum ListingsBody {
    /// One listing.
    One(Box<PostedListing>),
    /// Several; one that cannot be taken in gets an `error` in its place.
    Many(Vec<PostedListing>),
}

/// A listing in the shape of `screen`, with the page it is published at. No other keys may stand in it.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of the body for the API's description")]
struct PostedListing {
    /// The platform's id of it; posting it again updates it. `7` and `"7"` are one id.
    id: IdBody,
    /// The page it is published at, on a host of the platform.
    #[schema(format = "uri")]
    url: String,
    /// Title.
    title: Option<String>,
    /// Text.
    text: Option<String>,
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
    /// Seller's published name; stored as a keyed hash.
    seller: Option<String>,
}

/// What came of a call.
#[derive(Serialize, ToSchema)]
pub(super) struct Pushed {
    /// Listings taken in.
    taken: usize,
    /// Listings refused.
    refused: usize,
    /// Listing by listing, in the order in which they came.
    results: Vec<PushResult>,
}

/// What became of one listing: a verdict, or why it was refused. What cannot be judged in time has an error that asks to send
/// it again.
#[derive(Serialize, ToSchema)]
pub(super) struct PushResult {
    /// The platform's id of it, if it could be read.
    id: Option<ListingId>,
    /// What it was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    /// Its place among those posted, from 1, where it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl PushResult {
    fn refused(id: Option<ListingId>, at: usize, error: String) -> Self {
        PushResult { id, verdict: None, line: Some(at + 1), error: Some(error) }
    }
}

/// Takes in listings a platform posts; each is judged, and recorded with evidence where it is not clear. When the call is
/// answered they are on disk. Posting a listing again under its id updates it.
#[utoipa::path(post, operation_id = "push_listings", path = "/listings", tag = "screening", summary = "Hand over up to 1,000 published listings",
    params(ListingsQuery), request_body = ListingsBody, responses(
    (status = 200, body = Pushed),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
    (status = 415, body = Problem, content_type = "application/problem+json"),
    (status = 422, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn post(
    State(state): State<ServerState>,
    Extension(Begun(begun)): Extension<Begun>,
    Caller(who): Caller,
    Params(query): Params<ListingsQuery>,
    Listed(Strict(body)): Listed<Strict>,
) -> Result<Json<Pushed>, Problem> {
    let id = match (who.role, who.platform, query.platform) {
        (Role::Platform, Some(own), None) => own,
        (Role::Platform, Some(own), Some(asked)) if own.as_str() == asked => own,
        (Role::Platform, ..) => return Err(Problem::forbidden("a platform hands over its own listings")),
        (Role::Authority | Role::Admin, _, Some(asked)) => {
            PlatformId::parse(&asked).map_err(|_| Problem::not_found("platform", &asked))?
        }
        (Role::Authority | Role::Admin, _, None) => {
            return Err(Problem::bad_request("say in `platform` whose listings these are"));
        }
        _ => return Err(Problem::forbidden("listings are handed over by platforms")),
    };
    let platform = state.platform(&id)?;
    if !platform.agreement.in_force(state.now()) {
        return Err(Problem::forbidden("the agreement with the platform is not in force"));
    }
    let limit_bytes = state.hub().listing_bytes;
    let posted = match body {
        Value::Array(posted) if posted.len() > LISTINGS_AT_ONCE => {
            return Err(Problem::unprocessable(format!("at most {LISTINGS_AT_ONCE} listings a call")));
        }
        Value::Array(posted) => posted,
        one => {
            if let Err(wrong) = read(&one, limit_bytes) {
                return Err(Problem::unprocessable(wrong.to_string()));
            }
            vec![one]
        }
    };
    let mut results: Vec<PushResult> = Vec::with_capacity(posted.len());
    let mut pushed: Vec<(usize, PushedListing)> = Vec::new();
    for (at, one) in posted.into_iter().enumerate() {
        match read(&one, limit_bytes) {
            Ok((id, offered)) => {
                pushed.push((at, PushedListing { id: id.to_string(), offered, body: one }));
                results.push(PushResult { id: Some(id), verdict: None, line: None, error: None });
            }
            Err(error) => results.push(PushResult::refused(ListingId::of(&one["id"]), at, error.to_string())),
        }
    }
    let hub = state.clone();
    let (places, listings): (Vec<usize>, Vec<PushedListing>) = pushed.into_iter().unzip();
    let taken =
        tokio::task::spawn_blocking(move || (hub.hooks().take_in)(PushedCall { platform: id, listings, begun }))
            .await
            .map_err(|error| Problem::internal(&error))?
            .map_err(|error| {
                tracing::error!(%error, "listings could not be taken in");
                Problem::unavailable("the store cannot be written now; nothing of the call was taken in")
            })?;
    for (at, outcome) in places.into_iter().zip(taken) {
        match outcome {
            Ok(verdict) => results[at].verdict = Some(verdict),
            Err(error) => results[at] = PushResult::refused(results[at].id.take(), at, error),
        }
    }
    let refused = results.iter().filter(|one| one.error.is_some()).count();
    Ok(Json(Pushed { taken: results.len() - refused, refused, results }))
}

/// Why a posted listing is refused before its platform is asked.
#[derive(Debug, thiserror::Error)]
enum PostedError {
    /// Its id cannot be kept.
    #[error("`id` must be a whole number, or text of 1 to {ID_CHARS} characters without control characters")]
    Id,
    /// It is no listing that can be recorded.
    #[error(transparent)]
    Row(#[from] RowError),
}

fn read(one: &Value, limit_bytes: usize) -> Result<(ListingId, Offered), PostedError> {
    let id = one.get("id").and_then(ListingId::of).ok_or(PostedError::Id)?;
    let words = id.to_string();
    if words.is_empty() || words.chars().count() > ID_CHARS || words.chars().any(char::is_control) {
        return Err(PostedError::Id);
    }
    Ok((id, feed::offered(one, None, limit_bytes)?))
}

//! Pull feeds of one platform: JSON Feed 1.1, Atom, NDJSON, and a stream of server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa::{IntoParams, ToSchema};

use crate::outbound::feeds::{self, FeedHead, FeedItem};
use crate::outbound::wire::{ChangeView, EventData, EventView, Reader};
use crate::referral::changes::{Change, parts_of};
use crate::server::auth::{FeedReader, Rights};
use crate::server::problem::Problem;
use crate::server::request::{Params, limit_of, link_next};
use crate::server::state::ServerState;
use crate::store::truth::{Brought, CaseFilter, FeedEvent, Principal, ReferralRow, TruthError};
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::terms::Message;
use crate::vocab::time::Timestamp;
use crate::vocab::visible::{Keep, visible};

/// Entries of a feed page when nothing is asked.
const ENTRIES: usize = 50;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedQuery {
    /// JSON Feed and Atom: the page of what changed before this change number.
    before: Option<i64>,
    /// NDJSON and stream: only events after this number.
    since: Option<i64>,
    /// Entries, 1 to 1000; 50 unless told, 1000 of NDJSON.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// A server-sent event.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of the answer for the API's description")]
pub(super) struct StreamedEvent {
    /// The event's `sequence`: `Last-Event-ID` of the next connection.
    id: String,
    /// Its `type`.
    event: String,
    /// An `EventView` as JSON.
    data: String,
}

/// JSON Feed 1.1.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of the answer for the API's description")]
pub(super) struct JsonFeed {
    /// `https://jsonfeed.org/version/1.1`.
    version: String,
    /// Title.
    title: String,
    /// The console.
    home_page_url: String,
    /// This feed.
    feed_url: String,
    /// Who publishes it.
    authors: Vec<JsonFeedAuthor>,
    /// Language of the notices.
    language: String,
    /// The page of what changed before, when there is one.
    #[schema(required = false)]
    next_url: Option<String>,
    /// Cases, newest change first.
    items: Vec<JsonFeedItem>,
}

/// Who publishes a feed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of the answer for the API's description")]
struct JsonFeedAuthor {
    /// Name.
    name: String,
}

/// A case in a feed.
#[derive(ToSchema)]
#[expect(dead_code, reason = "the shape of the answer for the API's description")]
struct JsonFeedItem {
    /// A URN; the same for the whole life of the case.
    id: String,
    /// The case in the console.
    url: String,
    /// The first of its listings.
    #[schema(required = false)]
    external_url: Option<String>,
    /// State and title.
    title: String,
    /// The notice as text.
    content_text: String,
    /// The notice as HTML.
    #[schema(required = false)]
    content_html: Option<String>,
    /// State, category, substances.
    tags: Vec<String>,
    /// When the case was opened.
    date_published: Timestamp,
    /// Last change.
    date_modified: Timestamp,
    /// The case as lists show it.
    #[serde(rename = "_listingwatch")]
    referral: ReferralRow,
}

/// One platform's feed; the ending of the name chooses the form.
#[utoipa::path(get, path = "/feeds/{name}", operation_id = "get_feed", tag = "referrals", summary = "A platform's feed",
    params(("name" = String, Path, description = "the platform and the form: `bazaar.json` (JSON Feed 1.1), `bazaar.atom` or `bazaar.ndjson`",
        pattern = "^[a-z0-9-]{2,64}\\.(json|atom|ndjson)$"), FeedQuery), responses(
    (status = 200, description = "the feed", content(
        (JsonFeed = "application/feed+json"), (String = "application/atom+xml"), (String = "application/x-ndjson"))),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 410, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn feed(
    State(state): State<ServerState>,
    FeedReader(who): FeedReader,
    Path(name): Path<String>,
    Params(query): Params<FeedQuery>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("feed", &name);
    let (platform, form) = name.rsplit_once('.').ok_or_else(unknown)?;
    let platform = readable(&state, &who, platform)?;
    match form {
        "ndjson" => {
            let limit = query.limit.map_or(Ok(1000), |limit| limit_of(Some(limit)))?;
            not_here(query.before.is_some(), "before", "NDJSON")?;
            let since = query.since.unwrap_or(0);
            must_be_issued(&state, since).await?;
            let (events, looked, more) = events(&state, &platform, since, limit).await?;
            let mut headers = HeaderMap::new();
            if more {
                link_next(&mut headers, &format!("/feeds/{platform}.ndjson?since={looked}&limit={limit}"));
            }
            Ok((headers, [(CONTENT_TYPE, feeds::NDJSON)], feeds::ndjson(&events)).into_response())
        }
        "json" | "atom" => {
            not_here(query.since.is_some(), "since", "JSON Feed and Atom")?;
            let limit = query.limit.map_or(Ok(ENTRIES), |limit| limit_of(Some(limit)))?;
            let (head, items) = page(&state, &who, &platform, form, query.before, limit).await?;
            if form == "json" {
                let document = feeds::json_feed(&head, &items).to_string();
                return Ok(([(CONTENT_TYPE, feeds::JSON_FEED)], document).into_response());
            }
            // A feed without entries is dated by no clock: the same feed reads the same.
            let document = feeds::atom(&head, &items, Timestamp::EPOCH);
            Ok(([(CONTENT_TYPE, feeds::ATOM)], document).into_response())
        }
        _ => Err(unknown()),
    }
}

/// The platform, if its feed exists for the reader.
fn readable(state: &ServerState, who: &Principal, name: &str) -> Result<PlatformId, Problem> {
    let unknown = || Problem::not_found("feed", name);
    let platform = PlatformId::parse(name).map_err(|_| unknown())?;
    let allowed = match who.reader() {
        Some(Reader::Authority) => true,
        Some(Reader::Platform) => who.platform.as_ref() == Some(&platform),
        None => return Err(Problem::forbidden("this role reads no feeds")),
    };
    if !allowed || state.platform(&platform).is_err() {
        return Err(unknown());
    }
    Ok(platform)
}

async fn page(
    state: &ServerState,
    who: &Principal,
    platform: &PlatformId,
    form: &str,
    before: Option<i64>,
    limit: usize,
) -> Result<(FeedHead, Vec<FeedItem>), Problem> {
    // What a feed shows is what left, whoever reads it.
    let filter = CaseFilter {
        platform: Some(platform.clone()),
        visible_to_platform: true,
        newest_first: true,
        before,
        limit: limit + 1,
        ..CaseFilter::default()
    };
    let mut rows = state.truth(move |truth| truth.referrals(&filter)).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let terms = state.platform(platform)?;
    let base = &state.hub().desk.public_url;
    let feed_url = format!("{base}/feeds/{platform}.{form}");
    let head = FeedHead {
        id: format!("urn:listingwatch:{platform}:referrals"),
        title: format!("Referrals to {}", terms.name),
        home_page_url: format!("{base}/console"),
        next_url: more
            .then(|| rows.last().map_or(0, |row| row.change))
            .map(|change| format!("{feed_url}?before={change}")),
        feed_url,
        author: state.hub().desk.sender.as_ref().map_or_else(|| terms.agreement.authority.clone(), |s| s.name.clone()),
        language: terms.referral.language.clone(),
    };
    let ids: Vec<ReferralId> = rows.iter().filter_map(|row| ReferralId::parse(&row.id).ok()).collect();
    let (desk, to) = (state.clone(), terms.clone());
    let cases = state
        .truth(move |truth| {
            let with_notice = |id: &ReferralId| {
                let full = truth.referral(id)?;
                let notice = or_without(truth.notice_forms(&full, &to, desk.notice_terms(id, full.row.updated)))?;
                Ok::<_, TruthError>((full, notice))
            };
            ids.iter().map(with_notice).collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let mut items = Vec::new();
    for (full, notice) in cases {
        let row = full.row;
        let mut tags = vec![format!("state:{}", row.state)];
        tags.extend(row.category.map(|category| category.to_string()));
        tags.extend(row.substances.iter().take(8).cloned());
        items.push(FeedItem {
            id: format!("urn:listingwatch:{platform}:{}", row.id),
            url: format!("{base}/console/referrals/{}", row.id),
            external_url: row.urls.first().cloned(),
            title: visible(&format!("{}: {}", row.state, row.title), Keep::Lines).into_owned(),
            text: notice.as_ref().map_or_else(|| row.title.clone(), |notice| notice.text.clone()),
            html: notice.as_ref().map(|notice| notice.fragment().to_owned()),
            tags,
            published: row.created,
            updated: row.updated,
            referral: serde_json::to_value(&row).map_err(|error| Problem::internal(&error))?,
        });
    }
    tracing::debug!(owner = %who.owner, platform.id = %platform, "feed of `{platform}` read by {}", who.owner);
    Ok((head, items))
}

/// What happened after `since`, oldest first, and the number up to which was looked. Cases that were taken back come
/// without their notice.
async fn events(
    state: &ServerState,
    platform: &PlatformId,
    since: i64,
    limit: usize,
) -> Result<(Vec<serde_json::Value>, i64, bool), Problem> {
    let (wanted, desk, to) = (platform.clone(), state.clone(), state.platform(platform)?);
    let found: Vec<Told> = state
        .truth(move |truth| {
            let with_case = |event: FeedEvent| {
                let id = ReferralId::parse(&event.referral).map_err(|error| TruthError::Value(error.to_string()))?;
                let changes =
                    if event.message == Message::Changed { truth.changes_told(event.seq)? } else { Vec::new() };
                let full = truth.referral(&id)?;
                let terms = desk.notice_terms(&id, full.row.updated);
                let brought = or_without(truth.told_with(&full, &to, event.seq, terms))?.unwrap_or_default();
                // The texts of its listings are not kept: an event needs none.
                let is_visible = full.lifecycle.is_visible_to_platform();
                Ok(Told { event, row: full.row, is_visible, changes, brought })
            };
            truth.feed_events(&wanted, since, limit)?.into_iter().map(with_case).collect()
        })
        .await?;
    let mut events = Vec::with_capacity(found.len());
    let looked = found.last().map_or(since, |told| told.event.seq);
    let more = found.len() == limit;
    for told in found {
        events.extend(event_view(state, told)?);
    }
    Ok((events, looked, more))
}

/// Refuses a parameter that this form of the feed does not read.
fn not_here(given: bool, name: &str, form: &str) -> Result<(), Problem> {
    if given { Err(Problem::bad_request(format!("{form} has no parameter `{name}`"))) } else { Ok(()) }
}

/// Refuses a place that no event has yet: a hub that was restored from a backup would stay silent until it is reached again.
async fn must_be_issued(state: &ServerState, since: i64) -> Result<(), Problem> {
    if since < 0 {
        return Err(Problem::bad_request("`since` is the `sequence` of an event, or 0"));
    }
    if since > state.truth(|truth| truth.last_event()).await? {
        return Err(Problem::never_issued("since", since));
    }
    Ok(())
}

/// A notice, or none where it was erased, or where a case of before notices were kept lacks a field by now.
fn or_without<T>(notice: Result<T, TruthError>) -> Result<Option<T>, TruthError> {
    match notice {
        Ok(notice) => Ok(Some(notice)),
        Err(TruthError::Erased(_) | TruthError::Notice(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// An event with what the platform is told by it.
struct Told {
    event: FeedEvent,
    row: ReferralRow,
    is_visible: bool,
    changes: Vec<Change>,
    brought: Brought,
}

fn event_view(
    state: &ServerState,
    Told { event, row, is_visible, changes, brought }: Told,
) -> Result<Option<serde_json::Value>, Problem> {
    if !is_visible {
        return Ok(None);
    }
    let url = format!("{}/api/v1/referrals/{}", state.hub().desk.public_url, row.id);
    let view = EventView {
        sequence: event.seq,
        what_changed: parts_of(&event.event, &changes),
        kind: event.message,
        timestamp: event.at,
        data: EventData {
            referral: row,
            notice: brought.notice,
            document: brought.document,
            changes: changes.into_iter().map(ChangeView::from).collect(),
            url: Some(url),
        },
    };
    Ok(Some(serde_json::to_value(&view).map_err(|error| Problem::internal(&error))?))
}

/// How often an open stream looks for news.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a stream stays open. Readers come back with `Last-Event-ID`, and their token is looked at again.
const STREAM_LIFE: Duration = Duration::from_secs(600);

/// Server-sent events: what happened after `since` (or `Last-Event-ID`), then what happens. The data of each is an `EventView`.
#[utoipa::path(get, path = "/feeds/{platform}/stream", operation_id = "stream_events", tag = "referrals", summary = "A platform's events as they happen",
    params(("platform" = String, Path, pattern = "^[a-z0-9-]{2,64}$"), ("Last-Event-ID" = Option<i64>, Header), FeedQuery), responses(
    (status = 200, description = "events; the connection ends after ten minutes and is to be opened again", body = StreamedEvent, content_type = "text/event-stream"),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 410, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn stream(
    State(state): State<ServerState>,
    FeedReader(who): FeedReader,
    Path(platform): Path<String>,
    headers: HeaderMap,
    Params(query): Params<FeedQuery>,
) -> Result<impl IntoResponse, Problem> {
    let platform = readable(&state, &who, &platform)?;
    let last = headers.get("last-event-id").map(|value| value.to_str().ok().and_then(|text| text.parse::<i64>().ok()));
    if last == Some(None) {
        return Err(Problem::bad_request("`Last-Event-ID` is the `sequence` of an event"));
    }
    let last = last.flatten();
    not_here(query.before.is_some(), "before", "the stream")?;
    not_here(query.limit.is_some(), "limit", "the stream")?;
    let mut since: i64 = last.or(query.since).unwrap_or(0);
    must_be_issued(&state, since).await?;
    let (sender, receiver) = mpsc::channel::<Result<Event, Infallible>>(16);
    tokio::spawn(async move {
        let mut stopping = state.stopping();
        let end = state.now().after(STREAM_LIFE);
        while state.now() < end {
            let Ok((found, looked, _)) = events(&state, &platform, since, 100).await else { return };
            since = looked;
            for event in found {
                let kind = event["type"].as_str().unwrap_or("referral.updated").to_owned();
                let sent = Event::default().id(event["sequence"].to_string()).event(kind).data(event.to_string());
                if sender.send(Ok(sent)).await.is_err() {
                    return;
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = sender.closed() => return,
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
    });
    Ok(Sse::new(Received(receiver)).keep_alive(KeepAlive::new().interval(Duration::from_secs(20))))
}

/// A channel's end as a stream.
struct Received(mpsc::Receiver<Result<Event, Infallible>>);

impl futures_core::Stream for Received {
    type Item = Result<Event, Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

//! Referrals: the moderator's list, one case, its notice and evidence, answers, and an authority's decisions.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::outbound::links::Purpose;
use crate::outbound::wire::{CaseView, EvidenceView};
use crate::referral::issued::{FollowingDocument, IssuedHead};
use crate::referral::language;
use crate::referral::notice::Notice;
use crate::referral::outcome::{Decision, Outcome};
use crate::referral::row::ReferralRow;
use crate::referral::state::ReferralState;
use crate::server::auth::{Caller, Rights, visible_case};
use crate::server::evidence::read_capture;
use crate::server::idempotency;
use crate::server::problem::Problem;
use crate::server::request::{Body, Params, limit_of, next_link};
use crate::server::state::ServerState;
use crate::server::work::{self, Ruling};
use crate::store::truth::{CaseFilter, NoticeForms};
use crate::vocab::ids::PlatformId;
use crate::vocab::terms::{CaseState, Category};
use crate::vocab::time::Timestamp;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Only what changed after this: the `next` of an earlier answer. A moment such as `2026-01-31T12:00:00Z` works too.
    #[param(pattern = "^[0-9]{1,18}$")]
    since: Option<String>,
    /// Only this platform.
    #[param(pattern = "^[a-z0-9-]{2,64}$")]
    platform: Option<String>,
    /// Only this state.
    state: Option<CaseState>,
    /// Only this category.
    category: Option<Category>,
    /// Rows, 1 to 1000; 100 unless told.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Referrals, oldest change first.
#[derive(Serialize, ToSchema)]
pub(super) struct ReferralList {
    /// The rows.
    referrals: Vec<ReferralRow>,
    /// Give this as `since` to get what changes later; more may be waiting when `more` is true.
    next: String,
    /// Whether the list was cut at `limit`.
    more: bool,
}

/// Referrals, oldest change first; a case that changes appears again with a greater `change`.
#[utoipa::path(get, operation_id = "list_referrals", path = "/referrals", tag = "referrals", summary = "Referrals, oldest change first", params(ListQuery), responses(
    (status = 200, body = ReferralList), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 410, body = Problem, content_type = "application/problem+json"),
    (status = 429, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Params(query): Params<ListQuery>,
) -> Result<(HeaderMap, Json<ReferralList>), Problem> {
    let limit = limit_of(query.limit)?;
    let (since, updated_from) = since_of(query.since.as_deref(), state.now())?;
    let platform = query.platform.as_deref().map(PlatformId::parse).transpose();
    let platform = platform.map_err(|error| Problem::bad_request(error.to_string()))?;
    // A platform that is not the holder's does not exist for them.
    if let (Some(asked), Some(own)) = (&platform, &who.platform)
        && asked != own
    {
        return Err(Problem::not_found("platform", asked.as_str()));
    }
    if let Some(since) = since.filter(|since| *since > 0)
        && since > state.truth(|truth| truth.last_change()).await?
    {
        return Err(Problem::never_issued("since", since));
    }
    let filter = who.narrow(CaseFilter {
        platform,
        state: query.state.map(|state| state.to_string()),
        category: query.category.map(|category| category.to_string()),
        since,
        updated_from,
        limit: limit + 1,
        ..CaseFilter::default()
    })?;
    let mut rows = state.truth(move |truth| truth.referrals(&filter)).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next =
        rows.last().map_or_else(|| query.since.clone().unwrap_or_else(|| "0".to_owned()), |row| row.change.to_string());
    let mut headers = HeaderMap::new();
    if more {
        let text = |value: Option<String>| value.unwrap_or_default();
        headers = next_link(
            "/api/v1/referrals",
            &[
                ("since", next.clone()),
                ("platform", text(query.platform)),
                ("state", query.state.map_or("", CaseState::as_str).to_owned()),
                ("category", query.category.map_or("", Category::as_str).to_owned()),
                ("limit", limit.to_string()),
            ],
        );
    }
    Ok((headers, Json(ReferralList { referrals: rows, next, more })))
}

fn since_of(text: Option<&str>, now: Timestamp) -> Result<(Option<i64>, Option<Timestamp>), Problem> {
    let Some(text) = text else { return Ok((None, None)) };
    if let Some(change) = text.parse::<i64>().ok().filter(|change| *change >= 0) {
        return Ok((Some(change), None));
    }
    match text.parse::<Timestamp>() {
        Ok(moment) if moment > now => Err(Problem::bad_request(format!("`since` is {moment}, which is to come"))),
        Ok(moment) => Ok((None, Some(moment))),
        Err(_) => Err(Problem::bad_request(
            "`since` is the `next` of an earlier answer, or a moment such as 2026-01-31T12:00:00Z".to_owned(),
        )),
    }
}

/// One case with its listings, marked words, timeline and history.
#[utoipa::path(get, operation_id = "get_referral", path = "/referrals/{id}", tag = "referrals", summary = "One case", params(("id" = String, Path)), responses(
    (status = 200, body = CaseView), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn show(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
) -> Result<Json<CaseView>, Problem> {
    Ok(Json(work::case(&state, &who, &id).await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct NoticeQuery {
    /// `json` (unless told), `text` or `html`.
    #[param(pattern = "^(json|text|html)$")]
    format: Option<String>,
    /// Language instead of the platform's: `en`, `fr`, `es`, `zh`, `ru`, `ar`, `de`.
    #[param(pattern = "^(en|fr|es|zh|ru|ar|de)$")]
    language: Option<String>,
}

/// The complete notice.
#[utoipa::path(get, operation_id = "get_notice", path = "/referrals/{id}/notice", tag = "referrals", summary = "The notice, as JSON, text or HTML",
    params(("id" = String, Path), NoticeQuery), responses(
    (status = 200, description = "the notice", content(
        (Notice = "application/json"), (String = "text/plain"), (String = "text/html"))),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn notice(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
    Params(query): Params<NoticeQuery>,
) -> Result<Response, Problem> {
    if let Some(tag) = query.language.as_deref().filter(|tag| !language::is_known(tag)) {
        let known = language::codes().join(", ");
        return Err(Problem::bad_request(format!("no language `{tag}`; languages are {known}")));
    }
    let notice = work::notice(&state, &who, &id, query.language).await?;
    notice_as(notice, query.format.as_deref().unwrap_or("json"))
}

/// Documents of a case.
#[derive(Serialize, ToSchema)]
pub(super) struct DocumentList {
    /// In the order in which they were written.
    documents: Vec<IssuedHead>,
}

/// The documents of a case: the notice and what followed it, each with its number, date and digests.
#[utoipa::path(get, operation_id = "list_documents", path = "/referrals/{id}/documents", tag = "referrals", summary = "Documents of a case, as they left",
    params(("id" = String, Path)), responses(
    (status = 200, body = DocumentList), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn documents(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
) -> Result<Json<DocumentList>, Problem> {
    Ok(Json(DocumentList { documents: work::documents(&state, &who, &id).await? }))
}

/// A document as JSON: a notice, or what followed it.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    reason = "the shape of the answer for the API's description; documents leave as the bytes that were stored"
)]
enum DocumentBody {
    /// The notice.
    Notice(Box<Notice>),
    /// A reminder, a warning, a correction or a withdrawal.
    Following(Box<FollowingDocument>),
}

/// In which form a document is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentQuery {
    /// `json` (default), `text` or `html`.
    format: Option<String>,
}

/// One document of a case, byte for byte as it left.
#[utoipa::path(get, operation_id = "get_document", path = "/referrals/{id}/documents/{serial}", tag = "referrals", summary = "One document, byte for byte as it left",
    params(("id" = String, Path), ("serial" = u32, Path), DocumentQuery), responses(
    (status = 200, description = "the document", content(
        (DocumentBody = "application/json"), (String = "text/plain"), (String = "text/html"))),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 410, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn document(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path((id, serial)): Path<(String, u32)>,
    Params(query): Params<DocumentQuery>,
) -> Result<Response, Problem> {
    let forms = work::document(&state, &who, &id, serial).await?;
    notice_as(forms, query.format.as_deref().unwrap_or("json"))
}

/// A document in one of its forms.
pub(in crate::server) fn notice_as(notice: NoticeForms, format: &str) -> Result<Response, Problem> {
    match format {
        "json" => Ok(([(header::CONTENT_TYPE, "application/json")], notice.json).into_response()),
        "text" => Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], notice.text).into_response()),
        "html" => Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], notice.html).into_response()),
        other => Err(Problem::bad_request(format!("no format `{other}`; use json, text or html"))),
    }
}

/// What is kept of the pages of a case.
#[derive(Serialize, ToSchema)]
pub(super) struct EvidenceList {
    /// One a listing.
    evidence: Vec<EvidenceView>,
}

/// What is kept of the case's pages: digests and where they lie.
#[utoipa::path(get, operation_id = "list_evidence", path = "/referrals/{id}/evidence", tag = "referrals", summary = "Evidence of a case: digests and records",
    params(("id" = String, Path)), responses(
    (status = 200, body = EvidenceList), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn evidence(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
) -> Result<Json<EvidenceList>, Problem> {
    let case = work::case(&state, &who, &id).await?;
    Ok(Json(EvidenceList { evidence: case.hits.into_iter().map(|hit| hit.evidence).collect() }))
}

/// An HTTP answer, byte for byte: status line, headers, body.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "the shape of the answer for the API's description")]
pub(super) struct Capture(Vec<u8>);

/// The captured HTTP answer of one listing, as it was stored. Each opening is logged.
#[utoipa::path(get, operation_id = "get_capture", path = "/referrals/{id}/evidence/{hit}", tag = "referrals", summary = "The captured page, as stored; each opening is logged",
    params(("id" = String, Path), ("hit" = String, Path)), responses(
    (status = 200, body = Capture, content_type = "application/http"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 410, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn capture(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path((id, hit)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let record = read_capture(&state, &who, &id, &hit).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/http"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"capture.http\""),
    ];
    Ok((headers, record.block().to_vec()).into_response())
}

/// Cases of one seller.
#[derive(Serialize, ToSchema)]
pub(super) struct SellerCases {
    /// Newest change first.
    referrals: Vec<ReferralRow>,
}

/// Cases of the same seller on the platform, the case itself among them, newest change first, at most 1000. A platform sees those that
/// left to it. None where the seller is not known.
#[utoipa::path(get, operation_id = "list_referrals_of_seller", path = "/referrals/{id}/seller", tag = "referrals", summary = "Cases of the same seller on the platform", params(("id" = String, Path)), responses(
    (status = 200, body = SellerCases), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn seller(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
) -> Result<Json<SellerCases>, Problem> {
    let rows = work::of_the_seller(&state, &who, &id, 1000).await?;
    Ok(Json(SellerCases { referrals: rows }))
}

/// A platform's answer.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::server) struct AnswerBody {
    /// `removed`, `restricted`, `account-action`, `rejected` or `needs-information`.
    decision: Decision,
    /// Why: a code of `/outcome-reasons` that goes with the decision, or words.
    #[schema(max_length = 2000)]
    reason: Option<String>,
    /// The platform's own reference.
    #[schema(max_length = 200)]
    reference: Option<String>,
    /// The pages it is for, of the case's `urls`; without them it is for all. Once each page has an answer, the case has: a
    /// question before all else, then what promises most.
    #[schema(min_items = 1, max_items = 10000)]
    urls: Option<Vec<String>>,
}

/// Where a case stands after a step.
#[derive(Serialize, ToSchema)]
pub(super) struct Standing {
    /// The case.
    id: String,
    /// Its state.
    #[schema(value_type = CaseState)]
    state: String,
}

fn standing(id: &str, state: &ReferralState) -> Json<Standing> {
    Json(Standing { id: id.to_owned(), state: state.name().to_owned() })
}

/// Answers a case. Sent again with the same `Idempotency-Key`, nothing happens twice.
#[utoipa::path(post, operation_id = "answer_referral", path = "/referrals/{id}/outcome", tag = "referrals", summary = "A platform's answer", request_body = AnswerBody,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, pattern = "^[!-~]([ -~]{0,198}[!-~])?$")), responses(
    (status = 200, body = Standing), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
            (status = 415, body = Problem, content_type = "application/problem+json"),
            (status = 422, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn outcome(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<AnswerBody>,
) -> Result<Json<Standing>, Problem> {
    let repeat = idempotency::key_of(&headers)?.map(|key| (who.token.clone(), key));
    let (case, platform, _) = visible_case(&state, &who, &id).await?;
    let outcome = outcome_of(body.decision, body.reason, body.reference)?;
    if body.urls.as_ref().is_some_and(Vec::is_empty) {
        return Err(Problem::unprocessable("`urls` is empty; leave it out to answer for all pages"));
    }
    let urls = body.urls.unwrap_or_default();
    let after = work::answer(&state, case, &platform, (outcome, urls), repeat, who.actor()).await?;
    Ok(standing(&id, &after))
}

/// Checks an answer: lengths, and that a published reason goes with its decision; empty texts count as none.
pub(in crate::server) fn outcome_of(
    decision: Decision,
    reason: Option<String>,
    reference: Option<String>,
) -> Result<Outcome, Problem> {
    Outcome::checked(decision, reason.as_deref(), reference.as_deref())
        .map_err(|error| Problem::unprocessable(error.to_string()))
}

/// Confirms receipt.
#[utoipa::path(post, operation_id = "acknowledge_referral", path = "/referrals/{id}/acknowledge", tag = "referrals", summary = "The platform confirms receipt", params(("id" = String, Path)), responses(
    (status = 200, body = Standing), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn acknowledge(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
) -> Result<Json<Standing>, Problem> {
    let after = work::acknowledge(&state, &who, &id).await?;
    Ok(standing(&id, &after))
}

/// An affected party's contest.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContestBody {
    /// The signed part of the contest link in the notice.
    link: String,
    /// Why the referral is wrong.
    #[schema(pattern = "\\S")]
    statement: String,
}

/// Contests a referral by the signed link of its notice; needs no token. A second person decides.
#[utoipa::path(post, operation_id = "contest_referral", path = "/referrals/{id}/contest", tag = "referrals", summary = "The affected party contests, by the link in the notice",
    request_body = ContestBody, params(("id" = String, Path)), security(()), responses(
    (status = 200, body = Standing), (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
    (status = 413, body = Problem, content_type = "application/problem+json"),
            (status = 415, body = Problem, content_type = "application/problem+json"),
            (status = 422, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn contest(
    State(state): State<ServerState>,
    Path(id): Path<String>,
    Body(body): Body<ContestBody>,
) -> Result<Json<Standing>, Problem> {
    let case = state.hub().desk.key.verify(Purpose::Contest, &body.link, state.now());
    let case = case.ok().filter(|case| case.as_str() == id).ok_or_else(|| Problem::unauthorized(false))?;
    // Whoever holds the link learns nothing of a case that the platform cannot see.
    let held = state.look_up(|truth| truth.referral_state(&case))?.1;
    if !held.is_visible_to_platform() {
        return Err(Problem::unauthorized(false));
    }
    let after = work::contest(&state, case, &body.statement).await?;
    Ok(standing(&id, &after))
}

/// Why somebody decides.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonBody {
    /// Why; kept in the case and the audit log.
    #[schema(max_length = 2000, pattern = "\\S")]
    reason: String,
}

fn reason_of(body: ReasonBody) -> Result<String, Problem> {
    let reason = body.reason.trim();
    if reason.is_empty() {
        return Err(Problem::unprocessable("say why in `reason`"));
    }
    Ok(reason.chars().take(2000).collect())
}

async fn decide(
    state: &ServerState,
    who: &crate::store::truth::Principal,
    id: &str,
    ruling: Ruling,
    headers: &HeaderMap,
) -> Result<Json<Standing>, Problem> {
    let key = match idempotency::key_of(headers)? {
        Some(key) => {
            let (_, platform, _) = visible_case(state, who, id).await?;
            Some(format!("{} {platform} {key}", who.token))
        }
        None => None,
    };
    let request = format!("{id} {ruling:?}");
    if let Some(key) = &key
        && let Some(reply) = state.replies().find(key, &request)?
    {
        let held = reply.as_str().unwrap_or_default().to_owned();
        return Ok(Json(Standing { id: id.to_owned(), state: held }));
    }
    let after = work::rule(state, who, id, ruling).await?;
    if let Some(key) = &key {
        state.replies().keep(key, &request, &after.name().into());
    }
    Ok(standing(id, &after))
}

macro_rules! ruling {
    ($(#[$doc:meta])* $name:ident, $path:literal, $summary:literal, $ruling:expr) => {
        $(#[$doc])*
        #[utoipa::path(post, operation_id = concat!(stringify!($name), "_referral"), path = $path, tag = "decisions", summary = $summary,
            params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, pattern = "^[!-~]([ -~]{0,198}[!-~])?$")), responses(
            (status = 200, body = Standing), (status = 400, body = Problem, content_type = "application/problem+json"),
            (status = 401, body = Problem, content_type = "application/problem+json"),
            (status = 403, body = Problem, content_type = "application/problem+json"),
            (status = 404, body = Problem, content_type = "application/problem+json"),
            (status = 409, body = Problem, content_type = "application/problem+json"),
            (status = 422, body = Problem, content_type = "application/problem+json")))]
        pub(super) async fn $name(
            State(state): State<ServerState>,
            Caller(who): Caller,
            Path(id): Path<String>,
            headers: HeaderMap,
        ) -> Result<Json<Standing>, Problem> {
            decide(&state, &who, &id, $ruling, &headers).await
        }
    };
}

macro_rules! ruling_with_reason {
    ($(#[$doc:meta])* $name:ident, $path:literal, $summary:literal, $ruling:path) => {
        $(#[$doc])*
        #[utoipa::path(post, operation_id = concat!(stringify!($name), "_referral"), path = $path, tag = "decisions", summary = $summary, request_body = ReasonBody,
            params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header, pattern = "^[!-~]([ -~]{0,198}[!-~])?$")), responses(
            (status = 200, body = Standing), (status = 400, body = Problem, content_type = "application/problem+json"),
            (status = 401, body = Problem, content_type = "application/problem+json"),
            (status = 403, body = Problem, content_type = "application/problem+json"),
            (status = 404, body = Problem, content_type = "application/problem+json"),
            (status = 409, body = Problem, content_type = "application/problem+json"),
            (status = 413, body = Problem, content_type = "application/problem+json"),
            (status = 415, body = Problem, content_type = "application/problem+json"),
            (status = 422, body = Problem, content_type = "application/problem+json")))]
        pub(super) async fn $name(
            State(state): State<ServerState>,
            Caller(who): Caller,
            Path(id): Path<String>,
            headers: HeaderMap,
            Body(body): Body<ReasonBody>,
        ) -> Result<Json<Standing>, Problem> {
            decide(&state, &who, &id, $ruling(reason_of(body)?), &headers).await
        }
    };
}

ruling!(
    /// Lets a draft go out; refused while its notice lacks a field.
    approve, "/referrals/{id}/approve", "Approve a draft", Ruling::Approve(None)
);
ruling!(
    /// Takes up a held case again.
    release, "/referrals/{id}/release", "End a hold", Ruling::Release
);
ruling!(
    /// Upholds a contested referral; by another person than the one who approved it.
    uphold, "/referrals/{id}/uphold", "Uphold after a contest", Ruling::Uphold
);
ruling!(
    /// Makes undeliverable messages of the case due again.
    resend, "/referrals/{id}/resend", "Send again what was undeliverable", Ruling::Resend
);
ruling_with_reason!(
    /// Closes a draft that is no case.
    dismiss, "/referrals/{id}/dismiss", "Dismiss a draft", Ruling::Dismiss
);
ruling_with_reason!(
    /// Holds a case back; the platform sees nothing of it.
    hold, "/referrals/{id}/hold", "Hold a draft", Ruling::Hold
);
ruling_with_reason!(
    /// Takes a referral back.
    withdraw, "/referrals/{id}/withdraw", "Withdraw a referral", Ruling::Withdraw
);

/// Has the crawler look again soon, if the case waits for a recheck.
#[utoipa::path(post, operation_id = "recheck_referral", path = "/referrals/{id}/recheck", tag = "decisions", summary = "Look at the listing again soon", params(("id" = String, Path)), responses(
    (status = 202, description = "the look is due now"), (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json")))]
pub(super) async fn recheck(
    State(state): State<ServerState>,
    Caller(who): Caller,
    Path(id): Path<String>,
) -> Result<axum::http::StatusCode, Problem> {
    work::recheck_soon(&state, &who, &id).await?;
    Ok(axum::http::StatusCode::ACCEPTED)
}

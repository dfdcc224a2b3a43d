//! Inbox, review queue, one referral.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::detect::watchlist::CATEGORIES;
use crate::outbound::notice_html;
use crate::outbound::wire::{CaseView, ReferralView};
use crate::referral::outcome::Decision;
use crate::referral::state::ReferralState;
use crate::server::api::{notice_as, outcome_of};
use crate::server::auth::{Rights, visible_case};
use crate::server::console::session::{Fields, SignedForm, Turned, Visitor};
use crate::server::console::{Frame, page, twin};
use crate::server::evidence::read_capture;
use crate::server::problem::Problem;
use crate::server::request::Params;
use crate::server::state::ServerState;
use crate::server::work::{self, Ruling, row_view};
use crate::store::truth::{CaseFilter, Principal};
use crate::vocab::ids::PlatformId;

/// Rows of one inbox page.
const ROWS: usize = 50;

#[derive(Deserialize, Default)]
pub(super) struct InboxQuery {
    state: Option<String>,
    platform: Option<String>,
    category: Option<String>,
    before: Option<i64>,
    format: Option<String>,
    said: Option<String>,
}

/// One filter and whether it is chosen.
struct Choice {
    value: String,
    count: Option<u64>,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "console/inbox.html")]
struct InboxPage {
    frame: Frame,
    rows: Vec<ReferralView>,
    states: Vec<Choice>,
    platforms: Vec<Choice>,
    categories: Vec<Choice>,
    decisions: [Decision; 5],
    next: Option<String>,
    twins: String,
    said: Option<String>,
}

fn query_text(pairs: &[(&str, Option<String>)]) -> String {
    let mut coded = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in pairs {
        if let Some(value) = value {
            coded.append_pair(key, value);
        }
    }
    coded.finish()
}

pub(super) async fn inbox(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<InboxQuery>,
) -> Result<Response, Turned> {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (chosen_state, chosen_platform) = (filled(&query.state), filled(&query.platform));
    let chosen_category = filled(&query.category);
    let platform = chosen_platform.as_deref().map(PlatformId::parse).transpose();
    let platform = platform.map_err(|error| Problem::bad_request(error.to_string()))?;
    let most = if query.format.is_some() { 1000 } else { ROWS };
    let filter = visitor.who.narrow(CaseFilter {
        platform,
        state: chosen_state.clone(),
        category: chosen_category.clone(),
        newest_first: true,
        before: query.before,
        limit: most + 1,
        ..CaseFilter::default()
    })?;
    let own = visitor.who.platform.clone();
    let (rows, counts) =
        state.truth(move |truth| Ok((truth.referrals(&filter)?, truth.cases_by_state(own.as_ref())?))).await?;
    let more = rows.len() > most;
    let rows: Vec<ReferralView> = rows.into_iter().take(most).map(row_view).collect();
    let columns = ["id", "platform", "state", "category", "score", "title", "substances", "urls", "created", "updated"];
    if let Some(answer) = twin(query.format.as_deref(), &rows, &columns)? {
        return Ok(answer);
    }
    let frame = Frame::new("Inbox", "inbox", &visitor.who, &visitor.csrf);
    let hidden = |name: &str| !frame.decides() && matches!(name, "drafted" | "held" | "dismissed" | "expired");
    let states = counts.into_iter().filter(|(name, _)| !hidden(name)).map(|(name, count)| Choice {
        chosen: chosen_state.as_ref() == Some(&name),
        value: name,
        count: Some(count),
    });
    let states = states.collect();
    let platforms = if frame.decides() { state.platforms() } else { Vec::new() };
    let choice = |value: &str, chosen: &Option<String>| Choice {
        chosen: chosen.as_deref() == Some(value),
        value: value.to_owned(),
        count: None,
    };
    let kept =
        [("state", chosen_state.clone()), ("platform", chosen_platform.clone()), ("category", chosen_category.clone())];
    let next = more.then(|| {
        let mut pairs = kept.to_vec();
        pairs.push(("before", rows.last().map(|row| row.change.to_string())));
        query_text(&pairs)
    });
    let shown = InboxPage {
        states,
        platforms: platforms.iter().map(|p| choice(p.id.as_str(), &chosen_platform)).collect(),
        categories: CATEGORIES.iter().map(|c| choice(c, &chosen_category)).collect(),
        decisions: Decision::ALL,
        next,
        twins: query_text(&kept),
        said: query.said,
        frame,
        rows,
    };
    Ok(page(&shown)?.into_response())
}

/// Does the same to every case that is ticked; what cannot be done is named, the rest is done.
pub(super) async fn bulk(State(state): State<ServerState>, form: SignedForm) -> Result<Response, Turned> {
    let SignedForm { visitor, fields } = form;
    let (mut done, mut refused) = (0, Vec::new());
    for id in fields.all("ids") {
        match act(&state, &visitor.who, id, &fields).await {
            Ok(_) => done += 1,
            Err(problem) => refused.push(format!("{id}: {}", problem.detail.unwrap_or(problem.title))),
        }
    }
    let said = if done == 0 && refused.is_empty() {
        "nothing was ticked".to_owned()
    } else {
        format!("{done} done. {}", refused.join("; "))
    };
    Ok(Redirect::to(&format!("/console/inbox?{}", query_text(&[("said", Some(said))]))).into_response())
}

/// What a form asks for: `action`, with `reason`, `decision` and `reference` where they belong.
async fn act(state: &ServerState, who: &Principal, id: &str, fields: &Fields) -> Result<ReferralState, Problem> {
    let reason = || fields.must("reason").map(str::to_owned);
    let ruling = match fields.must("action")? {
        "approve" => Ruling::Approve,
        "dismiss" => Ruling::Dismiss(reason()?),
        "hold" => Ruling::Hold(reason()?),
        "release" => Ruling::Release,
        "withdraw" => Ruling::Withdraw(reason()?),
        "uphold" => Ruling::Uphold,
        "resend" => Ruling::Resend,
        "acknowledge" => return work::acknowledge(state, who, id).await,
        "answer" => {
            let decision = Decision::parse(fields.must("decision")?);
            let decision = decision.ok_or_else(|| Problem::unprocessable("choose a decision"))?;
            let text = |name| fields.one(name).map(str::to_owned);
            let outcome = outcome_of(decision, text("reason"), text("reference"))?;
            let (case, platform, _) = visible_case(state, who, id).await?;
            return work::answer(state, case, &platform, outcome, None, who.owner.clone()).await;
        }
        other => return Err(Problem::unprocessable(format!("no action `{other}`"))),
    };
    work::rule(state, who, id, ruling).await
}

/// Hands the oldest draft that nobody else has to the person who asks.
pub(super) async fn queue(State(state): State<ServerState>, visitor: Visitor) -> Result<Response, Turned> {
    visitor.who.must_decide()?;
    for waiting in ["drafted", "relisted", "contested"] {
        let filter = CaseFilter { state: Some(waiting.to_owned()), limit: 500, ..CaseFilter::default() };
        let rows = state.truth(move |truth| truth.referrals(&filter)).await?;
        if let Some(row) = rows.iter().find(|row| state.claim(&row.id, &visitor.who.owner)) {
            return Ok(Redirect::to(&format!("/console/referrals/{}?queue=1", row.id)).into_response());
        }
    }
    Ok(Redirect::to("/console/inbox?said=The+queue+is+empty.").into_response())
}

#[derive(Deserialize)]
pub(super) struct CaseQuery {
    format: Option<String>,
    queue: Option<String>,
    said: Option<String>,
}

#[derive(Template)]
#[template(path = "console/referral.html")]
struct ReferralPage {
    frame: Frame,
    case: CaseView,
    decisions: [Decision; 5],
    in_queue: bool,
    taken_by: Option<String>,
    said: Option<String>,
}

impl ReferralPage {
    fn is(&self, state: &str) -> bool {
        self.case.referral.state == state
    }

    /// A percentage for people: scores are probabilities.
    fn percent(&self) -> String {
        format!("{:.1} %", self.case.referral.score * 100.0)
    }

    fn is_open(&self) -> bool {
        let closed = ["drafted", "held", "dismissed", "withdrawn", "corrected", "expired", "contested"];
        !closed.contains(&self.case.referral.state.as_str())
    }
}

pub(super) async fn show(
    State(state): State<ServerState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Params(query): Params<CaseQuery>,
) -> Result<Response, Turned> {
    let case = work::case(&state, &visitor.who, &id).await?;
    if query.format.as_deref() == Some("json") {
        return Ok(axum::Json(&case).into_response());
    }
    let taken_by = state.claimed_by(&id).filter(|by| *by != visitor.who.owner && visitor.who.must_decide().is_ok());
    let shown = ReferralPage {
        frame: Frame::new(case.referral.title.clone(), "inbox", &visitor.who, &visitor.csrf),
        case,
        decisions: Decision::ALL,
        in_queue: query.queue.is_some(),
        taken_by,
        said: query.said,
    };
    Ok(page(&shown)?.into_response())
}

pub(super) async fn decide(
    State(state): State<ServerState>,
    Path(id): Path<String>,
    form: SignedForm,
) -> Result<Response, Turned> {
    let SignedForm { visitor, fields } = form;
    if fields.one("action") == Some("recheck") {
        work::recheck_soon(&state, &visitor.who, &id).await?;
        return Ok(back(&id, "The crawler looks again soon."));
    }
    let after = act(&state, &visitor.who, &id, &fields).await?;
    if fields.one("queue").is_some() {
        return Ok(Redirect::to("/console/queue").into_response());
    }
    Ok(back(&id, &format!("Done: the case is {after}.")))
}

fn back(id: &str, said: &str) -> Response {
    let query = query_text(&[("said", Some(said.to_owned()))]);
    Redirect::to(&format!("/console/referrals/{id}?{query}")).into_response()
}

#[derive(Template)]
#[template(path = "console/notice.html")]
struct NoticePage {
    frame: Frame,
    id: String,
    body: String,
}

pub(super) async fn notice(
    State(state): State<ServerState>,
    visitor: Visitor,
    Path(id): Path<String>,
    Params(query): Params<CaseQuery>,
) -> Result<Response, Turned> {
    let notice = work::notice(&state, &visitor.who, &id).await?;
    if let Some(format) = query.format.as_deref() {
        return Ok(notice_as(&notice, format)?);
    }
    let frame = Frame::new(format!("Notice of {id}"), "inbox", &visitor.who, &visitor.csrf);
    Ok(page(&NoticePage { frame, id, body: notice_html::fragment(&notice) })?.into_response())
}

/// A captured page may be hostile: it is shown in a sandbox of its own origin, without scripts, forms or outside requests.
const CAPTURE_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; \
                              base-uri 'none'; frame-ancestors 'self'";

pub(super) async fn capture(
    State(state): State<ServerState>,
    visitor: Visitor,
    Path((id, hit)): Path<(String, String)>,
) -> Result<Response, Turned> {
    let record = read_capture(&state, &visitor.who, &id, &hit).await?;
    let kept = record.to_capture().ok_or_else(|| Problem::not_found("captured page", &hit))?;
    // Only HTML is shown as such; whatever else a platform served is text to a browser.
    let kind = match kept.header("content-type").map(str::to_ascii_lowercase) {
        Some(kind) if kind.starts_with("text/html") || kind.starts_with("application/xhtml") => {
            if kind.contains("charset=") && kind.is_ascii() { kind } else { "text/html".to_owned() }
        }
        _ => "text/plain; charset=utf-8".to_owned(),
    };
    let headers =
        [(CONTENT_TYPE, kind.as_str()), (CONTENT_SECURITY_POLICY, CAPTURE_POLICY), (CACHE_CONTROL, "no-store")];
    Ok((headers, kept.body.to_vec()).into_response())
}

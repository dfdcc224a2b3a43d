//! The inbox: cases in groups by what they wait for, filters, the same answer for many.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use crate::referral::outcome::{Decision, Outcome};
use crate::referral::row::ReferralRow;
use crate::referral::state::ReferralState;
use crate::server::api::outcome_of;
use crate::server::auth::{Rights, visible_case};
use crate::server::console::session::{Fields, SignedForm, Turned, Visitor};
use crate::server::console::{Frame, decisions, grouped, page, query_text, twin};
use crate::server::problem::Problem;
use crate::server::request::{Params, link_next};
use crate::server::series;
use crate::server::state::ServerState;
use crate::server::work::{self, Ruling};
use crate::store::truth::{CaseFilter, FOUND_LIMIT, Principal, TruthError};
use crate::vocab::ids::{PlatformId, ReferralId};

/// Rows of one inbox page.
const ROWS: usize = 50;

/// Cases of a series looked through.
const SERIES_ROWS: usize = 1000;

/// Rows of a twin.
const TWIN_ROWS: usize = 1000;

/// Longest text looked for, in characters.
const WORDS_LIMIT: usize = 300;

/// States that belong together for somebody's work.
struct Group {
    key: &'static str,
    name: &'static str,
    states: &'static [&'static str],
}

const fn group(key: &'static str, name: &'static str, states: &'static [&'static str]) -> Group {
    Group { key, name, states }
}

/// What an authority works through.
const AUTHORITY: [Group; 6] = [
    group("review", "To review", &["drafted", "relisted", "contested"]),
    group("platform", "At the platform", &["approved", "sent", "delivered", "acknowledged", "reopened"]),
    group("undelivered", "Not delivered", &["undeliverable"]),
    group("answered", "Answered", &["decided", "verified-gone"]),
    group("closed", "Closed or held", &["queued", "held", "dismissed", "withdrawn", "corrected", "expired"]),
    group("all", "All", &[]),
];

/// What a platform's moderator works through.
const PLATFORM: [Group; 4] = [
    group(
        "open",
        "To answer",
        &["approved", "sent", "delivered", "acknowledged", "reopened", "relisted", "undeliverable"],
    ),
    group("answered", "Answered", &["decided", "verified-gone"]),
    group("closed", "Contested or taken back", &["contested", "withdrawn", "corrected"]),
    group("all", "All", &[]),
];

#[derive(Deserialize, Default)]
pub(super) struct InboxQuery {
    group: Option<String>,
    /// The group in which the filters were set; words look through all.
    within: Option<String>,
    state: Option<String>,
    platform: Option<String>,
    category: Option<String>,
    /// Only cases of this series.
    series: Option<String>,
    /// Only cases of the seller of this case.
    seller_of: Option<String>,
    q: Option<String>,
    before: Option<i64>,
    format: Option<String>,
    said: Option<String>,
}

/// One group as a tab.
struct Tab {
    name: &'static str,
    query: String,
    count: u64,
    here: bool,
}

#[derive(Template)]
#[template(path = "console/inbox.html")]
struct InboxPage {
    frame: Frame,
    rows: Vec<ReferralRow>,
    tabs: Vec<Tab>,
    group: &'static str,
    state: Option<String>,
    platform: Option<String>,
    category: Option<String>,
    words: Option<String>,
    platforms: Vec<String>,
    decisions: [(&'static str, &'static str); 5],
    /// What was answered, by case.
    answered: HashMap<String, Decision>,
    /// Drafts of each series of which rows are shown.
    drafts: HashMap<String, u64>,
    series: Option<String>,
    seller_of: Option<String>,
    /// Where a moderator finds the record of their platform's action.
    record: bool,
    /// What waits to be opened, in words.
    queued: Vec<String>,
    next: Option<String>,
    twins: String,
    here: String,
    said: Option<String>,
}

impl InboxPage {
    /// What was answered to a case, while that stands.
    fn answer(&self, row: &ReferralRow) -> Option<&'static str> {
        let stands = matches!(row.state.as_str(), "decided" | "verified-gone");
        self.answered.get(&row.id).filter(|_| stands).map(|decision| decision.words())
    }

    /// How many other drafts of its series a row stands for.
    fn others(&self, row: &ReferralRow) -> Option<u64> {
        if self.series.is_some() || row.state != "drafted" {
            return None;
        }
        let drafts = self.drafts.get(row.series.as_ref()?)?;
        drafts.checked_sub(1).filter(|others| *others > 0)
    }

    /// Drafts of the series that is shown.
    fn drafts_here(&self) -> u64 {
        self.series.as_ref().and_then(|series| self.drafts.get(series)).copied().unwrap_or(0)
    }

    fn is_filtered(&self) -> bool {
        self.series.is_some()
            || self.seller_of.is_some()
            || self.state.is_some()
            || self.platform.is_some()
            || self.category.is_some()
            || self.words.is_some()
    }
}

pub(super) async fn inbox(
    State(state): State<ServerState>,
    visitor: Visitor,
    Params(query): Params<InboxQuery>,
) -> Result<Response, Turned> {
    let who = &visitor.who;
    let filled =
        |text: &Option<String>| text.clone().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let (chosen_state, chosen_platform, category, chosen_series) =
        (filled(&query.state), filled(&query.platform), filled(&query.category), filled(&query.series));
    let chosen_seller = filled(&query.seller_of);
    let words = filled(&query.q).map(|text| text.chars().take(WORDS_LIMIT).collect::<String>());
    if let Some(id) = words.as_deref().filter(|text| ReferralId::parse(text).is_ok())
        && visible_case(&state, who, id).await.is_ok()
    {
        return Ok(Redirect::to(&format!("/console/referrals/{id}")).into_response());
    }
    let groups: &'static [Group] = if who.must_decide().is_ok() { &AUTHORITY } else { &PLATFORM };
    // Words and a single state look through everything; the tabs are for the daily round.
    let usual = match &query.within {
        _ if chosen_state.is_some() || words.is_some() || chosen_series.is_some() || chosen_seller.is_some() => "all",
        Some(within) => within,
        None => groups[0].key,
    };
    let wanted = query.group.as_deref().unwrap_or(usual);
    let chosen = groups.iter().find(|group| group.key == wanted).unwrap_or(&groups[0]);
    let platform = chosen_platform.as_deref().map(PlatformId::parse).transpose();
    let platform = platform.map_err(|error| Problem::bad_request(error.to_string()))?;
    let most = if query.format.is_some() { TWIN_ROWS } else { ROWS };
    let filter = who.narrow(CaseFilter {
        platform,
        state: chosen_state.clone(),
        category: category.clone(),
        // One draft stands for its series, unless something is looked for.
        unfolded: chosen_state.is_none() && chosen_series.is_none() && chosen.key == AUTHORITY[0].key,
        newest_first: true,
        before: query.before,
        limit: most + 1,
        ..CaseFilter::default()
    })?;
    let of_series = match &chosen_series {
        Some(id) => Some(series::cases(&state, who, id, SERIES_ROWS).await?.1),
        None => None,
    };
    let (counted, looked) = (filter.platform.clone(), words.clone());
    let all: Vec<PlatformId> = match &filter.platform {
        Some(one) => vec![one.clone()],
        None => state.platforms().iter().map(|platform| platform.id.clone()).collect(),
    };
    let states = chosen.states;
    let of_seller = match &chosen_seller {
        Some(id) => Some(work::of_the_seller(&state, who, id, SERIES_ROWS).await?),
        None => None,
    };
    let (mut rows, counts) = state
        .truth(move |truth| {
            let rows = if filter.limit == 0 {
                Vec::new()
            } else if let Some(mut found) = of_seller {
                found.retain(|row| is_asked_for(row, &filter, states));
                found.retain(|row| filter.before.is_none_or(|before| row.change < before));
                found
            } else if let Some(mut found) = of_series {
                found.retain(|row| is_asked_for(row, &filter, states));
                found.retain(|row| filter.before.is_none_or(|before| row.change < before));
                found
            } else if let Some(words) = &looked {
                let mut found = truth.cases_with(words, &all)?;
                found.retain(|row| is_asked_for(row, &filter, states));
                found
            } else if states.is_empty() || filter.state.is_some() {
                truth.referrals(&filter)?
            } else {
                truth.newest_of_states(&filter, states)?
            };
            Ok::<_, TruthError>((rows, truth.cases_by_state(counted.as_ref())?))
        })
        .await?;
    let more = rows.len() > most && words.is_none();
    rows.truncate(if words.is_some() { FOUND_LIMIT } else { most });
    let kept = |group: &str| {
        [
            ("group", Some(group.to_owned())),
            ("platform", chosen_platform.clone()),
            ("category", category.clone()),
            ("q", words.clone()),
            ("series", chosen_series.clone()),
            ("seller_of", chosen_seller.clone()),
        ]
    };
    let mut kept_here = kept(chosen.key).to_vec();
    kept_here.push(("state", chosen_state.clone()));
    let here = query_text(&kept_here);
    let next = more.then(|| {
        let mut pairs = kept_here.clone();
        pairs.push(("before", rows.last().map(|row| row.change.to_string())));
        query_text(&pairs)
    });
    let columns = [
        "id",
        "platform",
        "state",
        "category",
        "severity",
        "score",
        "title",
        "substances",
        "urls",
        "listing_ids",
        "decision",
        "reference",
        "answer_due",
        "created",
        "updated",
    ];
    if let Some(mut answer) = twin(query.format.as_deref(), &rows, &columns)? {
        if let Some(next) = next {
            let format = query.format.unwrap_or_default();
            link_next(answer.headers_mut(), &format!("/console/inbox?{next}&format={format}"));
        }
        return Ok(answer);
    }
    let shown: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let decides = who.must_decide().is_ok();
    let mut all_series: Vec<String> = rows.iter().filter_map(|row| row.series.clone()).collect();
    all_series.sort_unstable();
    all_series.dedup();
    let (answered, drafts, waiting) = state
        .truth(move |truth| {
            let drafts = if decides { truth.drafts_in_series(&all_series)? } else { Vec::new() };
            let waiting = if decides { truth.queued()? } else { Vec::new() };
            Ok((truth.decisions_of(&shown)?, drafts, waiting))
        })
        .await?;
    let queued = waiting.iter().map(|one| {
        let (cases, most) = (grouped(&one.cases), grouped(&one.per_hour));
        format!("{cases} more cases of {} wait: at most {most} are opened in an hour.", one.platform)
    });
    let frame = Frame::new(&state, "Inbox", "inbox", &visitor);
    let count = |states: &[&str]| {
        let of_group = |name: &str| {
            if states.is_empty() {
                groups.iter().any(|group| group.states.contains(&name))
            } else {
                states.contains(&name)
            }
        };
        counts.iter().filter(|(name, _)| of_group(name)).map(|(_, cases)| cases).sum()
    };
    let tabs = groups
        .iter()
        .map(|group| Tab {
            name: group.name,
            query: query_text(&kept(group.key)),
            count: count(group.states),
            here: group.key == chosen.key && chosen_state.is_none(),
        })
        .collect();
    let platforms = if frame.decides() { state.platforms() } else { Vec::new() };
    let shown = InboxPage {
        tabs,
        group: chosen.key,
        platforms: platforms.iter().map(|platform| platform.id.to_string()).collect(),
        decisions: decisions(),
        answered,
        drafts: drafts.into_iter().collect(),
        series: chosen_series,
        seller_of: chosen_seller,
        record: !decides,
        queued: queued.collect(),
        next,
        twins: here.clone(),
        here,
        said: state.said(query.said.as_deref()),
        state: chosen_state,
        platform: chosen_platform,
        category,
        words,
        frame,
        rows,
    };
    Ok(page(&shown)?.into_response())
}

/// Whether a case found by its words belongs into the list asked for.
fn is_asked_for(row: &ReferralRow, filter: &CaseFilter, states: &[&str]) -> bool {
    let hidden = ["queued", "drafted", "held", "dismissed", "expired"];
    filter.platform.as_ref().is_none_or(|only| row.platform == only.as_str())
        && (states.is_empty() || states.contains(&row.state.as_str()))
        && filter.state.as_ref().is_none_or(|state| *state == row.state)
        && filter.category.as_ref().is_none_or(|category| row.category.is_some_and(|held| held.as_str() == category))
        && !(filter.visible_to_platform && hidden.contains(&row.state.as_str()))
}

/// Does the same to every case that is ticked; what cannot be done is named, the rest is done.
pub(super) async fn bulk(State(state): State<ServerState>, form: SignedForm) -> Result<Response, Turned> {
    let SignedForm { visitor, fields } = form;
    let (mut done, mut refused) = (0, Vec::new());
    let answer = fields.one("decision").and_then(Decision::parse);
    let is_answer = fields.one("action") == Some("answer");
    let is_chosen = fields.one("action").is_some() && (!is_answer || answer.is_some());
    if let Some(series) = fields.one("whole_series").filter(|_| is_chosen) {
        let said = with_series(&state, &visitor.who, series, &fields).await?;
        let back = fields.one("here").unwrap_or_default();
        let said = query_text(&[("said", Some(state.say(said)))]);
        return Ok(Redirect::to(&format!("/console/inbox?{}&{said}", only_query(back))).into_response());
    }
    for id in fields.all("ids").filter(|_| is_chosen) {
        match act(&state, &visitor.who, id, &fields).await {
            Ok(_) => done += 1,
            Err(problem) => refused.push(format!("{id}: {}", problem.detail.unwrap_or(problem.title))),
        }
    }
    let said = if !is_chosen {
        "Choose first what to do with the ticked cases.".to_owned()
    } else if done == 0 && refused.is_empty() {
        "Nothing was ticked.".to_owned()
    } else {
        let told = match answer.filter(|_| is_answer) {
            Some(decision) => format!("{done} answered: {}.", decision.words()),
            None => format!("{done} done."),
        };
        format!("{told} {}", refused.join("; "))
    };
    let back = fields.one("here").unwrap_or_default();
    let said = query_text(&[("said", Some(state.say(said)))]);
    Ok(Redirect::to(&format!("/console/inbox?{}&{said}", only_query(back))).into_response())
}

/// Does the same to every case of a series that it can be done to. Answers with what is said of it.
async fn with_series(state: &ServerState, who: &Principal, id: &str, fields: &Fields) -> Result<String, Problem> {
    let told = match fields.must("action")? {
        "approve" => series::rule(state, who, id, &Ruling::Approve(None)).await?,
        "dismiss" => series::rule(state, who, id, &Ruling::Dismiss(fields.must("reason")?.to_owned())).await?,
        "answer" => series::answer(state, who, id, &answer_of(fields)?).await?,
        _ => return Err(Problem::unprocessable("a whole series can be approved, dismissed or answered")),
    };
    let mut said = format!("{} done.", told.done);
    if told.refused > 0 {
        said.push_str(&format!(" {} refused: ", told.refused));
        said.push_str(&told.named.iter().map(|(id, why)| format!("{id}: {why}")).collect::<Vec<_>>().join("; "));
    }
    if told.left > 0 {
        said.push_str(&format!(" {} are left; do it again for them.", told.left));
    }
    Ok(said)
}

/// The answer that a form gives.
fn answer_of(fields: &Fields) -> Result<Outcome, Problem> {
    let decision = Decision::parse(fields.must("decision")?);
    let decision = decision.ok_or_else(|| Problem::unprocessable("choose a decision"))?;
    let text = |name| fields.one(name).map(str::to_owned);
    outcome_of(decision, text("reason"), text("reference"))
}

/// A query string that came back through a form, without anything that would end it.
fn only_query(text: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(url::form_urlencoded::parse(text.as_bytes()))
        .finish()
}

/// What a form asks for: `action`, with `reason`, `decision` and `reference` where they belong.
pub(super) async fn act(
    state: &ServerState,
    who: &Principal,
    id: &str,
    fields: &Fields,
) -> Result<ReferralState, Problem> {
    let reason = || fields.must("reason").map(str::to_owned);
    let ruling = match fields.must("action")? {
        "approve" => Ruling::Approve(fields.one("change").and_then(|change| change.parse().ok())),
        "dismiss" => Ruling::Dismiss(reason()?),
        "hold" => Ruling::Hold(reason()?),
        "release" => Ruling::Release,
        "withdraw" => Ruling::Withdraw(reason()?),
        "uphold" => Ruling::Uphold,
        "resend" => Ruling::Resend,
        "acknowledge" => return work::acknowledge(state, who, id).await,
        "answer" => {
            let outcome = answer_of(fields)?;
            let (case, platform, _) = visible_case(state, who, id).await?;
            let urls = fields.all("url").map(str::to_owned).collect();
            return work::answer(state, case, &platform, (outcome, urls), None, who.actor()).await;
        }
        other => return Err(Problem::unprocessable(format!("no action `{other}`"))),
    };
    work::rule(state, who, id, ruling).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::terms::CaseState;

    #[test]
    fn every_state_has_one_group_and_platforms_see_no_hidden_one() {
        for groups in [&AUTHORITY[..], &PLATFORM[..]] {
            let named: Vec<&str> = groups.iter().flat_map(|group| group.states.iter().copied()).collect();
            for state in CaseState::ALL.map(CaseState::as_str) {
                let hidden = ["queued", "drafted", "held", "dismissed", "expired"].contains(&state);
                let wanted = usize::from(groups.len() == AUTHORITY.len() || !hidden);
                assert_eq!(named.iter().filter(|name| **name == state).count(), wanted, "{state}");
            }
        }
    }

    #[test]
    fn a_query_that_comes_back_stays_a_query() {
        assert_eq!(only_query("group=all&q=a+b"), "group=all&q=a+b");
        assert_eq!(only_query("x\r\nSet-Cookie: a=b"), "x%0D%0ASet-Cookie%3A+a=b");
    }
}

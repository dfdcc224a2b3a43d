//! What is done with a whole series at once: each case keeps its own notice and its own record.

use std::time::{Duration, Instant};

use crate::referral::outcome::Outcome;
use crate::referral::state::ReferralState;
use crate::server::auth::Rights;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::server::work::{self, Ruling};
use crate::store::truth::{Principal, ReferralRow};
use crate::vocab::ids::{PlatformId, ReferralId};

/// Cases moved in one request at most.
const CASES: usize = 1000;

/// How long one request goes on: what is left is told, and another one goes on with it.
const TIME: Duration = Duration::from_secs(15);

/// Refusals that are named.
const NAMED: usize = 20;

/// What became of the cases of a series.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// How many moved.
    pub done: u64,
    /// How many could not be moved.
    pub refused: u64,
    /// The first of them, with the reason.
    pub named: Vec<(String, String)>,
    /// How many are left for another request.
    pub left: u64,
}

impl Done {
    fn note(&mut self, id: &str, moved: Result<ReferralState, Problem>) -> Result<(), Problem> {
        match moved {
            Ok(_) => self.done += 1,
            // The store is in trouble: what moved stays moved.
            Err(problem) if problem.status >= 500 => return Err(problem),
            Err(problem) => {
                self.refused += 1;
                if self.named.len() < NAMED {
                    self.named.push((id.to_owned(), problem.detail.unwrap_or(problem.title).into_string()));
                }
            }
        }
        Ok(())
    }
}

/// The platform of a series, where `who` may see cases of it.
async fn platform_of(state: &ServerState, who: &Principal, series: &str) -> Result<PlatformId, Problem> {
    if who.reader().is_none() {
        return Err(Problem::forbidden("this role sees no referrals"));
    }
    let id = series.to_owned();
    let unknown = || Problem::not_found("series", series);
    let platform = match state.truth(move |truth| truth.platform_of_series(&id)).await {
        Ok(platform) => platform,
        Err(problem) if problem.status == 404 => return Err(unknown()),
        Err(problem) => return Err(problem),
    };
    let may_see = who.sees(&platform, &ReferralState::Approved);
    may_see.then_some(platform).ok_or_else(unknown)
}

/// The cases of a series that `who` may see, newest change first, and how many drafts it has, which only who decides is told.
pub(super) async fn cases(
    state: &ServerState,
    who: &Principal,
    series: &str,
    limit: usize,
) -> Result<(PlatformId, Vec<ReferralRow>, Option<u64>), Problem> {
    let platform = platform_of(state, who, series).await?;
    let (id, decides) = (series.to_owned(), who.must_decide().is_ok());
    let (rows, drafts) = state
        .truth(move |truth| {
            let visible: Vec<&str> = if decides { Vec::new() } else { ReferralState::VISIBLE_TO_PLATFORM.to_vec() };
            let rows = truth.cases_of_series(&id, &visible, limit)?;
            let drafts = truth.drafts_in_series(&[id])?.first().map_or(0, |(_, drafts)| *drafts);
            Ok((rows, drafts))
        })
        .await?;
    if rows.is_empty() {
        return Err(Problem::not_found("series", series));
    }
    Ok((platform, rows, decides.then_some(drafts)))
}

/// Decides on every draft of a series.
pub(super) async fn rule(state: &ServerState, who: &Principal, series: &str, ruling: &Ruling) -> Result<Done, Problem> {
    who.must_decide()?;
    platform_of(state, who, series).await?;
    let id = series.to_owned();
    let drafts = state.truth(move |truth| truth.drafts_of_series(&id, CASES + 1)).await?;
    if drafts.is_empty() {
        return Err(Problem::conflict(format!("`{series}` has no drafts")));
    }
    let (begun, mut told) = (Instant::now(), Done::default());
    for draft in drafts.iter().take(CASES) {
        if begun.elapsed() > TIME {
            break;
        }
        told.note(draft.as_str(), work::rule(state, who, draft.as_str(), ruling.clone()).await)?;
    }
    left(state, series, told).await
}

/// How many drafts are left that were not refused.
async fn left(state: &ServerState, series: &str, told: Done) -> Result<Done, Problem> {
    let id = series.to_owned();
    let drafts = state.truth(move |truth| truth.drafts_in_series(&[id])).await?;
    let drafts = drafts.first().map_or(0, |(_, drafts)| *drafts);
    Ok(Done { left: drafts.saturating_sub(told.refused), ..told })
}

/// States in which a platform has yet to answer.
const UNANSWERED: [&str; 7] =
    ["approved", "sent", "delivered", "acknowledged", "reopened", "relisted", "undeliverable"];

/// Answers every case of a series that waits for an answer.
pub(super) async fn answer(
    state: &ServerState,
    who: &Principal,
    series: &str,
    outcome: &Outcome,
) -> Result<Done, Problem> {
    // Of a series of which nothing left to it, a platform learns nothing.
    let (platform, ..) = cases(state, who, series, 1).await?;
    let id = series.to_owned();
    let rows = state.truth(move |truth| truth.cases_of_series(&id, &UNANSWERED, CASES + 1)).await?;
    if rows.is_empty() {
        return Err(Problem::conflict(format!("no case of `{series}` waits for an answer")));
    }
    let (begun, mut told) = (Instant::now(), Done::default());
    for row in rows.iter().take(CASES) {
        if begun.elapsed() > TIME {
            break;
        }
        let case = ReferralId::parse(&row.id).map_err(|_| Problem::not_found("referral", &row.id))?;
        let answer = (outcome.clone(), Vec::new());
        told.note(&row.id, work::answer(state, case, &platform, answer, None, who.actor()).await)?;
    }
    let id = series.to_owned();
    let waiting = state.truth(move |truth| truth.cases_of_series(&id, &UNANSWERED, CASES + 1)).await?.len() as u64;
    Ok(Done { left: waiting.saturating_sub(told.refused), ..told })
}

//! `demo --platform-sandbox`: the demo from a platform's side. Tokens for an integrator, and an authority that acts by itself: a case
//! every few seconds, now and then one taken back, and listings that come back after they were removed.

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::request::DemoArgs;
use crate::demo::serve::Marketplace;
use crate::engine::dispatch;
use crate::referral::state::{Event, Intervals};
use crate::store::truth::{CaseFilter, ReferralRow, Role, TruthError};
use crate::vocab::actor::{Actor, Job};
use crate::vocab::ids::ReferralId;
use crate::vocab::platform::Platform;
use crate::vocab::terms::CaseState;

/// Between two steps of the authority.
const STEP_EVERY: Duration = Duration::from_secs(4);

/// Of so many steps one takes a case back, and another puts a removed listing up again.
const STEPS_OF_A_ROUND: u64 = 10;

/// Adds the webhook to a platform file of the demo.
///
/// # Errors
/// When the address does not lead to this machine.
pub(super) fn with_webhook(file: &str, args: &DemoArgs) -> Result<String, Failure> {
    let Some(webhook) = &args.webhook else { return Ok(file.to_owned()) };
    let is_local = url::Url::parse(webhook).is_ok_and(|url| {
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        matches!(url.scheme(), "http" | "https") && (host == "localhost" || host.starts_with("127.") || host == "::1")
    });
    if !is_local {
        return Err(Failure::usage(format!("`{webhook}` is no address of this machine"))
            .hint("give --webhook an address such as http://127.0.0.1:9000/hooks"));
    }
    let quoted = toml::Value::from(webhook.as_str());
    Ok(file.replace("channels = [\"feed\"]", &format!("channels = [\"feed\", \"webhook\"]\nwebhook = {quoted}")))
}

/// Prints what an integrator needs, and lets the authority begin.
///
/// # Errors
/// When a token or a key cannot be made.
pub(super) fn start(
    app: &Arc<App>,
    marketplace: &Arc<Marketplace>,
    args: &DemoArgs,
    output: &Output,
) -> Result<(), Failure> {
    let platform = busiest(app)?;
    let actor = super::actor(Some("demo"))?;
    let token = |role: Role, owner: &str| {
        let made = app.rooms.truth.create_token(role, owner, Some(&platform.id), None, &actor, app.rooms.now());
        made.map(|(_, token)| token)
    };
    output.line(format!("platform:        {}", platform.id))?;
    output.line(format!("moderator token: {}", token(Role::Moderator, "sandbox moderator")?))?;
    output.line(format!("machine token:   {}", token(Role::Platform, "sandbox machine")?))?;
    if args.webhook.is_some() {
        let keys =
            app.rooms.keys.webhook(&platform.id).map_err(|error| Failure::new(Exit::Internal, error.to_string()))?;
        let secret = keys.iter().find(|key| key.starts_with("whsec_")).map_or("", String::as_str);
        output.line(format!("webhook secret:  {secret}"))?;
    }
    let (app, marketplace) = (app.clone(), marketplace.clone());
    tokio::spawn(async move {
        for round in 0.. {
            tokio::time::sleep(STEP_EVERY).await;
            if let Err(error) = step(&app, &marketplace, &platform, round, &actor).await {
                tracing::warn!(%error, "the sandbox's authority could not act");
            }
        }
    });
    Ok(())
}

/// The platform with the most drafts: they last longest.
fn busiest(app: &App) -> Result<Arc<Platform>, Failure> {
    let filter = CaseFilter { state: Some(CaseState::Drafted.to_string()), limit: 10_000, ..CaseFilter::default() };
    let drafts = app.rooms.truth.referrals(&filter)?;
    let count = |platform: &Arc<Platform>| drafts.iter().filter(|row| row.platform == platform.id.as_str()).count();
    let most = app.platforms().into_iter().max_by_key(count);
    most.ok_or_else(|| Failure::new(Exit::Internal, "the demo has no platform".to_owned()))
}

/// One step of the authority.
async fn step(
    app: &Arc<App>,
    marketplace: &Marketplace,
    platform: &Arc<Platform>,
    round: u64,
    actor: &Actor,
) -> Result<(), TruthError> {
    let truth = &app.rooms.truth;
    let first_in = |state: CaseState, limit: usize| -> Result<Vec<ReferralRow>, TruthError> {
        truth.referrals(&CaseFilter {
            platform: Some(platform.id.clone()),
            state: Some(state.to_string()),
            limit,
            ..CaseFilter::default()
        })
    };
    let id_of = |row: &ReferralRow| ReferralId::parse(&row.id).map_err(|error| TruthError::Value(error.to_string()));
    match round % STEPS_OF_A_ROUND {
        3 => {
            // The first ones are left to the integrator.
            if let Some(row) = first_in(CaseState::Delivered, 10)?.get(2) {
                let reason = "taken back by the sandbox, to show how that looks".to_owned();
                let policy = &platform.referral;
                let (event, intervals) = (Event::Withdraw { reason }, Intervals::of(policy));
                truth.apply(&id_of(row)?, event, actor, &policy.channels, intervals, app.rooms.now())?;
            }
        }
        5 => {
            if let Some(row) = first_in(CaseState::VerifiedGone, 1)?.first() {
                row.urls.iter().for_each(|url| {
                    marketplace.put_back(url);
                });
                // As the next scan would see it.
                let policy = &platform.referral;
                let (event, intervals) = (Event::SeenAgain, Intervals::of(policy));
                truth.apply(
                    &id_of(row)?,
                    event,
                    &Actor::Job(Job::Scan),
                    &policy.channels,
                    intervals,
                    app.rooms.now(),
                )?;
            }
        }
        _ => {
            // What lacks a ground cannot leave; the next one can.
            for row in first_in(CaseState::Relisted, 1)?.into_iter().chain(first_in(CaseState::Drafted, 20)?) {
                match dispatch::approve(&app.rooms, &id_of(&row)?, platform, actor) {
                    Err(TruthError::Notice(_) | TruthError::Held(_) | TruthError::Step(_)) => {}
                    Err(error) => return Err(error),
                    Ok(_) => break,
                }
            }
        }
    }
    Ok(())
}

//! The record of a platform's action, for those who may see its cases.

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::config::units;
use crate::referral::state::ReferralState;
use crate::report::actions::Record;
use crate::server::auth::Rights;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::truth::Principal;
use crate::vocab::ids::PlatformId;
use crate::vocab::time::Timestamp;

/// A record, and itself and its signature as lines of JSON.
pub(super) struct Found {
    /// The record.
    pub record: Record,
    lines: String,
}

impl Found {
    /// For people to read.
    pub fn as_text(&self) -> Response {
        ([(CONTENT_TYPE, "text/plain; charset=utf-8")], self.record.text()).into_response()
    }

    /// Signed, to be kept.
    pub fn into_signed_lines(self) -> Response {
        let name = format!("attachment; filename=\"record-of-action-{}.jsonl\"", self.record.head.platform);
        let headers = [(CONTENT_TYPE, "application/x-ndjson".to_owned()), (CONTENT_DISPOSITION, name)];
        (headers, self.lines).into_response()
    }
}

/// The record of a platform's action on notices between two days. Without a name it is that of the asker's own platform.
pub(super) async fn of(
    state: &ServerState,
    who: &Principal,
    named: Option<&str>,
    (from, until): (Option<&str>, Option<&str>),
) -> Result<Found, Problem> {
    if who.reader().is_none() {
        return Err(Problem::forbidden("this role sees no referrals"));
    }
    let named = match (named, &who.platform) {
        (Some(named), _) => PlatformId::parse(named).map_err(|error| Problem::bad_request(error.to_string()))?,
        (None, Some(own)) => own.clone(),
        (None, None) => return Err(Problem::bad_request("name the `platform`")),
    };
    if !who.sees(&named, &ReferralState::Approved) {
        return Err(Problem::not_found("platform", named.as_str()));
    }
    let platform = state.platform(&named)?;
    let now = state.now();
    let day = |name: &str, text: Option<&str>, otherwise: Timestamp| match text {
        Some(text) => units::since(text, now)
            .map_err(|error| Problem::bad_request(format!("`{name}`: {error}; write it as 2026-01-31"))),
        None => Ok(otherwise),
    };
    let between = (day("from", from, Timestamp::EPOCH)?, day("until", until, now)?);
    let sender = state.hub().desk.sender.as_ref().map(|sender| sender.name.clone());
    let (record, (line, signature)) = state
        .truth(move |truth| {
            let record = truth.record_of_action(&platform, sender, between, now)?;
            let signed = truth.signed_record(&record)?;
            Ok((record, signed))
        })
        .await?;
    let signature = serde_json::to_string(&signature).map_err(|error| Problem::internal(&error))?;
    Ok(Found { record, lines: format!("{line}\n{signature}\n") })
}

//! Captured pages: opened only by the authority and the platform concerned, each opening logged.

use crate::evidence::audit::Said;
use crate::evidence::warc::Record;
use crate::server::auth::visible_case;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::truth::Principal;

/// The stored record behind a hit of a case that `who` may see. The audit log says who opened it before it is handed out.
pub(super) async fn read_capture(state: &ServerState, who: &Principal, id: &str, hit: &str) -> Result<Record, Problem> {
    let (case, ..) = visible_case(state, who, id).await?;
    let full = state.truth(move |truth| truth.referral(&case)).await?;
    let held = full.hits.into_iter().find(|held| held.id == hit).ok_or_else(|| Problem::not_found("hit", hit))?;
    if let Some(at) = held.capture_destroyed {
        let said = format!("the captured page was destroyed on {} as retention asks; its digest is kept", at.date());
        return Err(Problem::gone(said));
    }
    let (actor, now) = (who.actor(), state.now());
    let subject = held.id.clone();
    let detail = serde_json::json!({ "record": held.warc_record, "referral": full.row.id }).to_string();
    state
        .truth(move |truth| {
            truth.note(&Said { actor: &actor, action: "open-evidence", subject: &subject, detail: &detail }, now)
        })
        .await?;
    let folder = state.hub().warc.clone();
    let read = tokio::task::spawn_blocking(move || {
        crate::archive::warc_reader::read_at(&folder, &held.warc_file, held.warc_offset)
    });
    match read.await {
        Ok(Ok(record)) => Ok(record),
        Ok(Err(error)) => Err(Problem::internal(&error)),
        Err(error) => Err(Problem::internal(&error)),
    }
}

//! Captured pages: opened only by the authority and the platform concerned, each opening logged, and only where the stored
//! record is the one the hit cites.

use crate::archive::ArchiveError;
use crate::archive::warc_reader::read_cited;
use crate::evidence::audit::Said;
use crate::evidence::warc::Record;
use crate::server::auth::visible_case;
use crate::server::problem::Problem;
use crate::server::state::ServerState;
use crate::store::truth::{Citation, Principal};

/// The stored record behind a hit of a case that `who` may see. The audit log says who opened it before it is handed out,
/// and who was refused because it is not the record the hit cites.
pub(super) async fn read_capture(state: &ServerState, who: &Principal, id: &str, hit: &str) -> Result<Record, Problem> {
    let (case, ..) = visible_case(state, who, id).await?;
    let wanted = hit.to_owned();
    let cited = state.truth(move |truth| truth.citation(&case, &wanted)).await?;
    let cited = cited.ok_or_else(|| Problem::not_found("hit", hit))?;
    if let Some(at) = cited.destroyed {
        let said = format!("the captured page was destroyed on {} as retention asks; its digest is kept", at.date());
        return Err(Problem::gone(said));
    }
    let record = cited.record.clone();
    let folder = state.hub().warc.clone();
    let read = tokio::task::spawn_blocking(move || record.map(|record| read_cited(&folder, &record)));
    match read.await {
        Ok(Some(Ok(record))) => {
            note(state, who, "open-evidence", &cited).await?;
            Ok(record)
        }
        Ok(Some(Err(error))) if !error.breaks_citation() => Err(Problem::internal(&error)),
        Ok(broken) => {
            let cause = broken.and_then(Result::err).map(|error: ArchiveError| error.to_string());
            tracing::error!(
                hit.id = %cited.hit, referral.id = %cited.referral, cause,
                "evidence of hit `{}` does not match its citation", cited.hit
            );
            note(state, who, "evidence-mismatch", &cited).await?;
            Err(Problem::evidence_mismatch(hit))
        }
        Err(error) => Err(Problem::internal(&error)),
    }
}

async fn note(state: &ServerState, who: &Principal, action: &'static str, cited: &Citation) -> Result<(), Problem> {
    let record = cited.record.as_ref().map(|record| record.record_id.as_str());
    let detail = serde_json::json!({ "record": record, "referral": cited.referral }).to_string();
    let (actor, subject, now) = (who.actor(), cited.hit.clone(), state.now());
    state.truth(move |truth| truth.note(&Said { actor: &actor, action, subject: &subject, detail: &detail }, now)).await
}

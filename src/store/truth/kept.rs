//! Listings that stood at a place before another one did. What a case was about stays with the case, whatever its seller puts at the
//! address later: its page can be answered, and its evidence read.

use rusqlite::{Connection, OptionalExtension, params};

use crate::referral::state::ReferralState;
use crate::store::truth::TruthError;
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::time::Timestamp;

/// Ordinals from here on are of listings that stood at a place before.
pub(super) const KEPT: u32 = 0x8000_0000;

/// Columns of a hit that are kept as they are.
const COLUMNS: &str = "platform, url, referral, cluster, title, text, price, currency, seller_hash, language, images, identifiers, verdict,
  score, category, assessment, content_digest, minhash, watchlist, warc_file, warc_offset, warc_length, warc_record, payload_digest,
  captured_at, run, first_seen, last_seen, capture_destroyed, page, kind";

/// The ordinal under which a case keeps what stood at a place of a page.
pub(super) fn ordinal(referral: &str, place: u32) -> u32 {
    let bytes = xxhash_rust::xxh3::xxh3_64(format!("{referral}\n{place}").as_bytes()).to_le_bytes();
    KEPT | u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

/// Whether a case keeps a listing in whose place another one came: somebody decided on it, or was told of it.
fn keeps(state: &ReferralState) -> bool {
    !matches!(state, ReferralState::Queued | ReferralState::Drafted | ReferralState::Expired)
}

/// A hit that another listing, or the same one under another case, takes the place of.
pub(super) struct Leaving<'a> {
    /// Its id, which stays with the place.
    pub live: &'a str,
    /// Its case.
    pub referral: &'a str,
    /// Under which id the case keeps it, and as which place.
    pub id: &'a str,
    pub ordinal: u32,
    /// When the other one was seen.
    pub at: Timestamp,
}

/// Leaves a copy of a hit with its case. Answers whether the case keeps one.
pub(super) fn leave(tx: &Connection, leaving: &Leaving<'_>) -> Result<bool, TruthError> {
    let Leaving { live, referral, id, ordinal, at } = *leaving;
    let state: Option<String> = tx
        .prepare_cached("SELECT state_json FROM referrals WHERE id = ?")?
        .query_row([referral], |row| row.get(0))
        .optional()?;
    let state: Option<ReferralState> = state.as_deref().map(serde_json::from_str).transpose()?;
    if !state.as_ref().is_some_and(keeps) {
        return Ok(false);
    }
    forget_hit(tx, id)?;
    let sql = format!(
        "INSERT INTO hits (id, ordinal, gone_at, {COLUMNS}) SELECT ?1, ?2, coalesce(gone_at, ?3), {COLUMNS} FROM hits WHERE id = ?4"
    );
    tx.prepare_cached(&sql)?.execute(params![id, ordinal, at.as_millis(), live])?;
    for sql in [
        "INSERT INTO hits_text (rowid, title, text, names)
           SELECT (SELECT rowid FROM hits WHERE id = ?1), title, text, names FROM hits_text
           WHERE rowid = (SELECT rowid FROM hits WHERE id = ?2)",
        "INSERT OR IGNORE INTO hit_substances (hit, substance) SELECT ?1, substance FROM hit_substances WHERE hit = ?2",
        "INSERT OR IGNORE INTO fingerprints (hit, kind, hash) SELECT ?1, kind, hash FROM fingerprints WHERE hit = ?2",
    ] {
        tx.prepare_cached(sql)?.execute([id, live])?;
    }
    tx.prepare_cached("UPDATE OR IGNORE changes SET hit = ?1 WHERE hit = ?2 AND referral = ?3")?
        .execute([id, live, referral])?;
    Ok(true)
}

/// A listing of the case stands at the page again, as the hit `live`: what was kept of it is no longer needed.
pub(super) fn take_up(
    tx: &Connection,
    (platform, page): (&PlatformId, &str),
    referral: &ReferralId,
    live: &str,
) -> Result<(), TruthError> {
    let mut statement =
        tx.prepare_cached("SELECT id FROM hits WHERE platform = ? AND page = ? AND referral = ? AND ordinal >= ?")?;
    let place = params![platform.as_str(), page, referral.as_str(), KEPT];
    let kept: Vec<String> = statement.query_map(place, |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in kept {
        tx.prepare_cached("UPDATE OR IGNORE changes SET hit = ?1 WHERE hit = ?2")?.execute([live, &id])?;
        forget_hit(tx, &id)?;
    }
    Ok(())
}

/// Forgets a hit and what hangs on it.
pub(super) fn forget_hit(tx: &Connection, hit: &str) -> Result<(), TruthError> {
    for sql in [
        "DELETE FROM changes WHERE hit = ?",
        "DELETE FROM hits_text WHERE rowid = (SELECT rowid FROM hits WHERE id = ?)",
        "DELETE FROM hit_substances WHERE hit = ?",
        "DELETE FROM fingerprints WHERE hit = ?",
        "DELETE FROM hits WHERE id = ?",
    ] {
        tx.prepare_cached(sql)?.execute([hit])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_a_hit_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("truth.db");
        drop(crate::store::truth::Truth::open(&path).unwrap());
        let file = Connection::open(path).unwrap();
        let mut columns: Vec<String> = file
            .prepare("SELECT name FROM pragma_table_info('hits')")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        columns.retain(|name| !["id", "ordinal", "gone_at"].contains(&name.as_str()));
        let mut kept: Vec<&str> = COLUMNS.split(',').map(str::trim).collect();
        columns.sort_unstable();
        kept.sort_unstable();
        assert_eq!(kept, columns);
    }
}

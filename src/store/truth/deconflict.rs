//! Deconfliction: what is held back for another authority's work, and digests exchanged with other hubs.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use crate::detect::assessment::{Assessment, SubstanceFinding};
use crate::evidence::audit::Said;
use crate::referral::deconflict::{Digest, DigestKey, DigestKind};
use crate::referral::state::{Event, Intervals};
use crate::store::truth::steps::transition;
use crate::store::truth::{Truth, TruthError, audit, cases};
use crate::vocab::actor::{Actor, Door, Job};
use crate::vocab::ids::ReferralId;
use crate::vocab::terms::MentionRole;
use crate::vocab::time::Timestamp;

/// What a mark holds back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MarkKind {
    /// Every case with a seller, contact or payment address of this keyed hash.
    Seller,
    /// Every case that offers this substance of the watchlist.
    Substance,
}

impl MarkKind {
    /// The name used in every interface.
    pub fn name(self) -> &'static str {
        match self {
            MarkKind::Seller => "seller",
            MarkKind::Substance => "substance",
        }
    }
}

/// One mark.
#[derive(Debug, Clone, Serialize)]
pub struct Mark {
    /// `seller` or `substance`.
    pub kind: String,
    /// Keyed hash, or id of the watchlist.
    pub value: String,
    /// Why.
    pub reason: String,
    /// Who set it.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// One of our cases that another hub knows something of.
#[derive(Debug, Clone, Serialize)]
pub struct Overlap {
    /// Our case.
    pub referral: String,
    /// Its platform.
    pub platform: String,
    /// Its state.
    pub state: String,
    /// Whose digests match.
    pub source: String,
    /// By what, with how many matches.
    pub kinds: Vec<(String, u64)>,
}

/// The mark that holds a case back, in words; `None` when there is none.
pub(super) fn mark_on(tx: &Connection, referral: &ReferralId) -> Result<Option<String>, TruthError> {
    if let Some((value, reason)) = marked_substance(tx, referral)? {
        return Ok(Some(words(MarkKind::Substance.name(), &value, &reason)));
    }
    let held: Option<(String, String, String)> = tx
        .prepare_cached(
            "SELECT kind, value, reason FROM holds WHERE
               (kind = 'seller' AND value IN
                 (SELECT f.hash FROM fingerprints f JOIN hits h ON h.id = f.hit WHERE h.referral = ?1
                  UNION SELECT seller_hash FROM hits WHERE referral = ?1 AND seller_hash IS NOT NULL)) LIMIT 1",
        )?
        .query_row([referral.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    Ok(held.map(|(kind, value, reason)| words(&kind, &value, &reason)))
}

/// A marked substance that a listing of the case is about, with the reason of the mark.
fn marked_substance(tx: &Connection, referral: &ReferralId) -> Result<Option<(String, String)>, TruthError> {
    let mut statement = tx.prepare_cached(
        "SELECT m.value, m.reason, h.assessment FROM holds m JOIN hit_substances s ON s.substance = m.value JOIN hits h ON h.id = s.hit
         WHERE m.kind = 'substance' AND h.referral = ? ORDER BY m.value",
    )?;
    let mut rows = statement.query([referral.as_str()])?;
    while let Some(row) = rows.next()? {
        let value: String = row.get(0)?;
        if is_about(&serde_json::from_str(&row.get::<_, String>(2)?)?, &value) {
            return Ok(Some((value, row.get(1)?)));
        }
    }
    Ok(None)
}

/// Whether a listing is about a substance: it offers it, or offers nothing and names it. Records of versions that did not tell roles
/// apart count as offers.
fn is_about(assessment: &Assessment, substance: &str) -> bool {
    let offers = |found: &SubstanceFinding| {
        found.matches.iter().any(|place| place.role.is_none_or(|role| role == MentionRole::Offered))
    };
    let of_it = |found: &&SubstanceFinding| found.id == substance;
    assessment.substances.iter().filter(of_it).any(offers)
        || (assessment.emerging.is_empty()
            && !assessment.substances.iter().any(offers)
            && assessment.substances.iter().any(|found| of_it(&found)))
}

fn words(kind: &str, value: &str, reason: &str) -> String {
    format!("{kind} {value} is marked: {reason}")
}

/// Holds a draft or re-listing that a mark concerns, within the caller's transaction.
pub(super) fn hold_if_marked(tx: &Connection, referral: &ReferralId, now: Timestamp) -> Result<(), TruthError> {
    let state: String =
        tx.query_row("SELECT state FROM referrals WHERE id = ?", [referral.as_str()], |row| row.get(0))?;
    if !matches!(state.as_str(), "drafted" | "relisted") {
        return Ok(());
    }
    if let Some(reason) = mark_on(tx, referral)? {
        transition(tx, referral, Event::Hold { reason }, &Actor::Job(Job::Deconfliction), no_intervals(), now)?;
    }
    Ok(())
}

/// Holding and releasing set no times.
fn no_intervals() -> Intervals {
    Intervals { recheck: std::time::Duration::ZERO, renotice: std::time::Duration::ZERO }
}

impl Truth {
    /// Sets a mark, and holds every draft and re-listing it concerns. Answers with the cases held.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn set_mark(
        &self,
        kind: MarkKind,
        values: &[String],
        reason: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<ReferralId>, TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        for value in values {
            tx.execute(
                "INSERT OR REPLACE INTO holds (kind, value, reason, actor, actor_kind, actor_role, actor_door, at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    kind.name(),
                    value,
                    reason,
                    actor.to_string(),
                    actor.kind().name(),
                    actor.role(),
                    actor.door().map(Door::name),
                    now.as_millis()
                ],
            )?;
        }
        let detail = serde_json::json!({ "kind": kind, "values": values, "reason": reason }).to_string();
        audit::append(&tx, &Said { actor, action: "set-mark", subject: kind.name(), detail: &detail }, now)?;
        let waiting = ids(&tx, "SELECT id FROM referrals WHERE state IN ('drafted', 'relisted')")?;
        let mut held = Vec::new();
        for referral in waiting {
            hold_if_marked(&tx, &referral, now)?;
            if state_of(&tx, &referral)? == "held" {
                held.push(referral);
            }
        }
        self.commit(tx)?;
        Ok(held)
    }

    /// Lifts a mark, and releases the cases that only it held. Answers with the cases released.
    ///
    /// # Errors
    /// When there is no such mark, or SQLite refuses.
    pub fn lift_mark(
        &self,
        kind: MarkKind,
        value: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<ReferralId>, TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let gone = tx.execute("DELETE FROM holds WHERE kind = ? AND value = ?", params![kind.name(), value])?;
        if gone == 0 {
            return Err(TruthError::NotFound { kind: "mark", id: format!("{} {value}", kind.name()) });
        }
        let detail = serde_json::json!({ "kind": kind, "value": value }).to_string();
        audit::append(&tx, &Said { actor, action: "lift-mark", subject: kind.name(), detail: &detail }, now)?;
        let mut released = Vec::new();
        // Cases held by hand stay held: their reason is a person's, not the mark's.
        let begin = format!("{} {value} is marked: ", kind.name());
        for referral in ids(&tx, "SELECT id FROM referrals WHERE state = 'held'")? {
            let reason: Option<String> = tx.query_row(
                "SELECT json_extract(state_json, '$.reason') FROM referrals WHERE id = ?",
                [referral.as_str()],
                |row| row.get(0),
            )?;
            if reason.is_some_and(|reason| reason.starts_with(&begin)) && mark_on(&tx, &referral)?.is_none() {
                transition(&tx, &referral, Event::Release, &Actor::Job(Job::Deconfliction), no_intervals(), now)?;
                released.push(referral);
            }
        }
        self.commit(tx)?;
        Ok(released)
    }

    /// All marks, newest first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn marks(&self) -> Result<Vec<Mark>, TruthError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT kind, value, reason, actor, at FROM holds ORDER BY at DESC, value")?;
            let rows = statement.query_map([], |row| {
                Ok(Mark {
                    kind: row.get(0)?,
                    value: row.get(1)?,
                    reason: row.get(2)?,
                    actor: row.get(3)?,
                    at: Timestamp::from_millis(row.get(4)?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Keyed hashes of a case's sellers, contacts and payment addresses.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn fingerprints_of(&self, referral: &ReferralId) -> Result<Vec<String>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT f.hash FROM fingerprints f JOIN hits h ON h.id = f.hit WHERE h.referral = ?1
                 UNION SELECT seller_hash FROM hits WHERE referral = ?1 AND seller_hash IS NOT NULL",
            )?;
            let rows = statement.query_map([referral.as_str()], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Digests of what our cases are about, under a key shared with another hub: addresses of listings, and the sellers,
    /// contacts and payment addresses still in the vault. The audit log names the purpose.
    ///
    /// # Errors
    /// When a store fails.
    pub fn digests_to_share(
        &self,
        key: &DigestKey,
        partner: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Digest>, TruthError> {
        let digests: Vec<Digest> = self.own_digests(key)?.into_iter().map(|(_, digest)| digest).collect();
        let detail = serde_json::json!({ "purpose": "deconfliction", "digests": digests.len() }).to_string();
        self.note(&Said { actor, action: "export-digests", subject: partner, detail: &detail }, now)?;
        let mut distinct = digests;
        // Sorted, so that their order says nothing of ours.
        distinct.sort();
        distinct.dedup();
        Ok(distinct)
    }

    /// Every open case with each of its digests.
    fn own_digests(&self, key: &DigestKey) -> Result<Vec<(String, Digest)>, TruthError> {
        let rows: Vec<(String, String, String)> = self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT r.id, 'url', h.page FROM hits h JOIN referrals r ON r.id = h.referral
                   WHERE r.state NOT IN ('dismissed', 'expired')
                 UNION SELECT r.id, f.kind, f.hash FROM fingerprints f JOIN hits h ON h.id = f.hit
                   JOIN referrals r ON r.id = h.referral WHERE r.state NOT IN ('dismissed', 'expired')",
            )?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        let mut digests = Vec::new();
        for (referral, kind, value) in rows {
            let clear = if kind == "url" { Some(value) } else { self.vault.open_value(&value, &kind)? };
            // A value whose time in the vault is over cannot be compared any more, as it should be.
            if let (Some(clear), Some(kind)) = (clear, DigestKind::of_stored(&kind)) {
                digests.push((referral, key.digest(kind, &clear)));
            }
        }
        Ok(digests)
    }

    /// Keeps another hub's digests until `expires`, in place of those it sent before.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn keep_foreign_digests(
        &self,
        source: &str,
        digests: &[Digest],
        expires: Timestamp,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        tx.execute("DELETE FROM foreign_digests WHERE source = ? OR expires < ?", params![source, now.as_millis()])?;
        for digest in digests {
            tx.prepare_cached(
                "INSERT OR IGNORE INTO foreign_digests (source, kind, digest, expires) VALUES (?, ?, ?, ?)",
            )?
            .execute(params![source, digest.kind.name(), digest.digest, expires.as_millis()])?;
        }
        let detail = serde_json::json!({ "digests": digests.len(), "expires": expires }).to_string();
        audit::append(&tx, &Said { actor, action: "import-digests", subject: source, detail: &detail }, now)?;
        self.commit(tx)
    }

    /// Our cases that `source` knows something of. What else it sent stays digests to us.
    ///
    /// # Errors
    /// When a store fails.
    pub fn overlaps(&self, source: &str, key: &DigestKey, now: Timestamp) -> Result<Vec<Overlap>, TruthError> {
        let own = self.own_digests(key)?;
        self.read(|connection| {
            let mut known = connection.prepare_cached(
                "SELECT 1 FROM foreign_digests WHERE source = ? AND kind = ? AND digest = ? AND expires >= ?",
            )?;
            let mut found: Vec<Overlap> = Vec::new();
            for (referral, digest) in own {
                if !known.exists(params![source, digest.kind.name(), digest.digest, now.as_millis()])? {
                    continue;
                }
                let kind = digest.kind.name().to_owned();
                match found.iter_mut().find(|overlap| overlap.referral == referral) {
                    Some(overlap) => match overlap.kinds.iter_mut().find(|(name, _)| *name == kind) {
                        Some((_, count)) => *count += 1,
                        None => overlap.kinds.push((kind, 1)),
                    },
                    None => {
                        let (platform, state): (String, String) = connection.query_row(
                            "SELECT platform, state FROM referrals WHERE id = ?",
                            [&referral],
                            |row| Ok((row.get(0)?, row.get(1)?)),
                        )?;
                        let source = source.to_owned();
                        found.push(Overlap { referral, platform, state, source, kinds: vec![(kind, 1)] });
                    }
                }
            }
            Ok(found)
        })
    }
}

fn ids(tx: &Connection, sql: &str) -> Result<Vec<ReferralId>, TruthError> {
    let mut statement = tx.prepare_cached(sql)?;
    let ids: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    ids.iter().map(|id| cases::referral_id(id)).collect()
}

fn state_of(tx: &Connection, referral: &ReferralId) -> Result<String, TruthError> {
    Ok(tx.query_row("SELECT state FROM referrals WHERE id = ?", [referral.as_str()], |row| row.get(0))?)
}

//! What a platform did about the notices it got, and the signature under the record of it.

use data_encoding::BASE64;
use ed25519_dalek::pkcs8::DecodePublicKey;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::evidence::audit::checkpoint::key_id;
use crate::referral::notice::Notice;
use crate::referral::outcome::{Decision, Outcome};
use crate::referral::reasons::REASONS;
use crate::referral::state::{Event, ReferralState};
use crate::report::actions::{Action, Head, KIND, Record};
use crate::store::truth::{Truth, TruthError};
use crate::vocab::ids::{PlatformId, Sha256Digest};
use crate::vocab::platform::Platform;
use crate::vocab::terms::Message;
use crate::vocab::time::Timestamp;

/// The second line of a signed record: who signed the first one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordSignature {
    /// SHA-256 of the first line without its end.
    pub digest: String,
    /// Which key signed.
    pub key: String,
    /// Ed25519 signature of the first line without its end, in base 64.
    pub signature: String,
}

impl RecordSignature {
    /// Whether this key signed `line`. `pem` is the public key of the audit log.
    pub fn holds(&self, line: &str, pem: &str) -> bool {
        let Ok(key) = VerifyingKey::from_public_key_pem(pem) else { return false };
        let signature =
            BASE64.decode(self.signature.as_bytes()).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        self.digest == Sha256Digest::of(line.as_bytes()).to_string()
            && signature.is_some_and(|signature| key.verify(line.as_bytes(), &signature).is_ok())
    }
}

/// A case as it is read for the record.
struct Row {
    id: String,
    state: String,
    notified: i64,
    acknowledged: Option<i64>,
    answered: Option<i64>,
    confirmed_gone: Option<i64>,
    taken_back: Option<i64>,
    urls: String,
    substances: String,
    notice: Option<(u32, String, Option<String>)>,
    answer: Option<String>,
    decision: Option<String>,
    pages_answered: u64,
}

impl Truth {
    /// Notices to a platform that left in `from..until`, with what came of them, oldest first.
    ///
    /// # Errors
    /// When SQLite fails.
    fn actions_of(&self, platform: &PlatformId, from: Timestamp, until: Timestamp) -> Result<Vec<Action>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT r.id, r.state, min(e.at), r.urls, r.substances,
                   (SELECT min(at) FROM events x WHERE x.referral = r.id AND x.event = 'acknowledge'),
                   (SELECT min(at) FROM events x WHERE x.referral = r.id AND x.event = 'answer' AND x.state = ?6),
                   CASE WHEN r.state = ?5 THEN
                     (SELECT max(at) FROM events x WHERE x.referral = r.id AND x.event = 'seen-gone' AND x.state = ?5) END,
                   CASE WHEN r.state IN ('withdrawn', 'corrected') THEN
                     (SELECT max(at) FROM events x WHERE x.referral = r.id AND x.event IN ('withdraw', 'correct')) END, r.decision,
                   (SELECT count(*) FROM case_pages p WHERE p.referral = r.id AND p.answer IS NOT NULL)
                 FROM events e JOIN referrals r ON r.id = e.referral
                 WHERE e.platform = ?1 AND e.message = ?2 GROUP BY r.id HAVING min(e.at) >= ?3 AND min(e.at) < ?4
                 ORDER BY min(e.at), r.id",
            )?;
            let gone = ReferralState::VerifiedGone { outcome: None }.name();
            let outcome = Outcome { decision: Decision::Rejected, reason: None, reference: None };
            let decided = ReferralState::Decided { outcome, gone_checks: 0 }.name();
            let values =
                params![platform.as_str(), Message::Created, from.as_millis(), until.as_millis(), gone, decided];
            let mut rows = statement.query(values)?;
            let mut actions = Vec::new();
            while let Some(row) = rows.next()? {
                let id: String = row.get(0)?;
                let held = Row {
                    notice: first_notice(connection, &id)?,
                    answer: last_answer(connection, &id)?,
                    id,
                    state: row.get(1)?,
                    notified: row.get(2)?,
                    urls: row.get(3)?,
                    substances: row.get(4)?,
                    acknowledged: row.get(5)?,
                    answered: row.get(6)?,
                    confirmed_gone: row.get(7)?,
                    taken_back: row.get(8)?,
                    decision: row.get(9)?,
                    pages_answered: row.get(10)?,
                };
                actions.push(action(held)?);
            }
            Ok(actions)
        })
    }

    /// The record of a platform's action on notices that left in `from..until`.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn record_of_action(
        &self,
        platform: &Platform,
        sender: Option<String>,
        (from, until): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Record, TruthError> {
        let audit_entry = self.read(|connection| {
            Ok(connection.query_row("SELECT coalesce(max(seq), 0) FROM audit", [], |row| row.get(0))?)
        })?;
        let agreement = &platform.agreement;
        let head = Head {
            kind: KIND.to_owned(),
            platform: platform.id.to_string(),
            agreement: format!("{} with {}", agreement.reference, agreement.authority),
            sender,
            from,
            until,
            made: now,
            audit_entry,
        };
        Ok(Record::of(head, self.actions_of(&platform.id, from, until)?))
    }

    /// A record as one line of JSON, and the signature of the audit log's key under it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn signed_record(&self, record: &Record) -> Result<(String, RecordSignature), TruthError> {
        let line = serde_json::to_string(record)?;
        let signature = RecordSignature {
            digest: Sha256Digest::of(line.as_bytes()).to_string(),
            key: key_id(&self.signer.public()),
            signature: self.signer.sign(line.as_bytes()),
        };
        Ok((line, signature))
    }
}

type FirstNotice = Option<(u32, String, Option<String>)>;

fn first_notice(connection: &Connection, id: &str) -> Result<FirstNotice, TruthError> {
    use rusqlite::OptionalExtension;
    let mut statement = connection.prepare_cached(
        "SELECT serial, json_digest, json FROM issued WHERE referral = ? AND kind = 'notice' ORDER BY serial LIMIT 1",
    )?;
    Ok(statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?)
}

fn last_answer(connection: &Connection, id: &str) -> Result<Option<String>, TruthError> {
    use rusqlite::OptionalExtension;
    let mut statement = connection
        .prepare_cached("SELECT detail FROM audit WHERE subject = ? AND action = 'answer' ORDER BY seq DESC LIMIT 1")?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

fn action(row: Row) -> Result<Action, TruthError> {
    let urls: Vec<String> = serde_json::from_str(&row.urls)?;
    let mut substances: Vec<String> = serde_json::from_str(&row.substances)?;
    let (mut pages, mut ground) = (urls.len() as u64, Vec::new());
    let (number, digest, json) = match row.notice {
        Some((serial, digest, json)) => (Some(format!("{}/{serial}", row.id)), Some(digest), json),
        None => (None, None, None),
    };
    if let Some(json) = json {
        // What was said then, not what is on record now.
        let notice: Notice = serde_json::from_str(&json)?;
        pages = notice.urls.len() as u64;
        substances = notice.substances.iter().map(|substance| substance.name.clone()).collect();
        for control in notice.substances.iter().flat_map(|substance| &substance.controls) {
            let control = &control.control;
            let since = control.since.as_ref().map(|since| format!(" since {since}")).unwrap_or_default();
            let words = format!("{} {} ({}){since}", control.instrument, control.schedule, control.jurisdiction);
            if !ground.contains(&words) {
                ground.push(words);
            }
        }
    }
    let outcome = match row.answer.as_deref().map(serde_json::from_str::<Event>).transpose()? {
        Some(Event::Answer { outcome, of_pages }) => Some(of_pages.map_or(outcome, |some| some.outcome)),
        _ => None,
    };
    let at = |millis: Option<i64>| millis.map(Timestamp::from_millis);
    Ok(Action {
        referral: row.id,
        notice: number,
        notice_digest: digest,
        notified: Timestamp::from_millis(row.notified),
        pages,
        substances,
        ground,
        acknowledged: at(row.acknowledged),
        answered: at(row.answered),
        decision: row.decision,
        pages_answered: row.pages_answered,
        // Words of a person may name somebody; codes do not.
        reason: outcome
            .as_ref()
            .and_then(|outcome| outcome.reason.clone())
            .filter(|reason| REASONS.iter().any(|known| known.code == reason)),
        reference: outcome.and_then(|outcome| outcome.reference),
        confirmed_gone: at(row.confirmed_gone),
        taken_back: at(row.taken_back),
        state: row.state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::truth::cases;
    use crate::vocab::ids::ReferralId;

    #[test]
    fn a_withdrawal_is_dated_by_its_step_whatever_is_seen_of_the_listing_later() {
        let folder = tempfile::tempdir().unwrap();
        let truth = Truth::open(&folder.path().join("truth.db")).unwrap();
        let assessment = r#"{"verdict":"refer","score":1.0,"category":null,"decision":null,"substances":[],"context":[],"emerging":[],
          "reasons":[],"watchlist":"w"}"#;
        truth
            .writer()
            .execute_batch(&format!(
                "INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, title, score, substances, urls,
                   change, created, updated, history)
                 VALUES ('R-1', 'bazaar', 'C-1', 0, 'withdrawn', '{{\"state\":\"withdrawn\",\"reason\":\"x\"}}', 'refer', 't', 1.0, '[]', '[]',
                   1, 1, 20, '[]');
                 INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES
                   ('R-1', 'bazaar', 10, 'anna', 'approve', 'approved', 'referral.created'),
                   ('R-1', 'bazaar', 20, 'anna', 'withdraw', 'withdrawn', 'referral.withdrawn');
                 INSERT INTO hits (id, platform, url, ordinal, referral, cluster, title, text, images, identifiers, verdict, score,
                   assessment, content_digest, minhash, watchlist, warc_file, warc_offset, warc_length, warc_record,
                   payload_digest, captured_at, run, first_seen, last_seen, page)
                 VALUES ('H-1', 'bazaar', 'https://shop.example.test/1', 0, 'R-1', 'C-1', 'another title', 'x', '[]', '[]', 'refer', 1.0,
                   '{assessment}', 'd', x'00', 'w', 'f', 0, 1, 'r', 'p', 1, 'run', 1, 1, 'https://shop.example.test/1');"
            ))
            .unwrap();
        let case = ReferralId::parse("R-1").unwrap();
        cases::refresh(&truth.writer(), &case, Timestamp::from_millis(30)).unwrap();
        truth.recompute_series(&truth.writer(), &case, Timestamp::from_millis(40)).unwrap();
        let (title, updated): (String, i64) = truth
            .writer()
            .query_row("SELECT title, updated FROM referrals", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!((title.as_str(), updated), ("another title", 20));
        truth.writer().execute("UPDATE referrals SET updated = 50", []).unwrap();
        let bazaar = PlatformId::parse("bazaar").unwrap();
        let actions = truth.actions_of(&bazaar, Timestamp::EPOCH, Timestamp::from_millis(100)).unwrap();
        assert_eq!(actions[0].taken_back, Some(Timestamp::from_millis(20)));
    }
}

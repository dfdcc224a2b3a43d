//! Judging stored hits again when the watchlist changed: what the newer verdict does to the archive and to the cases.
//!
//! A case that left stays as it was sent, whatever the list says now: nothing is sent twice, and what was sent can be read
//! again. What has not left follows the newer verdict. A cluster decided against comes back only when the newer list says
//! more of it, as a new case that cites the old answer.

use std::collections::HashSet;

use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params, params_from_iter};
use serde::Serialize;

use crate::detect::assessment::{Assessment, Verdict};
use crate::evidence::audit::Said;
use crate::evidence::warc::WarcRef;
use crate::referral::history::{Because, Earlier, HistoryLine};
use crate::referral::state::{Event, Intervals, ReferralState};
use crate::store::truth::hits::{HitRecord, Opening, TEXT_LIMIT_CHARS, index};
use crate::store::truth::kept::KEPT;
use crate::store::truth::personal::{Parted, Published, add_fingerprints};
use crate::store::truth::steps::transition;
use crate::store::truth::{Truth, TruthError, audit, cases, deconflict, personal, query, search};
use crate::store::vault::ClearValue;
use crate::vocab::actor::{Actor, Job};
use crate::vocab::ids::{ClusterId, PlatformId, ReferralId};
use crate::vocab::time::Timestamp;

/// A hit as it is stored: how it was judged, and where what was judged lies.
#[derive(Debug, Clone)]
pub struct StoredHit {
    /// Hit id.
    pub id: String,
    /// Its case.
    pub referral: ReferralId,
    /// State of the case.
    pub state: ReferralState,
    /// Platform.
    pub platform: PlatformId,
    /// Page.
    pub url: String,
    /// Title.
    pub title: String,
    /// How it was judged.
    pub assessment: Assessment,
    /// The key its page is known under.
    pub page: String,
    /// Its cluster.
    pub cluster: ClusterId,
    /// When a visit saw it last.
    pub last_seen: Timestamp,
    /// Its place on its page, or among what was handed over.
    pub ordinal: u32,
    /// Digest of its folded text, before contacts were hidden in it.
    pub content_digest: String,
    /// The record that holds the page; none where the capture was destroyed.
    pub warc: Option<WarcRef>,
}

/// What the newer verdict did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Rejudged {
    /// The open case follows it.
    Updated,
    /// Nothing is left of the draft: it was dismissed.
    Dismissed,
    /// A new case, because the list says more than when the old one was decided.
    Opened {
        /// The new case.
        case: ReferralId,
    },
    /// The case was decided against, and the list says no more than then.
    Settled,
    /// The case left, and stays as it was sent.
    LeftAsSent,
}

/// How two assessments of one listing differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Substances and emerging names found before and not now.
    pub lost: Vec<String>,
    /// Found now and not before.
    pub gained: Vec<String>,
    /// Substances whose controls differ.
    pub controls: Vec<String>,
    /// The first difference that applies: `names`, `controls`, `weights` (the score), `thresholds` (the verdict at an equal
    /// score; the word is older than the decision table and stays, because others read it); none where nothing differs.
    pub cause: Option<&'static str>,
}

impl Difference {
    /// What `now` says otherwise than `then`.
    pub fn between(then: &Assessment, now: &Assessment) -> Self {
        let names = |of: &Assessment| {
            let listed = of.substances.iter().map(|substance| substance.id.clone());
            let new = of.emerging.iter().map(|found| found.surface.to_lowercase());
            listed.chain(new).collect::<std::collections::BTreeSet<String>>()
        };
        let (had, has) = (names(then), names(now));
        let controls: Vec<String> = now
            .substances
            .iter()
            .filter(|is| then.substances.iter().any(|was| was.id == is.id && was.controls != is.controls))
            .map(|is| is.id.clone())
            .collect();
        let (lost, gained): (Vec<String>, Vec<String>) =
            (had.difference(&has).cloned().collect(), has.difference(&had).cloned().collect());
        let cause = if !lost.is_empty() || !gained.is_empty() {
            Some("names")
        } else if !controls.is_empty() {
            Some("controls")
        } else if (then.score - now.score).abs() > 1e-9 {
            Some("weights")
        } else if then.verdict != now.verdict {
            Some("thresholds")
        } else {
            None
        };
        Difference { lost, gained, controls, cause }
    }

    /// Whether the newer assessment says more than the one a decision rested on.
    pub fn says_more(&self, then: &Assessment, now: &Assessment) -> bool {
        now.verdict != Verdict::Clear
            && (now.verdict > then.verdict || !self.gained.is_empty() || !self.controls.is_empty())
    }
}

impl Truth {
    /// Hits that match, after the one that was read last. Those of one page come one after the other. What stood at a place before is no
    /// part of them: it is kept as it was decided on.
    ///
    /// # Errors
    /// When the query cannot be read, or SQLite fails.
    pub fn stored_hits(
        &self,
        text: &str,
        after: Option<&StoredHit>,
        limit: usize,
    ) -> Result<Vec<StoredHit>, TruthError> {
        let query = query::parse(text, query::Sight::Whole)?;
        self.read(|connection| {
            let sql = format!(
                "SELECT h.id, h.referral, r.state_json, h.platform, h.url, h.title, h.page, h.cluster, h.assessment, h.ordinal,
                   h.content_digest, h.warc_file, h.warc_offset, h.warc_length, h.warc_record, h.payload_digest,
                   h.capture_destroyed IS NULL, h.last_seen
                 {} ({}) AND h.ordinal < {KEPT} AND (h.platform, h.page, h.id) > (?, ?, ?) ORDER BY h.platform, h.page, h.id LIMIT ?",
                search::from(connection, &query, false)?,
                query.condition
            );
            let mut values = search::values(&query);
            let place = after.map_or(["", "", ""], |hit| [hit.platform.as_str(), &hit.page, &hit.id]);
            values.extend(place.map(|part| Value::Text(part.to_owned())));
            values.push(Value::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(values))?;
            let mut hits = Vec::new();
            while let Some(row) = rows.next()? {
                let text = |at: usize| row.get::<_, String>(at);
                hits.push(StoredHit {
                    id: text(0)?,
                    referral: cases::referral_id(&text(1)?)?,
                    state: serde_json::from_str(&text(2)?)?,
                    platform: PlatformId::parse(&text(3)?).map_err(|error| TruthError::Value(error.to_string()))?,
                    url: text(4)?,
                    title: text(5)?,
                    page: text(6)?,
                    cluster: ClusterId::parse(&text(7)?).map_err(|error| TruthError::Value(error.to_string()))?,
                    assessment: serde_json::from_str(&text(8)?)?,
                    last_seen: Timestamp::from_millis(row.get(17)?),
                    ordinal: row.get(9)?,
                    content_digest: row.get(10)?,
                    warc: match (row.get::<_, bool>(16)?, text(15)?.parse()) {
                        (true, Ok(payload_digest)) => Some(WarcRef {
                            file: text(11)?,
                            offset: row.get(12)?,
                            length: row.get(13)?,
                            record_id: text(14)?,
                            payload_digest,
                        }),
                        _ => None,
                    },
                });
            }
            Ok(hits)
        })
    }

    /// Puts the newer verdict of a stored hit on record, as far as its case allows: `listing` is what was captured, as it was
    /// judged now. Nothing is sent by it.
    ///
    /// # Errors
    /// When SQLite refuses; then nothing of it is stored.
    pub fn rejudge(&self, hit: &StoredHit, listing: &HitRecord, now: Timestamp) -> Result<Rejudged, TruthError> {
        // A newer list may tell an account that the one before did not.
        let parted = self.part(&Published { known: self.known_values(&hit.id)?, ..Published::of(listing) });
        let now_is = &parted.assessment;
        self.keep_news(hit, &parted)?;
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        // The case may have moved since the hit was read.
        let held: Option<(String, i64)> = tx
            .query_row(
                "SELECT r.state_json, h.rowid FROM hits h JOIN referrals r ON r.id = h.referral WHERE h.id = ?",
                [&hit.id],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        let Some((state, rowid)) = held else {
            return Err(TruthError::NotFound { kind: "hit", id: hit.id.clone() });
        };
        let state: ReferralState = serde_json::from_str(&state)?;
        let difference = Difference::between(&hit.assessment, now_is);
        let mut case = hit.referral.clone();
        let mut outcome = Rejudged::Updated;
        if state.is_settled_against() {
            if !difference.says_more(&hit.assessment, now_is) {
                return Ok(Rejudged::Settled);
            }
            let Some(open) = self.reopened(&tx, hit, &state, &parted, now)? else {
                return Ok(Rejudged::LeftAsSent);
            };
            case = open;
            outcome = Rejudged::Opened { case: case.clone() };
        } else if !matches!(state, ReferralState::Queued | ReferralState::Drafted | ReferralState::Held { .. }) {
            return Ok(Rejudged::LeftAsSent);
        }
        let text: String = parted.text.chars().take(TEXT_LIMIT_CHARS).collect();
        tx.execute("DELETE FROM hits_text WHERE rowid = ?", [rowid])?;
        tx.execute("DELETE FROM hit_substances WHERE hit = ?", [&hit.id])?;
        tx.execute(
            "UPDATE hits SET referral = ?2, verdict = ?3, score = ?4, category = ?5, assessment = ?6, watchlist = ?7,
               title = ?8, text = ?9, identifiers = ?10
             WHERE id = ?1",
            params![
                hit.id,
                case.as_str(),
                now_is.verdict,
                now_is.score,
                now_is.category,
                serde_json::to_string(now_is)?,
                now_is.watchlist,
                parted.title,
                text,
                serde_json::to_string(&parted.identifiers)?,
            ],
        )?;
        index(&tx, &hit.id, &parted.title, &text, now_is)?;
        add_fingerprints(&tx, &hit.id, &parted.values)?;
        self.note_names_of_people(&tx, &now_is.emerging, &parted.values)?;
        if difference.cause.is_some() {
            let detail = serde_json::json!({
                "hit": self.keyed_digits("hits", hit.id.as_bytes(), 16), "from": hit.assessment.verdict, "to": now_is.verdict,
                "difference": difference, "watchlist": now_is.watchlist,
            });
            let said = Said {
                actor: &Actor::Job(Job::Rescreen),
                action: "rejudge",
                subject: case.as_str(),
                detail: &detail.to_string(),
            };
            audit::append(&tx, &said, now)?;
        }
        cases::refresh(&tx, &case, now)?;
        self.recompute_series(&tx, &case, now)?;
        let counting: i64 = tx.query_row(
            "SELECT count(*) FROM hits WHERE referral = ? AND verdict != ?",
            params![case.as_str(), Verdict::Clear],
            |row| row.get(0),
        )?;
        if counting == 0 && matches!(state, ReferralState::Queued | ReferralState::Drafted) {
            let reason = format!("nothing in scope is found by watchlist {}", now_is.watchlist);
            let intervals = Intervals { recheck: std::time::Duration::ZERO, renotice: std::time::Duration::ZERO };
            transition(&tx, &case, Event::Dismiss { reason }, &Actor::Job(Job::Rescreen), intervals, now)?;
            outcome = Rejudged::Dismissed;
        }
        deconflict::hold_if_marked(&tx, &case, now)?;
        self.commit(tx)?;
        Ok(outcome)
    }

    /// Seals what was not known of a listing to be personal. What was is in the vault, or its time there is over, or it was
    /// erased: it is not brought back from the evidence.
    fn keep_news(&self, hit: &StoredHit, parted: &Parted) -> Result<(), TruthError> {
        let (known, erased) = self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT hash FROM fingerprints WHERE hit = ?")?;
            let known: HashSet<String> = statement.query_map([&hit.id], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let erased = personal::was_erased(connection, hit.referral.as_str())?;
            Ok::<_, TruthError>((known, erased))
        })?;
        let news: Vec<ClearValue> =
            parted.values.iter().filter(|value| !erased && !known.contains(&value.hash)).cloned().collect();
        Ok(self.vault.keep(&news, hit.last_seen)?)
    }

    /// The open case of a cluster that was decided against: one that another hit of it opened already, or a new one; none where
    /// the newer case left by now.
    fn reopened(
        &self,
        tx: &rusqlite::Transaction<'_>,
        hit: &StoredHit,
        state: &ReferralState,
        parted: &Parted,
        now: Timestamp,
    ) -> Result<Option<ReferralId>, TruthError> {
        let (newest, generation, newest_state, updated): (String, u32, String, i64) = tx.query_row(
            "SELECT id, generation, state_json, updated FROM referrals WHERE platform = ? AND cluster = ? ORDER BY generation DESC LIMIT 1",
            params![hit.platform.as_str(), hit.cluster.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        let newest_state: ReferralState = serde_json::from_str(&newest_state)?;
        if matches!(newest_state, ReferralState::Queued | ReferralState::Drafted | ReferralState::Held { .. }) {
            return Ok(Some(cases::referral_id(&newest)?));
        }
        if !newest_state.is_settled_against() {
            return Ok(None);
        }
        let ended = Timestamp::from_millis(updated);
        let earlier = Earlier::of(hit.referral.as_str(), state, ended, Because::EntryChanged);
        let history = [HistoryLine::Earlier(earlier)];
        let cluster = self.keyed_digits("clusters", hit.cluster.as_str().as_bytes(), 16);
        let opening = Opening {
            platform: &hit.platform,
            cluster: &hit.cluster,
            title: &parted.title,
            text: &parted.text,
            assessment: &parted.assessment,
            actor: Actor::Job(Job::Rescreen),
            detail: serde_json::json!({ "watchlist": parted.assessment.watchlist, "cluster": cluster }).to_string(),
        };
        Ok(Some(self.open_case(tx, &opening, generation + 1, &history, now)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assessment(verdict: Verdict, score: f64) -> Assessment {
        Assessment {
            verdict,
            score,
            category: None,
            decision: None,
            substances: Vec::new(),
            context: Vec::new(),
            emerging: Vec::new(),
            reasons: Vec::new(),
            watchlist: "test".to_owned(),
        }
    }

    #[test]
    fn the_cause_of_a_change_is_named() {
        let was = assessment(Verdict::Review, 0.5);
        assert_eq!(Difference::between(&was, &was).cause, None);
        assert_eq!(Difference::between(&was, &assessment(Verdict::Refer, 0.5)).cause, Some("thresholds"));
        assert_eq!(Difference::between(&was, &assessment(Verdict::Refer, 0.9)).cause, Some("weights"));
        let mut named = assessment(Verdict::Refer, 0.9);
        named.emerging.push(crate::detect::assessment::EmergingFinding {
            surface: "Testazene".to_owned(),
            class: crate::vocab::terms::Class::SyntheticOpioid,
            subclass: None,
            field: "title".to_owned(),
            start: 0,
            end: 9,
            controls: Vec::new(),
        });
        let difference = Difference::between(&was, &named);
        assert_eq!((difference.cause, difference.gained.as_slice()), (Some("names"), &["testazene".to_owned()][..]));
        assert!(difference.says_more(&was, &named));
        assert!(!Difference::between(&named, &was).says_more(&named, &was));
    }
}

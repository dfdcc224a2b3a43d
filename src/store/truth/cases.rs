//! Referrals: transitions, and what the interfaces read of them.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use crate::detect::assessment::Assessment;
use crate::referral::history::HistoryLine;
use crate::referral::outcome::Decision;
use crate::referral::pages::CasePage;
use crate::referral::row::ReferralRow;
use crate::referral::state::ReferralState;
use crate::store::truth::story::StoryLine;
use crate::store::truth::terms::CLOSED;
use crate::store::truth::{Truth, TruthError, pages, series, story};
use crate::vocab::actor::ActorKind;
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::terms::{Category, Severity, Verdict};
use crate::vocab::time::Timestamp;

/// One listing of a case.
#[derive(Debug, Clone, Serialize)]
pub struct CaseHit {
    /// Hit id.
    pub id: String,
    /// Page.
    pub url: String,
    /// Title.
    pub title: String,
    /// Text.
    pub text: String,
    /// Price as published.
    pub price: Option<String>,
    /// Currency.
    pub currency: Option<String>,
    /// Identifiers and attributes.
    pub identifiers: Vec<(String, String)>,
    /// Keyed hash of the seller's name.
    pub seller: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// Images.
    pub images: Vec<String>,
    /// Verdict and reasons.
    pub assessment: Assessment,
    /// WARC file.
    pub warc_file: String,
    /// Offset in it.
    pub warc_offset: u64,
    /// WARC record.
    pub warc_record: String,
    /// Digest of the body.
    pub payload_digest: String,
    /// When it was captured.
    pub captured_at: Timestamp,
    /// First seen.
    pub first_seen: Timestamp,
    /// Last seen.
    pub last_seen: Timestamp,
    /// When it was found gone.
    pub gone_at: Option<Timestamp>,
    /// When its captured page was destroyed, as retention asks.
    pub capture_destroyed: Option<Timestamp>,
}

/// One event of a case.
#[derive(Debug, Clone, Serialize)]
pub struct CaseEvent {
    /// When.
    pub at: Timestamp,
    /// Who, as a word.
    pub actor: String,
    /// What kind of actor that is; steps of the first versions have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_kind: Option<ActorKind>,
    /// A person's role, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_role: Option<String>,
    /// How a person came in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_door: Option<String>,
    /// What.
    pub event: String,
    /// State afterwards.
    pub state: String,
}

/// A referral with everything known of it.
#[derive(Debug, Clone, Serialize)]
pub struct ReferralFull {
    /// As lists show it.
    #[serde(flatten)]
    pub row: ReferralRow,
    /// The state with its details.
    pub lifecycle: ReferralState,
    /// Who approved it; none when it went out by policy or did not go out.
    pub approved_by: Option<String>,
    /// Whether a person or the policy approved it; none when nobody did, or it is not on record.
    pub approved_kind: Option<ActorKind>,
    /// Listings.
    pub hits: Vec<CaseHit>,
    /// Its pages, each with its state and answer.
    pub pages: Vec<CasePage>,
    /// What happened.
    pub events: Vec<CaseEvent>,
    /// What was said, and why somebody decided.
    pub story: Vec<StoryLine>,
    /// Why it waits for an authority, if it does.
    pub attention: Option<String>,
    /// How often the notice was said again.
    pub reminders: u32,
    /// Earlier cases of the cluster.
    pub history: Vec<HistoryLine>,
}

impl ReferralFull {
    /// The history in English: all of it, or what the platform was part of.
    pub fn history_for(&self, whole: bool) -> Vec<String> {
        self.history.iter().filter(|line| whole || line.is_known_to_platform()).map(HistoryLine::text).collect()
    }
}

/// Which referrals a list asks for.
#[derive(Debug, Clone, Default)]
pub struct CaseFilter {
    /// Only this platform.
    pub platform: Option<PlatformId>,
    /// Only this state.
    pub state: Option<String>,
    /// Only this category.
    pub category: Option<String>,
    /// Only this series.
    pub series: Option<String>,
    /// Only what changed after this change number.
    pub since: Option<i64>,
    /// Only what changed at or after this moment.
    pub updated_from: Option<Timestamp>,
    /// Only what left to the platform.
    pub visible_to_platform: bool,
    /// Of the drafts of a series only the one that stands for it.
    pub unfolded: bool,
    /// Newest change first instead of oldest.
    pub newest_first: bool,
    /// Page before this change number (newest first).
    pub before: Option<i64>,
    /// At most this many.
    pub limit: usize,
}

/// A case whose listing should be looked at again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRecheck {
    /// Case.
    pub referral: ReferralId,
    /// Platform.
    pub platform: PlatformId,
    /// Scheme and host of its first page.
    pub host: String,
}

/// A page to look at again.
#[derive(Debug, Clone)]
pub struct RecheckTarget {
    /// Case.
    pub referral: ReferralId,
    /// Platform.
    pub platform: PlatformId,
    /// Pages of the cluster.
    pub urls: Vec<String>,
    /// Fingerprints of its listings.
    pub fingerprints: Vec<Vec<u8>>,
    /// From when a look counts; before that it informs. A draft has no such moment.
    pub counts_from: Option<Timestamp>,
    /// Nothing was sent yet.
    pub is_draft: bool,
}

pub(super) const ROW: &str =
    "id, platform, state, category, urls, title, substances, score, created, updated, verdict, change, series, listing_ids,
     json_extract(state_json, '$.outcome.decision'), json_extract(state_json, '$.outcome.reference'), renotice_at,
     (SELECT d.language FROM issued d WHERE d.referral = referrals.id ORDER BY d.serial LIMIT 1)";

/// Columns of [`ROW`]: where those that follow it begin.
pub(super) const COLUMNS: usize = 18;

/// The platform's own ids of the listings of case `?1`, as JSON: at most a hundred.
const LISTING_IDS: &str = "(SELECT json_group_array(id) FROM (SELECT DISTINCT json_extract(a.value, '$[1]') AS id
   FROM hits h, json_each(h.identifiers) a WHERE h.referral = ?1 AND json_extract(a.value, '$[0]') IN ('listing id', 'sku')
   ORDER BY id LIMIT 100))";

pub(super) fn row(row: &Row<'_>) -> rusqlite::Result<ReferralRow> {
    let list = |text: String| -> Vec<String> { serde_json::from_str(&text).unwrap_or_default() };
    Ok(ReferralRow {
        id: row.get(0)?,
        platform: row.get(1)?,
        state: row.get(2)?,
        category: row.get(3)?,
        urls: list(row.get(4)?),
        title: row.get(5)?,
        substances: list(row.get(6)?),
        score: row.get(7)?,
        created: Timestamp::from_millis(row.get(8)?),
        updated: Timestamp::from_millis(row.get(9)?),
        verdict: row.get(10)?,
        change: row.get(11)?,
        series: row.get(12)?,
        listing_ids: list(row.get(13)?),
        severity: Severity::of(row.get(3)?, row.get(10)?),
        decision: row.get::<_, Option<String>>(14)?.as_deref().and_then(Decision::parse),
        reference: row.get(15)?,
        answer_due: row.get::<_, Option<i64>>(16)?.map(Timestamp::from_millis),
        language: row.get(17)?,
    })
}

pub(super) fn referral_id(text: &str) -> Result<ReferralId, TruthError> {
    ReferralId::parse(text).map_err(|error| TruthError::Value(error.to_string()))
}

pub(super) fn next_change(connection: &Connection) -> Result<i64, TruthError> {
    Ok(connection.query_row("SELECT coalesce(max(change), 0) + 1 FROM referrals", [], |row| row.get(0))?)
}

/// Brings title, score, category, substances and URLs of a case in line with its hits. A closed case is dated by its last step: what is
/// seen of its listings makes it no younger.
pub(super) fn refresh(tx: &Connection, referral: &ReferralId, now: Timestamp) -> Result<(), TruthError> {
    let mut statement = tx.prepare_cached(
        "SELECT title, score, category, verdict, assessment FROM hits WHERE referral = ? ORDER BY score DESC, url",
    )?;
    type Part = (String, f64, Option<Category>, Verdict, String);
    let parts: Vec<Part> = statement
        .query_map([referral.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?
        .collect::<Result<_, _>>()?;
    let Some((title, score, category, _, _)) = parts.first().cloned() else { return Ok(()) };
    let refers = parts.iter().any(|part| part.3 == Verdict::Refer);
    let verdict = if refers { Verdict::Refer } else { Verdict::Review };
    let urls = pages::urls(tx, referral.as_str())?;
    let mut substances: Vec<String> = Vec::new();
    for part in &parts {
        let assessment: Assessment = serde_json::from_str(&part.4)?;
        substances.extend(assessment.substances.into_iter().map(|substance| substance.name));
        substances.extend(assessment.emerging.into_iter().map(|found| found.surface));
    }
    let mut seen = std::collections::HashSet::new();
    substances.retain(|name| seen.insert(name.to_lowercase()));
    let listing_ids: String =
        tx.prepare_cached(&format!("SELECT {LISTING_IDS}"))?.query_row([referral.as_str()], |row| row.get(0))?;
    tx.prepare_cached(
        "UPDATE referrals SET title = ?2, score = ?3, category = ?4, verdict = ?5, urls = ?6, substances = ?7, listing_ids = ?11,
           change = ?8, updated = CASE WHEN state IN (SELECT value FROM json_each(?10)) THEN updated ELSE ?9 END WHERE id = ?1
           AND (title, score, category, verdict, urls, substances, listing_ids) IS NOT (?2, ?3, ?4, ?5, ?6, ?7, ?11)",
    )?
    .execute(params![
        referral.as_str(),
        title,
        score,
        category,
        verdict,
        serde_json::to_string(&urls)?,
        serde_json::to_string(&substances)?,
        next_change(tx)?,
        now.as_millis(),
        serde_json::to_string(CLOSED)?,
        listing_ids
    ])?;
    series::refreshed(tx, referral)
}

impl Truth {
    /// A case's id is made from its cluster and its place in the cluster's history, so that opening it twice names it the same.
    pub(super) fn case_id(&self, platform: &str, cluster: &str, generation: u32) -> String {
        let name = format!("{platform}\n{cluster}\n{generation}");
        format!("R-{}", self.keyed_digits("cases", name.as_bytes(), 8))
    }

    /// Referrals by filter.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn referrals(&self, filter: &CaseFilter) -> Result<Vec<ReferralRow>, TruthError> {
        let mut sql = format!("SELECT {ROW} FROM referrals WHERE 1");
        let mut values: Vec<rusqlite::types::Value> = Vec::new();
        let mut add = |clause: &str, value: rusqlite::types::Value| {
            sql.push_str(clause);
            values.push(value);
        };
        if let Some(platform) = &filter.platform {
            add(" AND platform = ?", platform.to_string().into());
        }
        if let Some(state) = &filter.state {
            add(" AND state = ?", state.clone().into());
        }
        if let Some(category) = &filter.category {
            add(" AND category = ?", category.clone().into());
        }
        if let Some(series) = &filter.series {
            add(" AND series = ?", series.clone().into());
        }
        if let Some(since) = filter.since {
            add(" AND change > ?", since.into());
        }
        if let Some(from) = filter.updated_from {
            add(" AND updated >= ?", from.as_millis().into());
        }
        if let Some(before) = filter.before {
            add(" AND change < ?", before.into());
        }
        if filter.visible_to_platform {
            sql.push_str(" AND state NOT IN ('queued', 'drafted', 'held', 'dismissed', 'expired')");
        } else if filter.state.is_none() {
            // What waits to be opened is counted, and listed where it is asked for.
            sql.push_str(" AND state <> 'queued'");
        }
        if filter.unfolded {
            sql.push_str(" AND folded = 0");
        }
        sql.push_str(if filter.newest_first { " ORDER BY change DESC" } else { " ORDER BY change" });
        sql.push_str(" LIMIT ?");
        values.push(i64::try_from(filter.limit).unwrap_or(i64::MAX).into());
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(rusqlite::params_from_iter(values), row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// One referral with everything known of it.
    ///
    /// # Errors
    /// When there is no such case, or SQLite fails.
    pub fn referral(&self, id: &ReferralId) -> Result<ReferralFull, TruthError> {
        let mut full = self.read(|connection| {
            let sql = format!(
                "SELECT {ROW}, state_json, approved_by, history, attention, reminders, approved_kind FROM referrals WHERE id = ?"
            );
            type Held = (ReferralRow, String, Option<String>, String, Option<String>, u32, Option<String>);
            let held: Option<Held> = connection
                .query_row(&sql, [id.as_str()], |r| {
                    let next = |column: usize| COLUMNS + column;
                    Ok((row(r)?, r.get(next(0))?, r.get(next(1))?, r.get(next(2))?, r.get(next(3))?, r.get(next(4))?, r.get(next(5))?))
                })
                .optional()?;
            let Some((row, lifecycle, approved_by, history, attention, reminders, approved_kind)) = held else {
                return Err(TruthError::NotFound { kind: "referral", id: id.to_string() });
            };
            let mut story = story::of(connection, id)?;
            for said in story.iter_mut().filter(|said| !said.pages.is_empty()) {
                said.urls = pages::named(connection, id, &said.pages, |page| self.page_name(page))?;
            }
            Ok(ReferralFull {
                row,
                lifecycle: serde_json::from_str(&lifecycle)?,
                approved_by,
                approved_kind: kind(approved_kind),
                hits: case_hits(connection, id)?,
                pages: pages::of(connection, id)?,
                events: case_events(connection, id)?,
                story,
                attention,
                reminders,
                history: serde_json::from_str(&history)?,
            })
        })?;
        for said in &mut full.story {
            if let Some(hash) = &said.sealed {
                said.statement = self.vault.open_value(hash, story::STATEMENT)?;
            }
        }
        if let ReferralState::Contested { statement } = &mut full.lifecycle
            && statement.is_empty()
        {
            let last = full.story.iter().rev().find_map(|said| said.statement.clone());
            *statement = last.unwrap_or_default();
        }
        Ok(full)
    }

    /// Number of the last change of a case.
    ///
    /// # Errors
    /// When there is no such case, or SQLite fails.
    pub fn change_of(&self, id: &ReferralId) -> Result<i64, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT change FROM referrals WHERE id = ?")?;
            let held = statement.query_row([id.as_str()], |row| row.get(0)).optional()?;
            held.ok_or_else(|| TruthError::NotFound { kind: "referral", id: id.to_string() })
        })
    }

    /// Platform and state of a case.
    ///
    /// # Errors
    /// When there is no such case, or SQLite fails.
    pub fn referral_state(&self, id: &ReferralId) -> Result<(PlatformId, ReferralState), TruthError> {
        self.read(|connection| {
            let held: Option<(String, String)> = connection
                .prepare_cached("SELECT platform, state_json FROM referrals WHERE id = ?")?
                .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((platform, state)) = held else {
                return Err(TruthError::NotFound { kind: "referral", id: id.to_string() });
            };
            let platform = PlatformId::parse(&platform).map_err(|error| TruthError::Value(error.to_string()))?;
            Ok((platform, serde_json::from_str(&state)?))
        })
    }

    /// Cases whose listing should be looked at again, of each host the `of_a_host` that are due longest. The host is that of
    /// the case's first page.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn due_rechecks(&self, now: Timestamp, of_a_host: usize) -> Result<Vec<DueRecheck>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "{DUE_RECHECKS}, numbered AS (
                   SELECT *, row_number() OVER (PARTITION BY platform, host ORDER BY recheck_at, id) AS place FROM of_hosts)
                 SELECT id, platform, host FROM numbered WHERE place <= ?2 ORDER BY platform, host, place"
            ))?;
            let mut rows = statement.query(params![now.as_millis(), of_a_host])?;
            let mut due = Vec::new();
            while let Some(row) = rows.next()? {
                let (id, platform): (String, String) = (row.get(0)?, row.get(1)?);
                let platform = PlatformId::parse(&platform).map_err(|error| TruthError::Value(error.to_string()))?;
                due.push(DueRecheck { referral: referral_id(&id)?, platform, host: row.get(2)? });
            }
            Ok(due)
        })
    }

    /// Cases of one host that are due and not among `begun`, at most `limit`, the longest due first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn due_rechecks_of(
        &self,
        (platform, host): (&PlatformId, &str),
        begun: &[ReferralId],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<ReferralId>, TruthError> {
        let begun = serde_json::to_string(&begun.iter().map(ReferralId::as_str).collect::<Vec<_>>())?;
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "{DUE_RECHECKS} SELECT id FROM of_hosts WHERE platform = ?2 AND host = ?3
                   AND id NOT IN (SELECT value FROM json_each(?4)) ORDER BY recheck_at, id LIMIT ?5"
            ))?;
            let rows = statement.query_map(params![now.as_millis(), platform.as_str(), host, begun, limit], |row| {
                row.get::<_, String>(0)
            })?;
            rows.map(|id| referral_id(&id?)).collect()
        })
    }

    /// One case as a recheck needs it.
    ///
    /// # Errors
    /// When there is no such case, or SQLite fails.
    pub fn recheck_target(&self, id: &ReferralId) -> Result<RecheckTarget, TruthError> {
        self.read(|connection| recheck_target(connection, id.as_str()))
    }

    /// Puts a case's next look off, when the platform could not be asked.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn postpone_recheck(&self, id: &ReferralId, until: Timestamp) -> Result<(), TruthError> {
        self.writer().execute(
            "UPDATE referrals SET recheck_at = ? WHERE id = ? AND recheck_at IS NOT NULL",
            params![until.as_millis(), id.as_str()],
        )?;
        Ok(())
    }

    /// Has a case looked at as soon as the crawler can. The look counts only where one is due by then.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn ask_for_look(&self, id: &ReferralId, now: Timestamp) -> Result<(), TruthError> {
        let sql = "UPDATE referrals SET look_asked = ? WHERE id = ?";
        self.writer().execute(sql, params![now.as_millis(), id.as_str()])?;
        Ok(())
    }

    /// Drafts that a platform's agreed policy lets out by itself.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn drafts_to_refer(&self, platform: &PlatformId, limit: usize) -> Result<Vec<ReferralId>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                // Nobody looks: what is only for review, or of another seller, takes no part.
                "SELECT id FROM referrals r WHERE platform = ?1 AND state = 'drafted' AND verdict = ?2
                   AND NOT EXISTS (SELECT 1 FROM hits h WHERE h.referral = r.id AND h.verdict <> ?2)
                   AND (SELECT count(DISTINCT h.seller_hash) FROM hits h WHERE h.referral = r.id) <= 1
                 ORDER BY change LIMIT ?3",
            )?;
            let ids: Vec<String> = statement
                .query_map(params![platform.as_str(), Verdict::Refer, limit], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            ids.iter().map(|id| referral_id(id)).collect()
        })
    }

    /// Number of cases by state, of one platform or all.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn cases_by_state(&self, platform: Option<&PlatformId>) -> Result<Vec<(String, u64)>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT state, sum(cases) FROM case_counts WHERE ?1 IS NULL OR platform = ?1
                 GROUP BY state HAVING sum(cases) > 0 ORDER BY state",
            )?;
            let rows = statement.query_map([platform.map(PlatformId::as_str)], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Cases due at `?1`, with the host of their first page. An address begins with `http://` or `https://`; its host ends at the next
/// slash.
const DUE_RECHECKS: &str = "WITH due AS (
    SELECT id, platform, min(coalesce(recheck_at, look_asked), coalesce(look_asked, recheck_at)) AS recheck_at,
      coalesce(json_extract(urls, '$[0]'), '') AS url
    FROM referrals WHERE recheck_at <= ?1 OR look_asked <= ?1),
  of_hosts AS (SELECT id, platform, recheck_at, substr(url, 1, instr(substr(url, 9), '/') + 8) AS host FROM due)";

fn recheck_target(connection: &Connection, id: &str) -> Result<RecheckTarget, TruthError> {
    let held: Option<(String, Option<i64>, bool)> = connection
        .query_row("SELECT platform, recheck_at, state = 'drafted' FROM referrals WHERE id = ?", [id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((platform, recheck_at, is_draft)) = held else {
        return Err(TruthError::NotFound { kind: "referral", id: id.to_owned() });
    };
    let urls = pages::urls(connection, id)?;
    let mut statement = connection.prepare_cached("SELECT DISTINCT minhash FROM hits WHERE referral = ?")?;
    let fingerprints = statement.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let platform = PlatformId::parse(&platform).map_err(|error| TruthError::Value(error.to_string()))?;
    let counts_from = recheck_at.map(Timestamp::from_millis);
    Ok(RecheckTarget { referral: referral_id(id)?, platform, urls, fingerprints, counts_from, is_draft })
}

fn case_hits(connection: &Connection, id: &ReferralId) -> Result<Vec<CaseHit>, TruthError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, url, title, text, price, currency, identifiers, seller_hash, language, images, assessment, warc_file,
           warc_offset, warc_record, payload_digest, captured_at, first_seen, last_seen, gone_at, capture_destroyed
         FROM hits WHERE referral = ? ORDER BY score DESC, url",
    )?;
    let mut rows = statement.query([id.as_str()])?;
    let mut hits = Vec::new();
    while let Some(row) = rows.next()? {
        let text = |at: usize| row.get::<_, String>(at);
        hits.push(CaseHit {
            id: text(0)?,
            url: text(1)?,
            title: text(2)?,
            text: text(3)?,
            price: row.get(4)?,
            currency: row.get(5)?,
            identifiers: serde_json::from_str(&text(6)?)?,
            seller: row.get(7)?,
            language: row.get(8)?,
            images: serde_json::from_str(&text(9)?)?,
            assessment: serde_json::from_str(&text(10)?)?,
            warc_file: text(11)?,
            warc_offset: row.get(12)?,
            warc_record: text(13)?,
            payload_digest: text(14)?,
            captured_at: Timestamp::from_millis(row.get(15)?),
            first_seen: Timestamp::from_millis(row.get(16)?),
            last_seen: Timestamp::from_millis(row.get(17)?),
            gone_at: row.get::<_, Option<i64>>(18)?.map(Timestamp::from_millis),
            capture_destroyed: row.get::<_, Option<i64>>(19)?.map(Timestamp::from_millis),
        });
    }
    Ok(hits)
}

fn case_events(connection: &Connection, id: &ReferralId) -> Result<Vec<CaseEvent>, TruthError> {
    let mut statement =
        connection.prepare_cached(
            "SELECT at, actor, event, state, actor_kind, actor_role, actor_door FROM events WHERE referral = ? ORDER BY seq",
        )?;
    let rows = statement.query_map([id.as_str()], |row| {
        Ok(CaseEvent {
            at: Timestamp::from_millis(row.get(0)?),
            actor: row.get(1)?,
            event: row.get(2)?,
            state: row.get(3)?,
            actor_kind: kind(row.get(4)?),
            actor_role: row.get(5)?,
            actor_door: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A kind as it is on record. One that cannot be read is none: nothing is decided in its favour.
fn kind(text: Option<String>) -> Option<ActorKind> {
    text.as_deref().and_then(ActorKind::parse)
}

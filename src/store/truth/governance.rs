//! Mandates, scans, pauses, schedules, and the checkpoints of politeness.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::evidence::audit::Said;
use crate::report::coverage::Coverage;
use crate::store::truth::{Truth, TruthError, audit};
use crate::vocab::actor::{Actor, Job};
use crate::vocab::ids::{MandateId, PlatformId, ReferralId};
use crate::vocab::platform::{Platform, Use};
use crate::vocab::terms::Reason;
use crate::vocab::time::Timestamp;

/// A mandate under which scans run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mandate {
    /// Id.
    pub id: String,
    /// Authority that gives it.
    pub authority: String,
    /// Legal reference.
    pub reference: String,
    /// Purpose.
    pub purpose: String,
    /// Pages it allows in all.
    pub budget: Option<u64>,
    /// Pages fetched under it.
    pub spent: u64,
    /// Bytes of bodies it allows in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_bytes: Option<u64>,
    /// Bytes of bodies fetched under it.
    pub spent_bytes: u64,
    /// Last day in force.
    pub expires: jiff::civil::Date,
    /// When it was ended.
    pub revoked: Option<Timestamp>,
}

/// Why nothing more may be requested under a mandate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MandateEnd {
    /// Somebody ended it.
    Revoked,
    /// Its last day is over.
    Expired,
    /// All pages of its budget are used.
    Spent,
    /// All bytes of its budget are used.
    SpentBytes,
}

/// What is taken of a mandate before it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MandateClaim {
    /// Pages.
    pub pages: u64,
    /// Bytes of bodies.
    pub bytes: u64,
}

impl MandateClaim {
    /// Why the mandate grants nothing, `self` being what can be granted; what is not wanted does not matter.
    fn ends(self, wanted: MandateClaim) -> Option<MandateEnd> {
        if wanted.pages > 0 && self.pages == 0 {
            Some(MandateEnd::Spent)
        } else if wanted.bytes > 0 && self.bytes == 0 {
            Some(MandateEnd::SpentBytes)
        } else {
            None
        }
    }
}

impl MandateEnd {
    /// Name of the reason in the coverage statement.
    pub fn reason(self) -> Reason {
        match self {
            MandateEnd::Revoked => Reason::MandateRevoked,
            MandateEnd::Expired => Reason::MandateExpired,
            MandateEnd::Spent => Reason::MandateBudget,
            MandateEnd::SpentBytes => Reason::MandateBytes,
        }
    }
}

impl Mandate {
    /// Why nothing may be requested under it at `now`; `None` when something may.
    pub fn end(&self, now: Timestamp) -> Option<MandateEnd> {
        if self.revoked.is_some() {
            Some(MandateEnd::Revoked)
        } else if now >= self.ends_at() {
            Some(MandateEnd::Expired)
        } else if self.budget.is_some_and(|budget| self.spent >= budget) {
            Some(MandateEnd::Spent)
        } else if self.budget_bytes.is_some_and(|budget| self.spent_bytes >= budget) {
            Some(MandateEnd::SpentBytes)
        } else {
            None
        }
    }

    /// Why no scan may run under it at `now`, in words; `None` when one may.
    pub fn refuses(&self, now: Timestamp) -> Option<String> {
        self.end(now).map(|end| match end {
            MandateEnd::Revoked => format!("mandate `{}` was revoked", self.id),
            MandateEnd::Expired => format!("mandate `{}` expired on {}", self.id, self.expires),
            MandateEnd::Spent => format!("mandate `{}` has no pages left", self.id),
            MandateEnd::SpentBytes => format!("mandate `{}` has no bytes left", self.id),
        })
    }

    /// The moment its last day is over, in UTC.
    pub fn ends_at(&self) -> Timestamp {
        let day_after = self.expires.tomorrow().ok();
        let over = day_after.and_then(|day| day.to_zoned(jiff::tz::TimeZone::UTC).ok());
        over.map_or(Timestamp::NEVER, |over| Timestamp::from(over.timestamp()))
    }
}

/// What a scan came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ScanSummary {
    /// Pages fetched.
    #[serde(default)]
    pub pages: u64,
    /// Listings read.
    #[serde(default)]
    pub listings: u64,
    /// Listings judged `review` or `refer`.
    #[serde(default)]
    pub hits: u64,
    /// Cases opened.
    #[serde(default)]
    pub referrals_new: u64,
}

/// One finished scan of one platform.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = Scan)]
pub struct ScanRow {
    /// Place in the store, which tells scans of one moment apart.
    #[serde(skip)]
    pub number: i64,
    /// Run.
    pub run: String,
    /// Platform.
    pub platform: String,
    /// End.
    pub ended: Timestamp,
    /// What it came to.
    pub summary: ScanSummary,
    /// Coverage statement.
    pub coverage: Coverage,
}

/// When a platform's schedule last started a scan.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// Last start.
    pub last_run: Timestamp,
}

impl Truth {
    /// Notes what the data of each of these platforms may be used for. Of others what was noted last stays: a command may be
    /// given no platform files.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn note_uses<'p>(&self, platforms: impl Iterator<Item = &'p Platform>) -> Result<(), TruthError> {
        for platform in platforms {
            self.note_case_limit(&platform.id, platform.referral.cases_per_hour)?;
            let mut uses: Vec<&str> = platform.agreement.uses.iter().map(|one| one.name()).collect();
            uses.sort_unstable();
            uses.dedup();
            if self.uses_of(&platform.id)? == uses {
                continue;
            }
            let mut writer = self.writer();
            let tx = writer.transaction()?;
            tx.execute("DELETE FROM platform_uses WHERE platform = ?", [platform.id.as_str()])?;
            for one in uses {
                tx.prepare_cached("INSERT INTO platform_uses (platform, use) VALUES (?, ?)")?
                    .execute(params![platform.id.as_str(), one])?;
            }
            tx.commit()?;
        }
        Ok(())
    }

    /// Platforms whose agreements let their data be used so.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn platforms_for(&self, wanted: Use) -> Result<BTreeSet<String>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT platform FROM platform_uses WHERE use = ?")?;
            Ok(statement.query_map([wanted.name()], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    fn uses_of(&self, platform: &PlatformId) -> Result<Vec<String>, TruthError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT use FROM platform_uses WHERE platform = ? ORDER BY use")?;
            Ok(statement.query_map([platform.as_str()], |row| row.get(0))?.collect::<Result<_, _>>()?)
        })
    }

    /// Records a mandate.
    ///
    /// # Errors
    /// When the id is taken, or SQLite refuses.
    pub fn create_mandate(&self, mandate: &Mandate, actor: &Actor, now: Timestamp) -> Result<(), TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let known: bool =
            tx.query_row("SELECT EXISTS (SELECT 1 FROM mandates WHERE id = ?)", [&mandate.id], |row| row.get(0))?;
        if known {
            return Err(TruthError::Invalid(format!("mandate `{}` exists already", mandate.id)));
        }
        tx.execute(
            "INSERT INTO mandates (id, authority, reference, purpose, budget, budget_bytes, spent, created, expires)
             VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)",
            params![
                mandate.id,
                mandate.authority,
                mandate.reference,
                mandate.purpose,
                mandate.budget,
                mandate.budget_bytes,
                now.as_millis(),
                mandate.expires.to_string()
            ],
        )?;
        let detail = serde_json::to_string(mandate)?;
        audit::append(&tx, &Said { actor, action: "create-mandate", subject: &mandate.id, detail: &detail }, now)?;
        self.commit(tx)?;
        Ok(())
    }

    /// All mandates.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn mandates(&self) -> Result<Vec<Mandate>, TruthError> {
        self.read(mandates)
    }

    /// One mandate.
    ///
    /// # Errors
    /// When there is none of that id, or SQLite fails.
    pub fn mandate(&self, id: &MandateId) -> Result<Mandate, TruthError> {
        self.mandates()?
            .into_iter()
            .find(|mandate| mandate.id == id.as_str())
            .ok_or_else(|| TruthError::NotFound { kind: "mandate", id: id.to_string() })
    }

    /// Ends a mandate.
    ///
    /// # Errors
    /// When there is none in force of that id, or SQLite refuses.
    pub fn revoke_mandate(&self, id: &MandateId, actor: &Actor, now: Timestamp) -> Result<(), TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let changed = tx.execute(
            "UPDATE mandates SET revoked = ? WHERE id = ? AND revoked IS NULL",
            params![now.as_millis(), id.as_str()],
        )?;
        if changed == 0 {
            return Err(TruthError::NotFound { kind: "mandate in force", id: id.to_string() });
        }
        audit::append(&tx, &Said { actor, action: "revoke-mandate", subject: id.as_str(), detail: "{}" }, now)?;
        self.commit(tx)?;
        Ok(())
    }

    /// Notes bytes that came beyond what was claimed, and claims pages and bytes of a mandate before they are requested, so
    /// that no kill lets its budget be passed. `wanted` says how much of what is left of each (`None`: it has no such
    /// budget); never more than is left is claimed.
    ///
    /// # Errors
    /// When the mandate is not on record, or SQLite refuses.
    pub fn claim_of_mandate(
        &self,
        id: &MandateId,
        owed_bytes: u64,
        wanted: impl FnOnce(Option<u64>, Option<u64>) -> MandateClaim,
        now: Timestamp,
    ) -> Result<Result<MandateClaim, MandateEnd>, TruthError> {
        // The writer is held from the look to the claim, so that two cannot claim the same pages.
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let sql = "UPDATE mandates SET spent_bytes = spent_bytes + ? WHERE id = ?";
        tx.execute(sql, params![owed_bytes, id.as_str()])?;
        let mandate = mandates(&tx)?
            .into_iter()
            .find(|mandate| mandate.id == id.as_str())
            .ok_or_else(|| TruthError::NotFound { kind: "mandate", id: id.to_string() })?;
        let left = mandate.budget.map(|budget| budget.saturating_sub(mandate.spent));
        let left_bytes = mandate.budget_bytes.map(|budget| budget.saturating_sub(mandate.spent_bytes));
        let wanted = wanted(left, left_bytes);
        let claim = MandateClaim {
            pages: wanted.pages.min(left.unwrap_or(u64::MAX)),
            bytes: wanted.bytes.min(left_bytes.unwrap_or(u64::MAX)),
        };
        // What was claimed before counts as spent: that none is left ends only a claim of it.
        let end = match mandate.end(now) {
            Some(end @ (MandateEnd::Revoked | MandateEnd::Expired)) => Some(end),
            Some(MandateEnd::Spent | MandateEnd::SpentBytes) | None => claim.ends(wanted),
        };
        if end.is_none() {
            let sql = "UPDATE mandates SET spent = spent + ?, spent_bytes = spent_bytes + ? WHERE id = ?";
            tx.execute(sql, params![claim.pages, claim.bytes, id.as_str()])?;
        }
        tx.commit()?;
        Ok(end.map_or(Ok(claim), Err))
    }

    /// Gives back pages and bytes that were claimed and not requested; bytes below zero came beyond what was claimed.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn give_back_to_mandate(&self, id: &MandateId, pages: u64, bytes: i64) -> Result<(), TruthError> {
        let sql = "UPDATE mandates SET spent = max(spent - ?, 0), spent_bytes = max(spent_bytes - ?, 0) WHERE id = ?";
        self.writer().execute(sql, params![pages, bytes, id.as_str()])?;
        Ok(())
    }

    /// The mandates that scans of a platform ran under, newest first: those under which the hits of a case were found, and
    /// the others.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn mandates_of_scans(
        &self,
        platform: &PlatformId,
        referral: &ReferralId,
    ) -> Result<(Vec<MandateId>, Vec<MandateId>), TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT json_extract(coverage, '$.mandate') AS mandate,
                   max(run IN (SELECT run FROM hits WHERE referral = ?2)) AS found
                 FROM scans WHERE platform = ?1 GROUP BY mandate ORDER BY max(ended) DESC",
            )?;
            let mut rows = statement.query(params![platform.as_str(), referral.as_str()])?;
            let (mut found_under, mut others) = (Vec::new(), Vec::new());
            while let Some(row) = rows.next()? {
                let id: String = row.get(0)?;
                let id = MandateId::parse(&id).map_err(|error| TruthError::Value(error.to_string()))?;
                if row.get(1)? { found_under.push(id) } else { others.push(id) }
            }
            Ok((found_under, others))
        })
    }

    /// Records a finished scan. The pages it took were counted with each request.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn record_scan(&self, coverage: &Coverage, summary: &ScanSummary) -> Result<(), TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        tx.execute(
            "INSERT OR REPLACE INTO scans (run, platform, started, ended, summary, coverage) VALUES (?, ?, ?, ?, ?, ?)",
            params![
                coverage.run.as_str(),
                coverage.platform.as_str(),
                coverage.started_at.as_millis(),
                coverage.ended_at.as_millis(),
                serde_json::to_string(summary)?,
                serde_json::to_string(coverage)?
            ],
        )?;
        let subject = coverage.run.as_str();
        let detail = serde_json::json!({ "platform": coverage.platform, "mandate": coverage.mandate,
            "fetched": coverage.fetched, "complete": coverage.complete })
        .to_string();
        audit::append(
            &tx,
            &Said { actor: &Actor::Job(Job::Scan), action: "scan", subject, detail: &detail },
            coverage.ended_at,
        )?;
        self.commit(tx)?;
        Ok(())
    }

    /// Finished scans, newest first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn scans(&self, platform: Option<&PlatformId>, limit: usize) -> Result<Vec<ScanRow>, TruthError> {
        self.scans_behind(platform, None, limit)
    }

    /// The same behind the end and the number of one of them.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn scans_behind(
        &self,
        platform: Option<&PlatformId>,
        behind: Option<(Timestamp, i64)>,
        limit: usize,
    ) -> Result<Vec<ScanRow>, TruthError> {
        let (ended, number) = behind.unwrap_or((Timestamp::NEVER, i64::MAX));
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT run, platform, ended, summary, coverage, rowid FROM scans
                 WHERE (?1 IS NULL OR platform = ?1) AND (ended, rowid) < (?2, ?3) ORDER BY ended DESC, rowid DESC LIMIT ?4",
            )?;
            let platform = platform.map(PlatformId::as_str);
            let mut rows = statement.query(params![platform, ended.as_millis(), number, limit])?;
            let mut scans = Vec::new();
            while let Some(row) = rows.next()? {
                let (summary, coverage): (String, String) = (row.get(3)?, row.get(4)?);
                scans.push(ScanRow {
                    number: row.get(5)?,
                    run: row.get(0)?,
                    platform: row.get(1)?,
                    ended: Timestamp::from_millis(row.get(2)?),
                    summary: serde_json::from_str(&summary)?,
                    coverage: serde_json::from_str(&coverage)?,
                });
            }
            Ok(scans)
        })
    }

    /// Pauses a platform, or resumes it.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn set_paused(
        &self,
        platform: &PlatformId,
        paused: bool,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<(), TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        if paused {
            let sql = "INSERT OR IGNORE INTO paused (platform, since) VALUES (?, ?)";
            tx.execute(sql, params![platform.as_str(), now.as_millis()])?;
        } else {
            tx.execute("DELETE FROM paused WHERE platform = ?", [platform.as_str()])?;
        }
        let action = if paused { "pause" } else { "resume" };
        audit::append(&tx, &Said { actor, action, subject: platform.as_str(), detail: "{}" }, now)?;
        self.commit(tx)?;
        Ok(())
    }

    /// Whether a platform is paused.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn is_paused(&self, platform: &PlatformId) -> Result<bool, TruthError> {
        self.read(|connection| {
            let sql = "SELECT EXISTS (SELECT 1 FROM paused WHERE platform = ?)";
            Ok(connection.query_row(sql, [platform.as_str()], |row| row.get(0))?)
        })
    }

    /// When the platform's schedule last started a scan.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn last_scheduled(&self, platform: &PlatformId) -> Result<Option<Timestamp>, TruthError> {
        self.read(|connection| {
            let at: Option<i64> = connection
                .query_row("SELECT last_run FROM schedule WHERE platform = ?", [platform.as_str()], |row| row.get(0))
                .optional()?;
            Ok(at.map(Timestamp::from_millis))
        })
    }

    /// Notes that the platform's schedule starts a scan.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn note_scheduled(&self, platform: &PlatformId, now: Timestamp) -> Result<(), TruthError> {
        self.writer().execute(
            "INSERT OR REPLACE INTO schedule (platform, last_run) VALUES (?, ?)",
            params![platform.as_str(), now.as_millis()],
        )?;
        Ok(())
    }
}

fn mandates(connection: &Connection) -> Result<Vec<Mandate>, TruthError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, authority, reference, purpose, budget, spent, expires, revoked, budget_bytes, spent_bytes
         FROM mandates ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut mandates = Vec::new();
    while let Some(row) = rows.next()? {
        let expires: String = row.get(6)?;
        mandates.push(Mandate {
            id: row.get(0)?,
            authority: row.get(1)?,
            reference: row.get(2)?,
            purpose: row.get(3)?,
            budget: row.get(4)?,
            spent: row.get(5)?,
            expires: expires.parse().map_err(|_| TruthError::Value(format!("date `{expires}`")))?,
            revoked: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_millis),
            budget_bytes: row.get(8)?,
            spent_bytes: row.get(9)?,
        });
    }
    Ok(mandates)
}

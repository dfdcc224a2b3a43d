//! Looks at referred listings, and at a control sample of listings that were not referred.
//!
//! The sample says how many listings vanish by themselves. It keeps keyed digests of addresses and times of looks, nothing
//! else, and ends with the mandate it was drawn under; only counts remain.

use std::time::Duration;

use rusqlite::{OptionalExtension, params};
use serde::Serialize;

use crate::referral::pages::CasePage;
use crate::report::responses::ControlCount;
use crate::store::truth::{Truth, TruthError, pages};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{MandateId, PlatformId, ReferralId};
use crate::vocab::terms::Sight;
use crate::vocab::time::Timestamp;

/// What one look saw of one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Look {
    /// Page.
    pub url: String,
    /// What it saw.
    pub seen: Sight,
    /// HTTP status of the first answer.
    pub status: Option<u16>,
    /// When.
    pub at: Timestamp,
}

/// A look at a page that may be in the control sample.
#[derive(Debug, Clone)]
pub struct ControlLook {
    /// Platform.
    pub platform: PlatformId,
    /// Keyed digest of the address.
    pub digest: [u8; 16],
    /// Mandate of the scan.
    pub mandate: MandateId,
    /// What stands on the page now.
    pub seen: ControlSight,
}

/// What a page of the control sample shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlSight {
    /// A listing that is not referred.
    Live,
    /// Nothing any more.
    Gone,
    /// A hit: it is no control any more.
    Referred,
}

/// Pages drawn per platform at most.
const SAMPLE: u64 = 200;

/// One page in so many is drawn, by its digest, so that every scan draws the same ones.
const ONE_IN: u16 = 16;

impl Truth {
    /// The keyed digest of a page, if chance draws it for the control sample.
    pub fn control_digest(&self, platform: &PlatformId, url: &FoundUrl) -> Option<[u8; 16]> {
        let key = self.secret_for("control sample");
        let hash = blake3::keyed_hash(&key, format!("{platform}\n{}", url.canonical()).as_bytes());
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.as_bytes()[..16]);
        let drawn = u16::from_le_bytes([digest[14], digest[15]]) % ONE_IN == 0;
        drawn.then_some(digest)
    }

    /// Records looks at the control sample, drawing pages that are new to it while there is room.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn record_control(&self, looks: &[ControlLook], now: Timestamp) -> Result<(), TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        for look in looks {
            let key = params![look.platform.as_str(), look.digest];
            match look.seen {
                ControlSight::Referred => {
                    tx.prepare_cached("DELETE FROM control_sample WHERE platform = ? AND digest = ?")?.execute(key)?;
                    continue;
                }
                ControlSight::Live | ControlSight::Gone => {}
            }
            let gone = (look.seen == ControlSight::Gone).then_some(now.as_millis());
            let known = tx
                .prepare_cached(
                    "UPDATE control_sample SET checked = ?3, checks = checks + 1,
                       gone_at = CASE WHEN ?4 IS NULL THEN NULL ELSE coalesce(gone_at, ?4) END
                     WHERE platform = ?1 AND digest = ?2",
                )?
                .execute(params![look.platform.as_str(), look.digest, now.as_millis(), gone])?;
            if known > 0 || look.seen == ControlSight::Gone {
                continue;
            }
            let drawn: u64 = tx
                .prepare_cached("SELECT count(*) FROM control_sample WHERE platform = ?")?
                .query_row([look.platform.as_str()], |row| row.get(0))?;
            if drawn >= SAMPLE {
                continue;
            }
            let expires: Option<String> = tx
                .prepare_cached("SELECT expires FROM mandates WHERE id = ?")?
                .query_row([look.mandate.as_str()], |row| row.get(0))
                .optional()?;
            let expires = expires.and_then(|day| day.parse::<jiff::civil::Date>().ok()).and_then(end_of);
            // A site of one's own is scanned under no mandate on record.
            let expires = expires.unwrap_or_else(|| now.after(WITHOUT_MANDATE));
            tx.prepare_cached(
                "INSERT INTO control_sample (platform, digest, mandate, since, checked, checks, expires)
                 VALUES (?1, ?2, ?3, ?4, ?4, 0, ?5)",
            )?
            .execute(params![
                look.platform.as_str(),
                look.digest,
                look.mandate.as_str(),
                now.as_millis(),
                expires.as_millis()
            ])?;
        }
        self.commit(tx)
    }

    /// The control sample as counts, with what ended mandates left.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn control_counts(&self) -> Result<Vec<ControlCount>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT platform, sum(sampled), sum(rechecked), sum(gone) FROM (
                   SELECT platform, count(*) AS sampled, count(*) FILTER (WHERE checks > 0) AS rechecked, count(gone_at) AS gone
                     FROM control_sample GROUP BY platform
                   UNION ALL SELECT platform, sampled, rechecked, gone FROM control_totals)
                 GROUP BY platform ORDER BY platform",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(ControlCount {
                    platform: row.get(0)?,
                    sampled: row.get(1)?,
                    rechecked: row.get(2)?,
                    gone: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Forgets the digests of mandates that ended; their counts stay. Answers how many digests.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn end_control_samples(&self, now: Timestamp) -> Result<u64, TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        tx.execute(
            "INSERT INTO control_totals (platform, mandate, sampled, rechecked, gone, ended)
             SELECT platform, mandate, count(*), count(*) FILTER (WHERE checks > 0), count(gone_at), ?1
             FROM control_sample WHERE expires < ?1 GROUP BY platform, mandate",
            [now.as_millis()],
        )?;
        let gone = tx.execute("DELETE FROM control_sample WHERE expires < ?", [now.as_millis()])? as u64;
        self.commit(tx)?;
        Ok(gone)
    }

    /// Records looks at a case's pages. They count where `counts_after` says how long after the last one of the same page that did.
    /// Answers how its pages stand.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn note_looks(
        &self,
        referral: &ReferralId,
        looks: &[Look],
        counts_after: Option<Duration>,
    ) -> Result<Vec<CasePage>, TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        for look in looks {
            tx.prepare_cached("INSERT INTO rechecks (referral, at, url, seen, status) VALUES (?, ?, ?, ?, ?)")?
                .execute(params![referral.as_str(), look.at.as_millis(), look.url, look.seen, look.status])?;
            pages::note_look(&tx, referral, &look.url, (look.seen, look.status), look.at, counts_after)?;
        }
        let pages = pages::of(&tx, referral)?;
        tx.execute("UPDATE referrals SET look_asked = NULL WHERE id = ?", [referral.as_str()])?;
        self.commit(tx)?;
        Ok(pages)
    }

    /// Looks at a case's pages, oldest first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn looks_at(&self, referral: &ReferralId) -> Result<Vec<Look>, TruthError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT url, seen, status, at FROM rechecks WHERE referral = ? ORDER BY id")?;
            let rows = statement.query_map([referral.as_str()], |row| {
                Ok(Look {
                    url: row.get(0)?,
                    seen: row.get(1)?,
                    status: row.get(2)?,
                    at: Timestamp::from_millis(row.get(3)?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Stops looking at a case whose state has no use for looks.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn end_rechecks(&self, referral: &ReferralId) -> Result<(), TruthError> {
        self.writer().execute("UPDATE referrals SET recheck_at = NULL WHERE id = ?", [referral.as_str()])?;
        Ok(())
    }
}

/// How long the sample of a site of one's own lasts.
const WITHOUT_MANDATE: std::time::Duration = std::time::Duration::from_secs(90 * 86_400);

/// The last moment of a day in UTC.
fn end_of(day: jiff::civil::Date) -> Option<Timestamp> {
    let next = day.tomorrow().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp::from(next.timestamp()))
}

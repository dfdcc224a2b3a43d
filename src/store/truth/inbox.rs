//! What the inbox asks for: several states at once, a case by its address or words, other cases of one seller.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, params};

use crate::referral::outcome::Decision;
use crate::referral::row::ReferralRow;
use crate::referral::state::Event;
use crate::store::truth::cases::{CaseFilter, ROW, row};
use crate::store::truth::query::quoted;
use crate::store::truth::{Truth, TruthError};
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::url::CanonicalUrl;

/// Cases found by words at most.
pub const FOUND_LIMIT: usize = 200;

impl Truth {
    /// The newest changes of several states, at most `filter.limit`. Each state is read along its own index and the parts
    /// are merged: sorting a state of half a million cases would take longer than a page may.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn newest_of_states(&self, filter: &CaseFilter, states: &[&str]) -> Result<Vec<ReferralRow>, TruthError> {
        let mut rows = Vec::new();
        for state in states {
            let one = CaseFilter { state: Some((*state).to_owned()), newest_first: true, ..filter.clone() };
            rows.extend(self.referrals(&one)?);
        }
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.change));
        rows.truncate(filter.limit);
        Ok(rows)
    }

    /// Cases whose listings hold all the words, newest found first, at most [`FOUND_LIMIT`]. Text that is a listing's
    /// address finds the cases of exactly that page.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn cases_with(&self, words: &str, platforms: &[PlatformId]) -> Result<Vec<ReferralRow>, TruthError> {
        self.read(|connection| {
            let mut ids: Vec<String> = Vec::new();
            if words.starts_with("http://") || words.starts_with("https://") {
                let mut statement =
                    connection.prepare_cached("SELECT DISTINCT referral FROM hits WHERE platform = ? AND page = ?")?;
                // Any form of an address finds its page.
                let page = CanonicalUrl::parse(words, None).map_or_else(|_| words.to_owned(), String::from);
                for platform in platforms {
                    let rows = statement.query_map(params![platform.as_str(), page], |row| row.get(0))?;
                    ids.extend(rows.collect::<Result<Vec<String>, _>>()?);
                }
            } else {
                // Each word quoted, so that none of the index's operators reaches it.
                let terms: Vec<String> = words
                    .split_whitespace()
                    .filter(|word| word.chars().any(char::is_alphanumeric))
                    .map(|word| quoted(&word.replace('\0', " ")))
                    .collect();
                if terms.is_empty() {
                    return Ok(Vec::new());
                }
                let mut statement = connection.prepare_cached(
                    "SELECT h.referral, h.platform FROM hits_text JOIN hits h ON h.rowid = hits_text.rowid
                     WHERE hits_text MATCH ? ORDER BY hits_text.rowid DESC",
                )?;
                let mut rows = statement.query([terms.join(" ")])?;
                while let Some(row) = rows.next()? {
                    let (id, of): (String, String) = (row.get(0)?, row.get(1)?);
                    if platforms.iter().any(|platform| platform.as_str() == of) && !ids.contains(&id) {
                        ids.push(id);
                    }
                    if ids.len() == FOUND_LIMIT {
                        break;
                    }
                }
            }
            let mut statement = connection.prepare_cached(&format!("SELECT {ROW} FROM referrals WHERE id = ?"))?;
            let cases = ids.iter().map(|id| Ok(statement.query_row([id], row)?));
            cases.collect()
        })
    }

    /// What the platform last answered to these cases; those without an answer are left out.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn decisions_of(&self, cases: &[String]) -> Result<HashMap<String, Decision>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT decision FROM referrals WHERE id = ?")?;
            let mut decisions = HashMap::new();
            for case in cases {
                let decision: Option<Option<String>> = statement.query_row([case], |row| row.get(0)).optional()?;
                if let Some(decision) = decision.flatten().as_deref().and_then(Decision::parse) {
                    decisions.insert(case.clone(), decision);
                }
            }
            Ok(decisions)
        })
    }

    /// The answers to a case, oldest first: one for each step that took one. The audit log has them.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn answers_to(&self, case: &ReferralId) -> Result<Vec<Decision>, TruthError> {
        self.read(|connection| {
            let mut statement = connection
                .prepare_cached("SELECT detail FROM audit WHERE subject = ? AND action = 'answer' ORDER BY seq")?;
            let details: Vec<String> =
                statement.query_map([case.as_str()], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let answers = details.iter().map(|detail| match serde_json::from_str(detail)? {
                Event::Answer { outcome, of_pages } => Ok(of_pages.map_or(outcome, |some| some.outcome).decision),
                other => Err(TruthError::Value(format!("an answer is on record as `{}`", other.name()))),
            });
            answers.collect()
        })
    }

    /// Cases of the same platform with a listing of a seller of this case, itself among them, newest change first; only those in
    /// `states`, where any are named.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn cases_of_the_seller(
        &self,
        of: &ReferralId,
        states: &[&str],
        limit: usize,
    ) -> Result<Vec<ReferralRow>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {ROW} FROM (
                   SELECT DISTINCT o.referral FROM hits h JOIN hits o ON o.seller_hash = h.seller_hash AND o.platform = h.platform
                   WHERE h.referral = ?1 AND h.seller_hash IS NOT NULL)
                 CROSS JOIN referrals ON id = referral
                 WHERE ?2 = '[]' OR state IN (SELECT value FROM json_each(?2)) ORDER BY change DESC LIMIT ?3"
            ))?;
            let rows = statement.query_map(params![of.as_str(), serde_json::to_string(states)?, limit], row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Other cases with a listing of one of these sellers (keyed hashes), newest change first.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn cases_of_sellers(
        &self,
        sellers: &[String],
        not: &ReferralId,
        limit: usize,
    ) -> Result<Vec<ReferralRow>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {ROW} FROM (SELECT DISTINCT referral FROM hits WHERE seller_hash = ?1 AND referral <> ?2)
                 CROSS JOIN referrals ON id = referral
                 WHERE platform = (SELECT platform FROM referrals WHERE id = ?2)
                   OR (platform IN (SELECT platform FROM platform_uses WHERE use = 'linking')
                     AND (SELECT platform FROM referrals WHERE id = ?2) IN (SELECT platform FROM platform_uses WHERE use = 'linking'))
                 ORDER BY change DESC LIMIT ?3"
            ))?;
            let mut cases: Vec<ReferralRow> = Vec::new();
            for seller in sellers {
                let rows = statement.query_map(params![seller, not.as_str(), limit], row)?;
                for case in rows {
                    let case = case?;
                    if !cases.iter().any(|held| held.id == case.id) {
                        cases.push(case);
                    }
                }
            }
            cases.truncate(limit);
            Ok(cases)
        })
    }
}

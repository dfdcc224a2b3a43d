//! Clusters of hits: which are at a page, and whether one has room for another page.

use std::collections::BTreeSet;

use rusqlite::params;

use crate::dedup::cluster::names_of;
use crate::store::truth::{Truth, TruthError};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{ClusterId, PlatformId};

/// Pages of one case at most.
const PAGES_OF_A_CASE: i64 = 200;

impl Truth {
    /// The clusters of the hits at a page, each with what its hits name.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn clusters_at(
        &self,
        platform: &PlatformId,
        url: &FoundUrl,
    ) -> Result<Vec<(ClusterId, BTreeSet<String>)>, TruthError> {
        let held: Vec<(String, String)> = self.read(|reader| {
            Ok(reader
                .prepare_cached(
                    "SELECT cluster, assessment FROM hits WHERE platform = ? AND page = ? ORDER BY score DESC LIMIT 64",
                )?
                .query_map(params![platform.as_str(), url.canonical().as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?)
        })?;
        let mut clusters: Vec<(ClusterId, BTreeSet<String>)> = Vec::new();
        for (cluster, assessment) in held {
            let id = ClusterId::parse(&cluster).map_err(|error| TruthError::Value(error.to_string()))?;
            let names = names_of(&serde_json::from_str(&assessment)?);
            match clusters.iter_mut().find(|(known, _)| *known == id) {
                Some((_, held)) => held.extend(names),
                None => clusters.push((id, names)),
            }
        }
        Ok(clusters)
    }

    /// Whether a cluster has so many pages that further ones become a case of their own.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn is_cluster_full(&self, platform: &PlatformId, cluster: &ClusterId) -> Result<bool, TruthError> {
        self.read(|reader| {
            let sql = "SELECT count(*) FROM (SELECT 1 FROM hits WHERE referral = (
                         SELECT id FROM referrals WHERE platform = ?1 AND cluster = ?2 ORDER BY generation DESC LIMIT 1) LIMIT ?3)";
            let values = params![platform.as_str(), cluster.as_str(), PAGES_OF_A_CASE];
            let count: i64 = reader.prepare_cached(sql)?.query_row(values, |row| row.get(0))?;
            Ok(count >= PAGES_OF_A_CASE)
        })
    }
}

//! Clusters of hits: which are at a page, and whether one has room for another page.

use std::collections::BTreeSet;

use rusqlite::params;

use crate::dedup::cluster::names_of;
use crate::store::truth::kept::KEPT;
use crate::store::truth::{Truth, TruthError};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{ClusterId, PlatformId};

/// Pages of one case at most.
const PAGES_OF_A_CASE: i64 = 200;

/// A cluster with hits at a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterAt {
    /// Which.
    pub id: ClusterId,
    /// What its hits there name.
    pub names: BTreeSet<String>,
    /// Another listing stands in the place of its own.
    pub is_kept: bool,
}

impl Truth {
    /// The clusters of the hits at a page.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn clusters_at(&self, platform: &PlatformId, url: &FoundUrl) -> Result<Vec<ClusterAt>, TruthError> {
        let held: Vec<(String, String, bool)> = self.read(|reader| {
            let place = params![platform.as_str(), url.canonical().as_str(), KEPT];
            Ok(reader
                .prepare_cached(
                    "SELECT cluster, assessment, ordinal >= ?3 FROM hits WHERE platform = ?1 AND page = ?2
                     ORDER BY ordinal >= ?3, score DESC LIMIT 64",
                )?
                .query_map(place, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
                .collect::<Result<_, _>>()?)
        })?;
        let mut clusters: Vec<ClusterAt> = Vec::new();
        for (cluster, assessment, is_kept) in held {
            let id = ClusterId::parse(&cluster).map_err(|error| TruthError::Value(error.to_string()))?;
            let names = names_of(&serde_json::from_str(&assessment)?);
            match clusters.iter_mut().find(|known| known.id == id) {
                Some(known) => known.names.extend(names),
                None => clusters.push(ClusterAt { id, names, is_kept }),
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

//! When each named job of the hub last ran, and how that ended.

use rusqlite::params;
use serde::Serialize;

use crate::store::truth::{Truth, TruthError};
use crate::vocab::time::Timestamp;

/// The last run of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobRun {
    /// Name of the job.
    pub name: String,
    /// When its last run began.
    pub last_run: Timestamp,
    /// How long that run took, in milliseconds.
    pub duration_ms: u64,
    /// Whether that run did its work.
    pub succeeded: bool,
    /// What it did, or why it failed.
    pub detail: String,
    /// When a run that did its work last began.
    pub last_success: Option<Timestamp>,
}

impl Truth {
    /// Notes a run of a job in place of the one before.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn note_job(
        &self,
        name: &str,
        (began, duration_ms): (Timestamp, u64),
        result: Result<&str, &str>,
    ) -> Result<(), TruthError> {
        let (succeeded, detail) = match result {
            Ok(detail) => (true, detail),
            Err(detail) => (false, detail),
        };
        let success = succeeded.then(|| began.as_millis());
        self.writer().execute(
            "INSERT INTO jobs (name, last_run, duration_ms, succeeded, detail, last_success) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (name) DO UPDATE SET last_run = excluded.last_run, duration_ms = excluded.duration_ms,
               succeeded = excluded.succeeded, detail = excluded.detail,
               last_success = coalesce(excluded.last_success, last_success)",
            params![name, began.as_millis(), duration_ms, succeeded, detail, success],
        )?;
        Ok(())
    }

    /// The last run of each job that ever ran, by name.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn jobs(&self) -> Result<Vec<JobRun>, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT name, last_run, duration_ms, succeeded, detail, last_success FROM jobs ORDER BY name",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(JobRun {
                    name: row.get(0)?,
                    last_run: Timestamp::from_millis(row.get(1)?),
                    duration_ms: row.get(2)?,
                    succeeded: row.get(3)?,
                    detail: row.get(4)?,
                    last_success: row.get::<_, Option<i64>>(5)?.map(Timestamp::from_millis),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

//! What time destroys, class by class, as `[privacy]` says: captured pages, sealed personal data, hits, cases; and drafts
//! that nobody decided on expire.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::config::settings::Retention;
use crate::engine::rooms::Rooms;
use crate::referral::state::{Event, Intervals};
use crate::store::truth::{Destroyed, TruthError};
use crate::vocab::actor::Actor;
use crate::vocab::time::Timestamp;

/// A draft nobody decided on for this long expires: its listing says nothing certain any more. A new sighting opens it again.
const DRAFT_LIFE: Duration = Duration::from_secs(90 * 86_400);

/// Drafts that expire in one run.
const DRAFTS_AT_ONCE: usize = 10_000;

/// Why retention could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// A store refused.
    #[error(transparent)]
    Truth(#[from] TruthError),
    /// A file could not be destroyed or looked at.
    #[error("`{path}`: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the disk said.
        source: std::io::Error,
    },
}

/// One class of data.
#[derive(Debug, Clone, Serialize)]
pub struct ClassReport {
    /// `captures`, `personal-data`, `hits`, `referrals`, `digests`, `drafts` or `audit`.
    pub class: &'static str,
    /// How long it is kept, in days; `None`: until somebody erases it.
    pub days: Option<u64>,
    /// What is over its time, or was destroyed.
    pub count: u64,
    /// What is counted.
    pub unit: &'static str,
}

fn before(retention: Retention, now: Timestamp) -> Option<Timestamp> {
    match retention {
        Retention::For(time) => Some(now.before(time)),
        Retention::Forever => None,
    }
}

/// What is over its time now; nothing is destroyed.
///
/// # Errors
/// When a store or the folder of captures cannot be read.
pub fn report(rooms: &Rooms, warc: &Path) -> Result<Vec<ClassReport>, RetentionError> {
    let (privacy, now) = (&rooms.settings.privacy, rooms.now());
    let old = old_captures(warc, before(privacy.captures, now))?.len() as u64;
    let due = rooms.truth.due_to_destroy(
        before(privacy.hits, now),
        before(privacy.referrals, now),
        before(privacy.personal_data, now),
        now,
    )?;
    let drafts = rooms.truth.stale_drafts(now.before(DRAFT_LIFE), DRAFTS_AT_ONCE)?.len() as u64;
    Ok(lines(rooms, old, due, drafts))
}

/// Destroys what is over its time. Captures are noted as destroyed before their file goes: a crash in between leaves a file
/// that the next run removes, never a hit that cites a page which is not there.
///
/// # Errors
/// When a store or the disk refuses; the rest is done at the next run.
pub fn run(rooms: &Rooms, warc: &Path, actor: &Actor) -> Result<Vec<ClassReport>, RetentionError> {
    let (privacy, now) = (&rooms.settings.privacy, rooms.now());
    let old = old_captures(warc, before(privacy.captures, now))?;
    for path in &old {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        rooms.truth.note_captures_destroyed(&name, actor, now)?;
        destroy(path).map_err(|source| RetentionError::File { path: path.clone(), source })?;
    }
    let done = rooms.truth.destroy_due(
        before(privacy.hits, now),
        before(privacy.referrals, now),
        before(privacy.personal_data, now),
        actor,
        now,
    )?;
    let mut expired = 0;
    let intervals = Intervals { recheck: Duration::ZERO, renotice: Duration::ZERO };
    for draft in rooms.truth.stale_drafts(now.before(DRAFT_LIFE), DRAFTS_AT_ONCE)? {
        match rooms.truth.apply(&draft, Event::Expire, actor, &[], intervals, now) {
            Ok(_) => expired += 1,
            // Somebody decided meanwhile.
            Err(TruthError::Step(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(lines(rooms, old.len() as u64, done, expired))
}

fn lines(rooms: &Rooms, captures: u64, done: Destroyed, drafts: u64) -> Vec<ClassReport> {
    let privacy = &rooms.settings.privacy;
    let days = |retention: Retention| match retention {
        Retention::For(time) => Some(time.as_secs() / 86_400),
        Retention::Forever => None,
    };
    let line = |class, retention, count, unit| ClassReport { class, days: days(retention), count, unit };
    vec![
        line("captures", privacy.captures, captures, "WARC files"),
        line("personal-data", privacy.personal_data, done.personal_values, "sealed values"),
        line("hits", privacy.hits, done.hits, "hits of closed cases"),
        line("referrals", privacy.referrals, done.referrals, "closed cases"),
        line("drafts", Retention::For(DRAFT_LIFE), drafts, "undecided drafts expired"),
        ClassReport { class: "digests", days: None, count: done.digests, unit: "digests past their mandate or date" },
        // A chain with its beginning cut off could not be followed any more: entries hold no personal data and stay.
        ClassReport { class: "audit", days: None, count: 0, unit: "entries" },
    ]
}

/// WARC files whose newest record is older than `before`. The file being written is younger than that.
fn old_captures(warc: &Path, before: Option<Timestamp>) -> Result<Vec<PathBuf>, RetentionError> {
    let Some(before) = before else { return Ok(Vec::new()) };
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| RetentionError::File { path, source }
    };
    let entries = match std::fs::read_dir(warc) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(warc)(error)),
    };
    let open = std::fs::read_to_string(warc.join("OPEN")).unwrap_or_default();
    let mut old = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed(warc))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.ends_with(".warc.gz") || open.contains(&name) {
            continue;
        }
        let written = path.metadata().and_then(|meta| meta.modified()).map_err(failed(&path))?;
        let since_epoch = written.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let written = Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX));
        if written < before {
            old.push(path);
        }
    }
    old.sort();
    Ok(old)
}

/// Overwrites a file, then removes it.
fn destroy(path: &Path) -> std::io::Result<()> {
    use std::io::Write;
    let mut left = path.metadata()?.len();
    let mut file = std::fs::OpenOptions::new().write(true).open(path)?;
    let zeros = [0_u8; 64 << 10];
    while left > 0 {
        let now = usize::try_from(left.min(zeros.len() as u64)).unwrap_or(zeros.len());
        file.write_all(&zeros[..now])?;
        left -= now as u64;
    }
    file.sync_all()?;
    std::fs::remove_file(path)
}

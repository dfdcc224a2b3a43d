//! Takes up a watchlist that changed on disk while the hub runs.

use std::sync::{Mutex, PoisonError};

use crate::config::in_use::Digests;
use crate::config::problem::Problem;
use crate::config::watchlist::{Loaded, WatchlistFolder};
use crate::detect::changes::WatchlistChanges;
use crate::engine::rooms::Rooms;
use crate::engine::service::{Job, JobError};
use crate::evidence::audit::Said;

/// What a reload brought.
#[derive(Debug)]
pub struct Reloaded {
    /// Version and digest of the list now in use.
    pub version: String,
    /// What it changes of the one before.
    pub changes: WatchlistChanges,
    /// Names and identifiers that mean two things, and the like: the list is in use, a person should look.
    pub conflicts: Vec<Problem>,
}

/// The folder of the watchlist, and how it looked when it was last read.
pub struct Watchlists {
    folder: WatchlistFolder,
    // One number, never held across an await.
    seen: Mutex<Option<u64>>,
    /// The files of the list in use. Small, never held across an await.
    in_use: Mutex<Digests>,
}

impl Watchlists {
    /// A folder as it was when `seen` and `in_use` were taken of it, before its list was loaded.
    pub fn new(folder: WatchlistFolder, seen: Option<u64>, in_use: Digests) -> Self {
        Watchlists { folder, seen: Mutex::new(seen), in_use: Mutex::new(in_use) }
    }

    /// The files of the list in use.
    pub fn in_use(&self) -> Digests {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Loads the watchlist again if a file of it changed, came or went; answers with what the new one changes. A refused
    /// list leaves the old one in use, and is refused once.
    ///
    /// # Errors
    /// Every problem of the changed files.
    pub fn reload(&self, rooms: &Rooms) -> Result<Option<Reloaded>, JobError> {
        let Some(state) = self.folder.state() else { return Ok(None) };
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == Some(state) {
                return Ok(None);
            }
            *seen = Some(state);
        }
        let Some(Loaded { detector, conflicts, digests }) = self.folder.load()? else { return Ok(None) };
        *self.in_use.lock().unwrap_or_else(PoisonError::into_inner) = digests;
        let (old, new) = (rooms.detector(), detector.watchlist().version().to_owned());
        if old.watchlist().version() == new {
            return Ok(None);
        }
        let changes = WatchlistChanges::between(old.watchlist(), detector.watchlist());
        let detail =
            serde_json::json!({ "from": old.watchlist().version(), "to": new, "changes": changes }).to_string();
        rooms.replace_detector(detector);
        let said = Said { actor: &Job::Reload.actor(), action: "reload-watchlist", subject: &new, detail: &detail };
        rooms.truth.note(&said, rooms.now())?;
        Ok(Some(Reloaded { version: new, changes, conflicts }))
    }
}

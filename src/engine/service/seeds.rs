//! The platforms in use, and how platform files that changed on disk are taken up while the hub runs.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::config::in_use::{Digests, FilesInUse};
use crate::config::load::load_platforms;
use crate::engine::rooms::Rooms;
use crate::engine::service::{Job, JobError};
use crate::evidence::audit::Said;
use crate::vocab::platform::Platform;

/// The platforms of a folder of files.
pub struct Seeds {
    /// `None` where platforms come from no file, and nothing is taken up.
    folder: Option<PathBuf>,
    // Handles only, never held across an await.
    platforms: RwLock<Vec<Arc<Platform>>>,
    // A few names and digests; held while files are read, so that they are read once at a time.
    files: Mutex<Files>,
}

struct Files {
    in_use: Digests,
    /// As they were when they were refused.
    refused: Option<Digests>,
}

impl Seeds {
    /// Platforms as they were read when the folder's files were `in_use`.
    pub fn new(folder: Option<PathBuf>, platforms: Vec<Platform>, in_use: Digests) -> Self {
        let platforms = RwLock::new(platforms.into_iter().map(Arc::new).collect());
        Seeds { folder, platforms, files: Mutex::new(Files { in_use, refused: None }) }
    }

    /// The platforms in use.
    pub fn platforms(&self) -> Vec<Arc<Platform>> {
        self.platforms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The files they come from.
    pub fn in_use(&self) -> Digests {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).in_use.clone()
    }

    /// Reads the platform files again if one of them changed, came or went; answers with the names of those. Refused files
    /// leave all platforms as they are, and are refused once.
    ///
    /// # Errors
    /// Every problem of the changed files.
    pub fn reload(&self, rooms: &Rooms) -> Result<Option<Vec<String>>, JobError> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        // Before they are parsed: a file edited in between is taken up by the next call.
        let found = FilesInUse::read(Some(folder), Digests::new(), None).seeds;
        if found == files.in_use {
            files.refused = None;
            return Ok(None);
        }
        if files.refused.as_ref() == Some(&found) {
            return Ok(None);
        }
        let platforms = match load_platforms(folder, rooms.now().date()) {
            Ok(platforms) => platforms,
            Err(problems) => {
                files.refused = Some(found);
                return Err(JobError::Platforms(problems));
            }
        };
        let names = files.in_use.keys().chain(found.keys());
        let mut changed: Vec<String> =
            names.filter(|name| files.in_use.get(*name) != found.get(*name)).map(|name| without_ending(name)).collect();
        changed.sort();
        changed.dedup();
        let platforms: Vec<Arc<Platform>> = platforms.into_iter().map(Arc::new).collect();
        // A scan that runs asks by the newer file too: an agreement that ended, a narrower scope, a slower pace.
        rooms.gate.obey(&self.platforms(), &platforms);
        rooms.truth.note_uses(platforms.iter().map(Arc::as_ref))?;
        *self.platforms.write().unwrap_or_else(PoisonError::into_inner) = platforms;
        (files.in_use, files.refused) = (found, None);
        drop(files);
        let detail = serde_json::json!({ "changed": changed }).to_string();
        let said =
            Said { actor: &Job::Reload.actor(), action: "reload-platforms", subject: "platforms", detail: &detail };
        rooms.truth.note(&said, rooms.now())?;
        Ok(Some(changed))
    }
}

fn without_ending(name: &str) -> String {
    Path::new(name).file_stem().map_or_else(|| name.to_owned(), |stem| stem.to_string_lossy().into_owned())
}

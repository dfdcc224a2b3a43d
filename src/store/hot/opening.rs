//! Opening sled: waits for a lock on its way out, and recovers from what a hard stop leaves behind.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::store::hot::HotError;

/// How often and how long a lock on its way out is waited for.
const LOCK_ATTEMPTS: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// Opens the store; says whether damaged files were moved aside.
///
/// # Errors
/// When sled fails for another reason than damage, or files cannot be moved.
pub fn open_sled(directory: &Path, cache_bytes: u64) -> Result<(sled::Db, bool), HotError> {
    let open_once = || {
        sled::Config::new()
            .path(directory)
            .cache_capacity(cache_bytes)
            .flush_every_ms(Some(500))
            .use_compression(false)
            .open()
    };
    // The directory is ours alone, so a lock that is still held is an earlier handle of this process on its way out: sled
    // lets go from a thread of its own.
    let open = || {
        for _ in 0..LOCK_ATTEMPTS {
            match open_once() {
                Err(sled::Error::Io(error)) if error.to_string().contains("acquire lock") => {
                    std::thread::sleep(LOCK_PAUSE);
                }
                other => return other,
            }
        }
        open_once()
    };
    match open() {
        Ok(db) => return Ok((db, false)),
        Err(error) if is_damage(&error) => {}
        Err(error) => return Err(error.into()),
    }
    // A torn snapshot is the common damage after a hard stop; without it sled replays its log.
    for file in std::fs::read_dir(directory)? {
        let path = file?.path();
        let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        // sled takes any name that starts with `snap.` for a snapshot, so the new name must not.
        if name.starts_with("snap.") {
            std::fs::rename(&path, directory.join(format!("damaged-{name}")))?;
        }
    }
    match open() {
        Ok(db) => return Ok((db, true)),
        Err(error) if is_damage(&error) => {}
        Err(error) => return Err(error.into()),
    }
    let aside = set_aside(directory)?;
    tracing::warn!(
        "the frontier store is damaged: it is kept as `{}` and made again from the record of truth",
        aside.display()
    );
    Ok((open()?, true))
}

/// Moves the files of a store aside, for a look. Everything in them can be made again from the record of truth.
///
/// # Errors
/// When they cannot be moved.
pub fn set_aside(directory: &Path) -> Result<PathBuf, HotError> {
    for number in 1.. {
        let mut aside = directory.as_os_str().to_owned();
        aside.push(format!(".damaged-{number}"));
        let aside = PathBuf::from(aside);
        if !aside.exists() {
            std::fs::rename(directory, &aside)?;
            return Ok(aside);
        }
    }
    unreachable!("one of the numbers is free")
}

/// What work comes to, or nothing where it panics. The panic is not printed: whoever asked says what it means.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    std::panic::set_hook(hook);
    result.ok()
}

/// Errors that mean torn files, as opposed to a directory in use or a full disk.
pub fn is_damage(error: &sled::Error) -> bool {
    use std::io::ErrorKind;
    match error {
        sled::Error::Corruption { .. }
        | sled::Error::ReportableBug(_)
        | sled::Error::Unsupported(_)
        | sled::Error::CollectionNotFound(_) => true,
        sled::Error::Io(error) => {
            matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::InvalidData | ErrorKind::InvalidInput)
        }
    }
}

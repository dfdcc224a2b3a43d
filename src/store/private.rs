//! The data directory is its owner's alone: folders 0700, files 0600, whatever the umask of whoever started the program.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::Mode;

const FOLDER: u32 = 0o700;
const FILE: u32 = 0o600;

/// The file of a folder that its owner holds locked.
pub const LOCK: &str = "LOCK";

/// Makes the directory if it is missing. Files that this process makes from here on are its owner's alone, those that
/// SQLite and sled make by themselves too.
///
/// # Errors
/// When the directory cannot be made.
pub fn make(directory: &Path) -> io::Result<()> {
    rustix::process::umask(Mode::from_raw_mode(!FOLDER & 0o777));
    DirBuilder::new().recursive(true).mode(FOLDER).create(directory)
}

/// Makes a folder of its own, under a name nobody can foresee, in one that others write to as well. One that is there already is
/// never taken, nor is what a link leads to.
///
/// # Errors
/// When it cannot be made, or there is no randomness.
pub fn make_new_in(shared: &Path, prefix: &str) -> io::Result<PathBuf> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(format!("no randomness: {error}")))?;
    let folder = shared.join(format!("{prefix}-{}", data_encoding::HEXLOWER.encode(&random)));
    make_alone(&folder)?;
    Ok(folder)
}

/// Removes the folders that [`make_new_in`] made for processes that were killed: those of this user of which nobody holds the lock.
pub fn remove_left_in(shared: &Path, prefix: &str) {
    let is_made_name = |name: &str| {
        let random = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-'));
        random.is_some_and(|random| random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    for entry in fs::read_dir(shared).into_iter().flatten().flatten() {
        let path = entry.path();
        // Not what a link leads to.
        let is_own = fs::symlink_metadata(&path).is_ok_and(|held| {
            held.is_dir()
                && held.uid() == rustix::process::geteuid().as_raw()
                && held.permissions().mode() & 0o7777 == FOLDER
        });
        if !is_own || !entry.file_name().to_str().is_some_and(is_made_name) {
            continue;
        }
        // Without a lock file it is being made.
        let Ok(lock) = fs::File::open(path.join(LOCK)) else { continue };
        if lock.try_lock().is_ok() {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Makes a folder that was not there, whatever lies under its name.
fn make_alone(folder: &Path) -> io::Result<()> {
    DirBuilder::new().mode(FOLDER).create(folder)
}

/// Writes a file that is there whole or not at all, and the folder it is in.
///
/// # Errors
/// When the disk refuses.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(FOLDER).create(folder)?;
    }
    let new = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(FILE).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    // The new name survives the power going away as well.
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}

/// What is below the directory that others than its owner have access to, with its mode. Links are passed over.
///
/// # Errors
/// When the directory cannot be looked through.
pub fn open_to_others(directory: &Path) -> io::Result<Vec<(PathBuf, u32)>> {
    let (mut folders, mut found) = (vec![directory.to_path_buf()], Vec::new());
    while let Some(folder) = folders.pop() {
        let mut look = |path: &Path| -> io::Result<()> {
            let mode = fs::symlink_metadata(path)?.permissions().mode() & 0o7777;
            if mode & 0o077 != 0 {
                found.push((path.to_path_buf(), mode));
            }
            Ok(())
        };
        look(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            match entry.file_type()? {
                kind if kind.is_symlink() => {}
                kind if kind.is_dir() => folders.push(entry.path()),
                // A file that is gone by now, a store's temporary one, is open to nobody.
                _ => match look(&entry.path()) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                },
            }
        }
    }
    Ok(found)
}

/// Takes what others may do with the directory and everything in it from them. Links are left alone; what cannot be
/// changed is named in the log.
pub fn tighten(directory: &Path) {
    let mut folders = vec![directory.to_path_buf()];
    while let Some(folder) = folders.pop() {
        set(&folder, FOLDER);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                tracing::warn!(%error, path = %folder.display(), "`{}` cannot be looked through", folder.display());
                continue;
            }
        };
        for entry in entries.flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_symlink() => {
                    let path = entry.path();
                    tracing::warn!(path = %path.display(), "`{}` is a link; its permissions are left as they are", path.display());
                }
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                // A file that is gone by now, a store's temporary one, needs nothing.
                Ok(_) => set(&entry.path(), FILE),
                Err(_) => {}
            }
        }
    }
}

fn set(path: &Path, mode: u32) {
    let held = match fs::metadata(path) {
        Ok(held) => held.permissions().mode() & 0o7777,
        Err(_) => return,
    };
    if held == mode {
        return;
    }
    match fs::set_permissions(path, Permissions::from_mode(mode)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => tracing::warn!(
            %error, path = %path.display(),
            "others may have access to `{}` (mode {held:o}), and that cannot be changed; run `chmod {mode:o}` as its owner",
            path.display()
        ),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_a_shared_one_is_new_and_closed_to_others() {
        let shared = tempfile::tempdir().unwrap();
        let made = [(); 2].map(|()| make_new_in(shared.path(), "listingwatch").unwrap());
        assert_ne!(made[0], made[1], "its name cannot be foreseen");
        for folder in &made {
            assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o7777, FOLDER);
        }
        // What somebody else put there is not taken: a folder, or a link to one.
        let (theirs, link) = (shared.path().join("theirs"), shared.path().join("link"));
        fs::create_dir(&theirs).unwrap();
        std::os::unix::fs::symlink(&theirs, &link).unwrap();
        for taken in [&made[0], &theirs, &link] {
            assert_eq!(make_alone(taken).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        }
    }

    #[test]
    fn a_folder_that_a_killed_process_left_is_removed_and_no_other() {
        let shared = tempfile::tempdir().unwrap();
        let made = [(); 3].map(|()| make_new_in(shared.path(), "listingwatch").unwrap());
        let [left, used, begun] = &made;
        fs::write(left.join(LOCK), "").unwrap();
        fs::create_dir(left.join("state")).unwrap();
        let lock = crate::store::lock::DirectoryLock::take(used).unwrap();
        // Of another program, of another name, or a link.
        let theirs = [shared.path().join("other"), shared.path().join("listingwatch-data")];
        for folder in &theirs {
            make_alone(folder).unwrap();
            fs::write(folder.join(LOCK), "").unwrap();
        }
        let link = shared.path().join(format!("listingwatch-{}", "0".repeat(32)));
        std::os::unix::fs::symlink(&theirs[0], &link).unwrap();
        remove_left_in(shared.path(), "listingwatch");
        assert!(!left.exists());
        for kept in [used, begun, &theirs[0], &theirs[1], &link] {
            assert!(kept.exists(), "{}", kept.display());
        }
        assert!(theirs[0].join(LOCK).exists());
        drop(lock);
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn an_open_directory_is_closed_and_links_are_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("other"), "x").unwrap();
        fs::set_permissions(outside.path().join("other"), Permissions::from_mode(0o644)).unwrap();
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("data");
        make(&data).unwrap();
        assert_eq!(mode(&data), FOLDER);
        fs::create_dir_all(data.join("a/b")).unwrap();
        fs::write(data.join("a/b/file"), "x").unwrap();
        assert_eq!(mode(&data.join("a/b/file")), FILE, "the umask of the process");
        std::os::unix::fs::symlink(outside.path(), data.join("link")).unwrap();
        for (path, open) in [("", 0o777), ("a", 0o755), ("a/b", 0o775), ("a/b/file", 0o666)] {
            fs::set_permissions(data.join(path), Permissions::from_mode(open)).unwrap();
        }
        assert_eq!(open_to_others(&data).unwrap().len(), 4);
        tighten(&data);
        assert_eq!(open_to_others(&data).unwrap(), []);
        for (path, closed) in [("", FOLDER), ("a", FOLDER), ("a/b", FOLDER), ("a/b/file", FILE)] {
            assert_eq!(mode(&data.join(path)), closed, "{path}");
        }
        assert_eq!(mode(&outside.path().join("other")), 0o644);
    }
}

//! Reads configuration files from disk.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::config::platforms;
use crate::config::problem::{Problem, Severity};
use crate::config::reader::FILE_LIMIT_BYTES;
use crate::config::settings::{self, Settings};
use crate::vocab::ids::PlatformId;
use crate::vocab::platform::Platform;

/// What a folder or a list of platform files holds: the platforms that are right, and every problem of the rest.
#[derive(Debug, Default)]
pub struct PlatformFiles {
    /// Platforms without errors, in the order of their ids.
    pub platforms: Vec<Platform>,
    /// Errors and warnings, file by file, each in the order of the text.
    pub problems: Vec<Problem>,
}

impl PlatformFiles {
    /// The platforms when nothing was wrong; warnings are passed over.
    ///
    /// # Errors
    /// Every error of every file.
    pub fn accept(self) -> Result<Vec<Platform>, Vec<Problem>> {
        let errors: Vec<_> = self.problems.into_iter().filter(Problem::is_error).collect();
        if errors.is_empty() { Ok(self.platforms) } else { Err(errors) }
    }
}

/// The platforms of all `*.toml` files of `dir`, in the order of their ids.
///
/// # Errors
/// Every problem of every file at once; a folder that cannot be read is one.
pub fn load_platforms(dir: &Path, today: Date) -> Result<Vec<Platform>, Vec<Problem>> {
    read_platforms(&[dir], today).accept()
}

/// Reads platform files, and the `*.toml` files of folders, and keeps what is right beside what is wrong.
pub fn read_platforms<P: AsRef<Path>>(paths: &[P], today: Date) -> PlatformFiles {
    let mut found = PlatformFiles::default();
    let mut files = Vec::new();
    for path in paths {
        match platform_files(path.as_ref()) {
            Ok(listed) => files.extend(listed),
            Err(problem) => found.problems.push(problem),
        }
    }
    files.dedup();
    let mut origin: Vec<(String, String)> = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let text = match read_text(&file) {
            Ok(text) => text,
            Err(problem) => {
                found.problems.push(problem);
                continue;
            }
        };
        let (platform, problems) = platforms::examine(&name, &text, today);
        found.problems.extend(problems);
        let Some(platform) = platform else { continue };
        if let Some((_, first)) = origin.iter().find(|(id, _)| id == platform.id.as_str()) {
            let message = format!("platform `{}` is described by `{first}` too", platform.id);
            found.problems.push(Problem::about(name, message, Some("keep one of the two files".into())));
            continue;
        }
        if let Some((other, shared)) = shared_host(&platform, &found.platforms) {
            let message = format!("host `{shared}` belongs to platform `{other}` too");
            let hint = "each would be visited at its own pace; join them, or give each its own hosts";
            let warning = Problem::about(name.clone(), message, Some(hint.into()));
            found.problems.push(Problem { severity: Severity::Warning, ..warning });
        }
        origin.push((platform.id.to_string(), name));
        found.platforms.push(platform);
    }
    found.platforms.sort_by(|a, b| a.id.cmp(&b.id));
    found
}

fn shared_host<'p>(platform: &'p Platform, others: &'p [Platform]) -> Option<(&'p PlatformId, &'p str)> {
    others.iter().find_map(|other| {
        let shared = platform.hosts.iter().find(|host| other.hosts.contains(host))?;
        Some((&other.id, shared.host.as_str()))
    })
}

/// The settings of `path`.
///
/// # Errors
/// Every error of the file at once.
pub fn load_settings(path: &Path) -> Result<Settings, Vec<Problem>> {
    let (settings, problems) = read_settings(path);
    settings.ok_or_else(|| problems.into_iter().filter(Problem::is_error).collect())
}

/// The same, with every problem of the file, warnings too.
pub fn read_settings(path: &Path) -> (Option<Settings>, Vec<Problem>) {
    if matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound) {
        let hint = "name a settings file with --settings, or leave the option out";
        return (None, vec![Problem::about(path.display().to_string(), "does not exist", Some(hint.into()))]);
    }
    match read_text(path) {
        Ok(text) => settings::examine(&path.display().to_string(), &text),
        Err(problem) => (None, vec![problem]),
    }
}

/// The platform files of a folder, sorted, or the file itself.
pub(super) fn platform_files(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    let shown = path.display().to_string();
    let fail = |error: io::Error| {
        let (message, hint) = match error.kind() {
            io::ErrorKind::NotFound => ("does not exist", "name a platform file or a folder of them with --seeds"),
            io::ErrorKind::PermissionDenied => ("may not be read", "give the user who runs this read permission"),
            _ => return Problem::about(shown.clone(), format!("cannot be read: {error}"), None),
        };
        Problem::about(shown.clone(), message, Some(hint.into()))
    };
    if !fs::metadata(path).map_err(fail)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(fail)? {
        let file = entry.map_err(fail)?.path();
        let hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && file.extension().is_some_and(|extension| extension == "toml") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn read_text(path: &Path) -> Result<String, Problem> {
    let shown = || path.display().to_string();
    let fail = |error: io::Error| {
        let hint = (error.kind() == io::ErrorKind::PermissionDenied)
            .then(|| "give the user who runs this read permission".to_owned());
        Problem::about(shown(), format!("cannot be read: {error}"), hint)
    };
    let mut bytes = Vec::new();
    let limit = u64::try_from(FILE_LIMIT_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(fail)?;
    if bytes.len() > FILE_LIMIT_BYTES {
        return Err(Problem::about(shown(), format!("is larger than {FILE_LIMIT_BYTES} bytes"), None));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let hint = Some("save the file as UTF-8".to_owned());
        Problem::about(shown(), format!("is not UTF-8 text from byte {at} on"), hint)
    })
}

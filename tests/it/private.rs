//! Nobody but its owner reads the data directory, whatever umask the program was started under.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, offer};

/// Everything below `folder` that others may touch, with its mode.
fn open_to_others(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        let mut look = |path: &Path, wanted: u32| {
            // Stores remove temporary files of their own meanwhile.
            let Ok(held) = fs::symlink_metadata(path) else { return };
            let mode = held.permissions().mode() & 0o7777;
            if mode != wanted {
                found.push(format!("{} {mode:o}", path.display()));
            }
        };
        look(&folder, 0o700);
        for entry in fs::read_dir(&folder).expect("readable").map(|entry| entry.expect("readable").path()) {
            count += 1;
            if entry.is_dir() { folders.push(entry) } else { look(&entry, 0o600) }
        }
    }
    assert!(count > 10, "only {count} files: nothing was looked at");
    found
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("readable");
    entries.map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned()).collect()
}

fn shop() -> MockServer {
    MockServer::start(|asked| match asked.path.as_str() {
        "/" => Reply::html(links(&["/a".to_owned(), "/b".to_owned()])),
        "/a" => Reply::html(offer(0, &[])),
        "/b" => Reply::html(offer(1, &[])),
        _ => Reply::status(404),
    })
}

#[test]
fn a_new_directory_is_its_owners_alone_under_every_umask() {
    let shop = shop();
    for umask in ["000", "022", "077"] {
        let place = Place::new();
        place.own_site("site", &shop.url("/"), "");
        place.run_under(umask, &["scan"]).expect(0);
        place.run_under(umask, &["audit", "checkpoint"]).expect(0);
        let data = place.data();
        for name in ["truth.db", "state", "warc", "vault", "keys", "audit", "VERSION", "LOCK"] {
            assert!(data.join(name).exists(), "{name} is missing: {:?}", names(&data));
        }
        assert_eq!(open_to_others(&data), Vec::<String>::new(), "under umask {umask}");
        // While it is owned there are more: the socket, the write-ahead log.
        let running = place.spawn_under(umask, &["serve", "--listen", "127.0.0.1:0"]);
        let socket = data.join("control.sock");
        let began = std::time::Instant::now();
        while !socket.exists() {
            assert!(began.elapsed().as_secs() < 30, "no control socket");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert!(fs::symlink_metadata(&socket).unwrap().file_type().is_socket());
        let held = names(&data);
        assert!(
            held.iter().any(|name| name == "truth.db-wal") && held.iter().any(|name| name == "truth.db-shm"),
            "{held:?}"
        );
        // The socket is named before its mode is set; its folder was closed all the time.
        std::thread::sleep(std::time::Duration::from_millis(200));
        assert_eq!(open_to_others(&data), Vec::<String>::new(), "while it runs under umask {umask}");
        running.kill();
    }
}

#[test]
fn a_directory_from_before_is_closed_when_it_is_opened() {
    let shop = shop();
    let place = Place::new();
    place.own_site("site", &shop.url("/"), "");
    place.run(&["scan"]).expect(0);
    let data = place.data();
    let mut folders = vec![data.clone()];
    while let Some(folder) = folders.pop() {
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
            }
        }
    }
    assert!(!open_to_others(&data).is_empty());
    place.run_under("000", &["referrals", "list"]).expect(0);
    assert_eq!(open_to_others(&data), Vec::<String>::new());
}

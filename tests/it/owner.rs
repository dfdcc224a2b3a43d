//! Commands beside a running process: it obeys the files the command was given, or refuses. The demo deletes only its own.

use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, PlatformFile, Running, links, listing};
use crate::shop::OFFER;

fn shop() -> MockServer {
    MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&["/chair".to_owned()])),
        _ => Reply::html(listing("Chair", "Oak.", &[])),
    })
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "waited for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn hub(place: &Place) -> Running {
    let running = place.spawn(&["serve", "--listen", "127.0.0.1:0"]);
    wait_until("the hub", || std::os::unix::net::UnixStream::connect(place.data().join("control.sock")).is_ok());
    running
}

#[test]
fn a_hub_takes_up_edited_platform_files_and_refuses_a_command_with_others() {
    let server = shop();
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    let running = hub(&place);
    place.run(&["scan", "--json"]).expect(0);
    let asked = server.log().len();
    assert!(asked >= 2);

    // An edited platform file: the next command obeys the slower pace.
    let start = server.url("/");
    place.platform(&PlatformFile { id: "bazaar", rate: "6/min", start: &start, ..Default::default() });
    let ended = place.run(&["scan", "--json", "--again", "--for", "4s"]).expect(4);
    assert!(server.log().len() <= asked + 1, "{:?}\n{}", server.paths(), ended.out);
    let asked = server.log().len();
    // A file with a fault is not taken up, and nothing is asked with the older one.
    let sound = fs::read_to_string(place.path("seeds/bazaar.toml")).unwrap();
    fs::write(place.path("seeds/bazaar.toml"), sound.replace("6/min", "6/moon")).unwrap();
    for command in [&["scan", "--json"][..], &["scan", "--dry-run"], &["platforms", "show", "bazaar"], &["rescreen"]] {
        let ended = place.run(command).expect(3);
        assert!(ended.err.contains("bazaar.toml") && ended.err.contains("hint:"), "{command:?}: {}", ended.err);
    }
    assert_eq!(server.log().len(), asked, "nothing is asked with older files");
    fs::write(place.path("seeds/bazaar.toml"), sound).unwrap();
    // What does not rest on them works as ever, and so does what stops something.
    for command in [
        &["referrals", "list"][..],
        &["search", "carfentanil"],
        &["doctor"],
        &["platforms", "pause", "bazaar"],
        &["platforms", "resume", "bazaar"],
        &["token", "list"],
    ] {
        place.run(command).expect(0);
    }

    // Another folder is no other configuration when its files are the same.
    place.own_site("bazaar", &server.url("/"), "");
    fs::create_dir(place.path("elsewhere")).unwrap();
    fs::copy(place.path("seeds/bazaar.toml"), place.path("elsewhere/bazaar.toml")).unwrap();
    place.run(&["scan", "--json", "--seeds", "elsewhere"]).expect(0);
    // A folder with one more platform is.
    place.own_site("other", &server.url("/"), "");
    fs::rename(place.path("seeds/other.toml"), place.path("elsewhere/other.toml")).unwrap();
    let ended = place.run(&["scan", "--json", "--seeds", "elsewhere"]).expect(3);
    assert!(ended.err.contains("other.toml") && ended.err.contains("--seeds"), "{}", ended.err);

    // Settings and watchlist too.
    place.settings("[limits]\npage_deadline = \"3s\"\nbody = \"256KiB\"\n");
    let ended = place.run(&["scan", "--json"]).expect(3);
    assert!(ended.err.contains("settings"), "{}", ended.err);
    fs::write(place.path("own.toml"), "[limits]\npage_deadline = \"2s\"\nbody = \"256KiB\"\n").unwrap();
    place.run(&["scan", "--json", "--settings", "own.toml"]).expect(0);

    // Started again, the hub uses what is there.
    running.kill();
    let running = hub(&place);
    place.run(&["scan", "--json"]).expect(0);
    running.kill();
}

#[test]
fn a_scan_that_runs_obeys_an_edited_platform_file() {
    let server = MockServer::start(|asked| match asked.path.strip_prefix("/p/").and_then(|n| n.parse::<u32>().ok()) {
        Some(number) => Reply::html(listing("Chair", "Oak.", &[format!("/p/{}", number + 1)])),
        None if asked.path == "/" => Reply::html(links(&["/p/1".to_owned()])),
        None => Reply::status(404),
    });
    let place = Place::new();
    let start = server.url("/");
    let file = |rate, until| PlatformFile {
        id: "bazaar",
        rate,
        start: &start,
        valid_until: until,
        crawl: "concurrency = 1\nmax_depth = 10000",
        ..Default::default()
    };
    place.platform(&file("10/s", "2099-12-31"));
    let running = hub(&place);
    let scan = place.spawn(&["scan", "--json"]);
    server.wait_for("some pages", |log| log.len() > 10);
    place.platform(&file("6/min", "2099-12-31"));
    // `platforms show` is answered with the newest files.
    let shown = place.run(&["platforms", "show", "bazaar"]).expect(0);
    let asked = server.log().len();
    std::thread::sleep(Duration::from_secs(3));
    assert!(server.log().len() <= asked + 1, "{} then {}\n{}", asked, server.log().len(), shown.out);
    // An agreement that ended ends the requests.
    place.platform(&file("10/s", "2026-01-01"));
    place.run(&["platforms", "show", "bazaar"]).expect(0);
    let ended = scan.end().expect(0);
    assert!(ended.coverage("bazaar")["skipped"]["agreement"].as_u64().is_some(), "{}", ended.out);
    assert!(server.log().len() <= asked + 3, "{} then {}", asked, server.log().len());
    running.kill();
}

#[test]
fn a_key_that_is_missing_or_cut_is_said_and_never_made_anew() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        _ => Reply::html(listing("Isotonitazene", &format!("{OFFER}, mail sales@northlab.example"), &[])),
    });
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    place.run(&["scan"]).expect(0);
    for name in ["seal.key", "vault.key"] {
        let key = place.path("data/keys").join(name);
        let held = fs::read(&key).unwrap();
        fs::remove_file(&key).unwrap();
        let said = place.run(&["referrals", "list"]).expect(1).err;
        assert!(said.contains(name) && said.contains("missing") && said.contains("backup"), "{said}");
        assert!(!key.exists(), "{name} is not made anew");
        fs::write(&key, &held[..7]).unwrap();
        let said = place.run(&["referrals", "list"]).expect(1).err;
        assert!(said.contains(name) && said.contains("32 bytes"), "{said}");
        fs::write(&key, held).unwrap();
        place.run(&["referrals", "list"]).expect(0);
    }
    fs::write(place.path("data/VERSION"), b"\xff\xfe").unwrap();
    let said = place.run(&["referrals", "list"]).expect(3).err;
    assert!(said.contains("VERSION"), "{said}");
}

#[test]
fn demo_with_its_port_taken_says_so_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let place = Place::new();
    let ended = place.run(&["demo", "--port", &port]).expect(3);
    assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
    assert!(ended.err.contains("--port") && ended.err.contains(&port), "{}", ended.err);
    assert!(!place.data().exists(), "nothing was begun");
}

/// Everything below a folder with its content.
fn content(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut all: Vec<_> =
        crate::program::files(folder).into_iter().map(|path| (path.clone(), fs::read(&path).unwrap())).collect();
    all.sort();
    all
}

#[test]
fn demo_deletes_nothing_that_no_demo_made() {
    let place = Place::new();
    let folder = place.data().join("demo");
    fs::create_dir_all(&folder).unwrap();
    // A data directory of another kind has a lock file as well.
    fs::write(folder.join("LOCK"), "process 1\n").unwrap();
    fs::write(folder.join("truth.db"), "records").unwrap();
    let before = content(&folder);
    for command in [&["demo", "--once"][..], &["demo", "--port", "0"], &["demo", "--once", "--keep"]] {
        let ended = place.run(command).expect(3);
        assert!(ended.err.contains("hint:"), "{}", ended.err);
        assert_eq!(content(&folder), before, "{command:?}");
    }
    // Nor what a link leads to, even to a demo's directory.
    let other = place.path("other");
    fs::rename(&folder, &other).unwrap();
    fs::write(other.join("DEMO"), "made by `listingwatch demo`, which empties this directory when it starts\n")
        .unwrap();
    let before = content(&other);
    std::os::unix::fs::symlink(&other, &folder).unwrap();
    place.run(&["demo", "--once"]).expect(3);
    assert_eq!(content(&other), before);
}

/// A directory as a demo leaves it.
fn left_by_a_demo(place: &Place) -> std::path::PathBuf {
    let running = place.spawn(&["demo", "--port", "0"]);
    let folder = place.data().join("demo");
    wait_until("the demo's directory", || folder.join("truth.db").exists());
    running.kill();
    folder
}

#[test]
fn demo_starts_afresh_unless_told_to_keep_and_never_under_a_running_one() {
    let place = Place::new();
    let folder = left_by_a_demo(&place);
    fs::create_dir_all(folder.join("warc")).unwrap();
    let old = [folder.join("warc/of-the-demo-before.txt"), folder.join("left.txt")];
    let put = || old.iter().for_each(|path| fs::write(path, "before").unwrap());

    put();
    let lock = fs::File::options().read(true).write(true).open(folder.join("LOCK")).unwrap();
    lock.try_lock().unwrap();
    let ended = place.run(&["demo", "--once"]).expect(3);
    assert!(ended.err.contains("in use"), "{}", ended.err);
    assert!(old.iter().all(|path| path.exists()), "a demo that runs keeps its data");
    drop(lock);

    let running = place.spawn(&["demo", "--port", "0", "--keep"]);
    let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    let since = modified(&folder.join("LOCK"));
    wait_until("a demo that keeps", || modified(&folder.join("LOCK")) > since);
    std::thread::sleep(Duration::from_millis(500));
    running.kill();
    assert!(old.iter().all(|path| path.exists()), "--keep");

    let running = place.spawn(&["demo", "--port", "0"]);
    wait_until("a fresh start", || old.iter().all(|path| !path.exists()));
    running.kill();
}

#[test]
fn a_command_says_which_directory_it_made_and_which_is_probably_meant() {
    let place = Place::new();
    let create = ["token", "create", "--role", "admin", "--owner", "ana"];
    let first = place.run(&create).expect(0);
    assert!(first.err.contains(&place.data().display().to_string()) && first.err.contains("was made"), "{}", first.err);
    let second = place.run(&create).expect(0);
    assert!(!second.err.contains("was made") && second.err.contains("`data`"), "{}", second.err);
    assert!(!second.err.contains("data/demo"), "{}", second.err);

    // A demo serves beside it: the token opens another hub.
    let folder = left_by_a_demo(&place);
    let _ = fs::remove_file(folder.join("control.sock"));
    let _socket = UnixListener::bind(folder.join("control.sock")).unwrap();
    let third = place.run(&create).expect(0);
    assert!(third.err.contains("--data data/demo"), "{}", third.err);
    let list = place.run(&["referrals", "list"]).expect(0);
    assert!(!list.err.contains("--data"), "a directory in use needs no hint: {}", list.err);
    let elsewhere = place.run(&["--data", "data/demo/x", "referrals", "list"]).expect(0);
    assert!(elsewhere.err.contains("was made"), "{}", elsewhere.err);
}

//! Data directories of earlier builds, which this build opens, reads and serves.
//!
//! `tests/data/golden/directory-1` and so on hold one each, every file packed with gzip, and the platform file they were
//! made with. `LISTINGWATCH_GOLDEN=directory cargo test golden::directory` records the next number; those that exist are
//! never written again.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use listingwatch::app::{App, Paths};
use listingwatch::config::settings::{Sender, Settings};
use listingwatch::store::truth::Role;
use serde_json::json;

use super::{compare, folder, mode, settled, settled_json};
use crate::shop::{Hub, OFFER, Shop, TestClock};

fn numbered(number: usize) -> PathBuf {
    folder().join(format!("directory-{number}"))
}

fn settings(base: &str) -> Settings {
    let mut settings = Settings::default();
    settings.hub.public_url = Some(base.to_owned());
    settings.sender = Some(Sender {
        name: "Office".to_owned(),
        address: "1 Example Street".to_owned(),
        contact: "office@example.test".to_owned(),
    });
    settings
}

/// A crawl, a push, an approval, an answer, a look at what is left: something of every record there is.
async fn record(into: &Path) {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", &format!("{OFFER}. Write to sales@vendor.example.test"));
    shop.put("8", "Garden chair", "A chair of oak, as good as new, to be collected in person.");
    shop.put(
        "9",
        "Metonitazene 500 g",
        "Metonitazene in stock, bulk price, ships within a day, telegram only, bitcoin",
    );
    let file = shop.platform_file("bazaar", "channels = [\"feed\"]\nrecheck = \"24h\"");
    let hub = Hub::open(&[("bazaar", file.clone())], |_| {}).await;
    hub.scan().await;
    let token = hub.token(Role::Platform, "machine", Some("bazaar"));
    let pushed = json!([{ "id": "p1", "title": "Protonitazene", "text": "Protonitazene, price per gram, discreet shipping, bitcoin",
        "url": format!("http://{}/item/p1", shop.address) }]);
    assert_eq!(hub.post(&token, "/api/v1/listings", pushed.clone()).await.0, 200);
    let mut dearer = pushed;
    dearer[0]["price"] = json!("75");
    dearer[0]["currency"] = json!("EUR");
    assert_eq!(hub.post(&token, "/api/v1/listings", dearer).await.0, 200);
    let cases = hub.cases().await;
    assert_eq!(cases.len(), 3, "{cases:?}");
    let id = |at: usize| cases[at]["id"].as_str().unwrap();
    for line in [
        vec!["referrals", "approve", id(0), "--as", "anna"],
        vec!["referrals", "send"],
        vec!["referrals", "outcome", id(0), "removed", "--reason", "terms", "--as", "mo"],
        vec!["referrals", "dismiss", id(1), "--reason", "a test", "--as", "anna"],
        vec![
            "mandate",
            "create",
            "M-1",
            "--authority",
            "Office",
            "--reference",
            "1",
            "--purpose",
            "test",
            "--expires",
            "2099-01-01",
        ],
    ] {
        hub.command(&line).await.1.unwrap();
    }
    shop.remove("7");
    hub.clock.advance_hours(25);
    hub.command(&["referrals", "recheck"]).await.1.unwrap();
    hub.app.close().unwrap();
    let data = hub.folder.path().join("data");
    // The hub still has its databases open: what stands in their logs goes into the files.
    for database in ["truth.db", "vault/vault.db"] {
        let open = rusqlite::Connection::open(data.join(database)).unwrap();
        open.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    }
    for file in files(&data) {
        let name = file.strip_prefix(&data).unwrap().to_string_lossy().into_owned();
        if ["LOCK", ".sock", "-wal", "-shm", "-journal"].iter().any(|end| name.ends_with(end)) {
            continue;
        }
        let to = into.join("data").join(format!("{name}.gz"));
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        let mut packed = flate2::write::GzEncoder::new(std::fs::File::create(to).unwrap(), flate2::Compression::best());
        packed.write_all(&std::fs::read(&file).unwrap()).unwrap();
        packed.finish().unwrap();
    }
    std::fs::write(into.join("bazaar.toml"), file).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// Unpacks a recorded directory.
fn unpack(number: usize, into: &Path) {
    let data = numbered(number).join("data");
    for file in files(&data) {
        let name = file.strip_prefix(&data).unwrap().with_extension("");
        let to = into.join(name);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        let mut bytes = Vec::new();
        flate2::read::GzDecoder::new(std::fs::File::open(&file).unwrap()).read_to_end(&mut bytes).unwrap();
        std::fs::write(to, bytes).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn directories_of_earlier_builds_open_and_serve() {
    let recorded = (1..).take_while(|number| numbered(*number).exists()).count();
    if mode() == "directory" {
        record(&numbered(recorded + 1)).await;
        return;
    }
    assert!(recorded >= 1, "none is recorded");
    for number in 1..=recorded {
        serves(number).await;
    }
}

async fn serves(number: usize) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    unpack(number, &data);
    let text = std::fs::read_to_string(numbered(number).join("bazaar.toml")).unwrap();
    let clock = Arc::new(TestClock::default());
    let today = listingwatch::vocab::time::Clock::now(&*clock).date();
    let platform = listingwatch::config::platforms::parse("bazaar.toml", &text, today)
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let paths = Paths { data, seeds: None, patterns: None, settings: None };
    let app = Arc::new(App::open(paths, vec![platform], Some(settings(&base)), clock.clone()).unwrap());
    let state = app.hub_state(false, &base);
    tokio::spawn(async move { listingwatch::server::run(listener, state, std::future::pending()).await });
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let hub = Hub { app, clock, base, client, folder };

    // The frontier is the one recorded: nothing of it had to be made again.
    let platform = listingwatch::vocab::ids::PlatformId::parse("bazaar").unwrap();
    assert_eq!(hub.app.rooms.hot.hosts(&platform).len(), 1);
    let known = hub.app.rooms.hot.known_urls();
    let mut seen = format!("known URLs {known}\n");

    // Read before any token is made, so that the log holds what was recorded.
    for line in [
        vec!["audit", "verify"],
        vec!["referrals", "list"],
        vec!["referrals", "deliveries"],
        vec!["search", "nitazene OR platform:bazaar"],
        vec!["export", "--format", "jsonl"],
        vec!["report", "coverage"],
        vec!["report", "changes"],
        vec!["mandate", "list"],
        vec!["platforms", "list"],
        vec!["token", "list"],
    ] {
        let (words, result) = hub.command(&line).await;
        result.unwrap_or_else(|failure| panic!("{line:?}: {failure}"));
        seen.push_str(&format!("$ {}\n{words}\n", line.join(" ")));
    }
    let authority = hub.token(Role::Authority, "anna", None);
    let mut cases = hub.cases().await;
    cases.sort_by_key(|case| case["title"].to_string());
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        for path in [format!("/api/v1/referrals/{id}"), format!("/api/v1/referrals/{id}/evidence")] {
            let (status, text) = hub.get(&authority, &path).await;
            assert_eq!(status, 200, "{path}: {text}");
            seen.push_str(&format!("$ GET {path}\n{}\n", settled_json(&text)));
        }
        // The page it rests on, from the WARC file.
        let hit = hub.json(&authority, &format!("/api/v1/referrals/{id}")).await["hits"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let (status, page) = hub.get(&authority, &format!("/api/v1/referrals/{id}/evidence/{hit}")).await;
        assert_eq!(status, 200, "{page}");
        assert!(page.contains(case["title"].as_str().unwrap()), "{page}");
        // Personal data, from the vault.
        let (status, opened) =
            hub.post(&authority, &format!("/api/v1/referrals/{id}/reveal"), json!({ "purpose": "test" })).await;
        assert_eq!(status, 200, "{opened}");
        seen.push_str(&format!("$ reveal\n{}\n", settled_json(&opened.to_string())));
    }
    let (_, feed) = hub.get(&authority, "/feeds/bazaar.ndjson").await;
    seen.push_str(&format!("$ GET /feeds/bazaar.ndjson\n{feed}\n"));
    compare(&format!("directory-{number}/seen.txt"), &settled(&seen));
}

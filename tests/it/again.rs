//! Pages are judged again when they would be judged otherwise, and a page that says it is as it was counts as seen.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use listingwatch::store::truth::Role;
use serde_json::json;

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, listing, offer};
use crate::shop::Hub;

/// Two pages with validators, which answer 304 to whoever shows them.
fn shop() -> MockServer {
    MockServer::start(|asked| {
        let tag = format!("\"{}\"", asked.path.len());
        if asked.path == "/robots.txt" || asked.path == "/favicon" {
            return Reply::status(404);
        }
        if asked.header("if-none-match") == Some(&tag) {
            return Reply::status(304).with("etag", tag);
        }
        let page = match asked.path.as_str() {
            "/" => links(&["/one".to_owned(), "/other".to_owned()]),
            "/one" => listing("Quorvane powder", "Quorvane, 10 g, discreet shipping, bitcoin.", &[]),
            "/other" => listing("Chair", "Oak.", &[]),
            _ => return Reply::status(404),
        };
        Reply::html(page).with("etag", tag)
    })
}

fn pages(server: &MockServer) -> Vec<(String, bool)> {
    let log = server.log().into_iter().filter(|asked| asked.path != "/robots.txt");
    log.map(|asked| (asked.path.clone(), asked.header("if-none-match").is_some())).collect()
}

fn fetched(place: &Place, line: &[&str], code: i32) -> serde_json::Value {
    place.run(&[&["scan", "--json"], line].concat()).expect(code).platform("bazaar")
}

#[test]
fn a_scan_is_told_to_look_again_and_goes_on_after_it_was_cut_short() {
    let server = shop();
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 1");
    assert_eq!(fetched(&place, &[], 0)["pages"], 3);
    assert_eq!(fetched(&place, &[], 0)["pages"], 0, "nothing is due");
    let cut = fetched(&place, &["--again", "--max-pages", "1"], 4);
    assert_eq!(cut["pages"], 1, "{cut}");
    assert!(cut["coverage"]["notes"][0].as_str().unwrap().contains("3 known pages"), "{cut}");
    assert_eq!(fetched(&place, &[], 0)["pages"], 2, "the others are still due");
    assert!(pages(&server).iter().all(|(_, conditional)| !conditional), "{:?}", pages(&server));
    assert_eq!(fetched(&place, &[], 0)["pages"], 0);
    let refused = place.run(&["scan", "--again", "--dry-run"]).expect(2);
    assert!(refused.err.contains("--dry-run"), "{}", refused.err);
}

#[test]
fn other_selectors_make_known_pages_due_once() {
    let server = shop();
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    assert_eq!(fetched(&place, &[], 0)["pages"], 3);
    place.own_site("bazaar", &server.url("/"), "\n[listing]\npages = [\"/o*\"]\ntitle = \"h1\"\ndescription = \"p\"");
    assert_eq!(fetched(&place, &[], 0)["pages"], 3);
    assert!(pages(&server).iter().all(|(_, conditional)| !conditional), "{:?}", pages(&server));
    assert_eq!(fetched(&place, &[], 0)["pages"], 0);
}

#[test]
fn a_page_judged_clear_is_judged_by_the_next_watchlist() {
    let server = shop();
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    let folder = place.path("patterns");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns"), &folder);
    assert_eq!(fetched(&place, &[], 0)["hits"], 0);
    fs::write(folder.join("substances/zz-new.toml"), entry("Quorvane", "EMCDDA")).unwrap();
    let again = fetched(&place, &[], 0);
    assert_eq!((&again["pages"], &again["hits"]), (&3.into(), &1.into()), "{again}");
    assert_eq!(fetched(&place, &[], 0)["pages"], 0);
}

#[test]
fn what_was_kept_of_a_page_is_judged_by_the_next_watchlist_without_asking_for_it() {
    let server = shop();
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 1");
    place.settings("[evidence]\nkeep = \"all\"\n");
    let folder = place.path("patterns");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns"), &folder);
    assert_eq!(fetched(&place, &[], 0)["hits"], 0);
    let asked = pages(&server).len();
    fs::write(folder.join("substances/zz-new.toml"), entry("Quorvane", "EMCDDA")).unwrap();
    let again = fetched(&place, &[], 0);
    assert_eq!((&again["pages"], &again["hits"]), (&0.into(), &1.into()), "{again}");
    assert_eq!(again["coverage"]["judged_from_evidence"], 3, "{again}");
    let note = again["coverage"]["notes"][0].as_str().unwrap();
    assert!(note.contains("3 known pages") && note.contains("3 were, from the evidence"), "{note}");
    assert_eq!(pages(&server).len(), asked, "the platform was not asked");
    let case = place.referrals().remove(0);
    assert!(case["title"].as_str().unwrap().contains("Quorvane"), "{case}");
    place.run(&["audit", "verify", "--evidence"]).expect(0);
    assert_eq!(fetched(&place, &[], 0)["pages"], 0, "they are due when they were");
    // Asked for, they are asked for.
    assert_eq!(fetched(&place, &["--again"], 0)["pages"], 3);
}

#[test]
fn a_hit_whose_evidence_is_lost_is_asked_for() {
    let server = shop();
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 1");
    let folder = place.path("patterns");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns"), &folder);
    fs::write(folder.join("substances/zz-new.toml"), entry("Quorvane", "EMCDDA")).unwrap();
    assert_eq!(fetched(&place, &[], 0)["hits"], 1);
    let case = place.referrals()[0]["id"].as_str().unwrap().to_owned();
    let hit = || place.run(&["--json", "referrals", "show", &case]).expect(0).json()["hits"][0].clone();
    let before = hit();
    fs::write(folder.join("substances/zz-new.toml"), entry("Quorvane", "WHO")).unwrap();
    let again = fetched(&place, &[], 0);
    assert_eq!((&again["pages"], &again["hits"]), (&2.into(), &1.into()), "clear pages were not kept: {again}");
    let after = hit();
    assert_eq!((&before["last_seen"], &before["captured_at"]), (&after["last_seen"], &after["captured_at"]));
    assert_ne!(before["assessment"]["watchlist"], after["assessment"]["watchlist"]);
    for file in fs::read_dir(place.data().join("warc")).unwrap().flatten() {
        fs::remove_file(file.path()).unwrap();
    }
    fs::write(folder.join("substances/zz-new.toml"), entry("Quorvane", "UNODC")).unwrap();
    assert_eq!(fetched(&place, &[], 0)["pages"], 3);
}

/// An entry of a watchlist, with where it is from.
fn entry(name: &str, source: &str) -> String {
    let id = name.to_lowercase();
    format!(
        "[[substance]]\nid = \"{id}\"\nname = \"{name}\"\nclass = \"designer-benzodiazepine\"\nuse = \"none-known\"\n\
         use_note = \"named by {source}\"\nsources = [\"ed\"]\nnames = {{ en = [\"{name}\"] }}\n"
    )
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_comes_back_as_it_was_reopens_its_case() {
    let away = Arc::new(AtomicBool::new(false));
    let gone = away.clone();
    let server = MockServer::start(move |asked| match asked.path.as_str() {
        "/" => Reply::html(links(&["/offer".to_owned()])),
        "/offer" if gone.load(Ordering::SeqCst) => Reply::status(404),
        "/offer" if asked.header("if-none-match").is_some() => Reply::status(304).with("etag", "\"one\""),
        "/offer" => Reply::html(offer(1, &[])).with("etag", "\"one\""),
        _ => Reply::status(404),
    });
    let host = server.url("").trim_start_matches("http://").to_owned();
    let file = format!(
        "[platform]\nid = \"bazaar\"\nname = \"Bazaar\"\nkind = \"marketplace\"\nhosts = [\"{host}\"]\n\
         [agreement]\nbasis = \"own-site\"\nreference = \"test\"\nauthority = \"Office\"\nvalid_from = 2020-01-01\n\
         valid_until = 2099-12-31\ncontact = \"ts@shop.example.test\"\n\
         [crawl]\nstart = [\"http://{host}/\"]\nrate = \"unlimited\"\nrevisit = \"1h\"\n\
         private_addresses = [\"127.0.0.0/8\"]\n\
         [referral]\nchannels = [\"feed\"]\napproval = \"automatic\"\nrecheck = \"24h\"\n"
    );
    let hub = Hub::open(&[("bazaar", file)], |_| {}).await;
    hub.scan().await;
    let authority = hub.token(Role::Authority, "anna", None);
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/referrals/{id}");
    let state = async || hub.json(&authority, &path).await["state"].as_str().unwrap().to_owned();
    let last_seen = async || hub.json(&authority, &path).await["hits"][0]["last_seen"].clone();
    let (status, said) = hub.post(&authority, &format!("{path}/outcome"), json!({ "decision": "removed" })).await;
    assert_eq!(status, 200, "{said}");
    away.store(true, Ordering::SeqCst);
    for expected in ["decided", "verified-gone"] {
        hub.clock.advance_hours(25);
        hub.command(&["referrals", "recheck"]).await.1.unwrap();
        assert_eq!(state().await, expected);
    }
    let before = last_seen().await;
    away.store(false, Ordering::SeqCst);
    hub.clock.advance_hours(25);
    hub.scan().await;
    let conditional = server.log().into_iter().rfind(|asked| asked.path == "/offer").unwrap();
    assert!(conditional.header("if-none-match").is_some(), "it was asked whether it changed");
    assert_eq!(state().await, "relisted");
    assert_ne!(last_seen().await, before);
    assert_eq!(hub.cases().await.len(), 1);
}

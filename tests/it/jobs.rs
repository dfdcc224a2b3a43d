//! The jobs of a running hub: each is a step of its own, noted with its outcome, and shown after a restart.

use std::sync::{Arc, Mutex};

use listingwatch::app::{App, Paths};
use listingwatch::cli::exit::Exit;
use listingwatch::engine::service::{self, Job, News, Outcome};
use listingwatch::store::truth::Role;
use listingwatch::telemetry::SystemClock;
use tokio::sync::watch;

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, offer};
use crate::shop::{Hub, OFFER, Shop};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_job_is_a_step_that_is_noted_and_shown() {
    let shop = Shop::start().await;
    shop.put("a", "Isotonitazene", OFFER);
    let file = shop.platform_file("shop", "channels = [\"feed\"]\napproval = \"automatic\"");
    let hub = Hub::open(&[("shop", file)], |_| {}).await;
    let (_stop, stopped) = watch::channel(false);
    let service = hub.app.service(|_| {}, |_| {}, stopped);
    for job in Job::ALL {
        assert_eq!(service.step(job).await.unwrap(), Outcome::Nothing, "{job}");
    }
    hub.clock.advance_hours(1);
    // `scan` dispatches what a policy approves; the job finds the rest.
    hub.scan().await;
    let (words, result) = hub.command(&["doctor"]).await;
    assert_eq!(result.unwrap(), Exit::Done);
    let doctor: serde_json::Value = serde_json::from_str(&words).unwrap();
    let names: Vec<&str> = doctor["jobs"].as_array().unwrap().iter().map(|job| job["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["checkpoint", "control-sample", "dispatch", "recheck", "reload", "retention", "schedule", "timestamp"]
    );
    // A referred listing is due for a look after its interval, and is gone by then.
    shop.remove("a");
    hub.clock.advance_hours(24 * 8);
    let done = service.step(Job::Recheck).await.unwrap();
    assert_eq!(done, Outcome::Did("0 live, 1 gone, 0 not seen".to_owned()));
    let token = hub.token(Role::Authority, "office", None);
    let jobs = hub.json(&token, "/api/v1/jobs").await;
    let recheck = jobs["jobs"].as_array().unwrap().iter().find(|job| job["name"] == "recheck").unwrap().clone();
    assert_eq!(recheck["detail"], "0 live, 1 gone, 0 not seen");
    assert_eq!((&recheck["succeeded"], &recheck["last_run"]), (&true.into(), &recheck["last_success"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_is_noted_with_its_reason_and_outlives_the_process() {
    let place = Place::new();
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/" => Reply::html(links(&["/a".to_owned()])),
        "/a" => Reply::html(offer(1, &[])),
        _ => Reply::status(404),
    });
    place.own_site("bazaar", &server.url("/"), "\n[schedule]\ncron = \"0 3 1 1 *\"\n");
    let patterns = place.path("patterns");
    copy(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns"), &patterns);
    let seeds = place.path("seeds");
    let paths = Paths::new(&place.data(), Some(&seeds), Some(&patterns), Some(&place.path("listingwatch.toml")));
    let app = Arc::new(App::open(paths, Vec::new(), None, Arc::new(SystemClock)).unwrap());
    let (stop, stopped) = watch::channel(false);
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let hearing = heard.clone();
    let service = app.service(
        |_| {},
        move |news| {
            let word = match news {
                News::Reloaded(_) => "reloaded".to_owned(),
                News::Refused(problems) => format!("refused {}", problems.len()),
                News::Platforms(changed) => format!("platforms {}", changed.join(" ")),
                News::Scanned(result) => format!("scanned {}", result.pages),
            };
            hearing.lock().unwrap().push(word);
        },
        stopped,
    );
    std::fs::write(patterns.join("zz.toml"), "not a table").unwrap();
    assert!(service.step(Job::Reload).await.is_err());
    // A platform seen for the first time waits for its next moment.
    assert_eq!(service.step(Job::Schedule).await.unwrap(), Outcome::Nothing);
    let past = listingwatch::vocab::time::Timestamp::EPOCH;
    app.rooms.truth.note_scheduled(&"bazaar".parse().unwrap(), past).unwrap();
    assert_eq!(service.step(Job::Schedule).await.unwrap(), Outcome::Did("started a scan of bazaar".to_owned()));
    // Told to stop, it waits for the scan.
    let running = tokio::spawn(service::run(service));
    until(|| heard.lock().unwrap().iter().any(|word| word == "scanned 2")).await;
    stop.send(true).unwrap();
    running.await.unwrap();
    assert_eq!(heard.lock().unwrap().as_slice(), ["refused 1", "scanned 2"]);
    app.close().unwrap();
    drop(app);
    std::fs::remove_file(patterns.join("zz.toml")).unwrap();
    let ended = place.run(&["doctor", "--json"]).expect(0).json();
    let job = |name: &str| ended["jobs"].as_array().unwrap().iter().find(|job| job["name"] == name).unwrap().clone();
    let reload = job("reload");
    assert_eq!((&reload["succeeded"], &reload["last_success"]), (&false.into(), &serde_json::Value::Null), "{reload}");
    assert!(reload["detail"].as_str().unwrap().contains("the old one stays in use"), "{reload}");
    assert_eq!(job("schedule")["detail"], "scanned 2 pages, 1 hits");
}

/// Waits until `enough`.
async fn until(enough: impl Fn() -> bool) {
    let waited = tokio::time::timeout(std::time::Duration::from_secs(30), async {
        while !enough() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    });
    waited.await.expect("it happens");
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)
        } else {
            let _ = std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

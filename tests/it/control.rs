//! The control file: a platform slows, pauses or stops us without talking to us, and only ever that.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use listingwatch::cli::exit::Exit;
use listingwatch::frontier::control::CONTROL_PATH;
use listingwatch::vocab::time::{Clock, Timestamp};
use serde_json::json;

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, listing};
use crate::shop::{Hub, Shop};

/// A shop of five pages whose control file is what `control` answers.
fn shop(control: impl Fn() -> Reply + Send + Sync + 'static) -> MockServer {
    MockServer::start(move |asked| match asked.path.as_str() {
        CONTROL_PATH => control(),
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&(0..4).map(|n| format!("/{n}")).collect::<Vec<_>>())),
        _ => Reply::html(listing("Chair", "Oak.", &[])),
    })
}

fn everything(server: &MockServer) -> Vec<String> {
    server.everything().into_iter().map(|asked| asked.path).collect()
}

#[test]
fn it_slows_us_from_the_first_page_on() {
    let server = shop(|| Reply::text("# too much for us\nDelay: 0.3\n"));
    let place = Place::new();
    place.own_site("shop", &server.url("/"), "concurrency = 4");
    let ended = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(everything(&server)[..2], ["/robots.txt", CONTROL_PATH], "asked for once, before the first page");
    let moments: Vec<_> = server.everything()[1..].iter().map(|asked| asked.at).collect();
    let shortest = moments.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap();
    assert!(shortest >= Duration::from_millis(300), "{shortest:?}");
    assert_eq!(moments.len(), 6);
    let notes = ended.coverage("shop")["notes"].to_string();
    assert!(notes.contains("at least 0.3 s between requests"), "{notes}");
}

#[test]
fn a_stop_outlives_the_process_and_even_the_loss_of_the_frontier() {
    let server = shop(|| Reply::text("Stop: yes\nReason: maintenance\n"));
    let place = Place::new();
    place.own_site("shop", &server.url("/"), "");
    let first = place.run(&["scan", "--json"]).expect(4);
    assert_eq!(everything(&server), ["/robots.txt", CONTROL_PATH]);
    let coverage = first.coverage("shop");
    assert_eq!((&coverage["failures"], &coverage["complete"]), (&json!({ "control-stop": 1 }), &false.into()));
    place.run(&["scan", "--json"]).expect(4);
    std::fs::remove_dir_all(place.data().join("state")).unwrap();
    let third = place.run(&["scan", "--json"]).expect(4);
    assert_eq!(everything(&server).len(), 2, "nothing was asked since, not even robots.txt");
    assert_eq!(third.coverage("shop")["failures"], json!({ "control-stop": 1 }));
    let words = place.run(&["scan"]).expect(4).out;
    assert!(words.contains("asks us to stop") && words.contains("asks for: stop"), "{words}");
}

#[test]
fn hours_of_the_day_and_a_pause_hold_us_off() {
    let now = listingwatch::telemetry::SystemClock.now();
    let clock = |hours: i64| {
        let minute = (now.as_seconds() / 60 + hours * 60).rem_euclid(24 * 60);
        format!("{:02}:{:02}", minute / 60, minute % 60)
    };
    let later = Timestamp::from_millis(now.as_millis() + 7_200_000);
    for (text, reason) in [
        (format!("Hours: {}-{}", clock(2), clock(3)), "control-hours"),
        (format!("Pause-until: {later}"), "control-pause"),
    ] {
        let server = shop(move || Reply::text(text.clone()));
        let place = Place::new();
        place.own_site("shop", &server.url("/"), "");
        let ended = place.run(&["scan", "--json"]).expect(4);
        assert_eq!(everything(&server), ["/robots.txt", CONTROL_PATH], "{reason}");
        assert_eq!(ended.coverage("shop")["failures"], json!({ reason: 1 }));
    }
    let open = format!("Hours: {}-{}\nPause-until: 2020-01-01", clock(-2), clock(2));
    let server = shop(move || Reply::text(open.clone()));
    let place = Place::new();
    place.own_site("shop", &server.url("/"), "");
    place.run(&["scan", "--json"]).expect(0);
    assert_eq!(server.log().len(), 6);
}

#[test]
fn what_cannot_be_read_or_had_changes_nothing_and_unreadable_lines_are_said() {
    let busy = Reply::status(429).with("retry-after", "0");
    for (name, reply, noted) in [
        ("malformed", Reply::text("Rate: as slow as you can\nplease\n"), true),
        ("missing", Reply::status(404), false),
        ("forbidden", Reply::status(403), false),
        ("page", Reply::html("<title>Not found</title>Stop: yes"), false),
        ("error", Reply::status(500), false),
        ("broken", Reply::Break, false),
        ("never", Reply::Never, false),
        ("busy", busy, false),
        ("home", Reply::redirect("/"), false),
        ("circle", Reply::redirect(CONTROL_PATH), false),
        ("away", Reply::redirect("https://elsewhere.example.test/"), false),
        ("faster", Reply::text("Rate: 100000/s\n"), false),
    ] {
        let server = shop(move || reply.clone());
        let place = Place::new();
        place.own_site("shop", &server.url("/"), "");
        let ended = place.run(&["scan", "--json"]).expect(0);
        let coverage = ended.coverage("shop");
        assert_eq!((&coverage["fetched"], &coverage["complete"]), (&5.into(), &true.into()), "{name}: {coverage}");
        let notes = coverage["notes"].to_string();
        assert_eq!(notes.contains("not obeyed in one point"), noted, "{name}: {notes}");
        assert_eq!(server.everything().iter().filter(|asked| asked.path == CONTROL_PATH).count(), 1, "{name}");
    }
}

#[test]
fn robots_txt_that_keeps_us_from_the_file_is_obeyed() {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::text("User-agent: *\nDisallow: /.well-known/\n"),
        _ => Reply::html(links(&[])),
    });
    let place = Place::new();
    place.own_site("shop", &server.url("/"), "");
    place.run(&["scan", "--json"]).expect(0);
    assert_eq!(everything(&server), ["/robots.txt", "/"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_takes_its_stop_back_is_scanned_again() {
    let phase = Arc::new(AtomicUsize::new(0));
    let held = phase.clone();
    let server = shop(move || match held.load(Ordering::Acquire) {
        0 => Reply::text("Stop: yes\n"),
        1 => Reply::status(503),
        _ => Reply::status(404),
    });
    let mut shop = Shop::start().await;
    shop.address = server.url("").trim_start_matches("http://").parse().unwrap();
    let hub = Hub::open(&[("shop", shop.platform_file("shop", ""))], |_| {}).await;
    let scan = async || hub.command(&["scan"]).await.1.unwrap();
    assert_eq!(scan().await, Exit::Partial);
    assert_eq!(server.everything().len(), 2);
    hub.clock.advance_hours(5);
    assert_eq!(scan().await, Exit::Partial);
    assert_eq!(server.everything().len(), 2, "it is not looked at again for six hours");
    phase.store(1, Ordering::Release);
    hub.clock.advance_hours(2);
    assert_eq!(scan().await, Exit::Partial);
    assert_eq!(
        everything(&server)[2..],
        [CONTROL_PATH],
        "an error does not lift a stop, and nothing else is asked for"
    );
    phase.store(2, Ordering::Release);
    hub.clock.advance_hours(1);
    assert_eq!(scan().await, Exit::Done);
    assert_eq!(server.log().len(), 6, "robots.txt of the first scan still holds: {:?}", everything(&server));
}

//! `kill -9` between the intent to send and its result, again and again at random moments: no referral is lost, none is
//! delivered under two ids, and state, outbox and audit log stay one.
//!
//! Rounds: 6, or `LISTINGWATCH_KILL_ROUNDS` (the full hundred: `LISTINGWATCH_KILL_ROUNDS=100 cargo test --test it killed_deliveries`).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, offer};

fn shop(offers: usize) -> MockServer {
    MockServer::start(move |asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&(0..offers).map(|n| format!("/offer/{n}")).collect::<Vec<_>>())),
        path => match path.rsplit('/').next().and_then(|text| text.parse().ok()) {
            Some(n) => Reply::html(offer(n, &[])),
            None => Reply::status(404),
        },
    })
}

/// A message that arrived whole: webhook id, case, type.
type Message = (String, String, String);

/// A webhook receiver that takes its time, and keeps what arrived whole.
fn receiver() -> (String, Arc<Mutex<Vec<Message>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let received: Arc<Mutex<Vec<Message>>> = Arc::default();
    let kept = received.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let kept = kept.clone();
            std::thread::spawn(move || take(stream, &kept));
        }
    });
    (url, received)
}

/// Reads one request; what breaks off in the middle did not arrive.
fn take(mut stream: TcpStream, kept: &Mutex<Vec<Message>>) -> Option<()> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 << 10];
    let (head, body) = loop {
        let read = stream.read(&mut buffer).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&buffer[..read]);
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let length: usize = header(&head, "content-length")?.parse().ok()?;
        if bytes.len() >= end + 4 + length {
            break (head, bytes[end + 4..].to_vec());
        }
    };
    let body: serde_json::Value = serde_json::from_slice(&body).expect("a whole message");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    let message = (header(&head, "webhook-id")?, text(&body["data"]["referral"]["id"]), text(&body["type"]));
    kept.lock().expect("no receiver panics").push(message);
    std::thread::sleep(Duration::from_millis(40));
    stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").ok()
}

fn header(head: &str, name: &str) -> Option<String> {
    head.lines().find_map(|line| {
        let (held, value) = line.split_once(':')?;
        held.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

/// A number below `below`, from the system's randomness.
fn random(below: u64) -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("randomness");
    u64::from_le_bytes(bytes) % below
}

#[test]
fn kills_between_intent_and_result_lose_nothing_and_double_nothing() {
    let rounds: usize = std::env::var("LISTINGWATCH_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    let offers = (rounds * 3).max(24);
    let (server, (hook, received)) = (shop(offers), receiver());
    let place = Place::new();
    place.settings(
        "[hub]\npublic_url = \"http://127.0.0.1:1\"\n[sender]\nname = \"Office\"\naddress = \"1 Street\"\n\
         contact = \"office@example.test\"\n[limits]\npage_deadline = \"2s\"\n",
    );
    place.own_site("bazaar", &server.url("/"), "concurrency = 4");
    let file = place.path("seeds/bazaar.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let hook = format!("channels = [\"webhook\"]\nwebhook = \"{hook}\"\n");
    std::fs::write(&file, text.replace("channels = [\"feed\"]\n", &hook)).unwrap();
    place.run(&["scan", "--json"]).expect(0);
    let cases: Vec<String> = place.referrals().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert!(cases.len() * 4 >= offers * 3, "{} cases of {offers} offers", cases.len());
    // One undisturbed run says how long one takes here; the axe falls anywhere in that time and a little after.
    let whole = place.run(&["--json", "referrals", "approve", "--as", "anna", &cases[0]]).expect(0).took;
    let longest = u64::try_from(whole.as_millis()).expect("a short run") * 5 / 4;

    let mut told_approved: BTreeSet<String> = BTreeSet::from([cases[0].clone()]);
    let mut killed = 0;
    for round in 0..rounds {
        // Every round approves a few more and delivers what is due; then the axe falls somewhere in between.
        let batch: Vec<&str> = cases.iter().skip(1 + round * 3).take(3).map(String::as_str).collect();
        let command = if round % 3 == 2 || batch.is_empty() {
            place.spawn(&["--json", "referrals", "send"])
        } else {
            let words = ["--json", "referrals", "approve", "--as", "anna"];
            place.spawn(&words.into_iter().chain(batch).collect::<Vec<_>>())
        };
        std::thread::sleep(Duration::from_millis(random(longest)));
        let ended = command.kill();
        killed += usize::from(ended.code.is_none());
        for line in ended.out.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
            if line["state"] == "approved" {
                told_approved.insert(line["id"].as_str().unwrap().to_owned());
            }
        }
        let audit = place.run(&["audit", "verify"]);
        assert_eq!(audit.code, Some(0), "round {round}: {}{}", audit.out, audit.err);
    }
    assert!(killed * 3 >= rounds, "only {killed} of {rounds} runs were killed before their end");

    // What is left goes out now. A receiver that was cut off mid-message may be asked again a minute later.
    let mut left = usize::MAX;
    for _ in 0..20 {
        let sent = place.run(&["--json", "referrals", "send"]);
        left = sent.json()["postponed"].as_u64().unwrap() as usize;
        if left == 0 {
            break;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    assert_eq!(left, 0, "everything due was delivered");
    let received = received.lock().unwrap().clone();
    let mut ids: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for (id, case, kind) in &received {
        ids.entry((case.clone(), kind.clone())).or_default().insert(id.clone());
    }
    for ((case, kind), ids) in &ids {
        assert_eq!(ids.len(), 1, "`{case}` {kind} came under several ids: {ids:?}");
    }
    let truth = rusqlite::Connection::open(place.path("data/truth.db")).unwrap();
    let rows = |sql: &str| -> Vec<String> {
        let mut statement = truth.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let approved = rows("SELECT id FROM referrals WHERE state <> 'drafted'");
    assert!(told_approved.iter().all(|id| approved.contains(id)), "an approval that was told is on record");
    for case in &approved {
        assert!(
            ids.contains_key(&(case.clone(), "referral.created".to_owned())),
            "`{case}` was approved and never came"
        );
    }
    for (case, _) in ids.keys() {
        assert!(approved.contains(case), "`{case}` came without an approval on record");
    }
    // State, outbox and audit log say the same.
    assert_eq!(rows("SELECT id FROM referrals WHERE state NOT IN ('drafted', 'delivered')"), Vec::<String>::new());
    assert_eq!(rows("SELECT referral FROM outbox WHERE state <> 'delivered'"), Vec::<String>::new());
    let per_case = rows("SELECT referral FROM outbox GROUP BY referral HAVING count(*) <> 1");
    assert_eq!(per_case, Vec::<String>::new(), "one delivery a case");
    let audited = rows("SELECT subject FROM audit WHERE action = 'approve'");
    assert_eq!(BTreeSet::from_iter(audited.clone()), BTreeSet::from_iter(approved.clone()));
    assert_eq!(audited.len(), approved.len(), "each approval stands in the log once");
    println!(
        "{rounds} rounds, {killed} killed; {} cases approved, {} messages received, {} of them again under the same id",
        approved.len(),
        received.len(),
        received.len() - ids.len()
    );
}

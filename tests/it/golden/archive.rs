//! A small archive of pushed listings, and everything that is read from it: cases, notices in every language, feeds,
//! exports, reports, the API's description, and the rows as stored.

use std::fmt::Write as _;
use std::sync::Arc;

use listingwatch::app::{App, Paths};
use listingwatch::config::settings::{Sender, Settings};
use listingwatch::referral::language;
use listingwatch::store::truth::Role;
use listingwatch::vocab::time::Clock;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};

use super::{compare, settled, settled_json};
use crate::shop::{Hub, TestClock};

const PLATFORM: &str = r#"[platform]
id = "bazaar"
name = "The Bazaar"
kind = "marketplace"
hosts = ["bazaar.example.test"]
country = "NL"
languages = ["en"]
[agreement]
basis = "memorandum"
reference = "MoU 2026/7"
authority = "Example Drug Control Office"
valid_from = 2020-01-01
valid_until = 2099-12-31
contact = "ts@bazaar.example.test"
uses = ["referral", "research"]
[crawl]
start = ["https://bazaar.example.test/"]
rate = "60/min"
[referral]
channels = ["feed"]
jurisdictions = ["INT", "EU", "NL"]
recheck = "24h"
renotice = "72h"
"#;

/// Noon of a fixed day, so that dates without a time read the same on every run.
fn noon() -> TestClock {
    let clock = TestClock::default();
    let day = listingwatch::vocab::time::Timestamp::from_millis(1_778_241_600_000);
    let hours = (day.as_millis() - clock.now().as_millis()) / 3_600_000;
    clock.advance_hours(hours);
    clock
}

/// A hub whose addresses, sender and day are always the same.
async fn hub() -> Hub {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(noon());
    let platform = listingwatch::config::platforms::parse("bazaar.toml", PLATFORM, clock.now().date())
        .unwrap_or_else(|problems| panic!("{problems:?}"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let mut settings = Settings::default();
    settings.hub.public_url = Some("https://hub.example.test".to_owned());
    settings.sender = Some(Sender {
        name: "Example Drug Control Office".to_owned(),
        address: "1 Example Street, Exampleville".to_owned(),
        contact: "office@example.test".to_owned(),
    });
    let paths = Paths { data: folder.path().join("data"), seeds: None, patterns: None, settings: None };
    let app = Arc::new(App::open(paths, vec![platform], Some(settings), clock.clone()).unwrap());
    let state = app.hub_state(false, &base);
    tokio::spawn(async move { listingwatch::server::run(listener, state, std::future::pending()).await });
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    Hub { app, clock, base, client, folder }
}

/// Listings one a call, so that what comes of them has one order.
fn listings() -> Vec<Value> {
    let one = |id: &str, title: &str, text: &str| {
        json!({ "id": id, "title": title, "text": text, "url": format!("https://bazaar.example.test/item/{id}"),
                "lang": "en", "price": "120.00", "currency": "EUR", "seller": "Northern Reagents" })
    };
    vec![
        one(
            "a1",
            "Isotonitazene powder 10 g",
            "Isotonitazene powder for sale, 99% purity, wholesale price per gram, discreet shipping, bitcoin accepted. \
             Write to sales@reagents.example.test, CAS 14188-81-9.",
        ),
        one(
            "a2",
            "C.a.r.f.e.n.t.a.n.i.l, bulk",
            "Carfentanil in stock, minimum order 5 g, customs guarantee, telegram only, samples on request",
        ),
        one(
            "a3",
            "4-piperidone hydrochloride, 25 kg drums",
            "4-Piperidone in 25 kg drums, no licence asked for, declared as pigment, discreet packaging, price per kg",
        ),
        one(
            "a4",
            "Research powder",
            "N-propionitrile chlornitazene, new, price per gram, ships from the EU, not for human consumption",
        ),
        one("a5", "Garden chair", "A chair of oak, as good as new, to be collected in person."),
    ]
}

async fn filled() -> Hub {
    let hub = hub().await;
    let office = hub.token(Role::Authority, "anna", None);
    for listing in listings() {
        let (status, answer) = hub.post(&office, "/api/v1/listings?platform=bazaar", json!([listing])).await;
        assert_eq!(status, 200, "{answer}");
    }
    let cases = hub.cases().await;
    assert!(cases.len() >= 3, "{cases:?}");
    let id = |title: &str| {
        let case = cases.iter().find(|case| case["title"].as_str().unwrap().starts_with(title));
        case.unwrap_or_else(|| panic!("no case `{title}` in {cases:?}"))["id"].as_str().unwrap().to_owned()
    };
    let (first, second, third) = (id("Iso"), id("C.a.r"), id("4-pip"));
    for line in [
        vec!["referrals", "approve", &first, &second, "--as", "anna"],
        vec!["referrals", "send"],
        vec!["referrals", "outcome", &first, "removed", "--reason", "terms", "--reference", "T-1", "--as", "mo"],
        vec!["referrals", "dismiss", &third, "--reason", "a licensed trader", "--as", "ben"],
    ] {
        hub.command(&line).await.1.unwrap();
    }
    hub
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_archive_read_through_every_door() {
    let hub = filled().await;
    let authority = hub.token(Role::Authority, "anna", None);
    let moderator = hub.token(Role::Moderator, "mo", Some("bazaar"));
    let researcher = hub.token(Role::Researcher, "rea", None);
    let first = hub.cases().await.into_iter().find(|case| case["title"].as_str().unwrap().starts_with("Iso")).unwrap();
    let first = first["id"].as_str().unwrap();

    for code in language::codes() {
        for (format, ending) in [("text", "txt"), ("html", "html"), ("json", "json")] {
            let path = format!("/api/v1/referrals/{first}/notice?language={code}&format={format}");
            let (status, text) = hub.get(&authority, &path).await;
            assert_eq!(status, 200, "{text}");
            let text = if format == "json" { settled_json(&text) } else { settled(&text) };
            compare(&format!("notice/{code}.{ending}"), &text);
        }
    }

    let (_, feed) = hub.get(&moderator, "/feeds/bazaar.json").await;
    compare("feed/bazaar.json", &settled_json(&feed));
    let (_, feed) = hub.get(&moderator, "/feeds/bazaar.atom").await;
    compare("feed/bazaar.atom", &settled(&feed.replace("><", ">\n<")));
    let (_, feed) = hub.get(&moderator, "/feeds/bazaar.ndjson").await;
    compare("feed/bazaar.ndjson", &settled(&feed));

    let doors = [
        ("case", &authority, format!("/api/v1/referrals/{first}")),
        ("list", &moderator, "/api/v1/referrals".to_owned()),
        ("evidence", &moderator, format!("/api/v1/referrals/{first}/evidence")),
        ("hits-authority", &authority, "/api/v1/hits".to_owned()),
        ("hits-researcher", &researcher, "/api/v1/hits".to_owned()),
        ("facets", &researcher, "/api/v1/hits/facets".to_owned()),
        ("platforms", &authority, "/api/v1/platforms".to_owned()),
        ("emerging", &researcher, "/api/v1/emerging".to_owned()),
        ("audit", &authority, "/api/v1/audit".to_owned()),
    ];
    for (name, token, path) in doors {
        let (status, text) = hub.get(token, &path).await;
        assert_eq!(status, 200, "{path}: {text}");
        compare(&format!("api/{name}.json"), &settled_json(&text));
    }
    let (_, description) = hub.get("", "/api/openapi.json").await;
    compare("api/openapi.json", &settled_json(&description));

    for (name, line) in [
        ("export.jsonl", vec!["export", "--format", "jsonl"]),
        ("export.csv", vec!["export", "--format", "csv"]),
        ("search.jsonl", vec!["search", "isotonitazene", "platform:bazaar"]),
        ("referrals.jsonl", vec!["referrals", "list"]),
        ("show.json", vec!["referrals", "show", first]),
        ("transparency.json", vec!["report", "transparency", "--year", "2026"]),
        ("responses.json", vec!["report", "responses"]),
        ("reasons.json", vec!["referrals", "reasons"]),
        ("platforms.jsonl", vec!["platforms", "list"]),
    ] {
        let (words, result) = hub.command(&line).await;
        result.unwrap();
        compare(&format!("cli/{name}"), &settled(&words.replace('\r', "")));
    }
    compare("records/truth.txt", &rows(&hub.folder.path().join("data/truth.db")));
}

/// The schema and the rows of every table, without what differs from run to run.
fn rows(path: &std::path::Path) -> String {
    let truth = rusqlite::Connection::open(path).unwrap();
    let all = |query: &str| -> Vec<String> {
        let mut statement = truth.prepare(query).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let version: i64 = truth.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    let mut out = format!("user_version {version}\n");
    for sql in all("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type, name") {
        let _ = writeln!(out, "{};", sql.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    for table in all("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name") {
        // Tokens are secrets of the run; the tables of the index hold what `hits` says in a form of SQLite's own.
        if table.starts_with("hits_text") || ["tokens", "sessions"].contains(&table.as_str()) {
            continue;
        }
        let mut statement = truth
            .prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))
            .or_else(|_| truth.prepare(&format!("SELECT * FROM {table}")))
            .unwrap();
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let lines = statement
            .query_map([], |row| {
                let cells =
                    names.iter().enumerate().map(|(at, name)| Ok(format!("{name}={}", shown(name, row.get_ref(at)?))));
                cells.collect::<Result<Vec<_>, rusqlite::Error>>()
            })
            .unwrap();
        let mut lines: Vec<String> = lines.map(|line| format!("{table}: {}", line.unwrap().join(" | "))).collect();
        // Rows are told apart by ids of the run, so their order is taken from what is left.
        lines.sort_by_key(|line| settled(line));
        lines.iter().for_each(|line| {
            let _ = writeln!(out, "{line}");
        });
    }
    settled(&out)
}

/// Columns whose values are keyed or signed with keys of the data directory.
const KEYED: [&str; 5] = ["signature", "key", "hash", "previous", "seller_hash"];

fn shown(name: &str, value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        _ if KEYED.contains(&name) => "<keyed>".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => format!("{number:.6}"),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => format!("x'{}'", data_encoding::HEXLOWER.encode(bytes)),
    }
}

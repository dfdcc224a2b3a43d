//! The analyst's day: a TOML file is edited, checked, reloaded, and the archive judged again.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use listingwatch::app::{App, Paths};
use listingwatch::telemetry::SystemClock;
use serde_json::Value;

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, links, listing};

/// An entry of the tests' watchlist; `more` holds further keys.
fn entry(name: &str, more: &str) -> String {
    format!(
        "[[substance]]\nid = \"{}\"\nname = \"{name}\"\nclass = \"designer-benzodiazepine\"\nuse = \"none-known\"\n\
         sources = [\"ed\"]\n{more}\nnames = {{ en = [\"{name}\"] }}\n\n",
        name.to_lowercase()
    )
}

/// Writes a small watchlist: our own context terms and weights, the entries given, one rule that accepts nothing here.
fn patterns(folder: &Path, entries: &str) {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns");
    fs::create_dir_all(folder.join("substances")).unwrap();
    for name in ["manifest.toml", "context.toml", "ordinary.toml", "weights.toml"] {
        fs::copy(ours.join(name), folder.join(name)).unwrap();
    }
    fs::write(folder.join("equipment.toml"), "").unwrap();
    let rule = "[[class]]\nid = \"none\"\nclass = \"tryptamine\"\nstem = \"qqqq\"\npattern = 'qqqqzz'\n";
    fs::write(folder.join("classes.toml"), rule).unwrap();
    fs::write(folder.join("substances/test.toml"), entries).unwrap();
}

#[test]
fn a_conflict_is_told_with_its_place_and_an_entry_added_is_found() {
    let place = Place::new();
    let folder = place.path("patterns");
    patterns(&folder, &(entry("Alphazepane", "") + &entry("Betazepane", "cas = [\"14188-81-9\"]")));
    place.run(&["check", "patterns"]).expect(0);

    // A wrong check digit, a name on two substances, an ordinary word, an id that stands twice: each at its place.
    let wrong = entry("Alphazepane", "cas = [\"14188-81-8\"]");
    patterns(&folder, &wrong);
    let told = place.run(&["check", "patterns/substances/test.toml"]).expect(3).out;
    assert!(
        told.contains("patterns/substances/test.toml:7:9: CAS number `14188-81-8` has a wrong check digit"),
        "{told}"
    );
    let twice =
        entry("Alphazepane", "") + &entry("Gammazepane", "").replace("en = [", "en = [\"alphazepane\", \"weather\", ");
    patterns(&folder, &twice);
    let told = place.run(&["check"]).expect(3).out;
    let first = "`alphazepane` is a name of `alphazepane` too (substances/test.toml:1)";
    assert!(told.contains(&format!("patterns/substances/test.toml:17:18: {first}")), "{told}");
    assert!(told.contains("patterns/substances/test.toml:17:33: `weather` is an ordinary word of English"), "{told}");
    patterns(&folder, &(entry("Alphazepane", "") + &entry("Alphazepane", "")));
    let told = place.run(&["check"]).expect(3).out;
    let twice = "substances/test.toml:11:6: substance `alphazepane` stands here and at substances/test.toml:2";
    assert!(told.contains(twice), "{told}");
    let rule = fs::read_to_string(folder.join("classes.toml")).unwrap().replace("qqqqzz", "(qqqq");
    patterns(&folder, &entry("Alphazepane", ""));
    fs::write(folder.join("classes.toml"), rule).unwrap();
    let told = place.run(&["check"]).expect(3).out;
    assert!(told.contains("patterns/classes.toml:5:12: the pattern cannot be read"), "{told}");
    // The program does not start with it, and says so as a configuration it refuses.
    fs::write(place.path("lines.jsonl"), "{\"id\": \"1\", \"title\": \"Newzepane 10 g\"}\n").unwrap();
    place.run(&["screen", "lines.jsonl"]).expect(3);

    // Editing the file and running again is all there is to adding a substance.
    patterns(&folder, &entry("Alphazepane", ""));
    assert!(place.run(&["screen", "lines.jsonl"]).expect(0).out.contains("\"verdict\":\"clear\""));
    patterns(&folder, &(entry("Alphazepane", "") + &entry("Newzepane", "")));
    let found: Value = serde_json::from_str(&place.run(&["screen", "lines.jsonl"]).expect(0).out).unwrap();
    assert_eq!(found["substances"][0]["id"], "newzepane");
    let shown = place.run(&["watchlist", "show", "newzepane"]).expect(0).out;
    assert!(shown.contains("ed") && shown.contains("editor"), "{shown}");
    assert!(shown.contains("use        none-known: not reviewed"), "{shown}");
    patterns(&folder, &entry("Newzepane", "use_note = \"no approved medicine\"\ncontrols = [\"UK-C@2025\"]"));
    let shown = place.run(&["watchlist", "show", "newzepane"]).expect(0).out;
    assert!(shown.contains("use        none-known: no approved medicine\n"), "{shown}");
    assert!(shown.contains("control    UK MDA 1971 C since 2025 (GB)\n"), "{shown}");
}

#[test]
fn a_reload_says_what_changed_and_a_refused_list_leaves_the_old_one() {
    let folder = tempfile::tempdir().unwrap();
    let paths = Paths {
        data: folder.path().join("data"),
        seeds: None,
        patterns: Some(folder.path().join("patterns")),
        settings: None,
    };
    let list = folder.path().join("patterns");
    patterns(&list, &(entry("Alphazepane", "") + &entry("Betazepane", "")));
    let app = App::open(paths, Vec::new(), None, Arc::new(SystemClock)).unwrap();
    let first = app.rooms.detector().watchlist().version().to_owned();
    assert!(app.reload_watchlist().unwrap().is_none(), "nothing changed yet");

    patterns(&list, &(entry("Alphazepane", "cas = [\"14188-81-9\"]") + &entry("Gammazepane", "")));
    let reloaded = app.reload_watchlist().unwrap().expect("a file changed");
    assert_ne!(reloaded.version, first);
    assert_eq!(reloaded.changes.added["substance"], ["gammazepane"]);
    assert_eq!(reloaded.changes.removed["substance"], ["betazepane"]);
    assert_eq!(reloaded.changes.changed["substance"]["alphazepane"], ["cas"]);
    assert!(reloaded.conflicts.is_empty(), "{:?}", reloaded.conflicts);
    let now = app.rooms.detector().watchlist().version().to_owned();
    assert_eq!(now, reloaded.version);

    patterns(&list, "[[substance]]\nid = 3\n");
    assert!(app.reload_watchlist().is_err());
    assert_eq!(app.rooms.detector().watchlist().version(), now, "the old list stays");
    assert!(app.reload_watchlist().unwrap().is_none(), "the refusal is said once");

    // A file that comes is seen as well as one that changes, whatever its date.
    patterns(&list, &(entry("Alphazepane", "cas = [\"14188-81-9\"]") + &entry("Gammazepane", "")));
    fs::write(
        list.join("substances/more.toml"),
        entry("Deltazepane", "").replace("[\"Delta", "[\"Gammazepane\", \"Delta"),
    )
    .unwrap();
    let reloaded = app.reload_watchlist().unwrap().expect("a file came");
    assert_eq!(reloaded.changes.added["substance"], ["deltazepane"]);
    assert!(reloaded.conflicts[0].message.contains("is a name of"), "{:?}", reloaded.conflicts);
    app.close().unwrap();
}

/// Words that set one offer apart from the others, so that no two fall into one cluster.
fn words(number: usize) -> String {
    (0..24).map(|n| format!("lot{} ", (number + 3) * 7919 + n * 104_729)).collect()
}

#[test]
fn the_archive_is_judged_again_and_nothing_is_sent_twice() {
    const NAMES: [&str; 5] = ["Alphazepane", "Betazepane", "Gammazepane", "Deltazepane", "Epsilonzepane"];
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/" => Reply::html(links(&(0..5).map(|n| format!("/{n}")).collect::<Vec<_>>())),
        path => {
            let number: usize = path[1..].parse().unwrap_or(0);
            let other = if number == 3 { "Also Zetaquone on request." } else { "" };
            let text = format!(
                "{} powder 99% purity for sale. {other} Discreet shipping, price per gram, bitcoin. {}",
                NAMES[number],
                words(number)
            );
            Reply::html(listing(&format!("{} 10 g", NAMES[number]), &text, &[]))
        }
    });
    let place = Place::new();
    place.settings("[sender]\nname = \"Office\"\naddress = \"Street 1\"\ncontact = \"office@example.test\"\n");
    place.own_site("site", &server.url("/"), "");
    let folder = place.path("patterns");
    let all = |names: &[&str]| names.iter().map(|name| entry(name, "")).collect::<String>();
    patterns(&folder, &all(&NAMES));
    place.run(&["scan"]).expect(0);
    let cases = place.referrals();
    assert_eq!(cases.len(), 5, "{cases:?}");
    let id = |name: &str| {
        let case = cases.iter().find(|case| case["title"].as_str().unwrap().starts_with(name)).unwrap();
        case["id"].as_str().unwrap().to_owned()
    };
    place.run(&["referrals", "approve", &id("Betazepane"), "--as", "anna"]).expect(0);
    place.run(&["referrals", "send"]).expect(0);
    for name in ["Gammazepane", "Deltazepane"] {
        place.run(&["referrals", "dismiss", &id(name), "--reason", "a test", "--as", "anna"]).expect(0);
    }
    let before = place.referrals();

    // The list loses two names, gains one, and learns of a control.
    let kept =
        all(&["Gammazepane", "Deltazepane", "Zetaquone"]) + &entry("Epsilonzepane", "controls = [\"UN1971-S4\"]");
    patterns(&folder, &kept);
    let rescreen = |arguments: &[&str]| -> Vec<Value> {
        let ended = place.run(&[&["--json", "rescreen"], arguments].concat()).expect(0);
        ended.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let told = rescreen(&["--dry-run"]);
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(place.referrals(), before, "a dry run changes nothing");
    let told = rescreen(&[]);
    let of = |name: &str| told.iter().find(|row| row["title"].as_str().unwrap().starts_with(name)).unwrap();
    let alpha = of("Alphazepane");
    assert_eq!((&alpha["was"], &alpha["now"], &alpha["cause"]), (&"refer".into(), &"clear".into(), &"names".into()));
    assert_eq!((&alpha["lost"][0], &alpha["outcome"]["action"]), (&"alphazepane".into(), &"dismissed".into()));
    assert_eq!(of("Betazepane")["outcome"]["action"], "left-as-sent");
    let delta = of("Deltazepane");
    assert_eq!((&delta["gained"][0], &delta["outcome"]["action"]), (&"zetaquone".into(), &"opened".into()));
    let epsilon = of("Epsilonzepane");
    assert_eq!((&epsilon["cause"], &epsilon["outcome"]["action"]), (&"controls".into(), &"updated".into()));
    let now = place.referrals();
    let state = |id: &str| now.iter().find(|case| case["id"] == id).unwrap()["state"].as_str().unwrap().to_owned();
    assert_eq!(now.len(), 6, "{now:?}");
    assert_eq!(state(&id("Alphazepane")), "dismissed");
    assert_eq!(state(&id("Betazepane")), "delivered");
    assert_eq!(state(&id("Gammazepane")), "dismissed");
    assert_eq!(state(&id("Deltazepane")), "dismissed");
    assert_eq!(state(delta["outcome"]["case"].as_str().unwrap()), "drafted");
    let shown =
        place.run(&["--json", "referrals", "show", delta["outcome"]["case"].as_str().unwrap()]).expect(0).json();
    assert!(shown["history"][0].to_string().contains(&id("Deltazepane")), "{shown}");
    let sent: Value = place.run(&["--json", "referrals", "send"]).expect(0).json();
    assert_eq!(sent["delivered"], 0, "nothing is sent by it: {sent}");
    let again = rescreen(&[]);
    assert!(
        again.iter().all(|row| row["outcome"]["action"] == "left-as-sent"),
        "the second time nothing moves: {again:?}"
    );

    // The decision table moves verdicts too.
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("patterns/decision.toml");
    let table = fs::read_to_string(ours).unwrap();
    let (first, rest) = table.split_at(table.find("id = \"controlled\"").unwrap());
    let table = first.replace("= \"refer\"", "= \"review\"") + rest;
    fs::write(folder.join("decision.toml"), table).unwrap();
    let told = rescreen(&["--query", "epsilonzepane"]);
    assert_eq!((&told[0]["was"], &told[0]["now"]), (&"refer".into(), &"review".into()), "{told:?}");

    // Without its platform file nobody knows whose controls count: its hits stay as they are, and that is said.
    let before = place.referrals();
    fs::remove_file(place.path("seeds").join("site.toml")).unwrap();
    let blind = place.run(&["rescreen"]).expect(4);
    assert!(blind.err.contains("hits of `site` left as they are"), "{}", blind.err);
    assert_eq!((blind.out.as_str(), place.referrals()), ("", before));
    place.run(&["audit", "verify"]).expect(0);
}

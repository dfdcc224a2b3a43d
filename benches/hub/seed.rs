//! A store with many referrals, written straight into the tables: through the scan it would take an hour.

use std::path::Path;

use listingwatch::evidence::audit::GENESIS;
use listingwatch::store::truth::Truth;
use rusqlite::{Connection, params};

pub const PLATFORMS: [&str; 4] = ["shop-a", "shop-b", "shop-c", "shop-d"];

/// First moment: 2025-01-01, in milliseconds.
const BEGIN: u64 = 1_735_689_600_000;

/// Two years.
const SPAN: u64 = 2 * 365 * 86_400_000;

const NAMES: [(&str, &str, &str); 6] = [
    ("Isotonitazene", "isotonitazene", "synthetic-opioid"),
    ("Protonitazene", "protonitazene", "synthetic-opioid"),
    ("Clonazolam", "clonazolam", "nps"),
    ("MDMB-4en-PINACA", "mdmb-4en-pinaca", "nps"),
    ("PMK methyl glycidate", "pmk-methyl-glycidate", "precursor"),
    ("Pill press", "pill-press", "equipment"),
];

/// A number that looks like chance and is the same every time.
pub fn dice(number: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64(&number.to_le_bytes())
}

pub fn id(number: u64) -> String {
    format!("R-{:016x}", dice(number))
}

/// Makes the store unless it is there.
pub fn fill(folder: &Path, referrals: u64) {
    let (done, database) = (folder.join("done"), folder.join("truth.db"));
    if done.exists() {
        return;
    }
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).expect("a folder below target");
    drop(Truth::open(&database).expect("a new store"));
    let mut held = Connection::open(&database).expect("the store");
    held.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000;")
        .expect("set");
    let triggers: Vec<String> = column(&held, "SELECT name FROM sqlite_master WHERE type = 'trigger'");
    for name in triggers {
        held.execute_batch(&format!("DROP TRIGGER {name}")).expect("dropped");
    }
    let mut at = 0;
    while at < referrals {
        let end = (at + 20_000).min(referrals);
        let transaction = held.transaction().expect("begun");
        for number in at..end {
            case(&transaction, number, referrals);
        }
        transaction.commit().expect("committed");
        at = end;
    }
    // Ten cases a wording; of its drafts one stands for all.
    held.execute_batch(
        "UPDATE referrals SET series = 'S-' || (rowid / 10);
         UPDATE referrals SET folded = 1 WHERE state = 'drafted' AND rowid NOT IN (
           SELECT min(rowid) FROM referrals WHERE state = 'drafted' GROUP BY series);",
    )
    .expect("in series");
    // Counted again, with triggers, when the store is opened.
    held.execute_batch("DROP TABLE case_counts; DROP TABLE hit_counts; DROP TABLE hit_rows; DROP TABLE stage_counts; DROP TABLE answer_times; PRAGMA wal_checkpoint(TRUNCATE);")
        .expect("dropped");
    drop(held);
    drop(Truth::open(&database).expect("counted"));
    std::fs::write(done, "").expect("noted");
}

fn column(held: &Connection, sql: &str) -> Vec<String> {
    let mut statement = held.prepare(sql).expect("read");
    let rows = statement.query_map([], |row| row.get(0)).expect("read");
    rows.collect::<Result<_, _>>().expect("read")
}

fn case(held: &Connection, number: u64, referrals: u64) {
    let chance = dice(number ^ 0x5eed);
    let platform = PLATFORMS[(chance % 4) as usize];
    let (name, substance, category) = NAMES[(chance / 4 % 6) as usize];
    let (id, hit) = (id(number), format!("H-{chance:032x}"));
    let (state, json) = match chance / 24 % 10 {
        0 | 1 => ("drafted", r#"{"state":"drafted"}"#),
        2..=4 => ("delivered", r#"{"state":"delivered"}"#),
        5 | 6 => (
            "decided",
            r#"{"state":"decided","outcome":{"decision":"removed","reason":null,"reference":null},"gone_checks":0}"#,
        ),
        7 | 8 => (
            "verified-gone",
            r#"{"state":"verified-gone","outcome":{"decision":"removed","reason":null,"reference":null}}"#,
        ),
        _ => ("dismissed", r#"{"state":"dismissed","reason":"a book"}"#),
    };
    let created = BEGIN + SPAN * number / referrals;
    let updated = created + 3_600_000 * (1 + chance % 90);
    let title = format!("{name} powder, lot {}", chance % 10_000);
    let url = format!("https://{platform}.example.test/item/{number}");
    let text = format!(
        "{name} in stock, sealed bags, discreet shipping, price per gram on request. Contact by messenger, lot {}.",
        chance % 10_000
    );
    let end = name.chars().count();
    let assessment = format!(
        r#"{{"verdict":"refer","score":0.98,"category":"{category}","substances":[{{"id":"{substance}","name":"{name}","class":"{category}","legitimate_use":"none-known","controls":[{{"instrument":"UN1961","schedule":"I","since":"2021","jurisdiction":"INT"}}],"matches":[{{"field":"title","start":0,"end":{end},"surface":"{name}","how":"name","rule":"{substance}"}}]}}],"context":[{{"field":"text","start":{},"end":{},"surface":"discreet shipping","signal":"shipping","weight":0.9}}],"emerging":[],"reasons":["the title names \"{name}\""],"watchlist":"bench"}}"#,
        end + 24,
        end + 41
    );
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        held.prepare_cached(sql).expect("a statement").execute(values).expect("a row");
    };
    run(
        "INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, category, title, score, substances, urls,
           approved_by, approved_kind, approved_key, change, created, updated, history)
           VALUES (?, ?, ?, 0, ?, ?, 'refer', ?, ?, 0.98, ?, ?, 'anna', 'person', 'anna', ?, ?, ?, '[]')",
        params![id, platform, format!("C-{number:016x}"), state, json, category, title, format!("[\"{name}\"]"), format!("[\"{url}\"]"), number + 1, created, updated],
    );
    run(
        "INSERT INTO hits (id, platform, url, ordinal, referral, cluster, title, text, seller_hash, language, images, identifiers, verdict, score,
           category, assessment, content_digest, minhash, watchlist, warc_file, warc_offset, warc_length, warc_record, payload_digest,
           captured_at, run, first_seen, last_seen)
         VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, 'en', '[]', '[]', 'refer', ?, ?, ?, '', x'00', 'bench', 'a.warc.gz', 0, 0, 'urn:x', 'sha256:x', ?, 'run', ?, ?)",
        params![hit, platform, url, id, format!("C-{number:016x}"), title, text, format!("{:032x}", chance % 100_000), 0.5 + (chance % 500) as f64 / 1000.0, category, assessment, created, created, updated],
    );
    let row = held.last_insert_rowid();
    run(
        "INSERT INTO hits_text (rowid, title, text, names) VALUES (?, ?, ?, ?)",
        params![row, title, text, format!("{name} {category}")],
    );
    run("INSERT INTO hit_substances (hit, substance) VALUES (?, ?)", params![hit, substance]);
    let event = |at: u64, event: &str, state: &str, message: Option<&str>| {
        let detail = match event {
            "answer" => r#"{"event":"answer","outcome":{"decision":"removed"}}"#,
            _ => "{}",
        };
        run(
            "INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES (?, ?, ?, 'anna', ?, ?, ?)",
            params![id, platform, at, event, state, message],
        );
        run(
            "INSERT INTO audit (at, actor, action, subject, detail, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
            params![at, if chance.is_multiple_of(3) { "anna" } else { "scan" }, event, id, detail, GENESIS.to_string()],
        );
    };
    event(created, "draft", "drafted", None);
    if matches!(state, "delivered" | "decided" | "verified-gone") {
        event(created + 1_800_000, "approve", "approved", Some("referral.created"));
    }
    if matches!(state, "decided" | "verified-gone") {
        event(updated, "answer", "decided", None);
    }
}

//! The tables, and how an older file becomes a newer one.

use std::path::PathBuf;

use rusqlite::{Connection, Transaction};

use crate::store::truth::{TruthError, emerging, tallies};
use crate::vocab::actor::PersonName;

/// Steps of the schema; a file's `user_version` says how many it has taken. A published step is never changed: what is new
/// is a step of its own at the end.
const STEPS: &[&str] = &[
    FIRST,
    REFERRAL_LOOP,
    ACTORS,
    SCOPED_ANSWERS,
    REDACTION,
    JOBS,
    FOUND_URLS,
    MANDATE_BYTES,
    CHANGES,
    PAGE_KIND,
    ISSUED,
    LOOKS_ASKED,
    USES,
    CASE_PAGES,
    STATEMENTS,
    SERIES,
    TIMESTAMPS,
    ESCALATIONS,
    COUNTED,
    EMERGING,
    NO_LONGER_THERE,
    LISTING_IDS,
];

/// Times are milliseconds since 1970 in UTC; JSON is kept as text. `docs/DATA.md` describes each column.
const FIRST: &str = "
CREATE TABLE hits (
  id TEXT PRIMARY KEY, platform TEXT NOT NULL, url TEXT NOT NULL, ordinal INTEGER NOT NULL, referral TEXT NOT NULL,
  cluster TEXT NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, price TEXT, currency TEXT, seller_hash TEXT,
  language TEXT, images TEXT NOT NULL, identifiers TEXT NOT NULL, verdict TEXT NOT NULL, score REAL NOT NULL,
  category TEXT, assessment TEXT NOT NULL, content_digest TEXT NOT NULL, minhash BLOB NOT NULL, watchlist TEXT NOT NULL,
  warc_file TEXT NOT NULL, warc_offset INTEGER NOT NULL, warc_length INTEGER NOT NULL, warc_record TEXT NOT NULL,
  payload_digest TEXT NOT NULL, captured_at INTEGER NOT NULL, run TEXT NOT NULL, first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL, gone_at INTEGER, UNIQUE (platform, url, ordinal)) STRICT;
CREATE INDEX hits_by_referral ON hits (referral);
CREATE INDEX hits_by_seen ON hits (first_seen);
CREATE INDEX hits_by_url ON hits (platform, url);
CREATE TABLE hit_substances (hit TEXT NOT NULL, substance TEXT NOT NULL, PRIMARY KEY (hit, substance)) STRICT, WITHOUT ROWID;
CREATE INDEX hits_by_substance ON hit_substances (substance);
CREATE VIRTUAL TABLE hits_text USING fts5 (title, text, names, tokenize = 'unicode61 remove_diacritics 2');
CREATE TABLE referrals (
  id TEXT PRIMARY KEY, platform TEXT NOT NULL, cluster TEXT NOT NULL, generation INTEGER NOT NULL, state TEXT NOT NULL,
  state_json TEXT NOT NULL, verdict TEXT NOT NULL, category TEXT, title TEXT NOT NULL, score REAL NOT NULL,
  substances TEXT NOT NULL, urls TEXT NOT NULL, approved_by TEXT, change INTEGER NOT NULL UNIQUE,
  created INTEGER NOT NULL, updated INTEGER NOT NULL, recheck_at INTEGER, history TEXT NOT NULL,
  UNIQUE (platform, cluster, generation)) STRICT;
CREATE INDEX referrals_by_platform ON referrals (platform, change);
CREATE INDEX referrals_by_state ON referrals (state, change);
CREATE INDEX referrals_by_recheck ON referrals (recheck_at) WHERE recheck_at IS NOT NULL;
CREATE TABLE events (
  seq INTEGER PRIMARY KEY, referral TEXT NOT NULL, platform TEXT NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL,
  event TEXT NOT NULL, state TEXT NOT NULL, message TEXT) STRICT;
CREATE INDEX events_by_referral ON events (referral, seq);
CREATE INDEX events_by_platform ON events (platform, seq) WHERE message IS NOT NULL;
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY, referral TEXT NOT NULL, platform TEXT NOT NULL, channel TEXT NOT NULL, message TEXT NOT NULL,
  idempotency_key TEXT NOT NULL UNIQUE, state TEXT NOT NULL, due INTEGER NOT NULL, attempts INTEGER NOT NULL,
  created INTEGER NOT NULL, last_error TEXT, receipt TEXT) STRICT;
CREATE INDEX outbox_by_due ON outbox (state, due);
CREATE TABLE disabled_targets (
  platform TEXT NOT NULL, channel TEXT NOT NULL, target TEXT NOT NULL, since INTEGER NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (platform, channel, target)) STRICT;
CREATE TABLE answers (idempotency_key TEXT PRIMARY KEY, referral TEXT NOT NULL, answer TEXT NOT NULL) STRICT;
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL,
  detail TEXT NOT NULL, previous TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE tokens (
  id TEXT PRIMARY KEY, secret_hash BLOB NOT NULL UNIQUE, role TEXT NOT NULL, owner TEXT NOT NULL, platform TEXT,
  created INTEGER NOT NULL, expires INTEGER, revoked INTEGER) STRICT;
CREATE TABLE sessions (
  secret_hash BLOB PRIMARY KEY, token TEXT NOT NULL, csrf TEXT NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE TABLE mandates (
  id TEXT PRIMARY KEY, authority TEXT NOT NULL, reference TEXT NOT NULL, purpose TEXT NOT NULL, budget INTEGER,
  spent INTEGER NOT NULL, created INTEGER NOT NULL, expires TEXT NOT NULL, revoked INTEGER) STRICT;
CREATE TABLE scans (
  run TEXT NOT NULL, platform TEXT NOT NULL, started INTEGER NOT NULL, ended INTEGER NOT NULL, summary TEXT NOT NULL,
  coverage TEXT NOT NULL, PRIMARY KEY (run, platform)) STRICT;
CREATE INDEX scans_by_end ON scans (platform, ended);
CREATE TABLE paused (platform TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT;
CREATE TABLE schedule (platform TEXT PRIMARY KEY, last_run INTEGER NOT NULL) STRICT;
CREATE TABLE hosts (host TEXT PRIMARY KEY, record TEXT NOT NULL, at INTEGER NOT NULL) STRICT;
CREATE TABLE emerging (
  surface TEXT PRIMARY KEY, class TEXT NOT NULL, subclass TEXT, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,
  listings INTEGER NOT NULL) STRICT;
";

/// Reminders, attention, signed ends of the audit log, attempts, rechecks, control sample, deconfliction, fingerprints.
const REFERRAL_LOOP: &str = "
ALTER TABLE referrals ADD COLUMN renotice_at INTEGER;
ALTER TABLE referrals ADD COLUMN reminders INTEGER NOT NULL DEFAULT 0;
ALTER TABLE referrals ADD COLUMN attention TEXT;
ALTER TABLE referrals ADD COLUMN decision TEXT;
CREATE INDEX referrals_by_renotice ON referrals (renotice_at) WHERE renotice_at IS NOT NULL;
CREATE INDEX referrals_by_attention ON referrals (attention, change) WHERE attention IS NOT NULL;
ALTER TABLE hits ADD COLUMN capture_destroyed INTEGER;
ALTER TABLE outbox ADD COLUMN ended INTEGER;
CREATE INDEX outbox_by_referral ON outbox (referral);
CREATE TABLE attempts (
  id INTEGER PRIMARY KEY, delivery INTEGER NOT NULL, at INTEGER NOT NULL, result TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
CREATE INDEX attempts_by_delivery ON attempts (delivery, id);
CREATE TABLE audit_head (
  one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL, at INTEGER NOT NULL,
  key TEXT NOT NULL, signature TEXT NOT NULL) STRICT;
CREATE TABLE rechecks (
  id INTEGER PRIMARY KEY, referral TEXT NOT NULL, at INTEGER NOT NULL, url TEXT NOT NULL, seen TEXT NOT NULL,
  status INTEGER) STRICT;
CREATE INDEX rechecks_by_referral ON rechecks (referral, id);
CREATE TABLE control_sample (
  platform TEXT NOT NULL, digest BLOB NOT NULL, mandate TEXT NOT NULL, since INTEGER NOT NULL, checked INTEGER NOT NULL,
  checks INTEGER NOT NULL, gone_at INTEGER, expires INTEGER NOT NULL, PRIMARY KEY (platform, digest)) STRICT, WITHOUT ROWID;
CREATE TABLE control_totals (
  platform TEXT NOT NULL, mandate TEXT NOT NULL, sampled INTEGER NOT NULL, rechecked INTEGER NOT NULL,
  gone INTEGER NOT NULL, ended INTEGER NOT NULL) STRICT;
CREATE TABLE holds (
  kind TEXT NOT NULL, value TEXT NOT NULL, reason TEXT NOT NULL, actor TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (kind, value)) STRICT, WITHOUT ROWID;
CREATE TABLE fingerprints (
  hit TEXT NOT NULL, kind TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (hit, kind, hash)) STRICT, WITHOUT ROWID;
CREATE INDEX fingerprints_by_hash ON fingerprints (hash);
CREATE TABLE foreign_digests (
  source TEXT NOT NULL, kind TEXT NOT NULL, digest TEXT NOT NULL, expires INTEGER NOT NULL,
  PRIMARY KEY (source, kind, digest)) STRICT, WITHOUT ROWID;
";

/// Actors with their kind. Of what older versions wrote, only approvals need one: a person, unless it was the policy's word.
/// Where a token bore that word as its owner, it is not known who approved, and it stays so.
const ACTORS: &str = "
ALTER TABLE events ADD COLUMN actor_kind TEXT;
ALTER TABLE events ADD COLUMN actor_role TEXT;
ALTER TABLE events ADD COLUMN actor_door TEXT;
ALTER TABLE audit ADD COLUMN actor_kind TEXT;
ALTER TABLE audit ADD COLUMN actor_role TEXT;
ALTER TABLE audit ADD COLUMN actor_door TEXT;
ALTER TABLE holds ADD COLUMN actor_kind TEXT;
ALTER TABLE holds ADD COLUMN actor_role TEXT;
ALTER TABLE holds ADD COLUMN actor_door TEXT;
ALTER TABLE referrals ADD COLUMN approved_kind TEXT;
ALTER TABLE referrals ADD COLUMN approved_key TEXT;
UPDATE events SET actor_kind = 'person' WHERE event = 'approve' AND actor <> 'policy';
UPDATE events SET actor_kind = 'policy' WHERE event = 'approve' AND actor = 'policy'
  AND NOT EXISTS (SELECT 1 FROM tokens WHERE owner = 'policy');
UPDATE referrals SET approved_kind = 'person' WHERE approved_by IS NOT NULL;
UPDATE referrals SET approved_kind = (
  SELECT e.actor_kind FROM events e WHERE e.referral = referrals.id AND e.event = 'approve' ORDER BY e.seq DESC LIMIT 1)
  WHERE approved_by IS NULL;
";

/// Idempotency keys of answers, by platform and token. Which token sent an older answer is not known.
const SCOPED_ANSWERS: &str = "
ALTER TABLE answers RENAME TO unscoped_answers;
CREATE TABLE answers (
  platform TEXT NOT NULL, token TEXT NOT NULL, idempotency_key TEXT NOT NULL, referral TEXT NOT NULL, answer TEXT NOT NULL,
  PRIMARY KEY (platform, token, idempotency_key)) STRICT;
INSERT INTO answers SELECT r.platform, '', a.idempotency_key, a.referral, a.answer
  FROM unscoped_answers a JOIN referrals r ON r.id = a.referral;
DROP TABLE unscoped_answers;
CREATE INDEX answers_by_referral ON answers (referral);
";

/// By which rules personal data was found in what is stored.
const REDACTION: &str =
    "CREATE TABLE redaction (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL) STRICT;";

/// Last runs of the hub's jobs.
const JOBS: &str = "
CREATE TABLE jobs (
  name TEXT PRIMARY KEY, last_run INTEGER NOT NULL, duration_ms INTEGER NOT NULL, succeeded INTEGER NOT NULL,
  detail TEXT NOT NULL, last_success INTEGER) STRICT, WITHOUT ROWID;
";

/// Hits have the address their page was found under, and the one it is known by. Until then both were the same.
const FOUND_URLS: &str = "
ALTER TABLE hits ADD COLUMN page TEXT NOT NULL DEFAULT '';
UPDATE hits SET page = url;
DROP INDEX hits_by_url;
CREATE INDEX hits_by_page ON hits (platform, page);
";

/// Bytes that mandates allow, and bytes fetched under them.
const MANDATE_BYTES: &str = "
ALTER TABLE mandates ADD COLUMN budget_bytes INTEGER;
ALTER TABLE mandates ADD COLUMN spent_bytes INTEGER NOT NULL DEFAULT 0;
";

/// What changed in listings between visits. `event` is the step by which the platform was told.
const CHANGES: &str = "
CREATE TABLE changes (
  id INTEGER PRIMARY KEY, hit TEXT NOT NULL, referral TEXT NOT NULL, platform TEXT NOT NULL, url TEXT NOT NULL,
  at INTEGER NOT NULL, run TEXT NOT NULL, field TEXT NOT NULL, before TEXT, after TEXT, event INTEGER,
  UNIQUE (hit, field, at)) STRICT;
CREATE INDEX changes_by_time ON changes (at);
CREATE INDEX changes_by_platform ON changes (platform, at);
CREATE INDEX changes_by_referral ON changes (referral, at);
CREATE INDEX changes_by_event ON changes (event) WHERE event IS NOT NULL;
";

/// What kind of page a hit stood on, which its verdict rests on too. Of older hits it is not known.
const PAGE_KIND: &str = "ALTER TABLE hits ADD COLUMN kind TEXT;";

/// Documents as they left, with the step that made each. Cases that left before have none.
const ISSUED: &str = "
CREATE TABLE issued (
  referral TEXT NOT NULL, serial INTEGER NOT NULL, event INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL,
  language TEXT NOT NULL, watchlist TEXT NOT NULL, cites TEXT, json_digest TEXT NOT NULL, text_digest TEXT NOT NULL,
  html_digest TEXT NOT NULL, json TEXT, text TEXT, html TEXT, PRIMARY KEY (referral, serial)) STRICT;
CREATE INDEX issued_by_event ON issued (referral, event);
";

/// When somebody asked for a look at a case, until one was taken. It counts no more than one that nobody asked for.
const LOOKS_ASKED: &str = "
ALTER TABLE referrals ADD COLUMN look_asked INTEGER;
CREATE INDEX referrals_by_look ON referrals (look_asked) WHERE look_asked IS NOT NULL;
";

/// What the data of each platform may be used for, as its agreement says; written anew whenever platform files are read.
const USES: &str = "
CREATE TABLE platform_uses (platform TEXT NOT NULL, use TEXT NOT NULL, PRIMARY KEY (platform, use)) STRICT, WITHOUT ROWID;
";

/// The pages of cases: what looks and the platform said of each. `page` is the key a page is known by; one that nobody looked at or
/// answered has no row.
const CASE_PAGES: &str = "
CREATE TABLE case_pages (
  referral TEXT NOT NULL, page TEXT NOT NULL, gone_checks INTEGER NOT NULL, relisted INTEGER NOT NULL DEFAULT 0, seen TEXT,
  status INTEGER, looked_at INTEGER, answer TEXT, answered_at INTEGER, answered_by TEXT,
  PRIMARY KEY (referral, page)) STRICT, WITHOUT ROWID;
";

/// What affected parties wrote, by the audit entry that has its digest: the log can lose nothing, and a statement may name people.
/// Older statements stand in the log itself.
const STATEMENTS: &str = "
CREATE TABLE statements (seq INTEGER PRIMARY KEY, referral TEXT NOT NULL, text TEXT NOT NULL) STRICT;
CREATE INDEX statements_by_referral ON statements (referral);
";

/// Cases of one frame, and how many cases of a platform are opened in an hour. Older cases belong to no series.
const SERIES: &str = "
ALTER TABLE referrals ADD COLUMN series TEXT;
ALTER TABLE referrals ADD COLUMN folded INTEGER NOT NULL DEFAULT 0;
CREATE INDEX referrals_by_series ON referrals (series, state) WHERE series IS NOT NULL;
CREATE INDEX referrals_unfolded ON referrals (state, folded, change);
CREATE TABLE series (id TEXT PRIMARY KEY, platform TEXT NOT NULL, frame BLOB NOT NULL, created INTEGER NOT NULL) STRICT;
CREATE TABLE series_keys (
  platform TEXT NOT NULL, key INTEGER NOT NULL, series TEXT NOT NULL, PRIMARY KEY (platform, key, series)) STRICT, WITHOUT ROWID;
CREATE TABLE case_limits (
  platform TEXT PRIMARY KEY, per_hour INTEGER NOT NULL, hour INTEGER NOT NULL, opened INTEGER NOT NULL) STRICT, WITHOUT ROWID;
DROP INDEX IF EXISTS referrals_left;
";

/// Timestamps of a trusted authority, and which captured pages they cover. `count` is the number of the last entry for one of the log.
const TIMESTAMPS: &str = "
CREATE TABLE timestamps (
  name TEXT PRIMARY KEY, captures INTEGER NOT NULL, count INTEGER NOT NULL, at INTEGER NOT NULL, authority TEXT NOT NULL,
  serial TEXT NOT NULL, digest TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE stamped_captures (record TEXT PRIMARY KEY, digest TEXT NOT NULL, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX stamped_captures_by_name ON stamped_captures (name);
";

/// Until which day a platform was warned that a case may go to another authority, and drafts to one.
const ESCALATIONS: &str = "
ALTER TABLE referrals ADD COLUMN warned_until TEXT;
CREATE TABLE escalations (
  id TEXT PRIMARY KEY, referral TEXT NOT NULL, platform TEXT NOT NULL, contact TEXT NOT NULL, purpose TEXT NOT NULL,
  drafted_by TEXT NOT NULL, drafted_key TEXT NOT NULL, at INTEGER NOT NULL, approved_by TEXT, approved INTEGER,
  text TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX escalations_by_referral ON escalations (referral, at);
";

/// When a look at a page counted last: another page of the case may be asked for again sooner.
const COUNTED: &str = "ALTER TABLE case_pages ADD COLUMN counted_at INTEGER;";

/// Names on no list, by platform, and keyed hashes of words that stand in sealed values: such a word is in no list of names. Of what
/// an older file counted, only what its hits hold has a platform.
const EMERGING: &str = "
DROP TABLE emerging;
CREATE TABLE emerging_names (
  surface TEXT NOT NULL, platform TEXT NOT NULL, class TEXT NOT NULL, subclass TEXT, first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL, listings INTEGER NOT NULL, PRIMARY KEY (surface, platform)) STRICT, WITHOUT ROWID;
CREATE TABLE name_words (hash TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
";

/// A page that was still there and is gone since needs nobody: until now the case went on waiting for an authority.
const NO_LONGER_THERE: &str = "
UPDATE referrals SET attention = NULL WHERE attention = 'still-there'
  AND (state <> 'decided' OR coalesce(json_extract(state_json, '$.gone_checks'), 0) > 0);
";

/// The platform's own ids of a case's listings.
const LISTING_IDS: &str = "
ALTER TABLE referrals ADD COLUMN listing_ids TEXT NOT NULL DEFAULT '[]';
UPDATE referrals SET listing_ids = (SELECT json_group_array(id) FROM (SELECT DISTINCT json_extract(a.value, '$[1]') AS id
  FROM hits h, json_each(h.identifiers) a WHERE h.referral = referrals.id AND json_extract(a.value, '$[0]') IN ('listing id', 'sku')
  ORDER BY id LIMIT 100));
";

/// Refuses a file that is not of the newest schema: to bring it there it must be written.
pub fn must_be_newest(connection: &Connection) -> Result<(), TruthError> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    match found {
        found if found == known => Ok(()),
        found if found > known => Err(TruthError::NewerSchema { found, known }),
        found => Err(TruthError::Invalid(format!(
            "record of truth has schema {found} and must be brought to {known}, for which the disk has no room"
        ))),
    }
}

/// Brings the file to the newest schema, each step in one transaction, and refuses a file of a newer program. An older
/// file that holds something is copied beside itself first. Answers whether it was older.
pub fn prepare(connection: &mut Connection) -> Result<bool, TruthError> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(TruthError::NewerSchema { found, known });
    }
    let older = (1..known).contains(&found);
    let file = connection.path().filter(|path| older && !path.is_empty()).map(PathBuf::from);
    if let Some(path) = file {
        let copy = path.with_file_name(format!("truth.schema-{found}.db"));
        if !copy.exists() {
            connection.execute("VACUUM INTO ?", [copy.to_string_lossy()])?;
        }
    }
    for (done, step) in STEPS.iter().enumerate().skip(usize::try_from(found).unwrap_or(0)) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(step)?;
        if *step == ACTORS {
            names_on_record(&transaction)?;
        }
        if *step == EMERGING {
            emerging::count_stored(&transaction)?;
        }
        transaction.pragma_update(None, "user_version", i64::try_from(done + 1).unwrap_or(i64::MAX))?;
        transaction.commit()?;
    }
    tallies::prepare(connection)?;
    Ok(older)
}

/// Tells the owners of older tokens apart from reserved words, and gives each approver on record the key by which a second
/// person is known. The approver's name itself stays as it was: notices that left cite it.
fn names_on_record(tx: &Transaction<'_>) -> Result<(), TruthError> {
    for (column, key, table) in [("owner", false, "tokens"), ("approved_by", true, "referrals")] {
        let sql = format!("SELECT DISTINCT {column} FROM {table} WHERE {column} IS NOT NULL");
        let names: Vec<String> = tx.prepare(&sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for old in names {
            let name = PersonName::on_record(&old);
            if key {
                tx.execute("UPDATE referrals SET approved_key = ? WHERE approved_by = ?", [name.key(), old])?;
            } else if name.as_str() != old {
                tx.execute("UPDATE tokens SET owner = ? WHERE owner = ?", [name.as_str(), &old])?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_older_answers_belong_to_their_platform() {
        let mut old = Connection::open_in_memory().unwrap();
        old.execute_batch(FIRST).unwrap();
        old.execute_batch(REFERRAL_LOOP).unwrap();
        let referral =
            "INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, title, score,
            substances, urls, change, created, updated, history) VALUES
            (?1, 'bazaar', ?1, 0, 'decided', '{}', 'refer', 't', 1, '[]', '[]', ?2, 1, 1, '[]')";
        old.execute(referral, rusqlite::params!["R-1", 1]).unwrap();
        old.execute_batch(
            "INSERT INTO answers VALUES ('k', 'R-1', '{}'), ('lost', 'R-gone', '{}'); PRAGMA user_version = 2;",
        )
        .unwrap();
        assert!(prepare(&mut old).unwrap());
        let mut statement = old.prepare("SELECT platform, token, idempotency_key, referral FROM answers").unwrap();
        let held: Vec<[String; 4]> = statement
            .query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?]))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(held, [["bazaar", "", "k", "R-1"].map(str::to_owned)]);
    }

    #[test]
    fn cases_whose_page_is_gone_wait_for_nobody_after_an_upgrade() {
        let mut old = Connection::open_in_memory().unwrap();
        let before = STEPS.iter().position(|step| *step == NO_LONGER_THERE).unwrap();
        for step in &STEPS[..before] {
            old.execute_batch(step).unwrap();
        }
        for (number, (state, checks, attention)) in [
            ("verified-gone", 0, "still-there"),
            ("decided", 1, "still-there"),
            ("decided", 0, "still-there"),
            ("relisted", 0, "relisted"),
        ]
        .into_iter()
        .enumerate()
        {
            old.execute(
                "INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, title, score, substances, urls,
                   change, created, updated, history, attention)
                 VALUES (?1, 'bazaar', ?1, 0, ?2, json_object('state', ?2, 'gone_checks', ?3), 'refer', 't', 1, '[]', '[]', ?4, 1, 1, '[]', ?5)",
                rusqlite::params![format!("R-{number}"), state, checks, number, attention],
            )
            .unwrap();
        }
        old.pragma_update(None, "user_version", i64::try_from(before).unwrap()).unwrap();
        assert!(prepare(&mut old).unwrap());
        let held: Vec<Option<String>> = old
            .prepare("SELECT attention FROM referrals ORDER BY id")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(held, [None, None, Some("still-there".to_owned()), Some("relisted".to_owned())]);
    }

    #[test]
    fn an_older_file_is_copied_and_then_brought_up_to_date() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("truth.db");
        let mut old = Connection::open(&path).unwrap();
        old.execute_batch(FIRST).unwrap();
        old.execute_batch("INSERT INTO paused VALUES ('bazaar', 1); PRAGMA user_version = 1;").unwrap();
        old.execute_batch(
            "INSERT INTO hits (id, platform, url, ordinal, referral, cluster, title, text, images, identifiers, verdict, score,
               assessment, content_digest, minhash, watchlist, warc_file, warc_offset, warc_length, warc_record,
               payload_digest, captured_at, run, first_seen, last_seen)
             VALUES ('H-1', 'bazaar', 'https://shop.example.test/item?a=1', 0, 'R-1', 'C-1', 't', 'x', '[]', '[]', 'refer',
               1.0, '{}', 'd', x'00', 'w', 'f', 0, 1, 'r', 'p', 1, 'run', 1, 1);",
        )
        .unwrap();
        assert!(prepare(&mut old).unwrap());
        assert!(!prepare(&mut old).unwrap());
        let paused: String = old.query_row("SELECT platform FROM paused", [], |row| row.get(0)).unwrap();
        assert_eq!(paused, "bazaar");
        let page: String = old.query_row("SELECT page FROM hits", [], |row| row.get(0)).unwrap();
        assert_eq!(page, "https://shop.example.test/item?a=1", "what was published and what it is known by were one");
        old.execute("UPDATE referrals SET attention = NULL, renotice_at = NULL", []).unwrap();
        let copy = Connection::open(folder.path().join("truth.schema-1.db")).unwrap();
        let version: i64 = copy.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        assert_eq!(version, 1);
        old.execute_batch("PRAGMA user_version = 99;").unwrap();
        assert!(matches!(prepare(&mut old), Err(TruthError::NewerSchema { found: 99, .. })));
    }
}

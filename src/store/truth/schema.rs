//! The tables, and how an older file becomes a newer one.

use rusqlite::Connection;

use crate::store::truth::{TruthError, tallies};

/// Version of the schema this program writes.
pub const VERSION: i64 = 1;

/// Times are milliseconds since 1970 in UTC; JSON is kept as text. `docs/DATA.md` describes each column.
const SCHEMA: &str = "
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

/// Makes the tables in a new file, and refuses a file of a newer program.
pub fn prepare(connection: &mut Connection) -> Result<(), TruthError> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match found {
        0 => {
            let transaction = connection.transaction()?;
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.commit()?;
        }
        VERSION => {}
        newer => return Err(TruthError::NewerSchema { found: newer, known: VERSION }),
    }
    tallies::prepare(connection)
}

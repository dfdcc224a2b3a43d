-- A record of truth as the program of schema 2 wrote it, before actors had a kind: the tables of that version, four contested
-- cases, two tokens, and an audit log with its hashes.
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
INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, category, title, score, substances, urls,
  approved_by, change, created, updated, history, reminders, attention) VALUES ('R-0000000000000001', 'bazaar', 'C-0000000000000001', 0, 'contested',
  '{"state":"contested","statement":"It is a book."}', 'refer', 'nps', 'Isotonitazene 10 g', 0.98, '["isotonitazene"]',
  '["https://bazaar.example.test/item/1"]', 'anna', 1, 1767225600000, 1767312000000, '[]', 0, 'contested');
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000001', 'bazaar', 1767225600000, 'scan', 'draft', 'drafted', NULL);
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000001', 'bazaar', 1767229200000, 'anna', 'approve', 'approved', 'referral.created');
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000001', 'bazaar', 1767232800000, 'dispatch', 'mark-delivered', 'delivered', NULL);
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000001', 'bazaar', 1767236400000, 'affected party', 'contest', 'contested', NULL);
INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, category, title, score, substances, urls,
  approved_by, change, created, updated, history, reminders, attention) VALUES ('R-0000000000000002', 'bazaar', 'C-0000000000000002', 0, 'contested',
  '{"state":"contested","statement":"It is a book."}', 'refer', 'nps', 'Metonitazene 5 g', 0.98, '["isotonitazene"]',
  '["https://bazaar.example.test/item/2"]', NULL, 2, 1767225600000, 1767312000000, '[]', 0, 'contested');
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000002', 'bazaar', 1767225600000, 'scan', 'draft', 'drafted', NULL);
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000002', 'bazaar', 1767229200000, 'policy', 'approve', 'approved', 'referral.created');
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000002', 'bazaar', 1767232800000, 'dispatch', 'mark-delivered', 'delivered', NULL);
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000002', 'bazaar', 1767236400000, 'affected party', 'contest', 'contested', NULL);
INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, category, title, score, substances, urls,
  approved_by, change, created, updated, history, reminders, attention) VALUES ('R-0000000000000003', 'bazaar', 'C-0000000000000003', 0, 'contested',
  '{"state":"contested","statement":"It is a book."}', 'refer', 'nps', 'Protonitazene 1 g', 0.98, '["isotonitazene"]',
  '["https://bazaar.example.test/item/3"]', 'retention', 3, 1767225600000, 1767312000000, '[]', 0, 'contested');
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000003', 'bazaar', 1767225600000, 'scan', 'draft', 'drafted', NULL);
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000003', 'bazaar', 1767229200000, 'retention', 'approve', 'approved', 'referral.created');
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000003', 'bazaar', 1767232800000, 'dispatch', 'mark-delivered', 'delivered', NULL);
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000003', 'bazaar', 1767236400000, 'affected party', 'contest', 'contested', NULL);
INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, category, title, score, substances, urls,
  approved_by, change, created, updated, history, reminders, attention) VALUES ('R-0000000000000004', 'bazaar', 'C-0000000000000004', 0, 'contested',
  '{"state":"contested","statement":"It is a book."}', 'refer', 'nps', 'Etonitazene 2 g', 0.98, '["isotonitazene"]',
  '["https://bazaar.example.test/item/4"]', 'cli:root', 4, 1767225600000, 1767312000000, '[]', 0, 'contested');
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000004', 'bazaar', 1767225600000, 'scan', 'draft', 'drafted', NULL);
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000004', 'bazaar', 1767229200000, 'cli:root', 'approve', 'approved', 'referral.created');
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000004', 'bazaar', 1767232800000, 'dispatch', 'mark-delivered', 'delivered', NULL);
INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES ('R-0000000000000004', 'bazaar', 1767236400000, 'affected party', 'contest', 'contested', NULL);
INSERT INTO tokens (id, secret_hash, role, owner, platform, created, expires, revoked) VALUES ('T-000000000001', x'5343d1baf979a51f3072448469812c2c7310d86240f4b607928843ea8dbdd675', 'authority', 'anna', NULL, 1767139200000, NULL, NULL);
INSERT INTO tokens (id, secret_hash, role, owner, platform, created, expires, revoked) VALUES ('T-000000000002', x'3b8c512cfbba1ce607be548108de6987c06d14df417ce4f4eeaeee053b6ba387', 'authority', 'retention', NULL, 1767139200000, NULL, NULL);
INSERT INTO audit (seq, at, actor, action, subject, detail, previous, hash) VALUES (1, 1767225601000, 'cli:root', 'create-token', 'T-000000000001', '{"owner":"anna","platform":null,"role":"authority"}',
  'sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'sha256:F33TMUQ4DRKEK222A5TZTVYQR7SX6DRWV37ZD55K4BCRKQOQIQUQ');
INSERT INTO audit (seq, at, actor, action, subject, detail, previous, hash) VALUES (2, 1767225602000, 'anna', 'approve', 'R-0000000000000001', '{"event":"approve"}',
  'sha256:F33TMUQ4DRKEK222A5TZTVYQR7SX6DRWV37ZD55K4BCRKQOQIQUQ', 'sha256:6TOL3IW56HQKO42ANXD5LF6L3MW43HJQ7EPDTS2T5LUZXGPYM3AA');
INSERT INTO audit (seq, at, actor, action, subject, detail, previous, hash) VALUES (3, 1767225603000, 'policy', 'approve', 'R-0000000000000002', '{"event":"approve"}',
  'sha256:6TOL3IW56HQKO42ANXD5LF6L3MW43HJQ7EPDTS2T5LUZXGPYM3AA', 'sha256:5INDJSJAGPSAO5SIJ2KWEB64MFHFB6GBXWBEFOD3VIBB3UYFV6MA');
INSERT INTO audit (seq, at, actor, action, subject, detail, previous, hash) VALUES (4, 1767225604000, 'retention', 'approve', 'R-0000000000000003', '{"event":"approve"}',
  'sha256:5INDJSJAGPSAO5SIJ2KWEB64MFHFB6GBXWBEFOD3VIBB3UYFV6MA', 'sha256:IQSVSVVDHQBZ7JOFKSF6HQ6RGBYXRZQELXW7DWRBRGIRQYA7SORQ');
INSERT INTO audit (seq, at, actor, action, subject, detail, previous, hash) VALUES (5, 1767225605000, 'hub', 'reload-watchlist', 'w2', '{}',
  'sha256:IQSVSVVDHQBZ7JOFKSF6HQ6RGBYXRZQELXW7DWRBRGIRQYA7SORQ', 'sha256:MTDAU4ILFWPVNBV4WKTJPDQDF5VIMJKRJKXQDHQC55WRTAJVXHUQ');
PRAGMA user_version = 2;

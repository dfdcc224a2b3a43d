//! Counts that pages show, kept current by the database itself, and the indexes of lists.
//!
//! Counting a million rows takes longer than a page may. Triggers keep each count in the transaction that changes the
//! row, so a count is never stale and no caller can forget it. Everything here can be made again from the rows.

use rusqlite::Connection;

use crate::store::truth::TruthError;

/// Indexes by which lists, search and the audit log are read; a list that has none of these would walk the table.
const INDEXES: &str = "
CREATE INDEX IF NOT EXISTS referrals_by_platform_state ON referrals (platform, state, change);
CREATE INDEX IF NOT EXISTS referrals_by_category ON referrals (category, change);
CREATE INDEX IF NOT EXISTS referrals_by_platform_category ON referrals (platform, category, change);
CREATE INDEX IF NOT EXISTS referrals_by_update ON referrals (updated, change);
CREATE INDEX IF NOT EXISTS referrals_visible ON referrals (platform, change)
  WHERE state NOT IN ('queued', 'drafted', 'held', 'dismissed', 'expired');
CREATE INDEX IF NOT EXISTS hits_by_platform ON hits (platform);
CREATE INDEX IF NOT EXISTS hits_by_category ON hits (category);
CREATE INDEX IF NOT EXISTS hits_by_language ON hits (language);
CREATE INDEX IF NOT EXISTS hits_by_last_seen ON hits (last_seen);
CREATE INDEX IF NOT EXISTS hits_by_score ON hits (score);
CREATE INDEX IF NOT EXISTS hits_by_seller ON hits (seller_hash) WHERE seller_hash IS NOT NULL;
CREATE INDEX IF NOT EXISTS audit_by_actor ON audit (actor, seq);
CREATE INDEX IF NOT EXISTS audit_by_subject ON audit (subject, seq);
";

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS review_claims (
  referral TEXT PRIMARY KEY, person TEXT NOT NULL, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS case_counts (
  platform TEXT NOT NULL, state TEXT NOT NULL, category TEXT NOT NULL, cases INTEGER NOT NULL,
  PRIMARY KEY (platform, state, category)) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS case_counted AFTER INSERT ON referrals BEGIN
  INSERT INTO case_counts VALUES (NEW.platform, NEW.state, coalesce(NEW.category, 'none'), 1)
    ON CONFLICT DO UPDATE SET cases = cases + 1;
END;
CREATE TRIGGER IF NOT EXISTS case_recounted AFTER UPDATE OF platform, state, category ON referrals
WHEN (OLD.platform, OLD.state, OLD.category) IS NOT (NEW.platform, NEW.state, NEW.category) BEGIN
  UPDATE case_counts SET cases = cases - 1
    WHERE platform = OLD.platform AND state = OLD.state AND category = coalesce(OLD.category, 'none');
  INSERT INTO case_counts VALUES (NEW.platform, NEW.state, coalesce(NEW.category, 'none'), 1)
    ON CONFLICT DO UPDATE SET cases = cases + 1;
END;
CREATE TRIGGER IF NOT EXISTS case_uncounted AFTER DELETE ON referrals BEGIN
  UPDATE case_counts SET cases = cases - 1
    WHERE platform = OLD.platform AND state = OLD.state AND category = coalesce(OLD.category, 'none');
END;

CREATE TABLE IF NOT EXISTS hit_counts (
  platform TEXT NOT NULL, month TEXT NOT NULL, category TEXT NOT NULL, hits INTEGER NOT NULL,
  PRIMARY KEY (platform, month, category)) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS hit_counted AFTER INSERT ON hits BEGIN
  INSERT INTO hit_counts VALUES (NEW.platform, strftime('%Y-%m', NEW.first_seen / 1000, 'unixepoch'),
    coalesce(NEW.category, 'none'), 1) ON CONFLICT DO UPDATE SET hits = hits + 1;
END;
CREATE TRIGGER IF NOT EXISTS hit_recounted AFTER UPDATE OF platform, first_seen, category ON hits
WHEN (OLD.platform, OLD.first_seen, OLD.category) IS NOT (NEW.platform, NEW.first_seen, NEW.category) BEGIN
  UPDATE hit_counts SET hits = hits - 1 WHERE platform = OLD.platform
    AND month = strftime('%Y-%m', OLD.first_seen / 1000, 'unixepoch') AND category = coalesce(OLD.category, 'none');
  INSERT INTO hit_counts VALUES (NEW.platform, strftime('%Y-%m', NEW.first_seen / 1000, 'unixepoch'),
    coalesce(NEW.category, 'none'), 1) ON CONFLICT DO UPDATE SET hits = hits + 1;
END;
CREATE TRIGGER IF NOT EXISTS hit_uncounted AFTER DELETE ON hits BEGIN
  UPDATE hit_counts SET hits = hits - 1 WHERE platform = OLD.platform
    AND month = strftime('%Y-%m', OLD.first_seen / 1000, 'unixepoch') AND category = coalesce(OLD.category, 'none');
END;

CREATE TABLE IF NOT EXISTS hit_rows (month TEXT PRIMARY KEY, last_row INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS hit_placed AFTER INSERT ON hits BEGIN
  INSERT INTO hit_rows VALUES (strftime('%Y-%m', NEW.first_seen / 1000, 'unixepoch'), NEW.rowid)
    ON CONFLICT DO UPDATE SET last_row = max(last_row, excluded.last_row);
END;

CREATE TABLE IF NOT EXISTS stage_counts (
  platform TEXT NOT NULL, stage TEXT NOT NULL, cases INTEGER NOT NULL,
  PRIMARY KEY (platform, stage)) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS stage_counted AFTER INSERT ON events
WHEN NOT EXISTS (SELECT 1 FROM events WHERE referral = NEW.referral AND state = NEW.state AND seq < NEW.seq) BEGIN
  INSERT INTO stage_counts VALUES (NEW.platform, NEW.state, 1) ON CONFLICT DO UPDATE SET cases = cases + 1;
END;

CREATE TABLE IF NOT EXISTS answer_times (
  platform TEXT NOT NULL, hours INTEGER NOT NULL, answers INTEGER NOT NULL,
  PRIMARY KEY (platform, hours)) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS answer_timed AFTER INSERT ON events
WHEN NEW.event = 'answer' AND NOT EXISTS (
  SELECT 1 FROM events WHERE referral = NEW.referral AND event = 'answer' AND seq < NEW.seq) BEGIN
  INSERT INTO answer_times SELECT NEW.platform, max(0, (NEW.at - sent) / 3600000), 1
    FROM (SELECT min(at) AS sent FROM events WHERE referral = NEW.referral AND message = 'referral.created')
    WHERE sent IS NOT NULL ON CONFLICT DO UPDATE SET answers = answers + 1;
END;
";

/// Counts of what was there before the tables were.
const COUNT_ALL: &str = "
DELETE FROM case_counts; DELETE FROM hit_counts; DELETE FROM hit_rows; DELETE FROM stage_counts; DELETE FROM answer_times;
INSERT INTO case_counts SELECT platform, state, coalesce(category, 'none'), count(*) FROM referrals GROUP BY 1, 2, 3;
INSERT INTO hit_counts SELECT platform, strftime('%Y-%m', first_seen / 1000, 'unixepoch'), coalesce(category, 'none'), count(*)
  FROM hits GROUP BY 1, 2, 3;
INSERT INTO hit_rows SELECT strftime('%Y-%m', first_seen / 1000, 'unixepoch'), max(rowid) FROM hits GROUP BY 1;
INSERT INTO stage_counts SELECT platform, state, count(DISTINCT referral) FROM events GROUP BY 1, 2;
INSERT INTO answer_times SELECT platform, max(0, (answered - sent) / 3600000), count(*) FROM (
    SELECT platform, min(at) FILTER (WHERE message = 'referral.created') AS sent, min(at) FILTER (WHERE event = 'answer') AS answered
    FROM events GROUP BY referral) WHERE sent IS NOT NULL AND answered IS NOT NULL GROUP BY 1, 2;
";

/// Makes what is missing, and counts what was there before. The last table made tells whether all of them were.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), TruthError> {
    let transaction = connection.transaction()?;
    let counted: bool =
        transaction
            .query_row("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'hit_rows')", [], |row| row.get(0))?;
    transaction.execute_batch(TABLES)?;
    transaction.execute_batch(INDEXES)?;
    if !counted {
        transaction.execute_batch(COUNT_ALL)?;
    }
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::truth::schema;

    const CASE: &str =
        "INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, category, title, score,
        substances, urls, change, created, updated, history)
      VALUES (?1, 'bazaar', ?1, 0, ?2, '{}', 'refer', 'nps', 't', 1, '[]', '[]', ?3, 0, 0, '[]')";
    const EVENT: &str = "INSERT INTO events (referral, platform, at, actor, event, state, message) VALUES (?, 'bazaar', ?, 'x', ?, ?, ?)";

    fn filled() -> Connection {
        let mut held = Connection::open_in_memory().unwrap();
        schema::prepare(&mut held).unwrap();
        for (id, state, change) in [("R-1", "drafted", 1), ("R-2", "drafted", 2), ("R-3", "sent", 3)] {
            held.execute(CASE, (id, state, change)).unwrap();
            held.execute(EVENT, (id, 0, "draft", "drafted", None::<&str>)).unwrap();
        }
        held.execute("UPDATE referrals SET state = 'sent', change = 4 WHERE id = 'R-2'", []).unwrap();
        held.execute(EVENT, ("R-2", 3_600_000, "approve", "approved", Some("referral.created"))).unwrap();
        held.execute(EVENT, ("R-2", 5 * 3_600_000, "answer", "decided", None::<&str>)).unwrap();
        held.execute(EVENT, ("R-2", 9 * 3_600_000, "answer", "decided", None::<&str>)).unwrap();
        held
    }

    fn counts(held: &Connection) -> Vec<String> {
        let sql = "SELECT 'case ' || state || ' ' || cases FROM case_counts WHERE cases > 0
            UNION ALL SELECT 'stage ' || stage || ' ' || cases FROM stage_counts
            UNION ALL SELECT 'hours ' || hours || ' ' || answers FROM answer_times ORDER BY 1";
        held.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn counts_follow_every_change_and_agree_with_a_count_from_scratch() {
        let mut held = filled();
        let kept = counts(&held);
        let expected =
            ["case drafted 1", "case sent 2", "hours 4 1", "stage approved 1", "stage decided 1", "stage drafted 3"];
        assert_eq!(kept, expected);
        held.execute_batch(
            "DROP TABLE case_counts; DROP TABLE hit_counts; DROP TABLE hit_rows; DROP TABLE stage_counts; DROP TABLE answer_times;",
        )
        .unwrap();
        prepare(&mut held).unwrap();
        assert_eq!(counts(&held), kept);
    }

    #[test]
    fn no_list_walks_the_table() {
        let held = filled();
        for (sql, index) in [
            (
                "SELECT * FROM referrals WHERE platform = 'a' AND state = 'sent' ORDER BY change DESC LIMIT 51",
                "referrals_by_platform_state",
            ),
            (
                "SELECT * FROM referrals WHERE state = 'sent' AND change < 9 ORDER BY change DESC LIMIT 51",
                "referrals_by_state",
            ),
            (
                "SELECT * FROM referrals WHERE category = 'nps' AND change > 9 ORDER BY change LIMIT 101",
                "referrals_by_category",
            ),
            (
                "SELECT * FROM referrals WHERE platform = 'a' AND change > 3 AND state NOT IN ('queued', 'drafted', 'held', 'dismissed', 'expired') ORDER BY change LIMIT 101",
                "referrals_visible",
            ),
            (
                "SELECT * FROM referrals WHERE state = 'drafted' AND folded = 0 AND change < 9 ORDER BY change DESC LIMIT 51",
                "referrals_unfolded",
            ),
            ("SELECT count(*) FROM referrals WHERE series = 'S-1' AND state = 'drafted'", "referrals_by_series"),
            ("SELECT * FROM hits h WHERE h.platform = 'a' ORDER BY h.rowid DESC LIMIT 51", "hits_by_platform"),
            ("SELECT * FROM audit WHERE subject = 'R-1' AND seq < 9 ORDER BY seq DESC LIMIT 100", "audit_by_subject"),
        ] {
            let plan: String =
                held.query_row(&format!("EXPLAIN QUERY PLAN {sql}"), [], |row| row.get::<_, String>(3)).unwrap();
            assert!(plan.contains(index), "{sql}: {plan}");
        }
    }
}

//! What was said in a case, in the words it was said in: answers with their reasons, contests, and why somebody decided.

use rusqlite::{Connection, params};
use serde::Serialize;

use crate::referral::outcome::Decision;
use crate::referral::state::Event;
use crate::store::truth::{Truth, TruthError};
use crate::store::vault::ClearValue;
use crate::vocab::ids::{ReferralId, Sha256Digest};
use crate::vocab::time::Timestamp;

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoryLine {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// A person's role, where it is known.
    #[serde(skip)]
    pub role: Option<String>,
    /// With which step: `answer`, `contest`, `withdraw`, ….
    pub event: String,
    /// What the platform decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// The pages an answer is for, where it is not for all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// The same as the audit log names them.
    #[serde(skip)]
    pub(super) pages: Vec<String>,
    /// Why, as it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The platform's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Under which hash what the affected party wrote is sealed.
    #[serde(skip)]
    pub(super) sealed: Option<String>,
    /// What the affected party wrote; none where it was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<String>,
}

/// Kind of sealed value that a statement is.
pub(super) const STATEMENT: &str = "statement";

/// Notes under which hash what an affected party wrote is sealed, with the entry that was logged last.
pub(super) fn note_statement(tx: &Connection, referral: &ReferralId, hash: &str) -> Result<(), TruthError> {
    let sql = "INSERT INTO statements (seq, referral, text) SELECT max(seq), ?1, ?2 FROM audit";
    tx.prepare_cached(sql)?.execute(params![referral.as_str(), hash])?;
    Ok(())
}

/// Hashes under which the statements of a case are sealed.
pub(super) fn statements_of(connection: &Connection, referral: &ReferralId) -> Result<Vec<String>, TruthError> {
    let mut statement = connection.prepare_cached("SELECT text FROM statements WHERE referral = ?")?;
    Ok(statement.query_map([referral.as_str()], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Takes the words of a statement out of the state of a case: files of older versions have them there.
pub(super) fn blank_state(connection: &Connection, referral: &ReferralId) -> Result<(), TruthError> {
    connection.execute(&format!("{BLANK_STATES}id = ?"), [referral.as_str()])?;
    Ok(())
}

const BLANK_STATES: &str = "UPDATE referrals SET state_json = json_set(state_json, '$.statement', '')
  WHERE json_extract(state_json, '$.statement') <> '' AND ";

/// A statement as a file of an older version has it.
struct OlderStatement {
    entry: i64,
    at: Timestamp,
    referral: String,
    /// The words, or the hash under which they are sealed; empty where only the log has them.
    text: String,
    /// What the audit log says of it.
    detail: String,
    was_erased: bool,
}

impl Truth {
    /// A statement as the vault holds it. Its name is of the case too, so that erasing it in one case leaves equal words in another.
    pub(super) fn sealed_statement(&self, referral: &ReferralId, words: &str) -> ClearValue {
        let hash = self.keyed_digits("statements", format!("{referral}\n{words}").as_bytes(), 16);
        ClearValue { hash, kind: STATEMENT, value: words.to_owned() }
    }

    /// Puts the statements of an older file into the vault: the first versions kept the words beside the log or in it, later ones sealed
    /// equal words of all cases as one. The log itself cannot be changed. Answers how many were put there.
    pub(super) fn seal_older_statements(&self) -> Result<u64, TruthError> {
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        let (mut sealed, mut older_hashes) = (0, Vec::new());
        for one in older_statements(&tx)? {
            let is_digest = one.text.parse::<Sha256Digest>().is_ok();
            let held = self.vault.open_value(&one.text, STATEMENT)?;
            let words = match (held, serde_json::from_str::<Event>(&one.detail)) {
                (Some(words), _) => words,
                // Erased, or over its time.
                (None, _) if is_digest => continue,
                (None, Ok(Event::Contest { statement })) if one.text.is_empty() => statement,
                (None, _) => one.text.clone(),
            };
            if words.is_empty() {
                continue;
            }
            let referral = ReferralId::parse(&one.referral).map_err(|error| TruthError::Value(error.to_string()))?;
            let value = self.sealed_statement(&referral, &words);
            older_hashes.push(Sha256Digest::of(words.as_bytes()).to_string());
            tx.prepare_cached(
                "INSERT INTO statements (seq, referral, text) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET text = ?3",
            )?
            .execute(params![one.entry, one.referral, value.hash])?;
            if !one.was_erased {
                // Dated by the entry, so that its time in the vault ends when it should.
                self.vault.keep(&[value], one.at)?;
                sealed += 1;
            }
        }
        tx.execute(&format!("{BLANK_STATES}1"), [])?;
        self.commit(tx)?;
        self.vault.destroy(&older_hashes)?;
        Ok(sealed)
    }
}

/// The statements of an older file: those beside the log, and those that only the log has.
fn older_statements(connection: &Connection) -> Result<Vec<OlderStatement>, TruthError> {
    let mut statement = connection.prepare(
        "SELECT a.seq, a.at, a.subject, coalesce(s.text, ''), a.detail, EXISTS (
           SELECT 1 FROM audit e WHERE e.subject = a.subject AND e.action = 'erase-personal-data' AND e.seq > a.seq)
         FROM audit a JOIN referrals r ON r.id = a.subject LEFT JOIN statements s ON s.seq = a.seq
         WHERE a.action = 'contest'",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(OlderStatement {
            entry: row.get(0)?,
            at: Timestamp::from_millis(row.get(1)?),
            referral: row.get(2)?,
            text: row.get(3)?,
            detail: row.get(4)?,
            was_erased: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What was said in a case, oldest first; statements by the hash under which they are sealed, pages by their names in the log. The audit log keeps it, whatever the case became since.
pub(super) fn of(connection: &Connection, id: &ReferralId) -> Result<Vec<StoryLine>, TruthError> {
    let mut statement = connection.prepare_cached(
        "SELECT at, actor, action, detail, s.text, actor_role FROM audit a LEFT JOIN statements s ON s.seq = a.seq WHERE subject = ?
           AND action IN ('answer', 'contest', 'uphold', 'withdraw', 'dismiss', 'hold', 'warn') ORDER BY a.seq",
    )?;
    let mut rows = statement.query(params![id.as_str()])?;
    let mut story = Vec::new();
    while let Some(row) = rows.next()? {
        let detail: String = row.get(3)?;
        // Other entries of the same name say nothing of a step.
        let Ok(event) = serde_json::from_str::<Event>(&detail) else { continue };
        let mut line = StoryLine {
            at: Timestamp::from_millis(row.get(0)?),
            actor: row.get(1)?,
            role: row.get(5)?,
            event: row.get(2)?,
            decision: None,
            urls: Vec::new(),
            pages: Vec::new(),
            reason: None,
            reference: None,
            statement: None,
            sealed: None,
        };
        match event {
            Event::Answer { outcome, of_pages } => {
                let outcome = match of_pages {
                    Some(some) => {
                        line.pages = some.pages;
                        some.outcome
                    }
                    None => outcome,
                };
                line.decision = Some(outcome.decision);
                line.reason = outcome.reason;
                line.reference = outcome.reference;
            }
            // Where the log has the words, as of the first versions, they are shown from the vault too: there they can be erased.
            Event::Contest { .. } => line.sealed = row.get(4)?,
            Event::Warn { until } => line.reason = Some(format!("until {until}")),
            Event::Withdraw { reason } | Event::Dismiss { reason } | Event::Hold { reason } => {
                line.reason = Some(reason)
            }
            _ => {}
        }
        story.push(line);
    }
    Ok(story)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::audit::Said;
    use crate::vocab::actor::{Actor, Job};

    const CASE: &str = "R-0000000000000001";

    fn case() -> ReferralId {
        ReferralId::parse(CASE).unwrap()
    }

    /// A file with a contested case as an older version left it: `detail` in the log, `text` beside it, the words in the state.
    fn older(path: &std::path::Path, (detail, text): (&str, Option<&str>), sealed: Option<ClearValue>, rules: i64) {
        let truth = Truth::open(path).unwrap();
        let now = Timestamp::from_millis(1_000);
        let actor = Actor::Job(Job::Scan);
        truth.note(&Said { actor: &actor, action: "contest", subject: CASE, detail }, now).unwrap();
        truth.vault.keep(&sealed.into_iter().collect::<Vec<_>>(), now).unwrap();
        let writer = truth.writer();
        writer
            .execute(
                "INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, title, score, substances, urls,
                   change, created, updated, history)
                 VALUES (?, 'bazaar', 'C-1', 0, 'contested', '{\"state\":\"contested\",\"statement\":\"I am Jane Doe\"}', 'refer', 't', 1.0,
                   '[]', '[]', 1, 1, 1, '[]')",
                [CASE],
            )
            .unwrap();
        if let Some(text) = text {
            writer.execute("INSERT INTO statements SELECT max(seq), ?, ? FROM audit", [CASE, text]).unwrap();
        }
        writer.execute("UPDATE redaction SET version = ?", [rules]).unwrap();
    }

    /// Whether the words stand in the clear in what the file holds besides the log.
    fn is_in_the_clear(truth: &Truth) -> bool {
        let sql = "SELECT EXISTS (SELECT 1 FROM statements WHERE text LIKE '%Jane%')
          OR EXISTS (SELECT 1 FROM referrals WHERE state_json LIKE '%Jane%')";
        truth.writer().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    fn told(truth: &Truth) -> String {
        let full = truth.referral(&case()).unwrap();
        format!("{:?} {:?}", full.lifecycle, full.story)
    }

    #[test]
    fn statements_of_older_files_are_sealed_once_and_erased_for_good() {
        let digest = Sha256Digest::of(b"I am Jane Doe").to_string();
        let sealed = ClearValue { hash: digest.clone(), kind: STATEMENT, value: "I am Jane Doe".to_owned() };
        let in_log = r#"{"event":"contest","statement":"I am Jane Doe"}"#;
        let logged = r#"{"event":"contest","statement":""}"#;
        for (name, entry, sealed) in [
            ("in the log", (in_log, None), None),
            ("beside it", (logged, Some("I am Jane Doe")), None),
            ("sealed by its words alone", (logged, Some(digest.as_str())), Some(sealed)),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("truth.db");
            older(&path, entry, sealed, 7);
            for _ in 0..2 {
                let truth = Truth::open(&path).unwrap();
                assert!(!is_in_the_clear(&truth), "{name}");
                assert!(told(&truth).contains("I am Jane Doe"), "{name}: {}", told(&truth));
                assert_eq!(truth.vault.open_value(&digest, STATEMENT).unwrap(), None, "{name}");
                assert_eq!(
                    truth.vault.count(Timestamp::from_millis(1_001)).unwrap(),
                    (1, 1),
                    "{name}: dated by the entry"
                );
            }
            let truth = Truth::open(&path).unwrap();
            let person = Actor::Job(Job::Scan);
            assert_eq!(truth.erase_personal(&case(), &person, Timestamp::from_millis(2_000)).unwrap(), 1, "{name}");
            assert!(!told(&truth).contains("Jane"), "{name}: {}", told(&truth));
            drop(truth);
            // An upgrade seals nothing again.
            for rules in [8, 7] {
                Truth::open(&path).unwrap().writer().execute("UPDATE redaction SET version = ?", [rules]).unwrap();
                let truth = Truth::open(&path).unwrap();
                assert!(!told(&truth).contains("Jane"), "{name}: {}", told(&truth));
                assert_eq!(truth.vault.count(Timestamp::EPOCH).unwrap().1, 0, "{name}");
            }
        }
    }

    #[test]
    fn what_was_erased_before_an_upgrade_is_not_sealed_by_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("truth.db");
        older(&path, (r#"{"event":"contest","statement":""}"#, Some("I am Jane Doe")), None, 8);
        let truth = Truth::open(&path).unwrap();
        let said = Said { actor: &Actor::Job(Job::Scan), action: "erase-personal-data", subject: CASE, detail: "{}" };
        truth.note(&said, Timestamp::from_millis(2_000)).unwrap();
        truth.writer().execute("UPDATE redaction SET version = 7", []).unwrap();
        drop(truth);
        let truth = Truth::open(&path).unwrap();
        assert!(!is_in_the_clear(&truth) && !told(&truth).contains("Jane"), "{}", told(&truth));
        assert_eq!(truth.vault.count(Timestamp::EPOCH).unwrap().1, 0);
    }

    #[test]
    fn a_refused_statement_is_sealed_nowhere_and_equal_ones_are_sealed_apart() {
        use crate::referral::state::{Event, Intervals};
        use crate::vocab::actor::Person;
        let folder = tempfile::tempdir().unwrap();
        let truth = Truth::open(&folder.path().join("truth.db")).unwrap();
        let cases = ["drafted", "sent", "sent"].iter().enumerate().map(|(number, state)| {
            let id = format!("R-000000000000000{number}");
            truth
                .writer()
                .execute(
                    "INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, title, score, substances, urls,
                       change, created, updated, history)
                     VALUES (?1, 'bazaar', ?1, 0, ?2, json_object('state', ?2, 'gone_checks', 0), 'refer', 't', 1.0, '[]', '[]', ?3, 1, 1, '[]')",
                    params![id, state, number],
                )
                .unwrap();
            ReferralId::parse(&id).unwrap()
        });
        let cases: Vec<ReferralId> = cases.collect();
        let intervals = Intervals { recheck: std::time::Duration::ZERO, renotice: std::time::Duration::ZERO };
        let now = Timestamp::from_millis(1_000);
        let contest = |case: &ReferralId| {
            let event = Event::Contest { statement: "I am Jane Doe".to_owned() };
            truth.apply(case, event, &Actor::Person(Person::AffectedParty), &[], intervals, now)
        };
        let sealed = || truth.vault.count(Timestamp::EPOCH).unwrap().1;
        assert!(contest(&cases[0]).is_err(), "nothing left");
        assert_eq!(sealed(), 0);
        contest(&cases[1]).unwrap();
        contest(&cases[2]).unwrap();
        assert!(contest(&cases[2]).is_err(), "contested already");
        assert_eq!(sealed(), 2);
        assert_eq!(truth.erase_personal(&cases[1], &Actor::Job(Job::Scan), now).unwrap(), 1);
        let said = |case: &ReferralId| format!("{:?}", truth.referral(case).unwrap().story);
        assert!(!said(&cases[1]).contains("Jane") && said(&cases[2]).contains("Jane"));
    }
}

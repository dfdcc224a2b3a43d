//! The audit log on a real SQLite file: every edit, removal and change of order shows, at the end of the log too.

use listingwatch::evidence::audit::Said;
use listingwatch::evidence::audit::checkpoint::Checkpoint;
use listingwatch::store::truth::Truth;
use listingwatch::vocab::actor::Actor;
use listingwatch::vocab::time::Timestamp;

struct Log {
    folder: tempfile::TempDir,
}

impl Log {
    /// A log of six entries with a checkpoint after the fourth.
    fn new() -> Self {
        let log = Log { folder: tempfile::tempdir().unwrap() };
        let truth = log.open();
        for n in 1..=6 {
            let said = Said {
                actor: &Actor::named("anna").unwrap(),
                action: "approve",
                subject: &format!("R-{n}"),
                detail: "{}",
            };
            truth.note(&said, Timestamp::from_millis(n * 1000)).unwrap();
            if n == 4 {
                truth.checkpoint_audit(Timestamp::from_millis(4500)).unwrap();
            }
        }
        log
    }

    fn open(&self) -> Truth {
        Truth::open(&self.folder.path().join("truth.db")).unwrap()
    }

    fn sql(&self, sql: &str) {
        rusqlite::Connection::open(self.folder.path().join("truth.db")).unwrap().execute_batch(sql).unwrap();
    }

    /// What the program says after the file was changed behind its back.
    fn verdict(&self, kept_elsewhere: &[Checkpoint]) -> Result<u64, String> {
        self.open().follow_audit(kept_elsewhere).unwrap().map(|log| log.entries).map_err(|broken| broken.to_string())
    }
}

#[test]
fn a_whole_log_holds_and_says_how_far_it_is_signed() {
    let log = Log::new();
    let followed = log.open().follow_audit(&[]).unwrap().unwrap();
    assert_eq!((followed.entries, followed.signed, followed.checkpoints), (6, 6, 2));
}

#[test]
fn every_tampering_shows() {
    for (sql, said) in [
        ("UPDATE audit SET actor = 'someone' WHERE seq = 3", "entry 3 was changed"),
        ("UPDATE audit SET actor_kind = 'policy' WHERE seq = 3", "entry 3 was changed"),
        ("UPDATE audit SET actor_kind = NULL, actor_door = NULL WHERE seq = 3", "entry 3 was changed"),
        ("UPDATE audit SET actor_role = '' WHERE seq = 3", "entry 3 was changed"),
        ("UPDATE audit SET actor_door = 'console' WHERE seq = 6", "entry 6 was changed"),
        ("UPDATE audit SET at = at + 1 WHERE seq = 6", "entry 6 was changed"),
        ("UPDATE audit SET detail = '{ }' WHERE seq = 1", "entry 1 was changed"),
        ("DELETE FROM audit WHERE seq = 2", "entry 2 is missing"),
        ("DELETE FROM audit WHERE seq = 1", "entry 1 is missing"),
        ("DELETE FROM audit WHERE seq = 6", "ends at entry 5"),
        ("DELETE FROM audit WHERE seq > 3", "ends at entry 3"),
        ("DELETE FROM audit", "ends at entry 0"),
        (
            "UPDATE audit SET seq = 99 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;
             UPDATE audit SET seq = 3 WHERE seq = 99",
            "entry 2",
        ),
        (
            "INSERT INTO audit SELECT 7, at, actor, action, subject, detail, previous, hash, actor_kind, actor_role, actor_door
             FROM audit WHERE seq = 6",
            "entry 7",
        ),
        ("DELETE FROM audit_head", "no signed end"),
        ("UPDATE audit_head SET seq = 5", "not signed with this installation's key"),
        ("UPDATE audit_head SET signature = 'AAAA'", "not signed with this installation's key"),
        (
            "UPDATE audit_head SET hash = (SELECT hash FROM audit WHERE seq = 5), seq = 5; DELETE FROM audit WHERE seq = 6",
            "not signed with this installation's key",
        ),
    ] {
        let log = Log::new();
        log.sql(sql);
        let verdict = log.verdict(&[]);
        assert!(verdict.as_ref().is_err_and(|error| error.contains(said)), "{sql}: {verdict:?}");
    }
}

#[test]
fn a_log_written_anew_without_the_key_shows() {
    let log = Log::new();
    // Somebody who knows the form of entries writes a whole chain of their own.
    let forged = Log::new();
    let other = rusqlite::Connection::open(forged.folder.path().join("truth.db")).unwrap();
    other.execute_batch("UPDATE audit SET actor = 'nobody' WHERE seq = 2").unwrap();
    let path = forged.folder.path().join("truth.db");
    log.sql(&format!(
        "ATTACH '{}' AS forged; DELETE FROM audit; INSERT INTO audit SELECT * FROM forged.audit;
         DELETE FROM audit_head; INSERT INTO audit_head SELECT * FROM forged.audit_head",
        path.display()
    ));
    let verdict = log.verdict(&[]);
    assert!(verdict.is_err(), "another installation's signed end is not ours: {verdict:?}");
}

#[test]
fn an_older_database_put_in_its_place_shows_against_the_checkpoints_beside_it_or_elsewhere() {
    let log = Log::new();
    let database = log.folder.path().join("truth.db");
    log.sql("PRAGMA wal_checkpoint(TRUNCATE)");
    let old = std::fs::read(&database).unwrap();
    {
        let truth = log.open();
        let said = Said { actor: &Actor::named("anna").unwrap(), action: "withdraw", subject: "R-1", detail: "{}" };
        truth.note(&said, Timestamp::from_millis(9000)).unwrap();
        truth.checkpoint_audit(Timestamp::from_millis(9500)).unwrap();
    }
    let elsewhere = log.open().audit_checkpoints().unwrap();
    for ending in ["db-wal", "db-shm"] {
        let _ = std::fs::remove_file(database.with_extension(ending));
    }
    std::fs::write(&database, old).unwrap();
    assert!(log.verdict(&[]).is_err_and(|error| error.contains("ends at entry 6")));
    // With the file beside it gone too, what was kept on another machine still tells.
    std::fs::remove_dir_all(log.folder.path().join("audit")).unwrap();
    assert_eq!(log.verdict(&[]), Ok(6), "nothing on this machine knows better");
    assert!(log.verdict(&elsewhere).is_err_and(|error| error.contains("at least 7")));
}

#[test]
fn a_checkpoint_is_verified_by_the_published_key_alone() {
    use ed25519_dalek::pkcs8::DecodePublicKey;
    let log = Log::new();
    let truth = log.open();
    let (_, pem) = truth.audit_key().unwrap();
    let key = ed25519_dalek::VerifyingKey::from_public_key_pem(&pem).unwrap();
    let checkpoint = truth.audit_checkpoints().unwrap().pop().unwrap();
    assert!(checkpoint.verify(&key).is_ok());
    let altered = Checkpoint { seq: 5, ..checkpoint };
    assert!(altered.verify(&key).is_err());
    let on_disk = std::fs::read_to_string(log.folder.path().join("keys/audit.pub")).unwrap();
    assert_eq!(on_disk, pem);
}

//! WARC files: written, read back, repaired after a hard stop, accepted by another program.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use listingwatch::archive::repair::RepairOutcome;
use listingwatch::archive::warc_file::{WarcWriter, WriterOptions};
use listingwatch::archive::warc_reader::{WarcReader, read_cited, verify};
use listingwatch::evidence::capture::{Capture, Truncated};
use listingwatch::evidence::warc::form::{Original, RevisitProfile};
use listingwatch::evidence::warc::{RecordType, WarcRef};
use listingwatch::vocab::found::FoundUrl;
use listingwatch::vocab::time::Timestamp;

fn capture(n: u64) -> Capture {
    // Different lengths, and text gzip cannot shrink to nothing.
    let noise: String =
        (0..n % 7 * 300).map(|i| format!("{:x}", (i + 1) * (n + 3) * 2_654_435_761 % 1_000_003)).collect();
    let body = format!("<html><title>Offer {n}</title><p>{noise}</p></html>");
    Capture {
        url: FoundUrl::parse(&format!("http://shop.example.test/product/{n}"), None).unwrap(),
        fetched_at: Timestamp::from_millis(1_764_000_000_000 + i64::try_from(n).unwrap() * 1_000),
        remote: Some("127.0.0.1".parse().unwrap()),
        status: 200,
        request_headers: vec![(
            "user-agent".into(),
            "listingwatch/0.1 (+https://hub.example.test/about-crawler)".into(),
        )],
        response_headers: vec![
            ("content-type".into(), "text/html".into()),
            ("content-encoding".into(), "gzip".into()),
            ("content-length".into(), "77".into()),
        ],
        body: body.into_bytes().into(),
        truncated: (n % 5 == 4).then_some(Truncated::Length),
        elapsed: Duration::from_millis(12),
    }
}

fn original(capture: &Capture, stored: &WarcRef) -> Original {
    Original {
        record_id: stored.record_id.clone(),
        url: capture.url.to_string(),
        fetched_at: capture.fetched_at,
        payload_digest: stored.payload_digest,
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".warc.gz"))
        .collect();
    files.sort();
    files
}

/// A folder with `count` exchanges and two revisits.
fn filled(dir: &Path, count: u64, max_file_bytes: u64) -> Vec<WarcRef> {
    let options = WriterOptions { max_file_bytes, about: vec![("operator".into(), "Example Office".into())] };
    let mut writer = WarcWriter::open(dir, options).unwrap();
    let mut stored: Vec<_> = (0..count)
        .map(|n| writer.write_exchange(&capture(n), &[("platform", "example-b2b"), ("run", "r1")]).unwrap())
        .collect();
    let first = original(&capture(0), &stored[0]);
    stored.push(writer.write_revisit(&capture(0), &first, RevisitProfile::IdenticalPayloadDigest).unwrap());
    let unchanged = Capture { status: 304, body: Vec::new().into(), ..capture(0) };
    stored.push(writer.write_revisit(&unchanged, &first, RevisitProfile::ServerNotModified).unwrap());
    writer.close().unwrap();
    stored
}

#[test]
fn what_is_written_is_read_back_by_its_citation() {
    let dir = tempfile::tempdir().unwrap();
    let stored = filled(dir.path(), 8, 1 << 30);
    for (n, cited) in (0..8).zip(&stored) {
        let record = read_cited(dir.path(), cited).unwrap();
        let (back, given) = (record.to_capture().unwrap(), capture(n));
        assert_eq!((back.url, back.fetched_at, back.truncated), (given.url, given.fetched_at, given.truncated));
        assert_eq!(back.body, given.body);
    }
    assert_eq!(read_cited(dir.path(), &stored[8]).unwrap().record_type(), RecordType::Revisit);

    let wrong = WarcRef { record_id: "urn:uuid:0".into(), ..stored[3].clone() };
    assert!(read_cited(dir.path(), &wrong).is_err(), "a citation of another record is refused");
    let digest = stored[4].payload_digest;
    for wrong in [
        WarcRef { payload_digest: digest, ..stored[3].clone() },
        WarcRef { offset: stored[4].offset, ..stored[3].clone() },
        WarcRef { offset: stored[3].offset + 1, ..stored[3].clone() },
        WarcRef { offset: 1 << 40, ..stored[3].clone() },
        WarcRef { file: "../secret.warc.gz".into(), ..stored[3].clone() },
        WarcRef { file: "gone.warc.gz".into(), ..stored[3].clone() },
    ] {
        assert!(read_cited(dir.path(), &wrong).unwrap_err().breaks_citation(), "{wrong:?}");
    }
}

#[test]
fn a_file_holds_one_member_a_record_and_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let stored = filled(dir.path(), 5, 1 << 30);
    let file = dir.path().join(&stored[0].file);
    let report = verify(&file).unwrap();
    assert!(report.passed(), "{:?}", report.problems);
    let counts: Vec<_> = report.by_type.iter().map(|(name, count)| (*name, *count)).collect();
    assert_eq!(counts, [("metadata", 5), ("request", 7), ("response", 5), ("revisit", 2), ("warcinfo", 1)]);

    let located: Vec<_> = WarcReader::open(&file).unwrap().map(Result::unwrap).collect();
    let end = located.last().map(|last| last.offset + last.length).unwrap();
    assert_eq!(end, fs::metadata(&file).unwrap().len());
    assert!(located.windows(2).all(|pair| pair[0].offset + pair[0].length == pair[1].offset));

    // The same records without compression are a WARC file too.
    let plain = dir.path().join("plain.warc");
    fs::write(&plain, located.iter().flat_map(|one| one.record.to_bytes()).collect::<Vec<_>>()).unwrap();
    let report = verify(&plain).unwrap();
    assert!(report.passed() && report.records == 20, "{report:?}");

    // One changed byte within a stored page is seen, and where.
    let mut bytes = fs::read(&plain).unwrap();
    let at = bytes.windows(7).position(|window| window == b"Offer 3").unwrap();
    bytes[at] = b'o';
    fs::write(&plain, bytes).unwrap();
    let report = verify(&plain).unwrap();
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    assert!(report.problems[0].message.contains("Digest"), "{:?}", report.problems);
}

#[test]
fn full_files_are_closed_and_nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 10, 2_000);
    let first = files(dir.path());
    assert!(first.len() > 2, "{first:?}");
    let before: Vec<_> = first.iter().map(|file| fs::read(file).unwrap()).collect();
    // The same moments and the same serial numbers again, as after a clock step.
    filled(dir.path(), 10, 2_000);
    for (file, bytes) in first.iter().zip(before) {
        assert_eq!(fs::read(file).unwrap(), bytes, "{file:?}");
        assert!(verify(file).unwrap().passed());
    }
    assert_eq!(files(dir.path()).len(), 2 * first.len());
}

#[test]
fn a_torn_end_is_cut_back_wherever_it_tore() {
    let source = tempfile::tempdir().unwrap();
    let mut writer = WarcWriter::open(source.path(), WriterOptions::default()).unwrap();
    for n in 0..3 {
        writer.write_exchange(&capture(n), &[]).unwrap();
    }
    writer.sync().unwrap();
    let file = files(source.path()).remove(0);
    let bytes = fs::read(&file).unwrap();
    let name = file.file_name().unwrap().to_owned();
    let starts: Vec<_> = WarcReader::open(&file).unwrap().map(|item| item.unwrap().offset).collect();
    // The marker of an open file lies beside it: copy both, as a killed process leaves them.
    let marker = fs::read(source.path().join("OPEN")).unwrap();
    let whole = bytes.len();
    let cases = (0..40).chain(starts.iter().flat_map(|at| {
        let at = usize::try_from(*at).unwrap();
        at.saturating_sub(2)..at + 3
    }));
    for length in cases.chain(whole - 20..=whole) {
        let dir = tempfile::tempdir().unwrap();
        let torn = dir.path().join(&name);
        fs::write(&torn, &bytes[..length]).unwrap();
        fs::write(dir.path().join("OPEN"), &marker).unwrap();
        let writer = WarcWriter::open(dir.path(), WriterOptions::default()).unwrap();
        let kept = starts.iter().copied().chain([whole as u64]).filter(|at| *at <= length as u64).max().unwrap();
        let expected = match (kept, length as u64 - kept) {
            (0, _) => RepairOutcome::Removed,
            (_, 0) => RepairOutcome::Whole,
            (kept_bytes, cut_bytes) => RepairOutcome::Cut { kept_bytes, cut_bytes },
        };
        assert_eq!(writer.repaired().unwrap().outcome, expected, "torn at {length}");
        assert_eq!(torn.exists(), kept > 0);
        if kept > 0 {
            let report = verify(&torn).unwrap();
            // A request may have lost nothing but itself; its response stands before it.
            assert!(report.passed(), "torn at {length}: {:?}", report.problems);
        }
        drop(writer);
        let again = WarcWriter::open(dir.path(), WriterOptions::default()).unwrap();
        assert!(again.repaired().is_none(), "a repaired folder needs no second repair");
    }
}

#[test]
fn holes_at_the_end_are_cut_and_damage_in_the_middle_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = WarcWriter::open(dir.path(), WriterOptions::default()).unwrap();
    let stored: Vec<_> = (0..4).map(|n| writer.write_exchange(&capture(n), &[]).unwrap()).collect();
    writer.sync().unwrap();
    let file = dir.path().join(&stored[0].file);
    let (bytes, marker) = (fs::read(&file).unwrap(), fs::read(dir.path().join("OPEN")).unwrap());
    drop(writer);

    // Lengths right, contents zero: what a crash of the machine can leave behind the last sync.
    let mut holes = bytes.clone();
    let last = usize::try_from(stored[3].offset).unwrap();
    holes[last + 40..].fill(0);
    fs::write(&file, holes).unwrap();
    fs::write(dir.path().join("OPEN"), &marker).unwrap();
    let writer = WarcWriter::open(dir.path(), WriterOptions::default()).unwrap();
    let outcome = writer.repaired().unwrap().outcome;
    assert!(matches!(outcome, RepairOutcome::Cut { kept_bytes, .. } if kept_bytes == last as u64), "{outcome:?}");
    drop(writer);

    let mut damaged = bytes.clone();
    let middle = usize::try_from(stored[1].offset).unwrap();
    damaged[middle..middle + 30].fill(0);
    fs::write(&file, &damaged).unwrap();
    fs::write(dir.path().join("OPEN"), &marker).unwrap();
    let writer = WarcWriter::open(dir.path(), WriterOptions::default()).unwrap();
    assert_eq!(writer.repaired().unwrap().outcome, RepairOutcome::Damaged { offset: stored[1].offset });
    assert_eq!(fs::read(&file).unwrap(), damaged, "nothing is touched");
    assert!(read_cited(dir.path(), &stored[3]).is_ok(), "records behind the damage are still read by citation");
}

/// Not a test by itself: the process that `acknowledged_records_survive_kill_9` kills.
#[test]
#[ignore = "runs as a child of another test"]
fn writes_until_killed() {
    let Some(dir) = std::env::var_os("LISTINGWATCH_TEST_WARC_DIR") else { return };
    let options = WriterOptions { max_file_bytes: 20_000, ..WriterOptions::default() };
    let mut writer = WarcWriter::open(Path::new(&dir), options).unwrap();
    for n in 0..1_000_000 {
        let stored = writer.write_exchange(&capture(n), &[]).unwrap();
        writer.sync().unwrap();
        println!("\nstored {}", serde_json::to_string(&stored).unwrap());
    }
}

#[test]
fn acknowledged_records_survive_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Vec::new();
    for round in 0..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["warc::writes_until_killed", "--exact", "--ignored", "--nocapture"])
            .env("LISTINGWATCH_TEST_WARC_DIR", dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut heard = 0;
        for line in lines {
            let Some(json) = line.strip_prefix("stored ") else { continue };
            acknowledged.push(serde_json::from_str::<WarcRef>(json).unwrap());
            heard += 1;
            if heard == 7 + round * 5 {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(heard, 7 + round * 5);
    }
    drop(WarcWriter::open(dir.path(), WriterOptions::default()).unwrap());
    for cited in &acknowledged {
        read_cited(dir.path(), cited).unwrap();
    }
    for file in files(dir.path()) {
        let report = verify(&file).unwrap();
        assert!(report.passed(), "{file:?}: {:?}", report.problems);
    }
}

#[test]
fn warcio_accepts_the_files() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let importable = Command::new(&python)
        .args(["-c", "import warcio"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !importable {
        eprintln!(
            "SKIPPED: `{python}` with the package warcio is not installed, so only our own reader checked the files"
        );
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path(), 12, 3_000);
    for file in files(dir.path()) {
        let check = Command::new(&python).args(["-m", "warcio.cli", "check", "-v"]).arg(&file).output().unwrap();
        let said = format!("{}{}", String::from_utf8_lossy(&check.stdout), String::from_utf8_lossy(&check.stderr));
        assert!(check.status.success() && !said.contains("failed") && said.contains("digest pass"), "{said}");
    }
}

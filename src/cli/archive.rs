//! The archive: search, export, report, rescreen, verify.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};

use crate::app::{App, Paths};
use crate::archive::export::{OutFile, RowWriter};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::request::{ExportArgs, ExportFormat, RescreenArgs, SearchArgs, VerifyArgs};
use crate::detect::assessment::{Assessment, Verdict};
use crate::engine::rejudge;
use crate::store::truth::query::Sight;
use crate::store::truth::{Difference, FACETS_LIMIT, HitRow, Rejudged, StoredHit, logged_document};
use crate::vocab::ids::{PlatformId, Sha256Digest};
use crate::vocab::platform::Use;

/// Columns of a CSV export.
const COLUMNS: &[&str] = &[
    "id",
    "referral",
    "state",
    "platform",
    "url",
    "title",
    "text",
    "price",
    "currency",
    "language",
    "verdict",
    "score",
    "category",
    "substances",
    "emerging",
    "first_seen",
    "last_seen",
    "gone_at",
    "watchlist",
    "payload_digest",
];

pub(super) fn search(app: &App, args: &SearchArgs, output: &Output) -> Result<Exit, Failure> {
    let query = args.query.join(" ");
    if args.facets {
        let facets = app.rooms.truth.facets(&query, FACETS_LIMIT, Sight::Whole)?;
        if output.json {
            output.json_document(&facets)?;
        } else {
            if facets.platform.is_empty() {
                output.note("0 hits");
                return Ok(Exit::Done);
            }
            for (name, counts) in [
                ("platform", &facets.platform),
                ("category", &facets.category),
                ("substance", &facets.substance),
                ("state", &facets.state),
            ] {
                output.line(name)?;
                for (value, count) in counts {
                    output.line(format!("  {count:>7}  {value}"))?;
                }
            }
        }
        return Ok(Exit::Done);
    }
    let page = app.rooms.truth.search(&query, args.cursor.as_deref(), args.limit.clamp(1, 1000), Sight::Whole)?;
    for hit in &page.hits {
        if output.json {
            output.json_line(hit)?;
        } else {
            let substances = hit.substances.join(", ");
            output.line(format!(
                "{}  {:.2}  {}  {}  [{substances}]\n    {}",
                hit.last_seen.date(),
                hit.score,
                hit.platform,
                hit.title,
                hit.url
            ))?;
        }
    }
    let (shown, more) = (page.hits.len(), if page.more_than_total { "more than " } else { "" });
    match page.next {
        Some(next) => output.note(format!("{shown} of {more}{} hits; go on with --cursor {next}", page.total)),
        None => output.note(format!("{shown} of {more}{} hits", page.total)),
    }
    Ok(Exit::Done)
}

pub(super) fn export(app: &App, args: &ExportArgs, output: &Output) -> Result<Exit, Failure> {
    match args.out.as_ref().filter(|path| path.as_os_str() != "-") {
        Some(path) => {
            let mut file = OutFile::create(path).map_err(|error| {
                Failure::usage(error.to_string()).hint("name a file in a folder you may write to with --out")
            })?;
            let rows = write_rows(app, args, &mut file, output)?;
            file.finish().map_err(|error| Failure::new(Exit::Internal, error.to_string()))?;
            output.note(format!("{rows} hits written to {}", path.display()));
        }
        None => {
            let mut sink = LineSink { output, pending: Vec::new() };
            write_rows(app, args, &mut sink, output)?;
            sink.flush()?;
        }
    }
    Ok(Exit::Done)
}

fn write_rows(app: &App, args: &ExportArgs, out: &mut dyn Write, output: &Output) -> Result<u64, Failure> {
    let mut writer = match args.format {
        ExportFormat::Jsonl => RowWriter::jsonl(out),
        ExportFormat::Csv => RowWriter::csv(out, COLUMNS)?,
    };
    let truth = &app.rooms.truth;
    let mut closed: BTreeMap<String, u64> = BTreeMap::new();
    let open = truth.platforms_for(Use::Research)?;
    truth.for_each_hit::<Failure>(&args.query, Sight::Whole, |hit: HitRow| {
        if open.contains(&hit.platform) {
            return Ok(writer.row(&hit)?);
        }
        *closed.entry(hit.platform).or_default() += 1;
        Ok(())
    })?;
    for (platform, hits) in closed {
        output.note(format!(
            "{hits} hits of `{platform}` left out: its agreement does not name \"research\" in [agreement] uses"
        ));
    }
    Ok(writer.finish()?.0)
}

/// Passes whole lines on to the output, so that a large export streams.
struct LineSink<'a> {
    output: &'a Output,
    pending: Vec<u8>,
}

impl Write for LineSink<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        if self.pending.len() > 64 << 10 {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let Some(end) = memchr::memrchr(b'\n', &self.pending) else { return Ok(()) };
        let rest = self.pending.split_off(end + 1);
        let lines = std::mem::replace(&mut self.pending, rest);
        let text = String::from_utf8_lossy(&lines).into_owned();
        self.output.bytes(&text).map_err(|_| std::io::ErrorKind::BrokenPipe.into())
    }
}

/// Hits read at once.
const RESCREEN_AT_ONCE: usize = 500;

/// Judges stored hits with the present watchlist, lists what changes, and lets cases that have not left follow; a dry run
/// only lists.
pub(super) fn rescreen(app: &App, args: &RescreenArgs, output: &Output) -> Result<Exit, Failure> {
    let detector = app.rooms.detector();
    let mut verdicts: BTreeMap<String, u64> = BTreeMap::new();
    let mut left: BTreeMap<PlatformId, u64> = BTreeMap::new();
    let mut stands: BTreeMap<rejudge::Left, u64> = BTreeMap::new();
    let (mut looked, mut changed) = (0_u64, 0_u64);
    let (mut bench, mut after) = (rejudge::Rejudge::new(&app.rooms), None);
    loop {
        let hits = app.rooms.truth.stored_hits(&args.query, after.as_ref(), RESCREEN_AT_ONCE)?;
        let Some(last) = hits.last() else { break };
        after = Some(last.clone());
        for hit in &hits {
            // Without its file nobody knows whose controls are cited, and each would seem to have changed.
            let Some(platform) = app.platform(&hit.platform) else {
                *left.entry(hit.platform.clone()).or_default() += 1;
                continue;
            };
            // What is stored has its contacts hidden: by that text a verdict would be another.
            let listing = match bench.judge(&platform, hit) {
                Ok(listing) => listing,
                Err(why) => {
                    *stands.entry(why).or_default() += 1;
                    continue;
                }
            };
            looked += 1;
            let now_is = &listing.assessment;
            let difference = Difference::between(&hit.assessment, now_is);
            let outcome = match args.dry_run {
                true => None,
                false => Some(app.rooms.truth.rejudge(hit, &listing, app.rooms.now())?),
            };
            if difference.cause.is_some() {
                changed += 1;
                let (was, now) = (hit.assessment.verdict, now_is.verdict);
                *verdicts.entry(format!("{was} -> {now}")).or_default() += 1;
                say_rejudged(hit, now_is, &difference, outcome.as_ref(), output)?;
            }
        }
    }
    let verdicts: Vec<String> = verdicts.iter().map(|(change, count)| format!("{change}: {count}")).collect();
    output.note(format!(
        "{looked} hits judged with {}; {changed} {} ({})",
        detector.watchlist().version(),
        if args.dry_run { "would change" } else { "changed" },
        if verdicts.is_empty() { "no verdict".to_owned() } else { verdicts.join(", ") }
    ));
    for (why, hits) in &stands {
        output.note(format!("{hits} hits keep the verdict they have: {why}"));
    }
    for (platform, hits) in &left {
        output.note(format!(
            "{hits} hits of `{platform}` left as they are: it has no platform file, which says whose controls are cited; name its \
             folder with --seeds"
        ));
    }
    Ok(if left.is_empty() { Exit::Done } else { Exit::Partial })
}

fn say_rejudged(
    hit: &StoredHit,
    now_is: &Assessment,
    difference: &Difference,
    outcome: Option<&Rejudged>,
    output: &Output,
) -> Result<(), Failure> {
    let (was, now) = (hit.assessment.verdict, now_is.verdict);
    if output.json {
        return output.json_line(&serde_json::json!({
            "id": hit.id, "referral": hit.referral, "state": hit.state.name(), "url": hit.url, "title": hit.title,
            "was": was, "now": now, "was_score": hit.assessment.score, "now_score": now_is.score,
            "lost": difference.lost, "gained": difference.gained, "controls": difference.controls,
            "cause": difference.cause, "outcome": outcome,
            "was_watchlist": hit.assessment.watchlist, "watchlist": now_is.watchlist,
        }));
    }
    let mut names: Vec<String> = difference.lost.iter().map(|name| format!("-{name}")).collect();
    names.extend(difference.gained.iter().map(|name| format!("+{name}")));
    names.extend(difference.controls.iter().map(|name| format!("controls of {name}")));
    let done = match outcome {
        None => "dry run".to_owned(),
        Some(Rejudged::Updated) => "the case follows".to_owned(),
        Some(Rejudged::Dismissed) => "the draft is dismissed".to_owned(),
        Some(Rejudged::Opened { case }) => format!("opened as {case}"),
        Some(Rejudged::Settled) => format!("stays {}", hit.state),
        Some(Rejudged::LeftAsSent) if now_is.verdict == Verdict::Clear => {
            format!("left as it was sent, {}; consider `referrals withdraw`", hit.state)
        }
        Some(Rejudged::LeftAsSent) => format!("left as it was sent, {}", hit.state),
    };
    output.line(format!(
        "{}  {was} {:.2} -> {now} {:.2} by {}  {}  {}  ({done})",
        hit.referral,
        hit.assessment.score,
        now_is.score,
        difference.cause.unwrap_or("nothing"),
        names.join(" "),
        hit.title
    ))
}

/// More than any notice has.
const DOCUMENT_BYTES: u64 = 64 << 20;

pub(super) fn verify(paths: &Paths, args: &VerifyArgs, output: &Output) -> Result<Exit, Failure> {
    let unreadable = |error: std::io::Error| Failure::usage(format!("{}: {error}", args.file.display()));
    let (mut file, mut head) = (fs::File::open(&args.file).map_err(unreadable)?, Vec::new());
    Read::by_ref(&mut file).take(5).read_to_end(&mut head).map_err(unreadable)?;
    let is_archive = head.starts_with(&[0x1f, 0x8b]) || head == b"WARC/";
    if !is_archive {
        let mut bytes = head;
        file.take(DOCUMENT_BYTES).read_to_end(&mut bytes).map_err(unreadable)?;
        return verify_document(paths, args, &bytes, output);
    }
    let found = crate::archive::warc_reader::verify(&args.file).map_err(|error| {
        Failure::usage(error.to_string()).hint("name a .warc.gz file of the data directory's warc/ folder")
    })?;
    if output.json {
        output.json_document(&found)?;
    } else {
        let types: Vec<String> = found.by_type.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        output.line(format!("{} records ({}), {} problems", found.records, types.join(", "), found.problems.len()))?;
        for problem in &found.problems {
            output.line(format!("  at byte {}: {}", problem.offset, problem.message))?;
        }
    }
    Ok(if found.passed() { Exit::Done } else { Exit::Partial })
}

/// What a saved record of action is, and whether it is signed by this hub's key.
struct SavedRecord {
    platform: String,
    made: String,
    entry: u64,
    holds: bool,
}

/// Reads a saved record of action; none where the file is of another kind.
fn signed_record(paths: &Paths, bytes: &[u8]) -> Option<SavedRecord> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (line, rest) = text.split_once('\n')?;
    let line = line.strip_suffix('\r').unwrap_or(line);
    let head: serde_json::Value = serde_json::from_str(line).ok()?;
    if head["kind"] != crate::report::actions::KIND {
        return None;
    }
    let signature = serde_json::from_str::<crate::store::truth::RecordSignature>(rest.trim()).ok();
    let key = fs::read_to_string(paths.data.join("keys").join("audit.pub")).unwrap_or_default();
    Some(SavedRecord {
        platform: head["platform"].as_str().unwrap_or_default().to_owned(),
        made: head["made"].as_str().unwrap_or_default().to_owned(),
        entry: head["audit_entry"].as_u64().unwrap_or_default(),
        holds: signature.is_some_and(|signature| signature.holds(line, &key)),
    })
}

fn say_record(found: &SavedRecord, args: &VerifyArgs, output: &Output) -> Result<Exit, Failure> {
    if output.json {
        output.json_document(&serde_json::json!({ "record_of_action": found.platform, "made": found.made,
            "audit_entry": found.entry, "signed": found.holds }))?;
    } else if found.holds {
        output.line(format!(
            "record of action of {}, made at {} of the audit log up to entry {}, exactly as this hub signed it",
            found.platform, found.made, found.entry
        ))?;
    } else {
        output.line(format!(
            "`{}` is not signed by the key of this hub: it was changed, or comes from elsewhere",
            args.file.display()
        ))?;
    }
    Ok(if found.holds { Exit::Done } else { Exit::Partial })
}

/// Holds a saved notice, reminder, correction or withdrawal against the audit log of the data directory.
fn verify_document(paths: &Paths, args: &VerifyArgs, bytes: &[u8], output: &Output) -> Result<Exit, Failure> {
    if let Some(found) = signed_record(paths, bytes) {
        return say_record(&found, args, output);
    }
    let digest = Sha256Digest::of(bytes).to_string();
    let file = args.file.display();
    let log = paths.data.join("truth.db");
    if !log.exists() {
        return Err(Failure::usage(format!(
            "`{file}` is no WARC file, and {} holds no audit log to check it against",
            paths.data.display()
        ))
        .hint("name the data directory of the hub with --data, or a .warc.gz file"));
    }
    let found = logged_document(&log, &digest)?;
    if output.json {
        output.json_document(&serde_json::json!({ "digest": digest, "document": found }))?;
    } else {
        match &found {
            Some(document) => {
                output.line(format!(
                    "{}, a {}, exactly as it was written at {} (entry {} of the audit log)",
                    document.number, document.kind, document.at, document.entry
                ))?;
                match &document.timestamp {
                    Some(stamp) => output.note(format!(
                        "the log up to entry {} was timestamped at {} by {}; `listingwatch audit verify` checks that",
                        stamp.count, stamp.at, stamp.authority
                    )),
                    None => output.note("no timestamp covers this entry; the hub's own signature stands alone"),
                }
            }
            None => output.line(format!(
                "`{file}` is no document of this hub as it left: the audit log has no {digest}. It was changed, or comes from elsewhere"
            ))?,
        }
    }
    Ok(if found.is_some() { Exit::Done } else { Exit::Partial })
}

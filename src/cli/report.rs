//! `report …`: coverage, the yearly transparency report, how platforms answer, what changed in listings.

use crate::app::App;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::request::{ReportFormat, ReportRequest};
use crate::config::units;
use crate::report::changes::ByDate;
use crate::report::responses::Responses;
use crate::report::transparency::{Report, Reporter};
use crate::store::truth::ChangeFilter;
use crate::vocab::ids::PlatformId;
use crate::vocab::time::Timestamp;

pub(super) fn run(app: &App, request: &ReportRequest, output: &Output) -> Result<Exit, Failure> {
    let truth = &app.rooms.truth;
    match request {
        ReportRequest::Coverage { platform } => {
            let platform =
                platform.as_deref().map(PlatformId::parse).transpose().map_err(|e| Failure::usage(e.to_string()))?;
            let scans = truth.scans(platform.as_ref(), 50)?;
            for scan in &scans {
                if output.json { output.json_line(&scan.coverage)? } else { output.line(scan.coverage.text())? }
            }
            if scans.is_empty() {
                output.note("no scan has ended yet");
            }
        }
        ReportRequest::Actions { platform, from, until, text } => {
            let unknown =
                || Failure::usage(format!("no platform `{platform}`")).hint("`listingwatch platforms list` shows them");
            let id = PlatformId::parse(platform).map_err(|_| unknown())?;
            let file = app.platform(&id).ok_or_else(unknown)?;
            let day = |text: &Option<String>, otherwise| match text {
                Some(text) => units::since(text, app.rooms.now())
                    .map_err(|error| Failure::usage(format!("`{text}`: {error}")).hint("write it as 2026-01-31")),
                None => Ok(otherwise),
            };
            let (from, until) = (day(from, Timestamp::EPOCH)?, day(until, app.rooms.now())?);
            let sender = app.rooms.settings.sender.as_ref().map(|sender| sender.name.clone());
            let record = truth.record_of_action(&file, sender, (from, until), app.rooms.now())?;
            if *text {
                output.line(record.text())?;
            } else {
                let (line, signature) = truth.signed_record(&record)?;
                output.line(line)?;
                output.line(serde_json::to_string(&signature)?)?;
            }
        }
        ReportRequest::Changes { platform, since } => {
            changes(app, (platform.as_deref(), since.as_deref()), output)?;
        }
        ReportRequest::Transparency { year, format } => {
            let report = Report::of(*year, &truth.notices_of_year(*year)?);
            if *format == ReportFormat::Csv && !output.json {
                output.line(report.csv())?;
                return Ok(Exit::Done);
            }
            let (from, until) = year_of(*year)?;
            let responses = Responses::of(&truth.case_times(from, until)?, &truth.control_counts()?);
            let settings = &app.rooms.settings;
            let reporter = Reporter {
                name: settings.sender.as_ref().map(|sender| sender.name.clone()),
                designation: settings.report.designation.clone(),
                independence: settings.report.independence.clone(),
            };
            let document = report.document(reporter, responses);
            if !document.missing.is_empty() {
                let missing = document.missing.join(", ");
                output.note(format!("hint: before it is published, set {missing} in listingwatch.toml"));
            }
            match format {
                ReportFormat::Html if !output.json => output.line(document.html())?,
                _ => output.json_document(&document)?,
            }
        }
        ReportRequest::Responses { year, format } => {
            let (from, until) = match year {
                Some(year) => year_of(*year)?,
                None => (Timestamp::EPOCH, Timestamp::NEVER),
            };
            let responses = Responses::of(&truth.case_times(from, until)?, &truth.control_counts()?);
            match format {
                _ if output.json => output.json_document(&responses)?,
                ReportFormat::Json => output.json_document(&responses)?,
                ReportFormat::Csv => output.line(responses.csv())?,
                ReportFormat::Html => output.line(responses.html())?,
            }
        }
    }
    Ok(Exit::Done)
}

/// Changes read at once.
const CHANGES_AT_ONCE: usize = 500;

fn changes(app: &App, (platform, since): (Option<&str>, Option<&str>), output: &Output) -> Result<(), Failure> {
    let truth = &app.rooms.truth;
    let unknown =
        |id: &str| Failure::usage(format!("no platform `{id}`")).hint("`listingwatch platforms list` shows them");
    let platform = match platform {
        None => None,
        Some(name) => {
            let id = PlatformId::parse(name).map_err(|_| unknown(name))?;
            if app.platform(&id).is_none() && !truth.has_hits_of(&id)? {
                return Err(unknown(name));
            }
            Some(id)
        }
    };
    let since = since.map(|text| units::since(text, app.rooms.now())).transpose();
    let since =
        since.map_err(|error| Failure::usage(format!("--since: {error}")).hint("write it as 2026-01-31, or as 7d"))?;
    let mut filter = ChangeFilter { platform, since, behind: None, limit: CHANGES_AT_ONCE };
    let mut by_date = ByDate::default();
    loop {
        let changes = truth.changes(&filter)?;
        for change in &changes {
            if output.json {
                output.json_line(change)?;
            } else {
                for line in by_date.lines(change) {
                    output.line(line)?;
                }
            }
        }
        match changes.last() {
            Some(last) => filter.behind = Some((last.at, last.id)),
            None if filter.behind.is_none() => {
                output.note("no change of a listing is on record for this");
                return Ok(());
            }
            None => return Ok(()),
        }
    }
}

/// The first moment of a year, and of the next.
fn year_of(year: i16) -> Result<(Timestamp, Timestamp), Failure> {
    let first = |year: i16| {
        let day = jiff::civil::Date::new(year, 1, 1).ok()?;
        Some(Timestamp::from(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()))
    };
    first(year)
        .zip(year.checked_add(1).and_then(first))
        .ok_or_else(|| Failure::usage(format!("--year: `{year}` is not a year")).hint("write it as 2026"))
}

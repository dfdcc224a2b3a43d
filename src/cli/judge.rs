//! Commands that need no data directory: screen, extract, check, fit, watchlist.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::time::Instant;

use crate::app::{self, Paths};
use crate::cli::check_words;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Output;
use crate::cli::request::{CheckArgs, ExtractArgs, FitArgs, ScreenArgs, WatchlistRequest};
use crate::detect::Detector;
use crate::detect::evaluate::Label;
use crate::detect::fit::Example;
use crate::detect::screen::{self, BadLine};
use crate::listing::input::InputLine;
use crate::listing::{ReadContext, charset, structured};
use crate::vocab::found::FoundUrl;
use crate::vocab::limits::Limits;
use crate::vocab::time::{Clock, Deadline};

pub(super) fn limits(paths: &Paths, output: &Output) -> Result<Limits, Failure> {
    Ok(app::load_settings(paths).map_err(|error| super::failure(error, output))?.limits)
}

pub(super) fn detector(paths: &Paths, output: &Output) -> Result<Detector, Failure> {
    app::load_detector(paths).map_err(|error| super::failure(error, output))
}

pub(super) fn screen(paths: &Paths, args: &ScreenArgs, output: &Output) -> Result<Exit, Failure> {
    let (detector, limits) = (detector(paths, output)?, limits(paths, output)?);
    let mut bad = false;
    let stdin = [Path::new("-").to_path_buf()];
    let files = if args.files.is_empty() { &stdin[..] } else { &args.files[..] };
    for file in files {
        each_line(file, &limits, |number, line| {
            let judged = match line {
                Ok(line) => screen::line(&detector, number, line, limits.listing_bytes),
                Err(long) => Err(BadLine { id: None, line: number, error: long.to_string() }),
            };
            match judged {
                Ok(verdict) => output.json_line(&verdict),
                Err(error) => {
                    bad = true;
                    output.json_line(&error)
                }
            }
        })?;
    }
    if bad {
        output.note("hint: some lines were not judged; each has its number and what is wrong on standard output");
    }
    Ok(if bad { Exit::Partial } else { Exit::Done })
}

/// A line that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadText {
    /// It goes on too long.
    #[error("the line has more than {limit_bytes} bytes")]
    TooLong {
        /// Bytes it may have.
        limit_bytes: usize,
    },
    /// It is not UTF-8.
    #[error("the line is not UTF-8 at byte {at}; save the file as UTF-8")]
    NotUtf8 {
        /// First byte that is not, from 1.
        at: usize,
    },
}

/// Lines of a file or of standard input, one at a time, empty ones passed over. Of one that is too long only the number is
/// told, and the next one follows.
pub(super) fn each_line(
    file: &Path,
    limits: &Limits,
    mut each: impl FnMut(usize, Result<&str, BadText>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let limit_bytes = limits.line_bytes();
    let reader: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).map_err(|error| unreadable(file, &error))?)
    };
    let mut reader = BufReader::with_capacity(1 << 20, reader);
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        // One byte more, for the end of a line that is just as long as it may be.
        let most = u64::try_from(limit_bytes).unwrap_or(u64::MAX).saturating_add(1);
        let read =
            reader.by_ref().take(most).read_until(b'\n', &mut bytes).map_err(|error| unreadable(file, &error))?;
        if read == 0 {
            break;
        }
        if read > limit_bytes && !bytes.ends_with(b"\n") {
            reader.skip_until(b'\n').map_err(|error| unreadable(file, &error))?;
            each(number, Err(BadText::TooLong { limit_bytes }))?;
            continue;
        }
        match std::str::from_utf8(&bytes) {
            Ok(line) if line.trim().is_empty() => {}
            Ok(line) => each(number, Ok(line.trim()))?,
            Err(error) => each(number, Err(BadText::NotUtf8 { at: error.valid_up_to() + 1 }))?,
        }
    }
    Ok(())
}

pub(super) fn unreadable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::usage(format!("`{}` cannot be read: {error}", file.display()))
        .hint("name a readable file, or `-` for standard input")
}

pub(super) fn extract(paths: &Paths, args: &ExtractArgs, output: &Output) -> Result<Exit, Failure> {
    let limits = limits(paths, output)?;
    let url = FoundUrl::parse(&args.url, None).map_err(|error| {
        Failure::usage(format!("--url: {error}"))
            .hint("give the page's address, e.g. --url https://www.example.test/p/1")
    })?;
    let mut bytes = Vec::new();
    let reader: Box<dyn Read> = if args.file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(&args.file).map_err(|error| unreadable(&args.file, &error))?)
    };
    // One byte more, so that what is cut is told.
    let most = u64::try_from(limits.body_bytes).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(most).read_to_end(&mut bytes).map_err(|error| unreadable(&args.file, &error))?;
    let started = Instant::now();
    let over = || started.elapsed() >= limits.parse_deadline;
    let context = ReadContext { deadline: Deadline::new(&over), ..ReadContext::new(&url, &limits) };
    let page = crate::listing::read(&bytes, &context);
    let whole = bytes.get(..limits.body_bytes).unwrap_or(&bytes);
    let structured = structured::read(&charset::decode(whole, None).text, &context);
    for problem in &page.problems {
        output.note(format!("`{}`: {problem}", args.file.display()));
    }
    let listings: Vec<_> = page
        .listings
        .iter()
        .map(|listing| {
            serde_json::json!({
                "title": listing.title, "description": listing.description,
                "price": listing.price.as_ref().map(ToString::to_string),
                "currency": listing.price.as_ref().and_then(|price| price.currency.clone()),
                "seller": listing.seller, "identifiers": listing.identifiers, "language": listing.language,
                "images": listing.images, "source": listing.source, "kind": listing.kind,
            })
        })
        .collect();
    let links: Vec<&str> = page.links.iter().map(|link| link.url.as_str()).collect();
    output.json_document(&serde_json::json!({
        "listings": listings, "links": links, "structured": structured, "title": page.title, "language": page.language,
        "canonical": page.canonical, "encoding": page.encoding, "problems": page.problems, "given_up": page.given_up,
    }))?;
    Ok(Exit::Done)
}

pub(super) fn check(paths: &Paths, args: &CheckArgs, output: &Output) -> Result<Exit, Failure> {
    let today = crate::telemetry::SystemClock.now().date();
    let mut problems = Vec::new();
    let mut checked = Vec::new();
    let mut words = Vec::new();
    let (mut seeds, mut patterns) = (Vec::new(), Vec::new());
    for path in &args.paths {
        // A folder with a manifest is a watchlist, a file in one stands for all of it; everything else holds platform files.
        let watchlist = path.ancestors().take(3).find(|folder| folder.join("manifest.toml").exists());
        match watchlist {
            Some(folder) if patterns.iter().all(|held| held != folder) => patterns.push(folder.to_path_buf()),
            Some(_) => {}
            None => seeds.push(path.clone()),
        }
    }
    if args.paths.is_empty() {
        seeds.extend(paths.seeds.clone());
        patterns.extend(paths.patterns.clone());
        if let Some(path) = &paths.settings {
            let (settings, found) = crate::config::load::read_settings(path);
            checked.extend(settings.map(|_| path.display().to_string()));
            problems.extend(found);
        }
    }
    let found = crate::config::load::read_platforms(&seeds, today);
    checked.extend(found.platforms.iter().map(|platform| format!("platform {}", platform.id)));
    problems.extend(found.problems);
    for folder in patterns.into_iter().map(Some).chain(args.paths.is_empty().then_some(None)) {
        let with = Paths { patterns: folder, ..paths.clone() };
        let (watchlist, found) = app::examine_watchlist(&with);
        // A list that cannot be read has no names to compare.
        if watchlist.is_some() && !args.words.is_empty() {
            words.extend(check_words::find(&with, &args.words, output)?);
        }
        if let Some(watchlist) = watchlist.filter(|_| found.is_empty()) {
            checked.push(format!("watchlist {}", watchlist.version()));
        }
        problems.extend(found);
    }
    let errors = problems.iter().filter(|problem| problem.is_error()).count() + words.len();
    if output.json {
        let mut told = serde_json::json!({ "checked": checked, "problems": problems, "errors": errors });
        if !args.words.is_empty() {
            told["words"] = serde_json::to_value(&words)?;
        }
        output.json_document(&told)?;
    } else {
        for name in &checked {
            output.line(format!("ok  {name}"))?;
        }
        for problem in &problems {
            output.line(problem.to_string())?;
        }
        for word in &words {
            output.line(word.to_string())?;
        }
    }
    Ok(if errors == 0 { Exit::Done } else { Exit::Configuration })
}

/// One labelled listing: a line as `screen` takes it, with keys of [`Label`] and perhaps others, which are the data's own.
pub(super) fn labelled(
    file: &Path,
    number: usize,
    line: Result<&str, BadText>,
    limits: &Limits,
) -> Result<(InputLine, Label), Failure> {
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("line {number} of `{}`: {error}", file.display()))
            .hint("each line is a listing as `screen` takes it, with `target` 0, 1 or 2")
    };
    let line = line.map_err(|error| wrong(&error))?;
    let input: InputLine = serde_json::from_str(line).map_err(|error| wrong(&error))?;
    // Figures over a text that was cut would be figures of something else.
    input.within(limits.listing_bytes).map_err(|error| wrong(&error))?;
    let label: Label = serde_json::from_str(line).map_err(|error| wrong(&error))?;
    Ok((input, label))
}

/// Splits of the data depend on it; another gives slightly other figures of `review` and `refer`.
const FIT_SEED: u64 = 2026;

pub(super) fn fit(paths: &Paths, args: &FitArgs, output: &Output) -> Result<Exit, Failure> {
    let (detector, limits) = (detector(paths, output)?, limits(paths, output)?);
    let mut examples = Vec::new();
    each_line(&args.file, &limits, |number, line| {
        let (input, label) = labelled(&args.file, number, line, &limits)?;
        // Other controlled drugs count neither way.
        if !label.ambiguous && label.target != 2 {
            examples.push(Example {
                features: screen::features(&detector, &input),
                in_scope: label.target == 1,
                look_alike: label.hard_negative.is_some_and(|kind| !kind.is_null()),
                group: label.group.unwrap_or_else(|| input.id.to_string()),
            });
        }
        Ok(())
    })?;
    if !examples.iter().any(|example| example.in_scope) || examples.iter().all(|example| example.in_scope) {
        return Err(Failure::usage(format!("`{}` has not both kinds of listings", args.file.display()))
            .hint("fit needs lines with \"target\": 1 and lines with \"target\": 0"));
    }
    let name = args.file.file_name().unwrap_or_default().to_string_lossy();
    let chosen_by = format!(
        "`listingwatch fit {name}` on {} labelled listings, {} of them in scope, seed {FIT_SEED}",
        examples.len(),
        examples.iter().filter(|example| example.in_scope).count()
    );
    let fitted = crate::detect::fit::fit(&examples, &detector.watchlist().weights, FIT_SEED, chosen_by);
    let text = format!(
        "# Contributions to the score in log-odds. The score ranks listings; the verdict comes from the decision table.\n{}",
        toml::to_string(&fitted).map_err(|error| Failure::from(anyhow::Error::from(error)))?
    );
    match &args.out {
        Some(path) => std::fs::write(path, text)?,
        None => output.line(text)?,
    }
    Ok(Exit::Done)
}

pub(super) fn watchlist(paths: &Paths, request: &WatchlistRequest, output: &Output) -> Result<Exit, Failure> {
    let watchlist = app::load_watchlist(paths).map_err(|error| super::failure(error, output))?;
    match request {
        WatchlistRequest::List { class } => {
            for substance in
                watchlist.substances.iter().filter(|s| class.as_ref().is_none_or(|class| s.class.as_str() == class))
            {
                if output.json {
                    output.json_line(substance)?;
                } else {
                    output.line(format!(
                        "{:<40} {:<26} {:<12} {}",
                        substance.id, substance.class, substance.legitimate_use, substance.name
                    ))?;
                }
            }
        }
        WatchlistRequest::Show { id } => {
            let substance = watchlist.get(id).ok_or_else(|| {
                Failure::usage(format!("no substance `{id}`"))
                    .hint("`listingwatch watchlist lookup NAME` finds the id of a name")
            })?;
            if output.json {
                output.json_document(substance)?;
            } else {
                output.line(format!("{} ({})", substance.name, substance.id))?;
                output.line(format!(
                    "  class      {} {}",
                    substance.class,
                    substance.subclass.as_deref().unwrap_or("")
                ))?;
                let why = substance.use_note.as_deref().unwrap_or("not reviewed");
                output.line(format!("  use        {}: {why}", substance.legitimate_use))?;
                for control in substance.controls_in(&[]) {
                    let since = control.since.as_ref().map_or_else(String::new, |year| format!(" since {year}"));
                    output.line(format!(
                        "  control    {} {}{since} ({})",
                        control.instrument, control.schedule, control.jurisdiction
                    ))?;
                }
                output.line(format!("  category   {}", substance.category()))?;
                if let Some(year) = substance.first_reported {
                    output.line(format!("  reported   first in {year}"))?;
                }
                for (kind, ids) in [("CAS", &substance.cas), ("InChIKey", &substance.inchikey)] {
                    if !ids.is_empty() {
                        output.line(format!("  {kind:<10} {}", ids.join(", ")))?;
                    }
                }
                let lists =
                    [("names", &substance.names), ("street", &substance.street), ("ambiguous", &substance.ambiguous)];
                for (kind, names) in lists {
                    for (language, list) in names {
                        output.line(format!("  {kind:<10} {language}: {}", list.join("; ")))?;
                    }
                }
                for tag in &substance.sources {
                    let meaning = crate::detect::sources::meaning(tag).unwrap_or("see the list's own README");
                    output.line(format!("  source     {tag}: {meaning}"))?;
                }
                output.line(format!("  watchlist  {}", watchlist.version()))?;
            }
        }
        WatchlistRequest::Lookup { name } => {
            let name = name.join(" ");
            let found = watchlist.lookup(&name);
            if output.json {
                for substance in &found {
                    output.json_line(substance)?;
                }
            } else {
                for substance in &found {
                    output.line(format!("{}  {}  {}", substance.id, substance.class, substance.name))?;
                }
            }
            if found.is_empty() {
                output.note(format!("no entry has the name or identifier `{name}`"));
            }
        }
        WatchlistRequest::Policy => {
            let table = &watchlist.decision;
            if output.json {
                output.json_document(table)?;
            } else {
                output.line(format!(
                    "{:<26} {:<8} {:<8} {:<8} {:<9} {:<8} {:<9} reported",
                    "row", "evasion", "payment", "contact", "two signs", "plainly", "mentioned"
                ))?;
                for row in &table.rows {
                    output.line(format!(
                        "{:<26} {:<8} {:<8} {:<8} {:<9} {:<8} {:<9} {}",
                        row.id,
                        row.evasion,
                        row.payment,
                        row.contact,
                        row.two_signs,
                        row.plainly,
                        row.mentioned,
                        row.reported
                    ))?;
                }
                output.line(format!(
                    "lawful signs lower by {} steps at most, never below {} beside evasion, private contact or untraceable payment",
                    table.lawful.most_steps, table.lawful.floor_beside_dealing
                ))?;
            }
        }
        WatchlistRequest::Emerging => {}
    }
    Ok(Exit::Done)
}

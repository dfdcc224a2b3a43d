//! `eval`: detection measured on labelled listings, and compared with an earlier run.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::app::Paths;
use crate::cli::exit::{Exit, Failure};
use crate::cli::judge::{detector, each_line, labelled, limits, unreadable};
use crate::cli::output::Output;
use crate::cli::request::EvalArgs;
use crate::detect::Detector;
use crate::detect::evaluate::compare::{Change, Earlier, RowChange, compare};
use crate::detect::evaluate::disguise::{self, DisguiseReport, Fared};
use crate::detect::evaluate::figures::Figures;
use crate::detect::evaluate::{Judged, Report, report, spans};
use crate::detect::screen;
use crate::listing::input::InputLine;
use crate::vocab::limits::Limits;

pub(super) fn run(paths: &Paths, args: &EvalArgs, output: &Output) -> Result<Exit, Failure> {
    // An earlier run that cannot be read is said before the long work.
    let earlier = args.baseline.as_deref().map(read_baseline).transpose()?;
    let detector = detector(paths, output)?;
    let mut all = judge_all(&detector, &args.file, &limits(paths, output)?)?;
    let mut report = report(&all.judged, all.spent.as_secs_f64(), all.bytes);
    if args.disguise {
        all.in_scope.retain(|(_, counts)| *counts);
        report.disguise = Some(disguise::measure(&detector, all.in_scope.iter().map(|(input, _)| input)));
    }
    let change = earlier.map(|earlier| compare(&earlier, &report));
    if output.json {
        let mut document = serde_json::to_value(&report)?;
        if let Some(change) = &change {
            document["change"] = serde_json::to_value(change)?;
        }
        output.json_document(&document)?;
        return Ok(Exit::Done);
    }
    print(&report, output)?;
    if let Some(disguise) = &report.disguise {
        print_disguise(disguise, output)?;
    }
    if let Some(change) = &change {
        print_change(change, output)?;
    }
    Ok(Exit::Done)
}

fn read_baseline(file: &Path) -> Result<Earlier, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    serde_json::from_str(&text).map_err(|error| {
        Failure::usage(format!("`{}`: {error}", file.display())).hint("give the output of an earlier `eval --json`")
    })
}

/// Every labelled listing of a file, judged.
struct All {
    judged: Vec<Judged>,
    /// Listings of target 1, and whether they count.
    in_scope: Vec<(InputLine, bool)>,
    spent: Duration,
    bytes: u64,
}

fn judge_all(detector: &Detector, file: &Path, limits: &Limits) -> Result<All, Failure> {
    let mut all = All { judged: Vec::new(), in_scope: Vec::new(), spent: Duration::ZERO, bytes: 0 };
    each_line(file, limits, |number, line| {
        let (input, label) = labelled(file, number, line, limits)?;
        let length = |text: &Option<String>| text.as_deref().map_or(0, str::len) as u64;
        all.bytes += length(&input.title) + length(&input.text);
        let started = Instant::now();
        let assessment = screen::judge(detector, &input, &[]);
        all.spent += started.elapsed();
        let spans = spans::check(&input, &assessment, detector.watchlist(), &label.spans);
        let title = input.title.clone().unwrap_or_default();
        let (target, counts) = (label.target, !label.ambiguous);
        all.judged.push(Judged { id: input.id.to_string(), title, label, assessment, spans });
        if target == 1 {
            all.in_scope.push((input, counts));
        }
        Ok(())
    })?;
    Ok(all)
}

fn print(report: &Report, output: &Output) -> Result<(), Failure> {
    let line = |name: &str, f: &Figures| {
        format!(
            "{name:<18} precision {:.4} [{:.3}, {:.3}]  recall {:.4} [{:.3}, {:.3}]  F1 {:.4}  precision at 0.1 % {:.3}",
            f.precision,
            f.precision_interval.0,
            f.precision_interval.1,
            f.recall,
            f.recall_interval.0,
            f.recall_interval.1,
            f.f1,
            f.precision_at_base_rate
        )
    };
    output.line(format!("{} listings, watchlist {}", report.rows, report.watchlist))?;
    output.line(line("refer", &report.refer))?;
    output.line(line("refer or review", &report.refer_or_review))?;
    for (verdict, categories) in [("refer", &report.by_category_refer), ("refer or review", &report.by_category)] {
        output.line(format!("by category, {verdict}:"))?;
        for (category, figures) in categories {
            let of = figures.true_positives + figures.missed;
            output.line(format!("  {}  of {of}", line(category, figures)))?;
        }
    }
    output.line("false alarms:")?;
    for (kind, (called, of)) in &report.false_alarms {
        output.line(format!("  {kind:<20} {called} of {of}"))?;
    }
    for (kind, called) in report.look_alikes.iter().filter(|(_, called)| called.refer + called.review > 0) {
        output.line(format!("    {kind:<24} refer {}, review {}, of {}", called.refer, called.review, called.of))?;
    }
    let verdicts = |counts: &std::collections::BTreeMap<String, u64>| {
        counts.iter().map(|(verdict, count)| format!("{verdict} {count}")).collect::<Vec<_>>().join(", ")
    };
    output.line(format!("other controlled drugs, which count neither way: {}", verdicts(&report.other_controlled)))?;
    output.line(format!(
        "calibration error {:.4}; {:.0} MB/s on one core",
        report.calibration_error, report.megabytes_per_second
    ))?;
    let spans = &report.spans;
    output.line(format!("spans: {} of {} reported places hold the name", spans.right, spans.reported))?;
    if spans.labelled > 0 {
        output.line(format!("  {} of {} labelled names are held whole", spans.labelled_whole, spans.labelled))?;
    }
    for wrong in spans.wrong.iter().take(WRONG_SHOWN) {
        output.line(format!("  {wrong}"))?;
    }
    for (technique, f) in &report.by_technique {
        output.line(format!(
            "  {technique:<32} same substance {:.3} [{:.3}, {:.3}] of {}, {} of plain; called {}",
            f.recall,
            f.recall_interval.0,
            f.recall_interval.1,
            f.rows,
            f.ratio_to_plain.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.3}")),
            f.called
        ))?;
    }
    let emerging = &report.emerging;
    if emerging.rows > 0 {
        output.line(format!(
            "names on no list: {:.3} [{:.3}, {:.3}] of {} recognised as the right class, {} also the finer class",
            emerging.recall,
            emerging.recall_interval.0,
            emerging.recall_interval.1,
            emerging.rows,
            emerging.right_subclass
        ))?;
        for (family, (of, right)) in &emerging.by_family {
            output.line(format!("  {family:<44} {right} of {of}"))?;
        }
        for (id, title, instead) in &emerging.missed {
            output.line(format!("  missed {id}  {title}  [{instead}]"))?;
        }
    }
    for (kind, (called, of)) in &emerging.false_emerging {
        output.line(format!("called emerging, {kind}: {called} of {of}"))?;
    }
    for (id, title, name) in &emerging.mistaken {
        output.line(format!("  {id}  `{name}` in {title}"))?;
    }
    output.line("most confident mistakes:")?;
    for mistake in &report.mistakes {
        output.line(format!(
            "  {:.3} target {} ({}) {}  {}  {}",
            mistake.score,
            mistake.target,
            mistake.label.as_deref().unwrap_or("-"),
            mistake.verdict,
            mistake.id,
            mistake.title
        ))?;
        for why in &mistake.why {
            output.line(format!("        {why}"))?;
        }
    }
    Ok(())
}

/// Wrong places shown as text; `--json` has more.
const WRONG_SHOWN: usize = 10;

/// Misses of one technique shown as text; `--json` has more.
const MISSES_SHOWN: usize = 5;

fn print_disguise(report: &DisguiseReport, output: &Output) -> Result<(), Failure> {
    let line = |name: &str, fared: &Fared| {
        format!(
            "  {name:<32} {:.3} [{:.3}, {:.3}]  {} of {} listings, {} of {} names; not clear {}",
            fared.ratio,
            fared.interval.0,
            fared.interval.1,
            fared.same_substance,
            fared.of,
            fared.names_same,
            fared.names,
            fared.kept
        )
    };
    output.line(format!(
        "disguised names recognised as the same substance, of {} listings ({} names) found plain:",
        report.rows, report.names
    ))?;
    for (name, fared) in &report.alone {
        output.line(line(name, fared))?;
        for miss in report.missed.iter().filter(|miss| miss.technique == *name).take(MISSES_SHOWN) {
            output.line(format!(
                "      missed {}: `{}` as `{}`, {}, found {:?}",
                miss.id, miss.name, miss.written, miss.verdict, miss.found
            ))?;
        }
    }
    output.line(line("all pairs", &report.all_pairs))?;
    let mut pairs: Vec<_> = report.pairs.iter().collect();
    pairs.sort_by(|a, b| a.1.ratio.total_cmp(&b.1.ratio));
    for (name, fared) in pairs {
        output.line(line(name, fared))?;
    }
    Ok(())
}

fn print_change(change: &Change, output: &Output) -> Result<(), Failure> {
    let then = change.watchlist_then.as_deref().unwrap_or("an earlier run");
    output.line(format!("against the baseline ({then}):"))?;
    for (figure, difference) in &change.figures {
        output.line(format!("  {figure:<28} {difference:+.4}"))?;
    }
    if !change.same_data {
        output.line("  the baseline judged other rows, or was made by a version that kept none: only rows both list are compared")?;
    }
    let kinds = [
        ("better", &change.better),
        ("worse", &change.worse),
        ("other controlled, changed", &change.other),
        ("other substances", &change.substances),
    ];
    for (kind, rows) in kinds {
        output.line(format!("  {kind}: {}", rows.len()))?;
        for RowChange { id, title, target, then, now, lost, gained } in rows {
            let names = [("-", lost), ("+", gained)];
            let names: Vec<String> =
                names.iter().flat_map(|(sign, names)| names.iter().map(move |name| format!("{sign}{name}"))).collect();
            output.line(format!("    {id} target {target} {} -> {}  {}  {title}", then, now, names.join(" ")))?;
        }
    }
    Ok(())
}

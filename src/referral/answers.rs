//! A file of answers: comma-separated values with a heading, one answer a line. What is wrong is named with its line; the
//! rest is taken.

use csv::{ReaderBuilder, StringRecord, Trim};

use crate::referral::outcome::{Decision, Outcome};
use crate::referral::reasons::OutcomeError;
use crate::vocab::ids::ReferralId;

/// One answer of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerLine {
    /// Its line, from 1; the heading is line 1.
    pub line: u64,
    /// Case.
    pub referral: ReferralId,
    /// The page it is for; without one it is for the case.
    pub url: Option<String>,
    /// What the platform decided.
    pub outcome: Outcome,
}

/// A line that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Its line, from 1.
    pub line: u64,
    /// The case it names, as far as it can be read.
    pub referral: Option<String>,
    /// Why.
    pub error: String,
}

/// Why a file as a whole is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// No heading that names the columns.
    #[error(
        "the first line must name the columns `referral` and `decision`, and may name `reason`, `reference` and `url`; it lacks `{0}`"
    )]
    Heading(&'static str),
    /// A column nobody knows.
    #[error("there is no column `{0}`; columns are referral, decision, reason, reference, url")]
    Column(String),
    /// Too many lines.
    #[error("the file has more than {0} answers; send it in parts")]
    TooMany(usize),
    /// Not text.
    #[error("the file is not UTF-8 text")]
    Encoding,
}

/// Answers of one file at most.
pub const LINES: usize = 10_000;

/// Reads a file of answers.
///
/// # Errors
/// When the file as a whole cannot be read.
pub fn read(bytes: &[u8]) -> Result<Vec<Result<AnswerLine, BadLine>>, FileError> {
    let text = std::str::from_utf8(bytes).map_err(|_| FileError::Encoding)?;
    // Line ends of one byte, so that the reader counts lines as editors do.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
    let heading = text.lines().next().unwrap_or_default();
    // Spreadsheets of half of Europe separate by semicolons.
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|by| heading.bytes().filter(|byte| byte == by).count())
        .unwrap_or(b',');
    let mut reader =
        ReaderBuilder::new().delimiter(delimiter).flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let names: Vec<String> =
        reader.headers().map(|names| names.iter().map(str::to_lowercase).collect()).unwrap_or_default();
    const KNOWN: [&str; 5] = ["referral", "decision", "reason", "reference", "url"];
    if let Some(other) = names.iter().find(|name| !KNOWN.contains(&name.as_str()) && !name.is_empty()) {
        // A file without a heading begins with an answer.
        return Err(if names.iter().any(|name| KNOWN.contains(&name.as_str())) {
            FileError::Column(other.chars().take(40).collect())
        } else {
            FileError::Heading("referral")
        });
    }
    let place = |name: &'static str| names.iter().position(|held| held == name);
    let referral = place("referral").ok_or(FileError::Heading("referral"))?;
    let decision = place("decision").ok_or(FileError::Heading("decision"))?;
    let (reason, reference, url) = (place("reason"), place("reference"), place("url"));
    let mut answers = Vec::new();
    let mut last = 1;
    for record in reader.records() {
        if answers.len() >= LINES {
            return Err(FileError::TooMany(LINES));
        }
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(last + 1, csv::Position::line);
                answers.push(Err(BadLine { line, referral: None, error: error.to_string() }));
                continue;
            }
        };
        let line = record.position().map_or(last + 1, csv::Position::line);
        last = line;
        answers.push(one(&record, line, (referral, decision, reason, reference, url), names.len()));
    }
    Ok(answers)
}

type Places = (usize, usize, Option<usize>, Option<usize>, Option<usize>);

fn one(record: &StringRecord, line: u64, places: Places, columns: usize) -> Result<AnswerLine, BadLine> {
    let (referral, decision, reason, reference, url) = places;
    let field = |at: Option<usize>| at.and_then(|at| record.get(at)).filter(|text| !text.is_empty());
    let named = field(Some(referral)).map(|text| text.chars().take(80).collect::<String>());
    let bad = |error: String| BadLine { line, referral: named.clone(), error };
    if record.len() > columns {
        let text = format!("{} values where the heading has {columns}; put text with commas in quotes", record.len());
        return Err(bad(text));
    }
    let id = field(Some(referral)).ok_or_else(|| bad("the line names no referral".to_owned()))?;
    let id = ReferralId::parse(id).map_err(|error| bad(error.to_string()))?;
    let given = field(Some(decision)).ok_or_else(|| bad("the line names no decision".to_owned()))?;
    let parsed = Decision::parse(&given.to_lowercase())
        .ok_or_else(|| bad(OutcomeError::Decision(given.chars().take(40).collect()).to_string()))?;
    let outcome = Outcome::checked(parsed, field(reason), field(reference)).map_err(|error| bad(error.to_string()))?;
    Ok(AnswerLine { line, referral: id, url: field(url).map(str::to_owned), outcome })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_lines_are_named_and_the_rest_is_taken() {
        let file = "\u{feff}referral,decision,reason,reference\r\nR-1,removed,illegal-content,T-1\r\nR-2,gone,,\r\n,removed,,\r\n\
                    R-3,Rejected,\"a lamp, not a drug\",\r\nR-4,rejected,illegal-content,\r\nR-5,removed,a,b,c\r\n";
        let read = read(file.as_bytes()).unwrap();
        let lines: Vec<_> = read
            .iter()
            .map(|one| match one {
                Ok(good) => (good.line, good.outcome.decision.name(), good.outcome.reason.clone().unwrap_or_default()),
                Err(bad) => (bad.line, "bad", bad.error.split(';').next().unwrap_or_default().to_owned()),
            })
            .collect();
        assert_eq!(lines[0], (2, "removed", "illegal-content".into()));
        assert_eq!(lines[1], (3, "bad", "no decision `gone`".into()));
        assert_eq!(lines[2], (4, "bad", "the line names no referral".into()));
        assert_eq!(lines[3], (5, "rejected", "a lamp, not a drug".into()));
        assert_eq!(lines[4].1, "bad");
        assert_eq!(lines[5], (7, "bad", "5 values where the heading has 4".into()));
    }

    #[test]
    fn semicolons_work_and_a_file_without_a_heading_is_refused() {
        let read_all = read(b"referral;decision\nR-1;removed\n").unwrap();
        assert!(read_all[0].is_ok(), "{read_all:?}");
        assert_eq!(read(b"R-1,removed\n"), Err(FileError::Heading("referral")));
        assert_eq!(read(b"referral,reason\n"), Err(FileError::Heading("decision")));
        assert_eq!(read(b"referral,decision,colour\n"), Err(FileError::Column("colour".into())));
        assert_eq!(read(&[0xff, 0xfe]), Err(FileError::Encoding));
        assert_eq!(read(b""), Err(FileError::Heading("referral")));
    }
}

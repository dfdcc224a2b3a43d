//! Datasets in files: JSON Lines and CSV, streamed row by row.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::archive::ArchiveError;
use crate::archive::warc_file::{failed, sync_folder};
use crate::vocab::visible::{Keep, escaped_json, visible};

/// Writes rows one by one, in one of the formats.
///
/// A row is anything serde can write; it is written as it stands in JSON.
pub struct RowWriter<W: Write> {
    form: Form<W>,
    count: u64,
}

enum Form<W: Write> {
    Jsonl(W),
    Csv { writer: Box<csv::Writer<W>>, columns: Vec<String> },
}

impl<W: Write> RowWriter<W> {
    /// JSON Lines: one document a line.
    pub fn jsonl(out: W) -> Self {
        RowWriter { form: Form::Jsonl(out), count: 0 }
    }

    /// CSV of RFC 4180 with a header line.
    ///
    /// `columns` name fields of the row as it would stand in JSON; `price.currency` reaches into an object. Lists of plain
    /// values are joined with `; `, anything deeper stands as JSON. Text that a spreadsheet would run as a formula gets a
    /// `'` in front.
    ///
    /// # Errors
    /// When `out` refuses the header.
    pub fn csv(out: W, columns: &[&str]) -> io::Result<Self> {
        let mut writer = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            // Whatever a spreadsheet parts cells by, a text in quotation marks stays one cell.
            .quote_style(csv::QuoteStyle::NonNumeric)
            .from_writer(out);
        writer.write_record(columns)?;
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        Ok(RowWriter { form: Form::Csv { writer: Box::new(writer), columns }, count: 0 })
    }

    /// Writes one row.
    ///
    /// # Errors
    /// When the output refuses, or the row cannot stand in JSON.
    pub fn row<T: Serialize>(&mut self, row: &T) -> io::Result<()> {
        match &mut self.form {
            Form::Jsonl(out) => {
                // What cannot be seen stands as escapes, in a file as on a terminal.
                writeln!(out, "{}", escaped_json(&serde_json::to_string(row)?))?;
            }
            Form::Csv { writer, columns } => {
                let row = serde_json::to_value(row)?;
                writer.write_record(columns.iter().map(|column| cell(&row, column)))?;
            }
        }
        self.count += 1;
        Ok(())
    }

    /// Flushes; says how many rows there are and hands the output back.
    ///
    /// # Errors
    /// When the output refuses.
    pub fn finish(self) -> io::Result<(u64, W)> {
        let out = match self.form {
            Form::Jsonl(mut out) => {
                out.flush()?;
                out
            }
            Form::Csv { writer, .. } => {
                writer.into_inner().map_err(|error| io::Error::new(error.error().kind(), error.to_string()))?
            }
        };
        Ok((self.count, out))
    }
}

fn cell(row: &Value, column: &str) -> String {
    let value = column.split('.').try_fold(row, |value, key| value.get(key));
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => guarded(text),
        Some(Value::Array(items)) if items.iter().all(|item| !item.is_array() && !item.is_object()) => {
            let items: Vec<_> =
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect();
            guarded(&items.join("; "))
        }
        Some(other) => other.to_string(),
    }
}

/// `text` with what cannot be seen shown, and with a `'` in front when a spreadsheet would take it for a formula: also behind
/// spaces and quotation marks, and with the wide forms of the signs.
fn guarded(text: &str) -> String {
    let text = visible(text, Keep::Lines);
    let first = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '⟨'));
    let is_formula = text.starts_with(['\t', '\r', '\n'])
        || first.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '−', '﹢', '﹣', '﹦', '﹫']);
    if is_formula || first.len() < text.len() && text.starts_with('⟨') {
        format!("'{text}")
    } else {
        text.into_owned()
    }
}

/// A file that appears under its name only when it is whole. Dropped without [`OutFile::finish`], it leaves nothing.
#[derive(Debug)]
pub struct OutFile {
    path: PathBuf,
    draft: PathBuf,
    writer: Option<BufWriter<File>>,
}

impl OutFile {
    /// Begins a file beside `path`; what stands at `path` stays until [`OutFile::finish`].
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn create(path: &Path) -> Result<Self, ArchiveError> {
        // What a link leads to counts: a device or a pipe is no place for a file.
        if let Ok(standing) = fs::metadata(path)
            && !standing.is_file()
        {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
            return Err(failed("replace", path)(source));
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let draft = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        let file = File::create(&draft).map_err(failed("create", &draft))?;
        Ok(OutFile { path: path.to_owned(), draft, writer: Some(BufWriter::new(file)) })
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// When the disk refuses; then nothing is left and what stood there stands.
    pub fn finish(mut self) -> Result<(), ArchiveError> {
        let Some(writer) = self.writer.take() else { return Ok(()) };
        let put = || {
            let file = writer.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            fs::rename(&self.draft, &self.path)?;
            let folder = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
            sync_folder(folder.unwrap_or(Path::new(".")))
        };
        let placed = put().map_err(failed("write", &self.path));
        if placed.is_err() {
            let _ = fs::remove_file(&self.draft);
        }
        placed
    }
}

impl Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.writer {
            Some(writer) => writer.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.as_mut().map_or(Ok(()), BufWriter::flush)
    }
}

impl Drop for OutFile {
    fn drop(&mut self) {
        if self.writer.is_some() {
            let _ = fs::remove_file(&self.draft);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn jsonl_is_one_document_a_line() {
        let mut rows = RowWriter::jsonl(Vec::new());
        for row in [json!({"a": "x\ny\u{202e}"}), json!({"a": 2})] {
            rows.row(&row).unwrap();
        }
        let (count, out) = rows.finish().unwrap();
        assert_eq!(count, 2);
        assert_eq!(String::from_utf8(out).unwrap(), "{\"a\":\"x\\ny\\u202e\"}\n{\"a\":2}\n");
    }

    #[test]
    fn csv_quotes_joins_and_guards() {
        let rows = [
            json!({"title": "=HYPERLINK(\"http://x.test\")", "urls": ["http://a.test", "http://b.test"], "score": -0.5}),
            json!({"title": "a, \"b\"\nc", "price": {"currency": "EUR"}, "urls": ["-1"], "parts": [{"x": 1}]}),
            json!({"title": "@cmd", "urls": null, "score": 1, "extra": true}),
        ];
        let mut writer = RowWriter::csv(Vec::new(), &["title", "urls", "score", "price.currency", "parts"]).unwrap();
        for row in rows {
            writer.row(&row).unwrap();
        }
        let (count, out) = writer.finish().unwrap();
        assert_eq!(count, 3);
        let expected = concat!(
            r#""title","urls","score","price.currency","parts""#,
            "\r\n",
            r#""'=HYPERLINK(""http://x.test"")","http://a.test; http://b.test",-0.5,"","""#,
            "\r\n",
            "\"a, \"\"b\"\"\nc\",\"'-1\",\"\",\"EUR\",\"[{\"\"x\"\":1}]\"\r\n",
            r#""'@cmd","",1,"","""#,
            "\r\n",
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn no_text_is_a_formula_however_it_is_hidden() {
        for text in [
            "=1+1",
            " =1+1",
            "\u{a0}=1",
            "＝1+1",
            "−1+1",
            "＠SUM(1)",
            "\"=1",
            "'+1",
            "\u{200b}=1",
            "\0=1",
            "\t=1",
            "\n=1",
        ] {
            assert!(guarded(text).starts_with('\''), "{text:?}: {}", guarded(text));
        }
        for text in ["isotonitazene", "5 - 10 g", "a=b", "x;=1+1"] {
            assert_eq!(guarded(text), text);
        }
        assert_eq!(guarded("a\u{202e}b"), "a⟨U+202E⟩b");
    }

    #[test]
    fn no_row_still_has_a_header() {
        let (count, out) = RowWriter::csv(Vec::new(), &["a", "b"]).unwrap().finish().unwrap();
        assert_eq!((count, out.as_slice()), (0, b"\"a\",\"b\"\r\n".as_slice()));
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("hits.csv");
        fs::write(&path, "old").unwrap();
        let mut out = OutFile::create(&path).unwrap();
        out.write_all(b"half").unwrap();
        drop(out);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        let mut out = OutFile::create(&path).unwrap();
        out.write_all(b"new").unwrap();
        out.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no draft is left");
    }
}

//! How the names of a family can end, worked out from its rule. The build script reads this file too: what is compiled in
//! need not be worked out each time the program starts.

use regex_syntax::hir::{Hir, HirKind};

/// Fewest letters and digits of an ending worth looking for.
const SYMBOLS: usize = 3;

/// Bytes of an ending that are looked for: the first pass asks for the last eight letters first, and those of other scripts
/// are two bytes each.
const BYTES: usize = 9;
const BYTES_OF_OTHERS: usize = 40;

/// How often a part may hold other parts.
const DEPTH: usize = 4;

/// A pattern with its `parts` in place of their names.
pub fn expanded<'a>(pattern: &str, parts: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> String {
    let mut pattern = pattern.to_owned();
    for _ in 0..DEPTH {
        for (name, part) in parts.clone() {
            pattern = pattern.replace(&format!("{{{name}}}"), part);
        }
    }
    pattern
}

/// All ways to end what a folded pattern accepts, separators left out, one a line; `None` if there are too many or they are
/// too short.
///
/// # Errors
/// When the pattern cannot be read.
pub fn of(pattern: &str) -> Result<Option<String>, Box<regex_syntax::Error>> {
    // Three digits are one way to end, not a thousand: the first pass knows families by how many digits they have.
    let joined = pattern.replace(" ?", "").replace(' ', "").replace("[0-9]{3}", "000");
    let parsed = regex_syntax::parse(&joined)?;
    let mut extractor = regex_syntax::hir::literal::Extractor::new();
    extractor.kind(regex_syntax::hir::literal::ExtractKind::Suffix);
    let bytes = if joined.is_ascii() { BYTES } else { BYTES_OF_OTHERS };
    extractor.limit_class(10).limit_literal_len(bytes).limit_total(20_000);
    let found = extractor.extract(&without_head(parsed));
    let Some(literals) = found.literals() else { return Ok(None) };
    let endings: Vec<_> = literals.iter().map(|literal| String::from_utf8_lossy(literal.as_bytes())).collect();
    let is_long = |ending: &str| ending.chars().filter(char::is_ascii_alphanumeric).count() >= SYMBOLS;
    Ok(endings.iter().all(|ending| is_long(ending)).then(|| endings.join("\n")))
}

/// A pattern without what may be left out at its front: whatever ends with the rest is found by the rest.
fn without_head(parsed: Hir) -> Hir {
    match parsed.into_kind() {
        HirKind::Concat(parts) => {
            Hir::concat(parts.into_iter().skip_while(|part| part.properties().minimum_len() == Some(0)).collect())
        }
        HirKind::Alternation(ways) => Hir::alternation(ways.into_iter().map(without_head).collect()),
        HirKind::Repetition(repeated) => Hir::repetition(repeated),
        HirKind::Capture(group) => Hir::capture(group),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Empty => Hir::empty(),
    }
}

//! Ways sellers disguise a name, and how often a name that is found plain is still recognised when it is disguised.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::detect::Detector;
use crate::detect::assessment::{Assessment, Verdict};
use crate::detect::evaluate::figures::wilson;
use crate::detect::screen;
use crate::listing::input::InputLine;
use crate::vocab::terms::How;

/// One way of writing a name so that a plain search misses it. The order is the order they are applied in: letters are
/// replaced before something is put between them, and entities are written last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Technique {
    /// One letter, not the first, is left out.
    DroppedLetter,
    /// `0` for o, `1` for i and l, `3` for e, `4` for a, `5` for s, `7` for t, `8` for b.
    Digits,
    /// Cyrillic letters drawn like Latin ones.
    Cyrillic,
    /// Greek letters drawn like Latin ones.
    Greek,
    /// Full-width forms.
    FullWidth,
    /// Combining marks over and under letters.
    CombiningMarks,
    /// Soft hyphens between letters.
    SoftHyphens,
    /// Zero-width characters between letters.
    ZeroWidth,
    /// A space between all letters.
    Spaced,
    /// A full stop between all letters.
    Dotted,
    /// Emoji between letters.
    Emoji,
    /// HTML entities for letters.
    Entities,
}

impl Technique {
    /// All of them, in the order they are applied.
    pub const ALL: [Technique; 12] = [
        Technique::DroppedLetter,
        Technique::Digits,
        Technique::Cyrillic,
        Technique::Greek,
        Technique::FullWidth,
        Technique::CombiningMarks,
        Technique::SoftHyphens,
        Technique::ZeroWidth,
        Technique::Spaced,
        Technique::Dotted,
        Technique::Emoji,
        Technique::Entities,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Technique::DroppedLetter => "dropped-letter",
            Technique::Digits => "digits",
            Technique::Cyrillic => "cyrillic",
            Technique::Greek => "greek",
            Technique::FullWidth => "full-width",
            Technique::CombiningMarks => "combining-marks",
            Technique::SoftHyphens => "soft-hyphens",
            Technique::ZeroWidth => "zero-width",
            Technique::Spaced => "spaced",
            Technique::Dotted => "dotted",
            Technique::Emoji => "emoji",
            Technique::Entities => "entities",
        }
    }

    /// Pairs that can stand together: only one of spaces and full stops fits between two letters.
    pub fn pairs() -> impl Iterator<Item = (Technique, Technique)> {
        let all = Technique::ALL;
        let pairs = (0..all.len()).flat_map(move |a| (a + 1..all.len()).map(move |b| (all[a], all[b])));
        pairs.filter(|pair| *pair != (Technique::Spaced, Technique::Dotted))
    }
}

/// Letters a name needs before one can be left out, and before digits can stand for some, without making another name.
const DROPPABLE_LETTERS: usize = 6;
const DIGIT_LETTERS: usize = 5;

/// A character of the name as it is shown, and what stands between it and the next.
struct Piece {
    original: char,
    shown: String,
    after: String,
}

/// Writes `name` disguised by each of `techniques`; `seed` chooses the letters. None where a technique finds nothing to
/// change in this name.
pub fn disguise(name: &str, techniques: &[Technique], seed: u64) -> Option<String> {
    let mut pieces: Vec<Piece> =
        name.chars().map(|c| Piece { original: c, shown: c.to_string(), after: String::new() }).collect();
    let mut techniques = techniques.to_vec();
    techniques.sort_unstable();
    for technique in techniques {
        apply(technique, &mut pieces, xxh3_64_with_seed(technique.name().as_bytes(), seed)).then_some(())?;
    }
    Some(pieces.iter().flat_map(|piece| [piece.shown.as_str(), piece.after.as_str()]).collect())
}

fn apply(technique: Technique, pieces: &mut Vec<Piece>, seed: u64) -> bool {
    let letters = pieces.iter().filter(|piece| piece.original.is_ascii_alphabetic()).count();
    let plain = |piece: &Piece| piece.shown.chars().eq([piece.original]);
    match technique {
        Technique::DroppedLetter => {
            let places: Vec<usize> =
                (1..pieces.len()).filter(|at| pieces[*at].original.is_ascii_alphabetic()).collect();
            if letters < DROPPABLE_LETTERS || places.is_empty() {
                return false;
            }
            pieces.remove(places[seed as usize % places.len()]);
            true
        }
        Technique::Digits if letters < DIGIT_LETTERS => false,
        Technique::Digits => replace(pieces, seed, digit_for),
        Technique::Cyrillic => replace(pieces, seed, |c| look_alike(c, CYRILLIC)),
        Technique::Greek => replace(pieces, seed, |c| look_alike(c, GREEK)),
        Technique::FullWidth => {
            let mut changed = false;
            for piece in pieces.iter_mut() {
                let wide: String = piece
                    .shown
                    .chars()
                    .map(|c| if c.is_ascii_graphic() { char::from_u32(c as u32 + 0xfee0).unwrap_or(c) } else { c })
                    .collect();
                changed |= wide != piece.shown;
                piece.shown = wide;
            }
            changed
        }
        Technique::CombiningMarks => {
            let chosen = some_of(pieces, seed, |at| pieces[at].original.is_ascii_alphabetic());
            for at in &chosen {
                let mark = 0x300 + (pick(seed, *at) >> 8) as u32 % 0x30;
                pieces[*at].shown.extend(char::from_u32(mark));
            }
            !chosen.is_empty()
        }
        Technique::SoftHyphens => between(pieces, seed, &["\u{ad}"]),
        Technique::ZeroWidth => between(pieces, seed, &["\u{200b}", "\u{200c}", "\u{200d}", "\u{2060}", "\u{feff}"]),
        Technique::Spaced => {
            let gap = |piece: &Piece| !piece.original.is_whitespace();
            let places: Vec<usize> =
                (0..pieces.len().saturating_sub(1)).filter(|at| gap(&pieces[*at]) && gap(&pieces[at + 1])).collect();
            places.iter().for_each(|at| pieces[*at].after.push(' '));
            !places.is_empty()
        }
        Technique::Dotted => {
            let places: Vec<usize> = (0..pieces.len().saturating_sub(1)).filter(|at| is_inside(pieces, *at)).collect();
            places.iter().for_each(|at| pieces[*at].after.push('.'));
            !places.is_empty()
        }
        Technique::Emoji => between(pieces, seed, &["💊", "🔥", "❄\u{fe0f}", "⭐", "👩\u{200d}🔬", "🇳🇱"]),
        Technique::Entities => {
            let chosen = some_of(pieces, seed, |at| plain(&pieces[at]) && pieces[at].original.is_ascii_alphanumeric());
            for at in &chosen {
                let code = pieces[*at].original as u32;
                let hex = pick(seed, *at) & 0x100 == 0;
                pieces[*at].shown = if hex { format!("&#x{code:x};") } else { format!("&#{code};") };
            }
            !chosen.is_empty()
        }
    }
}

fn pick(seed: u64, at: usize) -> u64 {
    xxh3_64_with_seed(&at.to_le_bytes(), seed)
}

/// About half of the places that fit, at least one where there is any.
fn some_of(pieces: &[Piece], seed: u64, fits: impl Fn(usize) -> bool) -> Vec<usize> {
    let fit: Vec<usize> = (0..pieces.len()).filter(|at| fits(*at)).collect();
    let mut chosen: Vec<usize> = fit.iter().copied().filter(|at| pick(seed, *at) & 1 == 0).collect();
    if chosen.is_empty() && !fit.is_empty() {
        chosen.push(fit[seed as usize % fit.len()]);
    }
    chosen
}

/// Whether a letter or digit stands on both sides of the gap after `at`.
fn is_inside(pieces: &[Piece], at: usize) -> bool {
    let side = |at: usize| pieces.get(at).is_some_and(|piece| piece.original.is_alphanumeric());
    side(at) && side(at + 1)
}

fn between(pieces: &mut [Piece], seed: u64, what: &[&str]) -> bool {
    let chosen = some_of(pieces, seed, |at| is_inside(pieces, at));
    for at in &chosen {
        pieces[*at].after.push_str(what[(pick(seed, *at) >> 8) as usize % what.len()]);
    }
    !chosen.is_empty()
}

fn replace(pieces: &mut [Piece], seed: u64, other: impl Fn(char) -> Option<char>) -> bool {
    let fits = |at: usize| pieces[at].shown.chars().eq([pieces[at].original]) && other(pieces[at].original).is_some();
    let chosen = some_of(pieces, seed, fits);
    for at in &chosen {
        if let Some(c) = other(pieces[*at].original) {
            pieces[*at].shown = c.to_string();
        }
    }
    !chosen.is_empty()
}

fn digit_for(c: char) -> Option<char> {
    match c.to_ascii_lowercase() {
        'o' => Some('0'),
        'i' | 'l' => Some('1'),
        'e' => Some('3'),
        'a' => Some('4'),
        's' => Some('5'),
        't' => Some('7'),
        'b' => Some('8'),
        _ => None,
    }
}

/// Latin letters, each followed by the letter of the other script that is drawn like it.
const CYRILLIC: &str = "aаcсeеiіjјoоpрsѕxхyуhһAАBВCСEЕHНIІJЈKКMМOОPРSЅTТXХYУ";
const GREEK: &str = "aαeεiιkκnηoοpρtτuυvνxχyγAΑBΒEΕHΗIΙKΚMΜNΝOΟPΡTΤXΧYΥZΖ";

fn look_alike(c: char, pairs: &str) -> Option<char> {
    let mut pairs = pairs.chars();
    while let (Some(latin), Some(other)) = (pairs.next(), pairs.next()) {
        if latin == c {
            return Some(other);
        }
    }
    None
}

/// How one technique, or one pair, fared.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Fared {
    /// Listings whose name the technique applies to.
    pub of: u64,
    /// The same substance was recognised where the disguised name stands.
    pub same_substance: u64,
    /// The listing was referred or reviewed.
    pub kept: u64,
    /// `same_substance` of `of`: the ratio to the plain recall, which is 1 by choice of the listings.
    pub ratio: f64,
    /// 95 % interval of the ratio.
    pub interval: (f64, f64),
    /// The same over different names, each once.
    pub names: u64,
    /// Names recognised.
    pub names_same: u64,
}

/// A disguised name that was not recognised.
#[derive(Debug, Clone, Serialize)]
pub struct Missed {
    /// Listing.
    pub id: String,
    /// Technique or pair.
    pub technique: String,
    /// Name as it stood.
    pub name: String,
    /// Name as it was written.
    pub written: String,
    /// Verdict.
    pub verdict: Verdict,
    /// What was found where it stands, if anything.
    pub found: Vec<String>,
}

/// Disguises measured over listings.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DisguiseReport {
    /// Listings in scope whose name was found plain.
    pub rows: u64,
    /// Different names in them.
    pub names: u64,
    /// Each technique alone.
    pub alone: BTreeMap<String, Fared>,
    /// Each pair.
    pub pairs: BTreeMap<String, Fared>,
    /// All pairs together.
    pub all_pairs: Fared,
    /// Names not recognised, at most `MISSES_LIMIT` of a technique or pair.
    pub missed: Vec<Missed>,
}

/// Misses shown of one technique or pair.
const MISSES_LIMIT: usize = 40;

/// A listing with the places of one substance's name.
struct Subject<'a> {
    input: &'a InputLine,
    /// Substances the name stands for.
    ids: BTreeSet<String>,
    name: String,
    /// Field (`title` or `text`), first character, one past the last.
    places: Vec<(&'static str, usize, usize)>,
}

/// Disguises, in each listing of `inputs` whose first name is found plain, that name wherever it stands, and looks whether
/// it is still recognised.
pub fn measure<'a>(detector: &Detector, inputs: impl Iterator<Item = &'a InputLine>) -> DisguiseReport {
    let mut out = DisguiseReport::default();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for input in inputs {
        let Some(subject) = subject(detector, input) else { continue };
        out.rows += 1;
        known.insert(subject.name.to_lowercase());
        let alone = Technique::ALL.iter().map(|one| vec![*one]);
        for techniques in alone.chain(Technique::pairs().map(|(a, b)| vec![a, b])) {
            let label = techniques.iter().map(|one| one.name()).collect::<Vec<_>>().join("+");
            let seed = xxh3_64_with_seed(label.as_bytes(), xxhash_rust::xxh3::xxh3_64(input.id.to_string().as_bytes()));
            let Some((changed, places, written)) = rewritten(&subject, &techniques, seed) else { continue };
            let assessment = screen::judge(detector, &changed, &[]);
            let same = recognised(&assessment, &subject.ids, &places);
            let first = seen.insert((label.clone(), subject.name.to_lowercase()));
            let lists = if techniques.len() == 1 { &mut out.alone } else { &mut out.pairs };
            let mut fared = vec![lists.entry(label.clone()).or_default()];
            if techniques.len() == 2 {
                fared.push(&mut out.all_pairs);
            }
            for fared in fared {
                fared.of += 1;
                fared.same_substance += u64::from(same);
                fared.kept += u64::from(assessment.verdict != Verdict::Clear);
                fared.names += u64::from(first);
                fared.names_same += u64::from(first && same);
            }
            if !same && out.missed.iter().filter(|miss| miss.technique == label).count() < MISSES_LIMIT {
                out.missed.push(Missed {
                    id: input.id.to_string(),
                    technique: label,
                    name: subject.name.clone(),
                    written,
                    verdict: assessment.verdict,
                    found: found_at(&assessment, &places),
                });
            }
        }
    }
    out.names = known.len() as u64;
    let all = out.alone.values_mut().chain(out.pairs.values_mut()).chain([&mut out.all_pairs]);
    for fared in all.filter(|fared| fared.of > 0) {
        fared.ratio = fared.same_substance as f64 / fared.of as f64;
        fared.interval = wilson(fared.same_substance, fared.of);
    }
    out
}

fn subject<'a>(detector: &Detector, input: &'a InputLine) -> Option<Subject<'a>> {
    let plain = screen::judge(detector, input, &[]);
    if plain.verdict == Verdict::Clear {
        return None;
    }
    let is_plain = |m: &&crate::detect::assessment::NameMatch| {
        m.how == How::Name && m.rule == "name" && (m.field == "title" || m.field == "text")
    };
    let first = plain.substances.iter().find_map(|substance| substance.matches.iter().find(is_plain))?;
    let here = |m: &crate::detect::assessment::NameMatch| {
        (m.field.as_str(), m.start, m.end) == (first.field.as_str(), first.start, first.end)
    };
    let meant: Vec<_> = plain.substances.iter().filter(|substance| substance.matches.iter().any(here)).collect();
    let mut places: Vec<(&'static str, usize, usize)> = meant
        .iter()
        .flat_map(|substance| &substance.matches)
        .filter_map(|m| {
            let field = ["title", "text"].into_iter().find(|field| *field == m.field)?;
            Some((field, m.start, m.end))
        })
        .collect();
    places.sort_unstable();
    places.dedup();
    // Of places that overlap, the first one stands for all.
    let mut apart: Vec<(&'static str, usize, usize)> = Vec::new();
    for place in places {
        if apart.last().is_none_or(|held| held.0 != place.0 || held.2 <= place.1) {
            apart.push(place);
        }
    }
    let ids = meant.iter().map(|substance| substance.id.clone()).collect();
    Some(Subject { input, ids, name: first.surface.clone(), places: apart })
}

type Place = (String, usize, usize);

/// The listing with the name disguised wherever it stands, the places of the disguised name, and how it is written.
fn rewritten(subject: &Subject<'_>, techniques: &[Technique], seed: u64) -> Option<(InputLine, Vec<Place>, String)> {
    let mut changed = subject.input.clone();
    // Attributes may name the substance too.
    changed.attributes = None;
    let (mut places, mut written) = (Vec::new(), None);
    for (field, text) in [("title", &mut changed.title), ("text", &mut changed.text)] {
        let Some(held) = text.as_deref() else { continue };
        let source: Vec<char> = held.chars().collect();
        let (mut out, mut from) = (String::new(), 0);
        for (_, start, end) in subject.places.iter().filter(|place| place.0 == field) {
            let name: String = source[*start..*end].iter().collect();
            out.extend(&source[from..*start]);
            // Another spelling of the same substance may have nothing to change; then it goes, so that it does not help.
            if let Some(disguised) = disguise(&name, techniques, seed) {
                let begin = out.chars().count();
                out.push_str(&disguised);
                places.push((field.to_owned(), begin, out.chars().count()));
                if name.to_lowercase() == subject.name.to_lowercase() {
                    written.get_or_insert(disguised);
                }
            }
            from = *end;
        }
        out.extend(&source[from..]);
        *text = Some(out);
    }
    Some((changed, places, written?))
}

fn recognised(assessment: &Assessment, ids: &BTreeSet<String>, places: &[Place]) -> bool {
    let meant = assessment.substances.iter().filter(|substance| ids.contains(&substance.id));
    meant.flat_map(|substance| &substance.matches).any(|m| touches(&m.field, m.start, m.end, places))
}

fn touches(field: &str, start: usize, end: usize, places: &[Place]) -> bool {
    places.iter().any(|place| place.0 == field && place.1 < end && start < place.2)
}

fn found_at(assessment: &Assessment, places: &[Place]) -> Vec<String> {
    let names = assessment.substances.iter().filter_map(|substance| {
        let hit = substance.matches.iter().find(|m| touches(&m.field, m.start, m.end, places))?;
        Some(format!("{} ({}, {})", substance.id, hit.how, hit.rule))
    });
    let emerging = assessment.emerging.iter().filter(|found| touches(&found.field, found.start, found.end, places));
    names.chain(emerging.map(|found| format!("{} (emerging)", found.surface))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_technique_changes_the_name_and_none_the_other_way_round() {
        for technique in Technique::ALL {
            for seed in 0..20 {
                let written = disguise("Isotonitazene", &[technique], seed).unwrap_or_default();
                assert!(!written.is_empty() && written != "Isotonitazene", "{technique:?}");
                assert_eq!(disguise("Isotonitazene", &[technique], seed).as_deref(), Some(written.as_str()));
            }
        }
        assert_eq!(disguise("fentanyl", &[Technique::Spaced], 1).as_deref(), Some("f e n t a n y l"));
        assert_eq!(disguise("2C-B", &[Technique::Dotted], 1).as_deref(), Some("2.C-B"));
        assert_eq!(disguise("2C-B", &[Technique::DroppedLetter], 1), None);
        assert_eq!(disguise("ab", &[Technique::FullWidth], 1).as_deref(), Some("ａｂ"));
        assert_eq!(Technique::pairs().count(), 65);
    }

    #[test]
    fn a_name_is_disguised_wherever_it_stands() {
        let watchlist =
            crate::detect::watchlist::Watchlist::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
        let detector = Detector::compile(std::sync::Arc::new(watchlist)).unwrap();
        let input: InputLine = serde_json::from_str(
            r#"{"id": "x", "title": "Isotonitazene 10 g", "text": "We sell isotonitazene, pure ISOTONITAZENE."}"#,
        )
        .unwrap();
        let subject = subject(&detector, &input).unwrap();
        assert_eq!(subject.places, [("text", 8, 21), ("text", 28, 41), ("title", 0, 13)]);
        let (changed, places, written) = rewritten(&subject, &[Technique::Dotted], 1).unwrap();
        assert_eq!(written, "I.s.o.t.o.n.i.t.a.z.e.n.e");
        assert_eq!(places.len(), 3);
        assert!(!changed.text.unwrap().to_lowercase().contains("isotonitazene"));
        let report = measure(&detector, [&input].into_iter());
        assert_eq!((report.rows, report.names, report.alone["zero-width"].same_substance), (1, 1, 1));
        assert!(report.alone.len() == 12 && report.pairs.len() > 60, "{}", report.pairs.len());
    }
}

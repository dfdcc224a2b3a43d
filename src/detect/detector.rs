//! The compiled watchlist: listing in, assessment out.

use std::collections::HashMap;
use std::sync::Arc;

use crate::detect::assessment::{Assessment, EmergingFinding, ListingText, Verdict};
use crate::detect::classes::ClassGrammar;
use crate::detect::context::{ContextIndex, Sign};
use crate::detect::identifiers;
use crate::detect::names::{Found, Meaning, NameIndex, Spelling, Strength};
use crate::detect::score::Features;
use crate::detect::sieve::Sieve;
use crate::detect::view::Folded;
use crate::detect::watchlist::{Watchlist, control};
use crate::detect::whole;
use crate::vocab::terms::{How, LegitimateUse};

/// Why a watchlist could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum DetectorError {
    /// An automaton passed its limits.
    #[error("the names of the watchlist cannot be compiled: {0}")]
    Automaton(#[from] aho_corasick::BuildError),
    /// A class rule cannot be read.
    #[error("{0}")]
    ClassRule(String),
}

/// Judges listings. Immutable, so one serves all threads.
pub struct Detector {
    pub(super) watchlist: Arc<Watchlist>,
    pub(super) names: NameIndex,
    pub(super) sieve: Sieve,
    pub(super) classes: ClassGrammar,
    pub(super) context: ContextIndex,
    pub(super) identifiers: HashMap<String, u32>,
    pub(super) folded_names: std::collections::HashSet<String>,
}

/// One field of a listing and what was found in it.
pub(super) struct Field<'a> {
    pub(super) name: String,
    pub(super) source: &'a str,
    pub(super) folded: Folded,
    pub(super) signals: Vec<Sign>,
}

/// A listing read in full.
struct Read {
    assessment: Assessment,
    features: Features,
    /// No field held more than is kept of it.
    looked_at_all: bool,
}

/// A name with its place, before it is weighed.
pub(super) struct Named {
    pub(super) field: usize,
    /// Pattern of the name index; identifiers have none.
    pub(super) pattern: usize,
    pub(super) meaning: Meaning,
    pub(super) strength: Strength,
    pub(super) code: bool,
    /// Letters and digits such as a part number may have.
    pub(super) brief: bool,
    pub(super) how: How,
    pub(super) rule: String,
    /// Bytes of the folded text.
    pub(super) folded: (usize, usize),
    pub(super) span: (usize, usize),
    pub(super) disguised: bool,
}

impl Detector {
    /// Compiles a watchlist.
    ///
    /// # Errors
    /// When an automaton passes its limits or a class rule cannot be read.
    pub fn compile(watchlist: Arc<Watchlist>) -> Result<Self, DetectorError> {
        let names = NameIndex::build(&watchlist)?;
        let classes = ClassGrammar::compile(&watchlist.classes).map_err(DetectorError::ClassRule)?;
        let context = ContextIndex::build(&watchlist.context)?;
        let mut identifiers = HashMap::new();
        let mut folded_names = std::collections::HashSet::new();
        for (at, substance) in watchlist.substances.iter().enumerate() {
            for id in substance.identifiers() {
                identifiers.entry(id.clone()).or_insert(u32::try_from(at).unwrap_or(u32::MAX));
            }
            folded_names.extend(substance.all_names().map(crate::detect::view::fold));
        }
        let sieve = Sieve::build(&watchlist, &names, &classes)?;
        Ok(Detector { watchlist, names, sieve, classes, context, identifiers, folded_names })
    }

    /// The watchlist it was compiled from.
    pub fn watchlist(&self) -> &Watchlist {
        &self.watchlist
    }

    /// Judges one listing. Controls are cited for `jurisdictions`; international ones always.
    ///
    /// Nothing is clear that was not looked at: where a field holds more names than are kept, a person looks. The first pass
    /// has no such limit, so what it rules out needs none.
    pub fn assess(&self, listing: &ListingText<'_>, jurisdictions: &[String]) -> Assessment {
        if !self.needs_reading(listing) {
            return self.clear();
        }
        let read = self.read_and_weigh(listing, jurisdictions);
        match read.assessment.verdict {
            Verdict::Clear if !read.looked_at_all => {
                let reason = "the text holds more names or pieces of names than are looked at; the rest was not judged";
                Assessment { verdict: Verdict::Review, reasons: vec![reason.to_owned()], ..read.assessment }
            }
            Verdict::Clear | Verdict::Review | Verdict::Refer => read.assessment,
        }
    }

    /// Whether the first pass leaves anything a verdict could rest on.
    pub fn needs_reading(&self, listing: &ListingText<'_>) -> bool {
        let values = listing.attributes.iter().map(|(_, value)| value.as_str());
        self.sieve.needs_reading(&self.names, [listing.title, listing.text].into_iter().chain(values))
    }

    /// Reads a listing in full, whatever the first pass says.
    pub fn read(&self, listing: &ListingText<'_>, jurisdictions: &[String]) -> Assessment {
        self.read_and_weigh(listing, jurisdictions).assessment
    }

    /// What the score of a listing is made of, for fitting the weights; nothing where no name counts.
    pub fn features(&self, listing: &ListingText<'_>) -> Features {
        if self.needs_reading(listing) { self.read_and_weigh(listing, &[]).features } else { Features::default() }
    }

    fn read_and_weigh(&self, listing: &ListingText<'_>, jurisdictions: &[String]) -> Read {
        let mut fields = vec![field("title", listing.title), field("text", listing.text)];
        fields.extend(listing.attributes.iter().map(|(key, value)| field(&format!("attributes.{key}"), value)));
        let mut named = Vec::new();
        let mut emerging = Vec::new();
        let mut looked_at_all = true;
        for at in 0..fields.len() {
            looked_at_all &= self.find(&fields, at, &mut named, &mut emerging);
        }
        if named.is_empty() && emerging.is_empty() {
            return Read { assessment: self.clear(), features: Features::default(), looked_at_all };
        }
        for field in &mut fields {
            field.signals = self.context.find(&field.folded);
        }
        let (assessment, features) = self.weigh(&fields, named, emerging, jurisdictions);
        Read { assessment, features, looked_at_all }
    }

    pub(super) fn clear(&self) -> Assessment {
        Assessment {
            verdict: Verdict::Clear,
            score: Features::default().score(&self.watchlist.weights),
            category: None,
            substances: Vec::new(),
            context: Vec::new(),
            emerging: Vec::new(),
            reasons: Vec::new(),
            watchlist: self.watchlist.version().to_owned(),
        }
    }

    /// Whether a find is a name of its own, no piece of a longer chemical name or of a part number. Relatives of substances
    /// without lawful use are their longer names' business too, so these are asked for codes only.
    fn stands_by_itself(&self, folded: &Folded, hit: &Found) -> bool {
        let entry = self.names.entry(hit.pattern);
        let text = &folded.text[hit.start..hit.end];
        if entry.code || is_code(text) {
            return !whole::is_piece_of_a_code(folded, hit.start, hit.end);
        }
        let has_lawful_use = entry.meanings.iter().all(|meaning| match meaning {
            Meaning::Substance(at) => self
                .watchlist
                .substances
                .get(*at as usize)
                .is_some_and(|s| s.legitimate_use() != LegitimateUse::NoneKnown),
            Meaning::Equipment(_) => false,
        });
        let few_pieces = text.split(' ').count() <= FEW_PIECES;
        let asked = if hit.spelling == Spelling::Squeezed { few_pieces } else { has_lawful_use };
        !asked || !whole::is_piece_of_a_name(folded, hit.start, hit.end)
    }

    /// Names, identifiers and class names of one field. Answers whether all of it was looked at.
    fn find(
        &self,
        fields: &[Field<'_>],
        at: usize,
        named: &mut Vec<Named>,
        emerging: &mut Vec<(EmergingFinding, (usize, usize), usize)>,
    ) -> bool {
        let field = &fields[at];
        let mut found: Vec<Found> = Vec::new();
        let mut all = self.names.find(&field.folded, &mut found);
        let plain = found.len();
        all &= self.names.find_squeezed(&field.folded, &mut found);
        let squeezed = found.split_off(plain);
        for hit in squeezed {
            // A name that was pulled apart goes before the short words its pieces happen to spell.
            let overlaps = |held: &Found| held.start < hit.end && hit.start < held.end;
            let inside = |held: &Found| hit.start <= held.start && held.end <= hit.end && held.len() < hit.len();
            if found.iter().filter(|held| overlaps(held)).all(inside) {
                found.retain(|held| !overlaps(held));
                found.push(hit);
            }
        }
        found.retain(|hit| self.stands_by_itself(&field.folded, hit));
        all &= self.names.find_near(&field.folded, &mut found);
        let taken: Vec<(usize, usize)> = found.iter().map(|hit| (hit.start, hit.end)).collect();
        for hit in &found {
            let entry = self.names.entry(hit.pattern);
            let disguised = hit.spelling == Spelling::Squeezed || field.folded.is_disguised(hit.start, hit.end);
            let how = match entry.strength {
                _ if hit.spelling == Spelling::Near => How::Fuzzy,
                _ if disguised => How::Obfuscated,
                Strength::Distinct => How::Name,
                Strength::Street => How::Street,
                Strength::Ambiguous => How::Name,
            };
            for meaning in &entry.meanings {
                named.push(Named {
                    field: at,
                    pattern: hit.pattern,
                    meaning: *meaning,
                    strength: entry.strength,
                    code: entry.code,
                    brief: is_part_number(&field.folded.text[hit.start..hit.end]),
                    how,
                    rule: match hit.spelling {
                        Spelling::Plain => "name",
                        Spelling::Squeezed => "squeezed-name",
                        Spelling::Near => "near-spelling",
                    }
                    .to_owned(),
                    folded: (hit.start, hit.end),
                    span: field.folded.span(hit.start, hit.end),
                    disguised,
                });
            }
        }
        let (ids, all_ids) = identifiers::find(&field.folded.text);
        all &= all_ids;
        for id in ids {
            if let Some(substance) = self.identifiers.get(&id.value) {
                named.push(Named {
                    field: at,
                    pattern: usize::MAX,
                    meaning: Meaning::Substance(*substance),
                    strength: Strength::Distinct,
                    code: false,
                    brief: false,
                    how: How::Identifier,
                    rule: id.rule.to_owned(),
                    folded: (id.start, id.end),
                    span: field.folded.span(id.start, id.end),
                    disguised: false,
                });
            }
        }
        let (accepted_names, all_stems) = self.classes.find(&field.folded);
        all &= all_stems;
        for accepted in accepted_names {
            let name = &field.folded.text[accepted.start..accepted.end];
            if self.folded_names.contains(name)
                || taken.iter().any(|(start, end)| *start <= accepted.start && accepted.end <= *end)
                || is_code(name) && whole::is_piece_of_a_code(&field.folded, accepted.start, accepted.end)
                || whole::follows_on(&field.folded, accepted.end)
            {
                continue;
            }
            // A listed name inside a longer accepted one (`ortho methylfentanyl`) is the weaker reading: keep the longer.
            named.retain(|held| held.field != at || held.folded.0 < accepted.start || held.folded.1 > accepted.end);
            let (start, end) = field.folded.span(accepted.start, accepted.end);
            let finding = EmergingFinding {
                surface: cut(field.source, start, end),
                class: accepted.class,
                subclass: accepted.subclass,
                field: field.name.clone(),
                start,
                end,
                controls: accepted.controls.iter().filter_map(|code| control(code)).collect(),
            };
            emerging.push((finding, (accepted.start, accepted.end), at));
        }
        all
    }
}

/// Whether a folded name is a short code: letters and digits such as a part number may have.
fn is_code(name: &str) -> bool {
    let has_digits = name.bytes().any(|b| b.is_ascii_digit());
    name.len() <= LONGEST_CODE && name.is_ascii() && (has_digits || name.split(' ').all(|piece| piece.len() <= 4))
}

/// Whether a folded name has the form of a part number: letters and digits both, few of them.
fn is_part_number(name: &str) -> bool {
    is_code(name) && name.bytes().any(|b| b.is_ascii_digit())
}

/// Bytes of the longest folded code that a part number could hold.
const LONGEST_CODE: usize = 8;

/// Pieces of a name that was pulled apart into words, not into letters.
const FEW_PIECES: usize = 3;

fn field<'a>(name: &str, source: &'a str) -> Field<'a> {
    Field { name: name.to_owned(), source, folded: Folded::of(source), signals: Vec::new() }
}

/// Characters of a source.
pub(super) fn cut(source: &str, start: usize, end: usize) -> String {
    source.chars().skip(start).take(end.saturating_sub(start)).collect()
}

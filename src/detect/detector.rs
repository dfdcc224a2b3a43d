//! The compiled watchlist: listing in, assessment out.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::detect::assessment::{
    Assessment, ContextFinding, EmergingFinding, ListingText, NameMatch, SubstanceFinding, Verdict,
};
use crate::detect::classes::ClassGrammar;
use crate::detect::context::{ContextIndex, DEALING, Signal};
use crate::detect::identifiers;
use crate::detect::names::{Found, Meaning, NameIndex, Spelling, Strength};
use crate::detect::score::Features;
use crate::detect::sieve::Sieve;
use crate::detect::view::Folded;
use crate::detect::watchlist::{Substance, Watchlist};

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

/// Characters of folded text within which a licit signal excuses a name.
const LICIT_WINDOW_BYTES: usize = 48;

/// Findings shown of one substance.
const MATCHES_LIMIT: usize = 20;

/// Judges listings. Immutable, so one serves all threads.
pub struct Detector {
    watchlist: Arc<Watchlist>,
    names: NameIndex,
    sieve: Sieve,
    classes: ClassGrammar,
    context: ContextIndex,
    identifiers: HashMap<String, u32>,
    folded_names: std::collections::HashSet<String>,
}

/// One field of a listing and what was found in it.
struct Field<'a> {
    name: String,
    source: &'a str,
    folded: Folded,
    signals: Vec<Signal>,
}

/// A name with its place, before it is weighed.
struct Named {
    field: usize,
    /// Pattern of the name index; identifiers have none.
    pattern: usize,
    meaning: Meaning,
    strength: Strength,
    code: bool,
    how: &'static str,
    rule: String,
    /// Bytes of the folded text; identifiers have source offsets instead.
    folded: (usize, usize),
    span: (usize, usize),
    disguised: bool,
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
            for id in substance.cas.iter().chain(&substance.inchikey) {
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
    pub fn assess(&self, listing: &ListingText<'_>, jurisdictions: &[String]) -> Assessment {
        if self.needs_reading(listing) { self.read(listing, jurisdictions) } else { self.clear() }
    }

    /// Whether the first pass leaves anything a verdict could rest on.
    pub fn needs_reading(&self, listing: &ListingText<'_>) -> bool {
        let values = listing.attributes.iter().map(|(_, value)| value.as_str());
        self.sieve.needs_reading(&self.names, [listing.title, listing.text].into_iter().chain(values))
    }

    /// Reads a listing in full, whatever the first pass says.
    pub fn read(&self, listing: &ListingText<'_>, jurisdictions: &[String]) -> Assessment {
        let mut fields = vec![field("title", listing.title), field("text", listing.text)];
        fields.extend(listing.attributes.iter().map(|(key, value)| field(&format!("attributes.{key}"), value)));
        let mut named = Vec::new();
        let mut emerging = Vec::new();
        for at in 0..fields.len() {
            self.find(&fields, at, &mut named, &mut emerging);
        }
        if named.is_empty() && emerging.is_empty() {
            return self.clear();
        }
        for field in &mut fields {
            field.signals = self.context.find(&field.folded);
        }
        self.weigh(&fields, named, emerging, jurisdictions)
    }

    fn clear(&self) -> Assessment {
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

    /// Names, identifiers and class names of one field.
    fn find(
        &self,
        fields: &[Field<'_>],
        at: usize,
        named: &mut Vec<Named>,
        emerging: &mut Vec<(EmergingFinding, (usize, usize), usize)>,
    ) {
        let field = &fields[at];
        let mut found: Vec<Found> = Vec::new();
        self.names.find(&field.folded, &mut found);
        let plain = found.len();
        self.names.find_squeezed(&field.folded, &mut found);
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
        self.names.find_near(&field.folded, &mut found);
        let taken: Vec<(usize, usize)> = found.iter().map(|hit| (hit.start, hit.end)).collect();
        for hit in &found {
            let entry = self.names.entry(hit.pattern);
            let disguised = hit.spelling == Spelling::Squeezed || field.folded.is_disguised(hit.start, hit.end);
            let how = match entry.strength {
                _ if hit.spelling == Spelling::Near => "fuzzy",
                _ if disguised => "obfuscated",
                Strength::Distinct => "name",
                Strength::Street => "street",
                Strength::Ambiguous => "name",
            };
            for meaning in &entry.meanings {
                named.push(Named {
                    field: at,
                    pattern: hit.pattern,
                    meaning: *meaning,
                    strength: entry.strength,
                    code: entry.code,
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
        for id in identifiers::find(field.source) {
            if let Some(substance) = self.identifiers.get(&id.value) {
                let start = field.source[..id.start].chars().count();
                let end = start + field.source[id.start..id.end].chars().count();
                named.push(Named {
                    field: at,
                    pattern: usize::MAX,
                    meaning: Meaning::Substance(*substance),
                    strength: Strength::Distinct,
                    code: false,
                    how: "identifier",
                    rule: if id.value.len() == 27 { "inchikey" } else { "cas-check-digit" }.to_owned(),
                    folded: (usize::MAX, usize::MAX),
                    span: (start, end),
                    disguised: false,
                });
            }
        }
        for accepted in self.classes.find(&field.folded) {
            let name = &field.folded.text[accepted.start..accepted.end];
            if self.folded_names.contains(name)
                || taken.iter().any(|(start, end)| *start <= accepted.start && accepted.end <= *end)
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
            };
            emerging.push((finding, (accepted.start, accepted.end), at));
        }
    }

    fn weigh(
        &self,
        fields: &[Field<'_>],
        named: Vec<Named>,
        emerging: Vec<(EmergingFinding, (usize, usize), usize)>,
        jurisdictions: &[String],
    ) -> Assessment {
        let weights = &self.watchlist.weights;
        let mut features = Features::default();
        let excuses = |field: usize, place| licit_near(&fields[field], place);
        let (excused, open): (Vec<Named>, Vec<Named>) =
            named.into_iter().partition(|name| excuses(name.field, name.folded));
        let (licit, kept): (Vec<_>, Vec<_>) = emerging.into_iter().partition(|(_, place, at)| excuses(*at, *place));
        let deals = fields.iter().flat_map(|field| &field.signals).any(|signal| DEALING.contains(&signal.kind));
        let says_it = |name: &Named| name.strength == Strength::Distinct;
        // Beside a name that says it by itself, a street name is as likely an ordinary word. Alone it counts with signs of a
        // deal, with a second one for the same family, or as a code with a drug's quantity beside it.
        let said = !kept.is_empty() || open.iter().any(says_it);
        let paired = !said && self.is_paired(&open);
        let counts = |name: &Named| {
            says_it(name)
                || is_equipment_in_a_deal(name, deals)
                || (!said && (deals || paired || is_dosed_code(&fields[name.field], name)))
        };
        let open: Vec<Named> = open.into_iter().filter(counts).collect();
        if paired {
            features.add("soft-pair", 1.0);
        }
        let mut substances: BTreeMap<u32, Vec<&Named>> = BTreeMap::new();
        let mut strongest: Option<(u8, &Substance)> = None;
        let mut in_title = kept.iter().any(|(_, _, at)| *at == 0);
        for name in &open {
            in_title |= name.field == 0;
            let Meaning::Substance(at) = name.meaning else {
                let kind = if name.strength == Strength::Ambiguous { "equipment-ambiguous" } else { "equipment" };
                features.add(kind, 1.0);
                continue;
            };
            let Some(substance) = self.watchlist.substances.get(at as usize) else { continue };
            substances.entry(at).or_default().push(name);
            features.add(feature_of(name, substance), 1.0);
            if name.strength == Strength::Ambiguous && is_dosed_code(&fields[name.field], name) {
                features.add("code", 1.0);
            }
            if name.disguised {
                features.add("disguise", 1.0);
            }
            let rank = rank(name, substance);
            if strongest.is_none_or(|(held, _)| rank > held) {
                strongest = Some((rank, substance));
            }
        }
        for _ in &kept {
            features.add("class", 1.0);
        }
        if in_title {
            features.add("in-title", 1.0);
        }
        if substances.len() > 1 {
            features.add("more-names", 1.0);
        }
        for name in &excused {
            if let Meaning::Substance(at) = name.meaning {
                substances.entry(at).or_default().push(name);
            }
        }
        let mut context = Vec::new();
        for field in fields {
            for signal in &field.signals {
                features.add(signal.kind, if signal.kind == "licit" { 2.0 } else { 1.0 });
                if context.len() < CONTEXT_LIMIT {
                    let (start, end) = field.folded.span(signal.start, signal.end);
                    context.push(ContextFinding {
                        field: field.name.clone(),
                        start,
                        end,
                        surface: cut(field.source, start, end),
                        signal: signal.kind.to_owned(),
                        weight: weights.features.get(signal.kind).copied().unwrap_or(0.0),
                    });
                }
            }
        }
        if !excused.is_empty() || !licit.is_empty() {
            features.add("licit-at-name", 1.0);
        }
        let kept: Vec<EmergingFinding> = kept.into_iter().map(|(finding, ..)| finding).collect();
        let score = features.score(weights);
        let substance_findings = self.substance_findings(fields, &substances, jurisdictions);
        let category = category(strongest.map(|(_, substance)| substance), &kept, &features);
        let mut verdict = match score {
            _ if open.is_empty() && kept.is_empty() => Verdict::Clear,
            _ if score >= weights.refer => Verdict::Refer,
            _ if score >= weights.review => Verdict::Review,
            _ => Verdict::Clear,
        };
        // Other controlled drugs are not what the mandate is about; an unlisted name is for a person to judge.
        let only_other = category.as_deref() == Some("other-controlled");
        // The name of a family stands in news as often as in offers.
        let only_family = kept.is_empty()
            && ["offer", "quantity", "payment", "contact"].iter().all(|kind| !features.0.contains_key(kind))
            && open.iter().all(|name| matches!(name.meaning, Meaning::Substance(at) if self.is_family(at)));
        let only_emerging = strongest.is_none() && !kept.is_empty();
        if verdict == Verdict::Refer && (only_other || only_emerging || only_family) {
            verdict = Verdict::Review;
        }
        if only_emerging && verdict == Verdict::Clear && licit.is_empty() && excused.is_empty() {
            verdict = Verdict::Review;
        }
        if verdict == Verdict::Clear {
            return Assessment { score, context, substances: substance_findings, ..self.clear() };
        }
        let reasons = reasons(&substance_findings, &kept, &context, &features.explain(weights));
        Assessment {
            verdict,
            score,
            category,
            substances: substance_findings,
            context,
            emerging: kept,
            reasons,
            watchlist: self.watchlist.version().to_owned(),
        }
    }

    fn is_family(&self, at: u32) -> bool {
        self.watchlist.substances.get(at as usize).is_some_and(|substance| substance.class == "class-term")
    }

    /// Whether two different street names or ambiguous ones stand side by side for one family the mandate is about:
    /// `K2 spice`, `M-CAT (meow)`. Further apart, ordinary words meet by chance.
    fn is_paired(&self, open: &[Named]) -> bool {
        let family = |name: &Named| match name.meaning {
            Meaning::Substance(at) => {
                let substance = self.watchlist.substances.get(at as usize)?;
                (substance.category() != "other-controlled").then_some(substance.class.as_str())
            }
            Meaning::Equipment(_) => None,
        };
        open.iter().enumerate().any(|(at, one)| {
            open[at + 1..].iter().any(|other| {
                one.field == other.field
                    && one.pattern != other.pattern
                    && one.folded.1 < other.folded.0.saturating_add(PAIR_WINDOW_BYTES)
                    && other.folded.0 < one.folded.1.saturating_add(PAIR_WINDOW_BYTES)
                    && one.folded != other.folded
                    && family(one).is_some_and(|class| family(other) == Some(class))
            })
        })
    }

    fn substance_findings(
        &self,
        fields: &[Field<'_>],
        found: &BTreeMap<u32, Vec<&Named>>,
        jurisdictions: &[String],
    ) -> Vec<SubstanceFinding> {
        let mut findings: Vec<(usize, SubstanceFinding)> = Vec::new();
        for (at, names) in found {
            let Some(substance) = self.watchlist.substances.get(*at as usize) else { continue };
            let matches = names
                .iter()
                .take(MATCHES_LIMIT)
                .map(|name| NameMatch {
                    field: fields[name.field].name.clone(),
                    start: name.span.0,
                    end: name.span.1,
                    surface: cut(fields[name.field].source, name.span.0, name.span.1),
                    how: name.how.to_owned(),
                    rule: name.rule.clone(),
                })
                .collect();
            let weight = names
                .iter()
                .map(|name| match name.strength {
                    Strength::Distinct => 4,
                    Strength::Street => 2,
                    Strength::Ambiguous => 1,
                })
                .max();
            findings.push((
                weight.unwrap_or(0),
                SubstanceFinding {
                    id: substance.id.clone(),
                    name: substance.name.clone(),
                    class: substance.class.clone(),
                    subclass: substance.subclass.clone(),
                    legitimate_use: substance.legitimate_use.clone(),
                    controls: substance.controls_in(jurisdictions),
                    matches,
                },
            ));
        }
        findings.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.id.cmp(&b.1.id)));
        findings.into_iter().map(|(_, finding)| finding).collect()
    }
}

/// Context findings shown of one listing.
const CONTEXT_LIMIT: usize = 60;

/// Equipment is lawful goods: it counts in a deal that shuns the light, and dies with a brand's logo always.
fn is_equipment_in_a_deal(name: &Named, deals: bool) -> bool {
    matches!(name.meaning, Meaning::Equipment(_)) && (deals || name.strength != Strength::Ambiguous)
}

/// Bytes of folded text between two names that stand side by side.
const PAIR_WINDOW_BYTES: usize = 6;

/// Bytes of folded text within which a quantity belongs to a code.
const QUANTITY_WINDOW_BYTES: usize = 24;

/// Whether a quantity such as drugs are sold in stands beside a code. Codes of letters only (`MXE`) are written in capitals.
fn is_dosed_code(field: &Field<'_>, name: &Named) -> bool {
    if !name.code || name.strength == Strength::Distinct || name.folded.0 == usize::MAX {
        return false;
    }
    let Some(text) = field.folded.text.get(name.folded.0..name.folded.1) else { return false };
    let capitals = || cut(field.source, name.span.0, name.span.1).bytes().all(|b| b.is_ascii_uppercase());
    if !text.bytes().any(|b| b.is_ascii_digit()) && !capitals() {
        return false;
    }
    field.signals.iter().any(|signal| {
        signal.kind == "quantity"
            && signal.start < name.folded.1 + QUANTITY_WINDOW_BYTES
            && name.folded.0 < signal.end + QUANTITY_WINDOW_BYTES
            && (signal.start >= name.folded.1 || signal.end <= name.folded.0)
    })
}

fn feature_of(name: &Named, substance: &Substance) -> &'static str {
    match (name.how, name.strength, substance.legitimate_use.as_str()) {
        ("identifier", _, "licensed") => "identifier-licensed",
        ("identifier", _, "dual-use") if is_core_precursor(substance) => "identifier-precursor",
        ("identifier", _, "dual-use") => "identifier-dual-use",
        ("identifier", ..) => "identifier-none-known",
        ("fuzzy", ..) => "fuzzy",
        // The name of a whole family stands in news and books as often as in offers.
        (_, Strength::Distinct, _) if substance.class == "class-term" => "family",
        (_, Strength::Street, _) => "street",
        (_, Strength::Ambiguous, _) => "ambiguous",
        (_, _, "licensed") => "name-licensed",
        (_, _, "dual-use") if is_core_precursor(substance) => "name-precursor",
        (_, _, "dual-use") => "name-dual-use",
        _ => "name-none-known",
    }
}

/// Precursors under the strictest controls: Table I of the 1988 Convention and its counterparts. Solvents and acids of
/// Table II are everyday goods.
fn is_core_precursor(substance: &Substance) -> bool {
    let strict = ["UN1988-T1", "EU-cat1", "EU-cat2A", "US-L1"];
    substance.class == "precursor" && substance.controls.iter().any(|control| strict.contains(&control.as_str()))
}

/// Which name decides on a listing's category: the title says what is offered, the text what else the seller has; then a
/// name that says it by itself before others; then what the mandate is about before other drugs.
fn rank(name: &Named, substance: &Substance) -> u8 {
    let strength = match name.strength {
        Strength::Distinct => 4,
        Strength::Street => 2,
        Strength::Ambiguous => 0,
    };
    let in_title = if name.field == 0 && name.strength == Strength::Distinct { 8 } else { 0 };
    in_title + strength + u8::from(substance.category() != "other-controlled")
}

fn field<'a>(name: &str, source: &'a str) -> Field<'a> {
    Field { name: name.to_owned(), source, folded: Folded::of(source), signals: Vec::new() }
}

fn cut(source: &str, start: usize, end: usize) -> String {
    source.chars().skip(start).take(end.saturating_sub(start)).collect()
}

/// Whether a licit signal stands within the window of a name: it excuses that name, not the page.
fn licit_near(field: &Field<'_>, name: (usize, usize)) -> bool {
    if name.0 == usize::MAX {
        return field.signals.iter().any(|signal| signal.kind == "licit");
    }
    field.signals.iter().any(|signal| {
        signal.kind == "licit"
            && signal.start < name.1.saturating_add(LICIT_WINDOW_BYTES)
            && name.0 < signal.end.saturating_add(LICIT_WINDOW_BYTES)
    })
}

fn category(substance: Option<&Substance>, emerging: &[EmergingFinding], features: &Features) -> Option<String> {
    if let Some(substance) = substance {
        return Some(substance.category().to_owned());
    }
    if let Some(found) = emerging.first() {
        let category = match found.class.as_str() {
            "synthetic-opioid" | "precursor" => found.class.as_str(),
            _ => "nps",
        };
        return Some(category.to_owned());
    }
    (features.0.contains_key("equipment") || features.0.contains_key("equipment-ambiguous"))
        .then(|| "equipment".to_owned())
}

fn reasons(
    substances: &[SubstanceFinding],
    emerging: &[EmergingFinding],
    context: &[ContextFinding],
    parts: &[(String, f64)],
) -> Vec<String> {
    let mut reasons = Vec::new();
    for substance in substances.iter().take(5) {
        let Some(place) = substance.matches.first() else { continue };
        let how = match place.how.as_str() {
            "identifier" => "gives the identifier",
            "obfuscated" => "writes in disguise",
            "street" => "uses the street name",
            _ => "names",
        };
        let legal = match substance.legitimate_use.as_str() {
            "licensed" => "a controlled substance that needs a licence",
            "dual-use" => "a chemical with lawful uses, watched for diversion",
            _ => "a substance without known legitimate use",
        };
        let controls: Vec<String> =
            substance.controls.iter().take(4).map(|c| format!("{} {}", c.instrument, c.schedule)).collect();
        let controls = if controls.is_empty() { String::new() } else { format!(" ({})", controls.join(", ")) };
        reasons.push(format!("the {} {how} \"{}\": {}, {legal}{controls}", place.field, place.surface, substance.name));
    }
    for found in emerging.iter().take(3) {
        let family = found.subclass.as_deref().unwrap_or(&found.class);
        reasons.push(format!(
            "the {} names \"{}\", which no list has and whose form is that of the {family} family",
            found.field, found.surface
        ));
    }
    for kind in ["evasion", "offer", "contact", "payment", "shipping", "licit"] {
        let words: Vec<String> =
            context.iter().filter(|f| f.signal == kind).take(3).map(|f| format!("\"{}\"", f.surface)).collect();
        if !words.is_empty() {
            reasons.push(format!("{kind} signals: {}", words.join(", ")));
        }
    }
    let sum: Vec<String> = parts.iter().take(6).map(|(name, weight)| format!("{name} {weight:+.1}")).collect();
    reasons.push(format!("score from {}", sum.join(", ")));
    reasons
}

//! The compiled watchlist: listing in, assessment out.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use crate::detect::assessment::{Assessment, Decision, ListingText, Verdict};
use crate::detect::classes::{ClassGrammar, ClassRuleError};
use crate::detect::found::{deals, drop_pieces_of_names, field};
use crate::detect::marks::MarkIndex;
use crate::detect::names::NameIndex;
use crate::detect::score::Features;
use crate::detect::setting::Known;
use crate::detect::sieve::Sieve;
use crate::detect::signals::SignalIndex;
use crate::detect::skeletons::SkeletonIndex;
use crate::detect::view::plain;
use crate::detect::watchlist::Watchlist;
use crate::vocab::terms::{DecisionNamed, DecisionOffered};

/// Why a watchlist could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum DetectorError {
    /// An automaton passed its limits.
    #[error("the names of the watchlist cannot be compiled: {0}")]
    Automaton(#[from] aho_corasick::BuildError),
    /// A class rule cannot be read.
    #[error(transparent)]
    ClassRule(#[from] ClassRuleError),
}

/// Judges listings. Immutable, so one serves all threads.
pub struct Detector {
    pub(super) watchlist: Arc<Watchlist>,
    pub(super) names: NameIndex,
    pub(super) sieve: Sieve,
    pub(super) classes: ClassGrammar,
    pub(super) signals: SignalIndex,
    pub(super) marks: MarkIndex,
    pub(super) skeletons: SkeletonIndex,
    pub(super) identifiers: HashMap<String, u32>,
    /// Listed names as they are written, case, accents and separators apart; worked out when the first disguise is met.
    spellings: OnceLock<HashSet<String>>,
}

/// A listing read in full.
struct Read {
    assessment: Assessment,
    features: Features,
    /// No field held more than is kept of it.
    looked_at_all: bool,
}

impl Detector {
    /// Compiles a watchlist.
    ///
    /// # Errors
    /// When an automaton passes its limits or a class rule cannot be read.
    pub fn compile(watchlist: Arc<Watchlist>) -> Result<Self, DetectorError> {
        let names = NameIndex::build(&watchlist);
        let classes = ClassGrammar::compile(&watchlist.classes)?;
        let marks = MarkIndex::build(&watchlist.marks)?;
        let signals = SignalIndex::build(&watchlist.context);
        let skeletons = SkeletonIndex::build(&watchlist)?;
        let mut identifiers = HashMap::new();
        for (at, substance) in watchlist.substances.iter().enumerate() {
            for id in substance.identifiers() {
                identifiers.entry(id.clone()).or_insert(u32::try_from(at).unwrap_or(u32::MAX));
            }
        }
        let sieve = Sieve::build(&watchlist, &names, &classes, &skeletons)?;
        Ok(Detector {
            watchlist,
            names,
            sieve,
            classes,
            signals,
            marks,
            skeletons,
            identifiers,
            spellings: OnceLock::new(),
        })
    }

    /// The watchlist it was compiled from.
    pub fn watchlist(&self) -> &Watchlist {
        &self.watchlist
    }

    /// Whether a name is written as the list has it but for case, accents and separators.
    pub(super) fn is_spelling_of_the_list(&self, written: &str) -> bool {
        let spellings = || {
            let substances = self.watchlist.substances.iter().flat_map(|substance| substance.all_names().map(plain));
            let equipment = self.watchlist.equipment.iter().flat_map(|item| {
                let lists = [&item.terms, &item.ambiguous, &item.with_marks].into_iter();
                lists.flat_map(|names| names.values().flatten()).map(|term| plain(term))
            });
            substances.chain(equipment).collect()
        };
        let written = plain(written);
        self.spellings.get_or_init(spellings).contains(&written) || self.names.has(&written)
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

    /// Whether a text speaks of evasion, of payment that leaves no trace, or of a way to reach the seller.
    pub fn speaks_of_a_deal(&self, text: &str) -> bool {
        let mut field = field("text", text);
        field.signs = self.signals.find(&field.folded, &field.tokens);
        deals(&[field])
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
        self.find_dies(&fields, &mut named);
        if named.is_empty() && emerging.is_empty() {
            return Read { assessment: self.clear(), features: Features::default(), looked_at_all };
        }
        let mut places: Vec<Vec<(usize, usize)>> = vec![Vec::new(); fields.len()];
        named.iter().for_each(|name| places[name.field].push(name.folded));
        emerging.iter().for_each(|one| places[one.at].push(one.folded));
        for (field, names) in fields.iter_mut().zip(places) {
            field.signs = self.signals.find(&field.folded, &field.tokens);
            drop_pieces_of_names(&mut field.signs, names);
        }
        if !deals(&fields) {
            named.retain(|name| !name.doubtful);
            emerging.retain(|one| !one.doubtful);
        }
        let known = Known { page: listing.page, has_price: listing.price.is_some(), ..Known::default() };
        let (assessment, features) = self.judge(&fields, &named, &emerging, known, jurisdictions);
        Read { assessment, features, looked_at_all }
    }

    pub(super) fn clear(&self) -> Assessment {
        Assessment {
            verdict: Verdict::Clear,
            score: Features::default().score(&self.watchlist.weights),
            category: None,
            decision: Some(Decision { named: DecisionNamed::Nothing, offered: DecisionOffered::No, lawful: None }),
            substances: Vec::new(),
            context: Vec::new(),
            emerging: Vec::new(),
            reasons: Vec::new(),
            watchlist: self.watchlist.version().to_owned(),
        }
    }
}

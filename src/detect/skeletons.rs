//! Families by the parts of systematic names, and listed systematic names in other spellings.

use std::collections::HashMap;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

use crate::detect::chemical::{self, ChemicalName};
use crate::detect::view::{Folded, fold};
use crate::detect::watchlist::{SkeletonRule, Watchlist};

impl SkeletonRule {
    fn accepts(&self, joined: &str, written: &str) -> bool {
        let has =
            |text: &str, alternatives: &str| alternatives.split('|').any(|one| text.contains(&format!(" {one} ")));
        self.all.iter().all(|one| has(joined, one))
            && self.placed.iter().all(|one| has(written, one))
            && !self.none.iter().any(|one| has(joined, one) || has(written, one))
    }
}

/// What a systematic name is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// A listed substance, by its index.
    Substance(u32),
    /// A member of a family, by the rule's index.
    Family(usize),
}

/// Small groups with their places: what tells isomers apart.
type Places = Vec<(&'static str, String)>;

/// Bytes of the shortest name of the list that is read by its parts.
const LISTED_BYTES: usize = 24;

/// The rules and the listed systematic names.
pub struct SkeletonIndex {
    stems: AhoCorasick,
    rules: Vec<SkeletonRule>,
    /// Systematic names of the list, with their substances.
    names: Vec<(u32, String)>,
    /// Key of the parts to substances whose systematic name has them, with the places of their groups; worked out when the
    /// first systematic name is met.
    listed: OnceLock<HashMap<String, Vec<Listed>>>,
}

/// A listed substance under the key of its parts.
struct Listed {
    at: u32,
    places: Places,
    /// Its parts as they stand.
    joined: String,
}

/// A systematic name of a listed substance has so many parts; shorter ones have too many relatives.
const LISTED_PARTS: usize = 5;

impl SkeletonIndex {
    /// Compiles the rules and reads the list's systematic names.
    ///
    /// # Errors
    /// When the automaton of stems passes its limits.
    pub fn build(watchlist: &Watchlist) -> Result<Self, aho_corasick::BuildError> {
        let stems: Vec<String> =
            watchlist.skeletons.iter().flat_map(|rule| &rule.stem).map(|stem| fold(stem)).collect();
        let stems = AhoCorasick::new(&stems)?;
        let names = (0..).zip(&watchlist.substances).flat_map(|(at, substance)| {
            let long = substance.names.values().flatten().filter(|name| name.len() > LISTED_BYTES);
            long.map(move |name| (at, name.clone()))
        });
        Ok(SkeletonIndex { stems, rules: watchlist.skeletons.clone(), names: names.collect(), listed: OnceLock::new() })
    }

    fn read_listed(&self) -> HashMap<String, Vec<Listed>> {
        let mut listed: HashMap<String, Vec<Listed>> = HashMap::new();
        for (at, name) in &self.names {
            let folded = Folded::of(name);
            if !self.stems.is_match(folded.text.as_str()) {
                continue;
            }
            let [whole] = &chemical::find(&folded)[..] else { continue };
            // All of it is the name: what a reader of parts leaves over belongs to another compound.
            let before = &folded.text[..whole.start];
            let is_whole = chemical::is_only_places(before) && whole.end + 3 >= folded.text.len();
            if !is_whole || whole.telling_parts() < LISTED_PARTS {
                continue;
            }
            let held = listed.entry(whole.key()).or_default();
            held.push(Listed { at: *at, places: owned(whole), joined: whole.joined() });
        }
        listed
    }

    /// Folded stems that start the search.
    pub fn stems(&self) -> impl Iterator<Item = String> {
        self.rules.iter().flat_map(|rule| &rule.stem).map(|stem| fold(stem))
    }

    /// Rule `at`.
    pub fn rule(&self, at: usize) -> &SkeletonRule {
        &self.rules[at]
    }

    /// Systematic names of a text that are listed substances in another spelling, or members of a family.
    pub fn find(&self, folded: &Folded) -> Vec<(ChemicalName, Meant)> {
        if !self.stems.is_match(folded.text.as_str()) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for name in chemical::find(folded) {
            let places = owned(&name);
            let (joined, written) = (name.joined(), name.written());
            let rule = self.rules.iter().position(|rule| rule.accepts(&joined, &written));
            let listed = self.listed.get_or_init(|| self.read_listed());
            // The same parts in another order are the same compound only where they make the skeleton of a family: other
            // orders of few parts are other compounds.
            let is_same = |listed: &&Listed| listed.places == places && (rule.is_some() || listed.joined == joined);
            if let Some(listed) = listed.get(&name.key()).and_then(|held| held.iter().find(is_same)) {
                found.push((name, Meant::Substance(listed.at)));
            } else if let Some(at) = rule {
                found.push((name, Meant::Family(at)));
            }
        }
        found
    }
}

fn owned(name: &ChemicalName) -> Places {
    name.places().into_iter().map(|(form, place)| (form, place.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn meant(text: &str) -> Option<String> {
        let watchlist = Arc::new(Watchlist::builtin().expect("the list that is compiled in can be read"));
        let index = SkeletonIndex::build(&watchlist).expect("its rules compile");
        let (_, meant) = index.find(&Folded::of(text)).into_iter().next()?;
        Some(match meant {
            Meant::Substance(at) => watchlist.substances[at as usize].id.clone(),
            Meant::Family(at) => index.rule(at).id.clone(),
        })
    }

    #[test]
    fn families_are_told_from_their_lawful_relatives() {
        for (text, expected) in [
            ("N-[1-(2-phenylethyl)piperidin-4-yl]-N-(4-fluorophenyl)hexanamide", Some("fentanyl-skeleton")),
            ("4-[4-(4-chlorophenyl)-4-hydroxypiperidin-1-yl]-N,N-dimethyl-2,2-diphenylbutanamide", None),
            (
                "N,N-diethyl-2-[2-[(4-pentoxyphenyl)methyl]-6-chlorobenzimidazol-1-yl]ethanamine",
                Some("nitazene-skeleton"),
            ),
            ("2-(ethylamino)-1-(3,4-dichlorophenyl)heptan-1-one", Some("cathinone-skeleton")),
            ("2-(tert-butylamino)-1-(3-chlorophenyl)propan-1-one", None),
            ("2-methyl-1-(4-methylphenyl)-3-piperidin-1-ylpropan-1-one", None),
            ("1H-indazole-3-carboxylic acid", None),
            ("N,N-Diethyl-2-[5-nitro-2-(4-propoxybenzyl)-1H-benzimidazol-1-yl]ethan-1-amin", Some("protonitazene")),
            ("2-(2-florofenil)-2-(metilamino)sikloheksan-1-on", Some("2-fdck")),
            ("1-(2-feniletil)piperidin-4-one", Some("npp-skeleton")),
            ("1-benzylpiperidin-4-one", None),
            ("2-phenylethyl butanoate", None),
            ("2-(cyclohexylamino)-1-phenyl-ethanol", None),
            ("3-((diethylamino)methyl)indole", None),
            ("1-(3,4-dimethoxyphenyl)propan-2-amine", None),
            ("1-(2,5-dimethoxyphenyl)propan-2-amine", Some("2-5-dma")),
            ("hexyl 3-(1,3-benzodioxol-5-yl)-2-methyloxirane-2-carboxylate", Some("pmk-glycidate-skeleton")),
            ("ethyl 3-methyl-3-phenyloxirane-2-carboxylate", None),
            ("hexyl 2-methyl-3-phenyloxirane-2-carboxylate", Some("bmk-glycidate-skeleton")),
            ("tert-butyl 4-aminopiperidine-1-carboxylate", None),
        ] {
            assert_eq!(meant(text).as_deref(), expected, "{text}");
        }
    }
}

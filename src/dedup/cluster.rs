//! Which cluster a listing joins.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::dedup::minhash::MinHash;
use crate::detect::assessment::Assessment;
use crate::vocab::ids::ClusterId;

/// Listings at least this similar are one offer. Measured: recall 0.99 on light edits, no unrelated pair.
pub const SAME_OFFER: f64 = 0.7;

/// What a listing is about: one wording with other substances, or of another seller, is another offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Stands for the names of what is offered.
    pub substances: u64,
    /// Keyed hash of the seller's name, where it is known.
    pub seller: Option<String>,
}

impl Subject {
    /// Of a listing that names these substances.
    pub fn of<'n>(names: impl Iterator<Item = &'n str>, seller: Option<String>) -> Self {
        let mut names: Vec<String> = names.map(str::to_lowercase).collect();
        names.sort_unstable();
        names.dedup();
        Subject { substances: xxhash_rust::xxh3::xxh3_64(names.join("\n").as_bytes()), seller }
    }

    /// Of a listing that was judged so.
    pub fn of_assessment(assessment: &Assessment, seller: Option<String>) -> Self {
        let names = names_of(assessment);
        Subject::of(names.iter().map(String::as_str), seller)
    }

    /// Whether two listings may be one offer.
    pub fn may_be(&self, other: &Self) -> bool {
        let sellers = (&self.seller, &other.seller);
        self.substances == other.substances && !matches!(sellers, (Some(one), Some(other)) if one != other)
    }
}

/// What a listing names, in lower case.
pub fn names_of(assessment: &Assessment) -> BTreeSet<String> {
    let listed = assessment.substances.iter().map(|substance| substance.id.as_str());
    listed.chain(assessment.emerging.iter().map(|found| found.surface.as_str())).map(str::to_lowercase).collect()
}

/// A listing of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its cluster.
    pub cluster: ClusterId,
    /// Its fingerprint.
    pub minhash: MinHash,
    /// What it is about; none of listings recorded before it was told apart.
    pub subject: Option<Subject>,
}

/// The cluster of the most similar candidate about the same, if one is similar enough. Equal candidates: the smallest id, so
/// that the answer does not depend on their order.
pub fn join(minhash: &MinHash, subject: &Subject, candidates: &[Candidate]) -> Option<ClusterId> {
    candidates
        .iter()
        .filter(|held| held.subject.as_ref().is_none_or(|held| held.may_be(subject)))
        .map(|held| (held.minhash.similarity(minhash), &held.cluster))
        .filter(|(similarity, _)| *similarity >= SAME_OFFER)
        .max_by(|(a, a_id), (b, b_id)| a.total_cmp(b).then_with(|| b_id.cmp(a_id)))
        .map(|(_, cluster)| cluster.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str =
        "isolated oak garden chair with arms new in box free shipping to your door today ask for more pictures";

    fn about(substance: &str, seller: Option<&str>) -> Subject {
        Subject::of([substance].into_iter(), seller.map(str::to_owned))
    }

    fn held(id: &str, text: &str, subject: Option<Subject>) -> Candidate {
        Candidate { cluster: ClusterId::parse(id).unwrap(), minhash: MinHash::of(text), subject }
    }

    #[test]
    fn joins_the_closest_and_only_if_close_enough() {
        let near = MinHash::of(&format!("{BASE} now"));
        let candidates = [
            held("far", "a completely different thing about lamps and light", None),
            held("b", BASE, None),
            held("a", BASE, None),
        ];
        let subject = about("oak", None);
        assert_eq!(join(&near, &subject, &candidates), Some(ClusterId::parse("a").unwrap()));
        assert_eq!(join(&near, &subject, &candidates[..1]), None);
    }

    #[test]
    fn another_substance_or_another_seller_is_another_offer() {
        let same = MinHash::of(BASE);
        let joins = |held_subject: Subject, subject: Subject| {
            join(&same, &subject, &[held("a", BASE, Some(held_subject))]).is_some()
        };
        assert!(joins(about("x", Some("one")), about("x", Some("one"))));
        assert!(joins(about("x", None), about("x", Some("one"))), "where it is known");
        assert!(!joins(about("x", Some("one")), about("x", Some("two"))));
        assert!(!joins(about("x", None), about("y", None)));
    }
}

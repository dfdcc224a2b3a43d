//! What really stands in the marketplace, and how a scan's referrals compare with it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::detect::assessment::Verdict;
use crate::vocab::url::CanonicalUrl;

/// How a planted offer tries not to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disguise {
    /// The name as any reference book spells it.
    Plain,
    /// The name as another language spells it: German, Spanish, Russian, Chinese.
    OtherLanguage,
    /// Some letters are Cyrillic ones that look alike.
    LookAlikeLetters,
    /// Invisible characters stand between the letters.
    ZeroWidth,
    /// Spaces, dots or dashes stand between the letters.
    Spaced,
    /// Full-width letters.
    FullWidth,
    /// Digits stand for letters.
    Leet,
    /// A letter is dropped, doubled or swapped.
    Misspelt,
    /// Only the CAS registry number is given.
    CasOnly,
    /// Dual-use goods, telling only by how they are sold.
    DualUse,
    /// A name that follows a class's naming and stands on no list.
    Unlisted,
}

/// One illicit offer that was put into the marketplace, with all pages that show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlantedOffer {
    /// Its name in reports, e.g. `bazaar-isotonitazene`.
    pub id: String,
    /// Every listing page of its cluster: the first posting and its re-postings.
    pub urls: Vec<CanonicalUrl>,
    /// Other addresses that lead to the same pages: redirects, parameters no canonicaliser knows.
    pub aliases: Vec<CanonicalUrl>,
    /// Id in the fact table of substances; none for equipment and for names on no list.
    pub substance: Option<String>,
    /// Category of a hit.
    pub category: String,
    /// How it hides.
    pub disguise: Disguise,
    /// BCP 47 language it is written in.
    pub language: String,
    /// Host it stands on, e.g. `http://127.0.0.1:8400`.
    pub host: String,
    /// `refer`, or `review` for what only a person can decide.
    pub expected: Verdict,
}

/// Everything the marketplace knows about itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// Illicit offers.
    pub planted: Vec<PlantedOffer>,
    /// Listings nobody would look at twice.
    pub ordinary: Vec<CanonicalUrl>,
    /// Lawful listings that speak of the same things: test strips, reference standards, books.
    pub look_alikes: Vec<CanonicalUrl>,
}

/// One referral of a scan, as far as the comparison needs it.
#[derive(Debug, Clone)]
pub struct FoundReferral {
    /// All URLs the case lists.
    pub urls: Vec<CanonicalUrl>,
    /// Verdict of its assessment.
    pub verdict: Verdict,
}

/// Found, missed and falsely flagged. `found` and `false_referrals` count referrals drafted from `refer` verdicts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TruthReport {
    /// Planted offers that a detector should refer.
    pub planted: usize,
    /// Those of them that a `refer` case names.
    pub found: usize,
    /// Ids of the rest.
    pub missed: Vec<String>,
    /// URLs in `refer` cases that belong to no planted offer.
    pub false_referrals: Vec<String>,
    /// Planted offers of which a person should judge (names on no list).
    pub planted_for_review: usize,
    /// Those of them that any case names.
    pub found_for_review: usize,
    /// Ids of planted offers that more than one case names: a cluster that was not folded.
    pub split: Vec<String>,
    /// Pairs of ids that one case names: clusters folded by mistake.
    pub merged: Vec<(String, String)>,
}

impl Truth {
    /// Compares a scan's referrals with what was planted.
    pub fn compare(&self, found: &[FoundReferral]) -> TruthReport {
        let owner: BTreeMap<&CanonicalUrl, usize> = self
            .planted
            .iter()
            .enumerate()
            .flat_map(|(index, offer)| offer.urls.iter().chain(&offer.aliases).map(move |url| (url, index)))
            .collect();
        let mut referred = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut cases = vec![0_usize; self.planted.len()];
        let mut report = TruthReport::default();
        for case in found {
            let named: BTreeSet<usize> = case.urls.iter().filter_map(|url| owner.get(url).copied()).collect();
            for &index in &named {
                cases[index] += 1;
                seen.insert(index);
                if case.verdict == Verdict::Refer {
                    referred.insert(index);
                }
            }
            let named: Vec<usize> = named.into_iter().collect();
            for pair in named.windows(2) {
                report.merged.push((self.planted[pair[0]].id.clone(), self.planted[pair[1]].id.clone()));
            }
            if case.verdict == Verdict::Refer {
                let strangers = case.urls.iter().filter(|url| !owner.contains_key(url));
                report.false_referrals.extend(strangers.map(ToString::to_string));
            }
        }
        for (index, offer) in self.planted.iter().enumerate() {
            if offer.expected == Verdict::Refer {
                report.planted += 1;
                if referred.contains(&index) {
                    report.found += 1;
                } else {
                    report.missed.push(offer.id.clone());
                }
            } else {
                report.planted_for_review += 1;
                report.found_for_review += usize::from(seen.contains(&index));
            }
            if cases[index] > 1 {
                report.split.push(offer.id.clone());
            }
        }
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> CanonicalUrl {
        CanonicalUrl::parse(&format!("http://shop.example.test{path}"), None).unwrap()
    }

    fn offer(id: &str, paths: &[&str], expected: Verdict) -> PlantedOffer {
        PlantedOffer {
            id: id.into(),
            urls: paths.iter().map(|path| url(path)).collect(),
            aliases: vec![url(&format!("/go/{id}"))],
            substance: None,
            category: "nps".into(),
            disguise: Disguise::Plain,
            language: "en".into(),
            host: "http://shop.example.test".into(),
            expected,
        }
    }

    fn truth() -> Truth {
        Truth {
            planted: vec![
                offer("one", &["/1", "/1b"], Verdict::Refer),
                offer("two", &["/2"], Verdict::Refer),
                offer("new", &["/3"], Verdict::Review),
            ],
            ordinary: vec![url("/9")],
            look_alikes: vec![],
        }
    }

    fn case(paths: &[&str], verdict: Verdict) -> FoundReferral {
        FoundReferral { urls: paths.iter().map(|path| url(path)).collect(), verdict }
    }

    #[test]
    fn a_scan_is_told_what_it_found_missed_and_flagged_falsely() {
        use Verdict::{Refer, Review};
        let report = truth().compare(&[case(&["/1b"], Refer), case(&["/9", "/go/one"], Refer), case(&["/3"], Review)]);
        assert_eq!((report.planted, report.found), (2, 1));
        assert_eq!(report.missed, ["two"]);
        assert_eq!(report.false_referrals, ["http://shop.example.test/9"]);
        assert_eq!((report.planted_for_review, report.found_for_review), (1, 1));
        assert_eq!(report.split, ["one"]);
        assert!(report.merged.is_empty());
    }

    #[test]
    fn a_case_for_review_is_neither_found_nor_false() {
        let report = truth().compare(&[case(&["/1", "/1b"], Verdict::Review), case(&["/9"], Verdict::Review)]);
        assert_eq!((report.found, report.false_referrals.len()), (0, 0));
        assert_eq!(report.missed, ["one", "two"]);
    }

    #[test]
    fn one_case_over_two_offers_is_reported_as_merged() {
        let report = truth().compare(&[case(&["/1", "/2"], Verdict::Refer)]);
        assert_eq!(report.found, 2);
        assert_eq!(report.merged, [("one".to_owned(), "two".to_owned())]);
    }
}

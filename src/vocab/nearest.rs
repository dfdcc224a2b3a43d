//! The known word that a mistyped one was meant to be.

/// How alike two words must be for one to be taken for the other.
const ALIKE: f64 = 0.8;

/// The known word that is nearest to `word`, where one is near.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let likeness = |candidate: &'a str| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate);
    let best = known.into_iter().map(likeness).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let known = ["reason", "reference", "urls"];
        for (word, meant) in [("referense", Some("reference")), ("Reason", Some("reason")), ("bogus", None), ("", None)]
        {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
    }
}

//! The digest by which two listings are the same offer, word for word.

use crate::dedup::minhash::words;
use crate::vocab::ids::Sha256Digest;

/// SHA-256 over the words of title and description, lower case, single spaces: layout and case do not count.
pub fn content_digest(title: &str, description: &str) -> Sha256Digest {
    let mut text = String::with_capacity(title.len() + description.len() + 2);
    for (number, part) in [title, description].into_iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        for word in words(part) {
            text.push_str(&word);
            text.push(' ');
        }
    }
    Sha256Digest::of(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_and_case_do_not_count_and_words_do() {
        let digest = content_digest("Garden Chair", "solid  oak,\n new");
        assert_eq!(digest, content_digest("garden chair", "Solid oak new"));
        assert_ne!(digest, content_digest("garden chair", "solid oak old"));
        assert_ne!(content_digest("a b", "c"), content_digest("a", "b c"));
    }
}

//! Names of substances as other languages spell them: the endings and sounds that follow rules (`fentanyl`, `fentanil`,
//! `fentanilo`; `-ine`, `-ina`, `-in`; `chloro`, `cloro`, `klor`).

/// Letters a name needs: shorter ones become words of the other language too soon.
const LETTERS: usize = 9;

/// A rule: what is written instead of what, anywhere in the name.
type Sounds = &'static [(&'static str, &'static str)];

const ROMANCE: Sounds = &[("ph", "f"), ("th", "t"), ("chlor", "clor"), ("yl", "il"), ("y", "i")];
const SPANISH: Sounds = &[("ph", "f"), ("th", "t"), ("chlor", "clor"), ("yl", "il"), ("ze", "ce"), ("y", "i")];
const SHORT: Sounds = &[("fluoro", "fluor"), ("chloro", "chlor"), ("bromo", "brom")];
const SLAVIC: Sounds = &[("ph", "f"), ("th", "t"), ("yl", "il"), ("y", "i")];
const TURKIC: Sounds = &[("ph", "f"), ("th", "t"), ("chlor", "klor"), ("yl", "il"), ("y", "i"), ("c", "k")];

/// Endings by what they become.
const VOWEL: &[(&str, &str)] = &[("ine", "ina"), ("one", "ona"), ("ene", "eno"), ("il", "ilo")];
const NONE: &[(&str, &str)] = &[("ine", "in"), ("one", "on"), ("ene", "en"), ("ane", "an")];

/// Other spellings of a folded name of one word or of a word behind places and prefixes (`para fluorofentanyl`).
pub fn of_other_languages(name: &str) -> Vec<String> {
    let letters = name.bytes().filter(u8::is_ascii_lowercase).count();
    let is_systematic = name.contains(['(', '[', ',']) || name.split(' ').count() > 3;
    if letters < LETTERS || !name.is_ascii() || is_systematic {
        return Vec::new();
    }
    let mut spelled = Vec::new();
    for (sounds, endings) in [
        (ROMANCE, VOWEL),
        (ROMANCE, &[][..]),
        (SPANISH, VOWEL),
        (SLAVIC, NONE),
        (TURKIC, NONE),
        (SHORT, NONE),
        (&[], NONE),
    ] {
        let mut other = respelled(name, sounds);
        if let Some((from, to)) = endings.iter().find(|(from, _)| other.ends_with(from)) {
            other.truncate(other.len() - from.len());
            other.push_str(to);
        }
        if other != name && !spelled.contains(&other) {
            spelled.push(other);
        }
    }
    spelled
}

/// A name with each sound as the other language writes it, the first that fits at each place.
fn respelled(name: &str, sounds: Sounds) -> String {
    let mut other = String::with_capacity(name.len() + 2);
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        match sounds.iter().find(|(from, _)| rest.starts_with(from)) {
            Some((from, to)) => {
                other.push_str(to);
                rest = &rest[from.len()..];
            }
            None => {
                other.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_spellings_of_other_languages() {
        for (name, other) in [
            ("para fluorofentanyl", "para fluorofentanil"),
            ("para fluorofentanyl", "para fluorofentanilo"),
            ("2 fluorodeschloroketamine", "2 fluordeschlorketamin"),
            ("protonitazene", "protonitazen"),
            ("protonitazene", "protonitazeno"),
            ("protonitazene", "protonitaceno"),
            ("methoxetamine", "metoxetamina"),
            ("mexedrone hcl", "mexedron hcl"),
        ] {
            let is_ending_inside = name.ends_with("hcl");
            assert_eq!(of_other_languages(name).contains(&other.to_owned()), !is_ending_inside, "{name}");
        }
        assert!(of_other_languages("ketamine").is_empty());
    }
}

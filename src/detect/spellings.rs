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

/// Whether a rule above begins with a letter.
fn begins_a_sound(letter: u8) -> bool {
    matches!(letter, b'b' | b'c' | b'f' | b'p' | b't' | b'y' | b'z')
}

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
        let other = respelled(name, sounds);
        let read = other.as_deref().unwrap_or(name);
        let ending = endings.iter().find_map(|(from, to)| read.strip_suffix(from).map(|stem| stem.to_owned() + to));
        if let Some(other) = ending.or(other).filter(|other| other != name && !spelled.contains(other)) {
            spelled.push(other);
        }
    }
    spelled
}

/// A name in ASCII with each sound as the other language writes it, the first that fits at each place; `None` where it has
/// none of them.
fn respelled(name: &str, sounds: Sounds) -> Option<String> {
    let mut other = String::new();
    // All before it is written, or stays as it is.
    let mut written = 0;
    for (at, _) in name.bytes().enumerate().filter(|(_, b)| begins_a_sound(*b)) {
        let fits = |(from, _): &&(&str, &str)| name[at..].starts_with(from);
        if let Some((from, to)) = sounds.iter().find(fits).filter(|_| written <= at) {
            other.push_str(&name[written..at]);
            other.push_str(to);
            written = at + from.len();
        }
    }
    other.push_str(&name[written..]);
    (written > 0).then_some(other)
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
        let mut sounds = [ROMANCE, SPANISH, SHORT, SLAVIC, TURKIC].into_iter().flatten();
        assert!(sounds.all(|(from, _)| from.bytes().next().is_some_and(begins_a_sound)));
    }
}

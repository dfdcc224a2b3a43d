//! The ways in which sellers write a name so that machines do not find it. Only the demo writes them; `detect` undoes them.

/// Some Latin letters replaced by Cyrillic letters of the same shape.
pub fn look_alike_letters(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            'a' => 'а',
            'e' => 'е',
            'o' => 'о',
            'p' => 'р',
            'c' => 'с',
            'x' => 'х',
            'A' => 'А',
            'B' => 'В',
            'C' => 'С',
            'E' => 'Е',
            'M' => 'М',
            'P' => 'Р',
            other => other,
        })
        .collect()
}

/// A zero-width space after every second letter.
pub fn zero_width(name: &str) -> String {
    name.chars()
        .enumerate()
        .flat_map(|(at, letter)| [Some(letter), (at % 2 == 1).then_some('\u{200b}')])
        .flatten()
        .collect()
}

/// A separator between all letters.
pub fn spaced(name: &str, separator: &str) -> String {
    let letters: Vec<String> = name.chars().map(String::from).collect();
    letters.join(separator)
}

/// ASCII letters, digits and signs in their full-width form.
pub fn full_width(name: &str) -> String {
    name.chars()
        .map(
            |letter| {
                if letter.is_ascii_graphic() {
                    char::from_u32(letter as u32 + 0xFEE0).unwrap_or(letter)
                } else {
                    letter
                }
            },
        )
        .collect()
}

/// Digits for letters.
pub fn leet(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            'a' | 'A' => '4',
            'e' | 'E' => '3',
            'i' | 'I' => '1',
            'o' | 'O' => '0',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_changes_the_letters_as_named() {
        for (got, expected) in [
            (look_alike_letters("Etonitazene"), "\u{415}t\u{43e}nit\u{430}z\u{435}n\u{435}"),
            (zero_width("abcde"), "ab\u{200b}cd\u{200b}e"),
            (spaced("abc", " "), "a b c"),
            (spaced("abc", "."), "a.b.c"),
            (full_width("a-1"), "ａ－１"),
            (leet("Etizolam"), "3t1z0l4m"),
        ] {
            assert_eq!(got, expected);
        }
    }
}

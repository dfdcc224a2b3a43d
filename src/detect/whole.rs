//! Whether a name stands by itself, or is a piece of a longer chemical name or of a part number.
//!
//! `4-piperidone` names a substance; in `3-((indolyl)methyl)-4-piperidone` and `piperidine-4-carboxamide` the same letters
//! are pieces of the names of others. A chemist reads on to the end of the name, and so does this room: what is joined on
//! by a dash without a space, or stands in brackets that the name does not close, belongs to it.
//!
//! A seller can put any word beside a name. Only what the lexicon of chemistry knows makes a name surely a piece of another;
//! whatever else looks like one is doubtful, and a doubtful name counts where the listing deals.

use crate::detect::chemical;
use crate::detect::view::Folded;

/// How a name stands among the letters around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    /// A name of its own.
    No,
    /// It looks like a piece of a longer name, and a seller could make it look so.
    Doubtful,
    /// A piece of the systematic name of another compound.
    Sure,
}

impl Piece {
    /// Doubtful where `looks_like_one` holds.
    fn doubtful(looks_like_one: bool) -> Self {
        if looks_like_one { Piece::Doubtful } else { Piece::No }
    }
}

/// Endings of the pieces that stand in front of a parent compound.
const PREFIXES: [&str; 22] = [
    "yl", "oxy", "oxo", "ino", "thio", "chloro", "bromo", "fluoro", "iodo", "nitro", "cyano", "aza", "ido", "ylene",
    "ene", "hydro", "oso", "azo", "sulfo", "anyl", "ylidene", "carbonyl",
];

/// Endings of words behind a compound that make another of it: what it was made into, or what it was part of.
const DERIVATIVES: [&str; 41] = [
    "acetal",
    "ketal",
    "oxime",
    "hydrazone",
    "semicarbazone",
    "azine",
    "n oxide",
    "oxide",
    "heptafluoride",
    "pentafluoride",
    "trifluoride",
    "monochloride",
    "trichloride",
    "monobromide",
    "cyanide",
    "monoacetate",
    "reaction product",
    "reaction products",
    "polymer",
    "polymers",
    "copolymer",
    "condensation product",
    "anil",
    "acrylate",
    "dibenzoate",
    "hydrazide",
    "carbamate",
    "carbinolamide",
    "nitrosated",
    "derivative",
    "methochloride",
    "ester",
    "esters",
    "isocyanate",
    "isothiocyanate",
    "thiocyanate",
    "selenocyanate",
    "monofluoride",
    "tetrafluoroborate",
    "hydrogen phthalate",
    "picrate",
];

/// Words of such endings that are no parts of chemical names.
const BETWEEN: [&str; 4] = ["reaction", "condensation", "mixed", "bis"];

/// Words behind a name among which one of those may stand (`phenylacetic acid, 3-phenyl-2-propyl ester`).
const WORDS_BEHIND: usize = 8;

/// What stands in the names of registers around a compound that a polymer or a condensate was made of.
const MADE_OF: [&str; 3] = ["polymer with", "polymers with", "reaction product"];

/// Parts of what such polymers are made of besides, as registers list them, joined by semicolons.
const WITH: [&str; 27] = [
    "isocyanat",
    "dioic acid",
    "phthal",
    "methanal",
    "formaldehyde",
    "phenol",
    "oxiran",
    "oxepan",
    "caprolact",
    "diol",
    "oxolan",
    "lactone",
    "diene",
    "borane",
    "platinum",
    "furan 2,5 dione",
    "sulfonic acid",
    "carboxylic acid",
    "dienoic acid",
    "dodecanoic acid",
    "dithioate",
    "nitrobenzene",
    "isoquinoline",
    "ethane 1,2 diamine",
    "benzene 1,3 diamine",
    "bis(",
    "tris(",
];

/// Those of them that nobody sells beside what is watched.
const WITH_ANYWHERE: [&str; 5] = ["isocyanat", "dioic acid", "adipic acid", "phthal", "formaldehyde"];

/// Bytes around a name in which those stand.
const MADE_OF_BYTES: usize = 100;

/// Endings of pieces that follow a parent compound: `-4-carboxamide`, `-1-yl`. Those of salts (`-hydrochloride`, `-citrate`)
/// and of words that sellers join on (`-crystal`) are not among them.
const SUFFIXES: [&str; 12] = [
    "yl",
    "amide",
    "oxy",
    "carboxylic",
    "oxime",
    "ylidene",
    "ylamino",
    "nitrile",
    "thiol",
    "carbaldehyde",
    "carbodithioate",
    "carbothioate",
];

/// Short words in front of a code that do not make it part of another: groups and isomers, which make it a relative's, and
/// what sellers join to a name.
const PLAIN_HEADS: [&str; 37] = [
    "n", "o", "m", "p", "s", "r", "d", "l", "dl", "rac", "a", "b", "f", "cl", "br", "me", "meo", "et", "ho", "oh",
    "aco", "pro", "tfm", "oxo", "nm", "md", "bk", "th", "ab", "adb", "amb", "new", "buy", "top", "eu", "uk", "usa",
];

/// How bytes `start..end` of a folded text, a name, stand among what is around them.
pub fn piece_of_a_name(folded: &Folded, start: usize, end: usize) -> Piece {
    let text = folded.text.as_str();
    if !is_balanced(&text[start..end]) || is_ester(&text[..start], &text[start..end]) {
        return Piece::Sure;
    }
    let before = head(folded, start).map_or(Piece::No, |token| {
        let is_prefix = token.len() >= 2 && PREFIXES.iter().any(|ending| token.ends_with(ending));
        match is_prefix {
            true if chemical::is_chemical(token) => Piece::Sure,
            _ => Piece::doubtful(is_prefix || is_locants(token)),
        }
    });
    let joined = start.checked_sub(1).is_some_and(|at| folded.is_glue(at));
    let among_words = is_inverted(folded, start, end)
        || has_derivative(folded, end)
        || is_a_monomer(text, start, end)
        || text[..start - usize::from(joined)].ends_with([')', ']', '}']);
    before.max(follows_on(folded, end)).max(Piece::doubtful(among_words))
}

/// Whether the name goes on behind a comma as registers write it: the parent first, then its groups with a dash that waits
/// for it (`aniline, N-allyl-o-tert-butyl-`).
fn is_inverted(folded: &Folded, start: usize, end: usize) -> bool {
    let text = folded.text.as_str();
    // The groups have begun within the name (`2(3H)-furanone, dihydro-5-methyl-`).
    if text[start..end].contains(", ") && folded.is_glue(end) {
        return true;
    }
    let Some(groups) = text[end..].strip_prefix(", ").or_else(|| text[end..].strip_prefix(',')) else { return false };
    let from = text.len() - groups.len();
    let is_space = |at: &usize| text.as_bytes()[*at] == b' ' && !folded.is_glue(*at);
    let until = (from..text.len()).find(is_space).unwrap_or(text.len());
    let groups = &text[from..until];
    // A list of goods goes on with a word (`aniline, 2-propanol`), groups end with a dash.
    let waits = groups.ends_with(' ') || groups.contains(" ,") || groups.ends_with(" )");
    waits && groups.len() > 3 && groups.bytes().any(|b| b.is_ascii_lowercase())
}

/// Whether a word follows that makes another compound of the name (`piperonal diethyl acetal`), on its line.
fn has_derivative(folded: &Folded, end: usize) -> bool {
    let text = folded.text.as_str();
    let Some(behind) = text[end..].strip_prefix([' ', ',']) else { return false };
    let from = text.len() - behind.len();
    let words = behind.split(' ').filter(|word| !word.is_empty());
    let mut until = from;
    for word in words.take(WORDS_BEHIND + 1) {
        until += text[until..].find(word).unwrap_or_default() + word.len();
        let is_one = DERIVATIVES.iter().any(|ending| {
            let stretch = &text[from..until];
            stretch
                .strip_suffix(ending)
                .is_some_and(|before| word.len() > ending.len() || !before.ends_with(char::is_alphanumeric))
                && (word.ends_with(ending) || ending.contains(' '))
        });
        if is_one {
            return !folded.breaks_within(end, until);
        }
        // What ends a clause ends the name, and so does a word that is no part of one.
        let letters = word.trim_matches(|c: char| !c.is_alphabetic());
        let goes_on = letters.len() <= 2 || chemical::is_chemical(letters) || BETWEEN.contains(&letters);
        if !goes_on || word.ends_with(['.', ';', ':', '!']) {
            return false;
        }
    }
    false
}

/// Whether the name is that of what a polymer or a condensate was made of (`butane-1,4-diol;hexanedioic acid`).
fn is_a_monomer(text: &str, start: usize, end: usize) -> bool {
    let behind = &text[end..text.floor_char_boundary(end + MADE_OF_BYTES)];
    let before = &text[text.ceil_char_boundary(start.saturating_sub(MADE_OF_BYTES))..start];
    let made_of = MADE_OF.iter().any(|words| behind.contains(words) || before.contains(words));
    let has = |parts: &[&str]| parts.iter().any(|part| behind.contains(part) || before.contains(part));
    // Registers put no space behind the semicolon; sellers do, and list what else they have.
    let is_joined = behind.strip_prefix(';').is_some_and(|rest| !rest.starts_with(' ')) || before.ends_with(';');
    let is_listed = behind.starts_with(';') || before.trim_end().ends_with(';');
    made_of || (is_joined && has(&WITH)) || (is_listed && has(&WITH_ANYWHERE))
}

/// Whether the name of an acid's salts stands behind a group: `methyl anthranilate` is an ester, and another compound.
fn is_ester(before: &str, name: &str) -> bool {
    let group = before.trim_end_matches([' ', '-']).rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    name.ends_with("ate") && !name.contains(' ') && group.len() > 3 && group.ends_with("yl")
}

/// How bytes `start..end`, a code of letters and digits, stand among what is around them: `LCJ-THC/B`, `PVP-K30`. Part numbers
/// know no rules, so none is surely a piece.
pub fn piece_of_a_code(folded: &Folded, start: usize, end: usize) -> Piece {
    let before = head(folded, start).is_some_and(|token| {
        let letters = token.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, ',' | '\''));
        let is_word = letters.len() > 3 && letters.len() == token.len();
        let is_group = (is_locants(&token[..token.len() - letters.len()]) || letters.len() == token.len())
            && (letters.is_empty() || PLAIN_HEADS.contains(&letters));
        !is_word && !is_group
    });
    let is_number = |token: &str| token.bytes().any(|b| b.is_ascii_digit()) && !is_amount(token);
    Piece::doubtful(before || tail(folded, end).is_some_and(is_number))
}

/// The word joined on in front.
fn head(folded: &Folded, start: usize) -> Option<&str> {
    let at = start.checked_sub(1).filter(|at| folded.is_glue(*at))?;
    let text = &folded.text[..at];
    let from =
        text.rfind(|c: char| !is_part(c)).map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    Some(&text[from..]).filter(|token| !token.is_empty())
}

/// The word joined on behind.
fn tail(folded: &Folded, end: usize) -> Option<&str> {
    let text = folded.text.get(end + 1..).filter(|_| folded.is_glue(end))?;
    let length = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    Some(&text[..length]).filter(|token| !token.is_empty())
}

/// Whether a longer name goes on behind: a locant and a word (`-4-carboxamide`), or an ending (`-yl`).
pub fn follows_on(folded: &Folded, end: usize) -> Piece {
    let Some(token) = tail(folded, end) else { return Piece::No };
    let is_word = |token: &str| token.len() > 1 && token.bytes().all(|b| b.is_ascii_lowercase());
    let of = |looks_like_one: bool, word: &str| match looks_like_one {
        true if chemical::is_chemical(word) => Piece::Sure,
        looks_like_one => Piece::doubtful(looks_like_one),
    };
    if is_locants(token) {
        return tail(folded, end + 1 + token.len()).map_or(Piece::No, |next| of(is_word(next), next));
    }
    of(is_word(token) && SUFFIXES.iter().any(|ending| token.ends_with(ending)), token)
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, ',' | '\'')
}

/// Places of substituents: one or two digits each.
fn is_locants(token: &str) -> bool {
    token.split(',').all(|part| {
        let digits = part.trim_end_matches('\'');
        (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// `100g`, `1kg`, `99`: how much there is of it, not what it is.
fn is_amount(token: &str) -> bool {
    let unit = token.trim_start_matches(|c: char| c.is_ascii_digit() || c == ',');
    unit.len() < token.len() && (unit.is_empty() || crate::detect::shapes::UNITS.contains(&unit))
}

fn is_balanced(name: &str) -> bool {
    let mut depth = 0_i32;
    for c in name.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

#[cfg(test)]
mod tests {
    use super::Piece::{Doubtful, No, Sure};
    use super::*;

    fn place(text: &str, name: &str) -> (Folded, usize, usize) {
        let folded = Folded::of(text);
        let start = folded.text.find(name).expect("the name is there");
        (folded, start, start + name.len())
    }

    #[test]
    fn pieces_of_longer_names_are_told_from_names() {
        for (text, name, piece) in [
            ("4-piperidone 1 kg", "4 piperidone", No),
            ("3-methyl-4-piperidone", "4 piperidone", Sure),
            ("n-(phenyl)-4-piperidone", "4 piperidone", Doubtful),
            ("piperidine-4-carboxamide", "piperidine", Sure),
            ("piperidine - best price", "piperidine", No),
            ("[2-phenyl]ethyl(methyl)amine", "methyl)amine", Sure),
            ("pure-ephedrine", "ephedrine", No),
            ("ephedrine-hcl", "ephedrine", No),
            ("ephedrine-hydrochloride", "ephedrine", No),
            ("ephedrine-sulfate-crystal", "ephedrine", No),
            ("toluene-free glue", "toluene", No),
            ("aniline, N-propyl-o-methyl-", "aniline", Doubtful),
            ("aniline, 2-propanol, acetone", "aniline", No),
            ("aniline, piperidine - in stock", "aniline", No),
            ("n,n-dimethyl-3-phenazin-2-yl-ethylamine", "ethylamine", Doubtful),
            ("3-nitroso-piperidine", "piperidine", Sure),
            ("piperonal dimethyl acetal", "piperonal", Doubtful),
            ("iodine pentafluoride", "iodine", Doubtful),
            ("iodine crystals", "iodine", No),
            ("aniline, N-propyl-, hydrochloride", "aniline", Doubtful),
            ("phenylacetic acid 3-phenylpropyl ester", "phenylacetic acid", Doubtful),
            ("phenylacetic acid in stock. Polyester bags", "phenylacetic acid", No),
            ("butane-1,4-diol;pentanedioic acid", "butane 1,4 diol", Doubtful),
            ("butane-1,4-diol; gamma-butyrolactone 1 kg", "butane 1,4 diol", No),
            ("maleic acid, polymer with 1,4-butanediol", "1,4 butanediol", Doubtful),
            ("piperidine-1-carbothioate", "piperidine", Doubtful),
        ] {
            let (folded, start, end) = place(text, name);
            assert_eq!(piece_of_a_name(&folded, start, end), piece, "{text}");
        }
    }

    #[test]
    fn part_numbers_are_no_codes() {
        for (text, name, piece) in [
            ("sony lcj-thc/b case", "thc b", Doubtful),
            ("pvp-k30", "pvp", Doubtful),
            ("a76b-4fea-a8dd", "4fea", Doubtful),
            ("crystal-3-MMC-100g", "3 mmc", No),
            ("buy 3-MMC", "3 mmc", No),
            ("4-HO-MET fumarate", "4 ho met", No),
            ("4F-MDMB-2201 50 g", "mdmb 2201", No),
            ("7-F-5-MeO-MET", "5 meo met", No),
            ("item 12345-4fa", "4fa", Doubtful),
        ] {
            let (folded, start, end) = place(text, name);
            assert_eq!(piece_of_a_code(&folded, start, end), piece, "{text}");
        }
    }
}

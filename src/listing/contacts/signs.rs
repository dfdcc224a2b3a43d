//! Signs that are written as words or set in brackets (`name [at] host dot org`, `t[.]me[/]name`), read as the signs they are.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::listing::contacts::domains::{self, Suffix};
use crate::listing::contacts::shadow::Shadow;
use crate::listing::contacts::tokens::{is_unspaced, lowered};
use crate::listing::contacts::words::{WordSet, all, set};

/// Words for `@`. From the names of the sign in each language's dictionaries and the ways sellers write it.
const AT: &[&str] = &[
    "at, ät, et, att, arroba, arobase, arobas, chez, klammeraffe, apenstaartje, aapstaartje, chiocciola, małpa, malpa, zavináč, zavinac, \
     kukac, snabela, snabel-a, afna, aronda, a-rond, coadă de maimuță, coada de maimuta, et işareti, a còng, a còm, at sign, at-sign, \
     miukumauku, keong",
    "собака, собачка, арроба, ат, эт, при, равлик, песик, на, майμунско а, παπάκι",
    "艾特, 圈a, 圈A, 小老鼠, アット, アットマーク, 골뱅이, 앳, แอท, แอ็ท, আট, অ্যাট, एट, ऐट, آت, ات, ایت, שטרודל",
];

/// Words for the dot of an address.
const DOT: &[&str] = &[
    "dot, punkt, punto, ponto, point, punt, pont, kropka, tečka, tecka, bodka, nokta, punct, chấm, titik, prik, piste, tocka, točka",
    "точка, дот, крапка, τελεία",
    "点, 點, ドット, てん, 점, 닷, จุด, ডট, डॉट, دوت, نقطة, نقطه, ڈاٹ, נקודה",
];

/// Words for the slash of an address.
const SLASH: &[&str] = &[
    "slash, forward slash, schrägstrich, barra, barre oblique, ukośnik, lomítko, слэш, слеш, 斜杠, スラッシュ, 슬래시",
];

/// Words for the underscore and the hyphen of a name before `@`.
const UNDERSCORE: &[&str] = &[
    "underscore, under score, unterstrich, guion bajo, guión bajo, tiret bas, tiret du bas, underline, sublinhado, trattino basso, podkreślnik, podkreślenie, laag streepje, podtržítko, alt çizgi, alttan çizgi, \
     garis bawah, gạch dưới, liniuță de subliniere, bară jos, нижнее подчеркивание, нижнее подчёркивание, подчеркивание, подчёркивание, нижнє підкреслення, підкреслення, \
     شرطة سفلية, अंडरस्कोर, 下划线, 底線, アンダーバー, アンダースコア, 언더바",
];
const HYPHEN: &[&str] = &[
    "dash, minus, hyphen, bindestrich, guion, tiret, trattino, hífen, koppelteken, streepje, łącznik, myślnik, pomlčka, tire, дефис, тире, минус",
];

/// Signs in brackets.
const BRACKETED: &[(&str, char)] = &[
    ("[@]", '@'),
    ("(@)", '@'),
    ("{@}", '@'),
    ("<@>", '@'),
    ("[.]", '.'),
    ("(.)", '.'),
    ("{.}", '.'),
    ("<.>", '.'),
    ("[:]", ':'),
    ("[://]", ':'),
    ("[/]", '/'),
    ("(/)", '/'),
    ("{/}", '/'),
];

/// Providers of mail that are named without the rest of their address.
const PROVIDERS: &[&str] = &[
    "gmail, googlemail, proton, protonmail, pm, tutanota, tuta, outlook, hotmail, yahoo, ymail, icloud, aol, gmx, web, \
     mailru, yandex, rambler, ukr, foxmail, qq, 163, 126, sina, aliyun, naver, daum, hanmail, mailfence, disroot, riseup, \
     cock, onionmail, posteo, zoho, fastmail, libero, orange, seznam, wp, onet, interia, abv, mailbox",
];

static SIGNS: LazyLock<(AhoCorasick, Vec<(char, bool)>)> = LazyLock::new(|| {
    let mut words: Vec<(String, (char, bool))> = Vec::new();
    for (lists, sign) in [(AT, '@'), (DOT, '.'), (SLASH, '/'), (UNDERSCORE, '_'), (HYPHEN, '-')] {
        words.extend(all(lists).map(|word| (lowered(word), (sign, false))));
    }
    words.extend(BRACKETED.iter().map(|(word, sign)| ((*word).to_owned(), (*sign, true))));
    let automaton = AhoCorasick::builder()
        .match_kind(aho_corasick::MatchKind::LeftmostLongest)
        .build(words.iter().map(|(word, _)| word))
        .expect("a hundred words make an automaton");
    (automaton, words.into_iter().map(|(_, sign)| sign).collect())
});

static WORDS_FOR_AT: LazyLock<Vec<&str>> = LazyLock::new(|| all(AT).collect());
static IS_PROVIDER: WordSet = LazyLock::new(|| set(PROVIDERS));

/// How a sign is set off from what is around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    /// In brackets.
    Brackets,
    /// Between marks that mean nothing by themselves: `-at-`, `'at'`, `|at|`.
    Marks,
    /// Between spaces, or between letters of another script.
    Plain,
}

/// A sign and all that belongs to it.
#[derive(Debug, Clone, Copy)]
struct Sign {
    start: usize,
    end: usize,
    sign: char,
    set: Set,
    spaced: bool,
}

/// A text with signs in place of their words; `None` where it has none. `lower` is the text in lower case.
pub(super) fn read(shadow: &Shadow, lower: &str) -> Option<Shadow> {
    let text = shadow.text.as_str();
    let mut signs = candidates(text, lower);
    if signs.is_empty() {
        return None;
    }
    let mut kept: Vec<Sign> = Vec::new();
    // From behind: whether a word means `@` is known by the dot behind its host.
    while let Some(one) = signs.pop() {
        let follower = kept.last().copied();
        if is_sign(text, lower, one, follower) {
            kept.push(one);
        }
    }
    kept.reverse();
    // A plain word for the dot of `name at host dot net` needs its `@`, or an ending that is no word.
    if kept.is_empty() { None } else { shadow.with_signs(kept.iter().map(|one| (one.start, one.end, one.sign))) }
}

fn candidates(text: &str, lower: &str) -> Vec<Sign> {
    let (automaton, kinds) = &*SIGNS;
    let mut signs: Vec<Sign> = Vec::new();
    for hit in automaton.find_iter(lower) {
        let (sign, bracketed) = kinds[hit.pattern().as_usize()];
        let Some(one) = set_off(text, hit.start(), hit.end(), sign, bracketed) else { continue };
        if signs.last().is_none_or(|last| last.end <= one.start) {
            signs.push(one);
        }
    }
    signs
}

const OPENING: &[char] = &['[', '(', '{', '<'];
const CLOSING: &[char] = &[']', ')', '}', '>'];
const MARKS: &[char] =
    &['/', '|', '"', '\'', '-', '=', '*', '+', '_', '~', '“', '”', '‘', '’', '`', '.', ':', '^', '#'];

/// A word for a sign with what sets it off; `None` for a piece of another word.
fn set_off(text: &str, start: usize, end: usize, sign: char, bracketed: bool) -> Option<Sign> {
    let (mut left, mut right) = (text.get(..start)?, text.get(end..)?);
    let mut set = if bracketed { Set::Brackets } else { Set::Plain };
    if !bracketed {
        // Brackets and marks, doubled ones too, with a space inside at most.
        for _ in 0..2 {
            let (inner_left, inner_right) = (strip_last_space(left), strip_first_space(right));
            let (Some(before), Some(behind)) = (inner_left.chars().next_back(), inner_right.chars().next()) else {
                break;
            };
            let brackets = OPENING.contains(&before) && CLOSING.contains(&behind);
            let is_close = inner_left.len() == left.len() && inner_right.len() == right.len();
            let marks = MARKS.contains(&before) && MARKS.contains(&behind) && is_close;
            if !brackets && !marks {
                break;
            }
            set = if brackets { Set::Brackets } else { Set::Marks };
            left = &inner_left[..inner_left.len() - before.len_utf8()];
            right = &inner_right[behind.len_utf8()..];
        }
    }
    let (outer_left, outer_right) =
        (strip_last_space(strip_last_space(left)), strip_first_space(strip_first_space(right)));
    let spaced = outer_left.len() < left.len() || outer_right.len() < right.len();
    let both = outer_left.len() < left.len() && outer_right.len() < right.len();
    let (before, behind) = (outer_left.chars().next_back()?, outer_right.chars().next()?);
    // Something must stand on both sides.
    if !before.is_alphanumeric() && !matches!(before, '_' | ')') || !behind.is_alphanumeric() {
        return None;
    }
    let word = text.get(start..end)?;
    let of_other_script = word.chars().all(is_unspaced) && !is_unspaced(before) && !is_unspaced(behind);
    if set == Set::Plain && !both && !of_other_script {
        return None;
    }
    Some(Sign { start: outer_left.len(), end: text.len() - outer_right.len(), sign, set, spaced })
}

fn strip_last_space(text: &str) -> &str {
    text.strip_suffix([' ', '\u{a0}', '\t', '\n']).unwrap_or(text)
}

fn strip_first_space(text: &str) -> &str {
    text.strip_prefix([' ', '\u{a0}', '\t', '\n']).unwrap_or(text)
}

/// Characters of a host at most.
const LONGEST_HOST: usize = 63;

/// The word of letters, digits and hyphens that begins at `at`.
fn label(lower: &str, at: usize) -> &str {
    let rest = lower.get(at..).unwrap_or_default();
    let end = rest
        .char_indices()
        .take(LONGEST_HOST + 1)
        .find(|(_, c)| !c.is_alphanumeric() && *c != '-')
        .map_or_else(|| rest.chars().take(LONGEST_HOST).map(char::len_utf8).sum(), |(end, _)| end);
    rest.get(..end).unwrap_or_default().trim_end_matches('-')
}

/// Whether a word that can stand for a sign does; `follower` is the next one that does.
fn is_sign(text: &str, lower: &str, one: Sign, follower: Option<Sign>) -> bool {
    let host = label(lower, one.end);
    if host.is_empty() {
        return false;
    }
    let host_end = one.end + host.len();
    let follower = follower
        .filter(|follower| follower.start == host_end || (follower.start >= one.end && follower.start <= host_end + 1));
    match one.sign {
        '@' => {
            let dotted = follower.is_some_and(|follower| follower.sign == '.');
            let dot = lower.get(host_end..).unwrap_or_default();
            let real_dot = dot
                .strip_prefix('.')
                .is_some_and(|rest| domains::suffix(label(rest, 0)).is_some() || label(rest, 0).chars().count() >= 4);
            let named = IS_PROVIDER.contains(host);
            match one.set {
                Set::Brackets => !one.spaced || dotted || real_dot || named,
                Set::Marks => dotted || real_dot || (named && !one.spaced),
                Set::Plain => dotted || (real_dot && is_word_for_at(text, one)) || (named && is_word_for_at(text, one)),
            }
        }
        // Words of a name: what follows leads to its `@`.
        '_' | '-' => follower.is_some_and(|follower| matches!(follower.sign, '@' | '_' | '-')),
        '.' if follower.is_some_and(|follower| matches!(follower.sign, '@' | '_')) => true,
        '.' => match one.set {
            Set::Brackets => host.chars().count() >= 2,
            Set::Marks => domains::suffix(host).is_some(),
            // `the point is`, `Punkt in`: endings that are words need the word of the network.
            Set::Plain => match domains::suffix(host) {
                Some(Suffix::Sure) => true,
                Some(Suffix::Word) => {
                    let word = lower.get(one.start..one.end).unwrap_or_default().trim();
                    let ends = lower.get(host_end..).unwrap_or_default().trim_start_matches('.');
                    let at_end = ends
                        .chars()
                        .next()
                        .is_none_or(|next| next != ' ' || ends.trim_start().starts_with(|c: char| !c.is_alphabetic()));
                    let is_path = follower.is_some_and(|follower| follower.sign == '/');
                    is_after_at(lower, one.start) || is_path || ((word == "dot" || word == "дот") && at_end)
                }
                None => is_after_at(lower, one.start) && host.chars().count() >= 2,
            },
        },
        _ => true,
    }
}

/// Words that mean `@` beside a host with its dot; `a`, `при`, `на` and `et` mean it only where the dot is a word too.
fn is_word_for_at(text: &str, one: Sign) -> bool {
    let word = text.get(one.start..one.end).unwrap_or_default().trim().to_lowercase();
    !matches!(word.as_str(), "et" | "при" | "на" | "att" | "ат" | "эт" | "chez" | "ات" | "keong")
}

/// Whether the host that ends at `at` stands behind a word or sign for `@`.
fn is_after_at(lower: &str, at: usize) -> bool {
    let head = lower.get(..at).unwrap_or_default();
    let host = head.chars().rev().take(LONGEST_HOST).take_while(|c| c.is_alphanumeric() || *c == '-');
    let before = head.get(..head.len() - host.map(char::len_utf8).sum::<usize>()).unwrap_or_default();
    let word = before.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '@');
    word.ends_with('@') || WORDS_FOR_AT.iter().any(|at| word.ends_with(at) && word.len() < head.len())
}

//! Names of sites: a label and an ending of the root zone, however the dot between them is written.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::listing::contacts::fillers::is_ordinary;
use crate::listing::contacts::words::each;
use crate::listing::contacts::{Indicator, IndicatorKind};

/// What an ending is besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suffix {
    /// Nothing else.
    Sure,
    /// An ordinary word, which may follow a full stop without a space.
    Word,
}

/// Endings that are no words. From the root zone database of IANA, its special-use names, and the networks beside it.
const SURE: &str = "\
    com, net, org, info, biz, onion, i2p, loki, bit, eth, crypto, exit, zil, nft, cn, ru, su, hk, tw, kr, jp, eu, nl, fr, uk, pl, cz, sk, \
    ua, by, kz, tr, br, mx, ar, cl, pe, ca, au, nz, za, ng, gh, ke, eg, ma, sa, ae, pk, bd, lk, th, vn, ph, my, sg, cc, ws, \
    xyz, top, shop, store, online, site, website, club, vip, pro, app, link, live, space, icu, buzz, market, trade, \
    pharmacy, chat, test, io, co, рф, рус, 中国, 中國, 公司, 网络, 在线, 商城, 网店, 한국, bz, gg, dev, cx, ch, pt, ro, ir, dk, hu, gr, lt, lv, ee, \
    rs, bg, ge, az, uz, tj, mn, np, mm, kh, fm, fyi, rip, lol, wtf, moe, xxx, sexy, ninja, guru, wiki, \
    agency, directory, \
    \
    pw, sx, vc, tv, nu, cl, ec, uy, bo, py, cr, gt, hn, sv, ni, cu, jm, tt, ky, lu, ly, gl, gd, gy, vg, mc, sm, gal, eus, asia, \
    mobi, jobs, example, invalid, localhost, lan, africa, icloud, dz, tn, iq, sy, jo, kw, bh, qa, om, ye, af, \
    рус, укр, бел, дети, сайт, онлайн, срб";

/// Endings that are ordinary words of some language, units or abbreviations.
const WORDS: &str = "\
    do, me, to, in, is, it, us, de, es, so, no, at, be, la, li, et, se, si, id, ai, im, ac, ag, am, as, fi, hr, ie, \
    il, mk, al, ba, st, tk, ga, gq, cf, ml, ps, pn, sh, ms, ad, an, cd, mu, mg, best, sale, ltd, inc, llc, gmbh, \
    work, world, life, today, fun, run, one, zone, page, cool, plus, red, blue, black, pink, gold, bar, cafe, city, \
    country, deal, deals, delivery, discount, express, farm, fast, fit, fish, garden, gift, gifts, group, love, men, \
    news, now, party, pet, pub, rocks, sex, social, team, video, watch, wang, win, woman, yoga, care, center, bid, \
    cheap, click, date, download, faith, loan, review, science, stream, tips, toys, web, skin, beauty, hair, makeup, \
    quest, monster, cyou, cfd, sbs, bond, lab, vet, med, doctor, ink, ist";

static SUFFIXES: LazyLock<HashMap<&str, Suffix>> = LazyLock::new(|| {
    let sure = each(SURE).map(|word| (word, Suffix::Sure));
    each(WORDS).map(|word| (word, Suffix::Word)).chain(sure).collect()
});

/// What a label in lower case is as an ending.
pub(super) fn suffix(label: &str) -> Option<Suffix> {
    if label.len() > LONGEST_SUFFIX { None } else { SUFFIXES.get(label).copied() }
}

/// Bytes of the longest ending.
const LONGEST_SUFFIX: usize = 16;

/// Bytes of the longest name of a host.
const LONGEST_NAME: usize = 253;

/// Letters of a label before an ending that is a word, and before a dot that is another sign: shorter ones are
/// abbreviations.
const LETTERS_OF_A_LABEL: usize = 4;

/// Words behind which the name of a site stands.
const LEADS: &[&str] = &[
    "visit",
    "site",
    "website",
    "web",
    "www",
    "at",
    "on",
    "shop",
    "store",
    "see",
    "go",
    "order",
    "link",
    "url",
    "via",
    "from",
    "besuche",
    "unter",
    "auf",
    "bei",
    "visita",
    "visite",
    "visitez",
    "sur",
    "en",
    "em",
    "su",
    "op",
    "na",
    "сайт",
    "на",
    "сайте",
    "网址",
    "网站",
    "官网",
    "homepage",
    "page",
];

/// How the dot of a name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dot {
    Full,
    /// A full stop between spaces.
    Spaced,
    /// A comma or a middle dot.
    Other,
}

/// Names of sites in a text; `lower` is the same in lower case.
pub(super) fn find(text: &str, lower: &str) -> Vec<Indicator> {
    let mut found: Vec<Indicator> = Vec::new();
    for (at, sign) in text.match_indices(['.', ',', '•', '·', '。', '．']) {
        let behind = at + sign.len();
        let Some((dot, label_end, suffix_start)) = dot_at(text, at, sign, behind) else { continue };
        let Some((ending, end)) = ending_at(text, lower, suffix_start) else { continue };
        // A name that goes on.
        if let Some(last) = found.last_mut().filter(|last| last.end == label_end && dot == Dot::Full) {
            last.end = path_end(text, end);
            continue;
        }
        let floor = found.last().map_or(0, |last| last.end);
        let Some(start) = name_start(text, label_end, floor) else { continue };
        let is_name = match (dot, ending) {
            // Two elements of a formula (`Co.Ni`) are no site; a site of so short a name is written small.
            (Dot::Full, Suffix::Sure) => label_end - start >= 3 || is_lower(text, start, end),
            (Dot::Full, Suffix::Word) => {
                is_label(lower, start, label_end)
                    && is_as_written(text, suffix_start, end)
                    && (is_led(lower, start) || !goes_on_as_sentence(text, end))
            }
            (Dot::Spaced | Dot::Other, Suffix::Sure) => {
                is_label(lower, start, label_end)
                    && is_lower(text, start, end)
                    && (dot == Dot::Spaced || is_short(lower, suffix_start, end))
            }
            (Dot::Spaced | Dot::Other, Suffix::Word) => false,
        };
        if is_name {
            found.push(Indicator { kind: IndicatorKind::Link, start, end: path_end(text, end) });
        }
    }
    found
}

/// Where the label before a dot ends and the one behind it begins.
fn dot_at(text: &str, at: usize, sign: &str, behind: usize) -> Option<(Dot, usize, usize)> {
    let before = text.get(..at)?.chars().next_back()?;
    let next = text.get(behind..)?.chars().next()?;
    if before.is_alphanumeric() && next.is_alphabetic() {
        return Some((if sign == "." { Dot::Full } else { Dot::Other }, at, behind));
    }
    if sign == "." && before == ' ' && next == ' ' {
        let earlier = text.get(..at - 1)?.chars().next_back()?;
        let later = text.get(behind + 1..)?.chars().next()?;
        return (earlier.is_alphanumeric() && later.is_alphabetic()).then_some((Dot::Spaced, at - 1, behind + 1));
    }
    None
}

/// The ending that begins at `at`, and its end.
fn ending_at(text: &str, lower: &str, at: usize) -> Option<(Suffix, usize)> {
    let rest = text.get(at..)?;
    let mut end = at;
    for c in rest.chars() {
        if !c.is_alphanumeric() {
            break;
        }
        end += c.len_utf8();
        if end - at > LONGEST_SUFFIX {
            return None;
        }
    }
    let goes_on = text.get(end..)?.starts_with('-');
    let ending = suffix(lower.get(at..end)?).filter(|_| !goes_on);
    // A sign of a site's path may follow a label that is none: `name.example.net` is looked at again at its next dot.
    ending.map(|ending| (ending, end))
}

/// Where the name begins whose label ends at `end`.
fn name_start(text: &str, end: usize, floor: usize) -> Option<usize> {
    let head = text.get(floor..end)?;
    let mut start = end;
    for c in head.chars().rev() {
        if !(c.is_alphanumeric() || c == '-' || c == '.' || c == '_') || end - start > LONGEST_NAME {
            break;
        }
        start -= c.len_utf8();
    }
    let name = text.get(start..end)?;
    let trimmed = name.trim_start_matches(|c: char| !c.is_alphanumeric());
    (!trimmed.is_empty()).then(|| end - trimmed.len())
}

/// Where the path of a name ends.
fn path_end(text: &str, end: usize) -> usize {
    let rest = text.get(end..).unwrap_or_default();
    if !rest.starts_with(['/', '?'])
        && !rest.strip_prefix(':').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    {
        return end;
    }
    end + rest.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"')).unwrap_or(rest.len())
}

/// Whether a label is long enough and no ordinary word.
fn is_label(lower: &str, start: usize, end: usize) -> bool {
    let name = lower.get(start..end).unwrap_or_default();
    let label = name.rsplit('.').next().unwrap_or_default();
    label.chars().filter(|c| c.is_alphabetic()).count() >= LETTERS_OF_A_LABEL
        && !is_ordinary(label)
        && !crate::listing::contacts::fillers::is_common(label)
}

/// Endings that are words are written small.
fn is_as_written(text: &str, start: usize, end: usize) -> bool {
    text.get(start..end).is_some_and(|ending| ending.chars().all(|c| !c.is_uppercase()))
}

fn is_lower(text: &str, start: usize, end: usize) -> bool {
    is_as_written(text, start, end)
}

/// Behind a comma, an ending of more letters is a word of a list.
fn is_short(lower: &str, start: usize, end: usize) -> bool {
    lower.get(start..end).is_some_and(|ending| {
        matches!(
            ending,
            "com"
                | "net"
                | "org"
                | "su"
                | "ru"
                | "cn"
                | "onion"
                | "cc"
                | "ws"
                | "xyz"
                | "top"
                | "io"
                | "bz"
                | "biz"
                | "info"
                | "is"
                | "to"
                | "me"
        )
    })
}

/// Whether the text goes on in small letters behind a space, as a sentence does whose full stop had none.
fn goes_on_as_sentence(text: &str, end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default();
    let behind = rest.trim_start();
    behind.len() < rest.len()
        && !rest.starts_with('\n')
        && behind.starts_with(|c: char| c.is_lowercase() || c.is_numeric())
}

/// Whether a word that leads to a site, or a sign, stands right before `at`.
fn is_led(lower: &str, at: usize) -> bool {
    let head = lower.get(..at).unwrap_or_default().trim_end();
    if head.ends_with([':', '=', '→', '>', '/']) {
        return true;
    }
    let word = head.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    LEADS.contains(&word)
}

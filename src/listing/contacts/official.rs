//! Texts of law and the hosts of states that publish them: they are no contact of anybody.

use std::sync::LazyLock;

use regex::Regex;

use crate::listing::contacts::shapes::pattern;
use crate::listing::contacts::{Indicator, IndicatorKind};

/// Hosts of states and of the organisations of the treaties. A state's own ending stands last in its host.
static LINK: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:^|[\s(\[«“\x22,;>])(?P<value>(?:https?://)?(?:[a-z0-9-]+\.){0,5}(?:eur-lex\.europa\.eu|europa\.eu|boe\.es|gesetze-im-internet\.de|un\.org|unodc\.org|incb\.org|who\.int|[a-z0-9-]+\.(?:gov|gouv\.fr|gob\.[a-z]{2}|gouv\.[a-z]{2}|go\.[a-z]{2}|gov\.[a-z]{2})|gov\.[a-z]{2})(?:[/?#][^\s<>\x22]*)?)(?:[\s.,;:)\]»”\x22<]|$)",
    )
});

/// Numbers of gazettes: their name, a year, a number.
static GAZETTE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?:^|[^\p{L}\p{N}])(?P<value>(?:BOE|DOUE|BOCG|DOGC|BOJA)-[A-Z]-\d{4}-\d{1,6}|(?:JORFTEXT|LEGITEXT|LEGIARTI|JORFARTI|LEGISCTA)\d{12})(?:[^\p{L}\p{N}]|$)",
    )
});

/// Pieces of the hosts and of the numbers: most texts have none.
const HOSTS: [&str; 12] = [
    ".gov",
    "gov.",
    ".gouv.",
    ".gob.",
    ".go.",
    "europa.eu",
    "boe.es",
    "gesetze-im-internet",
    "un.org",
    "unodc.org",
    "incb.org",
    "who.int",
];
const NUMBERS: [&str; 6] = ["-A-", "-B-", "-C-", "-L-", "TEXT0", "ARTI0"];

/// Takes back what was found in a link to a text of law and in the number of a gazette; `lower` is the text in lower case.
pub(super) fn keep(text: &str, lower: &str, found: &mut Vec<Indicator>) {
    if found.is_empty() {
        return;
    }
    let mut spans: Vec<(usize, usize)> = Vec::new();
    if HOSTS.iter().any(|host| lower.contains(host)) {
        // What names somebody on another host is no text of law, whatever host it goes by.
        let is_clean = |link: &str| !link.contains('@') && !["t.me", "wa.me"].iter().any(|host| link.contains(host));
        let links = LINK.captures_iter(text).filter_map(|hit| hit.name("value"));
        spans.extend(links.filter(|link| is_clean(link.as_str())).map(|link| (link.start(), link.end())));
    }
    if NUMBERS.iter().any(|head| text.contains(head)) {
        spans.extend(
            GAZETTE.captures_iter(text).filter_map(|hit| hit.name("value")).map(|hit| (hit.start(), hit.end())),
        );
    }
    if spans.is_empty() {
        return;
    }
    spans.sort_unstable();
    let is_address = |kind: IndicatorKind| {
        use IndicatorKind as K;
        matches!(kind, K::Email | K::Iban | K::Bitcoin | K::Ethereum | K::Monero)
    };
    found.retain(|one| {
        let before = spans.partition_point(|(start, _)| *start <= one.start);
        let span = before.checked_sub(1).and_then(|at| spans.get(at));
        is_address(one.kind) || span.is_none_or(|(_, end)| *end < one.end)
    });
}

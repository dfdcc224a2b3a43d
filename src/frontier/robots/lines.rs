//! The lines of a robots.txt, as people really write them: indented, without a colon, several agents in one, misspelt.

use std::borrow::Cow;
use std::io::Read;
use std::time::Duration;

use crate::frontier::robots::{ROBOTS_LIMIT_BYTES, pattern};

/// Longer lines are no rules.
const LINE_LIMIT_BYTES: usize = 2048;

/// The longest `Crawl-delay` that is obeyed as a delay; a longer one is obeyed as this long.
const LONGEST_CRAWL_DELAY: f64 = 86_400.0;

/// Names in the plain form.
const BAN: &str = "disallow";
pub const CRAWL_DELAY: &str = "crawl-delay";

/// Files packed into each other that are unpacked.
const UNPACKED: usize = 3;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Agent,
    Allow,
    Ban,
    CrawlDelay,
    Sitemap,
}

/// Names of lines, in the spellings that are forgiven.
const NAMES: &[(&str, Name)] = &[
    ("user-agent", Name::Agent),
    ("useragent", Name::Agent),
    ("user agent", Name::Agent),
    ("user_agent", Name::Agent),
    ("allow", Name::Allow),
    ("disallow", Name::Ban),
    ("dissallow", Name::Ban),
    ("dissalow", Name::Ban),
    ("disalow", Name::Ban),
    ("diasllow", Name::Ban),
    ("disallaw", Name::Ban),
    ("crawl-delay", Name::CrawlDelay),
    ("crawldelay", Name::CrawlDelay),
    ("crawl delay", Name::CrawlDelay),
    ("crawl_delay", Name::CrawlDelay),
    ("sitemap", Name::Sitemap),
    ("site-map", Name::Sitemap),
];

/// The bytes of a file in UTF-8 or another encoding that leaves ASCII as it is: unpacked, and UTF-16 decoded. `None` for what
/// is no text.
pub fn text(body: &[u8]) -> Option<Cow<'_, [u8]>> {
    let mut body = Cow::Borrowed(body);
    for _ in 0..UNPACKED {
        if !body.starts_with(b"\x1f\x8b") {
            break;
        }
        let mut unpacked = Vec::new();
        // One byte more, so that a file that is cut is known to be.
        let most = ROBOTS_LIMIT_BYTES as u64 + 1;
        flate2::read::MultiGzDecoder::new(&body[..]).take(most).read_to_end(&mut unpacked).ok()?;
        body = Cow::Owned(unpacked);
    }
    if let Some(decoded) = utf_16(&body) {
        body = Cow::Owned(decoded);
    }
    // Packed in a way we do not know, or a picture: text has hardly any control characters.
    let control = |byte: &&u8| byte.is_ascii_control() && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0b | 0x0c);
    let controls = body.iter().filter(control).count();
    (!body.contains(&0) && controls * 50 <= body.len()).then_some(body)
}

/// UTF-16 is no robots.txt by the standard, but whoever saves one so means its rules. Without a byte order mark it is told
/// by every other byte of its beginning being zero.
fn utf_16(body: &[u8]) -> Option<Vec<u8>> {
    let head = &body[..body.len().min(64) & !1];
    let zeros = |odd: usize| !head.is_empty() && head.iter().skip(odd).step_by(2).all(|byte| *byte == 0);
    let (encoding, mark) = match encoding_rs::Encoding::for_bom(body) {
        Some((encoding, mark)) if encoding != encoding_rs::UTF_8 => (encoding, mark),
        _ if zeros(1) && !zeros(0) => (encoding_rs::UTF_16LE, 0),
        _ if zeros(0) && !zeros(1) => (encoding_rs::UTF_16BE, 0),
        _ => return None,
    };
    Some(encoding.decode_without_bom_handling(&body[mark..]).0.into_owned().into_bytes())
}

/// The file in the plain form the `robotstxt` crate reads as meant: one agent, rule, delay or sitemap a line, patterns in one
/// encoding, lines that say nothing to us left out.
pub fn plain(text: &[u8]) -> String {
    let capped = &text[..text.len().min(ROBOTS_LIMIT_BYTES)];
    let mut plain = String::with_capacity(capped.len());
    let mut lines = capped.split(|byte| matches!(byte, b'\n' | b'\r')).peekable();
    while let Some(line) = lines.next() {
        // The line the cap cuts, and one too long: part of a ban is a wider ban, part of anything else could be consent.
        let is_cut = lines.peek().is_none() && text.len() > ROBOTS_LIMIT_BYTES;
        if is_cut {
            push_cut_ban(line, &mut plain);
        } else {
            push(line, line.len() > LINE_LIMIT_BYTES, &mut plain);
        }
    }
    plain
}

fn push(line: &[u8], is_too_long: bool, plain: &mut String) {
    let Some((name, colon, value)) = parts(line) else { return };
    let written = String::from_utf8_lossy(value);
    match name {
        Name::Agent => agents(&written).iter().for_each(|agent| record(plain, "user-agent", agent)),
        // Prose may begin with the word; an allowance must look like one.
        Name::Allow if is_too_long || (!colon && value.iter().any(u8::is_ascii_whitespace)) => {}
        Name::Ban if is_too_long => push_cut_ban(line, plain),
        Name::Allow => push_rule(plain, "allow", &pattern::of_rule(value, true)),
        Name::Ban => push_rule(plain, BAN, &pattern::of_rule(value, false)),
        Name::CrawlDelay => {
            crawl_delay(&written).into_iter().for_each(|delay| {
                record(plain, CRAWL_DELAY, &delay.as_secs_f64().to_string());
            });
        }
        Name::Sitemap => record(plain, "sitemap", &written),
    }
}

/// A rule without a pattern says nothing but ends the list of agents.
fn push_rule(plain: &mut String, name: &str, patterns: &[String]) {
    if patterns.is_empty() {
        record(plain, name, "");
    }
    patterns.iter().for_each(|pattern| record(plain, name, pattern));
}

fn record(plain: &mut String, name: &str, value: &str) {
    plain.push_str(name);
    plain.push_str(": ");
    plain.push_str(value);
    plain.push('\n');
}

/// A ban of which only the beginning is known is kept as a ban on all that begins so: stricter, never looser. Other lines
/// of which the end is missing are left out.
fn push_cut_ban(line: &[u8], plain: &mut String) {
    let Some((Name::Ban, _, value)) = parts(&line[..line.len().min(LINE_LIMIT_BYTES / 4)]) else { return };
    let mut value = value.strip_suffix(b"$").unwrap_or(value);
    // Neither half a character nor half an escape is any of the pattern.
    if let Err(error) = std::str::from_utf8(value)
        && error.error_len().is_none()
    {
        value = &value[..error.valid_up_to()];
    }
    if let Some(at) = value.iter().rposition(|byte| *byte == b'%').filter(|at| at + 3 > value.len()) {
        value = &value[..at];
    }
    if !value.is_empty() {
        push_rule(plain, BAN, &pattern::of_rule(&[value, b"*"].concat(), false));
    }
}

/// Name and value of a line without its comment, and whether a sign stands between them.
fn parts(line: &[u8]) -> Option<(Name, bool, &[u8])> {
    let line = trimmed(line.split(|byte| *byte == b'#').next().unwrap_or_default());
    let named = |(name, _): &&(&str, Name)| {
        line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
    };
    let (written, name) = NAMES.iter().find(named)?;
    let rest = &line[written.len()..];
    let value = trimmed(rest);
    for sign in [&b":"[..], b"=", "\u{ff1a}".as_bytes()] {
        if let Some(value) = value.strip_prefix(sign) {
            return Some((*name, true, trimmed(value)));
        }
    }
    // Without a sign a space must do, or the slash of what is banned.
    let apart = value.len() < rest.len() || rest.is_empty() || (*name == Name::Ban && rest.starts_with(b"/"));
    apart.then_some((*name, false, value))
}

/// Without white space at both ends, also that of other scripts, and marks that cannot be seen.
fn trimmed(mut text: &[u8]) -> &[u8] {
    const UNSEEN: [&str; 5] = ["\u{feff}", "\u{a0}", "\u{200b}", "\u{200e}", "\u{3000}"];
    loop {
        let before = text.len();
        text = text.trim_ascii();
        for mark in UNSEEN {
            text = text.strip_prefix(mark.as_bytes()).unwrap_or(text);
            text = text.strip_suffix(mark.as_bytes()).unwrap_or(text);
        }
        if text.len() == before {
            return text;
        }
    }
}

/// The agents of a line: one by the standard, often several. `listingwatch/1.0` addresses us as well; a name ends at the
/// first character that no product token has.
fn agents(value: &str) -> Vec<String> {
    if value.starts_with('*') {
        let mut all = vec!["*".to_owned()];
        all.extend(names(value.trim_start_matches('*')));
        return all;
    }
    names(value).collect()
}

fn names(value: &str) -> impl Iterator<Item = String> {
    let between = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '(' | ')' | '"' | '\'');
    let name = |word: &str| match word {
        "*" => word.to_owned(),
        word => {
            let token = word.chars().take_while(|c| c.is_ascii_alphabetic() || matches!(c, '-' | '_'));
            token.collect::<String>().to_ascii_lowercase()
        }
    };
    value.split(between).map(name).filter(|name| !name.is_empty())
}

/// `Crawl-delay` in seconds or with a unit, with a decimal point or comma; of a range the longer. Infinite or absurd values
/// ask for the longest delay; negative and unreadable ones for none.
fn crawl_delay(value: &str) -> Option<Duration> {
    let value = value.trim_matches(['"', '\'']).trim().to_ascii_lowercase();
    let seconds = match value.parse::<f64>() {
        Ok(seconds) => seconds,
        Err(_) => {
            let (number, rest) = number(&value)?;
            let (number, unit) = match rest.strip_prefix(['-', '\u{2013}']).map(str::trim_start).and_then(self::number)
            {
                Some((longer, unit)) => (number.max(longer), unit),
                None => (number, rest),
            };
            number * unit_seconds(unit)
        }
    };
    if seconds.is_nan() || seconds < 0.0 {
        return None;
    }
    Duration::try_from_secs_f64(seconds.min(LONGEST_CRAWL_DELAY)).ok()
}

/// The number a text begins with, and what follows it.
fn number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',')).unwrap_or(text.len());
    let number = text[..end].trim_end_matches(['.', ',']).replace(',', ".").parse().ok()?;
    Some((number, text[end..].trim_start()))
}

/// Seconds of a unit; what is no unit we know says seconds, as a bare number does.
fn unit_seconds(unit: &str) -> f64 {
    let word: String = unit.chars().take_while(char::is_ascii_alphabetic).collect();
    match word.as_str() {
        "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => 0.001,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        _ => 1.0,
    }
}

//! Small forms that several settings share: words, e-mail addresses, languages, countries, URLs, hosts.

use std::net::IpAddr;

use url::{Host, Url};

use crate::config::reader::Wrong;
use crate::vocab::found::FoundUrl;
use crate::vocab::platform::HostPattern;

/// Longest free text (names, references) of a setting, in characters.
const WORDS_LIMIT: usize = 500;

/// ISO 3166-1 alpha-2, as assigned.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS \
BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK \
FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM \
JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS \
MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW \
SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM \
US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Member states of the European Union.
const EU_MEMBERS: &str = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";

/// Text for people: not empty, one line.
pub(super) fn words(text: &str) -> Result<String, Wrong> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Wrong::new("text is empty"));
    }
    if trimmed.chars().any(char::is_control) {
        return Err(Wrong::new("text contains a line break or control character"));
    }
    if trimmed.chars().count() > WORDS_LIMIT {
        return Err(Wrong::new(format!("text is longer than {WORDS_LIMIT} characters")));
    }
    Ok(trimmed.to_owned())
}

/// An e-mail address, `name@host`.
pub(super) fn email(text: &str) -> Result<String, Wrong> {
    match text.parse::<lettre::Address>() {
        Ok(address) => Ok(address.to_string()),
        Err(_) => {
            Err(Wrong::new(format!("`{}` is not an e-mail address", cut(text))).hint("write `name@example.test`"))
        }
    }
}

/// A BCP 47 language tag, `en` or `zh-Hant`.
pub(super) fn language(text: &str) -> Result<String, Wrong> {
    let mut parts = text.split('-');
    let primary = parts.next().unwrap_or_default();
    let primary_fits = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_lowercase());
    let rest_fits = parts.all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if primary_fits && rest_fits && text.len() <= 35 {
        return Ok(text.to_owned());
    }
    Err(Wrong::new(format!("`{}` is not a language tag", cut(text)))
        .hint("write two or three lower-case letters of BCP 47, such as `en`, `zh` or `pt-BR`"))
}

/// An ISO 3166-1 alpha-2 country code.
pub(super) fn country(text: &str) -> Result<String, Wrong> {
    if COUNTRIES.split(' ').any(|code| code == text) {
        return Ok(text.to_owned());
    }
    let upper = text.to_uppercase();
    let hint = match upper.as_str() {
        "UK" => "did you mean `GB`?".to_owned(),
        "EL" => "did you mean `GR`?".to_owned(),
        _ if COUNTRIES.split(' ').any(|code| code == upper) => format!("did you mean `{upper}`?"),
        _ => "write two capital letters of ISO 3166-1, such as `NL`".to_owned(),
    };
    Err(Wrong::new(format!("`{}` is not a country code", cut(text))).hint(hint))
}

/// A jurisdiction whose controls are cited: `INT`, `EU` or a country.
pub(super) fn jurisdiction(text: &str) -> Result<String, Wrong> {
    if matches!(text, "INT" | "EU") {
        return Ok(text.to_owned());
    }
    country(text).map_err(|wrong| {
        let hint = wrong
            .hint
            .filter(|hint| hint.starts_with("did"))
            .unwrap_or_else(|| "write `INT`, `EU` or a country code".into());
        Wrong::new(format!("`{}` is not a jurisdiction", cut(text))).hint(hint)
    })
}

/// Whether `country` is a member state of the European Union.
pub(super) fn is_eu_member(country: &str) -> bool {
    EU_MEMBERS.split(' ').any(|code| code == country)
}

/// A page we may start from.
pub(super) fn page_url(text: &str) -> Result<FoundUrl, Wrong> {
    FoundUrl::parse(text, None).map_err(|error| {
        let wrong = Wrong::from(error);
        if text.contains("://") {
            wrong
        } else {
            wrong.hint(format!("write the whole address: `https://{}`", cut(text.trim_start_matches('/'))))
        }
    })
}

/// An address we publish or call: https, or http on loopback only.
pub(super) fn timestamp_authority(text: &str) -> Result<String, Wrong> {
    let url = Url::parse(text).map_err(|error| {
        Wrong::new(format!("`{}` is not an absolute URL: {error}", cut(text))).hint("write `https://…` or `http://…`")
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new("a user name or password in a URL is refused"));
    }
    match url.scheme() {
        "https" | "http" => Ok(url.into()),
        other => Err(Wrong::new(format!("scheme `{other}` is neither https nor http"))),
    }
}

pub(super) fn service_url(text: &str) -> Result<String, Wrong> {
    let url = Url::parse(text).map_err(|error| {
        Wrong::new(format!("`{}` is not an absolute URL: {error}", cut(text))).hint("write `https://…`")
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new("a user name or password in a URL is refused"));
    }
    match url.scheme() {
        "https" => Ok(url.into()),
        "http" if is_loopback(&url) => Ok(url.into()),
        "http" => Err(Wrong::new("plain http is allowed for loopback addresses only").hint("write `https://…`")),
        other => Err(Wrong::new(format!("scheme `{other}` is not https"))),
    }
}

/// Whether a URL's host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A host of the scope: `www.example.test`, `*.example.test`, with or without `:port`.
pub(super) fn host_pattern(text: &str) -> Result<HostPattern, Wrong> {
    let only_host = || {
        let bare = text.split("://").last().unwrap_or_default().split(['/', '?', '#']).next().unwrap_or_default();
        Wrong::new(format!("`{}` is more than a host", cut(text))).hint(format!("write `{}`", cut(bare)))
    };
    if text.contains("://") || text.contains(['/', '?', '#', '@']) {
        return Err(only_host());
    }
    let (wildcard, name) = match text.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, text),
    };
    if name.contains('*') || name.is_empty() {
        return Err(Wrong::new(format!("`{}` is not a host", cut(text)))
            .hint("a wildcard stands alone in front: `*.example.test`"));
    }
    let (name, port) = split_port(name)
        .ok_or_else(|| Wrong::new(format!("`{}` does not end in a port from 1 to 65535", cut(text))))?;
    let host = Host::parse(name).map_err(|error| Wrong::new(format!("`{}` is not a host: {error}", cut(text))))?;
    let is_address = !matches!(host, Host::Domain(_));
    if wildcard && is_address {
        return Err(Wrong::new("a wildcard cannot stand before an IP address"));
    }
    let host = host.to_string();
    if wildcard && psl::suffix_str(&host).is_none_or(|suffix| suffix == host) {
        return Err(Wrong::new(format!("`{}` reaches into sites of other people", cut(text)))
            .hint("put a wildcard before a registered domain only: `*.example.test`"));
    }
    if !is_address && host.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Err(Wrong::new(format!("`{}` is not a host", cut(text))).hint("write it without a dot at either end"));
    }
    Ok(HostPattern { host, wildcard, port })
}

fn split_port(name: &str) -> Option<(&str, Option<u16>)> {
    let port_at = match name.rfind(']') {
        Some(bracket) => name[bracket..].find(':').map(|at| bracket + at),
        None => name.rfind(':'),
    };
    match port_at {
        None => Some((name, None)),
        Some(at) => {
            let port = name[at + 1..].parse::<u16>().ok().filter(|port| *port > 0)?;
            Some((&name[..at], Some(port)))
        }
    }
}

/// Address and prefix length of a range that lies wholly within private address space.
pub(super) fn private_range(text: &str) -> Result<crate::vocab::platform::IpRange, Wrong> {
    const PRIVATE: [(&str, u8); 7] = [
        ("127.0.0.0", 8),
        ("10.0.0.0", 8),
        ("172.16.0.0", 12),
        ("192.168.0.0", 16),
        ("100.64.0.0", 10),
        ("::1", 128),
        ("fc00::", 7),
    ];
    let range = crate::vocab::platform::IpRange::parse(text)
        .ok_or_else(|| Wrong::new(format!("`{}` is not an address range", cut(text))).hint("write `127.0.0.0/8`"))?;
    let (address, bits) = text.split_once('/').unwrap_or((text, "128"));
    let address: IpAddr = address.parse()?;
    let bits: u8 = bits.parse()?;
    let inside = PRIVATE.iter().any(|(base, prefix)| {
        let outer = crate::vocab::platform::IpRange::parse(&format!("{base}/{prefix}"));
        bits >= *prefix && outer.is_some_and(|outer| outer.contains(address))
    });
    if inside {
        Ok(range)
    } else {
        Err(Wrong::new(format!("`{}` is not a private range", cut(text)))
            .hint("public addresses need no entry; link-local ones are never visited"))
    }
}

/// `text`, short enough for a message.
pub(super) fn cut(text: &str) -> String {
    if text.chars().count() <= 80 {
        return text.to_owned();
    }
    text.chars().take(79).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        for (text, host, wildcard, port) in [
            ("www.example.test", "www.example.test", false, None),
            ("*.example.test", "example.test", true, None),
            ("WWW.Example.Test:8443", "www.example.test", false, Some(8443)),
            ("127.0.0.1:8400", "127.0.0.1", false, Some(8400)),
            ("[::1]:80", "[::1]", false, Some(80)),
            ("[::1]", "[::1]", false, None),
            ("bücher.test", "xn--bcher-kva.test", false, None),
            ("localhost", "localhost", false, None),
        ] {
            let pattern = host_pattern(text).unwrap();
            assert_eq!((pattern.host.as_str(), pattern.wildcard, pattern.port), (host, wildcard, port), "{text}");
        }
        for bad in [
            "",
            "https://a.test",
            "a.test/x",
            "a.test:0",
            "a.test:99999",
            "*",
            "*.com",
            "*.co.uk",
            "a.*.test",
            "a b.test",
            "*.127.0.0.1",
            "user@a.test",
            "a..test",
            "a.test.",
            ".a.test",
        ] {
            assert!(host_pattern(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn private_ranges_stay_private() {
        for good in ["127.0.0.0/8", "127.0.0.5", "10.1.0.0/16", "192.168.7.0/24", "fd00::/8", "::1"] {
            assert!(private_range(good).is_ok(), "{good}");
        }
        for bad in
            ["0.0.0.0/0", "8.8.8.8/32", "169.254.169.254/32", "10.0.0.0/7", "::/0", "example.test", "127.0.0.0/x"]
        {
            assert!(private_range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn services_are_https_except_on_loopback() {
        for good in ["https://ts.example.test/hook", "http://127.0.0.1:9/h", "http://[::1]:9/h", "http://localhost/h"] {
            assert!(service_url(good).is_ok(), "{good}");
        }
        for bad in
            ["http://ts.example.test/", "ftp://x.test/", "https://u:p@x.test/", "x.test", "http://127.0.0.1.x.test/"]
        {
            assert!(service_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn codes() {
        assert!(country("NL").is_ok() && is_eu_member("NL") && !is_eu_member("CH"));
        assert_eq!(country("UK").unwrap_err().hint.as_deref(), Some("did you mean `GB`?"));
        assert_eq!(country("nl").unwrap_err().hint.as_deref(), Some("did you mean `NL`?"));
        assert!(jurisdiction("INT").is_ok() && jurisdiction("EU").is_ok() && jurisdiction("XX").is_err());
        for good in ["en", "zh-Hant", "pt-BR", "gsw"] {
            assert!(language(good).is_ok(), "{good}");
        }
        for bad in ["", "EN", "english", "e", "en_GB", "en-"] {
            assert!(language(bad).is_err(), "{bad}");
        }
        assert_eq!(email("trust-safety@example.test").unwrap(), "trust-safety@example.test");
        for bad in ["", "a", "a@", "@b", "a b@c.test", "a@b\nc"] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }
}

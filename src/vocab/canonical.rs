//! The parts of a URL in one form: percent-encoding, session ids, default documents, tracking parameters, order.
//!
//! Only what no site gives a meaning of its own is dropped here; parameters that change nothing on one site are learned
//! (`frontier::parameters`).

/// Names that count visits, set by advertisers and mail tools; compared in lower case.
const TRACKING: &[&str] = &[
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "gad_source",
    "gad_campaignid",
    "srsltid",
    "fbclid",
    "msclkid",
    "yclid",
    "ysclid",
    "twclid",
    "ttclid",
    "li_fat_id",
    "igshid",
    "igsh",
    "epik",
    "irclickid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "hsctatracking",
    "vero_id",
    "oly_enc_id",
    "oly_anon_id",
    "rb_clickid",
    "s_cid",
    "ref_src",
    "ref_url",
    "spm",
    "scm",
    "algo_pvid",
    "algo_exp_id",
    "algo_expid",
    "wickedid",
    "_openstat",
    "cmpid",
];

/// Beginnings of such names.
const TRACKING_STARTS: &[&str] = &["utm_", "pk_", "mtm_", "matomo_", "piwik_", "hsa_", "at_custom", "_branch_"];

/// Names that carry a visitor's session, whatever their value.
const SESSION: &[&str] = &[
    "sessionid",
    "session_id",
    "sessid",
    "phpsessid",
    "jsessionid",
    "cfid",
    "cftoken",
    "zenid",
    "oscsid",
    "osscsid",
    "phpsession",
    "aspsessionid",
];

/// Short names that carry a session on some sites and a shop or section on others: the value decides.
const PERHAPS_SESSION: &[&str] = &["sid", "s_id", "sess"];

/// Documents a server gives for the folder itself.
const DEFAULT_DOCUMENTS: &[&str] = &[
    "index.html",
    "index.htm",
    "index.xhtml",
    "index.php",
    "index.asp",
    "index.aspx",
    "index.jsp",
    "index.cgi",
    "index.shtml",
    "default.htm",
    "default.html",
    "default.asp",
    "default.aspx",
];

/// Whether the bytes hold a control character, also in an escape: nothing links to those but mistakes and attacks.
pub fn has_control(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| match byte {
        b'%' => escape(&bytes[at..]).is_some_and(|value| matches!(value, 0 | b'\r' | b'\n' | 0x7f)),
        byte => byte.is_ascii_control(),
    })
}

/// The value of the escape at the start of `bytes`.
fn escape(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = bytes else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// A path with unreserved octets decoded, other escapes in upper case, a percent sign that begins none escaped, session
/// ids and a default document left out; `None` when it is so already, as nearly all are.
pub fn path(path: &str) -> Option<String> {
    let last = path.rsplit('/').next().unwrap_or_default();
    let plain = memchr::memchr3(b'%', b';', b'(', path.as_bytes()).is_none();
    // Default documents begin with `i` or `d`.
    if plain && !matches!(last.as_bytes().first(), Some(b'i' | b'I' | b'd' | b'D')) {
        return None;
    }
    let encoded = one_encoding(path);
    let mut segments: Vec<&str> = Vec::new();
    for segment in encoded.split('/') {
        let segment = without_session(segment);
        if !is_cookieless_session(segment) {
            segments.push(segment);
        }
    }
    if segments.len() < 2 {
        // The path was nothing but a session.
        segments = vec!["", ""];
    }
    if let Some(last) = segments.last_mut()
        && DEFAULT_DOCUMENTS.iter().any(|name| last.eq_ignore_ascii_case(name))
    {
        *last = "";
    }
    Some(segments.join("/")).filter(|canonical| canonical != path)
}

fn one_encoding(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len() + 2);
    let mut at = 0;
    while at < bytes.len() {
        match escape(&bytes[at..]) {
            Some(value) if value.is_ascii_alphanumeric() || matches!(value, b'-' | b'.' | b'_' | b'~') => {
                out.push(value);
                at += 3;
            }
            Some(_) => {
                out.extend(bytes[at..at + 3].to_ascii_uppercase());
                at += 3;
            }
            None if bytes[at] == b'%' => {
                out.extend_from_slice(b"%25");
                at += 1;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    // Only ASCII was put in or taken out, so the text is still UTF-8.
    String::from_utf8_lossy(&out).into_owned()
}

/// `item;jsessionid=1A2B` without what follows the semicolon, where that is a session.
fn without_session(segment: &str) -> &str {
    let mut rest = segment;
    while let Some((head, parameter)) = rest.rsplit_once(';') {
        let name = parameter.split('=').next().unwrap_or_default().to_ascii_lowercase();
        if !SESSION.contains(&name.as_str()) && !PERHAPS_SESSION.contains(&name.as_str()) {
            break;
        }
        rest = head;
    }
    rest
}

/// A path without `;jsessionid=` and its like; `None` when it has none. Everything else stays as it is written.
pub fn path_without_session(path: &str) -> Option<String> {
    if !path.contains(';') {
        return None;
    }
    let kept: Vec<&str> = path
        .split('/')
        .map(|segment| {
            let mut rest = segment;
            while let Some((head, _)) = rest.rsplit_once(';').filter(|(_, last)| names_session(last)) {
                rest = head;
            }
            rest
        })
        .collect();
    Some(kept.join("/")).filter(|kept| kept != path)
}

/// A query without the parameters that name a visitor's session or count a visit; `None` when it has none of them, and an
/// empty text when it has no others.
pub fn query_without_visit(query: &str) -> Option<String> {
    let of_a_visit = |pair: &&str| names_session(pair) || names_tracking(pair);
    if !query.split('&').any(|pair| of_a_visit(&pair)) {
        return None;
    }
    Some(query.split('&').filter(|pair| !of_a_visit(pair)).collect::<Vec<_>>().join("&"))
}

/// Whether a parameter is a visitor's session.
fn names_session(pair: &str) -> bool {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let among = |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known));
    among(SESSION)
        || name.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("aspsessionid"))
        || (among(PERHAPS_SESSION) && looks_like_a_session(value.as_bytes()))
}

/// Whether a parameter counts visits.
fn names_tracking(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    let begins = |start: &&str| name.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    TRACKING.iter().any(|known| name.eq_ignore_ascii_case(known)) || TRACKING_STARTS.iter().any(begins)
}

/// The canonical name of a parameter as written in any query.
pub fn name_of(pair: &str) -> String {
    encoded(&decoded(pair.split('=').next().unwrap_or_default()))
}

/// `(S(lit3py55t21z5v55vlm25s55))`, as ASP.NET writes a session into the path.
fn is_cookieless_session(segment: &str) -> bool {
    segment.len() > 20
        && segment.starts_with('(')
        && segment.ends_with("))")
        && segment.contains("S(")
        && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'(' | b')'))
}

/// A query without tracking and session parameters, in one encoding and order, each pair once. `None` when nothing is
/// left. Works on bytes, because old sites write other encodings than UTF-8.
pub fn query(query: &str) -> Option<String> {
    let mut pairs: Vec<(String, Option<String>)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (pair, None),
        };
        let (name, value) = (decoded(name), value.map(decoded));
        if !is_left_out(&name, value.as_deref().unwrap_or_default()) {
            pairs.push((encoded(&name), value.map(|value| encoded(&value))));
        }
    }
    pairs.sort();
    pairs.dedup();
    let written = pairs.into_iter().map(|(name, value)| match value {
        Some(value) => format!("{name}={value}"),
        None => name,
    });
    let query = written.collect::<Vec<_>>().join("&");
    (!query.is_empty()).then_some(query)
}

fn decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], escape(&bytes[at..])) {
            (_, Some(value)) => {
                out.push(value);
                at += 3;
            }
            (byte, None) => {
                out.push(if byte == b'+' { b' ' } else { byte });
                at += 1;
            }
        }
    }
    out
}

/// What may stand in a query stays as it is, so that servers and robots rules see it as the site writes it.
fn encoded(bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'(' | b')' | b'*' | b',' | b':' | b';' | b'@' | b'/' | b'?'
            | b'[' | b']' => out.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(*byte)),
            byte => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
    out
}

fn is_left_out(name: &[u8], value: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let name = name.as_str();
    TRACKING.contains(&name)
        || TRACKING_STARTS.iter().any(|start| name.starts_with(start))
        || SESSION.contains(&name)
        || name.starts_with("aspsessionid")
        || (PERHAPS_SESSION.contains(&name) && looks_like_a_session(value))
}

/// A long value, or letters and digits mixed: no number of a shop.
fn looks_like_a_session(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    value.len() >= 16 || (value.len() >= 6 && digits > 0 && letters > 0)
}

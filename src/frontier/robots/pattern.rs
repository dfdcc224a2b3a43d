//! Rules and addresses in one encoding, and whether a rule matches an address.

/// An address as rules are compared with it: in [`one_form`], and no character in it special to a pattern. `%2A` and `%24`
/// in a rule mean the characters themselves (RFC 9309 section 2.2.3).
pub fn address(path_and_query: &str) -> String {
    let form = one_form(path_and_query.as_bytes());
    if form.contains(['*', '$']) { form.replace('*', "%2A").replace('$', "%24") } else { form }
}

/// The same address with the reserved characters of its query escaped, and with its spaces written as `%20`, where that
/// makes a difference.
pub fn other_spellings(path_and_query: &str) -> Vec<String> {
    let mut spellings = Vec::new();
    let Some((head, query)) = path_and_query.split_once('?') else { return spellings };
    let reserved = |c: char| matches!(c, ':' | '/' | '?' | '@' | '!' | ',' | ';' | '(' | ')' | '[' | ']');
    if query.contains(reserved) {
        let mut escaped = String::with_capacity(path_and_query.len() + 16);
        for c in query.chars() {
            if reserved(c) {
                escaped.push_str(&format!("%{:02X}", u32::from(c)));
            } else {
                escaped.push(c);
            }
        }
        spellings.push(address(&format!("{head}?{escaped}")));
    }
    if query.contains('+') {
        spellings.push(address(&format!("{head}?{}", query.replace('+', "%20"))));
    }
    spellings
}

/// The patterns of a rule as written. An allowance has one. A ban has more where what was meant is in doubt: bytes that are
/// no UTF-8, backslashes, several paths in one line, a whole address.
pub fn of_rule(value: &[u8], allow: bool) -> Vec<String> {
    let mut patterns = Vec::new();
    if value.is_empty() {
        return patterns;
    }
    patterns.push(pattern(value));
    if allow {
        return patterns;
    }
    let mut meant: Vec<Vec<u8>> = Vec::new();
    if std::str::from_utf8(value).is_err() {
        meant.push(encoding_rs::WINDOWS_1252.decode_without_bom_handling(value).0.into_owned().into_bytes());
    }
    let path = value.iter().position(|byte| *byte == b'?').unwrap_or(value.len());
    if value[..path].contains(&b'\\') {
        // Browsers read a backslash in a path as a slash.
        let mut slashes = value.to_vec();
        slashes[..path].iter_mut().filter(|byte| **byte == b'\\').for_each(|byte| *byte = b'/');
        meant.push(slashes);
    }
    let parts: Vec<&[u8]> = value.split(u8::is_ascii_whitespace).filter(|part| !part.is_empty()).collect();
    if parts.len() > 1 && parts[1..].iter().all(|part| part.starts_with(b"/")) {
        meant.extend(parts.into_iter().map(<[u8]>::to_vec));
    }
    if let Some(at) = memchr::memmem::find(value, b"://").filter(|at| value[..*at].iter().all(u8::is_ascii_alphabetic))
        && let Some(path) = value[at + 3..].iter().position(|byte| *byte == b'/')
        && value.len() > at + 3 + path + 1
    {
        // Without a path it may speak of another site.
        meant.push(value[at + 3 + path..].to_vec());
    }
    for value in meant {
        let pattern = pattern(&value);
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    patterns
}

fn pattern(value: &[u8]) -> String {
    // A rule without a leading slash can only have meant one.
    let slash: &[u8] = if matches!(value.first(), Some(b'/' | b'*' | b'$')) { b"" } else { b"/" };
    let value = one_form(&[slash, value].concat());
    // Only a `$` at the end is special; elsewhere it stands for itself, as it does in a path.
    match value.strip_suffix('$') {
        Some(head) => format!("{}$", head.replace('$', "%24")),
        None => value.replace('$', "%24"),
    }
}

/// One percent-encoded form for patterns and addresses: unreserved octets decoded, reserved ones as they are written,
/// everything else in upper-case escapes, and so is a percent sign that starts none.
fn one_form(bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(bytes.len());
    let escape = |out: &mut String, value: u8| {
        out.push('%');
        out.push(char::from(HEX[usize::from(value >> 4)]));
        out.push(char::from(HEX[usize::from(value & 15)]));
    };
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        if byte == b'%'
            && let Some(value) = bytes.get(at + 1..at + 3).and_then(octet)
        {
            if is_unreserved(value) {
                out.push(char::from(value));
            } else {
                escape(&mut out, value);
            }
            at += 3;
            continue;
        }
        if is_unreserved(byte) || is_reserved(byte) {
            out.push(char::from(byte));
        } else {
            escape(&mut out, byte);
        }
        at += 1;
    }
    out
}

fn octet(hex: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let [high, low] = hex else { return None };
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Characters that mean something else escaped (RFC 3986 section 2.2). Without `'`, which browsers escape in a query.
fn is_reserved(byte: u8) -> bool {
    matches!(
        byte,
        b':' | b'/'
            | b'?'
            | b'#'
            | b'['
            | b']'
            | b'@'
            | b'!'
            | b'$'
            | b'&'
            | b'('
            | b')'
            | b'*'
            | b'+'
            | b','
            | b';'
            | b'='
    )
}

/// Whether `pattern` (`*` any run, `$` at its end the end) matches the start of `path`. Two pointers, so the cost is at
/// most pattern times path, and linear without stars.
pub fn matches(pattern: &[u8], path: &[u8]) -> bool {
    let (pattern, to_the_end) = match pattern.split_last() {
        Some((b'$', head)) => (head, true),
        _ => (pattern, false),
    };
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        if p == pattern.len() && (!to_the_end || t == path.len()) {
            return true;
        }
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p + 1, t));
            p += 1;
        } else if p < pattern.len() && t < path.len() && pattern[p] == path[t] {
            p += 1;
            t += 1;
        } else if let Some((after, from)) = star
            && from < path.len()
        {
            star = Some((after, from + 1));
            p = after;
            t = from + 1;
        } else {
            return false;
        }
    }
}

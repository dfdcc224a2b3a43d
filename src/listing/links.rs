//! Links outside of anchors (`Refresh` and `Link`, as headers and in pages), and which anchors lead to other pages of the host.

use std::borrow::Cow;

use crate::listing::ReadContext;
use crate::listing::flow::Marks;
use crate::vocab::found::FoundUrl;

/// Links read of one `Link` header.
const LINKS_LIMIT: usize = 100;

/// Relations that lead to a page of the same site: the next of a series, the same in another language.
const FOLLOWED: &[&str] =
    &["next", "prev", "previous", "first", "last", "start", "up", "contents", "index", "alternate"];

/// Whether a link of that relation and media type leads to a page. Feeds and other machines' forms do not.
pub fn leads_to_a_page(relation: &str, media_type: Option<&str>) -> bool {
    let is_page = media_type.is_none_or(|kind| {
        let kind = kind.trim();
        kind.is_empty() || kind.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("text/")) || {
            let kind = kind.to_ascii_lowercase();
            kind.contains("html")
        }
    });
    is_page && FOLLOWED.iter().any(|followed| followed.eq_ignore_ascii_case(relation))
}

/// Where a refresh leads, by the steps of the HTML standard ("shared declarative refresh"): `5; url='/shop'`. A page that
/// only loads itself again leads nowhere.
pub fn refresh_target(value: &str) -> Option<&str> {
    let value = value.trim_start();
    let rest = value.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if rest.len() == value.len() {
        return None;
    }
    let after = rest.trim_start();
    let after = match after.strip_prefix([';', ',']) {
        Some(after) => after.trim_start(),
        // Without a separator there must be white space.
        None if after.len() < rest.len() => after,
        None => return None,
    };
    let named = after.get(..3).filter(|name| name.eq_ignore_ascii_case("url")).and_then(|_| {
        let target = after[3..].trim_start().strip_prefix('=')?;
        Some(target.trim_start())
    });
    let target = named.unwrap_or(after);
    let quote = target.chars().next().filter(|c| matches!(c, '"' | '\''));
    let target = match quote {
        Some(quote) => target[1..].split(quote).next().unwrap_or_default(),
        None => target,
    };
    Some(target.trim()).filter(|target| !target.is_empty())
}

/// One link of a `Link` header (RFC 8288).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderLink<'a> {
    /// Where it leads, as written.
    pub target: &'a str,
    /// What it is to the page: words, as written.
    pub relations: Cow<'a, str>,
    /// The media type it is said to have.
    pub media_type: Option<Cow<'a, str>>,
}

impl HeaderLink<'_> {
    /// Whether one of its relations is `wanted`.
    pub fn is(&self, wanted: &str) -> bool {
        self.relations.split_ascii_whitespace().any(|relation| relation.eq_ignore_ascii_case(wanted))
    }

    /// Whether it leads to a page.
    pub fn leads_to_a_page(&self) -> bool {
        self.relations.split_ascii_whitespace().any(|relation| leads_to_a_page(relation, self.media_type.as_deref()))
    }
}

/// The links of a `Link` header. Links that speak of another page than the one they came with (`anchor`) are left out.
pub fn header_links(value: &str) -> Vec<HeaderLink<'_>> {
    let (mut links, mut rest) = (Vec::new(), value);
    while links.len() < LINKS_LIMIT
        && let Some((_, after)) = rest.split_once('<')
        && let Some((target, after)) = after.split_once('>')
    {
        let (relations, media_type, anchored);
        (relations, media_type, anchored, rest) = parameters(after);
        if let (Some(relations), false) = (relations, anchored) {
            links.push(HeaderLink { target: target.trim(), relations, media_type });
        }
    }
    links
}

type Parameters<'a> = (Option<Cow<'a, str>>, Option<Cow<'a, str>>, bool, &'a str);

/// The parameters after a target: `rel`, `type`, whether there is an `anchor`, and what follows the link. The first of each
/// counts.
fn parameters(mut rest: &str) -> Parameters<'_> {
    let (mut relations, mut media_type, mut anchored) = (None, None, false);
    loop {
        rest = rest.trim_start();
        let Some(after) = rest.strip_prefix(';') else {
            // The next link, after its comma; what else stands there belongs to none.
            return (relations, media_type, anchored, rest);
        };
        let after = after.trim_start();
        let end = after.find(['=', ';', ',']).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        let (value, after) = match after.strip_prefix('=') {
            Some(value) => parameter_value(value.trim_start()),
            None => (Cow::Borrowed(""), after),
        };
        let name = name.trim().trim_end_matches('*');
        if name.eq_ignore_ascii_case("rel") {
            relations.get_or_insert(value);
        } else if name.eq_ignore_ascii_case("type") {
            media_type.get_or_insert(value);
        } else if name.eq_ignore_ascii_case("anchor") {
            anchored = true;
        }
        rest = after;
    }
}

/// A token or a quoted string, and what follows it.
fn parameter_value(value: &str) -> (Cow<'_, str>, &str) {
    let Some(quoted) = value.strip_prefix('"') else {
        let end = value.find([';', ',']).unwrap_or(value.len());
        return (Cow::Borrowed(value[..end].trim().trim_matches('\'')), &value[end..]);
    };
    let mut text = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (Cow::Owned(text), &quoted[at + 1..]),
            '\\' => text.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => text.push(c),
        }
    }
    (Cow::Owned(text), "")
}

/// Whether a link leads to another page of the host, and is followed as far as the agreement says.
pub(super) fn leads_on<'l>(marks: &'l Marks<'_>, context: &'l ReadContext<'_>) -> impl Fn(&str) -> bool + use<'l> {
    let (url, scope) = (context.url, context.scope);
    let own_paths = [url.as_url().path(), url.canonical().as_url().path()];
    move |href: &str| {
        // Most links are paths of the host that need not be resolved.
        if marks.base.is_none()
            && let Some(path) = plain_path(href).filter(|path| !own_paths.contains(path))
        {
            return scope.is_none_or(|platform| platform.has_in_scope(path) && platform.has_host_of(url));
        }
        if href.starts_with('#') {
            return false;
        }
        let href = crate::listing::entities::decode(href, true);
        let target = FoundUrl::parse(href.trim(), marks.base.as_ref().or(Some(url)));
        target.is_ok_and(|target| {
            target.host() == url.host()
                && target.key() != url.key()
                && scope.is_none_or(|platform| platform.in_scope(&target).is_ok())
        })
    }
}

/// An address that is the path of a page, asked for and compared as it is written.
fn plain_path(href: &str) -> Option<&str> {
    let bytes = href.as_bytes();
    let is_plain = bytes.first() == Some(&b'/')
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_' | b'.'))
        // An empty segment may begin a host; one that begins with a dot may lead up.
        && !bytes.windows(2).any(|pair| matches!(pair, b"//" | b"/."))
        // Default documents, which are left out in comparisons, begin with `i` or `d`.
        && !matches!(href.rsplit('/').next().and_then(|last| last.bytes().next()), Some(b'i' | b'I' | b'd' | b'D'));
    is_plain.then_some(href)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::limits::Limits;
    use proptest::prelude::*;

    #[test]
    fn refreshes_in_every_form_that_browsers_read() {
        for (value, target) in [
            ("0; url=/shop", Some("/shop")),
            ("0;url='en/1/a.html'", Some("en/1/a.html")),
            (" 5 ; URL = \"/a b\" junk", Some("/a b")),
            ("0.5,url=/a", Some("/a")),
            ("0 url=/a", Some("/a")),
            ("3;/a?url=b", Some("/a?url=b")),
            ("3; 'https://shop.example.test/'", Some("https://shop.example.test/")),
            ("0;url='/never-closed", Some("/never-closed")),
            ("0; urls/list", Some("urls/list")),
            ("30", None),
            ("30;", None),
            ("0;url=", None),
            ("url=/a", None),
            ("0url=/a", None),
            ("soon; url=/a", None),
            ("", None),
        ] {
            assert_eq!(refresh_target(value), target, "{value}");
        }
    }

    #[test]
    fn the_short_way_tells_of_a_link_what_resolving_it_would() {
        let limits = Limits::default();
        for own in
            ["http://shop.example.test/a/7", "http://shop.example.test/", "http://shop.example.test/a/index.html?b=1"]
        {
            let url = FoundUrl::parse(own, None).unwrap();
            let context = ReadContext::new(&url, &limits);
            // With a base, every link is resolved.
            let (short, long) = (Marks::default(), Marks { base: Some(url.clone()), ..Marks::default() });
            let hrefs =
                ["/", "/a/7", "/a/7/", "/a/8", "/a/", "/a", "/a/index.html", "/a/default.htm", "/a/inch", "//x/y"];
            for href in
                hrefs.into_iter().chain(["/a/../a/7", "/a/./7", "/%61/7", "/a/7?", "/a/7?c=1", "#a", "7", "x:y", ""])
            {
                assert_eq!(leads_on(&short, &context)(href), leads_on(&long, &context)(href), "{href} on {own}");
            }
        }
    }

    #[test]
    fn links_of_a_header() {
        let read = |value: &str| -> Vec<String> {
            header_links(value)
                .iter()
                .filter(|link| link.leads_to_a_page())
                .map(|link| link.target.to_owned())
                .collect()
        };
        for (value, targets) in [
            ("</2>; rel=\"next\"", &["/2"][..]),
            ("</2>;rel=next", &["/2"]),
            ("</2> ; REL = 'Next'", &["/2"]),
            ("</0>; rel=prev, </2>; rel=next", &["/0", "/2"]),
            ("</a,b;c>; title=\"x, <y>; z\"; rel=\"last next\",</3>;rel=first", &["/a,b;c", "/3"]),
            ("</de>; rel=\"alternate\"; hreflang=\"de\"", &["/de"]),
            ("</de>; rel=alternate; hreflang=de; type=text/html", &["/de"]),
            ("</rss>; rel=alternate; type=application/rss+xml", &[]),
            ("</x>; rel=preload; as=style", &[]),
            ("</x>; rel=canonical", &[]),
            ("</x>", &[]),
            ("</x>; title=next", &[]),
            ("</x>; rel=next; anchor=\"/other\"", &[]),
            ("</x>; rel=preload; rel=next", &[]),
            ("</x; rel=next", &[]),
            ("x, </2>; flag; rel=\"n\\ext\"", &["/2"]),
            ("", &[]),
        ] {
            assert_eq!(read(value), targets, "{value}");
        }
        assert!(header_links("</a>; rel=\"canonical\"")[0].is("Canonical"));
        assert_eq!(header_links(&"<a>;rel=next,".repeat(1000)).len(), LINKS_LIMIT);
    }

    proptest! {
        #[test]
        fn no_header_makes_them_panic(value in "[<>;,='\" a-cU\\\\é0-9]{0,60}") {
            let _ = refresh_target(&value);
            let _ = header_links(&value);
        }
    }
}

//! Pull feeds of one platform: JSON Feed 1.1, Atom, NDJSON. Pure: items in, text out.

use atom_syndication::{Category, Content, Entry, Feed, FixedDateTime, Generator, Link, Text};
use serde::Serialize;
use serde_json::json;

use crate::vocab::time::Timestamp;

/// One case in a feed. A change keeps `id` and moves `updated`, so that readers show it as changed, not as new.
#[derive(Debug, Clone, Serialize)]
pub struct FeedItem {
    /// Stable id, a URN.
    pub id: String,
    /// Where a person reads it.
    pub url: String,
    /// The first listing's address.
    pub external_url: Option<String>,
    /// Title.
    pub title: String,
    /// Summary in plain text.
    pub text: String,
    /// The notice in HTML.
    pub html: Option<String>,
    /// State, category, substances.
    pub tags: Vec<String>,
    /// When the case was opened.
    pub published: Timestamp,
    /// Last change.
    pub updated: Timestamp,
    /// Machine-readable extension of JSON Feed: the referral's row.
    pub referral: serde_json::Value,
}

/// What a feed says of itself.
#[derive(Debug, Clone)]
pub struct FeedHead {
    /// Stable id, a URN.
    pub id: String,
    /// Title.
    pub title: String,
    /// Console page.
    pub home_page_url: String,
    /// This feed.
    pub feed_url: String,
    /// The next page, if there is one.
    pub next_url: Option<String>,
    /// Who publishes it.
    pub author: String,
    /// Language of the notices.
    pub language: String,
}

/// Media type of JSON Feed.
pub const JSON_FEED: &str = "application/feed+json";
/// Media type of Atom.
pub const ATOM: &str = "application/atom+xml; charset=utf-8";
/// Media type of NDJSON.
pub const NDJSON: &str = "application/x-ndjson";

/// JSON Feed 1.1. Each item carries the referral's row under `_listingwatch`.
pub fn json_feed(head: &FeedHead, items: &[FeedItem]) -> serde_json::Value {
    let items: Vec<_> = items
        .iter()
        .map(|item| {
            let mut value = json!({
                "id": item.id,
                "url": item.url,
                "title": item.title,
                "content_text": item.text,
                "date_published": item.published,
                "date_modified": item.updated,
                "tags": item.tags,
                "_listingwatch": item.referral,
            });
            if let Some(html) = &item.html {
                value["content_html"] = json!(html);
            }
            if let Some(url) = &item.external_url {
                value["external_url"] = json!(url);
            }
            value
        })
        .collect();
    let mut feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": head.title,
        "home_page_url": head.home_page_url,
        "feed_url": head.feed_url,
        "authors": [{ "name": head.author }],
        "language": head.language,
        "items": items,
    });
    if let Some(next) = &head.next_url {
        feed["next_url"] = json!(next);
    }
    feed
}

/// Atom (RFC 4287). `now` dates a feed without items.
pub fn atom(head: &FeedHead, items: &[FeedItem], now: Timestamp) -> String {
    let updated = items.iter().map(|item| item.updated).max().unwrap_or(now);
    let link = |href: &str, rel: &str, mime: Option<&str>| Link {
        href: clean(href),
        rel: rel.to_owned(),
        mime_type: mime.map(str::to_owned),
        ..Link::default()
    };
    let mut links = vec![
        link(&head.feed_url, "self", Some("application/atom+xml")),
        link(&head.home_page_url, "alternate", Some("text/html")),
    ];
    if let Some(next) = &head.next_url {
        links.push(link(next, "next", Some("application/atom+xml")));
    }
    let entries = items.iter().map(|item| {
        let mut links = vec![link(&item.url, "alternate", Some("text/html"))];
        if let Some(url) = &item.external_url {
            links.push(link(url, "related", None));
        }
        let (value, kind) = match &item.html {
            Some(html) => (html, "html"),
            None => (&item.text, "text"),
        };
        Entry {
            id: clean(&item.id),
            title: Text::plain(clean(&item.title)),
            summary: Some(Text::plain(clean(&item.text))),
            content: Some(Content {
                value: Some(clean(value)),
                content_type: Some(kind.to_owned()),
                lang: Some(head.language.clone()),
                ..Content::default()
            }),
            categories: item.tags.iter().map(|tag| Category { term: clean(tag), ..Category::default() }).collect(),
            links,
            published: date(item.published),
            updated: date(item.updated).unwrap_or_default(),
            ..Entry::default()
        }
    });
    Feed {
        id: clean(&head.id),
        title: Text::plain(clean(&head.title)),
        authors: vec![atom_syndication::Person { name: clean(&head.author), ..Default::default() }],
        generator: Some(Generator { value: "listingwatch".to_owned(), ..Generator::default() }),
        links,
        entries: entries.collect(),
        updated: date(updated).unwrap_or_default(),
        lang: Some(head.language.clone()),
        ..Feed::default()
    }
    .to_string()
}

/// One JSON document a line.
pub fn ndjson<T: Serialize>(rows: &[T]) -> String {
    let mut out = String::new();
    for row in rows {
        if let Ok(line) = serde_json::to_string(row) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    out
}

fn date(at: Timestamp) -> Option<FixedDateTime> {
    at.to_string().parse().ok()
}

/// Listing text may hold characters that XML 1.0 forbids even when escaped.
fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> FeedHead {
        FeedHead {
            id: "urn:x:feed".into(),
            title: "Referrals".into(),
            home_page_url: "https://hub.example.test/console".into(),
            feed_url: "https://hub.example.test/feeds/bazaar.atom".into(),
            next_url: Some("https://hub.example.test/feeds/bazaar.atom?before=4".into()),
            author: "Office".into(),
            language: "en".into(),
        }
    }

    fn item() -> FeedItem {
        FeedItem {
            id: "urn:x:R-1".into(),
            url: "https://hub.example.test/console/referrals/R-1".into(),
            external_url: Some("https://shop.example.test/?a=1&b=2".into()),
            title: "Abcd <script>alert(1)</script> \u{0} & more".into(),
            text: "text".into(),
            html: Some("<p>hi</p>".into()),
            tags: vec!["state:sent".into()],
            published: Timestamp::from_millis(1_764_000_000_000),
            updated: Timestamp::from_millis(1_764_000_100_000),
            referral: json!({"id": "R-1"}),
        }
    }

    #[test]
    fn both_feeds_are_read_back_by_an_independent_parser() {
        let atom = atom(&head(), &[item()], Timestamp::EPOCH);
        let json = json_feed(&head(), &[item()]).to_string();
        for (form, text) in [("atom", atom), ("json", json)] {
            let feed =
                feed_rs::parser::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{form}: {error}\n{text}"));
            assert_eq!(feed.entries.len(), 1, "{form}");
            let entry = &feed.entries[0];
            assert_eq!(entry.id, "urn:x:R-1", "{form}");
            assert!(
                entry.title.as_ref().unwrap().content.contains("<script>alert(1)</script>"),
                "{form}: text stays text"
            );
            assert_eq!(entry.updated.unwrap().timestamp(), 1_764_000_100, "{form}");
        }
    }

    #[test]
    fn an_empty_feed_is_a_feed() {
        let text = atom(&head(), &[], Timestamp::from_millis(1_764_000_000_000));
        assert!(feed_rs::parser::parse(text.as_bytes()).unwrap().entries.is_empty());
        assert_eq!(ndjson::<u8>(&[]), "");
        assert_eq!(ndjson(&[1, 2]), "1\n2\n");
    }
}

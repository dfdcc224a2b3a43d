//! What each host's robots.txt says, and whether a path is allowed by it.
//!
//! The audit judges the crawler with this reading and not with the crawler's own, so that a mistake there cannot hide itself.

use std::fmt::Write as _;
use std::time::Duration;

/// The rules of one host, and how its file spells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RobotsFile {
    /// Patterns that are disallowed; `*` stands for anything, `$` for the end.
    pub disallow: &'static [&'static str],
    /// Patterns that are allowed although a shorter disallowed one matches.
    pub allow: &'static [&'static str],
    /// Promised pause between two requests.
    pub crawl_delay: Duration,
    /// Paths of the sitemaps it names.
    pub sitemaps: &'static [&'static str],
    /// How the file is written down.
    pub form: RobotsForm,
}

/// Spellings seen in the wild that a careless reader takes for consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RobotsForm {
    /// One group for everybody, the delay between agent line and rules.
    Plain,
    /// A byte order mark in front, CRLF line ends, a group for somebody else first.
    ByteOrderMark,
    /// Everybody is turned away except the agents of a group that names ours.
    NamedGroup,
}

impl RobotsFile {
    /// The file as served; `origin` is `http://host:port`.
    pub fn render(&self, origin: &str) -> String {
        let mut text = String::new();
        let line_end = if self.form == RobotsForm::ByteOrderMark { "\r\n" } else { "\n" };
        let mut line = |words: &str| {
            text.push_str(words);
            text.push_str(line_end);
        };
        match self.form {
            RobotsForm::Plain => line("# Friendly robots are welcome, please keep the pace."),
            RobotsForm::ByteOrderMark => {
                line("\u{feff}User-agent: price-scraper");
                line("Disallow: /");
                line("");
            }
            RobotsForm::NamedGroup => {
                line("User-agent: *");
                line("Disallow: /");
                line("");
            }
        }
        line(if self.form == RobotsForm::NamedGroup { "User-agent: listingwatch" } else { "User-agent: *" });
        line(&format!("Crawl-delay: {}", self.crawl_delay.as_secs_f64()));
        for pattern in self.disallow {
            line(&format!("Disallow: {pattern}"));
        }
        for pattern in self.allow {
            line(&format!("Allow: {pattern}"));
        }
        for path in self.sitemaps {
            line("");
            line(&format!("Sitemap: {origin}{path}"));
        }
        text
    }

    /// Whether a path with its query may be fetched: the longest matching pattern decides, and a tie allows (RFC 9309, 2.2.2).
    pub fn allows(&self, path_and_query: &str) -> bool {
        if path_and_query == "/robots.txt" {
            return true;
        }
        let longest = |patterns: &[&str]| {
            patterns.iter().filter(|pattern| matches(pattern, path_and_query)).map(|pattern| pattern.len()).max()
        };
        match (longest(self.disallow), longest(self.allow)) {
            (None, _) => true,
            (Some(disallowed), allowed) => allowed.is_some_and(|allowed| allowed >= disallowed),
        }
    }

    /// The rules in one line, for the page that explains them.
    pub fn summary(&self) -> String {
        let mut text = format!("one request every {} s", self.crawl_delay.as_secs_f64());
        for pattern in self.disallow {
            let _ = write!(text, ", not {pattern}");
        }
        text
    }
}

/// Whether `pattern` matches the beginning of `path`, in time linear in both but for backtracking to the last star.
fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, anchored) = match pattern.strip_suffix('$') {
        Some(head) => (head, true),
        None => (pattern, false),
    };
    let mut parts = pattern.split('*');
    let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if anchored && parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    !anchored || rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: RobotsFile = RobotsFile {
        disallow: &["/account/", "/search", "/*?sort=", "/*.pdf$"],
        allow: &["/account/help"],
        crawl_delay: Duration::from_millis(300),
        sitemaps: &["/sitemap.xml"],
        form: RobotsForm::Plain,
    };

    #[test]
    fn the_longest_pattern_decides() {
        for (path, allowed) in [
            ("/", true),
            ("/robots.txt", true),
            ("/account", true),
            ("/account/", false),
            ("/account/orders?page=2", false),
            ("/account/help", true),
            ("/search?q=x", false),
            ("/searching", false),
            ("/category/tools?sort=price", false),
            ("/category/tools?page=2", true),
            ("/terms.pdf", false),
            ("/terms.pdf?print=1", true),
        ] {
            assert_eq!(RULES.allows(path), allowed, "{path}");
        }
    }

    #[test]
    fn the_file_carries_what_the_audit_checks() {
        for form in [RobotsForm::Plain, RobotsForm::ByteOrderMark, RobotsForm::NamedGroup] {
            let text = RobotsFile { form, ..RULES }.render("http://127.0.0.1:8400");
            for needed in ["Crawl-delay: 0.3", "Disallow: /*?sort=", "Allow: /account/help"] {
                assert!(text.contains(needed), "{form:?}: {needed}");
            }
            assert!(text.contains("Sitemap: http://127.0.0.1:8400/sitemap.xml"));
            assert_eq!(text.starts_with('\u{feff}'), form == RobotsForm::ByteOrderMark);
        }
    }
}

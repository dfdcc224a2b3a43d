//! Notices in HTML: a whole page for mail and download, a fragment for the console and feeds. No styles, no scripts.

use askama::Template;

use crate::referral::notice::Notice;

#[derive(Template)]
#[template(path = "notice/page.html")]
struct Page<'a> {
    notice: &'a Notice,
}

#[derive(Template)]
#[template(path = "notice/body.html")]
struct Body<'a> {
    notice: &'a Notice,
}

/// A whole HTML document.
pub fn page(notice: &Notice) -> String {
    // Rendering into a string fails only when a `Display` inside does; none of ours do.
    Page { notice }.render().unwrap_or_else(|_| String::new())
}

/// The notice as a fragment, without `html` and `body`.
pub fn fragment(notice: &Notice) -> String {
    Body { notice }.render().unwrap_or_else(|_| String::new())
}

/// What the list of fact says of a substance's use, in words.
pub fn use_in_words(legitimate_use: &str) -> &'static str {
    match legitimate_use {
        "licensed" => "controlled: a licence is needed",
        "dual-use" => "dual use",
        _ => "no known legitimate use",
    }
}

//! HTML as text: escaping, the frame around every page, the style sheet, the pictures.

use crate::demo::hosts::HostSpec;

/// Text made safe for HTML content and attribute values.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

/// A whole page: `head` goes into the head as it is, `main` into the middle.
pub fn frame(host: &HostSpec, language: &str, title: &str, head: &str, main: &str) -> String {
    let words = host.words;
    let mut categories = String::new();
    for (slug, name) in host.categories {
        categories.push_str(&format!("<a href=\"{}{slug}\">{}</a>\n", host.paths.category, escape(name)));
    }
    format!(
        r#"<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} | {name}</title>
<link rel="stylesheet" href="/assets/shop.css">
{head}</head>
<body>
<header style="background:{colour}">
<a class="brand" href="/">{name}</a><span class="motto">{motto}</span>
<form action="/search" role="search"><input name="q" aria-label="{search}" placeholder="{search}"></form>
<a href="/account/login" rel="nofollow">{account}</a>
</header>
<nav>
{categories}</nav>
<main>
{main}</main>
<footer>
<a href="/about">{about}</a> <a href="https://www.example.test/terms">Terms</a>
<p>Part of a synthetic marketplace that listingwatch serves on this computer. Nothing here is for sale.</p>
</footer>
</body>
</html>
"#,
        title = escape(title),
        name = escape(host.name),
        motto = escape(host.motto),
        colour = host.colour,
        search = words.search,
        account = words.account,
        about = words.about,
    )
}

/// The style sheet of all hosts.
pub const STYLE: &str = "\
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#1f2937;background:#f8fafc}
a{color:#1d4ed8;text-decoration:none}a:hover{text-decoration:underline}
header{display:flex;gap:1rem;align-items:center;padding:.8rem 1.5rem;color:#fff;flex-wrap:wrap}header a{color:#fff}
.brand{font-weight:700;font-size:1.3rem}.motto{opacity:.8;flex:1}header input{padding:.4rem .8rem;border:0;border-radius:99px}
nav{display:flex;gap:1.2rem;flex-wrap:wrap;padding:.7rem 1.5rem;background:#fff;border-bottom:1px solid #e5e7eb}
main{max-width:70rem;margin:1.5rem auto;padding:0 1.5rem}footer{padding:2rem 1.5rem;color:#6b7280;font-size:.9rem;text-align:center}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:1rem;padding:0;list-style:none}
.card{background:#fff;border:1px solid #e5e7eb;border-radius:.6rem;overflow:hidden}.card a{display:block;padding:.7rem;color:inherit}
.card img{width:100%;display:block}.card b{display:block}.cost{color:#047857;font-weight:600}
.offer{display:grid;grid-template-columns:minmax(12rem,20rem) 1fr;gap:2rem;background:#fff;border:1px solid #e5e7eb;border-radius:.6rem;padding:1.5rem}
.offer img{width:100%;border-radius:.4rem}.offer h1{margin-top:0;font-size:1.5rem}
table{border-collapse:collapse}td,th{padding:.25rem .8rem .25rem 0;text-align:left;font-size:.95rem}
.button{display:inline-block;margin-top:1rem;padding:.5rem 1.2rem;border-radius:.4rem;background:#1f2937;color:#fff}
.pages{display:flex;gap:1rem;margin:1.5rem 0}.ended{padding:3rem;text-align:center;background:#fff;border-radius:.6rem}
@media(max-width:40rem){.offer{grid-template-columns:1fr}}
";

/// A picture for a listing: its initials on a tint made from its number.
pub fn picture(number: u32, title: &str) -> String {
    let initials: String = title
        .split_whitespace()
        .filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()))
        .take(2)
        .collect();
    let hue = number.wrapping_mul(47) % 360;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 240 160\"><rect width=\"240\" height=\"160\" fill=\"hsl({hue},35%,82%)\"/>\
         <circle cx=\"120\" cy=\"80\" r=\"52\" fill=\"hsl({hue},35%,70%)\"/><text x=\"120\" y=\"97\" font-family=\"sans-serif\" \
         font-size=\"46\" text-anchor=\"middle\" fill=\"hsl({hue},45%,28%)\">{}</text></svg>",
        escape(&initials.to_uppercase())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::hosts::HOSTS;

    #[test]
    fn markup_in_a_title_stays_text() {
        let page = frame(&HOSTS[0], "en", "<b>\"&", "", "");
        assert!(page.contains("<title>&lt;b&gt;&quot;&amp; | "));
        assert!(picture(7, "<x> y").contains(">XY<"));
    }
}

//! A marketplace of so many listings: front page, categories, listings with JSON-LD and microdata and forty related links, a
//! quarter of which carry tracking parameters, sorted views and a cart that robots.txt forbids.

use std::fmt::Write as _;

use super::Reply;

const RELATED: u64 = 40;
const A_PAGE: u64 = 40;
const A_CATEGORY: u64 = 400;

const WORDS: [&str; 24] = [
    "oak", "chair", "brass", "lamp", "linen", "curtain", "steel", "kettle", "garden", "table", "blue", "bicycle",
    "wool", "blanket", "clay", "bowl", "small", "mirror", "used", "camera", "paper", "kite", "green", "jacket",
];

/// Whether a listing is a hit.
pub fn is_planted(number: u64) -> bool {
    number % 1000 == 7
}

/// The number of the listing at a path.
pub fn listing_of(path: &str) -> Option<u64> {
    path.strip_prefix("/l/")?.split('-').next()?.parse().ok()
}

/// The path of a listing.
pub fn slug(number: u64) -> String {
    let word = |at: u32| WORDS[(mix(number) >> (5 * at)) as usize % WORDS.len()];
    format!("/l/{number}-{}-{}-{}", word(0), word(1), word(2))
}

fn mix(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 7
}

fn words(seed: u64, count: u64) -> String {
    let word = |n: u64| WORDS[mix(seed * 1_000 + n) as usize % WORDS.len()];
    (0..count).map(word).collect::<Vec<_>>().join(" ")
}

/// Style, script and reviews as shops have them.
pub fn filler(bytes: usize) -> String {
    let mut out = String::from("<style>");
    let mut n = 0;
    while out.len() < bytes / 3 {
        n += 1;
        let _ = write!(out, ".c{n}>a:hover{{color:#{:06x};margin:{n}px}}", mix(n) & 0xff_ffff);
    }
    out.push_str("</style><script>if(1<2){window.t='</a>'}</script>");
    while out.len() < bytes {
        n += 1;
        let _ = writeln!(
            out,
            "<div class=\"review\" data-review=\"{:x}\"><span class=\"stars\" aria-label=\"rating\"></span><b>{}</b>\
             <p class=\"review__body\">{}</p><button type=\"button\" data-action=\"helpful\">Helpful</button></div>",
            mix(n),
            words(n, 2),
            words(n + 7, 30)
        );
    }
    out
}

/// What the site answers for a path.
pub fn answer(path: &str, listings: u64, bytes: usize, filler: &str) -> Reply {
    if path == "/robots.txt" {
        let text = "User-agent: *\nDisallow: /cart\nDisallow: /*?sort=\nDisallow: /*&sort=\n";
        return Reply { headers: "Content-Type: text/plain\r\n".into(), ..Reply::html(text.as_bytes().to_vec()) };
    }
    let categories = listings.div_ceil(A_CATEGORY);
    let mut out = String::with_capacity(bytes + 4096);
    let nav: String = (0..categories).map(|n| format!("<li><a href=\"/c/{n}\">Category {n}</a></li>")).collect();
    let open = |out: &mut String, title: &str, head: &str| {
        let _ = write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>{head}</head><body>\
             <nav><a href=\"/\">Home</a><a href=\"/cart\">Cart</a><ul>{nav}</ul></nav>"
        );
    };
    if let Some(number) = listing_of(path).filter(|number| *number < listings) {
        let planted = if is_planted(number) { "Isotonitazene powder, 10 g, discreet shipping. " } else { "" };
        let (title, text) = (words(number, 5), format!("{planted}{}", words(number + 3, 120)));
        let head = format!(
            "<link rel=\"canonical\" href=\"{}\"><script type=\"application/ld+json\">{{\"@context\":\"https://schema.org\",\
             \"@type\":\"Product\",\"name\":\"{title}\",\"sku\":\"SKU-{number}\",\"description\":\"{text}\",\"offers\":\
             {{\"@type\":\"Offer\",\"priceCurrency\":\"EUR\",\"price\":\"{}.50\"}}}}</script>",
            slug(number),
            10 + number % 90
        );
        open(&mut out, &title, &head);
        let _ = write!(
            out,
            "<div itemscope itemtype=\"https://schema.org/Product\"><h1 itemprop=\"name\">{title}</h1>\
             <div itemprop=\"description\">{text}</div></div><ul>"
        );
        for n in 0..RELATED {
            let other = mix(number * RELATED + n) % listings;
            let tracking = if n % 4 == 0 { "?utm_source=related&amp;utm_medium=card" } else { "" };
            let _ =
                write!(out, "<li><a class=\"card\" href=\"{}{tracking}\">{}</a></li>", slug(other), words(other, 3));
        }
        out.push_str("</ul>");
    } else {
        let category: u64 = path.strip_prefix("/c/").and_then(|rest| rest.split('?').next()?.parse().ok()).unwrap_or(0);
        let page: u64 = path.split("page=").nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
        open(&mut out, "Category", "");
        let first = category * A_CATEGORY + page * A_PAGE;
        out.push_str("<ul>");
        for number in first..(first + A_PAGE).min(listings).min((category + 1) * A_CATEGORY) {
            let _ = write!(out, "<li><a href=\"{}\">{}</a></li>", slug(number), words(number, 3));
        }
        out.push_str("</ul>");
        let _ = write!(out, "<a href=\"/c/{category}?page={page}&amp;sort=price\">by price</a>");
        if page + 1 < A_CATEGORY / A_PAGE {
            let _ = write!(out, "<a href=\"/c/{category}?page={}\">more</a>", page + 1);
        }
        out.push_str("</body></html>");
        return Reply::html(out.into_bytes());
    }
    out.push_str(&filler[..filler.floor_char_boundary(bytes.saturating_sub(out.len()))]);
    out.push_str("</body></html>");
    Reply::html(out.into_bytes())
}

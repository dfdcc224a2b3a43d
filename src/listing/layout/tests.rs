use crate::listing::ReadContext;
use crate::listing::page::{Listing, Page};
use crate::vocab::found::FoundUrl;
use crate::vocab::limits::Limits;
use crate::vocab::terms::PageKind;

fn page(html: &str) -> Page {
    let url = FoundUrl::parse("https://shop.example.test/jugs/1", None).unwrap();
    crate::listing::read(html.as_bytes(), &ReadContext::new(&url, &Limits::default()))
}

fn only(html: &str) -> Listing {
    let mut page = page(html);
    assert_eq!(page.listings.len(), 1, "{html}: {:?}", page.listings);
    page.listings.remove(0)
}

fn price(html: &str) -> String {
    let price = only(html).price.unwrap_or_else(|| panic!("no price in {html}"));
    format!("{price} {}", price.currency.clone().unwrap_or_default())
}

#[test]
fn a_heading_with_its_price_is_an_offer() {
    for html in [
        "<h1>Jug</h1><p>EUR 4</p>",
        "<h1>Jug</h1><p>EUR 4</p><p>Price of each EUR 4.00.</p>",
        "<h1>Jug</h1><p>EUR 4</p><p>Postage EUR 2</p><button>Add to cart</button>",
        "<h1>Jug</h1><p>EUR 4 or EUR 3 each for ten</p><p>Postage EUR 2</p><table><tr><th>SKU</th><td>J-4</td></table>",
    ] {
        let listing = only(html);
        assert_eq!((listing.title.as_str(), listing.kind), ("Jug", None), "{html}");
        assert_eq!(listing.price.unwrap().to_string(), "4.00", "{html}");
    }
    let sold = only("<h1>Jug</h1><p>EUR 4</p><dl><dt>Seller:</dt><dd>Potter's Yard</dd></dl>");
    assert_eq!(sold.seller.as_deref(), Some("Potter's Yard"));
}

#[test]
fn any_other_page_is_its_text() {
    for (html, title, text) in [
        ("<h1>Jug</h1><p>write to me for the price</p>", "Jug", "Jug\nwrite to me for the price"),
        ("<title>Jug</title><p>clay</p>", "Jug", "clay"),
        ("<p>clay jug<p>glazed", "clay jug", "clay jug\nglazed"),
        ("<title>Jug</title>", "Jug", ""),
        ("<title>Jug</title><meta name=description content='clay &amp;amp; glaze'>", "Jug", "clay & glaze"),
        ("<h1>Prices</h1><p>EUR 4</p><p>EUR 5</p>", "Prices", "Prices\nEUR 4\nEUR 5"),
    ] {
        let listing = only(html);
        assert_eq!((listing.kind, listing.price.is_none()), (Some(PageKind::Page), true), "{html}");
        assert_eq!((listing.title.as_str(), listing.description.as_str()), (title, text), "{html}");
    }
    assert_eq!(page("<html><script>x()</script>").listings, []);
}

#[test]
fn what_links_lead_to_is_told_there() {
    let text = |html: &str| only(html).description;
    let mixed = "<p>Our <a href=/vases>vases</a>, <a href=https://other.example.test/>glass</a>, <a href=#top>top</a>,
    <a href=/jugs/1?>this</a>, <a href=mailto:a@b.test>mail</a>, <a rel=nofollow href=/x>bowls</a></p>";
    assert_eq!(text(mixed), "Our, glass, top,\nthis, mail, bowls");
    assert_eq!(text("<meta name=robots content=nofollow><p>Our <a href=/vases>vases</a>"), "Our vases");
    assert_eq!(text("<base href=https://other.example.test/><p>Our <a href=/vases>vases</a>"), "Our vases");
    let long = "clay ".repeat(60);
    assert_eq!(text(&format!("<p><a href=/vases>{long}</a>")), long.trim());
    assert_eq!(text("<ul><li><a href=/a>A</a><li><a href=/b>B</a><li>clay</ul>"), "clay");
}

#[test]
fn prices_are_read_as_they_are_seen() {
    for (html, expected) in [
        ("<h1>Jug</h1><p><del>€30</del> €20</p>", "20.00 EUR"),
        ("<h1>Jug</h1><p><s>€30</s></p><p>€20</p>", "20.00 EUR"),
        ("<h1>Jug</h1><p>€20 <strike>€30</strike></p>", "20.00 EUR"),
        ("<h1>Jug</h1><p><del>€30</del></p>", "30.00 EUR"),
        ("<h1>Jug</h1><p>€12<sup>99</sup></p>", "12.99 EUR"),
        ("<h1>Jug</h1><p>12<small>99</small> €</p>", "12.99 EUR"),
        ("<h1>Jug</h1><p>12 m<sup>2</sup> for €40</p>", "40.00 EUR"),
        ("<html lang=nb><h1>Mugge</h1><p>249 kr</p>", "249.00 NOK"),
        ("<h1>Jug</h1><p>6 jugs for Rs 900</p>", "900.00 INR"),
    ] {
        assert_eq!(price(html), expected, "{html}");
    }
}

#[test]
fn opengraph_is_read_under_either_name_and_a_list_does_not_hide_it() {
    let head = "<meta name=og:type content=og:product><meta name=og:title content='Jug &amp; bowl'>
    <meta property=product:price:amount content=1500><meta property=product:price:currency content=JPY>";
    let listing = only(head);
    assert_eq!((listing.title.as_str(), listing.price.unwrap().to_string().as_str()), ("Jug & bowl", "1500"));
    let list = "<script type=application/ld+json>{\"@type\":\"ItemList\",\"itemListElement\":[{\"@type\":\"Product\",\"name\":\"Vase\"}]}</script>";
    assert_eq!(only(&format!("{head}{list}")).title, "Jug & bowl");
    assert_eq!(
        only("<meta property=og:type content=product.group><meta property=og:title content=Jugs><p>x").kind,
        Some(PageKind::Page)
    );
}

#[test]
fn structured_data_of_other_things_does_not_hide_the_page() {
    let other = "<script type=application/ld+json>{\"@type\":\"Product\",\"name\":\"Vase\",\"offers\":{\"price\":\"7\"}}</script>";
    let titles = |html: &str| page(html).listings.into_iter().map(|one| one.title).collect::<Vec<_>>();
    assert_eq!(titles(&format!("{other}<h1>Jug</h1><p>EUR 4</p>")), ["Jug", "Vase"]);
    let item =
        "<div itemscope itemtype=https://schema.org/Product><h1 itemprop=name>Jug</h1><b itemprop=price>4</b></div>";
    assert_eq!(titles(&format!("{other}{item}")), ["Vase", "Jug"]);
    let list = "<script type=application/ld+json>{\"@type\":\"ItemList\",\"itemListElement\":[{\"@type\":\"Product\",\"name\":\"Vase\"}]}</script>";
    assert_eq!(titles(&format!("{list}{item}")), ["Jug"]);
    // The heading of a list and the price of one of its items are no offer of their own; nor is a page said twice.
    assert_eq!(titles(&format!("{list}<h1>All vases</h1><p>EUR 4</p><p>EUR 5</p><button>Buy now</button>")), ["Vase"]);
    assert_eq!(titles(&format!("{other}<title>Vase | Potter</title><h1>Potter's Yard</h1><p>EUR 7</p>")), ["Vase"]);
}

#[test]
fn two_syntaxes_that_speak_of_one_offer_make_one_listing() {
    let block = "<script type=application/ld+json>{\"@type\":\"Product\",\"name\":\"Jug\"}</script>";
    let item = "<div itemscope itemtype=https://schema.org/Product><h1 itemprop=name>Jug</h1>
    <p itemprop=offers itemscope itemtype=https://schema.org/Offer><span itemprop=price>4<sup>50</sup></span></p></div>
    <aside itemscope itemtype=https://schema.org/Product><b itemprop=name>Vase</b></aside>";
    let listing = only(&format!("{block}{item}"));
    assert_eq!((listing.title.as_str(), listing.price.unwrap().to_string().as_str()), ("Jug", "4.50"));
    assert_eq!((listing.source["title"].as_str(), listing.source["price"].as_str()), ("json-ld", "microdata"));
}

#[test]
fn what_stands_beside_structured_data_is_kept_to_be_judged() {
    let vase = "<script type=application/ld+json>{\"@type\":\"Product\",\"name\":\"Vase\",\"description\":\"clay\",\"offers\":{\"price\":\"7\"}}</script>";
    let read = page(&format!("{vase}<h1>Vase</h1><p>and jugs, write to me</p>"));
    assert_eq!(read.listings.len(), 1);
    let whole = read.whole.expect("the page says more than its listing");
    assert_eq!((whole.title.as_str(), whole.description.as_str()), ("Vase", "Vase\nand jugs, write to me"));
    assert_eq!(whole.price.unwrap().to_string(), "7.00");
    assert!(page("<h1>Jug</h1><p>EUR 4</p>").whole.is_none(), "a listing that holds the text");
    let titles = |html: &str| page(html).listings.into_iter().map(|one| one.title).collect::<Vec<_>>();
    let letter = vase.replace("Vase", "J");
    assert_eq!(
        titles(&format!("{letter}<h1>Jug</h1><p>EUR 4</p>")),
        ["Jug", "J"],
        "a letter of the heading is not its name"
    );
}

#[test]
fn what_is_left_out_of_structured_data_is_told() {
    let block =
        |name: &str| format!("<script type=application/ld+json>{{\"@type\":\"Product\",\"name\":\"{name}\"}}</script>");
    let many: String = (0..101).map(|at| block(&format!("Jug {at}"))).collect();
    assert!(page(&many).cut);
    let few: String = (0..100).map(|at| block(&format!("Jug {at}"))).collect();
    assert!(!page(&few).cut);
    let wide: String = (0..600).map(|at| format!("\"p{at}\":1,")).collect();
    assert!(
        page(&format!("<script type=application/ld+json>{{{wide}\"@type\":\"Product\",\"name\":\"Jug\"}}</script>"))
            .cut
    );
}

#[test]
fn what_is_shown_is_read_wherever_it_stands() {
    for html in [
        "<p>blue</p><svg/><p>clay</p>",
        "<p>blue</p><svg><p>clay</p>",
        "<p>blue</p><svg><title>icon</title><text>clay</text></svg>",
        "<p>blue</p><xmp>clay</xmp>",
        "<p>blue</p><input value=clay>",
        "<p>blue</p><input type=submit value=clay>",
        "<p>blue</p><div><template shadowrootmode=open>clay</template></div>",
    ] {
        let listing = only(&format!("<title>Jug</title>{html}"));
        assert_eq!((listing.title.as_str(), listing.description.as_str()), ("Jug", "blue\nclay"), "{html}");
    }
    for html in ["<template>clay</template>", "<input type=hidden value=clay>", "<input type=checkbox value=clay>"] {
        assert_eq!(only(&format!("<title>Jug</title><p>blue</p>{html}")).description, "blue", "{html}");
    }
}

#[test]
fn a_category_page_gives_its_items() {
    let cards = |link: fn(&str) -> String| {
        ["Jug|EUR 4", "Vase|1 499 kr", "Bowl|₹1,49,999.00"]
            .map(|card| {
                let (name, price) = card.split_once('|').unwrap();
                format!("<li><h2>{}</h2><span>{price}</span><p>clay</p></li>", link(name))
            })
            .concat()
    };
    let told = |html: &str| -> Vec<(String, String, bool)> {
        let listings = page(html).listings.into_iter();
        listings
            .map(|one| (one.title, one.price.map(|price| price.to_string()).unwrap_or_default(), one.elsewhere))
            .collect()
    };
    let expected = |elsewhere| {
        [("Jug", "4.00"), ("Vase", "1499.00"), ("Bowl", "149999.00")]
            .map(|(title, price)| (title.to_owned(), price.to_owned(), elsewhere))
    };
    let here = format!("<h1>Pots</h1><ul>{}</ul>", cards(str::to_owned));
    assert_eq!(told(&here), expected(false));
    let linked = format!("<h1>Pots</h1><ul>{}</ul>", cards(|name| format!("<a href=/{name}>{name}</a>")));
    assert_eq!(told(&linked), expected(true), "judged on their own pages");
    let first = page(&here).listings.remove(0);
    assert_eq!((first.description.as_str(), first.kind), ("EUR 4\nclay", None));
    // What stands around the items is judged as the text of the page.
    assert!(page(&format!("{here}<p>write to me")).whole.is_some());
    // One item, or headings without prices, are no list.
    for html in
        ["<h1>Pots</h1><h2>Jug</h2><p>EUR 4</p><p>EUR 5</p>", "<h1>News</h1><h2>One</h2><p>x</p><h2>Two</h2><p>y</p>"]
    {
        assert!(page(html).listings.iter().all(|one| one.kind.is_some()), "{html}");
    }
}

#[test]
fn amounts_that_are_struck_by_style_or_not_shown_are_no_prices() {
    for before in [
        "<span style='text-decoration: line-through'>EUR 9</span>",
        "<b hidden>EUR 9</b>",
        "<span style=display:none>EUR 9</span>",
    ] {
        let read = page(&format!("<h1>Jug</h1><p>{before} <b>EUR 4</b></p>"));
        assert_eq!(read.listings[0].price.as_ref().map(ToString::to_string).as_deref(), Some("4.00"), "{before}");
        assert!(read.text.contains("EUR 9"), "what is not shown is judged all the same: {before}");
    }
}

//! Small pages that cost a reader without a budget far more than their size; used by the tests and by `benches/limits.rs`.
//! Each says `Marker` in its text and links to `/after`.

/// Name, page, and what it is given up for: nothing where it can be read.
pub fn all() -> Vec<(&'static str, String, Option<&'static str>)> {
    const OFFER: &str = "itemscope itemtype='https://schema.org/Product'";
    let many = |count: usize, piece: &dyn Fn(usize) -> String| (0..count).map(piece).collect::<String>();
    let ids = |count: usize| many(count, &|n| format!("r{n} "));
    let nested = |open: &str, count: usize, inside: &str, close: &str| {
        format!("{}{inside}{}", open.repeat(count), close.repeat(count))
    };
    let rdfa = |subjects: usize| {
        let all = many(subjects, &|n| format!("<i property=isRelatedTo resource='/s{n}'></i>"));
        let subject = |n: usize| format!("<p about='/s{n}' typeof=Product><b property=name>Bowl</b>{all}</p>");
        format!("<div vocab='https://schema.org/'>{}</div>", many(subjects, &subject))
    };
    let script = |json: String| format!("<script type='application/ld+json'>{json}</script>");
    let attributes = |count: usize| many(count, &|n| format!(" k{n}=v"));
    vec![
        (
            "items that refer to themselves and to each other",
            format!(
                "<section {OFFER} itemref='left right'><b itemprop=name>Jug</b></section>
                 <p id=left itemprop=part itemscope itemref='right left'></p>
                 <p id=right itemprop=part itemscope itemref='left right'></p>"
            ),
            None,
        ),
        (
            "an item that names one part twice",
            format!(
                "<section {OFFER} itemref='part part'><b itemprop=name>Jug</b></section>
                 <p id=part itemprop=part itemscope itemref='part part'></p>"
            ),
            None,
        ),
        (
            "references by the ten thousand that lead nowhere",
            format!(
                "<section {OFFER} itemref='{}'><b itemprop=name>Jug</b></section>{}",
                ids(20_000),
                "<i></i>".repeat(20_000)
            ),
            Some("references"),
        ),
        (
            "items that all refer to all",
            format!(
                "<section {OFFER} itemref='{}'></section>{}",
                ids(30),
                many(30, &|n| format!("<p id=r{n} itemprop=part itemscope itemref='{}'></p>", ids(30)))
            ),
            Some("references"),
        ),
        (
            "items under several names, nested",
            format!(
                "<section {OFFER}>{}</section>",
                nested("<div itemprop='one two three' itemscope>", 28, "<b itemprop=leaf>y</b>", "</div>")
            ),
            Some("bytes"),
        ),
        (
            "one text that is the name of everything around it",
            format!(
                "<section {OFFER}>{}</section>",
                nested("<div itemprop=name>", 350, &"clay pot ".repeat(500_000), "</div>")
            ),
            Some("bytes"),
        ),
        ("a few subjects that all refer to all", rdfa(35), None),
        ("many subjects that all refer to all", rdfa(220), Some("bytes")),
        (
            "prefixes declared again and again",
            format!(
                "<div typeof=Product prefix='{}'>{}</div>",
                many(4_000, &|n| format!("q{n}: https://v{n}.example.test/ ")),
                "<p prefix='a: https://a.example.test/'></p>".repeat(4_000)
            ),
            Some("bytes"),
        ),
        (
            "a formatting element left open in each paragraph",
            format!("<section {OFFER}></section>{}", many(9_000, &|n| format!("<p><big class=c{n}>y</p>"))),
            Some("nodes"),
        ),
        (
            "formatting elements with many attributes, cloned",
            format!(
                "<section {OFFER}></section><p>{}</p>{}",
                many(350, &|n| format!("<font x={n}{}>", attributes(120))),
                "<p>y</p>".repeat(20_000)
            ),
            Some("steps"),
        ),
        ("elements nested without end", format!("<section {OFFER}>{}", "<ul><li>".repeat(30_000)), Some("depth")),
        (
            "depth hidden behind end tags of nothing",
            format!("<section {OFFER}>{}", "<div></q>".repeat(30_000)),
            Some("depth"),
        ),
        (
            "end tags of nothing, each searched for through all that is open",
            format!("<section {OFFER}>{}{}", "<span>".repeat(390), "</q>".repeat(200_000)),
            Some("steps"),
        ),
        (
            "a tag of a hundred thousand attributes",
            format!("<section {OFFER}{}>", attributes(100_000)),
            Some("attributes"),
        ),
        (
            "a tag of a hundred thousand attributes that never ends",
            format!("<section {OFFER}><b itemprop=name>Jug</b></section><q{} z=\"", attributes(100_000)),
            None,
        ),
        (
            "end tags of many attributes",
            format!("<section {OFFER}></section>{}", format!("</q{}>", attributes(250)).repeat(3_000)),
            Some("steps"),
        ),
        (
            "comments by the million",
            format!("<section {OFFER}></section>{}", "<!--c-->".repeat(800_000)),
            Some("nodes"),
        ),
        (
            "sections of CDATA without end",
            format!("<section {OFFER}><b itemprop=name>Jug</b></section>{}", "<![CDATA[>".repeat(300_000)),
            Some("nodes"),
        ),
        ("JSON of tiny objects", script(format!("[{}0]", "{\"\":0},".repeat(1_000_000))), Some("values")),
        ("JSON without a bottom", script("{\"@graph\":[".repeat(50_000)), Some("values-depth")),
        (
            "links that all lead to one page",
            format!("<base href='/{}/'>{}", "d".repeat(1_900), many(300_000, &|n| format!("<a href='x#{n}'></a>"))),
            None,
        ),
    ]
    .into_iter()
    .map(|(name, inside, given_up)| {
        let end = "</section></div><h2>Marker</h2><a href='/after'>after</a>";
        (name, format!("<!doctype html><h1>Jug</h1><a href='/after'>after</a><p>Marker</p>{inside}{end}"), given_up)
    })
    .collect()
}

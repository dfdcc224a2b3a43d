//! Values planted in every field of a listing, and every way by which a researcher may ask for them.

use listingwatch::store::truth::{Role, Truth};
use serde_json::{Value, json};

use crate::hub_attacks::sign_in;
use crate::mockserver::{MockServer, Reply};
use crate::shop::{Hub, platform_file_of};

/// What is planted, each where its name says.
const PLANTED: [&str; 17] = [
    "titlehandle77",
    "texthandle",
    "bracketmail",
    "31698765432",
    "attrhandle",
    "countryhandle",
    "namehandle9",
    "Plantedseller",
    "pathhandle",
    "CURRHANDLE",
    "Karel Plantman",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "vendorhandle",
    "plantzhost",
    "signplant",
    "dotplant52",
    "behindplant",
];

fn page() -> String {
    let product = json!({
        "@context": "https://schema.org", "@type": "Product",
        "name": "Isotonitazene 10 g wickr: titlehandle77",
        "description": "Isotonitazene powder for sale, wholesale price per gram, discreet shipping, bitcoin accepted. \
            Telegram texthandle. Mail bracketmail [at] plantzhost [dot] example or WhatsApp 31698765432. \
            Western Union to Karel Plantman. BTC bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq. Sold by Plantedseller. \
            Write vendorhandle on wickr, texthandle answers at once. Or t[.]me[/]signplant, dotplant52 (ät) posteo \
            (punkt) de; behindplant is our handle.",
        "additionalProperty": [
            { "@type": "PropertyValue", "name": "WhatsApp", "value": "attrhandle" },
            { "@type": "PropertyValue", "name": "Country", "value": "telegram countryhandle" },
            { "@type": "PropertyValue", "name": "Telegram namehandle9", "value": "yes" },
            { "@type": "PropertyValue", "name": "Origin", "value": "CN" },
        ],
        "offers": { "@type": "Offer", "price": "10", "priceCurrency": "CURRHANDLE",
            "seller": { "@type": "Organization", "name": "Plantedseller" } }
    });
    format!("<title>item</title><script type=\"application/ld+json\">{product}</script><p>offer")
}

async fn planted() -> (MockServer, Hub) {
    let server = MockServer::start(|asked| match asked.path.as_str() {
        "/" => Reply::html("<title>Shop</title><a href=\"/item/pathhandle\">item</a>"),
        "/item/pathhandle" => Reply::html(page()),
        _ => Reply::status(404),
    });
    let file = platform_file_of(&server.url("/"), "channels = [\"feed\"]");
    let hub = Hub::open(&[("bazaar", file)], |_| {}).await;
    hub.scan().await;
    (server, hub)
}

/// Every piece of a planted value that search could find by itself.
fn shown(body: &str) -> Vec<&'static str> {
    let body = body.to_lowercase();
    PLANTED.into_iter().filter(|value| body.contains(&value.to_lowercase())).collect()
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_sealed_is_shown_to_research() {
    let (_server, hub) = planted().await;
    let researcher = hub.token(Role::Researcher, "rea", None);
    let hits = hub.json(&researcher, "/api/v1/hits?q=isotonitazene").await;
    assert_eq!(hits["total"], 1, "{hits}");
    let text = hits["hits"][0]["text"].as_str().unwrap();
    for word in ["Telegram", "WhatsApp", "Western Union to", "BTC", "bitcoin accepted", "Isotonitazene"] {
        assert!(text.contains(word), "`{word}` is a signal and stays: {text}");
    }
    assert!(text.contains('█'), "{text}");
    assert!(hits["hits"][0].get("url").is_none(), "no address: {hits}");
    for path in [
        "/api/v1/hits",
        "/api/v1/hits?q=isotonitazene",
        "/api/v1/hits?q=telegram%20sort:-score",
        "/api/v1/hits/facets",
        "/api/v1/hits/series",
        "/api/v1/emerging",
        "/api/v1/watchlist",
    ] {
        let (status, body) = hub.get(&researcher, path).await;
        assert!(status == 200 || status == 403, "{path}: {status}");
        assert_eq!(shown(&body), Vec::<&str>::new(), "{path}: {body}");
    }
    let (cookie, _) = sign_in(&hub, &researcher).await;
    for path in [
        "/console/archive",
        "/console/archive?q=isotonitazene&chart=1",
        "/console/archive?q=isotonitazene&format=csv",
        "/console/archive?q=isotonitazene&format=json",
        "/console/watchlist",
    ] {
        let answer = hub.client.get(format!("{}{path}", hub.base)).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let body = answer.text().await.unwrap();
        assert_eq!(shown(&body), Vec::<&str>::new(), "{path}: {body}");
    }
    // A dataset that an operator hands on holds no contact either; the address of the page is its own field.
    for format in ["jsonl", "csv"] {
        let (words, result) = hub.command(&["export", "--format", format]).await;
        result.unwrap();
        assert_eq!(shown(&words), ["pathhandle"], "{format}: {words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_sealed_can_be_asked_for() {
    let (_server, hub) = planted().await;
    let researcher = hub.token(Role::Researcher, "rea", None);
    let total = |body: &Value| body["total"].as_u64().unwrap();
    let fields = [
        "title",
        "url",
        "country",
        "lang",
        "verdict",
        "category",
        "substance",
        "platform",
        "state",
        "outcome",
        "score",
        "seen",
    ];
    let mut refused = 0;
    for value in PLANTED {
        // One token may ask so often only.
        let researcher = hub.token(Role::Researcher, value, None);
        // Whole, and as it would be guessed, letter by letter.
        let mut guesses: Vec<String> = value.split_whitespace().map(str::to_owned).collect();
        guesses.extend((3..value.len()).map(|length| value[..length].to_owned()));
        guesses.push(value.to_owned());
        for guess in guesses {
            let mut queries = vec![format!("\"{guess}\""), format!("\"{guess}*\""), format!("(zzz OR \"{guess}\")")];
            queries.extend(fields.iter().map(|field| format!("{field}:\"{guess}\"")));
            queries.extend(["title", "url", "country"].map(|field| format!("isotonitazene {field}:{guess}%")));
            for query in queries {
                let (status, body) = hub.get(&researcher, &format!("/api/v1/hits?q={}", encoded(&query))).await;
                if status == 400 {
                    refused += 1;
                    continue;
                }
                assert_eq!(status, 200, "{query}: {body}");
                let body: Value = serde_json::from_str(&body).unwrap();
                assert_eq!(total(&body), 0, "`{query}` finds it: {body}");
            }
        }
        // What is not there cannot be told from what is by leaving it out either.
        for query in [format!("-\"{value}\""), format!("isotonitazene -\"{value}\""), format!("-title:\"{value}\"")] {
            let path = encoded(&query);
            let hits = hub.json(&researcher, &format!("/api/v1/hits?q={path}")).await;
            assert_eq!(total(&hits), 1, "{query}");
            let facets = hub.json(&researcher, &format!("/api/v1/hits/facets?q={path}")).await;
            assert_eq!(facets["counted"], 1, "{query}");
        }
        for path in ["facets", "series"] {
            let found =
                hub.json(&researcher, &format!("/api/v1/hits/{path}?q={}", encoded(&format!("\"{value}\"")))).await;
            let empty = found["counted"] == 0 || found == json!({ "months": [] });
            assert!(empty, "{path} counts `{value}`: {found}");
        }
    }
    assert!(refused > 100, "the closed fields are refused by name");
    // What a country is asked for by stays of use.
    assert_eq!(total(&hub.json(&researcher, "/api/v1/hits?q=country:cn").await), 1);
    assert_eq!(total(&hub.json(&researcher, "/api/v1/hits?q=country:DE").await), 0);
    let (status, said) = hub.get(&researcher, "/api/v1/hits?q=url:item").await;
    assert!(status == 400 && said.contains("unknown field `url`"), "{said}");
    let authority = hub.token(Role::Authority, "anna", None);
    assert_eq!(total(&hub.json(&authority, "/api/v1/hits?q=url:pathhandle").await), 1);
    // Nowhere in the index, and all of it in the vault.
    let database = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
    let mut statement = database
        .prepare("SELECT title || text || coalesce(price, '') || coalesce(currency, '') || identifiers || assessment FROM hits")
        .unwrap();
    let stored: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(shown(&stored.concat()), Vec::<&str>::new(), "{stored:?}");
    let cases = hub.cases().await;
    let id = cases[0]["id"].as_str().unwrap();
    let (status, opened) =
        hub.post(&authority, &format!("/api/v1/referrals/{id}/reveal"), json!({ "purpose": "case file 12" })).await;
    assert_eq!(status, 200);
    let values: Vec<&str> =
        opened["values"].as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap()).collect();
    for value in
        ["titlehandle77", "texthandle", "31698765432", "attrhandle", "Plantedseller", "Karel Plantman", "vendorhandle"]
    {
        assert!(values.contains(&value), "`{value}` is not sealed: {values:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_older_rules_left_readable_is_hidden_when_the_file_is_opened() {
    let (_server, hub) = planted().await;
    let path = hub.folder.path().join("data/truth.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    // As an earlier version stored it.
    database
        .execute_batch(
            "UPDATE hits SET title = 'Isotonitazene 10 g wickr: olderhandle7', identifiers = '[[\"WhatsApp\", \"olderattr\"]]',
               text = text || ' telegram oldertext';
             UPDATE hits_text SET title = 'Isotonitazene 10 g wickr: olderhandle7', text = 'telegram oldertext isotonitazene';
             UPDATE referrals SET title = 'Isotonitazene 10 g wickr: olderhandle7';
             DELETE FROM redaction;",
        )
        .unwrap();
    let find = |word: &str| -> i64 {
        database.query_row("SELECT count(*) FROM hits_text WHERE hits_text MATCH ?", [word], |row| row.get(0)).unwrap()
    };
    assert_eq!(find("oldertext"), 1);
    drop(Truth::open(&path).unwrap());
    for word in ["oldertext", "olderhandle7", "olderattr"] {
        assert_eq!(find(word), 0, "{word}");
    }
    assert_eq!(find("isotonitazene"), 1, "it is still found by what it offers");
    let held: String = database
        .query_row(
            "SELECT h.title || h.text || h.identifiers || r.title FROM hits h JOIN referrals r ON r.id = h.referral",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert!(!held.contains("older"), "{held}");
    assert!(held.contains("telegram") && held.contains("wickr"), "{held}");
    let authority = hub.token(Role::Authority, "anna", None);
    let cases = hub.cases().await;
    let path = format!("/api/v1/referrals/{}/reveal", cases[0]["id"].as_str().unwrap());
    let (_, opened) = hub.post(&authority, &path, json!({ "purpose": "case file 12" })).await;
    assert!(opened.to_string().contains("oldertext"), "{opened}");
}

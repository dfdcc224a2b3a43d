//! Every door by which text of a listing leaves: what identifies its seller passes through none.
//!
//! A handle and a telephone number stand in title, text, attributes, picture and address of one listing. The address itself is
//! what a notice must name exactly: platform and authority read it, research does not.

use listingwatch::store::truth::{Role, Truth};
use serde_json::json;

use crate::hub_attacks::{page, sign_in};
use crate::mail_server::MailServer;
use crate::mockserver::{MockServer, Reply};
use crate::program::Place;
use crate::shop::{Hub, Shop, platform_file_of};

/// What must stand nowhere, by the places it stands in. Each is told from the others.
const SEALED: [&str; 9] = [
    "titlepier",
    "northpier",
    "wechatpier",
    "attrpier",
    "namepier",
    "sellerpier",
    "12345671",
    "9876 5432",
    "31698765432",
];

/// What stands in the address.
const ADDRESS: &str = "/item/urlpier_demo-31698765499";

fn listing() -> String {
    let product = json!({
        "@context": "https://schema.org", "@type": "Product",
        "name": "Isotonitazene 10 g @titlepier_demo",
        "description": "Isotonitazene powder for sale, wholesale price per gram, discreet shipping, bitcoin accepted. \
            Contact me on Telegram @northpier_demo, 加微信 wechatpier_demo 西联汇款, QQ 12345671. \
            WhatsApp +31 6 9876 5432 or whatsapp 31698765432.",
        "image": "https://pictures.example.test/northpier_demo/1.jpg",
        "additionalProperty": [
            { "@type": "PropertyValue", "name": "WeChat", "value": "attrpier_demo" },
            { "@type": "PropertyValue", "name": "Telegram namepier_demo", "value": "Isotonitazene 5 g" },
        ],
        "offers": { "@type": "Offer", "price": "10", "priceCurrency": "EUR",
            "seller": { "@type": "Organization", "name": "Sellerpier" } }
    });
    format!("<title>item</title><script type=\"application/ld+json\">{product}</script><p>offer")
}

fn site() -> MockServer {
    MockServer::start(|asked| match asked.path.as_str() {
        "/" => Reply::html(format!("<title>Shop</title><a href=\"{ADDRESS}\">item</a>")),
        ADDRESS => Reply::html(listing()),
        _ => Reply::status(404),
    })
}

/// A message with its transfer encoding undone, as far as its text may hide in it.
fn decoded(data: &str) -> String {
    let mut out = data.replace("=\r\n", "").replace("=\n", "");
    for part in data.replace("\r\n", "\n").split("\n\n") {
        let joined: String = part.split_whitespace().collect();
        if let Ok(bytes) = data_encoding::BASE64.decode(joined.as_bytes()) {
            out.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    out
}

#[track_caller]
fn nothing_sealed(door: &str, text: &str) {
    let lower = text.to_lowercase();
    for value in SEALED {
        assert!(!lower.contains(value), "`{value}` leaves by {door}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sellers_handle_and_number_leave_by_no_door() {
    let (server, receiver, mail) = (site(), Shop::start().await, MailServer::start().await);
    let referral = format!(
        "channels = [\"feed\", \"webhook\", \"email\"]\nwebhook = \"http://{}/hook\"\nemail = \"ts@shop.example.test\"",
        receiver.address
    );
    let file = platform_file_of(&server.url("/"), &referral);
    let smtp = format!("[smtp]\nurl = \"{}\"\nfrom = \"watch@hub.example.test\"\n", mail.url);
    let hub = Hub::open(&[("bazaar", file)], |settings| {
        settings.smtp = listingwatch::config::settings::parse("x", &smtp).unwrap().smtp;
    })
    .await;
    hub.scan().await;
    let case = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    hub.command(&["referrals", "approve", &case, "--as", "anna"]).await.1.unwrap();
    hub.clock.advance_hours(1);
    hub.command(&["referrals", "send"]).await.1.unwrap();

    // Webhook and mail.
    let received = receiver.received();
    assert!(!received.is_empty() && received[0].body.contains("Isotonitazene"), "{received:?}");
    for message in &received {
        nothing_sealed("the webhook", &message.body);
    }
    assert!(!mail.taken().is_empty());
    for message in mail.taken() {
        let text = decoded(&message.data);
        assert!(text.contains("Isotonitazene"), "{text}");
        nothing_sealed("mail", &text);
    }

    // API and feeds, by every role that is let in.
    let authority = hub.token(Role::Authority, "anna", None);
    let moderator = hub.token(Role::Moderator, "mo", Some("bazaar"));
    let platform = hub.token(Role::Platform, "machine", Some("bazaar"));
    let researcher = hub.token(Role::Researcher, "rea", None);
    let of_case = format!("/api/v1/referrals/{case}");
    let mut paths: Vec<String> = ["", "/notice", "/notice?format=text", "/notice?format=html", "/deliveries"]
        .iter()
        .map(|part| format!("{of_case}{part}"))
        .collect();
    paths.extend(
        [
            "/api/v1/referrals",
            "/api/v1/hits",
            "/api/v1/hits?q=isotonitazene",
            "/api/v1/hits/facets",
            "/api/v1/hits/series",
            "/api/v1/emerging",
            "/api/v1/attention",
            "/api/v1/audit",
            "/api/v1/scans",
            "/api/v1/coverage",
            "/api/v1/reports/transparency",
            "/api/v1/reports/responses",
            "/feeds/bazaar.json",
            "/feeds/bazaar.atom",
            "/feeds/bazaar.ndjson",
        ]
        .map(str::to_owned),
    );
    let mut open = 0;
    for (role, token) in
        [("authority", &authority), ("moderator", &moderator), ("platform", &platform), ("researcher", &researcher)]
    {
        for path in &paths {
            let (status, body) = hub.get(token, path).await;
            open += usize::from(status == 200);
            nothing_sealed(&format!("{path} for the {role}"), &body);
            if role == "researcher" {
                assert!(!body.contains("urlpier") && !body.contains("31698765499"), "{path}: {body}");
            }
        }
    }
    assert!(open > 30, "{open} doors were open");
    // The notice names the address exactly, and the reasons say what was found without the account.
    let (_, seen) = hub.get(&moderator, &of_case).await;
    assert!(seen.contains(ADDRESS), "{seen}");
    let words = ["\\\"Contact me on\\\"", "\\\"Telegram\\\"", "西联汇款", "加微信", "attributes.Telegram █"];
    for word in words {
        assert!(seen.contains(word), "`{word}` is no personal data: {seen}");
    }

    // The console, its twins among it.
    for (role, token) in [("authority", &authority), ("moderator", &moderator), ("researcher", &researcher)] {
        let (cookie, _) = sign_in(&hub, token).await;
        let of_case = format!("/console/referrals/{case}");
        let mut paths = vec![of_case.clone(), format!("{of_case}/notice"), format!("{of_case}/notice?format=text")];
        for list in
            ["inbox?group=all", "archive?q=isotonitazene", "audit?x=1", "scans?x=1", "queue?x=1", "overview?x=1"]
        {
            for format in ["html", "json", "csv"] {
                paths.push(format!("/console/{list}&format={format}"));
                paths.push(format!("{of_case}?format={format}"));
            }
        }
        for path in paths {
            let (_, _, body) = page(&hub, &cookie, &path).await;
            nothing_sealed(&format!("{path} for the {role}"), &body);
            if role == "researcher" {
                assert!(!body.contains("urlpier") && !body.contains("31698765499"), "{path}: {body}");
            }
        }
    }
    let link = hub.json(&moderator, &format!("{of_case}/notice")).await;
    for link in ["answer", "contest"].map(|name| link[name].as_str().unwrap().to_owned()) {
        let body = hub.client.get(&link).send().await.unwrap().text().await.unwrap();
        assert!(body.contains("Isotonitazene") || body.contains("Contest"), "{body}");
        nothing_sealed("a signed link", &body);
    }

    // The command line and what it exports.
    let order = ["referrals", "order", &case, "--number", "7", "--legal-basis", "a law", "--territory", "EU"];
    let order =
        [&order[..], &["--provision", "art. 1", "--act", "remove", "--redress", "court", "--report-to", "us"]].concat();
    for line in [
        &["referrals", "list"][..],
        &["referrals", "show", &case],
        &["referrals", "notice", &case],
        &["export", "--format", "jsonl"],
        &["export", "--format", "csv"],
        &["search", "isotonitazene"],
        &["rescreen", "--dry-run"],
        &["rescreen"],
        &order,
        &["audit", "list"],
    ] {
        let (words, result) = hub.command(line).await;
        result.unwrap_or_else(|failure| panic!("{line:?}: {failure:?}"));
        nothing_sealed(&line.join(" "), &words);
    }
    // The log of what was done is kept for ever: not even the address stands in it.
    let audit = serde_json::to_string(&hub.app.rooms.truth.audit_entries(None, 1000).unwrap()).unwrap();
    assert!(audit.contains("approve"), "{audit}");
    nothing_sealed("the audit log", &audit);
    assert!(!audit.contains("urlpier"), "{audit}");

    // The file itself, to the last byte of it.
    drop(hub.app.rooms.truth.checkpoint_audit(hub.app.rooms.now()));
    let path = hub.folder.path().join("data/truth.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    for value in SEALED {
        assert!(!text.contains(value), "`{value}` stands in truth.db");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_version_left_in_reasons_is_hidden_when_the_file_is_opened() {
    let server = site();
    let file = platform_file_of(&server.url("/"), "channels = [\"feed\"]");
    let hub = Hub::open(&[("bazaar", file)], |_| {}).await;
    hub.scan().await;
    let path = hub.folder.path().join("data/truth.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute_batch(
            "UPDATE hits SET assessment = json_set(assessment, '$.reasons[0]',
               'it is offered with a private contact (\"Contact me on\", \"Telegram\", \"@northpier\")');
             UPDATE redaction SET version = 2;",
        )
        .unwrap();
    drop(Truth::open(&path).unwrap());
    let held: String = database.query_row("SELECT assessment FROM hits", [], |row| row.get(0)).unwrap();
    nothing_sealed("a stored reason", &held);
    assert!(held.contains("(\\\"Contact me on\\\", \\\"Telegram\\\", \\\"██████████\\\")"), "{held}");
}

#[test]
fn nothing_of_a_seller_is_logged() {
    let server = site();
    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "");
    let ended = place.run(&["-v", "scan"]);
    assert!(ended.err.contains("fetched"), "{}", ended.err);
    nothing_sealed("the log", &ended.err);
    nothing_sealed("what a scan prints", &ended.out);
    for line in [&["referrals", "list"][..], &["search", "isotonitazene"], &["export", "--format", "csv"]] {
        let ended = place.run(line);
        nothing_sealed(&line.join(" "), &ended.out);
        nothing_sealed(&line.join(" "), &ended.err);
    }
}

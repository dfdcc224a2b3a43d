//! Delivery and its faults: receivers that are down, slow, refusing, hanging; mail servers that refuse; nothing lost, nothing
//! under two ids, every end with a receipt.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use listingwatch::store::truth::Role;
use listingwatch::vocab::actor::Actor;
use listingwatch::vocab::ids::ReferralId;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::mail_server::{MailServer, Manners};
use crate::shop::{Hub, OFFER, Shop};

async fn hub(shop: &Shop, referral: &str, mail: Option<&MailServer>) -> Hub {
    let url = mail.map(|mail| mail.url.clone());
    Hub::open(&[("bazaar", shop.platform_file("bazaar", referral))], |settings| {
        if let Some(url) = url {
            let text = format!("[smtp]\nurl = \"{url}\"\nfrom = \"watch@hub.example.test\"\n");
            settings.smtp = listingwatch::config::settings::parse("x", &text).unwrap().smtp;
        }
    })
    .await
}

async fn one_offer(hub: &Hub) -> String {
    hub.scan().await;
    let cases = hub.cases().await;
    assert_eq!(cases.len(), 1, "{cases:?}");
    cases[0]["id"].as_str().unwrap().to_owned()
}

async fn deliveries(hub: &Hub, id: &str) -> Value {
    let (words, _) = hub.command(&["referrals", "deliveries", id]).await;
    serde_json::from_str(&words).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_arrives_in_the_platforms_language_and_every_attempt_is_one_message() {
    let (shop, mail) = (Shop::start().await, MailServer::start().await);
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let policy = "channels = [\"email\"]\nemail = \"ts@shop.example.test\"\nlanguage = \"fr\"";
    let hub = hub(&shop, policy, Some(&mail)).await;
    let id = one_offer(&hub).await;
    // Busy first, then it breaks off, then it takes the message and breaks off before it says so.
    mail.behaves(&[Manners::Later, Manners::HangUp, Manners::TakeAndHangUp]);
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    assert_eq!(hub.cases().await[0]["state"], "sent");
    for _ in 0..3 {
        hub.clock.advance_hours(6);
        hub.command(&["referrals", "send"]).await.1.unwrap();
    }
    assert_eq!(hub.cases().await[0]["state"], "delivered");
    let taken = mail.taken();
    assert_eq!(taken.len(), 2, "at least once: the server that did not say so got it again");
    let header = |data: &str, name: &str| {
        data.lines().find(|line| line.starts_with(name)).map(str::to_owned).unwrap_or_default()
    };
    assert_eq!(header(&taken[0].data, "Message-ID:"), header(&taken[1].data, "Message-ID:"), "under one id");
    assert_eq!(header(&taken[0].data, "Content-Language:"), "Content-Language: fr");
    assert!(taken[0].to.contains("ts@shop.example.test") && taken[0].from.contains("watch@hub.example.test"));
    let found = deliveries(&hub, &id).await;
    assert_eq!(found["deliveries"][0]["receipt"], "250 2.0.0 queued as ABC123");
    let results: Vec<&str> =
        found["attempts"].as_array().unwrap().iter().map(|one| one["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["later", "later", "later", "delivered"]);
    let keys: std::collections::BTreeSet<String> =
        found["attempts"].as_array().unwrap().iter().map(|one| one["idempotency_key"].to_string()).collect();
    assert_eq!(keys.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_refuses_for_good_shows_as_undeliverable_and_can_be_tried_again() {
    for manners in [Manners::Never, Manners::RefuseContent] {
        let (shop, mail) = (Shop::start().await, MailServer::start().await);
        shop.put("7", "Isotonitazene 10 g", OFFER);
        let hub = hub(&shop, "channels = [\"email\"]\nemail = \"ts@shop.example.test\"", Some(&mail)).await;
        let id = one_offer(&hub).await;
        mail.behaves(&[manners]);
        hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
        assert_eq!(hub.cases().await[0]["state"], "undeliverable", "{manners:?}");
        let (words, _) = hub.command(&["referrals", "deliveries"]).await;
        let stuck: Value = serde_json::from_str(&words).unwrap();
        assert_eq!((stuck["referral"].as_str(), stuck["channel"].as_str()), (Some(id.as_str()), Some("email")));
        let authority = hub.token(Role::Authority, "ben", None);
        let waiting = hub.json(&authority, "/api/v1/attention").await;
        assert_eq!(waiting["attention"][0]["attention"], "undeliverable");
        assert_eq!(hub.json(&authority, "/api/v1/undeliverable").await["undeliverable"][0]["referral"], id);
        hub.command(&["referrals", "resend", &id, "--as", "ben"]).await.1.unwrap();
        assert_eq!(hub.cases().await[0]["state"], "delivered");
        assert_eq!(mail.taken().len(), 1);
        assert_eq!(hub.json(&authority, "/api/v1/attention").await["attention"], json!([]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listings_title_cannot_write_mail_headers() {
    let (shop, mail) = (Shop::start().await, MailServer::start().await);
    let title = "Isotonitazene 10 g\r\nBcc: all@evil.example.test\r\n\r\n<script>";
    shop.put("7", title, OFFER);
    let hub = hub(&shop, "channels = [\"email\"]\nemail = \"ts@shop.example.test\"", Some(&mail)).await;
    let id = one_offer(&hub).await;
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    let taken = mail.taken();
    assert_eq!(taken.len(), 1);
    let head: String = taken[0].data.split("\n\n").next().unwrap().to_lowercase();
    assert!(!head.lines().any(|line| line.starts_with("bcc:")), "{head}");
    assert!(head.contains("subject:"), "{head}");
}

/// A receiver that speaks as it is told: it gets the stream after the request was read.
pub async fn raw_receiver(answers: Vec<&'static str>) -> (std::net::SocketAddr, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let at = count.fetch_add(1, Ordering::SeqCst);
            let answer = answers.get(at).copied().unwrap_or("HTTP/1.1 204 No Content\r\n\r\n");
            tokio::spawn(async move {
                let mut buffer = vec![0; 64 << 10];
                let _ = stream.read(&mut buffer).await;
                if answer == "hang" {
                    // Until the other side gives up.
                    while matches!(stream.read(&mut buffer).await, Ok(read) if read > 0) {}
                    return;
                }
                let _ = stream.write_all(answer.as_bytes()).await;
                if answer.contains("1000000") {
                    while matches!(stream.read(&mut buffer).await, Ok(read) if read > 0) {}
                }
            });
        }
    });
    (address, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_down_malformed_or_dripping_gets_it_in_the_end_and_once_is_enough() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    // Nothing but noise, then an answer cut off, then 200 with a body that never ends.
    let answers = vec![
        "not http at all\r\n\r\n",
        "",
        "HTTP/1.1 503 Busy\r\nRetry-After: 7200\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\nthank you",
    ];
    let (address, asked) = raw_receiver(answers).await;
    let policy = format!("channels = [\"webhook\"]\nwebhook = \"http://{address}/hook\"");
    let hub = hub(&shop, &policy, None).await;
    let id = one_offer(&hub).await;
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    hub.clock.advance_hours(1);
    hub.command(&["referrals", "send"]).await.1.unwrap();
    hub.clock.advance_hours(1);
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    // It asked for two hours: after one it is left alone.
    hub.clock.advance_hours(1);
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 3, "`Retry-After` is kept");
    hub.clock.advance_hours(2);
    let began = Instant::now();
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert!(began.elapsed() < Duration::from_secs(15), "a body that drips does not hold us");
    assert_eq!(hub.cases().await[0]["state"], "delivered");
    assert_eq!(deliveries(&hub, &id).await["deliveries"][0]["receipt"], "200 thank you");
}

/// A hub with an offer on each of two platforms, after a scan: the webhook of the first hangs, the shop of the second takes what comes.
pub async fn one_hangs_and_one_takes() -> (Hub, [Shop; 2], Arc<AtomicUsize>) {
    let (first, second) = (Shop::start().await, Shop::start().await);
    first.put("7", "Isotonitazene 10 g", OFFER);
    second.put(
        "7",
        "Metonitazene 5 g",
        "Metonitazene for sale, 5 g bags, price per gram, telegram only, bitcoin accepted",
    );
    let (address, asked) = raw_receiver(vec!["hang"; 50]).await;
    let hanging = format!("channels = [\"webhook\"]\nwebhook = \"http://{address}/hook\"");
    let taking = format!("channels = [\"webhook\"]\nwebhook = \"http://{}/hook\"", second.address);
    let files =
        [("first", first.platform_file("first", &hanging)), ("second", second.platform_file("second", &taking))];
    let hub = Hub::open(&files, |_| {}).await;
    hub.scan().await;
    (hub, [first, second], asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_does_not_hold_up_the_others() {
    let (hub, [_first, second], asked) = one_hangs_and_one_takes().await;
    let ids: Vec<String> = hub.cases().await.iter().map(|case| case["id"].as_str().unwrap().to_owned()).collect();
    let approve: Vec<&str> =
        ["referrals", "approve", "--as", "anna"].into_iter().chain(ids.iter().map(String::as_str)).collect();
    let began = Instant::now();
    hub.command(&approve).await.1.unwrap();
    assert!(began.elapsed() < Duration::from_secs(40), "the step ends at the receiver's deadline");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(second.received().len(), 1, "the other platform has its notice");
    let states: std::collections::BTreeSet<String> =
        hub.cases().await.iter().map(|case| case["state"].to_string()).collect();
    assert_eq!(states, ["\"delivered\"".to_owned(), "\"sent\"".to_owned()].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn three_days_of_silence_end_as_undeliverable_with_every_attempt_on_record() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let policy = format!("channels = [\"webhook\"]\nwebhook = \"http://{}/hook\"", shop.address);
    let hub = hub(&shop, &policy, None).await;
    let id = one_offer(&hub).await;
    shop.hook_answers(&[500; 40]);
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    for _ in 0..14 {
        hub.clock.advance_hours(6);
        hub.command(&["referrals", "send"]).await.1.unwrap();
    }
    assert_eq!(hub.cases().await[0]["state"], "undeliverable");
    let tried = shop.received().len();
    assert!((6..=10).contains(&tried), "{tried}");
    let first = shop.received()[0].id.clone();
    assert!(shop.received().iter().all(|message| message.id == first));
    let found = deliveries(&hub, &id).await;
    assert_eq!(found["attempts"].as_array().unwrap().len(), tried);
    assert!(found["deliveries"][0]["last_error"].as_str().unwrap().contains("three days"), "{found}");
    // Sent again by hand, it goes out under the id it always had.
    shop.hook_answers(&[]);
    hub.command(&["referrals", "resend", &id, "--as", "ben"]).await.1.unwrap();
    assert_eq!(shop.received().last().unwrap().id, first);
    assert_eq!(hub.cases().await[0]["state"], "delivered");
    let (_, verified) = hub.command(&["audit", "verify"]).await;
    verified.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhooks_name_that_leads_to_this_machine_is_not_dialled() {
    // A name is checked when it resolves, and what was checked is what is dialled: an answer that changes between the two
    // (rebinding) has nothing to change. `localhost` stands for such a name.
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let policy = format!("channels = [\"webhook\"]\nwebhook = \"https://localhost:{port}/hook\"");
    let file = shop.platform_file("bazaar", &policy);
    let mut parsed =
        listingwatch::config::platforms::parse("bazaar.toml", &file, "2026-01-01".parse().unwrap()).unwrap();
    // The shop itself lives on loopback; its webhook must not.
    let hub = Hub::open(&[("bazaar", file)], |_| {}).await;
    let id = one_offer(&hub).await;
    parsed.crawl.private_addresses = Vec::new();
    let truth = &hub.app.rooms.truth;
    let case = ReferralId::parse(&id).unwrap();
    let terms = hub.app.rooms.notice_terms(&case, listingwatch::vocab::time::Timestamp::EPOCH);
    truth.approve(&case, &parsed, terms, None, &Actor::named("anna").unwrap(), hub.app.rooms.now()).unwrap();
    listingwatch::engine::dispatch::step(&hub.app.rooms, &[Arc::new(parsed)]).await.unwrap();
    let row = truth.deliveries_of(&case).unwrap().remove(0);
    assert_eq!(row.state, "due");
    assert!(row.last_error.as_deref().unwrap().contains("private address"), "{row:?}");
    let nobody = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(nobody.is_err(), "no connection was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_in_the_middle_of_an_approval_changes_nothing_and_it_works_again_afterwards() {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hub = hub(&shop, "channels = [\"feed\"]", None).await;
    let id = one_offer(&hub).await;
    let authority = hub.token(Role::Authority, "anna", None);
    let truth = &hub.app.rooms.truth;
    let entries = truth.verify_audit().unwrap().unwrap().0;
    truth.set_quota_pages(Some(1)).unwrap();
    // The file's own free pages hold a few rows more: they are filled with ever smaller ones until none fits.
    let mut filler = 0;
    for size in [20_000, 2_000, 200, 1] {
        let detail = "x".repeat(size);
        loop {
            let said = listingwatch::evidence::audit::Said {
                actor: &Actor::named("tester").unwrap(),
                action: "fill",
                subject: "x",
                detail: &detail,
            };
            match truth.note(&said, hub.app.rooms.now()) {
                Ok(()) => filler += 1,
                Err(error) => break assert!(error.to_string().contains("full"), "{error}"),
            }
            assert!(filler < 1000);
        }
    }
    let (status, problem) = hub.post(&authority, &format!("/api/v1/referrals/{id}/approve"), json!({})).await;
    assert_eq!(status, 503, "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("nothing was changed"), "{problem}");
    let failure = hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap_err();
    assert!(failure.to_string().contains("free space"), "{failure}");
    // State, audit and outbox are one.
    assert_eq!(hub.cases().await[0]["state"], "drafted");
    assert!(truth.deliveries_of(&ReferralId::parse(&id).unwrap()).unwrap().is_empty());
    assert_eq!(truth.verify_audit().unwrap().unwrap().0, entries + filler);
    truth.set_quota_pages(None).unwrap();
    assert_eq!(hub.post(&authority, &format!("/api/v1/referrals/{id}/approve"), json!({})).await.0, 200);
    hub.command(&["referrals", "send"]).await.1.unwrap();
    assert_eq!(hub.cases().await[0]["state"], "delivered");
    truth.verify_audit().unwrap().unwrap();
}

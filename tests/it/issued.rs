//! A notice is a thing: the same bytes wherever it is read and however often, and what follows it is a document of its own.

use listingwatch::store::truth::Role;
use serde_json::{Value, json};

use crate::mail_server::MailServer;
use crate::shop::{Hub, OFFER, Shop};

const POLICY: &str = "channels = [\"feed\", \"webhook\", \"email\"]\nemail = \"ts@shop.example.test\"\nlanguage = \"de\"\n\
                      renotice = \"3d\"\nrecheck = \"24h\"";

struct Office {
    shop: Shop,
    mail: MailServer,
    hub: Hub,
    id: String,
    authority: String,
    platform: String,
}

async fn office() -> Office {
    let (shop, mail) = (Shop::start().await, MailServer::start().await);
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let url = mail.url.clone();
    let policy = format!("{POLICY}\nwebhook = \"http://{}/hook\"", shop.address);
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", &policy))], |settings| {
        let text = format!("[smtp]\nurl = \"{url}\"\nfrom = \"watch@hub.example.test\"\n");
        settings.smtp = listingwatch::config::settings::parse("x", &text).unwrap().smtp;
    })
    .await;
    hub.scan().await;
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    let authority = hub.token(Role::Authority, "ben", None);
    let platform = hub.token(Role::Moderator, "moderator", Some("bazaar"));
    Office { shop, mail, hub, id, authority, platform }
}

impl Office {
    async fn notice(&self, token: &str, form: &str) -> String {
        let (status, body) = self.hub.get(token, &format!("/api/v1/referrals/{}/notice?format={form}", self.id)).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    async fn forms(&self) -> [String; 3] {
        let token = &self.platform;
        [self.notice(token, "text").await, self.notice(token, "json").await, self.notice(token, "html").await]
    }

    async fn documents(&self) -> Vec<Value> {
        let path = format!("/api/v1/referrals/{}/documents", self.id);
        self.hub.json(&self.platform, &path).await["documents"].as_array().unwrap().clone()
    }

    async fn feed_item(&self) -> Value {
        self.hub.json(&self.platform, "/feeds/bazaar.json").await["items"][0].clone()
    }
}

/// The text of the plain part of a mail, as it was written.
fn plain_part(data: &str) -> String {
    let data = data.replace("\r\n", "\n");
    let part = data.split("Content-Type: text/plain").nth(1).unwrap();
    let (head, body) = part.split_once("\n\n").unwrap();
    let body = body.split("\n--").next().unwrap();
    let bytes = if head.contains("base64") {
        let packed: String = body.split_whitespace().collect();
        data_encoding::BASE64.decode(packed.as_bytes()).unwrap()
    } else if head.contains("quoted-printable") {
        let joined = body.replace("=\n", "");
        let mut pieces = joined.split('=');
        let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
        for piece in pieces {
            bytes.push(u8::from_str_radix(&piece[..2], 16).unwrap());
            bytes.extend(&piece.as_bytes()[2..]);
        }
        bytes
    } else {
        body.as_bytes().to_vec()
    };
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_says_that_it_is_one_and_nothing_that_is_not_yet_true() {
    let office = office().await;
    let text = office.notice(&office.authority, "text").await;
    assert!(text.contains("Vorschau") && text.contains("noch nicht entschieden"), "{text}");
    for untrue in ["Verfasst am", "/answer/", "/contest/", "geprüft und entschieden"] {
        assert!(!text.contains(untrue), "{untrue}: {text}");
    }
    let value: Value = serde_json::from_str(&office.notice(&office.authority, "json").await).unwrap();
    assert_eq!(value["standing"], "preview");
    for unset in ["number", "at", "links_until", "answer", "contest"] {
        assert!(value.get(unset).is_none(), "{unset}: {value}");
    }
    assert!(office.documents_of_a_draft_are_none().await);
}

impl Office {
    async fn documents_of_a_draft_are_none(&self) -> bool {
        let path = format!("/api/v1/referrals/{}/documents", self.id);
        self.hub.json(&self.authority, &path).await == json!({ "documents": [] })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_stays_as_it_was_sent_at_every_door() {
    let office = office().await;
    office.hub.command(&["referrals", "approve", &office.id, "--as", "anna"]).await.1.unwrap();
    let sent = office.forms().await;
    let number = format!("{}/1", office.id);
    assert!(sent.iter().all(|form| form.contains(&number)), "{sent:?}");
    let documents = office.documents().await;
    assert_eq!((&documents[0]["number"], &documents[0]["kind"]), (&json!(number), &json!("notice")));
    // Mail, webhook, feed, console and command line.
    assert_eq!(plain_part(&office.mail.taken()[0].data).trim_end(), sent[0].trim_end());
    let hook: Value = serde_json::from_str(&office.shop.received()[0].body).unwrap();
    assert_eq!(hook["data"]["notice"], serde_json::from_str::<Value>(&sent[1]).unwrap());
    assert_eq!(hook["data"]["document"]["digests"], documents[0]["digests"]);
    let item = office.feed_item().await;
    assert_eq!(item["content_text"], sent[0]);
    let fragment = item["content_html"].as_str().unwrap();
    assert!(sent[2].contains(fragment));
    let (words, _) = office.hub.command(&["referrals", "notice", &office.id, "--format", "text"]).await;
    assert_eq!(words, sent[1]);
    // Time, a listing more and a look change nothing of it.
    office.shop.put("8", "Isotonitazene 10 g", OFFER);
    office.hub.clock.advance_hours(30);
    office.hub.scan().await;
    office.hub.command(&["referrals", "recheck"]).await.1.unwrap();
    assert_eq!(office.forms().await, sent);
    let later = office.feed_item().await;
    assert_eq!((&later["content_text"], &later["content_html"]), (&item["content_text"], &item["content_html"]));
    // A translation says that it is one.
    let path = format!("/api/v1/referrals/{}/notice?format=text&language=en", office.id);
    let (_, english) = office.hub.get(&office.platform, &path).await;
    assert!(
        english.contains(&format!("Translation for information. The document that was sent, {number}, is in Deutsch"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_a_notice_is_a_document_that_cites_it() {
    let office = office().await;
    office.hub.command(&["referrals", "approve", &office.id, "--as", "anna"]).await.1.unwrap();
    let sent = office.forms().await;
    office.hub.clock.advance_hours(73);
    office.hub.command(&["referrals", "send"]).await.1.unwrap();
    let path = format!("/api/v1/referrals/{}/withdraw", office.id);
    assert_eq!(office.hub.post(&office.authority, &path, json!({ "reason": "a test" })).await.0, 200);
    office.hub.command(&["referrals", "send"]).await.1.unwrap();
    let documents = office.documents().await;
    let kinds: Vec<&str> = documents.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["notice", "reminder", "withdrawal"]);
    assert!(documents[1..].iter().all(|one| one["cites"] == json!(format!("{}/1", office.id))), "{documents:?}");
    let mails = office.mail.taken();
    assert_eq!(mails.len(), 3);
    for (serial, mail) in mails.iter().enumerate() {
        let path = format!("/api/v1/referrals/{}/documents/{}?format=text", office.id, serial + 1);
        let (status, text) = office.hub.get(&office.platform, &path).await;
        assert_eq!(status, 200, "{text}");
        assert_eq!(plain_part(&mail.data).trim_end(), text.trim_end());
    }
    let hooks: Vec<Value> = office.shop.received().iter().map(|one| serde_json::from_str(&one.body).unwrap()).collect();
    let kinds: Vec<&Value> = hooks.iter().map(|hook| &hook["data"]["document"]["kind"]).collect();
    assert_eq!(kinds, [&json!("notice"), &json!("reminder"), &json!("withdrawal")]);
    assert!(hooks[2]["data"].get("notice").is_none() && hooks[2]["data"]["document"]["says"].is_array());
    // The platform can still read what it was sent.
    assert_eq!(office.forms().await, sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_notice_is_held_against_the_audit_log_and_outlives_its_erasure() {
    let office = office().await;
    office.hub.command(&["referrals", "approve", &office.id, "--as", "anna"]).await.1.unwrap();
    let sent = office.forms().await;
    let log = office.hub.app.paths().data.join("truth.db");
    let digest = |form: &str| listingwatch::vocab::ids::Sha256Digest::of(form.as_bytes()).to_string();
    let logged = |form: &str| listingwatch::store::truth::logged_document(&log, &digest(form)).unwrap();
    for form in &sent {
        assert_eq!(logged(form).unwrap().number, format!("{}/1", office.id));
    }
    assert!(logged(&sent[0].replace("10 g", "11 g")).is_none());
    office.hub.command(&["retention", "erase", &office.id, "--as", "anna"]).await.1.unwrap();
    let path = format!("/api/v1/referrals/{}/notice", office.id);
    let (status, body) = office.hub.get(&office.platform, &path).await;
    assert_eq!(status, 410, "{body}");
    assert!(body.contains(&digest(&sent[1])), "{body}");
    assert_eq!(office.documents().await.len(), 1);
    assert!(logged(&sent[0]).is_some());
}

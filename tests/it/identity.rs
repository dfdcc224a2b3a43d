//! Signed requests: rebuilt and verified on the server's side with the key the hub publishes.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::Value;

use crate::mockserver::{Asked, MockServer, Reply};
use crate::program::{Place, links};
use crate::shop::{Hub, Shop};

/// One signature of a message: what `Signature-Input` and `Signature` say under a label.
struct Signed {
    /// Everything after `label=`.
    parameters: String,
    signature: Vec<u8>,
}

impl Signed {
    fn all(input: &str, signature: &str) -> Vec<Self> {
        let split = |text: &str| -> Vec<(String, String)> {
            // Our values hold no comma followed by a space.
            text.split(", ")
                .map(|member| member.split_once('=').expect("label=value"))
                .map(|(label, value)| (label.to_owned(), value.to_owned()))
                .collect()
        };
        let signatures = split(signature);
        split(input)
            .into_iter()
            .map(|(label, parameters)| {
                let coded = &signatures.iter().find(|(held, _)| *held == label).expect("a signature a label").1;
                let coded = coded.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')).expect("a byte sequence");
                Signed { parameters, signature: BASE64.decode(coded.as_bytes()).expect("base 64") }
            })
            .collect()
    }

    fn parameter(&self, name: &str) -> String {
        let list = self.parameters.split_once(')').expect("an inner list").1;
        let found = list.split(';').find_map(|part| part.strip_prefix(&format!("{name}=")));
        found.unwrap_or_else(|| panic!("no {name} in {}", self.parameters)).trim_matches('"').to_owned()
    }

    /// The covered components as written, e.g. `"@authority"` and `"signature-agent";key="sig1"`.
    fn covered(&self) -> Vec<String> {
        let list = self.parameters.trim_start_matches('(').split_once(')').expect("an inner list").0;
        list.split(' ').map(str::to_owned).collect()
    }

    fn verify(&self, keys: &[Value], value_of: impl Fn(&str) -> String) -> bool {
        let kid = self.parameter("keyid");
        let Some(jwk) = keys.iter().find(|key| key["kid"] == kid.as_str()) else { return false };
        let public = BASE64URL_NOPAD.decode(jwk["x"].as_str().unwrap().as_bytes()).unwrap();
        let public = VerifyingKey::from_bytes(&public.try_into().unwrap()).unwrap();
        let mut base = String::new();
        for component in self.covered() {
            base.push_str(&format!("{component}: {}\n", value_of(&component)));
        }
        base.push_str(&format!("\"@signature-params\": {}", self.parameters));
        public.verify_strict(base.as_bytes(), &Signature::from_slice(&self.signature).unwrap()).is_ok()
    }
}

/// A component of a request as the server that got it sees it.
fn seen(asked: &Asked, component: &str) -> String {
    match component {
        "\"@authority\"" => asked.header("host").unwrap().to_ascii_lowercase(),
        "\"signature-agent\";key=\"sig1\"" => {
            asked.header("signature-agent").unwrap().strip_prefix("sig1=").unwrap().to_owned()
        }
        other => panic!("an unexpected component {other}"),
    }
}

fn signature(asked: &Asked) -> Signed {
    let (input, signature) = (asked.header("signature-input"), asked.header("signature"));
    Signed::all(input.expect("signed"), signature.expect("signed")).remove(0)
}

fn site() -> MockServer {
    MockServer::start(|asked| match asked.path.as_str() {
        "/robots.txt" => Reply::status(404),
        _ => Reply::html(links(&["/1".to_owned()])),
    })
}

#[test]
fn every_request_is_signed_for_its_host_with_a_key_the_program_names() {
    let server = site();
    let place = Place::new();
    place.settings("[hub]\npublic_url = \"https://hub.example.test\"\n");
    place.own_site("shop", &server.url("/"), "");
    place.run(&["scan"]).expect(0);
    let shown = place.run(&["identity", "show", "--json"]).expect(0).json();
    let keys = shown["keys"].as_array().unwrap().clone();
    assert_eq!(shown["signature_agent"], "https://hub.example.test");
    let asked = server.everything();
    assert_eq!(asked.len(), 4, "robots.txt, the control file and two pages");
    let mut nonces = Vec::new();
    for request in &asked {
        let signed = signature(request);
        assert!(signed.verify(&keys, |component| seen(request, component)), "{}", request.path);
        assert!(!signed.verify(&keys, |component| match component {
            "\"@authority\"" => "elsewhere.example.test".to_owned(),
            other => seen(request, other),
        }));
        assert_eq!((signed.parameter("tag"), signed.parameter("alg")), ("web-bot-auth".into(), "ed25519".into()));
        let (created, expires): (i64, i64) =
            (signed.parameter("created").parse().unwrap(), signed.parameter("expires").parse().unwrap());
        assert!((1..=86_400).contains(&(expires - created)));
        assert_eq!(request.header("signature-agent"), Some("sig1=\"https://hub.example.test\""));
        nonces.push(signed.parameter("nonce"));
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), asked.len(), "no nonce twice");
}

#[test]
fn without_a_public_hub_requests_are_signed_and_name_no_directory() {
    let server = site();
    let place = Place::new();
    place.own_site("shop", &server.url("/"), "");
    place.run(&["scan"]).expect(0);
    let keys = place.run(&["identity", "show", "--json"]).expect(0).json()["keys"].as_array().unwrap().clone();
    let first = &server.everything()[0];
    assert_eq!(first.header("signature-agent"), None);
    let signed = signature(first);
    assert_eq!(signed.covered(), ["\"@authority\""]);
    assert!(signed.verify(&keys, |component| seen(first, component)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hub_publishes_the_keys_each_signed_by_itself_and_rotation_never_leaves_a_verifier_without_one() {
    let server = site();
    let mut shop = Shop::start().await;
    shop.address = server.url("").trim_start_matches("http://").parse().unwrap();
    let hub = Hub::open(&[("shop", shop.platform_file("shop", ""))], |_| {}).await;
    let directory = async || -> Vec<Value> {
        let address = format!("{}/.well-known/http-message-signatures-directory", hub.base);
        let answer = hub.client.get(address).send().await.unwrap();
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/http-message-signatures-directory+json");
        assert!(header("cache-control").contains("max-age="));
        let signed = Signed::all(&header("signature-input"), &header("signature"));
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let keys = body["keys"].as_array().unwrap().clone();
        assert_eq!(signed.len(), keys.len());
        let authority = hub.base.trim_start_matches("http://").to_owned();
        for one in &signed {
            assert_eq!(one.covered(), ["\"@authority\";req"]);
            assert_eq!(one.parameter("tag"), "http-message-signatures-directory");
            assert!(
                one.verify(&keys, |_| authority.clone()) && !one.verify(&keys, |_| "mirror.example.test".to_owned())
            );
        }
        keys
    };
    let before = directory().await;
    assert_eq!(before.len(), 1);
    hub.scan().await;
    let announced: Value = serde_json::from_str(&hub.command(&["identity", "rotate"]).await.0).unwrap();
    let both = directory().await;
    assert_eq!((both.len(), &announced["signing"]), (2, &before[0]["kid"]), "the old key signs on for a day");
    hub.clock.advance_hours(25);
    hub.scan().await;
    let last = server.everything().pop().unwrap();
    let signed = signature(&last);
    assert_eq!(both[0]["kid"], signed.parameter("keyid").as_str());
    // A verifier that read the directory a day ago knows the key that signs now.
    assert!(signed.verify(&both, |component| seen(&last, component)));
    assert!(!signed.verify(&before, |component| seen(&last, component)));
    hub.clock.advance_hours(24 * 8);
    assert_eq!(directory().await.len(), 1, "the old key has left");
    hub.command(&["identity", "rotate", "--now"]).await.1.unwrap();
    let new = directory().await;
    assert!(new.len() == 1 && new[0]["kid"] != both[0]["kid"]);
    let about = hub.client.get(format!("{}/about-crawler", hub.base)).send().await.unwrap().text().await.unwrap();
    assert!(about.contains(new[0]["kid"].as_str().unwrap()) && about.contains("/.well-known/listingwatch.txt"));
    // The keys stand in no log of ours: the audit log names public thumbprints only.
    let audit = hub.app.rooms.truth.audit_entries(None, 100).unwrap();
    assert_eq!(audit.iter().filter(|entry| entry.action == "rotate-crawler-key").count(), 2);
}

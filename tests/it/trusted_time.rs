//! Timestamps of a trusted authority, against one on loopback that signs as RFC 3161 says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use cms::cert::x509::Certificate;
use cms::cert::x509::attr::Attribute;
use cms::cert::x509::der::asn1::{Any, GeneralizedTime, Int, ObjectIdentifier, OctetString, SetOfVec};
use cms::cert::x509::der::{Decode, DecodePem, Encode, Tag};
use cms::cert::x509::spki::AlgorithmIdentifier;
use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use listingwatch::config::settings::{Settings, Timestamps};
use listingwatch::vocab::time::Clock;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use x509_tsp::{TimeStampReq, TspVersion, TstInfo};

use crate::shop::{Hub, OFFER, Shop, TestClock};

const SHA_256: &str = "2.16.840.1.101.3.4.2.1";

fn oid(text: &str) -> ObjectIdentifier {
    ObjectIdentifier::new(text).unwrap()
}

fn data(name: &str) -> String {
    std::fs::read_to_string(format!("tests/data/tsa/{name}")).unwrap()
}

/// How the authority behaves.
#[derive(Clone, Copy, PartialEq)]
enum Manner {
    Right,
    /// Signs other bytes than it was asked for.
    OtherBytes,
    /// Answers with the nonce of another request.
    OtherNonce,
    /// Changes the time after it signed.
    Altered,
    /// Signs with a certificate that is not for timestamping.
    ForServers,
    Refuses,
    Down,
}

struct Authority {
    manner: Manner,
    clock: Arc<TestClock>,
    asked: usize,
}

fn reply(authority: &mut Authority, query: &[u8]) -> Vec<u8> {
    authority.asked += 1;
    let query = TimeStampReq::from_der(query).unwrap();
    assert!(query.cert_req, "a reply that is kept must hold its certificate");
    if authority.manner == Manner::Refuses {
        return vec![0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02];
    }
    let mut imprint = query.message_imprint.clone();
    let mut nonce = query.nonce.clone();
    match authority.manner {
        Manner::OtherBytes => imprint.hashed_message = OctetString::new([7; 32]).unwrap(),
        Manner::OtherNonce => nonce = Some(Int::new(&[1, 2, 3]).unwrap()),
        _ => {}
    }
    let at = Duration::from_secs(u64::try_from(authority.clock.now().as_seconds()).unwrap());
    let info = |at| TstInfo {
        version: TspVersion::V1,
        policy: oid("1.2.3.4.1"),
        message_imprint: imprint.clone(),
        serial_number: Int::new(&[0x2a]).unwrap(),
        gen_time: GeneralizedTime::from_unix_duration(at).unwrap(),
        accuracy: None,
        ordering: false,
        nonce: nonce.clone(),
        tsa: None,
        extensions: None,
    };
    let content = info(at).to_der().unwrap();
    let name = if authority.manner == Manner::ForServers { "web" } else { "tsa" };
    let certificate = Certificate::from_pem(data(&format!("{name}.pem"))).unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, &content);
    let attribute = |name: &str, value: Any| {
        let mut values = SetOfVec::new();
        values.insert(value).unwrap();
        Attribute { oid: oid(name), values }
    };
    let mut attributes = SetOfVec::new();
    let kind = oid("1.2.840.113549.1.9.16.1.4");
    attributes.insert(attribute("1.2.840.113549.1.9.3", Any::encode_from(&kind).unwrap())).unwrap();
    let digest = OctetString::new(digest.as_ref()).unwrap();
    attributes.insert(attribute("1.2.840.113549.1.9.4", Any::encode_from(&digest).unwrap())).unwrap();
    let key = data_encoding::BASE64
        .decode(
            data(&format!("{name}.key")).lines().filter(|line| !line.starts_with('-')).collect::<String>().as_bytes(),
        )
        .unwrap();
    let random = ring::rand::SystemRandom::new();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key, &random).unwrap();
    let signature = key.sign(&random, &attributes.to_der().unwrap()).unwrap();
    let sha_256 = AlgorithmIdentifier { oid: oid(SHA_256), parameters: None };
    let content = match authority.manner {
        Manner::Altered => info(at - Duration::from_secs(86_400)).to_der().unwrap(),
        _ => content,
    };
    let mut signers = SetOfVec::new();
    signers
        .insert(SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: certificate.tbs_certificate.issuer.clone(),
                serial_number: certificate.tbs_certificate.serial_number.clone(),
            }),
            digest_alg: sha_256.clone(),
            signed_attrs: Some(attributes),
            signature_algorithm: AlgorithmIdentifier { oid: oid("1.2.840.10045.4.3.2"), parameters: None },
            signature: OctetString::new(signature.as_ref()).unwrap(),
            unsigned_attrs: None,
        })
        .unwrap();
    let mut certificates = SetOfVec::new();
    certificates.insert(CertificateChoices::Certificate(certificate)).unwrap();
    let mut algorithms = SetOfVec::new();
    algorithms.insert(sha_256).unwrap();
    let signed = SignedData {
        version: CmsVersion::V3,
        digest_algorithms: algorithms,
        encap_content_info: EncapsulatedContentInfo {
            econtent_type: kind,
            econtent: Some(Any::new(Tag::OctetString, content).unwrap()),
        },
        certificates: Some(CertificateSet(certificates)),
        crls: None,
        signer_infos: SignerInfos(signers),
    };
    let token = ContentInfo { content_type: oid("1.2.840.113549.1.7.2"), content: Any::encode_from(&signed).unwrap() };
    let body = [&[0x30, 0x03, 0x02, 0x01, 0x00], token.to_der().unwrap().as_slice()].concat();
    Any::new(Tag::Sequence, body).unwrap().to_der().unwrap()
}

/// An authority on loopback.
async fn authority(clock: Arc<TestClock>) -> (String, Arc<Mutex<Authority>>) {
    let held = Arc::new(Mutex::new(Authority { manner: Manner::Right, clock, asked: 0 }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/tsa", listener.local_addr().unwrap());
    let asked = held.clone();
    let routes = Router::new().route(
        "/tsa",
        post(async move |headers: axum::http::HeaderMap, query: Bytes| {
            assert_eq!(headers["content-type"], "application/timestamp-query");
            let mut held = asked.lock().unwrap();
            if held.manner == Manner::Down {
                return Err(axum::http::StatusCode::SERVICE_UNAVAILABLE);
            }
            Ok(([("content-type", "application/timestamp-reply")], reply(&mut held, &query)))
        }),
    );
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    (url, held)
}

fn by(settings: &mut Settings, url: &str, roots: &str) {
    let roots = format!("tests/data/tsa/{roots}").into();
    settings.timestamps = Some(Timestamps { authority: url.to_owned(), roots, every: Duration::from_secs(86_400) });
}

async fn hub(url: Option<(&str, &str)>) -> Hub {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let files = [("bazaar", shop.platform_file("bazaar", "channels = [\"feed\"]"))];
    let hub = Hub::open(&files, |settings| {
        if let Some((url, roots)) = url {
            by(settings, url, roots);
        }
    })
    .await;
    hub.scan().await;
    hub
}

async fn verified(hub: &Hub) -> (serde_json::Value, bool) {
    let (words, result) = hub.command(&["audit", "verify"]).await;
    let first = serde_json::Deserializer::from_str(&words).into_iter().next().unwrap().unwrap();
    (first, result.is_ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_and_captured_pages_are_timestamped_and_every_change_shows() {
    let (url, held) = authority(Arc::new(TestClock::default())).await;
    let hub = hub(Some((&url, "root.pem"))).await;
    let (words, result) = hub.command(&["audit", "timestamp"]).await;
    result.unwrap();
    assert_eq!(words.lines().count(), 2, "the log and the captures: {words}");
    assert!(words.contains("Example Time tsa"), "{words}");
    hub.command(&["audit", "timestamp"]).await.1.unwrap();
    assert_eq!(held.lock().unwrap().asked, 2, "nothing is new");
    let (found, holds) = verified(&hub).await;
    assert!(holds, "{found}");
    assert_eq!(found["timestamps"]["timestamps"], 2, "{found}");
    assert_eq!(found["timestamps"]["captures"]["covered"], 1, "{found}");

    // A saved notice is covered once its entry is.
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    hub.command(&["referrals", "approve", &id, "--as", "anna"]).await.1.unwrap();
    hub.command(&["audit", "timestamp"]).await.1.unwrap();
    let (found, holds) = verified(&hub).await;
    assert!(holds && found["timestamps"]["timestamps"] == 3, "{found}");

    // Whatever is changed afterwards shows.
    let folder = hub.folder.path().join("data/timestamps");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 6, "{files:?}");
    for file in files {
        let whole = std::fs::read(&file).unwrap();
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        std::fs::write(&file, &changed).unwrap();
        let (found, holds) = verified(&hub).await;
        assert!(!holds && !found["timestamps"]["broken"][0].is_null(), "{}: {found}", file.display());
        std::fs::write(&file, &whole).unwrap();
    }
    let truth = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
    truth.execute("UPDATE hits SET payload_digest = 'sha256:OTHER'", []).unwrap();
    let (found, holds) = verified(&hub).await;
    assert!(!holds, "{found}");
    assert!(found.to_string().contains("1 hits cite another digest than was timestamped"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_roots_timestamps_are_told_as_not_checked_and_changed_files_all_the_same() {
    let (url, _) = authority(Arc::new(TestClock::default())).await;
    let hub = hub(Some((&url, "root.pem"))).await;
    hub.command(&["audit", "timestamp"]).await.1.unwrap();
    // A copy of the directory, where the settings name no authority.
    let copy = tempfile::tempdir().unwrap();
    let copied =
        std::process::Command::new("cp").arg("-r").arg(hub.folder.path().join("data")).arg(copy.path()).status();
    assert!(copied.unwrap().success());
    let place = || {
        let out = std::process::Command::new(env!("CARGO_BIN_EXE_listingwatch"))
            .current_dir(copy.path())
            .args(["--json", "--data", "data", "audit", "verify"])
            .output()
            .unwrap();
        let first = serde_json::Deserializer::from_slice(&out.stdout).into_iter::<serde_json::Value>().next();
        (first.unwrap().unwrap(), out.status.code(), String::from_utf8_lossy(&out.stderr).into_owned())
    };
    let (found, code, said) = place();
    assert_eq!((&found["timestamps"]["unchecked"], code), (&serde_json::json!(2), Some(4)), "{found} {said}");
    assert_eq!(found["timestamps"]["broken"], serde_json::json!([]), "{found}");
    assert!(said.contains("2 timestamps cannot be checked: the settings name no roots"), "{said}");
    let list = std::fs::read_dir(copy.path().join("data/timestamps")).unwrap().map(|file| file.unwrap().path());
    let list = list.into_iter().find(|file| file.extension().is_some_and(|ending| ending == "txt")).unwrap();
    let whole = std::fs::read_to_string(&list).unwrap();
    std::fs::write(&list, whole.replace("sha256:", "sha256:A")).unwrap();
    let (found, code, said) = place();
    assert_eq!(code, Some(1), "{found} {said}");
    assert!(found.to_string().contains("was changed since it was timestamped"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_over_captured_pages_without_a_row_are_looked_for() {
    let (url, _) = authority(Arc::new(TestClock::default())).await;
    let hub = hub(Some((&url, "root.pem"))).await;
    hub.command(&["audit", "timestamp"]).await.1.unwrap();
    let truth = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
    // As a kill between the reply and its row leaves it.
    truth.execute_batch("DELETE FROM timestamps WHERE captures = 1; DELETE FROM stamped_captures;").unwrap();
    let (found, holds) = verified(&hub).await;
    assert!(holds, "{found}");
    let told = found["timestamps"]["without_row"][0].as_str().unwrap();
    assert!(told.starts_with("captures-") && told.ends_with("1 of its 1 captured pages are on record"), "{found}");
    // Taken again, it is on record under another name, and the older reply is still held against it.
    hub.clock.advance_hours(1);
    hub.command(&["audit", "timestamp"]).await.1.unwrap();
    assert!(verified(&hub).await.1);
    truth.execute_batch("DELETE FROM timestamps WHERE captures = 1; DELETE FROM stamped_captures;").unwrap();
    truth.execute("UPDATE hits SET payload_digest = 'sha256:OTHER'", []).unwrap();
    let (found, holds) = verified(&hub).await;
    assert!(!holds && found.to_string().contains("have another digest than was timestamped"), "{found}");
    // Nor does one without its list of digests, or a reply that was changed, pass unseen.
    truth.execute("UPDATE hits SET payload_digest = payload_digest", []).unwrap();
    let folder = hub.folder.path().join("data/timestamps");
    let lists = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    for list in lists.filter(|file| file.extension().is_some_and(|ending| ending == "txt")) {
        std::fs::remove_file(list).unwrap();
    }
    let (found, holds) = verified(&hub).await;
    assert!(!holds && found.to_string().contains("it was timestamped and is not on record"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_proves_nothing_is_refused_and_asked_for_again() {
    let (url, held) = authority(Arc::new(TestClock::default())).await;
    let hub = hub(Some((&url, "root.pem"))).await;
    for (manner, said) in [
        (Manner::OtherBytes, "of other bytes"),
        (Manner::OtherNonce, "answers another request"),
        (Manner::Altered, "does not hold"),
        (Manner::ForServers, "does not lead to the roots"),
        (Manner::Refuses, "refused the request"),
        (Manner::Down, "answered 503"),
    ] {
        held.lock().unwrap().manner = manner;
        let failure = hub.command(&["audit", "timestamp"]).await.1.unwrap_err().to_string();
        assert!(failure.contains(said), "{said}: {failure}");
        assert_eq!(verified(&hub).await.0["timestamps"]["timestamps"], 0);
    }
    held.lock().unwrap().manner = Manner::Right;
    hub.command(&["audit", "timestamp"]).await.1.unwrap();
    assert!(verified(&hub).await.1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_of_other_roots_is_not_believed_and_without_one_it_is_said() {
    let (url, _) = authority(Arc::new(TestClock::default())).await;
    let other = hub(Some((&url, "other-root.pem"))).await;
    let failure = other.command(&["audit", "timestamp"]).await.1.unwrap_err().to_string();
    assert!(failure.contains("does not lead to the roots"), "{failure}");
    let none = hub(None).await;
    let failure = none.command(&["audit", "timestamp"]).await.1.unwrap_err().to_string();
    assert!(failure.contains("no authority for timestamps is named"), "{failure}");
    assert!(verified(&none).await.1);
}

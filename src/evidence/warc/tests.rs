use std::time::Duration;

use proptest::prelude::*;
use uuid::Uuid;

use super::form::{self, Original, RevisitProfile};
use super::*;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn capture(body: &[u8]) -> Capture {
    Capture {
        url: FoundUrl::parse("https://www.example.test:8443/product/7?b=2&a=1", None).unwrap(),
        fetched_at: Timestamp::from_millis(1_764_000_000_120),
        remote: Some("127.0.0.9".parse().unwrap()),
        status: 200,
        request_headers: vec![("user-agent".into(), "listingwatch/0.1".into()), ("accept".into(), "text/html".into())],
        response_headers: vec![
            ("content-type".into(), "text/html; charset=utf-8".into()),
            ("content-encoding".into(), "gzip".into()),
            ("transfer-encoding".into(), "chunked".into()),
            ("content-length".into(), "9".into()),
            ("x-bad".into(), "one\r\nWARC-Type: forged".into()),
            ("bad name".into(), "dropped".into()),
        ],
        body: body.into(),
        truncated: None,
        elapsed: Duration::from_millis(42),
    }
}

#[test]
fn a_response_has_the_fields_of_the_standard_and_one_head() {
    let record = form::response(&capture(b"<p>hello</p>"), id(2), id(1));
    let text = String::from_utf8(record.to_bytes()).unwrap();
    let expected = "WARC/1.1\r\n\
        WARC-Type: response\r\n\
        WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000002>\r\n\
        WARC-Date: 2025-11-24T16:00:00.120Z\r\n\
        WARC-Target-URI: https://www.example.test:8443/product/7?b=2&a=1\r\n\
        WARC-IP-Address: 127.0.0.9\r\n\
        WARC-Warcinfo-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\n\
        Content-Type: application/http;msgtype=response\r\n\
        WARC-Payload-Digest: ";
    assert!(text.starts_with(expected), "{text}");
    let block = "HTTP/1.1 200 OK\r\n\
        content-type: text/html; charset=utf-8\r\n\
        x-archive-orig-content-encoding: gzip\r\n\
        x-archive-orig-transfer-encoding: chunked\r\n\
        x-archive-orig-content-length: 9\r\n\
        x-bad: one  WARC-Type: forged\r\n\
        content-length: 12\r\n\r\n<p>hello</p>";
    assert_eq!(std::str::from_utf8(record.block()).unwrap(), block);
    assert!(text.ends_with(&format!("\r\n\r\n{block}\r\n\r\n")), "{text}");
    let padded = record.field("warc-payload-digest").unwrap();
    assert_eq!(padded.len(), "sha256:".len() + 56, "reference readers compare base 32 with its padding: {padded}");
}

#[test]
fn a_request_names_its_host_and_its_response() {
    let record = form::request(&capture(b""), id(3), id(2), id(1));
    assert!(
        record.block().starts_with(b"GET /product/7?b=2&a=1 HTTP/1.1\r\nhost: www.example.test:8443\r\nuser-agent: ")
    );
    assert_eq!(record.field("WARC-Concurrent-To"), Some("<urn:uuid:00000000-0000-0000-0000-000000000002>"));
    assert_eq!(record.field("WARC-Payload-Digest"), None);
}

#[test]
fn revisits_point_back_and_carry_no_body() {
    let first = capture(b"same");
    let original = Original {
        record_id: id(2).urn().to_string(),
        url: first.url.to_string(),
        fetched_at: first.fetched_at,
        payload_digest: first.payload_digest(),
    };
    for (profile, status, truncated) in
        [(RevisitProfile::IdenticalPayloadDigest, 200, Some("length")), (RevisitProfile::ServerNotModified, 304, None)]
    {
        let again = Capture { status, ..capture(if status == 304 { b"" } else { b"same" }) };
        let record = form::revisit(&again, &original, profile, id(9), id(1));
        assert_eq!(record.record_type(), RecordType::Revisit);
        assert_eq!(record.field("WARC-Profile"), Some(profile.uri()));
        assert_eq!(record.field("WARC-Refers-To"), Some("<urn:uuid:00000000-0000-0000-0000-000000000002>"));
        assert_eq!(record.field("WARC-Refers-To-Date"), Some("2025-11-24T16:00:00.120Z"));
        assert_eq!(record.field("WARC-Truncated"), truncated);
        assert_eq!(record.field("WARC-Payload-Digest"), Some(written_digest(&first.payload_digest()).as_str()));
        let message = record.http().unwrap();
        assert_eq!((message.status(), message.body()), (Some(status), b"".as_slice()));
        record.verify().unwrap();
    }
}

#[test]
fn a_capture_comes_back_from_its_record() {
    let given = Capture { truncated: Some(Truncated::Time), ..capture("gr\u{fc}n \r\n\r\n x".as_bytes()) };
    let back = form::response(&given, id(2), id(1)).to_capture().unwrap();
    assert_eq!((back.url, back.fetched_at, back.remote), (given.url, given.fetched_at, given.remote));
    assert_eq!((back.status, back.truncated), (200, Some(Truncated::Time)));
    assert_eq!(&back.body, &given.body);
    assert!(back.response_headers.contains(&("content-type".into(), "text/html; charset=utf-8".into())));
}

#[test]
fn a_changed_byte_is_noticed() {
    let good = form::response(&capture(b"evidence"), id(2), id(1)).to_bytes();
    let (record, taken) = Record::parse(&good).unwrap();
    assert_eq!(taken, good.len());
    record.verify().unwrap();
    let at = memchr::memmem::rfind(&good, b"evidence").unwrap();
    let mut bad = good.clone();
    bad[at] ^= 1;
    let problem = Record::parse(&bad).unwrap().0.verify().unwrap_err();
    assert!(matches!(problem, WarcError::Digest { .. }), "{problem}");
    assert!(matches!(Record::parse(&good[..at + 3]), Err(WarcError::Short { .. })));
    assert_eq!(Record::parse(b"GET / HTTP/1.1\r\n\r\n").unwrap_err(), WarcError::Version);
    assert_eq!(Record::parse(b"WARC/1.1\r\nWARC-Type: response").unwrap_err(), WarcError::Head);
    assert!(Record::parse(b"WARC/1.1\r\n\r\n").is_err());
}

proptest! {
    #[test]
    fn what_is_formed_parses_back_and_verifies(
        body in proptest::collection::vec(any::<u8>(), 0..300),
        headers in proptest::collection::vec(("[a-z-]{1,12}", "\\PC{0,20}"), 0..6),
        status in 100_u16..600,
    ) {
        let given = Capture { response_headers: headers, status, ..capture(&body) };
        for record in [
            form::response(&given, id(2), id(1)),
            form::request(&given, id(3), id(2), id(1)),
            form::metadata(&given, &[("via", "https://www.example.test/")], id(4), id(2), id(1)),
            form::warcinfo(id(1), given.fetched_at, "a.warc.gz", &[("software", "listingwatch")]),
        ] {
            let bytes = record.to_bytes();
            let (parsed, taken) = Record::parse(&bytes).unwrap();
            prop_assert_eq!(taken, bytes.len());
            parsed.verify().unwrap();
            prop_assert_eq!(parsed, record);
        }
        let back = form::response(&given, id(2), id(1)).to_capture().unwrap();
        prop_assert_eq!(&back.body[..], &body[..]);
        prop_assert_eq!(back.status, status);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), head in "(WARC/1.1\r\n)?[A-Za-z: 0-9\r\n-]{0,80}") {
        let _ = Record::parse(&bytes);
        if let Ok((record, _)) = Record::parse(&[head.as_bytes(), &bytes].concat()) {
            let _ = (record.verify().is_ok(), record.to_capture());
        }
    }
}

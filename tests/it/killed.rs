//! `kill -9` at several moments of a scan: what runs afterwards must come to what an undisturbed run comes to.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::mockserver::{MockServer, Reply};
use crate::program::{Place, files, links, listing, offer};

/// Offers, twins of offers and harmless listings behind an index of two pages.
fn shop() -> MockServer {
    MockServer::start(|asked| {
        std::thread::sleep(Duration::from_millis(8));
        let path = asked.path.clone();
        let number = path.rsplit('/').next().and_then(|text| text.parse::<usize>().ok());
        match (path.as_str(), number) {
            ("/robots.txt", _) => Reply::status(404),
            ("/", _) => {
                let mut all: Vec<String> = (0..12).map(|n| format!("/offer/{n}")).collect();
                all.push("/more".to_owned());
                Reply::html(links(&all))
            }
            ("/more", _) => {
                let mut all: Vec<String> = (0..12).map(|n| format!("/chair/{n}")).collect();
                all.extend((0..4).map(|n| format!("/twin/{n}")));
                Reply::html(links(&all))
            }
            (path, Some(n)) if path.starts_with("/chair/") => {
                Reply::html(listing(&format!("Chair {n}"), "A chair of oak.", &[format!("/offer/{}", 12 + n)]))
            }
            (_, Some(n)) => Reply::html(offer(n, &[])),
            _ => Reply::status(404),
        }
    })
}

/// The addresses of each case: the same whatever page a cluster was met on first.
fn cases(place: &Place) -> BTreeSet<Vec<String>> {
    let rows = place.referrals();
    let sets: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let mut urls: Vec<String> = serde_json::from_value(row["urls"].clone()).unwrap();
            urls.sort();
            urls
        })
        .collect();
    let distinct: BTreeSet<Vec<String>> = sets.iter().cloned().collect();
    assert_eq!(distinct.len(), sets.len(), "two cases for one cluster");
    distinct
}

#[test]
fn a_scan_killed_again_and_again_comes_to_the_same_cases() {
    let server = shop();
    let undisturbed = Place::new();
    undisturbed.own_site("bazaar", &server.url("/"), "concurrency = 3");
    let whole = undisturbed.run(&["scan", "--json"]).expect(0);
    assert_eq!(whole.platform("bazaar")["pages"], 42);
    let expected = cases(&undisturbed);
    assert_eq!(expected.len(), 24, "{expected:#?}");
    assert_eq!(expected.iter().filter(|urls| urls.len() == 2).count(), 4, "twins share a case");

    let place = Place::new();
    place.own_site("bazaar", &server.url("/"), "concurrency = 3");
    let mut asked_before = server.log().len();
    for pages in [2, 4, 9, 7, 6] {
        let running = place.spawn(&["scan", "--json"]);
        server.wait_for("some pages", |log| log.len() >= asked_before + pages);
        assert_eq!(running.kill().code, None, "it was killed in the middle");
        asked_before = server.log().len();
    }
    let last = place.run(&["scan", "--json"]).expect(0);
    assert_eq!(last.coverage("bazaar")["complete"], true);
    assert_eq!(cases(&place), expected);
    place.run(&["audit", "verify"]).expect(0);
    let warcs: Vec<_> = files(&place.path("data/warc"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|e| e == "gz"))
        .collect();
    assert!(!warcs.is_empty());
    for warc in &warcs {
        place.run(&["verify", &warc.to_string_lossy()]).expect(0);
    }
    // Every hit cites a record that is there and holds the bytes it names.
    let truth = rusqlite::Connection::open(place.path("data/truth.db")).unwrap();
    let mut statement = truth.prepare("SELECT url, warc_file, warc_offset, warc_record FROM hits").unwrap();
    let cited: Vec<(String, String, u64, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(cited.len(), 28);
    for (url, file, offset, id) in cited {
        let bytes = std::fs::read(place.path("data/warc").join(&file)).unwrap();
        let mut text = String::new();
        let member = &bytes[usize::try_from(offset).unwrap()..];
        let _ = std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(member), &mut text);
        assert!(text.contains(&id), "{url}: {file} at {offset} is not {id}");
    }
}

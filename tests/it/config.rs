//! Platform files and settings: what is accepted, with which defaults, and what is said about the rest.
//!
//! Each `tests/data/seeds/<name>.toml` has a `<name>.txt` beside it with everything `check` says about it. After a change of
//! a message, run with `LISTINGWATCH_BLESS=1` and read the difference.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::{Date, date};
use listingwatch::config::load::read_platforms;
use listingwatch::config::{Problem, load_platforms, load_settings, platforms, settings};
use listingwatch::vocab::found::FoundUrl;
use listingwatch::vocab::platform::{Approval, Basis, Channel, Platform, PlatformKind, Rate, SitemapPolicy};

const TODAY: Date = date(2026, 6, 1);

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

fn seed(name: &str) -> Platform {
    let text = fs::read_to_string(data(&format!("seeds/{name}.toml"))).unwrap();
    platforms::parse(&format!("seeds/{name}.toml"), &text, TODAY).unwrap()
}

fn said(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

fn assert_says(expected: &Path, found: &str) {
    if std::env::var_os("LISTINGWATCH_BLESS").is_some() {
        fs::write(expected, found).unwrap();
    }
    let wanted = fs::read_to_string(expected).unwrap_or_default();
    assert_eq!(found, wanted, "differs from {}", expected.display());
}

#[test]
fn every_file_is_described_exactly() {
    let mut files: Vec<_> = fs::read_dir(data("seeds"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 7);
    for file in files {
        let name = format!("seeds/{}", file.file_name().unwrap().to_string_lossy());
        let text = fs::read_to_string(&file).unwrap();
        let (platform, problems) = platforms::examine(&name, &text, TODAY);
        assert_eq!(platform.is_some(), !problems.iter().any(Problem::is_error), "{name}");
        assert_says(&file.with_extension("txt"), &said(&problems));
    }
}

#[test]
fn wrong_settings_are_described_exactly() {
    let text = fs::read_to_string(data("settings/wrong.toml")).unwrap();
    let problems = settings::parse("listingwatch.toml", &text).unwrap_err();
    assert_says(&data("settings/wrong.txt"), &said(&problems));
}

#[test]
fn what_is_left_out_has_the_documented_default() {
    let platform = seed("minimal");
    let crawl = &platform.crawl;
    assert_eq!((platform.country.as_deref(), platform.languages.len()), (None, 0));
    assert_eq!(crawl.sitemaps, SitemapPolicy::Robots);
    assert!(crawl.feeds.is_empty() && crawl.private_addresses.is_empty());
    assert_eq!(crawl.include.as_written(), ["/**"]);
    assert_eq!(crawl.exclude.as_written(), ["/account/**"]);
    assert_eq!(crawl.rate, Rate::Every(Duration::from_secs(1)));
    assert_eq!((crawl.concurrency, crawl.max_pages, crawl.max_depth), (2, 100_000, 12));
    assert_eq!(crawl.revisit, Duration::from_secs(7 * 86_400));
    assert!(platform.listing.is_none() && platform.schedule.is_none());
    let referral = &platform.referral;
    assert_eq!((referral.channels.as_slice(), referral.approval), ([Channel::Feed].as_slice(), Approval::Person));
    assert_eq!((referral.language.as_str(), referral.jurisdictions.as_slice()), ("en", ["INT".to_owned()].as_slice()));
    assert_eq!((referral.recheck, referral.renotice), (Duration::from_secs(86_400), Duration::from_secs(3 * 86_400)));
}

#[test]
fn every_key_arrives() {
    let platform = seed("everything");
    assert_eq!((platform.id.as_str(), platform.kind), ("everything", PlatformKind::B2b));
    assert_eq!(platform.languages, ["en", "zh-Hant"]);
    let hosts: Vec<_> = platform.hosts.iter().map(|h| (h.host.as_str(), h.wildcard, h.port)).collect();
    assert_eq!(
        hosts,
        [("www.example.test", false, None), ("shops.example.test", true, None), ("127.0.0.1", false, Some(8400))]
    );
    let agreement = &platform.agreement;
    assert_eq!((agreement.basis, agreement.valid_from), (Basis::OwnSite, date(2026, 1, 1)));
    let crawl = &platform.crawl;
    assert_eq!(crawl.start[0].as_str(), "https://www.example.test/catalogue/?utm_source=x", "as it is written");
    assert!(matches!(&crawl.sitemaps, SitemapPolicy::List(urls) if urls.len() == 1));
    assert_eq!((crawl.rate, crawl.concurrency, crawl.max_pages, crawl.max_depth), (Rate::Unlimited, 8, 500, 0));
    assert_eq!(crawl.revisit, Duration::from_secs(36 * 3_600));
    assert!(crawl.private_addresses[0].contains("127.3.2.1".parse::<IpAddr>().unwrap()));
    for (url, inside) in [
        ("https://www.example.test/product/7", true),
        ("https://b.shops.example.test/catalogue/a/b", true),
        ("https://www.example.test/catalogue/private/x", false),
        ("https://www.example.test/about", false),
        ("https://shops.example.test/product/7", false),
    ] {
        assert_eq!(platform.in_scope(&FoundUrl::parse(url, None).unwrap()).is_ok(), inside, "{url}");
    }
    assert_eq!(platform.listing.unwrap().description.as_deref(), Some("#description > p"));
    let referral = &platform.referral;
    assert_eq!((referral.channels.as_slice(), referral.approval), ([Channel::Webhook].as_slice(), Approval::Automatic));
    assert_eq!(referral.jurisdictions, ["NL"]);
    assert_eq!(platform.schedule.unwrap().mandate.unwrap().as_str(), "2026-opioids");
}

#[test]
fn the_shipped_example_is_right() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let platforms = load_platforms(&dir, TODAY).unwrap();
    let example = platforms.iter().find(|platform| platform.id.as_str() == "example-b2b").unwrap();
    assert_eq!(example.referral.jurisdictions, ["INT", "EU", "NL"]);
}

#[test]
fn folders_and_files_that_cannot_be_read_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("nowhere");
    let problems = load_platforms(&missing, TODAY).unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].to_string().contains("nowhere: does not exist\n  hint: "), "{}", problems[0]);

    assert!(load_platforms(dir.path(), TODAY).unwrap().is_empty(), "an empty folder is no mistake");

    fs::write(dir.path().join("latin.toml"), b"[platform]\nname = \"caf\xe9\"\n").unwrap();
    fs::write(dir.path().join("large.toml"), vec![b'#'; (1 << 20) + 1]).unwrap();
    fs::create_dir(dir.path().join("folder.toml")).unwrap();
    fs::write(dir.path().join("notes.txt"), "not a platform").unwrap();
    fs::write(dir.path().join(".hidden.toml"), "not read").unwrap();
    let problems = load_platforms(dir.path(), TODAY).unwrap_err();
    let text = said(&problems);
    assert_eq!(problems.len(), 3, "{text}");
    for part in ["latin.toml: is not UTF-8", "large.toml: is larger than", "folder.toml: cannot be read"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn one_broken_file_does_not_hide_the_others() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["minimal", "everything", "typos", "expired"] {
        fs::copy(data(&format!("seeds/{name}.toml")), dir.path().join(format!("{name}.toml"))).unwrap();
    }
    let found = read_platforms(&[dir.path()], TODAY);
    let ids: Vec<_> = found.platforms.iter().map(|platform| platform.id.as_str()).collect();
    assert_eq!(ids, ["everything", "expired", "minimal"]);
    let warnings: Vec<_> = found.problems.iter().filter(|problem| !problem.is_error()).collect();
    assert_eq!(warnings.len(), 2, "the expired agreement and the shared host: {warnings:?}");
    assert!(warnings[1].message.contains("`www.example.test` belongs to platform `everything` too"), "{warnings:?}");
    let errors = found.accept().unwrap_err();
    assert!(errors.iter().all(|problem| problem.file.ends_with("typos.toml")));

    fs::remove_file(dir.path().join("typos.toml")).unwrap();
    let nested = dir.path().join("more");
    fs::create_dir(&nested).unwrap();
    fs::copy(data("seeds/minimal.toml"), nested.join("minimal.toml")).unwrap();
    let errors = read_platforms(&[dir.path(), &nested], TODAY).accept().unwrap_err();
    assert_eq!(errors.len(), 1);
    assert!(errors[0].message.contains("`minimal` is described by"), "{}", errors[0]);
}

#[test]
fn a_settings_file_that_is_named_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("listingwatch.toml");
    assert!(load_settings(&path).unwrap_err()[0].message.contains("does not exist"));
    fs::write(&path, "[hub]\nlisten = \"127.0.0.1:9\"\n").unwrap();
    assert_eq!(load_settings(&path).unwrap().hub.listen.port(), 9);
    fs::write(&path, "[hub]\nlisten = 9\n").unwrap();
    assert_eq!(load_settings(&path).unwrap_err().len(), 1);
}

proptest::proptest! {
    /// Whatever is torn out of a right file or put into it: no panic, a platform exactly when nothing is wrong, and every
    /// place named lies within the file.
    #[test]
    fn no_file_panics(from in 0_usize..1_400, length in 0_usize..60, put in "[\\[\\]\"=#\n a-z0-9é*:/{}.,'-]{0,12}") {
        let text = fs::read_to_string(data("seeds/everything.toml")).unwrap();
        let chars: Vec<char> = text.chars().collect();
        let from = from.min(chars.len());
        let until = (from + length).min(chars.len());
        let text: String = chars[..from].iter().copied().chain(put.chars()).chain(chars[until..].iter().copied()).collect();
        let (platform, problems) = platforms::examine("seeds/everything.toml", &text, TODAY);
        proptest::prop_assert_eq!(platform.is_some(), !problems.iter().any(Problem::is_error));
        for problem in problems {
            let line = text.split('\n').nth(problem.line - 1).unwrap_or_default();
            proptest::prop_assert!((1..=line.chars().count() + 1).contains(&problem.column), "{}", problem);
        }
        let _ = settings::parse("listingwatch.toml", &text);
    }
}

use super::*;

use crate::detect::assessment::Verdict;
use crate::evidence::warc::WarcRef;
use crate::referral::outcome::{Decision, Outcome};
use crate::store::truth::{AttemptResult, HitRecord, MarkKind};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{ClusterId, RunId, Sha256Digest};
use crate::vocab::platform::Channel;

const MINUTE: i64 = 60_000;
const NONE: Intervals = Intervals { recheck: Duration::ZERO, renotice: Duration::ZERO };

struct Bench {
    folder: tempfile::TempDir,
    truth: Truth,
}

fn bench() -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let truth = Truth::open(&folder.path().join("truth.db")).unwrap();
    Bench { folder, truth }
}

fn assessment() -> Assessment {
    Assessment {
        verdict: Verdict::Refer,
        score: 0.9,
        category: None,
        decision: None,
        substances: Vec::new(),
        context: Vec::new(),
        emerging: Vec::new(),
        reasons: Vec::new(),
        watchlist: "first".to_owned(),
    }
}

/// A listing; its digest is of title and text, as it is of those that are examined.
fn listing(title: &str, text: &str) -> HitRecord {
    HitRecord {
        ordinal: 0,
        title: title.to_owned(),
        text: text.to_owned(),
        price: Some("10.00".to_owned()),
        currency: Some("EUR".to_owned()),
        seller: Some("Northern Trader".to_owned()),
        language: None,
        images: Vec::new(),
        identifiers: Vec::new(),
        kind: None,
        assessment: assessment(),
        content_digest: Sha256Digest::of(format!("{title}\n{text}").to_lowercase().as_bytes()),
        minhash: Vec::new(),
        cluster: ClusterId::parse("cluster-0").unwrap(),
    }
}

fn page(minute: i64, listings: Vec<HitRecord>) -> PageRecord {
    PageRecord {
        platform: PlatformId::parse("bazaar").unwrap(),
        url: FoundUrl::parse("https://shop.example.test/item/7", None).unwrap(),
        run: RunId::parse("run-1").unwrap(),
        fetched_at: Timestamp::from_millis(minute * MINUTE),
        status: 200,
        unchanged: false,
        covers: Covers::Page,
        warc: Some(WarcRef {
            file: "a.warc.gz".to_owned(),
            offset: 0,
            length: 10,
            record_id: format!("urn:uuid:{minute}"),
            payload_digest: Sha256Digest::of(format!("{listings:?}").as_bytes()),
        }),
        listings,
    }
}

type Told = (&'static str, Option<String>, Option<String>);

impl Bench {
    fn visit(&self, minute: i64, listings: Vec<HitRecord>) {
        self.truth.record(&[page(minute, listings)], Timestamp::from_millis(minute * MINUTE + 5)).unwrap();
    }

    fn all(&self) -> Vec<Change> {
        self.truth.changes(&ChangeFilter { limit: 1000, ..ChangeFilter::default() }).unwrap()
    }

    /// What is noted of a minute.
    fn told(&self, minute: i64) -> Vec<Told> {
        let at = Timestamp::from_millis(minute * MINUTE);
        let of = self.all().into_iter().filter(|change| change.at == at);
        of.map(|change| (change.field.name(), change.before, change.after)).collect()
    }

    fn case(&self) -> ReferralId {
        // What is kept with an earlier case is not what stands there.
        let sql = "SELECT referral FROM hits ORDER BY gone_at IS NOT NULL, rowid LIMIT 1";
        let id: String = self.truth.writer().query_row(sql, [], |row| row.get(0)).unwrap();
        ReferralId::parse(&id).unwrap()
    }

    fn apply(&self, event: Event, channels: &[Channel]) {
        let who = Actor::named("anna").unwrap();
        self.truth.apply(&self.case(), event, &who, channels, NONE, Timestamp::from_millis(1)).unwrap();
    }

    /// The case leaves by these channels and arrives.
    fn sent_by(&self, channels: &[Channel]) {
        self.apply(Event::Approve, channels);
        for delivery in self.truth.due_deliveries(Timestamp::NEVER, &Default::default(), 10).unwrap() {
            let result = AttemptResult::Delivered { receipt: "ok".to_owned() };
            self.truth.finish_attempt(&delivery, &result, NONE, Timestamp::from_millis(2)).unwrap();
        }
    }

    /// What waits to be told: channel and key.
    fn waiting(&self) -> Vec<(Channel, String)> {
        let due = self.truth.due_deliveries(Timestamp::NEVER, &Default::default(), 10).unwrap();
        due.into_iter().map(|delivery| (delivery.channel, delivery.idempotency_key)).collect()
    }

    fn messages(&self) -> usize {
        let platform = PlatformId::parse("bazaar").unwrap();
        let events = self.truth.feed_events(&platform, 0, 100).unwrap();
        events.iter().filter(|event| event.message == crate::vocab::terms::Message::Changed).count()
    }
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_visit_notes_what_it_found_otherwise_and_only_once() {
    let bench = bench();
    let first = listing("Lamp", "of oak\nas new");
    bench.visit(1, vec![first.clone()]);
    bench.visit(2, vec![first.clone()]);
    assert_eq!(bench.all(), [], "a first sight and the same again are no change");
    let now = HitRecord {
        price: some("12.50"),
        seller: some("Another Trader"),
        ..listing("Red lamp", "of oak\nscratched\nwrite to sales@vendor.example.test")
    };
    bench.visit(3, vec![now.clone()]);
    let noted = bench.told(3);
    assert_eq!(
        noted,
        [
            ("title", some("Lamp"), some("Red lamp")),
            ("price", some("10.00 EUR"), some("12.50 EUR")),
            ("text", some("as new"), noted[2].2.clone()),
            ("seller", None, some("another")),
        ]
    );
    let added = noted[2].2.clone().unwrap();
    assert!(added.starts_with("scratched\nwrite to █") && !added.contains("vendor"), "{added}");
    // The same visit again, and the page as it is now.
    bench.visit(3, vec![now.clone()]);
    bench.visit(4, vec![now]);
    assert_eq!(bench.all().len(), 4);
    let change = &bench.all()[0];
    assert_eq!((change.run.as_str(), change.url.as_str()), ("run-1", "https://shop.example.test/item/7"));
    assert_eq!(change.referral, bench.case().to_string());
}

#[test]
fn another_price_seller_or_attribute_is_stored_with_its_evidence_and_reopens_nothing() {
    let bench = bench();
    bench.visit(1, vec![listing("Lamp", "of oak")]);
    bench.apply(Event::Dismiss { reason: "a lamp".to_owned() }, &[]);
    let case = bench.case();
    let dearer = HitRecord { price: some("99.00"), ..listing("Lamp", "of oak") };
    let sold_by = HitRecord { seller: some("Another Trader"), ..dearer.clone() };
    let with = HitRecord { identifiers: vec![("colour".to_owned(), "red".to_owned())], ..sold_by.clone() };
    for (minute, listing) in [(2, &dearer), (3, &sold_by), (4, &with)] {
        bench.visit(minute, vec![listing.clone()]);
        let (price, record, state): (String, String, String) = bench
            .truth
            .writer()
            .query_row(
                "SELECT h.price, h.warc_record, r.state FROM hits h JOIN referrals r ON r.id = h.referral",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .unwrap();
        assert_eq!((price.as_str(), state.as_str()), ("99.00", "dismissed"), "minute {minute}");
        assert_eq!(record, format!("urn:uuid:{minute}"), "what is stored is what the cited record says");
    }
    assert_eq!(bench.case(), case);
    let full = bench.truth.referral(&case).unwrap();
    assert_eq!(full.hits[0].identifiers, [("colour".to_owned(), "red".to_owned())]);
    assert_eq!(bench.told(2), [("price", some("10.00 EUR"), some("99.00 EUR"))]);
    assert_eq!(bench.told(3), [("seller", None, some("another"))]);
    assert_eq!(bench.told(4), []);
    // An attribute that names something else is news, as it is in the text.
    let mut named = HitRecord { identifiers: vec![("kind".to_owned(), "Testazene".to_owned())], ..sold_by };
    named.assessment.emerging.push(crate::detect::assessment::EmergingFinding {
        surface: "Testazene".to_owned(),
        class: crate::vocab::terms::Class::SyntheticOpioid,
        subclass: None,
        field: "attributes.kind".to_owned(),
        start: 0,
        end: 9,
        controls: Vec::new(),
    });
    bench.visit(5, vec![named]);
    assert_ne!(bench.case(), case);
}

#[test]
fn a_listing_goes_and_comes_back() {
    let bench = bench();
    bench.visit(1, vec![listing("Lamp", "of oak")]);
    bench.visit(2, vec![]);
    bench.visit(3, vec![]);
    bench.visit(4, vec![listing("Lamp", "of oak")]);
    bench.visit(5, vec![]);
    // Not on the page, though the page says that it is as it was when the listing stood on it.
    let unchanged = PageRecord { unchanged: true, ..page(6, vec![]) };
    for _ in 0..2 {
        bench.truth.record(std::slice::from_ref(&unchanged), Timestamp::EPOCH).unwrap();
    }
    let seen: Vec<(i64, Option<String>)> =
        bench.all().into_iter().map(|change| (change.at.as_millis() / MINUTE, change.after)).collect();
    assert_eq!(seen, [(2, some("gone")), (4, some("back")), (5, some("gone")), (6, some("back"))]);
    assert_eq!(bench.messages(), 0);
}

#[test]
fn another_watchlist_changes_no_listing() {
    let bench = bench();
    bench.visit(1, vec![listing("Lamp", "of oak, call 0031 20 555 0123 now")]);
    let mut judged = listing("Lamp", "of oak, call 0031 20 555 0123 now");
    judged.assessment.watchlist = "second".to_owned();
    bench.visit(2, vec![judged.clone()]);
    let held: String = bench.truth.writer().query_row("SELECT watchlist FROM hits", [], |row| row.get(0)).unwrap();
    assert_eq!(held, "second");
    assert_eq!(bench.all(), []);
    let stored = bench.truth.stored_hits("", None, 10).unwrap().remove(0);
    judged.assessment.watchlist = "third".to_owned();
    bench.truth.rejudge(&stored, &judged, Timestamp::from_millis(9)).unwrap();
    assert_eq!(bench.all(), []);
}

#[test]
fn what_was_kept_changes_no_listing_and_brings_none_back() {
    let bench = bench();
    let judged = |minute: i64, text: &str, watchlist: &str| {
        let mut judged = listing("Lamp", text);
        judged.assessment.watchlist = watchlist.to_owned();
        PageRecord { covers: Covers::Kept, ..page(minute, vec![judged]) }
    };
    let held = || -> (String, i64, Option<i64>) {
        let of = "SELECT watchlist, last_seen / 60000, gone_at / 60000 FROM hits";
        bench.truth.writer().query_row(of, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
    };
    bench.visit(1, vec![listing("Lamp", "of oak")]);
    bench.visit(2, vec![listing("Lamp", "of oak")]);
    bench.truth.record(&[judged(1, "of oak, by another reader", "second")], Timestamp::EPOCH).unwrap();
    assert_eq!(held(), ("second".to_owned(), 2, None));
    assert_eq!(bench.all(), []);
    bench.visit(3, vec![]);
    bench.truth.record(&[judged(1, "of oak", "third")], Timestamp::EPOCH).unwrap();
    assert_eq!(held(), ("second".to_owned(), 2, Some(3)));
    // A page that no longer names a listing as a hit does not say that it is gone.
    bench.visit(4, vec![listing("Lamp", "of oak")]);
    bench.truth.record(&[PageRecord { covers: Covers::Kept, ..page(1, vec![]) }], Timestamp::EPOCH).unwrap();
    assert_eq!(held().2, None);
}

#[test]
fn the_same_bytes_read_otherwise_are_no_change() {
    let bench = bench();
    bench.visit(1, vec![listing("Lamp", "of oak")]);
    let mut again = page(2, vec![listing("Lamp", "of oak, read by a newer reader")]);
    again.warc.as_mut().unwrap().payload_digest = page(1, vec![listing("Lamp", "of oak")]).warc.unwrap().payload_digest;
    bench.truth.record(&[again], Timestamp::from_millis(3 * MINUTE)).unwrap();
    let text: String = bench.truth.writer().query_row("SELECT text FROM hits", [], |row| row.get(0)).unwrap();
    assert_eq!((text.as_str(), bench.all()), ("of oak, read by a newer reader", vec![]));
}

#[test]
fn a_seller_who_is_named_now_is_hidden_in_what_was_noted_before() {
    let bench = bench();
    let by = |seller: &str, title: &str, text: &str| HitRecord { seller: some(seller), ..listing(title, text) };
    bench.visit(1, vec![by("Northern Trader", "Lamp", "of oak")]);
    bench.visit(2, vec![by("Northern Trader", "Lamp", "of oak\nthanks to Anna Example")]);
    assert_eq!(bench.told(2), [("text", None, some("thanks to Anna Example"))]);
    bench.visit(3, vec![by("Anna Example", "Lamp", "of oak\nthanks to Anna Example\nnew")]);
    assert_eq!(bench.told(3), [("text", None, some("new")), ("seller", None, some("another"))]);
    let all = format!("{:?}", bench.all());
    assert!(!all.contains("Anna") && !all.contains("Northern"), "{all}");
}

#[test]
fn a_name_that_was_hidden_stays_hidden_when_the_page_no_longer_says_who_sells() {
    let bench = bench();
    let named = HitRecord { seller: some("Anna Example"), ..listing("Lamp", "of oak, from Anna Example") };
    bench.visit(1, vec![named.clone()]);
    bench.visit(2, vec![HitRecord { seller: None, ..named }]);
    bench.visit(3, vec![HitRecord { seller: None, ..listing("Lamp", "of oak, from Anna Example, new") }]);
    let stored: String =
        bench.truth.writer().query_row("SELECT title || text FROM hits", [], |row| row.get(0)).unwrap();
    assert!(!stored.contains("Anna") && stored.contains("new"), "{stored}");
    let all = format!("{:?}", bench.all());
    assert!(!all.contains("Anna"), "{all}");
}

#[test]
fn a_listing_that_moved_on_its_page_has_not_changed() {
    let bench = bench();
    let at = |ordinal: u32, title: &str, price: &str| HitRecord {
        ordinal,
        price: some(price),
        cluster: ClusterId::parse(&format!("cluster-{title}")).unwrap(),
        ..listing(title, "of oak")
    };
    bench.visit(1, vec![at(0, "Lamp", "1.00"), at(1, "Chair", "2.00")]);
    bench.visit(2, vec![at(0, "Table", "3.00"), at(1, "Lamp", "1.00"), at(2, "Chair", "2.00")]);
    assert_eq!(bench.all(), []);
    bench.visit(3, vec![at(0, "Table", "3.50"), at(1, "Lamp", "1.00"), at(2, "Chair", "2.00")]);
    assert_eq!(bench.told(3), [("price", some("3.00 EUR"), some("3.50 EUR"))]);
}

#[test]
fn a_platform_is_told_once_a_case_and_recording_by_the_channels_it_was_delivered_by() {
    let bench = bench();
    bench.visit(1, vec![listing("Lamp", "of oak")]);
    bench.visit(2, vec![listing("Blue lamp", "of oak")]);
    assert_eq!((bench.messages(), bench.waiting()), (0, vec![]), "a draft is nobody's");
    bench.sent_by(&[Channel::Feed, Channel::Webhook, Channel::Email]);
    let changed = HitRecord { price: some("11.00"), ..listing("Red lamp", "of pine") };
    bench.visit(3, vec![changed.clone()]);
    bench.visit(3, vec![changed]);
    assert_eq!(bench.messages(), 1);
    let waiting = bench.waiting();
    let channels: Vec<Channel> = waiting.iter().map(|(channel, _)| *channel).collect();
    assert!(channels.len() == 2 && channels.contains(&Channel::Feed) && channels.contains(&Channel::Webhook));
    let due = bench.truth.due_deliveries(Timestamp::NEVER, &Default::default(), 1).unwrap().remove(0);
    let told = bench.truth.changes_told(due.event().unwrap()).unwrap();
    let fields: Vec<&str> = told.iter().map(|change| change.field.name()).collect();
    assert_eq!(fields, ["title", "price", "text"]);
    // Whatever becomes of the message says nothing of the notice, nor counts as a notice that did not arrive.
    let result = AttemptResult::GaveUp { error: "x".to_owned() };
    bench.truth.finish_attempt(&due, &result, NONE, Timestamp::from_millis(9)).unwrap();
    assert_eq!(bench.truth.referral_state(&bench.case()).unwrap().1.name(), "delivered");
    assert!(!bench.truth.case_times(Timestamp::EPOCH, Timestamp::NEVER).unwrap()[0].undeliverable);
    let full = bench.truth.referral(&bench.case()).unwrap();
    let step = full.events.iter().find(|event| event.event == "listing-changed").unwrap();
    assert_eq!((step.actor.as_str(), step.actor_kind), ("scan", Some(crate::vocab::actor::ActorKind::Job)));
    let entries = bench.truth.audit_entries(None, 100).unwrap();
    let entry = entries.iter().find(|entry| entry.action == "listing-changed").unwrap();
    assert!(entry.detail.contains(r#""fields":["title","price","text"]"#), "{}", entry.detail);
    assert!(bench.truth.verify_audit().unwrap().is_ok());
}

#[test]
fn nobody_is_told_of_a_case_that_went_by_mail_only_is_held_back_or_is_over() {
    let answer =
        |decision| Event::Answer { outcome: Outcome { decision, reason: None, reference: None }, of_pages: None };
    let changed = || vec![HitRecord { price: some("11.00"), ..listing("Red lamp", "of oak") }];
    for (line, channels, event, mark, messages) in [
        (line!(), vec![Channel::Webhook], None, false, 1),
        (line!(), vec![Channel::Email], None, false, 0),
        (line!(), vec![Channel::Webhook], None, true, 0),
        (line!(), vec![Channel::Webhook], Some(answer(Decision::Rejected)), false, 0),
        (line!(), vec![Channel::Webhook], Some(answer(Decision::NeedsInformation)), false, 1),
        (line!(), vec![Channel::Webhook], Some(Event::Withdraw { reason: "x".to_owned() }), false, 0),
    ] {
        let bench = bench();
        bench.visit(1, vec![listing("Lamp", "of oak")]);
        bench.sent_by(&channels);
        if let Some(event) = event {
            bench.apply(event, &[]);
        }
        if mark {
            let seller = [bench.truth.seal("Northern Trader")];
            let anna = Actor::named("anna").unwrap();
            bench.truth.set_mark(MarkKind::Seller, &seller, "x", &anna, Timestamp::from_millis(3)).unwrap();
        }
        bench.visit(2, changed());
        assert_eq!(bench.messages(), messages, "line {line}");
        assert_eq!(bench.told(2).len(), 2, "line {line}: the report has it whoever is told");
    }
}

#[test]
fn changes_end_with_their_hit_and_with_their_case() {
    for (hits, referrals) in [(Some(Timestamp::NEVER), None), (None, Some(Timestamp::NEVER))] {
        let bench = bench();
        bench.visit(1, vec![listing("Lamp", "of oak")]);
        bench.visit(2, vec![listing("Red lamp", "of oak")]);
        bench.apply(Event::Dismiss { reason: "a lamp".to_owned() }, &[]);
        assert_eq!(bench.all().len(), 1);
        let anna = Actor::named("anna").unwrap();
        bench.truth.destroy_due(hits, referrals, None, &anna, Timestamp::from_millis(9 * MINUTE)).unwrap();
        assert_eq!(bench.all(), []);
    }
}

#[test]
fn newer_rules_hide_personal_data_in_what_was_noted() {
    let bench = bench();
    bench.visit(1, vec![listing("Lamp", "of oak")]);
    bench.visit(2, vec![listing("Red lamp", "of oak")]);
    bench
        .truth
        .writer()
        .execute_batch("UPDATE changes SET before = 'write to sales@vendor.example.test today'; DELETE FROM redaction;")
        .unwrap();
    let Bench { folder, truth } = bench;
    drop(truth);
    let bench = Bench { truth: Truth::open(&folder.path().join("truth.db")).unwrap(), folder };
    let before = bench.all()[0].before.clone().unwrap();
    assert!(before.starts_with("write to █") && before.ends_with(" today") && !before.contains("vendor"), "{before}");
    assert!(bench.folder.path().exists());
}

#[test]
fn the_report_is_cut_by_platform_moment_and_page() {
    let bench = bench();
    for minute in 1..6 {
        bench.visit(minute, vec![listing(&format!("Lamp {minute}"), "of oak")]);
    }
    let count = |filter: ChangeFilter| bench.truth.changes(&filter).unwrap().len();
    let all = ChangeFilter { limit: 100, ..ChangeFilter::default() };
    assert_eq!(count(all.clone()), 4);
    let id = |name: &str| Some(PlatformId::parse(name).unwrap());
    assert_eq!(count(ChangeFilter { platform: id("bazaar"), ..all.clone() }), 4);
    assert_eq!(count(ChangeFilter { platform: id("other"), ..all.clone() }), 0);
    assert_eq!(count(ChangeFilter { since: Some(Timestamp::from_millis(4 * MINUTE)), ..all.clone() }), 2);
    let first = bench.truth.changes(&ChangeFilter { limit: 3, ..all.clone() }).unwrap();
    let behind = first.last().map(|last| (last.at, last.id));
    assert_eq!(count(ChangeFilter { behind, ..all }), 1);
    assert_eq!(bench.truth.changes_of(&bench.case()).unwrap()[0].after, some("Lamp 5"));
    assert!(bench.truth.has_hits_of(&PlatformId::parse("bazaar").unwrap()).unwrap());
    assert!(!bench.truth.has_hits_of(&PlatformId::parse("other").unwrap()).unwrap());
}

//! Who acted: no word typed by a person passes for the platform's policy or the program, and what reads the actor reads the
//! kind. Over real HTTP, the command line, and a record of truth that an older version wrote.

use std::time::Duration;

use listingwatch::cli::exit::Exit;
use listingwatch::referral::state::{Event, Intervals};
use listingwatch::store::truth::{Role, Truth, TruthError};
use listingwatch::vocab::actor::{Actor, ActorKind, Approver, Job, Person};
use listingwatch::vocab::ids::{PlatformId, ReferralId};
use listingwatch::vocab::time::Timestamp;
use serde_json::{Value, json};

use crate::hub_attacks::sign_in;
use crate::shop::{Hub, OFFER, Shop};

const LANGUAGES: [&str; 7] = ["en", "fr", "es", "ru", "ar", "zh", "de"];

async fn hub_with_a_case(referral: &str) -> (Shop, Hub, String) {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", OFFER);
    let hub = Hub::open(&[("bazaar", shop.platform_file("bazaar", referral))], |_| {}).await;
    hub.scan().await;
    let id = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    (shop, hub, id)
}

async fn entries(hub: &Hub) -> Vec<Value> {
    let (words, _) = hub.command(&["audit", "list"]).await;
    words.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn contest(hub: &Hub, reader: &str, id: &str) {
    let notice = hub.json(reader, &format!("/api/v1/referrals/{id}/notice")).await;
    let sent = hub.client.post(notice["contest"].as_str().unwrap());
    let sent = sent.header("content-type", "application/x-www-form-urlencoded").body("statement=It+is+a+book");
    assert_eq!(sent.send().await.unwrap().status(), 200);
}

/// The sentence of a case's notice that says how automation was used, in one language.
async fn automation(hub: &Hub, id: &str, language: &str) -> (Value, String) {
    let (words, result) = hub.command(&["referrals", "notice", id, "--language", language]).await;
    result.unwrap();
    let notice: Value = serde_json::from_str(&words).unwrap();
    (notice["decided_by"].clone(), notice["automation"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reserved_word_acts_on_the_command_line() {
    let (_shop, hub, id) = hub_with_a_case("channels = [\"feed\"]").await;
    let before = entries(&hub).await.len();
    for line in [
        &["referrals", "approve", &id][..],
        &["referrals", "dismiss", &id, "--reason", "a test"],
        &["referrals", "hold", &id, "--reason", "a test"],
        &["referrals", "outcome", &id, "removed"],
        &["reveal", &id, "--purpose", "a second look"],
        &["retention", "run"],
        &["retention", "erase", &id],
        &["deconflict", "hold-seller", &id, "--reason", "a test"],
    ] {
        for word in ["policy", " ＰＯＬＩＣＹ", "роlісу", "p\u{200b}olicy", "retention", "hub"] {
            let line: Vec<&str> = line.iter().copied().chain(["--as", word]).collect();
            let failure = hub.command(&line).await.1.unwrap_err();
            assert_eq!((failure.exit, failure.exit.code()), (Exit::Usage, 2), "{line:?}: {failure}");
            assert!(failure.message.contains("cannot name a person"), "{line:?}: {failure}");
            assert!(failure.hint.as_deref().unwrap_or_default().contains("--as anna"), "{line:?}: {failure}");
        }
    }
    assert_eq!(hub.cases().await[0]["state"], "drafted");
    assert_eq!(entries(&hub).await.len(), before, "what was refused is not on record as done");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_belongs_to_a_reserved_word() {
    let (_shop, hub, _) = hub_with_a_case("channels = [\"feed\"]").await;
    for owner in ["policy", "Policy ", "роlісу", "system", "re-tention", "affected party", ""] {
        let failure = hub.command(&["token", "create", "--role", "authority", "--owner", owner]).await.1.unwrap_err();
        assert_eq!(failure.exit, Exit::Usage, "{owner:?}: {failure}");
        assert!(failure.hint.as_deref().unwrap_or_default().contains("--owner anna"), "{owner:?}: {failure}");
    }
    let (cookie, csrf) = sign_in(&hub, &hub.token(Role::Admin, "anna", None)).await;
    let make = |owner: &str| {
        let form = hub.client.post(format!("{}/console/tokens", hub.base)).header("cookie", &cookie);
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        form.body(format!("csrf={csrf}&role=authority&owner={owner}")).send()
    };
    let refused = make("policy").await.unwrap();
    assert_eq!(refused.status(), 422);
    assert!(refused.text().await.unwrap().contains("cannot name a person"));
    assert_eq!(make("ben").await.unwrap().status(), 200);
    let owners: Vec<String> = hub.app.rooms.truth.tokens().unwrap().into_iter().map(|token| token.owner).collect();
    assert_eq!(owners, ["ben", "anna"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_says_who_decided_and_the_report_counts_it() {
    let (shop, hub, id) = hub_with_a_case("channels = [\"feed\"]").await;
    for language in LANGUAGES {
        let (decided, undecided) = automation(&hub, &id, language).await;
        assert_eq!(decided, "unrecorded");
        assert!(!undecided.is_empty());
    }
    hub.command(&["referrals", "approve", &id, "--as", "policy officer"]).await.1.unwrap();
    let own = Hub::open(
        &[("bazaar", shop.platform_file("bazaar", "channels = [\"feed\"]\napproval = \"automatic\""))],
        |_| {},
    )
    .await;
    own.scan().await;
    own.command(&["referrals", "send"]).await.1.unwrap();
    let by_policy = own.cases().await[0]["id"].as_str().unwrap().to_owned();
    for language in LANGUAGES {
        let (decided, of_person) = automation(&hub, &id, language).await;
        assert_eq!(decided, json!({ "person": "policy officer" }), "{language}");
        assert!(of_person.contains("policy officer"), "{language}: {of_person}");
        let (decided, of_policy) = automation(&own, &by_policy, language).await;
        assert_eq!(decided, "policy", "{language}");
        assert_ne!(of_person, of_policy, "{language}");
    }
    let sent = "sent by automated means";
    assert!(!automation(&hub, &id, "en").await.1.contains(sent));
    assert!(automation(&own, &by_policy, "en").await.1.contains(sent));
    for (hub, counts) in [(&hub, json!({ "person": 1 })), (&own, json!({ "policy": 1 }))] {
        let (words, _) = hub.command(&["report", "transparency", "--year", &hub.clock_year()]).await;
        let report: Value = serde_json::from_str(&words).unwrap();
        assert_eq!((&report["notices"], &report["by_decision"]), (&json!(1), &counts));
    }
    let (words, _) = own.command(&["referrals", "show", &by_policy]).await;
    let case: Value = serde_json::from_str(&words).unwrap();
    assert_eq!((&case["approved_by"], &case["approved_kind"]), (&Value::Null, &json!("policy")));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_is_one_person_through_every_door() {
    let (_shop, hub, id) = hub_with_a_case("channels = [\"feed\"]").await;
    let (cookie, csrf) = sign_in(&hub, &hub.token(Role::Authority, "anna", None)).await;
    let form = hub.client.post(format!("{}/console/referrals/{id}", hub.base)).header("cookie", &cookie);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(form.body(format!("csrf={csrf}&action=approve")).send().await.unwrap().status(), 303);
    hub.command(&["referrals", "send"]).await.1.unwrap();
    let again = hub.token(Role::Authority, " Аnna", None);
    contest(&hub, &again, &id).await;
    for act in ["uphold", "withdraw", "correct"] {
        let reason: &[&str] = if act == "uphold" { &[] } else { &["--reason", "a test"] };
        for name in ["anna", "ANNA", "an\u{200b}na", "cli:anna"] {
            let line: Vec<&str> = ["referrals", act, &id, "--as", name].iter().chain(reason).copied().collect();
            let failure = hub.command(&line).await.1.unwrap_err();
            assert!(failure.message.contains("second person"), "{line:?}: {failure}");
        }
        let path = format!("/api/v1/referrals/{id}/{act}");
        let (status, problem) = hub.post(&again, &path, json!({ "reason": "a test" })).await;
        assert_eq!(status, 422, "{act}: {problem}");
    }
    // The queue of the console offers her the contest as little.
    let truth = &hub.app.rooms.truth;
    let claim = |person: &str| truth.claim_next(person, None, Duration::from_secs(60), hub.app.rooms.now()).unwrap();
    assert_eq!(claim("ANNA"), None);
    assert_eq!(claim("ben").map(|case| case.to_string()), Some(id.clone()));
    assert_eq!(hub.cases().await[0]["state"], "contested");
    hub.command(&["referrals", "uphold", &id, "--as", "ben"]).await.1.unwrap();

    let log = entries(&hub).await;
    let who = |action: &str| {
        let entry = log.iter().find(|entry| entry["action"] == action && entry["subject"] == id.as_str()).unwrap();
        ["actor", "actor_kind", "actor_role", "actor_door"].map(|key| entry[key].as_str().unwrap_or("-").to_owned())
    };
    assert_eq!(who("approve"), ["anna", "person", "authority", "console"]);
    assert_eq!(who("contest"), ["affected party", "person", "affected-party", "signed-link"]);
    assert_eq!(who("uphold"), ["ben", "person", "-", "command-line"]);
    assert_eq!(who("draft"), ["scan", "job", "-", "-"]);
    let case = hub.json(&again, &format!("/api/v1/referrals/{id}")).await;
    assert_eq!(
        (&case["timeline"][1]["event"], &case["timeline"][1]["actor_kind"]),
        (&json!("approve"), &json!("person"))
    );
    assert!(hub.command(&["audit", "verify"]).await.1.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_jobs_nor_links_approve_or_decide_a_contest() {
    let (_shop, hub, id) = hub_with_a_case("channels = [\"feed\"]").await;
    let case = ReferralId::parse(&id).unwrap();
    let truth = &hub.app.rooms.truth;
    let times = Intervals { recheck: Duration::from_secs(3600), renotice: Duration::from_secs(3600) };
    let apply = |event: Event, actor: &Actor| truth.apply(&case, event, actor, &[], times, hub.app.rooms.now());
    let link = Person::AnswerLink(PlatformId::parse("bazaar").unwrap());
    let nobody = [Actor::Job(Job::Dispatch), Actor::Person(Person::AffectedParty), Actor::Person(link)];
    for actor in &nobody {
        assert!(matches!(apply(Event::Approve, actor), Err(TruthError::Invalid(_))), "{actor}");
    }
    apply(Event::Approve, &Actor::Policy).unwrap();
    apply(Event::MarkSent, &Actor::Job(Job::Dispatch)).unwrap();
    apply(Event::Contest { statement: "no".to_owned() }, &Actor::Person(Person::AffectedParty)).unwrap();
    for actor in nobody.iter().chain([&Actor::Policy, &Actor::machine_user("")]) {
        assert!(matches!(apply(Event::Uphold, actor), Err(TruthError::Refused(_))), "{actor}");
    }
    apply(Event::Uphold, &Actor::named("anna").unwrap()).unwrap();
}

/// A data directory of schema 2, with what else stood in it.
fn older(more: &str) -> (tempfile::TempDir, Truth) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("truth.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../data/stored/truth.schema-2.sql")).unwrap();
    old.execute_batch(more).unwrap();
    drop(old);
    let truth = Truth::open(&path).unwrap();
    (folder, truth)
}

fn decide(truth: &Truth, case: u64, actor: &Actor) -> Result<(), String> {
    let case = ReferralId::parse(&format!("R-{case:016x}")).unwrap();
    let times = Intervals { recheck: Duration::from_secs(3600), renotice: Duration::from_secs(3600) };
    let done = truth.apply(&case, Event::Uphold, actor, &[], times, Timestamp::from_millis(1_767_400_000_000));
    done.map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn a_record_of_the_version_before_opens_and_its_people_are_people() {
    let (_folder, truth) = older("");
    assert_eq!(truth.verify_audit().unwrap().unwrap().0, 5, "old entries are hashed as they were");
    let approver =
        |case: u64| truth.referral(&ReferralId::parse(&format!("R-{case:016x}")).unwrap()).unwrap().approver();
    assert_eq!(approver(1), Some(Approver::Person("anna".to_owned())));
    assert_eq!(approver(2), Some(Approver::Policy));
    assert_eq!(approver(3), Some(Approver::Person("retention".to_owned())));
    assert_eq!(approver(4), Some(Approver::Person("cli:root".to_owned())));
    let counted = truth.notices_of_year(2026).unwrap();
    let kinds: Vec<_> = counted.iter().map(|one| one.decided_by).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == Some(ActorKind::Person)).count(), 3);
    assert_eq!(kinds.iter().filter(|kind| **kind == Some(ActorKind::Policy)).count(), 1);

    let now = Timestamp::from_millis(1_767_400_000_000);
    let who = |secret: &str| truth.principal(secret, now).unwrap().unwrap();
    let (anna, odd) = (who("lw_stored_token_of_anna"), who("lw_stored_token_of_retention"));
    assert_eq!((anna.owner.as_str(), odd.owner.as_str()), ("anna", "retention (person)"));
    assert_eq!(odd.actor().kind(), ActorKind::Person);

    assert!(decide(&truth, 1, &anna.actor()).unwrap_err().contains("second person"));
    assert!(decide(&truth, 3, &odd.actor()).unwrap_err().contains("second person"), "renamed, and still who approved");
    assert!(decide(&truth, 4, &Actor::named("ROOT").unwrap()).unwrap_err().contains("second person"));
    decide(&truth, 1, &odd.actor()).unwrap();
    decide(&truth, 2, &anna.actor()).unwrap();
    decide(&truth, 3, &anna.actor()).unwrap();
    decide(&truth, 4, &anna.actor()).unwrap();
    let log = truth.audit_entries(None, 10).unwrap();
    assert_eq!(log[0].actor_kind.as_deref(), Some("person"));
    assert_eq!(log[8].actor_kind, None, "what stood there is not rewritten");
    assert_eq!(truth.verify_audit().unwrap().unwrap().0, 9, "old and new entries are one chain");
}

#[test]
fn an_approval_under_the_policys_name_by_somebody_else_is_not_on_record() {
    let token = "INSERT INTO tokens VALUES ('T-000000000009', x'00', 'authority', 'policy', NULL, 0, NULL, NULL)";
    let (_folder, truth) = older(token);
    let case = ReferralId::parse("R-0000000000000002").unwrap();
    assert_eq!(truth.referral(&case).unwrap().approver(), None);
    assert!(decide(&truth, 2, &Actor::named("ben").unwrap()).unwrap_err().contains("not on record"));
    assert_eq!(truth.tokens().unwrap().iter().filter(|token| token.owner == "policy (person)").count(), 1);
    let counted = truth.notices_of_year(2026).unwrap();
    assert_eq!(counted.iter().filter(|one| one.decided_by.is_none()).count(), 1);
    decide(&truth, 1, &Actor::named("ben").unwrap()).unwrap();
}

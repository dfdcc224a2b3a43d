//! A request sent twice is done once, and nobody else's key is in its way.

use listingwatch::store::truth::Role;
use serde_json::{Value, json};

use crate::hub_attacks::two_platforms;
use crate::shop::Hub;

async fn send(hub: &Hub, token: &str, path: &str, key: &str, body: Value) -> (u16, Value) {
    let request = hub.client.post(format!("{}{path}", hub.base)).bearer_auth(token).header("idempotency-key", key);
    let answer = request.header("content-type", "application/json").body(body.to_string()).send().await.unwrap();
    (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
}

async fn answers_in_timeline(hub: &Hub, token: &str, case: &str) -> usize {
    let case = hub.json(token, &format!("/api/v1/referrals/{case}")).await;
    case["timeline"].as_array().unwrap().iter().filter(|step| step["event"] == "answer").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_platform_and_each_token_has_keys_of_its_own() {
    let (hub, ids) = two_platforms().await;
    let first = hub.token(Role::Moderator, "mo", Some("first"));
    let second = hub.token(Role::Moderator, "kim", Some("second"));
    let authority = hub.token(Role::Authority, "anna", None);
    let path = |case: &str| format!("/api/v1/referrals/{case}/outcome");
    let removed = json!({ "decision": "removed", "reason": "illegal-content" });
    let rejected = json!({ "decision": "rejected", "reason": "lawful-offer" });

    let (status, done) = send(&hub, &first, &path(&ids[0]), "1", removed.clone()).await;
    assert_eq!(status, 200, "{done}");
    let (status, other) = send(&hub, &second, &path(&ids[1]), "1", rejected.clone()).await;
    assert_eq!(status, 200, "another platform's key: {other}");

    // The same token, platform and key: the same answer for the same request, a conflict for another.
    assert_eq!(send(&hub, &first, &path(&ids[0]), "1", removed.clone()).await, (200, done.clone()));
    assert_eq!(answers_in_timeline(&hub, &authority, &ids[0]).await, 1, "done once");
    assert_eq!(send(&hub, &first, &path(&ids[0]), "1", rejected.clone()).await.0, 409);

    // One token that answers for both platforms may use a key at each.
    for case in &ids {
        let (status, said) = send(&hub, &authority, &path(case), "1", removed.clone()).await;
        assert_eq!(status, 200, "{said}");
        assert_eq!(send(&hub, &authority, &path(case), "1", removed.clone()).await, (200, said));
    }
    hub.command(&["audit", "verify"]).await.1.unwrap();

    // Spaces inside a key are part of it.
    let spaced = json!({ "decision": "removed", "reason": "illegal-content" });
    let first_time = send(&hub, &second, &path(&ids[1]), "answer 7 of 9", spaced.clone()).await;
    assert_eq!(first_time.0, 200, "{}", first_time.1);
    assert_eq!(send(&hub, &second, &path(&ids[1]), "answer 7 of 9", spaced).await, first_time);
    for key in ["", " ", &"k".repeat(201)] {
        assert_eq!(send(&hub, &second, &path(&ids[1]), key, removed.clone()).await.0, 400, "`{key}`");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authoritys_key_counts_for_each_platform_apart() {
    let (hub, ids) = two_platforms().await;
    let authority = hub.token(Role::Authority, "anna", None);
    for case in &ids {
        let path = format!("/api/v1/referrals/{case}/withdraw");
        let (status, said) = send(&hub, &authority, &path, "w1", json!({ "reason": "sent in error" })).await;
        assert_eq!(status, 200, "{said}");
        let again = send(&hub, &authority, &path, "w1", json!({ "reason": "sent in error" })).await;
        assert_eq!(again, (200, said), "done once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_from_before_keys_were_scoped_is_known_when_it_is_repeated() {
    let (hub, ids) = two_platforms().await;
    let first = hub.token(Role::Moderator, "mo", Some("first"));
    let path = format!("/api/v1/referrals/{}/outcome", ids[0]);
    let removed = json!({ "decision": "removed", "reason": "illegal-content" });
    let (status, done) = send(&hub, &first, &path, "1", removed.clone()).await;
    assert_eq!(status, 200, "{done}");
    // As the migration leaves it: the token is not known.
    let database = rusqlite::Connection::open(hub.folder.path().join("data/truth.db")).unwrap();
    assert_eq!(database.execute("UPDATE answers SET token = ''", []).unwrap(), 1);
    assert_eq!(send(&hub, &first, &path, "1", removed).await, (200, done));
    let rejected = json!({ "decision": "rejected", "reason": "lawful-offer" });
    assert_eq!(send(&hub, &first, &path, "1", rejected).await.0, 200, "another token may have sent the old one");
}

//! What the console tells people of a case: true, in one name for each thing, and without what only sets an order.

use listingwatch::store::truth::Role;

use crate::hub_attacks::{page, sign_in};
use crate::shop::{Hub, OFFER, Shop};

async fn answered_case() -> (Shop, Hub, String) {
    let shop = Shop::start().await;
    shop.put("7", "Isotonitazene 10 g", &format!("{OFFER}. Telegram only, 5 g bags."));
    let hub =
        Hub::open(&[("bazaar", shop.platform_file("bazaar", "channels = [\"feed\"]\nrecheck = \"1h\""))], |_| {}).await;
    hub.scan().await;
    let case = hub.cases().await[0]["id"].as_str().unwrap().to_owned();
    hub.command(&["referrals", "approve", &case, "--as", "anna"]).await.1.unwrap();
    hub.command(&["referrals", "send"]).await.1.unwrap();
    for _ in 0..3 {
        hub.clock.advance_hours(2);
        hub.command(&["referrals", "recheck"]).await.1.unwrap();
    }
    (shop, hub, case)
}

/// Sends a form of the console; where it leads to.
async fn submit(hub: &Hub, cookie: &str, csrf: &str, path: &str, fields: &str) -> String {
    let form = hub.client.post(format!("{}{path}", hub.base)).header("cookie", cookie);
    let form = form.header("content-type", "application/x-www-form-urlencoded").header("origin", &hub.base);
    let answer = form.body(format!("csrf={csrf}&{fields}")).send().await.unwrap();
    assert_eq!(answer.status(), 303, "{fields}");
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moderator_reads_which_answer_was_given_and_who_did_what() {
    let (_shop, hub, case) = answered_case().await;
    let (cookie, csrf) = sign_in(&hub, &hub.token(Role::Moderator, "Mo Phone", Some("bazaar"))).await;
    let path = format!("/console/referrals/{case}");
    let (_, _, before) = page(&hub, &cookie, &path).await;
    // What the program did by itself has no author, and is told once.
    assert!(before.contains("delivered (automatic)") && !before.contains("mark-delivered"), "{before}");
    // Looks that found nothing new are not listed; the last one is told.
    assert!(before.contains("Listing looked at last:") && !before.contains("listing still online"), "{before}");
    // What orders cases is no business of who answers them.
    for absent in ["likely in scope", "Score ", "score from", "log-odds", "What raised the score", "+0.0"] {
        assert!(!before.contains(absent), "`{absent}` in {before}");
    }
    assert!(
        before.contains("No sign of lawful trade") || before.contains("no sign of lawful trade was found"),
        "{before}"
    );
    for (decision, words) in [("needs-information", "need more information"), ("rejected", "not a violation")] {
        let to = submit(&hub, &cookie, &csrf, &path, &format!("action=answer&decision={decision}")).await;
        let (_, _, after) = page(&hub, &cookie, &to).await;
        let said = format!("Your answer is recorded: {words}. You can still change it.");
        assert!(after.contains(&said), "{said} in {after}");
        assert!(after.contains(&format!("Mo Phone answered: {words}")), "{after}");
    }
    let (_, _, after) = page(&hub, &cookie, &path).await;
    assert!(after.contains("Mo Phone answered: need more information"), "the earlier answer stays told: {after}");
    let (_, _, inbox) = page(&hub, &cookie, "/console/inbox?group=answered").await;
    assert!(inbox.contains("decided</span> <span class=\"meta\">not a violation</span>"), "{inbox}");
    // For many at once nothing is chosen beforehand.
    assert!(inbox.contains("<select name=\"decision\" required><option value=\"\">choose</option>"), "{inbox}");
    let to = submit(&hub, &cookie, &csrf, "/console/inbox", &format!("action=answer&decision=&ids={case}")).await;
    assert!(page(&hub, &cookie, &to).await.2.contains("Choose first"));
    let to =
        submit(&hub, &cookie, &csrf, "/console/inbox", &format!("action=answer&decision=removed&ids={case}")).await;
    assert!(page(&hub, &cookie, &to).await.2.contains("1 answered: removed."));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_reads_what_the_score_is_for() {
    let (_shop, hub, case) = answered_case().await;
    let (cookie, _) = sign_in(&hub, &hub.token(Role::Authority, "anna", None)).await;
    let (_, _, shown) = page(&hub, &cookie, &format!("/console/referrals/{case}")).await;
    assert!(shown.contains("(orders cases; the verdict comes from the decision table)"), "{shown}");
    assert!(shown.contains("What raised the score") && !shown.contains(">+0.0<"), "{shown}");
    assert!(!shown.contains("likely in scope") && !shown.contains("log-odds"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_an_authority_say_whose_they_are() {
    let (_shop, hub, _) = answered_case().await;
    let token = hub.token(Role::Moderator, "mo", Some("bazaar"));
    let (cookie, _) = sign_in(&hub, &token).await;
    for name in ["scans", "overview", "queue", "platforms", "audit"] {
        let (status, _, body) = page(&hub, &cookie, &format!("/console/{name}")).await;
        assert_eq!(status, 403, "{name}");
        assert!(body.contains("nly an authority can open this page") && !body.contains("decides on this"), "{body}");
    }
    let (_, body) = hub.get(&token, "/api/v1/scans").await;
    assert!(body.contains("only an authority can read this"), "{body}");
    let about = hub.client.get(format!("{}/about-crawler", hub.base)).send().await.unwrap().text().await.unwrap();
    assert!(about.contains("If robots.txt cannot be fetched, the crawler stops too."), "{about}");
    assert!(!about.contains("the contact above"), "the contact is this very page: {about}");
    assert!(about.contains("write to the operator named above"), "{about}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_signed_link_has_the_words_of_the_console() {
    let (_shop, hub, case) = answered_case().await;
    let token = hub.token(Role::Moderator, "mo", Some("bazaar"));
    let notice = hub.json(&token, &format!("/api/v1/referrals/{case}/notice")).await;
    assert!(!notice["request"].as_str().unwrap().contains('['), "{notice}");
    let link = notice["answer"].as_str().unwrap();
    let shown = hub.client.get(link).send().await.unwrap().text().await.unwrap();
    for (name, words) in [("account-action", "Account action"), ("rejected", "Not a violation")] {
        assert!(shown.contains(&format!("value=\"{name}\">{words}</button>")), "{shown}");
    }
    let form = hub.client.post(link).header("content-type", "application/x-www-form-urlencoded");
    let after = form.body("decision=rejected").send().await.unwrap().text().await.unwrap();
    assert!(after.contains("Your answer is recorded: not a violation. You can still change it."), "{after}");
}

use super::*;
use crate::detect::assessment::{ContextFinding, Control, NameMatch, SubstanceFinding, Verdict};
use crate::referral::language::codes;
use crate::referral::notice::ground::NoticeControl;
use crate::referral::outcome::Outcome;
use crate::referral::state::ReferralState;
use crate::vocab::terms::{Category, Class, How, LegitimateUse, Signal};

fn draft() -> NoticeDraft {
    let name = NameMatch {
        field: "title".into(),
        start: 0,
        end: 4,
        surface: "Abcd".into(),
        how: How::Name,
        role: None,
        rule: "name".into(),
    };
    let control = |instrument: &str, schedule: &str, jurisdiction: &str| Control {
        instrument: instrument.into(),
        schedule: schedule.into(),
        since: Some("2020".into()),
        jurisdiction: jurisdiction.into(),
    };
    let substance = SubstanceFinding {
        id: "abcd".into(),
        name: "Abcd".into(),
        class: Class::StimulantOther,
        subclass: None,
        legitimate_use: LegitimateUse::NoneKnown,
        controls: vec![control("UN1971", "II", "INT"), control("DE", "BtMG-I", "DE")],
        matches: vec![name],
    };
    let assessment = Assessment {
        verdict: Verdict::Refer,
        score: 0.9,
        category: Some(Category::Nps),
        decision: None,
        substances: vec![substance],
        context: vec![ContextFinding {
            field: "title".into(),
            start: 5,
            end: 13,
            surface: "for sale".into(),
            signal: Signal::Offer,
            weight: 1.0,
        }],
        emerging: vec![],
        reasons: vec!["names Abcd".into()],
        watchlist: "1".into(),
    };
    NoticeDraft {
        language: "en".into(),
        referral: Some(ReferralId::parse("R-1").unwrap()),
        platform: Some(PlatformId::parse("bazaar").unwrap()),
        title: "Abcd for sale".into(),
        urls: vec!["https://x.example.test/1".into()],
        listing_ids: vec![],
        excerpts: crate::referral::excerpt::of("https://x.example.test/1", "Abcd for sale", "", &assessment),
        assessments: vec![assessment],
        evidence: vec![NoticeEvidence {
            url: "https://x.example.test/1".into(),
            captured_at: Timestamp::EPOCH,
            payload_digest: "sha256:A".into(),
            record_id: "urn:uuid:1".into(),
        }],
        sender: Some(NoticeSender {
            name: "Office".into(),
            address: "Street 1".into(),
            contact: "a@example.test".into(),
        }),
        agreement: "MoU 1".into(),
        authority: "National Office".into(),
        answer: "https://hub.example.test/r1".into(),
        contest: "https://hub.example.test/c1".into(),
        links_until: Some(Timestamp::EPOCH),
        approver: Some(Approver::Person("reviewer".into())),
        at: Some(Timestamp::EPOCH),
        history: vec![],
    }
}

#[test]
fn a_complete_notice_says_everything_article_16_asks_for() {
    let text = Notice::complete(draft()).unwrap().text();
    for part in [
        "https://x.example.test/1",
        "The title names “Abcd”: Abcd, no known legitimate use.",
        "> **Abcd** **for sale**",
        "Convention on Psychotropic Substances of 1971, Schedule II, since 2020",
        "Betäubungsmittelgesetz (DE), Anlage I",
        "sha256:A",
        "good faith",
        "not an order",
        "Office",
        "a@example.test",
        "/c1",
        "a person (reviewer)",
        "MoU 1 with National Office",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let mut by_policy = draft();
    by_policy.approver = Some(Approver::Policy);
    assert!(Notice::complete(by_policy).unwrap().text().contains("as agreed with the platform"));
}

#[test]
fn every_language_says_the_same_facts() {
    for code in codes() {
        let mut draft = draft();
        draft.language = code.to_owned();
        let notice = Notice::complete(draft).unwrap();
        assert_eq!(notice.language, code);
        let text = notice.text();
        let facts = [
            "https://x.example.test/1",
            "Abcd",
            "1971",
            "sha256:A",
            "Office",
            "MoU 1",
            "/r1",
            "/c1",
            "R-1",
            "reviewer",
        ];
        for fact in facts {
            assert!(text.contains(fact), "{code}: {fact} is missing in\n{text}");
        }
        // Every answer is named in words; codes are for machines.
        let words = Catalogue::of(code);
        for decision in Decision::ALL {
            let said = words.maybe(&format!("decision.{}", decision.name())).unwrap();
            assert!(text.contains(said), "{code}: {said} is missing in\n{text}");
            assert!(!text.contains(&format!("[{}]", decision.name())), "{code}:\n{text}");
            assert!(code != "en" || said == decision.words(), "the console says {}", decision.words());
        }
        assert!(!text.contains('{') && !text.contains('}'), "{code}: a name was not filled in\n{text}");
        if code != "en" {
            assert!(!text.contains("in good faith") && !text.contains("Legal ground"), "{code}:\n{text}");
        }
    }
}

#[test]
fn text_from_right_to_left_keeps_addresses_from_left_to_right() {
    let mut draft = draft();
    draft.language = "ar".to_owned();
    let notice = Notice::complete(draft).unwrap();
    assert!(notice.document().rtl);
    let text = notice.text();
    assert!(text.contains("\u{2066}https://x.example.test/1\u{2069}"), "{text}");
    let (opened, closed) = (text.matches(['\u{2066}', '\u{2068}']).count(), text.matches('\u{2069}').count());
    assert_eq!(opened, closed, "every isolate ends");
}

#[test]
fn goods_under_article_13_have_a_ground() {
    let mut held = draft();
    let item = &mut held.assessments[0].substances[0];
    (item.class, item.legitimate_use) = (Class::Equipment, LegitimateUse::DualUse);
    item.controls.truncate(1);
    (item.controls[0].instrument, item.controls[0].schedule) = ("UN1988".into(), "article 13".into());
    let notice = Notice::complete(held).unwrap();
    assert!(notice.text().contains("article 13"), "{}", notice.text());
}

#[test]
fn each_missing_field_is_named() {
    type Spoil = fn(&mut NoticeDraft);
    let cases: [(&str, Spoil); 12] = [
        ("urls", |d| d.urls.clear()),
        ("substances", |d| d.assessments[0].substances.clear()),
        ("reasons", |d| d.assessments[0].substances[0].matches.clear()),
        ("legal_ground", |d| {
            d.assessments[0].substances[0].controls.clear();
            d.assessments[0].substances[0].legitimate_use = LegitimateUse::DualUse;
        }),
        ("evidence", |d| d.evidence.clear()),
        ("sender", |d| d.sender.as_mut().unwrap().address = " ".into()),
        ("sender", |d| d.sender = None),
        ("agreement", |d| d.agreement.clear()),
        ("answer", |d| d.answer.clear()),
        ("contest", |d| d.contest.clear()),
        ("referral", |d| d.referral = None),
        ("at", |d| d.at = None),
    ];
    for (field, spoil) in cases {
        let mut spoilt = draft();
        spoil(&mut spoilt);
        assert_eq!(Notice::complete(spoilt).unwrap_err().field, field);
    }
}

#[test]
fn history_cites_the_platforms_answer_and_hides_an_authoritys_dismissal() {
    let outcome =
        Outcome { decision: Decision::Rejected, reason: Some("a lamp".into()), reference: Some("T-9".into()) };
    let decided = ReferralState::Decided { outcome, gone_checks: 0 };
    let dismissed = ReferralState::Dismissed { reason: "secret".into() };
    let mut draft = draft();
    draft.history = vec![
        HistoryLine::Earlier(Earlier::of("R-0", &decided, Timestamp::EPOCH, Because::ListingChanged)),
        HistoryLine::Earlier(Earlier::of("R-00", &dismissed, Timestamp::EPOCH, Because::EntryChanged)),
    ];
    let notice = Notice::complete(draft).unwrap();
    assert_eq!(
        notice.history,
        [
            "R-0 was answered “not a violation” on 1970-01-01. Reason given: a lamp. Your reference: T-9. The listing changed since."
        ]
    );
    assert!(!notice.text().contains("secret"));
}

#[test]
fn every_control_of_the_watchlist_has_its_law_and_a_source() {
    use crate::detect::controls::control;
    let watchlist = crate::detect::watchlist::Watchlist::builtin().unwrap();
    let codes: std::collections::BTreeSet<&String> =
        watchlist.substances.iter().flat_map(|substance| &substance.controls).collect();
    assert!(codes.len() > 40, "{codes:?}");
    for code in codes {
        let control = control(code).unwrap();
        let held = NoticeControl::from(&control);
        assert!(!held.source.is_empty(), "{code} has no source");
        for language in ["en", "de", "zh"] {
            let substance = NoticeSubstance {
                name: "x".to_owned(),
                words: Vec::new(),
                legitimate_use: LegitimateUse::NoneKnown,
                controls: vec![held.clone()],
                unlisted: false,
                family: None,
            };
            let grounds = substance.grounds(Catalogue::of(language)).join("\n");
            let bare = format!("{} ({})", control.instrument, control.jurisdiction);
            assert!(!grounds.contains(&bare), "{code} names no law: {grounds}");
        }
    }
}

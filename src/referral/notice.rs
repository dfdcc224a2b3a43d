//! The notice a platform gets: complete by construction, as text and as JSON.
//!
//! Fields follow Article 16(2) of Regulation (EU) 2022/2065: why the content is illegal, where it is exactly, who says so
//! and how to reach them, and a statement of good faith. A referral is a notice, not an order.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::detect::assessment::{Assessment, Control};
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::time::Timestamp;

/// Who signs notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSender {
    /// Name of the authority or organisation.
    pub name: String,
    /// Postal address.
    pub address: String,
    /// E-mail or web address for questions.
    pub contact: String,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeEvidence {
    /// Page.
    pub url: String,
    /// When it was captured.
    pub captured_at: Timestamp,
    /// Digest of the page's body.
    pub payload_digest: String,
    /// WARC record that holds it.
    pub record_id: String,
}

/// One substance named in a listing, with its legal ground.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSubstance {
    /// Preferred name.
    pub name: String,
    /// Words of the listing that name it.
    pub words: Vec<String>,
    /// `none-known`, `licensed` or `dual-use`.
    pub legitimate_use: String,
    /// Controls in the platform's jurisdictions.
    pub controls: Vec<Control>,
}

/// What goes into a notice, before it is known to be complete.
#[derive(Debug, Clone, Default)]
pub struct NoticeDraft {
    /// Case.
    pub referral: Option<ReferralId>,
    /// Platform it goes to.
    pub platform: Option<PlatformId>,
    /// Title of the listing.
    pub title: String,
    /// Exact locations.
    pub urls: Vec<String>,
    /// Assessments of the listings.
    pub assessments: Vec<Assessment>,
    /// Evidence.
    pub evidence: Vec<NoticeEvidence>,
    /// Who signs.
    pub sender: Option<NoticeSender>,
    /// The agreement it rests on.
    pub agreement: String,
    /// Where to answer.
    pub answer: String,
    /// Where the affected party may contest.
    pub contest: String,
    /// Whether a person approved it.
    pub approved_by: Option<String>,
    /// When it is written.
    pub at: Option<Timestamp>,
    /// Earlier answers about the same cluster.
    pub history: Vec<String>,
}

/// A field without which no notice leaves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the notice lacks `{field}`")]
pub struct MissingField {
    /// The field.
    pub field: &'static str,
    /// Where it comes from.
    pub hint: &'static str,
}

/// A complete notice. Only [`Notice::complete`] makes one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// Case.
    pub referral: ReferralId,
    /// Platform it goes to.
    pub platform: PlatformId,
    /// When it was written.
    pub at: Timestamp,
    /// Title of the listing.
    pub title: String,
    /// Exact locations.
    pub urls: Vec<String>,
    /// What is offered, and on what legal ground it is controlled.
    pub substances: Vec<NoticeSubstance>,
    /// Why the listing is believed to be an offer of it.
    pub reasons: Vec<String>,
    /// Evidence.
    pub evidence: Vec<NoticeEvidence>,
    /// Who signs.
    pub sender: NoticeSender,
    /// The agreement it rests on.
    pub agreement: String,
    /// What is asked.
    pub request: String,
    /// How to answer.
    pub answer: String,
    /// How the affected party may contest.
    pub contest: String,
    /// The sender's statement of good faith.
    pub good_faith: String,
    /// How automation was used and who decided.
    pub automation: String,
    /// Version of the watchlist.
    pub watchlist: String,
    /// Earlier answers about the same cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<String>,
}

impl Notice {
    /// Checks that nothing is missing.
    ///
    /// # Errors
    /// The first field that is.
    pub fn complete(draft: NoticeDraft) -> Result<Self, MissingField> {
        let missing = |field, hint| MissingField { field, hint };
        let substances = substances_of(&draft.assessments);
        let mut reasons: Vec<String> = Vec::new();
        for reason in draft.assessments.iter().flat_map(|assessment| &assessment.reasons) {
            // How the score adds up is for the one who reviews; the notice says what the listing says.
            if !reason.starts_with("score from") && !reasons.contains(reason) {
                reasons.push(reason.clone());
            }
        }
        let sender =
            draft.sender.filter(|s| ![&s.name, &s.address, &s.contact].iter().any(|field| field.trim().is_empty()));
        let automation = match &draft.approved_by {
            Some(name) => {
                format!("Found by automated means; a person ({name}) reviewed it and decided to send this notice.")
            }
            None => "Found and sent by automated means, as agreed with the platform.".to_owned(),
        };
        if draft.urls.is_empty() {
            return Err(missing("urls", "the case has no listing; scan the platform again"));
        }
        if substances.is_empty() {
            return Err(missing("substances", "the case names no substance; dismiss it"));
        }
        if reasons.is_empty() {
            return Err(missing("reasons", "the assessment has no reasons; run `listingwatch rescreen`"));
        }
        if draft.evidence.is_empty() {
            return Err(missing("evidence", "no stored capture is cited; scan the platform again"));
        }
        if draft.agreement.trim().is_empty() {
            return Err(missing("agreement", "fill in [agreement] reference in the platform file"));
        }
        if draft.answer.trim().is_empty() || draft.contest.trim().is_empty() {
            return Err(missing("answer", "set [hub] public_url in listingwatch.toml"));
        }
        Ok(Notice {
            referral: draft.referral.ok_or(missing("referral", "the case has no id"))?,
            platform: draft.platform.ok_or(missing("platform", "the case has no platform"))?,
            at: draft.at.ok_or(missing("at", "the notice has no date"))?,
            title: draft.title,
            urls: draft.urls,
            substances,
            reasons,
            evidence: draft.evidence,
            sender: sender.ok_or(missing("sender", "set [sender] name, address and contact in listingwatch.toml"))?,
            agreement: draft.agreement,
            request:
                "Please review the listing under your terms and the law that applies to you, act on it, and tell us \
                      what you decided: removed, restricted, account-action, rejected or needs-information."
                    .to_owned(),
            answer: draft.answer,
            contest: draft.contest,
            good_faith:
                "We believe in good faith that the information and allegations in this notice are accurate and \
                         complete. This is a voluntary referral under the agreement named above, not an order."
                    .to_owned(),
            automation,
            watchlist: draft.assessments.first().map(|a| a.watchlist.clone()).unwrap_or_default(),
            history: draft.history,
        })
    }

    /// The notice as plain text, 80 columns where words allow.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(out, "REFERRAL {}  ({})", self.referral, self.at);
        let _ = writeln!(out, "To the trust-and-safety team of {}, under {}\n", self.platform, self.agreement);
        let _ = writeln!(out, "Listing: {}", self.title);
        for url in &self.urls {
            let _ = writeln!(out, "  {url}");
        }
        let _ = writeln!(out, "\nWhy it is believed to be illegal");
        for reason in &self.reasons {
            let _ = writeln!(out, "  - {reason}");
        }
        let _ = writeln!(out, "\nLegal ground");
        for substance in &self.substances {
            let words = substance.words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
            let _ = writeln!(
                out,
                "  {} (in the listing: {words}; {})",
                substance.name,
                use_in_words(&substance.legitimate_use)
            );
            for control in &substance.controls {
                let since = control.since.as_ref().map(|year| format!(", since {year}")).unwrap_or_default();
                let _ =
                    writeln!(out, "    {} {}, {}{since}", control.instrument, control.schedule, control.jurisdiction);
            }
            if substance.controls.is_empty() {
                let _ = writeln!(out, "    no control of its own on record in these jurisdictions; see the reasons");
            }
        }
        let _ = writeln!(out, "\nEvidence");
        for evidence in &self.evidence {
            let _ = writeln!(out, "  {} captured {}", evidence.url, evidence.captured_at);
            let _ = writeln!(out, "    {} in {}", evidence.payload_digest, evidence.record_id);
        }
        if !self.history.is_empty() {
            let _ = writeln!(out, "\nHistory");
            for line in &self.history {
                let _ = writeln!(out, "  {line}");
            }
        }
        let _ = writeln!(out, "\nWhat is asked\n  {}", self.request);
        let _ = writeln!(out, "\nHow to answer\n  {}", self.answer);
        let _ = writeln!(out, "\nHow the affected party may contest\n  {}", self.contest);
        let _ = writeln!(out, "\n{}\n{}\nWatchlist {}", self.good_faith, self.automation, self.watchlist);
        let _ = writeln!(out, "\n{}\n{}\n{}", self.sender.name, self.sender.address, self.sender.contact);
        out
    }
}

fn substances_of(assessments: &[Assessment]) -> Vec<NoticeSubstance> {
    let mut found: Vec<NoticeSubstance> = Vec::new();
    for substance in assessments.iter().flat_map(|assessment| &assessment.substances) {
        let words = substance.matches.iter().map(|m| m.surface.clone());
        match found.iter_mut().find(|held| held.name == substance.name) {
            Some(held) => held.words.extend(words),
            None => found.push(NoticeSubstance {
                name: substance.name.clone(),
                words: words.collect(),
                legitimate_use: substance.legitimate_use.clone(),
                controls: substance.controls.clone(),
            }),
        }
    }
    // A name that only a class rule accepts is offered as well; the class is its legal ground.
    for emerging in assessments.iter().flat_map(|assessment| &assessment.emerging) {
        if !found.iter().any(|held| held.name == emerging.surface) {
            found.push(NoticeSubstance {
                name: emerging.surface.clone(),
                words: vec![emerging.surface.clone()],
                legitimate_use: "none-known".to_owned(),
                controls: Vec::new(),
            });
        }
    }
    for substance in &mut found {
        substance.words.sort();
        substance.words.dedup();
        substance.words.truncate(8);
    }
    found
}

fn use_in_words(legitimate_use: &str) -> &'static str {
    match legitimate_use {
        "licensed" => "controlled, a licence is needed",
        "dual-use" => "dual use",
        _ => "no known legitimate use",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::assessment::{NameMatch, SubstanceFinding, Verdict};

    fn draft() -> NoticeDraft {
        let name = NameMatch {
            field: "title".into(),
            start: 0,
            end: 4,
            surface: "Abcd".into(),
            how: "name".into(),
            rule: "name".into(),
        };
        let substance = SubstanceFinding {
            id: "abcd".into(),
            name: "Abcd".into(),
            class: "nps".into(),
            subclass: None,
            legitimate_use: "none-known".into(),
            controls: vec![Control {
                instrument: "UN1971".into(),
                schedule: "II".into(),
                since: Some("2020".into()),
                jurisdiction: "INT".into(),
            }],
            matches: vec![name],
        };
        let assessment = Assessment {
            verdict: Verdict::Refer,
            score: 0.9,
            category: Some("nps".into()),
            substances: vec![substance],
            context: vec![],
            emerging: vec![],
            reasons: vec!["names Abcd".into()],
            watchlist: "1".into(),
        };
        NoticeDraft {
            referral: Some(ReferralId::parse("r1").unwrap()),
            platform: Some(PlatformId::parse("bazaar").unwrap()),
            title: "Abcd for sale".into(),
            urls: vec!["https://x.example.test/1".into()],
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
            answer: "https://hub.example.test/r1".into(),
            contest: "https://hub.example.test/c1".into(),
            approved_by: Some("reviewer".into()),
            at: Some(Timestamp::EPOCH),
            history: vec![],
        }
    }

    #[test]
    fn a_complete_notice_says_everything_article_16_asks_for() {
        let text = Notice::complete(draft()).unwrap().text();
        for part in [
            "https://x.example.test/1",
            "names Abcd",
            "UN1971 II, INT, since 2020",
            "sha256:A",
            "good faith",
            "Office",
            "a@example.test",
            "/c1",
            "a person (reviewer)",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn each_missing_field_is_named() {
        type Spoil = fn(&mut NoticeDraft);
        let cases: [(&str, Spoil); 7] = [
            ("urls", |d| d.urls.clear()),
            ("substances", |d| d.assessments[0].substances.clear()),
            ("reasons", |d| d.assessments[0].reasons.clear()),
            ("evidence", |d| d.evidence.clear()),
            ("sender", |d| d.sender.as_mut().unwrap().address = " ".into()),
            ("agreement", |d| d.agreement.clear()),
            ("answer", |d| d.contest.clear()),
        ];
        for (field, spoil) in cases {
            let mut spoilt = draft();
            spoil(&mut spoilt);
            assert_eq!(Notice::complete(spoilt).unwrap_err().field, field);
        }
    }
}

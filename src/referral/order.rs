//! An order by an authority: another thing than a referral, and therefore another type. Nothing that sends referrals takes
//! one; it is written, noted in the audit log, and served by the authority's own way.
//!
//! Fields follow Article 9(2) of Regulation (EU) 2022/2065: legal basis, why the content is illegal with the provision
//! infringed, the issuing authority, the exact location, the territorial scope, redress, and where to report the effect.

use serde::{Deserialize, Serialize};

use crate::referral::document::{Block, Document, Section};
use crate::referral::language::Catalogue;
use crate::referral::notice::{MissingField, NoticeEvidence, NoticeSender};
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::time::Timestamp;

/// What goes into an order, before it is known to be complete.
#[derive(Debug, Clone, Default)]
pub struct OrderDraft {
    /// Language tag.
    pub language: String,
    /// The order's own number.
    pub number: String,
    /// The case it is about.
    pub referral: Option<ReferralId>,
    /// To whom.
    pub platform: Option<PlatformId>,
    /// Issuing authority, with address and contact.
    pub authority: Option<NoticeSender>,
    /// Legal basis of the order in Union or national law.
    pub legal_basis: String,
    /// Why the content is illegal, in sentences.
    pub why: Vec<String>,
    /// Provision infringed.
    pub provision: String,
    /// Exact locations.
    pub urls: Vec<String>,
    /// Territorial scope.
    pub territory: String,
    /// What must be done.
    pub act: String,
    /// Redress available to the provider and to the publisher.
    pub redress: String,
    /// Where to report the effect given to the order.
    pub report_to: String,
    /// Evidence.
    pub evidence: Vec<NoticeEvidence>,
    /// When it is issued.
    pub at: Option<Timestamp>,
}

/// A complete order. Only [`Order::complete`] makes one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// `order`, so that no reader takes it for a notice.
    pub kind: String,
    /// Language code.
    pub language: String,
    /// Number.
    pub number: String,
    /// Case.
    pub referral: ReferralId,
    /// To whom.
    pub platform: PlatformId,
    /// Issuing authority.
    pub authority: NoticeSender,
    /// Legal basis.
    pub legal_basis: String,
    /// Why the content is illegal.
    pub why: Vec<String>,
    /// Provision infringed.
    pub provision: String,
    /// Exact locations.
    pub urls: Vec<String>,
    /// Territorial scope.
    pub territory: String,
    /// What must be done.
    pub act: String,
    /// Redress.
    pub redress: String,
    /// Where to report.
    pub report_to: String,
    /// Evidence.
    pub evidence: Vec<NoticeEvidence>,
    /// When.
    pub at: Timestamp,
}

impl Order {
    /// Checks that nothing is missing.
    ///
    /// # Errors
    /// The first field that is.
    pub fn complete(draft: OrderDraft) -> Result<Self, MissingField> {
        let missing = |field, hint| MissingField { field, hint };
        let need = |text: String, field: &'static str, hint: &'static str| {
            if text.trim().is_empty() { Err(missing(field, hint)) } else { Ok(text.trim().to_owned()) }
        };
        let authority = draft
            .authority
            .filter(|a| [&a.name, &a.address, &a.contact].iter().all(|field| !field.trim().is_empty()))
            .ok_or(missing("authority", "set [sender] name, address and contact in listingwatch.toml"))?;
        if draft.urls.is_empty() {
            return Err(missing("urls", "the case has no listing; scan the platform again"));
        }
        if draft.why.iter().all(|line| line.trim().is_empty()) {
            return Err(missing("why", "say why the content is illegal"));
        }
        if draft.evidence.is_empty() {
            return Err(missing("evidence", "no stored capture is cited; scan the platform again"));
        }
        Ok(Order {
            kind: "order".to_owned(),
            language: Catalogue::of(&draft.language).code.to_owned(),
            number: need(draft.number, "number", "give the order's number with --number")?,
            referral: draft.referral.ok_or(missing("referral", "the case has no id"))?,
            platform: draft.platform.ok_or(missing("platform", "the case has no platform"))?,
            authority,
            legal_basis: need(draft.legal_basis, "legal_basis", "give the law it rests on with --legal-basis")?,
            why: draft.why,
            provision: need(draft.provision, "provision", "give the provision infringed with --provision")?,
            urls: draft.urls,
            territory: need(draft.territory, "territory", "give the territorial scope with --territory")?,
            act: need(draft.act, "act", "say what must be done with --act")?,
            redress: need(draft.redress, "redress", "name the ways of redress with --redress")?,
            report_to: need(draft.report_to, "report_to", "say where to report the effect with --report-to")?,
            evidence: draft.evidence,
            at: draft.at.ok_or(missing("at", "the order has no date"))?,
        })
    }

    /// The order as a document, for text and HTML.
    pub fn document(&self) -> Document {
        let words = Catalogue::of(&self.language);
        let part = |key: &str, blocks| Section::new(words.word(key), blocks);
        let text = |text: &str| Block::Text(words.isolated(text));
        let evidence = self.evidence.iter().flat_map(|one| {
            let kept = words.fill("notice.kept", &[("digest", &one.payload_digest), ("record", &one.record_id)]);
            let captured = words.fill("notice.captured", &[("date", &one.captured_at.to_string())]);
            [Block::Codes(vec![one.url.clone()]), Block::List(vec![captured, kept])]
        });
        let addressed = [("platform", self.platform.as_str()), ("date", &self.at.to_string())];
        let provision = Block::Text(words.fill("order.provision", &[("provision", &self.provision)]));
        Document {
            language: words.code,
            rtl: words.rtl,
            title: words.fill("order.heading", &[("order", &self.number)]),
            sections: vec![
                Section {
                    heading: None,
                    blocks: vec![
                        Block::Text(words.fill("order.addressed", &addressed)),
                        Block::Text(words.word("order.nature").to_owned()),
                    ],
                },
                part(
                    "order.authority",
                    vec![Block::Address(vec![
                        self.authority.name.clone(),
                        self.authority.address.clone(),
                        self.authority.contact.clone(),
                    ])],
                ),
                part("order.legal_basis", vec![text(&self.legal_basis)]),
                part("order.why", vec![Block::List(self.why.clone()), provision]),
                part("order.where", vec![Block::Codes(self.urls.clone())]),
                part("order.territory", vec![text(&self.territory)]),
                part("order.act", vec![text(&self.act)]),
                part("order.redress", vec![text(&self.redress)]),
                part("order.report", vec![text(&self.report_to)]),
                part("notice.evidence", evidence.collect()),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> OrderDraft {
        OrderDraft {
            language: "fr".into(),
            number: "2026/7".into(),
            referral: Some(ReferralId::parse("R-1").unwrap()),
            platform: Some(PlatformId::parse("bazaar").unwrap()),
            authority: Some(NoticeSender {
                name: "Parquet".into(),
                address: "1 rue X".into(),
                contact: "a@b.test".into(),
            }),
            legal_basis: "Article 706-47".into(),
            why: vec!["Offre d'une substance interdite.".into()],
            provision: "Article 222-39".into(),
            urls: vec!["https://x.example.test/1".into()],
            territory: "FR".into(),
            act: "Retirer l'annonce.".into(),
            redress: "Recours devant le tribunal.".into(),
            report_to: "a@b.test".into(),
            evidence: vec![NoticeEvidence {
                url: "https://x.example.test/1".into(),
                captured_at: Timestamp::EPOCH,
                payload_digest: "sha256:A".into(),
                record_id: "urn:uuid:1".into(),
            }],
            at: Some(Timestamp::EPOCH),
        }
    }

    #[test]
    fn an_order_says_what_article_9_asks_for_and_that_it_is_one() {
        let text = Order::complete(draft()).unwrap().document().text();
        for part in [
            "Injonction 2026/7",
            "706-47",
            "222-39",
            "https://x.example.test/1",
            "Recours devant",
            "non d'un signalement",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
    }

    #[test]
    fn each_missing_field_is_named() {
        type Spoil = fn(&mut OrderDraft);
        let cases: [(&str, Spoil); 9] = [
            ("number", |d| d.number.clear()),
            ("authority", |d| d.authority = None),
            ("legal_basis", |d| d.legal_basis = " ".into()),
            ("why", |d| d.why.clear()),
            ("provision", |d| d.provision.clear()),
            ("urls", |d| d.urls.clear()),
            ("territory", |d| d.territory.clear()),
            ("redress", |d| d.redress.clear()),
            ("report_to", |d| d.report_to.clear()),
        ];
        for (field, spoil) in cases {
            let mut spoilt = draft();
            spoil(&mut spoilt);
            assert_eq!(Order::complete(spoilt).unwrap_err().field, field);
        }
    }
}

//! The notice a platform gets: complete by construction, as a document in the platform's language and as JSON.
//!
//! Fields follow Article 16(2) of Regulation (EU) 2022/2065: why the content is illegal, where it is exactly, who says so
//! and how to reach them, and a statement of good faith. A referral is a notice, not an order: see [`crate::referral::order`].

pub mod ground;

use serde::{Deserialize, Serialize};

use crate::detect::assessment::Assessment;
use crate::referral::document::{Block, Document, Section};
use crate::referral::excerpt::Excerpt;
use crate::referral::history::{Because, Earlier, HistoryLine};
use crate::referral::language::Catalogue;
use crate::referral::notice::ground::{Finding, NoticeSubstance, findings_of, substances_of};
use crate::referral::outcome::Decision;
use crate::vocab::actor::Approver;
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::time::Timestamp;

/// Who signs notices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoticeSender {
    /// Name of the authority or organisation.
    pub name: String,
    /// Postal address.
    pub address: String,
    /// E-mail or web address for questions.
    pub contact: String,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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

/// Who decided that the notice leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DecidedBy {
    /// A person, by the name its token carries.
    Person(String),
    /// The platform's agreed policy.
    Policy,
    /// Nobody yet, or it is not on record.
    Unrecorded,
}

/// What goes into a notice, before it is known to be complete.
#[derive(Debug, Clone, Default)]
pub struct NoticeDraft {
    /// Language tag.
    pub language: String,
    /// Case.
    pub referral: Option<ReferralId>,
    /// Platform it goes to.
    pub platform: Option<PlatformId>,
    /// Title of the listing.
    pub title: String,
    /// Exact locations.
    pub urls: Vec<String>,
    /// The platform's own ids of the listings.
    pub listing_ids: Vec<String>,
    /// Assessments of the listings.
    pub assessments: Vec<Assessment>,
    /// Places of the listings, with the words marked.
    pub excerpts: Vec<Excerpt>,
    /// Evidence.
    pub evidence: Vec<NoticeEvidence>,
    /// Who signs.
    pub sender: Option<NoticeSender>,
    /// Reference of the agreement it rests on.
    pub agreement: String,
    /// The authority the agreement is with.
    pub authority: String,
    /// Where to answer.
    pub answer: String,
    /// Where the affected party may contest.
    pub contest: String,
    /// Until when both links work.
    pub links_until: Option<Timestamp>,
    /// Who approved it; none where nobody has yet, or it is not on record.
    pub approver: Option<Approver>,
    /// When it is written.
    pub at: Option<Timestamp>,
    /// Earlier cases of the same cluster.
    pub history: Vec<HistoryLine>,
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

/// What a document is beside the one that was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = NoticeStanding)]
pub enum Standing {
    /// The document itself.
    #[default]
    Issued,
    /// Nothing was sent yet: no number, no date, no links.
    Preview,
    /// A translation of a document that was sent in another language.
    Translation,
}

impl Standing {
    fn is_issued(&self) -> bool {
        *self == Standing::Issued
    }
}

/// A complete notice. Only [`Notice::complete`] makes one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Notice {
    /// What it is, where it is not the document that was sent.
    #[serde(default, skip_serializing_if = "Standing::is_issued")]
    pub standing: Standing,
    /// Its number; of a translation that of the document; none in a preview.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Language of the document that a translation is of, by its own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_in: Option<String>,
    /// Nothing in it is controlled in the platform's jurisdictions: an early-warning advice under the platform's own terms.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub advice: bool,
    /// Code of the language its sentences are in.
    pub language: String,
    /// Case.
    pub referral: ReferralId,
    /// Platform it goes to.
    pub platform: PlatformId,
    /// When it was written; none in a preview.
    #[schema(required = false)]
    pub at: Timestamp,
    /// Title of the listing.
    pub title: String,
    /// Exact locations.
    pub urls: Vec<String>,
    /// The platform's own ids of the listings, where they are known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listing_ids: Vec<String>,
    /// What is offered, and on what legal ground it is controlled.
    pub substances: Vec<NoticeSubstance>,
    /// What was found, as data.
    pub findings: Vec<Finding>,
    /// The same as sentences: why the listing is believed to be illegal.
    pub reasons: Vec<String>,
    /// Places of the listings with the words marked.
    pub excerpts: Vec<Excerpt>,
    /// Evidence.
    pub evidence: Vec<NoticeEvidence>,
    /// Who signs.
    pub sender: NoticeSender,
    /// The agreement it rests on.
    pub agreement: String,
    /// Reference of the agreement.
    #[serde(default)]
    pub reference: String,
    /// The authority the agreement is with.
    #[serde(default)]
    pub authority: String,
    /// What is asked.
    pub request: String,
    /// Where to answer; none in a preview.
    #[schema(required = false)]
    pub answer: String,
    /// Where the affected party may contest; none in a preview.
    #[schema(required = false)]
    pub contest: String,
    /// Until when both links work; none in a preview.
    #[schema(required = false)]
    pub links_until: Timestamp,
    /// The sender's statement of good faith.
    pub good_faith: String,
    /// Who decided that it leaves.
    pub decided_by: DecidedBy,
    /// How automation was used and who decided, in words.
    pub automation: String,
    /// Version of the watchlist.
    pub watchlist: String,
    /// Earlier cases of the same cluster that the platform knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<String>,
}

impl Notice {
    /// Checks that nothing is missing, and says it in the platform's language.
    ///
    /// # Errors
    /// The first field that is missing.
    pub fn complete(draft: NoticeDraft) -> Result<Self, MissingField> {
        let missing = |field, hint| MissingField { field, hint };
        let words = Catalogue::of(&draft.language);
        let substances = substances_of(&draft.assessments);
        let findings = findings_of(&draft.assessments);
        let filled = |text: &str| !text.trim().is_empty();
        let sender = draft.sender.filter(|s| [&s.name, &s.address, &s.contact].iter().all(|field| filled(field)));
        if draft.urls.is_empty() {
            return Err(missing("urls", "the case has no listing; scan the platform again"));
        }
        if substances.is_empty() {
            return Err(missing("substances", "the case names no substance; dismiss it"));
        }
        if !findings.iter().any(Finding::names_a_substance) {
            return Err(missing("reasons", "no words of the listing are on record; run `listingwatch rescreen`"));
        }
        if !substances.iter().any(NoticeSubstance::has_ground) {
            let hint = "the platform's jurisdictions control none of the substances, which have lawful uses; dismiss the case, or add \
                        the jurisdiction to [referral] jurisdictions";
            return Err(missing("legal_ground", hint));
        }
        if draft.evidence.is_empty() {
            return Err(missing("evidence", "no stored capture is cited; scan the platform again"));
        }
        if !filled(&draft.agreement) || !filled(&draft.authority) {
            return Err(missing("agreement", "fill in [agreement] reference and authority in the platform file"));
        }
        if !filled(&draft.answer) {
            return Err(missing("answer", "set [hub] public_url in listingwatch.toml"));
        }
        if !filled(&draft.contest) {
            return Err(missing("contest", "set [hub] public_url in listingwatch.toml"));
        }
        let decided_by = match draft.approver {
            Some(Approver::Person(name)) => DecidedBy::Person(name),
            Some(Approver::Policy) => DecidedBy::Policy,
            None => DecidedBy::Unrecorded,
        };
        let notice = Notice {
            standing: Standing::Issued,
            number: None,
            written_in: None,
            advice: !substances.iter().any(|substance| !substance.controls.is_empty()),
            language: words.code.to_owned(),
            referral: draft.referral.ok_or(missing("referral", "the case has no id"))?,
            platform: draft.platform.ok_or(missing("platform", "the case has no platform"))?,
            at: draft.at.ok_or(missing("at", "the notice has no date"))?,
            title: draft.title,
            urls: draft.urls,
            listing_ids: draft.listing_ids,
            substances,
            reasons: Vec::new(),
            findings,
            excerpts: draft.excerpts,
            evidence: draft.evidence,
            sender: sender.ok_or(missing("sender", "set [sender] name, address and contact in listingwatch.toml"))?,
            agreement: String::new(),
            reference: draft.agreement,
            authority: draft.authority,
            request: String::new(),
            answer: draft.answer,
            contest: draft.contest,
            links_until: draft.links_until.ok_or(missing("links_until", "the links have no end"))?,
            good_faith: String::new(),
            decided_by,
            automation: String::new(),
            watchlist: draft.assessments.first().map(|a| a.watchlist.clone()).unwrap_or_default(),
            history: draft.history.iter().filter_map(|line| history_in_words(line, words)).collect(),
        };
        Ok(notice.said(words))
    }

    /// The same with its sentences in another language. What was said of earlier cases stays as it was written.
    fn said(self, words: &Catalogue) -> Self {
        let decisions: Vec<String> =
            Decision::ALL.iter().map(|decision| decision_in_words(decision.name(), words).to_owned()).collect();
        let decisions = words.list(&decisions);
        let ask = if self.advice { "notice.advice_request" } else { "notice.request" };
        let mut request = words.fill(ask, &[("decisions", &decisions)]);
        if self.findings.iter().any(Finding::is_unsure) {
            request = format!("{} {request}", words.word("notice.unsure"));
        }
        Notice {
            language: words.code.to_owned(),
            reasons: self.findings.iter().map(|finding| finding.sentence(words)).collect(),
            agreement: words
                .fill("notice.agreement", &[("reference", &self.reference), ("authority", &self.authority)]),
            request,
            good_faith: format!("{} {}", words.word("notice.good_faith"), words.word("notice.voluntary")),
            automation: match &self.decided_by {
                _ if self.standing == Standing::Preview => words.word("notice.automation_pending").to_owned(),
                DecidedBy::Person(name) => words.fill("notice.automation_person", &[("name", name)]),
                DecidedBy::Policy => words.word("notice.automation_policy").to_owned(),
                DecidedBy::Unrecorded => words.word("notice.automation_unrecorded").to_owned(),
            },
            ..self
        }
    }

    /// The notice as it would read if the case were approved: without what an approval sets.
    #[must_use]
    pub fn into_preview(self) -> Self {
        let words = Catalogue::of(&self.language);
        let preview = Notice {
            standing: Standing::Preview,
            number: None,
            decided_by: DecidedBy::Unrecorded,
            answer: String::new(),
            contest: String::new(),
            ..self
        };
        preview.said(words)
    }

    /// A document that was sent, in another language for whoever reads it.
    #[must_use]
    pub fn translated(self, language: &str) -> Self {
        let words = Catalogue::of(language);
        if words.code == self.language {
            return self;
        }
        let written = Catalogue::of(&self.language).word("language.name").to_owned();
        Notice { standing: Standing::Translation, written_in: Some(written), ..self }.said(words)
    }

    /// The opening lines: what the document is, for whom, and when it was written.
    fn opening(&self, words: &Catalogue) -> Vec<Block> {
        let date = self.at.to_string();
        let about =
            [("platform", self.platform.as_str()), ("agreement", self.agreement.as_str()), ("date", date.as_str())];
        let number = self.number.as_deref().unwrap_or(self.referral.as_str());
        let mut lines = Vec::new();
        match self.standing {
            Standing::Preview => {
                lines.push(words.word("notice.preview").to_owned());
                lines.push(words.fill("notice.addressed_preview", &about[..2]));
            }
            Standing::Translation => {
                let language = self.written_in.as_deref().unwrap_or_default();
                lines.push(words.fill("notice.translation", &[("number", number), ("language", language)]));
                lines.push(words.fill("notice.addressed", &about));
            }
            Standing::Issued => {
                if self.number.is_some() {
                    lines.push(words.fill("notice.number", &[("number", number)]));
                }
                lines.push(words.fill("notice.addressed", &about));
            }
        }
        if self.advice {
            lines.push(words.word("notice.advice_nature").to_owned());
        }
        lines.into_iter().map(Block::Text).collect()
    }

    /// A way to reach us: how, and the link. A preview has none yet.
    fn way(&self, words: &Catalogue, key: &str, link: &str) -> Vec<Block> {
        if self.standing == Standing::Preview {
            return vec![Block::Text(words.word("notice.links_later").to_owned())];
        }
        let until = self.links_until.date().to_string();
        vec![Block::Text(words.fill(key, &[("date", &until)])), Block::Link(link.to_owned())]
    }

    /// The notice as a document, for text and HTML.
    pub fn document(&self) -> Document {
        let words = Catalogue::of(&self.language);
        let mut sections = vec![Section { heading: None, blocks: self.opening(words) }];
        sections.extend(self.parts(words).into_iter().map(|(_, section)| section));
        self.document_of(words, sections)
    }

    /// What of the notice concerns whoever published the listing: what it says of the listing, and who sent it. It names no
    /// person and holds neither what is asked of the platform nor the link by which that answers.
    pub fn document_for_affected_party(&self) -> Document {
        let words = Catalogue::of(&self.language);
        let concerns = |(part, section): (Part, Section)| match part {
            Part::OfTheListing => Some(section),
            Part::Automation => Some(match self.decided_by {
                DecidedBy::Person(_) => {
                    Section { blocks: vec![Block::Text(words.word("page.automation_person").to_owned())], ..section }
                }
                DecidedBy::Policy | DecidedBy::Unrecorded => section,
            }),
            Part::Platforms => None,
        };
        self.document_of(words, self.parts(words).into_iter().filter_map(concerns).collect())
    }

    fn document_of(&self, words: &Catalogue, sections: Vec<Section>) -> Document {
        let heading = if self.advice { "notice.advice_heading" } else { "notice.heading" };
        let title = words.fill(heading, &[("referral", self.referral.as_str())]);
        Document { language: words.code, rtl: words.rtl, title, sections }
    }

    /// The parts of the notice after its opening lines.
    fn parts(&self, words: &Catalogue) -> Vec<(Part, Section)> {
        let part = |whose: Part, key: &str, blocks| (whose, Section::new(words.word(key), blocks));
        let (why, ground) = match self.advice {
            true => ("notice.advice_why", "notice.advice_ground"),
            false => ("notice.why", "notice.ground"),
        };
        let grounds = self.substances.iter().map(|substance| {
            let quoted: Vec<String> = substance.words.iter().map(|word| format!("“{word}”")).collect();
            let mut lines = vec![
                words.fill("notice.in_listing", &[("words", &words.list(&quoted))]),
                substance.use_in_words(words),
            ];
            lines.extend(substance.grounds(words));
            Block::Term(substance.name.clone(), lines)
        });
        let evidence = self.evidence.iter().flat_map(|one| {
            let kept = words.fill("notice.kept", &[("digest", &one.payload_digest), ("record", &one.record_id)]);
            let captured = words.fill("notice.captured", &[("date", &one.captured_at.to_string())]);
            [Block::Codes(vec![one.url.clone()]), Block::List(vec![captured, kept])]
        });
        let mut sections = vec![
            part(
                Part::OfTheListing,
                "notice.listing",
                vec![
                    Block::Excerpt(vec![crate::referral::document::Piece { text: self.title.clone(), marked: false }]),
                    Block::Codes(self.urls.clone()),
                ],
            ),
            part(Part::OfTheListing, why, vec![Block::List(self.reasons.clone())]),
        ];
        if !self.excerpts.is_empty() {
            let shown = self.excerpts.iter().map(|excerpt| Block::Excerpt(excerpt.pieces.clone())).collect();
            sections.push(part(Part::OfTheListing, "notice.words", shown));
        }
        sections.push(part(Part::OfTheListing, ground, grounds.collect()));
        sections.push(part(Part::OfTheListing, "notice.evidence", evidence.collect()));
        if !self.history.is_empty() {
            sections.push(part(Part::Platforms, "notice.history", vec![Block::List(self.history.clone())]));
        }
        sections.extend([
            part(Part::Platforms, "notice.asked", vec![Block::Text(self.request.clone())]),
            part(Part::Platforms, "notice.answer", self.way(words, "notice.answer_how", &self.answer)),
            part(Part::Platforms, "notice.contest", self.way(words, "notice.contest_how", &self.contest)),
            part(Part::Automation, "notice.automation", vec![Block::Text(self.automation.clone())]),
            part(
                Part::Platforms,
                "notice.statement",
                vec![
                    Block::Text(self.good_faith.clone()),
                    Block::Text(words.fill("notice.watchlist", &[("version", &self.watchlist)])),
                ],
            ),
            part(
                Part::OfTheListing,
                "notice.sender",
                vec![Block::Address(vec![
                    self.sender.name.clone(),
                    self.sender.address.clone(),
                    self.sender.contact.clone(),
                ])],
            ),
        ]);
        sections
    }

    /// The notice as plain text.
    pub fn text(&self) -> String {
        self.document().text()
    }
}

/// Whom a part of a notice concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Everybody: it speaks of the listing, or says who sends the notice.
    OfTheListing,
    /// Everybody, but for the name of whoever decided.
    Automation,
    /// The platform.
    Platforms,
}

/// A decision in words. Its code is for machines, which read it in the API's description.
fn decision_in_words<'c>(code: &'c str, words: &'c Catalogue) -> &'c str {
    words.maybe(&format!("decision.{code}")).unwrap_or(code)
}

/// What the platform may read of an earlier case; nothing of what an authority decided by itself.
fn history_in_words(line: &HistoryLine, words: &Catalogue) -> Option<String> {
    let HistoryLine::Earlier(earlier) = line else { return None };
    if !earlier.known_to_platform {
        return None;
    }
    let Earlier { referral, ended, reason, reference, at, because, .. } = earlier;
    let date = at.date().to_string();
    let about = [("referral", referral.as_str()), ("date", date.as_str())];
    let mut said = match (ended.as_str(), because) {
        (_, Because::Corrected) => words.fill("earlier.corrected", &about),
        ("withdrawn", _) => words.fill("earlier.withdrawn", &about),
        (decision, _) => {
            let decision = decision_in_words(decision, words);
            words.fill("earlier.line", &[about[0], about[1], ("decision", decision)])
        }
    };
    let mut add = |sentence: String| {
        said.push(' ');
        said.push_str(&sentence);
    };
    if let Some(reason) = reason {
        add(words.fill("earlier.reason", &[("reason", reason)]));
    }
    if let Some(reference) = reference {
        add(words.fill("earlier.reference", &[("reference", reference)]));
    }
    match because {
        Because::ListingChanged => add(words.word("earlier.listing-changed").to_owned()),
        Because::EntryChanged => add(words.word("earlier.entry-changed").to_owned()),
        Because::Corrected => {}
    }
    Some(said)
}

#[cfg(test)]
mod tests;

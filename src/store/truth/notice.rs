//! What is on record of a case, as the material of its notice, and the approval that needs it complete.

use std::collections::HashMap;

use crate::referral::excerpt;
use crate::referral::issued::{DocumentTold, Issued, IssuedHead, written};
use crate::referral::language::Catalogue;
use crate::referral::notice::{MissingField, Notice, NoticeDraft, NoticeEvidence, NoticeSender, Standing};
use crate::referral::state::{Intervals, ReferralState};
use crate::store::truth::cases::ReferralFull;
use crate::store::truth::{OnRecord, Truth, TruthError};
use crate::vocab::actor::{Actor, ActorKind, Approver};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::ReferralId;
use crate::vocab::platform::{Platform, Use};
use crate::vocab::time::Timestamp;

/// What a notice says that is not on record: who signs, and the addresses to answer and to contest.
#[derive(Debug, Clone)]
pub struct NoticeTerms {
    /// Who signs.
    pub sender: Option<NoticeSender>,
    /// Where the platform answers.
    pub answer: String,
    /// Where the affected party contests.
    pub contest: String,
    /// Until when both links work.
    pub links_until: Timestamp,
    /// Language to write in instead of the platform's.
    pub language: Option<String>,
}

/// How often an approval is tried where scans change the case at the same time.
const APPROVAL_ATTEMPTS: u8 = 5;

/// Listings of a case that are quoted; all are named by their addresses.
const LISTINGS_QUOTED: usize = 5;

impl ReferralFull {
    /// Who approved the case, where it is on record.
    pub fn approver(&self) -> Option<Approver> {
        match self.approved_kind? {
            ActorKind::Person => self.approved_by.clone().map(Approver::Person),
            ActorKind::Policy => Some(Approver::Policy),
            ActorKind::Job => None,
        }
    }

    /// Addresses of pages, each page once, in the form the case names it; sorted.
    pub fn pages<'a>(&self, urls: impl Iterator<Item = &'a String>) -> Vec<String> {
        let mut pages: HashMap<String, &String> = HashMap::new();
        for url in urls {
            let page =
                FoundUrl::parse(url, None).map_or_else(|_| url.clone(), |url| url.canonical().as_str().to_owned());
            let named = self.row.urls.contains(url);
            pages.entry(page).and_modify(|held| *held = if named { url } else { *held }).or_insert(url);
        }
        let mut urls: Vec<String> = pages.into_values().cloned().collect();
        urls.sort();
        urls
    }

    /// The complete notice of the case. `approver` is who is about to approve it, where nobody has yet.
    ///
    /// # Errors
    /// The first field that is missing.
    pub fn notice(
        &self,
        platform: &Platform,
        terms: NoticeTerms,
        approver: Option<Approver>,
        now: Timestamp,
    ) -> Result<Notice, MissingField> {
        let open = self.pages(self.hits.iter().filter(|hit| hit.gone_at.is_none()).map(|hit| &hit.url));
        let urls = if open.is_empty() { self.pages(self.row.urls.iter()) } else { open };
        let agreement = &platform.agreement;
        Notice::complete(NoticeDraft {
            language: terms.language.unwrap_or_else(|| platform.referral.language.clone()),
            referral: ReferralId::parse(&self.row.id).ok(),
            platform: Some(platform.id.clone()),
            title: self.row.title.clone(),
            urls,
            assessments: self.hits.iter().map(|hit| hit.assessment.clone()).collect(),
            listing_ids: self.row.listing_ids.clone(),
            excerpts: self
                .hits
                .iter()
                .take(LISTINGS_QUOTED)
                .flat_map(|hit| excerpt::of(&hit.url, &hit.title, &hit.text, &hit.assessment))
                .collect(),
            evidence: self
                .hits
                .iter()
                .map(|hit| NoticeEvidence {
                    url: hit.url.clone(),
                    captured_at: hit.captured_at,
                    payload_digest: hit.payload_digest.clone(),
                    record_id: hit.warc_record.clone(),
                })
                .collect(),
            sender: terms.sender,
            agreement: agreement.reference.clone(),
            authority: agreement.authority.clone(),
            answer: terms.answer,
            contest: terms.contest,
            links_until: Some(terms.links_until),
            approver: approver.or_else(|| self.approver()),
            at: Some(now),
            history: self.history.clone(),
        })
    }
}

/// A notice in each of its forms: the bytes that were sent, or what would be.
#[derive(Debug, Clone)]
pub struct NoticeForms {
    /// What the document is known by; none where none was kept.
    pub head: Option<IssuedHead>,
    /// As JSON.
    pub json: String,
    /// As text.
    pub text: String,
    /// As a whole HTML page.
    pub html: String,
}

impl NoticeForms {
    /// The HTML form without `html` and `body`.
    pub fn fragment(&self) -> &str {
        let body = self.html.split_once("<body>").map_or(self.html.as_str(), |(_, body)| body);
        body.rsplit_once("</body>").map_or(body, |(body, _)| body).trim()
    }

    /// The JSON form, to be put into other JSON.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn value(&self) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::from_str(&self.json)
    }
}

impl From<Issued> for NoticeForms {
    fn from(issued: Issued) -> Self {
        let Issued { head, json, text, html } = issued;
        NoticeForms { head: Some(head), json, text, html }
    }
}

/// What a platform is told with a step of a case.
#[derive(Debug, Clone, Default)]
pub struct Brought {
    /// The notice as JSON; none where the case was taken back.
    pub notice: Option<serde_json::Value>,
    /// The document of the step: number, kind, date and digests, and what it says besides the notice.
    pub document: Option<DocumentTold>,
    /// That document in its forms; none of cases that left before documents were kept.
    pub forms: Option<NoticeForms>,
}

impl Truth {
    /// The notice of a case as it was sent, or its translation; before the case left, a preview. Of a case that left before
    /// notices were kept it is made anew of what is on record.
    ///
    /// # Errors
    /// When the notice was erased or lacks a field, or SQLite fails.
    pub fn notice_forms(
        &self,
        full: &ReferralFull,
        platform: &Platform,
        terms: NoticeTerms,
    ) -> Result<NoticeForms, TruthError> {
        let id = ReferralId::parse(&full.row.id).map_err(|error| TruthError::Value(error.to_string()))?;
        let language = terms.language.clone();
        match self.last_notice(&id)? {
            Some(OnRecord { document: Some(issued), head }) => {
                let wanted = language.filter(|wanted| !Catalogue::of(wanted).code.eq_ignore_ascii_case(&head.language));
                let Some(wanted) = wanted else { return Ok(issued.into()) };
                let notice: Notice = serde_json::from_str(&issued.json)?;
                self.forms_of(&notice.translated(&wanted))
            }
            Some(OnRecord { document: None, head }) => Err(TruthError::Erased(erased(&head))),
            None if full.lifecycle.is_visible_to_platform() => {
                // Dated by the case's last change, so that one version of a notice reads the same each time.
                self.forms_of(&full.notice(platform, terms, None, full.row.updated)?)
            }
            None => self.notice_preview(full, platform, terms),
        }
    }

    /// The notice as it would be sent if the case were approved now.
    ///
    /// # Errors
    /// When the notice lacks a field.
    pub fn notice_preview(
        &self,
        full: &ReferralFull,
        platform: &Platform,
        terms: NoticeTerms,
    ) -> Result<NoticeForms, TruthError> {
        self.forms_of(&full.notice(platform, terms, None, full.row.updated)?.into_preview())
    }

    /// What the platform is told with a step of a case: the notice, unless it is taken back, and the document of the step.
    ///
    /// # Errors
    /// When the notice lacks a field, or SQLite fails.
    pub fn told_with(
        &self,
        full: &ReferralFull,
        platform: &Platform,
        event: i64,
        terms: NoticeTerms,
    ) -> Result<Brought, TruthError> {
        let id = ReferralId::parse(&full.row.id).map_err(|error| TruthError::Value(error.to_string()))?;
        let document = self.issued_with(&id, event)?;
        let forms = document.as_ref().and_then(|found| found.document.clone()).map(NoticeForms::from);
        let says =
            document.as_ref().and_then(|found| found.document.as_ref()).map(|issued| issued.says()).transpose()?;
        let document = document.map(|found| DocumentTold { head: found.head, says: says.flatten() });
        let taken_back = matches!(full.lifecycle, ReferralState::Withdrawn { .. } | ReferralState::Corrected);
        let notice = if taken_back { None } else { Some(self.notice_forms(full, platform, terms)?.value()?) };
        Ok(Brought { notice, document, forms })
    }

    fn forms_of(&self, notice: &Notice) -> Result<NoticeForms, TruthError> {
        let document = notice.document();
        let mut value = serde_json::to_value(notice)?;
        if notice.standing == Standing::Preview
            && let Some(fields) = value.as_object_mut()
        {
            // The approval sets them.
            ["at", "links_until", "answer", "contest"].iter().for_each(|field| drop(fields.remove(*field)));
        }
        let json = written(&value);
        Ok(NoticeForms { head: None, json, text: document.text(), html: (self.print)(&document) })
    }

    /// One document of a case in its forms.
    ///
    /// # Errors
    /// When there is none of that number, it was erased, or SQLite fails.
    pub fn document_forms(&self, referral: &ReferralId, serial: u32) -> Result<NoticeForms, TruthError> {
        let OnRecord { head, document } = self.issued(referral, serial)?;
        document.map(NoticeForms::from).ok_or_else(|| TruthError::Erased(erased(&head)))
    }

    /// Approves a case, after making sure that its notice is complete.
    ///
    /// # Errors
    /// When the notice lacks a field, the state does not allow it, or SQLite refuses.
    pub fn approve(
        &self,
        id: &ReferralId,
        platform: &Platform,
        terms: NoticeTerms,
        read: Option<i64>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<ReferralState, TruthError> {
        if !platform.agreement.allows(Use::Referral) {
            let hint = "the agreement lets its data be used for other things only; add \"referral\" to [agreement] uses, if it does";
            return Err(MissingField { field: "uses", hint }.into());
        }
        let policy = &platform.referral;
        let by = (policy.channels.as_slice(), Intervals::of(policy));
        let mut left = APPROVAL_ATTEMPTS;
        loop {
            let full = self.referral(id)?;
            if read.is_some_and(|read| full.row.change != read) {
                let why = "the case changed since you read it; read it again and decide then";
                return Err(TruthError::Conflict(why.to_owned()));
            }
            let notice = full.notice(platform, terms.clone(), Approver::of(actor), now)?;
            left -= 1;
            match self.approve_with(&notice, full.row.change, actor, by, now) {
                // A scan saw the case in between: the notice is made anew of what it is now.
                Err(TruthError::Conflict(_)) if left > 0 => {}
                approved => return approved,
            }
        }
    }
}

fn erased(head: &IssuedHead) -> String {
    format!(
        "the text of `{}` was erased because it names people; its digests are {}, {} and {}",
        head.number, head.digests.json, head.digests.text, head.digests.html
    )
}

//! What is on record of a case, as the material of its notice, and the approval that needs it complete.

use std::collections::HashMap;

use crate::referral::excerpt;
use crate::referral::notice::{MissingField, Notice, NoticeDraft, NoticeEvidence, NoticeSender};
use crate::referral::state::{Event, Intervals, ReferralState};
use crate::store::truth::cases::ReferralFull;
use crate::store::truth::{Truth, TruthError};
use crate::vocab::actor::{Actor, ActorKind, Approver};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::ReferralId;
use crate::vocab::platform::Platform;
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

impl Truth {
    /// Approves a case, after making sure that its notice is complete.
    ///
    /// # Errors
    /// When the notice lacks a field, the state does not allow it, or SQLite refuses.
    pub fn approve(
        &self,
        id: &ReferralId,
        platform: &Platform,
        terms: NoticeTerms,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<ReferralState, TruthError> {
        self.referral(id)?.notice(platform, terms, Approver::of(actor), now)?;
        let policy = &platform.referral;
        self.apply(id, Event::Approve, actor, &policy.channels, Intervals::of(policy), now)
    }
}

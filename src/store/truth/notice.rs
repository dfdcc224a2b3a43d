//! What is on record of a case, as the material of its notice.

use crate::referral::notice::{NoticeDraft, NoticeEvidence, NoticeSender};
use crate::store::truth::cases::ReferralFull;
use crate::vocab::ids::ReferralId;
use crate::vocab::platform::Platform;
use crate::vocab::time::Timestamp;

impl ReferralFull {
    /// The notice's material; [`crate::referral::notice::Notice::complete`] says what it lacks.
    pub fn notice_draft(
        &self,
        platform: &Platform,
        sender: Option<NoticeSender>,
        public_url: &str,
        approved_by: Option<&str>,
        now: Timestamp,
    ) -> NoticeDraft {
        let base = public_url.trim_end_matches('/');
        let address = |path: &str| if base.is_empty() { String::new() } else { format!("{base}{path}") };
        let mut urls: Vec<String> =
            self.hits.iter().filter(|hit| hit.gone_at.is_none()).map(|hit| hit.url.clone()).collect();
        if urls.is_empty() {
            urls.clone_from(&self.row.urls);
        }
        urls.sort();
        urls.dedup();
        let agreement = &platform.agreement;
        NoticeDraft {
            referral: ReferralId::parse(&self.row.id).ok(),
            platform: Some(platform.id.clone()),
            title: self.row.title.clone(),
            urls,
            assessments: self.hits.iter().map(|hit| hit.assessment.clone()).collect(),
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
            sender,
            agreement: format!("{} with {}", agreement.reference, agreement.authority),
            answer: address(&format!("/referrals/{}", self.row.id)),
            contest: address(&format!("/referrals/{}/contest", self.row.id)),
            approved_by: approved_by.map(str::to_owned).or_else(|| self.approved_by.clone()),
            at: Some(now),
            history: self.history.clone(),
        }
    }
}

//! The rooms a driver works with, built once by `app`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::archive::warc_file::WarcWriter;
use crate::config::settings::Settings;
use crate::detect::Detector;
use crate::engine::disk::Disk;
use crate::engine::examiners::Examiners;
use crate::engine::mandate::Purses;
use crate::engine::scan::worker::CurrentDetector;
use crate::fetch::client::Client;
use crate::fetch::gate::Gate;
use crate::outbound::links::NoticeDesk;
use crate::store::hot::HotStore;
use crate::store::keys::KeyRing;
use crate::store::truth::{NoticeTerms, Truth};
use crate::vocab::identity::Identity;
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::platform::Channel;
use crate::vocab::time::{Clock, Timestamp};

/// Everything a loop needs, shared.
pub struct Rooms {
    /// The only way to the network.
    pub gate: Arc<Gate>,
    /// Frontier, politeness ledger, dedup index (sled).
    pub hot: Arc<HotStore>,
    /// The record of truth (SQLite).
    pub truth: Arc<Truth>,
    /// Where evidence is written; one writer, used from the committer's thread.
    pub warc: Mutex<WarcWriter>,
    /// The compiled watchlist; replaced as a whole when it is reloaded.
    pub detector: CurrentDetector,
    /// The threads that read pages.
    pub examiners: Arc<Examiners>,
    /// The disk the data directory lies on.
    pub disk: Arc<Disk>,
    /// Sends to webhooks through the address guard.
    pub poster: Client,
    /// Signing keys.
    pub keys: KeyRing,
    /// The keys that sign requests, as the client uses and the hub publishes them.
    pub identity: Arc<Identity>,
    /// What mandates still allow, counted where every request passes.
    pub purses: Purses,
    /// Held while hits are given clusters and recorded: two copies of an offer recorded at once must find one cluster.
    pub recording: Mutex<()>,
    /// Held by the step of dispatch that runs: two at once would send one message twice.
    pub dispatching: tokio::sync::Mutex<()>,
    /// Receivers of messages that are still on their way from an earlier step of dispatch.
    pub busy: Mutex<HashSet<(PlatformId, Channel)>>,
    /// Who signs notices, and their links.
    pub desk: NoticeDesk,
    /// Settings.
    pub settings: Arc<Settings>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl Rooms {
    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// What the notice of a case that last changed at `changed` says besides what is on record.
    pub fn notice_terms(&self, referral: &ReferralId, changed: Timestamp) -> NoticeTerms {
        let links = self.desk.links(referral, changed);
        NoticeTerms {
            sender: self.desk.sender.clone(),
            answer: links.answer,
            contest: links.contest,
            links_until: links.until,
            language: None,
        }
    }

    /// The compiled watchlist in use.
    pub fn detector(&self) -> Arc<Detector> {
        self.detector.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a newly compiled watchlist in use; pages already handed to the examiner keep the old one.
    pub fn replace_detector(&self, detector: Detector) {
        *self.detector.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(detector);
    }
}

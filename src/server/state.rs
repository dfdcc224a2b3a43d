//! What the hub works with, and what it asks of the program around it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::watch;

use crate::detect::Detector;
use crate::detect::assessment::Verdict;
use crate::listing::feed::Offered;
use crate::outbound::links::NoticeDesk;
use crate::referral::outcome::Decision;
use crate::report::coverage::span;
use crate::server::idempotency::Replies;
use crate::server::limits::Limiter;
use crate::server::problem::Problem;
use crate::store::truth::{NoticeTerms, Principal, Truth, TruthError};
use crate::vocab::identity::Identity;
use crate::vocab::ids::{PlatformId, ReferralId};
use crate::vocab::platform::Platform;
use crate::vocab::time::{Clock, Timestamp};

/// How the hub can be reached; decides on the cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Plain HTTP on this machine only.
    Loopback,
    /// TLS, ended here or by a proxy in front.
    Secure,
}

/// What the hub is told once, at its start.
#[derive(Debug, Clone)]
pub struct HubSettings {
    /// Who signs notices, the public address, the key of links.
    pub desk: NoticeDesk,
    /// How it can be reached.
    pub exposure: Exposure,
    /// What reports say of the sender.
    pub report: crate::config::settings::Report,
    /// Folder of WARC files.
    pub warc: PathBuf,
    /// Bytes of one listing that is screened or handed over.
    pub listing_bytes: usize,
    /// The crawler's User-Agent.
    pub user_agent: String,
    /// The keys that sign the crawler's requests.
    pub identity: Arc<Identity>,
    /// Where to reach the people behind the crawler.
    pub contact: String,
    /// Requests a second one token may make.
    pub requests_per_second: u32,
    /// Requests one token may make at once after a pause.
    pub burst: u32,
}

/// How far the scan of one platform is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ScanProgress {
    /// Platform.
    pub platform: String,
    /// Pages fetched.
    pub pages: u64,
    /// Listings read.
    pub listings: u64,
    /// Listings judged `review` or `refer`.
    pub hits: u64,
    /// Cases opened.
    pub referrals_new: u64,
    /// Pages a second over the last seconds.
    pub pages_per_second: f64,
    /// URLs known and still to be asked for.
    pub left: u64,
    /// How long that will take at the pace so far.
    pub seconds_left: Option<u64>,
    /// Hosts that wait: host, until when, why.
    #[schema(value_type = Vec<Vec<String>>)]
    pub waiting: Vec<(String, Timestamp, String)>,
    /// Whether it has ended.
    pub ended: bool,
}

/// A listing a platform handed over.
#[derive(Debug, Clone)]
pub struct PushedListing {
    /// The platform's id of it.
    pub id: String,
    /// The listing and where it is published.
    pub offered: Offered,
    /// The posted object.
    pub body: serde_json::Value,
}

impl ScanProgress {
    /// How long the rest takes at the pace so far, in words.
    pub fn time_left(&self) -> Option<String> {
        self.seconds_left.map(span)
    }
}

/// Listings a platform handed over in one call.
pub struct PushedCall {
    /// Platform.
    pub platform: PlatformId,
    /// In their order.
    pub listings: Vec<PushedListing>,
    /// When the call began, on which its time depends.
    pub begun: Instant,
}

/// The verdict on one pushed listing, or why it was not taken in.
pub type Judged = Result<Verdict, String>;

type Hook<I, O> = Box<dyn Fn(I) -> O + Send + Sync>;

/// What the program around the hub does for it.
pub struct ServerHooks {
    /// Platforms in use.
    pub platforms: Hook<(), Vec<Arc<Platform>>>,
    /// The compiled watchlist in use.
    pub detector: Hook<(), Arc<Detector>>,
    /// A platform answered a case.
    pub answered: Hook<(ReferralId, Decision), ()>,
    /// When the platform's schedule starts the next scan.
    pub next_scan: Hook<PlatformId, Option<Timestamp>>,
    /// Progress of running scans.
    pub progress: Hook<(), Vec<ScanProgress>>,
    /// Judges and records listings a platform handed over, in order; blocks. The outer error says that nothing of the call was recorded, an inner one why one listing was not.
    pub take_in: Hook<PushedCall, Result<Vec<Judged>, String>>,
}

/// The hub's state; cheap to clone.
#[derive(Clone)]
pub struct ServerState(Arc<Inner>);

struct Inner {
    truth: Arc<Truth>,
    clock: Arc<dyn Clock>,
    hooks: ServerHooks,
    hub: HubSettings,
    limiter: Limiter,
    replies: Replies,
    // A small map; never held across an await.
    links: Mutex<HashMap<String, (Principal, Timestamp)>>,
    // A small map; never held across an await.
    said: Mutex<HashMap<String, (String, Timestamp)>>,
    stopping: watch::Sender<bool>,
}

/// How long a sentence waits for the page that shows it, and how many do.
const SAID_LIFE: Duration = Duration::from_secs(300);
const SAID_LIMIT: usize = 1000;

/// How long a one-time sign-in link works.
const SIGN_IN_LINK_LIFE: Duration = Duration::from_secs(24 * 3600);

impl ServerState {
    /// Puts the hub together.
    pub fn new(truth: Arc<Truth>, clock: Arc<dyn Clock>, hooks: ServerHooks, hub: HubSettings) -> Self {
        let limiter = Limiter::new(hub.requests_per_second, hub.burst);
        ServerState(Arc::new(Inner {
            truth,
            clock,
            hooks,
            hub,
            limiter,
            replies: Replies::default(),
            links: Mutex::default(),
            said: Mutex::default(),
            stopping: watch::channel(false).0,
        }))
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// What the program around the hub does for it.
    pub fn hooks(&self) -> &ServerHooks {
        &self.0.hooks
    }

    /// What the hub was told at its start.
    pub fn hub(&self) -> &HubSettings {
        &self.0.hub
    }

    pub(super) fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    pub(super) fn replies(&self) -> &Replies {
        &self.0.replies
    }

    /// Runs `work` on the record of truth, on a thread that may block.
    ///
    /// # Errors
    /// What the record of truth refuses, as the caller will see it.
    pub async fn truth<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Truth) -> Result<T, TruthError> + Send + 'static,
    ) -> Result<T, Problem> {
        let truth = self.0.truth.clone();
        match tokio::task::spawn_blocking(move || work(&truth)).await {
            Ok(result) => result.map_err(Problem::from),
            Err(error) => Err(Problem::internal(&error)),
        }
    }

    /// Runs a look-up by key on the record of truth at once: it takes some twenty microseconds, less than handing it to
    /// another thread. Readers never wait for the writer.
    ///
    /// # Errors
    /// What the record of truth refuses, as the caller will see it.
    pub(super) fn look_up<T>(&self, work: impl FnOnce(&Truth) -> Result<T, TruthError>) -> Result<T, Problem> {
        work(&self.0.truth).map_err(Problem::from)
    }

    /// Platforms in use.
    pub fn platforms(&self) -> Vec<Arc<Platform>> {
        (self.0.hooks.platforms)(())
    }

    /// One platform in use.
    ///
    /// # Errors
    /// When there is no agreement with it.
    pub fn platform(&self, id: &PlatformId) -> Result<Arc<Platform>, Problem> {
        self.platforms()
            .into_iter()
            .find(|platform| platform.id == *id)
            .ok_or_else(|| Problem::not_found("platform", id.as_str()))
    }

    /// What the notice of a case that last changed at `changed` says besides what is on record.
    pub fn notice_terms(&self, referral: &ReferralId, changed: Timestamp) -> NoticeTerms {
        let desk = &self.hub().desk;
        let links = desk.links(referral, changed);
        NoticeTerms {
            sender: desk.sender.clone(),
            answer: links.answer,
            contest: links.contest,
            links_until: links.until,
            language: None,
        }
    }

    /// Keeps a sentence for the page that follows; answers the word in its address by which the page finds it, once. A text that
    /// stands in an address itself is nothing we said.
    pub(super) fn say(&self, sentence: String) -> String {
        let mut bytes = [0; 12];
        if getrandom::fill(&mut bytes).is_err() {
            return String::new();
        }
        let code = data_encoding::BASE64URL_NOPAD.encode(&bytes);
        let (now, mut said) = (self.now(), self.0.said.lock().unwrap_or_else(PoisonError::into_inner));
        said.retain(|_, (_, until)| *until > now);
        // Where too many wait, the oldest goes: whoever acts now must read what came of it.
        if said.len() >= SAID_LIMIT
            && let Some(oldest) = said.iter().min_by_key(|(_, (_, until))| *until).map(|(code, _)| code.clone())
        {
            said.remove(&oldest);
        }
        said.insert(code.clone(), (sentence, now.after(SAID_LIFE)));
        code
    }

    /// The sentence that was kept under a word, if it is still to be shown.
    pub(super) fn said(&self, code: Option<&str>) -> Option<String> {
        let mut said = self.0.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.remove(code?).map(|(sentence, _)| sentence)
    }

    /// A path that signs the owner of `token` in once. Empty when the token is not valid or the system has no randomness.
    pub fn one_time_link(&self, token: &str) -> String {
        let mut bytes = [0; 24];
        let principal = self.0.truth.principal(token, self.now());
        let (Ok(Some(principal)), Ok(())) = (principal, getrandom::fill(&mut bytes)) else { return String::new() };
        let code = data_encoding::BASE64URL_NOPAD.encode(&bytes);
        let until = self.now().after(SIGN_IN_LINK_LIFE);
        self.0.links.lock().unwrap_or_else(PoisonError::into_inner).insert(code.clone(), (principal, until));
        format!("/console/enter/{code}")
    }

    /// Whom a one-time code stands for; it works once.
    pub(super) fn redeem(&self, code: &str) -> Option<Principal> {
        let now = self.now();
        let mut links = self.0.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|_, (_, until)| *until > now);
        links.remove(code).map(|(principal, _)| principal)
    }

    /// Tells open streams to end.
    pub(super) fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Becomes true when the hub stops.
    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }
}

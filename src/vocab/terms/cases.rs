//! What happens with a case and around it: where a hit came from, what is told, what a recheck saw, who may do what.

use crate::vocab::terms::{Category, Verdict, terms};

terms! {
    /// How a listing came to us.
    "origin of a hit" pub enum HitOrigin {
        /// A page we fetched.
        Page = "page",
        /// An entry of a platform's feed.
        Feed = "feed",
        /// A platform's push.
        Push = "push",
    }

    /// How urgent a case is.
    "severity" pub enum Severity {
        /// Synthetic opioids and new psychoactive substances, with a verdict of `refer`.
        High = "high",
        /// Precursors and other controlled drugs, with a verdict of `refer`.
        Medium = "medium",
        /// Equipment, and what a person is to look at.
        Low = "low",
    }

    /// How a notice says that a substance is written.
    "way of naming" pub enum NoticeHow {
        /// By its name.
        Name = "name",
        /// By an identifier.
        Identifier = "identifier",
        /// In disguise.
        Disguise = "disguise",
        /// By a spelling that is only close to it.
        Near = "near",
        /// By a street name.
        Street = "street",
    }

    /// What a delivery tells the platform, as webhooks and feeds name it.
    "message" pub enum Message {
        /// A new case.
        Created = "referral.created",
        /// The case changed, or is said again.
        Updated = "referral.updated",
        /// The case was taken back.
        Withdrawn = "referral.withdrawn",
        /// The listing came back.
        Relisted = "listing.relisted",
        /// The listing of an open case changed.
        Changed = "listing.changed",
    }

    /// What one look saw of one page.
    "finding of a recheck" pub enum Sight {
        /// The page still offers it.
        Live = "live",
        /// 404.
        NotFound = "404",
        /// 410.
        Removed = "410",
        /// The address leads to another page, which does not offer it.
        Redirected = "redirected",
        /// 200, and the page says that there is none.
        SoftNotFound = "soft-404",
        /// The page says that the item has ended.
        Ended = "ended",
        /// The page is there and offers something else, or nothing.
        Changed = "changed",
        /// The page says that the seller is gone.
        SellerGone = "seller-gone",
        /// The platform could not be asked.
        NotSeen = "not-seen",
    }

    /// What a recheck saw of a case, over all its pages.
    "result of a recheck" pub enum CaseSight {
        /// No page offers it any more.
        Gone = "gone",
        /// A page still offers it.
        Live = "live",
        /// Some pages could not be asked, and none was live.
        NotSeen = "not-seen",
    }

    /// What is known of one page of a case.
    "state of a page" pub enum PageState {
        /// The listing was there when the page was last seen.
        Live = "live",
        /// The listing was gone when the page was last seen; looks that are spaced have yet to show it.
        Gone = "gone",
        /// It was gone at every spaced look.
        ConfirmedGone = "confirmed-gone",
        /// It came back after its removal was verified.
        Back = "back",
    }

    /// What a token allows.
    "role" pub enum Role {
        /// Trust-and-safety team of one platform.
        Moderator = "moderator",
        /// Runs scans, approves, sees all platforms.
        Authority = "authority",
        /// Archive without personal data.
        Researcher = "researcher",
        /// A platform's machine: push and screen.
        Platform = "platform",
        /// Everything.
        Admin = "admin",
    }
}

impl Sight {
    /// Whether the listing is gone from this page.
    pub fn is_gone(self) -> bool {
        !matches!(self, Sight::Live | Sight::NotSeen)
    }
}

impl Severity {
    /// Of a case.
    pub fn of(category: Option<Category>, verdict: Verdict) -> Self {
        match (category, verdict) {
            (Some(Category::SyntheticOpioid | Category::Nps), Verdict::Refer) => Severity::High,
            (Some(Category::Precursor | Category::OtherControlled), Verdict::Refer) => Severity::Medium,
            _ => Severity::Low,
        }
    }
}

impl Role {
    /// Whether the role is bound to one platform.
    pub fn needs_platform(self) -> bool {
        matches!(self, Role::Moderator | Role::Platform)
    }
}

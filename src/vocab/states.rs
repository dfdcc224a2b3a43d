//! The states of a case. They stand apart from the other terms because queries name them as they are stored.

use crate::vocab::terms::terms;

terms! {
    /// Where a case is in its life.
    "state of a case" pub enum CaseState {
        /// Found while more cases of its platform were opened than an hour allows; it waits to be opened.
        Queued = "queued",
        /// Found by a scan; nobody decided yet.
        Drafted = "drafted",
        /// Another authority works on it; nothing leaves.
        Held = "held",
        /// A person, or the platform's agreed policy, let it go out.
        Approved = "approved",
        /// The notice left.
        Sent = "sent",
        /// The platform's side has it.
        Delivered = "delivered",
        /// The platform confirmed receipt.
        Acknowledged = "acknowledged",
        /// The platform answered.
        Decided = "decided",
        /// Removal was seen at every spaced check.
        VerifiedGone = "verified-gone",
        /// A listing of the cluster came back after removal.
        Relisted = "relisted",
        /// The platform keeps a listing it said it removed, or a re-listing was taken up again.
        Reopened = "reopened",
        /// The affected party contests it.
        Contested = "contested",
        /// A person decided that it is no case.
        Dismissed = "dismissed",
        /// Taken back after it was sent.
        Withdrawn = "withdrawn",
        /// Replaced by a corrected referral.
        Corrected = "corrected",
        /// Nobody acted in time.
        Expired = "expired",
        /// No channel could deliver it.
        Undeliverable = "undeliverable",
    }
}

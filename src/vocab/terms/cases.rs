//! What happens with a case and around it: who acts, where a hit came from, what a recheck saw.

use crate::vocab::terms::terms;

terms! {
    /// How a notice says that a substance is written.
    "way of naming" pub enum NoticeHow {
        /// By its name.
        Name = "name",
        /// By an identifier.
        Identifier = "identifier",
        /// In disguise.
        Disguise = "disguise",
        /// By a street name.
        Street = "street",
    }

    /// How a listing came to us.
    "origin of a hit" pub enum HitOrigin {
        /// A page we fetched.
        Page = "page",
        /// An entry of a platform's feed.
        Feed = "feed",
        /// A platform's push.
        Push = "push",
    }
}

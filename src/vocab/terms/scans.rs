//! Why a scan does not have a page: what was left out, what failed, what a host waits for.

use crate::vocab::terms::terms;

terms! {
    /// Why something is missing from what a scan saw, as coverage statements name it. Answers with a status of no other
    /// meaning are named by the status instead: `status-500`.
    "reason" pub enum Reason {
        /// The agreement is not in force.
        Agreement = "agreement",
        /// A body was cut at the size limit.
        BodySizeCap = "body-size-cap",
        /// A page whose text was judged only up to a limit.
        TextCap = "text-cap",
        /// A body was cut at the time limit.
        BodyTimeCap = "body-time-cap",
        /// A connection failed or broke.
        Connection = "connection",
        /// Outside the hours that the platform's control file allows.
        ControlHours = "control-hours",
        /// The platform's control file asks for a pause.
        ControlPause = "control-pause",
        /// The platform's control file asks us to stop.
        ControlStop = "control-stop",
        /// Deeper than the platform file allows.
        Depth = "depth",
        /// It failed before and may not be tried again yet.
        FailedBefore = "failed-before",
        /// An entry of a feed that cannot be read.
        FeedMalformed = "feed-malformed",
        /// Less disk space is free than scans leave.
        FreeDisk = "free-disk",
        /// A page that was given up because reading it did not end.
        GivenUp = "given-up",
        /// The host asked us to stay away.
        HostBlocked = "host-blocked",
        /// The pace promised to the host did not allow it yet.
        HostPaced = "host-paced",
        /// The host refused again and again.
        HostRefused = "host-refused",
        /// The host does not answer at all.
        HostSilent = "host-silent",
        /// The page says that its offer is over.
        ItemEnded = "item-ended",
        /// A page with more links than are taken of one.
        LinkBudget = "link-budget",
        /// A link with control characters.
        LinkControlCharacter = "link-control-character",
        /// A link that is no address.
        LinkMalformed = "link-malformed",
        /// A link too long to be a page.
        LinkTooLong = "link-too-long",
        /// A link with a user name or password.
        LinkUserinfo = "link-userinfo",
        /// An answer that is no HTTP.
        MalformedResponse = "malformed-response",
        /// The page budget of the mandate is used up.
        MandateBudget = "mandate-budget",
        /// The byte budget of the mandate is used up.
        MandateBytes = "mandate-bytes",
        /// The mandate expired during the scan.
        MandateExpired = "mandate-expired",
        /// The mandate was revoked during the scan.
        MandateRevoked = "mandate-revoked",
        /// The page budget ended first.
        PageBudget = "page-budget",
        /// Another name of a page that was had under a shorter one.
        ParameterChangesNothing = "parameter-changes-nothing",
        /// A page that could not be read within the time allowed.
        ParseDeadline = "parse-deadline",
        /// A private address that the platform file does not list.
        PrivateAddress = "private-address",
        /// The scan was ended because reading two of its pages did not end.
        ReadingLost = "reading-lost",
        /// A redirect after as many in a row as are followed.
        RedirectLimit = "redirect-limit",
        /// A redirect to what is no address.
        RedirectMalformed = "redirect-malformed",
        /// A page that redirects to itself.
        RedirectToItself = "redirect-to-itself",
        /// Disallowed by robots.txt.
        Robots = "robots",
        /// A page that asks not to follow its links.
        RobotsMetaNofollow = "robots-meta-nofollow",
        /// robots.txt could not be read.
        RobotsUnreachable = "robots-unreachable",
        /// A host outside the agreement.
        ScopeHost = "scope-host",
        /// A path outside the agreement.
        ScopePath = "scope-path",
        /// A sitemap beyond the number read of one host.
        SitemapBudget = "sitemap-budget",
        /// A sitemap whose dates are not believed.
        SitemapLastmod = "sitemap-lastmod",
        /// A sitemap or feed that could not be read whole.
        SitemapMalformed = "sitemap-malformed",
        /// The page says that it was not found.
        SoftNotFound = "soft-404",
        /// The scan was stopped.
        Stopped = "stopped",
        /// The time allowed ended first.
        TimeBudget = "time-budget",
        /// No answer in time.
        Timeout = "timeout",
        /// An endless calendar.
        TrapCalendar = "trap-calendar",
        /// More hosts than patterns are kept of.
        TrapHosts = "trap-hosts",
        /// Endless combinations of parameters.
        TrapParameters = "trap-parameters",
        /// A path too deep.
        TrapPathDepth = "trap-path-depth",
        /// A path loop.
        TrapPathRepetition = "trap-path-repetition",
        /// A shape that never ends.
        TrapShape = "trap-shape",
        /// A pattern whose pages bring no listings.
        TrapYield = "trap-yield",
        /// A page that could not be read: of another format, of scripts only, or one our reader stumbled over.
        Unreadable = "unreadable",
        /// A page whose structured data costs too much to read.
        WorkBudget = "work-budget",
    }
}

//! The heart: capture in, listings, assessments, fingerprints and outlinks out. Pure.
//!
//! Owns: the order in which a page is read, judged and fingerprinted.
//! Never: decides what is kept or sent; that is for the drivers and for `referral`.
//! Start reading: [`examine`].

use serde::{Deserialize, Serialize};

use crate::dedup::content::content_digest;
use crate::dedup::minhash::MinHash;
use crate::detect::Detector;
use crate::detect::assessment::{Assessment, ListingText, Verdict};
use crate::evidence::capture::Capture;
use crate::frontier::robots_tag;
use crate::listing::ended::{Ended, ended, is_said_above};
use crate::listing::page::{Format, Listing, Page};
use crate::listing::spellings::Spellings;
use crate::listing::{CompiledSelectors, FirstPass, ReadContext};
use crate::vocab::ids::Sha256Digest;
use crate::vocab::limits::Limits;
use crate::vocab::platform::Platform;
use crate::vocab::time::Deadline;

/// Raised when the same page would be read or judged otherwise than before, so that pages known from earlier builds are due
/// again.
pub const READER_VERSION: u32 = 2;

/// What examination needs to know of the platform besides the page.
pub struct Bench<'a> {
    /// The compiled watchlist.
    pub detector: &'a Detector,
    /// The platform's selectors, if it has any.
    pub selectors: Option<&'a CompiledSelectors>,
    /// Jurisdictions whose controls are cited.
    pub jurisdictions: &'a [String],
    /// Languages the platform file expects on its pages.
    pub languages: &'a [String],
    /// Caps of the page reader.
    pub limits: &'a Limits,
    /// When reading must end.
    pub deadline: Deadline<'a>,
    /// Whose page it is.
    pub owner: &'a str,
    /// Links that need not be told again.
    pub known: Option<&'a Spellings>,
    /// The platform whose links are followed from the page; none where none are.
    pub scope: Option<&'a Platform>,
}

impl<'a> Bench<'a> {
    /// For what is read of a platform, however long that takes, without selectors and without links.
    pub fn of(detector: &'a Detector, platform: &'a Platform, limits: &'a Limits) -> Self {
        Bench {
            detector,
            selectors: None,
            jurisdictions: &platform.referral.jurisdictions,
            languages: &platform.languages,
            limits,
            deadline: Deadline::NEVER,
            owner: platform.id.as_str(),
            known: None,
            scope: None,
        }
    }
}

/// One listing with its assessment and fingerprints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExaminedListing {
    /// What the page says.
    pub listing: Listing,
    /// What detection says.
    pub assessment: Assessment,
    /// Fingerprints; only computed for what is not clear.
    pub prints: Option<Fingerprints>,
}

/// What tells an offer again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprints {
    /// Digest of the folded text, equal for equal offers.
    pub content: Sha256Digest,
    /// Similarity fingerprint.
    pub minhash: MinHash,
}

impl Fingerprints {
    /// Fingerprints of an offer.
    pub fn of(title: &str, description: &str) -> Self {
        Fingerprints {
            content: content_digest(title, description),
            minhash: MinHash::of(&format!("{title}\n{description}")),
        }
    }
}

impl ExaminedListing {
    /// Its fingerprints, formed now if it was clear.
    pub fn fingerprints(&self) -> Fingerprints {
        let made = || Fingerprints::of(&self.listing.title, &self.listing.description);
        self.prints.clone().unwrap_or_else(made)
    }
}

/// Everything examination found on one page.
#[derive(Debug, Clone)]
pub struct Examination {
    /// The page as read.
    pub page: Page,
    /// Its listings, judged.
    pub listings: Vec<ExaminedListing>,
    /// What its text as a whole was judged, whether or not it is among the listings; as bad as its offers where it was not
    /// judged because nothing is worse.
    pub text: Option<Verdict>,
}

/// A page of so few characters says little beside the message that its offer is over.
const MESSAGE_PAGE_CHARS: usize = 600;

impl Examination {
    /// What the page offers. Its text as a whole is no offer that could still stand on a page that says it is gone.
    pub fn offers(&self) -> impl Iterator<Item = &Listing> {
        self.listings.iter().map(|one| &one.listing).filter(|listing| listing.kind.is_none())
    }

    /// What the page says if it says that there is nothing. In a text a seller can write so as well as the shop, to hide an
    /// offer: such a text does not count when it is to be referred, unless it is said above the offer, nor when it calls for
    /// a review and says much else.
    pub fn ended(&self) -> Option<Ended> {
        let offers: Vec<&Listing> = self.offers().collect();
        ended(&self.page, &offers).filter(|_| self.may_have_ended())
    }

    /// Whether no text of the page holds out what a message about the page's end could hide.
    pub fn may_have_ended(&self) -> bool {
        match self.text {
            None | Some(Verdict::Clear) => true,
            Some(Verdict::Review) => self.page.text.chars().nth(MESSAGE_PAGE_CHARS).is_none(),
            Some(Verdict::Refer) => is_said_above(&self.page, &self.offers().collect::<Vec<_>>()),
        }
    }
}

/// What became of a page that answered with content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It makes offers.
    Offers,
    /// It was judged by its text.
    Text,
    /// It holds no text.
    WithoutText,
    /// Reading it cost too much.
    GivenUp,
    /// It could not be read.
    Unreadable,
}

impl Fate {
    /// Of a page from which so many offers were read.
    pub fn of(page: &Page, offers: usize) -> Self {
        match page.format {
            Format::Unread => Fate::Unreadable,
            Format::WithoutText => Fate::WithoutText,
            Format::Markup | Format::Text if page.given_up.is_some() => Fate::GivenUp,
            Format::Markup | Format::Text if offers > 0 => Fate::Offers,
            Format::Markup | Format::Text if !page.text.is_empty() => Fate::Text,
            // What scripts would show was not seen.
            Format::Markup | Format::Text if page.has_scripts => Fate::Unreadable,
            Format::Markup | Format::Text => Fate::WithoutText,
        }
    }

    /// Whether an offer that `page` does not show is no longer on it. What was not read may still hold it.
    pub fn tells_of_absence(self, page: &Page) -> bool {
        match self {
            Fate::Offers | Fate::Text => !page.cut,
            Fate::WithoutText | Fate::GivenUp | Fate::Unreadable => false,
        }
    }
}

/// Reads and judges one fetched page. Never fails: what could not be read is named in the page's problems.
pub fn examine(capture: &Capture, bench: &Bench<'_>) -> Examination {
    let link = capture.every("link");
    // With the words of its links, so that what they say is judged as well.
    let may_name =
        |title: &str, text: &str| bench.detector.needs_reading(&ListingText { title, text, ..ListingText::default() });
    let mut page = crate::listing::read(
        &capture.body,
        &ReadContext {
            url: &capture.url,
            content_type: capture.header("content-type"),
            link: link.as_deref(),
            refresh: capture.header("refresh"),
            selectors: bench.selectors,
            limits: bench.limits,
            deadline: bench.deadline,
            owner: bench.owner,
            known: bench.known,
            scope: bench.scope,
            nofollow: robots_tag::nofollow(
                capture
                    .response_headers
                    .iter()
                    .filter_map(|(name, value)| (name == "x-robots-tag").then_some(value.as_str())),
            ),
            first_pass: Some(FirstPass(&may_name)),
        },
    );
    let read = std::mem::take(&mut page.listings);
    let mut listings: Vec<ExaminedListing> =
        read.into_iter().filter(|listing| !listing.elsewhere).map(|listing| examine_listing(listing, bench)).collect();
    // What the page says beside its listings counts where it says worse than they do.
    let verdict = |one: &ExaminedListing| one.assessment.verdict;
    let is_text = |one: &ExaminedListing| one.listing.kind.is_some();
    let worst = listings.iter().map(verdict).max().unwrap_or(Verdict::Clear);
    let whole = page.whole.take();
    if whole.is_some() && worst == Verdict::Refer && !listings.iter().any(is_text) {
        let offers: Vec<&Listing> = listings.iter().map(|one| &one.listing).collect();
        // The text can say nothing worse. What it was judged would only count for a message that the offer is over.
        if ended(&page, &offers).is_none() {
            return Examination { page, listings, text: Some(worst) };
        }
    }
    let texts = if whole.is_some() || (listings.iter().any(is_text) && may_name("", &page.text)) {
        texts(&page, whole, &listings, bench)
    } else {
        Vec::new()
    };
    let of_text = listings.iter().filter(|one| is_text(one)).chain(&texts).map(verdict).max();
    if let Some(text) = texts.into_iter().rev().max_by_key(verdict).filter(|text| verdict(text) > worst) {
        listings.retain(|one| one.listing.kind.is_none());
        listings.push(text);
    }
    Examination { page, listings, text: of_text }
}

/// Judges the text of a page as far as none of its listings holds it.
fn texts(page: &Page, whole: Option<Listing>, listings: &[ExaminedListing], bench: &Bench<'_>) -> Vec<ExaminedListing> {
    let mut texts: Vec<ExaminedListing> = whole.map(|whole| examine_listing(whole, bench)).into_iter().collect();
    let Some(text) = texts.first().or(listings.iter().find(|one| one.listing.kind.is_some())) else { return texts };
    // The words of links are judged with the pages they lead to, unless the text around them speaks of a deal: then no link
    // hides a name that a buyer reads here.
    let says_less = text.assessment.verdict < Verdict::Refer && text.listing.description != page.text;
    if says_less && bench.detector.speaks_of_a_deal(&text.listing.description) {
        texts.push(examine_listing(Listing { description: page.text.clone(), ..text.listing.clone() }, bench));
    }
    texts
}

/// Judges one listing, wherever it came from: a page, a feed, or a platform's push.
pub fn examine_listing(mut listing: Listing, bench: &Bench<'_>) -> ExaminedListing {
    // Where neither the page nor its words tell, a platform of one language does.
    if let (None, [only]) = (&listing.language, bench.languages) {
        listing.language = Some(only.clone());
        listing.source.insert("language".to_owned(), "platform".to_owned());
    }
    let price = listing.price.as_ref().map(ToString::to_string);
    let assessment = bench.detector.assess(
        &ListingText {
            title: &listing.title,
            text: &listing.description,
            attributes: &listing.identifiers,
            language: listing.language.as_deref(),
            price: price.as_deref(),
            currency: listing.price.as_ref().and_then(|price| price.currency.as_deref()),
            page: listing.kind,
        },
        bench.jurisdictions,
    );
    let prints = (assessment.verdict != Verdict::Clear).then(|| Fingerprints::of(&listing.title, &listing.description));
    ExaminedListing { listing, assessment, prints }
}

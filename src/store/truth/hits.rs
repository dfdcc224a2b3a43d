//! Recording what a scan found: hits, their clusters' cases, sightings.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::dedup::minhash::MinHash;
use crate::detect::assessment::Assessment;
use crate::evidence::audit::Said;
use crate::evidence::warc::WarcRef;
use crate::examine::{ExaminedListing, Fingerprints};
use crate::referral::changes::{back, gone};
use crate::referral::history::{Because, Earlier, HistoryLine};
use crate::referral::policy::{Sighting, weigh};
use crate::referral::state::{Event, Intervals, ReferralState};
use crate::store::truth::changes::{self, Differs, Noted, Place, Places, Seen, Stored};
use crate::store::truth::kept::Leaving;
use crate::store::truth::pages::NOT_FROM_A_PAGE;
use crate::store::truth::personal::{Parted, Published, add_fingerprints};
use crate::store::truth::steps::transition;
use crate::store::truth::{
    Truth, TruthError, audit, cases, deconflict, emerging, flood, kept, pages, personal, series, steps,
};
use crate::store::vault::ClearValue;
use crate::vocab::actor::{Actor, Job};
use crate::vocab::found::FoundUrl;
use crate::vocab::ids::{ClusterId, PlatformId, ReferralId, RunId, Sha256Digest};
use crate::vocab::terms::{PageKind, Verdict};
use crate::vocab::time::Timestamp;
use crate::vocab::url::CanonicalUrl;

/// Characters of a listing's text kept with a hit.
pub(super) const TEXT_LIMIT_CHARS: usize = 64 * 1024;

/// One visit to a page that has, or had, a hit.
#[derive(Debug, Clone)]
pub struct PageRecord {
    /// Platform.
    pub platform: PlatformId,
    /// Page.
    pub url: FoundUrl,
    /// Scan.
    pub run: RunId,
    /// When it was fetched.
    pub fetched_at: Timestamp,
    /// HTTP status.
    pub status: u16,
    /// 304: what is stored is still true.
    pub unchanged: bool,
    /// What the visit speaks of.
    pub covers: Covers,
    /// Where the evidence lies; without it no hit is stored.
    pub warc: Option<WarcRef>,
    /// Listings judged `review` or `refer`.
    pub listings: Vec<HitRecord>,
}

/// How much of a page's hits a record speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Covers {
    /// The page as it was fetched: hits of it that are not named are gone.
    Page,
    /// What was read of a page that was not read to its end: other hits of it stay as they are.
    Part,
    /// What was kept of the page, judged anew: no visit, so that it says nothing of what is there now or was changed since.
    Kept,
    /// One listing that came another way (pushed, or in a feed), by its ordinal: other hits of the page stay as they are.
    Listing(u32),
}

/// One listing judged `review` or `refer`.
#[derive(Debug, Clone)]
pub struct HitRecord {
    /// Place of the listing on its page.
    pub ordinal: u32,
    /// Title.
    pub title: String,
    /// Description.
    pub text: String,
    /// Amount as published.
    pub price: Option<String>,
    /// Currency as published.
    pub currency: Option<String>,
    /// Seller's published name; stored as a keyed hash only.
    pub seller: Option<String>,
    /// Language.
    pub language: Option<String>,
    /// Images.
    pub images: Vec<String>,
    /// Identifiers and attributes.
    pub identifiers: Vec<(String, String)>,
    /// Kind of its page, where it is known.
    pub kind: Option<PageKind>,
    /// Verdict and reasons.
    pub assessment: Assessment,
    /// Digest of the folded text.
    pub content_digest: Sha256Digest,
    /// Fingerprint.
    pub minhash: Vec<u8>,
    /// Cluster the caller chose.
    pub cluster: ClusterId,
}

/// What recording a page changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Cases opened.
    pub referrals_new: u64,
    /// Hits stored for the first time.
    pub hits_new: u64,
}

impl HitRecord {
    /// The record of an examined listing.
    pub fn of(ordinal: u32, examined: &ExaminedListing, prints: &Fingerprints, cluster: ClusterId) -> Self {
        let listing = &examined.listing;
        HitRecord {
            ordinal,
            title: listing.title.clone(),
            text: listing.description.clone(),
            price: listing.price.as_ref().map(ToString::to_string),
            currency: listing.price.as_ref().and_then(|price| price.currency.clone()),
            seller: listing.seller.clone(),
            language: listing.language.clone(),
            images: listing.images.clone(),
            identifiers: listing.identifiers.clone(),
            kind: listing.kind,
            assessment: examined.assessment.clone(),
            content_digest: prints.content,
            minhash: prints.minhash.to_bytes(),
            cluster,
        }
    }
}

impl Truth {
    /// Records visits in one transaction. Recording the same visit twice changes nothing, so a crash between this and the
    /// frontier's settlement is harmless.
    ///
    /// # Errors
    /// When a hit cites no evidence, or SQLite refuses; then nothing of the group is stored.
    pub fn record(&self, pages: &[PageRecord], now: Timestamp) -> Result<Vec<Recorded>, TruthError> {
        let parted: Vec<Vec<Parted>> = pages
            .iter()
            .map(|page| {
                let listings = page.listings.iter().map(|listing| {
                    let known = self.known_values(&hit_id(&page.platform, page.url.canonical(), listing.ordinal))?;
                    Ok(self.part(&Published { known, ..Published::of(listing) }))
                });
                listings.collect::<Result<_, TruthError>>()
            })
            .collect::<Result<_, _>>()?;
        // Sealed first: a value without a hit ends with its time, a hash without its value could never be opened. What was erased is
        // not sealed again.
        let mut values: Vec<ClearValue> = Vec::new();
        for (page, parted) in pages.iter().zip(&parted) {
            if !parted.iter().all(|one| one.values.is_empty()) && !self.was_erased(page)? {
                values.extend(parted.iter().flat_map(|one| one.values.clone()));
            }
        }
        self.vault.keep(&values, now)?;
        let mut writer = self.writer();
        let transaction = writer.transaction()?;
        let mut outcomes = Vec::with_capacity(pages.len());
        let mut noted = Noted::default();
        for (page, parted) in pages.iter().zip(&parted) {
            let mut done = Done { recorded: Recorded::default(), noted: &mut noted, left: Vec::new() };
            self.record_page(&transaction, page, parted, now, &mut done)?;
            outcomes.push(done.recorded);
        }
        noted.tell(&transaction, now)?;
        self.commit(transaction)?;
        Ok(outcomes)
    }

    /// Whether personal data of a case with a listing at this page was erased.
    fn was_erased(&self, page: &PageRecord) -> Result<bool, TruthError> {
        self.read(|reader| {
            let place = params![page.platform.as_str(), page.url.canonical().as_str()];
            let cases: Vec<String> = reader
                .prepare_cached("SELECT DISTINCT referral FROM hits WHERE platform = ? AND page = ?")?
                .query_map(place, |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for case in &cases {
                if personal::was_erased(reader, case)? {
                    return Ok(true);
                }
            }
            Ok(false)
        })
    }

    fn record_page(
        &self,
        tx: &Transaction<'_>,
        page: &PageRecord,
        parted: &[Parted],
        now: Timestamp,
        done: &mut Done<'_>,
    ) -> Result<(), TruthError> {
        if page.unchanged {
            return seen_unchanged(tx, page, now);
        }
        let places = Places::of(tx, page, parted)?;
        for (listing, parted) in page.listings.iter().zip(parted) {
            let Some(warc) = &page.warc else {
                return Err(TruthError::NoEvidence { url: page.url.to_string() });
            };
            self.record_hit(tx, page, (listing, parted), (warc, &places), now, done)?;
        }
        end_emptied(tx, &done.left, now)?;
        // Hits of this page that were not seen this time: removed, ended, or no longer an offer.
        let seen: Vec<u32> = page.listings.iter().map(|listing| listing.ordinal).collect();
        let mut statement = tx.prepare_cached(
            "SELECT id, ordinal, referral, url FROM hits WHERE platform = ? AND page = ? AND gone_at IS NULL",
        )?;
        let open: Vec<(String, u32, String, String)> = statement
            .query_map(params![page.platform.as_str(), page.url.canonical().as_str()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?
            .collect::<Result<_, _>>()?;
        for (id, ordinal, referral, url) in open {
            // A page that is there says nothing of what the platform itself handed over under its address.
            let spoken_of = match page.covers {
                Covers::Page => ordinal < NOT_FROM_A_PAGE || !(200..300).contains(&page.status),
                Covers::Part | Covers::Kept => false,
                Covers::Listing(one) => ordinal == one,
            };
            if spoken_of && !seen.contains(&ordinal) {
                tx.prepare_cached("UPDATE hits SET gone_at = ? WHERE id = ?")?
                    .execute(params![page.fetched_at.as_millis(), id])?;
                let referral = cases::referral_id(&referral)?;
                changes::put(tx, &Place { page, hit: &id, referral: &referral, url: &url }, &gone())?;
            }
        }
        Ok(())
    }

    fn record_hit(
        &self,
        tx: &Transaction<'_>,
        page: &PageRecord,
        (listing, parted): (&HitRecord, &Parted),
        (warc, places): (&WarcRef, &Places),
        now: Timestamp,
        done: &mut Done<'_>,
    ) -> Result<(), TruthError> {
        let id = hit_id(&page.platform, page.url.canonical(), listing.ordinal);
        let held = Stored::of(tx, &id)?;
        let is_visit = page.covers != Covers::Kept;
        if !is_visit && held.as_ref().is_some_and(|held| held.was_gone) {
            return Ok(());
        }
        let at = page.fetched_at.as_millis();
        let seen_at = match &held {
            _ if is_visit => at,
            Some(held) => held.last_seen.max(at),
            None => last_seen_at(tx, page)?.max(at),
        };
        let content = listing.content_digest.to_string();
        let seller = listing.seller.as_deref().map(|seller| self.seal(seller));
        let text: String = parted.text.chars().take(TEXT_LIMIT_CHARS).collect();
        let payload = warc.payload_digest.to_string();
        let assessment = &parted.assessment;
        let seen = Seen {
            ordinal: listing.ordinal,
            cluster: listing.cluster.as_str(),
            parted,
            text: &text,
            seller: seller.as_deref(),
            content_digest: &content,
            payload_digest: &payload,
            kind: listing.kind,
        };
        let differs = held.as_ref().map_or(Differs::Content, |held| held.differs(&seen));
        // Of a listing that a platform hands over, the address stays that it was first handed over with: a notice may name it.
        let url = match &held {
            Some(held) if listing.ordinal >= NOT_FROM_A_PAGE => held.url.clone(),
            _ => page.url.as_str().to_owned(),
        };
        let referral = self.case_of(tx, page, (listing, parted), differs, now, &mut done.recorded)?;
        let is_of_another = held.as_ref().is_some_and(|held| held.referral != referral.as_str());
        if held.is_none() || is_of_another {
            kept::take_up(tx, (&page.platform, page.url.canonical().as_str()), &referral, &id)?;
        }
        let mut is_another = false;
        if let Some(held) = held.as_ref().filter(|_| is_of_another) {
            // A listing that only moved on its page leaves nothing behind.
            let moved = page.listings.iter().any(|other| other.cluster.as_str() == held.cluster);
            let replaced = held.cluster != listing.cluster.as_str();
            if (replaced && !moved) || (!replaced && differs >= Differs::Attributes) {
                is_another = leave(tx, page, (&id, held), listing.ordinal, replaced)? && replaced;
            }
            done.left.push(held.referral.clone());
        }
        if let Some(held) = held.as_ref().filter(|_| is_visit) {
            if held.was_gone || is_of_another {
                pages::seen_again(tx, &referral, page.url.canonical().as_str())?;
            }
            if !is_another {
                let place = Place { page, hit: &id, referral: &referral, url: &url };
                done.noted.seen(tx, &place, (held, places), &seen)?;
            }
        }
        if differs == Differs::Nothing {
            tx.prepare_cached("UPDATE hits SET last_seen = ?, gone_at = NULL, referral = ?, url = ? WHERE id = ?")?
                .execute(params![seen_at, referral.as_str(), url, id])?;
            // What is cited is the address that answers.
            if held.is_some_and(|held| held.url != url) {
                cases::refresh(tx, &referral, now)?;
            }
            return Ok(());
        }
        if let Some(held) = &held {
            tx.execute("DELETE FROM hits_text WHERE rowid = ?", [held.row])?;
            tx.execute("DELETE FROM hit_substances WHERE hit = ?", [&id])?;
        } else {
            done.recorded.hits_new += 1;
        }
        tx.prepare_cached(
            "INSERT INTO hits (id, platform, url, ordinal, referral, cluster, title, text, price, currency, seller_hash,
               language, images, identifiers, verdict, score, category, assessment, content_digest, minhash, watchlist,
               warc_file, warc_offset, warc_length, warc_record, payload_digest, captured_at, run, first_seen, last_seen,
               page, kind)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
               ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?27, ?31, ?29, ?30)
             ON CONFLICT (id) DO UPDATE SET url = excluded.url, referral = excluded.referral, cluster = excluded.cluster,
               title = excluded.title, text = excluded.text, price = excluded.price, currency = excluded.currency,
               seller_hash = excluded.seller_hash, language = excluded.language, images = excluded.images,
               identifiers = excluded.identifiers, verdict = excluded.verdict, score = excluded.score,
               category = excluded.category, assessment = excluded.assessment,
               content_digest = excluded.content_digest, minhash = excluded.minhash, watchlist = excluded.watchlist,
               warc_file = excluded.warc_file, warc_offset = excluded.warc_offset, warc_length = excluded.warc_length,
               warc_record = excluded.warc_record, payload_digest = excluded.payload_digest,
               captured_at = excluded.captured_at, run = excluded.run, last_seen = excluded.last_seen, kind = excluded.kind, gone_at = NULL",
        )?
        .execute(params![
            id,
            page.platform.as_str(),
            url,
            listing.ordinal,
            referral.as_str(),
            listing.cluster.as_str(),
            parted.title,
            text,
            parted.price,
            parted.currency,
            seller,
            parted.language,
            serde_json::to_string(&parted.images)?,
            serde_json::to_string(&parted.identifiers)?,
            assessment.verdict,
            assessment.score,
            assessment.category,
            serde_json::to_string(assessment)?,
            content,
            listing.minhash,
            assessment.watchlist,
            warc.file,
            warc.offset,
            warc.length,
            warc.record_id,
            payload,
            at,
            page.run.as_str(),
            page.url.canonical().as_str(),
            listing.kind,
            seen_at,
        ])?;
        if is_another {
            tx.prepare_cached("UPDATE hits SET first_seen = ? WHERE id = ?")?.execute(params![at, id])?;
        }
        index(tx, &id, &parted.title, &text, assessment)?;
        add_fingerprints(tx, &id, &parted.values)?;
        self.note_names_of_people(tx, &assessment.emerging, &parted.values)?;
        // Names are counted once for each text they stand in, whatever it costs.
        if differs == Differs::Content {
            let found = (assessment.emerging.as_slice(), parted.values.as_slice());
            emerging::count(tx, &page.platform, found, page.fetched_at)?;
        }
        cases::refresh(tx, &referral, now)?;
        self.recompute_series(tx, &referral, now)?;
        deconflict::hold_if_marked(tx, &referral, now)
    }

    /// The case of the listing's cluster: the open one, the settled one, or a new one.
    fn case_of(
        &self,
        tx: &Transaction<'_>,
        page: &PageRecord,
        (listing, parted): (&HitRecord, &Parted),
        differs: Differs,
        now: Timestamp,
        recorded: &mut Recorded,
    ) -> Result<ReferralId, TruthError> {
        let held: Option<(String, String, u32, i64)> = tx
            .prepare_cached(
                "SELECT id, state_json, generation, updated FROM referrals WHERE platform = ? AND cluster = ?
                 ORDER BY generation DESC LIMIT 1",
            )?
            .query_row(params![page.platform.as_str(), listing.cluster.as_str()], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((id, state, generation, updated)) = held else {
            recorded.referrals_new += 1;
            return self.open_case(tx, &self.opening(page, listing, parted), 0, &[], now);
        };
        let referral = cases::referral_id(&id)?;
        let state: ReferralState = serde_json::from_str(&state)?;
        let may_be_news = differs >= Differs::Attributes && state.is_settled_against();
        let news = if may_be_news { news_since(tx, &id, listing)? } else { None };
        match weigh(&state, news.is_some()) {
            Sighting::Known => Ok(referral),
            Sighting::Again => {
                // A case is not reopened by what was seen before it was closed.
                let is_visit = page.covers != Covers::Kept;
                if is_visit && (differs == Differs::Content || was_gone(tx, page, listing.ordinal)?) {
                    let intervals = Intervals { recheck: Duration::ZERO, renotice: Duration::ZERO };
                    transition(tx, &referral, Event::SeenAgain, &Actor::Job(Job::Scan), intervals, now)?;
                }
                Ok(referral)
            }
            Sighting::Anew => {
                recorded.referrals_new += 1;
                let because = news.unwrap_or(Because::ListingChanged);
                let earlier = Earlier::of(&id, &state, Timestamp::from_millis(updated), because);
                let history = [HistoryLine::Earlier(earlier)];
                self.open_case(tx, &self.opening(page, listing, parted), generation + 1, &history, now)
            }
        }
    }

    fn opening<'a>(&self, page: &'a PageRecord, listing: &'a HitRecord, parted: &'a Parted) -> Opening<'a> {
        let cluster = self.keyed_digits("clusters", listing.cluster.as_str().as_bytes(), 16);
        Opening {
            platform: &page.platform,
            cluster: &listing.cluster,
            title: &parted.title,
            text: &parted.text,
            assessment: &parted.assessment,
            actor: Actor::Job(Job::Scan),
            detail: serde_json::json!({ "run": page.run, "cluster": cluster }).to_string(),
        }
    }

    /// Opens a case: a draft, or one that waits where many of the platform were opened in this hour.
    pub(super) fn open_case(
        &self,
        tx: &Transaction<'_>,
        opening: &Opening<'_>,
        generation: u32,
        history: &[HistoryLine],
        now: Timestamp,
    ) -> Result<ReferralId, TruthError> {
        let id = self.case_id(opening.platform.as_str(), opening.cluster.as_str(), generation);
        let referral = cases::referral_id(&id)?;
        let assessment = opening.assessment;
        let series = match series::frame_of(opening.title, opening.text, assessment) {
            Some(frame) => Some(self.series_of(tx, opening.platform, &frame, now)?),
            None => None,
        };
        let is_one_of_many = series::has_many_drafts(tx, series.as_deref())?;
        let has_place = flood::take_place(tx, opening.platform.as_str(), is_one_of_many, now)?;
        let state = if has_place { ReferralState::Drafted } else { ReferralState::Queued };
        let folded = has_place && series::is_folded(tx, series.as_deref(), (assessment.verdict, assessment.score))?;
        tx.execute(
            "INSERT INTO referrals (id, platform, cluster, generation, state, state_json, verdict, category, title, score,
               substances, urls, change, created, updated, history, series, folded)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '[]', '[]', ?11, ?12, ?12, ?13, ?14, ?15)",
            params![
                id,
                opening.platform.as_str(),
                opening.cluster.as_str(),
                generation,
                state.name(),
                serde_json::to_string(&state)?,
                assessment.verdict,
                assessment.category,
                opening.title,
                assessment.score,
                cases::next_change(tx)?,
                now.as_millis(),
                serde_json::to_string(history)?,
                series,
                folded,
            ],
        )?;
        let step = steps::note_first(tx, &id, opening.platform.as_str(), (&opening.actor, &state), now)?;
        audit::append(tx, &Said { actor: &opening.actor, action: step, subject: &id, detail: &opening.detail }, now)?;
        Ok(referral)
    }
}

/// What a recording came to so far: of one page, and of all.
struct Done<'a> {
    recorded: Recorded,
    noted: &'a mut Noted,
    /// Cases of which a hit of the page went to another case.
    left: Vec<String>,
}

/// Leaves what stood at a place with its case, where the case keeps it. `replaced`: what stands there now is another listing.
fn leave(
    tx: &Connection,
    page: &PageRecord,
    (live, held): (&str, &Stored),
    place: u32,
    replaced: bool,
) -> Result<bool, TruthError> {
    let ordinal = kept::ordinal(&held.referral, place);
    let id = hit_id(&page.platform, page.url.canonical(), ordinal);
    let at = page.fetched_at;
    let is_kept = kept::leave(tx, &Leaving { live, referral: &held.referral, id: &id, ordinal, at })?;
    if is_kept && replaced && !held.was_gone {
        let referral = cases::referral_id(&held.referral)?;
        changes::put(tx, &Place { page, hit: &id, referral: &referral, url: &held.url }, &gone())?;
    }
    Ok(is_kept)
}

/// Ends the drafts of which every listing went to another case: nobody can decide on them.
fn end_emptied(tx: &Connection, left: &[String], now: Timestamp) -> Result<(), TruthError> {
    for case in left {
        let mut is_empty = tx.prepare_cached(
            "SELECT 1 FROM referrals r WHERE id = ? AND state IN ('queued', 'drafted')
               AND NOT EXISTS (SELECT 1 FROM hits WHERE referral = r.id)",
        )?;
        if is_empty.exists([case])? {
            let intervals = Intervals { recheck: Duration::ZERO, renotice: Duration::ZERO };
            let gone = Event::SeenGone { checks: 0 };
            transition(tx, &cases::referral_id(case)?, gone, &Actor::Job(Job::Scan), intervals, now)?;
        }
    }
    Ok(())
}

/// A page answered that it is as it was: its hits are seen again, and cases that were closed because they were gone are
/// reopened, as by a page that comes whole. Hits that had left the page before, or never came from it, are not on it.
fn seen_unchanged(tx: &Transaction<'_>, page: &PageRecord, now: Timestamp) -> Result<(), TruthError> {
    // Those that were on it when it came whole were all seen last at one moment, and the others before.
    let mut statement = tx.prepare_cached(
        "SELECT id, referral, gone_at IS NOT NULL FROM hits
         WHERE platform = ?1 AND page = ?2 AND ordinal < ?3 AND last_seen =
           (SELECT max(last_seen) FROM hits WHERE platform = ?1 AND page = ?2 AND ordinal < ?3)",
    )?;
    let hits: Vec<(String, String, bool)> = statement
        .query_map(params![page.platform.as_str(), page.url.canonical().as_str(), NOT_FROM_A_PAGE], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })?
        .collect::<Result<_, _>>()?;
    for (id, referral, was_gone) in hits {
        tx.prepare_cached("UPDATE hits SET last_seen = ?, gone_at = NULL WHERE id = ?")?
            .execute(params![page.fetched_at.as_millis(), id])?;
        if was_gone {
            let referral = cases::referral_id(&referral)?;
            pages::seen_again(tx, &referral, page.url.canonical().as_str())?;
            changes::put(tx, &Place { page, hit: &id, referral: &referral, url: page.url.as_str() }, &back())?;
            let state: String = tx
                .prepare_cached("SELECT state_json FROM referrals WHERE id = ?")?
                .query_row([referral.as_str()], |row| row.get(0))?;
            if matches!(weigh(&serde_json::from_str(&state)?, false), Sighting::Again) {
                let intervals = Intervals { recheck: Duration::ZERO, renotice: Duration::ZERO };
                transition(tx, &referral, Event::SeenAgain, &Actor::Job(Job::Scan), intervals, now)?;
            }
        }
    }
    Ok(())
}

/// What is new in a listing since its case was decided against: other names or text, or other entries of the watchlist.
/// A copy under another address, or another price, is nothing new.
fn news_since(tx: &Transaction<'_>, case: &str, listing: &HitRecord) -> Result<Option<Because>, TruthError> {
    let mut statement = tx.prepare_cached("SELECT assessment, content_digest, minhash FROM hits WHERE referral = ?")?;
    let mut rows = statement.query([case])?;
    let now = matter(&listing.assessment);
    let minhash = MinHash::from_bytes(&listing.minhash);
    let (mut entries, mut same_text, mut any, mut was_referred) = (None, false, false, false);
    while let Some(row) = rows.next()? {
        any = true;
        let held: Assessment = serde_json::from_str(&row.get::<_, String>(0)?)?;
        was_referred |= held.verdict == Verdict::Refer;
        let held = matter(&held);
        if held == now {
            entries = Some(Because::ListingChanged);
        } else if held.0 == now.0 && entries.is_none() {
            // The same names, told otherwise by the list.
            entries = Some(Because::EntryChanged);
        }
        let digest: String = row.get(1)?;
        let near = minhash
            .as_ref()
            .zip(MinHash::from_bytes(&row.get::<_, Vec<u8>>(2)?))
            .is_some_and(|(now, held)| now.similarity(&held) >= SAME_TEXT);
        same_text |= near || digest == listing.content_digest.to_string();
    }
    // What was decided against did not read like an offer to be referred.
    let is_worse = listing.assessment.verdict == Verdict::Refer && !was_referred;
    Ok(match entries {
        _ if !any || is_worse => Some(Because::ListingChanged),
        Some(Because::EntryChanged) => Some(Because::EntryChanged),
        Some(_) if same_text => None,
        _ => Some(Because::ListingChanged),
    })
}

/// Texts at least this similar say the same: a price, a counter or a date moves less.
const SAME_TEXT: f64 = 0.85;

/// Names of what an assessment is about, and what the watchlist says of them.
type Matter = (Vec<String>, Vec<String>);

fn matter(assessment: &Assessment) -> Matter {
    let mut names: Vec<String> = assessment.substances.iter().map(|substance| substance.id.clone()).collect();
    names.extend(assessment.emerging.iter().map(|found| found.surface.to_lowercase()));
    let mut entries: Vec<String> = assessment
        .substances
        .iter()
        .map(|s| format!("{} {} {} {:?}", s.id, s.class, s.legitimate_use, s.controls))
        .collect();
    for list in [&mut names, &mut entries] {
        list.sort();
        list.dedup();
    }
    (names, entries)
}

/// When the newest of a page's hits was seen last: with them its other listings were seen.
fn last_seen_at(tx: &Connection, page: &PageRecord) -> Result<i64, TruthError> {
    let mut statement = tx.prepare_cached(
        "SELECT coalesce(max(last_seen), 0) FROM hits WHERE platform = ? AND page = ? AND ordinal < ?",
    )?;
    let place = params![page.platform.as_str(), page.url.canonical().as_str(), NOT_FROM_A_PAGE];
    Ok(statement.query_row(place, |row| row.get(0))?)
}

/// Whether the page's hit was gone at the last look, or is new on this page.
fn was_gone(tx: &Transaction<'_>, page: &PageRecord, ordinal: u32) -> Result<bool, TruthError> {
    let gone: Option<Option<i64>> = tx
        .query_row(
            "SELECT gone_at FROM hits WHERE id = ?",
            [hit_id(&page.platform, page.url.canonical(), ordinal)],
            |row| row.get(0),
        )
        .optional()?;
    Ok(gone.is_none_or(|gone| gone.is_some()))
}

/// What a new case starts from.
pub(super) struct Opening<'a> {
    pub(super) platform: &'a PlatformId,
    pub(super) cluster: &'a ClusterId,
    pub(super) title: &'a str,
    pub(super) text: &'a str,
    pub(super) assessment: &'a Assessment,
    /// Who drafts it.
    pub(super) actor: Actor,
    /// For the audit log.
    pub(super) detail: String,
}

/// Puts a hit's words and substances where search finds them.
pub(super) fn index(
    tx: &Connection,
    id: &str,
    title: &str,
    text: &str,
    assessment: &Assessment,
) -> Result<(), TruthError> {
    let rowid: i64 = tx.query_row("SELECT rowid FROM hits WHERE id = ?", [id], |row| row.get(0))?;
    // Names and families, so that `nitazene` finds what the listing calls otherwise.
    let mut names: Vec<&str> = Vec::new();
    for substance in &assessment.substances {
        names.extend([substance.name.as_str(), substance.class.as_str()]);
        names.extend(substance.subclass.as_deref());
    }
    for found in &assessment.emerging {
        names.extend([found.surface.as_str(), found.class.as_str()]);
        names.extend(found.subclass.as_deref());
    }
    tx.prepare_cached("INSERT INTO hits_text (rowid, title, text, names) VALUES (?, ?, ?, ?)")?.execute(params![
        rowid,
        title,
        text,
        names.join(" ")
    ])?;
    for substance in &assessment.substances {
        tx.prepare_cached("INSERT OR IGNORE INTO hit_substances (hit, substance) VALUES (?, ?)")?
            .execute(params![id, substance.id])?;
    }
    Ok(())
}

/// A hit's id is made from its place, so that recording it twice names it the same.
fn hit_id(platform: &PlatformId, url: &CanonicalUrl, ordinal: u32) -> String {
    format!("H-{:032x}", xxhash_rust::xxh3::xxh3_128(format!("{platform}\n{url}\n{ordinal}").as_bytes()))
}

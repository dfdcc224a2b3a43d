//! Personal data of a listing, taken out before the listing is stored: what stays are blots of the same length, so that
//! offsets of findings hold, and keyed hashes; the clear values go to the vault.

mod words;

use rusqlite::{Connection, params};
use serde::Serialize;

use crate::detect::assessment::Assessment;
use crate::evidence::audit::Said;
use crate::listing::contacts::{self, BLOT, Indicator, IndicatorKind};
use crate::store::truth::hits::HitRecord;
use crate::store::truth::personal::words::{NAME_CHARS, Offered, Words, standing};
use crate::store::truth::{Truth, TruthError, issued, story};
use crate::store::vault::ClearValue;
use crate::vocab::actor::Actor;
use crate::vocab::ids::ReferralId;
use crate::vocab::terms::Signal;
use crate::vocab::time::Timestamp;

/// A value opened from the vault.
#[derive(Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = RevealedValue)]
pub struct Revealed {
    /// `seller`, or a kind of contact as [`IndicatorKind::name`] calls it.
    pub kind: String,
    /// Keyed hash, as it stands in the record of truth.
    pub hash: String,
    /// As published; `None` when its time in the vault is over.
    pub value: Option<String>,
}

impl std::fmt::Debug for Revealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Revealed({} {})", self.kind, self.hash)
    }
}

/// A listing as it was published, as far as personal data may stand in it.
pub(super) struct Published<'a> {
    pub title: &'a str,
    pub text: &'a str,
    pub identifiers: &'a [(String, String)],
    pub images: &'a [String],
    pub price: Option<&'a str>,
    pub currency: Option<&'a str>,
    pub language: Option<&'a str>,
    pub seller: Option<&'a str>,
    pub assessment: &'a Assessment,
    /// Values that earlier visits found on the listing: they stay hidden, though this visit may not say whose they are.
    pub known: Vec<KnownValue>,
}

/// A value that an earlier visit found.
pub(super) struct KnownValue {
    /// Whether it is the name of a seller or of a person.
    pub is_name: bool,
    pub value: String,
}

impl<'a> Published<'a> {
    pub fn of(listing: &'a HitRecord) -> Self {
        Published {
            title: &listing.title,
            text: &listing.text,
            identifiers: &listing.identifiers,
            images: &listing.images,
            price: listing.price.as_deref(),
            currency: listing.currency.as_deref(),
            language: listing.language.as_deref(),
            seller: listing.seller.as_deref(),
            assessment: &listing.assessment,
            known: Vec::new(),
        }
    }

    /// Where in a field the names of what is offered stand, in bytes: they stay readable, whatever else is around them.
    fn matter(&self, field: &str, text: &str) -> Vec<(usize, usize)> {
        let matches = self.assessment.substances.iter().flat_map(|substance| &substance.matches);
        let of_field = matches.filter(|found| found.field == field);
        of_field
            .filter_map(|found| {
                let (start, end) = (byte_at(text, found.start)?, byte_at(text, found.end)?);
                // Several attributes may have one name.
                (text.get(start..end)? == found.surface).then_some((start, end))
            })
            .collect()
    }
}

impl Published<'_> {
    /// What the listing offers, by the words it does so with.
    fn offered(&self) -> Offered {
        let matter = self.assessment.substances.iter().flat_map(|one| &one.matches).map(|found| found.surface.clone());
        let matter = matter.chain(self.assessment.emerging.iter().map(|found| found.surface.clone()));
        let is_contact = |signal: Signal| matches!(signal, Signal::Contact | Signal::Handle);
        let phrases = self.assessment.context.iter().filter(|found| !is_contact(found.signal));
        Offered { matter: matter.collect(), phrases: phrases.map(|found| found.surface.clone()).collect() }
    }

    /// Accounts that detection tells by their place: what it took for a handle, and what follows a phrase of its list that
    /// asks to be written to.
    fn accounts(&self, field: &str, text: &str) -> Vec<Indicator> {
        let mut found: Vec<Indicator> = Vec::new();
        for one in self.assessment.context.iter().filter(|one| one.field == field) {
            let (Some(start), Some(end)) = (byte_at(text, one.start), byte_at(text, one.end)) else { continue };
            // Several attributes may have one name.
            if text.get(start..end) != Some(one.surface.as_str()) {
                continue;
            }
            match (one.signal, text.get(start..end)) {
                (Signal::Handle, Some(stretch)) => {
                    found.extend(contacts::account_in(stretch).map(|account| Indicator {
                        start: start + account.start,
                        end: start + account.end,
                        ..account
                    }))
                }
                (Signal::Contact, Some(_)) => found.extend(contacts::find_behind(text, end)),
                _ => {}
            }
        }
        found.retain(|one| {
            one.start < one.end && text.get(one.start..one.end).is_some_and(|value| !value.contains(BLOT))
        });
        found
    }

    /// Everything in a field that is somebody's.
    fn values(&self, field: &str, text: &str, mut found: Vec<Indicator>) -> Vec<Indicator> {
        let mut accounts = self.accounts(field, text);
        // What was recognised by itself is known more exactly.
        accounts.retain(|one| !found.iter().any(|held| held.start < one.end && one.start < held.end));
        found.extend(accounts);
        contacts::joined(found)
    }
}

/// Words of a seller's name that may stand without the rest of it, at most.
const WORDS_OF_A_NAME: usize = 8;

/// The first two or more words of a seller's name, without the last: a title says `Example Harbour` where the seller is called
/// `Example Harbour Trading`.
fn beginnings(seller: &str) -> impl Iterator<Item = &str> {
    let ends = seller.trim().match_indices(char::is_whitespace).map(|(at, _)| at);
    ends.skip(1)
        .take(WORDS_OF_A_NAME)
        .filter_map(|at| seller.trim().get(..at))
        .filter(|name| !name.ends_with(char::is_whitespace))
}

/// The byte at which a character begins; the end of the text for the one behind the last.
fn byte_at(text: &str, character: usize) -> Option<usize> {
    text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(character)
}

/// A listing without personal data, and the data itself.
pub(super) struct Parted {
    pub title: String,
    pub text: String,
    pub identifiers: Vec<(String, String)>,
    pub images: Vec<String>,
    pub price: Option<String>,
    pub currency: Option<String>,
    pub language: Option<String>,
    pub assessment: Assessment,
    pub values: Vec<ClearValue>,
    words: Words,
}

impl Parted {
    /// Hides this listing's values where they stand in an earlier version of it, which may have shown them: who sells it now
    /// was then only a name.
    pub fn hide(&self, earlier: &str) -> String {
        self.words.clean(earlier, Vec::new(), &[])
    }
}

/// A piece of a listing that was stored earlier, with contacts hidden by the present rules. The names of what is offered
/// stay readable.
pub(super) fn hidden_again(piece: &str, assessment: Option<&Assessment>) -> String {
    let surfaces = assessment.iter().flat_map(|one| &one.substances).flat_map(|one| &one.matches);
    let matter: Vec<(usize, usize)> = surfaces
        .filter(|found| !found.surface.is_empty())
        .flat_map(|found| piece.match_indices(&found.surface))
        .map(|(at, surface)| (at, at + surface.len()))
        .collect();
    Words::none().clean(piece, contacts::find(piece), &matter)
}

/// A price as a figure: digits, and no word longer than a currency's.
fn figure(text: &str) -> String {
    let longest = text.split(|c: char| !c.is_alphabetic()).map(|word| word.chars().count()).max().unwrap_or(0);
    if longest <= 4 && text.chars().count() <= 24 { text.to_owned() } else { blot(text) }
}

/// A code of a currency or a language: a few letters or a sign.
fn code(text: &str) -> String {
    let plain = text.chars().all(|c| !c.is_numeric() && !matches!(c, '@' | '_' | '.'));
    if plain && text.chars().count() <= 5 { text.to_owned() } else { blot(text) }
}

fn blot(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() { c } else { BLOT }).collect()
}

impl Truth {
    /// Parts a listing from its personal data.
    pub(super) fn part(&self, listing: &Published<'_>) -> Parted {
        let mut values: Vec<ClearValue> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let mut add = |kind: &'static str, value: &str| {
            let (hash, value) = (self.seal(value), value.trim().to_owned());
            if !value.is_empty() && seen.insert((hash.clone(), kind)) {
                values.push(ClearValue { hash, kind, value });
            }
        };
        let (mut words, mut names): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
        if let Some(seller) = listing.seller {
            add("seller", seller);
            // The name of what is offered stays readable, whatever the seller calls itself.
            let named = |surface: &str| surface.to_lowercase().contains(&seller.trim().to_lowercase());
            let is_matter =
                listing.assessment.substances.iter().flat_map(|s| &s.matches).any(|one| named(&one.surface));
            if !is_matter {
                names.push(seller.to_owned());
                names.extend(beginnings(seller).map(str::to_owned));
            }
        }
        let mut note = |text: &str, found: &[Indicator], matter: &[(usize, usize)]| {
            for one in found {
                let Some(value) = text.get(one.start..one.end) else { continue };
                if value.contains(BLOT) {
                    continue;
                }
                add(one.kind.name(), value);
                // A name of what is offered that was taken for a value is none.
                if !matter.iter().any(|(start, end)| *start <= one.start && one.end <= *end) {
                    let held = if one.kind == IndicatorKind::Name { &mut names } else { &mut words };
                    held.push(value.to_owned());
                }
            }
        };
        let found =
            |field: &str, text: &str| (listing.values(field, text, contacts::find(text)), listing.matter(field, text));
        let (title, text) = (found("title", listing.title), found("text", listing.text));
        note(listing.title, &title.0, &title.1);
        note(listing.text, &text.0, &text.1);
        let mut attributes = Vec::with_capacity(listing.identifiers.len());
        for (name, value) in listing.identifiers {
            let field = format!("attributes.{name}");
            let matter = listing.matter(&field, value);
            let in_value = listing.values(&field, value, contacts::find_in_attribute(name, value));
            let in_name = contacts::find(name);
            note(name, &in_name, &[]);
            note(value, &in_value, &matter);
            attributes.push((name, in_name, value, in_value, matter));
        }
        // What is known of earlier visits and still stands here is carried on, so that the next visit knows it too.
        let fields = listing.identifiers.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        let fields: Vec<&str> = [listing.title, listing.text].into_iter().chain(fields).collect();
        for (is_name, held) in [(true, &mut names), (false, &mut words)] {
            let known = listing.known.iter().filter(|known| known.is_name == is_name);
            let known: Vec<String> = known.map(|known| known.value.clone()).collect();
            for value in standing(&known, &fields) {
                add(IndicatorKind::Name.name(), value);
                held.push(value.to_owned());
            }
        }
        let words = Words::of(&words, &names, &listing.offered());
        let title = words.clean(listing.title, title.0, &title.1);
        let text = words.clean(listing.text, text.0, &text.1);
        let identifiers: Vec<(String, String)> = attributes
            .into_iter()
            .map(|(name, in_name, value, in_value, matter)| {
                (words.clean(name, in_name, &[]), words.clean(value, in_value, &matter))
            })
            .collect();
        let field = |name: &str, (start, end): (usize, usize), surface: &str| match name {
            "title" => Some(title.as_str()),
            "text" => Some(text.as_str()),
            other => {
                let key = other.strip_prefix("attributes.")?;
                // Several attributes may have one name.
                let says_it = |value: &str| {
                    byte_at(value, start).zip(byte_at(value, end)).and_then(|(from, to)| value.get(from..to))
                        == Some(surface)
                };
                let at = listing.identifiers.iter().position(|(name, value)| name == key && says_it(value))?;
                identifiers.get(at).map(|(_, value)| value.as_str())
            }
        };
        let assessment = hidden_assessment(listing.assessment, &words, field);
        let plain = |text: &str| words.clean(text, contacts::find(text), &[]);
        Parted {
            // Addresses are no text, but the file of a picture may be called as its seller is.
            images: listing.images.iter().map(|image| words.clean(image, Vec::new(), &[])).collect(),
            price: listing.price.map(|price| plain(&figure(price))),
            currency: listing.currency.map(|currency| plain(&code(currency))),
            language: listing.language.map(|language| plain(&code(language))),
            title,
            text,
            identifiers,
            assessment,
            values,
            words,
        }
    }

    /// The values that earlier visits found on a hit, as far as they are still kept.
    pub(super) fn known_values(&self, hit: &str) -> Result<Vec<KnownValue>, TruthError> {
        let named: Vec<(String, String)> = self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT hash, kind FROM fingerprints WHERE hit = ?")?;
            let rows = statement.query_map([hit], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        let mut values = Vec::with_capacity(named.len());
        for (hash, kind) in named {
            let is_name = kind == "seller" || kind == IndicatorKind::Name.name();
            values.extend(self.vault.open_value(&hash, &kind)?.map(|value| KnownValue { is_name, value }));
        }
        Ok(values)
    }

    /// Opens the personal data of a case's listings. The audit log says who, why and how many before anything is handed out.
    ///
    /// # Errors
    /// When there is no such case, no purpose is named, or a store fails.
    pub fn reveal(
        &self,
        referral: &ReferralId,
        purpose: &str,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Vec<Revealed>, TruthError> {
        let purpose = purpose.trim();
        if purpose.chars().count() < 3 {
            return Err(TruthError::Invalid("name the purpose for which personal data is opened".to_owned()));
        }
        self.referral_state(referral)?;
        let named: Vec<(String, String)> = self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT f.kind, f.hash FROM fingerprints f JOIN hits h ON h.id = f.hit WHERE h.referral = ?
                 ORDER BY f.kind, f.hash",
            )?;
            let rows = statement.query_map([referral.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        let detail = serde_json::json!({ "purpose": purpose, "values": named.len() }).to_string();
        self.note(&Said { actor, action: "reveal", subject: referral.as_str(), detail: &detail }, now)?;
        let mut revealed = Vec::new();
        for (kind, hash) in named {
            let value = self.vault.open_value(&hash, &kind)?;
            revealed.push(Revealed { kind, hash, value });
        }
        Ok(revealed)
    }

    /// Erases the personal data of a case's listings before its time. The keyed hashes stay.
    ///
    /// # Errors
    /// When there is no such case, or a store refuses.
    pub fn erase_personal(&self, referral: &ReferralId, actor: &Actor, now: Timestamp) -> Result<u64, TruthError> {
        self.referral_state(referral)?;
        let hashes = self.fingerprints_of(referral)?;
        let gone = self.vault.destroy(&hashes)?;
        let documents = issued::erase(&self.writer(), referral)?;
        let statements = self.vault.destroy(&story::statements_of(&self.writer(), referral)?)?;
        story::blank_state(&self.writer(), referral)?;
        let detail =
            serde_json::json!({ "values": gone, "documents": documents, "statements": statements }).to_string();
        self.note(&Said { actor, action: "erase-personal-data", subject: referral.as_str(), detail: &detail }, now)?;
        // The log of writes holds old pages until it is emptied; the vault has none.
        self.writer().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(gone + statements)
    }
}

/// An assessment that quotes the fields as they are stored. Names on no list that are somebody's contact are none.
fn hidden_assessment<'a>(
    assessment: &Assessment,
    words: &Words,
    field: impl Fn(&str, (usize, usize), &str) -> Option<&'a str>,
) -> Assessment {
    let mut assessment = assessment.clone();
    let stored = |name: &str, start: usize, end: usize, surface: &str| {
        let text = field(name, (start, end), surface)?;
        let stored = text.get(byte_at(text, start)?..byte_at(text, end)?)?;
        // Text cut at its limit, or a field that is not kept: what is quoted is no longer there.
        (stored.chars().count() == surface.chars().count()).then(|| stored.to_owned())
    };
    let plain = |text: &str| words.clean(text, contacts::find(text), &[]);
    let mut quotes = Quotes::default();
    for found in assessment.substances.iter().flat_map(|substance| &substance.matches) {
        quotes.add(&found.surface, &found.surface);
    }
    for found in &mut assessment.context {
        let shown = stored(&found.field, found.start, found.end, &found.surface).unwrap_or_else(|| {
            let shown = plain(&found.surface);
            // Where it stands cannot be looked up: what was taken for a handle is one.
            if found.signal == Signal::Handle && !shown.contains(BLOT) { blot(&shown) } else { shown }
        });
        quotes.add(&found.surface, &shown);
        found.surface = shown;
    }
    assessment.emerging.retain(|found| {
        let kept = stored(&found.field, found.start, found.end, &found.surface);
        let kept = kept.unwrap_or_else(|| plain(&found.surface));
        quotes.add(&found.surface, &kept);
        !kept.contains(BLOT)
    });
    // The name of an attribute is the seller's text as well.
    let mut renamed = |name: &str| match name.strip_prefix("attributes.") {
        Some(key) => {
            let shown = format!("attributes.{}", plain(key));
            quotes.rename(name, &shown);
            shown
        }
        None => name.to_owned(),
    };
    let fields =
        assessment.substances.iter_mut().flat_map(|substance| &mut substance.matches).map(|one| &mut one.field);
    let fields = fields.chain(assessment.context.iter_mut().map(|one| &mut one.field));
    for name in fields.chain(assessment.emerging.iter_mut().map(|one| &mut one.field)) {
        *name = renamed(name);
    }
    let fields = ["title", "text"].into_iter().filter_map(|name| field(name, (0, 0), "")).collect::<Vec<_>>();
    for reason in &mut assessment.reasons {
        *reason = quotes.requoted(reason, words, &fields);
    }
    assessment
}

/// What the reasons of an assessment quote: as it was found, and as it is shown.
#[derive(Default)]
struct Quotes {
    quoted: Vec<(String, String)>,
    fields: Vec<(String, String)>,
}

impl Quotes {
    fn rename(&mut self, field: &str, shown: &str) {
        if field != shown && !self.fields.iter().any(|(held, _)| held == field) {
            self.fields.push((field.to_owned(), shown.to_owned()));
        }
    }

    fn add(&mut self, found: &str, shown: &str) {
        let (found, shown) = (found.trim().to_owned(), shown.trim().to_owned());
        match self.quoted.iter_mut().find(|(held, _)| *held == found) {
            // Hidden in one place is hidden in all: a reason does not say which it quotes.
            Some((_, held)) if shown.contains(BLOT) => *held = shown,
            Some(_) => {}
            None => self.quoted.push((found, shown)),
        }
    }

    /// A reason whose quotes are those that the stored listing allows. What is quoted and stands nowhere in it is hidden:
    /// reasons of older records quote what is no longer there.
    fn requoted(&self, reason: &str, words: &Words, fields: &[&str]) -> String {
        let reason = self.fields.iter().fold(reason.to_owned(), |reason, (field, shown)| reason.replace(field, shown));
        let mut out = String::with_capacity(reason.len());
        let mut rest = reason.as_str();
        while let Some((before, behind)) = rest.split_once('"') {
            out.push_str(before);
            let known = self.quoted.iter().filter(|(found, _)| is_quote(behind, found));
            let (length, shown) = match known.max_by_key(|(found, _)| found.len()) {
                Some((found, shown)) => (found.len(), shown.clone()),
                None => {
                    let length = behind.find('"').unwrap_or(behind.len());
                    let text = behind.get(..length).unwrap_or_default();
                    let is_shown = self.quoted.iter().any(|(_, shown)| shown == text)
                        || fields.iter().any(|field| field.contains(text));
                    (length, if is_shown { text.to_owned() } else { blot(text) })
                }
            };
            out.push('"');
            out.push_str(&shown);
            rest = behind.get(length..).unwrap_or_default();
            if let Some(behind) = rest.strip_prefix('"') {
                out.push('"');
                rest = behind;
            }
        }
        out.push_str(rest);
        let hidden =
            self.quoted.iter().filter(|(found, shown)| shown.contains(BLOT) && found.chars().count() >= NAME_CHARS);
        let out = hidden.fold(out, |out, (found, shown)| out.replace(found, shown));
        words.clean(&out, Vec::new(), &[])
    }
}

/// Whether a text begins with what is quoted and ends the quote there.
fn is_quote(text: &str, quoted: &str) -> bool {
    text.strip_prefix(quoted).is_some_and(|rest| rest.starts_with('"'))
}

/// Whether personal data of a case, or of an earlier or later case of its cluster, was erased: a correction and a new generation have the
/// listings of the case before them.
pub(super) fn was_erased(connection: &Connection, case: &str) -> Result<bool, TruthError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM audit a WHERE a.action = 'erase-personal-data' AND a.subject IN (
                 SELECT o.id FROM referrals r JOIN referrals o ON o.platform = r.platform AND o.cluster = r.cluster WHERE r.id = ?))";
    Ok(connection.prepare_cached(sql)?.query_row([case], |row| row.get(0))?)
}

/// Notes keyed hashes of a hit beside those it has: what a seller took off its listing stays its own, to be opened and to be erased.
pub(super) fn add_fingerprints(tx: &Connection, hit: &str, values: &[ClearValue]) -> Result<(), TruthError> {
    for value in values {
        tx.prepare_cached("INSERT OR IGNORE INTO fingerprints (hit, kind, hash) VALUES (?, ?, ?)")?
            .execute(params![hit, value.kind, value.hash])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

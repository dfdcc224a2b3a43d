//! Personal data of a listing, taken out before the listing is stored: what stays are blots of the same length, so that
//! offsets of findings hold, and keyed hashes; the clear values go to the vault.

use rusqlite::{Connection, params};
use serde::Serialize;

use crate::detect::assessment::Assessment;
use crate::evidence::audit::Said;
use crate::listing::contacts::{self, IndicatorKind};
use crate::store::truth::hits::HitRecord;
use crate::store::truth::{Truth, TruthError};
use crate::store::vault::ClearValue;
use crate::vocab::actor::Actor;
use crate::vocab::ids::ReferralId;
use crate::vocab::time::Timestamp;

/// Stands for one character of personal data.
pub(super) const BLOT: char = '█';

/// A seller's name shorter than this is left in the text: too many ordinary words are as short.
const NAME_CHARS: usize = 5;

/// A value opened from the vault.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Revealed {
    /// `seller`, `email`, `phone`, `messenger`, `iban`, `bitcoin`, `ethereum`, `monero`.
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

/// A listing without personal data, and the data itself.
pub(super) struct Parted {
    pub title: String,
    pub text: String,
    pub identifiers: Vec<(String, String)>,
    pub assessment: Assessment,
    pub values: Vec<ClearValue>,
}

fn kind_name(kind: IndicatorKind) -> &'static str {
    match kind {
        IndicatorKind::Email => "email",
        IndicatorKind::Phone => "phone",
        IndicatorKind::Messenger => "messenger",
        IndicatorKind::Iban => "iban",
        IndicatorKind::Bitcoin => "bitcoin",
        IndicatorKind::Ethereum => "ethereum",
        IndicatorKind::Monero => "monero",
    }
}

fn blot(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() { c } else { BLOT }).collect()
}

impl Truth {
    /// Parts a listing from its personal data.
    pub(super) fn part(&self, listing: &HitRecord) -> Parted {
        let mut values: Vec<ClearValue> = Vec::new();
        let mut add = |kind: &'static str, value: &str| {
            let (hash, value) = (self.seal(value), value.trim().to_owned());
            if !value.is_empty() && !values.iter().any(|held| held.hash == hash && held.kind == kind) {
                values.push(ClearValue { hash, kind, value });
            }
        };
        let mut words: Vec<String> = Vec::new();
        if let Some(seller) = listing.seller.as_deref() {
            add("seller", seller);
            // The name of what is offered stays readable, whatever the seller calls itself.
            let named = |surface: &str| surface.to_lowercase().contains(&seller.trim().to_lowercase());
            let found = &listing.assessment;
            let is_matter = found.substances.iter().flat_map(|s| &s.matches).any(|m| named(&m.surface))
                || found.emerging.iter().any(|e| named(&e.surface));
            if seller.trim().chars().count() >= NAME_CHARS && !is_matter {
                words.push(seller.trim().to_owned());
            }
        }
        let attributes = listing.identifiers.iter().map(|(_, value)| value.as_str());
        for text in [listing.title.as_str(), &listing.text].into_iter().chain(attributes) {
            for found in contacts::find(text) {
                let value = &text[found.start..found.end];
                add(kind_name(found.kind), value);
                words.push(value.to_owned());
            }
        }
        // The longest first: one value may lie within another.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        words.dedup();
        let clean =
            |text: &str| words.iter().fold(text.to_owned(), |text, word| text.replace(word.as_str(), &blot(word)));
        let mut assessment = listing.assessment.clone();
        for found in &mut assessment.context {
            found.surface = clean(&found.surface);
        }
        for reason in &mut assessment.reasons {
            *reason = clean(reason);
        }
        Parted {
            title: clean(&listing.title),
            text: clean(&listing.text),
            identifiers: listing.identifiers.iter().map(|(name, value)| (name.clone(), clean(value))).collect(),
            assessment,
            values,
        }
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
        let detail = serde_json::json!({ "values": gone }).to_string();
        self.note(&Said { actor, action: "erase-personal-data", subject: referral.as_str(), detail: &detail }, now)?;
        Ok(gone)
    }
}

/// Notes which keyed hashes a hit carries now.
pub(super) fn note_fingerprints(tx: &Connection, hit: &str, values: &[ClearValue]) -> Result<(), TruthError> {
    tx.prepare_cached("DELETE FROM fingerprints WHERE hit = ?")?.execute([hit])?;
    for value in values {
        tx.prepare_cached("INSERT OR IGNORE INTO fingerprints (hit, kind, hash) VALUES (?, ?, ?)")?
            .execute(params![hit, value.kind, value.hash])?;
    }
    Ok(())
}

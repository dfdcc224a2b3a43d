//! Names on no list that offers use: candidates for the early-warning list. Counted by platform, because an agreement says whether its
//! data may be used for research, and without words of a person's name.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use serde::Serialize;

use crate::detect::assessment::{Assessment, EmergingFinding};
use crate::store::truth::{Truth, TruthError};
use crate::store::vault::ClearValue;
use crate::vocab::ids::PlatformId;
use crate::vocab::terms::Class;
use crate::vocab::time::Timestamp;

/// A candidate new name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct EmergingName {
    /// As written.
    pub surface: String,
    /// Class of the rule that accepts it.
    #[schema(value_type = Class)]
    pub class: String,
    /// Finer class.
    pub subclass: Option<String>,
    /// Listings that have it.
    pub listings: u64,
    /// First seen.
    pub first_seen: Timestamp,
    /// Last seen.
    pub last_seen: Timestamp,
}

/// Names on no list.
#[derive(Debug, Clone, Default)]
pub struct EmergingNames {
    /// Each with its class, counts and dates.
    pub names: Vec<EmergingName>,
    /// How many are left out, because a seller or a contact is called like them. Authorities are told, so that a name that a seller
    /// took is looked for elsewhere.
    pub hidden: u64,
}

/// So many sellers that are not called like a name make it one of goods.
const OTHER_SELLERS: usize = 2;

/// Hits of a name that are looked through for sellers, the newest.
const HITS_OF_A_NAME: usize = 200;

/// Words of a value or a surface that are looked at, from its beginning.
const WORDS: usize = 24;

/// Words in a row that make one name.
const IN_A_ROW: usize = 3;

/// Shorter runs of letters and digits are parts of too many names of substances.
const LEAST_CHARS: usize = 3;

/// A value of fewer characters stands inside of names by chance.
const VALUE_CHARS: usize = 5;

/// Parts of names of substances: a seller called so would take many of them out of every list.
const OF_SUBSTANCES: [&str; 30] = [
    "acetyl",
    "acid",
    "alpha",
    "beta",
    "bromo",
    "butyl",
    "chloro",
    "delta",
    "ethoxy",
    "ethyl",
    "fluoro",
    "gamma",
    "hexyl",
    "hydroxy",
    "iodo",
    "iso",
    "meta",
    "methoxy",
    "methyl",
    "nitro",
    "nor",
    "ortho",
    "para",
    "pentyl",
    "phenyl",
    "piperidine",
    "propyl",
    "pyrrolidino",
    "sec",
    "tert",
];

/// Whether a surface is part of one of these values, or holds one: case, spaces and signs do not count.
pub(super) fn is_part_of(surface: &str, values: &[ClearValue]) -> bool {
    let surface = joined(surface);
    values.iter().map(|value| joined(&value.value)).any(|value| {
        let long_enough = value.chars().count() >= VALUE_CHARS;
        value.contains(&surface) || (long_enough && surface.contains(&value))
    })
}

fn joined(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Words of a text, and up to three of them in a row written as one: `Blue-Harbour Trading` is `blue`, `harbour`, `blueharbour`, ….
fn runs(text: &str) -> Vec<String> {
    let words: Vec<String> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).take(WORDS).map(joined).collect();
    let mut runs: Vec<String> = (1..=IN_A_ROW).flat_map(|long| words.windows(long).map(|run| run.concat())).collect();
    runs.retain(|run| run.chars().count() >= LEAST_CHARS);
    runs.sort();
    runs.dedup();
    runs
}

/// Each name of a listing once, wherever it stands in it.
fn once(found: &[EmergingFinding]) -> Vec<&EmergingFinding> {
    let mut names: Vec<&EmergingFinding> = found.iter().collect();
    names.sort_by_key(|found| found.surface.to_lowercase());
    names.dedup_by_key(|found| found.surface.to_lowercase());
    names
}

/// Counts the names of a listing whose text is new.
pub(super) fn count(
    tx: &Connection,
    platform: &PlatformId,
    (found, values): (&[EmergingFinding], &[ClearValue]),
    at: Timestamp,
) -> Result<(), TruthError> {
    for found in once(found).into_iter().filter(|found| !is_part_of(&found.surface, values)) {
        tx.prepare_cached(
            "INSERT INTO emerging_names (surface, platform, class, subclass, first_seen, last_seen, listings)
             VALUES (?1, ?2, ?3, ?4, ?5, ?5, 1)
             ON CONFLICT DO UPDATE SET last_seen = max(last_seen, excluded.last_seen), listings = listings + 1",
        )?
        .execute(params![
            found.surface.to_lowercase(),
            platform.as_str(),
            found.class,
            found.subclass,
            at.as_millis()
        ])?;
    }
    Ok(())
}

/// Forgets that a listing of a platform uses a name that turned out to be somebody's. What others use it for is counted still.
pub(super) fn forget(tx: &Connection, platform: &str, surface: &str) -> Result<(), TruthError> {
    for sql in [
        "UPDATE emerging_names SET listings = listings - 1 WHERE surface = ? AND platform = ?",
        "DELETE FROM emerging_names WHERE surface = ? AND platform = ? AND listings <= 0",
    ] {
        tx.prepare_cached(sql)?.execute([surface, platform])?;
    }
    Ok(())
}

/// Counts the names of the hits that an older file holds, of which it did not know the platform.
pub(super) fn count_stored(tx: &Connection) -> Result<(), TruthError> {
    struct Counted {
        class: String,
        subclass: Option<String>,
        seen: (i64, i64),
        listings: i64,
    }
    let mut counted: BTreeMap<(String, String), Counted> = BTreeMap::new();
    let mut statement = tx.prepare("SELECT platform, assessment, first_seen, last_seen FROM hits")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        // Records of other shapes than today's hold no such names.
        let Ok(assessment) = serde_json::from_str::<Assessment>(&row.get::<_, String>(1)?) else { continue };
        let (first, last): (i64, i64) = (row.get(2)?, row.get(3)?);
        for found in once(&assessment.emerging) {
            let one = counted.entry((found.surface.to_lowercase(), row.get(0)?)).or_insert(Counted {
                class: found.class.to_string(),
                subclass: found.subclass.clone(),
                seen: (first, last),
                listings: 0,
            });
            one.seen = (one.seen.0.min(first), one.seen.1.max(last));
            one.listings += 1;
        }
    }
    for ((surface, platform), one) in counted {
        tx.execute(
            "INSERT OR IGNORE INTO emerging_names (surface, platform, class, subclass, first_seen, last_seen, listings)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
            params![surface, platform, one.class, one.subclass, one.seen.0, one.seen.1, one.listings],
        )?;
    }
    Ok(())
}

impl Truth {
    /// Notes keyed hashes of the words of sealed values, and of up to three in a row.
    fn note_name_words(&self, tx: &Connection, values: &[ClearValue]) -> Result<(), TruthError> {
        for run in values.iter().flat_map(|value| runs(&value.value)) {
            tx.prepare_cached("INSERT OR IGNORE INTO name_words (hash) VALUES (?)")?.execute([self.word_hash(&run)])?;
        }
        Ok(())
    }

    /// Notes of a listing what must be in no list of names: words of its sealed values, and names that stand inside of one.
    pub(super) fn note_names_of_people(
        &self,
        tx: &Connection,
        found: &[EmergingFinding],
        values: &[ClearValue],
    ) -> Result<(), TruthError> {
        self.note_name_words(tx, values)?;
        for found in found.iter().filter(|found| is_part_of(&found.surface, values)) {
            tx.prepare_cached("INSERT OR IGNORE INTO name_words (hash) VALUES (?)")?
                .execute([self.word_hash(&joined(&found.surface))])?;
        }
        Ok(())
    }

    /// Notes the words of all sealed values on record, for files of versions that did not note them.
    pub(super) fn note_stored_name_words(&self) -> Result<(), TruthError> {
        let named: Vec<(String, String)> = self.read(|connection| {
            let mut statement = connection.prepare("SELECT DISTINCT hash, kind FROM fingerprints")?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        let mut values = Vec::new();
        for (hash, kind) in named {
            if let Some(value) = self.vault.open_value(&hash, &kind)? {
                values.push(ClearValue { hash, kind: "stored", value });
            }
        }
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        self.note_name_words(&tx, &values)?;
        self.commit(tx)
    }

    /// Keyed apart from the hashes of whole values: the two sets tell nothing of each other.
    fn word_hash(&self, word: &str) -> String {
        let key = self.secret_for("words of names");
        data_encoding::HEXLOWER.encode(&blake3::keyed_hash(&key, word.as_bytes()).as_bytes()[..16])
    }

    /// Whether a name, or a word of it, is one of a seller's name or of a contact.
    pub(super) fn is_of_a_person(&self, connection: &Connection, surface: &str) -> Result<bool, TruthError> {
        let mut word = connection.prepare_cached("SELECT 1 FROM name_words WHERE hash = ?")?;
        let of_substances = |run: &String| OF_SUBSTANCES.contains(&run.as_str());
        let mut is_noted = false;
        for run in runs(surface).into_iter().filter(|run| !of_substances(run)).chain([joined(surface)]) {
            is_noted = is_noted || word.exists([self.word_hash(&run)])?;
        }
        let mut whole = connection.prepare_cached("SELECT 1 FROM fingerprints WHERE hash = ? LIMIT 1")?;
        let is_noted = is_noted || whole.exists([self.seal(surface)])?;
        Ok(is_noted && !self.is_used_by_others(connection, surface)?)
    }

    /// Whether sellers whose own names and contacts do not hold a name offer under it: then it is a name of goods, whoever else calls
    /// itself so. A seller whose name is not sealed any more is not known to be another one.
    fn is_used_by_others(&self, connection: &Connection, surface: &str) -> Result<bool, TruthError> {
        let mut statement = connection.prepare_cached(
            "SELECT h.id, h.seller_hash, h.assessment FROM hits_text JOIN hits h ON h.rowid = hits_text.rowid
             WHERE hits_text MATCH ?1 AND h.seller_hash IS NOT NULL
               AND h.platform IN (SELECT platform FROM platform_uses WHERE use = 'research')
             ORDER BY hits_text.rowid DESC LIMIT ?2",
        )?;
        let words = format!("names : \"{}\"", surface.replace('"', "\"\""));
        let mut rows = statement.query(params![words, HITS_OF_A_NAME])?;
        let mut sellers: BTreeSet<String> = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let (hit, seller): (String, String) = (row.get(0)?, row.get(1)?);
            let assessment: Assessment = serde_json::from_str(&row.get::<_, String>(2)?)?;
            let uses_it =
                assessment.emerging.iter().any(|found| found.surface.to_lowercase() == surface.to_lowercase());
            if !uses_it || sellers.contains(&seller) || self.vault.open_value(&seller, "seller")?.is_none() {
                continue;
            }
            let values = self.known_values(&hit)?.into_iter();
            let values: Vec<ClearValue> =
                values.map(|one| ClearValue { hash: String::new(), kind: "stored", value: one.value }).collect();
            if !is_part_of(surface, &values) {
                sellers.insert(seller);
            }
            if sellers.len() >= OTHER_SELLERS {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Leaves out what is a word of a seller's name or of a contact.
    pub(super) fn without_persons(&self, connection: &Connection, names: &mut Vec<String>) -> Result<(), TruthError> {
        let mut kept = Vec::with_capacity(names.len());
        for name in names.drain(..) {
            if !self.is_of_a_person(connection, &name)? {
                kept.push(name);
            }
        }
        *names = kept;
        Ok(())
    }

    /// Names a class rule accepts and no list has: surface, class, subclass, listings, first and last seen. Only of platforms whose
    /// agreements allow research, and none with a word of a seller's name or of a contact, unless other sellers use it.
    ///
    /// # Errors
    /// When SQLite fails.
    pub fn emerging(&self) -> Result<EmergingNames, TruthError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT surface, min(class), min(subclass), sum(listings), min(first_seen), max(last_seen) FROM emerging_names
                 WHERE platform IN (SELECT platform FROM platform_uses WHERE use = 'research')
                 GROUP BY surface ORDER BY max(last_seen) DESC, surface",
            )?;
            let mut rows = statement.query([])?;
            let (mut names, mut hidden) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let surface: String = row.get(0)?;
                if self.is_of_a_person(connection, &surface)? {
                    hidden += 1;
                    continue;
                }
                names.push(EmergingName {
                    surface,
                    class: row.get(1)?,
                    subclass: row.get(2)?,
                    listings: row.get(3)?,
                    first_seen: Timestamp::from_millis(row.get(4)?),
                    last_seen: Timestamp::from_millis(row.get(5)?),
                });
            }
            Ok(EmergingNames { names, hidden })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_name_are_known_alone_and_in_a_row() {
        assert_eq!(runs("Blue-Harbour Ltd"), ["blue", "blueharbour", "blueharbourltd", "harbour", "harbourltd", "ltd"]);
        assert_eq!(runs("2C-X"), ["2cx"]);
        assert!(runs("a b").is_empty());
    }

    #[test]
    fn a_surface_inside_a_handle_is_part_of_it() {
        let value = |text: &str| vec![ClearValue { hash: String::new(), kind: "seller", value: text.to_owned() }];
        for (surface, held, part) in [
            ("Examplonitazene", "Dr Examplonitazene", true),
            ("examplonitazene", "markexamplonitazene77", true),
            ("N-Examplo nitazene", "n.examplo", true),
            ("Examplonitazene", "Blue Harbour", false),
            ("Examplonitazene", "ex", false),
        ] {
            assert_eq!(is_part_of(surface, &value(held)), part, "{surface} {held}");
        }
    }
}

//! Listings stored when personal data was found by older rules are parted from it again, once, when the file is opened.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::detect::assessment::Assessment;
use crate::store::truth::hits::index;
use crate::store::truth::personal::{Parted, Published, add_fingerprints};
use crate::store::truth::{Truth, TruthError, emerging};
use crate::vocab::time::Timestamp;

/// Grows with every change of `listing::contacts` or of [`Truth::part`] that hides more, and of the words that are noted of names.
const RULES: i64 = 8;

/// Hits parted in one transaction.
const HITS_AT_ONCE: usize = 500;

struct Stored {
    row: i64,
    id: String,
    platform: String,
    title: String,
    text: String,
    identifiers: Vec<(String, String)>,
    images: Vec<String>,
    price: Option<String>,
    currency: Option<String>,
    language: Option<String>,
    assessment: Assessment,
    last_seen: Timestamp,
}

impl Truth {
    /// Parts stored listings again if that was not done with these rules.
    pub(super) fn part_again(&self) -> Result<(), TruthError> {
        let held: Option<i64> =
            self.writer().query_row("SELECT version FROM redaction", [], |row| row.get(0)).optional()?;
        if held.is_some_and(|held| held >= RULES) {
            return Ok(());
        }
        let (mut row, mut changed) = (0, 0_u64);
        // What leaves the index leaves the file.
        self.writer().execute_batch("INSERT INTO hits_text (hits_text, rank) VALUES ('secure-delete', 1);")?;
        loop {
            let hits = self.stored_from(row)?;
            let Some(last) = hits.last() else { break };
            row = last.row;
            let mut writer = self.writer();
            let tx = writer.transaction()?;
            for hit in &hits {
                let parted = self.part(&Published {
                    title: &hit.title,
                    text: &hit.text,
                    identifiers: &hit.identifiers,
                    images: &hit.images,
                    price: hit.price.as_deref(),
                    currency: hit.currency.as_deref(),
                    language: hit.language.as_deref(),
                    seller: None,
                    assessment: &hit.assessment,
                    known: Vec::new(),
                });
                if is_as_stored(hit, &parted) {
                    continue;
                }
                // Sealed first, and dated by the listing, so that its time in the vault ends when it should.
                self.vault.keep(&parted.values, hit.last_seen)?;
                put(&tx, hit, &parted)?;
                changed += 1;
            }
            self.commit(tx)?;
        }
        let in_changes = self.hide_in_changes()?;
        self.note_stored_name_words()?;
        self.key_series()?;
        let mut writer = self.writer();
        let tx = writer.transaction()?;
        if changed > 0 {
            tx.execute(
                "UPDATE referrals SET title = coalesce(
                   (SELECT title FROM hits WHERE referral = referrals.id ORDER BY score DESC, url LIMIT 1), title)",
                [],
            )?;
        }
        tx.execute("INSERT OR REPLACE INTO redaction (one, version) VALUES (1, ?)", [RULES])?;
        self.commit(tx)?;
        if changed + in_changes > 0 {
            writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            tracing::info!(hits = changed, "contacts were hidden in {changed} stored listings by newer rules");
        }
        Ok(())
    }

    fn stored_from(&self, row: i64) -> Result<Vec<Stored>, TruthError> {
        self.read(|reader| {
            let mut statement = reader.prepare_cached(
                "SELECT rowid, id, title, text, identifiers, price, currency, language, assessment, last_seen, images,
                   platform FROM hits
                 WHERE rowid > ? ORDER BY rowid LIMIT ?",
            )?;
            let mut rows = statement.query(params![row, i64::try_from(HITS_AT_ONCE).unwrap_or(i64::MAX)])?;
            let mut hits = Vec::new();
            while let Some(row) = rows.next()? {
                let text = |at: usize| row.get::<_, String>(at);
                hits.push(Stored {
                    row: row.get(0)?,
                    id: text(1)?,
                    platform: text(11)?,
                    title: text(2)?,
                    text: text(3)?,
                    identifiers: serde_json::from_str(&text(4)?)?,
                    price: row.get(5)?,
                    currency: row.get(6)?,
                    language: row.get(7)?,
                    assessment: serde_json::from_str(&text(8)?)?,
                    last_seen: Timestamp::from_millis(row.get(9)?),
                    images: serde_json::from_str(&text(10)?)?,
                });
            }
            Ok(hits)
        })
    }
}

fn is_as_stored(hit: &Stored, parted: &Parted) -> bool {
    (&hit.title, &hit.text, &hit.identifiers, &hit.images, &hit.price, &hit.currency, &hit.language, &hit.assessment)
        == (
            &parted.title,
            &parted.text,
            &parted.identifiers,
            &parted.images,
            &parted.price,
            &parted.currency,
            &parted.language,
            &parted.assessment,
        )
}

fn put(tx: &Transaction<'_>, hit: &Stored, parted: &Parted) -> Result<(), TruthError> {
    tx.prepare_cached(
        "UPDATE hits SET title = ?2, text = ?3, identifiers = ?4, price = ?5, currency = ?6, language = ?7, assessment = ?8,
           images = ?9
         WHERE id = ?1",
    )?
    .execute(params![
        hit.id,
        parted.title,
        parted.text,
        serde_json::to_string(&parted.identifiers)?,
        parted.price,
        parted.currency,
        parted.language,
        serde_json::to_string(&parted.assessment)?,
        serde_json::to_string(&parted.images)?,
    ])?;
    tx.prepare_cached("DELETE FROM hits_text WHERE rowid = ?")?.execute([hit.row])?;
    tx.prepare_cached("DELETE FROM hit_substances WHERE hit = ?")?.execute([&hit.id])?;
    index(tx, &hit.id, &parted.title, &parted.text, &parted.assessment)?;
    add_fingerprints(tx, &hit.id, &parted.values)?;
    // Names on no list that turned out to be somebody's contact.
    let named = |of: &Assessment| -> Vec<String> { of.emerging.iter().map(|one| one.surface.to_lowercase()).collect() };
    let kept = named(&parted.assessment);
    for gone in named(&hit.assessment).into_iter().filter(|surface| !kept.contains(surface)) {
        emerging::forget(tx, &hit.platform, &gone)?;
        tx.prepare_cached(
            "UPDATE referrals SET substances = (SELECT json_group_array(value) FROM json_each(substances) WHERE lower(value) != ?1)
             WHERE id = (SELECT referral FROM hits WHERE id = ?2)",
        )?
        .execute(params![gone, hit.id])?;
    }
    Ok(())
}

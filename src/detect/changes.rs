//! What differs between two watchlists, in the terms of their entries.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::detect::watchlist::Watchlist;

/// What differs between two watchlists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WatchlistChanges {
    /// Ids of entries only the newer list has, by kind (`substance`, `equipment`, `class`).
    pub added: BTreeMap<String, Vec<String>>,
    /// Ids of entries only the older list has.
    pub removed: BTreeMap<String, Vec<String>>,
    /// Entries of both that differ, with the keys in which they do.
    pub changed: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Other parts that differ: `context`, `ordinary`, `weights`, and thresholds with their values.
    pub parts: Vec<String>,
}

impl WatchlistChanges {
    /// What `new` changes of `old`.
    pub fn between(old: &Watchlist, new: &Watchlist) -> Self {
        let mut out = WatchlistChanges::default();
        out.compare("substance", &entries(&old.substances), &entries(&new.substances));
        out.compare("equipment", &entries(&old.equipment), &entries(&new.equipment));
        out.compare("class", &entries(&old.classes), &entries(&new.classes));
        for (name, was, is) in [
            ("context", value(&old.context), value(&new.context)),
            ("ordinary", value(&old.ordinary), value(&new.ordinary)),
            (
                "weights",
                value(&(old.weights.bias, &old.weights.features)),
                value(&(new.weights.bias, &new.weights.features)),
            ),
        ] {
            if was != is {
                out.parts.push(name.to_owned());
            }
        }
        for (name, was, is) in
            [("review", old.weights.review, new.weights.review), ("refer", old.weights.refer, new.weights.refer)]
        {
            if was.to_bits() != is.to_bits() {
                out.parts.push(format!("threshold {name} {was} -> {is}"));
            }
        }
        out
    }

    /// Whether nothing differs but comments and order.
    pub fn is_empty(&self) -> bool {
        *self == WatchlistChanges::default()
    }

    fn compare(&mut self, kind: &str, old: &BTreeMap<String, Value>, new: &BTreeMap<String, Value>) {
        for (id, entry) in new {
            match old.get(id) {
                None => self.added.entry(kind.to_owned()).or_default().push(id.clone()),
                Some(was) if was != entry => {
                    let keys = differing(was, entry);
                    self.changed.entry(kind.to_owned()).or_default().insert(id.clone(), keys);
                }
                Some(_) => {}
            }
        }
        let gone: Vec<String> = old.keys().filter(|id| !new.contains_key(*id)).cloned().collect();
        if !gone.is_empty() {
            self.removed.insert(kind.to_owned(), gone);
        }
    }
}

/// Ids shown of one kind of change.
const SHOWN: usize = 20;

impl fmt::Display for WatchlistChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        let list = |ids: Vec<String>| {
            let more = ids.len().saturating_sub(SHOWN);
            let mut text = ids.into_iter().take(SHOWN).collect::<Vec<_>>().join(", ");
            if more > 0 {
                text.push_str(&format!(" and {more} more"));
            }
            text
        };
        for (word, kinds) in [("added", &self.added), ("removed", &self.removed)] {
            for (kind, ids) in kinds {
                parts.push(format!("{word} {} {kind}: {}", ids.len(), list(ids.clone())));
            }
        }
        for (kind, entries) in &self.changed {
            let told = entries.iter().map(|(id, keys)| format!("{id} ({})", keys.join(", "))).collect();
            parts.push(format!("changed {} {kind}: {}", entries.len(), list(told)));
        }
        if !self.parts.is_empty() {
            parts.push(format!("changed {}", self.parts.join(", ")));
        }
        if parts.is_empty() {
            parts.push("only comments and order changed".to_owned());
        }
        f.write_str(&parts.join("; "))
    }
}

fn value(of: &impl Serialize) -> Value {
    serde_json::to_value(of).unwrap_or(Value::Null)
}

fn entries<T: Serialize>(list: &[T]) -> BTreeMap<String, Value> {
    list.iter()
        .map(|entry| {
            let entry = value(entry);
            (entry["id"].as_str().unwrap_or_default().to_owned(), entry)
        })
        .collect()
}

fn differing(was: &Value, is: &Value) -> Vec<String> {
    let (Some(was), Some(is)) = (was.as_object(), is.as_object()) else { return Vec::new() };
    let keys: std::collections::BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    keys.into_iter().filter(|key| was.get(*key) != is.get(*key)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_named() {
        let old = Watchlist::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
        let mut new = old.clone();
        assert!(WatchlistChanges::between(&old, &new).is_empty());
        let mut added = new.substances[0].clone();
        added.id = "test-substance".to_owned();
        let gone = new.substances.remove(3).id;
        new.substances[0].cas.push("14188-81-9".to_owned());
        let changed = new.substances[0].id.clone();
        new.substances.push(added);
        new.weights.refer = 0.9;
        new.context.clear();
        let found = WatchlistChanges::between(&old, &new);
        assert_eq!(found.added["substance"], ["test-substance"]);
        assert_eq!(found.removed["substance"], [gone]);
        assert_eq!(found.changed["substance"][&changed], ["cas"]);
        let told = found.to_string();
        assert!(told.contains("added 1 substance: test-substance") && told.contains("threshold refer"), "{told}");
    }
}

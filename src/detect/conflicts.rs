//! What is wrong with a watchlist although every file of it can be read: names and identifiers that mean two things, names
//! that are ordinary words, values nothing knows. Each with its place, so that an analyst can go there.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::detect::classes::ClassGrammar;
use crate::detect::controls::control;
use crate::detect::ordinary::SUBSTANCE_WORDS;
use crate::detect::view::fold;
use crate::detect::watchlist::{Names, PatternProblem, Substance, Watchlist};
use crate::vocab::terms::{Class, LegitimateUse, Signal, Written};

/// Common words of English: a name that is one of them says nothing by itself.
const ENGLISH: &str = include_str!("words/english.txt");

/// Every conflict of a list that was read from `files`.
pub fn conflicts(list: &Watchlist, files: &[(String, String)]) -> Vec<PatternProblem> {
    let atlas = Atlas::of(files);
    let mut problems = Vec::new();
    values(list, &atlas, &mut problems);
    shared_identifiers(list, &atlas, &mut problems);
    shared_names(list, &atlas, &mut problems);
    ordinary_words(list, &atlas, &mut problems);
    rules(list, &atlas, &mut problems);
    problems.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    problems
}

/// Where entries stand in the files.
pub(super) struct Atlas<'a> {
    /// By kind (`substance`, `equipment`, `class`) and id: file and bytes of the entry.
    entries: HashMap<(&'a str, String), (&'a str, &'a str, usize, usize)>,
    files: &'a [(String, String)],
}

impl<'a> Atlas<'a> {
    pub(super) fn of(files: &'a [(String, String)]) -> Self {
        let mut entries = HashMap::new();
        for (path, text) in files {
            let heads: Vec<(usize, &str)> = ["substance", "equipment", "class"]
                .into_iter()
                .flat_map(|kind| {
                    let head = format!("[[{kind}]]");
                    let at_line = |at: &usize| *at == 0 || text.as_bytes()[at - 1] == b'\n';
                    let places: Vec<usize> = text.match_indices(&head).map(|(at, _)| at).filter(at_line).collect();
                    places.into_iter().map(move |at| (at, kind))
                })
                .collect();
            let mut heads = heads;
            heads.sort_unstable();
            for (at, (start, kind)) in heads.iter().enumerate() {
                let end = heads.get(at + 1).map_or(text.len(), |(next, _)| *next);
                let id = text[*start..end].lines().find_map(|line| {
                    let value = line.trim().strip_prefix("id")?.trim_start().strip_prefix('=')?.trim();
                    Some(value.trim_matches(['"', '\'']).to_owned())
                });
                if let Some(id) = id {
                    // The first entry of an id is the one others are compared with.
                    entries.entry((*kind, id)).or_insert((path.as_str(), text.as_str(), *start, end));
                }
            }
        }
        Atlas { entries, files }
    }

    /// A problem at `what` inside an entry; at the entry's head where it does not stand there word for word.
    pub(super) fn at(&self, kind: &'static str, id: &str, what: &str, message: String, hint: &str) -> PatternProblem {
        let Some((path, text, start, end)) = self.entries.get(&(kind, id.to_owned())) else {
            return PatternProblem {
                file: format!("{kind} `{id}`"),
                line: 0,
                column: 0,
                message,
                hint: Some(hint.to_owned()),
            };
        };
        let entry = &text[*start..*end];
        let quoted = [format!("\"{what}\""), format!("'{what}'")];
        let inside = quoted.iter().find_map(|quoted| entry.find(quoted.as_str())).map(|at| at + 1);
        problem(path, text, start + inside.unwrap_or(0), message, hint)
    }

    /// A problem at `what` in a file without entries.
    fn in_file(&self, name: &str, what: &str, message: String, hint: &str) -> PatternProblem {
        let text = self.files.iter().find(|(path, _)| path == name).map_or("", |(_, text)| text.as_str());
        problem(name, text, text.find(what).unwrap_or(0), message, hint)
    }

    /// Where an entry stands, in words.
    fn place(&self, kind: &'static str, id: &str) -> String {
        self.entries.get(&(kind, id.to_owned())).map_or_else(String::new, |(path, text, start, _)| {
            format!(" ({path}:{})", text[..*start].matches('\n').count() + 1)
        })
    }
}

fn problem(file: &str, text: &str, place: usize, message: String, hint: &str) -> PatternProblem {
    let before = &text[..text.floor_char_boundary(place.min(text.len()))];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    PatternProblem {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message,
        hint: Some(hint.to_owned()),
    }
}

fn values(list: &Watchlist, atlas: &Atlas<'_>, problems: &mut Vec<PatternProblem>) {
    for substance in &list.substances {
        let mut say = |what: &str, message: String, hint: &str| {
            problems.push(atlas.at("substance", &substance.id, what, message, hint));
        };
        if let Some(class) = unknown(&substance.class) {
            let near = nearest(class);
            say(class, format!("class `{class}` is unknown"), &format!("did you mean `{near}`?"));
        }
        for code in substance.controls.iter().filter(|code| code.as_str() != "none-known" && control(code).is_none()) {
            say(code, format!("control `{code}` cannot be read"), "patterns/README.md lists the codes");
        }
        if substance.legitimate_use() == LegitimateUse::Licensed && !substance.is_controlled() {
            say(
                "licensed",
                format!("`{}` is said to need a licence and has no control", substance.id),
                "cite the control, or say use = \"dual-use\" of an uncontrolled medicine or chemical",
            );
        }
        if let Some(note) = substance.use_note.as_deref().filter(|note| !is_clause(note)) {
            say(note, format!("the use_note of `{}` is no short clause", substance.id), USE_NOTE_HINT);
        }
        for key in substance.inchikey.iter().filter(|key| !is_inchikey(key)) {
            say(key, format!("`{key}` is no InChIKey"), "14, 10 and 1 capital letters, joined by dashes");
        }
        if substance.sources.is_empty() {
            say(
                "",
                format!("`{}` names no source", substance.id),
                "say where the entry comes from, e.g. sources = [\"ed\"]",
            );
        }
        let flags = substance.names.values().flatten().filter(|name| !name.chars().any(char::is_alphabetic));
        for name in flags {
            say(name, format!("the name `{name}` has no letters and is never looked for"), "numbers belong into `cas`");
        }
        let soft: HashSet<String> =
            substance.street.values().chain(substance.ambiguous.values()).flatten().map(|name| fold(name)).collect();
        for name in substance.names.values().flatten().filter(|name| soft.contains(&fold(name))) {
            say(
                name,
                format!("`{name}` stands in `names`, and in `street` or `ambiguous` too"),
                "keep it in one: in `names` it raises a flag by itself",
            );
        }
    }
    let weights = &list.weights;
    if !(0.0..=1.0).contains(&weights.review) || !(weights.review..=1.0).contains(&weights.refer) {
        let message = format!("thresholds review {} and refer {} are out of order", weights.review, weights.refer);
        problems.push(atlas.in_file("weights.toml", "review", message, "0 <= review <= refer <= 1"));
    }
    for signal in list.context.keys().filter(|signal| signal.parse::<Signal>().is_err()) {
        let message = format!("signal `{signal}` is unknown and never counts");
        problems.push(atlas.in_file(
            "context.toml",
            &format!("[{signal}]"),
            message,
            &format!("use {}", Signal::ALL.map(Signal::as_str).join(", ")),
        ));
    }
}

/// The class as written, if no substance can have it.
fn unknown(class: &Written<Class>) -> Option<&str> {
    let is_known = class.known().is_some_and(|known| Class::of_substances().any(|class| class == known));
    (!is_known).then(|| class.as_str())
}

fn nearest(class: &str) -> &'static str {
    Class::of_substances()
        .map(Class::as_str)
        .max_by(|a, b| strsim::jaro_winkler(a, class).total_cmp(&strsim::jaro_winkler(b, class)))
        .unwrap_or("")
}

/// What a `use_note` looks like.
const USE_NOTE_HINT: &str =
    "one line of up to 160 characters without a full stop at its end, e.g. \"veterinary medicine\"";

/// One line a sentence can take in.
fn is_clause(note: &str) -> bool {
    (3..=160).contains(&note.chars().count())
        && !note.contains(['\n', '\r'])
        && note == note.trim()
        && !note.ends_with('.')
}

fn is_inchikey(key: &str) -> bool {
    let parts: Vec<&str> = key.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [14, 10, 1] && key.bytes().all(|b| b.is_ascii_uppercase() || b == b'-')
}

fn shared_identifiers(list: &Watchlist, atlas: &Atlas<'_>, problems: &mut Vec<PatternProblem>) {
    let mut owner: HashMap<&str, &Substance> = HashMap::new();
    for substance in &list.substances {
        for id in substance.cas.iter().chain(&substance.inchikey) {
            if let Some(first) = owner.insert(id, substance).filter(|first| first.id != substance.id) {
                let message = format!("`{id}` belongs to `{}` too{}", first.id, atlas.place("substance", &first.id));
                problems.push(atlas.at(
                    "substance",
                    &substance.id,
                    id,
                    message,
                    "an identifier means one substance: keep it where it belongs",
                ));
            }
        }
    }
}

fn shared_names(list: &Watchlist, atlas: &Atlas<'_>, problems: &mut Vec<PatternProblem>) {
    let mut owners: BTreeMap<String, Vec<(&Substance, &str)>> = BTreeMap::new();
    for substance in &list.substances {
        for name in hard_names(substance) {
            let held = owners.entry(fold(name)).or_default();
            if held.iter().all(|(other, _)| other.id != substance.id) {
                held.push((substance, name));
            }
        }
    }
    let agrees = |substance: &Substance, folded: &str| substance.shared.iter().any(|name| fold(name) == folded);
    for (folded, held) in owners.iter().filter(|(_, held)| held.len() > 1) {
        if held.iter().all(|(substance, _)| agrees(substance, folded)) {
            continue;
        }
        let Some(((first, _), others)) = held.split_first() else { continue };
        for (substance, name) in others {
            let message = format!("`{name}` is a name of `{}` too{}", first.id, atlas.place("substance", &first.id));
            let hint = "take it from one of them, or say shared = [\"…\"] in both when both uses are real";
            problems.push(atlas.at("substance", &substance.id, name, message, hint));
        }
    }
}

/// Names that raise a flag by themselves.
fn hard_names(substance: &Substance) -> impl Iterator<Item = &str> {
    substance.names.values().flatten().map(String::as_str)
}

fn ordinary_words(list: &Watchlist, atlas: &Atlas<'_>, problems: &mut Vec<PatternProblem>) {
    let english: HashSet<&str> =
        ENGLISH.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace).collect();
    // A drug's name that everyday language has too means the drug there as well.
    let near: HashMap<String, &str> = list
        .ordinary
        .iter()
        .filter(|(language, _)| *language != SUBSTANCE_WORDS)
        .flat_map(|(language, words)| words.iter().map(move |word| (fold(word), language.as_str())))
        .collect();
    let hint = "move it to `ambiguous`: there it counts in a deal only";
    for substance in &list.substances {
        for name in hard_names(substance) {
            let folded = fold(name);
            let said = if english.contains(folded.as_str()) {
                Some(format!("`{name}` is an ordinary word of English"))
            } else {
                near.get(&folded).map(|language| format!("`{name}` is an ordinary word (ordinary.toml, {language})"))
            };
            // A capital code such as `MET` is spelled like a word; three letters never count by themselves anyway.
            if let Some(message) = said.filter(|_| folded.chars().count() > 3) {
                problems.push(atlas.at("substance", &substance.id, name, message, hint));
            }
        }
    }
    for item in &list.equipment {
        for term in item.terms.values().flatten().filter(|term| english.contains(fold(term).as_str())) {
            let message = format!("`{term}` is an ordinary word of English");
            problems.push(atlas.at("equipment", &item.id, term, message, hint));
        }
    }
    let mut owner: HashMap<String, &str> = HashMap::new();
    for item in &list.equipment {
        let terms = |names: &Names| names.values().flatten().map(|term| fold(term)).collect::<Vec<_>>();
        for term in terms(&item.terms) {
            if let Some(first) = owner.insert(term.clone(), &item.id).filter(|first| *first != item.id) {
                let message = format!("`{term}` is a term of `{first}` too");
                problems.push(atlas.at("equipment", &item.id, &term, message, "keep it in one item"));
            }
        }
    }
}

fn rules(list: &Watchlist, atlas: &Atlas<'_>, problems: &mut Vec<PatternProblem>) {
    let mut seen = HashSet::new();
    for rule in &list.classes {
        if let Err(error) = ClassGrammar::compile(std::slice::from_ref(rule)) {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim().to_owned();
            problems.push(atlas.at(
                "class",
                &rule.id,
                &rule.pattern,
                format!("the pattern cannot be read: {reason}"),
                "it is a regular expression over folded words",
            ));
        }
        if let Some(class) = unknown(&rule.class) {
            let hint = format!("did you mean `{}`?", nearest(class));
            problems.push(atlas.at("class", &rule.id, class, format!("class `{class}` is unknown"), &hint));
        }
        if !seen.insert(&rule.id) {
            problems.push(atlas.at(
                "class",
                &rule.id,
                &rule.id,
                format!("rule `{}` stands twice", rule.id),
                "give each rule its own id",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::builtin::files;

    #[test]
    fn the_builtin_list_has_no_conflicts() {
        let list = Watchlist::builtin().unwrap_or_else(|problems| panic!("{problems:?}"));
        assert_eq!(conflicts(&list, &files()), []);
    }

    #[test]
    fn a_licence_without_a_control_and_a_note_of_many_words_are_told() {
        let text = "[[substance]]\nid = \"one\"\nname = \"Onetest\"\nclass = \"adulterant\"\nuse = \"licensed\"\n\
                    use_note = \"It is used. Everywhere.\"\ncontrols = []\nsources = [\"ed\"]\n";
        let told = |text: &str| -> Vec<String> {
            let mut all = files();
            all.retain(|(path, _)| !path.starts_with("substances"));
            all.push(("substances/test.toml".to_owned(), text.to_owned()));
            let found = conflicts(&Watchlist::parse(&all).unwrap(), &all);
            let own = found.into_iter().filter(|p| p.file == "substances/test.toml");
            own.map(|p| format!("{}:{} {}", p.line, p.column, p.message)).collect()
        };
        assert_eq!(
            told(text),
            ["5:8 `one` is said to need a licence and has no control", "6:13 the use_note of `one` is no short clause",]
        );
        let right = text.replace("controls = []", "controls = [\"UK-C@2025\"]");
        let right = right.replace("It is used. Everywhere.", "veterinary sedative");
        assert_eq!(told(&right), Vec::<String>::new());
    }

    #[test]
    fn each_conflict_is_told_at_its_place() {
        let text = "[[substance]]\nid = \"one\"\nname = \"Onetest\"\nclass = \"synthetic-opioid\"\nuse = \"none-known\"\n\
                    cas = [\"14188-81-9\"]\nsources = [\"ed\"]\nnames = { en = [\"Onetest\", \"Twotest\"] }\n\n\
                    [[substance]]\nid = \"two\"\nname = \"Twotest\"\nclass = \"synthetic-opiod\"\nuse = \"none-known\"\n\
                    controls = [\"nonsense\"]\ncas = [\"14188-81-9\"]\nnames = { en = [\"TWOTEST\", \"weather\"] }\n";
        let mut all = files();
        all.retain(|(path, _)| !path.starts_with("substances"));
        all.push(("substances/test.toml".to_owned(), text.to_owned()));
        all.push(("classes.toml".to_owned(), String::new()));
        all.retain(|(path, text)| path != "classes.toml" || text.is_empty());
        let rule = "[[class]]\nid = \"broken\"\nclass = \"tryptamine\"\nstem = \"x\"\npattern = '(x'\n";
        all.iter_mut().find(|(path, _)| path == "classes.toml").unwrap().1 = rule.to_owned();
        let list = Watchlist::parse(&all).unwrap();
        let found = conflicts(&list, &all);
        let told: Vec<String> =
            found.iter().map(|p| format!("{}:{}:{} {}", p.file, p.line, p.column, p.message)).collect();
        for (place, words) in [
            ("classes.toml:5:", "cannot be read"),
            ("substances/test.toml:13:", "class `synthetic-opiod` is unknown"),
            ("substances/test.toml:15:14 ", "control `nonsense` cannot be read"),
            ("substances/test.toml:16:9 ", "`14188-81-9` belongs to `one` too (substances/test.toml:1)"),
            ("substances/test.toml:17:18 ", "`TWOTEST` is a name of `one` too (substances/test.toml:1)"),
            ("substances/test.toml:17:29 ", "`weather` is an ordinary word of English"),
            ("substances/test.toml:10:1 ", "`two` names no source"),
        ] {
            assert!(
                told.iter().any(|told| told.starts_with(place) && told.contains(words)),
                "{place} {words}: {told:#?}"
            );
        }
        let shared = text.replace("sources = [\"ed\"]", "sources = [\"ed\"]\nshared = [\"Twotest\"]");
        let shared = shared.replace("controls = [", "shared = [\"twotest\"]\ncontrols = [");
        all.iter_mut().find(|(path, _)| path == "substances/test.toml").unwrap().1 = shared;
        let found = conflicts(&Watchlist::parse(&all).unwrap(), &all);
        assert!(found.iter().all(|problem| !problem.message.contains("is a name of")), "{found:?}");
    }
}

//! What is watched and why: substances, equipment, context terms, class rules and weights, from TOML text.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::detect::assessment::Control;
use crate::detect::builtin;
use crate::detect::controls::{control, holds_in};
use crate::detect::decision::DecisionTable;
use crate::detect::endings;
use crate::detect::view::fold;
use crate::vocab::ids::Sha256Digest;
use crate::vocab::terms::{Category, Class, LegitimateUse, Written};

/// One thing wrong with a pattern file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PatternProblem {
    /// File, relative to the patterns folder.
    pub file: String,
    /// Line, from 1; 0 for the whole file.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

/// Names by language.
pub type Names = BTreeMap<String, Vec<String>>;

/// One watched substance.
#[derive(Debug, Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Substance {
    /// Id.
    pub id: String,
    /// Preferred name.
    pub name: String,
    /// Class, as written: see [`Substance::class`].
    #[schema(value_type = String)]
    pub class: Written<Class>,
    /// Finer class.
    #[serde(default)]
    pub subclass: Option<String>,
    /// Category of a hit, where the class does not say it: a drug of the 1961 and 1971 Conventions that was traded long
    /// before the new substances of its class is `other-controlled`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub category: Option<Written<Category>>,
    /// What it is used for lawfully, as written: see [`Substance::legitimate_use`].
    #[serde(rename = "use")]
    #[schema(value_type = String)]
    pub legitimate_use: Written<LegitimateUse>,
    /// Why `use` is what it is, in one short clause; an entry that has it was reviewed.
    #[serde(default)]
    pub use_note: Option<String>,
    /// Control codes (`UN1961-S1`, `EU-cat1`, …).
    #[serde(default)]
    pub controls: Vec<String>,
    /// CAS numbers.
    #[serde(default)]
    pub cas: Vec<String>,
    /// EC numbers.
    #[serde(default)]
    pub ec: Vec<String>,
    /// InChIKeys.
    #[serde(default)]
    pub inchikey: Vec<String>,
    /// Year of the first public report.
    #[serde(default)]
    pub first_reported: Option<u16>,
    /// Source tags, explained in `patterns/README.md`.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Names that raise a flag by themselves.
    #[serde(default)]
    pub names: Names,
    /// Street names: count with context only.
    #[serde(default)]
    pub street: Names,
    /// Names that are also ordinary words or short codes: count with context only.
    #[serde(default)]
    pub ambiguous: Names,
    /// Names of `names` that another substance has too, where both uses are real.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<String>,
}

/// One item of equipment.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Equipment {
    /// Id.
    pub id: String,
    /// What it is called wherever it is told.
    #[serde(default, rename = "name", skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
    /// What it is for.
    pub category: String,
    /// Source tags.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Terms specific to the item.
    #[serde(default)]
    pub terms: Names,
    /// Terms that ordinary trade uses too.
    #[serde(default)]
    pub ambiguous: Names,
    /// Terms that say nothing but beside marks of the drug trade.
    #[serde(default)]
    pub with_marks: Names,
}

/// A rule that accepts names of a family.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ClassRule {
    /// Rule id.
    pub id: String,
    /// Class of what it accepts, as written: see [`ClassRule::class`].
    pub class: Written<Class>,
    /// Finer class.
    #[serde(default)]
    pub subclass: Option<String>,
    /// Regular expression over a folded word group (lower case, parts separated by one space), matched whole.
    pub pattern: String,
    /// A stem every accepted name contains; looked for first.
    pub stem: String,
    /// Folded names it would accept and must not: medicines, reagents, ordinary words.
    #[serde(default)]
    pub except: Vec<String>,
    /// Class-wise definitions in law that cover the family whether or not a member is listed, as control codes.
    #[serde(default)]
    pub controls: Vec<String>,
    /// Why the rule is right, in terms of names.
    #[serde(default)]
    pub note: Option<String>,
}

/// Words of dies and of the brands on known pills, as `equipment.toml` lists them.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Marks {
    /// Dies, punches and moulds, by language.
    #[serde(default)]
    pub dies: Names,
    /// Logos and imprints, by language.
    #[serde(default)]
    pub logos: Names,
    /// Pills and the pressing of them, by language.
    #[serde(default)]
    pub pills: Names,
    /// Brands and imprints of known pills.
    #[serde(default)]
    pub brands: Vec<String>,
}

/// A rule over the parts of a systematic name.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SkeletonRule {
    /// Rule id.
    pub id: String,
    /// Class of what it accepts.
    pub class: Written<Class>,
    /// Finer class.
    #[serde(default)]
    pub subclass: Option<String>,
    /// Words of the text that start the search.
    pub stem: Vec<String>,
    /// Parts that are in the name, alternatives with `|`.
    pub all: Vec<String>,
    /// The same with the places in front of the parts.
    #[serde(default)]
    pub placed: Vec<String>,
    /// Parts that are not.
    #[serde(default)]
    pub none: Vec<String>,
    /// Class-wise definitions in law that cover the family, as control codes.
    #[serde(default)]
    pub controls: Vec<String>,
    /// Why the rule is right.
    #[serde(default)]
    pub note: Option<String>,
}

/// Contributions to the score, in log-odds.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Before anything is found.
    pub bias: f64,
    /// By feature name.
    pub features: BTreeMap<String, f64>,
    /// A score that `fit` suggests for `review`; verdicts do not depend on it.
    pub review: f64,
    /// The same for `refer`.
    pub refer: f64,
    /// Data and command that chose them.
    pub chosen_by: String,
}

/// The whole watchlist.
#[derive(Debug, Clone)]
pub struct Watchlist {
    /// Substances, by id.
    pub substances: Vec<Substance>,
    /// Equipment.
    pub equipment: Vec<Equipment>,
    /// Signal to language to terms.
    pub context: BTreeMap<String, Names>,
    /// Class rules.
    pub classes: Vec<ClassRule>,
    /// Language to words that are near a name and mean something else: never taken for a slip of the pen.
    pub ordinary: Names,
    /// Language to everyday words that are street names or codes too: they count with an amount or a form beside them.
    pub common: Names,
    /// Marks of the drug trade on equipment.
    pub marks: Marks,
    /// Rules over the parts of systematic names.
    pub skeletons: Vec<SkeletonRule>,
    /// The decision table.
    pub decision: DecisionTable,
    /// Weights.
    pub weights: Weights,
    version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubstanceFile {
    #[serde(default)]
    substance: Vec<Substance>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EquipmentFile {
    #[serde(default)]
    marks: Marks,
    #[serde(default)]
    equipment: Vec<Equipment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassFile {
    /// Pieces of patterns by name; a pattern names one as `{name}`.
    #[serde(default)]
    parts: BTreeMap<String, String>,
    #[serde(default)]
    class: Vec<ClassRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SkeletonFile {
    #[serde(default)]
    skeleton: Vec<SkeletonRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    version: String,
}

/// The files of the folder in one.
#[derive(Deserialize)]
struct Built {
    manifest: Manifest,
    equipment: EquipmentFile,
    classes: ClassFile,
    context: BTreeMap<String, Names>,
    ordinary: Names,
    common: Names,
    decision: DecisionTable,
    skeletons: SkeletonFile,
    weights: Weights,
    substances: Vec<Substance>,
    /// See [`digest`].
    digest: String,
}

impl Watchlist {
    /// The watchlist that is compiled in.
    ///
    /// # Errors
    /// Never in a released program: a test reads it.
    pub fn builtin() -> Result<Self, Vec<PatternProblem>> {
        let file = Reader { path: "patterns", text: "" };
        let built: Built = serde_json::from_str(builtin::JSON)
            .map_err(|error| vec![file.problem(0, error.to_string(), Some("build the program anew"))])?;
        let mut problems = Vec::new();
        let classes = file.expand(built.classes, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Watchlist {
            substances: built.substances,
            equipment: built.equipment.equipment,
            context: built.context,
            classes,
            ordinary: built.ordinary,
            common: built.common,
            marks: built.equipment.marks,
            skeletons: built.skeletons.skeleton,
            decision: built.decision,
            weights: built.weights,
            version: format!("{}+sha256:{}", built.manifest.version, built.digest),
        })
    }

    /// Reads the files of a patterns folder: paths relative to it, and their text.
    ///
    /// # Errors
    /// Every problem of every file.
    pub fn parse(files: &[(String, String)]) -> Result<Self, Vec<PatternProblem>> {
        // A copy of the files that are compiled in was checked when the program was built and tested.
        if builtin::is_same(files) { Watchlist::builtin() } else { Watchlist::read(files) }
    }

    fn read(files: &[(String, String)]) -> Result<Self, Vec<PatternProblem>> {
        let mut problems = Vec::new();
        let (mut substances, mut equipment, mut classes) = (Vec::new(), Vec::new(), Vec::new());
        let (mut context, mut weights, mut version) = (BTreeMap::new(), None, None);
        let mut decision: Option<DecisionTable> = None;
        let mut skeletons = Vec::new();
        let mut marks = Marks::default();
        let (mut ordinary, mut common) = (Names::new(), Names::new());
        let mut seen: HashMap<String, String> = HashMap::new();
        for (path, text) in files {
            let file = Reader { path, text };
            match path.as_str() {
                "manifest.toml" => version = file.read::<Manifest>(&mut problems).map(|m| m.version),
                "equipment.toml" => {
                    if let Some(read) = file.read::<EquipmentFile>(&mut problems) {
                        (equipment, marks) = (read.equipment, read.marks);
                    }
                }
                "classes.toml" => {
                    if let Some(read) = file.read::<ClassFile>(&mut problems) {
                        classes = file.expand(read, &mut problems);
                    }
                }
                "context.toml" => context = file.read(&mut problems).unwrap_or_default(),
                "ordinary.toml" => ordinary = file.read(&mut problems).unwrap_or_default(),
                "common.toml" => common = file.read(&mut problems).unwrap_or_default(),
                "decision.toml" => {
                    decision = file.read::<DecisionTable>(&mut problems);
                    if let Some(Err(errors)) = decision.as_ref().map(DecisionTable::check) {
                        problems.extend(errors.iter().map(|error| file.problem(0, error.to_string(), None)));
                    }
                }
                "skeletons.toml" => {
                    skeletons = file.read::<SkeletonFile>(&mut problems).map(|f| f.skeleton).unwrap_or_default();
                }
                "weights.toml" => weights = file.read(&mut problems),
                _ if path.starts_with("substances") => {
                    if let Some(read) = file.read::<SubstanceFile>(&mut problems) {
                        file.check_all(&read.substance, &mut seen, &mut problems);
                        substances.extend(read.substance);
                    }
                }
                _ => problems.push(file.problem(
                    0,
                    format!("`{path}` is no part of a watchlist"),
                    Some("substances go into substances/*.toml"),
                )),
            }
        }
        let missing = |name: &str| PatternProblem {
            file: name.to_owned(),
            line: 0,
            column: 0,
            message: format!("`{name}` is missing"),
            hint: Some("copy it from the patterns folder of the program's source".to_owned()),
        };
        if version.is_none() && !problems.iter().any(|p| p.file == "manifest.toml") {
            problems.push(missing("manifest.toml"));
        }
        if weights.is_none() && !problems.iter().any(|p| p.file == "weights.toml") {
            problems.push(missing("weights.toml"));
        }
        // A folder without a table of its own decides by the one that is compiled in.
        if decision.is_none() && !problems.iter().any(|p| p.file == "decision.toml") {
            decision = Some(DecisionTable::builtin());
        }
        match (version, weights, decision) {
            (Some(version), Some(weights), Some(decision)) if problems.is_empty() => {
                let version = format!("{version}+sha256:{}", digest(files));
                Ok(Watchlist {
                    substances,
                    equipment,
                    context,
                    classes,
                    ordinary,
                    common,
                    marks,
                    skeletons,
                    decision,
                    weights,
                    version,
                })
            }
            _ => Err(problems),
        }
    }

    /// `2026.11.0+sha256:…`: version and digest over all files.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// One substance.
    pub fn get(&self, id: &str) -> Option<&Substance> {
        self.substances.iter().find(|substance| substance.id == id)
    }

    /// Substances a name, CAS number or InChIKey belongs to. Spaces inside a name do not matter: sellers and lists put them
    /// between its parts as they like (`N-cyclohexyl methylone`).
    pub fn lookup(&self, text: &str) -> Vec<&Substance> {
        let joined = |name: &str| fold(name).replace(' ', "");
        let wanted = joined(text);
        self.substances
            .iter()
            .filter(|substance| {
                substance.identifiers().any(|id| id.eq_ignore_ascii_case(text.trim()))
                    || substance.id == text.trim()
                    || substance.all_names().any(|name| joined(name) == wanted)
            })
            .collect()
    }
}

impl Equipment {
    /// What it is called, or its id: no term serves as its name, as a listing may be found by any other.
    pub fn name(&self) -> &str {
        self.called.as_deref().unwrap_or(&self.id)
    }
}

impl Substance {
    /// Preferred name and all others.
    pub fn all_names(&self) -> impl Iterator<Item = &str> {
        let lists = self.names.values().chain(self.street.values()).chain(self.ambiguous.values());
        std::iter::once(self.name.as_str()).chain(lists.flatten().map(String::as_str))
    }

    /// CAS numbers, EC numbers and InChIKeys.
    pub fn identifiers(&self) -> impl Iterator<Item = &String> {
        self.cas.iter().chain(&self.ec).chain(&self.inchikey)
    }

    /// Whether somebody looked at `use` and said why; only then may a text say that no legitimate use is known.
    pub fn is_use_reviewed(&self) -> bool {
        self.use_note.is_some()
    }

    /// Whether any control is known, of whatever jurisdiction.
    pub fn is_controlled(&self) -> bool {
        self.controls.iter().any(|code| control(code).is_some())
    }

    /// Controls in the given jurisdictions; international ones always.
    pub fn controls_in(&self, jurisdictions: &[String]) -> Vec<Control> {
        let mut controls: Vec<Control> = self.controls.iter().filter_map(|code| control(code)).collect();
        controls.retain(|control| holds_in(control, jurisdictions));
        controls
    }

    /// The class; a word that is none counts as a controlled substance of no other class.
    pub fn class(&self) -> Class {
        self.class.known().unwrap_or(Class::OtherControlled)
    }

    /// What it is used for lawfully; a list with a word that says no use is refused.
    pub fn legitimate_use(&self) -> LegitimateUse {
        self.legitimate_use.known().unwrap_or(LegitimateUse::NoneKnown)
    }

    /// The category a hit of this substance falls into.
    pub fn category(&self) -> Category {
        self.category.as_ref().and_then(Written::known).unwrap_or_else(|| Category::of(self.class()))
    }
}

impl ClassRule {
    /// The class; a word that is none counts as a controlled substance of no other class.
    pub fn class(&self) -> Class {
        self.class.known().unwrap_or(Class::OtherControlled)
    }
}

/// What a control code looks like.
const CONTROL_HINT: &str =
    "write it as UN1961-S1, EU-cat1, CN-class@2021, ...: instrument, schedule, and the year if known";

/// The first `{name}` left in a pattern; `{2,3}` is a count.
fn unknown_part(pattern: &str) -> Option<&str> {
    pattern.match_indices('{').find_map(|(at, _)| {
        let rest = &pattern[at + 1..];
        let name = &rest[..rest.find('}')?];
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase());
        // `\\p{...}` names a set of characters.
        (is_name && !pattern[..at].ends_with("\\p")).then_some(name)
    })
}

struct Reader<'a> {
    path: &'a str,
    text: &'a str,
}

impl Reader<'_> {
    fn read<T: serde::de::DeserializeOwned>(&self, problems: &mut Vec<PatternProblem>) -> Option<T> {
        match toml::from_str(self.text) {
            Ok(value) => Some(value),
            Err(error) => {
                let offset = error.span().map_or(0, |span| span.start);
                problems.push(self.problem(offset + 1, error.message().to_lowercase(), None));
                None
            }
        }
    }

    /// Rules with the parts their patterns name written out; parts may name parts.
    fn expand(&self, read: ClassFile, problems: &mut Vec<PatternProblem>) -> Vec<ClassRule> {
        let ClassFile { parts, mut class } = read;
        let parts = parts.iter().map(|(name, part)| (name.as_str(), part.as_str()));
        for rule in &mut class {
            rule.pattern = endings::expanded(&rule.pattern, parts.clone());
            let place = self.text.find(&format!("\"{}\"", rule.id)).map_or(0, |at| at + 1);
            if let Some(unknown) = unknown_part(&rule.pattern) {
                problems.push(self.problem(
                    place,
                    format!("class rule `{}` names the part `{unknown}`, which is not there", rule.id),
                    Some("add it to [parts], or correct the name"),
                ));
            }
            for code in rule.controls.iter().filter(|code| control(code).is_none()) {
                problems.push(self.problem(place, format!("`{code}` is no control code"), Some(CONTROL_HINT)));
            }
        }
        class
    }

    /// `place` is a byte offset plus one; 0 for the whole file.
    fn problem(&self, place: usize, message: String, hint: Option<&str>) -> PatternProblem {
        let (line, column) = if place == 0 {
            (0, 0)
        } else {
            let before = &self.text[..self.text.floor_char_boundary((place - 1).min(self.text.len()))];
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
        };
        PatternProblem { file: self.path.to_owned(), line, column, message, hint: hint.map(str::to_owned) }
    }

    /// Checks the entries of a file, whose ids stand in it in their order; an id that stands twice is told at its last place.
    fn check_all(&self, read: &[Substance], seen: &mut HashMap<String, String>, problems: &mut Vec<PatternProblem>) {
        let (mut from, mut line) = (0, 1);
        for substance in read {
            let at = self.id_place(&substance.id, from).unwrap_or(from);
            line += self.text[from..at].matches('\n').count();
            from = at;
            self.check(substance, at + 1, problems);
            if let Some(first) = seen.get(&substance.id) {
                problems.push(self.problem(
                    at + 1,
                    format!("substance `{}` stands here and at {first}", substance.id),
                    Some("keep one entry and move the other's names to it"),
                ));
            }
            seen.entry(substance.id.clone()).or_insert_with(|| format!("{}:{line}", self.path));
            from += substance.id.len();
        }
    }

    /// The byte behind `from` at which an entry's id stands.
    fn id_place(&self, id: &str, from: usize) -> Option<usize> {
        let quoted = format!("\"{id}\"");
        let is_id = |at: &usize| {
            let line = &self.text[self.text[..*at].rfind('\n').map_or(0, |start| start + 1)..*at];
            line.trim_start().strip_prefix("id").is_some_and(|rest| rest.trim() == "=")
        };
        self.text[from..].match_indices(&quoted).map(|(at, _)| from + at).find(is_id)
    }

    /// `place`: see [`Reader::problem`].
    fn check(&self, substance: &Substance, place: usize, problems: &mut Vec<PatternProblem>) {
        if crate::vocab::ids::SubstanceId::parse(&substance.id).is_err() {
            problems.push(self.problem(
                place,
                format!("`{}` is no substance id", substance.id),
                Some("use 2 to 96 of a-z, 0-9 and -"),
            ));
        }
        if let Some(unknown) = substance.legitimate_use.unknown() {
            problems.push(self.problem(
                place,
                format!("use `{unknown}` is unknown"),
                Some("use none-known, licensed or dual-use"),
            ));
        }
        if let Some(category) = substance.category.as_ref().and_then(Written::unknown) {
            problems.push(self.problem(
                place,
                format!("category `{category}` is unknown"),
                Some("use synthetic-opioid, nps, precursor, equipment or other-controlled, or leave it to the class"),
            ));
        }
        for number in &substance.cas {
            if !crate::detect::identifiers::cas_holds(number) {
                let place = self.text.find(number.as_str()).map_or(place, |at| at + 1);
                problems.push(self.problem(
                    place,
                    format!("CAS number `{number}` has a wrong check digit"),
                    Some("look the number up again; the last digit checks the others"),
                ));
            }
        }
        for number in substance.ec.iter().filter(|number| !crate::detect::identifiers::ec_holds(number)) {
            let place = self.text.find(number.as_str()).map_or(place, |at| at + 1);
            problems.push(self.problem(
                place,
                format!("EC number `{number}` has a wrong check digit"),
                Some("look the number up again; the last digit checks the others"),
            ));
        }
    }
}

/// Digest over paths and contents, sorted by path, first 16 hexadecimal digits.
fn digest(files: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = files.iter().collect();
    sorted.sort();
    let mut all = Vec::new();
    for (path, text) in sorted {
        all.extend_from_slice(path.as_bytes());
        all.push(0);
        all.extend_from_slice(text.as_bytes());
        all.push(0);
    }
    Sha256Digest::of(&all).hex()
}

#[cfg(test)]
mod tests;

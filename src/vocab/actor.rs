//! Who acts: a person, the platform's agreed policy, or a named job of the program.
//!
//! An actor is formed once, where it comes in, and keeps its kind from then on. No name a person bears stands for the
//! policy or for a job: [`PersonName::parse`] refuses such words, and nothing decides by comparing names with them.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

use crate::vocab::ids::PlatformId;
use crate::vocab::terms::Role;

/// Longest name of a person, in characters.
pub const NAME_LIMIT: usize = 200;

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A person.
    Person(Person),
    /// What a platform agreed to have done without a person.
    Policy,
    /// A job of the program.
    Job(Job),
}

/// A person, with what is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Person {
    /// Somebody with a name.
    Named {
        /// Owner of the token, or the name given on the command line.
        name: PersonName,
        /// What their token allows; none on the command line.
        role: Option<Role>,
        /// How they came in.
        door: Door,
    },
    /// Whoever holds the link by which the affected party contests. Nothing else is known of them.
    AffectedParty,
    /// Whoever holds the link by which a platform answers.
    AnswerLink(PlatformId),
}

/// How a person came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Door {
    /// The hub's pages.
    Console,
    /// The hub's API and feeds.
    Api,
    /// A command.
    CommandLine,
    /// A link of a notice; no account.
    SignedLink,
}

impl Door {
    /// The name on record.
    pub fn name(self) -> &'static str {
        match self {
            Door::Console => "console",
            Door::Api => "api",
            Door::CommandLine => "command-line",
            Door::SignedLink => "signed-link",
        }
    }
}

/// A job of the program that acts by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Job {
    /// Finds listings and drafts cases.
    Scan,
    /// Delivers what was approved.
    Dispatch,
    /// Looks again at what was referred.
    Recheck,
    /// Judges stored hits by a newer watchlist.
    Rescreen,
    /// Destroys what is over its time.
    Retention,
    /// Takes over a changed watchlist.
    Reload,
    /// Holds back and releases cases by marks.
    Deconfliction,
    /// Looks at the control sample.
    ControlSample,
    /// Signs the end of the audit log.
    Checkpoint,
    /// Starts scans by the clock.
    Schedule,
}

impl Job {
    /// All jobs.
    pub const ALL: [Job; 10] = [
        Job::Scan,
        Job::Dispatch,
        Job::Recheck,
        Job::Rescreen,
        Job::Retention,
        Job::Reload,
        Job::Deconfliction,
        Job::ControlSample,
        Job::Checkpoint,
        Job::Schedule,
    ];

    /// The name on record.
    pub fn name(self) -> &'static str {
        match self {
            Job::Scan => "scan",
            Job::Dispatch => "dispatch",
            Job::Recheck => "recheck",
            Job::Rescreen => "rescreen",
            Job::Retention => "retention",
            // The word the audit log has had for it since its first version.
            Job::Reload => "hub",
            Job::Deconfliction => "deconfliction",
            Job::ControlSample => "control sample",
            Job::Checkpoint => "checkpoint",
            Job::Schedule => "schedule",
        }
    }
}

/// The three kinds of actor, as they are on record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ActorKind {
    /// A person.
    Person,
    /// The platform's agreed policy.
    Policy,
    /// A job of the program.
    Job,
}

impl ActorKind {
    /// The name on record.
    pub fn name(self) -> &'static str {
        match self {
            ActorKind::Person => "person",
            ActorKind::Policy => "policy",
            ActorKind::Job => "job",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        [ActorKind::Person, ActorKind::Policy, ActorKind::Job].into_iter().find(|kind| kind.name() == text)
    }
}

impl Actor {
    /// The person a command names with `--as`.
    ///
    /// # Errors
    /// When the name is none a person may bear.
    pub fn named(name: &str) -> Result<Self, NameError> {
        let name = PersonName::parse(name)?;
        Ok(Actor::Person(Person::Named { name, role: None, door: Door::CommandLine }))
    }

    /// The user of the machine, who runs a command without `--as`.
    pub fn machine_user(user: &str) -> Self {
        let name = PersonName(format!("{MACHINE_USER}{}", user.trim()));
        Actor::Person(Person::Named { name, role: None, door: Door::CommandLine })
    }

    /// The kind.
    pub fn kind(&self) -> ActorKind {
        match self {
            Actor::Person(_) => ActorKind::Person,
            Actor::Policy => ActorKind::Policy,
            Actor::Job(_) => ActorKind::Job,
        }
    }

    /// The person's role, as it is on record.
    pub fn role(&self) -> Option<&'static str> {
        match self {
            Actor::Person(Person::Named { role, .. }) => role.map(Role::as_str),
            Actor::Person(Person::AffectedParty) => Some("affected-party"),
            Actor::Person(Person::AnswerLink(_)) => Some(Role::Platform.as_str()),
            Actor::Policy | Actor::Job(_) => None,
        }
    }

    /// How the person came in.
    pub fn door(&self) -> Option<Door> {
        match self {
            Actor::Person(Person::Named { door, .. }) => Some(*door),
            Actor::Person(Person::AffectedParty | Person::AnswerLink(_)) => Some(Door::SignedLink),
            Actor::Policy | Actor::Job(_) => None,
        }
    }

    /// The person's name, where one is known.
    pub fn person(&self) -> Option<&PersonName> {
        match self {
            Actor::Person(Person::Named { name, .. }) => Some(name),
            Actor::Person(Person::AffectedParty | Person::AnswerLink(_)) | Actor::Policy | Actor::Job(_) => None,
        }
    }
}

/// The word lists and the audit log show. It says nothing about the kind, which stands beside it.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Actor::Person(Person::Named { name, .. }) => f.write_str(name.as_str()),
            Actor::Person(Person::AffectedParty) => f.write_str(AFFECTED_PARTY),
            Actor::Person(Person::AnswerLink(platform)) => write!(f, "{platform}{BY_SIGNED_LINK}"),
            Actor::Policy => f.write_str(POLICY),
            Actor::Job(job) => f.write_str(job.name()),
        }
    }
}

const POLICY: &str = "policy";
const AFFECTED_PARTY: &str = "affected party";
const BY_SIGNED_LINK: &str = " by signed link";
/// Set before the name of the machine's user when a command names nobody.
const MACHINE_USER: &str = "cli:";

/// Who let a referral go out. Where it is not on record there is no `Approver`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approver {
    /// A person, by name.
    Person(String),
    /// The platform's agreed policy.
    Policy,
}

impl Approver {
    /// The approver this actor would be; a job and the holder of a link approve nothing.
    pub fn of(actor: &Actor) -> Option<Self> {
        match actor {
            Actor::Person(Person::Named { name, .. }) => Some(Approver::Person(name.as_str().to_owned())),
            Actor::Policy => Some(Approver::Policy),
            Actor::Person(Person::AffectedParty | Person::AnswerLink(_)) | Actor::Job(_) => None,
        }
    }

    /// The kind.
    pub fn kind(&self) -> ActorKind {
        match self {
            Approver::Person(_) => ActorKind::Person,
            Approver::Policy => ActorKind::Policy,
        }
    }
}

/// The name a person acts under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct PersonName(String);

/// Why a name is none a person may bear.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name means the program or the platform's policy.
    #[error("`{0}` stands for what the program does by itself and cannot name a person")]
    Reserved(String),
    /// No letter and no digit.
    #[error("the name `{0}` has no letter or digit")]
    Blank(String),
    /// Characters that a terminal or a page obeys instead of showing.
    #[error("the name has characters that cannot be shown")]
    Unprintable,
    /// Too long.
    #[error("the name has {chars} characters, the limit is {NAME_LIMIT}")]
    TooLong {
        /// How many.
        chars: usize,
    },
}

impl PersonName {
    /// Reads a name that somebody gives: a token's owner, `--as`.
    ///
    /// # Errors
    /// When it is blank, too long, cannot be shown, or looks like a reserved word in whatever spelling.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let name = text.trim();
        let chars = name.chars().count();
        if chars > NAME_LIMIT {
            return Err(NameError::TooLong { chars });
        }
        if name.chars().any(|c| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')) {
            return Err(NameError::Unprintable);
        }
        if is_reserved(name) {
            return Err(NameError::Reserved(name.to_owned()));
        }
        let name = PersonName(name.to_owned());
        if name.key().is_empty() { Err(NameError::Blank(name.0)) } else { Ok(name) }
    }

    /// A name written down before names were checked. One that is reserved now is told apart from the program's words.
    pub fn on_record(text: &str) -> Self {
        if is_reserved(text) { PersonName(format!("{text} (person)")) } else { PersonName(text.to_owned()) }
    }

    /// As given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the same person's names have in common, however they are spelled and whichever way the person came in. Empty
    /// where the name tells nobody apart.
    pub fn key(&self) -> String {
        key(self.0.strip_prefix(MACHINE_USER).unwrap_or(&self.0))
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Words that mean the program, its policy or somebody without a name, besides the names of [`Job::ALL`].
const RESERVED: &[&str] = &[
    POLICY,
    "agreed policy",
    "platform policy",
    "automatic",
    "automatic policy",
    "automated means",
    "system",
    "program",
    "listingwatch",
    "hub",
    "reload",
    "job",
    "control-sample",
    "scheduler",
    AFFECTED_PARTY,
    "signed link",
    "unknown",
    "nobody",
];

/// Whether a name passes for a reserved word to a reader or to a careless comparison.
fn is_reserved(name: &str) -> bool {
    let bare = name.trim();
    let seen = [look(bare), look(bare.strip_prefix(MACHINE_USER).unwrap_or(bare))];
    let words = RESERVED.iter().copied().chain(Job::ALL.iter().map(|job| job.name()));
    words.map(look).any(|word| seen.contains(&word)) || seen[0].ends_with(&look(BY_SIGNED_LINK))
}

/// The letters and digits of a name: width and case folded, look-alikes of other alphabets mapped, spaces, punctuation and
/// invisible characters gone.
fn key(name: &str) -> String {
    let folded: String = name.nfkc().filter(|c| !is_invisible(*c)).flat_map(char::to_lowercase).collect();
    let shapes: String = skeleton(&folded).flat_map(char::to_lowercase).collect();
    shapes.nfc().filter(|c| (c.is_alphanumeric() || is_combining_mark(*c)) && !is_invisible(*c)).collect()
}

/// As [`key`], without accents and with the letters that pass for one another as one.
fn look(name: &str) -> String {
    // Capitals of other alphabets look like other Latin letters than their small forms do.
    let capitals: String = skeleton(&name.nfkc().filter(|c| !is_invisible(*c)).collect::<String>()).collect();
    let shapes = key(&capitals);
    let plain = shapes.nfd().filter(|c| !is_combining_mark(*c));
    plain.map(|c| if matches!(c, 'i' | '1' | 'ı') { 'l' } else { c }).collect()
}

/// Characters that take no place: format characters, fillers and variation selectors.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_spelling_of_a_reserved_word_names_a_person() {
        for name in [
            "policy",
            "Policy",
            " POLICY ",
            "pol icy",
            "po-licy",
            "p.o.l.i.c.y",
            "\u{200b}poli\u{200d}cy",
            "poli\u{ad}cy",
            "pol\u{2060}icy\u{feff}",
            "ｐｏｌｉｃｙ",
            "𝐩𝐨𝐥𝐢𝐜𝐲",
            "роlісу",
            "РОLІСУ",
            "ΡΟLΙCΥ",
            "p0licy",
            "po1icy",
            "pollcy",
            "pólicy",
            "policy\u{3164}",
            "policy\u{e0100}",
            "cli:policy",
            "hub",
            "HUB",
            "System",
            "ѕystem",
            "retention",
            "re tention",
            "scan",
            "dispatch",
            "recheck",
            "rescreen",
            "reload",
            "deconfliction",
            "Control Sample",
            "control_sample",
            "checkpoint",
            "schedule",
            "affected party",
            "Affected-Party",
            "bazaar by signed link",
            "unknown",
        ] {
            assert_eq!(PersonName::parse(name), Err(NameError::Reserved(name.trim().to_owned())), "{name:?}");
        }
        for job in Job::ALL {
            assert!(matches!(PersonName::parse(job.name()), Err(NameError::Reserved(_))), "{job:?}");
        }
    }

    #[test]
    fn names_of_people_are_taken_as_they_are() {
        for name in
            ["anna", "Ben Q.", "policy officer", "Policyholder", "scanlon", "Hubert", "李雷", "Мария", "o'neil", "x1"]
        {
            assert_eq!(PersonName::parse(&format!(" {name} ")).unwrap().as_str(), name);
        }
        assert_eq!(PersonName::parse(" \u{200b}-"), Err(NameError::Blank("\u{200b}-".into())));
        assert_eq!(PersonName::parse("an\u{1b}na"), Err(NameError::Unprintable));
        assert_eq!(PersonName::parse("an\u{202e}na"), Err(NameError::Unprintable));
        assert_eq!(PersonName::parse(&"a".repeat(NAME_LIMIT + 1)), Err(NameError::TooLong { chars: NAME_LIMIT + 1 }));
    }

    #[test]
    fn one_person_has_one_key() {
        let key = |name: &str| PersonName::parse(name).unwrap().key();
        for name in ["Anna", " ANNA", "ａｎｎａ", "аnna", "an\u{200b}na", "an na", "cli:anna"] {
            assert_eq!(key(name), key("anna"), "{name:?}");
        }
        let Actor::Person(Person::Named { name, .. }) = Actor::machine_user("anna") else { panic!("a person") };
        assert_eq!(name.key(), key("anna"));
        for (one, other) in [("anna", "hanna"), ("Ali", "All"), ("andré", "andre"), ("x1", "x2")] {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
    }

    #[test]
    fn an_old_name_that_is_reserved_is_told_apart() {
        let old = PersonName::on_record("policy");
        assert_eq!(old.as_str(), "policy (person)");
        assert_ne!(old.key(), PersonName::on_record("anna").key());
        assert_eq!(PersonName::on_record(old.as_str()), old);
        assert_eq!(PersonName::on_record("anna").as_str(), "anna");
    }

    #[test]
    fn every_actor_has_its_kind_on_record() {
        let anna = PersonName::parse("anna").unwrap();
        let person = Person::Named { name: anna, role: Some(Role::Authority), door: Door::Console };
        let link = Person::AnswerLink(PlatformId::parse("bazaar").unwrap());
        for (actor, shown, kind, role, door) in [
            (Actor::Person(person), "anna", "person", Some("authority"), Some("console")),
            (Actor::named("ben").unwrap(), "ben", "person", None, Some("command-line")),
            (Actor::machine_user("ops"), "cli:ops", "person", None, Some("command-line")),
            (
                Actor::Person(Person::AffectedParty),
                "affected party",
                "person",
                Some("affected-party"),
                Some("signed-link"),
            ),
            (Actor::Person(link), "bazaar by signed link", "person", Some("platform"), Some("signed-link")),
            (Actor::Policy, "policy", "policy", None, None),
            (Actor::Job(Job::Retention), "retention", "job", None, None),
        ] {
            assert_eq!(actor.to_string(), shown);
            assert_eq!((actor.kind().name(), actor.role(), actor.door().map(Door::name)), (kind, role, door));
            assert_eq!(ActorKind::parse(kind), Some(actor.kind()));
        }
    }

    proptest! {
        #[test]
        fn a_name_that_was_taken_is_taken_again_and_keeps_its_key(text in "\\PC{0,40}") {
            if let Ok(name) = PersonName::parse(&text) {
                prop_assert_eq!(PersonName::parse(name.as_str()).unwrap().key(), name.key());
                prop_assert!(!name.key().is_empty());
            }
        }
    }
}

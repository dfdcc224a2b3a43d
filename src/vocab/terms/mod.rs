//! The closed lists of words the house speaks: each an enum whose wire names stand once, here.
//!
//! JSON, TOML, CSV and SQL hold the wire name; code holds the enum. A list that people write by hand and that may hold a
//! word nobody knows keeps it as [`Written`], so that a check can cite it.

mod cases;
mod detection;
mod scans;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::vocab::nearest::nearest;

pub use crate::vocab::states::CaseState;
pub use cases::*;
pub use detection::*;
pub use scans::*;

/// A word that is not of the list it was read for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{written}` is not a valid {kind}: use {}{}", .known.join(", "), meant(.written, .known))]
pub struct UnknownTerm {
    /// What the list is a list of.
    pub kind: &'static str,
    /// The word, cut to 80 characters.
    pub written: String,
    /// Every word of the list.
    pub known: Vec<&'static str>,
}

/// `; did you mean …?`, where a word is near.
fn meant(written: &str, known: &[&'static str]) -> String {
    nearest(written, known.iter().copied()).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default()
}

/// A closed list of terms.
pub trait Term: Copy + Eq + FromStr<Err = UnknownTerm> + 'static {
    /// What it is a list of, in words.
    const KIND: &'static str;

    /// Every term, in the order of its definition.
    const TERMS: &'static [Self];

    /// The name in JSON, TOML, CSV and SQL.
    fn wire(self) -> &'static str;
}

/// Defines closed lists: the enum, and its wire names for reading, writing and showing.
macro_rules! terms {
    ($(
        $(#[$doc:meta])*
        $kind:literal pub enum $name:ident { $( $(#[$about:meta])* $variant:ident = $wire:literal, )+ }
    )+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$about])* $variant, )+ }

        impl $name {
            /// Every term, in the order of its definition.
            pub const ALL: [$name; [$($wire),+].len()] = [$($name::$variant),+];

            /// The name in JSON, TOML, CSV and SQL.
            pub const fn as_str(self) -> &'static str {
                match self { $( $name::$variant => $wire, )+ }
            }
        }

        impl crate::vocab::terms::Term for $name {
            const KIND: &'static str = $kind;
            const TERMS: &'static [Self] = &$name::ALL;

            fn wire(self) -> &'static str {
                self.as_str()
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                crate::vocab::terms::schema_of::<$name>()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::vocab::terms::UnknownTerm;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                crate::vocab::terms::find(text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::vocab::terms::read(deserializer)
            }
        }
    )+ };
}
pub(in crate::vocab) use terms;

/// A closed list, as the API's description tells it.
pub(in crate::vocab) fn schema_of<T: Term>() -> RefOr<Schema> {
    let words = T::TERMS.iter().map(|term| term.wire());
    ObjectBuilder::new().schema_type(Type::String).description(Some(T::KIND)).enum_values(Some(words)).into()
}

/// The term with this wire name.
pub(in crate::vocab) fn find<T: Term>(text: &str) -> Result<T, UnknownTerm> {
    T::TERMS.iter().copied().find(|term| term.wire() == text).ok_or_else(|| UnknownTerm {
        kind: T::KIND,
        written: text.chars().take(80).collect(),
        known: T::TERMS.iter().map(|term| term.wire()).collect(),
    })
}

pub(in crate::vocab) fn read<'de, T: Term, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Reader<T>(std::marker::PhantomData<T>);
    impl<T: Term> serde::de::Visitor<'_> for Reader<T> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a {}", T::KIND)
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            find(text).map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Reader(std::marker::PhantomData))
}

/// A term of a list that people write by hand, with the word as it stands where it is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written<T> {
    /// A term.
    Known(T),
    /// A word that is none.
    Unknown(String),
}

impl<T: Term> Written<T> {
    /// The term, if it is one.
    pub fn known(&self) -> Option<T> {
        match self {
            Written::Known(term) => Some(*term),
            Written::Unknown(_) => None,
        }
    }

    /// The word, if it is no term.
    pub fn unknown(&self) -> Option<&str> {
        match self {
            Written::Known(_) => None,
            Written::Unknown(word) => Some(word),
        }
    }

    /// The word as written.
    pub fn as_str(&self) -> &str {
        match self {
            Written::Known(term) => term.wire(),
            Written::Unknown(word) => word,
        }
    }
}

impl<T: Term> fmt::Display for Written<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<T: Term> Serialize for Written<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, T: Term> Deserialize<'de> for Written<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(find(&word).map_or_else(|_| Written::Unknown(word), Written::Known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_read_and_written_by_its_wire_name() {
        for class in Class::ALL {
            assert_eq!(class.as_str().parse::<Class>(), Ok(class));
            let json = serde_json::to_string(&class).unwrap();
            assert_eq!(json, format!("\"{class}\""));
            assert_eq!(serde_json::from_str::<Class>(&json).unwrap(), class);
        }
        assert_eq!(format!("[{:<8}]", Verdict::Clear), "[clear   ]");
    }

    #[test]
    fn an_unknown_word_is_refused_with_those_that_are_known() {
        let error = serde_json::from_str::<LegitimateUse>("\"medical\"").unwrap_err().to_string();
        assert!(
            error.starts_with("`medical` is not a valid legitimate use: use none-known, licensed, dual-use"),
            "{error}"
        );
        assert_eq!("Clear".parse::<Verdict>().unwrap_err().known, ["clear", "review", "refer"]);
        let written: Written<Class> = serde_json::from_str("\"synthetic-opiod\"").unwrap();
        assert_eq!((written.known(), written.unknown()), (None, Some("synthetic-opiod")));
        assert_eq!(serde_json::to_string(&written).unwrap(), "\"synthetic-opiod\"");
    }

    #[test]
    fn verdicts_are_ordered_by_what_follows_from_them() {
        assert!(Verdict::Clear < Verdict::Review && Verdict::Review < Verdict::Refer);
    }
}

//! Names of things: platforms, substances, scans, referrals, digests.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// Text that does not have the form an id must have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not a valid {kind}: {rule}")]
pub struct IdError {
    kind: &'static str,
    rule: &'static str,
    value: String,
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $rule:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks the form and wraps the text.
            ///
            /// # Errors
            /// When the text does not have the form in the type's description.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { kind: $kind, rule: $rule, value: text.chars().take(80).collect() })
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let about = concat!("a ", $kind, ": ", $rule);
                ObjectBuilder::new().schema_type(Type::String).description(Some(about)).into()
            }
        }

        impl utoipa::ToSchema for $name {}

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    };
}

fn is_slug(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_token(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.')
}

text_id!(
    /// A platform: `[a-z0-9-]{2,64}`, the name of its file in `seeds/`.
    PlatformId, "platform id", "use 2 to 64 of a-z, 0-9 and -", |t| is_slug(t, 2, 64)
);
text_id!(
    /// A substance of the watchlist: `[a-z0-9-]{2,96}`.
    SubstanceId, "substance id", "use 2 to 96 of a-z, 0-9 and -", |t| is_slug(t, 2, 96)
);
text_id!(
    /// A mandate: 1 to 64 letters, digits, `-`, `_`, `.`.
    MandateId, "mandate id", "use 1 to 64 letters, digits, -, _ or .", is_token
);
text_id!(
    /// One run of a scan over one or more platforms.
    RunId, "run id", "use 1 to 64 letters, digits, -, _ or .", is_token
);
text_id!(
    /// One stored hit: a listing with an assessment of `review` or `refer`.
    HitId, "hit id", "use 1 to 64 letters, digits, -, _ or .", is_token
);
text_id!(
    /// A cluster of near-duplicate listings of one platform.
    ClusterId, "cluster id", "use 1 to 64 letters, digits, -, _ or .", is_token
);
text_id!(
    /// A referral, the case about one cluster.
    ReferralId, "referral id", "use 1 to 64 letters, digits, -, _ or .", is_token
);

/// SHA-256 of some bytes. Prints as WARC does: `sha256:` and upper-case base 32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Digest(pub [u8; 32]);

impl Sha256Digest {
    /// Digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest;
        Sha256Digest(sha2::Sha256::digest(bytes).into())
    }

    /// Lower-case hexadecimal, 64 characters.
    pub fn hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", data_encoding::BASE32_NOPAD.encode(&self.0))
    }
}

impl std::str::FromStr for Sha256Digest {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let fail = || IdError {
            kind: "digest",
            rule: "use sha256: and 52 base 32 characters",
            value: text.chars().take(80).collect(),
        };
        let body = text.strip_prefix("sha256:").ok_or_else(fail)?;
        let bytes = data_encoding::BASE32_NOPAD.decode(body.trim_end_matches('=').as_bytes()).map_err(|_| fail())?;
        bytes.try_into().map(Sha256Digest).map_err(|_| fail())
    }
}

impl utoipa::PartialSchema for Sha256Digest {
    fn schema() -> RefOr<Schema> {
        let form = Some("^sha256:[A-Z2-7]{52}$");
        ObjectBuilder::new().schema_type(Type::String).pattern(form).into()
    }
}

impl utoipa::ToSchema for Sha256Digest {}

impl Serialize for Sha256Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_refuse_what_is_not_their_form() {
        assert!(PlatformId::parse("example-b2b").is_ok());
        for bad in ["", "a", "UPPER", "a b", "../x", &"a".repeat(65)] {
            assert!(PlatformId::parse(bad).is_err(), "{bad}");
        }
        assert!(ReferralId::parse("../../etc").is_err());
    }

    #[test]
    fn digest_prints_and_parses_back() {
        let digest = Sha256Digest::of(b"");
        assert_eq!(digest.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(digest.to_string().parse::<Sha256Digest>().unwrap(), digest);
    }
}

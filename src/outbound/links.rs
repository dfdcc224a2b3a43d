//! Signed links: one purpose, one case, an end date; no account needed to follow them.

use std::fmt;
use std::time::Duration;

use subtle::ConstantTimeEq;

use crate::referral::notice::NoticeSender;
use crate::vocab::ids::ReferralId;
use crate::vocab::time::Timestamp;

/// What a signed link allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The platform answers.
    Answer,
    /// The affected party contests.
    Contest,
}

impl Purpose {
    /// The word in the link's path.
    pub fn name(self) -> &'static str {
        match self {
            Purpose::Answer => "answer",
            Purpose::Contest => "contest",
        }
    }
}

/// Why a signed link is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Not one of ours, or changed.
    #[error("the link is not valid")]
    Invalid,
    /// Past its end date.
    #[error("the link has expired")]
    Expired,
}

/// The key that signs links. Prints without its bytes.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(..)")
    }
}

const MAC_BYTES: usize = 16;

impl LinkKey {
    /// Derives the key from a secret of the installation, so that no other use of the secret can make links.
    pub fn derive(secret: &[u8]) -> Self {
        LinkKey(blake3::derive_key("listingwatch 2026 signed links of notices", secret))
    }

    /// The signed part of a link: `<referral>.<end in seconds>.<signature>`.
    pub fn sign(&self, purpose: Purpose, referral: &ReferralId, until: Timestamp) -> String {
        let body = format!("{referral}.{}", until.as_seconds());
        let mac = data_encoding::BASE64URL_NOPAD.encode(&self.mac(purpose, &body));
        format!("{body}.{mac}")
    }

    /// The case a signed part stands for.
    ///
    /// # Errors
    /// When it was changed, was made for another purpose, or is past its end.
    pub fn verify(&self, purpose: Purpose, signed: &str, now: Timestamp) -> Result<ReferralId, LinkError> {
        let (body, mac) = signed.rsplit_once('.').ok_or(LinkError::Invalid)?;
        let mac = data_encoding::BASE64URL_NOPAD.decode(mac.as_bytes()).map_err(|_| LinkError::Invalid)?;
        if !bool::from(self.mac(purpose, body).as_slice().ct_eq(&mac)) {
            return Err(LinkError::Invalid);
        }
        let (referral, until) = body.rsplit_once('.').ok_or(LinkError::Invalid)?;
        let until: i64 = until.parse().map_err(|_| LinkError::Invalid)?;
        if now.as_seconds() >= until {
            return Err(LinkError::Expired);
        }
        ReferralId::parse(referral).map_err(|_| LinkError::Invalid)
    }

    fn mac(&self, purpose: Purpose, body: &str) -> [u8; MAC_BYTES] {
        let whole = blake3::keyed_hash(&self.0, format!("{}\n{body}", purpose.name()).as_bytes());
        let mut mac = [0; MAC_BYTES];
        mac.copy_from_slice(&whole.as_bytes()[..MAC_BYTES]);
        mac
    }
}

/// The addresses a notice names.
#[derive(Debug, Clone)]
pub struct NoticeLinks {
    /// Where the platform answers.
    pub answer: String,
    /// Where the affected party contests.
    pub contest: String,
    /// Until when both work.
    pub until: Timestamp,
}

/// How long a link in a notice works: answers and contests come within weeks, and appeals need room.
pub const LINK_LIFE: Duration = Duration::from_secs(183 * 24 * 3600);

/// Who signs notices, and the key and address of their links. One for the whole installation.
#[derive(Debug, Clone)]
pub struct NoticeDesk {
    /// Who signs; without it no notice is complete.
    pub sender: Option<NoticeSender>,
    /// Address of the hub as outsiders reach it, without a slash at the end; empty when there is none.
    pub public_url: String,
    /// Signs the links.
    pub key: LinkKey,
}

impl NoticeDesk {
    /// Both links of a case that last changed at `changed`: the same for every reading of one version of a notice.
    pub fn links(&self, referral: &ReferralId, changed: Timestamp) -> NoticeLinks {
        let until = changed.after(LINK_LIFE);
        let link = |purpose: Purpose| {
            if self.public_url.is_empty() {
                return String::new();
            }
            format!("{}/{}/{}", self.public_url, purpose.name(), self.key.sign(purpose, referral, until))
        };
        NoticeLinks { answer: link(Purpose::Answer), contest: link(Purpose::Contest), until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_serves_one_purpose_until_its_end() {
        let key = LinkKey::derive(b"secret");
        let case = ReferralId::parse("R-1.a").unwrap();
        let end = Timestamp::from_millis(10_000);
        let signed = key.sign(Purpose::Contest, &case, end);
        let before = Timestamp::from_millis(9_000);
        assert_eq!(key.verify(Purpose::Contest, &signed, before), Ok(case.clone()));
        let other = LinkKey::derive(b"another");
        let altered = signed.replacen("R-1", "R-2", 1);
        let cut = &signed[..signed.len() - 1];
        for (line, key, purpose, text, now, error) in [
            (line!(), &key, Purpose::Answer, signed.as_str(), before, LinkError::Invalid),
            (line!(), &other, Purpose::Contest, &signed, before, LinkError::Invalid),
            (line!(), &key, Purpose::Contest, &altered, before, LinkError::Invalid),
            (line!(), &key, Purpose::Contest, cut, before, LinkError::Invalid),
            (line!(), &key, Purpose::Contest, "", before, LinkError::Invalid),
            (line!(), &key, Purpose::Contest, &signed, end, LinkError::Expired),
        ] {
            assert_eq!(key.verify(purpose, text, now), Err(error), "line {line}");
        }
    }
}

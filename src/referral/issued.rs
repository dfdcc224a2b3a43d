//! Documents as they left: a notice and what follows it, each with a number, a date and fixed bytes.
//!
//! What is sent, shown, fetched or published of a case after its approval are these bytes, and nothing is written anew.

use serde::{Deserialize, Serialize};

use crate::referral::document::{Block, Document, Section};
use crate::referral::language::Catalogue;
use crate::referral::notice::Notice;
use crate::vocab::ids::{PlatformId, ReferralId, Sha256Digest};
use crate::vocab::time::Timestamp;
use crate::vocab::visible::escaped_json;

/// Kinds of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = DocumentKind)]
pub enum IssuedKind {
    /// The notice of an approved case.
    Notice,
    /// A notice was not answered in time.
    Reminder,
    /// The case may be put before another authority unless it is answered until a day.
    Warning,
    /// A notice had a mistake in it and is taken back; another follows.
    Correction,
    /// A notice is taken back.
    Withdrawal,
}

impl IssuedKind {
    /// All kinds.
    pub const ALL: [IssuedKind; 5] =
        [IssuedKind::Notice, IssuedKind::Reminder, IssuedKind::Warning, IssuedKind::Correction, IssuedKind::Withdrawal];

    /// The name used in every interface.
    pub fn name(self) -> &'static str {
        match self {
            IssuedKind::Notice => "notice",
            IssuedKind::Reminder => "reminder",
            IssuedKind::Warning => "warning",
            IssuedKind::Correction => "correction",
            IssuedKind::Withdrawal => "withdrawal",
        }
    }

    /// The kind of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What a document is known by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = DocumentHead)]
pub struct IssuedHead {
    /// Case and place among its documents: `R-…/1`.
    pub number: String,
    /// Case.
    pub referral: String,
    /// Place among the documents of the case, from 1.
    pub serial: u32,
    /// What it is.
    pub kind: IssuedKind,
    /// When it was written.
    pub at: Timestamp,
    /// Code of its language.
    pub language: String,
    /// Version of the facts it rests on.
    pub watchlist: String,
    /// Number of the notice it speaks of; none for a notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cites: Option<String>,
    /// SHA-256 of each form.
    pub digests: Digests,
}

/// SHA-256 of the forms of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = DocumentDigests)]
pub struct Digests {
    /// Of the JSON form.
    pub json: String,
    /// Of the text form.
    pub text: String,
    /// Of the HTML form.
    pub html: String,
}

/// A document that is told of with a step of a case: what it is known by, and what it says besides the notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DocumentTold {
    /// Number, kind, date and digests.
    #[serde(flatten)]
    pub head: IssuedHead,
    /// Its sentences; none of a notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<Vec<String>>,
}

/// A document that follows a notice, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FollowingDocument {
    /// Case and place among its documents: `R-…/2`.
    pub number: String,
    /// What it is.
    pub kind: IssuedKind,
    /// Number of the notice it speaks of.
    pub cites: String,
    /// When it was written.
    pub at: Timestamp,
    /// Code of its language.
    pub language: String,
    /// Case.
    pub referral: ReferralId,
    /// Platform it goes to.
    pub platform: PlatformId,
    /// Title of the listing.
    pub title: String,
    /// Exact locations.
    pub urls: Vec<String>,
    /// What it says.
    pub says: Vec<String>,
    /// The last day for an answer, in a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A document with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// What it is known by.
    pub head: IssuedHead,
    /// As JSON.
    pub json: String,
    /// As text.
    pub text: String,
    /// As a whole HTML page.
    pub html: String,
}

/// A document as JSON. What cannot be seen stands as escapes, so that its bytes can be shown anywhere.
pub fn written(json: &serde_json::Value) -> String {
    format!("{}\n", escaped_json(&format!("{json:#}")))
}

/// The number of a document of a case.
pub fn number(referral: &ReferralId, serial: u32) -> String {
    format!("{referral}/{serial}")
}

/// What a document that follows a notice speaks of.
#[derive(Debug, Clone, Copy)]
pub struct Cited<'a> {
    /// The notice, as it was stored.
    pub notice: &'a Notice,
    /// Its number.
    pub number: &'a str,
}

impl Issued {
    /// A notice that was approved.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn notice(notice: &Notice, serial: u32, print: Printer) -> Result<Self, serde_json::Error> {
        let notice = Notice { number: Some(number(&notice.referral, serial)), ..notice.clone() };
        let head = Head {
            referral: &notice.referral,
            serial,
            kind: IssuedKind::Notice,
            at: notice.at,
            language: &notice.language,
            watchlist: &notice.watchlist,
            cites: None,
        };
        Ok(head.with(serde_json::to_value(&notice)?, &notice.document(), print))
    }

    /// What follows a notice. `until` is the day that a warning names.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn following(
        kind: IssuedKind,
        cited: Cited<'_>,
        serial: u32,
        (at, until): (Timestamp, Option<jiff::civil::Date>),
        print: Printer,
    ) -> Result<Self, serde_json::Error> {
        let Cited { notice, number: cites } = cited;
        let own = number(&notice.referral, serial);
        let document = following(kind, cited, &own, (at, until));
        let blocks = document.sections.iter().flat_map(|section| &section.blocks);
        let says: Vec<String> = blocks
            .filter_map(|block| match block {
                Block::Text(text) => Some(text.clone()),
                Block::List(_)
                | Block::Codes(_)
                | Block::Link(_)
                | Block::Excerpt(_)
                | Block::Term(..)
                | Block::Address(_) => None,
            })
            .collect();
        let json = FollowingDocument {
            number: own,
            kind,
            cites: cites.to_owned(),
            at,
            language: notice.language.clone(),
            referral: notice.referral.clone(),
            platform: notice.platform.clone(),
            title: notice.title.clone(),
            urls: notice.urls.clone(),
            says,
            until: until.map(|day| day.to_string()),
        };
        let head = Head {
            referral: &notice.referral,
            serial,
            kind,
            at,
            language: &notice.language,
            watchlist: &notice.watchlist,
            cites: Some(cites),
        };
        Ok(head.with(serde_json::to_value(&json)?, &document, print))
    }
}

impl Issued {
    /// The sentences of a document that follows a notice; none of a notice.
    ///
    /// # Errors
    /// When its JSON cannot be read.
    pub fn says(&self) -> Result<Option<Vec<String>>, serde_json::Error> {
        #[derive(Deserialize)]
        struct Said {
            says: Option<Vec<String>>,
        }
        let said: Said = serde_json::from_str(&self.json)?;
        Ok(said.says)
    }
}

/// Makes a whole HTML page of a document.
pub type Printer = fn(&Document) -> String;

struct Head<'a> {
    referral: &'a ReferralId,
    serial: u32,
    kind: IssuedKind,
    at: Timestamp,
    language: &'a str,
    watchlist: &'a str,
    cites: Option<&'a str>,
}

impl Head<'_> {
    fn with(self, json: serde_json::Value, document: &Document, print: Printer) -> Issued {
        let (json, text, html) = (written(&json), document.text(), print(document));
        let digest = |form: &str| Sha256Digest::of(form.as_bytes()).to_string();
        Issued {
            head: IssuedHead {
                number: number(self.referral, self.serial),
                referral: self.referral.to_string(),
                serial: self.serial,
                kind: self.kind,
                at: self.at,
                language: self.language.to_owned(),
                watchlist: self.watchlist.to_owned(),
                cites: self.cites.map(str::to_owned),
                digests: Digests { json: digest(&json), text: digest(&text), html: digest(&html) },
            },
            json,
            text,
            html,
        }
    }
}

/// The document that follows a notice, in the language of the notice.
fn following(
    kind: IssuedKind,
    Cited { notice, number: cites }: Cited<'_>,
    own: &str,
    (at, until): (Timestamp, Option<jiff::civil::Date>),
) -> Document {
    let words = Catalogue::of(&notice.language);
    let date = notice.at.date().to_string();
    let until = until.map(|day| day.to_string()).unwrap_or_default();
    let about = [("number", cites), ("date", date.as_str()), ("until", until.as_str())];
    let key = kind.name();
    let mut blocks = vec![Block::Text(words.fill(&format!("following.{key}"), &about))];
    let mut sections = Vec::new();
    if matches!(kind, IssuedKind::Reminder | IssuedKind::Warning) {
        blocks.push(Block::Text(notice.request.clone()));
        let until = notice.links_until.date().to_string();
        sections.push(Section::new(
            words.word("notice.answer"),
            vec![Block::Text(words.fill("notice.answer_how", &[("date", &until)])), Block::Link(notice.answer.clone())],
        ));
    }
    let written = words.fill("following.written", &[("number", own), ("date", &at.to_string())]);
    let listing = vec![
        Block::Excerpt(vec![crate::referral::document::Piece { text: notice.title.clone(), marked: false }]),
        Block::Codes(notice.urls.clone()),
    ];
    let sender = &notice.sender;
    let mut all = vec![
        Section { heading: None, blocks: vec![Block::Text(written)] },
        Section { heading: None, blocks },
        Section::new(words.word("notice.listing"), listing),
    ];
    all.extend(sections);
    all.push(Section::new(
        words.word("notice.sender"),
        vec![Block::Address(vec![sender.name.clone(), sender.address.clone(), sender.contact.clone()])],
    ));
    Document {
        language: words.code,
        rtl: words.rtl,
        title: words.fill(&format!("following.{key}_heading"), &[("referral", notice.referral.as_str())]),
        sections: all,
    }
}

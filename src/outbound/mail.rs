//! E-mail by SMTP: one notice, one message, plain text with an HTML twin.

use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::outbound::webhook::Attempt;
use crate::vocab::ids::ReferralId;
use crate::vocab::time::Timestamp;

/// Why mail cannot be formed or sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server's address cannot be used.
    #[error("`{0}` is not an SMTP address")]
    Url(String),
    /// Plain SMTP to another machine.
    #[error("plain SMTP is allowed to this machine only; add `?tls=required` or use smtps")]
    Plain,
    /// A mail address that is none, or holds line breaks.
    #[error("`{0}` is not a mail address")]
    Address(String),
    /// The message could not be put together.
    #[error("message could not be formed: {0}")]
    Form(#[from] lettre::error::Error),
}

/// One message about one case.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Case.
    pub referral: ReferralId,
    /// Same for every attempt.
    pub idempotency_key: String,
    /// First message of the case; later ones answer it, so that mail programs show one thread.
    pub first: bool,
    /// Recipient.
    pub to: String,
    /// Language of the text.
    pub language: String,
    /// Subject; line breaks and control characters are taken out.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same in HTML.
    pub html: Option<String>,
}

/// The mail server's client.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// Until a server that says nothing counts as away.
const SMTP_DEADLINE: Duration = Duration::from_secs(30);

impl Mailer {
    /// Client of `url`: `smtps://…`, `smtp://…?tls=required` (STARTTLS), or plain `smtp://127.0.0.1:…`.
    ///
    /// # Errors
    /// When the address cannot be used, or asks for plain SMTP to another machine.
    pub fn new(url: &url::Url, from: &str) -> Result<Self, MailError> {
        let shown = || format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
        let tls = url.scheme() == "smtps" || url.query_pairs().any(|(k, v)| k == "tls" && v == "required");
        let loopback = match url.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            // Schemes the URL standard does not know keep addresses as text.
            Some(url::Host::Domain(name)) => {
                let bare = name.trim_start_matches('[').trim_end_matches(']');
                name == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
            None => return Err(MailError::Url(shown())),
        };
        if !tls && !loopback {
            return Err(MailError::Plain);
        }
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str())
            .map_err(|_| MailError::Url(shown()))?
            .timeout(Some(SMTP_DEADLINE))
            .build();
        Ok(Mailer { transport, from: mailbox(from)? })
    }

    /// Sends one message. A refusal for good (5xx) ends it, everything else is tried again.
    ///
    /// # Errors
    /// When the message cannot be formed.
    pub async fn send(&self, mail: &Mail, now: Timestamp) -> Result<Attempt, MailError> {
        let message = self.form(mail, now)?;
        Ok(match self.transport.send(message).await {
            Ok(response) => {
                let said = response.message().collect::<Vec<_>>().join(" ");
                Attempt::Delivered { receipt: format!("{} {said}", response.code()).chars().take(200).collect() }
            }
            Err(error) => refused(&error),
        })
    }

    /// The message as it would be sent.
    ///
    /// # Errors
    /// When an address is none, or the parts do not fit together.
    pub fn form(&self, mail: &Mail, now: Timestamp) -> Result<Message, MailError> {
        let domain = self.from.email.domain();
        let thread = format!("<{}@{domain}>", mail.referral);
        let id = if mail.first { thread.clone() } else { format!("<{}@{domain}>", one_line(&mail.idempotency_key)) };
        let since_epoch = Duration::from_millis(u64::try_from(now.as_millis()).unwrap_or_default());
        let mut builder = Message::builder()
            .from(self.from.clone())
            .to(mailbox(&mail.to)?)
            .subject(one_line(&mail.subject))
            .date(std::time::UNIX_EPOCH + since_epoch)
            .message_id(Some(id))
            .header(ContentLanguage(one_line(&mail.language)));
        if !mail.first {
            builder = builder.in_reply_to(thread.clone()).references(thread);
        }
        Ok(match &mail.html {
            Some(html) => builder.multipart(MultiPart::alternative_plain_html(mail.text.clone(), html.clone()))?,
            None => builder.body(mail.text.clone())?,
        })
    }
}

/// Reads a refusal: 5xx ends this message, except where the server refuses us and not the message (it wants a log-in we
/// have not set right, or TLS): that is mended in the settings, and the message waits. 4xx and silence are tried again.
fn refused(error: &SmtpError) -> Attempt {
    let said = whole(error);
    match error.status().map(|code| code.to_string()) {
        Some(code) if OUR_FAULT.contains(&code.as_str()) => {
            Attempt::Later { error: format!("the mail server does not accept us: {said}"), asked: None }
        }
        Some(_) if error.is_permanent() => Attempt::Refused { error: format!("the mail server refused: {said}") },
        _ => Attempt::Later { error: format!("the mail server could not take it: {said}"), asked: None },
    }
}

/// Authentication and encryption replies (RFC 4954 section 6, RFC 3207 section 4): 454, 530, 534, 535, 538.
const OUR_FAULT: [&str; 5] = ["454", "530", "534", "535", "538"];

/// An error with its causes on one line.
fn whole(error: &SmtpError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    one_line(&text)
}

/// `Content-Language` (RFC 3282), so that mail programs and readers aloud know what they have.
#[derive(Clone)]
struct ContentLanguage(String);

impl lettre::message::header::Header for ContentLanguage {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(ContentLanguage(text.to_owned()))
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), self.0.clone())
    }
}

fn mailbox(address: &str) -> Result<Mailbox, MailError> {
    let wrong = || MailError::Address(one_line(address).chars().take(80).collect());
    if address.chars().any(char::is_control) {
        return Err(wrong());
    }
    address.parse().map_err(|_| wrong())
}

/// Listing titles end up in subjects: nothing in them may begin a header of its own.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mailer(url: &str) -> Result<Mailer, MailError> {
        Mailer::new(&url.parse().unwrap(), "Watch <watch@hub.example.test>")
    }

    fn mail(first: bool) -> Mail {
        Mail {
            referral: ReferralId::parse("R-1").unwrap(),
            idempotency_key: "R-1-4-email".into(),
            first,
            to: "ts@shop.example.test".into(),
            language: "en".into(),
            subject: "Referral\r\nBcc: all@example.test".into(),
            text: "text".into(),
            html: Some("<p>text</p>".into()),
        }
    }

    #[tokio::test]
    async fn plain_smtp_stays_on_this_machine() {
        for (url, allowed) in [
            ("smtp://127.0.0.1:2525", true),
            ("smtp://localhost:2525", true),
            ("smtp://[::1]:2525", true),
            ("smtp://mail.example.test:25", false),
            ("smtp://127.0.0.1.example.test:25", false),
            ("smtp://mail.example.test:587?tls=required", true),
            ("smtps://mail.example.test", true),
        ] {
            assert_eq!(mailer(url).is_ok(), allowed, "{url}");
        }
    }

    #[tokio::test]
    async fn a_title_cannot_begin_a_header() {
        let mailer = mailer("smtp://127.0.0.1:2525").unwrap();
        let now = Timestamp::from_millis(1_764_000_000_000);
        let first = String::from_utf8(mailer.form(&mail(true), now).unwrap().formatted()).unwrap();
        assert!(first.contains("Message-ID: <R-1@hub.example.test>\r\n"), "{first}");
        assert!(!first.contains("\r\nBcc:"), "{first}");
        assert!(!first.contains("In-Reply-To"), "{first}");
        let later = String::from_utf8(mailer.form(&mail(false), now).unwrap().formatted()).unwrap();
        assert!(later.contains("Message-ID: <R-1-4-email@hub.example.test>\r\n"), "{later}");
        assert!(later.contains("In-Reply-To: <R-1@hub.example.test>\r\n"), "{later}");
        let mut wrong = mail(true);
        wrong.to = "a@example.test\r\nRCPT TO:<b@example.test>".into();
        assert!(matches!(mailer.form(&wrong, now), Err(MailError::Address(_))));
    }
}

//! Sending to platforms' webhooks and to an authority for timestamps, through the same address guard as every other request.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};

use crate::fetch::address::AddressGuard;
use crate::fetch::client::{Client, FetchError, connection};
use crate::frontier::retry_after;
use crate::vocab::found::FoundUrl;
use crate::vocab::platform::IpRange;

/// Until a receiver that says nothing counts as away: the Standard Webhooks specification asks for 15 to 30 seconds.
const DEADLINE: Duration = Duration::from_secs(20);

/// How long an answer's body is read for the receipt.
const BODY_DEADLINE: Duration = Duration::from_secs(3);

/// Bytes of an answer that are read.
const ANSWER_LIMIT_BYTES: usize = 4096;

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// HTTP status.
    pub status: u16,
    /// What `Retry-After` asks for, if it can be read.
    pub retry_after: Option<Duration>,
    /// The head of the body.
    pub body: String,
}

/// What came back of a request that was posted.
struct Answered {
    status: u16,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

/// What is posted, and how much of the answer is read for how long.
struct Post {
    headers: HeaderMap,
    body: Vec<u8>,
    answer_bytes: usize,
    answer_time: Duration,
}

impl Client {
    /// Posts JSON. Redirects are answers, not followed.
    ///
    /// # Errors
    /// When the address is private and not listed, or no answer comes.
    pub async fn post(
        &self,
        url: &FoundUrl,
        private_addresses: &[IpRange],
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<Posted, FetchError> {
        let mut sent = HeaderMap::new();
        sent.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                sent.insert(HeaderName::from_static(name), value);
            }
        }
        let body = body.into_bytes();
        // The status says whether it was taken; a body that drips for ever does not undo it.
        let post = Post { headers: sent, body, answer_bytes: ANSWER_LIMIT_BYTES, answer_time: BODY_DEADLINE };
        let Answered { status, retry_after, body } = self.exchange(url, private_addresses, post).await?;
        Ok(Posted { status, retry_after, body: String::from_utf8_lossy(&body).into_owned() })
    }

    /// Posts bytes of one media type and takes those of another, `most` of them at most. Answers with the status.
    ///
    /// # Errors
    /// When the address is private and not listed, or no answer comes.
    pub async fn post_bytes(
        &self,
        url: &FoundUrl,
        private_addresses: &[IpRange],
        (sent_as, wanted): (&'static str, &'static str),
        body: Vec<u8>,
        most: usize,
    ) -> Result<(u16, Vec<u8>), FetchError> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(sent_as));
        headers.insert(ACCEPT, HeaderValue::from_static(wanted));
        let post = Post { headers, body, answer_bytes: most, answer_time: DEADLINE };
        let answered = self.exchange(url, private_addresses, post).await?;
        Ok((answered.status, answered.body))
    }

    async fn exchange(
        &self,
        url: &FoundUrl,
        private_addresses: &[IpRange],
        post: Post,
    ) -> Result<Answered, FetchError> {
        let Post { mut headers, body, answer_bytes, answer_time } = post;
        let guard = AddressGuard::new(private_addresses);
        if !guard.admits_literal(url) {
            return Err(FetchError::PrivateAddress { url: url.clone() });
        }
        let client = self.client(&guard, private_addresses).map_err(|error| connection(url, &error))?;
        if let Ok(value) = HeaderValue::from_str(self.user_agent()) {
            headers.insert(USER_AGENT, value);
        }
        let exchange = async {
            let request = client.post(url.as_url().clone()).headers(headers).body(body).send();
            let mut response = request.await.map_err(|error| connection(url, &error))?;
            // What was checked when the name resolved is what was dialled; this sees to it that nothing came between.
            if response.remote_addr().is_some_and(|address| !guard.admits(address.ip())) {
                return Err(FetchError::PrivateAddress { url: url.clone() });
            }
            let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
            let retry_after = header("retry-after");
            let retry_after = retry_after.and_then(|text| retry_after::parse(text, header("date"), self.clock.now()));
            let mut head = Vec::new();
            let read = async {
                while head.len() < answer_bytes
                    && let Ok(Some(chunk)) = response.chunk().await
                {
                    head.extend_from_slice(&chunk[..chunk.len().min(answer_bytes - head.len())]);
                }
            };
            let _ = tokio::time::timeout(answer_time, read).await;
            Ok(Answered { status: response.status().as_u16(), retry_after, body: head })
        };
        match tokio::time::timeout(DEADLINE, exchange).await {
            Ok(result) => result,
            Err(_) => Err(FetchError::Timeout { url: url.clone(), seconds: DEADLINE.as_secs() }),
        }
    }
}

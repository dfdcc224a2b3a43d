//! Replies kept by `Idempotency-Key`, so that a request sent twice is done once.
//!
//! Outcomes are also guarded in the record of truth, across restarts; this covers the other calls while the hub runs.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;
use serde_json::Value;

use crate::server::problem::Problem;

/// Replies kept.
const KEPT: usize = 10_000;

/// Longest key, in characters.
const KEY_LIMIT: usize = 200;

#[derive(Default)]
struct Held {
    replies: HashMap<String, (String, Value)>,
    order: VecDeque<String>,
}

/// Replies by key.
#[derive(Default)]
pub struct Replies {
    // Small entries, never held across an await.
    held: Mutex<Held>,
}

/// The request's key, if it has one.
///
/// # Errors
/// When the key is empty, too long or not printable.
pub fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default().trim();
    if key.is_empty() || key.len() > KEY_LIMIT || !key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Err(Problem::bad_request(format!(
            "`Idempotency-Key` must be 1 to {KEY_LIMIT} printable ASCII characters"
        )));
    }
    Ok(Some(key.to_owned()))
}

impl Replies {
    /// The reply kept for `key`, if the request was the same then.
    ///
    /// # Errors
    /// When the key was used for another request.
    pub fn find(&self, key: &str, request: &str) -> Result<Option<Value>, Problem> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.replies.get(key) {
            None => Ok(None),
            Some((asked, reply)) if asked == request => Ok(Some(reply.clone())),
            Some(_) => Err(Problem::conflict("this `Idempotency-Key` was used for another request")),
        }
    }

    /// Keeps a reply; the oldest go first.
    pub fn keep(&self, key: &str, request: &str, reply: &Value) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.replies.insert(key.to_owned(), (request.to_owned(), reply.clone())).is_none() {
            held.order.push_back(key.to_owned());
        }
        while held.order.len() > KEPT {
            if let Some(oldest) = held.order.pop_front() {
                held.replies.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_request_gets_the_same_reply_and_another_is_refused() {
        let replies = Replies::default();
        assert_eq!(replies.find("k", "approve R-1").unwrap(), None);
        replies.keep("k", "approve R-1", &Value::from(1));
        assert_eq!(replies.find("k", "approve R-1").unwrap(), Some(Value::from(1)));
        assert_eq!(replies.find("k", "approve R-2").unwrap_err().status, 409);
        for n in 0..KEPT {
            replies.keep(&n.to_string(), "x", &Value::Null);
        }
        assert_eq!(replies.find("k", "approve R-1").unwrap(), None, "the oldest went first");
    }
}

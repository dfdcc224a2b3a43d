//! How fast one caller may ask.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::server::problem::Problem;

type Keyed = RateLimiter<String, DashMapStateStore<String>, DefaultClock>;

/// Failed sign-ins one address may make at once, and a minute.
const FAILURES_AT_ONCE: u32 = 600;

/// Callers remembered before those that have paid their debt are forgotten.
const CALLERS_KEPT: usize = 10_000;

/// One bucket per token, and one per address for tokens that are not valid.
pub struct Limiter {
    tokens: Keyed,
    strangers: Keyed,
    clock: DefaultClock,
}

fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

impl Limiter {
    /// Buckets of `per_second` requests that hold `burst`.
    pub fn new(per_second: u32, burst: u32) -> Self {
        let quota = Quota::per_second(at_least_one(per_second)).allow_burst(at_least_one(burst));
        let strangers = Quota::per_minute(at_least_one(FAILURES_AT_ONCE));
        Limiter {
            tokens: RateLimiter::keyed(quota),
            strangers: RateLimiter::keyed(strangers),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a request of a token.
    pub fn request(&self, token: &str) -> Result<(), Problem> {
        self.take(&self.tokens, token)
    }

    /// Counts a failed attempt from an address.
    pub fn failure(&self, address: &str) -> Result<(), Problem> {
        self.take(&self.strangers, address)
    }

    fn take(&self, buckets: &Keyed, key: &str) -> Result<(), Problem> {
        if buckets.len() > CALLERS_KEPT {
            buckets.retain_recent();
        }
        buckets.check_key(&key.to_owned()).map_err(|denied| {
            let wait = denied.wait_time_from(self.clock.now());
            Problem::too_many(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_a_bucket_of_its_own() {
        let limiter = Limiter::new(1, 2);
        assert!(limiter.request("a").is_ok() && limiter.request("a").is_ok());
        let problem = limiter.request("a").unwrap_err();
        assert_eq!(problem.status, 429);
        assert!(limiter.request("b").is_ok());
        assert!(limiter.failure("a").is_ok(), "failures are counted apart");
    }
}

//! Requests on their way and the bodies they brought, bounded for the whole process by number and by bytes.
//!
//! A [`Held`] is taken before a request is sent. The request counts until its answer came; the bytes count until whoever
//! works with the body lets go of the [`Held`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// What is in flight. One for a process.
#[derive(Debug)]
pub struct Flights {
    // Two counters, never held across an await.
    count: Mutex<Count>,
    freed: Notify,
    most: Count,
}

/// Bodies of the largest expected size that have room beside each other.
const SHARES: usize = 4;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    requests: usize,
    bytes: usize,
}

/// A share of what is in flight, given back when dropped.
#[derive(Debug, Default)]
pub struct Held {
    flights: Option<Arc<Flights>>,
    share: Count,
}

impl Flights {
    /// At most so many requests at once, and no new one while bodies hold so many bytes.
    pub fn new(requests: usize, bytes: usize) -> Arc<Self> {
        Arc::new(Flights { count: Mutex::default(), freed: Notify::new(), most: Count { requests, bytes } })
    }

    /// What to take for a body expected to have so many bytes. A body never has more than a part of the room to itself before
    /// it came: else one host's large bodies would wait until nobody else's are held, and never while others keep coming.
    pub fn share_of(&self, bytes: usize) -> usize {
        bytes.min(self.most.bytes / SHARES)
    }

    /// Takes a place for one request whose body is expected to have so many bytes, if there is one now. A body larger than
    /// all room there is may come alone.
    pub fn try_take(self: &Arc<Self>, bytes: usize) -> Option<Held> {
        let mut count = self.count();
        let room = count.bytes == 0 || count.bytes.saturating_add(bytes) <= self.most.bytes;
        if count.requests >= self.most.requests || !room {
            return None;
        }
        count.requests += 1;
        count.bytes += bytes;
        Some(Held { flights: Some(self.clone()), share: Count { requests: 1, bytes } })
    }

    /// The same, as soon as there is one.
    pub async fn take(self: &Arc<Self>, bytes: usize) -> Held {
        loop {
            // Registered before the look, so that a place that is freed in between is not missed.
            let freed = self.freed.notified();
            if let Some(held) = self.try_take(bytes) {
                return held;
            }
            freed.await;
        }
    }

    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The answer came, with a body of so many bytes.
    pub fn landed(&mut self, bytes: usize) {
        self.change(Count { requests: 0, bytes });
    }

    /// What came of the body holds so many bytes.
    pub fn resize(&mut self, bytes: usize) {
        self.change(Count { bytes, ..self.share });
    }

    fn change(&mut self, share: Count) {
        let Some(flights) = &self.flights else { return };
        let mut count = flights.count();
        // What has come is counted even where it is more than was expected.
        count.requests = count.requests - self.share.requests + share.requests;
        count.bytes = count.bytes - self.share.bytes + share.bytes;
        drop(count);
        let less = share.requests < self.share.requests || share.bytes < self.share.bytes;
        self.share = share;
        if less {
            flights.freed.notify_waiters();
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.change(Count::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_bytes_are_bounded_apart() {
        let flights = Flights::new(2, 100);
        let mut first = flights.try_take(10).unwrap();
        let second = flights.try_take(10).unwrap();
        assert!(flights.try_take(10).is_none(), "two requests at once");
        first.landed(90);
        assert!(flights.try_take(10).is_none(), "a hundred bytes are held");
        first.resize(20);
        let third = flights.try_take(70).unwrap();
        assert!(flights.try_take(0).is_none());
        drop((first, second, third));
        assert_eq!(*flights.count(), Count::default());
        // What is larger than all room comes alone.
        let large = flights.try_take(1_000).unwrap();
        assert!(flights.try_take(1).is_none());
        drop(large);
        assert!(flights.try_take(1).is_some());
    }

    #[tokio::test]
    async fn who_waits_is_told_of_room() {
        let flights = Flights::new(1, 100);
        let held = flights.take(1).await;
        let waiting = tokio::spawn({
            let flights = flights.clone();
            async move { flights.take(1).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(held);
        waiting.await.unwrap();
    }
}

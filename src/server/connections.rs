//! Which connections are open, what each is doing, and which one ends when there are too many.
//!
//! A connection that has no request under way costs a stranger nothing to hold, so when all places are taken the one that
//! has waited longest ends. An honest client sends its request at once and is never the one.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// How many connections are open at once, and how long each may take for what.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// Connections in all.
    pub total: usize,
    /// Connections of one address; of one /64 network in IPv6.
    pub per_address: usize,
    /// From the start of a connection, or the first byte of a later request, until that request's head is whole. A TLS
    /// handshake gets the same.
    pub head: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// With a request under way and not a byte moved in either direction. Streams of events send one every 20 s.
    pub stall: Duration,
}

/// Most connections, however many descriptors there are.
const MOST: usize = 4096;

/// Fewest connections, however few descriptors there are.
const FEWEST: usize = 16;

/// Descriptors for connections on their way out, beside the places.
pub(super) const ON_THE_WAY_OUT: usize = 16;

/// Part of the places that one address may take.
const PER_ADDRESS: usize = 4;

impl ConnectionLimits {
    /// Half of the descriptors that this process may have; the other half is the crawler's and the stores'.
    pub fn of_this_process() -> Self {
        let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let descriptors = descriptors.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        let total = (descriptors / 2).saturating_sub(ON_THE_WAY_OUT).clamp(FEWEST, MOST);
        ConnectionLimits {
            total,
            per_address: (total / PER_ADDRESS).max(FEWEST),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(60),
        }
    }

    /// The same where everybody comes from one address: through a proxy, or on this machine.
    pub fn without_addresses(self) -> Self {
        ConnectionLimits { per_address: self.total, ..self }
    }
}

/// How long the rest of a request may take when the hub stops.
const STOP_REQUEST: Duration = Duration::from_secs(20);

/// The same for one whose body has not all come.
const STOP_UPLOAD: Duration = Duration::from_secs(3);

/// The same for a connection without a request.
const STOP_IDLE: Duration = Duration::from_millis(300);

/// A request under way counts as stalled, when places are short, after this long without a byte.
const STALLED: Duration = Duration::from_secs(10);

/// What one connection is doing.
#[derive(Debug)]
pub(super) struct Activity {
    // A few numbers, never held across an await.
    now: Mutex<Doing>,
}

#[derive(Debug, Clone, Copy)]
struct Doing {
    /// Requests whose answers have not all been handed to the connection.
    handling: usize,
    /// Requests whose bodies have not all come.
    receiving: usize,
    /// Since when there is no request.
    quiet_since: Instant,
    /// When the first byte of the next head came, or the connection began.
    head_since: Option<Instant>,
    /// When the oldest request under way began; not kept apart for each.
    asked_at: Instant,
    /// When a byte was last read or written.
    moved: Instant,
}

impl Activity {
    fn new(now: Instant) -> Self {
        let doing =
            Doing { handling: 0, receiving: 0, quiet_since: now, head_since: Some(now), asked_at: now, moved: now };
        Activity { now: Mutex::new(doing) }
    }

    fn doing(&self) -> MutexGuard<'_, Doing> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes were read.
    pub fn read(&self, now: Instant) {
        let mut doing = self.doing();
        doing.moved = now;
        if doing.handling == 0 && doing.head_since.is_none() {
            doing.head_since = Some(now);
        }
    }

    /// Bytes were written.
    pub fn written(&self, now: Instant) {
        self.doing().moved = now;
    }

    /// A request's head is whole. `body`: more of it is to come.
    pub fn begin(self: &Arc<Self>, body: bool, now: Instant) -> (Handling, Option<Receiving>) {
        let mut doing = self.doing();
        if doing.handling == 0 {
            doing.asked_at = now;
        }
        doing.moved = now;
        doing.handling += 1;
        doing.head_since = None;
        doing.receiving += usize::from(body);
        (Handling(self.clone()), body.then(|| Receiving(self.clone())))
    }

    /// When the connection has taken too long for what it is doing.
    pub fn overdue_at(&self, limits: &ConnectionLimits) -> Instant {
        let doing = self.doing();
        match doing.head_since {
            _ if doing.handling > 0 => doing.moved + limits.stall,
            Some(since) => since + limits.head,
            None => doing.quiet_since.max(doing.moved) + limits.idle,
        }
    }

    /// When the connection ends at the latest, the hub having been told to stop at `stopped`.
    pub fn ends_at(&self, stopped: Instant) -> Instant {
        let doing = self.doing();
        stopped
            + match (doing.handling, doing.receiving) {
                (0, _) => STOP_IDLE,
                (_, 0) => STOP_REQUEST,
                _ => STOP_UPLOAD,
            }
    }

    /// Who ends first when places are short: no request, then a body that is still to come, then an answer that nobody
    /// reads. `None`: a request at work.
    fn rank(&self, now: Instant) -> Option<(u8, Instant)> {
        let doing = self.doing();
        match (doing.handling, doing.receiving) {
            (0, _) => Some((0, doing.quiet_since)),
            (_, 0) => (now.duration_since(doing.moved) > STALLED).then_some((2, doing.moved)),
            _ => Some((1, doing.asked_at)),
        }
    }
}

/// A request under way; ends when dropped.
pub(super) struct Handling(Arc<Activity>);

impl Drop for Handling {
    fn drop(&mut self) {
        let mut doing = self.0.doing();
        doing.handling = doing.handling.saturating_sub(1);
        if doing.handling == 0 {
            doing.quiet_since = Instant::now();
        }
    }
}

/// A request's body on its way; ends when dropped.
pub(super) struct Receiving(Arc<Activity>);

impl Drop for Receiving {
    fn drop(&mut self) {
        let mut doing = self.0.doing();
        doing.receiving = doing.receiving.saturating_sub(1);
    }
}

/// The open connections of the hub.
pub(super) struct Connections {
    limits: ConnectionLimits,
    // Looked through only when places are short; never held across an await.
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    next: u64,
    held: HashMap<u64, Held>,
    by_address: HashMap<IpAddr, usize>,
}

struct Held {
    address: IpAddr,
    activity: Arc<Activity>,
    close: Arc<Notify>,
}

impl Open {
    fn remove(&mut self, id: u64) -> Option<Held> {
        let held = self.held.remove(&id)?;
        if let Some(count) = self.by_address.get_mut(&held.address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&held.address);
            }
        }
        Some(held)
    }

    /// Ends the one among those of `address`, or among all, that is waited for least. Says whether there was one.
    fn make_room(&mut self, address: Option<IpAddr>, now: Instant) -> bool {
        let candidates = self.held.iter().filter(|(_, held)| address.is_none_or(|address| held.address == address));
        let ranked = candidates.filter_map(|(id, held)| Some((held.activity.rank(now)?, *id)));
        let Some((_, id)) = ranked.min() else { return false };
        if let Some(held) = self.remove(id) {
            held.close.notify_one();
        }
        true
    }
}

impl Connections {
    pub fn new(limits: ConnectionLimits) -> Arc<Self> {
        Arc::new(Connections { limits, open: Mutex::default() })
    }

    pub fn limits(&self) -> &ConnectionLimits {
        &self.limits
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection, if need be that of another. `None`: all are at work.
    pub fn admit(self: &Arc<Self>, address: IpAddr, now: Instant) -> Option<Place> {
        let address = network(address);
        let mut open = self.open();
        let of_address = open.by_address.get(&address).copied().unwrap_or(0);
        if of_address >= self.limits.per_address && !open.make_room(Some(address), now) {
            return None;
        }
        if open.held.len() >= self.limits.total && !open.make_room(None, now) {
            return None;
        }
        let (id, activity, close) = (open.next, Arc::new(Activity::new(now)), Arc::new(Notify::new()));
        open.next += 1;
        *open.by_address.entry(address).or_default() += 1;
        open.held.insert(id, Held { address, activity: activity.clone(), close: close.clone() });
        Some(Place { id, activity, close, of: self.clone() })
    }
}

/// Who can have as many addresses as it likes counts as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

/// A connection's place; given back when dropped.
pub(super) struct Place {
    id: u64,
    of: Arc<Connections>,
    /// What the connection is doing.
    pub activity: Arc<Activity>,
    close: Arc<Notify>,
}

impl Place {
    /// Resolves when the place is given to another.
    pub async fn taken(&self) {
        self.close.notified().await;
    }

    pub fn limits(&self) -> &ConnectionLimits {
        self.of.limits()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.of.open().remove(self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(total: usize, per_address: usize) -> ConnectionLimits {
        ConnectionLimits { total, per_address, ..ConnectionLimits::of_this_process() }
    }

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    async fn is_taken(place: &Place) -> bool {
        tokio::time::timeout(Duration::from_millis(1), place.taken()).await.is_ok()
    }

    #[tokio::test]
    async fn the_one_that_waited_longest_makes_room() {
        let connections = Connections::new(limits(3, 2));
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let first = connections.admit(address(1), after(0)).unwrap();
        let second = connections.admit(address(1), after(1)).unwrap();
        let other = connections.admit(address(2), after(2)).unwrap();
        let third = connections.admit(address(1), after(3)).unwrap();
        assert!(is_taken(&first).await, "the address has its share");
        assert!(!is_taken(&second).await && !is_taken(&other).await);
        let (busy, _) = second.activity.begin(false, after(3));
        let (upload, body) = third.activity.begin(true, after(3));
        let newcomer = connections.admit(address(3), after(4)).unwrap();
        assert!(is_taken(&other).await, "no request before one with a request");
        let (_more, _) = newcomer.activity.begin(false, after(4));
        let last = connections.admit(address(4), after(5)).unwrap();
        assert!(is_taken(&third).await, "an unfinished body before a request at work");
        let (_last, _) = last.activity.begin(false, after(5));
        assert!(connections.admit(address(5), after(6)).is_none(), "all are at work");
        assert!(connections.admit(address(5), after(60)).is_some(), "an answer nobody reads");
        drop((busy, upload, body));
    }

    #[test]
    fn each_kind_of_waiting_has_its_time() {
        let connections = Connections::new(limits(3, 3));
        let start = Instant::now();
        let place = connections.admit(address(1), start).unwrap();
        let limits = connections.limits().clone();
        assert_eq!(place.activity.overdue_at(&limits), start + limits.head);
        let later = start + Duration::from_secs(1);
        place.activity.read(later);
        assert_eq!(place.activity.overdue_at(&limits), start + limits.head, "a byte now and then buys no time");
        let (request, body) = place.activity.begin(true, later);
        assert_eq!(place.activity.overdue_at(&limits), later + limits.stall);
        assert_eq!(place.activity.ends_at(start), start + STOP_UPLOAD);
        drop(body);
        assert_eq!(place.activity.ends_at(start), start + STOP_REQUEST);
        place.activity.written(start);
        drop(request);
        assert!(place.activity.overdue_at(&limits) >= start + limits.idle);
        assert_eq!(place.activity.ends_at(start), start + STOP_IDLE);
        place.activity.read(later);
        assert_eq!(place.activity.overdue_at(&limits), later + limits.head);
    }

    #[test]
    fn one_network_is_one_address() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::7"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::7"), of("2001:db8:1:3::7"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}

//! The threads that read and judge pages, one set for a process, beside the IO runtime.
//!
//! Work comes in lines, one for each scan of a platform, which are served in turn. A piece of work that takes long gets a
//! stand-in for its thread, so that others need not wait for it; one that does not end is given up. Safe Rust cannot end a
//! thread: an abandoned one is left to itself and counted, and what it may bring after all is thrown away.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::vocab::limits::Limits;

/// What is done with the result of a piece, unless it was given up meanwhile. Must be quick.
pub type Finish = Box<dyn FnOnce() + Send>;

/// A piece of work.
pub struct Piece {
    /// How long it may take.
    pub time: Patience,
    /// The work.
    pub work: Box<dyn FnOnce() -> Finish + Send>,
    /// Told when it brings nothing. Must be quick.
    pub given_up: Box<dyn FnOnce(GivenUp) + Send>,
}

/// How long a piece of work may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// After this a stand-in takes the place of its thread.
    expected: Duration,
    /// After this it is given up.
    allowed: Duration,
}

/// Work is given up after so many times the time to read a page, or after this, whichever is longer.
const PARSE_DEADLINES: u32 = 5;
const LEAST_ALLOWED: Duration = Duration::from_secs(1);

/// Bytes a millisecond at which a body is read and judged at least: a sitemap or a feed may have fifty megabytes.
const SLOWEST_BYTES: usize = 1000;

impl Patience {
    /// For reading and judging a body of so many bytes. A page's own budget of work and time ends long before.
    pub fn of(limits: &Limits, body_bytes: usize) -> Self {
        let by_size = Duration::from_millis(u64::try_from(body_bytes / SLOWEST_BYTES).unwrap_or(u64::MAX));
        let allowed = (limits.parse_deadline * PARSE_DEADLINES).max(LEAST_ALLOWED).saturating_add(by_size);
        Patience { expected: allowed / PARSE_DEADLINES, allowed }
    }
}

/// Why a piece of work brings nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenUp {
    /// It did not end in time.
    Time,
    /// Its line ended first.
    Ended,
    /// It panicked.
    Panic,
}

/// One line of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LineId(u64);

/// How often it is looked for work that takes long.
const WATCH: Duration = Duration::from_millis(50);

/// How long a look into empty lines is put off where work comes fast: being woken for each piece costs more.
const MOMENT: Duration = Duration::from_micros(300);

/// The examiners of a process.
pub struct Examiners {
    shared: Arc<Shared>,
}

struct Shared {
    wanted: usize,
    // Never held while a piece is worked on or told of.
    state: Mutex<State>,
    work: Condvar,
    watch: Condvar,
}

#[derive(Default)]
struct State {
    lines: HashMap<LineId, VecDeque<Piece>>,
    /// Lines with work, in the order they are served.
    turns: VecDeque<LineId>,
    busy: HashMap<u64, Busy>,
    last_id: u64,
    /// Threads that take work.
    threads: usize,
    idle: usize,
    /// Threads left to themselves that have not come back.
    abandoned: usize,
    watched: bool,
    closed: bool,
}

struct Busy {
    line: LineId,
    began: Instant,
    time: Patience,
    given_up: Box<dyn FnOnce(GivenUp) + Send>,
    /// Another thread took its place.
    replaced: bool,
}

impl Examiners {
    /// So many threads, or as many as there are processors less one. None is started before there is work.
    pub fn new(wanted: Option<NonZeroUsize>) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get).saturating_sub(1);
        let wanted = wanted.map_or_else(cores, NonZeroUsize::get).max(1);
        let (state, work, watch) = (Mutex::default(), Condvar::new(), Condvar::new());
        Examiners { shared: Arc::new(Shared { wanted, state, work, watch }) }
    }

    /// A new line.
    pub fn line(&self) -> LineId {
        let mut state = self.shared.state();
        let line = LineId(state.next_id());
        state.lines.insert(line, VecDeque::new());
        line
    }

    /// Puts a piece at the end of a line. In a line that ended it is given up at once.
    ///
    /// # Errors
    /// When no thread works and none can be started.
    pub fn push(&self, line: LineId, piece: Piece) -> std::io::Result<()> {
        let mut state = self.shared.state();
        self.shared.staff(&mut state)?;
        let Some(waiting) = state.lines.get_mut(&line) else {
            drop(state);
            (piece.given_up)(GivenUp::Ended);
            return Ok(());
        };
        waiting.push_back(piece);
        if waiting.len() == 1 {
            state.turns.push_back(line);
        }
        if state.idle > 0 {
            self.shared.work.notify_one();
        }
        Ok(())
    }

    /// Ends a line: what waits in it and what is being worked on is given up.
    pub fn end(&self, line: LineId) {
        let mut state = self.shared.state();
        let waiting = state.lines.remove(&line).unwrap_or_default();
        state.turns.retain(|one| *one != line);
        let told = self.shared.abandon(&mut state, |busy| busy.line == line);
        if !state.turns.is_empty()
            && let Err(error) = self.shared.staff(&mut state)
        {
            tracing::error!(%error, "no examiner could be started");
        }
        drop(state);
        let waiting = waiting.into_iter().map(|piece| piece.given_up);
        told.into_iter().chain(waiting).for_each(|given_up| given_up(GivenUp::Ended));
    }

    /// Does `work` and waits for what it brings; `None` when it panicked or was given up.
    pub async fn examined<T: Send + 'static>(
        &self,
        time: Patience,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let line = OwnLine(self, self.line());
        let (to, brought) = oneshot::channel();
        // A thread that does not come back must not keep the end of the channel to itself.
        let to = Arc::new(Mutex::new(Some(to)));
        let ours = to.clone();
        let work = move || -> Finish {
            let brought = work();
            Box::new(move || {
                if let Some(to) = ours.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    let _ = to.send(brought);
                }
            })
        };
        let given_up = move |_| drop(to.lock().unwrap_or_else(PoisonError::into_inner).take());
        let piece = Piece { time, work: Box::new(work), given_up: Box::new(given_up) };
        if let Err(error) = self.push(line.1, piece) {
            tracing::error!(%error, "no examiner could be started");
        }
        brought.await.ok()
    }

    /// Threads that were left to themselves and have not come back.
    pub fn abandoned(&self) -> usize {
        self.shared.state().abandoned
    }
}

/// A line that ends with whoever waits for it.
struct OwnLine<'a>(&'a Examiners, LineId);

impl Drop for OwnLine<'_> {
    fn drop(&mut self) {
        self.0.end(self.1);
    }
}

impl Drop for Examiners {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.work.notify_all();
        self.shared.watch.notify_all();
    }
}

impl State {
    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the threads that are missing. It is enough that one works.
    fn staff(self: &Arc<Self>, state: &mut State) -> std::io::Result<()> {
        while state.threads < self.wanted && !state.closed {
            let (shared, id) = (self.clone(), state.next_id());
            match std::thread::Builder::new().name("examine".to_owned()).spawn(move || shared.run(id)) {
                Ok(_) => state.threads += 1,
                Err(error) if state.threads == 0 => return Err(error),
                Err(error) => {
                    tracing::warn!(%error, "an examiner could not be started; {} work", state.threads);
                    break;
                }
            }
        }
        if !state.watched {
            let shared = self.clone();
            std::thread::Builder::new().name("examine-watch".to_owned()).spawn(move || shared.watch())?;
            state.watched = true;
        }
        Ok(())
    }

    fn run(&self, id: u64) {
        while let Some(work) = self.next(id) {
            // All input is hostile: a page that finds a hole in a parser costs that page, not the process.
            let finish = catch_unwind(AssertUnwindSafe(work));
            let mut state = self.state();
            let Some(busy) = state.busy.remove(&id) else {
                // Given up: somebody else works in our place, and nobody waits for this.
                state.abandoned -= 1;
                return;
            };
            drop(state);
            match finish {
                Ok(finish) => finish(),
                Err(_) => (busy.given_up)(GivenUp::Panic),
            }
            if busy.replaced {
                return;
            }
        }
    }

    /// The next piece for a thread; `None` when there will be none.
    fn next(&self, id: u64) -> Option<Box<dyn FnOnce() -> Finish + Send>> {
        let mut state = self.state();
        if state.turns.is_empty() && !state.closed {
            drop(state);
            std::thread::sleep(MOMENT);
            state = self.state();
        }
        loop {
            if state.closed {
                return None;
            }
            let Some(line) = state.turns.pop_front() else {
                state.idle += 1;
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
                continue;
            };
            let Some(waiting) = state.lines.get_mut(&line) else { continue };
            let Some(piece) = waiting.pop_front() else { continue };
            if !waiting.is_empty() {
                state.turns.push_back(line);
            }
            let Piece { time, work, given_up } = piece;
            let busy = Busy { line, began: Instant::now(), time, given_up, replaced: false };
            if state.busy.is_empty() {
                self.watch.notify_all();
            }
            state.busy.insert(id, busy);
            return Some(work);
        }
    }

    /// Leaves the threads of those busy pieces to themselves; answers whom to tell.
    fn abandon(&self, state: &mut State, which: impl Fn(&Busy) -> bool) -> Vec<Box<dyn FnOnce(GivenUp) + Send>> {
        let ids: Vec<u64> = state.busy.iter().filter(|(_, busy)| which(busy)).map(|(id, _)| *id).collect();
        let mut told = Vec::with_capacity(ids.len());
        for busy in ids.iter().filter_map(|id| state.busy.remove(id)) {
            state.abandoned += 1;
            state.threads -= usize::from(!busy.replaced);
            told.push(busy.given_up);
        }
        told
    }

    /// Looks after work that takes long, until the process needs no examiners.
    fn watch(self: &Arc<Self>) {
        loop {
            let mut state = self.state();
            while state.busy.is_empty() && !state.closed {
                state = self.watch.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.closed {
                return;
            }
            let told = self.abandon(&mut state, |busy| busy.began.elapsed() >= busy.time.allowed);
            let mut replaced = 0;
            for busy in
                state.busy.values_mut().filter(|busy| !busy.replaced && busy.began.elapsed() >= busy.time.expected)
            {
                busy.replaced = true;
                replaced += 1;
            }
            state.threads -= replaced;
            if let Err(error) = self.staff(&mut state) {
                tracing::error!(%error, "no examiner could be started");
            }
            drop(state);
            told.into_iter().for_each(|given_up| given_up(GivenUp::Time));
            std::thread::sleep(WATCH);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn examiners(count: usize) -> Examiners {
        Examiners::new(NonZeroUsize::new(count))
    }

    /// A piece that does `work` and sends its name when it is done, or the name and why not.
    fn piece(name: &'static str, to: &mpsc::Sender<String>, work: impl FnOnce() + Send + 'static) -> Piece {
        let (done, failed) = (to.clone(), to.clone());
        Piece {
            time: Patience { expected: Duration::from_millis(100), allowed: Duration::from_millis(400) },
            work: Box::new(move || {
                work();
                Box::new(move || done.send(name.to_owned()).unwrap())
            }),
            given_up: Box::new(move |why| failed.send(format!("{name} {why:?}")).unwrap()),
        }
    }

    fn next(from: &mpsc::Receiver<String>) -> String {
        from.recv_timeout(Duration::from_secs(10)).unwrap()
    }

    #[test]
    fn lines_are_served_in_turn() {
        let (to, from) = mpsc::channel();
        let examiners = examiners(1);
        let (one, two) = (examiners.line(), examiners.line());
        let (hold, held) = mpsc::channel::<()>();
        examiners.push(one, piece("a", &to, move || held.recv().unwrap())).unwrap();
        for name in ["b", "c"] {
            examiners.push(one, piece(name, &to, || {})).unwrap();
        }
        examiners.push(two, piece("x", &to, || {})).unwrap();
        hold.send(()).unwrap();
        let order: Vec<String> = (0..4).map(|_| next(&from)).collect();
        assert_eq!(order.iter().position(|name| name == "x").map(|at| at <= 2), Some(true), "{order:?}");
    }

    #[test]
    fn who_does_not_return_is_replaced_and_counted() {
        let (to, from) = mpsc::channel();
        let examiners = examiners(1);
        let line = examiners.line();
        let (hold, held) = mpsc::channel::<()>();
        examiners.push(line, piece("bad", &to, move || held.recv().unwrap())).unwrap();
        examiners.push(line, piece("good", &to, || {})).unwrap();
        // A stand-in reads the next before the first is given up.
        assert_eq!(next(&from), "good");
        assert_eq!(next(&from), "bad Time");
        assert_eq!(examiners.abandoned(), 1);
        examiners.push(line, piece("after", &to, || {})).unwrap();
        assert_eq!(next(&from), "after");
        // It returns after all: nobody hears of it.
        hold.send(()).unwrap();
        while examiners.abandoned() > 0 {
            std::thread::yield_now();
        }
        examiners.push(line, piece("last", &to, || {})).unwrap();
        assert_eq!(next(&from), "last");
        assert_eq!(examiners.shared.state().threads, 1);
    }

    #[test]
    fn a_line_that_ends_gives_up_what_is_in_it() {
        let (to, from) = mpsc::channel();
        let examiners = examiners(1);
        let (one, two) = (examiners.line(), examiners.line());
        let (hold, held) = mpsc::channel::<()>();
        let (begun, began) = mpsc::channel();
        let busy = move || {
            begun.send(()).unwrap();
            let _ = held.recv();
        };
        examiners.push(one, piece("busy", &to, busy)).unwrap();
        began.recv().unwrap();
        examiners.push(one, piece("waiting", &to, || {})).unwrap();
        examiners.push(two, piece("other", &to, || {})).unwrap();
        examiners.end(one);
        let mut told = [next(&from), next(&from)];
        told.sort();
        assert_eq!(told, ["busy Ended", "waiting Ended"]);
        examiners.push(one, piece("late", &to, || {})).unwrap();
        assert_eq!(next(&from), "late Ended");
        // The other line does not wait for the thread that is lost.
        assert_eq!(next(&from), "other");
        drop(hold);
    }

    #[test]
    fn a_panic_costs_its_piece_only() {
        let (to, from) = mpsc::channel();
        let examiners = examiners(1);
        let line = examiners.line();
        examiners.push(line, piece("bad", &to, || panic!("on purpose"))).unwrap();
        examiners.push(line, piece("good", &to, || {})).unwrap();
        // A panic that takes its time to be told of gets a stand-in too.
        let mut told = [next(&from), next(&from)];
        told.sort();
        assert_eq!(told, ["bad Panic", "good"]);
    }
}

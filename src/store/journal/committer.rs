//! [`Committer`]: the thread that commits in groups.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::order::Order;
use super::{Journal, Record, Written};
use crate::store::StoreError;

/// How many bytes of payload may wait to be written before an append waits, too.
const WAITING_BYTES_MAX: usize = 256 << 20;

/// A journal that is committed by a thread of its own, in groups: what is appended is written soon, and the one who
/// appends does not wait for the disk.
///
/// After an error nothing more is taken: every call returns the error, until [`Committer::flush`] tries again and
/// succeeds, which it can if the disk was full. What was taken before is not lost by that.
pub struct Committer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// Something came to be done, or is wanted at once: the thread waits for this.
    came: Condvar,
    /// Something was done, or failed: callers wait for this.
    done: Condvar,
    /// The tick of the last durable record, plus one; 0 if there is none.
    durable: AtomicU64,
    within: Duration,
    waiting_bytes_max: usize,
}

struct State {
    waiting: VecDeque<Command>,
    waiting_bytes: usize,
    /// Commands that were ever taken.
    taken_count: u64,
    /// Those of them that were done and made durable.
    done_count: u64,
    /// How often the thread has tried.
    attempt_count: u64,
    /// Whether somebody waits, so that the thread does not.
    is_urgent: bool,
    is_ending: bool,
    /// Whether the thread is gone, for whatever reason.
    is_gone: bool,
    fault: Option<StoreError>,
    order: Order,
    path: PathBuf,
    written: Written,
}

enum Command {
    Append(u64, Record),
    Roll(u64),
    ForgetBefore(u64),
}

impl Committer {
    /// Takes the journal over and commits at the latest so long after the first append of a group, not counting the
    /// commit that may be under way then. Fails if the system has no thread to give.
    pub fn start(journal: Journal, within: Duration) -> io::Result<Self> {
        Self::start_with(journal, within, WAITING_BYTES_MAX)
    }

    pub(super) fn start_with(journal: Journal, within: Duration, waiting_bytes_max: usize) -> io::Result<Self> {
        let state = State {
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            taken_count: 0,
            done_count: 0,
            attempt_count: 0,
            is_urgent: false,
            is_ending: false,
            is_gone: false,
            fault: None,
            order: journal.order(),
            path: journal.path().to_owned(),
            written: journal.written(),
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            came: Condvar::new(),
            done: Condvar::new(),
            durable: AtomicU64::new(published(&journal)),
            within,
            waiting_bytes_max,
        });
        let of_thread = Arc::clone(&shared);
        let thread = Builder::new().name("journal".to_owned()).spawn(move || of_thread.run(journal))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Appends a record, to be durable soon. An error says that it was not taken: because it is too long, or because
    /// the journal has failed. It waits only if 256 MiB were taken and not yet written.
    ///
    /// # Panics
    /// As [`Journal::append`] does.
    pub fn append(&self, tick: u64, record: Record) -> Result<(), StoreError> {
        let bytes = record.payload_len();
        let mut state = self.shared.lock();
        while state.waiting_bytes > 0 && state.waiting_bytes + bytes > self.shared.waiting_bytes_max {
            state.check()?;
            state.is_urgent = true;
            self.shared.came.notify_all();
            state = self.shared.wait(state);
        }
        state.check()?;
        let State { order, path, .. } = &mut *state;
        order.append(tick, &record, path)?;
        state.waiting_bytes += bytes;
        self.shared.take(&mut state, Command::Append(tick, record));
        Ok(())
    }

    /// Goes on in a new file, soon ([`Journal::roll`]).
    ///
    /// # Panics
    /// As [`Journal::roll`] does.
    pub fn roll(&self, first_tick: u64) -> Result<(), StoreError> {
        let mut state = self.shared.lock();
        state.check()?;
        state.order.roll(first_tick);
        self.shared.take(&mut state, Command::Roll(first_tick));
        Ok(())
    }

    /// Removes files that are no longer needed, soon ([`Journal::forget_before`]).
    pub fn forget_before(&self, tick: u64) -> Result<(), StoreError> {
        let mut state = self.shared.lock();
        state.check()?;
        self.shared.take(&mut state, Command::ForgetBefore(tick));
        Ok(())
    }

    /// The tick of the last record that is known to be durable. Of a tick that is appended in several records it does
    /// not say that all are: [`Committer::flush`] does.
    pub fn durable_tick(&self) -> Option<u64> {
        self.shared.durable.load(Ordering::Acquire).checked_sub(1)
    }

    /// What was made durable so far.
    pub fn written(&self) -> Written {
        self.shared.lock().written
    }

    /// Waits until all that was taken before is done and durable; returns the last record's tick. After an error it
    /// has the thread try again, and returns the error that this one meets.
    pub fn flush(&self) -> Result<Option<u64>, StoreError> {
        let mut state = self.shared.lock();
        let (wanted, attempt) = (state.taken_count, state.attempt_count);
        while state.done_count < wanted {
            match &state.fault {
                Some(fault) if state.attempt_count > attempt => return Err(fault.again()),
                _ if state.is_gone => return Err(state.gone()),
                _ => {}
            }
            state.is_urgent = true;
            self.shared.came.notify_all();
            state = self.shared.wait(state);
        }
        Ok(self.durable_tick())
    }

    /// Makes everything durable and ends the thread.
    pub fn finish(mut self) -> Result<Option<u64>, StoreError> {
        let flushed = self.flush();
        self.end();
        flushed
    }

    fn end(&mut self) {
        self.shared.lock().is_ending = true;
        self.shared.came.notify_all();
        if let Some(thread) = self.thread.take() {
            // Had it panicked, its message was printed, and every call has said since that it is gone.
            let _ = thread.join();
        }
    }
}

impl Drop for Committer {
    /// Commits what was taken, if that is possible, without saying whether it was: [`Committer::finish`] says it.
    fn drop(&mut self) {
        self.end();
    }
}

impl State {
    fn check(&self) -> Result<(), StoreError> {
        match &self.fault {
            Some(fault) => Err(fault.again()),
            None if self.is_gone => Err(self.gone()),
            None => Ok(()),
        }
    }

    fn gone(&self) -> StoreError {
        StoreError::io("commit to", &self.path)(io::Error::other("the thread that commits is gone"))
    }
}

impl Shared {
    /// What the lock guards is valid between any two statements, so a caller's panic does not matter.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Takes a command, and wakes the thread if it had nothing to do: it is not to be woken for each of a group.
    fn take(&self, state: &mut State, command: Command) {
        let was_idle = state.done_count == state.taken_count;
        state.waiting.push_back(command);
        state.taken_count += 1;
        if was_idle {
            self.came.notify_all();
        }
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.done.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The thread: waits for a group, does it, says so.
    fn run(&self, mut journal: Journal) {
        let _farewell = Farewell(self);
        let mut group = Group::default();
        while self.next_group(&mut group) {
            let outcome = group.perform(&mut journal);
            self.durable.store(published(&journal), Ordering::Release);
            let mut state = self.lock();
            state.attempt_count += 1;
            state.written = journal.written();
            if outcome.is_ok() {
                state.done_count += group.count;
                state.waiting_bytes -= group.bytes;
            }
            state.fault = outcome.err();
            drop(state);
            self.done.notify_all();
        }
    }
}

/// What the thread has in hand.
#[derive(Default)]
struct Group {
    /// What is still to be done.
    commands: VecDeque<Command>,
    /// Of how many commands and bytes the group was.
    count: u64,
    bytes: usize,
}

impl Shared {
    /// Waits until there is something to do and it is time to; false if the thread is to end.
    fn next_group(&self, group: &mut Group) -> bool {
        let mut state = self.lock();
        while !state.is_urgent {
            let is_held = state.fault.is_some() || state.done_count == state.taken_count;
            if state.is_ending {
                if is_held {
                    return false;
                }
                break;
            }
            if !is_held {
                // Whatever else comes in this time is committed with it.
                let waited = self.came.wait_timeout_while(state, self.within, |s| !s.is_urgent && !s.is_ending);
                state = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
                break;
            }
            state = self.came.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        state.is_urgent = false;
        group.commands.append(&mut state.waiting);
        group.count = state.taken_count - state.done_count;
        group.bytes = state.waiting_bytes;
        true
    }
}

impl Group {
    /// Does what is to be done, in order; what an error leaves undone can be tried again.
    fn perform(&mut self, journal: &mut Journal) -> Result<(), StoreError> {
        while let Some(command) = self.commands.front() {
            match command {
                Command::Append(tick, record) => journal.append(*tick, record)?,
                Command::Roll(first_tick) => journal.roll(*first_tick)?,
                Command::ForgetBefore(tick) => journal.forget_before(*tick)?,
            }
            self.commands.pop_front();
        }
        journal.commit()?;
        Ok(())
    }
}

/// Says that the thread is gone, also when it panics: nobody may wait for it any more.
struct Farewell<'a>(&'a Shared);

impl Drop for Farewell<'_> {
    fn drop(&mut self) {
        self.0.lock().is_gone = true;
        self.0.done.notify_all();
    }
}

/// How the durable tick is kept: plus one, so that 0 is none.
fn published(journal: &Journal) -> u64 {
    journal.durable_tick().map_or(0, |tick| tick.saturating_add(1))
}

//! A thread that writes checkpoints while the world runs on.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::folder::Checkpoints;
use super::making::Writing;
use crate::base::Digest;
use crate::store::catalog::{Book, Clock, Process};
use crate::store::{Chunk, PieceId, Sink, StoreError};

/// Bytes that may wait to be written: beyond, the world saves no more cells until there is room.
const QUEUED_MAX: u64 = 8 << 20;
/// Chunks that may wait: beyond, who hands one over waits. To wait costs less than memory that is new for each of them.
const CHUNKS_MAX: usize = 8;
/// Bytes of chunks that are kept to be used again.
const POOL_MAX: usize = 64 << 20;

enum Order {
    /// The tick, and when by the clock.
    Begin(u64, u64),
    Put(Chunk),
    Publish(Vec<PieceId>, String),
    End,
}

/// How a checkpoint ended.
#[derive(Debug)]
pub struct Outcome {
    /// Its tick.
    pub tick: u64,
    /// Generation and digest, and the tick of the oldest checkpoint that is kept; or why there is none.
    ///
    /// After one that there is not, the next has to have all pieces: one that was begun meanwhile and keeps some is
    /// refused, for the same reason.
    pub result: Result<Published, StoreError>,
    /// Why files that are not needed any more are still there: to remove them is tried again with the next one.
    pub leftover: Option<StoreError>,
}

/// A checkpoint that exists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Published {
    /// Its number.
    pub generation: u64,
    /// The digest of all state.
    pub digest: Digest,
    /// The tick from which on the journal is needed: that of the oldest checkpoint, if there are several.
    pub oldest_tick: u64,
    /// Bytes that were written for it.
    pub bytes: u64,
}

#[derive(Default)]
struct Shared {
    queued: AtomicU64,
    /// Chunks that were written.
    pool: Mutex<Vec<Chunk>>,
    outcomes: Mutex<Vec<Outcome>>,
    /// What went wrong with the catalog.
    fault: Mutex<Option<String>>,
}

/// See the module.
pub struct Writer {
    orders: Option<SyncSender<Order>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<(Checkpoints, Option<Book>)>>,
    clock: Option<Clock>,
}

/// What is left of a [`Writer`].
pub struct Finished {
    /// The folder.
    pub checkpoints: Checkpoints,
    /// How checkpoints ended since this was last asked.
    pub outcomes: Vec<Outcome>,
    /// Who kept the catalog.
    pub book: Option<Book>,
    /// What went wrong with it since this was last asked.
    pub fault: Option<String>,
}

/// Where the world puts its pieces.
struct Queue {
    orders: SyncSender<Order>,
    shared: Arc<Shared>,
}

impl Sink for Queue {
    fn chunk(&self, bytes: usize) -> Chunk {
        let mut pool = self.shared.pool.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |(_, chunk): &(usize, &Chunk)| chunk.has_room(bytes);
        // Of the smallest the one that was used last: its memory is in the cache.
        let smallest = pool.iter().enumerate().rev().filter(fits).min_by_key(|(_, chunk)| chunk.capacity());
        let found = smallest.map(|(index, _)| index);
        found.map_or_else(|| Chunk::with_room(bytes), |index| pool.remove(index))
    }
    fn put(&self, chunk: Chunk) {
        let bytes = chunk.bytes().len() as u64;
        self.shared.queued.fetch_add(bytes, Relaxed);
        if self.orders.send(Order::Put(chunk)).is_err() {
            // Nobody takes it: the thread has ended, or has died of a panic, which `finish` passes on.
            self.shared.queued.fetch_sub(bytes, Relaxed);
        }
    }
    fn has_room(&self) -> bool {
        self.shared.queued.load(Relaxed) < QUEUED_MAX
    }
}

impl Writer {
    /// Starts the thread. It keeps the run's catalog too, if a process says who it is: after each checkpoint, when
    /// nobody waits for it.
    pub fn start(checkpoints: Checkpoints, process: Option<Process>) -> Self {
        let clock = process.as_ref().map(|process| process.clock.clone());
        let (orders, inbox) = sync_channel(CHUNKS_MAX);
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        let thread = std::thread::Builder::new().name("checkpoints".to_owned());
        let thread = thread.spawn(move || write(checkpoints, process, &inbox, &of_thread));
        Self { orders: Some(orders), shared, thread: Some(thread.expect("a thread can be started")), clock }
    }

    fn order(&self, order: Order) {
        // As in `Queue::put`.
        let _ = self.orders.as_ref().map(|orders| orders.send(order));
    }

    /// Begins the checkpoint of a tick: what is put into the sink from now on belongs to it.
    pub fn begin(&self, tick: u64) -> Arc<dyn Sink> {
        self.order(Order::Begin(tick, self.clock.as_ref().map_or(0, |clock| clock())));
        let orders = self.orders.clone().expect("only `finish` ends it");
        Arc::new(Queue { orders, shared: self.shared.clone() })
    }

    /// All pieces were put in: makes a checkpoint of them and of those that are kept.
    pub fn publish(&self, kept: Vec<PieceId>, schema: String) {
        self.order(Order::Publish(kept, schema));
    }

    /// How checkpoints ended since this was last asked.
    pub fn outcomes(&self) -> Vec<Outcome> {
        std::mem::take(&mut *self.shared.outcomes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What went wrong with the catalog since this was last asked; nothing else is the matter then.
    pub fn fault(&self) -> Option<String> {
        self.shared.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits until all is written, and ends the thread. A sink that is still held takes pieces from then on, and
    /// nothing comes of them.
    pub fn finish(mut self) -> Finished {
        let ended = self.end().expect("only `finish` ends it");
        let (checkpoints, book) = ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Finished { checkpoints, outcomes: self.outcomes(), book, fault: self.fault() }
    }

    fn end(&mut self) -> Option<std::thread::Result<(Checkpoints, Option<Book>)>> {
        self.order(Order::End);
        drop(self.orders.take());
        self.thread.take().map(JoinHandle::join)
    }
}

/// Nothing is written any more once it is gone.
impl Drop for Writer {
    fn drop(&mut self) {
        // Had the thread panicked, its message was printed.
        let _ = self.end();
    }
}

fn write(
    mut checkpoints: Checkpoints,
    process: Option<Process>,
    inbox: &Receiver<Order>,
    shared: &Shared,
) -> (Checkpoints, Option<Book>) {
    let mut book = process.map(|process| checkpoints.book(process));
    let tell = |book: &mut Option<Book>| {
        if let Some(fault) = book.as_mut().and_then(Book::take_fault) {
            *shared.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
        }
    };
    tell(&mut book);
    let mut writing: Option<Result<Writing, (u64, StoreError)>> = None;
    let (mut bytes, mut since) = (0, 0);
    // Why the last one was not made.
    let mut failure: Option<StoreError> = None;
    for order in inbox {
        match order {
            Order::Begin(tick, now) => {
                (bytes, since) = (0, now);
                writing = Some(checkpoints.begin(tick).map_err(|error| (tick, error)));
            }
            Order::Put(mut chunk) => {
                if let Some(Ok(writing)) = &writing {
                    writing.put(&chunk);
                }
                let len = chunk.bytes().len() as u64;
                bytes += len;
                chunk.clear();
                let mut pool = shared.pool.lock().unwrap_or_else(PoisonError::into_inner);
                let pooled: usize = pool.iter().map(Chunk::capacity).sum();
                if pooled + chunk.capacity() <= POOL_MAX {
                    pool.push(chunk);
                }
                shared.queued.fetch_sub(len, Relaxed);
            }
            Order::Publish(kept, schema) => {
                let (tick, result) = match writing.take().expect("a checkpoint was begun") {
                    Ok(writing) => (writing.tick(), checkpoints.publish(writing, &kept, &schema)),
                    Err((tick, error)) => (tick, Err(error)),
                };
                let result = result.map(|manifest| (manifest.generation, manifest.digest));
                let result = match (result, &failure) {
                    (Err(_), Some(first)) if !kept.is_empty() => Err(first.again()),
                    (result, _) => result,
                };
                failure = result.as_ref().err().map(StoreError::again);
                // A single one might be damaged: then all must be run again.
                let oldest = checkpoints.manifests().first().filter(|_| checkpoints.manifests().len() > 1);
                let oldest_tick = oldest.map_or(0, |manifest| manifest.tick);
                let result = result.map(|(generation, digest)| Published { generation, digest, oldest_tick, bytes });
                let leftover = checkpoints.take_leftover();
                let is_published = result.is_ok();
                let outcome = Outcome { tick, result, leftover };
                shared.outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
                if let (true, Some(book)) = (is_published, &mut book) {
                    book.published(checkpoints.manifests(), since);
                }
                tell(&mut book);
            }
            Order::End => break,
        }
    }
    (checkpoints, book)
}

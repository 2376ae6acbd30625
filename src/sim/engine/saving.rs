//! How a world is saved, brought back, and spoken to from outside.

use std::any::TypeId;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Engine, lock_mut, phase};
use crate::base::{AgentId, Digest, Tick};
use crate::sim::hand::short_name;
use crate::sim::input::Input;
use crate::sim::mail::Message;
use crate::sim::scenario::RunError;
use crate::sim::shard::Shard;
use crate::sim::snapshot::{self, Revival, Snapshot, WorldState, schema};
use crate::store::{Memory, Piece, PieceId, PieceInfo, Sink};

impl Engine {
    /// Brings back what no zone holds, and checks that all is as it was.
    pub(super) fn revive(&mut self, mut revival: Revival<'_>) -> Result<(), RunError> {
        let [_, died] = revival.lives();
        if let Some(agent) = self.context.directory.missing().nth(died as usize) {
            return Err(revival.senseless(format!("agent {} is in no zone, and another one in two", agent.0)).into());
        }
        self.now = Tick(revival.limits.now as u64);
        revival.letters(&self.furnisher, &mut self.shards)?;
        for shard in &mut self.shards {
            let shard = lock_mut(shard);
            shard.posts.iter_mut().for_each(|post| post.readdress(shard.index, &self.context));
        }
        let state = revival.world(&self.furnisher, lock_mut(&mut self.shards[0]))?;
        (self.exchanges, self.changes) = (state.exchanges, state.changes);
        for invariant in &mut self.hub.invariants {
            invariant.held &= state.invariants.get(&invariant.name).copied().unwrap_or(true);
        }
        self.invariants = state.engine_invariants.clone();
        state.hand_series_to(self.hub.collectors.iter_mut().map(|collector| &mut collector.series));
        for shard in &mut self.shards {
            let shard = lock_mut(shard);
            for (place, cell) in shard.cells.iter().enumerate() {
                if cell.as_ref().is_some_and(|cell| revival.is_as_saved(cell)) {
                    for kind in &mut shard.kinds {
                        kind.take_touched(place);
                    }
                }
            }
        }
        let (digest, saved) = (self.digest(), revival.digest());
        if digest != saved {
            return Err(revival.senseless(format!("its digest is {digest} where {saved} was saved")).into());
        }
        Ok(())
    }

    /// Begins to save the world as it is at this exchange. It may run on meanwhile: each interval saves some cells, as
    /// far as the sink has room, until [`Engine::is_saving`] no more.
    ///
    /// Without `all`, cells to which nothing has happened since they were last saved are only named in what is
    /// returned.
    ///
    /// # Errors
    /// Where the world cannot be looked at.
    pub fn begin_save(&mut self, sink: &Arc<dyn Sink>, all: bool) -> Result<Snapshot, RunError> {
        self.finish_save()?;
        for shard in &mut self.shards {
            let shard = lock_mut(shard);
            shard.posts.iter_mut().for_each(|post| post.collect(shard.index, &self.context));
        }
        let kept = Mutex::new(Vec::new());
        let now = self.now.as_u32();
        phase(&self.workers, &self.shards, &self.order, |shard| {
            let mut one = snapshot::begin(shard, now, all, sink);
            kept.lock().unwrap_or_else(PoisonError::into_inner).append(&mut one);
        })?;
        let kept = kept.into_inner().unwrap_or_else(PoisonError::into_inner);
        let text = serde_json::to_vec(&self.world_state()).expect("numbers and names make JSON");
        let info = PieceInfo { id: PieceId::World, rows: 0, digest: Digest::EMPTY };
        let mut chunk = sink.chunk(text.len());
        chunk.add(info, &Piece { text, tables: Vec::new() });
        sink.put(chunk);
        if lock_mut(&mut self.shards[0]).every_tick {
            // Everybody is about to change.
            self.finish_save()?;
        }
        self.check_shards()?;
        Ok(Snapshot { tick: self.now, kept, schema: schema(&self.furnisher) })
    }

    /// Whether cells are yet to be saved.
    pub fn is_saving(&mut self) -> bool {
        self.shards.iter_mut().any(|shard| lock_mut(shard).waiting.is_some())
    }

    /// Saves the cells that wait, all at once.
    ///
    /// # Errors
    /// As [`Engine::begin_save`].
    pub fn finish_save(&mut self) -> Result<(), RunError> {
        phase(&self.workers, &self.shards, &self.order, |shard| {
            snapshot::go_on(shard, true);
        })?;
        // A cell that could not be brought back is missing in what was saved.
        self.check_shards()
    }

    fn world_state(&mut self) -> WorldState {
        let census = |shard: &mut Mutex<Shard>| {
            let shard = lock_mut(shard);
            let kinds: Vec<_> = shard.kinds.iter().map(|kind| kind.census(&[], 0, false)).collect();
            let posts: Vec<_> = shard.posts.iter_mut().map(|post| post.census(false)).collect();
            (kinds, posts, shard.stats)
        };
        let mut state = WorldState { exchanges: self.exchanges, changes: self.changes, ..WorldState::default() };
        state.kinds = vec![[0; 3]; self.furnisher.kinds.len()];
        state.lives = vec![[0; 2]; self.furnisher.kinds.len()];
        state.messages = vec![[0; 2]; self.furnisher.messages.len()];
        for (kinds, posts, stats) in self.shards.iter_mut().map(census) {
            for (sum, kind) in state.kinds.iter_mut().zip(&kinds) {
                add(sum, [kind.left, kind.arrived, kind.woken]);
            }
            for (sum, kind) in state.lives.iter_mut().zip(&kinds) {
                add(sum, [kind.born, kind.died]);
            }
            for (sum, post) in state.messages.iter_mut().zip(posts) {
                add(sum, [post.sent, post.applied]);
            }
            add(&mut state.visits, [stats.active, stats.abstracted, stats.dormant]);
        }
        state.tallies = self.furnisher.tallies.iter().map(|tally| tally.save()).collect();
        state.engine_invariants = self.invariants.clone();
        state.invariants = self.hub.invariants.iter().map(|one| (one.name.clone(), one.held)).collect();
        state.series = self.hub.collectors.iter().map(|collector| (&collector.series).into()).collect();
        state
    }

    /// A letter from outside.
    pub(crate) fn input<M: Message>(&self, to: AgentId, body: M) -> Input {
        let messages = &self.furnisher.messages;
        let index = messages.iter().position(|part| part.message() == TypeId::of::<M>());
        let index = index.unwrap_or_else(|| panic!("messages of type {0} are not declared", short_name::<M>()));
        assert!(self.context.directory.get(to).is_some(), "nobody settled agent {}", to.0);
        Input::new(index as u32, to, bytemuck::bytes_of(&body))
    }

    /// Hears what was said from outside at this exchange.
    ///
    /// # Errors
    /// Where this world has no such messages or agents.
    pub(crate) fn hear(&mut self, input: &Input) -> Result<(), String> {
        let (index, to, body) = input.parts().ok_or("an input is cut short")?;
        let address = self.context.directory.get(to).ok_or_else(|| format!("an input is for agent {}", to.0))?;
        let message = self.furnisher.messages.get(index as usize).ok_or("an input is of no known type")?;
        let shard = self.context.placement.seat(address.cell).shard as usize;
        message.put(shard, self.now.as_u32(), to, body)
    }

    /// Worker threads.
    pub(crate) fn worker_count(&self) -> usize {
        self.workers.count()
    }

    /// Saves the world to memory.
    ///
    /// # Errors
    /// Where the world cannot be looked at.
    pub fn save(&mut self) -> Result<Memory, RunError> {
        let memory = Arc::new(Memory::default());
        let sink: Arc<dyn Sink> = memory.clone();
        let snapshot = self.begin_save(&sink, true)?;
        self.finish_save()?;
        Ok(memory.sealed(snapshot.tick.0, snapshot.schema))
    }
}

fn add<const N: usize>(sum: &mut [u64; N], more: [u64; N]) {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

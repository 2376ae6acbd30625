//! How much memory the cells of each shard may take, where there is a budget.

use std::path::Path;

use super::{Engine, lock_mut};
use crate::base::Histogram;
use crate::exec::peak_rss_bytes;
use crate::sim::budget::{Allowance, Budget};
use crate::sim::report::{TickTime, Tiers};
use crate::sim::scenario::RunError;
use crate::sim::shard::Shard;
use crate::store::{Backend, Fs};

/// What cells may take at least, as a share of what they all take: less would be spent on going to and fro.
const LEAST_SHARE: u64 = 64;

/// How often in a row there is no room for agents before a person is told: memory that was let go of while the world
/// was built is not at once the system's again.
const TIGHT: u32 = 12;

/// The memory of a run.
pub(super) struct Memory {
    allowance: Option<Allowance>,
    /// Bytes that cells may take; the last word on them, half of the way to which is gone each time.
    limit: Option<u64>,
    /// What a person should know, once.
    warnings: Vec<String>,
    /// How often in a row there was no room for agents.
    tight: u32,
}

impl Memory {
    pub(super) fn new(budget: Option<&Budget>) -> Self {
        Self { allowance: budget.map(|budget| budget.allowance), limit: None, warnings: Vec::new(), tight: 0 }
    }
}

/// The resident set of this process, in bytes; the largest so far where the system does not say.
fn resident_bytes() -> u64 {
    let status = Fs.read_text(Path::new("/proc/self/status")).unwrap_or_default();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    resident
        .and_then(|kilobytes| kilobytes.parse::<u64>().ok())
        .map_or_else(peak_rss_bytes, |kilobytes| kilobytes << 10)
}

/// What the engine holds of an agent beside its rows: its address, and its entry in the agenda.
const BESIDE_ROWS: u64 = 24;

/// What cells of a shard may take while the world is built, when nobody knows what they all will take.
pub(super) fn room_of_a_shard(budget: Option<&Budget>, agents: u64, shards: usize) -> u64 {
    match budget.map(|budget| budget.allowance) {
        Some(Allowance::Process(bytes)) => {
            bytes.saturating_sub(resident_bytes() + agents * BESIDE_ROWS) / shards as u64
        }
        Some(Allowance::Rows(_)) | None => u64::MAX,
    }
}

impl Engine {
    /// Deals what there is to the shards, each by what its cells would take. What a run needs beside cells is not
    /// known but measured: so it is dealt anew now and then.
    pub(super) fn share_memory_out(&mut self) {
        let Some(allowance) = self.memory.allowance else { return };
        let tiers = || self.shards.iter().map(|shard| shard.try_lock().expect("no phase is on"));
        let sums = tiers().filter_map(|shard| shard.tier.as_ref().map(|tier| (tier.awake_bytes, tier.bytes())));
        let (awake, all) = sums.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let wanted = match allowance {
            Allowance::Rows(percent) => (all as u128 * percent as u128 / 100) as u64,
            Allowance::Process(bytes) => {
                let beside = resident_bytes().saturating_sub(awake);
                let left = bytes.saturating_sub(beside);
                self.memory.tight = if left < all / LEAST_SHARE { self.memory.tight + 1 } else { 0 };
                if self.memory.tight == TIGHT {
                    self.memory.warnings.push(format!(
                        "a memory budget of {} MiB leaves no room for agents: {} MiB are taken beside them",
                        bytes >> 20,
                        beside >> 20
                    ));
                }
                // Memory that was let go of is not at once the system's again.
                self.memory.limit.map_or(left, |limit| limit / 2 + left / 2)
            }
        };
        let limit = wanted.max(all / LEAST_SHARE);
        self.memory.limit = Some(limit);
        for shard in &mut self.shards {
            let shard = lock_mut(shard);
            let Some(tier) = &mut shard.tier else { continue };
            tier.limit = (limit as u128 * tier.bytes() as u128 / all.max(1) as u128) as u64;
            if let Some(error) = tier.refused.take() {
                let warning = format!("{error}; zones stay in memory");
                if !self.memory.warnings.contains(&warning) {
                    self.memory.warnings.push(warning);
                }
            }
        }
    }

    /// What a person should know since this was last asked.
    pub(crate) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.memory.warnings)
    }

    /// Whether every shard can go on.
    pub(super) fn check_shards(&mut self) -> Result<(), RunError> {
        let failure = self.shards.iter_mut().find_map(|shard| lock_mut(shard).failure.take());
        failure.map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// What became of zones, where there is a memory budget.
    pub fn tiers(&mut self) -> Option<Tiers> {
        self.memory.allowance?;
        let mut tiers = Tiers { limit_bytes: self.memory.limit.unwrap_or(0), ..Tiers::default() };
        let mut thaw_ns = Histogram::default();
        for shard in &mut self.shards {
            let Shard { tier: Some(tier), cells, .. } = lock_mut(shard) else { continue };
            tiers.cells += cells.iter().flatten().count() as u64;
            tiers.asleep += tier.sleepers().count() as u64;
            tiers.awake_bytes += tier.awake_bytes;
            tiers.all_bytes += tier.bytes();
            tiers.disk_bytes += tier.shelf.bytes();
            tiers.frozen += tier.counts.frozen;
            tiers.frozen_bytes += tier.counts.frozen_bytes;
            tiers.thawed += tier.counts.thawed;
            tiers.foreseen += tier.counts.foreseen;
            thaw_ns.merge(&tier.counts.thaw_ns);
        }
        tiers.thaw_ns = TickTime { p50: thaw_ns.p50(), p99: thaw_ns.p99(), max: thaw_ns.max() };
        Some(tiers)
    }
}

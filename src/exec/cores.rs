//! Cores: how many this process may use, and pinning the current thread to one of them.

use std::sync::OnceLock;

use core_affinity::CoreId;

/// What the process was given, read once: a pinned thread, and every thread it starts, would see only its own core.
struct Given {
    count: usize,
    ids: Vec<CoreId>,
}

fn given() -> &'static Given {
    static GIVEN: OnceLock<Given> = OnceLock::new();
    GIVEN.get_or_init(|| Given {
        count: std::thread::available_parallelism().map_or(1, |count| count.get()),
        ids: core_affinity::get_core_ids().unwrap_or_default(),
    })
}

/// How many cores this process may use, at least 1: the machine's, less what an affinity mask or a quota forbids.
///
/// Read at the first call of this module and kept, so call it before pinning anything.
pub fn count() -> usize {
    given().count
}

/// Pins the current thread to the `core`-th (from 0) of the cores that this process may use, and says whether that
/// worked. It does not where there are fewer cores, or where the system does not let a thread choose (macOS only
/// takes it as a hint). Threads started by a pinned thread inherit its core.
pub fn pin(core: usize) -> bool {
    given().ids.get(core).is_some_and(|&id| core_affinity::set_for_current(id))
}

/// The set of cores on which a thread may run, to be given back after a pin. Only Linux has one to read; elsewhere
/// this does nothing.
pub(super) struct Affinity {
    #[cfg(target_os = "linux")]
    set: libc::cpu_set_t,
}

#[cfg(target_os = "linux")]
impl Affinity {
    /// The current thread's.
    pub(super) fn current() -> Option<Self> {
        // SAFETY: a `cpu_set_t` is an array of integers, for which zero is a value.
        let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        // SAFETY: the call writes at most the given size into `set`, which is that large; 0 names this thread.
        let failed = unsafe { libc::sched_getaffinity(0, size_of_val(&set), &mut set) } != 0;
        (!failed).then_some(Self { set })
    }

    /// Gives the current thread this set of cores.
    pub(super) fn restore(&self) -> bool {
        // SAFETY: the call reads the given size from `set`, which is that large; 0 names this thread.
        unsafe { libc::sched_setaffinity(0, size_of_val(&self.set), &self.set) == 0 }
    }
}

#[cfg(not(target_os = "linux"))]
impl Affinity {
    /// The current thread's.
    pub(super) fn current() -> Option<Self> {
        None
    }

    /// Gives the current thread this set of cores.
    pub(super) fn restore(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_beyond_the_last_core_does_not_work() {
        assert!(count() >= 1);
        assert!(!pin(given().ids.len()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pinned_thread_has_one_core_until_it_is_restored() {
        std::thread::spawn(|| {
            let all = core_affinity::get_core_ids().unwrap();
            let cores = count();
            let before = Affinity::current().unwrap();
            for (core, &id) in given().ids.iter().enumerate() {
                assert!(pin(core));
                assert_eq!(core_affinity::get_core_ids().unwrap(), [id]);
                assert_eq!(count(), cores, "the count is the process's, not the pinned thread's");
            }
            assert!(before.restore());
            assert_eq!(core_affinity::get_core_ids().unwrap(), all);
        })
        .join()
        .unwrap();
    }
}

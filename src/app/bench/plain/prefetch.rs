//! Asking for a row before it is needed.

/// Asks for the cache lines in which `row` stands. A hint: nothing happens where the processor has no word for it.
#[inline]
pub fn prefetch<T>(row: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = std::ptr::from_ref(row).cast::<i8>();
        // A row that does not begin at a line's start may end one line further.
        for byte in (0..size_of::<T>()).step_by(64).chain([size_of::<T>().saturating_sub(1)]) {
            // SAFETY: a prefetch reads nothing as far as the program can see, and the address lies within `row`.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(start.wrapping_add(byte)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = row;
}

//! Memory that is bounded: what is only asked for and never touched does not show in the process's size.

use std::alloc::{GlobalAlloc, Layout, System};

/// The most that may be asked for at once: readers are given inputs of some kilobytes.
const BYTES_MAX: usize = 64 << 20;

/// The system's, which refuses what no input of some kilobytes can be worth.
pub struct Bounded;

// SAFETY: it passes everything on, or refuses.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        if layout.size() > BYTES_MAX { refuse(layout.size()) } else { unsafe { System.alloc(layout) } }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        if layout.size() > BYTES_MAX { refuse(layout.size()) } else { unsafe { System.alloc_zeroed(layout) } }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, bytes: usize) -> *mut u8 {
        // SAFETY: as the caller promises.
        if bytes > BYTES_MAX { refuse(bytes) } else { unsafe { System.realloc(at, layout, bytes) } }
    }
}

#[cold]
fn refuse(bytes: usize) -> ! {
    eprintln!("{bytes} bytes were asked for at once");
    std::process::abort()
}

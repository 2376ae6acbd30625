//! Ctrl-C and SIGTERM: the first one asks the run to end with a report, the second one ends the process at once.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a person has asked the run to end.
static ASKED: AtomicBool = AtomicBool::new(false);

/// Starts listening, and returns the flag that the first signal sets.
pub fn listen(quiet: bool) -> &'static AtomicBool {
    let asked = ctrlc::set_handler(move || {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        if !quiet {
            eprintln!("\nstopping at the next exchange, with a report; ask again to end at once");
        }
    });
    if let Err(error) = asked {
        tracing::debug!("signals are not listened to: {error}");
    }
    &ASKED
}

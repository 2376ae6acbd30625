//! Log messages on stderr.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts showing messages of this level and graver ones. A program that has its own subscriber keeps it.
pub fn start(level: LevelFilter, colour: bool) {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .without_time()
        .with_filter(Targets::new().with_default(level));
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

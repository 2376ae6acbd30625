//! Log messages on stderr; and, with the feature `chrome`, a trace of the phases.

use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The name of the trace in the folder of `--out`.
#[cfg(feature = "chrome")]
const TRACE: &str = "trace.json";

/// What is shown and written until this is dropped.
pub struct Log {
    #[cfg(feature = "chrome")]
    _trace: Option<tracing_chrome::FlushGuard>,
}

/// Starts showing messages of this level and graver ones, and with the feature `chrome` a trace in a folder that can be
/// written to. A program that has its own subscriber keeps it.
#[must_use]
pub fn start(level: LevelFilter, colour: bool, folder: Option<&Path>) -> Log {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .without_time()
        .with_filter(Targets::new().with_default(level));
    let registry = tracing_subscriber::registry().with(lines);
    #[cfg(feature = "chrome")]
    {
        let trace = |folder: &Path| {
            let builder = tracing_chrome::ChromeLayerBuilder::new().file(folder.join(TRACE)).include_args(true);
            let (layer, guard) = builder.build();
            (layer.with_filter(Targets::new().with_target("myriad", LevelFilter::TRACE)), guard)
        };
        let (layer, guard) = folder.map(trace).unzip();
        let _ = registry.with(layer).try_init();
        Log { _trace: guard }
    }
    #[cfg(not(feature = "chrome"))]
    {
        let _ = folder;
        let _ = registry.try_init();
        Log {}
    }
}

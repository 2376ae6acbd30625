//! A part in a process of its own: the largest resident set is a process's, and no part warms the heap of another.

use std::io::Read;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use super::measure::{Order, Part, Sample};
use super::workload::find;
use crate::app::error::Error;

/// How often the asking process looks up.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Does what is ordered, in this process.
pub fn obey(order: &str) -> Result<Sample, Error> {
    let order: Order =
        serde_json::from_str(order).map_err(|error| Error::Usage(format!("`{order}` is no order: {error}")))?;
    let workload = find(&order.workload)
        .ok_or_else(|| Error::Usage(format!("there is no workload `{}` to be measured", order.workload)))?;
    Ok(match order.part {
        Part::Engine => workload.measure(&order.case)?,
        Part::Bound => workload.bound(&order.case, order.resident_bytes),
    })
}

/// Why there is no sample.
pub enum NoSample {
    /// A person wished to stop.
    Stopped,
    /// It failed: why.
    Failed(String),
}

/// Orders a part from a process of this program. `stopped` is asked now and then: `true` ends the process.
pub fn ask(order: &Order, mut stopped: impl FnMut() -> bool) -> Result<Sample, NoSample> {
    let failed = |error: &dyn std::fmt::Display| NoSample::Failed(error.to_string());
    let program = std::env::current_exe().map_err(|error| failed(&error))?;
    let order = serde_json::to_string(order).map_err(|error| failed(&error))?;
    let mut child = Command::new(program)
        .args(["bench", "--part", &order])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&format!("no process could be started: {error}")))?;
    // Read beside the waiting, so that a full pipe cannot hold the process up.
    let (out, err) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if stopped() => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(NoSample::Stopped);
            }
            Ok(None) => std::thread::sleep(LOOK_EVERY),
            Err(error) => return Err(failed(&error)),
        }
    };
    let text = |reader: std::thread::JoinHandle<String>| reader.join().unwrap_or_default();
    let (out, err) = (text(out), text(err));
    if status.success() {
        return serde_json::from_str(&out).map_err(|error| failed(&format!("it answered with no sample: {error}")));
    }
    // Ctrl-C reaches the processes of a terminal all at once, and this one's handler may take a moment.
    std::thread::sleep(2 * LOOK_EVERY);
    Err(if stopped() { NoSample::Stopped } else { NoSample::Failed(why(status, &err)) })
}

fn reader(stream: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut stream) = stream {
            // What came before an error is all that can be told.
            let _ = stream.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// What a process said before it failed, or how it ended.
fn why(status: ExitStatus, err: &str) -> String {
    match err.lines().find_map(|line| line.strip_prefix("error: ")).or_else(|| err.lines().next()) {
        Some(line) => line.to_owned(),
        None => format!("its process ended by itself ({status}); was there too little memory?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_order_is_refused() {
        let said = |order: &str| obey(order).map(|_| ()).unwrap_err().to_string();
        assert!(said("{").starts_with("`{` is no order"), "{}", said("{"));
        let order = r#"{"workload":"x","case":{"what":"","agents":1,"workers":1},"part":"engine","resident_bytes":0}"#;
        assert_eq!(said(order), "there is no workload `x` to be measured");
    }

    #[test]
    fn an_order_is_obeyed() {
        let order =
            r#"{"workload":"setup","case":{"what":"","agents":4,"workers":1},"part":"bound","resident_bytes":4096}"#;
        assert!(obey(order).is_ok_and(|sample| sample.count == 4.0 && sample.seconds > 0.0));
    }
}

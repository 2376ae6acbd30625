//! `bench`: the engine beside what this machine can do, measured in the same run.
//!
//! | room | what happens there |
//! |---|---|
//! | `command` | from the words typed to the table, the files and the exit code |
//! | `plan` | which workloads, at which sizes, how often |
//! | `conduct`, `process` | one part after another, each in a process of its own; progress and interruption |
//! | `measure` | a case, a sample of it, the median of several |
//! | `workload` | what a workload is, and the list of them |
//! | `city_day`, `city_dense`, `messages`, `skewed_city`, `setup` | workloads of the engine |
//! | `kept`, `journal`, `cold`, `bandwidth` | workloads of the disk and of the memory |
//! | `plain` | what they are held against: the same work in plain loops, and the memory itself |
//! | `report`, `ratios`, `table`, `machine` | what is told, and of which machine |

mod bandwidth;
mod city_day;
mod city_dense;
mod cold;
mod command;
mod conduct;
mod journal;
mod kept;
mod machine;
mod measure;
mod messages;
mod plain;
mod plan;
mod process;
mod ratios;
mod report;
mod setup;
mod skewed_city;
mod table;
mod workload;

pub use command::bench;
pub use workload::names;

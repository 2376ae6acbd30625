//! Plain loops over plain memory: what the machine does when nothing of an engine is in the way.
//!
//! | file | in one line |
//! |---|---|
//! | `crew` | threads that work in step |
//! | `disk` | bytes written to a file and made durable |
//! | `memory` | bytes read, updated, touched for the first time |
//! | `rows` | a day of wakes, messages and handoffs over rows in zones |
//! | `letters` | messages binned, exchanged and added up |
//! | `prefetch` | asking for a row before it is needed |

mod crew;
pub mod disk;
pub mod letters;
pub mod memory;
mod prefetch;
pub mod rows;

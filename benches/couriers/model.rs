//! A model that does nothing but wake, write and travel: what the engine itself takes shows in it.

use myriad::prelude::*;

myriad::params! {
    /// What an agent does at a wake.
    pub struct Load {
        /// Couriers.
        couriers: u32 = 100_000, 1..=10_000_000;
        /// Messages that it sends.
        messages: u32 = 0, 0..=100;
        /// Whether it goes to another zone.
        travels: bool = false;
    }
}

/// What a courier has done.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Courier([u64; 8]);

/// What couriers send each other.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Parcel(u64);

const ZONES: u32 = 240;
/// Ticks of an interval, in which every courier wakes once.
pub const INTERVAL: u32 = 10;

/// Whom to write to and where to go next is arithmetic, so that little but the engine is counted.
fn live(mut due: Due<(Courier,), Parcel>, load: Shared<Load>, here: Here, mut mail: Mailbox<Parcel>) {
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let (courier,) = &mut event.rows;
        match event.cause {
            Cause::Message { body, .. } => courier.0[0] += body.0,
            Cause::Wake => {
                courier.0[1] += 1;
                for nth in 0..load.messages {
                    let to = (event.id.0 + 7_919 * (nth + 1) + courier.0[1] as u32 * 104_729) % load.couriers;
                    mail.send(event.tick, event.id, AgentId(to), Parcel(1));
                }
                event.wake_at(event.tick + INTERVAL as u64);
                if load.travels {
                    event.travel(ZoneId((here.zone().0 + 1 + event.id.0 % 7) % ZONES));
                }
            }
        }
    }
}

/// The model.
pub struct Couriers;

impl Scenario for Couriers {
    type Params = Load;
    const NAME: &'static str = "couriers";
    const ABOUT: &'static str = "wake, write, travel";

    fn timing(_: &Load) -> Timing {
        Timing { exchange_ticks: INTERVAL, ..Timing::default() }
    }

    fn build(params: &Load, sim: &mut Builder) -> Result<(), RunError> {
        let couriers = params.couriers;
        sim.zones(ZONES as usize).messages::<Parcel>().share(std::sync::Arc::new(params.clone()));
        sim.settle::<(Courier,)>(couriers as u64, move |zone, settlement| {
            for id in (zone.0..couriers).step_by(ZONES as usize) {
                settlement.add(AgentId(id), (Courier([0; 8]),), Some(Tick(1 + id as u64 % INTERVAL as u64)));
            }
        });
        sim.on_due(live);
        Ok(())
    }
}

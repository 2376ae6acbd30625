//! The engine on a model that does nothing but wake, write and travel: wakes, messages, handoffs and settling, per second.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

use myriad::exec::{Lanes, Workers};
use myriad::prelude::*;

myriad::params! {
    /// What a courier does at a wake.
    struct Load {
        /// Messages that it sends.
        messages: u32 = 0, 0..=100;
        /// Whether it goes to another zone.
        travels: bool = false;
    }
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Courier([u64; 8]);

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Parcel(u64);

const AGENTS: u32 = 100_000;
const ZONES: u32 = 240;
const INTERVAL: u32 = 10;
const WHERE: Stream = Stream::named("bench/where");

fn live(mut due: Due<(Courier,), Parcel>, load: Shared<Load>, dice: Dice, here: Here, mut mail: Mailbox<Parcel>) {
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let (courier,) = &mut event.rows;
        match event.cause {
            Cause::Message { body, .. } => courier.0[0] = courier.0[0].wrapping_add(body.0),
            Cause::Wake => {
                courier.0[1] += 1;
                let mut draws = dice.draws(WHERE, event.id, event.tick);
                for _ in 0..load.messages {
                    mail.send(event.tick, event.id, AgentId(draws.below(AGENTS)), Parcel(1));
                }
                let again = event.tick.0 + 2 * INTERVAL as u64;
                event.wake_at(Tick(again));
                let zone = ZoneId(draws.below(ZONES));
                if load.travels && zone != here.zone() {
                    event.travel(zone);
                }
            }
        }
    }
}

struct Couriers;

impl Scenario for Couriers {
    type Params = Load;
    const NAME: &'static str = "couriers";
    const ABOUT: &'static str = "wake, write, travel";

    fn timing(_: &Load) -> Timing {
        Timing { exchange_ticks: INTERVAL, ..Timing::default() }
    }

    fn build(params: &Load, sim: &mut Builder) -> Result<(), RunError> {
        sim.zones(ZONES as usize).messages::<Parcel>().share(std::sync::Arc::new(params.clone()));
        sim.settle::<(Courier,)>(AGENTS as u64, |zone, settlement| {
            for id in (zone.0..AGENTS).step_by(ZONES as usize) {
                let wake = Tick(1 + id as u64 % (2 * INTERVAL as u64));
                settlement.add(AgentId(id), (Courier([0; 8]),), Some(wake));
            }
        });
        sim.on_due(live);
        Ok(())
    }
}

/// Every agent wakes once in two intervals: two intervals are one wake of each.
fn round(engine: &mut Engine) {
    let end = Tick(engine.now().0 + 2 * INTERVAL as u64);
    while engine.now() < end {
        engine.advance(end).expect("couriers do not fail");
    }
}

fn engine(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engine, 100,000 agents");
    group.sample_size(10);
    for (name, messages, travels, per_round) in [
        ("wakes", 0, false, 1),
        ("wakes with 10 messages each", 10, false, 10),
        ("wakes with a handoff each", 0, true, 1),
    ] {
        for workers in [1, 2] {
            let load = Load { messages, travels };
            let mut engine = Simulation::of::<Couriers>(load).workers(workers).build().expect("builds");
            round(&mut engine);
            group.throughput(Throughput::Elements(AGENTS as u64 * per_round));
            group.bench_function(format!("{name}, {workers} workers"), |bench| bench.iter(|| round(&mut engine)));
        }
    }
    group.throughput(Throughput::Elements(AGENTS as u64));
    group.bench_function("settling, 2 workers", |bench| {
        let build = || Simulation::of::<Couriers>(Load::defaults()).workers(2);
        bench.iter_batched(build, |plan| plan.build().expect("builds"), BatchSize::PerIteration);
    });
    group.finish();
}

fn exec(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("exec");
    let order: Vec<u32> = (0..24).collect();
    for count in [1, 2] {
        let workers = Workers::new(count, false);
        group.bench_function(format!("a phase of 24 shards, {count} workers"), |bench| {
            bench.iter(|| workers.each(&order, |_, _| ()));
        });
    }
    let lanes: Lanes<[u64; 4]> = Lanes::new(24, 256);
    let batch = [[7_u64; 4]; 64];
    group.throughput(Throughput::Elements(24 * 24 * batch.len() as u64));
    group.bench_function("lanes, all to all, batches of 64 of 32 bytes", |bench| {
        bench.iter(|| {
            let mut sum = 0;
            for from in 0..24 {
                for to in 0..24 {
                    lanes.send_batch(from, to, &batch);
                }
            }
            for to in 0..24 {
                for from in 0..24 {
                    lanes.receive(to, from, &mut |records: &[[u64; 4]]| sum += records[0][0]);
                }
            }
            sum
        });
    });
    group.finish();
}

criterion_group!(benches, engine, exec);
criterion_main!(benches);

//! The engine on a model that does nothing but wake, write and travel: wakes, messages, handoffs and settling, per second.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

#[path = "couriers/model.rs"]
mod couriers;

use couriers::{Couriers, INTERVAL, Load};
use myriad::exec::{Lanes, Workers};
use myriad::prelude::*;

const AGENTS: u32 = 100_000;

/// One wake of each.
fn round(engine: &mut Engine) {
    let end = Tick(engine.now().0 + INTERVAL as u64);
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
            let load = Load { couriers: AGENTS, messages, travels };
            let mut engine = Simulation::of::<Couriers>(load).workers(workers).build().expect("builds");
            round(&mut engine);
            group.throughput(Throughput::Elements(AGENTS as u64 * per_round));
            group.bench_function(format!("{name}, {workers} workers"), |bench| bench.iter(|| round(&mut engine)));
        }
    }
    group.throughput(Throughput::Elements(AGENTS as u64));
    group.bench_function("settling, 2 workers", |bench| {
        let build = || Simulation::of::<Couriers>(Load { couriers: AGENTS, ..Load::defaults() }).workers(2);
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

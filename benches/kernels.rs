//! The small things that everything is made of, each with its rate.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

use myriad::base::{AgentId, LonLat, Polygon, RowHash, Seed, Simd, Stream, Tick, ZoneId, apportion, philox4x32_10};
use myriad::prelude::{All, Params, RunOptions, Simulation};
use myriad::scenarios::city::{Body, City, CityParams, Rules, due};

const N: u32 = 4_096;

fn kernels(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("kernels");
    group.throughput(Throughput::Elements(N as u64));
    group.bench_function("philox block", |bench| {
        bench.iter(|| (0..N).map(|n| philox4x32_10([n, 0, 0, 0], [1, 2])[0]).fold(0, |a, b| a ^ b));
    });
    let stream = Stream::named("bench");
    group.bench_function("draw below", |bench| {
        bench.iter(|| (0..N).map(|n| Seed(1).draws(stream, AgentId(n), Tick(7)).below(100)).fold(0, |a, b| a ^ b));
    });
    let row = [7_u8; 144];
    group.bench_function("digest of a row of 144 bytes", |bench| {
        bench.iter(|| {
            let hash = |n| RowHash::agent(AgentId(n), ZoneId(3)).bytes(black_box(&row)).finish();
            (0..N).map(hash).fold(0, u64::wrapping_add)
        });
    });
    let weights: Vec<u64> = (0..N as u64).map(|n| n * 7_919 % 1_000).collect();
    group.bench_function("apportion", |bench| bench.iter(|| apportion(black_box(1_000_000), &weights)));
    let ring = (0..64).map(|n| {
        let angle = n as f64 / 64.0 * std::f64::consts::TAU;
        LonLat { lon: -74.0 + 0.02 * libm::cos(angle), lat: 40.7 + 0.02 * libm::sin(angle) }
    });
    let polygon = Polygon::new(vec![ring.collect()]).expect("a ring of 64");
    group.bench_function("point in a polygon of 64", |bench| {
        let point = |n: u32| LonLat { lon: -74.03 + 0.06 * (n as f64 / N as f64), lat: 40.701 };
        bench.iter(|| (0..N).filter(|&n| polygon.contains(point(n))).count());
    });
    let (bodies, now, rules) = evening();
    let mut found = Vec::new();
    for level in Simd::all() {
        group.bench_function(format!("dense scan, {level}"), |bench| {
            bench.iter(|| {
                found.clear();
                due(level, black_box(&bodies), black_box(now), &rules.rates, &mut found);
                found.len()
            });
        });
    }
    group.finish();
}

/// Residents as they are at seven in the evening, when most may be interrupted, and the rules by which they live.
fn evening() -> (Vec<Body>, u32, Rules) {
    let options = RunOptions { agents: Some(N as u64), ..RunOptions::default() };
    let mut engine = Simulation::of::<City>(Params::defaults()).options(options).build().expect("a city");
    let (calendar, evening) = (engine.calendar(), Tick(19 * 36_000));
    while engine.now() < evening {
        engine.advance(evening).expect("a day without a fault");
    }
    let bodies = engine.ask(|bodies: All<Body>| bodies.iter().map(|(_, body)| *body).collect::<Vec<_>>());
    let bodies = bodies.expect("residents");
    let rules = Rules::compile(&CityParams::defaults(), &calendar, 100).expect("rules");
    (bodies, evening.0 as u32, rules)
}

criterion_group!(benches, kernels);
criterion_main!(benches);

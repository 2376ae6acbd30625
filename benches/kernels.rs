//! The small things that everything is made of, each with its rate.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

use myriad::base::{AgentId, LonLat, Polygon, RowHash, Seed, Stream, Tick, ZoneId, apportion, philox4x32_10};

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
    group.finish();
}

criterion_group!(benches, kernels);
criterion_main!(benches);

//! The law on a small model with everything in it: wakes, closed forms, messages that change wakes, messages to agents on
//! the way, handoffs. Whatever does not define a run must not show in its digest.

use std::sync::Arc;

use myriad::prelude::*;
use myriad::sim::Engine;
use myriad::store::Mem;

const ZONES: u32 = 13;
const INTERVAL: u32 = 20;

/// A courier's fuel falls by `rate` a tick from `fuel` at tick `since`; at 1,000 or below it acts.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Courier {
    pub fuel: i64,
    since: u32,
    rate: u32,
    until: u32,
    parcels: u32,
}

impl Courier {
    fn fuel_at(&self, tick: u32) -> i64 {
        self.fuel - self.rate as i64 * (tick - self.since) as i64
    }
    fn is_due(&self, tick: u32) -> bool {
        tick >= self.until || self.fuel_at(tick) <= 1_000
    }
    /// By arithmetic, what `is_due` finds by looking.
    fn next_wake(&self) -> Tick {
        let ticks = ((self.fuel - 1_000).max(0) as u64).div_ceil(self.rate as u64) as u32;
        Tick(self.until.min(self.since + ticks) as u64)
    }
    fn settle_to(&mut self, tick: u32) {
        self.fuel = self.fuel_at(tick);
        self.since = tick;
    }
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Parcel {
    pub fuel: i64,
}

/// A depot: a second kind, which never moves, and answers.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Depot {
    stock: i64,
    last_from: u64,
}

struct Couriers(u32);

const PLAN: Stream = Stream::named("law/plan");

fn couriers(
    mut due: Due<(Courier,), Parcel>,
    couriers: Shared<Couriers>,
    dice: Dice,
    here: Here,
    mut mail: Mailbox<Parcel>,
    mut tally: Tally<Woken>,
) {
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let now = event.tick.0 as u32;
        let (courier,) = &mut event.rows;
        courier.settle_to(now);
        match event.cause {
            Cause::Message { from, body } => {
                courier.fuel += body.fuel;
                // Order matters here: what comes first is worth more.
                courier.parcels = courier.parcels.wrapping_mul(31).wrapping_add(from.0);
                let wake = courier.next_wake();
                event.wake_at(wake);
            }
            Cause::Wake => {
                tally.0 += 1;
                let mut draws = dice.draws(PLAN, event.id, event.tick);
                courier.fuel = 1_500 + draws.below(3_000) as i64;
                courier.rate = 1 + draws.below(40);
                courier.until = now + 1 + draws.below(300);
                let gift = draws.below(400) as i64;
                let whom = match draws.below(4) {
                    0 => AgentId(couriers.0 + draws.below(ZONES)),
                    _ => AgentId(draws.below(couriers.0)),
                };
                courier.fuel -= gift;
                mail.send(event.tick, event.id, whom, Parcel { fuel: gift });
                let zone = ZoneId(draws.below(ZONES));
                let wake = courier.next_wake();
                event.wake_at(wake);
                if zone != here.zone() {
                    event.travel(zone);
                }
            }
        }
    }
}

fn depots(mut due: Due<(Depot,), Parcel>, mut mail: Mailbox<Parcel>) {
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let (depot,) = &mut event.rows;
        match event.cause {
            Cause::Message { from, body } => {
                depot.stock += body.fuel;
                depot.last_from = depot.last_from.rotate_left(7) ^ from.0 as u64;
                let half = depot.stock / 2;
                depot.stock -= half;
                mail.send(event.tick, event.id, from, Parcel { fuel: half });
            }
            Cause::Wake => {
                depot.last_from = depot.last_from.wrapping_add(1);
                let again = event.tick.0 + 777;
                event.wake_at(Tick(again));
            }
        }
    }
}

#[derive(Default)]
pub struct Woken(pub u64);
impl Tallied for Woken {
    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }
    fn numbers(&self) -> Vec<u64> {
        vec![self.0]
    }
    fn from_numbers(numbers: &[u64]) -> Option<Self> {
        let &[woken] = numbers else { return None };
        Some(Self(woken))
    }
}

pub struct Law;

impl Scenario for Law {
    type Params = NoParams;
    const NAME: &'static str = "law";
    const ABOUT: &'static str = "couriers and depots";

    fn timing(_: &NoParams) -> Timing {
        Timing {
            tick_ms: 1_000,
            exchange_ticks: INTERVAL,
            start: DateTime::new_const(1999, 1, 1, 0, 0, 0),
            span: Span::Ticks(1_000),
            agents: 500,
        }
    }

    fn build(_: &NoParams, sim: &mut Builder) -> Result<(), RunError> {
        let agents = sim.agents() as u32;
        let seed = sim.seed();
        sim.zones(ZONES as usize).messages::<Parcel>().tally::<Woken>();
        sim.share(std::sync::Arc::new(Couriers(agents)));
        sim.settle::<(Courier,)>(agents as u64, move |zone, settlement| {
            for id in (zone.0..agents).step_by(ZONES as usize) {
                let mut draws = seed.draws(PLAN, AgentId(id), Tick(0));
                let courier =
                    Courier { fuel: 4_000, since: 0, rate: 1 + draws.below(9), until: 1 + draws.below(99), parcels: 0 };
                settlement.add(AgentId(id), (courier,), Some(courier.next_wake()));
            }
        });
        sim.settle::<(Depot,)>(ZONES as u64, move |zone, settlement| {
            let depot = Depot { stock: 0, last_from: 0 };
            settlement.add(AgentId(agents + zone.0), (depot,), Some(Tick(5 + zone.0 as u64)));
        });
        let nobody = Courier { fuel: i64::MAX, since: 0, rate: 0, until: u32::MAX, parcels: 0 };
        sim.closed_form::<(Courier,)>((nobody,), |(couriers,), tick, due| {
            due.extend((0..couriers.len() as u32).filter(|&slot| couriers[slot as usize].is_due(tick)));
        });
        sim.on_due(couriers).on_due(depots);
        sim.collect("woken", 100, |total: Res<Total<Woken>>| total.0.0 as f64);
        Ok(())
    }
}

myriad::params! {
    /// None.
    pub struct NoParams {}
}

fn engine(change: impl Fn(&mut RunOptions)) -> Engine {
    let mut options = RunOptions { agents: Some(500), pin: false, ..RunOptions::default() };
    change(&mut options);
    Simulation::of::<Law>(NoParams::defaults()).options(options).build().unwrap()
}

/// The digests at tick 300, 601 and 1,000, and the wakes in all.
fn digests(change: impl Fn(&mut RunOptions)) -> (Vec<String>, u64) {
    let mut engine = engine(change);
    let digests = [300, 601, 1_000]
        .map(|end| {
            while engine.now() < Tick(end) {
                engine.advance(Tick(end)).unwrap();
            }
            engine.digest().to_string()
        })
        .to_vec();
    (digests, engine.transitions())
}

#[test]
fn digest_depends_on_nothing_but_the_run() {
    let reference = digests(|_| ());
    assert!(reference.1 > 5_000, "something happens: {} wakes", reference.1);
    assert_eq!(reference, digests(|_| ()), "the same run again");
    for workers in [1, 2, 3] {
        for shards in [1, 5, 24, 64] {
            let other = digests(|options| {
                options.workers = Some(workers);
                options.shards = Some(shards);
            });
            assert_eq!(reference, other, "{workers} workers, {shards} shards");
        }
    }
    for stepping in [Stepping::Event, Stepping::Dense] {
        for detail in [DetailPolicy::Auto, DetailPolicy::Active, DetailPolicy::Abstracted] {
            for deal in [0, 1, 2] {
                let other = digests(|options| {
                    options.stepping = stepping;
                    options.detail = detail;
                    options.deal = deal;
                });
                assert_eq!(reference, other, "{stepping} stepping, {detail:?}, deal {deal}");
            }
        }
    }
    assert_ne!(reference.0, digests(|options| options.seed = 7).0, "another seed");
}

#[test]
fn moving_cells_and_splitting_zones_does_not_show() {
    let reference = digests(|_| ());
    for upheaval in 1..=6 {
        for stepping in [Stepping::Event, Stepping::Dense] {
            for (workers, shards, detail) in [(1, 3, DetailPolicy::Auto), (2, 24, DetailPolicy::Active)] {
                let other = digests(|options| {
                    options.workers = Some(workers);
                    options.shards = Some(shards);
                    options.stepping = stepping;
                    options.detail = detail;
                    options.upheaval = upheaval;
                });
                assert_eq!(reference, other, "{stepping} stepping, {shards} shards, {detail:?}, upheaval {upheaval}");
            }
        }
    }
    let options = RunOptions { upheaval: 1, span: Some(Span::Ticks(1_000)), ..RunOptions::default() };
    let report = Simulation::of::<Law>(NoParams::defaults()).options(options).watch(&mut NoWatch).unwrap();
    assert!(report.zones_divided > 5 && report.cells_moved > 5, "{} {}", report.zones_divided, report.cells_moved);
    assert!(report.invariants.values().all(|held| *held), "{:?}", report.invariants);
}

#[test]
fn where_a_run_pauses_does_not_show() {
    let mut straight = engine(|_| ());
    while straight.now() < Tick(1_000) {
        straight.advance(Tick(1_000)).unwrap();
    }
    for stepping in [Stepping::Event, Stepping::Dense] {
        let mut halting = engine(|options| options.stepping = stepping);
        // Pauses off the exchange's beat: windows shorter than an interval.
        for pause in [7, 19, 20, 33, 59, 61, 500, 777, 1_000] {
            while halting.now() < Tick(pause) {
                halting.advance(Tick(pause)).unwrap();
            }
        }
        assert_eq!(straight.digest(), halting.digest(), "{stepping}");
    }
}

#[test]
fn a_sum_by_all_workers_is_that_of_the_list() {
    for (workers, shards) in [(1, 1), (2, 24), (3, 7)] {
        let mut engine = engine(|options| (options.workers, options.shards) = (Some(workers), Some(shards)));
        engine.advance(Tick(200)).unwrap();
        let sums = |all: All<Courier>| {
            let list: i64 = all.iter().map(|(id, courier)| courier.fuel ^ id.0 as i64).sum();
            (all.sum(|id, courier| courier.fuel ^ id.0 as i64), list, all.sum(|_, _| 1_u64))
        };
        let (sum, list, count) = engine.ask(sums).unwrap();
        assert_eq!((sum, count), (list, 500), "{workers} workers, {shards} shards");
    }
}

#[test]
fn agents_and_messages_are_conserved_and_series_do_not_show_the_shards() {
    let report = |workers, shards| {
        Simulation::of::<Law>(NoParams::defaults()).workers(workers).shards(shards).run(4_000).unwrap()
    };
    let (one, other) = (report(1, 1), report(2, 24));
    assert!(one.invariants.values().all(|held| *held), "{:?}", one.invariants);
    assert_eq!(one.agents, 500, "of the first kind");
    assert!(one.handoffs > 5_000 && one.messages > 10_000);
    assert_eq!(one.series[0].values, other.series[0].values);
    assert_eq!(one.series[0].ticks.len(), 41);
    assert_eq!(one.digest, other.digest);
}

#[test]
fn a_panic_names_zone_agent_and_tick() {
    fn fails(mut due: Due<(Courier,), Parcel>) {
        let mut due = due.open();
        while let Some(event) = due.next() {
            assert!(event.tick < Tick(50), "out of road");
        }
    }
    struct Failing;
    impl Scenario for Failing {
        type Params = NoParams;
        const NAME: &'static str = "failing";
        const ABOUT: &'static str = "panics at tick 50";
        fn timing(params: &NoParams) -> Timing {
            Law::timing(params)
        }
        fn build(_: &NoParams, sim: &mut Builder) -> Result<(), RunError> {
            sim.zones(3).messages::<Parcel>();
            sim.settle::<(Courier,)>(30, |zone, settlement| {
                for id in (zone.0..30).step_by(3) {
                    let courier = Courier { fuel: 0, since: 0, rate: 1, until: 0, parcels: 0 };
                    let wake = if id == 16 { 55 } else { 10 };
                    settlement.add(AgentId(id), (courier,), Some(Tick(wake)));
                }
            });
            sim.on_due(fails);
            Ok(())
        }
    }
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let error = Simulation::of::<Failing>(NoParams::defaults()).workers(2).run(100).unwrap_err().to_string();
    let keep = Keep { backend: Arc::new(Mem::default()), every: Every::Ticks(20), ..Keep::new("runs/a", 1) };
    let span = Some(Span::Ticks(100));
    let options = RunOptions { workers: Some(2), span, keep: Some(keep), ..RunOptions::default() };
    let kept = Simulation::of::<Failing>(NoParams::defaults()).options(options).watch(&mut NoWatch).unwrap_err();
    std::panic::set_hook(hook);
    assert_eq!(error, "a system panicked: zone 1, agent 16, tick 55: out of road");
    let way_back =
        "; the run is kept in `runs/a`: once the cause is removed, --resume goes on from its snapshot of tick 20";
    assert_eq!(kept.to_string(), error + way_back);
}

#[test]
fn a_message_nobody_reads_is_named() {
    struct Deaf;
    fn speaks(mut due: Due<(Courier,)>, mut mail: Mailbox<Parcel>) {
        let mut due = due.open();
        while let Some(event) = due.next() {
            mail.send(event.tick, event.id, AgentId(0), Parcel { fuel: 1 });
        }
    }
    impl Scenario for Deaf {
        type Params = NoParams;
        const NAME: &'static str = "deaf";
        const ABOUT: &'static str = "sends what nobody reads";
        fn timing(params: &NoParams) -> Timing {
            Law::timing(params)
        }
        fn build(_: &NoParams, sim: &mut Builder) -> Result<(), RunError> {
            sim.zones(1).messages::<Parcel>();
            sim.settle::<(Courier,)>(1, |_, settlement| {
                let courier = Courier { fuel: 0, since: 0, rate: 1, until: 0, parcels: 0 };
                settlement.add(AgentId(0), (courier,), Some(Tick(3)));
            });
            sim.on_due(speaks);
            Ok(())
        }
    }
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let error = Simulation::of::<Deaf>(NoParams::defaults()).run(100).unwrap_err().to_string();
    std::panic::set_hook(hook);
    assert!(error.contains("messages of type Parcel wait for a system that reads them"), "{error}");
}

//! A model with a mistake is told which system made it, and what would be right; never a panic out of the library.

use std::marker::PhantomData;

use myriad::prelude::*;
use myriad::scenarios::gallery::{Wealth, wealth};

use crate::law::NoParams;

located! {
    struct Mote { at: [f64; 2] }
}
placed! {
    struct Beetle { at: Spot }
}
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Cell(u32);

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Note(u32);

/// A model that is one function.
trait Model: 'static {
    const TICKS: u32 = 1;
    fn declare(sim: &mut Builder);
}

struct Of<M>(PhantomData<fn() -> M>);

impl<M: Model> Scenario for Of<M> {
    type Params = NoParams;
    const NAME: &'static str = "mistake";
    const ABOUT: &'static str = "a mistake";

    fn timing(_: &NoParams) -> Timing {
        Timing { exchange_ticks: M::TICKS, ..Timing::default() }
    }
    fn build(_: &NoParams, sim: &mut Builder) -> Result<(), RunError> {
        M::declare(sim);
        Ok(())
    }
}

/// What a run of ten ticks says of its mistake.
fn told<M: Model>() -> String {
    let mut engine = match Simulation::of::<Of<M>>(NoParams::defaults()).workers(2).build() {
        Ok(engine) => engine,
        Err(RunError::Input(text)) => return text,
        Err(other) => panic!("{other:?}"),
    };
    loop {
        assert!(engine.now() < Tick(10), "nothing was said");
        if let Err(error) = engine.advance(Tick(10)) {
            return error.to_string();
        }
    }
}

macro_rules! mistakes {
    ($($name:ident $(every $ticks:literal)?: |$sim:ident| $declare:block says $($text:literal),+;)*) => {$(
        #[test]
        fn $name() {
            struct It;
            impl Model for It {
                $(const TICKS: u32 = $ticks;)?
                fn declare($sim: &mut Builder) {
                    $declare
                }
            }
            let told = told::<It>();
            $(assert!(told.contains($text), "`{}` is missing from: {told}", $text);)+
        }
    )*};
}

fn motes(sim: &mut Builder) -> &mut Builder {
    sim.field(Continuous::new([9.0, 9.0], 1.0), 50, |_, draws| Mote { at: [9.0 * draws.unit(), 9.0 * draws.unit()] });
    sim
}

fn drift(mut motes: Field<Mote, 2>) {
    motes.step(|_, mote, _| mote.at[0] += 0.1);
}

fn vanish(mut motes: Field<Mote, 2>) {
    motes.step(|id, mote, _| mote.at[1] /= if id == AgentId(7) { 0.0 * mote.at[1] } else { 1.0 });
}

fn twice(_: Field<Mote, 2>, _: Each<(Mote,)>) {}

fn write(mut all: Each<(Cell,)>, clock: Clock, mut mail: Mailbox<Note>) {
    all.visit(|id, _| mail.send(clock.now(), id, id, Note(1)));
}

fn jump(mut beetles: Board<Beetle>) {
    let mut beetles = beetles.open();
    while let Some(who) = beetles.next_turn() {
        beetles[who].at = beetles.grid().nth(3);
    }
}

fn haunt(mut beetles: Board<Beetle>) {
    let mut beetles = beetles.open();
    while let Some(who) = beetles.next_turn() {
        let spot = beetles[who].at;
        beetles.remove(who);
        beetles.go(who, spot);
    }
}

fn count(all: All<Cell>) -> f64 {
    all.iter().count() as f64
}

fn settings(_: Shared<String>) -> f64 {
    0.0
}

fn coming(notes: InFlight<Note>) -> bool {
    notes.iter().count() > 0
}

fn count_world(_: bevy_ecs::prelude::Query<&bevy_ecs::prelude::Name>) {}

mistakes! {
    a_space_that_is_not_declared: |sim| {
        sim.every_tick(drift);
    } says "system `it::mistakes::drift` (tests/it/mistakes.rs:", "no field of Mote is declared: `sim.field(";
    rows_that_are_reached_twice: |sim| {
        motes(sim).every_tick(twice);
    } says "system `it::mistakes::twice`", "it reaches the agents (Mote) twice";
    agents_that_are_not_there: |sim| {
        sim.every_tick(write);
    } says "system `it::mistakes::write`", "there are no agents (Cell)";
    messages_that_are_not_declared: |sim| {
        sim.spread(9, |_| (Cell(0),));
        sim.every_tick(write);
    } says "system `it::mistakes::write`", "Note";
    messages_that_nobody_reads: |sim| {
        sim.spread(9, |_| (Cell(0),));
        sim.messages::<Note>().every_tick(write);
    } says "messages of type Note wait for a system that reads them";
    a_collector_of_rows_that_nobody_has: |sim| {
        motes(sim).collect("cells", 1, count);
    } says "collector `cells`", "`it::mistakes::count`", "no agent has a row `Cell`";
    an_invariant_of_messages_that_are_not_declared: |sim| {
        motes(sim).invariant("notes", coming);
    } says "invariant `notes`", "no messages `Note` are declared";
    a_table_that_nobody_shares: |sim| {
        motes(sim).collect("settings", 1, settings);
    } says "collector `settings`", "no table of type String is shared";
    a_system_that_reaches_into_the_world: |sim| {
        motes(sim).every_tick(count_world);
    } says "system `it::mistakes::count_world` (", "reaches into the World";
    a_space_that_meets_too_seldom every 5: |sim| { motes(sim).every_tick(drift); } says "`exchange_ticks: 1`, not 5";
    a_board_beside_a_space_that_is_cut: |sim| {
        sim.lattice(Grid::new(400, 400), |_, _| Cell(0));
        sim.board(Grid::new(4, 4), 1, |_, draws| Beetle { at: Grid::new(4, 4).anywhere(draws) });
    } says "a board of Beetle is one zone, and another space was cut into 10";
    an_agent_that_is_put_nowhere: |sim| { motes(sim).every_tick(vanish); } says "agent 7", "it is put nowhere";
    an_agent_that_moves_without_the_board: |sim| {
        sim.board(Grid::new(4, 4), 2, |_, _| Beetle { at: Grid::new(4, 4).nth(1) });
        sim.every_tick(jump);
    } says "agent 0 moved without the board: `go` moves it";
    an_agent_that_moves_after_its_death: |sim| {
        sim.board(Grid::new(4, 4), 1, |_, _| Beetle { at: Grid::new(4, 4).nth(1) });
        sim.every_tick(haunt);
    } says "agent 0 was removed, and is moved";
}

#[test]
fn agents_for_whom_there_is_no_memory_are_refused_before_any_settles() {
    let build = |available: u64, memory: Option<Budget>| {
        let available_bytes = Some(available);
        let options = RunOptions { agents: Some(1_000), available_bytes, memory, ..RunOptions::default() };
        Simulation::of::<Wealth>(wealth::Settings::defaults())
            .options(options)
            .build()
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    // Twelve bytes for who it is, and eight for its purse.
    assert_eq!(build(20_000, None), Ok(()));
    let text = "1,000 agents take 19.5 KiB at least, and 19.5 KiB of memory are available: fewer, or `--memory-budget`, \
                would fit";
    assert_eq!(build(19_999, None), Err(text.to_owned()));
    assert_eq!(build(19_999, Some(Budget::new(Allowance::Rows(50), std::env::temp_dir()))), Ok(()));
}

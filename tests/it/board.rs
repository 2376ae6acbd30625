//! A board is quick where it counts and draws: what comes out is what the plain way gives.

use myriad::prelude::*;

use crate::law::NoParams;

placed! {
    struct Mouse { at: Spot, turns: u32 }
}

const EVERY: Stream = Stream::named("board/every");
const SOME: Stream = Stream::named("board/some");

/// Takes draws in many orders: always, at times, for another one, twice, before and after others die or are born, and
/// in a second round.
fn nibble(mut mice: Board<Mouse>, dice: Dice) {
    let mut mice = mice.open();
    let (mut last, mut drawn) = (None, 0_u64);
    for round in 0..2 {
        while let Some(who) = mice.next_turn() {
            let id = mice.id(who);
            let mut same = |who: Who, stream: Stream| {
                let (mut ours, mut right) = (mice.draws(who, stream), dice.draws(stream, mice.id(who), mice.now()));
                drawn += 1;
                (0..9).for_each(|_| assert_eq!(ours.u32(), right.u32(), "agent {}", mice.id(who).0));
            };
            same(who, EVERY);
            if id.0.is_multiple_of(5) {
                last.into_iter().for_each(|last| same(last, EVERY));
                same(who, SOME);
            }
            if id.0.is_multiple_of(7) {
                same(who, EVERY);
            }
            if round == 1 && id.0.is_multiple_of(11) {
                last.filter(|&last| last != who && mice.is_there(last)).into_iter().for_each(|last| mice.remove(last));
                mice.add(mice[who]);
            }
            mice[who].turns += 1;
            last = Some(who);
        }
        mice.shuffle();
    }
    assert!(drawn >= 400, "{drawn}");
}

struct Pantry;

impl Scenario for Pantry {
    type Params = NoParams;
    const NAME: &'static str = "pantry";
    const ABOUT: &'static str = "mice that draw in many orders";

    fn timing(_: &NoParams) -> Timing {
        Timing { agents: 200, span: Span::Ticks(5), ..Timing::default() }
    }

    fn build(_: &NoParams, sim: &mut Builder) -> Result<(), RunError> {
        let grid = Grid::new(10, 10);
        sim.board(grid, 200, move |_, draws| Mouse { at: grid.anywhere(draws), turns: 0 });
        sim.every_tick(nibble).collect("turns", 1, |all: All<Mouse>| all.sum(|_, mouse| mouse.turns as u64) as f64);
        Ok(())
    }
}

/// Compares counts with those of a list, while everything about the mice changes.
fn tally(mut mice: Board<Mouse>, dice: Dice) {
    let mut mice = mice.open();
    let (grid, mut all) = (mice.grid(), Vec::new());
    let mut asked = 0;
    while let Some(who) = mice.next_turn() {
        let mut draws = dice.draws(EVERY, mice.id(who), mice.now());
        if !all.contains(&who) {
            all.push(who);
        }
        match draws.below(6) {
            0 => mice[who].turns += 3,
            1 => mice.go(who, grid.anywhere(&mut draws)),
            2 => mice.remove(who),
            3 => all.push(mice.add(Mouse { at: grid.anywhere(&mut draws), turns: draws.below(9) })),
            4 => {
                let other = all[draws.below(all.len() as u32) as usize];
                mice[other].turns += 1;
            }
            _ => {}
        }
        let (spot, radius, bar) = (grid.anywhere(&mut draws), draws.below(4), draws.below(9));
        let counted = mice.count_around(spot, radius, |mouse| mouse.turns >= bar);
        let around: Vec<Spot> = grid.around(spot, radius).collect();
        let standing = around.iter().flat_map(|&spot| mice.on(spot).collect::<Vec<Who>>());
        let right = standing.filter(|&one| mice[one].turns >= bar).count();
        assert_eq!(counted as usize, right, "{bar} within {radius} of {spot:?}");
        asked += counted;
    }
    assert!(asked > 100, "{asked}");
}

struct Larder<const IS_PERIODIC: bool>;

impl<const IS_PERIODIC: bool> Scenario for Larder<IS_PERIODIC> {
    type Params = NoParams;
    const NAME: &'static str = "larder";
    const ABOUT: &'static str = "mice that are counted";

    fn timing(_: &NoParams) -> Timing {
        Timing { agents: 300, span: Span::Ticks(20), ..Timing::default() }
    }

    fn build(_: &NoParams, sim: &mut Builder) -> Result<(), RunError> {
        let grid = if IS_PERIODIC { Grid::new(12, 9).periodic() } else { Grid::new(12, 9) };
        sim.board(grid, 300, move |_, draws| Mouse { at: grid.anywhere(draws), turns: draws.below(9) });
        sim.every_tick(tally);
        Ok(())
    }
}

#[test]
fn counts_around_a_square_are_those_of_a_list() {
    Simulation::of::<Larder<false>>(NoParams::defaults()).run(20).unwrap();
    Simulation::of::<Larder<true>>(NoParams::defaults()).run(20).unwrap();
}

#[test]
fn draws_do_not_depend_on_who_drew_before() {
    let report = Simulation::of::<Pantry>(NoParams::defaults()).run(5).unwrap();
    let turns = report.series[0].values.last().copied().unwrap();
    assert!(turns >= 1_000.0, "{turns}");
}

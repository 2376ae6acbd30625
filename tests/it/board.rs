//! Agents on a board draw what anybody would draw for them, whoever drew before and in whatever stream.

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

#[test]
fn draws_do_not_depend_on_who_drew_before() {
    let report = Simulation::of::<Pantry>(NoParams::defaults()).run(5).unwrap();
    let turns = report.series[0].values.last().copied().unwrap();
    assert!(turns >= 1_000.0, "{turns}");
}

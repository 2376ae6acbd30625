//! A run goes on in a later version of its model: brought from version to version as the model says, or refused by name.

use std::fs;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use myriad::base::RowHash;
use myriad::prelude::*;
use myriad::store::{Fs, PieceId, PieceView, RunFile, Saved, find};

use crate::scratch::Scratch;

const ZONES: u32 = 3;
const PEOPLE: u64 = 30;
const STOPPED: u64 = 44;
const END: u64 = 100;

/// What differs from version to version.
trait Words: 'static {
    const VERSION: u32;
    type Purse: Row;
    type Gift: Message;
    fn purse() -> Self::Purse;
    fn give(purse: &mut Self::Purse, coins: u32) -> Self::Gift;
    fn take(purse: &mut Self::Purse, gift: Self::Gift);
    fn migrations() -> Vec<Migration> {
        Vec::new()
    }
}

/// Whole coins.
mod v1 {
    use super::*;

    #[derive(Clone, Copy, Pod, Zeroable)]
    #[repr(C)]
    pub struct Purse(pub u32);
    #[derive(Clone, Copy, Pod, Zeroable)]
    #[repr(C)]
    pub struct Gift(pub u32);

    pub struct Model;
    impl Words for Model {
        const VERSION: u32 = 1;
        type Purse = Purse;
        type Gift = Gift;
        fn purse() -> Purse {
            Purse(1_000)
        }
        fn give(purse: &mut Purse, coins: u32) -> Gift {
            purse.0 -= coins;
            Gift(coins)
        }
        fn take(purse: &mut Purse, gift: Gift) {
            purse.0 += gift.0;
        }
    }
}

/// Cents.
mod v2 {
    use super::*;

    #[derive(Clone, Copy, Pod, Zeroable)]
    #[repr(C)]
    pub struct Purse {
        pub cents: i64,
    }
    #[derive(Clone, Copy, Pod, Zeroable)]
    #[repr(C)]
    pub struct Gift {
        pub cents: i64,
    }

    pub fn from_v1() -> Migration {
        Migration::from(1)
            .agents(|(v1::Purse(coins),): (v1::Purse,)| (Purse { cents: coins as i64 * 100 },))
            .messages(|v1::Gift(coins): v1::Gift| Gift { cents: coins as i64 * 100 })
    }

    pub struct Model;
    impl Words for Model {
        const VERSION: u32 = 2;
        type Purse = Purse;
        type Gift = Gift;
        fn purse() -> Purse {
            Purse { cents: 100_000 }
        }
        fn give(purse: &mut Purse, coins: u32) -> Gift {
            purse.cents -= coins as i64 * 100;
            Gift { cents: coins as i64 * 100 }
        }
        fn take(purse: &mut Purse, gift: Gift) {
            purse.cents += gift.cents;
        }
        fn migrations() -> Vec<Migration> {
            vec![from_v1()]
        }
    }
}

/// Cents, and how often something was given; messages as before.
mod v3 {
    use super::*;

    #[derive(Clone, Copy, Pod, Zeroable)]
    #[repr(C)]
    pub struct Purse {
        pub cents: i64,
        pub gifts: u64,
    }

    pub fn from_v2() -> Migration {
        Migration::from(2).agents(|(v2::Purse { cents },): (v2::Purse,)| (Purse { cents, gifts: 0 },))
    }

    pub struct Model;
    impl Words for Model {
        const VERSION: u32 = 3;
        type Purse = Purse;
        type Gift = v2::Gift;
        fn purse() -> Purse {
            Purse { cents: 100_000, gifts: 0 }
        }
        fn give(purse: &mut Purse, coins: u32) -> v2::Gift {
            purse.cents -= coins as i64 * 100;
            purse.gifts += 1;
            v2::Gift { cents: coins as i64 * 100 }
        }
        fn take(purse: &mut Purse, gift: v2::Gift) {
            purse.cents += gift.cents;
        }
        fn migrations() -> Vec<Migration> {
            vec![v2::from_v1(), from_v2()]
        }
    }

    /// The same with other migrations.
    pub struct Without<const CASE: u8>;
    impl<const CASE: u8> Words for Without<CASE> {
        const VERSION: u32 = 3;
        type Purse = Purse;
        type Gift = v2::Gift;
        fn purse() -> Purse {
            Model::purse()
        }
        fn give(purse: &mut Purse, coins: u32) -> v2::Gift {
            Model::give(purse, coins)
        }
        fn take(purse: &mut Purse, gift: v2::Gift) {
            Model::take(purse, gift);
        }
        fn migrations() -> Vec<Migration> {
            match CASE {
                0 => vec![v2::from_v1()],
                1 => vec![Migration::from(1).agents(|(purse,): (v2::Purse,)| (purse,)), from_v2()],
                _ => vec![v2::from_v1(), Migration::from(2)],
            }
        }
    }
}

myriad::params! {
    /// None.
    struct NoParams {}
}

struct Gifts<W>(PhantomData<W>);

const WHOM: Stream = Stream::named("gifts/whom");

impl<W: Words> Scenario for Gifts<W> {
    type Params = NoParams;
    const NAME: &'static str = "gifts";
    const ABOUT: &'static str = "people who travel, and give";
    const VERSION: u32 = W::VERSION;

    fn migrations() -> Vec<Migration> {
        W::migrations()
    }

    fn timing(_: &NoParams) -> Timing {
        Timing { exchange_ticks: 4, agents: PEOPLE, span: Span::Ticks(END), ..Timing::default() }
    }

    fn build(_: &NoParams, sim: &mut Builder) -> Result<(), RunError> {
        sim.zones(ZONES as usize).messages::<W::Gift>();
        sim.settle::<(W::Purse,)>(PEOPLE, move |zone, settlement| {
            for id in (zone.0..PEOPLE as u32).step_by(ZONES as usize) {
                settlement.add(AgentId(id), (W::purse(),), Some(Tick(1 + id as u64)));
            }
        });
        sim.on_due(act::<W>);
        Ok(())
    }
}

fn act<W: Words>(mut due: Due<(W::Purse,), W::Gift>, dice: Dice, mut mail: Mailbox<W::Gift>) {
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let (purse,) = &mut event.rows;
        match event.cause {
            Cause::Message { body, .. } => W::take(purse, body),
            Cause::Wake => {
                let mut draws = dice.draws(WHOM, event.id, event.tick);
                let (whom, coins) = (AgentId(draws.below(PEOPLE as u32)), 1 + draws.below(5));
                let gift = W::give(purse, coins);
                mail.send(event.tick, event.id, whom, gift);
                let next = event.tick.0 + 1 + draws.below(9) as u64;
                event.wake_at(Tick(next));
                event.travel(ZoneId(draws.below(ZONES)));
            }
        }
    }
}

/// Ends a run, and hears what it is warned of.
struct Until<'a, W> {
    stop: u64,
    speaks: bool,
    warnings: &'a mut Vec<String>,
    words: PhantomData<W>,
}

impl<W: Words> Watch for Until<'_, W> {
    fn speak(&mut self, voice: &mut Voice<'_>) {
        if self.speaks && voice.now().0 % 20 == 4 {
            voice.tell(AgentId(3), W::give(&mut W::purse(), 7));
        }
    }
    fn warn(&mut self, what: &str) {
        self.warnings.push(what.to_owned());
    }
    fn progress(&mut self, progress: &Progress) -> Control {
        if progress.tick.0 >= self.stop { Control::Stop } else { Control::Continue }
    }
}

fn experiment<W: Words>(keep: Option<Keep>, from: Option<&Path>) -> Experiment<Gifts<W>> {
    let from = from.map(Source::new);
    let options = RunOptions { workers: Some(1), shards: Some(2), keep, from, ..RunOptions::default() };
    Simulation::of::<Gifts<W>>(NoParams::defaults()).options(options)
}

fn kept(folder: &Path, begin: Begin) -> Keep {
    Keep { begin, every: Every::Ticks(20), journal_grows: 4_096, ..Keep::new(folder, 0x61f7) }
}

/// Runs on in a folder; also says what was warned of.
fn run<W: Words>(keep: Keep, from: Option<&Path>, stop: u64, speaks: bool) -> (Result<RunReport, RunError>, String) {
    let mut warnings = Vec::new();
    let mut until = Until { stop, speaks, warnings: &mut warnings, words: PhantomData::<W> };
    let report = experiment::<W>(Some(keep), from).watch(&mut until);
    (report, warnings.join("\n"))
}

/// What is said where a folder's run is not gone on with.
fn refused<W: Words>(folder: &Path) -> String {
    run::<W>(kept(folder, Begin::Resume), None, END, false).0.unwrap_err().to_string()
}

/// A run of the first version, stopped half-way.
fn begun(scratch: &Scratch, name: &str, speaks: bool) -> PathBuf {
    let folder = PathBuf::from(scratch.path(name));
    let report = run::<v1::Model>(kept(&folder, Begin::New), None, STOPPED, speaks).0.unwrap();
    assert!(report.interrupted && report.ticks == STOPPED);
    folder
}

/// What the first version has at the tick at which it is stopped.
fn half_way() -> impl Saved {
    let mut engine = experiment::<v1::Model>(None, None).build().unwrap();
    while engine.now().0 < STOPPED {
        engine.advance(Tick(STOPPED)).unwrap();
    }
    engine.save().unwrap()
}

fn to_the_end<W: Words>(saved: &dyn Saved) -> String {
    let mut engine = experiment::<W>(None, None).revive(saved).unwrap();
    while engine.now().0 < END {
        engine.advance(Tick(END)).unwrap();
    }
    engine.digest().to_string()
}

fn versions(folder: &Path) -> (String, Vec<(u64, bool)>) {
    let file = RunFile::read(&Fs, folder).unwrap().unwrap();
    let manifests = find(&Fs, folder, file.run()).unwrap().manifests;
    let newest = manifests.iter().map(|manifest| (manifest.tick, manifest.schema.contains("version 3\n")));
    (file.identity["version"].clone(), newest.collect())
}

/// Takes a folder its newest checkpoint.
fn lose_the_newest(folder: &Path) {
    let file = RunFile::read(&Fs, folder).unwrap().unwrap();
    let newest = find(&Fs, folder, file.run()).unwrap().manifests.pop().unwrap();
    fs::remove_file(folder.join(format!("ckpt/MANIFEST-{:08}", newest.generation))).unwrap();
}

#[test]
fn what_is_brought_over_is_what_a_hand_would_make_of_it() {
    let saved = half_way();
    let schema = SavedSchema::parse(saved.schema()).unwrap();
    let mut digest = Digest::EMPTY;
    let (mut agents, mut letters) = (0, 0);
    for (index, info) in saved.pieces().iter().enumerate() {
        let archive = saved.read(index).unwrap();
        let view = PieceView::of(&archive).unwrap();
        match info.id {
            PieceId::World => {}
            PieceId::Zone { zone, .. } => {
                for agent in schema.agents(&view).unwrap() {
                    let coins: u32 = bytemuck::pod_read_unaligned(agent.rows().next().unwrap());
                    let arrives = if agent.arrives as u64 > STOPPED { agent.arrives } else { 0 };
                    let purse = v3::Purse { cents: coins as i64 * 100, gifts: 0 };
                    digest.add(RowHash::agent(agent.id, ZoneId(zone)).word(arrives as u64).pod(&purse).finish());
                    agents += 1;
                }
            }
            PieceId::Mail(_) => {
                let mut ranks = std::collections::BTreeMap::new();
                for letter in schema.letters(&view).unwrap() {
                    let rank = ranks.entry((letter.to, letter.deliver, letter.from)).or_insert(0_u64);
                    let coins: u32 = bytemuck::pod_read_unaligned(letter.body);
                    let hash = RowHash::new((letter.to.0 as u64) << 32 | letter.from.0 as u64);
                    let hash = hash.word((letter.deliver as u64) << 32 | *rank);
                    digest.add(hash.pod(&v2::Gift { cents: coins as i64 * 100 }).finish());
                    *rank += 1;
                    letters += 1;
                }
            }
        }
    }
    assert!(agents == PEOPLE && letters > 0, "{agents} agents, {letters} letters");
    let mut engine = experiment::<v3::Model>(None, None).revive(&saved).unwrap();
    assert_eq!((engine.digest(), engine.now()), (digest, Tick(STOPPED)));
    // By way of the second version too.
    let second = experiment::<v2::Model>(None, None).revive(&saved).unwrap().save().unwrap();
    assert_eq!(experiment::<v3::Model>(None, None).revive(&second).unwrap().digest(), digest);
}

#[test]
fn a_run_goes_on_in_a_later_version() {
    let scratch = Scratch::new("versions");
    let folder = begun(&scratch, "run", false);
    let expected = to_the_end::<v3::Model>(&half_way());
    let (report, told) = run::<v3::Model>(kept(&folder, Begin::Resume), None, 72, false);
    assert_eq!(report.unwrap().ticks, 72);
    assert_eq!(told, "what was saved at tick 44 is of version 1 of `gifts`: it was brought to version 3");
    let saved = vec![(20, false), (40, false), (44, false), (60, true), (72, true)];
    assert_eq!(versions(&folder), ("3".to_owned(), saved));
    // From then on it is a run of that version.
    assert!(refused::<v1::Model>(&folder).contains("is of version 3 of the scenario, and this program has version 1"));
    let copy = |name: &str| {
        let to = PathBuf::from(scratch.path(name));
        for part in ["", "ckpt", "wal"] {
            fs::create_dir_all(to.join(part)).unwrap();
            for entry in fs::read_dir(folder.join(part)).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_file() {
                    fs::copy(entry.path(), to.join(part).join(entry.file_name())).unwrap();
                }
            }
        }
        to
    };
    // Back to what the first version saved last, it takes the same way; before that, another version was at work.
    let (back, too_far) = (copy("back"), copy("too-far"));
    [&back, &back, &too_far, &too_far, &too_far].into_iter().for_each(|folder| lose_the_newest(folder));
    let (report, told) = run::<v3::Model>(kept(&back, Begin::Resume), None, END, false);
    assert_eq!(report.unwrap().digest, expected, "{told}");
    let told = refused::<v3::Model>(&too_far);
    assert!(told.contains("was brought to this version of the scenario at tick 44"), "{told}");

    let (report, told) = run::<v3::Model>(kept(&folder, Begin::Resume), None, END, false);
    assert_eq!((report.unwrap().digest, told), (expected, String::new()));
}

#[test]
fn a_branch_begins_with_what_an_earlier_version_saved() {
    let scratch = Scratch::new("versions-branch");
    let first = begun(&scratch, "first", false);
    let expected = to_the_end::<v3::Model>(&half_way());
    let folder = PathBuf::from(scratch.path("second"));
    let (report, told) = run::<v3::Model>(kept(&folder, Begin::New), Some(&first), 50, false);
    assert!(report.unwrap().interrupted && told.contains("brought to version 3"), "{told}");
    assert_eq!(versions(&folder), ("3".to_owned(), vec![(44, false), (52, true)]));
    // What it began with is in its folder as it was, and can be begun with again.
    lose_the_newest(&folder);
    let (report, _) = run::<v3::Model>(kept(&folder, Begin::Resume), None, END, false);
    assert_eq!(report.unwrap().digest, expected);
    let alone = experiment::<v3::Model>(None, Some(&first)).watch(&mut NoWatch).unwrap();
    assert_eq!(alone.digest, expected);
}

#[test]
fn what_cannot_be_brought_over_is_refused_by_name() {
    let scratch = Scratch::new("versions-refused");
    let folder = begun(&scratch, "run", true);
    for (told, part) in [
        (refused::<v3::Without<0>>(&folder), "this program has version 3, and there is no migration from version 2"),
        (refused::<v3::Without<1>>(&folder), "from version 1 begins with\n  agents: Purse 8\nand what was saved has\n"),
        (refused::<v3::Without<2>>(&folder), "it holds\n  snapshot 1\n  version 3\n  agents: Purse 8"),
    ] {
        assert!(told.contains(part), "`{part}` is missing from {told}");
    }
    // What was said after the last checkpoint was said in old words.
    lose_the_newest(&folder);
    lose_the_newest(&folder);
    let told = run::<v3::Model>(kept(&folder, Begin::Resume), None, END, true).0.unwrap_err().to_string();
    assert!(told.starts_with("1 input came from outside after tick 20"), "{told}");
    assert_eq!(versions(&folder).0, "1", "nothing was changed");
}

mod in_a_space {
    //! Agents in a space are brought over too, however it is cut.

    use myriad::prelude::*;

    mod first {
        myriad::located! {
            pub struct Mote { pub at: [f64; 2], pub speed: f64 }
        }
    }

    myriad::located! {
        struct Mote { at: [f64; 2], course: [f64; 2] }
    }

    macro_rules! model {
        ($name:ident, $version:literal, $row:ty, $make:expr, $drift:expr, $migrations:expr) => {
            struct $name;

            impl Scenario for $name {
                type Params = crate::law::NoParams;
                const NAME: &'static str = "motes";
                const ABOUT: &'static str = "motes that drift";
                const VERSION: u32 = $version;

                fn migrations() -> Vec<Migration> {
                    $migrations
                }
                fn build(_: &Self::Params, sim: &mut Builder) -> Result<(), RunError> {
                    sim.field(Continuous::new([9.0, 9.0], 1.0).periodic(), 200, $make);
                    sim.every_tick(|mut motes: Field<$row, 2>| motes.step($drift));
                    Ok(())
                }
            }
        };
    }
    model!(
        First,
        1,
        first::Mote,
        |_, draws| first::Mote { at: [9.0 * draws.unit(), 9.0 * draws.unit()], speed: draws.unit() },
        |_, mote, _| mote.at[1] += mote.speed,
        Vec::new()
    );
    model!(
        Second,
        2,
        Mote,
        |_, draws| Mote { at: [9.0 * draws.unit(), 9.0 * draws.unit()], course: [0.0, draws.unit()] },
        |_, mote, _| mote.at = [mote.at[0] + mote.course[0], mote.at[1] + mote.course[1]],
        vec![Migration::from(1).agents(|(old,): (first::Mote,)| (Mote { at: old.at, course: [0.0, old.speed] },))]
    );

    #[test]
    fn motes_are_brought_over_wherever_they_are() {
        let params = crate::law::NoParams::defaults;
        let mut old = Simulation::of::<First>(params()).zones(7).build().unwrap();
        let mut new = Simulation::of::<Second>(params()).zones(3).build().unwrap();
        while old.now() < Tick(20) {
            old.advance(Tick(20)).unwrap();
            new.advance(Tick(20)).unwrap();
        }
        let brought = Simulation::of::<Second>(params()).zones(7).revive(&old.save().unwrap()).unwrap().digest();
        assert_eq!(brought, new.digest(), "the same draws, and the same ways");
    }
}

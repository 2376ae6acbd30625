//! A catalog that is gone, cut, or no catalog at all.

use std::sync::Arc;

use super::run::{How, folder, path, process, said, seen, truth};
use crate::store::{Access, Backend, Mem, Sim};

const ZONES: u32 = 40;
/// The pages of redb.
const PAGE: usize = 4_096;

/// A run that was stopped.
fn stopped() -> Sim {
    let sim = Sim::default();
    process(Arc::new(sim.clone()), ZONES, How::IsStopped).unwrap();
    // As it is: without the changes that led to it.
    sim.crash(sim.operations(), 0)
}

/// Whatever was done to the file: who looks sees the truth, and who resumes the run makes it say that.
fn check(image: &Sim, what: &str) -> usize {
    assert_eq!(seen(image), truth(image), "{what}");
    if let Some(said) = said(image) {
        assert_eq!(said.derived(), truth(image), "{what}: it is read, and wrong");
    }
    let told = process(Arc::new(image.clone()), ZONES, How::Ends).unwrap();
    assert!(told.len() <= 1 && told.iter().all(|told| told.contains("meta.redb")), "{what}: {told:?}");
    assert_eq!(said(image).map(|said| said.derived()), Some(truth(image)), "{what}: {told:?}");
    told.len()
}

#[test]
fn gone_cut_or_filled_with_rubbish_it_is_made_anew() {
    let base = stopped();
    let image = || base.crash(0, 0);
    let bytes = base.read(&path()).unwrap();
    assert_eq!(check(&image(), "nothing"), 0);
    let gone = image();
    gone.remove(&path()).unwrap();
    assert_eq!(check(&gone, "removed"), 0, "nobody wonders about a catalog that is not there");

    let open = |image: &Sim| image.open(&path(), Access::Write).unwrap();
    let mut told = 0;
    for len in (0..bytes.len()).step_by(PAGE) {
        let cut = image();
        open(&cut).set_len(len as u64).unwrap();
        told += check(&cut, &format!("cut to {len}"));
        let zeroed = image();
        open(&zeroed).write_at(len as u64, &[0; PAGE][..PAGE.min(bytes.len() - len)]).unwrap();
        check(&zeroed, &format!("page {} is zero", len / PAGE));
    }
    assert!(told * PAGE * 10 > bytes.len() * 9, "{told} of {}", bytes.len() / PAGE);
    for (what, rubbish) in [
        ("empty", Vec::new()),
        ("text", b"this is no catalog\n".repeat(1_000)),
        ("ones", vec![0xff; bytes.len()]),
        ("its own beginning, then ones", [&bytes[..PAGE], &vec![0xff; bytes.len() - PAGE]].concat()),
        ("doubled", [&bytes[..], &bytes[..]].concat()),
    ] {
        let image = image();
        image.publish(&path(), &rubbish).unwrap();
        check(&image, what);
    }
}

#[test]
fn a_flipped_bit_is_never_believed() {
    let base = stopped();
    let bytes = base.read(&path()).unwrap();
    // All of the header, and of each page some.
    for at in (0..bytes.len()).filter(|at| *at < 320 || at % 1_187 == 0) {
        let image = base.crash(0, 0);
        image.open(&path(), Access::Write).unwrap().write_at(at as u64, &[bytes[at] ^ 0x10]).unwrap();
        check(&image, &format!("byte {at} of {} flipped", bytes.len()));
    }
}

#[test]
fn that_of_another_run_is_not_taken_for_its_own() {
    let image = stopped();
    let other = Mem::default();
    other.create_folder(&folder()).unwrap();
    let contents = super::super::Contents { run: 5, records: 9, generation: 1, ..Default::default() };
    let file = other.create(&path()).unwrap();
    let tables = super::super::tables::Tables::open(file).unwrap();
    tables.write(&super::super::Contents::default(), &contents).unwrap();
    drop(tables);
    image.publish(&path(), &other.read(&path()).unwrap()).unwrap();
    assert_eq!(check(&image, "of another run"), 1);
}

#[test]
fn a_folder_in_its_place_is_left_alone() {
    let image = stopped();
    image.remove(&path()).unwrap();
    image.create_folder(&path()).unwrap();
    assert_eq!(seen(&image), truth(&image));
    let told = process(Arc::new(image.clone()), ZONES, How::Ends).unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("the run goes on without it"), "{told:?}");
    let strays: Vec<_> = image.list(&folder()).unwrap().into_iter().filter(|name| name.contains("redb")).collect();
    assert_eq!(strays, Vec::<String>::new());
}

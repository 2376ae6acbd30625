//! Who is on a board and where, while a system runs.

use super::board::Placed;
use super::fronts::Fronts;
use super::grid::Spot;
use crate::base::AgentId;

/// Nobody.
pub(super) const NONE: u32 = u32::MAX;

/// The square of one who was removed.
const GONE: u32 = u32::MAX;

/// An agent on the board: all about it side by side, for whoever has a turn needs all of it.
pub(super) struct Seat<T> {
    pub row: T,
    pub id: AgentId,
    pub(super) spot: u32,
    /// The next one on the square.
    next: u32,
}

impl<T> Seat<T> {
    /// Whether it has not been removed.
    #[inline]
    pub fn is_there(&self) -> bool {
        self.spot != GONE
    }
}

/// Who is on the board and where: those of the beginning by rising id, then those who were born. It is made anew at
/// each tick, from the rows alone.
pub(super) struct Table<T> {
    pub seats: Vec<Seat<T>>,
    /// By square: the first who stands there.
    pub heads: Vec<u32>,
    /// Slots of those of the beginning.
    pub slots: Vec<u32>,
    pub turns: Vec<u32>,
    pub present: u32,
    /// Squares on which nobody stands.
    pub vacant: u32,
    pub fronts: Fronts<T>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self {
            seats: Vec::new(),
            heads: Vec::new(),
            slots: Vec::new(),
            turns: Vec::new(),
            present: 0,
            vacant: 0,
            fronts: Fronts::default(),
        }
    }
}

impl<T: Placed> Table<T> {
    /// Seats all who are in its slots, in that order, on so many squares. Says whether that is the order of their ids.
    pub fn begin(&mut self, squares: u32, of: impl Fn(u32) -> (AgentId, T)) -> bool {
        let Self { seats, heads, slots, turns, present, vacant, fronts } = self;
        seats.clear();
        let (mut are_rising, mut least) = (true, 0);
        seats.extend(slots.iter().map(|&slot| {
            let (id, row) = of(slot);
            are_rising &= (least..AgentId::NONE.0).contains(&id.0);
            least = id.0.wrapping_add(1);
            Seat { row, id, spot: row.at().0, next: NONE }
        }));
        heads.clear();
        heads.resize(squares as usize, NONE);
        (*present, *vacant) = (seats.len() as u32, squares);
        fronts.begin();
        for (who, seat) in seats.iter_mut().enumerate().rev() {
            seat.next = std::mem::replace(&mut heads[seat.spot as usize], who as u32);
            fronts.put(seat.spot, &seat.row);
            *vacant -= u32::from(seat.next == NONE);
        }
        turns.clear();
        are_rising
    }

    /// Those on a square: who came last first.
    #[inline]
    pub fn on(&self, spot: Spot) -> impl Iterator<Item = u32> {
        let somebody = |who: u32| Some(who).filter(|&who| who != NONE);
        std::iter::successors(somebody(self.heads[spot.index()]), move |&who| self.next(who))
    }

    /// The next one on the square of another.
    #[inline]
    pub fn next(&self, who: u32) -> Option<u32> {
        Some(self.seats[who as usize].next).filter(|&who| who != NONE)
    }

    /// Another one, who stands nowhere yet.
    pub fn add(&mut self, id: AgentId, row: T) -> u32 {
        let who = self.seats.len() as u32;
        self.seats.push(Seat { row, id, spot: GONE, next: NONE });
        self.present += 1;
        who
    }

    /// Puts one who stands nowhere on a square.
    #[inline]
    pub fn put_on(&mut self, who: u32, spot: Spot) {
        let Self { seats, heads, vacant, fronts, .. } = self;
        let seat = &mut seats[who as usize];
        seat.next = std::mem::replace(&mut heads[spot.index()], who);
        *vacant -= u32::from(seat.next == NONE);
        seat.spot = spot.0;
        seat.row.put(spot);
        fronts.put(spot.0, &seat.row);
    }

    /// Takes one off its square.
    // Always: a call would cost as much as what it does.
    #[inline(always)]
    pub fn take_off(&mut self, who: u32) {
        let Self { seats, heads, vacant, fronts, .. } = self;
        let Seat { spot, next: after, .. } = seats[who as usize];
        let Some(head) = heads.get_mut(spot as usize) else { moved_in_spite(seats[who as usize].id) };
        if *head == who {
            *head = after;
            *vacant += u32::from(after == NONE);
            if fronts.is_kept() {
                fronts.uncover(spot, after, seats);
            }
            return;
        }
        let mut before = *head;
        while seats[before as usize].next != who {
            before = seats[before as usize].next;
        }
        seats[before as usize].next = after;
    }

    /// One who stands nowhere is not there any more.
    pub fn forget(&mut self, who: u32) {
        self.seats[who as usize].spot = GONE;
        self.present -= 1;
    }

    /// The row of one, to be changed.
    #[inline]
    pub fn row_mut(&mut self, who: u32) -> &mut T {
        if self.fronts.is_kept() {
            self.fronts.change(who, &self.seats, &self.heads);
        }
        &mut self.seats[who as usize].row
    }

    /// Whether its row says where it is, as it should, if it is there.
    #[inline]
    pub fn is_in_place(seat: &Seat<T>) -> bool {
        // No branch on who is gone: nobody could foretell it.
        (seat.spot == seat.row.at().0) | !seat.is_there()
    }
}

#[cold]
fn moved_in_spite(gone: AgentId) -> ! {
    panic!("agent {} was removed, and is moved", gone.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placed;

    placed! {
        struct Pawn { at: Spot, nth: u32 }
    }

    #[test]
    fn who_is_seated_in_another_order_than_that_of_ids_is_noticed() {
        let nobody = AgentId::NONE.0;
        let ids = [5, 3, 9, nobody, 0, 3, nobody - 1];
        let mut table = Table::default();
        let mut seated = |slots: &[u32]| {
            table.slots = slots.to_vec();
            table.begin(4, |slot| (AgentId(ids[slot as usize]), Pawn { at: Spot(slot % 4), nth: slot }))
        };
        for right in [&[][..], &[1], &[4, 1, 0, 2], &[0, 6]] {
            assert!(seated(right), "{right:?}");
        }
        for wrong in [&[0, 1][..], &[1, 5], &[3], &[2, 3], &[3, 4], &[4, 1, 0, 2, 1], &[6, 3]] {
            assert!(!seated(wrong), "{wrong:?}");
        }
    }
}

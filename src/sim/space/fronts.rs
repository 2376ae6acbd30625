//! The rows of those who stand first on the squares of a board, side by side: to count who is around a square, one look
//! at each square is enough, where its first one's number and then that one's row would be two.

use std::cell::{Cell, Ref, RefCell};

use super::table::{NONE, Seat};

/// By square: the row of the first who stands there. Where nobody stands, somebody's.
pub(super) struct Fronts<T> {
    rows: RefCell<Vec<T>>,
    /// On boards where nothing is counted they would be of no use.
    is_kept: Cell<bool>,
    /// Whose row may have been changed since.
    changed: Cell<u32>,
}

impl<T> Default for Fronts<T> {
    fn default() -> Self {
        Self { rows: RefCell::default(), is_kept: Cell::new(false), changed: Cell::new(NONE) }
    }
}

impl<T: Copy> Fronts<T> {
    /// All of them, from now on kept; `None` if nobody stands anywhere and nobody ever did.
    #[inline]
    pub fn rows(&self, seats: &[Seat<T>], heads: &[u32]) -> Option<Ref<'_, Vec<T>>> {
        if !self.is_kept() {
            self.keep(seats, heads)?;
        } else if self.changed.get() != NONE {
            self.update(seats, heads);
        }
        Some(self.rows.borrow())
    }

    /// Whether they are kept.
    #[inline]
    pub fn is_kept(&self) -> bool {
        self.is_kept.get()
    }

    #[cold]
    fn keep(&self, seats: &[Seat<T>], heads: &[u32]) -> Option<()> {
        let anybody = seats.first()?.row;
        let first = |&head: &u32| seats.get(head as usize).map_or(anybody, |seat| seat.row);
        self.rows.replace(heads.iter().map(first).collect());
        self.is_kept.set(true);
        Some(())
    }

    /// Brings the one up to date that may have been changed, if it stands first.
    fn update(&self, seats: &[Seat<T>], heads: &[u32]) {
        let who = self.changed.replace(NONE);
        let Seat { row, spot, .. } = &seats[who as usize];
        if heads.get(*spot as usize) == Some(&who) {
            self.rows.borrow_mut()[*spot as usize] = *row;
        }
    }

    /// All are put anew.
    pub fn begin(&mut self) {
        self.changed.set(NONE);
    }

    /// Somebody is the first on a square now.
    #[inline]
    pub fn put(&mut self, spot: u32, row: &T) {
        if self.is_kept() {
            self.rows.get_mut()[spot as usize] = *row;
        }
    }

    /// The first one on a square is another, if anybody.
    // Not inlined: on most boards nothing is counted, and whether somebody is left nobody could foretell.
    #[inline(never)]
    pub fn uncover(&mut self, spot: u32, first: u32, seats: &[Seat<T>]) {
        if let Some(seat) = seats.get(first as usize) {
            self.put(spot, &seat.row);
        }
    }

    /// Somebody's row is about to be changed, after that of the one before.
    // Not inlined: rows are changed in many places, and on most boards nothing is counted.
    #[inline(never)]
    pub fn change(&self, who: u32, seats: &[Seat<T>], heads: &[u32]) {
        if self.changed.get() != NONE {
            self.update(seats, heads);
        }
        self.changed.set(who);
    }
}

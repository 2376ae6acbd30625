//! Acquaintance: strengthened by meetings, faded by the days between them, bounded.

use super::rows::{CONTACT_COUNT, Contacts};
use crate::base::AgentId;

impl Contacts {
    /// Nobody.
    pub const NOBODY: Self =
        Self { who: [AgentId::NONE.0; CONTACT_COUNT], strength: [0; CONTACT_COUNT], day: [0; CONTACT_COUNT] };

    /// How close the contact at an index is on a day of the run: 0 to 255. `fade` is lost a day, in 16ths.
    #[inline]
    pub fn closeness(&self, index: usize, day: u32, fade: u32) -> u32 {
        let days = (day as u8).wrapping_sub(self.day[index]) as u32;
        (self.strength[index] as u32).saturating_sub((days * fade) >> 4)
    }

    /// Where somebody stands in the list.
    #[inline]
    pub fn find(&self, who: AgentId) -> Option<usize> {
        self.who.iter().position(|&known| known == who.0)
    }

    /// A meeting: the contact grows by `gain`. A stranger takes an empty place, or that of the weakest if that one is
    /// not closer than `gain`; else the weakest fades by a 16th and the stranger is forgotten.
    pub fn meet(&mut self, who: AgentId, day: u32, gain: u32, fade: u32) {
        let today = day as u8;
        if let Some(index) = self.find(who) {
            self.strength[index] = (self.closeness(index, day, fade) + gain).min(255) as u8;
            self.day[index] = today;
            return;
        }
        let (mut weakest, mut least) = (0, u32::MAX);
        for index in 0..CONTACT_COUNT {
            let vacant = self.who[index] == AgentId::NONE.0;
            let closeness = if vacant { 0 } else { self.closeness(index, day, fade) + 1 };
            if closeness < least {
                (weakest, least) = (index, closeness);
            }
        }
        if least <= gain + 1 {
            self.who[weakest] = who.0;
            self.strength[weakest] = gain.min(255) as u8;
            self.day[weakest] = today;
        } else {
            self.strength[weakest] -= self.strength[weakest] >> 4;
        }
    }

    /// The closer of two contacts picked by a random word; `AgentId::NONE` if both places are empty.
    #[inline]
    pub fn pick(&self, word: u32, day: u32, fade: u32) -> AgentId {
        let (a, b) = ((word & 7) as usize, (word >> 3 & 7) as usize);
        let closeness = |index| if self.who[index] == u32::MAX { 0 } else { self.closeness(index, day, fade) + 1 };
        AgentId(if closeness(a) >= closeness(b) { self.who[a] } else { self.who[b] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_bounded_and_the_weakest_gives_way() {
        let mut contacts = Contacts::NOBODY;
        for who in 0..8 {
            for _ in 0..=who {
                contacts.meet(AgentId(who), 0, 20, 16);
            }
        }
        assert_eq!(contacts.strength, [20, 40, 60, 80, 100, 120, 140, 160]);
        contacts.meet(AgentId(99), 0, 20, 16);
        assert_eq!(contacts.who[0], 99, "a contact no closer than a first meeting gives way");
        contacts.meet(AgentId(98), 10, 20, 16);
        assert_eq!(contacts.who[0], 98, "ten days have faded the weakest");
        assert_eq!(contacts.closeness(7, 10, 16), 150);
        assert_eq!(contacts.closeness(7, 250, 16), 0);
        contacts.meet(AgentId(7), 10, 200, 16);
        assert_eq!(contacts.strength[7], 255);
    }

    #[test]
    fn picking_prefers_the_closer() {
        let mut contacts = Contacts::NOBODY;
        assert_eq!(contacts.pick(0b001_000, 0, 16), AgentId::NONE);
        contacts.meet(AgentId(5), 0, 20, 16);
        contacts.meet(AgentId(6), 0, 90, 16);
        assert_eq!(contacts.pick(0b001_000, 0, 16), AgentId(6));
        assert_eq!(contacts.pick(0b000_001, 0, 16), AgentId(6));
        assert_eq!(contacts.pick(0b000_111, 0, 16), AgentId(5));
    }
}

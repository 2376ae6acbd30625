//! The small vocabularies of the city, each stored as a `u8`.

macro_rules! vocabulary {
    ($(#[$outer:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// All of them, in the order of their codes.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$variant),*];

            /// The code as an index.
            #[inline]
            pub const fn index(self) -> usize {
                self as usize
            }

            /// The one with that code; `None` for codes that stand for nothing.
            #[inline]
            pub fn from_code(code: u8) -> Option<Self> {
                Self::ALL.get(code as usize).copied()
            }

            /// The name used in parameters, files and tables.
            pub const fn name(self) -> &'static str {
                [$($text),*][self as usize]
            }
        }
    };
}

vocabulary! {
    /// The needs, in the order of `Body::needs`.
    Need {
        /// Satisfied by eating.
        Hunger = "hunger",
        /// Satisfied by sleep.
        Energy = "energy",
        /// Satisfied by washing.
        Hygiene = "hygiene",
        /// Satisfied by company.
        Social = "social",
        /// Satisfied by leisure.
        Fun = "fun",
        /// Satisfied by rest at home.
        Comfort = "comfort",
    }
}

/// How many needs there are.
pub const NEED_COUNT: usize = Need::ALL.len();

vocabulary! {
    /// What a resident does.
    Activity {
        /// In bed.
        Sleep = "sleep",
        /// In the bathroom.
        Wash = "wash",
        /// At a table: at home, at work, at school or in a restaurant.
        Eat = "eat",
        /// On the way, to do `Body::pending`.
        Travel = "travel",
        /// At work.
        Work = "work",
        /// At school or college.
        School = "school",
        /// In a shop.
        Shop = "shop",
        /// At home, with a television set of 1999.
        Leisure = "leisure",
        /// In a park or a venue.
        Outing = "outing",
        /// With others, at home or in a venue.
        Socialise = "socialise",
        /// Cleaning, cooking, caring.
        Chores = "chores",
        /// Doing nothing, at home.
        Rest = "rest",
    }
}

/// How many activities there are.
pub const ACTIVITY_COUNT: usize = Activity::ALL.len();

vocabulary! {
    /// What a resident lives on.
    Role {
        /// Not of school age yet.
        Child = "child",
        /// At school.
        Pupil = "pupil",
        /// At college.
        Student = "student",
        /// With a job.
        Worker = "worker",
        /// Neither in a job nor retired: keeping house, looking for work, unable to work.
        Home = "home",
        /// On a pension.
        Retired = "retired",
    }
}

vocabulary! {
    /// How a resident travels.
    Mode {
        /// On foot.
        Walk = "walk",
        /// By subway, bus or train.
        Transit = "transit",
        /// By car or taxi.
        Car = "car",
    }
}

vocabulary! {
    /// What a place is.
    PlaceKind {
        /// The houses of a zone together: takes rents, pays benefits.
        Housing = "housing",
        /// Where people work.
        Workplace = "workplace",
        /// A school or college.
        School = "school",
        /// A shop.
        Shop = "shop",
        /// A restaurant or diner.
        Restaurant = "restaurant",
        /// A park or playground.
        Park = "park",
        /// A bar, cinema, church, club or gymnasium.
        Venue = "venue",
        /// Where tills are settled every night.
        Bank = "bank",
    }
}

/// How many kinds of places there are.
pub const PLACE_KIND_COUNT: usize = PlaceKind::ALL.len();

vocabulary! {
    /// What a note says. `x`, `y`, `who`, `cents` and `value` are those of `Note`; what is not named is zero.
    NoteKind {
        /// Resident to place: I have come. `x` the activity, `y` the valence, `cents` what is paid.
        CheckIn = "check_in",
        /// Resident to place: I leave. `value` the cents of wage that the finished shift has earned.
        CheckOut = "check_out",
        /// Resident to place: your refusal reached me after I had left, and my leaving was counted wrongly.
        Correct = "correct",
        /// Place to resident: no room, or closed. `cents` are given back.
        Refuse = "refuse",
        /// Place to resident: `who` is here too. `x` the kind of place, `y` its mood.
        Introduce = "introduce",
        /// Resident to resident: a few words. `x` 1 where an answer is wanted, `y` the valence.
        Greet = "greet",
        /// Resident to resident: come to `who`, a venue.
        Invite = "invite",
        /// Workplace to resident: `cents` of wage.
        Wage = "wage",
        /// Resident to housing: `cents` of rent, `value` cents of benefit claimed.
        Rent = "rent",
        /// Housing to resident: `cents` of pension, benefit or allowance.
        Benefit = "benefit",
        /// Place to bank: `cents` of the till, less than zero for a debt that the bank takes over.
        Settle = "settle",
    }
}

vocabulary! {
    /// What is counted while residents live.
    Tally {
        /// Two residents met.
        Meeting = "meetings",
        /// A trip began.
        Trip = "trips",
        /// A trip led into another zone.
        Crossing = "crossings",
        /// A critical need ended an activity early.
        Critical = "critical",
        /// A place turned a resident away.
        Refusal = "refusals",
        /// An invitation was accepted.
        Accepted = "invitations_accepted",
    }
}

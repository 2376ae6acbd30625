//! Who lives where: residents by age and sex, and households by size, for each zone, as the census counted or as
//! stated.

use super::atlas::{Atlas, BOROUGH_COUNT, BOROUGHS};
use super::builtin;
use super::file::Table;
use crate::base::apportion;
use crate::scenarios::city::CityParams;
use crate::sim::RunError;

/// Residents of the city on 1 April 2000.
pub const FULL_POPULATION: u64 = 8_008_278;

/// Age bands of the census tables: name, first and last year. Nobody is given more than 94 years.
pub const AGE_BANDS: [(&str, u8, u8); 8] = [
    ("0_4", 0, 4),
    ("5_17", 5, 17),
    ("18_21", 18, 21),
    ("22_29", 22, 29),
    ("30_39", 30, 39),
    ("40_49", 40, 49),
    ("50_64", 50, 64),
    ("65_up", 65, 94),
];

/// Sizes of households that are counted apart: 1 to 6, and 7 or more.
pub const HOUSEHOLD_SIZES: usize = 7;

/// What a population file has to be.
const POPULATION_FILE: &str = "a CSV with a row for each census tract and the columns geoid, pop, male, female, \
                               age_0_4, age_5_17, age_18_21, age_22_29, age_30_39, age_40_49, age_50_64, age_65_up, \
                               hh_1 to hh_6, hh_7plus, employed_20_64";

/// The counts of one zone.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tract {
    /// Residents.
    pub residents: u32,
    /// Of them male.
    pub males: u32,
    /// By [`AGE_BANDS`].
    pub ages: [u32; 8],
    /// Households of 1 to 6 and of 7 or more.
    pub households: [u32; HOUSEHOLD_SIZES],
    /// Residents in no household: in group quarters.
    pub in_groups: u32,
    /// A weight for those at work: counted, or by age.
    pub workers: u32,
}

/// The counts of all zones, in their order.
pub struct Census {
    /// By zone.
    pub tracts: Vec<Tract>,
    /// What was approximated, for the reader of the results.
    pub note: Option<String>,
}

impl Census {
    /// The built-in approximation, or the counts in a file if `path` names one.
    ///
    /// # Errors
    /// A file that is missing, empty, cut short or of another form; whose tracts are not the map's; or whose counts do
    /// not add up.
    pub fn open(path: &str, atlas: &Atlas, params: &CityParams) -> Result<Self, RunError> {
        if path.is_empty() {
            return Self::derive(atlas, params);
        }
        Self::read(&Table::read(path, POPULATION_FILE)?, path, atlas)
    }

    /// From the published counts of boroughs and districts: spread over the tracts by land area, with the same shares
    /// of ages, sexes and household sizes everywhere.
    fn derive(atlas: &Atlas, params: &CityParams) -> Result<Self, RunError> {
        let mut tracts = vec![Tract::default(); atlas.len()];
        for cell in builtin::cells() {
            let borough = BOROUGHS.iter().position(|&(_, county)| county == cell.county);
            let members: Vec<usize> = (0..atlas.len())
                .filter(|&zone| {
                    Some(atlas.zones[zone].borough as usize) == borough && atlas.zones[zone].district == cell.district
                })
                .collect();
            let land: Vec<u64> = members.iter().map(|&zone| (atlas.zones[zone].land_km2 * 1e6) as u64).collect();
            if land.iter().sum::<u64>() == 0 {
                return Err(RunError::Input(format!(
                    "the map has no tract of county {} in district {}: a map of one's own needs a population file",
                    cell.county, cell.district
                )));
            }
            for (zone, residents) in members.into_iter().zip(apportion(cell.population, &land)) {
                tracts[zone].residents = residents as u32;
            }
        }
        let share = |name: &str| (params.number(name) * 1e6).round() as u64;
        let ages = AGE_BANDS.map(|(band, _, _)| share(&format!("people.age.{band}")));
        let sizes: [u64; HOUSEHOLD_SIZES] =
            std::array::from_fn(|size| share(&format!("people.household.{}", size + 1)));
        let at_work = [0, 0, 1, 2, 2, 2, 2, 0].map(|weight| weight * 100_000);
        let mut carry = Carry::default();
        for tract in &mut tracts {
            let residents = tract.residents as u64;
            tract.ages = carry.ages.split(residents, &ages);
            tract.males = carry.males.split(residents, &[share("people.male"), 1_000_000 - share("people.male")])[0];
            let in_groups = share("people.in_groups");
            tract.in_groups = carry.in_groups.split(residents, &[in_groups, 1_000_000 - in_groups])[0];
            let households = (residents as f64 * params.number("people.households")).round() as u64;
            tract.households = carry.households.split(households, &sizes);
            tract.workers =
                tract.ages.iter().zip(at_work).map(|(&age, weight)| (age as u64 * weight / 100_000) as u32).sum();
        }
        let note = "residents: published counts of boroughs and districts, spread over the tracts by land area; ages, \
                    sexes and household sizes alike everywhere (--population FILE takes the counts of each tract)";
        Ok(Self { tracts, note: Some(note.to_owned()) })
    }

    fn read(table: &Table, path: &str, atlas: &Atlas) -> Result<Self, RunError> {
        let geoid = table.column("geoid")?;
        let residents = table.column("pop")?;
        let (male, female) = (table.column("male")?, table.column("female")?);
        let mut ages = [0; 8];
        for (column, (band, _, _)) in ages.iter_mut().zip(AGE_BANDS) {
            *column = table.column(&format!("age_{band}"))?;
        }
        let mut sizes = [0; HOUSEHOLD_SIZES];
        for (index, column) in sizes.iter_mut().enumerate() {
            *column = table.column(&if index < 6 { format!("hh_{}", index + 1) } else { "hh_7plus".to_owned() })?;
        }
        let workers = table.column("employed_20_64")?;
        let mut tracts: Vec<Option<Tract>> = vec![None; atlas.len()];
        for row in table.rows() {
            let count = |column| row.number::<u32>(column, "a count of residents or households");
            let code: u64 = row.number(geoid, "the 11-digit geoid of a tract")?;
            let zone = atlas.zones.binary_search_by_key(&code, |zone| zone.geoid);
            let zone = zone.map_err(|_| row.error(geoid, &format!("the map has no tract {code}")))?;
            let mut tract = Tract { residents: count(residents)?, males: count(male)?, ..Tract::default() };
            for (count_of, &column) in tract.ages.iter_mut().zip(&ages) {
                *count_of = count(column)?;
            }
            for (count_of, &column) in tract.households.iter_mut().zip(&sizes) {
                *count_of = count(column)?;
            }
            tract.workers = count(workers)?;
            let sum = |counts: &[u32]| counts.iter().map(|&count| count as u64).sum::<u64>();
            if tract.males as u64 + count(female)? as u64 != tract.residents as u64 {
                return Err(row.error(residents, "`male` and `female` do not add up to the residents"));
            }
            if sum(&tract.ages) != tract.residents as u64 {
                return Err(row.error(residents, "the eight age bands do not add up to the residents"));
            }
            let least: u64 = tract.households.iter().zip(1..).map(|(&count, size)| count as u64 * size).sum();
            if least > tract.residents as u64 {
                let what = format!("its households have room for {least} residents at least, more than there are");
                return Err(row.error(residents, &what));
            }
            if sum(&tract.households) > sum(&tract.ages[2..]) {
                return Err(row.error(residents, "it has more households than grown-ups"));
            }
            // Those beyond seven are in the large households, up to one and a half for each; the rest in none.
            let beyond = tract.residents - least as u32;
            tract.in_groups = beyond - beyond.min(tract.households[6] * 3 / 2);
            if tracts[zone].replace(tract).is_some() {
                return Err(row.error(geoid, &format!("tract {code} stands there twice")));
            }
        }
        if let Some(zone) = tracts.iter().position(Option::is_none) {
            let missing = tracts.iter().filter(|tract| tract.is_none()).count();
            return Err(RunError::Input(format!(
                "{path}: {missing} of the map's {} tracts have no row, among them {}: is the file cut short?",
                atlas.len(),
                atlas.zones[zone].geoid
            )));
        }
        Ok(Self { tracts: tracts.into_iter().flatten().collect(), note: None })
    }

    /// Makes a district `factor` times as dense.
    pub fn crowd(&mut self, district: u16, factor: f64, atlas: &Atlas) {
        if factor == 1.0 {
            return;
        }
        let mut carry = Carry::default();
        for (tract, zone) in self.tracts.iter_mut().zip(&atlas.zones) {
            if zone.district == district {
                *tract = tract.scaled((tract.residents as f64 * factor) as u64, &mut carry);
            }
        }
    }

    /// The same city with `total` residents: boroughs first, then districts within them, then tracts, each by largest
    /// remainder. With the counted total nothing changes.
    pub fn scaled(&self, total: u64, atlas: &Atlas) -> Vec<Tract> {
        let counted: u64 = self.tracts.iter().map(|tract| tract.residents as u64).sum();
        if counted == total {
            return self.tracts.clone();
        }
        let mut scaled = vec![0; self.tracts.len()];
        let of = |zones: &[usize]| zones.iter().map(|&zone| self.tracts[zone].residents as u64).sum::<u64>();
        let group = |zones: Vec<usize>, key: &dyn Fn(usize) -> u16| {
            let mut groups: std::collections::BTreeMap<u16, Vec<usize>> = Default::default();
            zones.into_iter().for_each(|zone| groups.entry(key(zone)).or_default().push(zone));
            groups.into_values().collect::<Vec<_>>()
        };
        let split = |total: u64, groups: &[Vec<usize>]| {
            apportion(total, &groups.iter().map(|zones| of(zones)).collect::<Vec<_>>())
        };
        let boroughs = group((0..atlas.len()).collect(), &|zone| atlas.zones[zone].borough as u16);
        debug_assert!(boroughs.len() <= BOROUGH_COUNT);
        for (share, zones) in split(total, &boroughs).into_iter().zip(boroughs) {
            let districts = group(zones, &|zone| atlas.zones[zone].district);
            for (share, zones) in split(share, &districts).into_iter().zip(districts) {
                let weights: Vec<u64> = zones.iter().map(|&zone| self.tracts[zone].residents as u64).collect();
                for (zone, residents) in zones.into_iter().zip(apportion(share, &weights)) {
                    scaled[zone] = residents;
                }
            }
        }
        let mut carry = Carry::default();
        let scaled = self.tracts.iter().zip(scaled);
        scaled.map(|(tract, residents)| tract.scaled(residents, &mut carry)).collect()
    }
}

/// Whether a population file's text can be read for a map's, and how many live in it when `total` are asked for. For
/// those who throw bytes at it.
///
/// # Errors
/// What is wrong with one of them.
#[doc(hidden)]
pub fn try_population(text: &str, map: &str, total: u64) -> Result<u64, RunError> {
    let atlas = Atlas::parse(map, "map")?;
    let census = Census::read(&Table::parse(text, "population", POPULATION_FILE)?, "population", &atlas)?;
    Ok(census.scaled(total, &atlas).iter().map(|tract| tract.residents as u64).sum())
}

/// What rounding has left over, class by class, in the zones before: a tract of five residents cannot have 17.5%
/// pupils, but the city has.
#[derive(Default)]
struct Carry {
    ages: Remainders<8>,
    males: Remainders<2>,
    households: Remainders<HOUSEHOLD_SIZES>,
    in_groups: Remainders<2>,
    counts: Remainders<2>,
    workers: Remainders<2>,
}

/// Remainders in 2^-20.
struct Remainders<const N: usize>([i64; N]);

impl<const N: usize> Default for Remainders<N> {
    fn default() -> Self {
        Self([0; N])
    }
}

impl<const N: usize> Remainders<N> {
    /// Splits `total` by weight into whole numbers that add up to it, and remembers what each class has lost or gained,
    /// so that the next split makes up for it. A class without weight gets nothing. With `total` the sum of the
    /// weights, the first split is the weights themselves.
    fn split(&mut self, total: u64, weights: &[u64; N]) -> [u32; N] {
        const ONE: i64 = 1 << 20;
        let sum: u64 = weights.iter().sum();
        if sum == 0 || total == 0 {
            return [0; N];
        }
        let quotas: [i64; N] =
            std::array::from_fn(|class| ((weights[class] as u128 * total as u128 * ONE as u128) / sum as u128) as i64);
        let wanted: [i64; N] = std::array::from_fn(|class| quotas[class] + self.0[class]);
        let mut parts: [i64; N] =
            std::array::from_fn(|class| if weights[class] > 0 { wanted[class].div_euclid(ONE).max(0) } else { 0 });
        let with_weight = |class: &usize| weights[*class] > 0;
        loop {
            let given: i64 = parts.iter().sum();
            let short = |class: &usize| (wanted[*class] - parts[*class] * ONE, std::cmp::Reverse(*class));
            if given < total as i64 {
                let class = (0..N).filter(with_weight).max_by_key(short).expect("some class has weight");
                parts[class] += 1;
            } else if given > total as i64 {
                let class = (0..N).filter(|&class| parts[class] > 0).min_by_key(short).expect("some class has members");
                parts[class] -= 1;
            } else {
                break;
            }
        }
        for class in 0..N {
            self.0[class] = wanted[class] - parts[class] * ONE;
        }
        parts.map(|part| part as u32)
    }
}

impl Tract {
    fn scaled(&self, residents: u64, carry: &mut Carry) -> Self {
        let all = self.residents as u64;
        // A count of something that goes with the residents: `count` of `all` becomes the same share of `residents`.
        let of = |remainders: &mut Remainders<2>, count: u32| {
            remainders.split(residents, &[count as u64, all.saturating_sub(count as u64)])[0]
        };
        let mut ages = carry.ages.split(residents, &self.ages.map(u64::from));
        if residents > 0 && ages[2..].iter().all(|&count| count == 0) {
            // Too few for a share of everybody: whoever it is has to be grown up. Others make up for the children.
            let grown_up = 4;
            for (class, &children) in ages[..2].iter().enumerate() {
                carry.ages.0[class] += (children as i64) << 20;
                carry.ages.0[grown_up] -= (children as i64) << 20;
            }
            ages = [0; 8];
            ages[grown_up] = residents as u32;
        }
        let households: u32 = self.households.iter().sum();
        let count = of(&mut carry.counts, households);
        let mut in_groups = of(&mut carry.in_groups, self.in_groups);
        // Rounding puts no child into group quarters where none was counted.
        let spare = |ages: &[u32; 8], homes: u32| ages[2..].iter().sum::<u32>().saturating_sub(homes);
        if self.in_groups <= spare(&self.ages, households) && in_groups > spare(&ages, count) {
            let over = in_groups - spare(&ages, count);
            in_groups -= over;
            carry.in_groups.0[0] += (over as i64) << 20;
            carry.in_groups.0[1] -= (over as i64) << 20;
        }
        Self {
            residents: residents as u32,
            males: of(&mut carry.males, self.males),
            ages,
            households: carry.households.split(count as u64, &self.households.map(u64::from)),
            in_groups,
            workers: of(&mut carry.workers, self.workers),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Params;

    fn derived() -> (Atlas, Census) {
        let atlas = Atlas::open("").unwrap();
        let census = Census::open("", &atlas, &CityParams::defaults()).unwrap();
        (atlas, census)
    }

    #[test]
    fn boroughs_and_districts_have_their_published_counts() {
        let (atlas, census) = derived();
        let tracts = census.scaled(FULL_POPULATION, &atlas);
        let count = |keep: &dyn Fn(usize) -> bool| {
            (0..atlas.len()).filter(|&zone| keep(zone)).map(|zone| tracts[zone].residents as u64).sum::<u64>()
        };
        for (borough, published) in [1_332_650, 2_465_326, 1_537_195, 2_229_379, 443_728].into_iter().enumerate() {
            assert_eq!(
                count(&|zone| atlas.zones[zone].borough as usize == borough),
                published,
                "{}",
                BOROUGHS[borough].0
            );
        }
        let mut reader = csv::Reader::from_reader(include_str!("../../../../assets/city/districts.csv").as_bytes());
        let districts: Vec<(u16, String, u64)> = reader.deserialize().map(Result::unwrap).collect();
        assert_eq!(districts.len(), 59);
        for (district, name, published) in districts {
            assert_eq!(count(&|zone| atlas.zones[zone].district == district), published, "{name}");
        }
    }

    #[test]
    fn any_number_of_agents_has_the_same_shares() {
        let (atlas, census) = derived();
        for total in [1, 30, 372, 100_000, 1_000_000, 20_000_000] {
            let tracts = census.scaled(total, &atlas);
            assert_eq!(tracts.iter().map(|tract| tract.residents as u64).sum::<u64>(), total);
            for tract in &tracts {
                assert_eq!(tract.ages.iter().sum::<u32>(), tract.residents);
                assert!(tract.males <= tract.residents);
            }
            if total >= 100_000 {
                // Small tracts do not bend the shares of the city.
                for (band, (name, _, _)) in AGE_BANDS.into_iter().enumerate() {
                    let count = |tracts: &[Tract]| tracts.iter().map(|tract| tract.ages[band] as f64).sum::<f64>();
                    let quota = count(&census.tracts) * total as f64 / FULL_POPULATION as f64;
                    assert!((count(&tracts) - quota).abs() < 0.002 * quota + 20.0, "{total}: {name}");
                }
            }
            for borough in 0..BOROUGH_COUNT {
                let here = |tracts: &[Tract]| {
                    let zones = (0..atlas.len()).filter(|&zone| atlas.zones[zone].borough as usize == borough);
                    zones.map(|zone| tracts[zone].residents as f64).sum::<f64>()
                };
                let quota = here(&census.tracts) * total as f64 / FULL_POPULATION as f64;
                assert!((here(&tracts) - quota).abs() < 1.0, "{total}: borough {borough}");
            }
        }
    }
}

//! The map: zones with outline, borough, district, middle and land area; which zones are near which.

use std::sync::LazyLock;

use serde::Deserialize;

use super::builtin;
use super::file::read_text;
use crate::base::{LonLat, Metres, MultiPolygon, Polygon};
use crate::sim::RunError;

/// The boroughs in the order of their counties' codes, with the code.
pub const BOROUGHS: [(&str, u32); BOROUGH_COUNT] =
    [("Bronx", 36_005), ("Brooklyn", 36_047), ("Manhattan", 36_061), ("Queens", 36_081), ("Staten Island", 36_085)];

/// How many there are.
pub const BOROUGH_COUNT: usize = 5;

/// How many zones are near one, itself first.
const NEAR_COUNT: usize = 24;

/// Metres within which most zones have that many.
const FIRST_REACH: u64 = 1_500;

/// What a map file has to be.
const MAP_FILE: &str = "a GeoJSON FeatureCollection of Polygons and MultiPolygons in WGS84, each with the 11-digit \
                        `geoid` of a census tract";

/// A zone: a census tract of 2000.
#[derive(Clone, PartialEq, Debug)]
pub struct Zone {
    /// The 11-digit code of the tract.
    pub geoid: u64,
    /// Index into [`BOROUGHS`].
    pub borough: u8,
    /// The community district, borough x 100 + number; 0 for land outside the 59.
    pub district: u16,
    /// The middle.
    pub middle: Metres,
    /// Land area in km2.
    pub land_km2: f64,
}

/// The map.
pub struct Atlas {
    /// By geoid.
    pub zones: Vec<Zone>,
    near: Vec<[u16; NEAR_COUNT]>,
    /// Metres of a typical way inside the zone.
    within: Vec<u32>,
}

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Properties {
    geoid: String,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Vec<[f64; 2]>>),
    MultiPolygon(Vec<Vec<Vec<[f64; 2]>>>),
}

impl Geometry {
    fn shape(self) -> Result<MultiPolygon, String> {
        let polygons = match self {
            Self::Polygon(rings) => vec![rings],
            Self::MultiPolygon(polygons) => polygons,
        };
        let ring = |ring: Vec<[f64; 2]>| ring.into_iter().map(|[lon, lat]| LonLat { lon, lat }).collect();
        let polygon = |rings: Vec<_>| Polygon::new(rings.into_iter().map(ring).collect());
        let polygons: Result<Vec<_>, _> = polygons.into_iter().map(polygon).collect();
        MultiPolygon::new(polygons.map_err(|error| error.to_string())?).map_err(|error| error.to_string())
    }
}

impl Atlas {
    /// The built-in map, or the one in a GeoJSON file if `path` names one.
    ///
    /// # Errors
    /// A file that is missing, empty, cut short, of another form, or of another place.
    pub fn open(path: &str) -> Result<Self, RunError> {
        if path.is_empty() {
            return Self::parse(builtin::TRACT_SHAPES, "the built-in map");
        }
        Self::parse(&read_text(path, MAP_FILE)?, path)
    }

    pub(super) fn parse(text: &str, name: &str) -> Result<Self, RunError> {
        let fail = |what: String| RunError::Input(format!("{name}: {what}; {MAP_FILE} is wanted"));
        let collection: Collection = serde_json::from_str(text).map_err(|error| fail(error.to_string()))?;
        static FACTS: LazyLock<Vec<builtin::TractFacts>> = LazyLock::new(builtin::tracts);
        let facts = &*FACTS;
        let mut zones = Vec::with_capacity(collection.features.len());
        for (index, feature) in collection.features.into_iter().enumerate() {
            let Feature { properties: Properties { geoid }, geometry } = feature;
            let at = |what: &str| fail(format!("feature {}, `{geoid}`: {what}", index + 1));
            let code: u64 =
                geoid.parse().ok().filter(|_| geoid.len() == 11).ok_or_else(|| at("the geoid has not 11 digits"))?;
            let county = (code / 1_000_000) as u32;
            let borough = BOROUGHS.iter().position(|&(_, known)| known == county);
            let borough = borough.ok_or_else(|| at("the county is none of New York's five"))?;
            let shape = geometry.shape().map_err(|error| at(&error))?;
            let known = facts.binary_search_by_key(&code, |fact| fact.geoid).ok().map(|found| &facts[found]);
            zones.push(Zone {
                geoid: code,
                borough: borough as u8,
                district: known.map_or(0, |fact| fact.district),
                middle: shape.centroid().to_metres(),
                land_km2: known.map_or_else(|| shape.area_km2(), |fact| fact.land_km2),
            });
        }
        if zones.is_empty() {
            return Err(fail("there is no feature".to_owned()));
        }
        if zones.len() > u16::MAX as usize {
            return Err(fail(format!("there are {} features, at most 65,535 fit", zones.len())));
        }
        zones.sort_by_key(|zone| zone.geoid);
        if let Some(pair) = zones.windows(2).find(|pair| pair[0].geoid == pair[1].geoid) {
            return Err(fail(format!("tract {} stands there twice", pair[0].geoid)));
        }
        Ok(Self::of(zones))
    }

    fn of(zones: Vec<Zone>) -> Self {
        // A way inside a zone is, on average, about half the side of a square of its area.
        let within = zones.iter().map(|zone| (500.0 * zone.land_km2.sqrt()).max(100.0) as u32).collect();
        let wanted = NEAR_COUNT.min(zones.len());
        let middles: Vec<Metres> = zones.iter().map(|zone| zone.middle).collect();
        let mut others: Vec<u64> = Vec::new();
        let near = (0..zones.len())
            .map(|from| {
                let middle = middles[from];
                // There are five million pairs on the built-in map: those in a square first, and a larger one if it
                // does not hold the nearest for sure. A distance is in a word with its zone, which sorts fast.
                let mut reach = FIRST_REACH;
                loop {
                    let in_reach = |to: Metres| {
                        (to.x.abs_diff(middle.x) as u64) < reach && (to.y.abs_diff(middle.y) as u64) < reach
                    };
                    others.clear();
                    let inside = middles.iter().enumerate().filter(|&(_, &to)| in_reach(to));
                    others.extend(inside.map(|(zone, &to)| (metres(middle, to) as u64) << 16 | zone as u64));
                    let sure = others.iter().filter(|&word| word >> 16 < reach).count();
                    if sure >= wanted || others.len() == zones.len() {
                        break;
                    }
                    reach *= 2;
                }
                others.sort_unstable();
                let nearest = &mut others[..wanted];
                // The zone itself comes first, also where another has the same middle.
                let zone_of = |word: u64| word as u16;
                let own = nearest.iter().position(|&word| zone_of(word) as usize == from).unwrap_or(0);
                nearest[..=own].rotate_right(1);
                std::array::from_fn(|nth| zone_of(nearest[nth.min(wanted - 1)]))
            })
            .collect();
        Self { zones, near, within }
    }

    /// How many zones there are.
    pub fn len(&self) -> usize {
        self.zones.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.zones.is_empty()
    }

    /// Metres between the middles of two zones as the crow flies; half the side of a zone for a way inside it.
    #[inline]
    pub fn distance_m(&self, from: u16, to: u16) -> u32 {
        if from == to {
            return self.within[from as usize];
        }
        metres(self.zones[from as usize].middle, self.zones[to as usize].middle).max(self.within[from as usize])
    }

    /// The nth nearest zone, 0 the zone itself; beyond the last the last.
    #[inline]
    pub fn nearby(&self, zone: u16, nth: u32) -> u16 {
        self.near[zone as usize][(nth as usize).min(NEAR_COUNT - 1)]
    }

    /// The zone whose middle is nearest to a point.
    pub fn nearest(&self, point: LonLat, within: impl Fn(&Zone) -> bool) -> u16 {
        let point = point.to_metres();
        let zones = self.zones.iter().enumerate().filter(|(_, zone)| within(zone));
        zones.min_by_key(|(_, zone)| metres(point, zone.middle)).map_or(0, |(index, _)| index as u16)
    }
}

/// Whether a map's text can be read, and how many zones it has. For those who throw bytes at it.
///
/// # Errors
/// What is wrong with it.
#[doc(hidden)]
pub fn try_map(text: &str) -> Result<usize, RunError> {
    let atlas = Atlas::parse(text, "map")?;
    let last = atlas.len() as u16 - 1;
    let _ = (atlas.distance_m(0, last), atlas.nearby(last, 23));
    Ok(atlas.len())
}

/// [`Metres::distance`], by the processor's square root: a tenth of the instructions. Roots are exact, and squares
/// below 2^52, of distances within the Earth's girth, are too.
#[inline]
pub fn metres(from: Metres, to: Metres) -> u32 {
    let (x, y) = (from.x as f64 - to.x as f64, from.y as f64 - to.y as f64);
    (x * x + y * y).sqrt() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_map_is_new_york() {
        let atlas = Atlas::open("").unwrap();
        assert_eq!(atlas.len(), 2_217);
        let by_borough: Vec<usize> = (0..BOROUGH_COUNT as u8)
            .map(|borough| atlas.zones.iter().filter(|zone| zone.borough == borough).count())
            .collect();
        assert_eq!(by_borough, [355, 783, 296, 673, 110]);
        let land: f64 = atlas.zones.iter().map(|zone| zone.land_km2).sum();
        // 303 square miles of land (785 km2), by the Department of City Planning.
        assert!((740.0..830.0).contains(&land), "{land}");
        let districts: std::collections::BTreeSet<u16> = atlas.zones.iter().map(|zone| zone.district).collect();
        assert_eq!(districts.len(), 60, "59 and none");
        for zone in 0..atlas.len() as u16 {
            assert_eq!(atlas.nearby(zone, 0), zone);
            let far = zone.reverse_bits() as usize % atlas.len();
            let [here, there] = [zone as usize, far].map(|zone| atlas.zones[zone].middle);
            assert_eq!(metres(here, there), here.distance(there));
            let near: Vec<u32> = (1..24).map(|nth| atlas.distance_m(zone, atlas.nearby(zone, nth))).collect();
            assert!(near[0] <= near[22] && near[0] < 4_000, "{zone}: {near:?}");
        }
        let midtown = atlas.nearest(LonLat { lon: -73.983, lat: 40.755 }, |_| true);
        let downtown = atlas.nearest(LonLat { lon: -74.010, lat: 40.708 }, |_| true);
        assert_eq!((atlas.zones[midtown as usize].borough, atlas.zones[downtown as usize].borough), (2, 2));
        assert!((5_000..6_500).contains(&atlas.distance_m(midtown, downtown)));
    }

    #[test]
    fn bad_maps_are_named() {
        let message = |text: &str| Atlas::parse(text, "m.geojson").err().unwrap().to_string();
        assert!(message("{\"features\": [").contains("EOF while parsing a list at line 1 column 14"));
        assert!(message("{\"features\": []}").starts_with("m.geojson: there is no feature;"));
        assert!(message("{\"features\": 5}").contains("line 1 column 14"));
        let with = |geoid: &str, ring: &str| {
            let geometry = format!("{{\"type\":\"Polygon\",\"coordinates\":[{ring}]}}");
            message(&format!("{{\"features\":[{{\"properties\":{{\"geoid\":\"{geoid}\"}},\"geometry\":{geometry}}}]}}"))
        };
        let square = "[[-74,40.7],[-73.99,40.7],[-73.99,40.71],[-74,40.7]]";
        assert!(with("36005", square).contains("feature 1, `36005`: the geoid has not 11 digits"));
        assert!(with("34005000100", square).contains("the county is none of New York's five"));
        assert!(with("36005000100", "[[-74,40.7]]").contains("feature 1, `36005000100`: "));
        assert!(Atlas::open("no/such.geojson").err().unwrap().to_string().contains("there is no such file"));
    }
}

//! Places on the Earth: longitude and latitude, and a plane of whole metres about New York.
//!
//! Distances and areas are measured on the plane. It is equirectangular: a degree is the same number of metres
//! everywhere, east-west as at 40.7 degrees north. Over the city (40.49 to 40.92) the scale is off by at most 0.35%
//! east-west; against that, everything is integer arithmetic and the same on every machine.

/// A point in degrees on WGS 84. East and north are positive.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct LonLat {
    /// Degrees east of Greenwich, -180 to 180.
    pub lon: f64,
    /// Degrees north of the equator, -90 to 90.
    pub lat: f64,
}

/// A point in whole metres east (`x`) and north (`y`) of [`ORIGIN`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct Metres {
    /// Metres east.
    pub x: i32,
    /// Metres north.
    pub y: i32,
}

/// Where the plane touches the Earth: in the harbour of New York, off the Battery.
pub const ORIGIN: LonLat = LonLat { lon: -74.0, lat: 40.7 };

/// Metres of a degree of latitude at 40.7 north on the WGS 84 ellipsoid (meridional radius of curvature, times pi/180).
pub const METRES_PER_DEGREE_LAT: f64 = 111_048.113_672_287_51;

/// Metres of a degree of longitude at 40.7 north on the WGS 84 ellipsoid (prime vertical radius, times cos(40.7), times
/// pi/180).
pub const METRES_PER_DEGREE_LON: f64 = 84_515.507_734_074_27;

/// The mean radius of the Earth in metres (IUGG), for [`great_circle_metres`].
const EARTH_RADIUS_METRES: f64 = 6_371_008.8;

impl LonLat {
    /// The point at that longitude and latitude, in degrees.
    pub const fn new(lon: f64, lat: f64) -> Self {
        Self { lon, lat }
    }

    /// The nearest point of the plane. Saturates far from New York.
    pub fn to_metres(self) -> Metres {
        let (x, y) = plane(self);
        Metres { x: x.round() as i32, y: y.round() as i32 }
    }
}

impl Metres {
    /// The point so many metres east and north of [`ORIGIN`].
    pub const fn new(x: i32, y: i32) -> Self {
        Self { x, y }
    }

    /// The point in degrees.
    pub fn to_lon_lat(self) -> LonLat {
        LonLat {
            lon: ORIGIN.lon + self.x as f64 / METRES_PER_DEGREE_LON,
            lat: ORIGIN.lat + self.y as f64 / METRES_PER_DEGREE_LAT,
        }
    }

    /// Metres from here to there in a straight line, rounded down. Saturates at 2^32 - 1.
    #[inline]
    pub const fn distance(self, to: Self) -> u32 {
        let (x, y) = (self.x.abs_diff(to.x) as u64, self.y.abs_diff(to.y) as u64);
        (x * x).saturating_add(y * y).isqrt() as u32
    }

    /// Metres from here to there along the two axes, as streets run. Saturates at 2^32 - 1.
    #[inline]
    pub const fn street_distance(self, to: Self) -> u32 {
        self.x.abs_diff(to.x).saturating_add(self.y.abs_diff(to.y))
    }

    /// The point that is `done / whole` of the way from here to there, rounded toward here; there if `done >= whole`.
    #[inline]
    pub const fn toward(self, to: Self, done: u32, whole: u32) -> Self {
        Self { x: super::lerp(self.x, to.x, done, whole), y: super::lerp(self.y, to.y, done, whole) }
    }
}

/// Metres from `a` to `b` in a straight line on the plane, rounded down.
#[inline]
pub const fn distance(a: Metres, b: Metres) -> u32 {
    a.distance(b)
}

/// Metres from `a` to `b` on the sphere (haversine formula). For checks and reports; agents measure on the plane.
pub fn great_circle_metres(a: LonLat, b: LonLat) -> f64 {
    let half_sin = |degrees: f64| libm::sin(degrees.to_radians() / 2.0);
    let (lat, lon) = (half_sin(b.lat - a.lat), half_sin(b.lon - a.lon));
    let cosines = libm::cos(a.lat.to_radians()) * libm::cos(b.lat.to_radians());
    let haversine = lat * lat + cosines * lon * lon;
    2.0 * EARTH_RADIUS_METRES * libm::asin(haversine.sqrt().min(1.0))
}

/// Metres east and north of [`ORIGIN`], not rounded.
fn plane(point: LonLat) -> (f64, f64) {
    ((point.lon - ORIGIN.lon) * METRES_PER_DEGREE_LON, (point.lat - ORIGIN.lat) * METRES_PER_DEGREE_LAT)
}

/// A box of longitudes and latitudes, ends included.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BoundingBox {
    /// West and south.
    pub min: LonLat,
    /// East and north.
    pub max: LonLat,
}

impl BoundingBox {
    /// The smallest box that holds all points; `None` if there are none.
    pub fn of(points: impl IntoIterator<Item = LonLat>) -> Option<Self> {
        points.into_iter().map(|point| Self { min: point, max: point }).reduce(Self::union)
    }

    /// The smallest box that holds both.
    pub fn union(self, other: Self) -> Self {
        Self {
            min: LonLat::new(self.min.lon.min(other.min.lon), self.min.lat.min(other.min.lat)),
            max: LonLat::new(self.max.lon.max(other.max.lon), self.max.lat.max(other.max.lat)),
        }
    }

    /// Whether a point is inside or on the edge.
    #[inline]
    pub fn contains(&self, point: LonLat) -> bool {
        let (lon, lat) = (self.min.lon..=self.max.lon, self.min.lat..=self.max.lat);
        lon.contains(&point.lon) && lat.contains(&point.lat)
    }
}

/// A ring that is none.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum RingError {
    /// There is no outer ring.
    #[error("a polygon has no ring: give its outer ring, then its holes")]
    None,
    /// The ring has too few corners.
    #[error("ring {ring} has {corner_count} corners: a ring needs 3 or more (the first may be repeated at the end)")]
    Corners {
        /// Which ring, from 0, the outer one.
        ring: usize,
        /// Its corners, without a repeated first.
        corner_count: usize,
    },
    /// A corner is not on the Earth.
    #[error("ring {ring} has a corner at longitude {lon}, latitude {lat}: they run from -180 to 180 and -90 to 90")]
    Place {
        /// Which ring, from 0, the outer one.
        ring: usize,
        /// The longitude given.
        lon: f64,
        /// The latitude given.
        lat: f64,
    },
}

/// An area with one outer ring and any number of holes.
#[derive(Clone, PartialEq, Debug)]
pub struct Polygon {
    /// The outer ring, then the holes; the last corner joins the first.
    rings: Vec<Vec<LonLat>>,
    bounds: BoundingBox,
}

impl Polygon {
    /// The polygon of an outer ring and then its holes, in either direction, the first corner repeated at the end or
    /// not.
    ///
    /// # Errors
    /// [`RingError`] if there is no ring, or one has fewer than 3 corners or a corner that is not on the Earth.
    pub fn new(mut rings: Vec<Vec<LonLat>>) -> Result<Self, RingError> {
        for (index, ring) in rings.iter_mut().enumerate() {
            while ring.len() > 1 && ring.first() == ring.last() {
                ring.pop();
            }
            if ring.len() < 3 {
                return Err(RingError::Corners { ring: index, corner_count: ring.len() });
            }
            let earth = BoundingBox { min: LonLat::new(-180.0, -90.0), max: LonLat::new(180.0, 90.0) };
            if let Some(&LonLat { lon, lat }) = ring.iter().find(|&&corner| !earth.contains(corner)) {
                return Err(RingError::Place { ring: index, lon, lat });
            }
        }
        let bounds = BoundingBox::of(rings.first().ok_or(RingError::None)?.iter().copied()).ok_or(RingError::None)?;
        Ok(Self { rings, bounds })
    }

    /// The outer ring, then the holes. The last corner joins the first, which is not repeated.
    pub fn rings(&self) -> &[Vec<LonLat>] {
        &self.rings
    }

    /// The box around the outer ring.
    pub const fn bounds(&self) -> BoundingBox {
        self.bounds
    }

    /// Whether a point is inside: a line from it to the east crosses the rings an odd number of times.
    ///
    /// A point on a border belongs to the area east of it, or north of a border that runs east-west. So areas that
    /// share a border share no point, and leave none out between them.
    pub fn contains(&self, point: LonLat) -> bool {
        if !self.bounds.contains(point) {
            return false;
        }
        let mut inside = false;
        for ring in &self.rings {
            let mut from = ring[ring.len() - 1];
            for &to in ring {
                inside ^= crosses_east_of(point, from, to);
                from = to;
            }
        }
        inside
    }

    /// Square kilometres of the plane, holes taken out.
    pub fn area_km2(&self) -> f64 {
        self.moments().0 / 1e6
    }

    /// The centre of mass. It may lie outside a polygon that is not convex.
    pub fn centroid(&self) -> LonLat {
        centre(self.moments(), self.bounds)
    }

    /// Area in square metres, and its products with the centroid's offset in metres from the south-west corner.
    fn moments(&self) -> (f64, f64, f64) {
        let mut total = (0.0, 0.0, 0.0);
        for (index, ring) in self.rings.iter().enumerate() {
            let (area, x, y) = ring_moments(ring, self.bounds.min);
            // The first ring counts as area and the others as holes, whichever way round they are written.
            let sign = if (area < 0.0) == (index == 0) { -1.0 } else { 1.0 };
            total = (total.0 + sign * area, total.1 + sign * x, total.2 + sign * y);
        }
        total
    }
}

/// Whether a line from `point` to the east crosses the edge between two corners.
#[inline]
fn crosses_east_of(point: LonLat, from: LonLat, to: LonLat) -> bool {
    // A corner counts with the edge above it, so a line through a corner crosses once or twice as it should.
    if (from.lat <= point.lat) == (to.lat <= point.lat) {
        return false;
    }
    // Always from the southern end: two neighbours write their common edge in opposite directions and must agree.
    let (south, north) = if from.lat < to.lat { (from, to) } else { (to, from) };
    let (run, rise) = (north.lon - south.lon, north.lat - south.lat);
    (point.lon - south.lon) * rise < run * (point.lat - south.lat)
}

/// A ring's signed area in square metres (counter-clockwise is positive) and first moments about `base` (the shoelace
/// formula and its sequel).
fn ring_moments(ring: &[LonLat], base: LonLat) -> (f64, f64, f64) {
    let origin = plane(base);
    let corner = |point: LonLat| {
        let (x, y) = plane(point);
        (x - origin.0, y - origin.1)
    };
    let (mut area, mut moment_x, mut moment_y) = (0.0, 0.0, 0.0);
    let mut from = corner(ring[ring.len() - 1]);
    for &point in ring {
        let to = corner(point);
        let cross = from.0 * to.1 - to.0 * from.1;
        area += cross;
        moment_x += (from.0 + to.0) * cross;
        moment_y += (from.1 + to.1) * cross;
        from = to;
    }
    (area / 2.0, moment_x / 6.0, moment_y / 6.0)
}

/// The point that the moments about a box's south-west corner name; the box's middle if there is no area.
fn centre((area, x, y): (f64, f64, f64), bounds: BoundingBox) -> LonLat {
    let BoundingBox { min, max } = bounds;
    if area > 0.0 {
        LonLat::new(min.lon + x / area / METRES_PER_DEGREE_LON, min.lat + y / area / METRES_PER_DEGREE_LAT)
    } else {
        LonLat::new((min.lon + max.lon) / 2.0, (min.lat + max.lat) / 2.0)
    }
}

/// Several polygons that do not overlap, such as a borough and its islands.
#[derive(Clone, PartialEq, Debug)]
pub struct MultiPolygon {
    polygons: Vec<Polygon>,
    bounds: BoundingBox,
}

impl MultiPolygon {
    /// The area that the polygons cover together.
    ///
    /// # Errors
    /// [`RingError::None`] if there are none.
    pub fn new(polygons: Vec<Polygon>) -> Result<Self, RingError> {
        let bounds = polygons.iter().map(Polygon::bounds).reduce(BoundingBox::union).ok_or(RingError::None)?;
        Ok(Self { polygons, bounds })
    }

    /// The polygons.
    pub fn polygons(&self) -> &[Polygon] {
        &self.polygons
    }

    /// The box around all of them.
    pub const fn bounds(&self) -> BoundingBox {
        self.bounds
    }

    /// Whether one of them contains the point, by the rule of [`Polygon::contains`].
    pub fn contains(&self, point: LonLat) -> bool {
        self.bounds.contains(point) && self.polygons.iter().any(|polygon| polygon.contains(point))
    }

    /// Square kilometres of the plane.
    pub fn area_km2(&self) -> f64 {
        self.polygons.iter().map(Polygon::area_km2).sum()
    }

    /// The centre of mass of all of them, each by its area.
    pub fn centroid(&self) -> LonLat {
        let base = plane(self.bounds.min);
        let mut total = (0.0, 0.0, 0.0);
        for polygon in &self.polygons {
            let (area, x, y) = polygon.moments();
            let corner = plane(polygon.bounds.min);
            let (east, north) = (corner.0 - base.0, corner.1 - base.1);
            total = (total.0 + area, total.1 + x + east * area, total.2 + y + north * area);
        }
        centre(total, self.bounds)
    }
}

impl From<Polygon> for MultiPolygon {
    fn from(polygon: Polygon) -> Self {
        Self { bounds: polygon.bounds, polygons: vec![polygon] }
    }
}

#[cfg(test)]
mod tests;

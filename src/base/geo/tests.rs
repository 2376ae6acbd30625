use super::*;
use crate::base::{AgentId, Seed, Stream, Tick};

/// The ring through corners given in metres.
fn ring(corners: &[(i32, i32)]) -> Vec<LonLat> {
    corners.iter().map(|&(x, y)| Metres::new(x, y).to_lon_lat()).collect()
}

fn polygon(rings: &[&[(i32, i32)]]) -> Polygon {
    Polygon::new(rings.iter().map(|corners| ring(corners)).collect()).unwrap()
}

fn near(a: LonLat, b: Metres) {
    assert!(a.to_metres().distance(b) <= 1, "{a:?} is not at {b:?}");
}

const EMPIRE_STATE: LonLat = LonLat::new(-73.985_656, 40.748_433);
const LIBERTY: LonLat = LonLat::new(-74.044_502, 40.689_247);
const JFK: LonLat = LonLat::new(-73.778_925, 40.639_751);

#[test]
fn the_plane_is_true_to_the_sphere_within_half_a_percent() {
    for (a, b) in [(EMPIRE_STATE, LIBERTY), (LIBERTY, JFK), (JFK, EMPIRE_STATE)] {
        let (plane, sphere) = (a.to_metres().distance(b.to_metres()) as f64, great_circle_metres(a, b));
        assert!((plane / sphere - 1.0).abs() < 0.005, "{plane} {sphere}");
    }
    // A quarter of the meridian, and the two ends of the world.
    let quarter = great_circle_metres(LonLat::new(0.0, 0.0), LonLat::new(0.0, 90.0));
    assert!((quarter - 10_007_557.2).abs() < 1.0, "{quarter}");
    let half = great_circle_metres(LonLat::new(-90.0, 0.0), LonLat::new(90.0, 0.0));
    assert!((half - 2.0 * quarter).abs() < 1.0, "{half}");
}

#[test]
fn degrees_become_metres_and_come_back() {
    assert_eq!(ORIGIN.to_metres(), Metres::new(0, 0));
    for x in (-60_000..60_000).step_by(997) {
        let point = Metres::new(x, 40_000 - x);
        assert_eq!(point.to_lon_lat().to_metres(), point);
    }
}

#[test]
fn distances_are_whole_and_do_not_overflow() {
    let (a, b) = (Metres::new(-3, 10), Metres::new(0, 6));
    assert_eq!((distance(a, b), b.distance(a), a.street_distance(b)), (5, 5, 7));
    assert_eq!(Metres::new(0, 0).distance(Metres::new(1, 1)), 1);
    let (low, high) = (Metres::new(i32::MIN, i32::MIN), Metres::new(i32::MAX, i32::MAX));
    assert_eq!((low.distance(high), low.street_distance(high)), (u32::MAX, u32::MAX));
    assert_eq!(a.toward(b, 1, 2), Metres::new(-2, 8));
    assert_eq!((a.toward(b, 0, 9), a.toward(b, 9, 9), a.toward(b, 0, 0)), (a, b, b));
}

#[test]
fn a_concave_area_with_a_hole_contains_what_it_should() {
    // A U of 3 x 3 squares of 1 km with the top middle one missing, and a hole in the left leg.
    let outline = [
        (0, 0),
        (3_000, 0),
        (3_000, 3_000),
        (2_000, 3_000),
        (2_000, 1_000),
        (1_000, 1_000),
        (1_000, 3_000),
        (0, 3_000),
    ];
    let hole = [(250, 1_500), (750, 1_500), (750, 2_500), (250, 2_500)];
    let area = polygon(&[&outline, &hole]);
    let inside = |x, y| area.contains(Metres::new(x, y).to_lon_lat());
    for (x, y) in [(500, 500), (1_500, 500), (2_500, 2_500), (100, 2_000), (900, 2_000), (500, 2_900)] {
        assert!(inside(x, y), "{x} {y}");
    }
    for (x, y) in [(1_500, 2_000), (500, 2_000), (-1, 500), (3_001, 500), (1_500, 3_500), (9_000, 1_000), (1_500, -5)] {
        assert!(!inside(x, y), "{x} {y}");
    }
    assert!((area.area_km2() - 6.5).abs() < 1e-9, "{}", area.area_km2());
    // By symmetry the U alone is at x = 1500; its height is (3 * 0.5 + 4 * 2) / 7 km.
    near(polygon(&[&outline]).centroid(), Metres::new(1_500, 1_357));
    near(area.centroid(), Metres::new(1_577, 1_308));
    let bounds = area.bounds();
    assert_eq!((bounds.min.to_metres(), bounds.max.to_metres()), (Metres::new(0, 0), Metres::new(3_000, 3_000)));
}

#[test]
fn the_direction_of_a_ring_and_a_repeated_corner_do_not_matter() {
    let mut outline = ring(&[(0, 0), (4_000, 0), (4_000, 2_000), (0, 2_000)]);
    let hole = ring(&[(1_000, 500), (1_000, 1_500), (3_000, 1_500), (3_000, 500)]);
    let reference = Polygon::new(vec![outline.clone(), hole.clone()]).unwrap();
    outline.reverse();
    outline.push(outline[0]);
    let other = Polygon::new(vec![outline, hole]).unwrap();
    assert!((reference.area_km2() - 6.0).abs() < 1e-9 && (other.area_km2() - 6.0).abs() < 1e-9);
    near(reference.centroid(), Metres::new(2_000, 1_000));
    near(other.centroid(), Metres::new(2_000, 1_000));
    assert_eq!(other.rings()[0].len(), 4);
}

#[test]
fn every_point_of_a_tiling_is_in_exactly_one_tile() {
    // Sixteen tiles with shared, slanted borders; the points include all corners and points on the borders.
    let mut draws = Seed(3).draws(Stream::named("tiles"), AgentId(0), Tick(0));
    let side = 5;
    let corners: Vec<LonLat> = (0..side * side)
        .map(|i| {
            let (column, row) = (i % side, i / side);
            let rim = |at: i32| at == 0 || at == side - 1;
            let nudge = |fixed: bool, draw: i32| if fixed { 0 } else { draw };
            let x = column * 1_000 + nudge(rim(column), draws.between(-300, 300));
            let y = row * 1_000 + nudge(rim(row), draws.between(-300, 300));
            Metres::new(x, y).to_lon_lat()
        })
        .collect();
    let corner = |column: i32, row: i32| corners[(row * side + column) as usize];
    let mut tiles = Vec::new();
    for row in 0..side - 1 {
        for column in 0..side - 1 {
            let mut ring = vec![
                corner(column, row),
                corner(column + 1, row),
                corner(column + 1, row + 1),
                corner(column, row + 1),
            ];
            if (row + column) % 2 == 1 {
                ring.reverse();
            }
            tiles.push(Polygon::new(vec![ring]).unwrap());
        }
    }
    let area: f64 = tiles.iter().map(Polygon::area_km2).sum();
    assert!((area - 16.0).abs() < 1e-9, "{area}");
    let mut points: Vec<LonLat> =
        (0..4_000).map(|_| Metres::new(draws.between(1, 3_999), draws.between(1, 3_999)).to_lon_lat()).collect();
    for row in 1..side - 1 {
        for column in 1..side - 1 {
            let (here, east) = (corner(column, row), corner(column + 1, row));
            points.push(here);
            for eighth in 1..8 {
                let part = eighth as f64 / 8.0;
                points.push(LonLat::new(
                    here.lon + (east.lon - here.lon) * part,
                    here.lat + (east.lat - here.lat) * part,
                ));
            }
        }
    }
    for point in points {
        assert_eq!(tiles.iter().filter(|tile| tile.contains(point)).count(), 1, "{point:?}");
    }
}

#[test]
fn a_square_owns_its_west_and_south_border() {
    let square = Polygon::new(vec![vec![
        LonLat::new(0.0, 0.0),
        LonLat::new(1.0, 0.0),
        LonLat::new(1.0, 1.0),
        LonLat::new(0.0, 1.0),
    ]])
    .unwrap();
    let inside = |lon, lat| square.contains(LonLat::new(lon, lat));
    assert!(inside(0.0, 0.5) && inside(0.5, 0.0) && inside(0.0, 0.0));
    assert!(!inside(1.0, 0.5) && !inside(0.5, 1.0) && !inside(1.0, 1.0));
    assert!(!inside(f64::NAN, 0.5));
}

#[test]
fn islands_count_together() {
    let large = polygon(&[&[(0, 0), (2_000, 0), (2_000, 1_000), (0, 1_000)]]);
    let small = polygon(&[&[(5_000, 3_000), (6_000, 3_000), (6_000, 4_000), (5_000, 4_000)]]);
    let both = MultiPolygon::new(vec![large, small]).unwrap();
    assert!((both.area_km2() - 3.0).abs() < 1e-9);
    // (2 * (1000, 500) + (5500, 3500)) / 3
    near(both.centroid(), Metres::new(2_500, 1_500));
    let inside = |x, y| both.contains(Metres::new(x, y).to_lon_lat());
    assert!(inside(500, 500) && inside(5_500, 3_500) && !inside(3_500, 2_000));
    assert_eq!(both.bounds().max.to_metres(), Metres::new(6_000, 4_000));
    assert_eq!(both.polygons().len(), 2);
    assert_eq!(MultiPolygon::new(vec![]), Err(RingError::None));
}

#[test]
fn what_is_no_ring_is_refused() {
    assert_eq!(Polygon::new(vec![]), Err(RingError::None));
    let two = ring(&[(0, 0), (1, 1), (0, 0)]);
    let triangle = ring(&[(0, 0), (10, 0), (0, 10)]);
    let error = Polygon::new(vec![triangle.clone(), two]).unwrap_err();
    assert_eq!(error, RingError::Corners { ring: 1, corner_count: 2 });
    assert!(error.to_string().contains("3 or more"));
    let mut lost = triangle;
    // Latitude and longitude swapped, the usual mistake, is seen where one of them is out of range.
    lost[1] = LonLat::new(40.7, -174.0);
    assert!(matches!(Polygon::new(vec![lost]), Err(RingError::Place { ring: 0, .. })));
}

//! Edges from a thing to what stands above it (location → parent, role → inherited role, group → enclosing group).
//!
//! Walks end even where the edges form a circle, so that bad data costs nothing but itself.

use std::collections::{BTreeMap, BTreeSet};

/// `start` and everything above it.
pub fn above<'e, T: Ord>(edges: &'e [(T, T)], start: impl IntoIterator<Item = &'e T>) -> BTreeSet<&'e T> {
    walk(&by(edges.iter().map(|(below, above)| (below, above))), start)
}

/// `start` and everything below it.
pub fn below<'e, T: Ord>(edges: &'e [(T, T)], start: impl IntoIterator<Item = &'e T>) -> BTreeSet<&'e T> {
    walk(&by(edges.iter().map(|(below, above)| (above, below))), start)
}

/// Whether the edge from `child` to `parent` would close a circle.
pub fn would_close_a_circle<T: Ord>(edges: &[(T, T)], child: &T, parent: &T) -> bool {
    above(edges, [parent]).contains(child)
}

fn by<'e, T: Ord>(edges: impl Iterator<Item = (&'e T, &'e T)>) -> BTreeMap<&'e T, Vec<&'e T>> {
    let mut map: BTreeMap<&T, Vec<&T>> = BTreeMap::new();
    for (from, to) in edges {
        map.entry(from).or_default().push(to);
    }
    map
}

fn walk<'e, T: Ord>(next: &BTreeMap<&'e T, Vec<&'e T>>, start: impl IntoIterator<Item = &'e T>) -> BTreeSet<&'e T> {
    let mut open: Vec<&T> = start.into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(at) = open.pop() {
        if seen.insert(at) {
            open.extend(next.get(at).into_iter().flatten().copied());
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    /// region ← north ← pier, region ← south
    const EDGES: &[(&str, &str)] = &[("north", "region"), ("pier", "north"), ("south", "region")];

    #[test]
    fn walks_go_up_and_down() {
        assert_eq!(above(EDGES, [&"pier"]), BTreeSet::from([&"pier", &"north", &"region"]));
        assert_eq!(below(EDGES, [&"north"]), BTreeSet::from([&"pier", &"north"]));
        assert_eq!(below(EDGES, []), BTreeSet::new());
    }

    #[test]
    fn circles_are_seen_before_they_close() {
        for (child, parent, expected) in [
            ("region", "pier", true),
            ("region", "region", true),
            ("north", "south", false),
            ("pier", "region", false),
            ("new", "pier", false),
        ] {
            assert_eq!(would_close_a_circle(EDGES, &child, &parent), expected, "{child} under {parent}");
        }
    }

    #[test]
    fn a_circle_in_the_data_ends_the_walk() {
        let circle = [("a", "b"), ("b", "a")];
        assert_eq!(above(&circle, [&"a"]), BTreeSet::from([&"a", &"b"]));
    }
}

//! In which order operations are done: their own, but that an operation waits for those that it refers to, and that those
//! which refer to each other in a circle are done together (RFC 7644 §3.7.1).

use std::collections::{BTreeSet, HashMap};

use super::Bulk;

/// Operations that are done together, by their place in the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Turn {
    /// One, unless they refer to each other.
    pub(super) operations: Vec<usize>,
    /// Whether they refer to each other, or one to itself.
    pub(super) is_circle: bool,
}

/// Every operation in its turn.
pub(super) fn order(bulk: &Bulk) -> Vec<Turn> {
    let needs = needs(bulk);
    let circle = circles(&needs);
    let mut members: Vec<Vec<usize>> = vec![vec![]; needs.len()];
    let mut waiting = members.clone();
    let mut missing = vec![0; needs.len()];
    for (index, others) in needs.iter().enumerate() {
        members[circle[index]].push(index);
        for other in others.iter().filter(|other| circle[**other] != circle[index]) {
            waiting[circle[*other]].push(circle[index]);
            missing[circle[index]] += 1;
        }
    }
    let mut ready: BTreeSet<usize> = (0..needs.len()).filter(|at| circle[*at] == *at && missing[*at] == 0).collect();
    let mut turns = vec![];
    while let Some(next) = ready.pop_first() {
        for waiter in std::mem::take(&mut waiting[next]) {
            missing[waiter] -= 1;
            if missing[waiter] == 0 {
                ready.insert(waiter);
            }
        }
        let operations = std::mem::take(&mut members[next]);
        let is_circle = operations.len() > 1 || needs[next].contains(&next);
        turns.push(Turn { operations, is_circle });
    }
    turns
}

/// The operations that each refers to.
fn needs(bulk: &Bulk) -> Vec<Vec<usize>> {
    let makers = bulk.operations.iter().enumerate().filter(|(_, operation)| operation.makes());
    let makers: HashMap<&str, usize> =
        makers.filter_map(|(index, operation)| Some((operation.bulk_id.as_deref()?, index))).collect();
    let of = |name: &String| makers.get(name.as_str()).copied();
    bulk.operations.iter().map(|operation| operation.references.iter().filter_map(of).collect()).collect()
}

/// For each operation the first of those with which it stands in a circle; itself where there is none. (Two searches, the
/// second one against the references: what both reach of each other is a circle.)
fn circles(needs: &[Vec<usize>]) -> Vec<usize> {
    let mut needed_by: Vec<Vec<usize>> = vec![vec![]; needs.len()];
    for (index, others) in needs.iter().enumerate() {
        for other in others {
            needed_by[*other].push(index);
        }
    }
    let (mut seen, mut all) = (vec![false; needs.len()], vec![]);
    for index in 0..needs.len() {
        reach(needs, index, (&mut seen, &mut all));
    }
    let mut circle = vec![0; needs.len()];
    seen.fill(false);
    for index in all.into_iter().rev() {
        let mut found = vec![];
        reach(&needed_by, index, (&mut seen, &mut found));
        let first = found.iter().min().copied().unwrap_or(index);
        for one in found {
            circle[one] = first;
        }
    }
    circle
}

/// Adds what can be reached from `start` and was not seen yet, each after what it leads to.
fn reach(edges: &[Vec<usize>], start: usize, (seen, reached): (&mut [bool], &mut Vec<usize>)) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    let mut path = vec![(start, edges[start].iter())];
    while let Some((at, further)) = path.last_mut() {
        match further.next() {
            Some(next) if seen[*next] => {}
            Some(next) => {
                seen[*next] = true;
                path.push((*next, edges[*next].iter()));
            }
            None => {
                reached.push(*at);
                path.pop();
            }
        }
    }
}

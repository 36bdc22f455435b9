//! In which order operations are done: their own, but that an operation waits for those that it refers to (RFC 7644 §3.7.1).

use std::collections::{BTreeSet, HashMap};

use super::Bulk;

/// The operations by their place in the request. Those that wait for each other in a circle, and whoever waits for them, come
/// last: what they refer to is not there then.
pub(super) fn order(bulk: &Bulk) -> Vec<usize> {
    let makers = bulk.operations.iter().enumerate().filter(|(_, operation)| operation.makes());
    let makers: HashMap<&str, usize> =
        makers.filter_map(|(index, operation)| Some((operation.bulk_id.as_deref()?, index))).collect();
    let waits_for = |index: usize| {
        let references = bulk.operations[index].references.iter();
        references.filter_map(|name| makers.get(name.as_str()).copied()).collect::<Vec<_>>()
    };
    let mut missing: Vec<usize> = vec![];
    let mut waiting: HashMap<usize, Vec<usize>> = HashMap::new();
    for index in 0..bulk.operations.len() {
        let needed = waits_for(index);
        missing.push(needed.len());
        for other in needed {
            waiting.entry(other).or_default().push(index);
        }
    }
    let mut ready: BTreeSet<usize> = (0..missing.len()).filter(|index| missing[*index] == 0).collect();
    let mut all = vec![];
    while let Some(next) = ready.pop_first() {
        all.push(next);
        for index in waiting.remove(&next).unwrap_or_default() {
            missing[index] -= 1;
            if missing[index] == 0 {
                ready.insert(index);
            }
        }
    }
    all.extend((0..missing.len()).filter(|index| missing[*index] > 0));
    all
}

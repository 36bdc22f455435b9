//! A bounded queue that is fair between the networks that requests come from.
//!
//! Networks take turns, each with a line of its own, so that a flood from one waits behind itself. When the queue is
//! full, whoever has less in it than another takes the last place of the longest line.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::Busy;
use crate::limit::Network;

/// Tasks that wait for a thread.
#[derive(Debug)]
pub(super) struct Queue<T> {
    lines: Mutex<Lines<T>>,
    changed: Condvar,
}

/// What a thread is to do next.
#[derive(Debug)]
pub(super) enum Next<T> {
    /// This.
    Task(T),
    /// Nothing came for as long as it was willing to wait.
    Nothing,
    /// Nothing any more.
    Closed,
}

/// A task that nobody may be waiting for any longer.
pub(super) trait Abandon {
    /// Whether whoever asked has gone.
    fn is_abandoned(&self) -> bool;
}

#[derive(Debug)]
struct Lines<T> {
    /// The line whose turn it is comes first; none is empty.
    turns: VecDeque<(Network, VecDeque<T>)>,
    waiting: usize,
    capacity: usize,
    closed: bool,
}

impl<T: Abandon> Queue<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let lines = Lines { turns: VecDeque::new(), waiting: 0, capacity, closed: false };
        Self { lines: Mutex::new(lines), changed: Condvar::new() }
    }

    /// Appends a task to the line of its network.
    pub(super) fn push(&self, from: Network, task: T) -> Result<(), Busy> {
        self.lock().push(from, task)?;
        self.changed.notify_one();
        Ok(())
    }

    /// Waits for a task, without `patience` for ever.
    pub(super) fn next(&self, patience: Option<Duration>) -> Next<T> {
        let mut lines = self.lock();
        loop {
            if let Some(task) = lines.pop() {
                return Next::Task(task);
            }
            if lines.closed {
                return Next::Closed;
            }
            let Some(patience) = patience else {
                lines = self.changed.wait(lines).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let (guard, waited) = self.changed.wait_timeout(lines, patience).unwrap_or_else(PoisonError::into_inner);
            lines = guard;
            if waited.timed_out() {
                return lines.pop().map_or(Next::Nothing, Next::Task);
            }
        }
    }

    /// Drops what waits and lets the threads end.
    pub(super) fn close(&self) {
        let mut lines = self.lock();
        lines.closed = true;
        lines.turns.clear();
        drop(lines);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Lines<T>> {
        // Nothing panics while the lock is held.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Abandon> Lines<T> {
    fn push(&mut self, from: Network, task: T) -> Result<(), Busy> {
        if self.waiting >= self.capacity {
            self.drop_abandoned();
        }
        if self.waiting >= self.capacity {
            self.make_room(from)?;
        }
        match self.turns.iter_mut().find(|(network, _)| *network == from) {
            Some((_, line)) => line.push_back(task),
            None => self.turns.push_back((from, VecDeque::from([task]))),
        }
        self.waiting += 1;
        Ok(())
    }

    /// Takes the next task of the line whose turn it is.
    fn pop(&mut self) -> Option<T> {
        let (network, mut line) = self.turns.pop_front()?;
        let task = line.pop_front();
        if !line.is_empty() {
            self.turns.push_back((network, line));
        }
        self.waiting = self.waiting.saturating_sub(1);
        task
    }

    /// Drops the newest task of the longest line, if that is longer than the newcomer's will be.
    fn make_room(&mut self, newcomer: Network) -> Result<(), Busy> {
        let own = self.turns.iter().find(|(network, _)| *network == newcomer).map_or(0, |(_, line)| line.len());
        let (_, longest) = self.turns.iter_mut().max_by_key(|(_, line)| line.len()).ok_or(Busy)?;
        if longest.len() <= own + 1 {
            return Err(Busy);
        }
        longest.pop_back();
        self.waiting -= 1;
        Ok(())
    }

    fn drop_abandoned(&mut self) {
        for (_, line) in &mut self.turns {
            line.retain(|task| !task.is_abandoned());
        }
        self.turns.retain(|(_, line)| !line.is_empty());
        self.waiting = self.turns.iter().map(|(_, line)| line.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    /// A name, and whether somebody waits for it.
    type Named = (&'static str, bool);

    impl Abandon for Named {
        fn is_abandoned(&self) -> bool {
            !self.1
        }
    }

    fn network(number: u8) -> Network {
        Network::from(IpAddr::from(Ipv4Addr::new(192, 0, 2, number)))
    }

    fn lines(capacity: usize) -> Lines<Named> {
        Lines { turns: VecDeque::new(), waiting: 0, capacity, closed: false }
    }

    fn drain(lines: &mut Lines<Named>) -> Vec<&'static str> {
        std::iter::from_fn(|| lines.pop()).map(|(name, _)| name).collect()
    }

    #[test]
    fn networks_take_turns() {
        let mut lines = lines(8);
        for (from, name) in [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (3, "c1"), (2, "b2")] {
            lines.push(network(from), (name, true)).expect("room");
        }
        assert_eq!(drain(&mut lines), ["a1", "b1", "c1", "a2", "b2", "a3"]);
        assert_eq!(lines.waiting, 0);
    }

    #[test]
    fn a_full_queue_refuses_the_flood_and_takes_the_newcomer() {
        let mut lines = lines(3);
        for name in ["a1", "a2", "a3"] {
            lines.push(network(1), (name, true)).expect("room");
        }
        assert_eq!(lines.push(network(1), ("a4", true)), Err(Busy));
        assert_eq!(lines.push(network(2), ("b1", true)), Ok(()));
        assert_eq!(lines.push(network(2), ("b2", true)), Err(Busy), "both lines are equally long then");
        assert_eq!(drain(&mut lines), ["a1", "b1", "a2"]);
    }

    #[test]
    fn abandoned_tasks_make_room() {
        let mut lines = lines(2);
        for (name, waited_for) in [("a1", true), ("a2", false)] {
            lines.push(network(1), (name, waited_for)).expect("room");
        }
        assert_eq!(lines.push(network(1), ("a3", true)), Ok(()));
        assert_eq!(drain(&mut lines), ["a1", "a3"]);
    }

    #[test]
    fn a_closed_queue_ends_its_threads() {
        let queue = Queue::<Named>::new(2);
        queue.close();
        assert!(matches!(queue.next(None), Next::Closed));
    }
}

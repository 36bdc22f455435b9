//! What became of telling an app that a session ended, as commands show it.

use serde::Serialize;

use crate::oauth::store::State;

/// How far it is.
#[derive(Debug, Serialize)]
pub(super) struct Receipt {
    state: &'static str,
    attempts: Option<i64>,
    settled_at: Option<String>,
    problem: Option<String>,
}

impl From<State> for Receipt {
    fn from(state: State) -> Self {
        let (state, attempts, settled_at, problem) = match state {
            State::Waiting(attempts, problem) => ("waiting", Some(attempts), None, problem),
            State::Delivered(at) => ("delivered", None, Some(at.to_string()), None),
            State::Failed(at, why) => ("failed", None, Some(at.to_string()), Some(why)),
        };
        Self { state, attempts, settled_at, problem }
    }
}

impl Receipt {
    /// Cells of a table: the state with the tries of one that waits, when it was settled, what the last try said.
    pub(super) fn cells(&self) -> [String; 3] {
        let state = match self.attempts {
            Some(1) => format!("{}, 1 try", self.state),
            Some(many @ 2..) => format!("{}, {many} tries", self.state),
            _ => self.state.to_owned(),
        };
        let cell = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        [state, cell(&self.settled_at), cell(&self.problem)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_row_says_how_far_it_is() {
        let at = Timestamp(1_795_334_400_000);
        let when = at.to_string();
        for (state, expected) in [
            (State::Waiting(0, None), ["waiting", "-", "-"]),
            (State::Waiting(1, Some("refused".into())), ["waiting, 1 try", "-", "refused"]),
            (State::Waiting(4, Some("refused".into())), ["waiting, 4 tries", "-", "refused"]),
            (State::Delivered(at), ["delivered", &when, "-"]),
            (State::Failed(at, "the app answered 400".into()), ["failed", &when, "the app answered 400"]),
        ] {
            assert_eq!(Receipt::from(state).cells(), expected);
        }
    }
}

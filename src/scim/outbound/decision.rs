//! What has to be done about one person or group in one app: the desired state against what is remembered. Pure.

/// Where somebody or something stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// To be in the app.
    Wanted,
    /// Not any more, or never: left, disabled, outside of the groups that the app is for.
    Unwanted,
    /// Erased here, and to be erased there.
    Erased,
}

/// What becomes of those who leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leaver {
    /// `active: false`.
    #[default]
    Deactivate,
    /// DELETE.
    Delete,
}

/// What is remembered of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered<'r> {
    /// Its id in the app.
    pub remote: Option<&'r str>,
    /// The digest of the last document that the app took.
    pub digest: Option<&'r str>,
    /// Whether it is active there.
    pub is_live: bool,
    /// Whether it was sent and no answer was written down: the app may have it.
    pub is_uncertain: bool,
}

/// What has to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Nothing; it is as it should be.
    Keep,
    /// Nothing, and nothing is to be remembered.
    Forget,
    /// It is created.
    Create,
    /// It may be there already: it is looked for first, and then as if it had been known.
    Find,
    /// It is changed.
    Update,
    /// It becomes inactive.
    Deactivate,
    /// It is removed.
    Delete,
}

/// Decides; `digest` is that of the desired document.
#[must_use]
pub fn decide(standing: Standing, remembered: Remembered<'_>, digest: Option<&str>, leaver: Leaver) -> Operation {
    let Remembered { remote, digest: accepted, is_live, is_uncertain } = remembered;
    match (standing, remote) {
        (_, None) if is_uncertain => Operation::Find,
        (Standing::Wanted, None) => Operation::Create,
        (Standing::Wanted, Some(_)) if is_live && accepted.is_some() && accepted == digest => Operation::Keep,
        (Standing::Wanted, Some(_)) => Operation::Update,
        (_, None) => Operation::Forget,
        (Standing::Erased, Some(_)) => Operation::Delete,
        (Standing::Unwanted, Some(_)) => match leaver {
            Leaver::Delete => Operation::Delete,
            Leaver::Deactivate if is_live => Operation::Deactivate,
            Leaver::Deactivate => Operation::Keep,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_done_follows_from_what_is_wanted_and_what_is_remembered() {
        use Leaver::{Deactivate, Delete};
        use Standing::{Erased, Unwanted, Wanted};
        let nothing = Remembered { remote: None, digest: None, is_live: false, is_uncertain: false };
        let sent = Remembered { is_uncertain: true, ..nothing };
        let there = Remembered { remote: Some("r"), digest: Some("a"), is_live: true, is_uncertain: false };
        let drifted = Remembered { digest: None, ..there };
        let left = Remembered { is_live: false, ..there };
        for (case, standing, remembered, leaver, expected) in [
            ("new", Wanted, nothing, Deactivate, Operation::Create),
            ("new, and the answer was lost", Wanted, sent, Deactivate, Operation::Find),
            ("as it was", Wanted, there, Deactivate, Operation::Keep),
            ("changed over there", Wanted, drifted, Deactivate, Operation::Update),
            ("back again", Wanted, left, Deactivate, Operation::Update),
            ("never there", Unwanted, nothing, Delete, Operation::Forget),
            ("perhaps there", Unwanted, sent, Deactivate, Operation::Find),
            ("left", Unwanted, there, Deactivate, Operation::Deactivate),
            ("left, and to be removed", Unwanted, there, Delete, Operation::Delete),
            ("left long ago", Unwanted, left, Deactivate, Operation::Keep),
            ("left long ago, and to be removed", Unwanted, left, Delete, Operation::Delete),
            ("erased", Erased, there, Deactivate, Operation::Delete),
            ("left and erased", Erased, left, Deactivate, Operation::Delete),
            ("erased and never there", Erased, nothing, Deactivate, Operation::Forget),
        ] {
            assert_eq!(decide(standing, remembered, Some("a"), leaver), expected, "{case}");
        }
        assert_eq!(decide(Wanted, there, Some("b"), Deactivate), Operation::Update);
        assert_eq!(decide(Wanted, Remembered { is_uncertain: true, ..there }, Some("a"), Deactivate), Operation::Keep);
    }
}

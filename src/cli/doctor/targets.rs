//! Apps that people cannot be pushed to.

use super::{Finding, unreadable};
use crate::{scim::outbound::Target, storage::Storage, text::Slug};

const CHECK: &str = "pushing";

/// Apps that are named.
const MOST: u32 = 20;

pub(super) async fn look(storage: &Storage) -> Finding {
    let asked = async { storage.read().await?.targets().troubled(MOST).await };
    match asked.await {
        Ok(troubled) => judge(&troubled.iter().map(told).collect::<Vec<_>>()),
        Err(error) => unreadable(CHECK, error),
    }
}

fn told((organization, target): &(Slug, Target)) -> String {
    let progress = &target.progress;
    let why = match (&progress.trouble, progress.braked) {
        (Some((problem, since)), _) => format!("{} since {since}", problem.trouble.name()),
        (None, Some(many)) => format!("{many} are to leave at once"),
        (None, None) => "some are refused".to_owned(),
    };
    format!("{} of {organization} ({why})", target.name)
}

fn judge(troubled: &[String]) -> Finding {
    if troubled.is_empty() {
        return Finding::ok(CHECK, "every app that people are pushed to takes them, or is paused");
    }
    Finding::warn(
        CHECK,
        format!("not up to date: {}", troubled.join(", ")),
        "whoever left may still be let in there: `lanyard scim-target errors NAME --organization SLUG` says what to do",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn an_app_that_is_not_up_to_date_is_named() {
        assert_eq!(judge(&[]).state, State::Ok);
        let found = judge(&["roster of riverside (token since 2026-11-22T08:00:00Z)".to_owned()]);
        assert_eq!(found.state, State::Warn);
        assert!(
            found.found.contains("roster of riverside") && found.advice.is_some_and(|text| text.contains("errors"))
        );
    }
}

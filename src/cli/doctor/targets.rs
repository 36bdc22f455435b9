//! Apps that people cannot be pushed to.

use super::{Finding, unreadable};
use crate::{scim::outbound::Target, storage::Storage, text::Slug};

const CHECK: &str = "pushing";

/// Apps that are named.
const MOST: u32 = 20;

pub(super) async fn look(storage: &Storage) -> Finding {
    let asked = async {
        let mut tx = storage.read().await?;
        Ok::<_, crate::storage::Error>((tx.targets().troubled(MOST).await?, tx.targets().abandoned(MOST).await?))
    };
    match asked.await {
        Ok((troubled, paused)) => {
            let all = |list: Vec<(Slug, Target)>, tell: fn(&(Slug, Target)) -> String| -> Vec<String> {
                list.iter().map(tell).collect()
            };
            judge(&all(troubled, told), &all(paused, told_paused))
        }
        Err(error) => unreadable(CHECK, error),
    }
}

fn told_paused((organization, target): &(Slug, Target)) -> String {
    let since = target.paused_at.map(|at| format!(" since {at}")).unwrap_or_default();
    format!("{} of {organization} (paused{since})", target.name)
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

fn judge(troubled: &[String], paused: &[String]) -> Finding {
    let mut advice = vec![];
    if !troubled.is_empty() {
        advice.push("`lanyard scim-target errors NAME --organization SLUG` says what to do");
    }
    if !paused.is_empty() {
        advice.push("begin again what was paused by a person or a restore: `scim-target preview`, then `resume`");
    }
    if advice.is_empty() {
        return Finding::ok(CHECK, "every app that people are pushed to takes them");
    }
    let named = [troubled, paused].concat().join(", ");
    let advice = format!("whoever left may still be let in there: {}", advice.join("; "));
    Finding::warn(CHECK, format!("not up to date: {named}"), advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn an_app_that_is_not_up_to_date_is_named() {
        assert_eq!(judge(&[], &[]).state, State::Ok);
        let troubled = vec!["roster of riverside (token since 2026-11-22T08:00:00Z)".to_owned()];
        let paused = vec!["rota of harbour (paused since 2026-11-22T08:00:00Z)".to_owned()];
        for (troubled, paused, says_errors, says_resume) in
            [(&troubled[..], &[][..], true, false), (&[], &paused, false, true), (&troubled, &paused, true, true)]
        {
            let found = judge(troubled, paused);
            assert_eq!(found.state, State::Warn);
            assert!(troubled.iter().chain(paused).all(|one| found.found.contains(one)), "{}", found.found);
            let advice = found.advice.unwrap();
            assert_eq!((advice.contains("errors"), advice.contains("resume")), (says_errors, says_resume), "{advice}");
        }
    }
}

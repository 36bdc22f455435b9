//! Directories that cannot be read, or whose word is not followed.

use super::{Finding, unreadable};
use crate::{storage::Storage, text::Slug, upstream::Upstream};

const CHECK: &str = "directories";

/// Directories that are named.
const MOST: i64 = 20;

pub(super) async fn look(storage: &Storage) -> Finding {
    let asked = async { storage.read().await?.upstreams().troubled(MOST).await };
    match asked.await {
        Ok(troubled) => judge(&troubled.iter().map(told).collect::<Vec<_>>()),
        Err(error) => unreadable(CHECK, error),
    }
}

fn told((organization, upstream): &(Slug, Upstream)) -> String {
    let progress = &upstream.progress;
    let why = match (upstream.paused_at, &progress.trouble, progress.braked) {
        (Some(at), ..) => format!("paused since {at}"),
        (None, Some((problem, since)), _) => format!("{problem}, since {since}"),
        (None, None, many) => format!("{} are to go at once", many.unwrap_or_default()),
    };
    format!("{} of {organization} ({why})", upstream.name)
}

fn judge(troubled: &[String]) -> Finding {
    if troubled.is_empty() {
        return Finding::ok(CHECK, "every directory is read");
    }
    let advice =
        "whoever left there may still be let in: `lanyard upstream show NAME --organization SLUG` says what to do";
    Finding::warn(CHECK, format!("not followed: {}", troubled.join(", ")), advice.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn a_directory_that_is_not_followed_is_named() {
        assert_eq!(judge(&[]).state, State::Ok);
        let found = judge(&["staff of riverside (paused since 2026-11-22T08:00:00Z)".to_owned()]);
        assert_eq!(found.state, State::Warn);
        assert!(found.found.contains("staff of riverside") && found.advice.unwrap().contains("upstream show"));
    }
}

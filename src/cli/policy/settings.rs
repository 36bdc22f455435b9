//! `lanyard policy settings`: the table of all that can be set.

use serde::Serialize;

use crate::{
    cli::Shell,
    setting::{ROWS, SubjectKind},
};

/// A setting as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    setting: &'static str,
    about: &'static str,
    values: String,
    stricter: String,
    subjects: Vec<&'static str>,
    default: &'static str,
}

/// All settings.
pub(super) fn show(shell: &Shell) -> anyhow::Result<()> {
    let shown = ROWS.iter().map(|row| Shown {
        setting: row.name,
        about: row.about,
        values: row.kind.instead(),
        stricter: row.kind.stricter(),
        subjects: row.subjects.iter().map(|kind: &SubjectKind| kind.name()).collect(),
        default: row.default,
    });
    shell.table(&shown.collect::<Vec<_>>(), &["setting", "default", "stricter", "for", "what it does"], |one| {
        let subjects = one.subjects.join(", ");
        vec![one.setting.to_owned(), one.default.to_owned(), one.stricter.clone(), subjects, one.about.to_owned()]
    })
}

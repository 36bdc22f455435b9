//! Trying out a directory step by step, for an administrator: what works and what does not.

use serde::Serialize;

use super::{
    connection::{Offered, Query},
    directory::{Directory, Reader},
    preset::Preset,
    trouble::Trouble,
};

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What was tried.
    pub what: String,
    /// Whether it works.
    pub works: bool,
    /// What was found, or what to do.
    pub detail: String,
}

impl Step {
    fn good(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { what: what.into(), works: true, detail: detail.into() }
    }

    fn bad(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { what: what.into(), works: false, detail: detail.into() }
    }
}

/// Tries everything that a reading needs; it goes on as far as anything can be tried.
pub async fn probe(directory: &Directory) -> Vec<Step> {
    let mut steps = vec![];
    let mut answering = None;
    for server in &directory.settings.servers {
        let what = format!("server {}", server.url);
        match directory.read_at(server).await {
            Ok(reader) => {
                let how = if server.is_plain() { "no TLS: passwords can be read on the way" } else { "by TLS" };
                steps.push(Step::good(what, format!("answers, {how}; {} is let in", directory.settings.bind_dn)));
                answering = answering.or(Some(reader));
            }
            Err(trouble) => steps.push(Step::bad(what, advised(&trouble))),
        }
    }
    if let Some(mut reader) = answering {
        root(&mut reader, &mut steps).await;
        entries(&mut reader, &mut steps).await;
    }
    steps
}

/// A trouble with what to do about it.
fn advised(trouble: &Trouble) -> String {
    let advice = match trouble {
        Trouble::Unreachable(_) | Trouble::Late(_) => "; is the address right, and may this machine reach it?",
        Trouble::Untrusted(_) => {
            "; name its authority with `connection.authorities`, and the server as its certificate does"
        }
        Trouble::Credentials(_) => {
            "; look at `connection.bind_dn` and the secret (`lanyard upstream set … --secret-file`)"
        }
        _ => "",
    };
    format!("{trouble}{advice}")
}

async fn root(reader: &mut Reader<'_>, steps: &mut Vec<Step>) {
    let what = "what it offers";
    let root = match reader.root().await {
        Ok(root) => root,
        Err(trouble) => return steps.push(Step::bad(what, trouble.to_string())),
    };
    if !root.offers(Offered::Pages) {
        steps.push(Step::bad("pages (RFC 2696)", "not offered: long lists cannot be read"));
    }
    let detail = match reader.directory.settings.preset {
        Preset::ActiveDirectory => {
            let context = root.contexts().next().unwrap_or_default();
            let changes = match dir_sync(reader, context).await {
                Ok(()) => "changes are told by DirSync".to_owned(),
                Err(trouble) => format!(
                    "changes are told by uSNChanged: DirSync is not allowed ({trouble}), give the account \"Replicating \
                     Directory Changes\""
                ),
            };
            let deletions = match reader.sees_deleted(context).await {
                Ok(true) => "deletions, too",
                _ => {
                    "deletions are looked for, in a large directory every five minutes: the account sees nothing in \
                     CN=Deleted Objects"
                }
            };
            format!("{changes}; {deletions}")
        }
        Preset::OpenLdap if root.offers(Offered::Sync) => {
            "changes and deletions are told by RFC 4533, where its database allows it".to_owned()
        }
        Preset::OpenLdap => {
            "changes are told by modifyTimestamp; deletions are looked for, in a large directory every five \
                             minutes: RFC 4533 is not offered (the overlay syncprov)"
                .to_owned()
        }
    };
    steps.push(Step::good(what, detail));
}

async fn dir_sync(reader: &mut Reader<'_>, context: &str) -> Result<(), Trouble> {
    let query = Query { base: context, is_deep: true, filter: "(objectClass=domain)", attributes: &["objectGUID"] };
    reader.connection.dir_sync(&query, (0, &[])).await.map(drop)
}

async fn entries(reader: &mut Reader<'_>, steps: &mut Vec<Step>) {
    let settings = std::sync::Arc::clone(&reader.directory.settings);
    let anchor = settings.preset.anchor();
    for base in &settings.people.bases {
        let what = format!("people below {base}");
        steps.push(match reader.people(base, None).await {
            Ok(page) if page.entries.is_empty() => {
                Step::bad(what, format!("nobody fits {}, as far as the account may see", settings.people.filter))
            }
            Ok(page) => {
                let readable = page.entries.iter().filter(|entry| entry.bytes(anchor).is_some()).count();
                let named =
                    page.entries.iter().filter(|entry| settings.people.mapping.apply(*entry).user_name().is_some());
                let (named, count) = (named.count(), page.entries.len());
                let more = if page.next.is_some() { "and more" } else { "that is all" };
                match (readable == count, named == count) {
                    (false, _) => Step::bad(what, format!("the account may not read {anchor}")),
                    (true, false) => Step::bad(what, format!("of the first {count} only {named} have a userName")),
                    (true, true) => Step::good(what, format!("{count} found, {more}")),
                }
            }
            Err(trouble) => Step::bad(what, trouble.to_string()),
        });
    }
    for base in &settings.groups.bases {
        let what = format!("groups below {base}");
        steps.push(match reader.groups(base, None).await {
            Ok(page) if page.entries.is_empty() => {
                Step::bad(what, format!("none fits {}, as far as the account may see", settings.groups.filter))
            }
            Ok(page) => {
                let more = if page.next.is_some() { "and more" } else { "that is all" };
                Step::good(what, format!("{} found, {more}", page.entries.len()))
            }
            Err(trouble) => Step::bad(what, trouble.to_string()),
        });
    }
}

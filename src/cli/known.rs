//! Names that lead nowhere: what there is instead, so that a mistyped one is mended at once.
//!
//! Only what the organization itself has is named, and of clients those that it may use. People are too many to list: of them the
//! one who is near is named, and nobody where none is.

use anyhow::anyhow;

use super::Shell;
use crate::{
    directory::{self, Noun, role::template},
    id::OrganizationId,
    oauth::registrar::RegistrarError,
    scim::{connection::ConnectionError, outbound::target::TargetError},
    storage::{self, Tx},
    upstream::UpstreamError,
};

/// The most names that are listed.
const MOST: usize = 10;

/// Names of people that are looked through: those that begin alike, and as many others.
const PEOPLE: i64 = 10_000;

/// Clients that are looked through for one that is near.
const CLIENTS: u32 = 1_000;

/// The error, with the names that there are when it is about one that nobody has.
pub(super) async fn instead(shell: &Shell, error: anyhow::Error) -> anyhow::Error {
    let Some((sought, typed)) = unknown(&error) else { return error };
    if let Sought::Noun(Noun::User | Noun::Membership) = sought {
        let near = people(shell, &typed).await.ok().and_then(|known| near(&typed, known));
        return match near {
            Some(name) => anyhow!("{error}; did you mean `{name}`?"),
            None => error,
        };
    }
    match names(shell, sought).await {
        Ok(Some(known)) => anyhow!("{error}; {}", advice(&typed, known)),
        _ => error,
    }
}

/// What people sign in as who may have been meant: of the organization, or of the whole server where it is about none.
async fn people(shell: &Shell, typed: &str) -> storage::Result<Vec<String>> {
    let mut tx = shell.app.storage.read().await?;
    tx.login_names().near(shell.organization(), &typed.to_lowercase(), PEOPLE).await
}

/// What kind of thing a name was taken for.
#[derive(Debug, Clone, Copy)]
enum Sought {
    Noun(Noun),
    Permission,
    Connection,
    Target,
    Upstream,
}

/// What was looked for in vain.
fn unknown(error: &anyhow::Error) -> Option<(Sought, String)> {
    if let Some(UpstreamError::Unknown(typed)) = error.downcast_ref() {
        return Some((Sought::Upstream, typed.clone()));
    }
    let wanted = match error.downcast_ref() {
        Some(directory::Error::Unknown(noun, typed)) => Some((Sought::Noun(*noun), typed)),
        Some(directory::Error::Unregistered(typed)) => Some((Sought::Permission, typed)),
        Some(_) => None,
        None => match error.downcast_ref() {
            Some(RegistrarError::Unknown(typed)) => Some((Sought::Noun(Noun::App), typed)),
            Some(_) => None,
            None => match error.downcast_ref() {
                Some(ConnectionError::Unknown(typed)) => Some((Sought::Connection, typed)),
                Some(ConnectionError::UnknownRole(slug)) => return Some((Sought::Noun(Noun::Role), slug.to_string())),
                Some(_) => None,
                None => match error.downcast_ref()? {
                    TargetError::Unknown(typed) => Some((Sought::Target, typed)),
                    TargetError::Directory(directory::Error::Unknown(noun, typed)) => {
                        Some((Sought::Noun(*noun), typed))
                    }
                    _ => None,
                },
            },
        },
    };
    wanted.map(|(sought, typed)| (sought, typed.clone()))
}

/// All names of that kind; none where they are no names (ids).
async fn names(shell: &Shell, sought: Sought) -> storage::Result<Option<Vec<String>>> {
    let mut tx = shell.app.storage.read().await?;
    let of = match (sought, shell.organization()) {
        (Sought::Noun(Noun::Organization), _) => {
            let all = tx.organizations().list().await?;
            return Ok(Some(all.into_iter().map(|one| one.slug.to_string()).collect()));
        }
        (Sought::Noun(Noun::App), organization) => {
            let all = tx.clients().list(None, "", CLIENTS).await?;
            let is_theirs = |owner: Option<&OrganizationId>| match (owner, organization) {
                (Some(owner), Some(organization)) => owner == organization,
                _ => true,
            };
            let usable = all.into_iter().filter(|client| is_theirs(client.organization.as_ref()));
            return Ok(Some(usable.map(|client| client.id).collect()));
        }
        (_, Some(of)) => of,
        (_, None) => return Ok(None),
    };
    let noun = match sought {
        Sought::Noun(noun) => noun,
        Sought::Permission => return Ok(Some(permissions(&mut tx, of).await?)),
        Sought::Target => {
            let all = tx.targets().list(of).await?;
            return Ok(Some(all.into_iter().map(|one| one.name.to_string()).collect()));
        }
        Sought::Upstream => {
            let all = tx.upstreams().list(of).await?;
            return Ok(Some(all.into_iter().map(|one| one.name.to_string()).collect()));
        }
        Sought::Connection => {
            let all = tx.connections().list(of).await?;
            return Ok(Some(all.into_iter().map(|(one, _)| one.name.to_string()).collect()));
        }
    };
    Ok(Some(match noun {
        Noun::MembershipKind => tx.kinds().list(of).await?.into_iter().map(|kind| kind.slug.to_string()).collect(),
        Noun::Location => tx.locations().list(of).await?.into_iter().map(|site| site.slug.to_string()).collect(),
        Noun::Role => tx.roles().list(of).await?.into_iter().map(|role| role.slug.to_string()).collect(),
        Noun::Group => tx.groups().list(of).await?.into_iter().map(|group| group.slug.to_string()).collect(),
        Noun::Station => tx.stations().list(of).await?.into_iter().map(|one| one.slug.to_string()).collect(),
        Noun::EmergencyAccount => {
            tx.emergency_accounts().list(of).await?.into_iter().map(|one| one.slug.to_string()).collect()
        }
        Noun::Domain => tx.domains().list(of).await?.into_iter().map(|domain| domain.name.to_string()).collect(),
        _ => return Ok(None),
    }))
}

/// Lanyard's own permissions, and those of the apps that the organization has activated.
pub(super) async fn permissions(tx: &mut Tx, of: &OrganizationId) -> storage::Result<Vec<String>> {
    let apps = tx.permissions().of_apps(of).await?;
    let own = template::ALL_PERMISSIONS.iter().map(|one| (*one).to_owned());
    Ok(own.chain(apps.iter().map(ToString::to_string)).collect())
}

/// The name that was most likely meant, else all, or the nearest of many.
fn advice(typed: &str, mut known: Vec<String>) -> String {
    known.sort_by_cached_key(|name| (strsim::osa_distance(typed, name), name.clone()));
    let Some(nearest) = known.first() else { return "there is none yet".to_owned() };
    if is_near(typed, nearest) {
        return format!("did you mean `{nearest}`?");
    }
    let more = known.len().saturating_sub(MOST);
    known.truncate(MOST);
    known.sort_unstable();
    let listed = known.join(", ");
    if more == 0 { format!("there is {listed}") } else { format!("there is {listed} and {more} more") }
}

fn is_near(typed: &str, name: &str) -> bool {
    strsim::osa_distance(typed, name) <= (name.chars().count() / 3).max(1)
}

/// What somebody signs in as who was most likely meant. Addresses of one domain are alike by that alone: only what stands
/// before it counts, unless it is the domain that is mistyped. Two who are as near are not guessed at.
fn near(typed: &str, known: Vec<String>) -> Option<String> {
    let typed = typed.to_lowercase();
    let distance = |name: &str| {
        let part = |text: &str| text.split_once('@').map(|(local, domain)| (local.to_owned(), domain.to_owned()));
        match (part(&typed), part(name)) {
            (Some((local, domain)), Some((its, at))) if is_close(&local, &its) && is_close(&domain, &at) => {
                Some(strsim::osa_distance(&local, &its) + strsim::osa_distance(&domain, &at))
            }
            (None, Some((its, _))) if its == typed => Some(0),
            (None, None) if is_close(&typed, name) => Some(strsim::osa_distance(&typed, name)),
            _ => None,
        }
    };
    let mut found: Vec<_> = known.into_iter().filter_map(|name| Some((distance(&name)?, name))).collect();
    found.sort_unstable();
    found.dedup();
    match found.as_slice() {
        [(first, _), (second, _), ..] if first == second => None,
        [(_, name), ..] => Some(name.clone()),
        [] => None,
    }
}

/// One slip, or two in a long name.
fn is_close(typed: &str, name: &str) -> bool {
    strsim::osa_distance(typed, name) <= if name.chars().count() < 8 { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_asked_for_and_else_a_few_are_listed() {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let many: Vec<String> = (10..40).map(|n| format!("site-{n}")).collect();
        for (typed, known, expected) in [
            ("mangaer", owned(&["billing", "manager"]), "did you mean `manager`?"),
            ("boss", owned(&["manager", "billing"]), "there is billing, manager"),
            ("boss", owned(&[]), "there is none yet"),
            ("gp", owned(&["gps"]), "did you mean `gps`?"),
        ] {
            assert_eq!(advice(typed, known), expected, "{typed}");
        }
        for (typed, expected) in [
            ("pria@riverside.example", Some("priya@riverside.example")),
            ("Pryia@riverside.example", Some("priya@riverside.example")),
            ("priya@riversid.example", Some("priya@riverside.example")),
            ("priya@riverside.exmaple", Some("priya@riverside.example")),
            ("max@riverside.example", None),
            ("sarn@riverside.example", None),
            ("rob@riverside.example", None),
            ("priya", Some("priya@riverside.example")),
            ("fornt-desk", Some("front-desk")),
            ("nobody", None),
        ] {
            let people = owned(&[
                "priya@riverside.example",
                "rod@riverside.example",
                "bob@riverside.example",
                "samuel@riverside.example",
                "front-desk",
            ]);
            assert_eq!(near(typed, people).as_deref(), expected, "{typed}");
        }
        let few = advice("elsewhere", many);
        assert!(few.ends_with("and 20 more") && few.matches("site-").count() == MOST, "{few}");
    }
}

//! `lanyard client declare`: what an app tells of itself, read from a file.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::{
    cli::Shell,
    directory::{
        app::{self, Declaration, RoleTemplate},
        permission::Permission,
    },
    text::{Name, Slug},
};

/// The file: permissions with a sentence each, and the roles that the app suggests.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    permissions: BTreeMap<String, String>,
    #[serde(default)]
    roles: Vec<Role>,
}

/// A role that the app suggests.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Role {
    slug: Slug,
    name: Name,
    permissions: Vec<String>,
}

/// Replaces what the app declares by what the file says, and shows it.
pub(super) async fn declare(shell: &Shell, id: String, file: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let declaration = read(&text).with_context(|| format!("{} is no declaration", file.display()))?;
    let (context, client) = (shell.context(), id.clone());
    shell.change(move |tx| Box::pin(async move { app::declare(tx, &context, &client, &declaration).await })).await?;
    let stored = shell.app.storage.read().await?.apps().declaration(&id).await?;
    shell.table(&permissions(&stored), &["permission", "what it allows", "suggested for"], |one| {
        vec![one.permission.clone(), one.description.clone(), one.roles.join(", ")]
    })
}

/// A permission as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    permission: String,
    description: String,
    roles: Vec<String>,
}

fn permissions(stored: &Declaration) -> Vec<Shown> {
    let shown = |(permission, description): &(Permission, String)| Shown {
        permission: permission.to_string(),
        description: description.clone(),
        roles: stored
            .templates
            .iter()
            .filter(|role| role.permissions.contains(permission))
            .map(|role| role.slug.to_string())
            .collect(),
    };
    stored.permissions.iter().map(shown).collect()
}

fn read(text: &str) -> anyhow::Result<Declaration> {
    let file: File = serde_json::from_str(text)?;
    let parse = |text: &String| text.parse::<Permission>();
    let role = |role: Role| {
        let permissions = role.permissions.iter().map(parse).collect::<Result<_, _>>()?;
        anyhow::Ok(RoleTemplate { slug: role.slug, name: role.name, permissions })
    };
    Ok(Declaration {
        permissions: file
            .permissions
            .into_iter()
            .map(|(permission, description)| Ok((permission.parse()?, description)))
            .collect::<anyhow::Result<_>>()?,
        templates: file.roles.into_iter().map(role).collect::<anyhow::Result<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_is_read_whole_or_not_at_all() {
        for (text, fits) in [
            (r#"{"permissions": {"calendar:appointment:read": "Reads"}}"#, true),
            (
                r#"{"permissions": {"a:b:c": "C"}, "roles": [{"slug": "r", "name": "R", "permissions": ["a:b:c"]}]}"#,
                true,
            ),
            (r#"{"permissions": {"read everything": "Reads"}}"#, false),
            (r#"{"permissions": {}, "role": []}"#, false),
            (r#"{"permissions": {}, "roles": [{"slug": "R!", "name": "R", "permissions": []}]}"#, false),
            ("", false),
        ] {
            assert_eq!(read(text).is_ok(), fits, "{text}");
        }
    }
}

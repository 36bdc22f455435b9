//! `lanyard org`: organizations, their kinds of membership and rules, and the apps they use.

use std::str::FromStr;

use clap::Subcommand;
use serde::Serialize;

use super::{
    Shell,
    scope::{self, Usage, cell, instant},
};
use crate::{
    directory::{
        Change,
        app::Requires,
        kind::{self, Kind},
        organization::{self, Accent, Edit, LogoUri, Organization},
        profile::{self, Attribute, EditableBy},
        provisioning,
    },
    text::{Name, Slug},
};

/// Organizations: practices, each apart from the others
#[derive(Debug, Subcommand)]
pub(super) enum Org {
    /// Lists the organizations
    #[command(after_help = "Example:\n  lanyard org list --json")]
    List,
    /// Shows an organization
    #[command(after_help = "Example:\n  lanyard org show riverside")]
    Show {
        /// The organization: its slug or id
        organization: String,
    },
    /// Creates an organization, with the built-in roles and kinds of membership
    #[command(after_help = "Example:\n  lanyard org create riverside --name \"Riverside Clinic\"")]
    Create {
        /// Short name for commands, apps and tokens (letters, digits, `-`, `_`); it never changes
        slug: Slug,
        /// As people write it
        #[arg(long)]
        name: Name,
    },
    /// Changes an organization's name, and its logo and colour on the sign-in page
    #[command(
        after_help = "Example:\n  lanyard org update riverside --accent \"#1a7f64\"\n  lanyard org update riverside --no-logo"
    )]
    Update {
        /// The organization: its slug or id
        organization: String,
        /// Another name
        #[arg(long)]
        name: Option<Name>,
        /// Address of a picture for the sign-in page
        #[arg(long, value_name = "URL", conflicts_with = "no_logo")]
        logo: Option<LogoUri>,
        /// Without a picture
        #[arg(long)]
        no_logo: bool,
        /// Colour of the sign-in page
        #[arg(long, value_name = "#RRGGBB", conflicts_with = "no_accent")]
        accent: Option<Accent>,
        /// Without a colour
        #[arg(long)]
        no_accent: bool,
    },
    /// Keeps everybody out of an organization; its sessions and tokens end, its data stays
    #[command(after_help = "Example:\n  lanyard org disable riverside")]
    Disable {
        /// The organization: its slug or id
        organization: String,
    },
    /// Lets the members of a disabled organization in again
    #[command(after_help = "Example:\n  lanyard org enable riverside")]
    Enable {
        /// The organization: its slug or id
        organization: String,
    },
    /// Lists the kinds of membership with the roles that new members get
    #[command(after_help = "Example:\n  lanyard org kinds riverside")]
    Kinds {
        /// The organization: its slug or id
        organization: String,
    },
    /// Makes a kind of membership, or changes its name and roles
    #[command(after_help = "Example:\n  lanyard org kind riverside locum --name Locum --role practitioner")]
    Kind {
        /// The organization: its slug or id
        organization: String,
        /// Short name of the kind, as in `--kind`
        kind: Slug,
        /// As people write it
        #[arg(long)]
        name: Name,
        /// A role that new members get; may be repeated
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<Slug>,
    },
    /// Says who may edit an attribute: person, administrator, both or nobody
    #[command(after_help = "Example:\n  lanyard org rule riverside phone administrator")]
    Rule {
        /// The organization: its slug or id
        organization: String,
        /// The attribute, such as phone or profession
        attribute: Attribute,
        /// person, administrator, both or nobody
        editable_by: EditableBy,
    },
    /// Lists whose word counts where several speak of the same attribute, or gives what people change here a precedence
    #[command(after_help = "\
Examples:
  lanyard org precedence riverside
  what people change in Lanyard counts before systems of a lower number than 10:
    lanyard org precedence riverside 10
  every system goes before them, as from the start:
    lanyard org precedence riverside none")]
    Precedence {
        /// The organization: its slug or id
        organization: String,
        /// A whole number from -1000 to 1000, or none
        #[arg(allow_negative_numbers = true)]
        own: Option<OwnPrecedence>,
    },
    /// Lists the apps that an organization uses
    #[command(after_help = "Example:\n  lanyard org apps riverside")]
    Apps {
        /// The organization: its slug or id
        organization: String,
    },
}

/// The precedence of what people change in Lanyard; none without one.
#[derive(Debug, Clone, Copy)]
pub(super) struct OwnPrecedence(Option<i64>);

impl FromStr for OwnPrecedence {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "none" {
            return Ok(Self(None));
        }
        let number = text.parse().ok().filter(|number| provisioning::PRECEDENCES.contains(number));
        number
            .map(|number| Self(Some(number)))
            .ok_or("write a whole number from -1000 to 1000, for example 10, or none")
    }
}

/// An organization as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    slug: String,
    name: String,
    logo_uri: Option<String>,
    accent: Option<String>,
    created_at: String,
    disabled_at: Option<String>,
}

impl Org {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self {
            Self::List => list(shell).await,
            Self::Show { organization } => show(shell, &scope::organization(shell, &organization).await?),
            Self::Create { slug, name } => create(shell, slug, name).await,
            Self::Update { organization, name, logo, no_logo, accent, no_accent } => {
                let edit = Edit { name, logo_uri: change(logo, no_logo), accent: change(accent, no_accent) };
                update(shell, &scope::organization(shell, &organization).await?, edit).await
            }
            Self::Disable { organization } => {
                switch(shell, scope::organization(shell, &organization).await?, "disabled").await
            }
            Self::Enable { organization } => {
                switch(shell, scope::organization(shell, &organization).await?, "enabled").await
            }
            Self::Kinds { organization } => kinds(shell, &scope::organization(shell, &organization).await?).await,
            Self::Kind { organization, kind, name, roles } => {
                let kind = Kind { slug: kind, name, default_roles: roles };
                set_kind(shell, &scope::organization(shell, &organization).await?, kind).await
            }
            Self::Rule { organization, attribute, editable_by } => {
                set_rule(shell, &scope::organization(shell, &organization).await?, attribute, editable_by).await
            }
            Self::Precedence { organization, own } => {
                precedence(shell, &scope::organization(shell, &organization).await?, own).await
            }
            Self::Apps { organization } => apps(shell, &scope::organization(shell, &organization).await?).await,
        }
    }
}

fn change<T>(set: Option<T>, clear: bool) -> Change<T> {
    match set {
        Some(value) => Change::Set(value),
        None if clear => Change::Clear,
        None => Change::Keep,
    }
}

fn shown(one: &Organization) -> Shown {
    Shown {
        id: one.id.to_string(),
        slug: one.slug.to_string(),
        name: one.name.to_string(),
        logo_uri: one.logo_uri.as_ref().map(ToString::to_string),
        accent: one.accent.as_ref().map(ToString::to_string),
        created_at: one.created_at.to_string(),
        disabled_at: instant(one.disabled_at),
    }
}

fn state(disabled_at: Option<&String>) -> &'static str {
    if disabled_at.is_some() { "disabled" } else { "active" }
}

async fn list(shell: &Shell) -> anyhow::Result<()> {
    let all = shell.app.storage.read().await?.organizations().list().await?;
    let shown: Vec<Shown> = all.iter().map(shown).collect();
    shell.table(&shown, &["slug", "name", "state", "id"], |one| {
        vec![one.slug.clone(), one.name.clone(), state(one.disabled_at.as_ref()).to_owned(), one.id.clone()]
    })
}

fn show(shell: &Shell, one: &Organization) -> anyhow::Result<()> {
    let shown = shown(one);
    shell.show(
        &shown,
        &[
            ("slug", shown.slug.clone()),
            ("name", shown.name.clone()),
            ("id", shown.id.clone()),
            ("logo", cell(shown.logo_uri.as_deref())),
            ("accent", cell(shown.accent.as_deref())),
            ("created", shown.created_at.clone()),
            ("state", state(shown.disabled_at.as_ref()).to_owned()),
        ],
    )
}

async fn create(shell: &Shell, slug: Slug, name: Name) -> anyhow::Result<()> {
    let context = shell.context();
    let made =
        shell.change(move |tx| Box::pin(async move { organization::create(tx, &context, &slug, &name).await })).await?;
    show(shell, &made)
}

async fn update(shell: &Shell, of: &Organization, edit: Edit) -> anyhow::Result<()> {
    let nothing = edit.name.is_none() && edit.logo_uri == Change::Keep && edit.accent == Change::Keep;
    if nothing {
        return Err(Usage("say what to change: --name, --logo, --accent".into()).into());
    }
    let (context, id) = (shell.context(), of.id.clone());
    let edited =
        shell.change(move |tx| Box::pin(async move { organization::update(tx, &context, &id, edit).await })).await?;
    show(shell, &edited)
}

async fn switch(shell: &Shell, of: Organization, to: &'static str) -> anyhow::Result<()> {
    let context = shell.context();
    let switched = shell
        .change(move |tx| {
            Box::pin(async move {
                if to == "enabled" {
                    organization::enable(tx, &context, &of.id).await
                } else {
                    organization::disable(tx, &context, &of.id).await
                }
            })
        })
        .await?;
    show(shell, &switched)
}

async fn kinds(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Shown {
        kind: String,
        name: String,
        default_roles: Vec<Slug>,
    }
    let kinds = shell.app.storage.read().await?.kinds().list(&of.id).await?;
    let shown: Vec<Shown> = kinds
        .into_iter()
        .map(|kind| Shown { kind: kind.slug.into(), name: kind.name.into(), default_roles: kind.default_roles })
        .collect();
    shell.table(&shown, &["kind", "name", "roles of new members"], |kind| {
        let roles: Vec<&str> = kind.default_roles.iter().map(Slug::as_str).collect();
        vec![kind.kind.clone(), kind.name.clone(), roles.join(", ")]
    })
}

async fn set_kind(shell: &Shell, of: &Organization, kind: Kind) -> anyhow::Result<()> {
    let (context, id) = (shell.context(), of.id.clone());
    shell.change(move |tx| Box::pin(async move { kind::set(tx, &context, &id, &kind).await })).await?;
    kinds(shell, of).await
}

async fn set_rule(shell: &Shell, of: &Organization, attribute: Attribute, rule: EditableBy) -> anyhow::Result<()> {
    let (context, id) = (shell.context(), of.id.clone());
    shell
        .change(move |tx| Box::pin(async move { profile::set_rule(tx, &context, &id, attribute, rule).await }))
        .await?;
    shell.say(format!("In {}, {attribute} is edited by: {}.", of.slug, rule.as_str()));
    Ok(())
}

async fn apps(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Shown {
        client: String,
        requires: Requires,
        activated_at: String,
    }
    let all = shell.app.storage.read().await?.apps().activations(&of.id).await?;
    let shown: Vec<Shown> = all
        .into_iter()
        .map(|one| Shown { client: one.client, requires: one.requires, activated_at: one.activated_at.to_string() })
        .collect();
    shell.table(&shown, &["client", "requires", "since"], |one| {
        let named = |what: &str, of: &[Slug]| of.iter().map(|slug| format!("{what} {slug}")).collect::<Vec<_>>();
        let requires = [
            named("role", &one.requires.roles),
            named("group", &one.requires.groups),
            named("at", &one.requires.locations),
        ];
        vec![one.client.clone(), requires.concat().join(", "), one.activated_at.clone()]
    })
}

async fn precedence(shell: &Shell, of: &Organization, own: Option<OwnPrecedence>) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Shown {
        source: String,
        precedence: Option<i64>,
        origin: Option<String>,
    }
    if let Some(OwnPrecedence(own)) = own {
        let (context, id) = (shell.context(), of.id.clone());
        shell
            .change(move |tx| Box::pin(async move { provisioning::set_own_precedence(tx, &context, &id, own).await }))
            .await?;
    }
    let ranking = shell.app.storage.read().await?.sources().ranking(&of.id).await?;
    let source = |one: provisioning::Source| Shown {
        source: one.name,
        precedence: Some(one.precedence),
        origin: Some(one.origin.to_string()),
    };
    let mut shown: Vec<Shown> = ranking.sources.into_iter().map(source).collect();
    shown.push(Shown { source: "people, in Lanyard".to_owned(), precedence: ranking.own, origin: None });
    shown.sort_by_key(|one| std::cmp::Reverse(one.precedence));
    shell.table(&shown, &["source", "precedence", "id"], |one| {
        let number = one.precedence.map_or_else(|| "none: the last".to_owned(), |number| number.to_string());
        vec![one.source.clone(), number, cell(one.origin.as_deref())]
    })
}

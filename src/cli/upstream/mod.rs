//! `lanyard upstream`: directories and identity providers that an organization trusts to say who its people are.

mod arguments;
mod oidc;
mod saml;
mod shown;
mod told;

pub(super) use arguments::UpstreamCommand;

use std::{path::Path, time::Duration};

use anyhow::{Context as _, bail};

use self::{
    arguments::{Command, KindArgument},
    shown::{facts, shown},
};
use super::{Shell, print, scope::Usage};
use crate::{
    directory::{Noun, organization::Organization},
    federation::sync::{self, Order, RunError, Watch},
    ldap::{self, Settings},
    secret::SecretString,
    server,
    storage::{Tx, Work},
    text::{DomainName, Slug},
    upstream::{
        Kind, Upstream, UpstreamError,
        registry::{self, Changes, NewUpstream, State},
        run::{Extent, Report},
    },
};

/// How long a command waits for a server that reads the same upstream.
const PATIENCE: Duration = Duration::from_secs(60);

impl UpstreamCommand {
    /// What is printed of which no server is needed.
    pub(in crate::cli) const fn template(&self) -> Option<&'static str> {
        match &self.command {
            Command::Template { kind } => Some(kind.text()),
            _ => None,
        }
    }

    /// Runs the command.
    pub(in crate::cli) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let of = self.scope.organization(shell).await?;
        match self.command {
            Command::Template { .. } => Ok(()),
            Command::Create { name, settings, kind, secret_file, precedence } => {
                let kind = match kind {
                    KindArgument::Ldap => Kind::Ldap,
                    KindArgument::Saml => Kind::Saml,
                    KindArgument::Oidc => Kind::Oidc,
                };
                let (settings, domains) = checked(shell, &of, kind, text(&settings)?).await?;
                let secret = secret_file.as_deref().map(secret).transpose()?.unwrap_or_default();
                create(shell, &of, NewUpstream { name, kind, settings, domains, secret, precedence }).await
            }
            Command::List => list(shell, &of).await,
            Command::Show { name } => show(shell, &of, &name).await,
            Command::Settings { name } => Ok(print::line(find(shell, &of, &name).await?.settings.trim_end())?),
            Command::Set { name, settings, secret_file, precedence } => {
                let kind = find(shell, &of, &name).await?.kind;
                let settings = match settings {
                    Some(file) => Some(checked(shell, &of, kind, text(&file)?).await?),
                    None => None,
                };
                let secret = secret_file.as_deref().map(secret).transpose()?;
                set(shell, &of, &name, Changes { settings, secret, precedence }).await
            }
            Command::Test { name } => test(shell, &find(shell, &of, &name).await?).await,
            Command::Metadata { name } => {
                let upstream = find_one_of(shell, &of, (&name, Kind::Saml)).await?;
                Ok(print::line(saml::metadata(shell, &upstream).await?)?)
            }
            Command::Preview { name, user: Some(user), .. } => {
                let upstream = find_one_of(shell, &of, (&name, Kind::Ldap)).await?;
                let directory = ldap::described(&shell.app, &upstream).await?;
                told::person(shell, &directory, &user).await
            }
            Command::Preview { name, user: None, limit } => preview(shell, &of, &name, limit as usize).await,
            Command::Sync { name, whole, confirm } => {
                let extent = if whole { Extent::Whole } else { Extent::Changes };
                let order = Order { extent, is_confirmed: confirm, by: shell.context().actor };
                read(shell, &of, &name, order).await
            }
            Command::Runs { name, limit } => told::runs(shell, &find(shell, &of, &name).await?, limit).await,
            Command::Errors { name, limit } => told::errors(shell, &find(shell, &of, &name).await?, limit).await,
            Command::Pause { name } => switch(shell, &of, &name, State::Paused).await,
            Command::Resume { name } => switch(shell, &of, &name, State::Live).await,
            Command::Remove { name } => remove(shell, &of, &name).await,
        }
    }
}

async fn find(shell: &Shell, of: &Organization, name: &Slug) -> anyhow::Result<Upstream> {
    Ok(registry::find(&mut shell.app.storage.read().await?, &of.id, name).await?)
}

/// The one of this name, if it is spoken to like this.
async fn find_one_of(shell: &Shell, of: &Organization, (name, kind): (&Slug, Kind)) -> anyhow::Result<Upstream> {
    let upstream = find(shell, of, name).await?;
    if upstream.kind != kind {
        bail!(
            "this is for upstreams of the kind `{}`; `{name}` is one of the kind `{}`",
            kind.name(),
            upstream.kind.name()
        );
    }
    Ok(upstream)
}

async fn test(shell: &Shell, upstream: &Upstream) -> anyhow::Result<()> {
    match upstream.kind {
        Kind::Saml => told::steps(shell, &saml::steps(shell, upstream).await),
        Kind::Oidc => told::steps(shell, &oidc::steps(shell, upstream).await?),
        Kind::Ldap => told::steps(shell, &ldap::probe(&ldap::described(&shell.app, upstream).await?).await),
    }
}

/// The text of a file.
fn text(file: &Path) -> Result<String, Usage> {
    let read = if file.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin().lock())
    } else {
        std::fs::read_to_string(file)
    };
    read.map_err(|cause| Usage(format!("{} cannot be read: {cause}", file.display())))
}

/// The same without the end of its line.
fn secret(file: &Path) -> Result<SecretString, Usage> {
    let secret = text(file)?.trim_end_matches(['\r', '\n']).to_owned();
    if secret.is_empty() { Err(Usage(format!("{} is empty", file.display()))) } else { Ok(secret.into()) }
}

/// Settings that can be read, and that name roles which there are; with the domains that they send there to sign in.
async fn checked(
    shell: &Shell,
    of: &Organization,
    kind: Kind,
    text: String,
) -> anyhow::Result<(String, Vec<DomainName>)> {
    if kind == Kind::Saml {
        let (text, settings) = saml::checked(shell, of, text).await?;
        return Ok((text, settings.rules.domains));
    }
    if kind == Kind::Oidc {
        let (text, settings) = oidc::checked(shell, of, text).await?;
        return Ok((text, settings.rules.domains));
    }
    let settings = Settings::parse(&text).context("these settings cannot be used")?;
    shell.app.outbound.tls(settings.authorities.as_deref()).context("connection.authorities")?;
    let known = shell.app.storage.read().await?.roles().list(&of.id).await?;
    match settings.roles.iter().find(|slug| !known.iter().any(|role| role.slug == **slug)) {
        Some(unknown) => Err(Noun::Role.unknown(unknown).into()),
        None => Ok((text, vec![])),
    }
}

async fn create(shell: &Shell, of: &Organization, new: NewUpstream) -> anyhow::Result<()> {
    let (context, id, name, sealer) = (shell.context(), of.id.clone(), new.name.clone(), shell.app.sealer.clone());
    write(shell, move |tx| Box::pin(async move { registry::create(tx, &context, &sealer, &id, new).await.map(drop) }))
        .await?;
    show(shell, of, &name).await?;
    let upstream = find(shell, of, &name).await?;
    shell.say(match upstream.kind {
        Kind::Saml => saml::advice(shell, &upstream),
        Kind::Oidc => oidc::advice(shell, &upstream).await?,
        Kind::Ldap => format!(
            "Nothing is read yet. Whether it can be: `lanyard upstream test {name}`. What would be brought: `preview`. Begin: \
             `resume`."
        ),
    });
    Ok(())
}

async fn set(shell: &Shell, of: &Organization, name: &Slug, changes: Changes) -> anyhow::Result<()> {
    let before = find(shell, of, name).await?;
    let (context, sealer) = (shell.context(), shell.app.sealer.clone());
    write(shell, move |tx| {
        Box::pin(async move { registry::change(tx, &context, &sealer, &before, changes).await.map(drop) })
    })
    .await?;
    show(shell, of, name).await
}

async fn list(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let mut all = vec![];
    for upstream in tx.upstreams().list(&of.id).await? {
        let counts = tx.upstream_entries(&upstream.id).counts().await?;
        all.push(shown(&upstream, counts));
    }
    drop(tx);
    shell.table(&all, &["name", "kind", "state", "people", "groups", "next"], |one| {
        vec![
            one.name.clone(),
            one.kind.to_owned(),
            one.state.to_owned(),
            one.people.to_string(),
            one.groups.to_string(),
            super::scope::cell(one.next_at.as_deref()),
        ]
    })
}

async fn show(shell: &Shell, of: &Organization, name: &Slug) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let upstream = registry::find(&mut tx, &of.id, name).await?;
    let counts = tx.upstream_entries(&upstream.id).counts().await?;
    drop(tx);
    let shown = shown(&upstream, counts);
    shell.show(&shown, &facts(&shown))?;
    if let Some(advice) = shown.advice(of) {
        shell.say(advice);
    }
    Ok(())
}

/// Tells how much was read, now and then.
fn counting(shell: &Shell) -> impl Fn(u64) + Send + Sync + use<> {
    let (is_json, last) = (shell.is_json(), std::sync::atomic::AtomicU64::new(0));
    move |read| {
        let steps = read / 5_000;
        if !is_json && last.swap(steps, std::sync::atomic::Ordering::Relaxed) < steps {
            print::aside(format!("… {read} entries read"));
        }
    }
}

async fn preview(shell: &Shell, of: &Organization, name: &Slug, most: usize) -> anyhow::Result<()> {
    let (upstream, site) = (find_one_of(shell, of, (name, Kind::Ldap)).await?, server::site(&shell.app).await?);
    let tell = counting(shell);
    let watch = Watch { halt: &|| false, tell: &tell };
    let (report, differences) = sync::preview(&shell.app, &site, &upstream, (most, watch)).await?;
    told::preview(shell, &upstream, (&report, &differences))
}

async fn read(shell: &Shell, of: &Organization, name: &Slug, order: Order) -> anyhow::Result<()> {
    let upstream = find_one_of(shell, of, (name, Kind::Ldap)).await?;
    if upstream.paused_at.is_some() {
        print::aside(format!("{name} is paused; this reading alone is made."));
    }
    let tell = counting(shell);
    let report = in_turn(shell, &upstream, order, Watch { halt: &|| false, tell: &tell }).await?;
    told::report(shell, &upstream, &report)
}

/// Reads when the server, which may read at the moment, has done so.
async fn in_turn(shell: &Shell, upstream: &Upstream, order: Order, watch: Watch<'_>) -> anyhow::Result<Report> {
    let site = server::site(&shell.app).await?;
    for turn in 0..PATIENCE.as_secs() {
        match sync::run(&shell.app, &site, &upstream.id, order.clone(), watch).await {
            Err(RunError::Upstream(UpstreamError::Busy(name))) => {
                if turn == 0 {
                    print::aside(format!("The server reads {name}; waiting…"));
                }
            }
            done => return Ok(done?),
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(sync::run(&shell.app, &site, &upstream.id, order, watch).await?)
}

async fn switch(shell: &Shell, of: &Organization, name: &Slug, state: State) -> anyhow::Result<()> {
    let (upstream, context) = (find(shell, of, name).await?, shell.context());
    let is_directory = upstream.kind == Kind::Ldap;
    let has_changed =
        write(shell, move |tx| Box::pin(async move { registry::switch(tx, &context, &upstream, state).await })).await?;
    shell.say(match (state, has_changed) {
        (State::Paused, true) if !is_directory => format!("Nobody signs in by {name} any more, and nobody is brought."),
        (State::Live, true) if !is_directory => format!("People sign in by {name} from now on."),
        (State::Paused, false) if !is_directory => format!("{name} was paused already."),
        (State::Live, false) if !is_directory => format!("{name} was live already."),
        (State::Paused, true) => {
            format!("{name} is not read any more: whoever leaves there is not shut out here, and nobody is brought.")
        }
        (State::Paused, false) => format!("{name} was paused already."),
        (State::Live, true) => format!("{name} is read: a running server begins within seconds, with all of it."),
        (State::Live, false) => format!("{name} was read already."),
    });
    Ok(())
}

async fn remove(shell: &Shell, of: &Organization, name: &Slug) -> anyhow::Result<()> {
    let (upstream, context) = (find(shell, of, name).await?, shell.context());
    write(shell, move |tx| Box::pin(async move { registry::remove(tx, &context, &upstream).await })).await?;
    shell.say(format!("{name} is removed. Whom it brought stays, as people of the organization leave them."));
    Ok(())
}

async fn write<T, F>(shell: &Shell, work: F) -> anyhow::Result<T>
where
    F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T, UpstreamError> + Send + 'static,
    T: Send + 'static,
{
    Ok(shell.app.storage.write(work).await?)
}

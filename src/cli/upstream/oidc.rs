//! Identity providers that speak OpenID Connect: their settings looked at, tried out, and what is told of us over there.

use anyhow::Context as _;

use crate::{
    cli::Shell,
    directory::{Noun, organization::Organization},
    federation::oidc::{Settings, exchange, metadata::Metadata, provider::addresses, settings::Authentication},
    ldap::Step,
    server,
    upstream::{Upstream, registry},
};

/// Settings that can be read, and that name roles which there are.
pub(super) async fn checked(shell: &Shell, of: &Organization, text: String) -> anyhow::Result<(String, Settings)> {
    let settings = Settings::parse(&text).context("these settings cannot be used")?;
    let known = shell.app.storage.read().await?.roles().list(&of.id).await?;
    match settings.rules.roles.iter().find(|slug| !known.iter().any(|role| role.slug == **slug)) {
        Some(unknown) => Err(Noun::Role.unknown(unknown).into()),
        None => Ok((text, settings)),
    }
}

/// What is registered over there.
pub(super) async fn advice(shell: &Shell, upstream: &Upstream) -> anyhow::Result<String> {
    let at = addresses(&server::site(&shell.app).await?, &upstream.id);
    let (callback, back, front, name) = (at.callback, at.backchannel_logout, at.frontchannel_logout, &upstream.name);
    Ok(format!(
        "Register us over there: redirect URI {callback}, back-channel logout {back}, front-channel logout {front}. Whether it \
         can be reached: `lanyard upstream test {name}`. Begin: `resume`."
    ))
}

/// Tries what can be tried without a person.
pub(super) async fn steps(shell: &Shell, upstream: &Upstream) -> anyhow::Result<Vec<Step>> {
    let app = &shell.app;
    let settings = match Settings::parse(&upstream.settings) {
        Ok(settings) => settings,
        Err(wrong) => return Ok(vec![step("settings", Err(wrong.to_string()))]),
    };
    let mut steps = vec![step("settings", Ok("can be used".to_owned()))];
    let secret = registry::secret(&mut app.storage.read().await?, &app.sealer, upstream).await?;
    if settings.authentication == Authentication::PrivateKeyJwt {
        let key = exchange::private_key(&secret).map(|key| format!("{} by {}", key.algorithm(), key.id()));
        steps.push(step("private key", key.ok_or_else(|| "it is no private key in PKCS #8, as PEM".to_owned())));
    }
    match Metadata::of(&app.outbound, &settings).await {
        Ok(metadata) => {
            steps.push(step("metadata", Ok(format!("of {}", metadata.issuer))));
            let keys = app.outbound.keys(&metadata.jwks_uri).await;
            let keys =
                keys.map(|keys| format!("{} that can be used", keys.keys().len())).map_err(|cause| cause.to_string());
            steps.push(step("keys", keys));
        }
        Err(trouble) => steps.push(step("metadata", Err(trouble.to_string()))),
    }
    Ok(steps)
}

fn step(what: &str, found: Result<String, String>) -> Step {
    let works = found.is_ok();
    Step { what: what.to_owned(), works, detail: found.unwrap_or_else(|problem| problem) }
}

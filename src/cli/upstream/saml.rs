//! Identity providers that speak SAML: their settings looked at, tried out, and what is told of us over there.

use anyhow::Context as _;

use crate::{
    cli::Shell,
    directory::{Noun, organization::Organization},
    ldap::Step,
    saml::{
        metadata::{IdentityProvider, ServiceProvider, written},
        our_keys::{OurKeys, ends_soon},
        sp::{
            Settings,
            peer::{Freshness, LIFE, Peer},
        },
    },
    upstream::Upstream,
};

/// Settings that can be read, and that name roles which there are.
pub(super) async fn checked(shell: &Shell, of: &Organization, text: String) -> anyhow::Result<(String, Settings)> {
    let settings = Settings::parse(&text, shell.app.clock.now()).context("these settings cannot be used")?;
    let known = shell.app.storage.read().await?.roles().list(&of.id).await?;
    match settings.rules.roles.iter().find(|slug| !known.iter().any(|role| role.slug == **slug)) {
        Some(unknown) => Err(Noun::Role.unknown(unknown).into()),
        None => Ok((text, settings)),
    }
}

/// What is told of us over there.
pub(super) async fn metadata(shell: &Shell, upstream: &Upstream) -> anyhow::Result<String> {
    let (app, peer) = (&shell.app, Peer::of(&shell.app, upstream.clone())?);
    let keys = OurKeys::obtain(app).await?;
    let until = app.clock.now().plus(LIFE);
    Ok(written(&ServiceProvider::of(&peer, &keys.all()), until, &app.random)?)
}

/// Where it lies, for whoever sets us up over there.
pub(super) fn advice(shell: &Shell, upstream: &Upstream) -> String {
    let at = crate::saml::sp::peer::Addresses::of(&shell.app, &upstream.id);
    format!(
        "Set us up over there with our metadata, {0} (or `lanyard upstream metadata {1}`). Where it wants them one by one: \
         entity ID {0}, reply URL (assertion consumer service) {2}.",
        at.entity_id, upstream.name, at.consumer
    )
}

/// Tries what can be tried without a person.
pub(super) async fn steps(shell: &Shell, upstream: &Upstream) -> Vec<Step> {
    let app = &shell.app;
    let peer = match Peer::of(app, upstream.clone()) {
        Ok(peer) => peer,
        Err(fault) => return vec![step("settings", Err(fault.to_string()))],
    };
    let mut steps = vec![step("settings", Ok("can be used".to_owned()))];
    match peer.described(app, Freshness::Now).await {
        Ok(described) => steps.extend(looked_at(shell, &peer, &described)),
        Err(fault) => steps.push(step("metadata", Err(fault.to_string()))),
    }
    steps.push(match OurKeys::obtain(app).await {
        Ok(keys) => {
            let ends = keys.all().first().map(|key| key.certificate().ends());
            let told = ends.map(|at| format!("ends {at}")).ok_or_else(|| "there is none".to_owned());
            step("our certificate", told.and_then(|told| soon(shell, ends, told)))
        }
        Err(fault) => step("our certificate", Err(fault.to_string())),
    });
    steps
}

fn looked_at(shell: &Shell, peer: &Peer, described: &IdentityProvider) -> Vec<Step> {
    let mut steps = vec![step("metadata", Ok(format!("of {}", described.entity_id)))];
    for endpoint in &described.sign_on {
        let by = endpoint.binding.name().rsplit(':').next().unwrap_or_default();
        steps.push(step("sign-in", Ok(format!("{} by {by}", endpoint.location))));
    }
    for certificate in described.certificates.all() {
        let told = format!("{}, ends {}", &certificate.fingerprint()[..16], certificate.ends());
        steps.push(step("certificate", soon(shell, Some(certificate.ends()), told)));
    }
    if described.wants_signed_requests && !peer.settings.request.sign {
        steps.push(step("requests", Ok("are signed, as it wants that".to_owned())));
    }
    steps
}

fn soon(shell: &Shell, ends: Option<crate::clock::Timestamp>, told: String) -> Result<String, String> {
    let is_soon = ends.is_some_and(|at| ends_soon(at, shell.app.clock.now()));
    if is_soon { Err(format!("{told}: soon, or over; let it be replaced")) } else { Ok(told) }
}

fn step(what: &str, found: Result<String, String>) -> Step {
    let works = found.is_ok();
    Step { what: what.to_owned(), works, detail: found.unwrap_or_else(|problem| problem) }
}

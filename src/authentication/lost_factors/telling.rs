//! Letters about it: to the person, with the one link that each step has, and to those who look after the members.

use std::collections::BTreeSet;

use super::{Desk, Recovery};
use crate::{
    audit::Context,
    authentication::{
        recovery::{factors_changed, mail},
        store::Recipient,
    },
    clock::Timestamp,
    directory::{
        organization::Organization,
        owner::OWNER,
        role::{self, Composition},
        user::User,
    },
    id::RoleId,
    permission::Action,
    secret::{ExposeSecret, SecretString},
    storage::{self, Tx},
    web::{FactorChange, Language, Letter, Letterhead, RecoveryNews, RecoveryStep, Site},
};

/// It was asked for.
pub(super) async fn asked(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (recovery, person, organization): (&Recovery, &User, &Organization),
    stop: &SecretString,
) -> storage::Result<()> {
    let href = stop_link(desk, stop);
    let told = RecoveryStep::Asked { organization: organization.name.as_str(), until: recovery.expires_at };
    person_is_told(tx, context, desk, (recovery, person), (told, &href));
    helpers_are_told(tx, context, desk, (recovery, person), RecoveryNews::Asked).await
}

/// Somebody else agreed, or time did.
pub(super) async fn agreed(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (recovery, person): (&Recovery, &User),
    link: &SecretString,
) -> storage::Result<()> {
    let href = desk.site.address_of(&format!("/recovery/{}", link.expose_secret()));
    person_is_told(tx, context, desk, (recovery, person), (RecoveryStep::Agreed, &href));
    helpers_are_told(tx, context, desk, (recovery, person), RecoveryNews::Agreed).await
}

/// The host asked: everybody who may object is told, with the link that ends it.
pub(super) async fn begun(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (person, due_at): (&User, Timestamp),
    stop: &SecretString,
) -> storage::Result<()> {
    let (href, name) = (stop_link(desk, stop), person.name.as_str());
    let former = tx.safety_links().addresses(&person.id, context.now).await?;
    let own: BTreeSet<_> = former.into_iter().chain(person.email.clone()).collect();
    for address in own {
        let letter = letterhead(&desk.site, name, person.locale.as_deref()).recovery_delayed(name, due_at, &href);
        send(tx, context, desk, (address.as_str(), letter));
    }
    for owner in other_owners(tx, context, person).await? {
        let letterhead = letterhead(&desk.site, &owner.name, owner.locale.as_deref());
        send(tx, context, desk, (&owner.email, letterhead.recovery_delayed(name, due_at, &href)));
    }
    Ok(())
}

/// The host shows the link itself.
pub(super) async fn shown(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (recovery, person): (&Recovery, &User),
) -> storage::Result<()> {
    person_is_told(tx, context, desk, (recovery, person), (RecoveryStep::Shown, &desk.site.address_of("/account")));
    helpers_are_told(tx, context, desk, (recovery, person), RecoveryNews::Agreed).await
}

fn stop_link(desk: &Desk, stop: &SecretString) -> String {
    desk.site.address_of(&format!("/recovery/stop/{}", stop.expose_secret()))
}

/// The other owners of the person's organizations.
async fn other_owners(tx: &mut Tx, context: &Context, person: &User) -> storage::Result<Vec<Recipient>> {
    let own = tx.memberships().active_of_user(&person.id, context.now).await?;
    let organizations: Vec<_> = own.into_iter().map(|(_, organization)| organization.id).collect();
    let mut owners = tx.signals().owners(&organizations, context.now).await?;
    owners.retain(|owner| person.email.as_ref().is_none_or(|email| email.as_str() != owner.email));
    Ok(owners)
}

/// It goes no further.
pub(super) async fn ended(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (recovery, person): (&Recovery, &User),
) -> storage::Result<()> {
    let href = desk.site.address_of("/account");
    person_is_told(tx, context, desk, (recovery, person), (RecoveryStep::Ended, &href));
    helpers_are_told(tx, context, desk, (recovery, person), RecoveryNews::Ended).await
}

/// Every factor is gone.
pub(super) async fn used(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (recovery, person): (&Recovery, &User),
) -> storage::Result<()> {
    let language = language_of(person.locale.as_deref());
    if let Some(notice) = factors_changed((&desk.site, language), person, FactorChange::Reset, context.now) {
        tx.jobs().enqueue(context, &desk.sealer, &notice).await?;
    }
    helpers_are_told(tx, context, desk, (recovery, person), RecoveryNews::Used).await
}

fn person_is_told(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (recovery, person): (&Recovery, &User),
    (step, href): (RecoveryStep<'_>, &str),
) {
    let Some(email) = &recovery.email else { return };
    let letter = letterhead(&desk.site, person.name.as_str(), person.locale.as_deref()).recovery(&step, href);
    send(tx, context, desk, (email.as_str(), letter));
}

/// Those who look after every member of the organization, who asked among them; the other owners where the host asked.
async fn helpers_are_told(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (recovery, person): (&Recovery, &User),
    news: RecoveryNews,
) -> storage::Result<()> {
    let href = desk.site.address_of("/account/recoveries");
    let Some(of) = &recovery.organization else {
        for owner in other_owners(tx, context, person).await? {
            let letterhead = letterhead(&desk.site, &owner.name, owner.locale.as_deref());
            let letter = letterhead.recovery_news(news, person.name.as_str(), &desk.site.address_of("/account"));
            send(tx, context, desk, (&owner.email, letter));
        }
        return Ok(());
    };
    let (permission, _) = Action::RecoverFactors.requirement();
    let roles = helping(&tx.roles().compositions(of).await?, permission);
    let helpers = tx.recoveries().helpers((of, permission), &roles, context.now).await?;
    for helper in helpers.iter().filter(|helper| helper.user != recovery.user) {
        let letterhead = letterhead(&desk.site, &helper.name, helper.locale.as_deref());
        let letter = letterhead.recovery_news(news, person.name.as_str(), &href);
        send(tx, context, desk, (&helper.email, letter));
    }
    // What protects the person protects their other organizations, which are named to nobody.
    for owner in other_owners(tx, context, person).await? {
        if helpers.iter().any(|helper| helper.email == owner.email) {
            continue;
        }
        let letterhead = letterhead(&desk.site, &owner.name, owner.locale.as_deref());
        let letter = letterhead.recovery_news(news, person.name.as_str(), &desk.site.address_of("/account"));
        send(tx, context, desk, (&owner.email, letter));
    }
    Ok(())
}

/// The roles that bring the right to help.
fn helping(compositions: &[Composition], permission: &str) -> Vec<RoleId> {
    let brings = |one: &&Composition| {
        one.role.slug.as_str() == OWNER
            || role::effective(compositions, &one.role.slug).iter().any(|held| held.as_str() == permission)
    };
    compositions.iter().filter(brings).map(|one| one.role.id.clone()).collect()
}

/// All letters of one unit of work are written together.
fn send(tx: &mut Tx, context: &Context, desk: &Desk, (to, letter): (&str, Letter)) {
    tx.jobs().append_sealed(context, &desk.sealer, &mail(to, letter));
}

fn letterhead(site: &Site, name: &str, locale: Option<&str>) -> Letterhead {
    Letterhead::new(language_of(locale), site).addressed_to(name)
}

fn language_of(locale: Option<&str>) -> Language {
    locale.and_then(Language::of_range).unwrap_or_default()
}

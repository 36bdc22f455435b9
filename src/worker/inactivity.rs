//! Suspends members who were not here for as long as the rules of their organization allow.

use crate::{
    app::App,
    audit::{Actor, Context, Event},
    clock::Timestamp,
    directory::{self, membership},
    id::{MembershipId, OrganizationId},
    policy::{Barrier, Rules, Whom, cached},
    setting::{Setting, Value},
    storage::Tx,
};

/// Members of one unit of work.
const MOST: u32 = 64;

/// Suspends all who are due.
///
/// # Errors
/// When the database fails.
pub(super) async fn suspend(app: &App) -> directory::Result<()> {
    let mut tx = app.storage.read().await?;
    let is_for_everybody = cached::everybody(app).iter().any(|rule| rule.setting == Setting::InactivitySuspend);
    let organizations = if is_for_everybody {
        tx.organizations().list().await?.into_iter().map(|one| one.id).collect()
    } else {
        tx.policy_rules().organizations_with(&[Setting::InactivitySuspend]).await?
    };
    drop(tx);
    let context = app.context(Actor::Server);
    for organization in organizations {
        let rules = cached::read(&mut app.storage.read().await?, app, &organization).await?;
        let Some(before) = earliest(&rules, context.now) else { continue };
        let mut after = String::new();
        while let Some(last) = suspend_some(app, &context, (&organization, &rules), (before, &after)).await? {
            after = last;
        }
    }
    Ok(())
}

/// Whoever was here since then is due by no rule.
fn earliest(rules: &Rules, now: Timestamp) -> Option<Timestamp> {
    let spans = rules.iter().filter(|rule| rule.setting == Setting::InactivitySuspend);
    let spans = spans.filter_map(|rule| if let Value::Span(span) = rule.value { Some(span) } else { None });
    Some(now.minus(spans.min()?))
}

/// Looks at some members; the last one, when there may be more.
async fn suspend_some(
    app: &App,
    context: &Context,
    (organization, rules): (&OrganizationId, &Rules),
    (before, after): (Timestamp, &str),
) -> directory::Result<Option<String>> {
    let mut tx = app.storage.read().await?;
    let unused = tx.reviews().unused(organization, (before, after), MOST).await?;
    let members: Vec<MembershipId> = unused.iter().map(|(member, _)| member.clone()).collect();
    let holdings = tx.access().holdings_of(&members, context.now).await?;
    drop(tx);
    let due = unused.iter().zip(holdings).filter_map(|((member, last), holdings)| {
        let access = holdings.access(context.now);
        let applying = rules.applying(Whom { access: Some(&access), client: None });
        let span = applying.span(Setting::InactivitySuspend)?;
        (last.plus(span) <= context.now).then(|| (member.clone(), applying.by(Setting::InactivitySuspend)))
    });
    let due: Vec<(MembershipId, Barrier)> = due.collect();
    if !due.is_empty() {
        let (context, organization) = (context.clone(), organization.clone());
        let work = app.storage.write::<_, directory::Error, _>(move |tx| {
            Box::pin(async move { disable(tx, &context, &organization, due).await })
        });
        work.await?;
    }
    Ok(members.last().filter(|_| members.len() >= MOST as usize).map(ToString::to_string))
}

async fn disable(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    due: Vec<(MembershipId, Barrier)>,
) -> directory::Result<()> {
    for (member, barrier) in due {
        match membership::disable(tx, context, organization, &member).await {
            // Whoever was suspended meanwhile is told of there.
            Ok(suspended) if suspended.disabled_at == Some(context.now) => {
                let (setting, rules) = (barrier.setting.name().to_owned(), barrier.rules);
                let user = suspended.user_id;
                tx.record(
                    context,
                    Some(organization),
                    &Event::PolicySuspension { user, membership: member, setting, rules },
                );
            }
            Ok(_) | Err(directory::Error::LastOwner | directory::Error::Unknown(..)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

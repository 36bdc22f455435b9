//! Roles that follow of what groups of a directory are called: given to the group here, and taken when they follow no more.

use std::collections::{BTreeSet, HashMap};

use crate::federation::voice::{Voice, alone};
use crate::{
    directory::group,
    id::{GroupId, LocationId, RoleId},
    storage::{self, Tx},
    text::Slug,
    upstream::entry::KnownEntry,
};

/// Which roles there are, and where.
pub(super) struct Roles<'v> {
    voice: &'v Voice,
    known: HashMap<Slug, RoleId>,
    sites: HashMap<Slug, LocationId>,
}

impl<'v> Roles<'v> {
    /// Those of the organization, where any are needed.
    pub(super) async fn of(tx: &mut Tx, voice: &'v Voice, are_needed: bool) -> storage::Result<Self> {
        let (mut known, mut sites) = (HashMap::new(), HashMap::new());
        if are_needed {
            known.extend(tx.roles().list(&voice.of.id).await?.into_iter().map(|role| (role.slug, role.id)));
            sites.extend(tx.locations().list(&voice.of.id).await?.into_iter().map(|site| (site.slug, site.id)));
        }
        Ok(Self { voice, known, sites })
    }

    /// Gives a group the roles that follow of its name, and takes those that followed before.
    pub(super) async fn give(
        &self,
        tx: &mut Tx,
        id: &GroupId,
        (entry, wanted): (&mut KnownEntry, BTreeSet<String>),
    ) -> storage::Result<Option<String>> {
        let (context, organization) = (&self.voice.context, &self.voice.of.id);
        let (wanted, unlisted): (BTreeSet<String>, BTreeSet<String>) =
            wanted.into_iter().partition(|text| self.may_give(text));
        let mut fault =
            unlisted.first().map(|text| format!("`{text}` is not among `roles`, which this directory may give"));
        for text in entry.given.difference(&wanted).cloned().collect::<Vec<_>>() {
            if let Ok((role, site)) = self.find(&text) {
                let take = async |tx: &mut Tx| group::take_role(tx, context, organization, id, (role, site)).await;
                // Whoever took it by hand has done it.
                let _ = alone(tx, take).await?;
            }
            entry.given.remove(&text);
        }
        for text in wanted.difference(&entry.given).cloned().collect::<Vec<_>>() {
            let given = match self.find(&text) {
                Ok((role, site)) => {
                    let give = async |tx: &mut Tx| group::give_role(tx, context, organization, id, (role, site)).await;
                    alone(tx, give).await?.map_err(|refused| refused.to_string())
                }
                Err(why) => Err(why),
            };
            match given {
                Ok(()) => drop(entry.given.insert(text)),
                Err(why) => fault = Some(why),
            }
        }
        Ok(fault)
    }

    fn may_give(&self, text: &str) -> bool {
        let role = text.split('@').next().unwrap_or_default();
        self.voice.roles.iter().any(|slug| slug.as_str() == role)
    }

    /// `role`, or `role@location`.
    fn find(&self, text: &str) -> Result<(&RoleId, Option<&LocationId>), String> {
        let (role, site) = text.split_once('@').map_or((text, None), |(role, site)| (role, Some(site)));
        let slug = role.parse::<Slug>().map_err(|error| format!("role `{role}` {error}"))?;
        let id = self.known.get(&slug).ok_or_else(|| format!("there is no role `{slug}`"))?;
        let Some(site) = site else { return Ok((id, None)) };
        let found = site.parse::<Slug>().ok().and_then(|slug| self.sites.get(&slug));
        found.map(|site| (id, Some(site))).ok_or_else(|| format!("there is no location `{site}`"))
    }
}

//! Riverside with a directory: OpenLDAP, on both databases.

use std::{collections::BTreeMap, time::Duration};

use lanyard::{
    audit::Actor,
    directory::domain::{self, Verification},
    federation::sync::{self, Differences, Order, Watch},
    storage::Tx,
    upstream::{
        Kind, Upstream,
        entry::Class,
        registry::{self, Changes, NewUpstream, State},
        run::{Extent, Report},
    },
};
use serde_json::Value;

use crate::{
    harness::slapd::{READER, SECRET, SUFFIX, Slapd},
    oauth::clinic::Clinic,
};

/// Riverside, and its directory.
pub(crate) struct Staffed {
    pub(crate) clinic: Clinic,
    pub(crate) slapd: Slapd,
    pub(crate) upstream: Upstream,
}

/// What follows the settings that every test has.
pub(crate) const GROUPS: &str = "\n[groups]\nbases = 'ou=groups,dc=clinic,dc=example'\n";

impl Staffed {
    /// On each database, with a directory of these entries; `more` is said besides in the settings.
    pub(crate) async fn each(entries: &str, options: &str, more: &str) -> Vec<Self> {
        let mut all = vec![];
        for clinic in Clinic::each().await {
            clinic.leaves_jobs();
            let slapd = Slapd::start(entries, options);
            let settings = settings(&slapd, more);
            let (context, of) = (clinic.context(), clinic.organization("riverside").await);
            let sealer = clinic.app.sealer.clone();
            let upstream = clinic
                .write(move |tx: &mut Tx| {
                    Box::pin(async move {
                        let name = "riverside.example".parse()?;
                        domain::add(tx, &context, &of, &name).await?;
                        domain::verify(tx, &context, &of, &name, Verification::Administrator).await?;
                        let new = NewUpstream {
                            name: "staff".parse()?,
                            kind: Kind::Ldap,
                            settings,
                            domains: vec![],
                            secret: SECRET.to_owned().into(),
                            precedence: 0,
                        };
                        let upstream = registry::create(tx, &context, &sealer, &of, new).await?;
                        registry::switch(tx, &context, &upstream, State::Live).await?;
                        Ok(upstream)
                    })
                })
                .await;
            all.push(Self { clinic, slapd, upstream });
        }
        all
    }

    /// Somebody removes the upstream and makes it again.
    pub(crate) async fn make_anew(&mut self) {
        let (context, before) = (self.clinic.context(), self.present().await);
        let sealer = self.clinic.app.sealer.clone();
        self.upstream = self
            .clinic
            .write(move |tx: &mut Tx| {
                Box::pin(async move {
                    registry::remove(tx, &context, &before).await?;
                    let new = NewUpstream {
                        name: before.name.clone(),
                        kind: Kind::Ldap,
                        settings: before.settings.clone(),
                        domains: vec![],
                        secret: SECRET.to_owned().into(),
                        precedence: 0,
                    };
                    let upstream = registry::create(tx, &context, &sealer, &before.organization, new).await?;
                    registry::switch(tx, &context, &upstream, State::Live).await?;
                    Ok(upstream)
                })
            })
            .await;
    }

    pub(crate) async fn run(&self, extent: Extent, is_confirmed: bool) -> Report {
        let order = Order { extent, is_confirmed, by: Actor::Host("root".into()) };
        let watch = Watch { halt: &|| false, tell: &|_| {} };
        sync::run(&self.clinic.app, &self.clinic.site, &self.upstream.id, order, watch).await.unwrap()
    }

    /// Reads all of it.
    pub(crate) async fn whole(&self) -> Report {
        self.run(Extent::Whole, false).await
    }

    /// Reads what has changed, half a minute later.
    pub(crate) async fn changes(&self) -> Report {
        self.clinic.app.clock.advance(Duration::from_secs(30));
        self.run(Extent::Changes, false).await
    }

    pub(crate) async fn preview(&self) -> (Report, Differences) {
        let watch = Watch { halt: &|| false, tell: &|_| {} };
        let upstream = self.present().await;
        sync::preview(&self.clinic.app, &self.clinic.site, &upstream, (100, watch)).await.unwrap()
    }

    pub(crate) async fn present(&self) -> Upstream {
        let mut tx = self.clinic.app.storage.read().await.unwrap();
        tx.upstreams().by_id(&self.upstream.id).await.unwrap().unwrap()
    }

    /// Describes it otherwise.
    pub(crate) async fn describe(&self, more: &str) {
        let (context, before, settings) = (self.clinic.context(), self.present().await, settings(&self.slapd, more));
        let sealer = self.clinic.app.sealer.clone();
        self.clinic
            .write(move |tx: &mut Tx| {
                Box::pin(async move {
                    let changes = Changes { settings: Some((settings, vec![])), ..Changes::default() };
                    Ok(registry::change(tx, &context, &sealer, &before, changes).await?)
                })
            })
            .await;
    }

    /// Members whom the directory knows: what they are called, and whether they may act.
    pub(crate) async fn people(&self) -> BTreeMap<String, bool> {
        let all = self.members().await.into_iter();
        all.map(|(name, (is_active, _))| (name, is_active)).collect()
    }

    /// Which members they are.
    pub(crate) async fn ids(&self) -> BTreeMap<String, String> {
        let of = self.clinic.organization("riverside").await;
        let mut tx = self.clinic.app.storage.read().await.unwrap();
        let entries = tx.upstream_entries(&self.upstream.id).after(Class::Person, "", 10_000).await.unwrap();
        let ids: Vec<_> = entries.iter().filter_map(lanyard::upstream::entry::KnownEntry::membership).collect();
        let known = tx.member_records().by_ids(&of, &ids).await.unwrap();
        known.into_iter().map(|one| (one.user_name(), one.membership.id.to_string())).collect()
    }

    /// What is known of one of them.
    pub(crate) async fn member(&self, name: &str) -> Value {
        self.members().await.remove(name).unwrap_or_else(|| panic!("there is no {name}")).1
    }

    async fn members(&self) -> BTreeMap<String, (bool, Value)> {
        let of = self.clinic.organization("riverside").await;
        let mut tx = self.clinic.app.storage.read().await.unwrap();
        let entries = tx.upstream_entries(&self.upstream.id).after(Class::Person, "", 10_000).await.unwrap();
        let gone = tx.upstream_entries(&self.upstream.id).gone_before(far(), 10_000).await.unwrap();
        let ids: Vec<_> =
            entries.iter().chain(&gone).filter_map(lanyard::upstream::entry::KnownEntry::membership).collect();
        let known = tx.member_records().by_ids(&of, &ids).await.unwrap();
        known
            .into_iter()
            .map(|one| (one.user_name(), (one.membership.disabled_at.is_none(), Value::Object(one.seen()))))
            .collect()
    }

    /// Groups by their names, each with the members of it: groups begin with `@`.
    pub(crate) async fn groups(&self) -> BTreeMap<String, Vec<String>> {
        let of = self.clinic.organization("riverside").await;
        let mut tx = self.clinic.app.storage.read().await.unwrap();
        let all = tx.groups().list(&of).await.unwrap();
        let parents = tx.groups().parents(&of).await.unwrap();
        let mut found = BTreeMap::new();
        for group in &all {
            let ids = tx.groups().members(&of, &group.id).await.unwrap();
            let known = tx.member_records().by_ids(&of, &ids).await.unwrap();
            let mut names: Vec<String> = known.iter().map(lanyard::directory::provisioning::Known::user_name).collect();
            let inside = parents.iter().filter(|(_, parent)| *parent == group.id);
            names.extend(inside.map(|(child, _)| {
                format!("@{}", all.iter().find(|one| one.id == *child).map_or("?", |one| one.name.as_str()))
            }));
            names.sort();
            found.insert(group.name.to_string(), names);
        }
        found
    }
}

fn far() -> lanyard::clock::Timestamp {
    lanyard::clock::Timestamp(i64::MAX)
}

/// The settings of a directory; `more` comes last.
pub(crate) fn settings(slapd: &Slapd, more: &str) -> String {
    format!(
        "preset = 'open-ldap'\nroles = ['practitioner', 'supervisor']\n[connection]\nservers = '{}'\nbind_dn = '{READER}'\n\
         timeout = '5s'\n[people]\nbases = 'ou=people,{SUFFIX}'\n{more}",
        slapd.address()
    )
}

/// What `people` answers where all of these may act.
pub(crate) fn active(names: &[&str]) -> BTreeMap<String, bool> {
    names.iter().map(|name| ((*name).to_owned(), true)).collect()
}

//! Emergency accounts are in no app.

use lanyard::{
    directory::{emergency, group},
    scim::outbound::{
        preview,
        run::Kind,
        target::{Settings, Wanted},
    },
    storage::Tx,
};

use super::{Outbound, active, slug};

/// Makes one of Riverside, in a group.
async fn with_one(out: &Outbound) {
    let (context, of) = (out.clinic.context(), out.clinic.organization("riverside").await);
    let (_, hash) = out.clinic.app.random.token();
    let make = async move |tx: &mut Tx| {
        let account = emergency::create(tx, &context, &of, (slug("safe"), hash)).await?;
        let member = tx.memberships().of(&of, &account.user).await?.expect("a member").id;
        let gps = tx.groups().by_slug(&of, &slug("gps")).await?.expect("gps").id;
        group::add_member(tx, &context, &of, &gps, &member).await
    };
    out.clinic.write(move |tx| Box::pin(async move { Ok(make(tx).await?) })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_app_is_told_of_one() {
    for out in Outbound::each().await {
        with_one(&out).await;
        let wanted = out.wanted(Settings::default());
        let desk = Wanted { people: vec![slug("gps")], groups: vec![slug("gps")], ..wanted };
        let desk = out.create("desk", desk).await.unwrap();
        let found = preview::preview(&out.clinic.app, &out.present(&desk).await, 50).await.unwrap();
        let mut names: Vec<_> = found.steps.iter().filter_map(|step| step.name.as_deref()).collect();
        names.sort_unstable();
        assert_eq!(names, ["GPs", "priya@clinic.example"]);

        let target = out.target_of(&[], &["gps"]).await;
        let report = out.run(&target, Kind::Sync).await;
        assert_eq!((report.created, report.failed), (3, 0), "two people and a group: {report:?}");
        let again = out.run(&target, Kind::Reconcile).await;
        assert_eq!((again.created, again.changed, again.failed), (0, 0, 0), "{again:?}");
        assert_eq!(out.peer.people().await, active(&["olivia", "priya", "sam"]));
        let groups = out.peer.groups().await;
        assert_eq!(groups[0], ("GPs".to_owned(), vec!["priya".to_owned()]));
    }
}

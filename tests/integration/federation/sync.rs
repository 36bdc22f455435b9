//! A directory is read: people and groups come, change and leave.

use lanyard::federation::sync::Fate;
use serde_json::json;

use super::directory::{GROUPS, Staffed, active};
use crate::harness::slapd::{SUFFIX, group, person};

/// Changes are told by RFC 4533.
const SYNC: &str = "overlay syncprov\nsyncprov-checkpoint 100 1\nsyncprov-sessionlog 1000";

fn staff() -> String {
    let ben = person("ben", "Ben", "Schmidt", &format!("manager: uid=ada,ou=people,{SUFFIX}\ntitle: Nurse\n"));
    let ada = person("ada", "Ada", "Okafor", "title: GP\n");
    let eve = person("eve", "Eve", "O'Neil", &format!("manager: uid=ada,ou=people,{SUFFIX}\n"));
    let groups = [
        group("clinical", &["cn=nurses,ou=groups", "cn=doctors,ou=groups"]),
        group("doctors", &["uid=ada,ou=people"]),
        group("nurses", &["uid=ben,ou=people", "uid=nobody,ou=people"]),
    ];
    [ben, ada, eve].into_iter().chain(groups).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_groups_come_as_the_directory_says() {
    for staffed in Staffed::each(&staff(), SYNC, GROUPS).await {
        let (report, differences) = staffed.preview().await;
        assert_eq!((report.added, report.problem), (6, None));
        assert_eq!(differences.first.iter().filter(|one| one.fate == Fate::Added && one.is_person).count(), 3);
        assert!(staffed.people().await.is_empty(), "nobody is brought by looking");

        let report = staffed.whole().await;
        assert_eq!(
            (report.added, report.changed, report.failed, report.problem),
            (6, 0, 0, None),
            "{:?}",
            report.faults
        );
        assert_eq!(staffed.people().await, active(&["ada", "ben", "eve"]));
        let groups = staffed.groups().await;
        assert_eq!(groups["clinical"], ["@doctors", "@nurses"]);
        assert_eq!(
            (groups["doctors"].as_slice(), groups["nurses"].as_slice()),
            (&["ada".to_owned()][..], &["ben".to_owned()][..])
        );
        let ben = staffed.member("ben").await;
        assert_eq!(
            (ben["title"].as_str(), ben["emails"][0]["value"].as_str()),
            (Some("Nurse"), Some("ben@riverside.example"))
        );
        let manager = &ben["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["manager"];
        assert!(manager["value"].as_str().is_some_and(|id| id.starts_with("mem_")), "{ben}");

        let again = staffed.whole().await;
        assert_eq!((again.read, again.added, again.changed, again.departed, again.failed), (6, 0, 0, 0, 0));
        let nothing = staffed.changes().await;
        assert_eq!((nothing.read, nothing.added, nothing.changed, nothing.departed), (0, 0, 0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_there_changes_here_and_who_leaves_is_out() {
    // With a log of sessions, without one, and without the control at all.
    for options in [SYNC, "overlay syncprov", ""] {
        for staffed in Staffed::each(&staff(), options, GROUPS).await {
            staffed.whole().await;
            staffed.slapd.change(&format!(
                "dn: uid=ada,ou=people,{SUFFIX}\nchangetype: modify\nreplace: title\ntitle: Partner\n\n\
                 dn: uid=ben,ou=people,{SUFFIX}\nchangetype: modrdn\nnewrdn: uid=benjamin\ndeleteoldrdn: 1\n\n\
                 dn: cn=doctors,ou=groups,{SUFFIX}\nchangetype: modify\nadd: member\nmember: uid=new,ou=people,{SUFFIX}\n\n{}",
                person("new", "New", "Comer", "")
            ));
            staffed.clinic.app.clock.advance(std::time::Duration::from_secs(300));
            let report = staffed.changes().await;
            assert_eq!(report.problem, None, "{options}");
            assert_eq!(staffed.people().await, active(&["ada", "benjamin", "eve", "new"]), "{options}");
            assert_eq!(staffed.member("ada").await["title"], "Partner");
            assert_eq!(staffed.groups().await["doctors"], ["ada", "new"], "{options}");
            assert_eq!(
                staffed.groups().await["nurses"],
                Vec::<String>::new(),
                "it names him as he was called: {options}"
            );

            staffed.slapd.change(&format!(
                "dn: uid=ada,ou=people,{SUFFIX}\nchangetype: delete\n\n\
                 dn: uid=eve,ou=people,{SUFFIX}\nchangetype: modrdn\nnewrdn: uid=eve\ndeleteoldrdn: 1\n\
                 newsuperior: ou=former,{SUFFIX}\n\n\
                 dn: cn=doctors,ou=groups,{SUFFIX}\nchangetype: delete\n"
            ));
            staffed.clinic.app.clock.advance(std::time::Duration::from_secs(300));
            let report = staffed.changes().await;
            assert_eq!((report.departed, report.problem), (3, None), "{options}");
            let mut expected = active(&["benjamin", "new"]);
            expected.extend([("ada".to_owned(), false), ("eve".to_owned(), false)]);
            assert_eq!(staffed.people().await, expected, "{options}");
            assert_eq!(
                staffed.groups().await["doctors"],
                Vec::<String>::new(),
                "it is kept until that is sure: {options}"
            );
            let back = json!(staffed.member("ada").await["title"]);
            assert_eq!(back, "Partner", "what is known of her stays");
            staffed.clinic.app.clock.advance(std::time::Duration::from_hours(31 * 24));
            staffed.whole().await;
            assert!(!staffed.groups().await.contains_key("doctors"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_leavers_wait_for_a_word() {
    let many: String = (0..20).map(|number| person(&format!("p{number}"), "P", "Q", "")).collect();
    for staffed in Staffed::each(&many, SYNC, GROUPS).await {
        staffed.whole().await;
        // Somebody takes the wrong turn in the settings: fourteen of twenty are in it no more.
        for number in 0..14 {
            staffed.slapd.change(&format!(
                "dn: uid=p{number},ou=people,{SUFFIX}\nchangetype: modrdn\nnewrdn: uid=p{number}\ndeleteoldrdn: 1\n\
                 newsuperior: ou=former,{SUFFIX}\n"
            ));
        }
        let report = staffed.changes().await;
        assert_eq!((report.departed, report.braked), (0, Some(14)));
        assert!(staffed.people().await.values().all(|is_active| *is_active));
        assert_eq!(staffed.present().await.progress.braked, Some(14));
        let (previewed, differences) = staffed.preview().await;
        assert_eq!((previewed.departed, previewed.braked), (14, Some(14)));
        assert!(differences.first.iter().all(|one| one.fate == Fate::Departed));

        let report = staffed.run(lanyard::upstream::run::Extent::Changes, true).await;
        assert_eq!((report.departed, report.braked), (14, None));
        assert_eq!(staffed.people().await.values().filter(|is_active| **is_active).count(), 6);
        assert_eq!(staffed.present().await.progress.braked, None);
        assert_eq!(staffed.clinic.recorded("upstream-brake").await, 1);

        // They come back.
        staffed.slapd.change(&format!(
            "dn: uid=p3,ou=former,{SUFFIX}\nchangetype: modrdn\nnewrdn: uid=p3\ndeleteoldrdn: 1\n\
             newsuperior: ou=people,{SUFFIX}\n"
        ));
        staffed.changes().await;
        assert!(staffed.people().await["p3"]);

        // A month later the others are members no more.
        staffed.clinic.app.clock.advance(std::time::Duration::from_hours(31 * 24));
        staffed.whole().await;
        assert_eq!(staffed.people().await.len(), 7);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_leaves_because_the_directory_is_down_or_empty() {
    for mut staffed in Staffed::each(&staff(), SYNC, GROUPS).await {
        staffed.whole().await;
        staffed.slapd.stop();
        let report = staffed.changes().await;
        assert!(report.problem.as_deref().is_some_and(|problem| problem.contains("cannot be reached")), "{report:?}");
        staffed.changes().await;
        let progress = staffed.present().await.progress;
        assert_eq!((progress.failures, progress.trouble.is_some()), (2, true));
        assert_eq!(staffed.clinic.recorded("upstream-run").await, 2, "the first reading, and the trouble once");
        assert_eq!(staffed.people().await, active(&["ada", "ben", "eve"]));

        staffed.slapd.run();
        assert_eq!(staffed.changes().await.problem, None);
        assert_eq!(staffed.present().await.progress.failures, 0);
        staffed.describe(&format!("filter = '(uid=nobody)'\n{GROUPS}")).await;
        let report = staffed.run(lanyard::upstream::run::Extent::Whole, true).await;
        assert_eq!(
            report.problem.as_deref(),
            Some("it knows nobody any more"),
            "though somebody said that it is meant"
        );
        assert_eq!(staffed.people().await, active(&["ada", "ben", "eve"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_give_the_roles_that_their_names_say_and_no_others() {
    let groups = [
        group("app-riverside-practitioner", &["uid=ada,ou=people"]),
        group("app-riverside-owner", &["uid=ben,ou=people"]),
        group("app-nowhere-supervisor", &["uid=ben,ou=people"]),
        group("mail-all", &["uid=ben,ou=people"]),
    ];
    let rules = "[[groups.rules]]\nmatches = 'app-(?<place>[a-z]+)-(?<role>[a-z]+)'\nname = '{role} at {place}'\n\
                 roles = '{role}'\n[[groups.rules]]\nprefix = 'mail-'\nskip = true\n";
    for staffed in Staffed::each(&(staff() + &groups.concat()), SYNC, &format!("{GROUPS}{rules}")).await {
        let report = staffed.whole().await;
        let of = staffed.clinic.organization("riverside").await;
        assert_eq!(report.faults.len(), 1, "{:?}", report.faults);
        assert!(report.faults[0].trouble.contains("`owner` is not among `roles`"), "{:?}", report.faults);
        let groups = staffed.groups().await;
        assert_eq!(groups["practitioner at riverside"], ["ada"]);
        assert!(!groups.contains_key("mail-all") && groups.contains_key("doctors"));
        let given = || async {
            let mut tx = staffed.clinic.app.storage.read().await.unwrap();
            let all = tx.groups().roles(&of).await.unwrap();
            let mut names: Vec<String> = all.into_iter().map(|one| one.role.to_string()).collect();
            names.sort();
            names
        };
        assert_eq!(given().await, ["practitioner", "supervisor"]);
        // The list of roles becomes shorter: what was given is taken.
        let (context, before) = (staffed.clinic.context(), staffed.present().await);
        let fewer = before.settings.replace("'practitioner', 'supervisor'", "'supervisor'");
        let sealer = staffed.clinic.app.sealer.clone();
        staffed
            .clinic
            .write(move |tx| {
                Box::pin(async move {
                    let changes =
                        lanyard::upstream::registry::Changes { settings: Some((fewer, vec![])), ..Default::default() };
                    Ok(lanyard::upstream::registry::change(tx, &context, &sealer, &before, changes).await?)
                })
            })
            .await;
        staffed.changes().await;
        assert_eq!(given().await, ["supervisor"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_that_name_accounts_or_numbers_have_their_members() {
    let posix = "objectClass: posixAccount\nuidNumber: 7\ngidNumber: 100\nhomeDirectory: /x\ntitle: GP\n";
    let entries = [
        person("ada", "Ada", "Okafor", posix),
        person("ben", "Ben", "Schmidt", ""),
        format!(
            "dn: cn=desk,ou=groups,{SUFFIX}\nobjectClass: posixGroup\ncn: desk\ngidNumber: 100\nmemberUid: BEN\nmemberUid: new\n\n"
        ),
    ];
    for staffed in Staffed::each(&entries.concat(), SYNC, GROUPS).await {
        staffed.whole().await;
        assert_eq!(staffed.groups().await["desk"], ["ada", "ben"]);
        staffed.slapd.change(&format!(
            "{}dn: uid=ada,ou=people,{SUFFIX}\nchangetype: modify\nreplace: gidNumber\ngidNumber: 200\n\n",
            person("new", "New", "Comer", "")
        ));
        staffed.changes().await;
        assert_eq!(staffed.groups().await["desk"], ["ben", "new"], "one came who was named, one has another number");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_followed_is_told_and_stops_nothing() {
    let entries = [
        person("ada", "Ada", "Okafor", ""),
        person("twin", "T", "W", "mail: ada@riverside.example\n").replace("mail: twin@riverside.example\n", ""),
        person("nameless", "N", "L", ""),
        group("loop-a", &["cn=loop-b,ou=groups"]),
        group("loop-b", &["cn=loop-a,ou=groups", "uid=ada,ou=people"]),
    ];
    let attributes = format!("attributes.userName = '{{displayName}}'\n{GROUPS}");
    for staffed in Staffed::each(&entries.concat(), SYNC, GROUPS).await {
        let report = staffed.whole().await;
        assert_eq!(report.failed, 2, "{:?}", report.faults);
        let told = |part: &str| report.faults.iter().any(|fault| fault.trouble.contains(part));
        assert!(told("member of the organization already") && told("contain itself"), "{:?}", report.faults);
        assert_eq!(staffed.people().await.len(), 2);
        let mut tx = staffed.clinic.app.storage.read().await.unwrap();
        assert_eq!(tx.upstream_entries(&staffed.upstream.id).troubled(10).await.unwrap().len(), 2);
        drop(tx);
        let runs =
            staffed.clinic.app.storage.read().await.unwrap().upstream_runs().list(&staffed.upstream.id, 10).await;
        assert_eq!(runs.unwrap()[0].report.faults, report.faults);

        staffed.describe(&attributes).await;
        let report = staffed.changes().await;
        assert!(report.faults.iter().any(|fault| fault.trouble.contains("no userName")), "{:?}", report.faults);
        assert_eq!((report.departed, staffed.people().await.len()), (0, 2), "whoever has no name any more stays");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_a_group_leaves_it_whoever_else_may_not_come_in() {
    for staffed in Staffed::each(&staff(), SYNC, GROUPS).await {
        staffed.whole().await;
        // Somebody here hangs a role on the group that the directory may not give.
        let (context, of) = (staffed.clinic.context(), staffed.clinic.organization("riverside").await);
        staffed
            .clinic
            .write(move |tx| {
                Box::pin(async move {
                    let doctors = tx.groups().by_slug(&of, &"doctors".parse()?).await?.expect("it was brought");
                    let role = tx.roles().by_slug(&of, &"manager".parse()?).await?.expect("a role");
                    Ok(lanyard::directory::group::give_role(tx, &context, &of, &doctors.id, (&role.id, None)).await?)
                })
            })
            .await;
        staffed.slapd.change(&format!(
            "dn: cn=doctors,ou=groups,{SUFFIX}\nchangetype: modify\nreplace: member\nmember: uid=eve,ou=people,{SUFFIX}\n"
        ));
        let report = staffed.changes().await;
        assert!(report.faults.iter().any(|fault| fault.trouble.contains("may not assign")), "{:?}", report.faults);
        assert_eq!(staffed.groups().await["doctors"], Vec::<String>::new(), "Ada is out, and Eve is not in");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_given_again_is_another_person() {
    for staffed in Staffed::each(&staff(), SYNC, GROUPS).await {
        staffed.whole().await;
        let before = staffed.ids().await["ben"].clone();
        let ben = format!("dn: uid=ben,ou=people,{SUFFIX}\nchangetype: delete\n\n");
        staffed.slapd.change(&ben);
        staffed.changes().await;
        assert!(!staffed.people().await["ben"]);
        staffed.slapd.change(&person("ben", "Benedict", "Other", ""));
        let report = staffed.changes().await;
        assert_eq!((report.added, report.failed), (1, 0), "{:?}", report.faults);
        assert!(staffed.people().await["ben"]);
        assert_ne!(staffed.ids().await["ben"], before, "nothing of the other is his");
        assert_eq!(staffed.groups().await["nurses"], ["ben"], "the group names him");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_made_anew_takes_its_people_over() {
    for mut staffed in Staffed::each(&staff(), SYNC, GROUPS).await {
        staffed.whole().await;
        let before = staffed.ids().await;
        staffed.make_anew().await;
        let report = staffed.whole().await;
        assert_eq!(report.failed, 0, "{:?}", report.faults);
        assert_eq!(staffed.ids().await, before);
        staffed.slapd.change(&format!("dn: uid=ben,ou=people,{SUFFIX}\nchangetype: delete\n"));
        assert_eq!(staffed.changes().await.departed, 1);
        assert!(!staffed.people().await["ben"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_that_broke_off_is_made_good() {
    for staffed in Staffed::each(&staff(), SYNC, GROUPS).await {
        staffed.whole().await;
        // People were written, and then somebody pulled the plug: groups were not followed.
        let id = staffed.upstream.id.to_string();
        staffed
            .clinic
            .write(move |tx| {
                Box::pin(async move {
                    use lanyard::storage::sql;
                    sql("UPDATE upstreams SET unsettled = 1 WHERE id = $1").bind(id).execute(tx.connection()).await?;
                    sql("DELETE FROM group_members").execute(tx.connection()).await?;
                    Ok(())
                })
            })
            .await;
        assert_eq!(staffed.groups().await["doctors"], Vec::<String>::new());
        staffed.changes().await;
        assert_eq!(staffed.groups().await["doctors"], ["ada"]);
        assert_eq!(staffed.changes().await.read, 0, "once");
    }
}

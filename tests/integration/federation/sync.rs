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
        assert_eq!((report.added, report.changed, report.failed, report.problem), (6, 0, 0, None), "{:?}", report.faults);
        assert_eq!(staffed.people().await, active(&["ada", "ben", "eve"]));
        let groups = staffed.groups().await;
        assert_eq!(groups["clinical"], ["@doctors", "@nurses"]);
        assert_eq!((groups["doctors"].as_slice(), groups["nurses"].as_slice()), (&["ada".to_owned()][..], &["ben".to_owned()][..]));
        let ben = staffed.member("ben").await;
        assert_eq!((ben["title"].as_str(), ben["emails"][0]["value"].as_str()), (Some("Nurse"), Some("ben@riverside.example")));
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
            assert_eq!(staffed.groups().await["nurses"], Vec::<String>::new(), "it names him as he was called: {options}");

            staffed.slapd.change(&format!(
                "dn: uid=ada,ou=people,{SUFFIX}\nchangetype: delete\n\n\
                 dn: uid=eve,ou=people,{SUFFIX}\nchangetype: modrdn\nnewrdn: uid=eve\ndeleteoldrdn: 1\n\
                 newsuperior: ou=former,{SUFFIX}\n\n\
                 dn: cn=nurses,ou=groups,{SUFFIX}\nchangetype: delete\n"
            ));
            staffed.clinic.app.clock.advance(std::time::Duration::from_secs(300));
            let report = staffed.changes().await;
            assert_eq!((report.departed, report.problem), (2, None), "{options}");
            let mut expected = active(&["benjamin", "new"]);
            expected.extend([("ada".to_owned(), false), ("eve".to_owned(), false)]);
            assert_eq!(staffed.people().await, expected, "{options}");
            assert!(!staffed.groups().await.contains_key("nurses"));
            let back = json!(staffed.member("ada").await["title"]);
            assert_eq!(back, "Partner", "what is known of her stays");
        }
    }
}

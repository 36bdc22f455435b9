//! `lanyard group rule`: groups that fill themselves.

use serde_json::{Value, json};

use super::Host;

/// Riverside with a region of two sites, Priya on Main Street, Bill at the quay, and a group.
fn riverside() -> Host {
    let host = Host::set_up();
    for command in [
        "org create riverside --name Riverside",
        "location create north --name North",
        "location create main-street --name Main --in north",
        "location create quay --name Quay --in north",
        "user create --name Olivia --email olivia@riverside.example --organization riverside --kind administrative --role owner",
        "user create --name Priya --email priya@riverside.example --organization riverside --kind practitioner --role practitioner@main-street",
        "user create --name Bill --email bill@riverside.example --organization riverside --kind hirer --role billing@quay",
        "group create northern --name Northern",
    ] {
        host.succeed(command);
    }
    host
}

/// Arguments are separated by spaces: blanks of a condition are tabs here.
fn tabbed(condition: &str) -> String {
    condition.replace(' ', "\t")
}

fn names(members: &Value) -> Vec<(String, String)> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    members.as_array().unwrap().iter().map(|one| (text(one, "name"), text(one, "by"))).collect()
}

#[test]
fn a_group_fills_itself_after_a_look() {
    let host = riverside();
    let pair = |(name, by): (&str, &str)| (name.to_owned(), by.to_owned());
    let rule = tabbed("location eq \"north\" and not (kind eq \"hirer\")");
    let looked = host.json(&format!("group rule preview northern --where {rule}"));
    assert_eq!((&looked["members"], &looked["matching"], &looked["joining"]), (&json!(3), &json!(1), &json!(1)));
    assert_eq!(looked["names"], json!([["Priya"], []]));
    assert_eq!(host.json("group members northern"), json!([]), "a look changes nothing");
    let said = host.succeed(&format!("group rule set northern --where {rule}"));
    assert!(said.starts_with("1 of 3 members came in, 0 went.\n"), "{said}");
    assert_eq!(names(&host.json("group members northern")), [pair(("Priya", "the rule"))]);
    let shown = host.json("group rule show northern");
    assert_eq!(shown["where"], "location eq \"north\" and not (kind eq \"hirer\")");
    assert_eq!(shown["is_complete"], true);
    assert_eq!(host.json("group list")[0]["rule"], shown["where"]);
    assert_eq!(host.json("membership show priya@riverside.example")["access"]["groups"], json!(["northern"]));

    // What is known of somebody changes, and what they may do with it.
    host.succeed("membership update bill@riverside.example --kind contractor");
    host.succeed("group add northern olivia@riverside.example");
    let mut all = names(&host.json("group members northern"));
    all.sort();
    assert_eq!([&all[0], &all[2]], [&pair(("Bill", "the rule")), &pair(("Priya", "the rule"))]);
    assert_eq!(host.json("membership show bill@riverside.example")["access"]["groups"], json!(["northern"]));
    let refused = host.fail("group drop northern bill@riverside.example");
    assert!(refused.contains("the rule of the group puts this member there"), "{refused}");
    let said = host.succeed(&format!("group rule set northern --where {}", tabbed("kind eq \"contractor\"")));
    assert!(said.starts_with("0 of 3 members came in, 1 went.\n"), "{said}");
    let said = host.succeed("group rule preview northern");
    assert!(said.contains("true of        1 of 3 members") && said.contains("there already  0, whom"), "{said}");
    let said = host.succeed("group rule clear northern");
    assert!(said.starts_with("1 members went; those whom somebody put there stay.\n"), "{said}");
    assert_eq!(names(&host.json("group members northern")).len(), 1, "Olivia stays");
    assert_eq!(host.json("group rule show northern")["where"], Value::Null);

    let recorded = host.json("audit list --action group-update");
    let changes: Vec<_> = recorded.as_array().unwrap().iter().map(|one| one["detail"].to_string()).collect();
    assert_eq!(changes.iter().filter(|change| change.contains("rule")).count(), 3, "{changes:?}");
    assert_eq!(host.json("audit list --action group-leave").as_array().unwrap().len(), 2);
}

#[test]
fn a_condition_that_means_nothing_is_refused() {
    let host = riverside();
    for (condition, code, says) in [
        ("kind eq hirer", 2, "a text in double quotes"),
        ("shoe eq \"x\"", 2, "one of kind, profession"),
        ("kind eq \"hirers\"", 1, "there is no kind of membership `hirers`; did you mean `hirer`?"),
        ("location eq \"nort\"", 1, "did you mean `north`?"),
        ("role eq \"bos\"", 1, "there is no role `bos`"),
    ] {
        for verb in ["preview", "set"] {
            let said = host.run(&format!("group rule {verb} northern --where {}", tabbed(condition)));
            assert_eq!(said.code, Some(code), "{verb} {condition}: {}", said.err);
            assert!(said.err.contains(says), "{verb} {condition}: {}", said.err);
        }
    }
    assert_eq!(host.run("group rule preview northern").code, Some(2), "there is no rule yet");
    assert!(host.fail("group rule clear northern").contains("the group has no rule"));
    assert!(host.fail("group rule show nothern").contains("did you mean `northern`?"));
}

//! `lanyard user review`: whom an operator is told of, and whom they suspend.

use serde_json::Value;

use super::Host;

/// Riverside with Olivia, its only owner, Max without a role, and Bill, whose address nobody proved.
fn riverside() -> Host {
    let host = Host::set_up();
    for command in [
        "org create riverside --name Riverside",
        "org create harbour --name Harbour",
        "user create --name Olivia --email olivia@riverside.example --organization riverside --kind administrative --role owner",
        "user create --name Max --user-name max --one-time-password --organization riverside --kind administrative --no-role",
        "user create --name Bill --email bill@riverside.example --organization riverside --kind administrative --role billing",
        "user create --name Noor --email noor@harbour.example --organization harbour --kind administrative --no-role",
        "invitation send bob@riverside.example --kind contractor --organization riverside",
        "client create job --name Job --auth basic --organization riverside --grant client-credentials",
    ] {
        host.succeed(command);
    }
    host
}

/// Each line of the report: why, and who.
fn lines(report: &Value) -> Vec<(String, String)> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let who = |one: &Value| if one["name"] == "" { text(one, "email") } else { text(one, "name") };
    report.as_array().unwrap().iter().map(|one| (text(one, "reason"), who(one))).collect()
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(why, who)| ((*why).to_owned(), (*who).to_owned())).collect()
}

#[test]
fn a_report_says_why_since_when_and_what_to_do() {
    let host = riverside();
    let report = host.json("user review --organization riverside --invited 0s");
    let expected = [
        ("only-owner", "Olivia"),
        ("old-invitation", "bob@riverside.example"),
        ("service-without-owner", "Job"),
        ("unverified", "Olivia"),
        ("no-role", "Max"),
        ("unverified", "Bill"),
    ];
    assert_eq!(lines(&report), pairs(&expected));
    for (line, does) in [(1, "invitation revoke inv_"), (4, "role assign ROLE mem_"), (5, "user recover usr_")] {
        let (command, since) = (report[line]["command"].as_str().unwrap(), report[line]["since"].as_str().unwrap());
        assert!(command.starts_with(&format!("lanyard {does}")), "{command}");
        assert!(command.ends_with(" --organization riverside") && since.starts_with("20"), "{command} {since}");
    }
    // Each command does away with its line.
    for line in [1, 5] {
        host.succeed(report[line]["command"].as_str().unwrap().trim_start_matches("lanyard "));
    }
    host.succeed("user create --name Ann --email ann@riverside.example --organization riverside --kind administrative --role owner");
    host.succeed("client set job contacts=[\"ann@riverside.example\"]");
    let max = report[4]["command"].as_str().unwrap().replace("lanyard ", "").replace("ROLE", "billing");
    host.succeed(&max);
    let left = host.json("user review --organization riverside --invited 0s");
    assert_eq!(lines(&left), pairs(&[("unverified", "Olivia"), ("unverified", "Bill"), ("unverified", "Ann")]));

    // Who never came, by the page.
    let never = "user review --organization riverside --unused 0s --reason never-signed-in";
    let all = pairs(&["Olivia", "Max", "Bill", "Ann"].map(|name| ("never-signed-in", name)));
    assert_eq!(lines(&host.json(never)), all);
    let first = host.json(&format!("{never} --limit 3"));
    assert_eq!(lines(&first), all[..3]);
    let last = first[2]["membership"].as_str().unwrap();
    let more = host.run(&format!("{never} --limit 3 --json")).err;
    assert!(
        more.contains("There are more: lanyard user review") && more.contains(&format!("--after {last}")),
        "{more}"
    );
    assert_eq!(lines(&host.json(&format!("{never} --after {last}"))), all[3..]);
    let table = host.succeed("user review --organization harbour");
    assert!(table.starts_with("WHY ") && table.contains("no-role") && !table.contains("Olivia"), "{table}");
}

#[test]
fn many_are_suspended_for_a_reason_after_a_look() {
    let host = riverside();
    let asked = "user review --organization riverside --unused 0s --reason never-signed-in --disable";
    let stays =
        "Olivia (olivia@riverside.example) stays: the last owner of riverside. First another one: `lanyard role assign";
    let shown = host.succeed(asked);
    assert!(shown.contains("Would be suspended: 2 of the members of riverside. Add --yes"), "{shown}");
    assert!(shown.contains(stays), "{shown}");
    let foreseen = host.json(asked);
    let states: Vec<_> = foreseen.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["stays: the last owner", "to be suspended", "to be suspended"]);
    assert!(host.json("membership list --organization riverside --state disabled").as_array().unwrap().is_empty());
    let done = host.json(&format!("{asked} --yes"));
    let states: Vec<_> = done.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["stays: the last owner", "suspended", "suspended"]);
    let out = host.json("membership list --organization riverside --state disabled");
    let out: Vec<_> = out.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(out, ["Max", "Bill"]);
    let audited = host.json("audit list --organization riverside --action membership-disabling");
    assert_eq!(audited.as_array().unwrap().len(), 2);
    assert_eq!(audited[0]["actor_id"], super::account());
    assert!(host.json("membership list --organization harbour --state disabled").as_array().unwrap().is_empty());
    let again = host.json(&format!("{asked} --yes"));
    assert_eq!(again.as_array().unwrap().len(), 1, "who is out is not found again: {again}");
    let nobody = host.succeed(&format!("{asked} --yes"));
    assert!(nobody.contains("Nobody is to be suspended.") && nobody.contains(stays), "{nobody}");

    // Of two owners one goes, and the other one is the last.
    host.succeed("membership enable max --organization riverside");
    host.succeed("role assign owner max --organization riverside");
    let shown = host.succeed(asked);
    assert!(shown.contains("Would be suspended: 1 of the members of riverside."), "{shown}");
    assert!(shown.contains("Max stays: the last owner of riverside.") && !shown.contains(stays), "{shown}");
    let done = host.succeed(&format!("{asked} --yes"));
    assert!(done.contains("Suspended: 1 of the members of riverside.") && done.contains("Max stays"), "{done}");
    for (wrong, says) in [
        ("--disable", "--reason"),
        ("--reason unused --yes", "--disable"),
        ("--reason only-owner --disable", "nobody is suspended for only-owner"),
        ("--reason boredom", "expected one of"),
        ("--unused soon", "90d"),
    ] {
        let said = host.run(&format!("user review --organization riverside {wrong}"));
        assert_eq!(said.code, Some(2), "{wrong}: {}", said.err);
        assert!(said.err.contains(says), "{wrong}: {}", said.err);
    }
}

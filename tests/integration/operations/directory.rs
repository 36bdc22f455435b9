//! The directory from the command line: a clinic is built up, people come, change and leave.

use serde_json::{Value, json};

use super::Host;

/// Riverside with two sites in a region, and Olivia who owns it.
fn riverside() -> Host {
    let host = Host::set_up();
    for command in [
        "org create riverside --name Riverside",
        "location create north --name North",
        "location create main-street --name Main --in north",
        "location create harbour-quay --name Quay --in north",
        "user create --name Olivia --email olivia@riverside.example --organization riverside --kind administrative --role owner",
    ] {
        host.succeed(command);
    }
    host
}

#[test]
fn a_clinic_is_built_up_and_what_a_member_holds_is_shown() {
    let host = riverside();
    for command in [
        "user create --name Priya --email priya@riverside.example --organization riverside --kind practitioner --no-role",
        "role assign practitioner@main-street priya@riverside.example",
        "role assign supervisor@harbour-quay priya@riverside.example --until 2100-01-01",
        "group create clinicians --name Clinicians",
        "group create gps --name GPs",
        "group nest gps --in clinicians",
        "group add gps priya@riverside.example",
        "group give clinicians inventory@main-street",
        "membership set priya@riverside.example profession=Physician registration_number=R-1",
        "membership deny priya@riverside.example lanyard:people:read",
        "location identify harbour-quay provider_number 0123 --member priya@riverside.example",
    ] {
        host.succeed(command);
    }
    let shown = host.json("membership show priya@riverside.example");
    assert_eq!(shown["access"]["roles"], json!(["inventory", "practitioner", "supervisor"]));
    assert_eq!(shown["access"]["groups"], json!(["clinicians", "gps"]));
    assert_eq!(shown["access"]["locations"], json!(["harbour-quay", "main-street"]));
    let at = |role: &str, location: &str| json!({"role": role, "location": location});
    assert_eq!(
        shown["access"]["assignments"],
        json!([at("inventory", "main-street"), at("practitioner", "main-street"), at("supervisor", "harbour-quay"),])
    );
    assert_eq!(shown["access"]["ends_at"], "2100-01-01T00:00:00Z");
    assert_eq!(shown["attributes"], json!([["profession", "Physician"], ["registration_number", "R-1"]]));
    let entitlements = shown["access"]["entitlements"].as_array().unwrap();
    assert!(!entitlements.contains(&json!("lanyard:people:read")), "a denial wins over the supervisor's role");

    host.succeed("role end supervisor@harbour-quay priya@riverside.example");
    let shown = host.json("membership show priya@riverside.example");
    assert_eq!(shown["access"]["locations"], json!(["main-street"]));
    let listed = host.json("membership list --search priya");
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let recorded = host.json("audit list --organization riverside --action assignment-removal");
    assert_eq!((&recorded[0]["actor_kind"], &recorded[0]["actor_id"]), (&json!("host"), &json!(super::account())));
}

#[test]
fn a_registration_is_set_verified_and_audited() {
    let host = riverside();
    for command in [
        "user create --name Priya --email priya@riverside.example --organization riverside --kind practitioner --no-role",
        "membership set priya@riverside.example registration_number=R-1 registration_body=Board registration_expires=2099-06-30",
    ] {
        host.succeed(command);
    }
    let registration = || host.json("membership show priya@riverside.example")["registration"].clone();
    assert_eq!(
        (&registration()["status"], &registration()["expires_at"]),
        (&json!("unverified"), &json!("2099-06-30T00:00:00Z"))
    );
    for (command, code, says) in [
        ("membership verify priya@riverside.example --number R-2", 1, "is `R-1`, not `R-2`"),
        ("membership verify priya@riverside.example --number R-1 --expires soon", 2, "is not a date"),
        ("membership verify olivia@riverside.example --number R-1", 1, "has no registration number"),
        ("membership set priya@riverside.example registration_expires=soon", 2, "write a date, as in 2027-06-30"),
    ] {
        let said = host.run(command);
        assert_eq!(said.code, Some(code), "{command}: {}", said.err);
        assert!(said.err.contains(says), "{command}: {}", said.err);
    }
    host.succeed("membership verify priya@riverside.example --number R-1 --expires 2100-06-30");
    let by = format!("host:{}", super::account());
    let shown = registration();
    assert_eq!((&shown["status"], &shown["verified_by"]), (&json!("verified"), &json!(by)));
    assert_eq!(shown["expires_at"], "2100-06-30T00:00:00Z");
    let shown = host.succeed("membership show priya@riverside.example");
    assert!(shown.contains(&format!("R-1: verified by {by} at ")), "{shown}");
    host.succeed("membership set priya@riverside.example registration_expires=2001-01-01");
    assert_eq!(registration()["status"], "expired");
    host.succeed("membership verify priya@riverside.example --number R-1 --not");
    host.succeed("membership verify priya@riverside.example --number R-1 --expires 2100-06-30");
    host.succeed("membership set priya@riverside.example registration_number=R-2");
    let shown = registration();
    assert_eq!((&shown["status"], &shown["verified_by"]), (&json!("unverified"), &Value::Null));
    let recorded = host.json("audit list --organization riverside --action registration-verification");
    let states: Vec<&str> =
        recorded.as_array().unwrap().iter().map(|one| one["detail"]["state"].as_str().unwrap()).collect();
    assert_eq!(states.iter().filter(|state| **state == "verified").count(), 2, "{recorded}");
    assert_eq!(states.len(), 4, "{recorded}");
}

#[test]
fn a_refusal_exits_with_one_and_a_wrong_call_with_two() {
    let host = riverside();
    host.succeed("org create harbour --name Harbour");
    host.succeed("location create pier --name Pier --organization harbour");
    for (command, code, says) in [
        ("location list", 2, "--organization SLUG (harbour, riverside)"),
        ("location list --organization nowhere", 1, "there is no organization `nowhere`"),
        ("location rename pier Pier2 --organization riverside", 1, "there is no location `pier`"),
        ("location move north --in main-street --organization riverside", 1, "would contain itself"),
        ("location close north --organization riverside", 1, "close or move them first"),
        ("location create main-street --name Again --organization riverside", 1, "exists already"),
        ("location create Main --name Main --organization riverside", 2, "lower-case letters"),
        ("membership disable olivia@riverside.example --organization riverside", 1, "last owner"),
        ("user disable olivia@riverside.example", 1, "last owner"),
        ("user delete olivia@riverside.example", 2, "--yes"),
        ("user create --name X", 2, "--email"),
        ("user create --name X --email olivia@riverside.example", 1, "exists already"),
        ("role remove manager --organization riverside", 1, "built-in"),
        ("role create clerk --name Clerk --permission till:payment:create --organization riverside", 1, "registered"),
        ("role create clerk --name Clerk --permission everything --organization riverside", 2, "not a permission"),
        ("role assign billing nobody@riverside.example --organization riverside", 1, "there is no member"),
        ("role assign billing olivia@riverside.example --until yesterday --organization riverside", 2, "not a date"),
        ("invitation send olivia@riverside.example --kind hirer --organization riverside", 1, "member"),
        ("group take gps billing --organization riverside", 1, "there is no group"),
        ("org update riverside", 2, "say what to change"),
        ("org update riverside --accent red", 2, "colour"),
    ] {
        let said = host.run(command);
        assert_eq!(said.code, Some(code), "lanyard {command}\n{}{}", said.out, said.err);
        assert!(said.err.contains(says), "lanyard {command}\n{}", said.err);
        assert!(said.out.is_empty(), "lanyard {command}\n{}", said.out);
    }
}

#[test]
fn the_last_owner_stays_whatever_is_tried() {
    let host = riverside();
    let shown = host.json("membership show olivia@riverside.example");
    for command in [
        "membership disable olivia@riverside.example",
        "membership remove olivia@riverside.example",
        "membership update olivia@riverside.example --until 2026-11-23 --yes",
        "role end owner olivia@riverside.example",
        "user disable olivia@riverside.example",
        "user delete olivia@riverside.example --yes",
    ] {
        for scope in ["", " --organization riverside"] {
            let said = host.fail(&format!("{command}{scope}"));
            assert!(said.contains("last owner"), "lanyard {command}{scope}\n{said}");
        }
    }
    assert_eq!(host.json("membership show olivia@riverside.example"), shown, "nothing has changed");
    host.succeed("user create --name Max --email max@riverside.example --organization riverside --kind administrative --role owner");
    host.succeed("membership disable max@riverside.example");
    assert!(
        host.fail("role end owner olivia@riverside.example").contains("last owner"),
        "one who is out does not count"
    );
    host.succeed("membership enable max@riverside.example");
    host.succeed("role end owner olivia@riverside.example");
    assert!(host.fail("user disable max@riverside.example").contains("last owner"), "now he is");
}

#[test]
fn whoever_is_suspended_is_shown_with_since_when_and_by_whom() {
    let host = riverside();
    host.succeed("org create harbour --name Harbour");
    host.succeed("user create --name Max --email max@riverside.example --organization riverside --kind hirer");
    host.succeed("membership add max@riverside.example --kind contractor --organization harbour");
    let states = |options: &str| {
        let shown = host.json(&format!("user show max@riverside.example{options}"));
        let one = |one: &Value| (one["organization"].clone(), one["state"].clone());
        shown["organizations"].as_array().unwrap().iter().map(one).collect::<Vec<_>>()
    };
    let pair = |organization: &str, state: &str| (json!(organization), json!(state));
    host.succeed("membership disable max@riverside.example --organization riverside");
    assert_eq!(states(""), [pair("harbour", "active"), pair("riverside", "disabled")]);
    assert_eq!(states(" --organization riverside"), [pair("riverside", "disabled")]);
    assert_eq!(states(" --organization harbour"), [pair("harbour", "active")]);
    let shown = host.json("membership show max@riverside.example --organization riverside");
    assert_eq!(shown["disabled_by"], format!("host:{}", super::account()));
    let text = host.succeed("membership show max@riverside.example --organization riverside");
    let since = shown["disabled_at"].as_str().unwrap();
    assert!(text.contains(&format!("{since} by host:{}", super::account())), "{text}");
    let text = host.succeed("user show max@riverside.example");
    assert!(text.contains(&format!("harbour (contractor), riverside (hirer, disabled {since})")), "{text}");
    host.succeed("org disable harbour");
    host.succeed("membership enable max@riverside.example --organization riverside");
    assert_eq!(states(""), [pair("harbour", "organization disabled"), pair("riverside", "active")]);
    let shown = host.json("membership show max@riverside.example --organization riverside");
    assert_eq!((&shown["disabled_at"], &shown["disabled_by"]), (&Value::Null, &Value::Null));
}

#[test]
fn staff_without_a_mailbox_get_a_password_that_is_shown_once() {
    let host = riverside();
    let made =
        host.json("user create --name Sam --user-name sam --one-time-password --organization riverside --kind hirer");
    assert_eq!(made["one_time_password"].as_str().map(str::len), Some(23));
    let shown = host.json("user show sam");
    assert_eq!((&shown["must_change_password"], &shown["login_names"]), (&json!(true), &json!(["sam"])));
    assert_eq!(shown["organizations"][0]["organization"], "riverside");
    let again = host.json("user password sam");
    assert_ne!(made["one_time_password"], again["one_time_password"]);
    assert!(host.fail("user recover sam").contains("no e-mail address"));
    host.succeed("user user-name sam sam.poe");
    assert!(host.fail("user show sam").contains("there is no person `sam`"));
    assert_eq!(host.json("user show sam.poe")["former_login_names"], json!(["sam"]));
}

#[test]
fn a_person_without_an_address_gets_one_by_a_mailed_link_or_at_once() {
    let host = riverside();
    host.succeed("user create --name Sam --user-name sam --one-time-password");
    let said = host.succeed("user email sam sam@riverside.example --verify");
    assert!(said.contains("A link to sam@riverside.example is queued"), "{said}");
    assert_eq!(host.json("user show sam")["email"], json!(null), "not before it is confirmed");
    assert!(host.fail("user email sam olivia@riverside.example --verify").contains("olivia@riverside.example"));
    host.succeed("user email sam sam@riverside.example");
    assert_eq!(host.json("user show sam")["email"], "sam@riverside.example");
}

#[test]
fn people_are_listed_in_pages_and_found_by_a_part_of_a_name() {
    let host = riverside();
    host.succeed("org create harbour --name Harbour");
    host.succeed("user create --name Noor --email noor@harbour.example --organization harbour --kind administrative");
    host.succeed("user create --name Sam --user-name sam.poe --one-time-password");
    let names = |options: &str| -> Vec<String> {
        let listed = host.json(&format!("user list {options}"));
        listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("--limit 100"), ["Olivia", "Noor", "Sam"]);
    assert_eq!(names("--organization harbour"), ["Noor"]);
    for (typed, found) in [("LIVI", "Olivia"), ("harbour.ex", "Noor"), ("m.po", "Sam"), ("sa", "Sam")] {
        assert_eq!(names(&format!("--search {typed}")), [found], "{typed}");
    }
    assert!(names("--search livi --organization harbour").is_empty());
    let first = host.json("user list --limit 2");
    let after = first[1]["user"].as_str().unwrap();
    assert_eq!(names(&format!("--limit 2 --after {after}")), ["Sam"]);
    assert!(names("--search nobody").is_empty());
    assert_eq!(host.json("membership list --organization harbour --search oor").as_array().map(Vec::len), Some(1));
    assert_eq!(host.run("user list --limit 0").code, Some(2));
}

#[test]
fn one_organization_changes_no_login_of_a_person_of_two() {
    let host = riverside();
    host.succeed("org create harbour --name Harbour");
    host.succeed("membership add olivia@riverside.example --kind practitioner --organization harbour");
    for command in [
        "user password olivia@riverside.example",
        "user email olivia@riverside.example other@riverside.example",
        "user user-name olivia@riverside.example olivia",
        "user set olivia@riverside.example name=Other",
        "user disable olivia@riverside.example",
        "user delete olivia@riverside.example --yes",
    ] {
        let said = host.fail(&format!("{command} --organization harbour"));
        assert!(said.contains("another organization"), "lanyard {command}\n{said}");
    }
    let said = host.fail("membership set olivia@riverside.example name=Other --organization harbour");
    assert!(said.contains("another organization"), "{said}");
    host.succeed("membership set olivia@riverside.example title=Dr --organization harbour");
    host.succeed("membership remove olivia@riverside.example --organization harbour");
    let said = host.fail("user password olivia@riverside.example --organization harbour");
    assert!(said.contains("another organization"), "also when the membership has ended\n{said}");
    host.succeed("user set olivia@riverside.example name=Olivia-Owen");
    assert_eq!(host.json("user show olivia@riverside.example")["organizations"].as_array().map(Vec::len), Some(1));
}

#[test]
fn invitations_are_sent_sent_again_and_revoked() {
    let host = riverside();
    host.succeed("invitation send bob@riverside.example --kind contractor --role inventory@main-street");
    assert!(host.fail("invitation send bob@riverside.example --kind contractor").contains("open invitation"));
    host.succeed("invitation resend bob@riverside.example");
    let listed = host.json("invitation list");
    assert_eq!((&listed[0]["sent"], &listed[0]["state"]), (&json!(2), &json!("open")));
    assert_eq!(listed[0]["roles"], json!([{"role": "inventory", "location": "main-street"}]));
    let id = listed[0]["id"].as_str().map(str::to_owned).unwrap();
    host.succeed(&format!("invitation revoke {id}"));
    assert!(host.fail(&format!("invitation resend {id}")).contains("there is no invitation"));
    assert_eq!(host.json("invitation list")[0]["state"], "revoked");
}

#[test]
fn domains_kinds_and_rules_are_kept_per_organization() {
    let host = riverside();
    let claimed = host.json("domain add riverside.example");
    assert_eq!(claimed["txt_name"], "_lanyard.riverside.example");
    host.succeed("domain verify riverside.example --by-administrator");
    assert_eq!(host.json("domain list")[0]["verified_by"], "administrator");
    host.succeed("domain remove riverside.example");
    assert_eq!(host.json("domain list"), json!([]));
    host.succeed("org kind riverside locum --name Locum --role practitioner");
    let kinds: Vec<Value> = host.json("org kinds riverside").as_array().cloned().unwrap();
    assert!(kinds.contains(&json!({"kind": "locum", "name": "Locum", "default_roles": ["practitioner"]})));
    host.succeed("org rule riverside phone nobody");
    let said = host.fail("membership set olivia@riverside.example phone=12345678");
    assert!(said.contains("the organization's rule says `nobody`"), "{said}");
}

#[test]
fn the_organization_may_come_from_the_environment() {
    let host = riverside().with("LANYARD_ORGANIZATION", "riverside");
    host.succeed("org create harbour --name Harbour");
    assert_eq!(host.json("location list").as_array().map(Vec::len), Some(3));
    assert_eq!(host.json("location list --organization harbour"), json!([]));
}

#[test]
fn an_app_declares_its_permissions_and_an_organization_adopts_its_roles() {
    let host = riverside();
    host.succeed("client create calendar --name Calendar --redirect-uri https://calendar.example/callback");
    let role = json!({"slug": "practitioner", "name": "P", "permissions": ["calendar:appointment:read"]});
    let declaration = json!({"permissions": {"calendar:appointment:read": "Reads"}, "roles": [role]});
    std::fs::write(host.path("calendar.json"), declaration.to_string()).unwrap();
    assert!(host.fail("client declare nothing calendar.json").contains("there is no app `nothing`"));
    host.succeed("client declare calendar calendar.json");
    let create = "role create clerk --name Clerk --permission calendar:appointment:read";
    assert!(host.fail(create).contains("once it is activated"));
    host.succeed("client activate calendar --organization riverside");
    host.succeed(create);
    let shown = host.json("role show supervisor");
    let effective = shown["effective"].as_array().unwrap();
    assert!(effective.contains(&json!("calendar:appointment:read")), "supervisors inherit from practitioners");
    assert_eq!(host.json("org apps riverside")[0]["client"], "calendar");
}

#[test]
fn a_service_client_holds_what_its_owner_gives_it() {
    let host = riverside();
    host.succeed(
        "client create reports --name Reports --auth basic --organization riverside --grant client-credentials",
    );
    let held = host.json("client give reports billing@main-street");
    assert_eq!(held, json!([{"role": "billing", "location": "main-street"}]));
    assert!(host.fail("client give reports owner").contains("owner is assigned to a person"));
    assert_eq!(host.json("client take reports billing@main-street"), json!([]));
    assert!(host.fail("client take reports billing@main-street").contains("does not have this role"));
    assert!(host.fail("client give nothing billing").contains("there is no client `nothing`; there is reports"));
    host.succeed("client create portal --name Portal --redirect-uri https://portal.example/callback");
    assert!(host.fail("client give portal billing").contains("only a client that an organization owns"));
}

#[test]
fn a_role_that_something_rests_on_is_removed_by_a_word_alone() {
    let host = riverside();
    for command in [
        "role create clerk --name Clerk --permission lanyard:people:read",
        "role create senior --name Senior --permission lanyard:people:read --inherits clerk",
        "role assign clerk olivia@riverside.example",
        "role assign clerk@main-street olivia@riverside.example",
        "group create desk --name Desk",
        "group give desk clerk@main-street",
        "group create all --name All",
        "group rule set all --where role\teq\t\"Clerk\"",
        "client create job --name Job --auth basic --organization riverside --grant client-credentials",
        "client give job clerk",
        "client create portal --name Portal --redirect-uri https://portal.example/callback",
        "client activate portal --organization riverside --require-role clerk",
        "org kind riverside locum --name Locum --role clerk",
        "scim-token create entra --role clerk",
    ] {
        host.succeed(command);
    }
    let refused = host.run("role remove clerk");
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    let expected = "`clerk` is in use: 2 assignments, 1 group that gives it, 1 role that inherits it, 1 client that holds \
                    it, 1 kind of membership that brings it, 1 connection that may assign it, 1 rule that looks at it, 1 \
                    app that asks for it. Removing it";
    assert!(refused.err.contains(expected) && refused.err.contains("--yes"), "{}", refused.err);
    assert_eq!(host.json("role show clerk")["assignments"].as_array().map(Vec::len), Some(2), "nothing was changed");
    host.succeed("role remove clerk --yes");
    assert!(host.fail("role show clerk").contains("there is no role"));
    host.succeed("role remove senior");
}

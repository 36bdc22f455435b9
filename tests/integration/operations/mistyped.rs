//! What is typed wrongly is answered with what there is; what can be written in two ways is taken in both.

use super::Host;

fn riverside() -> Host {
    let host = Host::set_up();
    for command in [
        "org create riverside --name Riverside",
        "location create main-street --name Main",
        "group create gps --name GPs",
        "station create front-desk --name Desk",
        "user create --name Priya --email priya@riverside.example --kind practitioner",
        "client create portal --name Portal --redirect-uri https://portal.example/callback",
        "client create reports --name Reports --auth basic --organization riverside --grant client-credentials",
    ] {
        host.succeed(command);
    }
    host
}

#[test]
fn a_name_that_leads_nowhere_is_answered_with_those_that_do() {
    let host = riverside();
    for (command, expected) in [
        ("role list --organization riversid", "did you mean `riverside`?"),
        ("audit list --organization elsewhere", "there is riverside"),
        ("org show elsewhere", "there is riverside"),
        ("role show mangaer", "did you mean `manager`?"),
        ("role assign boss priya@riverside.example", "there is billing, call_centre, front_desk"),
        ("role assign billing@main-stret priya@riverside.example", "did you mean `main-street`?"),
        ("location rename elsewhere New", "there is main-street"),
        ("group add gp priya@riverside.example", "did you mean `gps`?"),
        ("group add surgeons priya@riverside.example", "there is gps"),
        (
            "invitation send bob@riverside.example --kind doctor",
            "there is administrative, contractor, hirer, practitioner",
        ),
        ("user create --name Bob --email bob@riverside.example --kind hire", "did you mean `hirer`?"),
        ("domain verify riverside.example", "there is none yet"),
        ("membership list --kind doctor", "there is administrative, contractor, hirer, practitioner"),
        ("role create clerk --name Clerk --permission lanyard:peple:read", "did you mean `lanyard:people:read`?"),
        ("client show portl", "did you mean `portal`?"),
        ("client disable calendar", "there is portal, reports"),
        ("client activate calendar --organization riverside", "there is portal, reports"),
        ("client give report billing", "did you mean `reports`?"),
        ("client give reports biling", "did you mean `billing`?"),
        ("user show pria@riverside.example", "did you mean `priya@riverside.example`?"),
        ("user disable Pryia@riverside.example", "did you mean `priya@riverside.example`?"),
        ("user factors priya", "did you mean `priya@riverside.example`?"),
        ("membership show priya@riversid.example", "did you mean `priya@riverside.example`?"),
        ("role assign billing priay@riverside.example", "did you mean `priya@riverside.example`?"),
        ("recovery request prija@riverside.example --reason Lost", "did you mean `priya@riverside.example`?"),
        ("station link front-dsek", "did you mean `front-desk`?"),
        ("station remove elsewhere", "there is front-desk"),
    ] {
        let said = host.fail(command);
        assert!(said.contains(expected), "lanyard {command}: {said}");
    }
}

#[test]
fn nobody_is_named_who_is_not_near_or_belongs_to_others() {
    let host = riverside();
    host.succeed("org create harbour --name Harbour");
    host.succeed("user create --name Bob --email bob@harbour.example --kind hirer --organization harbour");
    for command in [
        "user show bo@harbour.example --organization riverside",
        "membership show bo@harbour.example --organization riverside",
        "membership show max@riverside.example --organization riverside",
        "user show olivia@riverside.example",
    ] {
        let said = host.fail(command);
        assert!(said.contains("there is no") && !said.contains("did you mean"), "lanyard {command}: {said}");
    }
    assert!(host.fail("user show bo@harbour.example").contains("did you mean `bob@harbour.example`?"));
}

#[test]
fn a_request_that_is_not_open_leads_to_those_that_are() {
    let said = riverside().fail("recovery refuse rcv_019e1f0a2b3c7d4e8f90a1b2c3d4e5f6");
    assert!(
        said.contains("rcv_019e1f0a2b3c7d4e8f90a1b2c3d4e5f6") && said.contains("`lanyard recovery list`"),
        "{said}"
    );
}

#[test]
fn an_app_asks_only_for_what_members_can_have() {
    let host = riverside();
    for (option, expected) in [
        ("--require-role mangaer", "did you mean `manager`?"),
        ("--require-group gps --require-group surgeons", "there is gps"),
        ("--require-location main-stret", "did you mean `main-street`?"),
    ] {
        let said = host.fail(&format!("client activate portal --organization riverside {option}"));
        assert!(said.contains(expected), "{option}: {said}");
    }
    assert!(host.json("org apps riverside").as_array().unwrap().is_empty(), "nothing was activated");
    host.succeed("client activate portal --organization riverside --require-role manager --require-group gps");
}

#[test]
fn the_only_organization_need_not_be_named() {
    let host = riverside();
    let shown = host.json("membership show priya@riverside.example");
    assert_eq!(shown["kind"], "practitioner", "{shown}");
    host.succeed("org create harbour --name Harbour");
    let said = host.run("user create --name Bob --email bob@riverside.example --kind practitioner");
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("--organization SLUG (harbour, riverside)"), "{}", said.err);
}

#[test]
fn an_empty_variable_is_one_that_is_not_set() {
    let host = riverside().with("LANYARD_ORGANIZATION", "").with("LANYARD_CONFIG", "");
    assert_eq!(host.json("membership show priya@riverside.example")["kind"], "practitioner");
    assert_eq!(host.json("user list").as_array().map(Vec::len), Some(1));
    let host = host.with("LANYARD_ORGANIZATION", "elsewhere");
    assert!(host.fail("membership list").contains("there is no organization `elsewhere`"));
    assert_eq!(host.run("membership list --organization=").code, Some(1), "what is typed is meant");
}

#[test]
fn registered_spellings_are_taken_too() {
    let host = riverside();
    for command in [
        "client create one --name One --auth client_secret_basic --organization riverside --grant client_credentials",
        "client create two --name Two --auth client_secret_post --redirect-uri https://two.example/ \
         --grant authorization_code --grant refresh_token",
    ] {
        host.succeed(command);
    }
    assert_eq!(host.json("client show one")["grants"], serde_json::json!(["client_credentials"]));
    let two = host.json("client show two");
    assert_eq!(two["authentication"], "client_secret_post");
    assert_eq!(two["grants"], serde_json::json!(["authorization_code", "refresh_token"]));
}

#[test]
fn an_api_that_introspects_needs_no_grant_and_the_only_organization_no_name() {
    let host = riverside();
    host.succeed(
        "client create records --name Records --auth basic --introspects own --audience https://records.example",
    );
    assert_eq!(host.json("client show records")["grants"], serde_json::json!([]));
    host.succeed("client activate records");
    assert_eq!(host.json("client show records")["used_by"].as_array().unwrap().len(), 1);
    host.succeed("client deactivate records");
    assert!(host.fail("client create other --name Other --auth basic").contains("needs a redirect URI"));
}

#[test]
fn a_client_is_shown_with_all_that_was_registered_and_is_not_the_default() {
    let host = riverside();
    host.succeed(
        "client create records --name Records --auth basic --introspects own --audience https://records.example \
         --resource https://bills.example --id-token-alg ES256 --access-token-seconds 120 --opaque",
    );
    host.succeed("client set records client_uri=https://records.example/");
    let shown = host.json("client show records")["metadata"].clone();
    let expected = serde_json::json!({
        "audience": "https://records.example", "resources": ["https://bills.example"], "introspects": "own",
        "id_token_signed_response_alg": "ES256", "access_token_seconds": 120, "access_token_format": "opaque",
        "client_uri": "https://records.example/",
    });
    assert_eq!(shown, expected);
    let text = host.succeed("client show records");
    for part in ["audience=https://records.example", "id_token_signed_response_alg=ES256", "introspects=own"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    host.succeed("client set records scope=openid resources=");
    host.succeed("client set records scope=");
    let shown = host.json("client show records");
    assert!(shown["metadata"].get("resources").is_none(), "{shown}");
    assert!(shown["scopes"].as_array().unwrap().len() > 5, "{shown}");
}

#[test]
fn a_letter_is_told_to_wait_for_the_server() {
    let host = riverside();
    for command in [
        "invitation send bob@riverside.example --kind hirer",
        "invitation resend bob@riverside.example",
        "user recover priya@riverside.example",
    ] {
        let said = host.succeed(command);
        assert!(said.contains("is queued; the server sends it, now if it runs, else when it starts"), "{said}");
    }
}

#[test]
fn an_end_in_the_past_is_meant_and_shown() {
    let host = Host::set_up();
    host.succeed("user create --name Sam --email sam@riverside.example");
    let sam = "sam@riverside.example";
    let past = format!("user validity {sam} --until 2020-03-01");
    let said = host.run(&past);
    assert_eq!(said.code, Some(2), "{}", said.err);
    assert!(said.err.contains("00:00Z is past") && said.err.contains("`lanyard user disable`"), "{}", said.err);
    assert_eq!(host.json(&format!("user show {sam}"))["until"], serde_json::Value::Null, "nothing was changed");
    for command in [format!("{past} --yes"), format!("user show {sam}")] {
        let said = host.succeed(&command);
        assert!(said.contains("ended 2020-03-01T00:00:00Z"), "{command}: {said}");
    }
    let said = host.succeed(&format!("user disable {sam}"));
    assert!(said.contains("disabled 20") && !said.contains("ended"), "{said}");
    let said = host.succeed(&format!("user validity {sam} --until 2099-01-01"));
    assert!(!said.contains("ended"), "{said}");
    // Of what holds in one organization as well.
    host.succeed("org create riverside --name Riverside");
    host.succeed(&format!("membership add {sam} --kind administrative"));
    for (command, instead) in [
        (format!("membership update {sam} --until 2020-03-01"), "`lanyard membership remove`"),
        (format!("role assign billing {sam} --until 2020-03-01"), "`lanyard role end`"),
    ] {
        let before = host.json(&format!("membership show {sam}"));
        let said = host.run(&command);
        assert_eq!(said.code, Some(2), "{}", said.err);
        assert!(said.err.contains("00:00Z is past") && said.err.contains(instead), "{}", said.err);
        assert_eq!(host.json(&format!("membership show {sam}")), before, "nothing was changed");
        host.succeed(&format!("{command} --yes"));
    }
    host.succeed(&format!("membership update {sam} --always"));
    let said = host.succeed(&format!("user unlock {sam}"));
    assert!(said.contains("was not locked, and need not wait"), "{said}");
}

//! `lanyard policy`: what an organization sets, and what it comes to.

use std::{path::Path, time::Duration};

use lanyard::{
    audit::{Actor, Context, Event},
    geography::testing as geography,
    id::FamilyId,
    policy::trial,
    storage::sql,
};
use serde_json::json;

use super::Host;

fn riverside() -> Host {
    let host = Host::set_up();
    for command in [
        "org create riverside --name Riverside",
        "location create north --name North",
        "location create main-street --name Main --in north",
        "user create --name Olivia --email olivia@riverside.example --organization riverside --kind administrative --role owner",
        "user create --name Priya --email priya@riverside.example --organization riverside --kind practitioner --role practitioner@main-street",
        "group create gps --name GPs",
    ] {
        host.succeed(command);
    }
    host
}

/// Arguments are separated by spaces: blanks of a value are tabs here.
fn tabbed(value: &str) -> String {
    value.replace(' ', "\t")
}

#[test]
fn the_strictest_rule_wins_and_explain_says_whose_it_is() {
    let host = riverside();
    assert_eq!(host.json("policy list"), json!([]));
    host.succeed("policy set session.idle 1h");
    host.succeed("policy set session.idle 30m --location north");
    host.succeed("policy set session.idle 15m --role owner");
    host.succeed(&format!("policy set schedule.windows {} --role practitioner", tabbed("mon-fri 07:00-19:00 in UTC")));
    let listed = host.json("policy list");
    let listed: Vec<String> =
        listed.as_array().unwrap().iter().map(|one| format!("{} {}", one["subject"], one["value"])).collect();
    assert_eq!(
        listed,
        [
            r#""role practitioner" "mon-fri 07:00-19:00 in UTC""#,
            r#""location north" "30m""#,
            r#""organization riverside" "1h""#,
            r#""role owner" "15m""#
        ]
    );
    let explained = |arguments: &str| host.json(&format!("policy explain --user {arguments}"));
    let idle = |answer: &serde_json::Value| {
        let lines = answer["settings"].as_array().unwrap().clone();
        let line = lines.into_iter().find(|line| line["setting"] == "session.idle").unwrap();
        (line["value"].as_str().unwrap().to_owned(), line["from"].as_str().unwrap().to_owned())
    };
    let pair = |value: &str, from: &str| (value.to_owned(), from.to_owned());
    let priya = explained("priya@riverside.example --at 2026-11-23T12:00:00Z");
    assert_eq!((idle(&priya), &priya["is_let_in"]), (pair("30m", "location north"), &json!(true)));
    assert_eq!(idle(&explained("olivia@riverside.example")), pair("15m", "role owner"));
    let closed = explained("priya@riverside.example --at 2026-11-23T20:00:00Z");
    assert_eq!((&closed["is_let_in"], &closed["rules"]), (&json!(false), &json!("role practitioner")));
    assert_eq!(closed["opens_at"], "2026-11-24T07:00:00Z");
    let said = host.succeed("policy explain --user priya@riverside.example --at 2026-11-23T20:00:00Z");
    assert!(said.ends_with("schedule.windows for role practitioner; open again at 2026-11-24T07:00:00Z.\n"), "{said}");

    host.succeed("policy unset session.idle --location north");
    assert_eq!(idle(&explained("priya@riverside.example")), pair("1h", "organization riverside"));
    host.succeed("policy set session.idle 3h");
    assert_eq!(idle(&explained("priya@riverside.example")), pair("2h", "configuration"));
    let recorded = host.json("audit list --action policy-set");
    let changes: Vec<String> = recorded.as_array().unwrap().iter().map(|one| one["detail"].to_string()).collect();
    assert!(changes.iter().any(|change| change.contains("1h") && change.contains("3h")), "{changes:?}");
    assert_eq!(host.json("audit list --action policy-removal").as_array().unwrap().len(), 1);
    assert_eq!(host.json("policy settings").as_array().unwrap().len(), lanyard::setting::ROWS.len());
}

#[test]
fn rules_go_with_whom_they_are_for() {
    let host = riverside();
    host.succeed("role create locum --name Locum");
    host.succeed("client create rota --name Rota --redirect-uri https://rota.example/cb");
    host.succeed("client activate rota --organization riverside");
    for subject in ["--role locum", "--group gps", "--client rota", "--location north"] {
        host.succeed(&format!("policy set token.lifetime 2m {subject}"));
    }
    host.succeed("role remove locum");
    host.succeed("group remove gps");
    host.succeed("client deactivate rota --organization riverside");
    let left = host.json("policy list");
    assert_eq!((left.as_array().unwrap().len(), &left[0]["subject"]), (1, &json!("location north")), "{left}");
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let host = riverside();
    for (command, code, says) in [
        ("set session.idel 15m", 2, "did you mean `session.idle`?"),
        (
            "set session.idle soon",
            2,
            "session.idle: `soon` is not such a value; write a number and a unit from 2m to 90d",
        ),
        ("set session.idle 1s", 2, "`1s` is not such a value"),
        ("set network.allowed 10.0.0.0/33", 2, "`10.0.0.0/33` is not a network"),
        ("set schedule.windows mornings", 2, "it names no time zone; write for example"),
        ("set session.idle 15m --role bos", 1, "there is no role `bos`"),
        ("set session.idle 15m --client portal", 1, "there is no app `portal`"),
        ("set session.idle 15m --role owner --group gps", 2, "cannot be used with"),
        ("set session.concurrent 2 --client portal", 1, "there is no app `portal`"),
        ("unset session.idle", 1, "there is no rule for session.idle there"),
        ("explain --user nobody@riverside.example", 1, "there is no member `nobody@riverside.example`"),
    ] {
        let said = host.run(&format!("policy {command}"));
        assert_eq!(said.code, Some(code), "{command}: {}", said.err);
        assert!(said.err.contains(says), "{command}: {}", said.err);
    }
    assert_eq!(host.json("policy list"), json!([]));
}

#[test]
fn a_rule_that_stops_every_owner_needs_force() {
    let host = riverside();
    let never = tabbed("mon 07:00-19:00 in UTC until 2020-01-01");
    for subject in ["", " --role owner"] {
        let said = host.fail(&format!("policy set schedule.windows {never}{subject}"));
        assert!(said.contains("would stop every owner") && said.contains("--force"), "{said}");
    }
    assert_eq!(host.json("policy list"), json!([]), "nothing was changed");
    host.succeed(&format!("policy set schedule.windows {never} --role practitioner"));
    host.succeed(&format!("policy set schedule.windows {never} --force"));
    assert_eq!(host.json("policy list").as_array().unwrap().len(), 2);
    let said = host.succeed("policy explain --user olivia@riverside.example");
    assert!(said.contains("Would not be let in"), "{said}");

    // What stops no owner is not refused because another rule does.
    host.succeed("policy set session.idle 30m");
    host.succeed("policy set network.allowed 10.0.0.0/8");
    host.succeed(&format!("policy set schedule.windows {} --role practitioner", tabbed("mon 07:00-19:00 in UTC")));
    let said = host.fail(&format!("policy set schedule.windows {never} --role owner"));
    assert!(said.contains("would stop every owner"), "{said}");
}

#[test]
fn countries_are_asked_of_a_file() {
    let host = riverside();
    let said = host.fail("policy set network.countries DK");
    assert!(said.contains("there is no file of countries") && said.contains("--force"), "{said}");
    let said = host.run("policy set network.countries Denmark");
    assert!(said.code == Some(2) && said.err.contains("`DENMARK` is no code of a country"), "{}", said.err);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), geography::file(&[("192.0.2.0/24", "DK")])).unwrap();
    let host = host.with("LANYARD_NETWORK__COUNTRIES", file.path().to_str().unwrap());
    host.succeed("policy set network.countries dk");
    host.succeed("policy set network.otherwise step-up");
    assert_eq!(host.json("policy list")[0]["value"], "DK");
    let explained = |more: &str| host.json(&format!("policy explain --user priya@riverside.example --from-ip {more}"));
    let inside = explained("192.0.2.7");
    assert_eq!((&inside["country"], &inside["is_let_in"]), (&json!("DK"), &json!(true)));
    let elsewhere = explained("198.51.100.7");
    assert_eq!((&elsewhere["country"], &elsewhere["stopped_by"]), (&json!(null), &json!("network.countries")));
    let sure = explained("198.51.100.7 --acr urn:lanyard:acr:multi-factor");
    assert_eq!(sure["is_let_in"], true);
}

#[test]
fn the_configuration_sets_rules_for_everybody() {
    let host = riverside().with("LANYARD_POLICY__SESSION__IDLE", "20m").with("LANYARD_POLICY__TOKEN__LIFETIME", "3m");
    let listed = host.json("policy list");
    assert_eq!((&listed[0]["subject"], &listed[0]["value"]), (&json!("everybody"), &json!("20m")));
    assert_eq!(listed[1]["value"], "3m");
    let host = host.with("LANYARD_POLICY__SESSION__IDEL", "20m");
    let said = host.run("policy list").err;
    assert!(said.contains("did you mean `LANYARD_POLICY__SESSION__IDLE`?"), "{said}");
}

/// As if `email` had signed in to the rota from there, so many hours ago.
async fn signed_in(host: &Host, (email, slug): (&str, &str), (address, hours): (&str, u64)) {
    let app = host.app().await;
    let mut tx = app.storage.read().await.unwrap();
    let user = tx.users().by_login_name(&email.parse().unwrap()).await.unwrap().unwrap().id;
    let at = tx.organizations().by_reference(slug).await.unwrap().unwrap().id;
    drop(tx);
    let context = Context {
        now: app.clock.now().minus(Duration::from_hours(hours)),
        address: Some(address.to_owned()),
        ..app.context(Actor::User(user.clone()))
    };
    let family = FamilyId::fresh(context.now, &app.random);
    let event = Event::Authorization { user, client: "rota".into(), family, scope: "openid".into() };
    app.storage.append(move |additions| additions.record(&context, Some(&at), &event)).await.unwrap();
    app.storage.close().await;
}

/// Riverside with a rota, to which people signed in; the file says where.
async fn signed_in_from_two_countries(file: &Path) -> Host {
    std::fs::write(file, geography::file(&[("192.0.2.0/24", "DK"), ("198.51.100.0/24", "SE")])).unwrap();
    let host = riverside().with("LANYARD_NETWORK__COUNTRIES", file.to_str().unwrap());
    for command in [
        "client create rota --name Rota --redirect-uri https://rota.example/cb",
        "org create harbour --name Harbour",
        "user create --name Noor --email noor@harbour.example --organization harbour --kind administrative --role owner",
        "client activate rota --organization riverside",
        "policy set network.allowed 0.0.0.0/0 --organization riverside",
    ] {
        host.succeed(command);
    }
    let (olivia, priya) = (("olivia@riverside.example", "riverside"), ("priya@riverside.example", "riverside"));
    for (who, from) in [
        (olivia, ("192.0.2.7", 1)),
        (olivia, ("198.51.100.7", 2)),
        (priya, ("198.51.100.8", 3)),
        (priya, ("198.51.100.8", 4)),
        (priya, ("10.1.2.3", 5)),
        (priya, ("198.51.100.8", 24 * 9)),
        (("noor@harbour.example", "harbour"), ("198.51.100.9", 1)),
    ] {
        signed_in(&host, who, from).await;
    }
    host
}

#[tokio::test(flavor = "multi_thread")]
async fn other_rules_are_tried_on_the_sign_ins_of_the_last_days_and_change_nothing() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let host = signed_in_from_two_countries(file.path()).await;
    let counts = |arguments: &str| {
        let answer = host.json(&format!("policy simulate --organization riverside {arguments}"));
        [&answer["looked_at"], &answer["stopped"], &answer["people"]].map(|count| count.as_u64().unwrap())
    };
    for (arguments, expected) in [
        ("--days 7", [5, 0, 0]),
        ("--set network.countries=DK", [5, 3, 2]),
        ("--set network.countries=DK --days 30", [6, 4, 2]),
        ("--set network.countries=DK --role practitioner", [5, 2, 1]),
        ("--set network.countries=DK --client rota", [5, 3, 2]),
        ("--set network.countries=DK --set network.otherwise=alert", [5, 0, 0]),
        ("--set network.allowed=192.0.2.0/24", [5, 4, 2]),
        ("--unset network.allowed --set network.countries_denied=SE", [5, 3, 2]),
    ] {
        assert_eq!(counts(arguments), expected, "{arguments}");
    }
    let answer = host.json("policy simulate --set network.countries=DK --limit 1 --organization riverside");
    let stops = answer["stops"].as_array().unwrap();
    assert_eq!((stops.len(), &answer["stopped"]), (1, &json!(3)), "all are counted");
    assert_eq!((&stops[0]["person"], &stops[0]["country"]), (&json!("Olivia"), &json!("SE")));
    assert_eq!(
        (&stops[0]["setting"], &stops[0]["rules"]),
        (&json!("network.countries"), &json!("organization riverside"))
    );
    let said = host.succeed("policy simulate --set network.countries=DK --organization riverside");
    assert!(said.contains("Of 5 sign-ins to apps since") && said.contains("3 of 2 people"), "{said}");

    // Nothing of it has happened.
    let listed = host.json("policy list --organization riverside");
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["setting"]), (1, &json!("network.allowed")));
    assert_eq!(host.json("audit list --action policy-set").as_array().unwrap().len(), 1);
}

#[test]
fn a_trial_of_what_makes_no_sense_is_refused() {
    let host = riverside();
    for (arguments, code, says) in [
        ("--set session.idle=15m", 2, "session.idle stops nobody who comes"),
        ("--set network.countries", 2, "SETTING=VALUE"),
        ("--set network.countries=Denmark", 2, "no code of a country"),
        ("--set network.countries=DK --role nothing", 1, "there is no role `nothing`"),
        ("--unset schedule.windows", 1, "there is no rule for schedule.windows"),
        ("--days 0", 2, "0"),
    ] {
        let said = host.run(&format!("policy simulate {arguments}"));
        assert_eq!(said.code, Some(code), "{arguments}: {}", said.err);
        assert!(said.err.contains(says), "{arguments}: {}", said.err);
    }
}

/// Time passes on a host whose commands take theirs from the machine: what is tried began ten minutes earlier.
async fn ten_minutes_later(host: &Host) {
    let app = host.app().await;
    let earlier: Result<(), lanyard::storage::Error> = app
        .storage
        .write(|tx| {
            Box::pin(async move {
                sql("UPDATE policy_trials SET ends_at = ends_at - 600000").execute(tx.connection()).await?;
                Ok(())
            })
        })
        .await;
    earlier.unwrap();
    app.storage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_tried_and_kept_or_taken_back() {
    let host = riverside();
    host.succeed("policy set session.idle 30m");
    host.succeed("policy set session.absolute 8h");
    host.succeed("policy set session.idle 15m --try");
    host.succeed("policy set session.idle 10m --try");
    host.succeed("policy set token.lifetime 2m --try");
    host.succeed("policy unset session.absolute --try");
    let listed = |host: &Host| {
        let rules = host.json("policy list");
        let one = |rule: &serde_json::Value| {
            let text = |key: &str| rule[key].as_str().unwrap_or_default().to_owned();
            (text("setting"), text("value"), rule["tried_until"].is_string())
        };
        let mut all: Vec<_> = rules.as_array().unwrap().iter().map(one).collect();
        all.sort();
        all
    };
    let row = |setting: &str, value: &str, is_tried| (setting.to_owned(), value.to_owned(), is_tried);
    let tried =
        [row("session.absolute", "", true), row("session.idle", "10m", true), row("token.lifetime", "2m", true)];
    assert_eq!(listed(&host), tried);
    let said = host.fail("policy keep session.idle --role practitioner");
    assert!(said.contains("no change is being tried there"), "{said}");
    assert_eq!(host.run("policy keep --role practitioner").code, Some(2));

    // Two nodes find that it is over; one takes it back.
    host.succeed("policy keep token.lifetime");
    ten_minutes_later(&host).await;
    assert!(
        host.fail("policy keep").contains("no change is being tried there"),
        "it is over, though not yet taken back"
    );
    let app = host.app().await;
    let (one, other) = tokio::join!(trial::roll_back(&app), trial::roll_back(&app));
    assert_eq!(one.unwrap() + other.unwrap(), 2);
    assert_eq!(trial::roll_back(&app).await.unwrap(), 0);
    app.storage.close().await;
    let left =
        [row("session.absolute", "8h", false), row("session.idle", "30m", false), row("token.lifetime", "2m", false)];
    assert_eq!(listed(&host), left, "what was before the first trial");
    let count = |action: &str| host.json(&format!("audit list --action {action}")).as_array().unwrap().len();
    assert_eq!((count("policy-trial"), count("policy-keep"), count("policy-rollback")), (4, 1, 2));

    // What is set in earnest is tried no more, and neither is what somebody has no rule for.
    host.succeed("policy set session.idle 20m --try");
    host.succeed("policy set session.idle 25m");
    ten_minutes_later(&host).await;
    assert!(listed(&host).contains(&row("session.idle", "25m", false)));
    host.succeed("policy set session.idle 20m --role practitioner --try");
    host.succeed("policy unset session.idle --role practitioner");
    assert_eq!(listed(&host).len(), 3);
    assert!(host.fail("policy keep").contains("no change is being tried"));
    let never = tabbed("mon 07:00-19:00 in UTC until 2020-01-01");
    let said = host.fail(&format!("policy set schedule.windows {never} --try"));
    assert!(said.contains("would stop every owner"), "{said}");
}

#[test]
fn a_preset_sets_what_belongs_together_and_the_other_takes_it_back() {
    let host = riverside();
    host.succeed("policy set password.min_length 20");
    host.succeed("policy set session.idle 15m");
    let rules = || -> Vec<String> {
        let listed = host.json("policy list");
        let text = |one: &serde_json::Value, name: &str| one[name].as_str().unwrap().to_owned();
        listed
            .as_array()
            .unwrap()
            .iter()
            .map(|one| format!("{} {}", text(one, "setting"), text(one, "value")))
            .collect()
    };
    host.succeed("policy preset composition-and-expiry");
    let expected = ["password.composition 3", "password.history 5", "password.max_age 90d", "session.idle 15m"];
    assert_eq!(rules(), expected);
    host.succeed("policy preset composition-and-expiry --role practitioner");
    assert_eq!(rules().len(), 7);
    host.succeed("policy preset nist-800-63b");
    host.succeed("policy preset nist-800-63b --role practitioner");
    assert_eq!(rules(), ["session.idle 15m"]);
    assert_eq!(host.run("policy preset iso").code, Some(2));
}

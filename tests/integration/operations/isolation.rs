//! Every command that takes `--organization` and names a thing: what another organization has answers as what nobody has.

use super::Host;

const PRIYA: &str = "priya@riverside.example";
const NOBODY: &str = "nobody@riverside.example";

/// Riverside and Harbour with what an organization has; Priya works at Riverside, Noor at Harbour, Olivia at both.
fn two_organizations() -> Host {
    let host = Host::set_up();
    for command in [
        "org create riverside --name Riverside",
        "location create main-street --name Main",
        "station create front-desk --name Desk",
        "role create clerk --name Clerk --permission lanyard:people:read",
        "group create gps --name GPs",
        "org kind riverside locum --name Locum",
        "domain add riverside.example",
        "user create --name Olivia --email olivia@riverside.example --organization riverside --kind administrative --role owner",
        "user create --name Priya --email priya@riverside.example --organization riverside --kind practitioner --role practitioner",
        "group add gps priya@riverside.example",
        "invitation send bob@riverside.example --kind contractor",
        "scim-token create entra",
        "emergency create safe",
        "membership hold set priya@riverside.example --reason complaint",
        "org create harbour --name Harbour",
        "location create pier --name Pier --organization harbour",
        "role create assistant --name Assistant --permission lanyard:people:read --organization harbour",
        "group create physios --name Physios --organization harbour",
        "user create --name Noor --email noor@harbour.example --organization harbour --kind administrative --role owner",
        "membership add olivia@riverside.example --kind practitioner --organization harbour",
        "scim-token create okta --organization harbour",
        "client create job --name Job --auth basic --organization harbour --grant client-credentials",
        "client create portal --name Portal --redirect-uri https://portal.example/callback",
    ] {
        host.succeed(command);
    }
    host
}

/// Stands for the id of the token that Riverside has.
const TOKEN: &str = "the token";

/// Stands for the id of the hold that Riverside has.
const HOLD: &str = "the hold";

/// The commands with `X` for the name, what Riverside has by it, and what nobody has.
#[rustfmt::skip]
const COMMANDS: [(&str, &str, &str); 110] = [
    ("station link X", "front-desk", "no-desk"),
    ("station remove X", "front-desk", "no-desk"),
    ("location rename X New", "main-street", "no-street"),
    ("location move X --in pier", "main-street", "no-street"),
    ("location move pier --in X", "main-street", "no-street"),
    ("location create east --name East --in X", "main-street", "no-street"),
    ("location close X", "main-street", "no-street"),
    ("location reopen X", "main-street", "no-street"),
    ("location identify X provider_number 1", "main-street", "no-street"),
    ("location identify pier provider_number 1 --member X", PRIYA, NOBODY),
    ("role show X", "clerk", "nothing"),
    ("role rename X New", "clerk", "nothing"),
    ("role change X --add lanyard:groups:read", "clerk", "nothing"),
    ("role inherit X --from billing", "clerk", "nothing"),
    ("role inherit assistant --from X", "clerk", "nothing"),
    ("role disinherit X --from billing", "clerk", "nothing"),
    ("role disinherit assistant --from X", "clerk", "nothing"),
    ("role remove X", "clerk", "nothing"),
    ("role assign X noor@harbour.example", "clerk", "nothing"),
    ("role assign practitioner@X noor@harbour.example", "main-street", "no-street"),
    ("role assign practitioner X", PRIYA, NOBODY),
    ("role end X noor@harbour.example", "clerk", "nothing"),
    ("role end practitioner@X noor@harbour.example", "main-street", "no-street"),
    ("role end practitioner X", PRIYA, NOBODY),
    ("group members X", "gps", "nothing"),
    ("group rename X New", "gps", "nothing"),
    ("group remove X", "gps", "nothing"),
    ("group add X noor@harbour.example", "gps", "nothing"),
    ("group add physios X", PRIYA, NOBODY),
    ("group drop X noor@harbour.example", "gps", "nothing"),
    ("group drop physios X", PRIYA, NOBODY),
    ("group nest X --in physios", "gps", "nothing"),
    ("group nest physios --in X", "gps", "nothing"),
    ("group unnest X --from physios", "gps", "nothing"),
    ("group unnest physios --from X", "gps", "nothing"),
    ("group give X billing", "gps", "nothing"),
    ("group give physios X", "clerk", "nothing"),
    ("group give physios billing@X", "main-street", "no-street"),
    ("group take X billing", "gps", "nothing"),
    ("group take physios X", "clerk", "nothing"),
    ("group rule show X", "gps", "nothing"),
    ("group rule clear X", "gps", "nothing"),
    ("group rule preview X --where kind\tpr", "gps", "nothing"),
    ("group rule set X --where kind\tpr", "gps", "nothing"),
    ("group rule set physios --where kind\teq\t\"X\"", "locum", "nothing"),
    ("group rule set physios --where role\teq\t\"X\"", "clerk", "nothing"),
    ("group rule set physios --where location\teq\t\"X\"", "main-street", "no-street"),
    ("membership show X", PRIYA, NOBODY),
    ("membership update X --always", PRIYA, NOBODY),
    ("membership set X title=Dr", PRIYA, NOBODY),
    ("membership verify X --number R-1", PRIYA, NOBODY),
    ("membership disable X", PRIYA, NOBODY),
    ("membership enable X", PRIYA, NOBODY),
    ("membership remove X", PRIYA, NOBODY),
    ("membership grant X lanyard:people:read", PRIYA, NOBODY),
    ("membership deny X lanyard:people:read", PRIYA, NOBODY),
    ("membership unset X lanyard:people:read", PRIYA, NOBODY),
    ("membership hold set X --reason inspection", PRIYA, NOBODY),
    ("membership hold list X", PRIYA, NOBODY),
    ("membership hold show X", PRIYA, NOBODY),
    ("membership hold release X", HOLD, "hld_01a20000000070000000000000000000"),
    ("membership update noor@harbour.example --kind X", "locum", "nothing"),
    ("invitation resend X", "bob@riverside.example", NOBODY),
    ("invitation revoke X", "bob@riverside.example", NOBODY),
    ("invitation send new@harbour.example --kind X", "locum", "nothing"),
    ("invitation send new@harbour.example --kind practitioner --role X", "clerk", "nothing"),
    ("invitation send new@harbour.example --kind practitioner --role billing@X", "main-street", "no-street"),
    ("recovery request X --reason lost", PRIYA, NOBODY),
    ("recovery refuse X", "rcv_01a20000000070000000000000000001", "rcv_01a20000000070000000000000000000"),
    ("emergency rotate X", "safe", "nothing"),
    ("emergency remove X", "safe", "nothing"),
    ("domain verify X --by-administrator", "riverside.example", "nobody.example"),
    ("domain remove X", "riverside.example", "nobody.example"),
    ("user show X", PRIYA, NOBODY),
    ("user receipts X", PRIYA, NOBODY),
    ("user set X name=New", PRIYA, NOBODY),
    ("user email X new@harbour.example", PRIYA, NOBODY),
    ("user user-name X new", PRIYA, NOBODY),
    ("user password X", PRIYA, NOBODY),
    ("user recover X", PRIYA, NOBODY),
    ("user factors X", PRIYA, NOBODY),
    ("user reset-factors X", PRIYA, NOBODY),
    ("user require-factor X", PRIYA, NOBODY),
    ("user require-factor X --not", PRIYA, NOBODY),
    ("user forget-devices X", PRIYA, NOBODY),
    ("user unlock X", PRIYA, NOBODY),
    ("user validity X --until 2099-01-01", PRIYA, NOBODY),
    ("user disable X", PRIYA, NOBODY),
    ("user enable X", PRIYA, NOBODY),
    ("user delete X --yes", PRIYA, NOBODY),
    ("scim-token show X", "entra", "nothing"),
    ("scim-token change X --read-only", "entra", "nothing"),
    ("scim-token change okta --role X", "clerk", "nothing"),
    ("scim-token create new --role X", "clerk", "nothing"),
    ("scim-token rotate X", "entra", "nothing"),
    ("scim-token remove X", "entra", "nothing"),
    ("policy set session.idle 15m --role X", "clerk", "nothing"),
    ("policy set session.idle 15m --group X", "gps", "nothing"),
    ("policy set session.idle 15m --location X", "main-street", "no-street"),
    ("policy set session.idle 15m --member X", PRIYA, NOBODY),
    ("policy unset session.idle --role X", "clerk", "nothing"),
    ("policy unset session.idle --member X", PRIYA, NOBODY),
    ("policy keep session.idle --member X", PRIYA, NOBODY),
    ("policy preset nist-800-63b --role X", "clerk", "nothing"),
    ("policy keep session.idle --role X", "clerk", "nothing"),
    ("policy explain --user X", PRIYA, NOBODY),
    ("policy simulate --set network.allowed=10.0.0.0/8 --role X", "clerk", "nothing"),
    ("policy simulate --set network.allowed=10.0.0.0/8 --group X", "gps", "nothing"),
    ("policy simulate --set network.allowed=10.0.0.0/8 --member X", PRIYA, NOBODY),
    ("scim-token revoke X", TOKEN, "sct_01a20000000070000000000000000000"),
];

/// The same for commands that name the organization otherwise.
#[rustfmt::skip]
const UNSCOPED: [(&str, &str, &str); 7] = [
    ("client give job X", "clerk", "nothing"),
    ("client give job billing@X", "main-street", "no-street"),
    ("client take job billing@X", "main-street", "no-street"),
    ("client activate portal --organization harbour --require-role X", "clerk", "nothing"),
    ("client activate portal --organization harbour --require-group X", "gps", "nothing"),
    ("client activate portal --organization harbour --require-location X", "main-street", "no-street"),
    ("org kind harbour locum --name Locum --role X", "clerk", "nothing"),
];

/// Verbs that name nothing that an organization has already; what they make may be called as it is called elsewhere.
const MAKING: [&str; 24] = [
    "location list",
    "location create",
    "role list",
    "role permissions",
    "role create",
    "group list",
    "group create",
    "membership list",
    "membership add",
    "invitation list",
    "invitation send",
    "recovery list",
    "emergency list",
    "emergency create",
    "domain list",
    "domain add",
    "user list",
    "user create",
    "user review",
    "scim-token list",
    "scim-token create",
    "policy settings",
    "policy list",
    "help",
];

#[test]
fn what_another_organization_has_answers_as_what_nobody_has() {
    let host = two_organizations();
    let before = everything(&host);
    let token = host.json("scim-token show entra --organization riverside")["tokens"][0]["id"].clone();
    let (token, mut differ) = (token.as_str().unwrap().to_owned(), vec![]);
    let hold = host.json("membership hold list --organization riverside")[0]["hold"].as_str().unwrap().to_owned();
    let scoped =
        COMMANDS.map(|(command, theirs, nobodys)| (format!("{command} --organization harbour"), theirs, nobodys));
    let unscoped = UNSCOPED.map(|(command, theirs, nobodys)| (command.to_owned(), theirs, nobodys));
    for (command, theirs, nobodys) in scoped.into_iter().chain(unscoped) {
        let run = |name: &str| {
            let name = match name {
                TOKEN => &token,
                HOLD => &hold,
                name => name,
            };
            let said = host.run(&command.replace('X', name));
            assert_eq!(said.code, Some(1), "lanyard {command} ({name})\n{}{}", said.out, said.err);
            (said.code, said.out.replace(name, "X"), said.err.replace(name, "X"))
        };
        let (one, other) = (run(theirs), run(nobodys));
        if one != other {
            differ.push(format!("lanyard {command}\n{one:?}\n{other:?}"));
        }
    }
    assert!(differ.is_empty(), "{}", differ.join("\n\n"));
    let shown = host.json("user show olivia@riverside.example --organization harbour");
    let organizations: Vec<_> =
        shown["organizations"].as_array().unwrap().iter().map(|one| &one["organization"]).collect();
    assert_eq!(organizations, ["harbour"], "a person of two is shown without the other one");
    let listed = host.json("user list --organization harbour").to_string();
    assert!(listed.contains("noor@harbour.example") && !listed.contains("priya"), "{listed}");
    assert_eq!(everything(&host), before, "nothing has changed");
}

#[test]
fn a_name_that_another_organization_uses_is_free() {
    let host = two_organizations();
    for command in [
        "location create main-street --name Main",
        "role create clerk --name Clerk --permission lanyard:people:read",
        "group create gps --name GPs",
        "invitation send bob@riverside.example --kind contractor",
        "scim-token create entra",
    ] {
        host.succeed(&format!("{command} --organization harbour"));
    }
}

/// A verb that is added to one of these nouns has to be asked with another organization's things, too.
#[test]
fn no_scoped_command_is_left_out() {
    let host = Host::new();
    for noun in [
        "location",
        "role",
        "group",
        "membership",
        "invitation",
        "domain",
        "user",
        "scim-token",
        "policy",
        "recovery",
        "emergency",
    ] {
        let help = host.succeed(&format!("{noun} --help"));
        assert!(help.contains("--organization"), "{noun}");
        let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
        let verbs = commands
            .lines()
            .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|verb| !verb.is_empty()));
        for verb in verbs {
            let command = format!("{noun} {verb}");
            let is_asked = COMMANDS.iter().any(|(asked, ..)| asked.starts_with(&format!("{command} ")));
            assert!(is_asked || MAKING.contains(&command.as_str()) || verb == "help", "lanyard {command}");
        }
    }
}

/// What Riverside has.
fn everything(host: &Host) -> Vec<serde_json::Value> {
    [
        "location list",
        "role list",
        "group list",
        "membership list",
        "invitation list",
        "domain list",
        "scim-token list",
        "policy list",
    ]
    .into_iter()
    .chain(["membership hold list"])
    .map(|command| host.json(&format!("{command} --organization riverside")))
    .chain([host.json("user show priya@riverside.example")])
    .collect()
}

//! Commands whose output nobody reads to its end, and lists of which a part is shown.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _, process::Stdio};

use serde_json::Value;

use super::{Host, Said};

impl Host {
    /// Runs a command whose reader has gone before it prints; with its complaints too where `err` is closed.
    fn unread(&self, arguments: &str, err: &str) -> Said {
        let mut command = self.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        drop(child.stdout.take());
        if err == "closed" {
            drop(child.stderr.take());
        }
        let output = child.wait_with_output().expect("it ends");
        Said { code: output.status.code(), out: String::new(), err: String::from_utf8(output.stderr).expect("UTF-8") }
    }
}

#[test]
fn who_reads_no_more_is_no_failure() {
    let host = Host::set_up();
    host.succeed("org create riverside --name Riverside");
    for command in [
        "org list",
        "org list --json",
        "role list",
        "membership list",
        "audit list",
        "config show",
        "config check",
        "location create quay --name Quay",
        "scim-token create entra",
        "--help",
    ] {
        let said = host.unread(command, "open");
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "lanyard {command}");
    }
    // What had to be done is done, and what is refused is refused.
    assert_eq!(host.json("location list")[0]["slug"], "quay");
    assert_eq!(host.json("scim-token list")[0]["name"], "entra");
    assert_eq!(host.unread("location create quay --name Quay", "closed").code, Some(1));
    assert!(host.unread("location create quay --name Quay", "open").err.contains("exists already"));
}

#[test]
fn a_list_says_when_there_is_more_and_how_to_see_it() {
    let host = Host::set_up();
    host.succeed("org create riverside --name Riverside");
    host.succeed("group create team --name Team");
    for name in ["cy", "bo", "ann"] {
        host.succeed(&format!(
            "user create --name {name} --email {name}@riverside.example --organization riverside --kind administrative --no-role"
        ));
        host.succeed(&format!("group add team {name}@riverside.example"));
        host.succeed(&format!("invitation send new-{name}@riverside.example --kind contractor"));
        host.succeed("client registration-token create");
    }
    for (command, id) in [
        ("user list --search riverside.example", "user"),
        ("membership list", "membership"),
        ("group members team", "membership"),
        ("invitation list", "id"),
        ("client registration-token list", "id"),
        ("audit list --action user-creation", "id"),
    ] {
        let ids = |shown: &str| -> Vec<Value> {
            let all: Vec<Value> = serde_json::from_str(shown).unwrap();
            all.iter().map(|one| one[id].clone()).collect()
        };
        let all = ids(&host.succeed(&format!("{command} --all --json")));
        assert_eq!(all.len(), 3, "{command}");
        let whole = host.run(&format!("{command} --json --limit 3"));
        assert_eq!((ids(&whole.out), whole.err.as_str()), (all.clone(), ""), "{command}");
        let mut read: Vec<Value> = vec![];
        let mut next = format!("{command} --json --limit 2");
        for _ in 0..2 {
            let said = host.run(&next);
            assert_eq!(said.code, Some(0), "{next}: {}", said.err);
            read.extend(ids(&said.out));
            let Some(rest) = said.err.strip_prefix("There are more: lanyard ") else { break };
            next = rest.trim_end().to_owned();
        }
        assert_eq!(read, all, "{command}: the page and the rest, by the command that it names");
        assert!(host.run(&format!("{command} --limit 2")).err.contains("There are more: lanyard "), "{command}");
    }
}

#[test]
fn the_way_to_the_rest_is_said_where_an_argument_is_no_text() {
    let host = Host::set_up();
    host.succeed("org create riverside --name Riverside");
    let file = OsStr::from_bytes(b"caf\xe9.toml");
    std::fs::write(host.path("").join(file), "").unwrap();
    let mut command = host.command("audit list --limit 1 --config");
    let output = command.arg(file).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let expected = r"There are more: lanyard audit list --limit 1 --config $'caf\xe9.toml' --before evt_";
    assert!(said.starts_with(expected), "{said}");
}

//! `lanyard keys`.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value;

use super::Host;

fn count(keys: &Value, state: &str) -> usize {
    keys.as_array().expect("a list").iter().filter(|key| key["state"] == state).count()
}

#[test]
fn a_rotation_publishes_successors_and_says_when_they_take_over() {
    let host = Host::set_up();
    let keys = host.json("keys list");
    assert_eq!((count(&keys, "current"), count(&keys, "next")), (4, 0));
    let said = host.succeed("keys rotate --algorithm EdDSA");
    assert!(
        said.contains("SIGNS FROM") && said.contains("EdDSA") && said.contains("No app has to do anything"),
        "{said}"
    );
    assert!(host.succeed("keys rotate --algorithm EdDSA").contains("published already"));
    assert_eq!(host.json("keys rotate").as_array().unwrap().len(), 4);
    let keys = host.json("keys list");
    assert_eq!((count(&keys, "current"), count(&keys, "next")), (4, 4));
    assert!(host.run("keys rotate --algorithm HS256").code == Some(2));
}

#[test]
fn a_revoked_key_is_replaced_at_once_and_the_operator_told_what_remains() {
    let host = Host::set_up();
    let keys = host.json("keys list");
    let kid = keys[0]["kid"].as_str().unwrap().to_owned();
    let said = host.succeed(&format!("keys revoke {kid}"));
    assert!(said.contains("revoked") && said.contains("activated"), "{said}");
    assert!(said.contains("http://localhost:8080/oauth2/jwks"), "{said}");
    let all = host.json("keys list --all");
    assert_eq!((count(&all, "current"), count(&all, "gone")), (4, 1));
    assert!(host.succeed("keys list --all").contains("revoked 20"));
    assert!(host.fail(&format!("keys revoke {kid}")).contains("no published key"));
    let recorded = host.json("audit list --action key-change");
    assert!(recorded.as_array().unwrap().iter().any(|event| event["detail"]["change"] == "revoked"));
}

#[test]
fn a_replaced_master_key_opens_everything_and_the_old_one_nothing() {
    let host = Host::set_up();
    host.succeed("keys list");
    let file = host.path("keys/master.key");
    let before = std::fs::read_to_string(&file).unwrap();
    let said = host.succeed("keys rekey --settle 0");
    assert!(said.contains("seals now") && said.contains("Keep a copy"), "{said}");
    let after = std::fs::read_to_string(&file).unwrap();
    assert_ne!(before, after);
    host.succeed("keys rotate");
    std::fs::write(&file, before).unwrap();
    assert!(host.fail("keys list").contains("restore the key file that belongs to this database"));
}

#[test]
fn what_is_secret_is_for_its_owner_alone() {
    let host = Host::set_up();
    host.succeed("keys list");
    let mode = |path: &str| fs::metadata(host.path(path)).unwrap().permissions().mode() & 0o777;
    for (path, expected) in [("keys", 0o700), ("keys/master.key", 0o600), ("data", 0o700)] {
        assert_eq!(mode(path), expected, "{path}: {:o}", mode(path));
    }
    host.succeed("keys rekey --settle 0");
    assert_eq!(mode("keys/master.key"), 0o600, "a replaced one too");
}

//! `lanyard emergency`: what the host's operator says and is told, and what the doctor says of it.

use super::Host;

#[test]
fn accounts_are_made_listed_rotated_and_removed_and_the_doctor_knows_them() {
    let host = Host::set_up();
    host.succeed("org create riverside --name Riverside");
    assert!(!host.succeed("doctor").contains("emergency"), "nobody needs one");
    let said = host.succeed("emergency create safe");
    assert!(said.contains("http://localhost:8080/emergency/") && said.contains("Keep it in a safe"), "{said}");
    host.succeed("emergency create notary");
    assert!(host.fail("emergency create third").contains("two emergency accounts at most"));
    let said = host.fail("emergency create safe");
    assert!(said.contains("`safe` exists already, and is free once that one is removed"), "{said}");
    assert!(host.succeed("emergency list").contains("no key yet: open its link before 20"));
    let listed = host.json("emergency list");
    let states: Vec<_> = listed.as_array().unwrap().iter().map(|one| (&one["slug"], &one["state"])).collect();
    assert_eq!(states, [(&"notary".into(), &"no key".into()), (&"safe".into(), &"no key".into())]);
    let said = host.succeed("doctor");
    assert!(said.contains("emergency accounts that let nobody in: notary of riverside (no key), safe"), "{said}");
    let links = [host.json("emergency rotate safe"), host.json("emergency rotate safe")];
    assert_ne!(links[0]["link"], links[1]["link"]);
    // It has neither an address nor a password, whoever asks.
    let user = listed[1]["user"].as_str().unwrap().to_owned();
    assert!(host.fail(&format!("user email {user} me@x.example")).contains("a security key alone"));
    assert!(host.fail(&format!("user password {user}")).contains("a security key alone"));
    host.succeed("emergency remove safe");
    assert!(!host.succeed("emergency list").contains("safe"));
    assert!(host.fail("emergency rotate safe").contains("there is no emergency account `safe`; there is notary"));
    assert!(host.fail("emergency remove notaryy").contains("did you mean `notary`?"));
    host.succeed("emergency create safe");
    let log = host.succeed("audit list --all");
    for action in ["emergency-creation", "emergency-rotation", "emergency-removal"] {
        assert!(log.contains(action), "{action}: {log}");
    }
}

//! `lanyard upstream` with an identity provider that speaks SAML, and `lanyard saml-key`.

use lanyard::{
    clock::Timestamp,
    random::Random,
    saml::{credential::Credential, xml::Xml},
};

use super::Host;

fn riverside() -> Host {
    let host = Host::new().migrated();
    host.succeed("org create riverside --name Riverside");
    host.with("LANYARD_ORGANIZATION", "riverside")
}

#[test]
fn an_identity_provider_is_described_tried_and_told_of_us() {
    let host = riverside();
    let now = Timestamp::parse("2026-11-01").unwrap();
    let key = Credential::generate("idp.example", now, &Random::system()).unwrap();
    let settings = |more: &str| {
        format!(
            "preset = 'entra'\n[identity_provider]\nentity_id = 'https://idp.example'\n\
             sign_on_url = 'https://idp.example/sso'\n{more}"
        )
    };
    std::fs::write(host.path("bad.toml"), settings("")).unwrap();
    let refused = host.fail("upstream create hospital --kind saml --settings bad.toml");
    assert!(refused.contains("without a certificate anybody could say who somebody is"), "{refused}");
    let good = settings(&format!("certificates = '''\n{}'''", key.certificate().pem()));
    std::fs::write(host.path("good.toml"), format!("roles = ['nobody']\n{good}")).unwrap();
    assert!(host.fail("upstream create hospital --kind saml --settings good.toml").contains("nobody"));
    std::fs::write(host.path("good.toml"), good).unwrap();
    let created = host.succeed("upstream create hospital --kind saml --settings good.toml");
    assert!(created.contains("paused") && created.contains("entity ID") && created.contains("/acs"), "{created}");
    let tried = host.succeed("upstream test hospital");
    for expected in ["can be used", "https://idp.example/sso by HTTP-Redirect", "our certificate"] {
        assert!(tried.contains(expected), "{expected}: {tried}");
    }
    let metadata = host.succeed("upstream metadata hospital");
    let xml = Xml::metadata(metadata.trim().as_bytes()).expect("XML");
    assert!(xml.tree().root().attribute("entityID").is_some_and(|id| id.ends_with("/metadata")));
    for command in ["preview hospital", "sync hospital", "preview hospital --user ada"] {
        assert!(host.fail(&format!("upstream {command}")).contains("kind `saml`"), "{command}");
    }
    assert!(host.succeed("upstream resume hospital").contains("People sign in by hospital"));
    assert!(host.succeed("upstream pause hospital").contains("Nobody signs in"));
    assert!(host.succeed("upstream template saml").contains("[identity_provider]"));
}

#[test]
fn our_key_has_a_successor_before_it_ends() {
    let host = riverside();
    let first = host.json("saml-key list")[0]["key"].as_str().unwrap().to_owned();
    let keys = host.json("saml-key announce");
    assert_eq!(
        (&keys[0]["key"], &keys[0]["state"], &keys[1]["state"]),
        (&first.clone().into(), &"signs".into(), &"announced".into())
    );
    let second = keys[1]["key"].as_str().unwrap().to_owned();
    assert!(host.fail(&format!("saml-key remove {first}")).contains("put another to use first"));
    assert!(host.fail("saml-key use nowhere").contains("there is no SAML key `nowhere`"));
    let keys = host.json(&format!("saml-key use {second}"));
    assert_eq!((&keys[0]["key"], &keys[1]["state"]), (&second.clone().into(), &"on its way out".into()));
    assert!(host.fail(&format!("saml-key use {first}")).contains("signs already, or did before"));
    assert_eq!(host.json(&format!("saml-key remove {first}")).as_array().unwrap().len(), 1);
    let looked = host.succeed("doctor");
    assert!(looked.contains("saml keys") && looked.contains(&second), "{looked}");
    assert!(host.succeed("audit list --action saml-key-change").contains(&second));
}

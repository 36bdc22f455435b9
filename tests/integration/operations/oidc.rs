//! `lanyard upstream` with an identity provider that speaks OpenID Connect.

use super::Host;

#[test]
fn a_provider_is_described_tried_and_told_of_us() {
    let host = Host::new().migrated();
    host.succeed("org create riverside --name Riverside");
    let host = host.with("LANYARD_ORGANIZATION", "riverside");
    let write = |name: &str, text: &str| std::fs::write(host.path(name), text).expect("written");
    let create = "upstream create hospital --kind oidc --secret-file secret --settings";
    write("secret", "hush\n");
    let good = "issuer = 'http://127.0.0.1:9'\nclient_id = 'lanyard'\n";
    for (case, text, says) in [
        (
            "everybody's tenant",
            "preset = 'entra'\nclient_id = 'x'\nissuer = 'https://login.microsoftonline.com/common/v2.0'",
            "issuer",
        ),
        ("no signature", &format!("{good}algorithms = ['none']"), "algorithms"),
        ("a role that is not there", &format!("{good}roles = ['nobody']"), "nobody"),
        ("owners", &format!("{good}roles = ['owner']"), "owner"),
        ("mistyped", &format!("{good}scope = 'email'"), "scope"),
    ] {
        write("bad.toml", text);
        let said = host.fail(&format!("{create} bad.toml"));
        assert!(said.contains(says), "{case}: {said}");
    }
    write("good.toml", good);
    let bare = "upstream create hospital --kind oidc --settings good.toml";
    assert!(host.run(bare).err.contains("--secret-file"), "nobody proves themselves without a secret");
    let created = host.succeed(&format!("{create} good.toml"));
    for expected in ["paused", "/callback", "/backchannel-logout", "/frontchannel-logout"] {
        assert!(created.contains(expected), "{expected}: {created}");
    }
    // Nothing near is called unless the server's administrator says so.
    let tried = host.run("upstream test hospital");
    assert!(tried.out.contains("can be used") && tried.out.contains("outgoing.allowed_networks"), "{}", tried.out);
    write("keyed.toml", &format!("{good}authentication = 'private_key_jwt'"));
    host.succeed("upstream set hospital --settings keyed.toml");
    let tried = host.run("upstream test hospital");
    assert!(tried.out.contains("no private key"), "{}", tried.out);
    for command in ["preview hospital", "sync hospital"] {
        assert!(host.fail(&format!("upstream {command}")).contains("kind `oidc`"), "{command}");
    }
    assert!(host.succeed("upstream resume hospital").contains("People sign in by hospital"));
    assert!(host.succeed("upstream template oidc").contains("[sign_in]"));
}

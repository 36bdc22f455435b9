//! `lanyard serve` beside `lanyard demo`.

use std::time::{Duration, Instant};

use lanyard::{
    audit::Actor,
    oauth::{
        client::AuthenticationMethod,
        registrar::{self, RegistrarError},
        registration::Registration,
    },
    scim::connection::{self, Rights},
};

use super::{Host, Server, server::free_port};

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_the_demo_is_not_served() {
    let host = Host::new();
    let (port, app_port) = (free_port(), free_port());
    let mut demo =
        host.spawn(&format!("demo --data demo --listen localhost:{port} --app-listen localhost:{app_port}"), &[]);
    answers(&mut demo, port).await;
    demo.kill().expect("killed");
    demo.wait().expect("ended");
    let said = host.fail("serve --config demo/lanyard.toml");
    assert!(said.contains("`lanyard demo` has filled this database") && said.contains("database.url"), "{said}");
    // An operator may look into it all the same.
    host.succeed("user show olivia@riverside.example --config demo/lanyard.toml");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_a_secret_of_the_demo_is_named() {
    let host = Host::new();
    let app = host.app().await;
    let context = app.context(Actor::Server);
    let put: Result<_, RegistrarError> = app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let registration = Registration {
                    authentication: AuthenticationMethod::SecretBasic,
                    redirect_uris: vec!["https://reports.example/callback".to_owned()],
                    ..Registration::new("reports", "Reports")
                };
                registrar::register(tx, &context, registration).await?;
                registrar::put_secret(tx, &context, "reports", (&"reporting-demo-secret".into(), None)).await
            })
        })
        .await;
    let secret = put.expect("put");
    app.storage.close().await;
    let said = host.fail("serve");
    assert!(said.contains(&format!("lanyard client secret revoke reports {secret}")), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_with_the_token_of_the_demo_is_named() {
    let host = Host::set_up();
    host.succeed("org create riverside --name Riverside");
    let app = host.app().await;
    let (context, slug) = (app.context(Actor::Server), "riverside".parse().unwrap());
    let of = app.storage.read().await.unwrap().organizations().by_slug(&slug).await.unwrap().unwrap().id;
    let put = app.storage.write(move |tx| {
        Box::pin(async move {
            let entra = ("entra".parse().unwrap(), Rights::default());
            let (name, rights) = (&entra.0, entra.1);
            connection::create_with_token(tx, &context, &of, (name, rights), "scim-demo-token".into()).await
        })
    });
    put.await.expect("put");
    app.storage.close().await;
    let said = host.fail("serve");
    assert!(said.contains("lanyard scim-token rotate entra --organization riverside --overlap 0s"), "{said}");
}

/// Waits until a demo answers, and fails when it ends before.
async fn answers(demo: &mut std::process::Child, port: u16) {
    let begun = Instant::now();
    while !reqwest::get(format!("http://localhost:{port}/healthz")).await.is_ok_and(|answer| answer.status() == 200) {
        assert!(begun.elapsed() < Duration::from_secs(60) && demo.try_wait().expect("a child").is_none(), "no demo");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_demo_of_the_same_folder_changes_nothing() {
    let host = Host::new();
    let ports = [free_port(), free_port(), free_port(), free_port()];
    let first = format!("demo --data demo --listen localhost:{} --app-listen localhost:{}", ports[0], ports[1]);
    let second = format!("demo --data demo --listen localhost:{} --app-listen localhost:{}", ports[2], ports[3]);
    let mut demo = host.spawn(&first, &[]);
    answers(&mut demo, ports[0]).await;
    let configuration = || std::fs::read_to_string(host.path("demo/lanyard.toml")).expect("there");
    let before = configuration();
    for more in ["", " --fresh"] {
        let said = host.fail(&format!("{second}{more}"));
        for part in [&format!("by process {}", demo.id()), "--data", "--listen"] {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert_eq!(configuration(), before);
    }
    assert!(host.fail("serve --config demo/lanyard.toml").contains("is served already"));
    host.succeed("user show olivia@riverside.example --config demo/lanyard.toml");

    // Of another folder it is the port that is taken.
    let listen = format!("demo --data other --listen localhost:{} --app-listen localhost:{}", ports[0], ports[3]);
    assert!(host.fail(&listen).contains("choose another port with `--listen`"));
    let listen = format!("demo --data other --listen localhost:{} --app-listen localhost:{}", ports[2], ports[1]);
    assert!(host.fail(&listen).contains("choose another port with `--app-listen`"));

    demo.kill().expect("killed");
    demo.wait().expect("ended");
    let mut demo = host.spawn(&second, &[]);
    answers(&mut demo, ports[2]).await;
    // Its apps are known where they listen now.
    for (client, path) in [("clinic-calendar", "callback"), ("clinic-portal", "spa")] {
        let said = host.succeed(&format!("client show {client} --config demo/lanyard.toml"));
        assert!(said.contains(&format!("http://localhost:{}/{path}", ports[3])), "{said}");
        assert!(!said.contains(&ports[1].to_string()), "{said}");
    }
    demo.kill().expect("killed");
    demo.wait().expect("ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_file_has_one_server_and_any_number_of_commands() {
    let host = Host::new();
    let mut server = Server::start(&host).await;
    let said = host.fail("serve");
    for part in ["is served already by process", "data/lanyard.db", "PostgreSQL"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    host.succeed("org create riverside --name Riverside");
    let said = host.succeed("audit verify");
    assert!(!said.contains("no server runs"), "{said}");
    server.kill();
    let mut server = Server::start(&host).await;
    server.kill();
}

//! `lanyard serve` beside `lanyard demo`.

use std::time::{Duration, Instant};

use lanyard::{
    audit::Actor,
    oauth::{
        client::AuthenticationMethod,
        registrar::{self, RegistrarError},
        registration::Registration,
    },
};

use super::{Host, server::free_port};

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_the_demo_is_not_served() {
    let host = Host::new();
    let (port, app_port) = (free_port(), free_port());
    let mut demo =
        host.spawn(&format!("demo --data demo --listen localhost:{port} --app-listen localhost:{app_port}"), &[]);
    let begun = Instant::now();
    while !reqwest::get(format!("http://localhost:{port}/healthz")).await.is_ok_and(|answer| answer.status() == 200) {
        assert!(begun.elapsed() < Duration::from_secs(60) && demo.try_wait().expect("a child").is_none(), "no demo");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
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

//! `lanyard serve`: runs the server.

use std::path::Path;

use crate::{
    app::{App, lock::Lock},
    clock::Clock,
    config::{Config, Sources},
    demo::published,
    node::Node,
    random::Random,
    server::Stopper,
    telemetry::Telemetry,
};

/// Loads the configuration and serves until SIGTERM or SIGINT.
pub(super) async fn run(config: Option<&Path>) -> anyhow::Result<()> {
    let config = Config::load(&Sources::of_process(config))?;
    let telemetry = Telemetry::start(&config.telemetry)?;
    let (stopper, stop) = Stopper::new();
    stopper.stop_on_signals()?;
    let issuer = config.server.issuer.to_string();
    let _lock = Lock::take(&config)?;
    let app = App::open(config, Clock::System, Random::system()).await?;
    published::refuse(&app).await?;
    let node = Node::prepare(app).await?;
    tracing::info!(issuer, "Lanyard serves.");
    node.run(stop).await?;
    telemetry.stop().await;
    Ok(())
}

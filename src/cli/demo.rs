//! `lanyard demo`: a demo clinic to try everything with.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::print;
use crate::{
    config::Sources,
    demo::{
        clinic,
        folder::{Folder, Start},
        run::{Demo as Running, Options, configure},
    },
    server::Stopper,
    telemetry::Telemetry,
};

/// Options of the demo.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  lanyard demo --data /tmp/clinic --listen localhost:9080 --app-listen localhost:9081"
)]
pub(super) struct Demo {
    /// Where database, keys and mails are kept between runs
    #[arg(long, value_name = "FOLDER", default_value = "data/demo")]
    data: PathBuf,

    /// The address of Lanyard
    #[arg(long, value_name = "localhost:PORT", default_value = "localhost:8080", value_parser = local_port)]
    listen: u16,

    /// The address of the demo app
    #[arg(long, value_name = "localhost:PORT", default_value = "localhost:8081", value_parser = local_port)]
    app_listen: u16,

    /// Starts over with an empty folder
    #[arg(long)]
    fresh: bool,
}

/// Runs the demo until SIGTERM or SIGINT.
pub(super) async fn run(demo: Demo) -> anyhow::Result<()> {
    let options = Options {
        data: demo.data,
        port: demo.listen,
        app_port: demo.app_listen,
        start: if demo.fresh { Start::Fresh } else { Start::Over },
        sources: Sources::of_process(None),
    };
    let folder = Folder::take(&options.data, options.start).context("the demo does not start")?;
    let config = configure(&folder, &options)?;
    let telemetry = Telemetry::start(&config.telemetry)?;
    let (stopper, stop) = Stopper::new();
    stopper.stop_on_signals()?;
    let running = Running::prepare(folder, config, &options).await.context("the demo does not start")?;
    let data = options.data.display();
    let lines = [
        format!("Demo app   {}", running.app_address),
        format!("Lanyard    {}", running.issuer),
        format!("Sign in    {} with the password {}", clinic::PEOPLE[0].email, clinic::PASSWORD),
        format!("Mails      {}/mail", running.app_address),
        format!("Data       {data} (beside it: lanyard --config {data}/lanyard.toml …)"),
        "Stop with Ctrl+C.".to_owned(),
    ];
    print::line(lines.join("\n"))?;
    running.run(stop).await?;
    telemetry.stop().await;
    Ok(())
}

fn local_port(text: &str) -> Result<u16, String> {
    let port = text.strip_prefix("localhost:").or_else(|| text.strip_prefix("127.0.0.1:"));
    port.and_then(|port| port.parse().ok()).ok_or_else(|| "write localhost:PORT".to_owned())
}

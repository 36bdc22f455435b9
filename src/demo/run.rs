//! `lanyard demo`: everything in one folder, one process and two ports.

use std::path::PathBuf;

use axum::Router;
use data_encoding::BASE64;
use url::Url;

use super::{
    calendar::{Calendar, Setup},
    folder::{CONFIG, Folder, FolderError, HEADING, Start},
    seed::{self, SeedError},
};
use crate::{
    app::{App, StartError},
    authentication::factor::hasher::Hasher,
    clock::Clock,
    config::{Config, Listen, Problems, Purpose, Sources},
    node::{Node, RunError},
    random::Random,
    server::{self, ListenError, Protection, Stop},
    storage,
};

/// How the demo is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Database, keys and mails; kept between runs.
    pub data: PathBuf,
    /// The port of Lanyard.
    pub port: u16,
    /// The port of the demo app.
    pub app_port: u16,
    /// Whether to start over.
    pub start: Start,
    /// Where configuration comes from besides; the environment counts.
    pub sources: Sources,
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is what its cause says")]
pub enum DemoError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Config(#[from] Problems),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Seed(#[from] SeedError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error("the demo app does not start: {0}")]
    App(String),
}

/// A demo that is ready to answer.
pub struct Demo {
    _folder: Folder,
    node: Node,
    app: Router,
    listeners: Vec<std::net::TcpListener>,
    /// The address of Lanyard.
    pub issuer: String,
    /// The address of the demo app.
    pub app_address: String,
}

/// The configuration of a demo, written to its folder so that `lanyard --config` works beside it.
///
/// # Errors
/// [`DemoError`].
pub fn configure(folder: &Folder, options: &Options) -> Result<Config, DemoError> {
    let data = folder.path();
    let text = format!(
        "{HEADING}\n\
         [server]\nissuer = \"http://localhost:{port}\"\nlisten = [\"localhost:{port}\"]\n\n\
         [database]\nurl = \"sqlite:{data}/lanyard.db\"\n\n\
         [keys]\nfolder = \"{data}/keys\"\n\n\
         [mail]\nfrom = \"Lanyard demo <demo@lanyard.example>\"\nfolder = \"{data}/mail\"\n\n\
         [factors]\nemail = \"on\"\n\n\
         [sms]\nurl = \"http://localhost:{app_port}/messages\"\nsecret = \"whsec_{gateway}\"\n\n\
         [audit]\nheads_file = \"{data}/audit-heads\"\n\n\
         [outgoing]\nallowed_networks = [\"127.0.0.0/8\", \"::1/128\"]\n",
        port = options.port,
        app_port = options.app_port,
        gateway = BASE64.encode(&Random::system().bytes::<32>()),
        data = data.display(),
    );
    let path = data.join(CONFIG);
    std::fs::write(&path, text).map_err(|cause| FolderError::Unusable { path: path.clone(), cause })?;
    Ok(Config::load(&options.sources.clone().with_file(&path).for_purpose(Purpose::Demo))?)
}

impl Demo {
    /// Opens the database, fills it when it is empty, and binds all ports.
    ///
    /// # Errors
    /// [`DemoError`].
    pub async fn prepare(folder: Folder, config: Config, options: &Options) -> Result<Self, DemoError> {
        let app = App::open(config, Clock::System, Random::system()).await?;
        let listeners = server::bind(&[Listen::Loopback(options.app_port)]);
        let listeners = listeners.map_err(|error| error.chosen_by("--app-listen"))?;
        let node = Node::prepare(app.clone()).await.map_err(|error| match error {
            RunError::Listen(error) => RunError::Listen(error.chosen_by("--listen")),
            other => other,
        })?;
        mark(&app).await?;
        let hasher = Hasher::start(app.config.password.hashing, app.random.clone());
        let organizations = seed::fill(&app, &hasher, options.app_port).await?;
        let app_address = format!("http://localhost:{}", options.app_port);
        let setup = Setup {
            issuer: app.config.server.issuer.url().clone(),
            address: Url::parse(&app_address).map_err(|error| DemoError::App(error.to_string()))?,
            mail: folder.path().join("mail"),
            gateway: app.config.sms.gateway.as_ref().map(|gateway| gateway.key.clone()),
            organizations,
            clock: app.clock.clone(),
            random: app.random.clone(),
        };
        let calendar = Calendar::new(setup).map_err(|error| DemoError::App(error.to_string()))?;
        let issuer = app.config.server.issuer.to_string();
        Ok(Self { _folder: folder, node, app: calendar.router(), listeners, issuer, app_address })
    }

    /// Serves Lanyard and the demo app until `stop`.
    ///
    /// # Errors
    /// When a socket fails for good.
    pub async fn run(self, stop: Stop) -> Result<(), DemoError> {
        let patience = std::time::Duration::from_secs(2);
        let listeners = self.listeners.into_iter().map(|listener| (listener, Protection::None)).collect();
        let app = Box::pin(server::serve(self.app, listeners, stop.clone(), patience));
        let (node, app) = tokio::join!(self.node.run(stop), app);
        node?;
        Ok(app.map_err(RunError::from)?)
    }
}

/// Before anything published comes into the database.
async fn mark(app: &App) -> Result<(), SeedError> {
    let now = app.clock.now();
    Ok(app
        .storage
        .write::<_, storage::Error, _>(move |tx| Box::pin(async move { tx.demo_mark().set(now).await }))
        .await?)
}

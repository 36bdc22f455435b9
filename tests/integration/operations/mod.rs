//! The operator's commands, run as an operator runs them: the real binary in a folder of its own.

mod admin;
mod audit;
mod backup;
mod caches;
mod config;
mod directory;
mod doctor;
mod emergency;
mod isolation;
mod keys;
mod leaver;
mod looking_up;
mod member_rules;
mod mistyped;
mod pending;
mod pipes;
mod policies;
mod policy_words;
mod receipts;
mod refusals;
mod retention;
mod review;
mod rules;
mod oidc;
mod saml;
mod scim_target;
mod scim_token;
mod sectors;
mod serve;
mod server;
mod serving;
mod set_up;
mod stopping;
mod tracing;
mod upstream;

use std::{
    fs::File,
    path::PathBuf,
    process::{Child, Command},
};

use lanyard::{
    app::App,
    clock::Clock,
    config::{Config, Sources},
    random::Random,
};

pub(crate) use self::server::Server;
use crate::harness;

/// A host with the binary and nothing else: database, keys and heads come to lie in its folder.
pub(super) struct Host {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a command said.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: Option<i32>,
    pub(super) out: String,
    pub(super) err: String,
}

/// The system account that runs the tests, and by it the commands.
fn account() -> String {
    let said = Command::new("id").arg("-un").output().expect("id is there");
    String::from_utf8(said.stdout).expect("a name").trim().to_owned()
}

impl Host {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), variables: vec![] }
    }

    /// A host where Lanyard was set up: it has a database and a master key.
    pub(super) fn set_up() -> Self {
        Self::new().migrated()
    }

    /// The same, set up.
    pub(super) fn migrated(self) -> Self {
        self.succeed("migrate");
        self
    }

    /// The same with this variable in the environment of every command.
    pub(super) fn with(mut self, variable: &str, value: &str) -> Self {
        self.variables.push((variable.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lanyard"));
        command
            .args(arguments.split(' '))
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            // What the environment says counts for nothing in the audit log.
            .env("USER", "mallory")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts a command that goes on, such as a server; its log goes to the folder.
    fn spawn(&self, arguments: &str, variables: &[(&str, &str)]) -> Child {
        let log = || File::options().create(true).append(true).open(self.path("log")).expect("a file");
        let mut command = self.command(arguments);
        command.envs(variables.iter().copied()).stdout(log()).stderr(log()).spawn().expect("the binary runs")
    }

    /// Runs a command; arguments are separated by spaces.
    pub(super) fn run(&self, arguments: &str) -> Said {
        let output = self.command(arguments).output().expect("the binary runs");
        let text = |bytes| String::from_utf8(bytes).expect("commands print UTF-8");
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs a command that must succeed.
    pub(super) fn succeed(&self, arguments: &str) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "lanyard {arguments}\n{}{}", said.out, said.err);
        said.out
    }

    /// Runs a command that must succeed, and reads the JSON that it prints.
    pub(super) fn json(&self, arguments: &str) -> serde_json::Value {
        let out = self.succeed(&format!("{arguments} --json"));
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("lanyard {arguments}: {error}\n{out}"))
    }

    /// Runs a command that must be refused, and answers what it said on standard error.
    pub(super) fn fail(&self, arguments: &str) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(1), "lanyard {arguments}\n{}{}", said.out, said.err);
        said.err
    }

    /// The application on this host's files, as the server opens it.
    pub(super) async fn app(&self) -> App {
        let at = |name: &str| self.path(name).display().to_string();
        let mut sources = Sources::none()
            .with("database.url", format!("sqlite:{}", at("data/lanyard.db")))
            .with("keys.folder", at("keys"))
            .with("audit.heads_file", at("data/audit-heads.log"));
        if let Some((_, url)) = self.variables.iter().find(|(name, _)| name == "LANYARD_DATABASE__URL") {
            sources = sources.with("database.url", url);
        }
        let config = Config::load(&sources).expect("a configuration");
        App::open(config, Clock::System, Random::system()).await.expect("the application opens")
    }

    /// Seals the audit log, as the server does every second.
    pub(super) async fn seal(&self) {
        let app = self.app().await;
        harness::seal(&app).await;
        app.storage.close().await;
    }
}

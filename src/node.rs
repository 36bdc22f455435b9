//! One running node: its sockets, its background work, and a graceful stop of both.

use std::{net::TcpListener, time::Duration};

use tokio::task::JoinHandle;

use crate::{
    app::{App, KeysFault},
    keys::store::SharedKeyFault,
    mail::{Mailer, SetupError},
    policy::password::known::{self, Known},
    scim,
    server::{self, Certificate, CertificateError, ListenError, Protection, ServeError, Stop},
    worker::{self, Worker},
};

/// Why a node does not run.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each variant is what its cause says")]
pub enum RunError {
    #[error(transparent)]
    Keys(#[from] KeysFault),
    #[error(transparent)]
    SharedKey(#[from] SharedKeyFault),
    #[error(transparent)]
    Mail(#[from] SetupError),
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    KnownPasswords(#[from] known::Fault),
}

/// A node that is ready to answer: everything that can be wrong at a start has been tried.
pub struct Node {
    app: App,
    worker: Worker,
    listeners: Vec<TcpListener>,
    listeners_for_apps: Vec<TcpListener>,
    certificate: Option<Certificate>,
}

impl Node {
    /// Binds the sockets, loads or makes the first keys and opens the way for mail.
    ///
    /// # Errors
    /// [`RunError`].
    pub async fn prepare(app: App) -> Result<Self, RunError> {
        let listeners = server::bind(&app.config.server.listen)?;
        let for_apps = server::bind(&app.config.client_certificates.listen);
        let listeners_for_apps = for_apps.map_err(|error| error.chosen_by("client_certificates.listen"))?;
        let certificate = app.config.tls.as_ref().map(Certificate::load).transpose()?;
        Known::open(app.config.password.known_passwords.as_deref())?;
        app.start_keys().await?;
        let mailer = Mailer::new(&app.config.mail, app.clock.clone(), app.random.clone())?;
        let worker = Worker::new(app.clone(), mailer).await?;
        Ok(Self { app, worker, listeners, listeners_for_apps, certificate })
    }

    /// Serves until `stop`; then finishes what was begun and closes the database.
    ///
    /// # Errors
    /// When a socket fails for good.
    pub async fn run(self, stop: Stop) -> Result<(), RunError> {
        let site = server::site(&self.app).await?;
        let router = server::assemble(&self.app, &site, stop.clone());
        let shown = self.certificate.as_ref().map_or(Protection::None, |own| Protection::Tls(own.shown()));
        let asking = self.certificate.as_ref().map_or(Protection::None, |own| Protection::TlsForApps(own.asking()));
        let listeners = self.listeners.into_iter().map(|listener| (listener, shown.clone()));
        let for_apps = self.listeners_for_apps.into_iter().map(|listener| (listener, asking.clone()));
        let listeners = listeners.chain(for_apps).collect();
        if let Some(certificate) = self.certificate {
            tokio::spawn(certificate.keep_fresh(stop.clone()));
        }
        let patience = self.app.config.server.stop_timeout;
        let worker = tokio::spawn(self.worker.run(stop.clone()));
        let working = finish(worker, stop.clone(), patience);
        let serving = Box::pin(server::serve(router, listeners, stop, patience));
        // A server that failed ends without the worker, which nobody has asked to stop.
        let served = tokio::try_join!(serving, working).map(drop);
        if let Err(error) = worker::release(&self.app).await {
            tracing::warn!(error = %error, "What this node held is not given back; others wait until it runs out.");
        }
        if let Err(error) = scim::provider::write_all_uses(&self.app).await {
            tracing::warn!(error = %error, "How often SCIM tokens were used in the last minute is not written down.");
        }
        self.app.storage.close().await;
        Ok(served?)
    }
}

/// Waits for the worker once it is asked to stop; a job that takes longer than `patience` is done again by whoever takes it
/// over.
async fn finish(mut working: JoinHandle<()>, stop: Stop, patience: Duration) -> Result<(), ServeError> {
    stop.requested().await;
    if tokio::time::timeout(patience, &mut working).await.is_err() {
        tracing::warn!("A job that takes too long is left to another node or the next start.");
        working.abort();
        let _ = working.await;
    }
    Ok(())
}

//! One running node: its sockets, its background work, and a graceful stop of both.

use std::net::TcpListener;

use crate::{
    app::{App, KeysFault},
    keys::store::SharedKeyFault,
    mail::{Mailer, SetupError},
    server::{self, Certificate, CertificateError, ListenError, ServeError, Stop},
    worker::Worker,
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
}

/// A node that is ready to answer: everything that can be wrong at a start has been tried.
pub struct Node {
    app: App,
    worker: Worker,
    listeners: Vec<TcpListener>,
    certificate: Option<Certificate>,
}

impl Node {
    /// Binds the sockets, loads or makes the first keys and opens the way for mail.
    ///
    /// # Errors
    /// [`RunError`].
    pub async fn prepare(app: App) -> Result<Self, RunError> {
        let listeners = server::bind(&app.config.server.listen)?;
        let certificate = app.config.tls.as_ref().map(Certificate::load).transpose()?;
        app.start_keys().await?;
        let mailer = Mailer::new(&app.config.mail, app.clock.clone(), app.random.clone())?;
        let worker = Worker::new(app.clone(), mailer).await?;
        Ok(Self { app, worker, listeners, certificate })
    }

    /// Serves until `stop`; then finishes what was begun and closes the database.
    ///
    /// # Errors
    /// When a socket fails for good.
    pub async fn run(self, stop: Stop) -> Result<(), RunError> {
        let site = server::site(&self.app).await?;
        let router = server::assemble(&self.app, &site, stop.clone());
        let tls = self.certificate.as_ref().map(Certificate::shown);
        if let Some(certificate) = self.certificate {
            tokio::spawn(certificate.keep_fresh(stop.clone()));
        }
        let working = tokio::spawn(self.worker.run(stop.clone()));
        let patience = self.app.config.server.stop_timeout;
        let served = server::serve(router, self.listeners, tls, stop, patience).await;
        // The worker ends by itself when asked to; a server that failed ends without it.
        if served.is_ok() {
            let _ = working.await;
        }
        self.app.storage.close().await;
        Ok(served?)
    }
}

//! When the server is to stop, as everybody who has to finish something learns it.

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Tells that the server is to stop; cheap to clone.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

/// Makes the server stop.
#[derive(Debug, Clone)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// A switch and what it switches.
    #[must_use]
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Stops at SIGTERM or SIGINT; at a second one the process ends at once.
    ///
    /// # Errors
    /// When the operating system refuses to tell about signals.
    pub fn stop_on_signals(&self) -> std::io::Result<()> {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let stopper = self.clone();
        tokio::spawn(async move {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            tracing::info!(signal = name, "Stopping: running requests may finish.");
            stopper.stop();
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tracing::warn!("Ending at once: a second signal came.");
            std::process::exit(1);
        });
        Ok(())
    }

    /// Asks everybody to stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether the server is to stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the server is to stop; for ever when nobody can ask for it any more.
    pub async fn requested(&self) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_learns_of_the_stop_also_afterwards() {
        let (stopper, stop) = Stopper::new();
        let early = tokio::spawn({
            let stop = stop.clone();
            async move { stop.requested().await }
        });
        assert!(!stop.is_requested());
        stopper.stop();
        early.await.expect("told");
        stop.requested().await;
        assert!(stop.is_requested());
    }
}

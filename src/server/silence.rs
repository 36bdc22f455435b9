//! Connections that never say anything.
//!
//! Browsers open some ahead of need, and whoever wants to exhaust a server opens many. The HTTP library times the reading
//! of a request, but only once it has seen the first bytes; and a stop would wait for a request that never comes. So a
//! connection that says nothing reads as closed after a while, or as soon as the server is to stop.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum_server::accept::Accept;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Stop;

/// Accepts connections as `inner` does and ends those that stay silent.
#[derive(Debug, Clone)]
pub(super) struct EndSilence<A> {
    pub(super) inner: A,
    pub(super) after: Duration,
    pub(super) stop: Stop,
}

/// A connection that may still be silent.
pub(super) struct Heard<S> {
    stream: S,
    /// Ends when silence is no longer waited for; `None` once something was said.
    silence: Option<BoxFuture<'static, ()>>,
}

impl<A, I, S> Accept<I, S> for EndSilence<A>
where
    A: Accept<I, S>,
    A::Future: Send + 'static,
{
    type Stream = Heard<A::Stream>;
    type Service = A::Service;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let accepted = self.inner.accept(stream, service);
        let (after, stop) = (self.after, self.stop.clone());
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            let silence = async move {
                tokio::select! {
                    () = tokio::time::sleep(after) => {}
                    () = stop.requested() => {}
                }
            };
            Ok((Heard { stream, silence: Some(Box::pin(silence)) }, service))
        })
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Heard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match (Pin::new(&mut self.stream).poll_read(context, buffer), &mut self.silence) {
            (Poll::Pending, Some(silence)) => {
                ready!(silence.as_mut().poll(context));
                Poll::Ready(Ok(())) // nothing read: the end
            }
            (said, silence) => {
                if said.is_ready() {
                    *silence = None;
                }
                said
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Heard<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use axum_server::accept::DefaultAcceptor;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;
    use crate::server::Stopper;

    #[tokio::test]
    async fn silence_ends_and_speech_goes_on() {
        let (_stopper, stop) = Stopper::new();
        let acceptor = EndSilence { inner: DefaultAcceptor::new(), after: Duration::from_millis(50), stop };
        let (_silent, server) = duplex(64);
        let (mut stream, ()) = acceptor.accept(server, ()).await.expect("accepted");
        assert_eq!(stream.read(&mut [0; 8]).await.expect("the end"), 0);
        let (mut client, server) = duplex(64);
        let (mut stream, ()) = acceptor.accept(server, ()).await.expect("accepted");
        client.write_all(b"GET").await.expect("written");
        assert_eq!(stream.read(&mut [0; 8]).await.expect("speech"), 3);
        let late = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            client.write_all(b"late").await.expect("written");
        });
        assert_eq!(stream.read(&mut [0; 8]).await.expect("speech"), 4);
        late.await.expect("no panic");
    }
}

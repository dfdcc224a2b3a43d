//! Takes connections and serves each in a task of its own, plain or TLS, for as long as it keeps its times.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;

use crate::server::connections::{Activity, ConnectionLimits, Connections, Handling, ON_THE_WAY_OUT, Place, Receiving};
use crate::server::tls::Peer;

/// Pause after the system refused a connection, for want of descriptors as a rule.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

/// From a polite end, which HTTP/2 announces, to the end.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Serves until `stop` resolves, then ends what is open within its time.
pub(super) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    limits: ConnectionLimits,
    routes: Router,
    stop: impl Future<Output = ()>,
) {
    let slots = Arc::new(Semaphore::new(limits.total + ON_THE_WAY_OUT));
    let connections = Connections::new(limits);
    let (stopping, stopped) = watch::channel(None::<Instant>);
    let mut tasks = JoinSet::new();
    tokio::pin!(stop);
    loop {
        while tasks.try_join_next().is_some() {}
        let accepted = async {
            // A closed semaphore cannot be: nobody closes it.
            let slot = slots.clone().acquire_owned().await;
            (slot, listener.accept().await)
        };
        let (slot, accepted) = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if !is_of_one_connection(&error) {
                    tracing::warn!(%error, "no connection can be taken: {error}");
                    tokio::time::sleep(REFUSED_PAUSE).await;
                }
                continue;
            }
        };
        let Some(place) = connections.admit(peer.ip(), Instant::now()) else {
            tracing::debug!(%peer, "all places are taken by requests at work; {peer} is turned away");
            continue;
        };
        let (tls, routes, stopped) = (tls.clone(), routes.clone(), stopped.clone());
        tasks.spawn(async move {
            let _slot = slot;
            match tls {
                Some(acceptor) => {
                    if let Some(stream) = shake_hands(acceptor, stream, peer, &place, stopped.clone()).await {
                        converse(stream, peer, place, routes, stopped).await;
                    }
                }
                None => converse(stream, peer, place, routes, stopped).await,
            }
        });
    }
    drop(listener);
    stopping.send_replace(Some(Instant::now()));
    while tasks.join_next().await.is_some() {}
}

/// Whether an error is of a connection that was gone before it was taken.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// The TLS handshake, while it keeps its time and nobody needs its place.
async fn shake_hands(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
    place: &Place,
    mut stopped: watch::Receiver<Option<Instant>>,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    tokio::select! {
        shaken = tokio::time::timeout(place.limits().head, acceptor.accept(stream)) => match shaken {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%peer, %error, "TLS handshake with {peer} failed: {error}");
                None
            }
            Err(_) => None,
        },
        () = place.taken() => None,
        _ = stopped.wait_for(Option::is_some) => None,
    }
}

/// Serves the requests of one connection.
async fn converse<T>(
    io: T,
    peer: SocketAddr,
    place: Place,
    routes: Router,
    mut stopped: watch::Receiver<Option<Instant>>,
) where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let activity = place.activity.clone();
    let service = service_fn({
        let activity = activity.clone();
        move |request| answer(routes.clone(), activity.clone(), peer, request)
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    let io = TokioIo::new(Watched { io, activity: activity.clone() });
    let conversation = builder.serve_connection(io, service);
    tokio::pin!(conversation);
    // When a polite end was asked for.
    let mut ending: Option<Instant> = None;
    let mut stop: Option<Instant> = None;
    loop {
        let deadline = match (stop, ending) {
            (Some(stop), _) => activity.ends_at(stop),
            (None, Some(asked)) => activity.overdue_at(place.limits()).max(asked + LAST_WORDS),
            (None, None) => activity.overdue_at(place.limits()),
        };
        tokio::select! {
            ended = conversation.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "connection with {peer} ended: {error}");
                }
                return;
            }
            () = place.taken() => return,
            _ = stopped.wait_for(Option::is_some), if stop.is_none() => {
                stop = Some(Instant::now());
                conversation.as_mut().graceful_shutdown();
            }
            () = tokio::time::sleep_until(deadline) => {
                let now = Instant::now();
                let late = match stop {
                    Some(stop) => activity.ends_at(stop) <= now,
                    None => activity.overdue_at(place.limits()) <= now,
                };
                // A request that came meanwhile has times of its own.
                match (late, ending, stop) {
                    (false, ..) => {}
                    (true, None, None) => {
                        ending = Some(now);
                        conversation.as_mut().graceful_shutdown();
                    }
                    (true, ..) => return,
                }
            }
        }
    }
}

/// One request, counted from its whole head until its answer was handed over.
async fn answer(
    routes: Router,
    activity: Arc<Activity>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    let (handling, receiving) = activity.begin(!request.body().is_end_stream(), Instant::now());
    let mut request = request.map(|body| Upload { body, receiving });
    request.extensions_mut().insert(ConnectInfo(Peer(peer)));
    let response = TowerToHyperService::new(routes).call(request).await?;
    Ok(response.map(|body| Answer { body, _handling: handling }))
}

/// A request's body; says when all of it has come.
struct Upload {
    body: Incoming,
    receiving: Option<Receiving>,
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if self.body.is_end_stream() || matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.receiving = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer's body; its request is under way until it is dropped.
struct Answer {
    body: Body,
    _handling: Handling,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream that notes when bytes move.
struct Watched<T> {
    io: T,
    activity: Arc<Activity>,
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.activity.read(Instant::now());
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> Watched<T> {
    fn noted(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(written, Poll::Ready(Ok(count)) if count > 0) {
            self.activity.written(Instant::now());
        }
        written
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.noted(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, parts);
        self.noted(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

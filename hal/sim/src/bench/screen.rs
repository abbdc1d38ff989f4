//! The terminal's screen, passed on as it comes. What a page gets is what the terminal sends (its
//! messages are described in the terminal's `src/headless/live.rs`); what it sends are 5 bytes a touch.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::net::UnixStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::{Bench, refuse};

/// Bytes passed on at once.
const PIECE: usize = 64 * 1024;

/// Length of a touch in bytes.
const TOUCH: usize = 5;

/// The terminal takes touches at once, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(5);

/// The touching hand of each page that watches, by the number that the page gave itself.
#[derive(Default)]
pub struct Hands(Mutex<HashMap<u64, Arc<UnixStream>>>);

impl Hands {
    fn change<T>(&self, how: impl FnOnce(&mut HashMap<u64, Arc<UnixStream>>) -> T) -> T {
        how(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A page that watches; its hand goes with it.
struct Watching {
    bench: Arc<Bench>,
    viewer: u64,
    stream: Arc<UnixStream>,
    piece: Zeroizing<Vec<u8>>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.bench.hands.change(|hands| {
            // Another page may have come with the same number.
            if hands
                .get(&self.viewer)
                .is_some_and(|stream| Arc::ptr_eq(stream, &self.stream))
            {
                hands.remove(&self.viewer);
            }
        });
    }
}

impl Watching {
    /// What the terminal sends next; nothing once it has hung up.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            self.stream.readable().await?;
            match self.stream.try_read(&mut self.piece) {
                Ok(0) => return Ok(None),
                Ok(length) => return Ok(Some(Bytes::copy_from_slice(&self.piece[..length]))),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// `GET /screen/N`: what the terminal sends, without end. N is a number that the page has thought of.
pub async fn watch(State(bench): State<Arc<Bench>>, Path(viewer): Path<u64>) -> Response {
    let Some(screen) = &bench.screen else {
        return refuse(
            StatusCode::NOT_FOUND,
            "no terminal: start one by `kiosk run --screen SOCKET`, and this with --screen SOCKET",
        );
    };
    let stream = match UnixStream::connect(screen).await {
        Ok(stream) => Arc::new(stream),
        Err(error) => {
            return refuse(
                StatusCode::BAD_GATEWAY,
                format!(
                    "no terminal shows its screen at {}: {error}",
                    screen.display()
                ),
            );
        }
    };
    bench
        .hands
        .change(|hands| hands.insert(viewer, stream.clone()));
    let watching = Watching {
        bench: bench.clone(),
        viewer,
        stream,
        piece: Zeroizing::new(vec![0; PIECE]),
    };
    let pieces = stream::try_unfold(watching, |mut watching| async {
        let piece = watching.next().await?;
        Ok::<_, io::Error>(piece.map(|piece| (piece, watching)))
    });
    Body::from_stream(pieces).into_response()
}

/// `POST /touch/N`: touches of the page that watches as N, 5 bytes each.
pub async fn touch(
    State(bench): State<Arc<Bench>>,
    Path(viewer): Path<u64>,
    touches: Bytes,
) -> Response {
    let Some(stream) = bench.hands.change(|hands| hands.get(&viewer).cloned()) else {
        return refuse(StatusCode::GONE, "this page does not watch the screen");
    };
    if !touches.len().is_multiple_of(TOUCH) {
        return refuse(StatusCode::BAD_REQUEST, "a touch has 5 bytes");
    }
    match timeout(PATIENCE, send(&stream, &touches)).await {
        Ok(Ok(())) => StatusCode::NO_CONTENT.into_response(),
        Ok(Err(error)) => refuse(StatusCode::BAD_GATEWAY, error),
        Err(_) => refuse(StatusCode::GATEWAY_TIMEOUT, "the terminal takes no touches"),
    }
}

async fn send(stream: &UnixStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(length) => bytes = &bytes[length..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

//! `kiosk-sim bench`: a workbench in the browser. Beside the devices it shows the terminal's own
//! screen, live and touchable, when the terminal runs as `kiosk run --screen SOCKET`.
//!
//! - [`guard`] lets in only pages of the workbench itself.
//! - [`orders`] carries out the orders of `kiosk-sim ctl`.
//! - [`paper`] shows what came out of the printer, and reads the codes on it.
//! - [`screen`] passes pictures and touches on.

mod guard;
mod orders;
mod paper;
mod screen;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use clap::Args;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::run::{self, RunError};

/// Options of `kiosk-sim bench`.
#[derive(Args)]
#[group(id = "bench")]
pub struct Options {
    /// Loopback address of the page; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Socket of a terminal that runs as `kiosk run --screen SOCKET`
    #[arg(long, value_name = "SOCKET")]
    screen: Option<PathBuf>,
    /// Devices to run; without any, those of the `kiosk-sim run` behind --socket are used
    #[command(flatten)]
    devices: run::Options,
}

/// Why there is no workbench.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A device cannot run.
    #[error(transparent)]
    Devices(#[from] RunError),
    /// The page would be open to the network.
    #[error("{0} is not a loopback address: the workbench serves this machine alone")]
    NotLoopback(SocketAddr),
    /// The page cannot be served.
    #[error("{address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// Longest message from a page in bytes.
const LONGEST: usize = 64 * 1024;

/// What the page works with.
struct Bench {
    /// Of `kiosk-sim run`.
    socket: PathBuf,
    /// The terminal's screen.
    screen: Option<PathBuf>,
    hands: screen::Hands,
}

/// Serves the workbench for as long as it can.
///
/// # Errors
/// If it cannot be started, or its listener fails.
pub fn run(options: Options) -> Result<(), BenchError> {
    let address = options.listen;
    if !address.ip().is_loopback() {
        return Err(BenchError::NotLoopback(address));
    }
    let bench = Bench {
        socket: options.devices.socket().into(),
        screen: options.screen,
        hands: screen::Hands::default(),
    };
    let mut ready = if options.devices.names_none() {
        json!({"socket": bench.socket})
    } else {
        run::start(options.devices)?
    };
    let failed = |source| BenchError::Listen { address, source };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(failed)?;
    runtime.block_on(async {
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let served = listener.local_addr().map_err(failed)?;
        ready["bench"] = json!(format!("http://{served}/"));
        let mut stdout = io::stdout();
        // Whoever started this may not care for the line.
        let _ = writeln!(stdout, "{ready}").and_then(|()| stdout.flush());
        axum::serve(listener, pages(bench, served))
            .await
            .map_err(failed)
    })
}

fn pages(bench: Bench, served: SocketAddr) -> Router {
    let file = |kind: &'static str, text: &'static str| {
        get(move || async move { ([(CONTENT_TYPE, kind)], text) })
    };
    Router::new()
        .route(
            "/",
            file("text/html; charset=utf-8", include_str!("page.html")),
        )
        .route(
            "/bench.css",
            file("text/css; charset=utf-8", include_str!("page.css")),
        )
        .route(
            "/bench.js",
            file("text/javascript; charset=utf-8", include_str!("page.js")),
        )
        .route("/state", get(orders::state))
        .route("/people", get(orders::people))
        .route("/orders", get(orders::all))
        .route("/order", post(orders::give))
        .route("/paper/{from}", get(paper::hanging))
        .route("/slips", get(paper::slips))
        .route("/slips/{name}", get(paper::slip))
        .route("/slips/{name}/codes", get(paper::codes))
        .route("/screen/{viewer}", get(screen::watch))
        .route("/touch/{viewer}", post(screen::touch))
        .layer(DefaultBodyLimit::max(LONGEST))
        .layer(middleware::from_fn_with_state(
            guard::Guard::new(served),
            guard::check,
        ))
        .with_state(Arc::new(bench))
}

/// One JSON document.
fn reply(value: &Value) -> Response {
    ([(CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

/// Why there is no answer, in words.
fn refuse(status: StatusCode, why: impl std::fmt::Display) -> Response {
    let mut response = reply(&json!({"ok": false, "error": why.to_string()}));
    *response.status_mut() = status;
    response
}

/// Does what takes its time without holding other pages' requests up.
async fn aside(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| refuse(StatusCode::INTERNAL_SERVER_ERROR, error))
}

//! The service: HTTPS in front, the store behind.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use uuid::Uuid;
use yici_catalog::{Catalog, LoadError};
use yici_contract::api::{self, Evaluation, ItemProgress, OpinionKind, OpinionReceipt, Progress};
use yici_contract::api::{ProgressKey, ProgressRequest, Remark, Time, UnitProgress, Words};
use yici_contract::envelope::{MAX_SEALED_BYTES, OpenError};
use yici_contract::problem::{Kind, Problem};
use yici_contract::proof::{self, ProofError};
use yici_contract::{CaseNumber, KeyId, PublicKey, SealedCase};

use crate::accesses::{Access, What};
use crate::answer::Answer;
use crate::cases::{self, CasesError};
use crate::data::Data;
use crate::gate::Gate;
use crate::intake::{Intake, IntakeError};
use crate::published::Published;
use crate::shares;
use crate::store::{Delivery, Store, StoreError, StoredCase};
use crate::vault::VaultError;

/// What to serve.
pub struct Serve {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The database.
    pub store: Store,
    /// The catalogue's folder.
    pub catalogue: PathBuf,
    /// The file of the signed catalogue that terminals are given, if they are given one.
    pub bundle: Option<PathBuf>,
    /// Keys and certificate.
    pub data: Data,
}

/// Why the service ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The catalogue is refused.
    #[error("{}\n{}", .0, .0.render(yici_catalog::Lang::En))]
    Catalogue(#[from] LoadError),
    /// The address cannot be listened on, or the system fails.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

/// Serves until the process is told to end. Prints the address once it listens.
pub fn serve(serve: Serve) -> Result<(), ServeError> {
    let catalog = Catalog::load(&serve.catalogue)?;
    let tls = RustlsConfig::from_config(Arc::clone(&serve.data.tls));
    let upstream = Arc::new(Upstream {
        store: serve.store,
        catalog,
        published: serve.bundle.map(Published::new),
        data: serve.data,
        gate: Gate::default(),
        deliveries: Semaphore::new(MAX_DELIVERIES),
        calls: Semaphore::new(MAX_CALLS),
    });
    let listener = std::net::TcpListener::bind(serve.listen)?;
    listener.set_nonblocking(true)?;
    println!("listening on https://{}", listener.local_addr()?);
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(async {
            let handle = axum_server::Handle::new();
            for by in [SignalKind::terminate(), SignalKind::interrupt()] {
                tokio::spawn(end_when_told(handle.clone(), by));
            }
            let acceptor = RustlsAcceptor::new(tls)
                .handshake_timeout(Duration::from_secs(10))
                .acceptor(AtMost(handle.clone()));
            let mut server = axum_server::from_tcp(listener)?
                .acceptor(acceptor)
                .handle(handle)
                .http1_only();
            server
                .http_builder()
                .http1()
                .timer(hyper_util::rt::TokioTimer::new())
                .header_read_timeout(Duration::from_secs(10));
            server.serve(router(upstream).into_make_service()).await
        })?;
    Ok(())
}

/// Connections at once, those that are still shaking hands included; what comes beyond is hung up on.
const MAX_CONNECTIONS: usize = 256;
/// Sealed cases held in memory at once, each [`MAX_SEALED_BYTES`] at most.
const MAX_DELIVERIES: usize = 8;
/// Other calls held in memory at once.
const MAX_CALLS: usize = 256;

struct Upstream {
    store: Store,
    catalog: Catalog,
    published: Option<Published>,
    data: Data,
    gate: Gate,
    deliveries: Semaphore,
    calls: Semaphore,
}

/// Hangs up on connections beyond [`MAX_CONNECTIONS`], before they cost a handshake.
#[derive(Clone)]
struct AtMost(axum_server::Handle<SocketAddr>);

impl<I, S> Accept<I, S> for AtMost {
    type Stream = I;
    type Service = S;
    type Future = std::future::Ready<std::io::Result<(I, S)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        // The count has this connection in it.
        std::future::ready(if self.0.connection_count() <= MAX_CONNECTIONS {
            Ok((stream, service))
        } else {
            tracing::warn!("more than {MAX_CONNECTIONS} connections");
            Err(std::io::ErrorKind::ConnectionRefused.into())
        })
    }
}

/// A request whose body has come.
struct Call {
    method: String,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// What a call may take.
struct Bounds<'a> {
    /// Places for calls that are held in memory.
    room: &'a Semaphore,
    /// The media type of its body.
    media: &'static str,
    /// The bytes of its body, at most.
    bytes: usize,
}

fn router(upstream: Arc<Upstream>) -> Router {
    Router::new()
        .route(api::DELIVER, put(deliver))
        .route(api::PROGRESS, post(progress))
        .route(api::EVALUATE, put(evaluate))
        .route(api::REMARK, put(remark))
        .route(api::CATALOGUE, get(catalogue))
        .route(api::TIME, get(time))
        .fallback(|| async { Answer::from(Problem::new(Kind::NotFound)) })
        .method_not_allowed_fallback(|| async { Answer::from(Problem::new(Kind::Method)) })
        .layer(middleware::from_fn(in_time))
        .with_state(upstream)
}

async fn deliver(
    State(upstream): State<Arc<Upstream>>,
    Path(number): Path<String>,
    request: Request,
) -> Answer {
    let bounds = Bounds {
        room: &upstream.deliveries,
        media: api::SEALED_CASE,
        bytes: MAX_SEALED_BYTES,
    };
    let work = move |upstream: &Upstream, device: &PublicKey, call: &Call| {
        upstream.deliver(&number, device, call)
    };
    answer(&upstream, request, bounds, work).await
}

async fn progress(State(upstream): State<Arc<Upstream>>, request: Request) -> Answer {
    let work = |upstream: &Upstream, device: &PublicKey, call: &Call| {
        upstream.progress(&device.id(), call)
    };
    answer(&upstream, request, upstream.json(), work).await
}

async fn evaluate(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let work = move |upstream: &Upstream, device: &PublicKey, call: &Call| {
        upstream.hear::<Evaluation>(OpinionKind::Evaluation, &id, &device.id(), call)
    };
    answer(&upstream, request, upstream.json(), work).await
}

async fn remark(
    State(upstream): State<Arc<Upstream>>,
    Path(id): Path<String>,
    request: Request,
) -> Answer {
    let work = move |upstream: &Upstream, device: &PublicKey, call: &Call| {
        upstream.hear::<Remark>(OpinionKind::Remark, &id, &device.id(), call)
    };
    answer(&upstream, request, upstream.json(), work).await
}

async fn catalogue(State(upstream): State<Arc<Upstream>>, request: Request) -> Response {
    let Ok(_room) = upstream.calls.try_acquire() else {
        return Answer::from(Problem::new(Kind::Busy)).into_response();
    };
    let (parts, _) = request.into_parts();
    let path = parts.uri.path_and_query();
    let call = Call {
        method: parts.method.to_string(),
        path: path.map_or_else(String::new, ToString::to_string),
        headers: parts.headers,
        body: Bytes::new(),
    };
    let asked = Arc::clone(&upstream);
    let found = in_background(move || {
        asked.admit(&call)?;
        let published = asked.published.as_ref();
        let published = published.ok_or_else(|| Problem::new(Kind::NotFound))?;
        published.answer(call.headers.get(header::IF_NONE_MATCH))
    });
    match found.await {
        Ok(response) => response,
        Err(problem) => Answer::from(problem).into_response(),
    }
}

async fn time(State(upstream): State<Arc<Upstream>>) -> Answer {
    Answer::of(&Time {
        now: Timestamp::now(),
        version: yici_contract::VERSION,
        key: upstream.data.keys.current().public().id(),
    })
}

impl Upstream {
    /// The bounds of calls with JSON.
    fn json(&self) -> Bounds<'_> {
        Bounds {
            room: &self.calls,
            media: "application/json",
            bytes: api::MAX_JSON_BYTES,
        }
    }

    /// Reads a body of a known length: a device always knows it, and what is too large, or comes
    /// from a device that is not enrolled, is refused before it is read.
    async fn read(
        self: &Arc<Self>,
        request: Request,
        bounds: &Bounds<'_>,
    ) -> Result<Call, Problem> {
        let (parts, body) = request.into_parts();
        let text = |name: header::HeaderName| parts.headers.get(name).and_then(|v| v.to_str().ok());
        if text(header::CONTENT_TYPE) != Some(bounds.media) {
            return Err(Problem::new(Kind::MediaType).detail(bounds.media));
        }
        let length: usize = text(header::CONTENT_LENGTH)
            .and_then(|length| length.parse().ok())
            .ok_or_else(|| Problem::new(Kind::Malformed).detail("no content-length"))?;
        if length > bounds.bytes {
            return Err(
                Problem::new(Kind::TooLarge).detail(format!("at most {} bytes", bounds.bytes))
            );
        }
        let unknown = || Problem::new(Kind::UnknownDevice);
        let claimed = text(header::AUTHORIZATION)
            .and_then(|header| proof::claimed(header).ok())
            .ok_or_else(unknown)?;
        let upstream = Arc::clone(self);
        in_background(move || {
            let device = upstream.store.device(&claimed);
            device
                .map_err(|error| store_failed(&error))?
                .ok_or_else(unknown)
        })
        .await?;
        let body = axum::body::to_bytes(body, bounds.bytes)
            .await
            .map_err(|_| Problem::new(Kind::Malformed).detail("the body ended too early"))?;
        let path = parts
            .uri
            .path_and_query()
            .map_or_else(String::new, ToString::to_string);
        Ok(Call {
            method: parts.method.to_string(),
            path,
            headers: parts.headers,
            body,
        })
    }

    /// The device that a call proves to come from.
    fn admit(&self, call: &Call) -> Result<PublicKey, Problem> {
        let header = call
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .ok_or_else(|| Problem::new(Kind::UnknownDevice))?;
        let request = proof::Request {
            method: &call.method,
            path: &call.path,
            body: &call.body,
        };
        let now = Timestamp::now();
        let mut failed = None;
        let find = |id: &KeyId| {
            self.store.device(id).unwrap_or_else(|error| {
                failed = Some(error);
                None
            })
        };
        let checked = proof::check(header, &request, &self.data.keys, find, now);
        if let Some(error) = failed {
            return Err(store_failed(&error));
        }
        let device = checked.map_err(|error| match error {
            ProofError::UnknownKey => Problem::new(Kind::KeyGone),
            ProofError::Clock { .. } => {
                let mut problem = Problem::new(Kind::ClockOff).detail(error.to_string());
                problem.now = Some(now);
                problem
            }
            ProofError::Format | ProofError::UnknownDevice | ProofError::Forged => {
                Problem::new(Kind::UnknownDevice)
            }
        })?;
        if !self.gate.pass(device.id(), now) {
            return Err(Problem::new(Kind::TooMany));
        }
        Ok(device)
    }

    fn deliver(&self, number: &str, device: &PublicKey, call: &Call) -> Result<Answer, Problem> {
        let malformed = |what: String| Problem::new(Kind::Malformed).detail(what);
        let number = CaseNumber::parse(number).map_err(|error| malformed(error.to_string()))?;
        let key = call
            .headers
            .get(api::IDEMPOTENCY_KEY)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| Uuid::parse_str(text).ok());
        if key != Some(number.case_id()) {
            return Err(malformed(
                "the idempotency key is not this case's id".into(),
            ));
        }
        let sealed =
            SealedCase::parse(call.body.to_vec()).map_err(|error| malformed(error.to_string()))?;
        let intake = Intake {
            store: &self.store,
            data: &self.data,
            catalog: &self.catalog,
        };
        let delivery = intake
            .take(&number, device, &sealed)
            .map_err(|error| not_taken(&error))?;
        match delivery {
            Delivery::Stored(receipt) => Ok(Answer::of(&receipt)),
            Delivery::Conflict => Err(Problem::new(Kind::Conflict)),
        }
    }

    fn progress(&self, device: &KeyId, call: &Call) -> Result<Answer, Problem> {
        let ProgressRequest { number, by } = from_json(&call.body)?;
        if !self.gate.try_key(number, Timestamp::now()) {
            tracing::warn!(%number, "too many wrong keys");
            return Err(Problem::new(Kind::TooMany));
        }
        // A number that is not known is answered sooner than a wrong key. That tells nobody anything:
        // among 75 random bits no number is found by trying.
        let case = self
            .store
            .case(&number)
            .map_err(|error| store_failed(&error))?
            .ok_or_else(|| Problem::new(Kind::NotFound))?;
        if !self.opens(&by, device, &number, &case)? {
            return Err(Problem::new(Kind::NotFound));
        }
        self.gate.right_key(&number);
        let matter = self.catalog.matter(&case.matter);
        let mut units: Vec<UnitProgress> = Vec::new();
        for share in self
            .store
            .shares(&number)
            .map_err(|error| store_failed(&error))?
        {
            let note = cases::note(
                &self.data.vault,
                &number,
                &share.item,
                share.note.as_deref(),
            )
            .map_err(|error| case_failed(&error))?;
            // The catalogue may have lost an item since: its id is better than nothing.
            let name = matter
                .and_then(|matter| matter.item(&share.item))
                .map_or_else(|| both(&share.item), |item| words(&item.name));
            let item = ItemProgress {
                item: share.item,
                name,
                state: share.state,
                words: shares::words(share.state),
                since: share.since,
                note,
            };
            match units.iter_mut().find(|unit| unit.unit == share.unit) {
                Some(unit) => unit.items.push(item),
                None => units.push(UnitProgress {
                    name: words(&self.catalog.unit(&share.unit).name),
                    unit: share.unit,
                    items: vec![item],
                }),
            }
        }
        Ok(Answer::of(&Progress {
            number,
            matter: case.matter,
            received: case.received,
            now: Timestamp::now(),
            units,
        }))
    }

    fn opens(
        &self,
        key: &ProgressKey,
        device: &KeyId,
        number: &CaseNumber,
        case: &StoredCase,
    ) -> Result<bool, Problem> {
        match key {
            ProgressKey::Secret { secret } => Ok(case.secret.matches(number, secret)),
            ProgressKey::Card { code } => {
                let opened = cases::opened(&self.data.vault, number, case)
                    .map_err(|error| case_failed(&error))?;
                let fits = opened.applicant.is_by_or_for(code);
                let what = if fits { What::Card } else { What::WrongCard };
                let access = Access {
                    at: Timestamp::now(),
                    who: format!("device {device}"),
                    what,
                    number: *number,
                    why: None,
                };
                self.store
                    .log_access(&access)
                    .map_err(|error| store_failed(&error))?;
                Ok(fits)
            }
        }
    }

    fn hear<T: DeserializeOwned + Serialize>(
        &self,
        kind: OpinionKind,
        id: &str,
        device: &KeyId,
        call: &Call,
    ) -> Result<Answer, Problem> {
        let id = Uuid::parse_str(id).map_err(|_| Problem::new(Kind::Malformed))?;
        let opinion: T = from_json(&call.body)?;
        // Written anew, so that the same opinion is the same text.
        let body = serde_json::to_string(&opinion).map_err(|_| Problem::new(Kind::Failed))?;
        let received = self
            .store
            .tell(kind, &id, device, &body, Timestamp::now())
            .map_err(|error| store_failed(&error))?
            .ok_or_else(|| Problem::new(Kind::Conflict))?;
        Ok(Answer::of(&OpinionReceipt { received }))
    }
}

/// Reads a call within its bounds, lets the device prove itself, and does what it asks for.
async fn answer(
    upstream: &Arc<Upstream>,
    request: Request,
    bounds: Bounds<'_>,
    work: impl FnOnce(&Upstream, &PublicKey, &Call) -> Result<Answer, Problem> + Send + 'static,
) -> Answer {
    let Ok(_room) = bounds.room.try_acquire() else {
        return Problem::new(Kind::Busy).into();
    };
    let call = match upstream.read(request, &bounds).await {
        Ok(call) => call,
        Err(problem) => return problem.into(),
    };
    let upstream = Arc::clone(upstream);
    in_background(move || {
        let device = upstream.admit(&call)?;
        work(&upstream, &device, &call)
    })
    .await
    .unwrap_or_else(Answer::from)
}

/// Does work that computes or waits for the disk, away from the threads that serve connections.
async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(Problem::new(Kind::Failed)));
    if let Err(problem) = &done {
        tracing::warn!(kind = ?problem.kind, detail = problem.detail, "refused");
    }
    done
}

async fn in_time(request: Request, next: Next) -> Response {
    let limit = Duration::from_secs(api::MAX_SECONDS);
    match tokio::time::timeout(limit, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Answer::from(Problem::new(Kind::TooSlow)).into_response(),
    }
}

/// Ends the service when told to, and lets what is under way finish.
async fn end_when_told(handle: axum_server::Handle<SocketAddr>, by: SignalKind) {
    match signal(by) {
        Ok(mut told) => {
            told.recv().await;
            handle.graceful_shutdown(Some(Duration::from_secs(10)));
        }
        Err(error) => tracing::warn!(%error, ?by, "cannot be told to end"),
    }
}

fn from_json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    // The library's message quotes the body, and may so quote a secret.
    serde_json::from_slice(body).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Problem::new(Kind::Malformed).detail(place)
    })
}

fn not_taken(error: &IntakeError) -> Problem {
    let kind = match error {
        IntakeError::Open(OpenError::UnknownKey) => Kind::KeyGone,
        IntakeError::Open(
            OpenError::OtherNumber
            | OpenError::OtherDevice
            | OpenError::Forged(_)
            | OpenError::Manifest
            | OpenError::Name(_)
            | OpenError::Case(_),
        ) => Kind::CannotOpen,
        IntakeError::Unknown(_) => Kind::UnknownMatter,
        IntakeError::Case(_) => return Problem::new(Kind::Failed),
        IntakeError::Store(error) => return store_failed(error),
        IntakeError::Vault(error) => return vault_failed(error),
    };
    Problem::new(kind).detail(error.to_string())
}

fn store_failed(error: &StoreError) -> Problem {
    tracing::error!(%error, "the store fails");
    Problem::new(Kind::Failed)
}

fn vault_failed(error: &VaultError) -> Problem {
    tracing::error!(%error, "the vault fails");
    Problem::new(Kind::Failed)
}

fn case_failed(error: &CasesError) -> Problem {
    tracing::error!(%error, "what is stored cannot be read");
    Problem::new(Kind::Failed)
}

fn words(text: &yici_catalog::Text) -> Words {
    Words {
        zh: text.zh.clone(),
        en: text.en.clone(),
    }
}

fn both(text: &str) -> Words {
    Words {
        zh: text.to_owned(),
        en: text.to_owned(),
    }
}

//! The uplink: calls to upstream over HTTPS, with the CA pinned and every stage bounded in time and
//! size.
//!
//! A call's answer is what the contract says, or a [`Fault`]. An answer that is not by the contract
//! never counts as delivered, and never loses a case: [`Fault::remedy`] says how to go on.

mod check;
mod fault;
mod key;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use reqwest::{Client, Method, Response, StatusCode, Url};
use rustls::ClientConfig;
use uuid::Uuid;
use yici_contract::api::{
    self, OpinionKind, OpinionReceipt, Progress, ProgressKey, ProgressRequest, Receipt, Time,
};
use yici_contract::problem::{self, Kind, Problem};
use yici_contract::proof::{self, MAX_CLOCK_ERROR};
use yici_contract::{CaseNumber, PublicKey, SealedCase, SecretKey, SlipSecret};

use crate::config;
pub use check::{Check, Finding, check};
pub use fault::{Fault, Silence};
pub use key::{KeyFileError, load_key, make_key};

/// Times of the uplink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Finding the host, connecting, and the TLS handshake, all together.
    pub connect: Duration,
    /// A delivery from its first byte to the answer's last.
    pub deliver: Duration,
    /// Any other call, from its first byte to the answer's last.
    pub ask: Duration,
}

impl Default for Timing {
    fn default() -> Timing {
        Timing {
            connect: Duration::from_secs(10),
            // The contract gives a request this long, and its answer as long again.
            deliver: Duration::from_secs(2 * api::MAX_SECONDS),
            // Somebody stands there and waits.
            ask: Duration::from_secs(20),
        }
    }
}

/// The way to upstream.
pub struct Uplink {
    client: Client,
    url: Url,
    device: SecretKey,
    upstream: PublicKey,
    timing: Timing,
    /// How far upstream's clock is ahead of this one, once known.
    ahead: Mutex<Option<SignedDuration>>,
}

/// What is known of the terminal's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockState {
    /// Upstream was never asked.
    Unknown,
    /// It agrees with upstream's.
    Trusted,
    /// It is further off than [`MAX_CLOCK_ERROR`]. Calls go on with upstream's time.
    Off {
        /// How far it is ahead.
        by: SignedDuration,
    },
}

/// The uplink cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("uplink: {0}")]
pub struct UplinkError(String);

impl Uplink {
    /// An uplink as configured. Nothing is sent yet.
    ///
    /// # Errors
    /// When the system gives no TLS client.
    pub fn new(config: &config::Upstream) -> Result<Uplink, UplinkError> {
        let timing = config.timing.uplink;
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        // Safe versions are TLS 1.2 and 1.3. The roots are the configured ones and no others.
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| UplinkError(error.to_string()))?
            .with_root_certificates(config.roots.clone())
            .with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            // The configured one and no other: the environment has none to say.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            // Calls are rare: a connection that is kept is one that may be found dead.
            .pool_max_idle_per_host(0)
            .connect_timeout(timing.connect);
        let client = match &config.proxy {
            Some(proxy) => {
                let proxy = reqwest::Proxy::all(proxy.clone());
                client.proxy(proxy.map_err(|error| UplinkError(error.to_string()))?)
            }
            None => client,
        };
        let client = client
            .build()
            .map_err(|error| UplinkError(error.to_string()))?;
        Ok(Uplink {
            client,
            url: config.url.clone(),
            device: config.device.clone(),
            upstream: config.key.clone(),
            timing,
            ahead: Mutex::new(None),
        })
    }

    /// Delivers a sealed case. The receipt is for this number and these very bytes.
    ///
    /// # Errors
    /// Whatever is not such a receipt.
    pub async fn deliver(&self, sealed: &SealedCase) -> Result<Receipt, Fault> {
        let number = sealed.head().number;
        let call = Call {
            method: Method::PUT,
            path: api::DELIVER.replace("{number}", &number.compact()),
            media: api::SEALED_CASE,
            body: Bytes::copy_from_slice(sealed.as_bytes()),
            case: Some(number),
            within: self.timing.deliver,
        };
        let receipt: Receipt = self.proven(&call).await?;
        if receipt.number == number && receipt.sha256 == sealed.digest() {
            Ok(receipt)
        } else {
            Err(Fault::OtherReceipt)
        }
    }

    /// Delivers an opinion, as JSON, under its id.
    ///
    /// # Errors
    /// Whatever is not its receipt.
    pub async fn tell(
        &self,
        kind: OpinionKind,
        id: &Uuid,
        json: String,
    ) -> Result<OpinionReceipt, Fault> {
        let path = kind.path().replace("{id}", &id.to_string());
        self.proven(&self.json(Method::PUT, path, json.into()))
            .await
    }

    /// Asks how a case is getting on.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when there is no such case or the secret does not open it.
    pub async fn progress(&self, request: &ProgressRequest) -> Result<Progress, Fault> {
        let body = serde_json::to_vec(request).map_err(|_| Fault::Unprovable)?;
        let path = api::PROGRESS.to_owned();
        let progress: Progress = self
            .proven(&self.json(Method::POST, path, body.into()))
            .await?;
        if progress.number == request.number {
            Ok(progress)
        } else {
            Err(Fault::OtherReceipt)
        }
    }

    /// The published catalogue as a signed bundle, with its tag; nothing if it is one of the tags.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when none is published.
    pub async fn catalogue(
        &self,
        tags: &[String],
    ) -> Result<Option<(Bytes, Option<String>)>, Fault> {
        match self.fetch(tags).await {
            Err(Fault::ClockOff { now: Some(now) }) => {
                self.learn(now);
                self.fetch(tags).await
            }
            result => result,
        }
    }

    /// Upstream's time and key. Learns how far the clocks are apart.
    ///
    /// # Errors
    /// When upstream does not say.
    pub async fn time(&self) -> Result<Time, Fault> {
        let request = self
            .client
            .get(self.address(api::TIME)?)
            .timeout(self.timing.ask);
        let time: Time = read(request.send().await?).await?;
        self.learn(time.now);
        Ok(time)
    }

    /// Whether upstream takes this terminal's proofs: asks for the progress of a case that is none.
    ///
    /// # Errors
    /// Why upstream does not take them.
    pub async fn enrolled(&self) -> Result<(), Fault> {
        let nobody = ProgressRequest {
            number: CaseNumber::random().map_err(|_| Fault::Unprovable)?,
            by: ProgressKey::Secret {
                secret: SlipSecret::random().map_err(|_| Fault::Unprovable)?,
            },
        };
        match self.progress(&nobody).await {
            Ok(_) | Err(Fault::Problem(Kind::NotFound)) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// What is known of the terminal's clock.
    pub fn clock(&self) -> ClockState {
        match *self.ahead() {
            None => ClockState::Unknown,
            Some(ahead) if ahead.abs() <= MAX_CLOCK_ERROR => ClockState::Trusted,
            Some(ahead) => ClockState::Off { by: -ahead },
        }
    }

    fn json(&self, method: Method, path: String, body: Bytes) -> Call {
        Call {
            method,
            path,
            media: "application/json",
            body,
            case: None,
            within: self.timing.ask,
        }
    }

    /// Makes a call with the device's proof. When upstream finds the clock off, once more by
    /// upstream's time.
    async fn proven<T: serde::de::DeserializeOwned>(&self, call: &Call) -> Result<T, Fault> {
        match self.once(call).await {
            Err(Fault::ClockOff { now: Some(now) }) => {
                self.learn(now);
                self.once(call).await
            }
            result => result,
        }
    }

    async fn fetch(&self, tags: &[String]) -> Result<Option<(Bytes, Option<String>)>, Fault> {
        let address = self.address(api::CATALOGUE)?;
        let proof = self.proof(&Method::GET, &address, b"")?;
        let mut request = self
            .client
            .get(address)
            .timeout(self.timing.deliver)
            .header(AUTHORIZATION, proof);
        if !tags.is_empty() {
            request = request.header(IF_NONE_MATCH, tags.join(", "));
        }
        let response = request.send().await?;
        match response.status() {
            StatusCode::NOT_MODIFIED => return Ok(None),
            StatusCode::OK => {}
            _ => return Err(refusal(response).await?),
        }
        let tag = response.headers().get(ETAG);
        let tag = tag.and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let body = bounded(response, api::MAX_CATALOGUE_BYTES).await?;
        Ok(Some((body.into(), tag)))
    }

    async fn once<T: serde::de::DeserializeOwned>(&self, call: &Call) -> Result<T, Fault> {
        let address = self.address(&call.path)?;
        let proof = self.proof(&call.method, &address, &call.body)?;
        let mut request = self
            .client
            .request(call.method.clone(), address)
            .timeout(call.within)
            .header(AUTHORIZATION, proof)
            .header(CONTENT_TYPE, call.media)
            .body(call.body.clone());
        if let Some(number) = call.case {
            request = request.header(api::IDEMPOTENCY_KEY, number.case_id().to_string());
        }
        read(request.send().await?).await
    }

    fn proof(&self, method: &Method, address: &Url, body: &[u8]) -> Result<HeaderValue, Fault> {
        let request = proof::Request {
            method: method.as_str(),
            path: address.path(),
            body,
        };
        let proof = proof::prove(&request, &self.device, &self.upstream, self.now())
            .map_err(|_| Fault::Unprovable)?;
        let mut proof = HeaderValue::try_from(proof).map_err(|_| Fault::Unprovable)?;
        proof.set_sensitive(true);
        Ok(proof)
    }

    fn address(&self, path: &str) -> Result<Url, Fault> {
        self.url.join(path).map_err(|_| Fault::Unprovable)
    }

    /// The time that proofs are made with: upstream's when this clock is off.
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        match self.clock() {
            ClockState::Unknown | ClockState::Trusted => now,
            ClockState::Off { by } => now.checked_sub(by).unwrap_or(now),
        }
    }

    fn learn(&self, theirs: Timestamp) {
        *self.ahead() = Some(theirs.duration_since(Timestamp::now()));
    }

    fn ahead(&self) -> std::sync::MutexGuard<'_, Option<SignedDuration>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Call {
    method: Method,
    path: String,
    media: &'static str,
    body: Bytes,
    /// The case whose id is the idempotency key.
    case: Option<CaseNumber>,
    within: Duration,
}

/// Reads a bounded answer, and judges it.
async fn read<T: serde::de::DeserializeOwned>(response: Response) -> Result<T, Fault> {
    if !response.status().is_success() {
        return Err(refusal(response).await?);
    }
    let body = bounded(response, api::MAX_JSON_BYTES).await?;
    serde_json::from_slice(&body).map_err(|_| Fault::NoReceipt)
}

/// What an answer that is no success says.
async fn refusal(response: Response) -> Result<Fault, Fault> {
    let status = response.status();
    let is_problem = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media| media.trim().eq_ignore_ascii_case(problem::MEDIA_TYPE));
    let body = bounded(response, api::MAX_JSON_BYTES).await?;
    let problem = is_problem
        .then(|| serde_json::from_slice::<Problem>(&body).ok())
        .flatten()
        // What contradicts itself is not upstream's word, least of all for giving a case up.
        .filter(|problem| problem.kind.status() == status.as_u16());
    Ok(match problem {
        Some(problem) if problem.kind == Kind::ClockOff => Fault::ClockOff { now: problem.now },
        Some(problem) => Fault::Problem(problem.kind),
        None => Fault::Status(status.as_u16()),
    })
}

async fn bounded(mut response: Response, most: usize) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Err(Fault::TooLong(response.status().as_u16()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

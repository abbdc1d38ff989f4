//! One exchange with a printer: an IPP request in an HTTP POST, and its answer.
//!
//! HTTP is ureq's; the `ipp` crate's own client sets no bound on an answer and follows redirects and
//! proxies, none of which a printer has any business with.

use std::io;
use std::time::Duration;

use ipp::attribute::IppAttribute;
use ipp::model::{DelimiterTag, IppVersion, Operation};
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;
use ureq::Agent;
use ureq::http::Uri;
use zeroize::Zeroizing;

use super::reply::Reply;
use crate::status::Cause;

/// The largest answer that is read, in bytes; all attributes of a large printer take about 60 KiB.
const MAX_REPLY: u64 = 1024 * 1024;

/// Longest time for finding and reaching the printer.
const CONNECT: Duration = Duration::from_secs(3);

/// A printer that can be asked.
pub(super) struct Link {
    agent: Agent,
    /// What it is called in requests.
    printer: Uri,
    /// Where requests are posted.
    http: String,
    /// Number of the last request.
    number: i32,
}

/// A request that is being filled in.
pub(super) struct Request(IppRequestResponse);

impl Link {
    /// `None` if the URL is none.
    pub(super) fn new(url: &str) -> Option<Self> {
        let printer: Uri = url.parse().ok()?;
        let authority = printer.authority()?;
        // IPP's own port, not HTTP's.
        let port = authority.port_u16().unwrap_or(631);
        let http = format!("http://{}:{port}{}", authority.host(), printer.path());
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .max_idle_connections(0)
            .timeout_resolve(Some(CONNECT))
            .timeout_connect(Some(CONNECT))
            .user_agent("yici");
        Some(Self {
            agent: config.build().into(),
            printer,
            http,
            number: 0,
        })
    }

    pub(super) fn request(&self, operation: Operation) -> Result<Request, Cause> {
        // 1.1 is what every printer speaks; later versions add nothing that is asked here.
        let version = IppVersion::v1_1();
        IppRequestResponse::new(version, operation, Some(self.printer.clone()))
            .map(Request)
            .map_err(|_| Cause::Garbled)
    }

    /// Sends a request and the document behind it, if any. The answer may say that it was refused.
    ///
    /// # Errors
    /// [`Cause::NotConnected`], [`Cause::NoAnswer`] within the limit, [`Cause::NoRight`], or
    /// [`Cause::Garbled`].
    pub(super) fn exchange(
        &mut self,
        Request(mut request): Request,
        document: &[u8],
        limit: Duration,
    ) -> Result<Reply, Cause> {
        self.number = self.number.wrapping_add(1).max(1);
        request.header_mut().request_id = self.number;
        let head = request.to_bytes();
        let mut body = Zeroizing::new(Vec::with_capacity(head.len() + document.len()));
        body.extend_from_slice(&head);
        body.extend_from_slice(document);
        let answer = self
            .agent
            .post(&self.http)
            .config()
            .timeout_global(Some(limit))
            .build()
            .header("content-type", "application/ipp")
            .send(body.as_slice())
            .and_then(|answer| {
                let body = answer.into_body().into_with_config();
                body.limit(MAX_REPLY).read_to_vec()
            })
            .map_err(|error| told(&error))?;
        match Reply::parse(&answer) {
            Some(reply) if reply.request == self.number as u32 => Ok(reply),
            Some(_) | None => Err(Cause::Garbled),
        }
    }
}

impl Request {
    /// Adds an attribute of the operation.
    pub(super) fn with(self, name: &str, value: IppValue) -> Result<Self, Cause> {
        self.add(DelimiterTag::OperationAttributes, name, value)
    }

    /// Adds an attribute of the job.
    pub(super) fn with_job(self, name: &str, value: IppValue) -> Result<Self, Cause> {
        self.add(DelimiterTag::JobAttributes, name, value)
    }

    fn add(mut self, group: DelimiterTag, name: &str, value: IppValue) -> Result<Self, Cause> {
        let attribute = IppAttribute::with_name(name, value).map_err(|_| Cause::Garbled)?;
        self.0.attributes_mut().add(group, attribute);
        Ok(self)
    }
}

fn told(error: &ureq::Error) -> Cause {
    use ureq::{Error, Timeout};
    let unreached = matches!(
        error,
        Error::Timeout(Timeout::Connect | Timeout::Resolve)
            | Error::HostNotFound
            | Error::ConnectionFailed
    );
    if let Error::Io(error) = error {
        return match error.kind() == io::ErrorKind::TimedOut {
            true => Cause::NoAnswer,
            false => Cause::NotConnected,
        };
    }
    if unreached {
        Cause::NotConnected
    } else if matches!(error, Error::Timeout(_)) {
        Cause::NoAnswer
    } else if matches!(error, Error::StatusCode(401 | 403)) {
        Cause::NoRight
    } else {
        // Whatever else goes wrong is no printer's answer.
        Cause::Garbled
    }
}

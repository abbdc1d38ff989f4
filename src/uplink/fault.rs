//! What may come instead of an answer.

use std::error::Error;

use jiff::Timestamp;
use rustls::CertificateError;
use yici_contract::problem::{Kind, Remedy};

/// What came instead of the answer that the contract promises. Nothing personal is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No answer at all.
    #[error("no answer: {0}")]
    Silent(Silence),
    /// Upstream says what is wrong.
    #[error("upstream says {0:?}")]
    Problem(Kind),
    /// Upstream finds the terminal's clock off, and upstream's own time did not do either.
    #[error("upstream finds the clock off")]
    ClockOff {
        /// Upstream's time.
        now: Option<Timestamp>,
    },
    /// An error that the contract does not have, of this HTTP status.
    #[error("status {0} without a word that the contract has")]
    Status(u16),
    /// An answer longer than the contract allows.
    #[error("status {0} with more than the contract allows")]
    TooLong(u16),
    /// A success that is no answer of the contract.
    #[error("a success that is none the contract has")]
    NoReceipt,
    /// A receipt or answer for something else than what was sent.
    #[error("an answer about something else than was sent")]
    OtherReceipt,
    /// The terminal cannot make the request: upstream's configured key is no usable one.
    #[error("the request cannot be made: check upstream's configured key")]
    Unprovable,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    /// No connection: no such host, no way to it, nobody listens.
    #[error("no connection")]
    NoConnection,
    /// The server is not the one whose CA is configured.
    #[error("the server's certificate is not by the configured CA, or for another name")]
    Certificate,
    /// By this clock, the certificate is not valid yet or no more.
    #[error("by this clock the server's certificate is not valid now")]
    CertificateTime,
    /// It took too long.
    #[error("it took too long")]
    TooSlow,
    /// The connection ended in the middle, or what came is no HTTP.
    #[error("it broke off")]
    BrokeOff,
}

impl Fault {
    /// How to go on. Only upstream's own word may give a case up; whatever else came may be by
    /// something in between, or by an upstream that is not set up yet.
    pub fn remedy(&self) -> Remedy {
        match self {
            Fault::Silent(_) | Fault::Status(408 | 429 | 500..) => Remedy::Later,
            Fault::Problem(kind) => kind.remedy(),
            Fault::ClockOff { .. }
            | Fault::Status(_)
            | Fault::TooLong(_)
            | Fault::NoReceipt
            | Fault::OtherReceipt
            | Fault::Unprovable => Remedy::Staff,
        }
    }

    /// A code for lists: `problem:conflict`, `status:500`, `no-connection`.
    pub fn code(&self) -> String {
        match self {
            Fault::Silent(silence) => silence.code().to_owned(),
            Fault::Problem(kind) => kind_code(*kind),
            Fault::ClockOff { .. } => kind_code(Kind::ClockOff),
            Fault::Status(status) => format!("status:{status}"),
            Fault::TooLong(_) => "too-long".into(),
            Fault::NoReceipt => "no-receipt".into(),
            Fault::OtherReceipt => "other-receipt".into(),
            Fault::Unprovable => "unprovable".into(),
        }
    }
}

impl Silence {
    fn code(self) -> &'static str {
        match self {
            Silence::NoConnection => "no-connection",
            Silence::Certificate => "certificate",
            Silence::CertificateTime => "certificate-time",
            Silence::TooSlow => "too-slow",
            Silence::BrokeOff => "broke-off",
        }
    }
}

impl From<reqwest::Error> for Fault {
    fn from(error: reqwest::Error) -> Fault {
        Fault::Silent(if error.is_timeout() {
            Silence::TooSlow
        } else if let Some(certificate) = certificate(&error) {
            certificate
        } else if error.is_connect() {
            Silence::NoConnection
        } else {
            Silence::BrokeOff
        })
    }
}

fn kind_code(kind: Kind) -> String {
    let json = serde_json::to_value(kind).unwrap_or_default();
    let urn = json.as_str().unwrap_or_default();
    urn.strip_prefix("urn:yici:").unwrap_or(urn).to_owned()
}

/// Whether it is the server's certificate, looked for down the chain of causes.
fn certificate(error: &reqwest::Error) -> Option<Silence> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        // An I/O error passes on the source of the error that it wraps, and so hides that one.
        let inner = error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .map(|inner| inner as &(dyn Error + 'static));
        let tls = error
            .downcast_ref::<rustls::Error>()
            .or_else(|| inner.and_then(|inner| inner.downcast_ref()));
        if let Some(rustls::Error::InvalidCertificate(why)) = tls {
            let time = matches!(
                why,
                CertificateError::Expired
                    | CertificateError::ExpiredContext { .. }
                    | CertificateError::NotValidYet
                    | CertificateError::NotValidYetContext { .. }
            );
            return Some(if time {
                Silence::CertificateTime
            } else {
                Silence::Certificate
            });
        }
        next = inner.or_else(|| error.source());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_upstreams_own_word_gives_a_case_up() {
        for status in 300..600 {
            assert_ne!(Fault::Status(status).remedy(), Remedy::Never);
            assert_ne!(Fault::TooLong(status).remedy(), Remedy::Never);
        }
        for fault in [
            Fault::NoReceipt,
            Fault::OtherReceipt,
            Fault::ClockOff { now: None },
            Fault::Unprovable,
        ] {
            assert_eq!(fault.remedy(), Remedy::Staff, "{fault}");
        }
        assert_eq!(Fault::Status(500).remedy(), Remedy::Later);
        assert_eq!(Fault::Status(409).remedy(), Remedy::Staff);
        assert_eq!(Fault::Problem(Kind::Conflict).remedy(), Remedy::Never);
        assert_eq!(Fault::Problem(Kind::Conflict).code(), "problem:conflict");
        assert_eq!(Fault::Status(410).code(), "status:410");
    }
}

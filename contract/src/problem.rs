//! Errors as upstream answers them: `application/problem+json` (RFC 9457), with types that stay.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The media type of a problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem. Nothing personal is ever in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// What kind of problem. Programs decide by this alone.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// The kind in a few words, for people who run the service.
    pub title: String,
    /// The HTTP status, once more.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong with this very request, for people who run the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Upstream's time, when the device's clock is the problem.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<Timestamp>,
}

/// The kinds of problems. New ones may be added in a later version of the contract only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub enum Kind {
    /// The request cannot be read.
    #[serde(rename = "urn:yici:problem:malformed")]
    Malformed,
    /// The device is not enrolled, or did not prove itself.
    #[serde(rename = "urn:yici:problem:unknown-device")]
    UnknownDevice,
    /// The device's clock is too far off; `now` says upstream's time.
    #[serde(rename = "urn:yici:problem:clock-off")]
    ClockOff,
    /// Nothing is there; or a key that does not open it, which reads the same.
    #[serde(rename = "urn:yici:problem:not-found")]
    NotFound,
    /// The path knows no such method.
    #[serde(rename = "urn:yici:problem:method")]
    Method,
    /// The request did not come in time.
    #[serde(rename = "urn:yici:problem:too-slow")]
    TooSlow,
    /// The same number or id came before with other bytes.
    #[serde(rename = "urn:yici:problem:conflict")]
    Conflict,
    /// Sealed or proved to a key that upstream has no more.
    #[serde(rename = "urn:yici:problem:key-gone")]
    KeyGone,
    /// More bytes than allowed.
    #[serde(rename = "urn:yici:problem:too-large")]
    TooLarge,
    /// The body is not of the media type that is asked for.
    #[serde(rename = "urn:yici:problem:media-type")]
    MediaType,
    /// The sealed case is not what the device sealed for this number, or no fit case.
    #[serde(rename = "urn:yici:problem:cannot-open")]
    CannotOpen,
    /// The case names a matter, item or catalogue that upstream has not.
    #[serde(rename = "urn:yici:problem:unknown-matter")]
    UnknownMatter,
    /// More requests than allowed; come back later.
    #[serde(rename = "urn:yici:problem:too-many")]
    TooMany,
    /// Upstream failed; nothing was stored.
    #[serde(rename = "urn:yici:problem:failed")]
    Failed,
    /// Upstream cannot serve just now.
    #[serde(rename = "urn:yici:problem:busy")]
    Busy,
}

/// What a device does about a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The same bytes may do later: keep them and try again.
    Later,
    /// People who run the terminal or upstream must act first; then the same bytes will do. Raise
    /// an alarm, keep trying slowly.
    Staff,
    /// The same bytes will never do: park them, raise an alarm.
    Never,
}

impl Problem {
    /// A problem of a kind.
    pub fn new(kind: Kind) -> Problem {
        Problem {
            kind,
            title: kind.title().to_owned(),
            status: kind.status(),
            detail: None,
            now: None,
        }
    }

    /// Adds what is wrong with this very request. Nothing personal may be in it.
    pub fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.detail = Some(detail.into());
        self
    }
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 15] = [
        Kind::Malformed,
        Kind::UnknownDevice,
        Kind::ClockOff,
        Kind::NotFound,
        Kind::Method,
        Kind::TooSlow,
        Kind::Conflict,
        Kind::KeyGone,
        Kind::TooLarge,
        Kind::MediaType,
        Kind::CannotOpen,
        Kind::UnknownMatter,
        Kind::TooMany,
        Kind::Failed,
        Kind::Busy,
    ];

    /// The HTTP status it comes with.
    pub fn status(self) -> u16 {
        match self {
            Kind::Malformed => 400,
            Kind::UnknownDevice | Kind::ClockOff => 401,
            Kind::NotFound => 404,
            Kind::Method => 405,
            Kind::TooSlow => 408,
            Kind::Conflict => 409,
            Kind::KeyGone => 410,
            Kind::TooLarge => 413,
            Kind::MediaType => 415,
            Kind::CannotOpen | Kind::UnknownMatter => 422,
            Kind::TooMany => 429,
            Kind::Failed => 500,
            Kind::Busy => 503,
        }
    }

    /// What a device does about it.
    pub fn remedy(self) -> Remedy {
        match self {
            Kind::TooSlow | Kind::TooMany | Kind::Failed | Kind::Busy => Remedy::Later,
            // An upstream that is wrongly set up answers so; once set right it takes the same case.
            Kind::UnknownDevice
            | Kind::ClockOff
            | Kind::NotFound
            | Kind::Method
            | Kind::KeyGone
            | Kind::UnknownMatter => Remedy::Staff,
            Kind::Malformed
            | Kind::Conflict
            | Kind::TooLarge
            | Kind::MediaType
            | Kind::CannotOpen => Remedy::Never,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Kind::Malformed => "The request cannot be read",
            Kind::UnknownDevice => "The device did not prove itself",
            Kind::ClockOff => "The device's clock is too far off",
            Kind::NotFound => "Nothing is there, or the key does not open it",
            Kind::Method => "The path knows no such method",
            Kind::TooSlow => "The request did not come in time",
            Kind::Conflict => "The same number came before with other bytes",
            Kind::KeyGone => "Made for a key that upstream has no more",
            Kind::TooLarge => "More bytes than allowed",
            Kind::MediaType => "Not the media type that is asked for",
            Kind::CannotOpen => "The sealed case cannot be opened",
            Kind::UnknownMatter => "The case names something that the catalogue has not",
            Kind::TooMany => "More requests than allowed",
            Kind::Failed => "Upstream failed",
            Kind::Busy => "Upstream cannot serve just now",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_stable() {
        let types: Vec<String> = Kind::ALL
            .iter()
            .map(|kind| serde_json::to_string(kind).unwrap())
            .collect();
        for text in &types {
            assert!(text.starts_with("\"urn:yici:problem:"), "{text}");
        }
        let problem = Problem::new(Kind::Conflict).detail("other bytes");
        assert_eq!(
            serde_json::to_string(&problem).unwrap(),
            r#"{"type":"urn:yici:problem:conflict","title":"The same number came before with other bytes","status":409,"detail":"other bytes"}"#
        );
    }
}

//! The signature: minisign's, carried as three TOML comments at the end of the file.
//!
//! ```text
//! …TOML…
//! # --- yici-setup signature ---
//! # RUQ…                            the signature over all bytes before the marker's line
//! # trusted comment: yici-setup made=2026-11-26T08:00:00Z expires=2026-12-03T08:00:00Z
//! # 8mN…                            the signature over signature and trusted comment
//! ```
//!
//! The trusted comment's first word keeps a signature of the same key over anything else (an update, a
//! catalogue) from passing as one of a setup file.

use std::str::FromStr;

use jiff::Timestamp;
use minisign_verify::{Error, PublicKey, Signature};

use crate::finding::{Code, Refused};

/// The line before the signature.
pub(crate) const MARKER: &str = "# --- yici-setup signature ---\n";
const PURPOSE: &str = "yici-setup";
const UNTRUSTED: &str = "untrusted comment: yici-setup";

/// When a setup file may be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// When it was signed.
    pub made: Timestamp,
    /// From then on it is refused.
    pub expires: Timestamp,
}

/// The public keys that setup files may be signed by. Two while a key is being replaced.
#[derive(Debug, Clone)]
pub struct Keys(Vec<PublicKey>);

/// Why a file holds no public keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// There is none.
    #[error("no minisign public key in it; `kiosk provision keys` makes a pair")]
    None,
    /// A line is no key.
    #[error("line {0} is no minisign public key")]
    Line(usize),
}

impl FromStr for Keys {
    type Err = KeysError;

    /// Reads minisign's `.pub` files, one after the other.
    fn from_str(text: &str) -> Result<Keys, KeysError> {
        let mut keys = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with("untrusted comment:") {
                continue;
            }
            let key = PublicKey::from_base64(line).map_err(|_| KeysError::Line(index + 1))?;
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(KeysError::None);
        }
        Ok(Keys(keys))
    }
}

/// Signs a TOML text. It does not look at what the text says.
///
/// # Errors
/// When there is no randomness, or the key is still locked by its password.
pub fn sign(
    text: &str,
    key: &minisign::SecretKey,
    validity: Validity,
) -> Result<String, minisign::PError> {
    let mut body = text.to_owned();
    if !body.ends_with('\n') {
        body.push('\n');
    }
    let comment = comment(validity);
    let signed = minisign::sign(None, key, body.as_bytes(), Some(&comment), Some(""))?.to_string();
    body.push_str(MARKER);
    for line in signed.lines().skip(1) {
        body.push_str("# ");
        body.push_str(line);
        body.push('\n');
    }
    Ok(body)
}

/// The signed text and its validity, if one of the keys signed exactly these bytes.
pub(crate) fn open<'a>(file: &'a str, keys: &Keys) -> Result<(&'a str, Validity), Refused> {
    let Some((body, tail)) = split(file) else {
        return Err(Refused::whole(
            Code::Unsigned,
            "文件没有签名，不能使用；请用 kiosk provision make 签名",
            "it is not signed, and so not used; sign it with `kiosk provision make`",
        ));
    };
    let broken = || {
        Refused::whole(
            Code::BadSignature,
            "末尾的签名不完整或被改过；请重新签名，不要用编辑器再保存",
            "the signature at its end is cut or rewritten; sign it again, and do not save it in an editor afterwards",
        )
    };
    let lines: Option<Vec<&str>> = tail
        .split_inclusive('\n')
        .map(|line| line.strip_prefix("# ")?.strip_suffix('\n'))
        .collect();
    let Some([first, comment, global]) = lines.as_deref() else {
        return Err(broken());
    };
    let signature = format!("{UNTRUSTED}\n{first}\n{comment}\n{global}\n");
    let signature = Signature::decode(&signature).map_err(|_| broken())?;
    let validity = validity(signature.trusted_comment());
    let mut wrong_key = true;
    for key in &keys.0 {
        match key.verify(body.as_bytes(), &signature, false) {
            Ok(()) => return Ok((body, validity.ok_or_else(broken)?)),
            Err(Error::UnexpectedKeyId) => {}
            Err(
                Error::InvalidEncoding
                | Error::InvalidSignature
                | Error::IoError(_)
                | Error::UnexpectedAlgorithm
                | Error::UnsupportedAlgorithm
                | Error::UnsupportedLegacyMode,
            ) => wrong_key = false,
        }
    }
    Err(if wrong_key {
        Refused::whole(
            Code::WrongKey,
            "签名所用的密钥不是本终端信任的密钥",
            "it is signed by a key that this terminal does not trust",
        )
    } else {
        Refused::whole(
            Code::Edited,
            "签名之后内容被改过；请改原文件，重新签名",
            "it was changed after it was signed; change the original and sign it again",
        )
    })
}

/// The text before the last marker, and the lines behind it.
pub(crate) fn split(file: &str) -> Option<(&str, &str)> {
    let at = file.rfind(MARKER)?;
    let body = file.get(..at)?;
    let tail = file.get(at + MARKER.len()..)?;
    (body.is_empty() || body.ends_with('\n')).then_some((body, tail))
}

fn comment(validity: Validity) -> String {
    format!(
        "{PURPOSE} made={} expires={}",
        validity.made, validity.expires
    )
}

fn validity(text: &str) -> Option<Validity> {
    let mut words = text.split(' ');
    if words.next()? != PURPOSE {
        return None;
    }
    let made = words.next()?.strip_prefix("made=")?.parse().ok()?;
    let expires = words.next()?.strip_prefix("expires=")?.parse().ok()?;
    words.next().is_none().then_some(Validity { made, expires })
}

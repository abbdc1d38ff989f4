//! The signed catalogue that terminals are given: a file, served as it is.
//!
//! The file is looked at with each request and read when it is another one. What is no whole bundle of
//! three signatures is not served, and the last good one is instead; whose the signatures are is for
//! terminals to judge.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use yici_catalog_publish::{Bundle, Role};
use yici_contract::problem::{Kind, Problem};
use yici_contract::{Digest, api};

/// The file, and what was last read from it.
pub struct Published {
    path: PathBuf,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    /// How the file was when it was last read.
    mark: Option<Mark>,
    good: Option<(HeaderValue, Bytes)>,
}

/// What differs when a file is another one: device, inode, size, and the time of its
/// last change, which copying does not set back.
#[derive(PartialEq, Eq)]
struct Mark([i128; 5]);

impl Published {
    /// Serves this file. It need not be there yet.
    pub fn new(path: PathBuf) -> Published {
        Published {
            path,
            last: Mutex::default(),
        }
    }

    /// The bundle, or that it is the one that the device has.
    ///
    /// # Errors
    /// When there is none.
    pub fn answer(&self, if_none_match: Option<&HeaderValue>) -> Result<Response, Problem> {
        let (etag, bytes) = self.look()?;
        let known = if_none_match.is_some_and(|tags| names(tags, &etag));
        let mut response = match known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => bytes.into_response(),
        };
        let headers = response.headers_mut();
        if !known {
            let media = HeaderValue::from_static(api::CATALOGUE_BUNDLE);
            headers.insert(header::CONTENT_TYPE, media);
        }
        headers.insert(header::ETAG, etag);
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("private, no-cache"),
        );
        Ok(response)
    }

    fn look(&self) -> Result<(HeaderValue, Bytes), Problem> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mark = fs::metadata(&self.path).ok().map(|file| {
            Mark([
                file.dev().into(),
                file.ino().into(),
                file.size().into(),
                file.ctime().into(),
                file.ctime_nsec().into(),
            ])
        });
        if mark != last.mark || last.good.is_none() {
            match read(&self.path) {
                Ok(good) => {
                    tracing::info!(etag = ?good.0, "a catalogue is published");
                    last.good = Some(good);
                }
                Err(reason) if mark != last.mark => {
                    let path = self.path.display();
                    tracing::error!(%path, reason, "no catalogue to publish");
                }
                Err(_) => {}
            }
            last.mark = mark;
        }
        // The staff has yet to put a good one there.
        last.good
            .clone()
            .ok_or_else(|| Problem::new(Kind::NotFound))
    }
}

fn read(path: &std::path::Path) -> Result<(HeaderValue, Bytes), String> {
    let said = |error: &dyn ToString| error.to_string();
    let bytes = yici_catalog_publish::read(path).map_err(|error| said(&error))?;
    let bundle = Bundle::parse(&bytes).map_err(|error| said(&error))?;
    bundle.manifest().map_err(|error| said(&error))?;
    if bundle.signed_by().count() != Role::ALL.len() {
        return Err("not all three have signed it".into());
    }
    let etag = format!("\"{}\"", Digest::of(&bytes));
    let etag = HeaderValue::try_from(etag).map_err(|error| said(&error))?;
    Ok((etag, bytes))
}

/// Whether `If-None-Match` names a tag (RFC 9110, 13.1.2: compared weakly).
fn names(tags: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(tags), Ok(etag)) = (tags.to_str(), etag.to_str()) else {
        return false;
    };
    tags.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

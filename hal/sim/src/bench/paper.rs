//! The paper: what hangs out of the printer, what has come out of it, and the codes printed on it.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{Bench, aside, refuse, reply};
use crate::control;
use crate::order::{Order, PaperOrder};

/// Most slips that a page is told of: the newest.
const MOST: usize = 60;

/// `GET /paper/FROM`: the rows of dots that hang out, from this one on.
pub async fn hanging(State(bench): State<Arc<Bench>>, Path(from): Path<usize>) -> Response {
    aside(move || {
        match control::send(&bench.socket, None, Order::Paper(PaperOrder::Look { from })) {
            Ok(answer) => reply(&answer),
            Err(error) => refuse(StatusCode::BAD_GATEWAY, error),
        }
    })
    .await
}

/// `GET /slips`: the names of the pictures, oldest first.
pub async fn slips(State(bench): State<Arc<Bench>>) -> Response {
    aside(move || {
        let mut names: Vec<String> = folder(&bench)
            .and_then(|folder| folder.read_dir().ok())
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| is_slip(name))
            .collect();
        names.sort();
        names.drain(..names.len().saturating_sub(MOST));
        reply(&json!({"ok": true, "slips": names}))
    })
    .await
}

/// `GET /slips/NAME`: the picture of one.
pub async fn slip(State(bench): State<Arc<Bench>>, Path(name): Path<String>) -> Response {
    aside(move || match picture(&bench, &name) {
        Ok(path) => match std::fs::read(path) {
            Ok(bytes) => ([(CONTENT_TYPE, "image/png")], bytes).into_response(),
            Err(error) => refuse(StatusCode::NOT_FOUND, error),
        },
        Err(why) => refuse(StatusCode::NOT_FOUND, why),
    })
    .await
}

/// `GET /slips/NAME/codes`: what the codes on it say, read from its picture as a scanner would.
pub async fn codes(State(bench): State<Arc<Bench>>, Path(name): Path<String>) -> Response {
    aside(move || {
        let picture = match picture(&bench, &name) {
            Ok(path) => image::open(path),
            Err(why) => return refuse(StatusCode::NOT_FOUND, why),
        };
        match picture {
            Ok(picture) => reply(&json!({"ok": true, "codes": read(&picture.into_luma8())})),
            Err(error) => refuse(StatusCode::NOT_FOUND, error),
        }
    })
    .await
}

fn read(picture: &image::GrayImage) -> Vec<String> {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut prepared = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        picture.get_pixel(x as u32, y as u32).0[0]
    });
    prepared
        .detect_grids()
        .iter()
        .filter_map(|grid| grid.decode().ok())
        .map(|(_, text)| text)
        .collect()
}

/// Where pictures are written: where the last one was.
fn folder(bench: &Bench) -> Option<PathBuf> {
    let state = control::send(&bench.socket, None, Order::State).ok()?;
    let last = state["printer"]["last"].as_str().map(PathBuf::from)?;
    last.parent().map(Into::into)
}

fn picture(bench: &Bench, name: &str) -> Result<PathBuf, &'static str> {
    if !is_slip(name) {
        return Err("this is no slip's name");
    }
    folder(bench)
        .map(|folder| folder.join(name))
        .ok_or("no slip has come out")
}

/// Whether it is the name of a slip's picture, and of nothing else: `slip-001.png`, `slip-002-partial.png`.
fn is_slip(name: &str) -> bool {
    name.strip_prefix("slip-")
        .and_then(|rest| rest.strip_suffix(".png"))
        .map(|rest| rest.strip_suffix("-partial").unwrap_or(rest))
        .is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_slips_are_shown() {
        for name in ["slip-001.png", "slip-1234.png", "slip-002-partial.png"] {
            assert!(is_slip(name), "{name}");
        }
        for name in [
            "slip-.png",
            "slip-001.escpos",
            "slip-../../x.png",
            "../slip-001.png",
            "slip-001-partial-partial.png",
        ] {
            assert!(!is_slip(name), "{name}");
        }
    }
}

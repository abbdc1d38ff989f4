//! Answers as HTTP.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use yici_contract::problem::{self, Kind, Problem};

/// JSON with its status.
pub struct Answer {
    status: StatusCode,
    media: &'static str,
    body: Vec<u8>,
}

impl Answer {
    /// A value that was asked for.
    pub fn of(value: &impl serde::Serialize) -> Answer {
        match serde_json::to_vec(value) {
            Ok(body) => Answer {
                status: StatusCode::OK,
                media: "application/json",
                body,
            },
            Err(_) => Problem::new(Kind::Failed).into(),
        }
    }
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Answer {
        Answer {
            status: StatusCode::from_u16(problem.status)
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            media: problem::MEDIA_TYPE,
            // A problem has no part that cannot be written; if so, its status says enough.
            body: serde_json::to_vec(&problem).unwrap_or_default(),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media));
        // Progress is personal: no proxy may keep it.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

//! The document camera: its state, a picture and the page in it.

use std::time::{Duration, Instant};

use serde_json::json;
use yici_hal::address::Address;
use yici_hal::camera::{self, CameraError, Page};

use super::Finding;

/// How long the test waits for a picture: exposure settles first.
const TEST: Duration = Duration::from_secs(8);

pub(super) fn status(address: &Address) -> Finding {
    match camera::open(address) {
        Ok(mut camera) => {
            let status = camera.status();
            Finding {
                said: json!(status),
                cause: status.cause,
            }
        }
        Err(error) => unseen(&error),
    }
}

/// Takes a picture and looks for a page; neither is kept. A picture proves the camera, also one
/// without a page.
pub(super) fn test(address: &Address) -> Finding {
    let taken = camera::open(address).and_then(|mut camera| camera.capture(Instant::now() + TEST));
    let frame = match taken {
        Ok(frame) => frame,
        Err(error) => return unseen(&error),
    };
    let picture = format!("{} × {}", frame.width(), frame.height());
    let said = match Page::of(&frame) {
        Ok(page) => json!({
            "picture": picture,
            "page": "straightened",
            "cut": format!("{} × {}", page.width(), page.height()),
        }),
        Err(refusal) => json!({"picture": picture, "page": refusal}),
    };
    Finding { said, cause: None }
}

fn unseen(error: &CameraError) -> Finding {
    Finding {
        said: json!({"error": error.to_string()}),
        cause: Some(error.cause()),
    }
}

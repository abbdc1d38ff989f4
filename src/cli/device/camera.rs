//! The document camera: its state, a picture and the page in it.

use std::fs::OpenOptions;
use std::io::BufWriter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use image::{ImageFormat, RgbImage};
use serde_json::json;
use yici_hal::address::Address;
use yici_hal::camera::{self, CameraError, Page};

use super::report::{Finding, Outcome};

/// How long the test waits for a picture: exposure settles first.
const TEST: Duration = Duration::from_secs(8);

pub(super) fn status(address: &Address) -> Finding {
    match camera::open(address) {
        Ok(mut camera) => {
            let status = camera.status();
            Finding::told(status, status.cause)
        }
        Err(error) => unseen(&error),
    }
}

/// Takes a picture and looks for a page; neither is kept but the picture in a file that somebody
/// named. A picture proves the camera, also one without a page.
pub(super) fn test(address: &Address, save: Option<&Path>) -> Finding {
    let taken = camera::open(address).and_then(|mut camera| camera.capture(Instant::now() + TEST));
    let frame = match taken {
        Ok(frame) => frame,
        Err(error) => return unseen(&error),
    };
    let picture = format!("{} × {}", frame.width(), frame.height());
    let mut said = match Page::of(&frame) {
        Ok(page) => json!({
            "picture": picture,
            "page": "straightened",
            "cut": format!("{} × {}", page.width(), page.height()),
        }),
        Err(refusal) => json!({"picture": picture, "page": refusal}),
    };
    if let Some(file) = save {
        match keep(frame.picture(), file) {
            Ok(()) => said["saved"] = json!(file.display().to_string()),
            Err(error) => said["notSaved"] = json!(error.to_string()),
        }
    }
    Finding {
        said,
        outcome: Outcome::AsSaid,
    }
}

/// Anybody's papers may be on it: nobody else can read it, and no file is overwritten.
fn keep(picture: &RgbImage, file: &Path) -> image::ImageResult<()> {
    let format = ImageFormat::from_path(file)?;
    let mut new = OpenOptions::new();
    let file = new.write(true).create_new(true).mode(0o600).open(file)?;
    picture.write_to(&mut BufWriter::new(file), format)
}

fn unseen(error: &CameraError) -> Finding {
    Finding::failed(error, error.cause())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_picture_is_kept_for_its_owner_alone_and_overwrites_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let picture = RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8, y as u8, 9]));
        let file = dir.path().join("base.png");
        keep(&picture, &file).unwrap();
        assert_eq!(image::open(&file).unwrap().into_rgb8(), picture);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(keep(&picture, &file).is_err(), "it is there already");
        let odd = dir.path().join("base.docx");
        assert!(keep(&picture, &odd).is_err() && !odd.exists());
    }
}

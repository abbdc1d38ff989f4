//! Document cameras.

use std::thread;
use std::time::{Duration, Instant};

use yici_hal::camera::{Camera, CameraError, Frame, MAX_HEIGHT, MAX_WIDTH, PREVIEW};
use yici_hal::status::{Actor, Cameras, Cause, DeviceState};

use crate::trial::{self, Done, Hands, Stop, Trial, Verdict, cannot, ensure};

/// The hands at a camera. Orders are carried out when the call returns.
///
/// Everything is right when it is plugged in, sends pictures, and no other program uses it.
pub trait Bench: Hands {
    /// Pulls its plug.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn unplug(&self) -> Done {
        cannot("pull the plug")
    }

    /// Plugs it in again.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn replug(&self) -> Done {
        cannot("plug the camera in again")
    }

    /// Keeps it from sending pictures, while it is there and takes orders; or lets it send them again.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn blind(&self, _: bool) -> Done {
        cannot("keep the camera from sending pictures")
    }
}

/// One case for cameras.
pub type Case = trial::Case<dyn Bench, dyn Camera>;

/// All cases. Each starts with a driver opened afresh.
pub fn cases() -> Vec<Case> {
    vec![
        Case::new("status", status),
        Case::new("previews-are-small-and-come-in-time", previews),
        Case::new("capture-is-large-and-bounded", capture),
        Case::new("previews-go-on-after-a-capture", goes_on),
        Case::new("rests-and-starts-again", rests),
        Case::new("used-by-another-program", busy),
        Case::new("no-pictures-are-told-in-time", blind),
        Case::new("unplugged-and-back", unplugged),
        Case::new("unplugged-while-pictures-come-and-back", unplugged_while),
    ]
}

/// What a terminal waits for a picture.
const PICTURE: Duration = Duration::from_secs(5);

/// What a call may take beside its time: the kernel opens the camera and starts its stream.
const START: Duration = Duration::from_secs(1);

/// Longest time for the picture that a status takes.
const STATUS: Duration = Duration::from_secs(3);

type On<'a> = Trial<'a, dyn Bench, dyn Camera>;

fn status(on: &On<'_>) -> Verdict {
    let mut camera = on.driver()?;
    for _ in 0..2 {
        let began = Instant::now();
        let status = camera.status();
        on.in_time(began, STATUS + START, "status")?;
        ensure(
            status.ready() && status.cameras == Cameras::Ok && status.cause.is_none(),
            || format!("a camera in good order is {status:?}"),
        )?;
    }
    Ok(())
}

fn previews(on: &On<'_>) -> Verdict {
    let mut camera = on.driver()?;
    for _ in 0..5 {
        preview(on, &mut *camera)?;
    }
    Ok(())
}

fn capture(on: &On<'_>) -> Verdict {
    let mut camera = on.driver()?;
    let small = preview(on, &mut *camera)?;
    let began = Instant::now();
    let frame = camera
        .capture(began + PICTURE + on.slack)
        .map_err(|error| unexpected(&error))?;
    on.in_time(began, PICTURE + START, "a capture")?;
    within(&frame, (MAX_WIDTH, MAX_HEIGHT))?;
    ensure(
        frame.width() >= small.width() && frame.height() >= small.height(),
        || format!("{frame:?} is captured, and {small:?} shown"),
    )
}

fn goes_on(on: &On<'_>) -> Verdict {
    let mut camera = on.driver()?;
    for _ in 0..2 {
        preview(on, &mut *camera)?;
        camera
            .capture(Instant::now() + PICTURE + on.slack)
            .map_err(|error| unexpected(&error))?;
    }
    preview(on, &mut *camera).map(drop)
}

fn rests(on: &On<'_>) -> Verdict {
    let mut camera = on.driver()?;
    preview(on, &mut *camera)?;
    camera.rest();
    // Another program has it meanwhile.
    let mut other = on.driver()?;
    preview(on, &mut *other)?;
    drop(other);
    preview(on, &mut *camera).map(drop)
}

fn busy(on: &On<'_>) -> Verdict {
    let mut first = on.driver()?;
    preview(on, &mut *first)?;
    let mut second = on.driver()?;
    let error = expect_error(second.preview(Instant::now() + PICTURE))?;
    ensure(error.cause() == Cause::Busy, || {
        format!("a camera that another program uses is told as {error:?}")
    })?;
    let status = second.status();
    ensure(!status.ready() && status.cause == Some(Cause::Busy), || {
        format!("a camera that another program uses is {status:?}")
    })?;
    drop(first);
    preview(on, &mut *second).map(drop)
}

fn blind(on: &On<'_>) -> Verdict {
    let mut camera = on.driver()?;
    preview(on, &mut *camera)?;
    on.bench.blind(true)?;
    let began = Instant::now();
    let limit = Duration::from_secs(2);
    let error = expect_error(camera.preview(began + limit))?;
    on.in_time(began, limit + START, "a preview that does not come")?;
    ensure(
        error.cause() == Cause::NoAnswer && error.actor() != Actor::Citizen,
        || format!("that no picture comes is told as {error:?}"),
    )?;
    let began = Instant::now();
    let status = camera.status();
    on.in_time(began, STATUS + START, "status")?;
    ensure(
        !status.ready() && status.cause == Some(Cause::NoAnswer),
        || format!("a camera that sends no pictures is {status:?}"),
    )?;
    on.bench.blind(false)?;
    back(on, &mut *camera)
}

fn unplugged(on: &On<'_>) -> Verdict {
    let mut camera = on.driver()?;
    preview(on, &mut *camera)?;
    camera.rest();
    on.bench.unplug()?;
    let began = Instant::now();
    let error = expect_error(camera.preview(began + PICTURE))?;
    on.in_time(began, START, "missing the camera")?;
    gone(&mut *camera, &error)?;
    on.bench.replug()?;
    back(on, &mut *camera)
}

fn unplugged_while(on: &On<'_>) -> Verdict {
    let mut camera = on.driver()?;
    preview(on, &mut *camera)?;
    let error = thread::scope(|scope| {
        let pulling = scope.spawn(|| on.bench.unplug());
        let end = Instant::now() + PICTURE + on.slack;
        let error = loop {
            match camera.preview(end) {
                Err(error) => break Ok(error),
                Ok(_) if Instant::now() > end => {
                    break Err(Stop::Failed("pictures come from nowhere".into()));
                }
                Ok(_) => {}
            }
        };
        pulling
            .join()
            .map_err(|_| Stop::Failed("the hands panicked".into()))??;
        error
    })?;
    gone(&mut *camera, &error)?;
    on.bench.replug()?;
    back(on, &mut *camera)
}

/// A camera that is not there says so, by error and by status.
fn gone(camera: &mut dyn Camera, error: &CameraError) -> Verdict {
    ensure(error.cause() == Cause::NotConnected, || {
        format!("a pulled plug is told as {error:?}")
    })?;
    let status = camera.status();
    ensure(
        (status.device, status.cause) == (DeviceState::Offline, Some(Cause::NotConnected)),
        || format!("a camera that is not there is {status:?}"),
    )
}

/// A camera that is back is used within 3 s.
fn back(on: &On<'_>, camera: &mut dyn Camera) -> Verdict {
    on.back("the camera is used again", || Ok(camera.status().ready()))?;
    preview(on, camera).map(drop)
}

fn preview(on: &On<'_>, camera: &mut dyn Camera) -> Result<Frame, Stop> {
    let began = Instant::now();
    let frame = camera
        .preview(began + PICTURE + on.slack)
        .map_err(|error| unexpected(&error))?;
    on.in_time(began, PICTURE + START, "a preview")?;
    within(&frame, PREVIEW)?;
    Ok(frame)
}

fn within(frame: &Frame, (width, height): (u32, u32)) -> Verdict {
    ensure(
        (1..=width).contains(&frame.width()) && (1..=height).contains(&frame.height()),
        || format!("{frame:?} is larger than {width}×{height}"),
    )
}

fn expect_error(result: Result<Frame, CameraError>) -> Result<CameraError, Stop> {
    match result {
        Err(error) => Ok(error),
        Ok(_) => Err(Stop::Failed("a picture comes where none can".into())),
    }
}

fn unexpected(error: &CameraError) -> Stop {
    Stop::Failed(format!("unexpected: {error}"))
}

//! Printers of slips.

use std::thread;
use std::time::{Duration, Instant};

use image::GrayImage;
use yici_hal::escpos::{Completion, Doubt, OutletSensor, Printed, Printer, Profile};
use yici_hal::glyph;
use yici_hal::slip::{Align, PaperWidth, Slip, Style};
use yici_hal::status::{Cause, DeviceState, Paper};

use crate::trial::{self, Done, Hands, Stop, Trial, Verdict, cannot, ensure, until};

/// The hands at a printer. Orders are carried out when the call returns; some are given from another
/// thread while the driver prints.
///
/// Everything is right when it is plugged in, answering, paper in, cover closed, nothing hanging out and
/// nothing left in the buffer.
pub trait Bench: Hands {
    /// What this model of printer can do; decides what is asked of it.
    fn model(&self) -> Model;

    /// Brings a fault about, or mends it.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn fault(&self, _: Fault, _: bool) -> Done {
        cannot("bring this fault about")
    }

    /// Lets the roll end after so many more millimetres of paper.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn end_paper_after(&self, _: u32) -> Done {
        cannot("let the roll end in the middle of a slip")
    }

    /// Keeps the printer from answering anything, while it prints; or lets it answer again.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn silence(&self, _: bool) -> Done {
        cannot("keep the printer from answering")
    }

    /// Keeps the printer from answering requests queued behind slips, and only those.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn withhold_proof(&self, _: bool) -> Done {
        cannot("keep the printer from confirming slips")
    }

    /// Pulls the plug of the printer's link; it goes on printing what it has.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn unplug(&self) -> Done {
        cannot("pull the plug")
    }

    /// Plugs the link in again.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn replug(&self) -> Done {
        cannot("plug the printer in again")
    }

    /// What lies and hangs there.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn look(&self) -> Done<Seen> {
        cannot("see what comes out")
    }

    /// The last piece of paper that came out, as wide as the paper or the printed part of it: 8 dots/mm,
    /// black below 128.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn picture(&self) -> Done<GrayImage> {
        cannot("show what is on the paper")
    }
}

/// What a model of printer can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// Width of its paper.
    pub paper: PaperWidth,
    /// It confirms slips by an answer queued behind them. If not, nothing is ever said to be printed.
    pub proves: bool,
    /// It says of paper that is stuck that it is; if not, only that something is wrong.
    pub names_jams: bool,
}

impl Model {
    /// What a model of this profile can do.
    pub fn of(profile: &Profile) -> Self {
        Self {
            paper: profile.paper,
            proves: profile.completion != Completion::None,
            names_jams: profile.outlet.is_some_and(|outlet| match outlet.sensor {
                OutletSensor::DleEot5 | OutletSensor::DleEot20 => true,
                // Asked behind what is stuck, it says nothing.
                OutletSensor::GsE6 => false,
            }),
        }
    }
}

/// What can be wrong with a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The roll is gone.
    PaperOut,
    /// The roll is near its end: no fault yet.
    PaperLow,
    /// The cover is open.
    CoverOpen,
    /// The head is too hot.
    HeadHot,
    /// The cutter jams when it cuts.
    CutterJam,
    /// Paper is stuck.
    PaperJam,
}

/// What lies and hangs at a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Whole slips that were cut off since the bench was put right.
    pub slips: u64,
    /// Other pieces of paper with something printed on them.
    pub pieces: u64,
    /// Paper that hangs out, in mm.
    pub hanging: u64,
    /// Bytes that the printer took and did not use yet.
    pub buffered: u64,
}

impl Seen {
    /// Nothing waits to be printed. Real-time requests (3 bytes each) may lie in the buffer until the
    /// next slip pushes them through.
    fn is_empty(&self) -> bool {
        self.buffered <= 12
    }
}

/// One case for printers.
pub type Case = trial::Case<dyn Bench, dyn Printer>;

/// All cases. Each starts with a driver opened afresh.
pub fn cases() -> Vec<Case> {
    vec![
        Case::new("status", status),
        Case::new("status-paper-out", |on| told(on, Fault::PaperOut)),
        Case::new("status-paper-low", paper_low),
        Case::new("status-cover-open", |on| told(on, Fault::CoverOpen)),
        Case::new("status-head-hot", |on| told(on, Fault::HeadHot)),
        Case::new("status-paper-jam", |on| told(on, Fault::PaperJam)),
        Case::new("slip", slip),
        Case::new("slip-completes-behind-its-last-byte", behind_the_last_byte),
        Case::new("slip-is-printed-as-drawn", as_drawn),
        Case::new("paper-ends-in-the-middle", paper_ends),
        Case::new("cover-opened-in-the-middle", cover_opened),
        Case::new("cutter-jams", cutter_jams),
        Case::new("paper-jams-in-the-middle", paper_jams),
        Case::new("unconfirmed-is-unknown", unconfirmed),
        Case::new("silence-is-unknown", silence),
        Case::new("left-by-an-earlier-run", earlier_run),
        Case::new("unplugged-and-back", unplugged),
        Case::new(
            "unplugged-in-the-middle-is-unknown",
            unplugged_in_the_middle,
        ),
    ]
}

/// Longest time that `status` promises.
const STATUS: Duration = Duration::from_secs(6);

/// A fault in the middle of a slip is told about 1 s after it shows; the rest is printing up to it.
const TOLD: Duration = Duration::from_secs(6);

/// A silent printer that moves is waited for a good minute.
const PATIENCE: Duration = Duration::from_secs(75);

type On<'a> = Trial<'a, dyn Bench, dyn Printer>;

fn ready(on: &On<'_>) -> Result<Box<dyn Printer>, Stop> {
    let mut printer = on.driver()?;
    until(Duration::from_secs(15), "the printer is ready", || {
        Ok(printer.status().ready())
    })?;
    Ok(printer)
}

fn status(on: &On<'_>) -> Verdict {
    let mut printer = ready(on)?;
    let began = Instant::now();
    let status = printer.status();
    on.in_time(began, STATUS, "status")?;
    ensure(
        status.device == DeviceState::Online
            && status.cause.is_none()
            && matches!(status.paper, None | Some(Paper::Full)),
        || format!("a printer in good order is {status:?}"),
    )
}

/// A fault is told by status, by the next slip before anything is sent, and is over when mended.
fn told(on: &On<'_>, fault: Fault) -> Verdict {
    let (cause, paper) = match fault {
        Fault::PaperOut => (Cause::PaperOut, Some(Paper::Out)),
        Fault::CoverOpen => (Cause::CoverOpen, Some(Paper::Unknown)),
        Fault::HeadHot => (Cause::HeadHot, None),
        Fault::CutterJam => (Cause::Cutter, None),
        Fault::PaperJam => (jam(on), None),
        Fault::PaperLow => return Err(Stop::NotRun("near its end is no fault".into())),
    };
    let mut printer = ready(on)?;
    on.bench.fault(fault, true)?;
    let status = printer.status();
    ensure(
        !status.ready()
            && (status.device, status.cause) == (cause.device(), Some(cause))
            && (paper.is_none() || status.paper.is_none() || status.paper == paper),
        || format!("with {fault:?} it is {status:?}"),
    )?;
    let printed = printer.print(&short());
    ensure(printed == Printed::Failed(cause), || {
        format!("with {fault:?} a slip is {printed:?}")
    })?;
    on.bench.fault(fault, false)?;
    ready_again(&mut *printer)?;
    let seen = on.bench.look()?;
    ensure(
        seen.is_empty() && (seen.slips, seen.pieces) == (0, 0),
        || format!("the slip that could not be printed left {seen:?}"),
    )
}

fn paper_low(on: &On<'_>) -> Verdict {
    let mut printer = ready(on)?;
    on.bench.fault(Fault::PaperLow, true)?;
    let status = printer.status();
    ensure(status.paper == Some(Paper::Low) && status.ready(), || {
        format!("with little paper it is {status:?}")
    })?;
    complete(on, &mut *printer, &short())
}

fn slip(on: &On<'_>) -> Verdict {
    let mut printer = ready(on)?;
    for count in 1..=2 {
        complete(on, &mut *printer, &short())?;
        one_more(on, count)?;
    }
    ensure_codes(on, &[LINK])
}

/// While the head cools in the middle of a slip, the slip is not said to be printed.
fn behind_the_last_byte(on: &On<'_>) -> Verdict {
    needs_proof(on)?;
    let mut printer = ready(on)?;
    let (printed, hot) = in_the_middle(on, &mut *printer, &long(), || {
        on.bench.fault(Fault::HeadHot, true)?;
        thread::sleep(Duration::from_millis(1500));
        let waiting = on.bench.look()?;
        on.bench.fault(Fault::HeadHot, false)?;
        Ok(waiting)
    })?;
    ensure(printed == Printed::Completed, || {
        format!("a slip during which the head cooled is {printed:?}")
    })?;
    ensure(hot.slips == 0, || {
        "the bench let the slip out before the head was hot".into()
    })?;
    one_more(on, 1)?;
    ensure_codes(on, &[LINK])
}

/// What is on the paper is what was to be there, also characters that the printer lacks.
fn as_drawn(on: &On<'_>) -> Verdict {
    let mut printer = ready(on)?;
    let slip = styles();
    complete(on, &mut *printer, &slip)?;
    one_more(on, 1)?;
    let printed = on.bench.picture()?;
    let drawn = glyph::raster(&slip, on.bench.model().paper)
        .map_err(|error| Stop::NotRun(format!("nothing to compare with: {error}")))?;
    let dots = on.bench.model().paper.dots();
    let (printed, drawn) = (rows(&printed, dots), rows(&drawn, dots));
    let ink: usize = drawn.iter().map(|row| count(row)).sum();
    let differ: usize = (0..printed.len().max(drawn.len()))
        .map(|y| match (printed.get(y), drawn.get(y)) {
            (Some(one), Some(other)) => one.iter().zip(other).filter(|(a, b)| a != b).count(),
            (Some(row), None) | (None, Some(row)) => count(row),
            (None, None) => 0,
        })
        .sum();
    ensure(ink > 1000 && differ * 50 < ink, || {
        format!("{differ} of {ink} dots are not as drawn")
    })
}

fn paper_ends(on: &On<'_>) -> Verdict {
    let mut printer = ready(on)?;
    on.bench.end_paper_after(60)?;
    let began = Instant::now();
    let printed = printer.print(&long());
    on.in_time(began, TOLD, "telling that the paper ended")?;
    ensure(printed == Printed::Failed(Cause::PaperOut), || {
        format!("a slip in which the paper ended is {printed:?}")
    })?;
    let seen = on.bench.look()?;
    ensure(seen.slips == 0 && seen.is_empty(), || {
        format!("the rest of the slip waits for paper: {seen:?}")
    })?;
    on.bench.fault(Fault::PaperOut, false)?;
    nothing_more_comes(on, 0)?;
    ready_again(&mut *printer)?;
    complete(on, &mut *printer, &short())?;
    one_more(on, 1)?;
    ensure_codes(on, &[LINK])
}

fn cover_opened(on: &On<'_>) -> Verdict {
    let mut printer = ready(on)?;
    let (printed, ()) = in_the_middle(on, &mut *printer, &long(), || {
        on.bench.fault(Fault::CoverOpen, true)
    })?;
    ensure(printed == Printed::Failed(Cause::CoverOpen), || {
        format!("a slip in which the cover was opened is {printed:?}")
    })?;
    mended(on, &mut *printer, Fault::CoverOpen)
}

fn cutter_jams(on: &On<'_>) -> Verdict {
    let mut printer = ready(on)?;
    on.bench.fault(Fault::CutterJam, true)?;
    let printed = printer.print(&short());
    jammed(&mut *printer, printed, Cause::Cutter)?;
    mended(on, &mut *printer, Fault::CutterJam)
}

fn paper_jams(on: &On<'_>) -> Verdict {
    let mut printer = ready(on)?;
    let (printed, ()) = in_the_middle(on, &mut *printer, &long(), || {
        on.bench.fault(Fault::PaperJam, true)
    })?;
    jammed(&mut *printer, printed, jam(on))?;
    mended(on, &mut *printer, Fault::PaperJam)
}

/// What is told of paper that is stuck.
fn jam(on: &On<'_>) -> Cause {
    match on.bench.model().names_jams {
        true => Cause::PaperJam,
        false => Cause::Recoverable,
    }
}

fn jammed(printer: &mut dyn Printer, printed: Printed, cause: Cause) -> Verdict {
    ensure(printed == Printed::Failed(cause), || {
        format!("a slip that jammed is {printed:?}")
    })?;
    let status = printer.status();
    ensure(
        (status.device, status.cause) == (cause.device(), Some(cause)),
        || format!("after a jam it is {status:?}"),
    )
}

fn unconfirmed(on: &On<'_>) -> Verdict {
    let mut printer = ready(on)?;
    if !on.bench.model().proves {
        let printed = printer.print(&short());
        return ensure(printed == Printed::Unknown(Doubt::NoProof), || {
            format!("without any proof, a slip is {printed:?}")
        });
    }
    on.bench.withhold_proof(true)?;
    let printed = printer.print(&short());
    ensure(printed == Printed::Unknown(Doubt::NotConfirmed), || {
        format!("a slip that was not confirmed is {printed:?}")
    })?;
    on.bench.withhold_proof(false)?;
    nothing_more_comes(on, 1)?;
    complete(on, &mut *printer, &short())?;
    one_more(on, 2)
}

fn silence(on: &On<'_>) -> Verdict {
    let mut printer = ready(on)?;
    on.bench.silence(true)?;
    let began = Instant::now();
    let status = printer.status();
    on.in_time(began, STATUS, "status")?;
    ensure(
        !status.ready()
            && (status.device, status.cause) == (DeviceState::Offline, Some(Cause::NoAnswer))
            && matches!(status.paper, None | Some(Paper::Unknown)),
        || format!("a silent printer is {status:?}"),
    )?;
    let began = Instant::now();
    let printed = printer.print(&short());
    on.in_time(began, PATIENCE, "print")?;
    ensure(printed == Printed::Unknown(Doubt::NoAnswer), || {
        format!("a slip of a silent printer is {printed:?}")
    })?;
    on.bench.silence(false)?;
    let before = settled(on)?;
    complete(on, &mut *printer, &short())?;
    one_more(on, before.slips + 1)
}

/// A slip in which the terminal died: the next run takes away what it left, before it comes out.
fn earlier_run(on: &On<'_>) -> Verdict {
    let mut printer = ready(on)?;
    in_the_middle(on, &mut *printer, &very_long(), || {
        on.bench.fault(Fault::HeadHot, true)?;
        on.bench.unplug()
    })?;
    drop(printer);
    on.bench.replug()?;
    let mut next = None;
    on.back("the printer can be opened", || {
        next = (on.open)().ok();
        Ok(next.is_some())
    })?;
    let mut next = next.ok_or_else(|| Stop::Failed("there is no driver".into()))?;
    on.bench.fault(Fault::HeadHot, false)?;
    next.reset();
    until(Duration::from_secs(10), "the printer is ready", || {
        Ok(next.status().ready())
    })?;
    nothing_more_comes(on, 0)?;
    complete(on, &mut *next, &short())?;
    one_more(on, 1)?;
    ensure_codes(on, &[LINK])
}

fn unplugged(on: &On<'_>) -> Verdict {
    let mut printer = ready(on)?;
    on.bench.unplug()?;
    let status = printer.status();
    ensure(
        (status.device, status.cause) == (DeviceState::Offline, Some(Cause::NotConnected)),
        || format!("a printer that is not there is {status:?}"),
    )?;
    let printed = printer.print(&short());
    ensure(printed == Printed::Failed(Cause::NotConnected), || {
        format!("a slip for a printer that is not there is {printed:?}")
    })?;
    on.bench.replug()?;
    back(on, &mut *printer)?;
    complete(on, &mut *printer, &short())?;
    one_more(on, 1)
}

fn unplugged_in_the_middle(on: &On<'_>) -> Verdict {
    let mut printer = ready(on)?;
    let (printed, ()) = in_the_middle(on, &mut *printer, &long(), || on.bench.unplug())?;
    ensure(printed == Printed::Unknown(Doubt::LinkLost), || {
        format!("a slip in which the plug was pulled is {printed:?}")
    })?;
    on.bench.replug()?;
    back(on, &mut *printer)?;
    // It may have come out whole meanwhile; but not twice.
    let seen = settled(on)?;
    ensure(seen.slips <= 1, || {
        format!("printed again by itself: {seen:?}")
    })?;
    complete(on, &mut *printer, &short())?;
    one_more(on, seen.slips + 1)?;
    ensure_codes(on, &[LINK])
}

fn ready_again(printer: &mut dyn Printer) -> Verdict {
    until(
        Duration::from_secs(10),
        "the printer is ready again",
        || Ok(printer.status().ready()),
    )
}

/// Once a fault is mended, what hangs there is cut off, and the next slip comes whole and alone.
fn mended(on: &On<'_>, printer: &mut dyn Printer, fault: Fault) -> Verdict {
    on.bench.fault(fault, false)?;
    ready_again(printer)?;
    let before = settled(on)?;
    ensure(before.slips == 0 && before.is_empty(), || {
        format!("the slip that failed comes out by itself: {before:?}")
    })?;
    complete(on, printer, &short())?;
    one_more(on, 1)?;
    ensure_codes(on, &[LINK])
}

/// Prints a slip, and does something from another thread once a part of it hangs out.
fn in_the_middle<T: Send>(
    on: &On<'_>,
    printer: &mut dyn Printer,
    slip: &Slip,
    hands: impl FnOnce() -> Done<T> + Send,
) -> Result<(Printed, T), Stop> {
    // What a fault needs is found out before anything is printed.
    on.bench.look()?;
    let bench = on.bench;
    thread::scope(|scope| {
        let helper = scope.spawn(move || -> Result<T, Stop> {
            until(Duration::from_secs(20), "half of it is out", || {
                Ok(bench.look()?.hanging > 50)
            })?;
            Ok(hands()?)
        });
        let printed = printer.print(slip);
        let done = helper
            .join()
            .map_err(|_| Stop::Failed("the hands panicked".into()))??;
        Ok((printed, done))
    })
}

/// A slip that nothing stands in the way of.
fn complete(on: &On<'_>, printer: &mut dyn Printer, slip: &Slip) -> Verdict {
    let printed = printer.print(slip);
    let expected = if on.bench.model().proves {
        Printed::Completed
    } else {
        Printed::Unknown(Doubt::NoProof)
    };
    ensure(printed == expected, || {
        format!("a slip in good order is {printed:?}, expected {expected:?}")
    })
}

/// At the moment when a slip was said to be printed, it lies there. Without proof, wait for it.
fn one_more(on: &On<'_>, slips: u64) -> Verdict {
    if !on.bench.model().proves {
        until(Duration::from_secs(20), "the slip is out", || {
            Ok(on.bench.look()?.slips >= slips)
        })?;
    }
    let seen = on.bench.look()?;
    ensure(seen.slips == slips && seen.is_empty(), || {
        format!("{slips} slips were printed, and there are {seen:?}")
    })
}

/// For a while, no further slip comes out.
fn nothing_more_comes(on: &On<'_>, slips: u64) -> Verdict {
    let seen = settled(on)?;
    ensure(seen.slips == slips, || {
        format!("something came out by itself: {seen:?}")
    })
}

/// What is there once nothing has moved for a second.
fn settled(on: &On<'_>) -> Result<Seen, Stop> {
    let end = Instant::now() + Duration::from_secs(30);
    let (mut seen, mut since) = (on.bench.look()?, Instant::now());
    while since.elapsed() < Duration::from_secs(1) {
        ensure(Instant::now() < end, || "the paper moves for ever".into())?;
        thread::sleep(Duration::from_millis(50));
        let now = on.bench.look()?;
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
    }
    Ok(seen)
}

fn back(on: &On<'_>, printer: &mut dyn Printer) -> Verdict {
    on.back("the printer is used again", || Ok(printer.status().ready()))
}

fn needs_proof(on: &On<'_>) -> Verdict {
    if on.bench.model().proves {
        Ok(())
    } else {
        Err(Stop::NotRun("this model confirms no slips".into()))
    }
}

/// The codes on the last slip, if the bench can show it.
fn ensure_codes(on: &On<'_>, expected: &[&str]) -> Verdict {
    let Ok(picture) = on.bench.picture() else {
        return Ok(());
    };
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let mut read = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| {
        picture.get_pixel(x as u32, y as u32).0[0]
    });
    let codes: Vec<String> = read
        .detect_grids()
        .iter()
        .filter_map(|grid| grid.decode().ok())
        .map(|(_, text)| text)
        .collect();
    ensure(codes == expected, || {
        format!("the codes on the slip are {codes:?}")
    })
}

/// Black dots of the printed width, row by row. Blank rows are left out: printers differ in how far they
/// feed between a code and what follows it.
fn rows(picture: &GrayImage, dots: usize) -> Vec<Vec<bool>> {
    let margin = (picture.width() as usize).saturating_sub(dots) / 2;
    let black = |row: image::buffer::Pixels<'_, image::Luma<u8>>| -> Vec<bool> {
        row.skip(margin)
            .take(dots)
            .map(|pixel| pixel.0[0] < 128)
            .collect()
    };
    let inked = |row: &Vec<bool>| row.contains(&true);
    picture.rows().map(black).filter(inked).collect()
}

fn count(row: &[bool]) -> usize {
    row.iter().filter(|&&black| black).count()
}

const LINK: &str = "https://yici.example/g/Xk7-2Qp9_example";

fn short() -> Slip {
    let mut slip = Slip::new();
    slip.line("收件凭证", title(), Align::Centre)
        .text("第 1 份 one whole slip")
        .qr(LINK);
    slip
}

/// About 180 mm, 1.2 s of printing at 150 mm/s.
fn long() -> Slip {
    lines(16)
}

/// About 600 mm, 4 s of printing.
fn very_long() -> Slip {
    lines(70)
}

fn lines(count: usize) -> Slip {
    let mut slip = Slip::new();
    slip.line("导办告知单", title(), Align::Centre).rule();
    for number in 1..=count {
        slip.text(format!("{number:>2}. □ 结婚证 原件 1份"))
            .text("    为什么要：证明父母的婚姻");
    }
    slip.qr(LINK);
    slip
}

/// Every style, and characters that printers lack.
fn styles() -> Slip {
    let style = |bold, underline, wide, tall| Style {
        bold,
        underline,
        wide,
        tall,
    };
    let mut slip = Slip::new();
    slip.line("大厅 Hall", style(true, false, true, true), Align::Centre)
        .line("编号 3702", style(false, true, false, false), Align::Right)
        .line("高 Tall", style(false, false, false, true), Align::Left)
        .line("宽 Wide", style(false, false, true, false), Align::Left)
        .text("常 plain ~!@#")
        .rule()
        .qr(LINK)
        .text("䶮㐂 𠮷𬭎");
    slip
}

fn title() -> Style {
    Style {
        bold: true,
        tall: true,
        wide: true,
        ..Style::default()
    }
}

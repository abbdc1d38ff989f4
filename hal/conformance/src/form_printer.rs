//! A4 printers of forms.

use std::thread;
use std::time::{Duration, Instant};

use yici_hal::form_printer::{Document, Doubt, FormPrinter, Outcome};
use yici_hal::slip::Slip;
use yici_hal::status::{Actor, Cause, DeviceState, Paper};

use crate::trial::{self, Done, Hands, Stop, Trial, Verdict, cannot, ensure, until};

/// The hands at a printer. Orders are carried out when the call returns; some are given from another
/// thread while the driver prints.
///
/// Everything is right when it is plugged in, answering and idle, with A4 paper and every cover closed.
pub trait Bench: Hands {
    /// Sets what becomes of jobs from now on.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn jobs(&self, _: Job) -> Done {
        cannot("decide what becomes of a job")
    }

    /// Lets the job that waits, or that a fault holds up, come to its end, and the fault with it.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn go_on(&self) -> Done {
        cannot("let a job go on")
    }

    /// Whether the printer is at a job.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn is_printing(&self) -> Done<bool> {
        cannot("see whether it is printing")
    }

    /// Whether the printer was told to call a job off and is still at it.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn is_calling_off(&self) -> Done<bool> {
        cannot("see whether a job is being called off")
    }

    /// How many documents the printer has taken since the bench was last put right.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn taken(&self) -> Done<usize> {
        cannot("count what the printer took")
    }

    /// Lays other paper, or none, into the tray.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn load(&self, _: Tray) -> Done {
        cannot("change what is in the tray")
    }

    /// Keeps the printer from answering anything, or lets it answer again.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn silence(&self, _: bool) -> Done {
        cannot("keep the printer from answering")
    }

    /// Cuts its power: it forgets its jobs.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn switch_off(&self) -> Done {
        cannot("switch the printer off")
    }

    /// Gives it power again; returns once it takes connections.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn switch_on(&self) -> Done {
        cannot("switch the printer on")
    }
}

/// What becomes of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// They are printed.
    Printed,
    /// They are held up, without a fault, until they may go on.
    HeldUp,
    /// They are held up by this fault.
    Fault(Fault),
    /// The printer gives them up by itself.
    GivenUp,
}

/// What can go wrong in the middle of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A sheet got stuck.
    PaperJam,
    /// A cover was opened.
    CoverOpen,
    /// The last sheet was taken.
    PaperOut,
}

/// What is in the tray.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tray {
    /// A4 paper.
    A4,
    /// Paper of another size, and no A4.
    OtherSize,
}

/// One case for printers of forms.
pub type Case = trial::Case<dyn Bench, dyn FormPrinter>;

/// All cases. Each starts with a driver opened afresh.
pub fn cases() -> Vec<Case> {
    vec![
        Case::new("status", status),
        Case::new("printed-only-when-the-printer-says-so", printed),
        Case::new("paper-jam", |on| {
            faulty(on, Fault::PaperJam, Cause::PaperJam)
        }),
        Case::new("cover-open", |on| {
            faulty(on, Fault::CoverOpen, Cause::CoverOpen)
        }),
        Case::new("paper-runs-out", |on| {
            faulty(on, Fault::PaperOut, Cause::PaperOut)
        }),
        Case::new("given-up-by-the-printer", given_up),
        Case::new("without-a4-nothing-is-sent", other_size),
        Case::new("slow-job-is-called-off-at-its-deadline", slow),
        Case::new("job-that-stays-blocks-the-next", stays),
        Case::new("silence-is-told-in-time", silent),
        Case::new("switched-off-is-told-and-found-again", off),
        Case::new("switched-off-in-the-middle-leaves-doubt", off_while),
        Case::new("job-that-vanishes-leaves-doubt", vanishes),
    ]
}

/// Longest time that `status` promises.
const STATUS: Duration = Duration::from_secs(10);

/// Longest time from a job's deadline to the end of `print`.
const CALL_OFF: Duration = Duration::from_secs(25);

/// What a printer may take for a page; printers wake up slowly.
const PAGE: Duration = Duration::from_secs(60);

/// A time that is over before a job that is held up may go on.
const SHORT: Duration = Duration::from_secs(2);

type On<'a> = Trial<'a, dyn Bench, dyn FormPrinter>;

fn form() -> Result<Document, Stop> {
    let mut text = Slip::new();
    text.text("综合申请表 䶮 示例");
    Document::typeset(&text).map_err(|error| Stop::Failed(error.to_string()))
}

/// Prints a form within a time; asks for nothing but that the call ends in time.
fn print(on: &On<'_>, printer: &mut dyn FormPrinter, limit: Duration) -> Result<Outcome, Stop> {
    let form = form()?;
    let began = Instant::now();
    let outcome = printer.print(&form, began + limit);
    on.in_time(began, limit + CALL_OFF, "printing")?;
    Ok(outcome)
}

fn prints(on: &On<'_>, printer: &mut dyn FormPrinter) -> Verdict {
    let outcome = print(on, printer, PAGE + on.slack)?;
    ensure(matches!(outcome, Outcome::Printed { .. }), || {
        format!("a form that is printed ends as {outcome:?}")
    })
}

fn status(on: &On<'_>) -> Verdict {
    let mut printer = on.driver()?;
    let began = Instant::now();
    let status = printer.status();
    on.in_time(began, STATUS, "status")?;
    ensure(
        status.ready()
            && status.device == DeviceState::Online
            && status.cause.is_none()
            && status.paper != Some(Paper::Out),
        || format!("a printer in good order is {status:?}"),
    )
}

fn printed(on: &On<'_>) -> Verdict {
    let mut printer = on.driver()?;
    on.bench.jobs(Job::HeldUp)?;
    let outcome = thread::scope(|scope| {
        let printing = scope.spawn(|| print(on, &mut *printer, PAGE + on.slack));
        until(PAGE + on.slack, "it is at the job", || {
            Ok(on.bench.is_printing()?)
        })?;
        // It has taken all of the form: that proves nothing.
        thread::sleep(SHORT);
        ensure(!printing.is_finished(), || {
            "the form is told as done while it is being printed".into()
        })?;
        on.bench.go_on()?;
        joined(printing.join())
    })?;
    ensure(matches!(outcome, Outcome::Printed { .. }), || {
        format!("a form that is printed ends as {outcome:?}")
    })?;
    took(on, 1)
}

fn faulty(on: &On<'_>, fault: Fault, cause: Cause) -> Verdict {
    let mut printer = on.driver()?;
    on.bench.jobs(Job::Fault(fault))?;
    called_off(on, &mut *printer, PAGE + on.slack, cause)?;
    on.bench.jobs(Job::Printed)?;
    prints(on, &mut *printer)?;
    took(on, 2)
}

/// Prints what is held up; the driver calls it off, and the printer is told so.
fn called_off(
    on: &On<'_>,
    printer: &mut dyn FormPrinter,
    limit: Duration,
    cause: Cause,
) -> Verdict {
    let outcome = thread::scope(|scope| {
        let printing = scope.spawn(|| print(on, printer, limit));
        let called = until(limit + CALL_OFF + on.slack, "the job is called off", || {
            Ok(on.bench.is_calling_off()?)
        });
        on.bench.go_on()?;
        called?;
        joined(printing.join())
    })?;
    ensure(outcome == Outcome::Failed(cause), || {
        format!("{cause:?} is told as {outcome:?}")
    })
}

fn given_up(on: &On<'_>) -> Verdict {
    let mut printer = on.driver()?;
    on.bench.jobs(Job::GivenUp)?;
    let outcome = print(on, &mut *printer, PAGE + on.slack)?;
    let to_staff = |cause: Cause| cause.actor() == Actor::Staff;
    ensure(
        matches!(outcome, Outcome::Failed(cause) if to_staff(cause)),
        || format!("a job that the printer gives up ends as {outcome:?}"),
    )
}

fn other_size(on: &On<'_>) -> Verdict {
    let mut printer = on.driver()?;
    on.bench.load(Tray::OtherSize)?;
    let status = printer.status();
    ensure(
        (status.paper, status.cause) == (Some(Paper::Out), Some(Cause::PaperOut)),
        || format!("without A4, the printer is {status:?}"),
    )?;
    let outcome = print(on, &mut *printer, PAGE)?;
    ensure(outcome == Outcome::Failed(Cause::PaperOut), || {
        format!("without A4, a form ends as {outcome:?}")
    })?;
    took(on, 0)?;
    on.bench.load(Tray::A4)?;
    prints(on, &mut *printer)
}

fn slow(on: &On<'_>) -> Verdict {
    let mut printer = on.driver()?;
    on.bench.jobs(Job::HeldUp)?;
    called_off(on, &mut *printer, SHORT, Cause::Busy)?;
    on.bench.jobs(Job::Printed)?;
    prints(on, &mut *printer)
}

/// Somebody else's form must not come out behind the earlier one.
fn stays(on: &On<'_>) -> Verdict {
    let mut printer = on.driver()?;
    on.bench.jobs(Job::HeldUp)?;
    let outcome = print(on, &mut *printer, SHORT)?;
    ensure(outcome == Outcome::Unknown(Doubt::NotCalledOff), || {
        format!("a job that cannot be called off ends as {outcome:?}")
    })?;
    let outcome = print(on, &mut *printer, SHORT)?;
    ensure(outcome == Outcome::Failed(Cause::Busy), || {
        format!("behind a job that stays, a form ends as {outcome:?}")
    })?;
    took(on, 1)?;
    on.bench.go_on()?;
    on.bench.jobs(Job::Printed)?;
    prints(on, &mut *printer)?;
    took(on, 2)
}

fn silent(on: &On<'_>) -> Verdict {
    let mut printer = on.driver()?;
    on.bench.silence(true)?;
    let began = Instant::now();
    let status = printer.status();
    on.in_time(began, STATUS, "status")?;
    ensure(
        !status.ready()
            && (status.device, status.cause) == (DeviceState::Offline, Some(Cause::NoAnswer)),
        || format!("a silent printer is {status:?}"),
    )?;
    let outcome = print(on, &mut *printer, SHORT)?;
    ensure(outcome == Outcome::Failed(Cause::NoAnswer), || {
        format!("at a silent printer, a form ends as {outcome:?}")
    })?;
    on.bench.silence(false)?;
    prints(on, &mut *printer)?;
    took(on, 1)
}

fn off(on: &On<'_>) -> Verdict {
    let mut printer = on.driver()?;
    on.bench.switch_off()?;
    gone(on, &mut *printer)?;
    on.bench.switch_on()?;
    prints(on, &mut *printer)
}

fn gone(on: &On<'_>, printer: &mut dyn FormPrinter) -> Verdict {
    let began = Instant::now();
    let status = printer.status();
    on.in_time(began, STATUS, "status")?;
    ensure(
        (status.device, status.cause) == (DeviceState::Offline, Some(Cause::NotConnected)),
        || format!("a printer that is off is {status:?}"),
    )?;
    let outcome = print(on, printer, SHORT)?;
    ensure(outcome == Outcome::Failed(Cause::NotConnected), || {
        format!("at a printer that is off, a form ends as {outcome:?}")
    })
}

fn off_while(on: &On<'_>) -> Verdict {
    let mut printer = on.driver()?;
    on.bench.jobs(Job::HeldUp)?;
    let outcome = printing_while(on, &mut *printer, || Ok(on.bench.switch_off()?))?;
    ensure(outcome == Outcome::Unknown(Doubt::LinkLost), || {
        format!("a form that was cut off ends as {outcome:?}")
    })?;
    gone(on, &mut *printer)?;
    on.bench.jobs(Job::Printed)?;
    on.bench.switch_on()?;
    prints(on, &mut *printer)
}

fn vanishes(on: &On<'_>) -> Verdict {
    let mut printer = on.driver()?;
    on.bench.jobs(Job::HeldUp)?;
    let outcome = printing_while(on, &mut *printer, || {
        on.bench.switch_off()?;
        Ok(on.bench.switch_on()?)
    })?;
    ensure(outcome == Outcome::Unknown(Doubt::JobGone), || {
        format!("a job that the printer forgot ends as {outcome:?}")
    })
}

/// Does something once the printer is at a form.
fn printing_while(
    on: &On<'_>,
    printer: &mut dyn FormPrinter,
    work: impl FnOnce() -> Verdict,
) -> Result<Outcome, Stop> {
    thread::scope(|scope| {
        let printing = scope.spawn(|| print(on, printer, PAGE + on.slack));
        until(PAGE + on.slack, "it is at the job", || {
            Ok(on.bench.is_printing()?)
        })?;
        work()?;
        joined(printing.join())
    })
}

fn joined<T>(printed: thread::Result<Result<T, Stop>>) -> Result<T, Stop> {
    printed.map_err(|_| Stop::Failed("the driver panicked".into()))?
}

/// So many forms went to the printer: none was sent twice.
fn took(on: &On<'_>, forms: usize) -> Verdict {
    let taken = on.bench.taken()?;
    ensure(taken == forms, || {
        format!("it took {taken} forms, not {forms}")
    })
}

//! The driver: a job is followed until the printer says what became of it.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::thread;
use std::time::{Duration, Instant};

use ipp::model::Operation;
use ipp::value::IppValue;
use zeroize::Zeroizing;

use super::document::Document;
use super::link::{Link, Request};
use super::reply::Reply;
use super::state::{self, A4, ASKED, Format, JobState};
use super::{Doubt, FormPrinter, Outcome, pdf, pwg};
use crate::status::{Actor, Cause, PrinterStatus};

/// Longest time for a question and its answer.
const ASK: Duration = Duration::from_secs(5);

/// Longest time for taking a document: some printers take it only as fast as they print.
const SEND: Duration = Duration::from_secs(60);

/// How often a job is asked for.
const POLL: Duration = Duration::from_millis(500);

/// A fault must last so long before the job is called off: printers report a moment's pause, too.
const PATIENCE: Duration = Duration::from_secs(3);

/// Longest time that a printer may not be heard while it prints.
const SILENCE: Duration = Duration::from_secs(10);

/// Longest time that calling a job off may take: printers finish the sheet that they are at.
const CALL_OFF: Duration = Duration::from_secs(15);

pub(super) struct IppPrinter {
    link: Link,
    names: RandomState,
    /// Jobs so far; with the random state it makes their names.
    jobs: u64,
    /// A job whose fate is unknown: it may still come out.
    owed: Option<Job>,
}

/// A job at the printer. Its name tells it from another that got its number after a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Job {
    id: i32,
    name: String,
}

/// What the printer says of a job.
struct Progress {
    state: JobState,
    pages: Option<u32>,
    /// It says that it is done, and not with everything.
    errors: bool,
    cause: Option<Cause>,
}

impl IppPrinter {
    pub(super) fn new(link: Link) -> Self {
        Self {
            link,
            names: RandomState::new(),
            jobs: 0,
            owed: None,
        }
    }

    /// Asks the printer for its attributes.
    fn ask(&mut self) -> Result<Reply, Cause> {
        let asked = ASKED.map(keyword).into_iter().collect::<Result<_, _>>()?;
        let request = self
            .link
            .request(Operation::GetPrinterAttributes)?
            .with("requested-attributes", IppValue::Array(asked))?;
        let reply = self.link.exchange(request, &[], ASK)?;
        done(reply)
    }

    /// Asks for a job; `None` if the printer does not know it.
    fn job(&mut self, job: &Job, limit: Duration) -> Result<Option<Progress>, Cause> {
        // All that is said of it: some printers refuse to be asked for single attributes.
        let request = self.about(Operation::GetJobAttributes, job)?;
        let reply = self.link.exchange(request, &[], limit)?;
        if matches!(reply.status, NOT_FOUND | GONE) {
            return Ok(None);
        }
        let reply = done(reply)?;
        if reply.texts("job-name").next() != Some(&job.name) {
            return Ok(None);
        }
        let reasons: Vec<_> = reply.texts("job-state-reasons").collect();
        let has = |word: &str| reasons.contains(&word);
        Ok(Some(Progress {
            state: JobState::of(&reply).ok_or(Cause::Garbled)?,
            pages: reply
                .number("job-impressions-completed")
                .and_then(|pages| u32::try_from(pages).ok()),
            // Queued elsewhere is not printed.
            errors: has("job-completed-with-errors") || has("queued-in-device"),
            cause: if has("document-format-error") || has("unsupported-document-format") {
                Some(Cause::Garbled)
            } else {
                state::worst(&reasons)
            },
        }))
    }

    fn about(&self, operation: Operation, job: &Job) -> Result<Request, Cause> {
        self.link
            .request(operation)?
            .with("job-id", IppValue::Integer(job.id))?
            .with("requesting-user-name", name("yici")?)
    }

    /// Calls off what an earlier document left behind.
    fn settle(&mut self) -> Result<(), Cause> {
        let Some(job) = self.owed.clone() else {
            return Ok(());
        };
        let known = self.job(&job, ASK)?.is_some();
        if known && matches!(self.call_off(&job, Cause::Busy), Outcome::Unknown(_)) {
            return Err(Cause::Busy);
        }
        self.owed = None;
        Ok(())
    }

    /// Calls a job off; what became of it.
    fn call_off(&mut self, job: &Job, cause: Cause) -> Outcome {
        let until = Instant::now() + CALL_OFF;
        let mut asked = false;
        loop {
            if !asked {
                // That a job is done already is refused, and shows below.
                asked = self
                    .about(Operation::CancelJob, job)
                    .and_then(|request| self.link.exchange(request, &[], ASK))
                    .is_ok();
            }
            match self.job(job, ASK) {
                Ok(Some(progress)) => match progress.state {
                    JobState::Canceled | JobState::Aborted => {
                        return self.end(Outcome::Failed(cause));
                    }
                    JobState::Completed => return self.judge(&progress, 0),
                    JobState::Underway | JobState::Stopped => {}
                },
                Ok(None) => return self.end(Outcome::Unknown(Doubt::JobGone)),
                Err(error) => tracing::warn!(%error, "while calling a print job off"),
            }
            if Instant::now() >= until {
                return Outcome::Unknown(Doubt::NotCalledOff);
            }
            thread::sleep(POLL);
        }
    }

    /// The job is over, so that nothing of it can come out later.
    fn end(&mut self, outcome: Outcome) -> Outcome {
        self.owed = None;
        outcome
    }

    /// What a completed job of so many pages comes to; 0 if that does not matter any more.
    fn judge(&mut self, progress: &Progress, pages: usize) -> Outcome {
        // Printers that do not count leave it at 0.
        let counted = progress.pages.filter(|counted| *counted > 0);
        let short = counted.is_some_and(|counted| (counted as usize) < pages);
        self.end(if progress.errors || short {
            Outcome::Unknown(Doubt::Contradiction)
        } else {
            Outcome::Printed { pages: counted }
        })
    }

    /// Hands the document over; the job that it became.
    fn send(
        &mut self,
        printer: &Reply,
        format: Format,
        bytes: &[u8],
        until: Instant,
    ) -> Result<Job, Outcome> {
        self.jobs += 1;
        let mut hasher = self.names.build_hasher();
        hasher.write_u64(self.jobs);
        let title = format!("yici-{:016x}", hasher.finish());
        let limit = SEND
            .min(until.saturating_duration_since(Instant::now()))
            .max(ASK);
        let supports = |operation: Operation| {
            let number = super::Value::Number(operation as i32);
            printer.values("operations-supported").contains(&number)
        };
        // In two steps if it can, so that a job that hangs while it is taken can be called off by number.
        let in_steps = supports(Operation::CreateJob) && supports(Operation::SendDocument);
        let first = if in_steps {
            Operation::CreateJob
        } else {
            Operation::PrintJob
        };
        let opened = self
            .open_job(first, printer, format, &title)
            .and_then(|request| {
                let document: &[u8] = if in_steps { &[] } else { bytes };
                self.link.exchange(request, document, limit)
            });
        let reply = match opened.and_then(done) {
            Ok(reply) => reply,
            // The document went along: it may come out.
            Err(Cause::NoAnswer | Cause::Garbled) if !in_steps => {
                return Err(Outcome::Unknown(Doubt::LinkLost));
            }
            Err(cause) => return Err(Outcome::Failed(cause)),
        };
        let Some(id) = reply.number("job-id") else {
            return Err(Outcome::Failed(Cause::Garbled));
        };
        let job = Job { id, name: title };
        self.owed = Some(job.clone());
        if in_steps {
            let sent = self
                .about(Operation::SendDocument, &job)
                .and_then(|request| {
                    request
                        .with("document-format", media_type(format)?)?
                        .with("last-document", IppValue::Boolean(true))
                })
                .and_then(|request| self.link.exchange(request, bytes, limit));
            if let Err(cause) = sent.and_then(done) {
                let cause = self.ask().map_or(cause, |reply| {
                    state::status(&reply)
                        .cause
                        .filter(is_fault)
                        .unwrap_or(cause)
                });
                return Err(self.call_off(&job, cause));
            }
        }
        Ok(job)
    }

    fn open_job(
        &self,
        operation: Operation,
        printer: &Reply,
        format: Format,
        title: &str,
    ) -> Result<Request, Cause> {
        let mut request = self
            .link
            .request(operation)?
            .with("requesting-user-name", name("yici")?)?
            .with("job-name", name(title)?)?;
        if operation == Operation::PrintJob {
            request = request.with("document-format", media_type(format)?)?;
        }
        if printer.texts("media-supported").any(|media| media == A4) {
            request = request.with_job("media", keyword(A4)?)?;
        }
        Ok(request)
    }

    /// Follows a job to its end.
    fn follow(&mut self, job: &Job, pages: usize, until: Instant) -> Outcome {
        let mut heard = Instant::now();
        let mut fault: Option<(Cause, Instant)> = None;
        loop {
            let said = self.job(job, ASK);
            let now = Instant::now();
            let progress = match said {
                Ok(Some(progress)) => progress,
                Ok(None) => return self.end(Outcome::Unknown(Doubt::JobGone)),
                Err(_) if now - heard > SILENCE || now >= until => {
                    return Outcome::Unknown(Doubt::LinkLost);
                }
                Err(_) => {
                    thread::sleep(POLL);
                    continue;
                }
            };
            heard = now;
            match progress.state {
                JobState::Completed => return self.judge(&progress, pages),
                JobState::Canceled => return self.end(Outcome::CalledOff),
                JobState::Aborted => {
                    let cause = progress.cause.or_else(|| self.fault());
                    return self.end(Outcome::Failed(cause.unwrap_or(Cause::Recoverable)));
                }
                JobState::Underway | JobState::Stopped => {}
            }
            let stopped = (progress.state == JobState::Stopped).then_some(Cause::Recoverable);
            let shows = self.fault().or(progress.cause.filter(is_fault)).or(stopped);
            fault = shows.map(|cause| (cause, fault.map_or(now, |(_, since)| since)));
            match fault {
                Some((cause, since)) if now - since >= PATIENCE => {
                    return self.call_off(job, cause);
                }
                Some(_) | None if now >= until => {
                    return self.call_off(job, fault.map_or(Cause::Busy, |(cause, _)| cause));
                }
                Some(_) | None => thread::sleep(POLL),
            }
        }
    }

    /// What keeps the printer from printing now, if it can be heard.
    fn fault(&mut self) -> Option<Cause> {
        let reply = self.ask().ok()?;
        state::status(&reply).cause.filter(is_fault)
    }
}

impl FormPrinter for IppPrinter {
    fn status(&mut self) -> PrinterStatus {
        match self.ask() {
            Ok(reply) => state::status(&reply),
            Err(cause) => PrinterStatus::unheard(cause),
        }
    }

    fn print(&mut self, document: &Document, until: Instant) -> Outcome {
        let ready = self.settle().and_then(|()| self.ask());
        let printer = match ready {
            Ok(printer) => printer,
            Err(cause) => return Outcome::Failed(cause),
        };
        if let Some(cause) = state::status(&printer).cause.filter(is_fault) {
            return Outcome::Failed(cause);
        }
        let Some(format) = Format::of(&printer) else {
            return Outcome::Failed(Cause::Garbled);
        };
        let bytes: Zeroizing<Vec<u8>> = match format {
            Format::Pdf => pdf::encode(document),
            Format::Pwg(kind) => pwg::encode(document, kind),
        };
        match self.send(&printer, format, &bytes, until) {
            Ok(job) => self.follow(&job, document.pages().len(), until),
            Err(outcome) => outcome,
        }
    }
}

/// Status codes of a job that is not there (RFC 8011, appendix B.1.4).
const NOT_FOUND: u16 = 0x0406;
const GONE: u16 = 0x0407;

/// Whether waiting does not help.
fn is_fault(cause: &Cause) -> bool {
    cause.actor() != Actor::Nobody
}

/// The answer, if it is no refusal.
fn done(reply: Reply) -> Result<Reply, Cause> {
    if reply.status < 0x0100 {
        return Ok(reply);
    }
    tracing::warn!(status = reply.status, "the printer refuses a request");
    Err(state::refusal(reply.status))
}

fn keyword(text: &str) -> Result<IppValue, Cause> {
    IppValue::new_keyword(text).map_err(|_| Cause::Garbled)
}

fn name(text: &str) -> Result<IppValue, Cause> {
    IppValue::new_name_without_language(text).map_err(|_| Cause::Garbled)
}

fn media_type(format: Format) -> Result<IppValue, Cause> {
    IppValue::new_mime_media_type(format.media_type()).map_err(|_| Cause::Garbled)
}

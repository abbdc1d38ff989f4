//! The conversation with a printer: requests out, answers in, each bounded in time.

use std::time::{Duration, Instant};

use escpos::utils::{RealTimeStatusRequest, RealTimeStatusResponse};

use super::replies::{Demultiplexer, Reply};
use crate::status::{Cause, DeviceState, Paper, PrinterStatus};
use crate::transport::{Transport, TransportError};

/// How long a printer may take for an answer that it gives in real time.
pub(super) const ANSWER: Duration = Duration::from_millis(1000);

/// A line on which nothing came for so long has nothing under way.
const QUIET: Duration = Duration::from_millis(100);

/// `DLE EOT 1`, 2, 3 and 4 in one write: printer, cause of being offline, errors, paper.
const ASK: [u8; 12] = [0x10, 0x04, 1, 0x10, 0x04, 2, 0x10, 0x04, 3, 0x10, 0x04, 4];

/// `DLE DC4` fn 8: empties receive and print buffer in real time. Answered by `37 25 00`.
const CLEAR: [u8; 10] = [0x10, 0x14, 0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08];

/// A link with what was heard on it.
pub(super) struct Link {
    transport: Box<dyn Transport>,
    demultiplexer: Demultiplexer,
    /// When the status was asked for, if answers are due.
    asked: Option<Instant>,
    /// Answers to the four requests, in their order.
    answers: Vec<u8>,
    /// An answer is missing: those that come cannot be told apart any more.
    confused: bool,
    cleared: bool,
    /// Process ids that came back since they were last asked for.
    done: Vec<[u8; 4]>,
    /// Answers to `GS r` that came.
    pub(super) transmitted: u32,
    /// Anything was heard since [`Self::begin`].
    pub(super) heard: bool,
}

impl Link {
    pub(super) fn new(transport: Box<dyn Transport>) -> Self {
        Self {
            transport,
            demultiplexer: Demultiplexer::default(),
            asked: None,
            answers: Vec::with_capacity(4),
            confused: false,
            cleared: false,
            done: Vec::new(),
            transmitted: 0,
            heard: false,
        }
    }

    /// Forgets what was heard, and lets pass what is still under way from before.
    pub(super) fn begin(&mut self) -> Result<(), TransportError> {
        let limit = Instant::now() + ANSWER;
        if self.confused || self.asked.is_some() {
            while Instant::now() < limit && self.receive(Instant::now() + QUIET)? {}
        }
        while self.receive(Instant::now())? && Instant::now() < limit {}
        self.demultiplexer = Demultiplexer::default();
        self.asked = None;
        self.answers.clear();
        self.confused = false;
        self.done.clear();
        self.heard = false;
        Ok(())
    }

    /// Writes what goes by the deadline, hearing meanwhile; returns how much went.
    pub(super) fn write_some(
        &mut self,
        bytes: &[u8],
        deadline: Instant,
    ) -> Result<usize, TransportError> {
        self.transport.write_some(bytes, deadline)
    }

    /// Writes a short request.
    pub(super) fn request(&mut self, bytes: &[u8]) -> Result<(), TransportError> {
        self.transport.write_all(bytes, Instant::now() + ANSWER)
    }

    /// Asks for the status, unless answers are still due.
    pub(super) fn ask(&mut self) -> Result<(), TransportError> {
        if self.asked.is_none() && !self.confused {
            self.answers.clear();
            self.request(&ASK)?;
            self.asked = Some(Instant::now());
        }
        Ok(())
    }

    /// Takes in what has come, or comes first by the deadline; false if nothing did.
    pub(super) fn receive(&mut self, deadline: Instant) -> Result<bool, TransportError> {
        let mut buffer = [0; 256];
        let read = self.transport.read_some(&mut buffer, deadline)?;
        for &byte in &buffer[..read] {
            match self.demultiplexer.push(byte) {
                Some(Reply::Status(byte)) if self.asked.is_some() && self.answers.len() < 4 => {
                    self.answers.push(byte)
                }
                // Nobody asked: late from before.
                Some(Reply::Status(_)) | None => {}
                Some(Reply::Done(id)) if self.done.len() < 8 => self.done.push(id),
                Some(Reply::Done(_)) => {}
                Some(Reply::Cleared) => self.cleared = true,
                Some(Reply::Transmitted) => self.transmitted += 1,
            }
        }
        self.heard |= read > 0;
        if self.asked.is_some_and(|asked| asked.elapsed() > ANSWER) && self.answers.len() < 4 {
            self.asked = None;
            self.confused = true;
        }
        Ok(read > 0)
    }

    /// The status, once all answers are in.
    pub(super) fn status(&mut self) -> Option<PrinterStatus> {
        let answers: [u8; 4] = self.answers[..].try_into().ok()?;
        self.answers.clear();
        self.asked = None;
        Some(interpret(answers))
    }

    /// Whether this process id came back.
    pub(super) fn is_done(&self, id: [u8; 4]) -> bool {
        self.done.contains(&id)
    }

    /// Asks for the status and waits for it; `None` if the printer does not answer.
    pub(super) fn ask_and_wait(&mut self) -> Result<Option<PrinterStatus>, TransportError> {
        let deadline = Instant::now() + ANSWER;
        self.ask()?;
        loop {
            if let Some(status) = self.status() {
                return Ok(Some(status));
            }
            if !self.receive(deadline)? && Instant::now() >= deadline {
                self.asked = None;
                self.confused = true;
                return Ok(None);
            }
        }
    }

    /// Empties the printer's buffers; true if it says that it did.
    pub(super) fn clear(&mut self) -> Result<bool, TransportError> {
        let deadline = Instant::now() + ANSWER;
        self.cleared = false;
        self.request(&CLEAR)?;
        while !self.cleared && Instant::now() < deadline {
            self.receive(deadline)?;
        }
        Ok(self.cleared)
    }
}

/// Reads the four answers with the escpos crate's parser.
fn interpret([printer, offline, error, roll]: [u8; 4]) -> PrinterStatus {
    use RealTimeStatusRequest as Request;
    use RealTimeStatusResponse as Said;
    let said = |request, answer, what, otherwise| {
        RealTimeStatusResponse::parse(request, answer)
            .ok()
            .and_then(|all| all.get(&what).copied())
            .unwrap_or(otherwise)
    };
    // The answers were recognised by the bits that the parser demands: it cannot refuse them. If it
    // did all the same, the worse reading is taken.
    let offline_because = |what| said(Request::OfflineCause, offline, what, true);
    let failed_with = |what| said(Request::ErrorCause, error, what, true);
    let out = !said(
        Request::RollPaperSensor,
        roll,
        Said::RollPaperEndSensorPaperPresent,
        false,
    );
    let low = !said(
        Request::RollPaperSensor,
        roll,
        Said::RollPaperNearEndSensorPaperAdequate,
        false,
    );

    let cause = if !said(Request::OfflineCause, offline, Said::CoverClosed, false) {
        Some(Cause::CoverOpen)
    } else if out || offline_because(Said::PrintingStopsDueToPaperEnd) {
        Some(Cause::PaperOut)
    } else if failed_with(Said::AutocutterErrorOccurred) {
        Some(Cause::Cutter)
    } else if failed_with(Said::UnrecoverableErrorOccurred) {
        Some(Cause::Unrecoverable)
    } else if failed_with(Said::AutoRecoverableErrorOccurred) {
        Some(Cause::HeadHot)
    } else if failed_with(Said::RecoverableErrorOccurred) || offline_because(Said::ErrorOccurred) {
        Some(Cause::Recoverable)
    } else if offline_because(Said::PaperFedByPaperFeedButton) {
        Some(Cause::FeedKey)
    } else if !said(Request::Printer, printer, Said::Online, false) {
        Some(Cause::Offline)
    } else {
        None
    };
    let paper = match cause {
        Some(Cause::PaperOut) => Paper::Out,
        // With the cover open, the sensors see no roll, whatever is in the tray.
        Some(Cause::CoverOpen) => Paper::Unknown,
        Some(_) | None if low => Paper::Low,
        Some(_) | None => Paper::Full,
    };
    PrinterStatus {
        device: cause.map_or(DeviceState::Online, Cause::device),
        paper: Some(paper),
        media: None,
        cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_status_bytes_as_the_manual_has_them() {
        let cause = |answers| {
            let status = interpret(answers);
            (status.cause, status.paper)
        };
        let full = Some(Paper::Full);
        assert_eq!(cause([0x16, 0x12, 0x12, 0x12]), (None, full));
        assert_eq!(cause([0x16, 0x12, 0x12, 0x1E]), (None, Some(Paper::Low)));
        assert_eq!(
            cause([0x1E, 0x32, 0x12, 0x7E]),
            (Some(Cause::PaperOut), Some(Paper::Out))
        );
        assert_eq!(
            cause([0x1E, 0x16, 0x12, 0x7E]),
            (Some(Cause::CoverOpen), Some(Paper::Unknown))
        );
        assert_eq!(cause([0x1E, 0x52, 0x1A, 0x12]), (Some(Cause::Cutter), full));
        assert_eq!(
            cause([0x1E, 0x52, 0x52, 0x12]),
            (Some(Cause::HeadHot), full)
        );
        assert_eq!(
            cause([0x1E, 0x52, 0x32, 0x12]),
            (Some(Cause::Unrecoverable), full)
        );
        assert_eq!(
            cause([0x1E, 0x52, 0x12, 0x12]),
            (Some(Cause::Recoverable), full)
        );
        assert_eq!(
            cause([0x1E, 0x12, 0x12, 0x12]),
            (Some(Cause::Offline), full)
        );
        assert!(interpret([0x16, 0x12, 0x12, 0x12]).ready());
    }
}

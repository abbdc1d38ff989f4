//! The conversation with a printer: requests out, answers in, each bounded in time.

use std::time::{Duration, Instant};

use escpos::utils::{RealTimeStatusRequest, RealTimeStatusResponse};

use super::Profile;
use super::outlet::{self, Said};
use super::profile::{Outlet, OutletSensor, StatusRequests};
use super::replies::{Demultiplexer, Expected, Reply};
use crate::status::{Cause, DeviceState, Media, Paper, PrinterStatus};
use crate::transport::{Transport, TransportError};

/// How long a printer may take for an answer that it gives in real time.
pub(super) const ANSWER: Duration = Duration::from_millis(1000);

/// No answer comes later than this. Those that are late are waited for before the next request, or they
/// would pass for its answers.
const LATEST: Duration = Duration::from_millis(2500);

/// `DLE EOT n`.
const ASK: [u8; 2] = [0x10, 0x04];

/// `DLE DC4` fn 8: empties receive and print buffer in real time. Answered by `37 25 00`.
const CLEAR: [u8; 10] = [0x10, 0x14, 0x08, 0x01, 0x03, 0x14, 0x01, 0x06, 0x02, 0x08];

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// What every status byte says: possible while a slip is printed.
    Basic,
    /// The outlet as well, whose answer looks like anything: nothing else may be on its way.
    Whole,
}

/// A link with what was heard on it.
pub(super) struct Link {
    transport: Box<dyn Transport>,
    status: StatusRequests,
    outlet: Option<Outlet>,
    demultiplexer: Demultiplexer,
    /// What was asked for and when, if answers are due.
    asked: Option<(Ask, Instant)>,
    /// Answers by a status byte, in the order of the requests.
    answers: Vec<u8>,
    /// What the outlet's answer said.
    said: Option<Said>,
    /// Answers that are missing: until they have come, others cannot be told apart from them.
    late: Option<Late>,
    cleared: bool,
    /// Process ids that came back since they were last asked for.
    done: Vec<[u8; 4]>,
    /// Answers to `GS r` that came.
    pub(super) transmitted: u32,
    /// Anything was heard since [`Self::begin`].
    pub(super) heard: bool,
}

/// Answers that did not come in time.
struct Late {
    /// When they were asked for.
    asked: Instant,
    /// How many status bytes are missing; `None` if the outlet's answer is, which looks like anything.
    missing: Option<usize>,
}

impl Link {
    pub(super) fn new(transport: Box<dyn Transport>, profile: &Profile) -> Self {
        Self {
            transport,
            status: profile.status,
            outlet: profile.outlet,
            demultiplexer: Demultiplexer::default(),
            asked: None,
            answers: Vec::with_capacity(4),
            said: None,
            late: None,
            cleared: false,
            done: Vec::new(),
            transmitted: 0,
            heard: false,
        }
    }

    /// Forgets what was heard, and lets pass what is still under way from before: at most
    /// [`LATEST`].
    pub(super) fn begin(&mut self) -> Result<(), TransportError> {
        while let Some(limit) = self.due_until()
            && Instant::now() < limit
        {
            self.receive(limit)?;
        }
        let limit = Instant::now() + ANSWER;
        while self.receive(Instant::now())? && Instant::now() < limit {}
        self.demultiplexer = Demultiplexer::default();
        self.asked = None;
        self.answers.clear();
        self.said = None;
        self.late = None;
        self.done.clear();
        self.heard = false;
        Ok(())
    }

    /// Until when answers may come that were asked for; `None` if all are in.
    fn due_until(&self) -> Option<Instant> {
        let asked = match (&self.late, self.asked) {
            (Some(late), _) => late.asked,
            (None, Some((Ask::Basic, _))) if self.is_answered() => return None,
            (None, Some((_, asked))) => asked,
            (None, None) => return None,
        };
        Some(asked + LATEST)
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
    pub(super) fn ask(&mut self, what: Ask) -> Result<(), TransportError> {
        if self.asked.is_some() || self.late.is_some() {
            return Ok(());
        }
        self.answers.clear();
        self.said = None;
        let real_time = match (what, self.outlet.map(|outlet| outlet.sensor)) {
            (Ask::Whole, Some(OutletSensor::DleEot5)) => Some(5),
            (Ask::Whole, Some(OutletSensor::DleEot20)) => {
                self.demultiplexer.expected = Expected::Full;
                Some(20)
            }
            // Its answer is queued: it is asked for once the printer is known to be in order.
            (Ask::Whole, Some(OutletSensor::GsE6) | None) | (Ask::Basic, _) => None,
        };
        // In one write, so that the answers come in one piece.
        let numbers = self.status.requests.numbers().chain(real_time);
        let requests: Vec<u8> = numbers.flat_map(|n| [ASK[0], ASK[1], n]).collect();
        self.request(&requests)?;
        self.asked = Some((what, Instant::now()));
        Ok(())
    }

    /// Takes in what has come, or comes first by the deadline; false if nothing did.
    pub(super) fn receive(&mut self, deadline: Instant) -> Result<bool, TransportError> {
        let mut buffer = [0; 256];
        let read = self.transport.read_some(&mut buffer, deadline)?;
        for &byte in &buffer[..read] {
            let room = self.asked.is_some() && !self.is_answered();
            match self.demultiplexer.push(byte) {
                Some(Reply::Status(byte)) if room => {
                    self.answers.push(byte);
                    let sensor = self.outlet.map(|outlet| outlet.sensor);
                    let whole = matches!(self.asked, Some((Ask::Whole, _)));
                    // The answer about the outlet is the one behind these.
                    if self.is_answered() && whole && sensor == Some(OutletSensor::DleEot5) {
                        self.demultiplexer.expected = Expected::Outlet;
                    }
                }
                // Nobody asked: late from before.
                Some(Reply::Status(_)) => self.came_late(),
                None => {}
                Some(Reply::Outlet(byte)) => {
                    self.said = self.outlet.and_then(|outlet| outlet::single(outlet, byte));
                }
                Some(Reply::Full(bytes)) => {
                    self.said = self.outlet.map(|outlet| outlet::full(outlet, bytes));
                }
                Some(Reply::Done(id)) if self.done.len() < 8 => self.done.push(id),
                Some(Reply::Done(_)) => {}
                Some(Reply::Cleared) => self.cleared = true,
                Some(Reply::Transmitted) => self.transmitted += 1,
            }
        }
        self.heard |= read > 0;
        if let Some((_, asked)) = self.asked
            && asked.elapsed() > ANSWER
            && !self.is_answered()
        {
            self.asked = None;
            let missing = self.status.requests.numbers().count() - self.answers.len();
            self.late = Some(Late {
                asked,
                missing: Some(missing),
            });
        }
        Ok(read > 0)
    }

    fn came_late(&mut self) {
        if let Some(Late {
            missing: Some(missing),
            ..
        }) = &mut self.late
        {
            *missing -= 1;
            if *missing == 0 {
                self.late = None;
            }
        }
    }

    /// Whether all answers by a status byte are in.
    fn is_answered(&self) -> bool {
        self.answers.len() == self.status.requests.numbers().count()
    }

    /// What was asked for, once all answers by a status byte are in, and the outlet's or no time is
    /// left for it.
    pub(super) fn status(&mut self) -> Option<PrinterStatus> {
        let (what, asked) = self.asked?;
        let sensor = match what {
            Ask::Basic => None,
            Ask::Whole => self.outlet.map(|outlet| outlet.sensor),
        };
        let due = match sensor {
            Some(OutletSensor::DleEot5 | OutletSensor::DleEot20) => self.said.is_none(),
            Some(OutletSensor::GsE6) | None => false,
        };
        if !self.is_answered() || due && asked.elapsed() <= ANSWER {
            return None;
        }
        if due {
            self.late = Some(Late {
                asked,
                missing: None,
            });
            self.demultiplexer.expected = Expected::Nothing;
        }
        self.asked = None;
        Some(self.told())
    }

    /// What the answers come to.
    fn told(&mut self) -> PrinterStatus {
        let numbers = self.status.requests.numbers();
        // What a printer does not answer is taken as the answer of one in order: the rest decides.
        let mut answers = [0x12; 4];
        for (n, answer) in numbers.zip(self.answers.drain(..)) {
            answers[usize::from(n) - 1] = answer;
        }
        let mut status = interpret(answers);
        status.paper = match status.paper {
            Some(Paper::Full | Paper::Low | Paper::Unknown) if !self.status.paper_end => None,
            // It has paper, and nobody knows how much.
            Some(Paper::Full | Paper::Low) if !self.status.near_end => None,
            other => other,
        };
        if self.outlet.is_some() {
            let said = self.said.take().unwrap_or_default();
            said.add_to(&mut status);
        }
        status
    }

    /// Whether this process id came back.
    pub(super) fn is_done(&self, id: [u8; 4]) -> bool {
        self.done.contains(&id)
    }

    /// Asks for the status and waits for it; `None` if the printer does not answer.
    pub(super) fn ask_and_wait(
        &mut self,
        what: Ask,
    ) -> Result<Option<PrinterStatus>, TransportError> {
        let deadline = Instant::now() + ANSWER;
        self.ask(what)?;
        loop {
            if let Some(mut status) = self.status() {
                let sensor = self.outlet.map(|outlet| outlet.sensor);
                if (what, sensor) == (Ask::Whole, Some(OutletSensor::GsE6))
                    && status.cause.is_none()
                {
                    self.ask_ejector(&mut status)?;
                }
                return Ok(Some(status));
            }
            if self.asked.is_none() {
                return self.port_status();
            }
            // A little longer, so that the time-outs above are over when this ends.
            self.receive(deadline + ANSWER / 10)?;
        }
    }

    /// `GS e 6`.
    fn ask_ejector(&mut self, status: &mut PrinterStatus) -> Result<(), TransportError> {
        let asked = Instant::now();
        self.said = None;
        self.demultiplexer.expected = Expected::Ejector;
        self.request(&outlet::ASK_EJECTOR)?;
        while self.said.is_none() && asked.elapsed() < ANSWER {
            self.receive(asked + ANSWER)?;
        }
        self.demultiplexer.expected = Expected::Nothing;
        match self.said.take() {
            Some(said) => said.add_to(status),
            None => {
                self.late = Some(Late {
                    asked,
                    missing: None,
                })
            }
        }
        Ok(())
    }

    /// What the link itself knows of a printer that does not answer.
    fn port_status(&mut self) -> Result<Option<PrinterStatus>, TransportError> {
        let deadline = Instant::now() + ANSWER;
        let port = self.transport.port_status(deadline)?;
        Ok(port.and_then(bad_news).map(|cause| PrinterStatus {
            paper: Some(if cause == Cause::PaperOut {
                Paper::Out
            } else {
                Paper::Unknown
            }),
            media: self.outlet.map(|_| Media::Unknown),
            ..PrinterStatus::unheard(cause)
        }))
    }

    /// Empties the printer's buffers; true if it says that it did.
    pub(super) fn clear(&mut self) -> Result<bool, TransportError> {
        let asked = Instant::now();
        self.cleared = false;
        self.request(&CLEAR)?;
        while !self.cleared && asked.elapsed() < ANSWER {
            self.receive(asked + ANSWER)?;
        }
        Ok(self.cleared)
    }
}

/// `GET_PORT_STATUS` of the USB printer class: bit 5 paper empty, bit 4 selected, bit 3 no error. Bad
/// news alone counts: many printers answer 18 whatever happens.
fn bad_news(port: u8) -> Option<Cause> {
    match (port & 0x20 != 0, port & 0x10 != 0, port & 0x08 != 0) {
        (true, _, _) => Some(Cause::PaperOut),
        (false, _, false) => Some(Cause::Recoverable),
        (false, false, true) => Some(Cause::Offline),
        (false, true, true) => None,
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

    /// A USB printer without a pipe back: what is sent vanishes, and the port has a status.
    struct Deaf(u8);

    impl Transport for Deaf {
        fn write_some(&mut self, bytes: &[u8], _: Instant) -> Result<usize, TransportError> {
            Ok(bytes.len())
        }

        fn read_some(&mut self, _: &mut [u8], deadline: Instant) -> Result<usize, TransportError> {
            std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
            Ok(0)
        }

        fn port_status(&mut self, _: Instant) -> Result<Option<u8>, TransportError> {
            Ok(Some(self.0))
        }
    }

    #[test]
    fn a_port_can_bring_bad_news_and_no_good_ones() {
        for (port, cause) in [
            (0x38, Some(Cause::PaperOut)),
            (0x10, Some(Cause::Recoverable)),
            (0x08, Some(Cause::Offline)),
            (0x18, None),
        ] {
            let profile = Profile::epson(crate::slip::PaperWidth::Mm80);
            let mut link = Link::new(Box::new(Deaf(port)), &profile);
            let status = link.ask_and_wait(Ask::Whole).unwrap();
            assert_eq!(status.and_then(|status| status.cause), cause, "{port:02x}");
            assert!(!status.is_some_and(|status| status.ready()));
        }
    }
}

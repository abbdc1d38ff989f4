//! The outlet: what its sensor says, how a slip is presented and taken back, and what became of it.

use std::time::{Duration, Instant};

use super::Delivery;
use super::profile::{Cut, Outlet, OutletSensor, Present, Profile};
use crate::status::{Cause, DeviceState, Media, PrinterStatus};

/// `GS e 6`: the ejector's status byte.
pub(super) const ASK_EJECTOR: [u8; 3] = [0x1D, 0x65, 6];

/// `GS e 2`: takes the slip back.
const TAKE_BACK: [u8; 3] = [0x1D, 0x65, 2];

/// What an answer about the outlet said; nothing is known by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Said {
    /// Whether paper is there.
    paper: Option<bool>,
    /// What is wrong.
    cause: Option<Cause>,
}

impl Said {
    /// Adds it to what the other answers said.
    pub(super) fn add_to(self, status: &mut PrinterStatus) {
        if let (
            None | Some(Cause::Recoverable | Cause::Unrecoverable | Cause::Offline),
            Some(cause),
        ) = (status.cause, self.cause)
        {
            // It knows better.
            status.cause = Some(cause);
            status.device = cause.device();
        }
        let jammed = status.cause == Some(Cause::PaperJam);
        status.media = Some(match self.paper {
            Some(true) if jammed => Media::Jammed,
            Some(true) => Media::Present,
            Some(false) => Media::NotPresent,
            None => Media::Unknown,
        });
    }
}

/// Reads the answer to `DLE EOT 5` or `GS e 6`.
pub(super) fn single(outlet: Outlet, byte: u8) -> Option<Said> {
    let byte = if outlet.inverted { !byte } else { byte };
    let is = |bits: u8| byte & bits != 0;
    match outlet.sensor {
        OutletSensor::DleEot5 => Some(Said {
            paper: Some(is(0x04)),
            cause: if is(0x01 | 0x08) {
                Some(Cause::PaperJam)
            } else if is(0x80) {
                Some(Cause::Recoverable)
            } else if is(0x02) {
                // Somebody pulls at the paper: it passes.
                Some(Cause::Busy)
            } else {
                None
            },
        }),
        OutletSensor::GsE6 => Some(Said {
            paper: Some(is(0x08)),
            cause: if is(0x80) {
                Some(Cause::PaperJam)
            } else if is(0x40) {
                Some(Cause::Recoverable)
            } else {
                None
            },
        }),
        // Nobody asked for one byte.
        OutletSensor::DleEot20 => None,
    }
}

/// Reads the answer to `DLE EOT 20`.
pub(super) fn full(outlet: Outlet, bytes: [u8; 4]) -> Said {
    let [paper, user, recoverable, unrecoverable] = match outlet.inverted {
        true => bytes.map(|byte| !byte),
        false => bytes,
    };
    let cause = if user & 0x03 != 0 {
        Some(Cause::CoverOpen)
    } else if paper & 0x01 != 0 {
        Some(Cause::PaperOut)
    } else if recoverable & 0x40 != 0 {
        Some(Cause::PaperJam)
    } else if unrecoverable & 0x01 != 0 {
        Some(Cause::Cutter)
    } else if unrecoverable != 0 || recoverable & 0x08 != 0 {
        Some(Cause::Unrecoverable)
    } else if recoverable & 0x01 != 0 {
        Some(Cause::HeadHot)
    } else if recoverable & 0x06 != 0 {
        Some(Cause::Recoverable)
    } else {
        None
    };
    Said {
        paper: Some(paper & 0x20 != 0),
        cause,
    }
}

/// What ends a slip: the cut, and the presenter's command.
pub(super) fn ending(profile: &Profile) -> Vec<u8> {
    let mut bytes = match profile.cut {
        // The escpos crate's partial cut is `GS V 65 1`, which is a full cut: the slip would fall before
        // anyone takes it.
        Cut::Partial => vec![0x1D, 0x56, 66, profile.cut_feed],
        Cut::Full => vec![0x1D, 0x56, 65, profile.cut_feed],
        Cut::EscI => vec![0x1B, 0x4A, profile.cut_feed, 0x1B, 0x69],
        Cut::EscM => vec![0x1B, 0x4A, profile.cut_feed, 0x1B, 0x6D],
        Cut::Presenter => vec![0x1B, 0x4A, profile.cut_feed],
    };
    if let Some(outlet) = profile.outlet {
        match outlet.present {
            Present::None => {}
            Present::GsE => bytes.extend([0x1D, 0x65, 3, outlet.steps]),
            // Two steps of 5 mm, the lamp blinking.
            Present::FsP => bytes.extend([0x1C, 0x50, 2, 1, b'R', outlet.take_within]),
        }
    }
    bytes
}

/// What takes away a slip that broke off: into the printer if it can, or else cut off, and wholly where
/// it would hang at the sensor otherwise.
pub(super) fn removal(profile: &Profile) -> Vec<u8> {
    match profile.outlet.map(|outlet| outlet.present) {
        Some(Present::GsE) => TAKE_BACK.to_vec(),
        Some(Present::FsP) => vec![0x1C, 0x50, 0, 0, b'R', 1],
        Some(Present::None) => {
            let cut = match profile.cut {
                Cut::Partial | Cut::Full | Cut::Presenter => Cut::Full,
                Cut::EscI | Cut::EscM => Cut::EscI,
            };
            ending(&Profile { cut, ..*profile })
        }
        None => ending(profile),
    }
}

/// How long a slip may take to the outlet once everything before its end was done.
const PRESENTING: Duration = Duration::from_secs(5);

/// How long taking back may last.
const TAKING_BACK: Duration = Duration::from_secs(8);

/// How exactly a printer keeps its own time.
const TOLERANCE: Duration = Duration::from_millis(1500);

/// A slip at the outlet, or on its way there.
#[derive(Debug)]
pub(super) struct Held {
    outlet: Outlet,
    /// It is the one that was printed last; otherwise it lay there already.
    ours: bool,
    at: Place,
    /// When it was last seen.
    seen: Instant,
    /// The printer was out of sight since then.
    blind: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It has not been seen at the outlet.
    OnItsWay { since: Instant },
    /// It waits.
    Waiting { since: Instant },
    /// The printer was told to take it back.
    TakenBack { since: Instant },
    /// Nobody took it, and it cannot be taken back.
    Stays,
}

/// What follows from a look at the outlet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing new.
    Wait,
    /// This is new, and it goes on.
    Tell(Delivery),
    /// This is how it ended.
    End(Delivery),
    /// The printer is to be told this; then [`Held::take_back`].
    TakeBack([u8; 3]),
}

impl Held {
    /// A slip that was just printed.
    pub(super) fn printed(outlet: Outlet, now: Instant) -> Self {
        Self {
            outlet,
            ours: true,
            at: Place::OnItsWay { since: now },
            seen: now,
            blind: false,
        }
    }

    /// A slip that lies there, and nobody knows whose it is.
    pub(super) fn found(outlet: Outlet, now: Instant) -> Self {
        Self {
            outlet,
            ours: false,
            at: Place::Waiting { since: now },
            seen: now,
            blind: false,
        }
    }

    /// Whether it is the slip that was printed last.
    pub(super) fn is_ours(&self) -> bool {
        self.ours
    }

    /// Whether it stays at the outlet until somebody takes it.
    pub(super) fn is_overdue(&self) -> bool {
        self.at == Place::Stays
    }

    /// The link was lost: the printer may have been switched off and on, and have moved the paper.
    pub(super) fn lose_sight(&mut self) {
        self.blind = true;
    }

    /// The printer was told to take it back.
    pub(super) fn take_back(&mut self, now: Instant) {
        self.at = Place::TakenBack { since: now };
    }

    /// Draws the conclusion from a look at the outlet: "taken" means that the paper went away
    /// without having been taken back, while the printer was heard and in order.
    pub(super) fn look(&mut self, status: &PrinterStatus, now: Instant) -> Step {
        let time = Duration::from_secs(self.outlet.take_within.into());
        let seen = std::mem::replace(&mut self.seen, now);
        match status.media {
            Some(Media::Present) => self.blind = false,
            Some(Media::Jammed) => return Step::End(Delivery::Failed(Cause::PaperJam)),
            Some(Media::NotPresent) => return self.gone(status.cause, time, seen, now),
            Some(Media::Unknown)
                if matches!(self.at, Place::OnItsWay { .. })
                    && status.device == DeviceState::HardwareError =>
            {
                return Step::End(status.cause.map_or(Delivery::Unknown, Delivery::Failed));
            }
            // It cannot be told now.
            Some(Media::Unknown | Media::Entering | Media::Retracted) | None => {
                self.seen = seen;
                return Step::Wait;
            }
        }
        match self.at {
            Place::OnItsWay { .. } => {
                self.at = Place::Waiting { since: now };
                Step::Tell(Delivery::Presented)
            }
            Place::Waiting { since } if now.duration_since(since) < time => Step::Wait,
            Place::Waiting { since } => match self.outlet.present {
                Present::GsE => Step::TakeBack(TAKE_BACK),
                // It takes it back by itself.
                Present::FsP if now.duration_since(since) < time + TAKING_BACK => Step::Wait,
                Present::FsP | Present::None => self.stays(),
            },
            Place::TakenBack { since } if now.duration_since(since) < TAKING_BACK => Step::Wait,
            Place::TakenBack { .. } => self.stays(),
            Place::Stays => Step::Wait,
        }
    }

    fn stays(&mut self) -> Step {
        self.at = Place::Stays;
        Step::Tell(Delivery::NotTaken)
    }

    /// The outlet is free.
    fn gone(&self, cause: Option<Cause>, time: Duration, seen: Instant, now: Instant) -> Step {
        match self.at {
            Place::OnItsWay { since } if now.duration_since(since) < PRESENTING => Step::Wait,
            // Taken at once, or never there.
            Place::OnItsWay { .. } => Step::End(match cause {
                Some(cause) => Delivery::Failed(cause),
                None => Delivery::Unknown,
            }),
            Place::TakenBack { .. } => Step::End(self.at_the_end_of_its_time()),
            // Somebody opened the printer, or it is out of order: it may be in anybody's hands.
            Place::Waiting { .. } | Place::Stays
                if self.blind || cause.is_some_and(is_in_doubt) =>
            {
                Step::End(Delivery::Unknown)
            }
            // Not known to the second: whoever took it at the last moment is called late.
            Place::Waiting { since }
                if self.outlet.present == Present::FsP
                    && now + TOLERANCE >= since + time
                    && seen <= since + time + TOLERANCE =>
            {
                Step::End(self.at_the_end_of_its_time())
            }
            Place::Waiting { .. } | Place::Stays => Step::End(Delivery::Taken),
        }
    }

    /// What became of a slip that went when it was to be taken back.
    fn at_the_end_of_its_time(&self) -> Delivery {
        match self.outlet.retracts {
            true => Delivery::Retracted,
            false => Delivery::Unknown,
        }
    }
}

/// Whether a printer in this state may have lost its slip in some other way than to the citizen.
fn is_in_doubt(cause: Cause) -> bool {
    !matches!(
        cause,
        Cause::PaperOut | Cause::HeadHot | Cause::FeedKey | Cause::Busy | Cause::NotTaken
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escpos::Model;
    use crate::status::Paper;

    fn outlet(name: &str) -> Outlet {
        Model::named(name).unwrap().profile.outlet.unwrap()
    }

    /// The same, with taking back switched on in its setup.
    fn retracting(name: &str) -> Outlet {
        Outlet {
            retracts: true,
            ..outlet(name)
        }
    }

    fn says(media: Media, cause: Option<Cause>) -> PrinterStatus {
        PrinterStatus {
            device: cause.map_or(DeviceState::Online, Cause::device),
            paper: Some(Paper::Full),
            media: Some(media),
            cause,
        }
    }

    /// What follows from looks at these seconds.
    fn looks(held: &mut Held, start: Instant, looks: &[(u64, Media, Option<Cause>)]) -> Vec<Step> {
        looks
            .iter()
            .map(|&(second, media, cause)| {
                let now = start + Duration::from_secs(second);
                held.look(&says(media, cause), now)
            })
            .collect()
    }

    use Media::{Jammed, NotPresent, Present as There, Unknown};

    #[test]
    fn reads_what_the_sensors_say() {
        let masung = outlet("masung-ms-d347");
        let said = |paper, cause| Said {
            paper: Some(paper),
            cause,
        };
        for (byte, expected) in [
            (0x00, said(false, None)),
            (0x04, said(true, None)),
            (0x0C, said(true, Some(Cause::PaperJam))),
            (0x01, said(false, Some(Cause::PaperJam))),
            (0x06, said(true, Some(Cause::Busy))),
            (0x80, said(false, Some(Cause::Recoverable))),
        ] {
            assert_eq!(single(masung, byte), Some(expected), "{byte:02x}");
            let inverted = Outlet {
                inverted: true,
                ..masung
            };
            assert_eq!(single(inverted, !byte), Some(expected), "{byte:02x}");
        }
        let ejector = Outlet {
            sensor: OutletSensor::GsE6,
            ..masung
        };
        assert_eq!(single(ejector, 0x0D), Some(said(true, None)));
        assert_eq!(
            single(ejector, 0x80),
            Some(said(false, Some(Cause::PaperJam)))
        );
        let custom = outlet("custom-vkp80iii");
        for (bytes, expected) in [
            ([0, 0, 0, 0], said(false, None)),
            ([0x24, 0x08, 0, 0], said(true, None)),
            ([0x01, 0, 0, 0], said(false, Some(Cause::PaperOut))),
            ([0, 0x01, 0, 0], said(false, Some(Cause::CoverOpen))),
            ([0x20, 0x02, 0x40, 0], said(true, Some(Cause::CoverOpen))),
            ([0x20, 0, 0x40, 0], said(true, Some(Cause::PaperJam))),
            ([0, 0, 0x01, 0], said(false, Some(Cause::HeadHot))),
            ([0, 0, 0x08, 0], said(false, Some(Cause::Unrecoverable))),
            ([0, 0, 0x02, 0], said(false, Some(Cause::Recoverable))),
            ([0, 0, 0, 0x01], said(false, Some(Cause::Cutter))),
            ([0, 0, 0, 0x80], said(false, Some(Cause::Unrecoverable))),
        ] {
            assert_eq!(full(custom, bytes), expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn taken_needs_paper_that_went_while_all_was_well() {
        let told = Step::Tell(Delivery::Presented);
        for (last, end) in [
            ((3, NotPresent, None), Step::End(Delivery::Taken)),
            // The roll ended meanwhile: that has nothing to do with the slip.
            (
                (3, NotPresent, Some(Cause::PaperOut)),
                Step::End(Delivery::Taken),
            ),
            (
                (3, NotPresent, Some(Cause::CoverOpen)),
                Step::End(Delivery::Unknown),
            ),
            ((3, Unknown, None), Step::Wait),
            (
                (3, Jammed, Some(Cause::PaperJam)),
                Step::End(Delivery::Failed(Cause::PaperJam)),
            ),
        ] {
            let start = Instant::now();
            let mut held = Held::printed(outlet("masung-ms-d347"), start);
            let steps = looks(
                &mut held,
                start,
                &[(0, NotPresent, None), (1, There, None), last],
            );
            let [first, second, third] = &steps[..] else {
                panic!()
            };
            assert_eq!((first, second, third), (&Step::Wait, &told, &end));
        }
        // Out of sight, out of mind, until it is seen again.
        let start = Instant::now();
        let mut held = Held::printed(outlet("masung-ms-d347"), start);
        looks(&mut held, start, &[(1, There, None)]);
        held.lose_sight();
        assert_eq!(
            looks(&mut held, start, &[(2, NotPresent, None)]),
            [Step::End(Delivery::Unknown)]
        );
        let mut held = Held::printed(outlet("masung-ms-d347"), start);
        held.lose_sight();
        let steps = looks(&mut held, start, &[(1, There, None), (2, NotPresent, None)]);
        assert_eq!(steps[1], Step::End(Delivery::Taken));
    }

    #[test]
    fn a_slip_that_never_shows_is_no_slip_that_was_taken() {
        let start = Instant::now();
        let mut held = Held::printed(outlet("pyramid-reliance"), start);
        let steps = looks(
            &mut held,
            start,
            &[(1, NotPresent, None), (6, NotPresent, None)],
        );
        assert_eq!(steps, [Step::Wait, Step::End(Delivery::Unknown)]);
    }

    #[test]
    fn what_is_not_taken_is_taken_back_or_stays() {
        let start = Instant::now();
        let mut held = Held::printed(retracting("pyramid-reliance"), start);
        let steps = looks(&mut held, start, &[(0, There, None), (61, There, None)]);
        assert_eq!(steps[1], Step::TakeBack(TAKE_BACK));
        held.take_back(start + Duration::from_secs(61));
        let steps = looks(
            &mut held,
            start,
            &[(62, There, None), (63, NotPresent, None)],
        );
        assert_eq!(steps, [Step::Wait, Step::End(Delivery::Retracted)]);

        // It does not go back either.
        let mut held = Held::printed(outlet("pyramid-reliance"), start);
        looks(&mut held, start, &[(0, There, None)]);
        held.take_back(start + Duration::from_secs(61));
        let steps = looks(
            &mut held,
            start,
            &[(70, There, None), (90, NotPresent, None)],
        );
        assert_eq!(
            steps,
            [Step::Tell(Delivery::NotTaken), Step::End(Delivery::Taken)]
        );

        let mut held = Held::printed(outlet("masung-ms-d347"), start);
        let steps = looks(&mut held, start, &[(0, There, None), (61, There, None)]);
        assert_eq!(steps[1], Step::Tell(Delivery::NotTaken));
        assert!(held.is_overdue());
    }

    #[test]
    fn a_printer_that_takes_back_by_itself_is_not_a_citizen() {
        let (as_shipped, set_up) = (outlet("custom-vkp80iii"), retracting("custom-vkp80iii"));
        for (outlet, gone, end) in [
            (set_up, 50, Delivery::Taken),
            (set_up, 59, Delivery::Retracted),
            (set_up, 60, Delivery::Retracted),
            (set_up, 61, Delivery::Retracted),
            // It may have pushed the slip out just as well.
            (as_shipped, 50, Delivery::Taken),
            (as_shipped, 59, Delivery::Unknown),
            (as_shipped, 61, Delivery::Unknown),
        ] {
            let start = Instant::now();
            let mut held = Held::printed(outlet, start);
            let steps = looks(
                &mut held,
                start,
                &[
                    (0, There, None),
                    (gone - 1, There, None),
                    (gone, NotPresent, None),
                ],
            );
            assert_eq!(steps[2], Step::End(end), "after {gone} s");
        }
        // Told to take it back, which its setup may forbid.
        let start = Instant::now();
        let mut held = Held::printed(outlet("pyramid-reliance"), start);
        looks(&mut held, start, &[(0, There, None), (61, There, None)]);
        held.take_back(start + Duration::from_secs(61));
        let steps = looks(&mut held, start, &[(63, NotPresent, None)]);
        assert_eq!(steps, [Step::End(Delivery::Unknown)]);
    }
}

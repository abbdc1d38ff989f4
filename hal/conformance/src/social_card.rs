//! Readers of social security cards.

use std::thread;
use std::time::{Duration, Instant};

use yici_hal::id_card::{Day, Sex};
use yici_hal::social_card::{SocialCard, SocialCardError, SocialCardReader};
use yici_hal::status::{Actor, CardMedia, Cause, DeviceState};

use crate::trial::{self, Done, Hands, Stop, Trial, Verdict, cannot, ensure, until};

/// The hands at a reader and at the PC/SC service that it is reached by. Orders are carried out when the
/// call returns; that a card came or left may take the service a moment to see.
///
/// Everything is right when reader and service are there and answer, and no card lies in the reader.
pub trait Bench: Hands {
    /// Lays a card, in place of one that lies there.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn lay(&self, _: &Holder) -> Done {
        cannot("lay a card of a made-up person")
    }

    /// Takes the card away, if one lies there.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn lift(&self) -> Done {
        cannot("take a card away")
    }

    /// Lets cards lie upside down, so that they do not answer their reset; or the right way again.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn turn_over(&self, _: bool) -> Done {
        cannot("lay a card upside down")
    }

    /// Keeps cards from answering any command, or lets them answer again.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn freeze(&self, _: bool) -> Done {
        cannot("keep a card from answering")
    }

    /// Spoils the next reply that carries a record.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn spoil(&self, _: Spoil) -> Done {
        cannot("spoil a reply")
    }

    /// Ends the service, or starts it with its readers.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn run_service(&self, _: bool) -> Done {
        cannot("end the PC/SC service")
    }

    /// Lets the service stand still, or go on.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn hold_service(&self, _: bool) -> Done {
        cannot("let the PC/SC service stand still")
    }

    /// Takes the reader away from the service.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn unplug(&self) -> Done {
        cannot("pull the reader's plug")
    }

    /// Gives the service its reader again.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn replug(&self) -> Done {
        cannot("plug the reader in again")
    }
}

/// What happens to a reply on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// It is this status word without data.
    Status(u16),
    /// Only the first half of its data comes.
    Truncated,
    /// It comes so much later.
    Late(Duration),
}

/// Whose card a bench lays. Nobody of them exists; the check digits are right.
#[derive(Debug, Clone, Copy)]
pub struct Holder {
    /// What the case that reads it is called.
    pub name_of_case: &'static str,
    /// Name, at most 30 bytes in GB 18030.
    pub name: &'static str,
    /// Code of GB/T 2261.1: `1` male, `2` female, `9` not stated.
    pub sex: &'static str,
    /// Code of the nation, GB/T 3304.
    pub nation: &'static str,
    /// Day of birth, `YYYYMMDD`.
    pub birth: &'static str,
    /// Social security number: that of the ID card.
    pub number: &'static str,
}

const CITIZEN: Holder = Holder {
    name_of_case: "citizen",
    name: "李小满",
    sex: "2",
    nation: "01",
    birth: "19960521",
    number: "370102199605210047",
};

const OTHER: Holder = Holder {
    name_of_case: "man",
    name: "赵大暑",
    sex: "1",
    birth: "19880812",
    number: "370102198808120012",
    ..CITIZEN
};

/// Every card that a driver has to read right.
pub fn holders() -> [Holder; 9] {
    [
        CITIZEN,
        OTHER,
        Holder {
            name_of_case: "number-that-ends-with-x",
            name: "欧阳白露",
            nation: "03",
            birth: "19401001",
            number: "37010219401001006X",
            ..CITIZEN
        },
        Holder {
            name_of_case: "minor",
            name: "吴小寒",
            birth: "20190106",
            number: "370102201901060020",
            ..CITIZEN
        },
        // One in the basic plane since Unicode 4.1, one outside it.
        Holder {
            name_of_case: "rare-characters",
            name: "龙䶮𬭎",
            sex: "1",
            nation: "15",
            birth: "19930915",
            number: "370102199309150051",
        },
        Holder {
            name_of_case: "name-filled-to-the-last-byte",
            name: "阿卜杜热合曼·示例买买提江吾尼",
            sex: "1",
            nation: "05",
            birth: "19950101",
            number: "653101199501010036",
        },
        Holder {
            name_of_case: "resident-from-taiwan",
            name: "林示例",
            birth: "19851212",
            number: "830000198512120040",
            ..CITIZEN
        },
        Holder {
            name_of_case: "foreigner",
            name: "示例安娜",
            birth: "19800229",
            number: "911082198002290045",
            ..CITIZEN
        },
        Holder {
            name_of_case: "sex-that-is-not-stated",
            sex: "9",
            ..CITIZEN
        },
    ]
}

/// One case for readers of social security cards.
pub type Case = trial::Case<dyn Bench, dyn SocialCardReader>;

/// All cases. Each starts with a driver opened afresh.
pub fn cases() -> Vec<Case> {
    let mut all = vec![
        Case::new("nothing-in-an-empty-slot", empty),
        Case::new("found", found),
    ];
    all.extend(holders().map(|holder| {
        let name = format!("reads-{}", holder.name_of_case);
        Case::new(name, move |on| lay_and_read(on, &mut *ready(on)?, &holder))
    }));
    all.extend([
        Case::new("found-once-until-it-leaves", leaves),
        Case::new("another-card-in-its-place", replaced),
        Case::new("lifted-before-it-is-read", lifted_before),
        Case::new("lifted-while-it-is-read", lifted_while),
        Case::new("upside-down", upside_down),
        Case::new("silent-card-holds-nobody-up", frozen),
        Case::new("refused", |on| spoilt(on, Spoil::Status(0x6A83))),
        Case::new("truncated", |on| spoilt(on, Spoil::Truncated)),
        Case::new("wrong-number", wrong_number),
        Case::new("late-record-poisons-nothing", late),
        Case::new("service-ends-and-is-back", service_ends),
        Case::new("service-stands-still-and-goes-on", service_stands_still),
        Case::new("unplugged-and-back", unplugged),
    ]);
    all
}

/// Longest time that `status` and `find` promise.
const LOOK: Duration = Duration::from_secs(1);

/// Longest time that `read` promises.
const READ: Duration = Duration::from_secs(5);

/// Until reader and service have seen what hands did.
const SEEN: Duration = Duration::from_secs(15);

type On<'a> = Trial<'a, dyn Bench, dyn SocialCardReader>;

/// A driver that works, and an empty reader.
fn ready(on: &On<'_>) -> Result<Box<dyn SocialCardReader>, Stop> {
    let mut reader = on.driver()?;
    emptied(on, &mut *reader)?;
    Ok(reader)
}

fn emptied(on: &On<'_>, reader: &mut dyn SocialCardReader) -> Verdict {
    until(SEEN + on.slack, "the reader is ready and empty", || {
        let status = reader.status();
        Ok(status.ready() && status.media == Some(CardMedia::NotPresent))
    })
}

fn empty(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    for _ in 0..2 {
        let began = Instant::now();
        ensure(!find(&mut *reader)?, || {
            "it finds a card where none is".into()
        })?;
        on.in_time(began, LOOK, "find")?;
    }
    let began = Instant::now();
    let error = expect_error(reader.read())?;
    on.in_time(began, READ, "read")?;
    of_the_card(&error)?;
    let began = Instant::now();
    let status = reader.status();
    on.in_time(began, LOOK, "status")?;
    ensure(
        status.device == DeviceState::Online && status.cause.is_none(),
        || format!("a reader in good order is {status:?}"),
    )
}

fn found(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&CITIZEN)?;
    wait_for_card(on, &mut *reader)?;
    let status = reader.status();
    ensure(
        status.ready() && status.media == Some(CardMedia::Present),
        || format!("with a card, the reader is {status:?}"),
    )
}

fn leaves(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&CITIZEN)?;
    wait_for_card(on, &mut *reader)?;
    read(on, &mut *reader, &CITIZEN)?;
    for _ in 0..20 {
        ensure(!find(&mut *reader)?, || {
            "a card that was read and lies there still is found again".into()
        })?;
    }
    on.bench.lift()?;
    emptied(on, &mut *reader)?;
    lay_and_read(on, &mut *reader, &CITIZEN)
}

/// Nobody looked in between.
fn replaced(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&CITIZEN)?;
    wait_for_card(on, &mut *reader)?;
    read(on, &mut *reader, &CITIZEN)?;
    on.bench.lift()?;
    on.bench.lay(&OTHER)?;
    wait_for_card(on, &mut *reader)?;
    read(on, &mut *reader, &OTHER)
}

fn lifted_before(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&CITIZEN)?;
    wait_for_card(on, &mut *reader)?;
    on.bench.lift()?;
    not_read(on, &mut *reader)?;
    emptied(on, &mut *reader)?;
    lay_and_read(on, &mut *reader, &OTHER)
}

fn lifted_while(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&CITIZEN)?;
    wait_for_card(on, &mut *reader)?;
    // It waits for the card until that is gone.
    on.bench.freeze(true)?;
    thread::scope(|scope| {
        let lifting = scope.spawn(|| {
            thread::sleep(Duration::from_millis(700));
            on.bench.lift()
        });
        let verdict = not_read(on, &mut *reader);
        lifting
            .join()
            .map_err(|_| Stop::Failed("the hands panicked".into()))??;
        verdict
    })?;
    on.bench.freeze(false)?;
    emptied(on, &mut *reader)?;
    lay_and_read(on, &mut *reader, &OTHER)
}

fn upside_down(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.turn_over(true)?;
    on.bench.lay(&CITIZEN)?;
    wait_for_card(on, &mut *reader)?;
    not_read(on, &mut *reader)?;
    ensure(reader.status().ready(), || {
        "a card upside down is taken for a fault of the reader".into()
    })?;
    on.bench.turn_over(false)?;
    on.bench.lift()?;
    emptied(on, &mut *reader)?;
    lay_and_read(on, &mut *reader, &CITIZEN)
}

fn frozen(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&CITIZEN)?;
    wait_for_card(on, &mut *reader)?;
    on.bench.freeze(true)?;
    not_read(on, &mut *reader)?;
    let began = Instant::now();
    let error = expect_error(reader.find())?;
    on.in_time(began, LOOK, "find")?;
    of_the_card(&error)?;
    let began = Instant::now();
    let status = reader.status();
    on.in_time(began, LOOK, "status")?;
    ensure(!status.ready(), || {
        "a reader that a card holds up is told as ready".into()
    })?;
    on.bench.freeze(false)?;
    on.bench.lift()?;
    emptied(on, &mut *reader)?;
    lay_and_read(on, &mut *reader, &OTHER)
}

fn spoilt(on: &On<'_>, how: Spoil) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&OTHER)?;
    wait_for_card(on, &mut *reader)?;
    on.bench.spoil(how)?;
    not_read(on, &mut *reader)?;
    on.bench.lift()?;
    emptied(on, &mut *reader)?;
    lay_and_read(on, &mut *reader, &CITIZEN)
}

fn wrong_number(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&Holder {
        number: "370102199605210048",
        ..CITIZEN
    })?;
    wait_for_card(on, &mut *reader)?;
    not_read(on, &mut *reader)?;
    on.bench.lift()?;
    emptied(on, &mut *reader)?;
    lay_and_read(on, &mut *reader, &CITIZEN)
}

fn late(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&OTHER)?;
    wait_for_card(on, &mut *reader)?;
    on.bench
        .spoil(Spoil::Late(READ + Duration::from_millis(1500)))?;
    not_read(on, &mut *reader)?;
    until(SEEN + on.slack, "the reader works again", || {
        Ok(reader.find().is_ok())
    })?;
    on.bench.lift()?;
    emptied(on, &mut *reader)?;
    lay_and_read(on, &mut *reader, &CITIZEN)
}

fn service_ends(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&CITIZEN)?;
    wait_for_card(on, &mut *reader)?;
    on.bench.run_service(false)?;
    let began = Instant::now();
    let error = expect_error(reader.read())?;
    on.in_time(began, READ, "read")?;
    away(&mut *reader, &error, Cause::ServiceDown)?;
    on.bench.lift()?;
    on.bench.run_service(true)?;
    back(on, &mut *reader)?;
    lay_and_read(on, &mut *reader, &OTHER)
}

fn service_stands_still(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.hold_service(true)?;
    for _ in 0..3 {
        let began = Instant::now();
        let error = expect_error(reader.find())?;
        on.in_time(began, LOOK, "find")?;
        ensure(error.cause() == Some(Cause::NoAnswer), || {
            format!("a service that stands still is told as {error:?}")
        })?;
    }
    let status = reader.status();
    ensure(
        !status.ready() && status.cause == Some(Cause::NoAnswer),
        || format!("behind a service that stands still, the reader is {status:?}"),
    )?;
    on.bench.hold_service(false)?;
    back(on, &mut *reader)?;
    lay_and_read(on, &mut *reader, &OTHER)
}

fn unplugged(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.unplug()?;
    // The service takes a moment to see it.
    until(SEEN + on.slack, "the reader is missed", || {
        Ok(reader.status().cause == Some(Cause::NotConnected))
    })?;
    let error = expect_error(reader.find())?;
    away(&mut *reader, &error, Cause::NotConnected)?;
    on.bench.replug()?;
    back(on, &mut *reader)?;
    lay_and_read(on, &mut *reader, &CITIZEN)
}

/// What is not there is told so, by error and by status, and not the citizen's to mend.
fn away(reader: &mut dyn SocialCardReader, error: &SocialCardError, cause: Cause) -> Verdict {
    ensure(
        error.cause() == Some(cause) && error.actor() != Actor::Citizen,
        || format!("{cause:?} is told as {error:?}"),
    )?;
    let status = reader.status();
    ensure(
        (status.device, status.cause) == (DeviceState::Offline, Some(cause)),
        || format!("with {cause:?}, the reader is {status:?}"),
    )
}

/// What is back is used within 3 s.
fn back(on: &On<'_>, reader: &mut dyn SocialCardReader) -> Verdict {
    on.back("the reader is used again", || Ok(reader.status().ready()))
}

/// The card that was found cannot be read, and that is the citizen's to mend.
fn not_read(on: &On<'_>, reader: &mut dyn SocialCardReader) -> Verdict {
    let began = Instant::now();
    let error = expect_error(reader.read())?;
    on.in_time(began, READ, "read")?;
    of_the_card(&error)
}

fn of_the_card(error: &SocialCardError) -> Verdict {
    ensure(
        error.actor() == Actor::Citizen && error.cause().is_none(),
        || format!("the citizen has only to lay the card again, and is told {error:?}"),
    )
}

/// Lays a card, reads it, compares, and takes it away.
fn lay_and_read(on: &On<'_>, reader: &mut dyn SocialCardReader, holder: &Holder) -> Verdict {
    on.bench.lay(holder)?;
    wait_for_card(on, reader)?;
    read(on, reader, holder)?;
    Ok(on.bench.lift()?)
}

/// Reads the card that was found; it must be this one.
fn read(on: &On<'_>, reader: &mut dyn SocialCardReader, holder: &Holder) -> Verdict {
    let began = Instant::now();
    let card = reader.read().map_err(|error| unexpected(&error))?;
    on.in_time(began, READ, "read")?;
    let differ = holder.differences(&card);
    ensure(differ.is_empty(), || {
        format!("the record differs in {}", differ.join(", "))
    })?;
    let shown = format!("{card:?}");
    ensure(
        ![holder.name, holder.number, holder.birth]
            .iter()
            .any(|secret| shown.contains(secret)),
        || "the record shows itself to whoever prints it for debugging".into(),
    )
}

impl Holder {
    /// Names of the fields in which a record is not what the card says.
    fn differences(&self, record: &SocialCard) -> Vec<&'static str> {
        let fields = [
            ("number", record.number.as_str() == self.number),
            ("name", record.name == self.name),
            (
                "sex",
                record.sex
                    == match self.sex {
                        "1" => Some(Sex::Male),
                        "2" => Some(Sex::Female),
                        _ => Some(Sex::Unstated),
                    },
            ),
            ("nation", record.nation.as_deref() == Some(self.nation)),
            (
                "place of birth",
                record.birthplace.as_deref() == self.number.get(..6),
            ),
            ("birth", Some(record.birth) == Day::parse(self.birth)),
            ("card number", !record.card_number.is_empty()),
        ];
        let differ = fields.into_iter().filter(|(_, same)| !same);
        differ.map(|(name, _)| name).collect()
    }
}

fn wait_for_card(on: &On<'_>, reader: &mut dyn SocialCardReader) -> Verdict {
    until(SEEN + on.slack, "a card is found", || find(reader))
}

fn find(reader: &mut dyn SocialCardReader) -> Result<bool, Stop> {
    reader.find().map_err(|error| unexpected(&error))
}

fn expect_error<T>(result: Result<T, SocialCardError>) -> Result<SocialCardError, Stop> {
    match result {
        Err(error) => Ok(error),
        Ok(_) => Err(Stop::Failed("it succeeds where it cannot".into())),
    }
}

fn unexpected(error: &SocialCardError) -> Stop {
    Stop::Failed(format!("unexpected: {error}"))
}

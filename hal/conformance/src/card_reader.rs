//! Readers of resident ID cards.

mod cards;

use std::time::{Duration, Instant};

use yici_hal::id_card::{CardReader, IdCard, ReaderError};
use yici_hal::status::{Actor, CardMedia, Cause, DeviceState};

pub use cards::{Card, Kind, cards};

use crate::trial::{self, Done, Hands, Stop, Trial, Verdict, cannot, ensure, until};

/// The hands at a card reader. Orders are carried out when the call returns.
///
/// Everything is right when it is plugged in, answering, no card on it.
pub trait Bench: Hands {
    /// Lays a card on the reader.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn lay(&self, _: &Card) -> Done {
        cannot("lay a card of a made-up person")
    }

    /// Takes the card away, if one lies there.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn lift(&self) -> Done {
        cannot("take a card away")
    }

    /// Takes the card away in the middle of the next "read base".
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn lift_while_reading(&self) -> Done {
        cannot("take a card away while it is read")
    }

    /// Spoils one of the reader's replies.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn spoil(&self, _: Reply, _: Spoil) -> Done {
        cannot("spoil a reply")
    }

    /// Keeps the reader from answering, or lets it answer again.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn silence(&self, _: bool) -> Done {
        cannot("keep the reader from answering")
    }

    /// Pulls the reader's plug.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn unplug(&self) -> Done {
        cannot("pull the plug")
    }

    /// Pulls the reader's plug in the middle of the next card record.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn unplug_in_record(&self) -> Done {
        cannot("pull the plug in the middle of a record")
    }

    /// Plugs the reader in again.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn replug(&self) -> Done {
        cannot("plug the reader in again")
    }

    /// Number of the security module, as its label has it.
    ///
    /// # Errors
    /// [`BenchError`](crate::BenchError).
    fn module(&self) -> Done<String> {
        cannot("tell the number of the security module")
    }
}

/// Which reply something happens to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The next one, whichever.
    Next,
    /// The next one with a card's record ("read base").
    Record,
}

/// What happens to a reply on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// So many bytes without a meaning come before it.
    Noise(usize),
    /// It comes in pieces of so many bytes, with a pause before each.
    Split(usize, Duration),
    /// Its check byte is wrong.
    Checksum,
    /// Only its first half comes.
    Truncated,
    /// Its length field says this.
    Length(u16),
    /// It comes so much later.
    Late(Duration),
}

/// One case for card readers.
pub type Case = trial::Case<dyn Bench, dyn CardReader>;

/// All cases. Each starts with a driver opened afresh.
pub fn cases() -> Vec<Case> {
    let mut all = vec![
        Case::new("status", status),
        Case::new("number-of-the-security-module", module),
        Case::new("no-card", no_card),
        Case::new("found", found),
    ];
    all.extend(cards().into_iter().map(|card| {
        let name = format!("reads-{}", card.name_of_case);
        Case::new(name, move |on| reads(on, &card))
    }));
    all.extend([
        Case::new("found-once-until-it-leaves", leaves),
        Case::new("lifted-before-it-is-read", lifted_before),
        Case::new("lifted-while-it-is-read", lifted_while),
        Case::new("noise-before-a-reply", noise),
        Case::new("reply-in-pieces", pieces),
        Case::new("wrong-checksum", |on| damaged(on, Spoil::Checksum)),
        Case::new("truncated", |on| damaged(on, Spoil::Truncated)),
        Case::new("length-out-of-bounds", |on| {
            damaged(on, Spoil::Length(65535))
        }),
        Case::new("length-too-long", |on| damaged(on, Spoil::Length(1300))),
        Case::new("length-too-short", |on| damaged(on, Spoil::Length(1000))),
        Case::new("late-found-is-not-taken", late_found),
        Case::new("late-select-poisons-nothing", |on| {
            late_in_read(on, Reply::Next)
        }),
        Case::new("late-record-poisons-nothing", |on| {
            late_in_read(on, Reply::Record)
        }),
        Case::new("silence-is-told-in-time", silence),
        Case::new("unplugged-and-back", unplugged),
        Case::new("unplugged-while-reading-and-back", unplugged_while_reading),
    ]);
    all
}

/// Longest time that `status` promises; a driver that settles an earlier command first takes it twice.
const STATUS: Duration = Duration::from_secs(2);

/// Longest time that `find` promises.
const FIND: Duration = Duration::from_millis(1500);

/// Longest time that any call promises.
const ANY: Duration = Duration::from_secs(9);

type On<'a> = Trial<'a, dyn Bench, dyn CardReader>;

/// A driver that works: whatever an earlier case left on the line is behind it.
fn ready(on: &On<'_>) -> Result<Box<dyn CardReader>, Stop> {
    let mut reader = on.driver()?;
    until(Duration::from_secs(15), "the reader is ready", || {
        Ok(reader.status().ready())
    })?;
    Ok(reader)
}

fn status(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    let began = Instant::now();
    let status = reader.status();
    on.in_time(began, STATUS, "status")?;
    ensure(
        status.device == DeviceState::Online && status.cause.is_none() && status.ready(),
        || format!("a reader in good order is {status:?}"),
    )
}

fn module(on: &On<'_>) -> Verdict {
    let label = on.bench.module()?;
    let mut reader = ready(on)?;
    for _ in 0..2 {
        let said = reader.sam_id().map_err(|error| unexpected(&error))?;
        ensure(said == label, || format!("{said} instead of {label}"))?;
    }
    Ok(())
}

fn no_card(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    for _ in 0..2 {
        let began = Instant::now();
        ensure(!find(&mut *reader)?, || {
            "it finds a card where none is".into()
        })?;
        on.in_time(began, FIND, "find")?;
    }
    let media = reader.status().media;
    ensure(matches!(media, None | Some(CardMedia::NotPresent)), || {
        format!("without a card, media is {media:?}")
    })
}

fn found(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&plain())?;
    wait_for_card(&mut *reader)?;
    let media = reader.status().media;
    ensure(matches!(media, None | Some(CardMedia::Present)), || {
        format!("with a card, media is {media:?}")
    })
}

fn reads(on: &On<'_>, card: &Card) -> Verdict {
    let mut reader = ready(on)?;
    lay_and_read(on, &mut *reader, card)
}

fn leaves(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&plain())?;
    wait_for_card(&mut *reader)?;
    read(on, &mut *reader)?;
    for _ in 0..3 {
        ensure(!find(&mut *reader)?, || {
            "a card that was read and lies there still is found again".into()
        })?;
    }
    on.bench.lift()?;
    ensure(!find(&mut *reader)?, || "it finds a card that left".into())?;
    on.bench.lay(&plain())?;
    wait_for_card(&mut *reader)
}

fn lifted_before(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&plain())?;
    wait_for_card(&mut *reader)?;
    on.bench.lift()?;
    lay_again(on, &mut *reader, &plain())
}

fn lifted_while(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&plain())?;
    wait_for_card(&mut *reader)?;
    on.bench.lift_while_reading()?;
    lay_again(on, &mut *reader, &plain())
}

fn noise(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&plain())?;
    on.bench.spoil(Reply::Next, Spoil::Noise(700))?;
    ensure(find(&mut *reader)?, || {
        "no card is found behind noise".into()
    })?;
    on.bench.spoil(Reply::Record, Spoil::Noise(3000))?;
    let card = read(on, &mut *reader)?;
    same(&plain(), &card)
}

fn pieces(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&plain())?;
    let bytes = Spoil::Split(1, Duration::from_millis(5));
    on.bench.spoil(Reply::Next, bytes)?;
    ensure(find(&mut *reader)?, || {
        "no card is found when the reply comes byte by byte".into()
    })?;
    // The last piece is the check byte alone.
    let parts = Spoil::Split(647, Duration::from_millis(60));
    on.bench.spoil(Reply::Record, parts)?;
    let card = read(on, &mut *reader)?;
    same(&plain(), &card)
}

fn damaged(on: &On<'_>, how: Spoil) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.spoil(Reply::Next, how)?;
    let found = reader.find();
    ensure(found.is_err(), || {
        format!("a damaged reply is taken: {found:?}")
    })?;
    works_again(&mut *reader)?;
    on.bench.lay(&other())?;
    wait_for_card(&mut *reader)?;
    on.bench.spoil(Reply::Record, how)?;
    lay_again(on, &mut *reader, &plain())
}

fn late_found(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&plain())?;
    let late = Spoil::Late(Duration::from_millis(1500));
    on.bench.spoil(Reply::Next, late)?;
    let began = Instant::now();
    let error = expect_error(reader.find())?;
    on.in_time(began, FIND, "find")?;
    ensure(error.cause() == Some(Cause::NoAnswer), || {
        format!("a late reply is told as {error:?}")
    })?;
    // By the time that it comes, the card is gone.
    on.bench.lift()?;
    let end = Instant::now() + Duration::from_secs(10);
    let mut said = reader.find();
    while said.is_err() && Instant::now() < end {
        said = reader.find();
    }
    ensure(matches!(said, Ok(false)), || {
        format!("the late reply passes for the next one: {said:?}")
    })
}

fn late_in_read(on: &On<'_>, reply: Reply) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&other())?;
    wait_for_card(&mut *reader)?;
    on.bench.spoil(reply, Spoil::Late(Duration::from_secs(4)))?;
    let began = Instant::now();
    let error = expect_error(reader.read())?;
    on.in_time(began, ANY, "read")?;
    ensure(error.cause() == Some(Cause::NoAnswer), || {
        format!("a late reply is told as {error:?}")
    })?;
    works_again(&mut *reader)?;
    on.bench.lift()?;
    lay_and_read(on, &mut *reader, &plain())
}

fn silence(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&plain())?;
    wait_for_card(&mut *reader)?;
    on.bench.silence(true)?;
    let began = Instant::now();
    let error = expect_error(reader.read())?;
    on.in_time(began, ANY, "read")?;
    ensure(error.cause() == Some(Cause::NoAnswer), || {
        format!("silence while reading is told as {error:?}")
    })?;
    let began = Instant::now();
    let error = expect_error(reader.find())?;
    on.in_time(began, FIND, "find")?;
    ensure(error.cause() == Some(Cause::NoAnswer), || {
        format!("silence is told as {error:?}")
    })?;
    let began = Instant::now();
    let status = reader.status();
    on.in_time(began, STATUS, "status")?;
    ensure(
        !status.ready()
            && (status.device, status.cause, status.media)
                == (
                    DeviceState::Offline,
                    Some(Cause::NoAnswer),
                    Some(CardMedia::Unknown),
                ),
        || format!("a silent reader is {status:?}"),
    )?;
    on.bench.silence(false)?;
    works_again(&mut *reader)?;
    on.bench.lift()?;
    lay_and_read(on, &mut *reader, &plain())
}

fn unplugged(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.unplug()?;
    let error = expect_error(reader.find())?;
    gone(&mut *reader, &error)?;
    on.bench.replug()?;
    back(on, &mut *reader)?;
    lay_and_read(on, &mut *reader, &plain())
}

fn unplugged_while_reading(on: &On<'_>) -> Verdict {
    let mut reader = ready(on)?;
    on.bench.lay(&other())?;
    wait_for_card(&mut *reader)?;
    on.bench.unplug_in_record()?;
    let began = Instant::now();
    let error = expect_error(reader.read())?;
    on.in_time(began, ANY, "read")?;
    gone(&mut *reader, &error)?;
    on.bench.replug()?;
    back(on, &mut *reader)?;
    on.bench.lift()?;
    lay_and_read(on, &mut *reader, &plain())
}

/// A reader that is not there says so, by error and by status.
fn gone(reader: &mut dyn CardReader, error: &ReaderError) -> Verdict {
    ensure(error.cause() == Some(Cause::NotConnected), || {
        format!("a pulled plug is told as {error:?}")
    })?;
    let status = reader.status();
    ensure(
        (status.device, status.cause) == (DeviceState::Offline, Some(Cause::NotConnected)),
        || format!("a reader that is not there is {status:?}"),
    )
}

/// A reader that is back is used within 3 s.
fn back(on: &On<'_>, reader: &mut dyn CardReader) -> Verdict {
    on.back("the reader is used again", || Ok(reader.status().ready()))
}

/// The card cannot be read, that is the citizen's to mend, and the next card is read.
fn lay_again(on: &On<'_>, reader: &mut dyn CardReader, next: &Card) -> Verdict {
    let began = Instant::now();
    let error = expect_error(reader.read())?;
    on.in_time(began, ANY, "read")?;
    ensure(
        error.actor() == Actor::Citizen && error.cause().is_none(),
        || format!("the citizen has only to lay the card again, and is told {error:?}"),
    )?;
    on.bench.lift()?;
    lay_and_read(on, reader, next)
}

/// Lays a card, reads it, compares, and takes it away.
fn lay_and_read(on: &On<'_>, reader: &mut dyn CardReader, card: &Card) -> Verdict {
    on.bench.lay(card)?;
    wait_for_card(reader)?;
    let record = read(on, reader)?;
    on.bench.lift()?;
    same(card, &record)
}

fn read(on: &On<'_>, reader: &mut dyn CardReader) -> Result<IdCard, Stop> {
    let began = Instant::now();
    let card = reader.read().map_err(|error| unexpected(&error))?;
    on.in_time(began, ANY, "read")?;
    Ok(card)
}

fn same(card: &Card, record: &IdCard) -> Verdict {
    let differ = card.differences(record);
    ensure(differ.is_empty(), || {
        format!("the record differs in {}", differ.join(", "))
    })
}

/// After a reply that went wrong, commands are answered again.
fn works_again(reader: &mut dyn CardReader) -> Verdict {
    until(Duration::from_secs(10), "the reader works again", || {
        Ok(reader.find().is_ok())
    })
}

/// Asks until a card is found, as a terminal does, also if a busy machine lets one answer be late.
fn wait_for_card(reader: &mut dyn CardReader) -> Verdict {
    until(
        Duration::from_secs(10),
        "a card is found",
        || match reader.find() {
            Err(ReaderError::NoAnswer) => Ok(false),
            found => found.map_err(|error| unexpected(&error)),
        },
    )
}

fn find(reader: &mut dyn CardReader) -> Result<bool, Stop> {
    reader.find().map_err(|error| unexpected(&error))
}

fn expect_error<T>(result: Result<T, ReaderError>) -> Result<ReaderError, Stop> {
    match result {
        Err(error) => Ok(error),
        Ok(_) => Err(Stop::Failed("it succeeds where it cannot".into())),
    }
}

fn unexpected(error: &ReaderError) -> Stop {
    Stop::Failed(format!("unexpected: {error}"))
}

fn plain() -> Card {
    Card::citizen()
}

fn other() -> Card {
    Card::with_new_address()
}

//! The reader of social security cards: its state, a card that is laid, a card's record.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yici_hal::address::Address;
use yici_hal::class::DeviceClass;
use yici_hal::id_card::{Sex, nation_name};
use yici_hal::smart_card;
use yici_hal::social_card::{self, SocialCard, SocialCardError, SocialCardReader};
use yici_hal::status::Cause;

use super::next_step::next_step;
use super::report::{Finding, Outcome, Unproven};
use crate::visit::mask;

/// How long the test waits for a card.
const TEST: Duration = Duration::from_secs(15);

/// Between two looks for a card.
const LOOK: Duration = Duration::from_millis(300);

pub(super) fn status(address: &Address) -> Finding {
    match social_card::open(address) {
        Ok(mut reader) => said(reader.as_mut()),
        Err(error) => unreadable(&error),
    }
}

/// The service answers for the reader: only a card proves it.
pub(super) fn test(address: &Address) -> Finding {
    let mut reader = match social_card::open(address) {
        Ok(reader) => reader,
        Err(error) => return unreadable(&error),
    };
    let status = said(reader.as_mut());
    if status.outcome != Outcome::AsSaid {
        return status;
    }
    match wait_and_read(reader.as_mut(), TEST) {
        Ok(Some(_)) => Finding {
            said: json!({"card": "read"}),
            outcome: Outcome::AsSaid,
        },
        Ok(None) => Finding {
            said: status.said,
            outcome: Outcome::Unproven(Unproven::Card),
        },
        Err(error) => unreadable(&error),
    }
}

/// Waits for a card and reads it; `None` if none came in time.
pub(super) fn read(address: &Address, wait: Duration, show: bool) -> miette::Result<Option<Value>> {
    let told = |error: SocialCardError| match error.cause() {
        Some(cause) => miette::miette!(help = next_step(DeviceClass::SocialCard, cause), "{error}"),
        None => miette::miette!(
            help = "重新放好或插好社保卡，芯片对着触点，读好再拿走 lay or insert the social security card again, chip to the contacts, and leave it",
            "{error}"
        ),
    };
    let mut reader = social_card::open(address).map_err(told)?;
    let card = wait_and_read(reader.as_mut(), wait).map_err(told)?;
    Ok(card.map(|card| record(&card, show)))
}

fn said(reader: &mut dyn SocialCardReader) -> Finding {
    let status = reader.status();
    let mut said = json!(status);
    if status.cause == Some(Cause::NotConnected) {
        // The address may only be spelt wrong.
        said["readers"] = json!(smart_card::readers().unwrap_or_default());
    }
    Finding {
        said,
        outcome: status.cause.into(),
    }
}

fn wait_and_read(
    reader: &mut dyn SocialCardReader,
    wait: Duration,
) -> Result<Option<SocialCard>, SocialCardError> {
    let end = Instant::now() + wait;
    eprintln!("lay or insert a social security card 请放置或插入社保卡");
    while !reader.find()? {
        if Instant::now() >= end {
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
    reader.read().map(Some)
}

fn unreadable(error: &SocialCardError) -> Finding {
    Finding::failed(error, error.cause().unwrap_or(Cause::Garbled))
}

/// A card's record; what tells who somebody is is masked unless shown on purpose.
fn record(card: &SocialCard, show: bool) -> Value {
    let (name, number, card_number, birth) = if show {
        (
            card.name.clone(),
            card.number.as_str().to_owned(),
            card.card_number.clone(),
            card.birth.to_date().to_string(),
        )
    } else {
        (
            mask::name(&card.name),
            mask::number(card.number.as_str()),
            mask::number(&card.card_number),
            "****".into(),
        )
    };
    json!({
        "cardNumber": card_number,
        "number": number,
        "name": name,
        "sex": card.sex.map(|sex| match sex {
            Sex::Male => "male",
            Sex::Female => "female",
            Sex::Unstated => "unstated",
        }),
        "nation": card.nation.as_deref().map(|code| nation_name(code).unwrap_or(code)),
        "birthplace": card.birthplace.as_deref().map(|code| if show { code } else { "****" }),
        "birth": birth,
        "masked": !show,
    })
}

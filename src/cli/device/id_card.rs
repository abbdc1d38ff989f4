//! The ID card reader: its state, its security module, a card's record.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yici_hal::address::Address;
use yici_hal::class::DeviceClass;
use yici_hal::id_card::photo::{BLOB, HEIGHT, PhotoDecoder, PhotoError, WIDTH};
use yici_hal::id_card::{self, CardKind, IdCard, ReaderError, Sex, Validity};
use yici_hal::status::Cause;

use super::next_step::next_step;
use super::report::{Finding, Outcome};
use crate::visit::mask;

pub(super) fn status(address: &Address) -> Finding {
    match id_card::open(address) {
        Ok(mut reader) => {
            let status = reader.status();
            let mut said = json!(status);
            if status.ready() {
                match reader.sam_id() {
                    Ok(id) => said["securityModule"] = json!(id),
                    // A reader of smart cards has none that could be asked.
                    Err(ReaderError::NoSamId) => {}
                    Err(error) => return unreadable(&error),
                }
            }
            Finding {
                said,
                outcome: status.cause.into(),
            }
        }
        Err(error) => unreadable(&error),
    }
}

/// Asks the security module for its number: nothing else answers that. Tells about the decoder of photos.
pub(super) fn test(address: &Address, decoder: Option<&PhotoDecoder>) -> Finding {
    let mut reader = match id_card::open(address) {
        Ok(reader) => reader,
        Err(error) => return unreadable(&error),
    };
    match reader.sam_id() {
        Ok(id) => Finding {
            said: with_decoder(json!({"securityModule": id}), decoder),
            outcome: Outcome::AsSaid,
        },
        // The service shows the reader; that it reads ID cards, only a card can prove.
        Err(ReaderError::NoSamId) => {
            let status = reader.status();
            let said = json!({"device": status.device, "securityModule": "notTold"});
            Finding {
                said: with_decoder(said, decoder),
                outcome: status.cause.into(),
            }
        }
        Err(error) => unreadable(&error),
    }
}

/// Adds what the decoder of photos comes to.
fn with_decoder(mut said: Value, decoder: Option<&PhotoDecoder>) -> Value {
    let Some(decoder) = decoder else {
        said["photoDecoder"] = json!("none");
        return said;
    };
    said["photoProgram"] = json!(decoder.program().display().to_string());
    said["photoDecoder"] = json!(match decoder.decode(&[0; BLOB]) {
        Ok(_) => "works",
        Err(PhotoError::Refused) => "refusesEmpty",
        Err(
            error @ (PhotoError::NoPhoto
            | PhotoError::Start(_)
            | PhotoError::TooSlow
            | PhotoError::TooLong
            | PhotoError::NoPicture),
        ) => {
            said["photoError"] = json!(error.to_string());
            "decoderFails"
        }
    });
    said
}

/// Waits for a card and reads it; `None` if none came in time.
pub(super) fn read(
    address: &Address,
    decoder: Option<&PhotoDecoder>,
    wait: Duration,
    show: bool,
) -> miette::Result<Option<Value>> {
    let told = |error: id_card::ReaderError| match error.cause() {
        Some(cause) => miette::miette!(help = next_step(DeviceClass::IdCard, cause), "{error}"),
        None => miette::miette!(
            help = "把卡放平，读好再拿走 lay the card flat and leave it until it was read",
            "{error}"
        ),
    };
    let mut reader = id_card::open(address).map_err(told)?;
    let end = Instant::now() + wait;
    eprintln!("lay a card on the reader 请把身份证平放在读卡区");
    while !reader.find().map_err(told)? {
        if Instant::now() >= end {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    let card = reader.read().map_err(told)?;
    Ok(Some(record(&card, decoder, show)))
}

fn unreadable(error: &id_card::ReaderError) -> Finding {
    Finding::failed(error, error.cause().unwrap_or(Cause::Garbled))
}

/// A card's record; what tells who somebody is is masked unless shown on purpose.
fn record(card: &IdCard, decoder: Option<&PhotoDecoder>, show: bool) -> Value {
    let name = |text: &str| {
        if show {
            text.to_owned()
        } else {
            mask::name(text)
        }
    };
    let number = |text: &str| {
        if show {
            text.to_owned()
        } else {
            mask::number(text)
        }
    };
    let day = |day: yici_hal::id_card::Day| day.to_date().to_string();
    json!({
        "kind": match card.kind {
            CardKind::Citizen => "citizen",
            CardKind::HkMacaoTaiwan => "hk-macao-taiwan",
            CardKind::Foreigner2023 => "foreigner-2023",
            CardKind::Foreigner2017 => "foreigner-2017",
        },
        "name": name(&card.name),
        "englishName": card.english_name.as_deref().map(name),
        "sex": card.sex.map(|sex| match sex {
            Sex::Male => "male",
            Sex::Female => "female",
            Sex::Unstated => "unstated",
        }),
        "nation": card.nation.as_deref().map(|code| id_card::nation_name(code).unwrap_or(code)),
        "birth": card.birth.map(|birth| if show { day(birth) } else { "****".into() }),
        "address": card.address.as_deref().map(name),
        "number": number(&card.number),
        "issuer": card.issuer.as_deref().map(name),
        "validFrom": card.valid_from.map(day),
        "validTo": match card.valid_to {
            Validity::Until(last) => json!(day(last)),
            Validity::LongTerm => json!("long-term"),
            Validity::Unreadable => Value::Null,
        },
        "passNumber": card.pass_number.as_deref().map(number),
        "nationality": card.nationality,
        "photoBytes": card.photo.len(),
        "photo": match decoder.map(|decoder| decoder.decode(&card.photo)) {
            None => "没有装解码程序 undecoded: no decoder is set up".to_owned(),
            Some(Ok(_)) => format!("已解码 decoded, {WIDTH}×{HEIGHT}"),
            Some(Err(error)) => format!("没有解码 undecoded: {error}"),
        },
        "masked": !show,
    })
}

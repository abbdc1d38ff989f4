//! The code scanner: its port, and a code that is held up.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yici_contract::SlipCode;
use yici_hal::address::Address;
use yici_hal::class::DeviceClass;
use yici_hal::code_scanner::{self, ScannerError, licence};
use yici_hal::status::Cause;

use super::next_step::next_step;
use super::report::{Finding, Outcome, Unproven};
use crate::visit::mask;

/// How long the test waits for a code.
const TEST: Duration = Duration::from_secs(15);

pub(super) fn status(address: &Address) -> Finding {
    match code_scanner::open(address) {
        Ok(mut scanner) => {
            let status = scanner.status();
            Finding::told(status, status.cause)
        }
        Err(error) => unreadable(&error),
    }
}

/// A scanner takes no questions: only a code that it reads proves it.
pub(super) fn test(address: &Address) -> Finding {
    let heard =
        code_scanner::open(address).and_then(|mut scanner| scanner.read(Instant::now() + TEST));
    match heard {
        Ok(Some(code)) => Finding {
            said: json!({"characters": code.text().chars().count()}),
            outcome: Outcome::AsSaid,
        },
        Ok(None) => Finding {
            said: json!({}),
            outcome: Outcome::Unproven(Unproven::Code),
        },
        Err(error) => unreadable(&error),
    }
}

/// Waits for a code and reads it; `None` if none came in time.
pub(super) fn read(address: &Address, wait: Duration, show: bool) -> miette::Result<Option<Value>> {
    let told = |error: ScannerError| match (error.cause(), &error) {
        (Some(cause), _) => miette::miette!(help = next_step(DeviceClass::Code, cause), "{error}"),
        (None, ScannerError::NotTyped) => miette::miette!(
            help = "scan the manual's setup code for USB serial (CDC, virtual COM) 请扫描说明书中的“USB 虚拟串口”设置码 (a technician)",
            "{error}"
        ),
        (None, _) => miette::miette!(
            help = "出示一个码，放平、露全 hold up one code, flat and whole",
            "{error}"
        ),
    };
    let mut scanner = code_scanner::open(address).map_err(told)?;
    eprintln!("hold a code up to the scanner 请把二维码或条形码对准扫码器");
    let code = scanner.read(Instant::now() + wait).map_err(told)?;
    Ok(code.map(|code| {
        let text = if show {
            code.text().to_owned()
        } else {
            mask::number(code.text())
        };
        let (kind, format) = kind(code.text());
        json!({
            "kind": kind,
            "format": format,
            "text": text,
            "characters": code.text().chars().count(),
            "masked": !show,
        })
    }))
}

fn unreadable(error: &ScannerError) -> Finding {
    Finding::failed(error, error.cause().unwrap_or(Cause::Garbled))
}

/// What a code is, and which format of electronic licences it has if it is one.
fn kind(text: &str) -> (&'static str, Option<&'static str>) {
    if SlipCode::parse(text).is_ok() {
        return ("slip", None);
    }
    match licence::parse(text) {
        Some(licence) => ("licence", Some(licence.format)),
        None => ("other", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_codes_are_told_apart() {
        for (text, expected) in [
            (
                "YICI1:0000000000000000:00112233445566778899AABBCCDDEEFF",
                ("slip", None),
            ),
            (
                "1.2.156.3005.2.11100000000013338W999.11990000MB99999999.20260000403.001.T",
                ("licence", Some("gbt-36904")),
            ),
            ("YICI1:0000000000000000:", ("other", None)),
            ("龙䶮，一次办", ("other", None)),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }
}

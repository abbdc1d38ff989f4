//! The code scanner: its port, and a code that is held up.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yici_hal::address::Address;
use yici_hal::code_scanner::{self, ScannerError};

use super::Finding;
use super::next_step::next_step;
use crate::visit::mask;

/// How long the test waits for a code.
const TEST: Duration = Duration::from_secs(15);

pub(super) fn status(address: &Address) -> Finding {
    match code_scanner::open(address) {
        Ok(mut scanner) => {
            let status = scanner.status();
            Finding {
                said: json!(status),
                cause: status.cause,
            }
        }
        Err(error) => unreadable(&error),
    }
}

/// A scanner takes no questions: only a code that it reads proves it.
pub(super) fn test(address: &Address) -> Finding {
    let heard = code_scanner::open(address).and_then(|mut scanner| {
        scanner.forget()?;
        eprintln!("hold any code up to the scanner 请把任意二维码或条形码对准扫码器");
        scanner.read(Instant::now() + TEST)
    });
    match heard {
        Ok(Some(code)) => Finding {
            said: json!({"characters": code.text().chars().count()}),
            cause: None,
        },
        Ok(None) => Finding {
            said: json!({"error": "没有读到码 no code was read"}),
            cause: Some(yici_hal::status::Cause::NoAnswer),
        },
        Err(error) => unreadable(&error),
    }
}

/// Waits for a code and reads it; `None` if none came in time.
pub(super) fn read(address: &Address, wait: Duration, show: bool) -> miette::Result<Option<Value>> {
    let told = |error: ScannerError| match error.cause() {
        Some(cause) => miette::miette!(help = next_step(cause), "{error}"),
        None => miette::miette!(help = "hold up one code, flat and whole", "{error}"),
    };
    let mut scanner = code_scanner::open(address).map_err(told)?;
    scanner.forget().map_err(told)?;
    eprintln!("hold a code up to the scanner 请把二维码或条形码对准扫码器");
    let code = scanner.read(Instant::now() + wait).map_err(told)?;
    Ok(code.map(|code| {
        let text = if show {
            code.text().to_owned()
        } else {
            mask::number(code.text())
        };
        json!({"text": text, "characters": code.text().chars().count(), "masked": !show})
    }))
}

fn unreadable(error: &ScannerError) -> Finding {
    Finding {
        said: json!({"error": error.to_string()}),
        cause: error.cause().or(Some(yici_hal::status::Cause::Garbled)),
    }
}

//! What `kiosk uplink check` looks at.

use jiff::Timestamp;
use yici_contract::problem::Kind;
use yici_contract::proof::MAX_CLOCK_ERROR;

use super::{Fault, Silence, Uplink};

/// What is known of the way to upstream. What could not be found out is none.
#[derive(Debug, Default, serde::Serialize)]
pub struct Check {
    /// Whether somebody answers.
    pub reachable: bool,
    /// Whether the server's certificate is by the configured CA, for this name, now.
    pub certificate: Option<bool>,
    /// Whether the configured key is the one that upstream wants cases sealed to.
    pub key_current: Option<bool>,
    /// How far the terminal's clock is ahead of upstream's, in seconds.
    pub clock_ahead_seconds: Option<i64>,
    /// Whether upstream takes this terminal's proofs.
    pub enrolled: Option<bool>,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// A code that stays.
    pub code: String,
    /// What is found, in plain words.
    pub message: String,
    /// What to do about it.
    pub next: &'static str,
}

/// Looks at everything that can be wrong between terminal and upstream.
pub async fn check(uplink: &Uplink) -> Check {
    let mut check = Check::default();
    let time = match uplink.time().await {
        Ok(time) => time,
        Err(fault) => {
            check.silent(&fault);
            return check;
        }
    };
    check.reachable = true;
    check.certificate = Some(true);
    let ahead = Timestamp::now().duration_since(time.now);
    check.clock_ahead_seconds = Some(ahead.as_secs());
    if ahead.abs() > MAX_CLOCK_ERROR {
        check.found(
            "clock-off",
            format!("the clock is {} s ahead of upstream's", ahead.as_secs()),
            "set the terminal's clock; deliveries go on by upstream's time",
        );
    }
    let current = time.key == uplink.upstream.id();
    check.key_current = Some(current);
    if !current {
        check.found(
            "key-other",
            format!(
                "upstream wants cases sealed to key {}, configured is {}",
                time.key,
                uplink.upstream.id()
            ),
            "ask upstream's staff for the public key, and put it under [upstream] as `key`",
        );
    }
    if time.version != yici_contract::VERSION {
        check.found(
            "version",
            format!("upstream speaks version {} of the contract", time.version),
            "update the terminal or upstream",
        );
    }
    match uplink.enrolled().await {
        Ok(()) => check.enrolled = Some(true),
        Err(Fault::Problem(Kind::UnknownDevice)) => {
            check.enrolled = Some(false);
            check.found(
                "not-enrolled",
                format!(
                    "upstream does not know this terminal's key, {}",
                    uplink.device.public().id()
                ),
                "have upstream's staff enrol the public key that `kiosk uplink key` prints",
            );
        }
        Err(Fault::Problem(Kind::KeyGone)) => check.found(
            "key-gone",
            "upstream has the configured key no more".into(),
            "ask upstream's staff for the public key, and put it under [upstream] as `key`",
        ),
        Err(fault) => check.found(
            &fault.code(),
            fault.to_string(),
            "ask upstream's staff; the service answers, but not as the contract says",
        ),
    }
    check
}

impl Check {
    fn silent(&mut self, fault: &Fault) {
        let next = match fault {
            Fault::Silent(Silence::NoConnection | Silence::TooSlow | Silence::BrokeOff) => {
                "check the network, upstream's address in the configuration, and that it serves"
            }
            Fault::Silent(Silence::Certificate) => {
                self.reachable = true;
                self.certificate = Some(false);
                "put the CA file that upstream's staff gave under [upstream] as `ca`; \
                 if it is the right one, somebody else answers: find out who"
            }
            Fault::Silent(Silence::CertificateTime) => {
                self.reachable = true;
                self.certificate = Some(false);
                "set the terminal's clock; if it is right, upstream needs a new certificate"
            }
            Fault::Problem(_)
            | Fault::ClockOff { .. }
            | Fault::Status(_)
            | Fault::TooLong(_)
            | Fault::NoReceipt
            | Fault::OtherReceipt
            | Fault::Unprovable => {
                self.reachable = true;
                self.certificate = Some(true);
                "check upstream's address in the configuration: what answers there is no upstream"
            }
        };
        self.found(&fault.code(), fault.to_string(), next);
    }

    fn found(&mut self, code: &str, message: String, next: &'static str) {
        self.findings.push(Finding {
            code: code.to_owned(),
            message,
            next,
        });
    }
}

//! Who opened what is personal in a case, and why. Kept for good, so longer than the six months that
//! are asked for.
//!
//! Triggers keep the log from being changed by this program or a slip of the hand; whoever owns the
//! file can do as they please with it, so it is to be copied elsewhere with the backups.

use std::fmt::Write;
use std::fs;

use jiff::Timestamp;
use rusqlite::params;
use serde_json::json;
use yici_contract::CaseNumber;

use crate::cli::Format;
use crate::store::{Store, StoreError, number, time};

/// One opening. Nothing personal of the case is in it.
pub struct Access {
    /// When.
    pub at: Timestamp,
    /// Who: `device ID`, or `uid N` of the person who ran a command.
    pub who: String,
    /// What for.
    pub what: What,
    /// The case.
    pub number: CaseNumber,
    /// Why, in words, if a person opened it.
    pub why: Option<String>,
}

/// What a case is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// To be shown whole, by `case show --open`.
    Show,
    /// To compare an ID card, which is one of the case's people's.
    Card,
    /// To compare an ID card, which is somebody else's.
    WrongCard,
}

/// The longest reason, in characters.
pub const MAX_REASON: usize = 200;

/// A reason that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a reason has 1 to {MAX_REASON} characters, and no number of a person or telephone")]
pub struct NoReason;

impl Store {
    /// Adds an opening to the log, synced to disk: only then may what was opened be shown.
    pub fn log_access(&self, access: &Access) -> Result<(), StoreError> {
        self.lock().execute(
            "INSERT INTO accesses (at, who, what, number, why) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                access.at.to_string(),
                access.who,
                access.what.code(),
                access.number.to_string(),
                access.why,
            ],
        )?;
        Ok(())
    }

    /// The whole log, in order.
    pub fn accesses(&self) -> Result<Vec<Access>, StoreError> {
        let connection = self.lock();
        let mut statement =
            connection.prepare("SELECT at, who, what, number, why FROM accesses ORDER BY id")?;
        let mut rows = statement.query([])?;
        let mut accesses = Vec::new();
        while let Some(row) = rows.next()? {
            accesses.push(Access {
                at: time(&row.get::<_, String>(0)?)?,
                who: row.get(1)?,
                what: What::from_code(&row.get::<_, String>(2)?)
                    .ok_or(StoreError::Broken("access"))?,
                number: number(&row.get::<_, String>(3)?)?,
                why: row.get(4)?,
            });
        }
        Ok(accesses)
    }
}

/// Who runs this command, as the kernel knows: `uid 0`, and `uid 0 for 1000` when user 1000 logged in
/// and became another.
pub fn user() -> String {
    let uid = rustix::process::getuid().as_raw();
    let login = fs::read_to_string("/proc/self/loginuid").ok();
    let login: Option<u32> = login.and_then(|text| text.trim().parse().ok());
    match login {
        // The kernel's word for nobody is the largest number.
        Some(login) if login != uid && login != u32::MAX => format!("uid {uid} for {login}"),
        Some(_) | None => format!("uid {uid}"),
    }
}

/// Takes a reason from the command line. A slip of the pen is caught here: the number of an ID card
/// or a mobile telephone has eleven digits in a row.
pub fn reason(text: &str) -> Result<String, NoReason> {
    let text = text.trim();
    let fits = (1..=MAX_REASON).contains(&text.chars().count());
    let longest = text
        .split(|c: char| !c.is_numeric())
        .map(|digits| digits.chars().count())
        .max();
    if fits && longest.unwrap_or(0) < 11 && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(NoReason)
    }
}

/// The log, to be printed.
pub fn list(accesses: &[Access], format: Format) -> String {
    match format {
        Format::Text => accesses.iter().fold(String::new(), |mut text, a| {
            let (at, who, what, number) = (a.at, &a.who, a.what.code(), a.number);
            let why = a.why.as_deref().unwrap_or("-");
            let _ = writeln!(text, "{at}  {number}  {what}  {who}  {why}");
            text
        }),
        Format::Json => {
            let accesses: Vec<_> = accesses
                .iter()
                .map(|a| {
                    json!({
                        "at": a.at, "number": a.number, "what": a.what.code(), "who": a.who,
                        "why": a.why,
                    })
                })
                .collect();
            format!("{}\n", json!({ "accesses": accesses }))
        }
    }
}

impl What {
    const ALL: [What; 3] = [What::Show, What::Card, What::WrongCard];

    fn code(self) -> &'static str {
        match self {
            What::Show => "show",
            What::Card => "card",
            What::WrongCard => "wrong-card",
        }
    }

    fn from_code(code: &str) -> Option<What> {
        What::ALL.into_iter().find(|what| what.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_given_and_has_no_personal_number() {
        assert_eq!(reason(" 复核 2026-17 "), Ok("复核 2026-17".to_owned()));
        let long = "长".repeat(MAX_REASON + 1);
        for none in [
            "",
            "  ",
            &long,
            "查 11010519491231002X",
            "13912345678",
            "１３９１２３４５６７８",
            "a\nb",
        ] {
            assert_eq!(reason(none), Err(NoReason), "{none}");
        }
    }

    #[test]
    fn the_log_is_only_added_to() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&format!("sqlite:{}", dir.path().join("db").display())).unwrap();
        let access = Access {
            at: Timestamp::now(),
            who: user(),
            what: What::Show,
            number: CaseNumber::random().unwrap(),
            why: Some("复核".to_owned()),
        };
        store.log_access(&access).unwrap();
        for change in [
            "UPDATE accesses SET who = 'nobody'",
            "DELETE FROM accesses",
            "REPLACE INTO accesses SELECT id, at, 'nobody', what, number, why FROM accesses",
        ] {
            let refused = store.lock().execute(change, []).unwrap_err();
            assert!(refused.to_string().contains("only added to"), "{refused}");
        }
        store.log_access(&access).unwrap();
        let log = store.accesses().unwrap();
        assert_eq!(log.len(), 2);
        assert!(log.iter().all(|a| a.who.starts_with("uid ")));
    }
}

//! Ages and opening hours as the files write them.

use std::fmt;
use std::str::FromStr;

use jiff::Span;
use jiff::civil::{Date, Time, Weekday};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Text;

/// An age as an ISO 8601 duration of years, months, weeks and days, such as `P1Y6M`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("format" = "yici-age", "pattern" = r"^P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?$"))]
pub struct Age {
    text: String,
    months: i32,
    days: i32,
}

impl Age {
    /// The first day on which somebody born on `date` has this age. (Born on 29 February, one
    /// is a year old on 28 February of a year without the 29th.)
    pub fn reached(&self, date: Date) -> Option<Date> {
        date.checked_add(Span::new().months(self.months).days(self.days))
            .ok()
    }

    /// The age in words, as "1 year 6 months".
    pub(crate) fn words(&self) -> Text {
        let (mut zh, mut en) = (String::new(), Vec::new());
        for (count, unit, one) in [
            (self.months / 12, "年", "year"),
            (self.months % 12, "个月", "month"),
            (self.days, "天", "day"),
        ] {
            if count > 0 {
                zh += &format!("{count}{unit}");
                en.push(format!(
                    "{count} {one}{}",
                    if count == 1 { "" } else { "s" }
                ));
            }
        }
        match en.is_empty() {
            true => Text::of("0天", "0 days"),
            false => Text::of(zh, en.join(" ")),
        }
    }

    /// Whether both are the same age, however they are written.
    pub fn is_same(&self, other: &Age) -> bool {
        (self.months, self.days) == (other.months, other.days)
    }

    /// Whether this age is reached before the other whatever the day of birth.
    pub fn is_before(&self, other: &Age) -> bool {
        // Months and days only compare on a calendar: a short and a long month decide. From the
        // first of each month of four years every sum of months' lengths is met.
        (0..48).all(|month| {
            let start = jiff::civil::date(2001, 1, 1).checked_add(Span::new().months(month));
            match start.map(|day| (self.reached(day), other.reached(day))) {
                Ok((Some(a), Some(b))) => a < b,
                Ok((None, _) | (_, None)) | Err(_) => false,
            }
        })
    }
}

impl FromStr for Age {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Age, Self::Err> {
        const SHAPE: &str = "an age must be written like \"P1Y\", \"P6M\" or \"P1Y6M\"";
        // The parser also takes "1 year" and times of day; a file has one way to write an age.
        if !text.starts_with('P')
            || text.contains(|c: char| !c.is_ascii_digit() && !"PYMWD".contains(c))
        {
            return Err(SHAPE);
        }
        let span: Span = text.parse().map_err(|_| SHAPE)?;
        let months = i32::from(span.get_years())
            .saturating_mul(12)
            .saturating_add(span.get_months());
        let days = span
            .get_weeks()
            .saturating_mul(7)
            .saturating_add(span.get_days());
        if months > 200 * 12 || days > 200 * 366 {
            return Err("an age may not be more than 200 years");
        }
        Ok(Age {
            text: text.to_owned(),
            months,
            days,
        })
    }
}

/// Weekdays, as `mon-fri`, `sat` or `mon-wed,fri`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend(
    "format" = "yici-days",
    "pattern" = "^(mon|tue|wed|thu|fri|sat|sun)([-,](mon|tue|wed|thu|fri|sat|sun))*$"
))]
pub struct OpenDays {
    text: String,
    days: Vec<Weekday>,
}

impl OpenDays {
    /// The days, Monday first.
    pub fn days(&self) -> &[Weekday] {
        &self.days
    }
}

impl FromStr for OpenDays {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<OpenDays, Self::Err> {
        const SHAPE: &str = "days must be written like \"mon-fri\", \"sat\" or \"mon-wed,fri\"";
        let mut open = [false; 7];
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let place = |name: &str| WEEK.iter().position(|(n, _)| *n == name).ok_or(SHAPE);
            let (first, last) = (place(first)?, place(last)?);
            if first > last {
                return Err(SHAPE);
            }
            for day in &mut open[first..=last] {
                if std::mem::replace(day, true) {
                    return Err("a day is named twice");
                }
            }
        }
        let days = WEEK.iter().zip(open).filter(|(_, open)| *open);
        Ok(OpenDays {
            text: text.to_owned(),
            days: days.map(|((_, day), _)| *day).collect(),
        })
    }
}

const WEEK: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// A stretch of a day, as `09:00-12:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("format" = "yici-hours", "pattern" = r"^\d\d:\d\d-\d\d:\d\d$"))]
pub struct OpenTime {
    /// When it opens.
    pub from: Time,
    /// When it closes.
    pub until: Time,
}

impl FromStr for OpenTime {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<OpenTime, Self::Err> {
        const SHAPE: &str = "hours must be written like \"09:00-12:00\"";
        let time = |part: &str| match part.split_once(':') {
            Some((h, m)) if h.len() == 2 && m.len() == 2 && !part.contains('+') => {
                let (h, m) = (h.parse().ok()?, m.parse().ok()?);
                Time::new(h, m, 0, 0).ok()
            }
            Some(_) | None => None,
        };
        let (from, until) = text.split_once('-').ok_or(SHAPE)?;
        let (from, until) = (time(from).ok_or(SHAPE)?, time(until).ok_or(SHAPE)?);
        if from >= until {
            return Err("hours must end after they start");
        }
        Ok(OpenTime { from, until })
    }
}

impl fmt::Display for Age {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for OpenDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for OpenTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, until) = (self.from, self.until);
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            from.hour(),
            from.minute(),
            until.hour(),
            until.minute()
        )
    }
}

macro_rules! string_form {
    ($($type:ty),*) => {$(
        impl TryFrom<String> for $type {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> String {
                value.to_string()
            }
        }
    )*};
}

string_form!(Age, OpenDays, OpenTime);

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn age(text: &str) -> Age {
        text.parse().unwrap()
    }

    #[test]
    fn ages_are_reached_on_their_day() {
        let born = date(2024, 2, 29);
        assert_eq!(age("P1Y").reached(born), Some(date(2025, 2, 28)));
        assert_eq!(
            age("P1Y").reached(date(2025, 11, 24)),
            Some(date(2026, 11, 24))
        );
        assert_eq!(age("P1Y6M").reached(born), Some(date(2025, 8, 29)));
        assert_eq!(age("P2W1D").reached(born), Some(date(2024, 3, 15)));
        assert_eq!(age("P200Y").reached(date(9900, 1, 1)), None);
    }

    #[test]
    fn ages_compare_whatever_the_month() {
        assert!(age("P12M").is_same(&age("P1Y")));
        assert!(age("P6M").is_before(&age("P1Y")));
        // A month may have 30 days, fewer or more.
        assert!(!age("P1M").is_before(&age("P30D")));
        assert!(!age("P30D").is_before(&age("P1M")));
        assert!(age("P1M").is_before(&age("P32D")));
        // From the first of March, eight months are 245 days.
        assert!(!age("P8M").is_before(&age("P244D")));
        assert!(age("P8M").is_before(&age("P246D")));
        assert!(!age("P1Y").is_before(&age("P366D")));
    }

    #[test]
    fn only_one_way_to_write_an_age() {
        for text in [
            "1 year", "P", "", "-P1Y", "P-1Y", "p1y", "P1.5Y", "PT1H", "P1Y ", "P99999Y", "P2401M",
        ] {
            assert!(text.parse::<Age>().is_err(), "{text}");
        }
        assert_eq!(age("P1Y6M").to_string(), "P1Y6M");
    }

    #[test]
    fn days_and_hours() {
        let days: OpenDays = "mon-wed,fri".parse().unwrap();
        assert_eq!(
            days.days(),
            [
                Weekday::Monday,
                Weekday::Tuesday,
                Weekday::Wednesday,
                Weekday::Friday
            ]
        );
        for text in ["", "fri-mon", "mon,mon", "mon-fri,wed", "monday", "mon-"] {
            assert!(text.parse::<OpenDays>().is_err(), "{text}");
        }
        let hours: OpenTime = "09:00-12:30".parse().unwrap();
        assert_eq!(hours.until, Time::constant(12, 30, 0, 0));
        assert_eq!(hours.to_string(), "09:00-12:30");
        for text in [
            "",
            "9:00-12:00",
            "09:00",
            "09:00-24:00",
            "09:00-09:00",
            "09:60-12:00",
            "+9:00-12:00",
        ] {
            assert!(text.parse::<OpenTime>().is_err(), "{text}");
        }
    }
}

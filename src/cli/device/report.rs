//! What a look at the devices came to: for people in their language, for programs as JSON.

use std::fmt::Display;
use std::io::IsTerminal;

use serde::Serialize;
use serde_json::{Map, Value, json};
use yici_catalog::{Lang, Text};
use yici_hal::class::DeviceClass;
use yici_hal::slip::columns;
use yici_hal::status::{Actor, Cause};
use yici_hal::transport::TransportError;

use super::{Format, Verdict, print_json, print_line};
use crate::health::{Journey, Part, Trouble, blocks, happened, journeys, next_step};
use crate::selftest::{Check, State, Step};

/// What one device came to.
pub(super) struct Finding {
    /// Its own words: an object whose values are the words of `hal::status`, numbers, or texts.
    pub(super) said: Value,
    /// What is to be made of them.
    pub(super) outcome: Outcome,
}

impl Finding {
    /// Of a device that told its state.
    pub(super) fn told(status: impl Serialize, cause: Option<Cause>) -> Finding {
        Finding {
            said: json!(status),
            outcome: cause.into(),
        }
    }

    /// Of a device that could not be asked or tried.
    pub(super) fn failed(error: &impl Display, cause: Cause) -> Finding {
        Finding {
            said: json!({"error": error.to_string()}),
            outcome: Outcome::Fault(cause),
        }
    }

    /// Of a device whose link cannot be opened.
    pub(super) fn unreachable(error: &TransportError) -> Finding {
        Finding {
            said: json!({"device": error.cause().device(), "error": error.to_string()}),
            outcome: Outcome::Fault(error.cause()),
        }
    }
}

/// What is to be made of a device's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// They say it all.
    AsSaid,
    /// It does not work.
    Fault(Cause),
    /// Its test shows neither that it works nor that it does not.
    Unproven(Unproven),
}

impl From<Option<Cause>> for Outcome {
    fn from(cause: Option<Cause>) -> Self {
        cause.map_or(Self::AsSaid, Self::Fault)
    }
}

/// Why a test shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unproven {
    /// The printer gives no proof of what it printed.
    Print,
    /// No card was laid in time, or none was seen.
    Card,
    /// No code was held up in time, or none was read.
    Code,
    /// No finger came in time, or none was felt.
    Finger,
}

impl Unproven {
    fn says(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Self::Print => (
                "已经打了，打印机不能证明打好了",
                "sent, and the printer cannot prove that it came out",
            ),
            Self::Card => ("没有试：没有放卡", "not tried: no card was laid"),
            Self::Code => ("没有试：没有出示码", "not tried: no code was held up"),
            Self::Finger => (
                "没有试：没有人点屏幕",
                "not tried: nobody touched the screen",
            ),
        };
        lang.pick(zh, en)
    }

    fn next(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Self::Print => ("看一眼是不是完整出来了", "look whether it came out whole"),
            Self::Card => (
                "放好卡再试；放了还是这样，就报修",
                "try again with a card; if one lies there already, have it repaired",
            ),
            Self::Code => (
                "把码对准再试；对准了还是这样，就查线和地址里的速率",
                "hold one up and try again; if one was, check the cable and the speed in its URL",
            ),
            Self::Finger => (
                "点着屏幕再试；点了还是这样，就查触摸屏的线",
                "touch it and try again; if somebody did, check the panel's cable",
            ),
        };
        lang.pick(zh, en)
    }
}

/// One device and what it came to.
pub(super) struct Line {
    pub(super) class: DeviceClass,
    /// Its URL; for what the system finds by itself the system's name; nothing for what is missed.
    pub(super) device: Option<String>,
    pub(super) finding: Finding,
}

impl Line {
    fn state(&self) -> State {
        let unsure = |(key, bad): (&str, &[&str])| {
            self.finding.said[key]
                .as_str()
                .is_some_and(|word| bad.contains(&word))
        };
        // The word for the device decides, and for a printer its paper, for a scanner whether it
        // scans (see `ready` in hal::status); that nobody knows whether a card lies there is no doubt.
        let doubts: [(&str, &[&str]); 6] = [
            (
                "device",
                &["offline", "powerOff", "noDevice", "starting", "deviceBusy"],
            ),
            ("paper", &["unknown"]),
            ("scanner", &["unknown"]),
            ("cameras", &["unknown"]),
            ("screen", &["unknown"]),
            ("sound", &["unknown"]),
        ];
        match self.finding.outcome {
            Outcome::Fault(_) => State::Fault,
            Outcome::Unproven(_) => State::Unknown,
            Outcome::AsSaid if doubts.into_iter().any(unsure) => State::Unknown,
            Outcome::AsSaid => State::Good,
        }
    }

    fn cause(&self) -> Option<Cause> {
        match self.finding.outcome {
            Outcome::Fault(cause) => Some(cause),
            Outcome::AsSaid | Outcome::Unproven(_) => None,
        }
    }

    /// What happened, where its own words do not say it.
    fn happened(&self, lang: Lang) -> Option<String> {
        match self.finding.outcome {
            Outcome::AsSaid => None,
            Outcome::Fault(cause) => Some(happened(Trouble::Fault(cause), lang)),
            Outcome::Unproven(why) => Some(why.says(lang).to_owned()),
        }
    }

    /// What is to be done about that.
    fn next(&self) -> Option<Step> {
        let part = Part::Device(self.class);
        let both = |say: &dyn Fn(Lang) -> &'static str| Text {
            zh: say(Lang::Zh).to_owned(),
            en: say(Lang::En).to_owned(),
        };
        match self.finding.outcome {
            Outcome::AsSaid => None,
            Outcome::Fault(cause) => {
                let trouble = Trouble::Fault(cause);
                Some(Step {
                    what: both(&|lang| next_step(part, trouble, lang)),
                    actor: trouble.actor(),
                })
            }
            // Whoever tries it stands there.
            Outcome::Unproven(why) => Some(Step {
                what: both(&|lang| why.next(lang)),
                actor: Actor::Staff,
            }),
        }
    }

    fn name(&self, lang: Lang) -> &'static str {
        Part::Device(self.class).name(lang)
    }

    /// The same for the readiness report.
    pub(super) fn check(&self) -> Check {
        let part = Part::Device(self.class);
        let says = |lang| self.happened(lang).unwrap_or_else(|| self.spoken(lang));
        let both = |say: &dyn Fn(Lang) -> String| Text {
            zh: say(Lang::Zh),
            en: say(Lang::En),
        };
        Check {
            id: part.id(),
            name: both(&|lang| part.name(lang).to_owned()),
            state: self.state(),
            says: both(&says),
            next: self.next(),
        }
    }

    /// What citizens cannot do meanwhile.
    fn taken_off(&self) -> impl Iterator<Item = &'static Journey> {
        let off = self.cause().is_some_and(|cause| blocks(self.class, cause));
        journeys(Part::Device(self.class))
            .iter()
            .filter(move |_| off)
    }

    fn json(&self, lang: Lang) -> Value {
        let next = self.next();
        json!({
            "class": self.class,
            "device": self.device,
            "state": match self.state() {
                State::Good => "good",
                State::Unknown => "unknown",
                State::Fault => "fault",
            },
            "says": self.finding.said,
            "cause": self.cause(),
            "happened": self.happened(lang),
            "actor": next.as_ref().map(|next| next.actor),
            "next": next.as_ref().map(|next| next.what.get(lang)),
            "citizens": self.taken_off().map(|journey| journey.without(lang)).collect::<Vec<_>>(),
        })
    }

    /// Its lines, the first with sign, name and place.
    fn text(&self, lang: Lang, ink: Ink) -> String {
        let (sign, colour) = match self.state() {
            State::Good => ("✓", GREEN),
            State::Unknown => ("?", YELLOW),
            State::Fault => ("✗", RED),
        };
        let place = self.device.as_deref().unwrap_or_default();
        let mut text = format!(
            "{} {} {}",
            ink.paint(sign, colour),
            padded(self.name(lang)),
            ink.paint(place, DIM)
        );
        let mut add = |line: &str| {
            text += "\n    ";
            text += line;
        };
        // What the system said is for whoever looks it up, and is English everywhere.
        let (meanwhile, next, why) = match lang {
            Lang::Zh => ("这期间：", "下一步：", "系统原话："),
            Lang::En => ("meanwhile: ", "next: ", "reason: "),
        };
        match self.happened(lang) {
            Some(happened) => {
                add(&happened);
                if let Some(error) = self.finding.said["error"].as_str() {
                    add(&ink.paint(&format!("{why}{error}"), DIM));
                }
            }
            None => {
                let said = self.spoken(lang);
                if !said.is_empty() {
                    add(&said);
                }
            }
        }
        match self.next() {
            Some(step) => add(&format!("{next}{}", step.line(lang))),
            None if self.state() == State::Unknown => add(&match lang {
                Lang::Zh => format!("{next}用 kiosk device test 试一试"),
                Lang::En => format!("{next}try it with `kiosk device test`"),
            }),
            None => {}
        }
        for journey in self.taken_off() {
            add(&format!("{meanwhile}{}", journey.without(lang)));
        }
        text
    }

    /// Its words as people say them; what is not known here is said as it came. Of a device that works
    /// nobody wants to hear what it cannot tell.
    fn spoken(&self, lang: Lang) -> String {
        let nothing = Map::new();
        let fields = self.finding.said.as_object().unwrap_or(&nothing);
        let good = self.state() == State::Good;
        let parts: Vec<String> = fields
            .iter()
            .filter(|(_, value)| !(value.is_null() || good && *value == "unknown"))
            .map(|(key, value)| {
                let value = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                format!("{} {}", label(self.class, key, lang), word(&value, lang))
            })
            .collect();
        parts.join(" · ")
    }
}

/// Prints what was found; findings make exit code 1.
pub(super) fn print(lines: &[Line], lang: Lang, format: Format) -> miette::Result<Verdict> {
    match format {
        Format::Json => print_json(&lines.iter().map(|line| line.json(lang)).collect::<Vec<_>>())?,
        Format::Text => {
            let ink = Ink::for_stdout();
            for line in lines {
                print_line(&line.text(lang, ink))?;
            }
            print_line(&summary(lines, lang))?;
        }
    }
    Ok(
        match lines.iter().any(|line| line.state() == State::Fault) {
            true => Verdict::Findings,
            false => Verdict::Fine,
        },
    )
}

/// One line that says it all to whoever is in a hurry.
fn summary(lines: &[Line], lang: Lang) -> String {
    let count = |state| lines.iter().filter(|line| line.state() == state).count();
    let (good, unknown, fault) = (
        count(State::Good),
        count(State::Unknown),
        count(State::Fault),
    );
    let parts = match lang {
        Lang::Zh => [
            (good, format!("{good} 个正常")),
            (unknown, format!("{unknown} 个说不清")),
            (fault, format!("{fault} 个有故障")),
        ],
        Lang::En => [
            (good, format!("{good} good")),
            (unknown, format!("{unknown} cannot be told")),
            (fault, format!("{fault} with a fault")),
        ],
    };
    let said: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(_, said)| said)
        .collect();
    match (lang, said.is_empty()) {
        (Lang::Zh, true) => "没有设备".into(),
        (Lang::En, true) => "no devices".into(),
        (Lang::Zh, false) => said.join("，"),
        (Lang::En, false) => said.join(", "),
    }
}

/// A name filled up to a column of a terminal window, where an ideograph takes two places.
pub(in crate::cli) fn padded(name: &str) -> String {
    const ROOM: usize = 28;
    format!("{name}{}", " ".repeat(ROOM.saturating_sub(columns(name))))
}

fn label(class: DeviceClass, key: &str, lang: Lang) -> &str {
    let (zh, en) = match (key, class) {
        ("device", _) => ("状态", "status"),
        ("paper", _) => ("纸", "paper"),
        ("media", DeviceClass::Printer | DeviceClass::FormPrinter) => ("出纸口", "outlet"),
        ("media", _) => ("读卡区", "card"),
        ("scanner", _) => ("扫码", "scanning"),
        ("securityModule", _) => ("安全模块", "security module"),
        ("photoDecoder", _) => ("照片解码", "photos of cards"),
        ("printed", DeviceClass::FormPrinter) => ("测试页", "test page"),
        ("printed", _) => ("测试单", "test slip"),
        ("cameras", _) => ("画面", "pictures"),
        ("picture", _) => ("拍到的画面", "picture taken"),
        ("page", _) => ("纸张", "page"),
        ("cut", _) => ("裁好的页面", "page cut out"),
        ("pages", _) => ("打印机数的页数", "pages that the printer counted"),
        ("characters", _) => ("读到的字数", "characters read"),
        ("name", _) => ("名称", "name"),
        ("mode", _) => ("分辨率", "mode"),
        ("screen", _) => ("接头", "connector"),
        ("finger", _) => ("手指", "finger"),
        ("card", _) => ("卡", "card"),
        ("photoProgram", _) => ("解码程序", "decoder"),
        ("photoError", _) => ("它的原话", "it says"),
        ("saved", _) => ("画面存在", "picture kept in"),
        ("notSaved", _) => ("画面没有存下", "picture not kept"),
        ("sound", _) => ("出声", "sound"),
        _ => (key, key),
    };
    lang.pick(zh, en)
}

fn word(value: &str, lang: Lang) -> &str {
    let (zh, en) = match value {
        "none" => (
            "没有装程序，照片不解码",
            "no program is set up, they stay undecoded",
        ),
        "online" => ("正常", "works"),
        "offline" => ("脱机", "offline"),
        "powerOff" => ("关着", "switched off"),
        "noDevice" => ("没有", "none"),
        "hardwareError" => ("硬件故障", "hardware fault"),
        "userError" => ("要人处理", "needs a hand"),
        "deviceBusy" => ("正忙", "busy"),
        "starting" => ("端口打得开，还没说过话", "port opens, nothing heard yet"),
        "unknown" => ("说不清", "cannot be told"),
        "full" => ("足够", "enough"),
        "low" => ("快用完了", "nearly out"),
        "out" => ("没有了", "out"),
        "jammed" => ("卡住了", "jammed"),
        "present" => ("有", "there"),
        "notPresent" => ("空", "free"),
        "on" => ("开着", "on"),
        "off" => ("关着", "off"),
        "completed" => ("打印机说打好了", "the printer says that it is on paper"),
        "failed" => ("没打成", "not printed, or not whole"),
        "calledOff" => ("在打印机上被取消了", "called off at the printer"),
        "connected" => ("接着屏幕", "a screen is there"),
        "disconnected" => ("没有接屏幕", "no screen"),
        "ok" => ("有", "come"),
        "inoperable" => ("坏了", "broken"),
        "straightened" => ("找到了，已经摆正", "found and made straight"),
        // Why a picture is no page (hal::camera::Refusal), and what to do.
        "tooDark" => (
            "太暗；打开高拍仪的灯",
            "too dark; switch on the camera's light",
        ),
        "noPage" => (
            "没找到；把一页纸平放在深色底板中间，四边都露出来",
            "none found; lay one flat in the middle of the dark base, all four edges in sight",
        ),
        "cutOff" => (
            "没拍全；移到中间，手拿开",
            "cut off; move it to the middle and take hands away",
        ),
        "moreThanOne" => ("不止一页；一次放一页", "more than one; lay one at a time"),
        "tooSmall" => (
            "太小或太远；放近一些，或把镜头调低",
            "too small; lay it closer, or lower the camera",
        ),
        "blurred" => (
            "模糊；放平别动，镜头擦干净",
            "blurred; lay it flat, keep it still, wipe the lens",
        ),
        "glare" => (
            "反光；转一下纸或挪开灯，从塑料套里取出来",
            "it shines; turn it or move the lamp, take it out of plastic",
        ),
        "felt" => ("点到了", "felt"),
        "read" => ("读到了，校验都对", "read, and its checks hold"),
        "notTold" => (
            "读卡服务（PC/SC）不报；用 kiosk device read 放一张卡来试",
            "not told through the PC/SC service; prove it by `kiosk device read`",
        ),
        "works" => ("能用", "work"),
        "refusesEmpty" => (
            "程序能运行，空照片不解；用 kiosk device read 放一张卡来试",
            "its program runs and refuses an empty photo; prove it by `kiosk device read`",
        ),
        "decoderFails" => ("程序用不了", "its program does not work"),
        other => (other, other),
    };
    lang.pick(zh, en)
}

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const DIM: &str = "2";

/// Colours, where there is somebody to see them (https://no-color.org).
#[derive(Debug, Clone, Copy)]
pub(super) struct Ink(bool);

impl Ink {
    pub(super) fn for_stdout() -> Ink {
        Ink(std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.paint(text, DIM)
    }

    fn paint(self, text: &str, colour: &str) -> String {
        match self.0 && !text.is_empty() {
            true => format!("\x1b[{colour}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(class: DeviceClass, said: Value, cause: Option<Cause>) -> Line {
        Line {
            class,
            device: Some("tcp:127.0.0.1:9100".into()),
            finding: Finding {
                said,
                outcome: cause.into(),
            },
        }
    }

    #[test]
    fn a_fault_names_what_happened_what_to_do_who_and_what_citizens_do_meanwhile() {
        let fault = line(
            DeviceClass::Printer,
            json!({"device": "offline", "paper": "out"}),
            Some(Cause::PaperOut),
        );
        assert_eq!(
            fault.text(Lang::Zh, Ink(false)),
            "✗ 凭条打印机                   tcp:127.0.0.1:9100
    缺纸了
    下一步：装上新纸卷，印字面朝上，关好盖子（大厅工作人员）
    这期间：不能打单子，市民可以用手机带走"
        );
        assert_eq!(
            fault.text(Lang::En, Ink(false)),
            "✗ slip printer                 tcp:127.0.0.1:9100
    paper is out
    next: load a roll of paper, printed side up, and close the cover (hall staff)
    meanwhile: no paper; citizens take slips along on the phone"
        );
    }

    #[test]
    fn unknown_is_never_shown_as_good() {
        for (class, said) in [
            (
                DeviceClass::Printer,
                json!({"device": "online", "paper": "unknown"}),
            ),
            (
                DeviceClass::Code,
                json!({"device": "starting", "scanner": "unknown"}),
            ),
            (DeviceClass::IdCard, json!({"device": "starting"})),
            (DeviceClass::Screen, json!({"screen": "unknown"})),
            (
                DeviceClass::Audio,
                json!({"name": "PCH", "sound": "unknown"}),
            ),
        ] {
            let line = line(class, said, None);
            assert_eq!(line.state(), State::Unknown);
            assert!(line.text(Lang::Zh, Ink(false)).starts_with('?'));
            assert_eq!(line.json(Lang::Zh)["state"], "unknown");
        }
        let reader = line(
            DeviceClass::IdCard,
            json!({"device": "online", "media": "unknown"}),
            None,
        );
        assert_eq!(reader.state(), State::Good, "no card is no fault");
        assert!(
            reader
                .text(Lang::Zh, Ink(false))
                .ends_with("\n    状态 正常")
        );
    }

    #[test]
    fn a_test_that_shows_nothing_is_no_fault_and_not_good() {
        for (why, class, zh, en) in [
            (
                Unproven::Print,
                DeviceClass::Printer,
                "打印机不能证明打好了\n    下一步：看一眼是不是完整出来了",
                "look whether it came out whole",
            ),
            (
                Unproven::Card,
                DeviceClass::SocialCard,
                "没有试：没有放卡",
                "not tried: no card was laid",
            ),
            (
                Unproven::Code,
                DeviceClass::Code,
                "没有试：没有出示码",
                "not tried: no code was held up",
            ),
            (
                Unproven::Finger,
                DeviceClass::Touch,
                "没有试：没有人点屏幕",
                "not tried: nobody touched the screen",
            ),
        ] {
            let mut line = line(class, json!({}), None);
            line.finding.outcome = Outcome::Unproven(why);
            let check = line.check();
            assert_eq!(
                (line.state(), check.state),
                (State::Unknown, State::Unknown)
            );
            assert!(check.next.is_some());
            let json = line.json(Lang::En);
            assert_eq!(
                (&json["state"], &json["cause"]),
                (&json!("unknown"), &Value::Null)
            );
            assert_eq!(json["citizens"], json!([]), "nothing is taken off");
            for (lang, expected) in [(Lang::Zh, zh), (Lang::En, en)] {
                let text = line.text(lang, Ink(false));
                assert!(text.starts_with('?') && text.contains(expected), "{text}");
            }
        }
    }

    #[test]
    fn a_printer_that_only_listens_takes_nothing_off() {
        let silent = line(
            DeviceClass::Printer,
            json!({"device": "offline"}),
            Some(Cause::NoAnswer),
        );
        assert_eq!(silent.taken_off().count(), 0);
        assert_eq!(silent.json(Lang::En)["citizens"], json!([]));
    }
}

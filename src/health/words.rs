//! What happened, what to do about it, and who does it: for staff and technicians. Citizens' words
//! stand in `ui/`.

use yici_catalog::Lang;
use yici_hal::class::DeviceClass;
use yici_hal::status::{Actor, Cause};

use super::{Journey, Part, Trouble};

/// Who must act.
pub fn who(actor: Actor, lang: Lang) -> &'static str {
    let (zh, en) = match actor {
        Actor::Citizen => ("市民", "the citizen"),
        Actor::Staff => ("大厅工作人员", "hall staff"),
        Actor::Technician => ("技术员", "a technician"),
        Actor::Nobody => ("不用管，会自己好", "nobody, it passes by itself"),
    };
    lang.pick(zh, en)
}

/// What happened, in a few words that follow the part's name.
pub fn happened(trouble: Trouble, lang: Lang) -> String {
    let (zh, en) = match trouble {
        Trouble::Fault(cause) => return fault(cause, lang).into(),
        Trouble::Parked(cases) => {
            return match lang {
                Lang::Zh => format!("有 {cases} 件办件停放，系统没有收下"),
                Lang::En => format!("{cases} case(s) parked: upstream did not take them"),
            };
        }
        Trouble::PaperLow => ("纸快用完了", "paper is nearly out"),
        Trouble::OutboxClosed => (
            "打不开，现在不能提交",
            "cannot be opened: nothing can be submitted",
        ),
        Trouble::Unreachable => ("连不上", "cannot be reached"),
        Trouble::Refused => (
            "连得上，但不收这台终端的东西",
            "answers, and takes nothing of this terminal",
        ),
    };
    lang.pick(zh, en).into()
}

fn fault(cause: Cause, lang: Lang) -> &'static str {
    let (zh, en) = match cause {
        Cause::CoverOpen => ("盖子开着", "the cover is open"),
        Cause::PaperOut => ("缺纸了", "paper is out"),
        Cause::PaperJam => ("卡纸了", "paper is jammed"),
        Cause::Cutter => ("切纸刀卡住了", "the cutter is jammed"),
        Cause::HeadHot => ("打印头太热", "the print head is too hot"),
        Cause::FeedKey => ("走纸键被按住了", "the feed key is pressed"),
        Cause::Recoverable => (
            "报了可以恢复的故障",
            "it reports a fault that can be cleared",
        ),
        Cause::Unrecoverable => ("报了要维修的故障", "it reports a fault that needs repair"),
        Cause::Offline => (
            "自己说脱机，没说为什么",
            "it says that it is offline, and not why",
        ),
        Cause::NotConnected => ("没有连上", "it is not connected"),
        Cause::NoAnswer => ("连上了，但没有回应", "it is connected and does not answer"),
        Cause::Garbled => (
            "有回应，但不是这类设备的协议",
            "it answers, but not in this kind of device's protocol",
        ),
        Cause::SecurityModule => (
            "安全模块（SAM）坏了",
            "its security module (SAM) is out of order",
        ),
        Cause::CannotDraw => ("凭条画不出来", "the slip cannot be drawn"),
        Cause::NotTaken => ("出纸口有单子没取走", "a slip waits at the outlet"),
        Cause::TonerOut => ("墨粉或墨水用完了", "toner or ink is out"),
        Cause::OutputFull => ("出纸盘满了", "the output tray is full"),
        Cause::Busy => ("正忙", "it is busy"),
        Cause::NoRight => (
            "在，但终端没有权限用它",
            "it is there, and the terminal may not use it",
        ),
        Cause::ServiceDown => (
            "它的系统服务没有运行",
            "the system's service for it does not run",
        ),
        Cause::NoLedger => (
            "打印记录写不进去，所以不打单子",
            "the print ledger cannot be written, so nothing is printed",
        ),
    };
    lang.pick(zh, en)
}

/// What to do about it at this part, in one line.
pub fn next_step(part: Part, trouble: Trouble, lang: Lang) -> &'static str {
    let sheets = part == Part::Device(DeviceClass::FormPrinter);
    let (zh, en) = match trouble {
        Trouble::Fault(Cause::PaperOut) | Trouble::PaperLow if sheets => {
            ("装上 A4 纸", "load A4 paper")
        }
        Trouble::Fault(cause) => return mend(cause, lang),
        Trouble::PaperLow => (
            "备好纸卷，有空就换",
            "have a roll at hand and change it when there is time",
        ),
        Trouble::OutboxClosed => (
            "查 upstream.outbox 这个目录：在不在、能不能写、磁盘满没满；日志里有原因",
            "check the folder `upstream.outbox`: is it there, writable, on a disk with room; the log says why",
        ),
        Trouble::Parked(_) => (
            "用 kiosk outbox list 看单号和原因，用 kiosk outbox export 取出，交给系统的管理人员",
            "see numbers and reasons with `kiosk outbox list`, take them out with `kiosk outbox export`, and give them to upstream's staff",
        ),
        Trouble::Unreachable => (
            "会自己再试；一直这样，用 kiosk uplink check 查",
            "it is tried again by itself; if it lasts, see `kiosk uplink check`",
        ),
        Trouble::Refused => ("用 kiosk uplink check 查", "see `kiosk uplink check`"),
    };
    lang.pick(zh, en)
}

fn mend(cause: Cause, lang: Lang) -> &'static str {
    let (zh, en) = match cause {
        Cause::CoverOpen => ("关好盖子，听到“咔”一声", "close the cover until it clicks"),
        Cause::PaperOut => (
            "装上新纸卷，印字面朝上，关好盖子",
            "load a roll of paper, printed side up, and close the cover",
        ),
        Cause::PaperJam => (
            "打开盖子，取出卡住的纸，关好",
            "open the cover, take out the stuck paper, close it",
        ),
        Cause::Cutter => (
            "关掉打印机，松开切纸刀，再开",
            "switch it off, free the cutter, switch it on",
        ),
        Cause::HeadHot => ("等一两分钟", "wait a minute or two"),
        Cause::FeedKey => ("松开走纸键", "release the feed key"),
        Cause::Recoverable => ("关掉设备再开", "switch it off and on"),
        Cause::Unrecoverable => ("报修", "have it repaired"),
        Cause::Offline => (
            "按设备上的联机键；没有这个键，关掉再开",
            "press its online key; without one, switch it off and on",
        ),
        Cause::NotConnected => (
            "查线、查电源；还是这样，叫技术员对一下配置里的地址",
            "check cable and power; if it lasts, call a technician, who checks its URL in the configuration",
        ),
        Cause::NoAnswer => (
            "看它开了没有，再对一下地址里的速率",
            "check that it is switched on, then the speed in its URL",
        ),
        Cause::Garbled => (
            "看地址是不是指着这类设备，速率对不对",
            "check that the URL names this kind of device, at its speed",
        ),
        Cause::SecurityModule => (
            "报修，更换读卡器的安全模块（SAM）",
            "have the reader's security module (SAM) replaced",
        ),
        Cause::NotTaken => ("取走出纸口的单子", "take the slip from the outlet"),
        Cause::TonerOut => ("换墨粉盒或墨盒", "put in a new toner or ink cartridge"),
        Cause::OutputFull => ("清空出纸盘", "empty the output tray"),
        Cause::Busy => (
            "等它忙完；终端在运行的话，设备归它用，先停终端再查",
            "wait until it is done; a running terminal holds its devices: stop it before looking",
        ),
        Cause::NoRight => (
            "让运行终端的用户能打开它（udev 规则、用户组）",
            "let the terminal's user open it (udev rule, group)",
        ),
        Cause::ServiceDown => (
            "启动这类设备的服务，比如 pcscd",
            "start the service of this kind of device, such as pcscd",
        ),
        Cause::NoLedger => (
            "查 printer.ledger 这个文件：能不能写、磁盘满没满；日志里有原因。能写了会自己恢复",
            "check the file `printer.ledger`: is it writable, on a disk with room; the log says why; once it can be written, printing goes on by itself",
        ),
        Cause::CannotDraw => (
            "安装中文字体（软件包 fonts-noto-cjk）",
            "install a Chinese font (package fonts-noto-cjk)",
        ),
    };
    lang.pick(zh, en)
}

impl Part {
    /// The name that people know it by.
    pub fn name(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Self::Device(class) => match class {
                DeviceClass::IdCard => ("身份证阅读器", "ID card reader"),
                DeviceClass::SocialCard => ("社保卡读卡器", "social security card reader"),
                DeviceClass::Code => ("扫码器", "code scanner"),
                DeviceClass::Camera => ("高拍仪", "document camera"),
                DeviceClass::Printer => ("凭条打印机", "slip printer"),
                DeviceClass::FormPrinter => ("A4 打印机", "form printer (A4)"),
                DeviceClass::Touch => ("触摸屏", "touch panel"),
                DeviceClass::Screen => ("屏幕", "screen"),
                DeviceClass::Audio => ("声音", "sound"),
            },
            Self::Outbox => ("待送办件", "outbox"),
            Self::Uplink => ("事项办理系统", "upstream"),
        };
        lang.pick(zh, en)
    }
}

impl Journey {
    /// What citizens cannot do while it is off, and what they do instead.
    pub fn without(self, lang: Lang) -> &'static str {
        let (zh, en) = match self {
            Self::IdentityByCard => (
                "不能读卡，市民可以输入号码或不说身份",
                "no cards are read; citizens type the number or stay unnamed",
            ),
            Self::Paper => (
                "不能打单子，市民可以用手机带走",
                "no paper; citizens take slips along on the phone",
            ),
            Self::ProgressByCode => (
                "不能扫码查进度，市民可以输入单号再放身份证",
                "no progress by code; citizens type the number and lay the card",
            ),
            Self::ProgressByCard => (
                "不能凭单号和身份证查进度，市民可以扫凭证上的码",
                "no progress by number and card; citizens hold up the slip's code",
            ),
            Self::Submit => (
                "不能在这里提交，市民可以带着单子到窗口办",
                "nothing is submitted here; citizens go to a window with their sheet",
            ),
        };
        lang.pick(zh, en)
    }
}

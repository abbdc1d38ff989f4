//! What a setup would change, for the screen, before anything is applied.

use std::fmt::Display;

use serde::Serialize;
use yici_catalog::{Lang, Text};

use crate::setup::{Addressing, Setup};

/// One thing that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What it is.
    pub label: Text,
    /// What it is now; none if there is nothing.
    pub before: Option<Text>,
    /// What it will be; none if it goes.
    pub after: Option<Text>,
}

/// What changes from one setup to another; all of it where there was none. An enrolment code is never
/// shown, and of a CA only that it is another.
pub fn changes(old: Option<&Setup>, new: &Setup) -> Vec<Change> {
    let before = old.map(rows);
    rows(new)
        .into_iter()
        .enumerate()
        .filter_map(|(index, row)| {
            let earlier = before.as_ref().and_then(|rows| rows.get(index));
            let same = match earlier {
                Some(earlier) => earlier.exact == row.exact,
                None => row.exact.is_none(),
            };
            let before = earlier.and_then(|row| row.shown.clone());
            let after = if before.is_some() && before == row.shown {
                Some(Text::of("另一个", "another one"))
            } else {
                row.shown
            };
            (!same).then_some(Change {
                label: row.label,
                before,
                after,
            })
        })
        .collect()
}

/// A line of every setup, in a fixed order.
struct Row {
    label: Text,
    shown: Option<Text>,
    /// What is compared, since not all of it is shown.
    exact: Option<String>,
}

fn rows(setup: &Setup) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |zh: &str, en: &str, shown: Option<Text>, exact: Option<String>| {
        rows.push(Row {
            label: Text::of(zh, en),
            shown,
            exact,
        });
    };
    let mut words = |zh: &str, en: &str, said: Option<Text>| {
        let exact = said
            .as_ref()
            .map(|said| format!("{}\n{}", said.zh, said.en));
        row(zh, en, said, exact);
    };
    let hall = &setup.hall;
    let devices = &setup.devices;
    let printer = &setup.printer;
    let network = &setup.network;
    let upstream = setup.upstream.as_ref();
    let phones = Text {
        zh: list(
            hall.phones
                .iter()
                .map(|p| format!("{} {}", p.name.zh, p.number)),
        ),
        en: list(
            hall.phones
                .iter()
                .map(|p| format!("{} {}", p.name.en, p.number)),
        ),
    };
    let (address, gateway) = match network.addressing {
        Addressing::Dhcp => (Text::of("自动获取（DHCP）", "automatic (DHCP)"), None),
        Addressing::Static {
            address,
            prefix,
            gateway,
        } => (plain(format_args!("{address}/{prefix}")), gateway),
    };
    let language = match setup.screen.language {
        Lang::Zh => Text::of("中文", "Chinese"),
        Lang::En => Text::of("英文", "English"),
    };
    let machines = (!setup.machines.is_empty()).then(|| plain(list(&setup.machines)));
    words("序号", "Serial", Some(plain(setup.serial)));
    words("适用的机器", "For the machines", machines);
    words("大厅", "Hall", Some(hall.name.clone()));
    words("终端编号", "Terminal", Some(plain(&hall.terminal)));
    words("导办台", "Desk", Some(hall.desk.clone()));
    words("电话", "Telephones", Some(phones));
    words(
        "本地住址开头",
        "Local addresses",
        some_list(&hall.local_addresses),
    );
    words("区划", "Region", setup.region.as_ref().map(plain));
    words(
        "网络接口",
        "Interface",
        network.interface.as_ref().map(plain),
    );
    words("网络地址", "Network address", Some(address));
    words("网关", "Gateway", gateway.map(plain));
    words("DNS 服务器", "DNS servers", some_list(&network.dns));
    words("代理", "Proxy", network.proxy.as_ref().map(plain));
    words("时间服务器", "Time servers", some_list(&setup.time_servers));
    words(
        "身份证阅读器",
        "ID card reader",
        devices.card_reader.as_ref().map(plain),
    );
    words(
        "社保卡读卡器",
        "Social card reader",
        devices.social_card_reader.as_ref().map(plain),
    );
    words(
        "扫码器",
        "Code scanner",
        devices.code_scanner.as_ref().map(plain),
    );
    words("高拍仪", "Camera", devices.camera.as_ref().map(plain));
    words(
        "凭条打印机",
        "Slip printer",
        devices.printer.as_ref().map(plain),
    );
    words(
        "表单打印机",
        "Form printer",
        devices.form_printer.as_ref().map(plain),
    );
    words(
        "打印机型号",
        "Printer's model",
        printer.profile.as_ref().map(plain),
    );
    words("纸宽（毫米）", "Paper (mm)", printer.paper.map(plain));
    words(
        "打印机字库",
        "Printer's characters",
        printer.charset.and_then(name),
    );
    words(
        "打印完成的回执",
        "Proof of printing",
        printer.completion.and_then(name),
    );
    let clears = printer.clears_buffer.map(|clears| match clears {
        true => Text::of("能", "yes"),
        false => Text::of("不能", "no"),
    });
    words("能清除残留内容", "Clears its buffer", clears);
    words("语言", "Language", Some(language));
    let turned = setup.screen.rotation.degrees();
    words(
        "屏幕旋转",
        "Screen turned",
        Some(plain(format_args!("{turned}°"))),
    );
    words(
        "触摸校准",
        "Touch calibration",
        setup
            .screen
            .calibration
            .and_then(|matrix| some_list(&matrix)),
    );
    words(
        "办理系统",
        "Upstream",
        upstream.map(|upstream| plain(&upstream.url)),
    );
    words(
        "办理系统公钥",
        "Upstream's key",
        upstream.map(|upstream| plain(&upstream.key)),
    );
    let ca = upstream.map(|upstream| upstream.ca.clone());
    row(
        "CA 证书",
        "CA certificate",
        ca.as_ref()
            .map(|_| Text::of("随文件提供", "as in the file")),
        ca,
    );
    let code = upstream.and_then(|upstream| upstream.enrolment.as_ref());
    row(
        "登记码",
        "Enrolment code",
        code.map(|_| Text::of("有（不显示）", "there is one (not shown)")),
        code.map(|code| code.expose().to_owned()),
    );
    let pin = setup.staff_pin.as_ref();
    row(
        "工作人员 PIN",
        "Staff's PIN",
        pin.map(|_| Text::of("有（不显示）", "there is one (not shown)")),
        pin.map(|pin| pin.as_str().to_owned()),
    );
    rows
}

fn plain(value: impl Display) -> Text {
    let value = value.to_string();
    Text::of(value.clone(), value)
}

fn list(values: impl IntoIterator<Item = impl Display>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    values.join(", ")
}

fn some_list(values: &[impl Display]) -> Option<Text> {
    (!values.is_empty()).then(|| plain(list(values)))
}

/// The written form of a choice, as in the file.
fn name(choice: impl Serialize) -> Option<Text> {
    let value = serde_json::to_value(choice).ok()?;
    value.as_str().map(plain)
}
